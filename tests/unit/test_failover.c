/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failover.h"

#include "alloc.h"

static DHCP_IP_ADDRESS subnets[] = { 0xC0000200, 0xC6336400 };
static DHCP_IP_ARRAY scopes = { 2, subnets };

/* Every member has a value that neither zero nor the other one's is. */
static const DHCP_FAILOVER_RELATIONSHIP one = {
	.PrimaryServer = 0x0A000001,
	.SecondaryServer = 0x0A000002,
	.Mode = LoadBalance,
	.ServerType = PrimaryServer,
	.State = NORMAL,
	.PrevState = STARTUP,
	.Mclt = 3600,
	.SafePeriod = DHCP_FAILOVER_NEVER,
	.RelationshipName = "one",
	.PrimaryServerName = "a.example",
	.SecondaryServerName = "b.example",
	.pScopes = &scopes,
	.Percentage = 50,
	.SharedSecret = "secret of one",
};
static const DHCP_FAILOVER_RELATIONSHIP other = {
	.PrimaryServer = 0x0A000003,
	.SecondaryServer = 0x0A000004,
	.Mode = HotStandby,
	.ServerType = SecondaryServer,
	.State = PARTNER_DOWN,
	.PrevState = COMMUNICATION_INT,
	.Mclt = 1800,
	.SafePeriod = 60,
	.RelationshipName = "other",
	.PrimaryServerName = "c.example",
	.SecondaryServerName = "d.example",
	.pScopes = NULL,
	.Percentage = 5,
	.SharedSecret = "secret of other",
};

/* ---------------------------------------------------------------- dup */

static void
dup__of_a_relationship__copies_all_it_points_to(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *copy = failover_dup(&one);

	(void)state;
	assert_non_null(copy);
	assert_true(failover_equal(copy, &one, FAILOVER_SET_ALL));
	assert_int_equal(copy->PrimaryServer, one.PrimaryServer);
	assert_int_equal(copy->SecondaryServer, one.SecondaryServer);
	assert_int_equal(copy->ServerType, one.ServerType);
	assert_string_equal(copy->RelationshipName, "one");
	assert_string_equal(copy->PrimaryServerName, "a.example");
	assert_string_equal(copy->SecondaryServerName, "b.example");
	assert_string_equal(copy->SharedSecret, "secret of one");
	assert_int_equal(copy->pScopes->NumElements, 2);
	assert_memory_equal(copy->pScopes->Elements, subnets, sizeof(subnets));

	assert_ptr_not_equal(copy->RelationshipName, one.RelationshipName);
	assert_ptr_not_equal(copy->pScopes, one.pScopes);
	assert_ptr_not_equal(copy->pScopes->Elements, subnets);
	failover_free(copy);
}

static void
dup__of_a_zeroed_relationship__has_only_null_pointers(void **state)
{
	const DHCP_FAILOVER_RELATIONSHIP zero = { .Mclt = 0 };
	DHCP_FAILOVER_RELATIONSHIP *copy = failover_dup(&zero);

	(void)state;
	assert_non_null(copy);
	assert_null(copy->RelationshipName);
	assert_null(copy->PrimaryServerName);
	assert_null(copy->SecondaryServerName);
	assert_null(copy->SharedSecret);
	assert_null(copy->pScopes);
	failover_free(copy);
}

static void
dup__of_an_empty_list_of_scopes__has_none(void **state)
{
	DHCP_IP_ARRAY lists[] = { { 0, subnets }, { 3, NULL } };
	DHCP_FAILOVER_RELATIONSHIP rel = one, *copy;

	(void)state;
	for (size_t i = 0; i < nitems(lists); i++) {
		rel.pScopes = &lists[i];
		copy = failover_dup(&rel);
		assert_non_null(copy);
		assert_null(copy->pScopes);
		failover_free(copy);
	}
}

