/* SPDX-License-Identifier: BSD-2-Clause */
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failover.h"
#include "kea_buffer.h"
#include "kea_reply.h"

/* Kea nests some ten levels; jansson recurses, and a worker's stack is small.
 */
#define DEPTH_MAX 64

/* Fits whatever names servers have, and keeps nonsense out of tables. */
#define WORD_MAX 255

static bool fail(struct kea_fault *fault, enum dhcp_error error, int result,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Returns false, for its callers to return. */
static bool
fail(struct kea_fault *fault, enum dhcp_error error, int result,
    const char *format, ...)
{
	va_list arguments;

	fault->error = error;
	fault->result = result;
	va_start(arguments, format);
	vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return false;
}

static bool
fail_shape(struct kea_fault *fault, const char *what)
{
	return fail(fault, RPC_X_BAD_STUB_DATA, KEA_RESULT_NONE,
	    "the answer has no proper %s", what);
}

static bool
fail_memory(struct kea_fault *fault)
{
	return fail(fault, ERROR_NOT_ENOUGH_MEMORY, KEA_RESULT_NONE,
	    "no memory for the answer");
}

/* ---------------------------------------------------------------- memory */

/* Its size is the allocator's to tell: jansson may have got it elsewhere. */
static void
wipe_and_free(void *at)
{
	if (at != NULL)
		kea_wipe(at, malloc_usable_size(at));
	free(at);
}

static void
guard(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

void
kea_reply_guard(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, guard);
}

/* ---------------------------------------------------------------- the answer
 */

/*
 * Is ${text} nested no deeper than we are ready for?  ${*open}: it ends within
 * a list, a map or a string.
 */
static bool
is_shallow(const char *text, size_t length, bool *open)
{
	unsigned int depth = 0;
	bool quoted = false;
	size_t i;

	for (i = 0; i < length; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += text[i] == '\\';
		else if (text[i] == '[' || text[i] == '{') {
			if (++depth > DEPTH_MAX)
				return false;
		} else if ((text[i] == ']' || text[i] == '}') && depth > 0)
			depth--;
	}
	*open = depth > 0 || quoted;
	return true;
}

static json_t *
parse(const char *text, size_t length, struct kea_fault *fault)
{
	json_error_t why = { .line = 0 }; /* not filled in without memory */
	json_t *json;
	bool open;

	if (!is_shallow(text, length, &open)) {
		fail(fault, RPC_X_BAD_STUB_DATA, KEA_RESULT_NONE,
		    "the answer is nested too deeply");
		return NULL;
	}
	if ((json = json_loadb(text, length, 0, &why)) != NULL)
		return json;
	if (json_error_code(&why) == json_error_out_of_memory ||
	    json_error_code(&why) == json_error_unknown)
		fail_memory(fault);
	else if (open)
		/* The message would quote the answer, which is not ours to. */
		fail(fault, RPC_S_CALL_FAILED, KEA_RESULT_NONE,
		    "the answer breaks off after %zu octets", length);
	else
		fail(fault, RPC_X_BAD_STUB_DATA, KEA_RESULT_NONE,
		    "the answer is not JSON (octet %d)", why.position);
	return NULL;
}

/* A string member that is short enough, or NULL. */
static const char *
word(const json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_string(member) || json_string_length(member) > WORD_MAX)
		return NULL;
	return json_string_value(member);
}

static bool
number(const json_t *object, const char *name, int64_t *value)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return false;
	*value = json_integer_value(member);
	return true;
}

