/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - what differs between one listing and the next, told as
 * observations, and the history of states that comes of it.
 */
#ifndef DHCPFO_WATCH_H
#define DHCPFO_WATCH_H

#include "roster.h"

/**
 * Compare what ${server} lists now with ${old}.  ${first}: there was nothing
 * before, so that what is there is nothing new; what is known of it from before
 * the program's start, or its own leaving, is taken over.
 */
void
watch_listing(struct managed *server, const struct snapshot *old, bool first);

/** The state of ${row} was ${before}. */
void
watch_state(struct managed *server, struct snapshot_row *row, FSM_STATE before);

/** ${server} leaves; should it come back, its rows are what they were. */
void watch_no_more(struct managed *server);

/** The server answered a poll with ${error}, and has its new status. */
void watch_server(struct managed *server, enum dhcp_error error);

#endif
