/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define QUEUE_MAX 256 /* as in log.c */
#define THREADS 4
#define LINES_EACH 40

/* What reached the sink, and how often we were woken. */
static char lines[2 * QUEUE_MAX][1100];
static enum log_level levels[2 * QUEUE_MAX];
static unsigned int n_lines, n_wakes;
static pthread_t sink_thread;

static void
sink(enum log_level level, const char *line)
{
	assert_true(pthread_equal(sink_thread, pthread_self()));
	assert_true(n_lines < 2 * QUEUE_MAX);
	levels[n_lines] = level;
	snprintf(lines[n_lines++], sizeof(lines[0]), "%s", line);
}

/* At most one thread at a time is in here: see the tests. */
static void
wake(void)
{
	n_wakes++;
}

static int
set_up(void **state)
{
	(void)state;
	n_lines = n_wakes = 0;
	sink_thread = pthread_self();
	log_open(sink, wake);
	log_level_set(LOG_LEVEL_INFO);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_flush();
	log_open(NULL, NULL);
	return 0;
}

/* Run ${start} in another thread, to its end. */
static void
elsewhere(void *(*start)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, start, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *
log_numbers(void *arg)
{
	unsigned int n = *(unsigned int *)arg;

	for (unsigned int i = 0; i < n; i++)
		log_info("line %u", i);
	return NULL;
}

static void
log__by_the_owner__reaches_the_sink_at_once(void **state)
{
	(void)state;
	log_warning("%s is %d", "it", 7);
	assert_int_equal(n_lines, 1);
	assert_string_equal(lines[0], "it is 7");
	assert_int_equal(levels[0], LOG_LEVEL_WARNING);
	assert_int_equal(n_wakes, 0);
}

static void
log__by_another_thread__waits_for_the_owner(void **state)
{
	unsigned int n = 3;

	(void)state;
	elsewhere(log_numbers, &n);
	assert_int_equal(n_lines, 0);
	log_flush();
	assert_int_equal(n_lines, 3);
	assert_string_equal(lines[0], "line 0");
	assert_string_equal(lines[2], "line 2");
	assert_int_equal(levels[0], LOG_LEVEL_INFO);
	log_flush();
	assert_int_equal(n_lines, 3);
}

static void
log__by_another_thread__wakes_the_owner_once_until_it_flushes(void **state)
{
	unsigned int n = 3;

	(void)state;
	elsewhere(log_numbers, &n);
	assert_int_equal(n_wakes, 1);
	log_flush();
	elsewhere(log_numbers, &n);
	assert_int_equal(n_wakes, 2);
}

static void
log__without_a_wake_function__still_waits(void **state)
{
	unsigned int n = 1;

	(void)state;
	log_open(sink, NULL);
	elsewhere(log_numbers, &n);
	log_flush();
	assert_int_equal(n_lines, 1);
}

static void
log__of_more_lines_than_fit__says_how_many_were_dropped(void **state)
{
	unsigned int n = QUEUE_MAX + 44;

	(void)state;
	elsewhere(log_numbers, &n);
	log_flush();
	assert_int_equal(n_lines, QUEUE_MAX + 1);
	assert_string_equal(lines[QUEUE_MAX - 1], "line 255");
	assert_string_equal(lines[QUEUE_MAX], "44 log lines were dropped");
	assert_int_equal(levels[QUEUE_MAX], LOG_LEVEL_WARNING);

	n = 1;
	elsewhere(log_numbers, &n);
	log_flush();
	assert_int_equal(n_lines, QUEUE_MAX + 2);
}

static void
log__of_one_line_too_many__says_that_one_was_dropped(void **state)
{
	unsigned int n = QUEUE_MAX + 1;

	(void)state;
	elsewhere(log_numbers, &n);
	log_flush();
	assert_string_equal(lines[QUEUE_MAX], "1 log line was dropped");
}

static void
log__by_several_threads_at_once__loses_nothing(void **state)
{
	pthread_t threads[THREADS];
	unsigned int n = LINES_EACH;

	(void)state;
	log_open(sink, NULL); /* wake() is for one thread */
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_numbers,
				     &n),
		    0);
	for (int i = 0; i < 100; i++)
		log_flush();
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	log_flush();
	assert_int_equal(n_lines, THREADS * LINES_EACH);
}

static void
log_open__with_lines_waiting__gives_them_to_the_old_sink(void **state)
{
	unsigned int n = 2;

	(void)state;
	elsewhere(log_numbers, &n);
	log_open(NULL, NULL);
	assert_int_equal(n_lines, 2);
}

