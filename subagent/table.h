/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - reading: requests in, names and values out.  Knows neither PDUs nor
 * sessions, and never asks a server.
 */
#ifndef DHCPFO_TABLE_H
#define DHCPFO_TABLE_H

#include "snmp.h"

#include <stdbool.h>

#include "varbind.h"

/* One name to read.  What it points to is the caller's. */
struct request {
	const oid *name;
	size_t length;
	/* Only for GETNEXT (RFC 2741 5.2): */
	const oid *end; /* the answer must lie before it; NULL: no end */
	size_t end_length;
	bool include; /* ${name} itself will do */
	/* The answer: */
	oid found[MAX_OID_LEN]; /* GETNEXT: its name, if value is no exception
				 */
	size_t found_length;
	struct value value; /* or SNMP_NOSUCHOBJECT, ..INSTANCE, ENDOFMIBVIEW */
};

/* Column and row of the last request of a PDU, for the next one. */
struct table_hint {
	const struct column *column; /* or NULL */
	struct cursor at;
	enum index_kind kind;
	const oid *sub;
	size_t length;
	bool include, valid;
};

/** A hint that says nothing; for the start of each PDU. */
void table_hint_init(struct table_hint *hint, struct scalars *scalars);

/** Answer a GET.  O(log n), and O(1) for the row that ${hint} remembers. */
void table_get(struct table_hint *hint, struct request *request);

/** Answer a GETNEXT likewise. */
void table_next(struct table_hint *hint, struct request *request);

#endif
