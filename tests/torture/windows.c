/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers of type windows: the helper is this program itself, and writes down
 * the changes that it was asked for, octet by octet.
 */
#include "../unit/stand_in.h"

#include <sys/mman.h>

#include "server_windows_private.h"

#include "foreign.h"

/* Says that this is a helper, and where what it shares with dhcpfod is. */
#define SHARED "TORTURE_WINDOWS"

#define PROGRAM "/proc/self/exe"
#define RELATIONSHIPS 2u

enum scene {
	SCENE_THERE,
	SCENE_ABSENT, /* there is no such relationship */
	SCENE_DENIED, /* nothing may be changed */
	SCENE_MOVED /* the state is another one */
};

/* The server, shared with its helper. */
struct windows_world {
	struct fault_peer fault;
	enum scene scene;
	atomic_size_t length; /* of what is written down */
	char text[16384];
};

static struct windows_world *world;
static int world_fd;

static DHCP_IP_ADDRESS networks[] = { NET(10, 1, 0, 0), FOREIGN_SCOPE,
	NET(10, 2, 0, 0) };
static char texts[][16] = { "other", "one", "two", "pass phrase" };

/* What the server has, ${i} of RELATIONSHIPS. */
static DHCP_FAILOVER_RELATIONSHIP
relationship(size_t i, DHCP_IP_ARRAY *scopes)
{
	*scopes = (DHCP_IP_ARRAY){ i == 0 ? 2 : 1, &networks[2 * i] };
	return (DHCP_FAILOVER_RELATIONSHIP){
		.RelationshipName = i == 0 ? foreign_name : texts[0],
		.PrimaryServer = NET(192, 0, 2, 1),
		.SecondaryServer = NET(192, 0, 2, 2),
		.PrimaryServerName = texts[1],
		.SecondaryServerName = texts[2],
		.Mode = LoadBalance,
		.ServerType = PrimaryServer,
		.State = NORMAL,
		.PrevState = STARTUP,
		.Mclt = 3600,
		.SafePeriod = 7200,
		.Percentage = 50,
		.SharedSecret = i == 0 ? texts[3] : NULL,
		.pScopes = scopes,
	};
}

/* ---------------------------------------------------------------- the helper
 */

static bool
is_change(unsigned int op)
{
	return op == MSDHCPM_CREATE || op == MSDHCPM_SET ||
	    op == MSDHCPM_DELETE || op == MSDHCPM_ADD_SCOPES ||
	    op == MSDHCPM_DELETE_SCOPES || op == MSDHCPM_TRIGGER_ALLOCATION;
}

/* A line that is there as a whole or not at all, whenever this is killed. */
static void
write_down(struct windows_world *w, const struct helper_message *question)
{
	const size_t room = sizeof(w->text) - w->length;
	char *line = w->text + w->length;
	size_t i, n;

	n = (size_t)snprintf(line, room, "%u ", question->number);
	for (i = 0; i < question->n && n < room; i++)
		n += (size_t)snprintf(line + n, room - n, "%02x",
		    question->body[i]);
	if (n + 2 > room)
		abort();
	memcpy(line + n, "\n", 2);
	w->length += n + 1;
}

/* What relationship ${i} is in an answer, behind a pointer to it. */
static void
put_relationship(struct ndr_writer *writer, const struct windows_world *w,
    size_t i)
{
	struct ndr_writer alone = { .at = NULL };
	DHCP_FAILOVER_RELATIONSHIP rel;
	DHCP_IP_ARRAY scopes;

	rel = relationship(i, &scopes);
	if (w->scene == SCENE_MOVED)
		rel.State = COMMUNICATION_INT;
	/* A request has a server in front of it. */
	msdhcpm_ask_relationship(&alone, &rel);
	ndr_put_octets(writer, alone.at + sizeof(DWORD),
	    alone.n - sizeof(DWORD));
	ndr_writer_free(&alone);
}

/* One relationship at a time. */
static void
put_part(struct ndr_writer *writer, const struct windows_world *w,
    const struct helper_message *question)
{
	DWORD resume = question->body[sizeof(DWORD)];

	ndr_put_u32(writer, resume + 1);
	ndr_put_pointer(writer, writer);
	ndr_put_u32(writer, 1);
	ndr_put_pointer(writer, writer);
	ndr_put_u32(writer, 1);
	put_relationship(writer, w, resume);
	ndr_put_u32(writer, 1);
	ndr_put_u32(writer, RELATIONSHIPS - resume - 1);
	ndr_put_u32(writer,
	    resume + 1 < RELATIONSHIPS ? ERROR_MORE_DATA : ERROR_SUCCESS);
}

static void
put_get(struct ndr_writer *writer, const struct windows_world *w)
{
	if (w->scene == SCENE_ABSENT) {
		ndr_put_pointer(writer, NULL);
		ndr_put_u32(writer, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST);
		return;
	}
	ndr_put_pointer(writer, writer);
	put_relationship(writer, w, 0);
	ndr_put_u32(writer, ERROR_SUCCESS);
}

