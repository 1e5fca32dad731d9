/* SPDX-License-Identifier: MIT */
/* The simulated machine's memory: addresses, pointers, what is free, pages that are not its own. */
#include "acrn_hv_rig.h"

static struct acrn_sim *new_sim(const char *profile)
{
	struct acrn_sim_config config = rig_config(profile);
	struct acrn_sim *sim;

	ck_assert_int_eq(acrn_sim_new(&config, &sim), 0);
	return sim;
}

static void free_sim(struct acrn_sim *sim)
{
	acrn_sim_free(sim);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

START_TEST(an_address_is_a_pointer_and_back)
{
	struct acrn_sim *sim = new_sim("strict");
	u64 hpa = acrn_mem_alloc(sim, 4 * PAGE, PAGE), i;
	u8 *mem = acrn_mem_virt(sim, hpa);

	ck_assert_uint_ne(hpa, ~0ULL);
	ck_assert_ptr_nonnull(mem);
	for (i = 0; i < 4 * PAGE; i++)
		ck_assert_uint_eq(mem[i], 0);
	for (i = 0; i < 4 * PAGE; i += 1000) {
		ck_assert_ptr_eq(acrn_mem_virt(sim, hpa + i), mem + i);
		ck_assert_uint_eq(acrn_mem_phys(sim, mem + i), hpa + i);
	}
	ck_assert_ptr_null(acrn_mem_virt(sim, hpa + 4 * PAGE));
	ck_assert_uint_eq(acrn_mem_phys(sim, mem + 4 * PAGE), ~0ULL);
	ck_assert_uint_ne((u64)(uintptr_t)mem, hpa);
	free_sim(sim);
}
END_TEST

START_TEST(sizes_and_alignments)
{
	static const u64 bad[][2] = {
		{ 0, PAGE },	{ 1, PAGE },	  { PAGE, 0 }, { PAGE, PAGE + 1 },
		{ PAGE, 3 * PAGE }, { ACRN_RAM_SIZE, PAGE }, { 1ULL << 63, PAGE },
	};
	struct acrn_sim *sim = new_sim("2020");
	u64 align, hpa;
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(bad); i++)
		ck_assert_uint_eq(acrn_mem_alloc(sim, bad[i][0], bad[i][1]), ~0ULL);
	for (align = PAGE; align <= GIB; align *= 2) {
		hpa = acrn_mem_alloc(sim, align, align);
		ck_assert_uint_eq(hpa % align, 0);
		ck_assert_ptr_nonnull(acrn_mem_virt(sim, hpa + align - 1));
		acrn_mem_free(sim, hpa, align);
	}
	ck_assert_uint_eq(acrn_broken_all(sim), 0);
	free_sim(sim);
}
END_TEST

/* Freed: nobody finds it, and the next one gets other pages, until all were used. */
START_TEST(what_is_freed_is_gone)
{
	struct acrn_sim *sim = new_sim("strict");
	u64 a = acrn_mem_alloc(sim, 2 * MIB, 2 * MIB), b;

	memset(acrn_mem_virt(sim, a), 0x11, 2 * MIB);
	acrn_mem_free(sim, a, 2 * MIB);
	ck_assert_ptr_null(acrn_mem_virt(sim, a));
	b = acrn_mem_alloc(sim, PAGE, PAGE);
	ck_assert_uint_ne(a, b);
	acrn_mem_free(sim, a, 2 * MIB);
	ck_assert_uint_eq(acrn_broken_count(sim, 0), 1);
	acrn_mem_free(sim, b + PAGE / 2, PAGE);
	acrn_mem_free(sim, b, 0);
	acrn_mem_free(sim, 0x1000, PAGE);
	ck_assert_uint_eq(acrn_broken_count(sim, 0), 4);
	ck_assert_ptr_nonnull(acrn_mem_virt(sim, b));
	free_sim(sim);
}
END_TEST

