/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SETs of each kind, at servers of each type, with the fault in each part of
 * their life: all of it is done, or nothing, and the asker is told which.
 */
#include "snmp.h"

#include "../unit/fixture.h"

#include "set.h"

#include "torture.h"

#define SERVERS 2u
#define NAMES 3u

struct vb {
	const oid *name; /* NULL: the end */
	size_t length;
	u_char type;
	const void *value;
	size_t size;
};

#define NAME(...)                               \
	(const oid[]){ MIB_ROOT, __VA_ARGS__ }, \
	    sizeof((const oid[]){ MIB_ROOT, __VA_ARGS__ }) / sizeof(oid)
#define REL(column, server, letter) NAME(1, 3, 1, column, server, 1, letter)
#define SCOPE(server, letter, net) \
	NAME(1, 5, 1, 3, server, 1, letter, 1, 4, 10, net, 0, 0)
#define INT(value) ASN_INTEGER, &(const long){ value }, sizeof(long)
#define U32(value) ASN_UNSIGNED, &(const long){ value }, sizeof(long)
#define OCTETS(text) ASN_OCTET_STR, text, sizeof(text) - 1
#define END                         \
	{                           \
		NULL, 0, 0, NULL, 0 \
	}

/* What a SET is about. */
struct subject {
	const char *name;
	bool pair; /* what is done on the first server is on the second, too */
	bool structural; /* rows or scopes come or go */
	struct vb varbinds[16];
};

/* clang-format off */
static const struct subject subjects[] = {
	{ "one_member", false, false, {
		{ REL(7, 2, 'a'), U32(60) }, END } },
	{ "all_members", false, false, {
		{ REL(3, 2, 'a'), INT(1) },
		{ REL(5, 2, 'a'), INT(5) },
		{ REL(6, 2, 'a'), INT(3) },
		{ REL(7, 2, 'a'), U32(60) },
		{ REL(8, 2, 'a'), U32(61) },
		{ REL(9, 2, 'a'), U32(5) },
		{ REL(16, 2, 'a'), OCTETS("another") }, END } },
	{ "two_rows", false, false, {
		{ REL(7, 2, 'a'), U32(60) },
		{ REL(8, 2, 'b'), U32(60) },
		{ REL(16, 2, 'b'), OCTETS("another") },
		{ REL(5, 2, 'a'), INT(4) }, END } },
	{ "two_servers", false, false, {
		{ REL(7, 2, 'a'), U32(60) },
		{ REL(7, 7, 'a'), U32(60) },
		{ REL(16, 7, 'b'), OCTETS("another") }, END } },
	{ "a_new_row", false, true, {
		{ REL(17, 2, 'n'), INT(4) },
		{ REL(11, 2, 'n'), OCTETS("\xc0\0\2\1") },
		{ REL(13, 2, 'n'), OCTETS("\xc0\0\2\2") },
		{ REL(16, 2, 'n'), OCTETS("new") },
		{ SCOPE(2, 'n', 9), INT(4) }, END } },
	{ "a_row_that_goes", false, true, {
		{ REL(17, 2, 'a'), INT(6) }, END } },
	{ "scopes", false, true, {
		{ SCOPE(2, 'a', 8), INT(4) },
		{ SCOPE(2, 'a', 9), INT(4) },
		{ SCOPE(2, 'a', 1), INT(6) },
		{ REL(7, 2, 'a'), U32(60) }, END } },
	{ "everything", false, true, {
		{ NAME(1, 1, 11, 0), U32(61) },
		{ REL(7, 2, 'a'), U32(60) },
		{ SCOPE(2, 'b', 8), INT(4) },
		{ REL(17, 2, 'n'), INT(4) },
		{ REL(11, 2, 'n'), OCTETS("\xc0\0\2\1") },
		{ REL(13, 2, 'n'), OCTETS("\xc0\0\2\2") },
		{ SCOPE(2, 'n', 9), INT(4) },
		{ REL(17, 7, 'b'), INT(6) },
		{ REL(16, 7, 'a'), OCTETS("another") },
		{ NAME(1, 1, 9, 0), INT(5) }, END } },
	{ "members_of_a_pair", true, false, {
		{ REL(7, 2, 'a'), U32(60) },
		{ REL(16, 2, 'b'), OCTETS("another") }, END } },
	{ "rows_of_a_pair", true, true, {
		{ REL(17, 2, 'n'), INT(4) },
		{ REL(11, 2, 'n'), OCTETS("\xc0\0\2\1") },
		{ REL(13, 2, 'n'), OCTETS("\xc0\0\2\2") },
		{ SCOPE(2, 'n', 9), INT(4) },
		{ REL(17, 2, 'b'), INT(6) }, END } },
	{ "the_agents_own_values", false, false, {
		{ NAME(1, 1, 9, 0), INT(5) },
		{ NAME(1, 1, 11, 0), U32(61) },
		{ NAME(1, 7, 1, 0), OCTETS("\x40") },
		{ NAME(1, 7, 2, 0), U32(7) },
		{ NAME(1, 7, 5, 0), U32(20) },
		{ NAME(1, 7, 6, 0), U32(30) },
		{ NAME(1, 8, 1, 0), U32(50) }, END } },
};
/* clang-format on */

