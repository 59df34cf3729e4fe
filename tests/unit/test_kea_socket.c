/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever the other side does, an exchange ends in time and says how. */
#include "fake_kea.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "kea_socket.h"

#define ASK "{\"command\":\"x\"}"

static struct fake *fake;
static struct kea_buffer answer;
static int error;
static int64_t took;

static const struct kea_limits quick = { 200, 300, 1000 };
static const struct kea_limits patient = { 10000, 20000, 1000 };

static int
set_up(void **state)
{
	(void)state;
	fake = fake_local();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	kea_buffer_free(&answer);
	fake_end(fake);
	return 0;
}

static enum kea_end
ask_at(const char *path)
{
	int64_t start = kea_now();
	enum kea_end end =
	    kea_socket_local(path, ASK, strlen(ASK), &quick, &answer, &error);

	took = kea_now() - start;
	return end;
}

static enum kea_end
ask(const char *text, enum fake_how how)
{
	fake_forget(fake);
	fake_rule(fake, "x", text, how, 0);
	return ask_at(fake->path);
}

/* It waited until the deadline, and not much longer. */
static void
assert_took(int64_t milliseconds)
{
	assert_true(took >= milliseconds - 2);
	assert_true(took < milliseconds + 250);
}

static void
answer__is_returned_whole(void **state)
{
	(void)state;
	assert_int_equal(ask("{ \"result\": 0 }", FAKE_ANSWER),
	    KEA_END_ANSWERED);
	assert_string_equal(answer.at, "{ \"result\": 0 }");
	assert_int_equal(answer.length, strlen(answer.at));
	assert_string_equal(fake_calls(fake), "x ");
}

static void
second_answer__replaces_the_first(void **state)
{
	(void)state;
	assert_int_equal(ask("a longer answer", FAKE_ANSWER), KEA_END_ANSWERED);
	assert_int_equal(ask("short", FAKE_ANSWER), KEA_END_ANSWERED);
	assert_string_equal(answer.at, "short");
}

static void
missing_socket__is_absent(void **state)
{
	(void)state;
	assert_int_equal(ask_at("/nonexistent/socket"), KEA_END_ABSENT);
	assert_int_equal(error, ENOENT);
	assert_int_equal(answer.length, 0);
}

static void
socket_nobody_listens_at__is_refused(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/dead", fake->dir);
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	close(fd); /* the file stays, as after a crash */
	assert_int_equal(ask_at(at.sun_path), KEA_END_REFUSED);
	unlink(at.sun_path);
}

static void
path_that_is_too_long__cannot_be_reached(void **state)
{
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ask_at(path), KEA_END_UNREACHABLE);
	assert_int_equal(error, ENAMETOOLONG);
}

/* In a child that is nobody: root may do everything. */
static void
forbidden_socket__is_denied(void **state)
{
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(chmod(fake->path, 0), 0);
	if ((child = fork()) == 0) {
		if (geteuid() == 0 &&
		    (chmod(fake->dir, 0755) != 0 || setuid(65534) != 0))
			_exit(99);
		_exit(ask_at(fake->path) == KEA_END_DENIED ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
closing_without_an_octet__is_empty(void **state)
{
	(void)state;
	assert_int_equal(ask(NULL, FAKE_CLOSE), KEA_END_EMPTY);
}

static void
closing_before_reading__is_broken(void **state)
{
	enum kea_end end = ask(NULL, FAKE_DEAF);

	(void)state;
	/* Which of them depends on who is faster. */
	assert_true(end == KEA_END_BROKEN || end == KEA_END_EMPTY);
}

static void
half_an_answer__is_for_the_reader_to_see(void **state)
{
	(void)state;
	assert_int_equal(ask("0123456789", FAKE_HALF), KEA_END_ANSWERED);
	assert_string_equal(answer.at, "01234");
}

static void
no_answer__ends_at_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(ask(NULL, FAKE_HANG), KEA_END_SILENT);
	assert_took(300);
}

static void
half_an_answer_and_no_end__ends_at_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(ask("0123456789", FAKE_HANG), KEA_END_SILENT);
	assert_took(300);
	assert_string_equal(answer.at, "01234");
}

static void
octet_after_octet__does_not_move_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(ask("0123456789012345678901234567890123456789",
			     FAKE_DRIP),
	    KEA_END_SILENT);
	assert_took(300);
}

