/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/alloc.h"
#include "../unit/vfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dhcpsapi.h"
#include "failover.h"

#include "fault.h"

/* System calls, and what of the C library ends in some. */
enum system_call {
	SYSTEM_OPEN,
	SYSTEM_FOPEN,
	SYSTEM_STAT,
	SYSTEM_READ,
	SYSTEM_WRITE,
	SYSTEM_UNLINK,
	SYSTEM_EVENTFD,
	SYSTEM_THREAD,
	SYSTEM_MUTEX,
	SYSTEM_COND
};

/* What a server is told. */
struct server_fault {
	size_t server;
	enum dhcp_error code;
	const char *when;
};

/* clang-format off */
static const struct vfs_fault steps[] = {
	{ .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = EMFILE },
	{ .step = VFS_READ, .rc = SQLITE_IOERR_READ, .number = EIO },
	{ .step = VFS_WRITE, .rc = SQLITE_FULL, .number = ENOSPC },
	{ .step = VFS_WRITE, .rc = SQLITE_FULL, .number = ENOSPC, .forever = true },
	{ .step = VFS_WRITE, .rc = SQLITE_IOERR_WRITE, .number = EIO },
	{ .step = VFS_SYNC, .rc = SQLITE_IOERR_FSYNC, .number = EIO },
	{ .step = VFS_SYNC, .rc = SQLITE_IOERR_FSYNC, .number = EIO, .forever = true },
	{ .step = VFS_TRUNCATE, .rc = SQLITE_IOERR_TRUNCATE, .number = EIO },
	{ .step = VFS_SIZE, .rc = SQLITE_IOERR_FSTAT, .number = EIO },
	{ .step = VFS_LOCK, .rc = SQLITE_IOERR_LOCK, .number = ENOLCK },
	{ .step = VFS_SHM_MAP, .rc = SQLITE_IOERR_SHMMAP, .number = ENOMEM },
	{ .step = VFS_SHM_LOCK, .rc = SQLITE_IOERR_SHMLOCK, .number = ENOLCK },
	{ .step = VFS_SHM_LOCK, .rc = SQLITE_BUSY, .number = 0 },
	{ .step = VFS_DELETE, .rc = SQLITE_IOERR_DELETE, .number = EIO },
	{ .step = VFS_ALLOC },
	{ .step = VFS_ALLOC, .forever = true },
};

static const struct server_fault answers[] = {
	{ 0, ERROR_ACCESS_DENIED, "before" },
	{ 1, RPC_S_SERVER_UNAVAILABLE, "before" },
	{ 0, RPC_S_CALL_FAILED, "before" },
	{ 0, RPC_S_CALL_FAILED, "after" },
	{ 1, ERROR_TIMEOUT, "before" },
	{ 1, ERROR_TIMEOUT, "after" },
};

#define MEMORY(name, forever) { name, FAULT_MEMORY, forever, 0 }
#define STEP(name, which, forever) { name, FAULT_DATABASE, forever, which }
#define SYSTEM(name, which) { name, FAULT_SYSTEM, false, SYSTEM_##which }
#define SERVER(name, which, forever) { name, FAULT_SERVER, forever, which }
#define ANSWER(name, which) { name, FAULT_ANSWER, false, which }

