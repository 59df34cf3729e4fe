/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load - asks an SNMP agent for the columns of a table as fast as it answers,
 * one request at a time, checks every answer and prints how long it took.
 *
 *   load PORT WORKLOAD REQUESTS [ENTRY-OID [COLUMN...]]
 *
 * The rows are learnt by a walk of the first column.  One line comes out:
 * workload, requests, requests/s, p50, p99 and max in microseconds, varbinds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ber.h"

#define COLUMNS_MAX 32
#define COMMUNITY "private"

/* dhcpFoRelEntry, and its readable columns. */
#define ENTRY "1.3.6.1.4.1.8072.9999.9999.647.1.3.1"
static const char *const standard_columns[] = { "2", "3", "4", "5", "6", "7",
	"8", "9", "11", "13", "14", "15", "16", "17" };

static struct {
	int socket;
	uint32_t request;
	struct ber_oid entry;
	uint32_t columns[COLUMNS_MAX];
	size_t ncolumns;
	struct ber_oid *rows; /* instances, without entry and column */
	size_t n;
	uint32_t seed;
	uint64_t varbinds;
} load;

static struct ber_message ask, answer;

static void
die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static uint32_t
chance(uint32_t below)
{
	load.seed = load.seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(load.seed >> 1) * below >> 31);
}

static bool
parse_oid(const char *text, struct ber_oid *oid)
{
	char *end;

	for (oid->n = 0; *text != '\0'; text = *end == '.' ? end + 1 : end) {
		if (oid->n == BER_OID_MAX)
			return false;
		oid->at[oid->n++] = (uint32_t)strtoul(text, &end, 10);
		if (end == text)
			return false;
	}
	return oid->n > 2;
}

/* Send ${ask} and take the answer to it into ${answer}. */
static void
exchange(void)
{
	static uint8_t out[65536], in[65536];
	size_t length;
	ssize_t got;

	ask.request = ++load.request & 0x3fffffff;
	if ((length = ber_encode(&ask, COMMUNITY, out, sizeof(out))) == 0)
		die("the request is too large");
	if (send(load.socket, out, length, 0) != (ssize_t)length)
		die("cannot send");
	do
		if ((got = recv(load.socket, in, sizeof(in), 0)) < 0)
			die("no answer");
	while (!ber_decode(&answer, in, (size_t)got) ||
	    answer.request != ask.request);
	if (answer.pdu != PDU_RESPONSE)
		die("not a response");
	load.varbinds += answer.n;
}

static void
name(struct ber_oid *to, uint32_t column, const struct ber_oid *row)
{
	*to = load.entry;
	to->at[to->n++] = column;
	if (row != NULL) {
		memcpy(to->at + to->n, row->at, row->n * sizeof(row->at[0]));
		to->n += row->n;
	}
}

static struct ber_varbind *
add(uint32_t column, const struct ber_oid *row)
{
	struct ber_varbind *varbind = &ask.varbinds[ask.n++];

	name(&varbind->name, column, row);
	varbind->type = 0x05;
	varbind->value = NULL;
	varbind->length = 0;
	return varbind;
}

static void
begin(uint8_t pdu, uint32_t error, uint32_t index)
{
	ask.pdu = pdu;
	ask.error = error;
	ask.index = index;
	ask.n = 0;
}

static void
learn(void)
{
	struct ber_oid column, *row;
	size_t size = 0;

	name(&column, load.columns[0], NULL);
	begin(PDU_GETBULK, 0, 50);
	add(load.columns[0], NULL);
	for (;;) {
		exchange();
		for (size_t i = 0; i < answer.n; i++) {
			if (!ber_below(&answer.varbinds[i].name, &column) ||
			    answer.varbinds[i].type >= 0x80)
				return;
			if (load.n == size) {
				size = size == 0 ? 1024 : 2 * size;
				load.rows = realloc(load.rows,
				    size * sizeof(*load.rows));
				if (load.rows == NULL)
					die("no memory");
			}
			row = &load.rows[load.n++];
			row->n = answer.varbinds[i].name.n - column.n;
			memcpy(row->at, answer.varbinds[i].name.at + column.n,
			    row->n * sizeof(row->at[0]));
		}
		if (answer.n == 0)
			die("an empty answer");
		ask.varbinds[0].name = answer.varbinds[answer.n - 1].name;
	}
}

