/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local.h - a local server in a directory of its own, for the unit tests.
 */
#ifndef DHCPFO_TESTS_LOCAL_H
#define DHCPFO_TESTS_LOCAL_H

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "conf.h"
#include "failover.h"
#include "log.h"
#include "server.h"
#include "server_local.h"

#define NET(a, b, c, d)                                            \
	((DHCP_IP_ADDRESS)(a) << 24 | (DHCP_IP_ADDRESS)(b) << 16 | \
	    (DHCP_IP_ADDRESS)(c) << 8 | (DHCP_IP_ADDRESS)(d))

/* Compare error codes by their names, which a failure then shows. */
#define assert_error(is, should) \
	assert_string_equal(DhcpfoErrorName(is), DhcpfoErrorName(should))

struct fixture {
	char dir[64];
	char path[128]; /* of the database */
	char options[256]; /* struct local_options, filled by its keys */
	struct failover_server *server; /* or NULL */
};

/* ---- what was logged */

static char logged[8192];
static unsigned int logged_lines;

static inline void
log_to_memory(enum log_level level, const char *line)
{
	size_t used = strlen(logged);

	(void)level;
	logged_lines++;
	snprintf(logged + used, sizeof(logged) - used, "%s\n", line);
}

static inline void
log_forget(void)
{
	logged[0] = '\0';
	logged_lines = 0;
}

/* ---- options */

static inline void *
option(struct fixture *f, const char *name)
{
	const struct failover_server_type *type = &failover_server_local;
	size_t i;

	for (i = 0; i < type->nkeys; i++) {
		if (strcmp(type->keys[i].name, name) == 0)
			return f->options + type->keys[i].offset;
	}
	fail_msg("there is no key %s", name);
	return NULL;
}

static inline void
set_number(struct fixture *f, const char *name, uint32_t value)
{
	memcpy(option(f, name), &value, sizeof(value));
}

static inline void
set_bool(struct fixture *f, const char *name, bool value)
{
	memcpy(option(f, name), &value, sizeof(value));
}

static inline void
set_text(struct fixture *f, const char *name, char *value)
{
	memcpy(option(f, name), &value, sizeof(value));
}

static inline void
set_networks(struct fixture *f, struct conf_network *at, size_t n)
{
	struct conf_networks networks = { at, n };

	memcpy(option(f, "scopes"), &networks, sizeof(networks));
}

/* ---- the server */

static inline struct failover_server *
open_server(struct fixture *f)
{
	struct failover_server *server;

	assert_error(failover_server_open(&failover_server_local, "here", NULL,
			 f->options, &server),
	    ERROR_SUCCESS);
	return server;
}

static inline void
reopen(struct fixture *f)
{
	failover_server_close(f->server);
	f->server = open_server(f);
}

static inline int
setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	assert_true(failover_server_local.options_size <= sizeof(f->options));
	snprintf(f->dir, sizeof(f->dir), "/tmp/dhcpfo-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/relationships.db", f->dir);
	set_text(f, "database", f->path);
	set_number(f, "max-relationships", 31);
	set_bool(f, "auto-scopes", true);
	set_number(f, "busy-timeout", 50);
	log_open(log_to_memory, NULL);
	log_forget();
	f->server = open_server(f);
	*state = f;
	return 0;
}

static inline void
remove_all(int parent, const char *dir)
{
	struct dirent *entry;
	DIR *d;
	int fd;

	if ((fd = openat(parent, dir, O_RDONLY | O_DIRECTORY)) < 0)
		return;
	d = fdopendir(fd);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(fd, entry->d_name, 0) != 0)
			remove_all(fd, entry->d_name);
	}
	closedir(d);
	unlinkat(parent, dir, AT_REMOVEDIR);
}

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	failover_server_close(f->server);
	remove_all(AT_FDCWD, f->dir);
	log_open(NULL, NULL);
	/* Whatever SQLite was made to do, it gave all memory back. */
	assert_int_equal(sqlite3_memory_used(), 0);
	test_free(f);
	return 0;
}

/* ---- relationships */

/* A relationship that owns nothing: everything is where the caller has it. */
struct wanted {
	DHCP_FAILOVER_RELATIONSHIP rel;
	DHCP_IP_ARRAY array;
	DHCP_IP_ADDRESS scopes[512];
	char name[512], primary[32], secondary[32], secret[32];
};

