/* SPDX-License-Identifier: MIT */
/*
 * acrn-sim under load: a mixed storm, an aperture mapped and unmapped, pages tracked while they are
 * written, VMs that come and go beside others. Free with threads, and seeded over many orders.
 */
#include "acrn_mix.h"

#define APERTURE 0xa0000000UL
#define APERTURE_SIZE (16 * MPT_PAGE_SIZE)
#define DEVICE 0x40000000UL

/* More of everything in a soak. */
static unsigned int scaled(unsigned int n)
{
	const char *soak = getenv("MPT_ACRN_SOAK");

	return soak ? n * (unsigned int)strtoul(soak, NULL, 10) : n;
}

/* --- storms --- */

/* [_i]: event or polling; VMs of 16 vCPUs, another profile each time; two that spin. */
START_TEST(test_storm)
{
	static const char *const profiles[] = { "strict", "strict", "2020", "2019",
						"strict" };
	struct acrn_sim_config c = {
		.profile = acrn_profile_find(profiles[_i]),
		.polling = _i & 1,
		.spin = _i == 4,
		.vcpus = _i == 4 ? 2 : 16,
		.contiguous = true,
	};
	unsigned long done, wrong;
	struct mix m = { 0 };

	/* The older VHMs' fault with a client that looks at slots is known (test_acrn_bugs.c). */
	m.vm[0].no_own = m.vm[1].no_own = m.vm[2].no_own = _i == 2 || _i == 3;
	done = mix_run(&m, &c, 3, scaled(_i ? 60 : 150), &wrong);
	ck_assert_uint_ge(done, 3UL * c.vcpus * (_i ? 60 : 150));
	ck_assert_msg(!wrong, "%lu of %lu accesses", wrong, done);
	rig_close(&m.r);
}
END_TEST

/* Seeded: [_i] is the seed. */
START_TEST(test_storm_seeded)
{
	struct acrn_sim_config c = {
		.seeded = true,
		.seed = 1000 + (u64)_i,
		.polling = _i & 1,
		.vcpus = 1 + (unsigned int)_i % 4,
		.huge_records = _i & 2,
		.contiguous = _i & 4,
		.cross_at_begin = _i & 8,
	};
	struct mix m = { 0 };
	unsigned long wrong;

	mix_run(&m, &c, 1 + (unsigned int)_i % 3, 8, &wrong);
	ck_assert_uint_eq(wrong, 0);
	rig_close(&m.r);
}
END_TEST

/* --- an aperture --- */

struct aperture {
	struct rig r;
	u16 vm;
	struct rig_client c;
	unsigned int rounds;
	bool stop;
	u64 touched, wrong;
};

/* The device answers with the address; the client, when it is not mapped, with what a rig does. */
static void device(void *arg, u64 hpa, void *buf, unsigned int len, bool write)
{
	(void)arg;
	if (!write)
		memcpy(buf, &hpa, len);
}

static void touch(void *arg)
{
	struct aperture *a = arg;
	struct acrn_vcpu *v = acrn_vcpu_borrow(acrn_hvm_find(a->r.sim, a->vm));
	struct vhm_request req = { .type = REQ_MMIO };
	u64 at = 0, val;

	req.reqs.mmio_request.size = 8;
	while (!os_load(&a->stop)) {
		at = (at + 0x1238) % APERTURE_SIZE & ~7ULL;
		req.reqs.mmio_request.address = APERTURE + at;
		if (acrn_vcpu_load(v, APERTURE + at, &val, 8) != ACRN_DONE ||
		    (val != DEVICE + at && val != rig_answer(&req)))
			os_fetch_add(&a->wrong, 1);
		os_fetch_add(&a->touched, 1);
	}
	acrn_vcpu_return(v);
}

/* Baseline returns: what the guest sees after n rounds is what it saw before. */
static void cycle(struct aperture *a)
{
	struct acrn_hvm *hvm = acrn_hvm_find(a->r.sim, a->vm);
	unsigned long id = rig_id(&a->r, a->vm), to = a->r.p->svc->acrn_hpa2gpa(a->r.p, DEVICE);
	u64 hash = acrn_ept_hash(hvm), pages = acrn_ept_pages(hvm);
	unsigned int i;

	for (i = 0; i < a->rounds; i++) {
		ck_assert_int_eq(add_memory_region(id, APERTURE, to, APERTURE_SIZE, MEM_TYPE_UC,
						   MEM_ACCESS_RWX),
				 0);
		ck_assert_uint_eq(acrn_ept_pages(hvm), pages + APERTURE_SIZE / MPT_PAGE_SIZE);
		acrn_point(a->r.sim, "mapped");
		ck_assert_int_eq(del_memory_region(id, APERTURE, APERTURE_SIZE), 0);
		ck_assert_uint_eq(acrn_ept_hash(hvm), hash);
	}
}

