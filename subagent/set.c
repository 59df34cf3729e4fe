/* SPDX-License-Identifier: BSD-2-Clause */
#include "set.h"

#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "columns.h"
#include "status.h"
#include "varbind.h"

/* A value of the agent's own that changes along. */
struct assignment {
	struct assignment *next;
	const struct column *column;
	struct cursor at;
	uint32_t value, old;
	bool assigned;
	uint32_t request;
};

struct set {
	struct scalars *scalars;
	struct change *change;
	struct assignment *assignments, **last;
	set_answer *answer;
	void *arg;
};

/* RFC 2579, TestAndIncr: what a lock becomes that is taken with ${value}. */
static uint32_t
taken(uint32_t value)
{
	return (value + 1) & 0x7fffffff;
}

static struct set_result
result_of(int status, uint32_t request)
{
	struct set_result result = { status,
		status == SNMP_ERR_NOERROR ? 0 : (int)request + 1 };

	return result;
}

static struct set_result
result_of_verdict(const struct change_verdict *verdict)
{
	return result_of(status_of(verdict), verdict->request);
}

static int
status_of_error(enum change_error error)
{
	const struct change_verdict verdict = { error, ERROR_SUCCESS, 0 };

	return status_of(&verdict);
}

/* The RowStatus values that may be written (RFC 2579). */
static int
presence_of(uint32_t row_status, enum change_presence *presence)
{
	switch (row_status) {
	case RS_ACTIVE:
		*presence = CHANGE_KEEP;
		return SNMP_ERR_NOERROR;
	case RS_CREATEANDGO:
		*presence = CHANGE_CREATE;
		return SNMP_ERR_NOERROR;
	case RS_DESTROY:
		*presence = CHANGE_DESTROY;
		return SNMP_ERR_NOERROR;
	}
	return SNMP_ERR_WRONGVALUE;
}

/* The row that ${sub} names. */
static int
find_row(struct set *set, const struct column *column, const oid *sub,
    size_t length, uint32_t request, struct index_name *name,
    struct change_row **row)
{
	struct managed *server;

	if (!index_parse(column->index, sub, length, name) ||
	    (server = roster_find(set->scalars->roster, name->server)) == NULL)
		return SNMP_ERR_NOCREATION;
	*row = change_row(set->change, server, name->key, name->key_length,
	    request);
	return *row != NULL ? SNMP_ERR_NOERROR : SNMP_ERR_RESOURCEUNAVAILABLE;
}

static int
stage_row_status(struct set *set, const struct column *column,
    const netsnmp_variable_list *varbind, const oid *sub, size_t length,
    uint32_t request)
{
	enum change_presence presence;
	struct index_name name;
	struct change_row *row;
	uint32_t value;
	int status;

	if ((status = varbind_integer(column, varbind, &value)) !=
		SNMP_ERR_NOERROR ||
	    (status = presence_of(value, &presence)) != SNMP_ERR_NOERROR ||
	    (status = find_row(set, column, sub, length, request, &name,
		 &row)) != SNMP_ERR_NOERROR)
		return status;
	return status_of_error(column->index == INDEX_SCOPE ?
		change_scope(set->change, row, name.scope, presence, request) :
		change_presence(row, presence, request));
}

static int
stage_member(struct set *set, const struct column *column,
    const netsnmp_variable_list *varbind, const oid *sub, size_t length,
    uint32_t request)
{
	struct snapshot_row value;
	struct index_name name;
	struct change_row *row;
	int status;

	memset(&value, 0, sizeof(value));
	if ((status = varbind_set(column, varbind, set->change, &value)) !=
		SNMP_ERR_NOERROR ||
	    (status = find_row(set, column, sub, length, request, &name,
		 &row)) != SNMP_ERR_NOERROR)
		return status;
	return status_of_error(
	    change_member(row, column->bit, &value.rel, request));
}

