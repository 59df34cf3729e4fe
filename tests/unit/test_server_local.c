/* SPDX-License-Identifier: BSD-2-Clause */
/* The local server: MS-DHCPM 3.2.4.90-101 and 126, to the letter. */
#include "local.h"

static DHCP_FAILOVER_RELATIONSHIP *
get(struct failover_server *server, const char *name)
{
	DHCP_FAILOVER_RELATIONSHIP *rel = NULL;

	assert_error(failover_server_get(server, name, &rel), ERROR_SUCCESS);
	return rel;
}

static DHCP_FAILOVER_STATISTICS
statistics(struct failover_server *server, DHCP_IP_ADDRESS scope)
{
	DHCP_FAILOVER_STATISTICS stats;

	assert_error(failover_server_scope_statistics(server, scope, &stats),
	    ERROR_SUCCESS);
	return stats;
}

/* ---------------------------------------------------------------- create */

static void
create__stores_every_member_but_the_states(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;

	want(&w, "a", 1, 2);
	w.rel.Mode = HotStandby;
	w.rel.ServerType = SecondaryServer;
	w.rel.State = PARTNER_DOWN;
	w.rel.PrevState = PAUSED;
	w.rel.Percentage = 7;
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	reopen(f);
	rel = get(f->server, "a");
	assert_int_equal(rel->PrimaryServer, w.rel.PrimaryServer);
	assert_int_equal(rel->SecondaryServer, w.rel.SecondaryServer);
	assert_int_equal(rel->Mode, HotStandby);
	assert_int_equal(rel->ServerType, SecondaryServer);
	assert_int_equal(rel->State, STARTUP);
	assert_int_equal(rel->PrevState, INIT);
	assert_int_equal(rel->Mclt, 3600);
	assert_int_equal(rel->SafePeriod, 600);
	assert_string_equal(rel->RelationshipName, "a");
	assert_string_equal(rel->PrimaryServerName, "one.example");
	assert_string_equal(rel->SecondaryServerName, "two.example");
	assert_int_equal(rel->pScopes->NumElements, 2);
	assert_int_equal(rel->pScopes->Elements[0], NET(10, 1, 0, 0));
	assert_int_equal(rel->pScopes->Elements[1], NET(10, 1, 1, 0));
	assert_int_equal(rel->Percentage, 7);
	assert_string_equal(rel->SharedSecret, "s3cret of a");
	failover_free(rel);
}

static void
create__without_names_of_servers_leaves_them_null(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;

	want(&w, "a", 1, 1);
	w.rel.PrimaryServerName = NULL;
	w.rel.SecondaryServerName = NULL;
	w.rel.SharedSecret = NULL;
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	rel = get(f->server, "a");
	assert_null(rel->PrimaryServerName);
	assert_null(rel->SecondaryServerName);
	assert_null(rel->SharedSecret);
	failover_free(rel);
}

static void
create__with_a_safe_period_of_zero_stores_never_but_set_stores_zero(
    void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;

	want(&w, "a", 1, 1);
	w.rel.SafePeriod = 0;
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	rel = get(f->server, "a");
	assert_int_equal(rel->SafePeriod, DHCP_FAILOVER_NEVER);
	failover_free(rel);
	assert_error(failover_server_set(f->server, SAFEPERIOD, &w.rel),
	    ERROR_SUCCESS);
	rel = get(f->server, "a");
	assert_int_equal(rel->SafePeriod, 0);
	failover_free(rel);
}

/* Begin with everything wrong, and put one thing right after the other. */
static void
create__answers_the_first_of_its_checks_that_fails(void **state)
{
	struct conf_network known[] = { { NET(10, 1, 0, 0), 24 },
		{ NET(10, 2, 0, 0), 24 }, { NET(10, 9, 0, 0), 24 } };
	struct fixture *f = *state;
	struct wanted w;
	char sql[1024];
	struct dump before, after;

	set_bool(f, "auto-scopes", false);
	set_networks(f, known, 3);
	set_number(f, "max-relationships", 2);
	create(f->server, "there", 1, 1);
	want(&w, "", 9, 4);
	memset(w.name, 'x', 127); /* too long, and there all the same */
	snprintf(sql, sizeof(sql),
	    "INSERT INTO relationship SELECT '%s', primary_server, "
	    "secondary_server, mode, server_type, state, prev_state, mclt, "
	    "safe_period, NULL, NULL, percentage, NULL FROM relationship;"
	    "UPDATE scope SET bootp_only = 1 WHERE address = %u",
	    w.name, NET(10, 2, 0, 0));
	execute(f->path, sql);
	dump(f->server, &before);

	w.scopes[1] = NET(10, 2, 0, 0); /* BOOTP only */
	w.scopes[2] = NET(10, 3, 0, 0); /* unknown */
	w.scopes[3] = NET(10, 1, 0, 0); /* in a relationship */
	w.rel.Percentage = 101;
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.rel.Percentage = 100;
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_SUBNET_NOT_PRESENT);
	w.scopes[2] = NET(10, 9, 0, 0);
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.scopes[1] = NET(10, 1, 0, 0);
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG);
	strcpy(w.name, "there");
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_MAX_RELATIONSHIPS);
	set_number(f, "max-relationships", 3);
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	w.array.NumElements = 1;
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_EXISTS);
	assert_string_equal(dump(f->server, &after), before.text);
	strcpy(w.name, "new");
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
}

