/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_value.h"

#define SEPARATORS ", \t"

/* Parsers put a value where ${to} points: success, or 87, or no memory. */

static enum dhcp_error
parse_u32(const struct conf_key *key, const char *value, void *to)
{
	size_t length = strlen(value);
	unsigned long long number;

	/* Ten digits are enough, and cannot overflow. */
	if (length < 1 || length > 10 || strspn(value, "0123456789") != length)
		return ERROR_INVALID_PARAMETER;
	number = strtoull(value, NULL, 10);
	if (number < key->min || number > key->max)
		return ERROR_INVALID_PARAMETER;
	*(uint32_t *)to = (uint32_t)number;
	return ERROR_SUCCESS;
}

static void
describe_u32(const struct conf_key *key, char *text, size_t size)
{
	snprintf(text, size, "a number from %u to %u", key->min, key->max);
}

static enum dhcp_error
parse_bool(const struct conf_key *key, const char *value, void *to)
{
	bool yes = strcmp(value, "yes") == 0;

	(void)key;
	if (!yes && strcmp(value, "no") != 0)
		return ERROR_INVALID_PARAMETER;
	*(bool *)to = yes;
	return ERROR_SUCCESS;
}

static void
describe_bool(const struct conf_key *key, char *text, size_t size)
{
	(void)key;
	snprintf(text, size, "yes or no");
}

