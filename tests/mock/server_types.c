/* SPDX-License-Identifier: BSD-2-Clause */
/* The server types of the tests' programs. */
#include <stddef.h>

#include "server.h"
#include "server_kea.h"
#include "server_local.h"
#include "server_test.h"

const struct failover_server_type *const failover_server_types[] = {
	&failover_server_local,
	&failover_server_kea,
	&failover_server_test,
	NULL,
};
