/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_reply_private.h - what kea_reply.c (any answer) shares with the files
 * that read the answer to one command.
 */
#ifndef DHCPFO_KEA_REPLY_PRIVATE_H
#define DHCPFO_KEA_REPLY_PRIVATE_H

#include "kea_reply.h"

/** Say in ${fault} what is wrong.  Each returns false. */
bool kea_fail(struct kea_fault *fault, enum dhcp_error error, int result,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
bool kea_fail_shape(struct kea_fault *fault, const char *what);
bool kea_fail_memory(struct kea_fault *fault);

/** A string member that is short enough, or NULL. */
const char *kea_word(const json_t *object, const char *name);
/** Is there an integer member? */
bool kea_number(const json_t *object, const char *name, int64_t *value);
/** A copy that lives as long as ${arena}, in the octets that Kea has, or NULL.
 */
const char *kea_keep(struct arena *arena, const char *text);

#endif
