/* SPDX-License-Identifier: BSD-2-Clause */
/* The servers and how they do: counters, health, polls, the end. */
#include "alloc.h"
#include "fixture.h"

#include "drift.h"

static int
one(void **state)
{
	struct world *w = world_new(1, "");

	*state = w;
	world_have(w, 0, "a", 1, 2);
	world_have(w, 0, "b", 2, 1);
	world_start(w);
	return 0;
}

static int
three(void **state)
{
	struct world *w = world_new(3, "");

	*state = w;
	world_have(w, 0, "a", 1, 2);
	world_have(w, 0, "b", 2, 1);
	world_have(w, 2, "a", 3, 1);
	world_start(w);
	return 0;
}

/* The states of the relationships, by the back door. */
static void
set_state(struct world *w, size_t i, const char *name, FSM_STATE state)
{
	struct wanted wanted;

	want(&wanted, name, 1, 0);
	wanted.rel.State = state;
	assert_error(failover_server_set(w->at[i].local.server, CHANGESTATE,
			 &wanted.rel),
	    ERROR_SUCCESS);
}

/* ---------------------------------------------------------------- polls */

static void
new__before_any_poll__knows_nothing(void **state)
{
	struct world *w = *state;
	const struct managed *server = world_server(w, 0);

	assert_int_equal(w->roster->n, 3);
	assert_int_equal(server->status, OPER_STATUS_UNKNOWN);
	assert_int_equal(server->snapshot->n, 0);
	assert_int_equal(server->last_poll, 0);
	assert_int_equal(server->last_success, 0);
	assert_int_equal(w->roster->relationships, 0);
	assert_int_equal(w->roster->health, HEALTH_UNKNOWN);
	assert_counters_are_right(w->roster);
}

static void
new__of_a_conf__has_its_servers_in_the_order_of_their_index(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_server(w, 0)->index, 2);
	assert_int_equal(world_server(w, 1)->index, 7);
	assert_int_equal(world_server(w, 2)->index, 300);
	assert_string_equal(world_server(w, 2)->name, "six");
	assert_int_equal(world_server(w, 0)->writable, FAILOVER_SET_ALL);
	assert_true(world_server(w, 0)->creates);
}

static void
find__of_each_index__is_its_server_and_of_others_none(void **state)
{
	struct world *w = *state;
	uint32_t index;

	for (index = 0; index < 400; index++)
		if (index == 2 || index == 7 || index == 300)
			assert_int_equal(roster_find(w->roster, index)->index,
			    index);
		else
			assert_null(roster_find(w->roster, index));
	assert_null(roster_find(w->roster, UINT32_MAX));
}

static void
poll__that_succeeds__shows_what_the_server_has(void **state)
{
	struct world *w = *state;
	const struct managed *server = world_server(w, 0);
	time_t before = time(NULL);
	uint64_t ticks = roster_now();

	world_poll(w);
	assert_shown_is_true(w, 0);
	assert_int_equal(server->status, OPER_STATUS_UP);
	assert_in_range(server->last_poll, before, time(NULL));
	assert_int_equal(server->last_success, server->last_poll);
	assert_true(server->success_at - ticks < 1000000);
	assert_int_equal(server->report.failures, 0);
	assert_true(server->report.calls > 0);
	assert_int_equal(w->roster->relationships, 2);
	assert_counters_are_right(w->roster);
}

