/* SPDX-License-Identifier: BSD-2-Clause */
/* The handle of a server: checks, counters, messages and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failover.h"
#include "log.h"
#include "server.h"

#define assert_error(is, should) \
	assert_string_equal(DhcpfoErrorName(is), DhcpfoErrorName(should))

static char logged[4096];
static unsigned int logged_lines;

static void
log_to_memory(enum log_level level, const char *line)
{
	size_t used = strlen(logged);

	(void)level;
	logged_lines++;
	snprintf(logged + used, sizeof(logged) - used, "%s\n", line);
}

/*
 * A server that writes down what it is asked, and answers what it was told to.
 * It has one relationship, ${fake.rel}, unless that has no name.
 */
static struct {
	char calls[1024];
	enum dhcp_error answer; /* of everything but get */
	const char *why; /* said with it, or NULL */
	const char *fails; /* the only call that answers so, or NULL */
	DHCP_FAILOVER_RELATIONSHIP rel;
	enum dhcp_error open_answer;
	unsigned int closed;
} fake;

static enum dhcp_error called(struct failover_server *server,
    const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum dhcp_error
called(struct failover_server *server, const char *format, ...)
{
	size_t used = strlen(fake.calls);
	va_list ap;

	va_start(ap, format);
	vsnprintf(fake.calls + used, sizeof(fake.calls) - used, format, ap);
	va_end(ap);
	if (fake.fails != NULL &&
	    strncmp(fake.calls + used, fake.fails, strlen(fake.fails)) != 0)
		return ERROR_SUCCESS;
	if (fake.why != NULL)
		failover_server_failed(server, fake.answer, "%s", fake.why);
	return fake.answer;
}

static void
call_scopes(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	size_t i, used;

	for (i = 0; i < failover_scope_count(rel); i++) {
		used = strlen(fake.calls);
		snprintf(fake.calls + used, sizeof(fake.calls) - used, "%s%x",
		    i == 0 ? "(" : " ", rel->pScopes->Elements[i]);
	}
	strcat(fake.calls, ");");
}

static enum dhcp_error
fake_list(struct failover_server *server, failover_row_fn *fn, void *arg)
{
	(void)fn;
	(void)arg;
	return called(server, "list;");
}

static enum dhcp_error
fake_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	enum dhcp_error error = called(server, "get %s;", name);

	if (error != ERROR_SUCCESS)
		return error;
	if (fake.rel.RelationshipName == NULL)
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	*rel = failover_dup(&fake.rel);
	return *rel != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

static enum dhcp_error
fake_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return called(server, "set %s %x;", rel->RelationshipName, flags);
}

static enum dhcp_error
fake_create(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return called(server, "create %s;", rel->RelationshipName);
}

static enum dhcp_error
fake_delete(struct failover_server *server, const char *name)
{
	return called(server, "delete %s;", name);
}

static enum dhcp_error
fake_add(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	enum dhcp_error error = called(server, "add");

	call_scopes(rel);
	return error;
}

static enum dhcp_error
fake_remove(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	enum dhcp_error error = called(server, "remove");

	call_scopes(rel);
	return error;
}

static enum dhcp_error
fake_begin(struct failover_server *server)
{
	return called(server, "begin;");
}

static enum dhcp_error
fake_commit(struct failover_server *server)
{
	return called(server, "commit;");
}

static void
fake_rollback(struct failover_server *server)
{
	called(server, "rollback;");
}

static enum dhcp_error
fake_restore(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	return called(server, "restore %s %s;", name,
	    old != NULL ? "old" : "absent");
}

static enum dhcp_error
fake_scope_relationship(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	(void)rel;
	return called(server, "scope_relationship %x;", scope);
}

static enum dhcp_error
fake_scope_statistics(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_STATISTICS *stats)
{
	(void)stats;
	return called(server, "scope_statistics %x;", scope);
}

static enum dhcp_error
fake_system_time(struct failover_server *server, DWORD *now, DWORD *max_delta)
{
	*now = 7;
	*max_delta = 8;
	return called(server, "system_time;");
}

static enum dhcp_error
fake_trigger(struct failover_server *server, const char *name)
{
	return called(server, "trigger %s;", name);
}

