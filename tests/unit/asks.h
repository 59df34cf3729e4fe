/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asks.h - SETs written down as lists of requests, for the tests of change.
 */
#ifndef DHCPFO_TESTS_ASKS_H
#define DHCPFO_TESTS_ASKS_H

#include "fixture.h"

#include "change.h"

/* One request, as the varbinds of a SET make them; its number is its place. */
struct ask {
	size_t server;
	const char *name; /* NULL: the end */
	uint32_t bit, value; /* of a member */
	bool row, scope; /* else: about a row, or a scope, that ... */
	enum change_presence presence;
};

#define MEMBER(i, name, bit, value)                            \
	{                                                      \
		i, name, bit, value, false, false, CHANGE_KEEP \
	}
#define ROW(i, name, presence)                       \
	{                                            \
		i, name, 0, 0, true, false, presence \
	}
#define SCOPE(i, name, net, presence)                                 \
	{                                                             \
		i, name, 0, NET(10, net, 0, 0), false, true, presence \
	}
#define END                                              \
	{                                                \
		0, NULL, 0, 0, false, false, CHANGE_KEEP \
	}
#define ASKS(...) ((const struct ask[]){ __VA_ARGS__, END })
#define ADDRESSES(i, name)                                  \
	MEMBER(i, name, CHANGE_PRIMARY, NET(192, 0, 2, 1)), \
	    MEMBER(i, name, CHANGE_SECONDARY, NET(192, 0, 2, 2))
/* Enough for a relationship of its own. */
#define CREATE(i, name, net)                             \
	ROW(i, name, CHANGE_CREATE), ADDRESSES(i, name), \
	    SCOPE(i, name, net, CHANGE_CREATE)

/* What the asker was told. */
struct said {
	unsigned int times;
	struct change_verdict v;
	struct world *watched; /* or NULL: what is then the status of ... */
	uint32_t status; /* ... relationship "a" of the first server? */
};

static inline void
hear(void *arg, const struct change_verdict *verdict)
{
	struct said *said = arg;

	said->times++;
	said->v = *verdict;
	if (said->watched != NULL)
		said->status =
		    world_row(said->watched, 0, "a")->status.set_status;
}

/* ---------------------------------------------------------------- staging */

static inline void
put_member(struct change *change, DHCP_FAILOVER_RELATIONSHIP *rel,
    const struct ask *ask)
{
	char text[32];

	memset(rel, 0, sizeof(*rel));
	snprintf(text, sizeof(text), "text %u", ask->value);
	switch (ask->bit) {
	case MCLT:
		rel->Mclt = ask->value;
		break;
	case SAFEPERIOD:
		rel->SafePeriod = ask->value;
		break;
	case CHANGESTATE:
		rel->State = (FSM_STATE)ask->value;
		break;
	case PREVSTATE:
		rel->PrevState = (FSM_STATE)ask->value;
		break;
	case PERCENTAGE:
		rel->Percentage = (BYTE)ask->value;
		break;
	case MODE:
		rel->Mode = (DHCP_FAILOVER_MODE)ask->value;
		break;
	case SHAREDSECRET:
		rel->SharedSecret = change_text(change, text, strlen(text));
		break;
	case CHANGE_ROLE:
		rel->ServerType = (DHCP_FAILOVER_SERVER)ask->value;
		break;
	case CHANGE_PRIMARY:
		rel->PrimaryServer = ask->value;
		break;
	case CHANGE_SECONDARY:
		rel->SecondaryServer = ask->value;
		break;
	case CHANGE_PRIMARY_NAME:
		rel->PrimaryServerName =
		    change_text(change, text, strlen(text));
		break;
	case CHANGE_SECONDARY_NAME:
		rel->SecondaryServerName =
		    change_text(change, text, strlen(text));
		break;
	}
}

static inline enum change_error
stage_one(struct world *w, struct change *change, const struct ask *ask,
    uint32_t request)
{
	DHCP_FAILOVER_RELATIONSHIP value;
	char key[KEY_MAX + 1];
	struct change_row *row;

	if ((row = change_row(change, world_server(w, ask->server), key,
		 key_from_name(ask->name, key), request)) == NULL)
		return CHANGE_NO_MEMORY;
	if (ask->row)
		return change_presence(row, ask->presence, request);
	if (ask->scope)
		return change_scope(change, row, ask->value, ask->presence,
		    request);
	put_member(change, &value, ask);
	return change_member(row, ask->bit, &value, request);
}

