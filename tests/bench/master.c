/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * master - an AgentX master that asks one subagent, and nothing else: how long
 * dhcpfod takes for a GET of a whole row while it has other things to do, not
 * counting a real master's own stall while a SET is open.
 *
 *   master SOCKET SERVERS ROWS MILLISECONDS ROUNDS [slow]
 *
 * Waits for the subagent, then asks for random rows of servers 1 to SERVERS.
 * With "slow" every other round asks while a CommitSet of row 0 of server 1 is
 * not answered.  A line comes out for each round.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "peers/rows.h"

enum pdu_type {
	GET = 5,
	TESTSET = 8,
	COMMITSET = 9,
	CLEANUPSET = 11,
	RESPONSE = 18
};

#define HEADER 20
#define TIMES_MAX 1000000
#define SET_TRANSACTION 0x40000000u

static struct {
	int socket;
	uint8_t in[65536], out[65536];
	size_t have, used;
	uint32_t packet, seed;
	uint32_t transaction; /* of the SET */
	uint32_t commit; /* its packet id while it is open, or 0 */
	bool network; /* byte order: the subagent's */
} master;

static uint64_t times[TIMES_MAX];

static void
die(const char *what)
{
	fprintf(stderr, "master: %s\n", what);
	exit(1);
}

static uint32_t
swap(uint32_t n)
{
	return master.network ? __builtin_bswap32(n) : n;
}

static uint32_t
get32(const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return swap(n);
}

static uint8_t *
put32(uint8_t *at, uint32_t n)
{
	n = swap(n);
	memcpy(at, &n, sizeof(n));
	return at + sizeof(n);
}

static uint32_t
chance(uint32_t below)
{
	master.seed = master.seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(master.seed >> 1) * below >> 31);
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
finish(uint8_t type, uint32_t transaction, uint32_t packet, const uint8_t *end)
{
	const size_t n = (size_t)(end - master.out);

	master.out[0] = 1;
	master.out[1] = type;
	master.out[2] = master.network ? 0x10 : 0;
	master.out[3] = 0;
	put32(master.out + 4, 1);
	put32(master.out + 8, transaction);
	put32(master.out + 12, packet);
	put32(master.out + 16, (uint32_t)(n - HEADER));
	if (send(master.socket, master.out, n, 0) != (ssize_t)n)
		die("cannot send");
}

/* The next PDU at the beginning of ${master.in}. */
static void
receive(void)
{
	struct pollfd readable = { master.socket, POLLIN, 0 };
	ssize_t got;

	master.have -= master.used;
	memmove(master.in, master.in + master.used, master.have);
	while (master.have < HEADER ||
	    master.have < HEADER + get32(master.in + 16)) {
		if (poll(&readable, 1, 10000) != 1 ||
		    (got = recv(master.socket, master.in + master.have,
			 sizeof(master.in) - master.have, 0)) <= 0)
			die("no answer");
		if (master.have == 0 && got >= HEADER)
			master.network = (master.in[2] & 0x10) != 0;
		master.have += (size_t)got;
	}
	master.used = HEADER + get32(master.in + 16);
}

/* Say yes to whatever the subagent asks; true if it was an answer instead. */
static bool
take(void)
{
	uint8_t *end = master.out + HEADER;

	receive();
	if (master.in[1] == RESPONSE) {
		if (master.commit != 0 &&
		    get32(master.in + 12) == master.commit)
			master.commit = 0;
		return true;
	}
	memset(end, 0, 8);
	finish(RESPONSE, get32(master.in + 8), get32(master.in + 12), end + 8);
	return false;
}

static void
await(uint32_t packet)
{
	while (!take() || get32(master.in + 12) != packet)
		continue;
	if (memcmp(master.in + HEADER + 4, "\0\0\0\0", 4) != 0)
		die("an error");
}

