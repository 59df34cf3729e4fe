/* SPDX-License-Identifier: BSD-2-Clause */
/* What one server listed: order, duplicates, look-ups, what is remembered. */
#include "alloc.h"

#include "local.h"

#include "key.h"
#include "snapshot.h"

static struct snapshot *
empty(void)
{
	struct snapshot *snapshot = snapshot_new(NULL);

	assert_non_null(snapshot);
	return snapshot;
}

/* Add relationship ${name} with ${n} scopes, the highest address first. */
static void
add(struct snapshot *snapshot, const char *name, unsigned int first,
    unsigned int n)
{
	DHCP_FAILOVER_STATISTICS stats[512] = { { 0 } };
	struct failover_row row = { .stats = stats };
	struct wanted w;
	unsigned int i;

	row.rel = *want(&w, name, first, n);
	for (i = 0; i < n; i++) {
		w.scopes[i] = NET(10, first, 0, 0) + 256 * (n - i);
		stats[i].NumAddr = n - i;
	}
	row.rel.SharedSecret = NULL;
	row.partner_state = PARTNER_DOWN;
	row.authenticated = true;
	assert_true(snapshot_add(snapshot, &row));
	/* Whatever the snapshot keeps is its own. */
	memset(&w, 0x5A, sizeof(w));
	memset(stats, 0x5A, sizeof(stats));
}

static struct snapshot *
sorted(struct snapshot *snapshot)
{
	assert_true(snapshot_sort(snapshot, "here", NULL));
	return snapshot;
}

static struct snapshot_row *
row_of(struct snapshot *snapshot, const char *name)
{
	size_t i = snapshot_find(snapshot, name, strlen(name));

	assert_true(i < snapshot->n);
	return &snapshot->rows[i];
}

/* The names in their order, between blanks. */
static const char *
names(const struct snapshot *snapshot)
{
	static char text[1024];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < snapshot->n; i++) {
		strcat(text, " ");
		strcat(text, snapshot->rows[i].rel.RelationshipName);
	}
	return text;
}

static int
before(void **state)
{
	(void)state;
	log_open(log_to_memory, NULL);
	log_forget();
	return 0;
}

static int
after(void **state)
{
	(void)state;
	log_open(NULL, NULL);
	return 0;
}

/* ---------------------------------------------------------------- order */

static void
sort__of_keys__is_by_length_and_then_by_octets(void **state)
{
	struct snapshot *snapshot = empty();

	(void)state;
	add(snapshot, "zz", 1, 0);
	add(snapshot, "aaa", 2, 0);
	add(snapshot, "b", 3, 0);
	add(snapshot, "za", 4, 0);
	add(snapshot, "~", 5, 0);
	add(snapshot, "A", 6, 0);
	sorted(snapshot);
	assert_string_equal(names(snapshot), " A b ~ za zz aaa");
	snapshot_free(snapshot);
}

static void
sort__of_names_that_are_no_keys__is_by_the_key(void **state)
{
	struct snapshot *snapshot = empty();
	const struct snapshot_row *row;
	char key[KEY_MAX + 1];
	size_t length = key_from_name("Z\xC3\xBCrich", key);

	(void)state;
	add(snapshot, "Z\xC3\xBCrich", 1, 1);
	add(snapshot, "longer than the key of the other", 2, 1);
	add(snapshot, "short", 3, 1);
	sorted(snapshot);
	assert_string_equal(names(snapshot),
	    " short Z\xC3\xBCrich longer than the key of the other");
	row = row_of(snapshot, key);
	assert_string_equal(row->key, key);
	assert_int_equal(row->key_length, length);
	assert_string_equal(row->rel.RelationshipName, "Z\xC3\xBCrich");
	assert_int_equal(snapshot_find(snapshot, "Z\xC3\xBCrich", 7),
	    snapshot->n);
	snapshot_free(snapshot);
}

static void
sort__of_nothing__is_well(void **state)
{
	struct snapshot *snapshot = sorted(empty());

	(void)state;
	assert_int_equal(snapshot->n, 0);
	assert_int_equal(snapshot->nscopes, 0);
	assert_int_equal(snapshot_find(snapshot, "a", 1), 0);
	snapshot_free(snapshot);
	snapshot_free(NULL);
}

