/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of dhcpsapi.h, from the configuration that is read for the first of
 * them on, or with the database open: what fails changes nothing, and returns
 * nothing but why.
 */
#include "../unit/local.h"

#include "torture.h"

#define NAMES 3u

struct context;

/* A call, what it does when it goes well, and when it is made. */
struct call {
	const char *name;
	DWORD (*call)(struct context *c);
	bool changes, warm;
};

struct context {
	const struct call *call;
	struct fixture f;
	struct failover_server *behind; /* of a warm call: open all the time */
	char conf[160];
	DHCP_FAILOVER_RELATIONSHIP *old[NAMES];
	struct dump before, after, now;
	/* Of the round: */
	DWORD error;
	void *returned;
	struct wanted w;
	int errors;
};

static const char *const names[NAMES] = { "a", "b", "new" };

static DWORD
call_set(struct context *c)
{
	want(&c->w, "a", 1, 1);
	c->w.rel.Mode = HotStandby;
	c->w.rel.Mclt = 5;
	c->w.rel.State = PARTNER_DOWN;
	return DhcpV4FailoverSetRelationship(NULL, FAILOVER_SET_ALL, &c->w.rel);
}

static DWORD
call_create(struct context *c)
{
	return DhcpV4FailoverCreateRelationship(NULL,
	    want(&c->w, "new", 7, 12));
}

static DWORD
call_delete(struct context *c)
{
	(void)c;
	return DhcpV4FailoverDeleteRelationship(NULL, "a");
}

static DWORD
call_get(struct context *c)
{
	LPDHCP_FAILOVER_RELATIONSHIP rel = NULL;
	DWORD error = DhcpV4FailoverGetRelationship(NULL, "a", &rel);

	c->returned = rel;
	return error;
}

static DWORD
call_enum(struct context *c)
{
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY all = NULL;
	DHCP_RESUME_HANDLE resume = 0;
	DWORD error, n, total;

	error = DhcpV4FailoverEnumRelationship(NULL, &resume, 0xffffffff, &all,
	    &n, &total);
	c->returned = all;
	return error;
}

static DWORD
call_add(struct context *c)
{
	return DhcpV4FailoverAddScopeToRelationship(NULL,
	    want(&c->w, "a", 7, 12));
}

static DWORD
call_remove(struct context *c)
{
	return DhcpV4FailoverDeleteScopeFromRelationship(NULL,
	    want(&c->w, "a", 1, 2));
}

static DWORD
call_scope_relationship(struct context *c)
{
	LPDHCP_FAILOVER_RELATIONSHIP rel = NULL;
	DWORD error =
	    DhcpV4FailoverGetScopeRelationship(NULL, NET(10, 1, 0, 0), &rel);

	c->returned = rel;
	return error;
}

static DWORD
call_scope_statistics(struct context *c)
{
	LPDHCP_FAILOVER_STATISTICS stats = NULL;
	DWORD error =
	    DhcpV4FailoverGetScopeStatistics(NULL, NET(10, 1, 0, 0), &stats);

	c->returned = stats;
	return error;
}

static DWORD
call_system_time(struct context *c)
{
	DWORD now, delta;

	(void)c;
	return DhcpV4FailoverGetSystemTime(NULL, &now, &delta);
}

static DWORD
call_trigger(struct context *c)
{
	(void)c;
	return DhcpV4FailoverTriggerAddrAllocation(NULL, "a");
}

static DWORD
call_address_status(struct context *c)
{
	DWORD status;

	(void)c;
	return DhcpV4FailoverGetAddressStatus(NULL, NET(10, 1, 0, 7), &status);
}

