/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is ordered is done or not, and the answer says which: that nobody knows
 * is said where something was ordered, and only there.  What fails returns
 * nothing, and nothing is left of it: no memory, no descriptor, no process.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "foreign.h"

#define TITLE 96u

char foreign_name[] = "server1-server2";

static struct foreign *watched;

/* ---------------------------------------------------------------- peers */

void *
foreign_share(size_t size, int *fd)
{
	char path[] = "/tmp/dhcpfo-test-XXXXXX";
	void *at;

	*fd = mkstemp(path);
	assert_true(*fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(*fd, (off_t)size), 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_true(at != MAP_FAILED);
	return at;
}

static void
see_sent(const void *at, size_t n)
{
	if (watched->type->is_order(at, n))
		watched->asked = true;
}

/* ---------------------------------------------------------------- calls */

enum dhcp_error
foreign_open(struct foreign *f)
{
	return failover_server_open(f->type->type, "far", "192.0.2.1",
	    f->options, &f->server);
}

enum dhcp_error
foreign_close(struct foreign *f)
{
	failover_server_close(f->server);
	f->server = NULL;
	return ERROR_SUCCESS;
}

__attribute__((format(printf, 2, 3))) static void
note(struct foreign *f, const char *format, ...)
{
	size_t used = strlen(f->rows);
	va_list ap;

	va_start(ap, format);
	vsnprintf(f->rows + used, sizeof(f->rows) - used, format, ap);
	va_end(ap);
}

static void
note_statistics(struct foreign *f, const DHCP_FAILOVER_STATISTICS *stats)
{
	note(f, " %u/%u/%u/%u/%u/%u/%u", stats->NumAddr, stats->AddrFree,
	    stats->AddrInUse, stats->PartnerAddrFree, stats->ThisAddrFree,
	    stats->PartnerAddrInUse, stats->ThisAddrInUse);
}

static void
note_relationship(struct foreign *f, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	size_t i;

	note(f, "\"%s\" %08x %08x \"%s\" \"%s\" %d %d %d %d %u %u %u %s",
	    rel->RelationshipName, rel->PrimaryServer, rel->SecondaryServer,
	    rel->PrimaryServerName, rel->SecondaryServerName, (int)rel->Mode,
	    (int)rel->ServerType, (int)rel->State, (int)rel->PrevState,
	    rel->Mclt, rel->SafePeriod, rel->Percentage,
	    rel->SharedSecret != NULL ? rel->SharedSecret : "-");
	for (i = 0; i < failover_scope_count(rel); i++)
		note(f, " %08x", rel->pScopes->Elements[i]);
}

static bool
note_row(void *arg, const struct failover_row *row)
{
	size_t i, n = failover_scope_count(&row->rel);
	struct foreign *f = arg;

	note_relationship(f, &row->rel);
	for (i = 0; i < n && row->stats != NULL; i++)
		note_statistics(f, &row->stats[i]);
	note(f, " %d %d\n", (int)row->partner_state, row->authenticated);
	return true;
}

enum dhcp_error
foreign_list(struct foreign *f)
{
	return failover_server_list(f->server, note_row, f);
}

enum dhcp_error
foreign_get(struct foreign *f)
{
	return failover_server_get(f->server, foreign_name, &f->returned);
}

enum dhcp_error
foreign_scope_relationship(struct foreign *f)
{
	return failover_server_scope_relationship(f->server, FOREIGN_SCOPE,
	    &f->returned);
}

enum dhcp_error
foreign_scope_statistics(struct foreign *f)
{
	DHCP_FAILOVER_STATISTICS stats;
	enum dhcp_error error;

	error =
	    failover_server_scope_statistics(f->server, FOREIGN_SCOPE, &stats);
	if (error == ERROR_SUCCESS)
		note_statistics(f, &stats);
	return error;
}

enum dhcp_error
foreign_system_time(struct foreign *f)
{
	enum dhcp_error error;
	DWORD now, delta;

	error = failover_server_system_time(f->server, &now, &delta);
	if (error == ERROR_SUCCESS)
		note(f, "%u", delta);
	return error;
}

/* ---------------------------------------------------------------- rounds */

static void
forget_round(struct foreign *f)
{
	failover_free(f->returned);
	f->returned = NULL;
	f->rows[0] = '\0';
	f->asked = false;
}

static void
prepare(void *context)
{
	struct foreign *f = context;

	f->type->reset(f);
	if (!f->deed->closed)
		assert_error(foreign_open(f), ERROR_SUCCESS);
	if (!f->deed->closed && !f->deed->cold)
		assert_error(foreign_list(f), ERROR_SUCCESS);
	forget_round(f);
	log_forget();
}

static void
run(void *context)
{
	struct foreign *f = context;

	watched = f;
	fault_watch(see_sent);
	f->error = f->deed->call(f);
	fault_watch(NULL);
}

/* What the round has read and done. */
static void
look(struct foreign *f)
{
	if (f->error == ERROR_SUCCESS && f->returned != NULL)
		note_relationship(f, f->returned);
	f->type->look(f);
}

bool
foreign_is_doubtful(const struct foreign *f)
{
	return f->error == ERROR_TIMEOUT || f->error == RPC_S_CALL_FAILED;
}

/* Word by word; only the words of note_statistics() have a slash. */
bool
foreign_is_uncounted(const struct foreign *f)
{
	const char *is = f->rows, *should = f->read;
	size_t m, n;

	if (f->error != ERROR_SUCCESS || strcmp(f->world, f->after) != 0 ||
	    strstr(logged, "no statistics of scopes: ") == NULL)
		return false;
	for (;; is += m + 1, should += n + 1) {
		m = strcspn(is, " \n");
		n = strcspn(should, " \n");
		if (is[m] != should[n])
			return false;
		if ((m != n || memcmp(is, should, n) != 0) &&
		    (memchr(is, '/', m) == NULL ||
			memchr(should, '/', n) == NULL))
			return false;
		if (is[m] == '\0')
			return true;
	}
}

/* Is nothing done, or of several calls that lead back not the last one? */
static bool
is_undone(const struct foreign *f)
{
	if (strcmp(f->world, f->before) == 0)
		return true;
	return f->deed->back && strcmp(f->world, f->after) != 0 &&
	    strncmp(f->world, f->after, strlen(f->world)) == 0;
}

static void
assert_as_it_goes(struct foreign *f)
{
	assert_error(f->error, f->deed->expected);
	assert_string_equal(f->world, f->after);
	assert_string_equal(f->rows, f->read);
}

static void
judge(struct foreign *f, unsigned long hits)
{
	if (hits > 0 && f->deed->excuse != NULL && f->deed->excuse(f))
		return;
	if (hits == 0 || f->error == f->deed->expected) {
		assert_as_it_goes(f);
		return;
	}
	assert_null(f->returned);
	assert_int_not_equal(f->error, ERROR_SUCCESS);
	/* Reading leaves no doubt: nothing was to be done. */
	if (f->deed->changes && foreign_is_doubtful(f)) {
		/* Of the way back nobody asks how far it led. */
		if (!f->asked && !f->deed->back)
			fail_msg("%s, but nothing was ordered",
			    DhcpfoErrorName(f->error));
		if (!is_undone(f) && strcmp(f->world, f->after) != 0)
			fail_msg("neither done nor not: %s", f->world);
	} else if (!is_undone(f))
		fail_msg("%s, but it is done: %s", DhcpfoErrorName(f->error),
		    f->world);
	/* It is told why, if not by the error. */
	if (f->server != NULL)
		assert_true(f->server->report.last_error_text[0] != '\0');
}

/* After what failed the same goes well. */
static void
do_again(struct foreign *f)
{
	forget_round(f);
	f->type->reset(f);
	if (f->server != NULL && f->type->hurry != NULL)
		f->type->hurry(f->server);
	run(f);
	look(f);
	assert_as_it_goes(f);
}

static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

void
foreign_assert_nothing_is_left(const struct foreign *f)
{
	siginfo_t info = { .si_pid = 0 };
	int found;

	assert_int_equal(count_fds(), f->fds);
	found = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
	if (f->has_children)
		assert_int_equal(info.si_pid, 0);
	else
		assert_int_equal(found, -1);
	if (f->live != 0 && fault_live() != f->live)
		fail_msg("%ld allocations are left", fault_live() - f->live);
}

static void
end_round(struct foreign *f)
{
	forget_round(f);
	foreign_close(f);
	foreign_assert_nothing_is_left(f);
}

static void
check(void *context, const struct fault *fault, unsigned long hits)
{
	struct foreign *f = context;

	(void)fault;
	look(f);
	judge(f, hits);
	if (f->error != f->deed->expected)
		do_again(f);
	end_round(f);
}

/* ---------------------------------------------------------------- the table */

void
foreign_begin(struct foreign *f, const struct foreign_type *type,
    const struct deed *deed)
{
	f->type = type;
	f->deed = deed;
	log_open(log_to_memory, NULL);
	type->begin(f);
	fault_peer(f->peer);
	f->fds = count_fds();
}

void
foreign_begun(struct foreign *f)
{
	f->live = fault_live();
}

void
foreign_end(struct foreign *f)
{
	fault_watch(NULL);
	fault_peer(NULL);
	f->type->end(f);
	log_open(NULL, NULL);
}

static void *
begin(const struct operation *operation)
{
	struct foreign *f = test_calloc(1, sizeof(*f));

	foreign_begin(f, operation->how, operation->what);
	f->type->reset(f);
	f->type->look(f);
	memcpy(f->before, f->world, sizeof(f->before));

	/* What is allocated for the first time stays. */
	prepare(f);
	run(f);
	look(f);
	assert_error(f->error, f->deed->expected);
	memcpy(f->after, f->world, sizeof(f->after));
	memcpy(f->read, f->rows, sizeof(f->read));
	end_round(f);
	foreign_begun(f);
	return f;
}

static void
end(void *context)
{
	struct foreign *f = context;

	forget_round(f);
	foreign_close(f);
	foreign_end(f);
	test_free(f);
}

void
foreign_operations(const struct foreign_type *type, const char *prefix,
    const struct deed *deeds, size_t n, struct operation *operations)
{
	static char titles[128][TITLE];
	static size_t used;
	char *title;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_true(used < nitems(titles));
		title = titles[used++];
		snprintf(title, TITLE, "%s__%s%s", prefix, deeds[i].name,
		    deeds[i].cold ? "__as_the_first_call" : "");
		operations[i] = (struct operation){ .name = title,
			.what = &deeds[i],
			.how = type,
			.kinds = FAULT_MEMORY | FAULT_WIRE | FAULT_PEER,
			.begin = begin,
			.end = end,
			.prepare = prepare,
			.run = run,
			.check = check };
	}
}
