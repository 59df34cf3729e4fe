/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

#include "utf8.h"

#include "text.h"

/* Length of the character at the start of ${text}; 0: it must not be shown. */
static size_t
shown_length(const char *text)
{
	uint32_t code;
	size_t length = utf8_decode(text, &code);

	return length > 0 && utf8_is_control(code) ? 0 : length;
}

void
text_put(FILE *file, const char *text)
{
	size_t length;

	while (*text != '\0') {
		if ((length = shown_length(text)) > 0) {
			fwrite(text, 1, length, file);
			text += length;
			continue;
		}
		/* By octets: a C1 control has two, and the next may be fine. */
		fprintf(file, "\\x%02X", (unsigned int)(uint8_t)*text);
		text++;
	}
}

size_t
text_width(const char *text)
{
	size_t length, width = 0;

	for (; *text != '\0'; text += length > 0 ? length : 1) {
		length = shown_length(text);
		width += length > 0 ? 1 : sizeof("\\xNN") - 1;
	}
	return width;
}
