/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syscalls.h - system calls that fail on command, for a test program that
 * includes this in one file, after alloc.h: functions in front of those of
 * libc.  What SQLite asks of the system has other names (open64 and so on), and
 * a VFS: vfs.h.
 */
#ifndef DHCPFO_TESTS_SYSCALLS_H
#define DHCPFO_TESTS_SYSCALLS_H

#include <sys/eventfd.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How many more succeed before one fails; less than 0: all of them. */
static atomic_long syscalls_left = -1;
static atomic_ulong syscalls_hits;

static inline bool
syscalls_fail(int number)
{
	/* Whoever finds 0 fails, and leaves less than that. */
	if (syscalls_left < 0 || syscalls_left-- != 0)
		return false;
	syscalls_hits++;
	errno = number;
	return true;
}

/* Are they in place?  Sanitizers put their own there. */
static inline bool
syscalls_work(void)
{
#ifdef ALLOC_SANITIZED
	return false;
#else
	return true;
#endif
}

#ifndef ALLOC_SANITIZED

/* The function that stands behind ours; ISO C has no cast for it. */
static inline void
syscalls_behind(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(function, &found, sizeof(found));
}

/* What tells the test servers what to do, and what they were asked. */
static inline bool
syscalls_spare(const char *path)
{
	return strstr(path, ".control") != NULL ||
	    strstr(path, ".calls") != NULL;
}

int
open(const char *path, int flags, ...)
{
	static int (*behind)(const char *, int, ...);
	mode_t mode = 0;
	va_list more;

	if (!syscalls_spare(path) && syscalls_fail(EMFILE))
		return -1;
	if (behind == NULL)
		syscalls_behind("open", &behind);
	va_start(more, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(more, mode_t);
	va_end(more);
	return behind(path, flags, mode);
}

int
stat(const char *path, struct stat *st)
{
	static int (*behind)(const char *, struct stat *);

	if (syscalls_fail(EACCES))
		return -1;
	if (behind == NULL)
		syscalls_behind("stat", &behind);
	return behind(path, st);
}

int
eventfd(unsigned int count, int flags)
{
	static int (*behind)(unsigned int, int);

	if (syscalls_fail(EMFILE))
		return -1;
	if (behind == NULL)
		syscalls_behind("eventfd", &behind);
	return behind(count, flags);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
	static int (*behind)(pthread_t *, const pthread_attr_t *,
	    void *(*)(void *), void *);

	if (syscalls_fail(EAGAIN))
		return EAGAIN;
	if (behind == NULL)
		syscalls_behind("pthread_create", &behind);
	return behind(thread, attr, start, arg);
}

#endif

#endif
