/* SPDX-License-Identifier: BSD-2-Clause */
#include "alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"
#include "log.h"

#define PATIENCE 20000

struct place {
	char dir[64], file[96];
	struct workshop *shop;
	struct event_log *events;
	struct history *history;
};

static char logged[4096];

static void
remember(enum log_level level, const char *line)
{
	size_t n = strlen(logged);

	(void)level;
	snprintf(logged + n, sizeof(logged) - n, "%s\n", line);
}

static void
begin_with(struct place *p, size_t limit)
{
	p->shop = workshop_new();
	p->events = event_log_new(limit);
	p->history = history_open(p->dir, p->shop, p->events);
	assert_non_null(p->history);
}

static void
begin(struct place *p)
{
	begin_with(p, 3);
}

static void
end(struct place *p)
{
	history_close(p->history, PATIENCE);
	event_log_free(p->events);
	workshop_free(p->shop);
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/dhcpfo-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof(p->file), "%.40s/dhcpfod-state.db", p->dir);
	logged[0] = '\0';
	log_open(remember, NULL);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	log_open(NULL, NULL);
	unlink(p->file);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void
keep(struct place *p, uint32_t server, const char *name, uint32_t state)
{
	const struct history_row row = { server, name, state, 12345, 6, 7,
		false };

	history_keep(p->history, &row);
}

static void
note(struct place *p, const char *text)
{
	const struct event event = { .kind = EVENT_OTHER,
		.text = (char *)(uintptr_t)text };
	const struct event *kept = event_log_add(p->events, &event);

	history_event(p->history, kept);
}

static void
rows__that_were_kept__are_there_after_a_restart(void **state)
{
	struct place *p = *state;
	const struct history_row *row;

	begin(p);
	assert_null(history_find(p->history, 1, "alpha"));
	keep(p, 1, "alpha", 3);
	keep(p, 2, "alpha", 4);
	keep(p, 1, "Zürich", 5);
	keep(p, 1, "alpha", 9);
	end(p);
	begin(p);
	row = history_find(p->history, 1, "alpha");
	assert_non_null(row);
	assert_int_equal(row->state, 9);
	assert_int_equal(row->state_time, 12345);
	assert_int_equal(row->transitions, 6);
	assert_int_equal(row->comm_interruptions, 7);
	assert_int_equal(history_find(p->history, 2, "alpha")->state, 4);
	assert_int_equal(history_find(p->history, 1, "Zürich")->state, 5);
	assert_null(history_find(p->history, 3, "alpha"));
	history_forget(p->history, 1, "alpha");
	end(p);
	begin(p);
	assert_null(history_find(p->history, 1, "alpha"));
	assert_non_null(history_find(p->history, 2, "alpha"));
	end(p);
	assert_string_equal(logged, "");
}

/* A server may be taken out of the configuration, and put in again. */
static void
rows__that_are_kept_since_the_start__are_found_as_they_are_now(void **state)
{
	struct place *p = *state;

	begin(p);
	keep(p, 1, "alpha", 4);
	end(p);
	begin(p);
	keep(p, 1, "alpha", 3);
	assert_int_equal(history_find(p->history, 1, "alpha")->state, 3);
	assert_string_equal(history_find(p->history, 1, "alpha")->name,
	    "alpha");
	/* One that is deleted has nothing to do with the next of its name. */
	history_forget(p->history, 1, "alpha");
	assert_null(history_find(p->history, 1, "alpha"));
	keep(p, 1, "alpha", 5);
	assert_int_equal(history_find(p->history, 1, "alpha")->state, 5);
	end(p);
}

static void
rows__of_one_server__are_together_wherever_they_were_kept(void **state)
{
	struct place *p = *state;
	const struct history_row late = { 2, "beta", 3, 1, 1, 1, false };
	size_t i;

	begin(p);
	assert_int_equal(history_first(p->history, 1), 0);
	assert_null(history_at(p->history, 0));
	keep(p, 3, "alpha", 4);
	keep(p, 2, "gamma", 4);
	keep(p, 1, "omega", 4);
	end(p);
	begin(p);
	history_remember(p->history, &late);
	i = history_first(p->history, 2);
	assert_int_equal(i, 1);
	assert_string_equal(history_at(p->history, i)->name, "beta");
	assert_string_equal(history_at(p->history, i + 1)->name, "gamma");
	assert_int_equal(history_at(p->history, i + 2)->server, 3);
	/* One that has none begins where it would be. */
	assert_int_equal(history_first(p->history, 0), 0);
	assert_int_equal(history_first(p->history, 4), 4);
	assert_null(history_at(p->history, 4));
	end(p);
}

