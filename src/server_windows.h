/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_windows.h - the DHCP service of a Windows server (2012 and later), by
 * the RPC that its own console uses (MS-DHCPM 3.2.4.90-101).  A helper program
 * does the calls: dhcpfod does not link what they take.
 */
#ifndef DHCPFO_SERVER_WINDOWS_H
#define DHCPFO_SERVER_WINDOWS_H

#include "server.h"

extern const struct failover_server_type failover_server_windows;

#endif
