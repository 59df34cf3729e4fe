/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "history.h"
#include "log.h"

#define FILE_NAME "dhcpfod-state.db"

/*
 * A backlog means that the disk does not answer: better to forget a change of
 * state than to grow without end.  But one listing may bring 100,000 rows at
 * once, or two notes about each when they have gone.
 */
#define BACKLOG_MAX (1u << 20)

/*
 * After a batch the thread sleeps so long: what comes meanwhile, such as the
 * events of many SETs, is one transaction.  It delays no one, and an end of the
 * program by no more than this.
 */
#define LINGER_MS 50

enum note_kind { NOTE_KEEP, NOTE_FORGET, NOTE_EVENT, NOTE_TRIM };

/* Statements: those of the notes, by kind, and these. */
enum { BEGIN_BATCH = NOTE_TRIM + 1, COMMIT_BATCH, STATEMENTS };

/* Something to write; its texts are in the batch's arena. */
struct note {
	struct note *next;
	enum note_kind kind;
	struct history_row row;
	struct event event;
	uint32_t oldest; /* of the log, by then; of NOTE_EVENT, NOTE_TRIM */
};

struct batch {
	struct note *first, **last;
	struct arena arena;
	size_t n;
};

struct history {
	struct job job; /* first: the job is the history */
	sqlite3 *db; /* the writer's, while a job runs */
	sqlite3_stmt *prepared[STATEMENTS]; /* likewise; at their first use */
	char *path;
	struct workshop *shop;
	struct worker *worker;
	struct batch waiting, writing;
	bool busy, failed, told_lost;
	bool surplus; /* the file had events that the log does not hold */
	struct history_row *rows; /* the first ${sorted} by server, then name */
	size_t n, size, sorted;
	struct arena names;
	struct event_log *events;
};

static const char schema[] =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS relationship ("
    " server INTEGER, name TEXT, state INTEGER, state_time INTEGER,"
    " transitions INTEGER, comm_interruptions INTEGER,"
    " PRIMARY KEY (server, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS event ("
    " id INTEGER PRIMARY KEY, time INTEGER, kind INTEGER, server TEXT,"
    " relationship TEXT, old_state INTEGER, new_state INTEGER,"
    " flags INTEGER, result INTEGER, text TEXT);";

static const char *const statements[] = {
	[NOTE_KEEP] = "INSERT OR REPLACE INTO relationship VALUES "
		      "(?1, ?2, ?3, ?4, ?5, ?6)",
	[NOTE_FORGET] = "DELETE FROM relationship WHERE server = ?1 AND "
			"name = ?2",
	[NOTE_EVENT] = "INSERT OR REPLACE INTO event VALUES "
		       "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[BEGIN_BATCH] = "BEGIN IMMEDIATE",
	[NOTE_TRIM] = "DELETE FROM event WHERE id < ?1",
	[COMMIT_BATCH] = "COMMIT",
};

static void
batch_init(struct batch *batch)
{
	memset(batch, 0, sizeof(*batch));
	batch->last = &batch->first;
}

/* Why it is not read, or kept: what SQLite knows nothing of is our memory. */
static const char *
reason(const struct history *history)
{
	switch (
	    history->db != NULL ? sqlite3_errcode(history->db) : SQLITE_NOMEM) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
	case SQLITE_NOMEM:
		return "out of memory";
	default:
		return sqlite3_errmsg(history->db);
	}
}

static void
complain(struct history *history)
{
	if (!history->failed)
		log_err("%s: %s: state history is not kept", history->path,
		    reason(history));
	history->failed = true;
}

/* ---- reading ---- */

/* Room for one row more. */
static bool
grow(struct history *history)
{
	size_t size = history->size == 0 ? 64 : 2 * history->size;
	void *more;

	if (history->n < history->size)
		return true;
	if ((more = realloc(history->rows, size * sizeof(*history->rows))) ==
	    NULL)
		return false;
	history->rows = more;
	history->size = size;
	return true;
}

static bool
read_rows(struct history *history)
{
	struct history_row *row;
	sqlite3_stmt *query;
	int rc;

	if (sqlite3_prepare_v2(history->db,
		"SELECT server, name, state, "
		"state_time, transitions, comm_interruptions FROM relationship "
		"ORDER BY server, name",
		-1, &query, NULL) != SQLITE_OK)
		return false;
	while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
		if (!grow(history))
			break;
		row = &history->rows[history->n];
		row->server = (uint32_t)sqlite3_column_int64(query, 0);
		row->name = arena_text(&history->names,
		    (const char *)sqlite3_column_text(query, 1),
		    (size_t)sqlite3_column_bytes(query, 1));
		if (row->name == NULL)
			break;
		row->forgotten = false;
		row->state = (uint32_t)sqlite3_column_int64(query, 2);
		row->state_time = (time_t)sqlite3_column_int64(query, 3);
		row->transitions = (uint32_t)sqlite3_column_int64(query, 4);
		row->comm_interruptions =
		    (uint32_t)sqlite3_column_int64(query, 5);
		history->n++;
	}
	history->sorted = history->n;
	sqlite3_finalize(query);
	return rc == SQLITE_DONE;
}

