/* SPDX-License-Identifier: MIT */
/*
 * acrn-sim's VHM: references, guest memory, attach and completion, and what becomes of requests
 * when a client or a VM ends, or is reset.
 */
#include "acrn_rig.h"

#define HOLE 0x80000000L
#define HUGE_SIZE (2ULL << 20)
#define GIANT_SIZE (1ULL << 30)
#define PAGE MPT_PAGE_SIZE

/* --- VMs --- */

START_TEST(test_references)
{
	struct vhm_vm *a, *b;
	struct vm_info info = { .max_vcpu = 99 };
	struct rig r;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .vcpus = 7 });
	ck_assert_ptr_null(find_get_vm(rig_id(&r, 1)));
	ck_assert_ptr_null(find_get_vm(ACRN_INVALID_VMID));
	ck_assert_int_eq(vhm_get_vm_info(rig_id(&r, 1), &info), -EINVAL);
	ck_assert_int_eq(info.max_vcpu, 99);
	vm = rig_vm(&r);
	a = find_get_vm(rig_id(&r, vm));
	b = find_get_vm(rig_id(&r, vm));
	ck_assert_ptr_eq(a, b);
	ck_assert_uint_eq(a->vmid, rig_id(&r, vm));
	ck_assert_ptr_eq(a->provider, r.p);
	get_vm(a);
	put_vm(a);
	put_vm(a);
	/* VHM says 4, whatever it is (ACRN's kernel 4.19, drivers/vhm). */
	ck_assert_int_eq(vhm_get_vm_info(rig_id(&r, vm), &info), 0);
	ck_assert_int_eq(info.max_vcpu, 4);
	ck_assert_int_eq(info.max_gfn, (int)(RIG_RAM_SIZE / PAGE - 1));
	put_vm(b);
	rig_close(&r);
}
END_TEST

/* --- memory --- */

/* [1]: 1 GiB of guest memory is one record. */
START_TEST(test_records)
{
	unsigned long id;
	struct rig r;
	u8 *mem;

	rig_open(&r, &(struct acrn_sim_config){ .contiguous = true, .huge_records = _i });
	id = rig_id(&r, rig_vm_ram(&r, GIANT_SIZE + 2 * HUGE_SIZE + PAGE));
	mem = map_guest_phys(id, HUGE_SIZE, HUGE_SIZE);
	ck_assert_ptr_nonnull(mem);
	ck_assert_ptr_eq(map_guest_phys(id, HUGE_SIZE + 5, 3), mem + 5);
	ck_assert_int_eq(!!map_guest_phys(id, HUGE_SIZE - 1, 2), _i);
	ck_assert_int_eq(!!map_guest_phys(id, 0, GIANT_SIZE), _i);
	ck_assert_ptr_null(map_guest_phys(id, GIANT_SIZE - 1, 2));
	ck_assert_ptr_nonnull(map_guest_phys(id, GIANT_SIZE + 2 * HUGE_SIZE, PAGE));
	ck_assert_ptr_null(map_guest_phys(id, GIANT_SIZE + 2 * HUGE_SIZE + 1, PAGE));
	ck_assert_ptr_null(map_guest_phys(id, GIANT_SIZE + 2 * HUGE_SIZE + PAGE, 1));
	ck_assert_ptr_null(map_guest_phys(id, ~0ULL, 1));
	ck_assert_ptr_null(map_guest_phys(id, ~0ULL - 3, 8));
	ck_assert_ptr_null(map_guest_phys(id, 0, ~(size_t)0));
	ck_assert_ptr_null(map_guest_phys(id + 1, 0, 1));
	ck_assert_int_eq(unmap_guest_phys(id, 0), 0);
	ck_assert_int_eq(unmap_guest_phys(id, GIANT_SIZE * 4), -ESRCH);
	rig_close(&r);
}
END_TEST

