/* SPDX-License-Identifier: BSD-2-Clause */
/* What a change does in a worker's thread: it logs and shows nothing. */
#include <stdlib.h>

#include "change_private.h"

static enum dhcp_error
call_set(struct failover_server *server, const struct step *step)
{
	return failover_server_set(server, step->flags, &step->want);
}

static enum dhcp_error
call_create(struct failover_server *server, const struct step *step)
{
	return failover_server_create(server, &step->want);
}

static enum dhcp_error
call_delete(struct failover_server *server, const struct step *step)
{
	return failover_server_delete(server, step->want.RelationshipName);
}

static enum dhcp_error
call_add(struct failover_server *server, const struct step *step)
{
	return failover_server_add_scopes(server, &step->want);
}

static enum dhcp_error
call_remove(struct failover_server *server, const struct step *step)
{
	return failover_server_delete_scopes(server, &step->want);
}

static enum dhcp_error (*const calls[])(struct failover_server *,
    const struct step *) = {
	[STEP_SET] = call_set,
	[STEP_CREATE] = call_create,
	[STEP_DELETE] = call_delete,
	[STEP_ADD] = call_add,
	[STEP_REMOVE] = call_remove,
};

/* May a call that ended in ${error} have been carried out all the same? */
static bool
is_doubtful(enum dhcp_error error)
{
	return error == ERROR_TIMEOUT || error == RPC_S_CALL_FAILED;
}

enum outcome { NOT_DONE, DONE, NOT_KNOWN };

/* Of a call that sets members of ${now}. */
static enum outcome
set_outcome(const struct step *step, const DHCP_FAILOVER_RELATIONSHIP *now)
{
	const DWORD others = step->flags & ~SHAREDSECRET;

	if (!failover_equal(now, &step->want, others))
		return NOT_DONE;
	if (others == step->flags)
		return DONE;
	/* Not every server tells its secret. */
	if (failover_has_secret(now) ||
	    (step->old != NULL && failover_has_secret(step->old)))
		return failover_equal(now, &step->want, SHAREDSECRET) ?
		    DONE :
		    NOT_DONE;
	/* A call sets all or nothing: what else has changed is the proof. */
	return step->old == NULL ||
		failover_equal(step->old, &step->want, others) ?
	    NOT_KNOWN :
	    DONE;
}

/* Has ${now} all of the scopes that ${step} names, or, not ${wanted}, none? */
static bool
scopes_are(const struct step *step, const DHCP_FAILOVER_RELATIONSHIP *now,
    bool wanted)
{
	const DHCP_IP_ARRAY *scopes = step->want.pScopes;
	DWORD i;

	for (i = 0; i < scopes->NumElements; i++)
		if (failover_has_scope(now, scopes->Elements[i]) != wanted)
			return false;
	return true;
}

/* Of a call that creates: somebody else may have made one of that name. */
static enum outcome
create_outcome(const struct step *step, const DHCP_FAILOVER_RELATIONSHIP *now)
{
	return now->PrimaryServer == step->want.PrimaryServer &&
		now->SecondaryServer == step->want.SecondaryServer &&
		now->ServerType == step->want.ServerType &&
		scopes_are(step, now, true) ?
	    DONE :
	    NOT_KNOWN;
}

/* Is ${now}, NULL if there is none, what ${step} was to make of it? */
static enum outcome
outcome(const struct step *step, const DHCP_FAILOVER_RELATIONSHIP *now)
{
	if (step->kind == STEP_DELETE || now == NULL)
		return (step->kind == STEP_DELETE) == (now == NULL) ? DONE :
								      NOT_DONE;
	if (step->kind == STEP_SET)
		return set_outcome(step, now);
	if (step->kind == STEP_CREATE)
		return create_outcome(step, now);
	return scopes_are(step, now, step->kind == STEP_ADD) ? DONE : NOT_DONE;
}

/*
 * The answer got lost: look what is true, and never repeat the call.  What is
 * not done may be done yet: the server may be at it still.
 */