/* Which part of its life the fault is in. */
enum mode {
	MODE_TEST, /* TestSet, then CleanupSet */
	MODE_COMMIT, /* CommitSet */
	MODE_UNDO, /* UndoSet behind a CommitSet that went well */
	MODE_OVERTAKE, /* CommitSet and, before its answer, UndoSet */
	MODE_LATE, /* CommitSet, answered at the deadline, and CleanupSet */
	MODE_WHOLE /* all of it, to an UndoSet */
};

struct way {
	const char *name;
	enum mode mode;
};

static const struct way ways[] = {
	{ "test", MODE_TEST },
	{ "commit", MODE_COMMIT },
	{ "undo", MODE_UNDO },
	{ "overtaking_undo", MODE_OVERTAKE },
	{ "late_commit", MODE_LATE },
	{ "test_to_undo", MODE_WHOLE },
};

/* Where the servers are from. */
struct place {
	const char *name, *type, *extra;
	unsigned int kinds;
};

static const struct place places[] = {
	{ "local", "local", "", FAULT_MEMORY | FAULT_DATABASE | FAULT_SYSTEM },
	{ "atomic", "test", "", FAULT_SERVER },
	{ "plain", "test", "atomic = no",
	    FAULT_MEMORY | FAULT_DATABASE | FAULT_SERVER | FAULT_ANSWER },
};

/* How a SET is to be done. */
struct course {
	struct way way;
	struct place place;
};

/* What the agent itself was told. */
struct own {
	uint32_t spin_lock, poll_interval, notify, notify_min_interval;
	uint32_t free_low, free_high;
	size_t event_limit;
};

struct state {
	struct world_text servers[SERVERS];
	struct own own;
};

struct said {
	unsigned int times;
	struct set_result result;
};

struct context {
	const struct subject *subject;
	const struct course *course;
	struct world *w;
	struct scalars scalars;
	netsnmp_variable_list *varbinds;
	DHCP_FAILOVER_RELATIONSHIP *old[SERVERS][NAMES]; /* NULL: absent */
	struct state before, after, now;
	/* Of the round: */
	struct set *set;
	struct set_result tested;
	struct said committed, undone;
};

static const char *const names[NAMES] = { "a", "b", "n" };

static void
hear(void *arg, struct set_result result)
{
	struct said *said = arg;

	said->times++;
	said->result = result;
}

/* ---------------------------------------------------------------- state */

static void
look(struct context *c, struct state *state)
{
	const struct roster *roster = c->w->roster;
	size_t i;

	for (i = 0; i < SERVERS; i++)
		world_database(c->w, i, &state->servers[i]);
	state->own = (struct own){
		.spin_lock = c->scalars.spin_lock,
		.poll_interval = c->scalars.poll_interval,
		.notify = c->scalars.notify,
		.notify_min_interval = c->scalars.notify_min_interval,
		.free_low = roster->free_low,
		.free_high = roster->free_high,
		.event_limit = roster->events->limit,
	};
}

