/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "failover.h"

#include "alloc.h"

#define LOCAL "[server 1]\ntype = local\n"
#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define SHIPPED "conf/dhcpfod.conf" /* tests run in the root of the tree */

static char directory[] = "/tmp/test_conf.XXXXXX";
static char path[sizeof(directory) + 16];
static char why[512];
static enum dhcp_error error;

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/dhcpfod.conf", directory);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void
write_file(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* The configuration ${text}, to be freed; a failure says why not. */
static struct conf *
read_text(const char *text)
{
	struct conf *conf;

	write_file(text, strlen(text));
	conf = conf_read(path, why, sizeof(why), &error);
	if (conf == NULL)
		fail_msg("%s", why);
	assert_int_equal(error, ERROR_SUCCESS);
	return conf;
}

/* Reading the file fails with ${message} behind its name. */
static void
assert_bad_file(const char *message)
{
	char expected[sizeof(why)];
	struct conf *conf;

	conf = conf_read(path, why, sizeof(why), &error);
	if (conf != NULL) {
		conf_free(conf);
		fail_msg("read instead of: %s", message);
	}
	snprintf(expected, sizeof(expected), "%s:%s", path, message);
	assert_string_equal(why, expected);
	assert_int_equal(error, ERROR_INVALID_PARAMETER);
}

static void
assert_bad(const char *text, const char *message)
{
	write_file(text, strlen(text));
	assert_bad_file(message);
}

/* Where the value of the key ${name} of the type of ${server} is. */
static const void *
option(const struct conf_server *server, const char *name)
{
	const struct failover_server_type *type = server->type;

	for (size_t i = 0; i < type->nkeys; i++)
		if (strcmp(type->keys[i].name, name) == 0)
			return (const char *)server->options +
			    type->keys[i].offset;
	fail_msg("type %s has no key %s", type->name, name);
	return NULL;
}

static uint32_t
option_u32(const struct conf_server *server, const char *name)
{
	return *(const uint32_t *)option(server, name);
}

static bool
option_bool(const struct conf_server *server, const char *name)
{
	return *(const bool *)option(server, name);
}

static const char *
option_text(const struct conf_server *server, const char *name)
{
	return *(char *const *)option(server, name);
}

/* ---------------------------------------------------------------- good */

static void
read__of_the_least__has_every_default(void **state)
{
	struct conf *conf = read_text(LOCAL);
	const struct conf_networks *scopes;

	(void)state;
	assert_string_equal(conf->agentx_socket, "");
	assert_int_equal(conf->ping_interval, 15);
	assert_int_equal(conf->poll_interval, 10);
	assert_int_equal(conf->set_deadline, 3500);
	assert_string_equal(conf->state_dir, DHCPFO_STATE);
	assert_int_equal(conf->write_policy, FAILOVER_SET_ALL);

	assert_int_equal(conf->n, 1);
	assert_int_equal(conf->servers[0].index, 1);
	assert_string_equal(conf->servers[0].type->name, "local");
	assert_string_equal(conf->servers[0].name, "server1");
	assert_null(conf->servers[0].address);
	assert_int_equal(conf->servers[0].writable, FAILOVER_SET_ALL);
	assert_string_equal(option_text(&conf->servers[0], "database"),
	    DHCPFO_STATE "/dhcpfo.db");
	assert_int_equal(option_u32(&conf->servers[0], "max-relationships"),
	    31);
	assert_true(option_bool(&conf->servers[0], "auto-scopes"));
	scopes = option(&conf->servers[0], "scopes");
	assert_int_equal(scopes->n, 0);
	assert_int_equal(option_u32(&conf->servers[0], "busy-timeout"), 1000);
	conf_free(conf);
}

static void
read__of_every_key__has_what_the_file_says(void **state)
{
	struct conf *conf =
	    read_text("[subagent]\n"
		      "agentx-socket = tcp:127.0.0.1:705\n"
		      "ping-interval = 1\n"
		      "poll-interval = 86400\n"
		      "set-deadline = 100\n"
		      "state-dir = /srv/state\n"
		      "write-policy = mclt, changeState\n"
		      "[server 7]\n"
		      "type = local\n"
		      "name = Z\xC3\xBCrich 1\n"
		      "address = 192.0.2.7\n"
		      "write = none\n"
		      "database = /srv/x.db\n"
		      "max-relationships = 100000\n"
		      "auto-scopes = no\n"
		      "scopes = 192.0.2.0/24, 198.51.100.128/25 10.0.0.1/32\n"
		      "busy-timeout = 0\n");
	const struct conf_server *server = &conf->servers[0];
	const struct conf_networks *scopes = option(server, "scopes");

	(void)state;
	assert_string_equal(conf->agentx_socket, "tcp:127.0.0.1:705");
	assert_int_equal(conf->ping_interval, 1);
	assert_int_equal(conf->poll_interval, 86400);
	assert_int_equal(conf->set_deadline, 100);
	assert_string_equal(conf->state_dir, "/srv/state");
	assert_int_equal(conf->write_policy, MCLT | CHANGESTATE);

	assert_int_equal(server->index, 7);
	assert_string_equal(server->name, "Z\xC3\xBCrich 1");
	assert_string_equal(server->address, "192.0.2.7");
	assert_int_equal(server->writable, 0);
	assert_string_equal(option_text(server, "database"), "/srv/x.db");
	assert_int_equal(option_u32(server, "max-relationships"), 100000);
	assert_false(option_bool(server, "auto-scopes"));
	assert_int_equal(option_u32(server, "busy-timeout"), 0);
	assert_int_equal(scopes->n, 3);
	assert_int_equal(scopes->at[0].address, 0xC0000200);
	assert_int_equal(scopes->at[0].length, 24);
	assert_int_equal(scopes->at[1].address, 0xC6336480);
	assert_int_equal(scopes->at[1].length, 25);
	assert_int_equal(scopes->at[2].address, 0x0A000001);
	assert_int_equal(scopes->at[2].length, 32);
	conf_free(conf);
}

static void
read__of_several_servers__sorts_them_by_number(void **state)
{
	struct conf *conf =
	    read_text("[server 300]\ntype = local\n"
		      "[subagent]\n"
		      "[server 65535]\ntype = test\natomic = no\ncalls = /x\n"
		      "[server 2]\ntype = local\nname = two\n"
		      "database = /other\n");

	(void)state;
	assert_int_equal(conf->n, 3);
	assert_int_equal(conf->servers[0].index, 2);
	assert_string_equal(conf->servers[0].name, "two");
	assert_int_equal(conf->servers[1].index, 300);
	assert_string_equal(conf->servers[1].name, "server300");
	assert_int_equal(conf->servers[2].index, 65535);
	assert_string_equal(conf->servers[2].name, "server65535");
	assert_string_equal(conf->servers[2].type->name, "test");
	assert_false(option_bool(&conf->servers[2], "atomic"));
	assert_string_equal(option_text(&conf->servers[2], "calls"), "/x");
	assert_int_equal(option_u32(&conf->servers[2], "busy-timeout"), 1000);
	conf_free(conf);
}

static void
read__of_a_type_after_its_keys__takes_them(void **state)
{
	struct conf *conf =
	    read_text("[server 1]\nbusy-timeout = 5\ntype = local\n");

	(void)state;
	assert_int_equal(option_u32(&conf->servers[0], "busy-timeout"), 5);
	conf_free(conf);
}

static void
read__of_blanks_comments_and_line_ends__passes_over_them(void **state)
{
	struct conf *conf =
	    read_text("\xEF\xBB\xBF[server 1] ; one\r\n"
		      "\r\n"
		      "  \t \n"
		      "# type = test, in Latin 1: \xFC, and with \x1B\n"
		      "   ; type = test\n"
		      "   type=local ; of all types\r\n"
		      "\tname : a=b;c  \n"
		      "busy-timeout\t=\t5\n");

	(void)state;
	assert_string_equal(conf->servers[0].type->name, "local");
	assert_string_equal(conf->servers[0].name, "a=b;c");
	assert_int_equal(option_u32(&conf->servers[0], "busy-timeout"), 5);
	conf_free(conf);
}

static void
read__of_flags_in_any_form__takes_them(void **state)
{
	static const struct {
		const char *text;
		uint32_t flags;
	} all[] = {
		{ "all", FAILOVER_SET_ALL },
		{ "none", 0 },
		{ "mclt", MCLT },
		{ "MCLT,SafePeriod", MCLT | SAFEPERIOD },
		{ "percentage mode\tprevState", PERCENTAGE | MODE | PREVSTATE },
		{ ", sharedSecret , sharedSecret ,", SHAREDSECRET },
	};
	char text[128];
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < nitems(all); i++) {
		snprintf(text, sizeof(text), LOCAL "write = %s\n", all[i].text);
		conf = read_text(text);
		assert_int_equal(conf->servers[0].writable, all[i].flags);
		conf_free(conf);
	}
}

