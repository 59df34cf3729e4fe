/* SPDX-License-Identifier: BSD-2-Clause */
/* The API of the source document, over a configuration with two servers. */
#include "alloc.h"
#include "local.h"

#include <pthread.h>

/* A type that lists in an order of its own. */
static enum dhcp_error
backwards_list(struct failover_server *server, failover_row_fn *fn, void *arg)
{
	static char c[] = "c", a[] = "a", b[] = "b";
	char *const names[] = { c, a, b };
	struct failover_row row = { .authenticated = false };
	size_t i;

	(void)server;
	for (i = 0; i < nitems(names); i++) {
		row.rel.RelationshipName = names[i];
		if (!fn(arg, &row))
			return ERROR_NOT_ENOUGH_MEMORY;
	}
	return ERROR_SUCCESS;
}

static enum dhcp_error
backwards_open(struct failover_server *server, const void *options)
{
	(void)server;
	(void)options;
	return ERROR_SUCCESS;
}

static const struct failover_server_ops backwards_ops = {
	.list = backwards_list,
};

static const struct failover_server_type backwards = {
	.name = "backwards",
	.open = backwards_open,
	.options_size = 1,
	.ops = &backwards_ops,
};

/* This program's list, before any that it is linked with. */
const struct failover_server_type *const failover_server_types[] = {
	&failover_server_local,
	&backwards,
	NULL,
};

static char conf_path[160];

/* A configuration with "one" (first), "two" at 192.0.2.2 and "three". */
static int
setup_api(void **state)
{
	struct fixture *f;
	FILE *file;

	setup(state);
	f = *state;
	failover_server_close(f->server);
	f->server = NULL;
	snprintf(conf_path, sizeof(conf_path), "%s/dhcpfod.conf", f->dir);
	file = fopen(conf_path, "w");
	assert_non_null(file);
	fprintf(file,
	    "[subagent]\n"
	    "[server 1]\ntype = local\nname = one\ndatabase = %s/one.db\n"
	    "[server 2]\ntype = local\nname = two\naddress = 192.0.2.2\n"
	    "database = %s/two.db\nmax-relationships = 1000\n"
	    "[server 3]\ntype = local\nname = 192.0.2.2x\n"
	    "address = two\ndatabase = %s/three.db\n"
	    "[server 4]\ntype = backwards\n",
	    f->dir, f->dir, f->dir);
	assert_int_equal(fclose(file), 0);
	assert_error(DhcpfoOpen(conf_path), ERROR_SUCCESS);
	return 0;
}

static int
teardown_api(void **state)
{
	DhcpfoClose();
	unsetenv("DHCPFO_CONF");
	return teardown(state);
}

static void
api_create(const char *server, const char *name, unsigned int first,
    unsigned int n)
{
	struct wanted w;

	assert_error(DhcpV4FailoverCreateRelationship(server,
			 want(&w, name, first, n)),
	    ERROR_SUCCESS);
}

static LPDHCP_FAILOVER_RELATIONSHIP
api_get(const char *server, const char *name)
{
	LPDHCP_FAILOVER_RELATIONSHIP rel = NULL;

	assert_error(DhcpV4FailoverGetRelationship(server, name, &rel),
	    ERROR_SUCCESS);
	return rel;
}

/* ---------------------------------------------------------------- opening */

static void
open__of_what_is_open_is_busy(void **state)
{
	(void)state;
	assert_error(DhcpfoOpen(conf_path), ERROR_BUSY);
	DhcpfoClose();
	assert_error(DhcpfoOpen(conf_path), ERROR_SUCCESS);
}

