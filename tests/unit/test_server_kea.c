/* SPDX-License-Identifier: BSD-2-Clause */
/* The Kea type against a stand-in for Kea: what it shows, sends and refuses. */
#include "fake_kea.h"

#include <sys/stat.h>

#include "conf.h"
#include "failover.h"
#include "log.h"
#include "roster.h"
#include "server.h"
#include "server_kea.h"
#include "server_kea_private.h"

#include "alloc.h"
#include "kea_answers.h"

#define NET(a, b, c, d)                                            \
	((DHCP_IP_ADDRESS)(a) << 24 | (DHCP_IP_ADDRESS)(b) << 16 | \
	    (DHCP_IP_ADDRESS)(c) << 8 | (DHCP_IP_ADDRESS)(d))

#define assert_error(is, should) \
	assert_string_equal(DhcpfoErrorName(is), DhcpfoErrorName(should))

#define NAME "server1-server2"

static struct kea_options options;
static struct fake *fake;
static struct failover_server *server;
static char logged[16384];

static void
log_to_memory(enum log_level level, const char *line)
{
	size_t used = strlen(logged);

	(void)level;
	snprintf(logged + used, sizeof(logged) - used, "%s\n", line);
}

static void
open_server(bool allow_config_set)
{
	failover_server_close(server);
	options.allow_config_set = allow_config_set;
	assert_error(failover_server_open(&failover_server_kea, "kea-1", NULL,
			 &options, &server),
	    ERROR_SUCCESS);
}

static int
set_up(void **state)
{
	(void)state;
	fake = fake_local();
	options.socket = fake->path;
	options.timeout = 300;
	logged[0] = '\0';
	log_open(log_to_memory, NULL);
	server = NULL;
	open_server(false);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	failover_server_close(server);
	log_open(NULL, NULL);
	fake_end(fake);
	/* Whatever happened, nobody was told a password. */
	assert_null(strstr(logged, PASSWORD));
	assert_null(strstr(logged, DB_PASSWORD));
	return 0;
}

/* Kea is well; the first rules that are added afterwards do not count. */
static void
answers(const char *status, const char *config)
{
	fake_rule(fake, "status-get", status, FAKE_ANSWER, 0);
	fake_rule(fake, "config-get", config, FAKE_ANSWER, 0);
	fake_rule(fake, "stat-lease4-get", COUNTS_22, FAKE_ANSWER, 0);
}

/* ---- what is listed */

static struct {
	unsigned int n;
	DHCP_FAILOVER_RELATIONSHIP *rel[4];
	DHCP_FAILOVER_STATISTICS stats[4][8];
	FSM_STATE partner[4];
	bool authenticated;
} seen;

static bool
see(void *arg, const struct failover_row *row)
{
	(void)arg;
	seen.rel[seen.n] = failover_dup(&row->rel);
	seen.partner[seen.n] = row->partner_state;
	seen.authenticated |= row->authenticated;
	for (size_t i = 0; i < failover_scope_count(&row->rel); i++)
		seen.stats[seen.n][i] = row->stats[i];
	seen.n++;
	return true;
}

static void
forget(void)
{
	for (unsigned int i = 0; i < seen.n; i++)
		failover_free(seen.rel[i]);
	memset(&seen, 0, sizeof(seen));
}

static enum dhcp_error
list(void)
{
	forget();
	return failover_server_list(server, see, NULL);
}

static void
pair_of_2_2__is_listed_with_all_its_members(void **state)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel;

	(void)state;
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.n, 1);
	rel = seen.rel[0];
	assert_string_equal(rel->RelationshipName, NAME);
	assert_string_equal(rel->PrimaryServerName, "server1");
	assert_string_equal(rel->SecondaryServerName, "server2");
	assert_int_equal(rel->PrimaryServer, NET(127, 0, 0, 1));
	assert_int_equal(rel->Mode, LoadBalance);
	assert_int_equal(rel->ServerType, PrimaryServer);
	assert_int_equal(rel->State, NORMAL);
	assert_int_equal(rel->PrevState, INIT);
	assert_int_equal(rel->Mclt, 0);
	assert_int_equal(rel->SafePeriod, 2);
	assert_int_equal(rel->Percentage, 50);
	assert_null(rel->SharedSecret);
	assert_false(seen.authenticated);
	assert_int_equal(seen.partner[0], NORMAL);

	assert_int_equal(rel->pScopes->NumElements, 3);
	assert_int_equal(rel->pScopes->Elements[1], NET(192, 0, 2, 0));
	assert_int_equal(seen.stats[0][1].NumAddr, 100);
	assert_int_equal(seen.stats[0][1].AddrInUse, 30);
	assert_int_equal(seen.stats[0][1].AddrFree, 70);
	assert_int_equal(seen.stats[0][1].ThisAddrFree, FAILOVER_NOT_COUNTED);
	assert_int_equal(seen.stats[0][1].PartnerAddrInUse,
	    FAILOVER_NOT_COUNTED);
	/* Not in the answer. */
	assert_int_equal(seen.stats[0][2].NumAddr, FAILOVER_NOT_COUNTED);
	assert_string_equal(logged, "");
}

static void
hub_of_2_6__is_listed_as_two_relationships_with_their_scopes(void **state)
{
	(void)state;
	answers(STATUS_26_HUB("hot-standby", "hot-standby", "waiting",
		    "unavailable"),
	    CONFIG_26_HUB);
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.rel[0]->RelationshipName, "branch1-hub1");
	assert_int_equal(seen.rel[0]->Mode, HotStandby);
	assert_int_equal(seen.rel[0]->ServerType, SecondaryServer);
	assert_int_equal(seen.rel[0]->Percentage, 0);
	assert_int_equal(seen.rel[0]->pScopes->NumElements, 2);
	assert_int_equal(seen.rel[0]->pScopes->Elements[1], NET(10, 4, 0, 0));
	assert_string_equal(seen.rel[1]->RelationshipName, "branch2-hub2");
	assert_int_equal(seen.rel[1]->State, STARTUP);
	assert_int_equal(seen.rel[1]->SafePeriod, 30);
	assert_int_equal(seen.rel[1]->pScopes->NumElements, 1);
	assert_int_equal(seen.partner[1], NO_STATE);
}

#define OF(server) "\"user-context\": { \"ha-server-name\": \"" server "\" }, "
#define SAME_ADDRESS                                                          \
	"\"subnet4\": [ { \"id\": 3, \"subnet\": \"10.0.0.0/28\" }, "         \
	"{ \"id\": 9, " OF(                                                   \
	    "branch2") "\"subnet\": \"10.0.0.0/8\" }, "                       \
		       "{ \"id\": 7, " OF(                                    \
			   "hub2") "\"subnet\": \"10.0.0.0/16\" }, "          \
				   "{ \"id\": 1, " OF(                        \
				       "hub1") "\"subnet\": \"10.0.0.0/24\" " \
					       "} ]"

