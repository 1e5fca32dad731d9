/* SPDX-License-Identifier: MIT */
/*
 * Resets of vGPUs, and that nothing is left for the next one; the rest of a vGPU's life is in
 * test_gvt_vgpu.c.
 */
#include <pthread.h>
#include <stdlib.h>

#include "gvt/ppgtt.h"
#include "gvt_life.h"
#include "runner.h"

static struct life r;

static void setup(void)
{
	life_open(&r, "check,fault,mock", 256 * MIB);
}

static void teardown(void)
{
	life_close(&r);
}

/* --- resets --- */

static void dirty(struct intel_vgpu *g)
{
	u64 magic = 0, pte = 0x1001, fence = 1;
	u32 value = 0x12345678;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_ok(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_PVINFO_OFFSET, &magic, 8));
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + GVT_GTT_OFFSET, &pte, 8));
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x100000, &fence, 8));
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x2038, &value, 4)); /* RCS ring start */
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x44404, &value, 4)); /* pipe A IMR */
	value = 0x1;
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x2230, &value, 4)); /* ELSP: one of four */
	value = 0x1000;
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x2080, &value, 4)); /* RCS status page */
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x78804, &value, 4)); /* display_ready */
}

START_TEST(test_device_model_reset)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL), *fresh;
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	struct gvt_hw *hw = &r.gvt->hw;
	struct gvt_vgpu_info before, after;

	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	fresh = life_create(&r, 1, NULL);
	dirty(g);
	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_GUEST_ERR);
	before = life_info(g);
	gvt_ops()->vgpu_reset(g);
	after = life_info(g);
	ck_assert_uint_eq(after.bar0 | after.bar2, 0);
	ck_assert_uint_eq(after.ggtt_mapped, 0);
	ck_assert_int_eq(after.failsafe, GVT_FAILSAFE_NONE);
	ck_assert(before.pv_notified && !after.pv_notified);
	ck_assert_uint_eq(after.mmio_writes, before.mmio_writes);
	ck_assert_uint_eq(after.ggtt_writes, before.ggtt_writes);
	ck_assert_uint_eq(after.resets, before.resets + 1);
	ck_assert_uint_eq(hw->fence_read(hw->priv, after.fence_base), 0);
	ck_assert_uint_eq(v->elsp_index[GVT_RCS], 0);
	ck_assert_uint_eq(v->hws_pga[GVT_RCS], 0);
	ck_assert_uint_eq(gvt_vreg(v, 0x78000), 0x76544776);
	ck_assert_uint_eq(gvt_vreg(v, 0x7800c), 1);
	ck_assert_uint_eq(gvt_vreg(v, 0x78050), 4);
	ck_assert_uint_eq(gvt_vreg(v, 0x23a0), 7);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_DMA).count, 0);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_TRAP).count, 0);
	ck_assert_uint_eq(life_held(r.host, MPT_LEDGER_MAP).count, 0);
	/* All registers but PVINFO are those of a vGPU that was reset before anybody used it. */
	gvt_ops()->vgpu_reset(fresh);
	ck_assert(!memcmp(v->regs, to_gvt_vgpu(fresh)->regs, GVT_PVINFO_OFFSET));
	ck_assert(!memcmp(v->regs + 0x79000, to_gvt_vgpu(fresh)->regs + 0x79000,
			  GVT_MMIO_SIZE - 0x79000));
	/* And it works again. */
	dirty(g);
	ck_assert_uint_eq(life_info(g).ggtt_mapped, 1);
}
END_TEST

START_TEST(test_reset_after_d3hot)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	u64 root[4] = { 0x1000 };
	u32 magic;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_ok(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_PVINFO_OFFSET, &magic, 4));
	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	life_ok(gvt_ppgtt_notify(to_gvt_vgpu(g), true, 4, root));
	life_cfg_write(g, 0xd4, 3, 2);
	life_cfg_write(g, 0xd4, 0, 2);
	gvt_ops()->vgpu_reset(g);
	ck_assert(life_info(g).pv_notified);
	/* What it had created before it may give back, once. */
	ck_assert_uint_eq(life_info(g).ppgtt_spaces, 0);
	life_ok(gvt_ppgtt_notify(to_gvt_vgpu(g), false, 4, root));
	ck_assert_int_eq(gvt_ppgtt_notify(to_gvt_vgpu(g), false, 4, root), -ENOENT);
	life_ok(gvt_ppgtt_notify(to_gvt_vgpu(g), true, 4, root));
	gvt_ops()->vgpu_reset(g);
	ck_assert(!life_info(g).pv_notified);
	ck_assert_int_eq(gvt_ppgtt_notify(to_gvt_vgpu(g), false, 4, root), -ENOENT);
}
END_TEST

