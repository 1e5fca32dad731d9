/* SPDX-License-Identifier: MIT */
/*
 * The parts of BAR0 by which a vGPU is told what it is and has: the PVINFO page and the fence
 * registers; and that a creation which fails on the way gives everything back.
 */
#include "gvt_rig.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PVINFO GVT_PVINFO_OFFSET

static int try_write(struct rig *r, u64 offset, void *buf, unsigned int bytes)
{
	return r->ops->emulate_mmio_write(r->vgpu, RIG_BAR0 + offset, buf, bytes);
}

/* --- PVINFO --- */

START_TEST(pvinfo_tells_what_the_vgpu_is)
{
	struct gvt_vgpu_info info;
	struct rig r;

	rig_open(&r);
	info = rig_info(&r);
	ck_assert(!info.pv_notified);
	ck_assert_uint_eq(rig_read(&r, PVINFO, 8), 0x4776544776544776ULL);
	ck_assert(rig_info(&r).pv_notified);
	ck_assert_uint_eq(rig_read(&r, PVINFO + 0x8, 2), 1);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x10), 0xc);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x40), info.low_start);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x44), info.low_size);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x48), info.high_start);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x4c), info.high_size);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x50), info.fence_count);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x830), ~0U);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x834), ~0U);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x54), 0);
	rig_close(&r);
}
END_TEST

/* A store of the minor version that is too wide would clear the id after it was set. */
START_TEST(pvinfo_fields_do_not_overlap)
{
	struct rig r;

	rig_open(&r);
	ck_assert_uint_eq(rig_read(&r, PVINFO + 0xa, 2), 0);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0x8), 1);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0xc), (u32)r.vgpu->id);
	gvt_pvinfo_init(r.v);
	ck_assert_uint_eq(rig_reg(&r, PVINFO + 0xc), (u32)r.vgpu->id);
	rig_close(&r);
}
END_TEST

static unsigned int lines;

static void count_line(void *arg, enum mpt_log_level level, const char *func, const char *text)
{
	(void)arg;
	(void)level;
	(void)func;
	if (strstr(text, "reads PVINFO"))
		lines++;
}

/* What a driver has no reason to read, and what is reserved; of two dwords one is enough. */
START_TEST(pvinfo_reads_that_nobody_expects_are_told)
{
	static const struct {
		u32 offset, bytes, told;
	} reads[] = { { 0, 8, 0 },     { 0x4, 4, 0 },	{ 0xa, 2, 0 },	 { 0x50, 4, 0 },
		      { 0x50, 8, 1 }, { 0x54, 4, 1 }, { 0x804, 4, 1 }, { 0x818, 8, 1 },
		      { 0x838, 8, 2 }, { 0xffc, 4, 1 } };
	struct rig r;
	size_t i;

	rig_open(&r);
	mpt_log_set(count_line, NULL, MPT_LOG_INFO);
	for (i = 0; i < N(reads); i++) {
		lines = 0;
		rig_read(&r, PVINFO + reads[i].offset, reads[i].bytes);
		ck_assert_uint_eq(lines, reads[i].told);
	}
	mpt_log_set(NULL, NULL, MPT_LOG_ERROR);
	rig_close(&r);
}
END_TEST

static const struct pv_write {
	u32 offset;
	bool stored;
} pv_writes[] = {
	{ 0x000, false }, { 0x004, false }, { 0x008, false }, { 0x00c, false }, { 0x010, false },
	{ 0x014, false }, { 0x040, false }, { 0x044, false }, { 0x048, false }, { 0x04c, false },
	{ 0x050, false }, { 0x054, false }, { 0x7fc, false }, { 0x800, false }, { 0x804, true },
	{ 0x818, true }, { 0x81c, false }, { 0x820, false }, { 0x830, true }, { 0x834, true },
	{ 0x838, true }, { 0x83c, true }, { 0x840, true }, { 0x844, true }, { 0x848, true },
	{ 0x84c, true }, { 0x850, true }, { 0x854, true }, { 0x858, true }, { 0x85c, true },
	{ 0x860, false }, { 0x864, false }, { 0xffc, false },
};

START_TEST(pvinfo_writes)
{
	struct rig r;
	size_t i;

	rig_open(&r);
	for (i = 0; i < N(pv_writes); i++) {
		u32 reg = PVINFO + pv_writes[i].offset, old = rig_reg(&r, reg), value = 5 + (u32)i;

		rig_reg_set(&r, reg, value);
		ck_assert_msg(rig_reg(&r, reg) == (pv_writes[i].stored ? value : old), "0x%x",
			      pv_writes[i].offset);
	}
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_NONE);
	ck_assert_uint_eq(rig_info(&r).unknown, 0);
	rig_close(&r);
}
END_TEST