static void
poll__that_fails__keeps_the_rows_and_says_why(void **state)
{
	struct world *w = *state;
	const struct managed *server = world_server(w, 0);
	const struct snapshot *shown;
	time_t success;
	uint64_t at;

	world_poll(w);
	shown = server->snapshot;
	success = server->last_success;
	at = server->success_at;
	world_control(w, 0, "list 0 1722 before\n");
	set_state(w, 0, "a", PARTNER_DOWN);
	world_poll(w);
	assert_ptr_equal(server->snapshot, shown);
	assert_int_equal(world_row(w, 0, "a")->rel.State, NORMAL);
	assert_int_equal(server->status, OPER_STATUS_UNREACHABLE);
	assert_int_equal(server->success_at, at);
	assert_int_equal(server->last_success, success);
	assert_true(server->last_poll >= success);
	assert_error(server->report.last_error, RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(server->report.failures, 1);
	assert_counters_are_right(w->roster);

	/* And back. */
	world_control(w, 0, NULL);
	world_poll(w);
	assert_int_equal(server->status, OPER_STATUS_UP);
	assert_int_equal(world_row(w, 0, "a")->rel.State, PARTNER_DOWN);
	assert_counters_are_right(w->roster);
}

/* An answer that cannot be sorted is no answer, and nothing is lost. */
static void
poll__whose_listing_breaks_off__keeps_the_rows(void **state)
{
	struct world *w = *state;

	world_poll(w);
	world_control(w, 0, "list 0 31 after\n");
	world_poll(w);
	assert_int_equal(world_server(w, 0)->status, OPER_STATUS_ERROR);
	assert_shown_is_true(w, 0);
}

static void
poll__whose_server_does_not_tell_the_time__is_a_success(void **state)
{
	struct world *w = *state;

	world_control(w, 0, "system_time 0 1722 before\n");
	world_poll(w);
	assert_int_equal(world_server(w, 0)->status, OPER_STATUS_UP);
	assert_int_equal(world_server(w, 0)->clock_offset, 0);
}

static DWORD clock_there;

static enum dhcp_error
tell_clock(struct failover_server *server, DWORD *now, DWORD *max_delta)
{
	(void)server;
	*now = clock_there;
	*max_delta = 60;
	return ERROR_SUCCESS;
}

/* A server whose clock shows ${clock_there}. */
static int
one_with_a_clock(void **state)
{
	static struct failover_server_type type;
	static struct failover_server_ops ops;
	struct world *w = world_new(1, "");

	*state = w;
	type = *w->conf->servers[0].type;
	ops = *type.ops;
	ops.system_time = tell_clock;
	type.ops = &ops;
	w->conf->servers[0].type = &type;
	world_start(w);
	return 0;
}

/* "Positive when the server is ahead", by however much. */
static void
poll__of_a_clock_that_is_decades_ahead__is_not_told_behind(void **state)
{
	struct world *w = *state;
	const time_t here = time(NULL);

	clock_there = UINT32_MAX;
	world_poll(w);
	assert_int_equal(world_server(w, 0)->clock_offset, INT32_MAX);
	clock_there = 0;
	world_poll(w);
	assert_in_range(-(int64_t)world_server(w, 0)->clock_offset, here,
	    time(NULL));
}

static void
poll__each_error__gives_the_status_that_the_mib_says(void **state)
{
	static const struct {
		enum dhcp_error error;
		enum oper_status status;
	} cases[] = {
		{ ERROR_SUCCESS, OPER_STATUS_UP },
		{ ERROR_ACCESS_DENIED, OPER_STATUS_ACCESS_DENIED },
		{ ERROR_DHCP_NO_ADMIN_PERMISSION, OPER_STATUS_ACCESS_DENIED },
		{ ERROR_TIMEOUT, OPER_STATUS_UNREACHABLE },
		{ RPC_S_SERVER_UNAVAILABLE, OPER_STATUS_UNREACHABLE },
		{ RPC_S_CALL_FAILED, OPER_STATUS_UNREACHABLE },
		{ RPC_S_CALL_FAILED_DNE, OPER_STATUS_UNREACHABLE },
		{ EPT_S_NOT_REGISTERED, OPER_STATUS_UNREACHABLE },
		{ ERROR_DHCP_SERVER_NOT_REACHABLE, OPER_STATUS_UNREACHABLE },
		{ ERROR_DHCP_SERVER_NOT_RUNNING, OPER_STATUS_UNREACHABLE },
		{ ERROR_DHCP_SERVER_NAME_NOT_RESOLVED,
		    OPER_STATUS_UNREACHABLE },
		{ ERROR_GEN_FAILURE, OPER_STATUS_ERROR },
		{ ERROR_NOT_SUPPORTED, OPER_STATUS_ERROR },
		{ ERROR_DHCP_JET_ERROR, OPER_STATUS_ERROR },
		{ ERROR_NOT_ENOUGH_MEMORY, OPER_STATUS_ERROR },
		{ (enum dhcp_error)4711, OPER_STATUS_ERROR },
	};
	struct world *w = *state;
	char rule[64];
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		assert_int_equal(roster_oper_status(cases[i].error),
		    cases[i].status);
		snprintf(rule, sizeof(rule), "list 0 %u before\n",
		    (unsigned int)cases[i].error);
		world_control(w, 0, rule);
		world_poll(w);
		assert_int_equal(world_server(w, 0)->status, cases[i].status);
		assert_counters_are_right(w->roster);
	}
}

static void
poll__while_one_runs__is_done_once_more_afterwards(void **state)
{
	struct world *w = *state;
	struct managed *server = world_server(w, 0);
	int fd;

	world_trap(w, 0);
	roster_poll(server);
	fd = world_catch(w, 0);
	roster_poll(server);
	roster_poll(server);
	roster_poll(server);
	assert_true(server->poll_again);
	assert_string_equal(world_calls(w, 0), "list\n");
	world_let_go(fd, "");
	world_drain(w);
	/* Three asked, one more poll did for all of them. */
	assert_string_equal(world_calls(w, 0),
	    "system_time\nlist\nsystem_time\n");
	assert_false(server->poll_again);
	assert_null(server->poll);
}

/* What changed after the running poll had looked is seen by the next. */
static void
poll__asked_for_after_a_change__sees_it(void **state)
{
	struct world *w = *state;
	int fd;

	world_trap(w, 0);
	roster_poll(world_server(w, 0));
	fd = world_catch(w, 0);
	set_state(w, 0, "a", RECOVER);
	roster_poll(world_server(w, 0));
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(world_row(w, 0, "a")->rel.State, RECOVER);
}

