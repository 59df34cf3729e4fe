/* SPDX-License-Identifier: BSD-2-Clause */
#include "index.h"

#include <string.h>

#define TYPE_IPV4 1u
#define IPV4_LENGTH 4u

/* Order of one sub-identifier against another. */
static int
order(oid a, oid b)
{
	return (a > b) - (a < b);
}

/*
 * Order of ${row}'s key, as sub-identifiers, against ${sub}.  ${*used} is how
 * many of ${sub} the key matches when the answer is 0: ${sub} may go on.
 */
static int
order_row(const struct snapshot_row *row, const oid *sub, size_t length,
    size_t *used)
{
	size_t i;
	int o;

	*used = 0;
	if (length == 0)
		return 1;
	if ((o = order(row->key_length, sub[0])) != 0)
		return o;
	for (i = 0; i < row->key_length; i++) {
		if (i + 1 == length)
			return 1;
		if ((o = order((unsigned char)row->key[i], sub[i + 1])) != 0)
			return o;
	}
	*used = 1 + row->key_length;
	return 0;
}

static void
scope_sub(DHCP_IP_ADDRESS address, oid sub[6])
{
	sub[0] = TYPE_IPV4;
	sub[1] = IPV4_LENGTH;
	sub[2] = address >> 24;
	sub[3] = address >> 16 & 0xff;
	sub[4] = address >> 8 & 0xff;
	sub[5] = address & 0xff;
}