static enum dhcp_error
look(struct failover_server *server, struct step *step, enum dhcp_error error)
{
	DHCP_FAILOVER_RELATIONSHIP *now = NULL;
	enum dhcp_error got;

	got = failover_server_get(server, step->want.RelationshipName, &now);
	if (got != ERROR_SUCCESS &&
	    got != ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST) {
		step->doubtful = true;
		return error;
	}
	switch (outcome(step, now)) {
	case DONE:
		error = ERROR_SUCCESS;
		break;
	case NOT_DONE:
	case NOT_KNOWN:
		step->doubtful = true;
		break;
	}
	failover_free(now);
	return error;
}

/*
 * Destroying what is not there is done already (RFC 2579): leave in ${step}
 * what ${step->old} has.  Is there nothing to be done?
 */
static bool
is_gone(struct step *step)
{
	DHCP_IP_ARRAY *scopes = step->want.pScopes;
	DWORD i, n;

	if (step->kind == STEP_DELETE)
		return step->old == NULL;
	if (step->kind != STEP_REMOVE || step->old == NULL)
		return false;
	for (i = n = 0; i < scopes->NumElements; i++)
		if (failover_has_scope(step->old, scopes->Elements[i]))
			scopes->Elements[n++] = scopes->Elements[i];
	scopes->NumElements = n;
	return n == 0;
}

/* Remember how it was, then change it. */
static enum dhcp_error
step_run(struct failover_server *server, struct step *step)
{
	enum dhcp_error error;

	/* What is created was not there, or creation says so. */
	error = step->kind == STEP_CREATE ?
	    ERROR_SUCCESS :
	    failover_server_get(server, step->want.RelationshipName,
		&step->old);
	/* Where reading broke off, nothing was done. */
	if (error == RPC_S_CALL_FAILED)
		return RPC_S_CALL_FAILED_DNE;
	if (error != ERROR_SUCCESS &&
	    error != ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST)
		return error;
	if (is_gone(step))
		return ERROR_SUCCESS;
	step->called = true;
	error = calls[step->kind](server, step);
	if (is_doubtful(error))
		error = look(server, step, error);
	if (error == ERROR_SUCCESS)
		step->applied = true;
	return error;
}

/*
 * Set the members of ${step} again as they were.  Not every server tells its
 * secret: where the one that was just set is not told either, the old one is
 * not known, and to set none would make anybody believed.
 */
static enum dhcp_error
restore_members(struct failover_server *server, struct step *step)
{
	DHCP_FAILOVER_RELATIONSHIP *now;
	DWORD flags = step->flags;
	enum dhcp_error error;

	if ((flags & SHAREDSECRET) != 0 && !failover_has_secret(step->old) &&
	    failover_has_secret(&step->want)) {
		error = failover_server_get(server, step->want.RelationshipName,
		    &now);
		if (error != ERROR_SUCCESS)
			return error;
		if (!failover_has_secret(now))
			flags &= ~SHAREDSECRET;
		failover_free(now);
	}
	if (flags != 0) {
		error = failover_server_set_back(server, flags, step->old);
		if (error != ERROR_SUCCESS)
			return error;
	}
	step->keeps_secret = flags != step->flags;
	return step->keeps_secret ? ERROR_NOT_SUPPORTED : ERROR_SUCCESS;
}

/* The scopes of ${now}, but those that ${step} names as they were before it. */
static bool
former_scopes(const struct step *step, const DHCP_FAILOVER_RELATIONSHIP *now,
    DHCP_IP_ARRAY *scopes)
{
	const DHCP_IP_ARRAY *ours = step->want.pScopes;
	size_t n = failover_scope_count(now), i;

	scopes->NumElements = 0;
	scopes->Elements =
	    calloc(n + ours->NumElements, sizeof(*scopes->Elements));
	if (scopes->Elements == NULL)
		return false;
	for (i = 0; i < n; i++)
		if (!failover_has_scope(&step->want, now->pScopes->Elements[i]))
			scopes->Elements[scopes->NumElements++] =
			    now->pScopes->Elements[i];
	for (i = 0; i < ours->NumElements; i++)
		if (step->old != NULL &&
		    failover_has_scope(step->old, ours->Elements[i]))
			scopes->Elements[scopes->NumElements++] =
			    ours->Elements[i];
	return true;
}