static void
endless_answer__is_cut(void **state)
{
	char text[500];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(ask(text, FAKE_FLOOD), KEA_END_HUGE);
	assert_true(answer.length < 40000);
	assert_true(took < 250);
}

static void
answer_of_just_the_limit__is_none_too_long(void **state)
{
	char text[1001];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[1000] = '\0';
	assert_int_equal(ask(text, FAKE_ANSWER), KEA_END_ANSWERED);
	assert_int_equal(answer.length, 1000);
}

/* A stopped server: connections are made by the kernel until the queue is full.
 */
static void
full_queue__is_busy_at_the_deadline_of_connecting(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), i;
	enum kea_end end = KEA_END_SILENT;

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/full", fake->dir);
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 0), 0);
	for (i = 0; i < 5 && end == KEA_END_SILENT; i++)
		end = ask_at(at.sun_path);
	assert_int_equal(end, KEA_END_BUSY);
	assert_took(200);
	close(fd);
	unlink(at.sun_path);
}

static void
on_alarm(int number)
{
	(void)number;
}

static void
signals__do_not_disturb(void **state)
{
	struct sigaction action = { .sa_handler =
					on_alarm }; /* no SA_RESTART */
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } },
			       off = { 0 };

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	fake_rule(fake, "x", "{}", FAKE_ANSWER, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(kea_socket_local(fake->path, ASK, strlen(ASK),
				     &patient, &answer, &error),
		    KEA_END_ANSWERED);
	assert_int_equal(ask(NULL, FAKE_HANG), KEA_END_SILENT);
	setitimer(ITIMER_REAL, &off, NULL);
	assert_took(300);
}

static void
long_command__arrives_whole(void **state)
{
	static char text[3000000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = '{';
	text[sizeof(text) - 2] = '}';
	text[sizeof(text) - 1] = '\0';
	fake_forget(fake);
	fake_rule(fake, "x", "ok", FAKE_ANSWER, 0);
	assert_int_equal(kea_socket_local(fake->path, text, strlen(text),
			     &patient, &answer, &error),
	    KEA_END_ANSWERED);
	assert_string_equal(answer.at, "ok");
	fake_calls(fake); /* its lock makes what was read visible */
	assert_string_equal(fake->last, text);
}

static void
over_tcp__answers_come_and_refusals_too(void **state)
{
	struct fake *tcp = fake_tcp();
	uint16_t port = tcp->port;

	(void)state;
	fake_rule(tcp, "x", "hello", FAKE_ANSWER, 0);
	assert_int_equal(kea_socket_tcp(INADDR_LOOPBACK, port, ASK, strlen(ASK),
			     &quick, &answer, &error),
	    KEA_END_ANSWERED);
	assert_string_equal(answer.at, "hello");
	fake_end(tcp);
	assert_int_equal(kea_socket_tcp(INADDR_LOOPBACK, port, ASK, strlen(ASK),
			     &quick, &answer, &error),
	    KEA_END_REFUSED);
}

static void
no_descriptor__is_left_behind(void **state)
{
	int before = dup(0), after;

	(void)state;
	close(before);
	ask("x", FAKE_ANSWER);
	ask("x", FAKE_HANG);
	ask("x", FAKE_CLOSE);
	ask_at("/nonexistent/socket");
	/* The fake's own is closed a moment later. */
	for (int i = 0; i < 100; i++) {
		after = dup(0);
		close(after);
		if (after == before)
			break;
		usleep(10000);
	}
	assert_int_equal(after, before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(answer__is_returned_whole),
		TEST(second_answer__replaces_the_first),
		TEST(missing_socket__is_absent),
		TEST(socket_nobody_listens_at__is_refused),
		TEST(path_that_is_too_long__cannot_be_reached),
		TEST(forbidden_socket__is_denied),
		TEST(closing_without_an_octet__is_empty),
		TEST(closing_before_reading__is_broken),
		TEST(half_an_answer__is_for_the_reader_to_see),
		TEST(no_answer__ends_at_the_deadline),
		TEST(half_an_answer_and_no_end__ends_at_the_deadline),
		TEST(octet_after_octet__does_not_move_the_deadline),
		TEST(endless_answer__is_cut),
		TEST(answer_of_just_the_limit__is_none_too_long),
		TEST(full_queue__is_busy_at_the_deadline_of_connecting),
		TEST(signals__do_not_disturb),
		TEST(long_command__arrives_whole),
		TEST(over_tcp__answers_come_and_refusals_too),
		TEST(no_descriptor__is_left_behind),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
