/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.h - the log of events: what happened, the latest of it, oldest first.
 * Main thread only.
 */
#ifndef DHCPFO_EVENT_H
#define DHCPFO_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Numbered as dhcpFoEventKind in the MIB. */
enum event_kind {
	EVENT_OTHER = 1,
	EVENT_STATE_CHANGE,
	EVENT_CREATED,
	EVENT_DELETED,
	EVENT_CONFIG_CHANGE,
	EVENT_SCOPE_ADDED,
	EVENT_SCOPE_REMOVED,
	EVENT_SET_DONE,
	EVENT_SET_FAILED,
	EVENT_SERVER_UP,
	EVENT_SERVER_DOWN,
	EVENT_THRESHOLD_LOW,
	EVENT_THRESHOLD_OK,
	EVENT_DRIFT_FOUND,
	EVENT_DRIFT_GONE
};

struct event {
	uint32_t index; /* counts events, from 1 */
	uint32_t kind; /* enum event_kind */
	uint32_t old_state, new_state, flags, result;
	time_t time;
	char *server, *relationship, *text; /* "" where there is none */
};

struct event_log {
	struct event *ring; /* of ${size} places, which grow with need */
	size_t size, limit, first, n;
	uint32_t last; /* index of the newest event ever, 0: none */
};

/** A log of at most ${limit} events; NULL: no memory. */
struct event_log *event_log_new(size_t limit);

void event_log_free(struct event_log *log);

/**
 * Append a copy of ${event}, numbered if its index is 0; the oldest goes when
 * there is no place, or no memory for one more, and all go before the number
 * after UINT32_MAX, which is 1.  Returns the copy, valid until the next change
 * of the log, or NULL: the limit is 0 or there is no memory.
 */
const struct event *
event_log_add(struct event_log *log, const struct event *event);

/** Hold at most ${limit} events from now on; the oldest go. */
void event_log_limit(struct event_log *log, size_t limit);

/** The first event whose index is at least ${index}, or NULL.  O(log n). */
const struct event *event_log_from(const struct event_log *log, uint64_t index);

#endif
