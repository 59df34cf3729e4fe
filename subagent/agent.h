/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agent.h - Net-SNMP's life in this program: its log, its session with the
 * master, our registration, the loop.
 */
#ifndef DHCPFO_AGENT_H
#define DHCPFO_AGENT_H

#include "snmp.h"

#include <stdbool.h>
#include <stdint.h>

/** Send our log to Net-SNMP's, which -L configures.  Before anything logs. */
void agent_log_init(void (*wake)(void));

/** Before all else, and before any thread: it changes the environment. */
void agent_prepare(void);

/**
 * Connect to the master at ${socket} ("": Net-SNMP's default), register, and
 * keep looking for the master every ${ping_interval} seconds when it is away.
 * Returns whether the registration was made; being connected is not needed.
 */
bool agent_start(const char *socket, uint32_t ping_interval);

/** Close the session and free what Net-SNMP holds. */
void agent_stop(void);

/** Handle what has happened, or wait until something does. */
void agent_turn(void);

/** Call ${ready} whenever ${fd} is readable; false: too many. */
bool agent_watch(int fd, void (*ready)(int fd, void *arg));
void agent_unwatch(int fd);

#endif
