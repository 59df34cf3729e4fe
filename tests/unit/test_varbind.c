/* SPDX-License-Identifier: BSD-2-Clause */
/* Between members and values on the wire: every kind, in both directions. */
#include "snmp.h"

#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "varbind.h"

/* One of everything that a column may be about. */
struct world {
	struct roster roster;
	struct scalars scalars;
	struct managed server;
	struct snapshot_row row;
	struct snapshot_scope scope;
	struct event event;
	struct cursor at;
	struct change *change;
};

static int
setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->at = (struct cursor){ &w->scalars, &w->server, &w->row, &w->scope,
		&w->event };
	w->scalars.roster = &w->roster;
	w->server.roster = &w->roster;
	w->change = change_new(&w->roster);
	assert_non_null(w->change);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	change_finish(w->change);
	test_free(w);
	return 0;
}

static const struct column *
column(const char *label)
{
	size_t i;

	for (i = 0; i < ncolumns; i++)
		if (strcmp(columns[i].label, label) == 0)
			return &columns[i];
	fail_msg("there is no %s", label);
	return NULL;
}

/* ---------------------------------------------------------------- reading */

static long
read_number(struct world *w, const char *label, u_char type)
{
	struct value value;
	long number;

	varbind_get(column(label), &w->at, &value);
	assert_int_equal(value.type, type);
	assert_int_equal(value.length, sizeof(number));
	memcpy(&number, value.data, sizeof(number));
	return number;
}

static void
assert_octets(struct world *w, const char *label, const void *octets, size_t n)
{
	struct value value;

	varbind_get(column(label), &w->at, &value);
	assert_int_equal(value.type, ASN_OCTET_STR);
	assert_int_equal(value.length, n);
	assert_memory_equal(value.data, octets, n);
}

static void
enumeration__of_any_number__is_an_integer(void **state)
{
	struct world *w = *state;
	uint32_t i;

	for (i = NO_STATE; i <= SHUTDOWN; i++) {
		w->row.rel.State = (FSM_STATE)i;
		assert_int_equal(read_number(w, "dhcpFoRelState", ASN_INTEGER),
		    i);
	}
	w->server.kind = FAILOVER_SERVER_ISC_DHCPD;
	assert_int_equal(read_number(w, "dhcpFoServerType", ASN_INTEGER), 5);
}

static void
integer__of_either_sign__is_the_same_on_the_wire(void **state)
{
	static const int32_t all[] = { INT32_MIN, -1, 0, 1, INT32_MAX };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		w->server.clock_offset = all[i];
		assert_true(read_number(w, "dhcpFoServerClockOffset",
				ASN_INTEGER) == all[i]);
	}
}

static void
unsigned__of_all_32_bits__is_the_same_on_the_wire(void **state)
{
	static const uint32_t all[] = { 0, 1, INT32_MAX, 0x80000000u,
		UINT32_MAX };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		w->row.rel.SafePeriod = all[i];
		w->row.status.set_calls = all[i];
		assert_true((uint32_t)read_number(w, "dhcpFoRelSafePeriod",
				ASN_UNSIGNED) == all[i]);
		assert_true((uint32_t)read_number(w, "dhcpFoRelSetCalls",
				ASN_COUNTER) == all[i]);
	}
}

static void
octet__of_a_percentage__is_an_unsigned(void **state)
{
	struct world *w = *state;

	/* What lies beside it does not count. */
	memset(&w->row.rel, 0xff, sizeof(w->row.rel));
	for (w->row.rel.Percentage = 0; w->row.rel.Percentage < 255;
	     w->row.rel.Percentage++)
		assert_int_equal(read_number(w, "dhcpFoRelPercentage",
				     ASN_UNSIGNED),
		    w->row.rel.Percentage);
}

static void
row_status__of_what_is_there__is_active(void **state)
{
	assert_int_equal(read_number(*state, "dhcpFoRelRowStatus", ASN_INTEGER),
	    RS_ACTIVE);
	assert_int_equal(read_number(*state, "dhcpFoScopeRowStatus",
			     ASN_INTEGER),
	    RS_ACTIVE);
}

static void
spin_lock__up_to_its_end__is_an_integer(void **state)
{
	struct world *w = *state;

	w->scalars.spin_lock = INT32_MAX;
	assert_int_equal(read_number(w, "dhcpFoSetSpinLock", ASN_INTEGER),
	    INT32_MAX);
}

