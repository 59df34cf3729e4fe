/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The type windows over a helper that is this program itself: it writes down
 * what it is asked, and answers what a file says.  Lines of that file, used up
 * in their order: the error, and, for a call that succeeds, the octets of its
 * answer in hexadecimal digits, "-" being none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "failover.h"
#include "log.h"
#include "server.h"

#include "alloc.h"
#include "stand_in.h"

#define WINDOWS (&failover_server_windows)

static const char *program;
static char directory[] = "/tmp/dhcpfo-test-XXXXXX";
static char answers[64], asked[64];
static void *options;
static struct failover_server *server;

/* ---- the helper ---- */

static size_t
from_hex(const char *hex, unsigned char *to)
{
	size_t n = 0;
	unsigned int octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		to[n++] = (unsigned char)octet;
	return n;
}

static void
answer(const struct helper_message *question, const char *line)
{
	unsigned char results[2048];
	char hex[4096] = "";
	unsigned int error;

	if (sscanf(line, "%u %4095s", &error, hex) < 1)
		abort();
	stand_in_answer(question->sequence, (enum dhcp_error)error,
	    "so it goes", results, from_hex(hex, results));
}

static int
be_helper(void)
{
	FILE *in = fopen(getenv("TEST_ANSWERS"), "r");
	FILE *out = fopen(getenv("TEST_ASKED"), "a");
	struct helper_message question;
	char line[4200];

	while (helper_receive(0, &question, 0) == HELPER_IO_DONE) {
		if (question.kind == HELPER_CONNECT)
			fprintf(out, "connect\n");
		else
			fprintf(out, "%u\n", question.number);
		fflush(out);
		free(question.body);
		if (question.kind == HELPER_CONNECT &&
		    getenv("TEST_REFUSED") == NULL)
			answer(&question, "0");
		else if (question.kind == HELPER_CONNECT)
			answer(&question, "1460");
		else if (fgets(line, sizeof(line), in) != NULL)
			answer(&question, line);
		else
			break;
	}
	fclose(in);
	fclose(out);
	return 0;
}

/* ---- tests ---- */

static void
say(const char *lines)
{
	FILE *file = fopen(answers, "w");

	if (file == NULL || fputs(lines, file) == EOF || fclose(file) == EOF)
		abort();
}

static void
assert_asked(const char *lines)
{
	char found[256] = "";
	FILE *file = fopen(asked, "r");
	size_t n = 0;

	if (file != NULL) {
		n = fread(found, 1, sizeof(found) - 1, file);
		fclose(file);
	}
	found[n] = '\0';
	assert_string_equal(found, lines);
}

static bool uncounted; /* it was logged that there are no statistics */

static void
note(enum log_level level, const char *line)
{
	(void)level;
	if (strstr(line, "no statistics of scopes") != NULL)
		uncounted = true;
}

static int
setup(void **state)
{
	(void)state;
	unlink(asked);
	unsetenv("TEST_REFUSED");
	setenv("TEST_ANSWERS", answers, 1);
	setenv("TEST_ASKED", asked, 1);
	if ((options = stand_in_options(program)) == NULL)
		return -1;
	return (int)failover_server_open(WINDOWS, "dc1", "192.0.2.1", options,
	    &server);
}

static int
teardown(void **state)
{
	(void)state;
	failover_server_close(server);
	stand_in_options_free(options);
	return 0;
}

static DHCP_FAILOVER_RELATIONSHIP rel = {
	.RelationshipName = (char *)(uintptr_t) "FO1",
};

static void
an_address__is_required(void **state)
{
	struct failover_server *none;

	(void)state;
	assert_int_equal(failover_server_open(WINDOWS, "dc1", NULL, options,
			     &none),
	    ERROR_INVALID_PARAMETER);
}

