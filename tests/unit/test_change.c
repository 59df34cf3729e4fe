/* SPDX-License-Identifier: BSD-2-Clause */
/* A SET as an object: all of its states, and all rows or none. */
#include "asks.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "change_private.h"

/* ---------------------------------------------------------------- states */

/* A change of relationship "a" in each state; the trap is at server 0. */
static struct change *
in_state(struct world *w, enum change_state state, struct said *said, int *fd)
{
	const struct ask *asks = ASKS(MEMBER(0, "a", MCLT, 60));
	struct change *change;

	memset(said, 0, sizeof(*said));
	*fd = -1;
	switch (state) {
	case CHANGE_STAGED:
		change = staged(w, asks);
		break;
	case CHANGE_CHECKED:
		change = checked(w, asks);
		break;
	case CHANGE_RUNNING:
		change = checked(w, asks);
		world_trap(w, 0);
		change_commit(change, hear, said);
		*fd = world_catch(w, 0);
		break;
	case CHANGE_APPLIED:
		change = committed(w, asks, said);
		break;
	case CHANGE_UNDOING:
		change = committed(w, asks, said);
		memset(said, 0, sizeof(*said));
		world_trap(w, 0);
		change_undo(change, hear, said);
		*fd = world_catch(w, 0);
		break;
	case CHANGE_REFUSED:
	default:
		world_control(w, 0, "begin 0 1722 before\n");
		change = committed(w, asks, said);
		world_control(w, 0, NULL);
		break;
	}
	assert_int_equal(change->state, state);
	return change;
}

static void
check__of_what_is_staged__makes_it_checked(void **state)
{
	struct world *w = *state;
	struct change *change = staged(w, ASKS(MEMBER(0, "a", MCLT, 60)));

	assert_int_equal(change->state, CHANGE_STAGED);
	assert_int_equal(change_check(change).error, CHANGE_OK);
	assert_int_equal(change->state, CHANGE_CHECKED);
	assert_string_equal(world_calls(w, 0), "");
	change_finish(change);
}

static void
check__that_refuses__leaves_it_staged(void **state)
{
	struct world *w = *state;
	struct change *change = staged(w, ASKS(MEMBER(0, "none", MCLT, 60)));

	assert_int_equal(change_check(change).error, CHANGE_NO_ROW);
	assert_int_equal(change->state, CHANGE_STAGED);
	change_finish(change);
	assert_all_is_true(w);
}

static void
commit__of_what_is_checked__runs_and_does_not_wait(void **state)
{
	struct world *w = *state;
	struct said said;
	struct change *change;
	int fd;

	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	assert_int_equal(said.times, 0);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&said, CHANGE_OK);
	assert_int_equal(change->state, CHANGE_APPLIED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	change_finish(change);
	assert_all_is_true(w);
}

static void
commit__of_nothing__answers_at_once(void **state)
{
	struct world *w = *state;
	struct change *change = checked(w, ASKS(ROW(0, "a", CHANGE_KEEP)));
	struct said said = { 0 };

	change_commit(change, hear, &said);
	assert_said(&said, CHANGE_OK);
	assert_int_equal(change->state, CHANGE_APPLIED);
	assert_string_equal(world_calls(w, 0), "");
	undone(w, change, &said);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	assert_all_is_true(w);
}

static void
finish__in_each_state__leaks_nothing(void **state)
{
	static const enum change_state all[] = { CHANGE_STAGED, CHANGE_CHECKED,
		CHANGE_RUNNING, CHANGE_APPLIED, CHANGE_UNDOING,
		CHANGE_REFUSED };
	struct world *w = *state;
	struct said said;
	unsigned int times;
	size_t i;
	int fd;

	for (i = 0; i < nitems(all); i++) {
		struct change *change = in_state(w, all[i], &said, &fd);

		times = said.times;
		change_finish(change);
		if (fd >= 0) {
			/* It is detached: a server works on it still. */
			assert_ptr_equal(w->roster->changes, change);
			world_let_go(fd, "");
		}
		world_drain(w);
		/* Who is done with it is told nothing. */
		assert_int_equal(said.times, times);
		assert_null(w->roster->changes);
		assert_all_is_true(w);
	}
}

static void
finish__while_it_runs__lets_the_row_tell_the_outcome(void **state)
{
	struct world *w = *state;
	struct said said;
	int fd;

	change_finish(in_state(w, CHANGE_RUNNING, &said, &fd));
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(said.times, 0);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);

	change_finish(in_state(w, CHANGE_RUNNING, &said, &fd));
	world_let_go(fd, "begin 0 5 before\n");
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->last_set_result,
	    ERROR_ACCESS_DENIED);
	assert_all_is_true(w);
}

static void
expire__before_and_after_it_runs__does_nothing(void **state)
{
	static const enum change_state idle[] = { CHANGE_STAGED, CHANGE_CHECKED,
		CHANGE_APPLIED, CHANGE_REFUSED };
	struct world *w = *state;
	struct said said;
	size_t i;
	int fd;

	for (i = 0; i < nitems(idle); i++) {
		struct change *change = in_state(w, idle[i], &said, &fd);
		unsigned int times = said.times;

		change_expire(change);
		assert_int_equal(change->state, idle[i]);
		assert_int_equal(said.times, times);
		change_finish(change);
	}
	assert_all_is_true(w);
}

static void
expire__while_the_call_runs__answers_ok_and_marks_pending(void **state)
{
	struct world *w = *state;
	struct said said;
	struct change *change;
	int fd;

	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	change_expire(change);
	assert_said(&said, CHANGE_OK);
	assert_int_equal(change->state, CHANGE_RUNNING);
	assert_status(w, 0, "a", SET_STATUS_PENDING);
	assert_int_equal(status(w, 0, "a")->last_set_result, ERROR_IO_PENDING);
	assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT);
	assert_status(w, 0, "b", SET_STATUS_NONE);
	/* Once is enough. */
	change_expire(change);
	change_finish(change);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_result, ERROR_SUCCESS);
	assert_all_is_true(w);
}

static void
expire__and_the_call_fails__tells_it_by_the_rows_status(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said = { 0 };
	int fd;

	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60),
		SCOPE(0, "b", 9, CHANGE_CREATE)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	change_finish(change);
	assert_status(w, 0, "b", SET_STATUS_PENDING);
	world_control(w, 0, "set 0 5 before 0 a\n");
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&said, CHANGE_OK);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->last_set_result,
	    ERROR_ACCESS_DENIED);
	/* What was not called any more is not pending either. */
	assert_status(w, 0, "b", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "b")->last_set_result,
	    ERROR_OPERATION_ABORTED);
	assert_all_is_true(w);
}

static void
expire__and_the_second_server_fails__undoes_the_first_late(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct change *change;
	struct said said = { 0 };
	int fd;

	world_database(w, 0, &before);
	world_control(w, 1, "set 0 5 before\n");
	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", MCLT, 60)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	assert_status(w, 1, "a", SET_STATUS_PENDING);
	change_finish(change);
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&said, CHANGE_OK);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 1, "a", SET_STATUS_FAILED);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

/* Who was told that it is pending would wait for ever, and nobody know. */
static void
expire__and_the_program_ends__says_which_rows_to_read(void **state)
{
	struct world *w = *state;
	struct said said = { 0 };
	struct change *change;
	int fd;

	world_trap(w, 0);
	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "b", MCLT, 60)));
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	log_forget();
	world_let_go(fd, "");
	world_stop(w);
	assert_non_null(strstr(logged,
	    "server \"one\": \"a\": dhcpfod ends before the SET of it has"));
	assert_non_null(strstr(logged,
	    "server \"two\": \"b\": dhcpfod ends before the SET of it has"));
}

static void
expire__while_the_server_is_busy__takes_the_call_back_and_says_so(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	roster_poll(world_server(w, 0));
	fd = world_catch(w, 0);
	change = checked(w,
	    ASKS(MEMBER(0, "b", MCLT, 60), MEMBER(0, "a", MCLT, 60)));
	change_commit(change, hear, &said);
	change_expire(change);
	assert_said(&said, CHANGE_BUSY);
	assert_int_equal(said.v.request, 0);
	assert_int_equal(change->state, CHANGE_REFUSED);
	assert_null(w->roster->changes);
	world_let_go(fd, "");
	world_drain(w);
	assert_string_equal(world_calls(w, 0), "list\nsystem_time\n");
	assert_status(w, 0, "a", SET_STATUS_NONE);
	/* The asker's undo has nothing to do. */
	undone(w, change, &said);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	assert_all_is_true(w);
}

static void
expire__while_the_second_server_is_busy__undoes_the_first(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct change *change;
	struct said said = { 0 };
	int fd;

	world_database(w, 0, &before);
	world_trap(w, 1);
	roster_poll(world_server(w, 1));
	fd = world_catch(w, 1);
	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "b", MCLT, 60)));
	change_commit(change, hear, &said);
	while (change->current == 0)
		world_turn(w);
	change_expire(change);
	assert_said(&said, CHANGE_BUSY);
	assert_int_equal(said.v.request, 1);
	assert_int_equal(change->state, CHANGE_UNDOING);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(change->state, CHANGE_REFUSED);
	assert_int_equal(said.times, 1);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_same_database(w, 0, &before);
	change_finish(change);
	assert_all_is_true(w);
}

static void
expire__while_it_is_undone__says_that_undoing_failed(void **state)
{
	struct world *w = *state;
	struct said said;
	struct change *change;
	int fd;

	change = in_state(w, CHANGE_UNDOING, &said, &fd);
	change_expire(change);
	assert_said(&said, CHANGE_UNDO_FAILED);
	assert_int_equal(change->state, CHANGE_UNDOING);
	world_let_go(fd, "");
	world_drain(w);
	/* It is undone all the same. */
	assert_int_equal(said.times, 1);
	assert_int_equal(change->state, CHANGE_REFUSED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	change_finish(change);
	assert_all_is_true(w);
}

static void
expire__of_an_undo_behind_a_call__says_that_undoing_failed(void **state)
{
	struct world *w = *state;
	struct said said, later = { 0 };
	struct change *change;
	int fd;

	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	change_undo(change, hear, &later);
	change_expire(change);
	assert_said(&later, CHANGE_UNDO_FAILED);
	assert_int_equal(said.times, 0);
	change_finish(change);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_all_is_true(w);
}

static void
undo__of_what_was_not_committed__answers_at_once(void **state)
{
	static const enum change_state idle[] = { CHANGE_CHECKED,
		CHANGE_REFUSED };
	struct world *w = *state;
	struct said said, later;
	size_t i;
	int fd;

	for (i = 0; i < nitems(idle); i++) {
		struct change *change = in_state(w, idle[i], &said, &fd);

		world_calls(w, 0);
		memset(&later, 0, sizeof(later));
		change_undo(change, hear, &later);
		assert_said(&later, CHANGE_OK);
		assert_int_equal(change->state, CHANGE_REFUSED);
		assert_string_equal(world_calls(w, 0), "");
		change_finish(change);
	}
	assert_all_is_true(w);
}

static void
undo__of_what_was_applied__restores_it(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said;
	struct change *change;

	world_database(w, 0, &before);
	change = committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "a", SHAREDSECRET, 1),
		MEMBER(0, "a", CHANGESTATE, PARTNER_DOWN),
		MEMBER(0, "b", MODE, HotStandby),
		SCOPE(0, "b", 9, CHANGE_CREATE)),
	    &said);
	assert_said(&said, CHANGE_OK);
	assert_int_equal(world_row(w, 0, "a")->rel.State, PARTNER_DOWN);
	undone(w, change, &said);
	assert_said(&said, CHANGE_OK);
	assert_int_equal(change->state, CHANGE_REFUSED);
	assert_same_database(w, 0, &before);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_int_equal(status(w, 0, "a")->last_set_result,
	    ERROR_OPERATION_ABORTED);
	/* Undone is undone. */
	undone(w, change, &said);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	assert_all_is_true(w);
}

static void
undo__while_the_call_runs__waits_for_it_and_restores(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said, later = { 0 };
	struct change *change;
	int fd;

	world_database(w, 0, &before);
	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	change_undo(change, hear, &later);
	assert_int_equal(later.times, 0);
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&later, CHANGE_OK);
	/* The commit was never answered: its asker asks for the undo now. */
	assert_int_equal(said.times, 0);
	assert_same_database(w, 0, &before);
	change_finish(change);
	assert_all_is_true(w);
}

static void
undo__while_a_call_runs_that_fails__is_a_success(void **state)
{
	struct world *w = *state;
	struct said said, later = { 0 };
	struct change *change;
	int fd;

	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	change_undo(change, hear, &later);
	world_let_go(fd, "begin 0 1722 before\n");
	world_drain(w);
	assert_said(&later, CHANGE_OK);
	assert_int_equal(said.times, 0);
	change_finish(change);
	assert_all_is_true(w);
}

static void
undo__while_the_first_of_two_servers_works__spares_the_second(void **state)
{
	struct world *w = *state;
	struct said said = { 0 }, later = { 0 };
	struct change *change;
	int fd;

	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", MCLT, 60)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_undo(change, hear, &later);
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&later, CHANGE_OK);
	assert_string_equal(world_calls(w, 1), "");
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 1, "a", SET_STATUS_NONE);
	change_finish(change);
	assert_all_is_true(w);
}

