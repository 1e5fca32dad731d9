/* SPDX-License-Identifier: MIT */
/*
 * MEM: read_gpa and write_gpa. What the guest's own stores do to tracked pages is in trk.c, random
 * walks and threads are in mem_walk.c.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "areas.h"

/* One write and one read of @len bytes at @gpa; the guest looks at 8 bytes on either side. */
static int one_access(struct cf_env *e, u64 gpa, unsigned int len, u8 salt)
{
	u8 before[40], after[40], data[24], back[24];
	unsigned int i, span = len + 16;

	for (i = 0; i < len; i++)
		data[i] = (u8)(salt + i * 11);
	CF_TRY(cf_guest_load(e, e->vm, gpa - 8, before, span));
	CF_INT(e, 0, HV(write_gpa)(e->v, gpa, data, len), "write_gpa of %u bytes at 0x%llx", len,
	       (unsigned long long)gpa);
	memcpy(before + 8, data, len);
	CF_TRY(cf_guest_load(e, e->vm, gpa - 8, after, span));
	CF_BYTES(e, before, after, span,
		 "the guest's view of 0x%llx after write_gpa of %u bytes at +8",
		 (unsigned long long)gpa - 8, len);
	memset(back, 0xcc, sizeof(back));
	CF_INT(e, 0, HV(read_gpa)(e->v, gpa, back, len), "read_gpa of %u bytes at 0x%llx", len,
	       (unsigned long long)gpa);
	CF_BYTES(e, data, back, len, "read_gpa of %u bytes at 0x%llx", len,
		 (unsigned long long)gpa);
	CF_FILL(e, 0xcc, back + len, sizeof(back) - len, "the buffer behind read_gpa of %u bytes",
		len);
	return CF_PASS;
}

static int around(struct cf_env *e, u64 seam)
{
	unsigned int len;
	u64 gpa;

	CF_TRY(cf_paint(e, e->vm, seam - 48, 96));
	for (gpa = seam - 18; gpa <= seam + 1; gpa++)
		for (len = 0; len <= 17; len++)
			CF_TRY(one_access(e, gpa, len, (u8)(gpa + len)));
	return CF_PASS;
}

static int mem_page(struct cf_env *e)
{
	CF_TRY(around(e, CF_MAIN + 0x5000));
	return around(e, CF_HIGH + 0x5000);
}

static int mem_region(struct cf_env *e)
{
	return around(e, CF_NEXT);
}

static int long_access(struct cf_env *e, u8 *out, u8 *in, u64 gpa, size_t len)
{
	u64 state = cf_seeded(gpa + len), word;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		word = cf_random(&state);
		memcpy(out + i, &word, len - i < sizeof(word) ? len - i : sizeof(word));
	}
	CF_INT(e, 0, HV(write_gpa)(e->v, gpa, out, len), "write_gpa of 0x%zx bytes at 0x%llx", len,
	       (unsigned long long)gpa);
	CF_TRY(cf_guest_load(e, e->vm, gpa, in, len));
	CF_BYTES(e, out, in, len, "the guest's view after write_gpa of 0x%zx bytes", len);
	memset(in, 0, len);
	CF_INT(e, 0, HV(read_gpa)(e->v, gpa, in, len), "read_gpa of 0x%zx bytes at 0x%llx", len,
	       (unsigned long long)gpa);
	CF_BYTES(e, out, in, len, "read_gpa of 0x%zx bytes", len);
	return CF_PASS;
}

static int mem_long(struct cf_env *e)
{
	const size_t max = CF_MAIN_SIZE + CF_NEXT_SIZE;
	u8 *out = malloc(max), *in = malloc(max);
	int r = out && in ? CF_PASS : cf_fail(e, "the suite is out of memory");

	if (!r)
		r = long_access(e, out, in, CF_MAIN, max);
	if (!r)
		r = long_access(e, out, in, CF_MAIN + 1, max - 2);
	if (!r)
		r = long_access(e, out, in, CF_HUGE + 0xffd, 3 * MPT_PAGE_SIZE + 7);
	free(out);
	free(in);
	return r;
}

