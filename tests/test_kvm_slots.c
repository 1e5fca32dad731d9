/* SPDX-License-Identifier: MIT */
/*
 * kvm-stub's other services: memslots, write protection, BARs that a VMM traps, interrupts by
 * eventfd, regions beside the BARs, what it says of a real KVM. DMA is in test_kvm_pins.c.
 */
#include <fcntl.h>
#include <poll.h>

#include "kvm_rig.h"

static void setup(void)
{
	rig_open("kvm-stub");
	rig_ram(0, 64 * PAGE, 0);
}

/* --- memslots --- */

START_TEST(number_of_slots)
{
	rig_open("kvm-stub:memslots=3");
	rig_ram(0, PAGE, 0);
	rig_ram(4 * PAGE, PAGE, 0);
	rig_ram(2 * PAGE, PAGE, 0);
	ck_assert_int_eq(mpt_ram_add(rig.vm, 8 * PAGE, PAGE, 0), -ENOMEM);
	rig_said("memslots=");
	/* A move needs no other slot; a removal gives one back. */
	ck_assert_int_eq(mpt_ram_move(rig.vm, 4 * PAGE, PAGE, 9 * PAGE), 0);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 0, PAGE), 0);
	rig_ram(8 * PAGE, PAGE, 0);
	rig_close();
}
END_TEST

/* Each change makes a new generation, what is refused none. */
START_TEST(generation)
{
	u64 was = mpt_svc_generation(rig_svc());

	rig_ram(GIB, PAGE, 0);
	ck_assert_uint_eq(mpt_svc_generation(rig_svc()), was + 1);
	ck_assert_int_eq(mpt_ram_add(rig.vm, GIB, PAGE, 0), -EEXIST);
	ck_assert_int_eq(mpt_ram_remove(rig.vm, GIB, 2 * PAGE), -ENOENT);
	ck_assert_int_eq(mpt_svc_slot_flags(rig_svc(), GIB + PAGE, PAGE, true), -ENOENT);
	ck_assert_int_eq(mpt_ram_move(rig.vm, GIB, PAGE, 0), -EEXIST);
	ck_assert_uint_eq(mpt_svc_generation(rig_svc()), was + 1);
	ck_assert_int_eq(mpt_svc_slot_flags(rig_svc(), GIB, PAGE, true), 0);
	ck_assert_uint_eq(mpt_svc_generation(rig_svc()), was + 2);
	ck_assert_int_eq(mpt_ram_move(rig.vm, GIB, PAGE, 2 * GIB), 0);
	ck_assert_uint_gt(mpt_svc_generation(rig_svc()), was + 2);
	was = mpt_svc_generation(rig_svc());
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 2 * GIB, PAGE), 0);
	ck_assert_uint_eq(mpt_svc_generation(rig_svc()), was + 1);
}
END_TEST

/* RAM becomes read-only and writable again: contents, mappings and tracks stay, nobody is told. */
START_TEST(flags)
{
	u64 one = 1, two = 2, seen = 0;
	dma_addr_t bus;
	unsigned int told;

	ck_assert_int_eq(rig_write(8, &one, 8), 0);
	ck_assert_int_eq(rig_map(0, PAGE, &bus), 0);
	told = rig.calls;
	ck_assert_int_eq(mpt_svc_slot_flags(rig_svc(), 0, 64 * PAGE, true), 0);
	ck_assert_int_eq(rig_write(8, &two, 8), -EFAULT);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 8, &two, 8), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, bus + 8, &two, 8), -EFAULT);
	ck_assert_int_eq(mpt_bus_read(rig.host, bus + 8, &seen, 8), 0);
	ck_assert_uint_eq(seen, one);
	ck_assert_int_eq(mpt_svc_slot_flags(rig_svc(), 0, 64 * PAGE, false), 0);
	ck_assert_int_eq(mpt_bus_write(rig.host, bus + 8, &two, 8), 0);
	ck_assert_int_eq(rig_read(8, &seen, 8), 0);
	ck_assert_uint_eq(seen, two);
	ck_assert_uint_eq(rig.calls, told);
	rig_unmap(bus);
}
END_TEST

/* --- write protection --- */

static bool tracked(u64 gfn)
{
	return mpt_vm_tracked(rig.vm, gfn);
}

