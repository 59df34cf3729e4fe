/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret_file.h - who we are to a server: a file that nobody else can read,
 * with lines "username = NAME", and likewise password, domain and realm.  Blank
 * lines and those that begin with # do not count.
 */
#ifndef DHCPFO_SECRET_FILE_H
#define DHCPFO_SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_FILE_TEXT 256

/* "": not given */
struct secret_file {
	char username[SECRET_FILE_TEXT];
	char password[SECRET_FILE_TEXT];
	char domain[SECRET_FILE_TEXT]; /* of NTLM, as "CORP" */
	char realm[SECRET_FILE_TEXT]; /* of Kerberos, as "CORP.EXAMPLE" */
};

/** False and a message in ${why} unless others are kept from ${path}. */
bool secret_file_is_private(const char *path, char *why, size_t size);

/**
 * Read ${path}; false and a message "path:line: what is wrong" in ${why}, in
 * which no value appears, when it cannot be used.  The caller wipes ${secrets}.
 */
bool secret_file_read(const char *path, struct secret_file *secrets, char *why,
    size_t size);

/** Overwrite it with zeros. */
void secret_file_wipe(struct secret_file *secrets);

#endif
