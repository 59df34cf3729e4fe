/* SPDX-License-Identifier: BSD-2-Clause */
#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "dispatch.h"
#include "log.h"
#include "varbind.h"

/* A kilobyte each: what thousands of relationships say at once. */
#define QUEUE_MAX 4096u
#define BUCKETS 256u

/* Numbers of the notifications, below dhcpFoNotifications. */
enum number {
	STATE_CHANGE = 1,
	COMM_INTERRUPTED,
	PARTNER_DOWN_ENTERED,
	RECOVERED,
	CONFIG_CHANGE,
	SERVER_DOWN,
	SERVER_UP,
	SCOPE_LOW,
	SCOPE_OK,
	SET_FAILED,
	DRIFT
};

/* Those that raise and clear the same alarm share an interval. */
enum topic {
	TOPIC_STATE,
	TOPIC_ALARM,
	TOPIC_CONFIG,
	TOPIC_SERVER,
	TOPIC_SCOPE,
	TOPIC_SET,
	TOPIC_DRIFT
};

struct object {
	enum index_kind index;
	uint8_t table, number;
};

#define REL(n)                  \
	{                       \
		INDEX_REL, 3, n \
	}
#define STATUS(n)               \
	{                       \
		INDEX_REL, 4, n \
	}
#define SERVER(n)                  \
	{                          \
		INDEX_SERVER, 2, n \
	}
#define STATS(n)                  \
	{                         \
		INDEX_SCOPE, 6, n \
	}
#define EVENT(n)                  \
	{                         \
		INDEX_EVENT, 8, n \
	}

/* clang-format off */
static const struct notification {
	enum topic topic;
	unsigned int enable; /* bit of dhcpFoNotifEnable */
	struct object objects[6]; /* ended by number 0 */
} notifications[] = {
	[STATE_CHANGE]         = { TOPIC_STATE,  0, { REL(2), REL(5), REL(6), STATUS(1) } },
	[COMM_INTERRUPTED]     = { TOPIC_ALARM,  1, { REL(2), REL(5), STATUS(6), STATUS(10) } },
	[PARTNER_DOWN_ENTERED] = { TOPIC_ALARM,  2, { REL(2), REL(5), STATUS(6) } },
	[RECOVERED]            = { TOPIC_ALARM,  3, { REL(2), REL(5) } },
	[CONFIG_CHANGE]        = { TOPIC_CONFIG, 4, { EVENT(5), EVENT(3), EVENT(4), EVENT(8), EVENT(10) } },
	[SERVER_DOWN]          = { TOPIC_SERVER, 5, { SERVER(2), SERVER(4), SERVER(16) } },
	[SERVER_UP]            = { TOPIC_SERVER, 5, { SERVER(2), SERVER(4) } },
	[SCOPE_LOW]            = { TOPIC_SCOPE,  6, { STATS(10), STATS(11), STATS(2), STATS(1), STATS(8) } },
	[SCOPE_OK]             = { TOPIC_SCOPE,  6, { STATS(10), STATS(11), STATS(2), STATS(1), STATS(8) } },
	[SET_FAILED]           = { TOPIC_SET,    7, { REL(2), STATUS(18), STATUS(19), STATUS(20) } },
	[DRIFT]                = { TOPIC_DRIFT,  8, { REL(2), STATUS(13) } },
};
/* clang-format on */

/* What a topic is about, in a form that outlives snapshots. */
struct subject {
	enum topic topic;
	uint32_t server;
	DHCP_IP_ADDRESS scope;
	uint32_t key_length;
	char key[KEY_MAX];
};

/* A subject that was told of less than an interval ago. */
struct slot {
	struct slot *next;
	struct subject subject;
	uint64_t sent; /* roster_now() */
	bool held; /* something came since */
	/* Of TOPIC_CONFIG, composed: its event may be gone when it is due. */
	netsnmp_variable_list *change;
};

struct waiting {
	struct waiting *next;
	netsnmp_variable_list *varbinds;
};

static struct {
	struct scalars *scalars;
	struct slot *slots[BUCKETS];
	size_t nslots;
	unsigned int alarm; /* runs while there are slots */
	struct waiting *first, **last;
	size_t n;
	bool told_full;
} notify = { .last = &notify.first };