static enum dhcp_error
fake_address_status(struct failover_server *server, DHCP_IP_ADDRESS address,
    DWORD *status)
{
	*status = 9;
	return called(server, "address_status %x;", address);
}

static void
fake_close(struct failover_server *server)
{
	(void)server;
	fake.closed++;
}

static enum dhcp_error
fake_open(struct failover_server *server, const void *options)
{
	(void)options;
	if (fake.open_answer != ERROR_SUCCESS && fake.why != NULL)
		failover_server_failed(server, fake.open_answer, "%s",
		    fake.why);
	return fake.open_answer;
}

static const struct failover_server_ops all_ops = {
	.list = fake_list,
	.get = fake_get,
	.set = fake_set,
	.create = fake_create,
	.delete = fake_delete,
	.add_scopes = fake_add,
	.delete_scopes = fake_remove,
	.begin = fake_begin,
	.commit = fake_commit,
	.rollback = fake_rollback,
	.restore = fake_restore,
	.scope_relationship = fake_scope_relationship,
	.scope_statistics = fake_scope_statistics,
	.system_time = fake_system_time,
	.trigger_allocation = fake_trigger,
	.address_status = fake_address_status,
	.close = fake_close,
};

/* Without changes of several calls and without a way back of its own. */
static const struct failover_server_ops plain_ops = {
	.get = fake_get,
	.set = fake_set,
	.create = fake_create,
	.delete = fake_delete,
	.add_scopes = fake_add,
	.delete_scopes = fake_remove,
};

static const struct failover_server_ops no_ops;

#define SOME (MCLT | SAFEPERIOD | CHANGESTATE | PREVSTATE | SHAREDSECRET)

static struct failover_server_type all = { .name = "all",
	.sets = FAILOVER_SET_ALL,
	.open = fake_open,
	.ops = &all_ops };
static struct failover_server_type plain = { .name = "plain",
	.sets = SOME,
	.open = fake_open,
	.ops = &plain_ops };
static struct failover_server_type none = { .name = "none",
	.sets = FAILOVER_SET_ALL,
	.open = fake_open,
	.ops = &no_ops };

static char name_a[] = "a", secret[] = "s3cret";
static DHCP_IP_ADDRESS scopes[] = { 0x0A010000, 0x0A020000 };
static DHCP_IP_ARRAY array = { 2, scopes };
static DHCP_FAILOVER_RELATIONSHIP rel;

static struct failover_server *
open_type(const struct failover_server_type *type)
{
	struct failover_server *server;

	assert_error(failover_server_open(type, "here", "192.0.2.1", NULL,
			 &server),
	    ERROR_SUCCESS);
	return server;
}

static int
setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	logged[0] = '\0';
	logged_lines = 0;
	log_open(log_to_memory, NULL);
	array = (DHCP_IP_ARRAY){ 2, scopes };
	rel = (DHCP_FAILOVER_RELATIONSHIP){ .PrimaryServer = 1,
		.SecondaryServer = 2,
		.State = NORMAL,
		.Mclt = 3600,
		.SafePeriod = 60,
		.RelationshipName = name_a,
		.pScopes = &array,
		.Percentage = 50 };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_open(NULL, NULL);
	return 0;
}

/* ---------------------------------------------------------------- calls */

static bool
take_row(void *arg, const struct failover_row *row)
{
	(void)arg;
	(void)row;
	return true;
}

/* Every call once: with good arguments, or with what is checked wrong. */
static enum dhcp_error
call(struct failover_server *server, unsigned int which, bool good)
{
	static DHCP_FAILOVER_STATISTICS stats;
	DHCP_FAILOVER_RELATIONSHIP *got = NULL, *in = good ? &rel : NULL;
	const char *name = good ? "a" : NULL;
	enum dhcp_error error;
	DWORD out;

	switch (which) {
	case 0:
		return failover_server_list(server, good ? take_row : NULL,
		    NULL);
	case 1:
		error = failover_server_get(server, name, &got);
		failover_free(got);
		return error;
	case 2:
		return failover_server_set(server, MCLT, in);
	case 3:
		return failover_server_create(server, in);
	case 4:
		return failover_server_delete(server, name);
	case 5:
		return failover_server_add_scopes(server, in);
	case 6:
		return failover_server_delete_scopes(server, in);
	case 7:
		return failover_server_scope_relationship(server, good, &got);
	case 8:
		return failover_server_scope_statistics(server, good, &stats);
	case 9:
		return failover_server_system_time(server, good ? &out : NULL,
		    NULL);
	case 10:
		return failover_server_trigger_allocation(server, name);
	case 11:
		return failover_server_address_status(server, 5,
		    good ? &out : NULL);
	}
	fail();
	return ERROR_SUCCESS;
}