static void
flags__as_bits__begin_at_the_top_of_the_first_octet(void **state)
{
	static const struct {
		uint32_t flags;
		u_char octet;
	} all[] = { { 0, 0 }, { MCLT, 0x80 }, { SAFEPERIOD, 0x40 },
		{ CHANGESTATE, 0x20 }, { PERCENTAGE, 0x10 }, { MODE, 0x08 },
		{ PREVSTATE, 0x04 }, { SHAREDSECRET, 0x02 },
		{ FAILOVER_SET_ALL, 0xfe }, { MCLT | SHAREDSECRET, 0x82 } };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(all); i++) {
		w->row.status.last_set_flags = all[i].flags;
		assert_octets(w, "dhcpFoRelLastSetFlags", &all[i].octet, 1);
	}
	/* Nine bits are two octets, eight are one. */
	w->scalars.notify = 0x1ff;
	assert_octets(w, "dhcpFoNotifEnable", "\xff\x80", 2);
	w->scalars.notify = 0x100;
	assert_octets(w, "dhcpFoNotifEnable", "\x00\x80", 2);
	w->scalars.notify = 0x001;
	assert_octets(w, "dhcpFoNotifEnable", "\x80\x00", 2);
	w->row.status.drift = 0x80;
	assert_octets(w, "dhcpFoRelDrift", "\x01", 1);
	/* What has no name is not sent. */
	w->row.status.last_set_flags = 0xffffffff;
	assert_octets(w, "dhcpFoRelLastSetFlags", "\xfe", 1);
}

static void
address__is_four_octets_or_none_and_its_type_says_which(void **state)
{
	struct world *w = *state;

	w->row.rel.PrimaryServer = 0xC0000201;
	w->row.rel.SecondaryServer = 0;
	w->row.rel.ServerType = PrimaryServer;
	assert_octets(w, "dhcpFoRelPrimaryAddr", "\xc0\x00\x02\x01", 4);
	assert_int_equal(read_number(w, "dhcpFoRelPrimaryAddrType",
			     ASN_INTEGER),
	    1);
	assert_octets(w, "dhcpFoRelSecondaryAddr", "", 0);
	assert_int_equal(read_number(w, "dhcpFoRelSecondaryAddrType",
			     ASN_INTEGER),
	    0);
	assert_octets(w, "dhcpFoRelPartnerAddr", "", 0);
	assert_int_equal(read_number(w, "dhcpFoRelPartnerAddrType",
			     ASN_INTEGER),
	    0);
	w->row.rel.ServerType = SecondaryServer;
	assert_octets(w, "dhcpFoRelPartnerAddr", "\xc0\x00\x02\x01", 4);
	assert_int_equal(read_number(w, "dhcpFoRelPartnerAddrType",
			     ASN_INTEGER),
	    1);
}

/* dhcpFoScopeHealth: "critical(3): no address is free", whatever is warned of.
 */
static void
scope_health__without_a_free_address__is_critical_at_any_threshold(void **state)
{
	static const struct {
		bool counted, low;
		uint32_t free, addresses;
		enum health health;
	} cases[] = {
		{ false, false, 0, 254, HEALTH_UNKNOWN },
		{ true, false, 50, 254, HEALTH_OK },
		{ true, true, 5, 254, HEALTH_WARNING },
		{ true, true, 0, 254, HEALTH_CRITICAL },
		/* dhcpFoScopeFreeLow 0: nobody is warned, it is true all the
		 * same. */
		{ true, false, 0, 254, HEALTH_CRITICAL },
		{ true, false, 0, FAILOVER_NOT_COUNTED, HEALTH_CRITICAL },
		/* It has none to lease: dhcpFoScopeFreePercent is 100. */
		{ true, false, 0, 0, HEALTH_OK },
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		w->server.status = OPER_STATUS_UP;
		w->scope.counted = cases[i].counted;
		w->scope.low = cases[i].low;
		w->scope.stats.NumAddr = cases[i].addresses;
		w->scope.stats.AddrFree = cases[i].free;
		assert_int_equal(read_number(w, "dhcpFoScopeHealth",
				     ASN_INTEGER),
		    cases[i].health);
		w->server.status = OPER_STATUS_UNREACHABLE;
		assert_int_equal(read_number(w, "dhcpFoScopeHealth",
				     ASN_INTEGER),
		    HEALTH_UNKNOWN);
	}
}

