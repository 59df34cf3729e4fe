/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * varbind.h - between members and values on the wire, by the kind of the
 * column. Wire octets are cast nowhere else.
 */
#ifndef DHCPFO_VARBIND_H
#define DHCPFO_VARBIND_H

#include "snmp.h"

#include "change.h"
#include "columns.h"

/* A value to send.  ${data} may point into ${small} or into the row. */
struct value {
	u_char type; /* ASN_*, or an exception of RFC 3416 */
	const void *data;
	size_t length;
	union {
		long integer;
		u_char octets[16];
		char text[FAILOVER_ADDRESS_SIZE];
	} small;
};

/** The value of ${column} at ${at}; valid until a snapshot is swapped. */
void varbind_get(const struct column *column, const struct cursor *at,
    struct value *value);

/** The number behind ${column}, of a kind that has one, at ${at}. */
uint32_t varbind_number(const struct column *column, const struct cursor *at);

/**
 * Check type, length, encoding and range of what is to be written (RFC 3416
 * 4.2.5), and put it into the member of ${row} that belongs to ${column}; text
 * is kept by ${change}.  Returns an error-status, SNMP_ERR_NOERROR if all is
 * well.
 */
int varbind_set(const struct column *column, const netsnmp_variable_list *from,
    struct change *change, struct snapshot_row *row);

/** The same for a value that is the agent's own, or a RowStatus. */
int varbind_integer(const struct column *column,
    const netsnmp_variable_list *from, uint32_t *value);

#endif
