/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msdhcpm.h - the fail-over methods of MS-DHCPM (interface dhcpsrv2) in NDR:
 * what a call sends, and what its answer says.
 *
 * Whether a request could be written is said by its writer.  An answer is read
 * into the reader's arena; the result is success, or RPC_X_BAD_STUB_DATA when
 * it is not such an answer, or that there is no memory.  ${status} is what the
 * method itself says, only then.
 */
#ifndef DHCPFO_MSDHCPM_H
#define DHCPFO_MSDHCPM_H

#include <stdint.h>

#include "dhcpsapi.h"
#include "ndr.h"

/* MS-DHCPM 3.2.4: number of the operation. */
enum msdhcpm_op {
	MSDHCPM_CREATE = 89,
	MSDHCPM_SET = 90,
	MSDHCPM_DELETE = 91,
	MSDHCPM_GET = 92,
	MSDHCPM_ENUM = 93,
	MSDHCPM_ADD_SCOPES = 94,
	MSDHCPM_DELETE_SCOPES = 95,
	MSDHCPM_SCOPE_RELATIONSHIP = 96,
	MSDHCPM_SCOPE_STATISTICS = 97,
	MSDHCPM_SYSTEM_TIME = 99,
	MSDHCPM_TRIGGER_ALLOCATION = 100,
	MSDHCPM_ADDRESS_STATUS = 125
};

/* ---- requests, by what their arguments are ---- */

/** 89, 94, 95 */
void msdhcpm_ask_relationship(struct ndr_writer *writer,
    const DHCP_FAILOVER_RELATIONSHIP *rel);
/** 90: the name and the members that ${flags} names; the others are zero. */
void msdhcpm_ask_set(struct ndr_writer *writer, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel);
/** 91, 92, 100 */
void msdhcpm_ask_name(struct ndr_writer *writer, const char *name);
/** 93 */
void msdhcpm_ask_enum(struct ndr_writer *writer, DWORD resume, DWORD most);
/** 96, 97, 125 */
void msdhcpm_ask_address(struct ndr_writer *writer, DHCP_IP_ADDRESS address);
/** 99 */
void msdhcpm_ask_nothing(struct ndr_writer *writer);

/* ---- answers ---- */

/** 89, 90, 91, 94, 95, 100 */
enum dhcp_error msdhcpm_read_status(struct ndr_reader *reader, DWORD *status);
/** 92, 96: ${*rel} is NULL unless ${*status} is success. */
enum dhcp_error msdhcpm_read_relationship(struct ndr_reader *reader,
    DHCP_FAILOVER_RELATIONSHIP **rel, DWORD *status);
/** 93: of the two counts only that of the array itself can be relied on. */
enum dhcp_error msdhcpm_read_enum(struct ndr_reader *reader, DWORD *resume,
    DHCP_FAILOVER_RELATIONSHIP_ARRAY *array, DWORD *status);
/** 97: zero unless ${*status} is success. */
enum dhcp_error msdhcpm_read_statistics(struct ndr_reader *reader,
    DHCP_FAILOVER_STATISTICS *stats, DWORD *status);
/**
 * 99: the specification has one value and dhcpsapi.dll two, so the length
 * decides; ${*max_delta} is 0 when it is not told.
 */
enum dhcp_error msdhcpm_read_time(struct ndr_reader *reader, DWORD *now,
    DWORD *max_delta, DWORD *status);
/** 125 */
enum dhcp_error
msdhcpm_read_number(struct ndr_reader *reader, DWORD *number, DWORD *status);

/**
 * What ${status} of operation ${op} means.  The specification prints other
 * numbers than the Windows SDK; both are understood where that is possible.
 */
enum dhcp_error msdhcpm_error(enum msdhcpm_op op, DWORD status);

#endif
