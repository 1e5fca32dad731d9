/* SPDX-License-Identifier: MIT */
/* acrn-sim's device model: VMs and their RAM, what it refuses, what it answers, reset and end. */
#include "acrn_rig.h"

#define HUGE_SIZE (2ULL << 20)
#define PAGE MPT_PAGE_SIZE

static const struct acrn_dm_ops *const dm = &acrn_sim_dm_ops;

/* --- VMs --- */

START_TEST(test_numbers)
{
	u16 a = 0, b = 77, c = 77, d = 0;
	struct rig r;

	rig_open_default(&r);
	ck_assert_int_eq(dm->vm_new(r.sim, &a), 0);
	ck_assert_uint_gt(a, 0);
	ck_assert_int_eq(dm->vm_new(r.sim, &b), 0);
	ck_assert_uint_eq(b, 77);
	ck_assert_int_eq(dm->vm_new(r.sim, &c), -EEXIST);
	ck_assert_int_eq(dm->vm_new(r.sim, &d), 0);
	ck_assert_uint_ne(d, a);
	ck_assert_int_eq(acrn_hvm_state(acrn_hvm_find(r.sim, 77)), ACRN_RUNNING);
	dm->vm_end(r.sim, b);
	ck_assert_ptr_null(acrn_hvm_find(r.sim, 77));
	dm->vm_end(r.sim, b);
	c = 77;
	ck_assert_int_eq(dm->vm_new(r.sim, &c), 0);
	/* The others end with the machine. */
	rig_close(&r);
}
END_TEST

START_TEST(test_many)
{
	struct rig r;
	unsigned int i;
	u16 id;

	rig_open_default(&r);
	for (i = 0; i < ACRN_VMS - 1; i++)
		rig_vm_ram(&r, PAGE);
	id = 0;
	ck_assert_int_eq(dm->vm_new(r.sim, &id), -ENOSPC);
	dm->vm_end(r.sim, 5);
	ck_assert_int_eq(dm->vm_new(r.sim, &id), 0);
	rig_close(&r);
}
END_TEST

/* Each allocation fails once: an error, nothing left, and the next try works. */
START_TEST(test_alloc_fails)
{
	unsigned long nth;
	struct rig r;
	u16 id;
	int ret;

	rig_open_default(&r);
	/* What the first VM makes for good. */
	rig_vm_end(&r, rig_vm(&r));
	for (nth = 1;; nth++) {
		long live = mpt_alloc_live();

		id = 0;
		mpt_alloc_fail_at(nth);
		ret = dm->vm_new(r.sim, &id);
		if (!ret)
			ret = dm->ram_add(r.sim, id, 0, HUGE_SIZE, false);
		if (!mpt_alloc_failed())
			break;
		ck_assert_msg(ret == -ENOMEM || ret == -EIO, "%lu: %d", nth, ret);
		if (id)
			dm->vm_end(r.sim, id);
		ck_assert_int_eq(mpt_alloc_live(), live);
	}
	mpt_alloc_fail_at(0);
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(nth, 6);
	rig_close(&r);
}
END_TEST

/* --- RAM --- */

START_TEST(test_ram_refused)
{
	struct rig r;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .gpa_bits = 36 });
	vm = rig_vm(&r);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 0x800, PAGE, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 1ULL << 32, 0, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 1ULL << 32, 0x1800, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 1ULL << 36, PAGE, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, (1ULL << 36) - PAGE, 2 * PAGE, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, PAGE, -PAGE, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, (1ULL << 36) - PAGE, PAGE, false), 0);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, RIG_RAM_SIZE - PAGE, 2 * PAGE, false), -EEXIST);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, RIG_RAM_SIZE, PAGE, false), 0);
	ck_assert_int_eq(dm->ram_add(r.sim, 999, 0, PAGE, false), -ESRCH);
	ck_assert_int_eq(dm->ram_remove(r.sim, vm, 0, PAGE, false), -ENOENT);
	ck_assert_int_eq(dm->ram_remove(r.sim, vm, 0, RIG_RAM_SIZE + PAGE, false), -ENOENT);
	ck_assert_int_eq(dm->ram_remove(r.sim, vm, 1ULL << 33, PAGE, false), -ENOENT);
	rig_close(&r);
}
END_TEST

