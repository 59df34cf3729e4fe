/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_local_private.h - what the files of the local server share: its state,
 * scopes (server_local_scope.c), and the calls that only read
 * (server_local_read.c).
 */
#ifndef DHCPFO_SERVER_LOCAL_PRIVATE_H
#define DHCPFO_SERVER_LOCAL_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "server.h"
#include "server_local_sql.h"

struct local_options {
	char *database;
	uint32_t max_relationships;
	bool auto_scopes;
	struct conf_networks scopes;
	uint32_t busy_timeout; /* milliseconds */
};

struct local {
	const struct local_options *options;
	struct local_sql sql;
};

/** Before each call: open the database if need be. */
enum dhcp_error local_ready(struct local *local);

/* What the database knows about the scopes that a call names. */
struct local_found_scopes {
	bool unknown; /* one of them is */
	bool bootp_only;
	bool taken; /* in some relationship */
	bool stranger; /* not in the relationship of this name */
	bool twice; /* named */
};

/** Look up the scopes of ${rel}. */
enum dhcp_error local_find_scopes(struct local *local,
    const DHCP_FAILOVER_RELATIONSHIP *rel, struct local_found_scopes *all);

/**
 * Does the percentage speak of this server?  Load balance counts the primary's
 * share, hot standby what is kept for the secondary.
 */
bool
local_percentage_is_ours(DHCP_FAILOVER_MODE mode, DHCP_FAILOVER_SERVER role);

/**
 * Put the scopes of ${rel} into it, unknown ones too, and split their free
 * addresses; ${ours}: its percentage speaks of this server.
 */
enum dhcp_error local_join_scopes(struct local *local,
    const DHCP_FAILOVER_RELATIONSHIP *rel, bool ours);

/** Put ${scope}, if it is in no other, into relationship ${name} as it is. */
enum dhcp_error local_restore_scope(struct local *local, const char *name,
    DHCP_IP_ADDRESS scope);

/** Make the scopes of the configuration known. */
enum dhcp_error local_learn_configured_scopes(struct local *local);

/* Operations of struct failover_server_ops. */
enum dhcp_error
local_list(struct failover_server *server, failover_row_fn *fn, void *arg);
enum dhcp_error local_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel);
enum dhcp_error local_scope_relationship(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_RELATIONSHIP **rel);
enum dhcp_error local_scope_statistics(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_STATISTICS *stats);
enum dhcp_error
local_system_time(struct failover_server *server, DWORD *now, DWORD *max_delta);
enum dhcp_error local_address_status(struct failover_server *server,
    DHCP_IP_ADDRESS address, DWORD *status);

#endif
