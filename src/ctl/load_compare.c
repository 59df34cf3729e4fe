/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load_compare.c - the file against what the server has: what differs, and what
 * no call could make equal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "scopes.h"

#include "load.h"

/* What creation needs, and what it does not set. */
static const enum member_id checked[] = { MEMBER_PRIMARY, MEMBER_SECONDARY,
	MEMBER_SCOPES, MEMBER_STATE, MEMBER_PREV_STATE };

static bool
is_given(const struct wanted *wanted, enum member_id id)
{
	return (wanted->given & MEMBER_BIT(id)) != 0;
}

/* ${id} is not as a creation needs it, or leaves it: can that be set? */
static void
check_new_member(struct load *load, const struct wanted *wanted,
    enum member_id id, const struct failover_server *server)
{
	const struct member *member = &members[id];
	DHCP_FAILOVER_RELATIONSHIP created;

	member_defaults(&created);
	if (member->kind == MEMBER_KIND_STATE) {
		if ((server->sets & member->flag) == 0 &&
		    !member_equal(member, &wanted->rel, &created))
			load_problem_at(load, wanted->number, member->name,
			    "cannot be set on this server of type %s",
			    server->type->name);
	} else if (!is_given(wanted, id)) {
		load_problem_at(load, wanted->number, member->name,
		    "is missing, and needed to create it");
	} else if (member->kind == MEMBER_KIND_ADDRESS &&
	    member_equal(member, &wanted->rel, &created)) {
		load_problem_at(load, wanted->number, member->name,
		    "0.0.0.0 is no server's address");
	} else if (member->kind == MEMBER_KIND_SCOPES &&
	    wanted->scopes.NumElements == 0 &&
	    server->type->ops->restore == NULL) {
		/* Only a restored one begins without, see load_apply.c. */
		load_problem_at(load, wanted->number, member->name,
		    "is empty, and one is needed to create it");
	}
}

static void
compare_new(struct load *load, struct wanted *wanted,
    const struct failover_server *server)
{
	size_t i;

	load->creations++;
	if (!server->type->creates) {
		load_problem_at(load, wanted->number, "name",
		    "there is none of this name, and none can be created on a "
		    "server of type %s",
		    server->type->name);
		return;
	}
	for (i = 0; i < nitems(checked); i++)
		check_new_member(load, wanted, checked[i], server);
	if (!is_given(wanted, MEMBER_PERCENTAGE))
		member_default_percentage(&wanted->rel);
}

/* Set member ${id}, which differs, if that can be. */
static void
plan_set(struct load *load, struct wanted *wanted, enum member_id id,
    const struct failover_server *server)
{
	const struct member *member = &members[id];
	char now[32];

	if (member->flag == 0) {
		load_problem_at(load, wanted->number, member->name,
		    "is \"%s\" on the server, and nothing but its creation "
		    "sets it; delete the relationship first",
		    member_to_text(member, wanted->now->rel, now, sizeof(now)));
	} else if ((server->sets & member->flag) == 0) {
		load_problem_at(load, wanted->number, member->name,
		    "cannot be set on this server of type %s",
		    server->type->name);
	} else {
		wanted->flags |= member->flag;
	}
}

/* A secret cannot be compared: one that is given is set. */
static bool
secret_differs(struct wanted *wanted)
{
	bool has = wanted->now != NULL && wanted->now->authenticated;

	if (is_given(wanted, MEMBER_SECRET))
		return wanted->rel.SharedSecret[0] != '\0' || has;
	if (!has || !json_is_false(wanted->authenticated))
		return false;
	member_point(&wanted->rel.SharedSecret, "");
	return true;
}

static void
compare_members(struct load *load, struct wanted *wanted,
    const struct failover_server *server)
{
	enum member_id id;

	for (id = 0; id < MEMBER_SCOPES; id++) {
		if (!is_given(wanted, id))
			member_copy(&members[id], &wanted->rel,
			    wanted->now->rel);
		else if (!member_equal(&members[id], &wanted->rel,
			     wanted->now->rel))
			plan_set(load, wanted, id, server);
	}
	if (secret_differs(wanted))
		plan_set(load, wanted, MEMBER_SECRET, server);
}

