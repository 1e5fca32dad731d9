/* SPDX-License-Identifier: MIT */
/*
 * What the tests of shadow page tables share: a guest with a few page-table frames, whose contents
 * are kept beside guest memory; a walker over those contents, written from the manuals and not from
 * the core; a walker over the shadow as the device sees it; and what must follow from both.
 */
#ifndef MPT_TESTS_PPGTT_MODEL_H
#define MPT_TESTS_PPGTT_MODEL_H

#include <stdlib.h>

#include "gvt/ppgtt.h"
#include "gvt_entries.h"

#define PM_FRAMES 20U
#define PM_LOW_FRAMES 16U /* the others are in RIG_EXTRA */
#define PM_SPACES 5U
#define PM_HUGE 0x200000ULL
#define PM_ADDR(low) ((1ULL << 46) - (1ULL << (low)))

/* Kinds of table, numbered by the model's own: what the level is, and 64 KiB entries or not. */
enum pm_kind { PM_PT, PM_PT64, PM_PD, PM_PDP, PM_PML4, PM_KINDS };

struct pm_space {
	int levels;
	u64 pdp[4];
	unsigned int guest; /* creations by notification */
	struct gvt_mm *held;
	unsigned int pins;
	bool shadowed;
};

struct ppgtt_model {
	struct rig r;
	bool track, contig, extra, ips;
	u64 mem[PM_FRAMES][512];
	struct pm_space space[PM_SPACES];
	u64 random;
};

/* --- device pages by bus address --- */

#define PM_POOL 65536U

static u64 *pm_pool[PM_POOL];
static u64 *(*pm_page_new_real)(void *priv, u64 *bus);
static void (*pm_page_free_real)(void *priv, u64 bus);
static u64 pm_own_bus;
static long pm_page_limit; /* pages that there are still; -1: any number */

static u64 *pm_page_new(void *priv, u64 *bus)
{
	u64 *page = pm_page_limit ? pm_page_new_real(priv, bus) : NULL;

	if (!page)
		return NULL;
	if (pm_page_limit > 0)
		pm_page_limit--;
	pm_pool[(*bus - pm_own_bus) >> 12] = page;
	return page;
}

static void pm_page_free(void *priv, u64 bus)
{
	u64 i = (bus - pm_own_bus) >> 12;

	if (i >= PM_POOL || !pm_pool[i])
		ck_abort_msg("bus 0x%llx is freed, which is no page", (unsigned long long)bus);
	pm_pool[i] = NULL;
	if (pm_page_limit >= 0)
		pm_page_limit++;
	pm_page_free_real(priv, bus);
}

static inline void pm_watch_pages(struct rig *r)
{
	pm_page_new_real = r->gvt->hw.page_new;
	pm_page_free_real = r->gvt->hw.page_free;
	pm_own_bus = r->gvt->hw.own_bus;
	pm_page_limit = -1;
	r->gvt->hw.page_new = pm_page_new;
	r->gvt->hw.page_free = pm_page_free;
}

static inline const u64 *pm_page(u64 bus)
{
	u64 i = (bus - pm_own_bus) >> 12;

	if (bus < pm_own_bus || i >= PM_POOL || !pm_pool[i])
		ck_abort_msg("a shadow names 0x%llx, which is no live page",
			     (unsigned long long)bus);
	return pm_pool[i];
}

/* --- guest memory --- */

