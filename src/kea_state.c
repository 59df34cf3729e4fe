/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "failover.h"
#include "kea_state.h"

struct word {
	const char *text;
	unsigned int value;
};

static const struct word modes[] = {
	{ "load-balancing", KEA_MODE_LOAD_BALANCING },
	{ "hot-standby", KEA_MODE_HOT_STANDBY },
};

static const struct word roles[] = {
	{ "primary", KEA_ROLE_PRIMARY },
	{ "secondary", KEA_ROLE_SECONDARY },
	{ "standby", KEA_ROLE_SECONDARY },
};

/*
 * By enum kea_state.  The state of a hot-standby pair stays hot-standby when
 * its partner is lost; waiting probes for a partner and serves nobody;
 * terminated serves while the leases of the two drift apart, until a person
 * restarts both.
 */
/* clang-format off */
static const struct {
	const char *word;
	FSM_STATE ours, lost;
} states[] = {
	[KEA_STATE_OTHER] =                  { "?",                        NO_STATE,           NO_STATE },
	[KEA_STATE_UNAVAILABLE] =            { "unavailable",              NO_STATE,           NO_STATE },
	[KEA_STATE_BACKUP] =                 { "backup",                   NO_STATE,           NO_STATE },
	[KEA_STATE_COMMUNICATION_RECOVERY] = { "communication-recovery",   COMMUNICATION_INT,  COMMUNICATION_INT },
	[KEA_STATE_HOT_STANDBY] =            { "hot-standby",              NORMAL,             COMMUNICATION_INT },
	[KEA_STATE_IN_MAINTENANCE] =         { "in-maintenance",           RECOVER_WAIT,       RECOVER_WAIT },
	[KEA_STATE_LOAD_BALANCING] =         { "load-balancing",           NORMAL,             COMMUNICATION_INT },
	[KEA_STATE_PARTNER_DOWN] =           { "partner-down",             PARTNER_DOWN,       PARTNER_DOWN },
	[KEA_STATE_PARTNER_IN_MAINTENANCE] = { "partner-in-maintenance",   PARTNER_DOWN,       PARTNER_DOWN },
	[KEA_STATE_PASSIVE_BACKUP] =         { "passive-backup",           NO_STATE,           NO_STATE },
	[KEA_STATE_READY] =                  { "ready",                    RECOVER_DONE,       RECOVER_DONE },
	[KEA_STATE_SYNCING] =                { "syncing",                  RECOVER,            RECOVER },
	[KEA_STATE_TERMINATED] =             { "terminated",               POTENTIAL_CONFLICT, POTENTIAL_CONFLICT },
	[KEA_STATE_WAITING] =                { "waiting",                  STARTUP,            STARTUP },
};
/* clang-format on */

static unsigned int
find(const struct word *words, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(words[i].text, text) == 0)
			return words[i].value;
	return 0;
}

enum kea_mode
kea_mode_of(const char *word)
{
	return (enum kea_mode)find(modes, nitems(modes), word);
}

enum kea_role
kea_role_of(const char *word)
{
	return (enum kea_role)find(roles, nitems(roles), word);
}

enum kea_state
kea_state_of(const char *word)
{
	size_t i;

	for (i = 0; i < nitems(states); i++)
		if (strcmp(states[i].word, word) == 0)
			return (enum kea_state)i;
	return KEA_STATE_OTHER;
}

const char *
kea_state_word(enum kea_state state)
{
	return states[state].word;
}

FSM_STATE
kea_state_ours(enum kea_state state, bool lost)
{
	return lost ? states[state].lost : states[state].ours;
}