/* Send standard error to a file for a while. */
static int
catch_errors(const char *path)
{
	int old = dup(STDERR_FILENO);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	fflush(stderr);
	assert_true(old >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return old;
}

static void
release_errors(int old, const char *path, char *text, size_t size)
{
	FILE *file;
	size_t n;

	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void
open__of_a_bad_configuration_says_where_on_standard_error(void **state)
{
	struct fixture *f = *state;
	char path[160], text[512];
	FILE *file;
	int old;

	DhcpfoClose();
	file = fopen(conf_path, "w");
	assert_non_null(file);
	fprintf(file, "[subagent]\nnonsense = 1\n");
	fclose(file);
	snprintf(path, sizeof(path), "%s/stderr", f->dir);
	old = catch_errors(path);
	assert_error(DhcpfoOpen(conf_path), ERROR_INVALID_PARAMETER);
	release_errors(old, path, text, sizeof(text));
	assert_memory_equal(text, conf_path, strlen(conf_path));
	assert_memory_equal(text + strlen(conf_path), ":2:", 3);

	old = catch_errors(path);
	assert_error(DhcpfoOpen("/nonexistent/conf"), ERROR_FILE_NOT_FOUND);
	assert_error(DhcpfoOpen(f->dir), ERROR_INVALID_PARAMETER);
	release_errors(old, path, text, sizeof(text));
	assert_memory_equal(text, "/nonexistent/conf: ", 19);
}

static void
open__happens_at_the_first_call_with_the_file_of_the_environment(void **state)
{
	struct fixture *f = *state;
	DWORD now;
	char path[160], text[512];
	int old;

	DhcpfoClose();
	setenv("DHCPFO_CONF", "/nonexistent/conf", 1);
	snprintf(path, sizeof(path), "%s/stderr", f->dir);
	old = catch_errors(path);
	assert_error(DhcpV4FailoverGetSystemTime(NULL, &now, NULL),
	    ERROR_FILE_NOT_FOUND);
	release_errors(old, path, text, sizeof(text));
	setenv("DHCPFO_CONF", conf_path, 1);
	assert_error(DhcpV4FailoverGetSystemTime(NULL, &now, NULL),
	    ERROR_SUCCESS);
	DhcpfoClose();
	assert_error(DhcpfoOpen(NULL), ERROR_SUCCESS);
}

static void
server__is_the_first_or_that_of_a_name_or_that_of_an_address(void **state)
{
	LPDHCP_FAILOVER_RELATIONSHIP rel;
	DWORD now;

	(void)state;
	api_create(NULL, "in one", 1, 1);
	api_create("two", "in two", 1, 1);
	api_create("192.0.2.2x", "in three", 1, 1);
	DhcpRpcFreeMemory(api_get("one", "in one"));
	DhcpRpcFreeMemory(api_get("192.0.2.2", "in two"));
	/* A name goes before the address of another. */
	DhcpRpcFreeMemory(api_get("two", "in two"));
	assert_error(DhcpV4FailoverGetRelationship("one", "in two", &rel),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_error(DhcpV4FailoverGetSystemTime("four", &now, NULL),
	    ERROR_DHCP_SERVER_NAME_NOT_RESOLVED);
	assert_error(DhcpV4FailoverGetSystemTime("", &now, NULL),
	    ERROR_DHCP_SERVER_NAME_NOT_RESOLVED);
}

/* ---------------------------------------------------------------- Set */

static void
assert_members(const DHCP_FAILOVER_RELATIONSHIP *rel,
    const DHCP_FAILOVER_RELATIONSHIP *old,
    const DHCP_FAILOVER_RELATIONSHIP *new, DWORD flags)
{
	assert_int_equal(rel->Mclt, (flags & 0x01 ? new : old)->Mclt);
	assert_int_equal(rel->SafePeriod,
	    (flags & 0x02 ? new : old)->SafePeriod);
	assert_int_equal(rel->State, (flags & 0x04 ? new : old)->State);
	assert_int_equal(rel->Percentage,
	    (flags & 0x08 ? new : old)->Percentage);
	assert_int_equal(rel->Mode, (flags & 0x10 ? new : old)->Mode);
	assert_int_equal(rel->PrevState, (flags & 0x20 ? new : old)->PrevState);
	assert_string_equal(rel->SharedSecret,
	    (flags & 0x40 ? new : old)->SharedSecret);
	assert_int_equal(rel->PrimaryServer, old->PrimaryServer);
	assert_int_equal(rel->SecondaryServer, old->SecondaryServer);
	assert_int_equal(rel->ServerType, old->ServerType);
	assert_string_equal(rel->RelationshipName, old->RelationshipName);
	assert_string_equal(rel->PrimaryServerName, old->PrimaryServerName);
	assert_string_equal(rel->SecondaryServerName, old->SecondaryServerName);
	assert_int_equal(rel->pScopes->NumElements, old->pScopes->NumElements);
	assert_memory_equal(rel->pScopes->Elements, old->pScopes->Elements,
	    old->pScopes->NumElements * sizeof(DHCP_IP_ADDRESS));
}

/* Each flag alone, and every combination of the six, with and without 0x40. */
static void
set__with_each_of_127_flag_words__changes_exactly_its_members(void **state)
{
	static DHCP_IP_ADDRESS other_scopes[] = { 0x0B000000 };
	static char primary[] = "x", secondary[] = "y", secret[] = "z";
	LPDHCP_FAILOVER_RELATIONSHIP old, now;
	DHCP_IP_ARRAY array = { 1, other_scopes };
	DHCP_FAILOVER_RELATIONSHIP new;
	DWORD flags;

	(void)state;
	api_create(NULL, "a", 1, 3);
	old = api_get(NULL, "a");
	for (flags = 0x01; flags <= 0x7F; flags++) {
		new = (DHCP_FAILOVER_RELATIONSHIP){ .PrimaryServer = 7,
			.SecondaryServer = 8,
			.Mode = HotStandby,
			.ServerType = SecondaryServer,
			.State = PARTNER_DOWN,
			.PrevState = RECOVER_DONE,
			.Mclt = flags,
			.SafePeriod = 0xFFFFFF00 + flags,
			.RelationshipName = old->RelationshipName,
			.PrimaryServerName = primary,
			.SecondaryServerName = secondary,
			.pScopes = &array,
			.Percentage = 99,
			.SharedSecret = secret };
		/* Members without their flag may be nonsense. */
		if ((flags & MODE) == 0)
			new.Mode = 0x7FFFFFFF;
		if ((flags & PERCENTAGE) == 0)
			new.Percentage = 0xFF;
		assert_error(DhcpV4FailoverSetRelationship(NULL, flags, &new),
		    ERROR_SUCCESS);
		now = api_get(NULL, "a");
		assert_members(now, old, &new, flags);
		DhcpRpcFreeMemory(now);
		assert_error(DhcpV4FailoverSetRelationship(NULL, 0x7F, old),
		    ERROR_SUCCESS);
		now = api_get(NULL, "a");
		assert_members(now, old, old, 0);
		DhcpRpcFreeMemory(now);
	}
	DhcpRpcFreeMemory(old);
}

static void
set__of_an_unknown_flag_or_none_or_a_wrong_value_is_refused(void **state)
{
	LPDHCP_FAILOVER_RELATIONSHIP old, now;
	struct wanted w;

	(void)state;
	api_create(NULL, "a", 1, 1);
	old = api_get(NULL, "a");
	want(&w, "a", 1, 1);
	w.rel.Mclt = 1;
	w.rel.Percentage = 101;
	w.rel.Mode = 2;
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0, &w.rel), 87);
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x81, &w.rel), 87);
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x80000001,
			     &w.rel),
	    87);
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x09, &w.rel), 87);
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x11, &w.rel), 87);
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x01, NULL), 87);
	w.rel.RelationshipName = NULL;
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x01, &w.rel), 87);
	now = api_get(NULL, "a");
	assert_members(now, old, old, 0);
	DhcpRpcFreeMemory(now);
	DhcpRpcFreeMemory(old);
	assert_int_equal(DhcpV4FailoverSetRelationship(NULL, 0x01,
			     want(&w, "b", 1, 1)),
	    20115);
}

