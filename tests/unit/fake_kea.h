/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_kea.h - a thread or a process that stands in for Kea, or for the
 * partner's HTTP listener: it answers commands by rules, and writes down what
 * it was asked; or a function knows all answers.
 */
#ifndef DHCPFO_TESTS_FAKE_KEA_H
#define DHCPFO_TESTS_FAKE_KEA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum fake_how {
	FAKE_ANSWER, /* and close */
	FAKE_CLOSE, /* without an octet */
	FAKE_HALF, /* half of the answer, then close */
	FAKE_HANG, /* half of the answer, and no more */
	FAKE_DRIP, /* an octet each 20 ms */
	FAKE_FLOOD, /* the answer again and again, until nobody listens */
	FAKE_DEAF /* close at once, what was sent unread */
};

struct fake_rule {
	const char *command; /* a part of what is sent */
	const char *text;
	enum fake_how how;
	int uses; /* how often; 0: always */
};

/* The answer to what is ${asked}, which lasts until the next one, and how. */
typedef const char *
fake_say_fn(void *arg, const char *asked, enum fake_how *how);

struct fake {
	int fd, wake[2];
	pthread_t thread;
	pid_t pid; /* not a thread, but this process */
	fake_say_fn *say; /* instead of the rules, or NULL */
	void *arg;
	pthread_mutex_t lock;
	char dir[40], path[64]; /* of the unix socket, if it is one */
	uint16_t port;
	struct fake_rule rules[16];
	size_t nrules;
	char calls[4096]; /* "status-get config-get " */
	char *last; /* what was sent last, whole */
	size_t last_size;
	char *set; /* the last config-set */
	char *texts[256]; /* of all rules there were: one may still be sent */
	size_t ntexts;
};

/* valgrind gives signals to threads which have them blocked. */
static inline int
fake_poll(struct pollfd *fds, nfds_t nfds, int milliseconds)
{
	int n;

	do
		n = poll(fds, nfds, milliseconds);
	while (n == -1 && errno == EINTR);
	return n;
}

static inline bool
fake_stops(const struct fake *fake, int milliseconds)
{
	struct pollfd pollfd = { .fd = fake->wake[0], .events = POLLIN };

	return fake_poll(&pollfd, 1, milliseconds) > 0;
}

/* Read one JSON object, behind a head or not; false: nothing came. */
static inline bool
fake_read(struct fake *fake, int fd)
{
	size_t used = 0, i;
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = fake->wake[0], .events = POLLIN } };
	int depth = 0;
	ssize_t n;

	for (;;) {
		if (used + 4096 > fake->last_size) {
			fake->last_size = 2 * fake->last_size + 8192;
			fake->last = realloc(fake->last, fake->last_size);
		}
		if (fake_poll(fds, 2, 5000) <= 0 || fds[1].revents != 0)
			return false;
		n = recv(fd, fake->last + used, 4096 - 1, 0);
		if (n <= 0)
			return false;
		for (i = used, used += (size_t)n; i < used; i++)
			depth +=
			    (fake->last[i] == '{') - (fake->last[i] == '}');
		fake->last[used] = '\0';
		if (depth == 0 && fake->last[used - 1] == '}')
			return true;
	}
}

static inline void
fake_note(struct fake *fake)
{
	const char *name = strstr(fake->last, "\"command\":\"");
	size_t used = strlen(fake->calls);

	if (strstr(fake->last, "\"config-set\"") != NULL) {
		free(fake->set);
		fake->set = strdup(fake->last);
	}
	name = name != NULL ? name + strlen("\"command\":\"") : "?";
	snprintf(fake->calls + used, sizeof(fake->calls) - used, "%.*s ",
	    (int)strcspn(name, "\""), name);
}

static inline bool
fake_find(struct fake *fake, struct fake_rule *found)
{
	struct fake_rule *rule;
	size_t i;

	for (i = 0; i < fake->nrules; i++) {
		rule = &fake->rules[i];
		if (rule->uses < 0 || strstr(fake->last, rule->command) == NULL)
			continue;
		*found = *rule;
		if (rule->uses > 0 && --rule->uses == 0)
			rule->uses = -1;
		return true;
	}
	return false;
}

static inline void
fake_send(const struct fake *fake, int fd, const char *text, size_t length)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLOUT },
		{ .fd = fake->wake[0], .events = POLLIN } };
	ssize_t n;

	while (
	    length > 0 && fake_poll(fds, 2, 5000) > 0 && fds[1].revents == 0) {
		n = send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return;
		text += n;
		length -= (size_t)n;
	}
}

/* Until the other side closes. */
static inline void
fake_outwait(const struct fake *fake, int fd)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = fake->wake[0], .events = POLLIN } };

	fake_poll(fds, 2, 20000);
}