static bool
same_own(const struct own *a, const struct own *b)
{
	return a->spin_lock == b->spin_lock &&
	    a->poll_interval == b->poll_interval && a->notify == b->notify &&
	    a->notify_min_interval == b->notify_min_interval &&
	    a->free_low == b->free_low && a->free_high == b->free_high &&
	    a->event_limit == b->event_limit;
}

static bool
same_server(const struct world_text *a, const struct world_text *b)
{
	return strcmp(a->all.text, b->all.text) == 0 &&
	    strcmp(a->secrets, b->secrets) == 0;
}

static bool
same_servers(const struct state *a, const struct state *b)
{
	size_t i;

	for (i = 0; i < SERVERS; i++)
		if (!same_server(&a->servers[i], &b->servers[i]))
			return false;
	return true;
}

static bool
same(const struct state *a, const struct state *b)
{
	return same_servers(a, b) && same_own(&a->own, &b->own);
}

static void
set_own(struct context *c)
{
	const struct own *own = &c->before.own;
	struct roster *roster = c->w->roster;

	c->scalars.spin_lock = own->spin_lock;
	c->scalars.poll_interval = own->poll_interval;
	c->scalars.notify = own->notify;
	c->scalars.notify_min_interval = own->notify_min_interval;
	roster->free_low = own->free_low;
	roster->free_high = own->free_high;
	event_log_limit(roster->events, own->event_limit);
}

/* From behind, all as it was in the beginning. */
static void
lead_back(struct context *c)
{
	struct failover_server *server;
	size_t i, j;

	look(c, &c->now);
	if (same(&c->now, &c->before))
		return;
	for (i = 0; i < SERVERS; i++) {
		server = c->w->at[i].local.server;
		/* First all go, so that no scope is in the way. */
		for (j = 0; j < NAMES; j++)
			assert_error(failover_server_restore(server, names[j],
					 NULL),
			    ERROR_SUCCESS);
		for (j = 0; j < NAMES; j++)
			assert_error(failover_server_restore(server, names[j],
					 c->old[i][j]),
			    ERROR_SUCCESS);
		execute(c->w->at[i].local.path,
		    "UPDATE scope SET this_addr_free = 127, "
		    "partner_addr_free = 127");
	}
	set_own(c);
	world_poll(c->w);
	look(c, &c->now);
	assert_true(same(&c->now, &c->before));
}

/* ---------------------------------------------------------------- rounds */

static void
build(struct context *c)
{
	const struct vb *vb;

	for (vb = c->subject->varbinds; vb->name != NULL; vb++)
		assert_non_null(snmp_varlist_add_variable(&c->varbinds,
		    vb->name, vb->length, vb->type, vb->value, vb->size));
}

static void
commit(struct context *c)
{
	set_commit(c->set, hear, &c->committed);
	world_drain(c->w);
}

static void
undo(struct context *c)
{
	set_undo(c->set, hear, &c->undone);
	world_drain(c->w);
}

static void
test(struct context *c)
{
	c->tested = set_test(&c->scalars, c->varbinds, &c->set);
}

static void
finish(struct context *c)
{
	if (c->set != NULL)
		set_finish(c->set);
	c->set = NULL;
}