static void
undo__while_it_is_undone__answers_the_last_who_asks(void **state)
{
	struct world *w = *state;
	struct said said, later = { 0 };
	struct change *change;
	int fd;

	change = in_state(w, CHANGE_UNDOING, &said, &fd);
	change_undo(change, hear, &later);
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&later, CHANGE_OK);
	assert_int_equal(said.times, 0);
	change_finish(change);
	assert_all_is_true(w);
}

static void
undo__that_fails__says_so_and_lets_the_next_listing_tell(void **state)
{
	static const char *const rules[] = { "begin 0 1722 before\n",
		"set 0 1722 before\n", "commit 0 1722 before\n" };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(rules); i++) {
		struct said said;
		struct change *change = committed(w,
		    ASKS(MEMBER(0, "a", MCLT, 60 + (uint32_t)i)), &said);

		assert_said(&said, CHANGE_OK);
		world_control(w, 0, rules[i]);
		memset(&said, 0, sizeof(said));
		said.watched = w;
		change_undo(change, hear, &said);
		while (said.times == 0)
			world_turn(w);
		assert_said(&said, CHANGE_UNDO_FAILED);
		assert_int_equal(said.status, SET_STATUS_IN_DOUBT);
		world_control(w, 0, NULL);
		world_drain(w);
		/* It is as it was wanted, and that is what is shown. */
		assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
		assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60 + i);
		/* Who asks again is told the same. */
		undone(w, change, &said);
		assert_said(&said, CHANGE_UNDO_FAILED);
		change_finish(change);
		assert_all_is_true(w);
	}
}

/* What was taken back is known, whatever became of the rest. */
static void
undo__that_fails_for_one_row__tells_the_other_as_undone(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;

	change = committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60)), &said);
	assert_said(&said, CHANGE_OK);
	world_control(w, 0, "set 0 5 before 1 b\n");
	log_forget();
	undone(w, change, &said);
	assert_said(&said, CHANGE_UNDO_FAILED);
	change_finish(change);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 0, "b", SET_STATUS_SUCCEEDED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_int_equal(world_row(w, 0, "b")->rel.Mclt, 60);
	assert_null(strstr(logged, "\"a\": set: in doubt"));
	assert_null(strstr(logged, "changed on the server"));
	assert_all_is_true(w);
}

static void
undo__of_each_kind_of_call__restores_everything(void **state)
{
	struct world *w = *state;
	const struct ask *const all[] = {
		ASKS(CREATE(0, "new", 9)),
		ASKS(ROW(0, "a", CHANGE_DESTROY)),
		ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)),
		ASKS(SCOPE(0, "a", 1, CHANGE_DESTROY)),
		ASKS(ROW(0, "b", CHANGE_DESTROY), CREATE(0, "new", 9),
		    MEMBER(0, "a", MCLT, 70), SCOPE(0, "a", 8, CHANGE_CREATE),
		    SCOPE(0, "a", 1, CHANGE_DESTROY)),
	};
	struct world_text before;
	struct said said;
	size_t i;

	world_database(w, 0, &before);
	for (i = 0; i < nitems(all); i++) {
		struct change *change = committed(w, all[i], &said);

		assert_said(&said, CHANGE_OK);
		assert_shown_is_true(w, 0);
		undone(w, change, &said);
		assert_said(&said, CHANGE_OK);
		assert_same_database(w, 0, &before);
		change_finish(change);
		world_drain(w);
		assert_all_is_true(w);
	}
}

static void
end_all__while_changes_wait__frees_them(void **state)
{
	struct world *w = *state;
	struct said said = { 0 };
	struct change *change;
	int fd;

	world_trap(w, 0);
	roster_poll(world_server(w, 0));
	fd = world_catch(w, 0);
	change = checked(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	change_commit(change, hear, &said);
	change_finish(change);
	change = checked(w, ASKS(MEMBER(0, "b", MCLT, 60)));
	change_commit(change, hear, &said);
	change_finish(change);
	world_let_go(fd, "");
	world_stop(w);
	assert_int_equal(said.times, 0);
}

/* ---------------------------------------------------------------- merging */

static void
requests__in_whatever_order__are_one_call_for_each_row(void **state)
{
	static const unsigned int orders[][4] = { { 0, 1, 2, 3 },
		{ 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 } };
	static const struct ask members[] = { MEMBER(0, "a", MCLT, 60),
		MEMBER(0, "b", MCLT, 70), MEMBER(0, "a", SAFEPERIOD, 80),
		MEMBER(0, "b", PERCENTAGE, 30) };
	struct world *w = *state;
	const char *calls;
	size_t i, j;

	for (i = 0; i < nitems(orders); i++) {
		struct ask asks[nitems(members) + 1] = { END };

		for (j = 0; j < nitems(members); j++)
			asks[j] = members[orders[i][j]];
		memset(&asks[j], 0, sizeof(asks[j]));
		done(w, asks);
		calls = world_calls(w, 0);
		assert_string_equal(calls,
		    strcmp(asks[0].name, "a") == 0 ?
			"begin\nget a\nset a 0x03\nget b\nset b 0x09\n"
			"commit\n" :
			"begin\nget b\nset b 0x09\nget a\nset a 0x03\n"
			"commit\n");
		assert_all_is_true(w);
	}
	assert_int_equal(status(w, 0, "a")->set_calls, nitems(orders));
	assert_int_equal(status(w, 0, "a")->set_failures, 0);
	assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT | SAFEPERIOD);
	assert_int_equal(status(w, 0, "b")->last_set_flags, MCLT | PERCENTAGE);
}

static void
requests__for_scopes_of_a_row__are_one_call_for_all(void **state)
{
	struct world *w = *state;

	done(w,
	    ASKS(SCOPE(0, "a", 7, CHANGE_CREATE), SCOPE(0, "b", 2, CHANGE_KEEP),
		SCOPE(0, "a", 8, CHANGE_CREATE),
		SCOPE(0, "a", 1, CHANGE_DESTROY),
		SCOPE(0, "a", 9, CHANGE_CREATE), MEMBER(0, "a", MCLT, 60)));
	assert_string_equal(world_calls(w, 0),
	    "begin\nget a\nset a 0x01\n"
	    "get a\nadd_scopes a 3\nget a\ndelete_scopes a 1\ncommit\nlist\n");
	assert_int_equal(world_row(w, 0, "a")->nscopes, 4);
	assert_all_is_true(w);
}

/* Whoever creates first may want to keep the old one if that fails. */
static void
requests__that_share_no_scope__are_done_in_their_order(void **state)
{
	static const struct {
		unsigned int net;
		const char *first, *then;
	} all[] = {
		{ 9, "create new ", "delete b" },
		{ 2, "delete b", "create new " }, /* with the scope of "b" */
	};
	struct world *w = *state;
	const char *calls;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		struct change *change = committed(w,
		    ASKS(CREATE(0, "new", all[i].net),
			ROW(0, "b", CHANGE_DESTROY)),
		    &said);

		assert_said(&said, CHANGE_OK);
		calls = world_calls(w, 0);
		assert_non_null(strstr(calls, all[i].first));
		assert_non_null(
		    strstr(strstr(calls, all[i].first), all[i].then));
		undone(w, change, &said);
		assert_said(&said, CHANGE_OK);
		change_finish(change);
		assert_all_is_true(w);
	}
}

static void
requests__for_two_servers__are_done_one_after_the_other(void **state)
{
	struct world *w = *state;
	struct said said = { 0 };
	struct change *change;
	int fd;

	change = checked(w,
	    ASKS(MEMBER(1, "a", MCLT, 60), MEMBER(0, "a", MCLT, 60),
		MEMBER(1, "b", MCLT, 60)));
	world_trap(w, 1);
	change_commit(change, hear, &said);
	fd = world_catch(w, 1);
	assert_string_equal(world_calls(w, 0), "");
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&said, CHANGE_OK);
	assert_string_equal(world_calls(w, 1),
	    "begin\nget a\nset a 0x01\nget b\nset b 0x01\ncommit\n");
	assert_string_equal(world_calls(w, 0),
	    "begin\nget a\nset a 0x01\ncommit\n");
	change_finish(change);
	assert_all_is_true(w);
}

static void
member__asked_for_twice__conflicts_unless_it_is_the_same(void **state)
{
	static const struct {
		uint32_t bit, a, b;
	} members[] = { { MCLT, 1, 2 }, { SAFEPERIOD, 1, 2 },
		{ CHANGESTATE, NORMAL, PARTNER_DOWN }, { PERCENTAGE, 1, 2 },
		{ MODE, LoadBalance, HotStandby },
		{ PREVSTATE, NORMAL, PARTNER_DOWN }, { SHAREDSECRET, 1, 2 },
		{ CHANGE_ROLE, PrimaryServer, SecondaryServer },
		{ CHANGE_PRIMARY, 1, 2 }, { CHANGE_SECONDARY, 1, 2 },
		{ CHANGE_PRIMARY_NAME, 1, 2 },
		{ CHANGE_SECONDARY_NAME, 1, 2 } };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(members); i++) {
		struct change *change = staged(w,
		    ASKS(MEMBER(0, "a", members[i].bit, members[i].a)));
		const struct ask same =
		    MEMBER(0, "a", members[i].bit, members[i].a);
		const struct ask other =
		    MEMBER(0, "a", members[i].bit, members[i].b);

		assert_int_equal(stage_one(w, change, &same, 1), CHANGE_OK);
		assert_int_equal(stage_one(w, change, &other, 2),
		    CHANGE_CONFLICT);
		change_finish(change);
	}
}

static void
presence__asked_for_twice__conflicts_unless_it_is_the_same(void **state)
{
	static const enum change_presence all[] = { CHANGE_KEEP, CHANGE_CREATE,
		CHANGE_DESTROY };
	struct world *w = *state;
	size_t i, j;

	for (i = 0; i < nitems(all); i++)
		for (j = 0; j < nitems(all); j++) {
			struct change *change = change_new(w->roster);

			assert_int_equal(stage_all(w, change,
					     ASKS(ROW(0, "a", all[i]),
						 ROW(0, "a", all[j]))),
			    i == j ? CHANGE_OK : CHANGE_CONFLICT);
			assert_int_equal(stage_all(w, change,
					     ASKS(SCOPE(0, "b", 1, all[i]),
						 SCOPE(0, "b", 1, all[j]))),
			    i == j ? CHANGE_OK : CHANGE_CONFLICT);
			change_finish(change);
		}
}

/* ---------------------------------------------------------------- check */

static void
check__of_each_cause__blames_the_request_that_it_is(void **state)
{
	struct world *w = *state;
	const struct {
		const struct ask *asks;
		enum change_error error;
		uint32_t request;
	} all[] = {
		/* What there is, and is wanted to be as it is. */
		{ ASKS(ROW(0, "a", CHANGE_KEEP), MEMBER(0, "a", MCLT, 1)),
		    CHANGE_OK, 0 },
		{ ASKS(MEMBER(0, "a", MCLT, 1), MEMBER(0, "c", MCLT, 1)),
		    CHANGE_NO_ROW, 1 },
		{ ASKS(MEMBER(0, "c", MCLT, 1), ROW(0, "c", CHANGE_KEEP)),
		    CHANGE_NO_ROW, 0 },
		{ ASKS(ROW(0, "c", CHANGE_KEEP), MEMBER(0, "c", MCLT, 1)),
		    CHANGE_CONFLICT, 0 },
		{ ASKS(SCOPE(0, "c", 9, CHANGE_CREATE)), CHANGE_NO_ROW, 0 },
		/* What only creation takes. */
		{ ASKS(MEMBER(0, "a", MCLT, 1), MEMBER(0, "a", CHANGE_ROLE, 0)),
		    CHANGE_CONFLICT, 1 },
		{ ASKS(MEMBER(0, "a", MCLT, 1),
		      MEMBER(0, "a", CHANGE_SECONDARY_NAME, 1),
		      MEMBER(0, "a", CHANGE_PRIMARY, 1)),
		    CHANGE_CONFLICT, 1 },
		/* Creation. */
		{ ASKS(CREATE(0, "c", 9)), CHANGE_OK, 0 },
		{ ASKS(MEMBER(0, "b", MCLT, 1), CREATE(0, "a", 9)),
		    CHANGE_CONFLICT, 1 },
		{ ASKS(CREATE(0, "c", 9), MEMBER(0, "c", CHANGESTATE, NORMAL)),
		    CHANGE_CONFLICT, 4 },
		{ ASKS(CREATE(0, "c", 9), MEMBER(0, "c", PREVSTATE, NORMAL),
		      MEMBER(0, "c", CHANGESTATE, NORMAL)),
		    CHANGE_CONFLICT, 4 },
		{ ASKS(MEMBER(0, "c", CHANGE_PRIMARY, 1),
		      ROW(0, "c", CHANGE_CREATE),
		      SCOPE(0, "c", 9, CHANGE_CREATE)),
		    CHANGE_CONFLICT, 1 },
		{ ASKS(ADDRESSES(0, "c"), ROW(0, "c", CHANGE_CREATE)),
		    CHANGE_CONFLICT, 2 },
		{ ASKS(CREATE(0, "c", 9), SCOPE(0, "c", 8, CHANGE_KEEP)),
		    CHANGE_CONFLICT, 4 },
		/* Deletion. */
		{ ASKS(ROW(0, "a", CHANGE_DESTROY)), CHANGE_OK, 0 },
		{ ASKS(ROW(0, "c", CHANGE_DESTROY)), CHANGE_OK, 0 },
		{ ASKS(MEMBER(0, "a", MCLT, 1), ROW(0, "a", CHANGE_DESTROY)),
		    CHANGE_CONFLICT, 1 },
		{ ASKS(ROW(0, "a", CHANGE_DESTROY),
		      SCOPE(0, "a", 1, CHANGE_DESTROY)),
		    CHANGE_CONFLICT, 0 },
		/* Scopes. */
		{ ASKS(SCOPE(0, "a", 9, CHANGE_CREATE),
		      SCOPE(0, "a", 1, CHANGE_KEEP),
		      SCOPE(0, "a", 8, CHANGE_DESTROY)),
		    CHANGE_OK, 0 },
		{ ASKS(SCOPE(0, "a", 9, CHANGE_CREATE),
		      SCOPE(0, "a", 1, CHANGE_CREATE)),
		    CHANGE_CONFLICT, 1 },
		{ ASKS(SCOPE(0, "a", 9, CHANGE_CREATE),
		      SCOPE(0, "a", 8, CHANGE_KEEP)),
		    CHANGE_CONFLICT, 1 },
		/* The earliest of several. */
		{ ASKS(MEMBER(0, "a", MCLT, 1), MEMBER(0, "c", MCLT, 1),
		      MEMBER(0, "a", CHANGE_ROLE, 0),
		      ROW(0, "b", CHANGE_CREATE)),
		    CHANGE_NO_ROW, 1 },
		{ ASKS(MEMBER(0, "a", MCLT, 1), SCOPE(0, "b", 2, CHANGE_CREATE),
		      MEMBER(0, "a", CHANGE_ROLE, 0), MEMBER(0, "c", MCLT, 1)),
		    CHANGE_CONFLICT, 1 },
	};
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		print_message("# case %zu\n", i);
		assert_checked(w, all[i].asks, all[i].error, all[i].request);
	}
	assert_all_is_true(w);
}

