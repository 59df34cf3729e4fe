/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * samba.h - the wall around Samba's libraries: DCE/RPC over TCP.  Statuses are
 * NTSTATUS numbers; 0 is success.
 */
#ifndef DHCPFO_MSDHCPM_SAMBA_H
#define DHCPFO_MSDHCPM_SAMBA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct samba; /* who we are, and all that belongs to a connection */
struct samba_pipe; /* a connection; freed with the struct samba */

enum samba_interface { SAMBA_MAPPER, SAMBA_DHCPSRV2 };
enum samba_kerberos { SAMBA_NTLM_ONLY, SAMBA_EITHER, SAMBA_KERBEROS_ONLY };

/** NULL: no memory.  Nobody, until one of the next functions says who. */
struct samba *samba_new(void);
void samba_free(struct samba *samba);

/** Texts may be "": not given.  False: no memory. */
bool samba_use_password(struct samba *samba, const char *username,
    const char *password, const char *domain, const char *realm);
/** Use the tickets in the file ${path}.  NULL, or what is wrong with it. */
const char *samba_use_ccache(struct samba *samba, const char *path);
void samba_use_kerberos(struct samba *samba, enum samba_kerberos kerberos);

/**
 * Connect as ${binding} says; ${nobody}: without logging on, else with packet
 * privacy or not at all.  May take a minute
 * if nobody is there.  Calls may then take ${timeout} seconds.
 */
uint32_t samba_connect(struct samba *samba, enum samba_interface interface,
    const char *binding, bool nobody, unsigned int timeout,
    struct samba_pipe **pipe);

/** Is the connection still there, as far as one knows? */
bool samba_alive(const struct samba_pipe *pipe);

/** ${*results} is malloc()ed, and never NULL on success. */
uint32_t samba_call(struct samba_pipe *pipe, unsigned int number,
    const void *arguments, size_t n, unsigned char **results, size_t *length);

/** "NT_STATUS_..."; never freed. */
const char *samba_status_text(uint32_t status);

#endif