/* ---- text */

static void
text__of_any_length__is_cut_at_255_between_characters(void **state)
{
	static const struct {
		size_t before; /* octets of ASCII */
		const char *then;
		size_t length;
	} cases[] = {
		{ 0, "", 0 },
		{ 1, "", 1 },
		{ 254, "", 254 },
		{ 255, "", 255 },
		{ 256, "", 255 },
		{ 300, "", 255 },
		/* Two, three and four octets, around the end. */
		{ 253, "\xC3\xA9", 255 },
		{ 254, "\xC3\xA9", 254 },
		{ 255, "\xC3\xA9", 255 },
		{ 252, "\xE2\x82\xAC", 255 },
		{ 253, "\xE2\x82\xAC", 253 },
		{ 254, "\xE2\x82\xAC", 254 },
		{ 251, "\xF0\x9F\x98\x80", 255 },
		{ 252, "\xF0\x9F\x98\x80", 252 },
		{ 253, "\xF0\x9F\x98\x80", 253 },
		{ 254, "\xF0\x9F\x98\x80", 254 },
		{ 253, "\xC3\xA9\xC3\xA9", 255 },
	};
	struct world *w = *state;
	char text[400];
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		memset(text, 'x', cases[i].before);
		strcpy(text + cases[i].before, cases[i].then);
		w->row.rel.RelationshipName = text;
		assert_octets(w, "dhcpFoRelName", text, cases[i].length);
	}
}

static void
text__that_is_not_there__is_empty(void **state)
{
	struct world *w = *state;

	w->row.rel.PrimaryServerName = NULL;
	assert_octets(w, "dhcpFoRelPrimaryName", "", 0);
	w->server.name = NULL;
	assert_octets(w, "dhcpFoServerName", "", 0);
	assert_octets(w, "dhcpFoServerLastErrorText", "", 0);
}

static void
text__in_an_array__is_read_in_place(void **state)
{
	struct world *w = *state;
	const size_t size = sizeof(w->server.report.last_error_text);

	memset(w->server.report.last_error_text, 'y', size - 1);
	assert_octets(w, "dhcpFoServerLastErrorText",
	    w->server.report.last_error_text, size - 1);
}

static void
text__that_is_worked_out__is_read(void **state)
{
	struct world *w = *state;
	const char *text = DhcpfoErrorText(ERROR_DHCP_FO_STATE_NOT_NORMAL);

	w->row.status.set_status = SET_STATUS_NONE;
	assert_octets(w, "dhcpFoRelLastSetText", "", 0);
	w->row.status.set_status = SET_STATUS_FAILED;
	w->row.status.last_set_result = ERROR_DHCP_FO_STATE_NOT_NORMAL;
	assert_octets(w, "dhcpFoRelLastSetText", text, strlen(text));
	w->scope.address = 0xFFFEFDFC;
	assert_octets(w, "dhcpFoScopeAddrText", "255.254.253.252", 15);
}

static void
secret__whether_there_is_one_or_not__reads_as_empty(void **state)
{
	struct world *w = *state;
	char secret[] = "s3cret";

	assert_octets(w, "dhcpFoRelSharedSecret", "", 0);
	w->row.rel.SharedSecret = secret;
	w->row.authenticated = true;
	assert_octets(w, "dhcpFoRelSharedSecret", "", 0);
	assert_int_equal(read_number(w, "dhcpFoRelAuthEnabled", ASN_INTEGER),
	    1);
	w->row.authenticated = false;
	assert_int_equal(read_number(w, "dhcpFoRelAuthEnabled", ASN_INTEGER),
	    2);
}

/* ---- time */

