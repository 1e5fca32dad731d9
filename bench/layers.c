/* SPDX-License-Identifier: MIT */
/*
 * What a layer in front of the mock costs: a read of guest memory, and a map and unmap of a page that
 * is mapped once more. A layer that has nothing to do (fault) is what the others are measured against.
 */
#include <stdio.h>
#include <unistd.h>

#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "memory.h"

#define RAM_SIZE (8ULL << 20)

struct rig {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_vgpu vgpu;
	struct bench_held held;
};

static int rig_open(struct rig *r, const char *spec)
{
	if (mpt_host_open(spec, &r->host) || mpt_vm_create(r->host, 1) ||
	    mpt_vm_get(r->host, 1, &r->vm) || mpt_ram_add(r->vm, 0, RAM_SIZE, 0))
		goto fail;
	r->vgpu.mpt = mpt_host_table(r->host);
	mpt_target_set(r->vm);
	if (intel_gvt_hypervisor_attach_vgpu(&r->vgpu) || bench_hold(&r->vgpu, &r->held))
		goto fail;
	mpt_target_set(NULL);
	return 0;
fail:
	fprintf(stderr, "bench: %s\n", mpt_last_error());
	return -1;
}

static void rig_close(struct rig *r)
{
	bench_release(&r->vgpu, &r->held);
	intel_gvt_hypervisor_detach_vgpu(&r->vgpu);
	mpt_vm_put(r->vm);
	mpt_vm_destroy(r->host, 1);
	mpt_host_close(r->host);
}

/* The functions of a rig's two rows; the second is there if the first has opened it. */
#define RIG(name, spec)                                \
	static struct rig name;                        \
	static int open_##name(void)                   \
	{                                              \
		return rig_open(&name, spec);          \
	}                                              \
	static int has_##name(void)                    \
	{                                              \
		return !name.vgpu.handle;              \
	}                                              \
	static void close_##name(void)                 \
	{                                              \
		rig_close(&name);                      \
	}                                              \
	static void read_##name(unsigned long n)       \
	{                                              \
		bench_read_8(&name.vgpu, n);           \
	}                                              \
	static void hit_##name(unsigned long n)        \
	{                                              \
		bench_dma_hit(&name.vgpu, n);          \
	}

static char trace_path[32];

static const char *trace_spec(void)
{
	static char spec[64];

	snprintf(trace_path, sizeof(trace_path), "bench-%d.trace", (int)getpid());
	snprintf(spec, sizeof(spec), "trace=%s:1M,mock", trace_path);
	return spec;
}

RIG(fault, "fault,mock")
RIG(stats, "stats,mock")
RIG(sample, "check=sample:100,mock")
RIG(check, "check,mock")
RIG(trace, trace_spec())

static void close_trace_file(void)
{
	close_trace();
	unlink(trace_path);
}

const struct bench_row rows_layers[] = {
	{ .name = "read_gpa 8 B, layer fault", .fn = read_fault, .setup = open_fault,
	  .teardown = close_fault },
	{ .name = "read_gpa 8 B, layer trace", .fn = read_trace, .setup = open_trace,
	  .teardown = close_trace_file, .yard = "read_gpa 8 B, layer fault", .factor = 1,
	  .plus = 100 },
	{ .name = "read_gpa 8 B, layer stats", .fn = read_stats, .setup = open_stats,
	  .teardown = close_stats },
	{ .name = "read_gpa 8 B, check=sample:100", .fn = read_sample, .setup = open_sample,
	  .teardown = close_sample },
	{ .name = "read_gpa 8 B, layer check", .fn = read_check, .setup = open_check,
	  .teardown = close_check },
	{ .name = "dma hit, layer fault", .fn = hit_fault, .setup = has_fault },
	{ .name = "dma hit, layer trace", .fn = hit_trace, .setup = has_trace },
	{ .name = "dma hit, layer stats", .fn = hit_stats, .setup = has_stats },
	{ .name = "dma hit, check=sample:100", .fn = hit_sample, .setup = has_sample },
	{ .name = "dma hit, layer check", .fn = hit_check, .setup = has_check },
};
const size_t num_rows_layers = sizeof(rows_layers) / sizeof(rows_layers[0]);
