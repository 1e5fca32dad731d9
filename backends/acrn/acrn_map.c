/* SPDX-License-Identifier: MIT */
/*
 * The operations that change what the guest sees: trapped areas, mapped frames, PV MMIO. Each makes
 * a new view of it, brings the guest's map there (acrn_view.c) and is undone step by step when one
 * fails.
 */
#include "backends/acrn/acrn.h"

/* 2 MiB of registers and the shared page behind them (ACRN 4.19, acrngt.c: set_pvmmio). */
#define PVMMIO_MIN (MPT_HUGE_SIZE + MPT_PAGE_SIZE)

static const char *const op_name[] = { "set_trap_area", "map_gfn_to_mfn" };
static const char *const word[] = { "trapped", "mapped" };

/* --- views: a removal finds its room already there --- */

static void view_free(void *view)
{
	if (view != &acrn_no_view)
		mpt_free(view);
}

/* @view is what handlers see from now on; the one before is the next removal's room. */
static void publish(struct acrn_vm *vm, struct acrn_view *view)
{
	struct acrn_view *old = vm->view;

	os_store(&vm->view, view);
	mpt_rcu_synchronize();
	view_free(vm->spare_view);
	vm->spare_view = old;
}

/* The spare is used for a smaller or an equally large view; @room: of the larger one to come. */
static int spare_make(struct acrn_vm *vm, unsigned int room, const char *op, struct acrn_view **to)
{
	struct acrn_view *spare = acrn_view_new(room);

	*to = spare ? acrn_view_new(room) : NULL;
	if (!*to) {
		mpt_free(spare);
		return acrn_fail(vm->inst, op, -ENOMEM, "no memory for an address range");
	}
	view_free(vm->spare_view);
	vm->spare_view = spare;
	return 0;
}

/* The spare was made with the new view: the old one, which may be smaller, is not kept. */
static void publish_larger(struct acrn_vm *vm, struct acrn_view *to)
{
	struct acrn_view *old = vm->view;

	os_store(&vm->view, to);
	mpt_rcu_synchronize();
	view_free(old);
}

/* --- trapped areas and mapped frames --- */

static unsigned int view_find(const struct acrn_view *v, bool maps, u64 addr, unsigned int *end)
{
	unsigned int first = maps ? v->traps : 0, n = maps ? v->maps : v->traps;

	*end = first + n;
	return first + acrn_range_at(&v->range[first], n, addr);
}

static void view_insert(struct acrn_view *to, const struct acrn_view *from, bool maps,
			unsigned int i, const struct acrn_range *r)
{
	unsigned int n = from->traps + from->maps;

	memcpy(to->range, from->range, i * sizeof(*r));
	to->range[i] = *r;
	memcpy(&to->range[i + 1], &from->range[i], (n - i) * sizeof(*r));
	to->traps = from->traps + !maps;
	to->maps = from->maps + maps;
	to->pv = from->pv;
}

static void view_remove(struct acrn_view *to, const struct acrn_view *from, bool maps,
			unsigned int i)
{
	unsigned int n = from->traps + from->maps;

	memcpy(to->range, from->range, i * sizeof(to->range[0]));
	memcpy(&to->range[i], &from->range[i + 1], (n - i - 1) * sizeof(to->range[0]));
	to->traps = from->traps - !maps;
	to->maps = from->maps - maps;
	to->pv = from->pv;
}

/*
 * A request is ours if it lies wholly in a range. Guests' maps know pages only, so whole pages are
 * claimed; what is in them beside the trapped bytes is answered by acrn_ioreq.c.
 */
static int claim(struct acrn_vm *vm, const struct acrn_range *r, bool on)
{
	long start = (long)(r->start & ~(u64)(MPT_PAGE_SIZE - 1));
	long end = (long)(r->end | (MPT_PAGE_SIZE - 1));

	return on ? acrn_ioreq_add_iorange(vm->client, REQ_MMIO, start, end) :
		    acrn_ioreq_del_iorange(vm->client, REQ_MMIO, start, end);
}

static int refused(struct acrn_vm *vm, bool maps, const struct acrn_range *r)
{
	return acrn_fail(vm->inst, op_name[maps], -ENOMEM,
			 "0x%llx to 0x%llx: the hypervisor or its VHM refused (no memory, or the "
			 "VM is going)",
			 (unsigned long long)r->start, (unsigned long long)r->end);
}

static u64 frame(u64 addr)
{
	return addr >> MPT_PAGE_SHIFT;
}