static void gdrst(u32 bits)
{
	life_ok(mpt_guest_write(r.vm[0], LIFE_BAR0 + 0x941c, &bits, 4));
	life_ok(mpt_guest_read(r.vm[0], LIFE_BAR0 + 0x941c, &bits, 4));
	ck_assert_uint_eq(bits, 0);
}

START_TEST(test_engine_and_full_reset)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	struct gvt_vgpu_info info;

	life_ok(mpt_ram_add(r.vm[0], 0, 16 * MIB, 0));
	dirty(g);
	gvt_vreg_set(v, 0x223a0, 0x0203);
	gvt_vreg_set(v, 0x23a0, 0x0203);
	v->elsp_index[GVT_BCS] = 3;
	/* The blitter's submission and nothing else. */
	gdrst(1U << 3);
	ck_assert_uint_eq(v->elsp_index[GVT_BCS], 0);
	ck_assert_uint_eq(v->elsp_index[GVT_RCS], 1);
	ck_assert_uint_eq(gvt_vreg(v, 0x223a0), 7);
	ck_assert_uint_eq(gvt_vreg(v, 0x23a0), 0x0203);
	ck_assert_uint_eq(gvt_vreg(v, 0x2038), 0x12345678);
	ck_assert_uint_eq(v->hws_pga[GVT_RCS], 0x1000);
	/* The GT, and nothing of the display, the GGTT or configuration space. */
	gdrst(1);
	info = life_info(g);
	ck_assert_uint_eq(v->elsp_index[GVT_RCS], 0);
	ck_assert_uint_eq(gvt_vreg(v, 0x23a0), 7);
	ck_assert_uint_eq(gvt_vreg(v, 0x2038), 0);
	ck_assert_uint_eq(v->hws_pga[GVT_RCS], 0);
	ck_assert_uint_eq(gvt_vreg(v, 0x44404), 0x12345678);
	ck_assert_uint_eq(gvt_vreg(v, 0x78000), 0x76544776);
	ck_assert_uint_eq(info.ggtt_mapped, 1);
	ck_assert_uint_eq(info.bar0, LIFE_BAR0);
	ck_assert(info.pv_notified);
	ck_assert_uint_eq(info.resets, 2);
}
END_TEST

/*
 * A reset is one step for everybody else. The reader sees the two registers as the writer left
 * them, both, or both as after power-on.
 */
static bool resets_over;

static void *reset_often(void *arg)
{
	int i;

	for (i = 0; i < 300; i++) {
		gvt_ops()->vgpu_reset(arg);
		life_decode(arg, LIFE_BAR0, LIFE_BAR2);
	}
	__atomic_store_n(&resets_over, true, __ATOMIC_RELAXED);
	return NULL;
}

START_TEST(test_a_reset_is_one_step)
{
	struct intel_vgpu *g = life_create(&r, 0, NULL);
	pthread_t thread;
	u64 pair = 0;
	int i;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	ck_assert_int_eq(mpt_host_set_policy(r.host, MPT_POLICY_RETURN), 0);
	resets_over = false;
	pthread_create(&thread, NULL, reset_often, g);
	for (i = 0; i < 3000 || !__atomic_load_n(&resets_over, __ATOMIC_RELAXED); i++) {
		/* Tail and head of the render ring: one access, one lock. */
		u64 value = (u64)(i + 1) << 32 | (u32)(i + 1);

		gvt_ops()->emulate_mmio_write(g, LIFE_BAR0 + 0x2030, &value, 8);
		if (gvt_ops()->emulate_mmio_read(g, LIFE_BAR0 + 0x2030, &pair, 8))
			ck_assert_uint_eq(pair, ~0ULL);
		else
			ck_assert_uint_eq(pair >> 32, (u32)pair);
	}
	pthread_join(thread, NULL);
}
END_TEST

/* --- memory that goes from one vGPU to the next --- */

