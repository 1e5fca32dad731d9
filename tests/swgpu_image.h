/* SPDX-License-Identifier: MIT */
/*
 * A context's image as i915 lays it out for gen9 (gt/intel_lrc.c, gen9_rcs_offsets), on top of
 * swgpu_rig.h: made, saved to, read and changed by register. No tests.
 */
#ifndef MPT_TESTS_SWGPU_IMAGE_H
#define MPT_TESTS_SWGPU_IMAGE_H

#include "swgpu_rig.h"

#define GPA_IMAGE (GPA_CTX + 4096)

static const u16 ring_regs[] = { 0x244, 0x034, 0x030, 0x038, 0x03c, 0x168, 0x140,
				 0x110, 0x11c, 0x114, 0x118, 0x1c0, 0x1c4, 0x1c8 };
static const u16 pdp_regs[] = { 0x3a8, 0x28c, 0x288, 0x284, 0x280, 0x27c, 0x278, 0x274, 0x270 };
static const u16 state_regs[] = { 0x028, 0x09c, 0x0c0, 0x178, 0x17c, 0x358,
				  0x170, 0x150, 0x154, 0x158, 0x41c };

static u32 image[1024];

static inline u32 list(u32 at, const u16 *regs, u32 n)
{
	u32 i;

	image[at++] = LRI(n) | 1U << 12;
	for (i = 0; i < n; i++, at += 2)
		image[at] = BASE + regs[i];
	return at;
}

static inline u32 value_at(u32 reg)
{
	u32 i;

	for (i = 2; i < 0xb0; i++) {
		if (image[i] == BASE + reg)
			return i + 1;
	}
	ck_abort_msg("0x%x is not in the image", reg);
}

static inline void image_make(void)
{
	u32 at, i;

	memset(image, 0, sizeof(image));
	at = list(1, ring_regs, 14) + 3;
	ck_assert_uint_eq(at, 0x21);
	at = list(at, pdp_regs, 9) + 13;
	image[at] = LRI(1);
	image[at + 1] = BASE + 0xc8;
	at += 3 + 13;
	ck_assert_uint_eq(at, 0x51);
	i = list(at, state_regs, 11);
	image[at] = LRI(44) | 1U << 12;
	for (at = 0; at < 32; at++, i += 2)
		image[i] = BASE + 0x600 + 4 * at;
	image[i] = BASE + 0x068;
	image[i + 2] = BB_END;
	ck_assert_uint_eq(value_at(0x34), 5);
	ck_assert_uint_eq(value_at(0x30), 7);
	ck_assert_uint_eq(value_at(0x270), 0x33);
	rig_ok(mpt_guest_write(sw.r.vm, GPA_IMAGE, image, 4096));
}

static inline u32 saved(u32 reg)
{
	return sw_peek(GPA_IMAGE + value_at(reg) * 4);
}

static inline void set(u32 reg, u32 value)
{
	sw_poke(GPA_IMAGE + value_at(reg) * 4, value);
}

static inline void save(void)
{
	sw.hw->save(sw.hw->priv, sw.state);
	sw.used = 0;
}

static inline u32 head(void)
{
	return sw.hw->head(sw.hw->priv, sw.state);
}

#endif
