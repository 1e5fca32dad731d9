/* SPDX-License-Identifier: MIT */
/*
 * VHM's services over the simulated HSM, with guests that run: memory, what is mapped beside it,
 * requests and who gets them, ends under load, each allocation failing once.
 */
#include "acrn_rig.h"

#include "backends/acrn/vhm_hsm.h"

#include <mpt/error.h>

#define PAGE MPT_PAGE_SIZE
#define HUGE_SIZE (2ULL << 20)
/* A trapped register, and a frame of the device's. */
#define REG 0x40000000ULL
#define DEVICE_HPA 0x90000000ULL
#define APERTURE 0x50000000ULL

static const struct acrn_dm_ops *const dm = &acrn_hsm_dm_ops;

struct hrig {
	struct rig r;
	struct acrn_hsm *hsm;
};

static void hrig_open(struct hrig *h, const struct acrn_sim_config *config)
{
	struct acrn_sim_config c = *config;

	c.profile = acrn_profile_find("upstream");
	rig_open(&h->r, &c);
	ck_assert_int_eq(acrn_hsm_open_sim(h->r.sim, &(struct acrn_hsm_config){ 0 }, &h->hsm), 0);
	h->r.p = acrn_hsm_provider(h->hsm);
}

static void hrig_close(struct hrig *h)
{
	ck_assert_uint_eq(acrn_hsm_errors(h->hsm), 0);
	acrn_hsm_close(h->hsm);
	rig_close(&h->r);
}

static u16 hrig_vm(struct hrig *h, u64 ram)
{
	u16 id = 0;

	ck_assert_int_eq(dm->vm_new(h->hsm, &id), 0);
	if (ram)
		ck_assert_int_eq(dm->ram_add(h->hsm, id, 0, ram, false), 0);
	return id;
}

/* --- VMs --- */

START_TEST(test_vms)
{
	struct hrig h;
	u16 a, b = 77, c = 77;
	struct vhm_vm *vm;
	struct vm_info info;

	hrig_open(&h, &(struct acrn_sim_config){ .vcpus = 3 });
	a = hrig_vm(&h, HUGE_SIZE);
	ck_assert_int_eq(dm->vm_new(h.hsm, &b), 0);
	ck_assert_uint_eq(b, 77);
	ck_assert_int_eq(dm->vm_new(h.hsm, &c), -EEXIST);
	ck_assert_int_eq(acrn_hvm_state(acrn_hvm_find(h.r.sim, a)), ACRN_RUNNING);
	vm = find_get_vm(rig_id(&h.r, a));
	ck_assert_ptr_nonnull(vm);
	ck_assert_uint_eq(vm->vmid, rig_id(&h.r, a));
	ck_assert_int_eq(vhm_get_vm_info(vm->vmid, &info), 0);
	ck_assert_int_eq(info.max_vcpu, 3);
	ck_assert_int_eq(info.max_gfn, 511);
	dm->vm_end(h.hsm, a);
	ck_assert_ptr_null(find_get_vm(rig_id(&h.r, a)));
	ck_assert_ptr_null(acrn_hvm_find(h.r.sim, a));
	ck_assert_int_eq(vhm_inject_msi(rig_id(&h.r, a), 0xfee00000, 0x41), -EFAULT);
	put_vm(vm);
	dm->vm_end(h.hsm, a);
	hrig_close(&h);
}
END_TEST

START_TEST(test_absent)
{
	struct hrig h;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, HUGE_SIZE);
	ck_assert_uint_eq(h.r.p->caps & (VHM_CAP_WP | VHM_CAP_HPA), 0);
	ck_assert_uint_ne(h.r.p->caps & VHM_CAP_IRQLINE, 0);
	ck_assert_int_eq(write_protect_page(rig_id(&h.r, id), 0, 1), -EFAULT);
	ck_assert_uint_eq(vhm_vm_gpa2hpa(rig_id(&h.r, id), 0), (unsigned long)-EFAULT);
	ck_assert_int_lt(acrn_ioreq_create_fallback_client(rig_id(&h.r, id), (char[]){ "x" }), 0);
	ck_assert_int_lt(acrn_ioreq_create_client(rig_id(&h.r, id), NULL, NULL, (char[]){ "x" }),
			 0);
	hrig_close(&h);
}
END_TEST