static void
read__of_no_networks_in_any_form__has_none(void **state)
{
	static const char *const all[] = { "", "none", ",  ," };
	const struct conf_networks *scopes;
	char text[128];
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < nitems(all); i++) {
		snprintf(text, sizeof(text), LOCAL "scopes = %s\n", all[i]);
		conf = read_text(text);
		scopes = option(&conf->servers[0], "scopes");
		assert_int_equal(scopes->n, 0);
		conf_free(conf);
	}
}

static void
read__of_the_longest_line__takes_all_of_it(void **state)
{
	static const char line[] =
	    "state-dir = " X50 X50 X50 X10 X10 X10 "xxxxxx";
	char text[512];
	struct conf *conf;

	(void)state;
	assert_int_equal(strlen(line), 198);
	snprintf(text, sizeof(text), "[subagent]\n%s\n" LOCAL, line);
	conf = read_text(text);
	assert_int_equal(strlen(conf->state_dir), 186);
	conf_free(conf);
}

static void
read__of_a_last_line_without_its_end__takes_it(void **state)
{
	struct conf *conf = read_text("[server 1]\ntype = local");

	(void)state;
	assert_int_equal(conf->n, 1);
	conf_free(conf);
}

static void
read__of_host_names__takes_them(void **state)
{
	static const char *const all[] = { "dhcp1.example.com", "localhost",
		"xn--bcher-kva.example", "7seas", "under_score", "0.0.0.0" };
	char text[128];
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < nitems(all); i++) {
		snprintf(text, sizeof(text), LOCAL "address = %s\n", all[i]);
		conf = read_text(text);
		assert_string_equal(conf->servers[0].address, all[i]);
		conf_free(conf);
	}
}

