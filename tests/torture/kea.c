/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers of type kea: behind the socket is a process that is a pair of Kea as
 * far as its state and its max-response-delay go.
 */
#include "../unit/fake_kea.h"
#include "../unit/kea_answers.h"

#include <sys/mman.h>

#include "kea_socket.h"
#include "server_kea.h"
#include "server_kea_private.h"

#include "foreign.h"

#define PATIENCE_MS 20000u /* more than anything takes */
#define DELAY 2000u /* milliseconds, in the beginning */
#define SECONDS 5u /* instead */

/* The state of the pair. */
enum pair { PAIR_NORMAL, PAIR_DEAD, PAIR_DOWN, PAIR_MAINTENANCE };

enum scene {
	SCENE_NORMAL,
	SCENE_DEAD, /* nobody listens at the partner's */
	SCENE_AGENT, /* but its control agent does */
	SCENE_ALIVE, /* it listens */
	SCENE_RETURN, /* it comes back in that moment */
	SCENE_TEST_FAILS, /* config-test does */
	SCENE_SET_FAILS /* config-set does, and leaves half of it */
};

/* Kea, shared with it. */
struct kea_world {
	struct fault_peer fault;
	enum scene scene;
	enum pair pair;
	unsigned long delay;
	bool broken; /* high availability is gone */
	unsigned int sets; /* config-set */
	uint16_t port; /* of the partner */
};

static struct kea_options options;
static struct kea_world *world;
static struct fake *fake, *partner;
static int world_fd, nobody; /* where a partner does not listen */
/* Of this round: the new configuration was sent; or only the former one. */
static bool sent_new, sent_for_nothing;

/* ---------------------------------------------------------------- Kea */

static const char *
say_status(const struct kea_world *w)
{
	static const char *const pairs[] = {
		[PAIR_NORMAL] = STATUS_22_NORMAL,
		[PAIR_DEAD] =
		    BALANCING("communication-recovery", "unavailable", "true"),
		[PAIR_DOWN] = BALANCING("partner-down", "unavailable", "true"),
		[PAIR_MAINTENANCE] = BALANCING("partner-in-maintenance",
		    "in-maintenance", "false"),
	};

	return w->broken ? STATUS_22_NO_HA : pairs[w->pair];
}

/* Its delay and the port of the partner are not those of CONFIG_22. */
static const char *
say_config(const struct kea_world *w)
{
	static const char delay[] = "2000", port[] = "18002";
	static char text[sizeof(CONFIG_22) + 16];
	const char *from = CONFIG_22;
	const char *a = strstr(from, delay), *b = strstr(a, port);

	snprintf(text, sizeof(text), "%.*s%lu%.*s%u%s", (int)(a - from), from,
	    w->delay, (int)(b - a) - (int)strlen(delay), a + strlen(delay),
	    (unsigned int)w->port, b + strlen(port));
	return text;
}

static const char *
do_config_set(struct kea_world *w, const char *asked)
{
	static const char name[] = "\"max-response-delay\":";
	const char *at = strstr(asked, name);

	if (w->scene == SCENE_SET_FAILS && w->sets++ == 0) {
		w->broken = true;
		return "{\"result\":1,\"text\":\"bad\"}";
	}
	if (at != NULL)
		w->delay = strtoul(at + strlen(name), NULL, 10);
	w->broken = false;
	return OK_TEXT;
}

static const char *
do_maintenance(struct kea_world *w)
{
	w->pair = w->scene == SCENE_RETURN ? PAIR_MAINTENANCE : PAIR_DOWN;
	return OK_TEXT;
}

static bool
is_command(const char *asked, const char *name)
{
	static const char head[] = "{\"command\":\"";

	return strncmp(asked, head, strlen(head)) == 0 &&
	    strncmp(asked + strlen(head), name, strlen(name)) == 0;
}

static const char *
carry_out(struct kea_world *w, const char *asked)
{
	if (is_command(asked, "status-get"))
		return say_status(w);
	if (is_command(asked, "config-get"))
		return say_config(w);
	if (is_command(asked, "stat-lease4-get"))
		return COUNTS_22;
	if (is_command(asked, "config-test"))
		return w->scene == SCENE_TEST_FAILS ?
		    "{\"result\":1,\"text\":\"bad\"}" :
		    OK_TEXT;
	if (is_command(asked, "config-set"))
		return do_config_set(w, asked);
	if (is_command(asked, "ha-maintenance-start"))
		return do_maintenance(w);
	if (is_command(asked, "ha-maintenance-cancel")) {
		w->pair = PAIR_DEAD;
		return OK_TEXT;
	}
	return UNSUPPORTED("what");
}

