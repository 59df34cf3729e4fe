/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "failover.h"

#include "server_local_private.h"

#define SCOPE_LENGTH 24 /* of a scope that a call is the first to name */

/* Usable addresses of a network; one of 31 or 32 bits uses all (RFC 3021). */
static uint32_t
usable_addresses(uint32_t length)
{
	uint64_t all = (uint64_t)1 << (32 - length);

	return (uint32_t)(length >= 31 ? all : all - 2);
}

/* 24, or as much more as makes ${address} the address of its network. */
static uint32_t
automatic_length(DHCP_IP_ADDRESS address)
{
	uint32_t length = SCOPE_LENGTH;

	while (length < 32 && (address & (0xFFFFFFFFu >> length)) != 0)
		length++;
	return length;
}

static enum dhcp_error
learn_scope(struct local *local, DHCP_IP_ADDRESS address, uint32_t length)
{
	struct local_query query;

	query = local_sql_query(&local->sql, LOCAL_SCOPE_LEARN);
	local_sql_number(&query, 1, address);
	local_sql_number(&query, 2, length);
	local_sql_number(&query, 3, usable_addresses(length));
	return local_sql_run(&query);
}

/* What the database knows about a scope that a call names. */
struct found_scope {
	bool known, bootp_only;
	bool taken; /* in any relationship */
	bool member; /* in the one of this name */
};

static enum dhcp_error
find_scope(struct local *local, DHCP_IP_ADDRESS address, const char *name,
    struct found_scope *found)
{
	struct local_query query;
	const char *owner;

	*found = (struct found_scope){ .known = false };
	query = local_sql_query(&local->sql, LOCAL_SCOPE_FIND);
	local_sql_number(&query, 1, address);
	if (local_sql_row(&query)) {
		owner = local_sql_get_text(&query, 0);
		found->known = true;
		found->bootp_only = local_sql_get_number(&query, 1) != 0;
		found->taken = owner != NULL;
		found->member = owner != NULL && strcmp(owner, name) == 0;
	}
	return local_sql_done(&query);
}

static int
compare_addresses(const void *a, const void *b)
{
	DHCP_IP_ADDRESS x = *(const DHCP_IP_ADDRESS *)a;
	DHCP_IP_ADDRESS y = *(const DHCP_IP_ADDRESS *)b;

	return (x > y) - (x < y);
}

static enum dhcp_error
find_twice(const DHCP_IP_ARRAY *scopes, bool *twice)
{
	DHCP_IP_ADDRESS *sorted;
	size_t size = scopes->NumElements * sizeof(*sorted);
	DWORD i;

	if ((sorted = malloc(size)) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	memcpy(sorted, scopes->Elements, size);
	qsort(sorted, scopes->NumElements, sizeof(*sorted), compare_addresses);
	for (i = 1; i < scopes->NumElements; i++)
		*twice |= sorted[i] == sorted[i - 1];
	free(sorted);
	return ERROR_SUCCESS;
}

enum dhcp_error
local_find_scopes(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel,
    struct local_found_scopes *all)
{
	struct found_scope one;
	enum dhcp_error error;
	DWORD i;

	*all = (struct local_found_scopes){ .unknown = false };
	for (i = 0; i < rel->pScopes->NumElements; i++) {
		error = find_scope(local, rel->pScopes->Elements[i],
		    rel->RelationshipName, &one);
		if (error != ERROR_SUCCESS)
			return error;
		all->unknown |= !one.known;
		all->bootp_only |= one.bootp_only;
		all->taken |= one.taken;
		all->stranger |= !one.member;
	}
	return find_twice(rel->pScopes, &all->twice);
}

bool
local_percentage_is_ours(DHCP_FAILOVER_MODE mode, DHCP_FAILOVER_SERVER role)
{
	return (mode == LoadBalance) == (role == PrimaryServer);
}

enum dhcp_error
local_join_scopes(struct local *local, const DHCP_FAILOVER_RELATIONSHIP *rel,
    bool ours)
{
	struct local_query query;
	struct found_scope found;
	enum dhcp_error error;
	DHCP_IP_ADDRESS scope;
	DWORD i;

	for (i = 0; i < rel->pScopes->NumElements; i++) {
		scope = rel->pScopes->Elements[i];
		error = find_scope(local, scope, "", &found);
		if (error == ERROR_SUCCESS && !found.known) {
			error =
			    learn_scope(local, scope, automatic_length(scope));
		}
		if (error != ERROR_SUCCESS)
			return error;
		query = local_sql_query(&local->sql, LOCAL_SCOPE_JOIN);
		local_sql_number(&query, 1, scope);
		local_sql_text(&query, 2, rel->RelationshipName);
		local_sql_number(&query, 3, rel->Percentage);
		local_sql_number(&query, 4, ours);
		if ((error = local_sql_run(&query)) != ERROR_SUCCESS)
			return error;
	}
	return ERROR_SUCCESS;
}

enum dhcp_error
local_restore_scope(struct local *local, const char *name,
    DHCP_IP_ADDRESS scope)
{
	struct found_scope found;
	struct local_query query;
	enum dhcp_error error;

	error = find_scope(local, scope, name, &found);
	if (error == ERROR_SUCCESS && !found.known)
		error = learn_scope(local, scope, automatic_length(scope));
	if (error != ERROR_SUCCESS)
		return error;
	if (found.taken && !found.member)
		return ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP;
	query = local_sql_query(&local->sql, LOCAL_SCOPE_LINK);
	local_sql_number(&query, 1, scope);
	local_sql_text(&query, 2, name);
	return local_sql_run(&query);
}

/* Make the configured scopes known, or with ${look} only see if they are. */
static enum dhcp_error
learn_scopes(struct local *local, bool look, bool *missing)
{
	const struct conf_networks *scopes = &local->options->scopes;
	struct found_scope found;
	enum dhcp_error error;
	size_t i;

	for (i = 0; i < scopes->n; i++) {
		error = find_scope(local, scopes->at[i].address, "", &found);
		if (error != ERROR_SUCCESS)
			return error;
		if (found.known)
			continue;
		*missing = true;
		if (look)
			return ERROR_SUCCESS;
		error = learn_scope(local, scopes->at[i].address,
		    scopes->at[i].length);
		if (error != ERROR_SUCCESS)
			return error;
	}
	return ERROR_SUCCESS;
}

enum dhcp_error
local_learn_configured_scopes(struct local *local)
{
	enum dhcp_error error;
	bool missing = false;

	if (local_sql_is_read_only(&local->sql))
		return ERROR_SUCCESS;
	error = learn_scopes(local, true, &missing);
	if (error != ERROR_SUCCESS || !missing)
		return error;
	if ((error = local_sql_enter(&local->sql, false)) != ERROR_SUCCESS)
		return error;
	return local_sql_leave(&local->sql,
	    learn_scopes(local, false, &missing));
}
