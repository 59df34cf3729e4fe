/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of dhcpfoctl, each in a process of its own, since it may end
 * when memory does: what failed is told, and has changed and printed nothing.
 */
#include "../unit/local.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include "torture.h"

#define NAMES 3u
#define ARGUMENTS 12u

/* The main() of dhcpfoctl, which has another name here. */
int dhcpfoctl_main(int argc, char *argv[]);

struct command {
	const char *name;
	bool changes;
	const char *argv[ARGUMENTS];
};

struct context {
	const struct command *command;
	struct fixture f;
	char conf[160], json[160], out[160], errors[160];
	DHCP_FAILOVER_RELATIONSHIP *old[NAMES];
	struct dump before, after, now;
	char printed[8192], prints[8192];
	/* Of the round: */
	int status;
};

static const char *const names[NAMES] = { "a", "b", "new" };

/* What the process has seen of its fault; shared with it. */
static unsigned long *seen;

/* clang-format off */
static const struct command commands[] = {
	{ "list", false, { "list", NULL } },
	{ "list_as_json", false, { "list", "--json", NULL } },
	{ "show", false, { "show", "a", NULL } },
	{ "dump", false, { "dump", NULL } },
	{ "oid", false, { "oid", "a", "mclt", NULL } },
	{ "check_of_a_file", false, { "load", "--check", "FILE", NULL } },
	{ "load", true, { "load", "FILE", NULL } },
	{ "set", true, { "set", "a", "mclt=60", "mode=hotStandby", "percentage=7", NULL } },
	{ "create", true, { "create", "new", "primary=192.0.2.1", "secondary=192.0.2.2", "scopes=10.9.0.0,10.9.1.0", NULL } },
	{ "delete", true, { "delete", "a", NULL } },
	{ "scope_add", true, { "scope", "add", "a", "10.9.0.0", NULL } },
	{ "scope_remove", true, { "scope", "remove", "a", "10.1.0.0", NULL } },
};
/* clang-format on */

static const char file_text[] =
    "{ \"version\": 1, \"relationships\": [\n"
    "{ \"name\": \"a\", \"mclt\": 60, \"scopes\": [\"10.1.0.0\"] },\n"
    "{ \"name\": \"b\", \"percentage\": 7, \"safePeriod\": \"never\" },\n"
    "{ \"name\": \"new\", \"mode\": \"hotStandby\", \"percentage\": 5,\n"
    "  \"primaryName\": \"0123456789abc\\\"0123456789\",\n"
    "  \"primaryAddr\": \"192.0.2.1\", \"secondaryAddr\": \"192.0.2.2\",\n"
    "  \"scopes\": [\"10.9.0.0\", \"10.9.1.0\"] } ] }\n";

/* ---------------------------------------------------------------- state */

static void
lead_back(struct context *c)
{
	struct failover_server *server = open_server(&c->f);
	size_t i;

	for (i = 0; i < NAMES; i++)
		assert_error(failover_server_restore(server, names[i], NULL),
		    ERROR_SUCCESS);
	for (i = 0; i < NAMES; i++)
		assert_error(failover_server_restore(server, names[i],
				 c->old[i]),
		    ERROR_SUCCESS);
	execute(c->f.path,
	    "UPDATE scope SET this_addr_free = 127, partner_addr_free = 127");
	failover_server_close(server);
}

static void
look(struct context *c, struct dump *all)
{
	struct failover_server *server = open_server(&c->f);

	dump(server, all);
	failover_server_close(server);
}

static void
read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	assert_true(n < size - 1);
	text[n] = '\0';
	fclose(file);
}

static void
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* ---------------------------------------------------------------- rounds */

static void
tell_hits(void)
{
	*seen = fault_disarm();
}

static void
redirect(int fd, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (to == -1 || dup2(to, fd) == -1)
		abort();
	close(to);
}

static void
be_dhcpfoctl(const struct context *c, const struct fault *fault,
    unsigned long n)
{
	char *argv[ARGUMENTS + 4] = { (char *)(uintptr_t) "dhcpfoctl",
		(char *)(uintptr_t) "-c", (char *)(uintptr_t)c->conf };
	const char *argument;
	int argc = 3, code;
	size_t i;

	for (i = 0; (argument = c->command->argv[i]) != NULL; i++)
		argv[argc++] =
		    (char *)(uintptr_t)(strcmp(argument, "FILE") == 0 ?
			    c->json :
			    argument);
	redirect(STDOUT_FILENO, c->out);
	redirect(STDERR_FILENO, c->errors);
	log_open(NULL, NULL);
	atexit(tell_hits);
	if (fault != NULL)
		fault_arm(fault, n);
	code = dhcpfoctl_main(argc, argv);
	tell_hits();
	_exit(code);
}

