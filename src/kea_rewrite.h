/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_rewrite.h - one number of a running configuration changed: commands made
 * of an answer to config-get.  All of it may hold passwords.
 */
#ifndef DHCPFO_KEA_REWRITE_H
#define DHCPFO_KEA_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kea_buffer.h"
#include "kea_reply.h"

struct kea_rewrite {
	struct kea_buffer test,
	    set; /* config-test, config-set with the new one */
	struct kea_buffer back; /* config-set with the old one */
};

/**
 * Make the commands that set max-response-delay of relationship number
 * ${number} to ${delay} milliseconds.  False: ${fault} says why, and there is
 * nothing to free.
 */
bool kea_rewrite(const char *answer, size_t length, size_t number,
    uint32_t delay, struct kea_rewrite *rewrite, struct kea_fault *fault);

/** Wipe and free. */
void kea_rewrite_free(struct kea_rewrite *rewrite);

/** Does ${text} contain a password of the configuration?  In doubt, yes. */
bool kea_rewrite_leaks(const char *answer, size_t length, const char *text);

#endif
