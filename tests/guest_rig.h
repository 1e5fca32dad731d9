/* SPDX-License-Identifier: MIT */
/*
 * Synthetic guests on one device: up to seven VMs, each with RAM, an active vGPU without a placed
 * BAR, and the guest in it. Checks at the end that nothing is left.
 */
#ifndef MPT_TESTS_GUEST_RIG_H
#define MPT_TESTS_GUEST_RIG_H

#include <check.h>
#include <unistd.h>

#include <gvt/gvt.h>
#include <gvt/hw.h>
#include <mpt/alloc.h>
#include <mpt/gvt_ops.h>
#include <mpt/layers.h>
#include <mpt/mpt.h>

#include "guest/guest.h"
#include "lib/runner.h"

#define BED_VMS GVT_MAX_VGPU
#define BED_BAR0 0xc0000000ULL
#define BED_BAR2 0xb0000000ULL
#define BED_RAM GUEST_RAM_MIN
#define MIB (1ULL << 20)

/* A value that the guest must not see: every read there is changed. */
struct bed_lie {
	enum guest_space space;
	u64 first, last; /* addresses */
	u64 flip;
	bool armed;
	u64 nth, seen; /* only the read of that number; 0: all */
	u64 told;
};

struct bed {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	unsigned int n;
	struct mpt_vm *vm[BED_VMS];
	struct intel_vgpu *vgpu[BED_VMS];
	struct guest *guest[BED_VMS];
	struct bed_lie lie;
	bool no_engines; /* the guest is told so */
	bool shared; /* other threads run the device as well */
	bool idle; /* only they do: a guest that waits only waits */
};

#define bed_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

static inline void bed_lie_fn(void *arg, enum guest_space space, u64 addr, void *buf,
			      unsigned int len)
{
	struct bed_lie *lie = arg;
	u64 flip = lie->flip;
	u8 *byte = buf;

	if (!lie->armed || space != lie->space || addr < lie->first || addr > lie->last)
		return;
	if (lie->nth && ++lie->seen != lie->nth)
		return;
	lie->told++;
	for (len = len < 8 ? len : 8; len; len--, flip >>= 8)
		*byte++ ^= (u8)flip;
}

/* Little at a time, so that batches are cut into pieces. */
#define BED_BUDGET 300

static inline void bed_wait(void *arg)
{
	struct bed *b = arg;

	if (b->idle) {
		usleep(50);
		return;
	}
	if (!gvt_run(b->gvt, BED_BUDGET) && b->shared)
		usleep(50);
}

static inline void bed_vm(struct bed *b, unsigned int i)
{
	struct intel_vgpu_type type;

	bed_ok(mpt_vm_create(b->host, i + 1));
	bed_ok(mpt_vm_get(b->host, i + 1, &b->vm[i]));
	bed_ok(mpt_ram_add(b->vm[i], 0, BED_RAM, 0));
	gvt_type_init(&type, 32 * MIB, 64 * MIB, 4);
	b->vgpu[i] = mpt_vgpu_create(b->vm[i], b->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(b->vgpu[i]), "%s", mpt_last_error());
	gvt_ops()->vgpu_activate(b->vgpu[i]);
}

static inline void bed_open(struct bed *b, const char *spec, unsigned int n)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256 * MIB };
	unsigned int i;

	memset(b, 0, sizeof(*b));
	bed_ok(mpt_host_open(spec, &b->host));
	bed_ok(gvt_open(b->host, &config, &b->gvt));
	b->n = n;
	for (i = 0; i < n; i++)
		bed_vm(b, i);
}

/* The guest of VM @i, in place of the one before. */
static inline void bed_guest(struct bed *b, unsigned int i, int levels)
{
	struct guest_config c = {
		.vm = b->vm[i],
		.ram = BED_RAM,
		.bar0 = BED_BAR0,
		.bar2 = BED_BAR2,
		.levels = levels,
		.executes = !b->no_engines,
		.wait = bed_wait,
		.wait_arg = b,
		.lie = bed_lie_fn,
		.lie_arg = &b->lie,
	};

	guest_free(b->guest[i]);
	b->guest[i] = guest_new(&c);
	ck_assert_ptr_nonnull(b->guest[i]);
}

/* What a guest that is through has left. */
static inline void bed_left(struct bed *b, unsigned int i)
{
	struct gvt_vgpu_info info;
	struct mpt_vm_stats stats;

	bed_ok(mpt_vm_stats_get(b->vm[i], &stats));
	ck_assert_uint_eq(stats.dma_live, 0);
	ck_assert_uint_eq(stats.tracked, 0);
	gvt_vgpu_info(b->vgpu[i], &info);
	ck_assert_msg(!info.failsafe, "%s", gvt_failsafe_name(info.failsafe));
	ck_assert_uint_eq(info.errors, 0);
	ck_assert_uint_eq(info.unknown, 0);
	ck_assert_uint_eq(info.ppgtt_spaces, 0);
	ck_assert_uint_eq(info.ggtt_mapped, 0);
}

static inline void bed_ledger(struct bed *b)
{
	struct mpt_ledger ledger;
	unsigned int kind;

	if (!strstr(mpt_host_spec(b->host), "check"))
		return;
	bed_ok(mpt_ledger_get(b->host, &ledger));
	for (kind = 0; kind < MPT_LEDGER_KINDS; kind++)
		ck_assert_msg(ledger.live[kind] == 0, "%llu of %s left",
			      (unsigned long long)ledger.live[kind], mpt_ledger_kind_name(kind));
	ck_assert_uint_eq(ledger.left, 0);
	ck_assert_msg(ledger.violations == 0, "%s", mpt_ledger_violation(b->host, 0));
}

/* All but what other beds have a share in. */
static inline void bed_end(struct bed *b)
{
	struct mpt_iommu_fault fault;
	struct mpt_vm_stats stats;
	unsigned int i;

	ck_assert_msg(mpt_fault_take(b->host, &fault) == -ENOENT, "IOMMU fault at 0x%llx, %u bytes",
		      (unsigned long long)fault.dma_addr, fault.len);
	for (i = 0; i < b->n; i++) {
		guest_free(b->guest[i]);
		bed_ok(mpt_vgpu_destroy(b->vm[i], b->vgpu[i]));
		bed_ok(mpt_vm_stats_get(b->vm[i], &stats));
		ck_assert_uint_eq(stats.dma_live, 0);
		ck_assert_uint_eq(stats.tracked, 0);
		ck_assert_uint_eq(stats.bad_unmap, 0);
		mpt_vm_put(b->vm[i]);
		bed_ok(mpt_vm_destroy(b->host, i + 1));
	}
	bed_ok(gvt_close(b->gvt));
	bed_ledger(b);
	bed_ok(mpt_host_close(b->host));
}

static inline void bed_close(struct bed *b)
{
	bed_end(b);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static inline void bed_close_pair(struct bed *a, struct bed *b)
{
	bed_end(a);
	bed_close(b);
}

static inline void passed(const struct guest *g)
{
	const struct guest_result *r = guest_result(g);
	unsigned int i;

	ck_assert_msg(!*r->why, "%s", r->why);
	for (i = 0; i < r->steps; i++)
		ck_assert_msg(r->step[i].state == GUEST_PASSED, "step %s: state %d",
			      r->step[i].name, r->step[i].state);
	for (i = 0; i < GUEST_ENGINES; i++)
		ck_assert_uint_gt(r->batches[i], 10);
}

#endif
