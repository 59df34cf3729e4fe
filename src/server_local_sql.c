/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "failover.h"
#include "server.h"

#include "server_local_sql.h"

#define MEMBERS                                                              \
	"name, primary_server, secondary_server, mode, server_type, state, " \
	"prev_state, mclt, safe_period, primary_name, secondary_name, "      \
	"percentage"
#define STATISTICS                                              \
	"num_addr, addr_free, addr_in_use, partner_addr_free, " \
	"this_addr_free, partner_addr_in_use, this_addr_in_use"
#define NEW                                                      \
	"INSERT INTO relationship (" MEMBERS ", secret) VALUES " \
	"(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"

/*
 * The percentage of the free addresses goes to the primary server for load
 * balance, and to the secondary for hot standby; the rest to the other.
 * ?2: the relationship's name; ?3: the percentage; ?4: is it of this server?
 */
#define SPLIT                                                     \
	"this_addr_free = CASE WHEN ?4 THEN addr_free * ?3 / 100" \
	" ELSE addr_free - addr_free * ?3 / 100 END, "            \
	"partner_addr_free = CASE WHEN ?4 THEN"                   \
	" addr_free - addr_free * ?3 / 100 ELSE addr_free * ?3 / 100 END"

static const char *const texts[LOCAL_STATEMENTS] = {
	/* clang-format off */
	[LOCAL_BEGIN] = "BEGIN IMMEDIATE",
	[LOCAL_COMMIT] = "COMMIT",
	[LOCAL_ROLLBACK] = "ROLLBACK",
	[LOCAL_SAVE] = "SAVEPOINT call",
	[LOCAL_RELEASE] = "RELEASE call",
	[LOCAL_UNDO] = "ROLLBACK TO call",
	[LOCAL_COUNT] = "SELECT relationships FROM total",
	[LOCAL_LIST] =
	    "SELECT " MEMBERS ", secret IS NOT NULL"
	    " FROM relationship ORDER BY name",
	[LOCAL_LIST_SCOPES] =
	    "SELECT relationship, address, " STATISTICS " FROM scope"
	    " WHERE relationship IS NOT NULL ORDER BY relationship, address",
	[LOCAL_GET] =
	    "SELECT " MEMBERS ", secret FROM relationship WHERE name = ?1",
	[LOCAL_GET_SCOPES] =
	    "SELECT relationship, address, " STATISTICS " FROM scope"
	    " WHERE relationship = ?1 ORDER BY address",
	[LOCAL_FIND] =
	    "SELECT mode, server_type, state, percentage"
	    " FROM relationship WHERE name = ?1",
	/* ?2: the flags, by their numbers; ?3 to ?9: the members. */
	[LOCAL_SET] =
	    "UPDATE relationship SET"
	    " mclt = CASE WHEN ?2 & 1 THEN ?3 ELSE mclt END,"
	    " safe_period = CASE WHEN ?2 & 2 THEN ?4 ELSE safe_period END,"
	    " state = CASE WHEN ?2 & 4 THEN ?5 ELSE state END,"
	    " percentage = CASE WHEN ?2 & 8 THEN ?6 ELSE percentage END,"
	    " mode = CASE WHEN ?2 & 16 THEN ?7 ELSE mode END,"
	    " prev_state = CASE WHEN ?2 & 32 THEN ?8 ELSE prev_state END,"
	    " secret = CASE WHEN ?2 & 64 THEN ?9 ELSE secret END"
	    " WHERE name = ?1",
	[LOCAL_INSERT] = NEW,
	/* An upsert that updates fires no insert trigger after it. */
	[LOCAL_PUT] =
	    NEW " ON CONFLICT (name) DO UPDATE SET"
	    " primary_server = ?2, secondary_server = ?3, mode = ?4,"
	    " server_type = ?5, state = ?6, prev_state = ?7, mclt = ?8,"
	    " safe_period = ?9, primary_name = ?10, secondary_name = ?11,"
	    " percentage = ?12, secret = ?13",
	/* Its scopes stay, and leave it: ON DELETE SET NULL. */
	[LOCAL_DELETE] = "DELETE FROM relationship WHERE name = ?1",
	[LOCAL_SPLIT] = "UPDATE scope SET " SPLIT " WHERE relationship = ?2",
	[LOCAL_SCOPE_FIND] =
	    "SELECT relationship, bootp_only FROM scope WHERE address = ?1",
	[LOCAL_SCOPE_LEARN] =
	    "INSERT INTO scope (address, length, num_addr, addr_free,"
	    " this_addr_free) VALUES (?1, ?2, ?3, ?3, ?3)",
	[LOCAL_SCOPE_JOIN] =
	    "UPDATE scope SET relationship = ?2, " SPLIT " WHERE address = ?1",
	[LOCAL_SCOPE_LINK] =
	    "UPDATE scope SET relationship = ?2 WHERE address = ?1",
	[LOCAL_SCOPE_LEAVE] =
	    "UPDATE scope SET relationship = NULL WHERE address = ?1",
	[LOCAL_SCOPES_LEAVE] =
	    "UPDATE scope SET relationship = NULL WHERE relationship = ?1",
	[LOCAL_SCOPE_NAME] =
	    "SELECT " MEMBERS ", secret FROM relationship WHERE name ="
	    " (SELECT relationship FROM scope WHERE address = ?1)",
	[LOCAL_SCOPE_STATISTICS] =
	    "SELECT relationship, address, " STATISTICS " FROM scope"
	    " WHERE address = ?1 AND relationship IS NOT NULL",
	[LOCAL_SCOPE_AROUND] =
	    "SELECT s.address, s.length, s.num_addr, r.name, r.mode,"
	    " r.percentage"
	    " FROM scope AS s LEFT JOIN relationship AS r"
	    " ON r.name = s.relationship"
	    " WHERE s.address <= ?1"
	    " AND s.address + (1 << (32 - s.length)) > ?1"
	    " ORDER BY s.address DESC LIMIT 1",
	/* clang-format on */
};

