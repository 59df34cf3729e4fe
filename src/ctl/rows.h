/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.h - the relationships of one server, in the order of their names.
 */
#ifndef DHCPFOCTL_ROWS_H
#define DHCPFOCTL_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "failover.h"
#include "server.h"

#include "ctl.h"

struct row {
	DHCP_FAILOVER_RELATIONSHIP *rel; /* without its secret */
	DHCP_FAILOVER_STATISTICS *stats; /* one per scope; NULL: not known */
	FSM_STATE partner_state; /* NO_STATE: not known */
	bool authenticated;
};

/* All zero is none. */
struct rows {
	struct row *at;
	size_t n, room;
};

/** Ask ${server} for all.  On error ${rows} is empty. */
enum dhcp_error rows_read(struct rows *rows, struct failover_server *server);

/** The same by a handle of its own; CTL_FAILED after a message of ${verb}. */
enum ctl_exit rows_of_server(struct rows *rows,
    const struct conf_server *server, const char *verb);

/** The one called ${name}, or NULL.  O(log n). */
const struct row *rows_find(const struct rows *rows, const char *name);

void rows_free(struct rows *rows);

#endif
