/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout: MS-DHCPM appendix A.  There is no v1_enum in it, so enumerations have
 * 16 bits.  A relationship as an argument is a reference: it follows without a
 * pointer in front.  What a structure points to follows the structure, or the
 * array of them, in the order of its members.
 */
#include "failover.h"

#include "msdhcpm.h"

#define REL_SIZE 48 /* a relationship without what it points to */

/* ---------------------------------------------------------------- requests */

/* ServerIpAddress, which servers ignore. */
static void
put_server(struct ndr_writer *writer)
{
	ndr_put_pointer(writer, NULL);
}

static void
put_members(struct ndr_writer *writer, const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	ndr_put_u32(writer, rel->PrimaryServer);
	ndr_put_u32(writer, rel->SecondaryServer);
	ndr_put_u16(writer, (uint16_t)rel->Mode);
	ndr_put_u16(writer, (uint16_t)rel->ServerType);
	ndr_put_u16(writer, (uint16_t)rel->State);
	ndr_put_u16(writer, (uint16_t)rel->PrevState);
	ndr_put_u32(writer, rel->Mclt);
	ndr_put_u32(writer, rel->SafePeriod);
	ndr_put_pointer(writer, rel->RelationshipName);
	ndr_put_pointer(writer, rel->PrimaryServerName);
	ndr_put_pointer(writer, rel->SecondaryServerName);
	ndr_put_pointer(writer, rel->pScopes);
	ndr_put_u8(writer, rel->Percentage);
	ndr_put_pointer(writer, rel->SharedSecret);
}

static void
put_text(struct ndr_writer *writer, const char *text)
{
	if (text != NULL)
		ndr_put_string(writer, text);
}

static void
put_scopes(struct ndr_writer *writer, const DHCP_IP_ARRAY *scopes)
{
	if (scopes == NULL)
		return;
	ndr_put_u32(writer, scopes->NumElements);
	ndr_put_pointer(writer, scopes->Elements);
	if (scopes->Elements == NULL)
		return;
	ndr_put_u32(writer, scopes->NumElements);
	for (DWORD i = 0; i < scopes->NumElements; i++)
		ndr_put_u32(writer, scopes->Elements[i]);
}

static void
put_relationship(struct ndr_writer *writer,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	put_members(writer, rel);
	put_text(writer, rel->RelationshipName);
	put_text(writer, rel->PrimaryServerName);
	put_text(writer, rel->SecondaryServerName);
	put_scopes(writer, rel->pScopes);
	put_text(writer, rel->SharedSecret);
}

void
msdhcpm_ask_relationship(struct ndr_writer *writer,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	put_server(writer);
	put_relationship(writer, rel);
}

void
msdhcpm_ask_set(struct ndr_writer *writer, DWORD flags,
    const DHCP_FAILOVER_RELATIONSHIP *rel)
{
	DHCP_FAILOVER_RELATIONSHIP want = {
		.RelationshipName = rel->RelationshipName,
	};

	failover_apply(&want, rel, flags);
	put_server(writer);
	ndr_put_u32(writer, flags);
	put_relationship(writer, &want);
}

void
msdhcpm_ask_name(struct ndr_writer *writer, const char *name)
{
	put_server(writer);
	ndr_put_pointer(writer, name);
	put_text(writer, name);
}

void
msdhcpm_ask_enum(struct ndr_writer *writer, DWORD resume, DWORD most)
{
	put_server(writer);
	ndr_put_u32(writer, resume);
	ndr_put_u32(writer, most);
}

void
msdhcpm_ask_address(struct ndr_writer *writer, DHCP_IP_ADDRESS address)
{
	put_server(writer);
	ndr_put_u32(writer, address);
}

void
msdhcpm_ask_nothing(struct ndr_writer *writer)
{
	put_server(writer);
}

/* ---------------------------------------------------------------- answers */

/* What of a relationship is still to come. */
struct pending {
	bool name, primary_name, secondary_name, scopes, secret;
};

/* A number that is at most ${most}. */
static unsigned int
get_enum(struct ndr_reader *reader, unsigned int most)
{
	unsigned int value = ndr_get_u16(reader);

	if (value > most)
		ndr_refuse(reader);
	return value;
}

