/* SPDX-License-Identifier: BSD-2-Clause */
/* The helper is this program itself, with $TEST_HELPER saying what it does. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "failover.h"
#include "helper.h"

#include "stand_in.h"

/* Not /proc/self/exe, which is valgrind's where that runs. */
static const char *program;

static struct helper helper;
static struct helper_message message;
static struct helper_answer answer;

/* ---- the helper ---- */

static void
answer_with(const struct helper_message *question, enum dhcp_error error,
    uint32_t sequence)
{
	stand_in_answer(sequence, error, "said", question->body, question->n);
}

static int
be_helper(const char *what)
{
	struct helper_message question;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	if (sigismember(&blocked, SIGTERM))
		return 3; /* it must not inherit that */
	if (strcmp(what, "die") == 0)
		return 7;
	while (helper_receive(0, &question, 0) == HELPER_IO_DONE) {
		if (strcmp(what, "hang") == 0)
			pause();
		if (strcmp(what, "abort") == 0)
			abort();
		if (strcmp(what, "chatter") == 0)
			dprintf(0, "hello, this is no message");
		if (strcmp(what, "late") == 0)
			answer_with(&question, ERROR_SUCCESS,
			    question.sequence - 1);
		answer_with(&question, ERROR_SUCCESS, question.sequence);
		free(question.body);
		if (strcmp(what, "once") == 0)
			return 0;
	}
	return 0;
}

/* ---- tests ---- */

static enum dhcp_error
ask(const char *what, unsigned int milliseconds)
{
	unsigned char body[] = { 1, 2, 3 };
	const struct helper_message question = { .kind = HELPER_CALL,
		.number = 90,
		.body = body,
		.n = sizeof(body) };
	enum dhcp_error error;

	setenv("TEST_HELPER", what, 1);
	error = helper_ask(&helper, &question, milliseconds, &message, &answer);
	if (error == ERROR_SUCCESS) {
		assert_int_equal(answer.error, ERROR_SUCCESS);
		assert_string_equal(answer.text, "said");
		assert_int_equal(answer.n, 3);
		assert_memory_equal(answer.results, body, 3);
		helper_forget(&message);
	}
	return error;
}

static int
setup(void **state)
{
	(void)state;
	helper_init(&helper, program);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	helper_end(&helper);
	assert_int_equal(helper.pid, 0);
	return 0;
}

static void
a_helper__answers_again_and_again(void **state)
{
	pid_t first;

	(void)state;
	assert_int_equal(ask("work", 5000), ERROR_SUCCESS);
	first = helper.pid;
	for (int i = 0; i < 20; i++)
		assert_int_equal(ask("work", 5000), ERROR_SUCCESS);
	assert_int_equal(helper.pid, first);
	helper_end(&helper);
	assert_int_equal(kill(first, 0), -1); /* reaped */
	assert_int_equal(ask("work", 5000), ERROR_SUCCESS);
}

static void
a_helper__does_not_inherit_blocked_signals(void **state)
{
	sigset_t all, before;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	assert_int_equal(ask("work", 5000), ERROR_SUCCESS);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void
a_helper_that_hangs__is_killed_at_the_deadline(void **state)
{
	uint64_t began = helper_clock();

	(void)state;
	assert_int_equal(ask("hang", 200), ERROR_TIMEOUT);
	assert_in_range(helper_clock() - began, 200, 3000);
	assert_int_equal(helper.pid, 0);
	assert_non_null(strstr(helper.why, "signal 9"));
	/* The first of them is replaced at once. */
	assert_int_equal(ask("work", 5000), ERROR_SUCCESS);
	assert_int_equal(helper.failures, 0);
}

static void
a_helper_that_dies__is_told_from_one_that_hangs(void **state)
{
	(void)state;
	assert_int_equal(ask("abort", 5000), RPC_S_CALL_FAILED);
	assert_non_null(strstr(helper.why, "signal 6"));
}

static void
helpers_that_die_again_and_again__are_waited_for(void **state)
{
	enum dhcp_error error;

	(void)state;
	assert_int_equal(ask("abort", 5000), RPC_S_CALL_FAILED);
	assert_int_equal(ask("abort", 5000), RPC_S_CALL_FAILED);
	assert_int_equal(ask("work", 5000), RPC_S_SERVER_UNAVAILABLE);
	assert_non_null(strstr(helper.why, "died"));
	helper.not_before = 0; /* as if the time had passed */
	error = ask("work", 5000);
	assert_int_equal(error, ERROR_SUCCESS);
	assert_int_equal(helper.failures, 0);
}

static void
the_waiting__doubles_up_to_half_a_minute(void **state)
{
	static const unsigned int want[] = { 0, 0, 1, 2, 4, 8, 16, 30, 30 };

	(void)state;
	for (unsigned int i = 0; i < nitems(want); i++)
		assert_int_equal(helper_back_off(i), want[i]);
	assert_int_equal(helper_back_off(0xFFFFFFFF), 30);
}

static void
a_helper_that_died_between_questions__was_not_asked(void **state)
{
	struct pollfd end = { .events = POLLIN };

	(void)state;
	assert_int_equal(ask("once", 5000), ERROR_SUCCESS);
	end.fd = helper.fd;
	assert_int_equal(poll(&end, 1, 5000), 1);
	/* A new one is, at once. */
	assert_int_equal(ask("work", 5000), ERROR_SUCCESS);
}

static void
nonsense__is_no_answer(void **state)
{
	(void)state;
	assert_int_equal(ask("chatter", 5000), RPC_S_CALL_FAILED);
	assert_int_equal(helper.pid, 0);
	assert_int_equal(ask("late", 5000), RPC_S_CALL_FAILED);
	assert_non_null(strstr(helper.why, "understood"));
}

static void
a_program_that_is_not_there__is_not_supported(void **state)
{
	(void)state;
	helper_init(&helper, "/nonexistent/helper");
	assert_int_equal(ask("work", 5000), ERROR_NOT_SUPPORTED);
	assert_non_null(strstr(helper.why, "/nonexistent/helper"));
	helper_init(&helper, "/");
	assert_int_equal(ask("work", 5000), ERROR_NOT_SUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_helper__answers_again_and_again),
		TEST(a_helper__does_not_inherit_blocked_signals),
		TEST(a_helper_that_hangs__is_killed_at_the_deadline),
		TEST(a_helper_that_dies__is_told_from_one_that_hangs),
		TEST(helpers_that_die_again_and_again__are_waited_for),
		TEST(the_waiting__doubles_up_to_half_a_minute),
		TEST(a_helper_that_died_between_questions__was_not_asked),
		TEST(nonsense__is_no_answer),
		TEST(a_program_that_is_not_there__is_not_supported),
	};
	const char *what = getenv("TEST_HELPER");

	if (what != NULL && stand_in_is_asked())
		return be_helper(what);
	(void)argc;
	program = argv[0];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