static void
dup__without_memory__is_null(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *copy;

	(void)state;
	if (!alloc_works())
		skip();
	alloc_left = 0;
	copy = failover_dup(&one);
	alloc_left = -1;
	assert_null(copy);
}

static void
dup__of_anything__is_a_single_block(void **state)
{
	long before = alloc_live;
	DHCP_FAILOVER_RELATIONSHIP *copy;

	(void)state;
	if (!alloc_works())
		skip();
	copy = failover_dup(&one);
	assert_int_equal(alloc_live, before + 1);
	failover_free(copy);
	assert_int_equal(alloc_live, before);
}

/* ---------------------------------------------------------------- free */

static const char *watched; /* in the block that will be freed */
static char last_words[sizeof("secret of one")];

static void
look_at_secret(const void *at)
{
	(void)at;
	memcpy(last_words, watched, sizeof(last_words));
}

static void
free__of_a_copy__wipes_its_secret_first(void **state)
{
	static const char wiped[sizeof(last_words)] = "";
	DHCP_FAILOVER_RELATIONSHIP *copy;

	(void)state;
	if (!alloc_works())
		skip();
	copy = failover_dup(&one);
	watched = copy->SharedSecret;
	/* Whatever the relationship points to by now. */
	failover_apply(copy, &other, SHAREDSECRET);
	alloc_before_free = look_at_secret;
	failover_free(copy);
	alloc_before_free = NULL;
	assert_memory_equal(last_words, wiped, sizeof(wiped));
}

static void
free__after_another_secret_was_applied__leaves_that_alone(void **state)
{
	char secret[] = "of the caller";
	DHCP_FAILOVER_RELATIONSHIP *copy = failover_dup(&one), from = other;

	(void)state;
	assert_non_null(copy);
	from.SharedSecret = secret;
	failover_apply(copy, &from, SHAREDSECRET);
	failover_free(copy);
	assert_string_equal(secret, "of the caller");
}

static void
free__of_null__does_nothing(void **state)
{
	(void)state;
	failover_free(NULL);
}

/* ---------------------------------------------------------------- apply */

static void
apply__with_two_flags__copies_those_members_only(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP to = one;

	(void)state;
	failover_apply(&to, &other, MCLT | MODE);
	assert_int_equal(to.Mclt, other.Mclt);
	assert_int_equal(to.Mode, other.Mode);
	assert_true(
	    failover_equal(&to, &one, FAILOVER_SET_ALL & ~(MCLT | MODE)));
}

static void
apply__with_one_flag__changes_what_that_flag_compares(void **state)
{
	(void)state;
	for (DWORD flag = MCLT; flag <= SHAREDSECRET; flag <<= 1) {
		DHCP_FAILOVER_RELATIONSHIP to = one;

		failover_apply(&to, &other, flag);
		for (DWORD bit = MCLT; bit <= SHAREDSECRET; bit <<= 1) {
			assert_int_equal(failover_equal(&to, &one, bit),
			    bit != flag);
			assert_int_equal(failover_equal(&to, &other, bit),
			    bit == flag);
		}
	}
}

static void
apply__with_every_flag__leaves_what_no_flag_names(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP to = one;

	(void)state;
	failover_apply(&to, &other, 0xFFFFFFFF);
	assert_int_equal(to.Mclt, other.Mclt);
	assert_int_equal(to.SafePeriod, other.SafePeriod);
	assert_int_equal(to.State, other.State);
	assert_int_equal(to.PrevState, other.PrevState);
	assert_int_equal(to.Percentage, other.Percentage);
	assert_int_equal(to.Mode, other.Mode);
	assert_ptr_equal(to.SharedSecret, other.SharedSecret);

	assert_int_equal(to.PrimaryServer, one.PrimaryServer);
	assert_int_equal(to.SecondaryServer, one.SecondaryServer);
	assert_int_equal(to.ServerType, one.ServerType);
	assert_ptr_equal(to.RelationshipName, one.RelationshipName);
	assert_ptr_equal(to.PrimaryServerName, one.PrimaryServerName);
	assert_ptr_equal(to.SecondaryServerName, one.SecondaryServerName);
	assert_ptr_equal(to.pScopes, one.pScopes);
}

