/* SPDX-License-Identifier: BSD-2-Clause */
/* ber.h - just enough BER (RFC 3417 8) to ask an SNMPv2c agent and check it. */
#ifndef DHCPFO_BENCH_BER_H
#define DHCPFO_BENCH_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BER_OID_MAX 128
#define BER_VARBINDS_MAX 256

#define PDU_GET 0xa0
#define PDU_GETNEXT 0xa1
#define PDU_RESPONSE 0xa2
#define PDU_SET 0xa3
#define PDU_GETBULK 0xa5

struct ber_oid {
	uint32_t at[BER_OID_MAX];
	size_t n;
};

struct ber_varbind {
	struct ber_oid name;
	uint8_t type;
	const uint8_t *value; /* content octets */
	size_t length;
};

struct ber_message {
	uint8_t pdu;
	uint32_t request;
	uint32_t error, index; /* or non-repeaters, max-repetitions */
	struct ber_varbind varbinds[BER_VARBINDS_MAX];
	size_t n;
};

/** Encode ${message} into ${size} octets of ${to}; its length, 0: no room. */
size_t ber_encode(const struct ber_message *message, const char *community,
    uint8_t *to, size_t size);

/** Decode; values point into ${from}.  False: not an SNMPv2c message. */
bool
ber_decode(struct ber_message *message, const uint8_t *from, size_t length);

/** Order of two identifiers. */
int ber_compare(const struct ber_oid *a, const struct ber_oid *b);

/** Does ${name} begin with ${prefix}? */
bool ber_below(const struct ber_oid *name, const struct ber_oid *prefix);

#endif
