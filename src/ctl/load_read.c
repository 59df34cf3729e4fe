/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load_read.c - the file.  All that is wrong is said, not only what comes
 * first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "message.h"
#include "scopes.h"
#include "secret.h"

#include "load.h"

#define PATH_SIZE 256

static void problem_va(struct load *load, const char *path, const char *format,
    va_list ap) __attribute__((format(printf, 3, 0)));

static void
problem_va(struct load *load, const char *path, const char *format, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, ap);
	complain("load: %s: %s", path, text);
	load->problems++;
}

void
load_problem(struct load *load, const char *path, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	problem_va(load, path, format, ap);
	va_end(ap);
}

void
load_problem_at(struct load *load, size_t number, const char *member,
    const char *format, ...)
{
	char path[PATH_SIZE];
	va_list ap;

	snprintf(path, sizeof(path), "relationships[%zu]%s%s", number,
	    member != NULL ? "." : "", member != NULL ? member : "");
	va_start(ap, format);
	problem_va(load, path, format, ap);
	va_end(ap);
}

/* ---------------------------------------------------------------- scopes */

/* Note, and check, the members of a scope that are not its address. */
static void
check_scope(struct load *load, size_t number, const char *path, json_t *scope)
{
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach(scope, name, value)
	{
		if (strcmp(name, "addr") == 0)
			continue;
		for (i = 0; i < STATISTICS; i++)
			if (strcmp(statistics[i].name, name) == 0)
				break;
		if (i == STATISTICS) {
			load_problem_at(load, number, path,
			    "there is no member \"%s\"", name);
		} else if (!json_is_integer(value)) {
			load_problem_at(load, number, path,
			    "%s must be an integer, but is %s", name,
			    json_kind(value));
		}
		load->statistics = true;
	}
}

/* A scope is an address, or an object with one as dump writes it. */
static void
read_scope(struct load *load, struct wanted *wanted, size_t at, json_t *scope)
{
	const json_t *address = scope;
	DHCP_IP_ADDRESS parsed;
	const char *text;
	char path[64];

	snprintf(path, sizeof(path), "scopes[%zu]", at);
	if (json_is_object(scope)) {
		check_scope(load, wanted->number, path, scope);
		address = json_object_get(scope, "addr");
		snprintf(path, sizeof(path), "scopes[%zu].addr", at);
	}
	if (address == NULL || !json_is_string(address)) {
		load_problem_at(load, wanted->number, path,
		    "must be the address of a subnet, but is %s",
		    json_kind(address));
		return;
	}
	text = json_string_value(address);
	if (!failover_address_parse(text, &parsed) || parsed == 0) {
		load_problem_at(load, wanted->number, path,
		    "\"%.40s\" is not the address of a subnet", text);
	} else if (!scopes_add(&wanted->scopes, parsed)) {
		load_problem_at(load, wanted->number, path, "%s is there twice",
		    text);
	}
}

static void
read_scopes(struct load *load, struct wanted *wanted, const json_t *scopes)
{
	size_t i;

	if (!json_is_array(scopes)) {
		load_problem_at(load, wanted->number, "scopes",
		    "must be an array, but is %s", json_kind(scopes));
		return;
	}
	for (i = 0; i < json_array_size(scopes); i++)
		read_scope(load, wanted, i, json_array_get(scopes, i));
	wanted->rel.pScopes = &wanted->scopes;
}

/* ---------------------------------------------------------------- members */

/* Nothing of it is repeated in a message. */
static void
read_secret(struct load *load, struct wanted *wanted, json_t *secret)
{
	const char *member = members[MEMBER_SECRET].name;

	if (!json_is_string(secret)) {
		load_problem_at(load, wanted->number, member,
		    "must be a string, but is %s", json_kind(secret));
	} else if (json_string_length(secret) > SECRET_MAX) {
		load_problem_at(load, wanted->number, member,
		    "is longer than %d octets", SECRET_MAX);
	} else if (load->open && json_string_length(secret) > 0) {
		load_problem_at(load, wanted->number, member,
		    "everyone can read %s; chmod o= it first", load->path);
	} else {
		member_point(&wanted->rel.SharedSecret,
		    json_string_value(secret));
	}
}

