/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "doubt.h"
#include "log.h"

struct doubt {
	struct doubt *next;
	uint32_t server;
	char key[KEY_MAX];
	size_t length;
	DHCP_FAILOVER_RELATIONSHIP want; /* numbers only */
	DWORD flags;
};

void
doubt_add(struct managed *server, const char *key, size_t length,
    const DHCP_FAILOVER_RELATIONSHIP *want, DWORD flags)
{
	struct roster *roster = server->roster;
	struct doubt *doubt;

	if ((doubt = calloc(1, sizeof(*doubt))) == NULL) {
		log_err("server \"%s\": no memory: the row stays in doubt",
		    server->name);
		return;
	}
	doubt->server = server->index;
	memcpy(doubt->key, key, length);
	doubt->length = length;
	doubt->flags = flags & ~SHAREDSECRET;
	failover_apply(&doubt->want, want, doubt->flags);
	doubt->next = roster->doubts;
	roster->doubts = doubt;
}

static void
own_up(const struct doubt *doubt, struct snapshot *old)
{
	size_t i = snapshot_find(old, doubt->key, doubt->length);

	/* A change of state is news, whoever made it. */
	if (i < old->n)
		failover_apply(&old->rows[i].rel, &doubt->want,
		    doubt->flags & ~(CHANGESTATE | PREVSTATE));
}

static void
resolve(struct managed *server, const struct doubt *doubt, struct snapshot *old)
{
	struct snapshot *snapshot = server->snapshot;
	size_t i = snapshot_find(snapshot, doubt->key, doubt->length);
	struct observation o = { .server = server, .flags = doubt->flags };
	struct snapshot_row *row;

	if (i == snapshot->n)
		return;
	row = &snapshot->rows[i];
	/* A later SET has already told what is true. */
	if (row->status.set_status != SET_STATUS_IN_DOUBT)
		return;
	o.row = row;
	o.relationship = row->rel.RelationshipName;
	if (failover_equal(&row->rel, &doubt->want, doubt->flags)) {
		row->status.set_status = SET_STATUS_SUCCEEDED;
		row->status.last_set_result = ERROR_SUCCESS;
		own_up(doubt, old);
		o.kind = EVENT_SET_DONE;
		o.text = "set: was in doubt, is found done";
	} else {
		row->status.set_status = SET_STATUS_FAILED;
		o.kind = EVENT_SET_FAILED;
		o.result = row->status.last_set_result;
		o.text = "set: was in doubt, is found not done";
	}
	log_notice("server \"%s\": \"%s\": %s", server->name, o.relationship,
	    o.text);
	roster_observe(server->roster, &o);
}

void
doubt_resolve(struct managed *server, struct snapshot *old)
{
	struct doubt **at = &server->roster->doubts, *doubt;

	while ((doubt = *at) != NULL)
		if (doubt->server == server->index) {
			*at = doubt->next;
			resolve(server, doubt, old);
			free(doubt);
		} else
			at = &doubt->next;
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
