/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"

#define FIRST_SIZE 16u

static struct event *
place(const struct event_log *log, size_t i)
{
	return &log->ring[(log->first + i) % log->size];
}

struct event_log *
event_log_new(size_t limit)
{
	struct event_log *log;

	if ((log = calloc(1, sizeof(*log))) == NULL)
		return NULL;
	log->limit = limit;
	return log;
}

/* The three texts of an event are one allocation, which ${server} points to. */
static void
drop_oldest(struct event_log *log)
{
	free(place(log, 0)->server);
	log->first = (log->first + 1) % log->size;
	log->n--;
}

void
event_log_free(struct event_log *log)
{
	if (log == NULL)
		return;
	while (log->n > 0)
		drop_oldest(log);
	free(log->ring);
	free(log);
}

static bool
copy_texts(struct event *to, const struct event *from)
{
	const char *texts[3] = { from->server, from->relationship, from->text };
	char *copies[3], *at;
	size_t i, size = 0;

	for (i = 0; i < 3; i++) {
		if (texts[i] == NULL)
			texts[i] = "";
		size += strlen(texts[i]) + 1;
	}
	if ((at = malloc(size)) == NULL)
		return false;
	for (i = 0; i < 3; i++) {
		copies[i] = strcpy(at, texts[i]);
		at += strlen(at) + 1;
	}
	to->server = copies[0];
	to->relationship = copies[1];
	to->text = copies[2];
	return true;
}

/* A ring of ${size} places, enough for what there is; false: no memory. */
static bool
resize(struct event_log *log, size_t size)
{
	struct event *ring = NULL;
	size_t i;

	if (size > 0 && (ring = calloc(size, sizeof(*ring))) == NULL)
		return false;
	for (i = 0; i < log->n; i++)
		ring[i] = *place(log, i);
	free(log->ring);
	log->ring = ring;
	log->size = size;
	log->first = 0;
	return true;
}

/* More places, up to the limit. */
static void
grow(struct event_log *log)
{
	size_t size = log->size == 0 ? FIRST_SIZE : 2 * log->size;

	resize(log, size < log->limit ? size : log->limit);
}

const struct event *
event_log_add(struct event_log *log, const struct event *event)
{
	struct event added = *event;

	/* Numbers have an order, even if that costs the log. */
	if (added.index == 0 && (added.index = log->last + 1) == 0) {
		while (log->n > 0)
			drop_oldest(log);
		added.index = 1;
	}
	log->last = added.index;
	if (log->limit == 0)
		return NULL;
	if (log->n == log->size && log->size < log->limit)
		grow(log);
	if (log->size == 0 || !copy_texts(&added, event))
		return NULL;
	if (log->n == log->limit || log->n == log->size)
		drop_oldest(log);
	*place(log, log->n) = added;
	return place(log, log->n++);
}

void
event_log_limit(struct event_log *log, size_t limit)
{
	while (log->n > limit)
		drop_oldest(log);
	log->limit = limit;
	/* Without memory for a smaller ring the larger one will do. */
	if (log->size > limit)
		resize(log, limit);
}

const struct event *
event_log_from(const struct event_log *log, uint64_t index)
{
	size_t low = 0, high = log->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (place(log, middle)->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < log->n ? place(log, low) : NULL;
}
