/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dispatch.h"
#include "log.h"

#define NAME "dhcpfod"
/* How Net-SNMP's message begins when the master refuses a registration. */
#define REFUSED "registering pdu failed"

/*
 * A master that hangs holds the loop for as long as it may take to answer when
 * we connect; more would only delay what does not need the master.
 */
#define PATIENCE_US 1000000

/* How many pings in a row may go unanswered. */
#define SILENCE_MAX 4

/* How soon to look for a master that is not there. */
#define SEEK_SECONDS 1

static struct {
	netsnmp_session *session; /* NULL: not connected */
	bool told; /* that there is none */
	int why; /* no session, or the last knock in vain: an errno, or 0 */
	int told_why;
	unsigned int silent; /* pings since something came */
	int patience; /* how often not to look for it */
	uint32_t ping_interval;
	const char *path; /* of its socket in the file system, or NULL */
	bool refused; /* another subagent has our objects */
	bool told_refused;
	char *socket;
} agent;

static oid root[MIB_ROOT_LENGTH] = { MIB_ROOT };

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
	/*
	 * Net-SNMP takes a registration for done when its session ended within,
	 * and would not repeat it in this one.
	 */
	register_mib_detach();
	agent.session = session;
	agent.refused = false;
	agent.told = false;
	agent.silent = 0;
	dispatch_session_began(session);
	return 0;
}

static int
ended(int major, int minor, void *session, void *arg)
{
	(void)major;
	(void)minor;
	(void)arg;
	agent.session = NULL;
	agent.patience = 0;
	/* It has gone; or it was silent, and hung up on. */
	agent.why = agent.silent > SILENCE_MAX ? 0 : ECONNRESET;
	dispatch_session_ended(session);
	return 0;
}

/*
 * Net-SNMP's own ping waits for its answer, and meanwhile hands what comes from
 * the master to its engine instead of to us: requests would be answered with
 * errors.  Ours does not wait.
 */
static void
silence_library_ping(void)
{
	netsnmp_session *session = agent.session;

	if (session == NULL || session->securityModel == SNMP_DEFAULT_SECMODEL)
		return;
	snmp_alarm_unregister((unsigned int)session->securityModel);
	session->securityModel = SNMP_DEFAULT_SECMODEL;
}

/*
 * Net-SNMP tells nobody that the master refused the registration, but its log,
 * and never tries again: the other subagent may be gone by then.
 */
static int
watch_log(int major, int minor, void *message_arg, void *arg)
{
	const struct snmp_log_message *message = message_arg;

	(void)major;
	(void)minor;
	(void)arg;
	if (message->msg != NULL &&
	    strncmp(message->msg, REFUSED, strlen(REFUSED)) == 0)
		agent.refused = true;
	return 0;
}

static void
register_again(void)
{
	struct register_parameters parameters = {
		.name = root,
		.namelen = MIB_ROOT_LENGTH,
		.priority = DEFAULT_MIB_PRIORITY,
	};

	agent.refused = false;
	snmp_call_callbacks(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_REGISTER_OID, &parameters);
	if (!agent.refused)
		log_notice("AgentX: the objects are ours now");
}

/*
 * Hang up: Net-SNMP then finds out.  But whoever has died on this machine has
 * closed his socket, and who only hangs is as good as ever when he goes on:
 * this is for a master that vanished with its host.
 */
static void
hang_up(void)
{
	netsnmp_transport *transport;

	transport = snmp_sess_transport(snmp_sess_pointer(agent.session));
	if (transport != NULL && agent.path == NULL)
		shutdown(transport->sock, SHUT_RDWR);
}

/*
 * Why a connection would not be taken, an errno, or 0.  Net-SNMP's own
 * connect() waits without end for a master that hangs and has no place left for
 * those who wait.
 */
static int
knock(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (agent.path == NULL)
		return 0;
	if (strlen(agent.path) >= sizeof(to.sun_path))
		return ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;
	strcpy(to.sun_path, agent.path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		error = errno;
	close(fd);
	return error;
}

/* Exported by libnetsnmpagent, but in none of the headers. */
int subagent_startup(int major, int minor, void *server, void *client);

/*
 * When Net-SNMP itself would look for the master again, in seconds.  We do
 * that: 0 stands for never, but with 0 it would not register what we serve
 * either.
 */
static void
retry_interval(int seconds)
{
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, seconds);
}