static void
poll__of_one_server_that_hangs__does_not_hold_up_the_others(void **state)
{
	struct world *w = *state;
	int fd;

	world_trap(w, 0);
	roster_poll_all(w->roster);
	fd = world_catch(w, 0);
	while (world_server(w, 1)->poll != NULL ||
	    world_server(w, 2)->poll != NULL)
		world_turn(w);
	assert_int_equal(world_server(w, 2)->status, OPER_STATUS_UP);
	assert_int_equal(world_server(w, 0)->status, OPER_STATUS_UNKNOWN);
	assert_counters_are_right(w->roster);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(world_server(w, 0)->status, OPER_STATUS_UP);
}

static void
poll_some__one_at_a_time__asks_each_in_turn(void **state)
{
	struct world *w = *state;
	size_t round, i, j;

	for (round = 0; round < 2; round++)
		for (i = 0; i < 3; i++) {
			roster_poll_some(w->roster, 1);
			world_drain(w);
			for (j = 0; j < 3; j++)
				assert_string_equal(world_calls(w, j),
				    i == j ? "list\nsystem_time\n" : "");
		}
}

static void
poll__of_a_healthy_server__counts_no_failures(void **state)
{
	struct world *w = *state;

	world_poll(w);
	world_poll(w);
	assert_int_equal(world_server(w, 0)->report.failures, 0);
	assert_int_equal(world_server(w, 0)->report.last_error, 0);
	assert_int_equal(world_server(w, 0)->report.last_error_time, 0);
	assert_string_equal(world_server(w, 0)->report.last_error_text, "");
}

/* ---------------------------------------------------------------- health */

static void
row_health__of_each_state__is_what_the_mib_says(void **state)
{
	static const enum health expected[] = {
		[NO_STATE] = HEALTH_UNKNOWN,
		[INIT] = HEALTH_WARNING,
		[STARTUP] = HEALTH_WARNING,
		[NORMAL] = HEALTH_OK,
		[COMMUNICATION_INT] = HEALTH_WARNING,
		[PARTNER_DOWN] = HEALTH_CRITICAL,
		[POTENTIAL_CONFLICT] = HEALTH_CRITICAL,
		[CONFLICT_DONE] = HEALTH_WARNING,
		[RESOLUTION_INT] = HEALTH_CRITICAL,
		[RECOVER] = HEALTH_WARNING,
		[RECOVER_WAIT] = HEALTH_WARNING,
		[RECOVER_DONE] = HEALTH_WARNING,
		[PAUSED] = HEALTH_WARNING,
		[SHUTDOWN] = HEALTH_CRITICAL,
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(expected); i++) {
		set_state(w, 0, "a", (FSM_STATE)i);
		world_poll(w);
		assert_int_equal(roster_row_health(world_server(w, 0),
				     world_row(w, 0, "a")),
		    expected[i]);
		assert_int_equal(w->roster->health, expected[i]);
		assert_int_equal(w->roster->not_normal, i != NORMAL);
		assert_counters_are_right(w->roster);
	}
}

static void
row_health__of_an_unreachable_server__is_unknown(void **state)
{
	struct world *w = *state;

	world_poll(w);
	world_control(w, 0, "list 0 1722 before\n");
	world_poll(w);
	assert_int_equal(roster_row_health(world_server(w, 0),
			     world_row(w, 0, "a")),
	    HEALTH_UNKNOWN);
	assert_int_equal(roster_server_health(world_server(w, 0)),
	    HEALTH_CRITICAL);
	assert_int_equal(w->roster->health, HEALTH_CRITICAL);
}

/* The order from good to bad is ok, warning, unknown, critical. */
static void
health__of_all__is_the_worst_of_servers_and_rows(void **state)
{
	struct world *w = *state;

	world_poll(w);
	assert_int_equal(w->roster->health, HEALTH_OK);
	set_state(w, 2, "a", STARTUP);
	world_poll(w);
	assert_int_equal(w->roster->health, HEALTH_WARNING);
	set_state(w, 0, "b", NO_STATE);
	world_poll(w);
	assert_int_equal(w->roster->health, HEALTH_UNKNOWN);
	set_state(w, 0, "a", PARTNER_DOWN);
	world_poll(w);
	assert_int_equal(w->roster->health, HEALTH_CRITICAL);
	set_state(w, 0, "a", NORMAL);
	set_state(w, 0, "b", NORMAL);
	set_state(w, 2, "a", NORMAL);
	world_poll(w);
	assert_int_equal(w->roster->health, HEALTH_OK);
	world_control(w, 1, "list 0 5 before\n");
	world_poll(w);
	assert_int_equal(w->roster->health, HEALTH_CRITICAL);
	assert_counters_are_right(w->roster);
}

