/* SPDX-License-Identifier: BSD-2-Clause */
/* Kea's answers, of all versions and of none. */
#define _GNU_SOURCE /* memmem() */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <malloc.h>
#include <pthread.h>

#include <cmocka.h>

#include "failover.h"
#include "kea_reply.h"
#include "kea_rewrite.h"
#include "kea_state.h"

#include "alloc.h"
#include "kea_answers.h"

#define NET(a, b, c, d)                                            \
	((DHCP_IP_ADDRESS)(a) << 24 | (DHCP_IP_ADDRESS)(b) << 16 | \
	    (DHCP_IP_ADDRESS)(c) << 8 | (DHCP_IP_ADDRESS)(d))

#define assert_error(is, should) \
	assert_string_equal(DhcpfoErrorName(is), DhcpfoErrorName(should))

static struct kea_fault fault;
static struct kea_status status;
static struct kea_config config;
static struct kea_counts counts;

static void
assert_status(const char *text)
{
	kea_status_free(&status);
	if (!kea_reply_status(text, strlen(text), &status, &fault))
		fail_msg("%s", fault.text);
}

static void
assert_config(const char *text)
{
	kea_config_free(&config);
	if (!kea_reply_config(text, strlen(text), &config, &fault))
		fail_msg("%s", fault.text);
}

static void
assert_counts(const char *text)
{
	kea_counts_free(&counts);
	if (!kea_reply_counts(text, strlen(text), &counts, &fault))
		fail_msg("%s", fault.text);
}

static int
tear_down(void **state)
{
	(void)state;
	kea_status_free(&status);
	kea_config_free(&config);
	kea_counts_free(&counts);
	return 0;
}

/* ---- states */

static void
states__are_ours_as_the_table_says(void **state)
{
	static const struct {
		const char *word;
		FSM_STATE ours, lost;
	} rows[] = {
		{ "load-balancing", NORMAL, COMMUNICATION_INT },
		{ "hot-standby", NORMAL, COMMUNICATION_INT },
		{ "communication-recovery", COMMUNICATION_INT,
		    COMMUNICATION_INT },
		{ "partner-down", PARTNER_DOWN, PARTNER_DOWN },
		{ "partner-in-maintenance", PARTNER_DOWN, PARTNER_DOWN },
		{ "in-maintenance", RECOVER_WAIT, RECOVER_WAIT },
		{ "waiting", STARTUP, STARTUP },
		{ "syncing", RECOVER, RECOVER },
		{ "ready", RECOVER_DONE, RECOVER_DONE },
		{ "terminated", POTENTIAL_CONFLICT, POTENTIAL_CONFLICT },
		{ "backup", NO_STATE, NO_STATE },
		{ "passive-backup", NO_STATE, NO_STATE },
		{ "unavailable", NO_STATE, NO_STATE },
		{ "", NO_STATE, NO_STATE },
		{ "of-version-9", NO_STATE, NO_STATE },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		enum kea_state kea = kea_state_of(rows[i].word);

		assert_int_equal(kea_state_ours(kea, false), rows[i].ours);
		assert_int_equal(kea_state_ours(kea, true), rows[i].lost);
		if (kea != KEA_STATE_OTHER)
			assert_string_equal(kea_state_word(kea), rows[i].word);
	}
	assert_int_equal(kea_state_of("of-version-9"), KEA_STATE_OTHER);
}

static void
modes_and_roles__are_known_or_other(void **state)
{
	(void)state;
	assert_int_equal(kea_mode_of("load-balancing"),
	    KEA_MODE_LOAD_BALANCING);
	assert_int_equal(kea_mode_of("hot-standby"), KEA_MODE_HOT_STANDBY);
	assert_int_equal(kea_mode_of("passive-backup"), KEA_MODE_OTHER);
	assert_int_equal(kea_role_of("primary"), KEA_ROLE_PRIMARY);
	assert_int_equal(kea_role_of("secondary"), KEA_ROLE_SECONDARY);
	assert_int_equal(kea_role_of("standby"), KEA_ROLE_SECONDARY);
	assert_int_equal(kea_role_of("backup"), KEA_ROLE_OTHER);
}

/* ---- status-get */

static void
status_of_2_2__is_read(void **state)
{
	(void)state;
	assert_status(STATUS_22_NORMAL);
	assert_int_equal(status.n, 1);
	assert_int_equal(status.reload, 5);
	assert_null(status.rels[0].server_name);
	assert_int_equal(status.rels[0].mode, KEA_MODE_LOAD_BALANCING);
	assert_int_equal(status.rels[0].role, KEA_ROLE_PRIMARY);
	assert_int_equal(status.rels[0].state, KEA_STATE_LOAD_BALANCING);
	assert_int_equal(status.rels[0].partner, KEA_STATE_LOAD_BALANCING);
	assert_false(status.rels[0].interrupted);
	assert_null(status.rels[0].odd_state);
}

