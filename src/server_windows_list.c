/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of relationships comes in parts, and the statistics of each scope
 * are a call of their own.  A list takes no longer than about a second for
 * those: where there are more, the rest is asked for by the next lists, in
 * turn, and what is known already is shown.
 */
#include <stdlib.h>
#include <string.h>

#include "failover.h"
#include "log.h"

#include "server_windows_private.h"

#define STATISTICS_MS 1000u

/* More than any server has: the end of one that never says that it is done. */
#define PARTS_MAX 1024u

#define ENUM_MOST 0xFFFFFFFFu

struct part {
	struct windows_answer answer;
	DHCP_FAILOVER_RELATIONSHIP_ARRAY rels;
	struct part *next;
};

struct listing {
	struct part *first, **last;
	unsigned int n;
};

static void
listing_free(struct listing *listing)
{
	struct part *part;

	while ((part = listing->first) != NULL) {
		listing->first = part->next;
		windows_forget(&part->answer);
		free(part);
	}
}

/* ---------------------------------------------------------------- parts */

/* Read the part that begins at ${*resume}, and move that behind it. */
static enum dhcp_error
read_part(struct failover_server *server, struct part *part, DWORD *resume)
{
	struct ndr_writer request = { .at = NULL };
	DWORD status = 0, next = 0;
	enum dhcp_error error;

	msdhcpm_ask_enum(&request, *resume, ENUM_MOST);
	error = windows_call(server, MSDHCPM_ENUM, &request, &part->answer);
	if (error != ERROR_SUCCESS)
		return error;
	error = msdhcpm_read_enum(&part->answer.reader, &next, &part->rels,
	    &status);
	error = windows_result(server, MSDHCPM_ENUM, error, status);
	if (error == ERROR_MORE_DATA && next <= *resume)
		return failover_server_failed(server, RPC_X_BAD_STUB_DATA,
		    "list: after %u comes %u", *resume, next);
	*resume = next;
	return error;
}

static enum dhcp_error
read_parts(struct failover_server *server, struct listing *listing)
{
	enum dhcp_error error;
	struct part *part;
	DWORD resume = 0;

	do {
		if (listing->n++ == PARTS_MAX)
			return failover_server_failed(server,
			    RPC_X_BAD_STUB_DATA, "list: it does not end");
		if ((part = calloc(1, sizeof(*part))) == NULL)
			return ERROR_NOT_ENOUGH_MEMORY;
		*listing->last = part;
		listing->last = &part->next;
		error = read_part(server, part, &resume);
	} while (error == ERROR_MORE_DATA);
	return error == ERROR_NO_MORE_ITEMS ? ERROR_SUCCESS : error;
}

/* ---------------------------------------------------------------- scopes */