START_TEST(test_addresses)
{
	unsigned long id, hpa;
	struct rig r;
	u8 *mem;

	rig_open_default(&r);
	id = rig_id(&r, rig_vm(&r));
	mem = map_guest_phys(id, 0x5000, PAGE);
	hpa = vhm_vm_gpa2hpa(id, 0x5000);
	ck_assert_uint_eq(r.p->svc->virt_to_phys(r.p, mem), hpa);
	ck_assert_ptr_eq(r.p->svc->phys_to_virt(r.p, hpa), mem);
	ck_assert_uint_eq(vhm_vm_gpa2hpa(id, 0x5123), hpa + 0x123);
	ck_assert_uint_eq(vhm_vm_gpa2hpa(id, RIG_RAM_SIZE), (unsigned long)-EFAULT);
	ck_assert_uint_eq(vhm_vm_gpa2hpa(id + 1, 0), (unsigned long)-EFAULT);
	/* The service VM is not where the machine is: that is what "strict" is for. */
	ck_assert_uint_ne(acrn_hpa2gpa(hpa), hpa);
	ck_assert_uint_eq(vhm_vm_gpa2hpa(rig_id(&r, 0), acrn_hpa2gpa(hpa)), hpa);
	/* A page of the process has an address, too. */
	mem = mpt_zalloc_pages(PAGE);
	hpa = r.p->svc->virt_to_phys(r.p, mem);
	ck_assert_uint_ne(hpa, ~0UL);
	ck_assert_ptr_eq(r.p->svc->phys_to_virt(r.p, hpa), mem);
	mpt_free_pages(mem, PAGE);
	rig_close(&r);
}
END_TEST

/* Mapped and protected for the guest: what each service says of it. */
START_TEST(test_regions)
{
	unsigned long id, page;
	struct acrn_vcpu *v;
	u64 val = 0;
	struct rig r;
	u8 *mem;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	id = rig_id(&r, vm);
	mem = mpt_zalloc_pages(PAGE);
	mem[8] = 0x42;
	page = acrn_hpa2gpa(r.p->svc->virt_to_phys(r.p, mem));
	ck_assert_int_eq(add_memory_region(id, HOLE, page, PAGE, MEM_TYPE_WB, MEM_ACCESS_RWX), 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_load(v, HOLE + 8, &val, 1), ACRN_DONE);
	ck_assert_uint_eq(val, 0x42);
	acrn_vcpu_return(v);
	/* VHM has no record of it. */
	ck_assert_ptr_null(map_guest_phys(id, HOLE, 1));
	ck_assert_int_eq(write_protect_page(id, HOLE, 1), 0);
	ck_assert_int_eq(write_protect_page(id, HOLE + 8, 1), -EFAULT);
	ck_assert_int_eq(write_protect_page(id, HOLE + PAGE, 1), -EFAULT);
	ck_assert_int_eq(del_memory_region(id, HOLE, PAGE), 0);
	ck_assert_int_eq(add_memory_region(id, HOLE, page, 0x123, MEM_TYPE_WB, 7), -EFAULT);
	ck_assert_int_eq(add_memory_region(id + 1, HOLE, page, PAGE, MEM_TYPE_WB, 7), -EFAULT);
	ck_assert_int_eq(del_memory_region(id + 1, HOLE, PAGE), -EFAULT);
	mpt_free_pages(mem, PAGE);
	rig_close(&r);
}
END_TEST

START_TEST(test_msi)
{
	struct acrn_vcpu *v;
	unsigned long id;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	id = rig_id(&r, vm);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee00000, 0x41), 0);
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee00000, 0x41), 0);
	ck_assert_int_eq(acrn_vcpu_take_irq(v), 0x41);
	ck_assert_int_eq(acrn_vcpu_take_irq(v), -1);
	/* Dropped without a word: a vector below 16, no vCPU of that number. */
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee00000, 0x0f), 0);
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee05000, 0x41), 0);
	ck_assert_int_eq(acrn_vcpu_take_irq(v), -1);
	ck_assert_int_eq(vhm_inject_msi(id, 0xfed00000, 0x41), -EFAULT);
	ck_assert_int_eq(vhm_inject_msi(id + 1, 0xfee00000, 0x41), -EFAULT);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* --- attach and completion --- */

