/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "utf8.h"

#include "member.h"

#define NEVER "never"

/* clang-format off */
const struct member members[MEMBERS] = {
#define AT(member)                                                             \
	offsetof(DHCP_FAILOVER_RELATIONSHIP, member),                          \
	    sizeof(((DHCP_FAILOVER_RELATIONSHIP *)NULL)->member)
#define ROW(id, name, word, kind, flag, member)                                \
	[MEMBER_##id] = { name, word, MEMBER_KIND_##kind, flag, AT(member) }
	ROW(MODE,           "mode",          "mode",          MODE,    MODE,         Mode),
	ROW(ROLE,           "serverRole",    "role",          ROLE,    0,            ServerType),
	ROW(STATE,          "state",         "state",         STATE,   CHANGESTATE,  State),
	ROW(PREV_STATE,     "prevState",     "prevState",     STATE,   PREVSTATE,    PrevState),
	ROW(MCLT,           "mclt",          "mclt",          SECONDS, MCLT,         Mclt),
	ROW(SAFE_PERIOD,    "safePeriod",    "safePeriod",    PERIOD,  SAFEPERIOD,   SafePeriod),
	ROW(PERCENTAGE,     "percentage",    "percentage",    PERCENT, PERCENTAGE,   Percentage),
	ROW(PRIMARY,        "primaryAddr",   "primary",       ADDRESS, 0,            PrimaryServer),
	ROW(SECONDARY,      "secondaryAddr", "secondary",     ADDRESS, 0,            SecondaryServer),
	ROW(PRIMARY_NAME,   "primaryName",   "primaryName",   TEXT,    0,            PrimaryServerName),
	ROW(SECONDARY_NAME, "secondaryName", "secondaryName", TEXT,    0,            SecondaryServerName),
	ROW(SCOPES,         "scopes",        "scopes",        SCOPES,  0,            pScopes),
	ROW(SECRET,         "sharedSecret",  "sharedSecret",  SECRET,  SHAREDSECRET, SharedSecret),
#undef ROW
#undef AT
};
/* clang-format on */

static bool
is_word(const char *word, const char *name, size_t length)
{
	return strlen(word) == length && strncasecmp(word, name, length) == 0;
}

const struct member *
member_find(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		if (is_word(members[i].name, name, length) ||
		    is_word(members[i].word, name, length))
			return &members[i];
	return NULL;
}

enum member_id
member_id(const struct member *member)
{
	return (enum member_id)(member - members);
}

/* ---------------------------------------------------------------- the value */

static uint32_t
get_number(const struct member *member, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	uint32_t number;

	if (member->kind == MEMBER_KIND_PERCENT)
		return rel->Percentage;
	memcpy(&number, (const char *)rel + member->offset, sizeof(number));
	return number;
}

static void
put_number(const struct member *member, uint32_t number,
    DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (member->kind == MEMBER_KIND_PERCENT)
		rel->Percentage = (BYTE)number;
	else
		memcpy((char *)rel + member->offset, &number, sizeof(number));
}

/* Never NULL. */
static const char *
get_text(const struct member *member, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	const char *text;

	memcpy(&text, (const char *)rel + member->offset, sizeof(text));
	return text != NULL ? text : "";
}

static void
put_text(const struct member *member, const char *text,
    DHCP_FAILOVER_RELATIONSHIP *rel)
{
	memcpy((char *)rel + member->offset, &text, sizeof(text));
}

void
member_point(char **to, const char *text)
{
	memcpy(to, &text, sizeof(text));
}

void
member_copy(const struct member *member, DHCP_FAILOVER_RELATIONSHIP *to,
    const DHCP_FAILOVER_RELATIONSHIP *from)
{
	memcpy((char *)to + member->offset, (const char *)from + member->offset,
	    member->size);
}

bool
member_equal(const struct member *member, const DHCP_FAILOVER_RELATIONSHIP *a,
    const DHCP_FAILOVER_RELATIONSHIP *b)
{
	if (member->kind == MEMBER_KIND_TEXT ||
	    member->kind == MEMBER_KIND_SECRET)
		return strcmp(get_text(member, a), get_text(member, b)) == 0;
	return get_number(member, a) == get_number(member, b);
}

void
member_defaults(DHCP_FAILOVER_RELATIONSHIP *rel)
{
	*rel = (DHCP_FAILOVER_RELATIONSHIP){
		.Mode = LoadBalance,
		.ServerType = PrimaryServer,
		.State = STARTUP,
		.PrevState = INIT,
		.Mclt = 3600,
		.SafePeriod = DHCP_FAILOVER_NEVER,
	};
}

void
member_default_percentage(DHCP_FAILOVER_RELATIONSHIP *rel)
{
	rel->Percentage = rel->Mode == HotStandby ? 5 : 50;
}

/* ---------------------------------------------------------------- parsing */

/* What there is to say, and to know, about a kind whose values are words. */
static const struct vocabulary {
	enum failover_words words;
	unsigned int last; /* those after it are reserved */
} vocabularies[] = {
	[MEMBER_KIND_MODE] = { FAILOVER_WORDS_MODE, HotStandby },
	[MEMBER_KIND_ROLE] = { FAILOVER_WORDS_ROLE, SecondaryServer },
	[MEMBER_KIND_STATE] = { FAILOVER_WORDS_STATE, RECOVER_DONE },
};

static void
list_words(const struct vocabulary *vocabulary, char *text, size_t size)
{
	size_t length = 0;
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i <= vocabulary->last && length < size; i++) {
		length += (size_t)snprintf(text + length, size - length, "%s%s",
		    i > 0 ? ", " : "", failover_word(vocabulary->words, i));
	}
}

