/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "snapshot.h"

/* The members a person configured, as against those the servers move. */
#define CONFIGURED (FAILOVER_SET_ALL & ~(CHANGESTATE | PREVSTATE))

struct snapshot *
snapshot_new(const struct snapshot *like)
{
	struct snapshot *snapshot;

	if ((snapshot = calloc(1, sizeof(*snapshot))) == NULL)
		goto err0;
	if (like != NULL && like->n > 0) {
		/* A little more than last time: then nothing is moved. */
		snapshot->rows_size = like->n + like->n / 8 + 1;
		snapshot->scopes_size = like->nscopes + like->nscopes / 8 + 1;
		snapshot->text.next = arena_size(&like->text) * 9 / 8;
		snapshot->rows =
		    malloc(snapshot->rows_size * sizeof(*snapshot->rows));
		snapshot->scopes =
		    malloc(snapshot->scopes_size * sizeof(*snapshot->scopes));
		if (snapshot->rows == NULL || snapshot->scopes == NULL)
			goto err1;
	}

	/* Success! */
	return snapshot;

err1:
	snapshot_free(snapshot);
err0:
	return NULL;
}

void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	arena_free(&snapshot->text, 0);
	free(snapshot->rows);
	free(snapshot->scopes);
	free(snapshot);
}

/* Room for ${more} elements after the first ${n}; the array may move. */
static bool
grow(void **array, size_t element, size_t n, size_t more, size_t *size)
{
	size_t want = *size;
	void *moved;

	if (more <= want - n)
		return true;
	while (want - n < more)
		want = want < 16 ? 16 : 2 * want;
	if ((moved = realloc(*array, want * element)) == NULL)
		return false;
	*array = moved;
	*size = want;
	return true;
}

/* Servers have few names and many rows: equal neighbours share one copy. */
static char *
keep(struct snapshot *snapshot, const char *text, char *neighbour)
{
	if (text == NULL)
		text = "";
	if (neighbour != NULL && strcmp(text, neighbour) == 0)
		return neighbour;
	return arena_text(&snapshot->text, text, strlen(text));
}

static bool
keep_key(struct snapshot *snapshot, struct snapshot_row *row)
{
	char key[KEY_MAX + 1] = "";

	row->key_length =
	    (uint32_t)key_from_name(row->rel.RelationshipName, key);
	if (strcmp(key, row->rel.RelationshipName) == 0) {
		row->key = row->rel.RelationshipName;
		return true;
	}
	row->key = arena_text(&snapshot->text, key, row->key_length);
	return row->key != NULL;
}

