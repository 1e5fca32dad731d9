/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: what a guest says to the virtual display: AUX, GMBUS, and the opregion by ASLS and
 * SWSCI, on one vGPU on the mock hypervisor. After each access the controllers' state must be one
 * that they can have; after all of them a driver that behaves must still read the EDID.
 *
 * Input: a byte that chooses the platform (bits 2:0) and whether the monitor is on DDC pins (bit
 * 3), which is done inside the core, since no platform has such a one; then records of six bytes:
 * what is done, where, and four of data. What the input lacks at its end is 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/layers.h>
#include <mpt/testbed.h>

#include "gvt/platform.h"

#define BAR0 0xc0000000ULL
#define RAM (1ULL << 20)
#define PIN 6U
#define EDID_BYTES 128U

/* Bits 2:0 of what is done; bits 4:3 are the width, log2 of the bytes. */
enum { AUX_WRITE, AUX_READ, GMBUS_WRITE, GMBUS_READ, CFG_WRITE, RAM_WRITE, PLUG, RESET };

static const u32 gmbus_regs[] = { 0xc5100, 0xc5104, 0xc5108, 0xc510c, 0xc5110, 0xc5120 };
static const unsigned int cfg_regs[] = { 0xe8, 0xfc, 0xe4, 0xd4 };

