/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space of our vGPU: contents, masks, sizes, interrupts, reset. What the BARs do
 * is in test_gvt_bar.c.
 */
#include <sys/mman.h>

#include "gvt_life.h"
#include "runner.h"

static struct life r;
static struct intel_vgpu *g;

static void setup(void)
{
	g = life_open_one(&r, "check,fault,mock");
}

static void teardown(void)
{
	life_close(&r);
}

/* --- contents --- */

/* What the guest finds and what it can change; dwords that are not here are 0 and read-only. */
static const struct {
	u32 reg, init, rw;
} rows[] = {
	{ 0x00, 0x19128086, 0 },	  { 0x04, 0x00100000, 0x000007ff },
	{ 0x08, 0x03000007, 0 },	  { 0x0c, 0, 0x000000ff },
	{ 0x10, 0x00000004, 0xff000000 }, { 0x14, 0, 0xffffffff },
	{ 0x18, 0x0000000c, 0xf0000000 }, { 0x1c, 0, 0xffffffff },
	{ 0x20, 0x00000001, 0xffffffc0 }, { 0x34, 0x000000ac, 0 },
	{ 0x3c, 0x00000100, 0x000000ff }, { 0x50, 0x000000c0, 0 },
	{ 0xac, 0x0000d005, 0x00010000 }, { 0xb0, 0, 0xfffffffc },
	{ 0xb4, 0, 0x0000ffff },	  { 0xd0, 0x00220001, 0 },
	{ 0xd4, 0, 0x00000003 },	  { 0xe8, 0, 0x0000ffff },
	{ 0xfc, 0, 0xffffffff },
};

static void row_of(u32 reg, u32 *init, u32 *rw)
{
	size_t i;

	*init = 0;
	*rw = 0;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].reg == reg) {
			*init = rows[i].init;
			*rw = rows[i].rw;
		}
	}
}

START_TEST(test_image)
{
	u32 reg, init, rw;

	for (reg = 0; reg < 4096; reg += 4) {
		row_of(reg, &init, &rw);
		ck_assert_msg(life_cfg_read(g, reg, 4) == init, "0x%x: 0x%x", reg,
			      life_cfg_read(g, reg, 4));
	}
	life_expect_bars(&r, 0, 0);
	ck_assert_ptr_eq(g->cfg_space, to_gvt_vgpu(g)->cfg);
	ck_assert_uint_eq(g->msi_cap_offset, 0xac);
}
END_TEST

START_TEST(test_capability_list)
{
	u32 at = life_cfg_read(g, 0x34, 1), seen = 0;

	ck_assert_uint_eq(life_cfg_read(g, 0x06, 2) & 0x10, 0x10);
	while (at) {
		ck_assert_uint_eq(at & 3, 0);
		seen |= 1U << life_cfg_read(g, at, 1);
		at = life_cfg_read(g, at + 1, 1);
	}
	ck_assert_uint_eq(seen, 1U << 0x05 | 1U << 0x01);
}
END_TEST

START_TEST(test_masks_by_dword)
{
	u32 reg, init, rw;

	for (reg = 0; reg < 4096; reg += 4) {
		row_of(reg, &init, &rw);
		life_cfg_write(g, reg, ~0U, 4);
		ck_assert_msg(life_cfg_read(g, reg, 4) == (init | rw), "0x%x set", reg);
		life_cfg_write(g, reg, 0, 4);
		ck_assert_msg(life_cfg_read(g, reg, 4) == (init & ~rw), "0x%x cleared", reg);
	}
	life_expect_bars(&r, 0, 0);
}
END_TEST

START_TEST(test_masks_by_byte)
{
	u32 at, init, rw, shift;

	for (at = 0; at < 4096; at++) {
		row_of(at & ~3U, &init, &rw);
		shift = at % 4 * 8;
		life_cfg_write(g, at, 0xff, 1);
		ck_assert_msg(life_cfg_read(g, at, 1) == ((init | rw) >> shift & 0xff), "0x%x set",
			      at);
		life_cfg_write(g, at, 0, 1);
		ck_assert_msg(life_cfg_read(g, at, 1) == ((init & ~rw) >> shift & 0xff),
			      "0x%x cleared", at);
	}
}
END_TEST

