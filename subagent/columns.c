/* SPDX-License-Identifier: BSD-2-Clause */
#include "columns.h"

#include <string.h>

#include "change.h"
#include "failover.h"

/* ---- values that are worked out ---- */

static const char *
agent_descr(const struct cursor *at, char room[FAILOVER_ADDRESS_SIZE])
{
	(void)at;
	(void)room;
	return "dhcpfod " DHCPFO_VERSION
	       ", DHCPv4 failover relationships over SNMP";
}

static uint32_t
rel_count(const struct cursor *at)
{
	return at->scalars->roster->relationships;
}

static uint32_t
rel_not_normal(const struct cursor *at)
{
	return at->scalars->roster->not_normal;
}

static uint32_t
agent_health(const struct cursor *at)
{
	return at->scalars->roster->health;
}

static uint64_t
table_changed(const struct cursor *at)
{
	return at->scalars->roster->changed_at;
}

static uint64_t
counting_since(const struct cursor *at)
{
	return at->scalars->roster->counting_since;
}

static uint32_t
server_age(const struct cursor *at)
{
	return (uint32_t)((roster_now() - at->server->success_at) / 100);
}

static uint32_t
server_rel_count(const struct cursor *at)
{
	return (uint32_t)at->server->snapshot->n;
}

static uint32_t
server_action(const struct cursor *at)
{
	return at->server->poll != NULL ? 2 : 1;
}

static uint32_t
rel_health(const struct cursor *at)
{
	return roster_row_health(at->server, at->row);
}

/* TruthValue: true(1), false(2). */
static uint32_t
rel_auto_transition(const struct cursor *at)
{
	return at->row->rel.SafePeriod == DHCP_FAILOVER_NEVER ? 2 : 1;
}

static uint32_t
rel_authenticated(const struct cursor *at)
{
	return at->row->authenticated ? 1 : 2;
}

static uint32_t
rel_partner(const struct cursor *at)
{
	return failover_partner(&at->row->rel);
}

static const char *
rel_last_set_text(const struct cursor *at, char room[FAILOVER_ADDRESS_SIZE])
{
	(void)room;
	if (at->row->status.set_status == SET_STATUS_NONE)
		return "";
	return DhcpfoErrorText(at->row->status.last_set_result);
}

static uint64_t
rel_last_change(const struct cursor *at)
{
	return at->row->status.last_change;
}

static uint32_t
rel_state_age(const struct cursor *at)
{
	time_t now = time(NULL), since = at->row->status.state_time;

	return now > since ? (uint32_t)(now - since) : 0;
}

/* Integer32: -1 while no timer runs. */
static uint32_t
rel_time_to_partner_down(const struct cursor *at)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel = &at->row->rel;
	uint32_t age = rel_state_age(at), left;

	if (rel->State != COMMUNICATION_INT ||
	    rel->SafePeriod == DHCP_FAILOVER_NEVER)
		return (uint32_t)-1;
	left = rel->SafePeriod > age ? rel->SafePeriod - age : 0;
	return left > INT32_MAX ? INT32_MAX : left;
}

static bool
scope_counted(const struct cursor *at)
{
	return at->scope->counted;
}

/* Not every server can give every number. */
#define COUNTED(member)                                              \
	static bool scope_counted_##member(const struct cursor *at)  \
	{                                                            \
		return at->scope->counted &&                         \
		    at->scope->stats.member != FAILOVER_NOT_COUNTED; \
	}
COUNTED(NumAddr)
COUNTED(AddrFree)
COUNTED(AddrInUse)
COUNTED(PartnerAddrFree)
COUNTED(ThisAddrFree)
COUNTED(PartnerAddrInUse)
COUNTED(ThisAddrInUse)

static uint32_t
scope_free_percent(const struct cursor *at)
{
	return failover_free_percent(&at->scope->stats);
}

