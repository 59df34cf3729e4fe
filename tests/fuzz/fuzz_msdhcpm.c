/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers of a server: the first octet says to which method, the others are the
 * stub.  A relationship that could be read must come back the same when it is
 * sent and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "failover.h"
#include "msdhcpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_text(const char *a, const char *b)
{
	if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
		abort();
}

static void
check_round_trip(const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	struct ndr_writer writer = { .at = NULL };
	struct arena arena = { .blocks = NULL };
	struct ndr_reader reader = { .arena = &arena };
	DHCP_FAILOVER_RELATIONSHIP *again;
	DWORD status;

	/* A request of a Create is the server and the relationship. */
	msdhcpm_ask_relationship(&writer, rel);
	ndr_put_u32(&writer, 0);
	if (writer.error != ERROR_SUCCESS)
		abort();
	writer.at[0] = 1; /* the server's pointer becomes that to it */
	reader.at = writer.at;
	reader.n = writer.n;
	if (msdhcpm_read_relationship(&reader, &again, &status) !=
		ERROR_SUCCESS ||
	    !failover_equal(rel, again, FAILOVER_SET_ALL) ||
	    failover_scope_count(rel) != failover_scope_count(again))
		abort();
	same_text(rel->RelationshipName, again->RelationshipName);
	same_text(rel->PrimaryServerName, again->PrimaryServerName);
	same_text(rel->SecondaryServerName, again->SecondaryServerName);
	arena_free(&arena, 0);
	ndr_writer_free(&writer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { .blocks = NULL };
	struct ndr_reader reader = { .arena = &arena };
	DHCP_FAILOVER_RELATIONSHIP_ARRAY array;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	DHCP_FAILOVER_STATISTICS stats;
	DWORD a, b, status;

	if (size == 0)
		return 0;
	reader.at = data + 1;
	reader.n = size - 1;
	switch (data[0] % 6) {
	case 0:
		msdhcpm_read_status(&reader, &status);
		break;
	case 1:
		if (msdhcpm_read_relationship(&reader, &rel, &status) ==
			ERROR_SUCCESS &&
		    rel != NULL)
			check_round_trip(rel);
		break;
	case 2:
		if (msdhcpm_read_enum(&reader, &a, &array, &status) !=
		    ERROR_SUCCESS)
			break;
		for (a = 0; a < array.NumElements; a++)
			check_round_trip(&array.pRelationships[a]);
		break;
	case 3:
		msdhcpm_read_statistics(&reader, &stats, &status);
		break;
	case 4:
		msdhcpm_read_time(&reader, &a, &b, &status);
		break;
	case 5:
		msdhcpm_read_number(&reader, &a, &status);
		break;
	}
	arena_free(&arena, 1);
	return 0;
}
