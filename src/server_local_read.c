/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "failover.h"

#include "server_local_private.h"

#define MAX_CLOCK_DELTA 60 /* seconds, the default of Windows */

/* The scopes of one relationship while they are read. */
struct scopes {
	DHCP_IP_ADDRESS *addresses;
	DHCP_FAILOVER_STATISTICS *stats;
	size_t n, room;
};

static void
read_members(struct local_query *query, DHCP_FAILOVER_RELATIONSHIP *rel)
{
	*rel = (DHCP_FAILOVER_RELATIONSHIP){
		.RelationshipName = local_sql_get_text(query, 0),
		.PrimaryServer = local_sql_get_number(query, 1),
		.SecondaryServer = local_sql_get_number(query, 2),
		.Mode = local_sql_get_number(query, 3),
		.ServerType = local_sql_get_number(query, 4),
		.State = local_sql_get_number(query, 5),
		.PrevState = local_sql_get_number(query, 6),
		.Mclt = local_sql_get_number(query, 7),
		.SafePeriod = local_sql_get_number(query, 8),
		.PrimaryServerName = local_sql_get_text(query, 9),
		.SecondaryServerName = local_sql_get_text(query, 10),
		.Percentage = (BYTE)local_sql_get_number(query, 11),
	};
}

static void
read_statistics(struct local_query *query, DHCP_FAILOVER_STATISTICS *stats)
{
	*stats = (DHCP_FAILOVER_STATISTICS){
		.NumAddr = local_sql_get_number(query, 2),
		.AddrFree = local_sql_get_number(query, 3),
		.AddrInUse = local_sql_get_number(query, 4),
		.PartnerAddrFree = local_sql_get_number(query, 5),
		.ThisAddrFree = local_sql_get_number(query, 6),
		.PartnerAddrInUse = local_sql_get_number(query, 7),
		.ThisAddrInUse = local_sql_get_number(query, 8),
	};
}

static bool
make_room(struct scopes *scopes)
{
	size_t room = scopes->room == 0 ? 16 : 2 * scopes->room;
	void *more;

	if (scopes->n < scopes->room)
		return true;
	more = realloc(scopes->addresses, room * sizeof(*scopes->addresses));
	if (more == NULL)
		return false;
	scopes->addresses = more;
	more = realloc(scopes->stats, room * sizeof(*scopes->stats));
	if (more == NULL)
		return false;
	scopes->stats = more;
	scopes->room = room;
	return true;
}

static bool
read_scope(struct local_query *query, struct scopes *scopes)
{
	if (!make_room(scopes))
		return false;
	scopes->addresses[scopes->n] = local_sql_get_number(query, 1);
	read_statistics(query, &scopes->stats[scopes->n]);
	scopes->n++;
	return true;
}

static void
free_scopes(struct scopes *scopes)
{
	free(scopes->addresses);
	free(scopes->stats);
}

/* A list in progress: two queries, both in the order of the name. */
struct listing {
	struct local_query rels, all; /* all scopes that are in any */
	struct scopes scopes; /* of the one at hand */
	failover_row_fn *fn;
	void *arg;
	bool memory; /* false: there is none */
};

/*
 * Take the scopes of ${name}; the row of the query is the first that was not
 * taken yet.
 */
static void
take_scopes(struct listing *listing, const char *name)
{
	struct local_query *all = &listing->all;
	const char *owner;
	int order;

	listing->scopes.n = 0;
	while (listing->memory && all->rc == SQLITE_ROW) {
		if ((owner = local_sql_get_text(all, 0)) == NULL)
			return; /* the query knows why */
		order = strcmp(owner, name);
		if (order > 0)
			return;
		if (order == 0)
			listing->memory = read_scope(all, &listing->scopes);
		local_sql_row(all);
	}
}

static bool
is_well(const struct local_query *query)
{
	return query->rc == SQLITE_ROW || query->rc == SQLITE_DONE;
}