/* Ranges of which some byte is no RAM. */
static const struct {
	u64 gpa;
	u64 len;
} bad_ranges[] = {
	{ CF_HOLE, 1 },
	{ CF_HOLE, 4096 },
	{ CF_HOLE + 0xfff, 2 },
	{ CF_NEXT + CF_NEXT_SIZE, 1 },
	{ CF_NEXT + CF_NEXT_SIZE - 1, 2 },
	{ CF_NEXT + CF_NEXT_SIZE - 4, 8 },
	{ CF_NEXT + CF_NEXT_SIZE - 4096, 8192 },
	{ CF_HUGE - 1, 1 },
	{ CF_HUGE - 1, 2 },
	{ CF_HUGE - 4096, 8192 },
	{ CF_LOW + CF_LOW_SIZE - 8, 9 },
	{ CF_LOW + CF_LOW_SIZE - 16,
	  CF_PRE - CF_LOW - CF_LOW_SIZE + 32 }, /* a hole in the middle */
	{ CF_HIGH - 4, 8 },
	{ CF_HIGH + CF_HIGH_SIZE - 1, 2 },
	{ 1ULL << 31, 8 },
	{ 0xfffffffcULL, 4 },
	{ 0xffffffffULL, 1 },
	{ (CF_HIGH << 4) + CF_MAIN, 8 }, /* RAM if the upper half were lost */
	{ (1ULL << 36) + CF_MAIN, 8 },
	{ (1ULL << 52) + CF_MAIN, 8 },
	{ (1ULL << 63) + CF_MAIN, 8 },
	{ ~0ULL, 1 },
	{ ~0ULL - 7, 8 },
	{ ~0ULL - 3, 8 }, /* wraps into RAM at 0 */
	{ ~0ULL - 4095, 8192 },
};

static int mem_bad_read(struct cf_env *e)
{
	static u8 buf[CF_PRE - CF_LOW - CF_LOW_SIZE + 32];
	size_t i;

	for (i = 0; i < CF_COUNT(bad_ranges); i++) {
		memset(buf, 0xa5, sizeof(buf));
		CF_INT(e, -EFAULT, HV(read_gpa)(e->v, bad_ranges[i].gpa, buf, bad_ranges[i].len),
		       "read_gpa of 0x%llx bytes at 0x%llx", (unsigned long long)bad_ranges[i].len,
		       (unsigned long long)bad_ranges[i].gpa);
		CF_FILL(e, 0, buf, bad_ranges[i].len, "buffer of that read_gpa");
		CF_FILL(e, 0xa5, buf + bad_ranges[i].len, sizeof(buf) - bad_ranges[i].len,
			"what is behind the buffer of that read_gpa");
	}
	return CF_PASS;
}

/*
 * What guest loads find in a range: its RAM. Of a page without RAM, where a load of 8 bytes may be
 * a request of its own, both ends.
 */
static int snapshot(struct cf_env *e, u64 gpa, u64 len, u8 *buf)
{
	u64 n, end;

	for (; len; gpa += n, buf += n, len -= n) {
		n = MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE;
		n = n < len ? n : len;
		end = HV(is_valid_gfn)(e->v, CF_GFN(gpa)) || n < 32 ? n : 16;
		memset(buf, 0, n);
		CF_TRY(cf_guest_load(e, e->vm, gpa, buf, end));
		if (end < n)
			CF_TRY(cf_guest_load(e, e->vm, gpa + n - 16, buf + n - 16, 16));
	}
	return CF_PASS;
}

static int mem_bad_write(struct cf_env *e)
{
	static u8 data[CF_PRE - CF_LOW - CF_LOW_SIZE + 32], was[sizeof(data)], is[sizeof(data)];
	size_t i;

	memset(data, 0x3c, sizeof(data));
	CF_TRY(cf_paint(e, e->vm, CF_NEXT + CF_NEXT_SIZE - 4096, 4096));
	CF_TRY(cf_paint(e, e->vm, CF_LOW + CF_LOW_SIZE - 16, 16));
	for (i = 0; i < CF_COUNT(bad_ranges); i++) {
		u64 gpa = bad_ranges[i].gpa, len = bad_ranges[i].len;

		if (gpa < 1ULL << 63)
			CF_TRY(snapshot(e, gpa, len, was));
		CF_INT(e, -EFAULT, HV(write_gpa)(e->v, gpa, data, len),
		       "write_gpa of 0x%llx bytes at 0x%llx", (unsigned long long)len,
		       (unsigned long long)gpa);
		if (gpa < 1ULL << 63) {
			CF_TRY(snapshot(e, gpa, len, is));
			CF_BYTES(e, was, is, len, "guest memory after that failed write_gpa");
		}
	}
	return CF_PASS;
}

