/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.c - the handle of a server: arguments are checked and calls counted
 * here, trouble is logged here once, and changes are taken back here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#include "server.h"

typedef enum dhcp_error set_op(struct failover_server *, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *);

/* One of the calls that take a relationship. */
typedef enum dhcp_error
change_op(struct failover_server *, const DHCP_FAILOVER_RELATIONSHIP *);

const struct failover_server_type *
failover_server_type(const char *name)
{
	size_t i;

	for (i = 0; failover_server_types[i] != NULL; i++) {
		if (strcmp(failover_server_types[i]->name, name) == 0)
			return failover_server_types[i];
	}
	return NULL;
}

/* Drop what is left of a UTF-8 sequence that was cut at the end of ${text}. */
static void
drop_cut_character(char *text)
{
	size_t end, lead, need;
	unsigned char c;

	end = strlen(text);
	for (lead = end; lead > 0 && end - lead < 4; lead--) {
		c = (unsigned char)text[lead - 1];
		if ((c & 0xC0) == 0x80)
			continue;
		need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
		if (end - (lead - 1) < need)
			text[lead - 1] = '\0';
		return;
	}
}

static void say_why(struct failover_server *server, const char *format,
    va_list arguments) __attribute__((format(printf, 2, 0)));

static void
say_why(struct failover_server *server, const char *format, va_list arguments)
{
	int length;

	length = vsnprintf(server->why, sizeof(server->why), format, arguments);
	if (length >= (int)sizeof(server->why))
		drop_cut_character(server->why);
}

enum dhcp_error
failover_server_failed(struct failover_server *server, enum dhcp_error error,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_why(server, format, arguments);
	va_end(arguments);
	server->refused = false;
	return error;
}

enum dhcp_error
failover_server_refused(struct failover_server *server, enum dhcp_error error,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_why(server, format, arguments);
	va_end(arguments);
	server->refused = true;
	return error;
}

static void
log_trouble(struct failover_server *server, enum dhcp_error error)
{
	char line[sizeof(server->logged)];

	snprintf(line, sizeof(line), "%s (%s, %u)", server->why,
	    DhcpfoErrorName(error), (unsigned int)error);
	/* Other trouble that is not over may be with reading a listing. */
	server->logged_change = server->changes &&
	    (server->logged[0] == '\0' || server->logged_change ||
		server->logged_time);
	if (strcmp(line, server->logged) == 0)
		return;
	memcpy(server->logged, line, sizeof(line));
	server->logged_time = server->asks_time;
	log_err("server \"%s\": %s", server->name, line);
}

static void
log_recovery(struct failover_server *server)
{
	if (server->changing || server->logged[0] == '\0')
		return;
	/* Each poll lists before it asks for the time: that proves nothing. */
	if (server->logged_time && !server->asks_time)
		return;
	server->logged[0] = '\0';
	/* Nor does what can be read prove that it can be changed. */
	if (server->logged_change && !server->changes)
		return;
	log_notice("server \"%s\": works again", server->name);
}

static void
record_failure(struct failover_server *server, enum dhcp_error error)
{
	struct failover_server_report *report = &server->report;
	const char *text;

	report->failures++;
	report->last_error = error;
	report->last_error_time = time(NULL);
	text = server->why[0] != '\0' ? server->why : DhcpfoErrorText(error);
	snprintf(report->last_error_text, sizeof(report->last_error_text), "%s",
	    text);

	/* Without words it is an answer to what the caller asked for. */
	if (server->why[0] == '\0')
		return;
	if (server->refused)
		log_notice("server \"%s\": %s (%s, %u)", server->name,
		    server->why, DhcpfoErrorName(error), (unsigned int)error);
	else
		log_trouble(server, error);
}

/* Before a call: ${checked} is what its first step found. */
static enum dhcp_error
start(struct failover_server *server, enum dhcp_error checked, bool offered)
{
	server->why[0] = '\0';
	if (checked != ERROR_SUCCESS)
		return checked;
	return offered ? ERROR_SUCCESS : ERROR_NOT_SUPPORTED;
}

