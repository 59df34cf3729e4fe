/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * torture.c - for n = 1, 2, ... the n-th thing that can fail does, in every
 * operation, one kind of failure after the other: the error is reported, what
 * was there is there, all memory is given back, nothing hangs.
 *
 * With $TORTURE set n takes each value and every fault its turn.  Otherwise an
 * operation has one in a few of the faults, the next operation has others, and
 * n doubles each time.  Arguments: only operations in whose names one of them
 * is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "failover.h"

#include "torture.h"

#define OPERATIONS_MAX 512u
/* Of that many faults a short round has one. */
#define ONE_IN 8u
/* Longer than any operation takes; whatever hangs is killed. */
#define PATIENCE 900u

static struct {
	unsigned long operations, rounds, hits[FAULT_KINDS], findings;
} figures;

/* What is being done. */
static struct {
	const struct operation *operation;
	const struct fault *fault;
	unsigned long n;
	void *context; /* NULL: it is over */
} now;

static bool thorough;

static unsigned long
next(unsigned long n)
{
	return thorough ? n + 1 : 2 * n + 1;
}

static unsigned int
kind_number(const struct fault *fault)
{
	unsigned int i;

	for (i = 0; fault->kind != 1u << i; i++)
		continue;
	return i;
}

/* One round; false: nothing failed any more. */
static bool
round_of_it(void)
{
	const struct operation *operation = now.operation;
	unsigned long hits;

	operation->prepare(now.context);
	if (now.fault != NULL)
		fault_arm(now.fault, now.n);
	operation->run(now.context);
	hits = fault_disarm();
	if (hits > 0)
		figures.hits[kind_number(now.fault)] += hits;
	operation->check(now.context, now.fault, hits);
	figures.rounds++;
	return hits > 0;
}

static void
begin_it(void)
{
	now.context = now.operation->begin(now.operation);
}

static void
end_it(void)
{
	void *context = now.context;

	now.context = NULL;
	now.operation->end(context);
}

/* Is it the turn of ${fault}? */
static bool
is_due(const struct fault *fault, size_t *turn)
{
	if ((now.operation->kinds & fault->kind) == 0 || !fault_works(fault))
		return false;
	return (*turn)++ % ONE_IN == 0 || thorough;
}

static void
torment(void **state)
{
	static size_t first;
	size_t turn = first++;
	long live;
	size_t i;

	now.operation = *state;
	now.fault = NULL;
	alarm(PATIENCE);
	/* Threads and libraries keep what they allocate for the first time. */
	begin_it();
	round_of_it();
	end_it();
	live = fault_live();

	begin_it();
	for (i = 0; i < nfaults; i++) {
		now.fault = &faults[i];
		now.n = 1;
		if (!is_due(now.fault, &turn))
			continue;
		while (round_of_it())
			now.n = next(now.n);
	}
	now.fault = NULL;
	round_of_it();
	end_it();
	if (fault_live() != live)
		fail_msg("%ld allocations are left", fault_live() - live);
	alarm(0);
	figures.operations++;
	now.operation = NULL;
}

/* Whatever failed: say where, and clear up for those that follow. */
static int
tell(void **state)
{
	(void)state;
	fault_disarm();
	if (now.operation == NULL)
		return 0;
	figures.findings++;
	print_message("# finding: %s: %s, n = %lu\n", now.operation->name,
	    now.fault != NULL ? now.fault->name : "no fault", now.n);
	if (now.context != NULL)
		end_it();
	return 0;
}

static size_t
add(struct CMUnitTest *tests, size_t n, const struct operation *operations,
    size_t noperations, int argc, char *argv[])
{
	size_t i;
	int j;

	for (i = 0; i < noperations; i++) {
		for (j = 1; j < argc; j++)
			if (strstr(operations[i].name, argv[j]) != NULL)
				break;
		if (argc > 1 && j == argc)
			continue;
		if (n == OPERATIONS_MAX)
			abort();
		tests[n++] = (struct CMUnitTest){ .name = operations[i].name,
			.test_func = torment,
			.teardown_func = tell,
			.initial_state = (void *)(uintptr_t)&operations[i] };
	}
	return n;
}

static void
print_figures(void)
{
	unsigned int i;

	print_message("# %lu operations, %lu rounds, %lu findings\n# faults:",
	    figures.operations, figures.rounds, figures.findings);
	for (i = 0; i < FAULT_KINDS; i++)
		print_message("%s %s %lu", i > 0 ? "," : "", fault_kind_name(i),
		    figures.hits[i]);
	print_message("\n");
}

int
main(int argc, char *argv[])
{
	static const struct operation *(*const groups[])(
	    size_t * n) = { api_operations, set_operations, life_operations,
		ctl_operations, kea_operations, windows_operations,
		watch_operations };
	static struct CMUnitTest tests[OPERATIONS_MAX];
	const struct operation *operations;
	size_t i, n, all = 0;
	int failed;

	if (windows_helper())
		return 0;
	thorough = getenv("TORTURE") != NULL;
	fault_init();
	for (i = 0; i < nitems(groups); i++) {
		operations = groups[i](&n);
		all = add(tests, all, operations, n, argc, argv);
	}
	failed = _cmocka_run_group_tests("torture", tests, all, NULL, NULL);
	print_figures();
	return failed > 0 || all == 0;
}
