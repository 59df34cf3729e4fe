/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only file that sees Samba.  Built with its libraries, the program is
 * under their licence, GPLv3 or later; this source is not.
 *
 * The calls are raw ones: NDR is done by the other side of the socket, so that
 * nothing here depends on libndr, whose interface changes with each release.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEVENT_DEPRECATED 1
#include <talloc.h>
#include <tevent.h>

#include <core/ntstatus.h>
#include <credentials.h>
#include <dcerpc.h>
#include <param.h>

#include "samba.h"

struct samba {
	struct tevent_context *events;
	struct loadparm_context *parameters;
	struct cli_credentials *credentials;
};

struct samba_pipe {
	struct dcerpc_pipe *pipe;
};

/* clang-format off */
static const char *const endpoints[] = { "ncacn_ip_tcp:[135]" };
static const struct ndr_interface_string_array endpoint = {
	.count = 1, .names = endpoints,
};
static const char *const services[] = { "host" };
static const struct ndr_interface_string_array service = {
	.count = 1, .names = services,
};

/* The library wants a description; of raw calls only these members count. */
static const struct ndr_interface_table interfaces[] = {
	[SAMBA_MAPPER] = {
		.name = "epmapper",
		.syntax_id = { { 0xe1af8308, 0x5d1f, 0x11c9, { 0x91, 0xa4 },
		    { 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa } }, 3 },
		.endpoints = &endpoint,
		.authservices = &service,
	},
	[SAMBA_DHCPSRV2] = {
		.name = "dhcpsrv2",
		.syntax_id = { { 0x5b821720, 0xf63b, 0x11d0, { 0xaa, 0xd2 },
		    { 0x00, 0xc0, 0x4f, 0xc3, 0x24, 0xdb } }, 1 },
		.endpoints = &endpoint,
		.authservices = &service,
	},
};
/* clang-format on */

const char *
samba_status_text(uint32_t status)
{
	return nt_errstr(NT_STATUS(status));
}

/* Kerberos runs the loop inside the loop, which else aborts the program. */
static void
allow_nesting(struct tevent_context *events)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	tevent_loop_allow_nesting(events);
#pragma GCC diagnostic pop
}

struct samba *
samba_new(void)
{
	struct samba *samba;

	/* All is freed with it; parameters that are kept grow without end. */
	if ((samba = talloc_zero(NULL, struct samba)) == NULL)
		goto err0;
	if ((samba->events = tevent_context_init(samba)) == NULL ||
	    (samba->parameters = loadparm_init(samba)) == NULL ||
	    (samba->credentials = cli_credentials_init(samba)) == NULL)
		goto err1;
	allow_nesting(samba->events);
	if (!cli_credentials_set_conf(samba->credentials, samba->parameters) ||
	    !NT_STATUS_IS_OK(dcerpc_init()))
		goto err1;

	/* Success! */
	return samba;

err1:
	talloc_free(samba);
err0:
	return NULL;
}

void
samba_free(struct samba *samba)
{
	talloc_free(samba);
}

/* ---------------------------------------------------------------- who */

bool
samba_use_password(struct samba *samba, const char *username,
    const char *password, const char *domain, const char *realm)
{
	struct cli_credentials *to = samba->credentials;

	return cli_credentials_set_username(to, username, CRED_SPECIFIED) &&
	    (password[0] == '\0' ||
		cli_credentials_set_password(to, password, CRED_SPECIFIED)) &&
	    (domain[0] == '\0' ||
		cli_credentials_set_domain(to, domain, CRED_SPECIFIED)) &&
	    (realm[0] == '\0' ||
		(lpcfg_set_cmdline(samba->parameters, "realm", realm) &&
		    cli_credentials_set_realm(to, realm, CRED_SPECIFIED)));
}

const char *
samba_use_ccache(struct samba *samba, const char *path)
{
	const char *text = NULL;
	char name[512];

	snprintf(name, sizeof(name), "FILE:%s", path);
	if (cli_credentials_set_ccache(samba->credentials, samba->parameters,
		name, CRED_SPECIFIED, &text) == 0)
		return NULL;
	return text != NULL ? text : "is no cache of credentials";
}

