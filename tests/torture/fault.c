/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/alloc.h"
#include "../unit/vfs.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
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
	SYSTEM_COND,
	SYSTEM_SOCKET,
	SYSTEM_SOCKETPAIR,
	SYSTEM_CONNECT,
	SYSTEM_GETSOCKOPT,
	SYSTEM_POLL,
	SYSTEM_SEND,
	SYSTEM_RECV,
	SYSTEM_ACCESS,
	SYSTEM_SPAWN,
	SYSTEM_WAIT
};

/* How one of them fails; 0: it does part of what it could, or waits in vain. */
struct wire_fault {
	enum system_call call;
	int number;
};

/* Longer than a peer needs for anything, in milliseconds. */
#define RECV_PATIENCE 5000

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

static const struct wire_fault wires[] = {
	{ SYSTEM_SOCKET, EMFILE },
	{ SYSTEM_SOCKETPAIR, EMFILE },
	{ SYSTEM_CONNECT, ECONNREFUSED },
	{ SYSTEM_CONNECT, EINTR },
	{ SYSTEM_CONNECT, EAGAIN },
	{ SYSTEM_GETSOCKOPT, ENOBUFS },
	{ SYSTEM_POLL, EINTR },
	{ SYSTEM_POLL, ENOMEM },
	{ SYSTEM_POLL, 0 },
	{ SYSTEM_SEND, EINTR },
	{ SYSTEM_SEND, EPIPE },
	{ SYSTEM_SEND, 0 },
	{ SYSTEM_RECV, EINTR },
	{ SYSTEM_RECV, ECONNRESET },
	{ SYSTEM_RECV, 0 },
	{ SYSTEM_STAT, EIO },
	{ SYSTEM_ACCESS, EIO },
	{ SYSTEM_SPAWN, EAGAIN },
	{ SYSTEM_WAIT, EINTR },
};

#define MEMORY(name, forever) { name, FAULT_MEMORY, forever, 0 }
#define STEP(name, which, forever) { name, FAULT_DATABASE, forever, which }
#define SYSTEM(name, which) { name, FAULT_SYSTEM, false, SYSTEM_##which }
#define SERVER(name, which, forever) { name, FAULT_SERVER, forever, which }
#define ANSWER(name, which) { name, FAULT_ANSWER, false, which }
#define WIRE(name, which, forever) { name, FAULT_WIRE, forever, which }
#define PEER(name, way, forever) { name, FAULT_PEER, forever, FAULT_WAY_##way }

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
	WIRE("nth socket()", 0, false),
	WIRE("socket() from the nth on", 0, true),
	WIRE("nth socketpair()", 1, false),
	WIRE("nth connect(): refused", 2, false),
	WIRE("connect() from the nth on: refused", 2, true),
	WIRE("nth connect(): interrupted", 3, false),
	WIRE("nth connect(): the queue is full", 4, false),
	WIRE("nth getsockopt()", 5, false),
	WIRE("nth poll(): interrupted", 6, false),
	WIRE("nth poll()", 7, false),
	WIRE("poll() from the nth on", 7, true),
	WIRE("nth poll(): time is up", 8, false),
	WIRE("nth send(): interrupted", 9, false),
	WIRE("nth send(): the connection is gone", 10, false),
	WIRE("nth send(): one octet", 11, false),
	WIRE("nth recv(): interrupted", 12, false),
	WIRE("nth recv(): the connection is gone", 13, false),
	WIRE("recv() from the nth on: the connection is gone", 13, true),
	WIRE("nth recv(): one octet", 14, false),
	WIRE("nth stat() on the way to a peer", 15, false),
	WIRE("nth access()", 16, false),
	WIRE("nth posix_spawn()", 17, false),
	WIRE("posix_spawn() from the nth on", 17, true),
	WIRE("nth waitpid(): interrupted", 18, false),
	PEER("nth answer of a peer is not given, not done", IGNORED, false),
	PEER("answers of a peer from the nth on are not given, not done", IGNORED, true),
	PEER("nth answer of a peer is lost, done", LOST, false),
	PEER("answers of a peer from the nth on are lost, done", LOST, true),
	PEER("nth answer of a peer breaks off, done", HALF, false),
	PEER("nth answer of a peer is nonsense, done", NONSENSE, false),
};
/* clang-format on */

const size_t nfaults = nitems(faults);

static const struct fault *armed;
static unsigned long armed_at, failed_before, elsewhere;
static volatile atomic_ulong seen, hits;
static struct {
	char control[96], calls[96];
} servers[2];
static struct fault_peer *told;
static void (*watcher)(const void *at, size_t n);

