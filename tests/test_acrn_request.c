/* SPDX-License-Identifier: MIT */
/*
 * Requests of the simulated hypervisor under stress and under faults: what each broken rule is
 * counted as, pauses and ends with requests in flight, many threads on few vCPUs.
 */
#include "acrn_hv_rig.h"

#define MMIO 0xd0000000ULL

/* --- faults of the service side --- */

static const struct {
	const char *name;
	enum rig_fault fault;
	unsigned int bugs, invariant, other; /* the other may be broken too; 0: none */
	bool polling;
} faults[] = {
	{ "notify early", RIG_NOTIFY_EARLY, 0, 5, 6, false },
	{ "notify twice", RIG_NOTIFY_TWICE, 0, 5, 6, false },
	{ "poll late", RIG_POLL_LATE, 0, 7, 0, false },
	{ "poll late, polling", RIG_POLL_LATE, 0, 7, 0, true },
	{ "poll never", RIG_POLL_NEVER, 0, 7, 0, false },
	{ "complete twice", RIG_COMPLETE_TWICE, 0, 1, 0, false },
	{ "scribbles", RIG_SCRIBBLES, 0, 2, 0, false },
	{ "changes the address", RIG_CHANGES_ADDRESS, 0, 2, 0, true },
	{ "content late", RIG_GOOD, ACRN_BUG_CONTENT_LATE, 2, 0, false },
	{ "never notifies", RIG_NOTIFY_NEVER, 0, 12, 0, false },
	{ "never serves", RIG_SILENT, 0, 12, 0, false },
	{ "holds", RIG_HOLDS, 0, 12, 0, true },
};

/* A #GP, I11, is what a broken notify ends in. */
static void check_broken(unsigned int row)
{
	unsigned int i;

	ck_assert_msg(acrn_broken_count(rig.sim, faults[row].invariant) > 0, "%s: not noticed",
		      faults[row].name);
	for (i = 0; i < ACRN_INVARIANTS; i++)
		if (i != faults[row].invariant && i != faults[row].other && i != 11 && i != 1)
			ck_assert_msg(!acrn_broken_count(rig.sim, i), "%s: I%u", faults[row].name,
				      i);
}

START_TEST(each_fault_breaks_its_rule)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_vcpu *v;
	u32 val;
	int i;

	config.polling = faults[_i].polling;
	config.bugs = faults[_i].bugs;
	config.seeded = true;
	config.seed = 11;
	rig_begin(&config);
	os_store(&rig.fault, faults[_i].fault);
	v = acrn_vcpu(rig.vm, 0);
	for (i = 0; i < 5; i++)
		acrn_vcpu_load(v, MMIO, &val, 4);
	os_store(&rig.fault, RIG_GOOD);
	check_broken((unsigned int)_i);
	rig_end();
}
END_TEST

/* The same without a seed: no deadlock is seen, but patience ends. */
START_TEST(patience_ends)
{
	struct acrn_sim_config config = rig_config("strict");
	u32 val;

	config.patience_ms = 20;
	config.polling = _i;
	rig_begin(&config);
	os_store(&rig.fault, RIG_SILENT);
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4), ACRN_GONE);
	rig_only_broken(12);
	rig_end();
}
END_TEST

/* A flag that stays: the next request is resumed with what the slot held, then comes #GP. */
START_TEST(a_sticky_notify_breaks_the_next)
{
	struct acrn_sim_config config = rig_config("2020");
	struct acrn_vcpu *v;
	u32 val = 0;

	config.seeded = true;
	rig_begin(&config);
	v = acrn_vcpu(rig.vm, 0);
	ck_assert_int_eq(acrn_hc_notify(rig.sim, rig.id, 0), 0);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 5), 1);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 6), 0);
	ck_assert_int_eq(acrn_hc_notify(rig.sim, rig.id, 0), 0);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 6), 1);
	os_store(&rig.fault, RIG_SILENT);
	ck_assert_int_eq(acrn_vcpu_load(v, MMIO, &val, 4), ACRN_STALE);
	ck_assert_uint_eq(val, 0);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 6), 2);
	ck_assert_int_eq(acrn_vcpu_load(v, MMIO, &val, 4), ACRN_GP);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 11), 1);
	rig_end();
}
END_TEST

