/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever changes the environment moves it, and threads that read it meanwhile
 * (getenv(), posix_spawn()) read what is not there any more.  So in the
 * programs of the tests nobody, be it a library, changes it beside a thread.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_THREAD__
#define LEAST 4 /* entries: it has a thread of its own */
#else
#define LEAST 3 /* entries: ".", ".." and the only thread */
#endif

static void
stop_beside_threads(const char *what, const char *name)
{
	DIR *tasks;
	int n = 0;

	/* libfaketime's own, at the end of the program. */
	if (strncmp(name, "FAKETIME", 8) == 0)
		return;
	if ((tasks = opendir("/proc/self/task")) == NULL)
		return;
	while (readdir(tasks) != NULL)
		n++;
	closedir(tasks);
	if (n <= LEAST)
		return;
	fprintf(stderr, "%s(\"%s\") while %d threads run\n", what, name, n - 2);
	abort();
}

int
setenv(const char *name, const char *value, int replace)
{
	int (*real)(const char *, const char *, int);
	void *found = dlsym(RTLD_NEXT, "setenv");

	stop_beside_threads("setenv", name);
	memcpy(&real, &found, sizeof(real));
	return real(name, value, replace);
}

int
unsetenv(const char *name)
{
	int (*real)(const char *);
	void *found = dlsym(RTLD_NEXT, "unsetenv");

	stop_beside_threads("unsetenv", name);
	memcpy(&real, &found, sizeof(real));
	return real(name);
}
