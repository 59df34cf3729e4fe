/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failover.h"
#include "key.h"

/* ${n} times ${text}, one after the other. */
static const char *
times(size_t n, const char *text)
{
	static char all[1024];
	size_t length = strlen(text);

	assert_true(n * length < sizeof(all));
	for (size_t i = 0; i < n; i++)
		memcpy(all + i * length, text, length);
	all[n * length] = '\0';
	return all;
}

static void
assert_key(const char *name, const char *expected)
{
	char key[KEY_MAX + 1];

	memset(key, '!', sizeof(key));
	assert_int_equal(key_from_name(name, key), strlen(expected));
	assert_string_equal(key, expected);
}

static void
key__of_a_plain_name__is_the_name(void **state)
{
	(void)state;
	assert_key("a", "a");
	assert_key("dc1-dc2", "dc1-dc2");
	assert_key(" two  words ", " two  words ");
	assert_key("!#$%&()*+,-./:;<=>?@[]^_`{|}~",
	    "!#$%&()*+,-./:;<=>?@[]^_`{|}~");
}

static void
key__of_80_plain_octets__is_the_name(void **state)
{
	char name[81];

	(void)state;
	snprintf(name, sizeof(name), "%.80s", times(80, "x"));
	assert_key(name, name);
}

static void
key__of_81_plain_octets__is_71_of_them_and_the_sum(void **state)
{
	char key[KEY_MAX + 1];

	(void)state;
	assert_int_equal(key_from_name(times(81, "x"), key), 80);
	assert_memory_equal(key, times(71, "x"), 71);
	assert_string_equal(key + 71, "~222C54C6");
}

/* The sums are those of Python's zlib.crc32(). */
static void
key__of_other_octets__has_underscores_and_the_sum(void **state)
{
	(void)state;
	assert_key("Z\xC3\xBCrich", "Z__rich~D30BA93E");
	assert_key("a\"b", "a_b~B25A3E51");
	assert_key("it's", "it_s~275B35FA");
	assert_key("a\\b", "a_b~03E66A29");
	assert_key("a\nb", "a_b~EF0790FB");
	assert_key("a\177b", "a_b~BD4F1D48");
	assert_key("\t", "_~ABDE5729");
	assert_key("\xC3\xA9", "__~0E048D3E");
}

static void
key__of_126_units_of_astral_characters__fits(void **state)
{
	const char *name = times(63, "\xF0\x9F\x98\x80");
	char key[KEY_MAX + 1];

	(void)state;
	assert_int_equal(failover_utf16_units(name), 126);
	assert_int_equal(key_from_name(name, key), 80);
	assert_string_equal(key + 71, "~E02AF434");
	assert_memory_equal(key, times(71, "_"), 71);
}

static void
key__of_a_long_name_with_other_octets__is_cut_after_71(void **state)
{
	char name[128], expected[81];

	(void)state;
	snprintf(name, sizeof(name), "%.70s\xC3\xA9yyyyyyyyyyyyyyyyyyyy",
	    times(70, "x"));
	snprintf(expected, sizeof(expected), "%.70s_~FCFE0FB5", times(70, "x"));
	assert_key(name, expected);

	/* A name that would fit does not once the sum is added. */
	snprintf(name, sizeof(name), "%.79s\n", times(79, "x"));
	snprintf(expected, sizeof(expected), "%.71s~9F231FF8", times(71, "x"));
	assert_key(name, expected);
}

static void
key__of_an_empty_name__is_none(void **state)
{
	char key[KEY_MAX + 1];

	(void)state;
	assert_int_equal(key_from_name("", key), 0);
	assert_false(key_is_name("", 0));
}

/* Such a name may have the key of another: who keeps keys must see to that. */
static void
key__of_a_plain_name_that_looks_derived__is_the_name(void **state)
{
	(void)state;
	assert_key("a_b~B25A3E51", "a_b~B25A3E51");
	assert_key("x~00000000", "x~00000000");
}

static void
key__of_any_key__is_that_key(void **state)
{
	const char *const names[] = { "a", "Z\xC3\xBCrich", "a\"b", "\x01",
		times(126, "\xC3\xA9") };
	char key[KEY_MAX + 1], again[KEY_MAX + 1];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		size_t length = key_from_name(names[i], key);

		assert_true(key_is_name(key, length));
		assert_int_equal(key_from_name(key, again), length);
		assert_string_equal(again, key);
	}
}

static void
is_name__with_what_cannot_be_typed__is_false(void **state)
{
	(void)state;
	assert_true(key_is_name("a b~", 4));
	assert_false(key_is_name("a\"b", 3));
	assert_false(key_is_name("a'b", 3));
	assert_false(key_is_name("a\\b", 3));
	assert_false(key_is_name("a\0b", 3));
	assert_false(key_is_name("a\x1F", 2));
	assert_false(key_is_name("a\x7F", 2));
	assert_false(key_is_name("a\xC3\xA9", 3));
	assert_true(key_is_name(times(80, "k"), 80));
	assert_false(key_is_name(times(81, "k"), 81));
	/* What is behind the length does not count. */
	assert_true(key_is_name("ab\"", 2));
}

static int
compare(const char *a, const char *b)
{
	return key_compare(a, strlen(a), b, strlen(b));
}

static void
compare__of_keys__goes_by_length_and_then_by_octets(void **state)
{
	static const char *const order[] = { "", "Z", "a", "b", "Zz", "aa",
		"ab", "zz", "aaa" };

	(void)state;
	for (size_t i = 0; i < nitems(order); i++)
		for (size_t j = 0; j < nitems(order); j++) {
			int result = compare(order[i], order[j]);

			assert_int_equal((result > 0) - (result < 0),
			    (i > j) - (i < j));
		}
	/* They need not end with a NUL. */
	assert_int_equal(key_compare("abx", 2, "aby", 2), 0);
	/* A request may bring octets that no key has: they are not signed. */
	assert_true(compare("\xFF", "a") > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key__of_a_plain_name__is_the_name),
		cmocka_unit_test(key__of_80_plain_octets__is_the_name),
		cmocka_unit_test(
		    key__of_81_plain_octets__is_71_of_them_and_the_sum),
		cmocka_unit_test(
		    key__of_other_octets__has_underscores_and_the_sum),
		cmocka_unit_test(key__of_126_units_of_astral_characters__fits),
		cmocka_unit_test(
		    key__of_a_long_name_with_other_octets__is_cut_after_71),
		cmocka_unit_test(key__of_an_empty_name__is_none),
		cmocka_unit_test(
		    key__of_a_plain_name_that_looks_derived__is_the_name),
		cmocka_unit_test(key__of_any_key__is_that_key),
		cmocka_unit_test(is_name__with_what_cannot_be_typed__is_false),
		cmocka_unit_test(
		    compare__of_keys__goes_by_length_and_then_by_octets),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