static const char *
answer(enum fault_way way, const char *text, enum fake_how *how)
{
	*how = FAKE_ANSWER;
	switch (way) {
	case FAULT_WAY_GOOD:
		break;
	case FAULT_WAY_IGNORED:
	case FAULT_WAY_LOST:
		*how = FAKE_CLOSE;
		break;
	case FAULT_WAY_HALF:
		*how = FAKE_HALF;
		break;
	case FAULT_WAY_NONSENSE:
		return "Guru Meditation";
	}
	return text;
}

static const char *
be_kea(void *arg, const char *asked, enum fake_how *how)
{
	struct kea_world *w = arg;
	enum fault_way way = fault_peer_way(&w->fault);
	const char *text = NULL;

	if (way != FAULT_WAY_IGNORED)
		text = carry_out(w, asked);
	return answer(way, text, how);
}

#define HTTP "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

static const char *
be_partner(void *arg, const char *asked, enum fake_how *how)
{
	struct kea_world *w = arg;

	(void)asked;
	*how = FAKE_ANSWER;
	return w->scene == SCENE_ALIVE ? HTTP "[ { \"result\": 0 } ]" :
					 HTTP
	    "[ { \"result\": 1, \"text\": \"unable to forward command to "
	    "the dhcp4 service: Connection refused.\" } ]";
}

/* ---------------------------------------------------------------- the peer */

static void
begin(struct foreign *f)
{
	bool listens =
	    f->deed->scene == SCENE_AGENT || f->deed->scene == SCENE_ALIVE;

	world = foreign_share(sizeof(*world), &world_fd);
	nobody = fake_tcp_socket(&world->port);
	if (listens) {
		partner = fake_tcp_idle();
		world->port = partner->port;
		fake_fork(partner, be_partner, world);
	}
	fake = fake_local_idle();
	fake_fork(fake, be_kea, world);
	options.socket = fake->path;
	options.timeout = PATIENCE_MS;
	options.allow_config_set = true;
	f->options = &options;
	f->peer = &world->fault;
	f->has_children = true;
}

static void
end(struct foreign *f)
{
	(void)f;
	fake_end(fake);
	if (partner != NULL)
		fake_end(partner);
	partner = NULL;
	close(nobody);
	munmap(world, sizeof(*world));
	close(world_fd);
}

/* It does one thing after the other: it rests when it has answered. */
static void
let_rest(void)
{
	static const char text[] = "{\"command\":\"nothing\"}";
	const struct kea_limits limits = { PATIENCE_MS, PATIENCE_MS, 4096 };
	struct kea_buffer said = { 0 };
	int error;

	assert_int_equal(kea_socket_local(fake->path, text, strlen(text),
			     &limits, &said, &error),
	    KEA_END_ANSWERED);
	kea_buffer_free(&said);
}

static void
reset(struct foreign *f)
{
	let_rest();
	world->scene = (enum scene)f->deed->scene;
	world->pair = world->scene == SCENE_DEAD ||
		world->scene == SCENE_AGENT || world->scene == SCENE_ALIVE ||
		world->scene == SCENE_RETURN ?
	    PAIR_DEAD :
	    PAIR_NORMAL;
	world->delay = DELAY;
	world->broken = false;
	world->sets = 0;
	sent_new = sent_for_nothing = false;
}

static void
look(struct foreign *f)
{
	static const char *const pairs[] = { "normal", "dead", "down",
		"in maintenance" };

	let_rest();
	snprintf(f->world, sizeof(f->world), "%s, %lu ms%s%s",
	    pairs[world->pair], world->delay, world->broken ? ", broken" : "",
	    sent_for_nothing ? ", disturbed" : "");
}

static bool
begins(const char *at, size_t n, const char *command)
{
	return n > strlen(command) && is_command(at, command);
}

/* What was not sent need not be taken back, which stops Kea for a moment. */
static bool
is_order(const void *at, size_t n)
{
	const char *text = at;

	if (begins(text, n, "ha-maintenance-start"))
		return true;
	if (!begins(text, n, "config-set"))
		return false;
	if (strstr(text, "\"max-response-delay\":2000") == NULL)
		sent_new = true;
	else if (!sent_new)
		sent_for_nothing = true;
	return true;
}

static void
configure(FILE *conf)
{
	fprintf(conf, "socket = %s\ntimeout = %u\n", fake->path, PATIENCE_MS);
}

