/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PDUs in, octets out: RFC 2741 7.2, without a master.  The session's transport
 * is ours: what is written to it is kept, and decoded by Net-SNMP.
 */
#include "snmp.h"

#include "fixture.h"

#include <errno.h>
#include <sys/socket.h>

#include "dispatch.h"

/* RFC 2741 6.1. */
enum {
	GET = 5,
	GETNEXT = 6,
	GETBULK = 7,
	TESTSET = 8,
	COMMITSET = 9,
	UNDOSET = 10,
	CLEANUPSET = 11,
	NOTIFY = 12,
	PING = 13,
	RESPONSE = 18
};

#define PROCESSING_ERROR 268
#define NOT_OPEN 257
#define UNSUPPORTED_CONTEXT 262
#define SENT_MAX 600
#define DEADLINE 3500 /* milliseconds */

/* What was sent, in its order. */
struct sent {
	netsnmp_session *session;
	netsnmp_pdu *pdu;
	netsnmp_callback answered; /* of a request of ours */
};

static struct sent sent[SENT_MAX];
static size_t nsent;
static unsigned int passed_on; /* calls of Net-SNMP's own callback */
static struct scalars scalars;
static netsnmp_session session;

/* Exported by libnetsnmpagent, but in none of the headers installed. */
int
agentx_parse(netsnmp_session *of, netsnmp_pdu *pdu, u_char *octets, size_t n);

/* ---- the transport */

/* What becomes of the next octets that are written. */
static struct {
	netsnmp_transport transport;
	int peer; /* the other end of its socket */
	bool broken; /* nothing can be sent */
	size_t at_most; /* octets are taken at once; 0: all */
	int interruptions; /* so often nothing is taken, for the reason why */
	int why;
	unsigned int unreadable; /* answers that Net-SNMP cannot decode */
	u_char octets[1 << 20];
	size_t n;
	u_char coming[1 << 17]; /* from the master, and not decoded yet */
	size_t ncoming;
} line;

/* A PDU is complete when its header says so (RFC 2741 6.1). */
static void
take_pdus(void)
{
	uint32_t length;
	netsnmp_pdu *pdu;
	size_t n;

	while (line.n >= 20) {
		memcpy(&length, line.octets + 16, sizeof(length));
		if (line.octets[2] & 0x10)
			length = __builtin_bswap32(length);
		n = 20 + (size_t)length;
		if (line.n < n)
			return;
		pdu = snmp_pdu_create(0);
		assert_non_null(pdu);
		if (agentx_parse(&session, pdu, line.octets, n) == 0) {
			assert_true(nsent < SENT_MAX);
			sent[nsent++] = (struct sent){ &session, pdu, NULL };
		} else {
			snmp_free_pdu(pdu);
			line.unreadable++;
		}
		line.n -= n;
		memmove(line.octets, line.octets + n, line.n);
	}
}

static int
line_send(netsnmp_transport *transport, const void *octets, int n,
    void **opaque, int *nopaque)
{
	size_t taken = (size_t)n;

	assert_ptr_equal(transport, &line.transport);
	assert_null(*opaque);
	assert_int_equal(*nopaque, 0);
	if (line.broken) {
		errno = EPIPE;
		return -1;
	}
	if (line.interruptions > 0) {
		line.interruptions--;
		errno = line.why;
		return -1;
	}
	if (line.at_most != 0 && taken > line.at_most)
		taken = line.at_most;
	assert_true(line.n + taken <= sizeof(line.octets));
	memcpy(line.octets + line.n, octets, taken);
	line.n += taken;
	take_pdus();
	return (int)taken;
}

static int
line_receive(netsnmp_transport *transport, void *octets, int n, void **opaque,
    int *nopaque)
{
	size_t taken = line.ncoming < (size_t)n ? line.ncoming : (size_t)n;

	assert_ptr_equal(transport, &line.transport);
	*opaque = NULL;
	*nopaque = 0;
	memcpy(octets, line.coming, taken);
	line.ncoming -= taken;
	memmove(line.coming, line.coming + taken, line.ncoming);
	return (int)taken;
}

/* These stand before those of the library. */
void *
snmp_sess_pointer(netsnmp_session *of)
{
	assert_ptr_equal(of, &session);
	return &line;
}

netsnmp_transport *
snmp_sess_transport(void *of)
{
	assert_ptr_equal(of, &line);
	return &line.transport;
}

static void
line_open(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     ends),
	    0);
	memset(&line, 0, sizeof(line));
	line.transport.sock = ends[0];
	line.transport.f_send = line_send;
	line.transport.f_recv = line_receive;
	line.peer = ends[1];
}

static void
line_close(void)
{
	close(line.transport.sock);
	close(line.peer);
}

/* Was the socket shut down, so that Net-SNMP will find out? */
static bool
line_is_shut(void)
{
	struct pollfd fd = { line.peer, POLLIN, 0 };
	char octet;

	return poll(&fd, 1, 0) == 1 && read(line.peer, &octet, 1) == 0;
}

/* Requests of our own still go by Net-SNMP. */
int
snmp_async_send(netsnmp_session *to, netsnmp_pdu *pdu,
    netsnmp_callback answered, void *magic)
{
	assert_null(magic);
	if (line.broken || nsent == SENT_MAX)
		return 0;
	sent[nsent++] = (struct sent){ to, pdu, answered };
	return 1;
}

/* Net-SNMP's clock, which goes only when we let it. */
static long elapsed; /* milliseconds */

void
netsnmp_get_monotonic_clock(struct timeval *now)
{
	now->tv_sec = 1000 + elapsed / 1000;
	now->tv_usec = elapsed % 1000 * 1000;
}

static void
time_passes(long milliseconds)
{
	elapsed += milliseconds;
	run_alarms();
}

static void
forget_sent(void)
{
	while (nsent > 0)
		snmp_free_pdu(sent[--nsent].pdu);
}

/* The callback of Net-SNMP itself. */
static int
engine(int operation, netsnmp_session *of, int reqid, netsnmp_pdu *pdu,
    void *magic)
{
	(void)operation;
	(void)of;
	(void)reqid;
	(void)pdu;
	(void)magic;
	passed_on++;
	return 7;
}

static void
open_session(long sessid)
{
	snmp_sess_init(&session);
	session.version = 0xc0;
	session.sessid = sessid;
	session.callback = engine;
	dispatch_session_began(&session);
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
	memset(&scalars, 0, sizeof(scalars));
	scalars.roster = w->roster;
	scalars.server_count = 2;
	scalars.poll_interval = 60;
	scalars.spin_lock = 5;
	passed_on = 0;
	line_open();
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
	dispatch_init(&scalars, DEADLINE);
	open_session(1);
	return 0;
}

static int
end(void **state)
{
	bool whole = line.n == 0;

	dispatch_end();
	forget_sent();
	line_close();
	world_end(state);
	/* No answer was left half sent. */
	return whole ? 0 : -1;
}

