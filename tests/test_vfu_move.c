/* SPDX-License-Identifier: MIT */
/*
 * Migration over vfio-user: the stream in all pieces, a guest that moves from one vGPU to another,
 * and clients that lie, give up or vanish. The states are test_vfu_migrate.c's.
 */
#include <pthread.h>
#include <sched.h>

#include "gvt/execlist.h"
#include "vfu_mig_rig.h"

/* --- the stream --- */

START_TEST(any_pieces)
{
	static const u32 pieces[] = { 1, 511, 1023, 4096, 65537, MIG_XFER };
	struct mig_blob want, got;
	struct mig a, b;
	size_t i;
	u64 hash;

	mig_up(&a);
	mig_up(&b);
	mig_busy(&a);
	want = mig_save(&a);
	ck_assert_uint_eq(mig_piece(&a, 1), 0);
	hash = gvt_vgpu_hash(a.vgpu);
	for (i = 0; i < N(pieces); i++) {
		mig_go(&a, VUW_STATE_STOP);
		mig_go(&a, VUW_STATE_STOP_COPY);
		got = mig_pull(&a, pieces[i]);
		ck_assert_uint_eq(got.len, want.len);
		ck_assert_int_eq(memcmp(got.p, want.p, want.len), 0);
		free(got.p);
		mig_reset(&b);
		mig_go(&b, VUW_STATE_RESUMING);
		mig_push_all(&b, &want, pieces[i]);
		mig_go(&b, VUW_STATE_STOP);
		ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), hash);
	}
	free(want.p);
	mig_down(&b);
	mig_down(&a);
}
END_TEST

/* A byte, nothing, and both beside larger ones. */
START_TEST(small_pieces)
{
	struct mig_blob want;
	struct mig c;
	size_t at;

	mig_up(&c);
	want = mig_save(&c);
	mig_go(&c, VUW_STATE_STOP);
	mig_go(&c, VUW_STATE_STOP_COPY);
	for (at = 0; at < 300; at++) {
		ck_assert_uint_eq(mig_piece(&c, 0), 0);
		ck_assert_uint_eq(mig_piece(&c, 1), 1);
		ck_assert_uint_eq(c.reply[8], want.p[at]);
	}
	mig_go(&c, VUW_STATE_RESUMING);
	for (at = 0; at < 300; at++) {
		ck_assert_int_eq(mig_push(&c, want.p + at, 1), 0);
		ck_assert_int_eq(mig_push(&c, NULL, 0), 0);
	}
	for (; at < want.len; at += MIG_XFER)
		ck_assert_int_eq(
			mig_push(&c, want.p + at,
				 (u32)(want.len - at < MIG_XFER ? want.len - at : MIG_XFER)),
			0);
	mig_go(&c, VUW_STATE_RUNNING);
	free(want.p);
	mig_down(&c);
}
END_TEST

static int read_data(struct mig *c, u32 argsz, u32 size)
{
	struct vuw_mig_data q = { argsz, size };

	return mig_call(c, VUW_MIG_DATA_READ, &q, sizeof(q), NULL, 0);
}

START_TEST(bounds)
{
	struct mig c;

	mig_open(&c);
	mig_connect(&c, "{\"capabilities\":{\"max_data_xfer_size\":1000,\"migration\":{"
			"\"pgsize\":4096}}}");
	ck_assert_int_eq(read_data(&c, 64, 8), EINVAL); /* RUNNING */
	ck_assert_int_eq(mig_push(&c, "x", 1), EINVAL);
	mig_go(&c, VUW_STATE_STOP_COPY);
	ck_assert_int_eq(read_data(&c, 1008, 1000), 0);
	ck_assert_int_eq(read_data(&c, 1007, 1000), EINVAL);
	ck_assert_int_eq(read_data(&c, ~0U, 1001), EINVAL);
	ck_assert_int_eq(read_data(&c, ~0U, ~0U), EINVAL);
	ck_assert_int_eq(read_data(&c, 7, 0), EINVAL);
	ck_assert_int_eq(mig_push(&c, "x", 1), EINVAL);
	mig_go(&c, VUW_STATE_RESUMING);
	ck_assert_int_eq(read_data(&c, 64, 8), EINVAL);
	mig_reset(&c);
	mig_hangup(&c);
	mig_connect(&c, MIG_CAPS);
	mig_go(&c, VUW_STATE_STOP_COPY);
	ck_assert_int_eq(read_data(&c, MIG_XFER + 8, MIG_XFER), 0);
	ck_assert_int_eq(read_data(&c, ~0U, MIG_XFER + 1), EINVAL);
	mig_down(&c);
}
END_TEST