struct guest {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	struct gvt_port port;
	struct gvt_platform platform;
	u32 aux[4]; /* control registers of the channels */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

static const struct gvt_vgpu *core(const struct guest *g)
{
	return (const struct gvt_vgpu *)g->vgpu;
}

static u32 reg(struct guest *g, u32 at)
{
	u32 value = 0;

	must(!gvt_ops()->emulate_mmio_read(g->vgpu, BAR0 + at, &value, 4));
	return value;
}

static void reg_set(struct guest *g, u32 at, u32 value)
{
	must(!gvt_ops()->emulate_mmio_write(g->vgpu, BAR0 + at, &value, 4));
}

static void cfg_set(struct guest *g, unsigned int at, u32 value, unsigned int len)
{
	must(!mpt_guest_cfg_write(g->vm, at, &value, len));
}

/* Decoding, MSI, and the interrupts of both controllers. */
static void place(struct guest *g)
{
	cfg_set(g, 0x10, (u32)BAR0, 4);
	cfg_set(g, 0x04, 0x6, 2);
	cfg_set(g, g->vgpu->msi_cap_offset + 2, 1, 2);
	reg_set(g, 0x44444, 0);
	reg_set(g, 0x4444c, ~0U);
	reg_set(g, 0xc4004, 0);
	reg_set(g, 0xc400c, ~0U);
	reg_set(g, 0x44200, 1U << 31);
}

static void monitor_choose(struct guest *g, bool ddc)
{
	u32 i;

	g->platform = *g->gvt->platform;
	g->port = *g->platform.monitor;
	g->port.ddc_pin = ddc ? PIN : 0;
	g->platform.monitor = &g->port;
	g->gvt->platform = &g->platform;
	for (i = 0; i < 4; i++)
		g->aux[i] = (i && !strcmp(g->platform.name, "bdw") ? 0xe4010 : 0x64010) + 0x100 * i;
}

static void guest_open(struct guest *g, unsigned int choice)
{
	struct gvt_config config = { .size = sizeof(config), .aperture = 256ULL << 20 };
	struct intel_vgpu_type type;

	config.platform = gvt_platform_each(choice % 8);
	must(!mpt_host_open("check,mock", &g->host));
	must(!mpt_host_set_policy(g->host, MPT_POLICY_RETURN));
	must(!gvt_open(g->host, &config, &g->gvt));
	monitor_choose(g, choice & 8);
	must(!mpt_vm_create(g->host, 1));
	must(!mpt_vm_get(g->host, 1, &g->vm));
	must(!mpt_ram_add(g->vm, 0, RAM, 0));
	gvt_type_init(&type, 64ULL << 20, 64ULL << 20, 4);
	g->vgpu = mpt_vgpu_create(g->vm, g->gvt, &type);
	must(!MPT_IS_ERR(g->vgpu));
	gvt_ops()->vgpu_activate(g->vgpu);
	gvt_ops()->emulate_hotplug(g->vgpu, true);
	place(g);
}

static void guest_close(struct guest *g)
{
	struct mpt_ledger ledger;
	int kind;

	must(!mpt_vgpu_destroy(g->vm, g->vgpu));
	must(!gvt_close(g->gvt));
	must(!mpt_ledger_get(g->host, &ledger));
	must(!ledger.left && !ledger.violations);
	for (kind = 0; kind < MPT_LEDGER_KINDS; kind++)
		must(!ledger.live[kind]);
	mpt_vm_put(g->vm);
	must(!mpt_vm_destroy(g->host, 1));
	must(!mpt_host_close(g->host));
}

/* --- what holds after each access --- */

static void check(const struct guest *g)
{
	const struct gvt_vgpu *v = core(g);
	u32 status = gvt_vreg(v, 0xc5108), i;

	must(!v->failsafe);
	for (i = 0; i < 4; i++)
		must(!(gvt_vreg(v, g->aux[i]) & 1U << 31));
	/* Ready; in use, waiting, not acknowledged, active and a count are possible. */
	must((status & 0x800) && !(status & ~0xcfffU));
	must(!(status & 0x400) || !(status & 0x4200));
	must(!(gvt_vreg(v, 0xc5104) & 1U << 30));
	must(v->gmbus.left <= 511 && v->gmbus.done <= 511 - v->gmbus.left);
	must(v->gmbus.phase == GVT_GMBUS_READ || !v->gmbus.left);
	must(g->port.ddc_pin || v->gmbus.phase == GVT_GMBUS_IDLE);
	/* What the guest is shown is what is kept. */
	must(!(status & 0x200) == (v->gmbus.phase == GVT_GMBUS_IDLE));
	must(!(status & 0x4000) == (v->gmbus.phase != GVT_GMBUS_WAIT));
	must((status & 0x1ff) == v->gmbus.done);
}

/* --- a driver that behaves --- */

static void edid_ok(const u8 *edid)
{
	static const u8 head[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	u8 sum = 0;
	u32 i;

	for (i = 0; i < EDID_BYTES; i++)
		sum = (u8)(sum + edid[i]);
	must(!memcmp(edid, head, sizeof(head)) && !sum);
}

/* Return: the first data register of the reply. */
static u32 aux(struct guest *g, u32 header, u32 data, u32 size)
{
	u32 ctl = g->aux[g->port.number];

	reg_set(g, ctl + 4, header);
	reg_set(g, ctl + 8, data);
	reg_set(g, ctl, 1U << 31 | 0x52000000 | size << 20);
	must((reg(g, ctl) & 0xf2000000) == 0x40000000);
	return reg(g, ctl + 4);
}

static void driver_aux(struct guest *g)
{
	u8 edid[EDID_BYTES];
	u32 i, reply;

	must(!(aux(g, 0x40005000, 0, 5) >> 24));
	for (i = 0; i < EDID_BYTES; i += 2) {
		reply = aux(g, 0x50005001, 0, 4);
		must(!(reply >> 24));
		edid[i] = (u8)(reply >> 16);
		edid[i + 1] = (u8)(reply >> 8);
	}
	edid_ok(edid);
}

static void driver_gmbus(struct guest *g)
{
	u8 edid[EDID_BYTES];
	u32 i, data;

	reg_set(g, 0xc5104, 1U << 31);
	reg_set(g, 0xc5104, 0);
	reg_set(g, 0xc5120, 0);
	reg_set(g, 0xc5100, PIN);
	reg_set(g, 0xc5104, 0x460000a1 | EDID_BYTES << 16);
	if (!g->port.ddc_pin) {
		must((reg(g, 0xc5108) & 0x4e00) == 0xc00);
		return;
	}
	for (i = 0; i < EDID_BYTES; i += 4) {
		must((reg(g, 0xc5108) & 0x4e00) == 0xa00);
		data = reg(g, 0xc510c);
		memcpy(edid + i, &data, 4);
	}
	must((reg(g, 0xc5108) & 0x4e00) == 0x4a00);
	edid_ok(edid);
}

/* --- records --- */

/* A register whole, or a part of it. */
static void access_reg(struct guest *g, u32 at, u8 what, u8 where, u32 value)
{
	unsigned int len = 1U << (what >> 3 & 3);
	u8 buf[16];
	unsigned int i;

	len = len > 4 ? 4 : len;
	at += (where >> 6) & (4 - len);
	if (!(what & 1)) {
		gvt_ops()->emulate_mmio_write(g->vgpu, BAR0 + at, &value, len);
		return;
	}
	memset(buf, 0x5a, sizeof(buf));
	must(!gvt_ops()->emulate_mmio_read(g->vgpu, BAR0 + at, buf, len));
	for (i = len; i < sizeof(buf); i++)
		must(buf[i] == 0x5a);
}

static void access_cfg(struct guest *g, u8 what, u8 where, u32 value)
{
	unsigned int len = 1U << (what >> 3 & 3);

	len = len > 4 ? 4 : len;
	mpt_guest_cfg_write(g->vm, cfg_regs[where % 4] + ((where >> 6) & (4 - len)), &value, len);
}

static void record(struct guest *g, u8 what, u8 where, u32 value)
{
	switch (what & 7) {
	case AUX_WRITE:
	case AUX_READ:
		access_reg(g, g->aux[where & 3] + 4 * ((where >> 2 & 15) % 7), what, where, value);
		return;
	case GMBUS_WRITE:
	case GMBUS_READ:
		access_reg(g, gmbus_regs[(where & 15) % 6], what, where, value);
		return;
	case CFG_WRITE:
		access_cfg(g, what, where, value);
		return;
	case RAM_WRITE: /* a mailbox, wherever the opregion may be */
		mpt_guest_write(g->vm, where * 4096U + 0x200 + (what >> 3 & 7) * 4, &value, 4);
		return;
	case PLUG:
		gvt_ops()->emulate_hotplug(g->vgpu, where & 1);
		return;
	case RESET:
		gvt_ops()->vgpu_reset(g->vgpu);
		place(g);
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest g;
	size_t done;

	memset(&g, 0, sizeof(g));
	guest_open(&g, size ? data[0] : 0);
	for (done = 1; done < size; done += 6) {
		u8 rec[6] = { 0 };
		u32 value;

		memcpy(rec, data + done, size - done < 6 ? size - done : 6);
		memcpy(&value, rec + 2, sizeof(value));
		record(&g, rec[0], rec[1], value);
		check(&g);
	}
	gvt_ops()->emulate_hotplug(g.vgpu, true);
	driver_aux(&g);
	driver_gmbus(&g);
	guest_close(&g);
	return 0;
}