static void
sort__of_a_key_twice__keeps_the_first_and_warns(void **state)
{
	struct snapshot *snapshot = empty();

	(void)state;
	add(snapshot, "twin", 1, 2);
	add(snapshot, "other", 2, 1);
	add(snapshot, "twin", 3, 3);
	add(snapshot, "twin", 4, 1);
	sorted(snapshot);
	assert_string_equal(names(snapshot), " twin other");
	assert_int_equal(row_of(snapshot, "twin")->nscopes, 2);
	assert_int_equal(snapshot->nscopes, 3);
	assert_int_equal(snapshot->scopes[0].address, NET(10, 1, 1, 0));
	assert_int_equal(snapshot->scopes[1].address, NET(10, 1, 2, 0));
	assert_int_equal(snapshot->scopes[2].address, NET(10, 2, 1, 0));
	assert_int_equal(logged_lines, 2);
	assert_non_null(strstr(logged, "\"here\""));
	assert_non_null(strstr(logged, "\"twin\""));
	snapshot_free(snapshot);
}

/* A name may look like the key of another. */
static void
sort__of_a_name_that_is_anothers_key__keeps_one_and_warns(void **state)
{
	struct snapshot *snapshot = empty();
	char key[KEY_MAX + 1];

	(void)state;
	key_from_name("a\"b", key);
	add(snapshot, "a\"b", 1, 1);
	add(snapshot, key, 2, 1);
	sorted(snapshot);
	assert_string_equal(names(snapshot), " a\"b");
	assert_int_equal(logged_lines, 1);
	snapshot_free(snapshot);
}

static void
sort__of_a_row_without_a_name__drops_it_and_warns(void **state)
{
	struct snapshot *snapshot = empty();

	(void)state;
	add(snapshot, "", 1, 2);
	add(snapshot, "a", 2, 1);
	sorted(snapshot);
	assert_string_equal(names(snapshot), " a");
	assert_int_equal(snapshot->nscopes, 1);
	assert_int_equal(snapshot->scopes[0].row, 0);
	assert_int_equal(logged_lines, 1);
	snapshot_free(snapshot);
}

/* A poll each 30 seconds would fill the log. */
static void
sort__of_the_same_rows_without_a_place__warns_once(void **state)
{
	static const struct {
		const char *names[4];
		unsigned int lines; /* in the log by then */
	} all[] = {
		{ { "" }, 1 },
		{ { "", "new" }, 1 },
		{ { "twin", "twin", "" }, 3 },
		{ { "twin", "", "new", "twin" }, 3 },
		{ { "twin", "new", "twin" }, 4 },
		{ { "twin", "new" }, 4 },
		{ { "twin", "new", "twin" }, 5 },
	};
	struct snapshot *snapshot;
	uint32_t warned = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		snapshot = empty();
		for (k = 0; k < 4 && all[i].names[k] != NULL; k++)
			add(snapshot, all[i].names[k], (unsigned int)k, 1);
		assert_true(snapshot_sort(snapshot, "here", &warned));
		assert_int_equal(logged_lines, all[i].lines);
		snapshot_free(snapshot);
	}
}

static void
sort__when_every_row_is_dropped__leaves_no_scopes(void **state)
{
	struct snapshot *snapshot = empty();

	(void)state;
	add(snapshot, "", 1, 2);
	sorted(snapshot);
	assert_int_equal(snapshot->n, 0);
	assert_int_equal(snapshot->nscopes, 0);
	snapshot_free(snapshot);
}

/* ---------------------------------------------------------------- scopes */

