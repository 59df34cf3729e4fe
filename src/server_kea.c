/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "conf.h"

#include "server_kea.h"
#include "server_kea_private.h"

/* A configuration of 10 000 subnets has some 10 MB. */
#define ANSWER_MAX ((size_t)64 * 1024 * 1024)

/* Kea's clocks may differ by that many seconds before it gives up. */
#define MAX_CLOCK_SKEW 60

/* Why there is no answer, for the reader of the log and of LastErrorText. */
static enum dhcp_error
no_answer(struct failover_server *server, const char *command,
    const struct kea_limits *limits, enum kea_end end, int error)
{
	const struct kea_server *kea = server->impl;
	const char *path = kea->options->socket;
	char reason[96] = "";

	if (error != 0 && strerror_r(error, reason, sizeof(reason)) != 0)
		snprintf(reason, sizeof(reason), "error %d", error);
	switch (end) {
	case KEA_END_ANSWERED:
		return ERROR_SUCCESS;
	case KEA_END_ABSENT:
		return failover_server_failed(server,
		    ERROR_DHCP_SERVER_NOT_RUNNING,
		    "%s: there is no socket %s: Kea does not run, or its "
		    "control-socket is another one",
		    command, path);
	case KEA_END_REFUSED:
		return failover_server_failed(server,
		    ERROR_DHCP_SERVER_NOT_RUNNING,
		    "%s: nobody listens at the socket %s: Kea does not run",
		    command, path);
	case KEA_END_DENIED:
		return failover_server_failed(server, ERROR_ACCESS_DENIED,
		    "%s: no permission to connect to the socket %s", command,
		    path);
	case KEA_END_BUSY:
		return failover_server_failed(server,
		    ERROR_DHCP_SERVER_NOT_REACHABLE,
		    "%s: no connection to the socket %s within %u ms: Kea "
		    "hangs or is busy",
		    command, path, limits->connect);
	case KEA_END_UNREACHABLE:
		return failover_server_failed(server,
		    ERROR_DHCP_SERVER_NOT_REACHABLE,
		    "%s: cannot connect to the socket %s: %s", command, path,
		    reason);
	case KEA_END_BROKEN:
		return failover_server_failed(server, RPC_S_CALL_FAILED,
		    "%s: the connection broke off: %s", command, reason);
	case KEA_END_EMPTY:
		return failover_server_failed(server, RPC_S_CALL_FAILED,
		    "%s: Kea closed the connection without an answer", command);
	case KEA_END_SILENT:
		return failover_server_failed(server, ERROR_TIMEOUT,
		    "%s: no complete answer within %u ms: Kea hangs or is busy",
		    command, limits->total);
	case KEA_END_HUGE:
		return failover_server_failed(server, RPC_X_BAD_STUB_DATA,
		    "%s: the answer is longer than %zu octets", command,
		    limits->answer);
	case KEA_END_NO_MEMORY:
		break;
	}
	return ERROR_NOT_ENOUGH_MEMORY;
}

enum dhcp_error
kea_ask(struct failover_server *server, const struct kea_command *command,
    struct kea_buffer *answer)
{
	const struct kea_server *kea = server->impl;
	const struct kea_limits limits = {
		.connect = kea->options->timeout,
		.total = command->timeout != 0 ? command->timeout :
						 kea->options->timeout,
		.answer = ANSWER_MAX,
	};
	const char *text = command->text;
	size_t length = command->length;
	char plain[64];
	enum kea_end end;
	int error;

	if (text == NULL) {
		length = (size_t)snprintf(plain, sizeof(plain),
		    "{\"command\":\"%s\"}", command->name);
		text = plain;
	}
	end = kea_socket_local(kea->options->socket, text, length, &limits,
	    answer, &error);
	return no_answer(server, command->name, &limits, end, error);
}

enum dhcp_error
kea_faulted(struct failover_server *server, const char *command,
    const struct kea_fault *fault)
{
	return failover_server_failed(server, fault->error, "%s: %s", command,
	    fault->text);
}

/* The socket is on this host, and so is the clock that Kea reads. */
static enum dhcp_error
kea_system_time(struct failover_server *server, DWORD *now, DWORD *max_delta)
{
	(void)server;
	*now = (DWORD)time(NULL);
	*max_delta = MAX_CLOCK_SKEW;
	return ERROR_SUCCESS;
}

static void
kea_close(struct failover_server *server)
{
	struct kea_server *kea = server->impl;

	kea_status_free(&kea->status);
	kea_config_free(&kea->config);
	free(kea);
}

static enum dhcp_error
kea_open(struct failover_server *server, const void *options)
{
	struct kea_server *kea;

	if ((kea = calloc(1, sizeof(*kea))) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	kea_reply_guard();
	kea->options = options;
	if (!kea->options->allow_config_set)
		server->sets &= ~SAFEPERIOD;
	server->impl = kea;
	return ERROR_SUCCESS;
}

static const struct failover_server_ops ops = {
	.list = kea_list,
	.get = kea_get,
	.set = kea_set,
	.set_back = kea_set_back,
	.restore = kea_restore,
	.scope_relationship = kea_scope_relationship,
	.scope_statistics = kea_scope_statistics,
	.system_time = kea_system_time,
	.close = kea_close,
};

#define PATH_MAX_OCTETS (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* clang-format off */
static const struct conf_key keys[] = {
	{ "socket",           CONF_OWN_PATH, offsetof(struct kea_options, socket),           1,   PATH_MAX_OCTETS, "/run/kea/kea4-ctrl-socket" },
	{ "timeout",          CONF_U32,      offsetof(struct kea_options, timeout),          100, 60000,           "3000" },
	{ "allow-config-set", CONF_BOOL,     offsetof(struct kea_options, allow_config_set), 0,   0,               "no" },
};
/* clang-format on */

const struct failover_server_type failover_server_kea = {
	.name = "kea",
	.kind = FAILOVER_SERVER_KEA,
	.sets = CHANGESTATE | SAFEPERIOD,
	.creates = false,
	.keys = keys,
	.nkeys = nitems(keys),
	.options_size = sizeof(struct kea_options),
	.open = kea_open,
	.ops = &ops,
};
