/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change_private.h"
#include "doubt.h"
#include "drift.h"
#include "log.h"

struct change *
change_new(struct roster *roster)
{
	struct change *change;

	if ((change = calloc(1, sizeof(*change))) == NULL)
		return NULL;
	change->roster = roster;
	change->last_row = &change->rows;
	return change;
}

static void
change_free(struct change *change)
{
	const struct change_row *row;
	size_t i, j;

	for (row = change->rows; row != NULL; row = row->next)
		row->server->users--;
	for (i = 0; i < change->ngroups; i++)
		for (j = 0; j < change->groups[i].n; j++)
			failover_free(change->groups[i].steps[j].old);
	snapshot_free(change->fresh);
	arena_free(&change->arena, 1);
	free(change);
}

static const char *const verbs[] = {
	[STEP_SET] = "set",
	[STEP_CREATE] = "create",
	[STEP_DELETE] = "delete",
	[STEP_ADD] = "add scopes to",
	[STEP_REMOVE] = "delete scopes from",
};

static void
say(struct change *change, struct change_verdict v)
{
	change_answer *answer = change->answer;

	change->answer = NULL;
	if (answer != NULL)
		answer(change->arg, &v);
}

static void
link_change(struct change *change)
{
	change->next = change->roster->changes;
	change->roster->changes = change;
}

static void
unlink_change(struct change *change)
{
	struct change **at;

	for (at = &change->roster->changes; *at != NULL; at = &(*at)->next)
		if (*at == change) {
			*at = change->next;
			return;
		}
}

/* While it went on, copies of a relationship differed for good reason. */
static void
compare_partners(const struct change *change)
{
	const struct change_row *row;
	struct snapshot_row *now;

	for (row = change->rows; row != NULL; row = row->next)
		if ((now = change_row_now(row)) != NULL)
			drift_compare_row(roster_heir(row->server), now);
}

/* No server works on it any more.  The change may be gone afterwards. */
static void
settle(struct change *change, enum change_state state, struct change_verdict v)
{
	change->state = state;
	unlink_change(change);
	compare_partners(change);
	say(change, v);
	if (change->detached)
		change_free(change);
}

/* Is somebody left to hear that scopes came or went? */
static bool
scopes_are_awaited(const struct snapshot_row *row)
{
	if (row->status.set_status == SET_STATUS_PENDING)
		return true;
	/* That they failed, or may have, is true no more. */
	return row->status.last_set_flags == 0 &&
	    (row->status.set_status == SET_STATUS_FAILED ||
		row->status.set_status == SET_STATUS_UNDONE ||
		row->status.set_status == SET_STATUS_IN_DOUBT);
}

/*
 * A doubt ends with the next set, and one of scopes or a deletion with the next
 * of these, too.  What did not reach the server is none.
 */
static bool
leaves_doubt(const struct step *step, enum set_status status,
    struct row_status *now)
{
	struct row_status *hidden = &step->row->hidden;
	const struct row_status *doubt =
	    now->set_status == SET_STATUS_PENDING ? hidden : now;

	if (status == SET_STATUS_PENDING) {
		if (now->set_status == SET_STATUS_IN_DOUBT)
			*hidden = *now;
		return false;
	}
	if (doubt->set_status != SET_STATUS_IN_DOUBT ||
	    (step->called &&
		(step->kind == STEP_SET || doubt->last_set_flags == 0)))
		return false;
	now->set_status = doubt->set_status;
	now->last_set_flags = doubt->last_set_flags;
	now->last_set_result = doubt->last_set_result;
	now->last_set_time = doubt->last_set_time;
	return true;
}

/*
 * Tell in the row what became of its change.  Scopes that come and go are told
 * of while somebody waits for it, or when it goes wrong.  False: not told.
 */
static bool
mark(const struct step *step, enum set_status status, enum dhcp_error result)
{
	struct snapshot_row *row;

	if ((row = change_row_now(step->row)) == NULL)
		return false;
	if (leaves_doubt(step, status, &row->status))
		return false;
	if (step->kind != STEP_SET && status == SET_STATUS_SUCCEEDED &&
	    !scopes_are_awaited(row))
		return false;
	/* Those of an earlier SET would seem to have failed with scopes. */
	row->status.last_set_flags = step->row->given & FAILOVER_SET_ALL;
	row->status.set_status = status;
	row->status.last_set_result = result;
	row->status.last_set_time = time(NULL);
	return true;
}

static void
mark_group(const struct group *group, enum set_status status,
    enum dhcp_error result)
{
	size_t i;

	for (i = 0; i < group->n; i++)
		mark(&group->steps[i], status, result);
}

