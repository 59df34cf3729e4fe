/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commits - a bare loop of what a local server commits for a SET of one row:
 * how many a disk takes a second, whoever asks.
 *
 *   commits DATABASE MILLISECONDS
 *
 * DATABASE is one that dhcpfod has made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sqlite3.h>

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
check(sqlite3 *db, int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE)
		return;
	fprintf(stderr, "commits: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static void
step(sqlite3 *db, sqlite3_stmt *statement)
{
	check(db, sqlite3_step(statement));
	check(db, sqlite3_reset(statement));
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *begin, *set, *commit;
	double start, until, now;
	char name[16];
	sqlite3 *db;
	int n = 0, rows = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: commits DATABASE MILLISECONDS\n");
		return 2;
	}
	check(NULL, sqlite3_open(argv[1], &db));
	/* As dhcpfod does: durable before the answer. */
	check(db,
	    sqlite3_exec(db,
		"PRAGMA journal_mode = WAL;"
		"PRAGMA synchronous = FULL",
		NULL, NULL, NULL));
	check(db,
	    sqlite3_prepare_v2(db, "SELECT relationships FROM total", -1, &set,
		NULL));
	if (sqlite3_step(set) == SQLITE_ROW)
		rows = sqlite3_column_int(set, 0);
	sqlite3_finalize(set);
	check(db, sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL));
	check(db, sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL));
	check(db,
	    sqlite3_prepare_v2(db,
		"UPDATE relationship SET mclt = ?1,"
		" safe_period = ?1, percentage = ?1 % 100 WHERE name = ?2",
		-1, &set, NULL));
	start = now = seconds();
	until = start + strtod(argv[2], NULL) / 1e3;
	while (now < until) {
		snprintf(name, sizeof(name), "rel%07d",
		    (int)((unsigned int)n * 7919u % (unsigned int)rows));
		step(db, begin);
		sqlite3_bind_int(set, 1, n);
		sqlite3_bind_text(set, 2, name, -1, SQLITE_TRANSIENT);
		step(db, set);
		step(db, commit);
		n++;
		now = seconds();
	}
	printf("commits=%d per_s=%.0f us=%.1f\n", n, n / (now - start),
	    (now - start) * 1e6 / n);
	sqlite3_finalize(begin);
	sqlite3_finalize(commit);
	sqlite3_finalize(set);
	sqlite3_close(db);
	return 0;
}
