/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transaction.h - SETs from TestSet to CleanupSet (RFC 2741 7.2.4), each
 * answered once per PDU, in whatever order they come and whatever gets lost.
 */
#ifndef DHCPFO_TRANSACTION_H
#define DHCPFO_TRANSACTION_H

#include "snmp.h"

#include <stdint.h>

#include "scalars.h"

/** SETs for ${scalars}; each is answered within ${deadline} milliseconds. */
void transaction_init(struct scalars *scalars, uint32_t deadline);

/** A TestSet, whose octets are wiped: they may be a secret. */
void transaction_test(netsnmp_pdu *pdu);

/** The PDUs that go on with it.  A duplicate is answered like the first. */
void transaction_commit(const netsnmp_pdu *pdu);
void transaction_undo(const netsnmp_pdu *pdu);
void transaction_cleanup(const netsnmp_pdu *pdu);

/**
 * The session is over: after two seconds, in which an UndoSet may still be
 * read, its open SETs are left as they are.
 */
void transaction_session_ended(void);

/** Forget every SET that is open. */
void transaction_end(void);

#endif
