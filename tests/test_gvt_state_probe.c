/* SPDX-License-Identifier: MIT */
/*
 * A recorded driver probe that changes hosts on the way: whatever has been said by then, the rest
 * of it reads the same on the restored vGPU as on one that stayed.
 */
#include <stdio.h>

#include "../tools/mmiotrace.h"
#include "state_rig.h"

#include "lib/runner.h"

#define PVINFO (SIDE_BAR0 + GVT_PVINFO_OFFSET)
#define CUTS 12

static const char *const probes[] = {
	TEST_DATA "/i915-6.1-skl-probe.mmiotrace",
	TEST_DATA "/i915-6.12-skl-probe.mmiotrace",
};

static struct mmiotrace *trace_open(const char *path)
{
	char why[MMIOTRACE_WHY_MAX];
	struct mmiotrace *t;

	ck_assert_msg(mmiotrace_open(path, &t, why, sizeof(why)) == 0, "%s: %s", path, why);
	return t;
}

static bool next(struct mmiotrace *t, struct mmiotrace_record *rec)
{
	int ret = mmiotrace_next(t, rec);

	ck_assert_int_ge(ret, 0);
	return ret > 0;
}

/* The vGPU that the guest was told of, and how many records there are. */
static unsigned int look(struct mmiotrace *t, struct side_config *c)
{
	struct mmiotrace_record rec;
	unsigned int n = 0;

	while (next(t, &rec)) {
		n++;
		if (rec.kind != MMIOTRACE_READ || rec.access.width != 4)
			continue;
		if (rec.access.phys == PVINFO + 0x40)
			c->type.low_start = mmiotrace_value(&rec.access);
		if (rec.access.phys == PVINFO + 0x44)
			c->type.low_size = mmiotrace_value(&rec.access);
		if (rec.access.phys == PVINFO + 0x48)
			c->type.high_start = mmiotrace_value(&rec.access);
		if (rec.access.phys == PVINFO + 0x4c)
			c->type.high_size = mmiotrace_value(&rec.access);
		if (rec.access.phys == PVINFO + 0x50)
			c->type.fence = (u32)mmiotrace_value(&rec.access);
	}
	ck_assert_int_eq(mmiotrace_rewind(t), 0);
	return n;
}

/* What a read found; 0 for everything else. */
static u64 feed(struct side *s, const struct mmiotrace_record *rec)
{
	u64 value = 0;
	u32 word;

	switch (rec->kind) {
	case MMIOTRACE_READ:
		mpt_guest_read(s->vm, rec->access.phys, &value, rec->access.width);
		return value;
	case MMIOTRACE_WRITE:
		value = mmiotrace_value(&rec->access);
		mpt_guest_write(s->vm, rec->access.phys, &value, rec->access.width);
		return 0;
	case MMIOTRACE_CFG:
		word = rec->cfg.write ? rec->cfg.value : 0;
		if (rec->cfg.write)
			mpt_guest_cfg_write(s->vm, rec->cfg.offset, &word, rec->cfg.width);
		else
			mpt_guest_cfg_read(s->vm, rec->cfg.offset, &word, rec->cfg.width);
		return rec->cfg.write ? 0 : word;
	default:
		return 0;
	}
}

static void hand_over(struct side *a, struct side *b)
{
	struct blob blob;

	gvt_ops()->vgpu_deactivate(a->vgpu);
	blob = side_save(a);
	life_ok(side_restore(b, &blob));
	ck_assert_uint_eq(gvt_vgpu_hash(a->vgpu), gvt_vgpu_hash(b->vgpu));
	gvt_ops()->vgpu_activate(a->vgpu);
	gvt_ops()->vgpu_activate(b->vgpu);
	free(blob.p);
}

static void expect_same(struct side *a, struct side *b, const struct mmiotrace_record *rec,
			unsigned int line)
{
	u64 there = feed(a, rec), here = feed(b, rec);

	if (there != here)
		ck_abort_msg("record %u, 0x%llx: 0x%llx, and 0x%llx on the restored one", line,
			     (unsigned long long)rec->access.phys, (unsigned long long)there,
			     (unsigned long long)here);
}

static void probe(const char *path, unsigned int cut, const char *spec)
{
	struct side_config c = side_default("check,mock"), d;
	struct mmiotrace *t = trace_open(path);
	unsigned int n = 0, all = look(t, &c);
	struct mmiotrace_record rec;
	struct side a, b;

	d = c;
	d.spec = spec;
	side_open_config(&a, &c);
	side_open_config(&b, &d);
	gvt_ops()->vgpu_activate(a.vgpu);
	life_decode(a.vgpu, SIDE_BAR0, SIDE_BAR2);
	side_msi_on(&a);
	for (; n < all * cut / CUTS && next(t, &rec); n++)
		feed(&a, &rec);
	hand_over(&a, &b);
	for (; next(t, &rec); n++)
		expect_same(&a, &b, &rec, n);
	ck_assert_uint_eq(n, all);
	ck_assert_uint_eq(gvt_vgpu_hash(a.vgpu), gvt_vgpu_hash(b.vgpu));
	ck_assert(life_info(a.vgpu).pv_notified && !life_info(a.vgpu).failsafe);
	ck_assert_uint_eq(life_info(a.vgpu).ggtt_mapped, life_info(b.vgpu).ggtt_mapped);
	ck_assert_uint_gt(life_info(b.vgpu).ggtt_mapped, 0);
	side_close(&b);
	side_close(&a);
	mmiotrace_close(t);
}

START_TEST(test_probe)
{
	static const char *const specs[] = {
		"check,mock:seed=3",
		"check,mock:trap=after,map=no,intx=no,trap-area=no",
	};

	probe(probes[_i / (CUTS + 1)], (unsigned int)_i % (CUTS + 1), specs[_i % 2]);
}
END_TEST

static Suite *probe_suite(void)
{
	Suite *s = suite_create("gvt_state_probe");
	TCase *tc = tcase_create("probe");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_probe, 0, (int)N(probes) * (CUTS + 1));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { probe_suite };

	return mpt_test_main("gvt_state_probe", suites, N(suites));
}
