/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "message.h"

#include "scopes.h"

/* clang-format off */
const struct statistic statistics[STATISTICS] = {
#define AT(member) offsetof(DHCP_FAILOVER_STATISTICS, member)
	{ "addresses",    "ADDRESSES",     AT(NumAddr) },
	{ "free",         "FREE",          AT(AddrFree) },
	{ "inUse",        "IN USE",        AT(AddrInUse) },
	{ "partnerFree",  "PARTNER FREE",  AT(PartnerAddrFree) },
	{ "thisFree",     "THIS FREE",     AT(ThisAddrFree) },
	{ "partnerInUse", "PARTNER IN USE", AT(PartnerAddrInUse) },
	{ "thisInUse",    "THIS IN USE",   AT(ThisAddrInUse) },
#undef AT
};
/* clang-format on */

bool
statistic_of(const struct statistic *statistic,
    const DHCP_FAILOVER_STATISTICS *stats, uint32_t *number)
{
	if (stats == NULL)
		return false;
	memcpy(number, (const char *)stats + statistic->offset,
	    sizeof(*number));
	return *number != FAILOVER_NOT_COUNTED;
}

bool
statistics_free_percent(const DHCP_FAILOVER_STATISTICS *stats,
    uint32_t *percent)
{
	if (stats == NULL || stats->NumAddr == FAILOVER_NOT_COUNTED ||
	    stats->AddrFree == FAILOVER_NOT_COUNTED)
		return false;
	*percent = failover_free_percent(stats);
	return true;
}

bool
scopes_has(const DHCP_IP_ARRAY *scopes, DHCP_IP_ADDRESS scope)
{
	DWORD i;

	if (scopes == NULL)
		return false;
	for (i = 0; i < scopes->NumElements; i++)
		if (scopes->Elements[i] == scope)
			return true;
	return false;
}

bool
scopes_add(DHCP_IP_ARRAY *scopes, DHCP_IP_ADDRESS scope)
{
	size_t size = (scopes->NumElements + (size_t)1) * sizeof(scope);

	if (scopes_has(scopes, scope))
		return false;
	scopes->Elements = must(realloc(scopes->Elements, size));
	scopes->Elements[scopes->NumElements++] = scope;
	return true;
}

DHCP_IP_ARRAY
scopes_without(const DHCP_IP_ARRAY *a, const DHCP_IP_ARRAY *b)
{
	DHCP_IP_ARRAY rest = { 0, NULL };
	DWORD i;

	for (i = 0; a != NULL && i < a->NumElements; i++)
		if (!scopes_has(b, a->Elements[i]))
			scopes_add(&rest, a->Elements[i]);
	return rest;
}

/* ---------------------------------------------------------------- the map */

void
scope_map_add(struct scope_map *map, const DHCP_IP_ARRAY *scopes, size_t owner)
{
	size_t i, n = scopes != NULL ? scopes->NumElements : 0;

	if (map->room - map->n < n) {
		map->room = 2 * map->room + n;
		map->at = must(realloc(map->at, map->room * sizeof(*map->at)));
	}
	for (i = 0; i < n; i++)
		map->at[map->n++] =
		    (struct scope_place){ scopes->Elements[i], owner, i };
}

static int
compare_places(const void *a, const void *b)
{
	const struct scope_place *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->owner > y->owner) - (x->owner < y->owner);
}

void
scope_map_sort(struct scope_map *map)
{
	if (map->n > 0)
		qsort(map->at, map->n, sizeof(*map->at), compare_places);
}

const struct scope_place *
scope_map_find(const struct scope_map *map, DHCP_IP_ADDRESS address)
{
	size_t low = 0, high = map->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (map->at[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == map->n || map->at[low].address != address)
		return NULL;
	return &map->at[low];
}
