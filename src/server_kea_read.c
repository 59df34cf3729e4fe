/* SPDX-License-Identifier: BSD-2-Clause */
/* What Kea knows, as relationships with their scopes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "server_kea_private.h"

/* A configuration is read anew after so long, whatever "reload" says. */
#define CONFIG_AGE_MAX ((int64_t)60 * 1000)

/* ---------------------------------------------------------------- refresh */

static void
tell_odd_states(struct failover_server *server)
{
	struct kea_server *kea = server->impl;
	const char *odd;
	size_t i;

	for (i = 0; i < kea->status.n; i++) {
		odd = kea->status.rels[i].odd_state;
		if (odd == NULL ||
		    strncmp(odd, kea->odd_state, sizeof(kea->odd_state) - 1) ==
			0)
			continue;
		snprintf(kea->odd_state, sizeof(kea->odd_state), "%s", odd);
		log_warning("server \"%s\": Kea is in state \"%s\", which is "
			    "not known here",
		    server->name, odd);
	}
}

enum dhcp_error
kea_refresh_status(struct failover_server *server)
{
	const struct kea_command command = { .name = "status-get" };
	struct kea_server *kea = server->impl;
	struct kea_buffer answer = { 0 };
	struct kea_status status;
	struct kea_fault fault;
	enum dhcp_error error;

	if ((error = kea_ask(server, &command, &answer)) == ERROR_SUCCESS) {
		if (kea_reply_status(answer.at, answer.length, &status,
			&fault)) {
			kea_status_free(&kea->status);
			kea->status = status;
			tell_odd_states(server);
		} else
			error = kea_faulted(server, command.name, &fault);
	}
	kea_buffer_free(&answer);
	return error;
}

static enum dhcp_error
refresh_config(struct failover_server *server)
{
	const struct kea_command command = { .name = "config-get" };
	const int64_t asked = kea_now();
	struct kea_server *kea = server->impl;
	struct kea_buffer answer = { 0 };
	struct kea_config config;
	struct kea_fault fault;
	enum dhcp_error error;

	if ((error = kea_ask(server, &command, &answer)) == ERROR_SUCCESS) {
		if (kea_reply_config(answer.at, answer.length, &config,
			&fault)) {
			kea_config_free(&kea->config);
			kea->config = config;
			kea->config_at = asked;
		} else
			error = kea_faulted(server, command.name, &fault);
	}
	kea_buffer_free(&answer);
	return error;
}

/*
 * Is the configuration that we have still the one that runs?  It is, if Kea was
 * last configured before we asked for it; "reload" has whole seconds.
 */
static bool
is_fresh(const struct kea_server *kea)
{
	int64_t age = kea_now() - kea->config_at;

	return kea->config_at != 0 && age < CONFIG_AGE_MAX &&
	    kea->status.reload > (age + 2000) / 1000;
}

/* Are both about the same relationships? */
static bool
agree(const struct kea_server *kea)
{
	const struct kea_status *status = &kea->status;
	const char *name;
	size_t i;

	if (status->n != kea->config.n)
		return false;
	for (i = 0; i < status->n; i++) {
		name = status->rels[i].server_name;
		if (status->rels[i].mode != kea->config.rels[i].mode ||
		    (name != NULL &&
			strcmp(name, kea->config.rels[i].this_server) != 0))
			return false;
	}
	return true;
}

enum dhcp_error
kea_refresh(struct failover_server *server, bool anew)
{
	struct kea_server *kea = server->impl;
	enum dhcp_error error;

	if ((error = kea_refresh_status(server)) != ERROR_SUCCESS)
		return error;
	if (!anew && is_fresh(kea) && agree(kea))
		return ERROR_SUCCESS;
	if ((error = refresh_config(server)) != ERROR_SUCCESS)
		return error;
	if (agree(kea))
		return ERROR_SUCCESS;

	/* It may have been configured between the two questions. */
	if ((error = kea_refresh_status(server)) != ERROR_SUCCESS)
		return error;
	if (agree(kea))
		return ERROR_SUCCESS;
	return failover_server_failed(server, ERROR_GEN_FAILURE,
	    "status-get and config-get tell of different relationships");
}