static void
status_with_a_lost_partner__tells_so(void **state)
{
	(void)state;
	assert_status(
	    BALANCING("communication-recovery", "unavailable", "true"));
	assert_int_equal(status.rels[0].state,
	    KEA_STATE_COMMUNICATION_RECOVERY);
	assert_int_equal(status.rels[0].partner, KEA_STATE_UNAVAILABLE);
	assert_true(status.rels[0].interrupted);

	/* Before the first contact. */
	assert_status(BALANCING("waiting", "", "false"));
	assert_int_equal(status.rels[0].partner, KEA_STATE_OTHER);
}

static void
status_of_a_2_6_hub__has_both_relationships(void **state)
{
	(void)state;
	assert_status(STATUS_26_HUB("hot-standby", "hot-standby", "waiting",
	    "unavailable"));
	assert_int_equal(status.n, 2);
	assert_string_equal(status.rels[0].server_name, "hub1");
	assert_string_equal(status.rels[1].server_name, "hub2");
	assert_int_equal(status.rels[0].role, KEA_ROLE_SECONDARY);
	assert_int_equal(status.rels[1].state, KEA_STATE_WAITING);
	assert_int_equal(status.rels[1].partner, KEA_STATE_UNAVAILABLE);
}

static void
status_of_3_0__is_read_as_an_object_or_a_list(void **state)
{
	(void)state;
	assert_status(STATUS_30);
	assert_string_equal(status.rels[0].server_name, "server2");
	assert_status("[ " STATUS_30 " ]");
	assert_string_equal(status.rels[0].server_name, "server2");
	assert_int_equal(status.reload, 7);
}

static void
status_with_an_unknown_state__keeps_its_word(void **state)
{
	(void)state;
	assert_status(BALANCING("tired", "asleep", "false"));
	assert_int_equal(status.rels[0].state, KEA_STATE_OTHER);
	assert_string_equal(status.rels[0].odd_state, "tired");
}

static void
status_of_passive_backup__has_no_partner(void **state)
{
	(void)state;
	assert_status(STATUS_22(
	    "{ \"ha-mode\": \"passive-backup\", "
	    "\"ha-servers\": { \"local\": { \"role\": \"primary\", "
	    "\"scopes\": [ \"a\" ], \"state\": \"passive-backup\" } } }"));
	assert_int_equal(status.n, 1);
	assert_int_equal(status.rels[0].mode, KEA_MODE_OTHER);
}

static void
status_without_high_availability__says_that_it_is_not_loaded(void **state)
{
	(void)state;
	assert_false(kea_reply_status(STATUS_22_NO_HA, strlen(STATUS_22_NO_HA),
	    &status, &fault));
	assert_error(fault.error, ERROR_DHCP_FO_NOT_SUPPORTED);
	assert_non_null(strstr(fault.text, "libdhcp_ha.so"));
}

static void
answer_of_a_wrong_shape__is_refused(void **state)
{
	static const char *const answers[] = {
		"[]",
		"[1]",
		"[{},{}]",
		"{}",
		"{\"result\":\"0\"}",
		"{\"result\":0.0}",
		"{\"result\":null}",
		"{\"result\":0}",
		"{\"result\":0,\"arguments\":[]}",
		"{\"result\":0,\"arguments\":{\"high-availability\":{}}}",
		"{\"result\":0,\"arguments\":{\"high-availability\":[1]}}",
		"{\"result\":0,\"arguments\":{\"high-availability\":[{}]}}",
		"[" STATUS_22_NORMAL "," STATUS_22_NORMAL "]",
		STATUS_22("{ \"ha-mode\": 1, \"ha-servers\": { \"local\": { "
			  "\"role\": \"primary\", \"state\": \"ready\" } } }"),
		STATUS_22("{ \"ha-mode\": \"hot-standby\", \"ha-servers\": { "
			  "\"local\": { \"role\": \"primary\" } } }"),
		STATUS_22(
		    "{ \"ha-mode\": \"hot-standby\", \"ha-servers\": { "
		    "\"local\": { \"role\": \"primary\", \"state\": \"ready\" }"
		    ", \"remote\": { \"last-state\": null } } }"),
		STATUS_22(
		    "{ \"ha-mode\": \"hot-standby\", \"ha-servers\": { "
		    "\"local\": { \"role\": \"primary\", \"state\": \"ready\" }"
		    ", \"remote\": { \"last-state\": \"ready\", "
		    "\"communication-interrupted\": \"no\" } } }"),
	};

	(void)state;
	for (size_t i = 0; i < nitems(answers); i++) {
		if (kea_reply_status(answers[i], strlen(answers[i]), &status,
			&fault))
			fail_msg("taken: %s", answers[i]);
		assert_error(fault.error, RPC_X_BAD_STUB_DATA);
		assert_int_equal(fault.result, KEA_RESULT_NONE);
	}
}

static void
word_of_256_octets__is_no_name(void **state)
{
	char word[257], text[2048];

	(void)state;
	memset(word, 'x', 256);
	word[256] = '\0';
	snprintf(text, sizeof(text),
	    "{\"result\":0,\"arguments\":{"
	    "\"high-availability\":[{\"ha-mode\":\"%s\",\"ha-servers\":{"
	    "\"local\":{\"role\":\"primary\",\"state\":\"ready\"}}}]}}",
	    word);
	assert_false(kea_reply_status(text, strlen(text), &status, &fault));
}

