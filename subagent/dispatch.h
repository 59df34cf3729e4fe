/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dispatch.h - AgentX PDUs of our subtree, answered by ourselves (RFC 2741 7.2).
 *
 * Net-SNMP owns the session: it opens, registers, pings, reconnects, decodes and
 * encodes.  Its own request engine, which would answer a SET that takes longer
 * than a second with an error, is never reached: the session's callback is
 * taken over, and passes on what is not a request.
 */
#ifndef DHCPFO_DISPATCH_H
#define DHCPFO_DISPATCH_H

#include "snmp.h"

#include "scalars.h"

/** Answer for ${scalars}; a SET is answered within ${deadline} milliseconds. */
void dispatch_init(struct scalars *scalars, uint32_t deadline);

/** A session has begun, or has ended: from Net-SNMP's callbacks. */
void dispatch_session_began(netsnmp_session *session);
void dispatch_session_ended(netsnmp_session *session);

/** Forget every SET that is open.  After that nothing may arrive. */
void dispatch_end(void);

#endif
