/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failover.h - the failover relationship: copy, apply, check, compare, and the
 * words for its enumerations.  Nothing here blocks or logs.
 */
#ifndef DHCPFO_FAILOVER_H
#define DHCPFO_FAILOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcpsapi.h"

#define nitems(array) (sizeof(array) / sizeof((array)[0]))

/* Every flag that DhcpV4FailoverSetRelationship knows. */
#define FAILOVER_SET_ALL                                                   \
	(MCLT | SAFEPERIOD | CHANGESTATE | PERCENTAGE | MODE | PREVSTATE | \
	    SHAREDSECRET)

/* Longest relationship name in UTF-8: 126 UTF-16 units of 3 octets each. */
#define FAILOVER_NAME_SIZE (3 * DHCP_FAILOVER_MAX_NAME + 1)

/* In statistics: a number that the server cannot give. */
#define FAILOVER_NOT_COUNTED UINT32_MAX

/* What a server knows about one relationship when it lists all of them. */
struct failover_row {
	DHCP_FAILOVER_RELATIONSHIP rel; /* SharedSecret is always NULL here */
	const DHCP_FAILOVER_STATISTICS *stats; /* one per scope, or NULL */
	FSM_STATE partner_state; /* NO_STATE: not known */
	bool authenticated; /* there is a shared secret */
	bool forgets; /* PrevState is not told: whoever looks remembers it */
};

/**
 * A copy of ${rel} in one block, its strings and scopes included; NULL when
 * there is no memory.  The caller frees it with failover_free().
 */
DHCP_FAILOVER_RELATIONSHIP *failover_dup(const DHCP_FAILOVER_RELATIONSHIP *rel);

/** Wipe the secret of ${rel}, which failover_dup() made, and free it. */
void failover_free(DHCP_FAILOVER_RELATIONSHIP *rel);

/**
 * Copy the members that ${flags} names from ${from} to ${to}.  Of the secret
 * only the pointer is copied.
 */
void failover_apply(DHCP_FAILOVER_RELATIONSHIP *to,
    const DHCP_FAILOVER_RELATIONSHIP *from, DWORD flags);

/** Do the members that ${flags} names have the same values in both? */
bool failover_equal(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b, DWORD flags);

/** Likewise those that no flag names: role, addresses and names of servers. */
bool failover_same_servers(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b);

/** Are these the copies that two servers have of one relationship? */
bool failover_same_relationship(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b);

/** Has ${rel} a secret?  An empty one is none. */
bool failover_has_secret(const DHCP_FAILOVER_RELATIONSHIP *rel);

/** Step 1 of MS-DHCPM 3.2.4.91: success or ERROR_INVALID_PARAMETER. */
enum dhcp_error
failover_check_set(DWORD flags, const DHCP_FAILOVER_RELATIONSHIP *rel);

/** The parameter step of MS-DHCPM 3.2.4.90. */
enum dhcp_error failover_check_create(const DHCP_FAILOVER_RELATIONSHIP *rel);

/** The parameter step of MS-DHCPM 3.2.4.95 and 96. */
enum dhcp_error failover_check_scopes(const DHCP_FAILOVER_RELATIONSHIP *rel);

/** Length of ${utf8} in UTF-16 units, or SIZE_MAX when it is not UTF-8. */
size_t failover_utf16_units(const char *utf8);

/** Number of scopes of ${rel}. */
size_t failover_scope_count(const DHCP_FAILOVER_RELATIONSHIP *rel);

/** Is ${scope} one of them? */
bool failover_has_scope(const DHCP_FAILOVER_RELATIONSHIP *rel,
    DHCP_IP_ADDRESS scope);

/** How many of the addresses are free, 0..100, rounded down; 100 of none. */
uint32_t failover_free_percent(const DHCP_FAILOVER_STATISTICS *stats);

/** Address of the other server of ${rel}. */
DHCP_IP_ADDRESS failover_partner(const DHCP_FAILOVER_RELATIONSHIP *rel);

/* The enumerations that have words, which are the MIB's labels. */
enum failover_words {
	FAILOVER_WORDS_MODE,
	FAILOVER_WORDS_ROLE,
	FAILOVER_WORDS_STATE,
	FAILOVER_WORDS_FLAG, /* value: the number of the bit */
	FAILOVER_WORDS_NOTIFICATION /* likewise, of dhcpFoNotifEnable */
};

/** The word for ${value}, or NULL; never freed. */
const char *failover_word(enum failover_words words, unsigned int value);

/** Find ${word}; false when there is none.  Case does not matter. */
bool failover_word_value(enum failover_words words, const char *word,
    unsigned int *value);

/** "mclt,mode" for the bits of ${flags}, cut to ${size}; returns ${text}. */
char *failover_flags_text(DWORD flags, char *text, size_t size);

#define FAILOVER_ADDRESS_SIZE 16

/** Dotted quad of ${address}; returns ${text}. */
char *failover_address_text(DHCP_IP_ADDRESS address,
    char text[FAILOVER_ADDRESS_SIZE]);

/** Parse a dotted quad, nothing else; false when it is none. */
bool failover_address_parse(const char *text, DHCP_IP_ADDRESS *address);

#endif
