/* SPDX-License-Identifier: MIT */
/*
 * Restores that cannot be: a target that differs is refused by the field's name and stays as it is;
 * one whose back end, memory or allocator fails on the way ends as after a reset. States that are
 * damaged or made up: test_gvt_state_blob.c.
 */
#include <stdio.h>

#include "state_rig.h"

#include "lib/runner.h"

#define has(text) ck_assert_msg(strstr(mpt_last_error(), text), "%s", mpt_last_error())

/* --- what does not fit --- */

static void other_low_start(struct side_config *c)
{
	c->type.low_start = 0;
}
static void other_high_start(struct side_config *c)
{
	c->type.high_start += MIB;
}
static void other_low_size(struct side_config *c)
{
	c->type.low_size = 32 * MIB;
}
static void other_high_size(struct side_config *c)
{
	c->type.high_size = 64 * MIB;
}
static void other_fences(struct side_config *c)
{
	c->type.fence = 3;
}
static void other_width(struct side_config *c)
{
	c->type.width = 1920;
}
static void other_height(struct side_config *c)
{
	c->type.height = 1200;
}
static void no_engines(struct side_config *c)
{
	c->no_engines = true;
}
static void other_aperture(struct side_config *c)
{
	c->aperture = 512 * MIB;
}

static const struct {
	void (*other)(struct side_config *c);
	const char *field, *remedy;
} misfits[] = {
	{ other_low_start, "identity.low_start: 0x4000000 in the state, 0x0 here",
	  "type.low_start" },
	{ other_high_start, "identity.high_start: 0x20000000 in the state, 0x20100000 here",
	  "type.high_start" },
	{ other_low_size, "identity.low_size: 0x4000000 in the state, 0x2000000 here",
	  "type.low_size" },
	{ other_high_size, "identity.high_size: 0x8000000 in the state, 0x4000000 here",
	  "type.high_size" },
	{ other_fences, "identity.fences: 0x4 in the state, 0x3 here", "type.fence" },
	{ other_width, "identity.width: 0x400 in the state, 0x780 here", "type.width" },
	{ other_height, "identity.height: 0x300 in the state, 0x4b0 here", "type.height" },
	{ no_engines, "identity.engines: 0x4 in the state, 0x0 here", "gvt_config.hw" },
	{ other_aperture, "identity.aperture: 0x10000000 in the state, 0x20000000 here",
	  "gvt_config.aperture" },
};