static enum dhcp_error
parse_text(const struct conf_key *key, const char *value, void *to)
{
	size_t length = strlen(value);

	if (length < key->min || length > key->max)
		return ERROR_INVALID_PARAMETER;
	if ((*(char **)to = strdup(value)) == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	return ERROR_SUCCESS;
}

static void
describe_text(const struct conf_key *key, char *text, size_t size)
{
	snprintf(text, size, "a text of %u to %u octets", key->min, key->max);
}

static void
free_text(void *at)
{
	free(*(char **)at);
}

/*
 * Copy the next of the words in ${*rest}, which commas or blanks separate, to
 * ${word}, and move ${*rest} behind it; false when there is none.  What is too
 * long comes cut, which is a word that nobody knows.
 */
static bool
next_word(const char **rest, char *word, size_t size)
{
	const char *start = *rest + strspn(*rest, SEPARATORS);
	size_t length = strcspn(start, SEPARATORS);

	*rest = start + length;
	if (length == 0)
		return false;
	snprintf(word, size, "%.*s", (int)length, start);
	return true;
}

/* The words that a key's value is made of: all of them as bits. */
static uint32_t
all_words(const struct conf_key *key)
{
	uint32_t all = 0;

	for (unsigned int bit = 0;
	     failover_word((enum failover_words)key->min, bit) != NULL; bit++)
		all |= 1u << bit;
	return all;
}

static enum dhcp_error
parse_words(const struct conf_key *key, const char *value, void *to)
{
	char word[24];
	unsigned int bit;
	uint32_t flags = 0;

	if (strcmp(value, "all") == 0)
		flags = all_words(key);
	else if (strcmp(value, "none") != 0) {
		while (next_word(&value, word, sizeof(word))) {
			if (!failover_word_value((enum failover_words)key->min,
				word, &bit))
				return ERROR_INVALID_PARAMETER;
			flags |= 1u << bit;
		}
		/* An empty value is more likely forgotten than meant. */
		if (flags == 0)
			return ERROR_INVALID_PARAMETER;
	}
	*(uint32_t *)to = flags;
	return ERROR_SUCCESS;
}

static void
describe_words(const struct conf_key *key, char *text, size_t size)
{
	const char *word;
	size_t n;

	n = (size_t)snprintf(text, size, "all, none or a list of ");
	for (unsigned int bit = 0; n < size &&
	     (word = failover_word((enum failover_words)key->min, bit)) != NULL;
	     bit++)
		n += (size_t)snprintf(text + n, size - n, "%s%s",
		    bit > 0 ? "," : "", word);
}

/* Parse "192.0.2.0/24", in place. */
static bool
parse_network(char *word, struct conf_network *network)
{
	const struct conf_key prefix = { .min = 1, .max = 32 };
	char *slash = strchr(word, '/');

	if (slash == NULL)
		return false;
	*slash = '\0';
	if (!failover_address_parse(word, &network->address) ||
	    parse_u32(&prefix, slash + 1, &network->length) != ERROR_SUCCESS)
		return false;
	return (network->address &
		   (uint32_t)(0xFFFFFFFFull >> network->length)) == 0;
}

static enum dhcp_error
add_network(struct conf_networks *networks, char *word)
{
	struct conf_network network, *more;

	if (!parse_network(word, &network))
		return ERROR_INVALID_PARAMETER;
	more = realloc(networks->at, (networks->n + 1) * sizeof(*more));
	if (more == NULL)
		return ERROR_NOT_ENOUGH_MEMORY;
	networks->at = more;
	networks->at[networks->n++] = network;
	return ERROR_SUCCESS;
}

static enum dhcp_error
parse_networks(const struct conf_key *key, const char *value, void *to)
{
	struct conf_networks networks = { NULL, 0 };
	enum dhcp_error error;
	char word[40];

	(void)key;
	if (strcmp(value, "none") == 0)
		value = "";
	while (next_word(&value, word, sizeof(word)))
		if ((error = add_network(&networks, word)) != ERROR_SUCCESS)
			goto err1;

	*(struct conf_networks *)to = networks;
	return ERROR_SUCCESS;

err1:
	free(networks.at);
	return error;
}

static void
describe_networks(const struct conf_key *key, char *text, size_t size)
{
	(void)key;
	snprintf(text, size,
	    "none or a list of networks (host bits zero): 192.0.2.0/24, ...");
}

static void
free_networks(void *at)
{
	free(((struct conf_networks *)at)->at);
}

static bool
equal_u32(const void *a, const void *b)
{
	return *(const uint32_t *)a == *(const uint32_t *)b;
}

static bool
equal_bool(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

static bool
equal_text(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static bool
equal_networks(const void *a, const void *b)
{
	const struct conf_networks *x = a, *y = b;

	return x->n == y->n &&
	    (x->n == 0 || memcmp(x->at, y->at, x->n * sizeof(*x->at)) == 0);
}

static const struct kind {
	enum dhcp_error (*parse)(const struct conf_key *, const char *, void *);
	void (*describe)(const struct conf_key *, char *, size_t);
	bool (*equal)(const void *, const void *);
	void (*free)(void *); /* or NULL: the value owns nothing */
} kinds[] = {
	[CONF_U32] = { parse_u32, describe_u32, equal_u32, NULL },
	[CONF_BOOL] = { parse_bool, describe_bool, equal_bool, NULL },
	[CONF_TEXT] = { parse_text, describe_text, equal_text, free_text },
	[CONF_OWN_PATH] = { parse_text, describe_text, equal_text, free_text },
	[CONF_WORDS] = { parse_words, describe_words, equal_u32, NULL },
	[CONF_NETWORKS] = { parse_networks, describe_networks, equal_networks,
	    free_networks },
};

/* Do the ${n} ${keys} have the same values in both structures? */
bool
conf_values_equal(const struct conf_key *keys, size_t n, const void *a,
    const void *b)
{
	for (size_t i = 0; i < n; i++)
		if (!kinds[keys[i].kind].equal((const char *)a + keys[i].offset,
			(const char *)b + keys[i].offset))
			return false;
	return true;
}

/* Free what the ${n} ${keys} own in the structure ${at}. */
void
conf_values_release(const struct conf_key *keys, size_t n, void *at)
{
	for (size_t i = 0; i < n; i++)
		if (kinds[keys[i].kind].free != NULL)
			kinds[keys[i].kind].free((char *)at + keys[i].offset);
}

enum dhcp_error
conf_value_parse(const struct conf_key *key, const char *value, void *to)
{
	return kinds[key->kind].parse(key, value, (char *)to + key->offset);
}

void
conf_value_describe(const struct conf_key *key, char *text, size_t size)
{
	kinds[key->kind].describe(key, text, size);
}