static void *
begin(const struct operation *operation)
{
	struct context *c = test_calloc(1, sizeof(*c));
	DHCP_FAILOVER_RELATIONSHIP **old;
	size_t i, j;

	c->subject = operation->what;
	c->course = operation->how;
	c->w = world_of(SERVERS, c->course->place.type, c->course->place.extra);
	for (i = 0; i < SERVERS; i++) {
		world_have(c->w, i, "a", 1 + 10 * (unsigned int)i, 2);
		world_have(c->w, i, "b", 2 + 10 * (unsigned int)i, 1);
		fault_server(i, c->w->at[i].control, c->w->at[i].calls);
		for (j = 0; j < NAMES; j++) {
			old = &c->old[i][j];
			if (failover_server_get(c->w->at[i].local.server,
				names[j], old) != ERROR_SUCCESS)
				*old = NULL;
		}
	}
	/* Events would fill memory up to their limit. */
	c->w->conf->event_limit = 0;
	world_start(c->w);
	if (c->subject->pair) {
		world_server(c->w, 0)->conf.pair_with = 7;
		world_server(c->w, 0)->conf.apply_to_both = true;
	}
	c->scalars = (struct scalars){ .roster = c->w->roster,
		.server_count = SERVERS,
		.spin_lock = 5,
		.poll_interval = 60,
		.notify = 1,
		.notify_min_interval = 5 };
	c->w->roster->free_low = 10;
	c->w->roster->free_high = 15;
	world_poll(c->w);
	build(c);

	/* What it comes to when all is well. */
	look(c, &c->before);
	test(c);
	assert_int_equal(c->tested.status, SNMP_ERR_NOERROR);
	commit(c);
	finish(c);
	look(c, &c->after);
	assert_false(same(&c->before, &c->after));
	lead_back(c);
	return c;
}

static void
end(void *context)
{
	struct context *c = context;
	void *w = c->w;
	size_t i, j;

	finish(c);
	snmp_free_varbind(c->varbinds);
	for (i = 0; i < SERVERS; i++)
		for (j = 0; j < NAMES; j++)
			failover_free(c->old[i][j]);
	world_end(&w);
	test_free(c);
}

/* Where no memory was left to remember a doubt, it lasts to the next SET. */
static void
forget_doubts(struct context *c)
{
	struct snapshot *snapshot;
	size_t i, j;

	for (i = 0; i < SERVERS; i++) {
		snapshot = world_server(c->w, i)->snapshot;
		for (j = 0; j < snapshot->n; j++)
			snapshot->rows[j].status.set_status = SET_STATUS_NONE;
	}
}

static void
prepare(void *context)
{
	struct context *c = context;
	const enum mode mode = c->course->way.mode;

	log_forget();
	lead_back(c);
	forget_doubts(c);
	memset(&c->tested, 0, sizeof(c->tested));
	memset(&c->committed, 0, sizeof(c->committed));
	memset(&c->undone, 0, sizeof(c->undone));
	if (mode == MODE_TEST || mode == MODE_WHOLE)
		return;
	test(c);
	assert_int_equal(c->tested.status, SNMP_ERR_NOERROR);
	if (mode != MODE_UNDO)
		return;
	commit(c);
	assert_int_equal(c->committed.result.status, SNMP_ERR_NOERROR);
}

static void
run(void *context)
{
	struct context *c = context;

	switch (c->course->way.mode) {
	case MODE_TEST:
		test(c);
		finish(c);
		break;
	case MODE_COMMIT:
		commit(c);
		break;
	case MODE_UNDO:
		undo(c);
		break;
	case MODE_OVERTAKE:
		set_commit(c->set, hear, &c->committed);
		undo(c);
		break;
	case MODE_LATE:
		set_commit(c->set, hear, &c->committed);
		set_expire(c->set);
		finish(c);
		world_drain(c->w);
		break;
	case MODE_WHOLE:
		test(c);
		if (c->set == NULL)
			break;
		commit(c);
		undo(c);
		finish(c);
		world_drain(c->w);
		break;
	}
}

/* ---------------------------------------------------------------- checks */

static void
assert_status(struct set_result result, int status)
{
	if (result.status != status)
		fail_msg("%s instead of %s\n%s", snmp_errstring(result.status),
		    snmp_errstring(status), logged);
}

/* What may be answered if something failed. */
static void
assert_refused(const struct context *c, struct set_result result)
{
	switch (result.status) {
	case SNMP_ERR_RESOURCEUNAVAILABLE:
	case SNMP_ERR_COMMITFAILED:
	case SNMP_ERR_NOACCESS:
		break;
	default:
		fail_msg("%s\n%s", snmp_errstring(result.status), logged);
	}
	if (c->course->way.mode != MODE_WHOLE)
		assert_true(result.index >= 1);
}

