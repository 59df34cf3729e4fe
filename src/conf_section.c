/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A section is collected first and understood when it ends: the type of a
 * server, which says what keys there are, may come after them.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "failover.h"

#include "conf_private.h"
#include "conf_value.h"

#define SERVER_INDEX_MAX 65535

bool
conf_fail(struct parser *p, unsigned int line, const char *format, ...)
{
	char what[512], where[16] = "";
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	/* It goes to a terminal; the only control that a line may have. */
	for (char *tab = what; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
	if (line > 0)
		snprintf(where, sizeof(where), "%u:", line);
	snprintf(p->why, p->size, "%s:%s %s", p->path, where, what);
	p->error = ERROR_INVALID_PARAMETER;
	return false;
}

bool
conf_fail_memory(struct parser *p)
{
	conf_fail(p, 0, "out of memory");
	p->error = ERROR_NOT_ENOUGH_MEMORY;
	return false;
}

/* Put ${value} into the structure ${to}, where ${key} says. */
static bool
assign(struct parser *p, unsigned int line, const struct conf_key *key,
    const char *value, void *to)
{
	char allowed[200];
	enum dhcp_error error;

	error = conf_value_parse(key, value, to);
	if (error == ERROR_SUCCESS)
		return true;
	if (error == ERROR_NOT_ENOUGH_MEMORY)
		return conf_fail_memory(p);
	conf_value_describe(key, allowed, sizeof(allowed));
	return conf_fail(p, line, "%s: \"%s\" is not %s", key->name, value,
	    allowed);
}

/* ---------------------------------------------------------------- sections */

void
section_clear(struct section *section)
{
	for (size_t i = 0; i < section->n; i++) {
		free(section->at[i].name);
		free(section->at[i].value);
	}
	free(section->at);
	*section = (struct section){ .open = false };
}

static const struct entry *
section_find(const struct section *section, const char *name)
{
	for (size_t i = 0; i < section->n; i++)
		if (strcmp(section->at[i].name, name) == 0)
			return &section->at[i];
	return NULL;
}

static const struct conf_key *
key_find(const struct conf_key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* Keys that no entry names get their defaults. */
static bool
assign_defaults(struct parser *p, const struct conf_key *keys, size_t n,
    void *to)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].standard != NULL &&
		    section_find(&p->section, keys[i].name) == NULL &&
		    !assign(p, p->section.line, &keys[i], keys[i].standard, to))
			return false;
	return true;
}

static bool
check_once(struct parser *p, const struct entry *entry)
{
	const struct entry *first = section_find(&p->section, entry->name);

	return first == entry ||
	    conf_fail(p, entry->line, "%s: is already in line %u", entry->name,
		first->line);
}

static bool
subagent_entry(struct parser *p, const struct entry *entry)
{
	const struct conf_key *key =
	    key_find(conf_subagent_keys, conf_subagent_nkeys, entry->name);

	if (key == NULL)
		return conf_fail(p, entry->line, "[subagent] has no key \"%s\"",
		    entry->name);
	return check_once(p, entry) &&
	    assign(p, entry->line, key, entry->value, p->conf);
}

static bool
subagent_end(struct parser *p)
{
	for (size_t i = 0; i < p->section.n; i++)
		if (!subagent_entry(p, &p->section.at[i]))
			return false;
	if (!assign_defaults(p, conf_subagent_keys, conf_subagent_nkeys,
		p->conf))
		return false;
	if (p->conf->scope_free_low > p->conf->scope_free_high)
		return conf_fail(p, p->section.line,
		    "scope-free-low is above scope-free-high");
	return true;
}

/* ---------------------------------------------------------------- servers */

static bool
server_entry(struct parser *p, const struct entry *entry,
    struct conf_server *server)
{
	const struct failover_server_type *type = server->type;
	const struct conf_key *key;
	void *to = server;

	if (strcmp(entry->name, "type") == 0)
		return check_once(p, entry);
	key = key_find(conf_server_keys, conf_server_nkeys, entry->name);
	if (key == NULL) {
		key = key_find(type->keys, type->nkeys, entry->name);
		to = server->options;
	}
	if (key == NULL)
		return conf_fail(p, entry->line,
		    "a server of type %s has no key \"%s\"", type->name,
		    entry->name);
	return check_once(p, entry) &&
	    assign(p, entry->line, key, entry->value, to);
}

static void
list_types(char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; failover_server_types[i] != NULL; i++) {
		snprintf(text + n, size - n, "%s%s", i > 0 ? ", " : "",
		    failover_server_types[i]->name);
		n = strlen(text);
	}
}

static const struct failover_server_type *
server_type(struct parser *p)
{
	const struct entry *entry = section_find(&p->section, "type");
	const struct failover_server_type *type;
	char known[128];

	list_types(known, sizeof(known));
	if (entry == NULL) {
		conf_fail(p, p->section.line,
		    "[server %u] has no type, which may be one of: %s",
		    p->section.server, known);
		return NULL;
	}
	if ((type = failover_server_type(entry->value)) == NULL)
		conf_fail(p, entry->line, "type: \"%s\" is not one of: %s",
		    entry->value, known);
	return type;
}

static bool
host_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	DHCP_IP_ADDRESS address;

	/* A name of digits and dots alone would be a mistyped address. */
	if (text[strspn(text, "0123456789.")] == '\0')
		return failover_address_parse(text, &address);
	return text[strspn(text, allowed)] == '\0';
}

