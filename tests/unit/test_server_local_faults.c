/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local server when its file is away, wrong, locked, replaced or full, and
 * when any step of any call fails.
 */
#include "alloc.h"
#include "local.h"
#include "vfs.h"

static enum dhcp_error
list(struct failover_server *server)
{
	struct dump d;

	memset(&d, 0, sizeof(d));
	return failover_server_list(server, dump_row, &d);
}

static enum dhcp_error
set_mclt(struct failover_server *server, DWORD mclt)
{
	struct wanted w;

	want(&w, "a", 1, 1);
	w.rel.Mclt = mclt;
	return failover_server_set(server, MCLT, &w.rel);
}

/* The failure is ${error}; its text has the path and ${words}, logged once. */
static void
assert_trouble(struct fixture *f, enum dhcp_error is, enum dhcp_error should,
    const char *words)
{
	const struct failover_server_report *report = &f->server->report;

	assert_error(is, should);
	assert_error(report->last_error, should);
	if (strstr(report->last_error_text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words,
		    report->last_error_text);
	assert_non_null(strstr(report->last_error_text, f->path));
	assert_non_null(strstr(logged, report->last_error_text));
	assert_int_equal(logged_lines, 1);
}

static void
assert_works_again(struct fixture *f)
{
	log_forget();
	assert_error(list(f->server), ERROR_SUCCESS);
	assert_non_null(strstr(logged, "works again"));
	assert_int_equal(logged_lines, 1);
}

/* ---- whole files */

struct content {
	unsigned char octets[262144];
	size_t n;
};

static void
read_file(const char *path, struct content *content)
{
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	content->n = fread(content->octets, 1, sizeof(content->octets), file);
	assert_true(content->n < sizeof(content->octets));
	fclose(file);
}

static void
write_file(const char *path, const void *octets, size_t n)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static void
beside(struct fixture *f, const char *suffix, char *path, size_t size)
{
	snprintf(path, size, "%s%s", f->path, suffix);
}

/* ---------------------------------------------------------------- the file */

static void
file__and_those_beside_it_are_for_their_owner_only(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	struct fixture *f = *state;
	mode_t mask = umask(0);
	char path[160];
	struct stat st;
	unsigned int i;

	create(f->server, "a", 1, 1);
	for (i = 0; i < nitems(suffixes); i++) {
		beside(f, suffixes[i], path, sizeof(path));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	umask(mask);
}

static void
file__that_others_can_read_is_warned_of(void **state)
{
	struct fixture *f = *state;

	create(f->server, "a", 1, 1);
	assert_int_equal(logged_lines, 0);
	assert_int_equal(chmod(f->path, 0640), 0);
	reopen(f);
	assert_error(list(f->server), ERROR_SUCCESS);
	assert_non_null(strstr(logged, "have access"));
}

static unsigned int
count_warnings(void)
{
	const char *at = logged;
	unsigned int n = 0;

	for (; (at = strstr(at, "have access")) != NULL; at++)
		n++;
	return n;
}

/* However often it has to be opened anew, and again when it is so again. */
static void
file__that_others_can_read_is_warned_of_once(void **state)
{
	struct fixture *f = *state;
	struct content all;

	create(f->server, "a", 1, 3);
	execute(f->path, "PRAGMA wal_checkpoint(TRUNCATE)");
	failover_server_close(f->server);
	read_file(f->path, &all);
	/* The relationships are damaged, and nothing that opening reads. */
	memset(all.octets + 4096, 0xA5, 4096);
	write_file(f->path, all.octets, all.n);
	assert_int_equal(chmod(f->path, 0640), 0);
	f->server = open_server(f);
	log_forget();
	assert_error(list(f->server), ERROR_FILE_CORRUPT);
	assert_error(list(f->server), ERROR_FILE_CORRUPT);
	assert_error(list(f->server), ERROR_FILE_CORRUPT);
	assert_int_equal(count_warnings(), 1);
	assert_int_equal(chmod(f->path, 0600), 0);
	assert_error(list(f->server), ERROR_FILE_CORRUPT);
	assert_int_equal(chmod(f->path, 0640), 0);
	assert_error(list(f->server), ERROR_FILE_CORRUPT);
	assert_error(list(f->server), ERROR_FILE_CORRUPT);
	assert_int_equal(count_warnings(), 2);
}

static void
file__that_everyone_can_read_is_refused(void **state)
{
	struct fixture *f = *state;

	create(f->server, "a", 1, 1);
	assert_int_equal(chmod(f->path, 0604), 0);
	reopen(f);
	assert_error(list(f->server), ERROR_ACCESS_DENIED);
	assert_non_null(strstr(logged, "chmod o="));
	assert_int_equal(chmod(f->path, 0600), 0);
	assert_error(list(f->server), ERROR_SUCCESS);
}

static void
file__in_a_directory_that_comes_later_works_then(void **state)
{
	struct fixture *f = *state;
	char dir[96], path[128];
	struct dump d;

	snprintf(dir, sizeof(dir), "%s/later", f->dir);
	snprintf(path, sizeof(path), "%s/x.db", dir);
	snprintf(f->path, sizeof(f->path), "%s", path);
	reopen(f);
	assert_trouble(f, list(f->server), ERROR_GEN_FAILURE,
	    "No such file or directory");
	assert_error(list(f->server), ERROR_GEN_FAILURE);
	assert_error(set_mclt(f->server, 1), ERROR_GEN_FAILURE);
	assert_int_equal(logged_lines, 1);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_works_again(f);
	create(f->server, "a", 1, 1);
	dump(f->server, &d);
	assert_int_equal(d.rows, 1);
}

static void
file__that_is_a_directory_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_trouble(f, list(f->server), ERROR_GEN_FAILURE,
	    "unable to open database file");
	assert_int_equal(rmdir(f->path), 0);
	assert_works_again(f);
}

static void
file__with_a_special_name_is_a_file_all_the_same(void **state)
{
	static char memory[] = ":memory:", uri[] = "file:x?mode=memory";
	char *names[] = { memory, uri };
	struct fixture *f = *state;
	char old[256], path[160];
	unsigned int i;

	assert_non_null(getcwd(old, sizeof(old)));
	assert_int_equal(chdir(f->dir), 0);
	for (i = 0; i < nitems(names); i++) {
		set_text(f, "database", names[i]);
		reopen(f);
		create(f->server, "a", 1, 1);
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		assert_true(file_exists(path));
		reopen(f);
		assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
	}
	failover_server_close(f->server);
	f->server = NULL;
	assert_int_equal(chdir(old), 0);
}

static void
file__locked_by_another_makes_calls_fail_as_busy_until_it_is_free(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other;

	create(f->server, "a", 1, 1);
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
			     NULL),
	    SQLITE_OK);
	assert_error(list(f->server), ERROR_SUCCESS); /* readers go on */
	assert_trouble(f, set_mclt(f->server, 1), ERROR_BUSY,
	    "database is locked");
	assert_error(set_mclt(f->server, 1), ERROR_BUSY);
	assert_error(failover_server_begin(f->server), ERROR_BUSY);
	assert_int_equal(logged_lines, 1);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	log_forget();
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
	assert_non_null(strstr(logged, "works again"));
	sqlite3_close(other);
}

