/* SPDX-License-Identifier: BSD-2-Clause */
/* The varbinds of a SET: what is refused and why, what is assigned and when. */
#include "snmp.h"

#include "alloc.h"
#include "fixture.h"

#include "set.h"

#define MANY 2000u /* varbinds */
#define SCOPES 400u /* as many as a local server takes in one call */

/* One varbind. */
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
#define VARBINDS(...) \
	((const struct vb[]){ __VA_ARGS__, { NULL, 0, 0, NULL, 0 } })
#define SPIN_LOCK NAME(1, 1, 9, 0)
#define POLL_INTERVAL NAME(1, 1, 11, 0)
#define SERVER_ACTION(server) NAME(1, 2, 1, 18, server)
#define NOTIFY NAME(1, 7, 1, 0)
#define NOTIFY_INTERVAL NAME(1, 7, 2, 0)
#define FREE_LOW NAME(1, 7, 5, 0)
#define FREE_HIGH NAME(1, 7, 6, 0)
#define EVENT_LIMIT NAME(1, 8, 1, 0)
/* Enough for a relationship of its own. */
#define CREATE(server, letter, net)                            \
	{ REL(17, server, letter), INT(4) },                   \
	    { REL(11, server, letter), OCTETS("\xc0\0\2\1") }, \
	    { REL(13, server, letter), OCTETS("\xc0\0\2\2") }, \
	{                                                      \
		SCOPE(server, letter, net), INT(4)             \
	}

static struct scalars scalars;
static unsigned int interval_changes;

/* What the asker was told. */
struct said {
	unsigned int times;
	struct set_result result;
};

static void
hear(void *arg, struct set_result result)
{
	struct said *said = arg;

	said->times++;
	said->result = result;
}

static void
interval_changed(void)
{
	interval_changes++;
}

static int
begin(void **state)
{
	struct world *w = world_new(2, "");

	*state = w;
	world_have(w, 0, "a", 1, 2);
	world_have(w, 0, "b", 2, 1);
	world_have(w, 1, "a", 11, 2);
	world_start(w);
	world_poll(w);
	world_calls(w, 0);
	world_calls(w, 1);
	w->roster->free_low = 10;
	w->roster->free_high = 15;
	interval_changes = 0;
	scalars = (struct scalars){
		.roster = w->roster,
		.server_count = 2,
		.spin_lock = 5,
		.poll_interval = 60,
		.poll_interval_changed = interval_changed,
		.notify = 1,
		.notify_min_interval = 5,
	};
	return 0;
}

/* ---------------------------------------------------------------- asking */

static netsnmp_variable_list *
build(const struct vb *vb)
{
	netsnmp_variable_list *list = NULL;

	for (; vb->name != NULL; vb++)
		assert_non_null(snmp_varlist_add_variable(&list, vb->name,
		    vb->length, vb->type, vb->value, vb->size));
	return list;
}

/* Test ${varbinds}, which must be fine. */
static struct set *
tested(const struct vb *varbinds)
{
	netsnmp_variable_list *list = build(varbinds);
	struct set_result result;
	struct set *set;

	result = set_test(&scalars, list, &set);
	/* What they hold is not needed any more. */
	snmp_free_varbind(list);
	if (result.status != SNMP_ERR_NOERROR)
		fail_msg("refused: %s, varbind %d",
		    snmp_errstring(result.status), result.index);
	assert_int_equal(result.index, 0);
	assert_non_null(set);
	return set;
}

static void
assert_tested(const struct vb *varbinds, int status, int index)
{
	netsnmp_variable_list *list = build(varbinds);
	struct set_result result;
	struct set *set = (struct set *)&scalars;

	result = set_test(&scalars, list, &set);
	assert_string_equal(snmp_errstring(result.status),
	    snmp_errstring(status));
	assert_int_equal(result.index, index);
	if (status != SNMP_ERR_NOERROR)
		assert_null(set);
	else
		set_finish(set);
	snmp_free_varbind(list);
}

/* Test and commit ${varbinds} and wait for the end. */
static struct set *
committed(struct world *w, const struct vb *varbinds, int status, int index)
{
	struct set *set = tested(varbinds);
	struct said said = { 0 };

	set_commit(set, hear, &said);
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_string_equal(snmp_errstring(said.result.status),
	    snmp_errstring(status));
	assert_int_equal(said.result.index, index);
	return set;
}

static void
undo(struct world *w, struct set *set)
{
	struct said said = { 0 };

	set_undo(set, hear, &said);
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_int_equal(said.result.status, SNMP_ERR_NOERROR);
	assert_int_equal(said.result.index, 0);
}

/* ---------------------------------------------------------------- refusals */