static void
apply__without_flags__changes_nothing(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP to = one;

	(void)state;
	failover_apply(&to, &other, 0);
	assert_true(failover_equal(&to, &one, FAILOVER_SET_ALL));
}

static void
apply__to_itself__is_harmless(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP to = one;

	(void)state;
	failover_apply(&to, &to, FAILOVER_SET_ALL);
	assert_true(failover_equal(&to, &one, FAILOVER_SET_ALL));
}

static void
equal__of_secrets__compares_text_and_takes_null_for_empty(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP a = one, b = one;
	char copy[] = "secret of one", empty[] = "";

	(void)state;
	b.SharedSecret = copy;
	assert_true(failover_equal(&a, &b, SHAREDSECRET));
	b.SharedSecret = NULL;
	assert_false(failover_equal(&a, &b, SHAREDSECRET));
	a.SharedSecret = empty;
	assert_true(failover_equal(&a, &b, SHAREDSECRET));
	a.SharedSecret = NULL;
	assert_true(failover_equal(&a, &b, SHAREDSECRET));
}

static void
equal__without_flags__is_true(void **state)
{
	(void)state;
	assert_true(failover_equal(&one, &other, 0));
}

/* ---------------------------------------------------------------- checks */

static void
check_set__with_known_flags_and_values_in_range__succeeds(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = one;

	(void)state;
	for (DWORD flags = 1; flags <= FAILOVER_SET_ALL; flags++)
		assert_int_equal(failover_check_set(flags, &rel),
		    ERROR_SUCCESS);
	rel.Percentage = 100;
	rel.Mode = HotStandby;
	assert_int_equal(failover_check_set(PERCENTAGE | MODE, &rel),
	    ERROR_SUCCESS);
	rel.Percentage = 0;
	assert_int_equal(failover_check_set(PERCENTAGE, &rel), ERROR_SUCCESS);
}

static void
check_set__with_bad_flags_or_null__fails(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = one;

	(void)state;
	assert_int_equal(failover_check_set(MCLT, NULL),
	    ERROR_INVALID_PARAMETER);
	assert_int_equal(failover_check_set(0, &rel), ERROR_INVALID_PARAMETER);
	assert_int_equal(failover_check_set(0x80, &rel),
	    ERROR_INVALID_PARAMETER);
	assert_int_equal(failover_check_set(MCLT | 0x80000000, &rel),
	    ERROR_INVALID_PARAMETER);
	rel.RelationshipName = NULL;
	assert_int_equal(failover_check_set(MCLT, &rel),
	    ERROR_INVALID_PARAMETER);
}

static void
check_set__with_a_bad_member__fails_only_if_that_is_flagged(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = one;

	(void)state;
	rel.Percentage = 101;
	rel.Mode = (DHCP_FAILOVER_MODE)2;
	assert_int_equal(failover_check_set(PERCENTAGE, &rel),
	    ERROR_INVALID_PARAMETER);
	assert_int_equal(failover_check_set(MODE, &rel),
	    ERROR_INVALID_PARAMETER);
	assert_int_equal(failover_check_set(FAILOVER_SET_ALL &
				 ~(PERCENTAGE | MODE),
			     &rel),
	    ERROR_SUCCESS);
}

/* No rule of MS-DHCPM is about the states: that is policy, higher up. */
static void
check_set__with_any_state__succeeds(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = one;

	(void)state;
	rel.State = (FSM_STATE)99;
	rel.PrevState = PAUSED;
	assert_int_equal(failover_check_set(CHANGESTATE | PREVSTATE, &rel),
	    ERROR_SUCCESS);
}

static void
assert_create_fails(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	assert_int_equal(failover_check_create(rel), ERROR_INVALID_PARAMETER);
}