void
samba_use_kerberos(struct samba *samba, enum samba_kerberos kerberos)
{
	static const enum credentials_use_kerberos states[] = {
		[SAMBA_NTLM_ONLY] = CRED_USE_KERBEROS_DISABLED,
		[SAMBA_EITHER] = CRED_USE_KERBEROS_DESIRED,
		[SAMBA_KERBEROS_ONLY] = CRED_USE_KERBEROS_REQUIRED,
	};

	cli_credentials_set_kerberos_state(samba->credentials, states[kerberos],
	    CRED_SPECIFIED);
}

/* ---------------------------------------------------------------- calls */

/*
 * The library writes some failures to standard error, whatever it is told; they
 * are in the status as well.  Returns what ${speak_up} takes.
 */
static int
hush(void)
{
	int kept = fcntl(2, F_DUPFD_CLOEXEC, 3), null;

	if (kept != -1 && (null = open("/dev/null", O_WRONLY)) != -1) {
		dup2(null, 2);
		close(null);
	}
	return kept;
}

static void
speak_up(int kept)
{
	if (kept == -1)
		return;
	dup2(kept, 2);
	close(kept);
}

/* Without a name to log on with the library would talk to all and sundry. */
static bool
is_sealed(const struct dcerpc_pipe *pipe)
{
	enum dcerpc_AuthType type = DCERPC_AUTH_TYPE_NONE;
	enum dcerpc_AuthLevel level = DCERPC_AUTH_LEVEL_NONE;

	dcerpc_binding_handle_auth_info(pipe->binding_handle, &type, &level);
	return level == DCERPC_AUTH_LEVEL_PRIVACY;
}

uint32_t
samba_connect(struct samba *samba, enum samba_interface interface,
    const char *binding, bool nobody, unsigned int timeout,
    struct samba_pipe **pipe)
{
	struct cli_credentials *credentials = samba->credentials;
	struct samba_pipe *made;
	NTSTATUS status = NT_STATUS_NO_MEMORY;
	int kept;

	if ((made = talloc_zero(samba, struct samba_pipe)) == NULL)
		goto err0;
	if (nobody && (credentials = cli_credentials_init_anon(made)) == NULL)
		goto err1;
	kept = hush();
	status = dcerpc_pipe_connect(made, &made->pipe, binding,
	    &interfaces[interface], credentials, samba->events,
	    samba->parameters);
	speak_up(kept);
	if (NT_STATUS_IS_OK(status) && !nobody && !is_sealed(made->pipe))
		status = NT_STATUS_RPC_UNSUPPORTED_AUTHN_LEVEL;
	if (!NT_STATUS_IS_OK(status))
		goto err1;

	/* Success! */
	dcerpc_binding_handle_set_timeout(made->pipe->binding_handle, timeout);
	*pipe = made;
	return 0;

err1:
	talloc_free(made);
err0:
	return NT_STATUS_V(status);
}

bool
samba_alive(const struct samba_pipe *pipe)
{
	return dcerpc_binding_handle_is_connected(pipe->pipe->binding_handle);
}

/* Copy what came out of the library's memory, which it then frees. */
static NTSTATUS
take_results(uint8_t *from, size_t n, uint32_t flags, unsigned char **results,
    size_t *length)
{
	NTSTATUS status = NT_STATUS_OK;

	/* Servers may choose an order of octets that we do not read. */
	if ((flags & DCERPC_PUSH_BIGENDIAN) != 0)
		status = NT_STATUS_RPC_UNSUPPORTED_TRANS_SYN;
	else if ((*results = malloc(n + 1)) == NULL)
		status = NT_STATUS_NO_MEMORY;
	else if (n > 0)
		memcpy(*results, from, n);
	*length = n;
	talloc_free(from);
	return status;
}

uint32_t
samba_call(struct samba_pipe *pipe, unsigned int number, const void *arguments,
    size_t n, unsigned char **results, size_t *length)
{
	uint8_t *out = NULL;
	uint32_t flags = 0;
	NTSTATUS status;
	size_t got = 0;

	status = dcerpc_binding_handle_raw_call(pipe->pipe->binding_handle,
	    NULL, number, 0, arguments, n, pipe, &out, &got, &flags);
	if (NT_STATUS_IS_OK(status))
		status = take_results(out, got, flags, results, length);
	return NT_STATUS_V(status);
}
