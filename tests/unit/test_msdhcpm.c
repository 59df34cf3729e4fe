/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "failover.h"
#include "msdhcpm.h"

/*
 * A request of opnum 90 on which two encoders agree that have nothing to do
 * with ours (MS-DHCPM appendix A by hand, and Impacket's NDR engine).
 */
/* clang-format off */
static const unsigned char set_vector[] = {
	0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x0b, 0x01, 0xa8, 0xc0,
	0x0c, 0x01, 0xa8, 0xc0, 0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00,
	0x10, 0x0e, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x02, 0x00,
	0x04, 0x00, 0x02, 0x00, 0x08, 0x00, 0x02, 0x00, 0x0c, 0x00, 0x02, 0x00,
	0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x46, 0x00, 0x4f, 0x00,
	0x31, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x70, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x73, 0x00, 0x65, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x10, 0x00, 0x02, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0xa8, 0xc0, 0x00, 0x02, 0xa8, 0xc0
};
/* clang-format on */

#define REL_AT 8 /* where the relationship begins in it */

static DHCP_IP_ADDRESS elements[] = { 0xC0A80100, 0xC0A80200 };
static DHCP_IP_ARRAY scopes = { 2, elements };

static DHCP_FAILOVER_RELATIONSHIP
sample(void)
{
	return (DHCP_FAILOVER_RELATIONSHIP){
		.PrimaryServer = 0xC0A8010B,
		.SecondaryServer = 0xC0A8010C,
		.Mode = HotStandby,
		.ServerType = PrimaryServer,
		.State = NORMAL,
		.PrevState = STARTUP,
		.Mclt = 3600,
		.SafePeriod = DHCP_FAILOVER_NEVER,
		.RelationshipName = (char *)(uintptr_t) "FO1",
		.PrimaryServerName = (char *)(uintptr_t) "p",
		.SecondaryServerName = (char *)(uintptr_t) "se",
		.pScopes = &scopes,
		.Percentage = 5,
	};
}

/* ---- an answer under construction, and what is read from it ---- */

static unsigned char octets[65536];
static size_t length;
static struct arena arena;

static void
add(const void *from, size_t n)
{
	assert_true(n <= sizeof(octets) - length);
	memcpy(octets + length, from, n);
	length += n;
}

static void
add_u32(uint32_t value)
{
	unsigned char four[4] = { (unsigned char)value,
		(unsigned char)(value >> 8), (unsigned char)(value >> 16),
		(unsigned char)(value >> 24) };

	add(four, 4);
}

static void
add_string(size_t units, const uint16_t *text)
{
	add_u32((uint32_t)units);
	add_u32(0);
	add_u32((uint32_t)units);
	for (size_t i = 0; i < units; i++) {
		unsigned char two[2] = { (unsigned char)text[i],
			(unsigned char)(text[i] >> 8) };

		add(two, 2);
	}
	while (length % 4 != 0)
		add("", 1);
}

static void
add_sample(void)
{
	add(set_vector + REL_AT, sizeof(set_vector) - REL_AT);
}

/* A relationship that has a name and nothing else. */
static void
add_bare(void)
{
	static const unsigned char members[48] = { [24] = 1 };

	add(members, sizeof(members));
}

static int
clean(void **state)
{
	(void)state;
	arena_free(&arena, 0);
	length = 0;
	return 0;
}

/* A reader of exactly ${n} octets, so that ASan sees one more being read. */
static unsigned char *exact;

static struct ndr_reader
reader_of(size_t n)
{
	free(exact);
	if ((exact = malloc(n + (n == 0))) == NULL)
		abort();
	memcpy(exact, octets, n);
	return (struct ndr_reader){ .at = exact, .n = n, .arena = &arena };
}

/* ---- requests ---- */

