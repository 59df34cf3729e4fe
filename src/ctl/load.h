/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.h - relationships as a file of JSON wants them, and the steps from there
 * to a server.
 *
 * The file is an object with "version" and an array "relationships", as dump
 * writes it.  What it does not say about a relationship stays as it is.
 */
#ifndef DHCPFOCTL_LOAD_H
#define DHCPFOCTL_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "member.h"
#include "rows.h"

#include "ctl.h"

#define LOAD_VERSION 1

/* One relationship of the file. */
struct wanted {
	size_t number; /* in the array */
	/* Points into the JSON and to the scopes. */
	DHCP_FAILOVER_RELATIONSHIP rel;
	uint32_t given; /* MEMBER_BIT() of those the file has */
	DHCP_IP_ARRAY scopes;
	const json_t *authenticated; /* true, false or NULL: not given */
	/* Since load_compare(): */
	const struct row *now; /* on the server; NULL: to be created */
	DWORD flags; /* of the Set to come; 0: none is needed */
	DHCP_IP_ARRAY joining, leaving;
};

struct load {
	const char *path;
	json_t *root;
	struct wanted *at;
	size_t n;
	size_t problems; /* messages so far; nothing is applied unless 0 */
	size_t creations, changes; /* since load_compare() */
	bool statistics; /* the file has some, which nobody can set */
	bool open; /* everyone can read the file */
};

/** Say what is wrong at ${path} in the file, and count it. */
void load_problem(struct load *load, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for relationship ${number} and one of its members, or NULL. */
void load_problem_at(struct load *load, size_t number, const char *member,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Read and check all that can be checked without a server. */
void load_read(struct load *load, const char *path);

/** Check it against what ${server} has now, and see what has to be done. */
void load_compare(struct load *load, const struct rows *rows,
    const struct failover_server *server);

/** Do it; the first failure ends it, after a message. */
enum ctl_exit
load_apply(const struct load *load, struct failover_server *server);

/** Free what ${load} holds. */
void load_free(struct load *load);

#endif