/* Where a notify only wakes who sleeps, one that comes too early is nothing. */
START_TEST(a_notify_that_wakes_nobody)
{
	struct acrn_sim_config config = rig_config("2019");
	u32 val = 0;

	rig_begin(&config);
	ck_assert_int_eq(acrn_hc_notify(rig.sim, rig.id, 0), 0);
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, ~0U);
	rig_only_broken(5);
	rig_end();
}
END_TEST

START_TEST(a_notify_to_who_polls)
{
	struct acrn_sim_config config = rig_config("strict");

	config.polling = true;
	rig_begin(&config);
	ck_assert_int_eq(acrn_hc_notify(rig.sim, rig.id, 0), 0);
	rig_only_broken(5);
	ck_assert_int_eq(acrn_hc_notify(rig.sim, rig.id, 1), -1);
	rig_end();
}
END_TEST

/* --- who may move a slot --- */

START_TEST(moves_that_nobody_may_make)
{
	struct acrn_sim_config config = rig_config("strict");
	unsigned int from, to, who, good = 0, moves = 0, bad = 0;

	rig_begin(&config);
	for (from = 0; from < 5; from++) {
		for (to = 0; to < 5; to++) {
			for (who = ACRN_HV; who <= ACRN_COMPLETER; who++) {
				u64 broken = acrn_broken_count(rig.sim, 1);

				os_store(&rig_page.req_queue[0].processed, from);
				acrn_slot_polling(rig.vm, 0);
				good += acrn_slot_move(rig.vm, 0, from, to, who);
				broken = acrn_broken_count(rig.sim, 1) - broken;
				moves++;
				bad += (unsigned int)broken;
			}
		}
	}
	ck_assert_uint_eq(good, 5);
	ck_assert_uint_eq(bad, moves - good);
	ck_assert(!acrn_slot_move(rig.vm, 16, REQ_STATE_FREE, REQ_STATE_PENDING, ACRN_HV));
	os_store(&rig_page.req_queue[0].processed, REQ_STATE_FREE);
	ck_assert(!acrn_slot_move(rig.vm, 0, REQ_STATE_PENDING, REQ_STATE_PROCESSING,
				  ACRN_DISPATCHER));
	rig_end();
}
END_TEST

/* Of nobody's request there is nothing to read. */
START_TEST(polling_of_a_free_slot)
{
	struct acrn_sim_config config = rig_config("strict");

	rig_begin(&config);
	ck_assert(!acrn_slot_polling(rig.vm, 0));
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 7), 1);
	os_store(&rig_page.req_queue[0].processed, REQ_STATE_COMPLETE);
	acrn_slot_polling(rig.vm, 0);
	rig_only_broken(7);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 7), 2);
	ck_assert(!acrn_slot_polling(rig.vm, 16));
	rig_end();
}
END_TEST

START_TEST(a_free_slot_is_left_alone)
{
	struct acrn_sim_config config = rig_config("strict");
	u32 val;

	rig_begin(&config);
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4), ACRN_DONE);
	rig_page.req_queue[0].reqs.mmio_request.value = 1;
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4), ACRN_DONE);
	rig_only_broken(2);
	rig_end();
}
END_TEST

/* --- pause, reset, end --- */

static struct {
	struct acrn_thread t;
	enum acrn_end end;
	bool out;
} guest;

static void guest_load(void *arg)
{
	u32 val;

	guest.end = acrn_vcpu_load(arg, MMIO, &val, 4);
	acrn_vcpu_return(arg);
	os_store(&guest.out, true);
}