void
notify_init(struct scalars *scalars)
{
	notify.scalars = scalars;
}

/* ---- sending ---- */

static bool
add_trap_oid(netsnmp_variable_list **varbinds, enum number number)
{
	static const oid snmp_trap_oid[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };
	const oid id[] = { MIB_ROOT, 0, (oid)number };

	return snmp_varlist_add_variable(varbinds, snmp_trap_oid,
		   OID_LENGTH(snmp_trap_oid), ASN_OBJECT_ID, id,
		   sizeof(id)) != NULL;
}

static bool
add_object(netsnmp_variable_list **varbinds, const struct object *object,
    const struct cursor *at)
{
	const struct column *column;
	oid name[MAX_OID_LEN];
	struct value value;
	size_t n;

	column = column_numbered(object->index, object->table, object->number);
	n = column_name(column, name);
	n += index_write(column->index, at, name + n);
	varbind_get(column, at, &value);
	return snmp_varlist_add_variable(varbinds, name, n, value.type,
		   value.data, value.length) != NULL;
}

static netsnmp_variable_list *
compose(enum number number, const struct cursor *at)
{
	const struct object *object = notifications[number].objects;
	netsnmp_variable_list *varbinds = NULL;

	if (!add_trap_oid(&varbinds, number))
		goto err0;
	for (; object->number != 0; object++)
		if (!add_object(&varbinds, object, at))
			goto err0;

	/* Success! */
	return varbinds;

err0:
	snmp_free_varbind(varbinds);
	log_err("no memory for a notification");
	return NULL;
}

static void
drop_oldest(void)
{
	struct waiting *oldest = notify.first;

	if ((notify.first = oldest->next) == NULL)
		notify.last = &notify.first;
	notify.n--;
	snmp_free_varbind(oldest->varbinds);
	free(oldest);
}

void
notify_flush(void)
{
	while (notify.first != NULL && dispatch_can_notify()) {
		dispatch_notify(notify.first->varbinds);
		notify.first->varbinds = NULL;
		notify.scalars->notify_sent++;
		drop_oldest();
		notify.told_full = false;
	}
}

/* Takes ${varbinds}; NULL is fine. */
static void
enqueue(netsnmp_variable_list *varbinds)
{
	struct waiting *waiting;

	if (varbinds == NULL)
		return;
	if ((waiting = calloc(1, sizeof(*waiting))) == NULL) {
		snmp_free_varbind(varbinds);
		return;
	}
	waiting->varbinds = varbinds;
	if (notify.n == QUEUE_MAX) {
		if (!notify.told_full)
			log_warning("%u notifications wait for the AgentX "
				    "master: the oldest are dropped",
			    QUEUE_MAX);
		notify.told_full = true;
		drop_oldest();
	}
	*notify.last = waiting;
	notify.last = &waiting->next;
	notify.n++;
	notify_flush();
}

static void
send_one(enum number number, const struct cursor *at)
{
	enqueue(compose(number, at));
}

/* ---- how often ---- */

static size_t
bucket(const struct subject *subject)
{
	/* FNV-1a: the keys differ in few characters. */
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < subject->key_length; i++)
		hash = (hash ^ (unsigned char)subject->key[i]) * 16777619u;
	hash = (hash ^ subject->server) * 16777619u;
	hash = (hash ^ subject->scope) * 16777619u;
	hash = (hash ^ (uint32_t)subject->topic) * 16777619u;
	return hash % BUCKETS;
}

static bool
same_subject(const struct subject *a, const struct subject *b)
{
	return a->topic == b->topic && a->server == b->server &&
	    a->scope == b->scope && a->key_length == b->key_length &&
	    memcmp(a->key, b->key, a->key_length) == 0;
}

static struct slot *
find_slot(const struct subject *subject)
{
	struct slot *slot;

	for (slot = notify.slots[bucket(subject)]; slot != NULL;
	     slot = slot->next)
		if (same_subject(&slot->subject, subject))
			break;
	return slot;
}

static uint32_t
interval(void)
{
	return notify.scalars->notify_min_interval * 100;
}

