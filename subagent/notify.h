/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.h - notifications: which, of what, and how often.
 *
 * A notification is a list of columns, whose values are fetched as for a GET.
 * Too soon after the last one of its kind about the same thing it is held back;
 * when the time is over, what is then true is told.  While there is no master,
 * notifications wait in a bounded queue.
 */
#ifndef DHCPFO_NOTIFY_H
#define DHCPFO_NOTIFY_H

#include "snmp.h"

#include "roster.h"
#include "scalars.h"

/** Send for ${scalars}; then give notify_observe() to the roster. */
void notify_init(struct scalars *scalars);

/** The roster's observer. */
void notify_observe(const struct observation *observation,
    const struct event *event);

/** Send what waits for the master, if it is there. */
void notify_flush(void);

/** Forget what waits. */
void notify_end(void);

#endif
