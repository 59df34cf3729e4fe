/* SPDX-License-Identifier: BSD-2-Clause */
#include "dispatch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "encode.h"
#include "log.h"
#include "set.h"
#include "table.h"

/* RFC 2741 6.1 and 6.2.16; Net-SNMP does not install its header for them. */
enum agentx_command {
	AGENTX_GET = 5,
	AGENTX_GETNEXT = 6,
	AGENTX_GETBULK = 7,
	AGENTX_TESTSET = 8,
	AGENTX_COMMITSET = 9,
	AGENTX_UNDOSET = 10,
	AGENTX_CLEANUPSET = 11,
	AGENTX_NOTIFY = 12,
	AGENTX_PING = 13,
	AGENTX_RESPONSE = 18
};

#define AGENTX_UNSUPPORTED_CONTEXT 262
#define AGENTX_PROCESSING_ERROR 268

/* How long the master may leave its end of a full socket alone. */
#define SEND_MS 1000

/* Notifications that the master has not answered yet, at most. */
#define NOTIFY_WINDOW 8u

/* More than -L can ask for in earnest. */
#define LOG_HANDLERS_MAX 16u

/* A master may hang for a while, and then answer all the same. */
#define ANSWER_SECONDS 86400

/*
 * SETs that are open, at most.  A master that works has one; this is for one
 * that forgets to end them.
 */
#define TRANSACTIONS_MAX 256u

/* How long an end of the session may mean that an UndoSet is still to come. */
#define ORPHAN_SECONDS 2

enum phase {
	PHASE_TESTED,
	PHASE_COMMITTING,
	PHASE_COMMITTED,
	PHASE_UNDOING,
	PHASE_UNDONE
};

/* One SET from TestSet to CleanupSet. */
struct transaction {
	struct transaction *next;
	struct set *set; /* NULL: the test failed */
	enum phase phase;
	struct encode_address to;
	struct set_result tested, committed, undone;
	unsigned int session; /* which session it came in */
	unsigned int alarm; /* its deadline, or 0 */
};

static struct {
	struct scalars *scalars;
	uint32_t deadline; /* milliseconds */
	netsnmp_session *session; /* NULL: none is open */
	unsigned int number; /* of the session, counted */
	netsnmp_callback passed_on; /* Net-SNMP's own callback */
	struct transaction *transactions;
	struct request *requests; /* of a GETBULK; kept and grown */
	size_t nrequests;
	struct encoder out; /* the answer at hand */
	unsigned int orphan_alarm;
	unsigned int unanswered; /* notifications */
	bool heard; /* something from the master */
} dispatch;

void
dispatch_init(struct scalars *scalars, uint32_t deadline)
{
	dispatch.scalars = scalars;
	dispatch.deadline = deadline;
}

/* ---- answers ---- */

static void
address(struct encode_address *to, const netsnmp_pdu *pdu)
{
	to->sessid = pdu->sessid;
	to->transid = pdu->transid;
	to->packetid = pdu->reqid;
	to->flags = pdu->flags;
}

/*
 * All of it: a stream that lacks a part of one answer is good for nothing.  The
 * socket is a blocking one, but that is Net-SNMP's affair and not known here.
 */