/* Over a device's memory an ADD would be lost without a word (ACRN's hypervisor, hypercall.c). */
START_TEST(test_ram_over_device)
{
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	ck_assert_int_eq(add_memory_region(rig_id(&r, vm), 0x80000000,
					   r.p->svc->acrn_hpa2gpa(r.p, 0x40000000), PAGE,
					   MEM_TYPE_UC, MEM_ACCESS_RWX),
			 0);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 0x7fe00000, 2 * HUGE_SIZE, false), -EEXIST);
	ck_assert_int_eq(del_memory_region(rig_id(&r, vm), 0x80000000, PAGE), 0);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 0x7fe00000, 2 * HUGE_SIZE, false), 0);
	rig_close(&r);
}
END_TEST

static void fill(struct rig *r, u16 vm, u64 gpa, u64 size, u64 seed)
{
	struct acrn_vcpu *v = acrn_vcpu_borrow(acrn_hvm_find(r->sim, vm));
	u64 at, val;

	for (at = gpa; at < gpa + size; at += PAGE) {
		val = seed + at - gpa;
		ck_assert_int_eq(acrn_vcpu_store(v, at, &val, 8), ACRN_DONE);
	}
	acrn_vcpu_return(v);
}

static void check_filled(struct rig *r, u16 vm, u64 gpa, u64 size, u64 seed)
{
	struct acrn_vcpu *v = acrn_vcpu_borrow(acrn_hvm_find(r->sim, vm));
	u64 at, val;

	for (at = gpa; at < gpa + size; at += PAGE) {
		ck_assert_int_eq(acrn_vcpu_load(v, at, &val, 8), ACRN_DONE);
		ck_assert_uint_eq(val, seed + at - gpa);
		ck_assert_ptr_nonnull(map_guest_phys(rig_id(r, vm), at, PAGE));
		memcpy(&val, map_guest_phys(rig_id(r, vm), at, 8), 8);
		ck_assert_uint_eq(val, seed + at - gpa);
	}
	acrn_vcpu_return(v);
}

/* [_i]: profile. Odd begin, so that pieces of all kinds are there. */
START_TEST(test_ram_move)
{
	const struct acrn_profile *profile = acrn_profile_each((unsigned int)_i);
	u64 gpa = 0x1ff000, size = 2 * HUGE_SIZE + 3 * PAGE, to = 0x40001000;
	struct rig r;
	u16 vm;

	if (profile->hsm)
		return;
	rig_open(&r, &(struct acrn_sim_config){ .profile = profile, .contiguous = _i & 1 });
	vm = rig_vm_ram(&r, 0);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, gpa, size, false), 0);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 0x80000000, PAGE, false), 0);
	fill(&r, vm, gpa, size, 1);
	check_filled(&r, vm, gpa, size, 1);
	ck_assert_int_eq(dm->ram_move(r.sim, vm, gpa, size - PAGE, to), -ENOENT);
	ck_assert_int_eq(dm->ram_move(r.sim, vm, gpa, size, 0x123), -EINVAL);
	ck_assert_int_eq(dm->ram_move(r.sim, vm, gpa, size, 0x7fffe000), -EEXIST);
	check_filled(&r, vm, gpa, size, 1);
	ck_assert_int_eq(dm->ram_move(r.sim, vm, gpa, size, to), 0);
	check_filled(&r, vm, to, size, 1);
	ck_assert_ptr_null(map_guest_phys(rig_id(&r, vm), gpa, 1));
	ck_assert_int_eq(dm->ram_remove(r.sim, vm, gpa, size, false), -ENOENT);
	/* One page on, over its own place. */
	ck_assert_int_eq(dm->ram_move(r.sim, vm, to, size, to + PAGE), 0);
	check_filled(&r, vm, to + PAGE, size, 1);
	ck_assert_int_eq(dm->ram_remove(r.sim, vm, to + PAGE, size, false), 0);
	ck_assert_uint_eq(acrn_ept_pages(acrn_hvm_find(r.sim, vm)), 1);
	rig_close(&r);
}
END_TEST

