/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load - asks an SNMP agent for the rows of dhcpFoRelTable as fast as it
 * answers, one request at a time, checks every answer and prints how long it
 * took.
 *
 *   load [-s] [-n ROWS] [-p PID]... [-t MS] PORT WORKLOAD REQUESTS
 *
 * With -n the rows are those of peers/rows.h, and values are checked as well;
 * otherwise they are learnt by a walk of the first column.  It ends after that
 * many requests or, with -t, milliseconds.  -p: a process whose CPU time is
 * told, once for the subagent, once for the master.  One line comes out:
 * workload, requests, requests/s, times in microseconds, varbinds, CPU time per
 * request in microseconds for each -p.
 *
 * SETs are read back at the end, outside of what is measured, unless -s.
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
#include "peers/rows.h"

#define COMMUNITY "private"
#define PIDS_MAX 4
#define SETTABLE 6

static const struct ber_oid entry = {
	{ 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 647, 1, 3, 1 }, 13
};

/* What can be set on every server, with values of one octet. */
static const struct {
	uint32_t column;
	uint8_t type;
} settable[SETTABLE] = { { 7, 0x42 }, { 8, 0x42 }, { 9, 0x42 }, { 3, 0x02 },
	{ 5, 0x02 }, { 6, 0x02 } };

/* What a row was set to. */
struct written {
	uint8_t values[SETTABLE];
	uint8_t n; /* how many */
};

/* An instance: what follows entry and column. */
struct instance {
	uint8_t at[100];
	uint8_t n;
};

