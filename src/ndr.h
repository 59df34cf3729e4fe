/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ndr.h - NDR, how DCE/RPC writes values (C706 chapter 14): little endian, each
 * aligned to its size from the start of the buffer.
 *
 * Both structures remember the first error and do nothing more after it, so
 * that only the end has to be looked at.
 */
#ifndef DHCPFO_NDR_H
#define DHCPFO_NDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "dhcpsapi.h"

/* All zero is an empty one. */
struct ndr_writer {
	unsigned char *at;
	size_t n, room;
	uint32_t pointers; /* how many that are not NULL so far */
	enum dhcp_error error; /* 87: a text that is not UTF-8; no memory */
};

void ndr_put_u8(struct ndr_writer *writer, uint8_t value);
void ndr_put_u16(struct ndr_writer *writer, uint16_t value);
void ndr_put_u32(struct ndr_writer *writer, uint32_t value);

/** A unique pointer, without what it points to. */
void ndr_put_pointer(struct ndr_writer *writer, const void *to);

/** A string of 16-bit characters, from UTF-8. */
void ndr_put_string(struct ndr_writer *writer, const char *text);

/** ${n} octets as they are. */
void ndr_put_octets(struct ndr_writer *writer, const void *from, size_t n);

/** Wipe and free what was written. */
void ndr_writer_free(struct ndr_writer *writer);

struct ndr_reader {
	const unsigned char *at;
	size_t n, next;
	struct arena *arena; /* for what is read; the caller frees it */
	enum dhcp_error error; /* RPC_X_BAD_STUB_DATA; no memory */
};

/** Integers: 0 after an error. */
uint8_t ndr_get_u8(struct ndr_reader *reader);
uint16_t ndr_get_u16(struct ndr_reader *reader);
uint32_t ndr_get_u32(struct ndr_reader *reader);

/** A unique pointer: does it point to something? */
bool ndr_get_pointer(struct ndr_reader *reader);

/**
 * A string of 16-bit characters, as UTF-8 and up to its first NUL; what is not
 * UTF-16 becomes U+FFFD.  NULL after an error.
 */
char *ndr_get_string(struct ndr_reader *reader);

/** ${n} octets as they are, in place; NULL after an error. */
const unsigned char *ndr_get_octets(struct ndr_reader *reader, size_t n);

/**
 * Memory for ${n} elements of ${size} octets, zeroed; of each there are at
 * least
 * ${least} octets still to be read.  NULL after an error.
 */
void *
ndr_get_room(struct ndr_reader *reader, size_t n, size_t least, size_t size);

/** Octets still to be read. */
size_t ndr_left(const struct ndr_reader *reader);

/** What was read cannot be right. */
void ndr_refuse(struct ndr_reader *reader);

/** Success, or the first error; octets that nobody has read are one, too. */
enum dhcp_error ndr_end(struct ndr_reader *reader);

#endif
