/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The n-th allocation, system call, step of a database or call of a server
 * fails, for n = 1, 2, ..., in each mode of a SET and when servers start: that
 * is told, nothing has changed and nothing is lost.
 *
 * With TORTURE in the environment n leaves nothing out ("make torture"): then
 * that is 100 times as much.
 */
#include "alloc.h"
#include "asks.h"
#include "syscalls.h"
#include "vfs.h"

#define NAMES 3 /* relationships that operations are about */

/* Every kind of call, on both servers. */
static const struct ask *
operation(size_t i)
{
	static const struct ask members[] = { MEMBER(0, "a", MCLT, 7),
		MEMBER(0, "a", SHAREDSECRET, 7), MEMBER(0, "b", MODE, 1), END };
	static const struct ask creation[] = { CREATE(0, "new", 9), END };
	static const struct ask deletion[] = { ROW(0, "a", CHANGE_DESTROY),
		END };
	static const struct ask scopes[] = { MEMBER(0, "a", MCLT, 7),
		SCOPE(0, "a", 8, CHANGE_CREATE),
		SCOPE(0, "a", 9, CHANGE_CREATE),
		SCOPE(0, "a", 1, CHANGE_DESTROY), END };
	static const struct ask two_servers[] = { MEMBER(0, "a", MCLT, 7),
		MEMBER(1, "a", MCLT, 7), ROW(1, "b", CHANGE_DESTROY), END };
	static const struct ask *const all[] = { members, creation, deletion,
		scopes, two_servers };

	return i < nitems(all) ? all[i] : NULL;
}

/* ---------------------------------------------------------------- faults */

enum fault_kind {
	FAULT_MEMORY,
	FAULT_SYSTEM,
	FAULT_DATABASE,
	FAULT_CALL,
	FAULT_ANSWER
};

static const struct fault {
	const char *name;
	enum fault_kind kind;
	struct vfs_fault vfs;
	enum dhcp_error code; /* of a call */
	const char *when;
} faults[] = {
	/* clang-format off */
	{ .name = "allocation", .kind = FAULT_MEMORY },
	{ .name = "system call", .kind = FAULT_SYSTEM },
	{ .name = "read", .kind = FAULT_DATABASE, .vfs = { .step = VFS_READ, .rc = SQLITE_IOERR_READ, .number = EIO } },
	{ .name = "write, disk full", .kind = FAULT_DATABASE, .vfs = { .step = VFS_WRITE, .rc = SQLITE_FULL, .number = ENOSPC } },
	{ .name = "write", .kind = FAULT_DATABASE, .vfs = { .step = VFS_WRITE, .rc = SQLITE_IOERR_WRITE, .number = EIO } },
	{ .name = "sync", .kind = FAULT_DATABASE, .vfs = { .step = VFS_SYNC, .rc = SQLITE_IOERR_FSYNC, .number = EIO } },
	{ .name = "size", .kind = FAULT_DATABASE, .vfs = { .step = VFS_SIZE, .rc = SQLITE_IOERR_FSTAT, .number = EIO } },
	{ .name = "lock", .kind = FAULT_DATABASE, .vfs = { .step = VFS_SHM_LOCK, .rc = SQLITE_IOERR_SHMLOCK, .number = ENOLCK } },
	{ .name = "allocation of SQLite", .kind = FAULT_DATABASE, .vfs = { .step = VFS_ALLOC } },
	{ .name = "call, not done", .kind = FAULT_CALL, .code = ERROR_GEN_FAILURE, .when = "before" },
	{ .name = "call, not done and not answered", .kind = FAULT_ANSWER, .code = RPC_S_CALL_FAILED, .when = "before" },
	{ .name = "call, done and not answered", .kind = FAULT_ANSWER, .code = RPC_S_CALL_FAILED, .when = "after" },
	/* clang-format on */
};

static const struct vfs_fault *const none = &(const struct vfs_fault){
	.step = VFS_NONE,
};