START_TEST(test_status_is_cleared_by_ones)
{
	u8 *status = to_gvt_vgpu(g)->cfg + 6;

	/* No error is ever set by us, so one is put there. */
	status[1] = 0xf9;
	life_cfg_write(g, 0x04, 0x06, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0x07, 1), 0xf9);
	life_cfg_write(g, 0x07, 0x08, 1);
	ck_assert_uint_eq(life_cfg_read(g, 0x07, 1), 0xf1);
	life_cfg_write(g, 0x04, 0x30000006, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x04, 4), 0xc1100006);
	life_cfg_write(g, 0x06, 0xffff, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0x06, 2), 0x0010);
}
END_TEST

START_TEST(test_capabilities_stay_what_they_are)
{
	/* Several messages, 64 bits, masks: no control bit but the enable bit sticks. */
	life_cfg_write(g, 0xae, 0xffff, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0xac, 4), 0x0001d005);
	ck_assert(life_info(g).msi_enabled);
	life_cfg_write(g, 0xac, 0xffffffff, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0xac, 4), 0x0001d005);
	life_cfg_write(g, 0xb0, 0xfee01003, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0xb0, 4), 0xfee01000);
	life_cfg_write(g, 0xb4, 0xabcd4025, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0xb4, 4), 0x4025);
	life_cfg_write(g, 0xd0, 0xffffffff, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0xd0, 4), 0x00220001);
	life_cfg_write(g, 0xae, 0, 2);
	ck_assert(!life_info(g).msi_enabled);
}
END_TEST

START_TEST(test_swsci_is_stored)
{
	life_cfg_write(g, 0xe8, 0x8001, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0xe8, 4), 0x8001);
	life_cfg_write(g, 0xe8, 0x8000, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0xe8, 4), 0x8000);
	life_cfg_write(g, 0xfc, 0x7ffdf018, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0xfc, 4), 0x7ffdf018);
}
END_TEST

START_TEST(test_power_states)
{
	struct gvt_vgpu *v = to_gvt_vgpu(g);

	life_cfg_write(g, 0xd4, 1, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0xd4, 4), 0);
	life_cfg_write(g, 0xd4, 2, 1);
	ck_assert_uint_eq(life_cfg_read(g, 0xd4, 4), 0);
	ck_assert(!v->d3);
	life_cfg_write(g, 0xd4, 3, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0xd4, 4), 3);
	ck_assert(v->d3);
	life_cfg_write(g, 0xd4, 0, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0xd4, 4), 0);
	/* Known until the reset that a resume brings. */
	ck_assert(v->d3);
}
END_TEST

/* --- sizes, alignments, offsets --- */

static const u32 far_offsets[] = { 4094,	   4095,    4096,    4097, 1U << 31,
				   (1U << 31) - 1, ~0U - 3, ~0U - 1, ~0U };

static bool in_range(u32 offset, u32 bytes)
{
	return (bytes <= 2 || bytes == 4) && (u64)offset + bytes <= 4096;
}

static void check_read(u32 offset, u32 bytes)
{
	u8 buf[24], want[24];
	bool ok = in_range(offset, bytes);
	int ret;

	memset(buf, 0x5a, sizeof(buf));
	memset(want, 0x5a, sizeof(want));
	if (ok)
		memcpy(want, to_gvt_vgpu(g)->cfg + offset, bytes);
	else
		memset(want, 0xff, bytes);
	ret = gvt_ops()->emulate_cfg_read(g, offset, buf, bytes);
	ck_assert_msg(ret == (ok ? 0 : -EINVAL), "%u bytes at 0x%x: %d", bytes, offset, ret);
	ck_assert_msg(!memcmp(buf, want, sizeof(buf)), "%u bytes at 0x%x: buffer", bytes, offset);
}