/* ---------------------------------------------------------------- trouble */

struct meaning {
	int foreign;
	enum dhcp_error error;
	bool stale; /* a file that was repaired needs to be opened anew */
	bool system; /* errno says more */
};

static const struct meaning sqlite_meanings[] = {
	/* clang-format off */
	{ SQLITE_BUSY,     ERROR_BUSY,              false, false },
	{ SQLITE_LOCKED,   ERROR_BUSY,              false, false },
	{ SQLITE_NOMEM,    ERROR_NOT_ENOUGH_MEMORY, false, false },
	{ SQLITE_FULL,     ERROR_DISK_FULL,         false, false },
	{ SQLITE_READONLY, ERROR_WRITE_PROTECT,     true,  false },
	{ SQLITE_PERM,     ERROR_ACCESS_DENIED,     true,  false },
	{ SQLITE_CORRUPT,  ERROR_FILE_CORRUPT,      true,  false },
	{ SQLITE_NOTADB,   ERROR_FILE_CORRUPT,      true,  false },
	{ SQLITE_IOERR,    ERROR_GEN_FAILURE,       true,  true },
	{ SQLITE_CANTOPEN, ERROR_GEN_FAILURE,       true,  true },
	{ 0,               ERROR_GEN_FAILURE,       true,  false },
	/* clang-format on */
};

static const struct meaning system_meanings[] = {
	/* clang-format off */
	{ .foreign = EACCES, .error = ERROR_ACCESS_DENIED },
	{ .foreign = EPERM,  .error = ERROR_ACCESS_DENIED },
	{ .foreign = EROFS,  .error = ERROR_WRITE_PROTECT },
	{ .foreign = ENOSPC, .error = ERROR_DISK_FULL },
	{ .foreign = EDQUOT, .error = ERROR_DISK_FULL },
	{ .foreign = ENOMEM, .error = ERROR_NOT_ENOUGH_MEMORY },
	{ .foreign = 0,      .error = ERROR_GEN_FAILURE },
	/* clang-format on */
};

