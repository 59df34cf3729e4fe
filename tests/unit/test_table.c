/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instances and reading: three servers, one of them empty, rows with keys of
 * different lengths, with and without scopes.
 */
#include "snmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "table.h"

#define INSTANCES_MAX 4096

struct instance {
	oid name[MAX_OID_LEN];
	size_t length;
};

struct world {
	struct roster roster;
	struct scalars scalars;
	struct managed *servers[3];
	/* Every instance there is, in order. */
	struct instance *all;
	size_t n;
};

static void
add(struct managed *server, const char *name, unsigned int nscopes,
    bool counted)
{
	DHCP_IP_ADDRESS scopes[8];
	DHCP_FAILOVER_STATISTICS stats[8] = { { .NumAddr = 1 } };
	DHCP_IP_ARRAY array = { nscopes, scopes };
	char copy[200];
	struct failover_row row = { .stats = counted ? stats : NULL };
	unsigned int i;

	/* The last first: a snapshot sorts. */
	for (i = 0; i < nscopes; i++)
		scopes[i] = 0x0a000000 + 0x10000 * (nscopes - i);
	snprintf(copy, sizeof(copy), "%s", name);
	row.rel.RelationshipName = copy;
	row.rel.pScopes = nscopes > 0 ? &array : NULL;
	row.rel.PrimaryServer = row.rel.SecondaryServer = 1;
	assert_true(snapshot_add(server->snapshot, &row));
}

static void
fill(struct world *w)
{
	static const uint32_t indexes[] = { 2, 7, 300 };
	char longest[127];
	size_t i;

	memset(longest, 'x', 126);
	longest[126] = '\0';
	w->roster.servers = w->servers;
	w->roster.n = 3;
	assert_non_null(w->roster.events = event_log_new(8));
	for (i = 0; i < 3; i++) {
		w->servers[i] = calloc(1, sizeof(struct managed));
		assert_non_null(w->servers[i]);
		w->servers[i]->index = indexes[i];
		w->servers[i]->name = "server";
		w->servers[i]->roster = &w->roster;
		w->servers[i]->snapshot = snapshot_new(NULL);
		assert_non_null(w->servers[i]->snapshot);
	}
	add(w->servers[0], "zz", 0, false);
	add(w->servers[0], "a", 2, true);
	add(w->servers[0], "aaaa", 0, false);
	add(w->servers[0], "bb", 3, false);
	add(w->servers[0], longest, 1, true);
	add(w->servers[0], "Zürich", 0, false);
	/* The server in the middle has no rows. */
	add(w->servers[2], "a", 0, false);
	add(w->servers[2], "b", 1, true);
	add(w->servers[2], "c", 0, false);
	for (i = 0; i < 3; i++)
		assert_true(
		    snapshot_sort(w->servers[i]->snapshot, "server", NULL));
	w->scalars.roster = &w->roster;
}

static void
add_event(struct world *w, uint32_t index)
{
	const struct event event = { .index = index, .kind = EVENT_OTHER };

	assert_non_null(event_log_add(w->roster.events, &event));
}

/* Does ${column} have a value at ${at}?  By the rule itself, not by its code.
 */
static bool
counted(const struct column *column, const struct cursor *at)
{
	return column->path[1] != 6 || at->scope->counted ||
	    column->path[3] == 9 || column->path[3] == 10 ||
	    column->path[3] == 11;
}

static void
note(struct world *w, const struct column *column, const struct cursor *at)
{
	struct instance *to = &w->all[w->n++];

	assert_true(w->n <= INSTANCES_MAX);
	to->length = column_name(column, to->name);
	to->length += index_write(column->index, at, to->name + to->length);
}

/* Instances of ${column}, by walking the model in plain loops. */
static void
note_all(struct world *w, const struct column *column)
{
	struct cursor at = { .scalars = &w->scalars };
	size_t i, j, k;

	if (column->index == INDEX_SCALAR)
		note(w, column, &at);
	if (column->index == INDEX_EVENT)
		for (i = 0; i <= UINT16_MAX &&
		     (at.event = event_log_from(w->roster.events, i)) != NULL;
		     i = at.event->index + 1)
			note(w, column, &at);
	for (i = 0; i < 3; i++) {
		at.server = w->servers[i];
		if (column->index == INDEX_SERVER)
			note(w, column, &at);
		for (j = 0; j < at.server->snapshot->n; j++) {
			at.row = &at.server->snapshot->rows[j];
			if (column->index == INDEX_REL)
				note(w, column, &at);
			for (k = 0; k < at.row->nscopes &&
			     column->index == INDEX_SCOPE;
			     k++) {
				at.scope =
				    &at.server->snapshot
					 ->scopes[at.row->first_scope + k];
				if (counted(column, &at))
					note(w, column, &at);
			}
		}
	}
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	size_t i;

	assert_non_null(w);
	fill(w);
	add_event(w, 5);
	add_event(w, 6);
	add_event(w, 70);
	w->all = calloc(INSTANCES_MAX, sizeof(*w->all));
	assert_non_null(w->all);
	for (i = 0; i < ncolumns; i++)
		note_all(w, &columns[i]);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	size_t i;

	for (i = 0; i < 3; i++) {
		snapshot_free(w->servers[i]->snapshot);
		free(w->servers[i]);
	}
	event_log_free(w->roster.events);
	free(w->all);
	free(w);
	return 0;
}

