/* SPDX-License-Identifier: MIT */
/* The check layer's entries as sentences, and what its samples keep and miss. */
#include <dlfcn.h>
#include <stdio.h>

#include <mpt/log.h>

#include "layer_rig.h"

#define PAGES RAM_PAGES

static dma_addr_t addr[PAGES];
static char logged[MPT_ERROR_MAX];
static unsigned int lines;

static void map_all(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, i, 4096, &addr[i]),
				 0);
}

static void unmap_all(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, addr[i]);
}

static void track_all(bool on)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		ck_assert_int_eq(on ? intel_gvt_hypervisor_enable_page_track(&vgpu, i) :
				      intel_gvt_hypervisor_disable_page_track(&vgpu, i), 0);
}

static void sink(void *arg, enum mpt_log_level level, const char *where, const char *text)
{
	(void)arg;
	(void)where;
	(void)level;
	lines++;
	snprintf(logged, sizeof(logged), "%s", text);
}

struct seen {
	unsigned int n;
	struct mpt_ledger_entry kind[MPT_LEDGER_KINDS];
};

static int see(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	struct seen *s = arg;

	(void)left;
	s->n++;
	s->kind[e->kind] = *e;
	return 0;
}

static void says(const struct mpt_ledger_entry *e, const char *what)
{
	char text[MPT_ERROR_MAX], vgpu_text[40];

	mpt_ledger_describe(e, false, text, sizeof(text));
	snprintf(vgpu_text, sizeof(vgpu_text), "of vGPU %p is held: operation ", (void *)&vgpu);
	ck_assert_msg(strstr(text, what) == text && strstr(text, vgpu_text), "%s", text);
	/* The program is not linked with -rdynamic, so its file is named. */
	ck_assert_msg(strstr(text, "s after the opening, called from ") && strstr(text, "+0x") &&
		      strstr(text, "test_layers_check"), "%s", text);
}

START_TEST(sentences)
{
	struct seen s = { 0 };

	open_spec("check,mock");
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 3, 4096, &addr[0]), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 3, 4096, &addr[0]), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&vgpu, 4), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&vgpu, 1UL << 32, (1UL << 32) + 4095,
							    true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&vgpu, 0x200000, 0x80000, 2, true), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(&vgpu), 0);
	ck_assert_int_eq(mpt_ledger_each(host, see, &s), 0);
	ck_assert_uint_eq(s.n, 6);
	says(&s.kind[MPT_LEDGER_ATTACH], "the attachment with handle 0x");
	says(&s.kind[MPT_LEDGER_DMA], "the DMA mapping of gfn 0x3 (0x1000 bytes, bus address 0x");
	says(&s.kind[MPT_LEDGER_TRACK], "the track of gfn 0x4 ");
	says(&s.kind[MPT_LEDGER_TRAP], "the trap of 0x1000 bytes from 0x100000000 ");
	says(&s.kind[MPT_LEDGER_MAP], "the map of 2 frames from gfn 0x200000 ");
	says(&s.kind[MPT_LEDGER_VFIO], "the hold of the VMM's device (1 times) ");
	/* Later operations are later. */
	ck_assert_uint_gt(s.kind[MPT_LEDGER_ATTACH].ns, 0);
	ck_assert_uint_le(s.kind[MPT_LEDGER_ATTACH].ns, s.kind[MPT_LEDGER_DMA].ns);
	ck_assert_uint_le(s.kind[MPT_LEDGER_DMA].ns, s.kind[MPT_LEDGER_VFIO].ns);
	ck_assert_ptr_ne(s.kind[MPT_LEDGER_DMA].where, s.kind[MPT_LEDGER_TRACK].where);
	close_all();
}
END_TEST

START_TEST(told_at_detach)
{
	open_spec("check,mock");
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&vgpu, 4), 0);
	mpt_log_set(sink, NULL, MPT_LOG_ERROR);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	mpt_log_set(NULL, NULL, MPT_LOG_ERROR);
	ck_assert_uint_eq(lines, 1);
	ck_assert_msg(strstr(logged, "the track of gfn 0x4 of vGPU ") &&
		      strstr(logged, " was left at detach: operation 2 made it, "), "%s", logged);
	close_vm();
}
END_TEST

