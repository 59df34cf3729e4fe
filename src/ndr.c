/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#include "ndr.h"

/* The first pointer's referent, as everybody's stubs have it, and the step. */
#define REFERENT_FIRST 0x00020000u
#define REFERENT_STEP 4u

#define SURROGATE_HIGH 0xD800u
#define SURROGATE_LOW 0xDC00u
#define SURROGATE_END 0xE000u
#define ASTRAL 0x10000u
#define REPLACEMENT 0xFFFDu

/* ---------------------------------------------------------------- writing */

static void
wipe(void *at, size_t n)
{
	volatile unsigned char *p = at;

	while (n-- > 0)
		*p++ = 0;
}

/*
 * Room for ${n} octets at the end, NULL if there is no memory.  Not by
 * realloc(), which would leave a secret behind.
 */
static unsigned char *
extend(struct ndr_writer *writer, size_t n)
{
	size_t room = writer->room == 0 ? 256 : writer->room;
	unsigned char *more;

	if (writer->error != ERROR_SUCCESS)
		return NULL;
	while (room - writer->n < n && room <= SIZE_MAX / 4)
		room *= 2;
	if (room != writer->room) {
		if (room - writer->n < n || (more = malloc(room)) == NULL) {
			writer->error = ERROR_NOT_ENOUGH_MEMORY;
			return NULL;
		}
		if (writer->n > 0) {
			memcpy(more, writer->at, writer->n);
			wipe(writer->at, writer->n);
		}
		free(writer->at);
		writer->at = more;
		writer->room = room;
	}
	writer->n += n;
	return writer->at + writer->n - n;
}

/* ${value} in ${size} octets, behind as many zeros as it takes to align it. */
static void
put(struct ndr_writer *writer, uint32_t value, size_t size)
{
	size_t pad = (size - writer->n % size) % size;
	unsigned char *at;

	if ((at = extend(writer, pad + size)) == NULL)
		return;
	memset(at, 0, pad);
	for (size_t i = 0; i < size; i++)
		at[pad + i] = (unsigned char)(value >> 8 * i);
}

void
ndr_put_u8(struct ndr_writer *writer, uint8_t value)
{
	put(writer, value, 1);
}

void
ndr_put_u16(struct ndr_writer *writer, uint16_t value)
{
	put(writer, value, 2);
}

void
ndr_put_u32(struct ndr_writer *writer, uint32_t value)
{
	put(writer, value, 4);
}

void
ndr_put_pointer(struct ndr_writer *writer, const void *to)
{
	uint32_t referent = 0;

	if (to != NULL)
		referent = REFERENT_FIRST + REFERENT_STEP * writer->pointers++;
	ndr_put_u32(writer, referent);
}

static void
put_code(struct ndr_writer *writer, uint32_t code)
{
	if (code < ASTRAL) {
		ndr_put_u16(writer, (uint16_t)code);
		return;
	}
	code -= ASTRAL;
	ndr_put_u16(writer, (uint16_t)(SURROGATE_HIGH + (code >> 10)));
	ndr_put_u16(writer, (uint16_t)(SURROGATE_LOW + (code & 0x3FF)));
}

/* Number of 16-bit characters of ${text}, the NUL included; 0: not UTF-8. */
static uint32_t
count_units(const char *text)
{
	uint32_t code, units = 1;
	size_t length;

	for (; *text != '\0'; text += length) {
		if ((length = utf8_decode(text, &code)) == 0)
			return 0;
		units += code < ASTRAL ? 1 : 2;
	}
	return units;
}

void
ndr_put_string(struct ndr_writer *writer, const char *text)
{
	uint32_t code, units = count_units(text);
	size_t length;

	if (units == 0) {
		if (writer->error == ERROR_SUCCESS)
			writer->error = ERROR_INVALID_PARAMETER;
		return;
	}
	ndr_put_u32(writer, units); /* most that fit, first, and how many */
	ndr_put_u32(writer, 0);
	ndr_put_u32(writer, units);
	for (; *text != '\0'; text += length) {
		length = utf8_decode(text, &code);
		put_code(writer, code);
	}
	ndr_put_u16(writer, 0);
}

void
ndr_put_octets(struct ndr_writer *writer, const void *from, size_t n)
{
	unsigned char *at;

	if ((at = extend(writer, n)) != NULL && n > 0)
		memcpy(at, from, n);
}

void
ndr_writer_free(struct ndr_writer *writer)
{
	if (writer->at != NULL)
		wipe(writer->at, writer->n);
	free(writer->at);
	*writer = (struct ndr_writer){ .at = NULL };
}

/* ---------------------------------------------------------------- reading */

static void
set_error(struct ndr_reader *reader, enum dhcp_error error)
{
	if (reader->error == ERROR_SUCCESS)
		reader->error = error;
}

