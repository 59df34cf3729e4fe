/* SPDX-License-Identifier: BSD-2-Clause */
/* What dhcpfoctl writes as JSON: all of it, or it says that it could not. */
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "json.h"

/* More than Jansson takes along without memory of its own. */
static json_t *
a_listing(void)
{
	json_t *rows = json_array(), *row;
	unsigned int i, j;
	char name[64];

	assert_non_null(rows);
	for (i = 0; i < 3; i++) {
		row = json_object();
		assert_non_null(row);
		for (j = 0; j < 20; j++) {
			snprintf(name, sizeof(name), "a member's name, no. %u",
			    j);
			json_put(row, name, json_text("with a text"));
		}
		json_add(rows, row);
	}
	return rows;
}

static char *
written(const json_t *json)
{
	FILE *file = tmpfile();
	char *text;
	long n;

	assert_non_null(file);
	json_write(json, file);
	n = ftell(file);
	assert_true(n > 0);
	text = calloc(1, (size_t)n + 1);
	assert_non_null(text);
	rewind(file);
	assert_int_equal(fread(text, 1, (size_t)n, file), n);
	fclose(file);
	return text;
}

static void
text__is_json_again(void **state)
{
	json_t *json = a_listing(), *again;
	char *text = written(json);

	(void)state;
	again = json_loads(text, 0, NULL);
	assert_true(json_equal(json, again));
	json_decref(again);
	json_decref(json);
	free(text);
}

/* Octets that are no UTF-8, and what a terminal would obey. */
static void
text__that_could_do_harm__is_harmless(void **state)
{
	json_t *json = json_array();
	char *text;

	(void)state;
	json_add(json, json_text("\x1b[2J\x7f\xc2\x9b\xff"));
	text = written(json);
	assert_string_equal(text,
	    "[\n  \"\\u001B[2J\\u007f\\u009b\xef\xbf\xbd\"\n]\n");
	json_decref(json);
	free(text);
}

#define NOTHING_FAILED 77

/* Of a process that writes ${json} while allocation ${n} fails, its status. */
static int
end_of_writing(const json_t *json, FILE *file, long n)
{
	int status;
	pid_t pid;

	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		fclose(stderr);
		alloc_once = true;
		alloc_left = n;
		json_write(json, file);
		fflush(file);
		/* What is to be done at exit is the tests'. */
		_exit(alloc_left == -1 ? 0 : NOTHING_FAILED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
text__without_memory__is_whole_or_refused(void **state)
{
	int status = 0;
	json_t *json;
	char *whole;
	FILE *file;
	long n;

	(void)state;
	if (!alloc_works())
		skip();
	json = a_listing();
	whole = written(json);
	for (n = 0; status != NOTHING_FAILED; n++) {
		file = tmpfile();
		assert_non_null(file);
		status = end_of_writing(json, file, n);
		fseek(file, 0, SEEK_END);
		if (status == 0 || status == NOTHING_FAILED)
			assert_int_equal(ftell(file), strlen(whole));
		else
			assert_int_equal(ftell(file), 0);
		fclose(file);
	}
	assert_true(n > 1);
	json_decref(json);
	free(whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text__is_json_again),
		cmocka_unit_test(text__that_could_do_harm__is_harmless),
		cmocka_unit_test(text__without_memory__is_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