static void
time__as_date_and_time__is_in_utc_whatever_the_zone(void **state)
{
	static const struct {
		time_t when;
		const char *octets;
		size_t n;
	} cases[] = {
		{ 0, "\0\0\0\0\0\0\0\0", 8 },
		{ 1, "\x07\xb2\x01\x01\x00\x00\x01\x00+\x00\x00", 11 },
		/* The last second of a February that has 29 days. */
		{ 1709251199, "\x07\xe8\x02\x1d\x17\x3b\x3b\x00+\x00\x00", 11 },
		{ 1700000000, "\x07\xe7\x0b\x0e\x16\x0d\x14\x00+\x00\x00", 11 },
		/* Beyond 32 bits. */
		{ 4294967296, "\x08\x3a\x02\x07\x06\x1c\x10\x00+\x00\x00", 11 },
	};
	static const char *const zones[] = { "UTC0", "XXX-14", "YYY11" };
	struct world *w = *state;
	size_t i, j;

	for (j = 0; j < nitems(zones); j++) {
		assert_int_equal(setenv("TZ", zones[j], 1), 0);
		tzset();
		for (i = 0; i < nitems(cases); i++) {
			w->row.status.last_set_time = cases[i].when;
			assert_octets(w, "dhcpFoRelLastSetTime",
			    cases[i].octets, cases[i].n);
		}
	}
	unsetenv("TZ");
	tzset();
}

static void
ticks__of_a_moment__are_the_masters_uptime_then(void **state)
{
	struct world *w = *state;
	long now, before;

	netsnmp_set_agent_uptime(100000);
	w->row.status.last_change = roster_now();
	now = read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS);
	assert_in_range(now, 100000 - 50, 100000 + 500);
	w->row.status.last_change -= 6000;
	before = read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS);
	assert_int_equal(now - before, 6000);
}

static void
ticks__of_what_was_before_the_master__are_0(void **state)
{
	struct world *w = *state;

	netsnmp_set_agent_uptime(5000);
	w->row.status.last_change = roster_now() - 10000;
	assert_int_equal(read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS),
	    0);
	w->row.status.last_change = roster_now() - 3000;
	assert_in_range(read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS),
	    2000 - 50, 2000 + 500);
	/* A master that began anew. */
	netsnmp_set_agent_uptime(100);
	assert_int_equal(read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS),
	    0);
}

/* RFC 2579: TimeStamps are 0 again when sysUpTime begins anew. */
static void
ticks__of_what_is_more_than_497_days_ago__are_0(void **state)
{
	struct world *w = *state;
	const uint64_t long_ago =
	    roster_now() - ((uint64_t)UINT32_MAX + 1) - 1000;

	w->row.status.last_change = long_ago;
	netsnmp_set_agent_uptime(5000);
	assert_int_equal(read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS),
	    0);
	netsnmp_set_agent_uptime(UINT32_MAX);
	assert_int_equal(read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS),
	    0);
	/* But time that is told in seconds goes on. */
	w->server.success_at = long_ago;
	assert_in_range(read_number(w, "dhcpFoServerDataAge", ASN_UNSIGNED),
	    42949682, 42949692);
}

/* A manager that compares it must not see changes where there are none. */
static void
ticks__of_one_moment__are_the_same_whenever_they_are_read(void **state)
{
	struct world *w = *state;
	uint64_t until;
	long first;

	netsnmp_set_agent_uptime(100000);
	w->row.status.last_change = roster_now() - 500;
	first = read_number(w, "dhcpFoRelLastChange", ASN_TIMETICKS);
	for (until = roster_now() + 10; roster_now() < until;)
		assert_int_equal(read_number(w, "dhcpFoRelLastChange",
				     ASN_TIMETICKS),
		    first);
}

/* ---------------------------------------------------------------- writing */

/* What may be written: a varbind with a value. */
static netsnmp_variable_list *
varbind(u_char type, const void *data, size_t length)
{
	static const oid name[] = { MIB_ROOT };
	netsnmp_variable_list *list = NULL;

	assert_non_null(snmp_varlist_add_variable(&list, name, MIB_ROOT_LENGTH,
	    type, data, length));
	return list;
}

static int
write_as(struct world *w, const char *label, u_char type, const void *data,
    size_t length)
{
	netsnmp_variable_list *from = varbind(type, data, length);
	const struct column *to = column(label);
	uint32_t value;
	int status;

	status = to->bit != 0 ? varbind_set(to, from, w->change, &w->row) :
				varbind_integer(to, from, &value);
	snmp_free_varbind(from);
	return status;
}

static int
write_number(struct world *w, const char *label, u_char type, long number)
{
	return write_as(w, label, type, &number, sizeof(number));
}