/* After a call: count it and remember how it went. */
static enum dhcp_error
finish(struct failover_server *server, enum dhcp_error error)
{
	server->report.calls++;
	if (error == ERROR_SUCCESS)
		log_recovery(server);
	else
		record_failure(server, error);
	return error;
}

/* The same after one that changes something. */
static enum dhcp_error
finish_change(struct failover_server *server, enum dhcp_error error)
{
	server->changes = true;
	error = finish(server, error);
	server->changes = false;
	return error;
}

/* The same after a step of a change, which is no call unless it fails. */
static enum dhcp_error
finish_step(struct failover_server *server, enum dhcp_error error)
{
	return error == ERROR_SUCCESS ? error : finish_change(server, error);
}

static enum dhcp_error
given(bool all)
{
	return all ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

enum dhcp_error
failover_server_open(const struct failover_server_type *type, const char *name,
    const char *address, const void *options, struct failover_server **server)
{
	struct failover_server *opened;
	enum dhcp_error error;

	if ((opened = calloc(1, sizeof(*opened))) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	opened->type = type;
	opened->name = name;
	opened->address = address;
	opened->sets = type->sets;
	if ((error = type->open(opened, options)) != ERROR_SUCCESS)
		goto err1;

	/* Success! */
	*server = opened;
	return ERROR_SUCCESS;

err1:
	if (opened->why[0] != '\0')
		log_trouble(opened, error);
	free(opened);
	return error;
}

void
failover_server_close(struct failover_server *server)
{
	if (server == NULL)
		return;
	if (server->type->ops->close != NULL)
		server->type->ops->close(server);
	free(server);
}

enum dhcp_error
failover_server_list(struct failover_server *server, failover_row_fn *fn,
    void *arg)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error = start(server, given(fn != NULL), ops->list != NULL);
	if (error == ERROR_SUCCESS)
		error = ops->list(server, fn, arg);
	return finish(server, error);
}

enum dhcp_error
failover_server_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error =
	    start(server, given(name != NULL && rel != NULL), ops->get != NULL);
	if (error == ERROR_SUCCESS)
		error = ops->get(server, name, rel);
	return finish(server, error);
}

static enum dhcp_error
set_by(struct failover_server *server, set_op *op, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	enum dhcp_error error;

	error = start(server, failover_check_set(flags, rel),
	    op != NULL && (flags & ~server->sets) == 0);
	if (error == ERROR_SUCCESS)
		error = op(server, flags, rel);
	server->report.set_calls++;
	if (error != ERROR_SUCCESS)
		server->report.set_failures++;
	return finish_change(server, error);
}

enum dhcp_error
failover_server_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return set_by(server, server->type->ops->set, flags, rel);
}

enum dhcp_error
failover_server_set_back(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const struct failover_server_ops *ops = server->type->ops;

	return set_by(server, ops->set_back != NULL ? ops->set_back : ops->set,
	    flags, rel);
}

/* The calls that differ in their check and their operation only. */
static enum dhcp_error
change(struct failover_server *server, enum dhcp_error checked, change_op *op,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	enum dhcp_error error;

	error = start(server, checked, op != NULL);
	if (error == ERROR_SUCCESS)
		error = op(server, rel);
	return finish_change(server, error);
}

enum dhcp_error
failover_server_create(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return change(server, failover_check_create(rel),
	    server->type->ops->create, rel);
}

enum dhcp_error
failover_server_add_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return change(server, failover_check_scopes(rel),
	    server->type->ops->add_scopes, rel);
}

enum dhcp_error
failover_server_delete_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return change(server, failover_check_scopes(rel),
	    server->type->ops->delete_scopes, rel);
}

enum dhcp_error
failover_server_delete(struct failover_server *server, const char *name)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error = start(server, given(name != NULL), ops->delete != NULL);
	if (error == ERROR_SUCCESS)
		error = (*ops->delete)(server, name);
	return finish_change(server, error);
}