/* ---- results */

static void
results_other_than_0__are_told_with_their_text(void **state)
{
	static const struct {
		int result;
		enum dhcp_error error;
		const char *name;
	} rows[] = {
		{ 1, ERROR_GEN_FAILURE, "1 (error)" },
		{ 2, ERROR_NOT_SUPPORTED, "2 (unsupported)" },
		{ 3, ERROR_NO_MORE_ITEMS, "3 (empty)" },
		{ 4, ERROR_BUSY, "4 (conflict)" },
		{ 5, ERROR_GEN_FAILURE, "5 (fatal error)" },
		{ 99, ERROR_GEN_FAILURE, "99 (unknown)" },
		{ -1, ERROR_GEN_FAILURE, "-1 (unknown)" },
	};
	char text[200], said[200];

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		snprintf(text, sizeof(text),
		    "{\"result\":%d,\"text\":\"words\"}", rows[i].result);
		assert_false(kea_reply_result(text, strlen(text), &fault));
		assert_error(fault.error, rows[i].error);
		snprintf(said, sizeof(said), "Kea answers %s: words",
		    rows[i].name);
		assert_string_equal(fault.text, said);
	}
	assert_int_equal(fault.result, KEA_RESULT_ERROR);
	assert_false(kea_reply_result("{\"result\":1}", 12, &fault));
	assert_string_equal(fault.text, "Kea answers 1 (error)");
	assert_true(kea_reply_result("{\"result\":0}", 12, &fault));
}

static void
message_of_any_length__is_cut(void **state)
{
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"result\":1,\"text\":\"", 20);
	memcpy(text + sizeof(text) - 3, "\"}", 3);
	assert_false(kea_reply_result(text, strlen(text), &fault));
	assert_int_equal(strlen(fault.text), sizeof(fault.text) - 1);
}

/* ---- octets */

static void
answer_cut_anywhere__is_half_an_answer(void **state)
{
	static const char text[] = CONFIG_22;

	(void)state;
	for (size_t n = 1; n < sizeof(text) - 1; n++) {
		/* Of exact size, so that a sanitizer sees reading beyond. */
		char *cut = malloc(n);

		assert_non_null(cut);
		memcpy(cut, text, n);
		assert_false(kea_reply_config(cut, n, &config, &fault));
		assert_error(fault.error, RPC_S_CALL_FAILED);
		free(cut);
	}
}

/* Read ${text} as what it was, or nearly was. */
static void
read_any(size_t kind, const char *text, size_t length)
{
	if (kind < 2) {
		if (kea_reply_config(text, length, &config, &fault))
			kea_config_free(&config);
	} else if (kind < 4) {
		if (kea_reply_status(text, length, &status, &fault))
			kea_status_free(&status);
	} else if (kea_reply_counts(text, length, &counts, &fault))
		kea_counts_free(&counts);
}

static void
answer_with_any_octet_changed__does_no_harm(void **state)
{
	static const char *const answers[] = { CONFIG_22, CONFIG_26_HUB,
		STATUS_22_NORMAL, STATUS_30, COUNTS_22 };

	(void)state;
	for (size_t i = 0; i < nitems(answers); i++) {
		size_t length = strlen(answers[i]);
		char *text = malloc(length);

		assert_non_null(text);
		memcpy(text, answers[i], length);
		for (size_t n = 0; n < length; n++) {
			for (const char *c = "\"}:0\\\377"; *c != '\0'; c++) {
				text[n] = *c;
				read_any(i, text, length);
			}
			text[n] = answers[i][n];
		}
		free(text);
	}
}

static void
what_is_not_json__is_told_without_quoting_it(void **state)
{
	static const char *const answers[] = { "Segmentation fault",
		"{\"password\": " PASSWORD "}", "{\"result\":0}\n" PASSWORD,
		"\"" PASSWORD "\"", "HTTP/1.1 400 Bad Request\r\n\r\n",
		"{\"result\":99999999999999999999999}" };

	(void)state;
	for (size_t i = 0; i < nitems(answers); i++) {
		assert_false(
		    kea_reply_result(answers[i], strlen(answers[i]), &fault));
		assert_error(fault.error, RPC_X_BAD_STUB_DATA);
		assert_null(strstr(fault.text, PASSWORD));
	}
}

static void *
parse_deep(void *arg)
{
	static char deep[2000000];
	static const char *const open[] = { "[", "{\"a\":", "{\"a\":[" };

	(void)arg;
	for (size_t i = 0; i < nitems(open); i++) {
		size_t used = 0, length = strlen(open[i]);

		while (used + length < sizeof(deep)) {
			memcpy(deep + used, open[i], length);
			used += length;
		}
		if (kea_reply_result(deep, used, &fault))
			return NULL;
	}
	return deep;
}

