/* SPDX-License-Identifier: MIT */
/* acrn-sim's VHM: who gets a request: ids, ranges, functions, the configuration ports. */
#include "acrn_rig.h"

#define GUEST_HOLE 0x80000000ULL
#define CFG_ENABLE (1U << 31)

/* --- ids --- */

START_TEST(test_ids)
{
	struct rig r;
	int a, b, c;
	u16 vm;

	rig_open_default(&r);
	ck_assert_int_eq(acrn_ioreq_create_client(rig_id(&r, 9), NULL, NULL, NULL), -EINVAL);
	vm = rig_vm(&r);
	a = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "a" });
	ck_assert_int_gt(VHM_CLIENT_LOCAL(a), 0);
	b = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "b" });
	ck_assert_int_gt(b, a);
	/* In turn: a number that has just become free is not given at once. */
	acrn_ioreq_destroy_client(b);
	c = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, (char[]){ "c" });
	ck_assert_int_gt(c, b);
	acrn_ioreq_destroy_client(a);
	acrn_ioreq_destroy_client(c);
	/* Unknown, of no provider, of no number. */
	acrn_ioreq_destroy_client(c);
	acrn_ioreq_destroy_client(-1);
	acrn_ioreq_destroy_client(VHM_CLIENT(r.p->index + 1, 1));
	acrn_ioreq_destroy_client(VHM_CLIENT(r.p->index, 0xfffff));
	rig_close(&r);
}
END_TEST

/* [0]: 1 to 1023, one of them the device model's; [1]: VHM of 2018, 0 to 63. */
START_TEST(test_ids_run_out)
{
	const struct acrn_profile *profile = acrn_profile_find(_i ? "2018" : "strict");
	int max = _i ? 64 : 1023, n = 0, id, last = -1;
	struct rig r;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .profile = profile });
	vm = rig_vm(&r);
	while ((id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, NULL)) >= 0) {
		last = id;
		n++;
	}
	ck_assert_int_eq(id, -EINVAL);
	ck_assert_int_eq(n, max - 1);
	acrn_ioreq_destroy_client(last);
	id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, NULL);
	ck_assert_int_eq(id, last);
	ck_assert_int_eq(acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, NULL), -EINVAL);
	rig_vm_end(&r, vm);
	/* The VM's end took them all. */
	vm = rig_vm(&r);
	id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, NULL);
	ck_assert_int_ge(id, 0);
	if (_i)
		ck_assert_int_eq(VHM_CLIENT_LOCAL(id), 1);
	rig_close(&r);
}
END_TEST

START_TEST(test_create_refused)
{
	struct rig_raw raw;
	unsigned long nth;
	struct rig r;
	int id;
	u16 vm;

	rig_open_default(&r);
	rig_raw(&r, &raw, false);
	/* No page yet. */
	ck_assert_int_eq(acrn_ioreq_create_client(rig_id(&r, raw.id), NULL, NULL, NULL), -EINVAL);
	ck_assert_int_eq(acrn_ioreq_create_fallback_client(rig_id(&r, raw.id), NULL), -EINVAL);
	rig_raw_end(&r, &raw);
	vm = rig_vm(&r);
	/* The device model has it. */
	ck_assert_int_eq(acrn_ioreq_create_fallback_client(rig_id(&r, vm), NULL), -EINVAL);
	for (nth = 1;; nth++) {
		mpt_alloc_fail_at(nth);
		id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, NULL);
		if (id >= 0)
			break;
		ck_assert_int_eq(id, -EINVAL);
	}
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, 0, 1), -ENOMEM);
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(nth, 1);
	/* A fault on purpose: the first and the second call of two services. */
	r.p->fault = (struct vhm_fault){
		.services = 1ULL << VHM_ID_acrn_ioreq_add_iorange | 1ULL << VHM_ID_map_guest_phys,
		.nth = 2,
	};
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, 0, 1), 0);
	ck_assert_ptr_null(map_guest_phys(rig_id(&r, vm), 0, 1));
	ck_assert_ptr_nonnull(map_guest_phys(rig_id(&r, vm), 0, 1));
	r.p->fault.nth = 0;
	rig_close(&r);
}
END_TEST

/* --- ranges --- */