static void
events__that_the_log_holds__are_there_after_a_restart(void **state)
{
	struct place *p = *state;

	begin(p);
	note(p, "one");
	note(p, "two");
	note(p, "three");
	note(p, "four");
	end(p);
	begin(p);
	assert_int_equal(p->events->n, 3);
	assert_string_equal(event_log_from(p->events, 0)->text, "two");
	assert_int_equal(event_log_from(p->events, 0)->index, 2);
	note(p, "five");
	assert_int_equal(p->events->last, 5);
	end(p);
}

/* "A lower value drops the oldest at once", and none come back. */
static void
events__that_a_lower_limit_drops__are_not_there_after_a_restart(void **state)
{
	struct place *p = *state;

	begin(p);
	note(p, "one");
	note(p, "two");
	note(p, "three");
	event_log_limit(p->events, 1);
	history_trim(p->history);
	end(p);
	begin(p);
	assert_int_equal(p->events->n, 1);
	assert_string_equal(event_log_from(p->events, 0)->text, "three");
	event_log_limit(p->events, 0);
	history_trim(p->history);
	end(p);
	begin(p);
	assert_int_equal(p->events->n, 0);
	end(p);
	assert_string_equal(logged, "");
}

/* A limit that is lowered while the program is away drops them likewise. */
static void
events__more_than_the_limit_at_the_start__are_gone_for_good(void **state)
{
	struct place *p = *state;

	begin(p);
	note(p, "one");
	note(p, "two");
	end(p);
	begin_with(p, 0);
	assert_int_equal(p->events->last, 2);
	end(p);
	begin(p);
	assert_int_equal(p->events->n, 0);
	end(p);
	assert_string_equal(logged, "");
}

static void
keeping__thousands__is_all_there(void **state)
{
	struct place *p = *state;
	struct pollfd fd;
	char name[32];
	uint32_t i;

	begin(p);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "row %u", i);
		keep(p, 1, name, i);
		if (i % 500 == 0) {
			fd.fd = workshop_fd(p->shop);
			fd.events = POLLIN;
			assert_int_equal(poll(&fd, 1, PATIENCE), 1);
			workshop_collect(p->shop);
		}
	}
	end(p);
	begin(p);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "row %u", i);
		assert_int_equal(history_find(p->history, 1, name)->state, i);
	}
	end(p);
}

/* A server may have so many, and all of them come in one listing. */
static void
keeping__a_whole_listing_at_once__is_all_there(void **state)
{
	struct place *p = *state;
	char name[32];
	uint32_t i;

	begin(p);
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "row %u", i);
		keep(p, 1, name, i);
	}
	end(p);
	assert_string_equal(logged, "");
	begin(p);
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "row %u", i);
		assert_non_null(history_find(p->history, 1, name));
	}
	end(p);
}

static void
file__is_for_its_owner_only(void **state)
{
	struct place *p = *state;
	struct stat st;

	begin(p);
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	end(p);
}