static void
no_error(void)
{
	if (answer.error != 0)
	{ fprintf(stderr, "error-status %u index %u after %llu varbinds\n", answer.error, answer.index, (unsigned long long)load.varbinds); exit(1); }
}

/* Every varbind must be the one that was asked for, with a value. */
static void
check_same(void)
{
	no_error();
	if (answer.n != ask.n)
		die("not as many varbinds as asked for");
	for (size_t i = 0; i < ask.n; i++)
		if (ber_compare(&answer.varbinds[i].name,
		    &ask.varbinds[i].name) != 0 ||
		    answer.varbinds[i].type >= 0x80)
			die("not what was asked for");
}

static void
get_one(void)
{
	begin(PDU_GET, 0, 0);
	add(load.columns[chance((uint32_t)load.ncolumns)],
	    &load.rows[chance((uint32_t)load.n)]);
	exchange();
	check_same();
}

static void
get_row(void)
{
	const struct ber_oid *row = &load.rows[chance((uint32_t)load.n)];

	begin(PDU_GET, 0, 0);
	for (size_t i = 0; i < load.ncolumns; i++)
		add(load.columns[i], row);
	exchange();
	check_same();
}

/* The ${n} columns from row ${row} on must be answered by the rows behind. */
static void
check_next(size_t row, size_t n, size_t repetitions)
{
	struct ber_oid expected;
	size_t i;

	no_error();
	if (answer.n == 0 || answer.n % n != 0 || answer.n > n * repetitions)
		die("not as many varbinds as asked for");
	for (i = 0; i < answer.n && row + i / n < load.n; i++) {
		name(&expected, load.columns[i % n], &load.rows[row + i / n]);
		if (ber_compare(&answer.varbinds[i].name, &expected) != 0)
			die("not the next one");
	}
}

static size_t walk_row;

static void
walk(uint8_t pdu, size_t n, uint32_t repetitions)
{
	const struct ber_oid *row = walk_row == 0 ? NULL :
	    &load.rows[walk_row - 1];

	begin(pdu, 0, pdu == PDU_GETBULK ? repetitions : 0);
	for (size_t i = 0; i < n; i++)
		add(load.columns[i], row);
	exchange();
	check_next(walk_row, n, repetitions);
	walk_row += answer.n / n;
	if (walk_row >= load.n)
		walk_row = 0;
}

static void
next_one(void)
{
	walk(PDU_GETNEXT, 1, 1);
}

static void
next_row(void)
{
	walk(PDU_GETNEXT, load.ncolumns, 1);
}

static void
bulk_one(void)
{
	walk(PDU_GETBULK, 1, 10);
}

static void
bulk_row(void)
{
	walk(PDU_GETBULK, load.ncolumns, 10);
}

/* mclt, safePeriod, percentage, mode, state, prevState: settable everywhere. */
static void
set_columns(size_t n, size_t rows)
{
	static const struct {
		uint32_t column;
		uint8_t type;
	} settable[] = { { 7, 0x42 }, { 8, 0x42 }, { 9, 0x42 }, { 3, 0x02 },
		{ 5, 0x02 }, { 6, 0x02 } };
	static uint8_t values[6];
	struct ber_varbind *varbind;
	size_t first = chance((uint32_t)load.n), i, j;

	begin(PDU_SET, 0, 0);
	values[0] = (uint8_t)(chance(100) + 1);
	values[1] = (uint8_t)(chance(100) + 1);
	values[2] = (uint8_t)chance(100);
	values[3] = (uint8_t)chance(2);
	values[4] = values[5] = 3;
	for (j = 0; j < rows; j++)
		for (i = 0; i < n; i++) {
			varbind = add(settable[i].column,
			    &load.rows[(first + j) % load.n]);
			varbind->type = settable[i].type;
			varbind->value = &values[i];
			varbind->length = 1;
		}
	exchange();
	check_same();
	for (i = 0; i < answer.n; i++)
		if (answer.varbinds[i].length != 1 ||
		    answer.varbinds[i].value[0] != values[i % n])
			die("not what was set");
}

