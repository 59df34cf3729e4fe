/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of columns against the MIB itself, parsed by Net-SNMP, in both
 * directions.
 */
#include "snmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "columns.h"

/* Columns of the MIB that are not accessible are in no table of ours. */
static struct tree *
node_of(const struct column *column)
{
	oid name[MAX_OID_LEN];
	size_t n = column_name(column, name);
	struct tree *node = get_tree(name, n, get_tree_head());

	/* get_tree() gives the nearest: it must be the one that was asked for.
	 */
	if (node == NULL || strcmp(node->label, column->label) != 0)
		fail_msg("%s is not where the table has it, but %s",
		    column->label, node != NULL ? node->label : "nothing");
	return node;
}

static int
setup(void **state)
{
	(void)state;
	setenv("MIBDIRS", "mibs:mibs/standin", 1);
	setenv("MIBS", "DHCP-FAILOVER-MIB", 1);
	netsnmp_init_mib();
	return get_tree_head() == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	shutdown_mib();
	return 0;
}

static void
columns__in_the_table__are_in_the_mib_by_label_and_number(void **state)
{
	size_t i;

	(void)state;
	assert_true(ncolumns > 90);
	for (i = 0; i < ncolumns; i++)
		node_of(&columns[i]);
}

static void
columns__in_the_table__are_in_the_order_of_their_numbers(void **state)
{
	oid a[MAX_OID_LEN], b[MAX_OID_LEN];
	size_t i, m, n;

	(void)state;
	for (i = 1; i < ncolumns; i++) {
		m = column_name(&columns[i - 1], a);
		n = column_name(&columns[i], b);
		if (snmp_oid_compare(a, m, b, n) >= 0)
			fail_msg("%s comes before %s", columns[i].label,
			    columns[i - 1].label);
	}
}

static void
columns__and_the_mib__agree_on_access(void **state)
{
	static const int access[] = {
		[COLUMN_RO] = MIB_ACCESS_READONLY,
		[COLUMN_RW] = MIB_ACCESS_READWRITE,
		[COLUMN_RC] = MIB_ACCESS_CREATE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ncolumns; i++)
		if (node_of(&columns[i])->access != access[columns[i].access])
			fail_msg("%s: another MAX-ACCESS", columns[i].label);
}

/* The types of Net-SNMP's parser that a kind may have in the MIB. */
static bool
is_type(enum column_kind kind, int type)
{
	switch (kind) {
	case COLUMN_ENUM:
	case COLUMN_ADDRESS_TYPE:
	case COLUMN_ROW_STATUS:
	case COLUMN_SPIN_LOCK:
	case COLUMN_INT:
		return type == TYPE_INTEGER || type == TYPE_INTEGER32;
	case COLUMN_U32:
	case COLUMN_U8:
		return type == TYPE_GAUGE || type == TYPE_UNSIGNED32 ||
		    type == TYPE_UINTEGER;
	case COLUMN_COUNTER:
		return type == TYPE_COUNTER;
	case COLUMN_TICKS:
		return type == TYPE_TIMETICKS;
	case COLUMN_FLAGS:
		return type == TYPE_BITSTRING;
	case COLUMN_TIME:
	case COLUMN_ADDRESS:
	case COLUMN_TEXT:
	case COLUMN_CHARS:
	case COLUMN_SECRET:
		return type == TYPE_OCTETSTR;
	}
	return false;
}

static void
columns__and_the_mib__agree_on_syntax(void **state)
{
	struct tree *node;
	size_t i;

	(void)state;
	for (i = 0; i < ncolumns; i++) {
		node = node_of(&columns[i]);
		if (!is_type(columns[i].kind, node->type))
			fail_msg("%s: another SYNTAX (%d)", columns[i].label,
			    node->type);
	}
}

/* Every bit that the MIB names is one that the column knows, and no more. */
static void
columns__of_bits__have_as_many_as_the_mib(void **state)
{
	const struct enum_list *bit;
	int highest;
	size_t i;

	(void)state;
	for (i = 0; i < ncolumns; i++) {
		if (columns[i].kind != COLUMN_FLAGS)
			continue;
		highest = -1;
		for (bit = node_of(&columns[i])->enums; bit != NULL;
		     bit = bit->next)
			if (bit->value > highest)
				highest = bit->value;
		if (highest + 1 != (int)columns[i].max)
			fail_msg("%s: %d bits in the MIB", columns[i].label,
			    highest + 1);
	}
}

