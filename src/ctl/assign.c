/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "scopes.h"

#include "assign.h"

static const char *
list_members(uint32_t allowed, char *text, size_t size)
{
	size_t i, length = 0;

	text[0] = '\0';
	for (i = 0; i < MEMBERS && length < size; i++) {
		if ((allowed & MEMBER_BIT(i)) == 0)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s",
		    length > 0 ? ", " : "", members[i].word);
	}
	return text;
}

/* The member before the = of ${argument}; NULL after a message. */
static const struct member *
member_of(const char *argument, const char *verb, uint32_t allowed)
{
	size_t length = strcspn(argument, "=");
	const struct member *member = member_find(argument, length);
	char list[256];

	/* What is behind the = is never repeated: it may be a secret. */
	if (member == NULL) {
		misused("%s: \"%.*s\" is no member; there are %s", verb,
		    (int)(length < 80 ? length : 80), argument,
		    list_members(allowed, list, sizeof(list)));
		return NULL;
	}
	if (argument[length] != '=') {
		misused("%s: %s: \"=\" and a value are missing", verb,
		    member->word);
		return NULL;
	}
	if ((allowed & MEMBER_BIT(member_id(member))) == 0) {
		misused("%s: %s: cannot be given here; what can is %s", verb,
		    member->word, list_members(allowed, list, sizeof(list)));
		return NULL;
	}
	return member;
}

enum ctl_exit
assign_scope(struct assignment *assignment, const char *verb, const char *text)
{
	DHCP_IP_ADDRESS scope;

	if (!failover_address_parse(text, &scope) || scope == 0) {
		return misused("%s: scopes: \"%.40s\" is not the address of a "
			       "subnet such as 192.0.2.0",
		    verb, text);
	}
	if (!scopes_add(&assignment->scopes, scope))
		return misused("%s: scopes: %s is there twice", verb, text);
	assignment->rel.pScopes = &assignment->scopes;
	return CTL_OK;
}

static enum ctl_exit
assign_scopes(struct assignment *assignment, const char *verb, const char *list)
{
	char *copy = must(strdup(list)), *text = copy, *comma;
	enum ctl_exit code;

	do {
		if ((comma = strchr(text, ',')) != NULL)
			*comma = '\0';
		code = assign_scope(assignment, verb, text);
		if (comma != NULL)
			text = comma + 1;
	} while (code == CTL_OK && comma != NULL);
	free(copy);
	return code;
}

static enum ctl_exit
assign_value(struct assignment *assignment, const char *verb,
    const struct member *member, const char *value)
{
	char why[512];

	if (member->kind == MEMBER_KIND_SCOPES)
		return assign_scopes(assignment, verb, value);
	if (member->kind == MEMBER_KIND_SECRET) {
		if (secret_is_source(value))
			return CTL_OK;
		return misused("%s: sharedSecret: must be @FILE, or - for "
			       "standard input, or empty, but never the secret "
			       "itself: everyone can see it here",
		    verb);
	}
	if (!member_from_text(member, value, &assignment->rel, why,
		sizeof(why)))
		return misused("%s: %s: %s", verb, member->word, why);
	if (member->kind == MEMBER_KIND_ADDRESS &&
	    strcmp(value, "0.0.0.0") == 0)
		return misused("%s: %s: 0.0.0.0 is no server's address", verb,
		    member->word);
	return CTL_OK;
}

enum ctl_exit
assign(struct assignment *assignment, const char *verb, uint32_t allowed,
    int argc, char *argv[])
{
	const char *value, *secret = NULL;
	const struct member *member;
	enum ctl_exit code;
	int i;

	memset(assignment, 0, sizeof(*assignment));
	member_defaults(&assignment->rel);
	for (i = 0; i < argc; i++) {
		if ((member = member_of(argv[i], verb, allowed)) == NULL)
			return CTL_USAGE;
		if (assignment->given & MEMBER_BIT(member_id(member)))
			return misused("%s: %s: is given twice", verb,
			    member->word);
		value = strchr(argv[i], '=') + 1;
		code = assign_value(assignment, verb, member, value);
		if (code != CTL_OK)
			return code;
		assignment->given |= MEMBER_BIT(member_id(member));
		assignment->flags |= member->flag;
		if (member->kind == MEMBER_KIND_SECRET)
			secret = value;
	}

	/* Last, so that nobody types it before all else is known to be well. */
	if (secret == NULL)
		return CTL_OK;
	if (!secret_read(&assignment->secret, secret, verb))
		return CTL_FAILED;
	assignment->rel.SharedSecret = assignment->secret.text;
	return CTL_OK;
}

void
assign_free(struct assignment *assignment)
{
	secret_wipe(&assignment->secret);
	free(assignment->scopes.Elements);
	assignment->scopes.Elements = NULL;
}
