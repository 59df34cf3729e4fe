/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "member.h"
#include "message.h"
#include "scopes.h"
#include "utf8.h"

#include "json.h"

json_t *
json_text(const char *text)
{
	static const char replacement[] = "\xEF\xBF\xBD";
	char *clean, *end;
	size_t length;
	uint32_t code;
	json_t *json;

	clean = end = must(malloc(3 * strlen(text) + 1));
	while (*text != '\0') {
		if ((length = utf8_decode(text, &code)) > 0) {
			memcpy(end, text, length);
			end += length;
			text += length;
		} else {
			memcpy(end, replacement, sizeof(replacement) - 1);
			end += sizeof(replacement) - 1;
			text++;
		}
	}
	*end = '\0';
	json = must(json_string(clean));
	free(clean);
	return json;
}

json_t *
json_number(uint32_t number)
{
	return must(json_integer((json_int_t)number));
}

void
json_put(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		must(NULL);
}

void
json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		must(NULL);
}

const char *
json_kind(const json_t *json)
{
	if (json == NULL)
		return "missing";
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a fraction";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		return "null";
	}
	return "something else";
}

/*
 * All of it as text.  Not by json_dumps(), which leaves out the name of a
 * member when there is no memory for it, and goes on.
 */
static char *
dumped(const json_t *json)
{
	const size_t size = json_dumpb(json, NULL, 0, JSON_INDENT(2));
	char *all = must(malloc(size + 1));

	if (size == 0 || json_dumpb(json, all, size, JSON_INDENT(2)) != size)
		must(NULL);
	all[size] = '\0';
	return all;
}

void
json_write(const json_t *json, FILE *file)
{
	char *all = dumped(json), *text;
	uint32_t code = 0;
	size_t length;

	for (text = all; *text != '\0'; text += length) {
		/* It escapes those below 0x20: what is left are ends of line.
		 */
		length = utf8_decode(text, &code);
		if (utf8_is_control(code) && code != '\n')
			fprintf(file, "\\u%04x", (unsigned int)code);
		else
			fwrite(text, 1, length, file);
	}
	fputc('\n', file);
	free(all);
}

/* ---------------------------------------------------------------- rows */

static json_t *
address_of(DHCP_IP_ADDRESS address)
{
	char text[FAILOVER_ADDRESS_SIZE];

	return json_text(failover_address_text(address, text));
}

static json_t *
scopes_of(const struct row *row, bool shown)
{
	size_t n = failover_scope_count(row->rel), i, k;
	json_t *array = must(json_array()), *object;
	const DHCP_FAILOVER_STATISTICS *stats;
	uint32_t number;

	for (i = 0; i < n; i++) {
		object = must(json_object());
		json_put(object, "addr",
		    address_of(row->rel->pScopes->Elements[i]));
		stats = row->stats != NULL ? &row->stats[i] : NULL;
		for (k = 0; k < STATISTICS; k++)
			if (statistic_of(&statistics[k], stats, &number))
				json_put(object, statistics[k].name,
				    json_number(number));
		if (shown && statistics_free_percent(stats, &number))
			json_put(object, "freePercent", json_number(number));
		json_add(array, object);
	}
	return array;
}

static void
put_server(json_t *object, const struct conf_server *server)
{
	json_put(object, "server", json_text(server->name));
	json_put(object, "serverIndex", json_number(server->index));
}

/* What the MIB has in columns of its own, and a dump need not repeat. */
static void
put_derived(json_t *object, const struct row *row)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel = row->rel;
	const char *word;

	json_put(object, "authEnabled", json_boolean(row->authenticated));
	json_put(object, "autoTransition",
	    json_boolean(rel->SafePeriod != DHCP_FAILOVER_NEVER));
	json_put(object, "partnerAddr", address_of(failover_partner(rel)));
	word = failover_word(FAILOVER_WORDS_STATE, row->partner_state);
	json_put(object, "partnerState",
	    word != NULL ? json_text(word) : json_number(row->partner_state));
	json_put(object, "scopeCount",
	    json_number((uint32_t)failover_scope_count(rel)));
}

json_t *
json_row(const struct row *row, const struct conf_server *server)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel = row->rel;
	json_t *object = must(json_object());
	char key[KEY_MAX + 1] = "";
	size_t i;

	if (server != NULL)
		put_server(object, server);
	json_put(object, "name", json_text(rel->RelationshipName));
	if (server != NULL) {
		key_from_name(rel->RelationshipName, key);
		json_put(object, "key", json_text(key));
	}
	for (i = 0; i < MEMBER_SCOPES; i++)
		json_put(object, members[i].name,
		    member_to_json(&members[i], rel));
	if (server != NULL)
		put_derived(object, row);
	else
		json_put(object, "authenticated",
		    json_boolean(row->authenticated));
	json_put(object, "scopes", scopes_of(row, server != NULL));
	return object;
}
