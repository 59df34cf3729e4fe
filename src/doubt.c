/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "change_private.h"
#include "doubt.h"
#include "log.h"

/* Centiseconds: listings that are less apart may show the same. */
#define APART 100u

struct doubt {
	struct doubt *next;
	uint32_t server;
	char key[KEY_MAX];
	size_t length;
	DHCP_FAILOVER_RELATIONSHIP want; /* numbers only */
	DWORD flags; /* 0: not of members */
	FSM_STATE was; /* before it; what was wanted, if that is not known */
	bool told; /* what became of it: to be known as ours is all */
	bool authenticated; /* of SHAREDSECRET: whether there is to be one */
	bool early; /* the listing to come may be older */
	/* What a call still under way would end: that it is (not) undone. */
	enum set_status late;
	uint64_t looked; /* by roster_now(): a listing has shown that; 0: no */
	bool polled; /* so has a poll in its turn */
	bool proven; /* the last listing has shown it done */
	bool keeps_secret; /* undone are the other members alone */
	bool gone; /* the scopes are to be, or, if there are none, the row */
	size_t nscopes;
	DHCP_IP_ADDRESS scopes[];
};

/* What is still to be found out of that row, if anything. */
static void
drop(struct roster *roster, uint32_t server, const char *key, size_t length)
{
	struct doubt **at = &roster->doubts, *doubt;

	while ((doubt = *at) != NULL)
		if (doubt->server == server && doubt->length == length &&
		    memcmp(doubt->key, key, length) == 0) {
			*at = doubt->next;
			free(doubt);
		} else
			at = &doubt->next;
}

/* One of ${row} of ${server} in place of any before, with room for scopes. */
static struct doubt *
replace(struct managed *server, const struct change_row *row, size_t nscopes)
{
	struct roster *roster = server->roster;
	struct doubt *doubt;

	/* The row tells of its last SET: it is not for one before to end it. */
	drop(roster, server->index, row->key, row->key_length);
	doubt = calloc(1, sizeof(*doubt) + nscopes * sizeof(doubt->scopes[0]));
	if (doubt == NULL)
		return NULL;
	doubt->server = server->index;
	memcpy(doubt->key, row->key, row->key_length);
	doubt->length = row->key_length;
	doubt->next = roster->doubts;
	return roster->doubts = doubt;
}

void
doubt_add(struct managed *server, const struct step *step, bool early)
{
	const DHCP_FAILOVER_RELATIONSHIP *want = &step->want;
	struct doubt *doubt;
	size_t n = 0;

	if (step->kind == STEP_ADD || step->kind == STEP_REMOVE)
		n = failover_scope_count(want);
	if ((doubt = replace(server, step->row, n)) == NULL) {
		log_err("server \"%s\": no memory: the row stays in doubt",
		    server->name);
		return;
	}
	doubt->flags = step->kind == STEP_SET ? step->flags : 0;
	doubt->late = !step->doubtful ? SET_STATUS_NONE :
	    step->applied	      ? SET_STATUS_SUCCEEDED :
					SET_STATUS_FAILED;
	doubt->keeps_secret = step->keeps_secret;
	doubt->early = early;
	doubt->gone = step->kind == STEP_REMOVE || step->kind == STEP_DELETE;
	for (; doubt->nscopes < n; doubt->nscopes++)
		doubt->scopes[doubt->nscopes] =
		    want->pScopes->Elements[doubt->nscopes];
	failover_apply(&doubt->want, want, doubt->flags & ~SHAREDSECRET);
	doubt->was = step->old != NULL ? step->old->State : want->State;
	doubt->authenticated = failover_has_secret(want);
}

void
doubt_tell(struct managed *server, const struct step *step,
    const DHCP_FAILOVER_RELATIONSHIP *now, bool early)
{
	struct doubt *doubt;

	/* Without memory it will seem to be somebody else's doing. */
	if ((doubt = replace(server, step->row, 0)) == NULL)
		return;
	doubt->told = true;
	doubt->flags = step->flags;
	doubt->early = early;
	failover_apply(&doubt->want, now, step->flags & ~SHAREDSECRET);
}