static void
create__refuses_what_step_2_refuses(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		want(&w, "a", 1, 1);
		switch (i) {
		case 0:
			w.rel.RelationshipName = NULL;
			break;
		case 1:
			w.rel.PrimaryServer = 0;
			break;
		case 2:
			w.rel.SecondaryServer = 0;
			break;
		case 3:
			w.rel.pScopes = NULL;
			break;
		case 4:
			w.array.NumElements = 0;
			break;
		case 5:
			w.array.Elements = NULL;
			break;
		case 6:
			w.rel.Percentage = 101;
			break;
		case 7:
			w.rel.Mode = 2;
			break;
		case 8:
			w.rel.ServerType = 2;
			break;
		case 9:
			strcpy(w.name, "\xC3(");
			break; /* not UTF-8 */
		}
		assert_error(failover_server_create(f->server, &w.rel),
		    ERROR_INVALID_PARAMETER);
	}
	assert_error(failover_server_create(f->server, NULL),
	    ERROR_INVALID_PARAMETER);
}

static void
create__takes_31_relationships_and_refuses_the_32nd(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	char name[8];
	unsigned int i;

	for (i = 0; i < DHCP_FAILOVER_MAX_NUM_REL; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		create(f->server, name, i, 1);
	}
	assert_error(failover_server_create(f->server, want(&w, "x", 99, 1)),
	    ERROR_DHCP_FO_MAX_RELATIONSHIPS);
	assert_error(failover_server_delete(f->server, "r7"), ERROR_SUCCESS);
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	assert_error(failover_server_create(f->server, want(&w, "y", 98, 1)),
	    ERROR_DHCP_FO_MAX_RELATIONSHIPS);
}

static void
create__counts_up_to_the_configured_maximum(void **state)
{
	struct fixture *f = *state;
	struct wanted w;

	set_number(f, "max-relationships", 2);
	create(f->server, "a", 1, 1);
	create(f->server, "b", 2, 1);
	assert_error(failover_server_create(f->server, want(&w, "c", 3, 1)),
	    ERROR_DHCP_FO_MAX_RELATIONSHIPS);
}

/* ${units} UTF-16 units: ${astral} pairs, and a letter for each of the rest. */
static void
long_name(char *name, unsigned int units, unsigned int astral,
    const char *letter)
{
	unsigned int i;

	*name = '\0';
	for (i = 0; i < astral; i++)
		strcat(name, "\xF0\x9F\x98\x80");
	for (i = 2 * astral; i < units; i++)
		strcat(name, letter);
}

static void
create__takes_a_name_of_126_utf16_units_and_not_of_127(void **state)
{
	struct fixture *f = *state;
	struct {
		unsigned int astral;
		const char *letter;
	} names[] = { { 0, "n" }, { 0, "\xC3\xA9" }, { 0, "\xE2\x82\xAC" },
		{ 62, "n" }, { 63, "n" } };
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	unsigned int i;

	for (i = 0; i < nitems(names); i++) {
		want(&w, "", i, 1);
		long_name(w.name, 127, names[i].astral, names[i].letter);
		assert_error(failover_server_create(f->server, &w.rel),
		    ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG);
		long_name(w.name, 126, names[i].astral, names[i].letter);
		assert_error(failover_server_create(f->server, &w.rel),
		    ERROR_SUCCESS);
		rel = get(f->server, w.name);
		assert_string_equal(rel->RelationshipName, w.name);
		failover_free(rel);
	}
}

static void
create__compares_names_octet_by_octet(void **state)
{
	static const char *const names[] = { "a", "A", "a ", " a", "\xC3\xA9",
		"e\xCC\x81", "a'); DROP TABLE scope; --" };
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	struct dump d;
	unsigned int i;

	for (i = 0; i < nitems(names); i++)
		create(f->server, names[i], i, 1);
	for (i = 0; i < nitems(names); i++) {
		assert_error(failover_server_create(f->server,
				 want(&w, names[i], 50, 1)),
		    ERROR_DHCP_FO_RELATIONSHIP_EXISTS);
		rel = get(f->server, names[i]);
		assert_int_equal(rel->pScopes->Elements[0], NET(10, i, 0, 0));
		failover_free(rel);
	}
	dump(f->server, &d);
	assert_int_equal(d.rows, nitems(names));
}

static void
create__refuses_a_scope_that_is_in_a_relationship_or_named_twice(void **state)
{
	struct fixture *f = *state;
	struct wanted w;

	create(f->server, "a", 1, 2);
	want(&w, "b", 2, 3);
	w.scopes[2] = NET(10, 1, 1, 0);
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	w.scopes[2] = w.scopes[0];
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	want(&w, "b", 2, 3);
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
}

static void
create__takes_more_scopes_than_add_does(void **state)
{
	struct fixture *f = *state;
	struct dump d;

	create(f->server, "a", 1, 401);
	assert_non_null(strstr(dump(f->server, &d), "\n  a029000:"));
}

static void
create__refused_makes_no_scope_known(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	DWORD status;

	create(f->server, "a", 1, 1);
	want(&w, "a", 2, 1);
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_EXISTS);
	assert_error(failover_server_address_status(f->server, NET(10, 2, 0, 9),
			 &status),
	    ERROR_INVALID_PARAMETER);
}

/* ---------------------------------------------------------------- set */

