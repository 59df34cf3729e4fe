/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_local.h - the embedded server: relationships in an SQLite file, with
 * the checks of MS-DHCPM 3.2.4.90-101 in their order.  Every change is durable
 * (WAL, synchronous=FULL) before its call returns.
 */
#ifndef DHCPFO_SERVER_LOCAL_H
#define DHCPFO_SERVER_LOCAL_H

#include "server.h"

extern const struct failover_server_type failover_server_local;

#endif
