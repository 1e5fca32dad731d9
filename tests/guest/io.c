/* SPDX-License-Identifier: MIT */
/* Every access of the synthetic guest: configuration space, BARs, RAM, interrupts; no meaning. */
#include "guest_priv.h"

static void lie(struct guest *g, enum guest_space space, u64 addr, void *buf, u32 len)
{
	if (g->c.lie)
		g->c.lie(g->c.lie_arg, space, addr, buf, len);
}

static void answered(struct guest *g, int ret, const char *what, u64 addr)
{
	if (ret)
		guest_fail(g, "%s of 0x%llx: expected success, saw -%s: %.100s", what,
			   (unsigned long long)addr, mpt_errno_name(ret), mpt_last_error());
}

u32 guest_cfg_read(struct guest *g, u32 offset, u32 len)
{
	u32 value = 0;

	if (g->failed)
		return 0;
	answered(g, mpt_guest_cfg_read(g->c.vm, offset, &value, len), "config read", offset);
	lie(g, GUEST_CFG, offset, &value, len);
	return value;
}

void guest_cfg_write(struct guest *g, u32 offset, u32 value, u32 len)
{
	if (!g->failed)
		answered(g, mpt_guest_cfg_write(g->c.vm, offset, &value, len), "config write",
			 offset);
}

u64 guest_bar0_read(struct guest *g, u64 offset, u32 len)
{
	u64 value = 0;

	if (g->failed)
		return 0;
	answered(g, mpt_guest_read(g->c.vm, g->c.bar0 + offset, &value, len), "read", offset);
	lie(g, GUEST_REG, offset, &value, len);
	return value;
}

void guest_bar0_write(struct guest *g, u64 offset, u64 value, u32 len)
{
	if (!g->failed)
		answered(g, mpt_guest_write(g->c.vm, g->c.bar0 + offset, &value, len), "write",
			 offset);
}

void guest_aperture_read(struct guest *g, u64 addr, void *buf, u32 len)
{
	memset(buf, 0, len);
	if (g->failed)
		return;
	answered(g, mpt_guest_read(g->c.vm, g->c.bar2 + addr, buf, len), "aperture read", addr);
	lie(g, GUEST_APERTURE, addr, buf, len);
}

void guest_aperture_write(struct guest *g, u64 addr, const void *buf, u32 len)
{
	if (!g->failed)
		answered(g, mpt_guest_write(g->c.vm, g->c.bar2 + addr, buf, len),
			 "aperture write", addr);
}

void guest_ram_read(struct guest *g, u64 gpa, void *buf, u32 len)
{
	memset(buf, 0, len);
	if (g->failed)
		return;
	answered(g, mpt_guest_read(g->c.vm, gpa, buf, len), "load", gpa);
	lie(g, GUEST_RAM, gpa, buf, len);
}

void guest_ram_write(struct guest *g, u64 gpa, const void *buf, u32 len)
{
	if (!g->failed)
		answered(g, mpt_guest_write(g->c.vm, gpa, buf, len), "store", gpa);
}

u32 guest_ram32(struct guest *g, u64 gpa)
{
	u32 value;

	guest_ram_read(g, gpa, &value, sizeof(value));
	return value;
}

u64 guest_ram64(struct guest *g, u64 gpa)
{
	u64 value;

	guest_ram_read(g, gpa, &value, sizeof(value));
	return value;
}

void guest_ram32_set(struct guest *g, u64 gpa, u32 value)
{
	guest_ram_write(g, gpa, &value, sizeof(value));
}

void guest_ram64_set(struct guest *g, u64 gpa, u64 value)
{
	guest_ram_write(g, gpa, &value, sizeof(value));
}

bool guest_irq_take(struct guest *g, struct mpt_irq *irq)
{
	if (g->failed || mpt_irq_take(g->c.vm, irq))
		return false;
	g->r.interrupts++;
	lie(g, GUEST_MSI, 0, irq, sizeof(*irq));
	return true;
}

void guest_wait(struct guest *g)
{
	if (g->failed || !g->c.wait)
		return;
	g->r.waits++;
	g->c.wait(g->c.wait_arg);
}

void guest_reg_wait(struct guest *g, u32 reg, u32 mask, u32 value, const char *what)
{
	u32 seen = guest_reg(g, reg);
	int i;

	for (i = 0; i < G_WAITS && (seen & mask) != value && !g->failed; i++) {
		guest_wait(g);
		seen = guest_reg(g, reg);
	}
	guest_expect(g, seen & mask, value, "%s (0x%x)", what, reg);
}
