/* SPDX-License-Identifier: MIT */
/*
 * A device and up to eight VMs for tests of life cycle and configuration space: each vGPU is made
 * when asked for and left as created (gvt_rig.h places the BARs of one). Checks on the way that
 * what is taken down leaves nothing in the ledger and no allocation behind.
 */
#ifndef MPT_TESTS_GVT_LIFE_H
#define MPT_TESTS_GVT_LIFE_H

#include <mpt/layers.h>
#include <mpt/testbed.h>

#include "gvt/internal.h"
#include "lib/runner.h"

#define MIB (1ULL << 20)
#define LIFE_VMS 8

struct life {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm[LIFE_VMS];
	struct intel_vgpu *vgpu[LIFE_VMS];
	long live; /* allocations before */
};

#define life_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

static inline void life_ledger_empty(struct mpt_host *host)
{
	struct mpt_ledger l;
	unsigned int i;

	if (!strstr(mpt_host_spec(host), "check"))
		return;
	life_ok(mpt_ledger_get(host, &l));
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		ck_assert_msg(l.live[i] == 0, "%llu left of kind %s", (unsigned long long)l.live[i],
			      mpt_ledger_kind_name(i));
	ck_assert_msg(l.violations == 0, "%s", mpt_ledger_violation(host, 0));
	ck_assert_uint_eq(l.left, 0);
}

static inline void life_open(struct life *r, const char *spec, u64 aperture)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = aperture };

	memset(r, 0, sizeof(*r));
	r->live = mpt_alloc_live();
	life_ok(mpt_host_open(spec, &r->host));
	life_ok(gvt_open(r->host, &config, &r->gvt));
}

/* The VM of slot @i, made and held when first asked for. */
static inline struct mpt_vm *life_vm(struct life *r, unsigned int i)
{
	if (!r->vm[i]) {
		life_ok(mpt_vm_create(r->host, i + 1));
		life_ok(mpt_vm_get(r->host, i + 1, &r->vm[i]));
	}
	return r->vm[i];
}

static inline struct intel_vgpu *life_create(struct life *r, unsigned int i,
					     struct intel_vgpu_type *type)
{
	r->vgpu[i] = mpt_vgpu_create(life_vm(r, i), r->gvt, type ? type : gvt_type_each(r->gvt, 0));
	ck_assert_msg(!MPT_IS_ERR(r->vgpu[i]), "%s", mpt_last_error());
	ck_assert_ptr_nonnull(r->vgpu[i]);
	return r->vgpu[i];
}

/* A creation that must fail. */
static inline void life_refused(struct life *r, unsigned int i, struct intel_vgpu_type *type,
				int err)
{
	struct intel_vgpu *vgpu = mpt_vgpu_create(life_vm(r, i), r->gvt, type);

	ck_assert(MPT_IS_ERR(vgpu));
	ck_assert_msg(MPT_PTR_ERR(vgpu) == err, "%s, not %s: %s", mpt_errno_name(MPT_PTR_ERR(vgpu)),
		      mpt_errno_name(err), mpt_last_error());
}

static inline void life_destroy(struct life *r, unsigned int i)
{
	life_ok(mpt_vgpu_destroy(r->vm[i], r->vgpu[i]));
	r->vgpu[i] = NULL;
}

static inline void life_close(struct life *r)
{
	unsigned int i;

	for (i = 0; i < LIFE_VMS; i++) {
		if (r->vgpu[i])
			life_destroy(r, i);
		if (!r->vm[i])
			continue;
		mpt_vm_put(r->vm[i]);
		life_ok(mpt_vm_destroy(r->host, i + 1));
	}
	life_ledger_empty(r->host);
	life_ok(gvt_close(r->gvt));
	life_ok(mpt_host_close(r->host));
	ck_assert_int_eq(mpt_alloc_live(), r->live);
}

