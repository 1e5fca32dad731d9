/* SPDX-License-Identifier: MIT */
/*
 * The platforms beside each other: identity, configuration space, types, the monitor's port,
 * events, forcewake, resets, and a census of each register table. What a platform shares with
 * Skylake is tested on Skylake, in the other suites.
 */
#include <stdlib.h>

#include "gvt/platform.h"
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define NUM 5
#define MASTER 0x44200U
#define ENABLE (1U << 31)
#define PORT 0x44440U
#define PCH 0xc4000U
#define HOTPLUG 0xc4030U
#define STRAP 0xc2014U
#define RING_MODE 0x229cU
#define BUSY (1U << 31)
#define TIMEOUT (1U << 28)
#define IRQ (1U << 29)

/* Facts of gvt-contract.md section 4, not taken from the rows under test. */
static const struct platform {
	const char *name;
	u32 id, msi;
	const char *type;
	u32 port;
	u32 strap; /* bit of SFUSE_STRAP, 0: there is none */
	u32 hotplug_group, hotplug_bit; /* the ISR bit too */
	u32 pulse; /* a long one in HOTPLUG */
	u32 aux; /* the control register of that port */
	u32 aux_group, aux_bit;
	u32 flip; /* bit of the pipes' groups */
	const struct gvt_platform_regs *regs;
} rows[NUM] = {
	{ "skl", 0x19128086, 0xac, "GVTg_V5_8", 3, 1, PCH, 1U << 23, 0x20000, 0x64310, PORT,
	  1U << 27, 1U << 3, &gvt_skl_regs },
	{ "bdw", 0x16168086, 0x90, "GVTg_V4_8", 1, 4, PCH, 1U << 21, 0x2, 0xe4110, PCH, 1U << 25,
	  1U << 4, &gvt_bdw_regs },
	{ "kbl", 0x59128086, 0xac, "GVTg_V5_8", 3, 1, PCH, 1U << 23, 0x20000, 0x64310, PORT,
	  1U << 27, 1U << 3, &gvt_kbl_regs },
	{ "bxt", 0x5a848086, 0xac, "GVTg_V5_8", 1, 0, PORT, 1U << 4, 0x2, 0x64110, PORT, 1U << 25,
	  1U << 3, &gvt_bxt_regs },
	{ "cfl", 0x3e928086, 0xac, "GVTg_V5_8", 3, 1, PCH, 1U << 23, 0x20000, 0x64310, PORT,
	  1U << 27, 1U << 3, &gvt_cfl_regs },
};

static bool is(int i, const char *name)
{
	return !strcmp(rows[i].name, name);
}

static u32 cfg(struct rig *r, unsigned int offset)
{
	u32 value = 0;

	rig_ok(mpt_guest_cfg_read(r->vm, offset, &value, 4));
	return value;
}

static bool known(struct rig *r, u32 reg)
{
	struct gvt_reg_desc desc;

	gvt_reg_describe(r->gvt, reg, &desc);
	return desc.known;
}

/* Unmask and enable one event, and the master. */
static void irq_open(struct rig *r, u32 group, u32 bit)
{
	rig_reg_set(r, group + 4, ~bit);
	rig_reg_set(r, group + 12, bit);
	rig_reg_set(r, MASTER, ENABLE);
}

/* --- identity --- */

START_TEST(identity)
{
	const struct platform *p = &rows[_i];
	struct rig r;

	ck_assert_str_eq(gvt_platform_each((unsigned int)_i), p->name);
	rig_open_platform(&r, p->name);
	ck_assert_uint_eq(cfg(&r, 0x00), p->id);
	ck_assert_uint_eq(cfg(&r, 0x08) >> 8, 0x030000);
	ck_assert_str_eq(gvt_type_each(r.gvt, 0)->name, p->type);
	ck_assert_ptr_eq(r.ops->gvt_find_vgpu_type(r.gvt, p->type), gvt_type_each(r.gvt, 0));
	rig_close(&r);
}
END_TEST

START_TEST(only_these_platforms)
{
	const struct gvt_platform *found = NULL;

	ck_assert_ptr_null(gvt_platform_each(NUM));
	ck_assert_int_eq(gvt_platform_find("SKL", &found), -ENOENT);
	ck_assert_int_eq(gvt_platform_find("", &found), -ENOENT);
	ck_assert_ptr_null(found);
	ck_assert_msg(strstr(mpt_last_error(), "skl, bdw, kbl, bxt, cfl") != NULL, "%s",
		      mpt_last_error());
	ck_assert_int_eq(gvt_platform_find(NULL, &found), 0);
	ck_assert_str_eq(found->name, "skl");
}
END_TEST

