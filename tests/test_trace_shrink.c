/* SPDX-License-Identifier: MIT */
/*
 * Shrinking: of 10^5 random operations, recorded over a back end with a fault that needs several
 * calls to show, few are left, and these differ as all did; so does the file that is written of
 * them. A trace of which nothing differs.
 */
#include <time.h>

#include "libmpt/internal.h"
#include "trace_rig.h"
#include "../tools/trace_shrink.h"
#include "../tools/trace_write.h"

#define OPS 100000
#define ARMED (OPS - 2000) /* from here on the back end is broken */
#define PAGES 48
#define TRAP 0x100000000ULL

/* --- a broken back end: of a tracked page that the bus has written to, no mapping ever ends --- */

static struct {
	void (*unmap)(unsigned long handle, dma_addr_t dma);
	bool armed, broken;
	bool tracked[PAGES], written[PAGES];
	dma_addr_t dma[PAGES]; /* 0: not mapped */
} bug;

static void bug_unmap(unsigned long handle, dma_addr_t dma)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (bug.armed && bug.dma[i] == dma && bug.tracked[i] && bug.written[i]) {
			bug.broken = true;
			return;
		}
	bug.unmap(handle, dma);
}

static int on_store(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	u64 word;

	(void)data;
	(void)bytes;
	return intel_gvt_hypervisor_read_gpa(vgpu, gpa & ~7ULL, &word, 8);
}

static const struct intel_gvt_ops ops = { .write_protect_handler = on_store };
static const struct mpt_core core = { .size = sizeof(core), .ops = &ops };

/* --- random operations --- */

static u64 seed = 88172645463325252ULL;

