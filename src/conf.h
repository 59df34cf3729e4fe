/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.h - the configuration file: INI, a section [subagent] and a section
 * [server N] for each server.  docs: dhcpfod.conf(5).
 */
#ifndef DHCPFO_CONF_H
#define DHCPFO_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpsapi.h"
#include "server.h"

enum conf_kind {
	CONF_U32, /* uint32_t, within min..max */
	CONF_BOOL, /* bool: yes or no */
	CONF_TEXT, /* char *: min..max octets of UTF-8 */
	CONF_OWN_PATH, /* likewise, of a file that no two servers share */
	CONF_WORDS, /* uint32_t: bits by their words; min: enum failover_words
		     */
	CONF_NETWORKS /* struct conf_networks: a.b.c.d/length, ... */
};

/* One key of a section: where its value goes, and what it is by default. */
struct conf_key {
	const char *name;
	enum conf_kind kind;
	size_t offset;
	uint32_t min, max;
	const char *standard; /* as in the file; NULL: stays zero */
};

struct conf_network {
	DHCP_IP_ADDRESS address;
	uint32_t length; /* of the prefix, in bits */
};

struct conf_networks {
	struct conf_network *at;
	size_t n;
};

struct conf_server {
	uint32_t index; /* N of [server N]: 1..65535 */
	unsigned int line; /* where its section begins */
	const struct failover_server_type *type;
	char *name; /* unique; default: "serverN" */
	char *address; /* or NULL */
	uint32_t writable; /* FAILOVER_SET_* bits that may be set */
	uint32_t pair_with; /* index of the partner's server, 0: none */
	bool apply_to_both; /* changes go to the partner as well */
	void *options; /* type->options_size octets */
};

struct conf {
	char *agentx_socket; /* as Net-SNMP writes it, or "" for its default */
	uint32_t ping_interval; /* seconds between looks for the master */
	uint32_t poll_interval; /* seconds */
	uint32_t set_deadline; /* milliseconds */
	char *state_dir;
	uint32_t write_policy; /* FAILOVER_SET_* bits that may be set */
	uint32_t notify; /* bits of dhcpFoNotifEnable */
	uint32_t notify_min_interval; /* seconds */
	uint32_t scope_free_low, scope_free_high; /* percent */
	uint32_t event_limit;
	struct conf_server *servers; /* in the order of their index */
	size_t n;
};

/**
 * Read ${path}.  Returns NULL and a message "file:line: what is wrong", or
 * "file: what is wrong", in ${why} when it cannot be used.  The caller frees
 * the result with conf_free().  ${error} may be NULL.
 */
struct conf *
conf_read(const char *path, char *why, size_t size, enum dhcp_error *error);

/** Is it the same server, reached in the same way? */
bool conf_server_same(const struct conf_server *a, const struct conf_server *b);

/** Take over into ${server} what may change of the same server. */
void
conf_server_follow(struct conf_server *server, const struct conf_server *from);

/** Free what ${server} owns; all zero is fine. */
void conf_server_release(struct conf_server *server);

/** Free ${conf}, which may be NULL. */
void conf_free(struct conf *conf);

/**
 * The keys of [subagent], and, beside type and those of its type, of any
 * [server N], for docs and tests.
 */
extern const struct conf_key conf_subagent_keys[];
extern const size_t conf_subagent_nkeys;
extern const struct conf_key conf_server_keys[];
extern const size_t conf_server_nkeys;

#endif
