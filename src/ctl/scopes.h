/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scopes.h - lists of scopes, and the words for their statistics.
 */
#ifndef DHCPFOCTL_SCOPES_H
#define DHCPFOCTL_SCOPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failover.h"

/* One of the seven numbers that a server may give of a scope. */
struct statistic {
	const char *name; /* the MIB's, without dhcpFoScope */
	const char *head; /* of a column */
	size_t offset;
};

#define STATISTICS 7

extern const struct statistic statistics[STATISTICS];

/** The number itself; false when it is not known.  ${stats} may be NULL. */
bool statistic_of(const struct statistic *statistic,
    const DHCP_FAILOVER_STATISTICS *stats, uint32_t *number);

/** How many addresses are free, as in the MIB, likewise. */
bool statistics_free_percent(const DHCP_FAILOVER_STATISTICS *stats,
    uint32_t *percent);

/** Is ${scope} in ${scopes}, which may be NULL? */
bool scopes_has(const DHCP_IP_ARRAY *scopes, DHCP_IP_ADDRESS scope);

/**
 * Add ${scope}; false when it is in there already.  ${scopes} begins as all
 * zero, and its Elements are the caller's to free.
 */
bool scopes_add(DHCP_IP_ARRAY *scopes, DHCP_IP_ADDRESS scope);

/** The scopes of ${a} that are not in ${b}; either may be NULL. */
DHCP_IP_ARRAY scopes_without(const DHCP_IP_ARRAY *a, const DHCP_IP_ARRAY *b);

/* Which list each of many scopes is in. */
struct scope_place {
	DHCP_IP_ADDRESS address;
	size_t owner; /* as scope_map_add() was told */
	size_t number; /* in its list */
};

/* All zero is empty; the array is the caller's to free. */
struct scope_map {
	struct scope_place *at;
	size_t n, room;
};

/** Add all of ${scopes}, which may be NULL. */
void
scope_map_add(struct scope_map *map, const DHCP_IP_ARRAY *scopes, size_t owner);

/** Sort by address, then by owner. */
void scope_map_sort(struct scope_map *map);

/** The first place of ${address} in a sorted ${map}, or NULL. */
const struct scope_place *
scope_map_find(const struct scope_map *map, DHCP_IP_ADDRESS address);

#endif
