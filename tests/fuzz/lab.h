/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab.h - what the fuzzers share: octets to take choices from, a directory, and
 * a roster of two local servers in it.  Anything that must not be is an
 * abort().
 */
#ifndef DHCPFO_FUZZ_LAB_H
#define DHCPFO_FUZZ_LAB_H

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Octets of the input that are not used up. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t
bytes_8(struct bytes *bytes)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->at++;
}

static inline uint32_t
bytes_32(struct bytes *bytes)
{
	uint32_t value = 0;
	int i;

	for (i = 0; i < 4; i++)
		value = value << 8 | bytes_8(bytes);
	return value;
}

/* At most ${most} octets, as many as an octet says. */
static inline const uint8_t *
bytes_some(struct bytes *bytes, size_t most, size_t *n)
{
	const uint8_t *at;

	*n = bytes_8(bytes);
	if (*n > most)
		*n = most;
	if (*n > bytes->left)
		*n = bytes->left;
	at = bytes->at;
	bytes->at += *n;
	bytes->left -= *n;
	return at;
}

#define must(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
			    #condition);                                   \
			abort();                                           \
		}                                                          \
	} while (0)

static char lab_dir[64];

/* Files go to a directory in memory where there is one. */
static inline void
lab_clean(void)
{
	struct dirent *entry;
	char path[400];
	DIR *dir;

	if ((dir = opendir(lab_dir)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", lab_dir, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(lab_dir);
}

static inline void
lab_no_log(enum log_level level, const char *line)
{
	(void)level;
	/* Whatever it is about, it must not break a terminal or a file. */
	for (; *line != '\0'; line++)
		must((unsigned char)*line >= ' ' && *line != 0x7f);
}

static inline void
lab_directory(void)
{
	if (lab_dir[0] != '\0')
		return;
	snprintf(lab_dir, sizeof(lab_dir), "%s/dhcpfo-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(lab_dir) != NULL);
	atexit(lab_clean);
	log_open(lab_no_log, NULL);
}

/* Write ${size} octets into a file of the directory. */
static inline void
lab_file(const char *name, const uint8_t *data, size_t size,
    char path[static 128])
{
	FILE *file;

	lab_directory();
	snprintf(path, 128, "%s/%s", lab_dir, name);
	must((file = fopen(path, "wb")) != NULL);
	must(fwrite(data, 1, size, file) == size);
	must(fclose(file) == 0);
}

static inline bool
lab_busy(const struct roster *roster)
{
	size_t i;

	for (i = 0; i < roster->n; i++)
		if (roster->servers[i]->poll != NULL)
			return true;
	return roster->changes != NULL;
}

static inline void
lab_turn(struct roster *roster)
{
	struct pollfd fd = { .fd = workshop_fd(roster->shop),
		.events = POLLIN };
	size_t i;
	int n;

	/* libFuzzer's own clock ticks now and then. */
	do
		n = poll(&fd, 1, 60000);
	while (n == -1 && errno == EINTR);
	if (n != 1) {
		for (i = 0; i < roster->n; i++)
			fprintf(stderr, "server %u: %s\n",
			    roster->servers[i]->index,
			    roster->servers[i]->poll != NULL ? "polled" :
							       "idle");
		fprintf(stderr, "changes: %s\n",
		    roster->changes != NULL ? "some" : "none");
		abort();
	}
	workshop_collect(roster->shop);
	log_flush();
}

/* Until no server works any more. */
static inline void
lab_drain(struct roster *roster)
{
	while (lab_busy(roster))
		lab_turn(roster);
}

static inline void
lab_create(struct managed *server, const char *name, DHCP_IP_ADDRESS scope)
{
	DHCP_IP_ARRAY scopes = { 1, &scope };
	DHCP_FAILOVER_RELATIONSHIP rel = {
		.PrimaryServer = 0xc0000201,
		.SecondaryServer = 0xc0000202,
		.Mclt = 3600,
		.SafePeriod = UINT32_MAX,
		.Percentage = 50,
		.RelationshipName = (char *)(uintptr_t)name,
		.pScopes = &scopes,
	};

	/* No thread works with it yet. */
	must(failover_server_create(server->server, &rel) == ERROR_SUCCESS);
}

/* Servers 1 and 9, each with the rows "a", "branch-7" and one of long name. */
static inline struct roster *
lab_roster(void)
{
	static const char text[] =
	    "[subagent]\n"
	    "[server 1]\ntype = local\ndatabase = %s/1.db\n"
	    "auto-scopes = yes\n%s"
	    "[server 9]\ntype = local\ndatabase = %s/9.db\n"
	    "auto-scopes = yes\npair-with = 1\n";
	static const char long_name[] =
	    "M\xc3\xbcnchen, whose name is longer than the eighty octets "
	    "of a key, and so cut";
	static const char *const names[] = { "a", "branch-7", long_name };
	char conf_text[512], path[128], why[256];
	struct roster *roster;
	struct conf *conf;
	uint32_t i, j;

	lab_directory();
	snprintf(conf_text, sizeof(conf_text), text, lab_dir,
	    getenv("LAB_PAIR") != NULL ?
		"pair-with = 9\napply-to-both = yes\n" :
		"",
	    lab_dir);
	lab_file("conf", (const uint8_t *)conf_text, strlen(conf_text), path);
	conf = conf_read(path, why, sizeof(why), NULL);
	must(conf != NULL);
	must((roster = roster_new(conf)) != NULL);
	conf_free(conf);
	for (i = 0; i < 2; i++)
		for (j = 0; j < nitems(names); j++)
			lab_create(roster->servers[i], names[j],
			    0x0a000000 | i << 16 | j << 8);
	roster_poll_all(roster);
	lab_drain(roster);
	must(roster->relationships == 2 * nitems(names));
	return roster;
}

#endif
