/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "doubt.h"
#include "drift.h"
#include "log.h"
#include "roster.h"
#include "watch.h"

/* One listing of a server's relationships, in its worker. */
struct poll {
	struct job job; /* first: the job is the poll */
	struct managed *server;
	struct snapshot *fresh;
	enum dhcp_error error;
	uint32_t duration;
	int32_t offset;
	time_t began;
	bool behind; /* right behind another, not in its turn */
};

uint64_t
roster_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 100 + (uint64_t)now.tv_nsec / 10000000;
}

static uint32_t
milliseconds_since(const struct timespec *start)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = ((int64_t)now.tv_sec - start->tv_sec) * 1000 +
	    (now.tv_nsec - start->tv_nsec) / 1000000;
	return (uint32_t)ms;
}

enum oper_status
roster_oper_status(enum dhcp_error error)
{
	static const struct {
		enum dhcp_error error;
		enum oper_status status;
	} known[] = {
		{ ERROR_SUCCESS, OPER_STATUS_UP },
		{ ERROR_ACCESS_DENIED, OPER_STATUS_ACCESS_DENIED },
		{ ERROR_DHCP_NO_ADMIN_PERMISSION, OPER_STATUS_ACCESS_DENIED },
		{ ERROR_TIMEOUT, OPER_STATUS_UNREACHABLE },
		{ RPC_S_SERVER_UNAVAILABLE, OPER_STATUS_UNREACHABLE },
		{ RPC_S_CALL_FAILED, OPER_STATUS_UNREACHABLE },
		{ RPC_S_CALL_FAILED_DNE, OPER_STATUS_UNREACHABLE },
		{ EPT_S_NOT_REGISTERED, OPER_STATUS_UNREACHABLE },
		{ ERROR_DHCP_SERVER_NOT_REACHABLE, OPER_STATUS_UNREACHABLE },
		{ ERROR_DHCP_SERVER_NOT_RUNNING, OPER_STATUS_UNREACHABLE },
		{ ERROR_DHCP_SERVER_NAME_NOT_RESOLVED,
		    OPER_STATUS_UNREACHABLE },
	};
	size_t i;

	for (i = 0; i < nitems(known); i++)
		if (known[i].error == error)
			return known[i].status;
	return OPER_STATUS_ERROR;
}

enum health
roster_server_health(const struct managed *server)
{
	switch ((enum oper_status)server->status) {
	case OPER_STATUS_UNKNOWN:
		return HEALTH_UNKNOWN;
	case OPER_STATUS_UP:
		return HEALTH_OK;
	case OPER_STATUS_UNREACHABLE:
	case OPER_STATUS_ACCESS_DENIED:
	case OPER_STATUS_ERROR:
		break;
	}
	return HEALTH_CRITICAL;
}

static enum health
state_health(FSM_STATE state)
{
	switch (state) {
	case NORMAL:
		return HEALTH_OK;
	case NO_STATE:
		return HEALTH_UNKNOWN;
	case INIT:
	case STARTUP:
	case COMMUNICATION_INT:
	case CONFLICT_DONE:
	case RECOVER:
	case RECOVER_WAIT:
	case RECOVER_DONE:
	case PAUSED:
		return HEALTH_WARNING;
	case PARTNER_DOWN:
	case POTENTIAL_CONFLICT:
	case RESOLUTION_INT:
	case SHUTDOWN:
		return HEALTH_CRITICAL;
	}
	return HEALTH_UNKNOWN;
}

enum health
roster_row_health(const struct managed *server, const struct snapshot_row *row)
{
	/* What is old says nothing about now. */
	if (server->status != OPER_STATUS_UP)
		return HEALTH_UNKNOWN;
	return state_health(row->rel.State);
}

/* The worst of a server and its rows. */
static enum health
worst(const struct managed *server)
{
	/* Not knowing is worse than a warning: something may be on fire. */
	static const enum health order[] = { HEALTH_CRITICAL, HEALTH_UNKNOWN,
		HEALTH_WARNING };
	enum health health = roster_server_health(server);
	size_t i;

	if (health != HEALTH_OK)
		return health;
	for (i = 0; i < nitems(order); i++)
		if (server->health[order[i]] > 0)
			return order[i];
	return HEALTH_OK;
}