static void
read_value(struct load *load, struct wanted *wanted,
    const struct member *member, json_t *value)
{
	char why[512];

	if (member->kind == MEMBER_KIND_SCOPES)
		read_scopes(load, wanted, value);
	else if (member->kind == MEMBER_KIND_SECRET)
		read_secret(load, wanted, value);
	else if (!member_from_json(member, value, &wanted->rel, why,
		     sizeof(why)))
		load_problem_at(load, wanted->number, member->name, "%s", why);
	wanted->given |= MEMBER_BIT(member_id(member));
}

static void
read_name(struct load *load, struct wanted *wanted, const json_t *name)
{
	size_t units;

	if (name == NULL || !json_is_string(name)) {
		load_problem_at(load, wanted->number, "name",
		    "must be a string, but is %s", json_kind(name));
		return;
	}
	units = failover_utf16_units(json_string_value(name));
	if (units == 0) {
		load_problem_at(load, wanted->number, "name", "is empty");
	} else if (units > DHCP_FAILOVER_MAX_NAME) {
		load_problem_at(load, wanted->number, "name",
		    "has more than %u characters", DHCP_FAILOVER_MAX_NAME);
	}
	member_point(&wanted->rel.RelationshipName, json_string_value(name));
}

/* Does what is said about the secret agree with the secret? */
static void
read_authenticated(struct load *load, struct wanted *wanted,
    const json_t *authenticated)
{
	const char *secret = wanted->rel.SharedSecret;

	if (authenticated == NULL)
		return;
	if (!json_is_boolean(authenticated)) {
		load_problem_at(load, wanted->number, "authenticated",
		    "must be true or false, but is %s",
		    json_kind(authenticated));
		return;
	}
	wanted->authenticated = authenticated;
	if (secret != NULL &&
	    json_is_true(authenticated) != (secret[0] != '\0')) {
		load_problem_at(load, wanted->number, "authenticated",
		    "does not agree with sharedSecret");
	}
}

static void
read_relationship(struct load *load, struct wanted *wanted, json_t *from)
{
	const struct member *member;
	const char *name;
	json_t *value;

	member_defaults(&wanted->rel);
	if (!json_is_object(from)) {
		load_problem_at(load, wanted->number, NULL,
		    "must be an object, but is %s", json_kind(from));
		return;
	}
	read_name(load, wanted, json_object_get(from, "name"));
	json_object_foreach(from, name, value)
	{
		/* Only by the names that dump writes. */
		member = member_find(name, strlen(name));
		if (member != NULL && strcmp(member->name, name) == 0) {
			read_value(load, wanted, member, value);
		} else if (strcmp(name, "name") != 0 &&
		    strcmp(name, "authenticated") != 0) {
			load_problem_at(load, wanted->number, name,
			    "there is no such member");
		}
	}
	read_authenticated(load, wanted,
	    json_object_get(from, "authenticated"));
}

/* ---------------------------------------------------------------- the whole */

static int
compare_names(const void *a, const void *b)
{
	const struct wanted *const *x = a, *const *y = b;
	int order =
	    strcmp((*x)->rel.RelationshipName, (*y)->rel.RelationshipName);

	return order != 0 ? order : (*x)->number < (*y)->number ? -1 : 1;
}

static void
find_twins(struct load *load)
{
	const struct wanted **named;
	size_t i, n = 0;

	named = must(calloc(load->n + 1, sizeof(*named)));
	for (i = 0; i < load->n; i++)
		if (load->at[i].rel.RelationshipName != NULL)
			named[n++] = &load->at[i];
	qsort(named, n, sizeof(*named), compare_names);
	for (i = 1; i < n; i++) {
		if (strcmp(named[i - 1]->rel.RelationshipName,
			named[i]->rel.RelationshipName) == 0)
			load_problem_at(load, named[i]->number, "name",
			    "is that of relationships[%zu] too",
			    named[i - 1]->number);
	}
	free(named);
}

