/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "key.h"

#define SUM_LENGTH 9 /* of "~0123ABCD" */

/* Names are short: no table. */
uint32_t
key_sum(const char *name)
{
	uint32_t crc = 0xFFFFFFFF;

	for (; *name != '\0'; name++) {
		crc ^= (uint8_t)*name;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
	}
	return ~crc;
}

/* Can ${c} be typed in an index between quotes, in any shell? */
static bool
plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\';
}

bool
key_is_name(const char *key, size_t length)
{
	if (length < 1 || length > KEY_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!plain(key[i]))
			return false;
	return true;
}

size_t
key_from_name(const char *name, char key[KEY_MAX + 1])
{
	size_t length = strlen(name), kept = length;

	if (length == 0)
		return 0;
	if (key_is_name(name, length)) {
		memcpy(key, name, length + 1);
		return length;
	}

	if (kept > KEY_MAX - SUM_LENGTH)
		kept = KEY_MAX - SUM_LENGTH;
	for (size_t i = 0; i < kept; i++)
		key[i] = plain(name[i]) ? name[i] : '_';
	snprintf(key + kept, SUM_LENGTH + 1, "~%08X", key_sum(name));
	return kept + SUM_LENGTH;
}

int
key_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}
