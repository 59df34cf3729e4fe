/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "failover.h"

#include "helper_message.h"

/* clang-format off */
/* The members of struct helper_settings in the order in which they are sent. */
static const size_t numbers[] = {
	offsetof(struct helper_settings, port),
	offsetof(struct helper_settings, mapper_port),
	offsetof(struct helper_settings, call_timeout),
	offsetof(struct helper_settings, ntlm),
};
static const size_t texts[] = {
	offsetof(struct helper_settings, address),
	offsetof(struct helper_settings, target),
	offsetof(struct helper_settings, credentials),
	offsetof(struct helper_settings, keytab),
	offsetof(struct helper_settings, principal),
	offsetof(struct helper_settings, ccache),
};
/* clang-format on */

static uint32_t
get_u32(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	    (uint32_t)at[3] << 24;
}

static void
put_u32(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

void
helper_header_write(unsigned char header[HELPER_HEADER_SIZE],
    const struct helper_message *message)
{
	put_u32(header, (uint32_t)message->n);
	put_u32(header + 4,
	    (uint32_t)message->kind | (uint32_t)message->number << 16);
	put_u32(header + 8, message->sequence);
}

bool
helper_header_read(const unsigned char header[HELPER_HEADER_SIZE],
    struct helper_message *message)
{
	uint32_t kind = get_u32(header + 4) & 0xFFFF;

	*message = (struct helper_message){
		.kind = (enum helper_kind)kind,
		.number = (uint16_t)(get_u32(header + 4) >> 16),
		.sequence = get_u32(header + 8),
		.n = get_u32(header),
	};
	return message->n <= HELPER_BODY_MAX && kind >= HELPER_CONNECT &&
	    kind <= HELPER_ANSWER;
}

/* ---------------------------------------------------------------- bodies */

void
helper_settings_write(struct ndr_writer *writer,
    const struct helper_settings *settings)
{
	const char *at = (const char *)settings, *text;

	for (size_t i = 0; i < nitems(numbers); i++)
		ndr_put_u32(writer,
		    *(const uint32_t *)(const void *)(at + numbers[i]));
	for (size_t i = 0; i < nitems(texts); i++) {
		text = *(const char *const *)(const void *)(at + texts[i]);
		ndr_put_octets(writer, text, strlen(text) + 1);
	}
}

/* The text at the start of ${*body}, which moves behind it; NULL: none. */
static const char *
next_text(const unsigned char **body, size_t *n)
{
	const unsigned char *end = NULL, *text = *body;

	if (*n > 0)
		end = memchr(text, '\0', *n);
	if (end == NULL)
		return NULL;
	*n -= (size_t)(end + 1 - text);
	*body = end + 1;
	return (const char *)text;
}

bool
helper_settings_read(const unsigned char *body, size_t n,
    struct helper_settings *settings)
{
	char *at = (char *)settings;
	const char *text;

	if (n < 4 * nitems(numbers))
		return false;
	for (size_t i = 0; i < nitems(numbers); i++, body += 4, n -= 4)
		*(uint32_t *)(void *)(at + numbers[i]) = get_u32(body);
	for (size_t i = 0; i < nitems(texts); i++) {
		if ((text = next_text(&body, &n)) == NULL)
			return false;
		*(const char **)(void *)(at + texts[i]) = text;
	}
	return n == 0;
}

void
helper_answer_write(struct ndr_writer *writer, enum dhcp_error error,
    const char *text, const void *results, size_t n)
{
	if (text == NULL)
		text = "";
	ndr_put_u32(writer, (uint32_t)error);
	ndr_put_octets(writer, text, strlen(text) + 1);
	ndr_put_octets(writer, results, n);
}

bool
helper_answer_read(const unsigned char *body, size_t n,
    struct helper_answer *answer)
{
	if (n < 4)
		return false;
	answer->error = (enum dhcp_error)get_u32(body);
	body += 4;
	n -= 4;
	if ((answer->text = next_text(&body, &n)) == NULL)
		return false;
	answer->results = body;
	answer->n = n;
	return true;
}

/* ---------------------------------------------------------------- streams */

uint64_t
helper_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Wait until ${fd} is ready for ${events}. */
static enum helper_io
wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	uint64_t now;
	int n, left = -1;

	do {
		if (deadline != 0) {
			now = helper_clock();
			left = deadline > now ? (int)(deadline - now) : 0;
		}
		n = poll(&ready, 1, left);
	} while (n == -1 && errno == EINTR);
	if (n == 0)
		return HELPER_IO_TIMEOUT;
	return n == 1 ? HELPER_IO_DONE : HELPER_IO_CLOSED;
}

/* Neither waits: the call is repeated when the descriptor is ready. */
static bool
not_yet(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

static enum helper_io
send_all(int fd, const unsigned char *at, size_t n, uint64_t deadline)
{
	enum helper_io io;
	ssize_t sent;

	while (n > 0) {
		sent = send(fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0) {
			at += sent;
			n -= (size_t)sent;
		} else if (!not_yet())
			return HELPER_IO_CLOSED;
		else if ((io = wait_for(fd, POLLOUT, deadline)) !=
		    HELPER_IO_DONE)
			return io;
	}
	return HELPER_IO_DONE;
}

static enum helper_io
receive_all(int fd, unsigned char *at, size_t n, uint64_t deadline)
{
	enum helper_io io;
	ssize_t received;

	while (n > 0) {
		received = recv(fd, at, n, MSG_DONTWAIT);
		if (received > 0) {
			at += received;
			n -= (size_t)received;
		} else if (received == 0 || !not_yet())
			return HELPER_IO_CLOSED;
		else if ((io = wait_for(fd, POLLIN, deadline)) !=
		    HELPER_IO_DONE)
			return io;
	}
	return HELPER_IO_DONE;
}

enum helper_io
helper_send(int fd, const struct helper_message *message, uint64_t deadline)
{
	unsigned char header[HELPER_HEADER_SIZE];
	enum helper_io io;

	helper_header_write(header, message);
	io = send_all(fd, header, sizeof(header), deadline);
	if (io == HELPER_IO_DONE)
		io = send_all(fd, message->body, message->n, deadline);
	return io;
}

enum helper_io
helper_receive(int fd, struct helper_message *message, uint64_t deadline)
{
	unsigned char header[HELPER_HEADER_SIZE];
	enum helper_io io;

	io = receive_all(fd, header, sizeof(header), deadline);
	if (io != HELPER_IO_DONE)
		return io;
	if (!helper_header_read(header, message))
		return HELPER_IO_BAD;
	if ((message->body = malloc(message->n + (message->n == 0))) == NULL)
		return HELPER_IO_MEMORY;
	io = receive_all(fd, message->body, message->n, deadline);
	if (io == HELPER_IO_DONE)
		return io;
	free(message->body);
	message->body = NULL;
	return io;
}