static bool
send_all(netsnmp_transport *transport, const u_char *octets, size_t n)
{
	struct pollfd writable = { transport->sock, POLLOUT, 0 };
	void *opaque = NULL; /* for transports without a connection */
	int sent, nopaque = 0;

	while (n > 0) {
		sent = transport->f_send(transport, octets, (int)n, &opaque,
		    &nopaque);
		if (sent > 0) {
			octets += sent;
			n -= (size_t)sent;
		} else if (sent < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		else if (poll(&writable, 1, SEND_MS) == 0)
			return false;
	}
	return true;
}

/* Send what is in ${dispatch.out}. */
static void
respond(void)
{
	netsnmp_transport *transport;

	if (!encode_end(&dispatch.out)) {
		log_err("AgentX: no memory for an answer");
		return;
	}
	transport = snmp_sess_transport(snmp_sess_pointer(dispatch.session));
	if (transport == NULL)
		return;
	if (send_all(transport, dispatch.out.octets, dispatch.out.n))
		return;
	log_warning("AgentX: an answer could not be sent: %s", strerror(errno));
	/* Net-SNMP finds out when it reads, and connects anew. */
	shutdown(transport->sock, SHUT_RDWR);
}

static void
respond_status(const struct encode_address *to, long status, long index)
{
	encode_response(&dispatch.out, to);
	encode_error(&dispatch.out, status, index);
	respond();
}

/* ---- reading ---- */

static bool
enough(size_t n)
{
	struct request *more;

	if (n <= dispatch.nrequests)
		return true;
	if ((more = realloc(dispatch.requests, n * sizeof(*more))) == NULL)
		return false;
	dispatch.requests = more;
	dispatch.nrequests = n;
	return true;
}

/*
 * A search range (RFC 2741 5.2) comes as a varbind whose value is the end; an
 * end that is the null identifier means none.
 */
static void
read_range(struct request *request, const netsnmp_variable_list *varbind)
{
	request->name = varbind->name;
	request->length = varbind->name_length;
	request->include = varbind->type == ASN_PRIV_INCL_RANGE;
	request->end = varbind->val.objid;
	request->end_length = varbind->val_len / sizeof(oid);
	if (request->end_length == 0 ||
	    (request->end_length == 2 && request->end[0] == 0 &&
		request->end[1] == 0))
		request->end = NULL;
}

/*
 * Add what ${request} was answered; that there is no more goes by its name.
 * False: the answer would be too long.
 */
static bool
encode(const struct request *request, bool next)
{
	const struct value *value = &request->value;

	if (next && value->type != SNMP_ENDOFMIBVIEW)
		return encode_varbind(&dispatch.out, value->type,
		    request->found, request->found_length, value->data,
		    value->length);
	return encode_varbind(&dispatch.out, value->type, request->name,
	    request->length, value->data, value->length);
}

static void
read_pdu(const netsnmp_pdu *pdu, bool next)
{
	const netsnmp_variable_list *varbind;
	struct encode_address to;
	struct request request;
	struct table_hint hint;

	address(&to, pdu);
	encode_response(&dispatch.out, &to);
	table_hint_init(&hint, dispatch.scalars);
	for (varbind = pdu->variables; varbind != NULL;
	     varbind = varbind->next_variable) {
		read_range(&request, varbind);
		if (next)
			table_next(&hint, &request);
		else
			table_get(&hint, &request);
		if (!encode(&request, next)) {
			encode_error(&dispatch.out, SNMP_ERR_TOOBIG, 0);
			break;
		}
	}
	respond();
}

/*
 * One GETNEXT of a GETBULK; the next repetition goes on from its answer, or
 * says again behind which name there is no more.  False: it has no room left.
 */
static bool
bulk_one(struct request *request)
{
	oid asked[MAX_OID_LEN];
	struct table_hint hint;

	memcpy(asked, request->name, request->length * sizeof(*asked));
	request->name = asked;
	table_hint_init(&hint, dispatch.scalars);
	table_next(&hint, request);
	if (!encode(request, true))
		return false;
	if (request->value.type == SNMP_ENDOFMIBVIEW) {
		memcpy(request->found, asked, request->length * sizeof(*asked));
		request->found_length = request->length;
	} else
		request->include = false;
	request->name = request->found;
	request->length = request->found_length;
	return true;
}

/* Net-SNMP's master never sends one; others may (RFC 2741 7.2.3.3). */
static void
bulk_pdu(const netsnmp_pdu *pdu)
{
	size_t n = 0, i, once, times;
	bool more = true;
	const netsnmp_variable_list *varbind;
	struct encode_address to;

	address(&to, pdu);
	for (varbind = pdu->variables; varbind != NULL;
	     varbind = varbind->next_variable)
		n++;
	if (!enough(n)) {
		respond_status(&to, SNMP_ERR_GENERR, 0);
		return;
	}
	for (i = 0, varbind = pdu->variables; varbind != NULL;
	     i++, varbind = varbind->next_variable)
		read_range(&dispatch.requests[i], varbind);
	once = pdu->non_repeaters > 0 ? (size_t)pdu->non_repeaters : 0;
	times = pdu->max_repetitions > 0 ? (size_t)pdu->max_repetitions : 0;
	if (once > n)
		once = n;
	encode_response(&dispatch.out, &to);
	/* As many as fit (RFC 3416 4.2.3). */
	for (i = 0; more && i < once; i++)
		more = bulk_one(&dispatch.requests[i]);
	for (; more && times > 0 && once < n; times--)
		for (i = once; more && i < n; i++)
			more = bulk_one(&dispatch.requests[i]);
	respond();
}

/* ---- SETs ---- */

static struct transaction *
transaction_find(long transid)
{
	struct transaction *t;

	for (t = dispatch.transactions; t != NULL; t = t->next)
		if (t->to.transid == transid && t->session == dispatch.number)
			break;
	return t;
}

static void
transaction_free(struct transaction *t)
{
	struct transaction **at;

	for (at = &dispatch.transactions; *at != t; at = &(*at)->next)
		continue;
	*at = t->next;
	if (t->alarm != 0)
		snmp_alarm_unregister(t->alarm);
	if (t->set != NULL)
		set_finish(t->set);
	free(t);
}

/* No answer goes to a session that is gone, or to its successor. */
static void
answer(const struct transaction *t, struct set_result result)
{
	if (dispatch.session != NULL && t->session == dispatch.number)
		respond_status(&t->to, result.status, result.index);
}

static void
deadline(unsigned int registration, void *arg)
{
	struct transaction *t = arg;

	(void)registration;
	t->alarm = 0;
	set_expire(t->set);
}

static void
start_clock(struct transaction *t)
{
	struct timeval in;

	in.tv_sec = dispatch.deadline / 1000;
	in.tv_usec = (suseconds_t)(dispatch.deadline % 1000) * 1000;
	t->alarm = snmp_alarm_register_hr(in, 0, deadline, t);
}

static void
stop_clock(struct transaction *t)
{
	if (t->alarm != 0)
		snmp_alarm_unregister(t->alarm);
	t->alarm = 0;
}

/* No CleanupSet follows an UndoSet: a duplicate may, until the next SET. */
static void
forget_undone(void)
{
	struct transaction *t, *next;

	for (t = dispatch.transactions; t != NULL; t = next) {
		next = t->next;
		if (t->phase == PHASE_UNDONE)
			transaction_free(t);
	}
}

/*
 * What was set may be a secret, and what of it is kept has been copied to where
 * it is wiped in the end.
 */
static void
wipe(netsnmp_variable_list *varbind)
{
	volatile u_char *octets;
	size_t i;

	for (; varbind != NULL; varbind = varbind->next_variable)
		if (varbind->type == ASN_OCTET_STR)
			for (octets = varbind->val.string, i = 0;
			     i < varbind->val_len; i++)
				octets[i] = 0;
}

/* Whoever ends no SET loses the oldest at which no server works. */
static void
make_room(void)
{
	struct transaction *t, *oldest = NULL;
	size_t n = 0;

	for (t = dispatch.transactions; t != NULL; t = t->next) {
		n++;
		if (t->phase == PHASE_TESTED || t->phase == PHASE_COMMITTED)
			oldest = t;
	}
	if (n >= TRANSACTIONS_MAX && oldest != NULL)
		transaction_free(oldest);
}

static void
test_set(netsnmp_pdu *pdu)
{
	struct encode_address to;
	struct transaction *t;

	forget_undone();
	make_room();
	address(&to, pdu);
	if ((t = transaction_find(pdu->transid)) != NULL) {
		/* The master asks again: its answer got lost, or was late. */
		respond_status(&to, t->tested.status, t->tested.index);
		return;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		respond_status(&to, SNMP_ERR_RESOURCEUNAVAILABLE, 1);
		return;
	}
	t->to = to;
	t->session = dispatch.number;
	t->phase = PHASE_TESTED;
	t->next = dispatch.transactions;
	dispatch.transactions = t;
	t->tested = set_test(dispatch.scalars, pdu->variables, &t->set);
	wipe(pdu->variables);
	answer(t, t->tested);
}

static void
committed(void *arg, struct set_result result)
{
	struct transaction *t = arg;

	stop_clock(t);
	t->phase = PHASE_COMMITTED;
	t->committed = result;
	answer(t, result);
}

static void
undone(void *arg, struct set_result result)
{
	struct transaction *t = arg;

	stop_clock(t);
	t->phase = PHASE_UNDONE;
	t->undone = result;
	answer(t, result);
}

static void
commit_set(struct transaction *t, netsnmp_pdu *pdu)
{
	struct encode_address to;

	switch (t->phase) {
	case PHASE_TESTED:
		address(&t->to, pdu);
		t->phase = PHASE_COMMITTING;
		start_clock(t);
		set_commit(t->set, committed, t);
		return;
	case PHASE_COMMITTING:
		/* A duplicate: the answer to the first will do for all. */
		return;
	case PHASE_COMMITTED:
		address(&t->to, pdu);
		answer(t, t->committed);
		return;
	case PHASE_UNDOING:
	case PHASE_UNDONE:
		break;
	}
	/* Another answer may still be owed to t->to. */
	address(&to, pdu);
	respond_status(&to, AGENTX_PROCESSING_ERROR, 0);
}

static void
undo_set(struct transaction *t, netsnmp_pdu *pdu)
{
	switch (t->phase) {
	case PHASE_TESTED:
	case PHASE_COMMITTING:
	case PHASE_COMMITTED:
		address(&t->to, pdu);
		t->phase = PHASE_UNDOING;
		stop_clock(t);
		start_clock(t);
		set_undo(t->set, undone, t);
		return;
	case PHASE_UNDOING:
		return;
	case PHASE_UNDONE:
		address(&t->to, pdu);
		answer(t, t->undone);
		return;
	}
}

static void
further_set(netsnmp_pdu *pdu)
{
	struct encode_address to;
	struct transaction *t;

	t = transaction_find(pdu->transid);
	if (pdu->command == AGENTX_CLEANUPSET) {
		if (t != NULL)
			transaction_free(t);
		return;
	}
	if (t == NULL || t->set == NULL) {
		address(&to, pdu);
		respond_status(&to, AGENTX_PROCESSING_ERROR, 0);
		return;
	}
	if (pdu->command == AGENTX_COMMITSET)
		commit_set(t, pdu);
	else
		undo_set(t, pdu);
}

/* ---- notifications ---- */

bool
dispatch_can_notify(void)
{
	return dispatch.session != NULL && dispatch.unanswered < NOTIFY_WINDOW;
}

static int
notified(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
    void *magic)
{
	(void)session;
	(void)reqid;
	(void)pdu;
	(void)magic;
	dispatch.heard |= operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE;
	if (dispatch.unanswered > 0)
		dispatch.unanswered--;
	return 1;
}

static int
ponged(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
    void *magic)
{
	(void)session;
	(void)reqid;
	(void)pdu;
	(void)magic;
	dispatch.heard |= operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE;
	return 1;
}

/* Ask something of the master; takes ${varbinds}. */
static bool
ask(enum agentx_command command, netsnmp_variable_list *varbinds,
    netsnmp_callback answered)
{
	netsnmp_pdu *pdu;

	if ((pdu = snmp_pdu_create((int)command)) == NULL) {
		log_err("AgentX: no memory for a request");
		snmp_free_varbind(varbinds);
		return false;
	}
	pdu->version = dispatch.session->version;
	pdu->sessid = dispatch.session->sessid;
	pdu->variables = varbinds;
	/* Whose time is over is forgotten, and its late answer not heard. */
	pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
	pdu->time = ANSWER_SECONDS;
	if (snmp_async_send(dispatch.session, pdu, answered, NULL) != 0)
		return true;
	log_warning("AgentX: a request could not be sent: %s",
	    snmp_api_errstring(dispatch.session->s_snmp_errno));
	snmp_free_pdu(pdu);
	return false;
}

void
dispatch_notify(netsnmp_variable_list *varbinds)
{
	if (ask(AGENTX_NOTIFY, varbinds, notified))
		dispatch.unanswered++;
}

void
dispatch_ping(void)
{
	if (dispatch.session != NULL)
		ask(AGENTX_PING, NULL, ponged);
}

bool
dispatch_heard(void)
{
	bool heard = dispatch.heard;

	dispatch.heard = false;
	return heard;
}

/* ---- what reaches Net-SNMP's engine ---- */

/* Put an answer into the varbind that asked. */
static bool
write_back(netsnmp_variable_list *varbind, const struct request *request,
    bool named)
{
	const struct value *value = &request->value;

	if (named &&
	    snmp_set_var_objid(varbind, request->found,
		request->found_length) != 0)
		return false;
	return snmp_set_var_typed_value(varbind, value->type, value->data,
		   value->length) == 0;
}

static void
read_by_engine(netsnmp_request_info *request, struct table_hint *hint,
    bool next)
{
	netsnmp_variable_list *varbind = request->requestvb;
	struct request r;

	memset(&r, 0, sizeof(r));
	r.name = varbind->name;
	r.length = varbind->name_length;
	if (next)
		table_next(hint, &r);
	else
		table_get(hint, &r);
	/* The engine goes on by itself where nothing is put in. */
	if (next && r.value.type == SNMP_ENDOFMIBVIEW)
		return;
	if (r.value.type == SNMP_NOSUCHOBJECT ||
	    r.value.type == SNMP_NOSUCHINSTANCE) {
		netsnmp_request_set_error(request, r.value.type);
		return;
	}
	/* The name that the hint points to is about to be another. */
	hint->valid = false;
	if (!write_back(varbind, &r, next))
		netsnmp_request_set_error(request, SNMP_ERR_GENERR);
}

int
dispatch_handler(netsnmp_mib_handler *handler,
    netsnmp_handler_registration *reginfo, netsnmp_agent_request_info *info,
    netsnmp_request_info *requests)
{
	netsnmp_request_info *request;
	struct table_hint hint;

	(void)handler;
	(void)reginfo;
	if (info->mode != MODE_GET && info->mode != MODE_GETNEXT) {
		if (info->mode == MODE_SET_RESERVE1)
			netsnmp_set_request_error(info, requests,
			    SNMP_ERR_RESOURCEUNAVAILABLE);
		return SNMP_ERR_NOERROR;
	}
	table_hint_init(&hint, dispatch.scalars);
	for (request = requests; request != NULL; request = request->next)
		if (!request->processed)
			read_by_engine(request, &hint,
			    info->mode == MODE_GETNEXT);
	return SNMP_ERR_NOERROR;
}

/* ---- the session ---- */

/*
 * Net-SNMP's words about what it does next are not true here (see agent.c): its
 * log is closed while it says them.
 */
static int
hung_up(netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	int enabled[LOG_HANDLERS_MAX], result;
	netsnmp_log_handler *handler;
	size_t n = 0;

	for (handler = get_logh_head(); handler != NULL && n < LOG_HANDLERS_MAX;
	     handler = handler->next) {
		enabled[n++] = handler->enabled;
		handler->enabled = 0;
	}
	result = dispatch.passed_on(NETSNMP_CALLBACK_OP_DISCONNECT, session,
	    reqid, pdu, magic);
	n = 0;
	for (handler = get_logh_head(); handler != NULL && n < LOG_HANDLERS_MAX;
	     handler = handler->next)
		handler->enabled = enabled[n++];
	return result;
}

static int
receive(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
    void *magic)
{
	struct encode_address to;

	if (operation == NETSNMP_CALLBACK_OP_DISCONNECT)
		return hung_up(session, reqid, pdu, magic);
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		dispatch.heard = true;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE ||
	    session != dispatch.session || pdu->command < AGENTX_GET ||
	    pdu->command > AGENTX_CLEANUPSET)
		return dispatch.passed_on(operation, session, reqid, pdu,
		    magic);
	if (pdu->community_len != 0 && pdu->command != AGENTX_CLEANUPSET) {
		/* Only the default context is served. */
		address(&to, pdu);
		respond_status(&to, AGENTX_UNSUPPORTED_CONTEXT, 0);
		return 1;
	}
	switch ((enum agentx_command)pdu->command) {
	case AGENTX_GET:
		read_pdu(pdu, false);
		break;
	case AGENTX_GETNEXT:
		read_pdu(pdu, true);
		break;
	case AGENTX_GETBULK:
		bulk_pdu(pdu);
		break;
	case AGENTX_TESTSET:
		test_set(pdu);
		break;
	case AGENTX_COMMITSET:
	case AGENTX_UNDOSET:
	case AGENTX_CLEANUPSET:
		further_set(pdu);
		break;
	case AGENTX_NOTIFY:
	case AGENTX_PING:
	case AGENTX_RESPONSE:
		break;
	}
	return 1;
}

