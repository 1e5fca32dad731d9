/* SPDX-License-Identifier: MIT */
/* Hypercalls without a vCPU that runs: VMs' lives, regions, protection, messages; by version. */
#include "acrn_hv_rig.h"

/* --- states and calls --- */

enum state { NEVER, BARE, CREATED, RUNNING, PAUSED, ENDED, STATES };
enum call { START, PAUSE, RESET, DESTROY, BUFFER, NOTIFY, MSI, REGION, PROTECT, TRANSLATE, CALLS };

/* What is answered: 0, or a class of answers of the profile. */
enum { OK = 0, NO = -1, NO_VM = -1000, REFUSED = -1001, BY_VERSION = -1002 };

static const int answers[STATES][CALLS] = {
	[NEVER] = { NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM },
	[BARE] = { NO, OK, NO, BY_VERSION, OK, REFUSED, OK, OK, OK, OK },
	[CREATED] = { OK, OK, NO, BY_VERSION, OK, OK, OK, OK, OK, OK },
	[RUNNING] = { NO, OK, NO, BY_VERSION, BY_VERSION, OK, OK, OK, OK, OK },
	[PAUSED] = { NO, OK, OK, OK, BY_VERSION, OK, OK, OK, OK, OK },
	[ENDED] = { NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM, NO_VM },
};

static const enum acrn_vm_state after[CALLS] = {
	[START] = ACRN_RUNNING, [PAUSE] = ACRN_PAUSED, [RESET] = ACRN_CREATED, [DESTROY] = ACRN_OFF,
};

static void to_state(enum state state)
{
	if (state == NEVER) {
		rig.id = 7;
		return;
	}
	rig_vm(2, false);
	if (state == BARE)
		acrn_hc_set_ioreq_buffer(rig.sim, rig.id, NULL);
	if (state >= RUNNING)
		ck_assert_int_eq(acrn_hc_start_vm(rig.sim, rig.id), 0);
	if (state >= PAUSED)
		ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	if (state == ENDED)
		ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, rig.id), 0);
}

static long make_call(enum call call)
{
	u64 hpa;

	switch (call) {
	case START:
		return acrn_hc_start_vm(rig.sim, rig.id);
	case PAUSE:
		return acrn_hc_pause_vm(rig.sim, rig.id);
	case RESET:
		return acrn_hc_reset_vm(rig.sim, rig.id);
	case DESTROY:
		return acrn_hc_destroy_vm(rig.sim, rig.id);
	case BUFFER:
		return acrn_hc_set_ioreq_buffer(rig.sim, rig.id, &rig_page);
	case NOTIFY:
		return acrn_hc_notify(rig.sim, rig.id, 1);
	case MSI:
		return acrn_hc_inject_msi(rig.sim, rig.id, 0xfee00000, 0x40);
	case REGION:
		return rig_add(GIB, RIG_DEVICE, PAGE, MEM_ACCESS_RWX);
	case PROTECT:
		return acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true);
	case TRANSLATE:
		return acrn_hc_gpa2hpa(rig.sim, rig.id, RIG_RAM, &hpa);
	case CALLS:
		break;
	}
	return 1;
}

static long expected(const struct acrn_profile *p, enum state state, enum call call)
{
	switch (answers[state][call]) {
	case NO_VM:
		return p->no_vm;
	case REFUSED:
		return p->refused;
	case BY_VERSION:
		if (call == DESTROY)
			return p->destroy_pauses ? 0 : -1;
		return p->lock_each ? -1 : 0;
	default:
		return answers[state][call];
	}
}

static void check_call(const struct acrn_profile *p, enum state state, enum call call)
{
	struct acrn_sim_config config = { .profile = p };
	struct acrn_hvm *vm;
	long ret;

	memset(&rig, 0, sizeof(rig));
	ck_assert_int_eq(acrn_sim_new(&config, &rig.sim), 0);
	to_state(state);
	ret = make_call(call);
	ck_assert_msg(ret == expected(p, state, call), "%s: state %d call %d: %ld", p->name, state,
		      call, ret);
	vm = acrn_hvm_find(rig.sim, rig.id);
	if (!ret && call <= DESTROY)
		ck_assert_int_eq(vm ? acrn_hvm_state(vm) : ACRN_OFF, after[call]);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 22), state == ENDED);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 5), call == NOTIFY && !ret);
	acrn_sim_free(rig.sim);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