static void
check__of_what_the_server_does_not_take__blames_the_first(void **state)
{
	struct world *w = *state;
	struct managed *server = world_server(w, 0);

	server->writable = MCLT | CHANGESTATE;
	assert_checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 1), MEMBER(0, "a", CHANGESTATE, NORMAL)),
	    CHANGE_OK, 0);
	assert_checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 1), MEMBER(0, "a", SHAREDSECRET, 1),
		MEMBER(0, "a", PERCENTAGE, 1)),
	    CHANGE_NOT_WRITABLE, 1);
	server->creates = false;
	assert_checked(w, ASKS(MEMBER(0, "c", MCLT, 1), CREATE(0, "c", 9)),
	    CHANGE_NO_CREATION, 1);
	assert_checked(w,
	    ASKS(MEMBER(0, "b", MCLT, 1), ROW(0, "a", CHANGE_DESTROY)),
	    CHANGE_NOT_WRITABLE, 1);
	assert_checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 1), SCOPE(0, "a", 1, CHANGE_KEEP),
		SCOPE(0, "a", 9, CHANGE_CREATE)),
	    CHANGE_NOT_WRITABLE, 2);
	assert_checked(w, ASKS(SCOPE(0, "a", 1, CHANGE_DESTROY)),
	    CHANGE_NOT_WRITABLE, 0);
}

static void
check__of_a_key_that_is_no_name__says_that_it_cannot_be_created(void **state)
{
	static const char key[] = "caf\xc3\xa9";
	struct world *w = *state;
	struct change *change = staged(w, ASKS(MEMBER(0, "a", MCLT, 1)));
	struct change_row *row =
	    change_row(change, world_server(w, 0), key, strlen(key), 1);
	struct change_verdict v;

	/* The row of such a name has another key. */
	assert_non_null(row);
	assert_int_equal(change_presence(row, CHANGE_CREATE, 2), CHANGE_OK);
	v = change_check(change);
	assert_int_equal(v.error, CHANGE_NO_CREATION);
	assert_int_equal(v.request, 2);
	change_finish(change);
}

static void
check__of_a_row_that_is_being_changed__says_busy(void **state)
{
	static const enum change_state busy[] = { CHANGE_RUNNING,
		CHANGE_UNDOING };
	struct world *w = *state;
	struct said said;
	size_t i;
	int fd;

	for (i = 0; i < nitems(busy); i++) {
		struct change *change = in_state(w, busy[i], &said, &fd);
		char key[KEY_MAX + 1];

		world_calls(w, 0);
		assert_true(change_touches(w->roster, world_server(w, 0), key,
		    key_from_name("a", key)));
		assert_false(change_touches(w->roster, world_server(w, 0), key,
		    key_from_name("b", key)));
		struct change *other = staged(w,
		    ASKS(MEMBER(0, "b", MCLT, 1), MEMBER(0, "a", MODE, 1)));
		struct change_verdict v = change_check(other);

		assert_int_equal(v.error, CHANGE_BUSY);
		assert_int_equal(v.request, 1);
		change_finish(other);
		/* Another row is not concerned. */
		other = checked(w, ASKS(MEMBER(0, "b", MCLT, 1)));
		change_finish(other);
		change_finish(change);
		/* Not even when the asker has left. */
		other = staged(w, ASKS(MEMBER(0, "a", MODE, 1)));
		assert_int_equal(change_check(other).error, CHANGE_BUSY);
		change_finish(other);
		world_let_go(fd, "");
		world_drain(w);
		done(w, ASKS(MEMBER(0, "a", MCLT, 77)));
	}
	assert_all_is_true(w);
}

/* ---------------------------------------------------------------- rows */

static void
create__of_the_least__takes_what_is_usual(void **state)
{
	static const struct {
		uint32_t mode, percentage;
	} modes[] = { { LoadBalance, 50 }, { HotStandby, 5 } };
	struct world *w = *state;
	const struct snapshot_row *row;
	size_t i;

	for (i = 0; i < nitems(modes); i++) {
		done(w,
		    ASKS(CREATE(0, "new", 9),
			MEMBER(0, "new", MODE, modes[i].mode)));
		assert_string_equal(world_calls(w, 0),
		    "begin\ncreate new 1\ncommit\nlist\n");
		row = world_row(w, 0, "new");
		assert_non_null(row);
		assert_int_equal(row->rel.Mclt, 3600);
		assert_int_equal(row->rel.SafePeriod, DHCP_FAILOVER_NEVER);
		assert_int_equal(row->rel.Mode, modes[i].mode);
		assert_int_equal(row->rel.Percentage, modes[i].percentage);
		assert_int_equal(row->rel.ServerType, PrimaryServer);
		assert_false(row->authenticated);
		assert_int_equal(row->nscopes, 1);
		assert_all_is_true(w);
		done(w, ASKS(ROW(0, "new", CHANGE_DESTROY)));
		assert_string_equal(world_calls(w, 0),
		    "begin\nget new\ndelete new\ncommit\nlist\n");
		assert_null(world_row(w, 0, "new"));
		assert_all_is_true(w);
	}
}

static void
create__of_everything__keeps_all_that_was_asked_for(void **state)
{
	struct world *w = *state;
	const struct snapshot_row *row;

	done(w,
	    ASKS(SCOPE(0, "new", 8, CHANGE_CREATE), MEMBER(0, "new", MCLT, 0),
		MEMBER(0, "new", SAFEPERIOD, 1),
		MEMBER(0, "new", PERCENTAGE, 0),
		MEMBER(0, "new", SHAREDSECRET, 1),
		MEMBER(0, "new", CHANGE_ROLE, SecondaryServer),
		MEMBER(0, "new", CHANGE_PRIMARY_NAME, 1),
		MEMBER(0, "new", CHANGE_SECONDARY_NAME, 2),
		MEMBER(0, "new", CHANGE_PRIMARY_TYPE, 1), CREATE(0, "new", 9)));
	row = world_row(w, 0, "new");
	assert_non_null(row);
	assert_int_equal(row->rel.Mclt, 0);
	assert_int_equal(row->rel.SafePeriod, 1);
	assert_int_equal(row->rel.Percentage, 0);
	assert_true(row->authenticated);
	assert_int_equal(row->rel.ServerType, SecondaryServer);
	assert_string_equal(row->rel.PrimaryServerName, "text 1");
	assert_string_equal(row->rel.SecondaryServerName, "text 2");
	assert_int_equal(row->rel.PrimaryServer, NET(192, 0, 2, 1));
	assert_int_equal(row->rel.SecondaryServer, NET(192, 0, 2, 2));
	assert_int_equal(row->nscopes, 2);
	assert_all_is_true(w);
}

static void
destroy__of_what_is_not_there__is_done_without_a_call(void **state)
{
	struct world *w = *state;

	done(w,
	    ASKS(ROW(0, "none", CHANGE_DESTROY),
		SCOPE(0, "a", 9, CHANGE_DESTROY)));
	assert_null(strstr(world_calls(w, 0), "delete"));
	assert_all_is_true(w);
}

static void
set__of_the_same_values_again__is_harmless(void **state)
{
	const struct ask *asks = ASKS(MEMBER(0, "a", MCLT, 60),
	    MEMBER(0, "a", CHANGESTATE, PARTNER_DOWN),
	    MEMBER(0, "a", SHAREDSECRET, 1));
	struct world *w = *state;
	struct world_text before;

	done(w, asks);
	world_database(w, 0, &before);
	done(w, asks);
	assert_same_database(w, 0, &before);
	assert_int_equal(status(w, 0, "a")->set_calls, 2);
	assert_all_is_true(w);
}

/* ---------------------------------------------------------------- failure */

static void
failure__of_a_later_row__undoes_the_earlier_ones(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said;

	world_database(w, 0, &before);
	world_control(w, 0, "set 0 5 before 0 b\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", SAFEPERIOD, 60),
		MEMBER(0, "b", MCLT, 60)),
	    &said));
	world_drain(w);
	assert_said(&said, CHANGE_FAILED);
	assert_error(said.v.result, ERROR_ACCESS_DENIED);
	assert_int_equal(said.v.request, 1);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 0, "b", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->set_calls, 1);
	assert_int_equal(status(w, 0, "a")->set_failures, 0);
	assert_int_equal(status(w, 0, "b")->set_calls, 1);
	assert_int_equal(status(w, 0, "b")->set_failures, 1);
	world_control(w, 0, NULL);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

static void
failure__on_the_second_server__undoes_the_first(void **state)
{
	struct world *w = *state;
	struct world_text before[2];
	struct change *change;
	struct said said;

	world_database(w, 0, &before[0]);
	world_database(w, 1, &before[1]);
	world_control(w, 1, "set 0 20115 before 0 b\n");
	change = committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", MCLT, 60),
		MEMBER(0, "b", MCLT, 60), MEMBER(1, "b", MCLT, 60),
		SCOPE(0, "b", 9, CHANGE_CREATE)),
	    &said);
	assert_said(&said, CHANGE_FAILED);
	assert_error(said.v.result, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_int_equal(said.v.request, 3);
	assert_int_equal(change->state, CHANGE_REFUSED);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 0, "b", SET_STATUS_UNDONE);
	assert_status(w, 1, "a", SET_STATUS_UNDONE);
	assert_status(w, 1, "b", SET_STATUS_FAILED);
	undone(w, change, &said);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	world_control(w, 1, NULL);
	assert_same_database(w, 0, &before[0]);
	assert_same_database(w, 1, &before[1]);
	assert_all_is_true(w);
}

static void
failure__on_the_third_server__undoes_the_others_in_reverse(void **state)
{
	struct world *w = *state;
	struct world_text before[2];
	struct said said;

	world_database(w, 0, &before[0]);
	world_database(w, 1, &before[1]);
	world_control(w, 2, "begin 0 1722 before\n");
	/* The first waits for the second to have been undone. */
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", MCLT, 60),
		MEMBER(2, "a", MCLT, 60)),
	    &said));
	assert_said(&said, CHANGE_FAILED);
	assert_int_equal(said.v.request, 2);
	assert_same_database(w, 0, &before[0]);
	assert_same_database(w, 1, &before[1]);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 1, "a", SET_STATUS_UNDONE);
	assert_all_is_true(w);
}

static void
failure__whose_undo_fails__leaves_the_row_in_doubt(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;

	world_control(w, 0, "set 0 5 before 2 a\n");
	world_control(w, 1, "set 0 5 before\n");
	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", MCLT, 60)));
	memset(&said, 0, sizeof(said));
	change_commit(change, hear, &said);
	world_drain(w);
	/* The asker is not told of a refusal that is not true. */
	assert_said(&said, CHANGE_UNDO_FAILED);
	undone(w, change, &said);
	assert_said(&said, CHANGE_UNDO_FAILED);
	change_finish(change);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_non_null(strstr(logged, "could not be undone"));
	assert_all_is_true(w);
}