void
ndr_refuse(struct ndr_reader *reader)
{
	set_error(reader, RPC_X_BAD_STUB_DATA);
}

size_t
ndr_left(const struct ndr_reader *reader)
{
	return reader->error == ERROR_SUCCESS ? reader->n - reader->next : 0;
}

/* The next ${n} octets, aligned to ${align}; NULL when there are fewer. */
static const unsigned char *
take(struct ndr_reader *reader, size_t n, size_t align)
{
	size_t pad = (align - reader->next % align) % align;
	size_t left = ndr_left(reader);

	if (left < pad || left - pad < n) {
		ndr_refuse(reader);
		return NULL;
	}
	reader->next += pad + n;
	return reader->at + reader->next - n;
}

static uint32_t
get(struct ndr_reader *reader, size_t size)
{
	const unsigned char *at;
	uint32_t value = 0;

	if ((at = take(reader, size, size)) == NULL)
		return 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint32_t)at[i] << 8 * i;
	return value;
}

uint8_t
ndr_get_u8(struct ndr_reader *reader)
{
	return (uint8_t)get(reader, 1);
}

uint16_t
ndr_get_u16(struct ndr_reader *reader)
{
	return (uint16_t)get(reader, 2);
}

uint32_t
ndr_get_u32(struct ndr_reader *reader)
{
	return get(reader, 4);
}

const unsigned char *
ndr_get_octets(struct ndr_reader *reader, size_t n)
{
	return take(reader, n, 1);
}

bool
ndr_get_pointer(struct ndr_reader *reader)
{
	return ndr_get_u32(reader) != 0;
}

void *
ndr_get_room(struct ndr_reader *reader, size_t n, size_t least, size_t size)
{
	void *room;

	/* Counts come from outside: memory is only for what came, too. */
	if (least == 0 || n > ndr_left(reader) / least) {
		ndr_refuse(reader);
		return NULL;
	}
	if (n > SIZE_MAX / size ||
	    (room = arena_alloc(reader->arena, n * size)) == NULL) {
		set_error(reader, ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	return memset(room, 0, n * size);
}

static uint32_t
unit_at(const unsigned char *at, size_t i)
{
	return (uint32_t)at[2 * i] | (uint32_t)at[2 * i + 1] << 8;
}

/* The character at unit ${*i}, which moves behind it. */
static uint32_t
next_code(const unsigned char *at, size_t n, size_t *i)
{
	uint32_t first = unit_at(at, (*i)++), second;

	if (first < SURROGATE_HIGH || first >= SURROGATE_END)
		return first;
	if (first >= SURROGATE_LOW || *i == n)
		return REPLACEMENT;
	second = unit_at(at, *i);
	if (second < SURROGATE_LOW || second >= SURROGATE_END)
		return REPLACEMENT;
	(*i)++;
	return ASTRAL + ((first - SURROGATE_HIGH) << 10) +
	    (second - SURROGATE_LOW);
}

/* Write ${code} as UTF-8; returns where it ends. */
static char *
write_utf8(char *to, uint32_t code)
{
	static const struct {
		uint32_t below;
		unsigned int lead;
	} forms[] = {
		{ 0x80, 0x00 },
		{ 0x800, 0xC0 },
		{ ASTRAL, 0xE0 },
		{ 0x110000, 0xF0 },
	};
	unsigned int more = 0;

	while (code >= forms[more].below)
		more++;
	*to++ = (char)(forms[more].lead | code >> 6 * more);
	while (more-- > 0)
		*to++ = (char)(0x80 | (code >> 6 * more & 0x3F));
	return to;
}

char *
ndr_get_string(struct ndr_reader *reader)
{
	uint32_t most = ndr_get_u32(reader), first = ndr_get_u32(reader);
	uint32_t n = ndr_get_u32(reader), code;
	const unsigned char *at;
	char *text, *end;
	size_t i = 0;

	if (first != 0 || n == 0 || n > most || n > ndr_left(reader) / 2) {
		ndr_refuse(reader);
		return NULL;
	}
	/* The last must be the NUL; no unit becomes more than three octets. */
	at = take(reader, 2 * (size_t)n, 2);
	if (at == NULL || unit_at(at, n - 1) != 0) {
		ndr_refuse(reader);
		return NULL;
	}
	if ((text = arena_alloc(reader->arena, 3 * (size_t)n)) == NULL) {
		set_error(reader, ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	end = text;
	while ((code = next_code(at, n, &i)) != 0)
		end = write_utf8(end, code);
	*end = '\0';
	return text;
}

enum dhcp_error
ndr_end(struct ndr_reader *reader)
{
	if (reader->next != reader->n)
		ndr_refuse(reader);
	return reader->error;
}
