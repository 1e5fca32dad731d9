/* SPDX-License-Identifier: MIT */
/*
 * What the guest shall see where, and bringing its map there: PV MMIO before trapped areas before
 * mapped frames before RAM. What is mapped over RAM takes the RAM out of the guest's map and puts
 * it back later, with the rights that it has by then. A hypervisor keeps what is present when
 * something is added (ACRN's hypervisor, hypercall.c), and some fail when nothing is there to be
 * deleted, so exactly what is present is deleted before anything is added.
 */
#include "backends/acrn/acrn.h"

struct acrn_view acrn_no_view;

struct acrn_view *acrn_view_new(unsigned int ranges)
{
	return mpt_zalloc(sizeof(struct acrn_view) + ranges * sizeof(struct acrn_range));
}

unsigned int acrn_range_at(const struct acrn_range *r, unsigned int n, u64 addr)
{
	unsigned int lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r[mid].end >= addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct acrn_pv_page *acrn_pv_at(const struct acrn_view *v, u64 gpa)
{
	u64 i;

	if (OS_LIKELY(!v->pv) || gpa < v->pv->start || gpa > v->pv->end)
		return NULL;
	i = (gpa - v->pv->start) >> MPT_PAGE_SHIFT;
	return i < v->pv->pages && v->pv->page[i].mfn ? &v->pv->page[i] : NULL;
}

/* --- what is at a frame --- */

enum acrn_show { SHOW_NOTHING, SHOW_RAM, SHOW_FRAMES };

struct acrn_seen {
	enum acrn_show what;
	u64 mfn; /* of the first frame */
	unsigned int type, rights;
};

struct acrn_look {
	struct acrn_vm *vm;
	const struct acrn_view *view;
	u64 max_gfn; /* of RAM */
	bool after; /* rights as they shall be, not as they are */
};

/* Of the ranges @r: the one that touches the page, NULL; @n is cut to what has the same answer. */
static const struct acrn_range *page_range(const struct acrn_range *r, unsigned int nr, u64 gfn,
					   u64 *n)
{
	unsigned int i = acrn_range_at(r, nr, gfn << MPT_PAGE_SHIFT);
	u64 first, last;

	if (i == nr)
		return NULL;
	first = r[i].start >> MPT_PAGE_SHIFT;
	last = r[i].end >> MPT_PAGE_SHIFT;
	if (first > gfn) {
		*n = first - gfn < *n ? first - gfn : *n;
		return NULL;
	}
	*n = last - gfn < *n ? last - gfn + 1 : *n;
	return &r[i];
}

static void frames(const struct acrn_vm *vm, struct acrn_seen *seen, u64 mfn, bool writable)
{
	const struct mpt_core *core = mpt_host_core(vm->inst->host);
	bool device = mfn - core->aperture_mfn < core->aperture_pages;

	*seen = (struct acrn_seen){
		.what = SHOW_FRAMES,
		.mfn = mfn,
		/* The aperture is write-combining where there is a choice; pages are memory. */
		.type = device ? MEM_TYPE_WC : MEM_TYPE_WB,
		.rights = writable ? MEM_ACCESS_RWX : MEM_ACCESS_READ | MEM_ACCESS_EXEC,
	};
}

/* Rights of RAM: read-only, protected for tracking, or all. */
static unsigned int ram_rights(const struct acrn_look *l, u64 gfn)
{
	if (acrn_readonly(l->vm, gfn << MPT_PAGE_SHIFT))
		return MEM_ACCESS_READ;
	if (l->after ? acrn_tracked(l->vm, gfn) : acrn_guarded(l->vm, gfn))
		return MEM_ACCESS_READ | MEM_ACCESS_EXEC;
	return MEM_ACCESS_RWX;
}

/* Frames of RAM from @gfn on that have machine frames in a row and the same rights; 0: no RAM. */
static u64 ram_run(const struct acrn_look *l, u64 gfn, u64 n, struct acrn_seen *seen)
{
	u64 mfn = acrn_mfn(l->vm, gfn), i;

	if (mfn == INTEL_GVT_INVALID_ADDR)
		return 0;
	*seen = (struct acrn_seen){
		.what = SHOW_RAM,
		.mfn = mfn,
		.type = MEM_TYPE_WB,
		.rights = ram_rights(l, gfn),
	};
	n = n < ACRN_HUGE_FRAMES - gfn % ACRN_HUGE_FRAMES ?
		    n : ACRN_HUGE_FRAMES - gfn % ACRN_HUGE_FRAMES;
	for (i = 1; i < n; i++)
		if (acrn_mfn(l->vm, gfn + i) != mfn + i || ram_rights(l, gfn + i) != seen->rights)
			break;
	return i;
}

/* Page by page at BAR0, and up to it. */
static u64 pv_run(const struct acrn_pv *pv, u64 gfn, u64 n)
{
	u64 first = pv->start >> MPT_PAGE_SHIFT;

	if (gfn < first)
		return n < first - gfn ? n : first - gfn;
	return gfn <= pv->end >> MPT_PAGE_SHIFT ? 1 : n;
}

/* What shows from @gfn on, for how many of @n frames. In a section. */
static u64 look(const struct acrn_look *l, u64 gfn, u64 n, struct acrn_seen *seen)
{
	const struct acrn_view *v = l->view;
	const struct acrn_range *r;
	const struct acrn_pv_page *pv;
	u64 run;

	*seen = (struct acrn_seen){ .what = SHOW_NOTHING };
	if (v->pv)
		n = pv_run(v->pv, gfn, n);
	pv = acrn_pv_at(v, gfn << MPT_PAGE_SHIFT);
	if (pv) {
		frames(l->vm, seen, pv->mfn, pv->writable);
		return 1;
	}
	if (page_range(v->range, v->traps, gfn, &n))
		return n;
	r = page_range(v->range + v->traps, v->maps, gfn, &n);
	if (r) {
		frames(l->vm, seen, r->mfn + (gfn - (r->start >> MPT_PAGE_SHIFT)), true);
		return n;
	}
	if (gfn > l->max_gfn)
		return n;
	n = n <= l->max_gfn - gfn ? n : l->max_gfn - gfn + 1;
	run = ram_run(l, gfn, n, seen);
	return run ? run : 1;
}

bool acrn_shows_ram(struct acrn_vm *vm, const struct acrn_view *v, u64 gfn)
{
	u64 gpa = gfn << MPT_PAGE_SHIFT, n = 1;
	unsigned long old = mpt_rcu_enter();
	bool ram = acrn_page(vm, gpa) && !acrn_readonly(vm, gpa);

	mpt_rcu_leave(old);
	return ram && !acrn_pv_at(v, gpa) && !page_range(v->range, v->traps, gfn, &n) &&
	       !page_range(v->range + v->traps, v->maps, gfn, &n);
}

/* --- bringing the guest's map there --- */

/* Whether VHM knows the VM no more: then there is no map that could be wrong. */
static bool vm_gone(struct acrn_vm *vm)
{
	struct vhm_vm *known = find_get_vm(vm->vmid);

	if (known)
		put_vm(known);
	return !known;
}

/*
 * What the service VM calls a host address. acrn_hpa2gpa() finds the machine by the address, but
 * the aperture's could be any machine's: the VM says which.
 */
static unsigned long service_gpa(struct acrn_vm *vm, u64 mfn)
{
	struct vhm_provider *p = vm->inst->machine.provider;
	unsigned long hpa = mfn << MPT_PAGE_SHIFT;

	return p->svc->acrn_hpa2gpa ? p->svc->acrn_hpa2gpa(p, hpa) : acrn_hpa2gpa(hpa);
}

static int show(struct acrn_vm *vm, u64 gfn, u64 n, const struct acrn_seen *seen)
{

	if (seen->what == SHOW_NOTHING)
		return 0;
	return add_memory_region(vm->vmid, gfn << MPT_PAGE_SHIFT, service_gpa(vm, seen->mfn),
				 n << MPT_PAGE_SHIFT, seen->type, seen->rights);
}

static int hide(struct acrn_vm *vm, u64 gfn, u64 n, const struct acrn_seen *seen)
{
	if (seen->what == SHOW_NOTHING)
		return 0;
	return del_memory_region(vm->vmid, gfn << MPT_PAGE_SHIFT, n << MPT_PAGE_SHIFT);
}

/* Remembers whose right to write is taken now. */
static void note_rights(struct acrn_vm *vm, u64 gfn, u64 n, const struct acrn_seen *seen)
{
	u64 last = gfn + n - 1;

	acrn_guard_forget(vm, gfn, last);
	if (seen->what != SHOW_RAM || seen->rights != (MEM_ACCESS_READ | MEM_ACCESS_EXEC))
		return;
	for (gfn = acrn_track_next(vm, gfn, last, false); gfn != ~0ULL;
	     gfn = acrn_track_next(vm, gfn + 1, last, false))
		acrn_guard_set(vm, gfn, true);
}

static int replace(struct acrn_vm *vm, u64 gfn, u64 n, const struct acrn_seen *was,
		   const struct acrn_seen *is)
{
	int ret = hide(vm, gfn, n, was);

	if (ret)
		return ret;
	ret = show(vm, gfn, n, is);
	if (!ret)
		note_rights(vm, gfn, n, is);
	else if (show(vm, gfn, n, was))
		os_fetch_add(&vm->undone_badly, 1);
	return ret;
}

/* Up to where it worked: @done, the first frame that is not changed. */
static int change(struct acrn_look *from, struct acrn_look *to, u64 first, u64 last, u64 *done)
{
	struct acrn_seen was, is;
	unsigned long old;
	u64 gfn = first, n;
	int ret = 0;

	for (; !ret; gfn += n) {
		*done = gfn;
		if (gfn > last || gfn < first)
			break;
		old = mpt_rcu_enter();
		n = look(from, gfn, last - gfn + 1, &was);
		n = look(to, gfn, n, &is);
		mpt_rcu_leave(old);
		if (was.what != is.what || (was.what == SHOW_FRAMES && was.mfn != is.mfn))
			ret = replace(from->vm, gfn, n, &was, &is);
	}
	return ret;
}

int acrn_view_change(struct acrn_vm *vm, const struct acrn_view *from, const struct acrn_view *to,
		     u64 first, u64 last)
{
	struct vm_info info = { .max_gfn = -1 };
	struct acrn_look a = { .vm = vm, .view = from }, b = { .vm = vm, .view = to };
	u64 done;

	if (vhm_get_vm_info(vm->vmid, &info))
		info.max_gfn = -1;
	/* Without an answer all of the address space may be RAM. */
	a.max_gfn = info.max_gfn < 0 ? ACRN_FRAME_MAX : (u64)info.max_gfn;
	b.max_gfn = a.max_gfn;
	b.after = true;
	if (!change(&a, &b, first, last, &done) || vm_gone(vm))
		return 0;
	a.after = true;
	b.after = false;
	if (done > first && change(&b, &a, first, done - 1, &done))
		os_fetch_add(&vm->undone_badly, 1);
	return -ENOMEM;
}
