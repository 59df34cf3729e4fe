/* SPDX-License-Identifier: BSD-2-Clause */
/* What status-get answers. */
#include <string.h>

#include "kea_reply_private.h"

/*
 * A server serves the scopes that it tells, one for each server that has
 * clients of its own; a standby has none.
 */
static bool
is_partial(const json_t *local, enum kea_mode mode)
{
	const json_t *scopes = json_object_get(local, "scopes");

	return json_is_array(scopes) &&
	    json_array_size(scopes) < (mode == KEA_MODE_LOAD_BALANCING ? 2 : 1);
}

static bool
read_status_rel(const json_t *from, struct arena *arena,
    struct kea_status_rel *rel, struct kea_fault *fault)
{
	const json_t *servers = json_object_get(from, "ha-servers");
	const json_t *local = json_object_get(servers, "local");
	const json_t *remote = json_object_get(servers, "remote");
	const char *mode = kea_word(from, "ha-mode"),
		   *role = kea_word(local, "role");
	const char *state = kea_word(local, "state"), *name, *partner;
	const json_t *interrupted;

	if (mode == NULL || role == NULL || state == NULL)
		return kea_fail_shape(fault, "high-availability");
	memset(rel, 0, sizeof(*rel));
	rel->mode = kea_mode_of(mode);
	rel->role = kea_role_of(role);
	rel->state = kea_state_of(state);
	rel->partial = is_partial(local, rel->mode);
	if ((name = kea_word(local, "server-name")) != NULL &&
	    (rel->server_name = kea_keep(arena, name)) == NULL)
		return kea_fail_memory(fault);
	if (rel->state == KEA_STATE_OTHER &&
	    (rel->odd_state = kea_keep(arena, state)) == NULL)
		return kea_fail_memory(fault);

	/* With nothing but backup servers there is no partner. */
	if (remote == NULL)
		return true;
	if ((partner = kea_word(remote, "last-state")) == NULL)
		return kea_fail_shape(fault, "last-state of the partner");
	rel->partner = kea_state_of(partner);
	interrupted = json_object_get(remote, "communication-interrupted");
	if (interrupted != NULL && !json_is_boolean(interrupted))
		return kea_fail_shape(fault, "communication-interrupted");
	rel->interrupted = json_is_true(interrupted);
	return true;
}

static bool
read_status(const json_t *answer, struct kea_status *status,
    struct kea_fault *fault)
{
	const json_t *arguments = json_object_get(answer, "arguments");
	const json_t *ha = json_object_get(arguments, "high-availability");
	size_t i;

	if (!json_is_object(arguments))
		return kea_fail_shape(fault, "arguments");
	if (ha == NULL)
		return kea_fail(fault, ERROR_DHCP_FO_NOT_SUPPORTED,
		    KEA_RESULT_OK,
		    "no high availability: the hook libdhcp_ha.so is not "
		    "loaded in Kea");
	if (!json_is_array(ha))
		return kea_fail_shape(fault, "high-availability");
	if (!kea_number(arguments, "reload", &status->reload))
		status->reload = -1;
	status->n = json_array_size(ha);
	if ((status->rels = arena_alloc(&status->arena,
		 (status->n + 1) * sizeof(*status->rels))) == NULL)
		return kea_fail_memory(fault);
	for (i = 0; i < status->n; i++)
		if (!read_status_rel(json_array_get(ha, i), &status->arena,
			&status->rels[i], fault))
			return false;
	return true;
}

bool
kea_reply_status(const char *text, size_t length, struct kea_status *status,
    struct kea_fault *fault)
{
	json_t *answer;
	bool good;

	memset(status, 0, sizeof(*status));
	if ((answer = kea_reply_open(text, length, fault)) == NULL)
		return false;
	good = read_status(answer, status, fault);
	json_decref(answer);
	if (!good)
		kea_status_free(status);
	return good;
}

void
kea_status_free(struct kea_status *status)
{
	arena_free(&status->arena, 0);
	memset(status, 0, sizeof(*status));
}
