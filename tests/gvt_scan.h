/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the scanner share, on top of gvt_rig.h: a ring and room for batches in
 * graphics memory, the commands they are made of, and a look at what a failed scan leaves.
 */
#ifndef MPT_TESTS_GVT_SCAN_H
#define MPT_TESTS_GVT_SCAN_H

#include "gvt/cmd.h"
#include "gvt/scan.h"
#include "gvt_entries.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Graphics memory from LOW on, and the last page of each range, is in RAM; the rest is not. */
#define WINDOW (2ULL << 20)
#define WINDOW_GPA 0x100000ULL
#define RING (LOW + 0x10000)
#define RING_SIZE 0x4000U
#define BATCH(n) (LOW + 0x100000 + (n) * 0x2000ULL)
#define LAST_LOW (LOW + LOW_SIZE - 0x1000)
#define LAST_HIGH (HIGH + HIGH_SIZE - 0x1000)

/* Commands (Intel PRM, Skylake, volume 2a), with their length in dwords. */
#define MI(op, len) ((u32)(op) << 23 | ((u32)(len) - 2))
#define MI_NOOP 0U
#define MI_USER_INTERRUPT (0x02U << 23)
#define MI_BATCH_END (0x0aU << 23)
#define BATCH_START MI(0x31, 3)
#define BATCH_PPGTT (1U << 8)
#define BATCH_PREDICATED (1U << 15)
#define BATCH_SECOND (1U << 22)
#define GGTT22 (1U << 22)
#define GGTT21 (1U << 21)
#define FLUSH_DW MI(0x26, 4)
#define FLUSH_GGTT (1U << 2)
#define STORE_INDEX (1U << 21)
#define POST_SYNC (1U << 14)
#define PIPE_CONTROL 0x7a000004U
#define CONTROL_GGTT (1U << 24)
#define POLL_REGISTER (1U << 16) /* of MI_SEMAPHORE_WAIT */
#define CONTROL_REGISTER (1U << 23)

#define GPR 0x2600U
#define TIMESTAMP 0x2358U
#define ELSP 0x2230U

struct scan_rig {
	struct rig g;
	struct gvt_scan scan;
	u32 ring[RING_SIZE / 4];
	u32 head, tail;
};

static inline void gm_store(struct scan_rig *r, u64 addr, const void *buf, u64 len)
{
	rig_ok(gvt_gm_write(r->g.v, addr, buf, len));
}

static inline void gm_put(struct scan_rig *r, u64 addr, u32 dw)
{
	gm_store(r, addr, &dw, sizeof(dw));
}

/* Return: where the next dword goes. */
static inline u32 gm_add(struct scan_rig *r, u64 addr, u32 at, const u32 *dw, u32 n)
{
	gm_store(r, addr + 4ULL * at, dw, 4ULL * n);
	return at + n;
}

static inline u32 gm_start(struct scan_rig *r, u64 addr, u32 at, u32 dw0, u64 to)
{
	return gm_add(r, addr, at, (u32[]){ dw0, (u32)to, (u32)(to >> 32) }, 3);
}

static inline void ring_store(struct scan_rig *r)
{
	gm_store(r, RING, r->ring, sizeof(r->ring));
}

static inline void ring_put(struct scan_rig *r, u32 at, u32 dw)
{
	gm_put(r, RING + at, dw);
}

static inline void ring_add(struct scan_rig *r, const u32 *dw, u32 n)
{
	while (n--) {
		ring_put(r, r->tail, *dw++);
		r->tail = (r->tail + 4) % RING_SIZE;
	}
}

static inline void ring_start_batch(struct scan_rig *r, u32 dw0, u64 to)
{
	ring_add(r, (u32[]){ dw0, (u32)to, (u32)(to >> 32) }, 3);
}

static inline void scan_open(struct scan_rig *r)
{
	u64 at;

	memset(r, 0, sizeof(*r));
	rig_open(&r->g);
	for (at = 0; at < WINDOW; at += MPT_PAGE_SIZE)
		pte_set(&r->g, LOW + at, (WINDOW_GPA + at) | 1);
	pte_set(&r->g, LAST_LOW, (WINDOW_GPA + WINDOW) | 1);
	pte_set(&r->g, LAST_HIGH, (WINDOW_GPA + WINDOW + 0x1000) | 1);
}

static inline void scan_close(struct scan_rig *r)
{
	gvt_scan_free(&r->scan);
	ck_assert_ptr_null(r->scan.store);
	rig_close(&r->g);
}

static inline int scan(struct scan_rig *r, enum gvt_engine engine)
{
	return gvt_scan_ring(r->g.v, engine, RING, RING_SIZE, r->head, r->tail, &r->scan);
}

static inline void holds_nothing(struct scan_rig *r)
{
	ck_assert_uint_eq(r->scan.ring_dwords, 0);
	ck_assert_uint_eq(r->scan.batches, 0);
	ck_assert_uint_eq(r->scan.used, 0);
}

static inline void says(const char *part)
{
	ck_assert_msg(strstr(mpt_last_error(), part) != NULL, "\"%s\" is not in: %s", part,
		      mpt_last_error());
}

/* Batch @i was copied from @addr, with @dwords, and is what is there. */
static inline void batch_is(struct scan_rig *r, unsigned int i, u64 addr, u32 dwords)
{
	static u32 there[GVT_SCAN_BATCH_BYTES / 4];

	ck_assert_uint_lt(i, r->scan.batches);
	ck_assert_uint_eq(r->scan.batch[i].addr, addr);
	ck_assert_uint_eq(r->scan.batch[i].bytes, 4 * dwords);
	ck_assert_uint_ge((u64)(r->scan.batch[i].dw - r->scan.store), r->scan.ring_dwords);
	ck_assert_uint_le((u64)(r->scan.batch[i].dw - r->scan.store) + dwords, r->scan.used);
	rig_ok(gvt_gm_read(r->g.v, addr, there, 4ULL * dwords));
	ck_assert_mem_eq(r->scan.batch[i].dw, there, 4ULL * dwords);
}

#endif