static void
failure__on_a_plain_server_that_cannot_go_back__is_told(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;

	/* The second set of "a" is the way back. */
	world_control(w, 0, "set 0 5 before 2 a\nset 0 5 before 0 b\n");
	change = committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60)), &said);
	assert_said(&said, CHANGE_UNDO_FAILED);
	undone(w, change, &said);
	assert_said(&said, CHANGE_UNDO_FAILED);
	change_finish(change);
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_status(w, 0, "b", SET_STATUS_FAILED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_all_is_true(w);
}

/* Each operation of everything at once, failing, on any kind of server. */
static void
failure__of_the_nth_operation__leaves_all_as_it_was(void **state)
{
	static const enum dhcp_error codes[] = { ERROR_ACCESS_DENIED,
		RPC_S_SERVER_UNAVAILABLE, ERROR_DISK_FULL };
	struct world *w = *state;
	struct world_text before[2];
	bool failed = true;
	unsigned int n, c = 0;
	size_t server;

	world_database(w, 0, &before[0]);
	world_database(w, 1, &before[1]);
	for (server = 0; server < 2; server++)
		for (n = 1, failed = true; failed; n++, c++) {
			struct change *change;
			struct said said;
			char rule[64];

			snprintf(rule, sizeof(rule), "* 0 %u before %u\n# %u\n",
			    (unsigned int)codes[c % nitems(codes)], n, c);
			/* Counted anew: never the same line twice in a row. */
			world_control(w, 1 - server, NULL);
			world_control(w, server, rule);
			change = committed(w,
			    ASKS(MEMBER(0, "a", MCLT, 60),
				MEMBER(1, "a", MCLT, 60),
				ROW(0, "b", CHANGE_DESTROY),
				SCOPE(0, "a", 8, CHANGE_CREATE),
				SCOPE(0, "a", 1, CHANGE_DESTROY),
				CREATE(1, "new", 9)),
			    &said);
			failed = said.v.error != CHANGE_OK;
			world_control(w, server, NULL);
			world_drain(w);
			if (failed)
				assert_int_equal(said.v.error, CHANGE_FAILED);
			undone(w, change, &said);
			assert_said(&said, CHANGE_OK);
			change_finish(change);
			assert_same_database(w, 0, &before[0]);
			assert_same_database(w, 1, &before[1]);
			world_poll(w);
			assert_all_is_true(w);
			assert_in_range(n, 1, 60);
		}
}

/* ---------------------------------------------------------------- doubt */

static void
doubt__about_a_call_that_was_done__is_a_success(void **state)
{
	const struct {
		const char *rule;
		const struct ask *asks;
	} all[] = {
		{ "set 0 1726 after\n", ASKS(MEMBER(0, "a", MCLT, 60)) },
		{ "set 0 1460 after\n", ASKS(MEMBER(0, "a", MCLT, 61)) },
		{ "set 0 1726 after\n", ASKS(MEMBER(0, "a", SHAREDSECRET, 1)) },
		{ "create 0 1726 after\n", ASKS(CREATE(0, "new", 9)) },
		{ "add_scopes 0 1726 after\n",
		    ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)) },
		{ "delete_scopes 0 1726 after\n",
		    ASKS(SCOPE(0, "a", 8, CHANGE_DESTROY)) },
		{ "delete 0 1726 after\n", ASKS(ROW(0, "b", CHANGE_DESTROY)) },
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		world_control(w, 0, all[i].rule);
		done(w, all[i].asks);
		world_control(w, 0, NULL);
		assert_all_is_true(w);
	}
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
}

/* What is rolled back cannot come late. */
static void
doubt__about_a_call_that_was_not_done__is_a_failure(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said;

	world_database(w, 0, &before);
	world_control(w, 0, "set 0 1726 before\n");
	change_finish(committed(w, ASKS(MEMBER(0, "a", MCLT, 60)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_error(said.v.result, RPC_S_CALL_FAILED);
	/* The call was not repeated. */
	assert_non_null(
	    strstr(world_calls(w, 0), "get a\nset a 0x01\nget a\n"));
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

static void
doubt__about_a_secret_that_was_not_set__is_a_failure(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said;

	world_database(w, 0, &before);
	world_control(w, 0, "set 0 1726 before\n");
	change_finish(
	    committed(w, ASKS(MEMBER(0, "a", SHAREDSECRET, 7)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_error(said.v.result, RPC_S_CALL_FAILED);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

/* Whoever lists may still be at it. */
static void
doubt__about_a_call_that_is_not_done__lasts_until_it_stays_so(void **state)
{
	struct world *w = *state;
	struct world_text before;

	world_database(w, 0, &before);
	world_control(w, 0, "set 0 1726 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	/* The call was not repeated. */
	assert_non_null(
	    strstr(world_calls(w, 0), "get a\nset a 0x01\nget a\n"));
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->last_set_result, RPC_S_CALL_FAILED);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

static void
doubt__about_a_call_that_is_done_late__is_a_success(void **state)
{
	struct world *w = *state;
	struct wanted late;

	world_control(w, 0, "set 0 1726 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	want(&late, "a", 0, 0);
	late.rel.Mclt = 60;
	assert_error(failover_server_set(w->at[0].local.server, MCLT,
			 &late.rel),
	    ERROR_SUCCESS);
	log_forget();
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	/* It was nobody else. */
	assert_null(strstr(logged, "changed on the server"));
	assert_all_is_true(w);
}

/* It is two polls that show it, not what comes right after the first. */
static void
doubt__about_a_call_that_is_not_done__outlasts_another_change(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0, "set 0 1726 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	world_control(w, 0, NULL);
	done(w, ASKS(SCOPE(0, "b", 9, CHANGE_CREATE)));
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);

	/* Of an undo, and of a secret that what was set with it proves. */
	world_control(w, 0,
	    "set 0 1460 before 2 a\nset 0 5 before 0 b\n"
	    "list 0 1722 before\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 61), MEMBER(0, "a", SHAREDSECRET, 7),
		MEMBER(0, "b", MCLT, 60)),
	    &said));
	assert_said(&said, CHANGE_UNDO_FAILED);
	world_control(w, 0, NULL);
	done(w, ASKS(SCOPE(0, "b", 9, CHANGE_DESTROY)));
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	roster_poll(world_server(w, 0));
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_all_is_true(w);
}

/* The server moves a state on by itself: that it is another says nothing. */
static void
doubt__about_a_state_that_has_moved_on__stays(void **state)
{
	const struct {
		const struct ask *asks;
		DWORD flags;
		enum set_status status;
	} all[] = {
		{ ASKS(MEMBER(0, "a", CHANGESTATE, RECOVER)), CHANGESTATE,
		    SET_STATUS_IN_DOUBT },
		/* But what else was to change does tell. */
		{ ASKS(MEMBER(0, "a", CHANGESTATE, RECOVER),
		      MEMBER(0, "a", MCLT, 60)),
		    CHANGESTATE | MCLT, SET_STATUS_SUCCEEDED },
	};
	struct world *w = *state;
	struct wanted wanted;
	size_t i;

	want(&wanted, "a", 1, 0);
	wanted.rel.State = RECOVER_WAIT;
	wanted.rel.Mclt = 60;
	for (i = 0; i < nitems(all); i++) {
		world_control(w, 0, "set 0 1726 before\n");
		left_in_doubt(w, all[i].asks);
		world_control(w, 0, NULL);
		assert_error(failover_server_set(w->at[0].local.server,
				 all[i].flags, &wanted.rel),
		    ERROR_SUCCESS);
		world_poll(w);
		assert_int_equal(world_row(w, 0, "a")->rel.State, RECOVER_WAIT);
		assert_status(w, 0, "a", all[i].status);
		done(w, ASKS(MEMBER(0, "a", CHANGESTATE, NORMAL)));
	}

	/* Where it was is not moved on. */
	world_control(w, 0, "set 0 1726 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", CHANGESTATE, RECOVER)));
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_all_is_true(w);
}

/* Whoever lists may still be at the undo as well. */
static void
doubt__about_an_undo__lasts_until_it_stays_so(void **state)
{
	struct world *w = *state;
	struct wanted late;

	/* The second set of "a" is the way back. */
	world_control(w, 0, "set 0 1726 before 2 a\nset 0 5 before 0 b\n");
	left_in_doubt(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60)));
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	want(&late, "a", 0, 0);
	late.rel.Mclt = 3600;
	assert_error(failover_server_set(w->at[0].local.server, MCLT,
			 &late.rel),
	    ERROR_SUCCESS);
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);

	world_control(w, 0, "set 0 1460 before 2 a\nset 0 5 before 0 b\n");
	left_in_doubt(w,
	    ASKS(MEMBER(0, "a", MCLT, 61), MEMBER(0, "a", SHAREDSECRET, 7),
		MEMBER(0, "b", MCLT, 60)));
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	/* It was nobody else. */
	assert_null(strstr(logged, "changed on the server"));
	assert_all_is_true(w);
}

/* Two listings in a row show no more than one. */
static void
doubt__about_two_rows__is_listed_for_once(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0, "set 0 5 before 2 a\nset 0 1726 before 0 b\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60)), &said));
	assert_said(&said, CHANGE_UNDO_FAILED);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_status(w, 0, "b", SET_STATUS_IN_DOUBT);
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "b", SET_STATUS_FAILED);
	assert_all_is_true(w);
}

/* A call that hangs outlasts an interval of polls, and more than one. */
static void
doubt__about_a_call_that_took_long__is_not_ended_by_polls_in_a_row(void **state)
{
	struct world *w = *state;
	struct said said = { 0 };
	struct change *change;
	int fd;

	change = checked(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	roster_poll(world_server(w, 0));
	roster_poll(world_server(w, 0));
	world_control(w, 0, "set 0 1726 before\n");
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&said, CHANGE_UNDO_FAILED);
	change_finish(change);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_all_is_true(w);
}

/* Or else the undo would delete what somebody else has made. */
static void
doubt__about_a_creation__does_not_take_anothers_for_ours(void **state)
{
	static const char *const rules[] = {
		"create 0 1726 before\n# addresses\n",
		"create 0 1726 before\n# scopes\n",
	};
	struct world *w = *state;
	struct world_text before;
	struct change *change;
	struct wanted wanted;
	struct said said;
	char name[8];
	size_t i;

	for (i = 0; i < nitems(rules); i++) {
		snprintf(name, sizeof(name), "new%zu", i);
		change = checked(w, ASKS(CREATE(0, name, 9)));
		want(&wanted, name, i == 0 ? 9 : 50, 1);
		if (i == 0)
			wanted.rel.SecondaryServer = NET(192, 0, 2, 99);
		assert_error(failover_server_create(w->at[0].local.server,
				 &wanted.rel),
		    ERROR_SUCCESS);
		world_database(w, 0, &before);
		world_control(w, 0, rules[i]);
		memset(&said, 0, sizeof(said));
		change_commit(change, hear, &said);
		world_drain(w);
		assert_said(&said, CHANGE_UNDO_FAILED);
		undone(w, change, &said);
		change_finish(change);
		assert_same_database(w, 0, &before);
		world_control(w, 0, NULL);
		world_poll(w);
		assert_all_is_true(w);
		assert_error(failover_server_delete(w->at[0].local.server,
				 name),
		    ERROR_SUCCESS);
	}
}

/* A plain server, which does not answer when it is asked what is true. */
static void
in_doubt(struct world *w, const char *when)
{
	struct change *change;
	struct said said = { .watched = w };
	char rules[96];

	snprintf(rules, sizeof(rules), "set 0 1726 %s\nget 0 1722 before %d\n",
	    when, 2);
	world_control(w, 0, rules);
	change = checked(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	change_commit(change, hear, &said);
	while (said.times == 0)
		world_turn(w);
	assert_said(&said, CHANGE_UNDO_FAILED);
	assert_int_equal(said.status, SET_STATUS_IN_DOUBT);
	change_finish(change);
	world_control(w, 0, NULL);
	world_drain(w);
}

static void
doubt__that_cannot_be_ended__lasts_until_the_next_listing(void **state)
{
	struct world *w = *state;

	in_doubt(w, "after");
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_result, ERROR_SUCCESS);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_all_is_true(w);
}

static void
doubt__that_the_listing_ends_in_a_failure__is_one(void **state)
{
	struct world *w = *state;

	in_doubt(w, "before");
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->last_set_result, RPC_S_CALL_FAILED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_all_is_true(w);
}

/* Or it reads as if the members that were set before had failed. */
static void
failure__of_scopes_alone__is_told_without_the_flags_of_an_earlier_set(
    void **state)
{
	struct world *w = *state;
	struct said said;

	done(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT);
	world_control(w, 0, "add_scopes 0 5 before 0\n");
	change_finish(
	    committed(w, ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->last_set_flags, 0);
	/* With members it is one SET. */
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", PERCENTAGE, 60),
		SCOPE(0, "a", 9, CHANGE_CREATE)),
	    &said));
	assert_said(&said, CHANGE_FAILED);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_int_equal(status(w, 0, "a")->last_set_flags, PERCENTAGE);
	assert_all_is_true(w);
}

