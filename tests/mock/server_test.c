/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every operation is the local server's, called with a handle that for so long
 * is the local server's too, so that what it says of a failure is in place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "server_local.h"

#include "server_test.h"

#define KEYS_MAX 32
#define RULES_MAX 32

/* Our own options, which follow those of the local server. */
struct options {
	char *control, *calls;
	bool atomic;
};

/* clang-format off */
static const struct conf_key own_keys[] = {
	{ "control", CONF_TEXT, offsetof(struct options, control), 0, 255, "" },
	{ "calls",   CONF_TEXT, offsetof(struct options, calls),   0, 255, "" },
	{ "atomic",  CONF_BOOL, offsetof(struct options, atomic),  0, 0,   "yes" },
};
/* clang-format on */

enum when { WHEN_BEFORE, WHEN_AFTER, WHEN_NONE };

struct rule {
	char op[32];
	long delay; /* milliseconds */
	enum dhcp_error code;
	enum when when;
	unsigned long count; /* 0: every call */
	bool later; /* and those after it */
	char name[FAILOVER_NAME_SIZE]; /* "": any */
};

/* How often a line of the control file matched. */
struct tally {
	char line[512];
	unsigned long calls;
};

struct test_server {
	void *local; /* impl of the local server */
	const struct failover_server_type *type; /* ours, while it is local's */
	const struct options *options;
	struct tally tallies[RULES_MAX];
};

static struct conf_key keys[KEYS_MAX];
static const struct failover_server_type test_plain;

/* Where our own options begin. */
static size_t
own_offset(void)
{
	size_t align = _Alignof(struct options);

	return (failover_server_local.options_size + align - 1) / align * align;
}

/* ---------------------------------------------------------------- calls */

/* Append a line to the calls file, whole even if several programs write. */
static void note(const struct failover_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
note(const struct failover_server *server, const char *format, ...)
{
	const struct test_server *test = server->impl;
	char line[512];
	va_list ap;
	int fd, length;

	if (test->options->calls[0] == '\0')
		return;
	va_start(ap, format);
	length = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (length < 0 || (size_t)length >= sizeof(line) - 1)
		abort();
	line[length++] = '\n';

	fd = open(test->options->calls,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, line, (size_t)length) != length) {
		perror(test->options->calls);
		abort();
	}
	close(fd);
}

/* ---------------------------------------------------------------- control */

static bool
parse_when(const char *word, enum when *when)
{
	static const char *const words[] = { "before", "after", "none" };

	for (unsigned int i = 0; i < nitems(words); i++)
		if (strcmp(words[i], word) == 0) {
			*when = (enum when)i;
			return true;
		}
	return false;
}

static bool
parse_rule(const char *line, struct rule *rule)
{
	char when[16], count[16] = "0", *rest;
	unsigned long code;
	int n, end = 0;

	memset(rule, 0, sizeof(*rule));
	n = sscanf(line, "%31s %ld %lu %15s %15s %n", rule->op, &rule->delay,
	    &code, when, count, &end);
	if (n < 4 || !parse_when(when, &rule->when))
		return false;
	rule->code = (enum dhcp_error)code;
	rule->count = strtoul(count, &rest, 10); /* "-": 0 */
	rule->later = *rest == '+';
	if (n == 5)
		snprintf(rule->name, sizeof(rule->name), "%s", line + end);
	return true;
}

/* Count the match of ${rule}, which is in ${line}; does it apply now? */
static bool
rule_counts(struct tally *tally, const char *line, const struct rule *rule)
{
	if (strcmp(tally->line, line) != 0) {
		snprintf(tally->line, sizeof(tally->line), "%s", line);
		tally->calls = 0;
	}
	tally->calls++;
	return rule->count == 0 || rule->count == tally->calls ||
	    (rule->later && rule->count < tally->calls);
}

static bool
rule_matches(const struct rule *rule, const char *op, const char *name)
{
	return (strcmp(rule->op, "*") == 0 || strcmp(rule->op, op) == 0) &&
	    (rule->name[0] == '\0' || strcmp(rule->name, name) == 0);
}

