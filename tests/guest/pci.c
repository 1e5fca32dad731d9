/* SPDX-License-Identifier: MIT */
/* PCI as the kernel and i915 do it: ids, BARs, decoding, the MSI capability, GGTT size. */
#include <gvt/gvt.h>

#include "guest_priv.h"

/* PCI Local Bus Specification 3.0, 6.1, 6.2.5 and 6.8.1. */
#define CFG_VENDOR 0x00
#define CFG_DEVICE 0x02
#define CFG_COMMAND 0x04
#define CFG_STATUS 0x06
#define CFG_CLASS 0x08
#define CFG_BAR0 0x10
#define CFG_BAR2 0x18
#define CFG_CAPABILITIES 0x34
#define COMMAND_MEMORY 0x2
#define COMMAND_MASTER 0x4
#define STATUS_CAP_LIST 0x10
#define BAR_TYPE 0xf
#define BAR_64 0x4
#define BAR_64_PREFETCH 0xc
#define CAP_MSI 0x05
#define CAP_MAX 48
/* 6th Generation Intel Core datasheet vol. 2, device 2: GMCH graphics control. */
#define CFG_GMCH 0x50
#define GMCH_GGTT_8M (3U << 6)

#define MSI_ADDR 0xfee00000U
#define MSI_DATA 0x4031U

static bool known_device(u16 id)
{
	u16 known;
	unsigned int i;

	for (i = 0; (known = gvt_device_each(i, NULL)); i++)
		if (known == id)
			return true;
	return false;
}

static void ids(struct guest *g)
{
	u32 device;

	guest_expect(g, guest_cfg_read(g, CFG_VENDOR, 2), 0x8086, "vendor");
	device = guest_cfg_read(g, CFG_DEVICE, 2);
	guest_check(g, known_device((u16)device), device, "device id", "one that i915 knows");
	guest_expect(g, guest_cfg_read(g, CFG_CLASS, 4) >> 8, 0x030000,
		     "class of a VGA controller");
	guest_expect(g, guest_cfg_read(g, CFG_GMCH, 2) & GMCH_GGTT_8M, GMCH_GGTT_8M,
		     "GGTT size in GMCH control");
}

/* Asks for the size, then places the BAR. Decoding is off. */
static u64 place(struct guest *g, u32 offset, u32 type, u64 where)
{
	u64 mask;

	guest_cfg_write(g, offset, ~0U, 4);
	guest_cfg_write(g, offset + 4, ~0U, 4);
	mask = guest_cfg_read(g, offset, 4);
	guest_expect(g, mask & BAR_TYPE, type, "type of the BAR at 0x%x", offset);
	mask |= (u64)guest_cfg_read(g, offset + 4, 4) << 32;
	mask &= ~(u64)BAR_TYPE;
	guest_cfg_write(g, offset, (u32)where, 4);
	guest_cfg_write(g, offset + 4, (u32)(where >> 32), 4);
	guest_expect(g, guest_cfg_read(g, offset, 4), (u32)where | type, "BAR at 0x%x", offset);
	guest_expect(g, guest_cfg_read(g, offset + 4, 4), where >> 32, "its upper half");
	return mask ? mask & -mask : 0;
}

static u32 find_msi(struct guest *g)
{
	u32 offset, n;

	guest_expect(g, guest_cfg_read(g, CFG_STATUS, 2) & STATUS_CAP_LIST, STATUS_CAP_LIST,
		     "capability list in STATUS");
	offset = guest_cfg_read(g, CFG_CAPABILITIES, 1);
	for (n = 0; offset >= 0x40 && n < CAP_MAX; n++) {
		if (guest_cfg_read(g, offset, 1) == CAP_MSI)
			return offset;
		offset = guest_cfg_read(g, offset + 1, 1);
	}
	guest_fail(g, "MSI capability: expected one, saw the list end at 0x%x", offset);
	return 0;
}

static void msi(struct guest *g)
{
	g->msi_cap = find_msi(g);
	guest_cfg_write(g, g->msi_cap + 4, MSI_ADDR, 4);
	guest_cfg_write(g, g->msi_cap + 8, MSI_DATA, 2);
	guest_cfg_write(g, g->msi_cap + 2, 1, 2);
	guest_expect(g, guest_cfg_read(g, g->msi_cap + 4, 4), MSI_ADDR, "MSI address");
	guest_expect(g, guest_cfg_read(g, g->msi_cap + 8, 2), MSI_DATA, "MSI data");
	guest_expect(g, guest_cfg_read(g, g->msi_cap + 2, 2) & 1, 1, "MSI enable");
}

void guest_step_pci(struct guest *g)
{
	const u32 on = COMMAND_MEMORY | COMMAND_MASTER;
	u64 size;

	ids(g);
	guest_cfg_write(g, CFG_COMMAND, 0, 2);
	size = place(g, CFG_BAR0, BAR_64, g->c.bar0);
	guest_expect(g, size, GVT_BAR0_SIZE, "size of BAR0");
	g->bar2_size = place(g, CFG_BAR2, BAR_64_PREFETCH, g->c.bar2);
	guest_check(g, g->bar2_size >= 256U << 20 && g->bar2_size <= 1U << 30, g->bar2_size,
		    "size of BAR2", "256 MiB to 1 GiB");
	guest_cfg_write(g, CFG_COMMAND, on, 2);
	guest_expect(g, guest_cfg_read(g, CFG_COMMAND, 2) & on, on, "COMMAND");
	msi(g);
}

void guest_pci_off(struct guest *g)
{
	const u32 on = COMMAND_MEMORY | COMMAND_MASTER;

	guest_cfg_write(g, g->msi_cap + 2, 0, 2);
	guest_expect(g, guest_cfg_read(g, g->msi_cap + 2, 2) & 1, 0, "MSI enable at the end");
	guest_cfg_write(g, CFG_COMMAND, 0, 2);
	guest_expect(g, guest_cfg_read(g, CFG_COMMAND, 2) & on, 0, "COMMAND at the end");
}
