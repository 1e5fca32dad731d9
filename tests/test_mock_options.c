/* SPDX-License-Identifier: MIT */
/*
 * The mock hypervisor's interrupts, and what its options change for a guest.
 */
#include <unistd.h>

#include "mock_rig.h"

static void setup(void)
{
	rig_open("mock");
}

/* --- interrupts --- */

static int msi(u32 addr, u16 data)
{
	return rig.vgpu.mpt->inject_msi(rig.vgpu.handle, addr, data);
}

START_TEST(msi_queue)
{
	struct mpt_irq irq;
	unsigned int i;

	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
	ck_assert_int_eq(msi(0xfedfffff, 1), -EINVAL);
	ck_assert_int_eq(msi(0xfef00000, 1), -EINVAL);
	ck_assert_int_eq(msi(0, 0), -EINVAL);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
	ck_assert_int_eq(msi(0xfee00000, 0), 0);
	ck_assert_int_eq(msi(0xfeefffff, 0xffff), 0);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
	ck_assert(irq.addr == 0xfee00000 && irq.data == 0 && !irq.intx);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
	ck_assert(irq.addr == 0xfeefffff && irq.data == 0xffff && !irq.intx);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
	/* 5000 at once: the last 1024 are kept, over several laps of the ring. */
	for (i = 0; i < 5000; i++)
		ck_assert_int_eq(msi(0xfee00000, (u16)i), 0);
	ck_assert_uint_eq(rig_stats().msi, 5002);
	ck_assert_uint_eq(rig_stats().irq_lost, 5000 - 1024);
	for (i = 5000 - 1024; i < 5000; i++) {
		ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
		ck_assert_uint_eq(irq.data, i);
	}
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
	ck_assert_uint_eq(rig_stats().irq_lost, 5000 - 1024);
}
END_TEST

/* More laps than the slot's lap number has values for. */
START_TEST(msi_lap_number_wraps)
{
	struct mpt_irq irq;
	u64 i, n = 1024 * 32770ULL;

	for (i = 0; i < n; i++)
		msi(0xfee00000, (u16)i);
	for (i = n - 1024; i < n; i++) {
		ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
		ck_assert_uint_eq(irq.data, (u16)i);
	}
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
}
END_TEST

START_TEST(intx_level)
{
	struct mpt_irq irq;

	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, false), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, true), 0);
	ck_assert(rig_stats().intx_level);
	ck_assert_uint_eq(rig_stats().intx, 1);
	ck_assert_int_eq(msi(0xfee00000, 5), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, false), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, true), 0);
	ck_assert_uint_eq(rig_stats().intx, 2);
	ck_assert_uint_eq(rig_stats().msi, 1);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
	ck_assert(irq.intx && !irq.addr && !irq.data);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
	ck_assert(!irq.intx && irq.data == 5);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
	ck_assert(irq.intx);
}
END_TEST

START_TEST(eventfd)
{
	u64 n;
	int fd;

	ck_assert_int_eq(mpt_irq_fd(rig.vm), -EOPNOTSUPP);
	rig_close();
	rig_open("mock:msi-eventfd=yes");
	fd = mpt_irq_fd(rig.vm);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(msi(0xfee00000, 1), 0);
	ck_assert_int_eq(msi(0xfee00000, 2), 0);
	ck_assert_int_eq(msi(0, 2), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&rig.vgpu, true), 0);
	ck_assert_int_eq(read(fd, &n, sizeof(n)), sizeof(n));
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(rig_stats().msi, 2);
}
END_TEST

/* --- options --- */

static const struct {
	const char *spec;
	u64 cap;
} denials[] = {
	{ "mock:track=no", MPT_CAP_PAGE_TRACK }, { "mock:pin=no", MPT_CAP_DMA_PIN },
	{ "mock:intx=no", MPT_CAP_INTX }, { "mock:mfn=no", MPT_CAP_GFN_TO_MFN },
	{ "mock:virt=no", MPT_CAP_VIRT_TO_MFN }, { "mock:map=no", MPT_CAP_MAP_GFN },
	{ "mock:trap-area=no", MPT_CAP_TRAP_AREA }, { "mock:pvmmio=no", MPT_CAP_PVMMIO },
};