static void
subnets_of_a_hub_that_differ_in_length__are_each_in_their_relationship(
    void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;

	(void)state;
	answers(STATUS_26_HUB("hot-standby", "hot-standby", "hot-standby",
		    "hot-standby"),
	    CONFIG_22_WITH(HOOKS_22(HUB_RELS), SAME_ADDRESS));
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.rel[0]->pScopes->NumElements, 1);
	assert_int_equal(seen.rel[0]->pScopes->Elements[0], NET(10, 0, 0, 0));
	assert_int_equal(seen.stats[0][0].NumAddr, 100);
	/* Two in one relationship would have the same index. */
	assert_int_equal(seen.rel[1]->pScopes->NumElements, 1);
	assert_int_equal(seen.rel[1]->pScopes->Elements[0], NET(10, 0, 0, 0));
	assert_int_equal(seen.stats[1][0].NumAddr, 0);
	assert_error(failover_server_scope_relationship(server,
			 NET(10, 0, 0, 0), &rel),
	    ERROR_SUCCESS);
	assert_string_equal(rel->RelationshipName, "branch1-hub1");
	failover_free(rel);
}

static void
pair_of_3_0__is_listed(void **state)
{
	(void)state;
	answers(STATUS_30, CONFIG_30);
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.rel[0]->ServerType, SecondaryServer);
	assert_int_equal(seen.rel[0]->SafePeriod, 60);
}

static void
passive_backup__is_no_relationship(void **state)
{
	(void)state;
	answers(STATUS_22(
		    "{ \"ha-mode\": \"passive-backup\", \"ha-servers\": "
		    "{ \"local\": { \"role\": \"primary\", \"scopes\": [ ], "
		    "\"state\": \"passive-backup\" } } }"),
	    CONFIG_22_WITH(HOOKS_22(HA_REL("server1", "passive-backup", "2000",
			       PEER("server1", "18001",
				   "primary") ", " PEER("server2", "18002",
				   "backup"))),
		SUBNETS_22));
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.n, 0);
}

static void
partner_that_is_not_heard__is_an_interruption(void **state)
{
	static const struct {
		const char *status;
		FSM_STATE state, partner;
	} rows[] = {
		{ BALANCING("load-balancing", "load-balancing", "true"),
		    COMMUNICATION_INT, NORMAL },
		{ BALANCING("load-balancing", "unavailable", "false"),
		    COMMUNICATION_INT, NO_STATE },
		{ BALANCING("communication-recovery", "unavailable", "true"),
		    COMMUNICATION_INT, NO_STATE },
		{ BALANCING("partner-down", "unavailable", "true"),
		    PARTNER_DOWN, NO_STATE },
		{ BALANCING("partner-down", "waiting", "false"), PARTNER_DOWN,
		    STARTUP },
		{ BALANCING("load-balancing", "load-balancing", "false"),
		    NORMAL, NORMAL },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		answers(rows[i].status, CONFIG_22);
		assert_error(list(), ERROR_SUCCESS);
		assert_int_equal(seen.rel[0]->State, rows[i].state);
		assert_int_equal(seen.partner[0], rows[i].partner);
		fake_forget(fake);
	}
}

static void
unknown_state__is_no_state_and_logged_once(void **state)
{
	(void)state;
	answers(BALANCING("tired", "asleep", "false"), CONFIG_22);
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.rel[0]->State, NO_STATE);
	assert_string_equal(logged,
	    "server \"kea-1\": Kea is in state "
	    "\"tired\", which is not known here\n");
	assert_error(list(), ERROR_SUCCESS);
	assert_null(strchr(strchr(logged, '\n') + 1, '\n'));
}

static void
statistics_without_their_hook__are_missing_and_that_is_logged_once(void **state)
{
	(void)state;
	fake_rule(fake, "stat-lease4-get", UNSUPPORTED("stat-lease4-get"),
	    FAKE_ANSWER, 0);
	answers(STATUS_22_NORMAL, CONFIG_22);
	for (int i = 0; i < 2; i++) {
		assert_error(list(), ERROR_SUCCESS);
		assert_int_equal(seen.stats[0][1].NumAddr,
		    FAILOVER_NOT_COUNTED);
	}
	assert_non_null(strstr(logged, "libdhcp_stat_cmds.so is not loaded"));
	assert_null(strchr(strchr(logged, '\n') + 1, '\n'));
}