static int
by_address(const void *a, const void *b)
{
	const struct windows_scope *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static struct windows_scope *
find_scope(const struct windows *windows, DHCP_IP_ADDRESS address)
{
	const struct windows_scope key = { .address = address };

	if (windows->nscopes == 0)
		return NULL;
	return bsearch(&key, windows->scopes, windows->nscopes, sizeof(key),
	    by_address);
}

static size_t
count_scopes(const struct listing *listing)
{
	const struct part *part;
	size_t n = 0;
	DWORD i;

	for (part = listing->first; part != NULL; part = part->next)
		for (i = 0; i < part->rels.NumElements; i++)
			n +=
			    failover_scope_count(&part->rels.pRelationships[i]);
	return n;
}

static size_t
copy_scopes(const struct windows *windows,
    const DHCP_FAILOVER_RELATIONSHIP *rel, struct windows_scope *to)
{
	size_t i, n = failover_scope_count(rel);
	const struct windows_scope *known;

	for (i = 0; i < n; i++) {
		known = find_scope(windows, rel->pScopes->Elements[i]);
		to[i] = known != NULL ?
		    *known :
		    (struct windows_scope){
			    .address = rel->pScopes->Elements[i],
		    };
	}
	return n;
}

/* Make windows->scopes those of ${listing}; what is known is kept. */
static enum dhcp_error
take_scopes(struct windows *windows, const struct listing *listing)
{
	struct windows_scope *scopes, *end;
	const struct part *part;
	DWORD i;

	scopes = calloc(count_scopes(listing) + 1, sizeof(*scopes));
	if (scopes == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	end = scopes;
	for (part = listing->first; part != NULL; part = part->next)
		for (i = 0; i < part->rels.NumElements; i++)
			end += copy_scopes(windows,
			    &part->rels.pRelationships[i], end);
	free(windows->scopes);
	windows->scopes = scopes;
	windows->nscopes = (size_t)(end - scopes);
	qsort(scopes, windows->nscopes, sizeof(*scopes), by_address);
	return ERROR_SUCCESS;
}

/* ---------------------------------------------------------------- statistics
 */

enum dhcp_error
windows_statistics(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_STATISTICS *stats)
{
	struct ndr_writer request = { .at = NULL };
	struct windows_answer answer;
	enum dhcp_error error;
	DWORD status = 0;

	msdhcpm_ask_address(&request, scope);
	error =
	    windows_call(server, MSDHCPM_SCOPE_STATISTICS, &request, &answer);
	if (error == ERROR_SUCCESS) {
		error = msdhcpm_read_statistics(&answer.reader, stats, &status);
		error = windows_result(server, MSDHCPM_SCOPE_STATISTICS, error,
		    status);
	}
	windows_forget(&answer);
	return error;
}

/*
 * Ask for those of one scope.  That a scope has none is an answer; an error is
 * that none came.
 */
static enum dhcp_error
refresh_scope(struct failover_server *server, struct windows_scope *scope,
    bool *allowed)
{
	enum dhcp_error error;

	error = windows_statistics(server, scope->address, &scope->stats);
	scope->known = error == ERROR_SUCCESS;
	*allowed = error != ERROR_ACCESS_DENIED;
	return server->why[0] != '\0' || error == ERROR_NOT_ENOUGH_MEMORY ?
	    error :
	    ERROR_SUCCESS;
}

/*
 * The relationships are there all the same, and their states matter more: that
 * is logged once.
 */
static void
tell_uncounted(struct failover_server *server)
{
	struct windows *windows = server->impl;

	if (!windows->uncounted)
		log_notice("server \"%s\": no statistics of scopes: %s",
		    server->name, server->why);
	windows->uncounted = true;
	server->why[0] = '\0';
}

/*
 * Bring the statistics up to date, as far as there is time, and until one does
 * not come: to wait for another would be as vain.
 */
static enum dhcp_error
refresh(struct failover_server *server, struct windows *windows)
{
	uint64_t end = helper_clock() + STATISTICS_MS;
	enum dhcp_error error = ERROR_SUCCESS;
	size_t i, first = 0, n = windows->nscopes;
	bool allowed = true;

	while (
	    first < n && windows->scopes[first].address < windows->next_scope)
		first++;
	for (i = 0;
	     i < n && allowed && error == ERROR_SUCCESS && helper_clock() < end;
	     i++)
		error = refresh_scope(server, &windows->scopes[(first + i) % n],
		    &allowed);
	if (n > 0)
		windows->next_scope = windows->scopes[(first + i) % n].address;
	if (error == ERROR_NOT_ENOUGH_MEMORY)
		return error;
	if (error != ERROR_SUCCESS)
		tell_uncounted(server);
	else if (i == n)
		windows->uncounted = false;
	return ERROR_SUCCESS;
}

/* ---------------------------------------------------------------- rows */

/*
 * Put those of all scopes of ${rel}, as far as they are known, into ${*stats},
 * to be freed; NULL if there are none.  False: no memory.
 */
static bool
collect(const struct windows *windows, const DHCP_FAILOVER_RELATIONSHIP *rel,
    DHCP_FAILOVER_STATISTICS **stats)
{
	size_t i, n = failover_scope_count(rel);
	const struct windows_scope *scope;

	*stats = NULL;
	if (n == 0 || !windows->options->statistics)
		return true;
	if ((*stats = calloc(n, sizeof(**stats))) == NULL)
		return false;
	memset(*stats, 0xFF, n * sizeof(**stats)); /* FAILOVER_NOT_COUNTED */
	for (i = 0; i < n; i++) {
		scope = find_scope(windows, rel->pScopes->Elements[i]);
		if (scope != NULL && scope->known)
			(*stats)[i] = scope->stats;
	}
	return true;
}

static bool
give_row(const struct windows *windows, const DHCP_FAILOVER_RELATIONSHIP *rel,
    failover_row_fn *fn, void *arg)
{
	struct failover_row row = { .rel = *rel, .partner_state = NO_STATE };
	DHCP_FAILOVER_STATISTICS *stats;
	bool more;

	row.authenticated = failover_has_secret(rel);
	row.rel.SharedSecret = NULL;
	if (!collect(windows, rel, &stats))
		return false;
	row.stats = stats;
	more = fn(arg, &row);
	free(stats);
	return more;
}

static enum dhcp_error
give_rows(const struct windows *windows, const struct listing *listing,
    failover_row_fn *fn, void *arg)
{
	const struct part *part;
	DWORD i;

	for (part = listing->first; part != NULL; part = part->next)
		for (i = 0; i < part->rels.NumElements; i++)
			if (!give_row(windows, &part->rels.pRelationships[i],
				fn, arg))
				return ERROR_NOT_ENOUGH_MEMORY;
	return ERROR_SUCCESS;
}

enum dhcp_error
windows_list(struct failover_server *server, failover_row_fn *fn, void *arg)
{
	struct windows *windows = server->impl;
	struct listing listing = { .last = &listing.first };
	enum dhcp_error error;

	error = read_parts(server, &listing);
	if (error == ERROR_SUCCESS && windows->options->statistics) {
		error = take_scopes(windows, &listing);
		if (error == ERROR_SUCCESS)
			error = refresh(server, windows);
	}
	if (error == ERROR_SUCCESS)
		error = give_rows(windows, &listing, fn, arg);
	listing_free(&listing);
	return error;
}
