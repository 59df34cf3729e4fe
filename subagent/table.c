/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <string.h>

void
table_hint_init(struct table_hint *hint, struct scalars *scalars)
{
	memset(hint, 0, sizeof(*hint));
	hint->at.scalars = scalars;
}

static bool
same(const struct table_hint *hint, enum index_kind kind, const oid *sub,
    size_t length, bool include)
{
	return hint->valid && hint->kind == kind && hint->length == length &&
	    hint->include == include &&
	    memcmp(hint->sub, sub, length * sizeof(*sub)) == 0;
}

static void
remember(struct table_hint *hint, enum index_kind kind, const oid *sub,
    size_t length, bool include, bool valid)
{
	hint->kind = kind;
	hint->sub = sub;
	hint->length = length;
	hint->include = include;
	hint->valid = valid;
}

static void
except(struct request *request, u_char exception)
{
	request->value.type = exception;
	request->value.data = NULL;
	request->value.length = 0;
}

void
table_get(struct table_hint *hint, struct request *request)
{
	const struct column *column;
	const oid *sub;
	size_t used, length;
	bool there;

	column =
	    column_near(hint->column, request->name, request->length, &used);
	if (column == NULL)
		column = column_find(request->name, request->length, &used);
	hint->column = column;
	if (column == NULL) {
		except(request, SNMP_NOSUCHOBJECT);
		return;
	}
	sub = request->name + used;
	length = request->length - used;
	if (!same(hint, column->index, sub, length, true)) {
		there = index_find(column->index, &hint->at, sub, length);
		remember(hint, column->index, sub, length, true, there);
		if (!there) {
			except(request, SNMP_NOSUCHINSTANCE);
			return;
		}
	}
	if (column_present(column, &hint->at))
		varbind_get(column, &hint->at, &request->value);
	else
		except(request, SNMP_NOSUCHINSTANCE);
}

/* Behind ${hint->at}, the next instance that has a value of ${column}. */
static bool
skip_absent(struct table_hint *hint, const struct column *column)
{
	oid sub[INDEX_MAX];
	size_t length;

	while (!column_present(column, &hint->at)) {
		/* What the hint remembers is not what it points to. */
		hint->valid = false;
		length = index_write(column->index, &hint->at, sub);
		if (!index_next(column->index, &hint->at, sub, length, false))
			return false;
	}
	return true;
}

/* The next instance in ${column}; ${used} as column_from() says. */
static bool
next_in(struct table_hint *hint, const struct column *column,
    const struct request *request, size_t used)
{
	/* A name that lies before the column wants its very first instance. */
	const oid *sub = used != 0 ? request->name + used : request->name;
	size_t length = used != 0 ? request->length - used : 0;
	bool there;

	if (same(hint, column->index, sub, length, request->include))
		return true;
	there =
	    index_next(column->index, &hint->at, sub, length, request->include);
	remember(hint, column->index, sub, length, request->include, there);
	return there;
}

void
table_next(struct table_hint *hint, struct request *request)
{
	const struct column *column;
	size_t used, n;

	column =
	    column_near(hint->column, request->name, request->length, &used);
	if (column == NULL)
		column = column_from(request->name, request->length, &used);
	hint->column = column;
	for (; column != NULL; used = 0) {
		if (next_in(hint, column, request, used) &&
		    skip_absent(hint, column))
			break;
		column = column + 1 < columns + ncolumns ? column + 1 : NULL;
	}
	if (column == NULL) {
		except(request, SNMP_ENDOFMIBVIEW);
		return;
	}
	n = column_name(column, request->found);
	n += index_write(column->index, &hint->at, request->found + n);
	request->found_length = n;
	if (request->end != NULL &&
	    snmp_oid_compare(request->found, n, request->end,
		request->end_length) >= 0) {
		except(request, SNMP_ENDOFMIBVIEW);
		return;
	}
	varbind_get(column, &hint->at, &request->value);
}