static const struct meaning *
find_meaning(const struct meaning *meaning, int foreign)
{
	while (meaning->foreign != 0 && meaning->foreign != foreign)
		meaning++;
	return meaning;
}

enum dhcp_error
local_sql_system_failed(struct local_sql *sql, int number, const char *what)
{
	enum dhcp_error error = find_meaning(system_meanings, number)->error;
	char text[128];

	if (number == 0 || strerror_r(number, text, sizeof(text)) != 0) {
		return failover_server_failed(sql->server, error, "%s: %s",
		    sql->path, what);
	}
	return failover_server_failed(sql->server, error, "%s: %s (%s)",
	    sql->path, what, text);
}

enum dhcp_error
local_sql_failed(struct local_sql *sql, int rc)
{
	const struct meaning *meaning;
	const char *words;
	bool known;

	meaning = find_meaning(sqlite_meanings, rc & 0xFF);
	if (rc == SQLITE_IOERR_NOMEM)
		meaning = find_meaning(sqlite_meanings, SQLITE_NOMEM);
	sql->stale |= meaning->stale;

	/* The handle knows more than the code, if it was what failed. */
	known = sql->db != NULL && sqlite3_extended_errcode(sql->db) == rc;
	words = known ? sqlite3_errmsg(sql->db) : sqlite3_errstr(rc);
	if (known && meaning->system)
		return local_sql_system_failed(sql,
		    sqlite3_system_errno(sql->db), words);
	return failover_server_failed(sql->server, meaning->error, "%s: %s",
	    sql->path, words);
}

/* ---------------------------------------------------------------- queries */

struct local_query
local_sql_query(struct local_sql *sql, enum local_statement statement)
{
	struct local_query query = { sql, NULL, SQLITE_OK };
	sqlite3_stmt **prepared = &sql->statements[statement];

	if (*prepared == NULL) {
		query.rc = sqlite3_prepare_v3(sql->db, texts[statement], -1,
		    SQLITE_PREPARE_PERSISTENT, prepared, NULL);
	}
	query.statement = *prepared;
	return query;
}

void
local_sql_number(struct local_query *query, int at, int64_t number)
{
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_bind_int64(query->statement, at, number);
}

void
local_sql_text(struct local_query *query, int at, const char *text)
{
	if (query->rc == SQLITE_OK) {
		query->rc = sqlite3_bind_text(query->statement, at, text, -1,
		    SQLITE_STATIC);
	}
}

bool
local_sql_row(struct local_query *query)
{
	if (query->rc == SQLITE_OK || query->rc == SQLITE_ROW)
		query->rc = sqlite3_step(query->statement);
	return query->rc == SQLITE_ROW;
}

uint32_t
local_sql_get_number(struct local_query *query, int at)
{
	return (uint32_t)sqlite3_column_int64(query->statement, at);
}

char *
local_sql_get_text(struct local_query *query, int at)
{
	union {
		const unsigned char *theirs;
		char *text;
	} column = { NULL };

	if (sqlite3_column_type(query->statement, at) == SQLITE_NULL)
		return NULL;
	column.theirs = sqlite3_column_text(query->statement, at);
	if (column.theirs == NULL)
		query->rc = SQLITE_NOMEM;
	return column.text;
}

int
local_sql_changed(const struct local_query *query)
{
	return sqlite3_changes(query->sql->db);
}

enum dhcp_error
local_sql_done(struct local_query *query)
{
	enum dhcp_error error = ERROR_SUCCESS;

	if (query->rc != SQLITE_OK && query->rc != SQLITE_ROW &&
	    query->rc != SQLITE_DONE)
		error = local_sql_failed(query->sql, query->rc);
	if (query->statement != NULL) {
		sqlite3_reset(query->statement);
		sqlite3_clear_bindings(query->statement);
	}
	return error;
}

enum dhcp_error
local_sql_run(struct local_query *query)
{
	local_sql_row(query);
	return local_sql_done(query);
}

enum dhcp_error
local_sql_do(struct local_sql *sql, enum local_statement statement)
{
	struct local_query query = local_sql_query(sql, statement);

	return local_sql_run(&query);
}

