/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doubt.h - SETs whose answer got lost, until a listing shows what became of
 * them.  Nothing is ever repeated.
 */
#ifndef DHCPFO_DOUBT_H
#define DHCPFO_DOUBT_H

#include "roster.h"

struct step;

/**
 * Remember that ${step} may have been done, in place of what was remembered of
 * its row.  The listing that comes next does not tell if it is ${early}: from
 * before that.
 */
void doubt_add(struct managed *server, const struct step *step, bool early);

/**
 * ${step} has made the members of its row what ${now} has, says a predecessor
 * of ${server}, and nobody doubts that: but the next listing, or if it is
 * ${early} the one after it, is not to show it as somebody else's doing.
 */
void doubt_tell(struct managed *server, const struct step *step,
    const DHCP_FAILOVER_RELATIONSHIP *now, bool early);

/**
 * ${server} has a new snapshot: tell in its rows, and forget.  What was done is
 * put into ${old} too, so that nobody takes it for somebody else's doing.  A
 * second look right after the first counts only if both were ${polled} in
 * their turn: after a change, or right behind another poll, it shows nothing.
 */
void doubt_resolve(struct managed *server, struct snapshot *old, bool polled);

/** Forget all. */
void doubt_free(struct roster *roster);

#endif
