/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history.h - what a restart must not forget: since when each relationship is
 * in its state, how often it changed, and the log of events.
 *
 * It is read once; changes are written by a thread of its own, in the order in
 * which they were told, so that the disk never delays an answer.  A file that
 * cannot be used is said once, and nothing is kept.  Main thread only.
 */
#ifndef DHCPFO_HISTORY_H
#define DHCPFO_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "event.h"
#include "worker.h"

struct history;

struct history_row {
	uint32_t server; /* its index */
	const char *name; /* of the relationship */
	uint32_t state; /* the last one seen */
	time_t state_time;
	uint32_t transitions, comm_interruptions;
	bool forgotten; /* since then */
};

/**
 * Read ${directory}/dhcpfod-state.db, making it if need be, and put its events
 * into ${events}, which must outlive the result; those for which it has no
 * place are gone from the file, too.  A file that cannot be read is left alone:
 * nothing is kept then, which is logged.  NULL: no memory.
 */
struct history *history_open(const char *directory, struct workshop *shop,
    struct event_log *events);

/**
 * What is known of that relationship, if it was when the program started, or
 * was remembered since, or NULL.
 */
const struct history_row *
history_find(struct history *history, uint32_t server, const char *name);

/** Which of those is the first of that server, if it has any. */
size_t history_first(struct history *history, uint32_t server);

/** The ${i}-th row of those, by server and name, or NULL. */
const struct history_row *history_at(struct history *history, size_t i);

/** Know ${row}, which is kept, when its server comes back. */
void history_remember(struct history *history, const struct history_row *row);

/** Keep ${row}. */
void history_keep(struct history *history, const struct history_row *row);

/** Forget that relationship. */
void history_forget(struct history *history, uint32_t server, const char *name);

/** Keep ${event}, and no event older than the log's oldest. */
void history_event(struct history *history, const struct event *event);

/** Keep no event older than the log's oldest, and none if it has none. */
void history_trim(struct history *history);

/** Write what is left, at most ${milliseconds}, and free; NULL is fine. */
void history_close(struct history *history, unsigned int milliseconds);

#endif