/* --- a move --- */

static const u32 compared[] = { 0x2080,
				0x2038,
				0x12080,
				0x1229c,
				0x2229c,
				0x2209c,
				0x100000,
				0x100004,
				GVT_PVINFO_OFFSET + 0x40,
				GVT_PVINFO_OFFSET + 0x50 };

static void looks_the_same(struct mig *a, struct mig *b)
{
	u32 i, x, y;

	for (i = 0; i < N(compared); i++)
		ck_assert_msg(mig_read(a, compared[i], 4) == mig_read(b, compared[i], 4), "0x%x",
			      compared[i]);
	for (i = 0; i < 20; i++)
		ck_assert_uint_eq(mig_read(a, mig_gtt(MIG_LOW + i * 4096), 8),
				  mig_read(b, mig_gtt(MIG_LOW + i * 4096), 8));
	for (i = 0; i < 256; i += 4) {
		ck_assert_int_eq(mig_region(a, VUW_REGION_READ, MIG_CONFIG, i, &x, 4), 0);
		ck_assert_int_eq(mig_region(b, VUW_REGION_READ, MIG_CONFIG, i, &y, 4), 0);
		ck_assert_uint_eq(x, y);
	}
}

static u32 aperture_read(struct mig *c, u64 addr)
{
	u32 value = 0;

	ck_assert_int_eq(mig_region(c, VUW_REGION_READ, 2, addr, &value, 4), 0);
	return value;
}

START_TEST(a_guest_moves)
{
	struct mig_blob state;
	struct mig a, b;
	u64 hash;

	mig_up(&a);
	mig_up(&b);
	mig_busy(&a);
	state = mig_save(&a);
	hash = gvt_vgpu_hash(a.vgpu);
	ck_assert_uint_ne(gvt_vgpu_hash(b.vgpu), hash);
	/* Its memory moves before, by the client. */
	memset(a.ram + 0x122010, 0x5a, 64);
	memcpy(b.ram, a.ram, MIG_RAM);
	mig_go(&b, VUW_STATE_RESUMING);
	mig_push_all(&b, &state, 12345);
	mig_go(&b, VUW_STATE_RUNNING);
	mig_state_is(&b, VUW_STATE_RUNNING);
	ck_assert_uint_eq(gvt_vgpu_hash(b.vgpu), hash);
	looks_the_same(&a, &b);
	ck_assert_uint_eq(aperture_read(&b, MIG_LOW + 17 * 4096 + 0x10), 0x5a5a5a5a);
	ck_assert(b.v->exec->engine[GVT_VCS].hung && b.v->exec->engine[GVT_BCS].queued);
	/* It goes on there, as it would have here. */
	mig_write(&b, 0x2209c, 0x01000000, 4);
	ck_assert(b.v->exec->engine[GVT_BCS].hung);
	mig_go(&a, VUW_STATE_RUNNING);
	mig_write(&a, 0x2209c, 0x01000000, 4);
	ck_assert(a.v->exec->engine[GVT_BCS].hung);
	free(state.p);
	mig_down(&b);
	mig_down(&a);
}
END_TEST

/* A context with an endless batch in its ring, as a driver makes one; it runs. */
#define CTX (MIG_LOW + 0x100000)
#define CTX_GPA 0x800000U
#define RING_GPA 0x810000U

static void image_list(u32 *image, u32 at, const u16 *regs, u32 n)
{
	u32 i;

	image[at++] = 0x11001000 | (2 * n - 1);
	for (i = 0; i < n; i++)
		image[at + 2 * i] = 0x12000U + regs[i];
}