/* Nor would an alarm for failed SETs end before members are set. */
static void
failure__of_scopes_alone__ends_when_scopes_succeed(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0, "add_scopes 0 5 before 0\n");
	change_finish(
	    committed(w, ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	world_control(w, 0, "");
	done(w, ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)));
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_result, ERROR_SUCCESS);
	assert_int_equal(status(w, 0, "a")->last_set_flags, 0);

	/* Of members it is not. */
	world_control(w, 0, "set 0 5 before 0\n");
	change_finish(committed(w, ASKS(MEMBER(0, "a", MCLT, 61)), &said));
	assert_said(&said, CHANGE_FAILED);
	world_control(w, 0, "");
	done(w, ASKS(SCOPE(0, "a", 9, CHANGE_DESTROY)));
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_all_is_true(w);
}

static void
doubt__that_ends__is_timed(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0,
	    "set 0 1726 after\nget 0 1722 before 2\nlist 0 1722 before\n");
	change_finish(committed(w, ASKS(MEMBER(0, "a", MCLT, 60)), &said));
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	world_row(w, 0, "a")->status.last_set_time = 1;

	world_control(w, 0, NULL);
	roster_poll(world_server(w, 0));
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_not_equal(status(w, 0, "a")->last_set_time, 1);
	assert_all_is_true(w);
}

/* "Trust no column of this row": a refusal does not make it trusted. */
static void
doubt__and_a_change_that_does_not_reach_the_server__lasts(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0,
	    "set 0 1726 after\nget 0 1722 before 2\nlist 0 1722 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));

	world_control(w, 0, "get 0 1722 before\nlist 0 1722 before\n");
	change_finish(committed(w, ASKS(MEMBER(0, "a", MODE, 1)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT);

	world_control(w, 0, NULL);
	roster_poll(world_server(w, 0));
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_all_is_true(w);
}

/* Whether that takes long or not: with a server that hangs, it does. */
static void
doubt__and_a_change_that_was_pending__lasts(void **state)
{
	const struct {
		const char *rules;
		const struct ask *asks;
	} all[] = {
		{ "get 0 1722 before\nlist 0 1722 before\n",
		    ASKS(MEMBER(0, "a", MODE, 1)) },
		{ "add_scopes 0 5 before\nlist 00 1722 before\n",
		    ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)) },
		{ "list 000 1722 before\n",
		    ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)) },
	};
	struct world *w = *state;
	struct change *change;
	struct said said;
	size_t i;
	int fd;

	world_control(w, 0,
	    "set 0 1726 after\nget 0 1722 before 2\nlist 0 1722 before\n");
	change_finish(committed(w, ASKS(MEMBER(0, "a", MCLT, 60)), &said));
	assert_said(&said, CHANGE_UNDO_FAILED);
	for (i = 0; i < nitems(all); i++) {
		assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
		memset(&said, 0, sizeof(said));
		change = checked(w, all[i].asks);
		world_trap(w, 0);
		change_commit(change, hear, &said);
		fd = world_catch(w, 0);
		change_expire(change);
		assert_said(&said, CHANGE_OK);
		change_finish(change);
		assert_status(w, 0, "a", SET_STATUS_PENDING);
		world_control(w, 0, all[i].rules);
		world_let_go(fd, all[i].rules);
		world_drain(w);
		assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
		assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT);
		assert_int_equal(status(w, 0, "a")->last_set_result,
		    RPC_S_CALL_FAILED);
	}
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	/* It was nobody else. */
	assert_null(strstr(logged, "changed on the server"));
	assert_all_is_true(w);
}

/* Nor does a listing end it while another server keeps the change waiting. */
static void
doubt__of_a_row_that_is_pending__is_not_ended_by_a_listing(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;
	int fd;

	world_control(w, 1,
	    "set 0 1726 after\nget 0 1722 before 2\nlist 0 1722 before\n");
	left_in_doubt(w, ASKS(MEMBER(1, "a", MCLT, 60)));
	world_control(w, 1, NULL);
	memset(&said, 0, sizeof(said));
	change =
	    checked(w, ASKS(MEMBER(0, "a", MODE, 1), MEMBER(1, "a", MODE, 1)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	log_forget();
	roster_poll(world_server(w, 1));
	while (world_server(w, 1)->poll != NULL)
		world_turn(w);
	assert_status(w, 1, "a", SET_STATUS_PENDING);
	assert_int_equal(world_row(w, 1, "a")->rel.Mclt, 60);
	world_let_go(fd, "get 0 1722 before\n");
	world_drain(w);
	assert_status(w, 1, "a", SET_STATUS_IN_DOUBT);
	assert_int_equal(status(w, 1, "a")->last_set_flags, MCLT);
	world_poll(w);
	assert_status(w, 1, "a", SET_STATUS_SUCCEEDED);
	/* It was nobody else. */
	assert_null(strstr(logged, "changed on the server"));
	assert_all_is_true(w);
}

/* "Not done" would be said of members that are. */
static void
doubt__about_members__is_not_ended_by_scopes_that_fail(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0,
	    "add_scopes 0 5 before\nset 0 5 before 2\nlist 0 1722 before\n");
	left_in_doubt(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), SCOPE(0, "a", 9, CHANGE_CREATE)));

	world_control(w, 0, "add_scopes 0 5 before\nlist 00 1722 before\n");
	change_finish(
	    committed(w, ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);

	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_flags, MCLT);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_all_is_true(w);
}

/* "Why a creation failed that was pending is in dhcpFoEventTable." */
static void
doubt__about_rows_and_scopes__is_an_event(void **state)
{
	const struct {
		const char *rules, *name, *text;
		const struct ask *asks;
	} all[] = {
		{ "create 0 1726 before\nget 0 1722 before 1\n", "new",
		    "create: in doubt: RPC_S_CALL_FAILED (1726)",
		    ASKS(CREATE(0, "new", 9)) },
		{ "add_scopes 0 1726 before\nget 0 1722 before 2\n", "a",
		    "add scopes to: in doubt: RPC_S_CALL_FAILED (1726)",
		    ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)) },
	};
	struct world *w = *state;
	const struct event *event;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		world_control(w, 0, all[i].rules);
		change_finish(committed(w, all[i].asks, &said));
		assert_said(&said, CHANGE_UNDO_FAILED);
		event =
		    event_log_from(w->roster->events, w->roster->events->last);
		assert_non_null(event);
		assert_int_equal(event->kind, EVENT_SET_FAILED);
		assert_int_equal(event->result, RPC_S_CALL_FAILED);
		assert_string_equal(event->relationship, all[i].name);
		assert_ptr_equal(strstr(event->text, all[i].text), event->text);
		world_control(w, 0, NULL);
	}
}

/* Or an alarm for failed SETs would be about what is done. */
static void
doubt__about_scopes_or_a_deletion__ends_as_it_is_found(void **state)
{
	const struct {
		const char *rules, *name;
		enum set_status soon, later;
		const struct ask *asks;
	} all[] = {
		{ "add_scopes 0 1726 after\nget 0 1722 before 2\n", "a",
		    SET_STATUS_SUCCEEDED, SET_STATUS_SUCCEEDED,
		    ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)) },
		{ "delete_scopes 0 1726 before\nget 0 1722 before 2\n", "a",
		    SET_STATUS_IN_DOUBT, SET_STATUS_FAILED,
		    ASKS(SCOPE(0, "a", 8, CHANGE_DESTROY)) },
		{ "delete_scopes 0 1726 after\nget 0 1460 before 2\n", "a",
		    SET_STATUS_SUCCEEDED, SET_STATUS_SUCCEEDED,
		    ASKS(SCOPE(0, "a", 8, CHANGE_DESTROY)) },
		{ "delete 0 1726 before\nget 0 1722 before 2\n", "b",
		    SET_STATUS_IN_DOUBT, SET_STATUS_FAILED,
		    ASKS(ROW(0, "b", CHANGE_DESTROY)) },
	};
	struct world *w = *state;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		world_control(w, 0, all[i].rules);
		change_finish(committed(w, all[i].asks, &said));
		assert_said(&said, CHANGE_UNDO_FAILED);
		assert_status(w, 0, all[i].name, all[i].soon);
		world_control(w, 0, NULL);
		world_poll(w);
		assert_status(w, 0, all[i].name, all[i].later);
		assert_int_equal(status(w, 0, all[i].name)->last_set_flags, 0);
		assert_int_equal(status(w, 0, all[i].name)->last_set_result,
		    all[i].later == SET_STATUS_FAILED ? RPC_S_CALL_FAILED :
							ERROR_SUCCESS);
		assert_all_is_true(w);
	}
}

/* The row tells of its last SET, here as well. */
static void
doubt__about_scopes__is_not_ended_by_an_earlier_one(void **state)
{
	struct world *w = *state;

	world_control(w, 0,
	    "add_scopes 0 1726 after\nget 0 1722 before 2\n"
	    "list 0 1722 before\n");
	left_in_doubt(w, ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)));
	world_control(w, 0,
	    "add_scopes 0 1726 before\nget 00 1722 before 2\n"
	    "list 0 1722 before\n");
	left_in_doubt(w, ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)));

	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_all_is_true(w);
}

/* Or what was added in doubt, and then removed, had failed for ever. */
static void
doubt__about_scopes__ends_when_scopes_succeed(void **state)
{
	struct world *w = *state;

	world_control(w, 0,
	    "add_scopes 0 1726 after\nget 0 1722 before 2\n"
	    "list 0 1722 before\n");
	left_in_doubt(w, ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)));
	world_control(w, 0, NULL);
	done(w, ASKS(SCOPE(0, "a", 8, CHANGE_DESTROY)));
	world_poll(w);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_result, ERROR_SUCCESS);
	assert_all_is_true(w);
}

/* What an earlier SET has done is nobody else's change, even then. */
static void
doubt__that_a_later_set_ends__is_owned_up_to(void **state)
{
	struct world *w = *state;

	world_control(w, 0,
	    "set 0 1726 after\nget 0 1722 before 2\nlist 0 1722 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	world_control(w, 0, NULL);
	log_forget();
	done(w, ASKS(MEMBER(0, "a", PERCENTAGE, 60)));
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->last_set_flags, PERCENTAGE);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_null(strstr(logged, "changed on the server"));
	assert_all_is_true(w);
}

/* Not by the listing that shows what that has done. */
static void
doubt__that_a_later_set_ends__is_not_told_as_failed(void **state)
{
	struct world *w = *state;

	world_control(w, 0, "set 0 1726 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	world_control(w, 0, NULL);
	log_forget();
	done(w,
	    ASKS(MEMBER(0, "a", MCLT, 70), SCOPE(0, "a", 9, CHANGE_CREATE)));
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_null(strstr(logged, "found not done"));
	assert_all_is_true(w);
}

/* Any other error would promise that nothing has been changed. */
static void
doubt__that_cannot_be_ended__is_told_as_undo_failed(void **state)
{
	/* A rule counts its calls anew only if it looks new. */
	const struct {
		const char *rules;
		const struct ask *asks;
	} all[] = {
		{ "set 0 1726 after\nget 0 1722 before 2\n",
		    ASKS(MEMBER(0, "a", MCLT, 60)) },
		{ "set 0 1460 after\nget 0 1460 before 2\n",
		    ASKS(MEMBER(0, "a", MCLT, 61)) },
		{ "create 0 1726 after\nget 0 1722 before 1\n",
		    ASKS(CREATE(0, "new", 9)) },
		{ "add_scopes 0 1726 after\nget 0 1727 before 2\n",
		    ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)) },
		{ "delete_scopes 0 1726 after\nget 0 1753 before 2\n",
		    ASKS(SCOPE(0, "a", 8, CHANGE_DESTROY)) },
		{ "delete 0 1726 after\nget 0 31 before 2\n",
		    ASKS(ROW(0, "b", CHANGE_DESTROY)) },
	};
	struct world *w = *state;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		world_control(w, 0, all[i].rules);
		change_finish(committed(w, all[i].asks, &said));
		assert_said(&said, CHANGE_UNDO_FAILED);
		world_control(w, 0, NULL);
		roster_poll(world_server(w, 0));
		world_drain(w);
		assert_all_is_true(w);
	}
}

/* ---------------------------------------------------------------- both */

static void
both__a_change_of_one__is_made_on_the_partner_as_well(void **state)
{
	struct world *w = *state;

	done(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "a", MODE, 1),
		MEMBER(0, "a", CHANGESTATE, PARTNER_DOWN)));
	/* The states are each server's own. */
	assert_string_equal(world_calls(w, 0),
	    "begin\nget a\nset a 0x15\ncommit\n");
	assert_string_equal(world_calls(w, 1),
	    "begin\nget a\nset a 0x11\ncommit\n");
	assert_int_equal(world_row(w, 1, "a")->rel.Mclt, 60);
	assert_int_equal(world_row(w, 1, "a")->rel.State, NORMAL);
	done(w, ASKS(MEMBER(0, "a", PREVSTATE, NORMAL)));
	assert_string_equal(world_calls(w, 1), "");
	assert_all_is_true(w);
}

