/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcpsapi.c - the API over the servers of a configuration: one handle and one
 * lock for each, so that calls to different servers do not wait for each other.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "failover.h"
#include "server.h"

#include "dhcpsapi.h"

struct api_server {
	pthread_mutex_t lock;
	const struct conf_server *conf;
	struct failover_server *handle; /* NULL: not used yet */
};

struct api {
	struct conf *conf;
	struct api_server *servers; /* one for each of the configuration */
};

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static struct api *opened; /* NULL: closed */

/* ---------------------------------------------------------------- opening */

static enum dhcp_error
open_api(const char *path)
{
	struct api *api;
	enum dhcp_error error;
	char why[512];
	size_t i;

	error = ERROR_NOT_ENOUGH_MEMORY;
	if ((api = malloc(sizeof(*api))) == NULL)
		goto err0;
	if ((api->conf = conf_read(path, why, sizeof(why), &error)) == NULL) {
		fprintf(stderr, "%s\n", why);
		goto err1;
	}
	/* One more than none: calloc(0) may be NULL. */
	api->servers = calloc(api->conf->n + 1, sizeof(*api->servers));
	if (api->servers == NULL) {
		error = ERROR_NOT_ENOUGH_MEMORY;
		goto err2;
	}
	for (i = 0; i < api->conf->n; i++) {
		pthread_mutex_init(&api->servers[i].lock, NULL);
		api->servers[i].conf = &api->conf->servers[i];
	}

	/* Success! */
	opened = api;
	return ERROR_SUCCESS;

err2:
	conf_free(api->conf);
err1:
	free(api);
err0:
	return error;
}

static const char *
default_path(void)
{
	const char *path = getenv("DHCPFO_CONF");

	return path != NULL ? path : DHCPFO_CONF;
}

DWORD
DhcpfoOpen(const char *configuration)
{
	enum dhcp_error error = ERROR_BUSY;

	if (configuration == NULL)
		configuration = default_path();
	pthread_mutex_lock(&opening);
	if (opened == NULL)
		error = open_api(configuration);
	pthread_mutex_unlock(&opening);
	return (DWORD)error;
}

static void
close_api(struct api *api)
{
	size_t i;

	for (i = 0; i < api->conf->n; i++) {
		failover_server_close(api->servers[i].handle);
		pthread_mutex_destroy(&api->servers[i].lock);
	}
	free(api->servers);
	conf_free(api->conf);
	free(api);
}

void
DhcpfoClose(void)
{
	pthread_mutex_lock(&opening);
	if (opened != NULL)
		close_api(opened);
	opened = NULL;
	pthread_mutex_unlock(&opening);
}

/* ---------------------------------------------------------------- servers */

static enum dhcp_error
open_by_default(void)
{
	enum dhcp_error error = ERROR_SUCCESS;

	pthread_mutex_lock(&opening);
	if (opened == NULL)
		error = open_api(default_path());
	pthread_mutex_unlock(&opening);
	return error;
}

/* The first for NULL; a name goes before an address. */
static struct api_server *
find_server(const char *wanted)
{
	struct api_server *servers = opened->servers;
	size_t i, n = opened->conf->n;

	if (wanted == NULL)
		return n > 0 ? &servers[0] : NULL;
	for (i = 0; i < n; i++) {
		if (strcmp(servers[i].conf->name, wanted) == 0)
			return &servers[i];
	}
	for (i = 0; i < n; i++) {
		if (servers[i].conf->address != NULL &&
		    strcmp(servers[i].conf->address, wanted) == 0)
			return &servers[i];
	}
	return NULL;
}

static enum dhcp_error
open_handle(struct api_server *server)
{
	const struct conf_server *conf = server->conf;

	if (server->handle != NULL)
		return ERROR_SUCCESS;
	return failover_server_open(conf->type, conf->name, conf->address,
	    conf->options, &server->handle);
}

/* Have the server that ${wanted} means until give_back(). */
static enum dhcp_error
take(const char *wanted, struct api_server **taken)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = open_by_default()) != ERROR_SUCCESS)
		return error;
	if ((server = find_server(wanted)) == NULL)
		return ERROR_DHCP_SERVER_NAME_NOT_RESOLVED;
	pthread_mutex_lock(&server->lock);
	if ((error = open_handle(server)) != ERROR_SUCCESS) {
		pthread_mutex_unlock(&server->lock);
		return error;
	}
	*taken = server;
	return ERROR_SUCCESS;
}

static DWORD
give_back(struct api_server *server, enum dhcp_error error)
{
	pthread_mutex_unlock(&server->lock);
	return (DWORD)error;
}

/* ---------------------------------------------------------------- calls */

DWORD
DhcpV4FailoverSetRelationship(const char *ServerIpAddress, DWORD Flags,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_set(server->handle, Flags, pRelationship));
}

