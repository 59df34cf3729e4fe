/* SPDX-License-Identifier: BSD-2-Clause */
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "epm.h"
#include "failover.h"
#include "samba.h"
#include "secret_file.h"
#include "ticket.h"

#include "connection.h"

#define ADDRESS_SIZE INET_ADDRSTRLEN
#define TARGET_MAX 253

struct connection {
	struct samba *samba;
	struct samba_pipe *pipe;
	struct ticket ticket;
	bool has_ticket;
};

/* NTSTATUS numbers that mean something to us (MS-ERREF 2.3.1). */
#define STATUS_ACCESS_DENIED 0xC0000022u
#define STATUS_NO_MEMORY 0xC0000017u
#define STATUS_IO_TIMEOUT 0xC00000B5u
#define STATUS_RPC_UNKNOWN_IF 0xC0020012u
#define STATUS_RPC_PROCNUM_OUT_OF_RANGE 0xC002002Eu
#define STATUS_RPC_INTERFACE_NOT_FOUND 0xC002003Cu
#define STATUS_RPC_BAD_STUB_DATA 0xC003000Cu

/* ---------------------------------------------------------------- errors */

/* What a status means while nothing has been called yet ... */
static enum dhcp_error
connect_error(uint32_t status)
{
	static const struct {
		uint32_t status;
		enum dhcp_error error;
	} known[] = {
		{ STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED },
		{ 0xC0000064, ERROR_ACCESS_DENIED }, /* no such user */
		{ 0xC000006A, ERROR_ACCESS_DENIED }, /* wrong password */
		{ 0xC000006D, ERROR_ACCESS_DENIED }, /* logon failure */
		{ 0xC000006E, ERROR_ACCESS_DENIED }, /* account restriction */
		{ 0xC000006F, ERROR_ACCESS_DENIED }, /* logon hours */
		{ 0xC0000070, ERROR_ACCESS_DENIED }, /* workstation */
		{ 0xC0000071, ERROR_ACCESS_DENIED }, /* password expired */
		{ 0xC0000072, ERROR_ACCESS_DENIED }, /* account disabled */
		{ 0xC0000133, ERROR_ACCESS_DENIED }, /* clocks differ */
		{ 0xC000015B, ERROR_ACCESS_DENIED }, /* logon type */
		{ 0xC0000193, ERROR_ACCESS_DENIED }, /* account expired */
		{ 0xC0000224, ERROR_ACCESS_DENIED }, /* must change password */
		{ 0xC0000234, ERROR_ACCESS_DENIED }, /* locked out */
		{ 0xC0000418, ERROR_ACCESS_DENIED }, /* NTLM blocked */
		{ STATUS_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY },
		{ STATUS_RPC_UNKNOWN_IF, RPC_S_UNKNOWN_IF },
		{ STATUS_RPC_INTERFACE_NOT_FOUND, RPC_S_UNKNOWN_IF },
	};

	for (size_t i = 0; i < nitems(known); i++)
		if (known[i].status == status)
			return known[i].error;
	return RPC_S_SERVER_UNAVAILABLE;
}

/* ... and of a call. */
static enum dhcp_error
call_error(uint32_t status, bool alive)
{
	if (status == STATUS_IO_TIMEOUT)
		return ERROR_TIMEOUT;
	/*
	 * Only what leaves the connection in place is a fault that the server
	 * has sent.  An answer whose seal is broken is "access denied", too.
	 */
	if (!alive)
		return RPC_S_CALL_FAILED;
	switch (status) {
	case STATUS_ACCESS_DENIED:
		return ERROR_ACCESS_DENIED;
	case STATUS_RPC_PROCNUM_OUT_OF_RANGE:
		return RPC_S_PROCNUM_OUT_OF_RANGE;
	case STATUS_RPC_BAD_STUB_DATA:
		return RPC_X_BAD_STUB_DATA;
	}
	return RPC_S_CALL_FAILED;
}

