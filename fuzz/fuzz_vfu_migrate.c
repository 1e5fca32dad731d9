/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: what a vfio-user client may do to a vGPU's state and to the log of what the device
 * wrote. After each step the vGPU runs if and only if its state says so; what is restored is all of
 * a state that was saved, or nothing; no page that was written is missing in the log; and when the
 * client has gone nothing is left.
 *
 * Input: steps. A byte says which (enum step), then what the step takes; what the input lacks at
 * its end is 0.
 */
#include <string.h>

#include <mpt/alloc.h>

#include "asserts.h"
#include "tests/vfu_mig_rig.h"

enum step {
	STEP_STATE,   /* a byte */
	STEP_READ,    /* how many, 16 bits */
	STEP_WRITE,   /* how many, 16 bits, of the saved state, where the last ended */
	STEP_REST,    /* all that is left of it */
	STEP_SEEK,    /* where the next begins, 32 bits */
	STEP_EDIT,    /* where, 32 bits, and what to flip, 8 */
	STEP_FEATURE, /* flags, 32 bits; argsz, 16; a length, 8, and so many bytes */
	STEP_MAP,     /* which of four, 8 bits: there, or gone again */
	STEP_DEVICE,  /* writes: which page, 16 bits */
	STEP_START,   /* first page and pages of a range, 16 bits each; 0 pages: all */
	STEP_STOP,
	STEP_REPORT, /* first page and pages, 16 bits each; how coarse, 8 */
	STEP_RESET,
	STEP_GUEST, /* leaves something everywhere */
	NUM_STEPS
};

#define PAGE 4096ULL
#define SLOT MIB
#define PAGES 5120U /* of the RAM and the four slots behind it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static struct mig c;
static struct mig_blob saved, state;
static u64 hash; /* of a vGPU that has it */
static long at_rest;

static struct {
	size_t at;     /* in the state */
	size_t pushed; /* into the stream */
	bool whole;    /* that is how the saved state begins */
	bool there[4]; /* slots */
	bool log, dirty[PAGES];
	u32 first, end; /* of the range that is logged */
} now;

static u64 take(struct input *in, unsigned int bytes)
{
	u64 value = 0;
	unsigned int i;

	for (i = 0; i < bytes && in->p < in->end; i++)
		value |= (u64)*in->p++ << 8 * i;
	return value;
}

/* Nothing else is taken down at the end, but the socket's name would stay. */
static void unlink_path(void)
{
	unlink(c.path);
}

static void open_once(void)
{
	mig_up(&c);
	atexit(unlink_path);
	mig_busy(&c);
	saved = mig_save(&c);
	hash = gvt_vgpu_hash(c.vgpu);
	state.p = malloc(saved.len);
	state.len = saved.len;
	mig_hangup(&c);
	mig_connect(&c, MIG_CAPS);
	at_rest = mpt_alloc_live();
}

/* --- the state --- */

static void consistent(void)
{
	u32 at = mig_state(&c);

	ck_assert(at < VUW_STATES);
	ck_assert(life_info(c.vgpu).active == (at == VUW_STATE_RUNNING));
}

static void change(u32 to)
{
	u32 from = mig_state(&c);
	int err = mig_set(&c, to);

	if (from == VUW_STATE_RESUMING && to != from && to && to < VUW_STATES) {
		if (now.whole && now.pushed == saved.len) {
			ck_assert(!err);
			ck_assert(gvt_vgpu_hash(c.vgpu) == hash || to == VUW_STATE_RUNNING);
		} else {
			ck_assert(err);
			ck_assert(mig_state(&c) == VUW_STATE_ERROR);
		}
	}
	if (from != VUW_STATE_RESUMING && mig_state(&c) == VUW_STATE_RESUMING) {
		now.at = now.pushed = 0;
		now.whole = true;
	}
}

static void push(u32 len)
{
	len = len < state.len - now.at ? len : (u32)(state.len - now.at);
	if (mig_push(&c, state.p + now.at, len))
		return;
	now.whole = now.whole && len <= saved.len - now.pushed &&
		    !memcmp(state.p + now.at, saved.p + now.pushed, len);
	now.at += len;
	now.pushed += len;
}

static void pull(u32 len)
{
	struct vuw_mig_data q = { (u32)sizeof(q) + len, len };

	if (!mig_call(&c, VUW_MIG_DATA_READ, &q, sizeof(q), NULL, 0))
		ck_assert(c.reply_len <= sizeof(q) + len);
}

/* --- the log --- */

static void device_write(u32 page)
{
	u32 word = page;
	bool there = page < MIG_RAM / PAGE ||
		     (page < PAGES && now.there[(page - MIG_RAM / PAGE) / (SLOT / PAGE)]);
	int ret = intel_gvt_hypervisor_write_gpa(c.vgpu, page * PAGE, &word, 4);

	ck_assert(!ret == there);
	if (!ret && now.log && page >= now.first && page < now.end)
		now.dirty[page] = true;
}