/* Look for the master: soon, as long as nobody is there. */
static void
seek(unsigned int registration, void *arg)
{
	(void)registration;
	(void)arg;
	if (agent.session != NULL || agent.patience-- > 0 ||
	    (agent.why = knock()) != 0)
		return;
	/* If it then takes a second to say nothing, it need not be asked soon.
	 */
	agent.patience = (int)(agent.ping_interval / SEEK_SECONDS);
	retry_interval(INT_MAX);
	subagent_startup(0, 0, NULL, NULL);
	retry_interval(0);
}

static void
ping(unsigned int registration, void *arg)
{
	(void)registration;
	(void)arg;
	if (agent.session == NULL)
		return;
	if (agent.refused)
		register_again();
	if (dispatch_heard()) {
		agent.silent = 0;
		return;
	}
	if (++agent.silent <= SILENCE_MAX)
		dispatch_ping();
	else if (agent.silent == SILENCE_MAX + 1) {
		/* Said once: a master of this host may hang for hours. */
		log_warning("the AgentX master does not answer");
		hang_up();
	}
}

static bool
register_tree(void)
{
	netsnmp_handler_registration *registration;

	registration = netsnmp_create_handler_registration("dhcpFoMIB",
	    dispatch_handler, root, MIB_ROOT_LENGTH, HANDLER_CAN_RWRITE);
	return registration != NULL &&
	    netsnmp_register_handler(registration) == MIB_REGISTERED_OK;
}

/*
 * Said once, and again after a success, or when one is there but not for us:
 * that does not end by itself.
 */
static void
say_if_alone(void)
{
	const bool shut = agent.why == EACCES && agent.told_why != EACCES;

	if (agent.session != NULL || (agent.told && !shut))
		return;
	agent.told = true;
	agent.told_why = agent.why;
	log_warning("no AgentX master at %s (%s): looking for it again and "
		    "again",
	    agent.socket[0] != '\0' ? agent.socket : NETSNMP_AGENTX_SOCKET,
	    agent.why != 0 ? strerror(agent.why) : "no answer");
}

static void
say_if_refused(void)
{
	if (agent.refused && !agent.told_refused)
		log_err(
		    "AgentX: another subagent has our objects: does another "
		    "dhcpfod run?  Trying again and again");
	agent.told_refused = agent.refused;
}

/* The path in "unix:PATH" or "/PATH", or of the default; else NULL. */
static const char *
path_of(const char *socket)
{
	if (socket[0] == '\0')
		socket = NETSNMP_AGENTX_SOCKET;
	if (strncmp(socket, "unix:", 5) == 0)
		return socket + 5;
	return socket[0] == '/' ? socket : NULL;
}

void
agent_prepare(void)
{
	/* Symbols are for people; parsing the MIBs costs a second and noise. */
	setenv("MIBS", "", 1);
}

bool
agent_start(const char *socket, uint32_t ping_interval)
{
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
	agent.ping_interval = ping_interval;
	if ((agent.socket = strdup(socket)) == NULL || init_agent(NAME) != 0)
		return false;
	agent.path = path_of(agent.socket);
	retry_interval(0);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_RETRIES, 0);
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY,
	    SNMP_CALLBACK_POST_READ_CONFIG, subagent_startup, NULL, 1);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_INDEX_START, began, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_INDEX_STOP, ended, NULL);
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING,
	    watch_log, NULL);
	if (!register_tree())
		return false;
	init_snmp(NAME);
	if (snmp_alarm_register(ping_interval, SA_REPEAT, ping, NULL) == 0 ||
	    snmp_alarm_register(SEEK_SECONDS, SA_REPEAT, seek, NULL) == 0)
		return false;
	seek(0, NULL);
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

void
agent_turn(void)
{
	silence_library_ping();
	agent_check_and_process(1);
	say_if_alone();
	say_if_refused();
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
