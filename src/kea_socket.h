/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_socket.h - one exchange over a connection of its own: connect, send, read
 * until the other side closes.  All of it ends by its deadlines, whatever the
 * other side does.
 */
#ifndef DHCPFO_KEA_SOCKET_H
#define DHCPFO_KEA_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "dhcpsapi.h"
#include "kea_buffer.h"

/* How an exchange ended. */
enum kea_end {
	KEA_END_ANSWERED, /* the other side closed after at least one octet */
	/* Nothing was sent: */
	KEA_END_ABSENT, /* there is no such socket */
	KEA_END_REFUSED, /* nobody listens */
	KEA_END_DENIED, /* no permission */
	KEA_END_BUSY, /* no connection in time */
	KEA_END_UNREACHABLE, /* any other failure to connect */
	/* Something may have been received there: */
	KEA_END_BROKEN, /* the connection broke off */
	KEA_END_EMPTY, /* closed without an octet */
	KEA_END_SILENT, /* no (complete) answer in time */
	KEA_END_HUGE, /* the answer is longer than allowed */
	KEA_END_NO_MEMORY
};

struct kea_limits {
	uint32_t connect; /* milliseconds */
	uint32_t total; /* milliseconds, connecting included */
	size_t answer; /* octets */
};

/**
 * Send ${length} octets of ${text} to the unix socket ${path} and collect the
 * answer in ${answer}, which is emptied first, holds what was received whatever
 * the end, and is freed by the caller.  ${error}: errno, or 0.
 */
enum kea_end kea_socket_local(const char *path, const char *text, size_t length,
    const struct kea_limits *limits, struct kea_buffer *answer, int *error);

/** The same over TCP. */
enum kea_end kea_socket_tcp(DHCP_IP_ADDRESS address, uint16_t port,
    const char *text, size_t length, const struct kea_limits *limits,
    struct kea_buffer *answer, int *error);

/** Milliseconds of a clock that never jumps. */
int64_t kea_now(void);

#endif