/* What a change is: several calls, and all of them or none. */
static DWORD
call_transaction(struct context *c)
{
	struct failover_server *server = c->f.server;
	enum dhcp_error error;

	if ((error = failover_server_begin(server)) != ERROR_SUCCESS)
		return (DWORD)error;
	want(&c->w, "a", 1, 1);
	c->w.rel.Mclt = 5;
	if ((error = failover_server_set(server, MCLT, &c->w.rel)) !=
		ERROR_SUCCESS ||
	    (error = failover_server_delete(server, "b")) != ERROR_SUCCESS ||
	    (error = failover_server_create(server,
		 want(&c->w, "new", 7, 3))) != ERROR_SUCCESS) {
		failover_server_rollback(server);
		return (DWORD)error;
	}
	return (DWORD)failover_server_commit(server);
}

static DWORD
call_restore(struct context *c)
{
	DHCP_FAILOVER_RELATIONSHIP *rel = want(&c->w, "a", 1, 2);

	rel->Mclt = 1;
	return (DWORD)failover_server_restore(c->f.server, "a", rel);
}

/* clang-format off */
static const struct call calls[] = {
	{ "set", call_set, true, false },
	{ "set", call_set, true, true },
	{ "create", call_create, true, false },
	{ "create", call_create, true, true },
	{ "delete", call_delete, true, true },
	{ "get", call_get, false, false },
	{ "get", call_get, false, true },
	{ "enum", call_enum, false, false },
	{ "enum", call_enum, false, true },
	{ "add_scopes", call_add, true, true },
	{ "delete_scopes", call_remove, true, true },
	{ "scope_relationship", call_scope_relationship, false, true },
	{ "scope_statistics", call_scope_statistics, false, true },
	{ "system_time", call_system_time, false, true },
	{ "trigger_allocation", call_trigger, true, true },
	{ "address_status", call_address_status, false, true },
	{ "transaction", call_transaction, true, false },
	{ "restore", call_restore, true, true },
};
/* clang-format on */

/* ---------------------------------------------------------------- rounds */

static struct failover_server *
from_behind(struct context *c)
{
	return c->behind != NULL ? c->behind : open_server(&c->f);
}

static void
done_behind(struct context *c, struct failover_server *server)
{
	if (c->behind == NULL)
		failover_server_close(server);
}

/* From behind, all as it was in the beginning. */
static void
lead_back(struct context *c)
{
	struct failover_server *server = from_behind(c);
	size_t i;

	for (i = 0; i < NAMES; i++)
		assert_error(failover_server_restore(server, names[i], NULL),
		    ERROR_SUCCESS);
	for (i = 0; i < NAMES; i++)
		assert_error(failover_server_restore(server, names[i],
				 c->old[i]),
		    ERROR_SUCCESS);
	execute(c->f.path,
	    "UPDATE scope SET this_addr_free = 127, partner_addr_free = 127");
	done_behind(c, server);
}

static void
look(struct context *c, struct dump *all)
{
	struct failover_server *server = from_behind(c);

	dump(server, all);
	done_behind(c, server);
}

static void
write_conf(struct context *c)
{
	FILE *file;

	snprintf(c->conf, sizeof(c->conf), "%s/dhcpfod.conf", c->f.dir);
	file = fopen(c->conf, "w");
	assert_non_null(file);
	fprintf(file,
	    "[subagent]\n[server 1]\ntype = local\nname = one\n"
	    "database = %s\n",
	    c->f.path);
	assert_int_equal(fclose(file), 0);
}

/* The call, after the configuration was read if it has not been. */
static DWORD
make_call(struct context *c)
{
	DWORD error = DhcpfoOpen(c->conf);

	if (error != ERROR_SUCCESS && error != ERROR_BUSY)
		return error;
	return c->call->call(c);
}

static void
prepare(void *context)
{
	struct context *c = context;

	lead_back(c);
	failover_server_close(c->f.server);
	c->f.server = open_server(&c->f);
	DhcpfoClose();
	/* What a warm call does, it has done before. */
	if (c->call->warm) {
		assert_error(make_call(c), ERROR_SUCCESS);
		DhcpRpcFreeMemory(c->returned);
		lead_back(c);
	}
	c->returned = NULL;
	log_forget();
}

static void
run(void *context)
{
	struct context *c = context;

	c->error = make_call(c);
}