/* A walk as a PCI core does it finds MSI and power management, and nothing else. */
START_TEST(capabilities)
{
	const struct platform *p = &rows[_i];
	u32 other = p->msi == 0x90 ? 0xac : 0x90;
	struct rig r;

	rig_open_platform(&r, p->name);
	ck_assert_uint_eq(r.vgpu->msi_cap_offset, p->msi);
	ck_assert_uint_eq(cfg(&r, 0x34) & 0xff, p->msi);
	ck_assert_uint_eq(cfg(&r, p->msi) & 0xffff, 0xd005);
	ck_assert_uint_eq(cfg(&r, 0xd0) & 0xffff, 0x0001);
	ck_assert(gvt_cfg_msi_enabled(r.v));
	rig_cfg_write(&r, p->msi, 0xffff1234, 4);
	ck_assert_uint_eq(cfg(&r, p->msi), 0x0001d005);
	ck_assert_uint_eq(cfg(&r, p->msi + 4), RIG_MSI_ADDR);
	rig_cfg_write(&r, p->msi, 0, 4);
	ck_assert(!gvt_cfg_msi_enabled(r.v));
	rig_cfg_write(&r, other, ~0U, 4);
	rig_cfg_write(&r, other + 4, ~0U, 4);
	ck_assert_uint_eq(cfg(&r, other), 0);
	ck_assert_uint_eq(cfg(&r, other + 4), 0);
	ck_assert(!gvt_cfg_msi_enabled(r.v));
	rig_close(&r);
}
END_TEST

START_TEST(device_ids)
{
	static bool seen[0x10000];
	unsigned int i, count[NUM] = { 0 };
	bool own[NUM] = { false };
	const char *name;
	u16 id;
	int p;

	for (i = 0; (id = gvt_device_each(i, &name)); i++) {
		ck_assert_msg(!seen[id], "%04x twice", id);
		seen[id] = true;
		for (p = 0; p < NUM && strcmp(rows[p].name, name); p++)
			;
		ck_assert_msg(p < NUM, "%04x of %s", id, name);
		count[p]++;
		own[p] |= rows[p].id >> 16 == id;
	}
	for (p = 0; p < NUM; p++)
		ck_assert_msg(own[p] && count[p] >= 5, "%s: %u", rows[p].name, count[p]);
	ck_assert_uint_eq(gvt_device_each(i + 1, NULL), 0);
	ck_assert_uint_eq(gvt_device_each(~0U, NULL), 0);
	ck_assert_uint_eq(gvt_device_each(0, NULL), 0x1912);
}
END_TEST

/* --- the monitor --- */

START_TEST(monitor_is_shown_and_told)
{
	const struct platform *p = &rows[_i];
	u32 iir = p->hotplug_group + 8;
	struct rig r;
	u64 told;

	rig_open_platform(&r, p->name);
	irq_open(&r, p->hotplug_group, p->hotplug_bit);
	ck_assert_uint_eq(rig_reg(&r, p->hotplug_group), 0);
	told = rig_info(&r).interrupts;
	r.ops->emulate_hotplug(r.vgpu, true);
	ck_assert_uint_eq(rig_reg(&r, STRAP), p->strap);
	ck_assert_uint_eq(rig_reg(&r, p->hotplug_group), p->hotplug_bit);
	ck_assert_uint_eq(rig_reg(&r, HOTPLUG), p->pulse);
	ck_assert_uint_eq(rig_reg(&r, iir), p->hotplug_bit);
	ck_assert_uint_eq(rig_info(&r).interrupts, told + 1);
	ck_assert_uint_eq(rig_reg(&r, MASTER), ENABLE | 1U << (p->hotplug_group == PCH ? 23 : 20));
	/* As a driver does: the pulse is read and cleared, then the event is. */
	rig_reg_set(&r, HOTPLUG, rig_reg(&r, HOTPLUG));
	rig_reg_set(&r, iir, p->hotplug_bit);
	ck_assert_uint_eq(rig_reg(&r, HOTPLUG), 0);
	ck_assert_uint_eq(rig_reg(&r, iir), 0);
	r.ops->emulate_hotplug(r.vgpu, false);
	ck_assert_uint_eq(rig_reg(&r, STRAP), 0);
	ck_assert_uint_eq(rig_reg(&r, p->hotplug_group), 0);
	ck_assert_uint_eq(rig_reg(&r, iir), p->hotplug_bit);
	rig_close(&r);
}
END_TEST