/* ---------------------------------------------------------------- views */

/* Kea does not name relationships: take the names of the servers. */
static void
make_name(struct kea_view *view)
{
	size_t length;

	snprintf(view->name, sizeof(view->name), "%s-%s", view->primary->name,
	    view->secondary->name);
	length = strlen(view->name);
	while (failover_utf16_units(view->name) > DHCP_FAILOVER_MAX_NAME)
		view->name[--length] = '\0';
}

bool
kea_view(const struct kea_server *kea, size_t number, struct kea_view *view)
{
	const struct kea_config_rel *config = &kea->config.rels[number];
	const struct kea_status_rel *status = &kea->status.rels[number];
	const struct kea_peer *peer;
	size_t i;

	memset(view, 0, sizeof(*view));
	view->config = config;
	view->status = status;
	view->number = number;
	for (i = 0; i < config->npeers; i++) {
		peer = &config->peers[i];
		if (peer->role == KEA_ROLE_PRIMARY)
			view->primary = peer;
		else if (peer->role == KEA_ROLE_SECONDARY)
			view->secondary = peer;
	}
	if (status->mode == KEA_MODE_OTHER || status->role == KEA_ROLE_OTHER ||
	    view->primary == NULL || view->secondary == NULL)
		return false;
	view->partner =
	    status->role == KEA_ROLE_PRIMARY ? view->secondary : view->primary;
	view->lost =
	    status->interrupted || status->partner == KEA_STATE_UNAVAILABLE;
	view->state = kea_state_ours(status->state, view->lost);
	make_name(view);
	return true;
}

bool
kea_view_named(const struct kea_server *kea, const char *name,
    struct kea_view *view)
{
	size_t i;

	for (i = 0; i < kea->status.n; i++)
		if (kea_view(kea, i, view) && strcmp(view->name, name) == 0)
			return true;
	return false;
}

uint32_t
kea_safe_period(uint32_t milliseconds)
{
	/* Upwards: 0 would read as if it were not waited at all. */
	return milliseconds / 1000 + (milliseconds % 1000 != 0);
}

static char *
name_of(const struct kea_peer *peer)
{
	return (char *)(uintptr_t)peer->name;
}

void
kea_members(struct kea_view *view, DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const bool balanced = view->status->mode == KEA_MODE_LOAD_BALANCING;

	/* MCLT: none, every answer to a client waits for the partner's. */
	*rel = (DHCP_FAILOVER_RELATIONSHIP){
		.PrimaryServer = view->primary->address,
		.SecondaryServer = view->secondary->address,
		.Mode = balanced ? LoadBalance : HotStandby,
		.ServerType = view->status->role == KEA_ROLE_PRIMARY ?
		    PrimaryServer :
		    SecondaryServer,
		.State = view->state,
		.PrevState = INIT,
		.SafePeriod = kea_safe_period(view->config->max_response_delay),
		.Percentage = balanced ? 50 : 0,
		.RelationshipName = view->name,
		.PrimaryServerName = name_of(view->primary),
		.SecondaryServerName = name_of(view->secondary),
	};
}

/* ---------------------------------------------------------------- scopes */

struct scopes {
	DHCP_IP_ARRAY array; /* Elements: one for each subnet there is */
	int64_t *ids;
	DHCP_FAILOVER_STATISTICS *stats;
};

static void
scopes_free(struct scopes *scopes)
{
	free(scopes->array.Elements);
	free(scopes->ids);
	free(scopes->stats);
}

static bool
scopes_init(struct scopes *scopes, const struct kea_config *config)
{
	const size_t n = config->nsubnets + 1;

	scopes->array.NumElements = 0;
	scopes->array.Elements = calloc(n, sizeof(*scopes->array.Elements));
	scopes->ids = calloc(n, sizeof(*scopes->ids));
	scopes->stats = calloc(n, sizeof(*scopes->stats));
	if (scopes->array.Elements != NULL && scopes->ids != NULL &&
	    scopes->stats != NULL)
		return true;
	scopes_free(scopes);
	return false;
}

