/* SPDX-License-Identifier: MIT */
/* What a vCPU's accesses become: memory, requests, a device's, the end; and what the checks see. */
#include <pthread.h>

#include "acrn_hv_rig.h"

#define MMIO 0xd0000000ULL

static u64 by_address(const struct vhm_request *r)
{
	return r->reqs.mmio_request.address * 0x0101010101010101ULL;
}

static struct acrn_vcpu *begin(const char *profile)
{
	struct acrn_sim_config config = rig_config(profile);

	rig_begin(&config);
	rig.answer = by_address;
	return acrn_vcpu(rig.vm, 0);
}

static u8 *ram(u64 offset)
{
	return acrn_mem_virt(rig.sim, rig.ram + offset);
}

static const struct vhm_request *last(void)
{
	return &rig.last[(os_load(&rig.served) - 1) % 16];
}

/* --- memory --- */

START_TEST(memory_of_every_size)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	struct acrn_vcpu *v = begin(acrn_profile_each((unsigned int)_i)->name);
	u64 at, val, got;
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(sizes); i++) {
		for (at = PAGE - 9; at < PAGE + 2; at++) {
			val = 0x1122334455667788ULL + at;
			got = 0;
			ck_assert_int_eq(acrn_vcpu_store(v, RIG_RAM + at, &val, sizes[i]),
					 ACRN_DONE);
			ck_assert_mem_eq(ram(at), &val, sizes[i]);
			ck_assert_int_eq(acrn_vcpu_load(v, RIG_RAM + at, &got, sizes[i]),
					 ACRN_DONE);
			ck_assert_mem_eq(&got, &val, sizes[i]);
		}
	}
	ck_assert_uint_eq(rig.served, 0);
	ck_assert_int_eq(acrn_vcpu_load(v, RIG_RAM, &got, 3), ACRN_GP);
	ck_assert_int_eq(acrn_vcpu_store(v, RIG_RAM, &val, 16), ACRN_GP);
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(or_and_in_memory)
{
	struct acrn_vcpu *v = begin("strict");
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	u64 all, want, got, at;
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(sizes); i++) {
		for (at = PAGE - 8; at < PAGE + 1; at++) {
			all = 0xf0f0f0f0f0f0f0f0ULL;
			memcpy(ram(at), &all, 8);
			acrn_vcpu_rmw(v, RIG_RAM + at, 0x0123456789abcdefULL, sizes[i], false);
			acrn_vcpu_rmw(v, RIG_RAM + at, 0x7777777777777777ULL, sizes[i], true);
			want = (all | 0x0123456789abcdefULL) & 0x7777777777777777ULL;
			memcpy(&got, ram(at), 8);
			ck_assert_mem_eq(&got, &want, sizes[i]);
			if (sizes[i] < 8)
				ck_assert_uint_eq(got >> sizes[i] * 8, all >> sizes[i] * 8);
		}
	}
	ck_assert_uint_eq(acrn_diverged_count(rig.sim), 0);
	rig_end();
}
END_TEST

START_TEST(many_bytes_or_none)
{
	struct acrn_vcpu *v = begin("strict");
	u8 *buf = malloc(RIG_RAM_PAGES * PAGE);

	memset(buf, 0x5c, RIG_RAM_PAGES * PAGE);
	ck_assert(acrn_vcpu_plain(v, RIG_RAM + 5, buf, 3 * PAGE, true));
	ck_assert_uint_eq(ram(0)[4], 0);
	ck_assert_uint_eq(ram(0)[5], 0x5c);
	ck_assert_uint_eq(ram(3 * PAGE)[4], 0x5c);
	ck_assert_uint_eq(ram(3 * PAGE)[5], 0);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM + 5 * PAGE, true), 0);
	ck_assert(!acrn_vcpu_plain(v, RIG_RAM + 4 * PAGE, buf, 2 * PAGE, true));
	ck_assert_uint_eq(ram(4 * PAGE)[0], 0);
	ck_assert(acrn_vcpu_plain(v, RIG_RAM + 4 * PAGE, buf, 2 * PAGE, false));
	ck_assert_uint_eq(buf[0], 0);
	ck_assert(!acrn_vcpu_plain(v, RIG_RAM, buf, (RIG_RAM_PAGES + 1) * PAGE, false));
	ck_assert_int_eq(rig_add(GIB, RIG_DEVICE, PAGE, MEM_ACCESS_RWX), 0);
	ck_assert(!acrn_vcpu_plain(v, GIB, buf, 4, false));
	free(buf);
	rig_end();
}
END_TEST

