/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "watch.h"

/* What a person configured; states are watched by themselves. */
#define CONFIGURED (FAILOVER_SET_ALL & ~(CHANGESTATE | PREVSTATE))

static struct history_row
history_of(const struct managed *server, const struct snapshot_row *row)
{
	const struct history_row kept = {
		.server = server->index,
		.name = row->rel.RelationshipName,
		.state = row->rel.State,
		.state_time = row->status.state_time,
		.transitions = row->status.transitions,
		.comm_interruptions = row->status.comm_interruptions,
	};

	return kept;
}

static void
keep(struct managed *server, const struct snapshot_row *row)
{
	const struct history_row kept = history_of(server, row);

	if (server->roster->history != NULL)
		history_keep(server->roster->history, &kept);
}

static void
tell(struct managed *server, enum event_kind kind,
    const struct snapshot_row *row, const char *text)
{
	const struct observation o = {
		.kind = kind,
		.server = server,
		.row = row,
		.relationship = row->rel.RelationshipName,
		.text = text,
	};

	roster_observe(server->roster, &o);
}

static const char *
state_word(uint32_t state)
{
	const char *word = failover_word(FAILOVER_WORDS_STATE, state);

	return word != NULL ? word : "?";
}

void
watch_state(struct managed *server, struct snapshot_row *row, FSM_STATE before)
{
	char text[64];
	const struct observation o = {
		.kind = EVENT_STATE_CHANGE,
		.server = server,
		.row = row,
		.relationship = row->rel.RelationshipName,
		.old_state = before,
		.new_state = row->rel.State,
		.text = text,
	};

	if (row->rel.State == before)
		return;
	row->status.state_time = time(NULL);
	row->status.transitions++;
	if (row->rel.State == COMMUNICATION_INT)
		row->status.comm_interruptions++;
	if (row->forgets)
		row->rel.PrevState = before;
	keep(server, row);
	snprintf(text, sizeof(text), "%s -> %s", state_word(before),
	    state_word(row->rel.State));
	roster_observe(server->roster, &o);
}

/* The members that differ, as flags. */
static uint32_t
differences(const struct snapshot_row *a, const struct snapshot_row *b)
{
	uint32_t flags = 0, bit;

	for (bit = 1; bit & FAILOVER_SET_ALL; bit <<= 1)
		if ((bit & CONFIGURED) &&
		    !failover_equal(&a->rel, &b->rel, bit))
			flags |= bit;
	if (a->authenticated != b->authenticated)
		flags |= SHAREDSECRET;
	return flags;
}

static void
watch_members(struct managed *server, const struct snapshot_row *before,
    const struct snapshot_row *row)
{
	const bool anew = !failover_same_servers(&before->rel, &row->rel);
	char text[96];
	size_t n = 0;
	const struct observation o = {
		.kind = EVENT_CONFIG_CHANGE,
		.server = server,
		.row = row,
		.relationship = row->rel.RelationshipName,
		.flags = differences(before, row),
		.text = text,
	};

	if (o.flags == 0 && !anew)
		return;
	if (o.flags != 0)
		n = strlen(failover_flags_text(o.flags, text, sizeof(text)));
	if (anew)
		snprintf(text + n, sizeof(text) - n, "%sservers",
		    n > 0 ? "," : "");
	roster_observe(server->roster, &o);
}

static void
tell_scope(struct managed *server, enum event_kind kind,
    const struct snapshot_row *row, const struct snapshot_scope *scope,
    const char *text)
{
	const struct observation o = {
		.kind = kind,
		.server = server,
		.row = row,
		.scope = scope,
		.relationship = row->rel.RelationshipName,
		.text = text,
	};

	roster_observe(server->roster, &o);
}

static void
watch_scopes(struct managed *server, const struct snapshot *old,
    const struct snapshot_row *before, const struct snapshot_row *row)
{
	const struct snapshot *now = server->snapshot;
	uint32_t i = row->first_scope, j = before->first_scope;
	const uint32_t i_end = i + row->nscopes, j_end = j + before->nscopes;
	char text[FAILOVER_ADDRESS_SIZE];

	while (i < i_end || j < j_end)
		if (j == j_end ||
		    (i < i_end &&
			now->scopes[i].address < old->scopes[j].address)) {
			failover_address_text(now->scopes[i].address, text);
			tell_scope(server, EVENT_SCOPE_ADDED, row,
			    &now->scopes[i++], text);
		} else if (i == i_end ||
		    now->scopes[i].address > old->scopes[j].address) {
			failover_address_text(old->scopes[j++].address, text);
			tell_scope(server, EVENT_SCOPE_REMOVED, row, NULL,
			    text);
		} else {
			i++;
			j++;
		}
}

