/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * echo - the limit: what an AgentX subagent costs that does nothing but look
 * answers up which were encoded before it began.  The bare socket, one sorted
 * array, no checks that the benchmark does not need.
 *
 *   echo SOCKET ROWS
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rows.h"

enum pdu_type {
	OPEN = 1,
	REGISTER = 3,
	GET = 5,
	GETNEXT = 6,
	TESTSET = 8,
	COMMITSET = 9,
	UNDOSET = 10,
	CLEANUPSET = 11,
	RESPONSE = 18
};

#define HEADER 20
#define NAME_MAX_SUBS 24

/* Host order throughout: the master follows the subagent's Open. */
struct entry {
	uint32_t name[NAME_MAX_SUBS]; /* behind 1.3.6.1.4 */
	uint32_t n;
	uint32_t value; /* where the type begins in ${wire} */
	uint8_t wire[160]; /* the varbind */
	uint32_t length;
};

struct pending {
	struct entry *entry;
	uint8_t value[16];
};

static struct {
	int socket;
	struct entry *entries;
	size_t n, rows;
	uint8_t in[65536], out[65536];
	uint32_t session;
	struct pending pending[64];
	size_t npending;
} echo;

static void
die(const char *what)
{
	fprintf(stderr, "echo: ");
	perror(what);
	exit(1);
}