START_TEST(test_misfit)
{
	struct side_config c = side_default(SIDE_SPEC);
	struct side a, b;
	struct blob blob;
	u64 hash;

	misfits[_i].other(&c);
	side_open(&a, SIDE_SPEC);
	side_busy(&a);
	blob = side_save(&a);
	side_open_config(&b, &c);
	hash = gvt_vgpu_hash(b.vgpu);
	ck_assert_int_eq(side_restore(&b, &blob), -EINVAL);
	has(misfits[_i].field);
	has(misfits[_i].remedy);
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), hash);
	free(blob.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* Nothing can have been taken for engines that are not there. */
START_TEST(test_without_engines)
{
	static const char *const fields[] = { "engine.list", "engine.next",  "engine.running",
					      "engine.slot", "engine.queued" };
	struct side_config c = side_default(SIDE_SPEC);
	struct side a, b;
	struct blob blob, edited;
	size_t i;
	u64 hash;

	c.no_engines = true;
	side_open_config(&a, &c);
	side_open_config(&b, &c);
	side_busy(&a);
	blob = side_save(&a);
	hash = gvt_vgpu_hash(b.vgpu);
	for (i = 0; i < N(fields); i++) {
		edited = blob_copy(&blob);
		blob_set(&edited, blob_data(&edited, fields[i]), 1, 1);
		ck_assert_int_eq(side_restore(&b, &edited), -EINVAL);
		has("there are no engines");
		has(fields[i]);
		free(edited.p);
	}
	edited = blob_copy(&blob);
	blob_set(&edited, blob_data(&edited, "engine.kept"), 1, 1);
	ck_assert_int_eq(side_restore(&b, &edited), -EINVAL);
	has("engine.kept: not what the hardware here can go on with");
	free(edited.p);
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), hash);
	life_ok(side_restore(&b, &blob));
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), gvt_vgpu_hash(a.vgpu));
	free(blob.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

START_TEST(test_pvmmio_is_not_there)
{
	struct side a, b;
	struct blob blob;
	u64 hash;

	side_open_pv(&a, SIDE_SPEC, 0xf);
	side_open_pv(&b, _i ? SIDE_SPEC : "check,mock:pvmmio=no", _i ? 0x3 : 0xf);
	gvt_ops()->vgpu_reset(b.vgpu);
	hash = gvt_vgpu_hash(b.vgpu);
	side_busy(&a);
	side_write(&a, 0x78860, 0xb, 4);
	blob = side_save(&a);
	ck_assert_int_eq(side_restore(&b, &blob), _i ? -EINVAL : -ENOENT);
	has("field pvmmio.levels: 0xb");
	if (_i)
		has("gvt_config.pvmmio");
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), hash);
	free(blob.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

START_TEST(test_active)
{
	struct side a;
	struct blob blob;
	u64 hash;

	side_open(&a, SIDE_SPEC);
	side_busy(&a);
	blob = side_save(&a); /* of an active one: allowed */
	side_write(&a, 0x2038, 0x777000, 4);
	hash = gvt_vgpu_hash(a.vgpu);
	ck_assert_int_eq(side_restore(&a, &blob), -EBUSY);
	has("active");
	ck_assert_uint_eq(gvt_vgpu_hash(a.vgpu), hash);
	free(blob.p);
	side_close(&a);
}
END_TEST

/* --- failures below --- */

static int write_fails(void *arg, const void *buf, size_t len)
{
	(void)buf;
	*(size_t *)arg = len;
	return -EIO;
}

START_TEST(test_save_fails)
{
	struct side a;
	size_t len = 0;

	side_open(&a, SIDE_SPEC);
	side_busy(&a);
	ck_assert_int_eq(gvt_vgpu_save(a.vgpu, NULL, NULL), -EINVAL);
	ck_assert_int_eq(gvt_vgpu_save(a.vgpu, write_fails, &len), -EIO);
	ck_assert_uint_gt(len, 0);
	mpt_alloc_fail_at(1);
	len = 0;
	ck_assert_int_eq(gvt_vgpu_save(a.vgpu, write_fails, &len), -ENOMEM);
	ck_assert_uint_eq(len, 0);
	/* The hash allocates nothing. */
	mpt_alloc_fail_at(1);
	gvt_vgpu_hash(a.vgpu);
	ck_assert(!mpt_alloc_failed());
	mpt_alloc_fail_at(0);
	side_close(&a);
}
END_TEST

/* The Nth operation or allocation of a restore fails: as after a reset, and the next one works. */
static void fail_each(struct side *b, const struct blob *blob, bool alloc)
{
	u64 want = 0, reset, hash;
	enum mpt_op_id op;
	unsigned int n;
	bool fired;
	int ret;

	memcpy(&want, blob->p + blob->len - 8, 8);
	gvt_ops()->vgpu_reset(b->vgpu);
	reset = gvt_vgpu_hash(b->vgpu);
	for (n = 1; n < 200; n++) {
		if (alloc)
			mpt_alloc_fail_at(n);
		else
			life_ok(mpt_fault_at(b->host, MPT_OP_COUNT, n, 0));
		ret = side_restore(b, blob);
		fired = alloc ? mpt_alloc_failed() : mpt_fault_fired(b->host, &op);
		mpt_alloc_fail_at(0);
		hash = gvt_vgpu_hash(b->vgpu);
		if (!ret) {
			ck_assert_uint_eq(hash, want);
			if (!fired)
				break;
			ck_assert(!alloc && op == MPT_OP_ID_set_intx);
		} else {
			ck_assert_uint_eq(hash, reset);
			ck_assert_uint_eq(life_info(b->vgpu).ggtt_mapped, 0);
		}
		gvt_ops()->emulate_hotplug(b->vgpu, false); /* a reset pulls no cable */
		gvt_ops()->vgpu_reset(b->vgpu);
		ck_assert_uint_eq(gvt_vgpu_hash(b->vgpu), reset);
	}
	ck_assert_uint_lt(n, 200);
	ck_assert_uint_gt(n, alloc ? 1 : SIDE_MAPPED + 2);
}

START_TEST(test_restore_fails)
{
	struct side a, b;
	struct blob blob;

	side_open_pv(&a, SIDE_SPEC, 0xf);
	side_open_pv(&b, "fault,mock", 0xf);
	side_busy(&a);
	side_write(&a, 0x78860, 0xb, 4);
	life_cfg_write(a.vgpu, 0xae, 0, 2);
	side_write(&a, SIDE_MASTER, 1U << 31, 4);
	ck_assert(a.v->intx_level);
	blob = side_save(&a);
	fail_each(&b, &blob, _i);
	free(blob.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* The target's own BAR does not leave: an error, and nothing of the state arrives. */
START_TEST(test_old_bar_stays)
{
	struct side a, b;
	struct blob blob;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	side_busy(&a);
	blob = side_save(&a);
	life_decode(b.vgpu, 0xd0000000, SIDE_BAR2);
	life_ok(mpt_fault_at(b.host, MPT_OP_ID_set_trap_area, 1, 0));
	ck_assert_int_eq(side_restore(&b, &blob), -EIO);
	ck_assert_uint_eq(b.v->hws_pga[GVT_RCS], 0);
	life_ok(side_restore(&b, &blob));
	ck_assert_uint_eq(life_info(b.vgpu).ggtt_mapped, SIDE_MAPPED);
	ck_assert_uint_eq(life_info(b.vgpu).bar0, SIDE_BAR0);
	free(blob.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* What was mapped must be mappable; the sentence tells which page. */
START_TEST(test_memory_is_missing)
{
	struct side a, b;
	struct blob blob;
	u64 reset;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	side_busy(&a);
	life_ok(mpt_ram_add(a.vm, SIDE_NO_RAM, MIB, 0));
	side_pte(&a, SIDE_LOW + 0x100000, SIDE_NO_RAM | 1);
	blob = side_save(&a);
	gvt_ops()->vgpu_reset(b.vgpu);
	reset = gvt_vgpu_hash(b.vgpu);
	ck_assert_int_eq(side_restore(&b, &blob), -EFAULT);
	has("field ggtt.entry: gfn 0x6000 of entry 0x4100");
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), reset);
	life_ok(mpt_ram_add(b.vm, SIDE_NO_RAM, MIB, 0));
	life_ok(side_restore(&b, &blob));
	free(blob.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

static Suite *refuse_suite(void)
{
	Suite *s = suite_create("gvt_state_refuse");
	TCase *tc = tcase_create("refuse");

	tcase_add_loop_test(tc, test_pvmmio_is_not_there, 0, 2);
	tcase_add_loop_test(tc, test_misfit, 0, (int)N(misfits));
	tcase_add_test(tc, test_without_engines);
	tcase_add_test(tc, test_active);
	tcase_add_test(tc, test_save_fails);
	tcase_add_loop_test(tc, test_restore_fails, 0, 2);
	tcase_add_test(tc, test_old_bar_stays);
	tcase_add_test(tc, test_memory_is_missing);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { refuse_suite };

	return mpt_test_main("gvt_state_refuse", suites, N(suites));
}