void
dispatch_session_began(netsnmp_session *session)
{
	dispatch.session = session;
	dispatch.number++;
	dispatch.unanswered = 0;
	if (session->callback != receive)
		dispatch.passed_on = session->callback;
	session->callback = receive;
}

/* What the master left behind stays as it is: nobody will say otherwise. */
static void
adopt(unsigned int registration, void *arg)
{
	struct transaction *t, *next;

	(void)registration;
	(void)arg;
	dispatch.orphan_alarm = 0;
	for (t = dispatch.transactions; t != NULL; t = next) {
		next = t->next;
		if (t->session == dispatch.number && dispatch.session != NULL)
			continue;
		if (t->phase == PHASE_COMMITTING || t->phase == PHASE_COMMITTED)
			log_warning(
			    "AgentX: the master went away before it "
			    "ended a SET: what the servers accepted is kept");
		transaction_free(t);
	}
}

void
dispatch_session_ended(netsnmp_session *session)
{
	if (session != dispatch.session)
		return;
	session->callback = dispatch.passed_on;
	dispatch.session = NULL;
	/* Net-SNMP may still be reading what came before the end. */
	if (dispatch.orphan_alarm != 0)
		snmp_alarm_unregister(dispatch.orphan_alarm);
	dispatch.orphan_alarm = 0;
	if (dispatch.transactions != NULL)
		dispatch.orphan_alarm =
		    snmp_alarm_register(ORPHAN_SECONDS, 0, adopt, NULL);
}

void
dispatch_end(void)
{
	while (dispatch.transactions != NULL)
		transaction_free(dispatch.transactions);
	if (dispatch.orphan_alarm != 0)
		snmp_alarm_unregister(dispatch.orphan_alarm);
	free(dispatch.requests);
	encode_free(&dispatch.out);
	memset(&dispatch, 0, sizeof(dispatch));
}