static int mem_huge_len(struct cf_env *e)
{
	static const u64 lens[] = { ~0UL,
				    ~0UL - CF_MAIN,
				    ~0UL - CF_MAIN + 1,
				    1UL << 63,
				    1UL << 32,
				    (1UL << 32) + 8,
				    CF_NEXT + CF_NEXT_SIZE - CF_MAIN + 1 };
	static u8 zeros[16UL << 20];
	u8 data[16], now[16];
	size_t i;

	memset(data, 0x3c, sizeof(data));
	CF_TRY(cf_paint(e, e->vm, CF_MAIN, sizeof(now)));
	for (i = 0; i < CF_COUNT(lens); i++)
		CF_INT(e, -EFAULT, HV(write_gpa)(e->v, CF_MAIN, data, lens[i]),
		       "write_gpa of 0x%llx bytes", (unsigned long long)lens[i]);
	CF_TRY(cf_guest_load(e, e->vm, CF_MAIN, now, sizeof(now)));
	cf_paint_bytes(CF_MAIN, data, sizeof(data));
	CF_BYTES(e, data, now, sizeof(now), "guest memory after write_gpa of far too many bytes");
	CF_INT(e, -EFAULT, HV(read_gpa)(e->v, CF_MAIN, zeros, sizeof(zeros)),
	       "read_gpa of more than there is");
	return CF_PASS;
}

static int mem_zero_len(struct cf_env *e)
{
	static const u64 where[] = { 0, CF_MAIN, CF_MAIN + 3, CF_RO, CF_NEXT + CF_NEXT_SIZE - 1 };
	u8 b = 0x77;
	size_t i;

	for (i = 0; i < CF_COUNT(where); i++) {
		CF_INT(e, 0, HV(read_gpa)(e->v, where[i], &b, 0), "read_gpa of 0 bytes at 0x%llx",
		       (unsigned long long)where[i]);
		CF_INT(e, 0, HV(write_gpa)(e->v, where[i], &b, 0), "write_gpa of 0 bytes at 0x%llx",
		       (unsigned long long)where[i]);
	}
	CF_U64(e, 0x77, b, "the byte at the buffer of accesses of 0 bytes");
	return CF_PASS;
}

/* Ranges of which some byte is read-only, in regions small and large. */
static const struct {
	u64 gpa;
	u64 len;
} readonly_ranges[] = {
	{ CF_RO, 1 },
	{ CF_RO, 4096 },
	{ CF_RO + 0x123, 8 },
	{ CF_RO - 1, 2 },
	{ CF_RO + CF_RO_SIZE - 4, 8 },
	{ CF_RO - 8, CF_RO_SIZE + 16 },
	{ CF_ROM, 1 },
	{ CF_ROM + 6, 2 },
	{ CF_ROM + 0x1004, 4 },
	{ CF_ROM, 8 },
	{ CF_ROM + 0x100001, 8 },
	{ CF_ROM + CF_ROM_SIZE - 8, 8 },
	{ CF_ROM, 4096 },
	{ CF_ROM + 0xffc, 8 },
};