/* Number of the first server whose index is at least ${least}. */
static size_t
server_from(const struct roster *roster, oid least)
{
	size_t low = 0, high = roster->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (roster->servers[middle]->index < least)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Number of the first row that does not come before ${sub}; ${*used} tells
 * whether its key is the beginning of ${sub}, and how long it is there.
 */
static size_t
row_from(const struct snapshot *snapshot, const oid *sub, size_t length,
    size_t *used)
{
	size_t low = 0, high = snapshot->n, middle, match = 0;
	int o;

	while (low < high) {
		middle = low + (high - low) / 2;
		o = order_row(&snapshot->rows[middle], sub, length, used);
		if (o == 0) {
			match = *used;
			low = middle;
			break;
		}
		if (o < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*used = match;
	return low;
}

/* Number of the first scope of ${row} behind ${sub}, or at it. */
static size_t
scope_from(const struct snapshot *snapshot, const struct snapshot_row *row,
    const oid *sub, size_t length, bool include)
{
	size_t low = row->first_scope, high = low + row->nscopes, middle;
	oid is[6];
	int o;

	while (low < high) {
		middle = low + (high - low) / 2;
		scope_sub(snapshot->scopes[middle].address, is);
		o = snmp_oid_compare(is, 6, sub, length);
		if (o < 0 || (o == 0 && !include))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
at_server(struct cursor *at, size_t i)
{
	if (i >= at->scalars->roster->n)
		return false;
	at->server = at->scalars->roster->servers[i];
	return true;
}

static bool
at_row(struct cursor *at, size_t i)
{
	if (i >= at->server->snapshot->n)
		return false;
	at->row = &at->server->snapshot->rows[i];
	return true;
}

static bool
at_scope(struct cursor *at, size_t i)
{
	struct snapshot *snapshot = at->server->snapshot;

	if (i >= snapshot->nscopes)
		return false;
	at->scope = &snapshot->scopes[i];
	at->row = &snapshot->rows[at->scope->row];
	return true;
}

static bool
next_scalar(struct cursor *at, const oid *sub, size_t length, bool include)
{
	(void)at;
	return length == 0 || (include && length == 1 && sub[0] == 0);
}

static bool
next_server(struct cursor *at, const oid *sub, size_t length, bool include)
{
	size_t i;

	if (length == 0)
		return at_server(at, 0);
	if (!at_server(at, i = server_from(at->scalars->roster, sub[0])))
		return false;
	if (at->server->index > sub[0] || (include && length == 1))
		return true;
	return at_server(at, i + 1);
}

/* The first row of this server or of one behind it. */
static bool
first_row(struct cursor *at, size_t i)
{
	for (; at_server(at, i); i++)
		if (at_row(at, 0))
			return true;
	return false;
}

static bool
next_row(struct cursor *at, const oid *sub, size_t length, bool include)
{
	size_t i, row, used;

	if (length == 0)
		return first_row(at, 0);
	if (!at_server(at, i = server_from(at->scalars->roster, sub[0])))
		return false;
	if (at->server->index > sub[0])
		return first_row(at, i);
	row = row_from(at->server->snapshot, sub + 1, length - 1, &used);
	/* A key that begins ${sub} comes before it, unless it is all of it. */
	if (used > 0 && !(include && used == length - 1))
		row++;
	return at_row(at, row) || first_row(at, i + 1);
}

static bool
first_scope(struct cursor *at, size_t i)
{
	for (; at_server(at, i); i++)
		if (at_scope(at, 0))
			return true;
	return false;
}

static bool
next_scope(struct cursor *at, const oid *sub, size_t length, bool include)
{
	const struct snapshot *snapshot;
	size_t i, row, used, scope;

	if (length == 0)
		return first_scope(at, 0);
	if (!at_server(at, i = server_from(at->scalars->roster, sub[0])))
		return false;
	if (at->server->index > sub[0])
		return first_scope(at, i);
	snapshot = at->server->snapshot;
	row = row_from(snapshot, sub + 1, length - 1, &used);
	if (row == snapshot->n)
		return first_scope(at, i + 1);
	/* A row without scopes says where those of the next rows begin. */
	scope = used == 0 ? snapshot->rows[row].first_scope :
			    scope_from(snapshot, &snapshot->rows[row],
				sub + 1 + used, length - 1 - used, include);
	return at_scope(at, scope) || first_scope(at, i + 1);
}

static bool
at_event(struct cursor *at, uint64_t least)
{
	at->event = event_log_from(at->scalars->roster->events, least);
	return at->event != NULL;
}

static bool
next_event(struct cursor *at, const oid *sub, size_t length, bool include)
{
	if (length == 0)
		return at_event(at, 0);
	if (sub[0] > UINT32_MAX)
		return false;
	return at_event(at,
	    include && length == 1 ? sub[0] : (uint64_t)sub[0] + 1);
}

bool
index_next(enum index_kind kind, struct cursor *at, const oid *sub,
    size_t length, bool include)
{
	switch (kind) {
	case INDEX_SCALAR:
		return next_scalar(at, sub, length, include);
	case INDEX_SERVER:
		return next_server(at, sub, length, include);
	case INDEX_REL:
		return next_row(at, sub, length, include);
	case INDEX_SCOPE:
		return next_scope(at, sub, length, include);
	case INDEX_EVENT:
		return next_event(at, sub, length, include);
	}
	return false;
}

bool
index_parse(enum index_kind kind, const oid *sub, size_t length,
    struct index_name *name)
{
	size_t i;

	if (kind == INDEX_SCALAR)
		return length == 1 && sub[0] == 0;
	if (length < 1 || sub[0] < 1 || sub[0] > 65535)
		return false;
	name->server = (uint32_t)sub[0];
	if (kind == INDEX_SERVER)
		return length == 1;
	if (length < 2 || sub[1] < 1 || sub[1] > KEY_MAX || length < 2 + sub[1])
		return false;
	name->key_length = sub[1];
	for (i = 0; i < name->key_length; i++) {
		if (sub[2 + i] > 255)
			return false;
		name->key[i] = (char)sub[2 + i];
	}
	name->key[i] = '\0';
	sub += 2 + i;
	length -= 2 + i;
	if (kind == INDEX_REL)
		return length == 0;
	if (length != 6 || sub[0] != TYPE_IPV4 || sub[1] != IPV4_LENGTH)
		return false;
	name->scope = 0;
	for (i = 2; i < 6; i++) {
		if (sub[i] > 255)
			return false;
		name->scope = name->scope << 8 | (DHCP_IP_ADDRESS)sub[i];
	}
	return true;
}

bool
index_find(enum index_kind kind, struct cursor *at, const oid *sub,
    size_t length)
{
	struct index_name name;

	if (kind == INDEX_EVENT)
		return length == 1 && sub[0] <= UINT32_MAX &&
		    at_event(at, sub[0]) && at->event->index == sub[0];
	if (!index_parse(kind, sub, length, &name))
		return false;
	if (kind == INDEX_SCALAR)
		return true;
	if ((at->server = roster_find(at->scalars->roster, name.server)) ==
	    NULL)
		return false;
	if (kind == INDEX_SERVER)
		return true;
	if (!at_row(at,
		snapshot_find(at->server->snapshot, name.key, name.key_length)))
		return false;
	return kind == INDEX_REL ||
	    at_scope(at,
		snapshot_find_scope(at->server->snapshot, at->row, name.scope));
}

size_t
index_write(enum index_kind kind, const struct cursor *at, oid *sub)
{
	size_t n = 0, i;

	if (kind == INDEX_SCALAR) {
		sub[0] = 0;
		return 1;
	}
	if (kind == INDEX_EVENT) {
		sub[0] = at->event->index;
		return 1;
	}
	sub[n++] = at->server->index;
	if (kind == INDEX_SERVER)
		return n;
	sub[n++] = at->row->key_length;
	for (i = 0; i < at->row->key_length; i++)
		sub[n++] = (unsigned char)at->row->key[i];
	if (kind == INDEX_REL)
		return n;
	scope_sub(at->scope->address, sub + n);
	return n + 6;
}