const struct fault faults[] = {
	MEMORY("nth allocation", false),
	MEMORY("allocations from the nth on", true),
	STEP("nth open of the database", 0, false),
	STEP("nth read of the database", 1, false),
	STEP("nth write of the database: disk full", 2, false),
	STEP("writes of the database from the nth on: disk full", 3, true),
	STEP("nth write of the database", 4, false),
	STEP("nth sync", 5, false),
	STEP("syncs from the nth on", 6, true),
	STEP("nth truncation of the database", 7, false),
	STEP("nth look at the database's size", 8, false),
	STEP("nth lock of the database", 9, false),
	STEP("nth map of shared memory", 10, false),
	STEP("nth shared lock", 11, false),
	STEP("nth shared lock: busy", 12, false),
	STEP("nth removal of a file of the database", 13, false),
	STEP("nth allocation of SQLite", 14, false),
	STEP("allocations of SQLite from the nth on", 15, true),
	SYSTEM("nth open()", OPEN),
	SYSTEM("nth fopen()", FOPEN),
	SYSTEM("nth stat()", STAT),
	SYSTEM("nth read(): interrupted", READ),
	SYSTEM("nth write(): interrupted", WRITE),
	SYSTEM("nth unlink()", UNLINK),
	SYSTEM("nth eventfd()", EVENTFD),
	SYSTEM("nth thread", THREAD),
	SYSTEM("nth mutex", MUTEX),
	SYSTEM("nth condition variable", COND),
	SERVER("nth call of the first server", 0, false),
	SERVER("calls of the first server from the nth on", 0, true),
	SERVER("nth call of the second server", 1, false),
	SERVER("calls of the second server from the nth on", 1, true),
	ANSWER("nth call of the first server breaks off, not done", 2),
	ANSWER("nth call of the first server breaks off, done", 3),
	ANSWER("nth call of the second server times out, not done", 4),
	ANSWER("nth call of the second server times out, done", 5),
};
/* clang-format on */

const size_t nfaults = nitems(faults);

static const struct fault *armed;
static unsigned long armed_at, failed_before, elsewhere;
static volatile atomic_ulong seen, hits;
static struct {
	char control[96], calls[96];
} servers[2];

const char *
fault_kind_name(unsigned int i)
{
	static const char *const names[FAULT_KINDS] = { "memory", "database",
		"system calls", "server calls", "server answers lost" };

	return names[i];
}

void
fault_init(void)
{
	vfs_install();
}

bool
fault_works(const struct fault *fault)
{
	return fault->kind != FAULT_MEMORY || alloc_works();
}

long
fault_live(void)
{
	return alloc_live;
}

/* ---------------------------------------------------------------- system */

/* Is this system call the one that fails?  Errno says ${number}, then. */
static bool
system_fails(enum system_call call, int number)
{
	if (armed == NULL || armed->kind != FAULT_SYSTEM ||
	    armed->which != call || ++seen != armed_at)
		return false;
	hits++;
	errno = number;
	return true;
}

/* clang-format off */
int __real_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
int __real_stat(const char *path, struct stat *st);
int __real_fstat(int fd, struct stat *st);
ssize_t __real_read(int fd, void *to, size_t n);
ssize_t __real_write(int fd, const void *from, size_t n);
int __real_unlink(const char *path);
int __real_eventfd(unsigned int count, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int __real_pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr);
int __wrap_open(const char *path, int flags, ...);
FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
ssize_t __wrap_read(int fd, void *to, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n);
int __wrap_unlink(const char *path);
int __wrap_eventfd(unsigned int count, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int __wrap_pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr);
/* clang-format on */

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return system_fails(SYSTEM_OPEN, EMFILE) ?
	    -1 :
	    __real_open(path, flags, mode);
}

FILE *
__wrap_fopen(const char *path, const char *mode)
{
	return system_fails(SYSTEM_FOPEN, EMFILE) ? NULL :
						    __real_fopen(path, mode);
}

int
__wrap_stat(const char *path, struct stat *st)
{
	return system_fails(SYSTEM_STAT, EIO) ? -1 : __real_stat(path, st);
}

int
__wrap_fstat(int fd, struct stat *st)
{
	return system_fails(SYSTEM_STAT, EIO) ? -1 : __real_fstat(fd, st);
}

ssize_t
__wrap_read(int fd, void *to, size_t n)
{
	return system_fails(SYSTEM_READ, EINTR) ? -1 : __real_read(fd, to, n);
}

ssize_t
__wrap_write(int fd, const void *from, size_t n)
{
	return system_fails(SYSTEM_WRITE, EINTR) ? -1 :
						   __real_write(fd, from, n);
}