static void
count_calls(const struct group *group)
{
	struct snapshot_row *row;
	const struct step *step;
	size_t i;

	for (i = 0; i < group->n; i++) {
		step = &group->steps[i];
		if (step->kind != STEP_SET || !step->called ||
		    (row = change_row_now(step->row)) == NULL)
			continue;
		row->status.set_calls++;
		if (step->result != ERROR_SUCCESS)
			row->status.set_failures++;
	}
}

/* Who shows what is done there; of one that is not configured any more, it. */
static struct managed *
shown_by(struct managed *server)
{
	struct managed *heir = roster_heir(server);

	return heir != NULL ? heir : server;
}

/*
 * Log the end of ${step}, and make an event of it.  ${undone} says why it was
 * undone; ERROR_SUCCESS: it was not.
 */
static void
tell(const struct step *step, enum dhcp_error undone)
{
	const enum dhcp_error result =
	    undone != ERROR_SUCCESS ? undone : step->result;
	char text[256];
	const struct observation o = {
		.kind =
		    result == ERROR_SUCCESS ? EVENT_SET_DONE : EVENT_SET_FAILED,
		.server = shown_by(step->row->server),
		.row = change_row_now(step->row),
		.relationship = step->want.RelationshipName,
		.flags = step->flags,
		.result = result,
		.text = text,
	};
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "%s", verbs[step->kind]);
	if (step->kind == STEP_SET) {
		text[n++] = ' ';
		failover_flags_text(step->flags, text + n, sizeof(text) - n);
		n = strlen(text);
	}
	if (undone != ERROR_SUCCESS)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ": undone");
	if (result != ERROR_SUCCESS)
		snprintf(text + n, sizeof(text) - n, ": %s (%u): %s",
		    DhcpfoErrorName(result), result, DhcpfoErrorText(result));
	/* Rows and scopes that came or went are events of their own. */
	if (result == ERROR_SUCCESS && step->kind != STEP_SET)
		return;
	if (result == ERROR_SUCCESS)
		log_info("server \"%s\": \"%s\": %s: done",
		    step->row->server->name, o.relationship, text);
	else
		log_notice("server \"%s\": \"%s\": %s", step->row->server->name,
		    o.relationship, text);
	roster_observe(step->row->server->roster, &o);
}

/* It was not begun, but has been told pending: whoever waits hears of it. */
static void
give_up(struct step *step)
{
	step->result = ERROR_OPERATION_ABORTED;
	mark(step, SET_STATUS_FAILED, step->result);
	tell(step, ERROR_SUCCESS);
}

/* Likewise all groups from number ${i} on. */
static void
give_up_groups(struct change *change, size_t i)
{
	size_t j;

	for (; change->late && i < change->ngroups; i++)
		for (j = 0; j < change->groups[i].n; j++)
			give_up(&change->groups[i].steps[j]);
}

/*
 * Would it be a success if ${step} was done?  Not if it is to be undone, or if
 * more was asked of its row.
 */
static bool
is_all_of_its_row(const struct step *step)
{
	const struct change_row *row = step->row;
	const struct scope_request *scope;

	for (scope = row->scopes; scope != NULL; scope = scope->next)
		if (scope->presence != row->scopes->presence)
			return false;
	return !step->applied && (row->given & FAILOVER_SET_ALL) == 0;
}

/* The next listing will tell whether it was done, or is not undone. */
static void
leave_in_doubt(const struct step *step)
{
	struct managed *server = shown_by(step->row->server);
	/* A successor does not wait for what its predecessor does. */
	const bool early = server != step->row->server && server->poll != NULL;
	/* What was done, and may now be undone, has no fault of its own. */
	const enum dhcp_error result = step->result != ERROR_SUCCESS ?
	    step->result :
	    ERROR_OPERATION_ABORTED;
	char text[256];
	const struct observation o = {
		.kind = EVENT_SET_FAILED,
		.server = server,
		.row = change_row_now(step->row),
		.relationship = step->want.RelationshipName,
		.flags = step->flags,
		.result = result,
		.text = text,
	};

	snprintf(text, sizeof(text), "%s: in doubt: %s (%u): %s",
	    verbs[step->kind], DhcpfoErrorName(result), result,
	    DhcpfoErrorText(result));
	log_warning("server \"%s\": \"%s\": %s", server->name, o.relationship,
	    text);
	if (step->kind == STEP_SET || is_all_of_its_row(step)) {
		if (mark(step, SET_STATUS_IN_DOUBT, result))
			doubt_add(server, step, early);
	} else
		mark(step, SET_STATUS_FAILED, result);
	/* A row or a scope that is not there afterwards tells of nothing. */
	if (step->kind != STEP_SET || o.row == NULL)
		roster_observe(server->roster, &o);
	/* A second listing right after that one would show nothing more. */
	if (server->poll == NULL || early)
		roster_poll(server);
}

