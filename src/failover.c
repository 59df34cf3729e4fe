/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#include "failover.h"

/*
 * A relationship and all it points to.  The secret is remembered apart, since
 * failover_apply() may have put another's pointer into the relationship.
 */
struct block {
	DHCP_FAILOVER_RELATIONSHIP rel; /* first: what the caller sees */
	char *secret;
	DHCP_IP_ARRAY scopes;
	DHCP_IP_ADDRESS elements[]; /* and then the strings */
};

/* The members that a Set can change. */
/* clang-format off */
static const struct member {
	DWORD flag;
	size_t offset, size;
} members[] = {
#define MEMBER(flag, name)                                                     \
	{ flag, offsetof(DHCP_FAILOVER_RELATIONSHIP, name),                    \
		sizeof(((DHCP_FAILOVER_RELATIONSHIP *)NULL)->name) }
	MEMBER(MCLT,         Mclt),
	MEMBER(SAFEPERIOD,   SafePeriod),
	MEMBER(CHANGESTATE,  State),
	MEMBER(PERCENTAGE,   Percentage),
	MEMBER(MODE,         Mode),
	MEMBER(PREVSTATE,    PrevState),
	MEMBER(SHAREDSECRET, SharedSecret),
#undef MEMBER
};
/* clang-format on */

/* The words are the labels of the MIB, in the order of their numbers. */
static const char *const modes[] = { "loadBalance", "hotStandby" };
static const char *const roles[] = { "primaryServer", "secondaryServer" };
static const char *const states[] = { "noState", "init", "startup", "normal",
	"communicationInt", "partnerDown", "potentialConflict", "conflictDone",
	"resolutionInt", "recover", "recoverWait", "recoverDone", "paused",
	"shutdown" };
static const char *const flag_words[] = { "mclt", "safePeriod", "changeState",
	"percentage", "mode", "prevState", "sharedSecret" };

static const char *const notification_words[] = { "stateChange",
	"commInterrupted", "partnerDown", "recovered", "configChange",
	"serverReachability", "scopeThreshold", "setFailed", "drift" };

static const struct words {
	const char *const *at;
	unsigned int n;
} vocabulary[] = {
	[FAILOVER_WORDS_MODE] = { modes, nitems(modes) },
	[FAILOVER_WORDS_ROLE] = { roles, nitems(roles) },
	[FAILOVER_WORDS_STATE] = { states, nitems(states) },
	[FAILOVER_WORDS_FLAG] = { flag_words, nitems(flag_words) },
	[FAILOVER_WORDS_NOTIFICATION] = { notification_words,
	    nitems(notification_words) },
};

/* ---------------------------------------------------------------- copies */

/* Octets that a copy of ${text} takes. */
static size_t
text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

/* Put a copy of ${text} where ${*end} points, and move that behind it. */
static char *
text_put(const char *text, char **end)
{
	char *copy = *end;
	size_t size = text_size(text);

	if (text == NULL)
		return NULL;
	memcpy(copy, text, size);
	*end += size;
	return copy;
}

DHCP_FAILOVER_RELATIONSHIP *
failover_dup(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct block *block;
	char *end;
	size_t n = failover_scope_count(rel), size;

	if (n > SIZE_MAX / 2 / sizeof(block->elements[0]))
		return NULL;
	size = sizeof(*block) + n * sizeof(block->elements[0]) +
	    text_size(rel->RelationshipName) +
	    text_size(rel->PrimaryServerName) +
	    text_size(rel->SecondaryServerName) + text_size(rel->SharedSecret);
	if ((block = malloc(size)) == NULL)
		return NULL;

	block->rel = *rel;
	block->rel.pScopes = NULL;
	if (n > 0) {
		memcpy(block->elements, rel->pScopes->Elements,
		    n * sizeof(block->elements[0]));
		block->scopes.NumElements = (DWORD)n;
		block->scopes.Elements = block->elements;
		block->rel.pScopes = &block->scopes;
	}

	end = (char *)&block->elements[n];
	block->rel.RelationshipName = text_put(rel->RelationshipName, &end);
	block->rel.PrimaryServerName = text_put(rel->PrimaryServerName, &end);
	block->rel.SecondaryServerName =
	    text_put(rel->SecondaryServerName, &end);
	block->secret = text_put(rel->SharedSecret, &end);
	block->rel.SharedSecret = block->secret;
	return &block->rel;
}

