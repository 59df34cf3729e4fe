/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netsnmp - the rows of the benchmark by one of Net-SNMP's table helpers, as
 * its own examples use them.
 *
 *   netsnmp container|tdata|dataset|iterator SOCKET ROWS
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static const oid entry_tree[] = { 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 647, 1,
	3 };

struct row {
	netsnmp_index index; /* first: a container wants it there */
	oid subs[2 + BENCH_KEY_LENGTH];
	char key[BENCH_KEY_LENGTH + 1];
	u_char primary[4], secondary[4];
	long values[18]; /* of the columns that are numbers */
};

static struct row *rows;
static size_t nrows;

static void
put_address(u_char *to, uint32_t address)
{
	to[0] = (u_char)(address >> 24);
	to[1] = (u_char)(address >> 16 & 0xff);
	to[2] = (u_char)(address >> 8 & 0xff);
	to[3] = (u_char)(address & 0xff);
}

static void
make(struct row *row, uint32_t i)
{
	size_t j;

	bench_key(i, row->key);
	row->subs[0] = 1;
	row->subs[1] = BENCH_KEY_LENGTH;
	for (j = 0; j < BENCH_KEY_LENGTH; j++)
		row->subs[2 + j] = (u_char)row->key[j];
	row->index.oids = row->subs;
	row->index.len = sizeof(row->subs) / sizeof(row->subs[0]);
	put_address(row->primary, bench_primary(i));
	put_address(row->secondary, bench_secondary(i));
	row->values[3] = BENCH_MODE;
	row->values[4] = bench_role(i);
	row->values[5] = row->values[6] = BENCH_STATE;
	row->values[7] = BENCH_MCLT;
	row->values[8] = BENCH_SAFE_PERIOD;
	row->values[9] = BENCH_PERCENTAGE;
	row->values[17] = 1;
}

static u_char
type_of(unsigned int column)
{
	if (column == 2 || (column >= 11 && column <= 16))
		return ASN_OCTET_STR;
	return column >= 7 && column <= 9 ? ASN_UNSIGNED : ASN_INTEGER;
}

/* Where the value of a column is, and how long. */
static const void *
value_of(struct row *row, unsigned int column, size_t *length)
{
	switch (column) {
	case 2:
		*length = BENCH_KEY_LENGTH;
		return row->key;
	case 11:
		*length = 4;
		return row->primary;
	case 13:
		*length = 4;
		return row->secondary;
	case 14:
		*length = strlen(BENCH_PRIMARY_NAME);
		return BENCH_PRIMARY_NAME;
	case 15:
		*length = strlen(BENCH_SECONDARY_NAME);
		return BENCH_SECONDARY_NAME;
	case 16:
		*length = 0;
		return "";
	}
	*length = sizeof(row->values[0]);
	return &row->values[column];
}

static void
read_one(netsnmp_request_info *request, struct row *row, unsigned int column)
{
	size_t length;
	const void *value;

	if (row == NULL || column == 10 || column == 12) {
		netsnmp_set_request_error(NULL, request, SNMP_NOSUCHINSTANCE);
		return;
	}
	value = value_of(row, column, &length);
	snmp_set_var_typed_value(request->requestvb, type_of(column), value,
	    length);
}

static void
write_one(netsnmp_agent_request_info *info, netsnmp_request_info *request,
    struct row *row, unsigned int column)
{
	if (info->mode == MODE_SET_RESERVE1 && row == NULL)
		netsnmp_set_request_error(info, request, SNMP_ERR_NOCREATION);
	else if (info->mode == MODE_SET_RESERVE1 &&
	    (column < 3 || column > 9 || column == 4))
		netsnmp_set_request_error(info, request, SNMP_ERR_NOTWRITABLE);
	else if (info->mode == MODE_SET_RESERVE1 &&
	    request->requestvb->type != type_of(column))
		netsnmp_set_request_error(info, request, SNMP_ERR_WRONGTYPE);
	else if (info->mode == MODE_SET_ACTION)
		row->values[column] = *request->requestvb->val.integer;
}