/* A client without handler serves its requests itself. */
START_TEST(test_attach)
{
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct rig_client c = { 0 };
	struct rig r;
	u16 vm;
	int id;

	rig_open(&r, &(struct acrn_sim_config){ .seeded = _i & 1, .polling = _i & 2 });
	vm = rig_vm(&r);
	ck_assert_int_eq(acrn_ioreq_attach_client(VHM_CLIENT(r.p->index, 900)), -EFAULT);
	ck_assert_ptr_null(acrn_ioreq_get_reqbuf(VHM_CLIENT(r.p->index, 900)));
	id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "own" });
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, HOLE, HOLE + 3), 0);
	c = (struct rig_client){ .r = &r, .id = id };
	rig_access_start(&r, &a, vm);
	ck_assert_int_eq(acrn_ioreq_attach_client(id), 0);
	ck_assert_uint_eq(acrn_ioreq_get_reqbuf(id)->processed, REQ_STATE_PROCESSING);
	/* Still there. */
	ck_assert_int_eq(acrn_ioreq_attach_client(id), 0);
	ck_assert_int_eq(acrn_ioreq_complete_request(id + 5, 0, NULL), -EINVAL);
	ck_assert_int_eq(acrn_ioreq_complete_request(id, 1, NULL), -EINVAL);
	ck_assert_int_eq(acrn_ioreq_complete_request(id, ~0ULL, NULL), -EINVAL);
	rig_serve(&c, 0);
	ck_assert_int_eq(rig_access_join(&a), ACRN_DONE);
	ck_assert_uint_eq(a.val, rig_answer(&c.last));
	acrn_ioreq_destroy_client(id);
	ck_assert_int_eq(acrn_ioreq_attach_client(id), -EFAULT);
	rig_close(&r);
}
END_TEST

static void attach_and_wait(void *arg)
{
	int *id = arg;

	*id = acrn_ioreq_attach_client(*id);
}

/* Who waits in attach is told that the client ends. */
START_TEST(test_attach_ends)
{
	struct acrn_thread t = { 0 };
	struct rig r;
	int id, ret;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .seeded = true, .seed = (u64)_i });
	vm = rig_vm(&r);
	id = ret = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "own" });
	ck_assert_int_eq(acrn_thread_start(r.sim, &t, "own", attach_and_wait, &ret), 0);
	acrn_point(r.sim, "test");
	acrn_point(r.sim, "test");
	acrn_ioreq_destroy_client(id);
	acrn_thread_join(&t);
	/* Or it came too late to find the client at all. */
	ck_assert_msg(ret == 1 || ret == -EFAULT, "%d", ret);
	rig_close(&r);
}
END_TEST

/* Refused, and counted: the slot is another client's. */
START_TEST(test_complete_foreign)
{
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct rig_client c = { 0 };
	struct rig r;
	int other;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	c.r = &r;
	c.id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "own" });
	other = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "other" });
	ck_assert_int_eq(acrn_ioreq_add_iorange(c.id, REQ_MMIO, HOLE, HOLE + 3), 0);
	rig_access_start(&r, &a, vm);
	ck_assert_int_eq(acrn_ioreq_attach_client(c.id), 0);
	ck_assert_int_ne(acrn_ioreq_complete_request(other, 0, NULL), 0);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 1), 1);
	rig_serve(&c, 0);
	ck_assert_int_eq(rig_access_join(&a), ACRN_DONE);
	ck_assert_uint_eq(acrn_broken_all(r.sim), 1);
	/* A second time: there is nothing to complete. */
	ck_assert_int_ne(acrn_ioreq_complete_request(c.id, 0, NULL), 0);
	ck_assert_uint_ge(acrn_broken_all(r.sim), 2);
	rig_free(&r);
}
END_TEST

static int busy_handler(int id, unsigned long *map, void *priv)
{
	struct rig_client *c = priv;

	rig_handler(id, map, priv);
	/* "Failed": the service goes on all the same. */
	return c->arg ? -EINVAL : 0;
}

