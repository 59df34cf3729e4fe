/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "servers.h"

#include "rows.h"

static bool
take(void *arg, const struct failover_row *from)
{
	struct rows *rows = arg;
	size_t n = failover_scope_count(&from->rel);
	size_t room = rows->room == 0 ? 32 : 2 * rows->room;
	struct row *row;

	if (rows->n == rows->room) {
		rows->at = must(realloc(rows->at, room * sizeof(*rows->at)));
		rows->room = room;
	}
	row = &rows->at[rows->n++];
	*row = (struct row){ .partner_state = from->partner_state,
		.authenticated = from->authenticated };
	row->rel = must(failover_dup(&from->rel));
	if (from->stats != NULL && n > 0) {
		row->stats = must(malloc(n * sizeof(*row->stats)));
		memcpy(row->stats, from->stats, n * sizeof(*row->stats));
	}
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->rel->RelationshipName, y->rel->RelationshipName);
}

enum dhcp_error
rows_read(struct rows *rows, struct failover_server *server)
{
	enum dhcp_error error;

	*rows = (struct rows){ .n = 0 };
	error = failover_server_list(server, take, rows);
	if (error != ERROR_SUCCESS)
		rows_free(rows);
	else if (rows->n > 0)
		qsort(rows->at, rows->n, sizeof(*rows->at), compare);
	return error;
}

enum ctl_exit
rows_of_server(struct rows *rows, const struct conf_server *server,
    const char *verb)
{
	struct failover_server *handle;
	enum dhcp_error error;

	if ((handle = servers_open(server)) == NULL)
		return CTL_FAILED;
	error = rows_read(rows, handle);
	failover_server_close(handle);
	return outcome(verb, server->name, error);
}

static int
compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct row *)row)->rel->RelationshipName);
}

const struct row *
rows_find(const struct rows *rows, const char *name)
{
	if (rows->n == 0)
		return NULL;
	return bsearch(name, rows->at, rows->n, sizeof(*rows->at),
	    compare_name);
}

void
rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++) {
		failover_free(rows->at[i].rel);
		free(rows->at[i].stats);
	}
	free(rows->at);
	*rows = (struct rows){ .n = 0 };
}
