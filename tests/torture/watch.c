/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers that are asked over a connection, in a roster: a peer has changed,
 * and the poll that sees it makes an event of that, or fails, and then the next
 * one does.  No event is lost, and none is told twice.
 */
#include "../unit/fixture.h"

#include "foreign.h"

struct watch {
	struct foreign f;
	struct conf *conf;
	struct roster *roster;
};

/* Changes of state that were told, and the last of them. */
static struct {
	unsigned int n;
	uint32_t before, after;
} told;

static void
hear_event(const struct observation *o, const struct event *event)
{
	(void)event;
	if (o->kind != EVENT_STATE_CHANGE ||
	    strcmp(o->relationship, foreign_name) != 0)
		return;
	told.n++;
	told.before = o->old_state;
	told.after = o->new_state;
}

/* ---------------------------------------------------------------- rounds */

static struct conf *
read_conf(const struct foreign *f)
{
	char path[] = "/tmp/dhcpfo-test-XXXXXX", why[256] = "";
	FILE *file = fdopen(mkstemp(path), "w");
	struct conf *conf;

	assert_non_null(file);
	/* Events would fill memory up to their limit. */
	fprintf(file, "[subagent]\nevent-limit = 0\n[server 1]\ntype = %s\n",
	    f->type->type->name);
	f->type->configure(file);
	assert_int_equal(fclose(file), 0);
	if ((conf = conf_read(path, why, sizeof(why), NULL)) == NULL)
		fail_msg("%s", why);
	unlink(path);
	return conf;
}

/* It is the worker that asks, and the only one whose calls can fail. */
static void
poll_it(struct watch *w)
{
	struct managed *server = w->roster->servers[0];

	roster_poll(server);
	while (server->poll != NULL) {
		usleep(100);
		workshop_collect(w->roster->shop);
	}
	log_flush();
}

static FSM_STATE
shown(const struct watch *w)
{
	const struct snapshot *all = w->roster->servers[0]->snapshot;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->rows[i].rel.RelationshipName, foreign_name) ==
		    0)
			return all->rows[i].rel.State;
	return NO_STATE;
}

static void
prepare(void *context)
{
	struct watch *w = context;

	w->f.type->reset(&w->f);
	w->conf = read_conf(&w->f);
	w->roster = roster_new(w->conf);
	assert_non_null(w->roster);
	w->roster->observer = hear_event;
	poll_it(w);
	assert_int_equal(shown(w), NORMAL);
	memset(&told, 0, sizeof(told));
	w->f.type->move();
	log_forget();
}

static void
run(void *context)
{
	poll_it(context);
}

static void
end_round(struct watch *w)
{
	roster_free(w->roster, WORLD_PATIENCE);
	conf_free(w->conf);
	w->roster = NULL;
	w->conf = NULL;
}

static void
check(void *context, const struct fault *fault, unsigned long hits)
{
	struct watch *w = context;
	const struct managed *server = w->roster->servers[0];
	bool seen = shown(w) == COMMUNICATION_INT;

	(void)fault;
	assert_int_equal(told.n, seen);
	if (seen)
		assert_int_equal(server->status, OPER_STATUS_UP);
	else {
		assert_true(hits > 0);
		assert_int_equal(shown(w), NORMAL);
		if (server->status == OPER_STATUS_UP)
			assert_non_null(strstr(logged, "no memory for a poll"));
		else
			assert_true(server->report.last_error_text[0] != '\0');
	}

	/* And the next one sees it, if none has. */
	if (w->f.type->hurry != NULL)
		w->f.type->hurry(server->server);
	poll_it(w);
	assert_int_equal(server->status, OPER_STATUS_UP);
	assert_int_equal(shown(w), COMMUNICATION_INT);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.before, NORMAL);
	assert_int_equal(told.after, COMMUNICATION_INT);
	assert_counters_are_right(w->roster);
	end_round(w);
	foreign_assert_nothing_is_left(&w->f);
}

/* ---------------------------------------------------------------- the table */

static const struct deed deed = { .name = "poll_of_a_change" };

static void *
begin(const struct operation *operation)
{
	struct watch *w = test_calloc(1, sizeof(*w));

	foreign_begin(&w->f, operation->how, &deed);
	/* What is logged each file has for itself. */
	log_open(log_to_memory, NULL);
	/* What is allocated for the first time stays. */
	prepare(w);
	run(w);
	check(w, NULL, 0);
	foreign_begun(&w->f);
	return w;
}

static void
end(void *context)
{
	struct watch *w = context;

	end_round(w);
	foreign_end(&w->f);
	test_free(w);
}

const struct operation *
watch_operations(size_t *n)
{
	static const struct operation all[] = {
		{ .name = "kea__poll_of_a_change",
		    .how = &foreign_kea,
		    .kinds = FAULT_MEMORY | FAULT_WIRE | FAULT_PEER,
		    .begin = begin,
		    .end = end,
		    .prepare = prepare,
		    .run = run,
		    .check = check },
		{ .name = "windows__poll_of_a_change",
		    .how = &foreign_windows,
		    .kinds = FAULT_MEMORY | FAULT_WIRE | FAULT_PEER,
		    .begin = begin,
		    .end = end,
		    .prepare = prepare,
		    .run = run,
		    .check = check },
	};

	*n = nitems(all);
	return all;
}