/* ---------------------------------------------------------------- others */

static void
calls__answer_what_the_server_says(void **state)
{
	LPDHCP_FAILOVER_RELATIONSHIP rel = NULL;
	LPDHCP_FAILOVER_STATISTICS stats = NULL;
	DWORD now, delta, status;
	struct wanted w;

	(void)state;
	api_create(NULL, "a", 1, 1);
	assert_int_equal(DhcpV4FailoverCreateRelationship(NULL,
			     want(&w, "a", 2, 1)),
	    20114);
	assert_int_equal(DhcpV4FailoverAddScopeToRelationship(NULL, &w.rel),
	    20120);
	assert_error(DhcpV4FailoverSetRelationship(NULL, CHANGESTATE, &w.rel),
	    ERROR_SUCCESS);
	assert_error(DhcpV4FailoverAddScopeToRelationship(NULL, &w.rel),
	    ERROR_SUCCESS);
	assert_error(DhcpV4FailoverGetScopeRelationship(NULL, NET(10, 2, 0, 0),
			 &rel),
	    ERROR_SUCCESS);
	assert_string_equal(rel->RelationshipName, "a");
	assert_int_equal(rel->pScopes->NumElements, 2);
	DhcpRpcFreeMemory(rel);
	assert_error(DhcpV4FailoverGetScopeStatistics(NULL, NET(10, 2, 0, 0),
			 &stats),
	    ERROR_SUCCESS);
	assert_int_equal(stats->NumAddr, 254);
	DhcpRpcFreeMemory(stats);
	stats = NULL;
	assert_int_equal(DhcpV4FailoverGetScopeStatistics(NULL,
			     NET(10, 2, 0, 0), NULL),
	    87);
	assert_int_equal(DhcpV4FailoverGetScopeStatistics(NULL,
			     NET(10, 3, 0, 0), &stats),
	    2);
	assert_null(stats);
	assert_error(DhcpV4FailoverGetAddressStatus(NULL, NET(10, 2, 0, 1),
			 &status),
	    ERROR_SUCCESS);
	assert_int_equal(status, DHCP_FAILOVER_ADDRESS_PRIMARY);
	assert_error(DhcpV4FailoverTriggerAddrAllocation(NULL, "a"),
	    ERROR_SUCCESS);
	assert_error(DhcpV4FailoverGetSystemTime(NULL, &now, &delta),
	    ERROR_SUCCESS);
	assert_int_equal(delta, 60);
	assert_error(DhcpV4FailoverDeleteScopeFromRelationship(NULL, &w.rel),
	    ERROR_SUCCESS);
	assert_int_equal(DhcpV4FailoverDeleteScopeFromRelationship(NULL,
			     &w.rel),
	    20116);
	assert_error(DhcpV4FailoverDeleteRelationship(NULL, "a"),
	    ERROR_SUCCESS);
	assert_int_equal(DhcpV4FailoverDeleteRelationship(NULL, "a"), 20115);
	assert_int_equal(DhcpV4FailoverGetRelationship(NULL, "a", NULL), 87);
	DhcpRpcFreeMemory(NULL);
}

