/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <stdlib.h>

#include "conf.h"
#include "failover.h"
#include "server_windows_private.h"

#include "server_windows.h"

/* ---------------------------------------------------------------- changes */

/* Make a call whose answer is a status and nothing else. */
static enum dhcp_error
change(struct failover_server *server, enum msdhcpm_op op,
    struct ndr_writer *request)
{
	struct windows_answer answer;
	enum dhcp_error error;
	DWORD status = 0;

	error = windows_call(server, op, request, &answer);
	if (error == ERROR_SUCCESS) {
		error = msdhcpm_read_status(&answer.reader, &status);
		error = windows_result(server, op, error, status);
	}
	windows_forget(&answer);
	return error;
}

/* Authentication is turned off by no secret, not by an empty one. */
static DHCP_FAILOVER_RELATIONSHIP
without_empty_secret(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	DHCP_FAILOVER_RELATIONSHIP copy = *rel;

	if (copy.SharedSecret != NULL && copy.SharedSecret[0] == '\0')
		copy.SharedSecret = NULL;
	return copy;
}

static enum dhcp_error
windows_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const DHCP_FAILOVER_RELATIONSHIP want = without_empty_secret(rel);
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_set(&request, flags, &want);
	return change(server, MSDHCPM_SET, &request);
}

static enum dhcp_error
windows_create(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const DHCP_FAILOVER_RELATIONSHIP want = without_empty_secret(rel);
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_relationship(&request, &want);
	return change(server, MSDHCPM_CREATE, &request);
}

static enum dhcp_error
change_scopes(struct failover_server *server, enum msdhcpm_op op,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const DHCP_FAILOVER_RELATIONSHIP named = {
		.RelationshipName = rel->RelationshipName,
		.pScopes = rel->pScopes,
	};
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_relationship(&request, &named);
	return change(server, op, &request);
}

static enum dhcp_error
windows_add_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return change_scopes(server, MSDHCPM_ADD_SCOPES, rel);
}

static enum dhcp_error
windows_delete_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return change_scopes(server, MSDHCPM_DELETE_SCOPES, rel);
}

static enum dhcp_error
windows_delete(struct failover_server *server, const char *name)
{
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_name(&request, name);
	return change(server, MSDHCPM_DELETE, &request);
}

static enum dhcp_error
windows_trigger_allocation(struct failover_server *server, const char *name)
{
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_name(&request, name);
	return change(server, MSDHCPM_TRIGGER_ALLOCATION, &request);
}

/* ---------------------------------------------------------------- reading */

/* Make a call whose answer is a relationship. */
static enum dhcp_error
read_relationship(struct failover_server *server, enum msdhcpm_op op,
    struct ndr_writer *request, DHCP_FAILOVER_RELATIONSHIP **rel)
{
	DHCP_FAILOVER_RELATIONSHIP *found = NULL, *copy;
	struct windows_answer answer;
	enum dhcp_error error;
	DWORD status = 0;

	error = windows_call(server, op, request, &answer);
	if (error == ERROR_SUCCESS) {
		error =
		    msdhcpm_read_relationship(&answer.reader, &found, &status);
		error = windows_result(server, op, error, status);
	}
	if (error == ERROR_SUCCESS) {
		if ((copy = failover_dup(found)) != NULL)
			*rel = copy;
		else
			error = ERROR_NOT_ENOUGH_MEMORY;
	}
	windows_forget(&answer);
	return error;
}

static enum dhcp_error
windows_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_name(&request, name);
	return read_relationship(server, MSDHCPM_GET, &request, rel);
}

static enum dhcp_error
windows_scope_relationship(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_RELATIONSHIP **rel)
{
	struct ndr_writer request = { .at = NULL };

	msdhcpm_ask_address(&request, scope);
	return read_relationship(server, MSDHCPM_SCOPE_RELATIONSHIP, &request,
	    rel);
}

static enum dhcp_error
windows_system_time(struct failover_server *server, DWORD *now,
    DWORD *max_delta)
{
	struct ndr_writer request = { .at = NULL };
	struct windows_answer answer;
	DWORD seconds, delta, status = 0;
	enum dhcp_error error;

	msdhcpm_ask_nothing(&request);
	error = windows_call(server, MSDHCPM_SYSTEM_TIME, &request, &answer);
	if (error == ERROR_SUCCESS) {
		error = msdhcpm_read_time(&answer.reader, &seconds, &delta,
		    &status);
		error =
		    windows_result(server, MSDHCPM_SYSTEM_TIME, error, status);
	}
	if (error == ERROR_SUCCESS) {
		*now = seconds;
		*max_delta = delta;
	}
	windows_forget(&answer);
	return error;
}

