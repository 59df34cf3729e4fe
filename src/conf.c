/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A section is collected first and understood when it ends: the type of a
 * server, which says what keys there are, may come after them.
 *
 * inih splits lines into keys and values.  It does not say in which line it is,
 * nor that a section begins, and goes on after an error: that is done here, in
 * the function that gives it its lines.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "failover.h"
#include "utf8.h"

#include "conf.h"
#include "conf_value.h"

#define BLANKS " \t\r\v\f"
#define SERVER_INDEX_MAX 65535

struct entry {
	unsigned int line;
	char *name, *value;
};

struct section {
	bool open; /* false: before the first */
	uint32_t server; /* N of [server N]; 0: [subagent] */
	unsigned int line;
	struct entry *at;
	size_t n;
};

struct parser {
	const char *path;
	FILE *file;
	struct conf *conf;
	struct section section;
	unsigned int line;
	bool expected; /* a key and a value, from inih, of this line */
	bool subagent; /* was there a [subagent]? */
	enum dhcp_error error;
	char *why;
	size_t size; /* of why */
};

/* clang-format off */
const struct conf_key conf_subagent_keys[] = {
	{ "agentx-socket", CONF_TEXT,  offsetof(struct conf, agentx_socket), 0,   255,   "" },
	{ "ping-interval", CONF_U32,   offsetof(struct conf, ping_interval), 1,   3600,  "15" },
	{ "poll-interval", CONF_U32,   offsetof(struct conf, poll_interval), 1,   86400, "10" },
	{ "set-deadline",  CONF_U32,   offsetof(struct conf, set_deadline),  100, 5000,  "3500" },
	{ "state-dir",     CONF_TEXT,  offsetof(struct conf, state_dir),     1,   255,   DHCPFO_STATE },
	{ "write-policy",  CONF_WORDS, offsetof(struct conf, write_policy),  FAILOVER_WORDS_FLAG, 0, "all" },
	{ "notify",        CONF_WORDS, offsetof(struct conf, notify),        FAILOVER_WORDS_NOTIFICATION, 0, "all" },
	{ "notify-min-interval", CONF_U32, offsetof(struct conf, notify_min_interval), 0, 3600, "5" },
	{ "scope-free-low",  CONF_U32, offsetof(struct conf, scope_free_low),  0, 100,   "10" },
	{ "scope-free-high", CONF_U32, offsetof(struct conf, scope_free_high), 0, 100,   "15" },
	{ "event-limit",   CONF_U32,   offsetof(struct conf, event_limit),   0,   65535, "256" },
};
const size_t conf_subagent_nkeys = nitems(conf_subagent_keys);

const struct conf_key conf_server_keys[] = {
	{ "name",    CONF_TEXT,  offsetof(struct conf_server, name),     1, 255, NULL },
	{ "address", CONF_TEXT,  offsetof(struct conf_server, address),  1, 253, NULL },
	{ "write",   CONF_WORDS, offsetof(struct conf_server, writable), FAILOVER_WORDS_FLAG, 0, "all" },
	{ "pair-with", CONF_U32, offsetof(struct conf_server, pair_with),     1, 65535, NULL },
	{ "apply-to-both", CONF_BOOL, offsetof(struct conf_server, apply_to_both), 0, 0, "no" },
};
const size_t conf_server_nkeys = nitems(conf_server_keys);
/* clang-format on */

/* ---------------------------------------------------------------- errors */