static void
scopes__after_sorting__are_grouped_by_row_and_sorted_by_address(void **state)
{
	struct snapshot *snapshot = empty();
	const struct snapshot_row *row;
	size_t i, n = 0;
	uint32_t j;

	(void)state;
	add(snapshot, "ccc", 1, 3);
	add(snapshot, "a", 9, 4);
	add(snapshot, "none", 2, 0);
	add(snapshot, "bb", 5, 1);
	sorted(snapshot);
	assert_string_equal(names(snapshot), " a bb ccc none");
	assert_int_equal(snapshot->nscopes, 8);
	for (i = 0; i < snapshot->n; i++) {
		row = &snapshot->rows[i];
		assert_int_equal(row->first_scope, n);
		for (j = 0; j < row->nscopes; j++, n++) {
			assert_int_equal(snapshot->scopes[n].row, i);
			if (j > 0)
				assert_true(snapshot->scopes[n - 1].address <
				    snapshot->scopes[n].address);
			/* The statistics went along. */
			assert_true(snapshot->scopes[n].counted);
			assert_int_equal(snapshot->scopes[n].stats.NumAddr,
			    (snapshot->scopes[n].address & 0xFFFF) / 256);
		}
	}
	assert_int_equal(n, snapshot->nscopes);
	snapshot_free(snapshot);
}

static void
scopes__without_statistics__are_not_counted(void **state)
{
	struct snapshot *snapshot = empty();
	struct failover_row row = { .stats = NULL };
	struct wanted w;

	(void)state;
	row.rel = *want(&w, "a", 1, 2);
	assert_true(snapshot_add(snapshot, &row));
	sorted(snapshot);
	assert_false(snapshot->scopes[0].counted);
	assert_int_equal(snapshot->scopes[0].stats.NumAddr, 0);
	snapshot_free(snapshot);
}

static void
find_scope__of_each__is_its_number_and_of_others_none(void **state)
{
	struct snapshot *snapshot = empty();
	const struct snapshot_row *row;
	size_t i, j;

	(void)state;
	add(snapshot, "a", 1, 5);
	add(snapshot, "b", 2, 0);
	add(snapshot, "c", 3, 4);
	sorted(snapshot);
	for (i = 0; i < snapshot->n; i++) {
		row = &snapshot->rows[i];
		for (j = 0; j < snapshot->nscopes; j++) {
			const struct snapshot_scope *s = &snapshot->scopes[j];

			assert_int_equal(snapshot_find_scope(snapshot, row,
					     s->address),
			    s->row == i ? j : snapshot->nscopes);
			assert_int_equal(snapshot_find_scope(snapshot, row,
					     s->address + 1),
			    snapshot->nscopes);
		}
		assert_int_equal(snapshot_find_scope(snapshot, row, 0),
		    snapshot->nscopes);
		assert_int_equal(snapshot_find_scope(snapshot, row, UINT32_MAX),
		    snapshot->nscopes);
	}
	snapshot_free(snapshot);
}

/* ---------------------------------------------------------------- rows */

static void
add__of_a_row__copies_all_but_the_secret(void **state)
{
	struct snapshot *snapshot = empty();
	const struct snapshot_row *row;

	(void)state;
	add(snapshot, "a", 1, 1);
	sorted(snapshot);
	row = row_of(snapshot, "a");
	assert_string_equal(row->rel.RelationshipName, "a");
	assert_string_equal(row->rel.PrimaryServerName, "one.example");
	assert_string_equal(row->rel.SecondaryServerName, "two.example");
	assert_int_equal(row->rel.PrimaryServer, NET(192, 0, 2, 1));
	assert_int_equal(row->rel.Mclt, 3600);
	assert_int_equal(row->rel.Percentage, 50);
	assert_int_equal(row->partner_state, PARTNER_DOWN);
	assert_true(row->authenticated);
	assert_null(row->rel.pScopes);
	assert_null(row->rel.SharedSecret);
	assert_int_equal(row->status.set_status, SET_STATUS_NONE);
	assert_int_equal(row->status.set_calls, 0);
	snapshot_free(snapshot);
}

static void
add__of_a_row_with_a_secret__does_not_keep_the_pointer(void **state)
{
	struct snapshot *snapshot = empty();
	struct failover_row row = { .stats = NULL };
	struct wanted w;

	(void)state;
	row.rel = *want(&w, "a", 1, 0);
	assert_non_null(row.rel.SharedSecret);
	assert_true(snapshot_add(snapshot, &row));
	assert_null(snapshot->rows[0].rel.SharedSecret);
	snapshot_free(snapshot);
}