/* What Kea says when it refuses. */
static bool
fail_result(struct kea_fault *fault, const json_t *answer, int64_t result)
{
	static const struct {
		enum dhcp_error error;
		const char *name;
	} known[] = {
		[KEA_RESULT_ERROR] = { ERROR_GEN_FAILURE, "error" },
		[KEA_RESULT_UNSUPPORTED] = { ERROR_NOT_SUPPORTED,
		    "unsupported" },
		[KEA_RESULT_EMPTY] = { ERROR_NO_MORE_ITEMS, "empty" },
		[KEA_RESULT_CONFLICT] = { ERROR_BUSY, "conflict" },
		[KEA_RESULT_FATAL] = { ERROR_GEN_FAILURE, "fatal error" },
	};
	json_t *text = json_object_get(answer, "text");
	const bool is_known = result > 0 && result < (int64_t)nitems(known);

	return fail(fault, is_known ? known[result].error : ERROR_GEN_FAILURE,
	    is_known ? (int)result : KEA_RESULT_ERROR,
	    "Kea answers %lld (%s)%s%s", (long long)result,
	    is_known ? known[result].name : "unknown",
	    json_is_string(text) ? ": " : "",
	    json_is_string(text) ? json_string_value(text) : "");
}

json_t *
kea_reply_open(const char *text, size_t length, struct kea_fault *fault)
{
	json_t *json, *answer;
	int64_t result;

	if ((json = parse(text, length, fault)) == NULL)
		goto err0;
	answer = json;
	if (json_is_array(json) && json_array_size(json) == 1)
		answer = json_array_get(json, 0);
	if (!json_is_object(answer) || !number(answer, "result", &result)) {
		fail_shape(fault, "result");
		goto err1;
	}
	if (result != KEA_RESULT_OK) {
		fail_result(fault, answer, result);
		goto err1;
	}

	/* Success! */
	json_incref(answer);
	json_decref(json);
	return answer;

err1:
	json_decref(json);
err0:
	return NULL;
}

bool
kea_reply_result(const char *text, size_t length, struct kea_fault *fault)
{
	json_t *answer = kea_reply_open(text, length, fault);

	json_decref(answer);
	return answer != NULL;
}

static const char *
keep(struct arena *arena, const char *text)
{
	return arena_text(arena, text, strlen(text));
}

/* ---------------------------------------------------------------- status-get
 */

static bool
read_status_rel(const json_t *from, struct arena *arena,
    struct kea_status_rel *rel, struct kea_fault *fault)
{
	const json_t *servers = json_object_get(from, "ha-servers");
	const json_t *local = json_object_get(servers, "local");
	const json_t *remote = json_object_get(servers, "remote");
	const char *mode = word(from, "ha-mode"), *role = word(local, "role");
	const char *state = word(local, "state"), *name, *partner;
	const json_t *interrupted;

	if (mode == NULL || role == NULL || state == NULL)
		return fail_shape(fault, "high-availability");
	memset(rel, 0, sizeof(*rel));
	rel->mode = kea_mode_of(mode);
	rel->role = kea_role_of(role);
	rel->state = kea_state_of(state);
	if ((name = word(local, "server-name")) != NULL &&
	    (rel->server_name = keep(arena, name)) == NULL)
		return fail_memory(fault);
	if (rel->state == KEA_STATE_OTHER &&
	    (rel->odd_state = keep(arena, state)) == NULL)
		return fail_memory(fault);

