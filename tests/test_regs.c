/* SPDX-License-Identifier: MIT */
/*
 * The register table of gvt/: data and names, the flat index against a linear search, reset values.
 * What handlers make of a write is in test_regs_handlers.c.
 */
#include <stdio.h>

#include "regs_rig.h"

#define DWORDS (GVT_REG_SPACE / 4)

/* --- the table --- */

static bool line_has(const struct gvt_reg *reg, u32 offset)
{
	u32 n = reg->stride ? (offset - reg->offset) / reg->stride : 0;

	return offset >= reg->offset && n < reg->count && reg->offset + n * reg->stride == offset;
}

static bool line_touches(const struct gvt_reg *reg, u32 start, u32 end)
{
	return reg->offset < end && reg->offset + (reg->count - 1) * reg->stride >= start;
}

/* The line itself if there is one, else the block around it. */
static const struct gvt_reg *linear(const struct gvt_reg **lines, size_t n, u32 offset)
{
	const struct gvt_reg *block = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!line_has(lines[i], offset))
			continue;
		if (!(lines[i]->attr & GVT_BLOCK))
			return lines[i];
		block = lines[i];
	}
	return block;
}

/* All dwords; the lines are narrowed down to those of one page first, which keeps it short. */
START_TEST(flat_index_equals_linear_search)
{
	static const struct gvt_reg *lines[4096];
	u32 page, offset, i, seen = 0, known = 0;

	ck_assert_uint_lt(gvt_skl_regs.num, ARRAY_SIZE(lines));
	for (page = 0; page < GVT_REG_SPACE; page += 4096) {
		size_t n = 0;

		for (i = 0; i < gvt_skl_regs.num; i++)
			if (line_touches(&gvt_skl_regs.regs[i], page, page + 4096))
				lines[n++] = &gvt_skl_regs.regs[i];
		for (offset = page; offset < page + 4096; offset += 4, seen++) {
			const struct gvt_reg *flat = gvt_reg_lookup(table, offset);
			const struct gvt_reg *slow = linear(lines, n, offset);

			if (!slow != !flat || (slow && (flat->offset != slow->offset ||
							flat->name != slow->name)))
				ck_abort_msg("0x%x: %s, the lines say %s", offset,
					     flat ? flat->name : "unknown",
					     slow ? slow->name : "unknown");
			known += flat != NULL;
		}
	}
	ck_assert_uint_eq(seen, DWORDS);
	ck_assert_uint_gt(known, 70000);
}
END_TEST

START_TEST(every_line_is_sound)
{
	char name[48];
	u32 i;

	for (i = 0; i < gvt_skl_regs.num; i++) {
		const struct gvt_reg *reg = &gvt_skl_regs.regs[i];
		u32 last = reg->offset + (reg->count - 1) * reg->stride;

		ck_assert_msg(gvt_reg_name(table, last, name, sizeof(name)), "%s", reg->name);
		ck_assert_msg(strlen(name) < sizeof(name) - 1, "%s is cut", name);
		ck_assert_msg(!strpbrk(name, "#@"), "%s", name);
		ck_assert_msg(reg->class != GVT_CLASS_UNKNOWN && reg->class < GVT_NUM_CLASSES, "%s",
			      name);
		ck_assert_msg(!((reg->attr & GVT_MASKED) && (reg->attr & GVT_W1C)), "%s", name);
		ck_assert_msg(reg->ro_mask != GVT_RO || !reg->write, "%s: a handler never called",
			      name);
		ck_assert_msg(last < 0x78000 || reg->offset > 0x78fff, "%s is in PVINFO", name);
	}
}
END_TEST

static bool pvinfo_knows(u32 offset)
{
#define PVINFO(at, bytes, name, readable, write) \
	if (offset >= 0x78000 + (at) && offset < 0x78000 + (at) + (bytes)) \
		return true;
#include "gvt/regs/pvinfo.def"
#undef PVINFO
	return false;
}

static const char *const probes[] = {
	TEST_DATA "/i915-6.1-skl-probe.mmiotrace",
	TEST_DATA "/i915-6.12-skl-probe.mmiotrace",
};