START_TEST(memory_runs_out_and_comes_back)
{
	struct acrn_sim *sim = new_sim("strict");
	u64 hpa[128], n = 0, again;

	while (n < OS_ARRAY_SIZE(hpa) && (hpa[n] = acrn_mem_alloc(sim, GIB, PAGE)) != ~0ULL)
		n++;
	ck_assert_uint_eq(n, sim->mem.size / GIB - 1);
	acrn_mem_free(sim, hpa[7], GIB);
	again = acrn_mem_alloc(sim, GIB, PAGE);
	ck_assert_uint_eq(again, hpa[7]);
	ck_assert_uint_eq(*(u64 *)acrn_mem_virt(sim, again), 0);
	free_sim(sim);
}
END_TEST

/* As many halves as there is room for; the least, or none. */
START_TEST(a_smaller_machine)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_sim *sim;
	unsigned long nth = 0;
	u64 whole, hpa, n = 0;
	int ret;

	sim = new_sim("strict");
	whole = sim->mem.size;
	free_sim(sim);
	/* One of the allocations asks for room. */
	do {
		mpt_alloc_fail_at(++nth);
		ret = acrn_sim_new(&config, &sim);
		ck_assert_msg(mpt_alloc_failed(), "nobody asks for room");
	} while (ret);
	ck_assert_uint_eq(sim->mem.size, whole / 2);
	while ((hpa = acrn_mem_alloc(sim, GIB, PAGE)) != ~0ULL) {
		ck_assert_uint_le(hpa + GIB - sim->mem.base, sim->mem.size - ACRN_RAM_RESERVED);
		n++;
	}
	ck_assert_uint_eq(n, whole / 2 / GIB - 1);
	ck_assert_ptr_null(acrn_mem_virt(sim, sim->mem.base + sim->mem.size));
	hpa = acrn_mem_to_service(sim, sim->mem.base + sim->mem.size - PAGE);
	ck_assert_int_eq(acrn_mem_service_range(sim, hpa, PAGE, &n), -EFAULT);
	free_sim(sim);
}
END_TEST

/* Any page of the process has a number, always the same, and no two the same. */
START_TEST(pages_of_the_process)
{
	struct acrn_sim *sim = new_sim("strict");
	u64 *number = calloc(1000, sizeof(*number));
	u8 *mem = mpt_zalloc_pages(1000 * PAGE);
	u64 i, j, base = sim->mem.base;

	for (i = 0; i < 1000; i++) {
		number[i] = acrn_mem_phys(sim, mem + i * PAGE);
		ck_assert_uint_ge(number[i] - base, ACRN_RAM_SIZE);
		ck_assert_uint_lt(number[i] - base, 2 * ACRN_RAM_SIZE);
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(number[i], number[j]);
		if (i)
			ck_assert_uint_ne(number[i], number[i - 1] + PAGE);
	}
	for (i = 0; i < 1000; i++) {
		ck_assert_uint_eq(acrn_mem_phys(sim, mem + i * PAGE + 7), number[i] + 7);
		ck_assert_ptr_eq(acrn_mem_virt(sim, number[i] + 9), mem + i * PAGE + 9);
	}
	ck_assert_uint_eq(acrn_mem_phys(sim, NULL), ~0ULL);
	ck_assert_ptr_null(acrn_mem_virt(sim, base - PAGE));
	ck_assert_ptr_null(acrn_mem_virt(sim, base + 2 * ACRN_RAM_SIZE));
	mpt_free_pages(mem, 1000 * PAGE);
	free(number);
	free_sim(sim);
}
END_TEST