/* A write must not touch its buffer and must change nothing when it is refused. */
static void check_write(u32 offset, u32 bytes)
{
	bool ok = in_range(offset, bytes) && offset % 4 + bytes <= 4;
	u8 buf[24], before[256];
	int ret;

	memset(buf, 0, sizeof(buf));
	memcpy(before, to_gvt_vgpu(g)->cfg, sizeof(before));
	ret = gvt_ops()->emulate_cfg_write(g, offset, buf, bytes);
	ck_assert_msg(ret == (ok ? 0 : -EINVAL), "%u bytes at 0x%x: %d", bytes, offset, ret);
	if (!ok)
		ck_assert(!memcmp(before, to_gvt_vgpu(g)->cfg, sizeof(before)));
}

START_TEST(test_every_size)
{
	u32 bytes, offset;
	size_t i;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	for (bytes = 0; bytes <= 17; bytes++) {
		for (offset = 0; offset < 256; offset++)
			check_read(offset, bytes);
		for (i = 0; i < sizeof(far_offsets) / sizeof(far_offsets[0]); i++)
			check_read(far_offsets[i], bytes);
	}
	for (bytes = 0; bytes <= 17; bytes++) {
		for (offset = 0; offset < 256; offset++)
			check_write(offset, bytes);
		for (i = 0; i < sizeof(far_offsets) / sizeof(far_offsets[0]); i++)
			check_write(far_offsets[i], bytes);
	}
	/* All those zeros have turned decoding off. */
	life_expect_bars(&r, 0, 0);
	ck_assert_uint_gt(life_info(g).errors, 0);
}
END_TEST

START_TEST(test_offsets_do_not_wrap)
{
	u32 bytes;

	for (bytes = 1; bytes <= 4; bytes *= 2) {
		check_read(0U - bytes, bytes);
		check_write(0U - bytes, bytes);
		check_read(~0U, bytes);
		check_write(~0U, bytes);
	}
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "0xffffffff"));
}
END_TEST

/* The byte behind the data is not there. */
START_TEST(test_no_more_than_bytes_are_read)
{
	u8 *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const u32 regs[] = { 0x04, 0x10, 0x14, 0x18, 0x20, 0x30, 0xe8, 0xfc };
	u32 bytes;
	size_t i;

	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(mprotect(page + 4096, 4096, PROT_NONE), 0);
	for (bytes = 1; bytes <= 4; bytes *= 2) {
		for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
			ck_assert_int_eq(gvt_ops()->emulate_cfg_write(g, regs[i],
								      page + 4096 - bytes, bytes),
					 0);
	}
	munmap(page, 8192);
}
END_TEST

START_TEST(test_narrow_writes_merge)
{
	life_cfg_write(g, 0xfc, 0x11223344, 4);
	life_cfg_write(g, 0xfd, 0xaa, 1);
	ck_assert_uint_eq(life_cfg_read(g, 0xfc, 4), 0x1122aa44);
	life_cfg_write(g, 0xfd, 0xbbcc, 2);
	ck_assert_uint_eq(life_cfg_read(g, 0xfc, 4), 0x11bbcc44);
	life_cfg_write(g, 0x04, 0x6, 2);
	life_cfg_write(g, 0x13, 0xd1, 1);
	life_cfg_write(g, 0x1a, 0xa000, 2);
	life_expect_bars(&r, 0xd1000000, 0xa0000000);
}
END_TEST

/* --- interrupts and reset --- */

START_TEST(test_msi_reaches_the_guest)
{
	struct mpt_irq irq;

	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(g), 0);
	ck_assert_int_eq(mpt_irq_take(r.vm[0], &irq), -ENOENT);
	life_cfg_write(g, 0xb0, 0xfee01000, 4);
	life_cfg_write(g, 0xb4, 0x4025, 2);
	life_cfg_write(g, 0xae, 1, 2);
	ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(g), 0);
	ck_assert_int_eq(mpt_irq_take(r.vm[0], &irq), 0);
	ck_assert_uint_eq(irq.addr, 0xfee01000);
	ck_assert_uint_eq(irq.data, 0x4025);
	ck_assert(!irq.intx);
}
END_TEST

