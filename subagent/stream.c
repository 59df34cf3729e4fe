/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include <net-snmp/library/snmpUnixDomain.h>

#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where things are in a header (RFC 2741 6.1). */
#define TYPE_AT 1
#define FLAGS_AT 2
#define SESSION_AT 4
#define TRANSACTION_AT 8
#define PACKET_AT 12
#define LENGTH_AT 16
#define HEADER 20u

#define NETWORK_BYTE_ORDER 0x10u

static struct {
	int (*receive)(netsnmp_transport *, void *, int, void **, int *);
	void (*too_long)(const netsnmp_pdu *pdu, uint32_t octets);
	u_char header[HEADER]; /* of the PDU at hand */
	size_t known; /* octets of it, while it is incomplete */
	uint32_t left; /* octets of the payload that are yet to come */
	bool skip; /* it is too long */
} stream;

static uint32_t
get32(size_t at)
{
	const u_char *p = stream.header + at;
	uint32_t n;

	if (stream.header[FLAGS_AT] & NETWORK_BYTE_ORDER)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		    (uint32_t)p[2] << 8 | p[3];
	memcpy(&n, p, sizeof(n));
	return n;
}

static void
tell(void)
{
	netsnmp_pdu pdu;

	memset(&pdu, 0, sizeof(pdu));
	pdu.command = stream.header[TYPE_AT];
	pdu.flags = stream.header[FLAGS_AT];
	pdu.sessid = (long)get32(SESSION_AT);
	pdu.transid = (long)get32(TRANSACTION_AT);
	pdu.reqid = (long)get32(PACKET_AT);
	stream.too_long(&pdu, get32(LENGTH_AT) + HEADER);
}

/*
 * Keep of the ${n} ${octets} what is for Net-SNMP, and count it in ${kept}.  A
 * header is held back until it is complete: only then is known whether it is.
 * False: there is no such PDU.
 */
static bool
sift(u_char *octets, size_t n, size_t *kept)
{
	size_t at = 0, part;

	*kept = 0;
	while (at < n) {
		part = n - at;
		if (stream.left == 0) {
			if (part < HEADER) {
				memcpy(stream.header, octets + at, part);
				stream.known = part;
				return true;
			}
			memcpy(stream.header, octets + at, HEADER);
			stream.left = get32(LENGTH_AT);
			if (stream.left > INT32_MAX)
				return false;
			stream.skip = stream.left > STREAM_MAX - HEADER;
			part = HEADER;
		} else {
			if (part > stream.left)
				part = stream.left;
			stream.left -= (uint32_t)part;
		}
		if (!stream.skip) {
			memmove(octets + *kept, octets + at, part);
			*kept += part;
		} else if (stream.left == 0)
			tell();
		at += part;
	}
	return true;
}

/*
 * As a unix transport's f_recv.  Net-SNMP's own allocates an address, which up
 * to 5.9.3 is lost when a connection is reset.
 */
static int
receive_unix(netsnmp_transport *transport, void *buffer, int size,
    void **opaque, int *nopaque)
{
	ssize_t n;

	*opaque = NULL;
	*nopaque = 0;
	do
		n = recv(transport->sock, buffer, (size_t)size, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	return (int)n;
}

/* As a transport's f_recv; there is always room for more than a header. */
static int
receive(netsnmp_transport *transport, void *buffer, int size, void **opaque,
    int *nopaque)
{
	const int known = (int)stream.known;
	u_char *octets = buffer;
	size_t kept;
	int n;

	n = stream.receive(transport, octets + known, size - known, opaque,
	    nopaque);
	if (n <= 0)
		return n;
	memcpy(octets, stream.header, stream.known);
	stream.known = 0;
	if (!sift(octets, (size_t)(known + n), &kept)) {
		errno = EPROTO;
		return -1;
	}
	if (kept == 0) {
		/* Nothing is not the end, then; and nobody frees this. */
		transport->flags |= NETSNMP_TRANSPORT_FLAG_EMPTY_PKT;
		free(*opaque);
		*opaque = NULL;
		*nopaque = 0;
	}
	return (int)kept;
}

void
stream_watch(netsnmp_transport *transport,
    void (*too_long)(const netsnmp_pdu *pdu, uint32_t octets))
{
	if (transport->domain == netsnmp_UnixDomain)
		stream.receive = receive_unix;
	else if (transport->f_recv != receive)
		stream.receive = transport->f_recv;
	transport->f_recv = receive;
	stream.too_long = too_long;
	stream.known = 0;
	stream.left = 0;
}