/* Members are shown as they are at once, the rest by the next listing. */
static bool
is_listed_first(const struct context *c, const struct fault *fault)
{
	return c->subject->structural ||
	    c->undone.result.status != SNMP_ERR_NOERROR ||
	    c->committed.result.status == SNMP_ERR_UNDOFAILED ||
	    (c->course->way.mode == MODE_LATE && fault != NULL &&
		fault->forever);
}

static void
assert_shown(struct context *c, const struct fault *fault)
{
	size_t i;

	/* A failed listing is followed by another, which may fail, too. */
	if (is_listed_first(c, fault))
		world_poll(c->w);
	for (i = 0; i < SERVERS; i++)
		assert_shown_is_true(c->w, i);
}

static void
assert_rows_are_settled(struct context *c)
{
	const struct snapshot_row *row;
	size_t i, j;

	for (i = 0; i < SERVERS; i++)
		for (j = 0; j < NAMES; j++) {
			row = world_row(c->w, i, names[j]);
			if (row == NULL)
				continue;
			if (row->status.set_status == SET_STATUS_PENDING)
				fail_msg("%s is still pending\n%s", names[j],
				    logged);
			if (row->status.set_status == SET_STATUS_IN_DOUBT &&
			    strstr(logged, "stays in doubt") == NULL)
				fail_msg("%s is still in doubt\n%s", names[j],
				    logged);
			assert_true(
			    row->status.set_failures <= row->status.set_calls);
		}
}

static void
assert_sane(struct context *c, const struct fault *fault)
{
	const struct failover_server_report *report;
	const struct managed *server;
	size_t i;

	assert_shown(c, fault);
	/* That it is not done is believed at the second look. */
	world_poll(c->w);
	assert_rows_are_settled(c);
	assert_null(c->w->roster->changes);
	for (i = 0; i < SERVERS; i++) {
		server = world_server(c->w, i);
		report = &server->report;
		assert_int_equal(server->users,
		    c->set != NULL ? server->users : 0);
		assert_true(report->failures <= report->calls);
		assert_true(report->set_failures <= report->set_calls);
		assert_true(report->set_calls <= report->calls);
	}
	/* A listing that failed makes it known. */
	world_poll(c->w);
	assert_counters_are_right(c->w->roster);
}

/* May ${fault} hinder what leads back, too? */
static bool
may_stay(const struct context *c, const struct fault *fault)
{
	const enum mode mode = c->course->way.mode;

	return fault->forever || mode == MODE_UNDO || mode == MODE_OVERTAKE ||
	    mode == MODE_WHOLE;
}

static void
assert_servers(const struct state *is, const struct state *should)
{
	size_t i;

	for (i = 0; i < SERVERS; i++)
		if (!same_server(&is->servers[i], &should->servers[i]))
			fail_msg("server %zu has\n%s%sinstead of\n%s%s%s", i,
			    is->servers[i].all.text, is->servers[i].secrets,
			    should->servers[i].all.text,
			    should->servers[i].secrets, logged);
}

static void
assert_own(const struct own *is, const struct own *should)
{
	if (!same_own(is, should))
		fail_msg("the agent's own values are wrong\n%s", logged);
}

static void
assert_state(const struct state *is, const struct state *should)
{
	assert_servers(is, should);
	assert_own(&is->own, &should->own);
}

/* An end that nobody knows: a lost answer, or a way back that failed, too. */
static void
assert_doubt(const struct context *c, const struct fault *fault)
{
	struct state should = c->before;

	if (strstr(logged, "could not be undone") != NULL) {
		assert_true(may_stay(c, fault));
		return;
	}
	assert_int_equal(fault->kind, FAULT_ANSWER);
	assert_non_null(strstr(logged, "in doubt"));
	/* Who has the lock may have changed something. */
	should.own.spin_lock = c->after.own.spin_lock;
	assert_state(&c->now, &should);
}

