/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcpfoctl's reader of JSON, up to the comparison with a server. */
#include "lab.h"

#include "load.h"
#include "rows.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct roster *roster;
	struct load load;
	struct rows rows;
	char path[128];

	if (roster == NULL)
		roster = lab_roster();
	lab_file("load", data, size, path);
	load_read(&load, path);
	if (load.problems == 0) {
		/* Its worker has nothing to do. */
		must(rows_read(&rows, roster->servers[0]->server) ==
		    ERROR_SUCCESS);
		load_compare(&load, &rows, roster->servers[0]->server);
		rows_free(&rows);
	}
	load_free(&load);
	return 0;
}
