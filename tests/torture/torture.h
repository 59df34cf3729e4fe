/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * torture.h - operations to be tortured: each is done again and again, while
 * the first, the second, the n-th thing that can fail in it does.
 */
#ifndef DHCPFO_TORTURE_TORTURE_H
#define DHCPFO_TORTURE_TORTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"

struct operation {
	const char *name;
	const void *what, *how; /* for those that follow */
	unsigned int kinds; /* FAULT_* that can happen in it */
	/* Before all rounds, and after them. */
	void *(*begin)(const struct operation *operation);
	void (*end)(void *context);
	/* One round: before the fault is armed, with it, and without it. */
	void (*prepare)(void *context);
	void (*run)(void *context);
	/* ${hits} 0: all must be well.  Anything that must not be fails. */
	void (*check)(void *context, const struct fault *fault,
	    unsigned long hits);
};

/** The operations of each file, and how many there are. */
const struct operation *api_operations(size_t *n);
const struct operation *set_operations(size_t *n);
const struct operation *life_operations(size_t *n);
const struct operation *ctl_operations(size_t *n);
const struct operation *kea_operations(size_t *n);
const struct operation *windows_operations(size_t *n);
const struct operation *watch_operations(size_t *n);

/** Was this process started as the helper of a server?  It is it, then. */
bool windows_helper(void);

#endif
