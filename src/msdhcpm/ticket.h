/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ticket.h - a Kerberos ticket by the keys of a keytab.  libdcerpc can use such
 * a ticket, but not get it: kinit(1) does that.
 */
#ifndef DHCPFO_MSDHCPM_TICKET_H
#define DHCPFO_MSDHCPM_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A cache of our own, in a directory of our own. */
struct ticket {
	char directory[64];
	char path[80];
	pid_t keeper; /* removes both as soon as nobody holds ... */
	int hold;
};

/**
 * Get one for ${principal}, "" the one of the host; false and a message in
 * ${why}: there is nothing to drop.
 */
bool ticket_get(struct ticket *ticket, const char *keytab,
    const char *principal, char *why, size_t size);

/** Remove it; that is also done if this program is killed before. */
void ticket_drop(struct ticket *ticket);

#endif
