/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "ber.h"

/* Encoding goes backwards: then every length is known when it is written. */
struct writer {
	uint8_t *start, *at;
	bool full;
};

static void
put(struct writer *w, const void *octets, size_t n)
{
	if (w->full || (size_t)(w->at - w->start) < n) {
		w->full = true;
		return;
	}
	w->at -= n;
	memcpy(w->at, octets, n);
}

static void
put_octet(struct writer *w, size_t octet)
{
	const uint8_t o = (uint8_t)octet;

	put(w, &o, 1);
}

/* Type and length of what was written since ${end}. */
static void
put_head(struct writer *w, uint8_t type, const uint8_t *end)
{
	size_t n = (size_t)(end - w->at), octets = 0;

	if (n < 128)
		put_octet(w, n);
	else {
		for (; n > 0; n >>= 8, octets++)
			put_octet(w, n & 0xff);
		put_octet(w, 0x80 | octets);
	}
	put_octet(w, type);
}

static void
put_integer(struct writer *w, uint32_t value)
{
	const uint8_t *end = w->at;

	do {
		put_octet(w, value & 0xff);
		value >>= 8;
	} while (value > 0);
	if (!w->full && (w->at[0] & 0x80))
		put_octet(w, 0);
	put_head(w, 0x02, end);
}

static void
put_sub(struct writer *w, uint32_t sub)
{
	put_octet(w, sub & 0x7f);
	while ((sub >>= 7) > 0)
		put_octet(w, 0x80 | (sub & 0x7f));
}

static void
put_oid(struct writer *w, const struct ber_oid *oid)
{
	const uint8_t *end = w->at;
	size_t i;

	for (i = oid->n; i > 2; i--)
		put_sub(w, oid->at[i - 1]);
	put_octet(w, oid->at[0] * 40 + oid->at[1]);
	put_head(w, 0x06, end);
}

size_t
ber_encode(const struct ber_message *message, const char *community,
    uint8_t *to, size_t size)
{
	struct writer w = { to, to + size, false };
	const uint8_t *end = w.at, *one;
	size_t i, length;

	for (i = message->n; i > 0; i--) {
		one = w.at;
		put(&w, message->varbinds[i - 1].value,
		    message->varbinds[i - 1].length);
		put_head(&w, message->varbinds[i - 1].type, one);
		put_oid(&w, &message->varbinds[i - 1].name);
		put_head(&w, 0x30, one);
	}
	put_head(&w, 0x30, end);
	put_integer(&w, message->index);
	put_integer(&w, message->error);
	put_integer(&w, message->request);
	put_head(&w, message->pdu, end);
	one = w.at;
	put(&w, community, strlen(community));
	put_head(&w, 0x04, one);
	put_integer(&w, 1); /* SNMPv2c */
	put_head(&w, 0x30, end);
	if (w.full)
		return 0;
	length = (size_t)(end - w.at);
	memmove(to, w.at, length);
	return length;
}

struct reader {
	const uint8_t *at, *end;
};

/* The content of the next thing, which must be of ${type}, 0: of any. */
static bool
take(struct reader *r, uint8_t type, struct reader *content, uint8_t *got)
{
	size_t length, octets;

	if (r->end - r->at < 2 || (type != 0 && r->at[0] != type))
		return false;
	if (got != NULL)
		*got = r->at[0];
	length = r->at[1];
	r->at += 2;
	if (length & 0x80) {
		octets = length & 0x7f;
		if (octets > 4 || (size_t)(r->end - r->at) < octets)
			return false;
		for (length = 0; octets > 0; octets--)
			length = length << 8 | *r->at++;
	}
	if ((size_t)(r->end - r->at) < length)
		return false;
	content->at = r->at;
	content->end = r->at += length;
	return true;
}

static bool
take_integer(struct reader *r, uint32_t *value)
{
	struct reader content;

	if (!take(r, 0x02, &content, NULL) || content.end - content.at > 5)
		return false;
	for (*value = 0; content.at < content.end; content.at++)
		*value = *value << 8 | *content.at;
	return true;
}

static bool
take_oid(struct reader *r, struct ber_oid *oid)
{
	struct reader content;
	uint32_t sub = 0;

	if (!take(r, 0x06, &content, NULL) || content.at == content.end)
		return false;
	oid->at[0] = *content.at / 40;
	oid->at[1] = *content.at++ % 40;
	oid->n = 2;
	for (; content.at < content.end; content.at++) {
		sub = sub << 7 | (*content.at & 0x7f);
		if (*content.at & 0x80)
			continue;
		if (oid->n == BER_OID_MAX)
			return false;
		oid->at[oid->n++] = sub;
		sub = 0;
	}
	return true;
}

static bool
take_varbind(struct reader *r, struct ber_varbind *varbind)
{
	struct reader one, value;

	if (!take(r, 0x30, &one, NULL) || !take_oid(&one, &varbind->name) ||
	    !take(&one, 0, &value, &varbind->type))
		return false;
	varbind->value = value.at;
	varbind->length = (size_t)(value.end - value.at);
	return true;
}

bool
ber_decode(struct ber_message *message, const uint8_t *from, size_t length)
{
	struct reader r = { from, from + length }, all, community, pdu, list;
	uint32_t version;

	message->n = 0;
	if (!take(&r, 0x30, &all, NULL) || !take_integer(&all, &version) ||
	    version != 1 || !take(&all, 0x04, &community, NULL) ||
	    !take(&all, 0, &pdu, &message->pdu) ||
	    !take_integer(&pdu, &message->request) ||
	    !take_integer(&pdu, &message->error) ||
	    !take_integer(&pdu, &message->index) ||
	    !take(&pdu, 0x30, &list, NULL))
		return false;
	while (list.at < list.end)
		if (message->n == BER_VARBINDS_MAX ||
		    !take_varbind(&list, &message->varbinds[message->n++]))
			return false;
	return true;
}

int
ber_compare(const struct ber_oid *a, const struct ber_oid *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (a->at[i] != b->at[i])
			return a->at[i] < b->at[i] ? -1 : 1;
	return (a->n > b->n) - (a->n < b->n);
}

bool
ber_below(const struct ber_oid *name, const struct ber_oid *prefix)
{
	return name->n >= prefix->n &&
	    memcmp(name->at, prefix->at, prefix->n * sizeof(prefix->at[0])) ==
	    0;
}
