/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfs.h - SQLite on a disk, and with a memory, that fail on command.  A VFS in
 * front of SQLite's own counts what is done and makes the n-th step of a kind
 * fail; the allocator of SQLite does the same.
 */
#ifndef DHCPFO_TESTS_VFS_H
#define DHCPFO_TESTS_VFS_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

enum vfs_step {
	VFS_OPEN,
	VFS_READ,
	VFS_WRITE,
	VFS_SYNC,
	VFS_TRUNCATE,
	VFS_SIZE,
	VFS_LOCK,
	VFS_SHM_MAP,
	VFS_SHM_LOCK,
	VFS_DELETE,
	VFS_ALLOC, /* of memory */
	VFS_STEPS,
	VFS_NONE = VFS_STEPS
};

struct vfs_fault {
	enum vfs_step step;
	unsigned long at; /* from 1: which of them fails */
	bool forever; /* and all of that kind after it */
	int rc; /* what SQLite is told */
	int number; /* errno */
	unsigned long seen; /* how many there were */
	unsigned int hits; /* how many failed */
};

/* Workers' databases count, too. */
static pthread_mutex_t vfs_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct vfs_fault vfs_fault = { .step = VFS_NONE }; /* under it */
static bool vfs_read_only; /* files can be opened for reading only */
static sqlite3_vfs *vfs_real;
static sqlite3_mem_methods vfs_memory;

struct vfs_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this structure */
};

/* What SQLite is told of this step: SQLITE_OK, or it fails. */
static inline int
vfs_hit(enum vfs_step step)
{
	struct vfs_fault *fault = &vfs_fault;
	int rc = SQLITE_OK;

	pthread_mutex_lock(&vfs_mutex);
	if (step == fault->step) {
		fault->seen++;
		if (fault->seen == fault->at ||
		    (fault->forever && fault->seen > fault->at)) {
			fault->hits++;
			errno = fault->number;
			/* Memory has none of its own. */
			rc = fault->rc != SQLITE_OK ? fault->rc : SQLITE_NOMEM;
		}
	}
	pthread_mutex_unlock(&vfs_mutex);
	return rc;
}

static inline sqlite3_file *
vfs_behind(sqlite3_file *file)
{
	return ((struct vfs_file *)(void *)file)->real;
}

static int
vfs_close(sqlite3_file *file)
{
	return vfs_behind(file)->pMethods->xClose(vfs_behind(file));
}