START_TEST(test_range_errors)
{
	struct rig r;
	int id;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	id = acrn_ioreq_create_client(rig_id(&r, vm), NULL, NULL, NULL);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, 2, 1), -EFAULT);
	ck_assert_int_eq(acrn_ioreq_del_iorange(id, REQ_MMIO, 2, 1), -EFAULT);
	/* Signed: what begins in the upper half is before what ends in the lower. */
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, 1, -1), -EFAULT);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, -2, 1), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, 5, 5), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, REQ_MMIO, 5, 5), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id, 77, 5, 5), 0);
	ck_assert_int_eq(acrn_ioreq_del_iorange(id, REQ_MMIO, 1000, 2000), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(id + 1, REQ_MMIO, 0, 1), -EFAULT);
	ck_assert_int_eq(acrn_ioreq_del_iorange(id + 1, REQ_MMIO, 0, 1), -EFAULT);
	ck_assert_int_eq(acrn_ioreq_add_iorange(-1, REQ_MMIO, 0, 1), -EFAULT);
	rig_close(&r);
}
END_TEST

/* Who serves what; 0: the first client, 1: the second, newer one, 2: the device model. */
static const struct {
	bool port;
	u64 at;
	unsigned int size, who;
} routes[] = {
	{ false, GUEST_HOLE, 8, 0 },
	{ false, GUEST_HOLE + 0xfff, 1, 0 }, /* the last byte */
	{ false, GUEST_HOLE + 0xffc, 8, 2 }, /* not wholly in */
	{ false, GUEST_HOLE - 1, 1, 2 },
	{ false, GUEST_HOLE - 1, 2, 2 }, /* begins before */
	{ false, GUEST_HOLE + 0x1000, 1, 2 },
	{ false, GUEST_HOLE + 0x800, 4, 1 }, /* both have it: the newest client */
	{ false, GUEST_HOLE + 0x7fe, 4, 0 }, /* only one has all of it */
	{ false, GUEST_HOLE + 0x7ff, 1, 0 },
	{ false, 0x300, 1, 2 }, /* RAM there: never asked */
	{ true, 0x300, 1, 0 },
	{ true, 0x301, 2, 2 },
	{ true, 0x303, 1, 2 },
	{ true, GUEST_HOLE & 0xffff, 1, 2 },
	{ false, 0xfed00000, 4, 1 },
	{ false, (1ULL << 45) + 8, 8, 1 },
};

static void add_routes(struct rig_client *c)
{
	const long hole = (long)GUEST_HOLE;

	ck_assert_int_eq(acrn_ioreq_add_iorange(c[0].id, REQ_MMIO, hole, hole + 0xfff), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c[0].id, REQ_PORTIO, 0x300, 0x301), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c[0].id, REQ_WP, 0, 0x7fffffff), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c[1].id, REQ_MMIO, hole + 0x800, hole + 0x803), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c[1].id, REQ_MMIO, 0xfed00000, 0xfed00fff), 0);
	ck_assert_int_eq(acrn_ioreq_add_iorange(c[1].id, REQ_MMIO, 1L << 45, (1L << 45) + 15), 0);
	/* A port's number as an address, and the other way round: types are apart. */
	ck_assert_int_eq(acrn_ioreq_add_iorange(c[1].id, REQ_PCICFG, 0, 0xffff), 0);
}

static u64 do_access(struct acrn_vcpu *v, bool port, u64 at, unsigned int size)
{
	u64 val = 0;
	u32 v32 = 0;

	if (!port) {
		ck_assert_int_eq(acrn_vcpu_load(v, at, &val, size), ACRN_DONE);
		return val;
	}
	ck_assert_int_eq(acrn_vcpu_in(v, (u16)at, &v32, size), ACRN_DONE);
	return v32;
}

START_TEST(test_routes)
{
	struct rig_client c[2];
	struct acrn_vcpu *v;
	unsigned int i, was[2];
	struct rig r;
	u64 val;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){
			     .polling = _i & 1, .seeded = _i & 2, .contiguous = true });
	vm = rig_vm(&r);
	rig_client(&r, &c[0], vm);
	rig_client(&r, &c[1], vm);
	add_routes(c);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	for (i = 0; i < OS_ARRAY_SIZE(routes); i++) {
		was[0] = os_load(&c[0].served);
		was[1] = os_load(&c[1].served);
		val = do_access(v, routes[i].port, routes[i].at, routes[i].size);
		ck_assert_msg(os_load(&c[0].served) == was[0] + (routes[i].who == 0), "%u", i);
		ck_assert_msg(os_load(&c[1].served) == was[1] + (routes[i].who == 1), "%u", i);
		if (routes[i].who == 2)
			continue;
		ck_assert_uint_eq(val, rig_answer(&c[routes[i].who].last));
		ck_assert_uint_eq(c[routes[i].who].last.reqs.mmio_request.address, routes[i].at);
		ck_assert_uint_eq(c[routes[i].who].last.reqs.mmio_request.size, routes[i].size);
		ck_assert_int_eq(c[routes[i].who].last.client, c[routes[i].who].id);
	}
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* The newest of equal ranges goes first, and each add needs a delete of its own. */
START_TEST(test_duplicates)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	acrn_ioreq_add_iorange(c.id, REQ_PORTIO, 0x10, 0x10);
	acrn_ioreq_add_iorange(c.id, REQ_PORTIO, 0x10, 0x10);
	acrn_ioreq_del_iorange(c.id, REQ_PORTIO, 0x10, 0x10);
	do_access(v, true, 0x10, 1);
	ck_assert_uint_eq(os_load(&c.served), 1);
	/* Not equal: nothing is taken away. */
	acrn_ioreq_del_iorange(c.id, REQ_PORTIO, 0x10, 0x11);
	acrn_ioreq_del_iorange(c.id, REQ_MMIO, 0x10, 0x10);
	do_access(v, true, 0x10, 1);
	ck_assert_uint_eq(os_load(&c.served), 2);
	acrn_ioreq_del_iorange(c.id, REQ_PORTIO, 0x10, 0x10);
	ck_assert_uint_eq(do_access(v, true, 0x10, 1), 0xff);
	ck_assert_uint_eq(os_load(&c.served), 2);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* A store to a protected page, with the value, and memory untouched; then it is RAM again. */