/* ---------------------------------------------------------------- PDUs */

static netsnmp_pdu *
pdu_new(int command, long transid, long reqid)
{
	netsnmp_pdu *pdu = snmp_pdu_create(command);

	assert_non_null(pdu);
	pdu->version = 0xc0;
	pdu->sessid = session.sessid;
	pdu->transid = transid;
	pdu->reqid = reqid;
	pdu->msgid = reqid;
	return pdu;
}

/* It arrives; what it holds is freed by who called the callback. */
static int
arrive(netsnmp_pdu *pdu)
{
	int result = session.callback(NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE,
	    &session, 0, pdu, NULL);

	snmp_free_pdu(pdu);
	return result;
}

static void
arrive_empty(int command, long transid, long reqid)
{
	assert_int_equal(arrive(pdu_new(command, transid, reqid)), 1);
}

/* dhcpFoMIB.${...}, as a name and its length. */
#define NAME(...)                                 \
	((const oid[]){ MIB_ROOT, __VA_ARGS__ }), \
	    sizeof((const oid[]){ MIB_ROOT, __VA_ARGS__ }) / sizeof(oid)
#define MCLT_OF(server, letter) NAME(1, 3, 1, 7, server, 1, letter)
#define REL_COUNT NAME(1, 1, 5, 0)
#define POLL_INTERVAL NAME(1, 1, 11, 0)

static void
add_number(netsnmp_pdu *pdu, const oid *name, size_t length, u_char type,
    long value)
{
	assert_non_null(snmp_varlist_add_variable(&pdu->variables, name, length,
	    type, &value, sizeof(value)));
}

/* A search range; ${end} NULL: the null identifier. */
static void
add_range(netsnmp_pdu *pdu, u_char type, const oid *name, size_t length,
    const oid *end, size_t end_length)
{
	assert_non_null(snmp_varlist_add_variable(&pdu->variables, name, length,
	    type, end, end_length * sizeof(oid)));
}

#define FROM ASN_PRIV_EXCL_RANGE
#define INCLUDING ASN_PRIV_INCL_RANGE

/* The answer number ${i}, which must be the last, to (${transid}, ${reqid}). */
static const netsnmp_pdu *
answer(size_t i, long transid, long reqid)
{
	const netsnmp_pdu *pdu;

	assert_int_equal(nsent, i + 1);
	pdu = sent[i].pdu;
	assert_ptr_equal(sent[i].session, &session);
	assert_null(sent[i].answered);
	assert_int_equal(pdu->command, RESPONSE);
	assert_int_equal(pdu->sessid, session.sessid);
	assert_int_equal(pdu->transid, transid);
	assert_int_equal(pdu->reqid, reqid);
	return pdu;
}

static void
assert_answer(size_t i, long transid, long reqid, long status, long at)
{
	const netsnmp_pdu *pdu = answer(i, transid, reqid);

	assert_int_equal(pdu->errstat, status);
	assert_int_equal(pdu->errindex, at);
	assert_null(pdu->variables);
}

static const netsnmp_variable_list *
assert_varbind(const netsnmp_variable_list *varbind, const oid *name,
    size_t length, u_char type)
{
	assert_non_null(varbind);
	assert_int_equal(snmp_oid_compare(varbind->name, varbind->name_length,
			     name, length),
	    0);
	assert_int_equal(varbind->type, type);
	return varbind->next_variable;
}

/* ---------------------------------------------------------------- reading */

static void
get__of_several_names__answers_each_in_its_place(void **state)
{
	netsnmp_pdu *pdu = pdu_new(GET, 3, 4);
	const netsnmp_variable_list *at;

	(void)state;
	add_range(pdu, FROM, REL_COUNT, NULL, 0);
	add_range(pdu, FROM, MCLT_OF(2, 'b'), NULL, 0);
	add_range(pdu, FROM, MCLT_OF(2, 'x'), NULL, 0);
	add_range(pdu, FROM, NAME(1, 99, 0), NULL, 0);
	add_range(pdu, FROM, MCLT_OF(7, 'a'), NULL, 0);
	assert_int_equal(arrive(pdu), 1);
	at = answer(0, 3, 4)->variables;
	assert_int_equal(sent[0].pdu->errstat, 0);
	assert_int_equal(*at->val.integer, 3);
	at = assert_varbind(at, REL_COUNT, ASN_UNSIGNED);
	assert_int_equal(*at->val.integer, 3600);
	at = assert_varbind(at, MCLT_OF(2, 'b'), ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(2, 'x'), SNMP_NOSUCHINSTANCE);
	at = assert_varbind(at, NAME(1, 99, 0), SNMP_NOSUCHOBJECT);
	at = assert_varbind(at, MCLT_OF(7, 'a'), ASN_UNSIGNED);
	assert_null(at);
	assert_int_equal(passed_on, 0);
}

static void
get__of_nothing__answers_nothing(void **state)
{
	(void)state;
	arrive_empty(GET, 1, 1);
	assert_answer(0, 1, 1, SNMP_ERR_NOERROR, 0);
	arrive_empty(GETNEXT, 1, 2);
	assert_answer(1, 1, 2, SNMP_ERR_NOERROR, 0);
	arrive_empty(GETBULK, 1, 3);
	assert_answer(2, 1, 3, SNMP_ERR_NOERROR, 0);
}

static void
getnext__with_ranges__honours_include_and_end(void **state)
{
	static const oid null[] = { 0, 0 };
	netsnmp_pdu *pdu = pdu_new(GETNEXT, 3, 4);
	const netsnmp_variable_list *at;

	(void)state;
	add_range(pdu, FROM, MCLT_OF(2, 'a'), NAME(1, 3, 1, 8));
	add_range(pdu, INCLUDING, MCLT_OF(2, 'a'), NAME(1, 3, 1, 8));
	/* The answer must lie before the end, not at it. */
	add_range(pdu, FROM, MCLT_OF(2, 'a'), MCLT_OF(2, 'b'));
	add_range(pdu, INCLUDING, MCLT_OF(2, 'b'), MCLT_OF(2, 'b'));
	/* From one server to the next, and out of the column. */
	add_range(pdu, FROM, MCLT_OF(2, 'b'), null, 2);
	add_range(pdu, FROM, MCLT_OF(7, 'a'), NULL, 0);
	add_range(pdu, FROM, MCLT_OF(7, 'a'), NAME(1, 3, 1, 8));
	add_range(pdu, FROM, NAME(99), NULL, 0);
	arrive(pdu);
	at = answer(0, 3, 4)->variables;
	at = assert_varbind(at, MCLT_OF(2, 'b'), ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(2, 'a'), ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(2, 'a'), SNMP_ENDOFMIBVIEW);
	at = assert_varbind(at, MCLT_OF(2, 'b'), SNMP_ENDOFMIBVIEW);
	at = assert_varbind(at, MCLT_OF(7, 'a'), ASN_UNSIGNED);
	at = assert_varbind(at, NAME(1, 3, 1, 8, 2, 1, 'a'), ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(7, 'a'), SNMP_ENDOFMIBVIEW);
	at = assert_varbind(at, NAME(99), SNMP_ENDOFMIBVIEW);
	assert_null(at);
}

