/* SPDX-License-Identifier: BSD-2-Clause */
#include "encode.h"

#include <stdlib.h>
#include <string.h>

#define VERSION 1
#define RESPONSE 18
#define NETWORK_BYTE_ORDER 0x10u

#define LENGTH_AT 16 /* of the payload, in the header */
#define HEADER 20u
#define STATUS_AT (HEADER + 4) /* behind sysUpTime */
#define VARBINDS_AT (HEADER + 8)

static bool
room(struct encoder *encoder, size_t more)
{
	size_t size = encoder->size;
	u_char *moved;

	if (encoder->failed)
		return false;
	if (more <= size - encoder->n)
		return true;
	while (size - encoder->n < more)
		size = size == 0 ? 4096 : 2 * size;
	if ((moved = realloc(encoder->octets, size)) == NULL) {
		encoder->failed = true;
		return false;
	}
	encoder->octets = moved;
	encoder->size = size;
	return true;
}

static inline u_char *
put16(u_char *at, bool network, uint32_t n)
{
	const uint16_t n16 = (uint16_t)n;

	if (network) {
		at[0] = (u_char)(n16 >> 8);
		at[1] = (u_char)(n16 & 0xff);
	} else
		memcpy(at, &n16, sizeof(n16));
	return at + sizeof(n16);
}

static inline u_char *
put32(u_char *at, bool network, uint32_t n)
{
	if (network) {
		at[0] = (u_char)(n >> 24);
		at[1] = (u_char)(n >> 16 & 0xff);
		at[2] = (u_char)(n >> 8 & 0xff);
		at[3] = (u_char)(n & 0xff);
	} else
		memcpy(at, &n, sizeof(n));
	return at + sizeof(n);
}

/* 1.3.6.1.N is one octet (RFC 2741 5.1); there is always room. */
static u_char *
put_oid(u_char *at, bool network, const oid *name, size_t length)
{
	u_char prefix = 0;
	size_t i;

	if (length >= 5 && name[0] == 1 && name[1] == 3 && name[2] == 6 &&
	    name[3] == 1 && name[4] > 0 && name[4] < 256) {
		prefix = (u_char)name[4];
		name += 5;
		length -= 5;
	}
	at[0] = (u_char)length;
	at[1] = prefix;
	at[2] = 0;
	at[3] = 0;
	at += 4;
	for (i = 0; i < length; i++, at += 4)
		put32(at, network, (uint32_t)name[i]);
	return at;
}

static u_char *
put_octets(u_char *at, bool network, const void *octets, size_t length)
{
	const size_t padded = (length + 3) & ~(size_t)3;

	at = put32(at, network, (uint32_t)length);
	if (length > 0)
		memcpy(at, octets, length);
	memset(at + length, 0, padded - length);
	return at + padded;
}

void
encode_response(struct encoder *encoder, const struct encode_address *to)
{
	const bool network = (to->flags & NETWORK_BYTE_ORDER) != 0;
	u_char *at;

	encoder->n = 0;
	encoder->failed = false;
	encoder->network = network;
	if (!room(encoder, VARBINDS_AT))
		return;
	at = encoder->octets;
	memset(at, 0, VARBINDS_AT);
	at[0] = VERSION;
	at[1] = RESPONSE;
	at[2] = network ? NETWORK_BYTE_ORDER : 0;
	put32(at + 4, network, (uint32_t)to->sessid);
	put32(at + 8, network, (uint32_t)to->transid);
	put32(at + 12, network, (uint32_t)to->packetid);
	encoder->n = VARBINDS_AT;
}

bool
encode_varbind(struct encoder *encoder, u_char type, const oid *name,
    size_t name_length, const void *data, size_t length)
{
	const bool network = encoder->network;
	/* Type, name, length, octets and what fills the last four. */
	const size_t most = 4 + 4 + 4 * name_length + 4 + length + 3;
	long number;
	u_char *at;

	if (most > ENCODE_MAX - encoder->n)
		return false;
	/* encode_end() tells of that. */
	if (!room(encoder, most))
		return true;
	at = encoder->octets + encoder->n;
	at = put16(at, network, type);
	at = put16(at, network, 0);
	at = put_oid(at, network, name, name_length);
	switch (type) {
	case ASN_INTEGER:
	case ASN_COUNTER:
	case ASN_UNSIGNED:
	case ASN_TIMETICKS:
		memcpy(&number, data, sizeof(number));
		at = put32(at, network, (uint32_t)number);
		break;
	case ASN_OCTET_STR:
		at = put_octets(at, network, data, length);
		break;
	}
	encoder->n = (size_t)(at - encoder->octets);
	return true;
}

void
encode_error(struct encoder *encoder, long status, long index)
{
	u_char *at;

	if (encoder->n < VARBINDS_AT)
		return;
	/* The header has been there before memory ran out. */
	encoder->failed = false;
	encoder->n = VARBINDS_AT;
	at = encoder->octets + STATUS_AT;
	at = put16(at, encoder->network, (uint32_t)status);
	put16(at, encoder->network, (uint32_t)index);
}

bool
encode_end(struct encoder *encoder)
{
	if (encoder->failed)
		return false;
	put32(encoder->octets + LENGTH_AT, encoder->network,
	    (uint32_t)(encoder->n - HEADER));
	return true;
}

void
encode_free(struct encoder *encoder)
{
	free(encoder->octets);
	memset(encoder, 0, sizeof(*encoder));
}
