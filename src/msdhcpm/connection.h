/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection.h - a DCE/RPC connection to the DHCP service of a Windows server,
 * over the wall of samba.h.
 */
#ifndef DHCPFO_MSDHCPM_CONNECTION_H
#define DHCPFO_MSDHCPM_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "helper_message.h"

struct connection;

/* What a call returned, or why it did not; all zero at first. */
struct outcome {
	char why[256];
	unsigned char *results; /* malloc()ed */
	size_t n;
};

/**
 * Find the service, connect and log on.  Blocks as long as the library likes:
 * a minute, if nobody is there.
 */
enum dhcp_error connection_open(const struct helper_settings *settings,
    struct connection **connection, struct outcome *outcome);

/**
 * Call operation ${number} with ${n} octets of arguments.  ERROR_SUCCESS: it
 * answered.  RPC_S_CALL_FAILED_DNE: the connection is gone, nothing was sent.
 * ERROR_TIMEOUT, RPC_S_CALL_FAILED: nobody knows whether it was done.  Others:
 * the server refused the call.
 */
enum dhcp_error
connection_call(struct connection *connection, unsigned int number,
    const void *arguments, size_t n, struct outcome *outcome);

/** Close ${connection}, which may be NULL. */
void connection_close(struct connection *connection);

#endif
