/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dhcpsapi.h"
#include "failover.h"

/* clang-format off */
#define EVERY(X)                                                               \
	X(ERROR_SUCCESS)                                                       \
	X(ERROR_FILE_NOT_FOUND)                                                \
	X(ERROR_ACCESS_DENIED)                                                 \
	X(ERROR_NOT_ENOUGH_MEMORY)                                             \
	X(ERROR_WRITE_PROTECT)                                                 \
	X(ERROR_GEN_FAILURE)                                                   \
	X(ERROR_NOT_SUPPORTED)                                                 \
	X(ERROR_INVALID_PARAMETER)                                             \
	X(ERROR_DISK_FULL)                                                     \
	X(ERROR_BUSY)                                                          \
	X(ERROR_MORE_DATA)                                                     \
	X(ERROR_NO_MORE_ITEMS)                                                 \
	X(ERROR_OPERATION_ABORTED)                                             \
	X(ERROR_IO_PENDING)                                                    \
	X(ERROR_FILE_CORRUPT)                                                  \
	X(ERROR_TIMEOUT)                                                       \
	X(RPC_S_UNKNOWN_IF)                                                    \
	X(RPC_S_SERVER_UNAVAILABLE)                                            \
	X(RPC_S_CALL_FAILED)                                                   \
	X(RPC_S_CALL_FAILED_DNE)                                               \
	X(RPC_S_PROCNUM_OUT_OF_RANGE)                                          \
	X(EPT_S_NOT_REGISTERED)                                                \
	X(RPC_X_NULL_REF_POINTER)                                              \
	X(RPC_X_BAD_STUB_DATA)                                                 \
	X(ERROR_DHCP_SUBNET_NOT_PRESENT)                                       \
	X(ERROR_DHCP_ELEMENT_CANT_REMOVE)                                      \
	X(ERROR_DHCP_JET_ERROR)                                                \
	X(ERROR_DHCP_INVALID_DHCP_CLIENT)                                      \
	X(ERROR_DHCP_SERVICE_PAUSED)                                           \
	X(ERROR_SCOPE_RANGE_POLICY_RANGE_CONFLICT)                             \
	X(ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP)                         \
	X(ERROR_DHCP_FO_RELATIONSHIP_EXISTS)                                   \
	X(ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST)                           \
	X(ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP)                             \
	X(ERROR_DHCP_FO_RELATION_IS_SECONDARY)                                 \
	X(ERROR_DHCP_FO_NOT_SUPPORTED)                                         \
	X(ERROR_DHCP_FO_TIME_OUT_OF_SYNC)                                      \
	X(ERROR_DHCP_FO_STATE_NOT_NORMAL)                                      \
	X(ERROR_DHCP_NO_ADMIN_PERMISSION)                                      \
	X(ERROR_DHCP_SERVER_NOT_REACHABLE)                                     \
	X(ERROR_DHCP_SERVER_NOT_RUNNING)                                       \
	X(ERROR_DHCP_SERVER_NAME_NOT_RESOLVED)                                 \
	X(ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG)                            \
	X(ERROR_DHCP_REACHED_END_OF_SELECTION)                                 \
	X(ERROR_DHCP_FO_ADDSCOPE_LEASES_NOT_SYNCED)                            \
	X(ERROR_DHCP_FO_MAX_RELATIONSHIPS)                                     \
	X(ERROR_DHCP_FO_IPRANGE_TYPE_CONV_ILLEGAL)                             \
	X(ERROR_DHCP_FO_MAX_ADD_SCOPES)                                        \
	X(ERROR_DHCP_FO_BOOT_NOT_SUPPORTED)                                    \
	X(ERROR_DHCP_FO_RANGE_PART_OF_REL)                                     \
	X(ERROR_DHCP_FO_SCOPE_SYNC_IN_PROGRESS)                                \
	X(ERROR_DHCP_FO_FEATURE_NOT_SUPPORTED)                                 \
	X(ERROR_LAST_DHCP_SERVER_ERROR)
/* clang-format on */

#define COMMA(name) name,
#define SPELT(name) \
	case name:  \
		return #name;

static const enum dhcp_error every[] = { EVERY(COMMA) };

/* The compiler tells, with -Wswitch, when EVERY lacks an enumerator. */
static const char *
spelt(enum dhcp_error error)
{
	switch (error) {
		EVERY(SPELT)
	}
	return NULL;
}

static void
name__of_every_code__is_its_enumerator(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(every); i++)
		assert_string_equal(DhcpfoErrorName(every[i]), spelt(every[i]));
}

static void
name__of_a_code_between_two__is_unknown(void **state)
{
	(void)state;
	assert_string_equal(DhcpfoErrorName(1), "ERROR_UNKNOWN");
	assert_string_equal(DhcpfoErrorName(20135), "ERROR_UNKNOWN");
	assert_string_equal(DhcpfoErrorName(20140), "ERROR_UNKNOWN");
	assert_string_equal(DhcpfoErrorName(0xFFFFFFFF), "ERROR_UNKNOWN");
}

static void
text__of_every_code__is_one_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(every); i++) {
		const char *text = DhcpfoErrorText(every[i]);

		assert_true(isupper((unsigned char)text[0]));
		assert_ptr_equal(strchr(text, '.'), text + strlen(text) - 1);
	}
}

static void
text__of_every_code__is_its_own(void **state)
{
	const char *unknown = DhcpfoErrorText(1);

	(void)state;
	for (size_t i = 0; i < nitems(every); i++) {
		const char *text = DhcpfoErrorText(every[i]);

		assert_string_not_equal(text, unknown);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(text,
			    DhcpfoErrorText(every[j]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name__of_every_code__is_its_enumerator),
		cmocka_unit_test(name__of_a_code_between_two__is_unknown),
		cmocka_unit_test(text__of_every_code__is_one_sentence),
		cmocka_unit_test(text__of_every_code__is_its_own),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