static int
write_octets(struct world *w, const char *label, const char *octets,
    size_t length)
{
	return write_as(w, label, ASN_OCTET_STR, octets, length);
}

/* The type that a writable column takes. */
static u_char
type_of(const struct column *of)
{
	switch (of->kind) {
	case COLUMN_ENUM:
	case COLUMN_ADDRESS_TYPE:
	case COLUMN_ROW_STATUS:
	case COLUMN_SPIN_LOCK:
	case COLUMN_INT:
		return ASN_INTEGER;
	case COLUMN_U32:
	case COLUMN_U8:
		return ASN_UNSIGNED;
	case COLUMN_COUNTER:
	case COLUMN_TICKS:
	case COLUMN_TIME:
	case COLUMN_CHARS:
		fail_msg("%s is written", of->label);
		break;
	case COLUMN_FLAGS:
	case COLUMN_ADDRESS:
	case COLUMN_TEXT:
	case COLUMN_SECRET:
		break;
	}
	return ASN_OCTET_STR;
}

static void
write__of_any_other_type__is_a_wrong_type(void **state)
{
	static const u_char types[] = { ASN_INTEGER, ASN_OCTET_STR,
		ASN_OBJECT_ID, ASN_NULL, ASN_IPADDRESS, ASN_COUNTER,
		ASN_UNSIGNED, ASN_TIMETICKS, ASN_OPAQUE, ASN_COUNTER64 };
	static const struct counter64 c64 = { 0, 1 };
	static const oid zero[] = { 0, 0 };
	const long one = 1;
	struct world *w = *state;
	size_t i, j;
	int status;

	for (i = 0; i < ncolumns; i++) {
		if (columns[i].access == COLUMN_RO)
			continue;
		for (j = 0; j < nitems(types); j++) {
			if (types[j] == type_of(&columns[i]))
				continue;
			if (types[j] == ASN_COUNTER64)
				status = write_as(w, columns[i].label, types[j],
				    &c64, sizeof(c64));
			else if (types[j] == ASN_OBJECT_ID)
				status = write_as(w, columns[i].label, types[j],
				    zero, sizeof(zero));
			else if (types[j] == ASN_NULL)
				status = write_as(w, columns[i].label, types[j],
				    NULL, 0);
			else if (types[j] == ASN_IPADDRESS)
				status = write_as(w, columns[i].label, types[j],
				    "\1\2\3\4", 4);
			else
				status = write_as(w, columns[i].label, types[j],
				    &one, sizeof(one));
			if (status != SNMP_ERR_WRONGTYPE)
				fail_msg("%s takes type %d: %d",
				    columns[i].label, types[j], status);
		}
	}
}

static void
write__of_a_number__is_held_against_its_range(void **state)
{
	struct world *w = *state;
	size_t i;

	for (i = 0; i < ncolumns; i++) {
		const struct column *c = &columns[i];
		const long least = (long)c->min, most = (long)c->max;
		u_char type;

		if (c->access == COLUMN_RO ||
		    (type = type_of(c)) == ASN_OCTET_STR)
			continue;
		assert_int_equal(write_number(w, c->label, type, least),
		    SNMP_ERR_NOERROR);
		assert_int_equal(write_number(w, c->label, type, most),
		    SNMP_ERR_NOERROR);
		if (most < (long)UINT32_MAX)
			assert_int_equal(write_number(w, c->label, type,
					     most + 1),
			    SNMP_ERR_WRONGVALUE);
		if (least > 0)
			assert_int_equal(write_number(w, c->label, type,
					     least - 1),
			    SNMP_ERR_WRONGVALUE);
		if (type == ASN_INTEGER) {
			assert_int_equal(write_number(w, c->label, type, -1),
			    SNMP_ERR_WRONGVALUE);
			assert_int_equal(write_number(w, c->label, type,
					     INT32_MIN),
			    SNMP_ERR_WRONGVALUE);
		}
	}
}

