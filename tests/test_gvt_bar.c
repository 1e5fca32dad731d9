/* SPDX-License-Identifier: MIT */
/*
 * The BARs of our vGPU: what COMMAND and writes to them trap and map below, by the ledger, also
 * when calls fail.
 */
#include <pthread.h>
#include <unistd.h>

#include "gvt_life.h"
#include "runner.h"

static struct life r;
static struct intel_vgpu *g;

static void setup(void)
{
	g = life_open_one(&r, "check,fault,mock");
}

static void teardown(void)
{
	life_close(&r);
}

static int cfg_write(u32 offset, u32 value, unsigned int bytes)
{
	return gvt_ops()->emulate_cfg_write(g, offset, &value, bytes);
}

/* --- places --- */

START_TEST(test_command_traps_and_maps)
{
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x04, 0x5, 2);
	life_expect_bars(&r, 0, 0);
	life_cfg_write(g, 0x04, 0x2, 2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x04, 0x2, 2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
}
END_TEST

START_TEST(test_guest_reaches_what_is_decoded)
{
	u64 magic = 0;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	ck_assert_int_eq(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_PVINFO_OFFSET, &magic, 8), 0);
	ck_assert_uint_eq(magic, 0x4776544776544776ULL);
	ck_assert_int_eq(mpt_guest_cfg_write(r.vm[0], 0x04, "\0", 2), 0);
	ck_assert_int_eq(mpt_guest_read(r.vm[0], LIFE_BAR0 + GVT_PVINFO_OFFSET, &magic, 8), 0);
	ck_assert_uint_eq(magic, ~0ULL);
	ck_assert_int_eq(mpt_guest_cfg_read(r.vm[0], 0x00, &magic, 4), 0);
	ck_assert_uint_eq((u32)magic, 0x19128086);
}
END_TEST

START_TEST(test_sizing_while_decoding)
{
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x10, ~0U, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x10, 4), 0xff000004);
	life_expect_bars(&r, 0, LIFE_BAR2);
	life_cfg_write(g, 0x14, ~0U, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x14, 4), ~0U);
	life_expect_bars(&r, 0, LIFE_BAR2);
	life_cfg_write(g, 0x10, (u32)LIFE_BAR0, 4);
	life_expect_bars(&r, 0, LIFE_BAR2);
	life_cfg_write(g, 0x14, 0, 4);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x18, ~0U, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x18, 4), 0xf000000c);
	life_expect_bars(&r, LIFE_BAR0, 0);
	life_cfg_write(g, 0x18, (u32)LIFE_BAR2, 4);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x20, ~0U, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x20, 4), 0xffffffc1);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
}
END_TEST

START_TEST(test_sizing_byte_by_byte)
{
	u32 i;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	for (i = 0; i < 4; i++)
		life_cfg_write(g, 0x10 + i, 0xff, 1);
	ck_assert_uint_eq(life_cfg_read(g, 0x10, 4), 0xff000004);
	life_expect_bars(&r, 0, LIFE_BAR2);
	life_cfg_write(g, 0x13, 0xc0, 1);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
}
END_TEST

/* The value that sizing leaves is an address too, for a guest that writes it as one. */
START_TEST(test_top_address_is_an_address)
{
	life_decode(g, 0xff000000, 0x9f0000000ULL);
	life_expect_bars(&r, 0xff000000, 0x9f0000000ULL);
	life_cfg_write(g, 0x10, ~0U, 4);
	life_expect_bars(&r, 0, 0x9f0000000ULL);
	life_cfg_write(g, 0x10, 0xff000000, 4);
	life_expect_bars(&r, 0xff000000, 0x9f0000000ULL);
}
END_TEST