/* ---------------------------------------------------------------- bad */

static void
read__of_a_bad_file__says_where_and_what(void **state)
{
#define BAD_N ": N is 1 to 65535, without leading zeros"
#define NO_LINE " this is no comment, no [section] and no \"key = value\""
#define WORDS                                                         \
	" is not all, none or a list of mclt,safePeriod,changeState," \
	"percentage,mode,prevState,sharedSecret"
#define NETWORKS                                                \
	" is not none or a list of networks (host bits zero): " \
	"192.0.2.0/24, ..."
#define NO_HOST " is not a dotted quad or the name of a host"
	/* clang-format off */
	static const struct {
		const char *text, *message;
	} all[] = {
		/* sections */
		{ "", " there is no [server N]" },
		{ "[subagent]\n", " there is no [server N]" },
		{ LOCAL "[agent]\n", "3: [agent] is neither [subagent] nor [server N]" },
		{ LOCAL "[Subagent]\n", "3: [Subagent] is neither [subagent] nor [server N]" },
		{ LOCAL "[]\n", "3: [] is neither [subagent] nor [server N]" },
		{ "[server]\n", "1: [server] is neither [subagent] nor [server N]" },
		{ "[server 0]\n", "1: [server 0]" BAD_N },
		{ "[server 65536]\n", "1: [server 65536]" BAD_N },
		{ "[server 99999999999999999999]\n", "1: [server 99999999999999999999]" BAD_N },
		{ "[server 01]\n", "1: [server 01]" BAD_N },
		{ "[server +1]\n", "1: [server +1]" BAD_N },
		{ "[server  1]\n", "1: [server  1]" BAD_N },
		{ "[server 1 ]\n", "1: [server 1 ]" BAD_N },
		{ "[server 0x1]\n", "1: [server 0x1]" BAD_N },
		{ "[server ]\n", "1: [server ]" BAD_N },
		{ LOCAL "\n" LOCAL, "4: a second [server 1]" },
		{ "[subagent]\n" LOCAL "[subagent]\n", "4: a second [subagent]" },
		{ "[server 1\ntype = local\n", "1: \"[server 1\" is not a [section]" },
		{ "[server 1] type = local\n", "1: \"[server 1] type = local\" is not a [section]" },
		{ "[server 1 ;]\n", "1: [server 1 ;]" BAD_N },

		/* lines */
		{ "\n# x\ntype = local\n", "3: type: is in no section" },
		{ LOCAL "type\n", "3:" NO_LINE },
		{ LOCAL "name ; = x\n", "3:" NO_LINE },
		{ LOCAL "wat", "3:" NO_LINE },
		{ LOCAL "wat\n[subagent]\nping-interval = 0\n", "3:" NO_LINE },
		{ LOCAL "= x\n", "3: a server of type local has no key \"\"" },
		{ LOCAL "name = a\n  b\n", "4:" NO_LINE },
		{ LOCAL "name = a\n  write = b\n", "4: write: \"b\"" WORDS },
		{ LOCAL "name = a\x1b[2J\n", "3: there is a control character, number 27" },
		{ LOCAL "name = a\xC2\x9B\n", "3: there is a control character, number 155" },
		{ LOCAL "name = a\x7F\n", "3: there is a control character, number 127" },
		{ LOCAL "name = a\rb\n", "3: there is a control character, number 13" },
		{ LOCAL "name = Z\xFCrich\n", "3: this is not UTF-8" },
		{ LOCAL "\n# " X50 X50 X50 X10 X10 X10 X10 "xxxxxxx\n", "4: the line has more than 198 octets" },
		{ "[subagent]\nstate-dir = " X50 X50 X50 X10 X10 X10 "xxxxxxx\n" LOCAL, "2: the line has more than 198 octets" },

		/* keys */
		{ "[subagent]\nfoo = 1\n" LOCAL, "2: [subagent] has no key \"foo\"" },
		{ "[subagent]\ntype = local\n" LOCAL, "2: [subagent] has no key \"type\"" },
		{ LOCAL "foo = 1\n", "3: a server of type local has no key \"foo\"" },
		{ "[server 1]\nfoo = 1\ntype = test\n", "2: a server of type test has no key \"foo\"" },
		{ LOCAL "Name = x\n", "3: a server of type local has no key \"Name\"" },
		{ LOCAL "control = /x\n", "3: a server of type local has no key \"control\"" },
		{ "[subagent]\nping-interval = 1\n\nping-interval = 1\n" LOCAL, "4: ping-interval: is already in line 2" },
		{ LOCAL "name = a\nname = b\n", "4: name: is already in line 3" },
		{ LOCAL "type = local\n", "3: type: is already in line 2" },
		{ LOCAL "database = a\nwrite = all\ndatabase = a\n", "5: database: is already in line 3" },
		{ "\n[server 1]\nname = x\n", "2: [server 1] has no type, which may be one of: local, kea, windows, test" },
		{ "[server 1]\n[server 2]\ntype = local\n", "1: [server 1] has no type, which may be one of: local, kea, windows, test" },
		{ "[server 1]\nname = x\ntype = Local\n", "3: type: \"Local\" is not one of: local, kea, windows, test" },
		{ "\n[server 1]\ntype = windows\n", "2: a server of type windows needs an address" },
		{ "[server 1]\ntype =\n", "2: type: \"\" is not one of: local, kea, windows, test" },
		{ LOCAL "name = x\n[server 2]\ntype = local\nname = x\n", "6: name: \"x\" is that of [server 1] already" },
		{ "[server 2]\ntype = local\nname = server1\n" LOCAL, "4: name: \"server1\" is that of [server 2] already" },
		{ LOCAL "[server 2]\nname = server1\ntype = local\n", "4: name: \"server1\" is that of [server 1] already" },

		/* values */
		{ "[subagent]\npoll-interval = abc\n" LOCAL, "2: poll-interval: \"abc\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = 0\n" LOCAL, "2: poll-interval: \"0\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = 86401\n" LOCAL, "2: poll-interval: \"86401\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = 4294967297\n" LOCAL, "2: poll-interval: \"4294967297\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = 18446744073709551617\n" LOCAL, "2: poll-interval: \"18446744073709551617\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = -1\n" LOCAL, "2: poll-interval: \"-1\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = +1\n" LOCAL, "2: poll-interval: \"+1\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval = 1 # s\n" LOCAL, "2: poll-interval: \"1 # s\" is not a number from 1 to 86400" },
		{ "[subagent]\npoll-interval =\n" LOCAL, "2: poll-interval: \"\" is not a number from 1 to 86400" },
		{ "[subagent]\nping-interval = 3601\n" LOCAL, "2: ping-interval: \"3601\" is not a number from 1 to 3600" },
		{ "[subagent]\nset-deadline = 99\n" LOCAL, "2: set-deadline: \"99\" is not a number from 100 to 5000" },
		{ "[subagent]\nset-deadline = 5001\n" LOCAL, "2: set-deadline: \"5001\" is not a number from 100 to 5000" },
		{ "[subagent]\nstate-dir =\n" LOCAL, "2: state-dir: \"\" is not a text of 1 to 255 octets" },
		{ "[subagent]\nwrite-policy = all, mclt\n" LOCAL, "2: write-policy: \"all, mclt\"" WORDS },
		{ "[subagent]\nwrite-policy = mclt;mode\n" LOCAL, "2: write-policy: \"mclt;mode\"" WORDS },
		{ "[subagent]\nwrite-policy =\n" LOCAL, "2: write-policy: \"\"" WORDS },
		{ LOCAL "write = ,\n", "3: write: \",\"" WORDS },
		{ LOCAL "write = sharedSecretsharedSecretsharedSecret\n", "3: write: \"sharedSecretsharedSecretsharedSecret\"" WORDS },
		{ LOCAL "name =\n", "3: name: \"\" is not a text of 1 to 255 octets" },
		{ LOCAL "address = 10.0.0.256\n", "3: address: \"10.0.0.256\"" NO_HOST },
		{ LOCAL "address = 10.1\n", "3: address: \"10.1\"" NO_HOST },
		{ LOCAL "address = a b\n", "3: address: \"a b\"" NO_HOST },
		{ LOCAL "address = fe80::1\n", "3: address: \"fe80::1\"" NO_HOST },
		{ LOCAL "auto-scopes = true\n", "3: auto-scopes: \"true\" is not yes or no" },
		{ LOCAL "auto-scopes = YES\n", "3: auto-scopes: \"YES\" is not yes or no" },
		{ LOCAL "busy-timeout = 5001\n", "3: busy-timeout: \"5001\" is not a number from 0 to 5000" },
		{ LOCAL "max-relationships = 0\n", "3: max-relationships: \"0\" is not a number from 1 to 100000" },
		{ LOCAL "scopes = 192.0.2.0\n", "3: scopes: \"192.0.2.0\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.1/24\n", "3: scopes: \"192.0.2.1/24\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.128/24\n", "3: scopes: \"192.0.2.128/24\"" NETWORKS },
		{ LOCAL "scopes = 0.0.0.0/0\n", "3: scopes: \"0.0.0.0/0\"" NETWORKS },
		{ LOCAL "scopes = 10.0.0.0/000000000000000000000000000000000000000000000000024\n", "3: scopes: \"10.0.0.0/000000000000000000000000000000000000000000000000024\"" NETWORKS },
		{ LOCAL "scopes = 128.0.0.0/000000000000000000000000000011\n", "3: scopes: \"128.0.0.0/000000000000000000000000000011\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.0/0\n", "3: scopes: \"192.0.2.0/0\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.0/33\n", "3: scopes: \"192.0.2.0/33\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.0/\n", "3: scopes: \"192.0.2.0/\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.0/24/24\n", "3: scopes: \"192.0.2.0/24/24\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.0/24 none\n", "3: scopes: \"192.0.2.0/24 none\"" NETWORKS },
		{ LOCAL "scopes = 192.0.2.0/24, x\n", "3: scopes: \"192.0.2.0/24, x\"" NETWORKS },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < nitems(all); i++)
		assert_bad(all[i].text, all[i].message);
}

