/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * columns.h - THE table: every accessible object of DHCP-FAILOVER-MIB, one line
 * each.  Adding an object is one line there (beside the MIB and the model); the
 * unit tests hold the table against the MIB in both directions.
 */
#ifndef DHCPFO_COLUMNS_H
#define DHCPFO_COLUMNS_H

#include "snmp.h"

#include <stdbool.h>

#include "index.h"

/* What a member is in C, and what it becomes in SNMP. */
enum column_kind {
	COLUMN_ENUM, /* uint32_t -> INTEGER */
	COLUMN_ADDRESS_TYPE, /* of such an address -> ipv4(1), unknown(0) */
	COLUMN_ROW_STATUS, /* active -> RowStatus */
	COLUMN_SPIN_LOCK, /* uint32_t -> TestAndIncr */
	COLUMN_INT, /* int32_t -> Integer32 */
	COLUMN_U32, /* uint32_t -> Unsigned32, Gauge32 */
	COLUMN_U8, /* BYTE -> Unsigned32 */
	COLUMN_COUNTER, /* uint32_t -> Counter32 */
	COLUMN_TICKS, /* uint64_t, roster_now() -> TimeStamp */
	COLUMN_TIME, /* time_t, 0 never -> DateAndTime */
	COLUMN_FLAGS, /* uint32_t, bit n is 2^n -> BITS; max: how many */
	COLUMN_ADDRESS, /* DHCP_IP_ADDRESS -> InetAddress */
	COLUMN_TEXT, /* char *, UTF-8 -> SnmpAdminString */
	COLUMN_CHARS, /* char [], UTF-8 -> SnmpAdminString */
	COLUMN_SECRET /* char * -> OCTET STRING, always "" */
};

enum column_access { COLUMN_RO, COLUMN_RW, COLUMN_RC };

struct column {
	uint8_t path[5]; /* sub-identifiers below dhcpFoMIB */
	uint8_t depth; /* how many */
	enum index_kind index;
	enum column_kind kind;
	enum column_access access;
	uint32_t bit; /* of a member that a SET changes: a flag, CHANGE_* */
	uint32_t min, max; /* of what may be written: value or octets */
	size_t offset; /* into what the index points to */
	const char *label;
	/* Instead of a member: of a value that must be worked out. */
	uint32_t (*compute)(const struct cursor *at);
	/* Its text, which may be put into ${room}. */
	const char *(*describe)(const struct cursor *at,
	    char room[FAILOVER_ADDRESS_SIZE]);
	/* Instead of a bit: of a value that is the agent's own. */
	void (*write)(const struct cursor *at, uint32_t value);
	/* Of a value that not every instance has. */
	bool (*present)(const struct cursor *at);
	/* Instead of a member: of COLUMN_TICKS. */
	uint64_t (*when)(const struct cursor *at);
};

/** Is there a value of ${column} at ${at}? */
bool column_present(const struct column *column, const struct cursor *at);

/** The column dhcpFo...(${table}).(entry).(${number}) of a table, or NULL. */
const struct column *
column_numbered(enum index_kind index, uint8_t table, uint8_t number);

extern const struct column columns[];
extern const size_t ncolumns;

/**
 * The column that ${name} is in, and in ${*sub} how many of its sub-identifiers
 * come before the instance; NULL when it is in none.
 */
const struct column *column_find(const oid *name, size_t length, size_t *sub);

/**
 * The first column that has an instance behind ${name}, were every instance
 * there; NULL at the end.  ${*sub} as above, or 0 when ${name} lies before it.
 */
const struct column *column_from(const oid *name, size_t length, size_t *sub);

/**
 * As column_find(), if ${name} is in ${last}, which may be NULL, or in one of
 * the next few columns; NULL: not known.
 */
const struct column *column_near(const struct column *last, const oid *name,
    size_t length, size_t *sub);

/** Write the OID of ${column} to ${name}; returns its length. */
size_t column_name(const struct column *column, oid *name);

/** What ${at} points to, for offsets of that kind of index. */
const void *column_base(const struct column *column, const struct cursor *at);

#endif