static int readonly_at(struct cf_env *e, u64 gpa, u64 len)
{
	static u8 data[CF_RO_SIZE + 16], was[sizeof(data)], is[sizeof(data)];
	unsigned int n = len < MPT_PAGE_SIZE ? (unsigned int)len : (unsigned int)MPT_PAGE_SIZE;

	memset(data, 0x3c, sizeof(data));
	CF_INT(e, 0, HV(read_gpa)(e->v, gpa, was, len), "read_gpa of read-only RAM");
	CF_INT(e, -EFAULT, HV(write_gpa)(e->v, gpa, data, len),
	       "write_gpa of 0x%llx bytes at 0x%llx, some read-only", (unsigned long long)len,
	       (unsigned long long)gpa);
	CF_INT(e, 0, HV(read_gpa)(e->v, gpa, is, len), "read_gpa of read-only RAM");
	CF_BYTES(e, was, is, len, "guest memory after that failed write_gpa");
	CF_INT(e, 0, mpt_guest_write(e->vm, gpa, data, n), "a guest store to read-only RAM");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_RO, is, n), "read_gpa of read-only RAM");
	CF_FILL(e, 0, is, n, "read-only RAM after a guest store");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_ROM, is, n), "read_gpa of read-only RAM");
	CF_FILL(e, 0, is, n, "read-only RAM after a guest store");
	return CF_PASS;
}

static int mem_readonly(struct cf_env *e)
{
	size_t i;

	CF_TRY(cf_paint(e, e->vm, CF_RO - 8, 8));
	CF_TRY(cf_paint(e, e->vm, CF_MAIN, 8));
	for (i = 0; i < CF_COUNT(readonly_ranges); i++)
		CF_TRY(readonly_at(e, readonly_ranges[i].gpa, readonly_ranges[i].len));
	return CF_PASS;
}

/* --- no tearing --- */

/* A store in two halves is seen within 2,000 reads of 100,000. */
#define TEAR_MS 1

struct tear {
	unsigned int size;
	bool guest_stores, guest_loads;
	u64 gpa;
	bool runs, stop;
};

static int tear_store(struct cf_env *e, struct tear *t, u64 value)
{
	return t->guest_stores ? mpt_guest_write(e->vm, t->gpa, &value, t->size)
			       : HV(write_gpa)(e->v, t->gpa, &value, t->size);
}

static int tear_writer(struct cf_env *e, void *arg)
{
	struct tear *t = arg;

	__atomic_store_n(&t->runs, true, __ATOMIC_RELEASE);
	do {
		CF_INT(e, 0, tear_store(e, t, 0), "a store of zeros");
		CF_INT(e, 0, tear_store(e, t, ~0ULL), "a store of ones");
		cf_breathe();
	} while (!__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE));
	return CF_PASS;
}

static int tear_reader(struct cf_env *e, struct tear *t)
{
	u64 end, ones = ~0ULL >> (64 - 8 * t->size), seen;
	unsigned int i;

	/* On a busy machine the writer begins when the time would be over. */
	while (!__atomic_load_n(&t->runs, __ATOMIC_ACQUIRE))
		sched_yield();
	end = cf_now_ms() + TEAR_MS;
	while (cf_now_ms() < end)
		for (i = 0; i < 500; i++) {
			seen = 0;
			if (t->guest_loads)
				CF_INT(e, 0, mpt_guest_read(e->vm, t->gpa, &seen, t->size),
				       "a guest load");
			else
				CF_INT(e, 0, HV(read_gpa)(e->v, t->gpa, &seen, t->size),
				       "read_gpa");
			CF_THAT(e, seen == 0 || seen == ones,
				"a %s of %u aligned bytes beside a %s: expected all zeros or all "
				"ones, seen 0x%llx",
				t->guest_loads ? "guest load" : "read_gpa", t->size,
				t->guest_stores ? "guest store" : "write_gpa",
				(unsigned long long)seen);
		}
	return CF_PASS;
}

static int tear_once(struct cf_env *e, unsigned int size, bool guest_stores, bool guest_loads)
{
	static struct tear t;
	int r, joined;

	t = (struct tear){ .size = size,
			   .guest_stores = guest_stores,
			   .guest_loads = guest_loads,
			   .gpa = e->place + 0x2000 + 16 + size };
	CF_TRY(cf_guest_store(e, e->vm, t.gpa, &(u64){ 0 }, size));
	CF_TRY(cf_thread_start(e, 0, tear_writer, &t));
	r = tear_reader(e, &t);
	__atomic_store_n(&t.stop, true, __ATOMIC_RELEASE);
	joined = cf_thread_join(e, 0);
	return r ? r : joined;
}