static void
read__of_a_nul__says_where(void **state)
{
	static const char inside[] = LOCAL "name = a\0b\n";
	static const char first[] = LOCAL "\0\n";

	(void)state;
	write_file(inside, sizeof(inside) - 1);
	assert_bad_file("3: there is a NUL character");
	write_file(first, sizeof(first) - 1);
	assert_bad_file("3: there is a NUL character");
}

/* Are two servers with these files refused?  ${directory} is their root. */
static void
assert_files(const char *one, const char *other, bool are_one)
{
	char text[512];

	snprintf(text, sizeof(text),
	    LOCAL
	    "database = %s%s\n[server 2]\ntype = local\ndatabase = %s%s\n",
	    one[0] == '/' ? directory : "", one,
	    other[0] == '/' ? directory : "", other);
	if (are_one)
		assert_bad(text, "4: database: [server 1] has the same one");
	else
		conf_free(read_text(text));
}

static void
read__of_one_file_for_two_servers__refuses_it_in_any_spelling(void **state)
{
	char file[sizeof(directory) + 16], other[sizeof(file)];

	(void)state;
	/* As long as neither is there. */
	assert_files("/a.db", "/a.db", true);
	assert_files("/a.db", "//a.db", true);
	assert_files("/a.db", "/./a.db", true);
	assert_files("/a.db", "/b.db", false);
	assert_files("/a.db", "/none/a.db", false);
	assert_files("/none/a.db", "/none//a.db", false);
	assert_files("a.db", "./a.db", true);
	assert_files("a.db", "/a.db", false);

	/* When it is, and by other names, too. */
	snprintf(file, sizeof(file), "%s/a.db", directory);
	snprintf(other, sizeof(other), "%s/b.db", directory);
	fclose(fopen(file, "w"));
	assert_files("/a.db", "//a.db", true);
	assert_files("/a.db", "/b.db", false);
	assert_int_equal(symlink("a.db", other), 0);
	assert_files("/a.db", "/b.db", true);
	unlink(other);
	assert_int_equal(link(file, other), 0);
	assert_files("/a.db", "/b.db", true);
	unlink(other);
	unlink(file);
}