static struct {
	int socket;
	uint32_t request;
	bool silent; /* nothing is read back */
	bool known; /* the rows are those of peers/rows.h */
	struct instance *rows;
	struct written *written;
	size_t n;
	pid_t pids[PIDS_MAX];
	size_t npids;
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
name(struct ber_oid *to, uint32_t column, const struct instance *row)
{
	size_t i;

	memcpy(to->at, entry.at, entry.n * sizeof(entry.at[0]));
	to->n = entry.n;
	to->at[to->n++] = column;
	for (i = 0; row != NULL && i < row->n; i++)
		to->at[to->n++] = row->at[i];
}

static struct ber_varbind *
add(uint32_t column, const struct instance *row)
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

static struct instance *
add_row(size_t *size)
{
	if (load.n == *size) {
		*size = *size == 0 ? 1024 : 2 * *size;
		load.rows = realloc(load.rows, *size * sizeof(*load.rows));
		if (load.rows == NULL)
			die("no memory");
	}
	return &load.rows[load.n++];
}

static void
learn(void)
{
	const struct ber_oid *found;
	struct ber_oid column;
	struct instance *row;
	size_t size = 0, i, j;

	name(&column, bench_columns[0], NULL);
	begin(PDU_GETBULK, 0, 50);
	add(bench_columns[0], NULL);
	for (;;) {
		exchange();
		for (i = 0; i < answer.n; i++) {
			found = &answer.varbinds[i].name;
			if (!ber_below(found, &column) ||
			    answer.varbinds[i].type >= 0x80)
				return;
			row = add_row(&size);
			row->n = (uint8_t)(found->n - column.n);
			for (j = 0; j < row->n && j < sizeof(row->at); j++)
				row->at[j] = (uint8_t)found->at[column.n + j];
		}
		if (answer.n == 0)
			die("an empty answer");
		ask.varbinds[0].name = answer.varbinds[answer.n - 1].name;
	}
}

/* The rows of peers/rows.h: server 1, and a key of a fixed length. */
static void
generate(size_t n)
{
	struct instance *row;
	size_t size = 0, i;

	load.known = true;
	for (i = 0; i < n; i++) {
		row = add_row(&size);
		row->at[0] = 1;
		row->at[1] = BENCH_KEY_LENGTH;
		bench_key((uint32_t)i, (char *)&row->at[2]);
		row->n = 2 + BENCH_KEY_LENGTH;
	}
}

static void
no_error(void)
{
	if (answer.error != 0)
		die("an error-status");
}

static bool
is_text(const struct ber_varbind *varbind, const char *text)
{
	return varbind->type == 0x04 && varbind->length == strlen(text) &&
	    memcmp(varbind->value, text, varbind->length) == 0;
}

static bool
is_address(const struct ber_varbind *varbind, uint32_t address)
{
	const uint8_t octets[4] = { (uint8_t)(address >> 24),
		(uint8_t)(address >> 16), (uint8_t)(address >> 8),
		(uint8_t)address };

	return varbind->type == 0x04 && varbind->length == 4 &&
	    memcmp(varbind->value, octets, 4) == 0;
}

/* A number of at most ${most}: what SETs change. */
static bool
is_number(const struct ber_varbind *varbind, uint8_t type, uint32_t most)
{
	uint64_t value = 0;
	size_t i;

	if (varbind->type != type || varbind->length < 1 || varbind->length > 5)
		return false;
	for (i = 0; i < varbind->length; i++)
		value = value << 8 | varbind->value[i];
	return value <= most;
}

static bool
is_right(const struct ber_varbind *varbind, uint32_t column, uint32_t i)
{
	char key[BENCH_KEY_LENGTH + 1] = "";

	switch (column) {
	case 2:
		bench_key(i, key);
		return is_text(varbind, key);
	case 3:
		return is_number(varbind, 0x02, 1);
	case 4:
		return is_number(varbind, 0x02, 1) &&
		    varbind->value[0] == bench_role(i);
	case 5:
	case 6:
		return is_number(varbind, 0x02, 11);
	case 7:
	case 8:
		return is_number(varbind, 0x42, UINT32_MAX);
	case 9:
		return is_number(varbind, 0x42, 100);
	case 11:
		return is_address(varbind, bench_primary(i));
	case 13:
		return is_address(varbind, bench_secondary(i));
	case 14:
		return is_text(varbind, BENCH_PRIMARY_NAME);
	case 15:
		return is_text(varbind, BENCH_SECONDARY_NAME);
	case 16:
		return is_text(varbind, "");
	case 17:
		return is_number(varbind, 0x02, 1) && varbind->value[0] == 1;
	}
	return false;
}

static void
check_value(const struct ber_varbind *varbind, uint32_t column, size_t row)
{
	if (varbind->type >= 0x80)
		die("no value");
	if (load.known && !is_right(varbind, column, (uint32_t)row))
		die("a wrong value");
}

/* Every varbind must be the one that was asked for. */
static void
check_names(void)
{
	size_t i;

	no_error();
	if (answer.n != ask.n)
		die("not as many varbinds as asked for");
	for (i = 0; i < ask.n; i++)
		if (ber_compare(&answer.varbinds[i].name,
			&ask.varbinds[i].name) != 0)
			die("not what was asked for");
}

static void
get_columns(const uint32_t *columns, size_t n, size_t row)
{
	size_t i;

	begin(PDU_GET, 0, 0);
	for (i = 0; i < n; i++)
		add(columns[i], &load.rows[row]);
	exchange();
	check_names();
	for (i = 0; i < n; i++)
		check_value(&answer.varbinds[i], columns[i], row);
}

static void
get_one(void)
{
	get_columns(&bench_columns[chance(BENCH_COLUMNS)], 1,
	    chance((uint32_t)load.n));
}

static void
get_row(void)
{
	get_columns(bench_columns, BENCH_COLUMNS, chance((uint32_t)load.n));
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
		name(&expected, bench_columns[i % n], &load.rows[row + i / n]);
		if (ber_compare(&answer.varbinds[i].name, &expected) != 0)
			die("not the next one");
		check_value(&answer.varbinds[i], bench_columns[i % n],
		    row + i / n);
	}
}

static size_t walk_row;

static void
walk(uint8_t pdu, size_t n, uint32_t repetitions)
{
	const struct instance *row =
	    walk_row == 0 ? NULL : &load.rows[walk_row - 1];
	size_t i;

	begin(pdu, 0, pdu == PDU_GETBULK ? repetitions : 0);
	for (i = 0; i < n; i++)
		add(bench_columns[i], row);
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
	walk(PDU_GETNEXT, BENCH_COLUMNS, 1);
}

static void
bulk_one(void)
{
	walk(PDU_GETBULK, 1, 10);
}

static void
bulk_row(void)
{
	walk(PDU_GETBULK, BENCH_COLUMNS, 10);
}

static void
set_columns(size_t n, size_t rows)
{
	static uint8_t values[SETTABLE];
	struct ber_varbind *varbind;
	size_t first = chance((uint32_t)load.n), row, i, j;

	begin(PDU_SET, 0, 0);
	values[0] = (uint8_t)(chance(100) + 1);
	values[1] = (uint8_t)(chance(100) + 1);
	values[2] = (uint8_t)chance(100);
	values[3] = (uint8_t)chance(2);
	values[4] = values[5] = 3;
	for (j = 0; j < rows; j++) {
		row = (first + j) % load.n;
		for (i = 0; i < n; i++) {
			varbind = add(settable[i].column, &load.rows[row]);
			varbind->type = settable[i].type;
			varbind->value = &values[i];
			varbind->length = 1;
			load.written[row].values[i] = values[i];
		}
		if (load.written[row].n < n)
			load.written[row].n = (uint8_t)n;
	}
	exchange();
	check_names();
	for (i = 0; i < answer.n; i++)
		if (answer.varbinds[i].length != 1 ||
		    answer.varbinds[i].value[0] != values[i % n])
			die("not what was set");
}

