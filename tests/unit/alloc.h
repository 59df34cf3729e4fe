/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alloc.h - memory that runs out on command, for a test program that includes
 * this in one file.  It replaces malloc() and the like by functions in front of
 * those of glibc.  Not in tests/mock: an archive would give them to all.
 */
#ifndef DHCPFO_TESTS_ALLOC_H
#define DHCPFO_TESTS_ALLOC_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define ALLOC_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOC_SANITIZED
#endif

/*
 * How many more allocations succeed; less than 0: all of them.  Volatile, since
 * compilers think that malloc() changes no variable of ours.
 */
static volatile atomic_long alloc_left __attribute__((unused)) = -1;
/* Of those that do not, only one fails, and then all succeed again. */
static volatile bool alloc_once __attribute__((unused));
/* How many failed, ever. */
static volatile atomic_ulong alloc_failed __attribute__((unused));
/* How many there are. */
static volatile atomic_long alloc_live __attribute__((unused));
/* Called with what is about to be freed, if not NULL. */
static void (*alloc_before_free)(const void *at) __attribute__((unused));

#if defined(__GLIBC__) && !defined(ALLOC_SANITIZED)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t size);
void __libc_free(void *at);

static bool
alloc_fails(void)
{
	long left = alloc_left;

	while (left > 0)
		if (atomic_compare_exchange_weak(&alloc_left, &left, left - 1))
			return false;
	if (left < 0)
		return false;
	if (alloc_once)
		alloc_left = -1;
	alloc_failed++;
	errno = ENOMEM;
	return true;
}

static void *
alloc_count(void *at)
{
	if (at != NULL)
		alloc_live++;
	return at;
}

void *
malloc(size_t size)
{
	return alloc_fails() ? NULL : alloc_count(__libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : alloc_count(__libc_calloc(n, size));
}

void *
realloc(void *at, size_t size)
{
	if (at == NULL)
		return malloc(size);
	return alloc_fails() ? NULL : __libc_realloc(at, size);
}

void
free(void *at)
{
	if (at == NULL)
		return;
	if (alloc_before_free != NULL)
		alloc_before_free(at);
	alloc_live--;
	__libc_free(at);
}

#endif

/* Are they in place?  Sanitizers and valgrind put their own there. */
static bool
alloc_works(void)
{
	/* Nor may the compiler know which one that is. */
	void *(*volatile take)(size_t) = malloc;
	long before = alloc_live;
	void *volatile at = take(1);
	bool works = alloc_live != before;

	free(at);
	return works;
}

#endif