/* Only what is plugged in when the device is reset is shown after it, and silently. */
START_TEST(monitor_outlives_a_reset)
{
	const struct platform *p = &rows[_i];
	struct rig r;
	u64 told;

	rig_open_platform(&r, p->name);
	r.ops->emulate_hotplug(r.vgpu, true);
	told = rig_info(&r).interrupts;
	r.ops->vgpu_reset(r.vgpu);
	rig_cfg_place(&r);
	ck_assert_uint_eq(rig_reg(&r, STRAP), p->strap);
	ck_assert_uint_eq(rig_reg(&r, p->hotplug_group), p->hotplug_bit);
	ck_assert_uint_eq(rig_reg(&r, HOTPLUG), 0);
	ck_assert_uint_eq(rig_reg(&r, p->hotplug_group + 8), 0);
	ck_assert_uint_eq(rig_info(&r).interrupts, told);
	rig_close(&r);
}
END_TEST

/* Reads one byte of the EDID. Return: the control register afterwards. */
static u32 aux_send(struct rig *r, u32 ctl)
{
	rig_reg_set(r, ctl + 4, 0x10005000);
	rig_reg_set(r, ctl, BUSY | IRQ | 4 << 20);
	return rig_reg(r, ctl);
}

START_TEST(monitor_answers_on_its_channel)
{
	const struct platform *p = &rows[_i];
	static const u32 gen9[] = { 0x64010, 0x64110, 0x64210, 0x64310 };
	static const u32 bdw[] = { 0x64010, 0xe4110, 0xe4210, 0xe4310 };
	const u32 *ctl = is(_i, "bdw") ? bdw : gen9;
	struct rig r;
	u32 port;

	rig_open_platform(&r, p->name);
	irq_open(&r, p->aux_group, p->aux_bit);
	r.ops->emulate_hotplug(r.vgpu, true);
	for (port = 0; port < 4; port++) {
		u32 state = aux_send(&r, ctl[port]);

		ck_assert_msg(known(&r, ctl[port]), "0x%x", ctl[port]);
		ck_assert_uint_eq(state & BUSY, 0);
		ck_assert_msg(!(state & TIMEOUT) == (port == p->port), "port %u", port);
		ck_assert_uint_eq(rig_reg(&r, p->aux_group + 8), port == p->port ? p->aux_bit : 0);
		rig_reg_set(&r, p->aux_group + 8, p->aux_bit);
		/* Its outcome goes where it is written back. */
		rig_reg_set(&r, ctl[port], state);
		ck_assert_uint_eq(rig_reg(&r, ctl[port]), state & ~0x52000000U);
	}
	ck_assert_uint_eq(ctl[p->port], p->aux);
	/* An acknowledge, then the EDID's first byte, 0, and from the second read on 0xff. */
	aux_send(&r, p->aux);
	ck_assert_uint_eq(rig_reg(&r, p->aux + 4) & 0xffff0000, 0x00ff0000);
	rig_close(&r);
}
END_TEST

/* --- events --- */

START_TEST(flips_show_where_the_driver_looks)
{
	const struct platform *p = &rows[_i];
	struct rig r;
	u32 pipe;

	rig_open_platform(&r, p->name);
	for (pipe = 0; pipe < 3; pipe++) {
		irq_open(&r, 0x44400 + 0x10 * pipe, 0x7ffffffe);
		rig_reg_set(&r, 0x70008 + 0x1000 * pipe, ENABLE);
		rig_reg_set(&r, 0x7019c + 0x1000 * pipe, 0x4000000);
		ck_assert_uint_eq(rig_reg(&r, 0x44408 + 0x10 * pipe), p->flip);
		ck_assert_uint_eq(rig_reg(&r, 0x701ac + 0x1000 * pipe), 0x4000000);
	}
	rig_close(&r);
}
END_TEST

START_TEST(gmbus_shows_where_the_driver_looks)
{
	bool bxt = is(_i, "bxt");
	u32 group = bxt ? PORT : PCH, bit = bxt ? 1U << 1 : 1U << 17;
	struct rig r;

	rig_open_platform(&r, rows[_i].name);
	irq_open(&r, group, bit);
	rig_reg_set(&r, 0xc5110, 1);
	ck_assert_uint_eq(rig_reg(&r, group + 8), bit);
	rig_close(&r);
}
END_TEST