static void
the_request_of_a_create__is_the_test_vector_without_its_flags(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = sample();
	struct ndr_writer writer = { .at = NULL };

	(void)state;
	msdhcpm_ask_relationship(&writer, &rel);
	assert_int_equal(writer.error, ERROR_SUCCESS);
	assert_int_equal(writer.n, sizeof(set_vector) - 4);
	assert_memory_equal(writer.at, set_vector, 4);
	assert_memory_equal(writer.at + 4, set_vector + REL_AT,
	    sizeof(set_vector) - REL_AT);
	ndr_writer_free(&writer);
}

static void
the_request_of_a_set__has_no_member_without_its_flag(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = sample();
	struct ndr_writer writer = { .at = NULL };
	/* clang-format off */
	unsigned char want[] = {
		0, 0, 0, 0, MCLT | MODE | PERCENTAGE, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		0x10, 0x0e, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
		4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 'F', 0, 'O', 0, '1', 0, 0, 0,
	};
	/* clang-format on */

	(void)state;
	rel.SharedSecret = (char *)(uintptr_t) "not to be sent";
	msdhcpm_ask_set(&writer, MCLT | MODE | PERCENTAGE, &rel);
	assert_int_equal(writer.error, ERROR_SUCCESS);
	assert_int_equal(writer.n, sizeof(want));
	assert_memory_equal(writer.at, want, sizeof(want));
	ndr_writer_free(&writer);
}

static void
the_request_of_a_set_of_the_secret__has_it(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = sample();
	struct ndr_writer writer = { .at = NULL };

	(void)state;
	rel.SharedSecret = (char *)(uintptr_t) "s";
	msdhcpm_ask_set(&writer, SHAREDSECRET, &rel);
	/* Behind the members and the name: three counts, "s" and the NUL. */
	assert_int_equal(writer.n, 8 + 48 + 20 + 16);
	assert_memory_equal(writer.at + 8 + 44, "\x04\0\x02\0", 4);
	assert_memory_equal(writer.at + 8 + 48 + 20,
	    "\2\0\0\0\0\0\0\0\2\0\0\0s\0\0\0", 16);
	ndr_writer_free(&writer);
}

static void
requests_with_names_and_numbers__are_these(void **state)
{
	struct ndr_writer writer = { .at = NULL };

	(void)state;
	msdhcpm_ask_name(&writer, "\xF0\x9F\x98\x80"); /* U+1F600 */
	assert_int_equal(writer.n, 26);
	assert_memory_equal(writer.at,
	    "\0\0\0\0\0\0\2\0\3\0\0\0\0\0\0\0\3\0\0\0\x3d\xd8\x00\xde\0\0", 26);
	ndr_writer_free(&writer);

	msdhcpm_ask_enum(&writer, 7, 0xFFFFFFFF);
	assert_int_equal(writer.n, 12);
	assert_memory_equal(writer.at, "\0\0\0\0\7\0\0\0\xff\xff\xff\xff", 12);
	ndr_writer_free(&writer);

	msdhcpm_ask_address(&writer, 0xC0A80100);
	assert_int_equal(writer.n, 8);
	assert_memory_equal(writer.at, "\0\0\0\0\0\1\xa8\xc0", 8);
	ndr_writer_free(&writer);

	msdhcpm_ask_nothing(&writer);
	assert_int_equal(writer.n, 4);
	ndr_writer_free(&writer);
}

static void
a_text_that_is_not_utf8__is_not_sent(void **state)
{
	static const char *const bad[] = { "\xFF", "a\xC3", "\xED\xA0\x80",
		"\xF4\x90\x80\x80" };
	struct ndr_writer writer = { .at = NULL };

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++) {
		msdhcpm_ask_name(&writer, bad[i]);
		assert_int_equal(writer.error, ERROR_INVALID_PARAMETER);
		ndr_writer_free(&writer);
	}
}

static void
a_request_of_400_scopes__has_them_all(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = sample();
	struct ndr_writer writer = { .at = NULL };
	DHCP_IP_ADDRESS many[400];
	DHCP_IP_ARRAY array = { 400, many };

	(void)state;
	for (DWORD i = 0; i < 400; i++)
		many[i] = i << 8;
	rel.pScopes = &array;
	msdhcpm_ask_relationship(&writer, &rel);
	assert_int_equal(writer.error, ERROR_SUCCESS);
	assert_int_equal(writer.n, sizeof(set_vector) - 4 + 398 * 4);
	assert_memory_equal(writer.at + writer.n - 4, "\0\x8f\1\0", 4);
	ndr_writer_free(&writer);
}

