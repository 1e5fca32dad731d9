/* SPDX-License-Identifier: MIT */
/* HND: a handle is good from attach to detach, and nothing else is. */
#include <string.h>

#include "areas.h"
#include "tiny.h"

/* What a handle that is not alive must leave as it is. */
struct world {
	struct mpt_vm_stats stats;
	u8 page[64];
	bool tracked;
};

static int look(struct cf_env *e, struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->stats = cf_stats(e, e->vm);
	w->tracked = mpt_vm_tracked(e->vm, CF_GFN(CF_MAIN));
	return cf_guest_load(e, e->vm, CF_MAIN, w->page, sizeof(w->page));
}

static int untouched(struct cf_env *e, const struct world *w, unsigned long handle)
{
	struct world now;
	unsigned int i;

	CF_TRY(look(e, &now));
	CF_BYTES(e, w->page, now.page, sizeof(now.page),
		 "guest memory after calls with handle 0x%lx", handle);
	CF_U64(e, w->stats.dma_live, now.stats.dma_live, "DMA counts after calls with handle 0x%lx",
	       handle);
	CF_U64(e, w->stats.tracked, now.stats.tracked,
	       "tracked pages after calls with handle 0x%lx", handle);
	CF_U64(e, w->stats.msi, now.stats.msi, "MSIs after calls with handle 0x%lx", handle);
	CF_U64(e, w->stats.intx_level, now.stats.intx_level,
	       "pin level after calls with handle 0x%lx", handle);
	CF_THAT(e, w->tracked == now.tracked, "calls with handle 0x%lx changed what is tracked",
		handle);
	for (i = 0; i < CF_VGPUS; i++)
		if (e->vgpus[i].live)
			CF_INT(e, 0, HV(read_gpa)(&e->vgpus[i].base, CF_MAIN, &now.page, 1),
			       "read_gpa of the live vGPU after calls with handle 0x%lx", handle);
	return CF_PASS;
}

/* Guest memory and messages. */
static int dead_memory(struct cf_env *e, struct intel_vgpu *v)
{
	dma_addr_t addr = 0x5a5a;
	u8 buf[16];

	memset(buf, 0xa5, sizeof(buf));
	CF_INT(e, -ESRCH, HV(write_gpa)(v, CF_MAIN, buf, sizeof(buf)), "write_gpa, handle 0x%lx",
	       v->handle);
	CF_INT(e, -ESRCH, HV(read_gpa)(v, CF_MAIN, buf, sizeof(buf)), "read_gpa, handle 0x%lx",
	       v->handle);
	CF_FILL(e, 0, buf, sizeof(buf), "read_gpa's buffer, handle 0x%lx", v->handle);
	CF_INT(e, -ESRCH, v->mpt->inject_msi(v->handle, 0xfee00000, 0x41),
	       "inject_msi, handle 0x%lx", v->handle);
	CF_INT(e, -ESRCH, HV(dma_map_guest_page)(v, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, &addr),
	       "dma_map_guest_page, handle 0x%lx", v->handle);
	HV(dma_unmap_guest_page)(v, e->slot[0]);
	HV(detach_vgpu)(v);
	return CF_PASS;
}

#define DEAD(e, v, op, ...)                                                               \
	do {                                                                              \
		if (cf_table_has((v)->mpt, CF_ID(op)))                                    \
			CF_INT((e), -ESRCH, HV(op)(v, __VA_ARGS__), #op ", handle 0x%lx", \
			       (v)->handle);                                              \
	} while (0)