/* Totals over the servers, from what each has counted. */
static void
total(struct roster *roster)
{
	uint32_t seen[HEALTH_UNKNOWN + 1] = { 0 };
	const struct managed *server;
	size_t i;

	roster->relationships = roster->not_normal = 0;
	for (i = 0; i < roster->n; i++) {
		server = roster->servers[i];
		roster->relationships += (uint32_t)server->snapshot->n;
		roster->not_normal += server->not_normal;
		seen[worst(server)]++;
	}
	roster->health = seen[HEALTH_CRITICAL] > 0 ? HEALTH_CRITICAL :
	    seen[HEALTH_UNKNOWN] > 0		   ? HEALTH_UNKNOWN :
	    seen[HEALTH_WARNING] > 0		   ? HEALTH_WARNING :
						     HEALTH_OK;
}

/* Count a row's state, ${by} 1, or take it back, by -1. */
static void
tally(struct managed *server, const struct snapshot_row *row, int by)
{
	server->health[state_health(row->rel.State)] += (uint32_t)by;
	if (row->rel.State != NORMAL)
		server->not_normal += (uint32_t)by;
}

void
roster_publish(struct managed *server, struct snapshot *fresh, bool polled)
{
	struct snapshot *old = server->snapshot;
	uint64_t now = roster_now();
	size_t i;

	if (snapshot_inherit(fresh, old, now))
		server->roster->changed_at = now;
	server->snapshot = fresh;
	server->not_normal = 0;
	memset(server->health, 0, sizeof(server->health));
	for (i = 0; i < fresh->n; i++)
		tally(server, &fresh->rows[i], 1);
	total(server->roster);
	doubt_resolve(server, old, polled);
	watch_listing(server, old, !server->listed);
	server->listed = true;
	drift_compare(server);
	snapshot_free(old);
}

void
roster_apply(struct managed *server, struct snapshot_row *row,
    const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags)
{
	const DWORD configured = flags & ~(CHANGESTATE | PREVSTATE);
	const bool changed = (configured & SHAREDSECRET) ||
	    !failover_equal(&row->rel, want, configured);
	FSM_STATE before = row->rel.State;

	tally(server, row, -1);
	failover_apply(&row->rel, want, flags & ~SHAREDSECRET);
	if (flags & SHAREDSECRET)
		row->authenticated = failover_has_secret(want);
	tally(server, row, 1);
	if (changed)
		row->status.last_change = server->roster->changed_at =
		    roster_now();
	total(server->roster);
	watch_state(server, row, before);
	drift_compare_row(server, row);
}

/* Names of what was observed; kinds that are logged where they arise: NULL. */
static const char *
headline(enum event_kind kind)
{
	static const char *const headlines[] = {
		[EVENT_OTHER] = "event",
		[EVENT_STATE_CHANGE] = "state",
		[EVENT_CREATED] = "created",
		[EVENT_DELETED] = "deleted",
		[EVENT_CONFIG_CHANGE] = "changed on the server",
		[EVENT_SCOPE_ADDED] = "scope added",
		[EVENT_SCOPE_REMOVED] = "scope removed",
		[EVENT_THRESHOLD_LOW] = "few addresses left",
		[EVENT_THRESHOLD_OK] = "enough addresses again",
		[EVENT_DRIFT_FOUND] = "the partners differ",
		[EVENT_DRIFT_GONE] = "the partners differ no more",
	};

	return (size_t)kind < nitems(headlines) ? headlines[kind] : NULL;
}

