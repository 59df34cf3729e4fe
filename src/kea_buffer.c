/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kea_buffer.h"

/* Through a volatile pointer, or the compiler sees that nobody reads it. */
static void *(*const volatile set_octets)(void *, int, size_t) = memset;

void
kea_wipe(void *at, size_t size)
{
	if (size > 0)
		set_octets(at, 0, size);
}

bool
kea_buffer_reserve(struct kea_buffer *buffer, size_t more)
{
	size_t size = buffer->size < 4096 ? 4096 : buffer->size;
	char *moved;

	if (more >= SIZE_MAX / 2 - buffer->length)
		return false;
	if (buffer->length + more < buffer->size)
		return true;
	while (size <= buffer->length + more)
		size *= 2;

	/* Not realloc(): it leaves the octets behind where they were. */
	if ((moved = malloc(size)) == NULL)
		return false;
	if (buffer->length > 0)
		memcpy(moved, buffer->at, buffer->length);
	moved[buffer->length] = '\0';
	kea_wipe(buffer->at, buffer->size);
	free(buffer->at);
	buffer->at = moved;
	buffer->size = size;
	return true;
}

bool
kea_buffer_add(struct kea_buffer *buffer, const void *at, size_t length)
{
	if (!kea_buffer_reserve(buffer, length))
		return false;
	if (length > 0)
		memcpy(buffer->at + buffer->length, at, length);
	buffer->length += length;
	buffer->at[buffer->length] = '\0';
	return true;
}

void
kea_buffer_free(struct kea_buffer *buffer)
{
	kea_wipe(buffer->at, buffer->size);
	free(buffer->at);
	*buffer = (struct kea_buffer){ 0 };
}
