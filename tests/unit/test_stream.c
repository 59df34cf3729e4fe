/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the master sends, cut into pieces anywhere: PDUs that Net-SNMP can
 * decode reach it as they are, and those that it cannot are told of.
 */
#include "snmp.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stream.h"

#define HEADER 20u
#define TOO_LONG (STREAM_MAX + 4)
#define BUFFER 65536 /* what Net-SNMP offers at least */

/* What the master sends, and how much of it at once. */
static u_char sent[4 * STREAM_MAX];
static size_t nsent, taken, at_once;
static int ending; /* what comes after all of it */

/* What reaches Net-SNMP. */
static u_char read_octets[4 * STREAM_MAX];
static size_t nread;

static struct {
	netsnmp_pdu pdu;
	uint32_t octets;
	unsigned int times;
} told;

static netsnmp_transport transport;

static int
line_receive(netsnmp_transport *of, void *buffer, int size, void **opaque,
    int *nopaque)
{
	size_t n = nsent - taken;

	assert_ptr_equal(of, &transport);
	assert_true(size > 0);
	if (n == 0)
		return ending;
	if (n > at_once)
		n = at_once;
	if (n > (size_t)size)
		n = (size_t)size;
	memcpy(buffer, sent + taken, n);
	taken += n;
	*nopaque = 100;
	*opaque = malloc(100);
	assert_non_null(*opaque);
	return (int)n;
}

static void
too_long(const netsnmp_pdu *pdu, uint32_t octets)
{
	told.pdu = *pdu;
	told.octets = octets;
	told.times++;
}

static int
begin(void **state)
{
	(void)state;
	nsent = taken = nread = 0;
	at_once = sizeof(sent);
	ending = 0;
	memset(&told, 0, sizeof(told));
	memset(&transport, 0, sizeof(transport));
	transport.f_recv = line_receive;
	stream_watch(&transport, too_long);
	return 0;
}

static void
put32(size_t at, bool network, uint32_t n)
{
	if (network)
		n = __builtin_bswap32(n);
	memcpy(sent + at, &n, sizeof(n));
}

/* Have the master send a PDU of ${length} octets of payload, all of them ${id}.
 */
static void
send_pdu(u_char type, bool network, u_char id, uint32_t length)
{
	const size_t at = nsent;

	sent[at] = 1;
	sent[at + 1] = type;
	sent[at + 2] = network ? 0x10 : 0;
	sent[at + 3] = 0;
	put32(at + 4, network, id + 1u);
	put32(at + 8, network, id + 2u);
	put32(at + 12, network, id + 3u);
	put32(at + 16, network, length);
	nsent += HEADER;
	if (length > sizeof(sent) - nsent)
		return;
	memset(sent + nsent, id, length);
	nsent += length;
}

/* Read like Net-SNMP until the end; returns what that is. */
static int
read_all(void)
{
	static u_char buffer[BUFFER];
	void *opaque;
	int n, nopaque;

	for (;;) {
		opaque = NULL;
		nopaque = 0;
		n = transport.f_recv(&transport, buffer, sizeof(buffer),
		    &opaque, &nopaque);
		if (n == 0 &&
		    transport.flags & NETSNMP_TRANSPORT_FLAG_EMPTY_PKT) {
			transport.flags &=
			    ~(unsigned int)NETSNMP_TRANSPORT_FLAG_EMPTY_PKT;
			/* Net-SNMP would lose it. */
			assert_null(opaque);
			continue;
		}
		free(opaque);
		if (n <= 0)
			return n;
		assert_true(nread + (size_t)n <= sizeof(read_octets));
		memcpy(read_octets + nread, buffer, (size_t)n);
		nread += (size_t)n;
	}
}

static void
pdus__of_up_to_65536_octets__pass_as_they_are(void **state)
{
	size_t first = 0;

	(void)state;
	while (first++ < 3 * HEADER) {
		begin(state);
		at_once = first;
		send_pdu(5, true, 1, 0);
		send_pdu(6, false, 2, 3);
		send_pdu(8, true, 3, 100);
		assert_int_equal(read_all(), 0);
		assert_int_equal(nread, nsent);
		assert_memory_equal(read_octets, sent, nsent);
	}
	begin(state);
	send_pdu(5, true, 1, STREAM_MAX - HEADER);
	assert_int_equal(read_all(), 0);
	assert_int_equal(nread, STREAM_MAX);
	assert_memory_equal(read_octets, sent, nsent);
	assert_int_equal(told.times, 0);
}

/* Between two that pass. */
static void
send_too_long(bool network)
{
	send_pdu(5, true, 1, 8);
	send_pdu(8, network, 2, TOO_LONG - HEADER);
	send_pdu(6, true, 3, 12);
}

