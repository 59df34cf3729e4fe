/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcpfod - wires the servers to the master agent. */
#include "snmp.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent.h"
#include "conf.h"
#include "dispatch.h"
#include "log.h"
#include "notify.h"
#include "scalars.h"

/* How long a call that still runs may take to end when we are told to. */
#define PATIENCE_MS 5000

/* Exported by libnetsnmp, but in none of the headers that Debian installs. */
int netsnmp_sd_notify(int unset_environment, const char *state);

/* Polls are not spread more finely than this. */
#define TICK_MIN_MS 20

static struct scalars scalars;
static struct conf *settings;
static const char *conf_path;
static unsigned int poll_alarm;
static size_t polls_per_tick;
static bool stopping;

static const char usage_text[] =
    "usage: dhcpfod [-fhtV] [-c FILE] [-x SOCKET] [-L LOGOPTS] [-D TOKENS]\n"
    "               [-p PIDFILE]\n"
    "  -c FILE     configuration (default: " DHCPFO_CONF ")\n"
    "  -D TOKENS   debug output of Net-SNMP (e.g. agentx) and of dhcpfod "
    "itself\n"
    "  -f          stay in the foreground, log to standard error\n"
    "  -h          print this and exit\n"
    "  -L LOGOPTS  where to log, as in snmpcmd(1): e, f FILE, o, s FACILITY\n"
    "  -p PIDFILE  write the process number there\n"
    "  -t          test the configuration and exit\n"
    "  -V          print the version and exit\n"
    "  -x SOCKET   the AgentX master's socket, instead of agentx-socket\n"
    "\n"
    "dhcpfod makes DHCPv4 failover relationships a writable table of the SNMP\n"
    "agent.  See dhcpfod(8), dhcpfod.conf(5) and DHCP-FAILOVER-MIB.\n";

struct options {
	const char *conf, *socket, *pidfile;
	bool foreground, test, logged;
};

static void
wake(void)
{
	workshop_wake(scalars.roster->shop);
}

static void
poll_next(unsigned int registration, void *arg)
{
	(void)registration;
	(void)arg;
	roster_poll_some(scalars.roster, polls_per_tick);
	roster_reap(scalars.roster);
}

/*
 * Every server once in an interval, spread over it: answers that come one by
 * one delay nobody.
 */
static void
restart_polling(void)
{
	const size_t n = scalars.roster->n;
	uint64_t tick = (uint64_t)scalars.poll_interval * 1000 / n;
	struct timeval every;

	if (tick < TICK_MIN_MS)
		tick = TICK_MIN_MS;
	polls_per_tick =
	    (size_t)((n * tick + scalars.poll_interval * 1000u - 1) /
		(scalars.poll_interval * 1000u));
	every.tv_sec = (time_t)(tick / 1000);
	every.tv_usec = (suseconds_t)(tick % 1000 * 1000);
	if (poll_alarm != 0)
		snmp_alarm_unregister(poll_alarm);
	poll_alarm = snmp_alarm_register_hr(every, SA_REPEAT, poll_next, NULL);
}

static void
jobs_finished(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	workshop_collect(scalars.roster->shop);
	log_flush();
}

/* What the file says of the agent itself. */
static void
settle(const struct conf *conf)
{
	scalars.server_count = (uint32_t)conf->n;
	scalars.write_policy = conf->write_policy;
	scalars.poll_interval = conf->poll_interval;
	scalars.notify = conf->notify;
	scalars.notify_min_interval = conf->notify_min_interval;
	dispatch_init(&scalars, conf->set_deadline);
}

/*
 * Net-SNMP goes on without a file that it cannot open, and without a word: the
 * first such one of the log, and why in errno, or NULL.
 */
static const char *
unwritable_log(void)
{
	const netsnmp_log_handler *handler;
	FILE *file;

	for (handler = get_logh_head(); handler != NULL;
	     handler = handler->next) {
		if (handler->type != NETSNMP_LOGHANDLER_FILE)
			continue;
		if ((file = fopen(handler->token, "ae")) == NULL)
			return handler->token;
		fclose(file);
	}
	return NULL;
}

/* Whoever rotates the log has given its file another name. */
static void
reopen_log(void)
{
	const char *path;

	if ((path = unwritable_log()) != NULL) {
		log_err("%s: %s: the log stays in the file that is open", path,
		    strerror(errno));
		return;
	}
	/* netsnmp_logging_restart() forgets files where there is syslog too. */
	snmp_disable_filelog();
	snmp_enable_filelog(NULL, 1);
}

/* A file that is wrong in any way changes nothing. */
static void
reload(void)
{
	struct conf *conf;
	char why[512];

	if ((conf = conf_read(conf_path, why, sizeof(why), NULL)) == NULL) {
		log_err("%s: nothing is changed", why);
		return;
	}
	if (strcmp(conf->agentx_socket, settings->agentx_socket) != 0 ||
	    strcmp(conf->state_dir, settings->state_dir) != 0 ||
	    conf->ping_interval != settings->ping_interval)
		log_warning("%s: agentx-socket, ping-interval and state-dir "
			    "change with a restart only",
		    conf_path);
	if (!roster_reload(scalars.roster, conf)) {
		log_err("%s: nothing is changed", conf_path);
		conf_free(conf);
		return;
	}
	roster_limit_events(scalars.roster, conf->event_limit);
	settle(conf);
	restart_polling();
	roster_poll_all(scalars.roster);
	/* ${settings} stays what has counted since the start. */
	conf_free(conf);
	log_info("%s: read again, %u server%s", conf_path, scalars.server_count,
	    scalars.server_count == 1 ? "" : "s");
}