static void
add__of_a_row_without_server_names__gives_empty_ones(void **state)
{
	struct snapshot *snapshot = empty();
	struct failover_row row = { .stats = NULL };
	struct wanted w;

	(void)state;
	row.rel = *want(&w, "a", 1, 0);
	row.rel.PrimaryServerName = row.rel.SecondaryServerName = NULL;
	assert_true(snapshot_add(snapshot, &row));
	row.rel.RelationshipName = NULL;
	assert_true(snapshot_add(snapshot, &row));
	sorted(snapshot);
	assert_int_equal(snapshot->n, 1);
	assert_string_equal(snapshot->rows[0].rel.PrimaryServerName, "");
	assert_string_equal(snapshot->rows[0].rel.SecondaryServerName, "");
	snapshot_free(snapshot);
}

static void
find__of_each_of_10000_rows__finds_it(void **state)
{
	struct snapshot *snapshot = empty(), *again;
	uint64_t seed = 20000;
	char name[32];
	size_t i, j;

	(void)state;
	for (i = 0; i < 10000; i++) {
		/* A permutation: 7919 and 10000 have no common factor. */
		snprintf(name, sizeof(name), "%.*srel%zu", (int)(seed % 4),
		    "xxxx", i * 7919 % 10000);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		add(snapshot, name, (unsigned int)(i % 200), 1);
	}
	sorted(snapshot);
	assert_int_equal(snapshot->n, 10000);
	assert_int_equal(snapshot->nscopes, 10000);
	for (i = 0; i < snapshot->n; i++) {
		const struct snapshot_row *row = &snapshot->rows[i];

		if (i > 0)
			assert_true(key_compare(row[-1].key, row[-1].key_length,
					row->key, row->key_length) < 0);
		assert_int_equal(snapshot_find(snapshot, row->key,
				     row->key_length),
		    i);
	}
	assert_int_equal(snapshot_find(snapshot, "rel10000", 8), 10000);
	assert_int_equal(snapshot_find(snapshot, "", 0), 10000);
	assert_int_equal(logged_lines, 0);

	/* A second one like it is as good. */
	again = snapshot_new(snapshot);
	assert_non_null(again);
	for (i = 0; i < snapshot->n; i++) {
		struct failover_row row = { .rel = snapshot->rows[i].rel };

		assert_true(snapshot_add(again, &row));
	}
	sorted(again);
	assert_int_equal(again->n, snapshot->n);
	for (j = 0; j < again->n; j++)
		assert_string_equal(again->rows[j].key, snapshot->rows[j].key);
	snapshot_free(again);
	snapshot_free(snapshot);
}

static void
new__like_a_full_one__does_not_allocate_more_while_it_grows(void **state)
{
	struct snapshot *old, *fresh;
	char name[16];
	long live;
	size_t i;

	(void)state;
	if (!alloc_works())
		skip();
	old = empty();
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "rel%zu", i);
		add(old, name, 1, 2);
	}
	sorted(old);
	fresh = snapshot_new(old);
	assert_non_null(fresh);
	live = alloc_live;
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "rel%zu", i);
		add(fresh, name, 1, 2);
	}
	/* The block of the texts. */
	assert_in_range(alloc_live - live, 0, 1);
	snapshot_free(fresh);
	snapshot_free(old);
}

/* ---------------------------------------------------------------- memory */