static void
counters__with_a_server_that_is_away__count_its_rows_all_the_same(void **state)
{
	struct world *w = *state;

	set_state(w, 0, "b", RECOVER);
	world_poll(w);
	assert_int_equal(w->roster->relationships, 3);
	assert_int_equal(w->roster->not_normal, 1);
	world_control(w, 0, "list 0 1722 before\n");
	world_poll(w);
	assert_int_equal(w->roster->relationships, 3);
	assert_int_equal(w->roster->not_normal, 1);
	assert_counters_are_right(w->roster);
}

/* ---------------------------------------------------------------- apply */

static void
apply__of_any_members__keeps_the_counters_right(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP wanted = { .Mclt = 7, .Percentage = 7 };
	struct world *w = *state;
	uint64_t seed = seed_of_the_day();
	unsigned int i;

	world_poll(w);
	for (i = 0; i < 2000; i++) {
		struct managed *server =
		    world_server(w, chance_below(&seed, 2) * 2);
		struct snapshot_row *row =
		    &server->snapshot
			 ->rows[chance_below(&seed, server->snapshot->n)];

		wanted.State = (FSM_STATE)chance_below(&seed, SHUTDOWN + 1);
		roster_apply(server, row, &wanted,
		    (DWORD)chance_below(&seed, FAILOVER_SET_ALL + 1) &
			~SHAREDSECRET);
		assert_counters_are_right(w->roster);
	}
	assert_int_equal(w->roster->relationships, 3);
}

static void
apply__of_a_secret__shows_that_there_is_one_and_keeps_none(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP wanted = { 0 };
	struct world *w = *state;
	struct snapshot_row *row;
	char secret[] = "s3cret";

	world_poll(w);
	row = world_row(w, 0, "a");
	roster_apply(world_server(w, 0), row, &wanted, SHAREDSECRET);
	assert_false(row->authenticated);
	wanted.SharedSecret = secret;
	roster_apply(world_server(w, 0), row, &wanted, SHAREDSECRET);
	assert_true(row->authenticated);
	assert_null(row->rel.SharedSecret);
	secret[0] = '\0';
	roster_apply(world_server(w, 0), row, &wanted, SHAREDSECRET);
	assert_false(row->authenticated);
	/* No flag, no change. */
	secret[0] = 's';
	roster_apply(world_server(w, 0), row, &wanted, MCLT);
	assert_false(row->authenticated);
}

/* A time that is in the past, and that no clock will give. */
static void
forget_changes(struct world *w, struct snapshot_row *row)
{
	w->roster->changed_at = roster_now() - 360000;
	row->status.last_change = w->roster->changed_at;
}

static void
apply__of_a_configured_member__is_a_change_of_the_row_and_the_table(
    void **state)
{
	DHCP_FAILOVER_RELATIONSHIP wanted = { .Mclt = 7 };
	struct world *w = *state;
	struct snapshot_row *row;

	world_poll(w);
	row = world_row(w, 0, "a");
	forget_changes(w, row);
	roster_apply(world_server(w, 0), row, &wanted, MCLT);
	assert_true(roster_now() - row->status.last_change < 1000);
	assert_int_equal(w->roster->changed_at, row->status.last_change);
}

/* dhcpFoRelLastChange: "changes of state do not count". */
static void
apply__of_a_state_alone__is_no_change_of_the_row_or_the_table(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP wanted = { .State = PARTNER_DOWN,
		.PrevState = NORMAL };
	struct world *w = *state;
	struct snapshot_row *row;
	uint64_t before;

	world_poll(w);
	row = world_row(w, 0, "a");
	forget_changes(w, row);
	before = row->status.last_change;
	roster_apply(world_server(w, 0), row, &wanted, CHANGESTATE | PREVSTATE);
	assert_int_equal(row->rel.State, PARTNER_DOWN);
	assert_int_equal(row->status.last_change, before);
	assert_int_equal(w->roster->changed_at, before);
}

/* "when a configured member last changed": 3600 instead of 3600 is no change.
 */
static void
apply__of_the_value_that_is_there__is_no_change_of_the_row(void **state)
{
	struct world *w = *state;
	struct snapshot_row *row;
	DHCP_FAILOVER_RELATIONSHIP wanted;
	uint64_t before;

	world_poll(w);
	row = world_row(w, 0, "a");
	wanted = row->rel;
	forget_changes(w, row);
	before = row->status.last_change;
	roster_apply(world_server(w, 0), row, &wanted, MCLT | MODE);
	assert_int_equal(row->status.last_change, before);
	assert_int_equal(w->roster->changed_at, before);
}

/* ---------------------------------------------------------------- publish */

