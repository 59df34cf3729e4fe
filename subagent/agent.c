/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "log.h"

#define NAME "dhcpfod"

/*
 * A master that hangs holds the loop for as long as it may take to answer a
 * ping; more would only delay what does not need the master.
 */
#define PATIENCE_US 1000000

static struct {
	bool connected, told;
	char *socket;
} agent;

static void
to_net_snmp_log(enum log_level level, const char *line)
{
	snmp_log((int)level, "%s\n", line);
}

void
agent_log_init(void (*wake)(void))
{
	log_open(to_net_snmp_log, wake);
}

static int
began(int major, int minor, void *session_arg, void *arg)
{
	netsnmp_session *session = session_arg;

	(void)major;
	(void)minor;
	(void)arg;
	/* A notification that is sent again would be delivered twice. */
	session->retries = 0;
	session->timeout = PATIENCE_US;
	agent.connected = true;
	agent.told = false;
	dispatch_session_began(session);
	return 0;
}

static int
ended(int major, int minor, void *session, void *arg)
{
	(void)major;
	(void)minor;
	(void)arg;
	agent.connected = false;
	dispatch_session_ended(session);
	return 0;
}

/* Our requests are taken off before they get here; the registration counts. */
static int
unreachable(netsnmp_mib_handler *handler, netsnmp_handler_registration *reginfo,
    netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	(void)handler;
	(void)reginfo;
	netsnmp_set_request_error(info, requests, SNMP_ERR_GENERR);
	return SNMP_ERR_NOERROR;
}

static bool
register_tree(void)
{
	static const oid root[MIB_ROOT_LENGTH] = { MIB_ROOT };
	netsnmp_handler_registration *registration;

	registration = netsnmp_create_handler_registration("dhcpFoMIB",
	    unreachable, root, MIB_ROOT_LENGTH, HANDLER_CAN_RWRITE);
	return registration != NULL &&
	    netsnmp_register_handler(registration) == MIB_REGISTERED_OK;
}

/* Net-SNMP would warn at every try: say it once, and again after a success. */
static void
say_if_alone(void)
{
	if (agent.connected || agent.told)
		return;
	agent.told = true;
	log_warning("no AgentX master at %s yet: looking for it again and again",
	    agent.socket[0] != '\0' ? agent.socket : NETSNMP_AGENTX_SOCKET);
}

bool
agent_start(const char *socket, uint32_t ping_interval)
{
	/* Symbols are for people; parsing the MIBs costs a second and noise. */
	setenv("MIBS", "", 1);
	netsnmp_enable_subagent();
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
	if (socket[0] != '\0')
		netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID,
		    NETSNMP_DS_AGENT_X_SOCKET, socket);
	if ((agent.socket = strdup(socket)) == NULL ||
	    init_agent(NAME) != 0)
		return false;
	/* init_agent() has set it to 15. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, (int)ping_interval);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_INDEX_START, began, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_INDEX_STOP, ended, NULL);
	if (!register_tree())
		return false;
	init_snmp(NAME); /* connects */
	say_if_alone();
	return true;
}

void
agent_stop(void)
{
	snmp_shutdown(NAME);
	shutdown_agent();
	dispatch_end();
	free(agent.socket);
	memset(&agent, 0, sizeof(agent));
}

bool
agent_connected(void)
{
	return agent.connected;
}

void
agent_turn(void)
{
	agent_check_and_process(1);
	say_if_alone();
}

bool
agent_watch(int fd, void (*ready)(int fd, void *arg))
{
	return register_readfd(fd, ready, NULL) == FD_REGISTERED_OK;
}

void
agent_unwatch(int fd)
{
	unregister_readfd(fd);
}
