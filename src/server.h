/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.h - the seam: what a type of DHCP server must know how to do, and the
 * handle through which the rest of the program asks for it.
 *
 * A handle is used by one thread at a time.  Calls may block, but no longer
 * than the type's own deadlines.
 */
#ifndef DHCPFO_SERVER_H
#define DHCPFO_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "dhcpsapi.h"
#include "failover.h"

struct conf_key;
struct failover_server;

/* Numbered as dhcpFoServerType in the MIB. */
enum failover_server_kind {
	FAILOVER_SERVER_OTHER = 1,
	FAILOVER_SERVER_LOCAL,
	FAILOVER_SERVER_WINDOWS,
	FAILOVER_SERVER_KEA,
	FAILOVER_SERVER_ISC_DHCPD
};

/* Takes one row while a server lists them; false: stop, no memory. */
typedef bool failover_row_fn(void *arg, const struct failover_row *row);

/*
 * The operations of a type.  Each does all of its work and returns success, or
 * changes nothing and says why (but after ERROR_TIMEOUT and RPC_S_CALL_FAILED
 * nobody knows whether it was done), and has then called
 * failover_server_failed() when the reason is not one of the API's own answers.
 * The arguments have been checked (step 1 of each method in MS-DHCPM).  NULL:
 * the type does not offer it, the answer is ERROR_NOT_SUPPORTED.
 */
struct failover_server_ops {
	/* All relationships, in any order. */
	enum dhcp_error (
	    *list)(struct failover_server *, failover_row_fn *, void *arg);
	/* One, to be freed with failover_free(). */
	enum dhcp_error (*get)(struct failover_server *, const char *name,
	    DHCP_FAILOVER_RELATIONSHIP **);
	enum dhcp_error (*set)(struct failover_server *, DWORD flags,
	    const DHCP_FAILOVER_RELATIONSHIP *);
	/* Members again as they were, where that needs more; NULL: set. */
	enum dhcp_error (*set_back)(struct failover_server *, DWORD flags,
	    const DHCP_FAILOVER_RELATIONSHIP *);
	enum dhcp_error (*create)(struct failover_server *,
	    const DHCP_FAILOVER_RELATIONSHIP *);
	enum dhcp_error (*delete)(struct failover_server *, const char *name);
	enum dhcp_error (*add_scopes)(struct failover_server *,
	    const DHCP_FAILOVER_RELATIONSHIP *);
	enum dhcp_error (*delete_scopes)(struct failover_server *,
	    const DHCP_FAILOVER_RELATIONSHIP *);
	/*
	 * Several changes as one: what begin..commit enclose is durable and
	 * visible all at once, or, after rollback, never was.
	 */
	enum dhcp_error (*begin)(struct failover_server *);
	enum dhcp_error (*commit)(struct failover_server *);
	void (*rollback)(struct failover_server *);
	/* Make relationship ${name} what ${old} is, or absent when NULL. */
	enum dhcp_error (*restore)(struct failover_server *, const char *name,
	    const DHCP_FAILOVER_RELATIONSHIP *old);
	enum dhcp_error (*scope_relationship)(struct failover_server *,
	    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_RELATIONSHIP **);
	enum dhcp_error (*scope_statistics)(struct failover_server *,
	    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_STATISTICS *);
	enum dhcp_error (*system_time)(struct failover_server *, DWORD *now,
	    DWORD *max_delta);
	enum dhcp_error (
	    *trigger_allocation)(struct failover_server *, const char *name);
	enum dhcp_error (*address_status)(struct failover_server *,
	    DHCP_IP_ADDRESS address, DWORD *status);
	void (*close)(struct failover_server *);
};

/* A type of server, as the configuration names it. */
struct failover_server_type {
	const char *name;
	enum failover_server_kind kind;
	uint32_t sets; /* flags it can set; open may narrow a handle's */
	bool creates; /* relationships and scopes can come and go */
	bool needs_address;
	const struct conf_key *keys; /* its own keys in [server N] */
	size_t nkeys;
	size_t options_size; /* of the struct that the keys fill */
	/*
	 * Prepare ${server}->impl from ${options}, which stay valid until
	 * close.  Does not talk to the server: that may be away for now.
	 */
	enum dhcp_error (
	    *open)(struct failover_server *server, const void *options);
	const struct failover_server_ops *ops;
};

/* What happened so far; copied out by whoever shows it. */
struct failover_server_report {
	uint32_t calls, failures; /* every call; those that failed */
	uint32_t set_calls, set_failures; /* set-relationship calls */
	enum dhcp_error last_error;
	time_t last_error_time; /* 0: never */
	char last_error_text[256]; /* as long as an SnmpAdminString */
};

