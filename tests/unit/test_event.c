/* SPDX-License-Identifier: BSD-2-Clause */
#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "failover.h"

static const struct event *
add(struct event_log *log, const char *text)
{
	const struct event event = {
		.kind = EVENT_OTHER,
		.server = "s",
		.text = (char *)(uintptr_t)text,
	};

	return event_log_add(log, &event);
}

static void
assert_holds(const struct event_log *log, uint32_t first, uint32_t last)
{
	const struct event *event;
	uint32_t i;

	assert_int_equal(log->n, last + 1 - first);
	for (i = first; i <= last; i++) {
		event = event_log_from(log, i);
		assert_non_null(event);
		assert_int_equal(event->index, i);
	}
	assert_int_equal(event_log_from(log, 0)->index, first);
	assert_null(event_log_from(log, (uint64_t)last + 1));
}

static void
add__copies_its_texts_and_numbers_on(void **state)
{
	struct event_log *log = event_log_new(3);
	const struct event *event;
	char text[] = "one";

	(void)state;
	event = add(log, text);
	memset(text, 'x', 3);
	assert_string_equal(event->text, "one");
	assert_string_equal(event->server, "s");
	assert_string_equal(event->relationship, "");
	assert_int_equal(event->index, 1);
	assert_int_equal(add(log, "two")->index, 2);
	assert_holds(log, 1, 2);
	event_log_free(log);
}

static void
add__to_a_full_log__drops_the_oldest(void **state)
{
	struct event_log *log = event_log_new(3);
	uint32_t i;

	(void)state;
	for (i = 1; i <= 10; i++) {
		add(log, "x");
		assert_holds(log, i > 3 ? i - 2 : 1, i);
	}
	event_log_free(log);
}

static void
add__with_a_number_of_its_own__goes_on_from_there(void **state)
{
	struct event_log *log = event_log_new(4);
	const struct event old = { .index = 41, .kind = EVENT_OTHER };

	(void)state;
	event_log_add(log, &old);
	assert_int_equal(add(log, "x")->index, 42);
	assert_int_equal(event_log_from(log, 7)->index, 41);
	event_log_free(log);
}

static void
add__after_the_last_number__begins_anew(void **state)
{
	const struct event last = { .index = UINT32_MAX, .kind = EVENT_OTHER };
	struct event_log *log = event_log_new(3);

	(void)state;
	add(log, "one");
	event_log_add(log, &last);
	assert_int_equal(add(log, "first")->index, 1);
	assert_holds(log, 1, 1);
	assert_int_equal(add(log, "second")->index, 2);
	assert_holds(log, 1, 2);
	event_log_free(log);
}

static void
limit__of_zero__keeps_nothing_but_counts(void **state)
{
	struct event_log *log = event_log_new(0);

	(void)state;
	assert_null(add(log, "x"));
	assert_null(event_log_from(log, 0));
	event_log_limit(log, 2);
	assert_int_equal(add(log, "y")->index, 2);
	event_log_free(log);
}

static void
limit__that_shrinks_and_grows__keeps_the_newest(void **state)
{
	struct event_log *log = event_log_new(5);
	int i;

	(void)state;
	for (i = 0; i < 7; i++)
		add(log, "x");
	event_log_limit(log, 2);
	assert_holds(log, 6, 7);
	event_log_limit(log, 4);
	assert_holds(log, 6, 7);
	add(log, "x");
	add(log, "x");
	add(log, "x");
	assert_holds(log, 7, 10);
	event_log_limit(log, 0);
	assert_int_equal(log->n, 0);
	event_log_free(log);
}

/* What a SET has acknowledged cannot be refused for want of memory. */
static void
limit__that_grows_without_memory__is_the_new_one(void **state)
{
	struct event_log *log = event_log_new(2);
	unsigned int i;

	(void)state;
	if (!alloc_works()) {
		event_log_free(log);
		skip();
	}
	add(log, "x");
	add(log, "x");
	alloc_left = 0;
	event_log_limit(log, 100);
	alloc_left = -1;
	assert_int_equal(log->limit, 100);
	for (i = 3; i <= 150; i++)
		add(log, "x");
	assert_holds(log, 51, 150);
	event_log_free(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add__copies_its_texts_and_numbers_on),
		cmocka_unit_test(add__to_a_full_log__drops_the_oldest),
		cmocka_unit_test(
		    add__with_a_number_of_its_own__goes_on_from_there),
		cmocka_unit_test(add__after_the_last_number__begins_anew),
		cmocka_unit_test(limit__of_zero__keeps_nothing_but_counts),
		cmocka_unit_test(
		    limit__that_shrinks_and_grows__keeps_the_newest),
		cmocka_unit_test(
		    limit__that_grows_without_memory__is_the_new_one),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