START_TEST(the_service_vm_sees_it_where_the_profile_says)
{
	u64 at, hpa;
	unsigned int i;

	for (i = 0; acrn_profile_each(i); i++) {
		struct acrn_sim *sim = new_sim(acrn_profile_each(i)->name);
		u64 ram = acrn_mem_alloc(sim, 2 * PAGE, PAGE);

		at = acrn_mem_to_service(sim, ram);
		ck_assert_uint_eq(at == ram, acrn_profile_each(i)->identity);
		ck_assert_uint_eq(acrn_mem_from_service(sim, at), ram);
		ck_assert_int_eq(acrn_mem_service_range(sim, at, 2 * PAGE, &hpa), 0);
		ck_assert_uint_eq(hpa, ram);
		ck_assert_int_eq(acrn_mem_service_range(sim, at, 3 * PAGE, &hpa), -EINVAL);
		ck_assert_int_eq(acrn_mem_service_range(sim, at, 0, &hpa), -EINVAL);
		ck_assert_int_eq(acrn_mem_service_range(sim, ~0ULL << 12, PAGE, &hpa), -EINVAL);
		if (!acrn_profile_each(i)->identity)
			ck_assert_int_eq(acrn_mem_service_range(sim, ram, PAGE, &hpa), -EINVAL);
		at = acrn_mem_to_service(sim, sim->mem.base + sim->mem.size - PAGE);
		ck_assert_int_eq(acrn_mem_service_range(sim, at, PAGE, &hpa), -EFAULT);
		at = acrn_mem_to_service(sim, RIG_DEVICE);
		ck_assert_int_eq(acrn_mem_service_range(sim, at, GIB, &hpa), 0);
		free_sim(sim);
	}
}
END_TEST

/* The numbers of one machine mean nothing in another. */
START_TEST(machines_have_addresses_of_their_own)
{
	struct acrn_sim *a = new_sim("strict"), *b = new_sim("strict");
	u64 ram = acrn_mem_alloc(a, PAGE, PAGE);

	ck_assert_ptr_null(acrn_mem_virt(b, ram));
	acrn_mem_alloc(b, PAGE, PAGE);
	ck_assert_ptr_null(acrn_mem_virt(b, ram));
	acrn_sim_free(b);
	free_sim(a);
}
END_TEST

START_TEST(a_machine_without_memory_is_none)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_sim *sim;
	unsigned long nth;
	int ret;

	for (nth = 1;; nth++) {
		mpt_alloc_fail_at(nth);
		ret = acrn_sim_new(&config, &sim);
		/* Where only the room was too small, there is a machine. */
		if (!ret && !mpt_alloc_failed())
			break;
		if (!ret) {
			ck_assert_uint_lt(sim->mem.size, ACRN_RAM_SIZE);
			free_sim(sim);
			continue;
		}
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_int_eq(mpt_alloc_live(), 0);
	}
	mpt_alloc_fail_at(1);
	ck_assert_uint_eq(acrn_mem_alloc(sim, PAGE, PAGE), ~0ULL);
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(nth, 3);
	free_sim(sim);
}
END_TEST

START_TEST(there_are_so_many_machines)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_sim *sim[ACRN_PROVIDERS], *more;
	unsigned int i;

	for (i = 0; i < ACRN_PROVIDERS; i++)
		ck_assert_int_eq(acrn_sim_new(&config, &sim[i]), 0);
	ck_assert_int_eq(acrn_sim_new(&config, &more), -ENOSPC);
	for (i = 0; i < ACRN_PROVIDERS; i++)
		acrn_sim_free(sim[i]);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn memory");
	TCase *tc = tcase_create("pages");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_address_is_a_pointer_and_back);
	tcase_add_test(tc, sizes_and_alignments);
	tcase_add_test(tc, what_is_freed_is_gone);
	tcase_add_test(tc, memory_runs_out_and_comes_back);
	tcase_add_test(tc, a_smaller_machine);
	tcase_add_test(tc, pages_of_the_process);
	tcase_add_test(tc, the_service_vm_sees_it_where_the_profile_says);
	tcase_add_test(tc, machines_have_addresses_of_their_own);
	tcase_add_test(tc, a_machine_without_memory_is_none);
	tcase_add_test(tc, there_are_so_many_machines);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn memory", suites, 1);
}
