/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_local.c - the embedded server: the methods of MS-DHCPM 3.2.4.90-101
 * and 126 over a database.  Step 2 of each, the access check, is that of the
 * file: whoever can open it is an administrator.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "failover.h"
#include "server_local_private.h"

#include "server_local.h"

enum dhcp_error
local_ready(struct local *local)
{
	enum dhcp_error error;
	bool opened;

	error = local_sql_ready(&local->sql, &opened);
	if (error == ERROR_SUCCESS && opened) {
		error = local_learn_configured_scopes(local);
		if (error != ERROR_SUCCESS)
			local_sql_close(&local->sql);
	}
	return error;
}

/* ---------------------------------------------------------------- changing */

static enum dhcp_error
count_relationships(struct local *local, uint32_t *n)
{
	struct local_query query;

	*n = 0;
	query = local_sql_query(&local->sql, LOCAL_COUNT);
	if (local_sql_row(&query))
		*n = local_sql_get_number(&query, 0);
	return local_sql_done(&query);
}

/* What the checks have to know about a relationship. */
struct found {
	bool found, ours;
	DHCP_FAILOVER_SERVER role;
	FSM_STATE state;
	BYTE percentage;
};

static enum dhcp_error
find_relationship(struct local *local, const char *name, struct found *found)
{
	struct local_query query;
	DHCP_FAILOVER_MODE mode;

	*found = (struct found){ .found = false };
	query = local_sql_query(&local->sql, LOCAL_FIND);
	local_sql_text(&query, 1, name);
	if (local_sql_row(&query)) {
		found->found = true;
		mode = local_sql_get_number(&query, 0);
		found->role = local_sql_get_number(&query, 1);
		found->state = local_sql_get_number(&query, 2);
		found->percentage = (BYTE)local_sql_get_number(&query, 3);
		found->ours = local_percentage_is_ours(mode, found->role);
	}
	return local_sql_done(&query);
}

static const char *
secret_of(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return failover_has_secret(rel) ? rel->SharedSecret : NULL;
}

/* Write all members of ${rel} with ${statement}. */
static enum dhcp_error
write_members(struct local *local, enum local_statement statement,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local_query query = local_sql_query(&local->sql, statement);

	local_sql_text(&query, 1, rel->RelationshipName);
	local_sql_number(&query, 2, rel->PrimaryServer);
	local_sql_number(&query, 3, rel->SecondaryServer);
	local_sql_number(&query, 4, rel->Mode);
	local_sql_number(&query, 5, rel->ServerType);
	local_sql_number(&query, 6, rel->State);
	local_sql_number(&query, 7, rel->PrevState);
	local_sql_number(&query, 8, rel->Mclt);
	local_sql_number(&query, 9, rel->SafePeriod);
	local_sql_text(&query, 10, rel->PrimaryServerName);
	local_sql_text(&query, 11, rel->SecondaryServerName);
	local_sql_number(&query, 12, rel->Percentage);
	local_sql_text(&query, 13, secret_of(rel));
	return local_sql_run(&query);
}

/* Run a statement about ${name}, which it changes if it is there. */
static enum dhcp_error
change_named(struct local_query *query)
{
	enum dhcp_error error;

	if ((error = local_sql_run(query)) != ERROR_SUCCESS)
		return error;
	if (local_sql_changed(query) == 0)
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	return ERROR_SUCCESS;
}

/* 3.2.4.91 */
static enum dhcp_error
set_members(struct local *local, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local_query query = local_sql_query(&local->sql, LOCAL_SET);

	local_sql_text(&query, 1, rel->RelationshipName);
	local_sql_number(&query, 2, flags);
	local_sql_number(&query, 3, rel->Mclt);
	local_sql_number(&query, 4, rel->SafePeriod);
	local_sql_number(&query, 5, rel->State);
	local_sql_number(&query, 6, rel->Percentage);
	local_sql_number(&query, 7, rel->Mode);
	local_sql_number(&query, 8, rel->PrevState);
	if ((flags & SHAREDSECRET) != 0)
		local_sql_text(&query, 9, secret_of(rel));
	return change_named(&query);
}

/* 3.2.4.92 */
static enum dhcp_error
delete_relationship(struct local *local, const char *name)
{
	struct local_query query = local_sql_query(&local->sql, LOCAL_DELETE);

	local_sql_text(&query, 1, name);
	return change_named(&query);
}

/* Steps 3 to 8 of 3.2.4.90. */
static enum dhcp_error
check_create(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local_found_scopes scopes;
	enum dhcp_error error;
	struct found twin;
	uint32_t n;

	if ((error = local_find_scopes(local, rel, &scopes)) != ERROR_SUCCESS)
		return error;
	if (scopes.unknown && !local->options->auto_scopes)
		return ERROR_DHCP_SUBNET_NOT_PRESENT;
	if (scopes.bootp_only)
		return ERROR_INVALID_PARAMETER;
	if (failover_utf16_units(rel->RelationshipName) >
	    DHCP_FAILOVER_MAX_NAME)
		return ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG;
	if ((error = count_relationships(local, &n)) != ERROR_SUCCESS)
		return error;
	if (n >= local->options->max_relationships)
		return ERROR_DHCP_FO_MAX_RELATIONSHIPS;
	if (scopes.taken || scopes.twice)
		return ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP;
	error = find_relationship(local, rel->RelationshipName, &twin);
	if (error == ERROR_SUCCESS && twin.found)
		return ERROR_DHCP_FO_RELATIONSHIP_EXISTS;
	return error;
}