static void
nesting__is_refused_before_it_eats_a_workers_stack(void **state)
{
	static const char quoted[] =
	    "{\"result\":0,\"a\":\"[[[[[[[[[[[[[[["
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}";
	pthread_attr_t attr;
	pthread_t thread;
	void *result;

	(void)state;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 512 * 1024);
	assert_int_equal(pthread_create(&thread, &attr, parse_deep, NULL), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);
	assert_string_equal(fault.text, "the answer is nested too deeply");
	/* Brackets in strings are none. */
	assert_true(kea_reply_result(quoted, strlen(quoted), &fault));
}

/* ---- config-get */

static void
config_of_2_2__is_read(void **state)
{
	const struct kea_config_rel *rel;

	(void)state;
	assert_config(CONFIG_22);
	assert_true(config.ha);
	assert_int_equal(config.n, 1);
	rel = &config.rels[0];
	assert_string_equal(rel->this_server, "server1");
	assert_int_equal(rel->mode, KEA_MODE_LOAD_BALANCING);
	assert_int_equal(rel->max_response_delay, 2000);
	assert_int_equal(rel->npeers, 2);
	assert_string_equal(rel->peers[1].name, "server2");
	assert_int_equal(rel->peers[1].role, KEA_ROLE_SECONDARY);
	assert_int_equal(rel->peers[1].address, NET(127, 0, 0, 1));
	assert_int_equal(rel->peers[1].port, 18002);
	assert_true(rel->peers[1].plain);

	/* By address, those in shared networks too. */
	assert_int_equal(config.nsubnets, 3);
	assert_int_equal(config.subnets[0].address, NET(10, 9, 0, 0));
	assert_int_equal(config.subnets[0].id, 7);
	assert_int_equal(config.subnets[1].address, NET(192, 0, 2, 0));
	assert_int_equal(config.subnets[2].address, NET(198, 51, 100, 0));
	assert_int_equal(config.subnets[2].id, 9);
	assert_null(config.subnets[2].server_name);
}

/* Kea escapes each octet by itself: a name in UTF-8 is put together again. */
static void
names_of_servers__have_the_octets_that_they_were_given(void **state)
{
	static const char *const names[][2] = {
		{ "s\\u00c3\\u00bcd",
		    "s\xc3\xbc"
		    "d" },
		{ "\\u00e2\\u0082\\u00ac", "\xe2\x82\xac" },
		{ "s\\u00fcd",
		    "s\xc3\xbc"
		    "d" }, /* Latin 1 as it is */
		{ "\\u00c3\\u00bc\\u20ac",
		    "\xc3\x83\xc2\xbc\xe2\x82\xac" }, /* not Kea's way */
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		snprintf(text, sizeof(text),
		    "{ \"result\": 0, \"arguments\": { \"Dhcp4\": { "
		    "\"hooks-libraries\": [ { \"library\": "
		    "\"libdhcp_ha.so\", \"parameters\": { "
		    "\"high-availability\": [ " HA_REL("%s", "load-balancing",
			"2000", PEER("%s", "1", "primary")) " ] } } ] } } }",
		    names[i][0], names[i][0]);
		assert_config(text);
		assert_string_equal(config.rels[0].this_server, names[i][1]);
		assert_string_equal(config.rels[0].peers[0].name, names[i][1]);
		kea_config_free(&config);
	}
}

static void
config_of_3_0__is_read(void **state)
{
	(void)state;
	assert_config(CONFIG_30);
	assert_true(config.ha);
	assert_int_equal(config.n, 1);
	assert_int_equal(config.rels[0].max_response_delay, 60000);
	assert_int_equal(config.nsubnets, 1);
	assert_int_equal(config.subnets[0].id, 5);
}

static void
config_of_a_hub__tells_whose_the_subnets_are(void **state)
{
	(void)state;
	assert_config(CONFIG_26_HUB);
	assert_int_equal(config.n, 2);
	assert_int_equal(config.rels[1].npeers, 3);
	assert_int_equal(config.rels[1].peers[2].role, KEA_ROLE_OTHER);
	assert_int_equal(config.nsubnets, 4);
	assert_string_equal(config.subnets[0].server_name, "branch1");
	assert_null(config.subnets[1].server_name);
	assert_string_equal(config.subnets[2].server_name, "branch2");
	assert_string_equal(config.subnets[3].server_name, "hub1");
}

/* 255 octets, of which Kea tells all but one as a character of two. */
static void
name_beyond_ascii__may_be_as_long_as_any(void **state)
{
	char escaped[1600] = "", name[256] = "", text[8192];

	(void)state;
	for (size_t i = 0; i < 127; i++) {
		strcat(escaped, "\\u00c3\\u00bc");
		strcat(name, "\xc3\xbc");
	}
	strcat(escaped, "x");
	strcat(name, "x");
	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
		    "{ \"result\": 0, \"arguments\": { \"Dhcp4\": { "
		    "\"hooks-libraries\": [ { \"library\": "
		    "\"libdhcp_ha.so\", \"parameters\": { "
		    "\"high-availability\": [ " HA_REL("s", "load-balancing",
			"2000", PEER("%s", "1", "primary")) " ] } } ] } } }",
		    escaped);
		if (i == 0) {
			assert_config(text);
			assert_string_equal(config.rels[0].peers[0].name, name);
			kea_config_free(&config);
		} else
			assert_false(kea_reply_config(text, strlen(text),
			    &config, &fault));
		strcat(escaped, "x");
	}
}

