/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of an endpoint mapper. */
#include <stdlib.h>

#include "epm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { .blocks = NULL };
	struct ndr_reader reader = { .at = data, .n = size, .arena = &arena };
	uint16_t port;

	if (epm_read(&reader, &port) == ERROR_SUCCESS && port == 0)
		abort();
	arena_free(&arena, 0);
	return 0;
}