/* All there are; of several relationships each has those that name a peer. */
static bool
has_subnet(const struct kea_server *kea, const struct kea_view *view,
    const struct kea_subnet *subnet)
{
	size_t i;

	if (kea->config.n == 1)
		return true;
	if (subnet->server_name == NULL)
		return false;
	for (i = 0; i < view->config->npeers; i++)
		if (strcmp(view->config->peers[i].name, subnet->server_name) ==
		    0)
			return true;
	return false;
}

/* Subnets that differ in their length only would have the same index. */
static void
find_scopes(const struct kea_server *kea, const struct kea_view *view,
    struct scopes *scopes)
{
	DHCP_IP_ADDRESS *addresses = scopes->array.Elements;
	const struct kea_subnet *subnet;
	size_t i, n = 0;

	for (i = 0; i < kea->config.nsubnets; i++) {
		subnet = &kea->config.subnets[i];
		if (!has_subnet(kea, view, subnet) ||
		    (n > 0 && addresses[n - 1] == subnet->address))
			continue;
		scopes->ids[n] = subnet->id;
		addresses[n++] = subnet->address;
	}
	scopes->array.NumElements = (DWORD)n;
}

/* Below FAILOVER_NOT_COUNTED, which is no number. */
static DWORD
clamp(int64_t number)
{
	if (number < 0)
		return 0;
	return number < FAILOVER_NOT_COUNTED ? (DWORD)number :
					       FAILOVER_NOT_COUNTED - 1;
}

/* Leases are replicated: each server counts those of both, and no shares. */
static void
count_scope(const struct kea_counts *counts, int64_t id,
    DHCP_FAILOVER_STATISTICS *stats)
{
	const struct kea_count *count = kea_counts_find(counts, id);

	memset(stats, 0xFF, sizeof(*stats)); /* FAILOVER_NOT_COUNTED */
	if (count == NULL)
		return;
	stats->NumAddr = clamp(count->total);
	stats->AddrInUse = clamp(count->assigned);
	stats->AddrFree = clamp(count->total - count->assigned);
}

/* Logged once: the relationships are there all the same. */
static void
tell_uncounted(struct failover_server *server, const char *reason,
    const char *words)
{
	struct kea_server *kea = server->impl;

	if (!kea->uncounted)
		log_notice("server \"%s\": no statistics of scopes%s: %s",
		    server->name, reason, words);
	kea->uncounted = true;
}

/* Empty where the hook for it is not loaded, or when it cannot tell. */
static enum dhcp_error
read_counts(struct failover_server *server, struct kea_counts *counts)
{
	const struct kea_command command = { .name = "stat-lease4-get" };
	struct kea_server *kea = server->impl;
	struct kea_buffer answer = { 0 };
	struct kea_fault fault;
	enum dhcp_error error;

	memset(counts, 0, sizeof(*counts));
	if ((error = kea_ask(server, &command, &answer)) != ERROR_SUCCESS)
		goto out;
	if (kea_reply_counts(answer.at, answer.length, counts, &fault)) {
		kea->uncounted = false;
		goto out;
	}
	if (fault.result == KEA_RESULT_NONE)
		error = kea_faulted(server, command.name, &fault);
	else if (fault.result != KEA_RESULT_EMPTY)
		tell_uncounted(server,
		    fault.result == KEA_RESULT_UNSUPPORTED ?
			", the hook libdhcp_stat_cmds.so is not loaded" :
			"",
		    fault.text);

out:
	kea_buffer_free(&answer);
	return error;
}

/* ---------------------------------------------------------------- calls */

