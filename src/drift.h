/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drift.h - a relationship lives on two servers, each with a copy of its own.
 * Where both are managed here, this tells in what the copies differ, and what
 * state the partner is in.
 */
#ifndef DHCPFO_DRIFT_H
#define DHCPFO_DRIFT_H

#include "roster.h"

/** ${server} has listed its relationships: compare each with its partner. */
void drift_compare(struct managed *server);

/** The same for ${row} alone, which has changed. */
void drift_compare_row(struct managed *server, struct snapshot_row *row);

#endif
