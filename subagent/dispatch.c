/* SPDX-License-Identifier: BSD-2-Clause */
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "respond.h"
#include "stream.h"
#include "table.h"
#include "transaction.h"

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

/*
 * Net-SNMP's master makes an error without an index genErr, which says nothing
 * to a manager; tooBig says to ask for less.
 */
#define TOO_BIG_AT 1

/* Notifications that the master has not answered yet, at most. */
#define NOTIFY_WINDOW 8u

/* More than -L can ask for in earnest. */
#define LOG_HANDLERS_MAX 16u

/* SETs that reach the engine in the moment of a registration, at most. */
#define ENGINE_SETS_MAX 8u

/* A master may hang for a while, and then answer all the same. */
#define ANSWER_SECONDS 86400

static struct {
	struct scalars *scalars;
	netsnmp_session *session; /* NULL: none is open */
	netsnmp_callback passed_on; /* Net-SNMP's own callback */
	struct request *requests; /* of a GETBULK; kept and grown */
	size_t nrequests;
	unsigned int unanswered; /* notifications */
	bool heard; /* something from the master */
	bool told_too_long; /* of this session */
	long engine_sets[ENGINE_SETS_MAX]; /* transactions, of this session */
	size_t nengine_sets;
} dispatch;

void
dispatch_init(struct scalars *scalars, uint32_t deadline)
{
	dispatch.scalars = scalars;
	transaction_init(scalars, deadline);
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
encode(struct encoder *out, const struct request *request, bool next)
{
	const struct value *value = &request->value;

	if (next && value->type != SNMP_ENDOFMIBVIEW)
		return encode_varbind(out, value->type, request->found,
		    request->found_length, value->data, value->length);
	return encode_varbind(out, value->type, request->name, request->length,
	    value->data, value->length);
}

static void
read_pdu(const netsnmp_pdu *pdu, bool next)
{
	struct encoder *out = respond_begin(pdu);
	const netsnmp_variable_list *varbind;
	struct request request;
	struct table_hint hint;

	table_hint_init(&hint, dispatch.scalars);
	for (varbind = pdu->variables; varbind != NULL;
	     varbind = varbind->next_variable) {
		read_range(&request, varbind);
		if (next)
			table_next(&hint, &request);
		else
			table_get(&hint, &request);
		if (!encode(out, &request, next)) {
			encode_error(out, SNMP_ERR_TOOBIG, TOO_BIG_AT);
			break;
		}
	}
	respond_end();
}

/*
 * One GETNEXT of a GETBULK; the next repetition goes on from its answer, or
 * says again behind which name there is no more.  False: it has no room left.
 */
static bool
bulk_one(struct encoder *out, struct request *request)
{
	oid asked[MAX_OID_LEN];
	struct table_hint hint;

	memcpy(asked, request->name, request->length * sizeof(*asked));
	request->name = asked;
	table_hint_init(&hint, dispatch.scalars);
	table_next(&hint, request);
	if (!encode(out, request, true))
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
	const netsnmp_variable_list *varbind;
	struct encoder *out = respond_begin(pdu);
	size_t n = 0, i, once, times;
	bool more = true;

	for (varbind = pdu->variables; varbind != NULL;
	     varbind = varbind->next_variable)
		n++;
	if (!enough(n)) {
		encode_error(out, SNMP_ERR_GENERR, 0);
		respond_end();
		return;
	}
	for (i = 0, varbind = pdu->variables; varbind != NULL;
	     i++, varbind = varbind->next_variable)
		read_range(&dispatch.requests[i], varbind);
	once = pdu->non_repeaters > 0 ? (size_t)pdu->non_repeaters : 0;
	times = pdu->max_repetitions > 0 ? (size_t)pdu->max_repetitions : 0;
	if (once > n)
		once = n;
	/* As many as fit (RFC 3416 4.2.3). */
	for (i = 0; more && i < once; i++)
		more = bulk_one(out, &dispatch.requests[i]);
	for (; more && times > 0 && once < n; times--)
		for (i = once; more && i < n; i++)
			more = bulk_one(out, &dispatch.requests[i]);
	respond_end();
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

/* The engine keeps what a SET has until it hears of its end. */
static void
engine_has_set(long transaction)
{
	size_t i;

	for (i = 0; i < dispatch.nengine_sets; i++)
		if (dispatch.engine_sets[i] == transaction)
			return;
	if (i < ENGINE_SETS_MAX)
		dispatch.engine_sets[dispatch.nengine_sets++] = transaction;
}

/* Is ${transaction}, which ends, the engine's? */
static bool
engine_gives_up(long transaction)
{
	size_t i;

	for (i = 0; i < dispatch.nengine_sets; i++)
		if (dispatch.engine_sets[i] == transaction) {
			dispatch.engine_sets[i] =
			    dispatch.engine_sets[--dispatch.nengine_sets];
			return true;
		}
	return false;
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
		if (info->mode == MODE_SET_RESERVE1) {
			engine_has_set(info->asp->pdu->transid);
			netsnmp_set_request_error(info, requests,
			    SNMP_ERR_RESOURCEUNAVAILABLE);
		}
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

/* Why ${pdu} is not served here, or 0 (RFC 2741 7.2.2, 7.2.3). */
static long
refusal(const netsnmp_pdu *pdu)
{
	if (pdu->sessid != dispatch.session->sessid)
		return AGENTX_NOT_OPEN;
	/* Only the default context is served. */
	if (pdu->community_len != 0 && pdu->command != AGENTX_CLEANUPSET)
		return AGENTX_UNSUPPORTED_CONTEXT;
	return 0;
}

static void
refuse(const netsnmp_pdu *pdu, long why)
{
	struct respond_to to;

	/* To this there is no answer. */
	if (pdu->command == AGENTX_CLEANUPSET)
		return;
	respond_address(&to, pdu);
	respond_status(&to, why, 0);
}

static bool
is_request(const netsnmp_pdu *pdu)
{
	return pdu->command >= AGENTX_GET && pdu->command <= AGENTX_CLEANUPSET;
}

/* Net-SNMP cannot decode ${pdu}. */
static void
too_long(const netsnmp_pdu *pdu, uint32_t octets)
{
	struct respond_to to;
	long why;

	dispatch.heard = true;
	if (dispatch.session == NULL || !is_request(pdu) ||
	    pdu->command == AGENTX_CLEANUPSET)
		return;
	if (!dispatch.told_too_long)
		log_warning("AgentX: a request of %u octets is refused as too "
			    "big: at most %u can be read",
		    octets, STREAM_MAX);
	dispatch.told_too_long = true;
	why = refusal(pdu);
	respond_address(&to, pdu);
	respond_status(&to, why != 0 ? why : SNMP_ERR_TOOBIG, TOO_BIG_AT);
}

static int
receive(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
    void *magic)
{
	long why;

	if (operation == NETSNMP_CALLBACK_OP_DISCONNECT)
		return hung_up(session, reqid, pdu, magic);
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		dispatch.heard = true;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE ||
	    session != dispatch.session || !is_request(pdu))
		return dispatch.passed_on(operation, session, reqid, pdu,
		    magic);
	if ((why = refusal(pdu)) != 0) {
		refuse(pdu, why);
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
		transaction_test(pdu);
		break;
	case AGENTX_COMMITSET:
		transaction_commit(pdu);
		break;
	case AGENTX_UNDOSET:
		transaction_undo(pdu);
		break;
	case AGENTX_CLEANUPSET:
		if (engine_gives_up(pdu->transid))
			return dispatch.passed_on(operation, session, reqid,
			    pdu, magic);
		transaction_cleanup(pdu);
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
	respond_session(session);
	dispatch.unanswered = 0;
	if (session->callback != receive)
		dispatch.passed_on = session->callback;
	session->callback = receive;
	dispatch.told_too_long = false;
	dispatch.nengine_sets = 0;
	stream_watch(snmp_sess_transport(snmp_sess_pointer(session)), too_long);
}

void
dispatch_session_ended(netsnmp_session *session)
{
	if (session != dispatch.session)
		return;
	session->callback = dispatch.passed_on;
	dispatch.session = NULL;
	respond_session(NULL);
	transaction_session_ended();
}

void
dispatch_end(void)
{
	transaction_end();
	respond_free();
	free(dispatch.requests);
	memset(&dispatch, 0, sizeof(dispatch));
}
