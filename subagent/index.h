/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * index.h - instances: from sub-identifiers to rows and back, in MIB order.
 *
 * A cursor is valid while no snapshot is swapped, which never happens inside
 * one PDU.
 */
#ifndef DHCPFO_INDEX_H
#define DHCPFO_INDEX_H

#include "snmp.h"

#include <stdbool.h>

#include "roster.h"
#include "scalars.h"

enum index_kind {
	INDEX_SCALAR, /* 0 */
	INDEX_SERVER, /* dhcpFoServerIndex */
	INDEX_REL, /* and dhcpFoRelKey */
	INDEX_SCOPE, /* and dhcpFoScopeAddrType, dhcpFoScopeAddr */
	INDEX_EVENT /* dhcpFoEventIndex */
};

/* Most sub-identifiers of an instance: 1 + 1 + KEY_MAX + 1 + 1 + 4. */
#define INDEX_MAX (KEY_MAX + 8)

struct cursor {
	struct scalars *scalars;
	struct managed *server;
	struct snapshot_row *row;
	struct snapshot_scope *scope;
	const struct event *event;
};

/**
 * Point ${at} to the instance that is exactly ${sub}; false when there is none.
 * at->scalars must be set.
 */
bool index_find(enum index_kind kind, struct cursor *at, const oid *sub,
    size_t length);

/**
 * Point ${at} to the first instance behind ${sub}, or, with ${include}, at or
 * behind it; false when there is none.
 */
bool index_next(enum index_kind kind, struct cursor *at, const oid *sub,
    size_t length, bool include);

/** Write the sub-identifiers of ${at}; returns how many, at most INDEX_MAX. */
size_t index_write(enum index_kind kind, const struct cursor *at, oid *sub);

/** What an instance that need not exist yet would be. */
struct index_name {
	uint32_t server;
	char key[KEY_MAX + 1];
	size_t key_length;
	DHCP_IP_ADDRESS scope;
};

/** Take ${sub} apart; false when it can be no instance of that kind. */
bool index_parse(enum index_kind kind, const oid *sub, size_t length,
    struct index_name *name);

#endif