/* "4294967295: never" must get through, however Net-SNMP holds it. */
static void
write__of_the_greatest_unsigned__is_taken_with_any_sign(void **state)
{
	struct world *w = *state;

	assert_int_equal(write_number(w, "dhcpFoRelSafePeriod", ASN_UNSIGNED,
			     -1),
	    SNMP_ERR_NOERROR);
	assert_true(w->row.rel.SafePeriod == DHCP_FAILOVER_NEVER);
	w->row.rel.SafePeriod = 0;
	assert_int_equal(write_number(w, "dhcpFoRelSafePeriod", ASN_UNSIGNED,
			     4294967295),
	    SNMP_ERR_NOERROR);
	assert_true(w->row.rel.SafePeriod == DHCP_FAILOVER_NEVER);
	assert_int_equal(write_number(w, "dhcpFoRelPercentage", ASN_UNSIGNED,
			     -1),
	    SNMP_ERR_WRONGVALUE);
}

static void
write__of_a_number_of_another_length__is_a_wrong_length(void **state)
{
	netsnmp_variable_list *from;
	struct world *w = *state;
	const long five = 5;

	from = varbind(ASN_UNSIGNED, &five, sizeof(five));
	from->val_len = 2;
	assert_int_equal(varbind_set(column("dhcpFoRelMclt"), from, w->change,
			     &w->row),
	    SNMP_ERR_WRONGLENGTH);
	from->val_len = 0;
	assert_int_equal(varbind_set(column("dhcpFoRelMclt"), from, w->change,
			     &w->row),
	    SNMP_ERR_WRONGLENGTH);
	snmp_free_varbind(from);
}

static void
write__of_a_member__changes_that_one_only(void **state)
{
	struct world *w = *state;
	struct snapshot_row before;
	size_t i, size, end;

	for (i = 0; i < ncolumns; i++) {
		const struct column *c = &columns[i];

		if (c->bit == 0)
			continue;
		memset(&w->row, 0x5a, sizeof(w->row));
		before = w->row;
		if (type_of(c) == ASN_OCTET_STR)
			assert_int_equal(write_octets(w, c->label, "abcd", 4),
			    SNMP_ERR_NOERROR);
		else
			assert_int_equal(write_number(w, c->label, type_of(c),
					     1),
			    SNMP_ERR_NOERROR);
		size = c->kind == COLUMN_ADDRESS_TYPE ? 0 :
		    c->kind == COLUMN_U8	      ? 1 :
		    c->kind == COLUMN_TEXT || c->kind == COLUMN_SECRET ?
					   sizeof(char *) :
					   sizeof(uint32_t);
		end = c->offset + size;
		assert_memory_equal(&w->row, &before, c->offset);
		assert_memory_equal((const char *)&w->row + end,
		    (const char *)&before + end, sizeof(before) - end);
		if (size > 0)
			assert_memory_not_equal((const char *)&w->row +
				c->offset,
			    (const char *)&before + c->offset, size);
	}
	memset(&w->row, 0, sizeof(w->row));
}

static void
write__of_an_address__takes_four_octets_that_are_not_0(void **state)
{
	static const char *const octets = "\xc0\x00\x02\x01 and more of it";
	static const size_t lengths[] = { 0, 1, 3, 5, 8, 16 };
	struct world *w = *state;
	size_t i;

	assert_int_equal(write_octets(w, "dhcpFoRelPrimaryAddr", octets, 4),
	    SNMP_ERR_NOERROR);
	assert_int_equal(w->row.rel.PrimaryServer, 0xC0000201);
	for (i = 0; i < nitems(lengths); i++)
		assert_int_equal(write_octets(w, "dhcpFoRelPrimaryAddr", octets,
				     lengths[i]),
		    SNMP_ERR_WRONGLENGTH);
	assert_int_equal(write_octets(w, "dhcpFoRelPrimaryAddr", "\0\0\0\0", 4),
	    SNMP_ERR_WRONGVALUE);
	assert_int_equal(write_octets(w, "dhcpFoRelSecondaryAddr",
			     "\xff\xff\xff\xff", 4),
	    SNMP_ERR_NOERROR);
	assert_true(w->row.rel.SecondaryServer == 0xFFFFFFFF);
}

static const char *const text_columns[] = { "dhcpFoRelPrimaryName",
	"dhcpFoRelSecondaryName", "dhcpFoRelSharedSecret" };

static char **
text_member(struct world *w, size_t i)
{
	char **const members[] = { &w->row.rel.PrimaryServerName,
		&w->row.rel.SecondaryServerName, &w->row.rel.SharedSecret };

	return members[i];
}

