/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static enum ctl_exit
write_dump(const json_t *dump, const char *path)
{
	FILE *file;
	bool good;

	/* Whether standard output took it is seen at the end of main(). */
	if (path == NULL || strcmp(path, "-") == 0) {
		json_write(dump, stdout);
		return CTL_OK;
	}
	if ((file = fopen(path, "w")) == NULL) {
		complain("dump: %s: %s", path, strerror(errno));
		return CTL_FAILED;
	}
	json_write(dump, file);
	good = !ferror(file);
	if (fclose(file) != 0 || !good) {
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