static void
assert_unreadable(const char *file, enum dhcp_error code, const char *reason)
{
	char expected[sizeof(why)];

	assert_null(conf_read(file, why, sizeof(why), &error));
	snprintf(expected, sizeof(expected), "%s: %s", file, reason);
	assert_string_equal(why, expected);
	assert_int_equal(error, code);
}

static void
read__of_what_cannot_be_read__says_why(void **state)
{
	(void)state;
	assert_unreadable("/nonexistent/dhcpfod.conf", ERROR_FILE_NOT_FOUND,
	    "No such file or directory");
	assert_unreadable("/dev/null/dhcpfod.conf", ERROR_FILE_NOT_FOUND,
	    "Not a directory");
	assert_unreadable(directory, ERROR_INVALID_PARAMETER, "Is a directory");
}

static void
read__of_a_forbidden_file__says_so(void **state)
{
	const uid_t user = geteuid(), nobody = 65534;

	(void)state;
	write_file(LOCAL, strlen(LOCAL));
	assert_int_equal(chmod(path, 0), 0);
	/* Root may read everything. */
	if (user == 0)
		assert_int_equal(seteuid(nobody), 0);
	assert_unreadable(path, ERROR_ACCESS_DENIED, "Permission denied");
	assert_int_equal(seteuid(user), 0);
}