static void
own_up(DWORD flags, struct snapshot_row *before, const struct snapshot_row *now)
{
	/* A change of state is news, whoever made it. */
	failover_apply(&before->rel, &now->rel,
	    flags & ~(CHANGESTATE | PREVSTATE | SHAREDSECRET));
	if (flags & SHAREDSECRET)
		before->authenticated = now->authenticated;
}

/* The same if the row with that key has become what ${want} says. */
static bool
own_up_to(struct managed *server, struct snapshot *old, const char *key,
    size_t length, const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags)
{
	struct snapshot *now = server->snapshot;
	size_t i = snapshot_find(now, key, length);
	size_t j = snapshot_find(old, key, length);

	if (i == now->n || j == old->n ||
	    !failover_equal(&now->rows[i].rel, want, flags & ~SHAREDSECRET))
		return false;
	own_up(flags, &old->rows[j], &now->rows[i]);
	return true;
}

/* What a predecessor of ${server} is still at may show already. */
static void
own_up_to_changes(struct managed *server, struct snapshot *old)
{
	const struct change *change;
	const struct group *group;
	const struct step *step;
	size_t i, j;

	for (change = server->roster->changes; change != NULL;
	     change = change->next)
		for (i = 0; i < change->ngroups; i++) {
			group = &change->groups[i];
			if (group->server == server ||
			    group->server->index != server->index)
				continue;
			for (j = 0; j < group->n; j++) {
				step = &group->steps[j];
				if (step->kind == STEP_SET)
					own_up_to(server, old, step->row->key,
					    step->row->key_length, &step->want,
					    step->flags);
			}
		}
}

/* What became of one about scopes, or about ${row}, which is there. */
static enum set_status
verdict_by_presence(const struct doubt *doubt, const struct snapshot *snapshot,
    const struct snapshot_row *row)
{
	size_t i;

	for (i = 0; i < doubt->nscopes; i++)
		if ((snapshot_find_scope(snapshot, row, doubt->scopes[i]) ==
			snapshot->nscopes) != doubt->gone)
			return SET_STATUS_FAILED;
	return doubt->nscopes == 0 && doubt->gone ? SET_STATUS_FAILED :
						    SET_STATUS_SUCCEEDED;
}

/*
 * The members that tell whether it was done.  A secret is told by few servers,
 * and a state that was set may have moved on, as recover does by itself.
 */
static DWORD
telling(const struct doubt *doubt, const DHCP_FAILOVER_RELATIONSHIP *now)
{
	DWORD flags = doubt->flags & ~SHAREDSECRET;

	if ((flags & CHANGESTATE) != 0 && now->State != doubt->want.State &&
	    now->State != doubt->was)
		flags &= ~(CHANGESTATE | PREVSTATE);
	return flags;
}

/*
 * What became of it, as ${now} tells, with ${before}, which may be NULL.  Of a
 * secret is told at most that there is one, and not by every server.
 */
static enum set_status
verdict(const struct doubt *doubt, const struct snapshot_row *before,
    const struct snapshot_row *now)
{
	const DWORD others = telling(doubt, &now->rel);

	if (!failover_equal(&now->rel, &doubt->want, others))
		return doubt->keeps_secret ? SET_STATUS_IN_DOUBT :
					     SET_STATUS_FAILED;
	if (others == doubt->flags)
		return SET_STATUS_SUCCEEDED;
	if (before == NULL)
		return SET_STATUS_IN_DOUBT;
	/* A call sets all or nothing: what else has changed is the proof. */
	if (!failover_equal(&before->rel, &doubt->want, others))
		return SET_STATUS_SUCCEEDED;
	if ((doubt->flags & SHAREDSECRET) == 0 ||
	    (now->authenticated == before->authenticated &&
		(!now->authenticated || doubt->authenticated)))
		return SET_STATUS_IN_DOUBT;
	return now->authenticated == doubt->authenticated ?
	    SET_STATUS_SUCCEEDED :
	    SET_STATUS_FAILED;
}

