/* SPDX-License-Identifier: BSD-2-Clause */
/* What stat-lease4-get answers. */
#include <stdlib.h>
#include <string.h>

#include "kea_reply_private.h"

enum { COLUMN_ID, COLUMN_TOTAL, COLUMN_ASSIGNED, COLUMNS };

/* Where the columns that we want are. */
static bool
find_columns(const json_t *names, size_t at[COLUMNS])
{
	static const char *const wanted[COLUMNS] = { "subnet-id",
		"total-addresses", "assigned-addresses" };
	const char *name;
	size_t i, j;

	for (i = 0; i < COLUMNS; i++) {
		for (j = 0; j < json_array_size(names); j++) {
			name = json_string_value(json_array_get(names, j));
			if (name != NULL && strcmp(name, wanted[i]) == 0)
				break;
		}
		if (j == json_array_size(names))
			return false;
		at[i] = j;
	}
	return true;
}

static bool
read_count(const json_t *row, const size_t at[COLUMNS], struct kea_count *count)
{
	const json_t *cells[COLUMNS];
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		cells[i] = json_array_get(row, at[i]);
		if (!json_is_integer(cells[i]))
			return false;
	}
	count->id = json_integer_value(cells[COLUMN_ID]);
	count->total = json_integer_value(cells[COLUMN_TOTAL]);
	count->assigned = json_integer_value(cells[COLUMN_ASSIGNED]);
	return count->total >= 0 && count->assigned >= 0;
}

static int
compare_counts(const void *a, const void *b)
{
	const struct kea_count *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static bool
read_counts(const json_t *answer, struct kea_counts *counts,
    struct kea_fault *fault)
{
	const json_t *set =
	    json_object_get(json_object_get(answer, "arguments"), "result-set");
	const json_t *rows = json_object_get(set, "rows");
	size_t at[COLUMNS], i, n;

	if (!json_is_array(rows) ||
	    !find_columns(json_object_get(set, "columns"), at))
		return kea_fail_shape(fault, "result-set");
	n = json_array_size(rows);
	if ((counts->at = arena_alloc(&counts->arena,
		 (n + 1) * sizeof(*counts->at))) == NULL)
		return kea_fail_memory(fault);
	for (i = 0; i < n; i++)
		if (!read_count(json_array_get(rows, i), at, &counts->at[i]))
			return kea_fail_shape(fault, "result-set");
	counts->n = n;
	if (n > 1)
		qsort(counts->at, n, sizeof(*counts->at), compare_counts);
	return true;
}

bool
kea_reply_counts(const char *text, size_t length, struct kea_counts *counts,
    struct kea_fault *fault)
{
	json_t *answer;
	bool good;

	memset(counts, 0, sizeof(*counts));
	if ((answer = kea_reply_open(text, length, fault)) == NULL)
		return false;
	good = read_counts(answer, counts, fault);
	json_decref(answer);
	if (!good)
		kea_counts_free(counts);
	return good;
}

const struct kea_count *
kea_counts_find(const struct kea_counts *counts, int64_t id)
{
	const struct kea_count key = { .id = id };

	if (counts->n == 0)
		return NULL;
	return bsearch(&key, counts->at, counts->n, sizeof(key),
	    compare_counts);
}

void
kea_counts_free(struct kea_counts *counts)
{
	arena_free(&counts->arena, 0);
	memset(counts, 0, sizeof(*counts));
}