static void
getbulk__of_repeaters_and_others__answers_in_the_order_of_the_rfc(void **state)
{
	netsnmp_pdu *pdu = pdu_new(GETBULK, 3, 4);
	const netsnmp_variable_list *at;

	(void)state;
	pdu->non_repeaters = 1;
	pdu->max_repetitions = 3;
	add_range(pdu, FROM, NAME(1, 1, 5), NULL, 0);
	add_range(pdu, FROM, NAME(1, 3, 1, 7), NULL, 0);
	add_range(pdu, FROM, NAME(1, 3, 1, 9), NAME(1, 3, 1, 9, 7));
	arrive(pdu);
	at = answer(0, 3, 4)->variables;
	at = assert_varbind(at, REL_COUNT, ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(2, 'a'), ASN_UNSIGNED);
	at = assert_varbind(at, NAME(1, 3, 1, 9, 2, 1, 'a'), ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(2, 'b'), ASN_UNSIGNED);
	at = assert_varbind(at, NAME(1, 3, 1, 9, 2, 1, 'b'), ASN_UNSIGNED);
	at = assert_varbind(at, MCLT_OF(7, 'a'), ASN_UNSIGNED);
	at = assert_varbind(at, NAME(1, 3, 1, 9, 2, 1, 'b'), SNMP_ENDOFMIBVIEW);
	assert_null(at);
}

static size_t
count(const netsnmp_variable_list *at)
{
	size_t n = 0;

	for (; at != NULL; at = at->next_variable)
		n++;
	return n;
}

static void
getbulk__of_odd_numbers__answers_what_can_be(void **state)
{
	static const struct {
		long non_repeaters, max_repetitions;
		size_t answers;
	} all[] = { { 0, 0, 0 }, { 5, 5, 2 }, { -1, 2, 4 }, { 2, 9, 2 },
		{ 1, -1, 1 }, { 0, 1, 2 } };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		netsnmp_pdu *pdu = pdu_new(GETBULK, 3, 4);

		pdu->non_repeaters = all[i].non_repeaters;
		pdu->max_repetitions = all[i].max_repetitions;
		add_range(pdu, FROM, NAME(1, 1), NULL, 0);
		add_range(pdu, FROM, NAME(1, 1, 5), NULL, 0);
		arrive(pdu);
		assert_int_equal(count(answer(i, 3, 4)->variables),
		    all[i].answers);
		assert_int_equal(sent[i].pdu->errstat, 0);
	}
}

/*
 * Net-SNMP 5.9 cannot decode a PDU of more than 65536 octets: its master then
 * waits for an answer for 6 seconds, serves nobody meanwhile, and ends the
 * session.  A GET of 16 KB that anybody may send is enough.
 */
static void
assert_too_big(void)
{
	assert_int_equal(line.unreadable, 0);
	assert_int_equal(nsent, 1);
	/* With another index, the master makes it a genErr. */
	assert_int_equal(sent[0].pdu->errstat, SNMP_ERR_TOOBIG);
	assert_int_equal(sent[0].pdu->errindex, 1);
}

static void
get__whose_answer_is_more_than_the_master_can_read__is_an_error(void **state)
{
	netsnmp_pdu *pdu = pdu_new(GET, 3, 4);
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		add_range(pdu, FROM, NAME(1, 1, 1, 0), NULL, 0);
	arrive(pdu);
	assert_too_big();
}

static void
getnext__whose_answer_is_more_than_the_master_can_read__is_an_error(
    void **state)
{
	netsnmp_pdu *pdu = pdu_new(GETNEXT, 3, 4);
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		add_range(pdu, FROM, NAME(1, 1), NULL, 0);
	arrive(pdu);
	assert_too_big();
}

/* "As many as fit" is what a GETBULK is for. */
static void
getbulk__of_a_million_repetitions__is_as_long_as_the_master_can_read(
    void **state)
{
	netsnmp_pdu *pdu = pdu_new(GETBULK, 3, 4);

	(void)state;
	pdu->non_repeaters = 0;
	pdu->max_repetitions = 1000000;
	add_range(pdu, FROM, NAME(1, 1), NULL, 0);
	add_range(pdu, FROM, NAME(1, 1, 5), NULL, 0);
	arrive(pdu);
	assert_int_equal(line.unreadable, 0);
	assert_int_equal(answer(0, 3, 4)->errstat, 0);
	assert_true(count(sent[0].pdu->variables) >= 100);
}

static void
get__in_network_byte_order__is_answered_in_it(void **state)
{
	netsnmp_pdu *pdu = pdu_new(GET, 0x01020304, 0x05060708);

	(void)state;
	pdu->flags |= 0x10;
	add_range(pdu, FROM, MCLT_OF(2, 'b'), NULL, 0);
	arrive(pdu);
	assert_true(answer(0, 0x01020304, 0x05060708)->flags & 0x10);
	assert_int_equal(*sent[0].pdu->variables->val.integer, 3600);
}

static void
answer__that_is_taken_piece_by_piece__is_sent_whole(void **state)
{
	static const int reasons[] = { EINTR, EAGAIN };
	const netsnmp_variable_list *at;
	netsnmp_pdu *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(reasons); i++) {
		line.at_most = 7;
		line.interruptions = 3;
		line.why = reasons[i];
		pdu = pdu_new(GET, 3, 4);
		add_range(pdu, FROM, MCLT_OF(2, 'b'), NULL, 0);
		add_range(pdu, FROM, MCLT_OF(2, 'a'), NULL, 0);
		arrive(pdu);
		at = answer(i, 3, 4)->variables;
		at = assert_varbind(at, MCLT_OF(2, 'b'), ASN_UNSIGNED);
		at = assert_varbind(at, MCLT_OF(2, 'a'), ASN_UNSIGNED);
		assert_null(at);
	}
	assert_false(line_is_shut());
}

static void
request__of_a_foreign_context__is_not_served(void **state)
{
	static const int all[] = { GET, GETNEXT, GETBULK, TESTSET, COMMITSET,
		UNDOSET };
	netsnmp_pdu *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(all); i++) {
		pdu = pdu_new(all[i], 3, 4);
		pdu->community = (u_char *)strdup("other");
		pdu->community_len = 5;
		add_range(pdu, FROM, REL_COUNT, NULL, 0);
		arrive(pdu);
		assert_answer(i, 3, 4, UNSUPPORTED_CONTEXT, 0);
	}
	/* To this there is no answer. */
	pdu = pdu_new(CLEANUPSET, 3, 4);
	pdu->community = (u_char *)strdup("other");
	pdu->community_len = 5;
	arrive(pdu);
	assert_int_equal(nsent, nitems(all));
}

