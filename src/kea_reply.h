/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_reply.h - Kea's answers in JSON, read into plain structs: strict about
 * the members that are used, ignorant of all others.  Any octets may come in.
 *
 * Answers of 2.2 (one relationship) to 3.x (several) are understood, as an
 * object or, as over HTTP, a list that holds one.
 */
#ifndef DHCPFO_KEA_REPLY_H
#define DHCPFO_KEA_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "dhcpsapi.h"
#include "kea_state.h"

/* Why an answer is of no use. */
struct kea_fault {
	enum dhcp_error error;
	int result; /* Kea's own, where it says so; else KEA_RESULT_NONE */
	char text[256]; /* of the answer never more than Kea's own message */
};

/* What Kea calls the outcome of a command. */
enum kea_result {
	KEA_RESULT_NONE = -1,
	KEA_RESULT_OK,
	KEA_RESULT_ERROR,
	KEA_RESULT_UNSUPPORTED,
	KEA_RESULT_EMPTY,
	KEA_RESULT_CONFLICT,
	KEA_RESULT_FATAL
};

/* One relationship, as status-get knows it. */
struct kea_status_rel {
	const char *server_name; /* this server's; NULL: before 2.5.5 */
	enum kea_mode mode;
	enum kea_role role; /* this server's */
	enum kea_state state;
	const char
	    *odd_state; /* the word of a state that is not known, or NULL */
	bool partial; /* not all clients are its own to serve */
	enum kea_state partner;
	bool interrupted; /* no news of the partner for max-response-delay */
};

struct kea_status {
	struct kea_status_rel *rels;
	size_t n;
	int64_t reload; /* seconds since it was configured; -1: not told */
	struct arena arena;
};

struct kea_peer {
	const char *name;
	enum kea_role role;
	DHCP_IP_ADDRESS address; /* 0: not an IPv4 address */
	uint16_t port;
	bool plain; /* http: we could talk to it */
};

/* One relationship, as it is configured. */
struct kea_config_rel {
	const char *this_server;
	enum kea_mode mode;
	uint32_t max_response_delay; /* milliseconds; 0: it decides nothing */
	struct kea_peer *peers;
	size_t npeers;
};

struct kea_subnet {
	int64_t id;
	DHCP_IP_ADDRESS address;
	const char *server_name; /* a peer of its relationship, or NULL */
};

struct kea_config {
	bool ha; /* the hook is loaded */
	struct kea_config_rel *rels;
	size_t n;
	struct kea_subnet *subnets; /* by address, then by id */
	size_t nsubnets;
	struct arena arena;
};

/* Of one subnet, stat-lease4-get. */
struct kea_count {
	int64_t id;
	int64_t total, assigned; /* declined ones are assigned, too */
};

struct kea_counts {
	struct kea_count *at; /* by id */
	size_t n;
	struct arena arena;
};

/*
 * Each returns false and says why in ${fault} when ${text} is not such an
 * answer; then there is nothing to free.  Strings live as long as the struct.
 */

/** ERROR_DHCP_FO_NOT_SUPPORTED: high availability is not there. */
bool kea_reply_status(const char *text, size_t length,
    struct kea_status *status, struct kea_fault *fault);
bool kea_reply_config(const char *text, size_t length,
    struct kea_config *config, struct kea_fault *fault);
bool kea_reply_counts(const char *text, size_t length,
    struct kea_counts *counts, struct kea_fault *fault);
/** Of any command, where only its outcome counts. */
bool kea_reply_result(const char *text, size_t length, struct kea_fault *fault);

void kea_status_free(struct kea_status *status);
void kea_config_free(struct kea_config *config);
void kea_counts_free(struct kea_counts *counts);

/** The counts of subnet ${id}, or NULL. */
const struct kea_count *
kea_counts_find(const struct kea_counts *counts, int64_t id);

/**
 * The answer ${text} as a tree, to be dropped with json_decref(), if its result
 * is 0.  NULL: ${fault} says why.
 */
json_t *
kea_reply_open(const char *text, size_t length, struct kea_fault *fault);

/** The hook's list of relationships in ${dhcp4}, a Dhcp4 map, or NULL. */
json_t *kea_reply_ha(json_t *dhcp4);

/**
 * From now on whatever jansson frees is wiped first, since config-get tells
 * passwords, and a shortage of memory ends its work.  For the whole process;
 * harmless for memory it already has.
 */
void kea_reply_guard(void);

#endif