static void start(u32 first, u32 n)
{
	struct {
		struct vuw_log_start head;
		struct vuw_log_range range;
	} s = { { PAGE, n != 0, 0 }, { first * PAGE, n * PAGE } };
	u32 len = n ? sizeof(s) : sizeof(s.head);
	int err = mig_feature(&c, VUW_FEATURE_SET | VUW_FEATURE_LOG_START, &s, len, 8 + len);

	ck_assert(!err == !now.log);
	if (err)
		return;
	now.log = true;
	now.first = n ? first : 0;
	now.end = n ? first + n : PAGES;
	memset(now.dirty, 0, sizeof(now.dirty));
}

static void report(u32 first, u32 n, unsigned int shift)
{
	struct vuw_log_report r = { first * PAGE, n * PAGE, PAGE << shift };
	const u8 *bitmap = c.reply + sizeof(struct vuw_feature) + sizeof(r);
	u32 page;

	if (mig_feature(&c, VUW_FEATURE_GET | VUW_FEATURE_LOG_REPORT, &r, sizeof(r), MIG_XFER)) {
		ck_assert(!now.log || !n);
		return;
	}
	ck_assert(now.log);
	for (page = first; page < first + n && page < PAGES; page++) {
		u32 bit = (page - first) >> shift;

		ck_assert(!now.dirty[page] || bitmap[bit / 8] >> bit % 8 & 1);
		now.dirty[page] = false;
	}
}

static void slot(u32 i)
{
	u64 gpa = MIG_RAM + i * SLOT;

	if (now.there[i])
		mig_unmap(&c, gpa, SLOT);
	else
		mig_map(&c, gpa, i * SLOT, SLOT);
	now.there[i] = !now.there[i];
}

/* What the model does not know it does not follow. */
static void feature(struct input *in)
{
	u32 flags = (u32)take(in, 4), argsz = (u32)take(in, 2), len = (u32)take(in, 1), i;
	u8 data[255];

	for (i = 0; i < len; i++)
		data[i] = (u8)take(in, 1);
	if (!(flags & VUW_FEATURE_PROBE) && (flags & 0xffff) >= VUW_FEATURE_MIG_STATE &&
	    (flags & 0xffff) <= VUW_FEATURE_LOG_REPORT)
		flags |= VUW_FEATURE_GET | VUW_FEATURE_SET;
	mig_feature(&c, flags, data, len, argsz);
}

static void guest(void)
{
	if (mig_state(&c) == VUW_STATE_RUNNING)
		mig_busy(&c);
}

static void step(struct input *in)
{
	u32 a, b;

	switch (take(in, 1) % NUM_STEPS) {
	case STEP_STATE:
		change((u32)take(in, 1));
		break;
	case STEP_READ:
		pull((u32)take(in, 2));
		break;
	case STEP_WRITE:
		push((u32)take(in, 2));
		break;
	case STEP_REST:
		push((u32)state.len);
		break;
	case STEP_SEEK:
		now.at = take(in, 4) % state.len;
		break;
	case STEP_EDIT:
		a = (u32)take(in, 4);
		state.p[a % state.len] ^= (u8)take(in, 1);
		break;
	case STEP_FEATURE:
		feature(in);
		break;
	case STEP_MAP:
		slot(take(in, 1) % 4);
		break;
	case STEP_DEVICE:
		device_write((u32)take(in, 2));
		break;
	case STEP_START:
		a = (u32)take(in, 2);
		start(a, (u32)take(in, 2));
		break;
	case STEP_STOP:
		ck_assert(!mig_feature(&c, VUW_FEATURE_SET | VUW_FEATURE_LOG_STOP, NULL, 0, 8) ==
			  now.log);
		now.log = false;
		break;
	case STEP_REPORT:
		a = (u32)take(in, 2);
		b = (u32)take(in, 2);
		report(a, b, take(in, 1) % 20);
		break;
	case STEP_RESET:
		mig_reset(&c);
		ck_assert(mig_state(&c) == VUW_STATE_RUNNING);
		break;
	case STEP_GUEST:
		guest();
		break;
	}
	consistent();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	if (!c.host)
		open_once();
	memset(&now, 0, sizeof(now));
	memcpy(state.p, saved.p, saved.len);
	while (in.p < in.end)
		step(&in);
	mig_hangup(&c);
	mig_connect(&c, MIG_CAPS);
	ck_assert(mig_state(&c) == VUW_STATE_RUNNING);
	ck_assert(life_info(c.vgpu).active);
	ck_assert(mpt_alloc_live() == at_rest);
	return 0;
}
