/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_kea.h - the server type "kea": ISC Kea DHCPv4 2.2 or later with its
 * high availability hook, by its control socket on this host.
 */
#ifndef DHCPFO_SERVER_KEA_H
#define DHCPFO_SERVER_KEA_H

#include "server.h"

extern const struct failover_server_type failover_server_kea;

#endif