static void endless(struct mig *c)
{
	static const u16 ring_regs[] = { 0x244, 0x034, 0x030, 0x038, 0x03c };
	static const u16 pdp_regs[] = { 0x3a8, 0x28c, 0x288, 0x284, 0x280,
					0x27c, 0x278, 0x274, 0x270 };
	u32 *image = (u32 *)(void *)(c->ram + CTX_GPA + 4096), *ring = (void *)(c->ram + RING_GPA);

	mig_write(c, mig_gtt(CTX), CTX_GPA | 1, 8);
	mig_write(c, mig_gtt(CTX + 4096), (CTX_GPA + 4096) | 1, 8);
	mig_write(c, mig_gtt(CTX + 8192), RING_GPA | 1, 8);
	image_list(image, 1, ring_regs, N(ring_regs));
	image[7] = 64;
	image[9] = (u32)CTX + 8192;
	image[11] = 1;
	image_list(image, 0x21, pdp_regs, N(pdp_regs));
	image[0x33] = 0x900000;
	/* MI_BATCH_BUFFER_START in the global GTT, of itself. */
	ring[2] = 0x31 << 23 | 1;
	ring[3] = (u32)CTX + 8192 + 8;
	mig_write(c, 0x1229c, 0x80008000, 4);
	mig_submit(c, 0x12000, 0x71, (u32)CTX | 0x119);
	gvt_run(c->gvt, 10000);
	ck_assert(!c->v->exec->engine[GVT_VCS].hung && c->v->exec->engine[GVT_VCS].running);
}

static bool was_written(struct mig *c, u64 gpa)
{
	struct vuw_log_report r = { gpa, 4096, 4096 };

	ck_assert_int_eq(
		mig_feature(c, VUW_FEATURE_GET | VUW_FEATURE_LOG_REPORT, &r, sizeof(r), 64), 0);
	return c->reply[sizeof(struct vuw_feature) + sizeof(r)];
}

/* The client copies the memory after STOP, and only then asks for the state. */
START_TEST(nothing_is_stored_after_stop)
{
	struct vuw_log_start all = { 4096, 0, 0 };
	static u8 copy[MIG_RAM];
	struct mig_blob state;
	struct mig a, b;

	mig_up(&a);
	mig_up(&b);
	mig_decode(&a);
	endless(&a);
	ck_assert_int_eq(
		mig_feature(&a, VUW_FEATURE_SET | VUW_FEATURE_LOG_START, &all, sizeof(all), 64), 0);
	mig_go(&a, VUW_STATE_STOP);
	ck_assert(was_written(&a, CTX_GPA + 4096));
	memcpy(copy, a.ram, MIG_RAM);
	state = mig_save(&a);
	ck_assert(!was_written(&a, CTX_GPA + 4096));
	ck_assert_int_eq(memcmp(copy, a.ram, MIG_RAM), 0);
	memcpy(b.ram, copy, MIG_RAM);
	mig_go(&b, VUW_STATE_RESUMING);
	mig_push_all(&b, &state, MIG_XFER);
	mig_go(&b, VUW_STATE_RUNNING);
	ck_assert_uint_gt(gvt_run(b.gvt, 10000), 0);
	ck_assert(!b.v->exec->engine[GVT_VCS].hung && b.v->exec->engine[GVT_VCS].running);
	free(state.p);
	mig_down(&b);
	mig_down(&a);
}
END_TEST

/* --- streams that are none --- */

static void refused(struct mig *c, const struct mig_blob *bad)
{
	mig_go(c, VUW_STATE_RESUMING);
	mig_push_all(c, bad, MIG_XFER);
	ck_assert_int_eq(mig_set(c, VUW_STATE_RUNNING), EINVAL);
	mig_state_is(c, VUW_STATE_ERROR);
	ck_assert_int_eq(mig_set(c, VUW_STATE_RUNNING), EINVAL);
	mig_reset(c);
	mig_state_is(c, VUW_STATE_RUNNING);
}

