/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set.c - the commands that change something: each is one call of the API.
 */
#include <string.h>

#include "assign.h"
#include "message.h"
#include "servers.h"

#define SET_MEMBERS                                                          \
	(MEMBER_BIT(MEMBER_MODE) | MEMBER_BIT(MEMBER_STATE) |                \
	    MEMBER_BIT(MEMBER_PREV_STATE) | MEMBER_BIT(MEMBER_MCLT) |        \
	    MEMBER_BIT(MEMBER_SAFE_PERIOD) | MEMBER_BIT(MEMBER_PERCENTAGE) | \
	    MEMBER_BIT(MEMBER_SECRET))

#define CREATE_NEEDS                                                 \
	(MEMBER_BIT(MEMBER_PRIMARY) | MEMBER_BIT(MEMBER_SECONDARY) | \
	    MEMBER_BIT(MEMBER_SCOPES))

#define CREATE_MEMBERS                                                        \
	(CREATE_NEEDS | MEMBER_BIT(MEMBER_MODE) | MEMBER_BIT(MEMBER_ROLE) |   \
	    MEMBER_BIT(MEMBER_MCLT) | MEMBER_BIT(MEMBER_SAFE_PERIOD) |        \
	    MEMBER_BIT(MEMBER_PERCENTAGE) | MEMBER_BIT(MEMBER_PRIMARY_NAME) | \
	    MEMBER_BIT(MEMBER_SECONDARY_NAME) | MEMBER_BIT(MEMBER_SECRET))

/* Any of the calls that take a server and a relationship. */
typedef DWORD api_call(const char *, const DHCP_FAILOVER_RELATIONSHIP *);

enum ctl_exit
command_set(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	struct assignment wanted;
	enum ctl_exit code;
	DWORD error;

	code = assign(&wanted, "set", SET_MEMBERS, argc - 1, argv + 1);
	if (code != CTL_OK)
		goto out;
	code = CTL_FAILED;
	if ((server = servers_for_api(ctl)) == NULL)
		goto out;
	wanted.rel.RelationshipName = argv[0];
	error = DhcpV4FailoverSetRelationship(server->name, wanted.flags,
	    &wanted.rel);
	code = outcome_of_change("set", argv[0], error);

out:
	assign_free(&wanted);
	return code;
}

static enum ctl_exit
need(const struct assignment *wanted, uint32_t needed)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		if ((needed & ~wanted->given & MEMBER_BIT(i)) != 0)
			return misused("create: %s= is needed",
			    members[i].word);
	return CTL_OK;
}

enum ctl_exit
command_create(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	struct assignment wanted;
	enum ctl_exit code;
	DWORD error;

	code = assign(&wanted, "create", CREATE_MEMBERS, argc - 1, argv + 1);
	if (code == CTL_OK)
		code = need(&wanted, CREATE_NEEDS);
	if (code != CTL_OK)
		goto out;
	code = CTL_FAILED;
	if ((server = servers_for_api(ctl)) == NULL)
		goto out;
	if ((wanted.given & MEMBER_BIT(MEMBER_PERCENTAGE)) == 0)
		member_default_percentage(&wanted.rel);
	wanted.rel.RelationshipName = argv[0];
	error = DhcpV4FailoverCreateRelationship(server->name, &wanted.rel);
	code = outcome_of_change("create", argv[0], error);

out:
	assign_free(&wanted);
	return code;
}

enum ctl_exit
command_delete(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	DWORD error;

	(void)argc; /* 1, as the table says */
	if ((server = servers_for_api(ctl)) == NULL)
		return CTL_FAILED;
	error = DhcpV4FailoverDeleteRelationship(server->name, argv[0]);
	return outcome_of_change("delete", argv[0], error);
}

/* ---------------------------------------------------------------- scopes */

static const struct scope_verb {
	const char *word, *verb;
	api_call *call;
} scope_verbs[] = {
	{ "add", "scope add", DhcpV4FailoverAddScopeToRelationship },
	{ "remove", "scope remove", DhcpV4FailoverDeleteScopeFromRelationship },
};

static enum ctl_exit
change_scopes(struct ctl *ctl, const struct scope_verb *verb, char *name, int n,
    char *addresses[])
{
	const struct conf_server *server;
	struct assignment wanted;
	enum ctl_exit code;
	int i;

	code = assign(&wanted, verb->verb, 0, 0, NULL);
	for (i = 0; i < n && code == CTL_OK; i++)
		code = assign_scope(&wanted, verb->verb, addresses[i]);
	if (code != CTL_OK)
		goto out;
	code = CTL_FAILED;
	if ((server = servers_for_api(ctl)) == NULL)
		goto out;
	wanted.rel.RelationshipName = name;
	code = outcome_of_change(verb->verb, name,
	    verb->call(server->name, &wanted.rel));

out:
	assign_free(&wanted);
	return code;
}

enum ctl_exit
command_scope(struct ctl *ctl, int argc, char *argv[])
{
	size_t i;

	for (i = 0; i < nitems(scope_verbs); i++) {
		if (strcmp(scope_verbs[i].word, argv[0]) == 0)
			return change_scopes(ctl, &scope_verbs[i], argv[1],
			    argc - 2, argv + 2);
	}
	return misused("scope: \"%.40s\" is neither add nor remove", argv[0]);
}