static void
set__changes_the_members_of_its_flags_and_no_others(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	DWORD flags;

	create(f->server, "a", 1, 1);
	for (flags = 1; flags <= FAILOVER_SET_ALL; flags++) {
		want(&w, "a", 7, 3);
		w.rel.SafePeriod = 600;
		w.rel.State = STARTUP;
		w.rel.PrevState = INIT;
		assert_error(failover_server_set(f->server, FAILOVER_SET_ALL,
				 &w.rel),
		    ERROR_SUCCESS);
		w.rel = (DHCP_FAILOVER_RELATIONSHIP){ .RelationshipName = "a",
			.PrimaryServer = 1,
			.SecondaryServer = 2,
			.ServerType = SecondaryServer,
			.Mode = (flags & MODE) != 0 ? HotStandby : 77,
			.State = COMMUNICATION_INT,
			.PrevState = SHUTDOWN,
			.Mclt = 1,
			.SafePeriod = 0xFFFFFFFE,
			.Percentage = (flags & PERCENTAGE) != 0 ? 100 : 255,
			.SharedSecret = "other" };
		assert_error(failover_server_set(f->server, flags, &w.rel),
		    ERROR_SUCCESS);
		rel = get(f->server, "a");
		assert_int_equal(rel->Mclt, flags & MCLT ? 1 : 3600);
		assert_int_equal(rel->SafePeriod,
		    flags & SAFEPERIOD ? 0xFFFFFFFE : 600);
		assert_int_equal(rel->State,
		    flags & CHANGESTATE ? COMMUNICATION_INT : STARTUP);
		assert_int_equal(rel->Percentage,
		    flags & PERCENTAGE ? 100 : 50);
		assert_int_equal(rel->Mode,
		    flags & MODE ? HotStandby : LoadBalance);
		assert_int_equal(rel->PrevState,
		    flags & PREVSTATE ? SHUTDOWN : INIT);
		assert_string_equal(rel->SharedSecret,
		    flags & SHAREDSECRET ? "other" : "s3cret of a");
		assert_int_equal(rel->PrimaryServer, NET(192, 0, 2, 1));
		assert_int_equal(rel->SecondaryServer, NET(192, 0, 2, 2));
		assert_int_equal(rel->ServerType, PrimaryServer);
		assert_string_equal(rel->PrimaryServerName, "one.example");
		assert_string_equal(rel->SecondaryServerName, "two.example");
		assert_int_equal(rel->pScopes->NumElements, 1);
		assert_int_equal(rel->pScopes->Elements[0], NET(10, 1, 0, 0));
		failover_free(rel);
	}
}