/* What the lines of ${file} say about ${op} on ${name}. */
static bool
scan_rules(struct test_server *test, FILE *file, const char *op,
    const char *name, struct rule *found)
{
	struct rule rule;
	char line[512];
	bool seen = false;

	for (size_t i = 0; i < RULES_MAX;) {
		if (fgets(line, sizeof(line), file) == NULL)
			return true;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (!parse_rule(line, &rule))
			return false;
		/* All that match are counted, the first that applies wins. */
		if (rule_matches(&rule, op, name) &&
		    rule_counts(&test->tallies[i], line, &rule) && !seen) {
			*found = rule;
			seen = true;
		}
		i++;
	}
	return false;
}

/* Read what to do about ${op} on ${name}: nothing, when nothing is said. */
static enum dhcp_error
find_rule(struct test_server *test, const char *op, const char *name,
    struct rule *rule)
{
	FILE *file;
	bool good;

	*rule = (struct rule){ .when = WHEN_NONE };
	if (test->options->control[0] == '\0')
		return ERROR_SUCCESS;
	if ((file = fopen(test->options->control, "re")) == NULL)
		return errno == ENOENT ? ERROR_SUCCESS :
		    errno == ENOMEM    ? ERROR_NOT_ENOUGH_MEMORY :
					 ERROR_INVALID_PARAMETER;
	good = scan_rules(test, file, op, name, rule);
	fclose(file);
	return good ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

static void
sleep_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		continue;
}

/* Is ${code} one that says all, being an answer to what was asked? */
static bool
is_answer(enum dhcp_error code)
{
	return code == ERROR_INVALID_PARAMETER || code == ERROR_ACCESS_DENIED ||
	    (code >= ERROR_DHCP_SUBNET_NOT_PRESENT &&
		code <= ERROR_LAST_DHCP_SERVER_ERROR);
}

static enum dhcp_error
told(struct failover_server *server, enum dhcp_error code, const char *op)
{
	if (is_answer(code))
		return code;
	return failover_server_failed(server, code, "%s: told to fail", op);
}

/* Sleep and, if that is wanted now, fail. */
static enum dhcp_error
before(struct failover_server *server, const char *op, const char *name,
    struct rule *rule)
{
	enum dhcp_error error = find_rule(server->impl, op, name, rule);

	if (error != ERROR_SUCCESS)
		return failover_server_failed(server, error,
		    "the control file cannot be used");
	if (rule->delay > 0)
		sleep_ms(rule->delay);
	if (rule->when == WHEN_BEFORE && rule->code != ERROR_SUCCESS)
		return told(server, rule->code, op);
	return ERROR_SUCCESS;
}

static enum dhcp_error
after(struct failover_server *server, const char *op, const struct rule *rule,
    enum dhcp_error error)
{
	if (error == ERROR_SUCCESS && rule->when == WHEN_AFTER &&
	    rule->code != ERROR_SUCCESS)
		return told(server, rule->code, op);
	return error;
}

/* ---------------------------------------------------------------- ops */

/* Make ${server} the local one, and itself again. */
static struct test_server *
become_local(struct failover_server *server)
{
	struct test_server *test = server->impl;

	test->type = server->type;
	server->type = &failover_server_local;
	server->impl = test->local;
	return test;
}

static void
become_test(struct failover_server *server, struct test_server *test)
{
	test->local = server->impl;
	server->type = test->type;
	server->impl = test;
}

/*
 * Do ${op} of the local server between before() and after().  A macro, since
 * there are as many signatures as operations.
 */