static bool
read_events(struct history *history)
{
	sqlite3_int64 index, kind;
	struct event event;
	sqlite3_stmt *query;
	size_t n = 0;
	int rc;

	if (sqlite3_prepare_v2(history->db,
		"SELECT id, time, kind, server, "
		"relationship, old_state, new_state, flags, result, text "
		"FROM event ORDER BY id",
		-1, &query, NULL) != SQLITE_OK)
		return false;
	while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
		index = sqlite3_column_int64(query, 0);
		kind = sqlite3_column_int64(query, 2);
		/* Anybody may have written it, and a walk needs an order. */
		if (index <= history->events->last || index > UINT32_MAX ||
		    kind < EVENT_OTHER || kind > EVENT_DRIFT_GONE)
			continue;
		event.index = (uint32_t)index;
		event.time = (time_t)sqlite3_column_int64(query, 1);
		event.kind = (uint32_t)kind;
		/* event_log_add() copies them. */
		event.server = (char *)(uintptr_t)sqlite3_column_text(query, 3);
		event.relationship =
		    (char *)(uintptr_t)sqlite3_column_text(query, 4);
		event.old_state = (uint32_t)sqlite3_column_int64(query, 5);
		event.new_state = (uint32_t)sqlite3_column_int64(query, 6);
		event.flags = (uint32_t)sqlite3_column_int64(query, 7);
		event.result = (uint32_t)sqlite3_column_int64(query, 8);
		event.text = (char *)(uintptr_t)sqlite3_column_text(query, 9);
		if (event_log_add(history->events, &event) == NULL &&
		    history->events->limit > 0)
			break;
		n++;
	}
	history->surplus = n > history->events->n;
	sqlite3_finalize(query);
	return rc == SQLITE_DONE;
}

/* The texts in it may be names of other people's things: for us alone. */
static void
make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd != -1)
		close(fd);
}

