/* SPDX-License-Identifier: BSD-2-Clause */
#include "transaction.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "respond.h"
#include "set.h"

/*
 * SETs that are open, at most.  A master that works has one; this is for one
 * that forgets to end them.
 */
#define TRANSACTIONS_MAX 256u

/* How long an end of the session may mean that an UndoSet is still to come. */
#define ORPHAN_SECONDS 2

enum phase {
	PHASE_TESTED,
	PHASE_COMMITTING,
	PHASE_COMMITTED,
	PHASE_UNDOING,
	PHASE_UNDONE
};

/* One SET from TestSet to CleanupSet. */
struct transaction {
	struct transaction *next;
	struct set *set; /* NULL: the test failed */
	enum phase phase;
	struct respond_to to;
	struct set_result tested, committed, undone;
	unsigned int alarm; /* its deadline, or 0 */
};

static struct {
	struct scalars *scalars;
	uint32_t deadline; /* milliseconds */
	struct transaction *first;
	unsigned int orphan_alarm;
} transactions;

void
transaction_init(struct scalars *scalars, uint32_t deadline)
{
	transactions.scalars = scalars;
	transactions.deadline = deadline;
}

static struct transaction *
transaction_find(long transid)
{
	struct transaction *t;

	for (t = transactions.first; t != NULL; t = t->next)
		if (t->to.address.transid == transid && respond_is_open(&t->to))
			break;
	return t;
}

static void
transaction_free(struct transaction *t)
{
	struct transaction **at;

	for (at = &transactions.first; *at != t; at = &(*at)->next)
		continue;
	*at = t->next;
	if (t->alarm != 0)
		snmp_alarm_unregister(t->alarm);
	if (t->set != NULL)
		set_finish(t->set);
	free(t);
}

static void
answer(const struct transaction *t, struct set_result result)
{
	respond_status(&t->to, result.status, result.index);
}

static void
deadline(unsigned int registration, void *arg)
{
	struct transaction *t = arg;

	(void)registration;
	t->alarm = 0;
	set_expire(t->set);
}

static void
start_clock(struct transaction *t)
{
	struct timeval in;

	in.tv_sec = transactions.deadline / 1000;
	in.tv_usec = (suseconds_t)(transactions.deadline % 1000) * 1000;
	t->alarm = snmp_alarm_register_hr(in, 0, deadline, t);
}

static void
stop_clock(struct transaction *t)
{
	if (t->alarm != 0)
		snmp_alarm_unregister(t->alarm);
	t->alarm = 0;
}

/* No CleanupSet follows an UndoSet: a duplicate may, until the next SET. */
static void
forget_undone(void)
{
	struct transaction *t, *next;

	for (t = transactions.first; t != NULL; t = next) {
		next = t->next;
		if (t->phase == PHASE_UNDONE)
			transaction_free(t);
	}
}

/*
 * What was set may be a secret, and what of it is kept has been copied to where
 * it is wiped in the end.
 */
static void
wipe(netsnmp_variable_list *varbind)
{
	volatile u_char *octets;
	size_t i;

	for (; varbind != NULL; varbind = varbind->next_variable)
		if (varbind->type == ASN_OCTET_STR)
			for (octets = varbind->val.string, i = 0;
			     i < varbind->val_len; i++)
				octets[i] = 0;
}

/* Whoever ends no SET loses the oldest at which no server works. */
static void
make_room(void)
{
	struct transaction *t, *oldest = NULL;
	size_t n = 0;

	for (t = transactions.first; t != NULL; t = t->next) {
		n++;
		if (t->phase == PHASE_TESTED || t->phase == PHASE_COMMITTED)
			oldest = t;
	}
	if (n >= TRANSACTIONS_MAX && oldest != NULL)
		transaction_free(oldest);
}

void
transaction_test(netsnmp_pdu *pdu)
{
	struct respond_to to;
	struct transaction *t;

	forget_undone();
	make_room();
	respond_address(&to, pdu);
	if ((t = transaction_find(pdu->transid)) != NULL) {
		/* The master asks again: its answer got lost, or was late. */
		wipe(pdu->variables);
		respond_status(&to, t->tested.status, t->tested.index);
		return;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		wipe(pdu->variables);
		respond_status(&to, SNMP_ERR_RESOURCEUNAVAILABLE, 1);
		return;
	}
	t->to = to;
	t->phase = PHASE_TESTED;
	t->next = transactions.first;
	transactions.first = t;
	t->tested = set_test(transactions.scalars, pdu->variables, &t->set);
	wipe(pdu->variables);
	answer(t, t->tested);
}