static bool guest_waits(void *arg)
{
	u32 *state = arg;

	return os_load(&rig_page.req_queue[0].processed) == *state &&
	       os_load(&rig.served) == (*state == REQ_STATE_PROCESSING);
}

/* A guest thread that waits in a request whose slot is in @state. */
static void begin_in_flight_of(const char *profile, bool seeded, bool polling, u32 state, u64 seed)
{
	struct acrn_sim_config config = rig_config(profile);

	config.seed = seed;
	config.seeded = seeded;
	config.polling = polling;
	rig_begin(&config);
	os_store(&rig.fault, state == REQ_STATE_PENDING ? RIG_SILENT : RIG_HOLDS);
	guest.out = false;
	ck_assert_int_eq(acrn_thread_start(rig.sim, &guest.t, "guest", guest_load,
					   acrn_vcpu_borrow(rig.vm)), 0);
	ck_assert(acrn_door_wait(rig.sim, NULL, guest_waits, &state, 10000));
}

static void begin_in_flight(bool seeded, bool polling, u32 state)
{
	begin_in_flight_of("strict", seeded, polling, state, 0);
}

static void works_again(void)
{
	u32 val = 0;

	os_store(&rig.fault, RIG_GOOD);
	ck_assert_int_eq(acrn_hc_reset_vm(rig.sim, rig.id), 0);
	ck_assert_uint_eq(rig_page.req_queue[0].processed, REQ_STATE_FREE);
	ck_assert_int_eq(acrn_hc_start_vm(rig.sim, rig.id), 0);
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(val, ~0U);
}

/* @_i: seeded, polling, state of the slot when the pause comes. */
START_TEST(a_pause_ends_what_waits)
{
	u32 state = _i & 4 ? REQ_STATE_PROCESSING : REQ_STATE_PENDING, val;

	begin_in_flight(_i & 1, _i & 2, state);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	acrn_thread_join(&guest.t);
	ck_assert_int_eq(guest.end, ACRN_GONE);
	ck_assert_uint_eq(rig_page.req_queue[0].processed, state);
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), MMIO, &val, 4), ACRN_GONE);
	ck_assert_int_eq(acrn_vcpu_load(acrn_vcpu(rig.vm, 0), RIG_RAM, &val, 4), ACRN_GONE);
	ck_assert_int_eq(acrn_vcpu_in(acrn_vcpu(rig.vm, 0), 1, &val, 4), ACRN_GONE);
	ck_assert(!acrn_vcpu_plain(acrn_vcpu(rig.vm, 0), RIG_RAM, &val, 4, false));
	works_again();
	rig_sound();
	rig_end();
}
END_TEST

/* A completion that comes after the pause frees the slot, and nobody gets its value. */
START_TEST(a_late_completion_frees_the_slot)
{
	begin_in_flight(_i, false, REQ_STATE_PROCESSING);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	acrn_thread_join(&guest.t);
	rig_complete(0);
	ck_assert_uint_eq(rig_page.req_queue[0].processed, REQ_STATE_FREE);
	works_again();
	rig_sound();
	rig_end();
}
END_TEST

/* One that comes after the reset is what a client must never do. */
START_TEST(a_completion_after_the_reset)
{
	begin_in_flight(_i, false, REQ_STATE_PROCESSING);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	acrn_thread_join(&guest.t);
	ck_assert_int_eq(acrn_hc_reset_vm(rig.sim, rig.id), 0);
	rig_complete(0);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 1), 1);
	rig_end();
}
END_TEST

static void completes(void *arg)
{
	(void)arg;
	acrn_point(rig.sim, "completes");
	rig_complete(0);
}

