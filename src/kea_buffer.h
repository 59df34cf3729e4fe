/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_buffer.h - octets that may hold a secret: what they occupied is wiped
 * before it is given back, also when they move.
 */
#ifndef DHCPFO_KEA_BUFFER_H
#define DHCPFO_KEA_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is empty. */
struct kea_buffer {
	char *at; /* followed by a NUL once something was added */
	size_t length, size;
};

/** Overwrite ${size} octets; unlike memset() it is never left out. */
void kea_wipe(void *at, size_t size);

/** Make room for ${more} octets and a NUL; false: no memory, nothing lost. */
bool kea_buffer_reserve(struct kea_buffer *buffer, size_t more);

/** Add ${length} octets; false likewise. */
bool kea_buffer_add(struct kea_buffer *buffer, const void *at, size_t length);

/** Wipe and free; ${buffer} is empty afterwards. */
void kea_buffer_free(struct kea_buffer *buffer);

#endif