static void
any_step__without_memory__says_so_and_leaks_nothing(void **state)
{
	struct failover_row rows[3] = { { .stats = NULL } };
	struct snapshot *snapshot;
	struct wanted w[3];
	long n, live, left = 0;
	unsigned int failed = 0;
	bool good = false;
	size_t i;

	(void)state;
	if (!alloc_works())
		skip();
	rows[0].rel = *want(&w[0], "b\"", 1, 40);
	rows[1].rel = *want(&w[1], "a", 2, 3);
	rows[2].rel = *want(&w[2], "c", 3, 1);
	live = alloc_live;
	for (n = 0; left == 0; n++) {
		alloc_left = n;
		good = (snapshot = snapshot_new(NULL)) != NULL;
		for (i = 0; good && i < 3; i++)
			good = snapshot_add(snapshot, &rows[i]);
		if (good)
			good = snapshot_sort(snapshot, "here", NULL);
		left = alloc_left;
		alloc_left = -1;
		snapshot_free(snapshot);
		assert_int_equal(alloc_live, live);
		/* qsort() allocates, too, but can do without. */
		assert_true(good || left == 0);
		failed += !good;
		assert_true(n < 1000);
	}
	assert_true(failed > 4);
}

static void
new__like_another_without_memory__is_null_and_leaks_nothing(void **state)
{
	struct snapshot *old, *snapshot;
	long n, live;

	(void)state;
	if (!alloc_works())
		skip();
	old = empty();
	add(old, "a", 1, 1);
	sorted(old);
	live = alloc_live;
	for (n = 0; n < 3; n++) {
		alloc_left = n;
		snapshot = snapshot_new(old);
		alloc_left = -1;
		assert_null(snapshot);
		assert_int_equal(alloc_live, live);
	}
	snapshot = snapshot_new(old);
	assert_non_null(snapshot);
	snapshot_free(snapshot);
	snapshot_free(old);
}

/* ---------------------------------------------------------------- inheriting
 */

struct pair {
	struct snapshot *old, *fresh;
};

/* The same three rows in both, as if the old ones had a past. */
static struct pair
pair(void)
{
	static const char *const all[] = { "a", "b", "c" };
	struct pair p = { empty(), empty() };
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		add(p.old, all[i], (unsigned int)i, 2);
		add(p.fresh, all[i], (unsigned int)i, 2);
	}
	sorted(p.old);
	sorted(p.fresh);
	for (i = 0; i < p.old->n; i++)
		p.old->rows[i].status = (struct row_status){
			.set_calls = 10 + (uint32_t)i,
			.set_failures = 5,
			.set_status = SET_STATUS_PENDING,
			.last_set_flags = MCLT,
			.last_set_result = ERROR_IO_PENDING,
			.last_change = 100,
			.last_set_time = 12345,
			.state_time = 54321,
			.transitions = 3,
			.comm_interruptions = 2,
		};
	return p;
}

static void
pair_free(struct pair p)
{
	snapshot_free(p.old);
	snapshot_free(p.fresh);
}

static void
inherit__of_the_same_rows__keeps_all_and_says_that_nothing_changed(void **state)
{
	struct pair p = pair();
	size_t i;

	(void)state;
	assert_false(snapshot_inherit(p.fresh, p.old, 777));
	for (i = 0; i < p.fresh->n; i++)
		assert_memory_equal(&p.fresh->rows[i].status,
		    &p.old->rows[i].status, sizeof(struct row_status));
	pair_free(p);
}

/* dhcpFoRelPrevState: "where the server does not tell it". */
static void
inherit__of_a_row_whose_server_forgets__keeps_the_previous_state(void **state)
{
	struct pair p = pair();

	(void)state;
	row_of(p.old, "a")->rel.PrevState = PARTNER_DOWN;
	row_of(p.old, "b")->rel.PrevState = PARTNER_DOWN;
	row_of(p.fresh, "a")->forgets = true;
	assert_false(snapshot_inherit(p.fresh, p.old, 777));
	assert_int_equal(row_of(p.fresh, "a")->rel.PrevState, PARTNER_DOWN);
	assert_int_not_equal(row_of(p.fresh, "b")->rel.PrevState, PARTNER_DOWN);
	pair_free(p);
}

static void
inherit__of_a_new_row__changes_that_one_only(void **state)
{
	struct pair p = pair();

	(void)state;
	add(p.fresh, "ab", 9, 0);
	sorted(p.fresh);
	assert_true(snapshot_inherit(p.fresh, p.old, 777));
	assert_int_equal(row_of(p.fresh, "ab")->status.last_change, 777);
	assert_int_equal(row_of(p.fresh, "ab")->status.set_status,
	    SET_STATUS_NONE);
	assert_int_equal(row_of(p.fresh, "ab")->status.set_calls, 0);
	assert_int_equal(row_of(p.fresh, "a")->status.last_change, 100);
	assert_int_equal(row_of(p.fresh, "c")->status.set_calls, 12);
	pair_free(p);
}

