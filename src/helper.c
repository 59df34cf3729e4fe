/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

#define BACK_OFF_MAX 30u

/* How long it may take to end when its input has ended. */
#define PATIENCE_MS 1000

extern char **environ;

void
helper_init(struct helper *helper, const char *program)
{
	*helper = (struct helper){ .program = program, .fd = -1 };
}

unsigned int
helper_back_off(unsigned int failures)
{
	unsigned int seconds = 1;

	if (failures < 2)
		return 0;
	while (failures-- > 2 && seconds < BACK_OFF_MAX)
		seconds *= 2;
	return seconds < BACK_OFF_MAX ? seconds : BACK_OFF_MAX;
}

void
helper_forget(struct helper_message *message)
{
	volatile unsigned char *at = message->body;

	for (size_t i = 0; i < message->n && at != NULL; i++)
		at[i] = 0;
	free(message->body);
	message->body = NULL;
}

static void
say_errno(struct helper *helper, int number)
{
	char text[96];

	if (strerror_r(number, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", number);
	snprintf(helper->why, sizeof(helper->why), "%s: %s", helper->program,
	    text);
}

/* ---------------------------------------------------------------- life */

/* Start the program with ${fd} as its standard input; an errno, or 0. */
static int
spawn(struct helper *helper, int fd)
{
	char *argv[] = { (char *)(uintptr_t)helper->program, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int error;

	if ((error = posix_spawn_file_actions_init(&actions)) != 0)
		goto err0;
	if ((error = posix_spawnattr_init(&attr)) != 0)
		goto err1;

	/* Threads of ours block all signals, and some of them are ignored. */
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGALRM);
	sigaddset(&defaults, SIGCHLD);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if ((error = posix_spawn_file_actions_adddup2(&actions, fd, 0)) == 0)
		error = posix_spawn(&helper->pid, helper->program, &actions,
		    &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
err1:
	posix_spawn_file_actions_destroy(&actions);
err0:
	if (error != 0)
		helper->pid = 0;
	return error;
}

/*
 * Is there such a program?  posix_spawn() would say so too, but not everywhere
 * (not under valgrind).  An errno, or 0.
 */
static int
look_for(const char *program)
{
	struct stat st;

	if (stat(program, &st) == -1 || access(program, X_OK) == -1)
		return errno;
	return S_ISREG(st.st_mode) ? 0 : EACCES;
}

static enum dhcp_error
start(struct helper *helper)
{
	int error, fds[2];

	if (helper_clock() < helper->not_before)
		return RPC_S_SERVER_UNAVAILABLE; /* why: as before */
	if ((error = look_for(helper->program)) != 0) {
		say_errno(helper, error);
		return ERROR_NOT_SUPPORTED;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1) {
		say_errno(helper, errno);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	error = spawn(helper, fds[1]);
	close(fds[1]);
	if (error != 0) {
		close(fds[0]);
		say_errno(helper, error);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	helper->fd = fds[0];
	return ERROR_SUCCESS;
}

/* Wait for it; says in ${how} how it ended. */
static void
reap(struct helper *helper, char *how, size_t size)
{
	int status = 0;

	close(helper->fd);
	helper->fd = -1;
	while (waitpid(helper->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	helper->pid = 0;
	if (WIFSIGNALED(status))
		snprintf(how, size, "signal %d", WTERMSIG(status));
	else
		snprintf(how, size, "status %d", WEXITSTATUS(status));
}

/* It is of no use any more, for the reason ${why}. */
static void
give_up(struct helper *helper, const char *why)
{
	char how[32];

	/* It may be dead already, but nobody else has its number before reap().
	 */
	kill(helper->pid, SIGKILL);
	reap(helper, how, sizeof(how));
	helper->failures++;
	helper->not_before =
	    helper_clock() + 1000u * helper_back_off(helper->failures);
	snprintf(helper->why, sizeof(helper->why), "%s (%s)", why, how);
}

void
helper_end(struct helper *helper)
{
	struct pollfd end = { .fd = helper->fd, .events = POLLIN };
	char how[32];

	if (helper->pid == 0)
		return;
	shutdown(helper->fd, SHUT_WR);
	if (poll(&end, 1, PATIENCE_MS) != 1)
		kill(helper->pid, SIGKILL);
	reap(helper, how, sizeof(how));
}

/* ---------------------------------------------------------------- asking */

static enum dhcp_error
send_question(struct helper *helper, struct helper_message *question,
    uint64_t deadline)
{
	enum helper_io io;

	question->sequence = ++helper->sequence;
	io = helper_send(helper->fd, question, deadline);
	if (io == HELPER_IO_DONE)
		return ERROR_SUCCESS;
	/* Nothing is done before all of a question is there. */
	give_up(helper,
	    io == HELPER_IO_TIMEOUT ? "the helper does not listen" :
				      "the helper ended");
	return RPC_S_CALL_FAILED_DNE;
}

static enum dhcp_error
receive_answer(struct helper *helper, uint64_t deadline,
    struct helper_message *message, struct helper_answer *answer)
{
	message->body = NULL;
	message->n = 0;
	switch (helper_receive(helper->fd, message, deadline)) {
	case HELPER_IO_DONE:
		if (message->kind == HELPER_ANSWER &&
		    message->sequence == helper->sequence &&
		    helper_answer_read(message->body, message->n, answer)) {
			helper->failures = 0;
			return ERROR_SUCCESS;
		}
		helper_forget(message);
		break;
	case HELPER_IO_TIMEOUT:
		give_up(helper, "no answer in time, the helper was killed");
		return ERROR_TIMEOUT;
	case HELPER_IO_CLOSED:
		give_up(helper, "the helper died");
		return RPC_S_CALL_FAILED;
	case HELPER_IO_BAD:
	case HELPER_IO_MEMORY:
		break;
	}
	give_up(helper, "the helper's answer could not be understood");
	return RPC_S_CALL_FAILED;
}

/* Between two questions there is nothing to read but the end. */
static bool
has_ended(const struct helper *helper)
{
	struct pollfd end = { .fd = helper->fd, .events = POLLIN };

	return poll(&end, 1, 0) == 1;
}

enum dhcp_error
helper_ask(struct helper *helper, const struct helper_message *question,
    unsigned int milliseconds, struct helper_message *message,
    struct helper_answer *answer)
{
	uint64_t deadline = helper_clock() + milliseconds;
	struct helper_message asked = *question;
	enum dhcp_error error;

	if (helper->pid != 0 && has_ended(helper))
		give_up(helper, "the helper died");
	if (helper->pid == 0 && (error = start(helper)) != ERROR_SUCCESS)
		return error;
	if ((error = send_question(helper, &asked, deadline)) != ERROR_SUCCESS)
		return error;
	return receive_answer(helper, deadline, message, answer);
}