/* ---- answers ---- */

static void
assert_sample(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const DHCP_FAILOVER_RELATIONSHIP want = sample();

	assert_non_null(rel);
	assert_true(failover_equal(rel, &want, FAILOVER_SET_ALL));
	assert_int_equal(rel->PrimaryServer, want.PrimaryServer);
	assert_int_equal(rel->SecondaryServer, want.SecondaryServer);
	assert_int_equal(rel->ServerType, want.ServerType);
	assert_string_equal(rel->RelationshipName, "FO1");
	assert_string_equal(rel->PrimaryServerName, "p");
	assert_string_equal(rel->SecondaryServerName, "se");
	assert_int_equal(rel->pScopes->NumElements, 2);
	assert_int_equal(rel->pScopes->Elements[1], 0xC0A80200);
	assert_null(rel->SharedSecret);
}

static enum dhcp_error
read_relationship(DHCP_FAILOVER_RELATIONSHIP **rel, DWORD *status)
{
	struct ndr_reader reader = reader_of(length);

	return msdhcpm_read_relationship(&reader, rel, status);
}

static void
the_answer_of_a_get__is_the_relationship(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DWORD status;

	(void)state;
	add_u32(1);
	add_sample();
	add_u32(0);
	assert_int_equal(read_relationship(&rel, &status), ERROR_SUCCESS);
	assert_int_equal(status, 0);
	assert_sample(rel);
}

static void
an_answer_without_relationship__is_an_answer_if_it_failed(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DWORD status;

	(void)state;
	add_u32(0);
	add_u32(0x4E93);
	assert_int_equal(read_relationship(&rel, &status), ERROR_SUCCESS);
	assert_int_equal(status, 0x4E93);
	assert_null(rel);

	length = 0;
	add_u32(0);
	add_u32(0);
	assert_int_equal(read_relationship(&rel, &status), RPC_X_BAD_STUB_DATA);
}

static void
pointers_that_are_null__are_null(void **state)
{
	static const uint16_t name[] = { 'a', 0 };
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DWORD status;

	(void)state;
	add_u32(1);
	add_bare();
	add_string(2, name);
	add_u32(0);
	assert_int_equal(read_relationship(&rel, &status), ERROR_SUCCESS);
	assert_string_equal(rel->RelationshipName, "a");
	assert_null(rel->PrimaryServerName);
	assert_null(rel->SecondaryServerName);
	assert_null(rel->pScopes);
	assert_null(rel->SharedSecret);
}

static void
a_scope_array_without_elements__is_no_scopes(void **state)
{
	static const unsigned char members[48] = { [24] = 1, [36] = 1 };
	static const uint16_t name[] = { 'a', 0 };
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DWORD status;

	(void)state;
	add_u32(1);
	add(members, sizeof(members));
	add_string(2, name);
	add_u32(0); /* NumElements, Elements */
	add_u32(0);
	add_u32(0);
	assert_int_equal(read_relationship(&rel, &status), ERROR_SUCCESS);
	assert_null(rel->pScopes);

	/* The same with a pointer to an array that is empty. */
	length -= 8;
	add_u32(1);
	add_u32(0);
	add_u32(0);
	assert_int_equal(read_relationship(&rel, &status), ERROR_SUCCESS);
	assert_null(rel->pScopes);
}

static const char *
name_of(size_t units, const uint16_t *text)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DWORD status;

	length = 0;
	add_u32(1);
	add_bare();
	add_string(units, text);
	add_u32(0);
	if (read_relationship(&rel, &status) != ERROR_SUCCESS)
		return NULL;
	return rel->RelationshipName;
}

