/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcpfo-msdhcpm - asks one Windows server on behalf of dhcpfod, which speaks
 * to it over its standard input, a socket (helper_message.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"

#define SOCKET 0 /* standard input */

static enum dhcp_error
do_connect(struct connection **connection,
    const struct helper_message *question, struct outcome *outcome)
{
	struct helper_settings settings;

	connection_close(*connection);
	*connection = NULL;
	if (!helper_settings_read(question->body, question->n, &settings))
		return ERROR_INVALID_PARAMETER;
	return connection_open(&settings, connection, outcome);
}

static enum dhcp_error
do_call(struct connection *connection, const struct helper_message *question,
    struct outcome *outcome)
{
	if (connection == NULL)
		return RPC_S_CALL_FAILED_DNE;
	return connection_call(connection, question->number, question->body,
	    question->n, outcome);
}

static void
wipe_free(unsigned char *at, size_t n)
{
	volatile unsigned char *p = at;

	for (size_t i = 0; i < n && at != NULL; i++)
		p[i] = 0;
	free(at);
}

/* Send what became of ${question}; false: there is nobody to tell. */
static bool
answer(const struct helper_message *question, enum dhcp_error error,
    const struct outcome *outcome)
{
	struct helper_message message = { .kind = HELPER_ANSWER,
		.number = question->number,
		.sequence = question->sequence };
	struct ndr_writer writer = { .at = NULL };
	bool sent;

	helper_answer_write(&writer, error, outcome->why, outcome->results,
	    outcome->n);
	message.body = writer.at;
	message.n = writer.n;
	sent = writer.error == ERROR_SUCCESS &&
	    helper_send(SOCKET, &message, 0) == HELPER_IO_DONE;
	ndr_writer_free(&writer);
	return sent;
}

/* One question; false: that was the last. */
static bool
serve(struct connection **connection)
{
	struct outcome outcome = { .why = "" };
	struct helper_message question;
	enum dhcp_error error;
	bool more;

	if (helper_receive(SOCKET, &question, 0) != HELPER_IO_DONE)
		return false;
	switch (question.kind) {
	case HELPER_CONNECT:
		error = do_connect(connection, &question, &outcome);
		break;
	case HELPER_CALL:
		error = do_call(*connection, &question, &outcome);
		break;
	case HELPER_ANSWER:
	default:
		error = ERROR_NOT_SUPPORTED;
		break;
	}
	wipe_free(question.body, question.n);
	question.body = NULL;
	more = answer(&question, error, &outcome);
	wipe_free(outcome.results, outcome.n);
	return more;
}

/* What dhcpfod has open is none of our business. */
static void
close_others(void)
{
	long most = sysconf(_SC_OPEN_MAX);
	int fd;

	if (close_range(3, ~0u, 0) == 0)
		return;
	for (fd = 3; fd < most; fd++)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct connection *connection = NULL;
	struct stat st;

	/* As who started it: no core file, and nobody looks at its memory. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (argc != 1 || fstat(SOCKET, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "%s: is started by dhcpfod\n", argv[0]);
		return 2;
	}
	close_others();
	while (serve(&connection))
		continue;
	connection_close(connection);
	return 0;
}