static void
pdu__that_is_no_request__is_passed_on(void **state)
{
	static const int all[] = { 1, 2, 3, 4, NOTIFY, PING, RESPONSE };
	netsnmp_session other;
	netsnmp_pdu *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(all); i++)
		assert_int_equal(arrive(pdu_new(all[i], 3, 4)), 7);
	assert_int_equal(passed_on, nitems(all));
	assert_int_equal(session.callback(NETSNMP_CALLBACK_OP_TIMED_OUT,
			     &session, 0, NULL, NULL),
	    7);
	assert_int_equal(session.callback(NETSNMP_CALLBACK_OP_DISCONNECT,
			     &session, 0, NULL, NULL),
	    7);
	/* Nor is what comes in another session ours. */
	snmp_sess_init(&other);
	pdu = pdu_new(GET, 3, 4);
	assert_int_equal(session.callback(NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE,
			     &other, 0, pdu, NULL),
	    7);
	snmp_free_pdu(pdu);
	assert_int_equal(nsent, 0);
}

static size_t
times(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
answer__that_cannot_be_sent__is_told_and_ends_the_connection(void **state)
{
	netsnmp_pdu *pdu = pdu_new(GET, 3, 4);

	(void)state;
	line.broken = true;
	add_range(pdu, FROM, REL_COUNT, NULL, 0);
	arrive(pdu);
	log_flush();
	assert_non_null(strstr(logged, "could not be sent"));
	/* A stream that lacks an answer is given up. */
	assert_true(line_is_shut());
}

/* Thousands may have come before the end was seen. */
static void
answers__after_one_that_could_not_be_sent__are_dropped_silently(void **state)
{
	unsigned int i;

	(void)state;
	line.broken = true;
	for (i = 0; i < 10; i++)
		arrive_empty(GET, 3, 4 + (long)i);
	log_flush();
	assert_int_equal(times(logged, "could not be sent"), 1);
	line.broken = false;
	arrive_empty(GET, 3, 20);
	assert_int_equal(nsent, 0);
	/* The next session is another. */
	dispatch_session_ended(&session);
	open_session(2);
	arrive_empty(GET, 3, 21);
	assert_int_equal(nsent, 1);
}

/* ---------------------------------------------------------------- SETs */

/* TestSet ${transid}: the MCLT of "a" on the first server becomes ${mclt}. */
static void
test_mclt(long transid, long reqid, long mclt)
{
	netsnmp_pdu *pdu = pdu_new(TESTSET, transid, reqid);

	add_number(pdu, MCLT_OF(2, 'a'), ASN_UNSIGNED, mclt);
	arrive(pdu);
}

static DWORD
mclt(struct world *w)
{
	return world_row(w, 0, "a")->rel.Mclt;
}

static void
set__from_test_to_cleanup__is_done_and_forgotten(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	assert_answer(0, 3, 1, SNMP_ERR_NOERROR, 0);
	assert_string_equal(world_calls(w, 0), "");
	arrive_empty(COMMITSET, 3, 2);
	assert_int_equal(nsent, 1);
	world_drain(w);
	assert_answer(1, 3, 2, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 60);
	arrive_empty(CLEANUPSET, 3, 3);
	assert_int_equal(nsent, 2);
	/* It is not known any more. */
	arrive_empty(COMMITSET, 3, 4);
	assert_answer(2, 3, 4, PROCESSING_ERROR, 0);
	assert_int_equal(world_server(w, 0)->users, 0);
}

static void
request__of_another_session__is_told_so_and_does_nothing(void **state)
{
	static const int all[] = { GET, GETNEXT, GETBULK, TESTSET, COMMITSET,
		UNDOSET };
	struct world *w = *state;
	netsnmp_pdu *pdu;
	size_t i;

	test_mclt(3, 1, 60);
	assert_answer(0, 3, 1, 0, 0);
	for (i = 0; i < nitems(all); i++) {
		pdu = pdu_new(all[i], 3, 4);
		pdu->sessid++;
		add_range(pdu, FROM, REL_COUNT, NULL, 0);
		arrive(pdu);
		assert_int_equal(nsent, i + 2);
		assert_int_equal(sent[i + 1].pdu->sessid, 2);
		assert_int_equal(sent[i + 1].pdu->errstat, NOT_OPEN);
	}
	/* To this there is no answer, and ours is not ended by it. */
	pdu = pdu_new(CLEANUPSET, 3, 5);
	pdu->sessid++;
	arrive(pdu);
	assert_int_equal(nsent, nitems(all) + 1);
	world_drain(w);
	assert_string_equal(world_calls(w, 0), "");
	arrive(pdu_new(COMMITSET, 3, 6));
	world_drain(w);
	assert_answer(nitems(all) + 1, 3, 6, 0, 0);
	assert_int_equal(mclt(w), 60);
}

/* Have Net-SNMP read a PDU of ${length} octets of payload. */
static void
arrive_long(int command, long sessid, long transid, long reqid, size_t length)
{
	const uint32_t header[] = { 0, (uint32_t)sessid, (uint32_t)transid,
		(uint32_t)reqid, (uint32_t)length };
	static u_char buffer[1 << 16];
	void *opaque;
	int nopaque;

	memcpy(line.coming, header, sizeof(header));
	line.coming[0] = 1;
	line.coming[1] = (u_char)command;
	memset(line.coming + sizeof(header), 0, length);
	line.ncoming = sizeof(header) + length;
	while (line.ncoming > 0)
		assert_int_equal(line.transport.f_recv(&line.transport, buffer,
				     sizeof(buffer), &opaque, &nopaque),
		    0);
}

static void
request__of_more_than_can_be_read__is_too_big_and_does_nothing(void **state)
{
	static const int all[] = { GET, GETNEXT, GETBULK, TESTSET, COMMITSET,
		UNDOSET };
	static const int silent[] = { CLEANUPSET, PING, RESPONSE, 0, 255 };
	struct world *w = *state;
	size_t i;

	test_mclt(3, 1, 60);
	assert_answer(0, 3, 1, 0, 0);
	for (i = 0; i < nitems(all); i++) {
		arrive_long(all[i], 1, 3, 4, 65520);
		assert_answer(i + 1, 3, 4, SNMP_ERR_TOOBIG, 1);
	}
	for (i = 0; i < nitems(silent); i++)
		arrive_long(silent[i], 1, 3, 5, 65520);
	arrive_long(GET, 2, 3, 6, 65520);
	assert_int_equal(nsent, nitems(all) + 2);
	assert_int_equal(sent[nsent - 1].pdu->errstat, NOT_OPEN);
	assert_true(dispatch_heard());
	world_drain(w);
	assert_string_equal(world_calls(w, 0), "");
	/* What was tested before is as it was. */
	arrive(pdu_new(COMMITSET, 3, 7));
	world_drain(w);
	assert_answer(nitems(all) + 2, 3, 7, 0, 0);
	assert_int_equal(mclt(w), 60);
}

static void
set__whose_test_fails__says_which_varbind(void **state)
{
	struct world *w = *state;
	netsnmp_pdu *pdu = pdu_new(TESTSET, 3, 1);

	add_number(pdu, MCLT_OF(2, 'a'), ASN_UNSIGNED, 60);
	add_number(pdu, MCLT_OF(2, 'x'), ASN_UNSIGNED, 60);
	arrive(pdu);
	assert_answer(0, 3, 1, SNMP_ERR_INCONSISTENTNAME, 2);
	/* A commit of it would be a mistake, and so would an undo. */
	arrive_empty(COMMITSET, 3, 2);
	assert_answer(1, 3, 2, PROCESSING_ERROR, 0);
	arrive_empty(UNDOSET, 3, 3);
	assert_answer(2, 3, 3, PROCESSING_ERROR, 0);
	arrive_empty(CLEANUPSET, 3, 4);
	assert_int_equal(nsent, 3);
	assert_string_equal(world_calls(w, 0), "");
}

static void
set__whose_commit_fails__says_which_varbind(void **state)
{
	struct world *w = *state;
	netsnmp_pdu *pdu = pdu_new(TESTSET, 3, 1);

	world_control(w, 0, "set 0 5 before 0 b\n");
	add_number(pdu, MCLT_OF(2, 'a'), ASN_UNSIGNED, 60);
	add_number(pdu, MCLT_OF(2, 'b'), ASN_UNSIGNED, 60);
	arrive(pdu);
	arrive_empty(COMMITSET, 3, 2);
	world_drain(w);
	assert_answer(1, 3, 2, SNMP_ERR_NOACCESS, 2);
	arrive_empty(UNDOSET, 3, 3);
	world_drain(w);
	assert_answer(2, 3, 3, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 3600);
}

static void
test_set__that_comes_twice__is_answered_the_same_again(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	test_mclt(3, 1, 60);
	assert_answer(1, 3, 1, SNMP_ERR_NOERROR, 0);
	assert_int_equal(world_server(w, 0)->users, 1);
	/* The master's second number counts. */
	test_mclt(3, 9, 60);
	assert_answer(2, 3, 9, SNMP_ERR_NOERROR, 0);
	arrive_empty(CLEANUPSET, 3, 3);
	assert_int_equal(world_server(w, 0)->users, 0);

	/* So is one that failed. */
	test_mclt(4, 1, -1);
	test_mclt(4, 1, -1);
	assert_int_equal(nsent, 5);
	assert_int_equal(sent[3].pdu->errstat, sent[4].pdu->errstat);
	assert_int_equal(sent[3].pdu->errindex, sent[4].pdu->errindex);
}

static void
commit_set__that_comes_again__is_done_once(void **state)
{
	struct world *w = *state;
	unsigned int i;
	int fd;

	test_mclt(3, 1, 60);
	world_trap(w, 0);
	for (i = 0; i < 5; i++)
		arrive_empty(COMMITSET, 3, 2);
	fd = world_catch(w, 0);
	/* While it is not done there is no answer, and then there is one. */
	assert_int_equal(nsent, 1);
	world_let_go(fd, "");
	world_drain(w);
	assert_answer(1, 3, 2, SNMP_ERR_NOERROR, 0);
	arrive_empty(COMMITSET, 3, 2);
	assert_answer(2, 3, 2, SNMP_ERR_NOERROR, 0);
	assert_int_equal(times(world_calls(w, 0), "set a"), 1);
	arrive_empty(CLEANUPSET, 3, 3);
}

/* A SET whose server hangs; let it go on with what is returned. */
static int
hanging(struct world *w)
{
	int fd;

	test_mclt(3, 1, 60);
	world_trap(w, 0);
	arrive_empty(COMMITSET, 3, 2);
	fd = world_catch(w, 0);
	return fd;
}

/* Until nobody may say any more what becomes of what a session left. */
static void
orphans_time_comes(void)
{
	time_passes(2500);
}

/* Whatever comes meanwhile, an answer goes to the PDU that it answers. */
static void
answer__that_is_owed__is_not_redirected_by_what_comes_in_between(void **state)
{
	struct world *w = *state;
	int fd;

	test_mclt(3, 1, 60);
	world_trap(w, 0);
	arrive_empty(COMMITSET, 3, 2);
	fd = world_catch(w, 0);
	test_mclt(3, 7, 60);
	assert_answer(1, 3, 7, SNMP_ERR_NOERROR, 0);
	world_let_go(fd, "");
	world_drain(w);
	assert_answer(2, 3, 2, SNMP_ERR_NOERROR, 0);

	world_trap(w, 0);
	arrive_empty(UNDOSET, 3, 3);
	fd = world_catch(w, 0);
	arrive_empty(COMMITSET, 3, 8);
	assert_answer(3, 3, 8, PROCESSING_ERROR, 0);
	world_let_go(fd, "");
	world_drain(w);
	assert_answer(4, 3, 3, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 3600);
}

/* Also when the master asks again. */
static void
test_set__of_a_secret__leaves_none_of_it_in_the_pdu(void **state)
{
	static const char secret[] = "a s3cret that is longer than any buffer "
				     "that Net-SNMP may have in a varbind";
	const netsnmp_variable_list *varbind;
	netsnmp_pdu *pdu;
	size_t time, i;

	(void)state;
	for (time = 0; time < 2; time++) {
		pdu = pdu_new(TESTSET, 3, 1);
		snmp_varlist_add_variable(&pdu->variables,
		    NAME(1, 3, 1, 16, 2, 1, 'a'), ASN_OCTET_STR, secret,
		    strlen(secret));
		snmp_varlist_add_variable(&pdu->variables,
		    NAME(1, 3, 1, 16, 2, 1, 'b'), ASN_OCTET_STR, "short", 5);
		session.callback(NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE, &session,
		    0, pdu, NULL);
		assert_answer(time, 3, 1, SNMP_ERR_NOERROR, 0);
		for (varbind = pdu->variables; varbind != NULL;
		     varbind = varbind->next_variable)
			for (i = 0; i < varbind->val_len; i++)
				assert_int_equal(varbind->val.string[i], 0);
		snmp_free_pdu(pdu);
	}
	arrive_empty(CLEANUPSET, 3, 2);
}

/* A master that never cleans up must not fill our memory. */
static void
sets__that_are_never_ended__are_forgotten_but_for_those_that_run(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);
	long i;

	for (i = 0; i < 500; i++) {
		netsnmp_pdu *pdu = pdu_new(TESTSET, 100 + i, 1);

		add_number(pdu, MCLT_OF(2, 'b'), ASN_UNSIGNED, 60);
		arrive(pdu);
	}
	assert_int_equal(nsent, 501);
	assert_true(world_server(w, 0)->users <= 300);
	/* The oldest is gone, the newest is there. */
	arrive_empty(COMMITSET, 100, 2);
	assert_answer(501, 100, 2, PROCESSING_ERROR, 0);
	world_let_go(fd, "");
	world_drain(w);
	assert_answer(502, 3, 2, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 60);
	arrive_empty(COMMITSET, 599, 2);
	world_drain(w);
	assert_answer(503, 599, 2, SNMP_ERR_NOERROR, 0);
	dispatch_session_ended(&session);
	orphans_time_comes();
	assert_int_equal(world_server(w, 0)->users, 0);
}

