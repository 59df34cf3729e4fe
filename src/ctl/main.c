/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcpfoctl - failover relationships from the command line, by the same library
 * as dhcpfod, whether that runs or not.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "dhcpsapi.h"
#include "failover.h"

#include "ctl.h"
#include "help.h"
#include "message.h"

#define ANY 1000000 /* arguments */

static enum ctl_exit command_help(struct ctl *, int argc, char *argv[]);

/* clang-format off */
static const struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help; /* the rest, with examples */
	int min, max; /* how many arguments */
	const char *options; /* letters of those only some commands have */
	enum ctl_exit (*run)(struct ctl *, int argc, char *argv[]);
} commands[] = {
	{ "list",   "[--json]",
	  "show the relationships of all servers, or of the one of -s",
	  help_list,   0, 0,   "j", command_list },
	{ "show",   "[--json] NAME",
	  "show all of one relationship, and the statistics of its scopes",
	  help_show,   1, 1,   "j", command_show },
	{ "set",    "NAME MEMBER=VALUE ...",
	  "change members of a relationship, all of them in one call",
	  help_set,    2, ANY, "",  command_set },
	{ "create", "NAME primary=ADDR secondary=ADDR scopes=ADDR,... [MEMBER=VALUE ...]",
	  "create a relationship on this server",
	  help_create, 2, ANY, "",  command_create },
	{ "delete", "NAME",
	  "delete a relationship on this server; its scopes stay",
	  help_delete, 1, 1,   "",  command_delete },
	{ "scope",  "add|remove NAME ADDR ...",
	  "add scopes to a relationship, or remove them from it",
	  help_scope,  3, ANY, "",  command_scope },
	{ "oid",    "NAME [COLUMN] [SCOPE]",
	  "print where it is in the MIB, to be pasted into snmpset and snmpget",
	  help_oid,    1, 3,   "",  command_oid },
	{ "dump",   "[FILE]",
	  "write all relationships of a server as JSON, without secrets",
	  help_dump,   0, 1,   "",  command_dump },
	{ "load",   "[--check] FILE|-",
	  "make relationships equal to those of a file of JSON",
	  help_load,   1, 1,   "k", command_load },
	{ "probe",  "",
	  "read a server for the first time, and write nothing",
	  help_probe,  0, 0,   "",  command_probe },
	{ "help",   "[COMMAND]",
	  "explain a command, with examples",
	  help_help,   0, 1,   "",  command_help },
};

/* The letters of j and k are only ours: those two have no short form. */
static const struct option long_options[] = {
	{ "config",  required_argument, NULL, 'c' },
	{ "server",  required_argument, NULL, 's' },
	{ "json",    no_argument,       NULL, 'j' },
	{ "check",   no_argument,       NULL, 'k' },
	{ "help",    no_argument,       NULL, 'h' },
	{ "version", no_argument,       NULL, 'V' },
	{ NULL,      0,                 NULL, 0 },
};
/* clang-format on */

static void
print_usage(FILE *file)
{
	size_t i;

	fprintf(file, "usage: dhcpfoctl [-c FILE] [-s SERVER] COMMAND ...\n");
	for (i = 0; i < nitems(commands); i++) {
		fprintf(file, "  %s %s\n        %s\n", commands[i].name,
		    commands[i].arguments, commands[i].summary);
	}
	fputs(help_options, file);
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static enum ctl_exit
no_such_command(const char *name)
{
	return misused("there is no command \"%.40s\"; dhcpfoctl help shows "
		       "all",
	    name);
}

static enum ctl_exit
explain(const char *name)
{
	const struct command *command = find_command(name);

	if (command == NULL)
		return no_such_command(name);
	printf("usage: dhcpfoctl [-c FILE] [-s SERVER] %s %s\n\n%s",
	    command->name, command->arguments, command->help);
	return CTL_OK;
}

static enum ctl_exit
command_help(struct ctl *ctl, int argc, char *argv[])
{
	(void)ctl;
	if (argc > 0)
		return explain(argv[0]);
	print_usage(stdout);
	return CTL_OK;
}

/* Does ${command} have the options that were given? */
static bool
options_fit(const struct command *command, const struct ctl *ctl)
{
	if (ctl->json && strchr(command->options, 'j') == NULL) {
		misused("%s: has no option --json", command->name);
		return false;
	}
	if (ctl->check && strchr(command->options, 'k') == NULL) {
		misused("%s: has no option --check", command->name);
		return false;
	}
	return true;
}

static enum ctl_exit
run(struct ctl *ctl, int argc, char *argv[])
{
	const struct command *command = find_command(argv[0]);

	if (command == NULL)
		return no_such_command(argv[0]);
	if (!options_fit(command, ctl))
		return CTL_USAGE;
	argc--;
	if (argc < command->min || argc > command->max)
		return misused("usage: dhcpfoctl [-c FILE] [-s SERVER] %s %s",
		    command->name, command->arguments);
	return command->run(ctl, argc, argv + 1);
}

/* What was printed must have got there. */
static enum ctl_exit
finish(enum ctl_exit code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	complain("standard output: %s", strerror(errno));
	return code == CTL_OK ? CTL_FAILED : code;
}

/* -1: go on with the command; otherwise how the program ends. */
static int
take_options(struct ctl *ctl, int argc, char *argv[])
{
	bool help = false;
	int c;

	while (
	    (c = getopt_long(argc, argv, "c:s:hV", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			ctl->configuration = optarg;
			break;
		case 's':
			ctl->server = optarg;
			break;
		case 'j':
			ctl->json = true;
			break;
		case 'k':
			ctl->check = true;
			break;
		case 'h':
			help = true;
			break;
		case 'V':
			puts("dhcpfoctl " DHCPFO_VERSION);
			return CTL_OK;
		default:
			/* getopt has said what is wrong. */
			return CTL_USAGE;
		}
	}
	if (help && optind < argc)
		return (int)explain(argv[optind]);
	if (help)
		return (int)command_help(ctl, 0, NULL);
	if (optind < argc)
		return -1;
	print_usage(stderr);
	return CTL_USAGE;
}

int
main(int argc, char *argv[])
{
	struct ctl ctl = { .configuration = getenv("DHCPFO_CONF") };
	int code;

	/* As the library has it. */
	if (ctl.configuration == NULL)
		ctl.configuration = DHCPFO_CONF;
	code = take_options(&ctl, argc, argv);
	if (code == -1)
		code = (int)run(&ctl, argc - optind, argv + optind);
	DhcpfoClose();
	conf_free(ctl.conf);
	return (int)finish((enum ctl_exit)code);
}