static void
file__locked_while_it_is_opened_is_busy(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other;

	create(f->server, "a", 1, 1);
	reopen(f);
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
			     "PRAGMA locking_mode = EXCLUSIVE;"
			     "BEGIN EXCLUSIVE",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	assert_trouble(f, list(f->server), ERROR_BUSY, "database is locked");
	sqlite3_close(other);
	assert_works_again(f);
}

static void
file__that_can_only_be_read_is_read_and_refuses_changes(void **state)
{
	struct conf_network known[] = { { NET(10, 99, 0, 0), 24 } };
	struct fixture *f = *state;
	struct dump before, d;

	create(f->server, "a", 1, 1);
	dump(f->server, &before);
	set_networks(f, known, 1);
	vfs_read_only = true;
	reopen(f);
	assert_string_equal(dump(f->server, &d), before.text);
	assert_trouble(f, set_mclt(f->server, 1), ERROR_WRITE_PROTECT,
	    "attempt to write a readonly database");
	assert_string_equal(dump(f->server, &d), before.text);
	vfs_read_only = false;
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
}

static void
file__that_can_only_be_read_refuses_several_changes_as_long_as_it_is(
    void **state)
{
	struct fixture *f = *state;

	create(f->server, "a", 1, 1);
	vfs_read_only = true;
	reopen(f);
	assert_error(list(f->server), ERROR_SUCCESS);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	assert_error(set_mclt(f->server, 1), ERROR_WRITE_PROTECT);
	failover_server_rollback(f->server);
	assert_error(list(f->server), ERROR_SUCCESS);
	vfs_read_only = false;
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
	assert_error(failover_server_commit(f->server), ERROR_SUCCESS);
}

#define NOBODY 65534