static void
both__a_row_that_comes_and_goes__does_so_on_both(void **state)
{
	struct world *w = *state;
	const char *calls;

	done(w, ASKS(CREATE(0, "new", 50)));
	assert_int_equal(world_row(w, 0, "new")->rel.ServerType, PrimaryServer);
	assert_int_equal(world_row(w, 1, "new")->rel.ServerType,
	    SecondaryServer);
	done(w, ASKS(SCOPE(0, "a", 51, CHANGE_CREATE)));
	assert_int_equal(world_row(w, 1, "a")->nscopes, 3);
	assert_all_is_true(w);
	/* The partner may be ahead. */
	world_server(w, 0)->conf.apply_to_both = false;
	done(w,
	    ASKS(SCOPE(1, "a", 51, CHANGE_DESTROY),
		SCOPE(1, "a", 52, CHANGE_CREATE)));
	world_server(w, 0)->conf.apply_to_both = true;
	world_calls(w, 1);
	done(w,
	    ASKS(SCOPE(0, "a", 51, CHANGE_DESTROY),
		SCOPE(0, "a", 52, CHANGE_CREATE)));
	calls = world_calls(w, 1);
	assert_null(strstr(calls, "delete"));
	assert_null(strstr(calls, "add"));
	done(w, ASKS(ROW(0, "new", CHANGE_DESTROY)));
	assert_null(world_row(w, 0, "new"));
	assert_null(world_row(w, 1, "new"));
	assert_all_is_true(w);
}

static void
both__what_was_asked_of_the_partner_itself__is_left_alone(void **state)
{
	struct world *w = *state;

	done(w, ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", SAFEPERIOD, 7)));
	assert_string_equal(world_calls(w, 1),
	    "begin\nget a\nset a 0x02\ncommit\n");
	/* And what goes to the partner does not come back. */
	done(w, ASKS(MEMBER(1, "b", MCLT, 60)));
	assert_int_equal(world_row(w, 0, "b")->rel.Mclt, 3600);
	assert_all_is_true(w);
}

static void
both__a_row_that_the_partner_has_not__is_changed_on_one(void **state)
{
	struct world *w = *state;

	done(w, ASKS(ROW(1, "b", CHANGE_DESTROY)));
	world_calls(w, 1);
	done(w, ASKS(MEMBER(0, "b", MCLT, 60)));
	assert_string_equal(world_calls(w, 1), "");
	done(w, ASKS(ROW(0, "b", CHANGE_DESTROY)));
	assert_string_equal(world_calls(w, 1), "");
	assert_all_is_true(w);
}

/* Names are unique on a server only: that one may be with a third server. */
static void
both__another_one_of_that_name_on_the_partner__is_left_alone(void **state)
{
	struct world *w = *state;
	struct wanted other;

	world_have(w, 0, "c", 8, 1);
	want(&other, "c", 9, 1);
	other.rel.SecondaryServer = NET(192, 0, 2, 3);
	assert_error(failover_server_create(w->at[1].local.server, &other.rel),
	    ERROR_SUCCESS);
	world_poll(w);
	world_calls(w, 1);
	done(w, ASKS(MEMBER(0, "c", MCLT, 60)));
	done(w, ASKS(ROW(0, "c", CHANGE_DESTROY)));
	/* Where there is none, nobody can tell that it is not another. */
	done(w, ASKS(ROW(0, "c", CHANGE_DESTROY)));
	assert_string_equal(world_calls(w, 1), "");
	assert_int_equal(world_row(w, 1, "c")->rel.Mclt, 3600);
	assert_all_is_true(w);
}

static void
both__a_partner_that_refuses__undoes_the_first(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said;

	world_database(w, 0, &before);
	world_control(w, 1, "set 0 5 before\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "b", PREVSTATE, NORMAL), MEMBER(0, "a", MCLT, 60)),
	    &said));
	assert_said(&said, CHANGE_FAILED);
	assert_error(said.v.result, ERROR_ACCESS_DENIED);
	assert_int_equal(said.v.request, 1);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

static void
both__a_partner_that_may_not_be_written__is_told_by_check(void **state)
{
	struct world *w = *state;

	world_server(w, 1)->writable = SAFEPERIOD;
	assert_checked(w,
	    ASKS(MEMBER(0, "a", SAFEPERIOD, 60), MEMBER(0, "a", MCLT, 60)),
	    CHANGE_NOT_WRITABLE, 1);
	assert_checked(w, ASKS(MEMBER(0, "a", SAFEPERIOD, 60)), CHANGE_OK, 0);
}

/* Who may set nothing there may not change its scopes by way of the partner. */
static void
both__scopes_of_a_partner_that_may_not_be_written__are_refused(void **state)
{
	struct world *w = *state;

	world_server(w, 1)->writable = 0;
	world_server(w, 1)->creates = false;
	assert_checked(w, ASKS(SCOPE(0, "a", 51, CHANGE_CREATE)),
	    CHANGE_NOT_WRITABLE, 0);
	assert_checked(w, ASKS(SCOPE(0, "a", 1, CHANGE_DESTROY)),
	    CHANGE_NOT_WRITABLE, 0);
	assert_checked(w, ASKS(SCOPE(0, "a", 1, CHANGE_KEEP)), CHANGE_OK, 0);
}

/* Nobody knows yet whether it has the relationship. */
static void
both__a_partner_that_has_never_answered__is_waited_for(void **state)
{
	struct world *w = *state;

	snapshot_free(world_server(w, 1)->snapshot);
	world_server(w, 1)->snapshot = snapshot_new(NULL);
	world_server(w, 1)->listed = false;
	assert_checked(w, ASKS(MEMBER(0, "a", MCLT, 60)), CHANGE_BUSY, 0);
	assert_checked(w, ASKS(ROW(0, "a", CHANGE_DESTROY)), CHANGE_BUSY, 0);
	assert_checked(w, ASKS(MEMBER(0, "a", CHANGESTATE, PARTNER_DOWN)),
	    CHANGE_OK, 0);
}

/* ---------------------------------------------------------------- reloads */

/* Whoever has its place has its rows, and they wait for the same outcome. */
static void
reload__while_a_row_is_pending__lets_the_successor_tell_the_outcome(
    void **state)
{
	struct world *w = *state;
	struct change *change, *other;
	struct said said;
	int fd;

	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	change_expire(change);
	change_finish(change);
	world_replace(w, 0);
	assert_status(w, 0, "a", SET_STATUS_PENDING);
	/* What is done there now would be overtaken by it. */
	other = staged(w, ASKS(MEMBER(0, "a", MCLT, 61)));
	assert_int_equal(change_check(other).error, CHANGE_BUSY);
	change_finish(other);
	world_let_go(fd, "");
	world_drain(w);
	world_reap(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_int_equal(status(w, 0, "a")->set_calls, 1);
	assert_all_is_true(w);
}

static size_t
count_config_changes(const struct world *w)
{
	const struct event *event;
	uint64_t at = 0;
	size_t n = 0;

	for (; (event = event_log_from(w->roster->events, at)) != NULL;
	     at = (uint64_t)event->index + 1)
		n += event->kind == EVENT_CONFIG_CHANGE;
	return n;
}

static void
set_mclt_behind(struct world *w, DWORD mclt)
{
	struct wanted wanted;

	want(&wanted, "a", 1, 0);
	wanted.rel.Mclt = mclt;
	assert_error(failover_server_set(w->at[0].local.server, MCLT,
			 &wanted.rel),
	    ERROR_SUCCESS);
}

/* dhcpFoEventKind, configChange: "other than by a SET through this agent". */
static void
reload__while_a_row_is_set_or_undone__takes_it_for_nobody_elses(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;
	int fd;

	/* The successor lists it when it is done. */
	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	world_replace(w, 0);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_int_equal(count_config_changes(w), 0);

	/* And when it is not any more. */
	change_undo(change, hear, &said);
	world_drain(w);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_int_equal(count_config_changes(w), 0);
	change_finish(change);
	world_reap(w);

	/* Or before the call has returned. */
	change = in_state(w, CHANGE_RUNNING, &said, &fd);
	world_replace(w, 0);
	set_mclt_behind(w, 60);
	roster_poll(world_server(w, 0));
	while (world_server(w, 0)->poll != NULL)
		world_turn(w);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(count_config_changes(w), 0);
	change_finish(change);
	world_reap(w);

	/* What somebody else does then is seen all the same. */
	set_mclt_behind(w, 61);
	world_poll(w);
	assert_int_equal(count_config_changes(w), 1);
}

/* Rows that were there already are not created by it. */
static void
reload__while_a_row_is_created__makes_nothing_else_new(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said = { 0 };
	int fd;

	change = checked(w, ASKS(CREATE(0, "new", 50)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	world_replace(w, 0);
	world_let_go(fd, "");
	world_drain(w);
	change_finish(change);
	world_reap(w);
	assert_said(&said, CHANGE_OK);
	assert_int_equal(w->roster->events->n, 1);
	assert_string_equal(event_log_from(w->roster->events, 0)->relationship,
	    "new");
	assert_all_is_true(w);
}

static void
reload__while_a_row_gets_in_doubt__lets_the_successor_end_it(void **state)
{
	struct world *w = *state;
	struct said said;
	int fd;

	change_finish(in_state(w, CHANGE_RUNNING, &said, &fd));
	world_replace(w, 0);
	world_let_go(fd, "set 0 1726 after\nget 0 1722 before 2\n");
	world_drain(w);
	world_reap(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_all_is_true(w);
}

/* The successor had listed before the call, and was not yet done with it. */
static void
reload__while_the_successor_lists__does_not_end_a_doubt_by_that(void **state)
{
	struct world *w = *state;
	int call, list, time_of_day;
	struct change *change;
	struct said said;

	change = in_state(w, CHANGE_RUNNING, &said, &call);
	world_trap(w, 0);
	world_replace(w, 0);
	roster_poll(world_server(w, 0));
	list = world_catch(w, 0);
	world_trap(w, 0);
	world_let_go(list, "");
	time_of_day = world_catch(w, 0);

	world_control(w, 0, "set 0 1726 after\nget 0 1722 before\n");
	world_let_go(call, "");
	while (said.times == 0)
		world_turn(w);
	assert_said(&said, CHANGE_UNDO_FAILED);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	change_finish(change);

	world_control(w, 0, NULL);
	world_let_go(time_of_day, "");
	world_drain(w);
	world_reap(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
	assert_all_is_true(w);
}

/* Its rows are gone, and nobody is told of them. */
static void
reload__without_a_server_that_works__lets_it_end(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;
	struct conf *conf;
	int fd;

	change = checked(w, ASKS(MEMBER(1, "a", MCLT, 60)));
	memset(&said, 0, sizeof(said));
	world_trap(w, 1);
	change_commit(change, hear, &said);
	fd = world_catch(w, 1);
	conf = world_read_again(w, 1);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	world_let_go(fd, "");
	world_drain(w);
	change_finish(change);
	world_reap(w);
	assert_said(&said, CHANGE_OK);
}

/* Or nobody would ever hear of a SET that was told pending. */
static void
reload__without_a_server_that_does_not_answer__is_an_event(void **state)
{
	struct world *w = *state;
	const struct event *event;
	struct change *change;
	struct said said;
	struct conf *conf;
	int fd;

	change = checked(w, ASKS(MEMBER(1, "a", MCLT, 60)));
	memset(&said, 0, sizeof(said));
	world_trap(w, 1);
	change_commit(change, hear, &said);
	fd = world_catch(w, 1);
	change_expire(change);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	conf = world_read_again(w, 1);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
	world_control(w, 1, "set 0 1726 after\nget 0 1722 before\n");
	world_let_go(fd, "");
	world_drain(w);
	world_reap(w);
	event = event_log_from(w->roster->events, w->roster->events->last);
	assert_non_null(event);
	assert_int_equal(event->kind, EVENT_SET_FAILED);
	assert_string_equal(event->relationship, "a");
	assert_int_equal(event->flags, MCLT);
	assert_non_null(strstr(event->text, "in doubt"));
}

/* ---------------------------------------------------------------- statuses */

/* dhcpFoRelLastSetResult: "995: given up because something else failed". */
static void
failure__of_another_row__is_995_in_the_row_that_was_undone(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0, "set 0 5 before 0 b\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60)), &said));
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_error(status(w, 0, "a")->last_set_result,
	    ERROR_OPERATION_ABORTED);
	assert_error(status(w, 0, "b")->last_set_result, ERROR_ACCESS_DENIED);
}

/* Each of them was called, so each is told what became of it. */
static void
failure__of_the_commit__is_told_in_every_row(void **state)
{
	struct world *w = *state;
	struct world_text before;
	struct said said;

	world_database(w, 0, &before);
	world_control(w, 0, "commit 0 112 before\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_error(said.v.result, ERROR_DISK_FULL);
	assert_int_equal(said.v.request, 0);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_status(w, 0, "b", SET_STATUS_UNDONE);
	assert_int_equal(status(w, 0, "b")->set_calls, 1);
	assert_same_database(w, 0, &before);
	assert_all_is_true(w);
}

static void
failure__of_the_commit__is_told_in_a_row_of_several_calls(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0, "commit 0 112 before\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), SCOPE(0, "a", 9, CHANGE_CREATE)),
	    &said));
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_error(status(w, 0, "a")->last_set_result, ERROR_DISK_FULL);
	assert_all_is_true(w);
}

/* Expired while server 0 works; then ${rules}.  Returns what is left of it. */
static void
expired(struct world *w, const char *rules)
{
	struct change *change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60),
		MEMBER(1, "a", MCLT, 60)));
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	assert_said(&said, CHANGE_OK);
	assert_status(w, 0, "b", SET_STATUS_PENDING);
	assert_status(w, 1, "a", SET_STATUS_PENDING);
	change_finish(change);
	world_control(w, 0, rules);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_all_is_true(w);
}

static void
expire__and_the_commit_fails__leaves_no_row_pending(void **state)
{
	struct world *w = *state;

	expired(w, "commit 0 112 before\n");
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_status(w, 0, "b", SET_STATUS_UNDONE);
	assert_status(w, 1, "a", SET_STATUS_FAILED);
}

static void
expire__and_the_first_row_fails__fails_those_that_were_not_called(void **state)
{
	struct world *w = *state;

	expired(w, "set 0 5 before 0 a\n");
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_error(status(w, 0, "a")->last_set_result, ERROR_ACCESS_DENIED);
	assert_status(w, 0, "b", SET_STATUS_FAILED);
	assert_error(status(w, 0, "b")->last_set_result,
	    ERROR_OPERATION_ABORTED);
	assert_status(w, 1, "a", SET_STATUS_FAILED);
	assert_string_equal(world_calls(w, 1), "");
}

/* How many events tell that a SET of ${name} at ${server} failed? */
static unsigned int
failures_told(struct world *w, const char *server, const char *name)
{
	const struct event *event = event_log_from(w->roster->events, 0);
	unsigned int n = 0;

	for (; event != NULL;
	     event = event_log_from(w->roster->events, event->index + 1ull))
		n += event->kind == EVENT_SET_FAILED &&
		    strcmp(event->server, server) == 0 &&
		    strcmp(event->relationship, name) == 0;
	return n;
}

/* A manager waits for it, and a creation has no row that could tell. */
static void
expire__and_the_first_row_fails__tells_of_all_that_were_pending(void **state)
{
	struct world *w = *state;
	struct change *change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(0, "b", MCLT, 60),
		CREATE(1, "new", 9)));
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	change_finish(change);
	world_control(w, 0, "set 0 5 before 0 a\n");
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(failures_told(w, world_server(w, 0)->name, "a"), 1);
	assert_int_equal(failures_told(w, world_server(w, 0)->name, "b"), 1);
	assert_int_equal(failures_told(w, world_server(w, 1)->name, "new"), 1);
	assert_string_equal(world_calls(w, 1), "");
}

