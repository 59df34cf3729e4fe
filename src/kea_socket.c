/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "kea_socket.h"

/* How long to wait for a place in the queue of a busy unix socket. */
#define QUEUE_WAIT 20 /* milliseconds */
#define READ_SIZE ((size_t)16 * 1024)

int64_t
kea_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for ${events}, at most until ${until}; false: it is too late. */
static bool
wait_for(int fd, short events, int64_t until)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		if ((left = until - kea_now()) <= 0)
			return false;
		n = poll(&pollfd, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (n == 0 || (n == -1 && errno == EINTR));
	return n > 0;
}

/* The socket that is never connected never becomes ready: a mere sleep. */
static void
nap(int64_t until)
{
	struct pollfd none = { .fd = -1 };
	int64_t left = until - kea_now();

	if (left > 0)
		poll(&none, 1, left < QUEUE_WAIT ? (int)left : QUEUE_WAIT);
}

static enum kea_end
end_of_connect(int error)
{
	switch (error) {
	case ENOENT:
		return KEA_END_ABSENT;
	case ECONNREFUSED:
		return KEA_END_REFUSED;
	case EACCES:
	case EPERM:
		return KEA_END_DENIED;
	case ETIMEDOUT:
		return KEA_END_BUSY;
	default:
		return KEA_END_UNREACHABLE;
	}
}

/* Wait for a connection that is on its way; returns an errno. */
static int
connected(int fd, int64_t until)
{
	socklen_t size = sizeof(int);
	int error;

	if (!wait_for(fd, POLLOUT, until))
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return errno;
	return error;
}

static int
connect_socket(int fd, const struct sockaddr *to, socklen_t size, int64_t until)
{
	for (;;) {
		if (connect(fd, to, size) == 0)
			return 0;
		switch (errno) {
		case EINTR:
			continue;
		case EINPROGRESS:
		case EALREADY: /* after EINTR */
			return connected(fd, until);
		case EISCONN: /* likewise */
			return 0;
		case EAGAIN:
			/* The queue of a unix socket is full. */
			if (kea_now() >= until)
				return ETIMEDOUT;
			nap(until);
			continue;
		default:
			return errno;
		}
	}
}

static enum kea_end
send_all(int fd, const char *text, size_t length, int64_t until, int *error)
{
	ssize_t n;

	while (length > 0) {
		n = send(fd, text, length, MSG_NOSIGNAL);
		if (n >= 0) {
			text += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (!wait_for(fd, POLLOUT, until))
				return KEA_END_SILENT;
		} else if (errno != EINTR) {
			*error = errno;
			return KEA_END_BROKEN;
		}
	}
	return KEA_END_ANSWERED;
}

static enum kea_end
read_all(int fd, size_t max, int64_t until, struct kea_buffer *answer,
    int *error)
{
	ssize_t n;

	for (;;) {
		if (!wait_for(fd, POLLIN, until))
			return KEA_END_SILENT;
		if (!kea_buffer_reserve(answer, READ_SIZE))
			return KEA_END_NO_MEMORY;
		n = recv(fd, answer->at + answer->length, READ_SIZE, 0);
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == -1) {
			*error = errno;
			return KEA_END_BROKEN;
		}
		if (n == 0)
			break;
		answer->length += (size_t)n;
		answer->at[answer->length] = '\0';
		if (answer->length > max)
			return KEA_END_HUGE;
	}
	return answer->length == 0 ? KEA_END_EMPTY : KEA_END_ANSWERED;
}

static enum kea_end
converse(int fd, const char *text, size_t length, size_t max, int64_t until,
    struct kea_buffer *answer, int *error)
{
	enum kea_end end, sent;

	sent = send_all(fd, text, length, until, error);
	if (sent == KEA_END_SILENT)
		return sent;

	/* Who closes before all was sent may have said why. */
	end = read_all(fd, max, until, answer, error);
	if (sent != KEA_END_ANSWERED && end == KEA_END_EMPTY)
		return sent;
	return end;
}

static enum kea_end
exchange(const struct sockaddr *to, socklen_t size, const char *text,
    size_t length, const struct kea_limits *limits, struct kea_buffer *answer,
    int *error)
{
	const int64_t now = kea_now(), until = now + limits->total;
	int64_t connect_until = now + limits->connect;
	enum kea_end end;
	int fd;

	kea_buffer_free(answer);
	*error = 0;
	if ((fd = socket(to->sa_family, SOCK_STREAM, 0)) == -1) {
		*error = errno;
		return KEA_END_UNREACHABLE;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
		*error = errno;
		close(fd);
		return KEA_END_UNREACHABLE;
	}
	if (connect_until > until)
		connect_until = until;
	if ((*error = connect_socket(fd, to, size, connect_until)) != 0)
		end = end_of_connect(*error);
	else
		end = converse(fd, text, length, limits->answer, until, answer,
		    error);
	close(fd);
	return end;
}

enum kea_end
kea_socket_local(const char *path, const char *text, size_t length,
    const struct kea_limits *limits, struct kea_buffer *answer, int *error)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path)) {
		kea_buffer_free(answer);
		*error = ENAMETOOLONG;
		return KEA_END_UNREACHABLE;
	}
	strcpy(to.sun_path, path);
	return exchange((const struct sockaddr *)&to, sizeof(to), text, length,
	    limits, answer, error);
}

enum kea_end
kea_socket_tcp(DHCP_IP_ADDRESS address, uint16_t port, const char *text,
    size_t length, const struct kea_limits *limits, struct kea_buffer *answer,
    int *error)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(address),
	};

	return exchange((const struct sockaddr *)&to, sizeof(to), text, length,
	    limits, answer, error);
}