START_TEST(broken_streams)
{
	struct mig_blob good, bad;
	struct mig c;
	size_t i, step;
	u64 clean;
	long live;

	mig_up(&c);
	mig_reset(&c);
	clean = gvt_vgpu_hash(c.vgpu);
	mig_busy(&c);
	good = mig_save(&c);
	mig_reset(&c);
	live = mpt_alloc_live();
	step = good.len / 37;
	for (i = 0; i < 37; i++) {
		bad = (struct mig_blob){ good.p, i * step };
		refused(&c, &bad);
	}
	for (i = 0; i < good.len; i += step) {
		good.p[i] ^= 0x41;
		refused(&c, &good);
		good.p[i] ^= 0x41;
	}
	bad = (struct mig_blob){ good.p, good.len + 1 };
	refused(&c, &bad);
	ck_assert_int_eq(mpt_alloc_live(), live);
	ck_assert_uint_eq(gvt_vgpu_hash(c.vgpu), clean);
	/* And the right one after all that. */
	mig_go(&c, VUW_STATE_RESUMING);
	mig_push_all(&c, &good, MIG_XFER);
	mig_go(&c, VUW_STATE_RUNNING);
	free(good.p);
	mig_down(&c);
}
END_TEST

START_TEST(endless_stream)
{
	static u8 chunk[MIG_XFER];
	struct mig c;
	unsigned int i;

	mig_up(&c);
	mig_go(&c, VUW_STATE_RESUMING);
	for (i = 0; i < 32; i++)
		ck_assert_int_eq(mig_push(&c, chunk, MIG_XFER), 0);
	ck_assert_int_eq(mig_push(&c, chunk, 1), ENOSPC);
	/* What lacks a byte is not taken, however it goes on. */
	ck_assert_int_eq(mig_push(&c, NULL, 0), ENOSPC);
	ck_assert_int_eq(mig_set(&c, VUW_STATE_STOP), EINVAL);
	mig_state_is(&c, VUW_STATE_ERROR);
	mig_reset(&c);
	mig_state_is(&c, VUW_STATE_RUNNING);
	mig_down(&c);
}
END_TEST

/* Nobody waits for the answers to these. */
START_TEST(posted)
{
	struct vuw_mig_data q = { sizeof(q), 0 };
	struct mig_blob good;
	struct mig c;

	mig_up(&c);
	good = mig_save(&c);
	mig_go(&c, VUW_STATE_RESUMING);
	q.size = (u32)good.len / 2;
	mig_send(&c, VUW_MIG_DATA_WRITE, VUW_NO_REPLY, &q, sizeof(q), good.p, q.size, -1);
	ck_assert_int_eq(mig_push(&c, good.p + q.size, (u32)good.len - q.size), 0);
	mig_go(&c, VUW_STATE_RUNNING);
	mig_state_is(&c, VUW_STATE_RUNNING);
	free(good.p);
	mig_down(&c);
}
END_TEST

/* --- clients that vanish --- */

/* With half a message on the way, too (@half). */
static void vanish(struct mig *c, u32 from, bool half, const struct mig_blob *good)
{
	u8 bytes[24] = { 1, 0, VUW_MIG_DATA_READ, 0, 24 };

	mig_enter(c, from, good);
	if (from == VUW_STATE_STOP_COPY)
		mig_piece(c, 1000);
	if (half)
		mig_bytes_out(c, bytes, 20);
	mig_hangup(c);
	mig_connect(c, MIG_CAPS);
	mig_state_is(c, VUW_STATE_RUNNING);
}

START_TEST(clients_vanish)
{
	struct mig_blob good;
	struct mig c;
	long live;
	u32 from;

	mig_up(&c);
	good = mig_save(&c);
	mig_reset(&c);
	live = mpt_alloc_live();
	for (from = 0; from < VUW_STATES; from++) {
		vanish(&c, from, false, &good);
		ck_assert_int_eq(mpt_alloc_live(), live);
		vanish(&c, from, true, &good);
		ck_assert_int_eq(mpt_alloc_live(), live);
	}
	/* And the vGPU beneath a client that saves. */
	mig_go(&c, VUW_STATE_STOP_COPY);
	free(good.p);
	mig_down(&c);
}
END_TEST

/* --- Fail-N --- */

