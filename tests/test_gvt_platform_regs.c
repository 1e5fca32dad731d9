/* SPDX-License-Identifier: MIT */
/*
 * The register tables of the platforms: a census, what is known and what is not, resets, and the
 * registers of Broxton that a driver waits for. All else that differs is test_gvt_platform.c's.
 */
#include <stdlib.h>

#include "gvt/platform.h"
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define NUM 5

static const struct {
	const char *name;
	const struct gvt_platform_regs *regs;
} rows[NUM] = {
	{ "skl", &gvt_skl_regs }, { "bdw", &gvt_bdw_regs }, { "kbl", &gvt_kbl_regs },
	{ "bxt", &gvt_bxt_regs }, { "cfl", &gvt_cfl_regs },
};

static bool known(struct rig *r, u32 reg)
{
	struct gvt_reg_desc desc;

	gvt_reg_describe(r->gvt, reg, &desc);
	return desc.known;
}

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
	{ 0x141000, 0, 0x141000, 0xffffffff }, /* no DRAM unit */
	{ 0x141000, 0, 0x141600, 0xffffffff },
	{ 0x141000, 0, 0x141800, 0 },
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
	Suite *s = suite_create("gvt_platform_regs");
	TCase *each = tcase_create("each"), *bxt = tcase_create("bxt");

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

	return mpt_test_main("gvt_platform_regs", suites, 1);
}
