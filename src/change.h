/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * change.h - a SET as an object: requests are staged, checked, committed, and
 * undone or finished.  All rows or none.
 *
 * Requests for one row become one set-relationship call, whatever their order.
 * Calls run in the servers' workers, server by server in the order of the
 * requests, and stop at the first failure; what had been done is then undone.
 * The asker is answered through a callback, and no later than it calls
 * change_expire(): a call that still runs then makes its rows `pending`.
 *
 *            check    commit   done      expire    undo      finish
 *  STAGED    CHECKED  -        -         -         -         freed
 *  CHECKED   -        RUNNING  -         -         answered  freed
 *  RUNNING   -        -        RUNNING,  late or   wanted    detached
 *                              APPLIED,  REFUSED
 *                              UNDOING
 *  APPLIED   -        -        -         -         UNDOING   freed
 *  UNDOING   -        -        UNDOING,  answered  wanted    detached
 *                              REFUSED
 *  REFUSED   -        -        -         -         answered  freed
 *
 * Main thread only; nothing here blocks.
 */
#ifndef DHCPFO_CHANGE_H
#define DHCPFO_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roster.h"

struct change;
struct change_row;

/* Members that only creation takes; beside the flags of a Set. */
#define CHANGE_ROLE 0x0100u
#define CHANGE_PRIMARY 0x0200u
#define CHANGE_SECONDARY 0x0400u
#define CHANGE_PRIMARY_NAME 0x0800u
#define CHANGE_SECONDARY_NAME 0x1000u
/* Asked for, but with only one possible value: the types of the addresses. */
#define CHANGE_PRIMARY_TYPE 0x2000u
#define CHANGE_SECONDARY_TYPE 0x4000u
#define CHANGE_CREATION_ONLY 0x7f00u

/* Why a change is refused; the one place that turns it into SNMP is status.c.
 */
enum change_error {
	CHANGE_OK,
	CHANGE_CONFLICT, /* with another request, or with what the row is now */
	CHANGE_NO_ROW, /* there is no such relationship */
	CHANGE_NO_CREATION, /* and never can be */
	CHANGE_NOT_WRITABLE, /* not on this server */
	CHANGE_BUSY, /* an earlier change of the row has not ended */
	CHANGE_NO_MEMORY,
	CHANGE_FAILED, /* the server refused: see result */
	CHANGE_UNDO_FAILED
};

struct change_verdict {
	enum change_error error;
	enum dhcp_error result; /* the server's answer, if it was asked */
	uint32_t request; /* number of the request to blame */
};

/** Takes the outcome; must not call back into the change. */
typedef void change_answer(void *arg, const struct change_verdict *verdict);

enum change_presence { CHANGE_KEEP, CHANGE_CREATE, CHANGE_DESTROY };

/** An empty change; NULL: no memory.  It ends with change_finish(). */
struct change *change_new(struct roster *roster);

/**
 * The row of ${server} with ${key}, for staging.  ${request} numbers the
 * request that names it.  NULL: no memory.
 */
struct change_row *change_row(struct change *change, struct managed *server,
    const char *key, size_t length, uint32_t request);

/** Text that lives as long as the change; NULL: no memory. */
char *change_text(struct change *change, const void *text, size_t length);

/**
 * Stage the member that ${bit} names (a flag or CHANGE_*), as it is in
 * ${value}, whose text is the change's.  CHANGE_CONFLICT when it is staged with
 * another value.
 */
enum change_error change_member(struct change_row *row, uint32_t bit,
    const DHCP_FAILOVER_RELATIONSHIP *value, uint32_t request);

/** Stage creation or deletion of the row, or CHANGE_KEEP: it must exist. */
enum change_error change_presence(struct change_row *row,
    enum change_presence presence, uint32_t request);

/** Stage that scope ${address} comes, goes, or (CHANGE_KEEP) is there. */
enum change_error change_scope(struct change *change, struct change_row *row,
    DHCP_IP_ADDRESS address, enum change_presence presence, uint32_t request);

/** Can all of it be done, as far as can be known without asking a server? */
struct change_verdict change_check(struct change *change);

/**
 * Do it.  ${answer} is called once with ${arg}: perhaps at once, else when the
 * servers have answered or when the deadline has passed.
 */
void change_commit(struct change *change, change_answer *answer, void *arg);

/** The time to answer is over: whoever waits is answered now. */
void change_expire(struct change *change);

/** Undo it, behind any call still running; answered like a commit. */
void change_undo(struct change *change, change_answer *answer, void *arg);

/**
 * The asker is done with ${change}.  A call that still runs goes on, and its
 * outcome is told by the row's status.
 */
void change_finish(struct change *change);

/** The program ends: log which rows nobody will tell the outcome of. */
void change_tell_unfinished(const struct roster *roster);

/** No server works any more: free what was still going on. */
void change_end_all(struct roster *roster);

/** Is a server at work on that row for a change that has not ended? */
bool change_touches(const struct roster *roster, const struct managed *server,
    const char *key, size_t length);

#endif
