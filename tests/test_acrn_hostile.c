/* SPDX-License-Identifier: MIT */
/*
 * acrn-sim under what should not come: requests that make no sense, notifies and upcalls for
 * nothing, interrupts at the wrong time and in storms, what fails.
 */
#include "acrn_mix.h"

#define HOLE 0x80000000L

/* --- requests that make no sense, put into the page by hand --- */

static const struct {
	u32 type, direction;
	u64 address, size;
	bool claimed; /* by the client with all of the address space */
} nonsense[] = {
	{ REQ_MMIO, REQUEST_READ, HOLE, 0, false },
	{ REQ_MMIO, REQUEST_READ, HOLE, 3, true },
	{ REQ_MMIO, REQUEST_READ, HOLE, 9, true },
	{ REQ_MMIO, REQUEST_WRITE, HOLE, 1ULL << 63, false },
	{ REQ_MMIO, REQUEST_READ, HOLE, ~0ULL, false },
	{ REQ_MMIO, REQUEST_READ, ~0ULL, 1, false }, /* ranges end at LONG_MAX */
	{ REQ_MMIO, REQUEST_READ, ~0ULL - 3, 8, false }, /* wraps */
	{ REQ_MMIO, REQUEST_READ, 0x7ffffffffffffff8, 8, true }, /* the last of the range */
	{ REQ_MMIO, REQUEST_READ, 0x7ffffffffffffff9, 8, false },
	{ REQ_MMIO, 7, HOLE, 4, true },
	{ REQ_PORTIO, REQUEST_READ, 0xcf8, 8, false },
	{ REQ_PORTIO, REQUEST_READ, 0x100000cfc, 4, false },
	{ REQ_PORTIO, 99, 0x70, 1ULL << 40, false },
	{ REQ_PCICFG, REQUEST_READ, 0, 4, false }, /* never from the hypervisor */
};

/* The test is the hypervisor's part: a slot of a paused VM, and a scan. */
static void put(struct rig_raw *raw, unsigned int i)
{
	struct vhm_request *req = &raw->page->req_queue[0];

	os_store_relaxed(&req->type, nonsense[i].type);
	os_store_relaxed(&req->reqs.mmio_request.direction, nonsense[i].direction);
	os_store_relaxed(&req->reqs.mmio_request.address, nonsense[i].address);
	os_store_relaxed(&req->reqs.mmio_request.size, nonsense[i].size);
	os_store(&req->processed, REQ_STATE_PENDING);
}

START_TEST(test_nonsense)
{
	struct rig_client c = { 0 };
	struct rig_raw raw;
	struct rig r;
	int dm, got;

	rig_open(&r, &(struct acrn_sim_config){ .polling = true });
	rig_raw(&r, &raw, true);
	acrn_hc_pause_vm(r.sim, raw.id);
	dm = acrn_ioreq_create_fallback_client(raw.vm->vmid, (char[]){ "dm" });
	c.id = acrn_ioreq_create_client(raw.vm->vmid, NULL, NULL, (char[]){ "all" });
	acrn_ioreq_add_iorange(c.id, REQ_MMIO, 0, 0x7fffffffffffffff);
	put(&raw, (unsigned int)_i);
	ck_assert_int_eq(acrn_ioreq_distribute_request(raw.vm), 0);
	ck_assert_uint_eq(raw.page->req_queue[0].processed, REQ_STATE_PROCESSING);
	got = raw.page->req_queue[0].client;
	ck_assert_int_eq(got, nonsense[_i].claimed ? c.id : dm);
	/* Nothing but the state has to do with completing it. */
	ck_assert_int_eq(acrn_ioreq_complete_request(got, 0, NULL), 0);
	ck_assert_uint_eq(raw.page->req_queue[0].processed, REQ_STATE_COMPLETE);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 8), 0);
	rig_raw_end(&r, &raw);
	rig_free(&r);
}
END_TEST

/* The page is changed by its owner, the device model, after the request was handed over. */
static void change(struct rig_client *c, const struct vhm_request *req)
{
	struct vhm_request *slot = acrn_ioreq_get_reqbuf(c->id);

	(void)req;
	os_store_relaxed(&slot->type, 99U);
	os_store_relaxed(&slot->reqs.mmio_request.address, ~0ULL);
	os_store_relaxed(&slot->reqs.mmio_request.size, 1ULL << 63);
	os_store_relaxed(&slot->reqs.mmio_request.direction, 5U);
}

START_TEST(test_changed_meanwhile)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	struct rig r;
	u64 val = 0;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .polling = _i });
	vm = rig_vm_ram(&r, 0);
	rig_client(&r, &c, vm);
	c.inside = change;
	acrn_ioreq_add_iorange(c.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_vcpu_load(v, HOLE + 8, &val, 4), ACRN_DONE);
	/* The hypervisor goes by its own copy; the client went by its own. */
	ck_assert_uint_eq(val, mix_expected(HOLE + 8, 4));
	ck_assert_uint_ge(acrn_broken_count(r.sim, 2), 1);
	acrn_vcpu_return(v);
	rig_free(&r);
}
END_TEST

