/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define ARENA_FIRST 512u

struct arena_block {
	struct arena_block *below;
	size_t size, used;
	alignas(max_align_t) char data[];
};

static void *
take(struct arena *arena, size_t size, size_t align)
{
	struct arena_block *block = arena->blocks;
	size_t at, want;

	if (block != NULL) {
		at = (block->used + align - 1) / align * align;
		if (at <= block->size && size <= block->size - at) {
			block->used = at + size;
			return block->data + at;
		}
	}
	want = arena->next != 0 ? arena->next : ARENA_FIRST;
	if (want < size)
		want = size;
	if (want > SIZE_MAX / 4 ||
	    (block = malloc(sizeof(*block) + want)) == NULL)
		return NULL;
	block->below = arena->blocks;
	block->size = want;
	block->used = size;
	arena->blocks = block;
	arena->next = 2 * want;
	return block->data;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	return take(arena, size, alignof(max_align_t));
}

char *
arena_text(struct arena *arena, const char *text, size_t length)
{
	char *copy;

	if ((copy = take(arena, length + 1, 1)) == NULL)
		return NULL;
	if (length > 0)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

size_t
arena_size(const struct arena *arena)
{
	const struct arena_block *block;
	size_t size = 0;

	for (block = arena->blocks; block != NULL; block = block->below)
		size += block->used;
	return size;
}

void
arena_free(struct arena *arena, int wipe)
{
	/* A memset() that the compiler cannot know to be in vain. */
	static void *(*const volatile set)(void *, int, size_t) = memset;
	struct arena_block *block;

	while ((block = arena->blocks) != NULL) {
		arena->blocks = block->below;
		if (wipe)
			set(block->data, 0, block->used);
		free(block);
	}
	arena->next = 0;
}