static void
serve(netsnmp_agent_request_info *info, netsnmp_request_info *request,
    struct row *row)
{
	const netsnmp_table_request_info *table =
	    netsnmp_extract_table_info(request);

	if (info->mode == MODE_GET || info->mode == MODE_GETNEXT)
		read_one(request, row, table->colnum);
	else
		write_one(info, request, row, table->colnum);
}

static netsnmp_handler_registration *
registration(const char *name, Netsnmp_Node_Handler *handler)
{
	return netsnmp_create_handler_registration(name, handler, entry_tree,
	    OID_LENGTH(entry_tree), HANDLER_CAN_RWRITE);
}

static netsnmp_table_registration_info *
table_info(void)
{
	netsnmp_table_registration_info *info;

	info = SNMP_MALLOC_TYPEDEF(netsnmp_table_registration_info);
	netsnmp_table_helper_add_indexes(info, ASN_UNSIGNED, ASN_OCTET_STR, 0);
	info->min_column = 2;
	info->max_column = 17;
	return info;
}

/* ---- table_container ---- */

static int
container_handler(netsnmp_mib_handler *handler,
    netsnmp_handler_registration *reginfo, netsnmp_agent_request_info *info,
    netsnmp_request_info *requests)
{
	(void)handler;
	(void)reginfo;
	for (; requests != NULL; requests = requests->next)
		if (!requests->processed)
			serve(info, requests,
			    (struct row *)netsnmp_container_table_row_extract(
				requests));
	return SNMP_ERR_NOERROR;
}

static void
start_container(void)
{
	netsnmp_container *container;
	size_t i;

	container = netsnmp_container_find("bench:table_container");
	for (i = 0; i < nrows; i++)
		CONTAINER_INSERT(container, &rows[i]);
	netsnmp_container_table_register(registration("container",
					     container_handler),
	    table_info(), container, TABLE_CONTAINER_KEY_NETSNMP_INDEX);
}

/* ---- table_tdata ---- */

static int
tdata_handler(netsnmp_mib_handler *handler,
    netsnmp_handler_registration *reginfo, netsnmp_agent_request_info *info,
    netsnmp_request_info *requests)
{
	(void)handler;
	(void)reginfo;
	for (; requests != NULL; requests = requests->next)
		if (!requests->processed)
			serve(info, requests,
			    (struct row *)netsnmp_tdata_extract_entry(
				requests));
	return SNMP_ERR_NOERROR;
}

static void
start_tdata(void)
{
	netsnmp_tdata *table = netsnmp_tdata_create_table("tdata", 0);
	netsnmp_tdata_row *row;
	long server = 1;
	size_t i;

	for (i = 0; i < nrows; i++) {
		row = netsnmp_tdata_create_row();
		row->data = &rows[i];
		netsnmp_tdata_row_add_index(row, ASN_UNSIGNED, &server,
		    sizeof(server));
		netsnmp_tdata_row_add_index(row, ASN_OCTET_STR, rows[i].key,
		    BENCH_KEY_LENGTH);
		netsnmp_tdata_add_row(table, row);
	}
	netsnmp_tdata_register(registration("tdata", tdata_handler), table,
	    table_info());
}

/* ---- table_dataset: no handler of our own ---- */

