/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kea_answers.h - answers of Kea's versions, trimmed by hand.
 *
 * 2.2.0 was recorded; 2.6 and 3.0 are as in the notes of what was seen of them.
 * What is not used here is there to be ignored.
 */
#ifndef DHCPFO_TESTS_KEA_ANSWERS_H
#define DHCPFO_TESTS_KEA_ANSWERS_H

/* ---- status-get */

/* Mode, own role, own state, whom it serves, partner's role and state,
 * interrupted. */
#define STATUS_REL_22_SERVING(mode, role, state, scopes, remote_role, remote, \
    interrupted)                                                              \
	"{ \"ha-mode\": \"" mode "\", \"ha-servers\": { "                     \
	"\"local\": { \"role\": \"" role "\", \"scopes\": [ " scopes " ], "   \
	"\"state\": \"" state "\" }, "                                        \
	"\"remote\": { \"age\": 0, \"analyzed-packets\": 0, "                 \
	"\"communication-interrupted\": " interrupted ", "                    \
	"\"connecting-clients\": 0, \"in-touch\": true, "                     \
	"\"last-scopes\": [ \"server2\" ], \"last-state\": \"" remote "\", "  \
	"\"role\": \"" remote_role "\", \"unacked-clients\": 0, "             \
	"\"unacked-clients-left\": 0 } } }"

#define STATUS_REL_22(mode, role, state, remote_role, remote, interrupted)   \
	STATUS_REL_22_SERVING(mode, role, state, "\"server1\", \"server2\"", \
	    remote_role, remote, interrupted)

#define STATUS_22_RELOAD(rels, reload)                                     \
	"{ \"arguments\": { \"high-availability\": [ " rels " ], "         \
	"\"multi-threading-enabled\": true, \"packet-queue-size\": 16, "   \
	"\"packet-queue-statistics\": [ 0.0, 0.0, 0.0 ], \"pid\": 26332, " \
	"\"reload\": " reload ", \"sockets\": { \"status\": \"ready\" }, " \
	"\"thread-pool-size\": 1, \"uptime\": 5 }, \"result\": 0 }"

#define STATUS_22(rels) STATUS_22_RELOAD(rels, "5")

/* A load-balancing primary. */
#define BALANCING(state, remote, interrupted)                       \
	STATUS_22(STATUS_REL_22("load-balancing", "primary", state, \
	    "secondary", remote, interrupted))

#define STATUS_22_NORMAL BALANCING("load-balancing", "load-balancing", "false")

#define STATUS_22_NO_HA                                           \
	"{ \"arguments\": { \"multi-threading-enabled\": false, " \
	"\"pid\": 1, \"reload\": 5, \"uptime\": 5 }, \"result\": 0 }"

/* The hub of two hot-standby relationships. */
#define STATUS_26_REL(me, other, state, remote, interrupted)               \
	"{ \"ha-mode\": \"hot-standby\", \"ha-servers\": { "               \
	"\"local\": { \"role\": \"standby\", \"scopes\": [ ], "            \
	"\"server-name\": \"" me "\", \"state\": \"" state "\" }, "        \
	"\"remote\": { \"age\": 3, \"analyzed-packets\": 0, "              \
	"\"communication-interrupted\": " interrupted ", "                 \
	"\"connecting-clients\": 0, \"in-touch\": true, \"last-scopes\": " \
	"[ \"" other "\" ], \"last-state\": \"" remote "\", "              \
	"\"role\": \"primary\", \"server-name\": \"" other "\", "          \
	"\"unacked-clients\": 0, \"unacked-clients-left\": 0 } } }"

#define STATUS_26_HUB(state1, remote1, state2, remote2)                        \
	"{ \"arguments\": { \"dhcp-state\": { \"disabled-by-db-connection\": " \
	"false, \"disabled-by-local-command\": [ ], \"disabled-by-remote-"     \
	"command\": [ ], \"disabled-by-user\": false, \"globally-disabled\": " \
	"false }, \"extended-info-tables\": false, \"high-availability\": "    \
	"[ " STATUS_26_REL("hub1", "branch1", state1, remote1,                 \
	    "false") ", " STATUS_26_REL("hub2", "branch2", state2, remote2,    \
	    "false") " ], "                                                    \
		     "\"multi-threading-enabled\": true, \"pid\": 9, "         \
		     "\"reload\": 70, "                                        \
		     "\"uptime\": 70 }, \"result\": 0 }"