static void
write__of_text__is_kept_to_the_octet(void **state)
{
	struct world *w = *state;
	char text[256];
	size_t i, n;

	for (i = 0; i < nitems(text_columns); i++)
		for (n = 0; n <= 255; n++) {
			memset(text, 'x', n);
			text[n] = '\0';
			assert_int_equal(write_octets(w, text_columns[i], text,
					     n),
			    SNMP_ERR_NOERROR);
			/* The varbind is gone: it is a copy. */
			assert_string_equal(*text_member(w, i), text);
		}
}

static void
write__of_text_that_is_too_long__is_a_wrong_length(void **state)
{
	struct world *w = *state;
	char text[1024];
	size_t i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < nitems(text_columns); i++) {
		assert_int_equal(write_octets(w, text_columns[i], text, 256),
		    SNMP_ERR_WRONGLENGTH);
		assert_int_equal(write_octets(w, text_columns[i], text,
				     sizeof(text)),
		    SNMP_ERR_WRONGLENGTH);
	}
}

static void
write__of_text_with_a_zero_octet__is_a_wrong_value(void **state)
{
	struct world *w = *state;
	size_t i, at;

	for (i = 0; i < nitems(text_columns); i++)
		for (at = 0; at < 4; at++) {
			char text[] = "abcd";

			text[at] = '\0';
			assert_int_equal(write_octets(w, text_columns[i], text,
					     4),
			    SNMP_ERR_WRONGVALUE);
		}
}

static void
write__of_text_that_is_no_utf8__is_a_wrong_value(void **state)
{
	static const char *const bad[] = {
		"\x80", /* no beginning */
		"a\xC3", /* cut */
		"\xE2\x82", /* cut */
		"\xF0\x9F\x98", /* cut */
		"\xC0\xAF", /* overlong */
		"\xE0\x80\xAF", /* overlong */
		"\xED\xA0\x80", /* a surrogate */
		"\xF4\x90\x80\x80", /* beyond U+10FFFF */
		"\xFF",
	};
	static const char good[] =
	    "Z\xC3\xBCrich \xE2\x82\xAC \xF0\x9F\x98\x80";
	struct world *w = *state;
	size_t i, j;

	for (i = 0; i < nitems(text_columns); i++) {
		for (j = 0; j < nitems(bad); j++)
			assert_int_equal(write_octets(w, text_columns[i],
					     bad[j], strlen(bad[j])),
			    SNMP_ERR_WRONGVALUE);
		assert_int_equal(write_octets(w, text_columns[i], good,
				     strlen(good)),
		    SNMP_ERR_NOERROR);
		assert_string_equal(*text_member(w, i), good);
	}
}

static void
write__of_text_without_memory__is_resource_unavailable(void **state)
{
	struct world *w = *state;
	netsnmp_variable_list *from = varbind(ASN_OCTET_STR, "a", 1);
	int status;

	if (!alloc_works()) {
		snmp_free_varbind(from);
		skip();
	}
	alloc_left = 0;
	status = varbind_set(column("dhcpFoRelPrimaryName"), from, w->change,
	    &w->row);
	alloc_left = -1;
	snmp_free_varbind(from);
	assert_int_equal(status, SNMP_ERR_RESOURCEUNAVAILABLE);
}

static void
write__of_bits__takes_what_has_a_name_in_any_length(void **state)
{
	static const struct {
		const char *octets;
		size_t n;
		int status;
		uint32_t flags;
	} cases[] = {
		{ "", 0, SNMP_ERR_NOERROR, 0 },
		{ "\x80", 1, SNMP_ERR_NOERROR, 0x001 },
		{ "\x01", 1, SNMP_ERR_NOERROR, 0x080 },
		{ "\xff\x80", 2, SNMP_ERR_NOERROR, 0x1ff },
		{ "\x00\x80", 2, SNMP_ERR_NOERROR, 0x100 },
		{ "\x00\x40", 2, SNMP_ERR_WRONGVALUE, 0 },
		{ "\xff\xff", 2, SNMP_ERR_WRONGVALUE, 0 },
		{ "\x80\x00\x00\x00", 4, SNMP_ERR_NOERROR, 0x001 },
		{ "\x80\x00\x00\x01", 4, SNMP_ERR_WRONGVALUE, 0 },
		{ "\x80\x00\x00\x00\x00", 5, SNMP_ERR_WRONGLENGTH, 0 },
	};
	const struct column *to = column("dhcpFoNotifEnable");
	netsnmp_variable_list *from;
	uint32_t flags;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(cases); i++) {
		from = varbind(ASN_OCTET_STR, cases[i].octets, cases[i].n);
		flags = 0;
		assert_int_equal(varbind_integer(to, from, &flags),
		    cases[i].status);
		if (cases[i].status == SNMP_ERR_NOERROR)
			assert_int_equal(flags, cases[i].flags);
		snmp_free_varbind(from);
	}
}

