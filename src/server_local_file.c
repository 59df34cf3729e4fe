/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_local_file.c - opening the file of a local server: whose it is, what
 * is in it, and whether it is still the one that its path names.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failover.h"
#include "log.h"
#include "server.h"

#include "server_local_sql.h"

#define QUOTED(number) #number
#define TEXT(number) QUOTED(number)

#define APPLICATION_ID 0x4448464F /* "DHFO" */
#define APPLICATION_ID_TEXT TEXT(APPLICATION_ID)
#define SCHEMA_VERSION 1
#define SCHEMA_VERSION_TEXT TEXT(SCHEMA_VERSION)

/*
 * Names compare octet by octet, the default of SQLite.  The number of
 * relationships is kept because Create has to know it, and counting is slow.
 */
static const char schema[] =
    "CREATE TABLE relationship ("
    " name TEXT NOT NULL PRIMARY KEY,"
    " primary_server INTEGER NOT NULL,"
    " secondary_server INTEGER NOT NULL,"
    " mode INTEGER NOT NULL CHECK (mode IN (0, 1)),"
    " server_type INTEGER NOT NULL CHECK (server_type IN (0, 1)),"
    " state INTEGER NOT NULL,"
    " prev_state INTEGER NOT NULL,"
    " mclt INTEGER NOT NULL,"
    " safe_period INTEGER NOT NULL,"
    " primary_name TEXT,"
    " secondary_name TEXT,"
    " percentage INTEGER NOT NULL CHECK (percentage BETWEEN 0 AND 100),"
    " secret TEXT"
    ") WITHOUT ROWID;"
    "CREATE TABLE scope ("
    " address INTEGER PRIMARY KEY,"
    " length INTEGER NOT NULL CHECK (length BETWEEN 0 AND 32),"
    " relationship TEXT REFERENCES relationship ON DELETE SET NULL,"
    " bootp_only INTEGER NOT NULL DEFAULT 0,"
    " num_addr INTEGER NOT NULL,"
    " addr_free INTEGER NOT NULL,"
    " addr_in_use INTEGER NOT NULL DEFAULT 0,"
    " partner_addr_free INTEGER NOT NULL DEFAULT 0,"
    " this_addr_free INTEGER NOT NULL,"
    " partner_addr_in_use INTEGER NOT NULL DEFAULT 0,"
    " this_addr_in_use INTEGER NOT NULL DEFAULT 0"
    ");"
    "CREATE INDEX scope_relationship ON scope (relationship, address);"
    "CREATE TABLE total (relationships INTEGER NOT NULL);"
    "INSERT INTO total VALUES (0);"
    "CREATE TRIGGER more AFTER INSERT ON relationship BEGIN"
    " UPDATE total SET relationships = relationships + 1; END;"
    "CREATE TRIGGER less AFTER DELETE ON relationship BEGIN"
    " UPDATE total SET relationships = relationships - 1; END;"
    "PRAGMA application_id = " APPLICATION_ID_TEXT ";"
    "PRAGMA user_version = " SCHEMA_VERSION_TEXT ";";

static const char mark[] =
    "SELECT a.application_id, u.user_version,"
    " (SELECT count(*) FROM sqlite_master)"
    " FROM pragma_application_id AS a, pragma_user_version AS u";

/*
 * Make the file if there is none, for its owner only; SQLite gives the files
 * beside it the same mode.  It must be new: to close a file that SQLite has
 * open in this process would drop SQLite's locks (POSIX), and so this must not
 * happen between another thread's look for the file and its opening either.
 */