enum dhcp_error
kea_list(struct failover_server *server, failover_row_fn *fn, void *arg)
{
	struct kea_server *kea = server->impl;
	struct failover_row row = { .forgets = true };
	struct kea_counts counts;
	struct scopes scopes;
	struct kea_view view;
	enum dhcp_error error;
	size_t i, j;

	if ((error = kea_refresh(server, false)) != ERROR_SUCCESS)
		goto err0;
	error = read_counts(server, &counts);
	if (error != ERROR_SUCCESS && error != ERROR_NOT_ENOUGH_MEMORY) {
		/* The states are known, and matter more. */
		tell_uncounted(server, "", server->why);
		server->why[0] = '\0';
	} else if (error != ERROR_SUCCESS)
		goto err0;
	error = ERROR_NOT_ENOUGH_MEMORY;
	if (!scopes_init(&scopes, &kea->config))
		goto err1;
	for (i = 0; i < kea->status.n; i++) {
		if (!kea_view(kea, i, &view))
			continue;
		kea_members(&view, &row.rel);
		find_scopes(kea, &view, &scopes);
		for (j = 0; j < scopes.array.NumElements; j++)
			count_scope(&counts, scopes.ids[j], &scopes.stats[j]);
		row.rel.pScopes = &scopes.array;
		row.stats = scopes.stats;
		row.partner_state = kea_state_ours(view.status->partner, false);
		if (!fn(arg, &row))
			goto err2;
	}

	/* Success! */
	error = ERROR_SUCCESS;

err2:
	scopes_free(&scopes);
err1:
	kea_counts_free(&counts);
err0:
	return error;
}

/* A copy of ${view}, with its scopes. */
static enum dhcp_error
copy(struct kea_server *kea, struct kea_view *view,
    DHCP_FAILOVER_RELATIONSHIP **copied)
{
	DHCP_FAILOVER_RELATIONSHIP rel, *one;
	struct scopes scopes;

	if (!scopes_init(&scopes, &kea->config))
		return ERROR_NOT_ENOUGH_MEMORY;
	kea_members(view, &rel);
	find_scopes(kea, view, &scopes);
	rel.pScopes = &scopes.array;
	one = failover_dup(&rel);
	scopes_free(&scopes);
	if (one == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	*copied = one;
	return ERROR_SUCCESS;
}

enum dhcp_error
kea_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	struct kea_server *kea = server->impl;
	struct kea_view view;
	enum dhcp_error error;

	if ((error = kea_refresh(server, false)) != ERROR_SUCCESS)
		return error;
	if (!kea_view_named(kea, name, &view))
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	return copy(kea, &view, rel);
}

/*
 * The subnet with the address ${scope}, of several the first that is in a
 * relationship, which goes to ${view}; ${*in}: there is one.
 */
static const struct kea_subnet *
find_subnet(const struct kea_server *kea, DHCP_IP_ADDRESS scope,
    struct kea_view *view, bool *in)
{
	const struct kea_subnet *subnet, *found = NULL;
	size_t i, j;

	*in = false;
	for (i = 0; i < kea->config.nsubnets; i++) {
		subnet = &kea->config.subnets[i];
		if (subnet->address != scope)
			continue;
		if (found == NULL)
			found = subnet;
		for (j = 0; j < kea->status.n; j++)
			if (kea_view(kea, j, view) &&
			    has_subnet(kea, view, subnet)) {
				*in = true;
				return subnet;
			}
	}
	return found;
}

enum dhcp_error
kea_scope_relationship(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	struct kea_server *kea = server->impl;
	struct kea_view view;
	enum dhcp_error error;
	bool in;

	if ((error = kea_refresh(server, false)) != ERROR_SUCCESS)
		return error;
	if (find_subnet(kea, scope, &view, &in) == NULL)
		return ERROR_DHCP_SUBNET_NOT_PRESENT;
	return in ? copy(kea, &view, rel) :
		    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP;
}

enum dhcp_error
kea_scope_statistics(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_STATISTICS *stats)
{
	struct kea_server *kea = server->impl;
	const struct kea_subnet *subnet;
	struct kea_counts counts;
	struct kea_view view;
	enum dhcp_error error;
	bool in;

	if ((error = kea_refresh(server, false)) != ERROR_SUCCESS)
		return error;
	if ((subnet = find_subnet(kea, scope, &view, &in)) == NULL)
		return ERROR_DHCP_SUBNET_NOT_PRESENT;
	if ((error = read_counts(server, &counts)) != ERROR_SUCCESS)
		return error;
	count_scope(&counts, subnet->id, stats);
	kea_counts_free(&counts);
	return stats->NumAddr != FAILOVER_NOT_COUNTED ? ERROR_SUCCESS :
							ERROR_NOT_SUPPORTED;
}