static void
list_one(struct listing *listing)
{
	struct failover_row row = { .partner_state = NO_STATE };
	struct scopes *scopes = &listing->scopes;
	DHCP_IP_ARRAY array;

	read_members(&listing->rels, &row.rel);
	row.authenticated = local_sql_get_number(&listing->rels, 12) != 0;
	if (!is_well(&listing->rels))
		return;
	take_scopes(listing, row.rel.RelationshipName);
	if (!listing->memory || !is_well(&listing->all))
		return;
	array.NumElements = (DWORD)scopes->n;
	array.Elements = scopes->addresses;
	row.rel.pScopes = scopes->n > 0 ? &array : NULL;
	row.stats = scopes->n > 0 ? scopes->stats : NULL;
	listing->memory = listing->fn(listing->arg, &row);
}

enum dhcp_error
local_list(struct failover_server *server, failover_row_fn *fn, void *arg)
{
	struct local *local = server->impl;
	struct listing listing = { .fn = fn, .arg = arg, .memory = true };
	enum dhcp_error error, second;
	bool more;

	if ((error = local_ready(local)) != ERROR_SUCCESS)
		return error;

	/* One snapshot for both: the second begins while the first runs. */
	listing.rels = local_sql_query(&local->sql, LOCAL_LIST);
	listing.all = local_sql_query(&local->sql, LOCAL_LIST_SCOPES);
	more = local_sql_row(&listing.rels);
	local_sql_row(&listing.all);
	while (more && listing.memory && is_well(&listing.all)) {
		list_one(&listing);
		more = local_sql_row(&listing.rels);
	}
	error = local_sql_done(&listing.rels);
	second = local_sql_done(&listing.all);
	free_scopes(&listing.scopes);
	if (error != ERROR_SUCCESS)
		return error;
	if (second != ERROR_SUCCESS)
		return second;
	return listing.memory ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* Copy the row that ${query} is at, with its scopes, to ${*copy}. */
static enum dhcp_error
copy_relationship(struct local *local, struct local_query *query,
    DHCP_FAILOVER_RELATIONSHIP **copy)
{
	struct scopes scopes = { NULL, NULL, 0, 0 };
	DHCP_FAILOVER_RELATIONSHIP rel;
	struct local_query members;
	enum dhcp_error error;
	DHCP_IP_ARRAY array;
	bool memory = true;

	read_members(query, &rel);
	rel.SharedSecret = local_sql_get_text(query, 12);
	if (query->rc != SQLITE_ROW)
		return ERROR_SUCCESS; /* the query knows why */

	members = local_sql_query(&local->sql, LOCAL_GET_SCOPES);
	local_sql_text(&members, 1, rel.RelationshipName);
	while (memory && local_sql_row(&members))
		memory = read_scope(&members, &scopes);
	error = local_sql_done(&members);
	array.NumElements = (DWORD)scopes.n;
	array.Elements = scopes.addresses;
	rel.pScopes = scopes.n > 0 ? &array : NULL;
	if (error == ERROR_SUCCESS) {
		*copy = memory ? failover_dup(&rel) : NULL;
		if (*copy == NULL)
			error = ERROR_NOT_ENOUGH_MEMORY;
	}
	free_scopes(&scopes);
	return error;
}

/* Read the one that ${query} finds; ${none} is the answer if it finds none. */
static enum dhcp_error
read_relationship(struct local *local, struct local_query *query,
    enum dhcp_error none, DHCP_FAILOVER_RELATIONSHIP **rel)
{
	DHCP_FAILOVER_RELATIONSHIP *copy = NULL;
	enum dhcp_error error = none, done;

	if (local_sql_row(query))
		error = copy_relationship(local, query, &copy);
	done = local_sql_done(query);
	if (done != ERROR_SUCCESS)
		error = done;
	if (error != ERROR_SUCCESS)
		goto err1;

	/* Success! */
	*rel = copy;
	return ERROR_SUCCESS;

err1:
	failover_free(copy);
	return error;
}

enum dhcp_error
local_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	struct local *local = server->impl;
	struct local_query query;
	enum dhcp_error error;

	if ((error = local_ready(local)) != ERROR_SUCCESS)
		return error;
	query = local_sql_query(&local->sql, LOCAL_GET);
	local_sql_text(&query, 1, name);
	return read_relationship(local, &query,
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST, rel);
}