static int
vfs_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	int rc;

	if ((rc = vfs_hit(VFS_READ)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xRead(vfs_behind(file), to, n, at);
}

static int
vfs_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	int rc;

	if ((rc = vfs_hit(VFS_WRITE)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xWrite(vfs_behind(file), from, n,
	    at);
}

static int
vfs_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int rc;

	if ((rc = vfs_hit(VFS_TRUNCATE)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xTruncate(vfs_behind(file), size);
}

static int
vfs_sync(sqlite3_file *file, int flags)
{
	(void)file;
	(void)flags;
	/* No test pulls the plug: what takes the most time is left out. */
	return vfs_hit(VFS_SYNC);
}

static int
vfs_size(sqlite3_file *file, sqlite3_int64 *size)
{
	int rc;

	if ((rc = vfs_hit(VFS_SIZE)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xFileSize(vfs_behind(file), size);
}

static int
vfs_lock(sqlite3_file *file, int lock)
{
	int rc;

	if ((rc = vfs_hit(VFS_LOCK)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xLock(vfs_behind(file), lock);
}

static int
vfs_unlock(sqlite3_file *file, int lock)
{
	return vfs_behind(file)->pMethods->xUnlock(vfs_behind(file), lock);
}

static int
vfs_reserved(sqlite3_file *file, int *result)
{
	return vfs_behind(file)->pMethods->xCheckReservedLock(vfs_behind(file),
	    result);
}

static int
vfs_control(sqlite3_file *file, int op, void *arg)
{
	return vfs_behind(file)->pMethods->xFileControl(vfs_behind(file), op,
	    arg);
}

static int
vfs_sector(sqlite3_file *file)
{
	return vfs_behind(file)->pMethods->xSectorSize(vfs_behind(file));
}

static int
vfs_device(sqlite3_file *file)
{
	return vfs_behind(file)->pMethods->xDeviceCharacteristics(
	    vfs_behind(file));
}

static int
vfs_shm_map(sqlite3_file *file, int page, int size, int extend,
    void volatile **at)
{
	int rc;

	if ((rc = vfs_hit(VFS_SHM_MAP)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xShmMap(vfs_behind(file), page, size,
	    extend, at);
}

static int
vfs_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	int rc;

	/* To unlock does not fail. */
	if ((flags & SQLITE_SHM_LOCK) != 0 &&
	    (rc = vfs_hit(VFS_SHM_LOCK)) != SQLITE_OK)
		return rc;
	return vfs_behind(file)->pMethods->xShmLock(vfs_behind(file), offset, n,
	    flags);
}

static void
vfs_shm_barrier(sqlite3_file *file)
{
	vfs_behind(file)->pMethods->xShmBarrier(vfs_behind(file));
}

static int
vfs_shm_unmap(sqlite3_file *file, int delete)
{
	return vfs_behind(file)->pMethods->xShmUnmap(vfs_behind(file), delete);
}

static const sqlite3_io_methods vfs_methods = {
	.iVersion = 2,
	.xClose = vfs_close,
	.xRead = vfs_read,
	.xWrite = vfs_write,
	.xTruncate = vfs_truncate,
	.xSync = vfs_sync,
	.xFileSize = vfs_size,
	.xLock = vfs_lock,
	.xUnlock = vfs_unlock,
	.xCheckReservedLock = vfs_reserved,
	.xFileControl = vfs_control,
	.xSectorSize = vfs_sector,
	.xDeviceCharacteristics = vfs_device,
	.xShmMap = vfs_shm_map,
	.xShmLock = vfs_shm_lock,
	.xShmBarrier = vfs_shm_barrier,
	.xShmUnmap = vfs_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out)
{
	struct vfs_file *opened = (struct vfs_file *)(void *)file;
	int rc;

	(void)vfs;
	opened->base.pMethods = NULL;
	opened->real = (sqlite3_file *)(void *)(opened + 1);
	if ((rc = vfs_hit(VFS_OPEN)) != SQLITE_OK)
		return rc;
	if (vfs_read_only && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
		flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
		flags |= SQLITE_OPEN_READONLY;
	}
	rc = vfs_real->xOpen(vfs_real, name, opened->real, flags, out);
	if (opened->real->pMethods != NULL)
		opened->base.pMethods = &vfs_methods;
	return rc;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int rc;

	(void)vfs;
	if ((rc = vfs_hit(VFS_DELETE)) != SQLITE_OK)
		return rc;
	return vfs_real->xDelete(vfs_real, name, sync);
}

static void *
vfs_malloc(int n)
{
	return vfs_hit(VFS_ALLOC) != SQLITE_OK ? NULL : vfs_memory.xMalloc(n);
}

static void *
vfs_realloc(void *at, int n)
{
	return vfs_hit(VFS_ALLOC) != SQLITE_OK ? NULL :
						 vfs_memory.xRealloc(at, n);
}

/* Before anything else of SQLite. */
static inline void
vfs_install(void)
{
	static sqlite3_mem_methods memory;
	static sqlite3_vfs vfs;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &vfs_memory);
	memory = vfs_memory;
	memory.xMalloc = vfs_malloc;
	memory.xRealloc = vfs_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
	sqlite3_initialize();
	vfs_real = sqlite3_vfs_find(NULL);
	vfs = *vfs_real;
	vfs.zName = "failing";
	vfs.szOsFile += (int)sizeof(struct vfs_file);
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	sqlite3_vfs_register(&vfs, 1);
}

/* Make the ${at}-th ${step} from now on fail. */
static inline void
vfs_arm(const struct vfs_fault *fault, unsigned long at)
{
	pthread_mutex_lock(&vfs_mutex);
	vfs_fault = *fault;
	vfs_fault.at = at;
	vfs_fault.seen = 0;
	vfs_fault.hits = 0;
	pthread_mutex_unlock(&vfs_mutex);
}

/* No more; returns how many failed. */
static inline unsigned int
vfs_disarm(void)
{
	unsigned int hits;

	pthread_mutex_lock(&vfs_mutex);
	vfs_fault.step = VFS_NONE;
	hits = vfs_fault.hits;
	pthread_mutex_unlock(&vfs_mutex);
	return hits;
}

#endif