static void
check_too_long(void)
{
	const size_t before = HEADER + 8, after = HEADER + 12;

	assert_int_equal(nread, before + after);
	assert_memory_equal(read_octets, sent, before);
	assert_memory_equal(read_octets + before, sent + nsent - after, after);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.octets, TOO_LONG);
	assert_int_equal(told.pdu.command, 8);
	assert_int_equal(told.pdu.sessid, 3);
	assert_int_equal(told.pdu.transid, 4);
	assert_int_equal(told.pdu.reqid, 5);
}

static void
pdu__that_is_too_long__is_told_of_and_the_others_pass(void **state)
{
	size_t pieces[] = { 1, 7, 19, 20, 21, 28, 29, 47, 48, 49, 4096,
		TOO_LONG, sizeof(sent) };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		begin(state);
		at_once = pieces[i];
		send_too_long(i % 2 == 0);
		assert_int_equal(read_all(), 0);
		check_too_long();
	}
}

static void
pdu__that_is_too_long_and_not_complete__is_not_told_of(void **state)
{
	(void)state;
	send_too_long(true);
	nsent -= HEADER + 12 + 1;
	assert_int_equal(read_all(), 0);
	assert_int_equal(nread, HEADER + 8);
	assert_int_equal(told.times, 0);
}

static void
length__that_no_pdu_has__ends_the_connection(void **state)
{
	const uint32_t lengths[] = { UINT32_MAX, UINT32_MAX - 3,
		(uint32_t)INT32_MAX + 1 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		begin(state);
		send_pdu(5, i == 0, 1, lengths[i]);
		assert_int_equal(read_all(), -1);
		assert_int_equal(nread, 0);
		assert_int_equal(told.times, 0);
	}
}

static void
end_and_error__are_passed_on(void **state)
{
	(void)state;
	assert_int_equal(read_all(), 0);
	ending = -1;
	assert_int_equal(read_all(), -1);
}

/* What is sent, up to ${n} octets from its end, is the last of a connection. */
static void
lose_the_connection(size_t n)
{
	nsent -= n;
	assert_int_equal(read_all(), 0);
	nsent = taken = nread = 0;
	/* A new one, whose transport may even be in the same place. */
	stream_watch(&transport, too_long);
}

static void
connection__that_is_new__begins_with_a_header(void **state)
{
	(void)state;
	send_pdu(5, true, 1, STREAM_MAX);
	lose_the_connection(7);
	send_pdu(5, true, 1, 0);
	lose_the_connection(3);
	send_pdu(5, true, 1, 4);
	assert_int_equal(read_all(), 0);
	assert_int_equal(nread, nsent);
	assert_memory_equal(read_octets, sent, nsent);
	assert_int_equal(told.times, 0);
}

/* That nothing is lost is for a sanitizer to say. */
static void
connection__that_is_reset__ends_and_loses_nothing(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/dhcpfo-test-XXXXXX", spec[sizeof(address) + 8];
	int listener, master, nopaque = 0;
	netsnmp_transport *slave;
	void *opaque = NULL;
	u_char octets[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/master", dir);
	snprintf(spec, sizeof(spec), "unix:%s", address.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address,
			     sizeof(address)),
	    0);
	assert_int_equal(listen(listener, 1), 0);
	slave = netsnmp_transport_open_client("agentx", spec);
	assert_non_null(slave);
	stream_watch(slave, too_long);
	master = accept(listener, NULL, NULL);

	send_pdu(5, true, 1, 0);
	assert_int_equal(write(master, sent, nsent), nsent);
	assert_int_equal(slave->f_recv(slave, octets, sizeof(octets), &opaque,
			     &nopaque),
	    nsent);
	assert_memory_equal(octets, sent, nsent);
	free(opaque);
	/* It has not read this when it ends. */
	assert_int_equal(write(slave->sock, octets, 1), 1);
	close(master);
	opaque = NULL;
	assert_int_equal(slave->f_recv(slave, octets, sizeof(octets), &opaque,
			     &nopaque),
	    -1);
	assert_int_equal(errno, ECONNRESET);
	assert_null(opaque);

	slave->f_close(slave);
	netsnmp_transport_free(slave);
	close(listener);
	unlink(address.sun_path);
	rmdir(dir);
}

int
main(void)
{
#define WITH(test) cmocka_unit_test_setup(test, begin)
	const struct CMUnitTest tests[] = {
		WITH(pdus__of_up_to_65536_octets__pass_as_they_are),
		WITH(pdu__that_is_too_long__is_told_of_and_the_others_pass),
		WITH(pdu__that_is_too_long_and_not_complete__is_not_told_of),
		WITH(length__that_no_pdu_has__ends_the_connection),
		WITH(end_and_error__are_passed_on),
		WITH(connection__that_is_new__begins_with_a_header),
		WITH(connection__that_is_reset__ends_and_loses_nothing),
	};

	netsnmp_init_mib_internals();
	netsnmp_tdomain_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
