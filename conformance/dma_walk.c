/* SPDX-License-Identifier: MIT */
/* DMA: maps and unmaps at random beside a model, and from several threads. */
#include "areas.h"
#include "dma.h"

/* --- a random walk beside a model: every returned address lives until its last unmap --- */

#define WALK_STEPS 4000
#define WALK_GFNS 6
#define WALK_HELD 40

struct held {
	dma_addr_t addr;
	u64 gpa;
	unsigned long size;
};

struct walk {
	struct held held[WALK_HELD];
	unsigned int n;
	u64 rnd;
};

static int walk_map(struct cf_env *e, struct walk *w)
{
	static const u64 at[WALK_GFNS] = {
		CF_HUGE, CF_HUGE + 0x1000, CF_HUGE + 0x1ff000, CF_HUGE + MPT_HUGE_SIZE,
		CF_MAIN, CF_HIGH + 0x3000
	};
	struct held *h = &w->held[w->n];
	u64 gpa = at[cf_random(&w->rnd) % WALK_GFNS];
	bool huge = (e->has & CF_HAS_HUGE) && gpa % MPT_HUGE_SIZE == 0 && gpa < CF_HIGH &&
		    gpa >= CF_HUGE && cf_random(&w->rnd) % 2;
	int r;

	*h = (struct held){ .gpa = gpa, .size = huge ? MPT_HUGE_SIZE : MPT_PAGE_SIZE };
	r = MAP(e, e->v, CF_GFN(gpa), h->size, &h->addr);
	if (r == -ENOMEM && (e->has & CF_HAS_PIN_LIMIT))
		return CF_PASS;
	CF_INT(e, 0, r, "dma_map_guest_page of 0x%lx bytes at 0x%llx", h->size,
	       (unsigned long long)gpa);
	w->n++;
	return CF_PASS;
}

static void walk_unmap(struct cf_env *e, struct walk *w)
{
	unsigned int i = (unsigned int)(cf_random(&w->rnd) % w->n);

	unmap(e, w->held[i].addr);
	w->held[i] = w->held[--w->n];
}

static int walk_check(struct cf_env *e, struct walk *w)
{
	struct held *h = &w->held[cf_random(&w->rnd) % w->n];
	u64 off = cf_random(&w->rnd) % (h->size / 8) * 8;

	return reaches(e, e->vm, h->addr + off, h->gpa + off);
}

static int dma_walk(struct cf_env *e)
{
	struct walk w = { .rnd = cf_seeded(0xdadada) };
	int i;

	for (i = 0; i < WALK_STEPS; i++) {
		if (!w.n || (w.n < WALK_HELD && cf_random(&w.rnd) % 2))
			CF_TRY(walk_map(e, &w));
		else
			walk_unmap(e, &w);
		if (w.n)
			CF_TRY(walk_check(e, &w));
		CF_U64(e, w.n, cf_stats(e, e->vm).dma_live, "live DMA counts in step %d", i);
	}
	while (w.n)
		walk_unmap(e, &w);
	return cf_u64(e, 0, cf_stats(e, e->vm).dma_live, "live DMA counts at the end");
}

/* --- in parallel --- */

static int map_loop(struct cf_env *e, void *arg)
{
	dma_addr_t addr;
	u64 seen;
	int i;

	(void)arg;
	for (i = 0; i < 5000; i++) {
		CF_TRY(map(e, e->place + (u64)(i % 3) * MPT_PAGE_SIZE, MPT_PAGE_SIZE, &addr));
		CF_INT(e, 0, mpt_bus_read(e->host, addr, &seen, 8),
		       "a device read while it is mapped");
		unmap(e, addr);
	}
	return CF_PASS;
}

static int dma_parallel(struct cf_env *e)
{
	int a, b;

	/* One thread alone first: a back end may have taken it for the only one. */
	CF_TRY(map_loop(e, NULL));
	CF_TRY(cf_thread_start(e, 0, map_loop, NULL));
	CF_TRY(cf_thread_start(e, 1, map_loop, NULL));
	a = cf_thread_join(e, 0);
	b = cf_thread_join(e, 1);
	CF_TRY(a ? a : b);
	return cf_u64(e, 0, cf_stats(e, e->vm).dma_live, "live DMA counts at the end");
}

CF_TWICE(dma_parallel)

const struct mpt_clause cf_dma_walk[] = {
	{
		.id = "DMA-15",
		.text = "A random walk of mapping and unmapping in mixed sizes agrees with a "
			"model at every step.",
		.bug_class = BUG_COUNT "; " BUG_K4,
		.row = "dma-map",
		.ops = MAP_UNMAP,
		.run = dma_walk,
	},
	{
		.id = "DMA-16",
		.text = "Threads may map and unmap the same pages at once; none loses what it "
			"holds.",
		.bug_class = BUG_LOCK,
		.row = "dma-map",
		.ops = MAP_UNMAP,
		.run = dma_parallel_twice,
	},
	{ .id = NULL },
};
