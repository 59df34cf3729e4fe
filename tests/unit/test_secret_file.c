/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "failover.h"
#include "secret_file.h"

static char path[] = "/tmp/dhcpfo-test-XXXXXX";
static struct secret_file secrets;
static char why[512];

static bool
read_text(const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) == EOF)
		abort();
	return secret_file_read(path, &secrets, why, sizeof(why));
}

static void
assert_refused(const char *text, const char *reason)
{
	static const struct secret_file none;

	assert_false(read_text(text));
	if (strstr(why, reason) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", reason, why);
	assert_memory_equal(&secrets, &none, sizeof(none));
}

static void
a_file__says_who_we_are(void **state)
{
	(void)state;
	assert_true(read_text("# of dc1\n\nusername = dhcpfo\n"
			      "  password=a = b#c \xC3\xA9\t\r\n"
			      "domain = CORP\nrealm = CORP.EXAMPLE"));
	assert_string_equal(secrets.username, "dhcpfo");
	assert_string_equal(secrets.password, "a = b#c \xC3\xA9");
	assert_string_equal(secrets.domain, "CORP");
	assert_string_equal(secrets.realm, "CORP.EXAMPLE");

	assert_true(read_text("username = x\n"));
	assert_string_equal(secrets.password, "");
	assert_string_equal(secrets.realm, "");
}

static void
a_file_that_others_can_reach__is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601,
		0644, 0666 };

	(void)state;
	for (size_t i = 0; i < nitems(modes); i++) {
		chmod(path, modes[i]);
		assert_refused("username = x\n", "others have access");
		assert_false(secret_file_is_private(path, why, sizeof(why)));
	}
	chmod(path, 0400);
	assert_true(secret_file_is_private(path, why, sizeof(why)));
	chmod(path, 0600);
	assert_true(read_text("username = x\n"));
}

static void
what_is_no_file__is_refused(void **state)
{
	(void)state;
	assert_false(
	    secret_file_read("/nonexistent", &secrets, why, sizeof(why)));
	assert_non_null(strstr(why, "/nonexistent: "));
	assert_false(secret_file_read("/tmp", &secrets, why, sizeof(why)));
	assert_non_null(strstr(why, "is not a file"));
	assert_false(secret_file_is_private("/dev/null", why, sizeof(why)));
}

static void
bad_lines__are_told_by_number_and_never_quoted(void **state)
{
	char line[600];

	(void)state;
	assert_refused("username = x\npassword s3cret\n", ":2: ");
	assert_null(strstr(why, "s3cret"));
	assert_refused("username = x\npasword = s3cret\n", ":2: the line is");
	assert_null(strstr(why, "s3cret"));
	assert_refused("username = x\nusername = y\n", ":2: the line comes");
	assert_refused("password = s3cret\n", "no username");
	assert_refused("", "no username");
	snprintf(line, sizeof(line), "username = x\npassword = %0*d\n", 255, 0);
	assert_true(read_text(line));
	snprintf(line, sizeof(line), "username = x\npassword = %0*d\n", 256, 0);
	assert_refused(line, ":2: the line is too long");
}

static void
a_file_that_is_too_long__is_refused(void **state)
{
	char text[4000];

	(void)state;
	snprintf(text, sizeof(text), "username = x\n#%03000d\n", 0);
	assert_refused(text, "too long");
}

static int
begin(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file__says_who_we_are),
		cmocka_unit_test(a_file_that_others_can_reach__is_refused),
		cmocka_unit_test(what_is_no_file__is_refused),
		cmocka_unit_test(
		    bad_lines__are_told_by_number_and_never_quoted),
		cmocka_unit_test(a_file_that_is_too_long__is_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
