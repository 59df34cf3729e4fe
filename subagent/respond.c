/* SPDX-License-Identifier: BSD-2-Clause */
#include "respond.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"

/* How long the master may leave its end of a full socket alone. */
#define SEND_SECONDS 1

static struct {
	netsnmp_session *session; /* NULL: none is open */
	unsigned int number; /* of the session, counted */
	bool broken; /* an answer was not sent: the session is over */
	struct encoder out; /* the answer at hand */
} respond;

/* Net-SNMP's socket is a blocking one: a master that reads nothing holds us. */
static void
limit_writing(void)
{
	const struct timeval most = { .tv_sec = SEND_SECONDS };
	netsnmp_transport *transport;

	transport = snmp_sess_transport(snmp_sess_pointer(respond.session));
	if (transport != NULL &&
	    setsockopt(transport->sock, SOL_SOCKET, SO_SNDTIMEO, &most,
		sizeof(most)) != 0)
		log_warning("AgentX: writing cannot be limited: %s",
		    strerror(errno));
}

void
respond_session(netsnmp_session *session)
{
	respond.session = session;
	respond.broken = false;
	if (session == NULL)
		return;
	respond.number++;
	limit_writing();
}

bool
respond_is_open(const struct respond_to *to)
{
	return respond.session != NULL && to->session == respond.number;
}

void
respond_address(struct respond_to *to, const netsnmp_pdu *pdu)
{
	to->address.sessid = pdu->sessid;
	to->address.transid = pdu->transid;
	to->address.packetid = pdu->reqid;
	to->address.flags = pdu->flags;
	to->session = respond.number;
}

struct encoder *
respond_begin(const netsnmp_pdu *pdu)
{
	struct respond_to to;

	respond_address(&to, pdu);
	encode_response(&respond.out, &to.address);
	return &respond.out;
}

/* All of it: a stream that lacks a part of one answer is good for nothing. */
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
		else if (poll(&writable, 1, SEND_SECONDS * 1000) == 0)
			return false;
	}
	return true;
}

void
respond_end(void)
{
	netsnmp_transport *transport;

	if (!encode_end(&respond.out)) {
		log_err("AgentX: no memory for an answer");
		return;
	}
	transport = snmp_sess_transport(snmp_sess_pointer(respond.session));
	if (transport == NULL || respond.broken)
		return;
	if (send_all(transport, respond.out.octets, respond.out.n))
		return;
	log_warning("AgentX: an answer could not be sent: %s", strerror(errno));
	/*
	 * Net-SNMP finds out when it has read what came before, and connects
	 * anew.
	 */
	respond.broken = true;
	shutdown(transport->sock, SHUT_RDWR);
}

void
respond_status(const struct respond_to *to, long status, long index)
{
	if (!respond_is_open(to))
		return;
	encode_response(&respond.out, &to->address);
	encode_error(&respond.out, status, index);
	respond_end();
}

void
respond_free(void)
{
	encode_free(&respond.out);
	memset(&respond, 0, sizeof(respond));
}