static uint8_t *
put_name(uint8_t *at, uint32_t column, uint32_t server, uint32_t row)
{
	static const uint32_t prefix[] = { 1, 8072, 9999, 9999, 647, 1, 3, 1 };
	char key[BENCH_KEY_LENGTH];
	size_t i;

	at[0] = sizeof(prefix) / sizeof(prefix[0]) + 3 + BENCH_KEY_LENGTH;
	at[1] = 4;
	at[2] = at[3] = 0;
	at += 4;
	for (i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		at = put32(at, prefix[i]);
	at = put32(at, column);
	at = put32(at, server);
	at = put32(at, BENCH_KEY_LENGTH);
	bench_key(row, key);
	for (i = 0; i < BENCH_KEY_LENGTH; i++)
		at = put32(at, (uint8_t)key[i]);
	return at;
}

static void
get_row(uint32_t server, uint32_t row)
{
	uint8_t *at = master.out + HEADER;
	size_t i;

	for (i = 0; i < BENCH_COLUMNS; i++) {
		at = put_name(at, bench_columns[i], server, row);
		at = put32(at, 0);
	}
	master.packet++;
	finish(GET, master.packet, master.packet, at);
	await(master.packet);
}

/* The maximum client lead time of row 0 of server 1. */
static void
begin_set(void)
{
	uint8_t *at = master.out + HEADER;
	const uint16_t type = master.network ? 0x4200 : 0x42;

	memcpy(at, &type, 2);
	at[2] = at[3] = 0;
	at = put_name(at + 4, 7, 1, 0);
	at = put32(at, 3600 + chance(1000));
	master.packet++;
	master.transaction = SET_TRANSACTION + master.packet;
	finish(TESTSET, master.transaction, master.packet, at);
	await(master.packet);
	master.commit = ++master.packet;
	finish(COMMITSET, master.transaction, master.commit,
	    master.out + HEADER);
}

static void
end_set(void)
{
	while (master.commit != 0)
		take();
	finish(CLEANUPSET, master.transaction, ++master.packet,
	    master.out + HEADER);
}

static int
by_time(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
run_round(uint32_t servers, uint32_t rows, uint64_t limit, bool slow)
{
	uint64_t start = now_ns(), before, now = start;
	size_t n = 0;

	if (slow) {
		begin_set();
		start = now = now_ns();
	}
	while (now - start < limit && n < TIMES_MAX &&
	    (!slow || master.commit != 0)) {
		before = now_ns();
		get_row(1 + chance(servers), chance(rows));
		now = now_ns();
		times[n++] = now - before;
	}
	if (slow)
		end_set();
	if (n == 0)
		die("the SET was not slow");
	qsort(times, n, sizeof(times[0]), by_time);
	printf("%s requests=%zu p50_us=%.1f p99_us=%.1f max_us=%.1f\n",
	    slow ? "slow" : "plain", n, (double)times[n / 2] / 1e3,
	    (double)times[n * 99 / 100] / 1e3, (double)times[n - 1] / 1e3);
	fflush(stdout);
}

/* Whoever only looks whether there is a master hangs up without a word. */
static void
wait_for_words(int listening)
{
	char octet;

	for (;;) {
		if ((master.socket = accept(listening, NULL, NULL)) == -1)
			die("cannot accept");
		if (recv(master.socket, &octet, 1, MSG_PEEK) == 1)
			return;
		close(master.socket);
	}
}

static void
wait_for_subagent(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	bool registered = false;
	int s;

	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	if ((s = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&at, sizeof(at)) == -1 ||
	    listen(s, 8) == -1)
		die(path);
	wait_for_words(s);
	close(s);
	while (!registered) {
		take();
		registered = master.in[1] == 3;
	}
}

int
main(int argc, char **argv)
{
	uint32_t servers, rows;
	uint64_t limit;
	int i, rounds;
	bool slow;

	if (argc < 6) {
		fprintf(stderr,
		    "usage: master SOCKET SERVERS ROWS "
		    "MILLISECONDS ROUNDS [slow]\n");
		return 2;
	}
	servers = (uint32_t)strtoul(argv[2], NULL, 10);
	rows = (uint32_t)strtoul(argv[3], NULL, 10);
	limit = strtoull(argv[4], NULL, 10) * 1000000u;
	rounds = atoi(argv[5]);
	slow = argc > 6;
	wait_for_subagent(argv[1]);
	sleep(3); /* the first listings of all servers */
	for (i = 0; i < rounds; i++)
		run_round(servers, rows, limit, slow && i % 2 == 1);
	return 0;
}