static int
compare_scopes(const void *a, const void *b)
{
	const struct snapshot_scope *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static bool
add_scopes(struct snapshot *snapshot, struct snapshot_row *to,
    const struct failover_row *from)
{
	size_t n = failover_scope_count(&from->rel), i;
	struct snapshot_scope *scope;
	void *scopes = snapshot->scopes;

	to->first_scope = (uint32_t)snapshot->nscopes;
	to->nscopes = (uint32_t)n;
	if (!grow(&scopes, sizeof(*scope), snapshot->nscopes, n,
		&snapshot->scopes_size))
		return false;
	snapshot->scopes = scopes;
	if (n == 0)
		return true;
	scope = snapshot->scopes + snapshot->nscopes;
	for (i = 0; i < n; i++) {
		memset(&scope[i], 0, sizeof(scope[i]));
		scope[i].address = from->rel.pScopes->Elements[i];
		if (from->stats == NULL)
			continue;
		scope[i].stats = from->stats[i];
		scope[i].counted =
		    from->stats[i].NumAddr != FAILOVER_NOT_COUNTED &&
		    from->stats[i].AddrFree != FAILOVER_NOT_COUNTED;
	}
	qsort(scope, n, sizeof(*scope), compare_scopes);
	snapshot->nscopes += n;
	return true;
}

bool
snapshot_add(void *arg, const struct failover_row *row)
{
	struct snapshot *snapshot = arg;
	struct snapshot_row *to;
	const DHCP_FAILOVER_RELATIONSHIP *before;
	void *rows = snapshot->rows;

	if (!grow(&rows, sizeof(*to), snapshot->n, 1, &snapshot->rows_size))
		return false;
	snapshot->rows = rows;
	to = &snapshot->rows[snapshot->n];
	before = snapshot->n > 0 ? &to[-1].rel : NULL;
	memset(to, 0, sizeof(*to));
	to->rel = row->rel;
	to->rel.pScopes = NULL;
	to->rel.SharedSecret = NULL;
	to->rel.RelationshipName =
	    keep(snapshot, row->rel.RelationshipName, NULL);
	to->rel.PrimaryServerName = keep(snapshot, row->rel.PrimaryServerName,
	    before != NULL ? before->PrimaryServerName : NULL);
	to->rel.SecondaryServerName =
	    keep(snapshot, row->rel.SecondaryServerName,
		before != NULL ? before->SecondaryServerName : NULL);
	if (to->rel.RelationshipName == NULL ||
	    to->rel.PrimaryServerName == NULL ||
	    to->rel.SecondaryServerName == NULL || !keep_key(snapshot, to) ||
	    !add_scopes(snapshot, to, row))
		return false;
	to->partner_state = row->partner_state;
	to->authenticated = row->authenticated;
	to->forgets = row->forgets;
	to->status.set_status = SET_STATUS_NONE;
	snapshot->n++;
	return true;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct snapshot_row *x = a, *y = b;

	return key_compare(x->key, x->key_length, y->key, y->key_length);
}

/* A number for the names of the rows from ${i} on, in any order; 0: none. */
static uint32_t
fingerprint(const struct snapshot *snapshot, size_t i)
{
	uint32_t sum = 0;

	/* That of no name is 0. */
	for (; i < snapshot->n; i++)
		sum += 1 + key_sum(snapshot->rows[i].rel.RelationshipName);
	return sum;
}

static void
warn(const struct snapshot *snapshot, size_t i, const char *subject,
    uint32_t *warned)
{
	const uint32_t now = fingerprint(snapshot, i);

	if (warned != NULL && *warned == now)
		return;
	for (; i < snapshot->n; i++)
		log_warning("server \"%s\": relationship \"%s\" is not "
			    "shown: it has no index of its own",
		    subject, snapshot->rows[i].rel.RelationshipName);
	if (warned != NULL)
		*warned = now;
}

/* Rows without an index, or with that of another, cannot be shown. */
static void
drop_unreachable(struct snapshot *snapshot, const char *subject,
    uint32_t *warned)
{
	struct snapshot_row *rows = snapshot->rows, row;
	size_t from, to;

	for (from = to = 0; from < snapshot->n; from++) {
		if (rows[from].key_length == 0 ||
		    (to > 0 && compare_rows(&rows[to - 1], &rows[from]) == 0))
			continue;
		if (to != from) {
			row = rows[to];
			rows[to] = rows[from];
			rows[from] = row;
		}
		to++;
	}
	warn(snapshot, to, subject, warned);
	snapshot->n = to;
}

/* Bring the scopes into the order of their rows. */
static bool
sort_scopes(struct snapshot *snapshot)
{
	struct snapshot_scope *sorted;
	struct snapshot_row *row;
	size_t i, j, n = 0;

	if (snapshot->nscopes == 0)
		return true;
	if ((sorted = malloc(snapshot->scopes_size * sizeof(*sorted))) == NULL)
		return false;
	for (i = 0; i < snapshot->n; i++) {
		row = &snapshot->rows[i];
		memcpy(sorted + n, snapshot->scopes + row->first_scope,
		    row->nscopes * sizeof(*sorted));
		row->first_scope = (uint32_t)n;
		for (j = 0; j < row->nscopes; j++)
			sorted[n++].row = (uint32_t)i;
	}
	free(snapshot->scopes);
	snapshot->scopes = sorted;
	snapshot->nscopes = n;
	return true;
}

bool
snapshot_sort(struct snapshot *snapshot, const char *subject, uint32_t *warned)
{
	if (snapshot->n > 1)
		qsort(snapshot->rows, snapshot->n, sizeof(*snapshot->rows),
		    compare_rows);
	drop_unreachable(snapshot, subject, warned);
	return sort_scopes(snapshot);
}

size_t
snapshot_find(struct snapshot *snapshot, const char *key, size_t length)
{
	size_t low = 0, high = snapshot->n, middle = snapshot->found;
	const struct snapshot_row *row;
	int order;

	/* A SET looks for its row half a dozen times. */
	if (middle >= high)
		middle = high / 2;
	while (low < high) {
		row = &snapshot->rows[middle];
		order = key_compare(row->key, row->key_length, key, length);
		if (order == 0) {
			snapshot->found = middle;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
		middle = low + (high - low) / 2;
	}
	return snapshot->n;
}

size_t
snapshot_find_scope(const struct snapshot *snapshot,
    const struct snapshot_row *row, DHCP_IP_ADDRESS address)
{
	size_t low = row->first_scope, high = low + row->nscopes, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (snapshot->scopes[middle].address == address)
			return middle;
		if (snapshot->scopes[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return snapshot->nscopes;
}

static bool
same_scopes(const struct snapshot *a, const struct snapshot_row *x,
    const struct snapshot *b, const struct snapshot_row *y)
{
	uint32_t i;

	if (x->nscopes != y->nscopes)
		return false;
	for (i = 0; i < x->nscopes; i++)
		if (a->scopes[x->first_scope + i].address !=
		    b->scopes[y->first_scope + i].address)
			return false;
	return true;
}

/* The same relationship as far as a person configured it? */
static bool
same_row(const struct snapshot *a, const struct snapshot_row *x,
    const struct snapshot *b, const struct snapshot_row *y)
{
	return failover_equal(&x->rel, &y->rel, CONFIGURED) &&
	    failover_same_servers(&x->rel, &y->rel) &&
	    x->authenticated == y->authenticated && same_scopes(a, x, b, y);
}

/* Scopes that stay remember that they were short of addresses. */
static void
inherit_scopes(struct snapshot *fresh, const struct snapshot_row *row,
    const struct snapshot *old, const struct snapshot_row *before)
{
	uint32_t i = row->first_scope, j = before->first_scope;
	const uint32_t i_end = i + row->nscopes, j_end = j + before->nscopes;

	while (i < i_end && j < j_end)
		if (fresh->scopes[i].address < old->scopes[j].address)
			i++;
		else if (fresh->scopes[i].address > old->scopes[j].address)
			j++;
		else
			fresh->scopes[i++].low = old->scopes[j++].low;
}

bool
snapshot_inherit(struct snapshot *fresh, const struct snapshot *old,
    uint64_t now)
{
	bool changed = fresh->n != old->n;
	struct snapshot_row *row;
	size_t i, j = 0;

	for (i = 0; i < fresh->n; i++) {
		row = &fresh->rows[i];
		while (j < old->n && compare_rows(&old->rows[j], row) < 0)
			j++;
		if (j < old->n && compare_rows(&old->rows[j], row) == 0) {
			row->status = old->rows[j].status;
			if (row->forgets)
				row->rel.PrevState = old->rows[j].rel.PrevState;
			inherit_scopes(fresh, row, old, &old->rows[j]);
			if (same_row(fresh, row, old, &old->rows[j]))
				continue;
		}
		row->status.last_change = now;
		changed = true;
	}
	return changed;
}
