/* SPDX-License-Identifier: MIT */
/*
 * The register table and the simple register handlers of gvt/: data and names, the flat index
 * against a linear search, reset values, and what each handler makes of a write. Dispatch,
 * interrupts and fences have suites of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gvt/handlers.h"
#include "gvt/platform.h"
#include "runner.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DWORDS (GVT_REG_SPACE / 4)

static struct gvt_reg_table *table;
static struct intel_gvt device;
static struct gvt_vgpu vgpu;

static void setup(void)
{
	ck_assert_int_eq(gvt_reg_table_new(&gvt_skl_regs, &table), 0);
	memset(&device, 0, sizeof(device));
	memset(&vgpu, 0, sizeof(vgpu));
	device.regs = table;
	ck_assert_int_eq(gvt_platform_find("skl", &device.platform), 0);
	vgpu.gvt = &device;
	vgpu.base.id = 1;
	vgpu.low.start = 0x4000000;
	vgpu.low.size = 0x4000000;
	vgpu.pv_notified = true;
	vgpu.regs = calloc(1, GVT_REG_SPACE);
	ck_assert_ptr_nonnull(vgpu.regs);
	gvt_reg_table_reset(table, vgpu.regs, GVT_REG_SPACE);
}

static void teardown(void)
{
	free(vgpu.regs);
	gvt_reg_table_free(table);
}

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

/* --- handlers: a register, what is written, and which register then holds what --- */

static u32 guest_read(u32 reg)
{
	const struct gvt_reg *info = gvt_reg_lookup(table, reg);

	ck_assert_msg(info != NULL, "0x%x", reg);
	return info->read ? info->read(&vgpu, reg) : gvt_vreg(&vgpu, reg);
}

/* As dispatch does for a whole dword: masked registers are merged before the handler sees them. */
static int guest_write(u32 reg, u32 value)
{
	const struct gvt_reg *info = gvt_reg_lookup(table, reg);
	u32 mask = value >> 16;

	ck_assert_msg(info && info->write, "0x%x has no handler", reg);
	if (info->attr & GVT_MASKED)
		value = (value & 0xffff0000) | (gvt_vreg(&vgpu, reg) & 0xffff & ~mask) |
			(value & mask);
	return info->write(&vgpu, reg, value);
}

