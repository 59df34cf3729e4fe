/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * respond.h - answers to PDUs of the master, sent into the session that they
 * came in.
 */
#ifndef DHCPFO_RESPOND_H
#define DHCPFO_RESPOND_H

#include "snmp.h"

#include <stdbool.h>

#include "encode.h"

/* What SNMP has no error-status for (RFC 2741 6.2.16). */
#define AGENTX_NOT_OPEN 257
#define AGENTX_UNSUPPORTED_CONTEXT 262
#define AGENTX_PROCESSING_ERROR 268

/* Whom to answer, later perhaps. */
struct respond_to {
	struct encode_address address;
	unsigned int session; /* counted */
};

/** Answers go to ${session} from now on; NULL: it has ended. */
void respond_session(netsnmp_session *session);

/** Is the session that ${to} came in still open? */
bool respond_is_open(const struct respond_to *to);

/** Note whom to answer of ${pdu}, which has just come. */
void respond_address(struct respond_to *to, const netsnmp_pdu *pdu);

/** Begin the answer to ${pdu}, which has just come: a Response without error.
 */
struct encoder *respond_begin(const netsnmp_pdu *pdu);

/**
 * Send what respond_begin() began.  Blocks no longer than two seconds for a
 * master that does not read; the session is over then.
 */
void respond_end(void);

/** Answer with a status only; nobody, when that session is no longer open. */
void respond_status(const struct respond_to *to, long status, long index);

/** Free what is kept from one answer to the next. */
void respond_free(void);

#endif