/* Every event has a group that the platform has, or none at all; no two share a bit. */
START_TEST(events_are_sound)
{
	const struct gvt_platform *found;
	const struct gvt_irq_event *a, *b;
	struct gvt_reg_table *table;
	int i, k;

	ck_assert_int_eq(gvt_platform_find(rows[_i].name, &found), 0);
	ck_assert_int_eq(gvt_reg_table_new(found->regs, &table), 0);
	for (i = 0; i < GVT_NUM_EVENTS; i++) {
		const struct gvt_reg *iir;

		a = &found->events[i];
		if (!a->group) {
			ck_assert_msg(is(_i, "bxt") && i == GVT_EVENT_HOTPLUG_D, "event %d", i);
			continue;
		}
		iir = gvt_reg_lookup(table, a->group + 8);
		ck_assert_msg(iir && iir->write == gvt_irq_write_iir, "event %d", i);
		ck_assert_msg(a->bit && !(a->bit & (a->bit - 1)), "event %d", i);
		for (k = 0; k < i; k++) {
			b = &found->events[k];
			ck_assert_msg(a->group != b->group || a->bit != b->bit, "%d is %d", i, k);
		}
	}
	gvt_reg_table_free(table);
}
END_TEST

/* What a platform has no place for is dropped: no register changes, nobody is told. */
START_TEST(an_event_that_is_not_there)
{
	struct rig r;
	u64 told;

	rig_open_platform(&r, "bxt");
	irq_open(&r, PORT, ~0U);
	told = rig_info(&r).interrupts;
	/* Nor is what pends for another reason told once more. */
	gvt_irq_raise(r.v, GVT_EVENT_AUX_B);
	ck_assert_uint_eq(rig_info(&r).interrupts, told + 1);
	gvt_irq_raise(r.v, GVT_EVENT_HOTPLUG_D);
	ck_assert_uint_eq(rig_info(&r).interrupts, told + 1);
	ck_assert_uint_eq(gvt_vreg(r.v, 8), 0);
	rig_close(&r);
}
END_TEST

/* --- the GT --- */

START_TEST(forcewake)
{
	static const u32 pairs[][2] = {
		{ 0x0a188, 0x130044 }, { 0x0a278, 0x00d84 }, { 0x0a270, 0x00d88 },
	};
	bool bdw = is(_i, "bdw");
	struct rig r;
	size_t i;

	rig_open_platform(&r, rows[_i].name);
	for (i = 0; i < N(pairs); i++) {
		bool there = !bdw || !i;
		u64 unknown = rig_info(&r).unknown;

		ck_assert_uint_eq(rig_reg(&r, pairs[i][1]), 0);
		rig_reg_set(&r, pairs[i][0], 0x00010001);
		ck_assert_uint_eq(rig_reg(&r, pairs[i][1]), there);
		rig_reg_set(&r, pairs[i][0], 0x00010000);
		ck_assert_uint_eq(rig_reg(&r, pairs[i][1]), 0);
		ck_assert_uint_eq(rig_info(&r).unknown - unknown, there ? 0 : 5);
	}
	rig_close(&r);
}
END_TEST

/* GuC submission is refused: bit 0, on Coffee Lake bit 1 as well. */
START_TEST(ring_mode)
{
	struct rig r;
	u32 bit;

	for (bit = 0; bit < 2; bit++) {
		bool refused = !bit || is(_i, "cfl");

		rig_open_platform(&r, rows[_i].name);
		rig_reg(&r, GVT_PVINFO_OFFSET);
		rig_reg_set(&r, RING_MODE, 0x10001U << bit);
		ck_assert_int_eq(rig_info(&r).failsafe,
				 refused ? GVT_FAILSAFE_UNSUPPORTED_GUEST : GVT_FAILSAFE_NONE);
		ck_assert_uint_eq(gvt_vreg(r.v, RING_MODE), refused ? 0 : 1U << bit);
		rig_close(&r);
	}
}
END_TEST

