/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * help.h - what each command does, with examples; the usage is made from the
 * table in main.c.
 */
#ifndef DHCPFOCTL_HELP_H
#define DHCPFOCTL_HELP_H

extern const char help_options[];
extern const char help_list[];
extern const char help_show[];
extern const char help_set[];
extern const char help_create[];
extern const char help_delete[];
extern const char help_scope[];
extern const char help_oid[];
extern const char help_dump[];
extern const char help_load[];
extern const char help_probe[];
extern const char help_help[];

#endif
