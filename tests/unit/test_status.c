/* SPDX-License-Identifier: BSD-2-Clause */
/* From verdicts to error-status, as the README and the MIB promise. */
#include "snmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status.h"

static int
status(enum change_error error, enum dhcp_error result)
{
	const struct change_verdict verdict = { error, result, 0 };

	return status_of(&verdict);
}

static void
verdicts__without_a_servers_answer__have_a_status_each(void **state)
{
	(void)state;
	assert_int_equal(status(CHANGE_OK, 0), SNMP_ERR_NOERROR);
	assert_int_equal(status(CHANGE_CONFLICT, 0),
	    SNMP_ERR_INCONSISTENTVALUE);
	assert_int_equal(status(CHANGE_NO_ROW, 0), SNMP_ERR_INCONSISTENTNAME);
	assert_int_equal(status(CHANGE_NO_CREATION, 0), SNMP_ERR_NOCREATION);
	assert_int_equal(status(CHANGE_NOT_WRITABLE, 0), SNMP_ERR_NOTWRITABLE);
	assert_int_equal(status(CHANGE_BUSY, 0), SNMP_ERR_RESOURCEUNAVAILABLE);
	assert_int_equal(status(CHANGE_NO_MEMORY, 0),
	    SNMP_ERR_RESOURCEUNAVAILABLE);
	assert_int_equal(status(CHANGE_UNDO_FAILED, 0), SNMP_ERR_UNDOFAILED);
}

