/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "failover.h"

#include "server_windows_private.h"

/* Tickets end some time, and members of groups change. */
#define CONNECTION_AGE_MS (4u * 3600 * 1000)

/* The helper ends a call by itself; it has so much more time for that. */
#define GRACE_MS 1000u

/*
 * A wrong password that is offered at each poll locks the account.  The first
 * refusal may have been a mishap.
 */
#define REFUSALS_MOST 2u
#define REFUSAL_WAIT_MS (10u * 60 * 1000)

/* clang-format off */
static const struct op {
	enum msdhcpm_op op;
	const char *name;
	bool change;
} ops[] = {
	{ MSDHCPM_CREATE,             "create",               true },
	{ MSDHCPM_SET,                "set",                  true },
	{ MSDHCPM_DELETE,             "delete",               true },
	{ MSDHCPM_GET,                "get",                  false },
	{ MSDHCPM_ENUM,               "list",                 false },
	{ MSDHCPM_ADD_SCOPES,         "add scopes",           true },
	{ MSDHCPM_DELETE_SCOPES,      "delete scopes",        true },
	{ MSDHCPM_SCOPE_RELATIONSHIP, "scope's relationship", false },
	{ MSDHCPM_SCOPE_STATISTICS,   "statistics",           false },
	{ MSDHCPM_SYSTEM_TIME,        "time",                 false },
	{ MSDHCPM_TRIGGER_ALLOCATION, "trigger allocation",   true },
	{ MSDHCPM_ADDRESS_STATUS,     "address status",       false },
};
/* clang-format on */

static const struct op *
find_op(enum msdhcpm_op op)
{
	size_t i;

	for (i = 0; i + 1 < nitems(ops); i++)
		if (ops[i].op == op)
			break;
	return &ops[i];
}

void
windows_forget(struct windows_answer *answer)
{
	helper_forget(&answer->message);
	arena_free(&answer->arena, 1);
}

/* ---------------------------------------------------------------- connecting
 */

/* Nothing has been asked of the server yet, so nothing can be in doubt. */
static enum dhcp_error
not_reached(enum dhcp_error error)
{
	if (error == ERROR_TIMEOUT || error == RPC_S_CALL_FAILED ||
	    error == RPC_S_CALL_FAILED_DNE)
		return RPC_S_SERVER_UNAVAILABLE;
	return error;
}

static enum dhcp_error
ask_to_connect(struct failover_server *server,
    const struct helper_message *question)
{
	struct windows *windows = server->impl;
	struct helper_message message;
	struct helper_answer answer;
	enum dhcp_error error;

	error = helper_ask(&windows->helper, question,
	    windows->options->connect_timeout * 1000, &message, &answer);
	if (error != ERROR_SUCCESS)
		return failover_server_failed(server, not_reached(error),
		    "cannot connect: %s", windows->helper.why);
	if ((error = not_reached(answer.error)) != ERROR_SUCCESS)
		failover_server_failed(server, error, "cannot connect: %s",
		    answer.text);
	helper_forget(&message);
	return error;
}

static enum dhcp_error
connect_anew(struct failover_server *server)
{
	struct windows *windows = server->impl;
	const struct windows_options *options = windows->options;
	const struct helper_settings settings = {
		.port = options->port,
		.mapper_port = options->mapper_port,
		.call_timeout = options->call_timeout,
		.ntlm = options->ntlm,
		.address = server->address,
		.target = options->target[0] != '\0' ? options->target :
						       server->address,
		.credentials = options->credentials,
		.keytab = options->keytab,
		.principal = options->principal,
		.ccache = options->ccache,
	};
	struct helper_message question = { .kind = HELPER_CONNECT };
	struct ndr_writer body = { .at = NULL };
	enum dhcp_error error;

	helper_settings_write(&body, &settings);
	question.body = body.at;
	question.n = body.n;
	error = body.error;
	if (error == ERROR_SUCCESS)
		error = ask_to_connect(server, &question);
	ndr_writer_free(&body);
	windows->connected = error == ERROR_SUCCESS;
	windows->connected_at = helper_clock();
	return error;
}

/* Only a password can be wrong in the sense of who counts that. */
static bool
offers_password(const struct windows_options *options)
{
	return options->credentials[0] != '\0' && options->keytab[0] == '\0' &&
	    options->ccache[0] == '\0';
}

static struct timespec
file_changed(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ctim : (struct timespec){ 0, 0 };
}