static void
set__answers_the_first_of_its_checks_that_fails(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	struct dump before, after;

	create(f->server, "a", 1, 1);
	dump(f->server, &before);
	want(&w, "unknown", 1, 1);
	assert_error(failover_server_set(f->server, MCLT, NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_set(f->server, 0, &w.rel),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_set(f->server, MCLT | 0x80, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.rel.Percentage = 101;
	assert_error(failover_server_set(f->server, PERCENTAGE, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.rel.Mode = 2;
	assert_error(failover_server_set(f->server, MODE, &w.rel),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_set(f->server, MCLT, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	w.rel.RelationshipName = NULL;
	assert_error(failover_server_set(f->server, MCLT, &w.rel),
	    ERROR_INVALID_PARAMETER);
	assert_string_equal(dump(f->server, &after), before.text);
}

static void
set__with_unknown_flag_bit__is_refused_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct dump before, after;
	struct wanted w;
	unsigned int bit;

	create(f->server, "a", 1, 1);
	dump(f->server, &before);
	want(&w, "a", 1, 1);
	w.rel.Mclt = 1;
	for (bit = 7; bit < 32; bit++) {
		assert_error(failover_server_set(f->server,
				 MCLT | (DWORD)1 << bit, &w.rel),
		    ERROR_INVALID_PARAMETER);
	}
	assert_string_equal(dump(f->server, &after), before.text);
}

static void
set__of_any_state_is_a_plain_store(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	unsigned int i;

	create(f->server, "a", 1, 1);
	for (i = NO_STATE; i <= SHUTDOWN; i++) {
		want(&w, "a", 1, 1);
		w.rel.State = i;
		assert_error(failover_server_set(f->server, CHANGESTATE,
				 &w.rel),
		    ERROR_SUCCESS);
		rel = get(f->server, "a");
		assert_int_equal(rel->State, i);
		assert_int_equal(rel->PrevState, INIT);
		failover_free(rel);
	}
}

static void
set__of_an_empty_secret_or_none_removes_it(void **state)
{
	static char empty[] = "";
	struct fixture *f = *state;
	char *secrets[] = { empty, NULL };
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	struct dump d;
	unsigned int i;

	create(f->server, "a", 1, 1);
	for (i = 0; i < nitems(secrets); i++) {
		assert_error(failover_server_set(f->server, SHAREDSECRET,
				 want(&w, "a", 1, 1)),
		    ERROR_SUCCESS);
		assert_non_null(strstr(dump(f->server, &d), "secret"));
		w.rel.SharedSecret = secrets[i];
		assert_error(failover_server_set(f->server, SHAREDSECRET,
				 &w.rel),
		    ERROR_SUCCESS);
		rel = get(f->server, "a");
		assert_null(rel->SharedSecret);
		failover_free(rel);
		assert_non_null(strstr(dump(f->server, &d), "open"));
	}
}

/* ------------------------------------------------- delete, get, scopes */

static void
delete__keeps_the_scopes_for_others(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;

	set_bool(f, "auto-scopes", true);
	create(f->server, "a", 1, 2);
	set_bool(f, "auto-scopes", false);
	assert_error(failover_server_delete(f->server, NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_delete(f->server, "b"),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_error(failover_server_delete(f->server, "a"), ERROR_SUCCESS);
	assert_error(failover_server_delete(f->server, "a"),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_error(failover_server_scope_relationship(f->server,
			 NET(10, 1, 0, 0), &rel),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_error(failover_server_create(f->server, want(&w, "b", 1, 2)),
	    ERROR_SUCCESS);
}

static void
get__answers_the_first_of_its_checks_that_fails(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel = NULL;

	assert_error(failover_server_get(f->server, NULL, &rel),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_get(f->server, "a", NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_get(f->server, "a", &rel),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_null(rel);
}

static void
add__answers_the_first_of_its_checks_that_fails(void **state)
{
	struct fixture *f = *state;
	struct dump before, after;
	struct wanted w;
	unsigned int i;

	/* All scopes but 10.77.0.0 become known here. */
	create(f->server, "gone", 1, 402);
	execute(f->path,
	    "UPDATE scope SET bootp_only = 1"
	    " WHERE address = 0x0A010100");
	assert_error(failover_server_delete(f->server, "gone"), ERROR_SUCCESS);
	set_bool(f, "auto-scopes", false);

	want(&w, "unknown", 1, 401);
	w.scopes[400] = NET(10, 77, 0, 0);
	w.array.NumElements = 0;
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.array.NumElements = 401;
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_DHCP_SUBNET_NOT_PRESENT);
	w.scopes[400] = NET(10, 1, 0, 0); /* the first once more */
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_MAX_ADD_SCOPES);
	w.scopes[399] = NET(10, 1, 0, 0);
	w.array.NumElements = 400;
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.scopes[1] = NET(10, 1, 0, 0);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_FILE_NOT_FOUND);

	/* The scope of "a" is the last that was known. */
	set_bool(f, "auto-scopes", true);
	create(f->server, "a", 9, 1);
	dump(f->server, &before);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	w.array.NumElements = 1;
	w.scopes[0] = NET(10, 9, 0, 0);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	w.scopes[0] = NET(10, 1, 0, 0);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	strcpy(w.name, "a");
	for (i = NO_STATE; i <= SHUTDOWN; i++) {
		w.rel.State = i;
		assert_error(failover_server_set(f->server, CHANGESTATE,
				 &w.rel),
		    ERROR_SUCCESS);
		if (i == NORMAL)
			continue;
		assert_error(failover_server_add_scopes(f->server, &w.rel),
		    ERROR_DHCP_FO_STATE_NOT_NORMAL);
	}
	w.rel.State = STARTUP;
	assert_error(failover_server_set(f->server, CHANGESTATE, &w.rel),
	    ERROR_SUCCESS);
	assert_string_equal(dump(f->server, &after), before.text);
	w.rel.State = NORMAL;
	assert_error(failover_server_set(f->server, CHANGESTATE, &w.rel),
	    ERROR_SUCCESS);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_SUCCESS);
}

static void
add__takes_400_scopes_in_one_call(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;

	create_normal(f->server, "a", 1, 1);
	want(&w, "a", 2, 401);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_MAX_ADD_SCOPES);
	w.array.NumElements = 400;
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_SUCCESS);
	rel = get(f->server, "a");
	assert_int_equal(rel->pScopes->NumElements, 401);
	failover_free(rel);
}

static void
delete_scopes__answers_the_first_of_its_checks_that_fails(void **state)
{
	struct fixture *f = *state;
	struct dump before, after;
	struct wanted w;

	create(f->server, "gone", 1, 3);
	execute(f->path,
	    "UPDATE scope SET bootp_only = 1"
	    " WHERE address = 0x0A010100");
	assert_error(failover_server_delete(f->server, "gone"), ERROR_SUCCESS);
	want(&w, "unknown", 1, 3);
	w.scopes[2] = NET(10, 77, 0, 0); /* automatic scopes do not help */
	w.array.Elements = NULL;
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.array.Elements = w.scopes;
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_DHCP_SUBNET_NOT_PRESENT);
	w.scopes[2] = NET(10, 1, 2, 0);
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_INVALID_PARAMETER);
	w.scopes[1] = NET(10, 1, 2, 0);
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_FILE_NOT_FOUND);
	create(f->server, "a", 5, 2);
	create(f->server, "b", 1, 1);
	dump(f->server, &before);
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	strcpy(w.name, "a");
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	w.scopes[0] = NET(10, 5, 0, 0);
	w.scopes[1] = NET(10, 1, 0, 0); /* of "b" */
	w.array.NumElements = 2;
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_string_equal(dump(f->server, &after), before.text);
	w.array.NumElements = 1;
	assert_error(failover_server_delete_scopes(f->server, &w.rel),
	    ERROR_SUCCESS); /* in state STARTUP */
}

static void
delete_scopes__of_the_last_scope_keeps_the_relationship(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	struct dump d;

	create(f->server, "a", 1, 1);
	assert_error(failover_server_delete_scopes(f->server,
			 want(&w, "a", 1, 1)),
	    ERROR_SUCCESS);
	rel = get(f->server, "a");
	assert_int_equal(failover_scope_count(rel), 0);
	failover_free(rel);
	dump(f->server, &d);
	assert_int_equal(d.rows, 1);
}

static void
scope_relationship__finds_the_one_that_the_scope_is_in(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *rel = NULL;

	create(f->server, "a", 1, 2);
	create(f->server, "b", 2, 2);
	assert_error(failover_server_scope_relationship(f->server, 0, &rel),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_scope_relationship(f->server,
			 NET(10, 1, 0, 0), NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_scope_relationship(f->server,
			 NET(10, 3, 0, 0), &rel),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	assert_null(rel);
	assert_error(failover_server_scope_relationship(f->server,
			 NET(10, 2, 1, 0), &rel),
	    ERROR_SUCCESS);
	assert_string_equal(rel->RelationshipName, "b");
	assert_int_equal(rel->pScopes->NumElements, 2);
	failover_free(rel);
}

/* ------------------------------------------------- statistics, addresses */

static void
statistics__are_split_by_mode_role_and_percentage(void **state)
{
	/* clang-format off */
	static const struct {
		DHCP_FAILOVER_MODE mode;
		DHCP_FAILOVER_SERVER role;
		BYTE percentage;
		DWORD ours;
	} cases[] = {
		{ LoadBalance, PrimaryServer,   50,  127 },
		{ LoadBalance, PrimaryServer,   70,  177 },
		{ LoadBalance, SecondaryServer, 70,  77 },
		{ LoadBalance, PrimaryServer,   0,   0 },
		{ LoadBalance, SecondaryServer, 0,   254 },
		{ LoadBalance, PrimaryServer,   100, 254 },
		{ HotStandby,  PrimaryServer,   5,   242 },
		{ HotStandby,  SecondaryServer, 5,   12 },
		{ HotStandby,  SecondaryServer, 0,   0 },
		{ HotStandby,  PrimaryServer,   0,   254 },
	};
	/* clang-format on */
	struct fixture *f = *state;
	DHCP_FAILOVER_STATISTICS stats;
	struct wanted w;
	unsigned int i;

	for (i = 0; i < nitems(cases); i++) {
		want(&w, "a", i, 1);
		w.rel.Mode = cases[i].mode;
		w.rel.ServerType = cases[i].role;
		w.rel.Percentage = cases[i].percentage;
		assert_error(failover_server_create(f->server, &w.rel),
		    ERROR_SUCCESS);
		stats = statistics(f->server, w.scopes[0]);
		assert_int_equal(stats.NumAddr, 254);
		assert_int_equal(stats.AddrFree, 254);
		assert_int_equal(stats.AddrInUse, 0);
		assert_int_equal(stats.ThisAddrFree, cases[i].ours);
		assert_int_equal(stats.PartnerAddrFree, 254 - cases[i].ours);
		assert_int_equal(stats.ThisAddrInUse, 0);
		assert_int_equal(stats.PartnerAddrInUse, 0);
		assert_error(failover_server_delete(f->server, "a"),
		    ERROR_SUCCESS);
	}
}

static void
statistics__of_a_scope_without_a_relationship_are_not_there(void **state)
{
	struct conf_network known[] = { { NET(10, 1, 0, 0), 24 } };
	struct fixture *f = *state;
	DHCP_FAILOVER_STATISTICS stats;

	set_networks(f, known, 1);
	assert_error(failover_server_scope_statistics(f->server, 0, &stats),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_scope_statistics(f->server,
			 NET(10, 1, 0, 0), NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_scope_statistics(f->server,
			 NET(10, 1, 0, 0), &stats),
	    ERROR_FILE_NOT_FOUND);
	assert_error(failover_server_scope_statistics(f->server,
			 NET(10, 2, 0, 0), &stats),
	    ERROR_FILE_NOT_FOUND);
}

static void
trigger__splits_what_is_free_anew_on_the_primary_only(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_STATISTICS stats;
	struct wanted w;

	create(f->server, "a", 1, 1);
	want(&w, "b", 2, 1);
	w.rel.ServerType = SecondaryServer;
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	execute(f->path,
	    "UPDATE scope SET addr_free = 100, addr_in_use = 154,"
	    " this_addr_free = 1, partner_addr_free = 99,"
	    " this_addr_in_use = 150, partner_addr_in_use = 4");
	want(&w, "a", 1, 1);
	w.rel.Percentage = 30;
	assert_error(failover_server_set(f->server, PERCENTAGE, &w.rel),
	    ERROR_SUCCESS);
	stats = statistics(f->server, NET(10, 1, 0, 0));
	assert_int_equal(stats.ThisAddrFree, 1); /* Set copies, no more */

	assert_error(failover_server_trigger_allocation(f->server, NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_trigger_allocation(f->server, "c"),
	    ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
	assert_error(failover_server_trigger_allocation(f->server, "b"),
	    ERROR_DHCP_FO_RELATION_IS_SECONDARY);
	assert_error(failover_server_trigger_allocation(f->server, "a"),
	    ERROR_SUCCESS);
	stats = statistics(f->server, NET(10, 1, 0, 0));
	assert_int_equal(stats.ThisAddrFree, 30);
	assert_int_equal(stats.PartnerAddrFree, 70);
	assert_int_equal(stats.ThisAddrInUse, 150);
	assert_int_equal(stats.PartnerAddrInUse, 4);
	stats = statistics(f->server, NET(10, 2, 0, 0));
	assert_int_equal(stats.ThisAddrFree, 1);
}

static void
address__belongs_to_the_server_that_its_scope_gives_it_to(void **state)
{
	struct conf_network known[] = { { NET(10, 1, 0, 0), 16 },
		{ NET(10, 1, 4, 0), 30 }, { NET(10, 2, 0, 0), 31 },
		{ NET(10, 2, 0, 2), 32 }, { NET(128, 0, 0, 0), 1 } };
	/* clang-format off */
	static const struct {
		DHCP_IP_ADDRESS address;
		DWORD load_balance_30, hot_standby_30;
	} cases[] = {
		{ NET(10, 1, 0, 0),           2, 2 },
		{ NET(10, 1, 0, 1),           0, 0 },
		{ NET(10, 1, 76, 204),        0, 0 }, /* 19660 of 65534 */
		{ NET(10, 1, 76, 205),        1, 0 },
		{ NET(10, 1, 179, 50),        1, 0 }, /* 45874 of 65534 */
		{ NET(10, 1, 179, 51),        1, 1 },
		{ NET(10, 1, 255, 254),       1, 1 },
		{ NET(10, 1, 255, 255),       2, 2 },
		{ NET(10, 1, 4, 0),           2, 2 }, /* its own scope */
		{ NET(10, 1, 4, 1),           1, 0 },
		{ NET(10, 1, 4, 2),           1, 0 },
		{ NET(10, 1, 4, 3),           2, 2 },
		{ NET(10, 1, 4, 4),           0, 0 }, /* around it again */
		{ NET(10, 2, 0, 0),           1, 0 },
		{ NET(10, 2, 0, 1),           1, 0 },
		{ NET(10, 2, 0, 2),           1, 0 },
		{ NET(255, 255, 255, 254),    1, 1 },
		{ NET(255, 255, 255, 255),    2, 2 },
	};
	/* clang-format on */
	struct fixture *f = *state;
	struct wanted w;
	unsigned int i;
	DWORD status;

	set_networks(f, known, nitems(known));
	assert_error(failover_server_address_status(f->server, NET(10, 1, 0, 1),
			 NULL),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_address_status(f->server, NET(10, 3, 0, 1),
			 &status),
	    ERROR_INVALID_PARAMETER);
	assert_error(failover_server_address_status(f->server, NET(10, 1, 0, 0),
			 &status),
	    ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP);
	want(&w, "a", 1, nitems(known));
	for (i = 0; i < nitems(known); i++)
		w.scopes[i] = known[i].address;
	w.rel.Percentage = 30;
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	for (i = 0; i < nitems(cases); i++) {
		assert_error(failover_server_address_status(f->server,
				 cases[i].address, &status),
		    ERROR_SUCCESS);
		assert_int_equal(status, cases[i].load_balance_30);
	}
	w.rel.Mode = HotStandby;
	assert_error(failover_server_set(f->server, MODE, &w.rel),
	    ERROR_SUCCESS);
	for (i = 0; i < nitems(cases); i++) {
		assert_error(failover_server_address_status(f->server,
				 cases[i].address, &status),
		    ERROR_SUCCESS);
		assert_int_equal(status, cases[i].hot_standby_30);
	}
}

static void
scopes__of_the_configuration_are_known_with_their_sizes(void **state)
{
	struct conf_network known[] = { { NET(10, 0, 0, 0), 8 },
		{ NET(10, 1, 0, 0), 30 }, { NET(10, 2, 0, 0), 31 },
		{ NET(10, 3, 0, 0), 32 }, { NET(128, 0, 0, 0), 1 } };
	static const DWORD sizes[] = { 16777214, 2, 2, 1, 2147483646 };
	struct fixture *f = *state;
	struct wanted w;
	unsigned int i;

	set_networks(f, known, nitems(known));
	set_bool(f, "auto-scopes", false);
	want(&w, "a", 0, nitems(known));
	for (i = 0; i < nitems(known); i++)
		w.scopes[i] = known[i].address;
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	for (i = 0; i < nitems(known); i++)
		assert_int_equal(statistics(f->server, w.scopes[i]).NumAddr,
		    sizes[i]);

	/* To open it again with the same ones changes nothing. */
	reopen(f);
	for (i = 0; i < nitems(known); i++)
		assert_int_equal(statistics(f->server, w.scopes[i]).NumAddr,
		    sizes[i]);
}

static void
scopes__that_a_call_names_first_have_24_bits_or_what_their_address_needs(
    void **state)
{
	struct fixture *f = *state;
	struct wanted w;

	want(&w, "a", 0, 3);
	w.scopes[1] = NET(10, 1, 0, 128);
	w.scopes[2] = NET(10, 2, 0, 4);
	assert_error(failover_server_create(f->server, &w.rel), ERROR_SUCCESS);
	assert_int_equal(statistics(f->server, w.scopes[0]).NumAddr, 254);
	assert_int_equal(statistics(f->server, w.scopes[1]).NumAddr, 126);
	assert_int_equal(statistics(f->server, w.scopes[2]).NumAddr, 2);
}

/* ---------------------------------------------------------------- changes */

static void
change__is_seen_by_others_when_it_is_committed_and_not_before(void **state)
{
	struct fixture *f = *state;
	struct failover_server *other = open_server(f);
	struct dump before, d;
	struct wanted w;

	create_normal(f->server, "a", 1, 1);
	dump(other, &before);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	want(&w, "a", 1, 1);
	w.rel.Mclt = 1;
	assert_error(failover_server_set(f->server, MCLT, &w.rel),
	    ERROR_SUCCESS);
	create(f->server, "b", 2, 1);
	want(&w, "a", 3, 1);
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_SUCCESS);
	dump(f->server, &d);
	assert_int_equal(d.rows, 2);
	assert_string_equal(dump(other, &d), before.text);
	assert_error(failover_server_commit(f->server), ERROR_SUCCESS);
	dump(f->server, &before);
	assert_int_equal(before.rows, 2);
	assert_string_equal(dump(other, &d), before.text);
	failover_server_close(other);
}

static void
change__rolled_back_never_was(void **state)
{
	struct fixture *f = *state;
	struct dump before, d;
	struct wanted w;

	create_normal(f->server, "a", 1, 1);
	dump(f->server, &before);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	want(&w, "a", 1, 1);
	w.rel.Mclt = 1;
	assert_error(failover_server_set(f->server, MCLT, &w.rel),
	    ERROR_SUCCESS);
	assert_error(failover_server_delete(f->server, "a"), ERROR_SUCCESS);
	failover_server_rollback(f->server);
	assert_string_equal(dump(f->server, &d), before.text);
	reopen(f);
	assert_string_equal(dump(f->server, &d), before.text);
}

static void
change__goes_on_after_a_call_that_is_refused(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	struct dump d;

	create_normal(f->server, "a", 1, 1);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	create(f->server, "b", 2, 1);
	want(&w, "b", 3, 1);
	assert_error(failover_server_create(f->server, &w.rel),
	    ERROR_DHCP_FO_RELATIONSHIP_EXISTS);
	create(f->server, "c", 4, 1);
	assert_error(failover_server_commit(f->server), ERROR_SUCCESS);
	dump(f->server, &d);
	assert_int_equal(d.rows, 3);
}

static void
change__cannot_begin_in_a_change_nor_end_without_one(void **state)
{
	struct fixture *f = *state;

	assert_error(failover_server_commit(f->server),
	    ERROR_INVALID_PARAMETER);
	failover_server_rollback(f->server);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	assert_error(failover_server_begin(f->server), ERROR_INVALID_PARAMETER);
	assert_error(failover_server_commit(f->server), ERROR_SUCCESS);
	assert_true(failover_server_atomic(f->server));
}

static void
restore__puts_back_a_changed_relationship_with_everything(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *old, *now;
	struct dump before, d;
	struct wanted w;

	create_normal(f->server, "a", 1, 3);
	create_normal(f->server, "b", 2, 1);
	execute(f->path,
	    "UPDATE scope SET this_addr_free = 3,"
	    " this_addr_in_use = address % 1000");
	dump(f->server, &before);
	old = get(f->server, "a");

	want(&w, "a", 5, 2);
	w.rel.State = NORMAL;
	assert_error(failover_server_add_scopes(f->server, &w.rel),
	    ERROR_SUCCESS);
	w.rel.Mode = HotStandby;
	w.rel.Percentage = 1;
	w.rel.SharedSecret = NULL;
	w.rel.State = PARTNER_DOWN;
	assert_error(failover_server_set(f->server, FAILOVER_SET_ALL, &w.rel),
	    ERROR_SUCCESS);
	assert_error(failover_server_delete_scopes(f->server,
			 want(&w, "a", 1, 1)),
	    ERROR_SUCCESS);
	assert_error(failover_server_restore(f->server, "a", old),
	    ERROR_SUCCESS);
	assert_string_equal(dump(f->server, &d), before.text);
	now = get(f->server, "a");
	assert_string_equal(now->SharedSecret, "s3cret of a");
	failover_free(now);
	failover_free(old);
}

static void
restore__puts_back_a_deleted_relationship_even_beyond_the_rules(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *old;
	struct dump before, d;
	struct wanted w;

	create_normal(f->server, "a", 1, 2);
	want(&w, "a", 1, 2);
	w.rel.SafePeriod = 0;
	assert_error(failover_server_set(f->server, SAFEPERIOD, &w.rel),
	    ERROR_SUCCESS);
	execute(f->path, "UPDATE scope SET partner_addr_in_use = 7");
	dump(f->server, &before);
	old = get(f->server, "a");
	assert_error(failover_server_delete(f->server, "a"), ERROR_SUCCESS);
	set_number(f, "max-relationships", 1);
	create(f->server, "b", 5, 1);
	assert_error(failover_server_restore(f->server, "a", old),
	    ERROR_SUCCESS);
	assert_error(failover_server_delete(f->server, "b"), ERROR_SUCCESS);
	assert_string_equal(dump(f->server, &d), before.text);

	/* And it counts again. */
	assert_error(failover_server_create(f->server, want(&w, "c", 6, 1)),
	    ERROR_DHCP_FO_MAX_RELATIONSHIPS);
	failover_free(old);
}

static void
restore__to_absent_deletes_and_is_content_with_nothing(void **state)
{
	struct fixture *f = *state;
	struct dump d;

	create(f->server, "a", 1, 2);
	assert_error(failover_server_restore(f->server, "a", NULL),
	    ERROR_SUCCESS);
	assert_error(failover_server_restore(f->server, "a", NULL),
	    ERROR_SUCCESS);
	assert_string_equal(dump(f->server, &d), "");
}

static void
restore__of_one_without_scopes_works(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *old;
	struct dump before, d;
	struct wanted w;

	create(f->server, "a", 1, 1);
	assert_error(failover_server_delete_scopes(f->server,
			 want(&w, "a", 1, 1)),
	    ERROR_SUCCESS);
	dump(f->server, &before);
	old = get(f->server, "a");
	assert_error(failover_server_delete(f->server, "a"), ERROR_SUCCESS);
	assert_error(failover_server_restore(f->server, "a", old),
	    ERROR_SUCCESS);
	assert_string_equal(dump(f->server, &d), before.text);
	failover_free(old);
}

/* What others did in the meantime is theirs. */
static void
restore__of_a_scope_that_is_in_another_by_now_is_refused(void **state)
{
	struct fixture *f = *state;
	DHCP_FAILOVER_RELATIONSHIP *old;
	struct dump before, d;
	struct wanted w;

	create_normal(f->server, "a", 1, 2);
	old = get(f->server, "a");
	assert_error(failover_server_delete(f->server, "a"), ERROR_SUCCESS);
	create(f->server, "b", 1, 1);
	dump(f->server, &before);
	assert_error(failover_server_restore(f->server, "a", old),
	    ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP);
	assert_string_equal(dump(f->server, &d), before.text);
	assert_error(failover_server_delete_scopes(f->server,
			 want(&w, "b", 1, 1)),
	    ERROR_SUCCESS);
	assert_error(failover_server_restore(f->server, "a", old),
	    ERROR_SUCCESS);
	failover_free(old);
}

/* ---------------------------------------------------------------- list */

static void
list__has_each_relationship_once_with_its_own_scopes(void **state)
{
	struct fixture *f = *state;
	struct dump d;
	const char *at;
	char name[16], line[64];
	unsigned int i;

	set_number(f, "max-relationships", 100);
	assert_error(failover_server_begin(f->server), ERROR_SUCCESS);
	for (i = 0; i < 60; i++) {
		/* Out of order, and prefixes of each other. */
		snprintf(name, sizeof(name), "%u", i * 7 % 60);
		create(f->server, name, i * 7 % 60, 1 + i * 7 % 60 % 3);
	}
	assert_error(failover_server_commit(f->server), ERROR_SUCCESS);
	dump(f->server, &d);
	assert_int_equal(d.rows, 60);
	for (i = 0; i < 60; i++) {
		snprintf(line, sizeof(line), "%s%u c0000201", "\n", i);
		at = i == 0 ? d.text : strstr(d.text, line);
		assert_non_null(at);
		at = strchr(at + 1, '\n');
		snprintf(line, sizeof(line), "\n  a%02x%02x00:", i, 0);
		assert_memory_equal(at, line, strlen(line));
	}
}

struct stop {
	unsigned int after, rows;
};

static bool
stop_after(void *arg, const struct failover_row *row)
{
	struct stop *stop = arg;

	(void)row;
	return ++stop->rows < stop->after;
}

static void
list__ends_when_the_taker_has_no_memory(void **state)
{
	struct fixture *f = *state;
	struct stop stop = { 2, 0 };

	create(f->server, "a", 1, 1);
	create(f->server, "b", 2, 1);
	create(f->server, "c", 3, 1);
	assert_error(failover_server_list(f->server, stop_after, &stop),
	    ERROR_NOT_ENOUGH_MEMORY);
	assert_int_equal(stop.rows, 2);
	assert_error(failover_server_list(f->server, NULL, NULL),
	    ERROR_INVALID_PARAMETER);
}

static void
list__of_nothing_is_a_success(void **state)
{
	struct fixture *f = *state;
	struct dump d;

	assert_string_equal(dump(f->server, &d), "");
}

static void
handles__on_one_file_see_each_others_changes(void **state)
{
	struct fixture *f = *state;
	struct failover_server *other = open_server(f);
	DHCP_FAILOVER_RELATIONSHIP *rel;
	struct wanted w;
	unsigned int i;

	create(f->server, "a", 1, 1);
	for (i = 1; i < 20; i++) {
		want(&w, "a", 1, 1);
		w.rel.Mclt = i;
		assert_error(failover_server_set(i % 2 ? f->server : other,
				 MCLT, &w.rel),
		    ERROR_SUCCESS);
		rel = get(i % 2 ? other : f->server, "a");
		assert_int_equal(rel->Mclt, i);
		failover_free(rel);
	}
	failover_server_close(other);
}

static void
system_time__is_now_with_a_minute_of_tolerance(void **state)
{
	struct fixture *f = *state;
	DWORD now = 0, delta = 0;
	time_t before = time(NULL);

	assert_error(failover_server_system_time(f->server, &now, &delta),
	    ERROR_SUCCESS);
	assert_true((time_t)now >= before && (time_t)now <= time(NULL));
	assert_int_equal(delta, 60);
	assert_error(failover_server_system_time(f->server, &now, NULL),
	    ERROR_SUCCESS);
	assert_error(failover_server_system_time(f->server, NULL, &delta),
	    ERROR_INVALID_PARAMETER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create__stores_every_member_but_the_states),
		TEST(create__without_names_of_servers_leaves_them_null),
		TEST(
		    create__with_a_safe_period_of_zero_stores_never_but_set_stores_zero),
		TEST(create__answers_the_first_of_its_checks_that_fails),
		TEST(create__refuses_what_step_2_refuses),
		TEST(create__takes_31_relationships_and_refuses_the_32nd),
		TEST(create__counts_up_to_the_configured_maximum),
		TEST(create__takes_a_name_of_126_utf16_units_and_not_of_127),
		TEST(create__compares_names_octet_by_octet),
		TEST(
		    create__refuses_a_scope_that_is_in_a_relationship_or_named_twice),
		TEST(create__takes_more_scopes_than_add_does),
		TEST(create__refused_makes_no_scope_known),
		TEST(set__changes_the_members_of_its_flags_and_no_others),
		TEST(set__answers_the_first_of_its_checks_that_fails),
		TEST(
		    set__with_unknown_flag_bit__is_refused_and_changes_nothing),
		TEST(set__of_any_state_is_a_plain_store),
		TEST(set__of_an_empty_secret_or_none_removes_it),
		TEST(delete__keeps_the_scopes_for_others),
		TEST(get__answers_the_first_of_its_checks_that_fails),
		TEST(add__answers_the_first_of_its_checks_that_fails),
		TEST(add__takes_400_scopes_in_one_call),
		TEST(delete_scopes__answers_the_first_of_its_checks_that_fails),
		TEST(delete_scopes__of_the_last_scope_keeps_the_relationship),
		TEST(scope_relationship__finds_the_one_that_the_scope_is_in),
		TEST(statistics__are_split_by_mode_role_and_percentage),
		TEST(
		    statistics__of_a_scope_without_a_relationship_are_not_there),
		TEST(trigger__splits_what_is_free_anew_on_the_primary_only),
		TEST(address__belongs_to_the_server_that_its_scope_gives_it_to),
		TEST(scopes__of_the_configuration_are_known_with_their_sizes),
		TEST(
		    scopes__that_a_call_names_first_have_24_bits_or_what_their_address_needs),
		TEST(
		    change__is_seen_by_others_when_it_is_committed_and_not_before),
		TEST(change__rolled_back_never_was),
		TEST(change__goes_on_after_a_call_that_is_refused),
		TEST(change__cannot_begin_in_a_change_nor_end_without_one),
		TEST(restore__puts_back_a_changed_relationship_with_everything),
		TEST(
		    restore__puts_back_a_deleted_relationship_even_beyond_the_rules),
		TEST(restore__to_absent_deletes_and_is_content_with_nothing),
		TEST(restore__of_one_without_scopes_works),
		TEST(restore__of_a_scope_that_is_in_another_by_now_is_refused),
		TEST(list__has_each_relationship_once_with_its_own_scopes),
		TEST(list__ends_when_the_taker_has_no_memory),
		TEST(list__of_nothing_is_a_success),
		TEST(handles__on_one_file_see_each_others_changes),
		TEST(system_time__is_now_with_a_minute_of_tolerance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