enum dhcp_error
local_scope_relationship(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	struct local *local = server->impl;
	struct local_query query;
	enum dhcp_error error;

	if ((error = local_ready(local)) != ERROR_SUCCESS)
		return error;
	query = local_sql_query(&local->sql, LOCAL_SCOPE_NAME);
	local_sql_number(&query, 1, scope);
	return read_relationship(local, &query,
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP, rel);
}

enum dhcp_error
local_scope_statistics(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_STATISTICS *stats)
{
	struct local *local = server->impl;
	DHCP_FAILOVER_STATISTICS found;
	struct local_query query;
	enum dhcp_error error;
	bool any;

	if ((error = local_ready(local)) != ERROR_SUCCESS)
		return error;
	query = local_sql_query(&local->sql, LOCAL_SCOPE_STATISTICS);
	local_sql_number(&query, 1, scope);
	if ((any = local_sql_row(&query)))
		read_statistics(&query, &found);
	if ((error = local_sql_done(&query)) != ERROR_SUCCESS)
		return error;
	if (!any)
		return ERROR_FILE_NOT_FOUND;
	*stats = found;
	return ERROR_SUCCESS;
}

/* Its clock is the machine's, but a server without its file is not there. */
enum dhcp_error
local_system_time(struct failover_server *server, DWORD *now, DWORD *max_delta)
{
	enum dhcp_error error;

	if ((error = local_ready(server->impl)) != ERROR_SUCCESS)
		return error;
	*now = (DWORD)time(NULL);
	*max_delta = MAX_CLOCK_DELTA;
	return ERROR_SUCCESS;
}

/* The scope around an address, and the relationship that it is in. */
struct around {
	bool found, related;
	DHCP_IP_ADDRESS scope;
	uint32_t length, usable, percentage;
	DHCP_FAILOVER_MODE mode;
};

static enum dhcp_error
find_around(struct local *local, DHCP_IP_ADDRESS address, struct around *around)
{
	struct local_query query;

	*around = (struct around){ .found = false };
	query = local_sql_query(&local->sql, LOCAL_SCOPE_AROUND);
	local_sql_number(&query, 1, address);
	if (local_sql_row(&query)) {
		around->found = true;
		around->scope = local_sql_get_number(&query, 0);
		around->length = local_sql_get_number(&query, 1);
		around->usable = local_sql_get_number(&query, 2);
		around->related = local_sql_get_text(&query, 3) != NULL;
		around->mode = local_sql_get_number(&query, 4);
		around->percentage = local_sql_get_number(&query, 5);
	}
	return local_sql_done(&query);
}

/*
 * The first addresses of a scope belong to the primary server, as many as the
 * percentage leaves it, and the others to the secondary.
 */
static DWORD
owner_of(DHCP_IP_ADDRESS address, const struct around *around)
{
	uint64_t share = (uint64_t)around->usable * around->percentage / 100;
	uint32_t number = address - around->scope;

	if (around->length < 31) {
		if (number == 0 || number == 0xFFFFFFFFu >> around->length)
			return DHCP_FAILOVER_ADDRESS_EXCLUDED;
		number--;
	}
	if (around->mode == HotStandby)
		share = around->usable - share;
	if (number < share)
		return DHCP_FAILOVER_ADDRESS_PRIMARY;
	return DHCP_FAILOVER_ADDRESS_SECONDARY;
}

enum dhcp_error
local_address_status(struct failover_server *server, DHCP_IP_ADDRESS address,
    DWORD *status)
{
	struct local *local = server->impl;
	struct around around;
	enum dhcp_error error;

	if ((error = local_ready(local)) != ERROR_SUCCESS)
		return error;
	if ((error = find_around(local, address, &around)) != ERROR_SUCCESS)
		return error;
	if (!around.found)
		return ERROR_INVALID_PARAMETER;
	if (!around.related)
		return ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP;
	*status = owner_of(address, &around);
	return ERROR_SUCCESS;
}