/* The ${n}-th call of each server from now on answers as ${fault} says. */
static void
fail_call(struct world *w, const struct fault *fault, unsigned long n)
{
	static unsigned int round;
	char rule[256];
	size_t i;

	/* A server counts anew when it sees a line that it has not seen. */
	round++;
	snprintf(rule, sizeof(rule), "* %0*u %0*u %s %lu\n",
	    (int)(1 + round % 60), 0u, (int)(5 + round / 60 % 60),
	    (unsigned int)fault->code, fault->when, n);
	for (i = 0; i < w->n; i++) {
		world_calls(w, i);
		world_control(w, i, rule);
	}
}

static void
arm(struct world *w, const struct fault *fault, unsigned long n)
{
	switch (fault->kind) {
	case FAULT_MEMORY:
		alloc_left = (long)n - 1;
		break;
	case FAULT_SYSTEM:
		syscalls_hits = 0;
		syscalls_left = (long)n - 1;
		break;
	case FAULT_DATABASE:
		vfs_arm(&fault->vfs, n);
		break;
	case FAULT_CALL:
	case FAULT_ANSWER:
		fail_call(w, fault, n);
		break;
	}
}

/* No more.  Were there less than ${n} of them? */
static bool
disarm(struct world *w, const struct fault *fault, unsigned long n)
{
	unsigned long seen = 0;
	bool past = true;
	const char *line;
	size_t i;

	switch (fault->kind) {
	case FAULT_MEMORY:
		/* All from the n-th on fail. */
		past = alloc_left != 0;
		alloc_left = -1;
		break;
	case FAULT_SYSTEM:
		past = syscalls_hits == 0;
		syscalls_left = -1;
		break;
	case FAULT_DATABASE:
		past = vfs_disarm() == 0;
		vfs_arm(none, 0);
		break;
	case FAULT_CALL:
	case FAULT_ANSWER:
		for (i = 0; i < w->n; i++) {
			world_control(w, i, NULL);
			seen = 0;
			line = world_calls(w, i);
			while ((line = strchr(line, '\n')) != NULL) {
				line++;
				seen++;
			}
			past = past && seen < n;
		}
		break;
	}
	return past;
}

/* The next n: all of them, or the first ones and then ever fewer. */
static unsigned long
next(unsigned long n)
{
	return getenv("TORTURE") != NULL || n < 4 ? n + 1 : n + n / 2;
}

/* ---------------------------------------------------------------- SETs */

enum mode { MODE_COMMIT, MODE_UNDO, MODES };

static const char *const mode_names[MODES] = { "commit", "undo" };

struct torture {
	struct world *w;
	struct world_text before[WORLD_MAX];
	DHCP_FAILOVER_RELATIONSHIP *rels[WORLD_MAX][NAMES];
	unsigned long runs, refused, done, doubtful;
	/* The one at hand: */
	const struct fault *fault;
	size_t op;
	enum mode mode;
	unsigned long n;
};

static const char *const names[NAMES] = { "a", "b", "new" };

static void
torture_begin(struct torture *t, struct world *w)
{
	size_t i, j;

	memset(t, 0, sizeof(*t));
	t->w = w;
	for (i = 0; i < w->n; i++) {
		world_database(w, i, &t->before[i]);
		for (j = 0; j < NAMES; j++)
			if (failover_server_get(w->at[i].local.server, names[j],
				&t->rels[i][j]) != ERROR_SUCCESS)
				t->rels[i][j] = NULL;
	}
}

static void
torture_end(struct torture *t)
{
	size_t i, j;

	for (i = 0; i < t->w->n; i++)
		for (j = 0; j < NAMES; j++)
			failover_free(t->rels[i][j]);
	print_message("# %lu faults: %lu refused, %lu done all the same, "
		      "%lu in doubt\n",
	    t->runs, t->refused, t->done, t->doubtful);
	assert_true(t->refused > 0);
	assert_true(t->done > 0);
}

/* Is the database of server ${i} as it was before? */
static bool
is_unchanged(const struct torture *t, size_t i)
{
	struct world_text now;

	world_database(t->w, i, &now);
	return strcmp(now.all.text, t->before[i].all.text) == 0 &&
	    strcmp(now.secrets, t->before[i].secrets) == 0;
}

static void
lead_back(const struct torture *t)
{
	size_t i, j;

	for (i = 0; i < t->w->n; i++)
		for (j = 0; j < NAMES; j++)
			assert_error(failover_server_restore(t->w->at[i]
								 .local.server,
					 names[j], t->rels[i][j]),
			    ERROR_SUCCESS);
	world_poll(t->w);
}

