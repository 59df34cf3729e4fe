/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: what is held back, and what is told of it later. */
#include "snmp.h"

#include "asks.h"

#include "dispatch.h"
#include "notify.h"

static struct scalars scalars;
static unsigned int sent[12]; /* by the number of the notification */

#define SET_FAILED 10
#define PATIENCE 30 /* seconds */

/* In place of dispatch.c: a master that takes everything. */
bool
dispatch_can_notify(void)
{
	return true;
}

void
dispatch_notify(netsnmp_variable_list *varbinds)
{
	const oid *id = varbinds->val.objid;
	size_t length = varbinds->val_len / sizeof(oid);

	assert_true(length > 0 && id[length - 1] < nitems(sent));
	sent[id[length - 1]]++;
	snmp_free_varbind(varbinds);
}

static int
one_told(void **state)
{
	struct world *w;

	one_plain(state);
	w = *state;
	memset(sent, 0, sizeof(sent));
	scalars = (struct scalars){
		.roster = w->roster,
		.server_count = 1,
		.notify = 1u << 7, /* setFailed */
		.notify_min_interval = 1,
	};
	notify_init(&scalars);
	w->roster->observer = notify_observe;
	return 0;
}

static int
end(void **state)
{
	notify_end();
	return world_end(state);
}

/* What is held back is told at a tick after its interval. */
static void
wait_until_sent(unsigned int number, unsigned int n)
{
	const struct timespec moment = { 0, 10000000 };
	const time_t until = time(NULL) + PATIENCE;

	while (sent[number] < n && time(NULL) < until) {
		nanosleep(&moment, NULL);
		run_alarms();
	}
	assert_int_equal(sent[number], n);
}

/* Or nobody hears of them: when they are found not done, it has been told. */
static void
scopes_in_doubt__that_are_held_back__are_told_later(void **state)
{
	struct world *w = *state;
	struct said said;

	world_control(w, 0, "add_scopes 0 5 before\n");
	change_finish(
	    committed(w, ASKS(SCOPE(0, "a", 8, CHANGE_CREATE)), &said));
	assert_said(&said, CHANGE_FAILED);
	assert_int_equal(sent[SET_FAILED], 1);
	world_control(w, 0,
	    "add_scopes 0 1726 before\nget 0 1722 before 2\n"
	    "list 0 1722 before\n");
	left_in_doubt(w, ASKS(SCOPE(0, "a", 9, CHANGE_CREATE)));
	assert_int_equal(sent[SET_FAILED], 1);
	assert_int_equal(scalars.notify_suppressed, 1);
	wait_until_sent(SET_FAILED, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    scopes_in_doubt__that_are_held_back__are_told_later,
		    one_told, end),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