START_TEST(test_write_protected)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	u64 val = 0x1122334455667788, is = 0;
	struct rig r;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_int_eq(acrn_ioreq_add_iorange(c.id, REQ_WP, 0x3000, 0x3fff), 0);
	ck_assert_int_eq(write_protect_page(rig_id(&r, vm), 0x3000, 1), 0);
	ck_assert_int_eq(acrn_vcpu_store(v, 0x3ff8, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(os_load(&c.served), 1);
	ck_assert_uint_eq(c.last.type, REQ_WP);
	ck_assert_uint_eq(c.last.reqs.mmio_request.value, val);
	ck_assert_uint_eq(c.last.reqs.mmio_request.direction, REQUEST_WRITE);
	ck_assert_int_eq(acrn_vcpu_load(v, 0x3ff8, &is, 8), ACRN_DONE);
	ck_assert_uint_eq(is, 0);
	ck_assert_int_eq(write_protect_page(rig_id(&r, vm), 0x3000, 0), 0);
	ck_assert_int_eq(acrn_vcpu_store(v, 0x3ff8, &val, 8), ACRN_DONE);
	ck_assert_int_eq(acrn_vcpu_load(v, 0x3ff8, &is, 8), ACRN_DONE);
	ck_assert_uint_eq(is, val);
	ck_assert_uint_eq(os_load(&c.served), 1);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* --- the configuration ports --- */

static u32 latch(struct acrn_vcpu *v, u32 address)
{
	u32 back = 0;

	ck_assert_int_eq(acrn_vcpu_out(v, 0xcf8, address, 4), ACRN_DONE);
	ck_assert_int_eq(acrn_vcpu_in(v, 0xcf8, &back, 4), ACRN_DONE);
	return back;
}

/* What is in the latch, the data port, and the register that a client with 0:2.0 sees; -1: none. */
static const struct {
	u32 address;
	u16 port;
	unsigned int size;
	int reg;
} registers[] = {
	{ CFG_ENABLE | 2 << 11 | 0x10, 0xcfc, 4, 0x10 },
	{ CFG_ENABLE | 2 << 11 | 0x10, 0xcfe, 2, 0x12 },
	{ CFG_ENABLE | 2 << 11 | 0xfc, 0xcff, 1, 0xff },
	{ 2 << 11 | 0x10, 0xcfc, 4, -1 }, /* not enabled */
	{ CFG_ENABLE | 2 << 11 | 1 << 8, 0xcfc, 4, -1 }, /* another function */
	{ CFG_ENABLE | 3 << 11, 0xcfc, 4, -1 },
	{ CFG_ENABLE | 1 << 16 | 2 << 11, 0xcfc, 4, -1 },
	{ CFG_ENABLE | 1 << 24 | 2 << 11 | 0x10, 0xcfc, 4, 0x110 },
	/* The whole low byte counts: an unaligned register, and one behind the end. */
	{ CFG_ENABLE | 2 << 11 | 0x13, 0xcfc, 1, 0x13 },
	{ CFG_ENABLE | 2 << 11 | 0xff, 0xcff, 1, 0x102 },
};

START_TEST(test_registers)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	unsigned int i;
	struct rig r;
	u32 val;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .polling = _i });
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	acrn_ioreq_intercept_bdf(c.id, 7, 1, 1);
	acrn_ioreq_intercept_bdf(c.id, 0, 2, 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	for (i = 0; i < OS_ARRAY_SIZE(registers); i++) {
		c.served = 0;
		ck_assert_uint_eq(latch(v, registers[i].address), registers[i].address);
		val = 0;
		ck_assert_int_eq(acrn_vcpu_in(v, registers[i].port, &val, registers[i].size),
				 ACRN_DONE);
		ck_assert_msg(os_load(&c.served) == (registers[i].reg >= 0), "%u", i);
		if (registers[i].reg < 0) {
			ck_assert_uint_eq(val, ~0U);
			continue;
		}
		ck_assert_uint_eq(c.last.type, REQ_PCICFG);
		ck_assert_int_eq(c.last.reqs.pci_request.reg, registers[i].reg);
		ck_assert_int_eq(c.last.reqs.pci_request.bus, 0);
		ck_assert_int_eq(c.last.reqs.pci_request.dev, 2);
		ck_assert_int_eq(c.last.reqs.pci_request.func, 0);
		ck_assert_int_eq(c.last.reqs.pci_request.size, registers[i].size);
		ck_assert_uint_eq(val, rig_answer(&c.last));
	}
	ck_assert_int_eq(acrn_vcpu_cfg(v, 2 << 3, 4, &(u32){ 6 }, 2, true), ACRN_DONE);
	ck_assert_int_eq(c.last.reqs.pci_request.value, 6);
	ck_assert_uint_eq(c.last.reqs.pci_request.direction, REQUEST_WRITE);
	acrn_ioreq_unintercept_bdf(c.id);
	c.served = 0;
	ck_assert_int_eq(acrn_vcpu_cfg(v, 2 << 3, 4, &val, 2, false), ACRN_DONE);
	ck_assert_uint_eq(os_load(&c.served), 0);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* The address port with a size other than 4 is a port like any other. */
START_TEST(test_address_port)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	struct rig r;
	u32 val = 0;
	u16 vm;

	rig_open_default(&r);
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	acrn_ioreq_add_iorange(c.id, REQ_PORTIO, 0xcf9, 0xcf9);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	ck_assert_uint_eq(latch(v, CFG_ENABLE | 0x1000), CFG_ENABLE | 0x1000);
	ck_assert_int_eq(acrn_vcpu_out(v, 0xcf9, 6, 1), ACRN_DONE);
	ck_assert_uint_eq(os_load(&c.served), 1);
	ck_assert_uint_eq(c.last.reqs.pio_request.value, 6);
	ck_assert_int_eq(acrn_vcpu_in(v, 0xcf8, &val, 2), ACRN_DONE);
	ck_assert_uint_eq(val, 0xffff);
	ck_assert_int_eq(acrn_vcpu_in(v, 0xcf8, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, CFG_ENABLE | 0x1000);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* I21: each VM has a latch of its own. The bug of VHM before PR158 shows that the test sees it. */
START_TEST(test_latch_of_each)
{
	struct acrn_vcpu *a, *b;
	struct rig r;
	u32 val = 0;

	rig_open(&r, &(struct acrn_sim_config){ .bugs = _i ? ACRN_BUG_CF8_SHARED : 0 });
	a = acrn_vcpu_borrow(acrn_hvm_find(r.sim, rig_vm(&r)));
	b = acrn_vcpu_borrow(acrn_hvm_find(r.sim, rig_vm(&r)));
	latch(a, CFG_ENABLE | 0x1000);
	latch(b, CFG_ENABLE | 0x2000);
	ck_assert_int_eq(acrn_vcpu_in(a, 0xcf8, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, CFG_ENABLE | (_i ? 0x2000 : 0x1000));
	acrn_vcpu_return(a);
	acrn_vcpu_return(b);
	if (_i)
		rig_free(&r);
	else
		rig_close(&r);
}
END_TEST

static Suite *ioreq_suite(void)
{
	Suite *s = suite_create("acrn requests");
	TCase *tc = tcase_create("clients");

	tcase_add_test(tc, test_ids);
	tcase_add_loop_test(tc, test_ids_run_out, 0, 2);
	tcase_add_test(tc, test_create_refused);
	suite_add_tcase(s, tc);
	tc = tcase_create("ranges");
	tcase_add_test(tc, test_range_errors);
	tcase_add_loop_test(tc, test_routes, 0, 4);
	tcase_add_test(tc, test_duplicates);
	tcase_add_test(tc, test_write_protected);
	suite_add_tcase(s, tc);
	tc = tcase_create("configuration");
	tcase_add_loop_test(tc, test_registers, 0, 2);
	tcase_add_test(tc, test_address_port);
	tcase_add_loop_test(tc, test_latch_of_each, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { ioreq_suite };

	return mpt_test_main("acrn requests", suites, 1);
}
