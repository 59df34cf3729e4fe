/* SPDX-License-Identifier: BSD-2-Clause */
/* What dhcpfod and its helper say to each other. */
#include <stdlib.h>
#include <string.h>

#include "helper_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_settings(const uint8_t *data, size_t size)
{
	struct ndr_writer writer = { .at = NULL };
	struct helper_settings settings;

	if (!helper_settings_read(data, size, &settings))
		return;
	helper_settings_write(&writer, &settings);
	if (writer.n != size || memcmp(writer.at, data, size) != 0)
		abort();
	ndr_writer_free(&writer);
}

static void
check_answer(const uint8_t *data, size_t size)
{
	struct ndr_writer writer = { .at = NULL };
	struct helper_answer answer;

	if (!helper_answer_read(data, size, &answer))
		return;
	helper_answer_write(&writer, answer.error, answer.text, answer.results,
	    answer.n);
	if (writer.n != size || memcmp(writer.at, data, size) != 0)
		abort();
	ndr_writer_free(&writer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char header[HELPER_HEADER_SIZE];
	struct helper_message message;

	if (size >= sizeof(header) && helper_header_read(data, &message)) {
		helper_header_write(header, &message);
		if (memcmp(header, data, sizeof(header)) != 0)
			abort();
	}
	check_settings(data, size);
	check_answer(data, size);
	return 0;
}