static int
stage_assignment(struct set *set, const struct column *column,
    const netsnmp_variable_list *varbind, const oid *sub, size_t length,
    uint32_t request)
{
	struct assignment *assignment, *other;
	struct cursor at = { 0 };
	uint32_t value;
	int status;

	if ((status = varbind_integer(column, varbind, &value)) !=
	    SNMP_ERR_NOERROR)
		return status;
	at.scalars = set->scalars;
	if (!index_find(column->index, &at, sub, length))
		return SNMP_ERR_NOCREATION;
	if (column->kind == COLUMN_SPIN_LOCK) {
		/* RFC 2579: it takes its own value only, and moves on. */
		if (value != varbind_number(column, &at))
			return SNMP_ERR_INCONSISTENTVALUE;
		value = taken(value);
	}
	for (other = set->assignments; other != NULL; other = other->next)
		if (other->column == column && other->at.server == at.server)
			return other->value == value ?
			    SNMP_ERR_NOERROR :
			    SNMP_ERR_INCONSISTENTVALUE;
	if ((assignment = calloc(1, sizeof(*assignment))) == NULL)
		return SNMP_ERR_RESOURCEUNAVAILABLE;
	/* It may be removed from the configuration while we wait. */
	if (at.server != NULL)
		at.server->users++;
	assignment->column = column;
	assignment->request = request;
	assignment->at = at;
	assignment->value = value;
	*set->last = assignment;
	set->last = &assignment->next;
	return SNMP_ERR_NOERROR;
}

/*
 * The steps of RFC 3416 4.2.5, as far as one varbind goes: whether its value
 * could ever be written comes before whether its instance could ever be there.
 */
static int
stage(struct set *set, const netsnmp_variable_list *varbind, uint32_t request)
{
	const struct column *column;
	const oid *sub;
	size_t used, length;

	column = column_find(varbind->name, varbind->name_length, &used);
	if (column == NULL || column->access == COLUMN_RO)
		return SNMP_ERR_NOTWRITABLE;
	sub = varbind->name + used;
	length = varbind->name_length - used;
	if (column->write != NULL)
		return stage_assignment(set, column, varbind, sub, length,
		    request);
	if (column->kind == COLUMN_ROW_STATUS)
		return stage_row_status(set, column, varbind, sub, length,
		    request);
	return stage_member(set, column, varbind, sub, length, request);
}

void
set_finish(struct set *set)
{
	struct roster *roster = set->scalars->roster;
	struct assignment *assignment;

	if (set->change != NULL)
		change_finish(set->change);
	if (set->assignments != NULL)
		roster_limit_events(roster, roster->events->limit);
	while ((assignment = set->assignments) != NULL) {
		set->assignments = assignment->next;
		if (assignment->at.server != NULL)
			assignment->at.server->users--;
		free(assignment);
	}
	free(set);
}

static struct set *
set_new(struct scalars *scalars)
{
	struct set *set;

	if ((set = calloc(1, sizeof(*set))) == NULL)
		goto err0;
	if ((set->change = change_new(scalars->roster)) == NULL)
		goto err1;
	set->scalars = scalars;
	set->last = &set->assignments;

	/* Success! */
	return set;

err1:
	free(set);
err0:
	return NULL;
}

/* The lower threshold must not pass the upper one. */
static struct set_result
check_thresholds(const struct set *set)
{
	const struct column *low = column_numbered(INDEX_SCALAR, 7, 5);
	const struct column *high = column_numbered(INDEX_SCALAR, 7, 6);
	uint32_t free_low = set->scalars->roster->free_low;
	uint32_t free_high = set->scalars->roster->free_high, blamed = 0;
	const struct assignment *assignment;

	for (assignment = set->assignments; assignment != NULL;
	     assignment = assignment->next) {
		if (assignment->column == low)
			free_low = assignment->value;
		else if (assignment->column == high)
			free_high = assignment->value;
		else
			continue;
		blamed = assignment->request;
	}
	return result_of(free_low > free_high ? SNMP_ERR_INCONSISTENTVALUE :
						SNMP_ERR_NOERROR,
	    blamed);
}

struct set_result
set_test(struct scalars *scalars, const netsnmp_variable_list *varbinds,
    struct set **set)
{
	const netsnmp_variable_list *varbind;
	struct change_verdict verdict;
	struct set_result result;
	uint32_t request = 0;
	int status;

