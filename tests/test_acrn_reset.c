/* SPDX-License-Identifier: MIT */
/*
 * acrn-sim's VMs reset, suspended and ended with requests in flight, at every moment that a seed
 * finds: nothing is lost, nobody hangs, and slots serve again.
 */
#include "acrn_mix.h"

#define HOLE 0x80000000L

/* --- a VM whose vCPUs go on over resets --- */

struct scene {
	struct rig r;
	u16 vm;
	struct rig_client c;
	unsigned int ops, at_work;
	u64 wrong, gone, next;
	bool stop;
};

static bool runs_or_off(void *arg)
{
	struct scene *s = arg;
	struct acrn_hvm *vm = acrn_hvm_find(s->r.sim, s->vm);

	return os_load(&s->stop) || !vm || acrn_hvm_state(vm) == ACRN_RUNNING;
}

/* Served by the client or by the device model, or the VM has stopped. */
static void one(struct scene *s, struct acrn_vcpu *v, u64 at, unsigned int i)
{
	bool own = i % 3;
	u64 gpa = own ? (u64)HOLE + at : (u64)HOLE + 0x10000, val = 0;
	enum acrn_end end = acrn_vcpu_load(v, gpa, &val, 8);

	if (end == ACRN_GONE) {
		os_fetch_add(&s->gone, 1);
		acrn_door_wait(s->r.sim, NULL, runs_or_off, s, 10000);
	} else if (end != ACRN_DONE || (val != (own ? mix_expected(gpa, 8) : ~0ULL) && !s->stop)) {
		os_fetch_add(&s->wrong, 1);
	}
}

static void work(void *arg)
{
	struct scene *s = arg;
	struct acrn_hvm *hvm = acrn_hvm_get(s->r.sim, s->vm);
	u64 at = os_fetch_add(&s->next, 1) * 8;
	struct acrn_vcpu *v;
	unsigned int i;

	/* The VM may have ended before this thread began. */
	if (!hvm)
		return;
	v = acrn_vcpu_borrow(hvm);
	for (i = 0; i < s->ops && !os_load(&s->stop); i++)
		one(s, v, at, i);
	acrn_vcpu_return(v);
	acrn_hvm_put(hvm);
}

static void linger(struct rig_client *c, const struct vhm_request *req)
{
	struct scene *s = c->arg;
	unsigned int i;

	(void)req;
	for (i = 0; i < s->at_work; i++)
		acrn_point(s->r.sim, "handler at work");
}