START_TEST(what_each_state_answers)
{
	enum state state;
	enum call call;

	for (state = NEVER; state < STATES; state++)
		for (call = START; call < CALLS; call++)
			check_call(acrn_profile_each((unsigned int)_i), state, call);
}
END_TEST

/* --- VMs --- */

static void begin_without_vm(const char *profile)
{
	struct acrn_sim_config config = rig_config(profile);

	memset(&rig, 0, sizeof(rig));
	ck_assert_int_eq(acrn_sim_new(&config, &rig.sim), 0);
}

START_TEST(numbers_of_vms)
{
	u16 id[ACRN_VMS], one;
	unsigned int i;

	begin_without_vm("strict");
	id[0] = 0xffff;
	ck_assert_int_eq(acrn_hc_create_vm(rig.sim, 1, false, &id[0]), 0);
	ck_assert_uint_eq(acrn_hvm_id(acrn_hvm_find(rig.sim, 0xffff)), 0xffff);
	one = 0xffff;
	ck_assert_int_eq(acrn_hc_create_vm(rig.sim, 1, false, &one), -1);
	for (i = 1; i < ACRN_VMS - 1; i++) {
		id[i] = 0;
		ck_assert_int_eq(acrn_hc_create_vm(rig.sim, 1, false, &id[i]), 0);
		ck_assert_uint_eq(id[i], i);
	}
	one = 0;
	ck_assert_int_eq(acrn_hc_create_vm(rig.sim, 1, false, &one), -1);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, id[5]), 0);
	ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, id[5]), 0);
	ck_assert_int_eq(acrn_hc_create_vm(rig.sim, 1, false, &one), 0);
	ck_assert_uint_eq(one, id[5]);
	ck_assert_ptr_null(acrn_hvm_find(rig.sim, 0));
	rig_end();
}
END_TEST

START_TEST(vcpus_of_vms)
{
	static const unsigned int bad[] = { 0, 17, ~0U };
	u16 id = 0;
	size_t i;

	begin_without_vm("strict");
	for (i = 0; i < OS_ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(acrn_hc_create_vm(rig.sim, bad[i], false, &id), -1);
	ck_assert_int_eq(acrn_hc_create_vm(rig.sim, 16, false, &id), 0);
	ck_assert_uint_eq(acrn_hvm_vcpus(acrn_hvm_find(rig.sim, id)), 16);
	ck_assert_ptr_nonnull(acrn_vcpu(acrn_hvm_find(rig.sim, id), 15));
	ck_assert_ptr_null(acrn_vcpu(acrn_hvm_find(rig.sim, id), 16));
	rig_end();
}
END_TEST

/* Who holds a reference may look at a VM that has ended. */
START_TEST(a_reference_outlives_the_vm)
{
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_ept_leaf leaf;
	struct acrn_hvm *vm;

	rig_begin(&config);
	vm = acrn_hvm_get(rig.sim, rig.id);
	ck_assert_ptr_eq(vm, rig.vm);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	rig_server_stop();
	ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, rig.id), 0);
	ck_assert_int_eq(acrn_hvm_state(vm), ACRN_OFF);
	ck_assert(!acrn_ept_look(vm, RIG_RAM, &leaf));
	ck_assert_ptr_null(acrn_hvm_get(rig.sim, rig.id));
	acrn_hvm_put(vm);
	rig_end();
}
END_TEST