#define CALLS 12

static void
calls__with_bad_arguments_are_counted_as_failures_and_not_made(void **state)
{
	struct failover_server *server = open_type(&all);
	unsigned int i;

	(void)state;
	for (i = 0; i < CALLS; i++) {
		assert_error(call(server, i, false), ERROR_INVALID_PARAMETER);
		assert_int_equal(server->report.calls, i + 1);
		assert_int_equal(server->report.failures, i + 1);
	}
	assert_string_equal(fake.calls, "");
	assert_int_equal(server->report.set_calls, 1);
	assert_int_equal(server->report.set_failures, 1);
	assert_string_equal(server->report.last_error_text,
	    DhcpfoErrorText(ERROR_INVALID_PARAMETER));
	assert_int_equal(logged_lines, 0);
	failover_server_close(server);
}

static void
calls__reach_the_type_and_are_counted(void **state)
{
	struct failover_server *server = open_type(&all);
	unsigned int i;

	(void)state;
	fake.rel = rel;
	for (i = 0; i < CALLS; i++)
		assert_error(call(server, i, true), ERROR_SUCCESS);
	assert_string_equal(fake.calls,
	    "list;get a;set a 1;create a;delete a;add(a010000 a020000);"
	    "remove(a010000 a020000);scope_relationship 1;scope_statistics 1;"
	    "system_time;trigger a;address_status 5;");
	assert_int_equal(server->report.calls, CALLS);
	assert_int_equal(server->report.failures, 0);
	assert_int_equal(server->report.set_calls, 1);
	assert_int_equal(server->report.set_failures, 0);
	assert_int_equal(server->report.last_error_time, 0);
	assert_int_equal(server->report.last_error, ERROR_SUCCESS);
	failover_server_close(server);
	assert_int_equal(fake.closed, 1);
}

static void
calls__that_the_type_does_not_offer_are_not_supported(void **state)
{
	struct failover_server *server = open_type(&none);
	unsigned int i;

	(void)state;
	for (i = 0; i < CALLS; i++) {
		/* Arguments are looked at first. */
		assert_error(call(server, i, false), ERROR_INVALID_PARAMETER);
		assert_error(call(server, i, true), ERROR_NOT_SUPPORTED);
	}
	assert_int_equal(server->report.calls, 2 * CALLS);
	assert_int_equal(server->report.failures, 2 * CALLS);
	assert_int_equal(logged_lines, 0);
	assert_error(failover_server_begin(server), ERROR_SUCCESS);
	assert_error(failover_server_commit(server), ERROR_SUCCESS);
	failover_server_rollback(server);
	assert_false(failover_server_atomic(server));
	assert_error(failover_server_restore(server, "a", NULL),
	    ERROR_NOT_SUPPORTED);
	assert_error(failover_server_restore(server, "a", &rel),
	    ERROR_NOT_SUPPORTED);
	failover_server_close(server);
}

static void
set__of_flags_that_the_type_has_not_is_not_supported_and_not_made(void **state)
{
	struct failover_server *server = open_type(&plain);
	DWORD flags;

	(void)state;
	for (flags = 1; flags <= FAILOVER_SET_ALL; flags++) {
		fake.calls[0] = '\0';
		if ((flags & ~SOME) == 0) {
			assert_error(failover_server_set(server, flags, &rel),
			    ERROR_SUCCESS);
			assert_string_not_equal(fake.calls, "");
		} else {
			assert_error(failover_server_set(server, flags, &rel),
			    ERROR_NOT_SUPPORTED);
			assert_string_equal(fake.calls, "");
		}
	}
	/* What is wrong comes before what is not supported. */
	assert_error(failover_server_set(server, MODE | 0x80, &rel),
	    ERROR_INVALID_PARAMETER);
	rel.Percentage = 101;
	assert_error(failover_server_set(server, PERCENTAGE, &rel),
	    ERROR_INVALID_PARAMETER);
	failover_server_close(server);
}