void
roster_observe(struct roster *roster, const struct observation *o)
{
	const char *name = o->server != NULL ? o->server->name : "";
	const char *what = headline(o->kind);
	const struct event *kept;
	char text[256];
	struct event event = {
		.kind = o->kind,
		.time = time(NULL),
		.old_state = o->old_state,
		.new_state = o->new_state,
		.flags = o->flags,
		.result = o->result,
		.server = (char *)(uintptr_t)name,
		.relationship = (char *)(uintptr_t)o->relationship,
		.text = text,
	};

	snprintf(text, sizeof(text), "%s%s%s", what != NULL ? what : "",
	    what != NULL && o->text[0] != '\0' ? ": " : "", o->text);
	if (what != NULL)
		log_notice("server \"%s\": \"%s\": %s", name,
		    o->relationship != NULL ? o->relationship : "", text);
	kept = event_log_add(roster->events, &event);
	if (kept != NULL && roster->history != NULL)
		history_event(roster->history, kept);
	if (kept == NULL)
		event.index = roster->events->last;
	if (roster->observer != NULL)
		roster->observer(o, kept != NULL ? kept : &event);
}

void
roster_limit_events(struct roster *roster, size_t limit)
{
	const size_t before = roster->events->n;

	event_log_limit(roster->events, limit);
	if (roster->events->n < before && roster->history != NULL)
		history_trim(roster->history);
}