enum dhcp_error
failover_server_scope_relationship(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_RELATIONSHIP **rel)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error = start(server, given(scope != 0 && rel != NULL),
	    ops->scope_relationship != NULL);
	if (error == ERROR_SUCCESS)
		error = ops->scope_relationship(server, scope, rel);
	return finish(server, error);
}

enum dhcp_error
failover_server_scope_statistics(struct failover_server *server,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_STATISTICS *stats)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error = start(server, given(scope != 0 && stats != NULL),
	    ops->scope_statistics != NULL);
	if (error == ERROR_SUCCESS)
		error = ops->scope_statistics(server, scope, stats);
	return finish(server, error);
}

enum dhcp_error
failover_server_system_time(struct failover_server *server, DWORD *now,
    DWORD *max_delta)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;
	DWORD unwanted;

	error = start(server, given(now != NULL), ops->system_time != NULL);
	if (error == ERROR_SUCCESS) {
		error = ops->system_time(server, now,
		    max_delta != NULL ? max_delta : &unwanted);
	}
	server->asks_time = true;
	error = finish(server, error);
	server->asks_time = false;
	return error;
}

enum dhcp_error
failover_server_trigger_allocation(struct failover_server *server,
    const char *name)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error =
	    start(server, given(name != NULL), ops->trigger_allocation != NULL);
	if (error == ERROR_SUCCESS)
		error = ops->trigger_allocation(server, name);
	return finish_change(server, error);
}

enum dhcp_error
failover_server_address_status(struct failover_server *server,
    DHCP_IP_ADDRESS address, DWORD *status)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error =
	    start(server, given(status != NULL), ops->address_status != NULL);
	if (error == ERROR_SUCCESS)
		error = ops->address_status(server, address, status);
	return finish(server, error);
}

void
failover_server_unusable(struct failover_server *server)
{
	failover_server_failed(server, ERROR_NOT_ENOUGH_MEMORY,
	    "no memory for what it answered");
	record_failure(server, ERROR_NOT_ENOUGH_MEMORY);
}

bool
failover_server_atomic(const struct failover_server *server)
{
	const struct failover_server_ops *ops = server->type->ops;

	return ops->begin != NULL && ops->commit != NULL &&
	    ops->rollback != NULL;
}

enum dhcp_error
failover_server_begin(struct failover_server *server)
{
	enum dhcp_error error;

	server->why[0] = '\0';
	if (!failover_server_atomic(server))
		return ERROR_SUCCESS;
	error = server->type->ops->begin(server);
	if (error == ERROR_SUCCESS)
		server->changing = true;
	return finish_step(server, error);
}

enum dhcp_error
failover_server_commit(struct failover_server *server)
{
	enum dhcp_error error;

	server->why[0] = '\0';
	if (!failover_server_atomic(server))
		return ERROR_SUCCESS;
	error = server->type->ops->commit(server);
	server->changing = false;
	server->changes = true;
	if (error == ERROR_SUCCESS)
		log_recovery(server);
	server->changes = false;
	return finish_step(server, error);
}

void
failover_server_rollback(struct failover_server *server)
{
	/* server->why stays: it says why there is something to roll back. */
	if (!failover_server_atomic(server))
		return;
	server->type->ops->rollback(server);
	server->changing = false;
}

/* Do ${op} for the scopes of ${have} that ${lack} has not, if there are any. */
static enum dhcp_error
change_difference(struct failover_server *server, change_op *op,
    const DHCP_FAILOVER_RELATIONSHIP *have,
    const DHCP_FAILOVER_RELATIONSHIP *lack)
{
	DHCP_FAILOVER_RELATIONSHIP rel = *have;
	DHCP_IP_ARRAY scopes = { 0, NULL };
	enum dhcp_error error;
	size_t i, n;

	if ((n = failover_scope_count(have)) == 0)
		return ERROR_SUCCESS;
	if ((scopes.Elements = calloc(n, sizeof(*scopes.Elements))) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	for (i = 0; i < n; i++) {
		if (!failover_has_scope(lack, have->pScopes->Elements[i]))
			scopes.Elements[scopes.NumElements++] =
			    have->pScopes->Elements[i];
	}
	rel.pScopes = &scopes;
	error = ERROR_SUCCESS;
	if (scopes.NumElements > 0)
		error = op != NULL ? op(server, &rel) : ERROR_NOT_SUPPORTED;
	free(scopes.Elements);
	return error;
}

static enum dhcp_error
restore_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old,
    const DHCP_FAILOVER_RELATIONSHIP *now)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error = change_difference(server, ops->delete_scopes, now, old);
	if (error != ERROR_SUCCESS)
		return error;
	return change_difference(server, ops->add_scopes, old, now);
}

