/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * servers.h - which server a command is for, and the ways to talk to it.
 */
#ifndef DHCPFOCTL_SERVERS_H
#define DHCPFOCTL_SERVERS_H

#include "conf.h"

#include "ctl.h"

/** Read the configuration; CTL_FAILED after a message. */
enum ctl_exit servers_read(struct ctl *ctl);

/**
 * The server that -s means by its name, its address or its number; the first
 * one without -s; NULL after a message.  Reads the configuration first.
 */
const struct conf_server *servers_wanted(struct ctl *ctl);

/**
 * The same, and have the API (dhcpsapi.h) use the configuration, where the name
 * of what is returned stands for the server.
 */
const struct conf_server *servers_for_api(struct ctl *ctl);

/** A handle of our own for ${server}; NULL after a message. */
struct failover_server *servers_open(const struct conf_server *server);

#endif
