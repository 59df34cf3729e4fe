/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf_value.h - the value of a key, by its kind: from text, in words, equal,
 * freed.
 */
#ifndef DHCPFO_CONF_VALUE_H
#define DHCPFO_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/**
 * Put ${value} into the structure ${to}, where ${key} says.
 * ERROR_INVALID_PARAMETER: it is not such a value; ERROR_NOT_ENOUGH_MEMORY.
 */
enum dhcp_error
conf_value_parse(const struct conf_key *key, const char *value, void *to);

/** Say what is allowed, to go on after "... is not". */
void conf_value_describe(const struct conf_key *key, char *text, size_t size);

/** Do the ${n} ${keys} have the same values in both structures? */
bool conf_values_equal(const struct conf_key *keys, size_t n, const void *a,
    const void *b);

/** Free what the ${n} ${keys} own in the structure ${at}. */
void conf_values_release(const struct conf_key *keys, size_t n, void *at);

#endif