/* Where the server with at least that index is, or would be. */
static size_t
position(const struct roster *roster, uint32_t index)
{
	size_t low = 0, high = roster->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (roster->servers[middle]->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct managed *
roster_find(const struct roster *roster, uint32_t index)
{
	size_t i = position(roster, index);

	return i < roster->n && roster->servers[i]->index == index ?
	    roster->servers[i] :
	    NULL;
}

struct managed *
roster_heir(const struct managed *server)
{
	return roster_find(server->roster, server->index);
}

/* A clock that is wrong by decades is ahead all the same. */
static int32_t
clock_offset(DWORD there, time_t here)
{
	const int64_t offset = (int64_t)there - (int64_t)here;

	return offset > INT32_MAX ? INT32_MAX : (int32_t)offset;
}

static void
poll_run(struct job *job, struct failover_server *server)
{
	struct poll *poll = (struct poll *)job;
	struct timespec start;
	DWORD now, delta;

	clock_gettime(CLOCK_MONOTONIC, &start);
	poll->began = time(NULL);
	poll->error = failover_server_list(server, snapshot_add, poll->fresh);
	if (poll->error == ERROR_SUCCESS &&
	    !snapshot_sort(poll->fresh, server->name, &server->unshown)) {
		poll->error = ERROR_NOT_ENOUGH_MEMORY;
		failover_server_unusable(server);
	}
	if (poll->error == ERROR_SUCCESS &&
	    failover_server_system_time(server, &now, &delta) == ERROR_SUCCESS)
		poll->offset = clock_offset(now, time(NULL));
	poll->duration = milliseconds_since(&start);
}

/* What ${poll} brought is shown, and what differs is told. */
static void
take_answer(struct managed *server, struct poll *poll)
{
	uint32_t before = server->status;

	server->report = poll->job.report;
	server->last_poll = poll->began;
	server->poll_duration = poll->duration;
	server->status = roster_oper_status(poll->error);
	if (poll->error == ERROR_SUCCESS) {
		server->last_success = poll->began;
		server->success_at = roster_now();
		server->clock_offset = poll->offset;
		roster_publish(server, poll->fresh, !poll->behind);
		poll->fresh = NULL;
	} else
		total(server->roster);
	if (before == OPER_STATUS_UNKNOWN && server->status == OPER_STATUS_UP)
		log_info("server \"%s\": up, %zu relationships", server->name,
		    server->snapshot->n);
	watch_server(server, poll->error);
}

static void
poll_done(struct job *job)
{
	struct poll *poll = (struct poll *)job;
	struct managed *server = poll->server;
	const bool present = roster_heir(server) == server;

	server->poll = NULL;
	/* Of one that has left nobody wants to know any more. */
	if (present)
		take_answer(server, poll);
	snapshot_free(poll->fresh);
	free(poll);
	if (present && server->poll_again) {
		server->poll_again = false;
		roster_poll(server);
		if (server->poll != NULL)
			server->poll->behind = true;
	}
}

void
roster_poll(struct managed *server)
{
	struct poll *poll;

	if (server->poll != NULL) {
		server->poll_again = true;
		return;
	}
	if ((poll = calloc(1, sizeof(*poll))) == NULL)
		goto err0;
	if ((poll->fresh = snapshot_new(server->snapshot)) == NULL)
		goto err1;
	poll->server = server;
	poll->job.run = poll_run;
	poll->job.done = poll_done;
	server->poll = poll;
	worker_submit(server->worker, &poll->job);

	/* Success! */
	return;

err1:
	free(poll);
err0:
	log_err("server \"%s\": no memory for a poll", server->name);
}

void
roster_poll_all(struct roster *roster)
{
	roster_poll_some(roster, roster->n);
}

void
roster_poll_some(struct roster *roster, size_t n)
{
	for (; n > 0; n--) {
		roster->next_due %= roster->n;
		roster_poll(roster->servers[roster->next_due++]);
	}
}

/* Let ${server} go; false: it is still busy, see roster_reap(). */
static bool
dismiss(struct managed *server, unsigned int milliseconds)
{
	if (!worker_stop(server->worker, milliseconds))
		return false;
	failover_server_close(server->server);
	if (server->poll != NULL) {
		workshop_forget(server->roster->shop, &server->poll->job);
		snapshot_free(server->poll->fresh);
	}
	free(server->poll);
	snapshot_free(server->snapshot);
	conf_server_release(&server->conf);
	free(server);
	return true;
}

static void
permit(struct managed *server, uint32_t write_policy)
{
	server->writable =
	    server->conf.writable & server->server->sets & write_policy;
	/* Where nothing may be set, nothing may be created either. */
	server->creates = server->conf.type->creates && server->writable != 0;
}

/* A new server, which takes over ${*conf}. */
static struct managed *
hire(struct roster *roster, struct conf_server *conf)
{
	enum dhcp_error error = ERROR_NOT_ENOUGH_MEMORY;
	struct managed *server;

	if ((server = calloc(1, sizeof(*server))) == NULL)
		goto err0;
	server->index = conf->index;
	server->kind = conf->type->kind;
	server->status = OPER_STATUS_UNKNOWN;
	server->success_at = roster_now();
	server->roster = roster;
	if (conf->address == NULL ||
	    !failover_address_parse(conf->address, &server->address))
		server->address = 0;
	if ((server->snapshot = snapshot_new(NULL)) == NULL)
		goto err1;
	if ((error = failover_server_open(conf->type, conf->name, conf->address,
		 conf->options, &server->server)) != ERROR_SUCCESS)
		goto err1;
	error = ERROR_NOT_ENOUGH_MEMORY;
	if ((server->worker = worker_new(roster->shop, server->server)) == NULL)
		goto err1;

	/* Success! */
	server->conf = *conf;
	memset(conf, 0, sizeof(*conf));
	server->name = server->conf.name;
	return server;

err1:
	dismiss(server, 0);
err0:
	log_err("server \"%s\": cannot be started: %s", conf->name,
	    DhcpfoErrorText(error));
	return NULL;
}

/* Those that are configured as before move over, the others are hired. */
static bool
staff(struct roster *roster, struct conf *conf, struct managed **servers)
{
	struct managed *known;
	size_t i;

	for (i = 0; i < conf->n; i++) {
		known = roster_find(roster, conf->servers[i].index);
		if (known != NULL &&
		    conf_server_same(&known->conf, &conf->servers[i]))
			servers[i] = known;
		else if ((servers[i] = hire(roster, &conf->servers[i])) == NULL)
			goto err0;
	}

	/* Success! */
	return true;

err0:
	while (i-- > 0)
		if (roster_find(roster, servers[i]->index) != servers[i])
			dismiss(servers[i], 0);
	return false;
}

/* Until it has been asked, ${server} shows what its predecessor had listed. */
static void
succeed(struct managed *server, struct managed *before)
{
	struct snapshot *empty = server->snapshot;

	server->snapshot = before->snapshot;
	before->snapshot = empty;
	server->listed = before->listed;
	server->down = before->down;
	server->last_success = before->last_success;
	server->success_at = before->success_at;
	server->not_normal = before->not_normal;
	memcpy(server->health, before->health, sizeof(server->health));
}

/* Those of ${before} that did not move over have to go, in their own time. */
static void
part(struct roster *roster, struct managed **before, size_t n)
{
	struct managed *now;
	size_t i;

	for (i = 0; i < n; i++) {
		if ((now = roster_find(roster, before[i]->index)) == before[i])
			continue;
		if (now != NULL)
			succeed(now, before[i]);
		else {
			if (before[i]->snapshot->n > 0)
				roster->changed_at = roster_now();
			watch_no_more(before[i]);
		}
		roster->counting_since = roster_now();
		before[i]->next = roster->leaving;
		roster->leaving = before[i];
	}
}

bool
roster_reload(struct roster *roster, struct conf *conf)
{
	struct managed **servers, **before = roster->servers;
	size_t i, n = roster->n;

	if ((servers = calloc(conf->n, sizeof(struct managed *))) == NULL) {
		log_err("no memory for %zu servers", conf->n);
		goto err0;
	}
	if (!staff(roster, conf, servers))
		goto err1;

	/* Success! */
	roster->servers = servers;
	roster->n = conf->n;
	roster->free_low = conf->scope_free_low;
	roster->free_high = conf->scope_free_high;
	for (i = 0; i < conf->n; i++) {
		conf_server_follow(&servers[i]->conf, &conf->servers[i]);
		permit(servers[i], conf->write_policy);
	}
	part(roster, before, n);
	free(before);
	total(roster);
	roster_reap(roster);
	return true;

err1:
	free(servers);
err0:
	return false;
}

void
roster_reap(struct roster *roster)
{
	struct managed **at = &roster->leaving, *server;

	while ((server = *at) != NULL) {
		*at = server->next;
		/* Its worker ends by itself once it has been told to stop. */
		if (server->users > 0 || server->poll != NULL ||
		    !dismiss(server, 0)) {
			*at = server;
			at = &server->next;
		}
	}
}

struct roster *
roster_new(struct conf *conf)
{
	struct roster *roster;

	if ((roster = calloc(1, sizeof(*roster))) == NULL)
		goto err0;
	roster->health = HEALTH_UNKNOWN;
	roster->changed_at = roster->counting_since = roster_now();
	if ((roster->shop = workshop_new()) == NULL)
		goto err1;
	if ((roster->events = event_log_new(conf->event_limit)) == NULL)
		goto err1;
	if (!roster_reload(roster, conf))
		goto err1;

	/* Success! */
	return roster;

err1:
	roster_free(roster, 0);
err0:
	log_err("cannot start with these servers");
	return NULL;
}

void
roster_free(struct roster *roster, unsigned int milliseconds)
{
	const uint64_t began = roster_now();
	struct managed *server;
	unsigned int gone;
	bool idle = true;
	size_t i;

	if (roster == NULL)
		return;
	for (i = 0; i < roster->n; i++) {
		roster->servers[i]->next = roster->leaving;
		roster->leaving = roster->servers[i];
	}
	roster->observer = NULL;
	doubt_free(roster);
	/* First all are told, for none is to begin anything while we wait. */
	for (server = roster->leaving; server != NULL; server = server->next)
		if (worker_stop(server->worker, 0))
			server->worker = NULL;
	for (server = roster->leaving; server != NULL; server = server->next) {
		gone = (unsigned int)(roster_now() - began) * 10;
		if (worker_stop(server->worker,
			gone < milliseconds ? milliseconds - gone : 0))
			server->worker = NULL;
		else {
			log_warning("server \"%s\": still busy, not waited for",
			    server->name);
			idle = false;
		}
	}
	change_tell_unfinished(roster);
	if (idle)
		change_end_all(roster);
	while ((server = roster->leaving) != NULL) {
		roster->leaving = server->next;
		if (server->worker == NULL)
			dismiss(server, 0);
	}
	history_close(roster->history, milliseconds);
	event_log_free(roster->events);
	free(roster->servers);
	if (!idle)
		return;
	workshop_free(roster->shop);
	free(roster);
}