void
failover_free(DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct block *block = (struct block *)rel;

	if (block == NULL)
		return;

	/* Volatile: a write to memory that is freed next is else left out. */
	if (block->secret != NULL)
		for (volatile char *c = block->secret; *c != '\0'; c++)
			*c = '\0';
	free(block);
}

/* ---------------------------------------------------------------- members */

void
failover_apply(DHCP_FAILOVER_RELATIONSHIP *to,
    const DHCP_FAILOVER_RELATIONSHIP *from, DWORD flags)
{
	for (size_t i = 0; i < nitems(members); i++)
		if (flags & members[i].flag)
			memmove((char *)to + members[i].offset,
			    (const char *)from + members[i].offset,
			    members[i].size);
}

/* No text is the same as an empty one. */
static bool
text_equal(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool
member_equal(const struct member *member, const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b)
{
	if (member->flag == SHAREDSECRET)
		return text_equal(a->SharedSecret, b->SharedSecret);
	return memcmp((const char *)a + member->offset,
		   (const char *)b + member->offset, member->size) == 0;
}

bool
failover_equal(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b, DWORD flags)
{
	for (size_t i = 0; i < nitems(members); i++)
		if ((flags & members[i].flag) &&
		    !member_equal(&members[i], a, b))
			return false;
	return true;
}

bool
failover_same_servers(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b)
{
	return a->ServerType == b->ServerType &&
	    a->PrimaryServer == b->PrimaryServer &&
	    a->SecondaryServer == b->SecondaryServer &&
	    text_equal(a->PrimaryServerName, b->PrimaryServerName) &&
	    text_equal(a->SecondaryServerName, b->SecondaryServerName);
}

bool
failover_same_relationship(const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b)
{
	return a->PrimaryServer == b->PrimaryServer &&
	    a->SecondaryServer == b->SecondaryServer &&
	    strcmp(a->RelationshipName, b->RelationshipName) == 0;
}

bool
failover_has_secret(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return rel->SharedSecret != NULL && rel->SharedSecret[0] != '\0';
}

size_t
failover_scope_count(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (rel->pScopes == NULL || rel->pScopes->Elements == NULL)
		return 0;
	return rel->pScopes->NumElements;
}

bool
failover_has_scope(const DHCP_FAILOVER_RELATIONSHIP *rel, DHCP_IP_ADDRESS scope)
{
	size_t i, n = failover_scope_count(rel);

	for (i = 0; i < n; i++)
		if (rel->pScopes->Elements[i] == scope)
			return true;
	return false;
}

uint32_t
failover_free_percent(const DHCP_FAILOVER_STATISTICS *stats)
{
	uint64_t percent;

	if (stats->NumAddr == 0)
		return 100;
	percent = (uint64_t)stats->AddrFree * 100 / stats->NumAddr;
	return percent > 100 ? 100 : (uint32_t)percent;
}

DHCP_IP_ADDRESS
failover_partner(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return rel->ServerType == PrimaryServer ? rel->SecondaryServer :
						  rel->PrimaryServer;
}

/* ---------------------------------------------------------------- checks */

static bool
mode_valid(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return rel->Mode == LoadBalance || rel->Mode == HotStandby;
}

static bool
role_valid(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return rel->ServerType == PrimaryServer ||
	    rel->ServerType == SecondaryServer;
}

static bool
percentage_valid(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return rel->Percentage <= 100;
}

enum dhcp_error
failover_check_set(DWORD flags, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (rel == NULL || rel->RelationshipName == NULL)
		return ERROR_INVALID_PARAMETER;
	if (flags == 0 || (flags & ~FAILOVER_SET_ALL) != 0)
		return ERROR_INVALID_PARAMETER;
	if ((flags & PERCENTAGE) && !percentage_valid(rel))
		return ERROR_INVALID_PARAMETER;
	if ((flags & MODE) && !mode_valid(rel))
		return ERROR_INVALID_PARAMETER;
	return ERROR_SUCCESS;
}

/*
 * Beyond the list of MS-DHCPM, a new name must be one that the source API can
 * carry (UTF-16) and that has an index in the MIB (not empty).
 */
static bool
name_valid(const char *name)
{
	size_t units = failover_utf16_units(name);

	return units > 0 && units != SIZE_MAX;
}

enum dhcp_error
failover_check_create(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (rel == NULL || rel->RelationshipName == NULL)
		return ERROR_INVALID_PARAMETER;
	if (rel->PrimaryServer == 0 || rel->SecondaryServer == 0)
		return ERROR_INVALID_PARAMETER;
	if (failover_scope_count(rel) == 0)
		return ERROR_INVALID_PARAMETER;
	if (!percentage_valid(rel) || !mode_valid(rel) || !role_valid(rel))
		return ERROR_INVALID_PARAMETER;
	if (!name_valid(rel->RelationshipName))
		return ERROR_INVALID_PARAMETER;
	return ERROR_SUCCESS;
}

enum dhcp_error
failover_check_scopes(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (rel == NULL || rel->RelationshipName == NULL)
		return ERROR_INVALID_PARAMETER;
	if (failover_scope_count(rel) == 0)
		return ERROR_INVALID_PARAMETER;
	return ERROR_SUCCESS;
}

size_t
failover_utf16_units(const char *utf8)
{
	uint32_t code;
	size_t units = 0, length;

	for (; *utf8 != '\0'; utf8 += length) {
		if ((length = utf8_decode(utf8, &code)) == 0)
			return SIZE_MAX;
		units += code > 0xFFFF ? 2 : 1;
	}
	return units;
}

/* ---------------------------------------------------------------- words */

const char *
failover_word(enum failover_words words, unsigned int value)
{
	const struct words *all = &vocabulary[words];

	return value < all->n ? all->at[value] : NULL;
}

/* Not tolower(): in a Turkish locale that does not make an i of an I. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
same_word(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool
failover_word_value(enum failover_words words, const char *word,
    unsigned int *value)
{
	const struct words *all = &vocabulary[words];

	for (unsigned int i = 0; i < all->n; i++)
		if (same_word(all->at[i], word)) {
			*value = i;
			return true;
		}
	return false;
}

/* Append ${word}, after a comma unless it is the first, as far as it fits. */
static void
append_word(char *text, size_t size, const char *word)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s", length > 0 ? "," : "",
	    word);
}

char *
failover_flags_text(DWORD flags, char *text, size_t size)
{
	char rest[sizeof("0xffffffff")];

	if (size == 0)
		return text;
	text[0] = '\0';
	for (unsigned int i = 0; i < nitems(flag_words); i++)
		if (flags & (1u << i))
			append_word(text, size, flag_words[i]);
	if (flags & ~FAILOVER_SET_ALL) {
		snprintf(rest, sizeof(rest), "0x%x", flags & ~FAILOVER_SET_ALL);
		append_word(text, size, rest);
	}
	if (flags == 0)
		append_word(text, size, "none");
	return text;
}

/* ---------------------------------------------------------------- addresses */

char *
failover_address_text(DHCP_IP_ADDRESS address, char text[FAILOVER_ADDRESS_SIZE])
{
	snprintf(text, FAILOVER_ADDRESS_SIZE, "%u.%u.%u.%u", address >> 24,
	    address >> 16 & 0xFF, address >> 8 & 0xFF, address & 0xFF);
	return text;
}

bool
failover_address_parse(const char *text, DHCP_IP_ADDRESS *address)
{
	struct in_addr in;

	/* Unlike inet_addr() this takes neither "10.1" nor "010.0.0.1". */
	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}