static void
refusals__of_a_server__have_the_status_that_tells_what_to_do(void **state)
{
	static const struct {
		enum dhcp_error result;
		int status;
	} cases[] = {
		{ ERROR_FILE_NOT_FOUND, SNMP_ERR_INCONSISTENTNAME },
		{ ERROR_ACCESS_DENIED, SNMP_ERR_NOACCESS },
		{ ERROR_NOT_ENOUGH_MEMORY, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_WRITE_PROTECT, SNMP_ERR_COMMITFAILED },
		{ ERROR_GEN_FAILURE, SNMP_ERR_COMMITFAILED },
		{ ERROR_NOT_SUPPORTED, SNMP_ERR_NOTWRITABLE },
		{ ERROR_INVALID_PARAMETER, SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DISK_FULL, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_BUSY, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_FILE_CORRUPT, SNMP_ERR_COMMITFAILED },
		{ ERROR_TIMEOUT, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ RPC_S_SERVER_UNAVAILABLE, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ RPC_S_CALL_FAILED, SNMP_ERR_COMMITFAILED },
		{ ERROR_DHCP_SUBNET_NOT_PRESENT, SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DHCP_JET_ERROR, SNMP_ERR_COMMITFAILED },
		{ ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP,
		    SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DHCP_FO_RELATIONSHIP_EXISTS,
		    SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST,
		    SNMP_ERR_INCONSISTENTNAME },
		{ ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP,
		    SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DHCP_FO_STATE_NOT_NORMAL, SNMP_ERR_INCONSISTENTVALUE },
		{ ERROR_DHCP_NO_ADMIN_PERMISSION, SNMP_ERR_NOACCESS },
		{ ERROR_DHCP_SERVER_NOT_REACHABLE,
		    SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_DHCP_FO_MAX_RELATIONSHIPS,
		    SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_DHCP_FO_MAX_ADD_SCOPES, SNMP_ERR_RESOURCEUNAVAILABLE },
		{ ERROR_DHCP_FO_FEATURE_NOT_SUPPORTED, SNMP_ERR_NOTWRITABLE },
		/* One that nobody has heard of. */
		{ (enum dhcp_error)424242, SNMP_ERR_COMMITFAILED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < nitems(cases); i++)
		if (status(CHANGE_FAILED, cases[i].result) != cases[i].status)
			fail_msg("%u: %d", cases[i].result,
			    status(CHANGE_FAILED, cases[i].result));
}

/* Without a default, so that a new code does not get here unseen. */
static int
expected(enum dhcp_error result)
{
	switch (result) {
	case ERROR_ACCESS_DENIED:
	case ERROR_DHCP_NO_ADMIN_PERMISSION:
		/* The caller may not. */
		return SNMP_ERR_NOACCESS;
	case ERROR_NOT_SUPPORTED:
	case ERROR_DHCP_FO_NOT_SUPPORTED:
	case ERROR_DHCP_FO_FEATURE_NOT_SUPPORTED:
		/* Not on this server, and not later either. */
		return SNMP_ERR_NOTWRITABLE;
	case ERROR_FILE_NOT_FOUND:
	case ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST:
		/* There is no such relationship. */
		return SNMP_ERR_INCONSISTENTNAME;
	case ERROR_INVALID_PARAMETER:
	case ERROR_DHCP_SUBNET_NOT_PRESENT:
	case ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP:
	case ERROR_DHCP_FO_RELATIONSHIP_EXISTS:
	case ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP:
	case ERROR_DHCP_FO_RELATION_IS_SECONDARY:
	case ERROR_DHCP_FO_TIME_OUT_OF_SYNC:
	case ERROR_DHCP_FO_STATE_NOT_NORMAL:
	case ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG:
	case ERROR_DHCP_FO_ADDSCOPE_LEASES_NOT_SYNCED:
	case ERROR_DHCP_FO_IPRANGE_TYPE_CONV_ILLEGAL:
	case ERROR_DHCP_FO_BOOT_NOT_SUPPORTED:
	case ERROR_DHCP_FO_RANGE_PART_OF_REL:
	case ERROR_DHCP_FO_SCOPE_SYNC_IN_PROGRESS:
		/* Not in this state, or not together with what is there. */
		return SNMP_ERR_INCONSISTENTVALUE;
	case ERROR_NOT_ENOUGH_MEMORY:
	case ERROR_DISK_FULL:
	case ERROR_BUSY:
	case ERROR_TIMEOUT:
	case RPC_S_SERVER_UNAVAILABLE:
	case RPC_S_CALL_FAILED_DNE:
	case EPT_S_NOT_REGISTERED:
	case ERROR_DHCP_SERVICE_PAUSED:
	case ERROR_DHCP_SERVER_NOT_REACHABLE:
	case ERROR_DHCP_SERVER_NOT_RUNNING:
	case ERROR_DHCP_SERVER_NAME_NOT_RESOLVED:
	case ERROR_DHCP_FO_MAX_RELATIONSHIPS:
	case ERROR_DHCP_FO_MAX_ADD_SCOPES:
		/* A limit, or a server that cannot be asked now. */
		return SNMP_ERR_RESOURCEUNAVAILABLE;
	case ERROR_SUCCESS:
	case ERROR_WRITE_PROTECT:
	case ERROR_GEN_FAILURE:
	case ERROR_MORE_DATA:
	case ERROR_NO_MORE_ITEMS:
	case ERROR_OPERATION_ABORTED:
	case ERROR_IO_PENDING:
	case ERROR_FILE_CORRUPT:
	case RPC_S_UNKNOWN_IF:
	case RPC_S_CALL_FAILED:
	case RPC_S_PROCNUM_OUT_OF_RANGE:
	case RPC_X_NULL_REF_POINTER:
	case RPC_X_BAD_STUB_DATA:
	case ERROR_DHCP_ELEMENT_CANT_REMOVE:
	case ERROR_DHCP_JET_ERROR:
	case ERROR_DHCP_INVALID_DHCP_CLIENT:
	case ERROR_SCOPE_RANGE_POLICY_RANGE_CONFLICT:
	case ERROR_DHCP_REACHED_END_OF_SELECTION:
	case ERROR_LAST_DHCP_SERVER_ERROR:
		break;
	}
	return SNMP_ERR_COMMITFAILED;
}

static void
refusals__with_every_code__have_the_status_that_the_design_says(void **state)
{
	uint32_t code;

	(void)state;
	for (code = 0; code <= UINT16_MAX; code++)
		if (status(CHANGE_FAILED, (enum dhcp_error)code) !=
		    expected((enum dhcp_error)code))
			fail_msg("%s: %d", DhcpfoErrorName(code),
			    status(CHANGE_FAILED, (enum dhcp_error)code));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    verdicts__without_a_servers_answer__have_a_status_each),
		cmocka_unit_test(
		    refusals__of_a_server__have_the_status_that_tells_what_to_do),
		cmocka_unit_test(
		    refusals__with_every_code__have_the_status_that_the_design_says),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
