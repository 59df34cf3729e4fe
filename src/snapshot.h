/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot.h - what one server listed, sorted as the MIB sorts it.
 *
 * A worker builds one while the main thread still answers from the last; then
 * it is swapped whole.  Names, keys and scopes never change in place.  Pointers
 * into a snapshot are valid until it is freed.
 */
#ifndef DHCPFO_SNAPSHOT_H
#define DHCPFO_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "arena.h"
#include "failover.h"
#include "key.h"

/* Numbered as dhcpFoRelSetStatus in the MIB. */
enum set_status {
	SET_STATUS_NONE = 1,
	SET_STATUS_PENDING,
	SET_STATUS_SUCCEEDED,
	SET_STATUS_FAILED,
	SET_STATUS_UNDONE,
	SET_STATUS_IN_DOUBT
};

/* What dhcpfod itself remembers of a row, from one snapshot to the next. */
struct row_status {
	uint32_t set_calls, set_failures;
	uint32_t set_status; /* enum set_status */
	DWORD last_set_flags;
	uint32_t last_set_result; /* enum dhcp_error */
	uint64_t last_change; /* centiseconds of the clock of roster_now() */
	time_t last_set_time; /* 0: never */
	time_t state_time; /* when it entered its state, as far as was seen */
	uint32_t transitions, comm_interruptions;
	uint32_t drift; /* DRIFT_* against the partner */
	uint32_t partner; /* index of the partner's server, 0: not known */
};

struct snapshot_row {
	/* Its pScopes is NULL: the scopes are in the snapshot. */
	DHCP_FAILOVER_RELATIONSHIP rel;
	const char *key;
	uint32_t key_length;
	uint32_t first_scope, nscopes; /* of the snapshot's scopes */
	uint32_t partner_state;
	bool authenticated;
	bool forgets; /* see struct failover_row */
	struct row_status status;
};

struct snapshot_scope {
	DHCP_IP_ADDRESS address;
	uint32_t row; /* which row it belongs to */
	bool counted; /* the server gave statistics */
	bool low; /* below the threshold, and not above the upper one since */
	DHCP_FAILOVER_STATISTICS stats;
};

struct snapshot {
	struct snapshot_row *rows; /* in the order of key_compare() */
	size_t n;
	struct snapshot_scope *scopes; /* by row, then by address */
	size_t nscopes;
	size_t found; /* the row that was looked for last */
	/* While it grows: */
	size_t rows_size, scopes_size;
	struct arena text;
};

/**
 * An empty snapshot with room for what ${like} holds, which may be NULL; NULL
 * when there is no memory.
 */
struct snapshot *snapshot_new(const struct snapshot *like);

/** Take a copy of ${row}; a failover_row_fn whose ${arg} is the snapshot. */
bool snapshot_add(void *arg, const struct failover_row *row);

/**
 * Sort what was added.  Of rows with the same key the later ones are dropped,
 * with a warning that names ${subject}, unless it is of the same rows as last
 * time: ${*warned}, 0 at first, remembers that; NULL: warn.  False when there
 * is no memory.
 */
bool
snapshot_sort(struct snapshot *snapshot, const char *subject, uint32_t *warned);

/** Number of the row with that key, or the number of rows.  O(log n). */
size_t snapshot_find(struct snapshot *snapshot, const char *key, size_t length);

/** Number in ${snapshot} of scope ${address} of ${row}, or nscopes. */
size_t snapshot_find_scope(const struct snapshot *snapshot,
    const struct snapshot_row *row, DHCP_IP_ADDRESS address);

/**
 * Give the rows of ${fresh} what is remembered of those of ${old} with the same
 * key; a row that is new or differs gets last_change ${now}.  Returns whether
 * rows came, went or differ in a configured member.
 */
bool snapshot_inherit(struct snapshot *fresh, const struct snapshot *old,
    uint64_t now);

void snapshot_free(struct snapshot *snapshot);

#endif