/* A slot takes its own bits with it, to the edge of a word and not beyond. */
START_TEST(tracks_go_with_their_slot)
{
	static const u64 gfn[] = { 63, 64, 65, 100, 127, 128, 129, 130, 135 };
	static const bool stays[] = { true, false, false, false, false, false, false, true, true };
	unsigned int i;

	rig_ram(64 * PAGE, 66 * PAGE, 0);
	rig_ram(130 * PAGE, 8 * PAGE, 0);
	for (i = 0; i < OS_ARRAY_SIZE(gfn); i++)
		ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, gfn[i]), 0);
	ck_assert_uint_eq(rig_stats().tracked, OS_ARRAY_SIZE(gfn));
	ck_assert_int_eq(mpt_ram_remove(rig.vm, 64 * PAGE, 66 * PAGE), 0);
	for (i = 0; i < OS_ARRAY_SIZE(gfn); i++)
		ck_assert_msg(tracked(gfn[i]) == stays[i], "frame %u", (unsigned int)gfn[i]);
	ck_assert_uint_eq(rig_stats().tracked, 3);
	/* To untrack what has vanished is no error, and counts nothing twice. */
	for (i = 0; i < OS_ARRAY_SIZE(gfn); i++)
		ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&rig.vgpu, gfn[i]), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&rig.vgpu, ~0UL >> 1), 0);
	ck_assert_uint_eq(rig_stats().tracked, 0);
}
END_TEST

/* The store is in memory before the core is told, and the core hears of the page only. */
START_TEST(written_then_told)
{
	u64 val = 0x1122334455667788ULL, seen = 0;

	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&rig.vgpu, 2), 0);
	ck_assert_int_eq(mpt_guest_write(rig.vm, 2 * PAGE - 8, &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 1); /* of the RAM */
	rig.answer = -ENXIO; /* "not mine": the store stays what it is */
	ck_assert_int_eq(mpt_guest_write(rig.vm, 2 * PAGE + 16, &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 2);
	ck_assert_int_eq(rig.call[1].what, 's');
	ck_assert_uint_eq(rig.call[1].addr, 2 * PAGE + 16);
	ck_assert_uint_eq(rig.call[1].val, val);
	ck_assert_int_eq(rig_read(2 * PAGE + 16, &seen, 8), 0);
	ck_assert_uint_eq(seen, val);
}
END_TEST

/* --- BARs --- */

#define BAR0 0x80000000ULL
#define BAR2 0x90000000ULL

static void put_cfg(unsigned int at, u32 val)
{
	memcpy(rig.cfg + at, &val, sizeof(val));
}

/* Both BARs are reached to the last byte and not beyond, 8 bytes as one access. */
START_TEST(bars_to_the_last_byte)
{
	u64 end = BAR2 + RIG_APERTURE_PAGES * PAGE, val = 0;
	struct mpt_vm_stats s;

	put_cfg(0x10, BAR0 | 4);
	put_cfg(0x18, BAR2 | 4);
	rig.calls = 0;
	ck_assert_int_eq(mpt_guest_read(rig.vm, BAR0, &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 0); /* not decoded yet */
	ck_assert_uint_eq(val, ~0ULL);
	put_cfg(4, 2);
	ck_assert_int_eq(mpt_guest_write(rig.vm, BAR0 + (8 * MIB), &val, 8), 0);
	ck_assert_uint_eq(rig.calls, 1);
	ck_assert_uint_eq(rig.call[0].len, 8);
	ck_assert_int_eq(mpt_guest_read(rig.vm, end - 8, &val, 8), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, end - 1, &val, 1), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, BAR0 + (16 * MIB) - 4, &val, 4), 0);
	ck_assert_uint_eq(rig.calls, 4);
	ck_assert_uint_eq(rig.call[2].addr, end - 1);
	s = rig_stats();
	ck_assert_int_eq(mpt_guest_read(rig.vm, end, &val, 4), 0);
	ck_assert_int_eq(mpt_guest_read(rig.vm, BAR0 + (16 * MIB), &val, 4), 0);
	/* What is 4 GiB above is something else. */
	ck_assert_int_eq(mpt_guest_read(rig.vm, BAR0 + 4 * GIB, &val, 4), 0);
	ck_assert_uint_eq(rig_stats().unclaimed, s.unclaimed + 3);
	ck_assert_uint_eq(rig.calls, 4);
}
END_TEST

/* --- interrupts --- */

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

static void inject(u16 data)
{
	ck_assert_int_eq(mpt_kvm_inject_msi(rig.vgpu.handle, 0xfee00000, data), 0);
}

/* The old eventfd is closed, the new one signalled; without any nothing is lost. */
START_TEST(trigger_is_replaced)
{
	int old = mpt_irq_fd(rig.vm), fd;
	struct mpt_irq irq;

	ck_assert_int_ge(old, 0);
	inject(1);
	ck_assert(readable(old));
	ck_assert_int_eq(mpt_svc_trigger(rig_svc(), true), 0);
	fd = mpt_irq_fd(rig.vm);
	ck_assert(fd != old ? fcntl(old, F_GETFD) < 0 : !readable(fd));
	inject(2);
	ck_assert(readable(fd));
	ck_assert_int_eq(mpt_svc_trigger(rig_svc(), false), 0);
	ck_assert_int_lt(fcntl(fd, F_GETFD), 0);
	ck_assert_int_eq(mpt_irq_fd(rig.vm), -EOPNOTSUPP);
	rig_said("msi-eventfd=yes");
	inject(3);
	for (fd = 1; fd <= 3; fd++) {
		ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
		ck_assert_int_eq(irq.data, fd);
	}
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), -ENOENT);
}
END_TEST