static void
run(void *context)
{
	struct context *c = context;
	unsigned long n;
	const struct fault *fault = fault_take(&n);
	pid_t child;

	*seen = 0;
	fflush(stdout);
	if ((child = fork()) == 0)
		be_dhcpfoctl(c, fault, n);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &c->status, 0), child);
	fault_add(*seen);
}

static void
prepare(void *context)
{
	struct context *c = context;

	lead_back(c);
	log_forget();
}

static void
check(void *context, const struct fault *fault, unsigned long hits)
{
	struct context *c = context;
	char said[4096];

	(void)fault;
	read_text(c->errors, said, sizeof(said));
	read_text(c->out, c->printed, sizeof(c->printed));
	if (!WIFEXITED(c->status))
		fail_msg("ended by signal %d: %s", WTERMSIG(c->status), said);
	look(c, &c->now);
	if (WEXITSTATUS(c->status) == 0) {
		assert_string_equal(c->now.text, c->after.text);
		assert_string_equal(c->printed, c->prints);
		return;
	}
	assert_int_equal(WEXITSTATUS(c->status), 1);
	assert_true(hits > 0);
	assert_non_null(strstr(said, "dhcpfoctl: "));
	assert_string_equal(c->now.text, c->before.text);
}

static void *
begin(const struct operation *operation)
{
	struct context *c = test_calloc(1, sizeof(*c));
	struct failover_server *server;
	char text[512];
	size_t i;

	if (seen == NULL)
		seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(seen, MAP_FAILED);
	c->command = operation->what;
	snprintf(c->f.dir, sizeof(c->f.dir), "/tmp/dhcpfo-test-XXXXXX");
	assert_non_null(mkdtemp(c->f.dir));
	snprintf(c->f.path, sizeof(c->f.path), "%s/one.db", c->f.dir);
	snprintf(c->conf, sizeof(c->conf), "%s/dhcpfod.conf", c->f.dir);
	snprintf(c->json, sizeof(c->json), "%s/file.json", c->f.dir);
	snprintf(c->out, sizeof(c->out), "%s/out", c->f.dir);
	snprintf(c->errors, sizeof(c->errors), "%s/errors", c->f.dir);
	snprintf(text, sizeof(text),
	    "[subagent]\n[server 1]\ntype = local\nname = one\n"
	    "database = %s\n",
	    c->f.path);
	write_text(c->conf, text);
	write_text(c->json, file_text);
	set_text(&c->f, "database", c->f.path);
	set_number(&c->f, "max-relationships", 31);
	set_bool(&c->f, "auto-scopes", true);
	set_number(&c->f, "busy-timeout", 50);
	log_open(log_to_memory, NULL);
	log_forget();
	server = open_server(&c->f);
	create_normal(server, "a", 1, 3);
	create_normal(server, "b", 2, 2);
	for (i = 0; i < NAMES; i++)
		if (failover_server_get(server, names[i], &c->old[i]) !=
		    ERROR_SUCCESS)
			c->old[i] = NULL;
	failover_server_close(server);
	look(c, &c->before);
	run(c);
	read_text(c->errors, text, sizeof(text));
	if (c->status != 0)
		fail_msg("%s", text);
	read_text(c->out, c->prints, sizeof(c->prints));
	look(c, &c->after);
	assert_int_equal(strcmp(c->before.text, c->after.text) != 0,
	    c->command->changes);
	return c;
}

static void
end(void *context)
{
	struct context *c = context;
	size_t i;

	for (i = 0; i < NAMES; i++)
		failover_free(c->old[i]);
	remove_all(AT_FDCWD, c->f.dir);
	log_open(NULL, NULL);
	assert_int_equal(sqlite3_memory_used(), 0);
	test_free(c);
}

const struct operation *
ctl_operations(size_t *n)
{
	static struct operation all[nitems(commands)];
	static char titles[nitems(all)][48];
	size_t i;

	for (i = 0; i < nitems(commands); i++) {
		snprintf(titles[i], sizeof(titles[i]), "ctl__%s",
		    commands[i].name);
		all[i] = (struct operation){ .name = titles[i],
			.what = &commands[i],
			.kinds = FAULT_MEMORY | FAULT_DATABASE | FAULT_SYSTEM,
			.begin = begin,
			.end = end,
			.prepare = prepare,
			.run = run,
			.check = check };
	}
	*n = nitems(all);
	return all;
}
