/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets in place of an answer of Kea's: see "make fuzz-run". */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kea_reply.h"
#include "kea_rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t touched;

/* Touch what was read, so that a sanitizer sees what is not there. */
static void
use_status(const struct kea_status *status)
{
	size_t i;

	for (i = 0; i < status->n; i++) {
		if (status->rels[i].server_name != NULL)
			touched += strlen(status->rels[i].server_name);
		if (status->rels[i].odd_state != NULL)
			touched += strlen(status->rels[i].odd_state);
		touched += strlen(kea_state_word(status->rels[i].state));
		touched += strlen(kea_state_word(status->rels[i].partner));
	}
}

static void
use_config(const struct kea_config *config)
{
	size_t i, j;

	for (i = 0; i < config->n; i++) {
		touched += strlen(config->rels[i].this_server);
		for (j = 0; j < config->rels[i].npeers; j++)
			touched += strlen(config->rels[i].peers[j].name);
	}
	for (i = 0; i < config->nsubnets; i++) {
		if (config->subnets[i].server_name != NULL)
			touched += strlen(config->subnets[i].server_name);
		/* In order. */
		if (i > 0 &&
		    config->subnets[i - 1].address > config->subnets[i].address)
			abort();
	}
}

static void
rewrite(const char *text, size_t size)
{
	struct kea_rewrite made;
	struct kea_fault fault;

	if (kea_rewrite(text, size, 0, 5000, &made, &fault)) {
		json_t *sent = json_loads(made.set.at, 0, NULL);

		/* What is sent must be JSON, whatever was received. */
		if (sent == NULL)
			abort();
		json_decref(sent);
		kea_rewrite_free(&made);
	}
	kea_rewrite_leaks(text, size, "a message");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct kea_status status;
	struct kea_config config;
	struct kea_counts counts;
	struct kea_fault fault;

	kea_reply_guard();
	if (kea_reply_status(text, size, &status, &fault)) {
		use_status(&status);
		kea_status_free(&status);
	} else if (strlen(fault.text) >= sizeof(fault.text))
		abort();
	if (kea_reply_config(text, size, &config, &fault)) {
		use_config(&config);
		kea_config_free(&config);
	}
	if (kea_reply_counts(text, size, &counts, &fault)) {
		kea_counts_find(&counts, 1);
		kea_counts_free(&counts);
	}
	rewrite(text, size);
	return 0;
}
