/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set.h - the varbinds of one SET: staged into a change, checked, committed,
 * undone.  Knows no PDUs and no sessions.
 */
#ifndef DHCPFO_SET_H
#define DHCPFO_SET_H

#include "snmp.h"

#include "scalars.h"

struct set;

struct set_result {
	int status; /* error-status, SNMP_ERR_NOERROR when all is well */
	int index; /* error-index: 1 for the first varbind, 0 for none */
};

/** Told the outcome of a commit or an undo; must not call back into the set. */
typedef void set_answer(void *arg, struct set_result result);

/**
 * Check ${varbinds} against the MIB, each other and the rows as they are known;
 * nothing changes, no server is asked.  On success ${*set} is to be committed
 * or finished; otherwise it is NULL.
 */
struct set_result set_test(struct scalars *scalars,
    const netsnmp_variable_list *varbinds, struct set **set);

/** Do it; ${answer} is called once, at once or later. */
void set_commit(struct set *set, set_answer *answer, void *arg);

/** The time to answer is over: ${answer} is called now if it was not. */
void set_expire(struct set *set);

/** Undo what was committed, or is being; answered likewise. */
void set_undo(struct set *set, set_answer *answer, void *arg);

/** Nobody asks about ${set} any more; what still runs goes on. */
void set_finish(struct set *set);

#endif