#define DO(server, error, rule, op, name, ...)                        \
	do {                                                          \
		struct test_server *test_;                            \
                                                                      \
		(error) = before(server, #op, name, rule);            \
		if ((error) != ERROR_SUCCESS)                         \
			break;                                        \
		test_ = become_local(server);                         \
		(error) = failover_server_local.ops->op(__VA_ARGS__); \
		become_test(server, test_);                           \
		(error) = after(server, #op, rule, error);            \
	} while (0)

static enum dhcp_error
test_list(struct failover_server *server, failover_row_fn *row, void *arg)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "list");
	DO(server, error, &rule, list, "", server, row, arg);
	return error;
}

/* A result that is not to be had, since the call is said to have failed. */
static enum dhcp_error
drop_failed(enum dhcp_error error, DHCP_FAILOVER_RELATIONSHIP *got,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	if (error == ERROR_SUCCESS)
		*rel = got;
	else
		failover_free(got);
	return error;
}

static enum dhcp_error
test_get(struct failover_server *server, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	DHCP_FAILOVER_RELATIONSHIP *got = NULL;
	struct rule rule;
	enum dhcp_error error;

	note(server, "get %s", name);
	DO(server, error, &rule, get, name, server, name, &got);
	return drop_failed(error, got, rel);
}

static enum dhcp_error
test_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const char *name = rel->RelationshipName;
	struct rule rule;
	enum dhcp_error error;

	note(server, "set %s 0x%02x", name, flags);
	DO(server, error, &rule, set, name, server, flags, rel);
	return error;
}

static enum dhcp_error
test_create(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const char *name = rel->RelationshipName;
	struct rule rule;
	enum dhcp_error error;

	note(server, "create %s %zu", name, failover_scope_count(rel));
	DO(server, error, &rule, create, name, server, rel);
	return error;
}

static enum dhcp_error
test_delete(struct failover_server *server, const char *name)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "delete %s", name);
	DO(server, error, &rule, delete, name, server, name);
	return error;
}

static enum dhcp_error
test_add_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const char *name = rel->RelationshipName;
	struct rule rule;
	enum dhcp_error error;

	note(server, "add_scopes %s %zu", name, failover_scope_count(rel));
	DO(server, error, &rule, add_scopes, name, server, rel);
	return error;
}

static enum dhcp_error
test_delete_scopes(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const char *name = rel->RelationshipName;
	struct rule rule;
	enum dhcp_error error;

	note(server, "delete_scopes %s %zu", name, failover_scope_count(rel));
	DO(server, error, &rule, delete_scopes, name, server, rel);
	return error;
}

static void
local_rollback(struct failover_server *server)
{
	struct test_server *test = become_local(server);

	failover_server_local.ops->rollback(server);
	become_test(server, test);
}

/* A begin that fails has begun nothing. */
static enum dhcp_error
test_begin(struct failover_server *server)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "begin");
	DO(server, error, &rule, begin, "", server);
	if (error != ERROR_SUCCESS && rule.when == WHEN_AFTER)
		local_rollback(server);
	return error;
}

/* A commit that fails has changed nothing, unless it was done. */
static enum dhcp_error
test_commit(struct failover_server *server)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "commit");
	DO(server, error, &rule, commit, "", server);
	if (error != ERROR_SUCCESS && rule.when == WHEN_BEFORE)
		local_rollback(server);
	return error;
}

/* This cannot fail, and so it does not. */
static void
test_rollback(struct failover_server *server)
{
	note(server, "rollback");
	local_rollback(server);
}

static enum dhcp_error
test_restore(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "restore %s%s", name, old == NULL ? " absent" : "");
	DO(server, error, &rule, restore, name, server, name, old);
	return error;
}

static enum dhcp_error
test_scope_relationship(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_RELATIONSHIP **rel)
{
	DHCP_FAILOVER_RELATIONSHIP *got = NULL;
	char text[FAILOVER_ADDRESS_SIZE];
	struct rule rule;
	enum dhcp_error error;

	note(server, "scope_relationship %s",
	    failover_address_text(scope, text));
	DO(server, error, &rule, scope_relationship, "", server, scope, &got);
	return drop_failed(error, got, rel);
}