static void
read__without_room_for_the_reason__cuts_it(void **state)
{
	char small[8];

	(void)state;
	memset(small, '!', sizeof(small));
	assert_null(conf_read("/nonexistent", small, 6, NULL));
	assert_string_equal(small, "/none");
	assert_int_equal(small[6], '!');
}

static void
free__of_null__does_nothing(void **state)
{
	(void)state;
	conf_free(NULL);
}

/* ---------------------------------------------------------------- memory */

static void
read__without_memory__fails_and_leaks_nothing(void **state)
{
	static const char text[] =
	    "[subagent]\nstate-dir = /x\n"
	    "[server 2]\ntype = local\nscopes = 192.0.2.0/24 10.0.0.0/8\n"
	    "[server 1]\ntype = test\nname = x\naddress = y\n";
	char expected[sizeof(why)];
	struct conf *conf = NULL;
	long before, n;

	(void)state;
	if (!alloc_works())
		skip();
	write_file(text, strlen(text));
	snprintf(expected, sizeof(expected), "%s: out of memory", path);
	for (n = 0; conf == NULL; n++) {
		before = alloc_live;
		alloc_left = n;
		conf = conf_read(path, why, sizeof(why), &error);
		alloc_left = -1;
		if (conf != NULL)
			break;
		assert_int_equal(error, ERROR_NOT_ENOUGH_MEMORY);
		assert_string_equal(why, expected);
		assert_int_equal(alloc_live, before);
	}
	assert_true(n > 20);
	conf_free(conf);
	assert_int_equal(alloc_live, before);
}

/* ---------------------------------------------------------------- shipped */

static void
shipped_file__as_it_is__can_be_read(void **state)
{
	struct conf *conf = conf_read(SHIPPED, why, sizeof(why), &error);

	(void)state;
	if (conf == NULL)
		fail_msg("%s", why);
	assert_int_equal(conf->n, 1);
	assert_int_equal(conf->servers[0].index, 1);
	assert_string_equal(conf->servers[0].type->name, "local");
	conf_free(conf);
}