/* ---- asking, without a hint or with one that is kept */

static struct table_hint kept;

static void
ask(struct world *w, struct request *r, const oid *name, size_t length,
    bool next, bool keep)
{
	struct table_hint fresh, *hint = keep ? &kept : &fresh;

	if (!keep)
		table_hint_init(&fresh, &w->scalars);
	r->name = name;
	r->length = length;
	if (next)
		table_next(hint, r);
	else
		table_get(hint, r);
}

/* The answer to a GETNEXT must be instance ${want}, or the end. */
static void
assert_next(struct world *w, const oid *name, size_t length, bool include,
    size_t want)
{
	static struct request r;

	memset(&r, 0, sizeof(r));
	r.include = include;
	ask(w, &r, name, length, true, false);
	if (want == w->n) {
		assert_int_equal(r.value.type, SNMP_ENDOFMIBVIEW);
		return;
	}
	if (r.value.type == SNMP_ENDOFMIBVIEW)
		fail_msg("the end instead of instance %zu", want);
	if (snmp_oid_compare(r.found, r.found_length, w->all[want].name,
		w->all[want].length) != 0)
		fail_msg("not instance %zu", want);
}

/* Number of the first instance behind ${name}, or, ${include}, at it. */
static size_t
behind(const struct world *w, const oid *name, size_t length, bool include)
{
	size_t i;
	int order;

	for (i = 0; i < w->n; i++) {
		order = snmp_oid_compare(w->all[i].name, w->all[i].length, name,
		    length);
		if (order > 0 || (include && order == 0))
			break;
	}
	return i;
}

static void
instances__of_the_model__are_sorted_and_many(void **state)
{
	struct world *w = *state;
	size_t i;

	assert_true(w->n > 300);
	for (i = 1; i < w->n; i++)
		assert_true(
		    snmp_oid_compare(w->all[i - 1].name, w->all[i - 1].length,
			w->all[i].name, w->all[i].length) < 0);
}

static void
get__of_every_instance__has_a_value(void **state)
{
	struct world *w = *state;
	struct request r;
	size_t i;

	for (i = 0; i < w->n; i++) {
		ask(w, &r, w->all[i].name, w->all[i].length, false, false);
		assert_true(r.value.type < SNMP_NOSUCHOBJECT);
	}
}

static void
getnext__of_every_instance__is_the_next_one(void **state)
{
	struct world *w = *state;
	size_t i;

	for (i = 0; i < w->n; i++) {
		assert_next(w, w->all[i].name, w->all[i].length, false, i + 1);
		assert_next(w, w->all[i].name, w->all[i].length, true, i);
	}
}

static void
getnext__of_every_prefix__is_the_first_behind_it(void **state)
{
	struct world *w = *state;
	size_t i, n;

	for (i = 0; i < w->n; i++)
		for (n = 1; n < w->all[i].length; n++)
			assert_next(w, w->all[i].name, n, false,
			    behind(w, w->all[i].name, n, false));
}

static void
getnext__of_names_beside_instances__is_the_first_behind_them(void **state)
{
	struct world *w = *state;
	struct instance near;
	size_t i, at;
	int by;

	for (i = 0; i < w->n; i++)
		for (at = MIB_ROOT_LENGTH; at < w->all[i].length; at++)
			for (by = -1; by <= 1; by += 2) {
				near = w->all[i];
				if (by < 0 && near.name[at] == 0)
					continue;
				near.name[at] += (oid)by;
				assert_next(w, near.name, near.length, true,
				    behind(w, near.name, near.length, true));
			}
	for (i = 0; i < w->n; i++) {
		near = w->all[i];
		near.name[near.length++] = 0;
		assert_next(w, near.name, near.length, false, i + 1);
		near.name[near.length - 1] = UINT32_MAX;
		assert_next(w, near.name, near.length, true, i + 1);
	}
}

static void
getnext__with_an_end__stops_before_it(void **state)
{
	struct world *w = *state;
	struct request r;
	size_t i;

	for (i = 0; i + 1 < w->n; i++) {
		memset(&r, 0, sizeof(r));
		r.end = w->all[i + 1].name;
		r.end_length = w->all[i + 1].length;
		ask(w, &r, w->all[i].name, w->all[i].length, true, false);
		assert_int_equal(r.value.type, SNMP_ENDOFMIBVIEW);
		r.include = true;
		ask(w, &r, w->all[i].name, w->all[i].length, true, false);
		assert_true(r.value.type < SNMP_NOSUCHOBJECT);
	}
}

