/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctl.h - what the commands of dhcpfoctl share.
 */
#ifndef DHCPFOCTL_CTL_H
#define DHCPFOCTL_CTL_H

#include <stdbool.h>

struct conf;
struct conf_server;

/* How dhcpfoctl ends. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1, /* refused, or it did not work */
	CTL_USAGE = 2 /* the command line cannot be meant like this */
};

struct ctl {
	const char *configuration; /* path */
	const char *server; /* as -s says, or NULL */
	bool json, check;
	struct conf *conf; /* NULL until servers_read() */
};

/*
 * The commands.  ${argc} counts ${argv}, which begins behind the command; the
 * table in main.c has checked that it is neither too short nor too long.
 */
enum ctl_exit command_list(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_show(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_set(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_create(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_delete(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_scope(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_oid(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_dump(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_probe(struct ctl *, int argc, char *argv[]);
enum ctl_exit command_load(struct ctl *, int argc, char *argv[]);

#endif