#define NAME_OF(...)                                                    \
	name_of(sizeof((uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t), \
	    (uint16_t[]){ __VA_ARGS__ })

static void
characters_of_all_sizes__become_utf8(void **state)
{
	(void)state;
	assert_string_equal(NAME_OF('Z', 0xFC, 'r', 0), "Z\xC3\xBCr");
	assert_string_equal(NAME_OF(0x20AC, 0), "\xE2\x82\xAC");
	assert_string_equal(NAME_OF(0xD83D, 0xDE00, 0), "\xF0\x9F\x98\x80");
	assert_string_equal(NAME_OF(0xD800, 0xDC00, 0xDBFF, 0xDFFF, 0),
	    "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
	assert_string_equal(NAME_OF(0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0),
	    "\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF");
}

static void
half_a_surrogate_pair__becomes_the_replacement_character(void **state)
{
	(void)state;
	assert_string_equal(NAME_OF(0xD83D, 0), "\xEF\xBF\xBD");
	assert_string_equal(NAME_OF(0xDE00, 'a', 0),
	    "\xEF\xBF\xBD"
	    "a");
	assert_string_equal(NAME_OF(0xD83D, 0xD83D, 0xDE00, 0),
	    "\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

static void
strings_that_cannot_be__are_refused(void **state)
{
	uint16_t long_name[128];

	(void)state;
	assert_null(NAME_OF('a')); /* no NUL */
	assert_null(NAME_OF(0)); /* no name */
	assert_null(NAME_OF(0, 'a', 0)); /* likewise: it ends at once */
	assert_string_equal(NAME_OF('a', 0, 'b', 0), "a");
	for (size_t i = 0; i < 128; i++)
		long_name[i] = 'x';
	long_name[126] = 0;
	assert_non_null(name_of(127, long_name));
	long_name[126] = 'x';
	long_name[127] = 0;
	assert_null(name_of(128, long_name));
}

/* ${value} in the four or two octets at ${at} of a good answer. */
static enum dhcp_error
with(size_t at, uint32_t value, size_t size)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;
	size_t i;
	DWORD status;

	length = 0;
	add_u32(1);
	add_sample();
	add_u32(0);
	for (i = 0; i < size; i++)
		octets[at + i] = (unsigned char)(value >> 8 * i);
	return read_relationship(&rel, &status);
}

static void
values_that_cannot_be__are_refused(void **state)
{
	/* Where things are: 4 for the pointer, then as in set_vector. */
	enum {
		MODE_AT = 4 + 8,
		TYPE_AT = 4 + 10,
		STATE_AT = 4 + 12,
		PREV_AT = 4 + 14,
		PERCENT_AT = 4 + 40,
		NAME_AT = 4 + 48,
		SCOPES_AT = 4 + 112 - 8
	};

	(void)state;
	assert_int_equal(with(MODE_AT, 0, 2), ERROR_SUCCESS);
	assert_int_equal(with(MODE_AT, 2, 2), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(TYPE_AT, 2, 2), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(STATE_AT, 13, 2), ERROR_SUCCESS);
	assert_int_equal(with(STATE_AT, 14, 2), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(PREV_AT, 0xFFFF, 2), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(PERCENT_AT, 100, 1), ERROR_SUCCESS);
	assert_int_equal(with(PERCENT_AT, 101, 1), RPC_X_BAD_STUB_DATA);
	/* Counts of the name: most, first, and how many. */
	assert_int_equal(with(NAME_AT, 5, 4), ERROR_SUCCESS);
	assert_int_equal(with(NAME_AT, 3, 4), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(NAME_AT + 4, 1, 4), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(NAME_AT + 8, 0, 4), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(NAME_AT + 8, 0xFFFFFFFF, 4), RPC_X_BAD_STUB_DATA);
	/* Counts of the scopes, which must agree. */
	assert_int_equal(with(SCOPES_AT, 1, 4), RPC_X_BAD_STUB_DATA);
	assert_int_equal(with(SCOPES_AT + 8, 3, 4), RPC_X_BAD_STUB_DATA);
	with(SCOPES_AT, 0x40000001, 4);
	assert_int_equal(with(SCOPES_AT + 4, 0, 4), RPC_X_BAD_STUB_DATA);
}

static void
no_part_of_an_answer__is_taken_for_all_of_it(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct ndr_reader reader;
	DWORD status;
	size_t n;

	(void)state;
	add_u32(1);
	add_sample();
	add_u32(0);
	for (n = 0; n < length; n++) {
		reader = reader_of(n);
		assert_int_equal(msdhcpm_read_relationship(&reader, &rel,
				     &status),
		    RPC_X_BAD_STUB_DATA);
		assert_null(rel);
	}
	add_u32(0);
	assert_int_equal(read_relationship(&rel, &status), RPC_X_BAD_STUB_DATA);
}

static void
start_enum(DWORD resume, DWORD n)
{
	length = 0;
	add_u32(resume);
	add_u32(1);
	add_u32(n);
	add_u32(2);
	add_u32(n);
}

static void
end_enum(DWORD read, DWORD total, DWORD status)
{
	add_u32(read);
	add_u32(total);
	add_u32(status);
}

static enum dhcp_error
read_enum(DWORD *resume, DHCP_FAILOVER_RELATIONSHIP_ARRAY *array, DWORD *status)
{
	struct ndr_reader reader = reader_of(length);

	return msdhcpm_read_enum(&reader, resume, array, status);
}

static void
the_answer_of_an_enum__is_all_of_its_relationships(void **state)
{
	static const uint16_t other[] = { 'b', 0 };
	DHCP_FAILOVER_RELATIONSHIP_ARRAY array;
	DWORD resume, status;

	(void)state;
	start_enum(2, 2);
	add(set_vector + REL_AT, 48); /* members first, of both */
	add_bare();
	add(set_vector + REL_AT + 48, sizeof(set_vector) - REL_AT - 48);
	add_string(2, other);
	end_enum(2, 29, ERROR_MORE_DATA);
	assert_int_equal(read_enum(&resume, &array, &status), ERROR_SUCCESS);
	assert_int_equal(resume, 2);
	assert_int_equal(status, ERROR_MORE_DATA);
	assert_int_equal(array.NumElements, 2);
	assert_sample(&array.pRelationships[0]);
	assert_string_equal(array.pRelationships[1].RelationshipName, "b");
}

static void
an_empty_enum__may_come_in_all_ways(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP_ARRAY array;
	DWORD resume, status;

	(void)state;
	add_u32(0); /* no array at all */
	add_u32(0);
	end_enum(0, 0, ERROR_NO_MORE_ITEMS);
	assert_int_equal(read_enum(&resume, &array, &status), ERROR_SUCCESS);
	assert_int_equal(status, ERROR_NO_MORE_ITEMS);
	assert_int_equal(array.NumElements, 0);

	length = 0; /* one without elements */
	add_u32(0);
	add_u32(1);
	add_u32(0);
	add_u32(0);
	end_enum(0, 0, 0);
	assert_int_equal(read_enum(&resume, &array, &status), ERROR_SUCCESS);
	assert_int_equal(array.NumElements, 0);

	start_enum(0, 0); /* and one with none */
	end_enum(0, 0, 0);
	assert_int_equal(read_enum(&resume, &array, &status), ERROR_SUCCESS);
	assert_int_equal(array.NumElements, 0);
}

static void
an_enum_that_promises_more_than_it_has__is_refused(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP_ARRAY array;
	DWORD resume, status;

	(void)state;
	start_enum(1, 2);
	add_sample();
	end_enum(1, 0, 0);
	assert_int_equal(read_enum(&resume, &array, &status),
	    RPC_X_BAD_STUB_DATA);
	assert_null(array.pRelationships);

	start_enum(1, 0x10000000);
	add_sample();
	end_enum(1, 0, 0);
	assert_int_equal(read_enum(&resume, &array, &status),
	    RPC_X_BAD_STUB_DATA);
	assert_true(arena_size(&arena) < 4096);

	length = 0; /* a number of elements and no pointer to them */
	add_u32(1);
	add_u32(1);
	add_u32(1);
	add_u32(0);
	end_enum(1, 0, 0);
	assert_int_equal(read_enum(&resume, &array, &status),
	    RPC_X_BAD_STUB_DATA);
}

static void
an_answer_with_any_octet_changed__is_read_or_refused(void **state)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF };
	DHCP_FAILOVER_RELATIONSHIP_ARRAY array;
	DWORD resume, status;
	unsigned char kept;
	size_t i, j;

	(void)state;
	start_enum(1, 1);
	add_sample();
	end_enum(1, 0, 0);
	for (i = 0; i < length; i++)
		for (j = 0; j < sizeof(values); j++) {
			kept = octets[i];
			octets[i] = values[j];
			if (read_enum(&resume, &array, &status) ==
				ERROR_SUCCESS &&
			    array.NumElements > 0)
				assert_non_null(array.pRelationships);
			octets[i] = kept;
			arena_free(&arena, 0);
		}
}

static void
the_answer_of_the_statistics__has_seven_numbers(void **state)
{
	DHCP_FAILOVER_STATISTICS stats;
	struct ndr_reader reader;
	DWORD status;

	(void)state;
	add_u32(1);
	for (DWORD i = 1; i <= 7; i++)
		add_u32(i);
	add_u32(0);
	reader = reader_of(length);
	assert_int_equal(msdhcpm_read_statistics(&reader, &stats, &status),
	    ERROR_SUCCESS);
	assert_int_equal(stats.NumAddr, 1);
	assert_int_equal(stats.AddrFree, 2);
	assert_int_equal(stats.AddrInUse, 3);
	assert_int_equal(stats.PartnerAddrFree, 4);
	assert_int_equal(stats.ThisAddrFree, 5);
	assert_int_equal(stats.PartnerAddrInUse, 6);
	assert_int_equal(stats.ThisAddrInUse, 7);

	length = 0;
	add_u32(0);
	add_u32(ERROR_FILE_NOT_FOUND);
	reader = reader_of(length);
	assert_int_equal(msdhcpm_read_statistics(&reader, &stats, &status),
	    ERROR_SUCCESS);
	assert_int_equal(status, ERROR_FILE_NOT_FOUND);

	length = 0;
	add_u32(0);
	add_u32(0);
	reader = reader_of(length);
	assert_int_equal(msdhcpm_read_statistics(&reader, &stats, &status),
	    RPC_X_BAD_STUB_DATA);
}

static void
the_answer_of_the_time__may_have_one_value_or_two(void **state)
{
	struct ndr_reader reader;
	DWORD now, delta, status;

	(void)state;
	add_u32(1700000000);
	add_u32(0);
	reader = reader_of(length);
	assert_int_equal(msdhcpm_read_time(&reader, &now, &delta, &status),
	    ERROR_SUCCESS);
	assert_int_equal(now, 1700000000);
	assert_int_equal(delta, 0);
	assert_int_equal(status, 0);

	length = 4;
	add_u32(60);
	add_u32(5);
	reader = reader_of(length);
	assert_int_equal(msdhcpm_read_time(&reader, &now, &delta, &status),
	    ERROR_SUCCESS);
	assert_int_equal(delta, 60);
	assert_int_equal(status, 5);

	reader = reader_of(4);
	assert_int_equal(msdhcpm_read_time(&reader, &now, &delta, &status),
	    RPC_X_BAD_STUB_DATA);
}

static void
both_numberings_of_the_errors__are_understood(void **state)
{
	static const enum msdhcpm_op named[] = { MSDHCPM_SET, MSDHCPM_GET,
		MSDHCPM_DELETE, MSDHCPM_ADD_SCOPES, MSDHCPM_DELETE_SCOPES,
		MSDHCPM_TRIGGER_ALLOCATION };

	(void)state;
	for (size_t i = 0; i < nitems(named); i++) {
		assert_int_equal(msdhcpm_error(named[i], 0x4E92),
		    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
		assert_int_equal(msdhcpm_error(named[i], 0x4E93),
		    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
		assert_int_equal(msdhcpm_error(named[i], 0), ERROR_SUCCESS);
		assert_int_equal(msdhcpm_error(named[i], 5),
		    ERROR_ACCESS_DENIED);
	}
	assert_int_equal(msdhcpm_error(MSDHCPM_CREATE, 0x4E90),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	assert_int_equal(msdhcpm_error(MSDHCPM_CREATE, 0x4E91),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	assert_int_equal(msdhcpm_error(MSDHCPM_CREATE, 0x4E92),
	    ERROR_DHCP_FO_RELATIONSHIP_EXISTS);
	assert_int_equal(msdhcpm_error(MSDHCPM_SCOPE_RELATIONSHIP, 0x4E93),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_int_equal(msdhcpm_error(MSDHCPM_DELETE_SCOPES, 0x4E94),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_int_equal(msdhcpm_error(MSDHCPM_TRIGGER_ALLOCATION, 0x4E94),
	    ERROR_DHCP_FO_RELATION_IS_SECONDARY);
}

/* ---- memory ---- */

static void
without_memory__that_is_said(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = sample(), *read;
	struct ndr_writer writer;
	struct ndr_reader reader;
	enum dhcp_error error;
	DWORD status;
	long n;

	(void)state;
	if (!alloc_works())
		skip();
	for (n = 0;; n++) {
		writer = (struct ndr_writer){ .at = NULL };
		alloc_left = n;
		msdhcpm_ask_relationship(&writer, &rel);
		alloc_left = -1;
		error = writer.error;
		ndr_writer_free(&writer);
		if (error == ERROR_SUCCESS)
			break;
		assert_int_equal(error, ERROR_NOT_ENOUGH_MEMORY);
	}
	assert_true(n > 0);

	add_u32(1);
	add_sample();
	add_u32(0);
	for (n = 0;; n++) {
		reader = reader_of(length);
		alloc_left = n;
		error = msdhcpm_read_relationship(&reader, &read, &status);
		alloc_left = -1;
		arena_free(&arena, 1);
		if (error == ERROR_SUCCESS)
			break;
		assert_int_equal(error, ERROR_NOT_ENOUGH_MEMORY);
	}
	assert_true(n > 0);
}

static int
end(void **state)
{
	(void)state;
	free(exact);
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(
		    the_request_of_a_create__is_the_test_vector_without_its_flags),
		TEST(the_request_of_a_set__has_no_member_without_its_flag),
		TEST(the_request_of_a_set_of_the_secret__has_it),
		TEST(requests_with_names_and_numbers__are_these),
		TEST(a_text_that_is_not_utf8__is_not_sent),
		TEST(a_request_of_400_scopes__has_them_all),
		TEST(the_answer_of_a_get__is_the_relationship),
		TEST(an_answer_without_relationship__is_an_answer_if_it_failed),
		TEST(pointers_that_are_null__are_null),
		TEST(a_scope_array_without_elements__is_no_scopes),
		TEST(characters_of_all_sizes__become_utf8),
		TEST(half_a_surrogate_pair__becomes_the_replacement_character),
		TEST(strings_that_cannot_be__are_refused),
		TEST(values_that_cannot_be__are_refused),
		TEST(no_part_of_an_answer__is_taken_for_all_of_it),
		TEST(the_answer_of_an_enum__is_all_of_its_relationships),
		TEST(an_empty_enum__may_come_in_all_ways),
		TEST(an_enum_that_promises_more_than_it_has__is_refused),
		TEST(an_answer_with_any_octet_changed__is_read_or_refused),
		TEST(the_answer_of_the_statistics__has_seven_numbers),
		TEST(the_answer_of_the_time__may_have_one_value_or_two),
		TEST(both_numberings_of_the_errors__are_understood),
		TEST(without_memory__that_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