static void
put_numbers(struct ndr_writer *writer, DWORD n)
{
	DWORD i;

	for (i = 1; i <= n; i++)
		ndr_put_u32(writer, i);
	ndr_put_u32(writer, ERROR_SUCCESS);
}

static void
carry_out(struct windows_world *w, const struct helper_message *question,
    struct ndr_writer *writer)
{
	if (is_change(question->number)) {
		if (w->scene != SCENE_DENIED)
			write_down(w, question);
		ndr_put_u32(writer,
		    w->scene == SCENE_DENIED ? ERROR_ACCESS_DENIED :
					       ERROR_SUCCESS);
		return;
	}
	switch ((enum msdhcpm_op)question->number) {
	case MSDHCPM_ENUM:
		put_part(writer, w, question);
		break;
	case MSDHCPM_GET:
	case MSDHCPM_SCOPE_RELATIONSHIP:
		put_get(writer, w);
		break;
	case MSDHCPM_SCOPE_STATISTICS:
		ndr_put_pointer(writer, writer);
		put_numbers(writer, 7);
		break;
	case MSDHCPM_SYSTEM_TIME:
		put_numbers(writer, 2);
		break;
	default:
		put_numbers(writer, 1);
		break;
	}
}

/* False: this was its last answer. */
static bool
answer(struct windows_world *w, const struct helper_message *question)
{
	enum fault_way way = fault_peer_way(&w->fault);
	struct ndr_writer writer = { .at = NULL };

	if (way == FAULT_WAY_IGNORED)
		return false;
	if (question->kind == HELPER_CALL)
		carry_out(w, question, &writer);
	if (way == FAULT_WAY_HALF) {
		/* Of an answer: a length, and not so many octets. */
		dprintf(0, "%c%c%c%c", 100, 0, 0, 0);
		writer.error = ERROR_SUCCESS;
	} else if (way != FAULT_WAY_LOST)
		stand_in_answer(question->sequence, ERROR_SUCCESS, "",
		    writer.at,
		    way == FAULT_WAY_NONSENSE ? writer.n / 2 : writer.n);
	ndr_writer_free(&writer);
	return way == FAULT_WAY_GOOD || way == FAULT_WAY_NONSENSE;
}

bool
windows_helper(void)
{
	const char *shared = getenv(SHARED);
	struct helper_message question;
	struct windows_world *w;
	bool more = true;

	if (shared == NULL || !stand_in_is_asked())
		return false;
	w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED,
	    atoi(shared), 0);
	if (w == MAP_FAILED)
		abort();
	while (more && helper_receive(0, &question, 0) == HELPER_IO_DONE) {
		more = answer(w, &question);
		free(question.body);
	}
	/* Nobody looks for its leaks, which takes longer than all of this. */
	_exit(0);
}

/* ---------------------------------------------------------------- the peer */

static void
begin(struct foreign *f)
{
	char text[16];

	world = foreign_share(sizeof(*world), &world_fd);
	snprintf(text, sizeof(text), "%d", world_fd);
	assert_int_equal(setenv(SHARED, text, 1), 0);
	f->options = stand_in_options(PROGRAM);
	assert_non_null(f->options);
	f->peer = &world->fault;
}

static void
end(struct foreign *f)
{
	stand_in_options_free(f->options);
	unsetenv(SHARED);
	munmap(world, sizeof(*world));
	close(world_fd);
}

static void
reset(struct foreign *f)
{
	world->scene = (enum scene)f->deed->scene;
	world->length = 0;
	world->text[0] = '\0';
}

/* As if the time had passed. */
static void
hurry(struct failover_server *server)
{
	struct windows *windows = server->impl;

	windows->helper.not_before = 0;
}

static void
look(struct foreign *f)
{
	size_t n = world->length;

	memcpy(f->world, world->text, n);
	f->world[n] = '\0';
}

static bool
is_order(const void *at, size_t n)
{
	struct helper_message message;

	return n == HELPER_HEADER_SIZE && helper_header_read(at, &message) &&
	    message.kind == HELPER_CALL && is_change(message.number);
}

static void
configure(FILE *conf)
{
	fprintf(conf, "address = 192.0.2.1\nhelper = %s\n", PROGRAM);
}

static void
move(void)
{
	world->scene = SCENE_MOVED;
}

const struct foreign_type foreign_windows = { &failover_server_windows, begin,
	end, reset, look, is_order, hurry, configure, move };

/* ---------------------------------------------------------------- calls */

/* The scopes are those that are to come, or to go. */
static DHCP_FAILOVER_RELATIONSHIP
wanted(DHCP_IP_ARRAY *scopes)
{
	DHCP_FAILOVER_RELATIONSHIP rel = relationship(0, scopes);

	scopes->Elements = &networks[1];
	rel.Mclt = 60;
	rel.SafePeriod = 70;
	rel.State = PARTNER_DOWN;
	rel.PrevState = COMMUNICATION_INT;
	rel.Mode = HotStandby;
	rel.Percentage = 10;
	rel.SharedSecret = texts[1];
	return rel;
}

