/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load_apply.c - the calls that make the server equal to the file.  A server
 * that can do so makes all of them as one change.
 */
#include <stdio.h>

#include "message.h"

#include "load.h"

/* One of the calls for a relationship failed. */
static enum ctl_exit
failed(const struct wanted *wanted, const char *verb, enum dhcp_error error)
{
	char where[64];

	snprintf(where, sizeof(where), "load: relationships[%zu]: %s",
	    wanted->number, verb);
	return outcome_of_change(where, wanted->rel.RelationshipName, error);
}

static enum ctl_exit
leave(struct failover_server *server, const struct wanted *wanted)
{
	DHCP_FAILOVER_RELATIONSHIP rel = wanted->rel;
	DHCP_IP_ARRAY leaving = wanted->leaving;

	if (leaving.NumElements == 0)
		return CTL_OK;
	rel.pScopes = &leaving;
	return failed(wanted, "remove scopes from",
	    failover_server_delete_scopes(server, &rel));
}

/* As many of them at once as the API takes. */
static enum ctl_exit
join(struct failover_server *server, const struct wanted *wanted)
{
	DHCP_FAILOVER_RELATIONSHIP rel = wanted->rel;
	DHCP_IP_ARRAY part = wanted->joining;
	DWORD left = part.NumElements;
	enum ctl_exit code = CTL_OK;

	rel.pScopes = &part;
	while (left > 0 && code == CTL_OK) {
		part.NumElements = left;
		if (left > DHCP_FAILOVER_MAX_NUM_ADD_SCOPES)
			part.NumElements = DHCP_FAILOVER_MAX_NUM_ADD_SCOPES;
		code = failed(wanted, "add scopes to",
		    failover_server_add_scopes(server, &rel));
		part.Elements += part.NumElements;
		left -= part.NumElements;
	}
	return code;
}

static enum ctl_exit
set(struct failover_server *server, const struct wanted *wanted, DWORD flags)
{
	if (flags == 0)
		return CTL_OK;
	return failed(wanted, "set",
	    failover_server_set(server, flags, &wanted->rel));
}

/*
 * Create takes no relationship without scopes, but one may have lost all of
 * them: only as a restored one it can be had again.
 */
static enum ctl_exit
create(struct failover_server *server, const struct wanted *wanted)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel = &wanted->rel;
	enum ctl_exit code;
	DWORD flags = 0;

	if (failover_scope_count(rel) == 0) {
		return failed(wanted, "create",
		    failover_server_restore(server, rel->RelationshipName,
			rel));
	}
	code = failed(wanted, "create", failover_server_create(server, rel));
	if (code != CTL_OK)
		return code;

	/* It has opinions of its own about these. */
	if (rel->State != STARTUP)
		flags |= CHANGESTATE;
	if (rel->PrevState != INIT)
		flags |= PREVSTATE;
	if (rel->SafePeriod == 0)
		flags |= SAFEPERIOD;
	return set(server, wanted, flags);
}

/* Set the state NORMAL, and only that. */
static enum ctl_exit
normalize(struct failover_server *server, const struct wanted *wanted)
{
	DHCP_FAILOVER_RELATIONSHIP rel = wanted->rel;

	rel.State = NORMAL;
	return failed(wanted, "set",
	    failover_server_set(server, CHANGESTATE, &rel));
}

/*
 * Scopes are added in the state NORMAL only.  Where that is neither what it is
 * nor what it shall be, the server is one whose changes show all at once, so
 * that nobody sees the state in between: load_compare() has made sure of that.
 * The set comes before the scopes if possible, since these are shared out by
 * its percentage.
 */
static enum ctl_exit
change(struct failover_server *server, const struct wanted *wanted)
{
	enum ctl_exit code = CTL_OK;
	DWORD flags = wanted->flags;

	if (wanted->joining.NumElements == 0 || wanted->rel.State == NORMAL) {
		code = set(server, wanted, flags);
		return code == CTL_OK ? join(server, wanted) : code;
	}
	if (wanted->now->rel->State != NORMAL) {
		code = normalize(server, wanted);
		flags |= CHANGESTATE;
	}
	if (code == CTL_OK)
		code = join(server, wanted);
	return code == CTL_OK ? set(server, wanted, flags) : code;
}

/* How far it came. */
static void
report(const struct failover_server *server, size_t done)
{
	if (failover_server_atomic(server))
		complain("load: nothing was changed");
	else
		complain("load: it ended there: %zu relationships of the file "
			 "are done, and scopes may have been removed from "
			 "others",
		    done);
}

enum ctl_exit
load_apply(const struct load *load, struct failover_server *server)
{
	const struct wanted *wanted;
	enum ctl_exit code = CTL_OK;
	size_t i, done = 0;

	/* All that leave go first: a scope may go from one to another. */
	for (i = 0; i < load->n && code == CTL_OK; i++)
		code = leave(server, &load->at[i]);
	for (i = 0; i < load->n && code == CTL_OK; i++) {
		wanted = &load->at[i];
		if (wanted->now == NULL)
			code = create(server, wanted);
		else
			code = change(server, wanted);
		done += code == CTL_OK;
	}
	if (code != CTL_OK)
		report(server, done);
	return code;
}