/* What exported functions of a library do has their names; what cannot be named is a number. */
START_TEST(names_of_callers)
{
	struct mpt_ledger_entry e = { .kind = MPT_LEDGER_TRACK };
	char text[MPT_ERROR_MAX];

	e.where = (const char *)dlsym(RTLD_DEFAULT, "getpid") + 1;
	mpt_ledger_describe(&e, true, text, sizeof(text));
	ck_assert_msg(strstr(text, "getpid+0x1 (libc."), "%s", text);
	e.where = (const void *)16;
	mpt_ledger_describe(&e, true, text, sizeof(text));
	ck_assert_msg(strstr(text, "called from 0x10"), "%s", text);
	mpt_ledger_describe(&e, true, text, 10);
	ck_assert_uint_eq(strlen(text), 9);
}
END_TEST

/* One of 8: some, not all; what is taken and given back is both in the sample or both not. */
START_TEST(samples_balance)
{
	struct mpt_ledger l;

	open_spec("check=sample:8,mock");
	map_all();
	map_all();
	track_all(true);
	l = ledger();
	ck_assert_uint_eq(l.sample, 8);
	ck_assert_uint_eq(l.live[MPT_LEDGER_ATTACH], 1);
	/* The chance of fewer or more than these is below 1 in 10^9. */
	ck_assert_uint_gt(l.live[MPT_LEDGER_DMA], PAGES / 8 - 70);
	ck_assert_uint_lt(l.live[MPT_LEDGER_DMA], PAGES / 8 + 75);
	ck_assert_uint_gt(l.live[MPT_LEDGER_TRACK], PAGES / 8 - 70);
	ck_assert_uint_lt(l.live[MPT_LEDGER_TRACK], PAGES / 8 + 75);
	ck_assert_uint_eq(l.calls, 1 + 2 * l.live[MPT_LEDGER_DMA] + l.live[MPT_LEDGER_TRACK]);
	unmap_all();
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_DMA], l.live[MPT_LEDGER_DMA]);
	unmap_all();
	track_all(false);
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_DMA], 0);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_uint_eq(ledger().violations + ledger().left, 0);
	close_vm();
}
END_TEST

/* Leftovers and double unmaps are found in the sample and only there; dead handles always. */
START_TEST(samples_find)
{
	struct mpt_ledger l;
	u64 word;

	open_spec("check=sample:8,mock");
	map_all();
	l = ledger();
	unmap_all();
	unmap_all();
	ck_assert_uint_eq(ledger().violations, l.live[MPT_LEDGER_DMA]);
	track_all(true);
	l = ledger();
	ck_assert_int_eq(vgpu.mpt->read_gpa(0x123456, 0, &word, 8), -ESRCH);
	ck_assert_uint_eq(ledger().violations, l.violations + 1);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_uint_eq(ledger().left, l.live[MPT_LEDGER_TRACK]);
	close_vm();
}
END_TEST

START_TEST(sample_of_all)
{
	open_spec("check=sample:1,mock");
	map_all();
	ck_assert_uint_eq(ledger().live[MPT_LEDGER_DMA], PAGES);
	ck_assert_uint_eq(ledger().calls, PAGES + 1);
	unmap_all();
	close_all();
}
END_TEST

static const char *const bad[] = {
	"check=sample:0,mock", "check=sample:,mock", "check=sample,mock", "check=sample:2x,mock",
	"check=all,mock", "check=sample:99999999999999999999999,mock", "check=,mock",
};

START_TEST(refused)
{
	struct mpt_host *h;

	ck_assert_int_eq(mpt_host_open(bad[_i], &h), -EINVAL);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("layers-check");
	TCase *tc = tcase_create("check");

	tcase_add_test(tc, sentences);
	tcase_add_test(tc, told_at_detach);
	tcase_add_test(tc, names_of_callers);
	tcase_add_test(tc, samples_balance);
	tcase_add_test(tc, samples_find);
	tcase_add_test(tc, sample_of_all);
	tcase_add_loop_test(tc, refused, 0, sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("layers-check", suites, 1);
}