static void
config_without_the_hook__has_none(void **state)
{
	(void)state;
	assert_config("{\"result\":0,\"arguments\":{\"Dhcp4\":{}}}");
	assert_false(config.ha);
	assert_int_equal(config.n, 0);
	assert_int_equal(config.nsubnets, 0);
	assert_config(
	    "{\"result\":0,\"arguments\":{\"Dhcp4\":{"
	    "\"hooks-libraries\":[{},{\"library\":1},{\"library\":\"a.so\"},"
	    "{\"library\":\"ha.so\"}]}}}");
	assert_false(config.ha);
}

static void
subnets__are_in_the_order_of_address_and_id(void **state)
{
	(void)state;
	assert_config(CONFIG_22_WITH(HOOKS_22(""),
	    "\"subnet4\": [ "
	    "{ \"id\": 8, \"subnet\": \"10.0.0.0/24\" }, "
	    "{ \"id\": 3, \"subnet\": \"10.0.0.7/16\" }, "
	    "{ \"id\": 4, \"subnet\": \"9.1.2.3/0\" }, "
	    "{ \"id\": 5, \"subnet\": \"255.255.255.255/32\" } ]"));
	assert_int_equal(config.nsubnets, 4);
	assert_int_equal(config.subnets[0].address, 0);
	assert_int_equal(config.subnets[1].address, NET(10, 0, 0, 0));
	assert_int_equal(config.subnets[1].id, 3);
	assert_int_equal(config.subnets[2].address, NET(10, 0, 0, 0));
	assert_int_equal(config.subnets[2].id, 8);
	assert_int_equal(config.subnets[3].address, UINT32_MAX);
}

static void
urls__are_read_as_far_as_they_are_ipv4(void **state)
{
	static const struct {
		const char *url;
		DHCP_IP_ADDRESS address;
		uint16_t port;
		bool plain;
	} rows[] = {
		{ "http://192.0.2.1:8000/", NET(192, 0, 2, 1), 8000, true },
		{ "http://192.0.2.1/", NET(192, 0, 2, 1), 80, true },
		{ "http://192.0.2.1:1", NET(192, 0, 2, 1), 1, true },
		{ "https://192.0.2.1:65535/a", NET(192, 0, 2, 1), 65535,
		    false },
		{ "https://192.0.2.1/", NET(192, 0, 2, 1), 443, false },
		{ "http://[2001:db8::1]:8000/", 0, 0, true },
		{ "http://name:8000/", 0, 0, true },
		{ "http://192.0.2.1:0/", 0, 0, true },
		{ "http://192.0.2.1:65536/", 0, 0, true },
		{ "http://192.0.2.1:-1/", 0, 0, true },
		{ "http://192.0.2.1:8000x", 0, 0, true },
		{ "http://192.0.2.1.5555555555555:1/", 0, 0, true },
		{ "ftp://192.0.2.1/", 0, 0, false },
		{ "", 0, 0, false },
	};
	char text[600];

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct kea_peer *peer;

		snprintf(text, sizeof(text),
		    "{\"result\":0,\"arguments\":{"
		    "\"Dhcp4\":{\"hooks-libraries\":[{\"library\":"
		    "\"libdhcp_ha.so\",\"parameters\":{\"high-availability\":"
		    "[{\"this-server-name\":\"a\",\"mode\":\"hot-standby\","
		    "\"max-response-delay\":1,\"peers\":[{\"name\":\"a\","
		    "\"role\":\"primary\",\"url\":\"%s\"}]}]}}]}}}",
		    rows[i].url);
		assert_config(text);
		peer = &config.rels[0].peers[0];
		assert_int_equal(peer->address, rows[i].address);
		if (peer->address != 0)
			assert_int_equal(peer->port, rows[i].port);
		assert_int_equal(peer->plain, rows[i].plain);
	}
}