/* Unlike MS-DHCPM 3.2.4.90, and as in the other calls. */
static void
create__of_what_cannot_be__is_refused_whoever_asks(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct wanted w;

	api_create(NULL, "a", 1, 1);
	DhcpfoClose();
	snprintf(path, sizeof(path), "%.64s/one.db", f->dir);
	assert_int_equal(chmod(path, 0606), 0);
	assert_error(DhcpfoOpen(conf_path), ERROR_SUCCESS);
	want(&w, "b", 2, 1);
	assert_error(DhcpV4FailoverCreateRelationship(NULL, &w.rel),
	    ERROR_ACCESS_DENIED);
	w.rel.Percentage = 101;
	assert_error(DhcpV4FailoverCreateRelationship(NULL, &w.rel),
	    ERROR_INVALID_PARAMETER);
}

/* ---------------------------------------------------------------- Enum */

static void
enum__refuses_to_do_without_any_of_its_results(void **state)
{
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY rels = NULL;
	DHCP_RESUME_HANDLE resume = 0;
	DWORD n, total;

	(void)state;
	assert_int_equal(DhcpV4FailoverEnumRelationship(NULL, NULL, 1, &rels,
			     &n, &total),
	    87);
	assert_int_equal(DhcpV4FailoverEnumRelationship(NULL, &resume, 1, NULL,
			     &n, &total),
	    87);
	assert_int_equal(DhcpV4FailoverEnumRelationship(NULL, &resume, 1, &rels,
			     NULL, &total),
	    87);
	assert_int_equal(DhcpV4FailoverEnumRelationship(NULL, &resume, 1, &rels,
			     &n, NULL),
	    87);
	assert_int_equal(DhcpV4FailoverEnumRelationship(NULL, &resume, 1, &rels,
			     &n, &total),
	    259);
	assert_null(rels);
}