	/* With nothing but backup servers there is no partner. */
	if (remote == NULL)
		return true;
	if ((partner = word(remote, "last-state")) == NULL)
		return fail_shape(fault, "last-state of the partner");
	rel->partner = kea_state_of(partner);
	interrupted = json_object_get(remote, "communication-interrupted");
	if (interrupted != NULL && !json_is_boolean(interrupted))
		return fail_shape(fault, "communication-interrupted");
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
		return fail_shape(fault, "arguments");
	if (ha == NULL)
		return fail(fault, ERROR_DHCP_FO_NOT_SUPPORTED, KEA_RESULT_OK,
		    "no high availability: the hook libdhcp_ha.so is not "
		    "loaded in Kea");
	if (!json_is_array(ha))
		return fail_shape(fault, "high-availability");
	if (!number(arguments, "reload", &status->reload))
		status->reload = -1;
	status->n = json_array_size(ha);
	if ((status->rels = arena_alloc(&status->arena,
		 (status->n + 1) * sizeof(*status->rels))) == NULL)
		return fail_memory(fault);
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

/* ---------------------------------------------------------------- config-get
 */

/* "http://192.0.2.1:8000/": Kea takes no names there.  IPv6 stays 0. */
static void
read_url(const char *url, struct kea_peer *peer)
{
	static const char plain[] = "http://", secure[] = "https://";
	char host[FAILOVER_ADDRESS_SIZE];
	unsigned long port = 80;
	size_t length;
	char *end;

	if (strncmp(url, plain, strlen(plain)) == 0) {
		url += strlen(plain);
		peer->plain = true;
	} else if (strncmp(url, secure, strlen(secure)) == 0) {
		url += strlen(secure);
		port = 443;
	} else
		return;
	length = strspn(url, "0123456789.");
	if (length >= sizeof(host))
		return;
	memcpy(host, url, length);
	host[length] = '\0';
	url += length;
	if (*url == ':') {
		port = strtoul(url + 1, &end, 10);
		url = end;
	}
	if ((*url != '\0' && *url != '/') || port < 1 || port > UINT16_MAX ||
	    !failover_address_parse(host, &peer->address))
		return;
	peer->port = (uint16_t)port;
}

static bool
read_peer(const json_t *from, struct arena *arena, struct kea_peer *peer,
    struct kea_fault *fault)
{
	const char *name = word(from, "name"), *url = word(from, "url");
	const char *role = word(from, "role");

	if (name == NULL || url == NULL || role == NULL)
		return fail_shape(fault, "peers");
	memset(peer, 0, sizeof(*peer));
	if ((peer->name = keep(arena, name)) == NULL)
		return fail_memory(fault);
	peer->role = kea_role_of(role);
	read_url(url, peer);
	return true;
}

static bool
read_config_rel(const json_t *from, struct arena *arena,
    struct kea_config_rel *rel, struct kea_fault *fault)
{
	const char *this_server = word(from, "this-server-name");
	const char *mode = word(from, "mode");
	const json_t *peers = json_object_get(from, "peers");
	int64_t delay;
	size_t i;

	if (this_server == NULL || mode == NULL || !json_is_array(peers))
		return fail_shape(fault, "high-availability");
	if (!number(from, "max-response-delay", &delay) || delay < 0 ||
	    delay > UINT32_MAX)
		return fail_shape(fault, "max-response-delay");
	memset(rel, 0, sizeof(*rel));
	rel->mode = kea_mode_of(mode);
	rel->max_response_delay = (uint32_t)delay;
	rel->npeers = json_array_size(peers);
	if ((rel->this_server = keep(arena, this_server)) == NULL ||
	    (rel->peers = arena_alloc(arena,
		 (rel->npeers + 1) * sizeof(*rel->peers))) == NULL)
		return fail_memory(fault);
	for (i = 0; i < rel->npeers; i++)
		if (!read_peer(json_array_get(peers, i), arena, &rel->peers[i],
			fault))
			return false;
	return true;
}

/* Full path or, since 2.7, bare name: compare the end. */
static bool
is_ha_library(const json_t *hook)
{
	static const char name[] = "libdhcp_ha.so";
	json_t *library = json_object_get(hook, "library");
	size_t length;

	if (!json_is_string(library))
		return false;
	length = json_string_length(library);
	return length >= strlen(name) &&
	    strcmp(json_string_value(library) + length - strlen(name), name) ==
	    0;
}

json_t *
kea_reply_ha(json_t *dhcp4)
{
	json_t *hooks = json_object_get(dhcp4, "hooks-libraries"), *hook;
	size_t i;

	for (i = 0; i < json_array_size(hooks); i++) {
		hook = json_array_get(hooks, i);
		if (is_ha_library(hook))
			return json_object_get(json_object_get(hook,
						   "parameters"),
			    "high-availability");
	}
	return NULL;
}

static bool
read_rels(json_t *dhcp4, struct kea_config *config, struct kea_fault *fault)
{
	const json_t *ha = kea_reply_ha(dhcp4);
	size_t i;

	config->ha = ha != NULL;
	if (ha == NULL)
		return true;
	if (!json_is_array(ha))
		return fail_shape(fault, "high-availability");
	config->n = json_array_size(ha);
	if ((config->rels = arena_alloc(&config->arena,
		 (config->n + 1) * sizeof(*config->rels))) == NULL)
		return fail_memory(fault);
	for (i = 0; i < config->n; i++)
		if (!read_config_rel(json_array_get(ha, i), &config->arena,
			&config->rels[i], fault))
			return false;
	return true;
}

/* The server that the user-context of ${holder} names, or NULL. */
static const char *
server_of(const json_t *holder)
{
	return word(json_object_get(holder, "user-context"), "ha-server-name");
}

/* "192.0.2.0/24" */
static bool
read_prefix(const char *text, DHCP_IP_ADDRESS *address)
{
	char host[FAILOVER_ADDRESS_SIZE];
	const char *slash = strchr(text, '/');
	unsigned long bits;
	char *end;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (slash[1] < '0' || slash[1] > '9')
		return false;
	bits = strtoul(slash + 1, &end, 10);
	if (*end != '\0' || bits > 32 || !failover_address_parse(host, address))
		return false;
	*address &= bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	return true;
}

static bool
read_subnets(const json_t *from, const char *server_name,
    struct kea_config *config, struct kea_fault *fault)
{
	const json_t *list = json_object_get(from, "subnet4"), *entry;
	const char *prefix, *own;
	struct kea_subnet *subnet;
	size_t i;

