/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - values of JSON, made without a chance to fail, and their text.
 */
#ifndef DHCPFOCTL_JSON_H
#define DHCPFOCTL_JSON_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "conf.h"
#include "rows.h"

/** A string; octets of ${text} that are not UTF-8 become U+FFFD. */
json_t *json_text(const char *text);

json_t *json_number(uint32_t number);

/** Give ${object} a member, or ${array} an element, which it owns then. */
void json_put(json_t *object, const char *name, json_t *value);
void json_add(json_t *array, json_t *value);

/** "a string", "null" and so on; "missing" for NULL. */
const char *json_kind(const json_t *json);

/**
 * Write ${json} to ${file}.  All control characters are escaped, also those
 * that JSON would let pass and a terminal would obey.
 */
void json_write(const json_t *json, FILE *file);

/**
 * ${row} as an object: for a dump, or, if ${server} is not NULL, to be shown,
 * with what can be said about it beyond its members.
 */
json_t *json_row(const struct row *row, const struct conf_server *server);

#endif