START_TEST(test_handler_fails)
{
	struct acrn_vcpu *v;
	struct rig_client c = { 0 };
	struct rig r;
	u32 val;
	u16 vm;
	int i;

	rig_open_default(&r);
	vm = rig_vm(&r);
	c.arg = &c;
	c.id = acrn_ioreq_create_client(rig_id(&r, vm), busy_handler, &c, (char[]){ "busy" });
	ck_assert_int_eq(acrn_ioreq_attach_client(c.id), 0);
	ck_assert_int_eq(acrn_ioreq_attach_client(c.id), 0);
	acrn_ioreq_add_iorange(c.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(acrn_vcpu_load(v, HOLE, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(os_load(&c.served), 3);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* --- ends --- */

/* A client's owner drains before; who does not leaves the request to the device model. */
START_TEST(test_destroy_in_flight)
{
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct rig r;
	u16 vm;
	int id;

	rig_open(&r, &(struct acrn_sim_config){ .seeded = _i });
	vm = rig_vm(&r);
	id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "own" });
	acrn_ioreq_add_iorange(id, REQ_MMIO, HOLE, HOLE + 0xfff);
	rig_access_start(&r, &a, vm);
	ck_assert_int_eq(acrn_ioreq_attach_client(id), 0);
	acrn_ioreq_destroy_client(id);
	ck_assert_int_eq(rig_access_join(&a), ACRN_DONE);
	ck_assert_uint_eq(a.val, 0xffffffff);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 12), 1);
	ck_assert_uint_eq(acrn_broken_all(r.sim), 1);
	rig_free(&r);
}
END_TEST

static void destroy_own(struct rig_client *c, const struct vhm_request *req)
{
	(void)req;
	acrn_ioreq_destroy_client(c->id);
}

/* It would wait for itself. */
START_TEST(test_destroy_inside)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	struct rig r;
	u32 val;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .seeded = _i });
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	c.inside = destroy_own;
	acrn_ioreq_add_iorange(c.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_load(v, HOLE, &val, 4), ACRN_DONE);
	acrn_vcpu_return(v);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 13), 1);
	ck_assert_uint_eq(acrn_broken_all(r.sim), 1);
	acrn_ioreq_destroy_client(c.id);
	rig_free(&r);
}
END_TEST

/* The VM's end takes clients of others with it; what they call afterwards fails. */
START_TEST(test_vm_ends_first)
{
	struct rig_client c;
	struct vhm_vm *ref;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	ref = find_get_vm(rig_id(&r, vm));
	rig_vm_end(&r, vm);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c.id, REQ_MMIO, 0, 1), -EFAULT);
	ck_assert_int_eq(acrn_ioreq_complete_request(c.id, 0, NULL), -EINVAL);
	ck_assert_int_eq(acrn_ioreq_attach_client(c.id), -EFAULT);
	ck_assert_ptr_null(acrn_ioreq_get_reqbuf(c.id));
	acrn_ioreq_destroy_client(c.id);
	acrn_ioreq_free(ref);
	ck_assert_int_eq(acrn_ioreq_create_client(ref->vmid, NULL, NULL, NULL), -EINVAL);
	put_vm(ref);
	rig_close(&r);
}
END_TEST

/* --- without a device model --- */

/* A request that nobody takes stays, is said, and keeps no other vCPU waiting. */
START_TEST(test_nobody)
{
	struct rig_access b = { .at = 0x300, .size = 1, .port = true };
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct rig_client c;
	struct rig_raw raw;
	struct rig r;
	int id;

	rig_open(&r, &(struct acrn_sim_config){ .vcpus = 2 });
	rig_raw(&r, &raw, true);
	rig_client(&r, &c, raw.id);
	acrn_ioreq_add_iorange(c.id, REQ_PORTIO, 0x300, 0x300);
	rig_access_start(&r, &a, raw.id);
	ck_assert(rig_await(&r, raw.id, acrn_vcpu_number(a.v), REQ_STATE_PENDING));
	rig_access_start(&r, &b, raw.id);
	ck_assert_int_eq(rig_access_join(&b), ACRN_DONE);
	ck_assert_uint_eq(b.val, rig_answer(&c.last));
	ck_assert_int_eq(acrn_ioreq_distribute_request(raw.vm), -EINVAL);
	ck_assert_uint_ge(acrn_broken_count(r.sim, 11), 1);
	/* Now somebody does. */
	id = acrn_ioreq_create_fallback_client(raw.vm->vmid, (char[]){ "late" });
	ck_assert_int_ge(id, 0);
	ck_assert_int_eq(acrn_ioreq_distribute_request(raw.vm), 0);
	ck_assert_int_eq(acrn_ioreq_attach_client(id), 0);
	ck_assert_int_eq(acrn_ioreq_complete_request(id, acrn_vcpu_number(a.v), NULL), 0);
	ck_assert_int_eq(rig_access_join(&a), ACRN_DONE);
	rig_raw_end(&r, &raw);
	rig_free(&r);
}
END_TEST

