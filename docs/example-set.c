/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * example-set.c - give a relationship another MCLT and another mode, in one
 * call:  example-set RELATIONSHIP
 *
 * Link with libdhcpfo.a and the libraries it needs:
 * cc -Isrc docs/example-set.c build/libdhcpfo.a \
 *     -lsqlite3 -linih -ljansson -lpthread
 */
#include <stdio.h>

#include "dhcpsapi.h"

int
main(int argc, char *argv[])
{
	DHCP_FAILOVER_RELATIONSHIP wanted = { 0 };
	DWORD error;

	if (argc != 2) {
		fprintf(stderr, "usage: example-set RELATIONSHIP\n");
		return 2;
	}

	/* The flags say which members count; the others are ignored. */
	wanted.RelationshipName = argv[1];
	wanted.Mclt = 1800;
	wanted.Mode = HotStandby;
	error = DhcpV4FailoverSetRelationship(NULL, MCLT | MODE, &wanted);

	printf("%s: %s\n", argv[1], DhcpfoErrorName(error));
	DhcpfoClose();
	return error == ERROR_SUCCESS ? 0 : 1;
}