/* What was not called of a row does not hide why it failed. */
static void
expire__and_the_first_call_of_a_row_fails__tells_why_in_it(void **state)
{
	struct world *w = *state;
	struct change *change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), SCOPE(0, "a", 9, CHANGE_CREATE)));
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	change_finish(change);
	world_control(w, 0, "set 0 5 before 0 a\n");
	world_let_go(fd, "");
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_FAILED);
	assert_error(status(w, 0, "a")->last_set_result, ERROR_ACCESS_DENIED);
	assert_all_is_true(w);
}

static void
undo__after_the_deadline__leaves_no_row_pending(void **state)
{
	struct change *change;
	struct world *w = *state;
	struct said said = { 0 };
	int fd;

	change = checked(w,
	    ASKS(MEMBER(0, "a", MCLT, 60), MEMBER(1, "a", MCLT, 60)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	memset(&said, 0, sizeof(said));
	change_undo(change, hear, &said);
	assert_int_equal(said.times, 0);
	world_let_go(fd, "");
	world_drain(w);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_status(w, 1, "a", SET_STATUS_FAILED);
	assert_int_equal(failures_told(w, world_server(w, 1)->name, "a"), 1);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_all_is_true(w);
}

/*
 * The undo was done, and its answer got lost: the old value is read then.  "0:
 * it succeeded, or there was none" does not go with failed(4).
 */
static void
undo__whose_answer_got_lost__does_not_end_as_failed_with_success(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;

	change = committed(w, ASKS(MEMBER(0, "a", MCLT, 60)), &said);
	world_control(w, 0, "set 0 1722 after 1\n");
	undone(w, change, &said);
	change_finish(change);
	world_control(w, 0, NULL);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_in_set(status(w, 0, "a")->set_status,
	    ((const LargestIntegralType[]){ SET_STATUS_FAILED,
		SET_STATUS_UNDONE }),
	    2);
	assert_int_not_equal(status(w, 0, "a")->last_set_result, ERROR_SUCCESS);
}

/* What others did in the meantime is not taken back. */
static void
undo__of_a_set__leaves_other_members_as_they_are_by_then(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct wanted wanted;
	struct said said;

	change = committed(w, ASKS(MEMBER(0, "a", MCLT, 60)), &said);
	want(&wanted, "a", 1, 0);
	wanted.rel.State = PARTNER_DOWN;
	assert_error(failover_server_set(w->at[0].local.server, CHANGESTATE,
			 &wanted.rel),
	    ERROR_SUCCESS);
	undone(w, change, &said);
	change_finish(change);
	world_poll(w);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	assert_int_equal(world_row(w, 0, "a")->rel.State, PARTNER_DOWN);
	assert_all_is_true(w);
}

/* It came between two calls: nobody knows how it was, but it is not ours. */
static void
undo__of_what_was_not_there_before__deletes_only_what_was_created(void **state)
{
	const struct ask *const all[] = {
		ASKS(MEMBER(0, "a", MCLT, 60)),
		ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)),
	};
	struct world *w = *state;
	struct change *change;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		world_control(w, 0,
		    i == 0 ? "get 0 20115 before 1\n" :
			     "get 0 20115 before 1 a\n");
		change = committed(w, all[i], &said);
		assert_said(&said, CHANGE_OK);
		world_control(w, 0, NULL);
		undone(w, change, &said);
		change_finish(change);
		world_poll(w);
		assert_non_null(world_row(w, 0, "a"));
		assert_int_equal(world_row(w, 0, "a")->nscopes, 2);
		assert_all_is_true(w);
	}
}

/* A state least of all: who adds a scope does not say what state it is in. */
static void
undo__of_scopes__leaves_the_members_as_they_are_by_then(void **state)
{
	static const struct {
		enum change_presence presence;
		unsigned int net;
		FSM_STATE state;
	} all[] = {
		{ CHANGE_DESTROY, 1, NORMAL },
		{ CHANGE_CREATE, 9, PARTNER_DOWN },
	};
	struct world *w = *state;
	struct change *change;
	struct wanted wanted;
	struct said said;
	size_t i;

	want(&wanted, "a", 1, 0);
	for (i = 0; i < nitems(all); i++) {
		change = committed(w,
		    ASKS(SCOPE(0, "a", all[i].net, all[i].presence)), &said);
		wanted.rel.State = all[i].state;
		wanted.rel.Mclt = 100 + (DWORD)i;
		assert_error(failover_server_set(w->at[0].local.server,
				 CHANGESTATE | MCLT, &wanted.rel),
		    ERROR_SUCCESS);
		undone(w, change, &said);
		assert_said(&said, CHANGE_OK);
		change_finish(change);
		assert_int_equal(world_row(w, 0, "a")->nscopes, 2);
		assert_int_equal(world_row(w, 0, "a")->rel.State, all[i].state);
		assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 100 + i);
		assert_null(strstr(world_calls(w, 0), "set "));
		assert_all_is_true(w);
	}
}

/* Nor the scopes that others gave it. */
static void
undo__of_scopes__leaves_other_scopes_as_they_are_by_then(void **state)
{
	static const struct {
		enum change_presence presence;
		unsigned int net;
	} all[] = { { CHANGE_DESTROY, 1 }, { CHANGE_CREATE, 9 } };
	struct world *w = *state;
	struct change *change;
	struct wanted wanted;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		change = committed(w,
		    ASKS(SCOPE(0, "a", all[i].net, all[i].presence)), &said);
		want(&wanted, "a", 100 + (unsigned int)i, 1);
		assert_error(failover_server_add_scopes(w->at[0].local.server,
				 &wanted.rel),
		    ERROR_SUCCESS);
		undone(w, change, &said);
		assert_said(&said, CHANGE_OK);
		change_finish(change);
		world_poll(w);
		assert_int_equal(world_row(w, 0, "a")->nscopes, 3 + i);
		assert_all_is_true(w);
	}
}

/* ---------------------------------------------------------------- policy */

/*
 * dhcpFoWritePolicy: "a SET of a column whose flag is not allowed fails with
 * notWritable".  Else who may delete and create can set what he may not.
 */
static void
create__with_a_member_that_may_not_be_set__is_not_writable(void **state)
{
	struct world *w = *state;
	struct change_verdict v;
	struct change *change;

	world_server(w, 0)->writable = FAILOVER_SET_ALL & ~SHAREDSECRET;
	change = staged(w,
	    ASKS(CREATE(0, "new", 9), MEMBER(0, "new", MODE, 1),
		MEMBER(0, "new", SHAREDSECRET, 1)));
	v = change_check(change);
	change_finish(change);
	assert_int_equal(v.error, CHANGE_NOT_WRITABLE);
	assert_int_equal(v.request, 5);
}

/* A server that does not tell its secret. */
static struct failover_server_type discreet;
static struct failover_server_ops discreet_ops;
static const struct failover_server_ops *outspoken;

static enum dhcp_error
discreet_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	enum dhcp_error error = outspoken->get(server, name, rel);

	if (error == ERROR_SUCCESS)
		(*rel)->SharedSecret = NULL;
	return error;
}

/* A plain server with operations of our own, which ${change} puts in. */
static int
one_with(void **state, void change(struct failover_server_ops *))
{
	struct world *w = world_new(1, "");

	*state = w;
	discreet = *w->conf->servers[0].type;
	outspoken = discreet.ops;
	discreet_ops = *outspoken;
	discreet_ops.begin = NULL;
	discreet_ops.commit = NULL;
	discreet_ops.rollback = NULL;
	discreet_ops.restore = NULL;
	change(&discreet_ops);
	discreet.ops = &discreet_ops;
	w->conf->servers[0].type = &discreet;
	world_have(w, 0, "a", 1, 1);
	world_start(w);
	world_poll(w);
	return 0;
}

static void
be_discreet(struct failover_server_ops *ops)
{
	ops->get = discreet_get;
}

static int
one_discreet(void **state)
{
	return one_with(state, be_discreet);
}

/* Better a new secret than none: without one anybody is believed. */
static void
undo__on_a_server_that_does_not_tell_its_secret__never_removes_it(void **state)
{
	struct world *w = *state;
	struct world_text text;
	struct change *change;
	struct said said;

	change = committed(w,
	    ASKS(MEMBER(0, "a", SHAREDSECRET, 7), MEMBER(0, "a", MCLT, 7)),
	    &said);
	assert_said(&said, CHANGE_OK);
	undone(w, change, &said);
	assert_said(&said, CHANGE_UNDO_FAILED);
	change_finish(change);
	world_poll(w);
	world_database(w, 0, &text);
	assert_null(strstr(text.secrets, "a -\n"));
	assert_true(world_row(w, 0, "a")->authenticated);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	/* "Not done" would be said of a secret that is there. */
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
}

/* As Kea after a change: nobody may set anything until it has settled. */
static bool settling;

static enum dhcp_error
settling_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (settling)
		return ERROR_DHCP_FO_STATE_NOT_NORMAL;
	settling = true;
	return outspoken->set(server, flags, rel);
}

static void
be_settling(struct failover_server_ops *ops)
{
	settling = false;
	ops->set = settling_set;
	ops->set_back = outspoken->set;
}

static int
one_settling(void **state)
{
	return one_with(state, be_settling);
}

static void
undo__of_a_set__goes_the_way_back_that_the_type_has(void **state)
{
	struct world *w = *state;
	struct change *change;
	struct said said;

	change = committed(w, ASKS(MEMBER(0, "a", SAFEPERIOD, 7)), &said);
	assert_said(&said, CHANGE_OK);
	undone(w, change, &said);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	assert_status(w, 0, "a", SET_STATUS_UNDONE);
	assert_all_is_true(w);
}

/* Who says that it was set, or was not, may lie: nobody can know. */
static void
doubt__about_a_secret_that_is_not_told__lasts(void **state)
{
	static const char *const rules[] = { "set 0 1726 before\n",
		"set 0 1726 after\n",
		"set 0 1726 before\nget 0 1722 before 2\n" };
	struct world *w = *state;
	struct said said;
	size_t i;

	for (i = 0; i < nitems(rules); i++) {
		world_control(w, 0, rules[i]);
		change_finish(committed(w,
		    ASKS(MEMBER(0, "a", SHAREDSECRET, 7 + (unsigned int)i)),
		    &said));
		assert_said(&said, CHANGE_UNDO_FAILED);
		world_control(w, 0, NULL);
		world_poll(w);
		assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
		assert_int_equal(status(w, 0, "a")->last_set_result,
		    RPC_S_CALL_FAILED);
	}
	/* What is set with it tells. */
	world_control(w, 0, "set 0 1726 after\n");
	done(w, ASKS(MEMBER(0, "a", SHAREDSECRET, 8), MEMBER(0, "a", MCLT, 8)));
	world_control(w, 0, "set 0 1726 after\nget 00 1722 before 2\n");
	change_finish(committed(w,
	    ASKS(MEMBER(0, "a", SHAREDSECRET, 9), MEMBER(0, "a", MCLT, 9)),
	    &said));
	assert_said(&said, CHANGE_UNDO_FAILED);
	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_SUCCEEDED);
}