/* A thousand VMs one after another leave nothing behind. */
START_TEST(many_lives)
{
	u64 pages, tables = 0;
	long live = 0;
	int i;

	begin_without_vm("strict");
	for (i = 0; i < 1000; i++) {
		rig.id = 0;
		rig_vm(2, i & 1);
		ck_assert_int_eq(acrn_hc_start_vm(rig.sim, rig.id), 0);
		ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true), 0);
		pages = acrn_ept_pages(rig.vm);
		ck_assert_uint_eq(pages, RIG_RAM_PAGES);
		if (!i)
			tables = acrn_ept_tables(rig.vm);
		ck_assert_uint_eq(acrn_ept_tables(rig.vm), tables);
		ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
		ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, rig.id), 0);
		acrn_mem_free(rig.sim, rig.ram, RIG_RAM_PAGES * PAGE);
		if (!i)
			live = mpt_alloc_live();
		ck_assert_int_eq(mpt_alloc_live(), live);
	}
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(fail_n_of_a_vm)
{
	unsigned long nth;
	u16 id = 0;
	long live;

	begin_without_vm("strict");
	live = mpt_alloc_live();
	for (nth = 1;; nth++) {
		mpt_alloc_fail_at(nth);
		if (!acrn_hc_create_vm(rig.sim, 1, false, &id))
			break;
		ck_assert_int_eq(mpt_alloc_live(), live);
		ck_assert_uint_eq(id, 0);
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_eq(nth, 3);
	rig_end();
}
END_TEST

START_TEST(a_page_is_freed_when_it_is_set)
{
	unsigned int i;

	begin_without_vm("strict");
	rig_vm(1, true);
	for (i = 0; i < VHM_REQUEST_MAX; i++) {
		ck_assert_uint_eq(rig_page.req_queue[i].processed, REQ_STATE_FREE);
		ck_assert_uint_eq(rig_page.req_queue[i].completion_polling, 1);
	}
	ck_assert_ptr_eq(acrn_hvm_page(rig.vm), &rig_page);
	ck_assert_int_eq(acrn_hc_set_ioreq_buffer(rig.sim, rig.id, (void *)&rig_page.reserved[8]),
			 -1);
	ck_assert_ptr_null(acrn_hvm_page(rig.vm));
	rig_end();
}
END_TEST

/* --- regions --- */

static long regions(const struct acrn_region *r, u32 nr)
{
	return acrn_hc_set_regions(rig.sim, rig.id, r, nr);
}

static bool mapped(u64 gpa, u64 hpa)
{
	struct acrn_ept_leaf leaf;

	return acrn_ept_look(rig.vm, gpa, &leaf) && leaf.hpa == hpa;
}

START_TEST(over_what_is_there)
{
	const struct acrn_profile *p = acrn_profile_each((unsigned int)_i);
	long ret;

	begin_without_vm(p->name);
	rig_vm(1, false);
	ret = rig_add(RIG_RAM - PAGE, RIG_DEVICE, 3 * PAGE, MEM_ACCESS_RWX);
	ck_assert_int_eq(ret, p->add_present_fails ? -1 : 0);
	ck_assert(mapped(RIG_RAM - PAGE, RIG_DEVICE));
	ck_assert(mapped(RIG_RAM, rig.ram));
	ck_assert(mapped(RIG_RAM + PAGE, rig.ram + PAGE));
	ret = rig_del(RIG_RAM - 2 * PAGE, 3 * PAGE);
	ck_assert_int_eq(ret, p->del_absent_fails ? -1 : 0);
	ck_assert_uint_eq(mapped(RIG_RAM, rig.ram), p->del_absent_fails);
	rig_end();
}
END_TEST

START_TEST(modify_is_what_the_version_makes_of_it)
{
	const struct acrn_profile *p = acrn_profile_each((unsigned int)_i);
	struct acrn_region r = { ACRN_MR_MODIFY, MEM_ACCESS_RWX, GIB, 0, PAGE };

	begin_without_vm(p->name);
	rig_vm(1, false);
	r.service_gpa = rig_service(RIG_DEVICE);
	ck_assert_int_eq(regions(&r, 1), 0);
	ck_assert_uint_eq(mapped(GIB, RIG_DEVICE), !p->modify_deletes);
	r.gpa = RIG_RAM;
	ck_assert_int_eq(regions(&r, 1), p->add_present_fails ? -1 : 0);
	ck_assert_uint_eq(mapped(RIG_RAM, rig.ram), !p->modify_deletes);
	ck_assert_uint_eq(acrn_broken_count(rig.sim, 18), 2);
	rig_end();
}
END_TEST

START_TEST(ranges_that_cannot_be)
{
	const struct acrn_profile *p = acrn_profile_each((unsigned int)_i);
	static const u64 bad[][2] = {
		{ 1ULL << 46, PAGE },	      { (1ULL << 46) - PAGE, 2 * PAGE },
		{ ~0ULL - PAGE + 1, PAGE },   { ~0ULL - PAGE + 1, 2 * PAGE },
		{ PAGE, ~0ULL - PAGE + 1 },
	};
	u64 pages;
	size_t i;

	begin_without_vm(p->name);
	rig_vm(1, false);
	pages = acrn_ept_pages(rig.vm);
	for (i = 0; i < OS_ARRAY_SIZE(bad); i++) {
		long want = p->range_refused ? -EINVAL : 0;

		ck_assert_int_eq(rig_add(bad[i][0], RIG_DEVICE, bad[i][1], 7), want);
		ck_assert_int_eq(rig_del(bad[i][0], bad[i][1]), want);
	}
	ck_assert_int_eq(rig_add(GIB, RIG_DEVICE, PAGE + 1, 7), -EINVAL);
	ck_assert_int_eq(rig_add(GIB + 1, RIG_DEVICE, PAGE, 7), -EINVAL);
	ck_assert_int_eq(rig_del(GIB, PAGE / 2), -EINVAL);
	ck_assert_int_eq(rig_add(GIB, rig.sim->mem.base + 60 * GIB, PAGE, 7),
			 p->range_refused ? -EINVAL : 0);
	ck_assert_int_eq(rig_add(GIB, rig.sim->mem.base + rig.sim->mem.size - PAGE, PAGE, 7),
			 -EFAULT);
	ck_assert_int_eq(rig_add(GIB, RIG_DEVICE, 0, 7), 0);
	ck_assert_int_eq(regions(NULL, 0), p->lock_each ? -1 : -EFAULT);
	ck_assert_uint_eq(acrn_ept_pages(rig.vm), pages);
	rig_end();
}
END_TEST

/* What came before the one that fails stays done; what comes after it is not looked at. */
START_TEST(a_batch_stops_at_the_first_failure)
{
	struct acrn_region r[3] = {
		{ ACRN_MR_ADD, MEM_ACCESS_RWX, GIB, 0, PAGE },
		{ ACRN_MR_ADD, MEM_ACCESS_RWX, 2 * GIB, 0, 1 },
		{ ACRN_MR_ADD, MEM_ACCESS_RWX, 3 * GIB, 0, PAGE },
	};

	begin_without_vm("strict");
	rig_vm(1, false);
	r[0].service_gpa = r[1].service_gpa = r[2].service_gpa = rig_service(RIG_DEVICE);
	ck_assert_int_eq(regions(r, 3), -EINVAL);
	ck_assert(mapped(GIB, RIG_DEVICE));
	ck_assert(!mapped(3 * GIB, RIG_DEVICE));
	rig_end();
}
END_TEST

START_TEST(protection)
{
	static const u64 bad[] = { RIG_RAM + 1, GIB, 1ULL << 46, ~0ULL - PAGE + 1 };
	struct acrn_ept_leaf leaf;
	size_t i;

	begin_without_vm("2020");
	rig_vm(1, false);
	for (i = 0; i < OS_ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, bad[i], true), -EINVAL);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true), 0);
	ck_assert(acrn_ept_look(rig.vm, RIG_RAM, &leaf));
	ck_assert_uint_eq(leaf.rights, MEM_ACCESS_READ | MEM_ACCESS_EXEC);
	ck_assert_uint_eq(leaf.type, MEM_TYPE_WB);
	ck_assert(acrn_ept_look(rig.vm, RIG_RAM + PAGE, &leaf));
	ck_assert_uint_eq(leaf.rights, MEM_ACCESS_RWX);
	rig_end();
}
END_TEST