static enum dhcp_error
test_scope_statistics(struct failover_server *server, DHCP_IP_ADDRESS scope,
    DHCP_FAILOVER_STATISTICS *stats)
{
	char text[FAILOVER_ADDRESS_SIZE];
	struct rule rule;
	enum dhcp_error error;

	note(server, "scope_statistics %s", failover_address_text(scope, text));
	DO(server, error, &rule, scope_statistics, "", server, scope, stats);
	return error;
}

static enum dhcp_error
test_system_time(struct failover_server *server, DWORD *now, DWORD *max_delta)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "system_time");
	DO(server, error, &rule, system_time, "", server, now, max_delta);
	return error;
}

static enum dhcp_error
test_trigger_allocation(struct failover_server *server, const char *name)
{
	struct rule rule;
	enum dhcp_error error;

	note(server, "trigger_allocation %s", name);
	DO(server, error, &rule, trigger_allocation, name, server, name);
	return error;
}

static enum dhcp_error
test_address_status(struct failover_server *server, DHCP_IP_ADDRESS address,
    DWORD *status)
{
	char text[FAILOVER_ADDRESS_SIZE];
	struct rule rule;
	enum dhcp_error error;

	note(server, "address_status %s", failover_address_text(address, text));
	DO(server, error, &rule, address_status, "", server, address, status);
	return error;
}

/* ---------------------------------------------------------------- life */

static enum dhcp_error
test_open(struct failover_server *server, const void *options)
{
	struct test_server *test;
	enum dhcp_error error;

	if ((test = calloc(1, sizeof(*test))) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	test->options = (const void *)((const char *)options + own_offset());
	if (!test->options->atomic)
		server->type = &test_plain;

	server->impl = test;
	become_local(server);
	error = failover_server_local.open(server, options);
	become_test(server, test);
	if (error != ERROR_SUCCESS) {
		free(test);
		server->impl = NULL;
	}
	return error;
}

static void
test_close(struct failover_server *server)
{
	struct test_server *test = become_local(server);

	failover_server_local.ops->close(server);
	become_test(server, test);
	free(test);
}

#define COMMON_OPS                                                          \
	.list = test_list, .get = test_get, .set = test_set,                \
	.create = test_create, .delete = test_delete,                       \
	.add_scopes = test_add_scopes, .delete_scopes = test_delete_scopes, \
	.scope_relationship = test_scope_relationship,                      \
	.scope_statistics = test_scope_statistics,                          \
	.system_time = test_system_time,                                    \
	.trigger_allocation = test_trigger_allocation,                      \
	.address_status = test_address_status, .close = test_close

static const struct failover_server_ops test_ops = { COMMON_OPS,
	.begin = test_begin, .commit = test_commit, .rollback = test_rollback,
	.restore = test_restore };
static const struct failover_server_ops test_plain_ops = { COMMON_OPS };

#define COMMON_TYPE                                              \
	.name = "test", .kind = FAILOVER_SERVER_OTHER,           \
	.sets = FAILOVER_SET_ALL, .creates = true, .keys = keys, \
	.open = test_open

struct failover_server_type failover_server_test = { COMMON_TYPE,
	.ops = &test_ops };

/* What a handle with atomic = no becomes when it is opened. */
static const struct failover_server_type test_plain = { COMMON_TYPE,
	.ops = &test_plain_ops };

/* Our keys are the local server's and our own. */
static void assemble_keys(void) __attribute__((constructor));

static void
assemble_keys(void)
{
	size_t n = failover_server_local.nkeys;

	if (n + nitems(own_keys) > nitems(keys))
		abort();
	if (n > 0)
		memcpy(keys, failover_server_local.keys, n * sizeof(keys[0]));
	for (size_t i = 0; i < nitems(own_keys); i++) {
		keys[n + i] = own_keys[i];
		keys[n + i].offset += own_offset();
	}
	failover_server_test.nkeys = n + nitems(own_keys);
	failover_server_test.options_size =
	    own_offset() + sizeof(struct options);
}