/* With many leases in a database they may take longer than the time-out. */
static void
statistics_that_do_not_come__hide_no_state(void **state)
{
	static const struct {
		const char *text;
		enum fake_how how;
		const char *words;
	} rows[] = {
		{ COUNTS_22, FAKE_HANG, "no complete answer within 300 ms" },
		{ NULL, FAKE_CLOSE, "closed the connection" },
		{ "{\"result\":0}", FAKE_ANSWER, "no proper result-set" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		answers(STATUS_22_NORMAL, CONFIG_22);
		assert_error(list(), ERROR_SUCCESS);
		assert_int_equal(seen.stats[0][1].NumAddr, 100);
		fake_forget(fake);
		fake_rule(fake, "stat-lease4-get", rows[i].text, rows[i].how,
		    0);
		answers(BALANCING("partner-down", "unavailable", "true"),
		    CONFIG_22);
		logged[0] = '\0';
		for (int again = 0; again < 2; again++) {
			assert_error(list(), ERROR_SUCCESS);
			assert_int_equal(seen.rel[0]->State, PARTNER_DOWN);
			assert_int_equal(seen.stats[0][1].NumAddr,
			    FAILOVER_NOT_COUNTED);
		}
		assert_non_null(strstr(logged, "no statistics of scopes: "));
		assert_non_null(strstr(logged, rows[i].words));
		assert_null(strchr(strchr(logged, '\n') + 1, '\n'));
		fake_forget(fake);
	}
}

static void
configuration__is_read_again_only_if_there_may_be_another(void **state)
{
	const char *often =
	    STATUS_22_RELOAD(STATUS_REL_22("load-balancing", "primary",
				 "load-balancing", "secondary",
				 "load-balancing", "false"),
		"1");

	(void)state;
	fake_rule(fake, "status-get", STATUS_22_NORMAL, FAKE_ANSWER, 3);
	answers(often, CONFIG_22);
	list();
	assert_string_equal(fake_calls(fake),
	    "status-get config-get stat-lease4-get ");
	list();
	assert_string_equal(fake_calls(fake), "status-get stat-lease4-get ");
	list();
	assert_string_equal(fake_calls(fake), "status-get stat-lease4-get ");
	/* Configured a second ago: that may have been after we asked. */
	list();
	assert_string_equal(fake_calls(fake),
	    "status-get config-get stat-lease4-get ");
}

static void
configuration__of_ages_ago__is_not_read_again(void **state)
{
	const char *ages =
	    STATUS_22_RELOAD(STATUS_REL_22("load-balancing", "primary",
				 "load-balancing", "secondary",
				 "load-balancing", "false"),
		"9223372036854775807");

	(void)state;
	answers(ages, CONFIG_22);
	list();
	fake_calls(fake);
	list();
	assert_string_equal(fake_calls(fake), "status-get stat-lease4-get ");
}

static void
status_and_configuration_that_do_not_fit__are_asked_again(void **state)
{
	(void)state;
	fake_rule(fake, "status-get", STATUS_22_NORMAL, FAKE_ANSWER, 1);
	answers(STATUS_26_HUB("waiting", "", "waiting", ""), CONFIG_26_HUB);
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(seen.n, 2);
	fake_forget(fake);
	answers(STATUS_22_NORMAL, CONFIG_26_HUB);
	assert_error(list(), ERROR_GEN_FAILURE);
	assert_non_null(strstr(server->report.last_error_text, "different"));
}

static void
get__finds_by_name(void **state)
{
	DHCP_FAILOVER_RELATIONSHIP *rel;

	(void)state;
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(failover_server_get(server, NAME, &rel), ERROR_SUCCESS);
	assert_int_equal(rel->pScopes->NumElements, 3);
	failover_free(rel);
	assert_error(failover_server_get(server, "other", &rel),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
}

static void
scopes__are_found_with_their_relationship_and_numbers(void **state)
{
	DHCP_FAILOVER_STATISTICS stats;
	DHCP_FAILOVER_RELATIONSHIP *rel;

	(void)state;
	answers(STATUS_26_HUB("hot-standby", "hot-standby", "hot-standby",
		    "hot-standby"),
	    CONFIG_26_HUB);
	assert_error(failover_server_scope_relationship(server,
			 NET(10, 3, 0, 0), &rel),
	    ERROR_SUCCESS);
	assert_string_equal(rel->RelationshipName, "branch2-hub2");
	failover_free(rel);
	assert_error(failover_server_scope_relationship(server,
			 NET(10, 2, 0, 0), &rel),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_error(failover_server_scope_relationship(server,
			 NET(10, 99, 0, 0), &rel),
	    ERROR_DHCP_SUBNET_NOT_PRESENT);
	assert_error(failover_server_scope_statistics(server, NET(10, 1, 0, 0),
			 &stats),
	    ERROR_SUCCESS);
	assert_int_equal(stats.AddrInUse, 30);
	assert_error(failover_server_scope_statistics(server, NET(10, 2, 0, 0),
			 &stats),
	    ERROR_NOT_SUPPORTED);
	assert_error(failover_server_scope_statistics(server, NET(10, 99, 0, 0),
			 &stats),
	    ERROR_DHCP_SUBNET_NOT_PRESENT);
}

static void
long_names__are_cut_to_126_units(void **state)
{
	static char name[201], config[4000];

	(void)state;
	memset(name, 'n', 200);
	snprintf(config, sizeof(config),
	    "{\"result\":0,\"arguments\":{"
	    "\"Dhcp4\":{\"hooks-libraries\":[{\"library\":\"libdhcp_ha.so\","
	    "\"parameters\":{\"high-availability\":[{\"this-server-name\":"
	    "\"%s\",\"mode\":\"load-balancing\",\"max-response-delay\":1,"
	    "\"peers\":[{\"name\":\"%s\",\"role\":\"primary\",\"url\":\"\"},"
	    "{\"name\":\"b\",\"role\":\"secondary\",\"url\":\"\"}]}]}}]}}}",
	    name, name);
	answers(STATUS_22_NORMAL, config);
	assert_error(list(), ERROR_SUCCESS);
	assert_int_equal(strlen(seen.rel[0]->RelationshipName), 126);
	assert_int_equal(strlen(seen.rel[0]->PrimaryServerName), 200);
	assert_int_equal(seen.rel[0]->SecondaryServer, 0);
	assert_int_equal(seen.rel[0]->SafePeriod, 1); /* rounded up */
}

/* ---- failures */

/* A list fails so, is shown so, and is logged with these words, once. */
static void
assert_fails(enum dhcp_error error, enum oper_status status, const char *words)
{
	char *line;

	logged[0] = '\0';
	assert_error(list(), error);
	assert_int_equal(roster_oper_status(error), status);
	if (strstr(server->report.last_error_text, words) == NULL)
		fail_msg("%s", server->report.last_error_text);
	assert_non_null(line = strstr(logged, words));
	list();
	assert_null(strstr(line + 1, words));
	server->logged[0] = '\0';
	fake_forget(fake);
}

static void
failures__have_a_status_words_and_a_line_in_the_log(void **state)
{
	static const struct {
		const char *text;
		enum fake_how how;
		enum dhcp_error error;
		enum oper_status status;
		const char *words;
	} rows[] = {
		{ NULL, FAKE_CLOSE, RPC_S_CALL_FAILED, OPER_STATUS_UNREACHABLE,
		    "without an answer" },
		{ STATUS_22_NORMAL, FAKE_HALF, RPC_S_CALL_FAILED,
		    OPER_STATUS_UNREACHABLE, "breaks off after" },
		{ STATUS_22_NORMAL, FAKE_HANG, ERROR_TIMEOUT,
		    OPER_STATUS_UNREACHABLE, "within 300 ms" },
		{ "Guru Meditation", FAKE_ANSWER, RPC_X_BAD_STUB_DATA,
		    OPER_STATUS_ERROR, "not JSON" },
		{ "{\"result\":0}", FAKE_ANSWER, RPC_X_BAD_STUB_DATA,
		    OPER_STATUS_ERROR, "no proper arguments" },
		{ STATUS_22_NO_HA, FAKE_ANSWER, ERROR_DHCP_FO_NOT_SUPPORTED,
		    OPER_STATUS_ERROR, "libdhcp_ha.so is not loaded" },
		{ "{\"result\":1,\"text\":\"timed out\"}", FAKE_ANSWER,
		    ERROR_GEN_FAILURE, OPER_STATUS_ERROR,
		    "status-get: Kea answers 1 (error): timed out" },
		{ "{\"result\":2,\"text\":\"x\"}", FAKE_ANSWER,
		    ERROR_NOT_SUPPORTED, OPER_STATUS_ERROR,
		    "2 (unsupported): x" },
		{ "{\"result\":3}", FAKE_ANSWER, ERROR_NO_MORE_ITEMS,
		    OPER_STATUS_ERROR, "3 (empty)" },
		{ "{\"result\":4,\"text\":\"x\"}", FAKE_ANSWER, ERROR_BUSY,
		    OPER_STATUS_ERROR, "4 (conflict): x" },
		{ "{\"result\":5,\"text\":\"x\"}", FAKE_ANSWER,
		    ERROR_GEN_FAILURE, OPER_STATUS_ERROR,
		    "5 (fatal error): x" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		fake_rule(fake, "status-get", rows[i].text, rows[i].how, 0);
		assert_fails(rows[i].error, rows[i].status, rows[i].words);
	}
	/* The same of the configuration. */
	answers(STATUS_22_NORMAL, "{\"result\":1,\"text\":\"no\"}");
	assert_fails(ERROR_GEN_FAILURE, OPER_STATUS_ERROR, "config-get: Kea");
}

static void
socket_that_is_not_there__is_told_apart(void **state)
{
	(void)state;
	options.socket = (char *)(uintptr_t) "/nonexistent/kea4";
	assert_fails(ERROR_DHCP_SERVER_NOT_RUNNING, OPER_STATUS_UNREACHABLE,
	    "there is no socket /nonexistent/kea4");
	options.socket = (char *)(uintptr_t) "/etc/passwd";
	assert_fails(ERROR_DHCP_SERVER_NOT_RUNNING, OPER_STATUS_UNREACHABLE,
	    "nobody listens at the socket /etc/passwd");
}

static void
endless_answer__is_an_error(void **state)
{
	static char text[1024 * 1024];

	(void)state;
	memset(text, ' ', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	options.timeout = 20000;
	fake_rule(fake, "status-get", text, FAKE_FLOOD, 0);
	assert_error(list(), RPC_X_BAD_STUB_DATA);
	assert_non_null(strstr(server->report.last_error_text,
	    "longer than 67108864 octets"));
}

static void
recovery__is_logged(void **state)
{
	(void)state;
	fake_rule(fake, "status-get", NULL, FAKE_CLOSE, 1);
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(list(), RPC_S_CALL_FAILED);
	logged[0] = '\0';
	assert_error(list(), ERROR_SUCCESS);
	assert_string_equal(logged, "server \"kea-1\": works again\n");
}

/* ---- partner-down */

static enum dhcp_error
set(DWORD flags, FSM_STATE to, DWORD safe_period)
{
	static char name[] = NAME;
	const DHCP_FAILOVER_RELATIONSHIP want = {
		.RelationshipName = name,
		.State = to,
		.SafePeriod = safe_period,
	};

	return failover_server_set(server, flags, &want);
}

static enum dhcp_error
set_state(FSM_STATE to)
{
	return set(CHANGESTATE, to, 0);
}

/* Refused with these words, nothing was sent that changes anything. */
static void
assert_refused(enum dhcp_error is, enum dhcp_error should, const char *words)
{
	const char *calls = fake_calls(fake);

	if (is != should)
		print_error("%s\n%s\n", calls, server->report.last_error_text);
	assert_error(is, should);
	if (strstr(server->report.last_error_text, words) == NULL)
		fail_msg("%s", server->report.last_error_text);
	assert_null(strstr(calls, "ha-"));
	assert_null(strstr(calls, "-set"));
	fake_forget(fake);
}

#define DEAD BALANCING("communication-recovery", "unavailable", "true")

/* A configuration whose partner listens at ${port}. */
static const char *
config_at(uint16_t port)
{
	static char text[sizeof(CONFIG_22) + 64];
	const char *was = CONFIG_22, *at = strstr(was, "18002");

	snprintf(text, sizeof(text), "%.*s%05u%s", (int)(at - was), was,
	    (unsigned int)port, at + 5);
	return text;
}

/* A port where nobody listens. */
static uint16_t
dead_port(void)
{
	struct fake *partner = fake_tcp();
	uint16_t port = partner->port;

	fake_end(partner);
	return port;
}

static void
only_what_is_allowed__can_be_set(void **state)
{
	(void)state;
	assert_int_equal(server->sets, CHANGESTATE);
	open_server(true);
	assert_int_equal(server->sets, CHANGESTATE | SAFEPERIOD);
	open_server(false);
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(set(SAFEPERIOD, NO_STATE, 5), ERROR_NOT_SUPPORTED);
	for (DWORD bit = 1; bit & FAILOVER_SET_ALL; bit <<= 1)
		if (bit != CHANGESTATE)
			assert_error(set(bit | CHANGESTATE, PARTNER_DOWN, 5),
			    ERROR_NOT_SUPPORTED);
	assert_string_equal(fake_calls(fake), "");
}

static void
partner_down__is_ordered_and_seen(void **state)
{
	(void)state;
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	answers(BALANCING("partner-down", "unavailable", "true"),
	    config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_SUCCESS);
	assert_string_equal(fake_calls(fake),
	    "status-get config-get ha-maintenance-start status-get ");
	/* Again: it is there already. */
	assert_error(set_state(PARTNER_DOWN), ERROR_SUCCESS);
	assert_null(strstr(fake_calls(fake), "ha-"));
}

/* Down by itself, with auto-failover false. */
#define DOWN_SERVING(mode, role, scopes, other)                             \
	STATUS_22(STATUS_REL_22_SERVING(mode, role, "partner-down", scopes, \
	    other, "unavailable", "true"))

static void
partner_down_that_does_not_serve_all__is_no_success(void **state)
{
	static const char *const partial[] = {
		DOWN_SERVING("load-balancing", "primary", "\"server1\"",
		    "secondary"),
		DOWN_SERVING("hot-standby", "standby", "", "primary"),
	};
	static const char words[] = "does not serve its partner's clients";
	static const char standby[] =
	    CONFIG_22_WITH(HOOKS_22(HA_REL("server1", "hot-standby", "2000",
			       PEER("server2", "18002",
				   "primary") ", " PEER("server1", "18001",
				   "standby"))),
		SUBNETS_22);
	char name[] = "server2-server1";
	const DHCP_FAILOVER_RELATIONSHIP down = {
		.RelationshipName = name,
		.State = PARTNER_DOWN,
	};

	(void)state;
	answers(partial[0], CONFIG_22);
	assert_refused(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER, words);
	answers(partial[1], standby);
	assert_refused(failover_server_set(server, CHANGESTATE, &down),
	    ERROR_INVALID_PARAMETER, words);
	answers(DOWN_SERVING("hot-standby", "standby", "\"server2\"",
		    "primary"),
	    standby);
	assert_error(failover_server_set(server, CHANGESTATE, &down),
	    ERROR_SUCCESS);
	fake_forget(fake);

	/* It got there between the check and the order. */
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	answers(partial[0], config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER);
	assert_non_null(strstr(server->report.last_error_text, words));
}

static void
partner_down_in_startup_with_a_dead_partner__is_ordered(void **state)
{
	(void)state;
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get",
	    BALANCING("waiting", "unavailable", "false"), FAKE_ANSWER, 1);
	answers(BALANCING("partner-down", "unavailable", "true"),
	    config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_SUCCESS);
}

static void
other_states__cannot_be_set(void **state)
{
	(void)state;
	for (int to = NO_STATE; to <= SHUTDOWN; to++) {
		if (to == PARTNER_DOWN)
			continue;
		answers(DEAD, config_at(dead_port()));
		assert_refused(set_state((FSM_STATE)to),
		    ERROR_INVALID_PARAMETER,
		    "the only state that Kea can be set to is partnerDown");
	}
}

static void
partner_down_in_other_states__is_refused(void **state)
{
	static const char *const states[] = {
		BALANCING("load-balancing", "load-balancing", "false"),
		BALANCING("ready", "unavailable", "true"),
		BALANCING("terminated", "unavailable", "true"),
		BALANCING("in-maintenance", "unavailable", "true"),
		BALANCING("tired", "unavailable", "true"),
	};

	(void)state;
	for (size_t i = 0; i < nitems(states); i++) {
		answers(states[i], config_at(dead_port()));
		assert_refused(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER,
		    "partnerDown refused in state");
	}
	/* It is Kea that is well, and the operator who is told. */
	assert_null(strstr(logged, "works again"));
}

static void
partner_down_on_a_hub__is_refused(void **state)
{
	static char name[] = "branch2-hub2";
	const DHCP_FAILOVER_RELATIONSHIP want = {
		.RelationshipName = name,
		.State = PARTNER_DOWN,
	};

	(void)state;
	answers(STATUS_26_HUB("hot-standby", "hot-standby", "hot-standby",
		    "unavailable"),
	    CONFIG_26_HUB);
	assert_refused(failover_server_set(server, CHANGESTATE, &want),
	    ERROR_NOT_SUPPORTED, "2 relationships");
}

static void
partner_down_of_an_unknown_name__does_not_exist(void **state)
{
	static char name[] = "other";
	const DHCP_FAILOVER_RELATIONSHIP want = { .RelationshipName = name };

	(void)state;
	answers(DEAD, CONFIG_22);
	assert_error(failover_server_set(server, CHANGESTATE, &want),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
}

#define HTTP "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

/* Set with a partner that answers a probe so. */
static void
assert_partner_forbids(const char *answer, enum fake_how how, const char *words)
{
	struct fake *partner = fake_tcp();

	fake_rule(partner, "ha-heartbeat", answer, how, 0);
	answers(DEAD, config_at(partner->port));
	assert_refused(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER, words);
	fake_end(partner);
}

static void
partner_that_lives_or_hangs__forbids_it(void **state)
{
	(void)state;
	assert_partner_forbids(HTTP "[ { \"result\": 0 } ]", FAKE_ANSWER,
	    "is alive");
	assert_partner_forbids(HTTP "[ { \"result\": 2, \"text\": \"'ha-"
				    "heartbeat' command not supported.\" } ]",
	    FAKE_ANSWER, "is alive");
	assert_partner_forbids("HTTP/1.1 401 Unauthorized\r\n\r\n", FAKE_ANSWER,
	    "is alive");
	assert_partner_forbids("garbage", FAKE_ANSWER, "is alive");
	assert_partner_forbids(NULL, FAKE_CLOSE, "is alive");
	assert_partner_forbids("", FAKE_HANG, "does not answer: it hangs");
}

/* With TLS it waits for us to begin, so its silence says nothing. */
static void
partner_behind_tls__forbids_it_and_is_not_said_to_hang(void **state)
{
	static char config[sizeof(CONFIG_22) + 16];
	struct fake *partner = fake_tcp();
	const char *was = CONFIG_22,
		   *at = strstr(was, "http://127.0.0.1:18002");

	(void)state;
	snprintf(config, sizeof(config), "%.*shttps://127.0.0.1:%05u%s",
	    (int)(at - was), was, (unsigned int)partner->port,
	    at + strlen("http://127.0.0.1:18002"));
	answers(DEAD, config);
	assert_refused(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER,
	    "whether it lives cannot be seen through TLS");
	assert_null(strstr(server->report.last_error_text, "hangs"));
	fake_end(partner);
}

/* Kea 2.2 can be asked through its control agent, which lives on. */
static void
assert_agent_allows(const char *answer)
{
	struct fake *partner = fake_tcp();

	fake_rule(partner, "ha-heartbeat", answer, FAKE_ANSWER, 0);
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	answers(BALANCING("partner-down", "unavailable", "true"),
	    config_at(partner->port));
	assert_error(set_state(PARTNER_DOWN), ERROR_SUCCESS);
	assert_string_equal(fake_calls(partner), "ha-heartbeat ");
	assert_non_null(strstr(partner->last, "\"service\":[\"dhcp4\"]"));
	fake_end(partner);
	fake_forget(fake);
}

static void
control_agent_of_a_dead_partner__does_not_forbid_it(void **state)
{
	(void)state;
	assert_agent_allows(
	    HTTP "[ { \"result\": 1, \"text\": "
		 "\"unable to forward command to the dhcp4 service: Connection "
		 "refused. The server is likely to be offline\" } ]");
	assert_agent_allows(
	    HTTP "[ { \"result\": 1, \"text\": "
		 "\"unable to forward command to the dhcp4 service: No such "
		 "file or directory. The server is likely to be offline\" } ]");
}

/* It may not connect, or finds a full queue: of the server that says nothing.
 */
static void
control_agent_that_cannot_tell__forbids_it(void **state)
{
	static const char *const reasons[] = { "Permission denied",
		"Resource temporarily unavailable", "End of file",
		"Connection timed out" };
	char answer[256];

	(void)state;
	for (size_t i = 0; i < nitems(reasons); i++) {
		snprintf(answer, sizeof(answer),
		    HTTP "[ { \"result\": 1, \"text\": \"unable to forward "
			 "command to the dhcp4 service: %s. The server is "
			 "likely to be offline\" } ]",
		    reasons[i]);
		assert_partner_forbids(answer, FAKE_ANSWER, "is alive");
	}
}

/* An address that is not IPv4 cannot be probed: then Kea's word counts. */
static void
partner_that_cannot_be_probed__is_dead_if_kea_says_so(void **state)
{
	static char config[sizeof(CONFIG_22)];
	char *at;

	(void)state;
	strcpy(config, CONFIG_22);
	at = strstr(config, "127.0.0.1:18002");
	memcpy(at, "[2001:db8::1]:1", 15);
	answers(BALANCING("load-balancing", "load-balancing", "true"), config);
	assert_refused(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER,
	    "cannot be probed");
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	answers(BALANCING("partner-down", "unavailable", "true"), config);
	assert_error(set_state(PARTNER_DOWN), ERROR_SUCCESS);
}

static void
answer_that_got_lost__is_made_up_for_by_the_state(void **state)
{
	(void)state;
	fake_rule(fake, "ha-maintenance-start", NULL, FAKE_CLOSE, 1);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	answers(BALANCING("partner-down", "unavailable", "true"),
	    config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_SUCCESS);

	/* Nor was it done, as can be seen. */
	fake_forget(fake);
	fake_rule(fake, "ha-maintenance-start", NULL, FAKE_CLOSE, 1);
	answers(DEAD, config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), RPC_S_CALL_FAILED_DNE);

	/* Nor can it be seen: change.c will ask once more, and wait. */
	fake_forget(fake);
	fake_rule(fake, "ha-maintenance-start", NULL, FAKE_CLOSE, 1);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", NULL, FAKE_CLOSE, 0);
	fake_rule(fake, "config-get", config_at(dead_port()), FAKE_ANSWER, 0);
	assert_error(set_state(PARTNER_DOWN), RPC_S_CALL_FAILED);
}

static void
failure_before_anything_was_sent__is_not_in_doubt(void **state)
{
	(void)state;
	fake_rule(fake, "status-get", NULL, FAKE_CLOSE, 0);
	assert_error(set_state(PARTNER_DOWN), RPC_S_CALL_FAILED_DNE);
	fake_forget(fake);
	fake_rule(fake, "status-get", NULL, FAKE_HANG, 0);
	assert_error(set_state(PARTNER_DOWN), ERROR_DHCP_SERVER_NOT_REACHABLE);
}

static void
order_that_kea_refuses__fails_with_its_words(void **state)
{
	(void)state;
	fake_rule(fake, "ha-maintenance-start",
	    "{\"result\":1,\"text\":"
	    "\"Unable to transition\"}",
	    FAKE_ANSWER, 1);
	answers(DEAD, config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_GEN_FAILURE);
	assert_string_equal(server->report.last_error_text,
	    "ha-maintenance-start: Kea answers 1 (error): Unable to "
	    "transition");
	/* Nor is it believed when it says yes. */
	fake_forget(fake);
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	answers(DEAD, config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_GEN_FAILURE);
	assert_non_null(strstr(server->report.last_error_text,
	    "but is in state communication-recovery"));
}

static void
partner_that_comes_back_in_that_moment__is_released(void **state)
{
	(void)state;
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "ha-maintenance-cancel", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "status-get", DEAD, FAKE_ANSWER, 1);
	/* The first cancel does not last. */
	fake_rule(fake, "status-get",
	    BALANCING("partner-in-maintenance", "in-maintenance", "false"),
	    FAKE_ANSWER, 2);
	answers(STATUS_22_NORMAL, config_at(dead_port()));
	assert_error(set_state(PARTNER_DOWN), ERROR_INVALID_PARAMETER);
	assert_string_equal(fake_calls(fake),
	    "status-get config-get "
	    "ha-maintenance-start status-get ha-maintenance-cancel status-get "
	    "ha-maintenance-cancel status-get ");
	assert_non_null(strstr(server->report.last_error_text, "came back"));
}

/* ---- safe period */

#define CONFIG_DELAY(delay) \
	CONFIG_22_WITH(HOOKS_22(PAIR_REL(delay, "18002")), SUBNETS_22)

/* Kea runs with 2000 ms until so many config-get were asked; then ${then}. */
static void
config_rules(int before, const char *then)
{
	fake_rule(fake, "config-get", CONFIG_22, FAKE_ANSWER, before);
	answers(STATUS_22_NORMAL, then);
}

static enum dhcp_error
set_period(DWORD seconds)
{
	return set(SAFEPERIOD, NO_STATE, seconds);
}

static void
safe_period__is_tested_set_and_seen(void **state)
{
	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", OK_TEXT, FAKE_ANSWER, 0);
	config_rules(2, CONFIG_DELAY("5000"));
	assert_error(set_period(5), ERROR_SUCCESS);
	assert_string_equal(fake_calls(fake),
	    "status-get config-get "
	    "config-get config-test config-set status-get config-get ");
	/* Again: it is so already, and high availability is left alone. */
	assert_error(set_period(5), ERROR_SUCCESS);
	assert_null(strstr(fake_calls(fake), "config-set"));
}

static void
safe_period_out_of_range__is_refused(void **state)
{
	static const DWORD values[] = { 0, 66, 65536, UINT32_MAX };

	(void)state;
	open_server(true);
	for (size_t i = 0; i < nitems(values); i++) {
		answers(STATUS_22_NORMAL, CONFIG_22);
		assert_refused(set_period(values[i]), ERROR_INVALID_PARAMETER,
		    "1 to 65 seconds");
	}
}

static void
safe_period_while_not_normal__is_refused(void **state)
{
	(void)state;
	open_server(true);
	answers(DEAD, CONFIG_22);
	assert_refused(set_period(5), ERROR_DHCP_FO_STATE_NOT_NORMAL,
	    "refused in state communicationInt");
}

/* config-set restarts all of them, also one that serves for a dead partner. */
static void
safe_period_while_another_is_not_normal__is_refused(void **state)
{
	static char name[] = "branch1-hub1";
	const DHCP_FAILOVER_RELATIONSHIP want = {
		.RelationshipName = name,
		.SafePeriod = 5,
	};

	(void)state;
	open_server(true);
	answers(STATUS_26_HUB("hot-standby", "hot-standby", "partner-down",
		    "unavailable"),
	    CONFIG_26_HUB);
	assert_refused(failover_server_set(server, SAFEPERIOD, &want),
	    ERROR_DHCP_FO_STATE_NOT_NORMAL,
	    "\"branch2-hub2\" is in state partnerDown");
}

static void
both_at_once__are_both_checked_before_anything_is_sent(void **state)
{
	(void)state;
	open_server(true);
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_refused(set(SAFEPERIOD | CHANGESTATE, PARTNER_DOWN, 5),
	    ERROR_INVALID_PARAMETER, "partnerDown refused in state normal");
	answers(DEAD, config_at(dead_port()));
	assert_refused(set(SAFEPERIOD | CHANGESTATE, PARTNER_DOWN, 5),
	    ERROR_DHCP_FO_STATE_NOT_NORMAL, "safePeriod refused");
}

static void
safe_period_that_fails_the_test__is_not_set(void **state)
{
	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", "{\"result\":1,\"text\":\"bad\"}",
	    FAKE_ANSWER, 0);
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(set_period(5), ERROR_GEN_FAILURE);
	assert_null(strstr(fake_calls(fake), "config-set"));
	/* Nor when its outcome is not known. */
	fake_forget(fake);
	fake_rule(fake, "\"config-test\"", NULL, FAKE_CLOSE, 0);
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(set_period(5), RPC_S_CALL_FAILED_DNE);
	assert_null(strstr(fake_calls(fake), "config-set"));
}

static void
safe_period_that_cannot_be_set__is_put_back_at_once(void **state)
{
	static const char *const failures[] = {
		"{\"result\":1,\"text\":\"bad " PASSWORD "\"}",
		"{\"result\":5,\"text\":\"half of it\"}",
		OK_TEXT, /* but without effect */
	};

	(void)state;
	open_server(true);
	for (size_t i = 0; i < nitems(failures); i++) {
		fake_forget(fake);
		fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
		fake_rule(fake, "\"config-set\"", failures[i], FAKE_ANSWER, 1);
		fake_rule(fake, "\"config-set\"", OK_TEXT, FAKE_ANSWER, 1);
		/* High availability is gone in between. */
		fake_rule(fake, "status-get", STATUS_22_NORMAL, FAKE_ANSWER, 1);
		fake_rule(fake, "status-get", STATUS_22_NO_HA, FAKE_ANSWER,
		    i == 2 ? -1 : 1);
		answers(STATUS_22_NORMAL, CONFIG_22);
		assert_error(set_period(5), ERROR_GEN_FAILURE);
		assert_non_null(strstr(server->report.last_error_text,
		    "the former configuration was set again"));
		assert_null(strstr(server->report.last_error_text, PASSWORD));
		assert_non_null(
		    strstr(fake_calls(fake), "config-test config-set "));
		/* What was sent last is the old one, passwords and all. */
		assert_non_null(
		    strstr(fake->set, "\"max-response-delay\":2000"));
		assert_non_null(strstr(fake->set, PASSWORD));
	}
}

static void
safe_period_that_cannot_be_put_back__is_cried_out(void **state)
{
	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", "{\"result\":1}", FAKE_ANSWER, 0);
	fake_rule(fake, "status-get", STATUS_22_NORMAL, FAKE_ANSWER, 1);
	answers(STATUS_22_NO_HA, CONFIG_22);
	assert_error(set_period(5), ERROR_GEN_FAILURE);
	assert_non_null(
	    strstr(server->report.last_error_text, "COULD NOT BE SET AGAIN"));
}

/* All goes well until config-test; then Kea has gone. */
static const char *
go_after_test(void *arg, const char *asked, enum fake_how *how)
{
	const struct fake *kea = arg;

	*how = FAKE_ANSWER;
	if (strstr(asked, "status-get") != NULL)
		return STATUS_22_NORMAL;
	if (strstr(asked, "config-get") != NULL)
		return CONFIG_22;
	unlink(kea->path);
	return OK_TEXT;
}

static void
safe_period_that_cannot_be_sent__is_not_taken_back(void **state)
{
	(void)state;
	open_server(true);
	fake->arg = fake;
	fake->say = go_after_test;
	assert_error(set_period(5), ERROR_DHCP_SERVER_NOT_RUNNING);
	assert_null(strstr(logged, "former configuration"));
}

/* Kea took it, and was never heard of again. */
static void
safe_period_that_can_neither_be_seen_nor_put_back__is_in_doubt(void **state)
{
	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", OK_TEXT, FAKE_ANSWER, 1);
	fake_rule(fake, "\"config-set\"", NULL, FAKE_CLOSE, 0);
	fake_rule(fake, "status-get", STATUS_22_NORMAL, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", NULL, FAKE_CLOSE, 0);
	fake_rule(fake, "config-get", CONFIG_22, FAKE_ANSWER, 0);
	assert_error(set_period(5), RPC_S_CALL_FAILED);
	assert_non_null(
	    strstr(server->report.last_error_text, "COULD NOT BE SET AGAIN"));
}

static void
config_set_whose_answer_got_lost__is_not_repeated(void **state)
{
	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", NULL, FAKE_CLOSE, 0);
	config_rules(2, CONFIG_DELAY("5000"));
	assert_error(set_period(5), ERROR_SUCCESS);

	fake_forget(fake);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", NULL, FAKE_CLOSE, 0);
	fake_rule(fake, "status-get", STATUS_22_NORMAL, FAKE_ANSWER, 1);
	fake_rule(fake, "status-get", NULL, FAKE_CLOSE, 0);
	fake_rule(fake, "config-get", CONFIG_22, FAKE_ANSWER, 0);
	assert_error(set_period(5), RPC_S_CALL_FAILED);
	assert_string_equal(fake_calls(fake),
	    "status-get config-get "
	    "config-get config-test config-set status-get ");
}

/* ---- the way back */

static enum dhcp_error
restore(FSM_STATE was, DWORD safe_period)
{
	static char name[] = NAME;
	const DHCP_FAILOVER_RELATIONSHIP old = {
		.RelationshipName = name,
		.State = was,
		.SafePeriod = safe_period,
	};

	return failover_server_restore(server, NAME, &old);
}

static void
way_back__sets_the_safe_period_even_if_not_normal(void **state)
{
	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "config-get", CONFIG_22, FAKE_ANSWER, 3);
	answers(BALANCING("waiting", "", "false"), CONFIG_DELAY("7000"));
	assert_error(restore(NORMAL, 7), ERROR_SUCCESS);
	assert_non_null(strstr(fake_calls(fake), "config-set"));
	assert_error(restore(NORMAL, 7), ERROR_SUCCESS);
	assert_null(strstr(fake_calls(fake), "config-set"));
}

/* After a config-set Kea is waiting for some seconds: time enough for an undo.
 */
static void
way_back__of_a_set__is_open_while_it_is_waiting(void **state)
{
	static char name[] = NAME;
	const DHCP_FAILOVER_RELATIONSHIP old = { .RelationshipName = name,
		.SafePeriod = 7 };

	(void)state;
	open_server(true);
	fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "\"config-set\"", OK_TEXT, FAKE_ANSWER, 0);
	fake_rule(fake, "config-get", CONFIG_22, FAKE_ANSWER, 3);
	answers(BALANCING("waiting", "", "false"), CONFIG_DELAY("7000"));
	assert_error(failover_server_set(server, SAFEPERIOD, &old),
	    ERROR_DHCP_FO_STATE_NOT_NORMAL);
	assert_error(failover_server_set_back(server, SAFEPERIOD, &old),
	    ERROR_SUCCESS);
	assert_non_null(strstr(fake_calls(fake), "config-set"));
}

/* What Kea was configured to may be no whole seconds, or more than can be set.
 */
static void
way_back__of_a_set__leads_to_what_was_there(void **state)
{
	static const struct {
		const char *before;
		DWORD shown;
		const char *sent;
	} rows[] = {
		{ CONFIG_DELAY("2500"), 3, "\"max-response-delay\":2500," },
		{ CONFIG_DELAY("65535"), 66, "\"max-response-delay\":65535," },
	};
	static char name[] = NAME;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const DHCP_FAILOVER_RELATIONSHIP old = {
			.RelationshipName = name,
			.SafePeriod = rows[i].shown,
		};

		open_server(true);
		fake_rule(fake, "\"config-test\"", OK_TEXT, FAKE_ANSWER, 0);
		fake_rule(fake, "\"config-set\"", OK_TEXT, FAKE_ANSWER, 0);
		fake_rule(fake, "config-get", rows[i].before, FAKE_ANSWER, 2);
		fake_rule(fake, "config-get", CONFIG_DELAY("5000"), FAKE_ANSWER,
		    3);
		answers(STATUS_22_NORMAL, rows[i].before);
		assert_error(set_period(5), ERROR_SUCCESS);
		assert_error(failover_server_set_back(server, SAFEPERIOD, &old),
		    ERROR_SUCCESS);
		assert_non_null(strstr(fake->set, rows[i].sent));
		fake_forget(fake);
	}
}

static void
way_back_from_partner_down__there_is_none(void **state)
{
	(void)state;
	answers(BALANCING("partner-down", "unavailable", "true"), CONFIG_22);
	assert_error(restore(COMMUNICATION_INT, 2), ERROR_NOT_SUPPORTED);
	assert_error(restore(PARTNER_DOWN, 2), ERROR_SUCCESS);
	assert_error(failover_server_restore(server, NAME, NULL),
	    ERROR_NOT_SUPPORTED);
}

/* ---- memory */

static void
no_memory__is_told_at_any_time_and_leaves_nothing(void **state)
{
	enum dhcp_error error = ERROR_NOT_ENOUGH_MEMORY;
	unsigned int done = 0;

	(void)state;
	if (!alloc_works())
		skip();
	answers(STATUS_22_NORMAL, CONFIG_22);
	/* The stand-in allocates for its first command only. */
	assert_error(list(), ERROR_SUCCESS);
	for (long n = 0; done < 3; n++) {
		open_server(false);
		forget();
		alloc_left = n;
		error = failover_server_list(server, see, NULL);
		alloc_left = -1;
		assert_true(n < 10000);
		if (error == ERROR_SUCCESS)
			done++;
		else if (error != ERROR_NOT_ENOUGH_MEMORY &&
		    error != RPC_X_BAD_STUB_DATA)
			fail_msg("%ld: %s", n, DhcpfoErrorName(error));
	}
}

/* dhcpsapi.h: "Output parameters are touched only on success". */
static void
no_memory__in_a_get__leaves_the_result_alone(void **state)
{
	enum dhcp_error error = ERROR_NOT_ENOUGH_MEMORY;
	DHCP_FAILOVER_RELATIONSHIP other, *rel;

	(void)state;
	if (!alloc_works())
		skip();
	answers(STATUS_22_NORMAL, CONFIG_22);
	assert_error(list(), ERROR_SUCCESS);
	for (long n = 0; error != ERROR_SUCCESS; n++) {
		rel = &other;
		alloc_left = n;
		error = failover_server_get(server, NAME, &rel);
		alloc_left = -1;
		assert_true(n < 10000);
		if (error != ERROR_SUCCESS)
			assert_ptr_equal(rel, &other);
	}
	failover_free(rel);
}

/* What was ordered may be done: who says otherwise has seen the state. */
static void
no_memory__after_an_order__leaves_it_in_doubt(void **state)
{
	unsigned int doubts = 0;
	enum dhcp_error error;
	bool ran_out = true;
	long n;

	(void)state;
	if (!alloc_works())
		skip();
	answers(DEAD, config_at(dead_port()));
	fake_rule(fake, "ha-maintenance-start", OK_TEXT, FAKE_ANSWER, 0);
	/* The stand-in allocates for its first command only. */
	assert_error(list(), ERROR_SUCCESS);
	forget();
	for (n = 0; ran_out; n++) {
		open_server(false);
		fake_calls(fake);
		alloc_left = n;
		error = set_state(PARTNER_DOWN);
		ran_out = alloc_left == 0;
		alloc_left = -1;
		if (strstr(fake_calls(fake), "ha-maintenance-start") == NULL)
			continue;
		if (error == RPC_S_CALL_FAILED)
			doubts++;
		else
			assert_error(error, ERROR_GEN_FAILURE);
	}
	assert_true(doubts > 0);
}

static int
forget_all(void **state)
{
	forget();
	return tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, forget_all)
		TEST(pair_of_2_2__is_listed_with_all_its_members),
		TEST(
		    hub_of_2_6__is_listed_as_two_relationships_with_their_scopes),
		TEST(
		    subnets_of_a_hub_that_differ_in_length__are_each_in_their_relationship),
		TEST(pair_of_3_0__is_listed),
		TEST(passive_backup__is_no_relationship),
		TEST(partner_that_is_not_heard__is_an_interruption),
		TEST(unknown_state__is_no_state_and_logged_once),
		TEST(
		    statistics_without_their_hook__are_missing_and_that_is_logged_once),
		TEST(statistics_that_do_not_come__hide_no_state),
		TEST(configuration__is_read_again_only_if_there_may_be_another),
		TEST(configuration__of_ages_ago__is_not_read_again),
		TEST(status_and_configuration_that_do_not_fit__are_asked_again),
		TEST(get__finds_by_name),
		TEST(scopes__are_found_with_their_relationship_and_numbers),
		TEST(long_names__are_cut_to_126_units),
		TEST(failures__have_a_status_words_and_a_line_in_the_log),
		TEST(socket_that_is_not_there__is_told_apart),
		TEST(endless_answer__is_an_error),
		TEST(recovery__is_logged),
		TEST(only_what_is_allowed__can_be_set),
		TEST(partner_down__is_ordered_and_seen),
		TEST(partner_down_that_does_not_serve_all__is_no_success),
		TEST(partner_down_in_startup_with_a_dead_partner__is_ordered),
		TEST(other_states__cannot_be_set),
		TEST(partner_down_in_other_states__is_refused),
		TEST(partner_down_on_a_hub__is_refused),
		TEST(partner_down_of_an_unknown_name__does_not_exist),
		TEST(partner_that_lives_or_hangs__forbids_it),
		TEST(partner_behind_tls__forbids_it_and_is_not_said_to_hang),
		TEST(control_agent_of_a_dead_partner__does_not_forbid_it),
		TEST(control_agent_that_cannot_tell__forbids_it),
		TEST(partner_that_cannot_be_probed__is_dead_if_kea_says_so),
		TEST(answer_that_got_lost__is_made_up_for_by_the_state),
		TEST(failure_before_anything_was_sent__is_not_in_doubt),
		TEST(order_that_kea_refuses__fails_with_its_words),
		TEST(partner_that_comes_back_in_that_moment__is_released),
		TEST(safe_period__is_tested_set_and_seen),
		TEST(safe_period_out_of_range__is_refused),
		TEST(safe_period_while_not_normal__is_refused),
		TEST(safe_period_while_another_is_not_normal__is_refused),
		TEST(both_at_once__are_both_checked_before_anything_is_sent),
		TEST(safe_period_that_fails_the_test__is_not_set),
		TEST(safe_period_that_cannot_be_set__is_put_back_at_once),
		TEST(safe_period_that_cannot_be_put_back__is_cried_out),
		TEST(safe_period_that_cannot_be_sent__is_not_taken_back),
		TEST(
		    safe_period_that_can_neither_be_seen_nor_put_back__is_in_doubt),
		TEST(config_set_whose_answer_got_lost__is_not_repeated),
		TEST(way_back__sets_the_safe_period_even_if_not_normal),
		TEST(way_back__of_a_set__is_open_while_it_is_waiting),
		TEST(way_back__of_a_set__leads_to_what_was_there),
		TEST(way_back_from_partner_down__there_is_none),
		TEST(no_memory__is_told_at_any_time_and_leaves_nothing),
		TEST(no_memory__in_a_get__leaves_the_result_alone),
		TEST(no_memory__after_an_order__leaves_it_in_doubt),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