/* --- for nothing --- */

/* Notifies that nobody is due: counted; with a sticky flag it is seen what comes of it. */
START_TEST(test_notify_for_nothing)
{
	struct acrn_vcpu *v;
	struct rig r;
	enum acrn_end end;
	u32 val = 0;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){
			     .profile = acrn_profile_find(_i ? "strict" : "2019") });
	vm = rig_vm_ram(&r, 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_hc_notify(r.sim, vm, 0), 0);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 5), 1);
	end = acrn_vcpu_load(v, HOLE, &val, 4);
	if (_i)
		ck_assert(end == ACRN_STALE || end == ACRN_DONE);
	else
		ck_assert_int_eq(end, ACRN_DONE);
	ck_assert_int_lt(acrn_hc_notify(r.sim, vm, 1), 0);
	ck_assert_int_lt(acrn_hc_notify(r.sim, 999, 0), 0);
	acrn_vcpu_return(v);
	rig_free(&r);
}
END_TEST

/* Scans without work, many at once: they hurt nobody. */
static void scans(void *arg)
{
	struct rig *r = arg;
	unsigned int i;

	for (i = 0; i < 50; i++)
		acrn_dispatcher_flush(r->sim);
}

START_TEST(test_scans_for_nothing)
{
	struct acrn_sim_config c = { .vcpus = 2, .seeded = _i, .seed = (u64)_i };
	struct acrn_thread t = { 0 };
	struct mix m = { .beside = scans, .beside_thread = &t };
	unsigned long wrong;

	m.beside_arg = &m.r;
	mix_run(&m, &c, 1, _i ? 6 : 100, &wrong);
	ck_assert_uint_eq(wrong, 0);
	rig_close(&m.r);
}
END_TEST

/* --- interrupts --- */

START_TEST(test_msi_times)
{
	struct rig_raw raw;
	struct acrn_vcpu *v;
	unsigned long id;
	struct rig r;

	rig_open_default(&r);
	rig_raw(&r, &raw, false);
	id = raw.vm->vmid;
	/* Before START: pending until it runs. */
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee00000, 0x51), 0);
	ck_assert_int_eq(acrn_ioreq_init(raw.vm, (unsigned long)raw.page), 0);
	ck_assert_int_eq(acrn_hc_start_vm(r.sim, raw.id), 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, raw.id));
	ck_assert_int_eq(acrn_vcpu_take_irq(v), 0x51);
	acrn_hc_pause_vm(r.sim, raw.id);
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee00000, 0x52), 0);
	/* A reset forgets it. */
	acrn_hc_reset_vm(r.sim, raw.id);
	acrn_hc_start_vm(r.sim, raw.id);
	ck_assert_int_eq(acrn_vcpu_take_irq(v), -1);
	acrn_vcpu_return(v);
	rig_raw_end(&r, &raw);
	ck_assert_int_eq(vhm_inject_msi(id, 0xfee00000, 0x53), -EFAULT);
	/* A message after the VM's end is what I22 is about. */
	ck_assert_uint_eq(acrn_broken_count(r.sim, 22), 1);
	rig_free(&r);
}
END_TEST

struct storm {
	struct rig *r;
	u16 vm;
	unsigned int n;
	u64 hooked, bad, merged;
};

static void count_msi(void *arg, u32 addr, u32 data, bool merged)
{
	struct storm *s = arg;

	os_fetch_add(&s->hooked, 1);
	os_fetch_add(&s->merged, merged);
	if (addr != 0xfee00000 || data < 0x40 || data > 0x43)
		os_fetch_add(&s->bad, 1);
}

static void inject(void *arg)
{
	struct storm *s = arg;
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (vhm_inject_msi(rig_id(s->r, s->vm), 0xfee00000, 0x40 + i % 4))
			os_fetch_add(&s->bad, 1);
}

static const struct acrn_sim_hooks msi_hooks = { .msi = count_msi };

/* From several threads, each message is accepted, and taken or merged into one that was pending. */
START_TEST(test_msi_storm)
{
	struct acrn_thread t[3] = { 0 };
	struct storm s = { .n = _i ? 30 : 20000 };
	u64 taken = 0, before;
	struct acrn_vcpu *v;
	struct rig r;
	unsigned int i;

	rig_open(&r, &(struct acrn_sim_config){ .seeded = _i, .seed = (u64)_i });
	s.r = &r;
	s.vm = rig_vm_ram(&r, 0);
	acrn_hvm_hooks(acrn_hvm_find(r.sim, s.vm), &msi_hooks, &s);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, s.vm));
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(acrn_thread_start(r.sim, &t[i], "inject", inject, &s), 0);
	for (i = 0; i < s.n; i++) {
		acrn_point(r.sim, "take");
		taken += acrn_vcpu_take_irq(v) >= 0;
	}
	for (i = 0; i < 3; i++)
		acrn_thread_join(&t[i]);
	do {
		before = taken;
		taken += acrn_vcpu_take_irq(v) >= 0;
	} while (taken != before);
	ck_assert_uint_eq(s.hooked, 3 * s.n);
	ck_assert_uint_eq(taken + s.merged, s.hooked);
	ck_assert_uint_eq(s.bad, 0);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* I24: in atomic context only what does not sleep. */
