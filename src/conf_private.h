/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf_private.h - what conf.c (lines and the file) and conf_section.c (what
 * sections mean) share.
 */
#ifndef DHCPFO_CONF_PRIVATE_H
#define DHCPFO_CONF_PRIVATE_H

#include <stdio.h>

#include "conf.h"

struct entry {
	unsigned int line;
	char *name, *value;
};

struct section {
	bool open; /* false: before the first */
	uint32_t server; /* N of [server N]; 0: [subagent] */
	unsigned int line;
	struct entry *at;
	size_t n;
};

struct parser {
	const char *path;
	FILE *file;
	struct conf *conf;
	struct section section;
	unsigned int line;
	bool expected; /* a key and a value, from inih, of this line */
	bool subagent; /* was there a [subagent]? */
	enum dhcp_error error;
	char *why;
	size_t size; /* of why */
};

/** Say what is wrong, in ${line} unless that is 0.  Returns false. */
bool conf_fail(struct parser *p, unsigned int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool conf_fail_memory(struct parser *p);

/** A section called ${title} begins; the one before it ends. */
bool section_begin(struct parser *p, const char *title);
/** The key ${name} is ${value}, both copied. */
bool section_add(struct parser *p, const char *name, const char *value);
/** Understand the section that was collected, if there is one. */
bool section_end(struct parser *p);
void section_clear(struct section *section);

#endif