static void
get_members(struct ndr_reader *reader, DHCP_FAILOVER_RELATIONSHIP *rel,
    struct pending *pending)
{
	rel->PrimaryServer = ndr_get_u32(reader);
	rel->SecondaryServer = ndr_get_u32(reader);
	rel->Mode = (DHCP_FAILOVER_MODE)get_enum(reader, HotStandby);
	rel->ServerType =
	    (DHCP_FAILOVER_SERVER)get_enum(reader, SecondaryServer);
	rel->State = (FSM_STATE)get_enum(reader, SHUTDOWN);
	rel->PrevState = (FSM_STATE)get_enum(reader, SHUTDOWN);
	rel->Mclt = ndr_get_u32(reader);
	rel->SafePeriod = ndr_get_u32(reader);
	pending->name = ndr_get_pointer(reader);
	pending->primary_name = ndr_get_pointer(reader);
	pending->secondary_name = ndr_get_pointer(reader);
	pending->scopes = ndr_get_pointer(reader);
	rel->Percentage = ndr_get_u8(reader);
	pending->secret = ndr_get_pointer(reader);
	if (rel->Percentage > 100)
		ndr_refuse(reader);
}

static char *
get_text(struct ndr_reader *reader, bool present)
{
	return present ? ndr_get_string(reader) : NULL;
}

static DHCP_IP_ARRAY *
get_scopes(struct ndr_reader *reader)
{
	DHCP_IP_ARRAY *scopes;
	DWORD i, n;

	n = ndr_get_u32(reader);
	if (!ndr_get_pointer(reader)) {
		if (n != 0)
			ndr_refuse(reader);
		return NULL;
	}
	if (ndr_get_u32(reader) != n)
		ndr_refuse(reader);
	if (n == 0)
		return NULL;
	if ((scopes = ndr_get_room(reader, 1, 1, sizeof(*scopes))) == NULL)
		return NULL;
	scopes->Elements = ndr_get_room(reader, n, sizeof(DHCP_IP_ADDRESS),
	    sizeof(*scopes->Elements));
	if (scopes->Elements == NULL)
		return NULL;
	scopes->NumElements = n;
	for (i = 0; i < n; i++)
		scopes->Elements[i] = ndr_get_u32(reader);
	return scopes;
}

/* Without a name a relationship cannot be spoken of. */
static void
check_name(struct ndr_reader *reader, const char *name)
{
	if (name == NULL || name[0] == '\0' ||
	    failover_utf16_units(name) > DHCP_FAILOVER_MAX_NAME)
		ndr_refuse(reader);
}

static void
get_referents(struct ndr_reader *reader, DHCP_FAILOVER_RELATIONSHIP *rel,
    const struct pending *pending)
{
	rel->RelationshipName = get_text(reader, pending->name);
	check_name(reader, rel->RelationshipName);
	rel->PrimaryServerName = get_text(reader, pending->primary_name);
	rel->SecondaryServerName = get_text(reader, pending->secondary_name);
	rel->pScopes = pending->scopes ? get_scopes(reader) : NULL;
	rel->SharedSecret = get_text(reader, pending->secret);
}