/* --- memory --- */

START_TEST(test_ram)
{
	struct hrig h;
	struct acrn_vcpu *v;
	u64 val = 0x1122334455667788ULL, hpa;
	u8 *host;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, HUGE_SIZE);
	ck_assert_int_eq(dm->ram_add(h.hsm, id, PAGE, PAGE, false), -EEXIST);
	ck_assert_int_eq(dm->ram_add(h.hsm, id, HUGE_SIZE + 1, PAGE, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(h.hsm, id, HUGE_SIZE, 0, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(h.hsm, id, 1ULL << 39, PAGE, false), -EINVAL);
	ck_assert_int_eq(dm->ram_add(h.hsm, id, -PAGE, 2 * PAGE, false), -EINVAL);
	host = map_guest_phys(rig_id(&h.r, id), 0, HUGE_SIZE);
	ck_assert_ptr_nonnull(host);
	ck_assert_ptr_null(map_guest_phys(rig_id(&h.r, id), 1, HUGE_SIZE));
	ck_assert_ptr_null(map_guest_phys(rig_id(&h.r, id), HUGE_SIZE, 1));
	v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
	ck_assert_int_eq(acrn_vcpu_store(v, 0x1238, &val, 8), ACRN_DONE);
	ck_assert_mem_eq(host + 0x1238, &val, 8);
	/* A number stands for it, in a row. */
	hpa = h.r.p->svc->virt_to_phys(h.r.p, host + PAGE);
	ck_assert_uint_eq(hpa >> VHM_HPA_SHIFT, h.r.p->index + 1);
	ck_assert_uint_eq(h.r.p->svc->virt_to_phys(h.r.p, host), hpa - PAGE);
	ck_assert_ptr_eq(h.r.p->svc->phys_to_virt(h.r.p, hpa), host + PAGE);
	ck_assert_uint_eq(h.r.p->svc->virt_to_phys(h.r.p, host + HUGE_SIZE), ~0ULL);
	ck_assert_uint_eq(h.r.p->svc->virt_to_phys(h.r.p, &h), ~0ULL);
	ck_assert_ptr_null(h.r.p->svc->phys_to_virt(h.r.p, hpa + HUGE_SIZE));
	/* Moved, it is the same; removed and kept, the device still has it. */
	ck_assert_int_eq(dm->ram_move(h.hsm, id, 0, PAGE, HUGE_SIZE), -ENOENT);
	ck_assert_int_eq(dm->ram_move(h.hsm, id, 0, HUGE_SIZE, HUGE_SIZE), 0);
	ck_assert_ptr_eq(map_guest_phys(rig_id(&h.r, id), HUGE_SIZE, 1), host);
	val = 0;
	ck_assert_int_eq(acrn_vcpu_load(v, HUGE_SIZE + 0x1238, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, 0x1122334455667788ULL);
	ck_assert_int_eq(acrn_vcpu_load(v, 0x1238, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, ~0ULL);
	ck_assert_int_eq(dm->ram_remove(h.hsm, id, 0, HUGE_SIZE, true), -ENOENT);
	ck_assert_int_eq(dm->ram_remove(h.hsm, id, HUGE_SIZE, HUGE_SIZE, true), 0);
	ck_assert_ptr_null(map_guest_phys(rig_id(&h.r, id), HUGE_SIZE, 1));
	ck_assert_ptr_eq(h.r.p->svc->phys_to_virt(h.r.p, hpa), host + PAGE);
	dm->ram_free(h.hsm, id);
	ck_assert_ptr_null(h.r.p->svc->phys_to_virt(h.r.p, hpa));
	ck_assert_uint_eq(h.r.p->svc->virt_to_phys(h.r.p, host), ~0ULL);
	acrn_vcpu_return(v);
	hrig_close(&h);
}
END_TEST

/* A store to it is a request that no range takes, not even one of all addresses. */
START_TEST(test_readonly)
{
	struct hrig h;
	struct rig_client c;
	struct acrn_vcpu *v;
	u32 val = 7;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, 0);
	ck_assert_int_eq(dm->ram_add(h.hsm, id, 0, PAGE, true), 0);
	rig_client(&h.r, &c, id);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c.id, REQ_MMIO, 0, 0x7fffffff), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c.id, REQ_WP, 0, 0x7fffffff), 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
	ck_assert_int_eq(acrn_vcpu_store(v, 0x10, &val, 4), ACRN_DONE);
	ck_assert_int_eq(acrn_vcpu_load(v, 0x10, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, 0);
	ck_assert_uint_eq(c.served, 0);
	ck_assert_uint_eq(acrn_hsm_strays(h.hsm), 1);
	acrn_vcpu_return(v);
	acrn_ioreq_destroy_client(c.id);
	hrig_close(&h);
}
END_TEST

/* 256 pieces in a VM's life: then a sentence, and another VM has its own. */
START_TEST(test_records)
{
	struct hrig h;
	unsigned int i;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, 0);
	for (i = 0; i < 256; i++) {
		ck_assert_int_eq(dm->ram_add(h.hsm, id, 0, PAGE, false), 0);
		ck_assert_int_eq(dm->ram_remove(h.hsm, id, 0, PAGE, false), 0);
	}
	ck_assert_int_eq(dm->ram_add(h.hsm, id, 0, PAGE, false), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(mpt_last_error(), "256"));
	dm->vm_end(h.hsm, id);
	id = hrig_vm(&h, PAGE);
	hrig_close(&h);
}
END_TEST

