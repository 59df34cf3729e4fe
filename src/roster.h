/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roster.h - the servers of this program in the order of their index, each with
 * its worker, what it last listed and how it is doing.  Main thread only.
 */
#ifndef DHCPFO_ROSTER_H
#define DHCPFO_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "conf.h"
#include "event.h"
#include "history.h"
#include "server.h"
#include "snapshot.h"
#include "worker.h"

struct change;
struct doubt;
struct poll;

/* Numbered as dhcpFoServerOperStatus in the MIB. */
enum oper_status {
	OPER_STATUS_UNKNOWN = 1,
	OPER_STATUS_UP,
	OPER_STATUS_UNREACHABLE,
	OPER_STATUS_ACCESS_DENIED,
	OPER_STATUS_ERROR
};

/* Numbered as DhcpFoHealthLevel in the MIB. */
enum health { HEALTH_OK = 1, HEALTH_WARNING, HEALTH_CRITICAL, HEALTH_UNKNOWN };

/* What drift compares; numbered as the BITS of dhcpFoRelDrift. */
#define DRIFT_MCLT 0x01u
#define DRIFT_SAFE_PERIOD 0x02u
#define DRIFT_PERCENTAGE 0x04u
#define DRIFT_MODE 0x08u
#define DRIFT_SCOPES 0x10u
#define DRIFT_AUTH 0x20u
#define DRIFT_MISSING 0x40u
#define DRIFT_ROLE 0x80u

/* Something that happened, with what it is about as it is now. */
struct observation {
	enum event_kind kind;
	struct managed *server; /* or NULL */
	const struct snapshot_row *row; /* of its snapshot; NULL: gone, none */
	const struct snapshot_scope *scope; /* or NULL */
	const char *relationship; /* its name, or NULL */
	uint32_t old_state, new_state, flags, result;
	const char *text; /* one sentence */
};

struct managed {
	uint32_t index;
	uint32_t kind; /* enum failover_server_kind */
	uint32_t writable; /* FAILOVER_SET_* bits that may be set here */
	bool creates; /* rows and scopes may come and go here */
	uint32_t status; /* enum oper_status */
	const char *name;
	struct failover_server *server; /* for its worker's thread only */
	struct worker *worker;
	struct snapshot *snapshot; /* never NULL */
	struct failover_server_report report; /* as of the last finished job */
	time_t last_poll, last_success; /* 0: never */
	uint64_t success_at; /* by roster_now(): last success, or start */
	uint32_t poll_duration; /* milliseconds */
	int32_t clock_offset; /* seconds; 0 when not known */
	uint32_t not_normal; /* rows in another state */
	uint32_t health[HEALTH_UNKNOWN + 1]; /* rows by health, if fresh */
	struct conf_server conf; /* its own */
	DHCP_IP_ADDRESS address; /* its configured one, 0: none or a name */
	struct roster *roster;
	struct poll *poll; /* the one that runs, or NULL */
	bool poll_again; /* somebody asked while it ran */
	bool listed; /* it has answered at least once */
	bool down; /* so it was told, and not yet that it is up again */
	unsigned int users; /* SETs that may still name it */
	struct managed *next; /* of those that are to go */
};

struct roster {
	struct managed **servers; /* their places never move */
	size_t n;
	struct managed *leaving; /* not configured any more, but still busy */
	struct workshop *shop;
	struct change *changes; /* SETs whose server has not answered yet */
	struct doubt *doubts; /* SETs whose answer got lost */
	uint64_t changed_at; /* by roster_now(): rows came, went, changed */
	uint64_t counting_since; /* likewise: no counter began anew after it */
	uint32_t relationships, not_normal; /* over all servers */
	uint32_t health; /* the worst of all servers and rows */
	uint32_t free_low, free_high; /* percent: thresholds of scopes */
	struct event_log *events;
	struct history *history;
	/* Told of every observation and of the event that it is; or NULL. */
	void (*observer)(const struct observation *, const struct event *);
	size_t next_due; /* which server is polled next */
};

/**
 * The servers of ${conf}, which are taken out of it; NULL and a log line if
 * that fails.
 */
struct roster *roster_new(struct conf *conf);

/**
 * Go over to the servers of ${conf}, likewise.  Those that are configured as
 * before keep all they have.  False and a log line if that fails: then the
 * servers stay as they are.
 */
bool roster_reload(struct roster *roster, struct conf *conf);

/** Free what has left and is not busy any more. */
void roster_reap(struct roster *roster);

/**
 * Stop the workers, waiting at most ${milliseconds} for all that are busy, and
 * as long again for the history, and free ${roster}, which may be NULL.  What a
 * thread that is still busy then may touch is left to the end of the process.
 */
void roster_free(struct roster *roster, unsigned int milliseconds);

/** Ask ${server} for its relationships; the answer replaces the snapshot. */
void roster_poll(struct managed *server);

/** Ask all of them. */
void roster_poll_all(struct roster *roster);

/** Ask the next ${n} of them in turn, so that they do not all answer at once.
 */
void roster_poll_some(struct roster *roster, size_t n);

/** Put it into the log of events, keep it, and tell the observer. */
void
roster_observe(struct roster *roster, const struct observation *observation);

/** Hold at most ${limit} events from now on; the oldest go, for good. */
void roster_limit_events(struct roster *roster, size_t limit);

/**
 * Answer from ${fresh} from now on.  ${polled}: by a poll in its turn.
 * What is remembered of rows that stay is kept, and the old snapshot is freed.
 */
void
roster_publish(struct managed *server, struct snapshot *fresh, bool polled);

/** The server has set the members that ${flags} names: show it at once. */
void roster_apply(struct managed *server, struct snapshot_row *row,
    const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags);

/** The server with that index, or NULL.  O(log n). */
struct managed *roster_find(const struct roster *roster, uint32_t index);

/**
 * Who shows the rows of ${server} now: itself, after a reload perhaps another
 * with its index, or NULL.
 */
struct managed *roster_heir(const struct managed *server);

/** Health of one relationship, of a server, by its state and freshness. */
enum health
roster_row_health(const struct managed *server, const struct snapshot_row *row);
enum health roster_server_health(const struct managed *server);

/** What a server's answer says about the server. */
enum oper_status roster_oper_status(enum dhcp_error error);

/** Centiseconds of a clock that never jumps, and does not wrap. */
uint64_t roster_now(void);

#endif