/* Stage, check and commit; false, with nothing left, when it was refused. */
static bool
commit(const struct torture *t, struct change **change, struct said *said)
{
	enum change_error error = CHANGE_NO_MEMORY;
	const struct ask *asks = operation(t->op);

	memset(said, 0, sizeof(*said));
	if ((*change = change_new(t->w->roster)) == NULL)
		return false;
	if ((error = stage_all(t->w, *change, asks)) == CHANGE_OK)
		error = change_check(*change).error;
	if (error != CHANGE_OK) {
		assert_int_equal(error, CHANGE_NO_MEMORY);
		change_finish(*change);
		return false;
	}
	change_commit(*change, hear, said);
	while (said->times == 0)
		world_turn(t->w);
	if (said->v.error == CHANGE_OK)
		return true;
	if (said->v.error != CHANGE_NO_MEMORY &&
	    said->v.error != CHANGE_UNDO_FAILED)
		assert_said(said, CHANGE_FAILED);
	change_finish(*change);
	return false;
}

static void
wrong(const struct torture *t, size_t server, const char *what)
{
	struct world_text now;

	world_database(t->w, server, &now);
	fail_msg("operation %zu, %s, %s number %lu: %s\nis:\n%s%s\nwas:\n%s%s\n"
		 "log:\n%s",
	    t->op, mode_names[t->mode], t->fault->name, t->n, what,
	    now.all.text, now.secrets, t->before[server].all.text,
	    t->before[server].secrets, logged);
}

/* It was refused: nothing of it is there, but after undoFailed. */
static void
see_nothing(struct torture *t, enum change_error told)
{
	bool doubtful = false;
	size_t i;

	for (i = 0; i < t->w->n; i++)
		if (!is_unchanged(t, i)) {
			if (told != CHANGE_UNDO_FAILED)
				wrong(t, i, "refused, and done");
			doubtful = true;
		}
	t->refused += !doubtful;
	t->doubtful += doubtful;
}

/* One SET with one fault.  False: there were not as many as that. */
static bool
torture_one(struct torture *t)
{
	struct change *change = NULL;
	struct said said, undo = { 0 };
	bool good, past = true;
	size_t i;

	log_forget();
	if (t->mode == MODE_COMMIT)
		arm(t->w, t->fault, t->n);
	good = commit(t, &change, &said);
	if (t->mode == MODE_COMMIT)
		past = disarm(t->w, t->fault, t->n);
	world_drain(t->w);
	if (!good)
		see_nothing(t, said.v.error);
	else if (t->mode == MODE_COMMIT) {
		for (i = 0; i < t->w->n; i++)
			t->done += !is_unchanged(t, i) && i == 0;
		if (is_unchanged(t, 0))
			wrong(t, 0, "noError, and nothing is done");
		change_finish(change);
	} else {
		arm(t->w, t->fault, t->n);
		change_undo(change, hear, &undo);
		while (undo.times == 0)
			world_turn(t->w);
		past = disarm(t->w, t->fault, t->n);
		world_drain(t->w);
		assert_int_equal(undo.times, 1);
		change_finish(change);
		for (i = 0; i < t->w->n; i++)
			if (undo.v.error == CHANGE_OK && !is_unchanged(t, i))
				wrong(t, i, "undone, and still there");
		if (undo.v.error == CHANGE_OK)
			t->done++;
		else
			see_nothing(t, undo.v.error);
	}
	t->runs += !past;
	/* What could not be listed then is listed now. */
	world_poll(t->w);
	assert_all_is_true(t->w);
	lead_back(t);
	return !past;
}

/* The n-th ${fault}, in every mode of every operation. */
static void
torture(struct torture *t, const struct fault *fault)
{
	t->fault = fault;
	for (t->op = 0; operation(t->op) != NULL; t->op++)
		for (t->mode = 0; t->mode < MODES; t->mode++) {
			t->n = 1;
			while (torture_one(t))
				t->n = next(t->n);
		}
}

