/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixture.h - up to three servers that fail and wait on command, behind a
 * roster, for the tests of what lies above the servers.
 */
#ifndef DHCPFO_TESTS_FIXTURE_H
#define DHCPFO_TESTS_FIXTURE_H

#include "local.h"

#include <poll.h>

#include "key.h"
#include "roster.h"

#define WORLD_MAX 3
#define WORLD_PATIENCE 20000 /* milliseconds; far more than anything takes */

struct world_server {
	char control[96], calls[96];
	/* The same database, seen from behind, by the main thread. */
	struct fixture local;
};

struct world {
	char dir[64];
	struct world_server at[WORLD_MAX];
	size_t n;
	struct conf *conf;
	struct roster *roster;
};

static inline void
world_add(struct world *w, size_t i, FILE *conf, const char *type,
    const char *extra)
{
	static const struct {
		uint32_t index;
		const char *name;
	} servers[WORLD_MAX] = { { 2, "one" }, { 7, "two" }, { 300, "six" } };
	struct world_server *at = &w->at[i];
	struct fixture *local = &at->local;
	char dir[sizeof(w->dir)];

	/* gcc thinks that a string may reach beyond its array. */
	memcpy(dir, w->dir, sizeof(dir));
	snprintf(at->control, sizeof(at->control), "%s/%zu.control", dir, i);
	snprintf(at->calls, sizeof(at->calls), "%s/%zu.calls", dir, i);
	snprintf(local->path, sizeof(local->path), "%s/%zu.db", dir, i);
	fprintf(conf,
	    "[server %u]\ntype = %s\nname = %s\ndatabase = %s\n"
	    "max-relationships = 100000\n%s\n",
	    servers[i].index, type, servers[i].name, local->path, extra);
	if (strcmp(type, "test") == 0)
		fprintf(conf, "control = %s\ncalls = %s\n", at->control,
		    at->calls);
	set_text(local, "database", local->path);
	set_number(local, "max-relationships", 100000);
	set_bool(local, "auto-scopes", true);
	set_number(local, "busy-timeout", 1000);
	local->server = open_server(local);
}

/*
 * ${n} servers of ${type} with empty databases, each configured with the lines
 * ${extra}, too, and no roster yet.
 */