static inline u64 pm_random(struct ppgtt_model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/*
 * Frame 0 is one; the low ones are neighbours, and so are those in the region that comes and goes.
 */
static inline u64 pm_gpa(unsigned int frame)
{
	if (frame < PM_LOW_FRAMES)
		return (u64)frame << 12;
	return RIG_EXTRA + ((u64)(frame - PM_LOW_FRAMES) << 12);
}

static inline unsigned int pm_frame(u64 gpa)
{
	unsigned int i;

	for (i = 0; i < PM_FRAMES; i++)
		if (pm_gpa(i) == (gpa & ~0xfffULL))
			return i;
	return PM_FRAMES;
}

static inline bool pm_ram(const struct ppgtt_model *m, u64 gpa)
{
	return gpa < RIG_RAM ||
	       (m->extra && gpa >= RIG_EXTRA && gpa < RIG_EXTRA + RIG_EXTRA_SIZE);
}

/* As a vCPU; where there is no RAM nothing happens. */
static inline void pm_store(struct ppgtt_model *m, u64 gpa, const void *data, unsigned int len)
{
	unsigned int i, frame;

	rig_ok(mpt_guest_write(m->r.vm, gpa, data, len));
	for (i = 0; i < len; i++) {
		frame = pm_frame(gpa + i);
		if (frame < PM_FRAMES && pm_ram(m, gpa + i))
			((u8 *)m->mem[frame])[(gpa + i) & 0xfff] = ((const u8 *)data)[i];
	}
}

static inline void pm_set(struct ppgtt_model *m, unsigned int frame, unsigned int index, u64 entry)
{
	pm_store(m, pm_gpa(frame) + 8 * index, &entry, 8);
}

/* --- one address, by guest memory --- */

struct pm_walk {
	bool mapped, write;
	u64 addr; /* guest-physical, or on the bus */
	u64 flags; /* of the leaf, as of a 4 KiB one */
};

static inline unsigned int pm_index(u64 va, enum pm_kind kind)
{
	static const unsigned int shift[] = { 12, 12, 21, 30, 39 };

	return va >> shift[kind] & 511;
}

/* The frames that are tables hold the model's contents; no test makes a table of others. */
static inline const u64 *pm_table(const struct ppgtt_model *m, u64 gpa)
{
	unsigned int frame = pm_frame(gpa);

	return frame < PM_FRAMES && pm_ram(m, gpa) ? m->mem[frame] : NULL;
}

static inline struct pm_walk pm_leaf(const struct ppgtt_model *m, u64 gpa, bool write, u64 flags)
{
	struct pm_walk w = {
		.mapped = pm_ram(m, gpa), .write = write, .addr = gpa, .flags = flags
	};

	return w.mapped ? w : (struct pm_walk){ 0 };
}

static inline struct pm_walk pm_walk_guest(const struct ppgtt_model *m, enum pm_kind kind, u64 root,
					   u64 va)
{
	const struct pm_walk nothing = { 0 };
	bool write = true;
	u64 gpa = root, e;
	const u64 *t;

	for (;;) {
		t = pm_table(m, gpa);
		if (!t)
			return nothing;
		e = t[pm_index(va, kind) & (kind == PM_PT64 ? ~15U : ~0U)];
		write = write && (e & 2);
		if (!(e & 1))
			return nothing;
		switch (kind) {
		case PM_PT:
			return pm_leaf(m, e & PM_ADDR(12), write, e & 0x9f);
		case PM_PT64:
			return pm_leaf(m, (e & PM_ADDR(16)) + (va & 0xf000), write, e & 0x9f);
		case PM_PD:
			if (e & 0x80)
				return pm_leaf(m, (e & PM_ADDR(21)) + (va & 0x1ff000), write,
					       (e & 0x1f) | (e >> 12 & 1) << 7);
			kind = m->ips && e & 0x800 ? PM_PT64 : PM_PT;
			break;
		case PM_PDP:
			if (e & 0x80)
				return nothing;
			kind = PM_PD;
			break;
		default:
			kind = PM_PDP;
			break;
		}
		gpa = e & PM_ADDR(12);
	}
}

/* --- and by the shadow --- */

static inline struct pm_walk pm_walk_shadow(enum pm_kind kind, u64 root, u64 va)
{
	struct pm_walk w = { .write = true };
	u64 e, bus = root;

	for (;; kind--) {
		e = pm_page(bus)[pm_index(va, kind)];
		w.write = w.write && (e & 2);
		if (!(e & 1)) {
			if (e)
				ck_abort_msg("not present, but 0x%llx", (unsigned long long)e);
			return (struct pm_walk){ 0 };
		}
		w.mapped = true;
		w.addr = e & PM_ADDR(12);
		w.flags = e & 0xfff;
		if (kind == PM_PT)
			return w;
		if (kind == PM_PD && e & 0x80) {
			w.addr = (e & PM_ADDR(21)) + (va & 0x1ff000);
			w.flags = (e & 0xf7f) | (e >> 12 & 1) << 7;
			return w;
		}
		bus = w.addr;
		kind = kind == PM_PD ? PM_PT64 : kind; /* the shadow knows one kind of page table */
	}
}

/* Where the device finds a guest page; a count is taken and given back. */
static inline u64 pm_bus_of(struct ppgtt_model *m, u64 gpa)
{
	dma_addr_t dma;

	rig_ok(intel_gvt_hypervisor_dma_map_guest_page(&m->r.v->base, gpa >> 12, 4096, &dma));
	intel_gvt_hypervisor_dma_unmap_guest_page(&m->r.v->base, dma);
	return dma;
}

static inline void pm_compare_va(struct ppgtt_model *m, const struct pm_space *s, const u64 root[4],
				 u64 va)
{
	unsigned int top = s->levels == 4 ? 0 : va >> 30 & 3;
	enum pm_kind kind = s->levels == 4 ? PM_PML4 : PM_PD;
	struct pm_walk want = { 0 }, have = { 0 };

	if (s->levels == 4 || s->pdp[top])
		want = pm_walk_guest(m, kind, s->pdp[top], va);
	if (root[top])
		have = pm_walk_shadow(kind, root[top], va);
	if (want.mapped)
		want.addr = pm_bus_of(m, want.addr);
	if (want.mapped != have.mapped || want.addr != have.addr || want.flags != have.flags ||
	    want.write != have.write)
		ck_abort_msg("0x%llx: the guest says %d 0x%llx 0x%llx, the shadow %d 0x%llx 0x%llx",
			     (unsigned long long)va, want.mapped, (unsigned long long)want.addr,
			     (unsigned long long)want.flags, have.mapped,
			     (unsigned long long)have.addr, (unsigned long long)have.flags);
}

/* --- what all shadows together must be --- */

struct pm_live {
	bool table[PM_FRAMES][PM_KINDS];
	u64 mapped;
};

static inline u64 pm_count(const struct ppgtt_model *m, u64 gpa, unsigned int pages)
{
	u64 n = 0;
	unsigned int i;

	for (i = 0; i < pages; i++)
		n += pm_ram(m, gpa + 4096ULL * i);
	return n;
}

static inline void pm_close(const struct ppgtt_model *m, struct pm_live *l, u64 gpa,
			    enum pm_kind kind)
{
	const u64 *t = pm_table(m, gpa);
	unsigned int i;
	u64 n;

	if (!t || l->table[pm_frame(gpa)][kind])
		return;
	l->table[pm_frame(gpa)][kind] = true;
	for (i = 0; i < 512; i += kind == PM_PT64 ? 16 : 1) {
		u64 e = t[i];

		if (!(e & 1) || (kind == PM_PDP && e & 0x80))
			continue;
		if (kind == PM_PT) {
			l->mapped += pm_count(m, e & PM_ADDR(12), 1);
		} else if (kind == PM_PT64) {
			l->mapped += pm_count(m, e & PM_ADDR(16), 16);
		} else if (kind == PM_PD && e & 0x80) {
			n = pm_count(m, e & PM_ADDR(21), 512);
			l->mapped += m->contig && n == 512 ? 1 : n;
		} else if (kind == PM_PD) {
			pm_close(m, l, e & PM_ADDR(12), m->ips && e & 0x800 ? PM_PT64 : PM_PT);
		} else {
			pm_close(m, l, e & PM_ADDR(12), kind - 1);
		}
	}
}

static inline struct pm_live pm_live(const struct ppgtt_model *m)
{
	struct pm_live l = { 0 };
	unsigned int i, k;

	for (i = 0; i < PM_SPACES; i++) {
		const struct pm_space *s = &m->space[i];

		if (!s->shadowed)
			continue;
		if (s->levels == 4)
			pm_close(m, &l, s->pdp[0], PM_PML4);
		for (k = 0; s->levels == 3 && k < 4; k++)
			if (s->pdp[k])
				pm_close(m, &l, s->pdp[k], PM_PD);
	}
	return l;
}

/* After a pin: what is tracked is what is a table, what is mapped is what a leaf names. */
static inline void pm_compare_sets(struct ppgtt_model *m)
{
	struct pm_live l = pm_live(m);
	struct gvt_vgpu_info info = rig_info(&m->r);
	unsigned int i, k;

	for (i = 0; i < PM_FRAMES; i++) {
		bool live = false;

		for (k = 0; k < PM_KINDS; k++)
			live = live || l.table[i][k];
		if (mpt_vm_tracked(m->r.vm, pm_gpa(i) >> 12) != (live && m->track))
			ck_abort_msg("frame %u: tracked %d, live %d", i, !live, live);
	}
	if (info.ppgtt_mapped != l.mapped)
		ck_abort_msg("%llu mapped, not %llu", (unsigned long long)info.ppgtt_mapped,
			     (unsigned long long)l.mapped);
	if (m->r.ledger && dma_counts(&m->r) != l.mapped)
		ck_abort_msg("the ledger has %llu, not %llu", (unsigned long long)dma_counts(&m->r),
			     (unsigned long long)l.mapped);
}

/* The rig is open. */
static inline void pm_begin(struct ppgtt_model *m, const char *spec)
{
	pm_watch_pages(&m->r);
	m->track = rig_has(&m->r, MPT_CAP_PAGE_TRACK);
	m->contig = !strstr(spec, "contig=no");
	m->extra = true;
	m->random = 0x9e3779b97f4a7c15ULL;
}

static inline void pm_open(struct ppgtt_model *m, const char *spec)
{
	memset(m, 0, sizeof(*m));
	rig_open_spec(&m->r, spec, NULL);
	pm_begin(m, spec);
}

/* Every device page is back, too. */
static inline void pm_close_all(struct ppgtt_model *m)
{
	unsigned int i;

	rig_ok(mpt_vgpu_destroy(m->r.vm, m->r.vgpu));
	m->r.vgpu = NULL;
	for (i = 0; i < PM_POOL; i++)
		ck_assert_ptr_null(pm_pool[i]);
	rig_close(&m->r);
}

#endif
