/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stand_in.h - a test program that is its own helper program, for servers of
 * type windows.
 */
#ifndef DHCPFO_TESTS_STAND_IN_H
#define DHCPFO_TESTS_STAND_IN_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_value.h"
#include "helper_message.h"
#include "server_windows.h"

/* Was this process started as a helper? */
static inline bool
stand_in_is_asked(void)
{
	struct stat st;

	return fstat(0, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Answer a question that had this ${sequence}. */
static inline void
stand_in_answer(uint32_t sequence, enum dhcp_error error, const char *text,
    const void *results, size_t n)
{
	struct helper_message reply = { .kind = HELPER_ANSWER,
		.sequence = sequence };
	struct ndr_writer writer = { .at = NULL };

	helper_answer_write(&writer, error, text, results, n);
	reply.body = writer.at;
	reply.n = writer.n;
	helper_send(0, &reply, 0);
	ndr_writer_free(&writer);
}

/* Options of a server whose helper is ${program}; NULL: they make no sense. */
static inline void *
stand_in_options(const char *program)
{
	const struct failover_server_type *type = &failover_server_windows;
	void *options = calloc(1, type->options_size);
	const struct conf_key *key;
	const char *value;
	size_t i;

	for (i = 0; options != NULL && i < type->nkeys; i++) {
		key = &type->keys[i];
		value =
		    strcmp(key->name, "helper") == 0 ? program : key->standard;
		if (conf_value_parse(key, value, options) != ERROR_SUCCESS)
			return NULL;
	}
	return options;
}

static inline void
stand_in_options_free(void *options)
{
	const struct failover_server_type *type = &failover_server_windows;

	conf_values_release(type->keys, type->nkeys, options);
	free(options);
}

#endif