START_TEST(interrupts_that_nobody_takes)
{
	struct mpt_irq irq;
	unsigned int i;

	for (i = 0; i < SVC_IRQS + 5; i++)
		inject((u16)i);
	ck_assert_uint_eq(rig_stats().msi, SVC_IRQS + 5);
	ck_assert_uint_eq(rig_stats().irq_lost, 5);
	ck_assert_int_eq(mpt_irq_take(rig.vm, &irq), 0);
	ck_assert_int_eq(irq.data, 0);
}
END_TEST

/* --- regions --- */

static const struct kvm_region *region(enum kvm_region_type type)
{
	const struct kvm_region *r = rig_vdev()->regions;

	while (r && r->type != type)
		r = r->next;
	return r;
}

/* The region holds all that it describes; the OpRegion is not the guest's to write. */
START_TEST(regions_beside_the_bars)
{
	const struct kvm_region *r;

	ck_assert_int_eq(intel_gvt_hypervisor_set_opregion(&rig.vgpu), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(&rig.vgpu, 3), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(&rig.vgpu, 5), -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_set_edid(&rig.vgpu, -1), -EINVAL);
	r = region(KVM_REGION_OPREGION);
	ck_assert(r && r->size == 2 * PAGE && !r->writable);
	r = region(KVM_REGION_EDID);
	ck_assert(r && r->size == (u64)r->edid_offset + r->edid_max && r->port == 3);
	ck_assert_uint_eq(rig_stats().opregion, 1);
	ck_assert_uint_eq(rig_stats().edid, 1);
}
END_TEST

/* A vGPU that registered nothing leaves nothing, and one after another may come. */
START_TEST(detach_without_regions)
{
	long live;
	unsigned int i;

	rig_detach();
	live = mpt_alloc_live();
	for (i = 0; i < 50; i++) {
		rig_attach();
		if (i & 1)
			ck_assert_int_eq(intel_gvt_hypervisor_set_opregion(&rig.vgpu), 0);
		rig_detach();
		ck_assert_int_eq(mpt_alloc_live(), live);
	}
	rig_attach();
}
END_TEST

/* A second vGPU is refused although the first was never activated; the VM is not held by it. */
START_TEST(second_vgpu)
{
	struct mpt_vm *old = mpt_target_set(rig.vm);
	struct intel_vgpu second = { .mpt = rig.vgpu.mpt, .cfg_space = rig.cfg };
	long live = mpt_alloc_live();

	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&second), -EEXIST);
	ck_assert_uint_eq(second.handle, 0);
	mpt_target_set(old);
	ck_assert_int_eq(mpt_alloc_live(), live);
}
END_TEST

/* --- a real KVM --- */

START_TEST(probe)
{
	char text[512];

	ck_assert(!mpt_kvm_probe_sentence("/nonexistent/kvm", text, sizeof(text)));
	ck_assert(mpt_kvm_probe_sentence("/dev/null", text, sizeof(text)));
	ck_assert_msg(!strncmp(text, "/dev/null is ", 13), "%s", text);
	/* Whatever there is here: a sentence, and the stub works. */
	if (mpt_kvm_probe_sentence("/dev/kvm", text, sizeof(text)))
		ck_assert_ptr_nonnull(strstr(text, "/dev/kvm"));
	ck_assert_int_eq(mpt_kvm_probe(NULL), MPT_PROBE_OK);
}
END_TEST

static Suite *slots_suite(void)
{
	Suite *s = suite_create("kvm-stub services");
	TCase *tc = tcase_create("services"), *own = tcase_create("own options");

	tcase_add_checked_fixture(tc, setup, rig_close);
	tcase_add_test(tc, generation);
	tcase_add_test(tc, flags);
	tcase_add_test(tc, tracks_go_with_their_slot);
	tcase_add_test(tc, written_then_told);
	tcase_add_test(tc, bars_to_the_last_byte);
	tcase_add_test(tc, trigger_is_replaced);
	tcase_add_test(tc, interrupts_that_nobody_takes);
	tcase_add_test(tc, regions_beside_the_bars);
	tcase_add_test(tc, detach_without_regions);
	tcase_add_test(tc, second_vgpu);
	suite_add_tcase(s, tc);
	tcase_add_test(own, number_of_slots);
	tcase_add_test(own, probe);
	suite_add_tcase(s, own);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { slots_suite };

	return mpt_test_main("kvm_slots", suites, 1);
}