static void
undo_set__of_what_was_committed__restores_and_answers_again(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	arrive_empty(COMMITSET, 3, 2);
	world_drain(w);
	arrive_empty(UNDOSET, 3, 3);
	arrive_empty(UNDOSET, 3, 3);
	world_drain(w);
	assert_answer(2, 3, 3, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 3600);
	arrive_empty(UNDOSET, 3, 3);
	assert_answer(3, 3, 3, SNMP_ERR_NOERROR, 0);
	/* There and back. */
	assert_int_equal(times(world_calls(w, 0), "set a"), 2);
	arrive_empty(COMMITSET, 3, 4);
	assert_answer(4, 3, 4, PROCESSING_ERROR, 0);
}

static void
undo_set__is_the_end__and_the_next_set_forgets_it(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	arrive_empty(COMMITSET, 3, 2);
	world_drain(w);
	arrive_empty(UNDOSET, 3, 3);
	world_drain(w);
	assert_int_equal(world_server(w, 0)->users, 1);
	test_mclt(4, 4, 70);
	assert_answer(3, 4, 4, SNMP_ERR_NOERROR, 0);
	assert_int_equal(world_server(w, 0)->users, 1);
	arrive_empty(UNDOSET, 3, 5);
	assert_answer(4, 3, 5, PROCESSING_ERROR, 0);
	arrive_empty(CLEANUPSET, 4, 6);
	assert_int_equal(world_server(w, 0)->users, 0);
}

