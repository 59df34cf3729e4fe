/* SPDX-License-Identifier: BSD-2-Clause */
/* From requests to rows, from rows to calls. */
#include <assert.h>
#include <string.h>

#include "change_private.h"

/* What creation assumes where nothing was asked for. */
#define STANDARD_MCLT 3600u
#define STANDARD_SHARE 50u /* loadBalance: of the primary */
#define STANDARD_RESERVE 5u /* hotStandby: for the secondary */

/* ---- staging ---- */

static bool
is_row(const struct change_row *row, const struct managed *server,
    const char *key, size_t length)
{
	/* By index: since a reload there may be another in its place. */
	return row->server->index == server->index &&
	    row->key_length == length && memcmp(row->key, key, length) == 0;
}

struct change_row *
change_row(struct change *change, struct managed *server, const char *key,
    size_t length, uint32_t request)
{
	struct change_row *row;

	assert(length <= KEY_MAX);
	if (change->hit != NULL && is_row(change->hit, server, key, length))
		return change->hit;
	for (row = change->rows; row != NULL; row = row->next)
		if (is_row(row, server, key, length))
			return change->hit = row;
	if ((row = arena_alloc(&change->arena, sizeof(*row))) == NULL)
		return NULL;
	memset(row, 0, sizeof(*row));
	row->server = server;
	server->users++;
	memcpy(row->key, key, length);
	row->key_length = length;
	row->first = request;
	row->presence_asked = NO_REQUEST;
	row->last_scope = &row->scopes;
	*change->last_row = row;
	change->last_row = &row->next;
	return change->hit = row;
}

char *
change_text(struct change *change, const void *text, size_t length)
{
	return arena_text(&change->arena, text, length);
}

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* The members that failover_apply() does not know. */
static bool
same_creation_member(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b, uint32_t bit)
{
	switch (bit) {
	case CHANGE_ROLE:
		return a->ServerType == b->ServerType;
	case CHANGE_PRIMARY:
		return a->PrimaryServer == b->PrimaryServer;
	case CHANGE_SECONDARY:
		return a->SecondaryServer == b->SecondaryServer;
	case CHANGE_PRIMARY_NAME:
		return same_text(a->PrimaryServerName, b->PrimaryServerName);
	case CHANGE_SECONDARY_NAME:
		return same_text(a->SecondaryServerName,
		    b->SecondaryServerName);
	}
	return true;
}

static void
copy_creation_member(DHCP_FAILOVER_RELATIONSHIP *to,
    const DHCP_FAILOVER_RELATIONSHIP *from, uint32_t bit)
{
	switch (bit) {
	case CHANGE_ROLE:
		to->ServerType = from->ServerType;
		break;
	case CHANGE_PRIMARY:
		to->PrimaryServer = from->PrimaryServer;
		break;
	case CHANGE_SECONDARY:
		to->SecondaryServer = from->SecondaryServer;
		break;
	case CHANGE_PRIMARY_NAME:
		to->PrimaryServerName = from->PrimaryServerName;
		break;
	case CHANGE_SECONDARY_NAME:
		to->SecondaryServerName = from->SecondaryServerName;
		break;
	}
}

static unsigned int
bit_number(uint32_t bit)
{
	unsigned int number;

	for (number = 0; bit > 1; bit >>= 1)
		number++;
	return number;
}

enum change_error
change_member(struct change_row *row, uint32_t bit,
    const DHCP_FAILOVER_RELATIONSHIP *value, uint32_t request)
{
	if (row->given & bit) {
		if (!failover_equal(&row->want, value,
			bit & FAILOVER_SET_ALL) ||
		    !same_creation_member(&row->want, value, bit))
			return CHANGE_CONFLICT;
		return CHANGE_OK;
	}
	failover_apply(&row->want, value, bit & FAILOVER_SET_ALL);
	copy_creation_member(&row->want, value, bit);
	row->given |= bit;
	row->asked[bit_number(bit)] = request;
	return CHANGE_OK;
}

enum change_error
change_presence(struct change_row *row, enum change_presence presence,
    uint32_t request)
{
	if (row->presence_asked != NO_REQUEST)
		return row->presence == presence ? CHANGE_OK : CHANGE_CONFLICT;
	row->presence = presence;
	row->presence_asked = request;
	return CHANGE_OK;
}

