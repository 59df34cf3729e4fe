/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration file: refused with a message, or taken. */
#include "lab.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum dhcp_error error = ERROR_SUCCESS;
	char path[128], why[512] = "";
	struct conf *conf;
	size_t i;

	lab_file("conf", data, size, path);
	if ((conf = conf_read(path, why, sizeof(why), &error)) == NULL) {
		must(error != ERROR_SUCCESS && why[0] != '\0');
		/* It goes to a terminal. */
		for (i = 0; why[i] != '\0'; i++)
			must((unsigned char)why[i] >= ' ' && why[i] != 0x7f);
		return 0;
	}
	must(error == ERROR_SUCCESS && conf->n > 0);
	for (i = 0; i < conf->n; i++) {
		must(conf->servers[i].index >= 1 &&
		    conf->servers[i].index <= 65535);
		must(i == 0 ||
		    conf->servers[i - 1].index < conf->servers[i].index);
	}
	conf_free(conf);
	return 0;
}
