/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be changed in Kea, and under which conditions.  A mistake here takes
 * DHCP away from a network, so nothing is believed that was not seen.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kea_probe.h"
#include "kea_rewrite.h"
#include "log.h"
#include "server_kea_private.h"

/*
 * Kea waits 10 seconds for a partner that does not answer, and does nothing
 * else meanwhile.  With many leases config-set takes seconds.
 */
#define MAINTENANCE_TIMEOUT 12000
#define CONFIG_TIMEOUT 30000
#define PROBE_TIMEOUT 1000
#define CANCEL_TRIES 4

/* max-response-delay has 16 bits up to Kea 3.2. */
#define SAFE_PERIOD_MIN 1
#define SAFE_PERIOD_MAX 65

static void
nap(long milliseconds)
{
	const struct timespec time = { milliseconds / 1000,
		milliseconds % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* A failure of a call before which nothing was changed is not in doubt. */
static enum dhcp_error
not_done(enum dhcp_error error)
{
	switch (error) {
	case ERROR_TIMEOUT:
		return ERROR_DHCP_SERVER_NOT_REACHABLE;
	case RPC_S_CALL_FAILED:
		return RPC_S_CALL_FAILED_DNE;
	default:
		return error;
	}
}

/*
 * An answer that could not be read, for want of memory or sense, is as good as
 * one that got lost: the command may have been carried out.
 */
static enum dhcp_error
unread(enum dhcp_error error)
{
	return error == ERROR_NOT_ENOUGH_MEMORY ||
		error == RPC_X_BAD_STUB_DATA ?
	    RPC_S_CALL_FAILED :
	    error;
}

/* Was there no connection on which the command could have been sent? */
static bool
is_unsent(enum dhcp_error error)
{
	return error == ERROR_DHCP_SERVER_NOT_RUNNING ||
	    error == ERROR_DHCP_SERVER_NOT_REACHABLE ||
	    error == ERROR_ACCESS_DENIED;
}

/* ---------------------------------------------------------- partner-down */

static enum dhcp_error
refuse(struct failover_server *server, const struct kea_view *view,
    const char *why)
{
	const DHCP_IP_ADDRESS address = view->partner->address;
	char text[FAILOVER_ADDRESS_SIZE];

	return failover_server_refused(server, ERROR_INVALID_PARAMETER,
	    "\"%s\": partnerDown refused: partner %s (%s) %s", view->name,
	    view->partner->name,
	    address != 0 ? failover_address_text(address, text) : "no IPv4",
	    why);
}

/*
 * ha-maintenance-start with a partner that lives stops the partner, and with
 * one that hangs stops this server for 10 seconds and locks up both when it
 * wakes up: make sure that it is dead.
 */
static enum dhcp_error
check_partner(struct failover_server *server, const struct kea_view *view)
{
	const bool unavailable = view->status->partner == KEA_STATE_UNAVAILABLE;

	if (view->partner->address == 0)
		return unavailable ? ERROR_SUCCESS :
				     refuse(server, view,
					 "cannot be probed, and Kea has not "
					 "yet found it unavailable; try again");
	switch (kea_probe(view->partner, PROBE_TIMEOUT)) {
	case KEA_PULSE_DEAD:
		return ERROR_SUCCESS;
	case KEA_PULSE_NONE:
		return unavailable ? ERROR_SUCCESS :
				     refuse(server, view,
					 "cannot be reached, but Kea has not "
					 "yet found it unavailable; try again");
	case KEA_PULSE_HUNG:
		return refuse(server, view,
		    view->partner->plain ?
			"accepts connections but does not answer: it hangs; "
			"end it first" :
			"accepts connections, and whether it lives cannot be "
			"seen through TLS; end it first");
	case KEA_PULSE_ALIVE:
		break;
	}
	return refuse(server, view, "is alive; stop it first");
}

/*
 * With auto-failover false Kea goes to partner-down by itself as well, but then
 * serves its own clients only, and ha-maintenance-start changes nothing.
 */
static enum dhcp_error
check_served(struct failover_server *server, const char *name,
    const struct kea_status_rel *rel)
{
	if (rel->state != KEA_STATE_PARTNER_DOWN || !rel->partial)
		return ERROR_SUCCESS;
	return failover_server_refused(server, ERROR_INVALID_PARAMETER,
	    "\"%s\": Kea is in partner-down, but does not serve its partner's "
	    "clients (auto-failover is false): send ha-scopes",
	    name);
}

/* May partner-down be ordered now?  ${*needed}: it is not there already. */
static enum dhcp_error
check_partner_down(struct failover_server *server, const struct kea_view *view,
    FSM_STATE want, bool *needed)
{
	const struct kea_server *kea = server->impl;

	*needed = false;
	if (want != PARTNER_DOWN)
		return failover_server_refused(server, ERROR_INVALID_PARAMETER,
		    "\"%s\": the only state that Kea can be set to is "
		    "partnerDown",
		    view->name);
	if (view->state == PARTNER_DOWN)
		return check_served(server, view->name, view->status);
	if (kea->status.n != 1)
		return failover_server_refused(server, ERROR_NOT_SUPPORTED,
		    "\"%s\": partnerDown refused: Kea has %zu relationships, "
		    "and ha-maintenance-start cannot say which",
		    view->name, kea->status.n);
	if (view->state != COMMUNICATION_INT && view->state != STARTUP &&
	    view->state != RECOVER)
		return failover_server_refused(server, ERROR_INVALID_PARAMETER,
		    "\"%s\": partnerDown refused in state %s (Kea: %s)",
		    view->name,
		    failover_word(FAILOVER_WORDS_STATE, view->state),
		    kea_state_word(view->status->state));
	*needed = true;
	return check_partner(server, view);
}

/* A command of which only the outcome counts. */
static enum dhcp_error
order(struct failover_server *server, const struct kea_command *command)
{
	struct kea_buffer answer = { 0 };
	struct kea_fault fault;
	enum dhcp_error error;

	error = kea_ask(server, command, &answer);
	if (error == ERROR_SUCCESS &&
	    !kea_reply_result(answer.at, answer.length, &fault))
		error = kea_faulted(server, command->name, &fault);
	kea_buffer_free(&answer);
	return error;
}

/*
 * The partner came to life in the last moment and is silent by order: release
 * it.  Up to 2.6 the pair can fall back within one heartbeat.
 */
static enum dhcp_error
cancel(struct failover_server *server, const char *name)
{
	const struct kea_command command = { .name = "ha-maintenance-cancel" };
	const struct kea_server *kea = server->impl;
	int i;

	for (i = 0; i < CANCEL_TRIES; i++) {
		order(server, &command);
		nap(300);
		if (kea_refresh_status(server) != ERROR_SUCCESS ||
		    kea->status.n != 1)
			break;
		if (kea->status.rels[0].state !=
		    KEA_STATE_PARTNER_IN_MAINTENANCE)
			return failover_server_refused(server,
			    ERROR_INVALID_PARAMETER,
			    "\"%s\": partnerDown "
			    "refused: the partner came back just now",
			    name);
	}
	return failover_server_failed(server, ERROR_GEN_FAILURE,
	    "\"%s\": the partner came back just now and is in-maintenance: "
	    "send "
	    "ha-maintenance-cancel",
	    name);
}

static enum dhcp_error
partner_down(struct failover_server *server, const char *name)
{
	const struct kea_command command = {
		.name = "ha-maintenance-start",
		.timeout = MAINTENANCE_TIMEOUT,
	};
	const struct kea_server *kea = server->impl;
	enum dhcp_error error;
	char why[sizeof(server->why)];

	log_notice("server \"%s\": \"%s\": sending ha-maintenance-start",
	    server->name, name);
	error = unread(order(server, &command));
	memcpy(why, server->why, sizeof(why));

	/* The answer is not the state. */
	if (kea_refresh_status(server) != ERROR_SUCCESS || kea->status.n != 1) {
		if (error == ERROR_SUCCESS)
			error = RPC_S_CALL_FAILED;
		return failover_server_failed(server, error, "%s",
		    why[0] != '\0' ? why : "the state could not be verified");
	}
	switch (kea->status.rels[0].state) {
	case KEA_STATE_PARTNER_DOWN:
		return check_served(server, name, &kea->status.rels[0]);
	case KEA_STATE_PARTNER_IN_MAINTENANCE:
		return cancel(server, name);
	default:
		break;
	}
	if (error == ERROR_SUCCESS)
		return failover_server_failed(server, ERROR_GEN_FAILURE,
		    "\"%s\": Kea took ha-maintenance-start, but is in state %s",
		    name, kea_state_word(kea->status.rels[0].state));
	return failover_server_failed(server, not_done(error), "%s", why);
}

/* ---------------------------------------------------------- safe period */

/* config-set restarts high availability, all there is of it. */
static enum dhcp_error
check_all_normal(struct failover_server *server, const struct kea_view *view)
{
	const struct kea_server *kea = server->impl;
	struct kea_view other;
	size_t i;

	if (view->state != NORMAL)
		return failover_server_refused(server,
		    ERROR_DHCP_FO_STATE_NOT_NORMAL,
		    "\"%s\": safePeriod refused in state %s: config-set "
		    "restarts high availability",
		    view->name,
		    failover_word(FAILOVER_WORDS_STATE, view->state));
	for (i = 0; i < kea->status.n; i++)
		if (kea_view(kea, i, &other) && other.state != NORMAL)
			return failover_server_refused(server,
			    ERROR_DHCP_FO_STATE_NOT_NORMAL,
			    "\"%s\": safePeriod refused: config-set restarts "
			    "high availability, and \"%s\" is in state %s",
			    view->name, other.name,
			    failover_word(FAILOVER_WORDS_STATE, other.state));
	return ERROR_SUCCESS;
}

/*
 * May it be set to ${want} seconds, ${anyway}: back to that, whatever the state
 * is?  ${*delay}: max-response-delay for it; 0: it is so already.
 */
static enum dhcp_error
check_safe_period(struct failover_server *server, const struct kea_view *view,
    uint32_t want, bool anyway, uint32_t *delay)
{
	const struct kea_server *kea = server->impl;
	const bool was = anyway && kea->replaced != 0 &&
	    want == kea_safe_period(kea->replaced);

	*delay = 0;
	if (want == kea_safe_period(view->config->max_response_delay))
		return ERROR_SUCCESS;
	if (!was && (want < SAFE_PERIOD_MIN || want > SAFE_PERIOD_MAX))
		return failover_server_refused(server, ERROR_INVALID_PARAMETER,
		    "\"%s\": Kea's max-response-delay can be %u to %u seconds",
		    view->name, SAFE_PERIOD_MIN, SAFE_PERIOD_MAX);
	*delay = was ? kea->replaced : want * 1000;
	return anyway ? ERROR_SUCCESS : check_all_normal(server, view);
}

/* Does high availability run, with ${delay}? */
static enum dhcp_error
verify_delay(struct failover_server *server, size_t number, uint32_t delay,
    bool *so)
{
	const struct kea_server *kea = server->impl;
	enum dhcp_error error;

	*so = false;
	error = kea_refresh(server, true);
	/* An answer, too: the hook was unloaded by the failure. */
	if (error == ERROR_DHCP_FO_NOT_SUPPORTED)
		return ERROR_SUCCESS;
	if (error != ERROR_SUCCESS)
		return error;
	*so = number < kea->config.n &&
	    kea->config.rels[number].max_response_delay == delay;
	return ERROR_SUCCESS;
}

/*
 * A failed config-set leaves half of the old configuration: set all of it.  Is
 * it seen to run?
 */
static bool
put_back(struct failover_server *server, const struct kea_rewrite *rewrite,
    size_t number, uint32_t delay)
{
	const struct kea_command command = {
		.name = "config-set",
		.text = rewrite->back.at,
		.length = rewrite->back.length,
		.timeout = CONFIG_TIMEOUT,
	};
	bool so;

	log_warning("server \"%s\": setting the former configuration again",
	    server->name);
	return order(server, &command) == ERROR_SUCCESS &&
	    verify_delay(server, number, delay, &so) == ERROR_SUCCESS && so;
}

/* Kea's message about a configuration may quote it. */
static void
censor(struct failover_server *server, const struct kea_buffer *saved)
{
	if (kea_rewrite_leaks(saved->at, saved->length, server->why))
		failover_server_failed(server, ERROR_GEN_FAILURE,
		    "config-set: Kea's message is not shown, as it has a "
		    "password in it");
}

static enum dhcp_error
apply(struct failover_server *server, const struct kea_buffer *saved,
    const struct kea_rewrite *rewrite, size_t number, uint32_t old,
    uint32_t new)
{
	const struct kea_command test = {
		.name = "config-test",
		.text = rewrite->test.at,
		.length = rewrite->test.length,
		.timeout = CONFIG_TIMEOUT,
	};
	const struct kea_command set = {
		.name = "config-set",
		.text = rewrite->set.at,
		.length = rewrite->set.length,
		.timeout = CONFIG_TIMEOUT,
	};
	char why[sizeof(server->why)];
	enum dhcp_error error, seen;
	bool so, lost, taken, back;

	if ((error = order(server, &test)) != ERROR_SUCCESS) {
		censor(server, saved);
		return not_done(error);
	}
	log_notice("server \"%s\": sending config-set: max-response-delay %u "
		   "instead of %u ms",
	    server->name, new, old);
	error = unread(order(server, &set));
	if (is_unsent(error))
		return error;
	lost = error == ERROR_TIMEOUT || error == RPC_S_CALL_FAILED;
	taken = error == ERROR_SUCCESS;
	if (!taken)
		censor(server, saved);
	memcpy(why, server->why, sizeof(why));
	seen = verify_delay(server, number, new, &so);
	if (seen == ERROR_SUCCESS && so && (lost || taken))
		return ERROR_SUCCESS;
	if (seen != ERROR_SUCCESS && lost)
		/* It may be at it still: nothing more is sent blindly. */
		return failover_server_failed(server, error, "%s", why);
	if (taken)
		snprintf(why, sizeof(why), "config-set: no effect was seen");
	back = put_back(server, rewrite, number, old);

	/* What was taken, not looked at and not put back may be so. */
	error = taken && seen != ERROR_SUCCESS && !back ? RPC_S_CALL_FAILED :
							  ERROR_GEN_FAILURE;
	return failover_server_failed(server, error, "%.150s; %s", why,
	    back ? "the former configuration was set again" :
		   "THE FORMER CONFIGURATION COULD NOT BE SET AGAIN: restart "
		   "Kea");
}

static enum dhcp_error
set_safe_period(struct failover_server *server, const struct kea_view *view,
    uint32_t new)
{
	const struct kea_command get = { .name = "config-get" };
	const size_t number = view->number;
	const uint32_t old = view->config->max_response_delay;
	struct kea_server *kea = server->impl;
	struct kea_buffer saved = { 0 };
	struct kea_rewrite rewrite;
	struct kea_fault fault;
	enum dhcp_error error;

	if ((error = kea_ask(server, &get, &saved)) != ERROR_SUCCESS) {
		error = not_done(error);
		goto err0;
	}
	if (!kea_rewrite(saved.at, saved.length, number, new, &rewrite,
		&fault)) {
		error = not_done(kea_faulted(server, get.name, &fault));
		goto err0;
	}
	kea->replaced = old;
	error = apply(server, &saved, &rewrite, number, old, new);
	kea_rewrite_free(&rewrite);

err0:
	kea_buffer_free(&saved);
	return error;
}

/* ---------------------------------------------------------- the calls */

/* All checks come before any change. */
static enum dhcp_error
change(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel, bool anyway)
{
	struct kea_server *kea = server->impl;
	uint32_t delay = 0;
	bool down = false;
	struct kea_view view;
	enum dhcp_error error;

	if ((error = kea_refresh(server, true)) != ERROR_SUCCESS)
		return not_done(error);
	if (!kea_view_named(kea, rel->RelationshipName, &view))
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	if (flags & SAFEPERIOD) {
		error = check_safe_period(server, &view, rel->SafePeriod,
		    anyway, &delay);
		if (error != ERROR_SUCCESS)
			return error;
	}
	if (flags & CHANGESTATE) {
		error = check_partner_down(server, &view, rel->State, &down);
		if (error != ERROR_SUCCESS)
			return error;
	}
	if (delay != 0) {
		error = set_safe_period(server, &view, delay);
		if (error != ERROR_SUCCESS)
			return error;
	}
	return down ? partner_down(server, rel->RelationshipName) :
		      ERROR_SUCCESS;
}

enum dhcp_error
kea_set(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	return change(server, flags, rel, false);
}

/* The set that is taken back has restarted high availability. */
enum dhcp_error
kea_set_back(struct failover_server *server, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	return change(server, flags, old, true);
}

/* States go their own way, but nothing leads out of partner-down. */
enum dhcp_error
kea_restore(struct failover_server *server, const char *name,
    const DHCP_FAILOVER_RELATIONSHIP *old)
{
	struct kea_server *kea = server->impl;
	struct kea_view view;
	enum dhcp_error error;

	if (old == NULL)
		return ERROR_NOT_SUPPORTED;
	if ((error = kea_refresh(server, true)) != ERROR_SUCCESS)
		return error;
	if (!kea_view_named(kea, name, &view))
		return ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST;
	if (kea_safe_period(view.config->max_response_delay) !=
	    old->SafePeriod) {
		error = change(server, SAFEPERIOD & server->sets, old, true);
		if (error != ERROR_SUCCESS)
			return error;
	}
	if (view.state == PARTNER_DOWN && old->State != PARTNER_DOWN)
		return failover_server_refused(server, ERROR_NOT_SUPPORTED,
		    "\"%s\": nothing but the return of the partner ends "
		    "partnerDown",
		    name);
	return ERROR_SUCCESS;
}