START_TEST(translation)
{
	u64 hpa;

	begin_without_vm("strict");
	rig_vm(1, false);
	ck_assert_int_eq(acrn_hc_gpa2hpa(rig.sim, rig.id, RIG_RAM + PAGE + 5, &hpa), 0);
	ck_assert_uint_eq(hpa, rig.ram + PAGE + 5);
	ck_assert_int_eq(acrn_hc_gpa2hpa(rig.sim, rig.id, GIB, &hpa), -1);
	ck_assert_uint_eq(hpa, ~0ULL);
	ck_assert_int_eq(acrn_hc_gpa2hpa(rig.sim, 0, rig_service(rig.ram) + 5, &hpa), 0);
	ck_assert_uint_eq(hpa, rig.ram + 5);
	ck_assert_int_eq(acrn_hc_gpa2hpa(rig.sim, 0, rig.ram, &hpa), -1);
	rig_end();
}
END_TEST

/* --- interrupts --- */

static struct {
	unsigned int msis, pins;
	u32 addr, data, gsi;
	bool merged;
} heard;

static void hear_msi(void *arg, u32 addr, u32 data, bool merged)
{
	ck_assert_ptr_eq(arg, &heard);
	heard.msis++;
	heard.addr = addr;
	heard.data = data;
	heard.merged = merged;
}

