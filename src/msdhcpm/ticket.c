/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ticket.h"

/* In the child: become kinit, which says on ${out} what is wrong. */
static void
become_kinit(const struct ticket *ticket, const char *keytab,
    const char *principal, int out)
{
	int null = open("/dev/null", O_RDONLY);

	/* The parent may be killed while it waits for us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null != -1)
		dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	execlp("kinit", "kinit", "-k", "-t", keytab, "-c", ticket->path, "--",
	    principal[0] != '\0' ? principal : NULL, NULL);
	dprintf(2, "kinit: %s", strerror(errno));
	_exit(127);
}

/* The first line that comes from ${fd}. */
static void
read_line(int fd, char *line, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size - 1 && (got = read(fd, line + n, size - 1 - n)) > 0)
		n += (size_t)got;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static bool
run_kinit(const struct ticket *ticket, const char *keytab,
    const char *principal, char *why, size_t size)
{
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		goto err0;
	if ((pid = fork()) == -1)
		goto err1;
	if (pid == 0)
		become_kinit(ticket, keytab, principal, fds[1]);
	close(fds[1]);
	read_line(fds[0], why, size);
	close(fds[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;

err1:
	close(fds[0]);
	close(fds[1]);
err0:
	snprintf(why, size, "kinit: %s", strerror(errno));
	return false;
}

/* ---------------------------------------------------------------- keeper */

static void
remove_cache(const struct ticket *ticket)
{
	const struct timespec moment = { 0, 100 * 1000000L };

	/* A kinit that is killed with us may have it in hand still. */
	for (int i = 0; i < 10; i++) {
		unlink(ticket->path);
		if (rmdir(ticket->directory) == 0 || errno == ENOENT)
			return;
		nanosleep(&moment, NULL);
	}
}

/* In the child: wait for the end of ${fd}, whatever it comes by. */
static void
be_keeper(const struct ticket *ticket, int fd)
{
	char octet;

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	/* dhcpfod is not to wait for it. */
	close(0);
	while (read(fd, &octet, 1) == -1 && errno == EINTR)
		continue;
	remove_cache(ticket);
	_exit(0);
}

/*
 * Connecting may take longer than dhcpfod waits, and whoever is killed leaves
 * all behind.
 */
static bool
start_keeper(struct ticket *ticket)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		goto err0;
	if ((ticket->keeper = fork()) == -1)
		goto err1;
	if (ticket->keeper == 0) {
		close(fds[1]);
		be_keeper(ticket, fds[0]);
	}
	close(fds[0]);
	ticket->hold = fds[1];
	return true;

err1:
	close(fds[0]);
	close(fds[1]);
err0:
	return false;
}

bool
ticket_get(struct ticket *ticket, const char *keytab, const char *principal,
    char *why, size_t size)
{
	snprintf(ticket->directory, sizeof(ticket->directory),
	    "/tmp/dhcpfo-XXXXXX");
	if (mkdtemp(ticket->directory) == NULL)
		goto err0;
	snprintf(ticket->path, sizeof(ticket->path), "%s/ccache",
	    ticket->directory);
	if (!start_keeper(ticket))
		goto err1;
	if (run_kinit(ticket, keytab, principal, why, size))
		return true;
	ticket_drop(ticket);
	return false;

err1:
	rmdir(ticket->directory);
err0:
	snprintf(why, size, "%s: %s", ticket->directory, strerror(errno));
	return false;
}

void
ticket_drop(struct ticket *ticket)
{
	close(ticket->hold);
	while (waitpid(ticket->keeper, NULL, 0) == -1 && errno == EINTR)
		continue;
}