struct failover_server {
	const struct failover_server_type *type;
	const char *name; /* for messages; owned by the configuration */
	const char *address; /* or NULL */
	void *impl; /* the type's own */
	uint32_t sets; /* flags that can be set here; fixed once it is open */
	struct failover_server_report report;
	char why[256]; /* of the call that runs; "" where the code says all */
	bool refused; /* why is a refusal */
	char logged[384]; /* the trouble last logged; "": none, or it is over */
	bool logged_time; /* it was with system_time, and is over with it */
	bool asks_time; /* system_time is the call that ends */
	bool logged_change; /* it was only with calls that change something */
	bool changes; /* such a call is the one that ends */
	bool changing; /* between begin and commit: nothing is proven yet */
	uint32_t unshown; /* rows that were warned of: see snapshot_sort() */
};

/* The types this program has, ended by NULL. */
extern const struct failover_server_type *const failover_server_types[];

/** The type called ${name}, or NULL. */
const struct failover_server_type *failover_server_type(const char *name);

/**
 * A handle for a server of ${type}; ${name}, ${address} and ${options} must
 * outlive it.  ERROR_NOT_ENOUGH_MEMORY or what the type's open says.
 */
enum dhcp_error
failover_server_open(const struct failover_server_type *type, const char *name,
    const char *address, const void *options, struct failover_server **server);

/** Close ${server}, which may be NULL. */
void failover_server_close(struct failover_server *server);

/**
 * For types: say in detail why the running call fails, in the words of the
 * server behind (never with a secret).  It is logged once until the reason
 * changes, and kept for dhcpFoServerLastErrorText.  Returns ${error}.
 */
enum dhcp_error
failover_server_failed(struct failover_server *server, enum dhcp_error error,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * For types: the server is well, but what is asked for is refused, and why.
 * Kept and logged likewise, but as no trouble of the server's.
 */
enum dhcp_error
failover_server_refused(struct failover_server *server, enum dhcp_error error,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The calls.  Each checks its arguments as MS-DHCPM's first step says, counts,
 * and asks the type.  Errors are those of the API function of the like name.
 */
enum dhcp_error
failover_server_list(struct failover_server *, failover_row_fn *, void *arg);
enum dhcp_error failover_server_get(struct failover_server *, const char *name,
    DHCP_FAILOVER_RELATIONSHIP **);
enum dhcp_error failover_server_set(struct failover_server *, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *);
/** Likewise, but to take a set back. */
enum dhcp_error failover_server_set_back(struct failover_server *, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *);
enum dhcp_error failover_server_create(struct failover_server *,
    const DHCP_FAILOVER_RELATIONSHIP *);
enum dhcp_error
failover_server_delete(struct failover_server *, const char *name);
enum dhcp_error failover_server_add_scopes(struct failover_server *,
    const DHCP_FAILOVER_RELATIONSHIP *);
enum dhcp_error failover_server_delete_scopes(struct failover_server *,
    const DHCP_FAILOVER_RELATIONSHIP *);
enum dhcp_error failover_server_scope_relationship(struct failover_server *,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_RELATIONSHIP **);
enum dhcp_error failover_server_scope_statistics(struct failover_server *,
    DHCP_IP_ADDRESS scope, DHCP_FAILOVER_STATISTICS *);
enum dhcp_error failover_server_system_time(struct failover_server *,
    DWORD *now, DWORD *max_delta);
enum dhcp_error
failover_server_trigger_allocation(struct failover_server *, const char *name);
enum dhcp_error failover_server_address_status(struct failover_server *,
    DHCP_IP_ADDRESS address, DWORD *status);

/**
 * The last call went well, but what it returned cannot be used, for want of
 * memory: it has failed.
 */
void failover_server_unusable(struct failover_server *);

/** Begin, commit, roll back: success and nothing done where not offered. */
enum dhcp_error failover_server_begin(struct failover_server *);
enum dhcp_error failover_server_commit(struct failover_server *);
void failover_server_rollback(struct failover_server *);
/** Does ${server} make several changes as one? */
bool failover_server_atomic(const struct failover_server *);

/**
 * Make relationship ${name} what ${old} says, absent when that is NULL, by the
 * type's restore or by the calls that lead back.  Not counted as a set.
 */
enum dhcp_error failover_server_restore(struct failover_server *,
    const char *name, const DHCP_FAILOVER_RELATIONSHIP *old);

#endif