static int dead_capabilities(struct cf_env *e, struct intel_vgpu *v)
{
	DEAD(e, v, enable_page_track, CF_GFN(CF_MAIN + 0x1000));
	DEAD(e, v, disable_page_track, CF_GFN(CF_MAIN));
	DEAD(e, v, set_intx, true);
	DEAD(e, v, dma_pin_guest_page, e->slot[0]);
	DEAD(e, v, map_gfn_to_mfn, CF_GFN(CF_BAR2), CF_APERTURE_MFN, 1, true);
	DEAD(e, v, set_trap_area, CF_BAR0, CF_BAR0 + 4095, true);
	DEAD(e, v, set_pvmmio, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1, true);
	if (cf_table_has(v->mpt, CF_ID(gfn_to_mfn)))
		CF_U64(e, INTEL_GVT_INVALID_ADDR, HV(gfn_to_mfn)(v, CF_GFN(CF_MAIN)),
		       "gfn_to_mfn, handle 0x%lx", v->handle);
	if (cf_table_has(v->mpt, CF_ID(is_valid_gfn)))
		CF_THAT(e, !HV(is_valid_gfn)(v, CF_GFN(CF_MAIN)),
			"is_valid_gfn, handle 0x%lx: expected false, seen true", v->handle);
	return CF_PASS;
}

static int dead(struct cf_env *e, unsigned long handle)
{
	struct intel_vgpu v = { .mpt = &e->table, .handle = handle, .cfg_space = e->vgpus[3].cfg };
	struct world w;

	CF_TRY(look(e, &w));
	CF_TRY(dead_memory(e, &v));
	CF_TRY(dead_capabilities(e, &v));
	return untouched(e, &w, handle);
}

static int hnd_stale(struct cf_env *e)
{
	unsigned long old = e->v->handle;

	CF_TRY(cf_paint(e, e->vm, CF_MAIN, 64));
	CF_TRY(cf_detach(e, 0));
	CF_TRY(dead(e, old));
	/* Once more with another vGPU in its place, with something to damage. */
	CF_TRY(cf_attach(e, 1, e->vm));
	CF_INT(e, 0,
	       HV(dma_map_guest_page)(&e->vgpus[1].base, CF_GFN(CF_MAIN), MPT_PAGE_SIZE,
				      &e->slot[0]),
	       "dma_map_guest_page of the vGPU that followed");
	if (e->has & MPT_CAP_PAGE_TRACK)
		CF_INT(e, 0, HV(enable_page_track)(&e->vgpus[1].base, CF_GFN(CF_MAIN)),
		       "enable_page_track of the vGPU that followed");
	CF_TRY(dead(e, old));
	if (e->has & MPT_CAP_PAGE_TRACK)
		HV(disable_page_track)(&e->vgpus[1].base, CF_GFN(CF_MAIN));
	HV(dma_unmap_guest_page)(&e->vgpus[1].base, e->slot[0]);
	return CF_PASS;
}

static int hnd_never(struct cf_env *e)
{
	const unsigned long h = e->v->handle;
	const unsigned long wrong[] = { 0,
					~0UL,
					h + 1,
					h - 1,
					h ^ (1UL << 63),
					h ^ (1UL << 31),
					h + MPT_HANDLE_SLOTS,
					h - MPT_HANDLE_SLOTS,
					1UL << 63,
					255,
					256 };
	size_t i;

	CF_TRY(cf_paint(e, e->vm, CF_MAIN, 64));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, &e->slot[0]),
	       "dma_map_guest_page");
	for (i = 0; i < CF_COUNT(wrong); i++)
		if (wrong[i] != h)
			CF_TRY(dead(e, wrong[i]));
	HV(dma_unmap_guest_page)(e->v, e->slot[0]);
	return CF_PASS;
}

static int hnd_generation(struct cf_env *e)
{
	unsigned long seen[300];
	size_t i, j;
	u8 b;

	for (i = 0; i < CF_COUNT(seen); i++) {
		struct intel_vgpu old = *e->v;

		seen[i] = e->v->handle;
		CF_THAT(e, seen[i], "a handle: expected not 0");
		for (j = 0; j < i; j++)
			CF_THAT(e, seen[j] != seen[i],
				"attach number %zu: handle 0x%lx was given out before", i, seen[i]);
		CF_TRY(cf_detach(e, 0));
		CF_TRY(cf_attach(e, 0, e->vm));
		CF_INT(e, -ESRCH, HV(read_gpa)(&old, CF_MAIN, &b, 1),
		       "read_gpa with the handle before");
		CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &b, 1), "read_gpa with the new handle");
	}
	return CF_PASS;
}

