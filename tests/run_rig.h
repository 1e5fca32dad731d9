/* SPDX-License-Identifier: MIT */
/* What the suites of `mptctl run` share: runs in this process, traces in temporary files. */
#ifndef MPT_TESTS_RUN_RIG_H
#define MPT_TESTS_RUN_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpt/alloc.h>

#include "../tools/session.h"
#include "lib/runner.h"
#include "specs.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MIB (1ULL << 20)

/* A device as both probes have it; BAR0 is at 0xc0000000, BAR2 of 256 MiB at 0xb0000000. */
#define VERSION_LINE "VERSION 20070824\n"
#define DEVICE_LINE \
	"PCIDEV 0010 80861912 b c0000004 0 b000000c 0 1041 0 0 1000000 0 10000000 0 40 0 0 \n"
#define HEAD VERSION_LINE DEVICE_LINE

static const char *const probes[] = { "6.1", "6.12" };

static inline const char *probe_path(const char *kernel)
{
	static char path[4096];
	const char *dir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/tests/data/i915-%s-skl-probe.mmiotrace", dir ? dir : ".",
		 kernel);
	return path;
}

/* --- temporary files; the fixture takes them away --- */

static char temp_file[8][4096];
static unsigned int temp_files;

static inline void temp_unlink(void)
{
	while (temp_files)
		unlink(temp_file[--temp_files]);
}

/* A test that fails in a child of its own ends without its fixture. */
static inline const char *temp_path(void)
{
	static bool registered;
	const char *dir = getenv("TMPDIR");
	char *path = temp_file[temp_files];
	int fd;

	ck_assert_uint_lt(temp_files, N(temp_file));
	if (!registered)
		registered = !atexit(temp_unlink);
	temp_files++;
	snprintf(path, sizeof(temp_file[0]), "%s/mpt-run.XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	return path;
}

static inline const char *temp_trace(const char *text)
{
	const char *path = temp_path();
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

/* --- a run --- */

static struct session_result r;
static bool r_used;

/* Each run, whatever it ends with, gives all memory back. */
static inline int run(const struct session_config *c)
{
	int ret;

	if (r_used)
		session_result_free(&r);
	ret = session_run(c, &r);
	r_used = true;
	ck_assert_int_eq(ret, r.err);
	ck_assert_msg(!ret == !*r.why, "%d with the sentence '%s'", ret, r.why);
	ck_assert_int_eq(mpt_alloc_live(), 0);
	return ret;
}

static inline int run_on(const char *spec, const char *trace)
{
	return run(&(struct session_config){ .spec = spec, .trace = trace });
}

/* The trace is a device and these lines. */
static inline int run_lines(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text), HEAD "%s", lines);
	return run_on("mock", temp_trace(text));
}

static inline void check_healthy(void)
{
	ck_assert_msg(session_healthy(&r), "errors %llu %s, failsafe %d, %s%s%s",
		      (unsigned long long)r.errors, r.first_error, r.vgpu.failsafe, r.first_pvinfo,
		      r.violation, r.left);
	ck_assert(r.have_ledger);
	ck_assert(session_ledger_empty(&r));
	ck_assert_uint_eq(r.ledger.made[MPT_LEDGER_ATTACH], 1);
}

static inline void rig_teardown(void)
{
	if (r_used)
		session_result_free(&r);
	r_used = false;
	temp_unlink();
	mpt_alloc_fail_at(0);
}

static inline void rig_add(Suite *s, TCase *tc)
{
	tcase_add_checked_fixture(tc, NULL, rig_teardown);
	suite_add_tcase(s, tc);
}

#endif
