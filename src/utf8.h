/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * utf8.h - UTF-8 (RFC 3629), one character at a time.
 */
#ifndef DHCPFO_UTF8_H
#define DHCPFO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Decode the character at the start of ${text}, which ends with a NUL, into
 * ${code}.  Returns its length, 1..4, or 0 when it is not UTF-8: overlong, a
 * surrogate, beyond U+10FFFF or cut.
 */
size_t utf8_decode(const char *text, uint32_t *code);

/** Is all of ${text}, which ends with a NUL, UTF-8? */
bool utf8_is_valid(const char *text);

/** Would ${code} make a terminal or a log do something?  (C0, DEL, C1.) */
bool utf8_is_control(uint32_t code);

#endif