/* ${step} was done and is to be undone, as ${why} says: is it? */
static void
tell_undone(const struct step *step, enum dhcp_error why)
{
	if (step->applied) {
		leave_in_doubt(step);
		return;
	}
	mark(step, SET_STATUS_UNDONE, ERROR_OPERATION_ABORTED);
	tell(step, why);
}

/* The members that ${step} has set, or, ${back}, set as they were; or NULL. */
static const DHCP_FAILOVER_RELATIONSHIP *
members_now(const struct step *step, bool back)
{
	if (step->kind != STEP_SET)
		return NULL;
	if (!back)
		return &step->want;
	return step->applied ? NULL : step->old;
}

/* Show what ${group} did, or, ${back}, what of it is as it was before. */
static void
show(struct change *change, const struct group *group, bool back)
{
	struct managed *heir = roster_heir(group->server);
	const DHCP_FAILOVER_RELATIONSHIP *now;
	struct snapshot_row *row;
	const struct step *step;
	bool structural = false;
	size_t i;

	if (heir != group->server) {
		/* It may be another database: let that speak for itself. */
		for (i = 0; heir != NULL && i < group->n; i++) {
			step = &group->steps[i];
			if ((now = members_now(step, back)) != NULL)
				doubt_tell(heir, step, now, heir->poll != NULL);
		}
		if (heir != NULL)
			roster_poll(heir);
		snapshot_free(change->fresh);
		change->fresh = NULL;
		return;
	}
	/* First the members: what the listing then adds is not our doing. */
	for (i = 0; i < group->n; i++) {
		step = &group->steps[i];
		if ((now = members_now(step, back)) != NULL &&
		    (row = change_row_now(step->row)) != NULL)
			roster_apply(group->server, row, now, step->flags);
		structural |= step->kind != STEP_SET;
	}
	if (change->fresh != NULL)
		roster_publish(group->server, change->fresh, false);
	else if (structural)
		/* The listing failed: make up for it. */
		roster_poll(group->server);
	change->fresh = NULL;
}

static void undo_next(struct change *change);

/*
 * Nothing of the change is to stay, as ${v} says: not before that is so, for a
 * refusal must be true even if this program is killed in the next moment.
 */
static void
refuse(struct change *change, struct change_verdict v)
{
	change->refusal = v;
	undo_next(change);
}

static void
group_failed(struct change *change, struct group *group)
{
	const struct step *step = &group->steps[change->failed];
	struct change_verdict v = { CHANGE_FAILED, step->result,
		step->request };
	size_t i;

	for (i = 0; i < change->failed; i++)
		tell_undone(&group->steps[i], v.result);
	if (step->doubtful) {
		/* It may be done, and any other error would say it is not. */
		leave_in_doubt(step);
		change->undo_failed = true;
	} else {
		mark(step, SET_STATUS_FAILED, v.result);
		tell(step, ERROR_SUCCESS);
	}
	/* A transaction that cannot be committed takes all of it back. */
	for (i = change->failed + 1; i < group->n; i++)
		if (group->steps[i].called) {
			/* But why is what its row is to say. */
			if (group->steps[i].row != step->row)
				mark(&group->steps[i], SET_STATUS_UNDONE,
				    ERROR_OPERATION_ABORTED);
			tell(&group->steps[i], v.result);
		}
	/* Of its own row enough is said. */
	for (i = change->failed + 1; change->late && i < group->n; i++)
		if (!group->steps[i].called && group->steps[i].row != step->row)
			give_up(&group->steps[i]);
	give_up_groups(change, change->current + 1);
	if (!change->restored) {
		change->undo_failed = true;
		log_err("server \"%s\": \"%s\": what had been done before that "
			"could not be undone",
		    group->server->name, step->want.RelationshipName);
	}
	refuse(change, v);
}

static void start_group(struct change *change);

static void
group_done(struct job *job)
{
	struct change *change = (struct change *)job;
	struct group *group = &change->groups[change->current];
	size_t i;

	group->server->report = job->report;
	count_calls(group);
	if (change->failed < group->n) {
		group_failed(change, group);
		return;
	}
	group->applied = true;
	/* First, lest the listing ends a doubt that this has ended. */
	mark_group(group, SET_STATUS_SUCCEEDED, ERROR_SUCCESS);
	show(change, group, false);
	for (i = 0; i < group->n; i++)
		tell(&group->steps[i], ERROR_SUCCESS);
	change->current++;
	if (change->undo_wanted) {
		give_up_groups(change, change->current);
		undo_next(change);
	} else if (change->current < change->ngroups)
		start_group(change);
	else
		settle(change, CHANGE_APPLIED, change_verdict_of(CHANGE_OK, 0));
}