/* Stage all of ${asks}, or as many as can be: what the last one was told. */
static inline enum change_error
stage_all(struct world *w, struct change *change, const struct ask *asks)
{
	enum change_error error = CHANGE_OK;
	uint32_t i;

	for (i = 0; error == CHANGE_OK && asks[i].name != NULL; i++)
		error = stage_one(w, change, &asks[i], i);
	return error;
}

static inline struct change *
staged(struct world *w, const struct ask *asks)
{
	struct change *change = change_new(w->roster);

	assert_non_null(change);
	assert_int_equal(stage_all(w, change, asks), CHANGE_OK);
	return change;
}

static inline struct change *
checked(struct world *w, const struct ask *asks)
{
	struct change *change = staged(w, asks);
	struct change_verdict v = change_check(change);

	if (v.error != CHANGE_OK)
		fail_msg("refused: %d, request %u", (int)v.error, v.request);
	return change;
}

static inline void
assert_said(const struct said *said, enum change_error error)
{
	assert_int_equal(said->times, 1);
	assert_int_equal(said->v.error, error);
}

/* Commit it and wait for its end. */
static inline struct change *
committed(struct world *w, const struct ask *asks, struct said *said)
{
	struct change *change = checked(w, asks);

	memset(said, 0, sizeof(*said));
	change_commit(change, hear, said);
	world_drain(w);
	assert_int_equal(said->times, 1);
	return change;
}

/* Commit it, see that it is done, and be done with it. */
static inline void
done(struct world *w, const struct ask *asks)
{
	struct said said;

	change_finish(committed(w, asks, &said));
	assert_said(&said, CHANGE_OK);
}

/* Undo it and wait for the end of that. */
static inline void
undone(struct world *w, struct change *change, struct said *said)
{
	memset(said, 0, sizeof(*said));
	change_undo(change, hear, said);
	world_drain(w);
	assert_int_equal(said->times, 1);
}

/* What check says to ${asks}. */
static inline void
assert_checked(struct world *w, const struct ask *asks, enum change_error error,
    uint32_t request)
{
	struct change *change = staged(w, asks);
	struct change_verdict v = change_check(change);

	assert_int_equal(v.error, error);
	assert_int_equal(v.result, ERROR_SUCCESS);
	if (error != CHANGE_OK)
		assert_int_equal(v.request, request);
	change_finish(change);
	/* No server was asked, and it is not busy now. */
	assert_string_equal(world_calls(w, 0), "");
	assert_null(w->roster->changes);
}

/* ---------------------------------------------------------------- worlds */

static inline int
begin(void **state, size_t n, const char *extra)
{
	struct world *w = world_new(n, extra);
	size_t i;

	*state = w;
	for (i = 0; i < n; i++) {
		world_have(w, i, "a", 1 + 10 * (unsigned int)i, 2);
		world_have(w, i, "b", 2 + 10 * (unsigned int)i, 1);
	}
	world_start(w);
	world_poll(w);
	for (i = 0; i < n; i++)
		world_calls(w, i);
	return 0;
}

static inline int
one(void **state)
{
	return begin(state, 1, "");
}

static inline int
two(void **state)
{
	return begin(state, 2, "");
}

static inline int
three(void **state)
{
	return begin(state, 3, "");
}

static inline int
two_plain(void **state)
{
	return begin(state, 2, "atomic = no");
}

static inline int
one_plain(void **state)
{
	return begin(state, 1, "atomic = no");
}

/* The first server's changes go to the second one as well. */
static inline int
pair(void **state)
{
	struct world *w;

	begin(state, 2, "");
	w = *state;
	world_server(w, 0)->conf.pair_with = 7;
	world_server(w, 0)->conf.apply_to_both = true;
	return 0;
}

static inline const struct row_status *
status(struct world *w, size_t i, const char *name)
{
	const struct snapshot_row *row = world_row(w, i, name);

	assert_non_null(row);
	return &row->status;
}

static inline void
assert_status(struct world *w, size_t i, const char *name,
    enum set_status wanted)
{
	assert_int_equal(status(w, i, name)->set_status, wanted);
}

/* Commit it, and see that nobody knows what became of its first row. */
static inline void
left_in_doubt(struct world *w, const struct ask *asks)
{
	struct said said;

	change_finish(committed(w, asks, &said));
	assert_said(&said, CHANGE_UNDO_FAILED);
	assert_status(w, asks->server, asks->name, SET_STATUS_IN_DOUBT);
}

static inline void
assert_all_is_true(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		assert_shown_is_true(w, i);
		assert_int_equal(world_server(w, i)->users, 0);
	}
	assert_counters_are_right(w->roster);
}

#endif
