/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.h - takes PDUs that Net-SNMP cannot decode out of what the master
 * sends.
 *
 * Net-SNMP 5.9 reads a PDU of more than 65,536 octets to its end, and then
 * drops it without a word: the master sends it six times, serves nobody until
 * its patience ends, and ends the session.  One SNMP request of some 1,000
 * names becomes such a PDU.  Here it is told of instead, so that it can be
 * answered; no more of it than its header is kept.
 */
#ifndef DHCPFO_STREAM_H
#define DHCPFO_STREAM_H

#include "snmp.h"

#include <stdint.h>

/* Of a PDU, its header included; ENCODE_MAX is the same the other way. */
#define STREAM_MAX 65536u

/**
 * Read ${transport}, of which no PDU has been read in part, by way of this.
 * When a PDU of more than STREAM_MAX octets has come to its end, ${too_long}
 * gets its ${octets}, and a ${pdu} with what its header says, which lives for
 * the call.  A length beyond INT32_MAX ends the connection.
 */
void stream_watch(netsnmp_transport *transport,
    void (*too_long)(const netsnmp_pdu *pdu, uint32_t octets));

#endif