DWORD
DhcpV4FailoverCreateRelationship(const char *ServerIpAddress,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_create(server->handle, pRelationship));
}

DWORD
DhcpV4FailoverDeleteRelationship(const char *ServerIpAddress,
    const char *pRelationshipName)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_delete(server->handle, pRelationshipName));
}

/* What failover_dup() made is one block. */
DWORD
DhcpV4FailoverGetRelationship(const char *ServerIpAddress,
    const char *pRelationshipName, LPDHCP_FAILOVER_RELATIONSHIP *pRelationship)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_get(server->handle, pRelationshipName,
		pRelationship));
}

DWORD
DhcpV4FailoverAddScopeToRelationship(const char *ServerIpAddress,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_add_scopes(server->handle, pRelationship));
}

DWORD
DhcpV4FailoverDeleteScopeFromRelationship(const char *ServerIpAddress,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_delete_scopes(server->handle, pRelationship));
}

DWORD
DhcpV4FailoverGetScopeRelationship(const char *ServerIpAddress,
    DHCP_IP_ADDRESS scopeId, LPDHCP_FAILOVER_RELATIONSHIP *pRelationship)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_scope_relationship(server->handle, scopeId,
		pRelationship));
}

DWORD
DhcpV4FailoverGetScopeStatistics(const char *ServerIpAddress,
    DHCP_IP_ADDRESS scopeId, LPDHCP_FAILOVER_STATISTICS *pStats)
{
	struct api_server *server;
	LPDHCP_FAILOVER_STATISTICS stats = NULL;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		goto err0;
	if (pStats != NULL && (stats = malloc(sizeof(*stats))) == NULL) {
		error = ERROR_NOT_ENOUGH_MEMORY;
		goto err1;
	}
	error =
	    failover_server_scope_statistics(server->handle, scopeId, stats);
	if (error != ERROR_SUCCESS)
		goto err2;

	/* Success! */
	*pStats = stats;
	return give_back(server, ERROR_SUCCESS);

err2:
	free(stats);
err1:
	give_back(server, error);
err0:
	return (DWORD)error;
}

DWORD
DhcpV4FailoverGetSystemTime(const char *ServerIpAddress, DWORD *pTime,
    DWORD *pMaxAllowedDeltaTime)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_system_time(server->handle, pTime,
		pMaxAllowedDeltaTime));
}

DWORD
DhcpV4FailoverTriggerAddrAllocation(const char *ServerIpAddress,
    const char *pFailRelName)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_trigger_allocation(server->handle, pFailRelName));
}

DWORD
DhcpV4FailoverGetAddressStatus(const char *ServerIpAddress,
    DHCP_IP_ADDRESS SubnetAddress, DWORD *pStatus)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(ServerIpAddress, &server)) != ERROR_SUCCESS)
		return (DWORD)error;
	return give_back(server,
	    failover_server_address_status(server->handle, SubnetAddress,
		pStatus));
}

/* ---------------------------------------------------------------- Enum */

/* All relationships of a server, in the order of their names. */
struct catalogue {
	DHCP_FAILOVER_RELATIONSHIP **at;
	size_t n, room;
};

static bool
collect(void *arg, const struct failover_row *row)
{
	struct catalogue *all = arg;
	size_t room = all->room == 0 ? 32 : 2 * all->room;
	void *more;

	if (all->n == all->room) {
		more = realloc(all->at,
		    room * sizeof(DHCP_FAILOVER_RELATIONSHIP *));
		if (more == NULL)
			return false;
		all->at = more;
		all->room = room;
	}
	if ((all->at[all->n] = failover_dup(&row->rel)) == NULL)
		return false;
	all->n++;
	return true;
}

static void
free_catalogue(struct catalogue *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		failover_free(all->at[i]);
	free(all->at);
}

static int
compare_names(const void *a, const void *b)
{
	const DHCP_FAILOVER_RELATIONSHIP *const *x = a;
	const DHCP_FAILOVER_RELATIONSHIP *const *y = b;

	return strcmp((*x)->RelationshipName, (*y)->RelationshipName);
}

static size_t
text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

/*
 * What a relationship counts towards preferredMaximum is what it takes of the
 * block that is returned: the structure, its strings with their NULs, and, if
 * it has scopes, the structure of the array and 4 octets for each.
 */
static size_t
counted_size(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	size_t n = failover_scope_count(rel);
	size_t size = sizeof(*rel);

	if (n > 0)
		size += sizeof(DHCP_IP_ARRAY) + n * sizeof(DHCP_IP_ADDRESS);
	return size + text_size(rel->RelationshipName) +
	    text_size(rel->PrimaryServerName) +
	    text_size(rel->SecondaryServerName);
}

