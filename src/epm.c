/* SPDX-License-Identifier: BSD-2-Clause */
#include "epm.h"

/*
 * A tower is a count of floors, each a left and a right side with their lengths
 * in front: interface, transfer syntax, protocol, port, address.  Its integers
 * are little endian but for the port and the address.
 */
#define FLOOR_PORT 3
#define PROTOCOL_TCP 0x07

#define TOWERS_MAX 8u

#define EPT_STATUS_NOT_REGISTERED 0x16C9A0D6u

/* clang-format off */
static const unsigned char tower[] = {
	5, 0,
	/* dhcpsrv2, 5b821720-f63b-11d0-aad2-00c04fc324db, version 1.0 */
	19, 0, 0x0d, 0x20, 0x17, 0x82, 0x5b, 0x3b, 0xf6, 0xd0, 0x11,
	0xaa, 0xd2, 0x00, 0xc0, 0x4f, 0xc3, 0x24, 0xdb, 1, 0, 2, 0, 0, 0,
	/* NDR, 8a885d04-1ceb-11c9-9fe8-08002b104860, version 2.0 */
	19, 0, 0x0d, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
	0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 2, 0, 0, 0,
	1, 0, 0x0b, 2, 0, 0, 0, /* RPC, connection oriented */
	1, 0, PROTOCOL_TCP, 2, 0, 0, 0,
	1, 0, 0x09, 4, 0, 0, 0, 0, 0, /* IP */
};
/* clang-format on */

void
epm_ask(struct ndr_writer *writer)
{
	static const unsigned char no_handle[20];

	ndr_put_pointer(writer, NULL); /* object */
	ndr_put_pointer(writer, tower);
	ndr_put_u32(writer, sizeof(tower));
	ndr_put_u32(writer, sizeof(tower));
	ndr_put_octets(writer, tower, sizeof(tower));
	ndr_put_u32(writer, 0); /* the handle begins aligned */
	ndr_put_octets(writer, no_handle, sizeof(no_handle) - 4);
	ndr_put_u32(writer, TOWERS_MAX);
}

static unsigned int
little(const unsigned char *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

/* The next side of a floor; NULL when there is not all of it. */
static const unsigned char *
next_side(const unsigned char **at, size_t *left, size_t *length)
{
	const unsigned char *side;

	if (*left < 2 || little(*at) > *left - 2)
		return NULL;
	*length = little(*at);
	side = *at + 2;
	*at += 2 + *length;
	*left -= 2 + *length;
	return side;
}

/* The TCP port of the tower of ${left} octets at ${at}; 0: it has none. */
static uint16_t
port_of(const unsigned char *at, size_t left)
{
	const unsigned char *lhs, *rhs;
	size_t llength, rlength;
	int i;

	if (left < 2 || little(at) <= FLOOR_PORT)
		return 0;
	at += 2;
	left -= 2;
	for (i = 0; i <= FLOOR_PORT; i++)
		if ((lhs = next_side(&at, &left, &llength)) == NULL ||
		    (rhs = next_side(&at, &left, &rlength)) == NULL)
			return 0;
	if (llength != 1 || lhs[0] != PROTOCOL_TCP || rlength != 2)
		return 0;
	return (uint16_t)(rhs[0] << 8 | rhs[1]);
}

static uint16_t
read_tower(struct ndr_reader *reader)
{
	uint32_t most = ndr_get_u32(reader), length = ndr_get_u32(reader);
	const unsigned char *at;

	if (length != most)
		ndr_refuse(reader);
	at = ndr_get_octets(reader, length);
	return at != NULL ? port_of(at, length) : 0;
}

enum dhcp_error
epm_read(struct ndr_reader *reader, uint16_t *port)
{
	uint32_t n, status;
	bool present[TOWERS_MAX];
	uint16_t found;

	*port = 0;
	ndr_get_octets(reader, 20); /* the handle */
	ndr_get_u32(reader); /* how many, once more */
	ndr_get_u32(reader);
	if (ndr_get_u32(reader) != 0)
		ndr_refuse(reader);
	if ((n = ndr_get_u32(reader)) > TOWERS_MAX)
		ndr_refuse(reader);
	for (uint32_t i = 0; i < n && reader->error == ERROR_SUCCESS; i++)
		present[i] = ndr_get_pointer(reader);
	for (uint32_t i = 0; i < n && reader->error == ERROR_SUCCESS; i++)
		if (present[i] && (found = read_tower(reader)) != 0 &&
		    *port == 0)
			*port = found;
	status = ndr_get_u32(reader);
	if (ndr_end(reader) != ERROR_SUCCESS)
		return reader->error;
	if (status != 0 && status != EPT_STATUS_NOT_REGISTERED)
		return RPC_S_CALL_FAILED;
	return *port != 0 ? ERROR_SUCCESS : EPT_S_NOT_REGISTERED;
}