START_TEST(test_halves_never_leak)
{
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x14, 0x4, 4);
	life_expect_bars(&r, LIFE_BAR0 + 0x400000000ULL, LIFE_BAR2);
	life_cfg_write(g, 0x10, 0x20000000, 4);
	life_expect_bars(&r, 0x420000000ULL, LIFE_BAR2);
	life_cfg_write(g, 0x1c, 0x5, 4);
	life_cfg_write(g, 0x18, 0, 4);
	life_expect_bars(&r, 0x420000000ULL, 0x500000000ULL);
	/* A BAR at 0 is one that nobody has placed. */
	life_cfg_write(g, 0x1c, 0, 4);
	life_expect_bars(&r, 0x420000000ULL, 0);
	life_cfg_write(g, 0x04, 0, 4);
	life_expect_bars(&r, 0, 0);
}
END_TEST

START_TEST(test_always_masked)
{
	life_cfg_write(g, 0x10, 0xc0fff123, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x10, 4), 0xc0000004);
	life_cfg_write(g, 0x18, 0xbfffffff, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x18, 4), 0xb000000c);
	life_cfg_write(g, 0x20, 0x0000103e, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x20, 4), 0x00001001);
	life_cfg_write(g, 0x04, 0x2, 2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
}
END_TEST

START_TEST(test_command_of_any_size)
{
	life_cfg_write(g, 0x10, (u32)LIFE_BAR0, 4);
	life_cfg_write(g, 0x18, (u32)LIFE_BAR2, 4);
	life_cfg_write(g, 0x04, 0x2, 1);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x05, 0x4, 1);
	ck_assert_uint_eq(life_cfg_read(g, 0x04, 2), 0x402);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x04, 0x0, 1);
	ck_assert_uint_eq(life_cfg_read(g, 0x04, 2), 0x400);
	life_expect_bars(&r, 0, 0);
	life_cfg_write(g, 0x04, 0x6, 4);
	ck_assert_uint_eq(life_cfg_read(g, 0x04, 4), 0x00100006);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x04, 0x0, 2);
	life_expect_bars(&r, 0, 0);
}
END_TEST

/* 46 bits, and a sum that would pass 2^64: not decoded, and nothing is said to the back end. */
START_TEST(test_unreachable_places)
{
	static const u64 place[] = { 0,		  1ULL << 46, (1ULL << 46) - (1ULL << 23),
				     ~0ULL << 24, 1ULL << 63, 0xffffffff00000000ULL };
	size_t i;

	for (i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		life_decode(g, place[i], place[i]);
		/* The one below the limit is masked to a place that fits. */
		if (place[i] < 1ULL << 46 && place[i])
			life_expect_bars(&r, (1ULL << 46) - GVT_BAR0_SIZE,
					 (1ULL << 46) - LIFE_APERTURE);
		else
			life_expect_bars(&r, 0, 0);
		life_cfg_write(g, 0x04, 0, 2);
	}
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
}
END_TEST

/* --- faults --- */

/* Each call below fails in turn: error out, registers and ledger as before, the next try works. */
static unsigned int each_fault(u32 offset, u32 value, u64 bar0, u64 bar2, u64 after0, u64 after2)
{
	u32 before = life_cfg_read(g, offset, 4);
	unsigned int n;
	int ret;

	for (n = 1; n < 100; n++) {
		ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_COUNT, n, -ENOMEM), 0);
		ret = cfg_write(offset, value, 4);
		if (!mpt_fault_fired(r.host, NULL))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		life_expect_bars(&r, bar0, bar2);
		ck_assert_uint_eq(life_cfg_read(g, offset, 4), before);
		/* Nor is anything remembered that a later write would bring to light. */
		life_cfg_write(g, 0x04, life_cfg_read(g, 0x04, 2), 2);
		life_expect_bars(&r, bar0, bar2);
	}
	ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_COUNT, 0, 0), 0);
	ck_assert_int_eq(ret, 0);
	life_expect_bars(&r, after0, after2);
	return n - 1;
}

