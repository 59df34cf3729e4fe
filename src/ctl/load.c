/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "message.h"
#include "servers.h"

#include "load.h"

/* Compare and, unless that is all, apply. */
static enum ctl_exit
compare_and_apply(struct load *load, struct failover_server *server,
    bool compare_only)
{
	struct rows rows;
	enum dhcp_error error;
	enum ctl_exit code;

	error = rows_read(&rows, server);
	code = outcome("load: list server", server->name, error);
	if (code != CTL_OK)
		return code;
	load_compare(load, &rows, server);
	if (load->problems > 0)
		code = CTL_FAILED;
	else if (!compare_only)
		code = load_apply(load, server);
	rows_free(&rows);
	return code;
}

/*
 * One change, from the look at what is there to the last call.  To ${check},
 * all of it is done where it can be taken back: much of what may be wrong only
 * the server knows.
 */
static enum ctl_exit
load_into(struct load *load, struct failover_server *server, bool check)
{
	enum ctl_exit code;

	code = outcome("load: begin on server", server->name,
	    failover_server_begin(server));
	if (code != CTL_OK)
		return code;
	code = compare_and_apply(load, server,
	    check && !failover_server_atomic(server));
	if (code != CTL_OK || check) {
		failover_server_rollback(server);
		return code;
	}
	return outcome("load: commit on server", server->name,
	    failover_server_commit(server));
}

static void
summarize(const struct load *load, bool check)
{
	printf(check ? "%zu to create, %zu to change, %zu as they are\n" :
		       "%zu created, %zu changed, %zu as they were\n",
	    load->creations, load->changes,
	    load->n - load->creations - load->changes);
}

enum ctl_exit
command_load(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	struct failover_server *handle;
	enum ctl_exit code = CTL_FAILED;
	struct load load;

	(void)argc;
	load_read(&load, argv[0]);
	if (load.problems > 0)
		goto out;
	if ((server = servers_wanted(ctl)) == NULL)
		goto out;
	if ((handle = servers_open(server)) == NULL)
		goto out;
	code = load_into(&load, handle, ctl->check);
	failover_server_close(handle);
	if (code == CTL_OK)
		summarize(&load, ctl->check);

out:
	if (load.problems > 0)
		complain("load: %s: nothing was applied", load.path);
	load_free(&load);
	return code;
}