static int hnd_two(struct cf_env *e)
{
	static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };
	struct mpt_vm *other;
	u8 a = 0x11, b = 0x22, seen = 0;

	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_THAT(e, e->v->handle != e->vgpus[1].base.handle,
		"two vGPUs: expected different handles");
	CF_INT(e, 0, HV(write_gpa)(e->v, CF_MAIN, &a, 1), "write_gpa to the first VM");
	CF_INT(e, 0, HV(write_gpa)(&e->vgpus[1].base, CF_MAIN, &b, 1),
	       "write_gpa to the second VM");
	CF_TRY(cf_guest_load(e, e->vm, CF_MAIN, &seen, 1));
	CF_U64(e, a, seen, "what the first VM holds");
	CF_TRY(cf_guest_load(e, other, CF_MAIN, &seen, 1));
	CF_U64(e, b, seen, "what the second VM holds");
	CF_INT(e, -EFAULT, HV(read_gpa)(&e->vgpus[1].base, CF_NEXT, &seen, 1),
	       "read_gpa of RAM that only the first VM has");
	return CF_PASS;
}

static int hnd_other_backend(struct cf_env *e)
{
	struct intel_vgpu foreign = { .mpt = NULL };
	struct mpt_host *host;
	struct mpt_vm *vm, *old;
	int r;

	CF_INT(e, 0, mpt_host_open_table(&tiny_backend, NULL, &host), "opening a second back end");
	CF_INT(e, 0, mpt_vm_get(host, 1, &vm), "its VM");
	foreign.mpt = mpt_host_table(host);
	old = mpt_target_set(vm);
	r = HV(attach_vgpu)(&foreign);
	mpt_target_set(old);
	if (!r)
		r = dead(e, foreign.handle);
	HV(detach_vgpu)(&foreign);
	mpt_vm_put(vm);
	mpt_host_close(host);
	return r;
}

static int hnd_other_host(struct cf_env *e)
{
	struct intel_vgpu mixed = *e->v;
	struct mpt_host *host;
	struct mpt_vm *vm;
	u8 a = 0x11, b = 0x22, seen = 0;
	int r;

	CF_INT(e, 0, mpt_host_open(e->spec, &host), "opening the same back end again");
	mixed.mpt = mpt_host_table(host);
	CF_INT(e, 0, mpt_vm_create(host, CF_VM_ID), "a VM with the same number there");
	CF_INT(e, 0, mpt_vm_get(host, CF_VM_ID, &vm), "holding it");
	CF_INT(e, 0, mpt_ram_add(vm, CF_MAIN, CF_MAIN_SIZE, 0), "its RAM");
	CF_TRY(cf_guest_store(e, e->vm, CF_MAIN, &a, 1));
	CF_TRY(cf_guest_store(e, vm, CF_MAIN, &b, 1));
	r = HV(read_gpa)(&mixed, CF_MAIN, &seen, 1);
	mpt_vm_put(vm);
	CF_INT(e, 0, mpt_vm_destroy(host, CF_VM_ID), "destroying it");
	CF_INT(e, 0, mpt_host_close(host), "closing the second host");
	CF_THAT(e, (r == 0 && seen == a) || (r == -ESRCH && seen == 0),
		"a handle through another host's table: expected its own VM's byte 0x%02x or "
		"-ESRCH, seen %d and 0x%02x",
		a, r, seen);
	return CF_PASS;
}

static int hnd_unknown_vgpu(struct cf_env *e)
{
	struct intel_vgpu gone = *e->v;

	if (e->has & CF_HAS_OPREGION)
		CF_INT(e, -ESRCH, HV(set_opregion)(&gone), "set_opregion of a vGPU never attached");
	if (e->has & CF_HAS_EDID)
		CF_INT(e, -ESRCH, HV(set_edid)(&gone, 0), "set_edid of a vGPU never attached");
	if (!(e->has & CF_HAS_VFIO))
		return CF_PASS;
	CF_INT(e, -ESRCH, HV(get_vfio_device)(&gone), "get_vfio_device of a vGPU never attached");
	HV(put_vfio_device)(&gone);
	return cf_u64(e, 0, (u64)cf_stats(e, e->vm).vfio_device, "the VM's held device");
}