#define SCRIBBLES 20000

static u32 xorshift(u32 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* Writes of every size all over the registers and the GGTT, whatever comes of them. */
static void scribble(struct intel_vgpu *g, u32 seed)
{
	const struct gvt_vgpu *v = to_gvt_vgpu(g);
	u32 x = seed, i;

	for (i = 0; i < SCRIBBLES; i++) {
		u32 bytes = 1U << xorshift(&x) % 4, where = xorshift(&x);
		u64 offset = where % GVT_MMIO_SIZE, value = (u64)xorshift(&x) << 32 | x;
		const struct gvt_range *own = where & 1U << 20 ? &v->low : &v->high;

		if (i % 2)
			offset = GVT_GTT_OFFSET +
				 (own->start + where % own->size) / MPT_PAGE_SIZE * 8 +
				 where / 4 % 2 * 4;
		offset &= ~((u64)bytes - 1);
		(void)gvt_ops()->emulate_mmio_write(g, LIFE_BAR0 + offset, &value, bytes);
	}
}

/* From the first entry of the virtual table to the last bit of the halves that were seen. */
static size_t tables_end(const struct gvt_vgpu *v)
{
	return (size_t)((u8 *)v->half - (u8 *)v->ggtt) + sizeof(u64) + 2 * GVT_GGTT_ENTRIES / 8;
}

static void expect_zero(const void *mem, size_t size)
{
	const u64 *p = mem;
	size_t i;

	/* An assertion that holds costs a system call as well. */
	for (i = 0; i < size / 8; i++)
		if (p[i])
			ck_abort_msg("0x%zx holds 0x%llx", i * 8, (unsigned long long)p[i]);
}

/* As on the day of its creation, whatever an earlier vGPU did with the memory. */
static void expect_new(const struct intel_vgpu *g, const u8 *regs)
{
	const struct gvt_vgpu *v = to_gvt_vgpu((struct intel_vgpu *)(uintptr_t)g);

	ck_assert(!memcmp(v->regs, regs, GVT_MMIO_SIZE));
	expect_zero(v->ggtt, tables_end(v));
}

START_TEST(test_nothing_is_left_for_the_next)
{
	static const u64 sizes[][2] = { { 64 * MIB, 128 * MIB }, { 256 * MIB, 1024 * MIB } };
	u8 *regs = malloc(GVT_MMIO_SIZE);
	struct intel_vgpu_type type;
	struct intel_vgpu *g;

	gvt_type_init(&type, sizes[_i / 2][0], sizes[_i / 2][1], 4);
	life_ok(mpt_host_set_policy(r.host, MPT_POLICY_RETURN));
	life_ok(mpt_ram_add(life_vm(&r, 0), 0, 64 * MIB, 0));
	g = life_create(&r, 0, &type);
	memcpy(regs, to_gvt_vgpu(g)->regs, GVT_MMIO_SIZE);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	if (_i % 2)
		gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_GUEST_ERR);
	scribble(g, 1 + (u32)_i);
	ck_assert(memcmp(to_gvt_vgpu(g)->regs, regs, GVT_MMIO_SIZE) != 0);
	life_destroy(&r, 0);
	g = life_create(&r, 0, &type);
	expect_new(g, regs);
	/* A reset is held to the same, but that it says no engine has written its status buffer. */
	gvt_ops()->vgpu_reset(g);
	memcpy(regs, to_gvt_vgpu(g)->regs, GVT_MMIO_SIZE);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	scribble(g, 99);
	gvt_ops()->vgpu_reset(g);
	expect_new(g, regs);
	free(regs);
}
END_TEST

static Suite *reset_suite(void)
{
	Suite *s = suite_create("gvt_vgpu_reset");
	TCase *reset = tcase_create("reset");

	tcase_add_checked_fixture(reset, setup, teardown);
	tcase_add_test(reset, test_device_model_reset);
	tcase_add_test(reset, test_reset_after_d3hot);
	tcase_add_test(reset, test_engine_and_full_reset);
	tcase_add_test(reset, test_a_reset_is_one_step);
	tcase_add_loop_test(reset, test_nothing_is_left_for_the_next, 0, 4);
	suite_add_tcase(s, reset);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { reset_suite };

	return mpt_test_main("gvt_vgpu_reset", suites, 1);
}