/* --- requests --- */

START_TEST(a_request_says_what_is_asked)
{
	/* type by kind of access; address, size, value */
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	struct acrn_sim_config config = rig_config("strict");
	struct acrn_vcpu *v;
	u64 got, val, mask;
	size_t i;

	config.polling = _i;
	rig_begin(&config);
	rig.answer = by_address;
	v = acrn_vcpu(rig.vm, 0);
	for (i = 0; i < OS_ARRAY_SIZE(sizes); i++) {
		mask = sizes[i] == 8 ? ~0ULL : (1ULL << sizes[i] * 8) - 1;
		got = 0;
		ck_assert_int_eq(acrn_vcpu_load(v, MMIO + 3, &got, sizes[i]), ACRN_DONE);
		ck_assert_uint_eq(got, (MMIO + 3) * 0x0101010101010101ULL & mask);
		ck_assert_uint_eq(last()->type, REQ_MMIO);
		ck_assert_uint_eq(last()->reqs.mmio_request.direction, REQUEST_READ);
		ck_assert_uint_eq(last()->reqs.mmio_request.size, sizes[i]);
		ck_assert_uint_eq(last()->completion_polling, _i);
		val = 0x8877665544332211ULL;
		ck_assert_int_eq(acrn_vcpu_store(v, MMIO + PAGE - 1, &val, sizes[i]), ACRN_DONE);
		ck_assert_uint_eq(last()->reqs.mmio_request.direction, REQUEST_WRITE);
		ck_assert_uint_eq(last()->reqs.mmio_request.address, MMIO + PAGE - 1);
		ck_assert_uint_eq(last()->reqs.mmio_request.value, val & mask);
	}
	ck_assert_uint_eq(rig.served, 8);
	ck_assert_uint_eq(rig_page.req_queue[0].processed, REQ_STATE_FREE);
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(ports)
{
	struct acrn_vcpu *v = begin("2018");
	u32 val = 0;

	ck_assert_int_eq(acrn_vcpu_in(v, 0x1234, &val, 2), ACRN_DONE);
	ck_assert_uint_eq(val, 0x4634);
	ck_assert_uint_eq(last()->type, REQ_PORTIO);
	ck_assert_uint_eq(last()->reqs.pio_request.address, 0x1234);
	ck_assert_int_eq(acrn_vcpu_out(v, 0x80, 0x11223344, 1), ACRN_DONE);
	ck_assert_uint_eq(last()->reqs.pio_request.value, 0x44);
	ck_assert_uint_eq(last()->reqs.pio_request.size, 1);
	ck_assert_int_eq(acrn_vcpu_in(v, 0x80, &val, 8), ACRN_GP);
	ck_assert_int_eq(acrn_vcpu_cfg(v, 0x10, 0x1fe, &val, 2, true), ACRN_DONE);
	ck_assert_uint_eq(rig.last[2].reqs.pio_request.address, 0xcf8);
	ck_assert_uint_eq(rig.last[2].reqs.pio_request.value, 0x810010fc);
	ck_assert_uint_eq(last()->reqs.pio_request.address, 0xcfe);
	ck_assert_uint_eq(last()->reqs.pio_request.size, 2);
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(rights_decide_what_it_is)
{
	/* rights; what a load is, what a store is; -1: memory */
	static const struct {
		unsigned int rights;
		int load, store;
	} row[] = {
		{ MEM_ACCESS_RWX, -1, -1 },
		{ MEM_ACCESS_READ | MEM_ACCESS_WRITE, -1, -1 },
		{ MEM_ACCESS_READ | MEM_ACCESS_EXEC, -1, REQ_WP },
		{ MEM_ACCESS_READ, -1, REQ_MMIO },
		{ MEM_ACCESS_EXEC, REQ_MMIO, REQ_MMIO },
		{ 0, REQ_MMIO, REQ_MMIO },
	};
	struct acrn_vcpu *v = begin("strict");
	unsigned int served;
	u64 val = 0;
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(row); i++) {
		u64 gpa = GIB + i * PAGE;

		ck_assert_int_eq(rig_add(gpa, rig.ram, PAGE, row[i].rights), 0);
		acrn_vcpu_entry(v);
		served = rig.served;
		ck_assert_int_eq(acrn_vcpu_load(v, gpa, &val, 4), ACRN_DONE);
		ck_assert_uint_eq(rig.served - served, row[i].load >= 0);
		if (row[i].load >= 0)
			ck_assert_int_eq((int)last()->type, row[i].load);
		served = rig.served;
		ck_assert_int_eq(acrn_vcpu_store(v, gpa, &val, 4), ACRN_DONE);
		ck_assert_uint_eq(rig.served - served, row[i].store >= 0);
		if (row[i].store >= 0)
			ck_assert_int_eq((int)last()->type, row[i].store);
	}
	rig_end();
}
END_TEST

/* One request, of the whole operand, at the address that faults. */
START_TEST(over_a_page_end)
{
	struct acrn_sim_config config = rig_config("strict");
	u64 edge = RIG_RAM + RIG_RAM_PAGES * PAGE, val = 0x1122334455667788ULL;
	struct acrn_vcpu *v;

	config.cross_at_begin = _i;
	rig_begin(&config);
	v = acrn_vcpu(rig.vm, 0);
	memset(ram(RIG_RAM_PAGES * PAGE - 8), 0, 8);
	ck_assert_int_eq(acrn_vcpu_store(v, edge - 3, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(rig.served, 1);
	ck_assert_uint_eq(last()->reqs.mmio_request.address, _i ? edge - 3 : edge);
	ck_assert_uint_eq(last()->reqs.mmio_request.size, 8);
	ck_assert_uint_eq(last()->reqs.mmio_request.value, val);
	ck_assert_uint_eq(ram(RIG_RAM_PAGES * PAGE - 8)[7], 0);
	ck_assert_uint_eq(acrn_diverged_count(rig.sim), !_i);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true), 0);
	ck_assert_int_eq(acrn_vcpu_store(v, RIG_RAM + PAGE - 3, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(rig.served, 2);
	ck_assert_uint_eq(last()->type, REQ_WP);
	ck_assert_uint_eq(last()->reqs.mmio_request.address, RIG_RAM + PAGE - 3);
	ck_assert_uint_eq(ram(PAGE)[0], 0);
	rig_sound();
	rig_end();
}
END_TEST

/* The hypervisor's own registers: nobody is asked, and who straddles them gets #GP. */
START_TEST(interrupt_controllers)
{
	static const u64 page[] = { 0xfec00000, 0xfee00000 };
	struct acrn_vcpu *v = begin("strict");
	u64 val;
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(page); i++) {
		val = 1;
		ck_assert_int_eq(acrn_vcpu_load(v, page[i] + PAGE - 8, &val, 8), ACRN_DONE);
		ck_assert_uint_eq(val, 0);
		ck_assert_int_eq(acrn_vcpu_store(v, page[i], &val, 4), ACRN_DONE);
		ck_assert_int_eq(acrn_vcpu_load(v, page[i] - 1, &val, 2), ACRN_GP);
		ck_assert_int_eq(acrn_vcpu_store(v, page[i] + PAGE - 4, &val, 8), ACRN_GP);
		ck_assert_uint_eq(rig.served, 2 * i);
		ck_assert_int_eq(acrn_vcpu_load(v, page[i] - 4, &val, 4), ACRN_DONE);
		ck_assert_int_eq(acrn_vcpu_load(v, page[i] + PAGE, &val, 8), ACRN_DONE);
		ck_assert_uint_eq(rig.served, 2 * i + 2);
	}
	rig_sound();
	rig_end();
}
END_TEST

START_TEST(or_and_on_what_is_trapped)
{
	struct acrn_vcpu *v = begin("strict");

	ck_assert_int_eq(acrn_vcpu_rmw(v, MMIO, 0x5a, 4, false), ACRN_DONE);
	ck_assert_uint_eq(last()->reqs.mmio_request.value, 0x5a);
	ck_assert_int_eq(acrn_vcpu_rmw(v, MMIO, 0x5a, 4, true), ACRN_DONE);
	ck_assert_uint_eq(last()->reqs.mmio_request.value, 0);
	ck_assert_uint_eq(acrn_diverged_count(rig.sim), 2);
	rig_sound();
	rig_end();
}
END_TEST

/* --- a device's memory --- */

static struct {
	u8 mem[2 * 4096];
	unsigned int calls;
} device;

static void device_access(void *arg, u64 hpa, void *buf, unsigned int len, bool write)
{
	u8 *at = &device.mem[hpa - RIG_DEVICE];

	ck_assert_ptr_eq(arg, &device);
	ck_assert_uint_le(hpa % PAGE + len, PAGE);
	device.calls++;
	if (write)
		memcpy(at, buf, len);
	else
		memcpy(buf, at, len);
}

START_TEST(frames_of_a_device)
{
	static const struct acrn_sim_hooks hooks = { .device = device_access };
	struct acrn_vcpu *v = begin("strict");
	u64 val = 0x1122334455667788ULL, got = 0;

	ck_assert_int_eq(rig_add(GIB, RIG_DEVICE, 2 * PAGE, MEM_ACCESS_RWX), 0);
	ck_assert_int_eq(acrn_vcpu_load(v, GIB, &got, 8), ACRN_DONE);
	ck_assert_uint_eq(got, ~0ULL);
	memset(&device, 0, sizeof(device));
	acrn_hvm_hooks(rig.vm, &hooks, &device);
	ck_assert_int_eq(acrn_vcpu_store(v, GIB + PAGE - 3, &val, 8), ACRN_DONE);
	ck_assert_uint_eq(device.calls, 2);
	ck_assert_mem_eq(&device.mem[PAGE - 3], &val, 8);
	ck_assert_int_eq(acrn_vcpu_load(v, GIB + PAGE - 3, &got, 8), ACRN_DONE);
	ck_assert_uint_eq(got, val);
	ck_assert_int_eq(acrn_vcpu_rmw(v, GIB + PAGE - 3, 0xff, 8, true), ACRN_DONE);
	ck_assert_uint_eq(device.mem[PAGE - 3], 0x88);
	ck_assert_uint_eq(device.mem[PAGE], 0);
	ck_assert_uint_eq(rig.served, 0);
	rig_end();
}
END_TEST

/* --- a map that changes --- */

/* A vCPU that is entered after a change knows it; one that runs may use the old for a while. */
START_TEST(changes_are_seen_in_the_end)
{
	const struct acrn_profile *p = acrn_profile_each((unsigned int)_i);
	struct acrn_vcpu *runs = begin(p->name);
	unsigned int late = 0, bound = p->flush == ACRN_FLUSH_NEXT ? 1 : 8;
	u32 val = 1;

	ck_assert_int_eq(acrn_vcpu_store(runs, RIG_RAM, &val, 4), ACRN_DONE);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true), 0);
	for (val = 2; !rig.served; val++, late++)
		ck_assert_int_eq(acrn_vcpu_store(runs, RIG_RAM, &val, 4), ACRN_DONE);
	ck_assert_uint_le(late - 1, bound);
	ck_assert_uint_eq(acrn_diverged_count(rig.sim), late - 1);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, false), 0);
	acrn_vcpu_entry(runs);
	ck_assert_int_eq(acrn_vcpu_store(runs, RIG_RAM, &val, 4), ACRN_DONE);
	ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true), 0);
	acrn_vcpu_entry(runs);
	rig.served = 0;
	ck_assert_int_eq(acrn_vcpu_store(runs, RIG_RAM, &val, 4), ACRN_DONE);
	ck_assert_uint_eq(rig.served, 1);
	rig_end();
}
END_TEST

