/* SPDX-License-Identifier: BSD-2-Clause */
/* rows.h - the rows that every peer of the benchmark serves. */
#ifndef DHCPFO_BENCH_ROWS_H
#define DHCPFO_BENCH_ROWS_H

#include <stdint.h>

#define BENCH_KEY_LENGTH 10 /* of rel0000000 */
#define BENCH_PRIMARY_NAME "dhcp1.example.net"
#define BENCH_SECONDARY_NAME "dhcp2.example.net"
#define BENCH_MCLT 3600u
#define BENCH_SAFE_PERIOD 7200u
#define BENCH_PERCENTAGE 50u
#define BENCH_STATE 3u /* normal, and the one before likewise */
#define BENCH_MODE 0u

/* Columns of dhcpFoRelEntry that are asked for. */
#define BENCH_COLUMNS 14
static const uint32_t bench_columns[BENCH_COLUMNS] = { 2, 3, 4, 5, 6, 7, 8, 9,
	11, 13, 14, 15, 16, 17 };

/** The key and name of row ${i}: BENCH_KEY_LENGTH octets, no NUL. */
static inline void
bench_key(uint32_t i, char *key)
{
	int at;

	key[0] = 'r';
	key[1] = 'e';
	key[2] = 'l';
	for (at = BENCH_KEY_LENGTH - 1; at > 2; at--, i /= 10)
		key[at] = (char)('0' + i % 10);
}

static inline uint32_t
bench_role(uint32_t i)
{
	return i & 1;
}

/** 10.0.0.0 and on, of octets below 128: the others are too much for node. */
static inline uint32_t
bench_primary(uint32_t i)
{
	return 0x0a000000u | i >> 14 << 16 | (i >> 7 & 127) << 8 | (i & 127);
}

/** 10.64.0.0 and on, likewise. */
static inline uint32_t
bench_secondary(uint32_t i)
{
	return bench_primary(i) | 0x00400000u;
}

#endif