/* Each allocation of a move fails once. Then it is as it was, or ERROR; and the rest works. */
START_TEST(no_memory)
{
	struct mig_blob good;
	unsigned long nth;
	bool failed = true;
	struct mig c;
	int err;

	/* The layer has memory of its own that may lack. */
	mig_open_on(&c, "");
	mig_connect(&c, MIG_CAPS);
	mig_busy(&c);
	good = mig_save(&c);
	for (nth = 1; failed; nth++) {
		mig_reset(&c);
		mpt_alloc_fail_at(nth);
		err = mig_set(&c, VUW_STATE_STOP);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(err, failed ? ENOMEM : 0);
		mig_state_is(&c, failed ? VUW_STATE_RUNNING : VUW_STATE_STOP);
	}
	ck_assert_uint_gt(nth, 2);
	failed = true;
	for (nth = 1; failed; nth++) {
		mig_reset(&c);
		mig_go(&c, VUW_STATE_STOP);
		mpt_alloc_fail_at(nth);
		err = mig_set(&c, VUW_STATE_STOP_COPY);
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert_int_eq(err, failed ? ENOMEM : 0);
		mig_state_is(&c, failed ? VUW_STATE_STOP : VUW_STATE_STOP_COPY);
	}
	ck_assert_uint_gt(nth, 3);
	failed = true;
	for (nth = 1; failed; nth++) {
		mig_reset(&c);
		mig_go(&c, VUW_STATE_STOP);
		mpt_alloc_fail_at(nth);
		err = mig_set(&c, VUW_STATE_RESUMING);
		if (!err) {
			mig_push_all(&c, &good, MIG_XFER);
			err = mig_set(&c, VUW_STATE_RUNNING);
			mig_state_is(&c, err ? VUW_STATE_ERROR : VUW_STATE_RUNNING);
		} else {
			mig_state_is(&c, VUW_STATE_STOP);
		}
		failed = mpt_alloc_failed();
		mpt_alloc_fail_at(0);
		ck_assert(failed ? err == ENOMEM || !err : !err);
	}
	ck_assert_uint_gt(nth, 2);
	free(good.p);
	mig_down(&c);
}
END_TEST

/* --- threads --- */

struct runner {
	struct intel_gvt *gvt;
	int end;
};

static void *run_engines(void *arg)
{
	struct runner *r = arg;

	while (!__atomic_load_n(&r->end, __ATOMIC_ACQUIRE)) {
		gvt_run(r->gvt, 4096);
		sched_yield();
	}
	return NULL;
}

/* The embedder runs the engines all the time; a state that was saved twice is the same. */
START_TEST(engines_run_meanwhile)
{
	struct mig_blob one, two;
	struct runner r;
	pthread_t thread;
	struct mig c;
	int i;

	mig_up(&c);
	mig_busy(&c);
	r = (struct runner){ c.gvt, 0 };
	ck_assert_int_eq(pthread_create(&thread, NULL, run_engines, &r), 0);
	for (i = 0; i < 20; i++) {
		one = mig_save(&c);
		mig_write(&c, 0x2209c, 0x01000100, 4);
		mig_go(&c, VUW_STATE_STOP);
		two = mig_save(&c);
		ck_assert_uint_eq(one.len, two.len);
		ck_assert_int_eq(memcmp(one.p, two.p, one.len), 0);
		mig_go(&c, VUW_STATE_RESUMING);
		mig_push_all(&c, &two, MIG_XFER);
		mig_go(&c, VUW_STATE_RUNNING);
		free(one.p);
		free(two.p);
	}
	__atomic_store_n(&r.end, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	mig_down(&c);
}
END_TEST

static Suite *move_suite(void)
{
	Suite *s = suite_create("vfu-move");
	TCase *t = tcase_create("stream");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, any_pieces);
	tcase_add_test(t, small_pieces);
	tcase_add_test(t, bounds);
	tcase_add_test(t, a_guest_moves);
	tcase_add_test(t, nothing_is_stored_after_stop);
	tcase_add_test(t, broken_streams);
	tcase_add_test(t, endless_stream);
	tcase_add_test(t, posted);
	tcase_add_test(t, clients_vanish);
	tcase_add_test(t, no_memory);
	tcase_add_test(t, engines_run_meanwhile);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { move_suite };

	return mpt_test_main("test_vfu_move", suites, N(suites));
}