static void
check_create__with_one_bad_member__fails(void **state)
{
	DHCP_IP_ARRAY none = { 0, subnets }, nowhere = { 2, NULL };
	DHCP_FAILOVER_RELATIONSHIP rel = one;
	char empty[] = "", latin1[] = "Z\xFCrich";

	(void)state;
	assert_int_equal(failover_check_create(&rel), ERROR_SUCCESS);
	assert_create_fails(NULL);
#define BAD(member, value)    \
	rel = one;            \
	rel.member = (value); \
	assert_create_fails(&rel)

	BAD(RelationshipName, NULL);
	BAD(RelationshipName, empty);
	BAD(RelationshipName, latin1);
	BAD(PrimaryServer, 0);
	BAD(SecondaryServer, 0);
	BAD(pScopes, NULL);
	BAD(pScopes, &none);
	BAD(pScopes, &nowhere);
	BAD(Percentage, 101);
	BAD(Mode, (DHCP_FAILOVER_MODE)2);
	BAD(ServerType, (DHCP_FAILOVER_SERVER)2);
#undef BAD
}

/* Too long has a code of its own, and comes after the scopes were checked. */
static void
check_create__with_a_long_name__succeeds(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = one;
	char name[201];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	rel.RelationshipName = name;
	assert_int_equal(failover_check_create(&rel), ERROR_SUCCESS);
}

static void
check_scopes__with_a_name_and_scopes__succeeds(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = { .RelationshipName = "one",
		.pScopes = &scopes,
		.Percentage = 255 };

	(void)state;
	assert_int_equal(failover_check_scopes(&rel), ERROR_SUCCESS);
}

static void
check_scopes__without_name_or_scopes__fails(void **state)
{
	DHCP_IP_ARRAY none = { 0, subnets }, nowhere = { 2, NULL };
	DHCP_IP_ARRAY *const bad[] = { NULL, &none, &nowhere };
	DHCP_FAILOVER_RELATIONSHIP rel = one;

	(void)state;
	assert_int_equal(failover_check_scopes(NULL), ERROR_INVALID_PARAMETER);
	for (size_t i = 0; i < nitems(bad); i++) {
		rel.pScopes = bad[i];
		assert_int_equal(failover_check_scopes(&rel),
		    ERROR_INVALID_PARAMETER);
	}
	rel = one;
	rel.RelationshipName = NULL;
	assert_int_equal(failover_check_scopes(&rel), ERROR_INVALID_PARAMETER);
}

static void
scope_count__of_no_list__is_0(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP rel = one;

	(void)state;
	assert_int_equal(failover_scope_count(&rel), 2);
	rel.pScopes = NULL;
	assert_int_equal(failover_scope_count(&rel), 0);
}

static void
partner__of_each_role__is_the_other_server(void **state)
{
	(void)state;
	assert_int_equal(failover_partner(&one), one.SecondaryServer);
	assert_int_equal(failover_partner(&other), other.PrimaryServer);
}

/* ---------------------------------------------------------------- text */

static void
utf16_units__of_utf8__counts_surrogate_pairs_twice(void **state)
{
	(void)state;
	assert_int_equal(failover_utf16_units(""), 0);
	assert_int_equal(failover_utf16_units("abc"), 3);
	assert_int_equal(failover_utf16_units("\x7F"), 1);
	assert_int_equal(failover_utf16_units("\xC2\x80\xDF\xBF"), 2);
	assert_int_equal(failover_utf16_units("\xE0\xA0\x80\xEF\xBF\xBF"), 2);
	assert_int_equal(failover_utf16_units("\xED\x9F\xBF\xEE\x80\x80"), 2);
	assert_int_equal(failover_utf16_units("\xF0\x90\x80\x80"), 2);
	assert_int_equal(failover_utf16_units("\xF4\x8F\xBF\xBF"), 2);
}