static enum dhcp_error
create_relationship(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	DHCP_FAILOVER_RELATIONSHIP new = *rel;
	enum dhcp_error error;

	if ((error = check_create(local, rel)) != ERROR_SUCCESS)
		return error;
	new.State = STARTUP;
	new.PrevState = INIT;
	if (new.SafePeriod == 0)
		new.SafePeriod = DHCP_FAILOVER_NEVER;
	error = write_members(local, LOCAL_INSERT, &new);
	if (error != ERROR_SUCCESS)
		return error;
	return local_join_scopes(local, &new,
	    local_percentage_is_ours(new.Mode, new.ServerType));
}

/* Steps 3 to 7 of 3.2.4.95. */
static enum dhcp_error
check_add(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel,
    struct found *to)
{
	struct local_found_scopes scopes;
	enum dhcp_error error;
	uint32_t n;

	if ((error = local_find_scopes(local, rel, &scopes)) != ERROR_SUCCESS)
		return error;
	if (scopes.unknown && !local->options->auto_scopes)
		return ERROR_DHCP_SUBNET_NOT_PRESENT;
	if (rel->pScopes->NumElements > DHCP_FAILOVER_MAX_NUM_ADD_SCOPES)
		return ERROR_DHCP_FO_MAX_ADD_SCOPES;
	if (scopes.bootp_only)
		return ERROR_INVALID_PARAMETER;
	if ((error = count_relationships(local, &n)) != ERROR_SUCCESS)
		return error;
	if (n == 0)
		return ERROR_FILE_NOT_FOUND;
	if (scopes.taken || scopes.twice)
		return ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP;
	error = find_relationship(local, rel->RelationshipName, to);
	if (error != ERROR_SUCCESS)
		return error;
	if (!to->found)
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	return to->state == NORMAL ? ERROR_SUCCESS :
				     ERROR_DHCP_FO_STATE_NOT_NORMAL;
}

static enum dhcp_error
add_scopes(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	DHCP_FAILOVER_RELATIONSHIP members = *rel;
	enum dhcp_error error;
	struct found to;

	if ((error = check_add(local, rel, &to)) != ERROR_SUCCESS)
		return error;
	members.Percentage = to.percentage;
	return local_join_scopes(local, &members, to.ours);
}

/* Steps 3 to 7 of 3.2.4.96. */
static enum dhcp_error
check_remove(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local_found_scopes scopes;
	enum dhcp_error error;
	struct found from;
	uint32_t n;

	if ((error = local_find_scopes(local, rel, &scopes)) != ERROR_SUCCESS)
		return error;
	if (scopes.unknown)
		return ERROR_DHCP_SUBNET_NOT_PRESENT;
	if (scopes.bootp_only)
		return ERROR_INVALID_PARAMETER;
	if ((error = count_relationships(local, &n)) != ERROR_SUCCESS)
		return error;
	if (n == 0)
		return ERROR_FILE_NOT_FOUND;
	error = find_relationship(local, rel->RelationshipName, &from);
	if (error != ERROR_SUCCESS)
		return error;
	if (!from.found)
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	return scopes.stranger ? ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP :
				 ERROR_SUCCESS;
}

static enum dhcp_error
remove_scopes(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local_query query;
	enum dhcp_error error;
	DWORD i;

	if ((error = check_remove(local, rel)) != ERROR_SUCCESS)
		return error;
	for (i = 0; i < rel->pScopes->NumElements; i++) {
		query = local_sql_query(&local->sql, LOCAL_SCOPE_LEAVE);
		local_sql_number(&query, 1, rel->pScopes->Elements[i]);
		if ((error = local_sql_run(&query)) != ERROR_SUCCESS)
			return error;
	}
	return ERROR_SUCCESS;
}

/* 3.2.4.101 */
static enum dhcp_error
split_free(struct local *local, const char *name)
{
	struct local_query query;
	enum dhcp_error error;
	struct found found;

	if ((error = find_relationship(local, name, &found)) != ERROR_SUCCESS)
		return error;
	if (!found.found)
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	if (found.role == SecondaryServer)
		return ERROR_DHCP_FO_RELATION_IS_SECONDARY;
	query = local_sql_query(&local->sql, LOCAL_SPLIT);
	local_sql_text(&query, 2, name);
	local_sql_number(&query, 3, found.percentage);
	local_sql_number(&query, 4, found.ours);
	return local_sql_run(&query);
}