static void
test__of_one_bad_varbind__says_what_and_which(void **state)
{
	static char long_text[256];
	const struct {
		struct vb vb;
		int status;
	} all[] = {
		/* Not to be written, whatever the value. */
		{ { REL(2, 2, 'a'), OCTETS("x") }, SNMP_ERR_NOTWRITABLE },
		{ { REL(99, 2, 'a'), INT(1) }, SNMP_ERR_NOTWRITABLE },
		{ { NAME(1, 1, 5, 0), U32(1) }, SNMP_ERR_NOTWRITABLE },
		{ { NAME(1, 4, 1, 1, 2, 1, 'a'), INT(1) },
		    SNMP_ERR_NOTWRITABLE },
		{ { NAME(1, 3, 1), INT(1) }, SNMP_ERR_NOTWRITABLE },
		{ { (const oid[]){ 1, 3 }, 2, INT(1) }, SNMP_ERR_NOTWRITABLE },
		/* Type. */
		{ { REL(7, 2, 'a'), INT(1) }, SNMP_ERR_WRONGTYPE },
		{ { REL(7, 2, 'a'), OCTETS("1") }, SNMP_ERR_WRONGTYPE },
		{ { REL(3, 2, 'a'), U32(1) }, SNMP_ERR_WRONGTYPE },
		{ { REL(16, 2, 'a'), INT(1) }, SNMP_ERR_WRONGTYPE },
		{ { REL(11, 2, 'a'), U32(1) }, SNMP_ERR_WRONGTYPE },
		{ { REL(17, 2, 'a'), U32(1) }, SNMP_ERR_WRONGTYPE },
		{ { SCOPE(2, 'a', 1), U32(1) }, SNMP_ERR_WRONGTYPE },
		{ { POLL_INTERVAL, INT(1) }, SNMP_ERR_WRONGTYPE },
		{ { NOTIFY, U32(1) }, SNMP_ERR_WRONGTYPE },
		{ { SPIN_LOCK, U32(5) }, SNMP_ERR_WRONGTYPE },
		{ { SERVER_ACTION(2), U32(2) }, SNMP_ERR_WRONGTYPE },
		{ { REL(7, 2, 'a'), ASN_NULL, NULL, 0 }, SNMP_ERR_WRONGTYPE },
		/* Length. */
		{ { REL(11, 2, 'a'), OCTETS("\1\2\3") }, SNMP_ERR_WRONGLENGTH },
		{ { REL(13, 2, 'a'), OCTETS("") }, SNMP_ERR_WRONGLENGTH },
		{ { REL(13, 2, 'a'), OCTETS("0123456789012345") },
		    SNMP_ERR_WRONGLENGTH },
		{ { REL(16, 2, 'a'), ASN_OCTET_STR, long_text, 256 },
		    SNMP_ERR_WRONGLENGTH },
		{ { NOTIFY, OCTETS("\0\0\0\0\0") }, SNMP_ERR_WRONGLENGTH },
		/* Value. */
		{ { REL(3, 2, 'a'), INT(2) }, SNMP_ERR_WRONGVALUE },
		{ { REL(3, 2, 'a'), INT(-1) }, SNMP_ERR_WRONGVALUE },
		{ { REL(4, 2, 'a'), INT(2) }, SNMP_ERR_WRONGVALUE },
		{ { REL(5, 2, 'a'), INT(12) }, SNMP_ERR_WRONGVALUE },
		{ { REL(6, 2, 'a'), INT(13) }, SNMP_ERR_WRONGVALUE },
		{ { REL(9, 2, 'a'), U32(101) }, SNMP_ERR_WRONGVALUE },
		{ { REL(9, 2, 'a'), U32(256) }, SNMP_ERR_WRONGVALUE },
		{ { REL(10, 2, 'a'), INT(2) }, SNMP_ERR_WRONGVALUE },
		{ { REL(12, 2, 'a'), INT(0) }, SNMP_ERR_WRONGVALUE },
		{ { REL(11, 2, 'a'), OCTETS("\0\0\0\0") },
		    SNMP_ERR_WRONGVALUE },
		{ { REL(14, 2, 'a'), OCTETS("a\0b") }, SNMP_ERR_WRONGVALUE },
		{ { REL(15, 2, 'a'), OCTETS("\xc3") }, SNMP_ERR_WRONGVALUE },
		{ { REL(16, 2, 'a'), OCTETS("\xff\xfe") },
		    SNMP_ERR_WRONGVALUE },
		{ { REL(17, 2, 'a'), INT(0) }, SNMP_ERR_WRONGVALUE },
		{ { REL(17, 2, 'a'), INT(2) }, SNMP_ERR_WRONGVALUE },
		{ { REL(17, 2, 'a'), INT(3) }, SNMP_ERR_WRONGVALUE },
		{ { REL(17, 2, 'a'), INT(5) }, SNMP_ERR_WRONGVALUE },
		{ { REL(17, 2, 'a'), INT(7) }, SNMP_ERR_WRONGVALUE },
		{ { SCOPE(2, 'a', 1), INT(2) }, SNMP_ERR_WRONGVALUE },
		{ { SCOPE(2, 'a', 9), INT(5) }, SNMP_ERR_WRONGVALUE },
		{ { POLL_INTERVAL, U32(0) }, SNMP_ERR_WRONGVALUE },
		{ { POLL_INTERVAL, U32(86401) }, SNMP_ERR_WRONGVALUE },
		{ { NOTIFY, OCTETS("\0\x40") }, SNMP_ERR_WRONGVALUE },
		{ { NOTIFY_INTERVAL, U32(3601) }, SNMP_ERR_WRONGVALUE },
		{ { FREE_LOW, U32(101) }, SNMP_ERR_WRONGVALUE },
		{ { EVENT_LIMIT, U32(65536) }, SNMP_ERR_WRONGVALUE },
		{ { SPIN_LOCK, INT(-1) }, SNMP_ERR_WRONGVALUE },
		{ { SERVER_ACTION(2), INT(3) }, SNMP_ERR_WRONGVALUE },
		{ { SERVER_ACTION(2), INT(0) }, SNMP_ERR_WRONGVALUE },
		/* Instances that cannot be. */
		{ { REL(7, 3, 'a'), U32(1) }, SNMP_ERR_NOCREATION },
		{ { NAME(1, 3, 1, 7, 2), U32(1) }, SNMP_ERR_NOCREATION },
		{ { NAME(1, 3, 1, 7, 2, 0), U32(1) }, SNMP_ERR_NOCREATION },
		{ { NAME(1, 3, 1, 7, 2, 2, 'a'), U32(1) },
		    SNMP_ERR_NOCREATION },
		{ { NAME(1, 3, 1, 7, 2, 1, 'a', 'b'), U32(1) },
		    SNMP_ERR_NOCREATION },
		{ { NAME(1, 3, 1, 7, 2, 1, 300), U32(1) },
		    SNMP_ERR_NOCREATION },
		{ { NAME(1, 5, 1, 3, 2, 1, 'a', 2, 4, 10, 1, 0, 0), INT(4) },
		    SNMP_ERR_NOCREATION },
		{ { NAME(1, 5, 1, 3, 2, 1, 'a', 1, 4, 10, 1, 0), INT(4) },
		    SNMP_ERR_NOCREATION },
		{ { NAME(1, 5, 1, 3, 2, 1, 'a', 1, 4, 10, 1, 0, 256), INT(4) },
		    SNMP_ERR_NOCREATION },
		{ { NAME(1, 1, 11, 1), U32(1) }, SNMP_ERR_NOCREATION },
		{ { NAME(1, 1, 11), U32(1) }, SNMP_ERR_NOCREATION },
		{ { SERVER_ACTION(3), INT(2) }, SNMP_ERR_NOCREATION },
		/* Of two faults, the first of RFC 3416 4.2.5. */
		{ { REL(7, 3, 'a'), INT(1) }, SNMP_ERR_WRONGTYPE },
		{ { NAME(1, 3, 1, 7, 2, 0), INT(1) }, SNMP_ERR_WRONGTYPE },
		{ { REL(11, 3, 'a'), OCTETS("\1") }, SNMP_ERR_WRONGLENGTH },
		{ { REL(9, 3, 'a'), U32(101) }, SNMP_ERR_WRONGVALUE },
		{ { REL(17, 3, 'a'), INT(2) }, SNMP_ERR_WRONGVALUE },
		{ { SCOPE(3, 'a', 9), U32(4) }, SNMP_ERR_WRONGTYPE },
		{ { NAME(1, 5, 1, 3, 2, 1, 'a', 1, 4, 10, 1, 0), INT(0) },
		    SNMP_ERR_WRONGVALUE },
		/* What does not fit what there is. */
		{ { REL(7, 2, 'x'), U32(1) }, SNMP_ERR_INCONSISTENTNAME },
		{ { SCOPE(2, 'x', 9), INT(4) }, SNMP_ERR_INCONSISTENTNAME },
		{ { REL(17, 2, 'x'), INT(1) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { REL(17, 2, 'a'), INT(4) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { REL(17, 2, 'x'), INT(4) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { REL(4, 2, 'a'), INT(0) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { REL(11, 2, 'a'), OCTETS("\1\2\3\4") },
		    SNMP_ERR_INCONSISTENTVALUE },
		{ { SCOPE(2, 'a', 1), INT(4) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { SCOPE(2, 'a', 9), INT(1) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { SPIN_LOCK, INT(4) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { FREE_LOW, U32(16) }, SNMP_ERR_INCONSISTENTVALUE },
		{ { FREE_HIGH, U32(9) }, SNMP_ERR_INCONSISTENTVALUE },
	};
	struct world *w = *state;
	size_t i;

	memset(long_text, 'x', sizeof(long_text));
	for (i = 0; i < nitems(all); i++) {
		print_message("# case %zu\n", i);
		assert_tested(VARBINDS(all[i].vb), all[i].status, 1);
		assert_tested(VARBINDS({ REL(7, 2, 'b'), U32(1) },
				  { NOTIFY_INTERVAL, U32(1) }, all[i].vb,
				  { REL(8, 2, 'b'), U32(1) }),
		    all[i].status, 3);
	}
	assert_int_equal(world_server(w, 0)->users, 0);
	assert_int_equal(scalars.notify_min_interval, 5);
	assert_string_equal(world_calls(w, 0), "");
}

static void
test__of_the_same_twice__is_fine_and_of_two_values_is_not(void **state)
{
	const struct {
		struct vb a, b;
	} all[] = {
		{ { REL(7, 2, 'a'), U32(1) }, { REL(7, 2, 'a'), U32(2) } },
		{ { REL(3, 2, 'a'), INT(0) }, { REL(3, 2, 'a'), INT(1) } },
		{ { REL(16, 2, 'a'), OCTETS("x") },
		    { REL(16, 2, 'a'), OCTETS("y") } },
		{ { REL(17, 2, 'a'), INT(6) }, { REL(17, 2, 'a'), INT(1) } },
		{ { SCOPE(2, 'a', 9), INT(4) }, { SCOPE(2, 'a', 9), INT(6) } },
		{ { POLL_INTERVAL, U32(7) }, { POLL_INTERVAL, U32(8) } },
		{ { SERVER_ACTION(2), INT(2) }, { SERVER_ACTION(2), INT(1) } },
		{ { NOTIFY, OCTETS("\x80") }, { NOTIFY, OCTETS("\x40") } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		assert_tested(VARBINDS(all[i].a, all[i].a), SNMP_ERR_NOERROR,
		    0);
		assert_tested(VARBINDS(all[i].a, all[i].b),
		    SNMP_ERR_INCONSISTENTVALUE, 2);
	}
	/* Another server's is another. */
	assert_tested(VARBINDS({ SERVER_ACTION(2), INT(2) },
			  { SERVER_ACTION(7), INT(1) },
			  { REL(7, 2, 'a'), U32(1) },
			  { REL(7, 7, 'a'), U32(2) }),
	    SNMP_ERR_NOERROR, 0);
}

static void
test__of_thresholds__holds_both_against_each_other(void **state)
{
	(void)state;
	assert_tested(VARBINDS({ FREE_LOW, U32(15) }), SNMP_ERR_NOERROR, 0);
	assert_tested(VARBINDS({ FREE_LOW, U32(50) }, { FREE_HIGH, U32(60) }),
	    SNMP_ERR_NOERROR, 0);
	assert_tested(VARBINDS({ FREE_HIGH, U32(60) }, { FREE_LOW, U32(50) }),
	    SNMP_ERR_NOERROR, 0);
	assert_tested(VARBINDS({ REL(7, 2, 'a'), U32(1) },
			  { FREE_LOW, U32(60) }, { FREE_HIGH, U32(50) }),
	    SNMP_ERR_INCONSISTENTVALUE, 3);
}

static void
test__of_what_a_server_does_not_take__is_not_writable(void **state)
{
	struct world *w = *state;
	struct managed *server = world_server(w, 0);

	server->writable = MCLT;
	assert_tested(VARBINDS({ REL(7, 2, 'a'), U32(1) },
			  { REL(8, 2, 'a'), U32(1) }),
	    SNMP_ERR_NOTWRITABLE, 2);
	server->creates = false;
	assert_tested(VARBINDS({ REL(7, 2, 'a'), U32(1) }, CREATE(2, 'n', 9)),
	    SNMP_ERR_NOCREATION, 2);
	assert_tested(VARBINDS({ REL(17, 2, 'a'), INT(6) }),
	    SNMP_ERR_NOTWRITABLE, 1);
	assert_tested(VARBINDS({ SCOPE(2, 'a', 9), INT(4) }),
	    SNMP_ERR_NOTWRITABLE, 1);
}

static void
test__of_a_row_that_is_pending__says_that_it_is_busy(void **state)
{
	struct set *set = tested(VARBINDS({ REL(7, 2, 'a'), U32(60) }));
	struct world *w = *state;
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	set_commit(set, hear, &said);
	fd = world_catch(w, 0);
	set_expire(set);
	assert_int_equal(said.times, 1);
	assert_int_equal(said.result.status, SNMP_ERR_NOERROR);
	set_finish(set);
	assert_tested(VARBINDS({ REL(7, 2, 'b'), U32(60) },
			  { REL(8, 2, 'a'), U32(60) }),
	    SNMP_ERR_RESOURCEUNAVAILABLE, 2);
	world_let_go(fd, "");
	world_drain(w);
	assert_tested(VARBINDS({ REL(8, 2, 'a'), U32(60) }), SNMP_ERR_NOERROR,
	    0);
}

static void
test__of_nothing__is_fine(void **state)
{
	struct set *set;

	assert_int_equal(set_test(&scalars, NULL, &set).status,
	    SNMP_ERR_NOERROR);
	assert_non_null(set);
	set_finish(set);
	(void)state;
}

static void
commit__that_a_server_refuses__says_why_and_which(void **state)
{
	static const struct {
		enum dhcp_error code;
		int status;
	} all[] = {
		{ ERROR_ACCESS_DENIED, SNMP_ERR_NOACCESS },
		{ ERROR_DHCP_NO_ADMIN_PERMISSION, SNMP_ERR_NOACCESS },
		{ ERROR_NOT_SUPPORTED, SNMP_ERR_NOTWRITABLE },
		{ ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST,
		    SNMP_ERR_INCONSISTENTNAME },
		{ ERROR_INVALID_PARAMETER, SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DHCP_FO_STATE_NOT_NORMAL, SNMP_ERR_INCONSISTENTVALUE },
		{ RPC_S_SERVER_UNAVAILABLE, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_TIMEOUT, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_DISK_FULL, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ RPC_S_CALL_FAILED, SNMP_ERR_COMMITFAILED },
		{ (enum dhcp_error)31, SNMP_ERR_COMMITFAILED },
	};
	struct world *w = *state;
	char rule[64];
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		snprintf(rule, sizeof(rule), "set 0 %u before 0 b\n",
		    (unsigned int)all[i].code);
		world_control(w, 0, rule);
		set_finish(committed(w,
		    VARBINDS({ REL(7, 2, 'a'), U32(60) },
			{ REL(8, 2, 'b'), U32(60) },
			{ REL(7, 2, 'b'), U32(60) }),
		    all[i].status, 2));
		assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	}
}

/* ---------------------------------------------------------------- all of it */

static void
commit__of_each_column__sets_what_it_says(void **state)
{
	struct world *w = *state;
	const struct snapshot_row *row;
	struct set *set;

	set_finish(committed(w,
	    VARBINDS({ REL(3, 2, 'a'), INT(1) }, { REL(5, 2, 'a'), INT(5) },
		{ REL(6, 2, 'a'), INT(4) }, { REL(7, 2, 'a'), U32(7) },
		{ REL(8, 2, 'a'), U32(0xffffffff) }, { REL(9, 2, 'a'), U32(9) },
		{ REL(16, 2, 'a'), OCTETS("s3cret") },
		{ REL(17, 2, 'a'), INT(1) }),
	    SNMP_ERR_NOERROR, 0));
	assert_string_equal(world_calls(w, 0),
	    "begin\nget a\nset a 0x7f\ncommit\n");
	row = world_row(w, 0, "a");
	assert_int_equal(row->rel.Mode, HotStandby);
	assert_int_equal(row->rel.State, PARTNER_DOWN);
	assert_int_equal(row->rel.PrevState, COMMUNICATION_INT);
	assert_int_equal(row->rel.Mclt, 7);
	assert_int_equal(row->rel.SafePeriod, DHCP_FAILOVER_NEVER);
	assert_int_equal(row->rel.Percentage, 9);
	assert_true(row->authenticated);
	assert_shown_is_true(w, 0);

	set = committed(w,
	    VARBINDS(CREATE(2, 'n', 9), { REL(4, 2, 'n'), INT(1) },
		{ REL(10, 2, 'n'), INT(1) }, { REL(12, 2, 'n'), INT(1) },
		{ REL(14, 2, 'n'), OCTETS("p") },
		{ REL(15, 2, 'n'), OCTETS("") }, { SCOPE(2, 'n', 8), INT(4) }),
	    SNMP_ERR_NOERROR, 0);
	assert_string_equal(world_calls(w, 0),
	    "begin\ncreate n 2\ncommit\nlist\n");
	row = world_row(w, 0, "n");
	assert_non_null(row);
	assert_int_equal(row->rel.ServerType, SecondaryServer);
	assert_int_equal(row->rel.PrimaryServer, NET(192, 0, 2, 1));
	assert_int_equal(row->rel.SecondaryServer, NET(192, 0, 2, 2));
	assert_string_equal(row->rel.PrimaryServerName, "p");
	undo(w, set);
	assert_null(world_row(w, 0, "n"));
	set_finish(set);
	assert_shown_is_true(w, 0);
	assert_int_equal(world_server(w, 0)->users, 0);
}

/* ---------------------------------------------------------------- assignments
 */

/* All values that are the agent's own, and a member. */
#define ASSIGNMENTS                                                      \
	{ POLL_INTERVAL, U32(61) }, { SPIN_LOCK, INT(5) },               \
	    { NOTIFY, OCTETS("\x40\x80") }, { NOTIFY_INTERVAL, U32(9) }, \
	    { FREE_LOW, U32(20) }, { FREE_HIGH, U32(30) },               \
	{                                                                \
		EVENT_LIMIT, U32(9)                                      \
	}

static void
assert_assigned(struct world *w, bool yes)
{
	assert_int_equal(scalars.poll_interval, yes ? 61 : 60);
	assert_int_equal(scalars.spin_lock, yes ? 6 : 5);
	assert_int_equal(scalars.notify, yes ? 0x102 : 1);
	assert_int_equal(scalars.notify_min_interval, yes ? 9 : 5);
	assert_int_equal(w->roster->free_low, yes ? 20 : 10);
	assert_int_equal(w->roster->free_high, yes ? 30 : 15);
	assert_int_equal(w->roster->events->limit, yes ? 9 : 256);
}

static void
commit__of_assignments_alone__answers_at_once(void **state)
{
	struct set *set = tested(VARBINDS(ASSIGNMENTS));
	struct world *w = *state;
	struct said said = { 0 };

	assert_assigned(w, false);
	set_commit(set, hear, &said);
	assert_int_equal(said.times, 1);
	assert_int_equal(said.result.status, SNMP_ERR_NOERROR);
	assert_assigned(w, true);
	assert_int_equal(interval_changes, 1);
	assert_string_equal(world_calls(w, 0), "");
	undo(w, set);
	assert_assigned(w, false);
	assert_int_equal(interval_changes, 2);
	/* Once is enough. */
	scalars.poll_interval = 99;
	undo(w, set);
	assert_int_equal(scalars.poll_interval, 99);
	set_finish(set);
}

static void
commit__of_assignments_and_a_row__assigns_when_the_server_is_done(void **state)
{
	struct set *set =
	    tested(VARBINDS(ASSIGNMENTS, { REL(7, 2, 'a'), U32(60) }));
	struct world *w = *state;
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	set_commit(set, hear, &said);
	fd = world_catch(w, 0);
	/* But for the lock, which nobody else is to take meanwhile. */
	assert_int_equal(scalars.spin_lock--, 6);
	assert_assigned(w, false);
	scalars.spin_lock++;
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_assigned(w, true);
	undo(w, set);
	assert_assigned(w, false);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	set_finish(set);
}

/* What a lower limit drops could not be brought back. */
static void
commit__of_the_events_limit__drops_none_until_it_is_certain(void **state)
{
	struct world *w = *state;
	struct event_log *events = w->roster->events;
	const struct event event = { .kind = EVENT_OTHER };
	struct set *set;
	size_t n;

	while (events->n < 12)
		event_log_add(events, &event);
	n = events->n;
	set = committed(w, VARBINDS({ EVENT_LIMIT, U32(9) }), SNMP_ERR_NOERROR,
	    0);
	undo(w, set);
	set_finish(set);
	assert_int_equal(events->n, n);
	assert_int_equal(events->limit, 256);
	set_finish(committed(w, VARBINDS({ EVENT_LIMIT, U32(9) }),
	    SNMP_ERR_NOERROR, 0));
	assert_int_equal(events->n, 9);
	assert_int_equal(events->limit, 9);
}

/* As the program does when it starts again. */
static void
start_again(struct world *w)
{
	struct conf *conf = world_read_again(w, w->n);

	world_stop(w);
	w->roster = scalars.roster = roster_new(conf);
	conf_free(conf);
	w->roster->history =
	    history_open(w->dir, w->roster->shop, w->roster->events);
	assert_non_null(w->roster->history);
}

/* Or they would be back after a restart. */
static void
commit__of_a_lower_events_limit__drops_them_from_the_file_too(void **state)
{
	struct world *w = *state;
	struct event_log *events;
	const struct event event = { .kind = EVENT_OTHER };

	start_again(w);
	events = w->roster->events;
	while (events->n < 3)
		history_event(w->roster->history,
		    event_log_add(events, &event));
	set_finish(committed(w, VARBINDS({ EVENT_LIMIT, U32(1) }),
	    SNMP_ERR_NOERROR, 0));
	start_again(w);
	assert_int_equal(w->roster->events->limit, 256);
	assert_int_equal(w->roster->events->n, 1);
	assert_int_equal(w->roster->events->last, 3);
	set_finish(committed(w, VARBINDS({ EVENT_LIMIT, U32(0) }),
	    SNMP_ERR_NOERROR, 0));
	start_again(w);
	assert_int_equal(w->roster->events->n, 0);
}

/* What came between is not held beyond the limit. */
static void
undo__of_a_higher_events_limit__drops_what_is_too_many(void **state)
{
	struct world *w = *state;
	struct event_log *events = w->roster->events;
	const struct event event = { .kind = EVENT_OTHER };
	struct set *set;

	event_log_limit(events, 9);
	set = committed(w, VARBINDS({ EVENT_LIMIT, U32(99) }), SNMP_ERR_NOERROR,
	    0);
	while (events->n < 12)
		event_log_add(events, &event);
	undo(w, set);
	set_finish(set);
	assert_int_equal(events->limit, 9);
	assert_int_equal(events->n, 9);
}

/* Or whoever sets it again and again puts off the next poll for ever. */
static void
commit__of_the_interval_there_is__does_not_begin_it_anew(void **state)
{
	struct world *w = *state;
	struct set *set;

	set = committed(w, VARBINDS({ POLL_INTERVAL, U32(60) }),
	    SNMP_ERR_NOERROR, 0);
	assert_int_equal(interval_changes, 0);
	undo(w, set);
	assert_int_equal(interval_changes, 0);
	set_finish(set);
}

static void
commit__whose_server_refuses__assigns_nothing(void **state)
{
	struct world *w = *state;
	struct set *set;

	world_control(w, 0, "set 0 5 before\n");
	set = committed(w, VARBINDS(ASSIGNMENTS, { REL(7, 2, 'a'), U32(60) }),
	    SNMP_ERR_NOACCESS, 8);
	assert_assigned(w, false);
	undo(w, set);
	assert_assigned(w, false);
	assert_int_equal(interval_changes, 0);
	set_finish(set);
}

static void
undo__while_the_server_works__assigns_nothing(void **state)
{
	struct set *set =
	    tested(VARBINDS(ASSIGNMENTS, { REL(7, 2, 'a'), U32(60) }));
	struct world *w = *state;
	struct said said = { 0 };
	int fd;

	world_trap(w, 0);
	set_commit(set, hear, &said);
	fd = world_catch(w, 0);
	set_undo(set, hear, &said);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_assigned(w, false);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 3600);
	set_finish(set);
}

static void
undo__that_fails__takes_the_assignments_back_all_the_same(void **state)
{
	struct world *w = *state;
	struct said said = { 0 };
	struct set *set;

	set = committed(w, VARBINDS(ASSIGNMENTS, { REL(7, 2, 'a'), U32(60) }),
	    SNMP_ERR_NOERROR, 0);
	world_control(w, 0, "set 0 5 before\n");
	set_undo(set, hear, &said);
	world_drain(w);
	assert_int_equal(said.result.status, SNMP_ERR_UNDOFAILED);
	/* But for the lock, as the row is not what it was. */
	assert_int_equal(scalars.spin_lock--, 6);
	assert_assigned(w, false);
	set_finish(set);
}

/* "Returns to the configured value when the agent reads its configuration." */
static void
undo__of_what_a_reload_has_changed_since__leaves_it(void **state)
{
	struct world *w = *state;
	struct set *set =
	    tested(VARBINDS({ POLL_INTERVAL, U32(61) }, { FREE_LOW, U32(14) }));
	struct said said = { 0 };

	/* What was there when it was tested is gone. */
	scalars.poll_interval = 70;
	set_commit(set, hear, &said);
	assert_int_equal(scalars.poll_interval, 61);
	assert_int_equal(w->roster->free_low, 14);
	/* And so may be what was committed. */
	w->roster->free_low = 2;
	undo(w, set);
	assert_int_equal(scalars.poll_interval, 70);
	assert_int_equal(w->roster->free_low, 2);
	set_finish(set);
}

static void
action__to_refresh__asks_that_server_only(void **state)
{
	struct world *w = *state;

	set_finish(committed(w, VARBINDS({ SERVER_ACTION(7), INT(2) }),
	    SNMP_ERR_NOERROR, 0));
	world_drain(w);
	assert_string_equal(world_calls(w, 0), "");
	assert_string_equal(world_calls(w, 1), "list\nsystem_time\n");
	/* None is nothing. */
	set_finish(committed(w, VARBINDS({ SERVER_ACTION(7), INT(1) }),
	    SNMP_ERR_NOERROR, 0));
	world_drain(w);
	assert_string_equal(world_calls(w, 1), "");
	/* It cannot be taken back, nor is it done again. */
	struct set *set = committed(w, VARBINDS({ SERVER_ACTION(7), INT(2) }),
	    SNMP_ERR_NOERROR, 0);

	world_drain(w);
	undo(w, set);
	assert_string_equal(world_calls(w, 1), "list\nsystem_time\n");
	assert_int_equal(world_server(w, 1)->users, 1);
	set_finish(set);
	assert_int_equal(world_server(w, 1)->users, 0);
}

static void
spin_lock__at_its_end__begins_anew(void **state)
{
	struct world *w = *state;
	struct set *set;

	scalars.spin_lock = 0x7fffffff;
	set = committed(w, VARBINDS({ SPIN_LOCK, INT(0x7fffffff) }),
	    SNMP_ERR_NOERROR, 0);
	assert_int_equal(scalars.spin_lock, 0);
	undo(w, set);
	assert_int_equal(scalars.spin_lock, 0x7fffffff);
	set_finish(set);
}

static void
spin_lock__used_by_two__lets_the_first_win(void **state)
{
	struct world *w = *state;

	set_finish(committed(w,
	    VARBINDS({ SPIN_LOCK, INT(5) }, { NOTIFY_INTERVAL, U32(6) }),
	    SNMP_ERR_NOERROR, 0));
	assert_tested(VARBINDS({ NOTIFY_INTERVAL, U32(7) },
			  { SPIN_LOCK, INT(5) }),
	    SNMP_ERR_INCONSISTENTVALUE, 2);
	assert_int_equal(scalars.notify_min_interval, 6);
}

/* RFC 2741 lets a master have several SETs open: each was tested in time. */
static void
spin_lock__used_by_two_that_are_tested_before__lets_the_first_win(void **state)
{
	struct world *w = *state;
	struct set *first, *second;
	struct said said = { 0 };
	int fd;

	second = tested(VARBINDS({ REL(7, 2, 'b'), U32(61) },
	    { SPIN_LOCK, INT(5) }, { NOTIFY_INTERVAL, U32(7) }));
	first = tested(
	    VARBINDS({ REL(7, 2, 'a'), U32(60) }, { SPIN_LOCK, INT(5) }));
	world_trap(w, 0);
	set_commit(first, hear, &said);
	fd = world_catch(w, 0);
	/* The first is at it still. */
	set_commit(second, hear, &said);
	assert_int_equal(said.times, 1);
	assert_int_equal(said.result.status, SNMP_ERR_INCONSISTENTVALUE);
	assert_int_equal(said.result.index, 2);
	set_undo(second, hear, &said);
	assert_int_equal(said.times, 2);
	assert_int_equal(said.result.status, SNMP_ERR_NOERROR);
	set_finish(second);

	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(said.times, 3);
	assert_int_equal(said.result.status, SNMP_ERR_NOERROR);
	set_finish(first);
	assert_int_equal(scalars.spin_lock, 6);
	assert_int_equal(scalars.notify_min_interval, 5);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);
	assert_int_equal(world_row(w, 0, "b")->rel.Mclt, 3600);
}

/* What others had read before is not true any more. */
static void
spin_lock__of_a_set_that_cannot_be_undone__stays_taken(void **state)
{
	struct world *w = *state;
	struct said said = { 0 };
	struct set *set;

	/* The second set of "a" is the way back. */
	world_control(w, 0, "set 0 5 before 2 a\n");
	world_control(w, 1, "set 0 5 before\n");
	set = committed(w,
	    VARBINDS({ SPIN_LOCK, INT(5) }, { REL(7, 2, 'a'), U32(60) },
		{ REL(7, 7, 'a'), U32(60) }),
	    SNMP_ERR_UNDOFAILED, 1);
	assert_int_equal(scalars.spin_lock, 6);
	set_undo(set, hear, &said);
	world_drain(w);
	assert_int_equal(said.result.status, SNMP_ERR_UNDOFAILED);
	set_finish(set);
	assert_int_equal(scalars.spin_lock, 6);
	assert_int_equal(world_row(w, 0, "a")->rel.Mclt, 60);

	world_control(w, 1, NULL);
	set = committed(w,
	    VARBINDS({ SPIN_LOCK, INT(6) }, { NOTIFY_INTERVAL, U32(7) },
		{ REL(7, 7, 'a'), U32(61) }),
	    SNMP_ERR_NOERROR, 0);
	world_control(w, 1, "begin 0 1722 before\n");
	set_undo(set, hear, &said);
	/* What is the agent's own is put back at once. */
	assert_int_equal(scalars.notify_min_interval, 5);
	world_drain(w);
	assert_int_equal(said.result.status, SNMP_ERR_UNDOFAILED);
	set_finish(set);
	assert_int_equal(scalars.spin_lock, 7);
	assert_int_equal(scalars.notify_min_interval, 5);
}

/* ---------------------------------------------------------------- many */

/* The first server shows rows "00000", "00001", ... that it does not have. */
static void
show_many(struct world *w, unsigned int n)
{
	struct snapshot *fresh = snapshot_new(NULL);
	struct failover_row row;
	struct wanted wanted;
	unsigned int i;
	char name[16];

	assert_non_null(fresh);
	memset(&row, 0, sizeof(row));
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%05u", i);
		row.rel = *want(&wanted, name, 1, 0);
		row.rel.SharedSecret = NULL;
		assert_true(snapshot_add(fresh, &row));
	}
	assert_true(snapshot_sort(fresh, "many", NULL));
	roster_publish(world_server(w, 0), fresh, true);
}

static netsnmp_variable_list *
add_many(netsnmp_variable_list **first, netsnmp_variable_list *last, oid column,
    unsigned int i, u_char type, long value)
{
	oid name[] = { MIB_ROOT, 1, 3, 1, column, 2, 5, '0' + i / 10000,
		'0' + i / 1000 % 10, '0' + i / 100 % 10, '0' + i / 10 % 10,
		'0' + i % 10 };

	last = snmp_varlist_add_variable(last != NULL ? &last : first, name,
	    nitems(name), type, &value, sizeof(value));
	assert_non_null(last);
	return last;
}

/* How often ${list} makes set_test() ask for memory. */
static long
allocations(const netsnmp_variable_list *list)
{
	const long enough = 100000000;
	struct set_result result;
	struct set *set;
	long used;

	alloc_left = enough;
	result = set_test(&scalars, list, &set);
	used = enough - alloc_left;
	alloc_left = -1;
	assert_int_equal(result.status, SNMP_ERR_NOERROR);
	set_finish(set);
	return used;
}

/* Members of ${n} rows, in an order in which no two neighbours share one. */
static void
many_members__need_no_more_memory_than_in_proportion(void **state)
{
	struct world *w = *state;
	netsnmp_variable_list *list = NULL, *last = NULL;
	unsigned int i;

	show_many(w, MANY / 2);
	for (i = 0; i < MANY / 2; i++)
		last = add_many(&list, last, 7, i, ASN_UNSIGNED, 60);
	for (i = 0; i < MANY / 2; i++)
		last = add_many(&list, last, 8, i, ASN_UNSIGNED, 60);
	assert_in_range(allocations(list), 0, MANY);
	snmp_free_varbind(list);
}

/* One of them that is bad is found, and all are given back. */
static void
many_members__with_a_bad_one__blame_that_one(void **state)
{
	struct world *w = *state;
	netsnmp_variable_list *list = NULL, *last = NULL;
	struct set_result result;
	struct set *set;
	unsigned int i;

	show_many(w, MANY);
	for (i = 0; i < MANY; i++)
		last = add_many(&list, last, 7, i, ASN_UNSIGNED, 60);
	last = add_many(&list, last, 7, MANY, ASN_UNSIGNED, 60);
	result = set_test(&scalars, list, &set);
	assert_int_equal(result.status, SNMP_ERR_INCONSISTENTNAME);
	assert_int_equal(result.index, MANY + 1);
	assert_null(set);
	assert_int_equal(world_server(w, 0)->users, 0);
	snmp_free_varbind(list);
}

static void
many_scopes__of_one_row__are_one_call(void **state)
{
	struct world *w = *state;
	netsnmp_variable_list *list = NULL, *last = NULL;
	struct set_result result;
	struct said said = { 0 };
	struct set *set;
	const long create = 4;
	unsigned int i;

	for (i = 0; i < SCOPES; i++) {
		oid name[] = { MIB_ROOT, 1, 5, 1, 3, 2, 1, 'a', 1, 4, 10,
			100 + i / 256, i % 256, 0 };

		last = snmp_varlist_add_variable(last != NULL ? &last : &list,
		    name, nitems(name), ASN_INTEGER, &create, sizeof(create));
		assert_non_null(last);
	}
	result = set_test(&scalars, list, &set);
	assert_int_equal(result.status, SNMP_ERR_NOERROR);
	snmp_free_varbind(list);
	set_commit(set, hear, &said);
	world_drain(w);
	assert_int_equal(said.times, 1);
	assert_int_equal(said.result.status, SNMP_ERR_NOERROR);
	set_finish(set);
	assert_string_equal(world_calls(w, 0),
	    "begin\nget a\nadd_scopes a 400\ncommit\nlist\n");
	assert_int_equal(world_row(w, 0, "a")->nscopes, SCOPES + 2);
	assert_shown_is_true(w, 0);
}

/* ---------------------------------------------------------------- memory */

static void
memory__that_ends_at_the_nth_allocation__refuses_and_leaks_nothing(void **state)
{
	struct world *w = *state;
	netsnmp_variable_list *list = build(VARBINDS({ POLL_INTERVAL, U32(61) },
	    { SERVER_ACTION(2), INT(2) }, { REL(7, 2, 'a'), U32(60) },
	    { REL(16, 2, 'b'), OCTETS("x") }, { SCOPE(2, 'a', 9), INT(4) }));
	struct set_result result = { SNMP_ERR_RESOURCEUNAVAILABLE, 0 };
	struct set *set = NULL;
	long n, live;

	if (!alloc_works()) {
		snmp_free_varbind(list);
		print_message("SKIPPED, malloc() cannot be replaced here\n");
		skip();
	}
	for (n = 0; result.status != SNMP_ERR_NOERROR; n++) {
		live = alloc_live;
		alloc_left = n;
		result = set_test(&scalars, list, &set);
		alloc_left = -1;
		if (result.status == SNMP_ERR_NOERROR) {
			set_finish(set);
		} else {
			assert_int_equal(result.status,
			    SNMP_ERR_RESOURCEUNAVAILABLE);
			assert_null(set);
		}
		assert_int_equal(alloc_live, live);
		assert_int_equal(world_server(w, 0)->users, 0);
	}
	assert_true(n > 4);
	snmp_free_varbind(list);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, begin, world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test__of_one_bad_varbind__says_what_and_which),
		WITH(test__of_the_same_twice__is_fine_and_of_two_values_is_not),
		WITH(test__of_thresholds__holds_both_against_each_other),
		WITH(test__of_what_a_server_does_not_take__is_not_writable),
		WITH(test__of_a_row_that_is_pending__says_that_it_is_busy),
		WITH(test__of_nothing__is_fine),
		WITH(commit__that_a_server_refuses__says_why_and_which),
		WITH(commit__of_each_column__sets_what_it_says),
		WITH(commit__of_assignments_alone__answers_at_once),
		WITH(
		    commit__of_assignments_and_a_row__assigns_when_the_server_is_done),
		WITH(
		    commit__of_the_events_limit__drops_none_until_it_is_certain),
		WITH(
		    commit__of_a_lower_events_limit__drops_them_from_the_file_too),
		WITH(undo__of_a_higher_events_limit__drops_what_is_too_many),
		WITH(commit__of_the_interval_there_is__does_not_begin_it_anew),
		WITH(commit__whose_server_refuses__assigns_nothing),
		WITH(undo__while_the_server_works__assigns_nothing),
		WITH(undo__that_fails__takes_the_assignments_back_all_the_same),
		WITH(undo__of_what_a_reload_has_changed_since__leaves_it),
		WITH(action__to_refresh__asks_that_server_only),
		WITH(spin_lock__at_its_end__begins_anew),
		WITH(spin_lock__used_by_two__lets_the_first_win),
		WITH(
		    spin_lock__used_by_two_that_are_tested_before__lets_the_first_win),
		WITH(spin_lock__of_a_set_that_cannot_be_undone__stays_taken),
		WITH(many_members__need_no_more_memory_than_in_proportion),
		WITH(many_members__with_a_bad_one__blame_that_one),
		WITH(many_scopes__of_one_row__are_one_call),
		WITH(
		    memory__that_ends_at_the_nth_allocation__refuses_and_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
