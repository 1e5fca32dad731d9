/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of configuration space, registers, the global page table, the aperture, interrupts and
 * the opregion. Numbers are of Intel's public register descriptions and of PCI.
 */
#include <errno.h>

#include "rig.h"

static const char *bar_sizing(struct rig *r)
{
	EQ(cfg_write(r, 0x10, ~0U, 4), 0);
	EQ(cfg_read(r, 0x10, 4), 0xff000004);
	EQ(cfg_write(r, 0x14, ~0U, 4), 0);
	EQ(cfg_read(r, 0x14, 4), 0xffffffff);
	EQ(cfg_write(r, 0x18, ~0U, 4), 0);
	EQ(cfg_read(r, 0x18, 4), 0xc000000c);
	EQ(cfg_write(r, 0x30, ~0U, 4), 0);
	EQ(cfg_read(r, 0x30, 4), 0);
	return rig_boot(r);
}

/* Not decoded, the BAR is no address of anybody's. */
static const char *bar_moves(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	EQ(cfg_write(r, 4, 4, 2), 0);
	EQ(guest_read(r, BAR0 + PVINFO, 4), 0xffffffff);
	EQ(cfg_write(r, 0x10, 0xd0000000, 4), 0);
	EQ(cfg_write(r, 4, 6, 2), 0);
	EQ(guest_read(r, 0xd0000000ULL + PVINFO, 8), 0x4776544776544776ULL);
	EQ(guest_read(r, BAR0 + PVINFO, 4), 0xffffffff);
	EQ(cfg_write(r, 4, 4, 2), 0);
	return NULL;
}

static const char *pvinfo(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	EQ(guest_read(r, BAR0 + PVINFO + 8, 2), 1);
	EQ(reg_read(r, PVINFO + 0x10), 0x1c);
	EQ(reg_read(r, PVINFO + 0x40), r->place.aperture);
	EQ(reg_read(r, PVINFO + 0x44), r->place.aperture_size);
	EQ(reg_read(r, PVINFO + 0x48), r->place.hidden);
	EQ(reg_read(r, PVINFO + 0x4c), r->place.hidden_size);
	EQ(reg_read(r, PVINFO + 0x50), r->place.fences);
	return NULL;
}

static const char *registers(struct rig *r)
{
	const char *wrong = rig_boot(r);

	if (wrong)
		return wrong;
	EQ(reg_write(r, 0x70050, 0x12345678), 0);
	EQ(reg_read(r, 0x70050), 0x12345678);
	EQ(linux_gvt_failsafe(r->vgpu), 0);
	/* A fence of the guest's is one of the device's, of another number. */
	EQ(guest_write(r, BAR0 + 0x100000, 0x00ff000000010001ULL, 8), 0);
	EQ(guest_read(r, BAR0 + 0x100000, 8), 0x00ff000000010001ULL);
	return NULL;
}

/* --- the global page table --- */

static const char *ggtt(struct rig *r)
{
	const char *wrong = rig_boot(r);
	u64 at = r->place.aperture >> 12, entry = BAR0 + GTT + at * 8;
	u64 hidden = r->place.hidden >> 12;
	u64 beyond = at + (r->place.aperture_size >> 12), scratch, other;

	if (wrong)
		return wrong;
	scratch = linux_gvt_ggtt(at);
	EQ(guest_write(r, 0x200010, 0xfeedface, 8), 0);
	EQ(guest_write(r, entry, 0x200000 | 1, 8), 0);
	EQ(guest_read(r, entry, 8), 0x200000 | 1);
	EQ(rig_stats(r).dma_live, 1);
	EQ(bus_read(r, (linux_gvt_ggtt(at) & ADDR_MASK) + 0x10), 0xfeedface);
	/* In two halves, and in the part that the processor does not see. */
	EQ(guest_write(r, BAR0 + GTT + hidden * 8, 0x200000 | 1, 4), 0);
	EQ(guest_write(r, BAR0 + GTT + hidden * 8 + 4, 0, 4), 0);
	EQ(bus_read(r, (linux_gvt_ggtt(hidden) & ADDR_MASK) + 0x10), 0xfeedface);
	/* Beyond the vGPU's part nothing is written. */
	other = linux_gvt_ggtt(beyond);
	EQ(guest_write(r, BAR0 + GTT + beyond * 8, 0x200000 | 1, 8), 0);
	EQ(linux_gvt_ggtt(beyond), other);
	EQ(guest_write(r, entry, 0, 8), 0);
	EQ(guest_write(r, BAR0 + GTT + hidden * 8, 0, 8), 0);
	EQ(rig_stats(r).dma_live, 0);
	EQ(linux_gvt_ggtt(at) & ADDR_MASK, scratch & ADDR_MASK);
	return NULL;
}

/* No RAM there: the entry shows the scratch page, and the guest is told that all is well. */
static const char *ggtt_no_ram(struct rig *r)
{
	const char *wrong = rig_boot(r);
	u64 at = r->place.aperture >> 12, entry = BAR0 + GTT + at * 8, scratch;

	if (wrong)
		return wrong;
	scratch = linux_gvt_ggtt(at) & ADDR_MASK;
	EQ(guest_write(r, entry, 0x20000000 | 1, 8), 0);
	EQ(rig_stats(r).dma_live, 0);
	EQ(linux_gvt_ggtt(at) & ADDR_MASK, scratch);
	return NULL;
}