START_TEST(pvinfo_notifications_are_noted)
{
	struct rig r;

	rig_open(&r);
	rig_write(&r, PVINFO + 0x838, 0x123456789000ULL, 8);
	ck_assert_uint_eq(rig_read(&r, PVINFO + 0x838, 8), 0x123456789000ULL);
	rig_reg_set(&r, PVINFO + 0x818, 4);
	rig_reg_set(&r, PVINFO + 0x818, 5);
	ck_assert_uint_eq(rig_info(&r).ppgtt_notify, 2);
	rig_reg_set(&r, PVINFO + 0x804, 1);
	ck_assert_uint_eq(rig_info(&r).display_ready, 1);
	rig_reg_set(&r, PVINFO + 0x804, 0);
	ck_assert_uint_eq(rig_info(&r).display_ready, 0);
	rig_close(&r);
}
END_TEST

/* _i: which of the four dwords. */
START_TEST(pvinfo_too_small_a_share_is_failsafe)
{
	struct rig r;

	rig_open(&r);
	rig_reg_set(&r, PVINFO + 0x808 + 4 * (u32)_i, 1);
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_RESOURCES);
	rig_close(&r);
}
END_TEST

START_TEST(pvinfo_names)
{
	ck_assert_str_eq(gvt_pvinfo_name(PVINFO), "magic");
	ck_assert_str_eq(gvt_pvinfo_name(PVINFO + 7), "magic");
	ck_assert_str_eq(gvt_pvinfo_name(PVINFO + 0xa), "version_minor");
	ck_assert_str_eq(gvt_pvinfo_name(PVINFO + 0x818), "g2v_notify");
	ck_assert_ptr_null(gvt_pvinfo_name(PVINFO + 0x14));
	ck_assert_ptr_null(gvt_pvinfo_name(PVINFO + 0xffc));
	ck_assert_ptr_null(gvt_pvinfo_name(PVINFO - 1));
}
END_TEST

/* --- fences --- */

#define FENCE(i) (0x100000U + 8 * (u32)(i))

static u64 host_fence(struct rig *r, u32 i)
{
	return r->gvt->hw.fence_read(r->gvt->hw.priv, i);
}

START_TEST(fences_reach_the_hosts_of_the_vgpu)
{
	struct rig r;
	u32 i;

	rig_open(&r);
	for (i = 0; i < r.v->fence_count; i++) {
		rig_reg_set(&r, FENCE(i), 0);
		rig_reg_set(&r, FENCE(i) + 4, 0x1000 + i);
		rig_reg_set(&r, FENCE(i), 0x2001 + i);
		ck_assert_uint_eq(rig_read(&r, FENCE(i), 8), (0x1000ULL + i) << 32 | (0x2001 + i));
		ck_assert_uint_eq(host_fence(&r, r.v->fence_base + i),
				  (0x1000ULL + i) << 32 | (0x2001 + i));
	}
	r.ops->vgpu_reset(r.vgpu);
	for (i = 0; i < GVT_NUM_FENCES; i++)
		ck_assert_uint_eq(host_fence(&r, i), 0);
	rig_close(&r);
}
END_TEST

static u64 fence_log[8];
static unsigned int fence_logged;

static void log_fence(void *priv, u32 index, u64 value)
{
	(void)priv;
	ck_assert_uint_lt(index, GVT_NUM_FENCES);
	ck_assert_uint_lt(fence_logged, N(fence_log));
	fence_log[fence_logged++] = value;
}

/* The low half holds the valid bit: it must never stand beside another value's high half. */
START_TEST(a_fence_is_never_half_written)
{
	void (*real)(void *priv, u32 index, u64 value);
	struct rig r;

	rig_open(&r);
	real = r.gvt->hw.fence_write;
	r.gvt->hw.fence_write = log_fence;
	rig_write(&r, FENCE(1), 0x0000100000002001ULL, 8);
	rig_write(&r, FENCE(1), 0x0000300000004001ULL, 8);
	ck_assert_uint_eq(fence_logged, 2);
	ck_assert_uint_eq(fence_log[0], 0x0000100000002001ULL);
	ck_assert_uint_eq(fence_log[1], 0x0000300000004001ULL);
	fence_logged = 0;
	rig_reg_set(&r, FENCE(1), 0);
	rig_reg_set(&r, FENCE(1) + 4, 0x5000);
	rig_reg_set(&r, FENCE(1), 0x6001);
	ck_assert_uint_eq(fence_logged, 3);
	ck_assert_uint_eq(fence_log[0] & 1, 0);
	ck_assert_uint_eq(fence_log[1] & 1, 0);
	ck_assert_uint_eq(fence_log[2], 0x0000500000006001ULL);
	r.gvt->hw.fence_write = real;
	rig_close(&r);
}
END_TEST