static void
start_dataset(void)
{
	netsnmp_table_data_set *set;
	netsnmp_table_row *row;
	long server = 1;
	size_t i, j, length;
	const void *value;
	int column;

	set = netsnmp_create_table_data_set("dataset");
	netsnmp_table_set_add_indexes(set, ASN_UNSIGNED, ASN_OCTET_STR, 0);
	for (j = 0; j < BENCH_COLUMNS; j++) {
		column = (int)bench_columns[j];
		netsnmp_table_set_add_default_row(set, (unsigned)column,
		    type_of((unsigned)column),
		    column >= 3 && column <= 9 && column != 4, NULL, 0);
	}
	for (i = 0; i < nrows; i++) {
		row = netsnmp_create_table_data_row();
		netsnmp_table_row_add_index(row, ASN_UNSIGNED, &server,
		    sizeof(server));
		netsnmp_table_row_add_index(row, ASN_OCTET_STR, rows[i].key,
		    BENCH_KEY_LENGTH);
		for (j = 0; j < BENCH_COLUMNS; j++) {
			column = (int)bench_columns[j];
			value = value_of(&rows[i], (unsigned)column, &length);
			netsnmp_set_row_column(row, (unsigned)column,
			    type_of((unsigned)column), value, length);
			if (column >= 3 && column <= 9 && column != 4)
				netsnmp_mark_row_column_writable(row, column,
				    1);
		}
		netsnmp_table_dataset_add_row(set, row);
	}
	netsnmp_register_table_data_set(registration("dataset", NULL), set,
	    NULL);
}

/* ---- table_iterator ---- */

static netsnmp_variable_list *
iterate(void **loop, void **data, netsnmp_variable_list *index, size_t i)
{
	const long server = 1;

	if (i >= nrows)
		return NULL;
	*loop = *data = &rows[i];
	snmp_set_var_typed_value(index, ASN_UNSIGNED, &server, sizeof(server));
	snmp_set_var_typed_value(index->next_variable, ASN_OCTET_STR,
	    rows[i].key, BENCH_KEY_LENGTH);
	return index;
}

static netsnmp_variable_list *
first(void **loop, void **data, netsnmp_variable_list *index,
    netsnmp_iterator_info *info)
{
	(void)info;
	return iterate(loop, data, index, 0);
}

static netsnmp_variable_list *
next(void **loop, void **data, netsnmp_variable_list *index,
    netsnmp_iterator_info *info)
{
	(void)info;
	return iterate(loop, data, index,
	    (size_t)((struct row *)*loop - rows) + 1);
}

static int
iterator_handler(netsnmp_mib_handler *handler,
    netsnmp_handler_registration *reginfo, netsnmp_agent_request_info *info,
    netsnmp_request_info *requests)
{
	(void)handler;
	(void)reginfo;
	for (; requests != NULL; requests = requests->next)
		if (!requests->processed)
			serve(info, requests,
			    (struct row *)netsnmp_extract_iterator_context(
				requests));
	return SNMP_ERR_NOERROR;
}

static void
start_iterator(void)
{
	netsnmp_iterator_info *info =
	    SNMP_MALLOC_TYPEDEF(netsnmp_iterator_info);

	info->table_reginfo = table_info();
	info->get_first_data_point = first;
	info->get_next_data_point = next;
	/* Sorted rows need not be looked through to the end. */
	info->flags |= NETSNMP_ITERATOR_FLAG_SORTED;
	netsnmp_register_table_iterator(registration("iterator",
					    iterator_handler),
	    info);
}

static const struct {
	const char *name;
	void (*start)(void);
} helpers[] = {
	{ "container", start_container },
	{ "tdata", start_tdata },
	{ "dataset", start_dataset },
	{ "iterator", start_iterator },
};

int
main(int argc, char **argv)
{
	void (*start)(void) = NULL;
	size_t i;

	for (i = 0; argc == 4 && i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (strcmp(argv[1], helpers[i].name) == 0)
			start = helpers[i].start;
	if (start == NULL) {
		fprintf(stderr,
		    "usage: netsnmp "
		    "container|tdata|dataset|iterator SOCKET ROWS\n");
		return 2;
	}
	nrows = strtoul(argv[3], NULL, 10);
	if ((rows = calloc(nrows, sizeof(*rows))) == NULL)
		return 1;
	for (i = 0; i < nrows; i++)
		make(&rows[i], (uint32_t)i);
	setenv("MIBS", "", 1);
	snmp_enable_stderrlog();
	netsnmp_enable_subagent();
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_X_SOCKET, argv[2]);
	init_agent("netsnmp");
	start();
	init_snmp("netsnmp");
	for (;;)
		agent_check_and_process(1);
}