static bool
check_address(struct parser *p, const struct conf_server *server)
{
	const struct entry *entry = section_find(&p->section, "address");

	if (entry == NULL && server->type->needs_address)
		return conf_fail(p, p->section.line,
		    "a server of type %s needs an address", server->type->name);
	return entry == NULL || host_name(server->address) ||
	    conf_fail(p, entry->line,
		"address: \"%s\" is not a dotted quad or the name of a host",
		server->address);
}

static bool
default_name(struct parser *p, struct conf_server *server)
{
	char name[sizeof("server65535")];

	if (server->name != NULL)
		return true;
	snprintf(name, sizeof(name), "server%u", server->index);
	return (server->name = strdup(name)) != NULL || conf_fail_memory(p);
}

/* With the name of another server, one of them could not be addressed. */
static bool
check_name(struct parser *p, const struct conf_server *server)
{
	const struct entry *entry = section_find(&p->section, "name");
	unsigned int line = entry == NULL ? p->section.line : entry->line;
	const struct conf_server *others = p->conf->servers;

	for (size_t i = 0; i < p->conf->n; i++)
		if (strcmp(others[i].name, server->name) == 0)
			return conf_fail(p, line,
			    "name: \"%s\" is that of [server %u] already",
			    server->name, others[i].index);
	return true;
}

/* Fill ${server}, zeroed but for its index; true or all of it is released. */
static bool
server_fill(struct parser *p, struct conf_server *server)
{
	const struct failover_server_type *type;

	if ((type = server->type = server_type(p)) == NULL)
		goto err0;
	/* One octet more: a type without options has a pointer all the same. */
	if ((server->options = calloc(1, type->options_size + 1)) == NULL) {
		conf_fail_memory(p);
		goto err0;
	}
	for (size_t i = 0; i < p->section.n; i++)
		if (!server_entry(p, &p->section.at[i], server))
			goto err1;
	if (!assign_defaults(p, conf_server_keys, conf_server_nkeys, server) ||
	    !assign_defaults(p, type->keys, type->nkeys, server->options))
		goto err1;
	if (!default_name(p, server) || !check_name(p, server) ||
	    !check_address(p, server))
		goto err1;
	return true;

err1:
	conf_server_release(server);
err0:
	return false;
}

static bool
server_end(struct parser *p)
{
	struct conf *conf = p->conf;
	struct conf_server server = { .index = p->section.server,
		.line = p->section.line };
	struct conf_server *more;

	if (!server_fill(p, &server))
		return false;
	more = realloc(conf->servers, (conf->n + 1) * sizeof(*more));
	if (more == NULL) {
		conf_server_release(&server);
		return conf_fail_memory(p);
	}
	conf->servers = more;
	conf->servers[conf->n++] = server;
	return true;
}

/* -------------------------------------------------- beginning and end */

bool
section_end(struct parser *p)
{
	bool good = true;

	if (p->section.open)
		good = p->section.server == 0 ? subagent_end(p) : server_end(p);
	section_clear(&p->section);
	return good;
}

static bool
server_known(const struct conf *conf, uint32_t server)
{
	for (size_t i = 0; i < conf->n; i++)
		if (conf->servers[i].index == server)
			return true;
	return false;
}

/* N of "server N" in ${title}: 0 when it is not as it must be. */
static uint32_t
server_number(const char *title)
{
	const struct conf_key range = { .min = 1, .max = SERVER_INDEX_MAX };
	const char *digits = title + strlen("server ");
	uint32_t number;

	if (*digits == '0' ||
	    conf_value_parse(&range, digits, &number) != ERROR_SUCCESS)
		return 0;
	return number;
}

/* A section called ${title} begins. */
bool
section_begin(struct parser *p, const char *title)
{
	uint32_t server = 0;

	if (!section_end(p))
		return false;
	if (strncmp(title, "server ", strlen("server ")) == 0) {
		if ((server = server_number(title)) == 0)
			return conf_fail(p, p->line,
			    "[%s]: N is 1 to %d, without leading zeros", title,
			    SERVER_INDEX_MAX);
		if (server_known(p->conf, server))
			return conf_fail(p, p->line, "a second [%s]", title);
	} else if (strcmp(title, "subagent") == 0) {
		if (p->subagent)
			return conf_fail(p, p->line, "a second [%s]", title);
		p->subagent = true;
	} else
		return conf_fail(p, p->line,
		    "[%s] is neither [subagent] nor [server N]", title);

	p->section.open = true;
	p->section.server = server;
	p->section.line = p->line;
	return true;
}

bool
section_add(struct parser *p, const char *name, const char *value)
{
	struct section *section = &p->section;
	struct entry entry = { .line = p->line }, *more;

	if (!section->open)
		return conf_fail(p, p->line, "%s: is in no section", name);
	if ((entry.name = strdup(name)) == NULL)
		goto err0;
	if ((entry.value = strdup(value)) == NULL)
		goto err1;
	more = realloc(section->at, (section->n + 1) * sizeof(*more));
	if (more == NULL)
		goto err2;

	section->at = more;
	section->at[section->n++] = entry;
	return true;

err2:
	free(entry.value);
err1:
	free(entry.name);
err0:
	return conf_fail_memory(p);
}