static void
inherit__of_fewer_rows__says_that_something_changed(void **state)
{
	struct snapshot *fresh = empty();
	struct pair p = pair();

	(void)state;
	add(fresh, "a", 0, 2);
	add(fresh, "c", 2, 2);
	sorted(fresh);
	assert_true(snapshot_inherit(fresh, p.old, 777));
	assert_int_equal(row_of(fresh, "a")->status.last_change, 100);
	assert_int_equal(row_of(fresh, "c")->status.set_calls, 12);
	snapshot_free(fresh);
	pair_free(p);
}

/* As many rows as before, but not the same. */
static void
inherit__of_another_row_instead__says_that_something_changed(void **state)
{
	struct snapshot *fresh = empty();
	struct pair p = pair();

	(void)state;
	add(fresh, "a", 0, 2);
	add(fresh, "d", 2, 2);
	add(fresh, "c", 2, 2);
	sorted(fresh);
	assert_true(snapshot_inherit(fresh, p.old, 777));
	assert_int_equal(row_of(fresh, "d")->status.last_change, 777);
	assert_int_equal(row_of(fresh, "d")->status.set_calls, 0);
	snapshot_free(fresh);
	pair_free(p);
}

static void
inherit__into_or_from_nothing__is_well(void **state)
{
	struct snapshot *nothing = empty();
	struct pair p = pair();

	(void)state;
	assert_true(snapshot_inherit(p.fresh, nothing, 777));
	assert_int_equal(p.fresh->rows[0].status.last_change, 777);
	assert_true(snapshot_inherit(nothing, p.old, 777));
	assert_false(snapshot_inherit(nothing, nothing, 777));
	snapshot_free(nothing);
	pair_free(p);
}

typedef void alter(struct snapshot *snapshot, struct snapshot_row *row);

static void
alter_mclt(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.Mclt++;
}

static void
alter_safe_period(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.SafePeriod++;
}

static void
alter_percentage(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.Percentage++;
}

static void
alter_mode(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.Mode = HotStandby;
}

static void
alter_role(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.ServerType = SecondaryServer;
}

static void
alter_primary(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.PrimaryServer++;
}

static void
alter_secondary(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.SecondaryServer++;
}

static char other_name[] = "another";

static void
alter_primary_name(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.PrimaryServerName = other_name;
}

static void
alter_secondary_name(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.SecondaryServerName = other_name;
}

static void
alter_secret(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->authenticated = !row->authenticated;
}

static void
alter_scope(struct snapshot *snapshot, struct snapshot_row *row)
{
	snapshot->scopes[row->first_scope + 1].address++;
}

static void
alter_scopes(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->nscopes--;
}

static void
alter_state(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.State = COMMUNICATION_INT;
}

static void
alter_prev_state(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->rel.PrevState = COMMUNICATION_INT;
}

static void
alter_partner_state(struct snapshot *snapshot, struct snapshot_row *row)
{
	(void)snapshot;
	row->partner_state = NORMAL;
}

static void
alter_statistics(struct snapshot *snapshot, struct snapshot_row *row)
{
	snapshot->scopes[row->first_scope].stats.AddrFree++;
}