static void
log__above_the_level__is_dropped(void **state)
{
	(void)state;
	log_debug("no");
	assert_int_equal(n_lines, 0);
	log_level_set(LOG_LEVEL_DEBUG);
	log_debug("yes");
	assert_int_equal(n_lines, 1);
	log_level_set(LOG_LEVEL_ERR);
	log_warning("no");
	log_err("yes");
	assert_int_equal(n_lines, 2);
}

static void
log__at_each_level__tells_the_sink(void **state)
{
	static const enum log_level order[] = { LOG_LEVEL_ERR,
		LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO,
		LOG_LEVEL_DEBUG };

	(void)state;
	log_level_set(LOG_LEVEL_DEBUG);
	log_err("x");
	log_warning("x");
	log_notice("x");
	log_info("x");
	log_debug("x");
	assert_int_equal(n_lines, 5);
	assert_memory_equal(levels, order, sizeof(order));
}

static void
log__of_control_characters__shows_their_numbers(void **state)
{
	static const struct {
		const char *raw, *shown;
	} all[] = {
		{ "a\nb\r\t\x1b[2Jc", "a\\x0Ab\\x0D\\x09\\x1B[2Jc" },
		{ "\x7F", "\\x7F" },
		{ "\xC2\x9B", "\\xC2\\x9B" }, /* CSI, as one C1 character */
		{ "Z\xC3\xBCrich \xF0\x9F\x98\x80",
		    "Z\xC3\xBCrich \xF0\x9F\x98\x80" },
		{ "Z\xFCrich", "Z\\xFCrich" },
		{ "\xED\xA0\x80", "\\xED\\xA0\\x80" },
		{ "\xE2\x82", "\\xE2\\x82" },
		{ "100% \\", "100% \\" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		log_info("%s", all[i].raw);
		assert_string_equal(lines[i], all[i].shown);
	}
}

static void
log__of_a_long_line__is_cut_between_characters(void **state)
{
	static char raw[3001];

	(void)state;
	memset(raw, 'x', sizeof(raw) - 1);
	log_info("%s", raw);
	assert_int_equal(strlen(lines[0]), 1023);
	assert_string_equal(lines[0] + 1018, "xx...");

	/* With characters of two octets, and begun at an odd place. */
	for (size_t i = 0; i + 1 < sizeof(raw); i++)
		raw[i] = i % 2 == 0 ? (char)0xC3 : (char)0xBC;
	log_info("%s", raw);
	assert_string_equal(lines[1] + 1018, "\xC3\xBC...");
	log_info("x%s", raw);
	assert_string_equal(lines[2] + 1017, "\xC3\xBC...");

	/* With octets that become four. */
	memset(raw, '\n', sizeof(raw) - 1);
	log_info("%s", raw);
	assert_string_equal(lines[3] + 1016, "\\x0A...");
}

static void
log__of_a_line_that_just_fits__is_whole(void **state)
{
	char raw[1021];

	(void)state;
	memset(raw, 'x', sizeof(raw) - 1);
	raw[sizeof(raw) - 1] = '\0';
	log_info("%s", raw);
	assert_string_equal(lines[0], raw);
}

static void
log__of_anything__leaves_errno_alone(void **state)
{
	(void)state;
	errno = EPIPE;
	log_info("%s", "x");
	assert_int_equal(errno, EPIPE);
}

static void
log__without_a_sink__is_a_line_on_standard_error(void **state)
{
	char read_back[64] = "";
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	unsigned int n = 1;

	(void)state;
	assert_non_null(file);
	log_open(NULL, NULL);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	log_err("it\nfails");
	elsewhere(log_numbers, &n);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);

	rewind(file);
	assert_true(fread(read_back, 1, sizeof(read_back) - 1, file) > 0);
	assert_string_equal(read_back, "it\\x0Afails\nline 0\n");
	fclose(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		TEST(log__by_the_owner__reaches_the_sink_at_once),
		TEST(log__by_another_thread__waits_for_the_owner),
		TEST(log__by_another_thread__wakes_the_owner_once_until_it_flushes),
		TEST(log__without_a_wake_function__still_waits),
		TEST(log__of_more_lines_than_fit__says_how_many_were_dropped),
		TEST(log__of_one_line_too_many__says_that_one_was_dropped),
		TEST(log__by_several_threads_at_once__loses_nothing),
		TEST(log_open__with_lines_waiting__gives_them_to_the_old_sink),
		TEST(log__above_the_level__is_dropped),
		TEST(log__at_each_level__tells_the_sink),
		TEST(log__of_control_characters__shows_their_numbers),
		TEST(log__of_a_long_line__is_cut_between_characters),
		TEST(log__of_a_line_that_just_fits__is_whole),
		TEST(log__of_anything__leaves_errno_alone),
		TEST(log__without_a_sink__is_a_line_on_standard_error),
		/* clang-format on */
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