static void
undo_set__of_what_was_only_tested__has_nothing_to_do(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	arrive_empty(UNDOSET, 3, 2);
	assert_answer(1, 3, 2, SNMP_ERR_NOERROR, 0);
	assert_string_equal(world_calls(w, 0), "");
}

static void
undo_set__while_the_commit_runs__answers_the_undo_only(void **state)
{
	struct world *w = *state;
	int fd;

	test_mclt(3, 1, 60);
	world_trap(w, 0);
	arrive_empty(COMMITSET, 3, 2);
	fd = world_catch(w, 0);
	arrive_empty(UNDOSET, 3, 3);
	assert_int_equal(nsent, 1);
	world_let_go(fd, "");
	world_drain(w);
	assert_answer(1, 3, 3, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 3600);
}

static void
further_set__of_an_unknown_transaction__is_a_processing_error(void **state)
{
	(void)state;
	arrive_empty(COMMITSET, 8, 1);
	assert_answer(0, 8, 1, PROCESSING_ERROR, 0);
	arrive_empty(UNDOSET, 8, 2);
	assert_answer(1, 8, 2, PROCESSING_ERROR, 0);
	arrive_empty(CLEANUPSET, 8, 3);
	assert_int_equal(nsent, 2);
}

static void
sets__of_two_transactions__do_not_touch_each_other(void **state)
{
	struct world *w = *state;
	netsnmp_pdu *pdu = pdu_new(TESTSET, 4, 2);

	test_mclt(3, 1, 60);
	add_number(pdu, POLL_INTERVAL, ASN_UNSIGNED, 77);
	arrive(pdu);
	arrive_empty(COMMITSET, 4, 3);
	assert_answer(2, 4, 3, SNMP_ERR_NOERROR, 0);
	assert_int_equal(scalars.poll_interval, 77);
	arrive_empty(CLEANUPSET, 4, 4);
	arrive_empty(COMMITSET, 3, 5);
	world_drain(w);
	assert_answer(3, 3, 5, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 60);
	arrive_empty(CLEANUPSET, 3, 6);
}

/* ---------------------------------------------------------------- time */

static void
deadline__that_passes__answers_once_and_the_call_goes_on(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);

	time_passes(DEADLINE - 10);
	assert_int_equal(nsent, 1);
	time_passes(10);
	assert_answer(1, 3, 2, SNMP_ERR_NOERROR, 0);
	assert_int_equal(world_row(w, 0, "a")->status.set_status,
	    SET_STATUS_PENDING);
	/* A duplicate gets the same; a further SET has to wait. */
	arrive_empty(COMMITSET, 3, 2);
	assert_answer(2, 3, 2, SNMP_ERR_NOERROR, 0);
	arrive_empty(CLEANUPSET, 3, 3);
	test_mclt(4, 4, 70);
	assert_answer(3, 4, 4, SNMP_ERR_RESOURCEUNAVAILABLE, 1);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(nsent, 4);
	assert_int_equal(world_row(w, 0, "a")->status.set_status,
	    SET_STATUS_SUCCEEDED);
	assert_int_equal(mclt(w), 60);
}

static void
deadline__of_an_undo__says_that_undoing_failed(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);

	/* The undo has all the time that the commit had. */
	time_passes(DEADLINE - 10);
	arrive_empty(UNDOSET, 3, 3);
	time_passes(DEADLINE - 10);
	assert_int_equal(nsent, 1);
	time_passes(10);
	assert_int_equal(answer(1, 3, 3)->errstat, SNMP_ERR_UNDOFAILED);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(nsent, 2);
	assert_int_equal(mclt(w), 3600);
}

static void
deadline__after_the_answer__is_no_more(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	arrive_empty(COMMITSET, 3, 2);
	world_drain(w);
	assert_int_equal(nsent, 2);
	time_passes(10 * DEADLINE);
	assert_int_equal(nsent, 2);
	assert_int_equal(world_row(w, 0, "a")->status.set_status,
	    SET_STATUS_SUCCEEDED);
	arrive_empty(CLEANUPSET, 3, 3);
}

/* ---------------------------------------------------------------- sessions */

static void
session__lost_between_commit_and_cleanup__keeps_what_was_done(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	arrive_empty(COMMITSET, 3, 2);
	world_drain(w);
	dispatch_session_ended(&session);
	assert_ptr_equal(session.callback, engine);
	orphans_time_comes();
	log_flush();
	assert_non_null(strstr(logged, "what the servers accepted is kept"));
	assert_int_equal(mclt(w), 60);
	assert_int_equal(nsent, 2);
	assert_int_equal(world_server(w, 0)->users, 0);
	open_session(2);
	arrive_empty(COMMITSET, 3, 9);
	assert_answer(2, 3, 9, PROCESSING_ERROR, 0);
}

static void
session__lost_after_a_test__is_forgotten_without_a_word(void **state)
{
	struct world *w = *state;

	test_mclt(3, 1, 60);
	dispatch_session_ended(&session);
	log_flush();
	log_forget();
	orphans_time_comes();
	log_flush();
	assert_string_equal(logged, "");
	assert_int_equal(world_server(w, 0)->users, 0);
	assert_int_equal(mclt(w), 3600);
}