static void
make_subject(struct subject *subject, enum topic topic,
    const struct observation *o)
{
	memset(subject, 0, sizeof(*subject));
	subject->topic = topic;
	subject->server = o->server->index;
	subject->scope = o->scope != NULL ? o->scope->address : 0;
	/* A relationship that is gone is known by its name only. */
	if (o->relationship != NULL) {
		char key[KEY_MAX + 1];

		subject->key_length =
		    (uint32_t)key_from_name(o->relationship, key);
		memcpy(subject->key, key, subject->key_length);
	}
}

/* Point ${at} to what ${slot} is about; false when that is gone. */
static bool
find_again(const struct slot *slot, struct cursor *at)
{
	const struct subject *subject = &slot->subject;
	struct snapshot *snapshot;
	size_t i;

	memset(at, 0, sizeof(*at));
	at->scalars = notify.scalars;
	at->server = roster_find(at->scalars->roster, subject->server);
	if (at->server == NULL)
		return false;
	if (subject->topic == TOPIC_SERVER)
		return true;
	snapshot = at->server->snapshot;
	i = snapshot_find(snapshot, subject->key, subject->key_length);
	if (i == snapshot->n)
		return false;
	at->row = &snapshot->rows[i];
	if (subject->topic != TOPIC_SCOPE)
		return true;
	i = snapshot_find_scope(snapshot, at->row, subject->scope);
	if (i == snapshot->nscopes)
		return false;
	at->scope = &snapshot->scopes[i];
	return true;
}

/* The alarm that ${state} raises or clears, or 0. */
static enum number
alarm_of(uint32_t state)
{
	switch (state) {
	case COMMUNICATION_INT:
		return COMM_INTERRUPTED;
	case PARTNER_DOWN:
		return PARTNER_DOWN_ENTERED;
	case NORMAL:
		return RECOVERED;
	}
	return (enum number)0;
}

/* A doubt that was told of may never end, and then nothing else tells. */
static bool
is_failure(const struct row_status *status)
{
	return status->set_status == SET_STATUS_FAILED ||
	    status->set_status == SET_STATUS_UNDONE ||
	    status->set_status == SET_STATUS_IN_DOUBT;
}

/* What is true now of what ${topic} is about; 0: nothing worth telling. */
static enum number
true_now(enum topic topic, const struct cursor *at)
{
	switch (topic) {
	case TOPIC_STATE:
		return STATE_CHANGE;
	case TOPIC_ALARM:
		return alarm_of(at->row->rel.State);
	case TOPIC_SERVER:
		return at->server->down ? SERVER_DOWN : SERVER_UP;
	case TOPIC_SCOPE:
		return at->scope->low ? SCOPE_LOW : SCOPE_OK;
	case TOPIC_SET:
		return is_failure(&at->row->status) ? SET_FAILED :
						      (enum number)0;
	case TOPIC_DRIFT:
		return DRIFT;
	case TOPIC_CONFIG:
		break;
	}
	return (enum number)0;
}

static bool
enabled(enum number number)
{
	return notify.scalars->notify & 1u << notifications[number].enable;
}

/* The interval of ${slot} is over: tell what was held back, or forget it. */
static bool
over(struct slot *slot, uint64_t now)
{
	struct cursor at;
	enum number number;

	if (now - slot->sent < interval())
		return false;
	if (slot->change != NULL && enabled(CONFIG_CHANGE)) {
		slot->sent = now;
		enqueue(slot->change);
		slot->change = NULL;
		return false;
	}
	if (!slot->held || !find_again(slot, &at))
		return true;
	/* Numbers are what is told of a scope: wait for them. */
	if (at.scope != NULL && !at.scope->counted)
		return false;
	if ((number = true_now(slot->subject.topic, &at)) == 0 ||
	    !enabled(number))
		return true;
	slot->held = false;
	slot->sent = now;
	send_one(number, &at);
	return false;
}

static void
free_slot(struct slot *slot)
{
	snmp_free_varbind(slot->change);
	free(slot);
}

