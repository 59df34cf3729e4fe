/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A SET when memory ends, when a call is not answered, and when anything comes
 * in any order.  What else can fail: tests/torture.
 */
#include "alloc.h"
#include "asks.h"

/* The whole of a SET; false when it failed for want of memory. */
static bool
whole(struct world *w, const struct ask *asks)
{
	enum change_error error = CHANGE_NO_MEMORY;
	struct said said = { 0 };
	struct change *change;

	if ((change = change_new(w->roster)) == NULL)
		return false;
	if ((error = stage_all(w, change, asks)) == CHANGE_OK)
		error = change_check(change).error;
	if (error == CHANGE_OK) {
		change_commit(change, hear, &said);
		while (said.times == 0)
			world_turn(w);
		error = said.v.error;
		assert_int_equal(said.times, 1);
	}
	if (error != CHANGE_OK && error != CHANGE_NO_MEMORY)
		assert_int_equal(error, CHANGE_FAILED);
	change_finish(change);
	return error == CHANGE_OK;
}

static void
memory__that_ends_at_the_nth_allocation__changes_nothing(void **state)
{
	const struct ask *const all[] = {
		ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "a", SHAREDSECRET, 1)),
		ASKS(SCOPE(0, "a", 9, CHANGE_CREATE),
		    SCOPE(0, "a", 1, CHANGE_DESTROY)),
		ASKS(CREATE(0, "new", 8)),
		ASKS(ROW(0, "b", CHANGE_DESTROY), MEMBER(0, "a", MODE, 1)),
	};
	struct world *w = *state;
	struct world_text before;
	unsigned int failures;
	size_t i;
	long n;

	if (!alloc_works()) {
		print_message("SKIPPED, malloc() cannot be replaced here\n");
		skip();
	}
	for (i = 0; i < nitems(all); i++) {
		bool well = false;
		bool ran_out = true;

		failures = 0;
		for (n = 0; n < 2000 && (!well || ran_out); n++) {
			world_database(w, 0, &before);
			alloc_left = n;
			well = whole(w, all[i]);
			ran_out = alloc_left == 0;
			alloc_left = -1;
			world_drain(w);
			failures += !well;
			if (!well)
				assert_same_database(w, 0, &before);
			else if (ran_out) {
				/* Done, but not listed: the poll is late. */
				world_poll(w);
				break;
			}
			assert_all_is_true(w);
		}
		assert_true(well);
		assert_true(failures > 3);
		world_poll(w);
		assert_all_is_true(w);
	}
}

/* Every kind of call, on both servers. */
static const struct ask *
operation(size_t i)
{
	static const struct ask members[] = { MEMBER(0, "a", MCLT, 7),
		MEMBER(0, "a", SHAREDSECRET, 7), MEMBER(0, "b", MODE, 1), END };
	static const struct ask creation[] = { CREATE(0, "new", 9), END };
	static const struct ask deletion[] = { ROW(0, "a", CHANGE_DESTROY),
		END };
	static const struct ask scopes[] = { MEMBER(0, "a", MCLT, 7),
		SCOPE(0, "a", 8, CHANGE_CREATE),
		SCOPE(0, "a", 9, CHANGE_CREATE),
		SCOPE(0, "a", 1, CHANGE_DESTROY), END };
	static const struct ask two_servers[] = { MEMBER(0, "a", MCLT, 7),
		MEMBER(1, "a", MCLT, 7), ROW(1, "b", CHANGE_DESTROY), END };
	static const struct ask *const all[] = { members, creation, deletion,
		scopes, two_servers };

	return i < nitems(all) ? all[i] : NULL;
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* The ${at}-th call of ${server} from now on answers ${code}. */
static void
fail_at(struct world *w, size_t server, enum dhcp_error code, const char *when,
    unsigned int at)
{
	static unsigned int round;
	char rule[256];

	/* A server counts anew when it sees a line that it has not seen. */
	round++;
	snprintf(rule, sizeof(rule), "* %0*u %0*u %s %u\n",
	    (int)(1 + round % 60), 0u, (int)(5 + round / 60 % 60),
	    (unsigned int)code, when, at);
	world_control(w, server, rule);
}

/* Each call is said to have broken off, and was done or was not. */
static void
doubt__about_the_nth_call__is_told_as_it_is(void **state)
{
	static const char *const when[] = { "before", "after" };
	struct world *w = *state;
	struct world_text before[2];
	unsigned int at, calls, i, server, op;
	struct change *change;
	struct said said;

	world_database(w, 0, &before[0]);
	world_database(w, 1, &before[1]);
	for (op = 0; operation(op) != NULL; op++)
		for (i = 0; i < 4; i++)
			for (server = i / 2, at = 1, calls = 1; at <= calls;
			     at++) {
				world_calls(w, server);
				change = checked(w, operation(op));
				fail_at(w, server, RPC_S_CALL_FAILED,
				    when[i % 2], at);
				memset(&said, 0, sizeof(said));
				change_commit(change, hear, &said);
				world_drain(w);
				world_control(w, server, NULL);
				calls =
				    (unsigned int)lines(world_calls(w, server));
				assert_shown_is_true(w, 0);
				assert_shown_is_true(w, 1);
				/* What is not done may be done yet. */
				if (said.v.error == CHANGE_UNDO_FAILED)
					assert_int_equal(i % 2, 0);
				else if (said.v.error != CHANGE_OK) {
					/* It broke off in the look before. */
					assert_said(&said, CHANGE_FAILED);
					assert_error(said.v.result,
					    RPC_S_CALL_FAILED_DNE);
				} else
					undone(w, change, &said);
				change_finish(change);
				assert_same_database(w, 0, &before[0]);
				assert_same_database(w, 1, &before[1]);
				assert_all_is_true(w);
				log_forget();
			}
}

static void
changes__by_chance__never_show_what_is_not_true(void **state)
{
	struct world *w = *state;
	uint64_t seed = seed_of_the_day();
	struct change *change;
	struct said said;
	unsigned int i;

	for (i = 0; i < 300; i++) {
		change = staged(w, operation(chance_below(&seed, 5)));
		if (change_check(change).error != CHANGE_OK) {
			change_finish(change);
			continue;
		}
		if (chance_below(&seed, 3) == 0)
			fail_at(w, chance_below(&seed, 2), ERROR_GEN_FAILURE,
			    "before", (unsigned int)chance_below(&seed, 8) + 1);
		memset(&said, 0, sizeof(said));
		change_commit(change, hear, &said);
		world_drain(w);
		world_control(w, 0, NULL);
		world_control(w, 1, NULL);
		if (chance_below(&seed, 3) == 0)
			undone(w, change, &said);
		change_finish(change);
		assert_all_is_true(w);
		log_forget();
	}
}

#define WITH(before, name) \
	cmocka_unit_test_setup_teardown(name, before, world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(one,
		    memory__that_ends_at_the_nth_allocation__changes_nothing),
		WITH(two_plain, doubt__about_the_nth_call__is_told_as_it_is),
		WITH(two, changes__by_chance__never_show_what_is_not_true),
		WITH(two_plain,
		    changes__by_chance__never_show_what_is_not_true),
	};

	return cmocka_run_group_tests_name("change_faults", tests, NULL, NULL);
}