static enum dhcp_error
make_file(struct local_sql *sql)
{
	static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
	int fd, number;

	pthread_mutex_lock(&making);
	number = 0;
	fd = open(sql->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		number = errno;
	pthread_mutex_unlock(&making);
	if (number != 0)
		return local_sql_system_failed(sql, number, "cannot be made");
	return ERROR_SUCCESS;
}

static enum dhcp_error
open_file(struct local_sql *sql)
{
	int rc;

	rc = sqlite3_open_v2(sql->path, &sql->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (sql->db != NULL)
		sqlite3_extended_result_codes(sql->db, 1);
	if (rc != SQLITE_OK)
		return local_sql_failed(sql, rc);
	sqlite3_busy_timeout(sql->db, (int)sql->busy_timeout);
	return ERROR_SUCCESS;
}

static enum dhcp_error
refuse_foreign(struct local_sql *sql)
{
	return failover_server_failed(sql->server, ERROR_GEN_FAILURE,
	    "%s: not a database of dhcpfo", sql->path);
}

/*
 * SQLite would change a foreign database just by looking at it when that has a
 * write-ahead log.  So look at its first page without SQLite, but through the
 * file it has open.  What is no database at all is for SQLite to say.
 */
static enum dhcp_error
look_at_header(struct local_sql *sql)
{
	unsigned char head[72];
	sqlite3_file *file;
	uint32_t id;
	int rc;

	file = NULL;
	rc = sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_FILE_POINTER,
	    &file);
	if (rc != SQLITE_OK || file == NULL || file->pMethods == NULL)
		return local_sql_failed(sql, SQLITE_CANTOPEN);
	rc = file->pMethods->xRead(file, head, sizeof(head), 0);
	if (rc == SQLITE_IOERR_SHORT_READ)
		return ERROR_SUCCESS;
	if (rc != SQLITE_OK)
		return local_sql_failed(sql, rc);
	if (memcmp(head, "SQLite format 3", 16) != 0)
		return ERROR_SUCCESS;
	id = (uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 |
	    (uint32_t)head[70] << 8 | head[71];
	return id == APPLICATION_ID ? ERROR_SUCCESS : refuse_foreign(sql);
}

static enum dhcp_error
execute(struct local_sql *sql, const char *text)
{
	int rc;

	rc = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERROR_SUCCESS : local_sql_failed(sql, rc);
}

/* Secrets that were replaced do not stay in the file. */
static enum dhcp_error
set_pragmas(struct local_sql *sql)
{
	return execute(sql,
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA secure_delete = ON;");
}

struct mark {
	uint32_t id, version, tables;
};

static enum dhcp_error
read_mark(struct local_sql *sql, struct mark *found)
{
	struct local_query query = { sql, NULL, SQLITE_OK };
	enum dhcp_error error;

	query.rc =
	    sqlite3_prepare_v2(sql->db, mark, -1, &query.statement, NULL);
	if (local_sql_row(&query)) {
		found->id = local_sql_get_number(&query, 0);
		found->version = local_sql_get_number(&query, 1);
		found->tables = local_sql_get_number(&query, 2);
	}
	error = local_sql_done(&query);
	sqlite3_finalize(query.statement);
	return error;
}

/* Make the tables, unless another process was faster. */
static enum dhcp_error
make_tables(struct local_sql *sql, struct mark *found)
{
	enum dhcp_error error;

	if ((error = execute(sql, "BEGIN IMMEDIATE")) != ERROR_SUCCESS)
		return error;
	if ((error = read_mark(sql, found)) != ERROR_SUCCESS)
		return error;
	if (found->id == 0 && found->tables == 0) {
		if ((error = execute(sql, schema)) != ERROR_SUCCESS)
			return error;
		if ((error = read_mark(sql, found)) != ERROR_SUCCESS)
			return error;
	}
	return execute(sql, "COMMIT");
}

static enum dhcp_error
check_schema(struct local_sql *sql)
{
	struct mark found = { 0, 0, 0 };
	enum dhcp_error error;

	error = read_mark(sql, &found);
	if (error == ERROR_SUCCESS && found.id == 0)
		error = make_tables(sql, &found);
	if (error != ERROR_SUCCESS)
		return error;
	if (found.id != APPLICATION_ID)
		return refuse_foreign(sql);
	if (found.version != SCHEMA_VERSION) {
		return failover_server_failed(sql->server, ERROR_GEN_FAILURE,
		    "%s: its schema is version %u, and this dhcpfo knows %u",
		    sql->path, (unsigned int)found.version, SCHEMA_VERSION);
	}
	return ERROR_SUCCESS;
}

static enum dhcp_error
log_ahead(struct local_sql *sql)
{
	struct local_query query = { sql, NULL, SQLITE_OK };
	enum dhcp_error error;
	const char *now;
	bool ahead;

	if (local_sql_is_read_only(sql))
		return ERROR_SUCCESS;
	query.rc = sqlite3_prepare_v2(sql->db, "PRAGMA journal_mode = WAL", -1,
	    &query.statement, NULL);
	ahead = local_sql_row(&query) &&
	    (now = local_sql_get_text(&query, 0)) != NULL &&
	    strcmp(now, "wal") == 0;
	error = local_sql_done(&query);
	sqlite3_finalize(query.statement);
	if (error == ERROR_SUCCESS && !ahead) {
		return failover_server_failed(sql->server, ERROR_GEN_FAILURE,
		    "%s: no write-ahead log can be kept there", sql->path);
	}
	return error;
}

/* Which file is there now? */
static struct local_file
identify(const struct local_sql *sql, unsigned int which)
{
	struct local_file file = { 0, 0 };
	struct stat st;

	if (stat(sql->paths[which], &st) == 0) {
		file.dev = st.st_dev;
		file.ino = st.st_ino;
	}
	return file;
}

static bool
is_same(const struct local_sql *sql, unsigned int which)
{
	struct local_file now = identify(sql, which);

	return now.dev == sql->files[which].dev &&
	    now.ino == sql->files[which].ino;
}

bool
local_sql_is_replaced(const struct local_sql *sql)
{
	unsigned int i;

	for (i = 0; i < LOCAL_FILES; i++) {
		if (!is_same(sql, i))
			return true;
	}
	return false;
}

/*
 * SQLite would apply the log of the file that was there to the one that is
 * there now.  But a file that only cannot be looked at is still there.
 */
static void
drop_orphans(struct local_sql *sql)
{
	struct stat st;
	unsigned int i;

	if (is_same(sql, LOCAL_FILE_MAIN) ||
	    (stat(sql->path, &st) != 0 && errno != ENOENT))
		return;
	for (i = LOCAL_FILE_LOG; i < LOCAL_FILES; i++) {
		if (sql->files[i].ino != 0 && is_same(sql, i))
			unlink(sql->paths[i]);
	}
}

/* SQLite's own files are beside the one that a link may lead to. */
static bool
name_files(struct local_sql *sql)
{
	static const char *const suffixes[LOCAL_FILES] = { "", "-wal", "-shm" };
	const char *main = sqlite3_db_filename(sql->db, "main");
	size_t size = strlen(main) + sizeof("-wal");
	unsigned int i;

	/* But this is ours, for links may lead elsewhere by now. */
	sql->paths[LOCAL_FILE_MAIN] = sql->path;
	for (i = LOCAL_FILE_LOG; i < LOCAL_FILES; i++) {
		if ((sql->paths[i] = malloc(size)) == NULL)
			return false;
		snprintf(sql->paths[i], size, "%s%s", main, suffixes[i]);
	}
	return true;
}

/* Remember which file it is, and be sure that it is the one that is open. */
static enum dhcp_error
remember_files(struct local_sql *sql)
{
	enum dhcp_error error;
	unsigned int i;
	int moved = 0;

	/* The log of a new file is made when it is first read. */
	if ((error = local_sql_do(sql, LOCAL_COUNT)) != ERROR_SUCCESS)
		return error;
	if (!name_files(sql))
		return local_sql_failed(sql, SQLITE_NOMEM);
	for (i = 0; i < LOCAL_FILES; i++)
		sql->files[i] = identify(sql, i);
	sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved || sql->files[LOCAL_FILE_MAIN].ino == 0) {
		return failover_server_failed(sql->server, ERROR_BUSY,
		    "%s: was replaced while it was opened", sql->path);
	}
	return ERROR_SUCCESS;
}

/* It may hold secrets: its owner's group may see them, if anybody else may. */
static enum dhcp_error
check_readers(struct local_sql *sql)
{
	struct stat st;

	if (stat(sql->path, &st) != 0)
		return ERROR_SUCCESS;
	if ((st.st_mode & S_IRWXO) != 0) {
		return failover_server_failed(sql->server, ERROR_ACCESS_DENIED,
		    "%s: everyone has access to it, and it may hold secrets: "
		    "chmod o= it",
		    sql->path);
	}
	/* A file that fails is opened anew by each poll. */
	if ((st.st_mode & S_IRWXG) != 0 && !sql->warned) {
		log_warning("server \"%s\": %s: others than its owner have "
			    "access to it, and it may hold secrets",
		    sql->server->name, sql->path);
	}
	sql->warned = (st.st_mode & S_IRWXG) != 0;
	return ERROR_SUCCESS;
}

static enum dhcp_error (*const opening[])(struct local_sql *) = {
	make_file,
	open_file,
	look_at_header,
	set_pragmas,
	check_schema,
	log_ahead,
	remember_files,
	check_readers,
};

static enum dhcp_error
open_all(struct local_sql *sql)
{
	enum dhcp_error error;
	size_t i;

	for (i = 0; i < nitems(opening); i++) {
		if ((error = opening[i](sql)) != ERROR_SUCCESS)
			goto err1;
	}
	return ERROR_SUCCESS;

err1:
	local_sql_close(sql);
	return error;
}

bool
local_sql_init(struct local_sql *sql, struct failover_server *server,
    const char *path, uint32_t busy_timeout)
{
	const char *prefix = path[0] == '/' ? "" : "./";

	/* SQLite takes ":memory:" and "file:..." for something else. */
	*sql = (struct local_sql){ .server = server,
		.busy_timeout = busy_timeout };
	sql->path = malloc(strlen(prefix) + strlen(path) + 1);
	if (sql->path == NULL)
		return false;
	strcpy(sql->path, prefix);
	strcat(sql->path, path);
	return true;
}

void
local_sql_free(struct local_sql *sql)
{
	local_sql_close(sql);
	free(sql->path);
}

bool
local_sql_is_read_only(const struct local_sql *sql)
{
	return sqlite3_db_readonly(sql->db, "main") == 1;
}

void
local_sql_close(struct local_sql *sql)
{
	size_t i;

	for (i = 0; i < nitems(sql->statements); i++) {
		sqlite3_finalize(sql->statements[i]);
		sql->statements[i] = NULL;
	}
	for (i = LOCAL_FILE_LOG; i < LOCAL_FILES; i++) {
		free(sql->paths[i]);
		sql->paths[i] = NULL;
	}
	sqlite3_close(sql->db);
	sql->db = NULL;
	sql->stale = false;
	if (sql->change == LOCAL_CHANGE_OPEN)
		sql->change = LOCAL_CHANGE_BROKEN;
}

static void
notice_replacement(struct local_sql *sql)
{
	/* Within a change it is the commit that looks. */
	if (sql->db == NULL || sql->change == LOCAL_CHANGE_OPEN ||
	    !local_sql_is_replaced(sql))
		return;
	log_warning("server \"%s\": %s: was replaced or removed; opening it "
		    "anew",
	    sql->server->name, sql->path);
	drop_orphans(sql);
	sql->stale = true;
}

enum dhcp_error
local_sql_ready(struct local_sql *sql, bool *opened)
{
	enum dhcp_error error;

	*opened = false;
	notice_replacement(sql);
	if (local_sql_is_lost(sql))
		sql->change = LOCAL_CHANGE_BROKEN;
	if (sql->stale)
		local_sql_close(sql);
	if (sql->change == LOCAL_CHANGE_BROKEN)
		return local_sql_lost(sql);
	if (sql->db != NULL)
		return ERROR_SUCCESS;
	error = open_all(sql);
	*opened = error == ERROR_SUCCESS;
	return error;
}
