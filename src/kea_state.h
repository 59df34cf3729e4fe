/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_state.h - the words that Kea's high availability hook uses for modes,
 * roles and states, and what they are in our model.
 */
#ifndef DHCPFO_KEA_STATE_H
#define DHCPFO_KEA_STATE_H

#include <stdbool.h>

#include "dhcpsapi.h"

enum kea_mode {
	KEA_MODE_OTHER, /* passive-backup, or not known: no two servers */
	KEA_MODE_LOAD_BALANCING,
	KEA_MODE_HOT_STANDBY
};

enum kea_role {
	KEA_ROLE_OTHER, /* backup, or not known */
	KEA_ROLE_PRIMARY,
	KEA_ROLE_SECONDARY /* standby, in hot-standby mode */
};

enum kea_state {
	KEA_STATE_OTHER, /* a word that is not known, or none */
	KEA_STATE_UNAVAILABLE, /* of the partner: does not answer */
	KEA_STATE_BACKUP,
	KEA_STATE_COMMUNICATION_RECOVERY,
	KEA_STATE_HOT_STANDBY,
	KEA_STATE_IN_MAINTENANCE,
	KEA_STATE_LOAD_BALANCING,
	KEA_STATE_PARTNER_DOWN,
	KEA_STATE_PARTNER_IN_MAINTENANCE,
	KEA_STATE_PASSIVE_BACKUP,
	KEA_STATE_READY,
	KEA_STATE_SYNCING,
	KEA_STATE_TERMINATED,
	KEA_STATE_WAITING
};

enum kea_mode kea_mode_of(const char *word);
enum kea_role kea_role_of(const char *word);
enum kea_state kea_state_of(const char *word);

/** Kea's word for ${state}; never NULL, never freed. */
const char *kea_state_word(enum kea_state state);

/** Our state of a server; ${lost}: it does not hear of its partner. */
FSM_STATE kea_state_ours(enum kea_state state, bool lost);

#endif