/* Slices, sub-slices and execution units by the driver's sums, which differ with the generation. */
START_TEST(fuses)
{
	struct rig r;
	u32 fuse, disabled, missing, subslices, units;
	bool bdw = is(_i, "bdw");

	rig_open_platform(&r, rows[_i].name);
	fuse = rig_reg(&r, 0x9120);
	disabled = rig_reg(&r, 0x9134);
	ck_assert_uint_eq(fuse >> 25 & 7, 1);
	missing = bdw ? fuse >> 21 & 7 : fuse >> 20 & 15;
	subslices = (bdw ? 3U : 4U) - (u32)__builtin_popcount(missing);
	ck_assert_uint_eq(subslices, 3);
	units = 8 * subslices - (u32)__builtin_popcount(disabled & 0xffffff);
	ck_assert_uint_eq(units, is(_i, "bxt") ? 18 : 24);
	rig_close(&r);
}
END_TEST

/* --- registers --- */

#define SKL 1U
#define BDW 2U
#define KBL 4U
#define BXT 8U
#define CFL 16U
#define ALL 31U

static const struct {
	u32 reg, platforms;
} census[] = {
	{ 0x02030, ALL }, { 0x44200, ALL }, { 0x70008, ALL }, { 0x7f008, ALL }, { 0xc5100, ALL },
	{ 0xc4030, ALL }, { 0xc7204, ALL }, { 0xc8250, ALL }, { 0x9134, ALL }, { 0x45400, ALL },
	{ 0x64010, ALL }, { 0x130044, ALL }, { 0x0a188, ALL }, { 0x7019c, ALL },
	{ 0x0a278, ALL & ~BDW }, { 0x0c800, ALL & ~BDW }, { 0x0b020, ALL & ~BDW },
	{ 0x0c000, ALL & ~BDW }, { 0x020d4, ALL & ~BDW }, { 0x220d4, ALL & ~BDW },
	{ 0x68180, ALL & ~BDW }, { 0x70380, ALL & ~BDW }, { 0x45008, ALL & ~BDW },
	{ 0x46000, ALL & ~BDW }, { 0x80000, ALL & ~BDW }, { 0x64110, ALL & ~BDW },
	{ 0xe4110, BDW }, { 0xe4310, BDW },
	{ 0x46010, SKL | KBL | CFL }, { 0x46014, SKL | KBL | CFL },
	{ 0xc4000, ALL & ~BXT }, { 0xc2014, ALL & ~BXT }, { 0xf0008, ALL & ~BXT },
	{ 0xc6000, ALL & ~BXT },
	{ 0x46070, BXT }, { 0x46074, BXT }, { 0x64c00, BXT }, { 0x138090, BXT }, { 0x6c430, BXT },
	{ 0x6c18c, BXT }, { 0xc7300, BXT }, { 0xc8258, BXT | CFL }, { 0xc8358, BXT },
	{ 0x1ffffc, 0 }, { 0x00000, 0 },
};

/* An unknown register is memory that is counted, whichever platform does not know it. */
START_TEST(known_and_unknown)
{
	struct rig r;
	size_t i;

	rig_open_platform(&r, rows[_i].name);
	for (i = 0; i < N(census); i++) {
		bool there = census[i].platforms >> _i & 1;
		u64 unknown;

		ck_assert_msg(known(&r, census[i].reg) == there, "%s: 0x%x", rows[_i].name,
			      census[i].reg);
		if (there)
			continue;
		unknown = rig_info(&r).unknown;
		ck_assert_uint_eq(rig_reg(&r, census[i].reg), 0);
		rig_reg_set(&r, census[i].reg, 0x5a5a5a5a);
		ck_assert_uint_eq(rig_reg(&r, census[i].reg), 0x5a5a5a5a);
		ck_assert_uint_eq(rig_info(&r).unknown, unknown + 3);
	}
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_NONE);
	rig_close(&r);
}
END_TEST

/* Independent of the flat table's own checks: a bit for each dword of lines, one for blocks. */
START_TEST(no_register_twice)
{
	static u8 claimed[GVT_REG_SPACE / 4];
	const struct gvt_platform_regs *regs = rows[_i].regs;
	u32 i, n, dwords = 0;

	memset(claimed, 0, sizeof(claimed));
	ck_assert_str_eq(regs->name, rows[_i].name);
	for (i = 0; i < regs->num; i++) {
		const struct gvt_reg *reg = &regs->regs[i];
		u8 bit = reg->attr & GVT_BLOCK ? 2 : 1;

		for (n = 0; n < reg->count; n++) {
			u32 at = reg->offset + n * reg->stride;

			if (at % 4 || at >= GVT_REG_SPACE ||
			    at - GVT_PVINFO_OFFSET < MPT_PAGE_SIZE)
				ck_abort_msg("%s: 0x%x", reg->name, at);
			if (claimed[at / 4] & bit)
				ck_abort_msg("%s: 0x%x twice", reg->name, at);
			dwords += !claimed[at / 4];
			claimed[at / 4] |= bit;
		}
	}
	ck_assert_uint_gt(regs->num, 900);
	ck_assert_uint_gt(dwords, 65000);
}
END_TEST

