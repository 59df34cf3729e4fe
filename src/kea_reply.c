/* SPDX-License-Identifier: BSD-2-Clause */
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failover.h"
#include "kea_buffer.h"
#include "kea_reply_private.h"
#include "utf8.h"

/* Kea nests some ten levels; jansson recurses, and a worker's stack is small.
 */
#define DEPTH_MAX 64

/* Fits whatever names servers have, and keeps nonsense out of tables. */
#define WORD_MAX 255

bool
kea_fail(struct kea_fault *fault, enum dhcp_error error, int result,
    const char *format, ...)
{
	va_list arguments;

	fault->error = error;
	fault->result = result;
	va_start(arguments, format);
	vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return false;
}

bool
kea_fail_shape(struct kea_fault *fault, const char *what)
{
	return kea_fail(fault, RPC_X_BAD_STUB_DATA, KEA_RESULT_NONE,
	    "the answer has no proper %s", what);
}

bool
kea_fail_memory(struct kea_fault *fault)
{
	return kea_fail(fault, ERROR_NOT_ENOUGH_MEMORY, KEA_RESULT_NONE,
	    "no memory for the answer");
}

/* ---------------------------------------------------------------- memory */

/* Its size is the allocator's to tell: jansson may have got it elsewhere. */
static void
wipe_and_free(void *at)
{
	if (at != NULL)
		kea_wipe(at, malloc_usable_size(at));
	free(at);
}

/* There was no memory for some of the answer that is read. */
static _Thread_local bool ran_out;

/*
 * jansson goes on with a text that lacks an octet for want of memory, and then
 * aborts, or reads behind its end: there is no memory for the rest, either.
 */
static void *
allocate(size_t size)
{
	void *at = ran_out ? NULL : malloc(size);

	if (at == NULL)
		ran_out = true;
	return at;
}

static void
guard(void)
{
	json_set_alloc_funcs(allocate, wipe_and_free);
}

void
kea_reply_guard(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, guard);
}

/* ---------------------------------------------------------------- the answer
 */

/*
 * Is ${text} nested no deeper than we are ready for?  ${*open}: it ends within
 * a list, a map or a string.
 */
static bool
is_shallow(const char *text, size_t length, bool *open)
{
	unsigned int depth = 0;
	bool quoted = false;
	size_t i;

	for (i = 0; i < length; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += text[i] == '\\';
		else if (text[i] == '[' || text[i] == '{') {
			if (++depth > DEPTH_MAX)
				return false;
		} else if ((text[i] == ']' || text[i] == '}') && depth > 0)
			depth--;
	}
	*open = depth > 0 || quoted;
	return true;
}

static json_t *
parse(const char *text, size_t length, struct kea_fault *fault)
{
	json_error_t why = { .line = 0 }; /* not filled in without memory */
	json_t *json;
	bool open;

	if (!is_shallow(text, length, &open)) {
		kea_fail(fault, RPC_X_BAD_STUB_DATA, KEA_RESULT_NONE,
		    "the answer is nested too deeply");
		return NULL;
	}
	ran_out = false;
	json = json_loadb(text, length, 0, &why);
	if (ran_out) {
		json_decref(json);
		kea_fail_memory(fault);
		return NULL;
	}
	if (json != NULL)
		return json;
	if (json_error_code(&why) == json_error_out_of_memory ||
	    json_error_code(&why) == json_error_unknown)
		kea_fail_memory(fault);
	else if (open)
		/* The message would quote the answer, which is not ours to. */
		kea_fail(fault, RPC_S_CALL_FAILED, KEA_RESULT_NONE,
		    "the answer breaks off after %zu octets", length);
	else
		kea_fail(fault, RPC_X_BAD_STUB_DATA, KEA_RESULT_NONE,
		    "the answer is not JSON (octet %d)", why.position);
	return NULL;
}

/*
 * Kea tells each octet of a string beyond ASCII as if it were a character: a
 * text that was UTF-8 becomes so again, in ${octets}, any other stays as it is.
 */
static const char *
undo(const char *text, char octets[WORD_MAX + 1])
{
	const char *at = text;
	uint32_t code;
	size_t length, n;

	for (n = 0; *at != '\0' && n < WORD_MAX; at += length) {
		length = utf8_decode(at, &code);
		if (length == 0 || code > UINT8_MAX)
			break;
		octets[n++] = (char)code;
	}
	octets[n] = '\0';
	return *at == '\0' && utf8_is_valid(octets) ? octets : text;
}

/* A string member that is short enough, or NULL. */
const char *
kea_word(const json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);
	char octets[WORD_MAX + 1];
	const char *text;

	if (!json_is_string(member))
		return NULL;
	text = json_string_value(member);
	return strlen(undo(text, octets)) <= WORD_MAX ? text : NULL;
}

bool
kea_number(const json_t *object, const char *name, int64_t *value)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return false;
	*value = json_integer_value(member);
	return true;
}

/* What Kea says when it refuses. */
static bool
fail_result(struct kea_fault *fault, const json_t *answer, int64_t result)
{
	static const struct {
		enum dhcp_error error;
		const char *name;
	} known[] = {
		[KEA_RESULT_ERROR] = { ERROR_GEN_FAILURE, "error" },
		[KEA_RESULT_UNSUPPORTED] = { ERROR_NOT_SUPPORTED,
		    "unsupported" },
		[KEA_RESULT_EMPTY] = { ERROR_NO_MORE_ITEMS, "empty" },
		[KEA_RESULT_CONFLICT] = { ERROR_BUSY, "conflict" },
		[KEA_RESULT_FATAL] = { ERROR_GEN_FAILURE, "fatal error" },
	};
	json_t *text = json_object_get(answer, "text");
	const bool is_known = result > 0 && result < (int64_t)nitems(known);

	return kea_fail(fault,
	    is_known ? known[result].error : ERROR_GEN_FAILURE,
	    is_known ? (int)result : KEA_RESULT_ERROR,
	    "Kea answers %lld (%s)%s%s", (long long)result,
	    is_known ? known[result].name : "unknown",
	    json_is_string(text) ? ": " : "",
	    json_is_string(text) ? json_string_value(text) : "");
}

json_t *
kea_reply_open(const char *text, size_t length, struct kea_fault *fault)
{
	json_t *json, *answer;
	int64_t result;

	if ((json = parse(text, length, fault)) == NULL)
		goto err0;
	answer = json;
	if (json_is_array(json) && json_array_size(json) == 1)
		answer = json_array_get(json, 0);
	if (!json_is_object(answer) || !kea_number(answer, "result", &result)) {
		kea_fail_shape(fault, "result");
		goto err1;
	}
	if (result != KEA_RESULT_OK) {
		fail_result(fault, answer, result);
		goto err1;
	}

	/* Success! */
	json_incref(answer);
	json_decref(json);
	return answer;

err1:
	json_decref(json);
err0:
	return NULL;
}

bool
kea_reply_result(const char *text, size_t length, struct kea_fault *fault)
{
	json_t *answer = kea_reply_open(text, length, fault);

	json_decref(answer);
	return answer != NULL;
}

/* The text that kea_word() has found, as it was given to Kea. */
const char *
kea_keep(struct arena *arena, const char *text)
{
	char octets[WORD_MAX + 1];

	text = undo(text, octets);
	return arena_text(arena, text, strlen(text));
}
