/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/select.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "message.h"
#include "utf8.h"

#include "secret.h"

bool
secret_is_source(const char *source)
{
	return source[0] == '\0' || source[0] == '@' ||
	    strcmp(source, "-") == 0;
}

bool
secret_is_open(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IRWXO) != 0;
}

void
secret_wipe(struct secret *secret)
{
	volatile char *c = secret->text;
	size_t i;

	/* Volatile, or it is left out, since nobody reads it again. */
	for (i = 0; i < sizeof(secret->text); i++)
		c[i] = '\0';
}

/* ---------------------------------------------------------------- terminal */

static volatile sig_atomic_t caught;

static void
note_signal(int number)
{
	caught = number;
}

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

/* Read a line; a signal, which is taken only while we wait, ends that. */
static ssize_t
read_line(int fd, char *text, size_t size, const sigset_t *waiting)
{
	fd_set fds;

	FD_ZERO(&fds);
	FD_SET(fd, &fds);
	if (pselect(fd + 1, &fds, NULL, NULL, NULL, waiting) == -1)
		return -1;
	return read(fd, text, size);
}

/*
 * A terminal must not show what is typed, and must show again what is typed
 * next, even if a signal ends the program in between.
 */
static ssize_t
read_hidden(int fd, char *text, size_t size)
{
	struct sigaction action = { .sa_handler = note_signal };
	struct sigaction old[nitems(deadly)];
	struct termios shown, hidden;
	sigset_t blocked, before;
	ssize_t n;
	size_t i;
	int error;

	if (tcgetattr(fd, &shown) == -1)
		return -1;
	sigemptyset(&blocked);
	for (i = 0; i < nitems(deadly); i++)
		sigaddset(&blocked, deadly[i]);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	for (i = 0; i < nitems(deadly); i++)
		sigaction(deadly[i], &action, &old[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* Whoever left it raw: a read is to be a line, and not its first key.
	 */
	hidden.c_lflag |= ICANON | ISIG;
	hidden.c_iflag |= ICRNL;
	tcsetattr(fd, TCSAFLUSH, &hidden);
	fputs("shared secret: ", stderr);

	n = read_line(fd, text, size, &before);

	error = errno;
	fputc('\n', stderr);
	tcsetattr(fd, TCSAFLUSH, &shown);
	for (i = 0; i < nitems(deadly); i++)
		sigaction(deadly[i], &old[i], NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (caught != 0)
		raise(caught);
	errno = error;
	return n;
}

/* ---------------------------------------------------------------- reading */

/* What is wrong with ${n} octets of ${text}, or NULL.  Ends the text. */
static const char *
finish(char *text, size_t n, size_t size)
{
	if (n == size)
		return "it is too long for a secret";
	text[n] = '\0';
	if (strlen(text) != n)
		return "there is a NUL character in it";
	if (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n > 0 && text[n - 1] == '\r')
		text[--n] = '\0';
	if (n == 0)
		return "it is empty; sharedSecret= with nothing behind it "
		       "removes a secret";
	if (n > SECRET_MAX)
		return "it is too long for a secret";
	if (strchr(text, '\n') != NULL)
		return "there is more than one line in it";
	if (!utf8_is_valid(text))
		return "it is not UTF-8";
	return NULL;
}

/* -1: an error. */
static ssize_t
read_all(int fd, char *text, size_t size)
{
	ssize_t n = 1;
	size_t length = 0;

	while (length < size && n > 0) {
		if ((n = read(fd, text + length, size - length)) == -1)
			return -1;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

static const char *
read_from(int fd, char *text, size_t size)
{
	ssize_t n;

	if (secret_is_open(fd))
		return "it can be read by everyone; chmod o= it first";
	n = isatty(fd) ? read_hidden(fd, text, size) : read_all(fd, text, size);
	if (n == -1)
		return strerror(errno);
	return finish(text, (size_t)n, size);
}

bool
secret_read(struct secret *secret, const char *source, const char *verb)
{
	const char *wrong, *path = source + 1;
	int fd;

	memset(secret, 0, sizeof(*secret));
	if (source[0] == '\0')
		return true;
	if (strcmp(source, "-") == 0 || strcmp(source, "@-") == 0) {
		path = "standard input";
		wrong =
		    read_from(STDIN_FILENO, secret->text, sizeof(secret->text));
	} else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		wrong = strerror(errno);
	} else {
		wrong = read_from(fd, secret->text, sizeof(secret->text));
		close(fd);
	}
	if (wrong == NULL)
		return true;
	secret_wipe(secret);
	complain("%s: sharedSecret: %s: %s", verb, path, wrong);
	return false;
}