/* Say what is wrong, in ${line} unless that is 0.  Returns false. */
static bool fail(struct parser *p, unsigned int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
fail(struct parser *p, unsigned int line, const char *format, ...)
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

static bool
fail_memory(struct parser *p)
{
	fail(p, 0, "out of memory");
	p->error = ERROR_NOT_ENOUGH_MEMORY;
	return false;
}

/* What errno says of the file itself. */
static bool
fail_file(struct parser *p, int number)
{
	char text[128];

	if (number == ENOMEM)
		return fail_memory(p);
	if (strerror_r(number, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", number);
	fail(p, 0, "%s", text);
	if (number == ENOENT || number == ENOTDIR)
		p->error = ERROR_FILE_NOT_FOUND;
	else if (number == EACCES || number == EPERM)
		p->error = ERROR_ACCESS_DENIED;
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
		return fail_memory(p);
	conf_value_describe(key, allowed, sizeof(allowed));
	return fail(p, line, "%s: \"%s\" is not %s", key->name, value, allowed);
}

bool
conf_server_same(const struct conf_server *a, const struct conf_server *b)
{
	return a->index == b->index && a->type == b->type &&
	    strcmp(a->name, b->name) == 0 &&
	    strcmp(a->address != NULL ? a->address : "",
		b->address != NULL ? b->address : "") == 0 &&
	    conf_values_equal(a->type->keys, a->type->nkeys, a->options,
		b->options);
}

void
conf_server_follow(struct conf_server *server, const struct conf_server *from)
{
	/* A server that was just hired has taken all of it. */
	if (from->type == NULL)
		return;
	server->writable = from->writable;
	server->pair_with = from->pair_with;
	server->apply_to_both = from->apply_to_both;
}

/* ---------------------------------------------------------------- sections */

static void
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
	    fail(p, entry->line, "%s: is already in line %u", entry->name,
		first->line);
}

static bool
subagent_entry(struct parser *p, const struct entry *entry)
{
	const struct conf_key *key =
	    key_find(conf_subagent_keys, conf_subagent_nkeys, entry->name);

	if (key == NULL)
		return fail(p, entry->line, "[subagent] has no key \"%s\"",
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
		return fail(p, p->section.line,
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
		return fail(p, entry->line,
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
		fail(p, p->section.line,
		    "[server %u] has no type, which may be one of: %s",
		    p->section.server, known);
		return NULL;
	}
	if ((type = failover_server_type(entry->value)) == NULL)
		fail(p, entry->line, "type: \"%s\" is not one of: %s",
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

	return entry == NULL || host_name(server->address) ||
	    fail(p, entry->line,
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
	return (server->name = strdup(name)) != NULL || fail_memory(p);
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
			return fail(p, line,
			    "name: \"%s\" is that of [server %u] already",
			    server->name, others[i].index);
	return true;
}

void
conf_server_release(struct conf_server *server)
{
	const struct failover_server_type *type = server->type;

	if (server->options != NULL)
		conf_values_release(type->keys, type->nkeys, server->options);
	free(server->options);
	conf_values_release(conf_server_keys, conf_server_nkeys, server);
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
		fail_memory(p);
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
		return fail_memory(p);
	}
	conf->servers = more;
	conf->servers[conf->n++] = server;
	return true;
}

/* ---------------------------------------------------------------- lines */

static bool
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
static bool
section_begin(struct parser *p, const char *title)
{
	uint32_t server = 0;

	if (!section_end(p))
		return false;
	if (strncmp(title, "server ", strlen("server ")) == 0) {
		if ((server = server_number(title)) == 0)
			return fail(p, p->line,
			    "[%s]: N is 1 to %d, without leading zeros", title,
			    SERVER_INDEX_MAX);
		if (server_known(p->conf, server))
			return fail(p, p->line, "a second [%s]", title);
	} else if (strcmp(title, "subagent") == 0) {
		if (p->subagent)
			return fail(p, p->line, "a second [%s]", title);
		p->subagent = true;
	} else
		return fail(p, p->line,
		    "[%s] is neither [subagent] nor [server N]", title);

	p->section.open = true;
	p->section.server = server;
	p->section.line = p->line;
	return true;
}

/* ${line} begins with a bracket. */
static bool
take_header(struct parser *p, char *line)
{
	char *end = strchr(line, ']');

	/* A comment may follow, as inih has it behind a value. */
	if (end == NULL ||
	    (end[1] != '\0' && end[1 + strspn(end + 1, BLANKS)] != ';'))
		return fail(p, p->line, "\"%s\" is not a [section]", line);
	*end = '\0';
	return section_begin(p, line + 1);
}

/* A key and its value, called by inih.  Not 0: go on. */
static int
take_entry(void *arg, const char *title, const char *name, const char *value)
{
	struct parser *p = arg;
	struct section *section = &p->section;
	struct entry entry = { .line = p->line }, *more;

	(void)title; /* inih sees no headers: take_line() keeps them */
	if (!p->expected || value == NULL)
		return 0;
	p->expected = false;
	if (!section->open)
		return fail(p, p->line, "%s: is in no section", name);

	if ((entry.name = strdup(name)) == NULL)
		goto err0;
	if ((entry.value = strdup(value)) == NULL)
		goto err1;
	more = realloc(section->at, (section->n + 1) * sizeof(*more));
	if (more == NULL)
		goto err2;

	section->at = more;
	section->at[section->n++] = entry;
	return 1;

err2:
	free(entry.value);
err1:
	free(entry.name);
err0:
	return fail_memory(p);
}

static bool
check_text(struct parser *p, const char *text)
{
	uint32_t code;
	size_t length;

	for (; *text != '\0'; text += length) {
		if ((length = utf8_decode(text, &code)) == 0)
			return fail(p, p->line, "this is not UTF-8");
		if (utf8_is_control(code) && code != '\t')
			return fail(p, p->line,
			    "there is a control character, number %u", code);
	}
	return true;
}

/* Leave only what is between the blanks at both ends of ${line}. */
static void
strip(char *line)
{
	size_t blanks = strspn(line, BLANKS), length = strlen(line + blanks);

	/* Blanks in front would make it the continuation of another line. */
	memmove(line, line + blanks, length + 1);
	while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL)
		line[--length] = '\0';
}

/*
 * Decide what the line in ${line} is.  What inih need not see is made empty.
 */
static bool
take_line(struct parser *p, char *line)
{
	static const char bom[] = "\xEF\xBB\xBF";

	if (p->line == 1 && strncmp(line, bom, strlen(bom)) == 0)
		memmove(line, line + strlen(bom),
		    strlen(line + strlen(bom)) + 1);
	strip(line);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';') {
		line[0] = '\0';
		return true;
	}
	if (!check_text(p, line))
		return false;
	if (line[0] == '[') {
		if (!take_header(p, line))
			return false;
		line[0] = '\0';
		return true;
	}
	p->expected = true;
	return true;
}

/* Read a line without its end into ${line}; false at the end of the file. */
static bool
get_line(struct parser *p, char *line, size_t size)
{
	size_t n = 0;
	int c;

	errno = 0;
	while ((c = getc(p->file)) != EOF && c != '\n') {
		if (n == 0)
			p->line++;
		if (c == '\0')
			return fail(p, p->line, "there is a NUL character");
		/* inih thinks a line cut that fills its buffer but the NUL. */
		if (n + 2 >= size)
			return fail(p, p->line,
			    "the line has more than %zu octets", size - 2);
		line[n++] = (char)c;
	}
	if (ferror(p->file))
		return fail_file(p, errno);
	if (c == EOF && n == 0)
		return false;
	if (n == 0)
		p->line++;
	line[n] = '\0';
	return true;
}

/* Did inih make a key and a value of the last line? */
static bool
check_taken(struct parser *p)
{
	return !p->expected ||
	    fail(p, p->line,
		"this is no comment, no [section] and no \"key = value\"");
}

/* The next line, called by inih.  NULL: the end, or an error. */
static char *
next_line(char *line, int size, void *arg)
{
	struct parser *p = arg;

	if (p->error != ERROR_SUCCESS || !check_taken(p))
		return NULL;
	if (!get_line(p, line, (size_t)size) || !take_line(p, line))
		return NULL;
	return line;
}

/* ---------------------------------------------------------------- files */

static int
by_index(const void *a, const void *b)
{
	uint32_t one = ((const struct conf_server *)a)->index;
	uint32_t other = ((const struct conf_server *)b)->index;

	return (one > other) - (one < other);
}

/* Two servers of one type with the same file, say, would be one server. */
static bool
check_own(struct parser *p, const struct conf_server *a,
    const struct conf_server *b)
{
	const struct conf_key *key = a->type->keys;

	if (a->type != b->type)
		return true;
	for (size_t i = 0; i < a->type->nkeys; i++, key++)
		if (key->kind == CONF_OWN_TEXT &&
		    conf_values_equal(key, 1, a->options, b->options))
			return fail(p, b->line,
			    "%s: [server %u] has the same one", key->name,
			    a->index);
	return true;
}

static bool
check_all_own(struct parser *p)
{
	const struct conf *conf = p->conf;

	for (size_t i = 0; i < conf->n; i++)
		for (size_t j = i + 1; j < conf->n; j++)
			if (!check_own(p, &conf->servers[i], &conf->servers[j]))
				return false;
	return true;
}

/* A pair is two servers; that the other names this one is up to the user. */
static bool
check_pairs(struct parser *p)
{
	const struct conf *conf = p->conf;
	const struct conf_server *server;

	for (size_t i = 0; i < conf->n; i++) {
		const struct conf_server key = {
			.index = conf->servers[i].pair_with,
		};

		server = &conf->servers[i];
		if (key.index == 0 && server->apply_to_both)
			return fail(p, server->line,
			    "apply-to-both needs pair-with");
		if (key.index != 0 &&
		    (key.index == server->index ||
			bsearch(&key, conf->servers, conf->n, sizeof(*server),
			    by_index) == NULL))
			return fail(p, server->line,
			    "pair-with: there is no other [server %u]",
			    key.index);
	}
	return true;
}

/* Read all of the file into p->conf. */
static bool
parse(struct parser *p)
{
	struct conf *conf = p->conf;

	if (ini_parse_stream(next_line, p, take_entry, p) < 0)
		return fail_memory(p);
	if (p->error != ERROR_SUCCESS || !check_taken(p) || !section_end(p))
		return false;
	if (conf->n == 0)
		return fail(p, 0, "there is no [server N]");
	if (!p->subagent && !subagent_end(p))
		return false;
	qsort(conf->servers, conf->n, sizeof(conf->servers[0]), by_index);
	return check_all_own(p) && check_pairs(p);
}

struct conf *
conf_read(const char *path, char *why, size_t size, enum dhcp_error *error)
{
	struct parser p = { .path = path, .why = why, .size = size };

	if ((p.conf = calloc(1, sizeof(*p.conf))) == NULL) {
		fail_memory(&p);
		goto err0;
	}
	if ((p.file = fopen(path, "re")) == NULL) {
		fail_file(&p, errno);
		goto err1;
	}
	if (!parse(&p))
		goto err2;

	/* Success! */
	fclose(p.file);
	if (error != NULL)
		*error = ERROR_SUCCESS;
	return p.conf;

err2:
	section_clear(&p.section);
	fclose(p.file);
err1:
	conf_free(p.conf);
err0:
	if (error != NULL)
		*error = p.error;
	return NULL;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < conf->n; i++)
		conf_server_release(&conf->servers[i]);
	free(conf->servers);
	conf_values_release(conf_subagent_keys, conf_subagent_nkeys, conf);
	free(conf);
}