START_TEST(every_line_is_sound)
{
	const struct gvt_platform_regs *regs = rows[_i].regs;
	struct gvt_reg_table *table;
	char name[48];
	u32 i;

	ck_assert_int_eq(gvt_reg_table_new(regs, &table), 0);
	for (i = 0; i < regs->num; i++) {
		const struct gvt_reg *reg = &regs->regs[i];
		u32 last = reg->offset + (reg->count - 1) * reg->stride;

		ck_assert_msg(gvt_reg_name(table, last, name, sizeof(name)) &&
			      strlen(name) < sizeof(name) - 1 && !strpbrk(name, "#@"), "%s", name);
		ck_assert_msg(reg->class != GVT_CLASS_UNKNOWN && reg->class < GVT_NUM_CLASSES, "%s",
			      name);
		ck_assert_msg(!((reg->attr & GVT_MASKED) && (reg->attr & GVT_W1C)), "%s", name);
		ck_assert_msg(reg->ro_mask != GVT_RO || !reg->write, "%s", name);
	}
	gvt_reg_table_free(table);
}
END_TEST

/* Whatever was written to the first and last register of each line, also what led to failsafe. */
START_TEST(a_reset_leaves_the_golden_image)
{
	static u8 golden[GVT_MMIO_SIZE];
	const struct gvt_platform_regs *regs = rows[_i].regs;
	u32 i, ones = ~0U, bits = 0x5a5a5a5a;
	struct rig r;

	rig_open_platform(&r, rows[_i].name);
	/* Creation and a reset are to agree as well. */
	memcpy(golden, r.v->regs, sizeof(golden));
	for (i = 0; i < regs->num; i++) {
		const struct gvt_reg *reg = &regs->regs[i];
		u32 last = reg->offset + (reg->count - 1) * reg->stride;

		r.ops->emulate_mmio_write(r.vgpu, RIG_BAR0 + reg->offset, &ones, 4);
		r.ops->emulate_mmio_write(r.vgpu, RIG_BAR0 + last, &bits, 4);
	}
	ck_assert_int_ne(memcmp(golden, r.v->regs, sizeof(golden)), 0);
	r.ops->vgpu_reset(r.vgpu);
	for (i = 0; i < GVT_MMIO_SIZE; i += 4)
		if (memcmp(golden + i, r.v->regs + i, 4))
			ck_abort_msg("0x%x is 0x%x", i, gvt_vreg(r.v, i));
	rig_close(&r);
}
END_TEST

/* --- Broxton alone --- */

