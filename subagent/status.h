/* SPDX-License-Identifier: BSD-2-Clause */
/* status.h - from what a change was told to SNMP's error-status (RFC 3416). */
#ifndef DHCPFO_STATUS_H
#define DHCPFO_STATUS_H

#include "change.h"

/** The error-status for ${verdict}; SNMP_ERR_NOERROR for CHANGE_OK. */
int status_of(const struct change_verdict *verdict);

#endif