/* Low and high lie apart, so that a scope at the edge does not flap. */
static void
watch_threshold(struct managed *server, const struct snapshot_row *row,
    struct snapshot_scope *scope)
{
	const uint32_t percent = failover_free_percent(&scope->stats);
	char text[80], address[FAILOVER_ADDRESS_SIZE];
	bool low = scope->low;

	if (!scope->counted)
		return;
	if (percent < server->roster->free_low)
		low = true;
	else if (percent >= server->roster->free_high)
		low = false;
	if (low == scope->low)
		return;
	scope->low = low;
	snprintf(text, sizeof(text), "%s: %u of %u free (%u %%)",
	    failover_address_text(scope->address, address),
	    scope->stats.AddrFree, scope->stats.NumAddr, percent);
	tell_scope(server, low ? EVENT_THRESHOLD_LOW : EVENT_THRESHOLD_OK, row,
	    scope, text);
}

/* A row that was not there before, or, ${first}, that nobody had asked for. */
static void
watch_newcomer(struct managed *server, struct snapshot_row *row, bool first)
{
	const struct history_row *kept = NULL;

	row->status.state_time = time(NULL);
	if (first && server->roster->history != NULL)
		kept = history_find(server->roster->history, server->index,
		    row->rel.RelationshipName);
	if (kept != NULL) {
		row->status.state_time = kept->state_time;
		row->status.transitions = kept->transitions;
		row->status.comm_interruptions = kept->comm_interruptions;
		/* It may have changed while nobody looked. */
		watch_state(server, row, (FSM_STATE)kept->state);
		return;
	}
	keep(server, row);
	if (!first)
		tell(server, EVENT_CREATED, row, "");
}

static bool
is_listed(const struct managed *server, const char *name)
{
	struct snapshot *now = server->snapshot;
	char key[KEY_MAX + 1];
	size_t i = snapshot_find(now, key, key_from_name(name, key));

	return i < now->n &&
	    strcmp(now->rows[i].rel.RelationshipName, name) == 0;
}

/* What was deleted while nobody looked is not what comes by its name later. */
static void
forget_leavers(const struct managed *server)
{
	struct history *history = server->roster->history;
	const struct history_row *row;
	size_t i;

	for (i = history_first(history, server->index);
	     (row = history_at(history, i)) != NULL &&
	     row->server == server->index;
	     i++)
		if (!row->forgotten && !is_listed(server, row->name))
			history_forget(history, row->server, row->name);
}

static void
watch_leaver(struct managed *server, const struct snapshot_row *before)
{
	const struct observation o = {
		.kind = EVENT_DELETED,
		.server = server,
		.relationship = before->rel.RelationshipName,
		.text = "",
	};

	/* Should it come back, it counts from 0. */
	server->roster->counting_since = roster_now();
	if (server->roster->history != NULL)
		history_forget(server->roster->history, server->index,
		    before->rel.RelationshipName);
	roster_observe(server->roster, &o);
}

static void
watch_stayer(struct managed *server, const struct snapshot *old,
    const struct snapshot_row *before, struct snapshot_row *row)
{
	watch_members(server, before, row);
	watch_scopes(server, old, before, row);
	watch_state(server, row, before->rel.State);
}

void
watch_listing(struct managed *server, const struct snapshot *old, bool first)
{
	struct snapshot *now = server->snapshot;
	size_t i = 0, j = 0;
	int order;

	if (first && server->roster->history != NULL)
		forget_leavers(server);
	while (i < now->n || j < old->n) {
		order = i == now->n ? 1 :
		    j == old->n	    ? -1 :
				      key_compare(now->rows[i].key,
					  now->rows[i].key_length, old->rows[j].key,
					  old->rows[j].key_length);
		if (order < 0)
			watch_newcomer(server, &now->rows[i++], first);
		else if (order > 0)
			watch_leaver(server, &old->rows[j++]);
		else
			watch_stayer(server, old, &old->rows[j++],
			    &now->rows[i++]);
	}
	for (i = 0; i < now->nscopes; i++)
		watch_threshold(server, &now->rows[now->scopes[i].row],
		    &now->scopes[i]);
}

void
watch_no_more(struct managed *server)
{
	struct history_row known;
	size_t i;

	for (i = 0; server->roster->history != NULL && i < server->snapshot->n;
	     i++) {
		known = history_of(server, &server->snapshot->rows[i]);
		history_remember(server->roster->history, &known);
	}
}

void
watch_server(struct managed *server, enum dhcp_error error)
{
	const bool up = server->status == OPER_STATUS_UP;
	const struct observation o = {
		.kind = up ? EVENT_SERVER_UP : EVENT_SERVER_DOWN,
		.server = server,
		.result = error,
		.text = up ? "" : server->report.last_error_text,
	};

	/* At the start all is well unless it is not. */
	if (up != server->down)
		return;
	server->down = !up;
	roster_observe(server->roster, &o);
}
