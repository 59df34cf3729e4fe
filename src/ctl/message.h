/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.h - what dhcpfoctl says on standard error, and how it gives up.
 */
#ifndef DHCPFOCTL_MESSAGE_H
#define DHCPFOCTL_MESSAGE_H

#include "dhcpsapi.h"

#include "ctl.h"

/** Print "dhcpfoctl: " and the message, without control characters. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same for a command line that cannot be meant; returns CTL_USAGE. */
enum ctl_exit
misused(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Say that ${verb} failed for ${name} with ${error}, by its name and in a
 * sentence; returns CTL_FAILED, or CTL_OK without a word for success.
 */
enum ctl_exit outcome(const char *verb, const char *name, DWORD error);

/**
 * The same of a call that changes something: say also when nobody knows whether
 * it was done.
 */
enum ctl_exit
outcome_of_change(const char *verb, const char *name, DWORD error);

/** ${memory}, unless that is NULL: then the program ends. */
void *must(void *memory);

#endif
