/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "drift.h"

/* One copy of a relationship. */
struct copy {
	struct managed *server;
	struct snapshot_row *row;
};

/*
 * The row of ${server} with the key of ${like}.  ${*guess}, its number if all
 * goes on as before, becomes the next one: a whole listing is compared with its
 * partner's in one pass over both.
 */
static struct snapshot_row *
find(const struct managed *server, const struct snapshot_row *like,
    size_t *guess)
{
	struct snapshot *snapshot = server->snapshot;
	const struct snapshot_row *row;
	size_t i = *guess;

	row = i < snapshot->n ? &snapshot->rows[i] : NULL;
	if (row == NULL ||
	    key_compare(row->key, row->key_length, like->key,
		like->key_length) != 0)
		i = snapshot_find(snapshot, like->key, like->key_length);
	if (i == snapshot->n)
		return NULL;
	*guess = i + 1;
	return &snapshot->rows[i];
}

/* The partner's copy: where it was last time, or wherever it is now. */
static bool
find_partner(const struct managed *server, const struct snapshot_row *row,
    size_t *guess, struct copy *partner)
{
	const struct roster *roster = server->roster;
	struct managed *hint;
	size_t i;

	hint = row->status.partner != 0 ?
	    roster_find(roster, row->status.partner) :
	    NULL;
	if (hint != NULL && hint != server &&
	    (partner->row = find(hint, row, guess)) != NULL &&
	    failover_same_relationship(&row->rel, &partner->row->rel)) {
		partner->server = hint;
		return true;
	}
	for (i = 0; i < roster->n; i++) {
		partner->server = roster->servers[i];
		if (partner->server == server ||
		    partner->server->snapshot->n == 0)
			continue;
		if ((partner->row = find(partner->server, row, guess)) !=
			NULL &&
		    failover_same_relationship(&row->rel, &partner->row->rel))
			return true;
	}
	return false;
}

/* Does the configured partner lack the relationship, as far as it has told? */
static bool
missing(const struct managed *server, const struct snapshot_row *row)
{
	const DHCP_IP_ADDRESS address = failover_partner(&row->rel);
	const struct roster *roster = server->roster;
	const struct managed *other;
	size_t i;

	for (i = 0; i < roster->n; i++) {
		other = roster->servers[i];
		if (other == server || other->address != address ||
		    !other->listed)
			continue;
		/* While it is away it has not got what it lacked. */
		if (other->status == OPER_STATUS_UP ||
		    (row->status.drift & DRIFT_MISSING) != 0)
			return true;
	}
	return false;
}

static bool
same_scopes(const struct copy *a, const struct copy *b)
{
	const struct snapshot_scope *x, *y;
	uint32_t i;

	if (a->row->nscopes != b->row->nscopes)
		return false;
	x = a->server->snapshot->scopes + a->row->first_scope;
	y = b->server->snapshot->scopes + b->row->first_scope;
	for (i = 0; i < a->row->nscopes; i++)
		if (x[i].address != y[i].address)
			return false;
	return true;
}

static uint32_t
differences(const struct copy *a, const struct copy *b)
{
	const DHCP_FAILOVER_RELATIONSHIP *x = &a->row->rel, *y = &b->row->rel;

	return (x->Mclt != y->Mclt ? DRIFT_MCLT : 0) |
	    (x->SafePeriod != y->SafePeriod ? DRIFT_SAFE_PERIOD : 0) |
	    (x->Percentage != y->Percentage ? DRIFT_PERCENTAGE : 0) |
	    (x->Mode != y->Mode ? DRIFT_MODE : 0) |
	    (!same_scopes(a, b) ? DRIFT_SCOPES : 0) |
	    (a->row->authenticated != b->row->authenticated ? DRIFT_AUTH : 0) |
	    (x->ServerType == y->ServerType ? DRIFT_ROLE : 0);
}

static void
describe(uint32_t drift, char *text, size_t size)
{
	static const char *const words[] = { "mclt", "safePeriod", "percentage",
		"mode", "scopes", "auth", "missing", "role" };
	size_t i, n = 0;

	text[0] = '\0';
	for (i = 0; i < nitems(words) && n < size; i++)
		if (drift & 1u << i)
			n += (size_t)snprintf(text + n, size - n, "%s%s",
			    n > 0 ? "," : "", words[i]);
}

/* Note what is known of a copy's partner, and tell if the drift is another. */
static void
note(const struct copy *copy, uint32_t drift, const struct copy *partner)
{
	struct snapshot_row *row = copy->row;
	char text[80];
	const struct observation o = {
		.kind = drift != 0 ? EVENT_DRIFT_FOUND : EVENT_DRIFT_GONE,
		.server = copy->server,
		.row = row,
		.relationship = row->rel.RelationshipName,
		.text = text,
	};

	if (partner != NULL) {
		row->status.partner = partner->server->index;
		/* What is old says nothing about now; our server may know. */
		if (partner->server->status == OPER_STATUS_UP)
			row->partner_state = partner->row->rel.State;
	}
	if (row->status.drift == drift)
		return;
	row->status.drift = drift;
	describe(drift, text, sizeof(text));
	/* Who has lost its partner does not agree with it. */
	if (drift == 0 && partner == NULL)
		snprintf(text, sizeof(text),
		    "there is no other copy to be seen");
	roster_observe(copy->server->roster, &o);
}

static void
compare(struct managed *server, struct snapshot_row *row, size_t *guess)
{
	struct copy own = { server, row }, partner;
	uint32_t drift;

	/* It is compared when the change has ended. */
	if (change_touches(server->roster, server, row->key, row->key_length))
		return;
	if (!find_partner(server, row, guess, &partner)) {
		note(&own, missing(server, row) ? DRIFT_MISSING : 0, NULL);
		return;
	}
	drift = differences(&own, &partner);
	note(&own, drift, &partner);
	note(&partner, drift, &own);
}

void
drift_compare_row(struct managed *server, struct snapshot_row *row)
{
	size_t guess = 0;

	compare(server, row, &guess);
}

void
drift_compare(struct managed *server)
{
	struct snapshot *snapshot = server->snapshot;
	size_t guess = 0, i;

	for (i = 0; i < snapshot->n; i++)
		compare(server, &snapshot->rows[i], &guess);
}