static const struct {
	u32 reg, value; /* written */
	u32 then, holds;
} bxt_steps[] = {
	{ 0x46070, 0x80000000, 0x46070, 0xc0000000 }, /* PLLs lock at once */
	{ 0x46074, 0x80000000, 0x46074, 0xc0000000 },
	{ 0x46078, 0x88000000, 0x46078, 0xc8000000 },
	{ 0x4607c, 0x80000000, 0x4607c, 0xc0000000 },
	{ 0x4607c, 0x40000000, 0x4607c, 0x00000000 },
	{ 0x46080, 0x80000000, 0x46080, 0xc0000000 },
	{ 0x138090, 0x1, 0x6c000, 0x10000 }, /* each PHY has its power */
	{ 0x138090, 0x1, 0x162000, 0 },
	{ 0x138090, 0x2, 0x6c000, 0 },
	{ 0x138090, 0x2, 0x162000, 0x10000 },
	{ 0x138090, 0x0, 0x162000, 0 },
	{ 0x64c80, 0x80000000, 0x64c00, 0x100 }, /* lanes after the common reset */
	{ 0x64c80, 0x80000000, 0x64c10, 0 },
	{ 0x64c90, 0x80000000, 0x64c10, 0x100 },
	{ 0x64c90, 0x80000000, 0x64c20, 0x100 },
	{ 0x64c90, 0x00000000, 0x64c10, 0 },
	{ 0x64c10, 0xffffffff, 0x64c10, 0xfffff8ff },
	{ 0x6c18c, 0x00000000, 0x6c18c, 0x400000 }, /* calibrated, whatever is written */
	{ 0x16218c, 0xffffffff, 0x16218c, 0xffffffff },
	{ 0x6cc30, 0x11, 0x6c430, 0x11 }, /* groups: PCS of channels 0 and 1 */
	{ 0x6cc30, 0x12, 0x6c630, 0x12 },
	{ 0x6cc30, 0x12, 0x6c4b0, 0 },
	{ 0x6ce30, 0x13, 0x6c830, 0x13 },
	{ 0x6ce30, 0x14, 0x6ca30, 0x14 },
	{ 0x6cd08, 0x21, 0x6c508, 0x21 }, /* the lanes' own */
	{ 0x6cd08, 0x22, 0x6c588, 0x22 },
	{ 0x6cd08, 0x23, 0x6c708, 0x23 },
	{ 0x6cd08, 0x24, 0x6c788, 0x24 },
	{ 0x6cf08, 0x25, 0x6cb88, 0x25 },
	{ 0x162d08, 0x26, 0x162788, 0x26 },
	{ 0x162dfc, 0x27, 0x16267c, 0 },
	{ 0x6cfff & ~3U, 0x28, 0x6c9fc, 0x28 },
	{ 0xc7204, 1, 0xc7200, 0x80000008 }, /* two panels */
	{ 0xc7204, 1, 0xc7300, 0 },
	{ 0xc7304, 1, 0xc7300, 0x80000008 },
};

START_TEST(broxton_waits_for_nothing)
{
	struct rig r;

	rig_open_platform(&r, "bxt");
	rig_reg_set(&r, bxt_steps[_i].reg, bxt_steps[_i].value);
	ck_assert_uint_eq(rig_reg(&r, bxt_steps[_i].then), bxt_steps[_i].holds);
	rig_close(&r);
}
END_TEST

/* A group's write stays in its PHY's page. */
START_TEST(broxton_groups_stay_inside)
{
	struct rig r;
	u32 at, i, value;

	rig_open_platform(&r, "bxt");
	for (at = 0x162c00; at < 0x163000; at += 4)
		rig_reg_set(&r, at, 0x77);
	for (i = 0; i < GVT_MMIO_SIZE; i += 4) {
		memcpy(&value, r.v->regs + i, 4);
		if (value == 0x77 && (i < 0x162400 || i >= 0x163000))
			ck_abort_msg("0x%x", i);
	}
	rig_close(&r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gvt_platform");
	TCase *each = tcase_create("each"), *bxt = tcase_create("bxt");

	tcase_add_test(each, only_these_platforms);
	tcase_add_test(each, device_ids);
	tcase_add_test(each, an_event_that_is_not_there);
	tcase_add_loop_test(each, identity, 0, NUM);
	tcase_add_loop_test(each, capabilities, 0, NUM);
	tcase_add_loop_test(each, monitor_is_shown_and_told, 0, NUM);
	tcase_add_loop_test(each, monitor_outlives_a_reset, 0, NUM);
	tcase_add_loop_test(each, monitor_answers_on_its_channel, 0, NUM);
	tcase_add_loop_test(each, flips_show_where_the_driver_looks, 0, NUM);
	tcase_add_loop_test(each, gmbus_shows_where_the_driver_looks, 0, NUM);
	tcase_add_loop_test(each, events_are_sound, 0, NUM);
	tcase_add_loop_test(each, forcewake, 0, NUM);
	tcase_add_loop_test(each, ring_mode, 0, NUM);
	tcase_add_loop_test(each, fuses, 0, NUM);
	tcase_add_loop_test(each, known_and_unknown, 0, NUM);
	tcase_add_loop_test(each, no_register_twice, 0, NUM);
	tcase_add_loop_test(each, every_line_is_sound, 0, NUM);
	tcase_add_loop_test(each, a_reset_leaves_the_golden_image, 0, NUM);
	suite_add_tcase(s, each);
	tcase_add_loop_test(bxt, broxton_waits_for_nothing, 0, N(bxt_steps));
	tcase_add_test(bxt, broxton_groups_stay_inside);
	suite_add_tcase(s, bxt);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("gvt_platform", suites, 1);
}
