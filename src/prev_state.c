/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "prev_state.h"

struct prev_state {
	struct prev_state *next;
	FSM_STATE now, before;
	char name[];
};

static struct prev_state *
add(struct prev_state **all, const char *name, FSM_STATE now)
{
	size_t size = strlen(name) + 1;
	struct prev_state *one;

	if ((one = malloc(sizeof(*one) + size)) == NULL)
		return NULL;
	memcpy(one->name, name, size);
	one->now = now;
	one->before = INIT;
	one->next = *all;
	*all = one;
	return one;
}

FSM_STATE
prev_state_note(struct prev_state **all, const char *name, FSM_STATE now)
{
	struct prev_state *one;

	for (one = *all; one != NULL; one = one->next)
		if (strcmp(one->name, name) == 0)
			break;
	if (one == NULL && (one = add(all, name, now)) == NULL)
		return INIT;
	if (one->now != now) {
		one->before = one->now;
		one->now = now;
	}
	return one->before;
}

void
prev_state_free(struct prev_state **all)
{
	struct prev_state *one;

	while ((one = *all) != NULL) {
		*all = one->next;
		free(one);
	}
}