static void
get__of_what_is_not_there__says_what_is_missing(void **state)
{
	static const oid no_object[] = { MIB_ROOT, 1, 3, 1, 99, 2, 1, 'a' };
	static const oid hidden[] = { MIB_ROOT, 1, 3, 1, 1, 2, 1, 'a' };
	static const oid no_row[] = { MIB_ROOT, 1, 3, 1, 7, 2, 1, 'q' };
	static const oid no_server[] = { MIB_ROOT, 1, 3, 1, 7, 3, 1, 'a' };
	static const oid long_row[] = { MIB_ROOT, 1, 3, 1, 7, 2, 1, 'a', 0 };
	static const oid scalar[] = { MIB_ROOT, 1, 1, 4, 1 };
	static const oid uncounted[] = { MIB_ROOT, 1, 6, 1, 2, 2, 2, 'b', 'b',
		1, 4, 10, 1, 0, 0 };
	const struct {
		const oid *name;
		size_t length;
		u_char type;
	} cases[] = {
		{ no_object, OID_LENGTH(no_object), SNMP_NOSUCHOBJECT },
		{ hidden, OID_LENGTH(hidden), SNMP_NOSUCHOBJECT },
		{ no_row, OID_LENGTH(no_row), SNMP_NOSUCHINSTANCE },
		{ no_server, OID_LENGTH(no_server), SNMP_NOSUCHINSTANCE },
		{ long_row, OID_LENGTH(long_row), SNMP_NOSUCHINSTANCE },
		{ scalar, OID_LENGTH(scalar), SNMP_NOSUCHINSTANCE },
		{ uncounted, OID_LENGTH(uncounted), SNMP_NOSUCHINSTANCE },
		{ no_row, MIB_ROOT_LENGTH, SNMP_NOSUCHOBJECT },
		{ no_row, 3, SNMP_NOSUCHOBJECT },
	};
	struct request r;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		ask(*state, &r, cases[i].name, cases[i].length, false, false);
		assert_int_equal(r.value.type, cases[i].type);
	}
}

static bool
same_answer(const struct request *a, const struct request *b, bool next)
{
	if (a->value.type != b->value.type ||
	    a->value.length != b->value.length ||
	    (a->value.length > 0 &&
		memcmp(a->value.data, b->value.data, a->value.length) != 0))
		return false;
	return !next || a->value.type == SNMP_ENDOFMIBVIEW ||
	    snmp_oid_compare(a->found, a->found_length, b->found,
		b->found_length) == 0;
}

static void
hint__whatever_was_asked_before__changes_no_answer(void **state)
{
	struct world *w = *state;
	static struct request with, without;
	struct instance name;
	uint32_t seed = (uint32_t)time(NULL), i;
	bool next = false;

	print_message("# seed %u\n", seed);
	srandom(seed);
	for (i = 0; i < 20000; i++) {
		/* A PDU begins now and then: names live as long as it. */
		static struct instance names[16];

		if (i % 16 == 0) {
			table_hint_init(&kept, &w->scalars);
			next = random() % 2;
		}
		name = w->all[(size_t)random() % w->n];
		if (random() % 3 == 0 && i % 16 > 0) {
			/* The same row in another column, as managers ask. */
			name = names[i % 16 - 1];
			if (name.length > MIB_ROOT_LENGTH + 3)
				name.name[MIB_ROOT_LENGTH + 3] =
				    (oid)(random() % 20);
		}
		if (random() % 4 == 0)
			name.length -= (size_t)random() % 4;
		names[i % 16] = name;
		memset(&with, 0, sizeof(with));
		memset(&without, 0, sizeof(without));
		with.include = without.include = random() % 2;
		ask(w, &with, names[i % 16].name, name.length, next, true);
		ask(w, &without, name.name, name.length, next, false);
		if (!same_answer(&with, &without, next))
			fail_msg("another answer in round %u of seed %u", i,
			    seed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instances__of_the_model__are_sorted_and_many),
		cmocka_unit_test(get__of_every_instance__has_a_value),
		cmocka_unit_test(getnext__of_every_instance__is_the_next_one),
		cmocka_unit_test(
		    getnext__of_every_prefix__is_the_first_behind_it),
		cmocka_unit_test(
		    getnext__of_names_beside_instances__is_the_first_behind_them),
		cmocka_unit_test(getnext__with_an_end__stops_before_it),
		cmocka_unit_test(
		    get__of_what_is_not_there__says_what_is_missing),
		cmocka_unit_test(
		    hint__whatever_was_asked_before__changes_no_answer),
	};

	return cmocka_run_group_tests_name("table", tests, setup, teardown);
}