static void
calls_of_all_kinds__are_these(void **state)
{
	/* A relationship "a", and a status. */
	/* clang-format off */
#define REL_A                                                              \
	"01000000" "00000000" "00000000" "0000000003000200" "00000000"      \
	"00000000" "01000000" "00000000" "00000000" "00000000" "00000000"   \
	"00000000" "02000000" "00000000" "02000000" "61000000" "00000000"
	/* clang-format on */
	DHCP_FAILOVER_RELATIONSHIP *found;
	DWORD now, delta, number;

	(void)state;
	say("0 " REL_A "\n"
	    "0 00000000944e0000\n"
	    "0 0300000000000000\n"
	    "0 00000000954e0000\n"
	    "0 954e0000\n"
	    "0 00ca9a3b3c00000000000000\n");
	assert_int_equal(failover_server_scope_relationship(server, 1, &found),
	    ERROR_SUCCESS);
	assert_string_equal(found->RelationshipName, "a");
	assert_int_equal(found->State, NORMAL);
	failover_free(found);
	assert_int_equal(failover_server_scope_relationship(server, 1, &found),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_int_equal(failover_server_address_status(server, 1, &number),
	    ERROR_SUCCESS);
	assert_int_equal(number, 3);
	assert_int_equal(failover_server_address_status(server, 1, &number),
	    0x4e95);
	assert_int_equal(failover_server_trigger_allocation(server, "a"),
	    ERROR_DHCP_FO_RELATION_IS_SECONDARY);
	assert_int_equal(failover_server_system_time(server, &now, &delta),
	    ERROR_SUCCESS);
	assert_int_equal(now, 1000000000);
	assert_int_equal(delta, 60);
	assert_asked("connect\n96\n96\n125\n125\n100\n99\n");
}

static void
a_call_that_was_not_sent__is_made_on_a_new_connection(void **state)
{
	(void)state;
	say("1727\n0 00000000\n");
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    ERROR_SUCCESS);
	assert_asked("connect\n90\nconnect\n90\n");
	assert_int_equal(server->report.set_calls, 1);
}

static void
a_call_that_cannot_be_sent__is_given_up(void **state)
{
	(void)state;
	say("1727\n1727\n0 00000000\n");
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    RPC_S_CALL_FAILED_DNE);
	assert_asked("connect\n90\nconnect\n90\n");
}

static void
a_set_whose_answer_is_lost__is_made_once(void **state)
{
	(void)state;
	say("1726\n1460\n0 00000000\n");
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    RPC_S_CALL_FAILED);
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    ERROR_TIMEOUT);
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    ERROR_SUCCESS);
	assert_asked("connect\n90\nconnect\n90\nconnect\n90\n");
}

static void
a_set_whose_answer_cannot_be_read__may_have_been_done(void **state)
{
	(void)state;
	say("0 0000\n0 0000000000\n0 -\n");
	for (int i = 0; i < 3; i++)
		assert_int_equal(failover_server_set(server, MCLT, &rel),
		    RPC_S_CALL_FAILED);
}

static void
a_helper_that_dies_in_a_set__leaves_it_in_doubt(void **state)
{
	(void)state;
	say("");
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    RPC_S_CALL_FAILED);
	assert_asked("connect\n90\n");
}

static void
a_get__is_made_once_more_and_not_again(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *found;

	(void)state;
	say("1726\n0 00000000934e0000\n1726\n1726\n1460\n0 00000000\n");
	assert_int_equal(failover_server_get(server, "FO1", &found),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_int_equal(failover_server_get(server, "FO1", &found),
	    RPC_S_CALL_FAILED);
	assert_int_equal(failover_server_get(server, "FO1", &found),
	    ERROR_TIMEOUT);
	/* An answer without a relationship is none. */
	assert_int_equal(failover_server_get(server, "FO1", &found),
	    RPC_X_BAD_STUB_DATA);
}

static void
connecting_that_takes_too_long__leaves_no_doubt(void **state)
{
	(void)state;
	setenv("TEST_REFUSED", "", 1);
	say("0 00000000\n");
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    RPC_S_SERVER_UNAVAILABLE);
	assert_asked("connect\n");
}

static void
rights_that_are_refused__are_asked_for_anew(void **state)
{
	(void)state;
	say("0 05000000\n0 00000000\n");
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    ERROR_ACCESS_DENIED);
	assert_int_equal(failover_server_set(server, MCLT, &rel),
	    ERROR_SUCCESS);
	assert_asked("connect\n90\nconnect\n90\n");
}

static void
a_name_that_is_not_utf8__is_not_asked_for(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *found;

	(void)state;
	say("0 00000000\n");
	assert_int_equal(failover_server_get(server, "\xFF", &found),
	    ERROR_INVALID_PARAMETER);
	assert_asked("");
}

static bool
count(void *arg, const struct failover_row *row)
{
	(void)row;
	++*(int *)arg;
	return true;
}

static void
a_list_whose_handle_stays__is_refused(void **state)
{
	int n = 0;

	(void)state;
	say("0 01000000000000000000000000000000ea000000\n"
	    "0 01000000000000000000000000000000ea000000\n"
	    "0 01000000000000000000000000000000ea000000\n");
	assert_int_equal(failover_server_list(server, count, &n),
	    RPC_X_BAD_STUB_DATA);
	assert_int_equal(n, 0);
	assert_asked("connect\n93\n93\n");
}