static int mem_tear(struct cf_env *e)
{
	static const unsigned int sizes[] = { 2, 4, 8, 1 };
	size_t i;

	for (i = 0; i < CF_COUNT(sizes); i++) {
		CF_TRY(tear_once(e, sizes[i], false, false));
		CF_TRY(tear_once(e, sizes[i], true, false));
		CF_TRY(tear_once(e, sizes[i], false, true));
	}
	return CF_PASS;
}

CF_TWICE(mem_tear)

/* --- the dirty log --- */

#define LOGGED (CF_NEXT + CF_NEXT_SIZE - CF_MAIN)
#define LOG_PAGES (LOGGED / MPT_PAGE_SIZE)

static int dirty(struct cf_env *e, u8 *map)
{
	memset(map, 0xa5, LOG_PAGES / 8);
	return cf_int(e, 0, mpt_dirty_fetch(e->vm, CF_GFN(CF_MAIN), LOG_PAGES, map),
		      "mpt_dirty_fetch");
}

static void mark_pages(u8 *map, u64 gpa, u64 len)
{
	u64 p;

	for (p = (gpa - CF_MAIN) / MPT_PAGE_SIZE; p <= (gpa + len - 1 - CF_MAIN) / MPT_PAGE_SIZE;
	     p++)
		map[p / 8] |= (u8)(1u << (p % 8));
}

static int dirty_is(struct cf_env *e, u64 gpa, u64 len, const char *what)
{
	u8 want[LOG_PAGES / 8] = { 0 }, got[LOG_PAGES / 8];

	if (len)
		mark_pages(want, gpa, len);
	CF_TRY(dirty(e, got));
	CF_BYTES(e, want, got, sizeof(got), "the dirty log after %s", what);
	CF_TRY(dirty(e, got));
	CF_FILL(e, 0, got, sizeof(got), "the dirty log fetched again");
	return CF_PASS;
}

static int dirty_ops(struct cf_env *e)
{
	static u8 data[3 * MPT_PAGE_SIZE];

	CF_INT(e, 0, HV(write_gpa)(e->v, CF_MAIN + 0x7000, data, 1), "write_gpa");
	CF_TRY(dirty_is(e, CF_MAIN + 0x7000, 1, "write_gpa of one byte"));
	CF_INT(e, 0, HV(write_gpa)(e->v, CF_MAIN + 0x9fff, data, 2), "write_gpa");
	CF_TRY(dirty_is(e, CF_MAIN + 0x9fff, 2, "write_gpa across a page end"));
	CF_INT(e, 0, HV(write_gpa)(e->v, CF_NEXT - 8, data, sizeof(data)), "write_gpa");
	CF_TRY(dirty_is(e, CF_NEXT - 8, sizeof(data), "write_gpa across regions"));
	CF_INT(e, 0, HV(write_gpa)(e->v, CF_MAIN, data, 0), "write_gpa of 0 bytes");
	CF_TRY(dirty_is(e, 0, 0, "write_gpa of 0 bytes"));
	CF_INT(e, -EFAULT, HV(write_gpa)(e->v, CF_NEXT + CF_NEXT_SIZE - 8, data, 16), "write_gpa");
	CF_TRY(dirty_is(e, 0, 0, "a failed write_gpa"));
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, data, sizeof(data)), "read_gpa");
	return dirty_is(e, 0, 0, "read_gpa");
}

static int mem_dirty(struct cf_env *e)
{
	dma_addr_t addr;
	u8 data[8] = { 1 }, map[LOG_PAGES / 8];

	CF_TRY(dirty(e, map));
	CF_TRY(dirty_ops(e));
	CF_TRY(cf_guest_store(e, e->vm, CF_MAIN + 0xcffe, data, 4));
	CF_TRY(dirty_is(e, CF_MAIN + 0xcffe, 4, "a guest store across a page end"));
	CF_TRY(cf_guest_load(e, e->vm, CF_MAIN, data, 8));
	CF_TRY(dirty_is(e, 0, 0, "a guest load"));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_NEXT + 0x3000), MPT_PAGE_SIZE, &addr),
	       "dma_map_guest_page");
	CF_TRY(dirty_is(e, 0, 0, "dma_map_guest_page"));
	CF_INT(e, 0, mpt_bus_read(e->host, addr, data, 8), "mpt_bus_read");
	CF_TRY(dirty_is(e, 0, 0, "a device read"));
	CF_INT(e, 0, mpt_bus_write(e->host, addr + 100, data, 8), "mpt_bus_write");
	CF_TRY(dirty_is(e, CF_NEXT + 0x3000 + 100, 8, "a device write"));
	HV(dma_unmap_guest_page)(e->v, addr);
	return CF_PASS;
}

