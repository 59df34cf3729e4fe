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
#include "server.h"
#include "snapshot.h"
#include "worker.h"

struct change;
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
enum health {
	HEALTH_OK = 1,
	HEALTH_WARNING,
	HEALTH_CRITICAL,
	HEALTH_UNKNOWN
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
	uint32_t success_at; /* by roster_now(): last success, or start */
	uint32_t poll_duration; /* milliseconds */
	int32_t clock_offset; /* seconds; 0 when not known */
	uint32_t not_normal; /* rows in another state */
	uint32_t health[HEALTH_UNKNOWN + 1]; /* rows by health, if fresh */
	struct roster *roster;
	struct poll *poll; /* the one that runs, or NULL */
	bool poll_again; /* somebody asked while it ran */
};

struct roster {
	struct managed *servers;
	size_t n;
	struct workshop *shop;
	struct change *changes; /* SETs whose server has not answered yet */
	uint32_t changed_at; /* by roster_now(): rows came, went, changed */
	uint32_t relationships, not_normal; /* over all servers */
	uint32_t health; /* the worst of all servers and rows */
};

/** The servers of ${conf}, which must outlive it; NULL and a log line if not. */
struct roster *roster_new(const struct conf *conf);

/**
 * Stop the workers, waiting at most ${milliseconds} for each that is busy, and
 * free ${roster}, which may be NULL.  What a thread that is still busy then may
 * touch is left to the end of the process.
 */
void roster_free(struct roster *roster, unsigned int milliseconds);

/** Ask ${server} for its relationships; the answer replaces the snapshot. */
void roster_poll(struct managed *server);

/** Ask all of them. */
void roster_poll_all(struct roster *roster);

/**
 * Answer from ${fresh} from now on.  What is remembered of rows that stay is
 * kept, and the old snapshot is freed.
 */
void roster_publish(struct managed *server, struct snapshot *fresh);

/** The server has set the members that ${flags} names: show it at once. */
void roster_apply(struct managed *server, struct snapshot_row *row,
    const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags);

/** The server with that index, or NULL.  O(log n). */
struct managed *roster_find(const struct roster *roster, uint32_t index);

/** Health of one relationship, of a server, by its state and freshness. */
enum health roster_row_health(const struct managed *server,
    const struct snapshot_row *row);
enum health roster_server_health(const struct managed *server);

/** What a server's answer says about the server. */
enum oper_status roster_oper_status(enum dhcp_error error);

/** Centiseconds of a clock that never jumps; wraps like TimeTicks. */
uint32_t roster_now(void);

#endif