static void
set__that_fails_is_counted_as_such(void **state)
{
	struct failover_server *server = open_type(&all);
	time_t before = time(NULL);

	(void)state;
	fake.answer = ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	assert_error(failover_server_set(server, MCLT, &rel), fake.answer);
	assert_int_equal(server->report.calls, 1);
	assert_int_equal(server->report.failures, 1);
	assert_int_equal(server->report.set_calls, 1);
	assert_int_equal(server->report.set_failures, 1);
	assert_error(server->report.last_error, fake.answer);
	assert_true(server->report.last_error_time >= before);
	assert_string_equal(server->report.last_error_text,
	    DhcpfoErrorText(fake.answer));
	assert_int_equal(logged_lines, 0);
	failover_server_close(server);
}

static void
system_time__may_be_asked_without_a_tolerance(void **state)
{
	struct failover_server *server = open_type(&all);
	DWORD now, delta;

	(void)state;
	assert_error(failover_server_system_time(server, &now, NULL),
	    ERROR_SUCCESS);
	assert_int_equal(now, 7);
	assert_error(failover_server_system_time(server, &now, &delta),
	    ERROR_SUCCESS);
	assert_int_equal(delta, 8);
	failover_server_close(server);
}

static void
open__that_fails_says_why_and_leaves_nothing(void **state)
{
	struct failover_server *server = NULL;

	(void)state;
	fake.open_answer = ERROR_GEN_FAILURE;
	fake.why = "no such thing";
	assert_error(failover_server_open(&all, "here", NULL, NULL, &server),
	    ERROR_GEN_FAILURE);
	assert_null(server);
	assert_string_equal(logged,
	    "server \"here\": no such thing (ERROR_GEN_FAILURE, 31)\n");
	assert_int_equal(fake.closed, 0);
	failover_server_close(NULL);
}

static void
type__is_found_by_its_name(void **state)
{
	(void)state;
	assert_non_null(failover_server_type("local"));
	assert_int_equal(failover_server_type("local")->kind,
	    FAILOVER_SERVER_LOCAL);
	assert_null(failover_server_type("LOCAL"));
	assert_null(failover_server_type(""));
}

/* ---------------------------------------------------------------- trouble */

static void
trouble__is_logged_once_until_it_changes_or_is_over(void **state)
{
	struct failover_server *server = open_type(&all);
	unsigned int i;

	(void)state;
	fake.answer = ERROR_TIMEOUT;
	fake.why = "no answer";
	for (i = 0; i < 3; i++)
		assert_error(call(server, 4, true), ERROR_TIMEOUT);
	assert_string_equal(logged,
	    "server \"here\": no answer (ERROR_TIMEOUT, 1460)\n");
	assert_string_equal(server->report.last_error_text, "no answer");
	assert_string_equal(server->why, "no answer");

	/* A caller's mistake in between is no news, and no recovery. */
	assert_error(call(server, 4, false), ERROR_INVALID_PARAMETER);
	assert_string_equal(server->why, "");
	assert_error(call(server, 4, true), ERROR_TIMEOUT);
	assert_int_equal(logged_lines, 1);

	fake.why = "refused";
	assert_error(call(server, 4, true), ERROR_TIMEOUT);
	assert_int_equal(logged_lines, 2);
	fake.answer = ERROR_GEN_FAILURE; /* the same words, another code */
	assert_error(call(server, 4, true), ERROR_GEN_FAILURE);
	assert_int_equal(logged_lines, 3);

	logged[0] = '\0';
	fake.answer = ERROR_SUCCESS;
	fake.why = NULL;
	for (i = 0; i < 3; i++)
		assert_error(call(server, 4, true), ERROR_SUCCESS);
	assert_string_equal(logged, "server \"here\": works again\n");

	fake.answer = ERROR_GEN_FAILURE;
	fake.why = "refused";
	assert_error(call(server, 4, true), ERROR_GEN_FAILURE);
	assert_int_equal(logged_lines, 5);
	failover_server_close(server);
}