static void
publish__of_what_a_poll_brings__changes_the_table_only_if_it_differs(
    void **state)
{
	struct world *w = *state;
	struct snapshot_row *row;
	struct wanted wanted;
	uint64_t before;

	world_poll(w);
	row = world_row(w, 0, "a");
	forget_changes(w, row);
	before = w->roster->changed_at;
	row->status.set_calls = 42;
	world_poll(w);
	assert_int_equal(w->roster->changed_at, before);
	set_state(w, 0, "a", PARTNER_DOWN);
	world_poll(w);
	assert_int_equal(w->roster->changed_at, before);
	row = world_row(w, 0, "a");
	assert_int_equal(row->rel.State, PARTNER_DOWN);
	assert_int_equal(row->status.set_calls, 42);
	assert_int_equal(row->status.last_change, before);

	want(&wanted, "a", 1, 0);
	wanted.rel.Mclt = 1;
	assert_error(failover_server_set(w->at[0].local.server, MCLT,
			 &wanted.rel),
	    ERROR_SUCCESS);
	world_poll(w);
	row = world_row(w, 0, "a");
	assert_true(w->roster->changed_at != before);
	assert_int_equal(row->status.last_change, w->roster->changed_at);
	assert_int_equal(row->status.set_calls, 42);
}

static void
publish__of_rows_that_come_and_go__keeps_the_counters_right(void **state)
{
	struct world *w = *state;
	unsigned int round;
	char name[16];

	world_poll(w);
	for (round = 0; round < 10; round++) {
		snprintf(name, sizeof(name), "new%u", round);
		world_have(w, round % 3, name, 50 + round, 1);
		set_state(w, round % 3, name, (FSM_STATE)round);
		world_poll(w);
		assert_counters_are_right(w->roster);
		assert_int_equal(w->roster->relationships, 4 + round);
	}
	for (round = 0; round < 10; round++) {
		snprintf(name, sizeof(name), "new%u", round);
		assert_error(failover_server_delete(w->at[round % 3]
							.local.server,
				 name),
		    ERROR_SUCCESS);
		world_poll(w);
		assert_counters_are_right(w->roster);
		assert_null(world_row(w, round % 3, name));
	}
}

/* dhcpFoDiscontinuityTime: in between, the row may come back with zeros. */
static void
publish__without_a_row__is_a_discontinuity_of_its_counters(void **state)
{
	struct world *w = *state;
	uint64_t before;

	world_poll(w);
	before = w->roster->counting_since -= 360000;
	world_have(w, 0, "new", 50, 1);
	world_poll(w);
	assert_int_equal(w->roster->counting_since, before);
	world_row(w, 0, "a")->status.set_calls = 42;
	assert_error(failover_server_delete(w->at[0].local.server, "a"),
	    ERROR_SUCCESS);
	world_poll(w);
	assert_null(world_row(w, 0, "a"));
	assert_true(roster_now() - w->roster->counting_since < 1000);

	before = w->roster->counting_since -= 360000;
	world_have(w, 0, "a", 1, 1);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "a")->status.set_calls, 0);
	assert_int_equal(w->roster->counting_since, before);
}

/* ---------------------------------------------------------------- age */

static void
data_age__counts_from_the_last_success_or_the_start(void **state)
{
	struct world *w = *state;
	struct managed *server = world_server(w, 0);
	uint64_t start = server->success_at;

	assert_true(roster_now() - start < 1000000);
	server->success_at -= 500;
	world_control(w, 0, "list 0 1722 before\n");
	world_poll(w);
	assert_int_equal(server->success_at, start - 500);
	world_control(w, 0, NULL);
	world_poll(w);
	assert_true(server->success_at - start < 1000000);
}

static void
now__counts_hundredths_of_a_second_and_never_goes_back(void **state)
{
	struct timespec a, b;
	uint64_t before, after;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &a);
	before = roster_now();
	after = roster_now();
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true((int32_t)(after - before) >= 0);
	assert_int_equal(before -
		    (uint32_t)((uint64_t)a.tv_sec * 100 +
			(uint64_t)a.tv_nsec / 10000000) <=
		(uint32_t)(b.tv_sec - a.tv_sec + 1) * 100,
	    1);
}

/* ---------------------------------------------------------------- the end */

static void
free__with_a_poll_that_runs__waits_for_it_and_leaks_nothing(void **state)
{
	struct world *w = *state;
	int fd;

	world_trap(w, 0);
	roster_poll_all(w->roster);
	fd = world_catch(w, 0);
	world_let_go(fd, "");
	world_stop(w);
	assert_null(strstr(logged, "busy"));
}

static void
free__of_nothing__does_nothing(void **state)
{
	(void)state;
	roster_free(NULL, 0);
}

/* Wherever it ends: who sees that a server is not up sees why. */
static void
poll__that_runs_out_of_memory__says_so(void **state)
{
	struct world *w = *state;
	const struct managed *server = world_server(w, 0);
	unsigned long failed;
	long n = 0;

	if (!alloc_works())
		skip();
	world_poll(w);
	alloc_once = true;
	do {
		log_forget();
		memset(&server->server->report, 0, sizeof(server->report));
		/* That it works again is logged, which takes memory, too. */
		server->server->logged[0] = '\0';
		failed = alloc_failed;
		alloc_left = n++;
		world_poll(w);
		alloc_left = -1;
		if (server->status == OPER_STATUS_UP)
			continue;
		assert_error(server->report.last_error,
		    ERROR_NOT_ENOUGH_MEMORY);
		assert_true(server->report.last_error_text[0] != '\0');
		assert_true(server->report.failures > 0);
	} while (alloc_failed != failed);
	alloc_once = false;
	assert_int_equal(server->status, OPER_STATUS_UP);
	assert_true(n > 5);
}