enum change_error
change_scope(struct change *change, struct change_row *row,
    DHCP_IP_ADDRESS address, enum change_presence presence, uint32_t request)
{
	struct scope_request *scope;

	for (scope = row->scopes; scope != NULL; scope = scope->next)
		if (scope->address == address)
			return scope->presence == presence ? CHANGE_OK :
							     CHANGE_CONFLICT;
	if ((scope = arena_alloc(&change->arena, sizeof(*scope))) == NULL)
		return CHANGE_NO_MEMORY;
	scope->next = NULL;
	scope->address = address;
	scope->presence = presence;
	scope->request = request;
	*row->last_scope = scope;
	row->last_scope = &scope->next;
	return CHANGE_OK;
}

/* ---- checking ---- */

struct change_verdict
change_verdict_of(enum change_error error, uint32_t request)
{
	struct change_verdict v = { error, ERROR_SUCCESS, request };

	return v;
}

struct snapshot_row *
change_row_now(const struct change_row *row)
{
	const struct managed *server = roster_heir(row->server);
	struct snapshot *snapshot;
	size_t i;

	if (server == NULL)
		return NULL;
	snapshot = server->snapshot;
	i = snapshot_find(snapshot, row->key, row->key_length);
	return i < snapshot->n ? &snapshot->rows[i] : NULL;
}

/* The earliest request that staged one of ${bits}. */
static uint32_t
first_asked(const struct change_row *row, uint32_t bits)
{
	uint32_t first = NO_REQUEST;
	unsigned int i;

	for (i = 0; i < 32; i++)
		if ((bits & row->given & 1u << i) && row->asked[i] < first)
			first = row->asked[i];
	return first;
}

static const struct scope_request *
first_scope(const struct change_row *row, enum change_presence presence)
{
	const struct scope_request *scope;

	for (scope = row->scopes; scope != NULL; scope = scope->next)
		if (scope->presence == presence)
			break;
	return scope;
}

static struct change_verdict
check_create(const struct change_row *row)
{
	const uint32_t both = CHANGE_PRIMARY | CHANGE_SECONDARY;
	const uint32_t forced = CHANGESTATE | PREVSTATE;
	/* Who may create must not set in passing what nobody may. */
	const uint32_t never =
	    row->given & FAILOVER_SET_ALL & ~forced & ~row->server->writable;
	const struct scope_request *scope;

	if (!row->server->creates || !key_is_name(row->key, row->key_length))
		return change_verdict_of(CHANGE_NO_CREATION,
		    row->presence_asked);
	if (change_row_now(row) != NULL)
		return change_verdict_of(CHANGE_CONFLICT, row->presence_asked);
	/* A server starts a new relationship in states of its own. */
	if (row->given & forced)
		return change_verdict_of(CHANGE_CONFLICT,
		    first_asked(row, forced));
	if (never != 0)
		return change_verdict_of(CHANGE_NOT_WRITABLE,
		    first_asked(row, never));
	if ((row->given & both) != both)
		return change_verdict_of(CHANGE_CONFLICT, row->presence_asked);
	if (first_scope(row, CHANGE_CREATE) == NULL)
		return change_verdict_of(CHANGE_CONFLICT, row->presence_asked);
	for (scope = row->scopes; scope != NULL; scope = scope->next)
		if (scope->presence == CHANGE_KEEP)
			return change_verdict_of(CHANGE_CONFLICT,
			    scope->request);
	return change_verdict_of(CHANGE_OK, 0);
}

static struct change_verdict
check_destroy(const struct change_row *row)
{
	if (!row->server->creates)
		return change_verdict_of(CHANGE_NOT_WRITABLE,
		    row->presence_asked);
	if (row->given != 0 || row->scopes != NULL)
		return change_verdict_of(CHANGE_CONFLICT, row->presence_asked);
	return change_verdict_of(CHANGE_OK, 0);
}

static struct change_verdict
check_scopes(const struct change_row *row, const struct snapshot_row *now)
{
	const struct snapshot *snapshot = row->server->snapshot;
	const struct scope_request *scope;
	bool there;

	for (scope = row->scopes; scope != NULL; scope = scope->next) {
		there = snapshot_find_scope(snapshot, now, scope->address) <
		    snapshot->nscopes;
		/* The partner may be ahead: the end is the same. */
		if (!row->mirrored &&
		    (scope->presence == CHANGE_KEEP ?
			    !there :
			    scope->presence == CHANGE_CREATE && there))
			return change_verdict_of(CHANGE_CONFLICT,
			    scope->request);
		if (scope->presence != CHANGE_KEEP && !row->server->creates)
			return change_verdict_of(CHANGE_NOT_WRITABLE,
			    scope->request);
	}
	return change_verdict_of(CHANGE_OK, 0);
}