static void
enum__goes_through_all_in_the_order_of_names_and_hides_secrets(void **state)
{
	static const char *const names[] = { "C", "a", "aa", "b", "\xC3\xA9" };
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY rels = NULL;
	DHCP_RESUME_HANDLE resume = 0;
	struct wanted w;
	unsigned int i;
	DWORD n, total;

	(void)state;
	for (i = 0; i < nitems(names); i++)
		api_create(NULL, names[nitems(names) - 1 - i], 10 * i, i + 1);
	/* One without scopes, one without names. */
	want(&w, "C", 40, 5);
	assert_error(DhcpV4FailoverDeleteScopeFromRelationship(NULL, &w.rel),
	    ERROR_SUCCESS);
	assert_error(DhcpV4FailoverEnumRelationship(NULL, &resume, 0xFFFFFFFF,
			 &rels, &n, &total),
	    ERROR_SUCCESS);
	assert_int_equal(n, nitems(names));
	assert_int_equal(total, 0);
	assert_int_equal(resume, n);
	assert_int_equal(rels->NumElements, n);
	for (i = 0; i < n; i++) {
		assert_string_equal(rels->pRelationships[i].RelationshipName,
		    names[i]);
		assert_string_equal(rels->pRelationships[i].PrimaryServerName,
		    "one.example");
		assert_null(rels->pRelationships[i].SharedSecret);
		assert_int_equal(failover_scope_count(&rels->pRelationships[i]),
		    i == 0 ? 0 : nitems(names) - i);
	}
	assert_null(rels->pRelationships[0].pScopes);
	assert_int_equal(rels->pRelationships[3].pScopes->Elements[1],
	    NET(10, 10, 1, 0));
	DhcpRpcFreeMemory(rels);
	rels = NULL;
	assert_error(DhcpV4FailoverEnumRelationship(NULL, &resume, 0xFFFFFFFF,
			 &rels, &n, &total),
	    ERROR_NO_MORE_ITEMS);
	assert_null(rels);
	assert_int_equal(resume, nitems(names));
}

static void
enum__keeps_its_order_whatever_the_order_of_the_server_is(void **state)
{
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY rels;
	DHCP_RESUME_HANDLE resume = 0;
	char name[2] = "a";
	DWORD n, total;

	(void)state;
	for (; name[0] <= 'c'; name[0]++) {
		assert_error(DhcpV4FailoverEnumRelationship("server4", &resume,
				 0, &rels, &n, &total),
		    name[0] < 'c' ? ERROR_MORE_DATA : ERROR_SUCCESS);
		assert_string_equal(rels->pRelationships[0].RelationshipName,
		    name);
		DhcpRpcFreeMemory(rels);
	}
}

static void
enum__returns_what_fits_and_at_least_one(void **state)
{
	/* name "rNNN", two server names, one scope */
	const DWORD size = sizeof(DHCP_FAILOVER_RELATIONSHIP) + 5 + 12 + 12 +
	    sizeof(DHCP_IP_ARRAY) + sizeof(DHCP_IP_ADDRESS);
	static const DWORD rooms[] = { 0, 1, 2, 3, 7, 100, 101 };
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY rels;
	DHCP_RESUME_HANDLE resume;
	DWORD n, total, seen, error, i;
	unsigned int r, less;
	char name[16];

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r%03u", i);
		api_create("two", name, i, 1);
	}
	for (r = 0; r < nitems(rooms); r++) {
		for (less = 0; less < 2; less++) {
			if (rooms[r] < less)
				continue;
			resume = 0;
			seen = 0;
			do {
				error = DhcpV4FailoverEnumRelationship("two",
				    &resume, rooms[r] * size - less, &rels, &n,
				    &total);
				assert_true(error == ERROR_SUCCESS ||
				    error == ERROR_MORE_DATA);
				i = rooms[r] - less > 0 ? rooms[r] - less : 1;
				assert_int_equal(n,
				    i < 100 - seen ? i : 100 - seen);
				assert_int_equal(rels->NumElements, n);
				for (i = 0; i < n; i++, seen++) {
					snprintf(name, sizeof(name), "r%03u",
					    seen);
					assert_string_equal(
					    rels->pRelationships[i]
						.RelationshipName,
					    name);
				}
				assert_int_equal(total, 100 - seen);
				assert_int_equal(resume, seen);
				assert_true(
				    (error == ERROR_MORE_DATA) == (total > 0));
				DhcpRpcFreeMemory(rels);
			} while (error == ERROR_MORE_DATA);
			assert_int_equal(seen, 100);
		}
	}
}

/* ---------------------------------------------------------------- threads */

#define THREADS 4
#define ROUNDS 50

static void *
hammer(void *arg)
{
	unsigned int id = *(unsigned int *)arg, i;
	LPDHCP_FAILOVER_RELATIONSHIP rel;
	uintptr_t wrong = 0;
	struct wanted w;
	char name[16];

	snprintf(name, sizeof(name), "t%u", id);
	for (i = 0; i < ROUNDS; i++) {
		want(&w, name, id, 1);
		w.rel.Mclt = i;
		wrong += DhcpV4FailoverSetRelationship("two", MCLT, &w.rel) !=
		    ERROR_SUCCESS;
		rel = NULL;
		wrong += DhcpV4FailoverGetRelationship("two", name, &rel) !=
		    ERROR_SUCCESS;
		wrong += rel == NULL || rel->Mclt != i;
		DhcpRpcFreeMemory(rel);
	}
	return (void *)wrong;
}