static void
an_empty_list__is_a_list(void **state)
{
	int n = 0;

	(void)state;
	say("0 0000000000000000000000000000000003010000\n"
	    "0 0000000000000000000000000000000000000000\n");
	assert_int_equal(failover_server_list(server, count, &n),
	    ERROR_SUCCESS);
	assert_int_equal(failover_server_list(server, count, &n),
	    ERROR_SUCCESS);
	assert_int_equal(n, 0);
}

static bool
look_for_numbers(void *arg, const struct failover_row *row)
{
	*(bool *)arg = row->stats != NULL && row->stats[0].NumAddr == 1;
	return true;
}

/* One relationship, "a", with the scope 10.1.0.0, and the numbers of that. */
/* clang-format off */
#define LIST \
	"0 " "01000000" "01000000" "01000000" "01000000" "01000000" \
	"00000000" "00000000" "0000000003000200" "00000000" "00000000" \
	"01000000" "00000000" "00000000" "01000000" "00000000" "00000000" \
	"02000000" "00000000" "02000000" "61000000" \
	"01000000" "01000000" "01000000" "0000010a" \
	"01000000" "00000000" "00000000" "\n"
#define NUMBERS \
	"0 " "01000000" "01000000" "00000000" "00000000" "00000000" \
	"00000000" "00000000" "00000000" "00000000" "\n"
/* clang-format on */

/* A list without numbers that were told is none, or says so. */
static void
no_memory_in_a_list__is_told(void **state)
{
	static const char lines[] = LIST NUMBERS;
	enum dhcp_error error;
	unsigned long failed;
	bool ran_out = true, seen;
	long n;

	(void)state;
	if (!alloc_works())
		skip();
	say(lines);
	alloc_once = true;
	for (n = 0; ran_out; n++) {
		failover_server_close(server);
		assert_int_equal(failover_server_open(WINDOWS, "dc1",
				     "192.0.2.1", options, &server),
		    ERROR_SUCCESS);
		seen = uncounted = false;
		failed = alloc_failed;
		alloc_left = n;
		error = failover_server_list(server, look_for_numbers, &seen);
		alloc_left = -1;
		ran_out = alloc_failed > failed;
		if ((seen || uncounted) != (error == ERROR_SUCCESS))
			fail_msg("%ld: %s, numbers: %d", n,
			    DhcpfoErrorName(error), seen);
	}
	alloc_once = false;
	assert_int_equal(error, ERROR_SUCCESS);
}

/* The relationships are known, whatever becomes of the numbers. */
static void
numbers_that_do_not_come__leave_the_list_as_it_is(void **state)
{
	static const char *const answers_of_97[] = { "1460\n", "1726\n1726\n",
		"1783\n", "0 00000000\n" };
	char lines[1024];
	bool seen;

	(void)state;
	for (size_t i = 0; i < nitems(answers_of_97); i++) {
		failover_server_close(server);
		assert_int_equal(failover_server_open(WINDOWS, "dc1",
				     "192.0.2.1", options, &server),
		    ERROR_SUCCESS);
		snprintf(lines, sizeof(lines), LIST "%s", answers_of_97[i]);
		say(lines);
		seen = true;
		uncounted = false;
		assert_int_equal(failover_server_list(server, look_for_numbers,
				     &seen),
		    ERROR_SUCCESS);
		assert_false(seen);
		assert_true(uncounted);
		assert_int_equal(server->report.failures, 0);
		assert_string_equal(server->why, "");
	}
}

static int
begin(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(answers, sizeof(answers), "%s/answers", directory);
	snprintf(asked, sizeof(asked), "%s/asked", directory);
	log_open(note, NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(answers);
	unlink(asked);
	rmdir(directory);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address__is_required),
		TEST(calls_of_all_kinds__are_these),
		TEST(a_call_that_was_not_sent__is_made_on_a_new_connection),
		TEST(a_call_that_cannot_be_sent__is_given_up),
		TEST(a_set_whose_answer_is_lost__is_made_once),
		TEST(a_set_whose_answer_cannot_be_read__may_have_been_done),
		TEST(a_helper_that_dies_in_a_set__leaves_it_in_doubt),
		TEST(a_get__is_made_once_more_and_not_again),
		TEST(connecting_that_takes_too_long__leaves_no_doubt),
		TEST(rights_that_are_refused__are_asked_for_anew),
		TEST(a_name_that_is_not_utf8__is_not_asked_for),
		TEST(a_list_whose_handle_stays__is_refused),
		TEST(an_empty_list__is_a_list),
		TEST(no_memory_in_a_list__is_told),
		TEST(numbers_that_do_not_come__leave_the_list_as_it_is),
	};

	(void)argc;
	program = argv[0];
	if (getenv("TEST_ANSWERS") != NULL && stand_in_is_asked())
		return be_helper();
	return cmocka_run_group_tests(tests, begin, end);
}
