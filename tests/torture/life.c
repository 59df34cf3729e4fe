/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes on beside SETs: the configuration is read, servers are hired and
 * replaced, listed, and what happened is written down.
 */
#include "../unit/fixture.h"

#include "torture.h"

#define SERVERS 2u

/* Longer than what is allocated at a time. */
static char long_text[1001];

struct context {
	struct world *w;
	char conf_path[96], why[256];
	struct world_text databases[SERVERS];
	/* Of the round: */
	struct conf *conf;
	struct roster *roster;
	bool done;
	uint32_t mclt;
	struct workshop *shop;
	struct event_log *events;
	struct history *history;
};

static void *
begin(const struct operation *operation)
{
	struct context *c = test_calloc(1, sizeof(*c));
	size_t i;

	(void)operation;
	memset(long_text, 'x', sizeof(long_text) - 1);
	c->w = world_of(SERVERS, "local", "");
	for (i = 0; i < SERVERS; i++) {
		world_have(c->w, i, "a", 1 + 10 * (unsigned int)i, 2);
		world_have(c->w, i, "b", 2 + 10 * (unsigned int)i, 1);
		world_database(c->w, i, &c->databases[i]);
	}
	snprintf(c->conf_path, sizeof(c->conf_path), "%.60s/conf", c->w->dir);
	c->mclt = 1;
	return c;
}

static void
end_round(struct context *c)
{
	history_close(c->history, WORLD_PATIENCE);
	event_log_free(c->events);
	workshop_free(c->shop);
	c->history = NULL;
	c->events = NULL;
	c->shop = NULL;
	roster_free(c->roster, WORLD_PATIENCE);
	conf_free(c->conf);
	c->roster = c->w->roster = NULL;
	c->conf = NULL;
}

static void
end(void *context)
{
	struct context *c = context;
	void *w = c->w;

	end_round(c);
	world_end(&w);
	test_free(c);
}

static struct conf *
read_conf(struct context *c)
{
	struct conf *conf;

	conf = conf_read(c->conf_path, c->why, sizeof(c->why), NULL);
	if (conf == NULL)
		fail_msg("%s", c->why);
	/* Events would fill memory up to their limit. */
	conf->event_limit = 0;
	return conf;
}

/* What ${c->roster} has is true, sooner or later. */
static void
assert_works(struct context *c)
{
	size_t i;

	c->w->roster = c->roster;
	world_poll(c->w);
	assert_counters_are_right(c->roster);
	for (i = 0; i < SERVERS; i++) {
		assert_int_equal(c->roster->servers[i]->status, OPER_STATUS_UP);
		assert_shown_is_true(c->w, i);
		assert_same_database(c->w, i, &c->databases[i]);
	}
}

/* ---------------------------------------------------------------- reading */

static void
prepare_conf(void *context)
{
	(void)context;
	log_forget();
}

static void
run_conf(void *context)
{
	struct context *c = context;

	c->why[0] = '\0';
	c->conf = conf_read(c->conf_path, c->why, sizeof(c->why), NULL);
}

static void
check_conf(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;

	(void)fault;
	assert_int_equal(c->conf == NULL, c->why[0] != '\0');
	if (hits == 0)
		assert_non_null(c->conf);
	if (c->conf != NULL)
		assert_int_equal(c->conf->n, SERVERS);
	end_round(c);
}

/* ---------------------------------------------------------------- hiring */

static void
prepare_new(void *context)
{
	struct context *c = context;

	log_forget();
	c->conf = read_conf(c);
}

static void
run_new(void *context)
{
	struct context *c = context;

	c->roster = roster_new(c->conf);
}

static void
check_new(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;

	(void)fault;
	if (c->roster == NULL) {
		assert_true(hits > 0);
		assert_non_null(strstr(logged, "cannot start"));
	} else
		assert_works(c);
	end_round(c);
}

/* The second server is another by then. */
static void
prepare_reload(void *context)
{
	struct context *c = context;
	struct conf *conf = read_conf(c);
	char *name;

	c->roster = roster_new(conf);
	conf_free(conf);
	assert_non_null(c->roster);
	assert_works(c);
	c->conf = read_conf(c);
	name = strdup("another");
	assert_non_null(name);
	free(c->conf->servers[1].name);
	c->conf->servers[1].name = name;
	log_forget();
}

static void
run_reload(void *context)
{
	struct context *c = context;

	c->done = roster_reload(c->roster, c->conf);
}

static void
check_reload(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;

	(void)fault;
	assert_int_equal(c->roster->n, SERVERS);
	assert_string_equal(c->roster->servers[0]->name, "one");
	assert_string_equal(c->roster->servers[1]->name,
	    c->done ? "another" : "two");
	if (!c->done) {
		assert_true(hits > 0);
		assert_true(logged_lines > 0);
	}
	assert_works(c);
	end_round(c);
}

/* ---------------------------------------------------------------- listing */

static void
prepare_poll(void *context)
{
	struct context *c = context;
	struct wanted wanted;
	size_t i;

	prepare_new(c);
	run_new(c);
	assert_works(c);
	want(&wanted, "a", 1, 1);
	wanted.rel.Mclt = ++c->mclt;
	for (i = 0; i < SERVERS; i++) {
		assert_error(failover_server_set(c->w->at[i].local.server, MCLT,
				 &wanted.rel),
		    ERROR_SUCCESS);
		world_database(c->w, i, &c->databases[i]);
	}
	log_forget();
}