static const struct {
	u32 reg, value; /* written */
	u32 then, holds;
} steps[] = {
	/* forcewake: each domain acknowledges its own */
	{ 0x0a278, 0x00010001, 0x00d84, 0x1 },
	{ 0x0a278, 0x00010001, 0x0a278, 0x1 },
	{ 0x0a278, 0x00020002, 0x00d84, 0x3 },
	{ 0x0a278, 0x00010000, 0x00d84, 0x2 },
	{ 0x0a270, 0x00010001, 0x00d88, 0x1 },
	{ 0x0a188, 0xffff0001, 0x130044, 0x1 },
	{ 0x0a188, 0xffff0000, 0x130044, 0x0 },
	/* RESET_CTL and MI_MODE of every engine, as recorded */
	{ 0x020d0, 0x00010001, 0x020d0, 0x3 },
	{ 0x020d0, 0x00010000, 0x020d0, 0x0 },
	{ 0x120d0, 0x00010001, 0x120d0, 0x3 },
	{ 0x1a0d0, 0x00010001, 0x1a0d0, 0x3 },
	{ 0x220d0, 0x00010001, 0x220d0, 0x3 },
	{ 0x0209c, 0x01000100, 0x0209c, 0x300 },
	{ 0x0209c, 0x01000000, 0x0209c, 0x0 },
	{ 0x2209c, 0x01000100, 0x2209c, 0x300 },
	/* status bits of power, clocks and pipes */
	{ 0x45008, 0x80000000, 0x45008, 0xc0000000 },
	{ 0x45008, 0x00000000, 0x45008, 0x0 },
	{ 0x46010, 0x80000000, 0x46010, 0xc0000000 },
	{ 0x46010, 0x80000000, 0x6c060, 0x1 },
	{ 0x46014, 0x80000000, 0x6c060, 0x101 },
	{ 0x46014, 0x80000000, 0x46014, 0x80000000 },
	{ 0x46040, 0x80000000, 0x6c060, 0x10101 },
	{ 0x46060, 0x80000000, 0x6c060, 0x1010101 },
	{ 0x46010, 0x00000000, 0x6c060, 0x1010100 },
	{ 0x46010, 0x00000000, 0x46010, 0x0 },
	{ 0x130040, 0x00200000, 0x130040, 0x40280000 },
	{ 0x130040, 0x80000000, 0x130040, 0x80000000 },
	{ 0x70008, 0x80000000, 0x70008, 0xc0000000 },
	{ 0x71008, 0x80000000, 0x71008, 0xc0000000 },
	{ 0x7f008, 0x80000000, 0x7f008, 0xc0000000 },
	{ 0x7f008, 0x40000000, 0x7f008, 0x0 },
	{ 0xf1008, 0x80000000, 0xf1008, 0xc0000000 },
	{ 0xc2004, 0x00002000, 0xc2004, 0x3000 },
	{ 0x64300, 0x80000000, 0x64300, 0x80000000 },
	{ 0x64300, 0x00000000, 0x64300, 0x80 },
	{ 0x45404, 0x20000000, 0x45404, 0x30000000 },
	{ 0x45404, 0x30000002, 0x45404, 0x30000003 },
	{ 0x45404, 0x00000000, 0x45404, 0x0 },
	{ 0xc7204, 0x00000001, 0xc7200, 0x80000008 },
	{ 0xc7204, 0x00000008, 0xc7200, 0x0 },
	{ 0xc7204, 0x00000008, 0xc7204, 0x8 },
	/* pcode: recorded answers; an unknown command leaves the data */
	{ 0x138124, 0x80000006, 0x138128, 0x02020202 },
	{ 0x138124, 0x80000006, 0x138124, 0x0 },
	{ 0x138124, 0x8000001a, 0x138128, 0x02020202 },
	{ 0x138124, 0x80000007, 0x138128, 0x1 },
	{ 0x138124, 0x00000006, 0x138128, 0x1 },
	{ 0x138124, 0x80000021, 0x138128, 0x1 },
	{ 0x138124, 0x80010005, 0x138124, 0x10000 },
	/* DP AUX without a sink, the outcome cleared by writing 1 */
	{ 0x64010, 0xfe40023f, 0x64010, 0x7c40023f },
	{ 0x64010, 0x2c40023f, 0x64010, 0x7c40023f },
	{ 0x64010, 0x7e40023f, 0x64010, 0x2c40023f },
	{ 0x64210, 0x80000000, 0x64210, 0x50000000 },
	/* GMBUS without a slave; who has read the status once has it in use */
	{ 0xc5104, 0x460100a1, 0xc5108, 0xc00 },
	{ 0xc5104, 0x460100a1, 0xc5104, 0x060100a1 },
	{ 0xc5104, 0x80000000, 0xc5108, 0x8800 },
	{ 0xc5104, 0x00000000, 0xc5104, 0x0 },
	{ 0xc5104, 0x40000000, 0xc5108, 0x8800 },
	/* GPIO: pulled up, driven low, driven high, released; mask bits read 0 */
	{ 0xc501c, 0x00000100, 0xc501c, 0x1010 },
	{ 0xc501c, 0x00000007, 0xc501c, 0x1002 },
	{ 0xc501c, 0x0000000c, 0xc501c, 0x101a },
	{ 0xc501c, 0x00000700, 0xc501c, 0x021a },
	{ 0xc501c, 0x00000001, 0xc501c, 0x0218 },
	{ 0xc501c, 0x00000100, 0xc501c, 0x1018 },
	/* surfaces become live at once; the first plane's flips are counted */
	{ 0x7119c, 0x00123000, 0x711ac, 0x123000 },
	{ 0x7119c, 0x00124000, 0x71044, 0x2 },
	{ 0x7129c, 0x00125000, 0x712ac, 0x125000 },
	{ 0x7129c, 0x00125000, 0x71044, 0x2 },
	{ 0x72084, 0x00126000, 0x720ac, 0x126000 },
	/* link training's idle pattern; sticky bits */
	{ 0x64340, 0x80000200, 0x64344, 0x02000000 },
	{ 0x64344, 0x0d000000, 0x64344, 0x0 },
	{ 0xc4030, 0x10101010, 0xc4030, 0x10101010 },
	{ 0xc4030, 0x00000003, 0xc4030, 0x0 },
	/* 64 KiB pages */
	{ 0x04080, 0x0000000f, 0x04080, 0xf },
	{ 0x04080, 0x00000010, 0x04080, 0x10 },
};

START_TEST(handlers_do_what_a_driver_waits_for)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		u32 got;

		ck_assert_int_eq(guest_write(steps[i].reg, steps[i].value), 0);
		got = guest_read(steps[i].then);
		ck_assert_msg(got == steps[i].holds,
			      "step %zu: 0x%x <- 0x%x: 0x%x is 0x%x, not 0x%x", i, steps[i].reg,
			      steps[i].value, steps[i].then, got, steps[i].holds);
	}
	ck_assert_uint_eq(vgpu.failsafe, GVT_FAILSAFE_NONE);
}
END_TEST