/* Put back the scopes that came or went; the rest is not ours. */
static enum dhcp_error
restore_scopes(struct failover_server *server, const struct step *step)
{
	const char *name = step->want.RelationshipName;
	DHCP_FAILOVER_RELATIONSHIP *now, want;
	DHCP_IP_ARRAY scopes;
	enum dhcp_error error;

	if ((error = failover_server_get(server, name, &now)) != ERROR_SUCCESS)
		return error;
	want = *now;
	want.pScopes = &scopes;
	error = former_scopes(step, now, &scopes) ?
	    failover_server_restore(server, name, &want) :
	    ERROR_NOT_ENOUGH_MEMORY;
	free(scopes.Elements);
	failover_free(now);
	return error;
}

/* Members and scopes that were not ours may have moved on meanwhile. */
static enum dhcp_error
step_restore(struct failover_server *server, struct step *step)
{
	if (step->kind == STEP_SET)
		/* What came between two calls was not seen before them. */
		return step->old != NULL ? restore_members(server, step) :
					   ERROR_NOT_SUPPORTED;
	if (step->kind == STEP_ADD || step->kind == STEP_REMOVE)
		return restore_scopes(server, step);
	return failover_server_restore(server, step->want.RelationshipName,
	    step->old);
}

/* Restore what ${group} has applied, the last step first. */
static enum dhcp_error
group_restore(struct failover_server *server, struct group *group)
{
	enum dhcp_error error, first = ERROR_SUCCESS;
	struct step *step;
	size_t i;

	for (i = group->n; i > 0; i--) {
		step = &group->steps[i - 1];
		if (!step->applied)
			continue;
		error = step_restore(server, step);
		step->doubtful = is_doubtful(error);
		if (error == ERROR_SUCCESS)
			step->applied = false;
		else if (first == ERROR_SUCCESS)
			first = error;
	}
	return first;
}

/* A fresh listing where rows or scopes came or went; else, or if not, none. */
static void
relist(struct change *change, struct failover_server *server,
    const struct group *group)
{
	size_t i;

	for (i = 0; i < group->n; i++)
		if (group->steps[i].kind != STEP_SET)
			break;
	if (i == group->n || (change->fresh = snapshot_new(NULL)) == NULL)
		return;
	if (failover_server_list(server, snapshot_add, change->fresh) ==
		ERROR_SUCCESS &&
	    snapshot_sort(change->fresh, server->name, &server->unshown))
		return;
	snapshot_free(change->fresh);
	change->fresh = NULL;
}

/*
 * Of a transaction nothing stays, and nothing comes late: what was called is
 * ${applied} again, or is not.
 */
static void
roll_back(struct failover_server *server, struct group *group, bool applied)
{
	struct step *step;
	size_t i;

	if (!failover_server_atomic(server))
		return;
	failover_server_rollback(server);
	for (i = 0; i < group->n; i++) {
		step = &group->steps[i];
		step->applied = applied && step->called;
		step->doubtful = false;
	}
}

void
change_run(struct job *job, struct failover_server *server)
{
	struct change *change = (struct change *)job;
	struct group *group = &change->groups[change->current];
	enum dhcp_error error = failover_server_begin(server);
	size_t i;

	change->restored = true;
	change->failed = 0;
	if (error != ERROR_SUCCESS)
		goto err0;
	for (i = 0; i < group->n; i++)
		if ((error = step_run(server, &group->steps[i])) !=
		    ERROR_SUCCESS)
			goto err1;
		else
			group->steps[i].result = ERROR_SUCCESS;
	i = 0;
	if ((error = failover_server_commit(server)) != ERROR_SUCCESS)
		goto err1;

	/* Success! */
	change->failed = group->n;
	relist(change, server, group);
	return;

err1:
	change->failed = i;
	if (failover_server_atomic(server))
		roll_back(server, group, false);
	else
		change->restored =
		    group_restore(server, group) == ERROR_SUCCESS;
err0:
	group->steps[change->failed].result = error;
}

void
change_run_back(struct job *job, struct failover_server *server)
{
	struct change *change = (struct change *)job;
	struct group *group = &change->groups[change->current];

	change->restored = false;
	if (failover_server_begin(server) != ERROR_SUCCESS)
		return;
	if (group_restore(server, group) != ERROR_SUCCESS ||
	    failover_server_commit(server) != ERROR_SUCCESS) {
		roll_back(server, group, true);
		return;
	}
	change->restored = true;
	relist(change, server, group);
}
