/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * member.h - the members of a relationship as people and files write them: one
 * table for the command line, for JSON and for what is shown.
 */
#ifndef DHCPFOCTL_MEMBER_H
#define DHCPFOCTL_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "failover.h"

/* Longest shared secret that is taken, in octets. */
#define SECRET_MAX 1023

/* Numbers in the table, in the order in which members are shown. */
enum member_id {
	MEMBER_MODE,
	MEMBER_ROLE,
	MEMBER_STATE,
	MEMBER_PREV_STATE,
	MEMBER_MCLT,
	MEMBER_SAFE_PERIOD,
	MEMBER_PERCENTAGE,
	MEMBER_PRIMARY,
	MEMBER_SECONDARY,
	MEMBER_PRIMARY_NAME,
	MEMBER_SECONDARY_NAME,
	MEMBER_SCOPES,
	MEMBER_SECRET,
	MEMBERS /* their number */
};

#define MEMBER_BIT(id) (1u << (id))

enum member_kind {
	MEMBER_KIND_MODE,
	MEMBER_KIND_ROLE,
	MEMBER_KIND_STATE,
	MEMBER_KIND_SECONDS,
	MEMBER_KIND_PERIOD, /* seconds, or never */
	MEMBER_KIND_PERCENT,
	MEMBER_KIND_ADDRESS,
	MEMBER_KIND_TEXT,
	/* These two are left to those who use the table: */
	MEMBER_KIND_SCOPES,
	MEMBER_KIND_SECRET
};

struct member {
	const char *name; /* the MIB's, without dhcpFoRel; in JSON */
	const char *word; /* shorter, for create */
	enum member_kind kind;
	DWORD flag; /* of a Set; 0: by creation only */
	size_t offset, size; /* of the member in the structure */
};

extern const struct member members[MEMBERS];

/** The member of which ${length} octets at ${name} are the name or the word. */
const struct member *member_find(const char *name, size_t length);

/** The number of ${member} in the table. */
enum member_id member_id(const struct member *member);

/**
 * Give ${member} of ${rel} the value of ${text}, or of ${json}; a text is not
 * copied.  False: it is none, and ${why} says so.
 */
bool member_from_text(const struct member *member, const char *text,
    DHCP_FAILOVER_RELATIONSHIP *rel, char *why, size_t size);
bool member_from_json(const struct member *member, const json_t *json,
    DHCP_FAILOVER_RELATIONSHIP *rel, char *why, size_t size);

/** The value of ${member}, which is neither the scopes nor the secret. */
json_t *member_to_json(const struct member *member,
    const DHCP_FAILOVER_RELATIONSHIP *rel);

/** The same as text: in ${buffer}, or the relationship's own. */
const char *member_to_text(const struct member *member,
    const DHCP_FAILOVER_RELATIONSHIP *rel, char *buffer, size_t size);

/** Copy ${member} from one to the other, of a text only the pointer. */
void member_copy(const struct member *member, DHCP_FAILOVER_RELATIONSHIP *to,
    const DHCP_FAILOVER_RELATIONSHIP *from);

/** Have ${*to} point to ${text}, which the API does not write to. */
void member_point(char **to, const char *text);

/** Is ${member}, which is not the scopes, the same in both? */
bool member_equal(const struct member *member,
    const DHCP_FAILOVER_RELATIONSHIP *a, const DHCP_FAILOVER_RELATIONSHIP *b);

/** What is created unless something else is said. */
void member_defaults(DHCP_FAILOVER_RELATIONSHIP *rel);

/** The percentage that goes with the mode of ${rel} likewise. */
void member_default_percentage(DHCP_FAILOVER_RELATIONSHIP *rel);

#endif
