/* SPDX-License-Identifier: MIT */
/*
 * The register table of a platform: what it says of a register, and the flat index over all dwords
 * that every vGPU of a device shares. The data is in regs/; accesses are dispatched in mmio.c.
 */
#ifndef GVT_REG_TABLE_H
#define GVT_REG_TABLE_H

#include <mpt/types.h>

struct gvt_vgpu;

/* A handler is called with an aligned offset below GVT_REG_SPACE and the vGPU's lock held. */
typedef u32 (*gvt_reg_read_fn)(struct gvt_vgpu *v, u32 reg);
/*
 * @value: the whole dword after widening. Of a GVT_MASKED register the low half is already merged
 * with the old value; the upper half means nothing. A write handler stores by itself.
 */
typedef int (*gvt_reg_write_fn)(struct gvt_vgpu *v, u32 reg, u32 value);

#define GVT_REG_SPACE 0x200000U

/* What a register belongs to: the classes of reports. */
#define GVT_REG_CLASSES(CLASS) \
	CLASS(GT, "gt") \
	CLASS(ENGINE, "engine") \
	CLASS(IRQ, "irq") \
	CLASS(ERROR, "error") \
	CLASS(FUSE, "fuse") \
	CLASS(FORCEWAKE, "forcewake") \
	CLASS(POWER, "power") \
	CLASS(CLOCK, "clock") \
	CLASS(PCODE, "pcode") \
	CLASS(WORKAROUND, "workaround") \
	CLASS(MOCS, "mocs") \
	CLASS(GGTT, "ggtt-flush") \
	CLASS(FENCE, "fence") \
	CLASS(GUC, "guc") \
	CLASS(PERF, "perf") \
	CLASS(UNCORE, "uncore") \
	CLASS(MCHBAR, "mchbar") \
	CLASS(DISPLAY, "display") \
	CLASS(PIPE, "pipe") \
	CLASS(TRANSCODER, "transcoder") \
	CLASS(PLANE, "plane") \
	CLASS(SCALER, "scaler") \
	CLASS(COLOUR, "colour") \
	CLASS(WATERMARK, "watermark") \
	CLASS(DDI, "ddi") \
	CLASS(AUX, "aux") \
	CLASS(GMBUS, "gmbus") \
	CLASS(HOTPLUG, "hotplug") \
	CLASS(PANEL, "panel") \
	CLASS(AUDIO, "audio") \
	CLASS(DMC, "dmc") \
	CLASS(PCH, "pch")

enum gvt_reg_class {
	GVT_CLASS_UNKNOWN,
#define GVT_CLASS_ENUM(id, text) GVT_CLASS_##id,
	GVT_REG_CLASSES(GVT_CLASS_ENUM)
#undef GVT_CLASS_ENUM
	GVT_NUM_CLASSES
};

enum gvt_reg_attr {
	GVT_MASKED = 1 << 0, /* bits 31:16 of a write select which of 15:0 change; they read 0 */
	GVT_W1C = 1 << 1, /* bits outside the read-only mask are cleared by writing 1 */
	GVT_UNALIGNED = 1 << 2, /* accesses need not be naturally aligned */
	GVT_GMADR = 1 << 3, /* holds a graphics address */
	GVT_NONPRIV = 1 << 4, /* a guest may open it to unprivileged batches */
	GVT_BLOCK = 1 << 5, /* plain background; registers inside may have lines of their own */
};

#define GVT_RO 0xffffffffU /* as a read-only mask: no bit can be written */

/*
 * One line of regs/: @count registers, @stride bytes apart.
 * REG(offset, count, stride, name, class, attributes, read-only mask, reset value, read, write)
 * BLOCK(offset, bytes, name, class)
 * In a name '#' stands for the number of the register in its line, '@' for the letter (A is the
 * first); without either, the registers of a line print as name[number].
 */
struct gvt_reg {
	const char *name;
	gvt_reg_read_fn read; /* NULL: the stored value */
	gvt_reg_write_fn write; /* NULL: stored by attributes and read-only mask */
	u32 offset, count, stride;
	u32 ro_mask;
	u32 reset;
	u8 class; /* enum gvt_reg_class */
	u8 attr; /* enum gvt_reg_attr */
};

struct gvt_platform_regs {
	const char *name;
	const struct gvt_reg *regs;
	u32 num;
};

extern const struct gvt_platform_regs gvt_skl_regs;
extern const struct gvt_platform_regs gvt_bdw_regs;
extern const struct gvt_platform_regs gvt_kbl_regs;
extern const struct gvt_platform_regs gvt_bxt_regs;
extern const struct gvt_platform_regs gvt_cfl_regs;

struct gvt_reg_value {
	u32 offset, value;
};

struct gvt_reg_table {
	u16 index[GVT_REG_SPACE / 4]; /* of info[] by dword; 0: unknown */
	size_t size; /* of this allocation */
	struct gvt_reg_value *resets; /* behind info[]: the dwords whose reset value is not 0 */
	u32 num_resets;
	u64 golden[GVT_REG_SPACE / MPT_PAGE_SIZE / 64]; /* bit per page that has such a dword */
	u32 num; /* of info[], the unused first one included */
	struct gvt_reg info[];
};

/**
 * gvt_reg_table_new() - expand a platform's lines into the flat table.
 * @table: out; untouched on failure
 * Return: 0, -EEXIST (two lines claim one dword; the sentence names both), -EINVAL (a line reaches
 * out of the register space, is unaligned, or there are too many), -ENOMEM.
 */
int gvt_reg_table_new(const struct gvt_platform_regs *platform, struct gvt_reg_table **table);

/** gvt_reg_table_free() - NULL is fine. */
void gvt_reg_table_free(struct gvt_reg_table *table);

/** gvt_reg_lookup() - the line of the dword at @offset (below GVT_REG_SPACE); NULL: unknown. */
static inline const struct gvt_reg *gvt_reg_lookup(const struct gvt_reg_table *table, u32 offset)
{
	u32 i = table->index[offset / 4];

	return i ? &table->info[i] : NULL;
}

/**
 * gvt_reg_name() - the full name of the register at @offset, cut to @len.
 * Return: false for an offset that is unknown or out of the register space; @buf is then "".
 */
bool gvt_reg_name(const struct gvt_reg_table *table, u32 offset, char *buf, size_t len);

/** gvt_reg_class_name() - "irq", "pipe", ...; "unknown" for any other value. */
const char *gvt_reg_class_name(unsigned int class);

/**
 * gvt_reg_table_reset() - apply the golden image to registers that are all 0.
 * @regs: GVT_REG_SPACE bytes; only dwords whose reset value is not 0 are touched
 * @end: registers at and above this offset stay as they are
 */
void gvt_reg_table_reset(const struct gvt_reg_table *table, u8 *regs, u32 end);

#endif