const char *
fault_kind_name(unsigned int i)
{
	static const char *const names[FAULT_KINDS] = { "memory", "database",
		"system calls", "server calls", "server answers lost",
		"system calls to peers", "peers' answers" };

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

/* Is this call to a peer one of those that fail?  ${*number}: so. */
static bool
wire_fails(enum system_call call, int *number)
{
	if (armed == NULL || armed->kind != FAULT_WIRE ||
	    wires[armed->which].call != call || ++seen < armed_at ||
	    (seen > armed_at && !armed->forever))
		return false;
	hits++;
	*number = wires[armed->which].number;
	if (*number != 0)
		errno = *number;
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
int __real_socket(int family, int type, int protocol);
int __real_socketpair(int family, int type, int protocol, int fds[2]);
int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __real_poll(struct pollfd *fds, nfds_t n, int milliseconds);
ssize_t __real_send(int fd, const void *from, size_t n, int flags);
ssize_t __real_recv(int fd, void *to, size_t n, int flags);
int __real_access(const char *path, int mode);
int __real_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
pid_t __real_waitpid(pid_t pid, int *status, int options);
int __real_nanosleep(const struct timespec *time, struct timespec *left);
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
int __wrap_socket(int family, int type, int protocol);
int __wrap_socketpair(int family, int type, int protocol, int fds[2]);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_poll(struct pollfd *fds, nfds_t n, int milliseconds);
ssize_t __wrap_send(int fd, const void *from, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *to, size_t n, int flags);
int __wrap_access(const char *path, int mode);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
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
	int number;

	return system_fails(SYSTEM_STAT, EIO) ||
		wire_fails(SYSTEM_STAT, &number) ?
	    -1 :
	    __real_stat(path, st);
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

/* ---------------------------------------------------------------- the wire */

int
__wrap_socket(int family, int type, int protocol)
{
	int number;

	return wire_fails(SYSTEM_SOCKET, &number) ?
	    -1 :
	    __real_socket(family, type, protocol);
}

int
__wrap_socketpair(int family, int type, int protocol, int fds[2])
{
	int number;

	return wire_fails(SYSTEM_SOCKETPAIR, &number) ?
	    -1 :
	    __real_socketpair(family, type, protocol, fds);
}

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
	int number;

	return wire_fails(SYSTEM_CONNECT, &number) ?
	    -1 :
	    __real_connect(fd, to, size);
}

int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int number;

	return wire_fails(SYSTEM_GETSOCKOPT, &number) ?
	    -1 :
	    __real_getsockopt(fd, level, name, value, size);
}

/*
 * Whether an answer is there at once is chance.  Where calls of poll() are
 * counted it never is.
 */
static bool polled;

static bool
must_poll(int flags)
{
	if ((flags & MSG_DONTWAIT) == 0 || polled || armed == NULL ||
	    armed->kind != FAULT_WIRE ||
	    wires[armed->which].call != SYSTEM_POLL)
		return false;
	errno = EAGAIN;
	return true;
}

int
__wrap_poll(struct pollfd *fds, nfds_t n, int milliseconds)
{
	int number;

	polled = true;
	if (!wire_fails(SYSTEM_POLL, &number))
		return __real_poll(fds, n, milliseconds);
	if (number != 0)
		return -1;
	/* The peer was at it all the time. */
	__real_poll(fds, n, milliseconds);
	return 0;
}

ssize_t
__wrap_send(int fd, const void *from, size_t n, int flags)
{
	int number;

	if (watcher != NULL)
		watcher(from, n);
	if (!wire_fails(SYSTEM_SEND, &number))
		return __real_send(fd, from, n, flags);
	if (number == 0)
		return __real_send(fd, from, n > 0, flags);
	/* The peer, too, sees the end. */
	if (number == EPIPE)
		shutdown(fd, SHUT_RDWR);
	errno = number;
	return -1;
}

ssize_t
__wrap_recv(int fd, void *to, size_t n, int flags)
{
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	int number;

	if (must_poll(flags))
		return -1;
	polled = false;
	if (!wire_fails(SYSTEM_RECV, &number))
		return __real_recv(fd, to, n, flags);
	if (number == 0)
		return __real_recv(fd, to, n > 0, flags);
	/* It is gone after the peer has done what it was asked for. */
	if (number == ECONNRESET)
		__real_poll(&answer, 1, RECV_PATIENCE);
	errno = number;
	return -1;
}

int
__wrap_access(const char *path, int mode)
{
	int number;

	return wire_fails(SYSTEM_ACCESS, &number) ? -1 :
						    __real_access(path, mode);
}

int
__wrap_posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	int number;

	return wire_fails(SYSTEM_SPAWN, &number) ?
	    number :
	    __real_posix_spawn(pid, path, actions, attr, argv, envp);
}

pid_t
__wrap_waitpid(pid_t pid, int *status, int options)
{
	int number;

	return wire_fails(SYSTEM_WAIT, &number) ?
	    -1 :
	    __real_waitpid(pid, status, options);
}

/* No peer of ours needs that long. */
int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	return watcher != NULL ? 0 : __real_nanosleep(time, left);
}

void
fault_watch(void (*sent)(const void *at, size_t n))
{
	watcher = sent;
}

/* ---------------------------------------------------------------- peers */

void
fault_peer(struct fault_peer *peer)
{
	told = peer;
}

enum fault_way
fault_peer_way(struct fault_peer *peer)
{
	unsigned long n;

	if (peer->way == FAULT_WAY_GOOD)
		return FAULT_WAY_GOOD;
	n = ++peer->seen;
	if (n < peer->at || (n > peer->at && !peer->forever))
		return FAULT_WAY_GOOD;
	peer->hits++;
	return peer->way;
}

static void
peer_arm(enum fault_way way, unsigned long n, bool forever)
{
	told->seen = told->hits = 0;
	told->at = n;
	told->forever = forever;
	told->way = way;
}

static unsigned long
peer_disarm(void)
{
	told->way = FAULT_WAY_GOOD;
	return told->hits;
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
	case FAULT_PEER:
		peer_arm((enum fault_way)fault->which, n, fault->forever);
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
	case FAULT_PEER:
		return peer_disarm();
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
