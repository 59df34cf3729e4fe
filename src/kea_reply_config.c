/* SPDX-License-Identifier: BSD-2-Clause */
/* What config-get answers. */
#include <stdlib.h>
#include <string.h>

#include "failover.h"
#include "kea_reply_private.h"

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
	const char *name = kea_word(from, "name"), *url = kea_word(from, "url");
	const char *role = kea_word(from, "role");

	if (name == NULL || url == NULL || role == NULL)
		return kea_fail_shape(fault, "peers");
	memset(peer, 0, sizeof(*peer));
	if ((peer->name = kea_keep(arena, name)) == NULL)
		return kea_fail_memory(fault);
	peer->role = kea_role_of(role);
	read_url(url, peer);
	return true;
}

static bool
read_config_rel(const json_t *from, struct arena *arena,
    struct kea_config_rel *rel, struct kea_fault *fault)
{
	const char *this_server = kea_word(from, "this-server-name");
	const char *mode = kea_word(from, "mode");
	const json_t *peers = json_object_get(from, "peers");
	int64_t delay;
	size_t i;

	if (this_server == NULL || mode == NULL || !json_is_array(peers))
		return kea_fail_shape(fault, "high-availability");
	if (!kea_number(from, "max-response-delay", &delay) || delay < 0 ||
	    delay > UINT32_MAX)
		return kea_fail_shape(fault, "max-response-delay");
	memset(rel, 0, sizeof(*rel));
	rel->mode = kea_mode_of(mode);
	rel->max_response_delay = (uint32_t)delay;
	rel->npeers = json_array_size(peers);
	if ((rel->this_server = kea_keep(arena, this_server)) == NULL ||
	    (rel->peers = arena_alloc(arena,
		 (rel->npeers + 1) * sizeof(*rel->peers))) == NULL)
		return kea_fail_memory(fault);
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
		return kea_fail_shape(fault, "high-availability");
	config->n = json_array_size(ha);
	if ((config->rels = arena_alloc(&config->arena,
		 (config->n + 1) * sizeof(*config->rels))) == NULL)
		return kea_fail_memory(fault);
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
	return kea_word(json_object_get(holder, "user-context"),
	    "ha-server-name");
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
		return kea_fail_shape(fault, "subnet4");
	for (i = 0; i < json_array_size(list); i++) {
		entry = json_array_get(list, i);
		subnet = &config->subnets[config->nsubnets];
		memset(subnet, 0, sizeof(*subnet));
		prefix = kea_word(entry, "subnet");
		if (prefix == NULL || !read_prefix(prefix, &subnet->address) ||
		    !kea_number(entry, "id", &subnet->id))
			return kea_fail_shape(fault, "subnet4");
		if ((own = server_of(entry)) == NULL)
			own = server_name;
		if (own != NULL &&
		    (subnet->server_name = kea_keep(&config->arena, own)) ==
			NULL)
			return kea_fail_memory(fault);
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
		return kea_fail_memory(fault);
	if (!read_subnets(dhcp4, NULL, config, fault))
		return false;
	for (i = 0; i < json_array_size(networks); i++) {
		network = json_array_get(networks, i);
		if (!read_subnets(network, server_of(network), config, fault))
			return false;
	}
	qsort(config->subnets, config->nsubnets, sizeof(*config->subnets),
	    compare_subnets);
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
		good = kea_fail_shape(fault, "Dhcp4");
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
