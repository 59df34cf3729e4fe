/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret.h - a shared secret from a file or from standard input, since what is
 * in the arguments of a program can be seen by everyone.
 */
#ifndef DHCPFOCTL_SECRET_H
#define DHCPFOCTL_SECRET_H

#include <stdbool.h>

#include "member.h"

struct secret {
	char text[SECRET_MAX + 3]; /* a CR, an LF and a NUL more */
};

/** Is ${source} something that secret_read() takes? */
bool secret_is_source(const char *source);

/**
 * Read from ${source}: "@FILE"; "-" or "@-", standard input; or "", which is
 * no secret.  An end of line at its end does not belong to it.  False after a
 * message, which begins with ${verb}.
 */
bool secret_read(struct secret *secret, const char *source, const char *verb);

/** Can others than its owner and group get at the file behind ${fd}? */
bool secret_is_open(int fd);

/** Overwrite ${secret}. */
void secret_wipe(struct secret *secret);

#endif
