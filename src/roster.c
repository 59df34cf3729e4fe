/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "roster.h"

/* One listing of a server's relationships, in its worker. */
struct poll {
	struct job job; /* first: the job is the poll */
	struct managed *server;
	struct snapshot *fresh;
	enum dhcp_error error;
	uint32_t duration;
	int32_t offset;
	time_t began;
};

uint32_t
roster_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 100 +
	    (uint64_t)now.tv_nsec / 10000000);
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
		server = &roster->servers[i];
		roster->relationships += (uint32_t)server->snapshot->n;
		roster->not_normal += server->not_normal;
		seen[worst(server)]++;
	}
	roster->health = seen[HEALTH_CRITICAL] > 0 ? HEALTH_CRITICAL :
	    seen[HEALTH_UNKNOWN] > 0 ? HEALTH_UNKNOWN :
	    seen[HEALTH_WARNING] > 0 ? HEALTH_WARNING : HEALTH_OK;
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
roster_publish(struct managed *server, struct snapshot *fresh)
{
	uint32_t now = roster_now();
	size_t i;

	if (snapshot_inherit(fresh, server->snapshot, now))
		server->roster->changed_at = now;
	snapshot_free(server->snapshot);
	server->snapshot = fresh;
	server->not_normal = 0;
	memset(server->health, 0, sizeof(server->health));
	for (i = 0; i < fresh->n; i++)
		tally(server, &fresh->rows[i], 1);
	total(server->roster);
}

void
roster_apply(struct managed *server, struct snapshot_row *row,
    const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags)
{
	tally(server, row, -1);
	failover_apply(&row->rel, want, flags & ~SHAREDSECRET);
	if (flags & SHAREDSECRET)
		row->authenticated = want->SharedSecret != NULL &&
		    want->SharedSecret[0] != '\0';
	tally(server, row, 1);
	row->status.last_change = server->roster->changed_at = roster_now();
	total(server->roster);
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
	    !snapshot_sort(poll->fresh, server->name))
		poll->error = ERROR_NOT_ENOUGH_MEMORY;
	if (poll->error == ERROR_SUCCESS && failover_server_system_time(server,
	    &now, &delta) == ERROR_SUCCESS)
		poll->offset = (int32_t)((int64_t)now - (int64_t)time(NULL));
	poll->duration = milliseconds_since(&start);
}

static void
poll_done(struct job *job)
{
	struct poll *poll = (struct poll *)job;
	struct managed *server = poll->server;
	uint32_t before = server->status;

	server->poll = NULL;
	server->report = job->report;
	server->last_poll = poll->began;
	server->poll_duration = poll->duration;
	server->status = roster_oper_status(poll->error);
	if (poll->error == ERROR_SUCCESS) {
		server->last_success = poll->began;
		server->success_at = roster_now();
		server->clock_offset = poll->offset;
		roster_publish(server, poll->fresh);
		poll->fresh = NULL;
	} else
		total(server->roster);
	if (before != server->status && server->status == OPER_STATUS_UP)
		log_info("server \"%s\": up, %zu relationships", server->name,
		    server->snapshot->n);
	snapshot_free(poll->fresh);
	free(poll);
	if (server->poll_again) {
		server->poll_again = false;
		roster_poll(server);
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
	size_t i;

	for (i = 0; i < roster->n; i++)
		roster_poll(&roster->servers[i]);
}

struct managed *
roster_find(const struct roster *roster, uint32_t index)
{
	size_t low = 0, high = roster->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (roster->servers[middle].index == index)
			return &roster->servers[middle];
		if (roster->servers[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static enum dhcp_error
hire(struct roster *roster, const struct conf_server *conf,
    uint32_t write_policy, struct managed *server)
{
	enum dhcp_error error;

	server->index = conf->index;
	server->kind = conf->type->kind;
	server->writable = conf->writable & conf->type->sets & write_policy;
	/* Where nothing may be set, nothing may be created either. */
	server->creates = conf->type->creates && server->writable != 0;
	server->status = OPER_STATUS_UNKNOWN;
	server->name = conf->name;
	server->success_at = roster_now();
	server->roster = roster;
	if ((server->snapshot = snapshot_new(NULL)) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	if ((error = failover_server_open(conf->type, conf->name, conf->address,
	    conf->options, &server->server)) != ERROR_SUCCESS)
		return error;
	if ((server->worker = worker_new(roster->shop, server->server)) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	return ERROR_SUCCESS;
}

struct roster *
roster_new(const struct conf *conf)
{
	enum dhcp_error error = ERROR_NOT_ENOUGH_MEMORY;
	struct roster *roster;
	size_t i;

	if ((roster = calloc(1, sizeof(*roster))) == NULL)
		goto err0;
	roster->changed_at = roster_now();
	roster->health = HEALTH_UNKNOWN;
	if ((roster->servers = calloc(conf->n, sizeof(struct managed))) == NULL)
		goto err1;
	if ((roster->shop = workshop_new()) == NULL)
		goto err1;
	for (i = 0; i < conf->n; i++) {
		roster->n = i + 1;
		if ((error = hire(roster, &conf->servers[i],
		    conf->write_policy, &roster->servers[i])) != ERROR_SUCCESS)
			goto err1;
	}

	/* Success! */
	return roster;

err1:
	roster_free(roster, 0);
err0:
	log_err("cannot start with these servers: %s",
	    DhcpfoErrorText(error));
	return NULL;
}

static bool
dismiss(struct managed *server, unsigned int milliseconds)
{
	if (!worker_stop(server->worker, milliseconds)) {
		log_warning("server \"%s\": still busy, not waited for",
		    server->name);
		return false;
	}
	failover_server_close(server->server);
	if (server->poll != NULL)
		snapshot_free(server->poll->fresh);
	free(server->poll);
	snapshot_free(server->snapshot);
	return true;
}

void
roster_free(struct roster *roster, unsigned int milliseconds)
{
	bool idle = true;
	size_t i;

	if (roster == NULL)
		return;
	for (i = 0; i < roster->n; i++)
		idle &= dismiss(&roster->servers[i], milliseconds);
	if (!idle)
		return;
	workshop_free(roster->shop);
	free(roster->servers);
	free(roster);
}