static bool
read_file(struct history *history)
{
	make_private(history->path);
	return sqlite3_open_v2(history->path, &history->db,
		   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		   NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(history->db, 1000) == SQLITE_OK &&
	    sqlite3_exec(history->db, schema, NULL, NULL, NULL) == SQLITE_OK &&
	    read_rows(history) && read_events(history);
}

struct history *
history_open(const char *directory, struct workshop *shop,
    struct event_log *events)
{
	size_t size = strlen(directory) + sizeof("/" FILE_NAME);
	struct history *history;

	if ((history = calloc(1, sizeof(*history))) == NULL)
		goto err0;
	if ((history->path = malloc(size)) == NULL)
		goto err1;
	snprintf(history->path, size, "%s/" FILE_NAME, directory);
	history->events = events;
	history->shop = shop;
	batch_init(&history->waiting);
	batch_init(&history->writing);
	if ((history->worker = worker_new(shop, NULL)) == NULL)
		goto err2;
	if (!read_file(history)) {
		/* Else what is not known would be written over. */
		log_err("%s: %s: state history is not kept until the next "
			"start",
		    history->path, reason(history));
		sqlite3_close(history->db);
		history->db = NULL;
	} else if (history->surplus)
		/* A limit was lowered meanwhile: none of them comes back. */
		history_trim(history);

	/* Success! */
	return history;

err2:
	free(history->path);
err1:
	free(history);
err0:
	return NULL;
}

static int
compare_with(const struct history_row *row, uint32_t server, const char *name)
{
	if (row->server != server)
		return row->server < server ? -1 : 1;
	return strcmp(row->name, name);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct history_row *y = b;

	return compare_with(a, y->server, y->name);
}

/* Where it is among those that are sorted, or would be. */
static size_t
position(const struct history *history, uint32_t server, const char *name)
{
	size_t low = 0, high = history->sorted, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_with(&history->rows[middle], server, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Among those that are sorted. */
static struct history_row *
search(const struct history *history, uint32_t server, const char *name)
{
	const size_t i = position(history, server, name);

	return i < history->sorted &&
		compare_with(&history->rows[i], server, name) == 0 ?
	    &history->rows[i] :
	    NULL;
}

static void
sort(struct history *history)
{
	if (history->sorted < history->n)
		qsort(history->rows, history->n, sizeof(*history->rows),
		    compare_rows);
	history->sorted = history->n;
}

static struct history_row *
find(struct history *history, uint32_t server, const char *name)
{
	sort(history);
	return search(history, server, name);
}

const struct history_row *
history_find(struct history *history, uint32_t server, const char *name)
{
	const struct history_row *row = find(history, server, name);

	return row != NULL && !row->forgotten ? row : NULL;
}

size_t
history_first(struct history *history, uint32_t server)
{
	sort(history);
	return position(history, server, "");
}

const struct history_row *
history_at(struct history *history, size_t i)
{
	sort(history);
	return i < history->n ? &history->rows[i] : NULL;
}

/* ---- writing ---- */

static void
bind_row(sqlite3_stmt *s, const struct history_row *row, bool all)
{
	sqlite3_bind_int64(s, 1, row->server);
	sqlite3_bind_text(s, 2, row->name, -1, SQLITE_STATIC);
	if (!all)
		return;
	sqlite3_bind_int64(s, 3, row->state);
	sqlite3_bind_int64(s, 4, row->state_time);
	sqlite3_bind_int64(s, 5, row->transitions);
	sqlite3_bind_int64(s, 6, row->comm_interruptions);
}

static void
bind_event(sqlite3_stmt *s, const struct event *event)
{
	sqlite3_bind_int64(s, 1, event->index);
	sqlite3_bind_int64(s, 2, event->time);
	sqlite3_bind_int64(s, 3, event->kind);
	sqlite3_bind_text(s, 4, event->server, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, event->relationship, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 6, event->old_state);
	sqlite3_bind_int64(s, 7, event->new_state);
	sqlite3_bind_int64(s, 8, event->flags);
	sqlite3_bind_int64(s, 9, event->result);
	sqlite3_bind_text(s, 10, event->text, -1, SQLITE_STATIC);
}

static sqlite3_stmt *
prepare(struct history *history, int statement)
{
	sqlite3_stmt **s = &history->prepared[statement];

	if (*s == NULL &&
	    sqlite3_prepare_v2(history->db, statements[statement], -1, s,
		NULL) != SQLITE_OK)
		return NULL;
	return *s;
}

/* Run ${s}, NULL when it could not be prepared; then its texts may go. */
static bool
run(sqlite3_stmt *s)
{
	if (s == NULL)
		return false;
	sqlite3_step(s);
	return sqlite3_reset(s) == SQLITE_OK &&
	    sqlite3_clear_bindings(s) == SQLITE_OK;
}

static bool
write_note(struct history *history, const struct note *note)
{
	sqlite3_stmt *s = prepare(history, (int)note->kind);

	if (s != NULL && note->kind == NOTE_EVENT)
		bind_event(s, &note->event);
	else if (s != NULL)
		bind_row(s, &note->row, note->kind == NOTE_KEEP);
	return run(s);
}

static bool
trim(struct history *history, uint32_t oldest)
{
	sqlite3_stmt *s = prepare(history, NOTE_TRIM);

	if (s != NULL)
		sqlite3_bind_int64(s, 1, oldest);
	return run(s);
}

/* All of a batch in one transaction; what fails is not tried again. */
static void
write_batch(struct history *history)
{
	const struct note *note;
	uint32_t oldest = 0;

	if (!run(prepare(history, BEGIN_BATCH)))
		goto err0;
	for (note = history->writing.first; note != NULL; note = note->next) {
		if (note->kind != NOTE_TRIM && !write_note(history, note))
			goto err1;
		if (note->kind == NOTE_EVENT || note->kind == NOTE_TRIM)
			oldest = note->oldest;
	}
	if ((oldest > 1 && !trim(history, oldest)) ||
	    !run(prepare(history, COMMIT_BATCH)))
		goto err1;

	/* Success! */
	if (history->failed)
		log_notice("%s: state history is kept again", history->path);
	history->failed = false;
	return;

err1:
	complain(history);
	sqlite3_exec(history->db, "ROLLBACK", NULL, NULL, NULL);
	return;
err0:
	complain(history);
}

static void
write_and_linger(struct job *job, struct failover_server *server)
{
	const struct timespec linger = { 0, LINGER_MS * 1000000L };

	(void)server;
	write_batch((struct history *)job);
	nanosleep(&linger, NULL);
}

static void start_batch(struct history *history);

static void
batch_written(struct job *job)
{
	struct history *history = (struct history *)job;

	arena_free(&history->writing.arena, 0);
	batch_init(&history->writing);
	history->busy = false;
	start_batch(history);
}

static void
start_batch(struct history *history)
{
	if (history->busy || history->waiting.n == 0)
		return;
	history->writing = history->waiting;
	batch_init(&history->waiting);
	history->busy = true;
	history->job.run = write_and_linger;
	history->job.done = batch_written;
	worker_submit(history->worker, &history->job);
}

/* A change is not kept; said once, until one is kept again. */
static void
lose(struct history *history, const char *why)
{
	if (!history->told_lost)
		log_warning("%s: %s: changes are not kept", history->path, why);
	history->told_lost = true;
}

static struct note *
add_note(struct history *history, enum note_kind kind)
{
	struct batch *batch = &history->waiting;
	struct note *note;

	if (history->db == NULL)
		return NULL;
	if (batch->n == BACKLOG_MAX) {
		lose(history, "the disk is too slow");
		return NULL;
	}
	if ((note = arena_alloc(&batch->arena, sizeof(*note))) == NULL) {
		lose(history, "out of memory");
		return NULL;
	}
	memset(note, 0, sizeof(*note));
	note->kind = kind;
	return note;
}

/* Queue ${note}, if it is ${complete}: if there was memory for its texts. */
static void
commit_note(struct history *history, struct note *note, bool complete)
{
	struct batch *batch = &history->waiting;

	if (!complete) {
		lose(history, "out of memory");
		return;
	}
	history->told_lost = false;
	*batch->last = note;
	batch->last = &note->next;
	batch->n++;
	start_batch(history);
}

static char *
note_text(struct history *history, const char *text)
{
	return arena_text(&history->waiting.arena, text, strlen(text));
}

/* A server that leaves and comes back is looked up once more. */
static void
update(struct history *history, const struct history_row *row)
{
	struct history_row *known = find(history, row->server, row->name);
	const char *name;

	if (known == NULL)
		return;
	name = known->name;
	*known = *row;
	known->name = name;
}

/* A server that leaves has many: they are sorted when one is looked up. */
void
history_remember(struct history *history, const struct history_row *row)
{
	const char *name;

	/* What is known is kept as it is now. */
	if (search(history, row->server, row->name) != NULL)
		return;
	name = arena_text(&history->names, row->name, strlen(row->name));
	if (name == NULL || !grow(history)) {
		lose(history, "out of memory");
		return;
	}
	history->rows[history->n] = *row;
	history->rows[history->n++].name = name;
}

void
history_keep(struct history *history, const struct history_row *row)
{
	struct note *note;

	update(history, row);
	if ((note = add_note(history, NOTE_KEEP)) == NULL)
		return;
	note->row = *row;
	note->row.name = note_text(history, row->name);
	commit_note(history, note, note->row.name != NULL);
}

void
history_forget(struct history *history, uint32_t server, const char *name)
{
	struct history_row *known = find(history, server, name);
	struct note *note;

	if (known != NULL)
		known->forgotten = true;
	if ((note = add_note(history, NOTE_FORGET)) == NULL)
		return;
	note->row.server = server;
	note->row.name = note_text(history, name);
	commit_note(history, note, note->row.name != NULL);
}

/* What the file is to begin with. */
static uint32_t
oldest_event(const struct history *history)
{
	const struct event *oldest = event_log_from(history->events, 0);

	return oldest != NULL ? oldest->index : history->events->last + 1;
}

void
history_trim(struct history *history)
{
	struct note *note;

	if ((note = add_note(history, NOTE_TRIM)) == NULL)
		return;
	note->oldest = oldest_event(history);
	commit_note(history, note, true);
}

void
history_event(struct history *history, const struct event *event)
{
	struct note *note;

	if ((note = add_note(history, NOTE_EVENT)) == NULL)
		return;
	note->event = *event;
	note->oldest = oldest_event(history);
	note->event.server = note_text(history, event->server);
	note->event.relationship = note_text(history, event->relationship);
	note->event.text = note_text(history, event->text);
	commit_note(history, note,
	    note->event.server != NULL && note->event.relationship != NULL &&
		note->event.text != NULL);
}

void
history_close(struct history *history, unsigned int milliseconds)
{
	size_t i;

	if (history == NULL)
		return;
	if (!worker_stop(history->worker, milliseconds)) {
		log_warning("%s: still busy, not waited for", history->path);
		return;
	}
	/* The thread is gone: what is left is written here. */
	workshop_forget(history->shop, &history->job);
	if (history->busy && history->writing.n > 0)
		write_batch(history);
	arena_free(&history->writing.arena, 0);
	history->writing = history->waiting;
	if (history->writing.n > 0)
		write_batch(history);
	arena_free(&history->writing.arena, 0);
	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(history->prepared[i]);
	sqlite3_close(history->db);
	arena_free(&history->names, 0);
	free(history->rows);
	free(history->path);
	free(history);
}