#define STATUS_30                                                              \
	"{ \"arguments\": { \"dhcp-state\": { \"globally-disabled\": false "   \
	"}, "                                                                  \
	"\"high-availability\": [ { \"ha-mode\": \"load-balancing\", "         \
	"\"ha-servers\": { \"local\": { \"role\": \"secondary\", \"scopes\": " \
	"[ \"server2\" ], \"server-name\": \"server2\", \"state\": "           \
	"\"load-balancing\", \"system-time\": \"2026-11-22 10:09:41\" }, "     \
	"\"remote\": { \"age\": 1, \"analyzed-packets\": 0, \"clock-skew\": "  \
	"0, "                                                                  \
	"\"communication-interrupted\": false, \"connecting-clients\": 0, "    \
	"\"in-touch\": true, \"last-scopes\": [ \"server1\" ], "               \
	"\"last-state\": \"load-balancing\", \"role\": \"primary\", "          \
	"\"server-name\": \"server1\", \"system-time\": "                      \
	"\"2026-11-22 10:09:41\", \"unacked-clients\": 0, "                    \
	"\"unacked-clients-left\": 0 } } } ], \"pid\": 9, \"reload\": 7, "     \
	"\"sockets\": { \"status\": \"ready\" }, \"uptime\": 7 }, "            \
	"\"result\": 0 }"

/* ---- config-get */

#define PASSWORD "s3cr3t-pw"
#define DB_PASSWORD "an0ther-pw"

#define PEER(name, port, role)                                            \
	"{ \"auto-failover\": true, \"basic-auth-password\": \"" PASSWORD \
	"\", "                                                            \
	"\"basic-auth-user\": \"u\", \"name\": \"" name "\", "            \
	"\"role\": \"" role "\", \"url\": \"http://127.0.0.1:" port "/\" }"

#define HA_REL(me, mode, delay, peers)                                     \
	"{ \"delayed-updates-limit\": 100, \"heartbeat-delay\": 500, "     \
	"\"max-ack-delay\": 1000, \"max-response-delay\": " delay ", "     \
	"\"max-unacked-clients\": 0, \"mode\": \"" mode "\", "             \
	"\"multi-threading\": { \"enable-multi-threading\": true, "        \
	"\"http-client-threads\": 1 }, \"peers\": [ " peers " ], "         \
	"\"send-lease-updates\": true, \"this-server-name\": \"" me "\", " \
	"\"wait-backup-ack\": false }"

#define HOOKS_22(rels)                                                      \
	"\"hooks-libraries\": [ { \"library\": \"/usr/lib/kea/hooks/"       \
	"libdhcp_stat_cmds.so\" }, { \"library\": \"/usr/lib/kea/hooks/"    \
	"libdhcp_ha.so\", \"parameters\": { \"high-availability\": [ " rels \
	" ] } } ]"

#define SUBNETS_22                                                            \
	"\"shared-networks\": [ { \"name\": \"n\", \"subnet4\": [ { \"id\": " \
	"9, "                                                                 \
	"\"subnet\": \"198.51.100.0/24\", \"pools\": [ ] } ] } ], "           \
	"\"subnet4\": [ { \"id\": 1, \"option-data\": [ ], \"pools\": [ { "   \
	"\"option-data\": [ ], \"pool\": \"192.0.2.10-192.0.2.109\" } ], "    \
	"\"subnet\": \"192.0.2.0/24\", \"t1-percent\": 0.5 }, "               \
	"{ \"id\": 7, \"subnet\": \"10.9.0.0/16\" } ]"

#define CONFIG_22_WITH(hooks, subnets)                                       \
	"{ \"arguments\": { \"Dhcp4\": { \"authoritative\": false, "         \
	"\"control-socket\": { \"socket-name\": "                            \
	"\"/run/kea/kea4-ctrl-socket\", "                                    \
	"\"socket-type\": \"unix\" }, " hooks ", \"lease-database\": { "     \
	"\"type\": \"mysql\", \"password\": \"" DB_PASSWORD "\" }, " subnets \
	", \"t1-percent\": 0.5, \"valid-lifetime\": 600 } }, "               \
	"\"result\": 0 }"

