/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_probe.h - does the partner of a Kea server live?  Asked at its own URL,
 * without changing anything there.
 */
#ifndef DHCPFO_KEA_PROBE_H
#define DHCPFO_KEA_PROBE_H

#include <stdint.h>

#include "kea_reply.h"

enum kea_pulse {
	KEA_PULSE_DEAD, /* its host says that nobody listens */
	KEA_PULSE_NONE, /* no connection: it or the network is down */
	KEA_PULSE_HUNG, /* connected, but no answer */
	KEA_PULSE_ALIVE /* answers, whatever it says */
};

/** Probe ${peer}, whose address is known, in at most ${timeout} ms. */
enum kea_pulse kea_probe(const struct kea_peer *peer, uint32_t timeout);

#endif