static bool
parse_word(const struct member *member, const char *text, uint32_t *number,
    char *why, size_t size)
{
	const struct vocabulary *vocabulary = &vocabularies[member->kind];
	char words[256];

	if (!failover_word_value(vocabulary->words, text, number)) {
		list_words(vocabulary, words, sizeof(words));
		snprintf(why, size, "\"%.40s\" is none of %s", text, words);
		return false;
	}
	if (*number > vocabulary->last) {
		snprintf(why, size, "\"%s\" is reserved and cannot be set",
		    text);
		return false;
	}
	return true;
}

/* Decimal digits alone: neither signs nor blanks nor 0x. */
static bool
parse_digits(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = 10 * value + (uint64_t)(*text - '0');
		if (value > max)
			return false;
	}
	*number = (uint32_t)value;
	return true;
}

static const char *
range_of(const struct member *member)
{
	switch (member->kind) {
	case MEMBER_KIND_PERCENT:
		return "a percentage, 0 to 100";
	case MEMBER_KIND_PERIOD:
		return "a number of seconds, 0 to 4294967295, or never";
	case MEMBER_KIND_SECONDS:
		return "a number of seconds, 0 to 4294967295";
	case MEMBER_KIND_ADDRESS:
		return "an IPv4 address such as 192.0.2.1";
	case MEMBER_KIND_MODE:
	case MEMBER_KIND_ROLE:
	case MEMBER_KIND_STATE:
	case MEMBER_KIND_TEXT:
	case MEMBER_KIND_SCOPES:
	case MEMBER_KIND_SECRET:
		break;
	}
	return "such a value";
}

static uint32_t
max_of(const struct member *member)
{
	return member->kind == MEMBER_KIND_PERCENT ? 100 : UINT32_MAX;
}