static u64 random_number(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static void page_op(unsigned int gfn)
{
	u64 gpa = gfn * 4096ULL + random_number(500) * 8, word = seed;

	switch (random_number(8)) {
	case 0:
		mpt_guest_write(rig_vm, gpa, &word, 8);
		break;
	case 1:
		mpt_guest_read(rig_vm, gpa, &word, 8);
		break;
	case 2:
		intel_gvt_hypervisor_write_gpa(&rig_vgpu, gpa, &word, 8);
		break;
	case 3:
		intel_gvt_hypervisor_read_gpa(&rig_vgpu, gpa, &word, 8);
		break;
	case 4:
		bug.tracked[gfn] = true;
		intel_gvt_hypervisor_enable_page_track(&rig_vgpu, gfn);
		break;
	case 5:
		bug.tracked[gfn] = false;
		intel_gvt_hypervisor_disable_page_track(&rig_vgpu, gfn);
		break;
	case 6:
		intel_gvt_hypervisor_gfn_to_mfn(&rig_vgpu, gfn);
		break;
	default:
		mpt_vm_tracked(rig_vm, gfn);
	}
}

/* Return: whether the bus has seen what it must not. */
static bool bus_op(unsigned int gfn)
{
	u64 word = seed;
	dma_addr_t dma = bug.dma[gfn];

	switch (random_number(4)) {
	case 0:
		if (!dma)
			intel_gvt_hypervisor_dma_map_guest_page(&rig_vgpu, gfn, 4096,
								&bug.dma[gfn]);
		break;
	case 1:
		if (!dma)
			break;
		intel_gvt_hypervisor_dma_unmap_guest_page(&rig_vgpu, dma);
		bug.dma[gfn] = 0;
		bug.written[gfn] = false;
		mpt_bus_read(rig_host, dma, &word, 8);
		return bug.broken;
	case 2:
		if (dma)
			bug.written[gfn] |= !mpt_bus_write(rig_host, dma + 64, &word, 8);
		break;
	default:
		if (dma)
			mpt_bus_read(rig_host, dma, &word, 8);
	}
	return false;
}

static void other_op(void)
{
	struct mpt_iommu_fault fault;
	struct mpt_irq irq;
	u8 bits[8];

	switch (random_number(5)) {
	case 0:
		rig_vgpu.mpt->inject_msi(rig_vgpu.handle, 0xfee00000, (u16)seed);
		break;
	case 1:
		mpt_irq_take(rig_vm, &irq);
		break;
	case 2:
		mpt_dirty_fetch(rig_vm, 0, PAGES, bits);
		break;
	case 3:
		mpt_fault_take(rig_host, &fault);
		break;
	default:
		intel_gvt_hypervisor_set_trap_area(&rig_vgpu, TRAP + random_number(8) * 65536,
						   TRAP + random_number(9) * 65536 + 4095,
						   random_number(2));
	}
}

/* Until the fault shows, and a little more. */
static void record(bool broken)
{
	unsigned int i, gfn, more = 0;

	memset(&bug, 0, sizeof(bug));
	rig_record("", "mock", &core);
	bug.unmap = rig_host->base.dma_unmap_guest_page;
	rig_host->base.dma_unmap_guest_page = bug_unmap;
	for (i = 0; i < OPS || (broken && more < 100); i++) {
		bug.armed = broken && i >= ARMED;
		gfn = (unsigned int)random_number(PAGES);
		if (random_number(16) == 0)
			other_op();
		else if (random_number(3))
			page_op(gfn);
		else
			bus_op(gfn);
		more += bug.broken;
	}
	rig_recorded();
	ck_assert_uint_eq(rig_ring.first, 0);
}

/* --- what is left --- */

static uint32_t asked; /* how many records were; numbers only grow */

static bool is_left(void *arg, uint64_t number)
{
	const struct shrink *s = arg;

	ck_assert_uint_eq(rig_trace.op[asked].number, number);
	return !s->drop[asked++];
}

/* The file of what is left differs in the same way, and is all needed. */
static void check_file(const struct shrink *s)
{
	static char file[1 << 17];
	struct play_config c = { .spec = "mock" };
	FILE *to = fmemopen(file, sizeof(file), "w");
	struct trace_ring ring, from = rig_ring;
	struct play_trace t;
	struct play_result r;
	char why[PLAY_WHY_MAX];

	ck_assert_ptr_nonnull(to);
	from.next = from.first;
	from.epoch = from.head.mono_ns / MPT_TRACE_TIME_UNIT >> MPT_TRACE_TIME_BITS;
	ck_assert_int_eq(trace_write(to, &from, is_left, (void *)(uintptr_t)s), 0);
	fclose(to);
	ck_assert_int_eq(trace_ring_open(&ring, file, sizeof(file), why, sizeof(why)), 0);
	ck_assert_int_eq(play_load(&t, &ring, why, sizeof(why)), 0);
	ck_assert_uint_eq(t.n, s->left);
	ck_assert_uint_eq(t.torn, 0);
	c.end = t.n;
	ck_assert_int_eq(play_run(&t, &c, &r), 0);
	ck_assert_uint_eq(r.diffs, 1);
	ck_assert_uint_eq(r.first.op, t.n - 1);
	ck_assert_int_eq(r.first.what, s->first.what);
	ck_assert_int_eq(r.first.seen, s->first.seen);
	play_free(&t);
}

/* Each record that is left is needed: without it the replay differs otherwise, or not at all. */
static void check_least(const struct shrink *s)
{
	struct play_config c = { .spec = "mock", .drop = s->drop, .end = s->first.op + 1,
				 .first_only = true };
	struct play_result r;
	uint32_t i;

	for (i = 0; i < s->first.op; i++) {
		if (s->drop[i])
			continue;
		s->drop[i] = 1;
		ck_assert_int_eq(play_run(&rig_trace, &c, &r), 0);
		ck_assert_msg(!r.diffs || r.first.op != s->first.op ||
			      r.first.seen != s->first.seen || r.first.known != s->first.known,
			      "%s is not needed", rig_trace.op[i].kind->name);
		s->drop[i] = 0;
	}
}

START_TEST(few_are_left)
{
	struct shrink s = { .trace = &rig_trace, .spec = "mock" };
	struct timespec a, b;

	record(true);
	ck_assert_uint_ge(rig_trace.n, OPS / 2);
	clock_gettime(CLOCK_MONOTONIC, &a);
	ck_assert_int_eq(shrink_run(&s), 1);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%u records shrunk to %u by %llu replays in %.3f s\n", rig_trace.n, s.left,
	       (unsigned long long)s.trials,
	       (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	ck_assert_str_eq(rig_trace.op[s.first.op].kind->name, "bus_read");
	ck_assert_int_eq(s.first.expected, 0);
	ck_assert_int_eq(s.first.seen, -EFAULT);
	ck_assert_uint_le(s.left, 50);
	check_file(&s);
	check_least(&s);
	free(s.drop);
	rig_done();
}
END_TEST

START_TEST(nothing_differs)
{
	struct shrink s = { .trace = &rig_trace, .spec = "mock" };

	record(false);
	ck_assert_int_eq(shrink_run(&s), 0);
	ck_assert_ptr_null(s.drop);
	s.spec = "no-such";
	ck_assert_int_eq(shrink_run(&s), -1);
	ck_assert_ptr_nonnull(strstr(s.why, "no back end"));
	rig_done();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("trace-shrink");
	TCase *tc = tcase_create("shrink");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, few_are_left);
	tcase_add_test(tc, nothing_differs);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("trace-shrink", suites, 1);
}
