/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SETs of any varbinds, from the test to the end, each way a master may go:
 * commit, commit and undo, undo at once, or nothing.  After a refusal and after
 * an undo the rows are as they were; what is told of them agrees with what the
 * server then lists.
 */
#include "set.h"

#include "columns.h"
#include "lab.h"
#include "status.h"

static struct scalars scalars;

struct told {
	bool done;
	struct set_result result;
};

static void
hear(void *arg, struct set_result result)
{
	struct told *told = arg;

	must(!told->done);
	must((result.status == SNMP_ERR_NOERROR) == (result.index == 0));
	told->result = result;
	told->done = true;
}

/* A writable column, an instance of it, and sometimes something else. */
static size_t
take_name(struct bytes *bytes, oid name[static MAX_OID_LEN])
{
	static const char *const keys[] = { "a", "branch-7", "new", "x y",
		"M~1234ABCD" };
	const struct column *column = &columns[bytes_8(bytes) % ncolumns];
	uint8_t how = bytes_8(bytes);
	const char *key = keys[how % 5];
	size_t n = column_name(column, name), i;

	if (column->index == INDEX_SCALAR)
		name[n++] = how & 0x80 ? bytes_8(bytes) : 0;
	else
		name[n++] = how & 0x40 ? bytes_8(bytes) : how & 0x20 ? 9 : 1;
	if (column->index == INDEX_REL || column->index == INDEX_SCOPE) {
		name[n++] = strlen(key);
		for (i = 0; key[i] != '\0'; i++)
			name[n++] = (unsigned char)key[i];
	}
	if (column->index == INDEX_SCOPE) {
		name[n++] = 1;
		name[n++] = 4;
		name[n++] = 10;
		name[n++] = how & 0x20 ? 1 : 0;
		name[n++] = bytes_8(bytes) % 8;
		name[n++] = 0;
	}
	if ((how & 0x1f) == 0x1f)
		for (i = bytes_8(bytes) % 8; i > 0 && n < MAX_OID_LEN; i--)
			name[n++] = bytes_32(bytes);
	if ((how & 0x1f) == 0x1e)
		n -= bytes_8(bytes) % n;
	return n;
}

static netsnmp_variable_list *
take_varbind(struct bytes *bytes, netsnmp_variable_list **list)
{
	static const u_char types[] = { ASN_INTEGER, ASN_UNSIGNED,
		ASN_OCTET_STR, ASN_COUNTER, ASN_TIMETICKS, ASN_IPADDRESS,
		ASN_NULL, ASN_OBJECT_ID, ASN_COUNTER64, ASN_OPAQUE };
	oid name[MAX_OID_LEN + 8];
	size_t length = take_name(bytes, name), n;
	u_char type = bytes_8(bytes);
	struct counter64 big;
	const uint8_t *octets;
	long integer;

	type = type < 128 ? types[type % 3] : types[type % sizeof(types)];
	switch (type) {
	case ASN_OCTET_STR:
	case ASN_OPAQUE:
		octets = bytes_some(bytes, 255, &n);
		return snmp_varlist_add_variable(list, name, length, type,
		    octets, n);
	case ASN_IPADDRESS:
		integer = (long)bytes_32(bytes);
		return snmp_varlist_add_variable(list, name, length, type,
		    &integer, 4);
	case ASN_NULL:
		return snmp_varlist_add_variable(list, name, length, type, NULL,
		    0);
	case ASN_OBJECT_ID:
		return snmp_varlist_add_variable(list, name, length, type, name,
		    length * sizeof(oid));
	case ASN_COUNTER64:
		big.high = bytes_32(bytes);
		big.low = bytes_32(bytes);
		return snmp_varlist_add_variable(list, name, length, type, &big,
		    sizeof(big));
	}
	integer = (int32_t)(bytes_8(bytes) & 0x80 ? bytes_32(bytes) :
						    bytes_8(bytes) % 16);
	return snmp_varlist_add_variable(list, name, length, type, &integer,
	    sizeof(integer));
}

/* A sum of all that is configured. */
static uint64_t
state(void)
{
	const struct snapshot *snapshot;
	const struct snapshot_row *row;
	uint64_t sum = 17;
	size_t i, j;

	for (i = 0; i < scalars.roster->n; i++) {
		snapshot = scalars.roster->servers[i]->snapshot;
		for (j = 0; j < snapshot->n; j++) {
			row = &snapshot->rows[j];
			sum = sum * 31 + row->rel.Mclt;
			sum = sum * 31 + row->rel.SafePeriod;
			sum = sum * 31 + row->rel.Percentage;
			sum = sum * 31 + (uint64_t)row->rel.Mode;
			sum = sum * 31 + (uint64_t)row->rel.State;
			sum = sum * 31 + (uint64_t)row->rel.PrevState;
			sum = sum * 31 + row->authenticated;
			sum = sum * 31 + (unsigned char)row->key[0];
		}
		for (j = 0; j < snapshot->nscopes; j++)
			sum = sum * 31 + snapshot->scopes[j].address;
	}
	return sum;
}

/* What is shown is what the servers say. */
static uint64_t
listed(void)
{
	uint64_t shown;

	lab_drain(scalars.roster);
	shown = state();
	roster_poll_all(scalars.roster);
	lab_drain(scalars.roster);
	must(shown == state());
	return shown;
}

static void
wait_for(const struct told *told)
{
	while (!told->done)
		lab_turn(scalars.roster);
}

static void
go_on(struct set *set, uint8_t how)
{
	struct told committed = { 0 }, undone = { 0 };
	uint64_t before = listed();

	if ((how & 3) != 3) {
		set_commit(set, hear, &committed);
		if (how & 4)
			set_expire(set);
		if ((how & 8) == 0)
			wait_for(&committed);
		if ((how & 8) != 0 && (how & 3) == 1) {
			/* Nobody waits for it. */
			set_finish(set);
			listed();
			return;
		}
	}
	if ((how & 1) != 0) {
		/* The outcome of the commit is not told any more. */
		set_undo(set, hear, &undone);
		wait_for(&undone);
		set_finish(set);
		if (undone.result.status == SNMP_ERR_NOERROR)
			must(listed() == before);
		return;
	}
	wait_for(&committed);
	set_finish(set);
	if (committed.result.status != SNMP_ERR_NOERROR)
		must(listed() == before);
	else
		listed();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, size };
	netsnmp_variable_list *list = NULL;
	struct set_result result;
	struct set *set;
	uint8_t how;
	int n;

	if (scalars.roster == NULL) {
		scalars.roster = lab_roster();
		scalars.server_count = 2;
	}
	how = bytes_8(&bytes);
	for (n = bytes_8(&bytes) % 16; n >= 0 && bytes.left > 0; n--)
		if (take_varbind(&bytes, &list) == NULL)
			break;
	result = set_test(&scalars, list, &set);
	must((result.status == SNMP_ERR_NOERROR) == (set != NULL));
	must((result.status == SNMP_ERR_NOERROR) == (result.index == 0));
	/* The varbinds live no longer than the test. */
	snmp_free_varbind(list);
	if (set != NULL && how == 0xff)
		set_finish(set);
	else if (set != NULL)
		go_on(set, how);
	return 0;
}