/* Does the shipped file have "#${name} = ${value}"?  NULL: any value. */
static bool
shipped_comment(const char *name, const char *value)
{
	FILE *file = fopen(SHIPPED, "r");
	char line[256], wanted[256];
	bool found = false;

	assert_non_null(file);
	snprintf(wanted, sizeof(wanted), "#%s =%s%s\n", name,
	    value == NULL || value[0] == '\0' ? "" : " ",
	    value == NULL ? "" : value);
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = value == NULL ?
		    strncmp(line, wanted, strlen(wanted) - 1) == 0 :
		    strcmp(line, wanted) == 0;
	fclose(file);
	return found;
}

static void
assert_shipped(const struct conf_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = keys[i].standard;

		/* The macro's value here is not what a package has. */
		if (value != NULL &&
		    strncmp(value, DHCPFO_STATE, strlen(DHCPFO_STATE)) == 0)
			value = NULL;
		if (!shipped_comment(keys[i].name, value))
			fail_msg("%s lacks \"#%s = %s\"", SHIPPED, keys[i].name,
			    value == NULL ? "..." : value);
	}
}

static void
shipped_file__as_a_comment__has_every_key_at_its_default(void **state)
{
	const struct failover_server_type *type;

	(void)state;
	assert_shipped(conf_subagent_keys, conf_subagent_nkeys);
	assert_shipped(conf_server_keys, conf_server_nkeys);
	for (size_t i = 0; failover_server_types[i] != NULL; i++) {
		type = failover_server_types[i];
		if (strcmp(type->name, "test") != 0)
			assert_shipped(type->keys, type->nkeys);
	}
}

static const struct conf_key *
known_key(const struct conf_key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool
known_anywhere(const char *name)
{
	const struct failover_server_type *type;

	if (known_key(conf_subagent_keys, conf_subagent_nkeys, name) != NULL ||
	    known_key(conf_server_keys, conf_server_nkeys, name) != NULL)
		return true;
	for (size_t i = 0; failover_server_types[i] != NULL; i++) {
		type = failover_server_types[i];
		if (known_key(type->keys, type->nkeys, name) != NULL)
			return true;
	}
	return false;
}

/* A key that is gone would stay there unseen, being a comment. */
static void
shipped_file__as_a_comment__has_no_other_key(void **state)
{
	FILE *file = fopen(SHIPPED, "r");
	char line[256], name[64];
	unsigned int n = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "#%63[a-z-] =", name) == 1 &&
		    strstr(line, " =") == line + 1 + strlen(name)) {
			if (!known_anywhere(name))
				fail_msg("%s: no key is %s", SHIPPED, name);
			n++;
		}
	assert_true(n > 10);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(read__of_the_least__has_every_default),
		cmocka_unit_test(read__of_every_key__has_what_the_file_says),
		cmocka_unit_test(read__of_several_servers__sorts_them_by_number),
		cmocka_unit_test(read__of_a_type_after_its_keys__takes_them),
		cmocka_unit_test(read__of_blanks_comments_and_line_ends__passes_over_them),
		cmocka_unit_test(read__of_flags_in_any_form__takes_them),
		cmocka_unit_test(read__of_no_networks_in_any_form__has_none),
		cmocka_unit_test(read__of_the_longest_line__takes_all_of_it),
		cmocka_unit_test(read__of_a_last_line_without_its_end__takes_it),
		cmocka_unit_test(read__of_host_names__takes_them),
		cmocka_unit_test(read__of_a_bad_file__says_where_and_what),
		cmocka_unit_test(read__of_a_nul__says_where),
		cmocka_unit_test(read__of_one_file_for_two_servers__refuses_it_in_any_spelling),
		cmocka_unit_test(read__of_what_cannot_be_read__says_why),
		cmocka_unit_test(read__of_a_forbidden_file__says_so),
		cmocka_unit_test(read__without_room_for_the_reason__cuts_it),
		cmocka_unit_test(free__of_null__does_nothing),
		cmocka_unit_test(read__without_memory__fails_and_leaks_nothing),
		cmocka_unit_test(shipped_file__as_it_is__can_be_read),
		cmocka_unit_test(shipped_file__as_a_comment__has_every_key_at_its_default),
		cmocka_unit_test(shipped_file__as_a_comment__has_no_other_key),
		/* clang-format on */
	};

	return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
