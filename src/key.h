/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key.h - the index of a relationship in the MIB, derived from its name.
 *
 * A name may have 126 UTF-16 units, an OID has 128 sub-identifiers in all, and
 * command line tools cannot send an index that is not ASCII.  The key is the
 * name itself where that can be typed, and otherwise a readable part of it with
 * a checksum.  It needs no state: a row never changes its index.
 */
#ifndef DHCPFO_KEY_H
#define DHCPFO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_MAX 80

/**
 * Write the key of ${name} (UTF-8) and a NUL to ${key}; returns its length,
 * 1..KEY_MAX, or 0 for an empty name, which has none.
 */
size_t key_from_name(const char *name, char key[KEY_MAX + 1]);

/** The CRC-32 of ${name}, as in IEEE 802.3 and zlib; 0 for an empty one. */
uint32_t key_sum(const char *name);

/** Is ${key} of ${length} octets a name that is its own key? */
bool key_is_name(const char *key, size_t length);

/**
 * Order of two keys in the MIB: a shorter one first, then by octets, since the
 * index is not IMPLIED (RFC 2578 7.7).
 */
int key_compare(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
