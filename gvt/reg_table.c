/* SPDX-License-Identifier: MIT */
/*
 * Builds the flat register table of a platform from the lines in regs/, and answers names and reset
 * values from it. No register behaviour lives here.
 */
#include <stdio.h>
#include <string.h>

#include <mpt/alloc.h>
#include <mpt/error.h>

#include "handlers.h"
#include "reg_table.h"

#define REG(off, n, step, text, cls, flags, ro, value, rd, wr) \
	{ .name = (text), .read = (rd), .write = (wr), .offset = (off), .count = (n), \
	  .stride = (step), .ro_mask = (ro), .reset = (value), .class = GVT_CLASS_##cls, \
	  .attr = (flags) },
#define BLOCK(off, bytes, text, cls) \
	{ .name = (text), .offset = (off), .count = (bytes) / 4, .stride = 4, \
	  .class = GVT_CLASS_##cls, .attr = GVT_BLOCK },

static const struct gvt_reg skl_regs[] = {
#include "regs/skl.def"
};

static const struct gvt_reg bdw_regs[] = {
#include "regs/bdw.def"
};

static const struct gvt_reg kbl_regs[] = {
#include "regs/kbl.def"
};

static const struct gvt_reg bxt_regs[] = {
#include "regs/bxt.def"
};

static const struct gvt_reg cfl_regs[] = {
#include "regs/cfl.def"
};

#undef REG
#undef BLOCK

#define PLATFORM_REGS(id) \
	const struct gvt_platform_regs gvt_##id##_regs = { \
		.name = #id, \
		.regs = id##_regs, \
		.num = sizeof(id##_regs) / sizeof(id##_regs[0]), \
	}
PLATFORM_REGS(skl);
PLATFORM_REGS(bdw);
PLATFORM_REGS(kbl);
PLATFORM_REGS(bxt);
PLATFORM_REGS(cfl);

static int reg_check(const struct gvt_reg *reg)
{
	u64 last = reg->offset + (u64)reg->stride * (reg->count - 1);

	if (!reg->count || (reg->count > 1 && !reg->stride) || last > GVT_REG_SPACE - 4)
		return mpt_fail(-EINVAL, "gvt", "register %s: %u from 0x%x leave the space",
				reg->name, reg->count, reg->offset);
	if ((reg->offset | reg->stride) % 4)
		return mpt_fail(-EINVAL, "gvt", "register %s: 0x%x is no dword", reg->name,
				reg->offset);
	return 0;
}

static int table_claim(struct gvt_reg_table *table, u32 i)
{
	const struct gvt_reg *reg = &table->info[i];
	u32 n, offset = reg->offset;
	int ret = reg_check(reg);

	if (ret)
		return ret;
	for (n = 0; n < reg->count; n++, offset += reg->stride) {
		u16 *slot = &table->index[offset / 4];
		const struct gvt_reg *other = &table->info[*slot];

		if (*slot && (!(other->attr & GVT_BLOCK) || (reg->attr & GVT_BLOCK)))
			return mpt_fail(-EEXIST, "gvt", "register %s: 0x%x is %s already",
					reg->name, offset, other->name);
		*slot = (u16)i;
	}
	return 0;
}

/* Blocks go first, so that the order of lines does not matter. */
static int table_fill(struct gvt_reg_table *table)
{
	int ret = 0, pass;
	u32 i;

	for (pass = 0; pass < 2; pass++) {
		for (i = 1; i < table->num && !ret; i++) {
			if (!(table->info[i].attr & GVT_BLOCK) == !pass)
				continue;
			ret = table_claim(table, i);
		}
	}
	return ret;
}

static u32 count_resets(const struct gvt_platform_regs *platform)
{
	u32 i, num = 0;

	for (i = 0; i < platform->num; i++)
		num += platform->regs[i].reset ? platform->regs[i].count : 0;
	return num;
}

static void table_collect_resets(struct gvt_reg_table *table)
{
	u32 i, n;

	for (i = 1; i < table->num; i++) {
		const struct gvt_reg *reg = &table->info[i];

		for (n = 0; reg->reset && n < reg->count; n++) {
			u32 offset = reg->offset + n * reg->stride;

			table->golden[offset / MPT_PAGE_SIZE / 64] |=
				1ULL << offset / MPT_PAGE_SIZE % 64;
			table->resets[table->num_resets++] = (struct gvt_reg_value){
				.offset = offset,
				.value = reg->reset,
			};
		}
	}
}

int gvt_reg_table_new(const struct gvt_platform_regs *platform, struct gvt_reg_table **table)
{
	size_t size = sizeof(**table) + (platform->num + 1) * sizeof(struct gvt_reg);
	struct gvt_reg_table *t;
	int ret;

	if (platform->num >= UINT16_MAX)
		return mpt_fail(-EINVAL, "gvt", "%s has %u lines of registers (at most %d)",
				platform->name, platform->num, UINT16_MAX - 1);
	t = mpt_zalloc_pages(size + count_resets(platform) * sizeof(*t->resets));
	if (!t)
		return mpt_fail(-ENOMEM, "gvt", "no memory for the registers of %s",
				platform->name);
	t->size = size + count_resets(platform) * sizeof(*t->resets);
	t->num = platform->num + 1;
	t->resets = (struct gvt_reg_value *)(void *)&t->info[t->num];
	memcpy(&t->info[1], platform->regs, platform->num * sizeof(struct gvt_reg));
	ret = table_fill(t);
	if (ret) {
		gvt_reg_table_free(t);
		return ret;
	}
	table_collect_resets(t);
	*table = t;
	return 0;
}

void gvt_reg_table_free(struct gvt_reg_table *table)
{
	if (table)
		mpt_free_pages(table, table->size);
}

bool gvt_reg_name(const struct gvt_reg_table *table, u32 offset, char *buf, size_t len)
{
	const struct gvt_reg *reg = offset < GVT_REG_SPACE ? gvt_reg_lookup(table, offset) : NULL;
	const char *mark;
	u32 n;

	if (len)
		*buf = '\0';
	if (!reg)
		return false;
	n = reg->stride ? (offset - reg->offset) / reg->stride : 0;
	mark = strpbrk(reg->name, "#@");
	if (reg->attr & GVT_BLOCK)
		snprintf(buf, len, "%s+0x%x", reg->name, (offset & ~3U) - reg->offset);
	else if (mark && *mark == '#')
		snprintf(buf, len, "%.*s%u%s", (int)(mark - reg->name), reg->name, n, mark + 1);
	else if (mark)
		snprintf(buf, len, "%.*s%c%s", (int)(mark - reg->name), reg->name, (char)('A' + n),
			 mark + 1);
	else if (reg->count > 1)
		snprintf(buf, len, "%s[%u]", reg->name, n);
	else
		snprintf(buf, len, "%s", reg->name);
	return true;
}

const char *gvt_reg_class_name(unsigned int class)
{
	static const char *const names[GVT_NUM_CLASSES] = {
		[GVT_CLASS_UNKNOWN] = "unknown",
#define CLASS_NAME(id, text) [GVT_CLASS_##id] = (text),
		GVT_REG_CLASSES(CLASS_NAME)
#undef CLASS_NAME
	};

	return class < GVT_NUM_CLASSES ? names[class] : names[GVT_CLASS_UNKNOWN];
}

void gvt_reg_table_reset(const struct gvt_reg_table *table, u8 *regs, u32 end)
{
	u32 i;

	for (i = 0; i < table->num_resets; i++) {
		const struct gvt_reg_value *r = &table->resets[i];

		if (r->offset < end)
			memcpy(regs + r->offset, &r->value, sizeof(r->value));
	}
}