/* How many of the ${n} from ${at} on fit into ${room}; at least one does. */
static size_t
count_fitting(DHCP_FAILOVER_RELATIONSHIP *const *at, size_t n, size_t room)
{
	size_t fit, size;

	for (fit = 0; fit < n; fit++) {
		size = counted_size(at[fit]);
		if (size > room && fit > 0)
			break;
		room -= size < room ? size : room;
	}
	return fit;
}

/* Where the next of each kind goes; the kinds follow each other in a block. */
struct places {
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DHCP_IP_ARRAY *array;
	DHCP_IP_ADDRESS *element;
	char *text;
};

static char *
place_text(struct places *places, const char *text)
{
	char *placed = places->text;

	if (text == NULL)
		return NULL;
	memcpy(placed, text, text_size(text));
	places->text += text_size(text);
	return placed;
}

static LPDHCP_IP_ARRAY
place_scopes(struct places *places, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	LPDHCP_IP_ARRAY placed = places->array;
	size_t n = failover_scope_count(rel);

	if (n == 0)
		return NULL;
	placed->NumElements = (DWORD)n;
	placed->Elements = places->element;
	memcpy(places->element, rel->pScopes->Elements,
	    n * sizeof(*places->element));
	places->array++;
	places->element += n;
	return placed;
}

static void
place(struct places *places, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	DHCP_FAILOVER_RELATIONSHIP *placed = places->rel++;

	*placed = *rel;
	placed->RelationshipName = place_text(places, rel->RelationshipName);
	placed->PrimaryServerName = place_text(places, rel->PrimaryServerName);
	placed->SecondaryServerName =
	    place_text(places, rel->SecondaryServerName);
	placed->pScopes = place_scopes(places, rel);
	placed->SharedSecret = NULL;
}

/* ${n} relationships from ${at} on in one block; NULL: no memory. */
static LPDHCP_FAILOVER_RELATIONSHIP_ARRAY
pack(DHCP_FAILOVER_RELATIONSHIP *const *at, size_t n)
{
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY packed;
	struct places places;
	size_t i, size = sizeof(*packed), arrays = 0, elements = 0;

	for (i = 0; i < n; i++) {
		size += counted_size(at[i]);
		elements += failover_scope_count(at[i]);
		arrays += failover_scope_count(at[i]) > 0;
	}
	if ((packed = malloc(size)) == NULL)
		return NULL;
	packed->NumElements = (DWORD)n;
	packed->pRelationships = (void *)(packed + 1);
	places.rel = packed->pRelationships;
	places.array = (void *)(places.rel + n);
	places.element = (void *)(places.array + arrays);
	places.text = (void *)(places.element + elements);
	for (i = 0; i < n; i++)
		place(&places, at[i]);
	return packed;
}

static enum dhcp_error
list_all(const char *address, struct catalogue *all)
{
	struct api_server *server;
	enum dhcp_error error;

	if ((error = take(address, &server)) != ERROR_SUCCESS)
		return error;
	error = failover_server_list(server->handle, collect, all);
	return (enum dhcp_error)give_back(server, error);
}

DWORD
DhcpV4FailoverEnumRelationship(const char *ServerIpAddress,
    DHCP_RESUME_HANDLE *pResumeHandle, DWORD preferredMaximum,
    LPDHCP_FAILOVER_RELATIONSHIP_ARRAY *pRelationship, DWORD *relationshipRead,
    DWORD *relationshipTotal)
{
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY packed;
	struct catalogue all = { NULL, 0, 0 };
	enum dhcp_error error;
	size_t first, left, fit;

	error = ERROR_INVALID_PARAMETER;
	if (pResumeHandle == NULL || pRelationship == NULL ||
	    relationshipRead == NULL || relationshipTotal == NULL)
		goto err0;
	if ((error = list_all(ServerIpAddress, &all)) != ERROR_SUCCESS)
		goto err1;

	/* Servers list in any order, but a handle needs one that stays. */
	first = *pResumeHandle;
	error = ERROR_NO_MORE_ITEMS;
	if (first >= all.n)
		goto err1;
	qsort(all.at, all.n, sizeof(DHCP_FAILOVER_RELATIONSHIP *),
	    compare_names);
	left = all.n - first;
	fit = count_fitting(all.at + first, left, preferredMaximum);
	error = ERROR_NOT_ENOUGH_MEMORY;
	if ((packed = pack(all.at + first, fit)) == NULL)
		goto err1;

	/* Success! */
	*pRelationship = packed;
	*pResumeHandle = (DHCP_RESUME_HANDLE)(first + fit);
	*relationshipRead = (DWORD)fit;
	*relationshipTotal = (DWORD)(left - fit);
	error = fit < left ? ERROR_MORE_DATA : ERROR_SUCCESS;

err1:
	free_catalogue(&all);
err0:
	return (DWORD)error;
}

void
DhcpRpcFreeMemory(void *BufferPointer)
{
	free(BufferPointer);
}
