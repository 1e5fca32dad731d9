/* SPDX-License-Identifier: MIT */
/*
 * The core's hot entry points, the life and the memory of a vGPU, on the mock without layers: with
 * one vGPU of a device, and with as many as it can have.
 */
#include <stdio.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/testbed.h>

#include "bench.h"

#define BAR0 0xc0000000U
#define BAR2 0x80000000U
#define RAM (64ULL << 20)
#define GGTT_ENTRIES 512
#define PLAIN_REGISTER 0x5080U /* a register without a handler */
#define DIRTY_PAGES 64U /* of 512 that hold registers */
#define MANY GVT_MAX_VGPU

/* A device, VMs, and vGPUs of type _8 for the first of these. What is timed is the last one's. */
struct rig {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm[MANY];
	struct intel_vgpu *vgpu[MANY];
	unsigned int vms, vgpus;
	struct intel_vgpu *timed;
	u32 first_entry; /* of its GGTT entries */
};

static struct rig one, many;
static const struct intel_gvt_ops *ops;

static int cfg_write(struct mpt_vm *vm, unsigned int offset, u32 value, unsigned int len)
{
	return mpt_guest_cfg_write(vm, offset, &value, len);
}

static int place(struct mpt_vm *vm)
{
	return cfg_write(vm, 0x10, BAR0, 4) || cfg_write(vm, 0x18, BAR2, 4) ||
	       cfg_write(vm, 0x04, 0x6, 2);
}

static int open_vms(struct rig *r, unsigned int n)
{
	if (mpt_host_open("mock", &r->host) || gvt_open(r->host, NULL, &r->gvt))
		return -1;
	for (; r->vms < n; r->vms++) {
		unsigned int id = r->vms + 1;

		if (mpt_vm_create(r->host, (int)id) ||
		    mpt_vm_get(r->host, (int)id, &r->vm[r->vms]) ||
		    mpt_ram_add(r->vm[r->vms], 0, RAM, 0))
			return -1;
	}
	return 0;
}

static int create_vgpus(struct rig *r, unsigned int n)
{
	struct gvt_vgpu_info info;

	for (; r->vgpus < n; r->vgpus++) {
		struct mpt_vm *vm = r->vm[r->vgpus];

		r->timed = mpt_vgpu_create(vm, r->gvt, gvt_type_each(r->gvt, 0));
		if (MPT_IS_ERR(r->timed) || place(vm))
			return -1;
		r->vgpu[r->vgpus] = r->timed;
	}
	gvt_vgpu_info(r->timed, &info);
	r->first_entry = (u32)(info.low_start >> MPT_PAGE_SHIFT);
	return 0;
}

static int failed(void)
{
	fprintf(stderr, "bench: %s\n", mpt_last_error());
	return -1;
}

/* The second VM is for vGPUs that come and go. */
static int setup_one(void)
{
	ops = gvt_ops();
	return open_vms(&one, 2) || create_vgpus(&one, 1) ? failed() : 0;
}

static double idle_kib;

static int setup_many(void)
{
	double before;

	if (open_vms(&many, MANY))
		return failed();
	before = bench_anonymous_kib();
	if (create_vgpus(&many, MANY))
		return failed();
	idle_kib = (bench_anonymous_kib() - before) / MANY;
	return 0;
}

static void teardown(struct rig *r)
{
	while (r->vgpus--)
		mpt_vgpu_destroy(r->vm[r->vgpus], r->vgpu[r->vgpus]);
	gvt_close(r->gvt);
	while (r->vms--) {
		mpt_vm_put(r->vm[r->vms]);
		mpt_vm_destroy(r->host, (int)r->vms + 1);
	}
	mpt_host_close(r->host);
}

static void teardown_one(void)
{
	teardown(&one);
}

static void teardown_many(void)
{
	teardown(&many);
}

/* --- accesses --- */

static void mmio_read_of(const struct rig *r, unsigned long n)
{
	struct intel_vgpu *vgpu = r->timed;
	u32 value;

	while (n--) {
		ops->emulate_mmio_read(vgpu, BAR0 + PLAIN_REGISTER, &value, 4);
		bench_use(value);
	}
}