static inline void
fake_answer(struct fake *fake, int fd)
{
	struct fake_rule rule = { .how = FAKE_CLOSE };
	size_t length, i;
	bool known;

	pthread_mutex_lock(&fake->lock);
	for (i = 0; i < fake->nrules; i++)
		if (fake->rules[i].how == FAKE_DEAF)
			rule = fake->rules[i];
	pthread_mutex_unlock(&fake->lock);
	if (rule.how == FAKE_DEAF || !fake_read(fake, fd))
		return;
	pthread_mutex_lock(&fake->lock);
	fake_note(fake);
	known = fake->say != NULL || fake_find(fake, &rule);
	pthread_mutex_unlock(&fake->lock);
	if (fake->say != NULL)
		rule.text = fake->say(fake->arg, fake->last, &rule.how);
	if (!known)
		rule.text = "{\"result\":2,\"text\":\"not supported\"}",
		rule.how = FAKE_ANSWER;
	length = rule.text != NULL ? strlen(rule.text) : 0;
	switch (rule.how) {
	case FAKE_ANSWER:
		fake_send(fake, fd, rule.text, length);
		break;
	case FAKE_HALF:
		fake_send(fake, fd, rule.text, length / 2);
		break;
	case FAKE_HANG:
		fake_send(fake, fd, rule.text, length / 2);
		fake_outwait(fake, fd);
		break;
	case FAKE_DRIP:
		for (i = 0; i < length && !fake_stops(fake, 20); i++)
			if (send(fd, &rule.text[i], 1, MSG_NOSIGNAL) < 0)
				break;
		break;
	case FAKE_FLOOD:
		while (!fake_stops(fake, 0) &&
		    send(fd, rule.text, length, MSG_NOSIGNAL) > 0)
			continue;
		break;
	case FAKE_CLOSE:
	case FAKE_DEAF:
		break;
	}
}

static inline void *
fake_run(void *arg)
{
	struct fake *fake = arg;
	struct pollfd fds[2] = { { .fd = fake->fd, .events = POLLIN },
		{ .fd = fake->wake[0], .events = POLLIN } };
	int fd;

	while (fake_poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		if ((fd = accept(fake->fd, NULL, NULL)) == -1)
			continue;
		fake_answer(fake, fd);
		close(fd);
	}
	return NULL;
}

/* Add a rule behind the others. */
static inline void
fake_rule(struct fake *fake, const char *command, const char *text,
    enum fake_how how, int uses)
{
	char *copy = text != NULL ? strdup(text) : NULL;

	pthread_mutex_lock(&fake->lock);
	assert_true(fake->nrules < 16 && fake->ntexts < 256);
	fake->texts[fake->ntexts++] = copy;
	if (uses >= 0)
		fake->rules[fake->nrules++] =
		    (struct fake_rule){ command, copy, how, uses };
	pthread_mutex_unlock(&fake->lock);
}

/* Forget rules and calls. */
static inline void
fake_forget(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->nrules = 0;
	fake->calls[0] = '\0';
	pthread_mutex_unlock(&fake->lock);
}

static inline const char *
fake_calls(struct fake *fake)
{
	static char copy[sizeof(fake->calls)];

	pthread_mutex_lock(&fake->lock);
	memcpy(copy, fake->calls, sizeof(copy));
	fake->calls[0] = '\0';
	pthread_mutex_unlock(&fake->lock);
	return copy;
}

static inline struct fake *
fake_begin(int fd)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	int wake[2];

	assert_non_null(fake);
	assert_int_equal(pipe(wake), 0);
	memcpy(fake->wake, wake, sizeof(wake));
	pthread_mutex_init(&fake->lock, NULL);
	fake->fd = fd;
	return fake;
}

/* Signals are for the thread that is tested. */
static inline void
fake_start(struct fake *fake)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_run, fake),
	    0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * A process that answers by ${say}, for whom memory and system calls of this
 * one fail: it shares none of them.
 */
static inline void
fake_fork(struct fake *fake, fake_say_fn *say, void *arg)
{
	fake->say = say;
	fake->arg = arg;
	fake->pid = fork();
	assert_true(fake->pid >= 0);
	if (fake->pid > 0)
		return;
	/* Whatever ends the other one ends this one, too. */
	close(fake->wake[1]);
	fake_run(fake);
	_exit(0);
}

/* At the unix socket fake->path, for whom fake_start() or fake_fork() comes. */
static inline struct fake *
fake_local_idle(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct fake *fake = fake_begin(socket(AF_UNIX, SOCK_STREAM, 0));

	snprintf(fake->dir, sizeof(fake->dir), "/tmp/fake-kea-XXXXXX");
	assert_non_null(mkdtemp(fake->dir));
	snprintf(fake->path, sizeof(fake->path), "%s/socket", fake->dir);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", fake->path);
	assert_int_equal(bind(fake->fd, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fake->fd, 8), 0);
	return fake;
}

static inline struct fake *
fake_local(void)
{
	struct fake *fake = fake_local_idle();

	fake_start(fake);
	return fake;
}

/* A socket at a ${*port} of 127.0.0.1, where nobody listens yet. */
static inline int
fake_tcp_socket(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (void *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* The same at fake->port of 127.0.0.1. */
static inline struct fake *
fake_tcp_idle(void)
{
	uint16_t port;
	struct fake *fake = fake_begin(fake_tcp_socket(&port));

	fake->port = port;
	assert_int_equal(listen(fake->fd, 8), 0);
	return fake;
}

static inline struct fake *
fake_tcp(void)
{
	struct fake *fake = fake_tcp_idle();

	fake_start(fake);
	return fake;
}

static inline void
fake_end(struct fake *fake)
{
	assert_int_equal(write(fake->wake[1], "", 1), 1);
	if (fake->pid > 0)
		assert_int_equal(waitpid(fake->pid, NULL, 0), fake->pid);
	else
		pthread_join(fake->thread, NULL);
	close(fake->fd);
	close(fake->wake[0]);
	close(fake->wake[1]);
	if (fake->path[0] != '\0')
		unlink(fake->path);
	if (fake->dir[0] != '\0')
		rmdir(fake->dir);
	for (size_t i = 0; i < fake->ntexts; i++)
		free(fake->texts[i]);
	free(fake->last);
	free(fake->set);
	free(fake);
}

#endif
