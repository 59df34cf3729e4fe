/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "failover.h"
#include "kea_rewrite.h"

static bool
add_scalar(struct kea_buffer *buffer, const json_t *scalar, size_t flags)
{
	size_t size;

	flags |= JSON_ENCODE_ANY;
	size = json_dumpb(scalar, NULL, 0, flags);
	if (size == 0 || !kea_buffer_reserve(buffer, size + 1) ||
	    json_dumpb(scalar, buffer->at + buffer->length, size, flags) !=
		size)
		return false;
	buffer->length += size;
	return true;
}

static bool
add_name(struct kea_buffer *buffer, const char *name)
{
	json_t *text = json_string(name);
	bool good;

	good = text != NULL && add_scalar(buffer, text, 0) &&
	    kea_buffer_add(buffer, ":", 1);
	json_decref(text);
	return good;
}

/*
 * Append ${json}, so that Kea reads the octets that it has: it escapes each of
 * a string beyond ASCII by itself, whatever character they are part of, and
 * reads it back likewise; names of members it leaves as they are.
 */
static bool
add_json(struct kea_buffer *buffer, json_t *json)
{
	const bool list = json_is_array(json);
	const char *name, *comma = "";
	json_t *member;
	size_t i;

	if (!list && !json_is_object(json))
		return add_scalar(buffer, json, JSON_ENSURE_ASCII);
	if (!kea_buffer_add(buffer, list ? "[" : "{", 1))
		return false;
	for (i = 0; i < json_array_size(json); i++, comma = ",")
		if (!kea_buffer_add(buffer, comma, strlen(comma)) ||
		    !add_json(buffer, json_array_get(json, i)))
			return false;
	json_object_foreach(json, name, member)
	{
		if (!kea_buffer_add(buffer, comma, strlen(comma)) ||
		    !add_name(buffer, name) || !add_json(buffer, member))
			return false;
		comma = ",";
	}
	return kea_buffer_add(buffer, list ? "]" : "}", 1);
}

/* Append {"command":"${command}","arguments":${arguments}}. */
static bool
compose(struct kea_buffer *buffer, const char *command, json_t *arguments)
{
	char head[64];

	snprintf(head, sizeof(head),
	    "{\"command\":\"%s\",\"arguments\":", command);
	return kea_buffer_add(buffer, head, strlen(head)) &&
	    add_json(buffer, arguments) && kea_buffer_add(buffer, "}", 1);
}

static bool
rewrite_arguments(json_t *arguments, size_t number, uint32_t delay,
    struct kea_rewrite *rewrite, struct kea_fault *fault)
{
	json_t *ha, *rel;

	ha = kea_reply_ha(json_object_get(arguments, "Dhcp4"));
	rel = json_array_get(ha, number);
	if (!json_is_integer(json_object_get(rel, "max-response-delay"))) {
		fault->error = RPC_X_BAD_STUB_DATA;
		snprintf(fault->text, sizeof(fault->text),
		    "the configuration has no relationship %zu", number + 1);
		return false;
	}

	/* Told since 2.4, and refused when it is sent back. */
	json_object_del(arguments, "hash");
	if (!compose(&rewrite->back, "config-set", arguments) ||
	    json_object_set_new(rel, "max-response-delay",
		json_integer((json_int_t)delay)) == -1 ||
	    !compose(&rewrite->test, "config-test", arguments) ||
	    !compose(&rewrite->set, "config-set", arguments)) {
		fault->error = ERROR_NOT_ENOUGH_MEMORY;
		snprintf(fault->text, sizeof(fault->text),
		    "no memory for the configuration");
		return false;
	}
	return true;
}

bool
kea_rewrite(const char *answer, size_t length, size_t number, uint32_t delay,
    struct kea_rewrite *rewrite, struct kea_fault *fault)
{
	json_t *tree;
	bool good;

	memset(rewrite, 0, sizeof(*rewrite));
	fault->result = KEA_RESULT_NONE;
	if ((tree = kea_reply_open(answer, length, fault)) == NULL)
		return false;
	good = rewrite_arguments(json_object_get(tree, "arguments"), number,
	    delay, rewrite, fault);
	json_decref(tree);
	if (!good)
		kea_rewrite_free(rewrite);
	return good;
}

void
kea_rewrite_free(struct kea_rewrite *rewrite)
{
	kea_buffer_free(&rewrite->test);
	kea_buffer_free(&rewrite->set);
	kea_buffer_free(&rewrite->back);
}

static bool
is_secret(const char *key)
{
	static const char *const words[] = { "password", "secret" };
	size_t i;

	for (i = 0; i < nitems(words); i++)
		if (strstr(key, words[i]) != NULL)
			return true;
	return false;
}

/* Is a secret of ${json}, a member called ${key}, in ${text}? */
static bool
leaks(const char *key, json_t *json, const char *text)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_string(json))
		return is_secret(key) && json_string_length(json) > 0 &&
		    strstr(text, json_string_value(json)) != NULL;
	for (i = 0; i < json_array_size(json); i++)
		if (leaks(key, json_array_get(json, i), text))
			return true;
	json_object_foreach(json, name,
	    member) if (leaks(name, member, text)) return true;
	return false;
}

bool
kea_rewrite_leaks(const char *answer, size_t length, const char *text)
{
	struct kea_fault fault;
	json_t *tree;
	bool found;

	if ((tree = kea_reply_open(answer, length, &fault)) == NULL)
		return true;
	found = leaks("", tree, text);
	json_decref(tree);
	return found;
}
