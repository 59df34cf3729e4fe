/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * encode.h - answers as AgentX sends them (RFC 2741 5.1 to 5.4, 6.2.16),
 * written into one buffer that is kept from one to the next.
 */
#ifndef DHCPFO_ENCODE_H
#define DHCPFO_ENCODE_H

#include "snmp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an answer takes from the PDU that it answers. */
struct encode_address {
	long sessid, transid, packetid;
	u_long flags; /* which tell the byte order */
};

/* All zero is an empty one; see encode_free(). */
struct encoder {
	u_char *octets;
	size_t n, size;
	bool network; /* byte order */
	bool failed; /* no memory: nothing may be sent */
};

/** Begin a Response without an error. */
void encode_response(struct encoder *encoder, const struct encode_address *to);

/*
 * Net-SNMP 5.9 cannot decode a PDU of more than 65,536 octets: its master then
 * serves nobody until its patience ends, and the session with it.
 */
#define ENCODE_MAX 65536u

/**
 * Add a varbind; false, and nothing is added, when the PDU would be too long
 * (ENCODE_MAX).  ${data} is a long for what is a number, octets for an OCTET
 * STRING; exceptions have none.  Other types are no values of this program.
 */
bool encode_varbind(struct encoder *encoder, u_char type, const oid *name,
    size_t name_length, const void *data, size_t length);

/** Drop the varbinds, and tell of an error instead. */
void encode_error(struct encoder *encoder, long status, long index);

/** Complete the header; false when memory ran out on the way. */
bool encode_end(struct encoder *encoder);

void encode_free(struct encoder *encoder);

#endif