START_TEST(test_command_is_transactional)
{
	life_cfg_write(g, 0x10, (u32)LIFE_BAR0, 4);
	life_cfg_write(g, 0x18, (u32)LIFE_BAR2, 4);
	ck_assert_uint_eq(each_fault(0x04, 0x6, 0, 0, LIFE_BAR0, LIFE_BAR2), 2);
	ck_assert_uint_eq(each_fault(0x04, 0x0, LIFE_BAR0, LIFE_BAR2, 0, 0), 2);
}
END_TEST

START_TEST(test_bar_moves_are_transactional)
{
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	ck_assert_uint_eq(each_fault(0x10, 0xd0000000, LIFE_BAR0, LIFE_BAR2, 0xd0000000, LIFE_BAR2),
			  2);
	ck_assert_uint_eq(each_fault(0x10, ~0U, 0xd0000000, LIFE_BAR2, 0, LIFE_BAR2), 1);
	ck_assert_uint_eq(each_fault(0x10, (u32)LIFE_BAR0, 0, LIFE_BAR2, LIFE_BAR0, LIFE_BAR2), 1);
	ck_assert_uint_eq(
		each_fault(0x1c, 0x1, LIFE_BAR0, LIFE_BAR2, LIFE_BAR0, LIFE_BAR2 + 0x100000000ULL),
		2);
}
END_TEST

/* A trap that cannot be given up at the reset is still known afterwards and given up later. */
START_TEST(test_reset_with_a_fault)
{
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_ID_set_trap_area, 1, -ENOMEM), 0);
	gvt_ops()->vgpu_reset(g);
	life_expect_bars(&r, LIFE_BAR0, 0);
	life_cfg_write(g, 0x04, 0, 2);
	life_expect_bars(&r, 0, 0);
}
END_TEST

/*
 * Calls of set_trap_area that reach the inner layer: 1 decoding on, 2 old place given up, 3 old
 * place taken again because the outer layer has refused the new one.
 */
START_TEST(test_old_place_lost_too)
{
	g = life_open_one(&r, "check,fault,fault=set_trap_area:3,mock");
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	ck_assert_int_eq(mpt_fault_at(r.host, MPT_OP_ID_set_trap_area, 2, -EEXIST), 0);
	ck_assert_int_eq(cfg_write(0x10, 0xd0000000, 4), -EEXIST);
	life_expect_bars(&r, 0, LIFE_BAR2);
	ck_assert_uint_eq(life_cfg_read(g, 0x10, 4), LIFE_BAR0 | 4);
	life_cfg_write(g, 0x04, 0x6, 2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_close(&r);
}
END_TEST

/* --- guests have several CPUs --- */

#define ROUNDS 3000

static void *toggle(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++)
		life_cfg_write(g, 0x04, i & 1 ? 0x6 : 0x0, 2);
	return NULL;
}

static void *move(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		life_cfg_write(g, 0x10, i & 1 ? 0xd0000000 : (u32)LIFE_BAR0, 4);
		life_cfg_write(g, 0x14, i & 2 ? 1 : 0, 4);
	}
	return NULL;
}

static void *look(void *arg)
{
	bool *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		/* Half of the constant device id, half of COMMAND: both of one moment. */
		u32 both = life_cfg_read(g, 0x02, 4);

		ck_assert_uint_eq(both & 0xffff, 0x1912);
		ck_assert((both >> 16 & ~6U) == 0);
		ck_assert_uint_eq(life_cfg_read(g, 0x10, 4) & 0x00ffffff, 4);
	}
	return NULL;
}