static void hear_pin(void *arg, unsigned int gsi)
{
	ck_assert_ptr_eq(arg, &heard);
	heard.pins++;
	heard.gsi = gsi;
}

static const struct acrn_sim_hooks hooks = { .msi = hear_msi, .pin = hear_pin };

static void begin_hearing(void)
{
	begin_without_vm("strict");
	rig_vm(4, false);
	memset(&heard, 0, sizeof(heard));
	acrn_hvm_hooks(rig.vm, &hooks, &heard);
}

START_TEST(messages)
{
	/* address, data, answer, bits of the vCPUs that get it */
	static const struct {
		u64 addr, data;
		long ret;
		unsigned int who;
	} row[] = {
		{ 0xfee00000, 0x40, 0, 1 },
		{ 0xfee02000, 0x40, 0, 4 },
		{ 0xfee04000, 0x40, 0, 0 }, /* no such vCPU */
		{ 0xfeeff000, 0x40, 0, 15 }, /* all */
		{ 0xfee06004, 0x41, 0, 6 }, /* logical */
		{ 0xfee0600c, 0x41, 0, 2 }, /* redirected */
		{ 0xfee06004, 0x141, 0, 2 }, /* lowest priority */
		{ 0xfee00000, 0x0f, 0, 0 }, /* vector below 16 */
		{ 0xfee00000, 0x10, 0, 1 },
		{ 0xfee00000, 0x240, 0, 0 }, /* SMI */
		{ 0xfee00000, 0x440, 0, 0 }, /* NMI */
		{ 0xfee00000, 0xc0ff, 0, 1 }, /* level is not looked at */
		{ 0xfef00000, 0x40, -1, 0 },
		{ 0, 0x40, -1, 0 },
	};
	unsigned int n;
	size_t i;

	begin_hearing();
	for (i = 0; i < OS_ARRAY_SIZE(row); i++) {
		unsigned int before = heard.msis;

		ck_assert_int_eq(acrn_hc_inject_msi(rig.sim, rig.id, row[i].addr, row[i].data),
				 row[i].ret);
		ck_assert_uint_eq(heard.msis - before, !!row[i].who);
		for (n = 0; n < 4; n++)
			ck_assert_int_eq(acrn_vcpu_take_irq(acrn_vcpu(rig.vm, n)),
					 row[i].who >> n & 1 ? (int)(row[i].data & 0xff) : -1);
	}
	rig_end();
}
END_TEST