static bool
parse_number(const struct member *member, const char *text, uint32_t *number,
    char *why, size_t size)
{
	switch (member->kind) {
	case MEMBER_KIND_MODE:
	case MEMBER_KIND_ROLE:
	case MEMBER_KIND_STATE:
		return parse_word(member, text, number, why, size);
	case MEMBER_KIND_ADDRESS:
		if (failover_address_parse(text, number))
			return true;
		break;
	case MEMBER_KIND_PERIOD:
		if (strcasecmp(text, NEVER) == 0) {
			*number = DHCP_FAILOVER_NEVER;
			return true;
		}
		/* FALLTHROUGH */
	case MEMBER_KIND_SECONDS:
	case MEMBER_KIND_PERCENT:
		if (parse_digits(text, max_of(member), number))
			return true;
		break;
	case MEMBER_KIND_TEXT:
	case MEMBER_KIND_SCOPES:
	case MEMBER_KIND_SECRET:
		break;
	}
	snprintf(why, size, "\"%.40s\" is not %s", text, range_of(member));
	return false;
}

bool
member_from_text(const struct member *member, const char *text,
    DHCP_FAILOVER_RELATIONSHIP *rel, char *why, size_t size)
{
	uint32_t number;

	if (member->kind == MEMBER_KIND_TEXT) {
		if (!utf8_is_valid(text)) {
			snprintf(why, size, "this is not UTF-8");
			return false;
		}
		put_text(member, text, rel);
		return true;
	}
	if (!parse_number(member, text, &number, why, size))
		return false;
	put_number(member, number, rel);
	return true;
}

/* ---------------------------------------------------------------- JSON */

static bool
is_counted(const struct member *member)
{
	return member->kind == MEMBER_KIND_SECONDS ||
	    member->kind == MEMBER_KIND_PERIOD ||
	    member->kind == MEMBER_KIND_PERCENT;
}

bool
member_from_json(const struct member *member, const json_t *json,
    DHCP_FAILOVER_RELATIONSHIP *rel, char *why, size_t size)
{
	json_int_t value;

	if (is_counted(member) && json_is_integer(json)) {
		value = json_integer_value(json);
		if (value < 0 || value > max_of(member)) {
			snprintf(why, size,
			    "%" JSON_INTEGER_FORMAT " is not %s", value,
			    range_of(member));
			return false;
		}
		put_number(member, (uint32_t)value, rel);
		return true;
	}
	if (json_is_string(json) &&
	    (!is_counted(member) || member->kind == MEMBER_KIND_PERIOD)) {
		return member_from_text(member, json_string_value(json), rel,
		    why, size);
	}
	snprintf(why, size, "must be %s, but is %s",
	    is_counted(member) ? range_of(member) : "a string",
	    json_kind(json));
	return false;
}

/* The word for the value, or NULL where it is a number. */
static const char *
word_of(const struct member *member, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	if (member->kind > MEMBER_KIND_STATE)
		return NULL;
	return failover_word(vocabularies[member->kind].words,
	    get_number(member, rel));
}

json_t *
member_to_json(const struct member *member,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	char address[FAILOVER_ADDRESS_SIZE];
	const char *text = word_of(member, rel);
	uint32_t number;

	if (text == NULL && member->kind == MEMBER_KIND_TEXT)
		text = get_text(member, rel);
	if (text != NULL)
		return json_text(text);
	number = get_number(member, rel);
	if (member->kind == MEMBER_KIND_ADDRESS)
		return json_text(failover_address_text(number, address));
	return json_number(number);
}

const char *
member_to_text(const struct member *member,
    const DHCP_FAILOVER_RELATIONSHIP *rel, char *buffer, size_t size)
{
	char address[FAILOVER_ADDRESS_SIZE];
	const char *word = word_of(member, rel);
	uint32_t number;

	if (word != NULL)
		return word;
	if (member->kind == MEMBER_KIND_TEXT)
		return get_text(member, rel);
	number = get_number(member, rel);
	if (member->kind == MEMBER_KIND_ADDRESS) {
		snprintf(buffer, size, "%s",
		    failover_address_text(number, address));
	} else if (member->kind == MEMBER_KIND_PERIOD &&
	    number == DHCP_FAILOVER_NEVER) {
		return NEVER;
	} else {
		snprintf(buffer, size, "%u", (unsigned int)number);
	}
	return buffer;
}
