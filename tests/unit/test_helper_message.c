/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "failover.h"
#include "helper_message.h"

static const struct helper_settings settings = {
	.port = 49670,
	.mapper_port = 135,
	.call_timeout = 5,
	.ntlm = 1,
	.address = "192.0.2.1",
	.target = "dc1.example",
	.credentials = "/etc/dhcpfo/dc1",
	.keytab = "",
	.principal = "",
	.ccache = "",
};

static void
a_header__is_read_as_it_was_written(void **state)
{
	const struct helper_message message = { .kind = HELPER_CALL,
		.number = 90,
		.sequence = 0x01020304,
		.n = 132 };
	unsigned char header[HELPER_HEADER_SIZE];
	struct helper_message read;

	(void)state;
	helper_header_write(header, &message);
	assert_memory_equal(header, "\x84\0\0\0\2\0\x5a\0\4\3\2\1",
	    sizeof(header));
	assert_true(helper_header_read(header, &read));
	assert_int_equal(read.kind, HELPER_CALL);
	assert_int_equal(read.number, 90);
	assert_int_equal(read.sequence, 0x01020304);
	assert_int_equal(read.n, 132);
	assert_null(read.body);
}

static void
a_header_of_something_else__is_refused(void **state)
{
	static const unsigned char bad[][HELPER_HEADER_SIZE] = {
		{ 0, 0, 0, 0, 0, 0 }, /* no kind */
		{ 0, 0, 0, 0, 4, 0 }, /* an unknown one */
		{ 0, 0, 0, 0, 1, 1 }, /* likewise */
		{ 1, 0, 0, 1, 1, 0 }, /* 16 MiB and an octet */
		{ 0xff, 0xff, 0xff, 0xff, 1, 0 },
	};
	struct helper_message read;

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		assert_false(helper_header_read(bad[i], &read));
	assert_true(helper_header_read((const unsigned char
					       *)"\0\0\0\1\1\0\0\0\0\0\0\0",
	    &read));
}

static void
settings__are_read_as_they_were_written(void **state)
{
	struct ndr_writer writer = { .at = NULL };
	struct helper_settings read;

	(void)state;
	helper_settings_write(&writer, &settings);
	assert_int_equal(writer.error, ERROR_SUCCESS);
	assert_true(helper_settings_read(writer.at, writer.n, &read));
	assert_int_equal(read.port, settings.port);
	assert_int_equal(read.mapper_port, settings.mapper_port);
	assert_int_equal(read.call_timeout, settings.call_timeout);
	assert_int_equal(read.ntlm, settings.ntlm);
	assert_string_equal(read.address, settings.address);
	assert_string_equal(read.target, settings.target);
	assert_string_equal(read.credentials, settings.credentials);
	assert_string_equal(read.keytab, "");
	assert_string_equal(read.principal, "");
	assert_string_equal(read.ccache, "");
	ndr_writer_free(&writer);
}

/* A copy in a block of its own size, so that ASan sees one octet more. */
static unsigned char *
exact(const unsigned char *from, size_t n)
{
	unsigned char *copy = malloc(n + (n == 0));

	if (copy == NULL)
		abort();
	memcpy(copy, from, n);
	return copy;
}

static void
no_part_of_settings__is_taken_for_all_of_them(void **state)
{
	struct ndr_writer writer = { .at = NULL };
	struct helper_settings read;
	unsigned char *copy;

	(void)state;
	helper_settings_write(&writer, &settings);
	for (size_t n = 0; n < writer.n; n++) {
		copy = exact(writer.at, n);
		assert_false(helper_settings_read(copy, n, &read));
		free(copy);
	}
	ndr_put_u8(&writer, 0);
	assert_false(helper_settings_read(writer.at, writer.n, &read));
	ndr_writer_free(&writer);
}

static void
an_answer__is_read_as_it_was_written(void **state)
{
	struct ndr_writer writer = { .at = NULL };
	struct helper_answer read;
	unsigned char *copy;

	(void)state;
	helper_answer_write(&writer, ERROR_TIMEOUT, "call: late", "abc", 3);
	assert_true(helper_answer_read(writer.at, writer.n, &read));
	assert_int_equal(read.error, ERROR_TIMEOUT);
	assert_string_equal(read.text, "call: late");
	assert_int_equal(read.n, 3);
	assert_memory_equal(read.results, "abc", 3);

	/* Without the end of the text it is none. */
	for (size_t n = 0; n < 4 + sizeof("call: late") - 1; n++) {
		copy = exact(writer.at, n);
		assert_false(helper_answer_read(copy, n, &read));
		free(copy);
	}
	ndr_writer_free(&writer);

	helper_answer_write(&writer, ERROR_SUCCESS, NULL, NULL, 0);
	assert_true(helper_answer_read(writer.at, writer.n, &read));
	assert_string_equal(read.text, "");
	assert_int_equal(read.n, 0);
	ndr_writer_free(&writer);
}

static void
what_is_sent__is_received(void **state)
{
	unsigned char body[3] = { 'a', 'b', 'c' };
	struct helper_message message = { .kind = HELPER_ANSWER,
		.number = 93,
		.sequence = 7,
		.body = body,
		.n = 3 },
			      read;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(helper_send(fds[0], &message, 0), HELPER_IO_DONE);
	assert_int_equal(helper_receive(fds[1], &read, 0), HELPER_IO_DONE);
	assert_int_equal(read.n, 3);
	assert_memory_equal(read.body, "abc", 3);
	free(read.body);

	/* Then nothing comes, then an end in the middle, then nobody is there.
	 */
	assert_int_equal(helper_receive(fds[1], &read, helper_clock() + 20),
	    HELPER_IO_TIMEOUT);
	assert_int_equal(send(fds[0], "\3\0\0\0\1\0\0\0\0\0\0\0ab", 14, 0), 14);
	close(fds[0]);
	assert_int_equal(helper_receive(fds[1], &read, 0), HELPER_IO_CLOSED);
	assert_int_equal(helper_send(fds[1], &message, 0), HELPER_IO_CLOSED);
	close(fds[1]);
}

static void
a_reader_that_does_not_read__times_out(void **state)
{
	struct helper_message message = { .kind = HELPER_CALL,
		.n = HELPER_BODY_MAX };
	uint64_t began = helper_clock();
	int fds[2];

	(void)state;
	if ((message.body = calloc(1, message.n)) == NULL)
		abort();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(helper_send(fds[0], &message, began + 50),
	    HELPER_IO_TIMEOUT);
	assert_true(helper_clock() - began >= 50);
	free(message.body);
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header__is_read_as_it_was_written),
		cmocka_unit_test(a_header_of_something_else__is_refused),
		cmocka_unit_test(settings__are_read_as_they_were_written),
		cmocka_unit_test(no_part_of_settings__is_taken_for_all_of_them),
		cmocka_unit_test(an_answer__is_read_as_it_was_written),
		cmocka_unit_test(what_is_sent__is_received),
		cmocka_unit_test(a_reader_that_does_not_read__times_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