static int range_add(struct acrn_vm *vm, bool maps, const struct acrn_range *r)
{
	struct acrn_view *from = vm->view, *to;
	unsigned int end, i = view_find(from, maps, r->start, &end);
	int ret;

	if (i < end && from->range[i].start <= r->end)
		return acrn_fail(vm->inst, op_name[maps], -EEXIST,
				 "0x%llx to 0x%llx overlaps what is %s from 0x%llx "
				 "(undo that first)",
				 (unsigned long long)r->start, (unsigned long long)r->end,
				 word[maps], (unsigned long long)from->range[i].start);
	ret = spare_make(vm, from->traps + from->maps + 1, op_name[maps], &to);
	if (ret)
		return ret;
	view_insert(to, from, maps, i, r);
	if (!maps && claim(vm, r, true)) {
		mpt_free(to);
		return refused(vm, maps, r);
	}
	if (acrn_view_change(vm, from, to, frame(r->start), frame(r->end))) {
		if (!maps)
			claim(vm, r, false);
		mpt_free(to);
		return refused(vm, maps, r);
	}
	publish_larger(vm, to);
	return 0;
}

static int range_del(struct acrn_vm *vm, bool maps, const struct acrn_range *r)
{
	struct acrn_view *from = vm->view, *to = vm->spare_view;
	unsigned int end, i = view_find(from, maps, r->start, &end);
	const struct acrn_range *have = &from->range[i];

	if (i == end || have->start != r->start || have->end != r->end || have->mfn != r->mfn)
		return acrn_fail(vm->inst, op_name[maps], -ENOENT,
				 "0x%llx to 0x%llx is not %s so (name it as it was %s)",
				 (unsigned long long)r->start, (unsigned long long)r->end,
				 word[maps], word[maps]);
	view_remove(to, from, maps, i);
	if (acrn_view_change(vm, from, to, frame(r->start), frame(r->end)))
		return refused(vm, maps, r);
	vm->spare_view = NULL;
	publish(vm, to);
	/* A client that is gone has no ranges. */
	if (!maps)
		claim(vm, r, false);
	return 0;
}

static int range_change(unsigned long handle, bool maps, const struct acrn_range *r, bool add)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, op_name[maps]);
	int ret;

	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	ret = add ? range_add(vm, maps, r) : range_del(vm, maps, r);
	os_mutex_unlock(&vm->lock);
	acrn_vm_drop(vm);
	return ret;
}

/* A dead handle comes before what is wrong in the arguments. */
static int bad_range(unsigned long handle, const char *op, const char *why, u64 a, u64 b)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, op);
	int ret;

	if (!vm)
		return -ESRCH;
	ret = acrn_fail(vm->inst, op, -EINVAL, "0x%llx and 0x%llx: %s", (unsigned long long)a,
			(unsigned long long)b, why);
	acrn_vm_drop(vm);
	return ret;
}

int acrn_set_trap_area(unsigned long handle, u64 start, u64 end, bool map)
{
	struct acrn_range r = { .start = start, .end = end };

	if (end < start)
		return bad_range(handle, op_name[false],
				 "the end is before the start (both belong to it)", start, end);
	return range_change(handle, false, &r, map);
}

int acrn_map_gfn(unsigned long handle, u64 gfn, u64 mfn, unsigned int nr, bool map)
{
	u64 more = nr - 1ULL;
	struct acrn_range r = {
		.start = gfn << MPT_PAGE_SHIFT,
		.end = (gfn + more) << MPT_PAGE_SHIFT | (MPT_PAGE_SIZE - 1),
		.mfn = mfn,
	};

	if (!nr || gfn > ACRN_FRAME_MAX - more || mfn > ACRN_FRAME_MAX - more)
		return bad_range(handle, op_name[true],
				 "no frames, or beyond the last one there can be", gfn, mfn);
	return range_change(handle, true, &r, map);
}

/* --- PV MMIO --- */

/* The core's pages behind BAR0; NULL: no memory. Calls the core, so without a lock. */
static struct acrn_pv *pv_new(struct acrn_vm *vm, u64 start, u64 end)
{
	const struct mpt_core *core = mpt_host_core(vm->inst->host);
	struct vhm_provider *p = vm->inst->machine.provider;
	u64 i, pages = core->pv_page ? (end - start + 1) >> MPT_PAGE_SHIFT : 0, hpa;
	struct acrn_pv *pv = mpt_zalloc(sizeof(*pv) + pages * sizeof(pv->page[0]));
	void *page;

	if (!pv)
		return NULL;
	*pv = (struct acrn_pv){ .start = start, .end = end, .pages = pages };
	for (i = 0; i < pages; i++) {
		page = core->pv_page(vm->vgpu, i << MPT_PAGE_SHIFT, &pv->page[i].writable);
		hpa = page ? p->svc->virt_to_phys(p, page) : ~0ULL;
		pv->page[i].mfn = hpa == ~0ULL ? 0 : hpa >> MPT_PAGE_SHIFT;
	}
	return pv;
}

static void view_copy(struct acrn_view *to, const struct acrn_view *from, struct acrn_pv *pv)
{
	memcpy(to->range, from->range, (from->traps + from->maps) * sizeof(to->range[0]));
	to->traps = from->traps;
	to->maps = from->maps;
	to->pv = pv;
}

static int pv_refused(struct acrn_vm *vm)
{
	return acrn_fail(vm->inst, "set_pvmmio", -ENOMEM,
			 "the hypervisor refused to change the guest's map (no memory, or the VM "
			 "is going)");
}