#define RW (CF_OP(read_gpa) | CF_OP(write_gpa))

const struct mpt_clause cf_mem[] = {
	{
		.id = "MEM-1",
		.text = "Guest memory is read and written in any length from 0 and at any "
			"alignment, also across a page end; nothing beside the range is touched.",
		.bug_class = BUG_TORN "; " BUG_X4,
		.row = "guest-access",
		.ops = RW,
		.run = mem_page,
	},
	{
		.id = "MEM-2",
		.text = "An access may cross from one region into the next.",
		.bug_class = BUG_A9 "; " BUG_X4,
		.row = "guest-access",
		.ops = RW,
		.run = mem_region,
	},
	{
		.id = "MEM-3",
		.text = "Megabytes in one call, at odd addresses, across regions.",
		.bug_class = BUG_A9 "; " BUG_X4,
		.row = "guest-access",
		.ops = RW,
		.run = mem_long,
	},
	{
		.id = "MEM-4",
		.text = "A read of which any byte is no RAM fails whole: -EFAULT, the buffer "
			"zeroed and nothing behind it touched.",
		.bug_class = BUG_UNREAD "; " BUG_RANGE "; " BUG_X4,
		.row = "guest-access",
		.ops = CF_OP(read_gpa),
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT)),
		.run = mem_bad_read,
	},
	{
		.id = "MEM-5",
		.text = "A write of which any byte is no RAM fails whole: -EFAULT, nothing is "
			"written.",
		.bug_class = BUG_RANGE "; " BUG_X4,
		.row = "guest-access",
		.ops = CF_OP(write_gpa),
		.pairs = CF_PAIRS(CF_P(write_gpa, EFAULT)),
		.run = mem_bad_write,
	},
	{
		.id = "MEM-6",
		.text = "A length beyond all RAM, up to 2^64-1, is -EFAULT; address plus length "
			"is never taken to have wrapped.",
		.bug_class = BUG_RANGE "; " BUG_32_BITS,
		.row = "guest-access",
		.ops = RW,
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT), CF_P(write_gpa, EFAULT)),
		.run = mem_huge_len,
	},
	{
		.id = "MEM-7",
		.text = "Zero bytes are fine and touch nothing.",
		.bug_class = BUG_ZERO_LENGTH,
		.row = "guest-access",
		.ops = RW,
		.run = mem_zero_len,
	},
	{
		.id = "MEM-8",
		.text = "A write that touches read-only RAM is -EFAULT and writes nothing, a "
			"guest store to it does nothing; reading it is fine.",
		.row = "guest-access",
		.ops = RW,
		.pairs = CF_PAIRS(CF_P(write_gpa, EFAULT)),
		.run = mem_readonly,
	},
	{
		.id = "MEM-9",
		.text = "Aligned accesses of 1, 2, 4 and 8 bytes never tear, beside the guest's "
			"or another thread's.",
		.bug_class = BUG_TORN,
		.row = "guest-access",
		.ops = RW,
		.run = mem_tear_twice,
	},
	{
		.id = "MEM-10",
		.text = "write_gpa, guest stores and device writes mark exactly their pages in "
			"the dirty log, reads and failures none; a fetch clears.",
		.bug_class = BUG_DIRTY "; " BUG_X12,
		.row = "guest-access",
		.needs_caps = CF_HAS_DIRTY,
		.ops = RW | CF_OP(dma_map_guest_page),
		.pairs = CF_PAIRS(CF_P(write_gpa, EFAULT)),
		.run = mem_dirty,
	},
	{ .id = NULL },
};