START_TEST(test_accesses_from_several_cpus)
{
	pthread_t writer[2], reader;
	bool stop = false;
	int i;

	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	pthread_create(&reader, NULL, look, &stop);
	pthread_create(&writer[0], NULL, toggle, NULL);
	pthread_create(&writer[1], NULL, move, NULL);
	for (i = 0; i < 100; i++)
		gvt_ops()->vgpu_reset(g);
	pthread_join(writer[0], NULL);
	pthread_join(writer[1], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
	life_decode(g, LIFE_BAR0, LIFE_BAR2);
	life_expect_bars(&r, LIFE_BAR0, LIFE_BAR2);
	life_cfg_write(g, 0x04, 0, 2);
	life_expect_bars(&r, 0, 0);
}
END_TEST

static void *write_command(void *arg)
{
	life_cfg_write(g, 0x04, 0x6, 2);
	__atomic_store_n((bool *)arg, true, __ATOMIC_SEQ_CST);
	return NULL;
}

START_TEST(test_a_write_waits_for_the_lock)
{
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	bool done = false;
	pthread_t writer;

	gvt_lock(&v->lock);
	pthread_create(&writer, NULL, write_command, &done);
	usleep(20000);
	ck_assert(!__atomic_load_n(&done, __ATOMIC_SEQ_CST));
	ck_assert_uint_eq(life_cfg_read(g, 0x04, 2), 0);
	gvt_unlock(&v->lock);
	pthread_join(writer, NULL);
	ck_assert(done);
	ck_assert_uint_eq(life_cfg_read(g, 0x04, 2), 0x6);
}
END_TEST

static void *read_across(void *arg)
{
	*(u32 *)arg = life_cfg_read(g, 0xb2, 4);
	return NULL;
}

/*
 * By hand what a reset does: a count that is odd while dwords change. A read of two dwords waits
 * for the end; one inside a dword does not.
 */
START_TEST(test_two_dwords_are_of_one_moment)
{
	struct gvt_vgpu *v = to_gvt_vgpu(g);
	u32 *dword = (u32 *)(void *)v->cfg, got = 0;
	pthread_t reader;

	__atomic_store_n(&v->cfg_seq, v->cfg_seq + 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&dword[0xb0 / 4], 0x11110000, __ATOMIC_SEQ_CST);
	pthread_create(&reader, NULL, read_across, &got);
	usleep(20000);
	ck_assert_uint_eq(life_cfg_read(g, 0xb0, 4), 0x11110000);
	__atomic_store_n(&dword[0xb0 / 4], 0x22220000, __ATOMIC_SEQ_CST);
	__atomic_store_n(&dword[0xb4 / 4], 0x3333, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->cfg_seq, v->cfg_seq + 1, __ATOMIC_SEQ_CST);
	pthread_join(reader, NULL);
	ck_assert_uint_eq(got, 0x33332222);
}
END_TEST

static Suite *bar_suite(void)
{
	Suite *s = suite_create("gvt_bar");
	TCase *places = tcase_create("places");
	TCase *faults = tcase_create("faults");
	TCase *own = tcase_create("own layers");
	TCase *cpus = tcase_create("several CPUs");

	tcase_add_checked_fixture(places, setup, teardown);
	tcase_add_test(places, test_command_traps_and_maps);
	tcase_add_test(places, test_guest_reaches_what_is_decoded);
	tcase_add_test(places, test_sizing_while_decoding);
	tcase_add_test(places, test_sizing_byte_by_byte);
	tcase_add_test(places, test_top_address_is_an_address);
	tcase_add_test(places, test_halves_never_leak);
	tcase_add_test(places, test_always_masked);
	tcase_add_test(places, test_command_of_any_size);
	tcase_add_test(places, test_unreachable_places);
	suite_add_tcase(s, places);
	tcase_add_checked_fixture(faults, setup, teardown);
	tcase_add_test(faults, test_command_is_transactional);
	tcase_add_test(faults, test_bar_moves_are_transactional);
	tcase_add_test(faults, test_reset_with_a_fault);
	suite_add_tcase(s, faults);
	tcase_add_test(own, test_old_place_lost_too);
	suite_add_tcase(s, own);
	tcase_add_checked_fixture(cpus, setup, teardown);
	tcase_add_test(cpus, test_accesses_from_several_cpus);
	tcase_add_test(cpus, test_a_write_waits_for_the_lock);
	tcase_add_test(cpus, test_two_dwords_are_of_one_moment);
	suite_add_tcase(s, cpus);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { bar_suite };

	return mpt_test_main("gvt_bar", suites, 1);
}
