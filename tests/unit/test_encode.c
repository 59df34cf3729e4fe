/* SPDX-License-Identifier: BSD-2-Clause */
/* Our answers against those that Net-SNMP encodes. */
#include "snmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode.h"

#define NETWORK 0x10u

/* Exported by libnetsnmpagent, but in none of the headers that are installed.
 */
int agentx_realloc_build(netsnmp_session *session, netsnmp_pdu *pdu,
    u_char **octets, size_t *size, size_t *n);

static const struct encode_address whom = { 17, 0x01020304, 0x7fffffff, 0 };

struct answer {
	struct encoder ours;
	netsnmp_pdu *theirs;
};

static void
begin(struct answer *a, u_long flags)
{
	struct encode_address to = whom;

	memset(&a->ours, 0, sizeof(a->ours));
	to.flags = flags;
	encode_response(&a->ours, &to);
	a->theirs = snmp_pdu_create(18);
	a->theirs->version = 0xc0; /* AGENTX_VERSION_1 */
	a->theirs->sessid = to.sessid;
	a->theirs->transid = to.transid;
	a->theirs->reqid = to.packetid;
	a->theirs->flags = flags;
	a->theirs->errstat = a->theirs->errindex = 0;
}

static void
add(struct answer *a, u_char type, const oid *name, size_t n, const void *data,
    size_t length)
{
	encode_varbind(&a->ours, type, name, n, data, length);
	assert_non_null(snmp_varlist_add_variable(&a->theirs->variables, name,
	    n, type, data, length));
}

/* Compare, and free both. */
static void
same(struct answer *a)
{
	netsnmp_session session;
	u_char *octets = NULL;
	size_t size = 0, n = 0;

	memset(&session, 0, sizeof(session));
	session.version = 0xc0;
	assert_true(encode_end(&a->ours));
	assert_int_equal(agentx_realloc_build(&session, a->theirs, &octets,
			     &size, &n),
	    0);
	assert_int_equal(a->ours.n, n);
	assert_memory_equal(a->ours.octets, octets, n);
	free(octets);
	snmp_free_pdu(a->theirs);
	encode_free(&a->ours);
}

static void
each_type(u_long flags)
{
	static const oid name[] = { 1, 3, 6, 1, 4, 1, 8072, 4294967295u, 0 };
	static const long numbers[] = { 0, 1, -1, INT32_MAX, INT32_MIN };
	static const u_char numeric[] = { ASN_INTEGER, ASN_COUNTER,
		ASN_UNSIGNED, ASN_TIMETICKS };
	static const u_char none[] = { SNMP_NOSUCHOBJECT, SNMP_NOSUCHINSTANCE,
		SNMP_ENDOFMIBVIEW };
	struct answer a;
	size_t i, j;

	begin(&a, flags);
	for (i = 0; i < sizeof(numeric); i++)
		for (j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			add(&a, numeric[i], name, OID_LENGTH(name), &numbers[j],
			    sizeof(numbers[j]));
	for (i = 0; i < 9; i++)
		add(&a, ASN_OCTET_STR, name, OID_LENGTH(name), "12345678", i);
	for (i = 0; i < sizeof(none); i++)
		add(&a, none[i], name, OID_LENGTH(name), NULL, 0);
	same(&a);
}

static void
every_type_is_encoded_as_net_snmp_does_in_host_order(void **state)
{
	(void)state;
	each_type(0);
}

static void
every_type_is_encoded_as_net_snmp_does_in_network_order(void **state)
{
	(void)state;
	each_type(NETWORK);
}

static void
names_are_shortened_as_net_snmp_does(void **state)
{
	static const oid internet[] = { 1, 3, 6, 1, 4 };
	static const oid far[] = { 1, 3, 6, 1, 256, 1 };
	static const oid other[] = { 1, 3, 6, 2, 4, 1 };
	static const oid null[] = { 0, 0 };
	static const oid few[] = { 1, 3, 6, 1 };
	oid longest[MAX_OID_LEN];
	struct answer a;
	size_t i;

	(void)state;
	for (i = 0; i < MAX_OID_LEN; i++)
		longest[i] = 1000 + i;
	begin(&a, NETWORK);
	add(&a, ASN_OCTET_STR, internet, OID_LENGTH(internet), "x", 1);
	add(&a, ASN_OCTET_STR, far, OID_LENGTH(far), "x", 1);
	add(&a, ASN_OCTET_STR, other, OID_LENGTH(other), "x", 1);
	add(&a, ASN_OCTET_STR, null, OID_LENGTH(null), "x", 1);
	add(&a, ASN_OCTET_STR, few, OID_LENGTH(few), "x", 1);
	add(&a, ASN_OCTET_STR, longest, MAX_OID_LEN, "x", 1);
	same(&a);
}

static void
an_error_drops_the_varbinds(void **state)
{
	static const oid name[] = { 1, 3, 6, 1, 4, 1 };
	struct answer a;

	(void)state;
	begin(&a, 0);
	encode_varbind(&a.ours, ASN_OCTET_STR, name, OID_LENGTH(name), "x", 1);
	encode_error(&a.ours, SNMP_ERR_WRONGTYPE, 3);
	a.theirs->errstat = SNMP_ERR_WRONGTYPE;
	a.theirs->errindex = 3;
	same(&a);
}

static void
a_buffer__serves_again_and_grows_to_what_a_master_can_read(void **state)
{
	static const oid name[] = { 1, 3, 6, 1, 4, 1 };
	static char text[255];
	struct encoder encoder = { 0 };
	size_t i, n;

	(void)state;
	encode_response(&encoder, &whom);
	for (i = 0; encode_varbind(&encoder, ASN_OCTET_STR, name,
		 OID_LENGTH(name), text, sizeof(text));
	     i++)
		continue;
	assert_true(encode_end(&encoder));
	n = encoder.size;
	/* What was refused left nothing behind. */
	assert_int_equal(encoder.n, 28 + 272 * i);
	assert_in_range(encoder.n, ENCODE_MAX - 275, ENCODE_MAX);
	encode_response(&encoder, &whom);
	assert_true(encode_end(&encoder));
	assert_int_equal(encoder.n, 28);
	assert_int_equal(encoder.size, n);
	encode_free(&encoder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_type_is_encoded_as_net_snmp_does_in_host_order),
		cmocka_unit_test(
		    every_type_is_encoded_as_net_snmp_does_in_network_order),
		cmocka_unit_test(names_are_shortened_as_net_snmp_does),
		cmocka_unit_test(an_error_drops_the_varbinds),
		cmocka_unit_test(
		    a_buffer__serves_again_and_grows_to_what_a_master_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