static enum dhcp_error say(struct outcome *outcome, enum dhcp_error error,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum dhcp_error
say(struct outcome *outcome, enum dhcp_error error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(outcome->why, sizeof(outcome->why), format, arguments);
	va_end(arguments);
	return error;
}

/* ---------------------------------------------------------------- names */

/* The address of ${name}, in digits: the library would fork to find it. */
static enum dhcp_error
resolve(const char *name, char address[ADDRESS_SIZE], struct outcome *outcome)
{
	const struct addrinfo hints = { .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int error;

	error = getaddrinfo(name, NULL, &hints, &found);
	if (error == 0) {
		error = getnameinfo(found->ai_addr, found->ai_addrlen, address,
		    ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	if (error == 0)
		return ERROR_SUCCESS;
	return say(outcome, ERROR_DHCP_SERVER_NAME_NOT_RESOLVED, "%s: %s", name,
	    gai_strerror(error));
}

/* It becomes a part of a binding string, where other characters have meaning.
 */
static bool
is_host_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(text);

	return length > 0 && length <= TARGET_MAX &&
	    strspn(text, allowed) == length;
}

/* ---------------------------------------------------------------- who */

static enum dhcp_error
use_ccache(struct samba *samba, const char *path, struct outcome *outcome)
{
	const char *wrong;

	if (!secret_file_is_private(path, outcome->why, sizeof(outcome->why)))
		return ERROR_ACCESS_DENIED;
	if ((wrong = samba_use_ccache(samba, path)) == NULL)
		return ERROR_SUCCESS;
	return say(outcome, ERROR_ACCESS_DENIED, "%s: %s", path, wrong);
}

static enum dhcp_error
use_keytab(struct connection *connection,
    const struct helper_settings *settings, struct outcome *outcome)
{
	if (!secret_file_is_private(settings->keytab, outcome->why,
		sizeof(outcome->why)) ||
	    !ticket_get(&connection->ticket, settings->keytab,
		settings->principal, outcome->why, sizeof(outcome->why)))
		return ERROR_ACCESS_DENIED;
	connection->has_ticket = true;
	return use_ccache(connection->samba, connection->ticket.path, outcome);
}

static enum dhcp_error
use_password(struct samba *samba, const char *path, bool *realm,
    struct outcome *outcome)
{
	struct secret_file secrets;
	bool good;

	if (!secret_file_read(path, &secrets, outcome->why,
		sizeof(outcome->why)))
		return ERROR_ACCESS_DENIED;
	*realm = secrets.realm[0] != '\0';
	good = samba_use_password(samba, secrets.username, secrets.password,
	    secrets.domain, secrets.realm);
	secret_file_wipe(&secrets);
	return good ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* Files are read for each connection: passwords and tickets change. */
static enum dhcp_error
identify(struct connection *connection, const struct helper_settings *settings,
    struct outcome *outcome)
{
	struct samba *samba = connection->samba;
	enum dhcp_error error;
	bool realm = false;

	if (settings->keytab[0] != '\0' || settings->ccache[0] != '\0') {
		samba_use_kerberos(samba, SAMBA_KERBEROS_ONLY);
		return settings->keytab[0] != '\0' ?
		    use_keytab(connection, settings, outcome) :
		    use_ccache(samba, settings->ccache, outcome);
	}
	if (settings->credentials[0] == '\0')
		return say(outcome, ERROR_ACCESS_DENIED,
		    "there are neither credentials nor a keytab or a ccache");
	error = use_password(samba, settings->credentials, &realm, outcome);
	/* Without a realm there is nobody to ask for a ticket. */
	samba_use_kerberos(samba,
	    !settings->ntlm ? SAMBA_KERBEROS_ONLY :
		realm	    ? SAMBA_EITHER :
			      SAMBA_NTLM_ONLY);
	return error;
}

/* ---------------------------------------------------------------- calls */

static enum dhcp_error
read_port(const unsigned char *results, size_t n, uint32_t *port,
    struct outcome *outcome)
{
	struct arena arena = { .blocks = NULL };
	struct ndr_reader reader = { .at = results, .n = n, .arena = &arena };
	enum dhcp_error error;
	uint16_t found;

	error = epm_read(&reader, &found);
	arena_free(&arena, 0);
	*port = found;
	if (error == ERROR_SUCCESS)
		return error;
	return say(outcome, error, "endpoint mapper: %s",
	    error == EPT_S_NOT_REGISTERED ? "no DHCP service runs there" :
					    "its answer makes no sense");
}

/* Ask the endpoint mapper: the service has another port after each start. */
static enum dhcp_error
find_port(struct samba *samba, const char *address,
    const struct helper_settings *settings, uint32_t *port,
    struct outcome *outcome)
{
	struct ndr_writer writer = { .at = NULL };
	unsigned char *results = NULL;
	struct samba_pipe *pipe;
	enum dhcp_error error;
	char binding[64];
	uint32_t status;
	size_t n;

	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:%s[%u]", address,
	    settings->mapper_port);
	status = samba_connect(samba, SAMBA_MAPPER, binding, true,
	    settings->call_timeout, &pipe);
	if (status == 0) {
		epm_ask(&writer);
		if ((error = writer.error) != ERROR_SUCCESS)
			goto err1;
		status = samba_call(pipe, EPM_MAP, writer.at, writer.n,
		    &results, &n);
	}
	if (status != 0)
		error = say(outcome, RPC_S_SERVER_UNAVAILABLE,
		    "endpoint mapper, %s, port %u: %s", address,
		    settings->mapper_port, samba_status_text(status));
	else
		error = read_port(results, n, port, outcome);
	free(results);
err1:
	ndr_writer_free(&writer);
	return error;
}

static enum dhcp_error
log_on(struct connection *connection, const char *address, uint32_t port,
    const struct helper_settings *settings, struct outcome *outcome)
{
	char binding[128 + TARGET_MAX];
	uint32_t status;

	if (!is_host_name(settings->target))
		return say(outcome, ERROR_INVALID_PARAMETER,
		    "target: is not the name of a host");
	/* seal: packet privacy, without which Windows does not talk to us. */
	snprintf(binding, sizeof(binding),
	    "ncacn_ip_tcp:%s[%u,seal,target_hostname=%s]", address, port,
	    settings->target);
	status = samba_connect(connection->samba, SAMBA_DHCPSRV2, binding,
	    false, settings->call_timeout, &connection->pipe);
	if (status == 0)
		return ERROR_SUCCESS;
	return say(outcome, connect_error(status), "%s, port %u: %s", address,
	    port, samba_status_text(status));
}

/* Once logged on nobody needs it any more. */
static void
drop_ticket(struct connection *connection)
{
	if (connection->has_ticket)
		ticket_drop(&connection->ticket);
	connection->has_ticket = false;
}

enum dhcp_error
connection_open(const struct helper_settings *settings,
    struct connection **connection, struct outcome *outcome)
{
	enum dhcp_error error = ERROR_NOT_ENOUGH_MEMORY;
	uint32_t port = settings->port;
	char address[ADDRESS_SIZE];
	struct connection *made;

	if ((made = calloc(1, sizeof(*made))) == NULL)
		goto err0;
	if ((made->samba = samba_new()) == NULL)
		goto err1;
	error = identify(made, settings, outcome);
	if (error == ERROR_SUCCESS)
		error = resolve(settings->address, address, outcome);
	if (error == ERROR_SUCCESS && port == 0)
		error =
		    find_port(made->samba, address, settings, &port, outcome);
	if (error == ERROR_SUCCESS)
		error = log_on(made, address, port, settings, outcome);
	drop_ticket(made);
	if (error != ERROR_SUCCESS)
		goto err1;

	/* Success! */
	*connection = made;
	return ERROR_SUCCESS;

err1:
	connection_close(made);
err0:
	return error;
}

enum dhcp_error
connection_call(struct connection *connection, unsigned int number,
    const void *arguments, size_t n, struct outcome *outcome)
{
	struct samba_pipe *pipe = connection->pipe;
	enum dhcp_error error;
	uint32_t status;

	if (!samba_alive(pipe))
		return say(outcome, RPC_S_CALL_FAILED_DNE,
		    "the connection is closed");
	status = samba_call(pipe, number, arguments, n, &outcome->results,
	    &outcome->n);
	if (status != 0) {
		error = call_error(status, samba_alive(pipe));
		return say(outcome, error, "call: %s",
		    samba_status_text(status));
	}
	if (outcome->n <= HELPER_BODY_MAX - 5) /* error and text */
		return ERROR_SUCCESS;
	outcome->n = 0;
	return say(outcome, RPC_S_CALL_FAILED, "call: an enormous answer");
}

void
connection_close(struct connection *connection)
{
	if (connection == NULL)
		return;
	samba_free(connection->samba);
	free(connection);
}