static uint32_t
scope_health(const struct cursor *at)
{
	if (!at->scope->counted || at->server->status != OPER_STATUS_UP)
		return HEALTH_UNKNOWN;
	/* Whatever the operator wants to be warned of. */
	if (at->scope->stats.AddrFree == 0 && at->scope->stats.NumAddr > 0)
		return HEALTH_CRITICAL;
	return at->scope->low ? HEALTH_WARNING : HEALTH_OK;
}

static const char *
scope_rel_name(const struct cursor *at, char room[FAILOVER_ADDRESS_SIZE])
{
	(void)room;
	return at->row->rel.RelationshipName;
}

static const char *
scope_address(const struct cursor *at, char room[FAILOVER_ADDRESS_SIZE])
{
	return failover_address_text(at->scope->address, room);
}

static uint32_t
event_limit(const struct cursor *at)
{
	return (uint32_t)at->scalars->roster->events->limit;
}

static uint32_t
free_low(const struct cursor *at)
{
	return at->scalars->roster->free_low;
}

static uint32_t
free_high(const struct cursor *at)
{
	return at->scalars->roster->free_high;
}

/* ---- values of the agent's own ---- */

static void
set_spin_lock(const struct cursor *at, uint32_t value)
{
	at->scalars->spin_lock = value;
}

static void
set_poll_interval(const struct cursor *at, uint32_t value)
{
	/* Begun anew each time, it would never end for one who insists. */
	if (value == at->scalars->poll_interval)
		return;
	at->scalars->poll_interval = value;
	if (at->scalars->poll_interval_changed != NULL)
		at->scalars->poll_interval_changed();
}

static void
act(const struct cursor *at, uint32_t value)
{
	if (value == 2)
		roster_poll(at->server);
}

static void
set_notify(const struct cursor *at, uint32_t value)
{
	at->scalars->notify = value;
}

static void
set_notify_min_interval(const struct cursor *at, uint32_t value)
{
	at->scalars->notify_min_interval = value;
}

static void
set_free_low(const struct cursor *at, uint32_t value)
{
	at->scalars->roster->free_low = value;
}

static void
set_free_high(const struct cursor *at, uint32_t value)
{
	at->scalars->roster->free_high = value;
}

static void
set_event_limit(const struct cursor *at, uint32_t value)
{
	/* What is too many goes when the SET ends: an undo needs it. */
	at->scalars->roster->events->limit = value;
}

/*
 * The macros pick the kind, and refuse to compile when the member is of another
 * type.  An enumeration is compatible with unsigned int, hence with uint32_t.
 */
