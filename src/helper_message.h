/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper_message.h - what dhcpfod and a helper program say to each other.
 *
 * They have a stream socket between them, the helper's standard input.  dhcpfod
 * asks, the helper answers, and only then dhcpfod asks again; the end of the
 * stream ends the helper.  A message is a header and a body:
 *
 *   u32  length of the body, at most HELPER_BODY_MAX
 *   u16  kind
 *   u16  number: of the operation in a HELPER_CALL, else 0
 *   u32  sequence: of a question; its answer has the same
 *
 *   HELPER_CONNECT  connect to the server, anew if there is a connection: a
 *                   struct helper_settings
 *   HELPER_CALL     call an operation of the server: its arguments, in NDR
 *   HELPER_ANSWER   u32 error (enum dhcp_error), a text that says more and ends
 *                   with a NUL, and, from a call that got an answer, its
 *                   results, in NDR
 *
 * Settings are their numbers and then their texts, each of which ends with a
 * NUL.  All integers are little endian.
 *
 * The error of a call is RPC_S_CALL_FAILED_DNE only if nothing was sent to the
 * server: there was no connection any more.
 */
#ifndef DHCPFO_HELPER_MESSAGE_H
#define DHCPFO_HELPER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpsapi.h"
#include "ndr.h"

#define HELPER_HEADER_SIZE 12u
#define HELPER_BODY_MAX (16u * 1024 * 1024)

enum helper_kind { HELPER_CONNECT = 1, HELPER_CALL, HELPER_ANSWER };

/* How to reach a server, and as whom.  Texts are never NULL. */
struct helper_settings {
	uint32_t port; /* 0: ask the endpoint mapper */
	uint32_t mapper_port;
	uint32_t call_timeout; /* seconds */
	uint32_t ntlm; /* 0: Kerberos or nothing */
	const char *address; /* dotted quad or the name of a host */
	const char *target; /* its name, for Kerberos */
	const char *credentials; /* path, or "" */
	const char *keytab; /* likewise */
	const char *principal; /* of the keytab, or "" */
	const char *ccache; /* path, or "" */
};

struct helper_message {
	enum helper_kind kind;
	uint16_t number;
	uint32_t sequence;
	unsigned char *body; /* malloc()ed by helper_receive() */
	size_t n;
};

struct helper_answer {
	enum dhcp_error error;
	const char *text; /* "": the error says all */
	const unsigned char *results; /* in the message's body */
	size_t n;
};

/** Write a header; ${n} octets of body follow. */
void helper_header_write(unsigned char header[HELPER_HEADER_SIZE],
    const struct helper_message *message);
/** Understand a header; false: it is none.  The body is not there yet. */
bool helper_header_read(const unsigned char header[HELPER_HEADER_SIZE],
    struct helper_message *message);

/** The body of a HELPER_CONNECT. */
void helper_settings_write(struct ndr_writer *writer,
    const struct helper_settings *settings);
/** Understand one; the texts are in ${body}.  False: it is none. */
bool helper_settings_read(const unsigned char *body, size_t n,
    struct helper_settings *settings);

/** The body of a HELPER_ANSWER; ${text} may be NULL. */
void helper_answer_write(struct ndr_writer *writer, enum dhcp_error error,
    const char *text, const void *results, size_t n);
bool helper_answer_read(const unsigned char *body, size_t n,
    struct helper_answer *answer);

/* How it went to send or to receive a message. */
enum helper_io {
	HELPER_IO_DONE,
	HELPER_IO_TIMEOUT,
	HELPER_IO_CLOSED, /* the other side has gone */
	HELPER_IO_BAD, /* what came is no message */
	HELPER_IO_MEMORY
};

/** Milliseconds of a clock that never jumps. */
uint64_t helper_clock(void);

/**
 * Send or receive a message, until ${deadline} by helper_clock(), 0 for ever.
 * The body of a received message is the caller's to wipe and free.
 */
enum helper_io
helper_send(int fd, const struct helper_message *message, uint64_t deadline);
enum helper_io
helper_receive(int fd, struct helper_message *message, uint64_t deadline);

#endif