static void
committed(void *arg, struct set_result result)
{
	struct transaction *t = arg;

	stop_clock(t);
	t->phase = PHASE_COMMITTED;
	t->committed = result;
	answer(t, result);
}

static void
undone(void *arg, struct set_result result)
{
	struct transaction *t = arg;

	stop_clock(t);
	t->phase = PHASE_UNDONE;
	t->undone = result;
	answer(t, result);
}

/* The SET that ${pdu} goes on with; NULL: it has none, and is told so. */
static struct transaction *
transaction_of(const netsnmp_pdu *pdu)
{
	struct transaction *t = transaction_find(pdu->transid);
	struct respond_to to;

	if (t != NULL && t->set != NULL)
		return t;
	respond_address(&to, pdu);
	respond_status(&to, AGENTX_PROCESSING_ERROR, 0);
	return NULL;
}

void
transaction_commit(const netsnmp_pdu *pdu)
{
	struct transaction *t;
	struct respond_to to;

	if ((t = transaction_of(pdu)) == NULL)
		return;
	switch (t->phase) {
	case PHASE_TESTED:
		respond_address(&t->to, pdu);
		t->phase = PHASE_COMMITTING;
		start_clock(t);
		set_commit(t->set, committed, t);
		return;
	case PHASE_COMMITTING:
		/* A duplicate: the answer to the first will do for all. */
		return;
	case PHASE_COMMITTED:
		respond_address(&t->to, pdu);
		answer(t, t->committed);
		return;
	case PHASE_UNDOING:
	case PHASE_UNDONE:
		break;
	}
	/* Another answer may still be owed to t->to. */
	respond_address(&to, pdu);
	respond_status(&to, AGENTX_PROCESSING_ERROR, 0);
}

void
transaction_undo(const netsnmp_pdu *pdu)
{
	struct transaction *t;

	if ((t = transaction_of(pdu)) == NULL)
		return;
	switch (t->phase) {
	case PHASE_TESTED:
	case PHASE_COMMITTING:
	case PHASE_COMMITTED:
		respond_address(&t->to, pdu);
		t->phase = PHASE_UNDOING;
		stop_clock(t);
		start_clock(t);
		set_undo(t->set, undone, t);
		return;
	case PHASE_UNDOING:
		return;
	case PHASE_UNDONE:
		respond_address(&t->to, pdu);
		answer(t, t->undone);
		return;
	}
}

void
transaction_cleanup(const netsnmp_pdu *pdu)
{
	struct transaction *t;

	if ((t = transaction_find(pdu->transid)) != NULL)
		transaction_free(t);
}

/* What the master left behind stays as it is: nobody will say otherwise. */
static void
adopt(unsigned int registration, void *arg)
{
	struct transaction *t, *next;

	(void)registration;
	(void)arg;
	transactions.orphan_alarm = 0;
	for (t = transactions.first; t != NULL; t = next) {
		next = t->next;
		if (respond_is_open(&t->to))
			continue;
		if (t->phase == PHASE_COMMITTING || t->phase == PHASE_COMMITTED)
			log_warning(
			    "AgentX: the master went away before it "
			    "ended a SET: what the servers accepted is kept");
		transaction_free(t);
	}
}

void
transaction_session_ended(void)
{
	/* Net-SNMP may still be reading what came before the end. */
	if (transactions.orphan_alarm != 0)
		snmp_alarm_unregister(transactions.orphan_alarm);
	transactions.orphan_alarm = 0;
	if (transactions.first != NULL)
		transactions.orphan_alarm =
		    snmp_alarm_register(ORPHAN_SECONDS, 0, adopt, NULL);
}

void
transaction_end(void)
{
	while (transactions.first != NULL)
		transaction_free(transactions.first);
	if (transactions.orphan_alarm != 0)
		snmp_alarm_unregister(transactions.orphan_alarm);
	memset(&transactions, 0, sizeof(transactions));
}