static inline struct world *
world_of(size_t n, const char *type, const char *extra)
{
	struct world *w = test_calloc(1, sizeof(*w));
	char path[96], why[256] = "";
	FILE *conf;

	/* Whatever hangs is killed. */
	alarm(600);
	snprintf(w->dir, sizeof(w->dir), "/tmp/dhcpfo-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	log_open(log_to_memory, NULL);
	log_forget();
	snprintf(path, sizeof(path), "%s/conf", w->dir);
	conf = fopen(path, "w");
	assert_non_null(conf);
	fprintf(conf, "[subagent]\n");
	for (; w->n < n; w->n++)
		world_add(w, w->n, conf, type, extra);
	assert_int_equal(fclose(conf), 0);
	if ((w->conf = conf_read(path, why, sizeof(why), NULL)) == NULL)
		fail_msg("%s", why);
	return w;
}

/* The same of servers that fail and wait on command. */
static inline struct world *
world_new(size_t n, const char *extra)
{
	return world_of(n, "test", extra);
}

static inline void
world_start(struct world *w)
{
	w->roster = roster_new(w->conf);
	assert_non_null(w->roster);
}

/* ---- control and calls of server ${i} */

static inline void
world_control(struct world *w, size_t i, const char *rules)
{
	FILE *file;

	unlink(w->at[i].control);
	if (rules == NULL)
		return;
	file = fopen(w->at[i].control, "w");
	assert_non_null(file);
	assert_true(fputs(rules, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What server ${i} was asked since the last time: lines, each with its end. */
static inline const char *
world_calls(struct world *w, size_t i)
{
	static char calls[65536];
	FILE *file = fopen(w->at[i].calls, "r");
	size_t n = 0;

	if (file != NULL) {
		n = fread(calls, 1, sizeof(calls) - 1, file);
		fclose(file);
		unlink(w->at[i].calls);
	}
	calls[n] = '\0';
	return calls;
}

/*
 * The next operation of server ${i} stops before it does anything: it waits at
 * a FIFO for somebody who writes its rules.
 */
static inline void
world_trap(struct world *w, size_t i)
{
	unlink(w->at[i].control);
	assert_int_equal(mkfifo(w->at[i].control, 0600), 0);
}

/* Wait until it has; the operations after it are free.  For world_let_go(). */
static inline int
world_catch(struct world *w, size_t i)
{
	int fd = open(w->at[i].control, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(w->at[i].control);
	return fd;
}

/* Let it go on, by ${rules}, which may be "". */
static inline void
world_let_go(int fd, const char *rules)
{
	size_t n = strlen(rules);

	assert_int_equal(write(fd, rules, n), n);
	close(fd);
}

/* ---- waiting */

/* Until something is finished, and then take it. */
static inline void
world_turn(struct world *w)
{
	struct pollfd fd = { .fd = workshop_fd(w->roster->shop),
		.events = POLLIN };

	if (poll(&fd, 1, WORLD_PATIENCE) != 1)
		fail_msg("nothing finished in %d ms", WORLD_PATIENCE);
	workshop_collect(w->roster->shop);
	log_flush();
}

static inline bool
world_is_busy(const struct world *w)
{
	size_t i;

	for (i = 0; i < w->roster->n; i++)
		if (w->roster->servers[i]->poll != NULL)
			return true;
	return w->roster->changes != NULL;
}

/* Until no server works any more. */
static inline void
world_drain(struct world *w)
{
	while (world_is_busy(w))
		world_turn(w);
}

static inline void
world_poll(struct world *w)
{
	roster_poll_all(w->roster);
	world_drain(w);
}

/* ---- reloading */

/* The configuration as it is, without the servers from number ${keep} on. */
static inline struct conf *
world_read_again(struct world *w, size_t keep)
{
	struct conf *conf;
	char path[96], why[256] = "";

	snprintf(path, sizeof(path), "%s/conf", w->dir);
	if ((conf = conf_read(path, why, sizeof(why), NULL)) == NULL)
		fail_msg("%s", why);
	while (conf->n > keep)
		conf_server_release(&conf->servers[--conf->n]);
	return conf;
}

/* Reload with another section of server ${i}: a new one takes its place. */
static inline void
world_replace(struct world *w, size_t i)
{
	struct conf *conf = world_read_again(w, w->n);
	char name[64];

	snprintf(name, sizeof(name), "%s+", w->roster->servers[i]->name);
	free(conf->servers[i].name);
	conf->servers[i].name = strdup(name);
	assert_true(roster_reload(w->roster, conf));
	conf_free(conf);
}

/* Until all that have left are gone. */
static inline void
world_reap(struct world *w)
{
	while (w->roster->leaving != NULL) {
		if (w->roster->leaving->poll != NULL)
			world_turn(w);
		roster_reap(w->roster);
	}
}

/* ---- the end */

/* Nobody waits at a FIFO when a test failed half-way. */
static inline void
world_open_trap(struct world *w, size_t i)
{
	int fd;

	if ((fd = open(w->at[i].control, O_WRONLY | O_NONBLOCK)) >= 0)
		close(fd);
	unlink(w->at[i].control);
}

static inline void
world_stop(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		world_open_trap(w, i);
	roster_free(w->roster, WORLD_PATIENCE);
	w->roster = NULL;
}

static inline int
world_end(void **state)
{
	struct world *w = *state;
	size_t i;

	world_stop(w);
	conf_free(w->conf);
	for (i = 0; i < w->n; i++)
		failover_server_close(w->at[i].local.server);
	remove_all(AT_FDCWD, w->dir);
	log_open(NULL, NULL);
	alarm(0);
	/* Whatever SQLite was made to do, it gave all memory back. */
	assert_int_equal(sqlite3_memory_used(), 0);
	test_free(w);
	return 0;
}

/* ---- rows */

static inline struct managed *
world_server(struct world *w, size_t i)
{
	return w->roster->servers[i];
}

/* The row as the roster has it, or NULL. */
static inline struct snapshot_row *
world_row(struct world *w, size_t i, const char *name)
{
	struct snapshot *snapshot = w->roster->servers[i]->snapshot;
	char key[KEY_MAX + 1];
	size_t at = snapshot_find(snapshot, key, key_from_name(name, key));

	return at < snapshot->n ? &snapshot->rows[at] : NULL;
}

/* A relationship in state NORMAL, in the database. */
static inline void
world_have(struct world *w, size_t i, const char *name, unsigned int first,
    unsigned int nscopes)
{
	create_normal(w->at[i].local.server, name, first, nscopes);
}

/* Everything in the database of server ${i}, secrets too. */
struct world_text {
	struct dump all;
	char secrets[8192];
};

static inline bool
world_secret(void *arg, const struct failover_row *row)
{
	struct world_text *text = arg;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	size_t used = strlen(text->secrets);

	assert_error(failover_server_get(text->all.server,
			 row->rel.RelationshipName, &rel),
	    ERROR_SUCCESS);
	snprintf(text->secrets + used, sizeof(text->secrets) - used, "%s %s\n",
	    row->rel.RelationshipName,
	    rel->SharedSecret != NULL ? rel->SharedSecret : "-");
	failover_free(rel);
	return true;
}

static inline void
world_database(struct world *w, size_t i, struct world_text *text)
{
	memset(text, 0, sizeof(*text));
	dump(w->at[i].local.server, &text->all);
	assert_error(failover_server_list(w->at[i].local.server, world_secret,
			 text),
	    ERROR_SUCCESS);
}

static inline void
assert_same_database(struct world *w, size_t i, const struct world_text *before)
{
	struct world_text now;

	world_database(w, i, &now);
	assert_string_equal(now.all.text, before->all.text);
	assert_string_equal(now.secrets, before->secrets);
}

static inline void
assert_same_row(const struct snapshot *a, const struct snapshot_row *x,
    const struct snapshot *b, const struct snapshot_row *y)
{
	uint32_t i;

	assert_string_equal(x->key, y->key);
	assert_string_equal(x->rel.RelationshipName, y->rel.RelationshipName);
	if (!failover_equal(&x->rel, &y->rel, FAILOVER_SET_ALL) ||
	    x->rel.PrimaryServer != y->rel.PrimaryServer ||
	    x->rel.SecondaryServer != y->rel.SecondaryServer ||
	    x->rel.ServerType != y->rel.ServerType ||
	    x->authenticated != y->authenticated)
		fail_msg("\"%s\" is not what the server has", x->key);
	assert_string_equal(x->rel.PrimaryServerName, y->rel.PrimaryServerName);
	assert_string_equal(x->rel.SecondaryServerName,
	    y->rel.SecondaryServerName);
	assert_int_equal(x->nscopes, y->nscopes);
	for (i = 0; i < x->nscopes; i++)
		assert_int_equal(a->scopes[x->first_scope + i].address,
		    b->scopes[y->first_scope + i].address);
}

/* What the roster shows of server ${i} is what its database has. */
static inline void
assert_shown_is_true(struct world *w, size_t i)
{
	const struct snapshot *shown = w->roster->servers[i]->snapshot;
	struct snapshot *true_one = snapshot_new(NULL);
	size_t row;

	assert_non_null(true_one);
	assert_error(failover_server_list(w->at[i].local.server, snapshot_add,
			 true_one),
	    ERROR_SUCCESS);
	assert_true(snapshot_sort(true_one, "behind", NULL));
	assert_int_equal(shown->n, true_one->n);
	for (row = 0; row < shown->n; row++)
		assert_same_row(shown, &shown->rows[row], true_one,
		    &true_one->rows[row]);
	snapshot_free(true_one);
}

/* The counters of the roster are those that its rows add up to. */
static inline void
assert_counters_are_right(const struct roster *roster)
{
	static const enum health order[] = { HEALTH_CRITICAL, HEALTH_UNKNOWN,
		HEALTH_WARNING };
	uint32_t seen[HEALTH_UNKNOWN + 1] = { 0 }, rows = 0, not_normal = 0;
	const struct managed *server;
	size_t i, j;

	for (i = 0; i < roster->n; i++) {
		uint32_t here = 0;

		server = roster->servers[i];
		seen[roster_server_health(server)]++;
		for (j = 0; j < server->snapshot->n; j++) {
			here += server->snapshot->rows[j].rel.State != NORMAL;
			seen[roster_row_health(server,
			    &server->snapshot->rows[j])]++;
		}
		assert_int_equal(server->not_normal, here);
		not_normal += here;
		rows += (uint32_t)server->snapshot->n;
	}
	assert_int_equal(roster->relationships, rows);
	assert_int_equal(roster->not_normal, not_normal);
	for (i = 0; i < nitems(order) && seen[order[i]] == 0; i++)
		continue;
	assert_int_equal(roster->health,
	    i < nitems(order) ? order[i] : HEALTH_OK);
}

/* ---- chance, which a failure can be repeated with */

static inline uint64_t
seed_of_the_day(void)
{
	const char *given = getenv("DHCPFO_TEST_SEED");
	uint64_t seed =
	    given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

	print_message("# DHCPFO_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* SplitMix64. */
static inline uint64_t
chance(uint64_t *seed)
{
	uint64_t z = *seed += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static inline size_t
chance_below(uint64_t *seed, size_t n)
{
	return (size_t)(chance(seed) % n);
}

#endif
