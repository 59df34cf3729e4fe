/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.c - the first contact with a server: only what reads, step by step, so
 * that a wrong right or a wrong layout shows before anything can be written.
 */
#include <stdio.h>
#include <time.h>

#include "message.h"
#include "rows.h"
#include "servers.h"
#include "show.h"

static void
print_time(DWORD seconds, DWORD max_delta)
{
	time_t there = (time_t)seconds, here = time(NULL);
	char text[sizeof("YYYY-MM-DDThh:mm:ssZ")] = "";
	struct tm tm;

	if (gmtime_r(&there, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("time: %u, which is %s, %lld s from the time here\n",
	    (unsigned int)seconds, text, (long long)(there - here));
	if (max_delta != 0)
		printf("its partner's may differ by %u s\n",
		    (unsigned int)max_delta);
	else
		printf("by how much its partner's may differ is not told\n");
}

static enum ctl_exit
probe_rows(const struct conf_server *server, struct failover_server *handle)
{
	enum dhcp_error error;
	struct rows rows;
	size_t i;

	if ((error = rows_read(&rows, handle)) != ERROR_SUCCESS)
		return outcome("probe: list server", server->name, error);
	printf("relationships: %zu\n", rows.n);
	for (i = 0; i < rows.n; i++) {
		putchar('\n');
		show_row(server, &rows.at[i]);
	}
	rows_free(&rows);
	return CTL_OK;
}

enum ctl_exit
command_probe(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	struct failover_server *handle;
	DWORD seconds, max_delta = 0;
	enum dhcp_error error;
	enum ctl_exit code;

	(void)argc;
	(void)argv;
	if ((server = servers_wanted(ctl)) == NULL ||
	    (handle = servers_open(server)) == NULL)
		return CTL_FAILED;
	printf("server: %s, of type %s%s%s\n", server->name, server->type->name,
	    server->address != NULL ? ", at " : "",
	    server->address != NULL ? server->address : "");
	error = failover_server_system_time(handle, &seconds, &max_delta);
	if (error == ERROR_SUCCESS) {
		print_time(seconds, max_delta);
		fflush(stdout); /* should the next step end badly */
		code = probe_rows(server, handle);
	} else
		code = outcome("probe: time of", server->name, error);
	failover_server_close(handle);
	/* A local server has made its file if there was none. */
	if (code == CTL_OK)
		printf("\nThis could be read%s.\n",
		    server->type->kind != FAILOVER_SERVER_LOCAL ?
			"; nothing was written" :
			"");
	return code;
}
