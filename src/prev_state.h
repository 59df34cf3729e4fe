/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prev_state.h - the state that a relationship was in before, for servers which
 * do not tell: the last other one that was seen.
 */
#ifndef DHCPFO_PREV_STATE_H
#define DHCPFO_PREV_STATE_H

#include "dhcpsapi.h"

struct prev_state;

/** Relationship ${name} is in state ${now}: which one was it in before? */
FSM_STATE
prev_state_note(struct prev_state **all, const char *name, FSM_STATE now);

/** Forget ${*all}, which begins as NULL. */
void prev_state_free(struct prev_state **all);

#endif
