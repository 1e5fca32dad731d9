/* SPDX-License-Identifier: MIT */
/*
 * Guest memory of 2 MiB pages over the simulated HSM (huge=yes): what is asked of the kernel, what
 * is refused, and guests that use it. A machine has such pages only when its administrator set them
 * aside; ordinary memory stands in for them, and the last test is skipped where there are none.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "acrn_rig.h"

#include "backends/acrn/vhm_hsm.h"

#include <mpt/error.h>

#define PAGE MPT_PAGE_SIZE
#define HUGE_SIZE (2ULL << 20)

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 0x0004U
#endif

/* libc's function, in its place: huge pages as they are, ordinary ones instead, or none. */
static enum { REAL, STAND_IN, NONE } pages;
static unsigned int asked;

int memfd_create(const char *name, unsigned int flags)
{
	asked = flags;
	if (pages == NONE && (flags & MFD_HUGETLB)) {
		errno = ENOMEM;
		return -1;
	}
	if (pages == STAND_IN)
		flags &= ~MFD_HUGETLB;
	return (int)syscall(SYS_memfd_create, name, flags);
}

static const struct acrn_dm_ops *const dm = &acrn_hsm_dm_ops;

struct hrig {
	struct rig r;
	struct acrn_hsm *hsm;
	u16 id;
};

static void hrig_open(struct hrig *h, bool huge)
{
	struct acrn_sim_config c = { .profile = acrn_profile_find("upstream") };
	struct acrn_hsm_config config = { .huge = huge };

	rig_open(&h->r, &c);
	ck_assert_int_eq(acrn_hsm_open_sim(h->r.sim, &config, &h->hsm), 0);
	h->r.p = acrn_hsm_provider(h->hsm);
	h->id = 0;
	ck_assert_int_eq(dm->vm_new(h->hsm, &h->id), 0);
}

static void hrig_close(struct hrig *h)
{
	dm->vm_end(h->hsm, h->id);
	ck_assert_uint_eq(acrn_hsm_errors(h->hsm), 0);
	acrn_hsm_close(h->hsm);
	rig_close(&h->r);
}

static int ram_add(struct hrig *h, u64 gpa, u64 size)
{
	return dm->ram_add(h->hsm, h->id, gpa, size, false);
}

/* What a vCPU stores is where VHM's services say. */
static void use(struct hrig *h, u64 gpa)
{
	struct acrn_vcpu *v = acrn_vcpu_borrow(acrn_hvm_find(h->r.sim, h->id));
	u8 *host = map_guest_phys(rig_id(&h->r, h->id), gpa, HUGE_SIZE);
	u64 val = 0x1122334455667788ULL ^ gpa, is = 0;

	ck_assert_ptr_nonnull(host);
	ck_assert_int_eq(acrn_vcpu_store(v, gpa + HUGE_SIZE - 8, &val, 8), ACRN_DONE);
	ck_assert_mem_eq(host + HUGE_SIZE - 8, &val, 8);
	ck_assert_int_eq(acrn_vcpu_load(v, gpa + HUGE_SIZE - 8, &is, 8), ACRN_DONE);
	ck_assert_uint_eq(is, val);
	acrn_vcpu_return(v);
}

START_TEST(only_when_asked_for)
{
	struct hrig h;

	hrig_open(&h, false);
	ck_assert_int_eq(ram_add(&h, 0, HUGE_SIZE), 0);
	ck_assert_uint_eq(asked & MFD_HUGETLB, 0);
	ck_assert_int_eq(ram_add(&h, HUGE_SIZE, PAGE), 0);
	hrig_close(&h);
}
END_TEST

