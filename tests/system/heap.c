/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - how much a program has allocated and not freed, for whoever watches.
 *
 * LD_PRELOAD=heap.so HEAP=FILE PROGRAM: FILE has struct heap, always as it is.
 * Other than the memory that the kernel shows, these figures have no noise.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct heap {
	atomic_llong octets, blocks;
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *at);

/* What is allocated before begin() is counted, too. */
static struct heap early;
static struct heap *heap = &early;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("HEAP");
	struct heap *shared;
	int fd;

	if (path == NULL ||
	    (fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		return;
	if (ftruncate(fd, sizeof(*shared)) == 0 &&
	    (shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0)) != MAP_FAILED) {
		atomic_store(&shared->octets, atomic_load(&early.octets));
		atomic_store(&shared->blocks, atomic_load(&early.blocks));
		heap = shared;
	}
	close(fd);
	/* Its children are not to write there. */
	unsetenv("HEAP");
	unsetenv("LD_PRELOAD");
}

static void *
plus(void *at)
{
	if (at != NULL) {
		atomic_fetch_add(&heap->octets,
		    (long long)malloc_usable_size(at));
		atomic_fetch_add(&heap->blocks, 1);
	}
	return at;
}

static void
minus(size_t size)
{
	atomic_fetch_sub(&heap->octets, (long long)size);
	atomic_fetch_sub(&heap->blocks, 1);
}

void *
malloc(size_t size)
{
	return plus(__libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return plus(__libc_calloc(n, size));
}

void *
realloc(void *at, size_t size)
{
	size_t before = at != NULL ? malloc_usable_size(at) : 0;
	void *now = __libc_realloc(at, size);

	/* Without success the old block is there still, but for size 0. */
	if (at != NULL && (now != NULL || size == 0))
		minus(before);
	return plus(now);
}

void *
memalign(size_t alignment, size_t size)
{
	return plus(__libc_memalign(alignment, size));
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int
posix_memalign(void **at, size_t alignment, size_t size)
{
	void *now = memalign(alignment, size);

	if (now == NULL)
		return ENOMEM;
	*at = now;
	return 0;
}

void
free(void *at)
{
	if (at != NULL)
		minus(malloc_usable_size(at));
	__libc_free(at);
}