/* ---------------------------------------------------------------- reloading */

static void
reload__of_the_same_servers__keeps_all_they_have(void **state)
{
	struct world *w = *state;
	struct managed *server = world_server(w, 0);
	struct conf *conf = world_read_again(w, 3);

	world_poll(w);
	world_row(w, 0, "a")->status.set_calls = 42;
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	assert_ptr_equal(world_server(w, 0), server);
	assert_int_equal(world_row(w, 0, "a")->status.set_calls, 42);
	assert_null(w->roster->leaving);
	assert_counters_are_right(w->roster);
}

static void
reload__without_a_server__takes_its_rows_away(void **state)
{
	struct world *w = *state;
	struct conf *conf = world_read_again(w, 2);

	world_poll(w);
	assert_int_equal(w->roster->relationships, 3);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	assert_int_equal(w->roster->n, 2);
	assert_null(roster_find(w->roster, 300));
	assert_int_equal(w->roster->relationships, 2);
	assert_counters_are_right(w->roster);
	world_reap(w);
}

/* dhcpFoTableLastChange: "a manager need not read those tables again". */
static void
reload__is_a_change_of_the_table__if_rows_go(void **state)
{
	struct world *w = *state;
	struct conf *conf = world_read_again(w, 3);
	const uint64_t before = roster_now() - 360000;

	world_poll(w);
	w->roster->changed_at = before;
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	assert_int_equal(w->roster->changed_at, before);
	world_replace(w, 0);
	world_poll(w);
	assert_int_equal(w->roster->changed_at, before);
	conf = world_read_again(w, 2);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	assert_int_not_equal(w->roster->changed_at, before);
	world_reap(w);
}

static void
reload__without_memory__says_so_and_keeps_what_there_is(void **state)
{
	struct world *w = *state;
	struct conf *conf = world_read_again(w, 2);
	bool well = false;
	long n;

	if (!alloc_works()) {
		conf_free(conf);
		skip();
	}
	for (n = 0; !well; n++) {
		log_forget();
		alloc_left = n;
		well = roster_reload(w->roster, conf);
		alloc_left = -1;
		if (well)
			break;
		assert_true(logged_lines > 0);
		assert_int_equal(w->roster->n, 3);
	}
	assert_true(n > 0);
	conf_free(conf);
	world_reap(w);
}

static void
reload__while_a_server_that_goes_is_busy__lets_it_end(void **state)
{
	struct world *w = *state;
	struct conf *conf = world_read_again(w, 2);
	int fd;

	world_poll(w);
	world_trap(w, 2);
	roster_poll(world_server(w, 2));
	fd = world_catch(w, 2);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	assert_non_null(w->roster->leaving);
	roster_reap(w->roster);
	assert_non_null(w->roster->leaving);
	world_let_go(fd, "");
	world_reap(w);
	assert_int_equal(w->roster->relationships, 2);
	assert_counters_are_right(w->roster);
}

/* A poll that was asked for while one ran must not keep a leaver for ever. */
static void
reload__while_a_poll_is_due_again__lets_the_server_go(void **state)
{
	struct world *w = *state;
	struct conf *conf = world_read_again(w, 2);
	int fd;

	world_poll(w);
	world_trap(w, 2);
	roster_poll(world_server(w, 2));
	fd = world_catch(w, 2);
	roster_poll(world_server(w, 2));
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	world_let_go(fd, "");
	world_reap(w);
	assert_counters_are_right(w->roster);
}

/* Its late answer is compared with nothing: it would all seem to be new. */
static void
reload__of_a_server_that_is_being_asked__is_no_event(void **state)
{
	struct world *w = *state;
	size_t before;
	int fd;

	world_poll(w);
	before = w->roster->events->n;
	world_trap(w, 0);
	roster_poll(world_server(w, 0));
	fd = world_catch(w, 0);
	world_replace(w, 0);
	world_let_go(fd, "");
	world_reap(w);
	assert_int_equal(w->roster->events->n, before);
	assert_counters_are_right(w->roster);
	world_poll(w);
	assert_int_equal(w->roster->events->n, before);
	assert_shown_is_true(w, 0);
}

static size_t
count_events(const struct world *w, enum event_kind kind)
{
	const struct event *event;
	uint64_t at = 0;
	size_t n = 0;

	for (; (event = event_log_from(w->roster->events, at)) != NULL; n++) {
		at = (uint64_t)event->index + 1;
		if (event->kind != (uint32_t)kind)
			n--;
	}
	return n;
}