static enum dhcp_error
restore_members(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old, DWORD flags)
{
	flags &= server->sets;
	if (flags == 0)
		return ERROR_SUCCESS;
	if (server->type->ops->set == NULL)
		return ERROR_NOT_SUPPORTED;
	return server->type->ops->set(server, flags, old);
}

static enum dhcp_error
restore_deleted(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	enum dhcp_error error;
	DWORD flags;

	if (server->type->ops->create == NULL)
		return ERROR_NOT_SUPPORTED;
	if ((error = failover_check_create(old)) != ERROR_SUCCESS)
		return error;
	if ((error = server->type->ops->create(server, old)) != ERROR_SUCCESS)
		return error;
	if (!failover_has_secret(old))
		log_warning("server \"%s\": \"%s\": made anew without a "
			    "secret: if it had one, set it, for it is not told",
		    server->name, old->RelationshipName);

	/* Create has opinions of its own about these. */
	flags = CHANGESTATE | PREVSTATE;
	if (old->SafePeriod == 0)
		flags |= SAFEPERIOD;
	return restore_members(server, old, flags);
}

static DWORD
different_members(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b)
{
	DWORD flags = 0, bit;

	for (bit = 1; bit & FAILOVER_SET_ALL; bit <<= 1)
		if (!failover_equal(a, b, bit))
			flags |= bit;
	return flags;
}

static enum dhcp_error
restore_changed(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old,
    const DHCP_FAILOVER_RELATIONSHIP *now)
{
	enum dhcp_error error;
	DWORD flags;

	/* Not every server tells its secret: without one, leave it alone. */
	flags = different_members(old, now);
	if (!failover_has_secret(old))
		flags &= ~SHAREDSECRET;

	/* Scopes can be added in state NORMAL only: do it while that lasts. */
	if (now->State == NORMAL) {
		error = restore_scopes(server, old, now);
		if (error == ERROR_SUCCESS)
			error = restore_members(server, old, flags);
		return error;
	}
	error = restore_members(server, old, flags);
	if (error == ERROR_SUCCESS)
		error = restore_scopes(server, old, now);
	return error;
}

static enum dhcp_error
restore_created(struct failover_server *server, const char *name)
{
	enum dhcp_error error;

	if (server->type->ops->delete == NULL)
		return ERROR_NOT_SUPPORTED;
	error = (*server->type->ops->delete)(server, name);
	if (error == ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST)
		return ERROR_SUCCESS;
	return error;
}

static enum dhcp_error
restore_by_calls(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	DHCP_FAILOVER_RELATIONSHIP *now;
	enum dhcp_error error;

	if (old == NULL)
		return restore_created(server, name);
	if (server->type->ops->get == NULL)
		return ERROR_NOT_SUPPORTED;
	error = server->type->ops->get(server, name, &now);
	if (error == ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST)
		return restore_deleted(server, old);
	if (error != ERROR_SUCCESS)
		return error;
	error = restore_changed(server, old, now);
	failover_free(now);
	return error;
}

enum dhcp_error
failover_server_restore(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	const struct failover_server_ops *ops = server->type->ops;
	enum dhcp_error error;

	error = start(server, given(name != NULL), true);
	if (error == ERROR_SUCCESS && ops->restore != NULL)
		error = ops->restore(server, name, old);
	else if (error == ERROR_SUCCESS)
		error = restore_by_calls(server, name, old);
	return finish_step(server, error);
}