/* "The outcome of what was pending is told by an event." */
static void
doubt__about_a_secret__is_an_event(void **state)
{
	struct world *w = *state;
	const struct event *event;
	struct change *change;
	struct said said;
	int fd;

	memset(&said, 0, sizeof(said));
	change = checked(w, ASKS(MEMBER(0, "a", SHAREDSECRET, 7)));
	world_trap(w, 0);
	change_commit(change, hear, &said);
	fd = world_catch(w, 0);
	change_expire(change);
	assert_said(&said, CHANGE_OK);
	change_finish(change);
	world_control(w, 0, "set 0 1726 before\n");
	world_let_go(fd, "");
	world_drain(w);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	assert_int_equal(w->roster->events->n, 1);
	event = event_log_from(w->roster->events, 0);
	assert_int_equal(event->kind, EVENT_SET_FAILED);
	assert_int_equal(event->flags, SHAREDSECRET);
	assert_int_equal(event->result, RPC_S_CALL_FAILED);
	assert_non_null(strstr(event->text, "stays in doubt"));
	world_poll(w);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	assert_int_equal(w->roster->events->n, 1);
}

/* What is found of the one before says nothing about the last SET. */
static void
doubt__about_a_secret__is_not_ended_by_an_earlier_doubt(void **state)
{
	struct world *w = *state;

	world_control(w, 0,
	    "set 0 1726 after\nget 0 1722 before 2\nlist 0 1722 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", MCLT, 60)));
	world_control(w, 0,
	    "set 0 1726 before\nget 00 1722 before 2\nlist 0 1722 before\n");
	left_in_doubt(w, ASKS(MEMBER(0, "a", SHAREDSECRET, 7)));

	world_control(w, 0, NULL);
	world_poll(w);
	assert_status(w, 0, "a", SET_STATUS_IN_DOUBT);
	assert_int_equal(status(w, 0, "a")->last_set_flags, SHAREDSECRET);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
}

/* ---- what the table of change.h has no entry for is the caller's mistake */

#ifndef NDEBUG
static bool
aborts(void (*fn)(struct change *), struct change *change)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t child;

	/* Not all files: a worker may hold one. */
	fflush(stdout);
	if ((child = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		close(STDERR_FILENO);
		fn(change);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
try_check(struct change *change)
{
	change_check(change);
}

static void
try_commit(struct change *change)
{
	change_commit(change, NULL, NULL);
}

static void
check_or_commit__in_a_state_that_has_none__is_caught(void **state)
{
	struct world *w = *state;
	enum change_state each;
	struct change *change;
	struct said said;
	int fd;

	for (each = CHANGE_STAGED; each <= CHANGE_REFUSED; each++) {
		change = in_state(w, each, &said, &fd);
		if (each != CHANGE_STAGED)
			assert_true(aborts(try_check, change));
		if (each != CHANGE_CHECKED)
			assert_true(aborts(try_commit, change));
		if (fd >= 0)
			world_let_go(fd, "");
		world_drain(w);
		change_finish(change);
	}
}
#endif

#define WITH(before, name) \
	cmocka_unit_test_setup_teardown(name, before, world_end)
/* On servers that make several changes as one, and on those that do not. */
#define WITH_ALL(before, name)                                                \
	WITH(before, name),                                                   \
	{                                                                     \
#name ", plain server", name, before##_plain, world_end, NULL \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(one, check__of_what_is_staged__makes_it_checked),
		WITH(one, check__that_refuses__leaves_it_staged),
		WITH(one, commit__of_what_is_checked__runs_and_does_not_wait),
		WITH(one, commit__of_nothing__answers_at_once),
		WITH(one, finish__in_each_state__leaks_nothing),
		WITH(one, finish__while_it_runs__lets_the_row_tell_the_outcome),
		WITH(one, expire__before_and_after_it_runs__does_nothing),
		WITH(one,
		    expire__while_the_call_runs__answers_ok_and_marks_pending),
		WITH_ALL(one,
		    expire__and_the_call_fails__tells_it_by_the_rows_status),
		WITH_ALL(two,
		    expire__and_the_second_server_fails__undoes_the_first_late),
		WITH(two,
		    expire__and_the_program_ends__says_which_rows_to_read),
		WITH(one,
		    expire__while_the_server_is_busy__takes_the_call_back_and_says_so),
		WITH_ALL(two,
		    expire__while_the_second_server_is_busy__undoes_the_first),
		WITH(one, expire__while_it_is_undone__says_that_undoing_failed),
		WITH(one,
		    expire__of_an_undo_behind_a_call__says_that_undoing_failed),
		WITH(one, undo__of_what_was_not_committed__answers_at_once),
		WITH_ALL(one, undo__of_what_was_applied__restores_it),
		WITH(one, undo__while_the_call_runs__waits_for_it_and_restores),
		WITH(one, undo__while_a_call_runs_that_fails__is_a_success),
		WITH_ALL(two,
		    undo__while_the_first_of_two_servers_works__spares_the_second),
		WITH(one, undo__while_it_is_undone__answers_the_last_who_asks),
		WITH(one,
		    undo__that_fails__says_so_and_lets_the_next_listing_tell),
		WITH(one_plain,
		    undo__that_fails_for_one_row__tells_the_other_as_undone),
		WITH_ALL(one, undo__of_each_kind_of_call__restores_everything),
		WITH(one, end_all__while_changes_wait__frees_them),
		WITH(one,
		    requests__in_whatever_order__are_one_call_for_each_row),
		WITH(one, requests__for_scopes_of_a_row__are_one_call_for_all),
		WITH_ALL(one,
		    requests__that_share_no_scope__are_done_in_their_order),
		WITH(two,
		    requests__for_two_servers__are_done_one_after_the_other),
		WITH(one,
		    member__asked_for_twice__conflicts_unless_it_is_the_same),
		WITH(one,
		    presence__asked_for_twice__conflicts_unless_it_is_the_same),
		WITH(one, check__of_each_cause__blames_the_request_that_it_is),
		WITH(one,
		    check__of_what_the_server_does_not_take__blames_the_first),
		WITH(one,
		    check__of_a_key_that_is_no_name__says_that_it_cannot_be_created),
		WITH(one, check__of_a_row_that_is_being_changed__says_busy),
		WITH(one, create__of_the_least__takes_what_is_usual),
		WITH_ALL(one,
		    create__of_everything__keeps_all_that_was_asked_for),
		WITH(one,
		    destroy__of_what_is_not_there__is_done_without_a_call),
		WITH_ALL(one, set__of_the_same_values_again__is_harmless),
		WITH_ALL(one, failure__of_a_later_row__undoes_the_earlier_ones),
		WITH_ALL(two, failure__on_the_second_server__undoes_the_first),
		WITH(three,
		    failure__on_the_third_server__undoes_the_others_in_reverse),
		WITH(two, failure__whose_undo_fails__leaves_the_row_in_doubt),
		WITH(one_plain,
		    failure__on_a_plain_server_that_cannot_go_back__is_told),
		WITH_ALL(two,
		    failure__of_the_nth_operation__leaves_all_as_it_was),
		WITH_ALL(one, doubt__about_a_call_that_was_done__is_a_success),
		WITH(one, doubt__about_a_call_that_was_not_done__is_a_failure),
		WITH(one, doubt__about_a_secret_that_was_not_set__is_a_failure),
		WITH(one_plain,
		    doubt__about_a_call_that_is_not_done__lasts_until_it_stays_so),
		WITH(one_plain,
		    doubt__about_a_call_that_is_not_done__outlasts_another_change),
		WITH(one_plain,
		    doubt__about_a_call_that_is_done_late__is_a_success),
		WITH(one_plain, doubt__about_a_state_that_has_moved_on__stays),
		WITH(one_plain, doubt__about_an_undo__lasts_until_it_stays_so),
		WITH(one_plain, doubt__about_two_rows__is_listed_for_once),
		WITH(one_plain,
		    doubt__about_a_call_that_took_long__is_not_ended_by_polls_in_a_row),
		WITH(one_plain,
		    doubt__about_a_creation__does_not_take_anothers_for_ours),
		WITH(one_plain,
		    doubt__that_cannot_be_ended__lasts_until_the_next_listing),
		WITH(one_plain,
		    doubt__that_the_listing_ends_in_a_failure__is_one),
		WITH_ALL(one,
		    failure__of_scopes_alone__is_told_without_the_flags_of_an_earlier_set),
		WITH(one_plain,
		    failure__of_scopes_alone__ends_when_scopes_succeed),
		WITH(one_plain, doubt__that_ends__is_timed),
		WITH(one_plain,
		    doubt__and_a_change_that_does_not_reach_the_server__lasts),
		WITH(one_plain, doubt__and_a_change_that_was_pending__lasts),
		WITH(two_plain,
		    doubt__of_a_row_that_is_pending__is_not_ended_by_a_listing),
		WITH(one_plain,
		    doubt__about_members__is_not_ended_by_scopes_that_fail),
		WITH(one_plain,
		    doubt__about_scopes__is_not_ended_by_an_earlier_one),
		WITH(one_plain, doubt__about_scopes__ends_when_scopes_succeed),
		WITH(one_plain, doubt__that_a_later_set_ends__is_owned_up_to),
		WITH(one_plain,
		    doubt__that_a_later_set_ends__is_not_told_as_failed),
		WITH(one_plain,
		    doubt__that_cannot_be_ended__is_told_as_undo_failed),
		WITH(one_plain, doubt__about_rows_and_scopes__is_an_event),
		WITH(one_plain,
		    doubt__about_scopes_or_a_deletion__ends_as_it_is_found),
		WITH(pair,
		    both__a_change_of_one__is_made_on_the_partner_as_well),
		WITH(pair, both__a_row_that_comes_and_goes__does_so_on_both),
		WITH(pair,
		    both__what_was_asked_of_the_partner_itself__is_left_alone),
		WITH(pair,
		    both__a_row_that_the_partner_has_not__is_changed_on_one),
		WITH(pair,
		    both__another_one_of_that_name_on_the_partner__is_left_alone),
		WITH(pair, both__a_partner_that_refuses__undoes_the_first),
		WITH(pair,
		    both__a_partner_that_may_not_be_written__is_told_by_check),
		WITH(pair,
		    both__scopes_of_a_partner_that_may_not_be_written__are_refused),
		WITH(pair,
		    both__a_partner_that_has_never_answered__is_waited_for),
		WITH_ALL(one,
		    reload__while_a_row_is_pending__lets_the_successor_tell_the_outcome),
		WITH_ALL(one,
		    reload__while_a_row_is_set_or_undone__takes_it_for_nobody_elses),
		WITH_ALL(one,
		    reload__while_a_row_is_created__makes_nothing_else_new),
		WITH_ALL(one,
		    reload__while_a_row_gets_in_doubt__lets_the_successor_end_it),
		WITH(one_plain,
		    reload__while_the_successor_lists__does_not_end_a_doubt_by_that),
		WITH_ALL(two, reload__without_a_server_that_works__lets_it_end),
		WITH(two_plain,
		    reload__without_a_server_that_does_not_answer__is_an_event),
		WITH_ALL(one,
		    failure__of_another_row__is_995_in_the_row_that_was_undone),
		WITH(one, failure__of_the_commit__is_told_in_every_row),
		WITH(one,
		    failure__of_the_commit__is_told_in_a_row_of_several_calls),
		WITH(two, expire__and_the_commit_fails__leaves_no_row_pending),
		WITH_ALL(two,
		    expire__and_the_first_row_fails__fails_those_that_were_not_called),
		WITH_ALL(two,
		    expire__and_the_first_row_fails__tells_of_all_that_were_pending),
		WITH_ALL(one,
		    expire__and_the_first_call_of_a_row_fails__tells_why_in_it),
		WITH_ALL(two, undo__after_the_deadline__leaves_no_row_pending),
		WITH(one_plain,
		    undo__whose_answer_got_lost__does_not_end_as_failed_with_success),
		WITH_ALL(one,
		    undo__of_a_set__leaves_other_members_as_they_are_by_then),
		WITH_ALL(one,
		    undo__of_what_was_not_there_before__deletes_only_what_was_created),
		WITH_ALL(one,
		    undo__of_scopes__leaves_the_members_as_they_are_by_then),
		WITH_ALL(one,
		    undo__of_scopes__leaves_other_scopes_as_they_are_by_then),
		WITH(one,
		    create__with_a_member_that_may_not_be_set__is_not_writable),
		WITH(one_discreet,
		    undo__on_a_server_that_does_not_tell_its_secret__never_removes_it),
		WITH(one_discreet,
		    doubt__about_a_secret_that_is_not_told__lasts),
		WITH(one_discreet, doubt__about_a_secret__is_an_event),
		WITH(one_discreet,
		    doubt__about_a_secret__is_not_ended_by_an_earlier_doubt),
		WITH(one_settling,
		    undo__of_a_set__goes_the_way_back_that_the_type_has),
#ifndef NDEBUG
		WITH(one, check_or_commit__in_a_state_that_has_none__is_caught),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
