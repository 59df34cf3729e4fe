/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refresh - what a new listing of a server costs: its build, which is the
 * worker's, and its swap, which holds the main thread.
 *
 *   refresh DIRECTORY ROWS SERVERS
 *
 * With two servers the second one has the partners of all rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peers/rows.h"
#include "roster.h"

#define ROUNDS 5

static size_t allocations, octets;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *
__wrap_malloc(size_t size)
{
	allocations++;
	octets += size;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	octets += n * size;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	allocations++;
	octets += size;
	return __real_realloc(old, size);
}

static double
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
die(const char *what)
{
	fprintf(stderr, "refresh: %s\n", what);
	exit(1);
}

static struct roster *
roster_of(const char *directory, unsigned int servers)
{
	struct roster *roster;
	struct conf *conf;
	char path[512], why[256];
	unsigned int i;
	FILE *file;

	snprintf(path, sizeof(path), "%s/refresh.conf", directory);
	if ((file = fopen(path, "w")) == NULL)
		die(path);
	fprintf(file, "[subagent]\n");
	for (i = 1; i <= servers; i++)
		fprintf(file,
		    "[server %u]\ntype = local\nname = s%u\n"
		    "database = %s/refresh-%u.db\n",
		    i, i, directory, i);
	fclose(file);
	if ((conf = conf_read(path, why, sizeof(why), NULL)) == NULL)
		die(why);
	if ((roster = roster_new(conf)) == NULL)
		die("no roster");
	conf_free(conf);
	return roster;
}

static struct snapshot *
listing(const struct managed *server, uint32_t rows)
{
	static char primary[] = BENCH_PRIMARY_NAME;
	static char secondary[] = BENCH_SECONDARY_NAME;
	struct snapshot *snapshot = snapshot_new(server->snapshot);
	char name[BENCH_KEY_LENGTH + 1] = "";
	struct failover_row row;
	uint32_t i;

	if (snapshot == NULL)
		die("no memory");
	for (i = 0; i < rows; i++) {
		memset(&row, 0, sizeof(row));
		bench_key(i, name);
		row.rel.RelationshipName = name;
		row.rel.PrimaryServer = bench_primary(i);
		row.rel.SecondaryServer = bench_secondary(i);
		row.rel.PrimaryServerName = primary;
		row.rel.SecondaryServerName = secondary;
		row.rel.ServerType =
		    server->index == 1 ? PrimaryServer : SecondaryServer;
		row.rel.State = row.rel.PrevState = NORMAL;
		row.rel.Mclt = BENCH_MCLT;
		row.rel.SafePeriod = BENCH_SAFE_PERIOD;
		row.rel.Percentage = BENCH_PERCENTAGE;
		if (!snapshot_add(snapshot, &row))
			die("no memory");
	}
	if (!snapshot_sort(snapshot, server->name, NULL))
		die("no memory");
	return snapshot;
}

int
main(int argc, char **argv)
{
	size_t built = 0, swapped = 0, size = 0, before;
	double best_build = 1e9, best_swap = 1e9, start, mid, end;
	struct snapshot *fresh;
	struct managed *server;
	struct roster *roster;
	unsigned int servers, i, j;
	uint32_t rows;

	if (argc != 4) {
		fprintf(stderr, "usage: refresh DIRECTORY ROWS SERVERS\n");
		return 2;
	}
	rows = (uint32_t)strtoul(argv[2], NULL, 10);
	servers = (unsigned int)strtoul(argv[3], NULL, 10);
	roster = roster_of(argv[1], servers);
	event_log_limit(roster->events, 0);
	for (j = 0; j < servers; j++)
		roster->servers[j]->status = OPER_STATUS_UP;
	for (i = 0; i < ROUNDS; i++)
		for (j = 0; j < servers; j++) {
			server = roster->servers[j];
			before = allocations;
			size = octets;
			start = milliseconds();
			fresh = listing(server, rows);
			mid = milliseconds();
			built = allocations - before;
			size = octets - size;
			before = allocations;
			roster_publish(server, fresh, true);
			end = milliseconds();
			swapped = allocations - before;
			if (i > 0 && mid - start < best_build)
				best_build = mid - start;
			if (i > 0 && end - mid < best_swap)
				best_swap = end - mid;
		}
	printf("rows=%u servers=%u build_ms=%.2f swap_ms=%.2f "
	       "build_allocations=%zu swap_allocations=%zu "
	       "octets_per_row=%.0f\n",
	    rows, servers, best_build, best_swap, built, swapped,
	    (double)size / rows);
	roster_free(roster, 1000);
	return 0;
}