#define AT(thing, type, member)                                                \
	offsetof(struct thing, member) + 0 * sizeof(struct {                   \
		_Static_assert(_Generic(((struct thing *)0)->member, type : 1, \
				   default : 0),                               \
		    #member " is not a " #type);                               \
		char c;                                                        \
	})

#define SCALAR(n) { 1, 1, n }, 3, INDEX_SCALAR
#define SERVER(n) { 1, 2, 1, n }, 4, INDEX_SERVER
#define REL(n) { 1, 3, 1, n }, 4, INDEX_REL
#define STATUS(n) { 1, 4, 1, n }, 4, INDEX_REL
#define SCOPE(n) { 1, 5, 1, n }, 4, INDEX_SCOPE
#define STATS(n) { 1, 6, 1, n }, 4, INDEX_SCOPE
#define NOTIF(n) { 1, 7, n }, 3, INDEX_SCALAR
#define EVENT(n) { 1, 8, 2, 1, n }, 5, INDEX_EVENT

#define RO(kind) kind, COLUMN_RO, 0, 0, 0
#define BITS(n) COLUMN_FLAGS, COLUMN_RO, 0, 0, n
#define COUNT(n, label, member)                                              \
	{                                                                    \
		STATS(n), RO(COLUMN_U32),                                    \
		    AT(snapshot_scope, uint32_t, stats.member), label, NULL, \
		    NULL, NULL, scope_counted_##member, NULL                 \
	}
#define OWN(kind, min, max) kind, COLUMN_RW, 0, min, max
#define WRITTEN(label, get, set) 0, label, get, NULL, set, NULL, NULL
#define MEMBER(label, thing, type, member) \
	AT(thing, type, member), label, NULL, NULL, NULL, NULL, NULL
#define COMPUTED(label, fn) 0, label, fn, NULL, NULL, NULL, NULL
#define DESCRIBED(label, fn) 0, label, NULL, fn, NULL, NULL, NULL
#define MOMENT(label, fn) 0, label, NULL, NULL, NULL, NULL, fn

/* clang-format off */
const struct column columns[] = {
	/* path       kind, access, bit, least and most to write,  label and member */
	{ SCALAR(1),  RO(COLUMN_TEXT),    DESCRIBED("dhcpFoAgentDescr", agent_descr) },
	{ SCALAR(2),  RO(COLUMN_TIME),    MEMBER("dhcpFoAgentStartTime", scalars, time_t, started) },
	{ SCALAR(3),  RO(COLUMN_TICKS),   MOMENT("dhcpFoDiscontinuityTime", counting_since) },
	{ SCALAR(4),  RO(COLUMN_U32),     MEMBER("dhcpFoServerCount", scalars, uint32_t, server_count) },
	{ SCALAR(5),  RO(COLUMN_U32),     COMPUTED("dhcpFoRelCount", rel_count) },
	{ SCALAR(6),  RO(COLUMN_U32),     COMPUTED("dhcpFoRelNotNormalCount", rel_not_normal) },
	{ SCALAR(7),  RO(COLUMN_ENUM),    COMPUTED("dhcpFoHealth", agent_health) },
	{ SCALAR(8),  RO(COLUMN_TICKS),   MOMENT("dhcpFoTableLastChange", table_changed) },
	{ SCALAR(9),  COLUMN_SPIN_LOCK, COLUMN_RW, 0, 0, 2147483647,
	    AT(scalars, uint32_t, spin_lock), "dhcpFoSetSpinLock", NULL, NULL, set_spin_lock, NULL, NULL },
	{ SCALAR(10), BITS(7),            MEMBER("dhcpFoWritePolicy", scalars, uint32_t, write_policy) },
	{ SCALAR(11), COLUMN_U32, COLUMN_RW, 0, 1, 86400,
	    AT(scalars, uint32_t, poll_interval), "dhcpFoPollInterval", NULL, NULL, set_poll_interval, NULL, NULL },

	{ SERVER(2),  RO(COLUMN_TEXT),    MEMBER("dhcpFoServerName", managed, const char *, name) },
	{ SERVER(3),  RO(COLUMN_ENUM),    MEMBER("dhcpFoServerType", managed, uint32_t, kind) },
	{ SERVER(4),  RO(COLUMN_ENUM),    MEMBER("dhcpFoServerOperStatus", managed, uint32_t, status) },
	{ SERVER(5),  RO(COLUMN_TIME),    MEMBER("dhcpFoServerLastPollTime", managed, time_t, last_poll) },
	{ SERVER(6),  RO(COLUMN_TIME),    MEMBER("dhcpFoServerLastSuccessTime", managed, time_t, last_success) },
	{ SERVER(7),  RO(COLUMN_U32),     COMPUTED("dhcpFoServerDataAge", server_age) },
	{ SERVER(8),  RO(COLUMN_U32),     MEMBER("dhcpFoServerPollDuration", managed, uint32_t, poll_duration) },
	{ SERVER(9),  RO(COLUMN_INT),     MEMBER("dhcpFoServerClockOffset", managed, int32_t, clock_offset) },
	{ SERVER(10), RO(COLUMN_U32),     COMPUTED("dhcpFoServerRelCount", server_rel_count) },
	{ SERVER(11), RO(COLUMN_COUNTER), MEMBER("dhcpFoServerCalls", managed, uint32_t, report.calls) },
	{ SERVER(12), RO(COLUMN_COUNTER), MEMBER("dhcpFoServerCallFailures", managed, uint32_t, report.failures) },
	{ SERVER(13), RO(COLUMN_COUNTER), MEMBER("dhcpFoServerSetCalls", managed, uint32_t, report.set_calls) },
	{ SERVER(14), RO(COLUMN_COUNTER), MEMBER("dhcpFoServerSetFailures", managed, uint32_t, report.set_failures) },
	{ SERVER(15), RO(COLUMN_U32),     MEMBER("dhcpFoServerLastError", managed, uint32_t, report.last_error) },
	{ SERVER(16), RO(COLUMN_CHARS),   offsetof(struct managed, report.last_error_text), "dhcpFoServerLastErrorText", NULL, NULL, NULL, NULL, NULL },
	{ SERVER(17), RO(COLUMN_TIME),    MEMBER("dhcpFoServerLastErrorTime", managed, time_t, report.last_error_time) },
	{ SERVER(18), COLUMN_ENUM, COLUMN_RW, 0, 1, 2,
	    0, "dhcpFoServerAction", server_action, NULL, act, NULL, NULL },

	{ REL(2),     RO(COLUMN_TEXT),    MEMBER("dhcpFoRelName", snapshot_row, char *, rel.RelationshipName) },
	{ REL(3),     COLUMN_ENUM,    COLUMN_RC, MODE, 0, 1,                 MEMBER("dhcpFoRelMode", snapshot_row, uint32_t, rel.Mode) },
	{ REL(4),     COLUMN_ENUM,    COLUMN_RC, CHANGE_ROLE, 0, 1,          MEMBER("dhcpFoRelServerRole", snapshot_row, uint32_t, rel.ServerType) },
	{ REL(5),     COLUMN_ENUM,    COLUMN_RC, CHANGESTATE, 0, 11,         MEMBER("dhcpFoRelState", snapshot_row, uint32_t, rel.State) },
	{ REL(6),     COLUMN_ENUM,    COLUMN_RC, PREVSTATE, 0, 11,           MEMBER("dhcpFoRelPrevState", snapshot_row, uint32_t, rel.PrevState) },
	{ REL(7),     COLUMN_U32,     COLUMN_RC, MCLT, 0, UINT32_MAX,        MEMBER("dhcpFoRelMclt", snapshot_row, uint32_t, rel.Mclt) },
	{ REL(8),     COLUMN_U32,     COLUMN_RC, SAFEPERIOD, 0, UINT32_MAX,  MEMBER("dhcpFoRelSafePeriod", snapshot_row, uint32_t, rel.SafePeriod) },
	{ REL(9),     COLUMN_U8,      COLUMN_RC, PERCENTAGE, 0, 100,         MEMBER("dhcpFoRelPercentage", snapshot_row, uint8_t, rel.Percentage) },
	{ REL(10),    COLUMN_ADDRESS_TYPE, COLUMN_RC, CHANGE_PRIMARY_TYPE, 1, 1,   MEMBER("dhcpFoRelPrimaryAddrType", snapshot_row, uint32_t, rel.PrimaryServer) },
	{ REL(11),    COLUMN_ADDRESS, COLUMN_RC, CHANGE_PRIMARY, 4, 4,       MEMBER("dhcpFoRelPrimaryAddr", snapshot_row, uint32_t, rel.PrimaryServer) },
	{ REL(12),    COLUMN_ADDRESS_TYPE, COLUMN_RC, CHANGE_SECONDARY_TYPE, 1, 1, MEMBER("dhcpFoRelSecondaryAddrType", snapshot_row, uint32_t, rel.SecondaryServer) },
	{ REL(13),    COLUMN_ADDRESS, COLUMN_RC, CHANGE_SECONDARY, 4, 4,     MEMBER("dhcpFoRelSecondaryAddr", snapshot_row, uint32_t, rel.SecondaryServer) },
	{ REL(14),    COLUMN_TEXT,    COLUMN_RC, CHANGE_PRIMARY_NAME, 0, 255,   MEMBER("dhcpFoRelPrimaryName", snapshot_row, char *, rel.PrimaryServerName) },
	{ REL(15),    COLUMN_TEXT,    COLUMN_RC, CHANGE_SECONDARY_NAME, 0, 255, MEMBER("dhcpFoRelSecondaryName", snapshot_row, char *, rel.SecondaryServerName) },
	{ REL(16),    COLUMN_SECRET,  COLUMN_RC, SHAREDSECRET, 0, 255,       MEMBER("dhcpFoRelSharedSecret", snapshot_row, char *, rel.SharedSecret) },
	{ REL(17),    COLUMN_ROW_STATUS, COLUMN_RC, 0, 1, 6,                 0, "dhcpFoRelRowStatus", NULL, NULL, NULL, NULL, NULL },

	{ STATUS(1),  RO(COLUMN_ENUM),    COMPUTED("dhcpFoRelHealth", rel_health) },
	{ STATUS(2),  RO(COLUMN_ENUM),    COMPUTED("dhcpFoRelAutoTransition", rel_auto_transition) },
	{ STATUS(3),  RO(COLUMN_ENUM),    COMPUTED("dhcpFoRelAuthEnabled", rel_authenticated) },
	{ STATUS(4),  RO(COLUMN_U32),     MEMBER("dhcpFoRelScopeCount", snapshot_row, uint32_t, nscopes) },
	{ STATUS(5),  RO(COLUMN_ADDRESS_TYPE), COMPUTED("dhcpFoRelPartnerAddrType", rel_partner) },
	{ STATUS(6),  RO(COLUMN_ADDRESS), COMPUTED("dhcpFoRelPartnerAddr", rel_partner) },
	{ STATUS(7),  RO(COLUMN_ENUM),    MEMBER("dhcpFoRelPartnerState", snapshot_row, uint32_t, partner_state) },
	{ STATUS(8),  RO(COLUMN_TIME),    MEMBER("dhcpFoRelStateTime", snapshot_row, time_t, status.state_time) },
	{ STATUS(9),  RO(COLUMN_U32),     COMPUTED("dhcpFoRelStateAge", rel_state_age) },
	{ STATUS(10), RO(COLUMN_INT),     COMPUTED("dhcpFoRelTimeToPartnerDown", rel_time_to_partner_down) },
	{ STATUS(11), RO(COLUMN_COUNTER), MEMBER("dhcpFoRelTransitions", snapshot_row, uint32_t, status.transitions) },
	{ STATUS(12), RO(COLUMN_COUNTER), MEMBER("dhcpFoRelCommInterruptions", snapshot_row, uint32_t, status.comm_interruptions) },
	{ STATUS(13), BITS(8),            MEMBER("dhcpFoRelDrift", snapshot_row, uint32_t, status.drift) },
	{ STATUS(14), RO(COLUMN_TICKS),   MOMENT("dhcpFoRelLastChange", rel_last_change) },
	{ STATUS(15), RO(COLUMN_COUNTER), MEMBER("dhcpFoRelSetCalls", snapshot_row, uint32_t, status.set_calls) },
	{ STATUS(16), RO(COLUMN_COUNTER), MEMBER("dhcpFoRelSetFailures", snapshot_row, uint32_t, status.set_failures) },
	{ STATUS(17), RO(COLUMN_ENUM),    MEMBER("dhcpFoRelSetStatus", snapshot_row, uint32_t, status.set_status) },
	{ STATUS(18), BITS(7),            MEMBER("dhcpFoRelLastSetFlags", snapshot_row, uint32_t, status.last_set_flags) },
	{ STATUS(19), RO(COLUMN_U32),     MEMBER("dhcpFoRelLastSetResult", snapshot_row, uint32_t, status.last_set_result) },
	{ STATUS(20), RO(COLUMN_TEXT),    DESCRIBED("dhcpFoRelLastSetText", rel_last_set_text) },
	{ STATUS(21), RO(COLUMN_TIME),    MEMBER("dhcpFoRelLastSetTime", snapshot_row, time_t, status.last_set_time) },

	{ SCOPE(3),   COLUMN_ROW_STATUS, COLUMN_RC, 0, 1, 6,                 0, "dhcpFoScopeRowStatus", NULL, NULL, NULL, NULL, NULL },

	COUNT(1, "dhcpFoScopeAddresses", NumAddr),
	COUNT(2, "dhcpFoScopeFree", AddrFree),
	COUNT(3, "dhcpFoScopeInUse", AddrInUse),
	COUNT(4, "dhcpFoScopePartnerFree", PartnerAddrFree),
	COUNT(5, "dhcpFoScopeThisFree", ThisAddrFree),
	COUNT(6, "dhcpFoScopePartnerInUse", PartnerAddrInUse),
	COUNT(7, "dhcpFoScopeThisInUse", ThisAddrInUse),
	{ STATS(8),   RO(COLUMN_U32),     0, "dhcpFoScopeFreePercent", scope_free_percent, NULL, NULL, scope_counted, NULL },
	{ STATS(9),   RO(COLUMN_ENUM),    COMPUTED("dhcpFoScopeHealth", scope_health) },
	{ STATS(10),  RO(COLUMN_TEXT),    DESCRIBED("dhcpFoScopeRelName", scope_rel_name) },
	{ STATS(11),  RO(COLUMN_TEXT),    DESCRIBED("dhcpFoScopeAddrText", scope_address) },

	{ NOTIF(1),   OWN(COLUMN_FLAGS, 0, 9),      AT(scalars, uint32_t, notify), "dhcpFoNotifEnable", NULL, NULL, set_notify, NULL, NULL },
	{ NOTIF(2),   OWN(COLUMN_U32, 0, 3600),     AT(scalars, uint32_t, notify_min_interval), "dhcpFoNotifMinInterval", NULL, NULL, set_notify_min_interval, NULL, NULL },
	{ NOTIF(3),   RO(COLUMN_COUNTER), MEMBER("dhcpFoNotifSent", scalars, uint32_t, notify_sent) },
	{ NOTIF(4),   RO(COLUMN_COUNTER), MEMBER("dhcpFoNotifSuppressed", scalars, uint32_t, notify_suppressed) },
	{ NOTIF(5),   OWN(COLUMN_U32, 0, 100),      WRITTEN("dhcpFoScopeFreeLow", free_low, set_free_low) },
	{ NOTIF(6),   OWN(COLUMN_U32, 0, 100),      WRITTEN("dhcpFoScopeFreeHigh", free_high, set_free_high) },

	{ { 1, 8, 1 }, 3, INDEX_SCALAR, OWN(COLUMN_U32, 0, 65535), WRITTEN("dhcpFoEventLimit", event_limit, set_event_limit) },
	{ EVENT(2),   RO(COLUMN_TIME),    MEMBER("dhcpFoEventTime", event, time_t, time) },
	{ EVENT(3),   RO(COLUMN_ENUM),    MEMBER("dhcpFoEventKind", event, uint32_t, kind) },
	{ EVENT(4),   RO(COLUMN_TEXT),    MEMBER("dhcpFoEventServer", event, char *, server) },
	{ EVENT(5),   RO(COLUMN_TEXT),    MEMBER("dhcpFoEventRelName", event, char *, relationship) },
	{ EVENT(6),   RO(COLUMN_ENUM),    MEMBER("dhcpFoEventOldState", event, uint32_t, old_state) },
	{ EVENT(7),   RO(COLUMN_ENUM),    MEMBER("dhcpFoEventNewState", event, uint32_t, new_state) },
	{ EVENT(8),   BITS(7),            MEMBER("dhcpFoEventFlags", event, uint32_t, flags) },
	{ EVENT(9),   RO(COLUMN_U32),     MEMBER("dhcpFoEventResult", event, uint32_t, result) },
	{ EVENT(10),  RO(COLUMN_TEXT),    MEMBER("dhcpFoEventText", event, char *, text) },
};
/* clang-format on */

const size_t ncolumns = nitems(columns);

/* Whoever asks row by row asks for the next column, or the one behind. */
#define NEAR 2

static const oid root[MIB_ROOT_LENGTH] = { MIB_ROOT };

/*
 * Where ${name} lies against the subtree of ${column}: negative before it, 0
 * inside, positive behind it.
 */
static int
place(const struct column *column, const oid *name, size_t length)
{
	size_t i;

	for (i = 0; i < column->depth; i++) {
		if (i == length || name[i] < column->path[i])
			return -1;
		if (name[i] > column->path[i])
			return 1;
	}
	return 0;
}

const struct column *
column_from(const oid *name, size_t length, size_t *sub)
{
	size_t low = 0, high = ncolumns, middle, shared;
	int order;

	*sub = 0;
	if (length < MIB_ROOT_LENGTH || memcmp(name, root, sizeof(root)) != 0) {
		shared = length < MIB_ROOT_LENGTH ? length : MIB_ROOT_LENGTH;
		order = snmp_oid_compare(name, shared, root, shared);
		return order > 0 ? NULL : &columns[0];
	}
	name += MIB_ROOT_LENGTH;
	length -= MIB_ROOT_LENGTH;
	while (low < high) {
		middle = low + (high - low) / 2;
		if ((order = place(&columns[middle], name, length)) == 0) {
			*sub = MIB_ROOT_LENGTH + columns[middle].depth;
			return &columns[middle];
		}
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ncolumns ? &columns[low] : NULL;
}

const struct column *
column_near(const struct column *last, const oid *name, size_t length,
    size_t *sub)
{
	const struct column *column;

	if (last == NULL || length < MIB_ROOT_LENGTH ||
	    memcmp(name, root, sizeof(root)) != 0)
		return NULL;
	for (column = last;
	     column < columns + ncolumns && column <= last + NEAR; column++)
		if (place(column, name + MIB_ROOT_LENGTH,
			length - MIB_ROOT_LENGTH) == 0) {
			*sub = MIB_ROOT_LENGTH + column->depth;
			return column;
		}
	return NULL;
}

const struct column *
column_find(const oid *name, size_t length, size_t *sub)
{
	const struct column *column = column_from(name, length, sub);

	return *sub != 0 ? column : NULL;
}

size_t
column_name(const struct column *column, oid *name)
{
	size_t i;

	memcpy(name, root, sizeof(root));
	for (i = 0; i < column->depth; i++)
		name[MIB_ROOT_LENGTH + i] = column->path[i];
	return MIB_ROOT_LENGTH + column->depth;
}

const void *
column_base(const struct column *column, const struct cursor *at)
{
	switch (column->index) {
	case INDEX_SCALAR:
		return at->scalars;
	case INDEX_SERVER:
		return at->server;
	case INDEX_REL:
		return at->row;
	case INDEX_SCOPE:
		return at->scope;
	case INDEX_EVENT:
		return at->event;
	}
	return NULL;
}

bool
column_present(const struct column *column, const struct cursor *at)
{
	return column->present == NULL || column->present(at);
}

const struct column *
column_numbered(enum index_kind index, uint8_t table, uint8_t number)
{
	size_t i;

	for (i = 0; i < ncolumns; i++)
		if (columns[i].index == index && columns[i].path[1] == table &&
		    columns[i].path[columns[i].depth - 1] == number)
			return &columns[i];
	return NULL;
}