START_TEST(test_pin_follows_msi_and_command)
{
	struct mpt_vm_stats stats;

	/* An event that nothing masks: pipe A vblank, with the master on. */
	gvt_vreg_set(to_gvt_vgpu(g), 0x44404, 0);
	gvt_vreg_set(to_gvt_vgpu(g), 0x4440c, 1);
	gvt_vreg_set(to_gvt_vgpu(g), 0x44200, 1U << 31);
	gvt_irq_raise(to_gvt_vgpu(g), GVT_EVENT_PIPE_A_VBLANK);
	ck_assert_int_eq(mpt_vm_stats_get(r.vm[0], &stats), 0);
	ck_assert(stats.intx_level);
	life_cfg_write(g, 0x04, 0x400, 2);
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(!stats.intx_level);
	life_cfg_write(g, 0x04, 0x0, 2);
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(stats.intx_level);
	life_cfg_write(g, 0xae, 0x1, 2);
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(!stats.intx_level);
	ck_assert_uint_eq(stats.msi, 0);
	life_cfg_write(g, 0xae, 0x0, 2);
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(stats.intx_level);
	gvt_vgpu_failsafe_enter(g, GVT_FAILSAFE_GUEST_ERR);
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(!stats.intx_level);
	to_gvt_vgpu(g)->failsafe = GVT_FAILSAFE_NONE;
	gvt_irq_intx(to_gvt_vgpu(g));
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(stats.intx_level);
	gvt_ops()->vgpu_reset(g);
	mpt_vm_stats_get(r.vm[0], &stats);
	ck_assert(!stats.intx_level);
}
END_TEST

START_TEST(test_reset_powers_on_again)
{
	u32 reg, init, rw;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	for (reg = 0x30; reg < 256; reg += 4)
		life_cfg_write(g, reg, ~0U, 4);
	life_cfg_write(g, 0x10, ~0U, 4);
	life_expect_bars(&r, 0, LIFE_BAR2);
	gvt_ops()->vgpu_reset(g);
	life_expect_bars(&r, 0, 0);
	for (reg = 0; reg < 4096; reg += 4) {
		row_of(reg, &init, &rw);
		ck_assert_msg(life_cfg_read(g, reg, 4) == init, "0x%x", reg);
	}
	/* That BAR0 was being sized is forgotten as well: its low half is not written here. */
	life_cfg_write(g, 0x14, 1, 4);
	life_cfg_write(g, 0x04, 2, 2);
	life_expect_bars(&r, 0x100000000ULL, 0);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
}
END_TEST

static Suite *cfg_suite(void)
{
	Suite *s = suite_create("gvt_cfg");
	TCase *contents = tcase_create("contents");
	TCase *sizes = tcase_create("sizes");
	TCase *rest = tcase_create("interrupts and reset");

	tcase_add_checked_fixture(contents, setup, teardown);
	tcase_add_test(contents, test_image);
	tcase_add_test(contents, test_capability_list);
	tcase_add_test(contents, test_masks_by_dword);
	tcase_add_test(contents, test_masks_by_byte);
	tcase_add_test(contents, test_status_is_cleared_by_ones);
	tcase_add_test(contents, test_capabilities_stay_what_they_are);
	tcase_add_test(contents, test_swsci_is_stored);
	tcase_add_test(contents, test_power_states);
	suite_add_tcase(s, contents);
	tcase_add_checked_fixture(sizes, setup, teardown);
	tcase_add_test(sizes, test_every_size);
	tcase_add_test(sizes, test_offsets_do_not_wrap);
	tcase_add_test(sizes, test_no_more_than_bytes_are_read);
	tcase_add_test(sizes, test_narrow_writes_merge);
	suite_add_tcase(s, sizes);
	tcase_add_checked_fixture(rest, setup, teardown);
	tcase_add_test(rest, test_msi_reaches_the_guest);
	tcase_add_test(rest, test_pin_follows_msi_and_command);
	tcase_add_test(rest, test_reset_powers_on_again);
	suite_add_tcase(s, rest);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { cfg_suite };

	return mpt_test_main("gvt_cfg", suites, 1);
}