static void
torture_all(struct world *w, enum fault_kind kind)
{
	struct torture t;
	size_t i;

	torture_begin(&t, w);
	for (i = 0; i < nitems(faults); i++)
		if (faults[i].kind == kind)
			torture(&t, &faults[i]);
	torture_end(&t);
}

static void
set__whose_nth_allocation_fails__is_all_or_nothing(void **state)
{
	if (!alloc_works()) {
		print_message("SKIPPED, malloc() cannot be replaced here\n");
		skip();
	}
	torture_all(*state, FAULT_MEMORY);
}

static void
set__whose_nth_system_call_fails__is_all_or_nothing(void **state)
{
	if (!syscalls_work()) {
		print_message("SKIPPED, libc cannot be replaced here\n");
		skip();
	}
	torture_all(*state, FAULT_SYSTEM);
}

static void
set__whose_nth_step_in_the_database_fails__is_all_or_nothing(void **state)
{
	torture_all(*state, FAULT_DATABASE);
}

static void
set__whose_nth_call_fails__is_all_or_nothing(void **state)
{
	torture_all(*state, FAULT_CALL);
}

/* Only a server beyond a network keeps its answer back. */
static void
set__whose_nth_call_is_not_answered__is_all_or_nothing(void **state)
{
	torture_all(*state, FAULT_ANSWER);
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* The ${at}-th call of ${server} from now on answers ${code}. */
static void
fail_at(struct world *w, size_t server, enum dhcp_error code, const char *when,
    unsigned int at)
{
	static unsigned int round;
	char rule[256];

	/* A server counts anew when it sees a line that it has not seen. */
	round++;
	snprintf(rule, sizeof(rule), "* %0*u %0*u %s %u\n",
	    (int)(1 + round % 60), 0u, (int)(5 + round / 60 % 60),
	    (unsigned int)code, when, at);
	world_control(w, server, rule);
}

/* Each call is said to have broken off, and was done or was not. */
static void
doubt__about_the_nth_call__is_told_as_it_is(void **state)
{
	static const char *const when[] = { "before", "after" };
	struct world *w = *state;
	struct world_text before[2];
	unsigned int at, calls, i, server, op;
	struct change *change;
	struct said said;

	world_database(w, 0, &before[0]);
	world_database(w, 1, &before[1]);
	for (op = 0; operation(op) != NULL; op++)
		for (i = 0; i < 4; i++)
			for (server = i / 2, at = 1, calls = 1; at <= calls;
			     at++) {
				world_calls(w, server);
				change = checked(w, operation(op));
				fail_at(w, server, RPC_S_CALL_FAILED,
				    when[i % 2], at);
				memset(&said, 0, sizeof(said));
				change_commit(change, hear, &said);
				world_drain(w);
				world_control(w, server, NULL);
				calls =
				    (unsigned int)lines(world_calls(w, server));
				assert_shown_is_true(w, 0);
				assert_shown_is_true(w, 1);
				if (said.v.error != CHANGE_OK) {
					assert_said(&said, CHANGE_FAILED);
					assert_error(said.v.result,
					    RPC_S_CALL_FAILED);
				} else
					undone(w, change, &said);
				change_finish(change);
				assert_same_database(w, 0, &before[0]);
				assert_same_database(w, 1, &before[1]);
				assert_all_is_true(w);
				log_forget();
			}
}

static void
changes__by_chance__never_show_what_is_not_true(void **state)
{
	struct world *w = *state;
	uint64_t seed = seed_of_the_day();
	struct change *change;
	struct said said;
	unsigned int i;

	for (i = 0; i < 300; i++) {
		change = staged(w, operation(chance_below(&seed, 5)));
		if (change_check(change).error != CHANGE_OK) {
			change_finish(change);
			continue;
		}
		if (chance_below(&seed, 3) == 0)
			fail_at(w, chance_below(&seed, 2), ERROR_GEN_FAILURE,
			    "before", (unsigned int)chance_below(&seed, 8) + 1);
		memset(&said, 0, sizeof(said));
		change_commit(change, hear, &said);
		world_drain(w);
		world_control(w, 0, NULL);
		world_control(w, 1, NULL);
		if (chance_below(&seed, 3) == 0)
			undone(w, change, &said);
		change_finish(change);
		assert_all_is_true(w);
		log_forget();
	}
}

/* ---------------------------------------------------------------- start */

static size_t
entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Read the configuration, start its servers and ask them; all may fail. */
static bool
start(struct world *w, const char *path)
{
	enum dhcp_error error;
	char why[256];

	if ((w->conf = conf_read(path, why, sizeof(why), &error)) == NULL)
		return false;
	if ((w->roster = roster_new(w->conf)) == NULL)
		return false;
	roster_poll_all(w->roster);
	world_drain(w);
	return true;
}

static void
stop(struct world *w)
{
	roster_free(w->roster, WORLD_PATIENCE);
	conf_free(w->conf);
	w->roster = NULL;
	w->conf = NULL;
}

static void
assert_serves(struct world *w)
{
	size_t i;

	world_poll(w);
	for (i = 0; i < w->n; i++)
		assert_shown_is_true(w, i);
}

/* A thread that was joined is still listed for a moment; then this is alone. */
static void
wait_for_threads(void)
{
	const struct timespec moment = { 0, 1000000 };
	int i;

	/* ".", "..", and us. */
	for (i = 0; entries("/proc/self/task") > 3; i++) {
		assert_true(i < WORLD_PATIENCE);
		nanosleep(&moment, NULL);
	}
}

/* Once, with one fault, and what that has lost.  ${*past}: there was none. */
static long
start_once(struct world *w, const char *path, const struct fault *fault,
    unsigned long n, bool *past)
{
	size_t fds = entries("/proc/self/fd");
	long live = alloc_live;
	bool good;

	arm(w, fault, n);
	good = start(w, path);
	*past = disarm(w, fault, n);
	if (good)
		assert_serves(w);
	else
		assert_false(*past);
	stop(w);
	log_forget();
	assert_int_equal(entries("/proc/self/fd"), fds);
	wait_for_threads();
	return alloc_live - live;
}

static void
start_with(struct world *w, const struct fault *fault)
{
	bool past = false;
	char path[96];
	unsigned long n;

	snprintf(path, sizeof(path), "%s/conf", w->dir);
	/* What libraries allocate once and keep is not lost. */
	assert_true(start(w, path));
	assert_serves(w);
	stop(w);
	for (n = 1; !past; n = next(n))
		if (start_once(w, path, fault, n, &past) != 0)
			fail_msg("%s number %lu: blocks are lost", fault->name,
			    n);
	assert_true(n > 3);
}

static void
start__whose_nth_step_fails__is_told_and_leaves_nothing(void **state)
{
	struct world *w = *state;

	if (!alloc_works() || !syscalls_work()) {
		print_message("SKIPPED, libc cannot be replaced here\n");
		skip();
	}
	stop(w);
	start_with(w, &faults[0]);
	start_with(w, &faults[1]);
}

/* ---------------------------------------------------------------- worlds */

#define WITH(before, name) \
	cmocka_unit_test_setup_teardown(name, before, world_end)
/* On servers that make several changes as one, on those that do not, and where
 * all goes to a partner as well. */
#define WITH_ALL(name)                                                    \
	WITH(two, name),                                                  \
	    { #name ", plain server", name, two_plain, world_end, NULL }, \
	    { #name ", pair", name, pair, world_end, NULL },              \
	{                                                                 \
#name ", plain pair", name, pair_plain, world_end, NULL   \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ALL(set__whose_nth_allocation_fails__is_all_or_nothing),
		WITH_ALL(set__whose_nth_system_call_fails__is_all_or_nothing),
		WITH_ALL(
		    set__whose_nth_step_in_the_database_fails__is_all_or_nothing),
		WITH_ALL(set__whose_nth_call_fails__is_all_or_nothing),
		WITH(two_plain,
		    set__whose_nth_call_is_not_answered__is_all_or_nothing),
		WITH(pair_plain,
		    set__whose_nth_call_is_not_answered__is_all_or_nothing),
		WITH(two_plain, doubt__about_the_nth_call__is_told_as_it_is),
		WITH(two, changes__by_chance__never_show_what_is_not_true),
		WITH(two_plain,
		    changes__by_chance__never_show_what_is_not_true),
		WITH(two,
		    start__whose_nth_step_fails__is_told_and_leaves_nothing),
	};

	vfs_install();
	return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