static void begin(struct scene *s, const struct acrn_sim_config *c, struct acrn_thread *t,
		  unsigned int n)
{
	unsigned int i;

	rig_open(&s->r, c);
	s->vm = rig_vm_ram(&s->r, 0x10000);
	rig_client(&s->r, &s->c, s->vm);
	s->c.inside = linger;
	s->c.arg = s;
	acrn_ioreq_add_iorange(s->c.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(acrn_thread_start(s->r.sim, &t[i], "vcpu", work, s), 0);
}

static void end(struct scene *s, struct acrn_thread *t, unsigned int n)
{
	struct acrn_vcpu *v;
	unsigned int i;
	u64 val;

	for (i = 0; i < n; i++)
		acrn_thread_join(&t[i]);
	ck_assert_uint_eq(s->wrong, 0);
	/* Every slot serves again. */
	v = acrn_vcpu_borrow(acrn_hvm_find(s->r.sim, s->vm));
	ck_assert_int_eq(acrn_vcpu_load(v, HOLE, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, mix_expected(HOLE, 8));
	ck_assert_int_eq(acrn_vcpu_load(v, HOLE + 0x1000, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(val, ~0ULL);
	acrn_vcpu_return(v);
	acrn_ioreq_destroy_client(s->c.id);
	rig_close(&s->r);
}

/* --- resets --- */

static void resets(const struct acrn_sim_config *c, unsigned int ops, unsigned int n)
{
	struct scene s = { .ops = ops, .at_work = 3 };
	struct acrn_thread t[2] = { 0 };
	unsigned int i, k;

	begin(&s, c, t, 2);
	for (i = 0; i < n; i++) {
		for (k = acrn_random(s.r.sim) % 40; k; k--)
			acrn_point(s.r.sim, "before the reset");
		ck_assert_int_eq(acrn_sim_vm_reset(s.r.sim, s.vm), 0);
	}
	end(&s, t, 2);
}

START_TEST(test_reset)
{
	resets(&(struct acrn_sim_config){ .vcpus = 2, .polling = _i }, 2000, 30);
}
END_TEST

START_TEST(test_reset_seeded)
{
	resets(&(struct acrn_sim_config){
		       .vcpus = 2, .seeded = true, .seed = (u64)_i, .polling = _i & 1 },
	       12, 3);
}
END_TEST

/* Suspend is PAUSE, clear, RESET, START without the clients' end; also the old hypervisors'. */
START_TEST(test_reset_generations)
{
	const struct acrn_profile *p = acrn_profile_each((unsigned int)_i % 5);

	if (p->hsm)
		return;
	resets(&(struct acrn_sim_config){
		       .profile = p, .vcpus = 2, .seeded = true, .seed = (u64)_i },
	       12, 3);
}
END_TEST

/*
 * The handler is in a request for longer than a reset waits (100 ms, of a seeded machine's
 * time). What it then would complete is not its own any more, and it can see that.
 */
struct stuck {
	struct rig_client c;
	struct acrn_door door;
	bool go;
};

static bool may_go(void *arg)
{
	return os_load(&((struct stuck *)arg)->go);
}

static int stuck_handler(int id, unsigned long *map, void *priv)
{
	struct stuck *s = priv;

	if (!os_load(&s->go)) {
		os_store(&s->c.served, 1);
		acrn_door_wait(s->c.r->sim, &s->door, may_go, s, 0);
	}
	return rig_handler(id, map, &s->c);
}

static bool is_inside(void *arg)
{
	return os_load(&((struct stuck *)arg)->c.served);
}

START_TEST(test_reset_stuck)
{
	struct rig_access a = { .at = HOLE, .size = 8 };
	struct stuck s = { 0 };
	struct rig r;
	u16 vm;

	rig_open(&r, &(struct acrn_sim_config){ .seeded = true, .polling = _i });
	acrn_door_init(&s.door, "the test's word");
	vm = rig_vm_ram(&r, 0);
	s.c.r = &r;
	s.c.id = acrn_ioreq_create_client(rig_id(&r, vm), stuck_handler, &s, (char[]){ "stuck" });
	acrn_ioreq_attach_client(s.c.id);
	acrn_ioreq_add_iorange(s.c.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	rig_access_start(&r, &a, vm);
	ck_assert(acrn_door_wait(r.sim, NULL, is_inside, &s, 10000));
	ck_assert_int_eq(acrn_sim_vm_reset(r.sim, vm), 0);
	ck_assert_int_eq(rig_access_join(&a), ACRN_GONE);
	ck_assert(!rig_owns(&s.c, 0));
	os_store(&s.go, true);
	acrn_door_ring(r.sim, &s.door);
	/* The slot and the client serve the next one. */
	a = (struct rig_access){ .at = HOLE + 8, .size = 8 };
	rig_access_start(&r, &a, vm);
	ck_assert_int_eq(rig_access_join(&a), ACRN_DONE);
	ck_assert_uint_eq(a.val, mix_expected(HOLE + 8, 8));
	acrn_ioreq_destroy_client(s.c.id);
	rig_close(&r);
}
END_TEST

/* --- ends --- */

/* The VM ends under its vCPUs and its client's handler; who holds a reference may still call. */
static void vm_ends(const struct acrn_sim_config *c)
{
	struct scene s = { .ops = 1000000, .at_work = 2 };
	struct acrn_thread t[2] = { 0 };
	struct vhm_vm *ref;
	unsigned int i, k;
	unsigned long id;

	begin(&s, c, t, 2);
	id = rig_id(&s.r, s.vm);
	ref = find_get_vm(id);
	for (k = acrn_random(s.r.sim) % 60; k; k--)
		acrn_point(s.r.sim, "before the end");
	os_store(&s.stop, true);
	rig_vm_end(&s.r, s.vm);
	for (i = 0; i < 2; i++)
		acrn_thread_join(&t[i]);
	ck_assert_uint_eq(s.wrong, 0);
	ck_assert_ptr_null(find_get_vm(id));
	ck_assert_ptr_null(map_guest_phys(id, 0, 1));
	ck_assert_int_eq(acrn_ioreq_create_client(id, NULL, NULL, NULL), -EINVAL);
	acrn_ioreq_destroy_client(s.c.id);
	put_vm(ref);
	rig_close(&s.r);
}

START_TEST(test_vm_ends)
{
	vm_ends(&(struct acrn_sim_config){ .vcpus = 2, .polling = _i & 1 });
}
END_TEST

START_TEST(test_vm_ends_seeded)
{
	vm_ends(&(struct acrn_sim_config){
		.vcpus = 2, .seeded = true, .seed = (u64)_i, .polling = _i & 1 });
}
END_TEST

/* Calls of VHM's services in other threads while the VM ends: each has an answer. */
static void caller(void *arg)
{
	struct scene *s = arg;
	unsigned long id = rig_id(&s->r, s->vm), old;
	unsigned int i;
	int client;
	u8 *mem;

	for (i = 0; i < s->ops && !os_load(&s->stop); i++) {
		old = mpt_rcu_enter();
		mem = map_guest_phys(id, 0x1000, 8);
		if (mem)
			os_store_relaxed((u64 *)(void *)mem, i);
		mpt_rcu_leave(old);
		client = acrn_ioreq_create_client(id, rig_handler, NULL, (char[]){ "short" });
		acrn_ioreq_add_iorange(client, REQ_PORTIO, 0x10, 0x20);
		acrn_ioreq_attach_client(client);
		acrn_ioreq_del_iorange(client, REQ_PORTIO, 0x10, 0x20);
		acrn_ioreq_destroy_client(client);
		acrn_point(s->r.sim, "caller");
	}
}

static void called(const struct acrn_sim_config *c, unsigned int ops)
{
	struct scene s = { .ops = ops };
	struct acrn_thread t[2] = { 0 };
	unsigned int i, k;

	rig_open(&s.r, c);
	s.vm = rig_vm_ram(&s.r, 0x10000);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(acrn_thread_start(s.r.sim, &t[i], "caller", caller, &s), 0);
	for (k = acrn_random(s.r.sim) % 60; k; k--)
		acrn_point(s.r.sim, "before the end");
	rig_vm_end(&s.r, s.vm);
	os_store(&s.stop, true);
	for (i = 0; i < 2; i++)
		acrn_thread_join(&t[i]);
	rig_close(&s.r);
}

START_TEST(test_called)
{
	called(&(struct acrn_sim_config){ .contiguous = true }, 100000);
}
END_TEST

START_TEST(test_called_seeded)
{
	called(&(struct acrn_sim_config){ .seeded = true, .seed = (u64)_i }, 4);
}
END_TEST

/* A client that drained is destroyed while others' requests go on; again and again. */
static void clients_come_and_go(void *arg)
{
	struct scene *s = arg;
	unsigned int i, k;

	for (i = 0; i < s->ops / 4; i++) {
		struct rig_client c;

		rig_client(&s->r, &c, s->vm);
		acrn_ioreq_add_iorange(c.id, REQ_MMIO, HOLE, HOLE + 0xff);
		/* Long enough for a request or two, which the destroy then meets anywhere. */
		for (k = acrn_random(s->r.sim) % 80; k; k--)
			acrn_point(s->r.sim, "newer client");
		acrn_ioreq_del_iorange(c.id, REQ_MMIO, HOLE, HOLE + 0xff);
		acrn_ioreq_destroy_client(c.id);
	}
}

static void clients(const struct acrn_sim_config *c, unsigned int ops)
{
	struct scene s = { .ops = ops, .at_work = 1 };
	struct acrn_thread t[3] = { 0 };

	begin(&s, c, t, 2);
	ck_assert_int_eq(acrn_thread_start(s.r.sim, &t[2], "clients", clients_come_and_go, &s), 0);
	end(&s, t, 3);
}

START_TEST(test_clients)
{
	clients(&(struct acrn_sim_config){ .vcpus = 2, .polling = _i }, 400);
}
END_TEST

START_TEST(test_clients_seeded)
{
	clients(&(struct acrn_sim_config){
			.vcpus = 2, .seeded = true, .seed = (u64)_i, .polling = _i & 1 },
		20);
}
END_TEST

static Suite *reset_suite(void)
{
	Suite *s = suite_create("acrn resets and ends");
	TCase *tc = tcase_create("reset");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_reset, 0, 2);
	tcase_add_loop_test(tc, test_reset_seeded, 0, 60);
	tcase_add_loop_test(tc, test_reset_generations, 0, 40);
	tcase_add_loop_test(tc, test_reset_stuck, 0, 2);
	suite_add_tcase(s, tc);
	tc = tcase_create("end");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_vm_ends, 0, 4);
	tcase_add_loop_test(tc, test_vm_ends_seeded, 0, 60);
	tcase_add_test(tc, test_called);
	tcase_add_loop_test(tc, test_called_seeded, 0, 40);
	tcase_add_loop_test(tc, test_clients, 0, 2);
	tcase_add_loop_test(tc, test_clients_seeded, 0, 60);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { reset_suite };

	return mpt_test_main("acrn resets and ends", suites, 1);
}