/* ${w}: relationship ${name} with ${n} scopes 10.${first}.x.0. */
static inline DHCP_FAILOVER_RELATIONSHIP *
want(struct wanted *w, const char *name, unsigned int first, unsigned int n)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	snprintf(w->name, sizeof(w->name), "%s", name);
	snprintf(w->primary, sizeof(w->primary), "one.example");
	snprintf(w->secondary, sizeof(w->secondary), "two.example");
	snprintf(w->secret, sizeof(w->secret), "s3cret of %.16s", name);
	for (i = 0; i < n; i++)
		w->scopes[i] = NET(10, first + i / 256, i % 256, 0);
	w->array.NumElements = n;
	w->array.Elements = w->scopes;
	w->rel = (DHCP_FAILOVER_RELATIONSHIP){
		.PrimaryServer = NET(192, 0, 2, 1),
		.SecondaryServer = NET(192, 0, 2, 2),
		.Mode = LoadBalance,
		.ServerType = PrimaryServer,
		.State = NORMAL,
		.PrevState = STARTUP,
		.Mclt = 3600,
		.SafePeriod = 600,
		.RelationshipName = w->name,
		.PrimaryServerName = w->primary,
		.SecondaryServerName = w->secondary,
		.pScopes = &w->array,
		.Percentage = 50,
		.SharedSecret = w->secret,
	};
	return &w->rel;
}

static inline void
create(struct failover_server *server, const char *name, unsigned int first,
    unsigned int n)
{
	struct wanted w;

	assert_error(failover_server_create(server, want(&w, name, first, n)),
	    ERROR_SUCCESS);
}

/* Create it and bring it to state NORMAL. */
static inline void
create_normal(struct failover_server *server, const char *name,
    unsigned int first, unsigned int n)
{
	struct wanted w;

	create(server, name, first, n);
	assert_error(failover_server_set(server, CHANGESTATE,
			 want(&w, name, first, n)),
	    ERROR_SUCCESS);
}

/* ---- all of the state as text */

struct dump {
	char text[16384];
	size_t used;
	unsigned int rows;
	struct failover_server *server;
};

static inline void dump_add(struct dump *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void
dump_add(struct dump *d, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(d->text + d->used, sizeof(d->text) - d->used, format, ap);
	va_end(ap);
	d->used += strlen(d->text + d->used);
	assert_true(d->used < sizeof(d->text) - 1);
}

static inline void
dump_relationship(struct dump *d, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	dump_add(d, "%s %x %x %d %d %d %d %u %u %s %s %u",
	    rel->RelationshipName, rel->PrimaryServer, rel->SecondaryServer,
	    (int)rel->Mode, (int)rel->ServerType, (int)rel->State,
	    (int)rel->PrevState, rel->Mclt, rel->SafePeriod,
	    rel->PrimaryServerName != NULL ? rel->PrimaryServerName : "-",
	    rel->SecondaryServerName != NULL ? rel->SecondaryServerName : "-",
	    rel->Percentage);
}

static inline bool
dump_row(void *arg, const struct failover_row *row)
{
	const DHCP_FAILOVER_STATISTICS *s;
	struct dump *d = arg;
	size_t i;

	d->rows++;
	assert_null(row->rel.SharedSecret);
	dump_relationship(d, &row->rel);
	dump_add(d, " %s\n", row->authenticated ? "secret" : "open");
	for (i = 0; i < failover_scope_count(&row->rel); i++) {
		s = &row->stats[i];
		dump_add(d, "  %x: %u %u %u %u %u %u %u\n",
		    row->rel.pScopes->Elements[i], s->NumAddr, s->AddrFree,
		    s->AddrInUse, s->PartnerAddrFree, s->ThisAddrFree,
		    s->PartnerAddrInUse, s->ThisAddrInUse);
	}
	return true;
}

/* ${d}: everything ${server} lists. */
static inline const char *
dump(struct failover_server *server, struct dump *d)
{
	memset(d, 0, sizeof(*d));
	d->server = server;
	assert_error(failover_server_list(server, dump_row, d), ERROR_SUCCESS);
	return d->text;
}

/* ---- the file, behind the server's back */

static inline void
execute(const char *path, const char *sql)
{
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 1000);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#endif
