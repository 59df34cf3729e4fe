/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failover.h"

#include "secret_file.h"

#define BLANKS " \t\r"

/* clang-format off */
static const struct key {
	const char *name;
	size_t offset;
} keys[] = {
	{ "username", offsetof(struct secret_file, username) },
	{ "password", offsetof(struct secret_file, password) },
	{ "domain",   offsetof(struct secret_file, domain) },
	{ "realm",    offsetof(struct secret_file, realm) },
};
/* clang-format on */

void
secret_file_wipe(struct secret_file *secrets)
{
	volatile char *at = (volatile char *)secrets;

	for (size_t i = 0; i < sizeof(*secrets); i++)
		at[i] = '\0';
}

static bool
fail_errno(const char *path, char *why, size_t size)
{
	char text[128];

	if (strerror_r(errno, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", errno);
	snprintf(why, size, "%s: %s", path, text);
	return false;
}

/* Only its owner may read it, and that is us, or the administrator. */
static bool
is_private(int fd, const char *path, char *why, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return fail_errno(path, why, size);
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, size, "%s: is not a file", path);
		return false;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		snprintf(why, size, "%s: belongs to somebody else", path);
		return false;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		snprintf(why, size,
		    "%s: others have access to it (mode %04o); "
		    "it must be 0600",
		    path, (unsigned)st.st_mode & 07777);
		return false;
	}
	return true;
}

bool
secret_file_is_private(const char *path, char *why, size_t size)
{
	bool good;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return fail_errno(path, why, size);
	good = is_private(fd, path, why, size);
	close(fd);
	return good;
}

static char *
strip(char *text)
{
	size_t length;

	text += strspn(text, BLANKS);
	length = strlen(text);
	while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
		text[--length] = '\0';
	return text;
}

/* What is wrong with ${line}, NULL: nothing. */
static const char *
take_line(char *line, struct secret_file *secrets)
{
	char *name = strip(line), *value, *to;

	if (name[0] == '\0' || name[0] == '#')
		return NULL;
	if ((value = strchr(name, '=')) == NULL)
		return "is not \"key = value\"";
	*value++ = '\0';
	name = strip(name);
	value = strip(value);
	for (size_t i = 0; i < nitems(keys); i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		to = (char *)secrets + keys[i].offset;
		if (to[0] != '\0')
			return "comes twice";
		if (strlen(value) >= SECRET_FILE_TEXT)
			return "is too long";
		memcpy(to, value, strlen(value) + 1);
		return NULL;
	}
	return "is none of username, password, domain and realm";
}

/* Not by stdio, whose buffers would keep the password. */
static bool
take_lines(char *text, const char *path, struct secret_file *secrets, char *why,
    size_t size)
{
	unsigned int number = 0;
	const char *wrong;
	char *line, *next;

	for (line = text; line != NULL; line = next) {
		number++;
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if ((wrong = take_line(line, secrets)) != NULL) {
			snprintf(why, size, "%s:%u: the line %s", path, number,
			    wrong);
			return false;
		}
	}
	if (secrets->username[0] == '\0') {
		snprintf(why, size, "%s: there is no username", path);
		return false;
	}
	return true;
}

static bool
read_text(int fd, const char *path, char *text, size_t room, char *why,
    size_t size)
{
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, text + n, room - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	if (got == -1)
		return fail_errno(path, why, size);
	if (n == room - 1 || strlen(text) != n) {
		snprintf(why, size, "%s: is too long, or no text", path);
		return false;
	}
	return true;
}

bool
secret_file_read(const char *path, struct secret_file *secrets, char *why,
    size_t size)
{
	char text[8 * SECRET_FILE_TEXT];
	bool good;
	int fd;

	memset(secrets, 0, sizeof(*secrets));
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return fail_errno(path, why, size);
	good = is_private(fd, path, why, size) &&
	    read_text(fd, path, text, sizeof(text), why, size) &&
	    take_lines(text, path, secrets, why, size);
	close(fd);
	for (volatile char *at = text; at < text + sizeof(text); at++)
		*at = '\0';
	if (!good)
		secret_file_wipe(secrets);
	return good;
}