/* 2 MiB of the guest's are 2 MiB of the machine's, and not where memory is scattered. */
START_TEST(test_contiguous)
{
	unsigned long a, b;
	struct rig r;
	bool whole;
	u16 vm;
	u64 at;

	rig_open(&r, &(struct acrn_sim_config){ .contiguous = _i });
	vm = rig_vm(&r);
	a = vhm_vm_gpa2hpa(rig_id(&r, vm), HUGE_SIZE);
	ck_assert_uint_ne(a, HUGE_SIZE);
	for (at = PAGE, whole = a % HUGE_SIZE == 0; at < HUGE_SIZE; at += PAGE) {
		b = vhm_vm_gpa2hpa(rig_id(&r, vm), HUGE_SIZE + at);
		ck_assert_uint_ne(b, (unsigned long)-EFAULT);
		whole &= b == a + at;
	}
	ck_assert_int_eq(whole, _i);
	/* And never by chance the next 2 MiB too. */
	b = vhm_vm_gpa2hpa(rig_id(&r, vm), HUGE_SIZE - PAGE);
	ck_assert_uint_ne(a, b + PAGE);
	ck_assert_ptr_null(map_guest_phys(rig_id(&r, vm), HUGE_SIZE - 4, 8));
	rig_close(&r);
}
END_TEST

/* What a device may still have mapped stays where it is until it is given back. */
START_TEST(test_keep)
{
	u64 hpa, val = 0x1122334455667788;
	struct acrn_vcpu *v;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm_ram(&r, HUGE_SIZE);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_store(v, 0x3000, &val, 8), ACRN_DONE);
	acrn_vcpu_return(v);
	hpa = vhm_vm_gpa2hpa(rig_id(&r, vm), 0x3000);
	ck_assert_int_eq(dm->ram_remove(r.sim, vm, 0, HUGE_SIZE, true), 0);
	ck_assert_ptr_null(map_guest_phys(rig_id(&r, vm), 0x3000, 8));
	ck_assert_uint_eq(vhm_vm_gpa2hpa(rig_id(&r, vm), 0x3000), (unsigned long)-EFAULT);
	ck_assert_mem_eq(acrn_mem_virt(r.sim, hpa), &val, 8);
	/* New RAM there is other memory. */
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 0, HUGE_SIZE, false), 0);
	ck_assert_uint_ne(vhm_vm_gpa2hpa(rig_id(&r, vm), 0x3000), hpa);
	dm->ram_free(r.sim, vm);
	ck_assert_ptr_null(acrn_mem_virt(r.sim, hpa));
	rig_close(&r);
}
END_TEST

/* A reference of VHM's keeps the memory of a VM that has ended, but nobody finds it any more. */
START_TEST(test_reference_keeps_memory)
{
	struct vhm_vm *ref;
	struct rig r;
	u8 *mem;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	ref = find_get_vm(rig_id(&r, vm));
	mem = map_guest_phys(rig_id(&r, vm), 0x1000, 16);
	mem[0] = 1;
	rig_vm_end(&r, vm);
	ck_assert_ptr_null(map_guest_phys(rig_id(&r, vm), 0x1000, 16));
	ck_assert_ptr_null(find_get_vm(rig_id(&r, vm)));
	ck_assert_int_eq(mem[0], 1);
	put_vm(ref);
	rig_close(&r);
}
END_TEST