/* A completion that comes at any moment of a pause and an end. */
START_TEST(a_completion_beside_the_end)
{
	const struct acrn_profile *p = acrn_profile_each((unsigned int)_i % 5);
	struct acrn_thread t;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		begin_in_flight_of(p->name, _i / 5, false, REQ_STATE_PROCESSING, i);
		ck_assert_int_eq(acrn_thread_start(rig.sim, &t, "completer", completes, NULL), 0);
		acrn_point(rig.sim, "ends");
		ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
		if (i & 1)
			acrn_thread_join(&t);
		rig_server_stop();
		acrn_hvm_get(rig.sim, rig.id);
		ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, rig.id), 0);
		acrn_thread_join(&t);
		acrn_thread_join(&guest.t);
		ck_assert(guest.end == ACRN_GONE || guest.end == ACRN_DONE);
		acrn_hvm_put(rig.vm);
		ck_assert_uint_eq(acrn_broken_count(rig.sim, 4), 0);
		ck_assert_uint_eq(acrn_broken_count(rig.sim, 5), 0);
		ck_assert_uint_eq(acrn_broken_count(rig.sim, 6), 0);
		rig_end();
	}
}
END_TEST

START_TEST(an_end_ends_what_waits)
{
	begin_in_flight(_i & 1, _i & 2, REQ_STATE_PROCESSING);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	rig_server_stop();
	ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, rig.id), 0);
	acrn_thread_join(&guest.t);
	ck_assert_int_eq(guest.end, ACRN_GONE);
	rig_sound();
	rig_end();
}
END_TEST

/* --- many threads, few vCPUs --- */

#define THREADS 6
#define ROUNDS 200

static u64 by_address(const struct vhm_request *r)
{
	return r->reqs.mmio_request.address * 0x9e3779b97f4a7c15ULL;
}

static void one_access(struct acrn_vcpu *v, u64 n, unsigned int *bad)
{
	u64 gpa = MMIO + n % 4096 * 8, val = 0;
	u32 port = 0;

	switch (n % 4) {
	case 0:
		*bad += acrn_vcpu_load(v, gpa, &val, 8) != ACRN_DONE ||
			val != gpa * 0x9e3779b97f4a7c15ULL;
		break;
	case 1:
		*bad += acrn_vcpu_store(v, gpa, &n, 8) != ACRN_DONE;
		break;
	case 2:
		*bad += acrn_vcpu_in(v, n & 0xffff, &port, 4) != ACRN_DONE ||
			port != (u32)((n & 0xffff) * 0x9e3779b97f4a7c15ULL);
		break;
	default:
		*bad += acrn_vcpu_store(v, RIG_RAM + n % 1024 * 8, &n, 8) != ACRN_DONE;
		break;
	}
}

static void storm(void *arg)
{
	unsigned int *bad = arg, i;
	struct acrn_vcpu *v;

	for (i = 0; i < ROUNDS; i++) {
		v = acrn_vcpu_borrow(rig.vm);
		one_access(v, i * 2654435761ULL + (u64)(uintptr_t)arg, bad);
		acrn_vcpu_return(v);
	}
}

static void run_storm(void)
{
	struct acrn_thread t[THREADS];
	unsigned int bad[THREADS] = { 0 }, i;

	rig.answer = by_address;
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(acrn_thread_start(rig.sim, &t[i], "guest", storm, &bad[i]), 0);
	for (i = 0; i < THREADS; i++) {
		acrn_thread_join(&t[i]);
		ck_assert_uint_eq(bad[i], 0);
	}
}

/* @_i: seeded, polling, by profile. */
START_TEST(a_storm)
{
	struct acrn_sim_config config = { .profile = acrn_profile_each((unsigned int)_i / 4) };
	unsigned int i;

	config.seeded = _i & 1;
	config.polling = _i & 2;
	config.vcpus = 3;
	config.seed = (u64)_i;
	rig_begin(&config);
	run_storm();
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(rig.vm->slot[i].pendings, rig.vm->slot[i].completes);
		ck_assert_uint_eq(rig.vm->slot[i].pendings, rig.vm->slot[i].frees);
		ck_assert_uint_eq(rig.vm->slot[i].due, 0);
	}
	rig_sound();
	rig_end();
}
END_TEST

