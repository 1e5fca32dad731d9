/* SPDX-License-Identifier: MIT */
/*
 * Defects of the Linux 5.10 core, each provoked: a scenario passes when the defect shows itself as
 * it is known, and fails when there is more of it, less, or none. doc/linux-core.md lists them,
 * with what a core over this contract should do instead.
 */
#include <errno.h>

#include "ppgtt.h"

#define BOTH (MPT_CAP_TRAP_AREA | MPT_CAP_MAP_GFN)

/* --- configuration space --- */

static const char *destroyed_decoded(struct rig *r)
{
	const char *wrong = rig_boot(r);
	struct intel_vgpu *vgpu = r->vgpu;

	if (wrong)
		return wrong;
	r->vgpu = NULL;
	r->ops->vgpu_deactivate(vgpu);
	EQ(mpt_vgpu_destroy(r->vm, vgpu), 0);
	return NULL;
}

static const char *sized_decoded(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	CHECK(cfg_write(r, 0x10, ~0U, 4));
	cfg_write(r, 0x10, 0xd0000000, 4);
	CHECK(guest_read(r, 0xd0000000ULL + PVINFO, 8) != 0x4776544776544776ULL);
	return NULL;
}

static const char *bar_unmasked(struct rig *r)
{
	EQ(cfg_write(r, 0x10, 0xc0001000, 4), 0);
	EQ(cfg_read(r, 0x10, 4), 0xc0001004);
	return NULL;
}

static const char *command_half_done(struct rig *r)
{
	enum mpt_op_id op;

	if (mpt_fault_at(r->host, MPT_OP_ID_set_trap_area, 1, -ENOMEM))
		return skipped;
	EQ(cfg_write(r, 0x10, (u32)BAR0, 4), 0);
	CHECK(cfg_write(r, 4, 2, 2));
	CHECK(mpt_fault_fired(r->host, &op));
	EQ(cfg_read(r, 4, 2) & 2, 2);
	EQ(guest_read(r, BAR0 + PVINFO, 4), 0xffffffff);
	return NULL;
}

static const char *command_wide(struct rig *r)
{
	CHECK(cfg_write(r, 4, 6, 4));
	EQ(cfg_read(r, 4, 2) & 6, 0);
	return NULL;
}

static const char *capability_written(struct rig *r)
{
	EQ(cfg_read(r, 0xac, 1), 5);
	EQ(cfg_write(r, 0xac, 0, 2), 0);
	EQ(cfg_read(r, 0xac, 1), 0);
	return NULL;
}

/* --- the opregion --- */

static const char *swsci_not_kept(struct rig *r)
{
	EQ(cfg_write(r, 0xfc, linux_gvt_is_xen() ? (u32)OPREGION : 0x400000, 4), 0);
	EQ(cfg_write(r, 0xe8, 1 << 15 | 1, 4), 0);
	EQ(cfg_read(r, 0xe8, 4), 0);
	return NULL;
}

static const char *opregion_offsets(struct rig *r)
{
	if (!linux_gvt_is_xen())
		return skipped;
	EQ(cfg_write(r, 0xfc, (u32)OPREGION, 4), 0);
	EQ(guest_write(r, OPREGION + 0x200, 4 << 1 | 1, 4), 0);
	EQ(cfg_write(r, 0xe8, 1 << 15 | 1, 4), 0);
	EQ(guest_read(r, OPREGION + 0x200, 4), 4 << 1 | 1);
	return NULL;
}

static const char *opregion_half_mapped(struct rig *r)
{
	if (!linux_gvt_is_xen() || mpt_fault_at(r->host, MPT_OP_ID_map_gfn_to_mfn, 2, -ENOMEM))
		return skipped;
	CHECK(cfg_write(r, 0xfc, (u32)OPREGION, 4));
	EQ(guest_read(r, OPREGION, 4), 0x65746e49);
	return NULL;
}

/* --- registers --- */

static const char *aliased(struct rig *r)
{
	const char *wrong = rig_boot(r);
	u64 value = 0;

	if (wrong)
		return wrong;
	EQ(r->ops->emulate_mmio_read(r->vgpu, BAR0 + PVINFO + (1ULL << 32), &value, 8), 0);
	EQ(value, 0x4776544776544776ULL);
	return NULL;
}

static const char *beyond_registers(struct rig *r)
{
	const char *wrong = rig_boot(r);
	u64 value = 0;

	if (wrong)
		return wrong;
	EQ(r->ops->emulate_mmio_write(r->vgpu, BAR0 + 0x1ffffc, &value, 8), 0);
	return NULL;
}

/* Between registers and page table nothing is: an access goes to guest memory of that address. */
static const char *hole(struct rig *r)
{
	const char *wrong;
	u64 value = 0;

	EQ(mpt_ram_add(r->vm, BAR0 + (4ULL << 20), 1ULL << 20, 0), 0);
	EQ(guest_write(r, BAR0 + (4ULL << 20), 0x1234, 8), 0);
	wrong = rig_boot(r);
	if (wrong)
		return wrong;
	EQ(r->ops->emulate_mmio_read(r->vgpu, BAR0 + (4ULL << 20), &value, 8), 0);
	EQ(value, 0x1234);
	return NULL;
}