static void
start_group(struct change *change)
{
	change->job.run = change_run;
	change->job.done = group_done;
	worker_submit(change->groups[change->current].server->worker,
	    &change->job);
}

static void
undo_done(struct job *job)
{
	struct change *change = (struct change *)job;
	struct group *group = &change->groups[change->current];
	size_t i;

	group->server->report = job->report;
	group->applied = false;
	if (!change->restored) {
		change->undo_failed = true;
		log_err("server \"%s\": a change could not be undone",
		    group->server->name);
	}
	show(change, group, true);
	for (i = 0; i < group->n; i++)
		tell_undone(&group->steps[i], ERROR_OPERATION_ABORTED);
	undo_next(change);
}

/* Undo the last group that stands; when none is left, that is the end. */
static void
undo_next(struct change *change)
{
	size_t i;

	for (i = change->ngroups; i > 0; i--)
		if (change->groups[i - 1].applied)
			break;
	if (i == 0) {
		/* Who asked for an undo need not know why it was due anyway. */
		settle(change, CHANGE_REFUSED,
		    change->undo_failed ?
			change_verdict_of(CHANGE_UNDO_FAILED, 0) :
			change->undo_wanted ? change_verdict_of(CHANGE_OK, 0) :
					      change->refusal);
		return;
	}
	change->state = CHANGE_UNDOING;
	change->current = i - 1;
	change->job.run = change_run_back;
	change->job.done = undo_done;
	worker_submit(change->groups[i - 1].server->worker, &change->job);
}

void
change_commit(struct change *change, change_answer *answer, void *arg)
{
	assert(change->state == CHANGE_CHECKED);
	change->answer = answer;
	change->arg = arg;
	change->state = CHANGE_RUNNING;
	if (change->ngroups == 0) {
		settle(change, CHANGE_APPLIED, change_verdict_of(CHANGE_OK, 0));
		return;
	}
	link_change(change);
	start_group(change);
}

void
change_expire(struct change *change)
{
	struct group *group;
	size_t i;

	if (change->answer == NULL)
		return;
	if (change->state != CHANGE_RUNNING || change->undo_wanted) {
		say(change, change_verdict_of(CHANGE_UNDO_FAILED, 0));
		return;
	}
	group = &change->groups[change->current];
	if (worker_withdraw(group->server->worker, &change->job)) {
		/* The server is still busy with something else. */
		say(change,
		    change_verdict_of(CHANGE_BUSY, group->steps[0].request));
		undo_next(change);
		return;
	}
	change->late = true;
	for (i = change->current; i < change->ngroups; i++)
		mark_group(&change->groups[i], SET_STATUS_PENDING,
		    ERROR_IO_PENDING);
	log_notice("server \"%s\": \"%s\": not answered in time, goes on as "
		   "pending",
	    group->server->name, group->steps[0].want.RelationshipName);
	say(change, change_verdict_of(CHANGE_OK, 0));
}

void
change_undo(struct change *change, change_answer *answer, void *arg)
{
	change->answer = answer;
	change->arg = arg;
	change->undo_wanted = true;
	switch (change->state) {
	case CHANGE_RUNNING:
	case CHANGE_UNDOING:
		break;
	case CHANGE_APPLIED:
		link_change(change);
		undo_next(change);
		break;
	case CHANGE_STAGED:
	case CHANGE_CHECKED:
	case CHANGE_REFUSED:
		undo_next(change);
		break;
	}
}

void
change_finish(struct change *change)
{
	switch (change->state) {
	case CHANGE_RUNNING:
	case CHANGE_UNDOING:
		change->answer = NULL;
		change->detached = true;
		break;
	case CHANGE_STAGED:
	case CHANGE_CHECKED:
	case CHANGE_APPLIED:
	case CHANGE_REFUSED:
		change_free(change);
		break;
	}
}

void
change_tell_unfinished(const struct roster *roster)
{
	const struct change *change;
	const struct change_row *row;

	for (change = roster->changes; change != NULL; change = change->next)
		for (row = change->rows; row != NULL; row = row->next)
			log_warning("server \"%s\": \"%s\": dhcpfod ends "
				    "before the SET of it has: read what is "
				    "true",
			    row->server->name, row->want.RelationshipName);
}

void
change_end_all(struct roster *roster)
{
	struct change *change;

	while ((change = roster->changes) != NULL) {
		roster->changes = change->next;
		workshop_forget(roster->shop, &change->job);
		change_free(change);
	}
}