START_TEST(in_whole_pages)
{
	unsigned long id;
	struct hrig h;

	pages = STAND_IN;
	hrig_open(&h, true);
	id = rig_id(&h.r, h.id);
	ck_assert_int_eq(ram_add(&h, 0, PAGE), -EINVAL);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "multiples of 2097152"));
	ck_assert_int_eq(ram_add(&h, PAGE, HUGE_SIZE), -EINVAL);
	ck_assert_int_eq(ram_add(&h, 0, HUGE_SIZE + PAGE), -EINVAL);
	ck_assert_int_eq(ram_add(&h, 0, 2 * HUGE_SIZE), 0);
	ck_assert_uint_eq(asked & MFD_HUGETLB, MFD_HUGETLB);
	ck_assert_ptr_nonnull(map_guest_phys(id, 0, 2 * HUGE_SIZE));
	use(&h, 0);
	use(&h, HUGE_SIZE);
	ck_assert_int_eq(dm->ram_move(h.hsm, h.id, 0, 2 * HUGE_SIZE, PAGE), -EINVAL);
	ck_assert_int_eq(dm->ram_move(h.hsm, h.id, 0, 2 * HUGE_SIZE, 4 * HUGE_SIZE), 0);
	ck_assert_ptr_null(map_guest_phys(id, 0, PAGE));
	use(&h, 5 * HUGE_SIZE);
	ck_assert_int_eq(dm->ram_remove(h.hsm, h.id, 4 * HUGE_SIZE, 2 * HUGE_SIZE, false), 0);
	ck_assert_ptr_null(map_guest_phys(id, 4 * HUGE_SIZE, PAGE));
	hrig_close(&h);
}
END_TEST

/* The HSM maps the whole page around a piece of one (Linux 6.1, acrn/mm.c): none is asked for. */
START_TEST(no_part_of_one)
{
	unsigned long id;
	struct hrig h;
	u8 *host;
	u64 hpa;

	pages = STAND_IN;
	hrig_open(&h, true);
	id = rig_id(&h.r, h.id);
	ck_assert_int_eq(ram_add(&h, 0, HUGE_SIZE), 0);
	host = map_guest_phys(id, 0, PAGE);
	hpa = h.r.p->svc->virt_to_phys(h.r.p, host);
	ck_assert_int_eq(del_memory_region(id, PAGE, PAGE), 0);
	ck_assert_int_eq(add_memory_region(id, PAGE, hpa + PAGE, PAGE, MEM_TYPE_WB,
					   MEM_ACCESS_RWX),
			 -EFAULT);
	hrig_close(&h);
}
END_TEST

START_TEST(there_are_none)
{
	struct hrig h;

	pages = NONE;
	hrig_open(&h, true);
	ck_assert_int_eq(ram_add(&h, 0, HUGE_SIZE), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "vm.nr_hugepages"));
	ck_assert_ptr_null(map_guest_phys(rig_id(&h.r, h.id), 0, PAGE));
	/* And then there are some. */
	pages = STAND_IN;
	ck_assert_int_eq(ram_add(&h, 0, HUGE_SIZE), 0);
	use(&h, 0);
	hrig_close(&h);
}
END_TEST

START_TEST(the_machines_own)
{
	struct hrig h;
	int ret;

	pages = REAL;
	hrig_open(&h, true);
	ret = ram_add(&h, 0, HUGE_SIZE);
	if (!ret) {
		ck_assert_uint_eq((uintptr_t)map_guest_phys(rig_id(&h.r, h.id), 0, HUGE_SIZE) %
					  HUGE_SIZE,
				  0);
		use(&h, 0);
	}
	hrig_close(&h);
	if (ret)
		mpt_test_skip("this machine has no huge pages (vm.nr_hugepages)");
}
END_TEST

static Suite *huge_suite(void)
{
	Suite *s = suite_create("acrn huge pages");
	TCase *t = tcase_create("huge");

	tcase_add_test(t, only_when_asked_for);
	tcase_add_test(t, in_whole_pages);
	tcase_add_test(t, no_part_of_one);
	tcase_add_test(t, there_are_none);
	tcase_add_test(t, the_machines_own);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { huge_suite };

	return mpt_test_main("acrn huge pages", suites, 1);
}