/* A poll lists and asks for the time: two lines at each would be for ever. */
static void
trouble__with_the_time_is_not_over_because_the_listing_went_well(void **state)
{
	struct failover_server *server = open_type(&all);
	unsigned int i;
	DWORD now;

	(void)state;
	fake.answer = ERROR_TIMEOUT;
	fake.why = "no time";
	fake.fails = "system_time";
	for (i = 0; i < 3; i++) {
		assert_error(call(server, 0, true), ERROR_SUCCESS);
		assert_error(failover_server_system_time(server, &now, NULL),
		    ERROR_TIMEOUT);
	}
	assert_int_equal(logged_lines, 1);
	/* Trouble with the listing is other trouble, and is over with it. */
	fake.why = "no list";
	fake.fails = "list";
	assert_error(call(server, 0, true), ERROR_TIMEOUT);
	assert_int_equal(logged_lines, 2);
	fake.fails = "nothing";
	assert_error(call(server, 0, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 3);
	assert_non_null(strstr(logged, "works again"));

	fake.fails = "system_time";
	assert_error(failover_server_system_time(server, &now, NULL),
	    ERROR_TIMEOUT);
	fake.fails = "nothing";
	assert_error(call(server, 0, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 4);
	assert_error(failover_server_system_time(server, &now, NULL),
	    ERROR_SUCCESS);
	assert_int_equal(logged_lines, 5);
	failover_server_close(server);
}

/* Nor is that of a change, when the time was trouble before it. */
static void
trouble__with_the_time_and_a_change_is_not_over_with_the_listing(void **state)
{
	struct failover_server *server = open_type(&all);
	DWORD now;

	(void)state;
	fake.answer = ERROR_TIMEOUT;
	fake.why = "no time";
	fake.fails = "system_time";
	assert_error(call(server, 0, true), ERROR_SUCCESS);
	assert_error(failover_server_system_time(server, &now, NULL),
	    ERROR_TIMEOUT);
	fake.why = "no set";
	fake.fails = "set";
	assert_error(call(server, 2, true), ERROR_TIMEOUT);
	assert_int_equal(logged_lines, 2);
	assert_error(call(server, 0, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 2);
	failover_server_close(server);
}

/* A full disk can be read: that is no reason to say that all is well. */
static void
trouble__with_a_change_is_not_said_to_be_over_when_reading_goes_well(
    void **state)
{
	struct failover_server *server = open_type(&all);
	unsigned int i;

	(void)state;
	fake.answer = ERROR_DISK_FULL;
	fake.why = "disk full";
	for (i = 0; i < 2; i++) {
		fake.fails = "set";
		assert_error(call(server, 2, true), ERROR_DISK_FULL);
		assert_int_equal(logged_lines, i + 1);
		fake.fails = "nothing";
		assert_error(call(server, 0, true), ERROR_SUCCESS);
		assert_int_equal(logged_lines, i + 1);
	}
	/* What has kept it from being read, too, is over with that. */
	fake.fails = NULL;
	assert_error(call(server, 2, true), ERROR_DISK_FULL);
	assert_error(call(server, 0, true), ERROR_DISK_FULL);
	assert_int_equal(logged_lines, 3);
	fake.fails = "nothing";
	assert_error(call(server, 0, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 4);
	assert_non_null(strstr(logged, "works again"));
	fake.fails = "list";
	assert_error(call(server, 0, true), ERROR_DISK_FULL);
	fake.why = "disk still full";
	fake.fails = "set";
	assert_error(call(server, 2, true), ERROR_DISK_FULL);
	assert_int_equal(logged_lines, 6);
	fake.fails = "nothing";
	assert_error(call(server, 0, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 7);
	/* And in a change that of a change is. */
	fake.fails = "set";
	assert_error(call(server, 2, true), ERROR_DISK_FULL);
	fake.fails = "nothing";
	assert_error(call(server, 2, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 9);
	failover_server_close(server);
}

static void
trouble__of_a_commit_is_not_over_because_the_calls_before_went_well(
    void **state)
{
	struct failover_server *server = open_type(&all);
	unsigned int i;

	(void)state;
	fake.answer = ERROR_DISK_FULL;
	fake.why = "disk full";
	fake.fails = "commit";
	for (i = 0; i < 3; i++) {
		assert_error(failover_server_begin(server), ERROR_SUCCESS);
		assert_error(call(server, 2, true), ERROR_SUCCESS);
		assert_error(failover_server_commit(server), ERROR_DISK_FULL);
		failover_server_rollback(server);
	}
	assert_int_equal(logged_lines, 1);
	fake.fails = "nothing";
	assert_error(failover_server_begin(server), ERROR_SUCCESS);
	assert_error(call(server, 2, true), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 1);
	assert_error(failover_server_commit(server), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 2);
	assert_non_null(strstr(logged, "works again"));
	failover_server_close(server);
}

static void
trouble__in_many_words_is_cut_between_characters(void **state)
{
	struct failover_server *server = open_type(&all);
	char words[600];
	size_t i, n;

	(void)state;
	fake.answer = ERROR_GEN_FAILURE;
	fake.why = words;
	for (i = 0; i < 5; i++) {
		/* Every place where it may be cut in a character of 4. */
		memset(words, 'x', i);
		for (n = i; n < sizeof(words) - 5; n += 4)
			memcpy(words + n, "\xF0\x9F\x98\x80", 4);
		words[n] = '\0';
		call(server, 4, true);
		n = strlen(server->report.last_error_text);
		assert_true(n < sizeof(server->why));
		assert_true(n > sizeof(server->why) - 5);
		assert_int_equal((n - i) % 4, 0);
		assert_true(failover_utf16_units(server->why) != SIZE_MAX);
	}
	memset(words, 'y', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	call(server, 4, true);
	assert_int_equal(strlen(server->why), sizeof(server->why) - 1);
	failover_server_close(server);
}

static void
steps__that_are_no_calls_count_only_when_they_fail(void **state)
{
	struct failover_server *server = open_type(&all);

	(void)state;
	assert_true(failover_server_atomic(server));
	assert_error(failover_server_begin(server), ERROR_SUCCESS);
	assert_error(failover_server_commit(server), ERROR_SUCCESS);
	failover_server_rollback(server);
	assert_error(failover_server_restore(server, "a", &rel), ERROR_SUCCESS);
	assert_error(failover_server_restore(server, "a", NULL), ERROR_SUCCESS);
	assert_string_equal(fake.calls,
	    "begin;commit;rollback;restore a old;restore a absent;");
	assert_int_equal(server->report.calls, 0);
	fake.answer = ERROR_BUSY;
	assert_error(failover_server_begin(server), ERROR_BUSY);
	assert_error(failover_server_commit(server), ERROR_BUSY);
	assert_error(failover_server_restore(server, "a", &rel), ERROR_BUSY);
	assert_error(failover_server_restore(server, NULL, &rel),
	    ERROR_INVALID_PARAMETER);
	assert_int_equal(server->report.calls, 4);
	assert_int_equal(server->report.failures, 4);
	assert_int_equal(server->report.set_calls, 0);
	failover_server_close(server);
}

/* ------------------------------------------------- the way back by calls */

/* What is asked of a type without restore to make "a" what ${old} is. */
static void
assert_way_back(const DHCP_FAILOVER_RELATIONSHIP *old, enum dhcp_error should,
    const char *calls)
{
	struct failover_server *server = open_type(&plain);

	fake.calls[0] = '\0';
	assert_error(failover_server_restore(server, "a", old), should);
	assert_string_equal(fake.calls, calls);
	assert_int_equal(server->report.calls, should != ERROR_SUCCESS);
	assert_int_equal(server->report.set_calls, 0);
	failover_server_close(server);
}

static void
restore__by_calls_deletes_what_was_created(void **state)
{
	(void)state;
	assert_way_back(NULL, ERROR_SUCCESS, "delete a;");
	fake.answer = ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	assert_way_back(NULL, ERROR_SUCCESS, "delete a;");
	fake.answer = ERROR_ACCESS_DENIED;
	assert_way_back(NULL, ERROR_ACCESS_DENIED, "delete a;");
}

static void
restore__by_calls_creates_what_was_deleted_and_its_states(void **state)
{
	(void)state;
	assert_way_back(&rel, ERROR_SUCCESS, "get a;create a;set a 24;");
	/* Whoever does not tell a secret cannot be given it back. */
	assert_non_null(strstr(logged, "\"a\": made anew without a secret"));
	assert_int_equal(logged_lines, 1);
	rel.SharedSecret = secret;
	assert_way_back(&rel, ERROR_SUCCESS, "get a;create a;set a 24;");
	assert_int_equal(logged_lines, 1);
	rel.SharedSecret = NULL;
	rel.SafePeriod = 0; /* Create makes that "never" */
	assert_way_back(&rel, ERROR_SUCCESS, "get a;create a;set a 26;");
	array.NumElements = 0; /* which Create cannot do */
	assert_way_back(&rel, ERROR_INVALID_PARAMETER, "get a;");
	array.NumElements = 2;
	fake.answer = ERROR_GEN_FAILURE;
	fake.fails = "create";
	assert_way_back(&rel, ERROR_GEN_FAILURE, "get a;create a;");
	fake.fails = "set";
	assert_way_back(&rel, ERROR_GEN_FAILURE, "get a;create a;set a 26;");
	fake.fails = "get";
	assert_way_back(&rel, ERROR_GEN_FAILURE, "get a;");
}

static void
restore__by_calls_sets_what_differs_and_the_type_can_set(void **state)
{
	(void)state;
	fake.rel = rel;
	assert_way_back(&rel, ERROR_SUCCESS, "get a;");
	fake.rel.Mclt++;
	fake.rel.Percentage++; /* which the type cannot */
	assert_way_back(&rel, ERROR_SUCCESS, "get a;set a 1;");
	fake.rel.SafePeriod++;
	fake.rel.State = fake.rel.PrevState = PARTNER_DOWN;
	assert_way_back(&rel, ERROR_SUCCESS, "get a;set a 27;");
	rel.SharedSecret = secret;
	assert_way_back(&rel, ERROR_SUCCESS, "get a;set a 67;");
}

static void
restore__by_calls_puts_scopes_back_while_the_state_is_normal(void **state)
{
	static DHCP_IP_ADDRESS others[] = { 0x0A010000, 0x0A030000 };
	static DHCP_IP_ARRAY now = { 2, others };

	(void)state;
	fake.rel = rel;
	fake.rel.pScopes = &now;
	fake.rel.Mclt++;
	assert_way_back(&rel, ERROR_SUCCESS,
	    "get a;remove(a030000);add(a020000);set a 1;");
	fake.rel.State = PARTNER_DOWN;
	assert_way_back(&rel, ERROR_SUCCESS,
	    "get a;set a 5;remove(a030000);add(a020000);");
	rel.pScopes = NULL;
	assert_way_back(&rel, ERROR_SUCCESS,
	    "get a;set a 5;remove(a010000 a030000);");
	fake.answer = ERROR_GEN_FAILURE;
	fake.fails = "set";
	assert_way_back(&rel, ERROR_GEN_FAILURE, "get a;set a 5;");
	fake.fails = "remove";
	fake.rel.State = NORMAL;
	assert_way_back(&rel, ERROR_GEN_FAILURE,
	    "get a;remove(a010000 a030000);");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(
		    calls__with_bad_arguments_are_counted_as_failures_and_not_made),
		TEST(calls__reach_the_type_and_are_counted),
		TEST(calls__that_the_type_does_not_offer_are_not_supported),
		TEST(
		    set__of_flags_that_the_type_has_not_is_not_supported_and_not_made),
		TEST(set__that_fails_is_counted_as_such),
		TEST(system_time__may_be_asked_without_a_tolerance),
		TEST(open__that_fails_says_why_and_leaves_nothing),
		TEST(type__is_found_by_its_name),
		TEST(trouble__is_logged_once_until_it_changes_or_is_over),
		TEST(
		    trouble__with_the_time_and_a_change_is_not_over_with_the_listing),
		TEST(
		    trouble__with_a_change_is_not_said_to_be_over_when_reading_goes_well),
		TEST(
		    trouble__of_a_commit_is_not_over_because_the_calls_before_went_well),
		TEST(
		    trouble__with_the_time_is_not_over_because_the_listing_went_well),
		TEST(trouble__in_many_words_is_cut_between_characters),
		TEST(steps__that_are_no_calls_count_only_when_they_fail),
		TEST(restore__by_calls_deletes_what_was_created),
		TEST(restore__by_calls_creates_what_was_deleted_and_its_states),
		TEST(restore__by_calls_sets_what_differs_and_the_type_can_set),
		TEST(
		    restore__by_calls_puts_scopes_back_while_the_state_is_normal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
