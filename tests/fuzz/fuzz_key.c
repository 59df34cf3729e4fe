/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of any octets to keys: printable, short, and the same again. */
#include "lab.h"

#include "failover.h"
#include "key.h"
#include "utf8.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[512], key[KEY_MAX + 1], again[KEY_MAX + 1];
	size_t n = size < sizeof(name) ? size : sizeof(name) - 1, length;

	memcpy(name, data, n);
	name[n] = '\0';
	memset(key, 'x', sizeof(key));
	length = key_from_name(name, key);
	must(length <= KEY_MAX);
	if (length > 0)
		must(key[length] == '\0' && key_is_name(key, length));
	else
		must(name[0] == '\0');
	if (key_is_name(name, strlen(name)))
		must(strcmp(name, key) == 0);
	must(key_from_name(name, again) == length);
	must(memcmp(key, again, length) == 0);
	must(key_compare(key, length, again, length) == 0);
	/* A key is a name of its own, that is its own key. */
	if (length > 0) {
		must(key_from_name(key, again) == length);
		must(memcmp(key, again, length) == 0);
	}
	failover_utf16_units(name);
	return 0;
}