static void
tick(unsigned int registration, void *arg)
{
	uint64_t now = roster_now();
	struct slot **at, *slot;
	size_t i;

	(void)arg;
	for (i = 0; i < BUCKETS; i++)
		for (at = &notify.slots[i]; (slot = *at) != NULL;)
			if (over(slot, now)) {
				*at = slot->next;
				free_slot(slot);
				notify.nslots--;
			} else
				at = &slot->next;
	if (notify.nslots == 0) {
		snmp_alarm_unregister(registration);
		notify.alarm = 0;
	}
}

/* Remember that ${subject} was told of just now. */
static void
open_slot(const struct subject *subject)
{
	struct slot *slot;

	if (interval() == 0 || (slot = calloc(1, sizeof(*slot))) == NULL)
		return;
	slot->subject = *subject;
	slot->sent = roster_now();
	slot->next = notify.slots[bucket(subject)];
	notify.slots[bucket(subject)] = slot;
	notify.nslots++;
	if (notify.alarm == 0)
		notify.alarm = snmp_alarm_register(1, SA_REPEAT, tick, NULL);
}

/*
 * Too soon.  When the time is over, what is true then is told; but a change is
 * told as it was.
 */
static void
hold(struct slot *slot, enum number number, const struct cursor *at)
{
	notify.scalars->notify_suppressed++;
	if (number != CONFIG_CHANGE) {
		slot->held = true;
		return;
	}
	snmp_free_varbind(slot->change);
	slot->change = compose(number, at);
}

/* Nothing is held back any more, and what comes now is what is true. */
static void
let_go(struct slot *slot)
{
	enqueue(slot->change);
	slot->change = NULL;
	slot->held = false;
}

/* ---- what ---- */

static void
post(enum number number, const struct observation *o, const struct event *event)
{
	struct subject subject;
	struct cursor at = { 0 };
	struct slot *slot;

	if (!enabled(number))
		return;
	make_subject(&subject, notifications[number].topic, o);
	at.scalars = notify.scalars;
	at.server = o->server;
	/* A cursor can write; what is told is only read. */
	at.row = (struct snapshot_row *)(uintptr_t)o->row;
	at.scope = (struct snapshot_scope *)(uintptr_t)o->scope;
	at.event = event;
	slot = find_slot(&subject);
	if (slot != NULL && interval() > 0) {
		hold(slot, number, &at);
		return;
	}
	if (slot != NULL)
		let_go(slot);
	send_one(number, &at);
	open_slot(&subject);
}

void
notify_observe(const struct observation *o, const struct event *event)
{
	enum number alarm;

	switch (o->kind) {
	case EVENT_STATE_CHANGE:
		post(STATE_CHANGE, o, event);
		if ((alarm = alarm_of(o->new_state)) != 0)
			post(alarm, o, event);
		break;
	case EVENT_CREATED:
	case EVENT_DELETED:
	case EVENT_CONFIG_CHANGE:
	case EVENT_SCOPE_ADDED:
	case EVENT_SCOPE_REMOVED:
	case EVENT_SET_DONE:
		post(CONFIG_CHANGE, o, event);
		break;
	case EVENT_SET_FAILED:
		if (o->row != NULL)
			post(SET_FAILED, o, event);
		break;
	case EVENT_SERVER_UP:
		post(SERVER_UP, o, event);
		break;
	case EVENT_SERVER_DOWN:
		post(SERVER_DOWN, o, event);
		break;
	case EVENT_THRESHOLD_LOW:
		post(SCOPE_LOW, o, event);
		break;
	case EVENT_THRESHOLD_OK:
		post(SCOPE_OK, o, event);
		break;
	case EVENT_DRIFT_FOUND:
	case EVENT_DRIFT_GONE:
		post(DRIFT, o, event);
		break;
	case EVENT_OTHER:
		break;
	}
}

void
notify_end(void)
{
	struct slot *slot;
	size_t i;

	while (notify.first != NULL)
		drop_oldest();
	for (i = 0; i < BUCKETS; i++)
		while ((slot = notify.slots[i]) != NULL) {
			notify.slots[i] = slot->next;
			free_slot(slot);
		}
	notify.nslots = 0;
	if (notify.alarm != 0)
		snmp_alarm_unregister(notify.alarm);
	notify.alarm = 0;
}
