/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show.h - one relationship for people, a member on a line.
 */
#ifndef DHCPFOCTL_SHOW_H
#define DHCPFOCTL_SHOW_H

#include "rows.h"

/** Print all of ${row}, and the statistics of its scopes. */
void show_row(const struct conf_server *server, const struct row *row);

#endif
