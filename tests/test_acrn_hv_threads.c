/* SPDX-License-Identifier: MIT */
/* VMs that are made, changed and ended by many threads at once, while others run their vCPUs. */
#include <pthread.h>

#include "acrn_hv_rig.h"

#define NUMBERS 3
#define CALLERS 3
#define GUESTS 2
#define ROUNDS 80

static union vhm_request_buffer pages[NUMBERS] __attribute__((aligned(4096)));
static struct acrn_sim *sim;
static u64 frames;
static bool enough;

struct actor {
	struct acrn_thread t;
	u64 chance;
	unsigned long done;
};

static u64 chance(struct actor *a, u64 n)
{
	a->chance = a->chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return (a->chance >> 33) % n;
}

static void change_map(struct actor *a, u16 id)
{
	struct acrn_region r = {
		.type = chance(a, 2) ? ACRN_MR_ADD : ACRN_MR_DEL,
		.prot = MEM_TYPE_WB | MEM_ACCESS_RWX,
		.gpa = RIG_RAM + chance(a, 16) * PAGE,
		.size = PAGE,
	};

	r.service_gpa = acrn_mem_to_service(sim, frames + chance(a, 16) * PAGE);
	if (chance(a, 2))
		acrn_hc_set_regions(sim, id, &r, 1);
	else
		acrn_hc_write_protect(sim, id, r.gpa, chance(a, 2));
}

static void live(struct actor *a, u16 id)
{
	u16 want = id;

	switch (chance(a, 6)) {
	case 0:
		acrn_hc_create_vm(sim, 1 + (unsigned int)chance(a, 3), chance(a, 2), &want);
		break;
	case 1:
		acrn_hc_set_ioreq_buffer(sim, id, &pages[id - 1]);
		break;
	case 2:
	case 3:
		acrn_hc_start_vm(sim, id);
		break;
	case 4:
		acrn_hc_pause_vm(sim, id);
		break;
	default:
		acrn_hc_reset_vm(sim, id);
		break;
	}
}

static void caller(void *arg)
{
	struct actor *a = arg;
	u64 hpa;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		u16 id = (u16)(1 + chance(a, NUMBERS));

		switch (chance(a, 8)) {
		case 0:
			acrn_hc_gpa2hpa(sim, id, RIG_RAM, &hpa);
			break;
		case 1:
			acrn_hc_inject_msi(sim, id, 0xfee00000, 0x40);
			break;
		case 2:
			if (chance(a, 4))
				break;
			acrn_hc_pause_vm(sim, id);
			acrn_hc_destroy_vm(sim, id);
			break;
		case 3:
		case 4:
			change_map(a, id);
			break;
		default:
			live(a, id);
			break;
		}
		acrn_point(sim, "caller");
	}
}

/* Memory only, and what was a request if somebody served it: nobody does, the pause ends it. */
static void guest(void *arg)
{
	struct actor *a = arg;
	struct acrn_hvm *vm;
	struct acrn_vcpu *v;
	u64 val;
	int i;

	while (!os_load(&enough)) {
		vm = acrn_hvm_get(sim, (u16)(1 + chance(a, NUMBERS)));
		acrn_point(sim, "guest");
		if (!vm) {
			os_yield();
			continue;
		}
		v = acrn_vcpu_borrow(vm);
		for (i = 0; v && i < 20; i++) {
			val = (u64)i;
			a->done += acrn_vcpu_plain(v, RIG_RAM + chance(a, 15) * PAGE + 4090, &val,
						   8, chance(a, 2));
			acrn_vcpu_take_irq(v);
		}
		if (v)
			acrn_vcpu_return(v);
		acrn_hvm_put(vm);
	}
}

static void run_all(struct actor *callers, struct actor *guests, u64 seed)
{
	unsigned int i;

	os_store(&enough, false);
	for (i = 0; i < GUESTS; i++) {
		guests[i] = (struct actor){ .chance = seed + i };
		ck_assert_int_eq(acrn_thread_start(sim, &guests[i].t, "guest", guest, &guests[i]),
				 0);
	}
	for (i = 0; i < CALLERS; i++) {
		callers[i] = (struct actor){ .chance = seed * 31 + i };
		ck_assert_int_eq(acrn_thread_start(sim, &callers[i].t, "caller", caller,
						   &callers[i]), 0);
	}
	for (i = 0; i < CALLERS; i++)
		acrn_thread_join(&callers[i].t);
	os_store(&enough, true);
	for (i = 0; i < GUESTS; i++)
		acrn_thread_join(&guests[i].t);
}

/* @_i: profile, seeded. */
START_TEST(lives_of_vms)
{
	struct acrn_sim_config config = { .profile = acrn_profile_each((unsigned int)_i / 2) };
	struct actor callers[CALLERS], guests[GUESTS];
	unsigned int i;

	config.seeded = _i & 1;
	config.seed = (u64)_i;
	ck_assert_int_eq(acrn_sim_new(&config, &sim), 0);
	frames = acrn_mem_alloc(sim, 16 * PAGE, PAGE);
	run_all(callers, guests, (u64)_i + 1);
	for (i = 0; i < ACRN_INVARIANTS; i++)
		if (i != 22) /* the callers do not know whose VM has ended */
			ck_assert_msg(!acrn_broken_count(sim, i), "%s", acrn_broken_say(sim, 0));
	acrn_sim_free(sim);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

/* --- memory that goes while vCPUs remember it --- */

static void toucher(void *arg)
{
	struct acrn_vcpu *v = arg;
	u64 val = 1;

	while (!os_load(&enough))
		acrn_vcpu_plain(v, GIB + 8, &val, 8, true);
}

static void rememberer(void *arg)
{
	struct acrn_vcpu *v = arg;
	u64 val = 1;

	while (!os_load(&enough))
		acrn_vcpu_store(v, GIB + 16, &val, 8);
}

/* What is freed is inaccessible: whoever touches it later dies. */
START_TEST(freed_memory_is_not_touched)
{
	struct acrn_sim_config config = { .profile = acrn_profile_each((unsigned int)_i) };
	struct acrn_thread t[2];
	u64 hpa;
	int i;

	config.vcpus = 2;
	rig_begin(&config);
	os_store(&enough, false);
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t[0], "guest", toucher,
					   acrn_vcpu(rig.vm, 0)), 0);
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t[1], "guest", rememberer,
					   acrn_vcpu(rig.vm, 1)), 0);
	for (i = 0; i < 60; i++) {
		hpa = acrn_mem_alloc(rig.sim, 2 * PAGE, PAGE);
		ck_assert_int_eq(rig_add(GIB, hpa, 2 * PAGE, MEM_ACCESS_RWX), 0);
		os_yield();
		ck_assert_int_eq(rig_del(GIB, 2 * PAGE), 0);
		acrn_mem_free(rig.sim, hpa, 2 * PAGE);
	}
	os_store(&enough, true);
	acrn_thread_join(&t[0]);
	acrn_thread_join(&t[1]);
	rig_sound();
	rig_end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn hypervisor threads");
	TCase *tc = tcase_create("at once");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, lives_of_vms, 0, 10);
	tcase_add_loop_test(tc, freed_memory_is_not_touched, 0, 5);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn hypervisor threads", suites, 1);
}