START_TEST(guc_in_reset_is_told_once)
{
	ck_assert_uint_eq(guest_read(0xc000), 1);
	ck_assert_uint_eq(guest_read(0xc000), 0);
	ck_assert_int_eq(guest_write(0x941c, 0x20), 0);
	ck_assert_uint_eq(guest_read(0x941c), 0);
	ck_assert_uint_eq(guest_read(0xc000), 1);
	ck_assert_uint_eq(guest_read(0xc000), 0);
}
END_TEST

/* Each row: a write that raises an event, and the bit of the unmasked IIR. */
static const struct {
	u32 prepare, prepared; /* stored before */
	u32 reg, value;
	u32 iir, bits;
} events[] = {
	{ 0x71008, 0xc0000000, 0x7119c, 0x123000, 0x44418, 1 << 3 }, /* flip on a running pipe */
	{ 0x71008, 0x00000000, 0x7119c, 0x123000, 0x44418, 0 },
	{ 0x71008, 0xc0000000, 0x7129c, 0x123000, 0x44418, 0 },
	{ 0x64014, 0x00000000, 0x64010, 0xa0000000, 0x44448, 1 << 0 }, /* AUX transaction over */
	{ 0x64014, 0x00000000, 0x64210, 0xa0000000, 0x44448, 1 << 26 },
	{ 0x64014, 0x00000000, 0x64210, 0x80000000, 0x44448, 0 }, /* no interrupt wanted */
	{ 0x64014, 0x00000000, 0x64210, 0x20000000, 0x44448, 0 }, /* nothing sent */
	{ 0xc5110, 0x00000008, 0xc5104, 0x460100a1, 0xc4008, 1 << 17 }, /* GMBUS not answered */
	{ 0xc5110, 0x00000000, 0xc5104, 0x460100a1, 0xc4008, 0 },
	{ 0xc5110, 0x00000008, 0xc5104, 0x80000000, 0xc4008, 0 },
};

START_TEST(handlers_raise_events)
{
	gvt_vreg_set(&vgpu, events[_i].iir - 4, 0);
	gvt_vreg_set(&vgpu, events[_i].prepare, events[_i].prepared);
	ck_assert_int_eq(guest_write(events[_i].reg, events[_i].value), 0);
	ck_assert_uint_eq(gvt_vreg(&vgpu, events[_i].iir), events[_i].bits);
}
END_TEST

START_TEST(sticky_bits_stay_until_written)
{
	gvt_vreg_set(&vgpu, 0xc4030, 0x10101213);
	ck_assert_int_eq(guest_write(0xc4030, 0x10101001), 0);
	ck_assert_uint_eq(guest_read(0xc4030), 0x10101202);
	ck_assert_int_eq(guest_write(0xc4030, 0x10100300), 0);
	ck_assert_uint_eq(guest_read(0xc4030), 0x10100002);
}
END_TEST

START_TEST(some_walkers_only_is_refused)
{
	ck_assert_int_eq(guest_write(0x4080, 0xf), 0);
	ck_assert_int_eq(guest_write(0x4080, 0x7), -EINVAL);
	ck_assert_uint_eq(guest_read(0x4080), 0xf);
}
END_TEST

START_TEST(status_page_must_be_the_vgpus)
{
	static const u32 foreign[] = { 0x1000, 0x3fff000, 0x8000000, 0xfffff000 };
	size_t i;

	ck_assert_int_eq(guest_write(0x2080, 0x7fff000), 0);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_RCS], 0x7fff000);
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		ck_assert_int_eq(guest_write(0x2080, foreign[i]), -EINVAL);
	ck_assert_uint_eq(guest_read(0x2080), 0x7fff000);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_RCS], 0x7fff000);
	ck_assert_int_eq(guest_write(0x2080, 0), 0);
	ck_assert_int_eq(guest_write(0x22080, 0x4000000), 0);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_RCS], 0);
	ck_assert_uint_eq(vgpu.hws_pga[GVT_BCS], 0x4000000);
}
END_TEST

