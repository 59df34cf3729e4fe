/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_local_sql.h - the file of a local server: opened when it is first
 * needed, watched, repaired by opening it anew, and asked by statements that
 * stay prepared while it is open.
 *
 * Functions that return an error have said why by failover_server_failed().
 */
#ifndef DHCPFO_SERVER_LOCAL_SQL_H
#define DHCPFO_SERVER_LOCAL_SQL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "dhcpsapi.h"

struct failover_server;

/* The statements; their text and parameters are in the table of the .c file. */
enum local_statement {
	LOCAL_BEGIN,
	LOCAL_COMMIT,
	LOCAL_ROLLBACK,
	LOCAL_SAVE,
	LOCAL_RELEASE,
	LOCAL_UNDO,
	LOCAL_COUNT,
	LOCAL_LIST,
	LOCAL_LIST_SCOPES,
	LOCAL_GET,
	LOCAL_GET_SCOPES,
	LOCAL_FIND,
	LOCAL_SET,
	LOCAL_INSERT,
	LOCAL_PUT,
	LOCAL_DELETE,
	LOCAL_SPLIT,
	LOCAL_SCOPE_FIND,
	LOCAL_SCOPE_LEARN,
	LOCAL_SCOPE_JOIN,
	LOCAL_SCOPE_LINK,
	LOCAL_SCOPE_LEAVE,
	LOCAL_SCOPES_LEAVE,
	LOCAL_SCOPE_NAME,
	LOCAL_SCOPE_STATISTICS,
	LOCAL_SCOPE_AROUND,
	LOCAL_STATEMENTS /* their number */
};

/* What there is beside the database itself is SQLite's. */
enum {
	LOCAL_FILE_MAIN,
	LOCAL_FILE_LOG,
	LOCAL_FILE_SHARED,
	LOCAL_FILES /* their number */
};

/* Which file is behind a path; all zero: none. */
struct local_file {
	dev_t dev;
	ino_t ino;
};

enum local_change {
	LOCAL_CHANGE_NONE, /* each call is a change of its own */
	LOCAL_CHANGE_OPEN, /* calls are parts of one change */
	LOCAL_CHANGE_BROKEN /* which was lost, and can only be rolled back */
};

struct local_sql {
	struct failover_server *server; /* for messages */
	char *path;
	uint32_t busy_timeout; /* milliseconds */
	sqlite3 *db; /* NULL: closed; the next call opens it */
	bool stale; /* the next call closes it first */
	bool warned; /* that others have access to it */
	enum local_change change;
	bool saved; /* the call within it has a savepoint */
	char *paths[LOCAL_FILES]; /* while it is open */
	struct local_file files[LOCAL_FILES]; /* as when it was opened */
	sqlite3_stmt *statements[LOCAL_STATEMENTS];
};

/* One use of a statement.  Its first error sticks until local_sql_done(). */
struct local_query {
	struct local_sql *sql;
	sqlite3_stmt *statement;
	int rc;
};

/** Prepare ${sql}, without opening it; false: no memory. */
bool local_sql_init(struct local_sql *sql, struct failover_server *server,
    const char *path, uint32_t busy_timeout);

/** Close the file and free what ${sql} owns. */
void local_sql_free(struct local_sql *sql);

/**
 * See to it that ${sql} is open, and that it is the file its path names now.
 * ${*opened}: it was opened by this call.
 */
enum dhcp_error local_sql_ready(struct local_sql *sql, bool *opened);

/** Close the file; the next local_sql_ready() opens it anew. */
void local_sql_close(struct local_sql *sql);

/** Can the open file only be read? */
bool local_sql_is_read_only(const struct local_sql *sql);

/**
 * Begin a change of one call, which is part of an open change if any is.
 * ${alone}: it has but one statement that changes anything.
 */
enum dhcp_error local_sql_enter(struct local_sql *sql, bool alone);

/**
 * End it: on success durably (or with the change it is part of), and otherwise
 * as if it had never begun.  Returns ${error}, or why it failed at last.
 */
enum dhcp_error local_sql_leave(struct local_sql *sql, enum dhcp_error error);

/** Begin, commit and roll back a change of several calls. */
enum dhcp_error local_sql_begin(struct local_sql *sql);
enum dhcp_error local_sql_commit(struct local_sql *sql);
void local_sql_rollback(struct local_sql *sql);

/** Use ${statement}, which no other query uses.  End with local_sql_done(). */
struct local_query
local_sql_query(struct local_sql *sql, enum local_statement statement);

/**
 * Parameter ${at}, from 1.  ${text} may be NULL, and must live until
 * local_sql_done(): it is not copied, since it may be a secret.
 */
void local_sql_number(struct local_query *query, int at, int64_t number);
void local_sql_text(struct local_query *query, int at, const char *text);

/** Step to the next row; false: there is none, or an error. */
bool local_sql_row(struct local_query *query);

/**
 * Column ${at}, from 0, of the row.  A text is valid until the next step, and
 * not to be written to; NULL also when there is no memory, which sticks.
 */
uint32_t local_sql_get_number(struct local_query *query, int at);
char *local_sql_get_text(struct local_query *query, int at);

/** Number of rows that the query, which has come to its end, has changed. */
int local_sql_changed(const struct local_query *query);

/** End ${query}: success or what went wrong. */
enum dhcp_error local_sql_done(struct local_query *query);

/** Step a query whose rows do not matter, and end it. */
enum dhcp_error local_sql_run(struct local_query *query);

/** The same for a statement without parameters. */
enum dhcp_error
local_sql_do(struct local_sql *sql, enum local_statement statement);

/* ---- between server_local_file.c and server_local_sql.c */

/** Is the path no longer that of the open file, or of those beside it? */
bool local_sql_is_replaced(const struct local_sql *sql);

/** Say what ${rc} of SQLite means, in its words. */
enum dhcp_error local_sql_failed(struct local_sql *sql, int rc);

/** Say that ${what} happened, and what system error ${number} was behind. */
enum dhcp_error
local_sql_system_failed(struct local_sql *sql, int number, const char *what);

/** Was the open change lost? */
bool local_sql_is_lost(const struct local_sql *sql);

/** Say so. */
enum dhcp_error local_sql_lost(struct local_sql *sql);

#endif
