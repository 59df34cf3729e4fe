/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

/* clang-format off */
/* The forms of RFC 3629 section 3, and the least code that needs each. */
static const struct form {
	uint8_t mask, lead;
	uint32_t least;
	size_t length;
} forms[] = {
	{ 0x80, 0x00, 0x0,     1 },
	{ 0xE0, 0xC0, 0x80,    2 },
	{ 0xF0, 0xE0, 0x800,   3 },
	{ 0xF8, 0xF0, 0x10000, 4 },
};
/* clang-format on */

static const struct form *
form_of(uint8_t lead)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if ((lead & forms[i].mask) == forms[i].lead)
			return &forms[i];
	return NULL;
}

size_t
utf8_decode(const char *text, uint32_t *code)
{
	const struct form *form;
	uint32_t value;

	if ((form = form_of((uint8_t)text[0])) == NULL)
		return 0;

	value = (uint8_t)text[0] & (uint8_t)~form->mask;
	for (size_t i = 1; i < form->length; i++) {
		/* The NUL at the end is no continuation: we stop there. */
		if (((uint8_t)text[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | ((uint8_t)text[i] & 0x3F);
	}
	if (value < form->least || value > 0x10FFFF ||
	    (value >= 0xD800 && value <= 0xDFFF))
		return 0;

	*code = value;
	return form->length;
}

bool
utf8_is_valid(const char *text)
{
	uint32_t code;
	size_t length;

	for (; *text != '\0'; text += length)
		if ((length = utf8_decode(text, &code)) == 0)
			return false;
	return true;
}

bool
utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code < 0xA0);
}