static inline void life_cfg_write(struct intel_vgpu *vgpu, u32 offset, u32 value,
				  unsigned int bytes)
{
	life_ok(gvt_ops()->emulate_cfg_write(vgpu, offset, &value, bytes));
}

static inline u32 life_cfg_read(struct intel_vgpu *vgpu, u32 offset, unsigned int bytes)
{
	u32 value = 0;

	life_ok(gvt_ops()->emulate_cfg_read(vgpu, offset, &value, bytes));
	return value;
}

/* What firmware does: places the BARs and turns decoding and bus mastering on. */
static inline void life_decode(struct intel_vgpu *vgpu, u64 bar0, u64 bar2)
{
	life_cfg_write(vgpu, 0x10, (u32)bar0, 4);
	life_cfg_write(vgpu, 0x14, (u32)(bar0 >> 32), 4);
	life_cfg_write(vgpu, 0x18, (u32)bar2, 4);
	life_cfg_write(vgpu, 0x1c, (u32)(bar2 >> 32), 4);
	life_cfg_write(vgpu, 0x04, 0x6, 2);
}

static inline struct gvt_vgpu_info life_info(struct intel_vgpu *vgpu)
{
	struct gvt_vgpu_info info;

	gvt_vgpu_info(vgpu, &info);
	return info;
}

/* Of what the ledger holds of @kind: how many, and the last one. */
struct life_held {
	enum mpt_ledger_kind kind;
	unsigned int count;
	struct mpt_ledger_entry last;
};

static inline int life_held_fn(void *arg, const struct mpt_ledger_entry *entry, bool left)
{
	struct life_held *h = arg;

	if (!left && entry->kind == h->kind) {
		h->count++;
		h->last = *entry;
	}
	return 0;
}

static inline struct life_held life_held(struct mpt_host *host, enum mpt_ledger_kind kind)
{
	struct life_held h = { .kind = kind };

	life_ok(mpt_ledger_each(host, life_held_fn, &h));
	return h;
}

/* One vGPU whose part of the aperture is not at its begin: 64 MiB at 64 MiB, of 256. */
#define LIFE_LOW (64 * MIB)
#define LIFE_APERTURE (256 * MIB)
#define LIFE_BAR0 0xc0000000ULL
#define LIFE_BAR2 0xb0000000ULL

static inline struct intel_vgpu *life_open_one(struct life *r, const char *spec)
{
	struct intel_vgpu_type type;

	life_open(r, spec, LIFE_APERTURE);
	gvt_type_init(&type, LIFE_LOW, 128 * MIB, 4);
	type.low_start = LIFE_LOW;
	return life_create(r, 0, &type);
}

/* Where the BARs are, by the core's word and by the ledger; 0: nowhere. */
static inline void life_expect_bars(struct life *r, u64 bar0, u64 bar2)
{
	struct life_held trap = life_held(r->host, MPT_LEDGER_TRAP);
	struct life_held map = life_held(r->host, MPT_LEDGER_MAP);
	struct gvt_vgpu_info info = life_info(r->vgpu[0]);
	struct mpt_ledger l;

	ck_assert_uint_eq(info.bar0, bar0);
	ck_assert_uint_eq(info.bar2, bar2);
	ck_assert_uint_eq(trap.count, bar0 != 0);
	ck_assert_uint_eq(map.count, bar2 != 0);
	if (bar0) {
		ck_assert_uint_eq(trap.last.key, bar0);
		ck_assert_uint_eq(trap.last.size, GVT_BAR0_SIZE);
	}
	if (bar2) {
		ck_assert_uint_eq(map.last.key, (bar2 + LIFE_LOW) >> 12);
		ck_assert_uint_eq(map.last.size, LIFE_LOW >> 12);
	}
	life_ok(mpt_ledger_get(r->host, &l));
	ck_assert_msg(l.violations == 0, "%s", mpt_ledger_violation(r->host, 0));
}

#endif
