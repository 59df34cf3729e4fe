/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epm.h - asking an endpoint mapper (C706 appendix O) on which TCP port a host
 * serves dhcpsrv2: the operation ept_map in NDR.
 */
#ifndef DHCPFO_EPM_H
#define DHCPFO_EPM_H

#include <stdint.h>

#include "dhcpsapi.h"
#include "ndr.h"

#define EPM_PORT 135
#define EPM_MAP 3 /* number of the operation */

/** What ept_map sends. */
void epm_ask(struct ndr_writer *writer);

/**
 * What it answers.  EPT_S_NOT_REGISTERED: not served there, at least not over
 * TCP; or as ndr_end() says.
 */
enum dhcp_error epm_read(struct ndr_reader *reader, uint16_t *port);

#endif