#define DEAD_PAIRS                                                                                \
	CF_P(inject_msi, ESRCH), CF_P(enable_page_track, ESRCH), CF_P(disable_page_track, ESRCH), \
		CF_P(read_gpa, ESRCH), CF_P(write_gpa, ESRCH), CF_P(map_gfn_to_mfn, ESRCH),       \
		CF_P(dma_map_guest_page, ESRCH), CF_P(set_trap_area, ESRCH),                      \
		CF_P(set_pvmmio, ESRCH), CF_P(dma_pin_guest_page, ESRCH), CF_P(set_intx, ESRCH)
#define DEAD_OPS                                                                                 \
	(CF_OP(inject_msi) | CF_OP(enable_page_track) | CF_OP(disable_page_track) |              \
	 CF_OP(read_gpa) | CF_OP(write_gpa) | CF_OP(gfn_to_mfn) | CF_OP(map_gfn_to_mfn) |        \
	 CF_OP(dma_map_guest_page) | CF_OP(dma_unmap_guest_page) | CF_OP(set_trap_area) |        \
	 CF_OP(set_pvmmio) | CF_OP(dma_pin_guest_page) | CF_OP(is_valid_gfn) | CF_OP(set_intx) | \
	 CF_OP(detach_vgpu))

const struct mpt_clause cf_hnd[] = {
	{
		.id = "HND-1",
		.text = "After detach_vgpu the handle is dead: -ESRCH, ~0UL, false or nothing, "
			"and nothing is touched, also when another vGPU has taken its place.",
		.bug_class = BUG_LATE_CALL "; " BUG_K6 "; " BUG_AFTER_DESTROY,
		.row = "handle",
		.ops = DEAD_OPS,
		.pairs = CF_PAIRS(DEAD_PAIRS),
		.misuse = true,
		.run = hnd_stale,
	},
	{
		.id = "HND-2",
		.text = "A handle that was never given out is as good as a dead one: 0, ~0UL, "
			"neighbours of a live one.",
		.bug_class = BUG_LATE_CALL "; " BUG_RANGE,
		.row = "handle",
		.ops = DEAD_OPS,
		.pairs = CF_PAIRS(DEAD_PAIRS),
		.misuse = true,
		.run = hnd_never,
	},
	{
		.id = "HND-3",
		.text = "A handle carries a generation: no re-attach gives one out again.",
		.bug_class = BUG_K6,
		.row = "handle",
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu) | CF_OP(read_gpa),
		.pairs = CF_PAIRS(CF_P(read_gpa, ESRCH)),
		.misuse = true,
		.run = hnd_generation,
	},
	{
		.id = "HND-4",
		.text = "A handle reaches its own VM and no other.",
		.row = "handle",
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa),
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT)),
		.run = hnd_two,
	},
	{
		.id = "HND-5",
		.text = "A handle of another back end is dead in this one.",
		.row = "handle",
		.ops = DEAD_OPS,
		.pairs = CF_PAIRS(DEAD_PAIRS),
		.misuse = true,
		.run = hnd_other_backend,
	},
	{
		.id = "HND-6",
		.text = "Through the table of another host a handle never reaches a VM of that "
			"host.",
		.row = "handle",
		.misuse = true,
		.run = hnd_other_host,
	},
	{
		.id = "HND-7",
		.text = "Operations that name a vGPU by its pointer only compare it: a pointer "
			"that is not attached is -ESRCH, whatever lies behind it.",
		.bug_class = BUG_X6,
		.row = "handle",
		.ops = CF_OP(set_opregion) | CF_OP(set_edid) | CF_OP(get_vfio_device) |
		       CF_OP(put_vfio_device),
		.pairs = CF_PAIRS(CF_P(set_opregion, ESRCH), CF_P(set_edid, ESRCH),
				  CF_P(get_vfio_device, ESRCH)),
		.misuse = true,
		.run = hnd_unknown_vgpu,
	},
	{ .id = NULL },
};