static void
check(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;

	(void)fault;
	if (hits == 0)
		assert_error(c->error, ERROR_SUCCESS);
	if (c->error != ERROR_SUCCESS)
		assert_null(c->returned);
	DhcpRpcFreeMemory(c->returned);
	c->returned = NULL;
	look(c, &c->now);
	assert_string_equal(c->now.text,
	    c->error == ERROR_SUCCESS ? c->after.text : c->before.text);
	/* And the next call goes well. */
	if (c->error != ERROR_SUCCESS) {
		assert_error(make_call(c), ERROR_SUCCESS);
		DhcpRpcFreeMemory(c->returned);
		c->returned = NULL;
		look(c, &c->now);
		assert_string_equal(c->now.text, c->after.text);
	}
	DhcpfoClose();
}

/* What is said on standard error is not for the reader of the results. */
static int
silence(void)
{
	int old = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	fflush(stderr);
	dup2(null, STDERR_FILENO);
	close(null);
	return old;
}

static void *
begin(const struct operation *operation)
{
	struct context *c = test_calloc(1, sizeof(*c));
	size_t i;

	c->call = operation->what;
	snprintf(c->f.dir, sizeof(c->f.dir), "/tmp/dhcpfo-test-XXXXXX");
	assert_non_null(mkdtemp(c->f.dir));
	snprintf(c->f.path, sizeof(c->f.path), "%s/one.db", c->f.dir);
	set_text(&c->f, "database", c->f.path);
	set_number(&c->f, "max-relationships", 31);
	set_bool(&c->f, "auto-scopes", true);
	set_number(&c->f, "busy-timeout", 50);
	log_open(log_to_memory, NULL);
	log_forget();
	write_conf(c);
	c->errors = silence();
	c->f.server = open_server(&c->f);
	c->behind = c->call->warm ? open_server(&c->f) : NULL;
	create_normal(c->f.server, "a", 1, 3);
	create_normal(c->f.server, "b", 2, 2);
	/* The split of free addresses is not what it is to become. */
	want(&c->w, "a", 1, 3);
	c->w.rel.Percentage = 20;
	assert_error(failover_server_set(c->f.server, PERCENTAGE, &c->w.rel),
	    ERROR_SUCCESS);
	for (i = 0; i < NAMES; i++)
		if (failover_server_get(c->f.server, names[i], &c->old[i]) !=
		    ERROR_SUCCESS)
			c->old[i] = NULL;
	lead_back(c);
	look(c, &c->before);
	assert_error(make_call(c), ERROR_SUCCESS);
	DhcpRpcFreeMemory(c->returned);
	look(c, &c->after);
	assert_int_equal(strcmp(c->before.text, c->after.text) != 0,
	    c->call->changes);
	return c;
}

static void
end(void *context)
{
	struct context *c = context;
	size_t i;

	DhcpfoClose();
	DhcpRpcFreeMemory(c->returned);
	failover_server_close(c->f.server);
	failover_server_close(c->behind);
	for (i = 0; i < NAMES; i++)
		failover_free(c->old[i]);
	remove_all(AT_FDCWD, c->f.dir);
	log_open(NULL, NULL);
	dup2(c->errors, STDERR_FILENO);
	close(c->errors);
	assert_int_equal(sqlite3_memory_used(), 0);
	test_free(c);
}

const struct operation *
api_operations(size_t *n)
{
	static struct operation all[nitems(calls)];
	static char titles[nitems(all)][64];
	size_t i;

	for (i = 0; i < nitems(calls); i++) {
		snprintf(titles[i], sizeof(titles[i]), "api__%s%s",
		    calls[i].name, calls[i].warm ? "" : "__as_the_first_call");
		all[i] = (struct operation){ .name = titles[i],
			.what = &calls[i],
			.kinds = FAULT_MEMORY | FAULT_DATABASE | FAULT_SYSTEM,
			.begin = begin,
			.end = end,
			.prepare = prepare,
			.run = run,
			.check = check };
	}
	*n = nitems(all);
	return all;
}