static void
compare_scopes(struct load *load, struct wanted *wanted,
    const struct failover_server *server)
{
	const DHCP_FAILOVER_RELATIONSHIP *now = wanted->now->rel;

	if (!is_given(wanted, MEMBER_SCOPES))
		return;
	wanted->joining = scopes_without(&wanted->scopes, now->pScopes);
	wanted->leaving = scopes_without(now->pScopes, &wanted->scopes);
	if (wanted->joining.NumElements + wanted->leaving.NumElements == 0)
		return;
	if (!server->type->creates) {
		load_problem_at(load, wanted->number, "scopes",
		    "differ, and cannot be changed on a server of type %s",
		    server->type->name);
	} else if (wanted->joining.NumElements > 0 && now->State != NORMAL &&
	    wanted->rel.State != NORMAL && !failover_server_atomic(server)) {
		load_problem_at(load, wanted->number, "scopes",
		    "some are missing on the server, and can be added in the "
		    "state normal only");
	}
}

/* Is a scope of the file in a relationship that the file does not change? */
static void
find_taken_scopes(struct load *load, const struct rows *rows)
{
	char path[64], address[FAILOVER_ADDRESS_SIZE];
	struct scope_map map = { .n = 0 };
	const struct scope_place *place;
	const struct wanted *wanted;
	size_t i, k, n;
	bool *stays;

	/* Those that leave in the same load leave first. */
	stays = must(malloc(rows->n + 1));
	for (i = 0; i < rows->n; i++)
		stays[i] = true;
	for (i = 0; i < load->n; i++)
		if (load->at[i].now != NULL &&
		    is_given(&load->at[i], MEMBER_SCOPES))
			stays[load->at[i].now - rows->at] = false;
	for (i = 0; i < rows->n; i++)
		if (stays[i])
			scope_map_add(&map, rows->at[i].rel->pScopes, i);
	scope_map_sort(&map);

	for (i = 0; i < load->n; i++) {
		wanted = &load->at[i];
		n = wanted->scopes.NumElements;
		for (k = 0; k < n; k++) {
			place =
			    scope_map_find(&map, wanted->scopes.Elements[k]);
			if (place == NULL)
				continue;
			snprintf(path, sizeof(path), "scopes[%zu]", k);
			load_problem_at(load, i, path,
			    "%s is in \"%s\" on the server",
			    failover_address_text(place->address, address),
			    rows->at[place->owner].rel->RelationshipName);
		}
	}
	free(map.at);
	free(stays);
}

/* What a dump cannot bring back is better known than found out. */
static void
note_losses(const struct load *load)
{
	const struct wanted *wanted;
	size_t i;

	if (load->statistics)
		complain("load: note: the statistics of scopes are not loaded; "
			 "they are counted by the server");
	for (i = 0; i < load->n; i++) {
		wanted = &load->at[i];
		if (json_is_true(wanted->authenticated) &&
		    !is_given(wanted, MEMBER_SECRET) &&
		    (wanted->now == NULL || !wanted->now->authenticated))
			complain("load: note: relationships[%zu].authenticated:"
				 " there is no sharedSecret in the file, so "
				 "\"%s\" gets none",
			    i, wanted->rel.RelationshipName);
	}
}

static bool
is_change(const struct wanted *wanted)
{
	return wanted->flags != 0 || wanted->joining.NumElements > 0 ||
	    wanted->leaving.NumElements > 0;
}

void
load_compare(struct load *load, const struct rows *rows,
    const struct failover_server *server)
{
	struct wanted *wanted;
	size_t i;

	for (i = 0; i < load->n; i++) {
		wanted = &load->at[i];
		wanted->now = rows_find(rows, wanted->rel.RelationshipName);
		if (wanted->now == NULL) {
			compare_new(load, wanted, server);
			continue;
		}
		compare_members(load, wanted, server);
		compare_scopes(load, wanted, server);
		load->changes += is_change(wanted);
	}
	find_taken_scopes(load, rows);
	if (load->problems == 0)
		note_losses(load);
}