static void until_gone(void *arg)
{
	unsigned int *count = arg;
	struct acrn_vcpu *v;
	enum acrn_end end;
	u32 val;

	do {
		v = acrn_vcpu_borrow(rig.vm);
		end = acrn_vcpu_load(v, MMIO, &val, 4);
		acrn_vcpu_return(v);
		(*count)++;
	} while (end == ACRN_DONE);
}

static bool some_served(void *arg)
{
	return os_load(&rig.served) > *(unsigned int *)arg;
}

/* Pauses and resets come while many ask; nothing is lost and nobody hangs. */
START_TEST(pauses_in_a_storm)
{
	struct acrn_sim_config config = rig_config("strict");
	unsigned int count[4], round, i, served;
	struct acrn_thread t[4];

	config.vcpus = 2;
	config.seeded = _i & 1;
	config.polling = _i & 2;
	config.seed = (u64)_i;
	rig_begin(&config);
	for (round = 0; round < 20; round++) {
		served = os_load(&rig.served) + 5;
		for (i = 0; i < 4; i++)
			ck_assert_int_eq(acrn_thread_start(rig.sim, &t[i], "guest", until_gone,
							   &count[i]), 0);
		ck_assert(acrn_door_wait(rig.sim, NULL, some_served, &served, 10000));
		ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
		for (i = 0; i < 4; i++)
			acrn_thread_join(&t[i]);
		rig_server_stop();
		ck_assert_int_eq(acrn_hc_reset_vm(rig.sim, rig.id), 0);
		ck_assert_int_eq(acrn_hc_start_vm(rig.sim, rig.id), 0);
		rig_server_start();
	}
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(the_lowest_idle_one)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_vcpu *v[4];
	unsigned int i;

	config.vcpus = 4;
	rig_begin(&config);
	for (i = 0; i < 4; i++) {
		v[i] = acrn_vcpu_borrow(rig.vm);
		ck_assert_uint_eq(acrn_vcpu_number(v[i]), i);
	}
	acrn_vcpu_return(v[2]);
	acrn_vcpu_return(v[1]);
	ck_assert_uint_eq(acrn_vcpu_number(acrn_vcpu_borrow(rig.vm)), 1);
	acrn_vcpu_return(v[0]);
	acrn_vcpu_return(v[1]);
	acrn_vcpu_return(v[3]);
	rig_sound();
	rig_end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn requests");
	TCase *tc = tcase_create("rules");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_fault_breaks_its_rule, 0, OS_ARRAY_SIZE(faults));
	tcase_add_loop_test(tc, patience_ends, 0, 2);
	tcase_add_test(tc, a_sticky_notify_breaks_the_next);
	tcase_add_test(tc, a_notify_that_wakes_nobody);
	tcase_add_test(tc, a_notify_to_who_polls);
	tcase_add_test(tc, moves_that_nobody_may_make);
	tcase_add_test(tc, polling_of_a_free_slot);
	tcase_add_test(tc, a_free_slot_is_left_alone);
	suite_add_tcase(s, tc);
	tc = tcase_create("in flight");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_pause_ends_what_waits, 0, 8);
	tcase_add_loop_test(tc, a_late_completion_frees_the_slot, 0, 2);
	tcase_add_loop_test(tc, a_completion_after_the_reset, 0, 2);
	tcase_add_loop_test(tc, a_completion_beside_the_end, 0, 10);
	tcase_add_loop_test(tc, an_end_ends_what_waits, 0, 4);
	tcase_add_loop_test(tc, a_storm, 0, 20);
	tcase_add_loop_test(tc, pauses_in_a_storm, 0, 4);
	tcase_add_test(tc, the_lowest_idle_one);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn requests", suites, 1);
}