static void
calls__may_come_from_any_thread(void **state)
{
	pthread_t threads[THREADS];
	unsigned int ids[THREADS], i;
	char name[16];
	void *wrong;

	(void)state;
	for (i = 0; i < THREADS; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		api_create("two", name, i, 1);
		ids[i] = i;
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer,
				     &ids[i]),
		    0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

/* ---------------------------------------------------------------- memory */

static DWORD
everything(void)
{
	LPDHCP_FAILOVER_RELATIONSHIP_ARRAY rels = NULL;
	LPDHCP_FAILOVER_RELATIONSHIP rel = NULL;
	LPDHCP_FAILOVER_STATISTICS stats = NULL;
	DHCP_RESUME_HANDLE resume = 0;
	DWORD error, n, total;

	error = DhcpV4FailoverGetRelationship(NULL, "a", &rel);
	assert_true((rel != NULL) == (error == ERROR_SUCCESS));
	DhcpRpcFreeMemory(rel);
	if (error != ERROR_SUCCESS)
		return error;
	error =
	    DhcpV4FailoverGetScopeStatistics(NULL, NET(10, 1, 0, 0), &stats);
	assert_true((stats != NULL) == (error == ERROR_SUCCESS));
	DhcpRpcFreeMemory(stats);
	if (error != ERROR_SUCCESS)
		return error;
	error = DhcpV4FailoverEnumRelationship(NULL, &resume, 0xFFFFFFFF, &rels,
	    &n, &total);
	assert_true((rels != NULL) == (error == ERROR_SUCCESS));
	assert_int_equal(resume, error == ERROR_SUCCESS ? 2 : 0);
	DhcpRpcFreeMemory(rels);
	return error;
}

static void
calls__that_run_out_of_memory_say_so_and_return_nothing(void **state)
{
	char path[160], text[64];
	struct fixture *f = *state;
	unsigned long failures = 0;
	long n, left, live;
	DWORD error;
	int old;

	if (!alloc_works()) {
		print_message("SKIPPED, malloc() cannot be replaced here: %s\n",
		    __func__);
		skip();
	}
	api_create(NULL, "a", 1, 2);
	api_create(NULL, "b", 2, 2);
	DhcpfoClose();
	setenv("DHCPFO_CONF", conf_path, 1);
	assert_error(everything(), ERROR_SUCCESS);
	snprintf(path, sizeof(path), "%s/stderr", f->dir);
	old = catch_errors(path);
	left = 0;
	for (n = 0; left == 0; n += n < 100 ? 1 : 7) {
		DhcpfoClose();
		live = alloc_live;
		alloc_left = n;
		error = everything();
		left = alloc_left;
		alloc_left = -1;
		if (error != ERROR_SUCCESS) {
			failures++;
			assert_error(error, ERROR_NOT_ENOUGH_MEMORY);
		}
		DhcpfoClose();
		assert_int_equal(alloc_live, live);
	}
	release_errors(old, path, text, sizeof(text));
	assert_true(failures > 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_api, teardown_api)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open__of_what_is_open_is_busy),
		TEST(open__of_a_bad_configuration_says_where_on_standard_error),
		TEST(
		    open__happens_at_the_first_call_with_the_file_of_the_environment),
		TEST(
		    server__is_the_first_or_that_of_a_name_or_that_of_an_address),
		TEST(
		    set__with_each_of_127_flag_words__changes_exactly_its_members),
		TEST(
		    set__of_an_unknown_flag_or_none_or_a_wrong_value_is_refused),
		TEST(calls__answer_what_the_server_says),
		TEST(create__of_what_cannot_be__is_refused_whoever_asks),
		TEST(enum__refuses_to_do_without_any_of_its_results),
		TEST(
		    enum__goes_through_all_in_the_order_of_names_and_hides_secrets),
		TEST(enum__keeps_its_order_whatever_the_order_of_the_server_is),
		TEST(enum__returns_what_fits_and_at_least_one),
		TEST(calls__may_come_from_any_thread),
		TEST(calls__that_run_out_of_memory_say_so_and_return_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