/* BAR2 shows guest memory through the global page table. */
static const char *aperture(struct rig *r)
{
	const char *wrong = rig_boot(r);
	u64 at = r->place.aperture >> 12, seen = BAR2 + r->place.aperture;

	if (wrong)
		return wrong;
	EQ(guest_write(r, BAR0 + GTT + at * 8, 0x300000 | 1, 8), 0);
	EQ(guest_write(r, 0x300020, 0x1122334455667788ULL, 8), 0);
	EQ(guest_read(r, seen + 0x20, 8), 0x1122334455667788ULL);
	EQ(guest_write(r, seen + 0x28, 0xabcd, 8), 0);
	EQ(guest_read(r, 0x300028, 8), 0xabcd);
	CHECK(rig_stats(r).aperture >= 2);
	EQ(guest_write(r, BAR0 + GTT + at * 8, 0, 8), 0);
	return NULL;
}

/* --- interrupts --- */

#define MASTER_IRQ 0x44200
#define PIPE_A_IMR 0x44404
#define PIPE_A_IIR 0x44408
#define PIPE_A_IER 0x4440c
#define PLANE_CTL 0x70180
#define PLANE_SURF 0x7019c

/* A flip that is not to wait for the display is done at once. */
static void flip(struct rig *r)
{
	reg_write(r, PLANE_CTL, 1 << 9);
	reg_write(r, PLANE_SURF, (u32)r->place.aperture);
}

static const char *msi(struct rig *r)
{
	const char *wrong = rig_boot(r);
	struct mpt_irq irq;

	if (wrong)
		return wrong;
	EQ(cfg_write(r, 0xb0, 0xfee01000, 4), 0);
	EQ(cfg_write(r, 0xb4, 0x4142, 2), 0);
	EQ(reg_write(r, PIPE_A_IER, ~0U), 0);
	EQ(reg_write(r, PIPE_A_IMR, 0), 0);
	EQ(reg_write(r, MASTER_IRQ, 1U << 31), 0);
	flip(r);
	EQ(mpt_irq_take(r->vm, &irq), -ENOENT);
	EQ(reg_read(r, PIPE_A_IIR), 1 << 3);
	EQ(reg_write(r, PIPE_A_IIR, ~0U), 0);
	EQ(cfg_write(r, 0xae, 1, 2), 0);
	flip(r);
	EQ(mpt_irq_take(r->vm, &irq), 0);
	EQ(irq.addr, 0xfee01000);
	EQ(irq.data, 0x4142);
	EQ(reg_read(r, PIPE_A_IIR), 1 << 3);
	EQ(reg_write(r, PIPE_A_IIR, ~0U), 0);
	EQ(reg_read(r, PIPE_A_IIR), 0);
	while (!mpt_irq_take(r->vm, &irq))
		;
	/* Masked it waits; several messages are refused. */
	EQ(reg_write(r, PIPE_A_IMR, ~0U), 0);
	flip(r);
	EQ(mpt_irq_take(r->vm, &irq), -ENOENT);
	EQ(cfg_write(r, 0xae, 0x11, 2), 0);
	EQ(reg_write(r, PIPE_A_IMR, 0), 0);
	flip(r);
	EQ(mpt_irq_take(r->vm, &irq), -ENOENT);
	EQ(cfg_write(r, 0xae, 0, 2), 0);
	return NULL;
}

/* --- the opregion --- */

static const char *opregion(struct rig *r)
{
	char signature[17] = "";

	if (!linux_gvt_is_xen())
		return skipped;
	EQ(cfg_write(r, 0xfc, (u32)OPREGION, 4), 0);
	EQ(mpt_guest_read(r->vm, OPREGION, signature, 16), 0);
	CHECK(!strcmp(signature, "IntelGraphicsMem"));
	/* A firmware places it once, a driver perhaps again. */
	EQ(cfg_write(r, 0xfc, (u32)OPREGION - 0x10000, 4), 0);
	EQ(mpt_guest_read(r->vm, OPREGION - 0x10000, signature, 16), 0);
	CHECK(!strcmp(signature, "IntelGraphicsMem"));
	EQ(guest_read(r, OPREGION, 4), 0xffffffff);
	return NULL;
}

/* KVM: the guest's own memory; the call "get BIOS data, supported calls" is answered there. */
static const char *opregion_call(struct rig *r)
{
	if (linux_gvt_is_xen())
		return skipped;
	EQ(cfg_write(r, 0xfc, 0x400000, 4), 0);
	EQ(guest_write(r, 0x400200, 4 << 1 | 1, 4), 0);
	EQ(guest_write(r, 0x400204, 0x77, 4), 0);
	EQ(cfg_write(r, 0xe8, 1 << 15 | 1, 4), 0);
	EQ(guest_read(r, 0x400200, 4), 0);
	EQ(guest_read(r, 0x400204, 4), 0);
	return NULL;
}

const struct scenario space_scenarios[] = {
	{ .name = "BARs tell their size", .run = bar_sizing },
	{ .name = "a BAR moves while it is not decoded", .run = bar_moves },
	{ .name = "PVINFO", .run = pvinfo },
	{ .name = "registers and fences", .run = registers },
	{ .name = "the global page table is shadowed", .run = ggtt },
	{ .name = "an entry without RAM shows the scratch page", .run = ggtt_no_ram },
	{ .name = "the aperture", .needs = MPT_CAP_MAP_GFN, .run = aperture },
	{ .name = "MSI", .run = msi },
	{ .name = "the opregion is mapped where the guest says",
	  .needs = MPT_CAP_MAP_GFN | MPT_CAP_VIRT_TO_MFN, .run = opregion },
	{ .name = "a call of the opregion in guest memory", .run = opregion_call },
	{ .name = NULL },
};