/* ${n} relationships, as an array has them.  NULL after an error. */
static DHCP_FAILOVER_RELATIONSHIP *
get_relationships(struct ndr_reader *reader, size_t n)
{
	DHCP_FAILOVER_RELATIONSHIP *rels;
	struct pending *pending;
	size_t i;

	rels = ndr_get_room(reader, n, REL_SIZE, sizeof(*rels));
	pending = ndr_get_room(reader, n, REL_SIZE, sizeof(*pending));
	if (rels == NULL || pending == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		get_members(reader, &rels[i], &pending[i]);
	for (i = 0; i < n && reader->error == ERROR_SUCCESS; i++)
		get_referents(reader, &rels[i], &pending[i]);
	return reader->error == ERROR_SUCCESS ? rels : NULL;
}

/* The end of each answer. */
static enum dhcp_error
get_status(struct ndr_reader *reader, DWORD *status)
{
	*status = ndr_get_u32(reader);
	return ndr_end(reader);
}

enum dhcp_error
msdhcpm_read_status(struct ndr_reader *reader, DWORD *status)
{
	return get_status(reader, status);
}

enum dhcp_error
msdhcpm_read_relationship(struct ndr_reader *reader,
    DHCP_FAILOVER_RELATIONSHIP **rel, DWORD *status)
{
	*rel = NULL;
	if (ndr_get_pointer(reader))
		*rel = get_relationships(reader, 1);
	if (get_status(reader, status) == ERROR_SUCCESS &&
	    *status == ERROR_SUCCESS && *rel == NULL)
		ndr_refuse(reader);
	if (reader->error != ERROR_SUCCESS || *status != ERROR_SUCCESS)
		*rel = NULL;
	return reader->error;
}

enum dhcp_error
msdhcpm_read_enum(struct ndr_reader *reader, DWORD *resume,
    DHCP_FAILOVER_RELATIONSHIP_ARRAY *array, DWORD *status)
{
	bool present;

	*array = (DHCP_FAILOVER_RELATIONSHIP_ARRAY){ .NumElements = 0 };
	*resume = ndr_get_u32(reader);
	if (ndr_get_pointer(reader)) {
		array->NumElements = ndr_get_u32(reader);
		present = ndr_get_pointer(reader);
		if (present ? ndr_get_u32(reader) != array->NumElements :
			      array->NumElements != 0)
			ndr_refuse(reader);
		if (present && array->NumElements > 0)
			array->pRelationships =
			    get_relationships(reader, array->NumElements);
	}
	ndr_get_u32(reader); /* how many were read, and are left: unreliable */
	ndr_get_u32(reader);
	if (get_status(reader, status) != ERROR_SUCCESS)
		*array = (DHCP_FAILOVER_RELATIONSHIP_ARRAY){ 0, NULL };
	return reader->error;
}

enum dhcp_error
msdhcpm_read_statistics(struct ndr_reader *reader,
    DHCP_FAILOVER_STATISTICS *stats, DWORD *status)
{
	bool present = ndr_get_pointer(reader);

	*stats = (DHCP_FAILOVER_STATISTICS){ .NumAddr = 0 };
	if (present) {
		stats->NumAddr = ndr_get_u32(reader);
		stats->AddrFree = ndr_get_u32(reader);
		stats->AddrInUse = ndr_get_u32(reader);
		stats->PartnerAddrFree = ndr_get_u32(reader);
		stats->ThisAddrFree = ndr_get_u32(reader);
		stats->PartnerAddrInUse = ndr_get_u32(reader);
		stats->ThisAddrInUse = ndr_get_u32(reader);
	}
	if (get_status(reader, status) == ERROR_SUCCESS &&
	    *status == ERROR_SUCCESS && !present)
		ndr_refuse(reader);
	return reader->error;
}

enum dhcp_error
msdhcpm_read_time(struct ndr_reader *reader, DWORD *now, DWORD *max_delta,
    DWORD *status)
{
	*now = ndr_get_u32(reader);
	*max_delta = ndr_left(reader) > sizeof(DWORD) ? ndr_get_u32(reader) : 0;
	return get_status(reader, status);
}

enum dhcp_error
msdhcpm_read_number(struct ndr_reader *reader, DWORD *number, DWORD *status)
{
	*number = ndr_get_u32(reader);
	return get_status(reader, status);
}

/* ---------------------------------------------------------------- errors */

/*
 * Where the two numberings differ and the method leaves no doubt.  Of 0x4E91
 * from a Create there is: in the specification it says that the name is taken,
 * in the SDK that a scope is.
 */
/* clang-format off */
static const struct {
	enum msdhcpm_op op;
	DWORD status;
	enum dhcp_error error;
} meanings[] = {
	{ MSDHCPM_CREATE,             0x4E90, ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP },
	{ MSDHCPM_SET,                0x4E92, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST },
	{ MSDHCPM_DELETE,             0x4E92, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST },
	{ MSDHCPM_GET,                0x4E92, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST },
	{ MSDHCPM_ADD_SCOPES,         0x4E92, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST },
	{ MSDHCPM_DELETE_SCOPES,      0x4E92, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST },
	{ MSDHCPM_SCOPE_RELATIONSHIP, 0x4E93, ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP },
	{ MSDHCPM_SCOPE_STATISTICS,   0x4E93, ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP },
	{ MSDHCPM_TRIGGER_ALLOCATION, 0x4E92, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST },
	{ MSDHCPM_TRIGGER_ALLOCATION, 0x4E94, ERROR_DHCP_FO_RELATION_IS_SECONDARY },
};
/* clang-format on */

enum dhcp_error
msdhcpm_error(enum msdhcpm_op op, DWORD status)
{
	for (size_t i = 0; i < nitems(meanings); i++)
		if (meanings[i].op == op && meanings[i].status == status)
			return meanings[i].error;
	return (enum dhcp_error)status;
}
