/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <string.h>

#include "failover.h"
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

/*
 * Does a control agent tell that nobody listens behind it?  It calls the server
 * "likely to be offline" whatever the reason is, also when it may not connect.
 */
static bool
is_obituary(const char *answer)
{
	static const char *const words[] = {
		"unable to forward command to the dhcp4 service: "
		"Connection refused",
		"unable to forward command to the dhcp4 service: "
		"No such file or directory",
	};
	const char *body = strstr(answer, "\r\n\r\n");
	struct kea_fault fault;
	size_t i;

	if (body == NULL)
		return false;
	body += strlen("\r\n\r\n");
	if (kea_reply_result(body, strlen(body), &fault) ||
	    fault.result != KEA_RESULT_ERROR)
		return false;
	for (i = 0; i < nitems(words); i++)
		if (strstr(fault.text, words[i]) != NULL)
			return true;
	return false;
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