static struct change_verdict
check_set(const struct change_row *row)
{
	const struct snapshot_row *now = change_row_now(row);
	uint32_t fixed = row->given & CHANGE_CREATION_ONLY;
	uint32_t never = row->given & FAILOVER_SET_ALL & ~row->server->writable;

	if (now == NULL && row->presence_asked == row->first)
		return change_verdict_of(CHANGE_CONFLICT, row->first);
	if (now == NULL)
		return change_verdict_of(CHANGE_NO_ROW, row->first);
	if (fixed != 0)
		return change_verdict_of(CHANGE_CONFLICT,
		    first_asked(row, fixed));
	if (never != 0)
		return change_verdict_of(CHANGE_NOT_WRITABLE,
		    first_asked(row, never));
	return check_scopes(row, now);
}

bool
change_touches(const struct roster *roster, const struct managed *server,
    const char *key, size_t length)
{
	const struct change *change;
	const struct change_row *row;

	for (change = roster->changes; change != NULL; change = change->next)
		for (row = change->rows; row != NULL; row = row->next)
			if (is_row(row, server, key, length))
				return true;
	return false;
}

static struct change_verdict
check_row(const struct change *change, const struct change_row *row)
{
	if (change_touches(change->roster, row->server, row->key,
		row->key_length))
		return change_verdict_of(CHANGE_BUSY, row->first);
	/* Before it has answered once, nobody knows what is there. */
	if (!row->server->listed)
		return change_verdict_of(CHANGE_BUSY, row->first);
	switch (row->presence) {
	case CHANGE_CREATE:
		return check_create(row);
	case CHANGE_DESTROY:
		return check_destroy(row);
	case CHANGE_KEEP:
		break;
	}
	return check_set(row);
}

/* ---- from rows to calls ---- */

static LPDHCP_IP_ARRAY
gather(struct change *change, const struct change_row *row,
    enum change_presence presence, uint32_t *request)
{
	const struct snapshot *snapshot = row->server->snapshot;
	const struct snapshot_row *now = change_row_now(row);
	const struct scope_request *scope;
	LPDHCP_IP_ARRAY array;
	DWORD n = 0;
	bool there;

	for (scope = row->scopes; scope != NULL; scope = scope->next)
		n++;
	if ((array = arena_alloc(&change->arena, sizeof(*array))) == NULL ||
	    (array->Elements = arena_alloc(&change->arena,
		 (n + 1) * sizeof(array->Elements[0]))) == NULL)
		return NULL;
	array->NumElements = 0;
	for (scope = row->scopes; scope != NULL; scope = scope->next) {
		if (scope->presence != presence)
			continue;
		there = now != NULL &&
		    snapshot_find_scope(snapshot, now, scope->address) <
			snapshot->nscopes;
		/* What is not there any more is found out with the server. */
		if (there && presence == CHANGE_CREATE && row->mirrored)
			continue;
		if (array->NumElements == 0)
			*request = scope->request;
		array->Elements[array->NumElements++] = scope->address;
	}
	return array;
}

static void
complete(const struct change_row *row, DHCP_FAILOVER_RELATIONSHIP *want)
{
	if (!(row->given & MCLT))
		want->Mclt = STANDARD_MCLT;
	if (!(row->given & SAFEPERIOD))
		want->SafePeriod = DHCP_FAILOVER_NEVER;
	if (!(row->given & PERCENTAGE))
		want->Percentage = want->Mode == HotStandby ? STANDARD_RESERVE :
							      STANDARD_SHARE;
}

static struct step *
add_step(struct group *group, enum step_kind kind, struct change_row *row,
    uint32_t request)
{
	struct step *step = &group->steps[group->n++];

	memset(step, 0, sizeof(*step));
	step->kind = kind;
	step->row = row;
	step->want = row->want;
	step->request = request;
	return step;
}

