/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - texts of others on a terminal: names come from the network, and what
 * a terminal would obey, or is no UTF-8, is shown as \xNN.
 */
#ifndef DHCPFOCTL_TEXT_H
#define DHCPFOCTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

/** Write ${text} to ${file}, cleaned. */
void text_put(FILE *file, const char *text);

/** Number of characters that text_put() writes. */
size_t text_width(const char *text);

#endif
