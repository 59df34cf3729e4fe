/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - a table for people: columns as wide as their widest cell, counted
 * in characters.
 */
#ifndef DHCPFOCTL_TABLE_H
#define DHCPFOCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *head;
	bool number; /* to the right */
};

/* Begin with the columns, and all else zero. */
struct table {
	const struct table_column *columns;
	size_t ncolumns;
	char **cells; /* row by row */
	size_t n, room;
};

/** Add the next cell. */
void table_add(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Print ${table}, each line behind ${indent}, and free its cells. */
void table_print(struct table *table, const char *indent, FILE *file);

#endif