static enum dhcp_error
windows_address_status(struct failover_server *server, DHCP_IP_ADDRESS address,
    DWORD *status)
{
	struct ndr_writer request = { .at = NULL };
	struct windows_answer answer;
	DWORD found, result = 0;
	enum dhcp_error error;

	msdhcpm_ask_address(&request, address);
	error = windows_call(server, MSDHCPM_ADDRESS_STATUS, &request, &answer);
	if (error == ERROR_SUCCESS) {
		error = msdhcpm_read_number(&answer.reader, &found, &result);
		error = windows_result(server, MSDHCPM_ADDRESS_STATUS, error,
		    result);
	}
	if (error == ERROR_SUCCESS)
		*status = found;
	windows_forget(&answer);
	return error;
}

/* ---------------------------------------------------------------- the type */

static void
windows_close(struct failover_server *server)
{
	struct windows *windows = server->impl;

	helper_end(&windows->helper);
	free(windows->scopes);
	free(windows);
}

static enum dhcp_error
windows_open(struct failover_server *server, const void *options)
{
	struct windows *windows;

	if (server->address == NULL)
		return failover_server_failed(server, ERROR_INVALID_PARAMETER,
		    "a server of type windows needs an address");
	if ((windows = calloc(1, sizeof(*windows))) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	windows->options = options;
	helper_init(&windows->helper, windows->options->helper);
	server->impl = windows;
	return ERROR_SUCCESS;
}

static const struct failover_server_ops ops = {
	.list = windows_list,
	.get = windows_get,
	.set = windows_set,
	.create = windows_create,
	.delete = windows_delete,
	.add_scopes = windows_add_scopes,
	.delete_scopes = windows_delete_scopes,
	.scope_relationship = windows_scope_relationship,
	.scope_statistics = windows_statistics,
	.system_time = windows_system_time,
	.trigger_allocation = windows_trigger_allocation,
	.address_status = windows_address_status,
	.close = windows_close,
};

/* clang-format off */
static const struct conf_key keys[] = {
	{ "target",          CONF_TEXT, offsetof(struct windows_options, target),          0, 253,   "" },
	{ "port",            CONF_U32,  offsetof(struct windows_options, port),            0, 65535, "0" },
	{ "mapper-port",     CONF_U32,  offsetof(struct windows_options, mapper_port),     1, 65535, "135" },
	{ "credentials",     CONF_TEXT, offsetof(struct windows_options, credentials),     0, 255,   "" },
	{ "keytab",          CONF_TEXT, offsetof(struct windows_options, keytab),          0, 255,   "" },
	{ "principal",       CONF_TEXT, offsetof(struct windows_options, principal),       0, 255,   "" },
	{ "ccache",          CONF_TEXT, offsetof(struct windows_options, ccache),          0, 255,   "" },
	{ "ntlm",            CONF_BOOL, offsetof(struct windows_options, ntlm),            0, 0,     "yes" },
	{ "connect-timeout", CONF_U32,  offsetof(struct windows_options, connect_timeout), 1, 60,    "10" },
	{ "call-timeout",    CONF_U32,  offsetof(struct windows_options, call_timeout),    1, 60,    "5" },
	{ "statistics",      CONF_BOOL, offsetof(struct windows_options, statistics),      0, 0,     "yes" },
	{ "helper",          CONF_TEXT, offsetof(struct windows_options, helper),          1, 255,   DHCPFO_LIBEXEC "/dhcpfo-msdhcpm" },
};
/* clang-format on */

const struct failover_server_type failover_server_windows = {
	.name = "windows",
	.kind = FAILOVER_SERVER_WINDOWS,
	.sets = FAILOVER_SET_ALL,
	.creates = true,
	.needs_address = true,
	.keys = keys,
	.nkeys = nitems(keys),
	.options_size = sizeof(struct windows_options),
	.open = windows_open,
	.ops = &ops,
};
