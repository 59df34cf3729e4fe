/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_kea_private.h - what the files of the Kea type share: its state, the
 * commands (server_kea.c), what Kea knows (server_kea_read.c), and the changes
 * (server_kea_set.c).
 */
#ifndef DHCPFO_SERVER_KEA_PRIVATE_H
#define DHCPFO_SERVER_KEA_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "failover.h"
#include "kea_buffer.h"
#include "kea_reply.h"
#include "kea_socket.h"
#include "server.h"

struct kea_options {
	char *socket;
	uint32_t timeout; /* milliseconds */
	bool allow_config_set;
};

struct kea_server {
	const struct kea_options *options;
	struct kea_status status; /* as of the last status-get */
	struct kea_config config; /* as of the last config-get */
	int64_t config_at; /* when that was asked, by kea_now(); 0: never */
	uint32_t replaced; /* max-response-delay before the last config-set */
	char odd_state[64]; /* the unknown word last logged */
	bool uncounted; /* logged that there are no statistics */
};

/* A command and how much may be asked of it. */
struct kea_command {
	const char *name;
	const char *text; /* NULL: {"command":"NAME"} */
	size_t length; /* of text */
	uint32_t timeout; /* milliseconds; 0: as configured */
};

/**
 * Have Kea carry out ${command}, and put its answer into ${answer}, to be freed
 * whatever is returned.  On failure failover_server_failed() was called.
 * ERROR_TIMEOUT and RPC_S_CALL_FAILED: it may have been carried out.
 */
enum dhcp_error kea_ask(struct failover_server *server,
    const struct kea_command *command, struct kea_buffer *answer);

/** Tell why the answer to ${command} is of no use; returns its error. */
enum dhcp_error kea_faulted(struct failover_server *server, const char *command,
    const struct kea_fault *fault);

/**
 * Bring status and config up to date, and let them agree; ${anew}: do not rely
 * on a configuration that was read before.
 */
enum dhcp_error kea_refresh(struct failover_server *server, bool anew);

/** Bring status up to date, whatever config says. */
enum dhcp_error kea_refresh_status(struct failover_server *server);

/* One relationship of two servers, put together. */
struct kea_view {
	const struct kea_status_rel *status;
	const struct kea_config_rel *config;
	const struct kea_peer *primary, *secondary, *partner;
	size_t number; /* in Kea's list */
	bool lost; /* it does not hear of its partner */
	FSM_STATE state;
	char name[FAILOVER_NAME_SIZE];
};

/** View relationship number ${number}; false: not one of two servers. */
bool
kea_view(const struct kea_server *kea, size_t number, struct kea_view *view);

/** Likewise by name; false: there is none. */
bool kea_view_named(const struct kea_server *kea, const char *name,
    struct kea_view *view);

/** The members of ${view} except scopes; its strings are the view's. */
void kea_members(struct kea_view *view, DHCP_FAILOVER_RELATIONSHIP *rel);

/** A max-response-delay in whole seconds. */
uint32_t kea_safe_period(uint32_t milliseconds);

/* Operations of struct failover_server_ops. */
enum dhcp_error
kea_list(struct failover_server *server, failover_row_fn *fn, void *arg);
enum dhcp_error kea_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel);
enum dhcp_error kea_scope_relationship(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_RELATIONSHIP **rel);
enum dhcp_error kea_scope_statistics(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_STATISTICS *stats);
enum dhcp_error kea_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel);
enum dhcp_error kea_set_back(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *old);
enum dhcp_error kea_restore(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old);

#endif