static void
file__that_is_no_database__is_said_once_and_left_alone(void **state)
{
	struct place *p = *state;
	static const char text[] =
	    "this is a letter, and not a database of "
	    "any kind; it is long enough to be looked at as one, and more than "
	    "a hundred octets";
	char back[sizeof(text)] = "";
	int fd;

	fd = open(p->file, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	close(fd);
	begin(p);
	keep(p, 1, "alpha", 3);
	note(p, "x");
	end(p);
	assert_non_null(strstr(logged, p->file));
	assert_ptr_equal(strchr(logged, '\n'), strrchr(logged, '\n'));
	fd = open(p->file, O_RDONLY);
	assert_int_equal(read(fd, back, sizeof(back)), sizeof(back));
	close(fd);
	assert_string_equal(back, text);
}

/* What is not known is not written over, nor are numbers given twice. */
static void
file__that_cannot_be_read_at_the_start__is_left_alone_until_the_next(
    void **state)
{
	struct place *p = *state;
	sqlite3 *other;

	begin(p);
	keep(p, 1, "alpha", 4);
	note(p, "one");
	note(p, "two");
	end(p);
	assert_int_equal(sqlite3_open(p->file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
			     "PRAGMA locking_mode = EXCLUSIVE;"
			     "BEGIN EXCLUSIVE",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	begin(p);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_non_null(strstr(logged, "not kept until the next start"));
	logged[0] = '\0';
	keep(p, 1, "alpha", 3);
	note(p, "three");
	end(p);
	assert_string_equal(logged, "");

	begin(p);
	assert_int_equal(history_find(p->history, 1, "alpha")->state, 4);
	assert_string_equal(event_log_from(p->events, 1)->text, "one");
	assert_string_equal(event_log_from(p->events, 2)->text, "two");
	assert_int_equal(p->events->n, 2);
	end(p);
}

/* A walk needs each number to be larger than the one before. */
static void
events__that_cannot_be_ours__are_not_read(void **state)
{
	static const char others[] =
	    "DROP TABLE event; CREATE TABLE event (id, time, kind, server,"
	    " relationship, old_state, new_state, flags, result, text);"
	    "INSERT INTO event (id, kind, text) VALUES (-1, 1, 'a'),"
	    " (0, 1, 'b'), (7, 1, 'c'), (7, 1, 'd'), (8, 0, 'e'), (9, 16, 'f'),"
	    " (10, 15, NULL), (4294967296, 1, 'g'), (4294967303, 1, 'h'),"
	    " ('x', 1, 'i');";
	struct place *p = *state;
	const struct event *event;
	sqlite3 *db;

	begin(p);
	note(p, "one");
	end(p);
	assert_int_equal(sqlite3_open(p->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, others, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	begin(p);
	assert_int_equal(p->events->n, 2);
	event = event_log_from(p->events, 0);
	assert_int_equal(event->index, 7);
	assert_string_equal(event->text, "c");
	event = event_log_from(p->events, 8);
	assert_int_equal(event->index, 10);
	assert_string_equal(event->text, "");
	end(p);
}

static void
directory__that_is_missing__is_said_and_does_no_harm(void **state)
{
	struct place *p = *state;

	rmdir(p->dir);
	begin(p);
	keep(p, 1, "alpha", 3);
	note(p, "x");
	end(p);
	assert_non_null(strstr(logged, "state history is not kept"));
	mkdir(p->dir, 0700);
}

/* The texts of a note are allocated after the note: either may fail. */
static void
memory__that_is_missing_for_a_note__is_said(void **state)
{
	static char text[1001];
	struct place *p = *state;
	long n;

	if (!alloc_works())
		skip();
	memset(text, 'x', sizeof(text) - 1);
	for (n = 0; n < 2; n++) {
		begin(p);
		alloc_left = n;
		keep(p, 1, text, 3);
		alloc_left = -1;
		assert_non_null(strstr(logged, "out of memory"));
		keep(p, 1, "after", 3);
		end(p);
		logged[0] = '\0';
		begin(p);
		assert_null(history_find(p->history, 1, text));
		assert_non_null(history_find(p->history, 1, "after"));
		end(p);
	}
}

static void
memory__that_ends_while_the_file_is_read__is_said(void **state)
{
	struct place *p = *state;
	unsigned long failed;
	long n = 0;

	if (!alloc_works())
		skip();
	begin(p);
	keep(p, 1, "alpha", 3);
	note(p, "one");
	end(p);
	alloc_once = true;
	do {
		logged[0] = '\0';
		p->shop = workshop_new();
		p->events = event_log_new(3);
		failed = alloc_failed;
		alloc_left = n++;
		p->history = history_open(p->dir, p->shop, p->events);
		alloc_left = -1;
		if (p->history != NULL && logged[0] == '\0') {
			assert_non_null(history_find(p->history, 1, "alpha"));
			assert_int_equal(p->events->n, 1);
			assert_string_equal(event_log_from(p->events, 1)->text,
			    "one");
		} else if (p->history != NULL)
			assert_non_null(strstr(logged, "memory"));
		end(p);
	} while (alloc_failed != failed);
	alloc_once = false;
	assert_true(n > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    rows__that_were_kept__are_there_after_a_restart, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    rows__that_are_kept_since_the_start__are_found_as_they_are_now,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    rows__of_one_server__are_together_wherever_they_were_kept,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    events__that_the_log_holds__are_there_after_a_restart,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    events__that_a_lower_limit_drops__are_not_there_after_a_restart,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    events__more_than_the_limit_at_the_start__are_gone_for_good,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    keeping__thousands__is_all_there, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    keeping__a_whole_listing_at_once__is_all_there, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(file__is_for_its_owner_only,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    file__that_cannot_be_read_at_the_start__is_left_alone_until_the_next,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    file__that_is_no_database__is_said_once_and_left_alone,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    events__that_cannot_be_ours__are_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    directory__that_is_missing__is_said_and_does_no_harm, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    memory__that_is_missing_for_a_note__is_said, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    memory__that_ends_while_the_file_is_read__is_said, setup,
		    teardown),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