static void
signalled(int fd, void *arg)
{
	struct signalfd_siginfo info;

	(void)arg;
	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGTERM:
	case SIGINT:
		stopping = true;
		break;
	case SIGHUP:
		reopen_log();
		reload();
		break;
	case SIGUSR1:
		roster_poll_all(scalars.roster);
		break;
	}
}

/* Signals come as a descriptor, so that they never interrupt anything. */
static int
take_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	/* Whoever started us may ignore it, and with it how helpers end. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Three descriptors for each server with a database of its own. */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warning("the number of open files cannot be raised: %s",
		    strerror(errno));
}

/*
 * Memory holds secrets: no core file, and nobody of the same user looks at it.
 */
static void
hide_memory(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		log_warning("a core file cannot be prevented: %s",
		    strerror(errno));
}

static void
write_pid(const char *path)
{
	FILE *file;

	if ((file = fopen(path, "w")) == NULL)
		goto err0;
	fprintf(file, "%ld\n", (long)getpid());
	if (fclose(file) != 0)
		goto err0;

	/* Success! */
	return;

err0:
	log_err("%s: %s", path, strerror(errno));
}

static bool
start(const struct options *options, int signals)
{
	const char *socket =
	    options->socket != NULL ? options->socket : settings->agentx_socket;
	struct roster *roster = scalars.roster;

	agent_log_init(wake);
	settle(settings);
	notify_init(&scalars);
	roster->observer = notify_observe;
	if ((roster->history = history_open(settings->state_dir, roster->shop,
		 roster->events)) == NULL)
		return false;
	roster_poll_all(roster);
	if (!agent_watch(signals, signalled) ||
	    !agent_watch(workshop_fd(roster->shop), jobs_finished) ||
	    !agent_start(socket, settings->ping_interval))
		return false;
	scalars.poll_interval_changed = restart_polling;
	restart_polling();
	if (options->pidfile != NULL)
		write_pid(options->pidfile);
	return true;
}

static int
run(const struct options *options)
{
	int signals = -1, status = 1;

	raise_file_limit();
	agent_prepare();
	scalars.started = time(NULL);
	/* RFC 2579: a TestAndIncr starts anywhere, so that old values miss. */
	scalars.spin_lock =
	    (uint32_t)(scalars.started ^ getpid() << 12) & 0x7fffffff;
	if ((signals = take_signals()) == -1 ||
	    (scalars.roster = roster_new(settings)) == NULL)
		goto err0;
	if (!start(options, signals))
		goto err1;
	log_info("dhcpfod %s: %u server%s", DHCPFO_VERSION,
	    scalars.server_count, scalars.server_count == 1 ? "" : "s");
	/* 0: the environment stays, as workers give it to their helpers. */
	netsnmp_sd_notify(0, "READY=1\n");
	while (!stopping) {
		agent_turn();
		notify_flush();
	}
	log_info("dhcpfod: ends");
	status = 0;

err1:
	agent_stop();
	notify_end();
	roster_free(scalars.roster, PATIENCE_MS);
	log_flush();
	if (options->pidfile != NULL)
		unlink(options->pidfile);
err0:
	if (signals != -1)
		close(signals);
	return status;
}

static void
usage(FILE *to, int status)
{
	fputs(usage_text, to);
	exit(status);
}

static void
debug(const char *tokens)
{
	debug_register_tokens(tokens);
	snmp_set_do_debugging(1);
	log_level_set(LOG_LEVEL_DEBUG);
}

static void
parse(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt(argc, argv, "c:D:fhL:p:tVx:")) != -1)
		switch (c) {
		case 'c':
			options->conf = optarg;
			break;
		case 'D':
			debug(optarg);
			break;
		case 'f':
			options->foreground = true;
			break;
		case 'h':
			usage(stdout, 0);
			break;
		case 'L':
			if (snmp_log_options(optarg, argc, argv) < 0)
				usage(stderr, 2);
			options->logged = true;
			break;
		case 'p':
			options->pidfile = optarg;
			break;
		case 't':
			options->test = true;
			break;
		case 'V':
			printf("dhcpfod %s (Net-SNMP %s)\n", DHCPFO_VERSION,
			    netsnmp_get_version());
			exit(0);
		case 'x':
			options->socket = optarg;
			break;
		default:
			usage(stderr, 2);
		}
	if (optind != argc)
		usage(stderr, 2);
}

/* Names of files mean what they do in the foreground, and to dhcpfoctl. */
static bool
go_into_background(void)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool good = netsnmp_daemonize(1, snmp_stderrlog_status()) == 0;

	/* It has gone to the root.  Who may not be here has no files here. */
	if (here != -1) {
		good = fchdir(here) == 0 && good;
		close(here);
	}
	return good;
}

int
main(int argc, char **argv)
{
	struct options options = { .conf = DHCPFO_CONF };
	const char *log_path;
	char why[512];
	int status;

	hide_memory();
	parse(argc, argv, &options);
	/* As it was named: it may be a link, and to another file later. */
	conf_path = options.conf;
	if ((settings = conf_read(conf_path, why, sizeof(why), NULL)) == NULL) {
		fprintf(stderr, "dhcpfod: %s\n", why);
		return 1;
	}
	if (options.test) {
		printf("%s: configuration ok\n", conf_path);
		conf_free(settings);
		return 0;
	}
	if ((log_path = unwritable_log()) != NULL) {
		fprintf(stderr, "dhcpfod: %s: %s\n", log_path, strerror(errno));
		return 1;
	}
	if (!options.logged && options.foreground)
		snmp_enable_stderrlog();
	else if (!options.logged)
		snmp_enable_syslog_ident("dhcpfod", LOG_DAEMON);
	/* Threads do not survive a fork: this comes before the first one. */
	if (!options.foreground && !go_into_background())
		return 1;
	status = run(&options);
	conf_free(settings);
	return status;
}
