/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over the files named as arguments, and those in the directories named, once
 * each: corpora as tests, with any compiler. Makes no inputs of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int complain(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

/* The block has exactly the file's size: a sanitizer sees a target read beyond its input. */
static uint8_t *load(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	size_t got = 0;

	if (file && data)
		got = fread(data, 1, size, file);
	if (!file || !data || got != size) {
		complain(path);
		free(data);
		data = NULL;
	}
	if (file)
		fclose(file);
	return data;
}

static int run_file(const char *path, size_t size)
{
	uint8_t *data;

	if (size > INPUT_MAX) {
		errno = EFBIG;
		return complain(path);
	}
	data = load(path, size);
	if (!data)
		return -1;
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

static int run_path(const char *path, int depth);

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int run_directory(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, not_hidden, alphasort), runs = 0;

	if (n < 0)
		return complain(path);
	for (int i = 0; i < n; i++) {
		char *child;
		int ret = -1;

		if (asprintf(&child, "%s/%s", path, names[i]->d_name) >= 0) {
			ret = run_path(child, 1);
			free(child);
		}
		runs = ret < 0 || runs < 0 ? -1 : runs + ret;
		free(names[i]);
	}
	free(names);
	return runs;
}

/* Returns how many inputs ran, -1 if one could not be read. Does not go into subdirectories. */
static int run_path(const char *path, int depth)
{
	struct stat st;

	if (stat(path, &st))
		return complain(path);
	if (S_ISDIR(st.st_mode))
		return depth ? 0 : run_directory(path);
	return run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int runs = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		int ret = run_path(argv[i], 0);

		if (ret < 0)
			failed = 1;
		else
			runs += ret;
	}
	printf("%d inputs\n", runs);
	if (!runs)
		fprintf(stderr, "%s: no input to run\n", argv[0]);
	return failed || !runs ? EXIT_FAILURE : EXIT_SUCCESS;
}