/* A refusal leaves what was there, success what was asked for. */
static void
check_commit(struct context *c, const struct fault *fault)
{
	assert_int_equal(c->committed.times, 1);
	switch (c->committed.result.status) {
	case SNMP_ERR_NOERROR:
		assert_state(&c->now, &c->after);
		break;
	case SNMP_ERR_UNDOFAILED:
		assert_doubt(c, fault);
		break;
	default:
		assert_refused(c, c->committed.result);
		assert_state(&c->now, &c->before);
	}
}

static void
check_undo(struct context *c, const struct fault *fault)
{
	assert_int_equal(c->undone.times, 1);
	if (c->undone.result.status == SNMP_ERR_NOERROR) {
		assert_state(&c->now, &c->before);
		return;
	}
	assert_status(c->undone.result, SNMP_ERR_UNDOFAILED);
	assert_doubt(c, fault);
}

/*
 * The agent's own values go by what was answered at the deadline, and the rows
 * by what became of them.
 */
static void
check_late(struct context *c, const struct fault *fault)
{
	assert_int_equal(c->committed.times, 1);
	if (c->committed.result.status == SNMP_ERR_NOERROR)
		assert_own(&c->now.own, &c->after.own);
	else if (c->committed.result.status == SNMP_ERR_UNDOFAILED)
		assert_doubt(c, fault);
	else {
		assert_refused(c, c->committed.result);
		assert_state(&c->now, &c->before);
	}
	if (!same_servers(&c->now, &c->after) &&
	    (fault == NULL || !fault->forever))
		assert_servers(&c->now, &c->before);
}

static void
check(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;

	look(c, &c->now);
	if (hits == 0) {
		assert_status(c->tested, SNMP_ERR_NOERROR);
		assert_status(c->undone.result, SNMP_ERR_NOERROR);
		if (c->course->way.mode != MODE_LATE)
			assert_status(c->committed.result, SNMP_ERR_NOERROR);
	}
	switch (c->course->way.mode) {
	case MODE_TEST:
		if (c->tested.status != SNMP_ERR_NOERROR)
			assert_status(c->tested, SNMP_ERR_RESOURCEUNAVAILABLE);
		assert_state(&c->now, &c->before);
		break;
	case MODE_COMMIT:
		check_commit(c, fault);
		break;
	case MODE_UNDO:
	case MODE_OVERTAKE:
		check_undo(c, fault);
		break;
	case MODE_LATE:
		check_late(c, fault);
		break;
	case MODE_WHOLE:
		if (c->tested.status != SNMP_ERR_NOERROR) {
			assert_refused(c, c->tested);
			assert_state(&c->now, &c->before);
		} else
			check_undo(c, fault);
		break;
	}
	finish(c);
	assert_sane(c, fault);
}

/* ---------------------------------------------------------------- table */

const struct operation *
set_operations(size_t *n)
{
	static struct course courses[nitems(places) * nitems(ways)];
	static struct operation
	    all[nitems(places) * nitems(ways) * nitems(subjects)];
	static char titles[nitems(all)][96];
	size_t i, j, k;

	*n = 0;
	for (i = 0; i < nitems(places); i++)
		for (j = 0; j < nitems(ways); j++) {
			struct course *course = &courses[i * nitems(ways) + j];

			*course = (struct course){ ways[j], places[i] };
			for (k = 0; k < nitems(subjects); k++) {
				snprintf(titles[*n], sizeof(titles[*n]),
				    "set__%s_of_%s__on_%s_servers",
				    ways[j].name, subjects[k].name,
				    places[i].name);
				all[*n] =
				    (struct operation){ .name = titles[*n],
					    .what = &subjects[k],
					    .how = course,
					    .kinds = places[i].kinds,
					    .begin = begin,
					    .end = end,
					    .prepare = prepare,
					    .run = run,
					    .check = check };
				++*n;
			}
		}
	return all;
}
