/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - memory that is freed all at once.  Blocks double in size, so n
 * octets cost O(log n) allocations, or one when the first guess is right.
 */
#ifndef DHCPFO_ARENA_H
#define DHCPFO_ARENA_H

#include <stddef.h>

struct arena_block;

/* All zero is an empty arena. */
struct arena {
	struct arena_block *blocks;
	size_t next; /* size of the next block; 0: a small one */
};

/** ${size} octets, aligned for any type; NULL when there is no memory. */
void *arena_alloc(struct arena *arena, size_t size);

/** A copy of ${length} octets of ${text} and a NUL; NULL likewise. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/** Octets in use, for statistics and guesses. */
size_t arena_size(const struct arena *arena);

/** Free everything; ${wipe}: overwrite it first, it held a secret. */
void arena_free(struct arena *arena, int wipe);

#endif