/* A VM without a page keeps no other VM waiting (VHM before PR247 did). */
START_TEST(test_no_page)
{
	struct rig_raw raw;
	struct acrn_vcpu *v;
	struct rig r;
	u32 val = 0;
	u16 vm;

	rig_open_default(&r);
	rig_raw(&r, &raw, false);
	ck_assert_int_eq(acrn_ioreq_distribute_request(raw.vm), -EINVAL);
	vm = rig_vm(&r);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_load(v, HOLE, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, ~0U);
	acrn_vcpu_return(v);
	/* A page is registered once, and it is one. */
	ck_assert_int_eq(acrn_ioreq_init(raw.vm, (unsigned long)raw.page + 8), -ENOMEM);
	ck_assert_int_eq(acrn_ioreq_init(raw.vm, (unsigned long)raw.page), 0);
	ck_assert_int_eq(acrn_ioreq_init(raw.vm, (unsigned long)raw.page), -EEXIST);
	rig_raw_end(&r, &raw);
	rig_close(&r);
}
END_TEST

/* Before a reset: what the device model has is completed, whatever its value. */
START_TEST(test_clear)
{
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct rig_raw raw;
	struct rig r;
	int id;

	rig_open(&r, &(struct acrn_sim_config){ .polling = _i });
	rig_raw(&r, &raw, true);
	id = acrn_ioreq_create_fallback_client(raw.vm->vmid, (char[]){ "dm" });
	rig_access_start(&r, &a, raw.id);
	ck_assert_int_eq(acrn_ioreq_attach_client(id), 0);
	acrn_ioreq_clear_request(raw.vm);
	ck_assert_int_eq(rig_access_join(&a), ACRN_DONE);
	acrn_ioreq_clear_request(raw.vm);
	ck_assert_uint_eq(raw.page->req_queue[0].processed, REQ_STATE_FREE);
	rig_raw_end(&r, &raw);
	rig_close(&r);
}
END_TEST

static Suite *vhm_suite(void)
{
	Suite *s = suite_create("acrn VHM");
	TCase *tc = tcase_create("memory");

	tcase_add_test(tc, test_references);
	tcase_add_loop_test(tc, test_records, 0, 2);
	tcase_add_test(tc, test_addresses);
	tcase_add_test(tc, test_regions);
	tcase_add_test(tc, test_msi);
	suite_add_tcase(s, tc);
	tc = tcase_create("completion");
	tcase_add_loop_test(tc, test_attach, 0, 4);
	tcase_add_loop_test(tc, test_attach_ends, 0, 20);
	tcase_add_test(tc, test_complete_foreign);
	tcase_add_test(tc, test_handler_fails);
	suite_add_tcase(s, tc);
	tc = tcase_create("ends");
	tcase_add_loop_test(tc, test_destroy_in_flight, 0, 2);
	tcase_add_loop_test(tc, test_destroy_inside, 0, 2);
	tcase_add_test(tc, test_vm_ends_first);
	suite_add_tcase(s, tc);
	tc = tcase_create("bare");
	tcase_add_test(tc, test_nobody);
	tcase_add_test(tc, test_no_page);
	tcase_add_loop_test(tc, test_clear, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { vhm_suite };

	return mpt_test_main("acrn VHM", suites, 1);
}