static const char *unlimited_log(struct rig *r)
{
	const char *wrong = rig_boot(r);
	unsigned long before = linux_gvt_messages();
	int i;

	if (wrong)
		return wrong;
	for (i = 0; i < 500; i++)
		reg_write(r, PVINFO + 0x100, 0);
	CHECK(linux_gvt_messages() - before >= 500);
	return NULL;
}

/* --- page tables --- */

/* Of two lower tables the second has no RAM: what the first had mapped stays. */
static const char *half_shadowed(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	ppgtt_fill(r, 5);
	EQ(guest_write(r, PD + 8, 0x20000000 | 3, 8), 0);
	ppgtt_notify(r, L4_CREATE, PML4);
	EQ(linux_gvt_shadow_root(r->vgpu, 0), 0);
	EQ(rig_stats(r).dma_live, 5);
	return NULL;
}

/* A table in the guest's first page: frame 0 is taken for "none". */
static const char *frame_0(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	ppgtt_fill(r, 1);
	EQ(guest_write(r, PD, 0 | 3, 8), 0);
	EQ(guest_write(r, 0, DATA | 3, 8), 0);
	ppgtt_notify(r, L4_CREATE, PML4);
	CHECK(shadow_walk(r->vgpu, 0));
	ppgtt_notify(r, L4_DESTROY, PML4);
	CHECK(mpt_vm_tracked(r->vm, 0));
	return NULL;
}

const struct scenario defect_scenarios[] = {
	{ .name = "defect: destroyed while its BARs are decoded", .needs = BOTH,
	  .run = destroyed_decoded, .left = 2,
	  .finding = "vgpu.c: a vGPU that is destroyed leaves BAR0 trapped and BAR2 mapped" },
	{ .name = "defect: a BAR is sized while it is decoded", .needs = BOTH,
	  .run = sized_decoded, .left = 1,
	  .finding = "cfg_space.c: a BAR that is written while it is decoded loses the place of "
		     "its trap" },
	{ .name = "defect: a BAR is not masked", .run = bar_unmasked,
	  .finding = "cfg_space.c: a BAR keeps address bits below its size" },
	{ .name = "defect: decoding is on though the trap failed", .needs = MPT_CAP_TRAP_AREA,
	  .run = command_half_done,
	  .finding = "cfg_space.c: COMMAND is changed before the trap and the map that may fail" },
	{ .name = "defect: COMMAND and STATUS in one write", .run = command_wide, .warns = 1,
	  .finding = "cfg_space.c: a write of COMMAND and STATUS in one is refused, with a WARN" },
	{ .name = "defect: a capability's header is written", .run = capability_written,
	  .finding = "cfg_space.c: all from offset 0x40 on can be written, capability headers "
		     "too" },
	{ .name = "defect: SWSCI is not kept", .run = swsci_not_kept,
	  .finding = "cfg_space.c: a write of SWSCI is not stored" },
	{ .name = "defect: SCIC and PARM of a mapped opregion",
	  .needs = MPT_CAP_MAP_GFN | MPT_CAP_VIRT_TO_MFN, .run = opregion_offsets,
	  .finding = "opregion.c: of a mapped opregion SCIC and PARM are looked for at four times "
		     "their offset" },
	{ .name = "defect: half an opregion is mapped",
	  .needs = MPT_CAP_MAP_GFN | MPT_CAP_VIRT_TO_MFN, .run = opregion_half_mapped, .left = 1,
	  .finding = "opregion.c: a page of the opregion stays mapped when the next one cannot "
		     "be" },
	{ .name = "defect: an address 4 GiB beyond BAR0", .run = aliased,
	  .finding = "mmio.c: an offset from BAR0 is cut to 32 bits" },
	{ .name = "defect: a write over the end of the registers", .run = beyond_registers,
	  .overruns = 1,
	  .finding = "mmio.c: a write over the end of the registers goes beyond their memory" },
	{ .name = "defect: the hole in BAR0", .run = hole, .warns = 1,
	  .finding = "mmio.c: between registers and page table BAR0 reads guest memory" },
	{ .name = "defect: the log has no limit", .run = unlimited_log,
	  .finding = "handlers.c: each wrong write to PVINFO is a line in the log" },
	{ .name = "defect: a page table that is shadowed half", .needs = MPT_CAP_PAGE_TRACK,
	  .run = half_shadowed, .left = 5,
	  .finding = "gtt.c: what a page table had mapped before shadowing failed stays mapped" },
	{ .name = "defect: a page table in frame 0", .needs = MPT_CAP_PAGE_TRACK, .run = frame_0,
	  .left = 1, .forgets = 1,
	  .finding = "gtt.c: a page table in guest frame 0 stays tracked" },
	{ .name = NULL },
};
