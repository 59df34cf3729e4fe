/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a restart finds in the state directory.  A file of any octets, or a
 * database with any values: it is used, or said to be unusable, and never in
 * the way; what is taken from it can be shown.
 */
#include "lab.h"

#include <sqlite3.h>

#include "history.h"

#define STRICT                                                                 \
	"CREATE TABLE relationship (server INTEGER, name TEXT, state INTEGER," \
	" state_time INTEGER, transitions INTEGER,"                            \
	" comm_interruptions INTEGER, PRIMARY KEY (server, name))"             \
	" WITHOUT ROWID;"                                                      \
	"CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER,"            \
	" kind INTEGER, server TEXT, relationship TEXT, old_state INTEGER,"    \
	" new_state INTEGER, flags INTEGER, result INTEGER, text TEXT);"
#define LOOSE                                                         \
	"CREATE TABLE relationship (server, name, state, state_time," \
	" transitions, comm_interruptions);"                          \
	"CREATE TABLE event (id, time, kind, server, relationship,"   \
	" old_state, new_state, flags, result, text);"

static void
bind_any(sqlite3_stmt *statement, int column, struct bytes *bytes)
{
	const uint8_t *at;
	uint64_t number;
	size_t n;

	switch (bytes_8(bytes) % 8) {
	case 0:
		sqlite3_bind_null(statement, column);
		break;
	case 1:
		number = bytes_32(bytes);
		sqlite3_bind_int64(statement, column,
		    (sqlite3_int64)(number << 32 | bytes_32(bytes)));
		break;
	case 2:
		sqlite3_bind_int64(statement, column, bytes_32(bytes));
		break;
	case 3:
		sqlite3_bind_double(statement, column, bytes_8(bytes) / 2.0);
		break;
	case 4:
		at = bytes_some(bytes, 255, &n);
		sqlite3_bind_blob(statement, column, at, (int)n,
		    SQLITE_TRANSIENT);
		break;
	case 5:
		at = bytes_some(bytes, 255, &n);
		sqlite3_bind_text(statement, column, (const char *)at, (int)n,
		    SQLITE_TRANSIENT);
		break;
	default:
		sqlite3_bind_int64(statement, column, bytes_8(bytes) % 32);
		break;
	}
}

/* A database that holds what ${bytes} say. */
static void
make_database(const char *path, struct bytes *bytes)
{
	static const char *const inserts[] = {
		"INSERT OR REPLACE INTO relationship VALUES (?,?,?,?,?,?)",
		"INSERT OR REPLACE INTO event VALUES (?,?,?,?,?,?,?,?,?,?)",
	};
	static const int columns[] = { 6, 10 };
	sqlite3_stmt *statement;
	sqlite3 *db;
	uint8_t which;
	int i;

	must(sqlite3_open(path, &db) == SQLITE_OK);
	must(sqlite3_exec(db, bytes_8(bytes) % 2 == 0 ? STRICT : LOOSE, NULL,
		 NULL, NULL) == SQLITE_OK);
	must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
	while (bytes->left > 0) {
		which = bytes_8(bytes) % 2;
		must(sqlite3_prepare_v2(db, inserts[which], -1, &statement,
			 NULL) == SQLITE_OK);
		for (i = 1; i <= columns[which]; i++)
			bind_any(statement, i, bytes);
		/* Some values a strict table refuses. */
		sqlite3_step(statement);
		sqlite3_finalize(statement);
	}
	must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	must(sqlite3_close(db) == SQLITE_OK);
}

/* As a walk sees them, each later than the one before. */
static void
look_at_events(const struct event_log *events)
{
	const struct event *event;
	uint64_t next = 1;
	size_t n = 0;

	while ((event = event_log_from(events, next)) != NULL) {
		must(event->kind >= EVENT_OTHER &&
		    event->kind <= EVENT_DRIFT_GONE);
		must(event->server != NULL && event->relationship != NULL &&
		    event->text != NULL);
		next = (uint64_t)event->index + 1;
		n++;
	}
	must(n == events->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct history_row row = { 1, "branch-7", 3, 1, 1, 1, false };
	const struct event event = { .kind = EVENT_OTHER,
		.server = "s",
		.relationship = "r",
		.text = "t" };
	struct bytes bytes = { data, size };
	struct workshop *shop;
	struct event_log *events;
	struct history *history;
	char path[128];

	lab_file("dhcpfod-state.db-wal", data, 0, path);
	unlink(path);
	snprintf(path, sizeof(path), "%s/dhcpfod-state.db-shm", lab_dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/dhcpfod-state.db", lab_dir);
	unlink(path);
	/* All databases of SQLite begin with an S. */
	if (size > 0 && data[0] == 'S')
		lab_file("dhcpfod-state.db", data, size, path);
	else
		make_database(path, &bytes);
	must((shop = workshop_new()) != NULL);
	must((events = event_log_new(16)) != NULL);
	must((history = history_open(lab_dir, shop, events)) != NULL);
	history_find(history, 1, "branch-7");
	history_keep(history, &row);
	history_event(history, event_log_add(events, &event));
	look_at_events(events);
	history_forget(history, 1, "branch-7");
	history_close(history, 10000);
	event_log_free(events);
	workshop_free(shop);
	log_flush();
	return 0;
}
