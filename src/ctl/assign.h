/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * assign.h - member=value ... of a command line, as a relationship.
 */
#ifndef DHCPFOCTL_ASSIGN_H
#define DHCPFOCTL_ASSIGN_H

#include "failover.h"
#include "member.h"
#include "secret.h"

#include "ctl.h"

struct assignment {
	/* Points into this structure and to the arguments. */
	DHCP_FAILOVER_RELATIONSHIP rel;
	uint32_t given; /* MEMBER_BIT() of the members in it */
	DWORD flags; /* for a Set */
	DHCP_IP_ARRAY scopes;
	struct secret secret;
};

/**
 * Fill ${assignment} for ${verb}, first with defaults, then with ${argv}, in
 * which only members of ${allowed} may be.  A secret is read last.  To be freed
 * with assign_free(), also when this is not CTL_OK.
 */
enum ctl_exit assign(struct assignment *assignment, const char *verb,
    uint32_t allowed, int argc, char *argv[]);

/** Add the dotted quad ${text} to the scopes; CTL_USAGE after a message. */
enum ctl_exit
assign_scope(struct assignment *assignment, const char *verb, const char *text);

/** Wipe and free what ${assignment} holds. */
void assign_free(struct assignment *assignment);

#endif
