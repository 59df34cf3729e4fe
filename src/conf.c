/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inih splits lines into keys and values.  It does not say in which line it is,
 * nor that a section begins, and goes on after an error: that is done here, in
 * the function that gives it its lines.
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "failover.h"
#include "utf8.h"

#include "conf_private.h"
#include "conf_value.h"

#define BLANKS " \t\r\v\f"

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

/* ---------------------------------------------------------------- servers */

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

void
conf_server_release(struct conf_server *server)
{
	const struct failover_server_type *type = server->type;

	if (server->options != NULL)
		conf_values_release(type->keys, type->nkeys, server->options);
	free(server->options);
	conf_values_release(conf_server_keys, conf_server_nkeys, server);
}

/* ---------------------------------------------------------------- lines */

/* What errno says of the file itself. */
static bool
fail_file(struct parser *p, int number)
{
	char text[128];

	if (number == ENOMEM)
		return conf_fail_memory(p);
	if (strerror_r(number, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", number);
	conf_fail(p, 0, "%s", text);
	if (number == ENOENT || number == ENOTDIR)
		p->error = ERROR_FILE_NOT_FOUND;
	else if (number == EACCES || number == EPERM)
		p->error = ERROR_ACCESS_DENIED;
	return false;
}

/* ${line} begins with a bracket. */
static bool
take_header(struct parser *p, char *line)
{
	char *end = strchr(line, ']');

	/* A comment may follow, as inih has it behind a value. */
	if (end == NULL ||
	    (end[1] != '\0' && end[1 + strspn(end + 1, BLANKS)] != ';'))
		return conf_fail(p, p->line, "\"%s\" is not a [section]", line);
	*end = '\0';
	return section_begin(p, line + 1);
}

/* A key and its value, called by inih.  Not 0: go on. */
static int
take_entry(void *arg, const char *title, const char *name, const char *value)
{
	struct parser *p = arg;

	(void)title; /* inih sees no headers: take_line() keeps them */
	if (!p->expected || value == NULL)
		return 0;
	p->expected = false;
	return section_add(p, name, value);
}

static bool
check_text(struct parser *p, const char *text)
{
	uint32_t code;
	size_t length;

	for (; *text != '\0'; text += length) {
		if ((length = utf8_decode(text, &code)) == 0)
			return conf_fail(p, p->line, "this is not UTF-8");
		if (utf8_is_control(code) && code != '\t')
			return conf_fail(p, p->line,
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
			return conf_fail(p, p->line,
			    "there is a NUL character");
		/* inih thinks a line cut that fills its buffer but the NUL. */
		if (n + 2 >= size)
			return conf_fail(p, p->line,
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
	    conf_fail(p, p->line,
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

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The last part of ${path}; where the rest leads goes to ${directory}. */
static const char *
split(const char *path, struct stat *directory)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash != NULL ? slash + 1 : path;
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%.*s.", (int)(last - path), path);
	return stat(text, directory) == 0 ? last : NULL;
}

/* Do both paths lead to one file, be it there or not? */
static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;
	const bool is_a = stat(a, &x) == 0, is_b = stat(b, &y) == 0;

	if (strcmp(a, b) == 0)
		return true;
	if (is_a || is_b)
		return is_a && is_b && is_same(&x, &y);
	a = split(a, &x);
	b = split(b, &y);
	return a != NULL && b != NULL && strcmp(a, b) == 0 && is_same(&x, &y);
}

static const char *
path_of(const struct conf_server *server, const struct conf_key *key)
{
	char *path;

	memcpy(&path, (const char *)server->options + key->offset,
	    sizeof(path));
	return path;
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
		if (key->kind == CONF_OWN_PATH &&
		    same_file(path_of(a, key), path_of(b, key)))
			return conf_fail(p, b->line,
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
			return conf_fail(p, server->line,
			    "apply-to-both needs pair-with");
		if (key.index != 0 &&
		    (key.index == server->index ||
			bsearch(&key, conf->servers, conf->n, sizeof(*server),
			    by_index) == NULL))
			return conf_fail(p, server->line,
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
		return conf_fail_memory(p);
	if (p->error != ERROR_SUCCESS || !check_taken(p) || !section_end(p))
		return false;
	if (conf->n == 0)
		return conf_fail(p, 0, "there is no [server N]");
	if (!p->subagent && !(section_begin(p, "subagent") && section_end(p)))
		return false;
	qsort(conf->servers, conf->n, sizeof(conf->servers[0]), by_index);
	return check_all_own(p) && check_pairs(p);
}

struct conf *
conf_read(const char *path, char *why, size_t size, enum dhcp_error *error)
{
	struct parser p = { .path = path, .why = why, .size = size };

	if ((p.conf = calloc(1, sizeof(*p.conf))) == NULL) {
		conf_fail_memory(&p);
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