/* The same for a way back, which must not hide why it is taken. */
static bool
run_quietly(struct local_sql *sql, enum local_statement statement)
{
	struct local_query query = local_sql_query(sql, statement);

	local_sql_row(&query);
	sqlite3_reset(query.statement);
	return query.rc == SQLITE_DONE;
}

/* ---------------------------------------------------------------- changes */

enum dhcp_error
local_sql_lost(struct local_sql *sql)
{
	return failover_server_failed(sql->server, ERROR_OPERATION_ABORTED,
	    "%s: the change that this is part of was lost", sql->path);
}

bool
local_sql_is_lost(const struct local_sql *sql)
{
	if (sql->change != LOCAL_CHANGE_OPEN)
		return sql->change == LOCAL_CHANGE_BROKEN;
	/* SQLite rolls back by itself after some errors. */
	return sql->db == NULL || sql->stale || sqlite3_get_autocommit(sql->db);
}

static void
undo_change(struct local_sql *sql)
{
	if (sqlite3_get_autocommit(sql->db))
		return;
	/* A lock that cannot be given back otherwise goes with the file. */
	if (!run_quietly(sql, LOCAL_ROLLBACK) &&
	    !sqlite3_get_autocommit(sql->db))
		local_sql_close(sql);
}

static void
undo_call(struct local_sql *sql)
{
	if (sqlite3_get_autocommit(sql->db))
		return;
	if (run_quietly(sql, LOCAL_UNDO) && run_quietly(sql, LOCAL_RELEASE))
		return;
	sql->change = LOCAL_CHANGE_BROKEN;
	undo_change(sql);
}

/* What is committed must be in the file that the path names. */
static enum dhcp_error
commit(struct local_sql *sql)
{
	if (local_sql_is_replaced(sql)) {
		sql->stale = true;
		return failover_server_failed(sql->server, ERROR_GEN_FAILURE,
		    "%s: was replaced or removed during the change", sql->path);
	}
	return local_sql_do(sql, LOCAL_COMMIT);
}

enum dhcp_error
local_sql_enter(struct local_sql *sql, bool alone)
{
	bool part = sql->change == LOCAL_CHANGE_OPEN;

	/* A statement that fails has done nothing. */
	sql->saved = part && !alone;
	if (part && alone)
		return ERROR_SUCCESS;
	return local_sql_do(sql, part ? LOCAL_SAVE : LOCAL_BEGIN);
}

enum dhcp_error
local_sql_leave(struct local_sql *sql, enum dhcp_error error)
{
	bool part = sql->change == LOCAL_CHANGE_OPEN;

	if (part && !sql->saved)
		return error;
	if (error == ERROR_SUCCESS)
		error = part ? local_sql_do(sql, LOCAL_RELEASE) : commit(sql);
	if (error == ERROR_SUCCESS)
		return error;
	if (part)
		undo_call(sql);
	else
		undo_change(sql);
	return error;
}

enum dhcp_error
local_sql_begin(struct local_sql *sql)
{
	enum dhcp_error error;

	if (sql->change != LOCAL_CHANGE_NONE)
		return ERROR_INVALID_PARAMETER;
	if ((error = local_sql_do(sql, LOCAL_BEGIN)) == ERROR_SUCCESS)
		sql->change = LOCAL_CHANGE_OPEN;
	return error;
}

enum dhcp_error
local_sql_commit(struct local_sql *sql)
{
	enum dhcp_error error;

	if (sql->change == LOCAL_CHANGE_NONE)
		return ERROR_INVALID_PARAMETER;
	if (local_sql_is_lost(sql))
		error = local_sql_lost(sql);
	else
		error = commit(sql);
	if (error != ERROR_SUCCESS)
		local_sql_rollback(sql);
	sql->change = LOCAL_CHANGE_NONE;
	return error;
}

void
local_sql_rollback(struct local_sql *sql)
{
	if (sql->change != LOCAL_CHANGE_NONE && sql->db != NULL)
		undo_change(sql);
	sql->change = LOCAL_CHANGE_NONE;
}