/* The calls that ${row} needs: at most three, and none if nothing changes. */
static bool
plan_row(struct change *change, struct group *group, struct change_row *row)
{
	const struct snapshot_row *now = change_row_now(row);
	LPDHCP_IP_ARRAY come, go;
	struct step *step;
	uint32_t come_asked = row->first, go_asked = row->first;

	/* The snapshot may be swapped while the server works. */
	row->want.RelationshipName = now == NULL ?
	    row->key :
	    arena_text(&change->arena, now->rel.RelationshipName,
		strlen(now->rel.RelationshipName));
	come = gather(change, row, CHANGE_CREATE, &come_asked);
	go = gather(change, row, CHANGE_DESTROY, &go_asked);
	if (row->want.RelationshipName == NULL || come == NULL || go == NULL)
		return false;
	if (row->presence == CHANGE_CREATE) {
		step = add_step(group, STEP_CREATE, row, row->presence_asked);
		step->want.pScopes = come;
		complete(row, &step->want);
		return true;
	}
	if (row->presence == CHANGE_DESTROY) {
		/* The listing may be old: whether it is there says the server.
		 */
		if (now != NULL || key_is_name(row->key, row->key_length))
			add_step(group, STEP_DELETE, row, row->presence_asked);
		return true;
	}
	if (row->given & FAILOVER_SET_ALL) {
		step = add_step(group, STEP_SET, row,
		    first_asked(row, FAILOVER_SET_ALL));
		step->flags = row->given & FAILOVER_SET_ALL;
	}
	if (come->NumElements > 0)
		add_step(group, STEP_ADD, row, come_asked)->want.pScopes = come;
	if (go->NumElements > 0)
		add_step(group, STEP_REMOVE, row, go_asked)->want.pScopes = go;
	return true;
}

static bool
planned(const struct change *change, const struct managed *server)
{
	size_t i;

	for (i = 0; i < change->ngroups; i++)
		if (change->groups[i].server == server)
			return true;
	return false;
}

static bool
gives(const struct step *step)
{
	return step->kind == STEP_DELETE || step->kind == STEP_REMOVE;
}

static bool
takes(const struct step *step)
{
	return step->kind == STEP_CREATE || step->kind == STEP_ADD;
}

/* Is there a scope that ${giver} gives up and ${taker} takes? */
static bool
passes_on(const struct step *giver, const struct step *taker)
{
	const struct snapshot *snapshot = giver->row->server->snapshot;
	const struct snapshot_row *now = change_row_now(giver->row);
	const DHCP_IP_ARRAY *scopes = taker->want.pScopes;
	DWORD i;

	for (i = 0; i < scopes->NumElements; i++)
		if (giver->kind == STEP_REMOVE ?
			failover_has_scope(&giver->want, scopes->Elements[i]) :
			now != NULL &&
			    snapshot_find_scope(snapshot, now,
				scopes->Elements[i]) < snapshot->nscopes)
			return true;
	return false;
}

/* Does a row take what another gives up only later? */
static bool
takes_too_early(const struct group *group)
{
	const struct step *giver, *taker;
	size_t i, j;

	for (i = 0; i < group->n; i++) {
		giver = &group->steps[i];
		for (j = 0; gives(giver) && j < i; j++) {
			taker = &group->steps[j];
			if (takes(taker) && taker->row != giver->row &&
			    passes_on(giver, taker))
				return true;
		}
	}
	return false;
}

/*
 * A SET is to be as if all of it were done at once (RFC 3416 4.2.5): a scope
 * may go from one row to another, whichever is named first.  Where none does,
 * the order is that of the SET: whoever creates before he destroys may mean it.
 */
static bool
give_first(struct change *change, struct group *group)
{
	struct step *sorted;
	size_t i, n = 0;

	if (!takes_too_early(group))
		return true;
	sorted = arena_alloc(&change->arena, group->n * sizeof(*group->steps));
	if (sorted == NULL)
		return false;
	for (i = 0; i < group->n; i++)
		if (gives(&group->steps[i]))
			sorted[n++] = group->steps[i];
	for (i = 0; i < group->n; i++)
		if (!gives(&group->steps[i]))
			sorted[n++] = group->steps[i];
	group->steps = sorted;
	return true;
}