START_TEST(test_readonly)
{
	u32 val = 0xdeadbeef;
	struct acrn_vcpu *v;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm_ram(&r, 0);
	ck_assert_int_eq(dm->ram_add(r.sim, vm, 0xc0000, PAGE, true), 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_store(v, 0xc0010, &val, 4), ACRN_DONE);
	ck_assert_int_eq(acrn_vcpu_load(v, 0xc0010, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, 0);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* --- what it answers --- */

struct strays {
	unsigned int n;
	struct vhm_request last;
};

static void stray(void *arg, const struct vhm_request *req)
{
	struct strays *s = arg;

	s->n++;
	s->last = *req;
}

static const struct acrn_sim_hooks hooks = { .stray = stray };

START_TEST(test_answers)
{
	struct strays s = { 0 };
	struct acrn_vcpu *v;
	u64 val = 0;
	u32 v32 = 0;
	struct rig r;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .polling = _i & 1, .seeded = _i & 2 });
	vm = rig_vm(&r);
	acrn_hvm_hooks(acrn_hvm_find(r.sim, vm), &hooks, &s);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_load(v, 0x80000008, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, ~0ULL);
	ck_assert_uint_eq(s.last.type, REQ_MMIO);
	val = 0;
	ck_assert_int_eq(acrn_vcpu_load(v, 0x80000008, &val, 2), ACRN_DONE);
	ck_assert_uint_eq(val, 0xffff);
	ck_assert_int_eq(acrn_vcpu_in(v, 0x70, &v32, 1), ACRN_DONE);
	ck_assert_uint_eq(v32 & 0xff, 0xff);
	ck_assert_int_eq(acrn_vcpu_out(v, 0x80, 0x1234, 2), ACRN_DONE);
	ck_assert_uint_eq(s.last.reqs.pio_request.address, 0x80);
	ck_assert_uint_eq(s.last.reqs.pio_request.value, 0x1234);
	ck_assert_uint_eq(s.last.reqs.pio_request.direction, REQUEST_WRITE);
	v32 = 0;
	ck_assert_int_eq(acrn_vcpu_cfg(v, 0x10, 0, &v32, 4, false), ACRN_DONE);
	ck_assert_uint_eq(v32, ~0U);
	ck_assert_uint_eq(s.last.type, REQ_PCICFG);
	ck_assert_uint_eq(s.n, 5);
	acrn_hvm_hooks(acrn_hvm_find(r.sim, vm), NULL, NULL);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* Stock acrn-dm exits on a request to a write-protected page: that is what I9 counts. */
START_TEST(test_wp_at_fallback)
{
	struct acrn_vcpu *v;
	u32 val = 1;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	ck_assert_int_eq(write_protect_page(rig_id(&r, vm), 0x5000, 1), 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_store(v, 0x5000, &val, 4), ACRN_DONE);
	acrn_vcpu_return(v);
	ck_assert_uint_ge(acrn_broken_count(r.sim, 9), 1);
	rig_free(&r);
}
END_TEST

START_TEST(test_reset)
{
	struct acrn_vcpu *v;
	u64 val = 7;
	struct rig r;
	u16 vm;
	int i;

	rig_open(&r, &(struct acrn_sim_config){ .polling = _i & 1, .seeded = _i & 2, .vcpus = 2 });
	vm = rig_vm(&r);
	fill(&r, vm, 0, 4 * PAGE, 3);
	for (i = 0; i < 3; i++) {
		v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
		ck_assert_int_eq(acrn_vcpu_load(v, 0x90000000, &val, 8), ACRN_DONE);
		acrn_vcpu_return(v);
		ck_assert_int_eq(acrn_sim_vm_reset(r.sim, vm), 0);
		ck_assert_int_eq(acrn_hvm_state(acrn_hvm_find(r.sim, vm)), ACRN_RUNNING);
		/* The map and what is in it outlive it. */
		check_filled(&r, vm, 0, 4 * PAGE, 3);
	}
	ck_assert_int_eq(acrn_sim_vm_reset(r.sim, 999), -ESRCH);
	rig_close(&r);
}
END_TEST

static Suite *dm_suite(void)
{
	Suite *s = suite_create("acrn device model");
	TCase *tc = tcase_create("VMs");

	tcase_add_test(tc, test_numbers);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_alloc_fails);
	suite_add_tcase(s, tc);
	tc = tcase_create("RAM");
	tcase_add_test(tc, test_ram_refused);
	tcase_add_test(tc, test_ram_over_device);
	tcase_add_loop_test(tc, test_ram_move, 0, 5);
	tcase_add_loop_test(tc, test_contiguous, 0, 2);
	tcase_add_test(tc, test_keep);
	tcase_add_test(tc, test_reference_keeps_memory);
	tcase_add_test(tc, test_readonly);
	suite_add_tcase(s, tc);
	tc = tcase_create("answers");
	tcase_add_loop_test(tc, test_answers, 0, 4);
	tcase_add_test(tc, test_wp_at_fallback);
	tcase_add_loop_test(tc, test_reset, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { dm_suite };

	return mpt_test_main("acrn device model", suites, 1);
}
