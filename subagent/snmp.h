/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snmp.h - Net-SNMP's headers, in the one order that works: its configuration
 * defines feature macros, so it comes before any system header that it is to
 * govern.
 */
#ifndef DHCPFO_SNMP_H
#define DHCPFO_SNMP_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>

/* dhcpFoMIB of DHCP-FAILOVER-MIB, below netSnmpPlaypen. */
#define MIB_ROOT 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 647
#define MIB_ROOT_LENGTH 10

#endif