/* Registers of a probe must have lines of their own; the background of a block is no name. */
START_TEST(probes_touch_known_registers)
{
	FILE *f = fopen(probes[_i], "r");
	unsigned long addr, value, accesses = 0;
	char line[512], op;

	ck_assert_msg(f != NULL, "%s", probes[_i]);
	while (fgets(line, sizeof(line), f)) {
		const struct gvt_reg *reg;

		if (sscanf(line, "%c %*d %*f %*d 0x%lx 0x%lx", &op, &addr, &value) != 3 ||
		    (op != 'R' && op != 'W') || addr - 0xc0000000 >= GVT_REG_SPACE)
			continue;
		addr -= 0xc0000000;
		accesses++;
		if (pvinfo_knows((u32)addr))
			continue;
		reg = gvt_reg_lookup(table, (u32)addr);
		ck_assert_msg(reg && !(reg->attr & GVT_BLOCK), "0x%lx is unknown: %s", addr, line);
	}
	fclose(f);
	ck_assert_uint_gt(accesses, 6000);
}
END_TEST

static const struct {
	u32 offset;
	const char *name;
	const char *class;
} names[] = {
	{ 0x2030, "RCS_RING_TAIL", "engine" },
	{ 0x223a0, "BCS_RING_CONTEXT_STATUS_PTR", "engine" },
	{ 0x1a27c, "VECS_GEN8_RING_PDP1_UDW", "engine" },
	{ 0xb034, "GEN9_LNCFCMOCS[5]", "mocs" },
	{ 0xc8fc, "GEN9_MOCS_RCS[63]", "mocs" },
	{ 0x9120, "GEN8_FUSE2", "fuse" },
	{ 0x44200, "GEN8_MASTER_IRQ", "irq" },
	{ 0x44338, "GEN8_GT_IIR3", "irq" },
	{ 0x44420, "GEN8_DE_PIPE_ISR_C", "irq" },
	{ 0x71008, "PIPECONF_B", "pipe" },
	{ 0x7239c, "PLANE_SURF_3_C", "plane" },
	{ 0x68a80, "PS_CTRL_2_B", "scaler" },
	{ 0x6f000, "HTOTAL_EDP", "transcoder" },
	{ 0x4a804, "LGC_PALETTE_B[1]", "colour" },
	{ 0x64310, "DP_AUX_CH_CTL_D", "aux" },
	{ 0xc501c, "GPIOD", "gmbus" },
	{ 0x10000c, "FENCE_REG_GEN6_HI[1]", "fence" },
	{ 0x138124, "GEN6_PCODE_MAILBOX", "pcode" },
	{ 0x80010, "DMC_PROGRAM+0x10", "dmc" },
	{ 0x145998, "GEN6_RP_STATE_CAP", "mchbar" },
	{ 0x17fffc, "MCHBAR_MIRROR+0x3fffc", "mchbar" },
	{ 0x2031, "RCS_RING_TAIL", "engine" },
};

START_TEST(names_and_classes)
{
	char buf[48];

	ck_assert(gvt_reg_name(table, names[_i].offset, buf, sizeof(buf)));
	ck_assert_str_eq(buf, names[_i].name);
	ck_assert_str_eq(gvt_reg_class_name(gvt_reg_lookup(table, names[_i].offset)->class),
			 names[_i].class);
}
END_TEST

START_TEST(no_name_and_cut_names)
{
	static const u32 unknown[] = { 0, 0x2ffc, 0x78000, 0x1ffffc, GVT_REG_SPACE, ~0U };
	char buf[8] = "x";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		ck_assert_msg(!gvt_reg_name(table, unknown[i], buf, sizeof(buf)), "0x%x",
			      unknown[i]);
		ck_assert_str_eq(buf, "");
	}
	ck_assert(gvt_reg_name(table, 0x2030, buf, sizeof(buf)));
	ck_assert_str_eq(buf, "RCS_RIN");
	buf[0] = 'y';
	ck_assert(gvt_reg_name(table, 0x2030, buf, 0));
	ck_assert_int_eq(buf[0], 'y');
	ck_assert_str_eq(gvt_reg_class_name(GVT_NUM_CLASSES), "unknown");
	ck_assert_str_eq(gvt_reg_class_name(GVT_CLASS_UNKNOWN), "unknown");
}
END_TEST

/* --- tables that must be refused, and overlays that must not --- */

