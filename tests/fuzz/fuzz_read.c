/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET and GETNEXT of any names and ranges, several in a PDU: the next name lies
 * behind, before the end, and is there; and a walk comes to an end.
 */
#include "table.h"

#include "lab.h"

static struct scalars scalars;

static oid
sub_identifier(struct bytes *bytes)
{
	const uint8_t kind = bytes_8(bytes);

	/* Small ones, the rest of the OIDs' range, and what is beyond it. */
	if (kind < 0xf0)
		return kind;
	if (kind < 0xfe)
		return bytes_32(bytes);
	return (oid)bytes_32(bytes) << 32 | bytes_32(bytes);
}

static size_t
take_name(struct bytes *bytes, oid name[static MAX_OID_LEN])
{
	static const oid root[] = { MIB_ROOT };
	size_t n = bytes_8(bytes) % (MAX_OID_LEN + 1), i, kept;

	kept = bytes_8(bytes) % (MIB_ROOT_LENGTH + 1);
	/* Most names are to be ours. */
	if (kept == 0)
		kept = MIB_ROOT_LENGTH;
	else
		kept--;
	if (kept > n)
		kept = n;
	memcpy(name, root, kept * sizeof(oid));
	for (i = kept; i < n && bytes->left > 0; i++)
		name[i] = sub_identifier(bytes);
	return i;
}

static void
check_value(const struct value *value)
{
	volatile const u_char *octets = value->data;
	size_t i;

	/* ASan sees whether all of it may be read. */
	for (i = 0; i < value->length; i++)
		(void)octets[i];
}

/* What GETNEXT found is there for a GET, too. */
static void
check_found(struct request *request)
{
	struct request get = { .name = request->found,
		.length = request->found_length };
	struct table_hint hint;
	int order;

	order = snmp_oid_compare(request->found, request->found_length,
	    request->name, request->length);
	must(request->include ? order >= 0 : order > 0);
	must(request->found_length <= MAX_OID_LEN);
	if (request->end != NULL)
		must(snmp_oid_compare(request->found, request->found_length,
			 request->end, request->end_length) < 0);
	table_hint_init(&hint, &scalars);
	table_get(&hint, &get);
	must(get.value.type == request->value.type);
	must(get.value.length == request->value.length);
	check_value(&request->value);
}

static void
start(void)
{
	oid at[MAX_OID_LEN] = { 0 };
	struct request request = { .name = at, .length = 1 };
	struct table_hint hint;
	size_t n = 0;

	if (scalars.roster != NULL)
		return;
	scalars.roster = lab_roster();
	scalars.server_count = 2;
	table_hint_init(&hint, &scalars);
	for (;; n++) {
		must(n < 10000);
		table_next(&hint, &request);
		if (request.value.type == SNMP_ENDOFMIBVIEW)
			break;
		check_found(&request);
		memcpy(at, request.found, sizeof(at));
		request.length = request.found_length;
		hint.valid = false;
	}
	must(n > 100);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static oid names[8][MAX_OID_LEN], ends[8][MAX_OID_LEN];
	struct bytes bytes = { data, size };
	struct table_hint hint;
	struct request request;
	uint8_t how;
	size_t i;

	start();
	table_hint_init(&hint, &scalars);
	for (i = 0; i < 8 && bytes.left > 0; i++) {
		memset(&request, 0, sizeof(request));
		how = bytes_8(&bytes);
		/* The same again is what the hint is for. */
		if (i > 0 && (how & 8) != 0) {
			memcpy(names[i], names[i - 1], sizeof(names[i]));
			request.length = MIB_ROOT_LENGTH + 10;
		} else
			request.length = take_name(&bytes, names[i]);
		request.name = names[i];
		request.include = (how & 1) != 0;
		if ((how & 2) != 0) {
			request.end = ends[i];
			request.end_length = take_name(&bytes, ends[i]);
		}
		if ((how & 4) != 0) {
			table_get(&hint, &request);
			check_value(&request.value);
			continue;
		}
		table_next(&hint, &request);
		if (request.value.type != SNMP_ENDOFMIBVIEW)
			check_found(&request);
	}
	return 0;
}