static const struct acrn_sim_hooks device_hooks = { .device = device };

static void aperture(const struct acrn_sim_config *c, unsigned int rounds)
{
	struct aperture a = { .rounds = rounds };
	struct acrn_thread t[2] = { 0 };
	unsigned int i;

	rig_open(&a.r, c);
	a.vm = rig_vm(&a.r);
	acrn_hvm_hooks(acrn_hvm_find(a.r.sim, a.vm), &device_hooks, &a);
	rig_client(&a.r, &a.c, a.vm);
	acrn_ioreq_add_iorange(a.c.id, REQ_MMIO, APERTURE, APERTURE + APERTURE_SIZE - 1);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(acrn_thread_start(a.r.sim, &t[i], "touch", touch, &a), 0);
	cycle(&a);
	os_store(&a.stop, true);
	for (i = 0; i < 2; i++)
		acrn_thread_join(&t[i]);
	ck_assert_uint_eq(a.wrong, 0);
	acrn_ioreq_destroy_client(a.c.id);
	rig_close(&a.r);
}

START_TEST(test_aperture)
{
	aperture(&(struct acrn_sim_config){ .vcpus = 2, .contiguous = true }, scaled(200));
}
END_TEST

START_TEST(test_aperture_seeded)
{
	aperture(&(struct acrn_sim_config){ .vcpus = 2, .seeded = true, .seed = (u64)_i }, 5);
}
END_TEST

/* --- tracked pages --- */

/* One page is tracked on and off while its vCPUs write it: what each wrote last is in RAM. */
struct track {
	struct rig r;
	u16 vm;
	struct rig_client c;
	struct mix_vm self; /* for mix_store() */
	unsigned int ops;
	u64 wrong, next;
};

static void write_words(void *arg)
{
	struct track *t = arg;
	struct acrn_vcpu *v = acrn_vcpu_borrow(acrn_hvm_find(t->r.sim, t->vm));
	u64 at = 0x5000 + os_fetch_add(&t->next, 1) * 8, val, is;
	unsigned int i;

	for (i = 0; i < t->ops; i++) {
		val = at << 32 | i;
		if (acrn_vcpu_store(v, at, &val, 8) != ACRN_DONE ||
		    acrn_vcpu_load(v, at, &is, 8) != ACRN_DONE || is != val)
			os_fetch_add(&t->wrong, 1);
	}
	acrn_vcpu_return(v);
}

static void tracking(const struct acrn_sim_config *c, unsigned int rounds)
{
	struct track t = { .ops = rounds * 2 };
	struct acrn_thread th[2] = { 0 };
	struct acrn_hvm *hvm;
	unsigned int i;
	u64 hash;

	rig_open(&t.r, c);
	t.vm = rig_vm(&t.r);
	t.self = (struct mix_vm){ .r = &t.r, .id = t.vm };
	rig_client(&t.r, &t.c, t.vm);
	t.c.inside = mix_store;
	t.c.arg = &t.self;
	hvm = acrn_hvm_find(t.r.sim, t.vm);
	hash = acrn_ept_hash(hvm);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(acrn_thread_start(t.r.sim, &th[i], "write", write_words, &t), 0);
	/* The range stays: what comes late, for a page that is not tracked any more, is served. */
	acrn_ioreq_add_iorange(t.c.id, REQ_WP, 0x5000, 0x5fff);
	for (i = 0; i < rounds; i++) {
		ck_assert_int_eq(write_protect_page(rig_id(&t.r, t.vm), 0x5000, 1), 0);
		acrn_point(t.r.sim, "tracked");
		ck_assert_int_eq(write_protect_page(rig_id(&t.r, t.vm), 0x5000, 0), 0);
	}
	for (i = 0; i < 2; i++)
		acrn_thread_join(&th[i]);
	ck_assert_uint_eq(t.wrong, 0);
	ck_assert_uint_eq(acrn_ept_hash(hvm), hash);
	acrn_ioreq_destroy_client(t.c.id);
	rig_close(&t.r);
}