/* What was set must be there, unless that would take minutes to see. */
static void
read_back(void)
{
	const struct ber_varbind *varbind;
	size_t row, i, left = 200;

	for (row = 0; row < load.n && left > 0; row++) {
		if (load.written[row].n == 0)
			continue;
		left--;
		begin(PDU_GET, 0, 0);
		for (i = 0; i < load.written[row].n; i++)
			add(settable[i].column, &load.rows[row]);
		exchange();
		check_names();
		for (i = 0; i < answer.n; i++) {
			varbind = &answer.varbinds[i];
			if (varbind->type != settable[i].type ||
			    varbind->length != 1 ||
			    varbind->value[0] != load.written[row].values[i])
				die("a SET was lost");
		}
	}
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
		walk(PDU_GETBULK, BENCH_COLUMNS, 4);
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

/* CPU time that a process and all its threads have had. */
static uint64_t
cpu_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &used) != 0)
		die("no such process");
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static int
by_time(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
report(const char *workload, uint64_t *times, size_t n, uint64_t took,
    const uint64_t *cpu)
{
	size_t i;

	qsort(times, n, sizeof(*times), by_time);
	printf("%s rows=%zu requests=%zu per_s=%.0f p50_us=%.1f p99_us=%.1f "
	       "max_us=%.1f varbinds=%llu",
	    workload, load.n, n, (double)n * 1e9 / (double)took,
	    (double)times[n / 2] / 1e3, (double)times[n * 99 / 100] / 1e3,
	    (double)times[n - 1] / 1e3, (unsigned long long)load.varbinds);
	for (i = 0; i < load.npids; i++)
		printf(" cpu%zu_us=%.3f", i, (double)cpu[i] / 1e3 / (double)n);
	putchar('\n');
}

static void
run(const char *workload, size_t requests, uint64_t limit)
{
	uint64_t *times, start, before, now, cpu[PIDS_MAX];
	void (*once)(void) = NULL;
	size_t i, n = 0;

	for (i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (strcmp(workloads[i].name, workload) == 0)
			once = workloads[i].once;
	if (once == NULL)
		die("no such workload");
	if ((times = calloc(requests, sizeof(*times))) == NULL ||
	    (load.written = calloc(load.n, sizeof(*load.written))) == NULL)
		die("no memory");
	load.varbinds = 0;
	for (i = 0; i < load.npids; i++)
		cpu[i] = cpu_ns(load.pids[i]);
	start = before = now_ns();
	do {
		once();
		now = now_ns();
		times[n++] = now - before;
		before = now;
	} while (n < requests && (limit == 0 || now - start < limit));
	for (i = 0; i < load.npids; i++)
		cpu[i] = cpu_ns(load.pids[i]) - cpu[i];
	report(workload, times, n, now - start, cpu);
	if (!load.silent)
		read_back();
	free(load.written);
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

static void
usage(void)
{
	size_t i;

	fprintf(stderr,
	    "usage: load [-s] [-n ROWS] [-p PID]... [-t MS] "
	    "PORT WORKLOAD REQUESTS\nworkloads:");
	for (i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		fprintf(stderr, " %s", workloads[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	size_t rows = 0, requests;
	uint64_t limit = 0;
	int c;

	while ((c = getopt(argc, argv, "n:p:st:")) != -1)
		if (c == 'n')
			rows = strtoul(optarg, NULL, 10);
		else if (c == 's')
			load.silent = true;
		else if (c == 't')
			limit = strtoull(optarg, NULL, 10) * 1000000u;
		else if (c == 'p' && load.npids < PIDS_MAX)
			load.pids[load.npids++] =
			    (pid_t)strtol(optarg, NULL, 10);
		else
			usage();
	if (argc - optind != 3)
		usage();
	requests = strtoul(argv[optind + 2], NULL, 10);
	/* The same SETs again would change nothing, and cost no commit. */
	load.seed = (uint32_t)now_ns();
	connect_to(argv[optind]);
	if (rows > 0)
		generate(rows);
	else
		learn();
	if (load.n == 0 || requests == 0)
		die("no rows");
	run(argv[optind + 1], requests, limit);
	free(load.rows);
	close(load.socket);
	return 0;
}
