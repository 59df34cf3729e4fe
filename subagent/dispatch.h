/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dispatch.h - AgentX PDUs of our subtree, answered by ourselves (RFC
 * 2741 7.2).
 *
 * Net-SNMP owns the session: it opens, registers, pings, reconnects, decodes
 * and encodes.  Its own request engine, which would answer a SET that takes
 * longer than a second with an error, is never reached: the session's callback
 * is taken over, and passes on what is not a request.
 */
#ifndef DHCPFO_DISPATCH_H
#define DHCPFO_DISPATCH_H

#include "snmp.h"

#include <stdbool.h>

#include "scalars.h"

/** Answer for ${scalars}; a SET is answered within ${deadline} milliseconds. */
void dispatch_init(struct scalars *scalars, uint32_t deadline);

/** A session has begun, or has ended: from Net-SNMP's callbacks. */
void dispatch_session_began(netsnmp_session *session);
void dispatch_session_ended(netsnmp_session *session);

/** Has the master sent anything since the last call? */
bool dispatch_heard(void);

/** Ask the master for a sign of life; the answer is heard.  Does not wait. */
void dispatch_ping(void);

/**
 * A handler for the registration.  While Net-SNMP waits for an answer of its
 * own (when it registers) it takes over the session's callback, and what comes
 * in that moment reaches its engine and then this: reads are answered, SETs are
 * told to try again, and the engine gets their CleanupSet.
 */
Netsnmp_Node_Handler dispatch_handler;

/**
 * May a notification be sent now?  Only so many are sent before the master has
 * answered some: its answers and our notifications would fill the socket from
 * both ends, and neither side reads while it writes.
 */
bool dispatch_can_notify(void);

/** Send a notification, whose ${varbinds} are freed; if the above is true. */
void dispatch_notify(netsnmp_variable_list *varbinds);

/** Forget every SET that is open.  After that nothing may arrive. */
void dispatch_end(void);

#endif