int
__wrap_unlink(const char *path)
{
	return system_fails(SYSTEM_UNLINK, EROFS) ? -1 : __real_unlink(path);
}

int
__wrap_eventfd(unsigned int count, int flags)
{
	return system_fails(SYSTEM_EVENTFD, EMFILE) ?
	    -1 :
	    __real_eventfd(count, flags);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg)
{
	return system_fails(SYSTEM_THREAD, EAGAIN) ?
	    EAGAIN :
	    __real_pthread_create(thread, attr, run, arg);
}

int
__wrap_pthread_mutex_init(pthread_mutex_t *mutex,
    const pthread_mutexattr_t *attr)
{
	return system_fails(SYSTEM_MUTEX, EAGAIN) ?
	    EAGAIN :
	    __real_pthread_mutex_init(mutex, attr);
}

int
__wrap_pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	return system_fails(SYSTEM_COND, EAGAIN) ?
	    EAGAIN :
	    __real_pthread_cond_init(cond, attr);
}

/* ---------------------------------------------------------------- servers */

void
fault_server(size_t i, const char *control, const char *calls)
{
	snprintf(servers[i].control, sizeof(servers[i].control), "%s", control);
	snprintf(servers[i].calls, sizeof(servers[i].calls), "%s", calls);
}

static void
server_arm(const struct server_fault *fault, unsigned long n, bool forever)
{
	static unsigned int round;
	FILE *file = fopen(servers[fault->server].control, "w");

	if (file == NULL)
		abort();
	/* A server counts anew when it sees a line that it has not seen. */
	round++;
	fprintf(file, "* %0*u %0*u %s %lu%s\n", (int)(1 + round % 60), 0u,
	    (int)(5 + round / 60 % 60), (unsigned int)fault->code, fault->when,
	    n, forever ? "+" : "");
	fclose(file);
	unlink(servers[fault->server].calls);
}

/* A rollback is written down, but never fails. */
static unsigned long
server_disarm(const struct server_fault *fault, unsigned long n, bool forever)
{
	FILE *file = fopen(servers[fault->server].calls, "r");
	unsigned long calls = 0;
	char line[256];

	unlink(servers[fault->server].control);
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		calls += strcmp(line, "rollback\n") != 0;
	fclose(file);
	if (calls < n)
		return 0;
	return forever ? calls - n + 1 : 1;
}

/* ---------------------------------------------------------------- all */

void
fault_arm(const struct fault *fault, unsigned long n)
{
	seen = hits = 0;
	armed_at = n;
	switch (fault->kind) {
	case FAULT_MEMORY:
		failed_before = alloc_failed;
		alloc_once = !fault->forever;
		alloc_left = (long)n - 1;
		break;
	case FAULT_DATABASE:
		vfs_arm(&steps[fault->which], n);
		break;
	case FAULT_SERVER:
	case FAULT_ANSWER:
		server_arm(&answers[fault->which], n, fault->forever);
		break;
	}
	armed = fault;
}

static unsigned long
disarm(void)
{
	const struct fault *fault = armed;

	armed = NULL;
	if (fault == NULL)
		return 0;
	switch (fault->kind) {
	case FAULT_MEMORY:
		alloc_left = -1;
		alloc_once = false;
		return alloc_failed - failed_before;
	case FAULT_DATABASE:
		return vfs_disarm();
	case FAULT_SERVER:
	case FAULT_ANSWER:
		return server_disarm(&answers[fault->which], armed_at,
		    fault->forever);
	}
	return hits;
}

unsigned long
fault_disarm(void)
{
	unsigned long all = disarm() + elsewhere;

	elsewhere = 0;
	return all;
}

const struct fault *
fault_take(unsigned long *n)
{
	const struct fault *fault = armed;

	disarm();
	*n = armed_at;
	return fault;
}

void
fault_add(unsigned long more)
{
	elsewhere += more;
}