static enum dhcp_error
call_set(struct foreign *f)
{
	DHCP_IP_ARRAY scopes;
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted(&scopes);

	return failover_server_set(f->server, f->deed->flags, &rel);
}

static enum dhcp_error
call_set_no_secret(struct foreign *f)
{
	static char none[] = "";
	const DHCP_FAILOVER_RELATIONSHIP rel = {
		.RelationshipName = foreign_name,
		.SharedSecret = none,
	};

	return failover_server_set(f->server, SHAREDSECRET, &rel);
}

static enum dhcp_error
call_create(struct foreign *f)
{
	DHCP_IP_ARRAY scopes;
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted(&scopes);

	return failover_server_create(f->server, &rel);
}

static enum dhcp_error
call_delete(struct foreign *f)
{
	return failover_server_delete(f->server, foreign_name);
}

static enum dhcp_error
call_add_scopes(struct foreign *f)
{
	DHCP_IP_ARRAY scopes;
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted(&scopes);

	return failover_server_add_scopes(f->server, &rel);
}

static enum dhcp_error
call_delete_scopes(struct foreign *f)
{
	DHCP_IP_ARRAY scopes;
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted(&scopes);

	return failover_server_delete_scopes(f->server, &rel);
}

static enum dhcp_error
call_trigger_allocation(struct foreign *f)
{
	return failover_server_trigger_allocation(f->server, foreign_name);
}

static enum dhcp_error
call_address_status(struct foreign *f)
{
	DWORD status;

	return failover_server_address_status(f->server, NET(10, 1, 0, 7),
	    &status);
}

static enum dhcp_error
call_restore(struct foreign *f)
{
	DHCP_IP_ARRAY scopes;
	const DHCP_FAILOVER_RELATIONSHIP rel = wanted(&scopes);

	return failover_server_restore(f->server, foreign_name, &rel);
}

static enum dhcp_error
call_restore_nothing(struct foreign *f)
{
	return failover_server_restore(f->server, foreign_name, NULL);
}

/* clang-format off */
static const struct deed deeds[] = {
	{ .name = "open", .call = foreign_open, .closed = true },
	{ .name = "close", .call = foreign_close },
	{ .name = "list", .call = foreign_list, .cold = true, .excuse = foreign_is_uncounted },
	{ .name = "list", .call = foreign_list, .excuse = foreign_is_uncounted },
	{ .name = "get", .call = foreign_get, .cold = true },
	{ .name = "get", .call = foreign_get },
	{ .name = "scope_relationship", .call = foreign_scope_relationship },
	{ .name = "scope_statistics", .call = foreign_scope_statistics },
	{ .name = "system_time", .call = foreign_system_time },
	{ .name = "address_status", .call = call_address_status },
	{ .name = "trigger_allocation", .call = call_trigger_allocation, .changes = true },
	{ .name = "set_mclt", .call = call_set, .changes = true, .flags = MCLT },
	{ .name = "set_safe_period", .call = call_set, .changes = true, .flags = SAFEPERIOD },
	{ .name = "set_state", .call = call_set, .changes = true, .flags = CHANGESTATE },
	{ .name = "set_percentage", .call = call_set, .changes = true, .flags = PERCENTAGE },
	{ .name = "set_mode", .call = call_set, .changes = true, .flags = MODE },
	{ .name = "set_prev_state", .call = call_set, .changes = true, .flags = PREVSTATE },
	{ .name = "set_secret", .call = call_set, .changes = true, .flags = SHAREDSECRET },
	{ .name = "set_no_secret", .call = call_set_no_secret, .changes = true },
	{ .name = "set_all", .call = call_set, .changes = true, .cold = true, .flags = FAILOVER_SET_ALL },
	{ .name = "set_all", .call = call_set, .changes = true, .flags = FAILOVER_SET_ALL },
	{ .name = "set_without_rights", .call = call_set, .expected = ERROR_ACCESS_DENIED, .changes = true, .flags = MCLT, .scene = SCENE_DENIED },
	{ .name = "create", .call = call_create, .changes = true, .cold = true },
	{ .name = "create", .call = call_create, .changes = true },
	{ .name = "delete", .call = call_delete, .changes = true },
	{ .name = "add_scopes", .call = call_add_scopes, .changes = true },
	{ .name = "delete_scopes", .call = call_delete_scopes, .changes = true },
	{ .name = "restore", .call = call_restore, .changes = true, .back = true },
	{ .name = "restore_of_what_was_deleted", .call = call_restore, .changes = true, .back = true, .scene = SCENE_ABSENT },
	{ .name = "restore_of_what_was_created", .call = call_restore_nothing, .changes = true, .back = true },
};
/* clang-format on */

const struct operation *
windows_operations(size_t *n)
{
	static struct operation all[nitems(deeds)];

	foreign_operations(&foreign_windows, "windows", deeds, nitems(deeds),
	    all);
	*n = nitems(all);
	return all;
}
