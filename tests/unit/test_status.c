/* SPDX-License-Identifier: BSD-2-Clause */
/* From verdicts to error-status, as the README and the MIB promise. */
#include "snmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    verdicts__without_a_servers_answer__have_a_status_each),
		cmocka_unit_test(
		    refusals__of_a_server__have_the_status_that_tells_what_to_do),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
