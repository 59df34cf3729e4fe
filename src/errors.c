/* SPDX-License-Identifier: BSD-2-Clause */
/* What the error codes are called, and what they mean. */
#include <stdlib.h>

#include "dhcpsapi.h"
#include "failover.h"

/* Sorted by number. */
/* clang-format off */
static const struct known_error {
	DWORD number;
	const char *name, *text;
} errors[] = {
/* A row holds the name itself, so that number and name cannot differ. */
#define ROW(name, text) { name, #name, text }
	ROW(ERROR_SUCCESS,
	    "The call succeeded."),
	ROW(ERROR_FILE_NOT_FOUND,
	    "The file, or any relationship at all, does not exist."),
	ROW(ERROR_ACCESS_DENIED,
	    "The caller may not do this."),
	ROW(ERROR_NOT_ENOUGH_MEMORY,
	    "There is not enough memory."),
	ROW(ERROR_WRITE_PROTECT,
	    "The data can only be read, not changed."),
	ROW(ERROR_GEN_FAILURE,
	    "The server failed for a reason that no other code describes."),
	ROW(ERROR_NOT_SUPPORTED,
	    "This type of server cannot do this."),
	ROW(ERROR_INVALID_PARAMETER,
	    "An argument is missing or out of its range."),
	ROW(ERROR_DISK_FULL,
	    "There is no space left on the disk."),
	ROW(ERROR_BUSY,
	    "Something else is using it; try again later."),
	ROW(ERROR_MORE_DATA,
	    "There is more: call again with the resume handle."),
	ROW(ERROR_NO_MORE_ITEMS,
	    "There is nothing (more) to list."),
	ROW(ERROR_OPERATION_ABORTED,
	    "The operation was given up before it was done."),
	ROW(ERROR_IO_PENDING,
	    "The operation still runs; its outcome is not known yet."),
	ROW(ERROR_FILE_CORRUPT,
	    "The file is damaged, or of a kind that cannot be read."),
	ROW(ERROR_TIMEOUT,
	    "The server did not answer in time."),
	ROW(RPC_S_UNKNOWN_IF,
	    "The server does not offer DHCP management over RPC."),
	ROW(RPC_S_SERVER_UNAVAILABLE,
	    "The server cannot be reached over RPC."),
	ROW(RPC_S_CALL_FAILED,
	    "The remote call broke off; it may or may not have been done."),
	ROW(RPC_S_CALL_FAILED_DNE,
	    "The remote call broke off and was not done."),
	ROW(RPC_S_PROCNUM_OUT_OF_RANGE,
	    "The server is too old to know this call."),
	ROW(EPT_S_NOT_REGISTERED,
	    "No DHCP service is registered with the server's RPC mapper."),
	ROW(RPC_X_NULL_REF_POINTER,
	    "The remote call lacked an argument that must not be NULL."),
	ROW(RPC_X_BAD_STUB_DATA,
	    "The data of the remote call could not be decoded."),
	ROW(ERROR_DHCP_SUBNET_NOT_PRESENT,
	    "The scope does not exist on the server."),
	ROW(ERROR_DHCP_ELEMENT_CANT_REMOVE,
	    "The element is in use and cannot be removed from its scope."),
	ROW(ERROR_DHCP_JET_ERROR,
	    "The server's database failed."),
	ROW(ERROR_DHCP_INVALID_DHCP_CLIENT,
	    "The server knows no such DHCP client."),
	ROW(ERROR_DHCP_SERVICE_PAUSED,
	    "The server's DHCP service is paused."),
	ROW(ERROR_SCOPE_RANGE_POLICY_RANGE_CONFLICT,
	    "The scope's range does not agree with the range of a policy."),
	ROW(ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP,
	    "A scope is already in a failover relationship."),
	ROW(ERROR_DHCP_FO_RELATIONSHIP_EXISTS,
	    "There already is a failover relationship of this name."),
	ROW(ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST,
	    "There is no failover relationship of this name."),
	ROW(ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP,
	    "The scope is not in the failover relationship."),
	ROW(ERROR_DHCP_FO_RELATION_IS_SECONDARY,
	    "Only the primary server of the relationship can do this."),
	ROW(ERROR_DHCP_FO_NOT_SUPPORTED,
	    "The server does not support failover."),
	ROW(ERROR_DHCP_FO_TIME_OUT_OF_SYNC,
	    "The clocks of the two servers differ too much."),
	ROW(ERROR_DHCP_FO_STATE_NOT_NORMAL,
	    "The relationship is not in the state NORMAL."),
	ROW(ERROR_DHCP_NO_ADMIN_PERMISSION,
	    "The caller is not an administrator of that server."),
	ROW(ERROR_DHCP_SERVER_NOT_REACHABLE,
	    "The DHCP server cannot be reached."),
	ROW(ERROR_DHCP_SERVER_NOT_RUNNING,
	    "The DHCP service does not run on that server."),
	ROW(ERROR_DHCP_SERVER_NAME_NOT_RESOLVED,
	    "The name of the DHCP server could not be resolved."),
	ROW(ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG,
	    "The name of the relationship has more than 126 characters."),
	ROW(ERROR_DHCP_REACHED_END_OF_SELECTION,
	    "The search for free addresses came to the end of the range."),
	ROW(ERROR_DHCP_FO_ADDSCOPE_LEASES_NOT_SYNCED,
	    "The leases of the added scopes did not reach the partner."),
	ROW(ERROR_DHCP_FO_MAX_RELATIONSHIPS,
	    "The server has as many relationships as it can hold."),
	ROW(ERROR_DHCP_FO_IPRANGE_TYPE_CONV_ILLEGAL,
	    "A scope in a relationship cannot be changed to serve BOOTP."),
	ROW(ERROR_DHCP_FO_MAX_ADD_SCOPES,
	    "One call cannot add more than 400 scopes."),
	ROW(ERROR_DHCP_FO_BOOT_NOT_SUPPORTED,
	    "A scope that serves BOOTP cannot be in a relationship."),
	ROW(ERROR_DHCP_FO_RANGE_PART_OF_REL,
	    "The range of a scope in a relationship cannot be removed."),
	ROW(ERROR_DHCP_FO_SCOPE_SYNC_IN_PROGRESS,
	    "The two servers are still exchanging their leases."),
	ROW(ERROR_DHCP_FO_FEATURE_NOT_SUPPORTED,
	    "The partner does not support a feature that is needed."),
	ROW(ERROR_LAST_DHCP_SERVER_ERROR,
	    "This code only marks the end of the DHCP server's errors."),
#undef ROW
};
/* clang-format on */

static int
compare_number(const void *number, const void *row)
{
	DWORD a = *(const DWORD *)number;
	DWORD b = ((const struct known_error *)row)->number;

	return (a > b) - (a < b);
}

static const struct known_error *
find(DWORD number)
{
	return bsearch(&number, errors, nitems(errors), sizeof(errors[0]),
	    compare_number);
}

const char *
DhcpfoErrorName(DWORD error)
{
	const struct known_error *known = find(error);

	return known == NULL ? "ERROR_UNKNOWN" : known->name;
}

const char *
DhcpfoErrorText(DWORD error)
{
	const struct known_error *known = find(error);

	return known == NULL ? "The server returned a code that is not known." :
			       known->text;
}
