/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is freed all at once. */
#include "alloc.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"

static void
alloc__of_any_size__is_aligned_for_any_type(void **state)
{
	struct arena arena = { 0 };
	size_t size;
	char *at;

	(void)state;
	for (size = 0; size < 200; size++) {
		/* Texts in between leave it at odd places. */
		assert_non_null(arena_text(&arena, "xyz", size % 4));
		at = arena_alloc(&arena, size);
		assert_non_null(at);
		assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
		memset(at, 0xA5, size);
	}
	arena_free(&arena, 0);
}

static void
alloc__many_times__gives_places_that_do_not_overlap(void **state)
{
	struct arena arena = { 0 };
	unsigned char *at[300];
	size_t i, j;

	(void)state;
	for (i = 0; i < 300; i++) {
		at[i] = arena_alloc(&arena, i);
		assert_non_null(at[i]);
		memset(at[i], (int)(i & 0xFF), i);
	}
	for (i = 0; i < 300; i++)
		for (j = 0; j < i; j++)
			assert_int_equal(at[i][j], i & 0xFF);
	arena_free(&arena, 0);
}

static void
alloc__larger_than_a_block__gets_one_of_its_own(void **state)
{
	struct arena arena = { 0 };
	char *large;

	(void)state;
	assert_non_null(arena_alloc(&arena, 1));
	large = arena_alloc(&arena, 100000);
	assert_non_null(large);
	memset(large, 1, 100000);
	assert_non_null(arena_alloc(&arena, 1));
	arena_free(&arena, 1);
}

static void
alloc__of_more_than_there_can_be__is_null_and_changes_nothing(void **state)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2,
		SIZE_MAX / 4 + 1 };
	struct arena arena = { 0 };
	size_t i, before;

	(void)state;
	assert_non_null(arena_text(&arena, "before", 6));
	before = arena_size(&arena);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_null(arena_alloc(&arena, sizes[i]));
	assert_int_equal(arena_size(&arena), before);
	assert_non_null(arena_alloc(&arena, 8));
	arena_free(&arena, 0);
}

static void
alloc__without_memory__is_null_and_works_again_with_it(void **state)
{
	struct arena arena = { 0 };
	char *text;

	(void)state;
	if (!alloc_works())
		skip();
	alloc_left = 0;
	text = arena_text(&arena, "a", 1);
	alloc_left = -1;
	assert_null(text);
	assert_int_equal(arena_size(&arena), 0);
	text = arena_text(&arena, "a", 1);
	assert_string_equal(text, "a");
	arena_free(&arena, 0);
}

static void
alloc__of_n_octets__costs_log_n_allocations(void **state)
{
	struct arena arena = { 0 };
	long before = alloc_live;
	size_t i;

	(void)state;
	if (!alloc_works())
		skip();
	before = alloc_live;
	for (i = 0; i < 100000; i++)
		assert_non_null(arena_alloc(&arena, 16));
	/* 1.6 MB, from 512 octets on: 12 doublings. */
	assert_in_range(alloc_live - before, 1, 13);
	arena_free(&arena, 0);
	assert_int_equal(alloc_live, before);
}

static void
alloc__after_a_good_first_guess__costs_one_allocation(void **state)
{
	struct arena arena = { .next = 1600000 };
	long before = alloc_live;
	size_t i;

	(void)state;
	if (!alloc_works())
		skip();
	before = alloc_live;
	for (i = 0; i < 100000; i++)
		assert_non_null(arena_alloc(&arena, 16));
	assert_int_equal(alloc_live - before, 1);
	arena_free(&arena, 0);
}

static void
text__of_a_length__is_copied_and_ends_with_a_nul(void **state)
{
	struct arena arena = { 0 };
	char source[] = "abcdef", *copy;

	(void)state;
	copy = arena_text(&arena, source, 3);
	source[0] = 'X';
	assert_string_equal(copy, "abc");
	assert_string_equal(arena_text(&arena, NULL, 0), "");
	assert_string_equal(copy, "abc");
	arena_free(&arena, 0);
}

static void
text__with_a_nul_inside__is_copied_whole(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_memory_equal(arena_text(&arena, "a\0b", 3), "a\0b", 4);
	arena_free(&arena, 0);
}

static void
size__of_texts__counts_their_octets(void **state)
{
	struct arena arena = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(arena_size(&arena), 0);
	for (i = 0; i < 1000; i++)
		assert_non_null(arena_text(&arena, "seven..", 7));
	assert_int_equal(arena_size(&arena), 8000);
	arena_free(&arena, 0);
	assert_int_equal(arena_size(&arena), 0);
}

static void
free__of_an_empty_arena__does_nothing(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	arena_free(&arena, 0);
	arena_free(&arena, 1);
}

static void
free__twice__leaves_an_empty_arena(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_non_null(arena_text(&arena, "a", 1));
	arena_free(&arena, 1);
	arena_free(&arena, 1);
	assert_string_equal(arena_text(&arena, "b", 1), "b");
	arena_free(&arena, 0);
}

/* ---- secrets */

static const char *secrets[2];
static unsigned int seen;

/* Both are inside of blocks, so it is their content that counts. */
static void
look(const void *at)
{
	const char *block = at;
	size_t i;

	for (i = 0; i < 2; i++)
		if (secrets[i] != NULL && secrets[i] > block &&
		    secrets[i] < block + 4096) {
			seen++;
			assert_int_equal(secrets[i][0], '\0');
			assert_int_equal(secrets[i][5], '\0');
			secrets[i] = NULL;
		}
}

static void
free__that_wipes__leaves_no_secret_in_any_block(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	if (!alloc_works())
		skip();
	seen = 0;
	secrets[0] = arena_text(&arena, "s3cret", 6);
	assert_non_null(arena_alloc(&arena, 3000));
	secrets[1] = arena_text(&arena, "Secr3t", 6);
	alloc_before_free = look;
	arena_free(&arena, 1);
	alloc_before_free = NULL;
	assert_int_equal(seen, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc__of_any_size__is_aligned_for_any_type),
		cmocka_unit_test(
		    alloc__many_times__gives_places_that_do_not_overlap),
		cmocka_unit_test(
		    alloc__larger_than_a_block__gets_one_of_its_own),
		cmocka_unit_test(
		    alloc__of_more_than_there_can_be__is_null_and_changes_nothing),
		cmocka_unit_test(
		    alloc__without_memory__is_null_and_works_again_with_it),
		cmocka_unit_test(alloc__of_n_octets__costs_log_n_allocations),
		cmocka_unit_test(
		    alloc__after_a_good_first_guess__costs_one_allocation),
		cmocka_unit_test(
		    text__of_a_length__is_copied_and_ends_with_a_nul),
		cmocka_unit_test(text__with_a_nul_inside__is_copied_whole),
		cmocka_unit_test(size__of_texts__counts_their_octets),
		cmocka_unit_test(free__of_an_empty_arena__does_nothing),
		cmocka_unit_test(free__twice__leaves_an_empty_arena),
		cmocka_unit_test(
		    free__that_wipes__leaves_no_secret_in_any_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
