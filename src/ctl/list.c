/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - the commands that show relationships.  They ask for all of a server,
 * which is one call, and never brings a secret with it.
 */
#include "json.h"
#include "member.h"
#include "message.h"
#include "rows.h"
#include "scopes.h"
#include "servers.h"
#include "show.h"
#include "table.h"
#include "text.h"

/* clang-format off */
static const struct table_column list_columns[] = {
	{ "SERVER",     false },
	{ "NAME",       false },
	{ "MODE",       false },
	{ "ROLE",       false },
	{ "STATE",      false },
	{ "PERCENT",    true },
	{ "MCLT",       true },
	{ "SAFEPERIOD", true },
	{ "PARTNER",    false },
	{ "SCOPES",     true },
};

/* Those that are cells as they are, in between the others. */
static const enum member_id list_members[] = {
	MEMBER_MODE, MEMBER_ROLE, MEMBER_STATE, MEMBER_PERCENTAGE, MEMBER_MCLT,
	MEMBER_SAFE_PERIOD,
};
/* clang-format on */

static void
add_line(struct table *table, const struct conf_server *server,
    const struct row *row)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel = row->rel;
	char address[FAILOVER_ADDRESS_SIZE], buffer[32];
	size_t i;

	table_add(table, "%s", server->name);
	table_add(table, "%s", rel->RelationshipName);
	for (i = 0; i < nitems(list_members); i++) {
		table_add(table, "%s",
		    member_to_text(&members[list_members[i]], rel, buffer,
			sizeof(buffer)));
	}
	table_add(table, "%s",
	    failover_address_text(failover_partner(rel), address));
	table_add(table, "%zu", failover_scope_count(rel));
}

/* Add the rows of ${server} to one of the two. */
static enum ctl_exit
list_server(const struct conf_server *server, struct table *table, json_t *json)
{
	struct rows rows;
	enum ctl_exit code;
	size_t i;

	code = rows_of_server(&rows, server, "list server");
	if (code != CTL_OK)
		return code;
	for (i = 0; i < rows.n; i++) {
		if (json != NULL)
			json_add(json, json_row(&rows.at[i], server));
		else
			add_line(table, server, &rows.at[i]);
	}
	rows_free(&rows);
	return CTL_OK;
}

enum ctl_exit
command_list(struct ctl *ctl, int argc, char *argv[])
{
	struct table table = { .columns = list_columns,
		.ncolumns = nitems(list_columns) };
	json_t *json = ctl->json ? must(json_array()) : NULL;
	const struct conf_server *server;
	enum ctl_exit code = CTL_OK;
	size_t i;

	(void)argc;
	(void)argv;
	if ((server = servers_wanted(ctl)) == NULL) {
		json_decref(json);
		return CTL_FAILED;
	}
	/* One that cannot be asked does not hide the others. */
	for (i = 0; i < ctl->conf->n; i++) {
		if (ctl->server != NULL && server != &ctl->conf->servers[i])
			continue;
		if (list_server(&ctl->conf->servers[i], &table, json) != CTL_OK)
			code = CTL_FAILED;
	}
	if (ctl->json)
		json_write(json, stdout);
	else
		table_print(&table, "", stdout);
	json_decref(json);
	return code;
}

/* ---------------------------------------------------------------- show */

static void
show_line(const char *label, const char *text)
{
	printf("%s: ", label);
	text_put(stdout, text);
	putchar('\n');
}

static void
show_scopes(const struct row *row)
{
	struct table_column columns[1 + STATISTICS] = { { "SCOPE", false } };
	struct table table = { .columns = columns,
		.ncolumns = nitems(columns) };
	char address[FAILOVER_ADDRESS_SIZE];
	size_t i, k, n = failover_scope_count(row->rel);
	const DHCP_FAILOVER_STATISTICS *stats;
	uint32_t number;

	printf("scopes: %zu\n", n);
	if (n == 0)
		return;
	for (k = 0; k < STATISTICS; k++)
		columns[1 + k] =
		    (struct table_column){ statistics[k].head, true };
	for (i = 0; i < n; i++) {
		table_add(&table, "%s",
		    failover_address_text(row->rel->pScopes->Elements[i],
			address));
		stats = row->stats != NULL ? &row->stats[i] : NULL;
		for (k = 0; k < STATISTICS; k++)
			if (statistic_of(&statistics[k], stats, &number))
				table_add(&table, "%u", (unsigned int)number);
			else
				table_add(&table, "-");
	}
	table_print(&table, "  ", stdout);
}

void
show_row(const struct conf_server *server, const struct row *row)
{
	const DHCP_FAILOVER_RELATIONSHIP *rel = row->rel;
	const char *word;
	char buffer[32];
	size_t i;

	show_line("name", rel->RelationshipName);
	show_line("server", server->name);
	for (i = 0; i < MEMBER_SCOPES; i++) {
		show_line(members[i].name,
		    member_to_text(&members[i], rel, buffer, sizeof(buffer)));
	}
	word = failover_word(FAILOVER_WORDS_STATE, row->partner_state);
	if (row->partner_state != NO_STATE && word != NULL)
		show_line("partnerState", word);
	show_line("shared secret", row->authenticated ? "set" : "none");
	show_scopes(row);
}

enum ctl_exit
command_show(struct ctl *ctl, int argc, char *argv[])
{
	const struct conf_server *server;
	const struct row *row;
	struct rows rows;
	enum ctl_exit code;
	json_t *json;

	(void)argc;
	if ((server = servers_wanted(ctl)) == NULL)
		return CTL_FAILED;
	if ((code = rows_of_server(&rows, server, "show: list server")) !=
	    CTL_OK)
		return code;
	if ((row = rows_find(&rows, argv[0])) == NULL) {
		code = outcome("show", argv[0],
		    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	} else if (ctl->json) {
		json = json_row(row, server);
		json_write(json, stdout);
		json_decref(json);
	} else {
		show_row(server, row);
	}
	rows_free(&rows);
	return code;
}