static void mmio_read(unsigned long n)
{
	mmio_read_of(&one, n);
}

static void mmio_read_many(unsigned long n)
{
	mmio_read_of(&many, n);
}

static void mmio_write(unsigned long n)
{
	u32 value = 1;

	while (n--)
		ops->emulate_mmio_write(one.timed, BAR0 + PLAIN_REGISTER, &value, 4);
}

static void cfg_read(unsigned long n)
{
	u32 value;

	while (n--) {
		ops->emulate_cfg_read(one.timed, 0x10, &value, 4);
		bench_use(value);
	}
}

/* A present entry over another one: one map, one unmap, both tables. */
static void ggtt_write_of(const struct rig *r, unsigned long n)
{
	while (n--) {
		u64 pte = ((256 + n % 4096) << MPT_PAGE_SHIFT) | 1;
		u32 entry = r->first_entry + (u32)(n % GGTT_ENTRIES);

		ops->emulate_mmio_write(r->timed, BAR0 + GVT_GTT_OFFSET + 8ULL * entry, &pte, 8);
	}
}

static void ggtt_write(unsigned long n)
{
	ggtt_write_of(&one, n);
}

static void ggtt_write_many(unsigned long n)
{
	ggtt_write_of(&many, n);
}

/* --- coming, going, starting anew --- */

/* Time of creations (destroy false) or destructions alone. */
static double life(unsigned long n, bool destroy)
{
	double start, middle, end, ns = 0;

	while (n--) {
		struct intel_vgpu *v;

		start = bench_now();
		v = mpt_vgpu_create(one.vm[1], one.gvt, gvt_type_each(one.gvt, 0));
		middle = bench_now();
		if (MPT_IS_ERR(v))
			return 0;
		mpt_vgpu_destroy(one.vm[1], v);
		end = bench_now();
		ns += destroy ? end - middle : middle - start;
	}
	return ns;
}

static double create(unsigned long n)
{
	return life(n, false);
}

static double destroy(unsigned long n)
{
	return life(n, true);
}

/* What a guest leaves that was at work: entries that are mapped, and pages of registers. */
static void dirty(void)
{
	u32 page, value = 1;

	ggtt_write(GGTT_ENTRIES);
	for (page = 0; page < DIRTY_PAGES; page++)
		ops->emulate_mmio_write(one.timed, BAR0 + PLAIN_REGISTER + (page << 12), &value,
					4);
}

static double dmlr(unsigned long n)
{
	double start, ns = 0;

	while (n--) {
		dirty();
		start = bench_now();
		ops->vgpu_reset(one.timed);
		ns += bench_now() - start;
		place(one.vm[0]);
	}
	return ns;
}

/* Registers that power-on fills count, too. */
static double idle(void)
{
	return idle_kib;
}

const struct bench_row rows_gvt[] = {
	{ .name = "emulate_mmio_read", .fn = mmio_read, .setup = setup_one,
	  .teardown = teardown_one, .yard = "lock pair", .factor = 1, .plus = 6 },
	{ .name = "emulate_mmio_write", .fn = mmio_write },
	{ .name = "emulate_cfg_read", .fn = cfg_read, .plus = 5 },
	{ .name = "GGTT write, present", .fn = ggtt_write, .plus = 30 },
	{ .name = "vGPU create, type _8", .timed = create, .plus = 150000, .slow = true },
	{ .name = "vGPU destroy, type _8", .timed = destroy, .plus = 100000, .slow = true },
	{ .name = "DMLR, 512 GGTT entries", .timed = dmlr, .plus = 150000, .slow = true },
	{ .name = "emulate_mmio_read, 7 vGPUs", .fn = mmio_read_many, .setup = setup_many,
	  .teardown = teardown_many, .yard = "emulate_mmio_read", .factor = 1.1 },
	{ .name = "GGTT write, 7 vGPUs", .fn = ggtt_write_many, .yard = "GGTT write, present",
	  .factor = 1.1 },
	{ .name = "memory of an idle vGPU, type _8", .amount = idle, .unit = "KiB", .most = 256 },
};
const size_t num_rows_gvt = sizeof(rows_gvt) / sizeof(rows_gvt[0]);