/* Has it been looked before, and not just now? */
static bool
is_seen_again(struct doubt *doubt, bool polled)
{
	const uint64_t now = roster_now();

	if (doubt->looked != 0 &&
	    ((polled && doubt->polled) || now - doubt->looked >= APART))
		return true;
	if (doubt->looked == 0)
		doubt->looked = now;
	doubt->polled |= polled;
	return false;
}

/*
 * Tell what became of ${doubt}.  False: that is not known yet, for a server
 * that is at it still lists as if it were not done, or not undone.
 */
static bool
resolve(struct managed *server, struct doubt *doubt, struct snapshot *old,
    bool polled)
{
	struct snapshot *snapshot = server->snapshot;
	size_t i = snapshot_find(snapshot, doubt->key, doubt->length);
	size_t j = snapshot_find(old, doubt->key, doubt->length);
	struct snapshot_row *row, *before = j < old->n ? &old->rows[j] : NULL;
	struct observation o = { .server = server, .flags = doubt->flags };
	enum set_status status;

	if (doubt->told)
		return own_up_to(server, old, doubt->key, doubt->length,
			   &doubt->want, doubt->flags) ||
		    !doubt->early;
	if (i == snapshot->n)
		return true;
	row = &snapshot->rows[i];
	status = doubt->flags != 0 ? verdict(doubt, before, row) :
				     verdict_by_presence(doubt, snapshot, row);
	/* What else has changed was the proof, once. */
	if (status == SET_STATUS_IN_DOUBT && doubt->proven)
		status = SET_STATUS_SUCCEEDED;
	doubt->proven = status == SET_STATUS_SUCCEEDED;
	/* What was done and is to be undone is ours either way. */
	if (before != NULL &&
	    (status == SET_STATUS_SUCCEEDED ||
		doubt->late != SET_STATUS_FAILED))
		own_up(doubt->flags, before, row);
	/* A later SET has told what is true; one that is pending may not. */
	if (row->status.set_status == SET_STATUS_PENDING)
		return false;
	if (row->status.set_status != SET_STATUS_IN_DOUBT)
		return true;
	if (status == doubt->late && !is_seen_again(doubt, polled))
		return false;
	o.row = row;
	o.relationship = row->rel.RelationshipName;
	row->status.set_status = status;
	if (status != SET_STATUS_IN_DOUBT)
		row->status.last_set_time = time(NULL);
	switch (status) {
	case SET_STATUS_SUCCEEDED:
		row->status.last_set_result = ERROR_SUCCESS;
		o.kind = EVENT_SET_DONE;
		o.text = "set: was in doubt, is found done";
		break;
	case SET_STATUS_FAILED:
		o.kind = EVENT_SET_FAILED;
		o.result = row->status.last_set_result;
		o.text = "set: was in doubt, is found not done";
		break;
	default:
		o.kind = EVENT_SET_FAILED;
		o.result = row->status.last_set_result;
		o.text = (doubt->flags & SHAREDSECRET) != 0 ?
		    "set: stays in doubt, for the server does not tell its "
		    "secret" :
		    "set: stays in doubt, for the state has moved on";
		break;
	}
	if (doubt->flags == 0) {
		/* That they are there, or not, is an event of its own. */
		log_notice("server \"%s\": \"%s\": what was in doubt is found "
			   "%sdone",
		    server->name, o.relationship,
		    status == SET_STATUS_FAILED ? "not " : "");
		return true;
	}
	log_notice("server \"%s\": \"%s\": %s", server->name, o.relationship,
	    o.text);
	roster_observe(server->roster, &o);
	return true;
}

void
doubt_resolve(struct managed *server, struct snapshot *old, bool polled)
{
	struct doubt **at = &server->roster->doubts, *doubt;

	own_up_to_changes(server, old);
	while ((doubt = *at) != NULL) {
		const bool asked = doubt->server == server->index;

		if (asked && (doubt->told || !doubt->early) &&
		    resolve(server, doubt, old, polled)) {
			*at = doubt->next;
			free(doubt);
			continue;
		}
		if (asked)
			doubt->early = false;
		at = &doubt->next;
	}
}

void
doubt_free(struct roster *roster)
{
	struct doubt *doubt;

	while ((doubt = roster->doubts) != NULL) {
		roster->doubts = doubt->next;
		free(doubt);
	}
}