static void
utf16_units__of_what_is_not_utf8__is_size_max(void **state)
{
	/* clang-format off */
	static const char *const bad[] = {
		"\x80", "a\xBF", /* a continuation alone */
		"\xC3", "\xE2\x82", "\xF0\x9F\x98", /* cut */
		"\xC3\x41", "\xE2\x41\x82", "\xE2\x82\x41", /* interrupted */
		"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
		"\xED\xA0\x80", "\xED\xBF\xBF", /* surrogates */
		"\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		if (failover_utf16_units(bad[i]) != SIZE_MAX)
			fail_msg("line %zu is taken for UTF-8", i);
}

static void
words__of_each_kind__are_the_labels_of_the_mib(void **state)
{
	static const struct {
		enum failover_words words;
		const char *at[15];
	} all[] = {
		{ FAILOVER_WORDS_MODE, { "loadBalance", "hotStandby" } },
		{ FAILOVER_WORDS_ROLE, { "primaryServer", "secondaryServer" } },
		{ FAILOVER_WORDS_STATE,
		    { "noState", "init", "startup", "normal",
			"communicationInt", "partnerDown", "potentialConflict",
			"conflictDone", "resolutionInt", "recover",
			"recoverWait", "recoverDone", "paused", "shutdown" } },
		{ FAILOVER_WORDS_FLAG,
		    { "mclt", "safePeriod", "changeState", "percentage", "mode",
			"prevState", "sharedSecret" } },
	};
	unsigned int value, i;

	(void)state;
	for (size_t w = 0; w < nitems(all); w++) {
		for (i = 0; all[w].at[i] != NULL; i++) {
			assert_string_equal(failover_word(all[w].words, i),
			    all[w].at[i]);
			assert_true(failover_word_value(all[w].words,
			    all[w].at[i], &value));
			assert_int_equal(value, i);
		}
		assert_null(failover_word(all[w].words, i));
		assert_null(failover_word(all[w].words, UINT32_MAX));
	}
}

static void
word_value__in_another_case__is_found(void **state)
{
	unsigned int value = 99;

	(void)state;
	assert_true(
	    failover_word_value(FAILOVER_WORDS_MODE, "HOTSTANDBY", &value));
	assert_int_equal(value, HotStandby);
	assert_true(
	    failover_word_value(FAILOVER_WORDS_STATE, "Partnerdown", &value));
	assert_int_equal(value, PARTNER_DOWN);
}

static void
word_value__of_no_word__is_not_found_and_leaves_the_value(void **state)
{
	static const char *const bad[] = { "", "hotStandb", "hotStandbyy",
		"hot standby", "Hat", "1", "normal" };
	unsigned int value = 99;

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		assert_false(
		    failover_word_value(FAILOVER_WORDS_MODE, bad[i], &value));
	assert_int_equal(value, 99);
}

static void
flags_text__of_some_flags__lists_them_in_order(void **state)
{
	char text[96];

	(void)state;
	assert_string_equal(failover_flags_text(MODE | MCLT, text,
				sizeof(text)),
	    "mclt,mode");
	assert_string_equal(failover_flags_text(FAILOVER_SET_ALL, text,
				sizeof(text)),
	    "mclt,safePeriod,changeState,percentage,mode,"
	    "prevState,sharedSecret");
	assert_string_equal(failover_flags_text(0, text, sizeof(text)), "none");
	assert_string_equal(failover_flags_text(MCLT | 0x80000100, text,
				sizeof(text)),
	    "mclt,0x80000100");
}

static void
flags_text__without_room__is_cut(void **state)
{
	char text[8] = "1234567";

	(void)state;
	failover_flags_text(MCLT | MODE, text, 7);
	assert_string_equal(text, "mclt,m");
	failover_flags_text(MCLT | MODE, text, 1);
	assert_string_equal(text, "");
	text[0] = 'x';
	failover_flags_text(MCLT | MODE, text, 0);
	assert_int_equal(text[0], 'x');
}

static void
address__as_text__comes_back(void **state)
{
	static const struct {
		const char *text;
		DHCP_IP_ADDRESS address;
	} all[] = { { "0.0.0.0", 0 }, { "192.0.2.1", 0xC0000201 },
		{ "255.255.255.255", 0xFFFFFFFF }, { "1.2.3.4", 0x01020304 } };
	char text[FAILOVER_ADDRESS_SIZE];
	DHCP_IP_ADDRESS address;

	(void)state;
	for (size_t i = 0; i < nitems(all); i++) {
		assert_string_equal(failover_address_text(all[i].address, text),
		    all[i].text);
		assert_true(failover_address_parse(all[i].text, &address));
		assert_int_equal(address, all[i].address);
	}
}

static void
address_parse__of_anything_else__fails(void **state)
{
	static const char *const bad[] = { "", "1", "10.1", "1.2.3",
		"1.2.3.4.5", "256.1.1.1", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ",
		"01.2.3.4", "0x1.2.3.4", "1..2.3", "::1", "a.b.c.d" };
	DHCP_IP_ADDRESS address = 99;

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++)
		if (failover_address_parse(bad[i], &address))
			fail_msg("\"%s\" is taken for an address", bad[i]);
	assert_int_equal(address, 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(dup__of_a_relationship__copies_all_it_points_to),
		cmocka_unit_test(dup__of_a_zeroed_relationship__has_only_null_pointers),
		cmocka_unit_test(dup__of_an_empty_list_of_scopes__has_none),
		cmocka_unit_test(dup__without_memory__is_null),
		cmocka_unit_test(dup__of_anything__is_a_single_block),
		cmocka_unit_test(free__of_a_copy__wipes_its_secret_first),
		cmocka_unit_test(free__after_another_secret_was_applied__leaves_that_alone),
		cmocka_unit_test(free__of_null__does_nothing),
		cmocka_unit_test(apply__with_two_flags__copies_those_members_only),
		cmocka_unit_test(apply__with_one_flag__changes_what_that_flag_compares),
		cmocka_unit_test(apply__with_every_flag__leaves_what_no_flag_names),
		cmocka_unit_test(apply__without_flags__changes_nothing),
		cmocka_unit_test(apply__to_itself__is_harmless),
		cmocka_unit_test(equal__of_secrets__compares_text_and_takes_null_for_empty),
		cmocka_unit_test(equal__without_flags__is_true),
		cmocka_unit_test(check_set__with_known_flags_and_values_in_range__succeeds),
		cmocka_unit_test(check_set__with_bad_flags_or_null__fails),
		cmocka_unit_test(check_set__with_a_bad_member__fails_only_if_that_is_flagged),
		cmocka_unit_test(check_set__with_any_state__succeeds),
		cmocka_unit_test(check_create__with_one_bad_member__fails),
		cmocka_unit_test(check_create__with_a_long_name__succeeds),
		cmocka_unit_test(check_scopes__with_a_name_and_scopes__succeeds),
		cmocka_unit_test(check_scopes__without_name_or_scopes__fails),
		cmocka_unit_test(scope_count__of_no_list__is_0),
		cmocka_unit_test(partner__of_each_role__is_the_other_server),
		cmocka_unit_test(utf16_units__of_utf8__counts_surrogate_pairs_twice),
		cmocka_unit_test(utf16_units__of_what_is_not_utf8__is_size_max),
		cmocka_unit_test(words__of_each_kind__are_the_labels_of_the_mib),
		cmocka_unit_test(word_value__in_another_case__is_found),
		cmocka_unit_test(word_value__of_no_word__is_not_found_and_leaves_the_value),
		cmocka_unit_test(flags_text__of_some_flags__lists_them_in_order),
		cmocka_unit_test(flags_text__without_room__is_cut),
		cmocka_unit_test(address__as_text__comes_back),
		cmocka_unit_test(address_parse__of_anything_else__fails),
		/* clang-format on */
	};

	return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