static void
config_of_a_wrong_shape__is_refused(void **state)
{
	static const char *const answers[] = {
		"{\"result\":0}",
		"{\"result\":0,\"arguments\":{}}",
		CONFIG_22_WITH(HOOKS_22("1"), SUBNETS_22),
		CONFIG_22_WITH(HOOKS_22(PAIR_REL("-1", "1")), SUBNETS_22),
		CONFIG_22_WITH(HOOKS_22(PAIR_REL("\"1\"", "1")), SUBNETS_22),
		CONFIG_22_WITH(HOOKS_22(PAIR_REL("4294967296", "1")),
		    SUBNETS_22),
		CONFIG_22_WITH(HOOKS_22(HA_REL("a", "b", "1", "7")),
		    SUBNETS_22),
		CONFIG_22_WITH(HOOKS_22(HA_REL("a", "b", "1", "{}")),
		    SUBNETS_22),
		CONFIG_22_WITH(HOOKS_22(""), "\"subnet4\": {}"),
		CONFIG_22_WITH(HOOKS_22(""), "\"subnet4\": [ 1 ]"),
		CONFIG_22_WITH(HOOKS_22(""), "\"subnet4\": [ { \"id\": 1 } ]"),
		CONFIG_22_WITH(HOOKS_22(""),
		    "\"subnet4\": [ { \"id\": \"1\", "
		    "\"subnet\": \"10.0.0.0/8\" } ]"),
		CONFIG_22_WITH(HOOKS_22(""),
		    "\"subnet4\": [ { \"id\": 1, "
		    "\"subnet\": \"10.0.0.0\" } ]"),
		CONFIG_22_WITH(HOOKS_22(""),
		    "\"subnet4\": [ { \"id\": 1, "
		    "\"subnet\": \"10.0.0.0/33\" } ]"),
		CONFIG_22_WITH(HOOKS_22(""),
		    "\"subnet4\": [ { \"id\": 1, "
		    "\"subnet\": \"2001:db8::/32\" } ]"),
	};

	(void)state;
	for (size_t i = 0; i < nitems(answers); i++) {
		if (kea_reply_config(answers[i], strlen(answers[i]), &config,
			&fault))
			fail_msg("taken: %s", answers[i]);
		assert_error(fault.error, RPC_X_BAD_STUB_DATA);
	}
}

/* ---- stat-lease4-get */

static void
counts__are_found_by_subnet(void **state)
{
	const struct kea_count *count;

	(void)state;
	assert_counts(COUNTS_22);
	assert_int_equal(counts.n, 2);
	count = kea_counts_find(&counts, 1);
	assert_non_null(count);
	assert_int_equal(count->total, 100);
	assert_int_equal(count->assigned, 30);
	assert_non_null(kea_counts_find(&counts, 7));
	assert_null(kea_counts_find(&counts, 2));
}

static void
counts_in_another_order__are_read_by_their_columns(void **state)
{
	(void)state;
	assert_counts(
	    "{\"result\":0,\"arguments\":{\"result-set\":{"
	    "\"columns\":[\"new\",\"assigned-addresses\",\"subnet-id\","
	    "\"total-addresses\"],\"rows\":[[\"?\",3,20,9],"
	    "[\"?\",0,10,4611686018427387904]]}}}");
	assert_int_equal(kea_counts_find(&counts, 20)->total, 9);
	assert_int_equal(kea_counts_find(&counts, 20)->assigned, 3);
	assert_true(kea_counts_find(&counts, 10)->total ==
	    INT64_C(4611686018427387904));
}

static void
counts_of_a_wrong_shape__are_refused(void **state)
{
#define SET(columns, rows)                                                   \
	"{\"result\":0,\"arguments\":{\"result-set\":{\"columns\":[" columns \
	"],\"rows\":[" rows "]}}}"
#define COLUMNS3 "\"subnet-id\",\"total-addresses\",\"assigned-addresses\""
	static const char *const answers[] = {
		"{\"result\":0}",
		"{\"result\":0,\"arguments\":{}}",
		SET("", ""),
		SET("\"subnet-id\"", ""),
		SET("1,2,3", ""),
		SET(COLUMNS3, "1"),
		SET(COLUMNS3, "[1,2]"),
		SET(COLUMNS3, "[1,2,\"3\"]"),
		SET(COLUMNS3, "[1,-2,3]"),
		SET(COLUMNS3, "[1,2,-3]"),
		SET(COLUMNS3, "[1.0,2,3]"),
	};

	(void)state;
	for (size_t i = 0; i < nitems(answers); i++) {
		if (kea_reply_counts(answers[i], strlen(answers[i]), &counts,
			&fault))
			fail_msg("taken: %s", answers[i]);
		assert_error(fault.error, RPC_X_BAD_STUB_DATA);
	}
	assert_counts(SET(COLUMNS3, ""));
	assert_null(kea_counts_find(&counts, 1));
}

/* ---- rewriting */

static json_t *
parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

/* The configuration that ${command} sends; ${delay}: as changed in it. */
static void
assert_sends(const struct kea_buffer *command, const char *name,
    const char *original, int delay)
{
	json_t *sent = parse(command->at), *was = parse(original), *rel;
	json_t *arguments = json_object_get(sent, "arguments");

	assert_int_equal(command->length, strlen(command->at));
	assert_string_equal(json_string_value(json_object_get(sent, "command")),
	    name);
	assert_int_equal(json_object_size(sent), 2);
	assert_int_equal(json_object_size(arguments), 1); /* no hash */
	if (json_is_array(was)) {
		json_t *first = json_incref(json_array_get(was, 0));

		json_decref(was);
		was = first;
	}
	rel = json_array_get(kea_reply_ha(json_object_get(json_object_get(was,
							      "arguments"),
				 "Dhcp4")),
	    0);
	assert_non_null(rel);
	if (delay >= 0)
		json_object_set_new(rel, "max-response-delay",
		    json_integer(delay));
	assert_true(json_equal(json_object_get(arguments, "Dhcp4"),
	    json_object_get(json_object_get(was, "arguments"), "Dhcp4")));
	json_decref(was);
	json_decref(sent);
}