	if (list != NULL && !json_is_array(list))
		return fail_shape(fault, "subnet4");
	for (i = 0; i < json_array_size(list); i++) {
		entry = json_array_get(list, i);
		subnet = &config->subnets[config->nsubnets];
		memset(subnet, 0, sizeof(*subnet));
		prefix = word(entry, "subnet");
		if (prefix == NULL || !read_prefix(prefix, &subnet->address) ||
		    !number(entry, "id", &subnet->id))
			return fail_shape(fault, "subnet4");
		if ((own = server_of(entry)) == NULL)
			own = server_name;
		if (own != NULL &&
		    (subnet->server_name = keep(&config->arena, own)) == NULL)
			return fail_memory(fault);
		config->nsubnets++;
	}
	return true;
}

static int
compare_subnets(const void *a, const void *b)
{
	const struct kea_subnet *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Subnets that differ in their length only would have the same index. */
static void
sort_subnets(struct kea_config *config)
{
	struct kea_subnet *subnets = config->subnets;
	size_t from, to = 0;

	if (config->nsubnets < 2)
		return;
	qsort(subnets, config->nsubnets, sizeof(*subnets), compare_subnets);
	for (from = 1; from < config->nsubnets; from++)
		if (subnets[from].address != subnets[to].address)
			subnets[++to] = subnets[from];
	config->nsubnets = to + 1;
}

static bool
read_all_subnets(const json_t *dhcp4, struct kea_config *config,
    struct kea_fault *fault)
{
	const json_t *networks = json_object_get(dhcp4, "shared-networks");
	const json_t *network;
	size_t i, n;

	n = json_array_size(json_object_get(dhcp4, "subnet4"));
	for (i = 0; i < json_array_size(networks); i++)
		n += json_array_size(
		    json_object_get(json_array_get(networks, i), "subnet4"));
	if ((config->subnets = arena_alloc(&config->arena,
		 (n + 1) * sizeof(*config->subnets))) == NULL)
		return fail_memory(fault);
	if (!read_subnets(dhcp4, NULL, config, fault))
		return false;
	for (i = 0; i < json_array_size(networks); i++) {
		network = json_array_get(networks, i);
		if (!read_subnets(network, server_of(network), config, fault))
			return false;
	}
	sort_subnets(config);
	return true;
}

bool
kea_reply_config(const char *text, size_t length, struct kea_config *config,
    struct kea_fault *fault)
{
	json_t *answer, *dhcp4;
	bool good;

	memset(config, 0, sizeof(*config));
	if ((answer = kea_reply_open(text, length, fault)) == NULL)
		return false;
	dhcp4 = json_object_get(json_object_get(answer, "arguments"), "Dhcp4");
	if (!json_is_object(dhcp4))
		good = fail_shape(fault, "Dhcp4");
	else
		good = read_rels(dhcp4, config, fault) &&
		    read_all_subnets(dhcp4, config, fault);
	json_decref(answer);
	if (!good)
		kea_config_free(config);
	return good;
}

void
kea_config_free(struct kea_config *config)
{
	arena_free(&config->arena, 0);
	memset(config, 0, sizeof(*config));
}

/* ----------------------------------------------------------- stat-lease4-get
 */

enum { COLUMN_ID, COLUMN_TOTAL, COLUMN_ASSIGNED, COLUMNS };

/* Where the columns that we want are. */
static bool
find_columns(const json_t *names, size_t at[COLUMNS])
{
	static const char *const wanted[COLUMNS] = { "subnet-id",
		"total-addresses", "assigned-addresses" };
	const char *name;
	size_t i, j;

	for (i = 0; i < COLUMNS; i++) {
		for (j = 0; j < json_array_size(names); j++) {
			name = json_string_value(json_array_get(names, j));
			if (name != NULL && strcmp(name, wanted[i]) == 0)
				break;
		}
		if (j == json_array_size(names))
			return false;
		at[i] = j;
	}
	return true;
}

static bool
read_count(const json_t *row, const size_t at[COLUMNS], struct kea_count *count)
{
	const json_t *cells[COLUMNS];
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		cells[i] = json_array_get(row, at[i]);
		if (!json_is_integer(cells[i]))
			return false;
	}
	count->id = json_integer_value(cells[COLUMN_ID]);
	count->total = json_integer_value(cells[COLUMN_TOTAL]);
	count->assigned = json_integer_value(cells[COLUMN_ASSIGNED]);
	return count->total >= 0 && count->assigned >= 0;
}

static int
compare_counts(const void *a, const void *b)
{
	const struct kea_count *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static bool
read_counts(const json_t *answer, struct kea_counts *counts,
    struct kea_fault *fault)
{
	const json_t *set =
	    json_object_get(json_object_get(answer, "arguments"), "result-set");
	const json_t *rows = json_object_get(set, "rows");
	size_t at[COLUMNS], i, n;

	if (!json_is_array(rows) ||
	    !find_columns(json_object_get(set, "columns"), at))
		return fail_shape(fault, "result-set");
	n = json_array_size(rows);
	if ((counts->at = arena_alloc(&counts->arena,
		 (n + 1) * sizeof(*counts->at))) == NULL)
		return fail_memory(fault);
	for (i = 0; i < n; i++)
		if (!read_count(json_array_get(rows, i), at, &counts->at[i]))
			return fail_shape(fault, "result-set");
	counts->n = n;
	if (n > 1)
		qsort(counts->at, n, sizeof(*counts->at), compare_counts);
	return true;
}

bool
kea_reply_counts(const char *text, size_t length, struct kea_counts *counts,
    struct kea_fault *fault)
{
	json_t *answer;
	bool good;

	memset(counts, 0, sizeof(*counts));
	if ((answer = kea_reply_open(text, length, fault)) == NULL)
		return false;
	good = read_counts(answer, counts, fault);
	json_decref(answer);
	if (!good)
		kea_counts_free(counts);
	return good;
}

const struct kea_count *
kea_counts_find(const struct kea_counts *counts, int64_t id)
{
	const struct kea_count key = { .id = id };

	if (counts->n == 0)
		return NULL;
	return bsearch(&key, counts->at, counts->n, sizeof(key),
	    compare_counts);
}

void
kea_counts_free(struct kea_counts *counts)
{
	arena_free(&counts->arena, 0);
	memset(counts, 0, sizeof(*counts));
}