/* Statistics of scopes are not touched: they have not been by leaving, too. */
static enum dhcp_error
restore_relationship(struct local *local, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct local_query query;
	enum dhcp_error error;
	size_t i, n;

	if (old == NULL) {
		error = delete_relationship(local, name);
		if (error == ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST)
			return ERROR_SUCCESS;
		return error;
	}
	if ((error = write_members(local, LOCAL_PUT, old)) != ERROR_SUCCESS)
		return error;
	query = local_sql_query(&local->sql, LOCAL_SCOPES_LEAVE);
	local_sql_text(&query, 1, name);
	if ((error = local_sql_run(&query)) != ERROR_SUCCESS)
		return error;
	n = failover_scope_count(old);
	for (i = 0; i < n; i++) {
		error =
		    local_restore_scope(local, name, old->pScopes->Elements[i]);
		if (error != ERROR_SUCCESS)
			return error;
	}
	return ERROR_SUCCESS;
}

/* ---------------------------------------------------------------- the type */

/* Before something is changed. */
static enum dhcp_error
ready_to_write(struct local *local)
{
	enum dhcp_error error;

	if ((error = local_ready(local)) != ERROR_SUCCESS)
		return error;
	/* What could only be read then may be writable by now. */
	if (local->sql.change == LOCAL_CHANGE_NONE &&
	    local_sql_is_read_only(&local->sql)) {
		local_sql_close(&local->sql);
		error = local_ready(local);
	}
	return error;
}

/* Before a call that changes something, ${alone}: with one statement. */
static enum dhcp_error
enter(struct local *local, bool alone)
{
	enum dhcp_error error;

	if ((error = ready_to_write(local)) != ERROR_SUCCESS)
		return error;
	return local_sql_enter(&local->sql, alone);
}

static enum dhcp_error
local_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, true)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql, set_members(local, flags, rel));
}

static enum dhcp_error
local_create(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, false)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql, create_relationship(local, rel));
}

static enum dhcp_error
local_delete(struct failover_server *server, const char *name)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, true)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql, delete_relationship(local, name));
}

static enum dhcp_error
local_add_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, false)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql, add_scopes(local, rel));
}

static enum dhcp_error
local_delete_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, false)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql, remove_scopes(local, rel));
}

static enum dhcp_error
local_trigger_allocation(struct failover_server *server, const char *name)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, false)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql, split_free(local, name));
}

static enum dhcp_error
local_restore(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = enter(local, false)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql,
	    restore_relationship(local, name, old));
}

static enum dhcp_error
local_begin(struct failover_server *server)
{
	struct local *local = server->impl;
	enum dhcp_error error;

	if ((error = ready_to_write(local)) != ERROR_SUCCESS)
		return error;
	return local_sql_begin(&local->sql);
}

static enum dhcp_error
local_commit(struct failover_server *server)
{
	struct local *local = server->impl;

	return local_sql_commit(&local->sql);
}

static void
local_rollback(struct failover_server *server)
{
	struct local *local = server->impl;

	local_sql_rollback(&local->sql);
}

static void
local_close(struct failover_server *server)
{
	struct local *local = server->impl;

	local_sql_free(&local->sql);
	free(local);
}

static enum dhcp_error
local_open(struct failover_server *server, const void *options)
{
	struct local *local;

	if ((local = calloc(1, sizeof(*local))) == NULL)
		goto err0;
	local->options = options;
	if (!local_sql_init(&local->sql, server, local->options->database,
		local->options->busy_timeout))
		goto err1;

	/* Success! */
	server->impl = local;
	return ERROR_SUCCESS;

err1:
	free(local);
err0:
	return ERROR_NOT_ENOUGH_MEMORY;
}

static const struct failover_server_ops ops = {
	.list = local_list,
	.get = local_get,
	.set = local_set,
	.create = local_create,
	.delete = local_delete,
	.add_scopes = local_add_scopes,
	.delete_scopes = local_delete_scopes,
	.begin = local_begin,
	.commit = local_commit,
	.rollback = local_rollback,
	.restore = local_restore,
	.scope_relationship = local_scope_relationship,
	.scope_statistics = local_scope_statistics,
	.system_time = local_system_time,
	.trigger_allocation = local_trigger_allocation,
	.address_status = local_address_status,
	.close = local_close,
};

/* clang-format off */
static const struct conf_key keys[] = {
	{ "database",          CONF_OWN_PATH, offsetof(struct local_options, database),          1, 255,    DHCPFO_STATE "/dhcpfo.db" },
	{ "max-relationships", CONF_U32,      offsetof(struct local_options, max_relationships), 1, 100000, "31" },
	{ "auto-scopes",       CONF_BOOL,     offsetof(struct local_options, auto_scopes),       0, 0,      "yes" },
	{ "scopes",            CONF_NETWORKS, offsetof(struct local_options, scopes),            0, 0,      "none" },
	{ "busy-timeout",      CONF_U32,      offsetof(struct local_options, busy_timeout),      0, 5000,   "1000" },
};
/* clang-format on */

const struct failover_server_type failover_server_local = {
	.name = "local",
	.kind = FAILOVER_SERVER_LOCAL,
	.sets = FAILOVER_SET_ALL,
	.creates = true,
	.keys = keys,
	.nkeys = nitems(keys),
	.options_size = sizeof(struct local_options),
	.open = local_open,
	.ops = &ops,
};
