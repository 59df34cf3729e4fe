/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * foreign.h - servers that are asked over a connection, with a stand-in behind
 * it, a peer: what all of their operations have in common.
 */
#ifndef DHCPFO_TORTURE_FOREIGN_H
#define DHCPFO_TORTURE_FOREIGN_H

#include "../unit/local.h"

#include "torture.h"

struct foreign;

/* A type of server, and its peer. */
struct foreign_type {
	const struct failover_server_type *type;
	/* The peer and, in ${f}->options, what leads to it. */
	void (*begin)(struct foreign *f);
	void (*end)(struct foreign *f);
	/* The peer is as it was in the beginning. */
	void (*reset)(struct foreign *f);
	/* What the peer is now, once it rests, in ${f}->world. */
	void (*look)(struct foreign *f);
	/* Is this the beginning of what may change the peer? */
	bool (*is_order)(const void *at, size_t n);
	/* What a server waits for after failures is over; or NULL. */
	void (*hurry)(struct failover_server *server);
	/* Lines of a configuration, without the type. */
	void (*configure)(FILE *conf);
	/* The state of the relationship becomes COMMUNICATION_INT by itself. */
	void (*move)(void);
};

extern const struct foreign_type foreign_kea, foreign_windows;

/* A call, and what it does when it goes well. */
struct deed {
	const char *name;
	enum dhcp_error (*call)(struct foreign *f);
	enum dhcp_error expected;
	bool changes; /* may order something */
	bool back; /* leads back, perhaps in several calls */
	bool cold; /* it is the first call */
	bool closed; /* it opens the server */
	DWORD flags;
	unsigned int scene; /* for the peer */
	/* Is another end than all or nothing in order? */
	bool (*excuse)(const struct foreign *f);
};

struct foreign {
	const struct foreign_type *type;
	const struct deed *deed;
	void *options;
	struct fault_peer *peer;
	bool has_children; /* the peer is one */
	int fds;
	long live;
	char before[16384], after[16384]; /* the peer, when all goes well */
	char read[4096];
	struct failover_server *server;
	/* Of the round: */
	enum dhcp_error error;
	DHCP_FAILOVER_RELATIONSHIP *returned;
	bool asked; /* something was ordered */
	char world[16384], rows[4096];
};

/** Operations: for each of ${n} ${deeds} one, called ${prefix}__NAME. */
void foreign_operations(const struct foreign_type *type, const char *prefix,
    const struct deed *deeds, size_t n, struct operation *operations);

/** Begin with a peer; what is there after foreign_begun() may stay. */
void foreign_begin(struct foreign *f, const struct foreign_type *type,
    const struct deed *deed);
void foreign_begun(struct foreign *f);
void foreign_end(struct foreign *f);

/** After a round: no memory, no descriptor, no child. */
void foreign_assert_nothing_is_left(const struct foreign *f);

/** Does the answer of the round say that nobody knows what was done? */
bool foreign_is_doubtful(const struct foreign *f);

/** Is it a list of all there is, but for statistics that did not come? */
bool foreign_is_uncounted(const struct foreign *f);

/** Shared with the peer: ${size} octets, zeroed, whose descriptor is ${*fd}. */
void *foreign_share(size_t size, int *fd);

/* Calls that both types have. */
enum dhcp_error foreign_open(struct foreign *f);
enum dhcp_error foreign_close(struct foreign *f);
enum dhcp_error foreign_list(struct foreign *f);
enum dhcp_error foreign_get(struct foreign *f);
enum dhcp_error foreign_scope_relationship(struct foreign *f);
enum dhcp_error foreign_scope_statistics(struct foreign *f);
enum dhcp_error foreign_system_time(struct foreign *f);

/** The relationship and the scope that they ask for. */
extern char foreign_name[];
#define FOREIGN_SCOPE NET(192, 0, 2, 0)

#endif