static void
file__that_we_may_not_open_is_denied(void **state)
{
	struct fixture *f = *state;

	const bool root = geteuid() == 0;

	/* Root may open anything: be nobody for a while. */
	if (root) {
		assert_int_equal(chown(f->dir, NOBODY, NOBODY), 0);
		assert_int_equal(seteuid(NOBODY), 0);
	}
	create(f->server, "a", 1, 1);
	assert_int_equal(chmod(f->path, 0), 0);
	reopen(f);
	assert_trouble(f, list(f->server), ERROR_ACCESS_DENIED,
	    "unable to open database file");
	assert_int_equal(chmod(f->path, 0600), 0);
	assert_works_again(f);
	/* A closed database leaves no log, and one cannot be made there. */
	failover_server_close(f->server);
	assert_int_equal(chmod(f->dir, 0500), 0);
	f->server = open_server(f);
	assert_error(set_mclt(f->server, 1), ERROR_WRITE_PROTECT);
	assert_int_equal(chmod(f->dir, 0700), 0);
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void
file__of_which_the_system_says_why_has_the_code_for_it(void **state)
{
	/* clang-format off */
	static const struct {
		struct vfs_fault fault;
		enum dhcp_error error;
	} cases[] = {
		{ { .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = EACCES }, ERROR_ACCESS_DENIED },
		{ { .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = EROFS },  ERROR_WRITE_PROTECT },
		{ { .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = EMFILE }, ERROR_GEN_FAILURE },
		{ { .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = ENOSPC }, ERROR_DISK_FULL },
		{ { .step = VFS_OPEN, .rc = SQLITE_PERM, .number = EPERM },      ERROR_ACCESS_DENIED },
		{ { .step = VFS_READ, .rc = SQLITE_IOERR_READ, .number = EIO },  ERROR_GEN_FAILURE },
	};
	/* clang-format on */
	struct fixture *f = *state;
	unsigned int i;

	create(f->server, "a", 1, 1);
	for (i = 0; i < nitems(cases); i++) {
		reopen(f);
		log_forget();
		vfs_arm(&cases[i].fault, 1);
		assert_trouble(f, list(f->server), cases[i].error, "");
		assert_int_equal(vfs_disarm(), 1);
		assert_works_again(f);
	}
}

static void
file__that_is_no_database_is_refused_and_left_alone(void **state)
{
	static const char text[] = "Dear diary, this is not a database.  It is "
				   "longer than the header of one would be, "
				   "which is a hundred octets.";
	struct fixture *f = *state;
	struct content content;

	write_file(f->path, text, sizeof(text));
	assert_trouble(f, list(f->server), ERROR_FILE_CORRUPT,
	    "file is not a database");
	assert_error(set_mclt(f->server, 1), ERROR_FILE_CORRUPT);
	read_file(f->path, &content);
	assert_int_equal(content.n, sizeof(text));
	assert_memory_equal(content.octets, text, sizeof(text));
	assert_int_equal(unlink(f->path), 0);
	assert_works_again(f);
}

static void
file__that_gets_damaged_is_reported_and_works_when_repaired(void **state)
{
	struct fixture *f = *state;
	struct content good, bad;

	create(f->server, "a", 1, 3);
	execute(f->path, "PRAGMA wal_checkpoint(TRUNCATE)");
	failover_server_close(f->server);
	read_file(f->path, &good);
	bad = good;
	memset(bad.octets + 4096, 0xA5, bad.n - 4096);
	write_file(f->path, bad.octets, bad.n);
	f->server = open_server(f);
	log_forget();
	assert_trouble(f, list(f->server), ERROR_FILE_CORRUPT,
	    "database disk image is malformed");
	assert_error(set_mclt(f->server, 1), ERROR_FILE_CORRUPT);
	write_file(f->path, good.octets, good.n);
	assert_works_again(f);
}

static void
file__of_another_program_is_refused_and_not_altered(void **state)
{
	static const char *const modes[] = { "DELETE", "WAL" };
	struct fixture *f = *state;
	struct content before, after;
	struct stat st, now;
	char sql[128], wal[160];
	unsigned int i;

	beside(f, "-wal", wal, sizeof(wal));
	for (i = 0; i < nitems(modes); i++) {
		snprintf(sql, sizeof(sql),
		    "PRAGMA journal_mode = %s; CREATE TABLE relationship (x)",
		    modes[i]);
		execute(f->path, sql);
		read_file(f->path, &before);
		assert_int_equal(stat(f->path, &st), 0);
		log_forget();
		reopen(f);
		assert_trouble(f, list(f->server), ERROR_GEN_FAILURE,
		    "not a database of dhcpfo");
		assert_error(set_mclt(f->server, 1), ERROR_GEN_FAILURE);
		read_file(f->path, &after);
		assert_int_equal(after.n, before.n);
		assert_memory_equal(after.octets, before.octets, before.n);
		assert_int_equal(stat(f->path, &now), 0);
		assert_int_equal(now.st_mtime, st.st_mtime);
		assert_false(file_exists(wal));
		unlink(f->path);
	}
}

/* As a crash leaves it: SQLite would move the log into the file. */
static void
file__of_another_program_with_a_log_keeps_both(void **state)
{
	struct fixture *f = *state;
	struct content file, log, after;
	char path[160], wal[160], other_wal[160];
	sqlite3 *other;

	snprintf(path, sizeof(path), "%s/other.db", f->dir);
	snprintf(other_wal, sizeof(other_wal), "%s/other.db-wal", f->dir);
	beside(f, "-wal", wal, sizeof(wal));
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
			     "PRAGMA journal_mode = WAL; CREATE TABLE x (y)",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	read_file(path, &file);
	read_file(other_wal, &log);
	assert_true(log.n > 0);
	sqlite3_close(other);
	write_file(f->path, file.octets, file.n);
	write_file(wal, log.octets, log.n);

	assert_trouble(f, list(f->server), ERROR_GEN_FAILURE,
	    "not a database of dhcpfo");
	assert_error(set_mclt(f->server, 1), ERROR_GEN_FAILURE);
	reopen(f);
	read_file(f->path, &after);
	assert_int_equal(after.n, file.n);
	assert_memory_equal(after.octets, file.octets, file.n);
	read_file(wal, &after);
	assert_int_equal(after.n, log.n);
	assert_memory_equal(after.octets, log.octets, log.n);
}

static void
file__that_failed_is_opened_anew_by_the_next_call(void **state)
{
	static const struct vfs_fault lock = { .step = VFS_SHM_LOCK,
		.rc = SQLITE_IOERR_SHMLOCK,
		.number = EIO };
	static const struct vfs_fault count = { .step = VFS_OPEN };
	struct fixture *f = *state;

	create(f->server, "a", 1, 1);
	vfs_arm(&count, 1000);
	assert_error(list(f->server), ERROR_SUCCESS);
	vfs_disarm();
	assert_int_equal(vfs_fault.seen, 0);
	vfs_arm(&lock, 1);
	assert_trouble(f, list(f->server), ERROR_GEN_FAILURE, "disk I/O error");
	vfs_arm(&count, 1000);
	assert_works_again(f);
	vfs_disarm();
	assert_true(vfs_fault.seen > 0);
}

static void
file__of_a_newer_dhcpfo_is_refused(void **state)
{
	struct fixture *f = *state;

	create(f->server, "a", 1, 1);
	execute(f->path, "PRAGMA user_version = 2");
	reopen(f);
	assert_trouble(f, list(f->server), ERROR_GEN_FAILURE,
	    "its schema is version 2, and this dhcpfo knows 1");
	execute(f->path, "PRAGMA user_version = 1");
	assert_works_again(f);
}

static void
file__that_is_empty_becomes_a_database(void **state)
{
	struct fixture *f = *state;

	write_file(f->path, "", 0);
	chmod(f->path, 0600);
	create(f->server, "a", 1, 1);
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
	assert_int_equal(logged_lines, 0);
}

static void
file__removed_underneath_is_made_anew_before_a_change(void **state)
{
	struct fixture *f = *state;
	struct dump d;

	create(f->server, "a", 1, 1);
	assert_int_equal(unlink(f->path), 0);
	assert_error(set_mclt(f->server, 1),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_non_null(strstr(logged, "was replaced or removed"));
	create(f->server, "b", 1, 1);
	reopen(f);
	dump(f->server, &d);
	assert_int_equal(d.rows, 1);
	assert_memory_equal(d.text, "b ", 2);
}

static void
file__replaced_underneath_is_the_new_one_at_the_next_call(void **state)
{
	struct fixture *f = *state;
	struct failover_server *other;
	struct dump d;
	char path[160], old[128];

	create(f->server, "a", 1, 1);
	snprintf(path, sizeof(path), "%s/other.db", f->dir);
	snprintf(old, sizeof(old), "%s", f->path);
	set_text(f, "database", path);
	other = open_server(f);
	create(other, "b", 2, 1);
	failover_server_close(other);
	assert_int_equal(rename(path, old), 0);
	create(f->server, "c", 3, 1);
	dump(f->server, &d);
	assert_int_equal(d.rows, 2);
	assert_memory_equal(d.text, "b ", 2);
	set_text(f, "database", old);
	reopen(f);
	dump(f->server, &d);
	assert_int_equal(d.rows, 2);
}

static void
file__whose_log_was_removed_gets_a_new_one_before_a_change(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	static const char *const suffixes[] = { "-wal", "-shm" };
	struct failover_server *other;
	char path[160];
	unsigned int i;

	create(f->server, "a", 1, 1);
	for (i = 0; i < nitems(suffixes); i++) {
		log_forget();
		beside(f, suffixes[i], path, sizeof(path));
		assert_int_equal(unlink(path), 0);
		assert_error(set_mclt(f->server, 77 + i), ERROR_SUCCESS);
		assert_non_null(strstr(logged, "was replaced or removed"));
		assert_true(file_exists(path));
		other = open_server(f);
		assert_error(failover_server_get(other, "a", &rel),
		    ERROR_SUCCESS);
		assert_int_equal(rel->Mclt, 77 + i);
		failover_free(rel);
		failover_server_close(other);
	}
}

/* Others may have it open, and what is committed may only be in the log. */
static void
file__that_cannot_be_looked_at_keeps_its_log(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct failover_server *other;
	char real[128], path[160];

	failover_server_close(f->server);
	snprintf(real, sizeof(real), "%s/real.db", f->dir);
	snprintf(path, sizeof(path), "%s-wal", real);
	assert_int_equal(symlink(real, f->path), 0);
	write_file(real, "", 0);
	chmod(real, 0600);
	f->server = open_server(f);
	create(f->server, "a", 1, 1);
	other = open_server(f);
	assert_error(set_mclt(other, 5), ERROR_SUCCESS);

	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(symlink(f->path, f->path), 0);
	assert_error(set_mclt(f->server, 6), ERROR_GEN_FAILURE);
	assert_true(file_exists(path));

	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(symlink(real, f->path), 0);
	assert_error(set_mclt(f->server, 7), ERROR_SUCCESS);
	assert_error(failover_server_get(other, "a", &rel), ERROR_SUCCESS);
	assert_int_equal(rel->Mclt, 7);
	failover_free(rel);
	failover_server_close(other);
}

static void
file__replaced_in_a_change_lets_the_commit_fail(void **state)
{
	struct fixture *f = *state;
	struct dump d;

	create(f->server, "a", 1, 1);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	create(f->server, "b", 2, 1);
	assert_int_equal(unlink(f->path), 0);
	assert_error(failover_server_commit(f->server), ERROR_GEN_FAILURE);
	assert_string_equal(dump(f->server, &d), "");

	create(f->server, "a", 1, 1);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	create(f->server, "b", 2, 1);
	assert_int_equal(unlink(f->path), 0);
	/* What is read on the way is what the change is about. */
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
	assert_error(list(f->server), ERROR_SUCCESS);
	assert_error(failover_server_commit(f->server), ERROR_GEN_FAILURE);
	assert_string_equal(dump(f->server, &d), "");
}

static void
file__on_a_full_disk_refuses_changes_and_keeps_what_there_was(void **state)
{
	static const struct vfs_fault full = { .step = VFS_WRITE,
		.rc = SQLITE_FULL,
		.number = ENOSPC,
		.forever = true };
	struct fixture *f = *state;
	struct dump before, d;

	create(f->server, "a", 1, 1);
	dump(f->server, &before);
	vfs_arm(&full, 1);
	assert_trouble(f, set_mclt(f->server, 1), ERROR_DISK_FULL,
	    "database or disk is full");
	assert_string_equal(dump(f->server, &d), before.text);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
	assert_error(failover_server_commit(f->server), ERROR_DISK_FULL);
	vfs_disarm();
	assert_string_equal(dump(f->server, &d), before.text);
	assert_error(set_mclt(f->server, 1), ERROR_SUCCESS);
}

/* ---------------------------------------------------------------- torture */

/* Do something; ${old} is relationship "a" as it was. */
typedef enum dhcp_error operation(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old);

static enum dhcp_error
op_list(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	(void)old;
	return list(server);
}

static enum dhcp_error
op_get(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	DHCP_FAILOVER_RELATIONSHIP *rel = NULL;
	enum dhcp_error error;

	(void)old;
	error = failover_server_get(server, "a", &rel);
	assert_true((rel != NULL) == (error == ERROR_SUCCESS));
	if (rel != NULL)
		assert_string_equal(rel->SharedSecret, "s3cret of a");
	failover_free(rel);
	return error;
}

static enum dhcp_error
op_scope(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	DHCP_FAILOVER_RELATIONSHIP *rel = NULL;
	DHCP_FAILOVER_STATISTICS stats;
	enum dhcp_error error;
	DWORD status;

	(void)old;
	error =
	    failover_server_scope_relationship(server, NET(10, 1, 0, 0), &rel);
	failover_free(rel);
	if (error != ERROR_SUCCESS)
		return error;
	error =
	    failover_server_scope_statistics(server, NET(10, 1, 0, 0), &stats);
	if (error != ERROR_SUCCESS)
		return error;
	return failover_server_address_status(server, NET(10, 1, 0, 7),
	    &status);
}

static enum dhcp_error
op_set(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct wanted w;

	(void)old;
	want(&w, "a", 1, 1);
	w.rel.Mode = HotStandby;
	w.rel.Mclt = 5;
	w.rel.SharedSecret = NULL;
	return failover_server_set(server, FAILOVER_SET_ALL, &w.rel);
}

static enum dhcp_error
op_create(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct wanted w;

	(void)old;
	return failover_server_create(server, want(&w, "new", 7, 40));
}

static enum dhcp_error
op_delete(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	(void)old;
	return failover_server_delete(server, "a");
}

static enum dhcp_error
op_add(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct wanted w;

	(void)old;
	return failover_server_add_scopes(server, want(&w, "a", 7, 40));
}

static enum dhcp_error
op_remove(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct wanted w;

	(void)old;
	return failover_server_delete_scopes(server, want(&w, "a", 1, 3));
}

static enum dhcp_error
op_trigger(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	(void)old;
	return failover_server_trigger_allocation(server, "a");
}

/* To the state after op_delete(): "a" must come back whole. */
static enum dhcp_error
op_restore(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	DHCP_FAILOVER_RELATIONSHIP other = *old;
	DHCP_IP_ADDRESS scopes[] = { NET(10, 1, 1, 0), NET(10, 8, 0, 0) };
	DHCP_IP_ARRAY array = { 2, scopes };

	other.pScopes = &array;
	other.Mclt = 1;
	return failover_server_restore(server, "a", &other);
}

static enum dhcp_error
op_change(struct failover_server *server, const DHCP_FAILOVER_RELATIONSHIP *old)
{
	enum dhcp_error error;

	if ((error = failover_server_begin(server)) != ERROR_SUCCESS)
		return error;
	if ((error = op_set(server, old)) != ERROR_SUCCESS)
		goto err1;
	if ((error = op_add(server, old)) != ERROR_SUCCESS &&
	    error != ERROR_DHCP_FO_STATE_NOT_NORMAL)
		goto err1;
	if ((error = op_create(server, old)) != ERROR_SUCCESS &&
	    error != ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP)
		goto err1;
	if ((error = failover_server_delete(server, "b")) != ERROR_SUCCESS)
		goto err1;
	return failover_server_commit(server);

err1:
	failover_server_rollback(server);
	return error;
}

/* The same, but in spite of a failure the rest is tried, and committed. */
static enum dhcp_error
op_stubborn(struct failover_server *server,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	enum dhcp_error first, second, error;

	if ((error = failover_server_begin(server)) != ERROR_SUCCESS)
		return error;
	first = op_set(server, old);
	second = failover_server_delete(server, "b");
	if (first == ERROR_SUCCESS && second == ERROR_SUCCESS)
		return failover_server_commit(server);
	/* All or nothing: what was refused is a reason to roll back. */
	failover_server_rollback(server);
	return first != ERROR_SUCCESS ? first : second;
}

static const struct {
	const char *name;
	operation *run;
} operations[] = {
	/* clang-format off */
	{ "list",    op_list },
	{ "get",     op_get },
	{ "scope",   op_scope },
	{ "set",     op_set },
	{ "create",  op_create },
	{ "delete",  op_delete },
	{ "add",     op_add },
	{ "remove",  op_remove },
	{ "trigger", op_trigger },
	{ "restore", op_restore },
	{ "change",  op_change },
	{ "stubborn", op_stubborn },
	/* clang-format on */
};

struct torture {
	struct fixture *f;
	struct dump before;
	DHCP_FAILOVER_RELATIONSHIP *a, *b;
	unsigned long hits, survived;
};

static void
torture_begin(struct torture *t, struct fixture *f)
{
	struct wanted w;

	t->f = f;
	t->hits = t->survived = 0;
	create_normal(f->server, "a", 1, 3);
	create(f->server, "b", 2, 2);
	want(&w, "a", 1, 3);
	w.rel.Percentage = 20; /* the split is not what it would become */
	assert_error(failover_server_set(f->server, PERCENTAGE, &w.rel),
	    ERROR_SUCCESS);
	dump(f->server, &t->before);
	assert_error(failover_server_get(f->server, "a", &t->a), ERROR_SUCCESS);
	assert_error(failover_server_get(f->server, "b", &t->b), ERROR_SUCCESS);
}

static void
torture_end(struct torture *t)
{
	failover_free(t->a);
	failover_free(t->b);
}

/*
 * Which step fails next: each of the first, and then every seventh, since there
 * are hundreds of allocations.  With $TORTURE set, each of them.
 */
static unsigned long
next(unsigned long n)
{
	return n < 60 || getenv("TORTURE") != NULL ? n + 1 : n + 7;
}

/* The operation was done: lead back to where we began. */
static void
lead_back(struct torture *t)
{
	struct fixture *f = t->f;
	struct dump d;

	assert_error(failover_server_restore(f->server, "new", NULL),
	    ERROR_SUCCESS);
	assert_error(failover_server_restore(f->server, "a", t->a),
	    ERROR_SUCCESS);
	assert_error(failover_server_restore(f->server, "b", t->b),
	    ERROR_SUCCESS);
	execute(f->path,
	    "UPDATE scope SET this_addr_free = 127, partner_addr_free = 127");
	assert_string_equal(dump(f->server, &d), t->before.text);
}

static void
assert_unchanged(struct torture *t, const char *name, unsigned long n)
{
	DHCP_FAILOVER_RELATIONSHIP *a;
	struct dump d;

	if (strcmp(dump(t->f->server, &d), t->before.text) != 0) {
		fail_msg("%s, failure %lu: changed:\n%s\nfrom\n%s", name, n,
		    d.text, t->before.text);
	}
	assert_error(failover_server_get(t->f->server, "a", &a), ERROR_SUCCESS);
	assert_string_equal(a->SharedSecret, "s3cret of a");
	failover_free(a);
}

/*
 * One operation with its ${n}-th step of a kind failing; false: it has not so
 * many.  ${warm}: the file was open and all was prepared before.
 */
static bool
torture_step(struct torture *t, size_t op, const struct vfs_fault *fault,
    unsigned long n, bool warm)
{
	struct fixture *f = t->f;
	enum dhcp_error error;
	unsigned int hits;

	reopen(f);
	if (warm) {
		if (operations[op].run(f->server, t->a) == ERROR_SUCCESS)
			lead_back(t);
	}
	vfs_arm(fault, n);
	error = operations[op].run(f->server, t->a);
	hits = vfs_disarm();
	t->hits += hits;
	if (error == ERROR_SUCCESS) {
		/* SQLite can do without some of the memory and the locks. */
		t->survived += hits;
		lead_back(t);
		return hits > 0;
	}
	if (hits == 0)
		fail_msg("%s fails by itself: %u", operations[op].name, error);
	assert_true(f->server->report.last_error_text[0] != '\0');

	/* The handle goes on with the state as it was, and so does a new one.
	 */
	assert_unchanged(t, operations[op].name, n);
	reopen(f);
	assert_unchanged(t, operations[op].name, n);
	return true;
}

static void
torture(struct fixture *f, const struct vfs_fault *fault)
{
	struct torture t;
	unsigned long n;
	size_t op;
	int warm;

	torture_begin(&t, f);
	for (op = 0; op < nitems(operations); op++) {
		/* To open the file is the same for all: for two, it may fail.
		 */
		warm = operations[op].run != op_list &&
		    operations[op].run != op_set;
		for (; warm < 2; warm++) {
			n = 1;
			while (torture_step(&t, op, fault, n, warm)) {
				log_forget();
				n = next(n);
			}
		}
	}
	print_message("%lu failures, %lu survived\n", t.hits, t.survived);
	assert_true(t.hits > 0);
	torture_end(&t);
}

#define TORTURE(name, ...)                                         \
	static void any_call__##name##__fails_and_changes_nothing( \
	    void **state)                                          \
	{                                                          \
		const struct vfs_fault fault = { __VA_ARGS__ };    \
                                                                   \
		torture(*state, &fault);                           \
	}

/* clang-format off */
TORTURE(whose_nth_open_fails, .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = EMFILE)
TORTURE(whose_nth_read_fails, .step = VFS_READ, .rc = SQLITE_IOERR_READ, .number = EIO)
TORTURE(whose_nth_write_finds_the_disk_full, .step = VFS_WRITE, .rc = SQLITE_FULL, .number = ENOSPC)
TORTURE(whose_writes_from_the_nth_on_find_the_disk_full, .step = VFS_WRITE, .rc = SQLITE_FULL, .number = ENOSPC, .forever = true)
TORTURE(whose_nth_write_fails, .step = VFS_WRITE, .rc = SQLITE_IOERR_WRITE, .number = EIO)
TORTURE(whose_nth_sync_fails, .step = VFS_SYNC, .rc = SQLITE_IOERR_FSYNC, .number = EIO)
TORTURE(whose_syncs_from_the_nth_on_fail, .step = VFS_SYNC, .rc = SQLITE_IOERR_FSYNC, .number = EIO, .forever = true)
TORTURE(whose_nth_look_at_a_size_fails, .step = VFS_SIZE, .rc = SQLITE_IOERR_FSTAT, .number = EIO)
TORTURE(whose_nth_lock_fails, .step = VFS_LOCK, .rc = SQLITE_IOERR_LOCK, .number = ENOLCK)
TORTURE(whose_nth_map_fails, .step = VFS_SHM_MAP, .rc = SQLITE_IOERR_SHMMAP, .number = ENOMEM)
TORTURE(whose_nth_shared_lock_fails, .step = VFS_SHM_LOCK, .rc = SQLITE_IOERR_SHMLOCK, .number = ENOLCK)
TORTURE(whose_nth_allocation_of_sqlite_fails, .step = VFS_ALLOC)
TORTURE(whose_allocations_of_sqlite_from_the_nth_on_fail, .step = VFS_ALLOC, .forever = true)
/* clang-format on */

/* The same for all memory, ours too; not where a sanitizer has its own. */
static void
any_call__that_runs_out_of_memory__fails_and_changes_nothing(void **state)
{
	struct torture t;
	enum dhcp_error error;
	unsigned long failures = 0;
	long n, left;
	size_t op;

	if (!alloc_works()) {
		print_message("SKIPPED, malloc() cannot be replaced here: %s\n",
		    __func__);
		skip();
	}
	torture_begin(&t, *state);
	for (op = 0; op < nitems(operations); op++) {
		left = 0;
		for (n = 0; left == 0; n = (long)next((unsigned long)n)) {
			reopen(t.f);
			if (operations[op].run != op_list)
				list(t.f->server); /* opens the file */
			alloc_left = n;
			error = operations[op].run(t.f->server, t.a);
			left = alloc_left;
			alloc_left = -1;
			if (error == ERROR_SUCCESS) {
				lead_back(&t);
				continue;
			}
			failures++;
			assert_unchanged(&t, operations[op].name,
			    (unsigned long)n);
			log_forget();
		}
	}
	print_message("%lu failures\n", failures);
	assert_true(failures > 0);
	torture_end(&t);
}

/* A file that could not be made is made by the next call. */
static void
file__whose_making_fails_at_any_step_is_made_by_the_next_call(void **state)
{
	static const struct vfs_fault faults[] = {
		{ .step = VFS_OPEN, .rc = SQLITE_CANTOPEN, .number = EMFILE },
		{ .step = VFS_WRITE, .rc = SQLITE_FULL, .number = ENOSPC },
		{ .step = VFS_WRITE, .rc = SQLITE_IOERR_WRITE, .number = EIO },
		{ .step = VFS_SYNC, .rc = SQLITE_IOERR_FSYNC, .number = EIO },
		{ .step = VFS_READ, .rc = SQLITE_IOERR_READ, .number = EIO },
		{ .step = VFS_TRUNCATE,
		    .rc = SQLITE_IOERR_TRUNCATE,
		    .number = EIO },
		{ .step = VFS_DELETE,
		    .rc = SQLITE_IOERR_DELETE,
		    .number = EIO },
		{ .step = VFS_ALLOC },
		{ .step = VFS_ALLOC, .forever = true },
	};
	struct conf_network known[] = { { NET(10, 9, 0, 0), 24 },
		{ NET(10, 8, 0, 0), 24 } };
	struct fixture *f = *state;
	DHCP_FAILOVER_STATISTICS stats;
	enum dhcp_error error;
	unsigned long n;
	unsigned int i, hits;
	struct wanted w;
	struct dump d;

	set_networks(f, known, 2);
	for (i = 0; i < nitems(faults); i++) {
		hits = 1;
		for (n = 1; hits > 0; n = next(n)) {
			failover_server_close(f->server);
			unlink(f->path);
			f->server = open_server(f);
			vfs_arm(&faults[i], n);
			error = failover_server_create(f->server,
			    want(&w, "a", 9, 1));
			hits = vfs_disarm();
			assert_true(hits > 0 || error == ERROR_SUCCESS);
			dump(f->server, &d);
			assert_int_equal(d.rows, error == ERROR_SUCCESS);
			if (error != ERROR_SUCCESS)
				create(f->server, "a", 9, 1);
			create(f->server, "b", 8, 1);
			assert_error(failover_server_scope_statistics(f->server,
					 NET(10, 8, 0, 0), &stats),
			    ERROR_SUCCESS);
			log_forget();
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TORMENT(name) TEST(any_call__##name##__fails_and_changes_nothing)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file__and_those_beside_it_are_for_their_owner_only),
		TEST(file__that_others_can_read_is_warned_of),
		TEST(file__that_others_can_read_is_warned_of_once),
		TEST(file__that_everyone_can_read_is_refused),
		TEST(file__in_a_directory_that_comes_later_works_then),
		TEST(file__that_is_a_directory_is_refused),
		TEST(file__with_a_special_name_is_a_file_all_the_same),
		TEST(
		    file__locked_by_another_makes_calls_fail_as_busy_until_it_is_free),
		TEST(file__locked_while_it_is_opened_is_busy),
		TEST(file__that_can_only_be_read_is_read_and_refuses_changes),
		TEST(
		    file__that_can_only_be_read_refuses_several_changes_as_long_as_it_is),
		TEST(file__that_we_may_not_open_is_denied),
		TEST(file__of_which_the_system_says_why_has_the_code_for_it),
		TEST(file__that_is_no_database_is_refused_and_left_alone),
		TEST(
		    file__that_gets_damaged_is_reported_and_works_when_repaired),
		TEST(file__of_another_program_is_refused_and_not_altered),
		TEST(file__of_another_program_with_a_log_keeps_both),
		TEST(file__that_failed_is_opened_anew_by_the_next_call),
		TEST(file__of_a_newer_dhcpfo_is_refused),
		TEST(file__that_is_empty_becomes_a_database),
		TEST(file__removed_underneath_is_made_anew_before_a_change),
		TEST(file__replaced_underneath_is_the_new_one_at_the_next_call),
		TEST(
		    file__whose_log_was_removed_gets_a_new_one_before_a_change),
		TEST(file__that_cannot_be_looked_at_keeps_its_log),
		TEST(file__replaced_in_a_change_lets_the_commit_fail),
		TEST(
		    file__on_a_full_disk_refuses_changes_and_keeps_what_there_was),
		TORMENT(whose_nth_open_fails),
		TORMENT(whose_nth_read_fails),
		TORMENT(whose_nth_write_finds_the_disk_full),
		TORMENT(whose_writes_from_the_nth_on_find_the_disk_full),
		TORMENT(whose_nth_write_fails),
		TORMENT(whose_nth_sync_fails),
		TORMENT(whose_syncs_from_the_nth_on_fail),
		TORMENT(whose_nth_look_at_a_size_fails),
		TORMENT(whose_nth_lock_fails),
		TORMENT(whose_nth_map_fails),
		TORMENT(whose_nth_shared_lock_fails),
		TORMENT(whose_nth_allocation_of_sqlite_fails),
		TORMENT(whose_allocations_of_sqlite_from_the_nth_on_fail),
		TEST(
		    any_call__that_runs_out_of_memory__fails_and_changes_nothing),
		TEST(
		    file__whose_making_fails_at_any_step_is_made_by_the_next_call),
	};

	vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
