/* SPDX-License-Identifier: BSD-2-Clause */
/* scalars.h - what the scalar objects of the MIB are about. */
#ifndef DHCPFO_SCALARS_H
#define DHCPFO_SCALARS_H

#include <stdint.h>
#include <time.h>

#include "roster.h"

struct scalars {
	struct roster *roster;
	time_t started;
	uint32_t server_count;
	uint32_t spin_lock; /* 0..2147483647 */
	uint32_t write_policy; /* FAILOVER_SET_* */
	uint32_t poll_interval; /* seconds */
	void (*poll_interval_changed)(void); /* or NULL */
	uint32_t notify; /* bits of dhcpFoNotifEnable */
	uint32_t notify_min_interval; /* seconds */
	uint32_t notify_sent, notify_suppressed;
};

#endif