static int build(const struct gvt_reg *regs, u32 n, struct gvt_reg_table **t)
{
	struct gvt_platform_regs platform = { .name = "test", .regs = regs, .num = n };

	*t = NULL;
	mpt_clear_error();
	return gvt_reg_table_new(&platform, t);
}

START_TEST(a_duplicate_is_refused_by_name)
{
	const struct gvt_reg regs[] = {
		{ .name = "FIRST", .offset = 0x1000, .count = 3, .stride = 8 },
		{ .name = "BETWEEN", .offset = 0x1004, .count = 3, .stride = 8 },
		{ .name = "SECOND", .offset = 0x1010, .count = 1 },
	};
	struct gvt_reg_table *t;
	long live = mpt_alloc_live();

	ck_assert_int_eq(build(regs, 3, &t), -EEXIST);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(mpt_alloc_live(), live);
	ck_assert_msg(strstr(mpt_last_error(), "SECOND") && strstr(mpt_last_error(), "FIRST") &&
		      strstr(mpt_last_error(), "0x1010"), "%s", mpt_last_error());
	ck_assert_int_eq(build(regs, 2, &t), 0);
	ck_assert_str_eq(gvt_reg_lookup(t, 0x1010)->name, "FIRST");
	ck_assert_str_eq(gvt_reg_lookup(t, 0x1014)->name, "BETWEEN");
	gvt_reg_table_free(t);
}
END_TEST

START_TEST(a_register_overlays_a_block_in_any_order)
{
	const struct gvt_reg regs[] = {
		{ .name = "INSIDE", .offset = 0x1008, .count = 1 },
		{ .name = "AREA", .offset = 0x1000, .count = 4, .stride = 4, .attr = GVT_BLOCK },
		{ .name = "LATER", .offset = 0x1000, .count = 1 },
	};
	struct gvt_reg_table *t;

	ck_assert_int_eq(build(regs, 3, &t), 0);
	ck_assert_str_eq(gvt_reg_lookup(t, 0x1000)->name, "LATER");
	ck_assert_str_eq(gvt_reg_lookup(t, 0x1004)->name, "AREA");
	ck_assert_str_eq(gvt_reg_lookup(t, 0x1008)->name, "INSIDE");
	ck_assert_str_eq(gvt_reg_lookup(t, 0x100c)->name, "AREA");
	ck_assert_ptr_null(gvt_reg_lookup(t, 0x1010));
	gvt_reg_table_free(t);
}
END_TEST

START_TEST(blocks_must_not_overlap)
{
	const struct gvt_reg regs[] = {
		{ .name = "LEFT", .offset = 0x1000, .count = 4, .stride = 4, .attr = GVT_BLOCK },
		{ .name = "RIGHT", .offset = 0x100c, .count = 4, .stride = 4, .attr = GVT_BLOCK },
	};
	struct gvt_reg_table *t;

	ck_assert_int_eq(build(regs, 2, &t), -EEXIST);
	ck_assert_msg(strstr(mpt_last_error(), "RIGHT") && strstr(mpt_last_error(), "LEFT"), "%s",
		      mpt_last_error());
}
END_TEST

static const struct gvt_reg unsound[] = {
	{ .name = "NONE", .offset = 0x1000, .count = 0, .stride = 4 },
	{ .name = "EMPTY", .offset = 0x1000, .count = 0 },
	{ .name = "SAME", .offset = 0x1000, .count = 2, .stride = 0 },
	{ .name = "ODD", .offset = 0x1002, .count = 1 },
	{ .name = "ODD_STRIDE", .offset = 0x1000, .count = 2, .stride = 6 },
	{ .name = "BEHIND", .offset = GVT_REG_SPACE, .count = 1 },
	{ .name = "FAR", .offset = ~3U, .count = 1 },
	{ .name = "ACROSS", .offset = GVT_REG_SPACE - 4, .count = 2, .stride = 4 },
	{ .name = "WRAPS", .offset = 0x1000, .count = 0x40000001, .stride = 4 },
};

START_TEST(an_unsound_line_is_refused_by_name)
{
	struct gvt_reg_table *t;

	ck_assert_int_eq(build(&unsound[_i], 1, &t), -EINVAL);
	ck_assert_ptr_null(t);
	ck_assert_msg(strstr(mpt_last_error(), unsound[_i].name) != NULL, "%s", mpt_last_error());
}
END_TEST

