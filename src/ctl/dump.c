/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "load.h"
#include "message.h"
#include "servers.h"

static json_t *
dump_of(const struct rows *rows)
{
	json_t *dump = must(json_object()), *array = must(json_array());
	size_t i;

	for (i = 0; i < rows->n; i++)
		json_add(array, json_row(&rows->at[i], NULL));
	json_put(dump, "version", json_number(LOAD_VERSION));
	json_put(dump, "relationships", array);
	return dump;
}

/*
 * A new file beside ${path}, which is a file, for those who may use that one;
 * its name to ${beside}.  NULL: it cannot be had.
 */
static FILE *
open_beside(const char *path, const struct stat *like, char *beside,
    size_t size)
{
	FILE *file;
	int fd;

	if (snprintf(beside, size, "%s.XXXXXX", path) >= (int)size ||
	    (fd = mkstemp(beside)) == -1)
		goto err0;
	if (fchown(fd, like->st_uid, like->st_gid) == -1 ||
	    fchmod(fd, like->st_mode & 07777) == -1 ||
	    (file = fdopen(fd, "w")) == NULL)
		goto err1;

	/* Success! */
	return file;

err1:
	close(fd);
	unlink(beside);
err0:
	beside[0] = '\0';
	return NULL;
}

/* All of it is on the disk; else errno says why not. */
static bool
write_and_close(const json_t *dump, FILE *file)
{
	bool good;

	json_write(dump, file);
	good = fflush(file) == 0 && !ferror(file);
	/* A pipe or a terminal has no disk. */
	if (good && fsync(fileno(file)) == -1)
		good = errno == EINVAL || errno == EROFS;
	return fclose(file) == 0 && good;
}

/*
 * If ${path} is a file, what is there stays until all of ${dump} has been
 * written; if it is not there, less is not left there.  Links and devices are
 * to stay what they are.
 */
static bool
write_file(const json_t *dump, const char *path)
{
	char beside[PATH_MAX] = "";
	struct stat now;
	FILE *file = NULL;
	bool is_new = false;
	int error;

	if (lstat(path, &now) == -1)
		is_new = errno == ENOENT;
	else if (S_ISREG(now.st_mode) && access(path, W_OK) == 0) {
		file = open_beside(path, &now, beside, sizeof(beside));
		if (file == NULL && (errno == ENOSPC || errno == EDQUOT))
			return false;
	}
	if (file == NULL && (file = fopen(path, "w")) == NULL)
		return false;
	if (write_and_close(dump, file) &&
	    (beside[0] == '\0' || rename(beside, path) == 0))
		return true;
	error = errno;
	if (beside[0] != '\0' || is_new)
		unlink(is_new ? path : beside);
	errno = error;
	return false;
}

static enum ctl_exit
write_dump(const json_t *dump, const char *path)
{
	/* Whether standard output took it is seen at the end of main(). */
	if (path == NULL || strcmp(path, "-") == 0) {
		json_write(dump, stdout);
		return CTL_OK;
	}
	if (!write_file(dump, path)) {
		complain("dump: %s: %s", path, strerror(errno));
		return CTL_FAILED;
	}
	return CTL_OK;
}

enum ctl_exit
command_dump(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	struct rows rows;
	enum ctl_exit code;
	json_t *dump;

	if ((server = servers_wanted(ctl)) == NULL)
		return CTL_FAILED;
	code = rows_of_server(&rows, server, "dump server");
	if (code != CTL_OK)
		return code;

	dump = dump_of(&rows);
	rows_free(&rows);
	code = write_dump(dump, argc > 0 ? argv[0] : NULL);
	json_decref(dump);
	return code;
}
