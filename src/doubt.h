/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doubt.h - SETs whose answer got lost, until a listing shows what became of
 * them.  Nothing is ever repeated.
 */
#ifndef DHCPFO_DOUBT_H
#define DHCPFO_DOUBT_H

#include "roster.h"

/**
 * Remember that ${flags} of the row may have become what ${want} says, in place
 * of what was remembered of it.  It takes two listings to find that it is
 * ${late}: FAILED while the server may be at it still, SUCCEEDED while it may
 * be at taking it back, NONE if it is at neither.  The listing that comes next
 * does not tell if it is ${early}: from before that.
 */
void doubt_add(struct managed *server, const char *key, size_t length,
    const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags, enum set_status late,
    bool early);

/**
 * ${server} has a new snapshot: tell in its rows, and forget.  What was done is
 * put into ${old} too, so that nobody takes it for somebody else's doing.
 */
void doubt_resolve(struct managed *server, struct snapshot *old);

/** Forget all. */
void doubt_free(struct roster *roster);

#endif