#define PAIR_REL(delay, port)                                              \
	HA_REL("server1", "load-balancing", delay,                         \
	    PEER("server1", "18001", "primary") ", " PEER("server2", port, \
		"secondary"))

#define CONFIG_22 \
	CONFIG_22_WITH(HOOKS_22(PAIR_REL("2000", "18002")), SUBNETS_22)

/* Bare name of the hook, hash, list of sockets, client-classes, pool-id. */
#define CONFIG_30                                                              \
	"[ { \"arguments\": { \"Dhcp4\": { \"control-sockets\": [ { "          \
	"\"socket-name\": \"kea4-ctrl-socket\", \"socket-type\": \"unix\" }, " \
	"{ \"socket-type\": \"http\", \"socket-port\": 8000, "                 \
	"\"authentication\": { \"type\": \"basic\", \"clients\": [ { "         \
	"\"user\": "                                                           \
	"\"admin\", \"password\": \"" DB_PASSWORD "\" } ] } } ], "             \
	"\"hooks-libraries\": [ { \"library\": \"libdhcp_lease_cmds.so\" }, "  \
	"{ "                                                                   \
	"\"library\": \"libdhcp_ha.so\", \"parameters\": { "                   \
	"\"high-availability\": [ " HA_REL("server2", "load-balancing",        \
	    "60000",                                                           \
	    PEER("server1", "18001", "primary") ", " PEER("server2", "18002",  \
		"secondary")) " ] } } ], "                                     \
			      "\"shared-networks\": [ ], \"subnet4\": [ { "    \
			      "\"id\": 5, "                                    \
			      "\"client-classes\": [ \"a\" ], \"pools\": [ { " \
			      "\"pool\": "                                     \
			      "\"192.0.2.10-192.0.2.19\", \"pool-id\": 3 } "   \
			      "], "                                            \
			      "\"subnet\": \"192.0.2.0/24\" } ] }, \"hash\": " \
			      "\"5C0DE\" }, "                                  \
			      "\"result\": 0 } ]"

#define HUB_RELS                                                           \
	HA_REL("hub1", "hot-standby", "60000",                             \
	    PEER("branch1", "18001", "primary") ", " PEER("hub1", "18002", \
		"standby"))                                                \
	", " HA_REL("hub2", "hot-standby", "30000",                        \
	    PEER("branch2", "18003", "primary") ", " PEER("hub2", "18004", \
		"standby") ", " PEER("spare", "18005", "backup"))

#define CONFIG_26_HUB                                                         \
	CONFIG_22_WITH(HOOKS_22(HUB_RELS),                                    \
	    "\"shared-networks\": [ { \"name\": \"n\", \"user-context\": { "  \
	    "\"ha-server-name\": \"branch2\" }, \"subnet4\": [ { \"id\": 3, " \
	    "\"subnet\": \"10.3.0.0/24\" }, { \"id\": 4, \"subnet\": "        \
	    "\"10.4.0.0/24\", \"user-context\": { \"ha-server-name\": "       \
	    "\"hub1\" } }"                                                    \
	    " ] } ], \"subnet4\": [ { \"id\": 1, \"subnet\": "                \
	    "\"10.1.0.0/24\", "                                               \
	    "\"user-context\": { \"ha-server-name\": \"branch1\" } }, { "     \
	    "\"id\": 2, "                                                     \
	    "\"subnet\": \"10.2.0.0/24\" } ]")

/* ---- stat-lease4-get */

#define COUNTS_22                                                             \
	"{ \"arguments\": { \"result-set\": { \"columns\": [ \"subnet-id\", " \
	"\"total-addresses\", \"cumulative-assigned-addresses\", "            \
	"\"assigned-addresses\", \"declined-addresses\" ], \"rows\": [ "      \
	"[ 1, 100, 400, 30, 2 ], [ 7, 0, 0, 0, 0 ] ], "                       \
	"\"timestamp\": \"2026-11-25 17:06:12.295261\" } }, \"result\": 0, "  \
	"\"text\": \"stat-lease4-get[all subnets]: 2 rows found\" }"

/* clang-format off */
#define UNSUPPORTED(command)                                                  \
	"{ \"result\": 2, \"text\": \"'" command "' command not supported.\" }"
/* clang-format on */

#define OK_TEXT "{ \"result\": 0, \"text\": \"Configuration successful.\" }"

#endif