static void
move(void)
{
	let_rest();
	world->pair = PAIR_DEAD;
}

const struct foreign_type foreign_kea = { &failover_server_kea, begin, end,
	reset, look, is_order, NULL, configure, move };

/* ---------------------------------------------------------------- calls */

static DHCP_FAILOVER_RELATIONSHIP
wanted(void)
{
	return (DHCP_FAILOVER_RELATIONSHIP){ .RelationshipName = foreign_name,
		.State = PARTNER_DOWN,
		.SafePeriod = SECONDS };
}

static enum dhcp_error
call_set(struct foreign *f)
{
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted();

	return failover_server_set(f->server, f->deed->flags, &rel);
}

static enum dhcp_error
call_restore(struct foreign *f)
{
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted();

	return failover_server_restore(f->server, foreign_name, &rel);
}

/*
 * A partner is dead if nobody listens there, and if it cannot be reached and
 * Kea says so, too; that is what a probe finds that fails.
 */
static bool
is_found_dead(const struct foreign *f)
{
	return world->pair == PAIR_DOWN &&
	    (f->error == ERROR_SUCCESS || foreign_is_doubtful(f));
}

/* What could not be led back is cried out, or in doubt. */
static bool
is_told(const struct foreign *f, const char *words)
{
	return (f->asked && foreign_is_doubtful(f)) ||
	    strstr(f->server->report.last_error_text, words) != NULL;
}

static bool
is_left_in_maintenance(const struct foreign *f)
{
	return world->pair == PAIR_MAINTENANCE &&
	    is_told(f, "send ha-maintenance-cancel");
}

static bool
is_left_broken(const struct foreign *f)
{
	return world->broken && is_told(f, "COULD NOT BE SET AGAIN");
}

/* clang-format off */
static const struct deed deeds[] = {
	{ .name = "open", .call = foreign_open, .closed = true },
	{ .name = "close", .call = foreign_close },
	{ .name = "list", .call = foreign_list, .cold = true, .excuse = foreign_is_uncounted },
	{ .name = "list", .call = foreign_list, .excuse = foreign_is_uncounted },
	{ .name = "get", .call = foreign_get, .cold = true },
	{ .name = "get", .call = foreign_get },
	{ .name = "scope_relationship", .call = foreign_scope_relationship },
	{ .name = "scope_statistics", .call = foreign_scope_statistics },
	{ .name = "system_time", .call = foreign_system_time },
	{ .name = "set_partner_down", .call = call_set, .changes = true, .cold = true, .flags = CHANGESTATE, .scene = SCENE_DEAD },
	{ .name = "set_partner_down", .call = call_set, .changes = true, .flags = CHANGESTATE, .scene = SCENE_DEAD },
	{ .name = "set_partner_down__behind_a_control_agent", .call = call_set, .changes = true, .flags = CHANGESTATE, .scene = SCENE_AGENT },
	{ .name = "set_partner_down__of_one_that_lives", .call = call_set, .expected = ERROR_INVALID_PARAMETER, .changes = true, .flags = CHANGESTATE, .scene = SCENE_ALIVE, .excuse = is_found_dead },
	{ .name = "set_partner_down__of_one_that_returns", .call = call_set, .expected = ERROR_INVALID_PARAMETER, .changes = true, .flags = CHANGESTATE, .scene = SCENE_RETURN, .excuse = is_left_in_maintenance },
	{ .name = "set_safe_period", .call = call_set, .changes = true, .cold = true, .flags = SAFEPERIOD },
	{ .name = "set_safe_period", .call = call_set, .changes = true, .flags = SAFEPERIOD },
	{ .name = "set_safe_period__that_fails_the_test", .call = call_set, .expected = ERROR_GEN_FAILURE, .changes = true, .flags = SAFEPERIOD, .scene = SCENE_TEST_FAILS },
	{ .name = "set_safe_period__that_cannot_be_set", .call = call_set, .expected = ERROR_GEN_FAILURE, .changes = true, .flags = SAFEPERIOD, .scene = SCENE_SET_FAILS, .excuse = is_left_broken },
	{ .name = "restore_safe_period", .call = call_restore, .changes = true, .back = true },
};
/* clang-format on */

const struct operation *
kea_operations(size_t *n)
{
	static struct operation all[nitems(deeds)];

	foreign_operations(&foreign_kea, "kea", deeds, nitems(deeds), all);
	*n = nitems(all);
	return all;
}
