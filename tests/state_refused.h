/* SPDX-License-Identifier: MIT */
/*
 * What the suites of edited states share: a busy vGPU's good state, a vGPU that it is to be refused
 * by, and that this one stays as it was.
 */
#ifndef MPT_TESTS_STATE_REFUSED_H
#define MPT_TESTS_STATE_REFUSED_H

#include "state_rig.h"

#define has(text) ck_assert_msg(strstr(mpt_last_error(), text), "%s", mpt_last_error())

static struct side a, b;
static struct blob good;
static u64 hash;

static inline void setup(void)
{
	side_open(&a, SIDE_SPEC);
	side_busy(&a);
	side_open(&b, SIDE_SPEC);
	good = side_save(&a);
	hash = gvt_vgpu_hash(b.vgpu);
}

static inline void teardown(void)
{
	free(good.p);
	side_close(&b);
	side_close(&a);
}

static inline void unchanged(void)
{
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), hash);
	ck_assert_uint_eq(life_info(b.vgpu).resets, 0);
}

/* Takes the blob. */
static inline void refused(struct blob *blob, const char *why)
{
	blob_seal(blob);
	ck_assert_int_eq(side_restore(&b, blob), -EINVAL);
	has(why);
	unchanged();
	free(blob->p);
}

#endif
