/* SPDX-License-Identifier: BSD-2-Clause */
/* The server types of this program.  The tests link a list of their own. */
#include <stddef.h>

#include "server.h"
#include "server_kea.h"
#include "server_local.h"

const struct failover_server_type *const failover_server_types[] = {
	&failover_server_local,
	&failover_server_kea,
	NULL,
};