/* Of a server that need not be asked, nothing is left to do. */
static void
drop_empty(struct change *change)
{
	size_t from, to;

	for (from = to = 0; from < change->ngroups; from++)
		if (change->groups[from].n > 0)
			change->groups[to++] = change->groups[from];
	change->ngroups = to;
}

static bool
plan(struct change *change)
{
	struct change_row *row, *other;
	struct group *group;
	struct step *steps;
	size_t n = 0;

	for (row = change->rows; row != NULL; row = row->next)
		n++;
	steps = arena_alloc(&change->arena, (3 * n + 1) * sizeof(*steps));
	change->groups =
	    arena_alloc(&change->arena, (n + 1) * sizeof(*change->groups));
	if (steps == NULL || change->groups == NULL)
		return false;
	for (row = change->rows; row != NULL; row = row->next) {
		if (planned(change, row->server))
			continue;
		group = &change->groups[change->ngroups++];
		memset(group, 0, sizeof(*group));
		group->server = row->server;
		group->steps = steps;
		for (other = row; other != NULL; other = other->next)
			if (other->server == row->server &&
			    !plan_row(change, group, other))
				return false;
		steps += group->n;
		if (!give_first(change, group))
			return false;
	}
	drop_empty(change);
	return true;
}

static bool
is_staged(const struct change *change, const struct managed *server,
    const struct change_row *like)
{
	const struct change_row *row;

	for (row = change->rows; row != NULL; row = row->next)
		if (is_row(row, server, like->key, like->key_length))
			return true;
	return false;
}

/* As far as ${partner} has told; by that name it may have another one. */
static bool
has_copy(const struct managed *partner, const struct change_row *row)
{
	struct snapshot *there = partner->snapshot;
	const struct snapshot_row *now = change_row_now(row);
	size_t i = snapshot_find(there, row->key, row->key_length);

	return i < there->n && now != NULL &&
	    failover_same_relationship(&now->rel, &there->rows[i].rel);
}

/*
 * What is to be done on ${partner} as well: each call changes one server only,
 * and their copies must be kept alike (MS-DHCPF 1.5).  The states are those of
 * each server's own endpoint.
 */
static bool
mirror_row(struct change *change, const struct change_row *row,
    struct managed *partner)
{
	const uint32_t own = CHANGESTATE | PREVSTATE;
	struct change_row *mirrored;

	if (is_staged(change, partner, row) ||
	    (row->presence != CHANGE_CREATE && partner->listed &&
		!has_copy(partner, row)) ||
	    ((row->given & ~own) == 0 && row->scopes == NULL &&
		row->presence == CHANGE_KEEP))
		return true;
	if ((mirrored = change_row(change, partner, row->key, row->key_length,
		 row->first)) == NULL)
		return false;
	mirrored->mirrored = true;
	mirrored->given = row->given & ~own;
	memcpy(mirrored->asked, row->asked, sizeof(row->asked));
	mirrored->want = row->want;
	mirrored->want.ServerType = row->want.ServerType == PrimaryServer ?
	    SecondaryServer :
	    PrimaryServer;
	mirrored->presence = row->presence;
	mirrored->presence_asked = row->presence_asked;
	mirrored->scopes = row->scopes;
	return true;
}

static bool
mirror(struct change *change)
{
	const struct conf_server *conf;
	const struct change_row *row;
	struct managed *partner;

	for (row = change->rows; row != NULL; row = row->next) {
		conf = &row->server->conf;
		if (row->mirrored || !conf->apply_to_both)
			continue;
		partner = roster_find(change->roster, conf->pair_with);
		if (partner != NULL && !mirror_row(change, row, partner))
			return false;
	}
	return true;
}

struct change_verdict
change_check(struct change *change)
{
	struct change_verdict first = change_verdict_of(CHANGE_OK, NO_REQUEST),
			      v;
	const struct change_row *row;

	assert(change->state == CHANGE_STAGED);
	if (!mirror(change))
		return change_verdict_of(CHANGE_NO_MEMORY, 0);
	for (row = change->rows; row != NULL; row = row->next) {
		v = check_row(change, row);
		if (v.error != CHANGE_OK && v.request < first.request)
			first = v;
	}
	if (first.error != CHANGE_OK)
		return first;
	if (!plan(change))
		return change_verdict_of(CHANGE_NO_MEMORY, 0);
	change->state = CHANGE_CHECKED;
	return change_verdict_of(CHANGE_OK, 0);
}