static void
inherit__of_a_row_that_differs__is_a_change_if_it_was_configured(void **state)
{
	static const struct {
		alter *alter;
		bool counts;
	} cases[] = {
		{ alter_mclt, true },
		{ alter_safe_period, true },
		{ alter_percentage, true },
		{ alter_mode, true },
		{ alter_role, true },
		{ alter_primary, true },
		{ alter_secondary, true },
		{ alter_primary_name, true },
		{ alter_secondary_name, true },
		{ alter_secret, true },
		{ alter_scope, true },
		{ alter_scopes, true },
		/* These come and go by themselves. */
		{ alter_state, false },
		{ alter_prev_state, false },
		{ alter_partner_state, false },
		{ alter_statistics, false },
	};
	struct snapshot_row *row;
	struct pair p;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(cases); i++) {
		p = pair();
		row = row_of(p.fresh, "b");
		cases[i].alter(p.fresh, row);
		assert_int_equal(snapshot_inherit(p.fresh, p.old, 777),
		    cases[i].counts);
		assert_int_equal(row->status.last_change,
		    cases[i].counts ? 777 : 100);
		/* The past is kept in any case. */
		assert_int_equal(row->status.set_calls, 11);
		assert_int_equal(row->status.set_status, SET_STATUS_PENDING);
		assert_int_equal(row->status.transitions, 3);
		assert_int_equal(row_of(p.fresh, "a")->status.last_change, 100);
		assert_int_equal(row_of(p.fresh, "c")->status.last_change, 100);
		pair_free(p);
	}
}

static void
inherit__of_scopes_that_stay__keeps_that_they_are_low(void **state)
{
	struct snapshot *old = empty(), *fresh = empty();
	const struct snapshot_row *row;

	(void)state;
	add(old, "a", 1, 3);
	add(old, "b", 2, 2);
	add(fresh, "a", 1, 4);
	add(fresh, "b", 2, 1);
	sorted(old);
	sorted(fresh);
	old->scopes[1].low = true; /* 10.1.2.0 */
	old->scopes[3].low = old->scopes[4].low = true; /* 10.2.1.0, 10.2.2.0 */
	snapshot_inherit(fresh, old, 1);
	row = row_of(fresh, "a");
	assert_false(fresh->scopes[row->first_scope].low);
	assert_true(fresh->scopes[row->first_scope + 1].low);
	assert_false(fresh->scopes[row->first_scope + 2].low);
	assert_false(fresh->scopes[row->first_scope + 3].low);
	assert_true(fresh->scopes[row_of(fresh, "b")->first_scope].low);
	snapshot_free(old);
	snapshot_free(fresh);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, before, after)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sort__of_keys__is_by_length_and_then_by_octets),
		TEST(sort__of_names_that_are_no_keys__is_by_the_key),
		TEST(sort__of_nothing__is_well),
		TEST(sort__of_a_key_twice__keeps_the_first_and_warns),
		TEST(sort__of_a_name_that_is_anothers_key__keeps_one_and_warns),
		TEST(sort__of_a_row_without_a_name__drops_it_and_warns),
		TEST(sort__of_the_same_rows_without_a_place__warns_once),
		TEST(sort__when_every_row_is_dropped__leaves_no_scopes),
		TEST(
		    scopes__after_sorting__are_grouped_by_row_and_sorted_by_address),
		TEST(scopes__without_statistics__are_not_counted),
		TEST(find_scope__of_each__is_its_number_and_of_others_none),
		TEST(add__of_a_row__copies_all_but_the_secret),
		TEST(add__of_a_row_with_a_secret__does_not_keep_the_pointer),
		TEST(add__of_a_row_without_server_names__gives_empty_ones),
		TEST(find__of_each_of_10000_rows__finds_it),
		TEST(
		    new__like_a_full_one__does_not_allocate_more_while_it_grows),
		TEST(any_step__without_memory__says_so_and_leaks_nothing),
		TEST(
		    new__like_another_without_memory__is_null_and_leaks_nothing),
		TEST(
		    inherit__of_the_same_rows__keeps_all_and_says_that_nothing_changed),
		TEST(
		    inherit__of_a_row_whose_server_forgets__keeps_the_previous_state),
		TEST(inherit__of_a_new_row__changes_that_one_only),
		TEST(inherit__of_fewer_rows__says_that_something_changed),
		TEST(
		    inherit__of_another_row_instead__says_that_something_changed),
		TEST(inherit__into_or_from_nothing__is_well),
		TEST(
		    inherit__of_a_row_that_differs__is_a_change_if_it_was_configured),
		TEST(inherit__of_scopes_that_stay__keeps_that_they_are_low),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