static void
rewriting__changes_one_number_and_nothing_else(void **state)
{
	static const char *const answers[] = { CONFIG_22, CONFIG_30 };
	struct kea_rewrite rewrite;

	(void)state;
	for (size_t i = 0; i < nitems(answers); i++) {
		assert_true(kea_rewrite(answers[i], strlen(answers[i]), 0, 7000,
		    &rewrite, &fault));
		assert_sends(&rewrite.test, "config-test", answers[i], 7000);
		assert_sends(&rewrite.set, "config-set", answers[i], 7000);
		assert_sends(&rewrite.back, "config-set", answers[i], -1);
		kea_rewrite_free(&rewrite);
	}
}

/* Kea escapes each octet of a string by itself, and none of a member's name. */
static void
rewriting__leaves_the_octets_of_strings_as_they_are(void **state)
{
	static const char answer[] =
	    CONFIG_22_WITH(HOOKS_22(PAIR_REL("2000", "18002")),
		"\"user-context\": { \"Stra\xc3\x9f"
		"e \\t\": [ \"Z\\u00c3\\u00bcrich \\\\u00e9\\u007f\", "
		"\"\\u00fc\", -1, 0.5, true, null, { }, [ ] ] }");
	static const char same[] =
	    "\"user-context\":{\"Stra\xc3\x9f"
	    "e \\t\":[\"Z\\u00C3\\u00BCrich \\\\u00e9\x7f\","
	    "\"\\u00FC\",-1,0.5,true,null,{},[]]}";
	struct kea_rewrite rewrite;

	(void)state;
	assert_true(
	    kea_rewrite(answer, strlen(answer), 0, 7000, &rewrite, &fault));
	assert_non_null(strstr(rewrite.test.at, same));
	assert_non_null(strstr(rewrite.set.at, same));
	assert_non_null(strstr(rewrite.back.at, same));
	assert_sends(&rewrite.set, "config-set", answer, 7000);
	kea_rewrite_free(&rewrite);
}

static void
rewriting_what_is_not_there__fails(void **state)
{
	struct kea_rewrite rewrite;

	(void)state;
	assert_false(kea_rewrite(CONFIG_22, strlen(CONFIG_22), 1, 7000,
	    &rewrite, &fault));
	assert_error(fault.error, RPC_X_BAD_STUB_DATA);
	assert_false(
	    kea_rewrite("{\"result\":0}", 12, 0, 7000, &rewrite, &fault));
	assert_false(
	    kea_rewrite("{\"result\":1}", 12, 0, 7000, &rewrite, &fault));
	assert_error(fault.error, ERROR_GEN_FAILURE);
}

static void
message_with_a_password__is_found(void **state)
{
	static const char text[] = CONFIG_22;
	const size_t length = strlen(text);

	(void)state;
	assert_true(kea_rewrite_leaks(text, length, "bad " PASSWORD "!"));
	assert_true(kea_rewrite_leaks(text, length, DB_PASSWORD));
	assert_false(kea_rewrite_leaks(text, length, "server1 is bad"));
	assert_true(kea_rewrite_leaks("?", 1, "who knows"));
}

/* ---- memory */

static long json_left;

static void *
json_malloc(size_t size)
{
	if (json_left == 0)
		return NULL;
	json_left--;
	return malloc(size);
}

enum reader { CONFIG, STATUS, COUNTS, REWRITE, READERS };

/* Read something of each kind; false: no memory. */
static bool
read_one(enum reader reader)
{
	struct kea_rewrite rewrite;
	bool good = false;

	memset(&fault, 0, sizeof(fault));
	switch (reader) {
	case CONFIG:
		if ((good = kea_reply_config(CONFIG_26_HUB,
			 strlen(CONFIG_26_HUB), &config, &fault)))
			kea_config_free(&config);
		break;
	case STATUS:
		if ((good = kea_reply_status(STATUS_30, strlen(STATUS_30),
			 &status, &fault)))
			kea_status_free(&status);
		break;
	case COUNTS:
		if ((good = kea_reply_counts(COUNTS_22, strlen(COUNTS_22),
			 &counts, &fault)))
			kea_counts_free(&counts);
		break;
	case REWRITE:
		if ((good = kea_rewrite(CONFIG_22, strlen(CONFIG_22), 0, 1000,
			 &rewrite, &fault)))
			kea_rewrite_free(&rewrite);
		break;
	case READERS:
		break;
	}
	return good;
}

static void
no_memory_for_jansson__is_told_at_any_time(void **state)
{
	(void)state;
	json_set_alloc_funcs(json_malloc, free);
	for (int reader = 0; reader < READERS; reader++)
		for (long n = 0;; n++) {
			bool good;

			json_left = n;
			good = read_one((enum reader)reader);
			if (good)
				break;
			assert_true(n < 100000);
			/* jansson takes some for an error in the text. */
			if (fault.error != ERROR_NOT_ENOUGH_MEMORY &&
			    fault.error != RPC_X_BAD_STUB_DATA)
				fail_msg("%ld: %s", n, fault.text);
		}
	json_set_alloc_funcs(malloc, free);
}