/* vm->lock is held. On success @pv is the view's. */
static int pv_on(struct acrn_vm *vm, struct acrn_pv *pv)
{
	struct acrn_view *from = vm->view, *to;
	int ret = spare_make(vm, from->traps + from->maps, "set_pvmmio", &to);

	if (ret)
		return ret;
	view_copy(to, from, pv);
	if (acrn_view_change(vm, from, to, frame(pv->start), frame(pv->end))) {
		mpt_free(to);
		return pv_refused(vm);
	}
	publish_larger(vm, to);
	return 0;
}

/* vm->lock is held. */
static int pv_off(struct acrn_vm *vm)
{
	struct acrn_view *from = vm->view, *to = vm->spare_view;
	struct acrn_pv *pv = from->pv;

	view_copy(to, from, NULL);
	if (acrn_view_change(vm, from, to, frame(pv->start), frame(pv->end)))
		return pv_refused(vm);
	vm->spare_view = NULL;
	publish(vm, to);
	from->pv = NULL;
	mpt_free(pv);
	return 0;
}

/* Off, or on with one range; asking for the state it is in is no error. vm->lock is held. */
static int pv_change(struct acrn_vm *vm, u64 start, u64 end, struct acrn_pv **pv)
{
	const struct acrn_pv *have = vm->view->pv;
	int ret;

	if (have && (have->start != start || have->end != end))
		return acrn_fail(vm->inst, "set_pvmmio", *pv ? -EEXIST : -ENOENT,
				 "PV MMIO is on at 0x%llx to 0x%llx (switch that off first)",
				 (unsigned long long)have->start, (unsigned long long)have->end);
	if (!*pv)
		return have ? pv_off(vm) : 0;
	ret = have ? 0 : pv_on(vm, *pv);
	if (!ret && !have)
		*pv = NULL;
	return ret;
}

int acrn_set_pvmmio(unsigned long handle, u64 start, u64 end, bool map)
{
	struct acrn_pv *pv = NULL;
	struct acrn_vm *vm;
	int ret = 0;

	if (end < start || end - start < PVMMIO_MIN - 1 || start % MPT_PAGE_SIZE)
		return bad_range(handle, "set_pvmmio",
				 "PV MMIO needs a page-aligned range of 2 MiB and a page", start,
				 end);
	vm = acrn_vm_hold(handle, "set_pvmmio");
	if (!vm)
		return -ESRCH;
	if (map) {
		pv = pv_new(vm, start, end);
		ret = pv ? 0 : acrn_fail(vm->inst, "set_pvmmio", -ENOMEM, "no memory");
	}
	if (!ret) {
		os_mutex_lock(&vm->lock);
		ret = pv_change(vm, start, end, &pv);
		os_mutex_unlock(&vm->lock);
	}
	mpt_free(pv);
	acrn_vm_drop(vm);
	return ret;
}

/* --- the vGPU is going --- */

/* The first frame >= @at that something covers, and how far that goes; ~0: none. */
static u64 next_covered(const struct acrn_view *v, u64 at, u64 *last)
{
	u64 best = ~0ULL, first, end;
	unsigned int i, n = v->traps + v->maps;

	for (i = 0; i <= n; i++) {
		if (i == n && !v->pv)
			break;
		first = frame(i < n ? v->range[i].start : v->pv->start);
		end = frame(i < n ? v->range[i].end : v->pv->end);
		first = first < at ? at : first;
		if (end >= first && first < best) {
			best = first;
			*last = end;
		}
	}
	return best;
}

void acrn_unclaim(struct acrn_vm *vm)
{
	unsigned int i;

	os_mutex_lock(&vm->lock);
	for (i = 0; i < vm->view->traps; i++)
		claim(vm, &vm->view->range[i], false);
	os_mutex_unlock(&vm->lock);
}

/* All that it left, from our own record; also after errors, and when the VM is gone already. */
void acrn_io_clear(struct acrn_vm *vm)
{
	struct acrn_view *old;
	u64 first, last = 0;

	os_mutex_lock(&vm->lock);
	old = vm->view;
	for (first = next_covered(old, 0, &last); first != ~0ULL;
	     first = next_covered(old, last + 1, &last)) {
		/* Asked twice: a hypercall that fails once is no reason to leave a mapping. */
		if (!acrn_view_change(vm, old, &acrn_no_view, first, last) ||
		    !acrn_view_change(vm, old, &acrn_no_view, first, last))
			continue;
		os_fetch_add(&vm->undone_badly, 1);
		mpt_log(MPT_LOG_ERROR, "guest frames 0x%llx to 0x%llx of VM %u stay as they are",
			(unsigned long long)first, (unsigned long long)last, vm->id);
	}
	os_store(&vm->view, &acrn_no_view);
	mpt_rcu_synchronize();
	if (old != &acrn_no_view)
		mpt_free(old->pv);
	view_free(old);
	view_free(vm->spare_view);
	vm->spare_view = NULL;
	os_mutex_unlock(&vm->lock);
}