static bool storing;
static unsigned int stores;

static void store_all_the_time(void *arg)
{
	struct acrn_vcpu *v = arg;
	u32 val = 0;

	while (os_load(&storing)) {
		val++;
		acrn_vcpu_store(v, RIG_RAM, &val, 4);
		os_store(&stores, val);
	}
}

/* Where the flush is at once: when the call is back, no store lands any more. */
START_TEST(at_once_is_at_once)
{
	struct acrn_profile sync = *acrn_profile_find("strict");
	struct acrn_sim_config config = { .profile = &sync, .vcpus = 1 };
	struct acrn_thread t;
	u32 was, now, i, n;

	sync.flush = ACRN_FLUSH_SYNC;
	rig_begin(&config);
	os_store(&storing, true);
	os_store(&stores, 0);
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t, "guest", store_all_the_time,
					   acrn_vcpu(rig.vm, 0)), 0);
	for (i = 0; i < 200; i++) {
		ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true), 0);
		was = os_load_relaxed((u32 *)(void *)ram(0));
		n = os_load(&stores);
		while (os_load(&stores) == n)
			os_yield();
		now = os_load_relaxed((u32 *)(void *)ram(0));
		ck_assert_uint_eq(was, now);
		ck_assert_int_eq(acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, false), 0);
	}
	os_store(&storing, false);
	acrn_thread_join(&t);
	ck_assert_uint_eq(acrn_diverged_count(rig.sim), 0);
	rig_sound();
	rig_end();
}
END_TEST