static void
no_memory_at_all__is_told_at_any_time(void **state)
{
	long live;

	(void)state;
	if (!alloc_works())
		skip();
	for (int reader = 0; reader < READERS; reader++)
		for (long n = 0;; n++) {
			bool good;

			live = alloc_live;
			alloc_left = n;
			good = read_one((enum reader)reader);
			alloc_left = -1;
			assert_int_equal(alloc_live, live);
			if (good)
				break;
			assert_true(n < 100000);
			/* jansson takes some for an error in the text. */
			if (fault.error != ERROR_NOT_ENOUGH_MEMORY &&
			    fault.error != RPC_X_BAD_STUB_DATA)
				fail_msg("%ld: %s", n, fault.text);
		}
}

/* jansson would go on with a text that lacks an octet, and end in an abort().
 */
static void
a_moment_without_memory__is_told_as_well(void **state)
{
	static const char text[] = "{\"result\":1,\"text\":"
				   "\"0123456789abc\\\"0123456789abcd\\\"\"}";
	unsigned long failed;
	bool ran_out = true;
	long n;

	(void)state;
	if (!alloc_works())
		skip();
	kea_reply_guard();
	alloc_once = true;
	for (n = 0; ran_out; n++) {
		failed = alloc_failed;
		alloc_left = n;
		assert_false(kea_reply_result(text, strlen(text), &fault));
		alloc_left = -1;
		ran_out = alloc_failed > failed;
		assert_int_equal(fault.error,
		    ran_out ? ERROR_NOT_ENOUGH_MEMORY : ERROR_GEN_FAILURE);
	}
	alloc_once = false;
	assert_true(n > 5);
}

/* Volatile: called from within free(). */
static volatile unsigned int spilled;

static void
look_for_passwords(const void *at)
{
	size_t size = malloc_usable_size((void *)(uintptr_t)at);

	if (memmem(at, size, PASSWORD, strlen(PASSWORD)) != NULL ||
	    memmem(at, size, DB_PASSWORD, strlen(DB_PASSWORD)) != NULL)
		spilled++;
}

static void
what_is_freed__holds_no_password(void **state)
{
	struct kea_buffer buffer = { 0 };

	(void)state;
	if (!alloc_works())
		skip();
	kea_reply_guard();
	alloc_before_free = look_for_passwords;
	for (int i = 0; i < 100; i++)
		assert_true(
		    kea_buffer_add(&buffer, CONFIG_22, strlen(CONFIG_22)));
	kea_buffer_free(&buffer);
	assert_true(read_one(CONFIG));
	assert_true(read_one(REWRITE));
	assert_true(kea_rewrite_leaks(CONFIG_22, strlen(CONFIG_22), PASSWORD));
	alloc_before_free = NULL;
	assert_int_equal(spilled, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(states__are_ours_as_the_table_says),
		TEST(modes_and_roles__are_known_or_other),
		TEST(status_of_2_2__is_read),
		TEST(status_with_a_lost_partner__tells_so),
		TEST(status_of_a_2_6_hub__has_both_relationships),
		TEST(status_of_3_0__is_read_as_an_object_or_a_list),
		TEST(status_with_an_unknown_state__keeps_its_word),
		TEST(status_of_passive_backup__has_no_partner),
		TEST(
		    status_without_high_availability__says_that_it_is_not_loaded),
		TEST(answer_of_a_wrong_shape__is_refused),
		TEST(word_of_256_octets__is_no_name),
		TEST(results_other_than_0__are_told_with_their_text),
		TEST(message_of_any_length__is_cut),
		TEST(answer_cut_anywhere__is_half_an_answer),
		TEST(answer_with_any_octet_changed__does_no_harm),
		TEST(what_is_not_json__is_told_without_quoting_it),
		TEST(nesting__is_refused_before_it_eats_a_workers_stack),
		TEST(config_of_2_2__is_read),
		TEST(names_of_servers__have_the_octets_that_they_were_given),
		TEST(config_of_3_0__is_read),
		TEST(name_beyond_ascii__may_be_as_long_as_any),
		TEST(config_of_a_hub__tells_whose_the_subnets_are),
		TEST(config_without_the_hook__has_none),
		TEST(subnets__are_in_the_order_of_address_and_id),
		TEST(urls__are_read_as_far_as_they_are_ipv4),
		TEST(config_of_a_wrong_shape__is_refused),
		TEST(counts__are_found_by_subnet),
		TEST(counts_in_another_order__are_read_by_their_columns),
		TEST(counts_of_a_wrong_shape__are_refused),
		TEST(rewriting__changes_one_number_and_nothing_else),
		TEST(rewriting__leaves_the_octets_of_strings_as_they_are),
		TEST(rewriting_what_is_not_there__fails),
		TEST(message_with_a_password__is_found),
		TEST(no_memory_for_jansson__is_told_at_any_time),
		TEST(no_memory_at_all__is_told_at_any_time),
		TEST(a_moment_without_memory__is_told_as_well),
		TEST(what_is_freed__holds_no_password),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
