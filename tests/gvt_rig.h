/* SPDX-License-Identifier: MIT */
/*
 * A vGPU on the mock hypervisor as the tests of the core's MMIO side need it: a VM with RAM, BARs
 * placed, decoding and MSI on; and the check at the end that nothing is left. No assertions about
 * the device's behaviour.
 */
#ifndef MPT_TESTS_GVT_RIG_H
#define MPT_TESTS_GVT_RIG_H

#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

#include "gvt/internal.h"
#include "lib/runner.h"
#include "specs.h"

/* Tests that need an option of the mock name it. */
#define RIG_SPEC spec_or("check,mock")
#define RIG_BAR0 0xc0000000ULL
#define RIG_BAR2 0xb0000000ULL
#define RIG_RAM (64ULL << 20)
/* A second region, which tests take out again. */
#define RIG_EXTRA (128ULL << 20)
#define RIG_EXTRA_SIZE (1ULL << 20)
#define RIG_MSI_ADDR 0xfee00000U
#define RIG_MSI_DATA 0x4041U

struct rig {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	struct gvt_vgpu *v;
	const struct intel_gvt_ops *ops;
	bool ledger; /* a check layer is there */
};

static inline bool rig_has(const struct rig *r, u64 caps)
{
	return (mpt_host_caps(r->host) & caps) == caps;
}

#define rig_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

static inline void rig_cfg_write(struct rig *r, unsigned int offset, u32 value, unsigned int len)
{
	rig_ok(mpt_guest_cfg_write(r->vm, offset, &value, len));
}

static inline void rig_cfg_place(struct rig *r)
{
	rig_cfg_write(r, 0x10, (u32)RIG_BAR0, 4);
	rig_cfg_write(r, 0x14, 0, 4);
	rig_cfg_write(r, 0x18, (u32)RIG_BAR2, 4);
	rig_cfg_write(r, 0x1c, 0, 4);
	rig_cfg_write(r, 0x04, 0x6, 2);
	rig_cfg_write(r, r->vgpu->msi_cap_offset + 4, RIG_MSI_ADDR, 4);
	rig_cfg_write(r, r->vgpu->msi_cap_offset + 8, RIG_MSI_DATA, 2);
	rig_cfg_write(r, r->vgpu->msi_cap_offset + 2, 1, 2);
}

/* 64 MiB at 64 MiB, 128 MiB at 512 MiB, 4 fences: neither piece begins where the space does. */
static inline void rig_vgpu(struct rig *r)
{
	struct intel_vgpu_type type;

	gvt_type_init(&type, 64ULL << 20, 128ULL << 20, 4);
	type.low_start = 64ULL << 20;
	type.high_start = 512ULL << 20;
	r->vgpu = mpt_vgpu_create(r->vm, r->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(r->vgpu), "%s", mpt_last_error());
	r->v = to_gvt_vgpu(r->vgpu);
	r->ops->vgpu_activate(r->vgpu);
}

static inline void rig_open_config(struct rig *r, const char *spec,
				   const struct gvt_config *config)
{
	memset(r, 0, sizeof(*r));
	r->ledger = strstr(spec, "check,") != NULL;
	rig_ok(mpt_host_open(spec, &r->host));
	rig_ok(mpt_host_set_policy(r->host, MPT_POLICY_RETURN));
	rig_ok(mpt_vm_create(r->host, 1));
	rig_ok(mpt_vm_get(r->host, 1, &r->vm));
	rig_ok(mpt_ram_add(r->vm, 0, RIG_RAM, 0));
	rig_ok(mpt_ram_add(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
	rig_ok(gvt_open(r->host, config, &r->gvt));
	r->ops = gvt_ops();
	rig_vgpu(r);
	rig_cfg_place(r);
}

static inline void rig_open_spec(struct rig *r, const char *spec, const struct gvt_hw *hw)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256ULL << 20, .hw = hw };

	rig_open_config(r, spec, &config);
}

static inline void rig_open_platform(struct rig *r, const char *platform)
{
	struct gvt_config config = {
		.size = sizeof(config), .aperture = 256ULL << 20, .platform = platform,
	};

	rig_open_config(r, RIG_SPEC, &config);
}

static inline void rig_open(struct rig *r)
{
	rig_open_spec(r, RIG_SPEC, NULL);
}

static inline void rig_ledger_empty(struct rig *r)
{
	struct mpt_ledger ledger;
	unsigned int kind;

	if (!r->ledger)
		return;
	rig_ok(mpt_ledger_get(r->host, &ledger));
	for (kind = 0; kind < MPT_LEDGER_KINDS; kind++)
		ck_assert_msg(ledger.live[kind] == 0, "%llu of %s left",
			      (unsigned long long)ledger.live[kind], mpt_ledger_kind_name(kind));
	ck_assert_uint_eq(ledger.left, 0);
	ck_assert_msg(ledger.violations == 0, "%s", mpt_ledger_violation(r->host, 0));
}

static inline void rig_close(struct rig *r)
{
	if (r->vgpu)
		rig_ok(mpt_vgpu_destroy(r->vm, r->vgpu));
	rig_ok(gvt_close(r->gvt));
	rig_ledger_empty(r);
	mpt_vm_put(r->vm);
	rig_ok(mpt_vm_destroy(r->host, 1));
	rig_ok(mpt_host_close(r->host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- as the guest: by offset in BAR0 --- */

static inline u64 rig_read(struct rig *r, u64 offset, unsigned int len)
{
	u64 value = ~0ULL;

	rig_ok(mpt_guest_read(r->vm, RIG_BAR0 + offset, &value, len));
	return len < 8 ? value & ((1ULL << 8 * len) - 1) : value;
}

static inline void rig_write(struct rig *r, u64 offset, u64 value, unsigned int len)
{
	rig_ok(mpt_guest_write(r->vm, RIG_BAR0 + offset, &value, len));
}

static inline u32 rig_reg(struct rig *r, u32 reg)
{
	return (u32)rig_read(r, reg, 4);
}

static inline void rig_reg_set(struct rig *r, u32 reg, u32 value)
{
	rig_write(r, reg, value, 4);
}

static inline struct gvt_vgpu_info rig_info(struct rig *r)
{
	struct gvt_vgpu_info info;

	gvt_vgpu_info(r->vgpu, &info);
	return info;
}

#endif
