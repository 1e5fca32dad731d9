/* SPDX-License-Identifier: MIT */
/* A file of the trace layer in a folder of its own: recorded over a back end, read, made ready. */
#ifndef MPT_TESTS_TRACE_RIG_H
#define MPT_TESTS_TRACE_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mpt/alloc.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "lib/runner.h"
#include "../tools/trace_play.h"

#define RIG_VM 7
#define RIG_RAM (1ULL << 20)

static char rig_dir[64], rig_path[96];
static struct mpt_host *rig_host;
static struct mpt_vm *rig_vm;
static struct intel_vgpu rig_vgpu;
static void *rig_bytes;
static struct trace_ring rig_ring;
static struct play_trace rig_trace;

/* Begins to record over @be; @core: NULL for none. */
static inline void rig_record(const char *size, const char *be, const struct mpt_core *core)
{
	const char *tmp = getenv("TMPDIR");
	char spec[224];

	snprintf(rig_dir, sizeof(rig_dir), "%s/mpt-replay-XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(rig_dir));
	snprintf(rig_path, sizeof(rig_path), "%s/ring", rig_dir);
	snprintf(spec, sizeof(spec), "trace=%s%s,%s", rig_path, size, be);
	ck_assert_msg(!mpt_host_open(spec, &rig_host), "%s", mpt_last_error());
	if (core)
		ck_assert_int_eq(mpt_host_set_core(rig_host, core), 0);
	ck_assert_int_eq(mpt_vm_create(rig_host, RIG_VM), 0);
	ck_assert_int_eq(mpt_vm_get(rig_host, RIG_VM, &rig_vm), 0);
	ck_assert_int_eq(mpt_ram_add(rig_vm, 0, RIG_RAM, 0), 0);
	rig_vgpu = (struct intel_vgpu){ .mpt = mpt_host_table(rig_host), .id = 1 };
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&rig_vgpu), 0);
}

static inline void rig_load(void)
{
	FILE *file = fopen(rig_path, "r");
	struct stat st;
	char why[PLAY_WHY_MAX];

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &st), 0);
	rig_bytes = malloc((size_t)st.st_size);
	ck_assert_uint_eq(fread(rig_bytes, 1, (size_t)st.st_size, file), (size_t)st.st_size);
	fclose(file);
	ck_assert_msg(!trace_ring_open(&rig_ring, rig_bytes, (size_t)st.st_size, why, sizeof(why)),
		      "%s", why);
	ck_assert_msg(!play_load(&rig_trace, &rig_ring, why, sizeof(why)), "%s", why);
}

/* The recording ends, and is made ready. */
static inline void rig_recorded(void)
{
	intel_gvt_hypervisor_detach_vgpu(&rig_vgpu);
	mpt_vm_put(rig_vm);
	ck_assert_int_eq(mpt_vm_destroy(rig_host, RIG_VM), 0);
	ck_assert_int_eq(mpt_host_close(rig_host), 0);
	rig_load();
}

static inline void rig_done(void)
{
	play_free(&rig_trace);
	free(rig_bytes);
	unlink(rig_path);
	rmdir(rig_dir);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static inline void rig_play(const char *spec, const uint8_t *drop, struct play_result *r)
{
	struct play_config c = { .spec = spec, .drop = drop, .end = rig_trace.n, .hash = true };

	ck_assert_msg(!play_run(&rig_trace, &c, r), "%s", r->why);
}

/* A replay in which nothing differs. Return: the state's hash. */
static inline uint64_t rig_equal(const char *spec)
{
	struct play_result r;
	char text[PLAY_WHY_MAX + 128] = "";

	rig_play(spec, NULL, &r);
	if (r.diffs)
		play_tell(&rig_trace, &r.first, text, sizeof(text));
	ck_assert_msg(!r.diffs, "on %s: %s", spec, text);
	return r.hash;
}

/* Index of the n-th record of a name, from 0. */
static inline uint32_t rig_find(const char *name, unsigned int n)
{
	uint32_t i;

	for (i = 0; i < rig_trace.n; i++)
		if (!strcmp(rig_trace.op[i].kind->name, name) && !n--)
			return i;
	ck_abort_msg("no %s", name);
	return 0;
}

#endif
