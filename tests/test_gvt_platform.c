/* SPDX-License-Identifier: MIT */
/*
 * The platforms beside each other: identity, configuration space, types, the monitor's port,
 * events, forcewake, fuses. Their register tables are test_gvt_platform_regs.c's. What a platform
 * shares with Skylake is tested on Skylake, in the other suites.
 */
#include <stdlib.h>

#include "fake_backend.h"
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

/* Facts of Linux 5.10's gvt folder, not taken from the rows under test. */
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
} rows[NUM] = {
	{ "skl", 0x19128086, 0xac, "GVTg_V5_8", 3, 1, PCH, 1U << 23, 0x20000, 0x64310, PORT,
	  1U << 27, 1U << 3 },
	{ "bdw", 0x16168086, 0x90, "GVTg_V4_8", 1, 4, PCH, 1U << 21, 0x2, 0xe4110, PCH, 1U << 25,
	  1U << 4 },
	{ "kbl", 0x59128086, 0xac, "GVTg_V5_8", 3, 1, PCH, 1U << 23, 0x20000, 0x64310, PORT,
	  1U << 27, 1U << 3 },
	{ "bxt", 0x5a848086, 0xac, "GVTg_V5_8", 1, 0, PORT, 1U << 4, 0x2, 0x64110, PORT, 1U << 25,
	  1U << 3 },
	{ "cfl", 0x3e928086, 0xac, "GVTg_V5_8", 3, 1, PCH, 1U << 23, 0x20000, 0x64310, PORT,
	  1U << 27, 1U << 3 },
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

static int told_port;

static int take_port(void *vgpu, int port)
{
	(void)vgpu;
	told_port = port;
	return 0;
}

/* The back end is told the port as well, by a number that counts from A. */
START_TEST(monitor_is_announced)
{
	struct gvt_config config = { .size = sizeof(config), .platform = rows[_i].name };
	struct intel_gvt_mpt table = fake_table;
	struct mpt_backend be = fake_backend;
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	struct mpt_vm *vm;

	table.set_edid = take_port;
	be.mpt = &table;
	told_port = -1;
	rig_ok(mpt_host_open_table(&be, NULL, &host));
	rig_ok(gvt_open(host, &config, &gvt));
	rig_ok(mpt_vm_get(host, 1, &vm));
	vgpu = mpt_vgpu_create(vm, gvt, gvt_type_each(gvt, 0));
	ck_assert_msg(!MPT_IS_ERR(vgpu), "%s", mpt_last_error());
	ck_assert_int_eq(told_port, (int)rows[_i].port);
	rig_ok(mpt_vgpu_destroy(vm, vgpu));
	mpt_vm_put(vm);
	rig_ok(gvt_close(gvt));
	rig_ok(mpt_host_close(host));
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

/* One frequency by the driver's sums: capabilities as highest, most efficient, lowest; actual. */
START_TEST(one_frequency)
{
	struct rig r;
	u32 cap, actual, i;
	bool bdw = is(_i, "bdw"), bxt = is(_i, "bxt");

	rig_open_platform(&r, rows[_i].name);
	cap = rig_reg(&r, bxt ? 0x138170 : 0x145998);
	actual = rig_reg(&r, 0xa01c);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq((cap >> 8 * i & 0xff) * (bxt ? 50 : 150), 1050);
	ck_assert_uint_eq(bdw ? (actual >> 7 & 0x7f) * 150 : (actual >> 23) * 50, 1050);
	/* It is nobody's to change. */
	rig_reg_set(&r, 0x145998, 0);
	rig_reg_set(&r, 0x138170, 0);
	ck_assert_uint_eq(rig_reg(&r, bxt ? 0x138170 : 0x145998), cap);
	rig_close(&r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gvt_platform");
	TCase *each = tcase_create("each");

	tcase_add_test(each, only_these_platforms);
	tcase_add_test(each, device_ids);
	tcase_add_test(each, an_event_that_is_not_there);
	tcase_add_loop_test(each, identity, 0, NUM);
	tcase_add_loop_test(each, capabilities, 0, NUM);
	tcase_add_loop_test(each, monitor_is_shown_and_told, 0, NUM);
	tcase_add_loop_test(each, monitor_outlives_a_reset, 0, NUM);
	tcase_add_loop_test(each, monitor_answers_on_its_channel, 0, NUM);
	tcase_add_loop_test(each, monitor_is_announced, 0, NUM);
	tcase_add_loop_test(each, flips_show_where_the_driver_looks, 0, NUM);
	tcase_add_loop_test(each, gmbus_shows_where_the_driver_looks, 0, NUM);
	tcase_add_loop_test(each, events_are_sound, 0, NUM);
	tcase_add_loop_test(each, forcewake, 0, NUM);
	tcase_add_loop_test(each, ring_mode, 0, NUM);
	tcase_add_loop_test(each, fuses, 0, NUM);
	tcase_add_loop_test(each, one_frequency, 0, NUM);
	suite_add_tcase(s, each);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("gvt_platform", suites, 1);
}