/* Until its next exit a vCPU may go by what it has looked up before. */
static void exits(struct acrn_vcpu *v)
{
	u32 val;

	ck_assert_int_eq(acrn_vcpu_in(v, 0x80, &val, 1), ACRN_DONE);
}

struct device {
	u64 hpa;
	unsigned int n;
};

static void on_device(void *arg, u64 hpa, void *buf, unsigned int len, bool write)
{
	struct device *d = arg;

	d->hpa = hpa;
	d->n++;
	if (!write)
		memset(buf, 0x5a, len);
}

/* A frame of the device's, and memory by its number, which is back after it was taken away. */
START_TEST(test_regions)
{
	static const struct acrn_sim_hooks hooks = { .device = on_device };
	struct device d = { 0 };
	struct hrig h;
	struct acrn_vcpu *v;
	unsigned long vm;
	u64 hpa;
	u32 val;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, HUGE_SIZE);
	vm = rig_id(&h.r, id);
	acrn_hvm_hooks(acrn_hvm_find(h.r.sim, id), &hooks, &d);
	ck_assert_int_eq(add_memory_region(vm, APERTURE, DEVICE_HPA, PAGE, MEM_TYPE_WC,
					   MEM_ACCESS_RWX), 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
	ck_assert_int_eq(acrn_vcpu_load(v, APERTURE + 8, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, 0x5a5a5a5a);
	ck_assert_uint_eq(d.hpa, DEVICE_HPA + 8);
	ck_assert_int_eq(del_memory_region(vm, APERTURE, PAGE), 0);
	exits(v);
	ck_assert_int_eq(acrn_vcpu_load(v, APERTURE + 8, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, ~0U);
	ck_assert_uint_eq(d.n, 1);
	/* Memory. */
	hpa = h.r.p->svc->virt_to_phys(h.r.p, map_guest_phys(vm, PAGE, 1));
	val = 3;
	ck_assert_int_eq(acrn_vcpu_store(v, PAGE, &val, 4), ACRN_DONE);
	ck_assert_int_eq(del_memory_region(vm, PAGE, PAGE), 0);
	exits(v);
	ck_assert_int_eq(acrn_vcpu_load(v, PAGE, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, ~0U);
	ck_assert_int_eq(add_memory_region(vm, PAGE, acrn_hpa2gpa(hpa), PAGE, MEM_TYPE_WB,
					   MEM_ACCESS_RWX), 0);
	ck_assert_int_eq(acrn_vcpu_load(v, PAGE, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, 3);
	/* A number of no memory is never taken for an address of the machine. */
	ck_assert_int_eq(add_memory_region(vm, APERTURE, hpa + HUGE_SIZE, PAGE, MEM_TYPE_UC,
					   MEM_ACCESS_RWX), -EFAULT);
	ck_assert_int_eq(add_memory_region(vm, APERTURE, DEVICE_HPA, 0, MEM_TYPE_UC,
					   MEM_ACCESS_RWX), -EFAULT);
	ck_assert_int_eq(add_memory_region(vm, -PAGE, DEVICE_HPA, 2 * PAGE, MEM_TYPE_UC,
					   MEM_ACCESS_RWX), -EFAULT);
	acrn_vcpu_return(v);
	hrig_close(&h);
}
END_TEST

/* --- requests --- */

START_TEST(test_requests)
{
	struct hrig h;
	struct rig_client c;
	struct acrn_vcpu *v;
	u64 val = 0;
	u32 cfg = 0;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ .polling = _i });
	id = hrig_vm(&h, PAGE);
	rig_client(&h.r, &c, id);
	v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
	/* Nobody's. */
	ck_assert_int_eq(acrn_vcpu_load(v, REG, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, ~0ULL);
	ck_assert_uint_eq(acrn_hsm_strays(h.hsm), 1);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c.id, REQ_MMIO, REG, REG + 0xfff), 0);
	ck_assert_int_eq(acrn_vcpu_load(v, REG + 8, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, rig_answer(&c.last));
	ck_assert_int_eq(acrn_vcpu_store(v, REG + 0x10, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(c.last.reqs.mmio_request.address, REG + 0x10);
	ck_assert_uint_eq(c.served, 2);
	/* Partly in the range: not its. */
	ck_assert_int_eq(acrn_vcpu_load(v, REG - 4, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(c.served, 2);
	/* A register of its function, decoded by the HSM; and one of another's. */
	acrn_ioreq_intercept_bdf(c.id, 0, 2, 0);
	ck_assert_int_eq(acrn_vcpu_cfg(v, 2 << 3, 0x10, &cfg, 4, false), ACRN_DONE);
	ck_assert_int_eq(c.last.type, REQ_PCICFG);
	ck_assert_int_eq(c.last.reqs.pci_request.reg, 0x10);
	ck_assert_uint_eq(cfg, rig_answer(&c.last));
	ck_assert_int_eq(acrn_vcpu_cfg(v, 3 << 3, 0x10, &cfg, 4, false), ACRN_DONE);
	ck_assert_uint_eq(cfg, ~0U);
	ck_assert_uint_eq(c.served, 3);
	acrn_ioreq_unintercept_bdf(c.id);
	ck_assert_int_eq(acrn_ioreq_del_iorange(c.id, REQ_MMIO, REG, REG + 0xfff), 0);
	ck_assert_int_eq(acrn_vcpu_load(v, REG + 8, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, ~0ULL);
	acrn_vcpu_return(v);
	acrn_ioreq_destroy_client(c.id);
	hrig_close(&h);
}
END_TEST

static int failing_handler(int id, unsigned long *map, void *priv)
{
	(void)id;
	(void)map;
	os_fetch_add((unsigned int *)priv, 1);
	return -EINVAL;
}

/* A handler that fails does not hang the vCPU, now or later. */
START_TEST(test_handler_fails)
{
	struct hrig h;
	struct acrn_vcpu *v;
	unsigned int calls = 0;
	u64 val = 0;
	u16 id;
	int c;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, PAGE);
	c = acrn_ioreq_create_client(rig_id(&h.r, id), failing_handler, &calls, (char[]){ "x" });
	ck_assert_int_gt(c, 0);
	acrn_ioreq_attach_client(c);
	acrn_ioreq_add_iorange(c, REQ_MMIO, REG, REG + 0xfff);
	v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
	ck_assert_int_eq(acrn_vcpu_load(v, REG, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, ~0ULL);
	ck_assert_int_eq(acrn_vcpu_load(v, REG, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(calls, 2);
	ck_assert_uint_eq(acrn_hsm_errors(h.hsm), 2);
	/* Not its slot, not its number, no such number. */
	ck_assert_int_eq(acrn_ioreq_complete_request(c, 0, NULL), -EINVAL);
	ck_assert_int_eq(acrn_ioreq_complete_request(c, 1, NULL), -EINVAL);
	ck_assert_int_eq(acrn_ioreq_complete_request(c + 1, 0, NULL), -EINVAL);
	acrn_ioreq_destroy_client(c);
	ck_assert_int_eq(acrn_ioreq_complete_request(c, 0, NULL), -EINVAL);
	acrn_vcpu_return(v);
	acrn_hsm_close(h.hsm);
	rig_close(&h.r);
}
END_TEST

START_TEST(test_interrupts)
{
	struct hrig h;
	struct acrn_vcpu *v;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	id = hrig_vm(&h, PAGE);
	v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
	ck_assert_int_eq(vhm_inject_msi(rig_id(&h.r, id), 0xfee00000, 0x41), 0);
	ck_assert_int_eq(acrn_vcpu_take_irq(v), 0x41);
	ck_assert_int_eq(acrn_vcpu_take_irq(v), -1);
	ck_assert_int_eq(vhm_inject_msi(rig_id(&h.r, id), 0x1000, 0x41), -EFAULT);
	ck_assert_int_eq(h.r.p->svc->set_irqline(h.r.p, id, 16, true), 0);
	ck_assert_int_eq(h.r.p->svc->set_irqline(h.r.p, id, 16, false), 0);
	ck_assert_int_eq(h.r.p->svc->set_irqline(h.r.p, id, 100000, true), -EFAULT);
	acrn_vcpu_return(v);
	hrig_close(&h);
}
END_TEST

/* --- many vCPUs, clients that come and go; and the same in the order of a seed --- */

struct storm {
	struct hrig *h;
	struct acrn_vcpu *v;
	struct acrn_thread thread;
	unsigned int n, bad;
};

static void storm_run(void *arg)
{
	struct storm *s = arg;
	struct vhm_request like = { .type = REQ_MMIO };
	unsigned int i;
	u64 val;

	for (i = 0; i < s->n; i++) {
		like.reqs.mmio_request.address = REG + i % 64 * 8;
		like.reqs.mmio_request.size = 8;
		val = 0;
		if (acrn_vcpu_load(s->v, REG + i % 64 * 8, &val, 8) != ACRN_DONE)
			s->bad++;
		else if (val != rig_answer(&like) && val != ~0ULL)
			s->bad++;
	}
}

static void storm(struct hrig *h, u16 id, unsigned int vcpus, unsigned int n, unsigned int clients)
{
	struct storm s[VHM_REQUEST_MAX];
	struct rig_client c;
	unsigned int i;

	for (i = 0; i < vcpus; i++) {
		s[i] = (struct storm){ .h = h, .n = n };
		s[i].v = acrn_vcpu(acrn_hvm_find(h->r.sim, id), i);
		ck_assert_int_eq(acrn_thread_start(h->r.sim, &s[i].thread, "vcpu", storm_run,
						   &s[i]), 0);
	}
	for (i = 0; i < clients; i++) {
		rig_client(&h->r, &c, id);
		acrn_ioreq_add_iorange(c.id, REQ_MMIO, REG, REG + 0xfff);
		acrn_point(h->r.sim, "client");
		acrn_ioreq_del_iorange(c.id, REQ_MMIO, REG, REG + 0xfff);
		acrn_ioreq_destroy_client(c.id);
	}
	for (i = 0; i < vcpus; i++) {
		acrn_thread_join(&s[i].thread);
		ck_assert_uint_eq(s[i].bad, 0);
	}
}

START_TEST(test_storm)
{
	struct hrig h;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ .vcpus = 4, .polling = _i });
	id = hrig_vm(&h, PAGE);
	storm(&h, id, 4, 300, 30);
	hrig_close(&h);
}
END_TEST

START_TEST(test_seeded)
{
	struct hrig h;
	u64 seed, hash = 0;
	u16 id;

	for (seed = 1; seed <= 12; seed++) {
		/* The last one twice: the same run. */
		hrig_open(&h, &(struct acrn_sim_config){ .vcpus = 2, .seeded = true,
							 .seed = seed < 12 ? seed : 11 });
		id = hrig_vm(&h, PAGE);
		storm(&h, id, 2, 6, 3);
		dm->vm_end(h.hsm, id);
		if (seed == 12)
			ck_assert_uint_eq(acrn_trace_hash(h.r.sim), hash);
		hash = acrn_trace_hash(h.r.sim);
		hrig_close(&h);
	}
}
END_TEST

/* The VM ends under vCPUs that wait and a client in its handler. */
START_TEST(test_end_under_load)
{
	struct rig_client c;
	struct storm s;
	struct hrig h;
	unsigned int i;
	u16 id;

	for (i = 0; i < 20; i++) {
		hrig_open(&h, &(struct acrn_sim_config){ .seeded = _i, .seed = i });
		id = hrig_vm(&h, PAGE);
		rig_client(&h.r, &c, id);
		acrn_ioreq_add_iorange(c.id, REQ_MMIO, REG, REG + 0xfff);
		s = (struct storm){ .h = &h, .n = 100 };
		s.v = acrn_vcpu_borrow(acrn_hvm_find(h.r.sim, id));
		ck_assert_int_eq(acrn_thread_start(h.r.sim, &s.thread, "vcpu", storm_run, &s), 0);
		dm->vm_end(h.hsm, id);
		acrn_thread_join(&s.thread);
		acrn_vcpu_return(s.v);
		hrig_close(&h);
	}
}
END_TEST

/* Each allocation fails once: an error, nothing is left, and the next try works. */
START_TEST(test_alloc_fails)
{
	unsigned long nth;
	struct hrig h;
	struct rig_client c;
	int ret;
	u16 id;

	hrig_open(&h, &(struct acrn_sim_config){ 0 });
	dm->vm_end(h.hsm, hrig_vm(&h, PAGE));
	for (nth = 1;; nth++) {
		id = 0;
		mpt_alloc_fail_at(nth);
		ret = dm->vm_new(h.hsm, &id);
		if (!ret)
			ret = dm->ram_add(h.hsm, id, 0, HUGE_SIZE, false);
		if (!ret && !mpt_alloc_failed()) {
			c.id = acrn_ioreq_create_client(rig_id(&h.r, id), rig_handler, &c,
							(char[]){ "x" });
			ret = c.id < 0 ? c.id : acrn_ioreq_add_iorange(c.id, REQ_MMIO, 0, 1);
		}
		if (!mpt_alloc_failed())
			break;
		ck_assert_msg(ret < 0, "%lu", nth);
		if (id)
			dm->vm_end(h.hsm, id);
	}
	mpt_alloc_fail_at(0);
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(nth, 8);
	hrig_close(&h);
}
END_TEST

static Suite *hsm_suite(void)
{
	Suite *s = suite_create("acrn hsm guests");
	TCase *t = tcase_create("memory");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_vms);
	tcase_add_test(t, test_absent);
	tcase_add_test(t, test_ram);
	tcase_add_test(t, test_readonly);
	tcase_add_test(t, test_records);
	tcase_add_test(t, test_regions);
	tcase_add_test(t, test_alloc_fails);
	suite_add_tcase(s, t);
	t = tcase_create("requests");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_requests, 0, 2);
	tcase_add_test(t, test_handler_fails);
	tcase_add_test(t, test_interrupts);
	tcase_add_loop_test(t, test_storm, 0, 2);
	tcase_add_test(t, test_seeded);
	tcase_add_loop_test(t, test_end_under_load, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { hsm_suite };

	return mpt_test_main("acrn hsm guests", suites, 1);
}