/* ---------------------------------------------------------------- both ways */

static void
member__that_is_written_and_read__is_the_same(void **state)
{
	struct world *w = *state;
	struct value value;
	long number, limits[2];
	size_t i, j;

	for (i = 0; i < ncolumns; i++) {
		const struct column *c = &columns[i];

		if (c->bit == 0 || c->kind == COLUMN_SECRET ||
		    c->kind == COLUMN_ADDRESS_TYPE)
			continue;
		if (type_of(c) == ASN_OCTET_STR) {
			assert_int_equal(write_octets(w, c->label, "abcd", 4),
			    SNMP_ERR_NOERROR);
			assert_octets(w, c->label, "abcd", 4);
			continue;
		}
		limits[0] = (long)c->min;
		limits[1] = (long)c->max;
		for (j = 0; j < 2; j++) {
			assert_int_equal(write_number(w, c->label, type_of(c),
					     limits[j]),
			    SNMP_ERR_NOERROR);
			varbind_get(c, &w->at, &value);
			assert_int_equal(value.type, type_of(c));
			memcpy(&number, value.data, sizeof(number));
			assert_true((uint32_t)number == (uint32_t)limits[j]);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(enumeration__of_any_number__is_an_integer),
		TEST(integer__of_either_sign__is_the_same_on_the_wire),
		TEST(unsigned__of_all_32_bits__is_the_same_on_the_wire),
		TEST(octet__of_a_percentage__is_an_unsigned),
		TEST(row_status__of_what_is_there__is_active),
		TEST(spin_lock__up_to_its_end__is_an_integer),
		TEST(flags__as_bits__begin_at_the_top_of_the_first_octet),
		TEST(address__is_four_octets_or_none_and_its_type_says_which),
		TEST(
		    scope_health__without_a_free_address__is_critical_at_any_threshold),
		TEST(text__of_any_length__is_cut_at_255_between_characters),
		TEST(text__that_is_not_there__is_empty),
		TEST(text__in_an_array__is_read_in_place),
		TEST(text__that_is_worked_out__is_read),
		TEST(secret__whether_there_is_one_or_not__reads_as_empty),
		TEST(time__as_date_and_time__is_in_utc_whatever_the_zone),
		TEST(ticks__of_a_moment__are_the_masters_uptime_then),
		TEST(ticks__of_what_was_before_the_master__are_0),
		TEST(ticks__of_what_is_more_than_497_days_ago__are_0),
		TEST(ticks__of_one_moment__are_the_same_whenever_they_are_read),
		TEST(write__of_any_other_type__is_a_wrong_type),
		TEST(write__of_a_number__is_held_against_its_range),
		TEST(write__of_the_greatest_unsigned__is_taken_with_any_sign),
		TEST(write__of_a_number_of_another_length__is_a_wrong_length),
		TEST(write__of_a_member__changes_that_one_only),
		TEST(write__of_an_address__takes_four_octets_that_are_not_0),
		TEST(write__of_text__is_kept_to_the_octet),
		TEST(write__of_text_that_is_too_long__is_a_wrong_length),
		TEST(write__of_text_with_a_zero_octet__is_a_wrong_value),
		TEST(write__of_text_that_is_no_utf8__is_a_wrong_value),
		TEST(write__of_text_without_memory__is_resource_unavailable),
		TEST(write__of_bits__takes_what_has_a_name_in_any_length),
		TEST(member__that_is_written_and_read__is_the_same),
	};

	return cmocka_run_group_tests_name("varbind", tests, NULL, NULL);
}
