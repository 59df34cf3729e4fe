/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In libFuzzer's place where there is none: gives a fuzzer what the files of a
 * directory have, once, and prints TAP.  Whatever it finds aborts.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fail(const char *path)
{
	perror(path);
	exit(1);
}

static void
replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (file == NULL)
		fail(path);
	n = fread(data, 1, sizeof(data), file);
	if (ferror(file))
		fail(path);
	fclose(file);
	LLVMFuzzerTestOneInput(data, n);
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned int n = 0;
	char path[1024];
	DIR *dir;

	if (argc != 2) {
		fprintf(stderr, "usage: replay DIRECTORY\n");
		return 2;
	}
	if ((dir = opendir(argv[1])) == NULL)
		fail(argv[1]);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		replay(path);
		n++;
	}
	closedir(dir);
	printf("1..1\n%sok 1 - %u inputs of %s\n", n > 0 ? "" : "not ", n,
	    argv[1]);
	return n > 0 ? 0 : 1;
}