static void sleeping_hook(void *arg, u32 addr, u32 data, bool merged)
{
	struct storm *s = arg;

	(void)addr;
	(void)data;
	(void)merged;
	write_protect_page(rig_id(s->r, s->vm), 0, 0);
}

START_TEST(test_atomic)
{
	static const struct acrn_sim_hooks bad = { .msi = sleeping_hook };
	struct storm s = { 0 };
	struct rig r;

	rig_open_default(&r);
	s.r = &r;
	s.vm = rig_vm(&r);
	acrn_atomic(true);
	ck_assert_int_eq(vhm_inject_msi(rig_id(&r, s.vm), 0xfee00000, 0x41), 0);
	ck_assert_ptr_nonnull(map_guest_phys(rig_id(&r, s.vm), 0, 1));
	acrn_atomic(false);
	ck_assert_uint_eq(acrn_broken_all(r.sim), 0);
	ck_assert_int_eq(write_protect_page(rig_id(&r, s.vm), 0, 0), 0);
	ck_assert_uint_eq(acrn_broken_all(r.sim), 0);
	/* And what a hook of the message does is in it, too. */
	acrn_hvm_hooks(acrn_hvm_find(r.sim, s.vm), &bad, &s);
	ck_assert_int_eq(vhm_inject_msi(rig_id(&r, s.vm), 0xfee00000, 0x41), 0);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 24), 1);
	acrn_atomic(true);
	vhm_vm_gpa2hpa(rig_id(&r, s.vm), 0);
	acrn_atomic(false);
	ck_assert_uint_eq(acrn_broken_count(r.sim, 24), 2);
	acrn_hvm_hooks(acrn_hvm_find(r.sim, s.vm), NULL, NULL);
	rig_free(&r);
}
END_TEST

/* --- what fails --- */

/* Each service of a client's set-up fails in turn; what was done is undone, the next try works. */
static int set_up(struct rig *r, u16 vm, struct rig_client *c)
{
	unsigned long id = rig_id(r, vm);
	struct vhm_vm *ref = find_get_vm(id);
	int ret = -ESRCH;

	if (!ref)
		return ret;
	*c = (struct rig_client){ .r = r };
	c->id = ret = acrn_ioreq_create_client(id, rig_handler, c, (char[]){ "set-up" });
	if (ret >= 0) {
		ret = acrn_ioreq_add_iorange(c->id, REQ_WP, 0x1000, 0x1fff);
		if (!ret)
			ret = write_protect_page(id, 0x1000, 1);
		if (!ret)
			ret = acrn_ioreq_attach_client(c->id);
		if (ret) {
			write_protect_page(id, 0x1000, 0);
			acrn_ioreq_destroy_client(c->id);
		}
	}
	put_vm(ref);
	return ret;
}

START_TEST(test_each_call_fails)
{
	u64 hash, nth;
	struct rig_client c;
	struct rig r;
	u16 vm;
	int ret;

	rig_open_default(&r);
	vm = rig_vm(&r);
	hash = acrn_ept_hash(acrn_hvm_find(r.sim, vm));
	for (nth = 1;; nth++) {
		r.p->fault = (struct vhm_fault){ .services = ~0ULL, .nth = nth };
		ret = set_up(&r, vm, &c);
		r.p->fault.nth = 0;
		if (!ret)
			break;
		ck_assert_uint_eq(acrn_ept_hash(acrn_hvm_find(r.sim, vm)), hash);
	}
	ck_assert_uint_eq(nth, 6);
	acrn_ioreq_destroy_client(c.id);
	ck_assert_int_eq(write_protect_page(rig_id(&r, vm), 0x1000, 0), 0);
	rig_close(&r);
}
END_TEST

static Suite *hostile_suite(void)
{
	Suite *s = suite_create("acrn, hostile");
	TCase *tc = tcase_create("requests");

	tcase_add_loop_test(tc, test_nonsense, 0, OS_ARRAY_SIZE(nonsense));
	tcase_add_loop_test(tc, test_changed_meanwhile, 0, 2);
	tcase_add_loop_test(tc, test_notify_for_nothing, 0, 2);
	tcase_add_loop_test(tc, test_scans_for_nothing, 0, 20);
	suite_add_tcase(s, tc);
	tc = tcase_create("interrupts");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_msi_times);
	tcase_add_loop_test(tc, test_msi_storm, 0, 10);
	tcase_add_test(tc, test_atomic);
	suite_add_tcase(s, tc);
	tc = tcase_create("faults");
	tcase_add_test(tc, test_each_call_fails);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { hostile_suite };

	return mpt_test_main("acrn, hostile", suites, 1);
}