/* Which of a mode register's bits make a guest one that cannot be served. */
static const struct {
	bool notified;
	u32 reg, value;
	u32 holds;
	enum gvt_failsafe failsafe;
} modes[] = {
	{ true, 0x229c, 0x80008000, 0x8000, GVT_FAILSAFE_NONE },
	{ true, 0x229c, 0x02000200, 0x0200, GVT_FAILSAFE_NONE },
	{ true, 0x229c, 0x00010001, 0x0000, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ false, 0x1229c, 0x80008000, 0x8000, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ false, 0x1a29c, 0x02000200, 0x0200, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ false, 0x229c, 0x80000000, 0x0000, GVT_FAILSAFE_NONE },
	{ false, 0x229c, 0x00008201, 0x0000, GVT_FAILSAFE_NONE },
	{ true, 0x20d4, 0x00040004, 0x0004, GVT_FAILSAFE_NONE },
	{ true, 0x20d4, 0x00080008, 0x0008, GVT_FAILSAFE_UNSUPPORTED_GUEST },
	{ true, 0x220d4, 0x00100010, 0x0010, GVT_FAILSAFE_UNSUPPORTED_GUEST },
};

START_TEST(modes_that_cannot_be_served)
{
	vgpu.pv_notified = modes[_i].notified;
	ck_assert_int_eq(guest_write(modes[_i].reg, modes[_i].value), 0);
	ck_assert_uint_eq(gvt_vreg(&vgpu, modes[_i].reg), modes[_i].holds);
	ck_assert_uint_eq(vgpu.failsafe, modes[_i].failsafe);
}
END_TEST

static const struct {
	u32 slot, value;
	bool accepted;
} nonpriv[] = {
	{ 0x24d0, 0x2248, true }, /* recorded */
	{ 0x24dc, 0x7304, true },
	{ 0x24e4, 0x2094, true }, /* the engine's own NOPID empties a slot */
	{ 0x124d0, 0x12094, true },
	{ 0x124d0, 0x2094, false },
	{ 0x24d0, 0x2080, false }, /* a status page address */
	{ 0x24d0, 0x3fffffc, false },
	{ 0x24d0, 0x0, false },
};

START_TEST(only_listed_registers_become_unprivileged)
{
	gvt_vreg_set(&vgpu, nonpriv[_i].slot, 0x1234);
	ck_assert_int_eq(guest_write(nonpriv[_i].slot, nonpriv[_i].value), 0);
	ck_assert_uint_eq(guest_read(nonpriv[_i].slot),
			  nonpriv[_i].accepted ? nonpriv[_i].value : 0x1234);
}
END_TEST

static int submit(u32 port, u32 high1, u32 low1, u32 high0, u32 low0)
{
	ck_assert_int_eq(guest_write(port, high1), 0);
	ck_assert_int_eq(guest_write(port, low1), 0);
	ck_assert_int_eq(guest_write(port, high0), 0);
	return guest_write(port, low0);
}

START_TEST(submissions_are_collected_and_checked)
{
	ck_assert_int_eq(submit(0x2230, 0, 0, 0x20, 0x17fe651d), 0);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_RCS][0], 0x17fe651d);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_RCS][1], 0x20);
	ck_assert_int_eq(submit(0x12230, 0x21, 0x17fde11d, 0x20, 0x17fba11d), 0);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_VCS][2], 0x17fde11d);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_VCS][3], 0x21);
	ck_assert_uint_eq(vgpu.elsp_data[GVT_RCS][0], 0x17fe651d);
	ck_assert_int_eq(submit(0x2230, 0x20, 0x17fe651d, 0, 0), -EINVAL);
	ck_assert_int_eq(submit(0x2230, 0, 0, 0x20, 0x17fe641d), -EINVAL);
	ck_assert_int_eq(submit(0x2230, 0, 0x17fe641d, 0x20, 0x17fe651d), -EINVAL);
	ck_assert_int_eq(submit(0x2230, 0, 0x17fe641c, 0x20, 0x17fe651d), 0);
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

	tc = tcase_create("handlers");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, handlers_do_what_a_driver_waits_for);
	tcase_add_test(tc, guc_in_reset_is_told_once);
	tcase_add_loop_test(tc, handlers_raise_events, 0, ARRAY_SIZE(events));
	tcase_add_test(tc, sticky_bits_stay_until_written);
	tcase_add_test(tc, some_walkers_only_is_refused);
	tcase_add_test(tc, status_page_must_be_the_vgpus);
	tcase_add_loop_test(tc, modes_that_cannot_be_served, 0, ARRAY_SIZE(modes));
	tcase_add_loop_test(tc, only_listed_registers_become_unprivileged, 0, ARRAY_SIZE(nonpriv));
	tcase_add_test(tc, submissions_are_collected_and_checked);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { regs_suite };

	return mpt_test_main("regs", suites, ARRAY_SIZE(suites));
}