static void
answer__that_is_late__goes_to_no_session_that_came_later(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);

	/* The same struct in the same place, and another session. */
	dispatch_session_ended(&session);
	open_session(2);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(nsent, 1);
	assert_int_equal(mclt(w), 60);
	/* The new master knows nothing of it, nor do we of its numbers. */
	arrive_empty(COMMITSET, 3, 2);
	assert_answer(1, 3, 2, PROCESSING_ERROR, 0);
	test_mclt(3, 1, 70);
	assert_answer(2, 3, 1, SNMP_ERR_NOERROR, 0);
	arrive_empty(COMMITSET, 3, 2);
	world_drain(w);
	assert_answer(3, 3, 2, SNMP_ERR_NOERROR, 0);
	assert_int_equal(mclt(w), 70);
	orphans_time_comes();
	arrive_empty(CLEANUPSET, 3, 3);
	assert_int_equal(nsent, 4);
	assert_int_equal(world_server(w, 0)->users, 0);
}

static void
answer__that_is_late__goes_nowhere_without_a_session(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);

	dispatch_session_ended(&session);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(nsent, 1);
	assert_int_equal(mclt(w), 60);
	orphans_time_comes();
	assert_int_equal(world_server(w, 0)->users, 0);
}

static void
deadline__after_the_session_is_lost__answers_nobody(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);

	dispatch_session_ended(&session);
	open_session(2);
	orphans_time_comes();
	time_passes(DEADLINE);
	assert_int_equal(nsent, 1);
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(nsent, 1);
	assert_int_equal(mclt(w), 60);
	assert_int_equal(world_server(w, 0)->users, 0);
}

static void
session__that_ends_but_is_not_ours__changes_nothing(void **state)
{
	netsnmp_session other;

	(void)state;
	snmp_sess_init(&other);
	dispatch_session_ended(&other);
	arrive_empty(GET, 1, 1);
	assert_answer(0, 1, 1, SNMP_ERR_NOERROR, 0);
}

static void
session__that_begins_twice__passes_on_to_net_snmp_all_the_same(void **state)
{
	(void)state;
	dispatch_session_began(&session);
	assert_int_equal(arrive(pdu_new(RESPONSE, 3, 4)), 7);
	assert_int_equal(passed_on, 1);
}

static void
end__with_sets_open__frees_them(void **state)
{
	struct world *w = *state;
	int fd = hanging(w);

	test_mclt(4, 1, 60);
	dispatch_end();
	assert_false(dispatch_can_notify());
	world_let_go(fd, "");
	world_drain(w);
	assert_int_equal(mclt(w), 60);
	assert_int_equal(world_server(w, 0)->users, 0);
}

/* ---------------------------------------------------------------- notify */

static void
notify_once(void)
{
	netsnmp_variable_list *varbinds = NULL;
	long value = 1;

	snmp_varlist_add_variable(&varbinds, REL_COUNT, ASN_UNSIGNED, &value,
	    sizeof(value));
	dispatch_notify(varbinds);
}

static void
notifications__that_are_not_answered__are_at_most_eight(void **state)
{
	netsnmp_pdu *pdu;
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_true(dispatch_can_notify());
		notify_once();
		assert_int_equal(nsent, i + 1);
		assert_int_equal(sent[i].pdu->command, NOTIFY);
		assert_int_equal(sent[i].pdu->sessid, 1);
		assert_int_equal(count(sent[i].pdu->variables), 1);
		/* Net-SNMP must not give up before the master does. */
		assert_true(sent[i].pdu->flags & UCD_MSG_FLAG_PDU_TIMEOUT);
		assert_true(sent[i].pdu->time >= 3600);
	}
	assert_false(dispatch_can_notify());
	dispatch_heard();
	pdu = pdu_new(RESPONSE, 0, 1);
	sent[0].answered(NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE, &session, 1, pdu,
	    NULL);
	assert_true(dispatch_heard());
	assert_true(dispatch_can_notify());
	notify_once();
	assert_false(dispatch_can_notify());
	/* What is over without an answer makes room, too. */
	sent[1].answered(NETSNMP_CALLBACK_OP_TIMED_OUT, &session, 1, pdu, NULL);
	assert_false(dispatch_heard());
	assert_true(dispatch_can_notify());
	snmp_free_pdu(pdu);
}

static void
notifications__in_a_new_session__begin_anew(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++)
		notify_once();
	dispatch_session_ended(&session);
	assert_false(dispatch_can_notify());
	open_session(2);
	assert_true(dispatch_can_notify());
	notify_once();
	assert_int_equal(sent[8].pdu->sessid, 2);
	/* Answers that nobody waits for are no harm. */
	for (i = 0; i < 9; i++)
		sent[0].answered(NETSNMP_CALLBACK_OP_SEND_FAILED, &session, 1,
		    NULL, NULL);
	assert_true(dispatch_can_notify());
}

static void
notification__that_cannot_be_sent__is_freed_and_told(void **state)
{
	unsigned int i;

	(void)state;
	line.broken = true;
	for (i = 0; i < 20; i++)
		notify_once();
	log_flush();
	assert_non_null(strstr(logged, "could not be sent"));
	assert_true(dispatch_can_notify());
}

static void
ping__is_heard_when_it_is_answered(void **state)
{
	netsnmp_pdu *pdu = pdu_new(RESPONSE, 0, 1);

	(void)state;
	assert_false(dispatch_heard());
	dispatch_ping();
	assert_int_equal(nsent, 1);
	assert_int_equal(sent[0].pdu->command, PING);
	assert_false(dispatch_heard());
	sent[0].answered(NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE, &session, 1, pdu,
	    NULL);
	assert_true(dispatch_heard());
	assert_false(dispatch_heard());
	snmp_free_pdu(pdu);
	/* So is any PDU. */
	arrive_empty(GET, 1, 1);
	assert_true(dispatch_heard());
	dispatch_session_ended(&session);
	dispatch_ping();
	assert_int_equal(nsent, 2);
}

/* ------------------------------------------- what reaches Net-SNMP's engine */

/* A request as Net-SNMP's engine would hand it to the handler. */
struct engine_request {
	netsnmp_pdu pdu;
	netsnmp_agent_session asp;
	netsnmp_agent_request_info info;
	netsnmp_request_info request;
	netsnmp_variable_list *varbind;
};

static void
ask_handler(struct engine_request *r, int mode, const oid *name, size_t length)
{
	memset(r, 0, sizeof(*r));
	r->info.mode = mode;
	r->info.asp = &r->asp;
	r->asp.pdu = &r->pdu;
	r->pdu.transid = 4;
	r->varbind = snmp_varlist_add_variable(&r->varbind, name, length,
	    ASN_NULL, NULL, 0);
	assert_non_null(r->varbind);
	r->request.requestvb = r->varbind;
	r->request.agent_req_info = &r->info;
	assert_int_equal(dispatch_handler(NULL, NULL, &r->info, &r->request),
	    SNMP_ERR_NOERROR);
}