START_TEST(fences_of_others_before_pvinfo)
{
	struct rig r;
	u32 value = 1;

	rig_open(&r);
	ck_assert_int_eq(try_write(&r, FENCE(4), &value, 4), -EINVAL);
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_UNSUPPORTED_GUEST);
	ck_assert_uint_eq(host_fence(&r, r.v->fence_base + 4), 0);
	rig_close(&r);
}
END_TEST

START_TEST(a_read_of_others_fences_before_pvinfo)
{
	struct rig r;

	rig_open(&r);
	ck_assert_uint_eq(rig_reg(&r, FENCE(31)), 0);
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_UNSUPPORTED_GUEST);
	rig_close(&r);
}
END_TEST

START_TEST(fences_of_others_after_pvinfo)
{
	u64 value = 0x100000001ULL;
	struct rig r;

	rig_open(&r);
	rig_reg(&r, PVINFO);
	ck_assert_uint_eq(rig_read(&r, FENCE(4), 8), 0);
	ck_assert_int_eq(try_write(&r, FENCE(4), &value, 4), -EINVAL);
	ck_assert_int_eq(try_write(&r, FENCE(31), &value, 8), -EINVAL);
	ck_assert_int_eq(rig_info(&r).failsafe, GVT_FAILSAFE_NONE);
	ck_assert_uint_eq(host_fence(&r, r.v->fence_base + 4), 0);
	ck_assert_uint_eq(rig_read(&r, FENCE(4), 8), 0);
	rig_close(&r);
}
END_TEST

/* --- creation --- */

START_TEST(creation_gives_back_what_it_took)
{
	unsigned long n;
	bool failed;
	struct rig r;
	long before;

	/* No check layer: it goes on without an allocation of its own. */
	rig_open_spec(&r, "mock", NULL);
	rig_ok(mpt_vgpu_destroy(r.vm, r.vgpu));
	before = mpt_alloc_live();
	for (n = 1, failed = true; failed; n++) {
		struct intel_vgpu_type type;
		struct intel_vgpu *vgpu;

		gvt_type_init(&type, 64ULL << 20, 128ULL << 20, 4);
		mpt_alloc_fail_at(n);
		vgpu = mpt_vgpu_create(r.vm, r.gvt, &type);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(MPT_IS_ERR(vgpu), failed);
		if (failed)
			ck_assert_int_eq(MPT_PTR_ERR(vgpu), -ENOMEM);
		else
			rig_ok(mpt_vgpu_destroy(r.vm, vgpu));
		ck_assert_int_eq(mpt_alloc_live(), before);
	}
	/* The vGPU, its registers, its GGTT. */
	ck_assert_uint_ge(n, 4);
	r.vgpu = NULL;
	rig_close(&r);
}
END_TEST

static TCase *add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	suite_add_tcase(s, tc);
	return tc;
}

static Suite *pvinfo_suite(void)
{
	Suite *s = suite_create("gvt-pvinfo");
	TCase *tc = add_case(s, "pvinfo");

	tcase_add_test(tc, pvinfo_tells_what_the_vgpu_is);
	tcase_add_test(tc, pvinfo_fields_do_not_overlap);
	tcase_add_test(tc, pvinfo_reads_that_nobody_expects_are_told);
	tcase_add_test(tc, pvinfo_writes);
	tcase_add_test(tc, pvinfo_notifications_are_noted);
	tcase_add_loop_test(tc, pvinfo_too_small_a_share_is_failsafe, 0, 4);
	tcase_add_test(tc, pvinfo_names);
	tc = add_case(s, "fences");
	tcase_add_test(tc, fences_reach_the_hosts_of_the_vgpu);
	tcase_add_test(tc, a_fence_is_never_half_written);
	tcase_add_test(tc, fences_of_others_before_pvinfo);
	tcase_add_test(tc, a_read_of_others_fences_before_pvinfo);
	tcase_add_test(tc, fences_of_others_after_pvinfo);
	tc = add_case(s, "creation");
	tcase_add_test(tc, creation_gives_back_what_it_took);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { pvinfo_suite };

	return mpt_test_main("gvt_pvinfo", suites, N(suites));
}
