/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helper.h - a program that asks a server on our behalf, because the library
 * for it may block for minutes, abort, or not be ours to link.  It is started
 * when needed, and killed when it does not answer in time.
 */
#ifndef DHCPFO_HELPER_H
#define DHCPFO_HELPER_H

#include <stdint.h>
#include <sys/types.h>

#include "helper_message.h"

struct helper {
	const char *program; /* path */
	pid_t pid; /* 0: does not run */
	int fd; /* our end, while it runs */
	uint32_t sequence;
	unsigned int failures; /* in a row: it died or had to be killed */
	uint64_t not_before; /* by helper_clock(): the next start */
	char why[192]; /* of the last failure */
};

/** Nothing runs yet; ${program} must outlive it. */
void helper_init(struct helper *helper, const char *program);

/**
 * Ask, starting the program if it does not run, and wait up to ${milliseconds}
 * for the answer.  Success: there is one, in ${answer}, which is valid until
 * ${message}, which the caller passes to helper_forget(), is gone.  Else
 * helper->why says more, and the program does not run any more:
 *   ERROR_TIMEOUT              asked, but it did not answer
 *   RPC_S_CALL_FAILED          asked, but it died or answered nonsense
 *   RPC_S_CALL_FAILED_DNE      not asked: it died before
 *   RPC_S_SERVER_UNAVAILABLE   not asked: it failed so often that it waits
 *   ERROR_NOT_SUPPORTED        there is no such program
 *   ERROR_NOT_ENOUGH_MEMORY    not asked
 */
enum dhcp_error helper_ask(struct helper *helper,
    const struct helper_message *question, unsigned int milliseconds,
    struct helper_message *message, struct helper_answer *answer);

/** Wipe and free what helper_ask() received. */
void helper_forget(struct helper_message *message);

/** End it, if it runs. */
void helper_end(struct helper *helper);

/**
 * How many seconds to wait before the next start after so many ${failures} in a
 * row: none at first, then 1, 2, 4 ... 30.
 */
unsigned int helper_back_off(unsigned int failures);

#endif
