/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdlib.h>

#include "message.h"
#include "text.h"

#include "table.h"

void
table_add(struct table *table, const char *format, ...)
{
	va_list ap;
	size_t room = table->room == 0 ? 64 : 2 * table->room;
	char *cell;
	int length;

	if (table->n == table->room) {
		table->cells =
		    must(realloc(table->cells, room * sizeof(*table->cells)));
		table->room = room;
	}
	va_start(ap, format);
	length = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	cell = must(malloc((size_t)length + 1));
	va_start(ap, format);
	vsnprintf(cell, (size_t)length + 1, format, ap);
	va_end(ap);
	table->cells[table->n++] = cell;
}

static size_t
width_of(const struct table *table, size_t column)
{
	size_t i, width = text_width(table->columns[column].head), cell;

	for (i = column; i < table->n; i += table->ncolumns) {
		cell = text_width(table->cells[i]);
		if (cell > width)
			width = cell;
	}
	return width;
}

static void
print_blanks(size_t n, FILE *file)
{
	while (n-- > 0)
		fputc(' ', file);
}

/* The last cell of a line is not followed by blanks. */
static void
print_cell(const struct table *table, size_t column, const char *text,
    size_t width, FILE *file)
{
	size_t blanks = width - text_width(text);

	if (table->columns[column].number)
		print_blanks(blanks, file);
	text_put(file, text);
	if (column + 1 == table->ncolumns)
		return;
	if (!table->columns[column].number)
		print_blanks(blanks, file);
	print_blanks(2, file);
}

void
table_print(struct table *table, const char *indent, FILE *file)
{
	size_t i, *widths;

	widths = must(malloc(table->ncolumns * sizeof(*widths)));
	fputs(indent, file);
	for (i = 0; i < table->ncolumns; i++) {
		widths[i] = width_of(table, i);
		print_cell(table, i, table->columns[i].head, widths[i], file);
	}
	fputc('\n', file);
	for (i = 0; i < table->n; i++) {
		if (i % table->ncolumns == 0)
			fputs(indent, file);
		print_cell(table, i % table->ncolumns, table->cells[i],
		    widths[i % table->ncolumns], file);
		if ((i + 1) % table->ncolumns == 0)
			fputc('\n', file);
		free(table->cells[i]);
	}
	free(widths);
	free(table->cells);
	table->cells = NULL;
	table->n = table->room = 0;
}