/* It is mended in its section: who was told that it is down waits for that. */
static void
reload__of_a_server_that_was_down__tells_once_that_it_is_up(void **state)
{
	struct world *w = *state;

	world_control(w, 0, "list 0 1722 before\n");
	world_poll(w);
	assert_int_equal(count_events(w, EVENT_SERVER_DOWN), 1);
	world_replace(w, 0);
	world_poll(w);
	assert_int_equal(count_events(w, EVENT_SERVER_DOWN), 1);
	world_control(w, 0, NULL);
	world_replace(w, 0);
	world_poll(w);
	assert_int_equal(count_events(w, EVENT_SERVER_UP), 1);
	world_poll(w);
	assert_int_equal(count_events(w, EVENT_SERVER_UP), 1);
	world_reap(w);
}

/* What a partner lacked when it was last heard, it has not got by going. */
static void
drift__of_a_row_that_the_partner_lacks__stays_while_that_is_away(void **state)
{
	struct world *w = *state;

	world_server(w, 1)->address = NET(192, 0, 2, 2);
	world_poll(w);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "b")->status.drift, DRIFT_MISSING);
	world_control(w, 1, "list 0 1722 before\n");
	world_poll(w);
	world_poll(w);
	assert_int_equal(world_server(w, 1)->status, OPER_STATUS_UNREACHABLE);
	assert_int_equal(world_row(w, 0, "b")->status.drift, DRIFT_MISSING);
	world_replace(w, 1);
	world_server(w, 1)->address = NET(192, 0, 2, 2);
	world_poll(w);
	world_control(w, 1, NULL);
	world_poll(w);
	assert_int_equal(count_events(w, EVENT_DRIFT_GONE), 0);

	world_have(w, 1, "b", 2, 1);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "b")->status.drift & DRIFT_MISSING, 0);
	world_reap(w);
}

static const char *
last_text(const struct world *w)
{
	return event_log_from(w->roster->events, w->roster->events->last)->text;
}

/* Who is alone differs from nobody, but agrees with nobody either. */
static void
reload__without_the_partner__ends_the_drift(void **state)
{
	struct world *w = *state;
	struct conf *conf = world_read_again(w, 1);

	world_poll(w);
	assert_int_not_equal(world_row(w, 0, "a")->status.drift, 0);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "a")->status.drift, 0);
	assert_int_equal(count_events(w, EVENT_DRIFT_GONE), 1);
	assert_string_equal(last_text(w),
	    "the partners differ no more: there is no other copy to be seen");
	world_reap(w);
}

/* As the program does when it starts again. */
static void
start_again(struct world *w)
{
	struct conf *conf = world_read_again(w, w->n);

	world_stop(w);
	w->roster = roster_new(conf);
	conf_free(conf);
	assert_non_null(w->roster);
	w->roster->history =
	    history_open(w->dir, w->roster->shop, w->roster->events);
	assert_non_null(w->roster->history);
	world_poll(w);
}

/* A server may be taken out of the configuration, and put in again. */
static void
reload__with_a_server_that_was_away__remembers_what_was_seen_first(void **state)
{
	struct world *w = *state;
	struct snapshot_row *row;
	struct conf *conf;

	start_again(w);
	world_have(w, 2, "new", 50, 1);
	world_have(w, 2, "b", 51, 1);
	world_poll(w);
	set_state(w, 2, "new", COMMUNICATION_INT);
	set_state(w, 2, "b", COMMUNICATION_INT);
	world_poll(w);
	world_row(w, 2, "new")->status.state_time = 12345;
	world_row(w, 2, "b")->status.state_time = 12345;

	conf = world_read_again(w, 2);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	world_reap(w);
	set_state(w, 2, "b", NORMAL);
	assert_error(failover_server_delete(w->at[2].local.server, "a"),
	    ERROR_SUCCESS);
	conf = world_read_again(w, 3);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	world_poll(w);
	row = world_row(w, 2, "new");
	assert_int_equal(row->status.state_time, 12345);
	assert_int_equal(row->status.transitions, 1);
	assert_int_equal(row->status.comm_interruptions, 1);
	/* What clears an alarm is not lost. */
	row = world_row(w, 2, "b");
	assert_int_not_equal(row->status.state_time, 12345);
	assert_int_equal(row->status.transitions, 2);
	assert_int_equal(count_events(w, EVENT_STATE_CHANGE), 3);

	/* And that one is gone is known, too. */
	world_have(w, 2, "a", 1, 2);
	set_state(w, 2, "a", PARTNER_DOWN);
	start_again(w);
	assert_int_equal(world_row(w, 2, "a")->status.transitions, 0);
}

/* The next of its name has nothing to do with it. */
static void
row__that_was_deleted_while_nobody_looked__is_not_remembered(void **state)
{
	struct world *w = *state;

	start_again(w);
	set_state(w, 0, "a", PARTNER_DOWN);
	set_state(w, 0, "b", PARTNER_DOWN);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "a")->status.transitions, 1);

	assert_error(failover_server_delete(w->at[0].local.server, "a"),
	    ERROR_SUCCESS);
	start_again(w);
	assert_null(world_row(w, 0, "a"));
	world_have(w, 0, "a", 1, 2);
	set_state(w, 0, "a", PARTNER_DOWN);
	start_again(w);
	assert_int_equal(world_row(w, 0, "a")->status.transitions, 0);
	assert_int_equal(world_row(w, 0, "b")->status.transitions, 1);
}

