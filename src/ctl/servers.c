/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

#include "servers.h"

enum ctl_exit
servers_read(struct ctl *ctl)
{
	char why[512];

	if (ctl->conf != NULL)
		return CTL_OK;
	ctl->conf = conf_read(ctl->configuration, why, sizeof(why), NULL);
	if (ctl->conf != NULL)
		return CTL_OK;
	complain("%s", why);
	return CTL_FAILED;
}

static bool
has_number(const struct conf_server *server, const char *wanted)
{
	char number[sizeof("65535")];

	snprintf(number, sizeof(number), "%u", (unsigned int)server->index);
	return strcmp(number, wanted) == 0;
}

static bool
has_name(const struct conf_server *server, const char *wanted)
{
	return strcmp(server->name, wanted) == 0;
}

static bool
has_address(const struct conf_server *server, const char *wanted)
{
	return server->address != NULL && strcmp(server->address, wanted) == 0;
}

/* What -s may say, as the API has it, and then the number. */
static bool (*const ways[])(const struct conf_server *, const char *) = {
	has_name,
	has_address,
	has_number,
};

const struct conf_server *
servers_wanted(struct ctl *ctl)
{
	const struct conf *conf;
	size_t i, way;

	if (servers_read(ctl) != CTL_OK)
		return NULL;
	conf = ctl->conf;
	if (ctl->server == NULL)
		return &conf->servers[0];
	for (way = 0; way < nitems(ways); way++)
		for (i = 0; i < conf->n; i++)
			if (ways[way](&conf->servers[i], ctl->server))
				return &conf->servers[i];
	complain("-s %s: %s has no server of this name, address or number",
	    ctl->server, ctl->configuration);
	return NULL;
}

const struct conf_server *
servers_for_api(struct ctl *ctl)
{
	const struct conf_server *server;
	DWORD error;

	if ((server = servers_wanted(ctl)) == NULL)
		return NULL;
	error = DhcpfoOpen(ctl->configuration);
	if (outcome("open", ctl->configuration, error) != CTL_OK)
		return NULL;
	return server;
}

struct failover_server *
servers_open(const struct conf_server *server)
{
	struct failover_server *handle;
	enum dhcp_error error;

	error = failover_server_open(server->type, server->name,
	    server->address, server->options, &handle);
	if (outcome("open server", server->name, error) != CTL_OK)
		return NULL;
	return handle;
}