/* An enumeration that is written takes what the MIB names, states reserved. */
static void
columns__of_enumerations_that_are_written__have_the_mibs_range(void **state)
{
	const struct enum_list *label;
	const struct column *column;
	int least, most;
	size_t i;

	(void)state;
	for (i = 0; i < ncolumns; i++) {
		column = &columns[i];
		if (column->kind != COLUMN_ENUM || column->access == COLUMN_RO)
			continue;
		least = INT32_MAX;
		most = -1;
		for (label = node_of(column)->enums; label != NULL;
		     label = label->next) {
			if (strcmp(label->label, "paused") == 0 ||
			    strcmp(label->label, "shutdown") == 0)
				continue;
			if (label->value < least)
				least = label->value;
			if (label->value > most)
				most = label->value;
		}
		if (least != (int)column->min || most != (int)column->max)
			fail_msg("%s: %d..%d in the MIB", column->label, least,
			    most);
	}
}

static void
columns__of_numbers_that_are_written__have_the_mibs_range(void **state)
{
	const struct range_list *range;
	const struct column *column;
	size_t i;

	(void)state;
	for (i = 0; i < ncolumns; i++) {
		column = &columns[i];
		if ((column->kind != COLUMN_U32 && column->kind != COLUMN_U8) ||
		    column->access == COLUMN_RO)
			continue;
		range = node_of(column)->ranges;
		if (range == NULL) {
			assert_int_equal(column->min, 0);
			assert_int_equal(column->max, UINT32_MAX);
		} else if ((uint32_t)range->low != column->min ||
		    (uint32_t)range->high != column->max)
			fail_msg("%s: %d..%d in the MIB", column->label,
			    range->low, range->high);
	}
}

/* Below ${node}, every accessible object has a line in the table. */
static size_t
check_below(struct tree *node)
{
	struct tree *child;
	size_t i, n = 0;

	for (child = node->child_list; child != NULL; child = child->next_peer)
		n += check_below(child);
	if (node->access != MIB_ACCESS_READONLY &&
	    node->access != MIB_ACCESS_READWRITE &&
	    node->access != MIB_ACCESS_CREATE)
		return n;
	for (i = 0; i < ncolumns; i++)
		if (strcmp(columns[i].label, node->label) == 0)
			return n + 1;
	fail_msg("%s is in the MIB only", node->label);
	return n;
}

static void
objects__of_the_mib__are_all_in_the_table(void **state)
{
	static oid root[MIB_ROOT_LENGTH] = { MIB_ROOT };
	struct tree *node = get_tree(root, MIB_ROOT_LENGTH, get_tree_head());

	(void)state;
	assert_string_equal(node->label, "dhcpFoMIB");
	assert_int_equal(check_below(node), ncolumns);
}

static void
columns__that_a_set_changes__are_all_flags_and_all_creation_only(void **state)
{
	uint32_t bits = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ncolumns; i++) {
		/* No member has two columns. */
		assert_int_equal(bits & columns[i].bit, 0);
		bits |= columns[i].bit;
		if (columns[i].access == COLUMN_RO) {
			assert_int_equal(columns[i].bit, 0);
			assert_null(columns[i].write);
		} else
			assert_true(columns[i].bit != 0 ||
			    columns[i].write != NULL ||
			    columns[i].kind == COLUMN_ROW_STATUS);
	}
	assert_int_equal(bits, FAILOVER_SET_ALL | CHANGE_CREATION_ONLY);
}

static void
find__by_the_name_of_each_column__finds_that_one(void **state)
{
	oid name[MAX_OID_LEN];
	size_t i, n, sub;

	(void)state;
	for (i = 0; i < ncolumns; i++) {
		n = column_name(&columns[i], name);
		assert_ptr_equal(column_find(name, n, &sub), &columns[i]);
		assert_int_equal(sub, n);
		name[n] = 0;
		assert_ptr_equal(column_find(name, n + 1, &sub), &columns[i]);
		assert_ptr_equal(column_from(name, n + 1, &sub), &columns[i]);
		/* One less is before it, and it is the first behind that. */
		name[n - 1]--;
		if (column_find(name, n, &sub) == NULL)
			assert_ptr_equal(column_from(name, n, &sub),
			    &columns[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    columns__in_the_table__are_in_the_mib_by_label_and_number),
		cmocka_unit_test(
		    columns__in_the_table__are_in_the_order_of_their_numbers),
		cmocka_unit_test(columns__and_the_mib__agree_on_access),
		cmocka_unit_test(columns__and_the_mib__agree_on_syntax),
		cmocka_unit_test(columns__of_bits__have_as_many_as_the_mib),
		cmocka_unit_test(
		    columns__of_enumerations_that_are_written__have_the_mibs_range),
		cmocka_unit_test(
		    columns__of_numbers_that_are_written__have_the_mibs_range),
		cmocka_unit_test(objects__of_the_mib__are_all_in_the_table),
		cmocka_unit_test(
		    columns__that_a_set_changes__are_all_flags_and_all_creation_only),
		cmocka_unit_test(
		    find__by_the_name_of_each_column__finds_that_one),
	};

	return cmocka_run_group_tests_name("columns", tests, setup, teardown);
}