static uint32_t
get32(const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

static uint8_t *
put32(uint8_t *at, uint32_t n)
{
	memcpy(at, &n, sizeof(n));
	return at + sizeof(n);
}

static uint8_t *
put_octets(uint8_t *at, const void *octets, size_t n)
{
	at = put32(at, (uint32_t)n);
	memset(at, 0, (n + 3) / 4 * 4);
	memcpy(at, octets, n);
	return at + (n + 3) / 4 * 4;
}

static void
send_all(const uint8_t *from, size_t n)
{
	ssize_t sent;

	for (; n > 0; from += sent, n -= (size_t)sent)
		if ((sent = send(echo.socket, from, n, 0)) <= 0)
			die("send");
}

/*
 * The next PDU to the beginning of ${echo.in}, mostly by one call; behind a
 * CleanupSet, which is not answered, there may be another one already.
 */
static void
receive(void)
{
	static size_t have, used;
	ssize_t got;

	have -= used;
	memmove(echo.in, echo.in + used, have);
	while (have < HEADER || have < HEADER + get32(echo.in + 16)) {
		got = recv(echo.socket, echo.in + have, sizeof(echo.in) - have,
		    0);
		if (got <= 0)
			exit(0);
		have += (size_t)got;
	}
	used = HEADER + get32(echo.in + 16);
}

static void
finish(enum pdu_type type, uint8_t *end)
{
	echo.out[0] = 1;
	echo.out[1] = (uint8_t)type;
	put32(echo.out + 16, (uint32_t)(end - echo.out) - HEADER);
	send_all(echo.out, (size_t)(end - echo.out));
}

/* ---- the array ---- */

static uint8_t *
put_value(uint8_t *at, uint32_t column, uint32_t row)
{
	const uint32_t address =
	    column == 11 ? bench_primary(row) : bench_secondary(row);
	const uint8_t octets[4] = { (uint8_t)(address >> 24),
		(uint8_t)(address >> 16), (uint8_t)(address >> 8),
		(uint8_t)address };
	char key[BENCH_KEY_LENGTH];

	switch (column) {
	case 2:
		bench_key(row, key);
		return put_octets(at, key, sizeof(key));
	case 3:
		return put32(at, BENCH_MODE);
	case 4:
		return put32(at, bench_role(row));
	case 5:
	case 6:
		return put32(at, BENCH_STATE);
	case 7:
		return put32(at, BENCH_MCLT);
	case 8:
		return put32(at, BENCH_SAFE_PERIOD);
	case 9:
		return put32(at, BENCH_PERCENTAGE);
	case 11:
	case 13:
		return put_octets(at, octets, sizeof(octets));
	case 14:
		return put_octets(at, BENCH_PRIMARY_NAME,
		    strlen(BENCH_PRIMARY_NAME));
	case 15:
		return put_octets(at, BENCH_SECONDARY_NAME,
		    strlen(BENCH_SECONDARY_NAME));
	case 16:
		return put_octets(at, "", 0);
	}
	return put32(at, 1);
}

static uint16_t
type_of(uint32_t column)
{
	if (column == 2 || (column >= 11 && column <= 16))
		return 4;
	return column >= 7 && column <= 9 ? 66 : 2;
}

static void
make(struct entry *e, uint32_t column, uint32_t row)
{
	static const uint32_t prefix[] = { 1, 8072, 9999, 9999, 647, 1, 3, 1 };
	const uint16_t type = type_of(column), none = 0;
	char key[BENCH_KEY_LENGTH];
	uint8_t *at = e->wire;
	size_t i;

	memcpy(e->name, prefix, sizeof(prefix));
	e->n = sizeof(prefix) / sizeof(prefix[0]);
	e->name[e->n++] = column;
	e->name[e->n++] = 1;
	e->name[e->n++] = BENCH_KEY_LENGTH;
	bench_key(row, key);
	for (i = 0; i < BENCH_KEY_LENGTH; i++)
		e->name[e->n++] = (uint8_t)key[i];
	memcpy(at, &type, 2);
	memcpy(at + 2, &none, 2);
	at[4] = (uint8_t)e->n;
	at[5] = 4;
	at[6] = at[7] = 0;
	memcpy(at + 8, e->name, e->n * 4);
	e->value = 8 + e->n * 4;
	e->length = (uint32_t)(put_value(at + e->value, column, row) - at);
}

static void
make_all(size_t rows)
{
	size_t i, j;

	echo.rows = rows;
	if ((echo.entries = malloc(
		 rows * BENCH_COLUMNS * sizeof(*echo.entries))) == NULL)
		die("malloc");
	for (i = 0; i < BENCH_COLUMNS; i++)
		for (j = 0; j < rows; j++)
			make(&echo.entries[echo.n++], bench_columns[i],
			    (uint32_t)j);
}

static int
compare(const uint8_t *name, size_t n, const struct entry *e)
{
	size_t i;
	uint32_t sub;

	for (i = 0; i < n && i < e->n; i++)
		if ((sub = get32(name + 4 * i)) != e->name[i])
			return sub < e->name[i] ? -1 : 1;
	return (n > e->n) - (n < e->n);
}

/* The first entry that does not lie before ${name}. */
static size_t
find(const uint8_t *name, size_t n, bool *exact)
{
	size_t low = 0, high = echo.n, middle;
	int o;

	*exact = false;
	while (low < high) {
		middle = low + (high - low) / 2;
		if ((o = compare(name, n, &echo.entries[middle])) == 0) {
			*exact = true;
			return middle;
		}
		if (o > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- PDUs ---- */

static uint8_t *
respond_to(uint32_t error, uint32_t index)
{
	memcpy(echo.out, echo.in, HEADER);
	memset(echo.out + HEADER, 0, 4);
	memcpy(echo.out + HEADER + 4, &(uint16_t){ (uint16_t)error }, 2);
	memcpy(echo.out + HEADER + 6, &(uint16_t){ (uint16_t)index }, 2);
	return echo.out + HEADER + 8;
}

static void
read_names(bool next)
{
	const uint8_t *at = echo.in + HEADER, *end = at + get32(echo.in + 16);
	uint8_t *to = respond_to(0, 0);
	const uint8_t *name;
	size_t n, i;
	bool exact, include;

	while (at < end) {
		n = at[0];
		include = at[2] != 0;
		name = at + 4;
		at = name + 4 * n;
		i = find(name, n, &exact);
		if (next && exact && !include)
			i++;
		/* The end of a search range only matters behind the last. */
		at += 4 + 4 * (size_t)at[0];
		if (i < echo.n && (exact || next)) {
			memcpy(to, echo.entries[i].wire,
			    echo.entries[i].length);
			to += echo.entries[i].length;
			continue;
		}
		memset(to, 0, 8);
		to[0] = next ? 130 : 129;
		to[4] = (uint8_t)n;
		to[5] = 4;
		memcpy(to + 8, name, 4 * n);
		to += 8 + 4 * n;
	}
	finish(RESPONSE, to);
}

static void
test_set(void)
{
	const uint8_t *at = echo.in + HEADER, *end = at + get32(echo.in + 16);
	struct pending *p;
	const uint8_t *name;
	size_t n, i;
	bool exact;

	echo.npending = 0;
	while (at < end) {
		n = at[4];
		name = at + 8;
		i = find(name, n, &exact);
		if (!exact || at[0] != echo.entries[i].wire[0] || at[0] == 4) {
			finish(RESPONSE,
			    respond_to(17, (uint32_t)echo.npending + 1));
			return;
		}
		p = &echo.pending[echo.npending++];
		p->entry = &echo.entries[i];
		memcpy(p->value, name + 4 * n, 4);
		at = name + 4 * n + 4;
	}
	finish(RESPONSE, respond_to(0, 0));
}

/* Swapped, so that a second time undoes it. */
static void
commit(void)
{
	uint8_t *value;
	uint8_t old[4];
	size_t i;

	for (i = 0; i < echo.npending; i++) {
		value =
		    echo.pending[i].entry->wire + echo.pending[i].entry->value;
		memcpy(old, value, 4);
		memcpy(value, echo.pending[i].value, 4);
		memcpy(echo.pending[i].value, old, 4);
	}
	finish(RESPONSE, respond_to(0, 0));
}

static void
answer(void)
{
	switch ((enum pdu_type)echo.in[1]) {
	case GET:
		read_names(false);
		break;
	case GETNEXT:
		read_names(true);
		break;
	case TESTSET:
		test_set();
		break;
	case COMMITSET:
	case UNDOSET:
		commit();
		break;
	case CLEANUPSET:
		break;
	case OPEN:
	case REGISTER:
	case RESPONSE:
		finish(RESPONSE, respond_to(0, 0));
		break;
	}
}

static void
begin(const char *path)
{
	static const uint32_t tree[] = { 1, 8072, 9999, 9999, 647, 1, 3, 1 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	uint8_t *at = echo.out + HEADER;

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	if ((echo.socket = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(echo.socket, (struct sockaddr *)&to, sizeof(to)) == -1)
		die(path);
	memset(echo.out, 0, HEADER + 8);
	at = put_octets(at + 8, "echo", 4);
	finish(OPEN, at);
	receive();
	memset(echo.out, 0, HEADER);
	memcpy(echo.out + 4, echo.in + 4, 4);
	at = echo.out + HEADER;
	memcpy(at, "\0\177\0\0", 4);
	at[4] = sizeof(tree) / sizeof(tree[0]);
	at[5] = 4;
	at[6] = at[7] = 0;
	memcpy(at + 8, tree, sizeof(tree));
	finish(REGISTER, at + 8 + sizeof(tree));
	receive();
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: echo SOCKET ROWS\n");
		return 2;
	}
	make_all(strtoul(argv[2], NULL, 10));
	begin(argv[1]);
	for (;;) {
		receive();
		answer();
	}
}
