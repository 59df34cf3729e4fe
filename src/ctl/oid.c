/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oid.c - where a relationship is in the MIB, for those who use snmpset and
 * snmpget.  The server need not be asked: a key follows from the name.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "failover.h"
#include "key.h"
#include "message.h"
#include "servers.h"

#define ROOT ".1.3.6.1.4.1.8072.9999.9999.647"
#define MODULE "DHCP-FAILOVER-MIB"

/* clang-format off */
static const struct column {
	const char *name; /* behind dhcpFo */
	bool scoped; /* the index goes on with a scope */
	unsigned int table, number; /* ROOT.1.table.1.number */
} columns[] = {
	{ "RelName",              false, 3, 2 },
	{ "RelMode",              false, 3, 3 },
	{ "RelServerRole",        false, 3, 4 },
	{ "RelState",             false, 3, 5 },
	{ "RelPrevState",         false, 3, 6 },
	{ "RelMclt",              false, 3, 7 },
	{ "RelSafePeriod",        false, 3, 8 },
	{ "RelPercentage",        false, 3, 9 },
	{ "RelPrimaryAddrType",   false, 3, 10 },
	{ "RelPrimaryAddr",       false, 3, 11 },
	{ "RelSecondaryAddrType", false, 3, 12 },
	{ "RelSecondaryAddr",     false, 3, 13 },
	{ "RelPrimaryName",       false, 3, 14 },
	{ "RelSecondaryName",     false, 3, 15 },
	{ "RelSharedSecret",      false, 3, 16 },
	{ "RelRowStatus",         false, 3, 17 },
	{ "RelHealth",            false, 4, 1 },
	{ "RelAutoTransition",    false, 4, 2 },
	{ "RelAuthEnabled",       false, 4, 3 },
	{ "RelScopeCount",        false, 4, 4 },
	{ "RelPartnerAddrType",   false, 4, 5 },
	{ "RelPartnerAddr",       false, 4, 6 },
	{ "RelPartnerState",      false, 4, 7 },
	{ "RelStateTime",         false, 4, 8 },
	{ "RelStateAge",          false, 4, 9 },
	{ "RelTimeToPartnerDown", false, 4, 10 },
	{ "RelTransitions",       false, 4, 11 },
	{ "RelCommInterruptions", false, 4, 12 },
	{ "RelDrift",             false, 4, 13 },
	{ "RelLastChange",        false, 4, 14 },
	{ "RelSetCalls",          false, 4, 15 },
	{ "RelSetFailures",       false, 4, 16 },
	{ "RelSetStatus",         false, 4, 17 },
	{ "RelLastSetFlags",      false, 4, 18 },
	{ "RelLastSetResult",     false, 4, 19 },
	{ "RelLastSetText",       false, 4, 20 },
	{ "RelLastSetTime",       false, 4, 21 },
	{ "ScopeRowStatus",       true,  5, 3 },
	{ "ScopeAddresses",       true,  6, 1 },
	{ "ScopeFree",            true,  6, 2 },
	{ "ScopeInUse",           true,  6, 3 },
	{ "ScopePartnerFree",     true,  6, 4 },
	{ "ScopeThisFree",        true,  6, 5 },
	{ "ScopePartnerInUse",    true,  6, 6 },
	{ "ScopeThisInUse",       true,  6, 7 },
	{ "ScopeFreePercent",     true,  6, 8 },
	{ "ScopeHealth",          true,  6, 9 },
	{ "ScopeRelName",         true,  6, 10 },
	{ "ScopeAddrText",        true,  6, 11 },
};
/* clang-format on */

/* An instance, but for the column. */
struct index {
	uint32_t server;
	char key[KEY_MAX + 1];
	size_t key_length;
	char scope[sizeof(".1.4.") + FAILOVER_ADDRESS_SIZE]; /* "": none */
};

/* Is ${word} the column, by its whole name or a part that says enough? */
static bool
is_column(const struct column *column, const char *word)
{
	static const char prefix[] = "dhcpFo";
	const char *name = column->name;

	if (strncasecmp(word, prefix, strlen(prefix)) == 0)
		return strcasecmp(word + strlen(prefix), name) == 0;
	name += strlen(column->scoped ? "Scope" : "Rel");
	return strcasecmp(word, column->name) == 0 ||
	    strcasecmp(word, name) == 0;
}

/* The column that ${word} means, with or without a scope; or NULL. */
static const struct column *
find_column(const char *word, bool scoped)
{
	size_t i;

	for (i = 0; i < nitems(columns); i++)
		if (columns[i].scoped == scoped && is_column(&columns[i], word))
			return &columns[i];
	return NULL;
}

/* The key has no apostrophe and no quotation mark: that is what it is for. */
static void
print_instance(const struct column *column, const struct index *index)
{
	size_t i;

	printf("%s.1.%u.1.%u.%u.%zu", ROOT, column->table, column->number,
	    (unsigned int)index->server, index->key_length);
	for (i = 0; i < index->key_length; i++)
		printf(".%u", (unsigned int)(unsigned char)index->key[i]);
	printf("%s", index->scope);
	printf(" '%s::dhcpFo%s.%u.\"%s\"%s'\n", MODULE, column->name,
	    (unsigned int)index->server, index->key, index->scope);
}

static enum ctl_exit
check_name(const char *name)
{
	size_t units = failover_utf16_units(name);

	if (units == 0)
		return misused("oid: a relationship without a name has no OID");
	if (units == SIZE_MAX)
		return misused("oid: \"%s\" is not UTF-8", name);
	if (units > DHCP_FAILOVER_MAX_NAME)
		return misused("oid: the name has more than %u characters",
		    DHCP_FAILOVER_MAX_NAME);
	return CTL_OK;
}

/* What follows the name: a column, a scope, or one after the other. */
static enum ctl_exit
parse_rest(int argc, char *argv[], const struct column **column,
    struct index *index)
{
	char address[FAILOVER_ADDRESS_SIZE];
	DHCP_IP_ADDRESS scope;
	bool scoped;

	*column = NULL;
	scoped = argc > 0 && failover_address_parse(argv[argc - 1], &scope);
	if (scoped) {
		snprintf(index->scope, sizeof(index->scope), ".1.4.%s",
		    failover_address_text(scope, address));
		argc--;
	}
	if (argc > 1)
		return misused("oid: \"%.40s\" is not the address of a scope",
		    argv[1]);
	if (argc == 0 || (*column = find_column(argv[0], scoped)) != NULL)
		return CTL_OK;
	if (find_column(argv[0], !scoped) != NULL)
		return misused(scoped ? "oid: %s has no scope in its index" :
					"oid: %s needs a scope behind it",
		    argv[0]);
	return misused("oid: there is no column \"%.80s\"; oid NAME shows all",
	    argv[0]);
}

enum ctl_exit
command_oid(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	const struct column *column;
	struct index index = { .server = 0 };
	enum ctl_exit code;
	size_t i;

	if ((code = check_name(argv[0])) != CTL_OK)
		return code;
	code = parse_rest(argc - 1, argv + 1, &column, &index);
	if (code != CTL_OK)
		return code;
	if ((server = servers_wanted(ctl)) == NULL)
		return CTL_FAILED;

	index.server = server->index;
	index.key_length = key_from_name(argv[0], index.key);
	for (i = 0; i < nitems(columns); i++) {
		if (column != NULL ? &columns[i] == column :
				     columns[i].scoped == (index.scope[0] != 0))
			print_instance(&columns[i], &index);
	}
	return CTL_OK;
}