START_TEST(test_track)
{
	tracking(&(struct acrn_sim_config){ .vcpus = 2, .contiguous = true }, scaled(300));
}
END_TEST

START_TEST(test_track_seeded)
{
	tracking(&(struct acrn_sim_config){ .vcpus = 2, .seeded = true, .seed = (u64)_i }, 4);
}
END_TEST

/* A store across two tracked pages is one request, with all of its value. */
START_TEST(test_track_crossing)
{
	struct acrn_vcpu *v;
	struct rig_client c;
	u64 val = 0x1122334455667788;
	struct rig r;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .cross_at_begin = _i, .contiguous = true });
	vm = rig_vm(&r);
	rig_client(&r, &c, vm);
	acrn_ioreq_add_iorange(c.id, REQ_WP, 0x5000, 0x6fff);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	write_protect_page(rig_id(&r, vm), 0x5000, 1);
	write_protect_page(rig_id(&r, vm), 0x6000, 1);
	ck_assert_int_eq(acrn_vcpu_store(v, 0x5ffc, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(c.last.reqs.mmio_request.address, 0x5ffc);
	ck_assert_uint_eq(c.last.reqs.mmio_request.value, val);
	/* Only the second page is protected: where the processor says, or at the begin. */
	write_protect_page(rig_id(&r, vm), 0x5000, 0);
	ck_assert_int_eq(acrn_vcpu_store(v, 0x5ffc, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(c.last.reqs.mmio_request.address, _i ? 0x5ffc : 0x6000);
	ck_assert_uint_eq(c.last.reqs.mmio_request.size, 8);
	ck_assert_uint_eq(os_load(&c.served), 2);
	acrn_vcpu_return(v);
	rig_close(&r);
}
END_TEST

/* --- VMs beside others --- */

struct come_and_go {
	struct rig *r;
	unsigned int rounds;
	unsigned int failed;
};

static void come_and_go(void *arg)
{
	struct come_and_go *g = arg;
	struct acrn_vcpu *v;
	unsigned int i;
	u32 val;
	u16 id;

	for (i = 0; i < g->rounds; i++) {
		id = 0;
		if (acrn_sim_dm_ops.vm_new(g->r->sim, &id)) {
			g->failed++;
			continue;
		}
		v = acrn_vcpu_borrow(acrn_hvm_find(g->r->sim, id));
		if (acrn_vcpu_load(v, MIX_A, &val, 4) != ACRN_DONE || val != ~0U)
			g->failed++;
		acrn_vcpu_return(v);
		acrn_sim_dm_ops.vm_end(g->r->sim, id);
	}
}

static void neighbours(const struct acrn_sim_config *c, unsigned int ops, unsigned int rounds)
{
	struct acrn_thread t = { 0 };
	struct come_and_go g = { .rounds = rounds };
	struct mix m = { .beside = come_and_go, .beside_arg = &g, .beside_thread = &t };
	unsigned long wrong;

	g.r = &m.r;
	mix_run(&m, c, 2, ops, &wrong);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(g.failed, 0);
	rig_close(&m.r);
}

START_TEST(test_neighbours)
{
	neighbours(&(struct acrn_sim_config){ .vcpus = 4, .polling = _i }, scaled(150), scaled(20));
}
END_TEST

START_TEST(test_neighbours_seeded)
{
	neighbours(&(struct acrn_sim_config){ .vcpus = 2, .seeded = true, .seed = (u64)_i }, 5, 2);
}
END_TEST

static Suite *scenes_suite(void)
{
	Suite *s = suite_create("acrn scenes");
	TCase *tc = tcase_create("storm");

	tcase_set_timeout(tc, getenv("MPT_ACRN_SOAK") ? 3600 : 60);
	tcase_add_loop_test(tc, test_storm, 0, 5);
	tcase_add_loop_test(tc, test_storm_seeded, 0, 60);
	tcase_add_test(tc, test_aperture);
	tcase_add_loop_test(tc, test_aperture_seeded, 0, 20);
	tcase_add_test(tc, test_track);
	tcase_add_loop_test(tc, test_track_seeded, 0, 30);
	tcase_add_loop_test(tc, test_track_crossing, 0, 2);
	tcase_add_loop_test(tc, test_neighbours, 0, 2);
	tcase_add_loop_test(tc, test_neighbours_seeded, 0, 20);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { scenes_suite };

	return mpt_test_main("acrn scenes", suites, 1);
}