/* dhcpFoRelPartnerState: "else as this server last heard of it". */
static void
drift__with_a_partner_that_does_not_answer__leaves_what_the_server_says(
    void **state)
{
	struct world *w = *state;
	struct snapshot_row *row;

	world_poll(w);
	row = world_row(w, 0, "a");
	row->partner_state = RECOVER;
	world_server(w, 2)->status = OPER_STATUS_UNREACHABLE;
	drift_compare_row(world_server(w, 0), row);
	assert_int_equal(row->partner_state, RECOVER);
	world_server(w, 2)->status = OPER_STATUS_UP;
	drift_compare_row(world_server(w, 0), row);
	assert_int_equal(row->partner_state, NORMAL);
}

#define WITH(before, name) \
	cmocka_unit_test_setup_teardown(name, before, world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(three, new__before_any_poll__knows_nothing),
		WITH(three,
		    new__of_a_conf__has_its_servers_in_the_order_of_their_index),
		WITH(three,
		    find__of_each_index__is_its_server_and_of_others_none),
		WITH(one, poll__that_succeeds__shows_what_the_server_has),
		WITH(one, poll__that_fails__keeps_the_rows_and_says_why),
		WITH(one, poll__whose_listing_breaks_off__keeps_the_rows),
		WITH(one,
		    poll__whose_server_does_not_tell_the_time__is_a_success),
		WITH(one_with_a_clock,
		    poll__of_a_clock_that_is_decades_ahead__is_not_told_behind),
		WITH(one, poll__each_error__gives_the_status_that_the_mib_says),
		WITH(one, poll__while_one_runs__is_done_once_more_afterwards),
		WITH(one, poll__asked_for_after_a_change__sees_it),
		WITH(three,
		    poll__of_one_server_that_hangs__does_not_hold_up_the_others),
		WITH(three, poll_some__one_at_a_time__asks_each_in_turn),
		WITH(one, poll__of_a_healthy_server__counts_no_failures),
		WITH(one, row_health__of_each_state__is_what_the_mib_says),
		WITH(one, row_health__of_an_unreachable_server__is_unknown),
		WITH(three, health__of_all__is_the_worst_of_servers_and_rows),
		WITH(three,
		    counters__with_a_server_that_is_away__count_its_rows_all_the_same),
		WITH(three, apply__of_any_members__keeps_the_counters_right),
		WITH(one,
		    apply__of_a_secret__shows_that_there_is_one_and_keeps_none),
		WITH(one,
		    apply__of_a_configured_member__is_a_change_of_the_row_and_the_table),
		WITH(one,
		    apply__of_a_state_alone__is_no_change_of_the_row_or_the_table),
		WITH(one,
		    apply__of_the_value_that_is_there__is_no_change_of_the_row),
		WITH(one,
		    publish__of_what_a_poll_brings__changes_the_table_only_if_it_differs),
		WITH(three,
		    publish__of_rows_that_come_and_go__keeps_the_counters_right),
		WITH(one,
		    publish__without_a_row__is_a_discontinuity_of_its_counters),
		WITH(one, data_age__counts_from_the_last_success_or_the_start),
		cmocka_unit_test(
		    now__counts_hundredths_of_a_second_and_never_goes_back),
		WITH(three,
		    free__with_a_poll_that_runs__waits_for_it_and_leaks_nothing),
		cmocka_unit_test(free__of_nothing__does_nothing),
		WITH(one, poll__that_runs_out_of_memory__says_so),
		WITH(three, reload__of_the_same_servers__keeps_all_they_have),
		WITH(three, reload__without_a_server__takes_its_rows_away),
		WITH(three, reload__is_a_change_of_the_table__if_rows_go),
		WITH(three,
		    reload__without_memory__says_so_and_keeps_what_there_is),
		WITH(three,
		    reload__while_a_server_that_goes_is_busy__lets_it_end),
		WITH(three,
		    reload__while_a_poll_is_due_again__lets_the_server_go),
		WITH(three,
		    reload__of_a_server_that_is_being_asked__is_no_event),
		WITH(three,
		    reload__of_a_server_that_was_down__tells_once_that_it_is_up),
		WITH(three,
		    drift__of_a_row_that_the_partner_lacks__stays_while_that_is_away),
		WITH(three, reload__without_the_partner__ends_the_drift),
		WITH(three,
		    reload__with_a_server_that_was_away__remembers_what_was_seen_first),
		WITH(one,
		    row__that_was_deleted_while_nobody_looked__is_not_remembered),
		WITH(three,
		    drift__with_a_partner_that_does_not_answer__leaves_what_the_server_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