static void
handler__of_reads__answers_as_the_session_does(void **state)
{
	struct engine_request r;

	(void)state;
	ask_handler(&r, MODE_GET, MCLT_OF(2, 'b'));
	assert_int_equal(*r.varbind->val.integer, 3600);
	assert_varbind(r.varbind, MCLT_OF(2, 'b'), ASN_UNSIGNED);
	snmp_free_varbind(r.varbind);

	ask_handler(&r, MODE_GET, MCLT_OF(2, 'x'));
	assert_int_equal(r.varbind->type, SNMP_NOSUCHINSTANCE);
	snmp_free_varbind(r.varbind);

	ask_handler(&r, MODE_GETNEXT, MCLT_OF(2, 'a'));
	assert_varbind(r.varbind, MCLT_OF(2, 'b'), ASN_UNSIGNED);
	snmp_free_varbind(r.varbind);

	/* At the end the engine goes on by itself: nothing is put in. */
	ask_handler(&r, MODE_GETNEXT, NAME(99));
	assert_varbind(r.varbind, NAME(99), ASN_NULL);
	snmp_free_varbind(r.varbind);
	assert_int_equal(nsent, 0);
}

static void
handler__of_a_set__says_that_it_is_not_to_be_had_now(void **state)
{
	struct engine_request r;

	(void)state;
	ask_handler(&r, MODE_SET_RESERVE1, MCLT_OF(2, 'a'));
	assert_int_equal(r.request.status, SNMP_ERR_RESOURCEUNAVAILABLE);
	snmp_free_varbind(r.varbind);
	ask_handler(&r, MODE_SET_FREE, MCLT_OF(2, 'a'));
	assert_int_equal(r.request.status, SNMP_ERR_NOERROR);
	snmp_free_varbind(r.varbind);
}

/* It keeps what the SET had, perhaps a secret, until it is told of its end. */
static void
handler__of_a_set__lets_the_engine_know_of_its_end(void **state)
{
	struct engine_request r;

	(void)state;
	ask_handler(&r, MODE_SET_RESERVE1, MCLT_OF(2, 'a'));
	snmp_free_varbind(r.varbind);
	/* Of one varbind after the other. */
	ask_handler(&r, MODE_SET_RESERVE1, MCLT_OF(2, 'b'));
	snmp_free_varbind(r.varbind);
	assert_int_equal(arrive(pdu_new(CLEANUPSET, 3, 4)), 1);
	assert_int_equal(passed_on, 0);
	assert_int_equal(arrive(pdu_new(CLEANUPSET, 4, 4)), 7);
	assert_int_equal(passed_on, 1);
	assert_int_equal(arrive(pdu_new(CLEANUPSET, 4, 4)), 1);
	assert_int_equal(passed_on, 1);

	/* The next session may use the number for another SET. */
	ask_handler(&r, MODE_SET_RESERVE1, MCLT_OF(2, 'a'));
	snmp_free_varbind(r.varbind);
	dispatch_session_ended(&session);
	open_session(1);
	assert_int_equal(arrive(pdu_new(CLEANUPSET, 4, 4)), 1);
	assert_int_equal(passed_on, 1);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(get__of_several_names__answers_each_in_its_place),
		WITH(get__of_nothing__answers_nothing),
		WITH(getnext__with_ranges__honours_include_and_end),
		WITH(
		    getbulk__of_repeaters_and_others__answers_in_the_order_of_the_rfc),
		WITH(getbulk__of_odd_numbers__answers_what_can_be),
		WITH(
		    get__whose_answer_is_more_than_the_master_can_read__is_an_error),
		WITH(
		    getnext__whose_answer_is_more_than_the_master_can_read__is_an_error),
		WITH(
		    getbulk__of_a_million_repetitions__is_as_long_as_the_master_can_read),
		WITH(get__in_network_byte_order__is_answered_in_it),
		WITH(answer__that_is_taken_piece_by_piece__is_sent_whole),
		WITH(request__of_a_foreign_context__is_not_served),
		WITH(pdu__that_is_no_request__is_passed_on),
		WITH(
		    answer__that_cannot_be_sent__is_told_and_ends_the_connection),
		WITH(
		    answers__after_one_that_could_not_be_sent__are_dropped_silently),
		WITH(set__from_test_to_cleanup__is_done_and_forgotten),
		WITH(request__of_another_session__is_told_so_and_does_nothing),
		WITH(
		    request__of_more_than_can_be_read__is_too_big_and_does_nothing),
		WITH(set__whose_test_fails__says_which_varbind),
		WITH(set__whose_commit_fails__says_which_varbind),
		WITH(test_set__that_comes_twice__is_answered_the_same_again),
		WITH(commit_set__that_comes_again__is_done_once),
		WITH(
		    answer__that_is_owed__is_not_redirected_by_what_comes_in_between),
		WITH(test_set__of_a_secret__leaves_none_of_it_in_the_pdu),
		WITH(
		    sets__that_are_never_ended__are_forgotten_but_for_those_that_run),
		WITH(
		    undo_set__of_what_was_committed__restores_and_answers_again),
		WITH(undo_set__is_the_end__and_the_next_set_forgets_it),
		WITH(undo_set__of_what_was_only_tested__has_nothing_to_do),
		WITH(undo_set__while_the_commit_runs__answers_the_undo_only),
		WITH(
		    further_set__of_an_unknown_transaction__is_a_processing_error),
		WITH(sets__of_two_transactions__do_not_touch_each_other),
		WITH(deadline__that_passes__answers_once_and_the_call_goes_on),
		WITH(deadline__of_an_undo__says_that_undoing_failed),
		WITH(deadline__after_the_answer__is_no_more),
		WITH(
		    session__lost_between_commit_and_cleanup__keeps_what_was_done),
		WITH(session__lost_after_a_test__is_forgotten_without_a_word),
		WITH(answer__that_is_late__goes_to_no_session_that_came_later),
		WITH(answer__that_is_late__goes_nowhere_without_a_session),
		WITH(deadline__after_the_session_is_lost__answers_nobody),
		WITH(session__that_ends_but_is_not_ours__changes_nothing),
		WITH(
		    session__that_begins_twice__passes_on_to_net_snmp_all_the_same),
		WITH(end__with_sets_open__frees_them),
		WITH(notifications__that_are_not_answered__are_at_most_eight),
		WITH(notifications__in_a_new_session__begin_anew),
		WITH(notification__that_cannot_be_sent__is_freed_and_told),
		WITH(ping__is_heard_when_it_is_answered),
		WITH(handler__of_reads__answers_as_the_session_does),
		WITH(handler__of_a_set__says_that_it_is_not_to_be_had_now),
		WITH(handler__of_a_set__lets_the_engine_know_of_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