	*set = NULL;
	if ((*set = set_new(scalars)) == NULL)
		return result_of(SNMP_ERR_RESOURCEUNAVAILABLE, 0);
	for (varbind = varbinds; varbind != NULL;
	     varbind = varbind->next_variable, request++) {
		status = stage(*set, varbind, request);
		if (status != SNMP_ERR_NOERROR) {
			result = result_of(status, request);
			goto err0;
		}
	}
	if ((*set)->assignments != NULL)
		result = check_thresholds(*set);
	else
		result = result_of(SNMP_ERR_NOERROR, 0);
	if (result.status != SNMP_ERR_NOERROR)
		goto err0;
	verdict = change_check((*set)->change);
	result = result_of_verdict(&verdict);
	if (result.status != SNMP_ERR_NOERROR)
		goto err0;

	/* Success! */
	return result;

err0:
	set_finish(*set);
	*set = NULL;
	return result;
}

static void
assign(struct assignment *assignment)
{
	if (assignment->assigned)
		return;
	assignment->old = varbind_number(assignment->column, &assignment->at);
	assignment->column->write(&assignment->at, assignment->value);
	assignment->assigned = true;
}

/* But what somebody has set since, as a reload does, is not ours. */
static void
take_back(struct assignment *assignment)
{
	if (assignment->assigned &&
	    varbind_number(assignment->column, &assignment->at) ==
		assignment->value)
		assignment->column->write(&assignment->at, assignment->old);
	assignment->assigned = false;
}

static struct assignment *
find_lock(const struct set *set)
{
	struct assignment *lock = set->assignments;

	while (lock != NULL && lock->column->kind != COLUMN_SPIN_LOCK)
		lock = lock->next;
	return lock;
}

/*
 * Another SET may have been tested with the same value of the lock: the first
 * to be committed has it, even while its servers work.
 */
static struct set_result
take_lock(struct set *set)
{
	struct assignment *lock = find_lock(set);

	if (lock == NULL)
		return result_of(SNMP_ERR_NOERROR, 0);
	if (taken(varbind_number(lock->column, &lock->at)) != lock->value)
		return result_of(SNMP_ERR_INCONSISTENTVALUE, lock->request);
	assign(lock);
	return result_of(SNMP_ERR_NOERROR, 0);
}

/* Nothing has changed, unless ${verdict} says that it may have. */
static void
give_back_lock(struct set *set, const struct change_verdict *verdict)
{
	struct assignment *lock = find_lock(set);

	if (lock != NULL && verdict->error != CHANGE_UNDO_FAILED)
		take_back(lock);
}

static void
committed(void *arg, const struct change_verdict *verdict)
{
	struct set *set = arg;
	struct assignment *assignment;

	if (verdict->error != CHANGE_OK)
		give_back_lock(set, verdict);
	else
		for (assignment = set->assignments; assignment != NULL;
		     assignment = assignment->next)
			assign(assignment);
	set->answer(set->arg, result_of_verdict(verdict));
}

static void
undone(void *arg, const struct change_verdict *verdict)
{
	struct set *set = arg;

	give_back_lock(set, verdict);
	set->answer(set->arg, result_of_verdict(verdict));
}

void
set_commit(struct set *set, set_answer *answer, void *arg)
{
	const struct set_result result = take_lock(set);

	set->answer = answer;
	set->arg = arg;
	if (result.status != SNMP_ERR_NOERROR)
		answer(arg, result);
	else
		change_commit(set->change, committed, set);
}

void
set_expire(struct set *set)
{
	change_expire(set->change);
}

void
set_undo(struct set *set, set_answer *answer, void *arg)
{
	struct assignment *assignment;

	set->answer = answer;
	set->arg = arg;
	for (assignment = set->assignments; assignment != NULL;
	     assignment = assignment->next)
		if (assignment->column->kind != COLUMN_SPIN_LOCK)
			take_back(assignment);
	change_undo(set->change, undone, set);
}