static struct {
	bool asked, back;
} protector;

static void protects(void *arg)
{
	(void)arg;
	os_store(&protector.asked, true);
	acrn_hc_write_protect(rig.sim, rig.id, RIG_RAM, true);
	os_store(&protector.back, true);
}

/* It waits for who is in the middle of an access. */
START_TEST(at_once_waits_for_accesses)
{
	struct acrn_profile sync = *acrn_profile_find("strict");
	struct acrn_sim_config config = { .profile = &sync, .vcpus = 1 };
	struct acrn_thread t;
	unsigned long old;
	int i;

	sync.flush = ACRN_FLUSH_SYNC;
	rig_begin(&config);
	memset(&protector, 0, sizeof(protector));
	old = mpt_rcu_enter();
	ck_assert_int_eq(acrn_thread_start(rig.sim, &t, "protector", protects, NULL), 0);
	while (!os_load(&protector.asked))
		os_yield();
	for (i = 0; i < 1000; i++)
		os_yield();
	ck_assert(!os_load(&protector.back));
	mpt_rcu_leave(old);
	acrn_thread_join(&t);
	ck_assert(protector.back);
	rig_end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("acrn vcpu");
	TCase *tc = tcase_create("accesses");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, memory_of_every_size, 0, 5);
	tcase_add_test(tc, or_and_in_memory);
	tcase_add_test(tc, many_bytes_or_none);
	tcase_add_loop_test(tc, a_request_says_what_is_asked, 0, 2);
	tcase_add_test(tc, ports);
	tcase_add_test(tc, rights_decide_what_it_is);
	tcase_add_loop_test(tc, over_a_page_end, 0, 2);
	tcase_add_test(tc, interrupt_controllers);
	tcase_add_test(tc, or_and_on_what_is_trapped);
	tcase_add_test(tc, frames_of_a_device);
	tcase_add_loop_test(tc, changes_are_seen_in_the_end, 0, 5);
	tcase_add_test(tc, at_once_is_at_once);
	tcase_add_test(tc, at_once_waits_for_accesses);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("acrn vcpu", suites, 1);
}