START_TEST(denied_capabilities)
{
	const char *spec = denials[_i].spec;
	struct mpt_host *host;

#ifdef MPT_STATIC_BACKEND
	ck_assert_int_eq(mpt_host_open(spec, &host), -EOPNOTSUPP);
#else
	ck_assert_int_eq(mpt_host_open(spec, &host), 0);
	ck_assert_uint_eq(mpt_host_caps(host), MPT_CAP_OPS & ~denials[_i].cap);
	ck_assert_int_eq(mpt_host_close(host), 0);
#endif
}
END_TEST

#ifndef MPT_STATIC_BACKEND
/* A hypervisor that cannot be told goes by the BARs: 16 MiB of registers, the aperture's size. */
START_TEST(bars_without_operations)
{
	u64 bar0 = 0xc0000000, bar2 = 0x4080000000ULL, val;
	u32 lo = (u32)bar2 | 0xc, hi = (u32)(bar2 >> 32), reg = (u32)bar0 | 4;
	u16 command = 0;

	rig_open("mock:map=no,trap-area=no");
	memcpy(rig.cfg + 0x10, &reg, 4);
	memcpy(rig.cfg + 0x18, &lo, 4);
	memcpy(rig.cfg + 0x1c, &hi, 4);
	mpt_guest_read(rig.vm, bar0, &val, 8);
	ck_assert_uint_eq(rig.calls, 0);
	command = 2;
	memcpy(rig.cfg + 4, &command, 2);
	mpt_guest_read(rig.vm, bar0, &val, 8);
	mpt_guest_read(rig.vm, bar0 + 16 * MIB - 4, &val, 4);
	mpt_guest_read(rig.vm, bar2 + 4, &val, 4);
	mpt_guest_read(rig.vm, bar2 + RIG_APERTURE_PAGES * PAGE - 8, &val, 8);
	ck_assert_uint_eq(rig.calls, 4);
	ck_assert_uint_eq(rig.call[1].addr, bar0 + 16 * MIB - 4);
	ck_assert_uint_eq(rig.call[2].addr, bar2 + 4);
	mpt_guest_read(rig.vm, bar0 + 16 * MIB, &val, 8);
	mpt_guest_read(rig.vm, bar2 - 8, &val, 8);
	mpt_guest_read(rig.vm, bar2 + RIG_APERTURE_PAGES * PAGE, &val, 8);
	ck_assert_uint_eq(rig.calls, 4);
	ck_assert_uint_eq(rig_stats().cfg, 0);
	rig_close();
}
END_TEST
#endif

START_TEST(bad_options)
{
	static const char *const bad[] = { "mock:phys-bits=31", "mock:phys-bits=47",
					   "mock:trap=never", "mock:vms=3", "mock:contig=maybe" };
	struct mpt_host *host;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(mpt_host_open(bad[i], &host), -EINVAL);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

static Suite *options_suite(void)
{
	Suite *s = suite_create("mock options");
	TCase *irq = tcase_create("interrupts"), *opts = tcase_create("options");

	tcase_add_checked_fixture(irq, setup, rig_close);
	tcase_add_test(irq, msi_queue);
	tcase_add_test(irq, msi_lap_number_wraps);
	tcase_add_test(irq, intx_level);
	tcase_add_test(irq, eventfd);
	suite_add_tcase(s, irq);
	tcase_add_loop_test(opts, denied_capabilities, 0, sizeof(denials) / sizeof(denials[0]));
#ifndef MPT_STATIC_BACKEND
	tcase_add_test(opts, bars_without_operations);
#endif
	tcase_add_test(opts, bad_options);
	suite_add_tcase(s, opts);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { options_suite };

	return mpt_test_main("mock options", suites, 1);
}
