/* SPDX-License-Identifier: BSD-2-Clause */
#include "varbind.h"

#include <limits.h>
#include <string.h>

#include "failover.h"

#define TEXT_MAX 255u /* of an SnmpAdminString */
#define CLOCKS_APART 20u /* centiseconds that are no change of a clock */

static void
put_integer(struct value *value, u_char type, long integer)
{
	value->type = type;
	value->small.integer = integer;
	value->data = &value->small.integer;
	value->length = sizeof(value->small.integer);
}

static void
put_octets(struct value *value, const void *octets, size_t length)
{
	value->type = ASN_OCTET_STR;
	value->data = octets;
	value->length = length;
}

/* SnmpAdminString holds 255 octets: cut before a character that does not fit.
 */
static void
put_text(struct value *value, const char *text)
{
	size_t length;

	if (text == NULL)
		text = "";
	if ((length = strlen(text)) > TEXT_MAX) {
		length = TEXT_MAX;
		while (
		    length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	put_octets(value, text, length);
}

/* DateAndTime (RFC 2579) in UTC; eight zero octets: never. */
static void
put_time(struct value *value, time_t when)
{
	u_char *octets = value->small.octets;
	struct tm tm;

	memset(octets, 0, sizeof(value->small.octets));
	put_octets(value, octets, 8);
	if (when == 0 || gmtime_r(&when, &tm) == NULL)
		return;
	octets[0] = (u_char)((tm.tm_year + 1900) >> 8);
	octets[1] = (u_char)((tm.tm_year + 1900) & 0xff);
	octets[2] = (u_char)(tm.tm_mon + 1);
	octets[3] = (u_char)tm.tm_mday;
	octets[4] = (u_char)tm.tm_hour;
	octets[5] = (u_char)tm.tm_min;
	octets[6] = (u_char)tm.tm_sec;
	octets[8] = '+';
	value->length = 11;
}

/* BITS: bit 0 is the most significant of the first octet. */
static void
put_flags(struct value *value, uint32_t flags, uint32_t n)
{
	u_char *octets = value->small.octets;
	uint32_t i;

	memset(octets, 0, sizeof(value->small.octets));
	for (i = 0; i < n; i++)
		if (flags & 1u << i)
			octets[i / 8] |= (u_char)(0x80 >> i % 8);
	put_octets(value, octets, (n + 7) / 8);
}

static void
put_address(struct value *value, DHCP_IP_ADDRESS address)
{
	u_char *octets = value->small.octets;

	octets[0] = (u_char)(address >> 24);
	octets[1] = (u_char)(address >> 16 & 0xff);
	octets[2] = (u_char)(address >> 8 & 0xff);
	octets[3] = (u_char)(address & 0xff);
	/* InetAddressType unknown(0) goes with no octets. */
	put_octets(value, octets, address != 0 ? 4 : 0);
}

/*
 * TimeStamp: sysUpTime when it happened.  The clock of roster_now() does not
 * care about the master; what happened before sysUpTime last was 0 was at 0.
 */
static void
put_ticks(struct value *value, uint64_t when)
{
	/* Two clocks read one after the other never agree to the tick. */
	static uint32_t apart;
	const uint64_t now = roster_now();
	const uint32_t up = (uint32_t)netsnmp_get_agent_uptime();
	const uint32_t difference = up - (uint32_t)now;

	if (difference - apart + CLOCKS_APART > 2 * CLOCKS_APART)
		apart = difference;
	put_integer(value, ASN_TIMETICKS,
	    now - when < up ? (long)((uint32_t)when + apart) : 0);
}

static uint32_t
number(const struct column *column, const struct cursor *at, const void *member)
{
	uint32_t n;

	if (column->compute != NULL)
		return column->compute(at);
	memcpy(&n, member, sizeof(n));
	return n;
}

uint32_t
varbind_number(const struct column *column, const struct cursor *at)
{
	return number(column, at,
	    (const char *)column_base(column, at) + column->offset);
}

void
varbind_get(const struct column *column, const struct cursor *at,
    struct value *value)
{
	const void *member =
	    (const char *)column_base(column, at) + column->offset;

	switch (column->kind) {
	case COLUMN_ENUM:
	case COLUMN_SPIN_LOCK:
	case COLUMN_INT:
		put_integer(value, ASN_INTEGER,
		    (int32_t)number(column, at, member));
		break;
	case COLUMN_ADDRESS_TYPE:
		put_integer(value, ASN_INTEGER,
		    number(column, at, member) != 0);
		break;
	case COLUMN_ROW_STATUS:
		put_integer(value, ASN_INTEGER, (long)column->min);
		break;
	case COLUMN_U32:
		put_integer(value, ASN_UNSIGNED,
		    (long)number(column, at, member));
		break;
	case COLUMN_U8:
		put_integer(value, ASN_UNSIGNED, *(const uint8_t *)member);
		break;
	case COLUMN_COUNTER:
		put_integer(value, ASN_COUNTER,
		    (long)number(column, at, member));
		break;
	case COLUMN_TICKS:
		put_ticks(value, column->when(at));
		break;
	case COLUMN_TIME:
		put_time(value, *(const time_t *)member);
		break;
	case COLUMN_FLAGS:
		put_flags(value, number(column, at, member), column->max);
		break;
	case COLUMN_ADDRESS:
		put_address(value, number(column, at, member));
		break;
	case COLUMN_TEXT:
		put_text(value,
		    column->describe != NULL ?
			column->describe(at, value->small.text) :
			*(char *const *)member);
		break;
	case COLUMN_CHARS:
		put_text(value, member);
		break;
	case COLUMN_SECRET:
		put_octets(value, "", 0);
		break;
	}
}

/* The ASN.1 type in which a kind is written. */
static u_char
written_as(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_ENUM:
	case COLUMN_ADDRESS_TYPE:
	case COLUMN_ROW_STATUS:
	case COLUMN_SPIN_LOCK:
	case COLUMN_INT:
		return ASN_INTEGER;
	case COLUMN_U32:
	case COLUMN_U8:
		return ASN_UNSIGNED;
	case COLUMN_COUNTER:
		return ASN_COUNTER;
	case COLUMN_TICKS:
		return ASN_TIMETICKS;
	case COLUMN_TIME:
	case COLUMN_FLAGS:
	case COLUMN_ADDRESS:
	case COLUMN_TEXT:
	case COLUMN_CHARS:
	case COLUMN_SECRET:
		break;
	}
	return ASN_OCTET_STR;
}

/* Absent octets are zero bits; a bit that has no name is refused. */
static int
take_flags(const struct column *column, const netsnmp_variable_list *from,
    uint32_t *value)
{
	size_t i;

	if (from->type != ASN_OCTET_STR)
		return SNMP_ERR_WRONGTYPE;
	if (from->val_len > sizeof(*value))
		return SNMP_ERR_WRONGLENGTH;
	*value = 0;
	for (i = 0; i < 8 * from->val_len; i++)
		if (from->val.string[i / 8] & 0x80 >> i % 8)
			*value |= 1u << i;
	return *value >> column->max == 0 ? SNMP_ERR_NOERROR :
					    SNMP_ERR_WRONGVALUE;
}

int
varbind_integer(const struct column *column, const netsnmp_variable_list *from,
    uint32_t *value)
{
	long integer;

	if (column->kind == COLUMN_FLAGS)
		return take_flags(column, from, value);
	if (from->type != written_as(column->kind))
		return SNMP_ERR_WRONGTYPE;
	if (from->val_len != sizeof(long) || from->val.integer == NULL)
		return SNMP_ERR_WRONGLENGTH;
	integer = *from->val.integer;
	/* Net-SNMP keeps an Unsigned32 in a long, where it may be negative. */
	if (from->type == ASN_UNSIGNED)
		integer = (long)((unsigned long)integer & 0xffffffff);
	if (integer < 0 || (unsigned long)integer < column->min ||
	    (unsigned long)integer > column->max)
		return SNMP_ERR_WRONGVALUE;
	*value = (uint32_t)integer;
	return SNMP_ERR_NOERROR;
}

static int
set_address(const netsnmp_variable_list *from, DHCP_IP_ADDRESS *member)
{
	const u_char *octets = from->val.string;

	*member = (DHCP_IP_ADDRESS)octets[0] << 24 |
	    (DHCP_IP_ADDRESS)octets[1] << 16 | (DHCP_IP_ADDRESS)octets[2] << 8 |
	    octets[3];
	return *member == 0 ? SNMP_ERR_WRONGVALUE : SNMP_ERR_NOERROR;
}

/* Names and secrets end at a NUL on the way to a server: none may be inside. */
static int
set_text(const netsnmp_variable_list *from, struct change *change,
    char **member)
{
	const char *text = (const char *)from->val.string;

	if (memchr(text, '\0', from->val_len) != NULL)
		return SNMP_ERR_WRONGVALUE;
	if ((*member = change_text(change, text, from->val_len)) == NULL)
		return SNMP_ERR_RESOURCEUNAVAILABLE;
	if (failover_utf16_units(*member) == SIZE_MAX)
		return SNMP_ERR_WRONGVALUE;
	return SNMP_ERR_NOERROR;
}

static int
set_octets(const struct column *column, const netsnmp_variable_list *from,
    struct change *change, void *member)
{
	if (from->type != ASN_OCTET_STR)
		return SNMP_ERR_WRONGTYPE;
	if (from->val_len < column->min || from->val_len > column->max)
		return SNMP_ERR_WRONGLENGTH;
	if (column->kind == COLUMN_ADDRESS)
		return set_address(from, member);
	return set_text(from, change, member);
}

int
varbind_set(const struct column *column, const netsnmp_variable_list *from,
    struct change *change, struct snapshot_row *row)
{
	void *member = (char *)row + column->offset;
	uint32_t value;
	int error;

	if (written_as(column->kind) == ASN_OCTET_STR)
		return set_octets(column, from, change, member);
	if ((error = varbind_integer(column, from, &value)) != SNMP_ERR_NOERROR)
		return error;
	if (column->kind == COLUMN_U8)
		*(uint8_t *)member = (uint8_t)value;
	else if (column->kind != COLUMN_ADDRESS_TYPE)
		memcpy(member, &value, sizeof(value));
	return SNMP_ERR_NOERROR;
}
