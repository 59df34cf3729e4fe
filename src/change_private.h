/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * change_private.h - what change.c (the life of a change), change_plan.c (from
 * requests to calls) and change_run.c (the calls) share.
 */
#ifndef DHCPFO_CHANGE_PRIVATE_H
#define DHCPFO_CHANGE_PRIVATE_H

#include "arena.h"
#include "change.h"

#define NO_REQUEST UINT32_MAX

struct scope_request {
	struct scope_request *next;
	DHCP_IP_ADDRESS address;
	enum change_presence presence;
	uint32_t request;
};

struct change_row {
	struct change_row *next;
	struct managed *server;
	char key[KEY_MAX + 1];
	size_t key_length;
	bool mirrored; /* nobody asked for it: apply-to-both did */
	uint32_t first; /* the first request that names the row */
	uint32_t given; /* staged members */
	uint32_t asked[32]; /* by which request, by number of the bit */
	DHCP_FAILOVER_RELATIONSHIP want;
	enum change_presence presence;
	uint32_t presence_asked; /* or NO_REQUEST */
	struct scope_request *scopes, **last_scope;
	struct row_status hidden; /* while it is pending: a doubt before it */
};

enum step_kind { STEP_SET, STEP_CREATE, STEP_DELETE, STEP_ADD, STEP_REMOVE };

/* One call to a server. */
struct step {
	enum step_kind kind;
	struct change_row *row;
	DHCP_FAILOVER_RELATIONSHIP want;
	DWORD flags; /* STEP_SET */
	uint32_t request; /* to blame */
	/* The worker's, while it runs: */
	DHCP_FAILOVER_RELATIONSHIP *old; /* as it was; NULL: absent */
	enum dhcp_error result;
	bool called, applied;
	bool keeps_secret; /* undone but for its secret */
	bool doubtful; /* nobody knows whether it was done, or undone */
};

/* The calls to one server. */
struct group {
	struct managed *server;
	struct step *steps;
	size_t n;
	bool applied;
};

enum change_state {
	CHANGE_STAGED,
	CHANGE_CHECKED,
	CHANGE_RUNNING,
	CHANGE_APPLIED,
	CHANGE_UNDOING,
	CHANGE_REFUSED
};

struct change {
	struct job job; /* first: the job is the change */
	struct roster *roster;
	struct change *next; /* of roster->changes, while a server works */
	enum change_state state;
	struct arena arena;
	struct change_row *rows, **last_row, *hit;
	struct step *steps;
	struct group *groups;
	size_t ngroups, current;
	change_answer *answer; /* whoever waits, or NULL */
	void *arg;
	bool late; /* answered before the servers did */
	bool undo_wanted, undo_failed;
	struct change_verdict
	    refusal; /* why it is undone without being asked */
	bool detached; /* nobody will ask again */
	/* The worker's, while it runs: */
	size_t failed; /* the step that failed, or the group's n */
	bool restored; /* what came before it is as it was */
	struct snapshot *fresh;
};

/** The row as it is now, or NULL when there is none. */
struct snapshot_row *change_row_now(const struct change_row *row);

/**
 * The job of the group at hand: call the server, step by step, and take all
 * back at the first failure; or take back what had been done.  In the worker's
 * thread: may block.
 */
void change_run(struct job *job, struct failover_server *server);
void change_run_back(struct job *job, struct failover_server *server);

/** A verdict without a server's answer. */
struct change_verdict
change_verdict_of(enum change_error error, uint32_t request);

#endif
