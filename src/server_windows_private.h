/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_windows_private.h - what the files of the type windows share: its
 * state, calls (server_windows_call.c), and the list of all relationships
 * (server_windows_list.c).
 */
#ifndef DHCPFO_SERVER_WINDOWS_PRIVATE_H
#define DHCPFO_SERVER_WINDOWS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "helper.h"
#include "msdhcpm.h"
#include "server.h"

struct windows_options {
	char *target; /* "": the address */
	uint32_t port, mapper_port;
	char *credentials, *keytab, *principal, *ccache; /* "": none */
	bool ntlm;
	uint32_t connect_timeout, call_timeout; /* seconds */
	bool statistics;
	char *helper;
};

/* What is known of a scope. */
struct windows_scope {
	DHCP_IP_ADDRESS address;
	bool known;
	DHCP_FAILOVER_STATISTICS stats;
};

struct windows {
	const struct windows_options *options;
	struct helper helper;
	bool connected; /* the helper is, as far as we know */
	uint64_t connected_at; /* by helper_clock() */
	unsigned int refusals; /* of the password, in a row */
	uint64_t refused_at; /* by helper_clock(): the last */
	struct timespec refused_file; /* st_ctim of credentials then */
	char refusal[256]; /* its words */
	struct windows_scope *scopes; /* by address: those last listed */
	size_t nscopes;
	DHCP_IP_ADDRESS next_scope; /* whose statistics come next */
	bool uncounted; /* logged that some do not come */
};

/* The answer of a call, and what was read from it. */
struct windows_answer {
	struct helper_message message;
	struct arena arena;
	struct ndr_reader reader;
};

/**
 * Call ${op} with ${request}, which is freed.  Success: the caller reads
 * answer->reader and then calls windows_forget(), whatever the result was.
 *
 * A call that changes something is made once; if its result is ERROR_TIMEOUT or
 * RPC_S_CALL_FAILED nobody knows whether it was done.  One that reads is made
 * once more if the connection was lost.
 */
enum dhcp_error windows_call(struct failover_server *server, enum msdhcpm_op op,
    struct ndr_writer *request, struct windows_answer *answer);

void windows_forget(struct windows_answer *answer);

/**
 * What came of ${op}: ${read} says whether its answer could be read, and
 * ${status} is what it says then.
 */
enum dhcp_error windows_result(struct failover_server *server,
    enum msdhcpm_op op, enum dhcp_error read, DWORD status);

/** Statistics of one scope. */
enum dhcp_error windows_statistics(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_STATISTICS *stats);

/* Operation of struct failover_server_ops. */
enum dhcp_error
windows_list(struct failover_server *server, failover_row_fn *fn, void *arg);

#endif