START_TEST(the_last_dword_can_be_a_register)
{
	const struct gvt_reg reg = { .name = "LAST", .offset = GVT_REG_SPACE - 4, .count = 1 };
	struct gvt_reg_table *t;

	ck_assert_int_eq(build(&reg, 1, &t), 0);
	ck_assert_str_eq(gvt_reg_lookup(t, GVT_REG_SPACE - 4)->name, "LAST");
	gvt_reg_table_free(t);
}
END_TEST

START_TEST(each_failing_allocation_leaves_nothing)
{
	struct gvt_reg_table *t = NULL;
	long live = mpt_alloc_live();
	int nth, ret = -ENOMEM;

	for (nth = 1; ret; nth++) {
		mpt_alloc_fail_at(nth);
		ret = gvt_reg_table_new(&gvt_skl_regs, &t);
		mpt_alloc_fail_at(0);
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_ptr_null(t);
		ck_assert_int_eq(mpt_alloc_live(), live);
	}
	ck_assert_int_eq(nth, 2);
	gvt_reg_table_free(t);
	gvt_reg_table_free(NULL);
	ck_assert_int_eq(mpt_alloc_live(), live);
}
END_TEST

/* --- reset values --- */

START_TEST(reset_values_are_applied)
{
	u32 offset, value, applied = 0;
	u8 *regs = calloc(1, GVT_REG_SPACE);

	ck_assert_ptr_nonnull(regs);
	gvt_reg_table_reset(table, regs, GVT_REG_SPACE);
	for (offset = 0; offset < GVT_REG_SPACE; offset += 4) {
		const struct gvt_reg *reg = gvt_reg_lookup(table, offset);

		memcpy(&value, regs + offset, sizeof(value));
		if (value != (reg ? reg->reset : 0))
			ck_abort_msg("0x%x is 0x%x", offset, value);
		applied += value != 0;
	}
	ck_assert_uint_eq(applied, table->num_resets);
	memcpy(&value, regs + 0x9120, sizeof(value));
	ck_assert_uint_eq(value, 0x2800000);
	memcpy(&value, regs + 0x42000, sizeof(value));
	ck_assert_uint_eq(value, 0x8e000000);
	free(regs);
}
END_TEST

/* A GT reset ends before the interrupt registers; the other two ends lie around one of those. */
static const u32 ends[] = { 0x44200, 0x44304, 0x44308 };

START_TEST(reset_stops_at_its_end)
{
	static u8 regs[GVT_REG_SPACE];
	u32 i, value, end = ends[_i];

	memset(regs, 0x5a, sizeof(regs));
	gvt_reg_table_reset(table, regs, end);
	for (i = 0; i < table->num_resets; i++) {
		u32 offset = table->resets[i].offset;

		memcpy(&value, regs + offset, sizeof(value));
		ck_assert_uint_eq(value, offset < end ? table->resets[i].value : 0x5a5a5a5a);
	}
	memcpy(&value, regs + 0x2030, sizeof(value));
	ck_assert_uint_eq(value, 0x5a5a5a5a);
}
END_TEST

static Suite *regs_suite(void)
{
	Suite *s = suite_create("regs");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, flat_index_equals_linear_search);
	tcase_add_test(tc, every_line_is_sound);
	tcase_add_loop_test(tc, probes_touch_known_registers, 0, ARRAY_SIZE(probes));
	tcase_add_loop_test(tc, names_and_classes, 0, ARRAY_SIZE(names));
	tcase_add_test(tc, no_name_and_cut_names);
	tcase_add_test(tc, a_duplicate_is_refused_by_name);
	tcase_add_test(tc, a_register_overlays_a_block_in_any_order);
	tcase_add_test(tc, blocks_must_not_overlap);
	tcase_add_loop_test(tc, an_unsound_line_is_refused_by_name, 0, ARRAY_SIZE(unsound));
	tcase_add_test(tc, the_last_dword_can_be_a_register);
	tcase_add_test(tc, each_failing_allocation_leaves_nothing);
	tcase_add_test(tc, reset_values_are_applied);
	tcase_add_loop_test(tc, reset_stops_at_its_end, 0, ARRAY_SIZE(ends));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { regs_suite };

	return mpt_test_main("regs", suites, ARRAY_SIZE(suites));
}