static void
set_one(void)
{
	set_columns(1, 1);
}

static void
set_three(void)
{
	set_columns(3, 1);
}

static void
set_six(void)
{
	set_columns(6, 1);
}

static void
set_rows(void)
{
	set_columns(6, 4);
}

static void
mixed(void)
{
	uint32_t what = chance(100);

	if (what < 70)
		get_row();
	else if (what < 90)
		walk(PDU_GETBULK, load.ncolumns, 4);
	else
		set_three();
}

static const struct {
	const char *name;
	void (*once)(void);
} workloads[] = {
	{ "get1", get_one },
	{ "getrow", get_row },
	{ "next1", next_one },
	{ "nextrow", next_row },
	{ "bulk10", bulk_one },
	{ "bulkrow10", bulk_row },
	{ "set1", set_one },
	{ "set3", set_three },
	{ "set6", set_six },
	{ "set6x4", set_rows },
	{ "mixed", mixed },
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int
by_time(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
run(const char *workload, size_t requests)
{
	uint64_t *times, start, before;
	void (*once)(void) = NULL;
	size_t i;

	for (i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (strcmp(workloads[i].name, workload) == 0)
			once = workloads[i].once;
	if (once == NULL)
		die("no such workload");
	if ((times = calloc(requests, sizeof(*times))) == NULL)
		die("no memory");
	load.varbinds = 0;
	start = now_ns();
	for (i = 0; i < requests; i++) {
		before = now_ns();
		once();
		times[i] = now_ns() - before;
	}
	start = now_ns() - start;
	qsort(times, requests, sizeof(*times), by_time);
	printf("%s rows=%zu requests=%zu per_s=%.0f p50_us=%.1f p99_us=%.1f "
	    "max_us=%.1f varbinds=%llu\n", workload, load.n, requests,
	    (double)requests * 1e9 / (double)start,
	    (double)times[requests / 2] / 1e3,
	    (double)times[requests * 99 / 100] / 1e3,
	    (double)times[requests - 1] / 1e3,
	    (unsigned long long)load.varbinds);
	free(times);
}

static void
connect_to(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	const struct timeval patience = { .tv_sec = 10 };

	to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((load.socket = socket(AF_INET, SOCK_DGRAM, 0)) == -1 ||
	    setsockopt(load.socket, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience)) == -1 ||
	    connect(load.socket, (struct sockaddr *)&to, sizeof(to)) == -1)
		die("cannot connect");
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 4) {
		fprintf(stderr, "usage: load PORT WORKLOAD REQUESTS "
		    "[ENTRY-OID [COLUMN...]]\nworkloads:");
		for (i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
			fprintf(stderr, " %s", workloads[i].name);
		fprintf(stderr, "\n");
		return 2;
	}
	load.seed = 1;
	if (!parse_oid(argc > 4 ? argv[4] : ENTRY, &load.entry))
		die("not an OID");
	for (i = 5; i < (size_t)argc && load.ncolumns < COLUMNS_MAX; i++)
		load.columns[load.ncolumns++] =
		    (uint32_t)strtoul(argv[i], NULL, 10);
	if (load.ncolumns == 0)
		for (i = 0; i < sizeof(standard_columns) /
		    sizeof(standard_columns[0]); i++)
			load.columns[load.ncolumns++] =
			    (uint32_t)strtoul(standard_columns[i], NULL, 10);
	connect_to(argv[1]);
	learn();
	if (load.n == 0)
		die("no rows");
	run(argv[2], (size_t)strtoul(argv[3], NULL, 10));
	free(load.rows);
	close(load.socket);
	return 0;
}