static void
run_poll(void *context)
{
	struct context *c = context;

	world_poll(c->w);
}

/* Each server is shown as it is, or as it was, with a message. */
static void
check_poll(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;
	const struct managed *server;
	uint32_t shown;
	size_t i;

	(void)fault;
	for (i = 0; i < SERVERS; i++) {
		server = world_server(c->w, i);
		assert_int_equal(server->snapshot->n, 2);
		shown = world_row(c->w, i, "a")->rel.Mclt;
		if (shown == c->mclt) {
			assert_int_equal(server->status, OPER_STATUS_UP);
			continue;
		}
		assert_true(hits > 0);
		assert_int_equal(shown, c->mclt - 1 > 1 ? c->mclt - 1 : shown);
		if (server->status == OPER_STATUS_UP)
			assert_non_null(strstr(logged, "no memory for a poll"));
		else
			assert_true(server->report.last_error_text[0] != '\0');
	}
	assert_counters_are_right(c->roster);
	assert_works(c);
	end_round(c);
}

/* ---------------------------------------------------------------- history */

static void
open_history(struct context *c)
{
	c->shop = workshop_new();
	assert_non_null(c->shop);
	c->events = event_log_new(8);
	assert_non_null(c->events);
	c->history = history_open(c->w->dir, c->shop, c->events);
}

static void
close_history(struct context *c)
{
	history_close(c->history, WORLD_PATIENCE);
	c->history = NULL;
}

static void
keep(struct context *c, const char *name, uint32_t state)
{
	const struct history_row row = { 1, name, state, 12345, 6, 7, false };

	history_keep(c->history, &row);
}

static void
note(struct context *c, const char *text)
{
	const struct event event = { .kind = EVENT_OTHER,
		.index = 41,
		.text = (char *)(uintptr_t)text };
	const struct event *kept = event_log_add(c->events, &event);

	if (kept != NULL)
		history_event(c->history, kept);
	else
		log_notice("no memory for an event");
}

/* A file with a row "old" and an event. */
static void
make_history(struct context *c)
{
	char path[128];

	snprintf(path, sizeof(path), "%.60s/dhcpfod-state.db", c->w->dir);
	unlink(path);
	open_history(c);
	assert_non_null(c->history);
	keep(c, "old", 3);
	note(c, "old");
	end_round(c);
	log_forget();
}

static bool
has(const struct context *c, const char *name)
{
	return history_find(c->history, 1, name) != NULL;
}

static bool
has_event(const struct context *c, const char *text)
{
	const struct event *event = event_log_from(c->events, 41);

	return event != NULL && strcmp(event->text, text) == 0;
}

static void
prepare_history(void *context)
{
	struct context *c = context;

	make_history(c);
	open_history(c);
	assert_non_null(c->history);
}

static void
run_history(void *context)
{
	struct context *c = context;

	history_forget(c->history, 1, "old");
	keep(c, "new", 4);
	note(c, long_text);
	close_history(c);
}

/* What is not kept is told; what was there can be read. */
static void
check_history(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;
	char said[sizeof(logged)];

	(void)fault;
	/* The thread that writes has another's log. */
	log_flush();
	snprintf(said, sizeof(said), "%s", logged);
	end_round(c);
	open_history(c);
	assert_non_null(c->history);
	assert_string_equal(logged, said);
	if (has(c, "old") || !has(c, "new") || !has_event(c, long_text)) {
		assert_true(hits > 0);
		if (said[0] == '\0')
			fail_msg("lost without a word: old %d, new %d, event "
				 "%d",
			    has(c, "old"), has(c, "new"),
			    has_event(c, long_text));
	}
	end_round(c);
}

static void
prepare_open_history(void *context)
{
	make_history(context);
}

static void
run_open_history(void *context)
{
	struct context *c = context;

	if ((c->shop = workshop_new()) == NULL ||
	    (c->events = event_log_new(8)) == NULL)
		return;
	c->history = history_open(c->w->dir, c->shop, c->events);
}

static void
check_open_history(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;

	(void)fault;
	if (hits == 0)
		assert_non_null(c->history);
	if (c->history != NULL && (!has(c, "old") || !has_event(c, "old")) &&
	    logged[0] == '\0')
		fail_msg("not read, without a word");
	end_round(c);
	/* It is there all the same. */
	log_forget();
	open_history(c);
	assert_true(has(c, "old"));
	assert_true(has_event(c, "old"));
	assert_int_equal(logged_lines, 0);
	end_round(c);
}

/* ---------------------------------------------------------------- table */

#define OPERATION(title, what)                                         \
	{                                                              \
		.name = title,                                         \
		.kinds = FAULT_MEMORY | FAULT_DATABASE | FAULT_SYSTEM, \
		.begin = begin, .end = end, .prepare = prepare_##what, \
		.run = run_##what, .check = check_##what               \
	}

const struct operation *
life_operations(size_t *n)
{
	static const struct operation all[] = {
		OPERATION("conf__is_read", conf),
		OPERATION("roster__hires_servers", new),
		OPERATION("roster__is_reloaded", reload),
		OPERATION("roster__lists_servers", poll),
		OPERATION("history__is_read", open_history),
		OPERATION("history__is_written", history),
	};

	*n = nitems(all);
	return all;
}