static void
find_shared_scopes(struct load *load)
{
	char path[64], address[FAILOVER_ADDRESS_SIZE];
	struct scope_map map = { .n = 0 };
	const struct scope_place *place;
	size_t i;

	for (i = 0; i < load->n; i++)
		scope_map_add(&map, &load->at[i].scopes, i);
	scope_map_sort(&map);
	for (i = 1; i < map.n; i++) {
		place = &map.at[i];
		if (place[-1].address != place->address)
			continue;
		snprintf(path, sizeof(path), "scopes[%zu]", place->number);
		load_problem_at(load, place->owner, path,
		    "%s is in relationships[%zu] too",
		    failover_address_text(place->address, address),
		    place[-1].owner);
	}
	free(map.at);
}

static void
read_array(struct load *load, const json_t *array)
{
	size_t i;

	load->n = json_array_size(array);
	load->at = must(calloc(load->n + 1, sizeof(*load->at)));
	for (i = 0; i < load->n; i++) {
		load->at[i].number = i;
		read_relationship(load, &load->at[i], json_array_get(array, i));
	}
	find_twins(load);
	find_shared_scopes(load);
}

static void
read_root(struct load *load)
{
	const json_t *version, *array;
	const char *name;
	json_t *value;

	if (!json_is_object(load->root)) {
		load_problem(load, load->path, "must be an object, but is %s",
		    json_kind(load->root));
		return;
	}
	json_object_foreach(load->root, name, value)
	{
		if (strcmp(name, "version") != 0 &&
		    strcmp(name, "relationships") != 0)
			load_problem(load, name, "there is no such member");
	}
	version = json_object_get(load->root, "version");
	if (!json_is_integer(version) ||
	    json_integer_value(version) != LOAD_VERSION)
		load_problem(load, "version", "must be %d", LOAD_VERSION);
	array = json_object_get(load->root, "relationships");
	if (json_is_array(array)) {
		read_array(load, array);
	} else {
		load_problem(load, "relationships",
		    "must be an array, but is %s", json_kind(array));
	}
}

struct source {
	int fd;
	int error; /* errno, when it could not be read to its end */
};

/* For Jansson, whose own json_loadfd() reads an octet at a time. */
static size_t
read_some(void *buffer, size_t size, void *arg)
{
	struct source *source = arg;
	ssize_t n;

	do
		n = read(source->fd, buffer, size);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		source->error = errno;
	return n == -1 ? 0 : (size_t)n;
}

/* jansson would go on with a text that lacks an octet for want of memory. */
static void *
must_malloc(size_t size)
{
	return must(malloc(size));
}

static json_t *
read_json(struct load *load, int fd)
{
	struct source source = { .fd = fd };
	json_error_t error;
	json_t *root;
	char *near;

	json_set_alloc_funcs(must_malloc, free);
	root = json_load_callback(read_some, &source, JSON_REJECT_DUPLICATES,
	    &error);
	if (source.error != 0) {
		load_problem(load, load->path, "%s", strerror(source.error));
		json_decref(root);
		return NULL;
	}
	if (root == NULL) {
		/* What it says is near may be a secret. */
		if ((near = strstr(error.text, " near ")) != NULL)
			*near = '\0';
		complain("load: %s:%d:%d: %s", load->path, error.line,
		    error.column, error.text);
		load->problems++;
	}
	return root;
}

void
load_read(struct load *load, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = STDIN_FILENO;

	*load = (struct load){ .path = standard ? "standard input" : path };
	if (!standard && (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		load_problem(load, path, "%s", strerror(errno));
		return;
	}
	load->open = secret_is_open(fd);
	if ((load->root = read_json(load, fd)) != NULL)
		read_root(load);
	if (!standard)
		close(fd);
}

void
load_free(struct load *load)
{
	size_t i;

	for (i = 0; i < load->n; i++) {
		free(load->at[i].scopes.Elements);
		free(load->at[i].joining.Elements);
		free(load->at[i].leaving.Elements);
	}
	free(load->at);
	json_decref(load->root);
}