START_TEST(the_highest_vector_first)
{
	static const unsigned int vector[] = { 0x31, 0xff, 0x30, 0x80, 0x31 };
	static const int taken[] = { 0xff, 0x80, 0x31, 0x30, -1 };
	struct acrn_vcpu *v;
	u64 n[3];
	size_t i;

	begin_hearing();
	v = acrn_vcpu(rig.vm, 1);
	for (i = 0; i < OS_ARRAY_SIZE(vector); i++) {
		ck_assert_int_eq(acrn_hc_inject_msi(rig.sim, rig.id, 0xfee01000, vector[i]), 0);
		ck_assert_uint_eq(heard.merged, i == 4);
	}
	for (i = 0; i < OS_ARRAY_SIZE(taken); i++)
		ck_assert_int_eq(acrn_vcpu_take_irq(v), taken[i]);
	acrn_vcpu_irq_at_once(rig.vm, true);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(acrn_hc_inject_msi(rig.sim, rig.id, 0xfee01000, 0x55), 0);
		ck_assert(!heard.merged);
	}
	ck_assert_int_eq(acrn_vcpu_take_irq(v), -1);
	acrn_hc_inject_msi(rig.sim, rig.id, 0xfee01000, 1);
	acrn_msi_counts(rig.vm, &n[0], &n[1], &n[2]);
	ck_assert_uint_eq(n[0], 6);
	ck_assert_uint_eq(n[1], 1);
	ck_assert_uint_eq(n[2], 1);
	rig_end();
}
END_TEST

START_TEST(a_reset_forgets_interrupts)
{
	begin_hearing();
	ck_assert_int_eq(acrn_hc_inject_msi(rig.sim, rig.id, 0xfee00000, 0x40), 0);
	ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
	ck_assert_int_eq(acrn_hc_reset_vm(rig.sim, rig.id), 0);
	ck_assert_int_eq(acrn_vcpu_take_irq(acrn_vcpu(rig.vm, 0)), -1);
	rig_end();
}
END_TEST

START_TEST(lines)
{
	/* operation, edges so far */
	static const unsigned int row[][2] = {
		{ 0, 1 }, { 0, 1 }, { 1, 1 }, { 1, 1 }, { 0, 2 }, { 1, 2 }, { 2, 3 }, { 2, 4 },
		{ 0, 5 }, { 2, 5 }, { 3, 6 },
	};
	size_t i;

	begin_hearing();
	for (i = 0; i < OS_ARRAY_SIZE(row); i++) {
		ck_assert_int_eq(acrn_hc_set_irqline(rig.sim, rig.id, 65, row[i][0]), 0);
		ck_assert_uint_eq(heard.pins, row[i][1]);
	}
	ck_assert_uint_eq(heard.gsi, 65);
	ck_assert_int_eq(acrn_hc_set_irqline(rig.sim, rig.id, ACRN_PINS, 0), -1);
	ck_assert_int_eq(acrn_hc_set_irqline(rig.sim, rig.id, 0, 4), -1);
	rig_end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn hypervisor");
	TCase *tc = tcase_create("hypercalls");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_each_state_answers, 0, 5);
	tcase_add_test(tc, numbers_of_vms);
	tcase_add_test(tc, vcpus_of_vms);
	tcase_add_test(tc, a_reference_outlives_the_vm);
	tcase_add_test(tc, many_lives);
	tcase_add_test(tc, fail_n_of_a_vm);
	tcase_add_test(tc, a_page_is_freed_when_it_is_set);
	tcase_add_loop_test(tc, over_what_is_there, 0, 5);
	tcase_add_loop_test(tc, modify_is_what_the_version_makes_of_it, 0, 5);
	tcase_add_loop_test(tc, ranges_that_cannot_be, 0, 5);
	tcase_add_test(tc, a_batch_stops_at_the_first_failure);
	tcase_add_test(tc, protection);
	tcase_add_test(tc, translation);
	tcase_add_test(tc, messages);
	tcase_add_test(tc, the_highest_vector_first);
	tcase_add_test(tc, a_reset_forgets_interrupts);
	tcase_add_test(tc, lines);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn hypervisor", suites, 1);
}
