/* SPDX-License-Identifier: MIT */
/* The one main() of our libcheck programs. No fixtures and no assertions of its own. */
#include "runner.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Shared with the forked children, which do the skipping; NULL outside mpt_test_main(). */
static atomic_int *skipped;

void mpt_test_skip(const char *why)
{
	atomic_fetch_add(skipped, 1);
	printf("SKIP: %s\n", why);
	fflush(stdout);
}

/* Threads race for a slot at most for one more write. */
void mpt_test_mark(const char *file, int line)
{
	static _Atomic uint64_t told[256];
	_Atomic uint64_t *slot = &told[(unsigned int)line % 256];
	uint64_t place = (uint64_t)(uintptr_t)file ^ (uint64_t)line << 48;

	if (atomic_load_explicit(slot, memory_order_relaxed) == place)
		return;
	atomic_store_explicit(slot, place, memory_order_relaxed);
	(_mark_point)(file, line);
}

static bool under_debugger(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	int pid = 0;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "TracerPid: %d", &pid) == 1)
			break;
	fclose(f);
	return pid != 0;
}

static bool tally(const char *name, int passed, int failed, int skips)
{
	const char *path = getenv("MPT_TEST_TALLY");
	FILE *f;
	bool ok;

	if (!path || !*path)
		return true;
	f = fopen(path, "a");
	if (!f)
		return false;
	ok = fprintf(f, "%s %d %d %d\n", name, passed, failed, skips) > 0;
	return fclose(f) == 0 && ok;
}

static SRunner *make_runner(Suite *(*const suites[])(void), size_t n)
{
	SRunner *runner = srunner_create(NULL);
	size_t i;

	for (i = 0; i < n; i++)
		srunner_add_suite(runner, suites[i]());
	/* Left alone otherwise: libcheck itself listens to CK_FORK. */
	if (under_debugger())
		srunner_set_fork_status(runner, CK_NOFORK);
	return runner;
}

/* Of the simulator, where the program has it: invariants that were broken in this process. */
extern uint64_t acrn_broken_ever(void) __attribute__((weak));

/* In each forked child too, where what its test has broken is counted. */
static void nothing_broken(void)
{
	uint64_t n = acrn_broken_ever();

	if (!n)
		return;
	fprintf(stderr, "acrn-sim: %llu invariants were broken (I1 to I26 of its sim.h)\n",
		(unsigned long long)n);
	_exit(EXIT_FAILURE);
}

/* Suites of the simulator break it on purpose, and look for themselves. */
static void watch_simulator(const char *name)
{
	if (acrn_broken_ever && strncmp(name, "acrn", 4) != 0)
		atexit(nothing_broken);
}

int mpt_test_main(const char *name, Suite *(*const suites[])(void), size_t n)
{
	SRunner *runner;
	int ran, failed, skips;

	/* libcheck's own 4 s are too near for a loaded machine; a hang is still caught. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	skipped = mmap(NULL, sizeof(*skipped), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (skipped == MAP_FAILED) {
		perror(name);
		return EXIT_FAILURE;
	}
	watch_simulator(name);
	runner = make_runner(suites, n);
	srunner_run_all(runner, CK_ENV);
	ran = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	skips = atomic_load(skipped);
	srunner_free(runner);
	munmap(skipped, sizeof(*skipped));
	if (ran == 0)
		fprintf(stderr, "%s: no test ran\n", name);
	if (!tally(name, ran - failed - skips, failed, skips)) {
		fprintf(stderr, "%s: cannot write the tally\n", name);
		return EXIT_FAILURE;
	}
	return ran > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
