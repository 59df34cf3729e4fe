/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <string.h>

#include "kea_probe.h"
#include "kea_socket.h"

#define ANSWER_MAX ((size_t)64 * 1024)

/*
 * A control agent needs to be told the service, a server takes no notice.  Only
 * the content type is checked by either.
 */
#define BODY "{\"command\":\"ha-heartbeat\",\"service\":[\"dhcp4\"]}"
static const char request[] = "POST / HTTP/1.1\r\n"
			      "Host: kea\r\n"
			      "Connection: close\r\n"
			      "Content-Type: application/json\r\n"
			      "Content-Length: 46\r\n"
			      "\r\n" BODY;
_Static_assert(sizeof(BODY) - 1 == 46, "Content-Length");

/* Does a control agent tell that the server behind it is down? */
static bool
is_obituary(const char *answer)
{
	static const char words[] = "unable to forward command";
	const char *body = strstr(answer, "\r\n\r\n");
	struct kea_fault fault;

	if (body == NULL)
		return false;
	body += strlen("\r\n\r\n");
	return !kea_reply_result(body, strlen(body), &fault) &&
	    fault.result == KEA_RESULT_ERROR &&
	    strstr(fault.text, words) != NULL;
}

enum kea_pulse
kea_probe(const struct kea_peer *peer, uint32_t timeout)
{
	const struct kea_limits limits = {
		.connect = timeout,
		.total = timeout,
		.answer = ANSWER_MAX,
	};
	struct kea_buffer answer = { 0 };
	enum kea_pulse pulse = KEA_PULSE_ALIVE;
	int error;

	/* With TLS all that can be learned is whether somebody listens. */
	switch (kea_socket_tcp(peer->address, peer->port, request,
	    peer->plain ? strlen(request) : 0, &limits, &answer, &error)) {
	case KEA_END_REFUSED:
		pulse = KEA_PULSE_DEAD;
		break;
	case KEA_END_ABSENT:
	case KEA_END_DENIED:
	case KEA_END_BUSY:
	case KEA_END_UNREACHABLE:
		pulse = KEA_PULSE_NONE;
		break;
	case KEA_END_SILENT:
		if (answer.length == 0)
			pulse = KEA_PULSE_HUNG;
		break;
	case KEA_END_ANSWERED:
		if (is_obituary(answer.at))
			pulse = KEA_PULSE_DEAD;
		break;
	case KEA_END_BROKEN:
	case KEA_END_EMPTY:
	case KEA_END_HUGE:
	case KEA_END_NO_MEMORY:
		break;
	}
	kea_buffer_free(&answer);
	return pulse;
}