static bool
is_refused_still(struct windows *windows, const struct timespec *file)
{
	/* Another password: nothing is known of it. */
	if (file->tv_sec != windows->refused_file.tv_sec ||
	    file->tv_nsec != windows->refused_file.tv_nsec)
		windows->refusals = 0;
	return windows->refusals >= REFUSALS_MOST &&
	    helper_clock() - windows->refused_at < REFUSAL_WAIT_MS;
}

static void
note_refusal(struct failover_server *server, const struct timespec *file)
{
	struct windows *windows = server->impl;

	windows->refusals++;
	windows->refused_at = helper_clock();
	windows->refused_file = *file;
	memcpy(windows->refusal, server->why, sizeof(windows->refusal));
}

static enum dhcp_error
connect_to(struct failover_server *server)
{
	struct windows *windows = server->impl;
	const struct timespec file =
	    file_changed(windows->options->credentials);
	enum dhcp_error error;

	if (is_refused_still(windows, &file))
		return failover_server_failed(server, ERROR_ACCESS_DENIED, "%s",
		    windows->refusal);
	error = connect_anew(server);
	if (error == ERROR_ACCESS_DENIED && offers_password(windows->options))
		note_refusal(server, &file);
	else if (error == ERROR_SUCCESS)
		windows->refusals = 0;
	return error;
}

/* ---------------------------------------------------------------- calling */

/* Make the call on the connection there is. */
static enum dhcp_error
call_once(struct failover_server *server, const struct op *op,
    const struct ndr_writer *request, struct windows_answer *answer)
{
	struct windows *windows = server->impl;
	const struct helper_message question = {
		.kind = HELPER_CALL,
		.number = (uint16_t)op->op,
		.body = request->at,
		.n = request->n,
	};
	struct helper_answer said;
	enum dhcp_error error;

	error = helper_ask(&windows->helper, &question,
	    windows->options->call_timeout * 1000 + GRACE_MS, &answer->message,
	    &said);
	if (error != ERROR_SUCCESS) {
		windows->connected = false;
		return failover_server_failed(server, error, "%s: %s", op->name,
		    windows->helper.why);
	}
	answer->reader = (struct ndr_reader){
		.at = said.results,
		.n = said.n,
		.arena = &answer->arena,
	};
	if (said.error == ERROR_SUCCESS)
		return ERROR_SUCCESS;

	/* Whatever it was, the next call is on firm ground again. */
	windows->connected = false;
	failover_server_failed(server, said.error, "%s: %s", op->name,
	    said.text);
	helper_forget(&answer->message);
	return said.error;
}

/* Does it do no harm to make the call again, on another connection? */
static bool
may_repeat(const struct op *op, enum dhcp_error error)
{
	return error == RPC_S_CALL_FAILED_DNE ||
	    (error == RPC_S_CALL_FAILED && !op->change);
}

static enum dhcp_error
call(struct failover_server *server, const struct op *op,
    const struct ndr_writer *request, struct windows_answer *answer)
{
	struct windows *windows = server->impl;
	enum dhcp_error error;
	bool again = true;

	if (windows->connected &&
	    helper_clock() - windows->connected_at > CONNECTION_AGE_MS)
		windows->connected = false;
	for (;;) {
		if (!windows->connected &&
		    (error = connect_to(server)) != ERROR_SUCCESS)
			return error;
		error = call_once(server, op, request, answer);
		if (error == ERROR_SUCCESS) {
			server->why[0] = '\0'; /* of the first attempt */
			return error;
		}
		if (!again || !may_repeat(op, error))
			return error;
		again = false;
	}
}

enum dhcp_error
windows_call(struct failover_server *server, enum msdhcpm_op op,
    struct ndr_writer *request, struct windows_answer *answer)
{
	enum dhcp_error error = request->error;

	*answer = (struct windows_answer){ .message = { .body = NULL } };
	if (error == ERROR_SUCCESS)
		error = call(server, find_op(op), request, answer);
	ndr_writer_free(request);
	return error;
}

enum dhcp_error
windows_result(struct failover_server *server, enum msdhcpm_op number,
    enum dhcp_error read, DWORD status)
{
	struct windows *windows = server->impl;
	const struct op *op = find_op(number);

	if (read != ERROR_SUCCESS)
		/* Of a change that was made all the same one must look. */
		return failover_server_failed(server,
		    op->change ? RPC_S_CALL_FAILED : read,
		    "%s: the answer could not be read (%s)", op->name,
		    DhcpfoErrorName(read));
	/* Group memberships are looked up when a connection begins. */
	if (status == ERROR_ACCESS_DENIED)
		windows->connected = false;
	return msdhcpm_error(number, status);
}
