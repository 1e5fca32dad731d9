/* SPDX-License-Identifier: MIT */
/* One valid call of each operation that can fail, and its undoing. Judging is the caller's. */
#include <string.h>

#include "tries.h"

#define GFN CF_GFN(CF_HUGE + MPT_HUGE_SIZE)
#define AREA CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1

static dma_addr_t mapped;

static int go_init(struct cf_env *e)
{
	return cf_note(e, CF_ID(host_init), mpt_host_init(e->host, NULL, &e->gvt, &cf_core_ops));
}

static void back_init(struct cf_env *e)
{
	mpt_host_exit(e->host, NULL, &e->gvt);
}

static int ready_init(struct cf_env *e)
{
	mpt_host_exit(e->host, NULL, &e->gvt);
	return CF_PASS;
}

static void done_init(struct cf_env *e)
{
	cf_int(e, 0, go_init(e), "host_init after all");
}

/* The second vGPU, for a VM of its own. */
static int ready_attach(struct cf_env *e)
{
	struct mpt_vm *vm;
	int r = cf_vm_new(e, 40, NULL, &vm);

	e->vgpus[1].vm = vm;
	return r;
}

static int go_attach(struct cf_env *e)
{
	struct mpt_vm *old = mpt_target_set(e->vgpus[1].vm);
	int r;

	e->vgpus[1].base = (struct intel_vgpu){ .mpt = &e->table, .cfg_space = e->vgpus[1].cfg };
	r = HV(attach_vgpu)(&e->vgpus[1].base);
	mpt_target_set(old);
	return r;
}

static void back_attach(struct cf_env *e)
{
	HV(detach_vgpu)(&e->vgpus[1].base);
}

static void done_attach(struct cf_env *e)
{
	cf_vm_drop(e, e->vgpus[1].vm);
}

static int go_msi(struct cf_env *e)
{
	return e->table.inject_msi(e->v->handle, 0xfee01000, 0x41);
}

static int go_virt(struct cf_env *e)
{
	static u8 page[MPT_PAGE_SIZE] __attribute__((aligned(4096)));

	(void)e;
	return HV(virt_to_mfn)(page) == INTEL_GVT_INVALID_ADDR ? -ENOENT : 0;
}

static int go_track(struct cf_env *e)
{
	return HV(enable_page_track)(e->v, GFN);
}

static void back_track(struct cf_env *e)
{
	HV(disable_page_track)(e->v, GFN);
}

static int go_untrack(struct cf_env *e)
{
	return HV(disable_page_track)(e->v, GFN + 1);
}

static int go_read(struct cf_env *e)
{
	u64 word;

	return HV(read_gpa)(e->v, CF_MAIN, &word, sizeof(word));
}

static int go_write(struct cf_env *e)
{
	u64 word = 5;

	return HV(write_gpa)(e->v, CF_MAIN, &word, sizeof(word));
}

static int go_mfn(struct cf_env *e)
{
	return HV(gfn_to_mfn)(e->v, GFN) == INTEL_GVT_INVALID_ADDR ? -ENOENT : 0;
}

static int go_show(struct cf_env *e)
{
	return HV(map_gfn_to_mfn)(e->v, CF_GFN(CF_BAR2), CF_APERTURE_MFN, 16, true);
}

static void back_show(struct cf_env *e)
{
	cf_int(e, 0, HV(map_gfn_to_mfn)(e->v, CF_GFN(CF_BAR2), CF_APERTURE_MFN, 16, false),
	       "undoing map_gfn_to_mfn");
}

static int go_map(struct cf_env *e)
{
	return HV(dma_map_guest_page)(e->v, GFN, MPT_PAGE_SIZE, &mapped);
}

static void back_map(struct cf_env *e)
{
	HV(dma_unmap_guest_page)(e->v, mapped);
}

static int go_trap(struct cf_env *e)
{
	return HV(set_trap_area)(e->v, AREA, true);
}

static void back_trap(struct cf_env *e)
{
	cf_int(e, 0, HV(set_trap_area)(e->v, AREA, false), "undoing set_trap_area");
}

static int go_pv(struct cf_env *e)
{
	return HV(set_pvmmio)(e->v, AREA, true);
}

static void back_pv(struct cf_env *e)
{
	cf_int(e, 0, HV(set_pvmmio)(e->v, AREA, false), "undoing set_pvmmio");
}

static int go_pin(struct cf_env *e)
{
	return HV(dma_pin_guest_page)(e->v, mapped);
}

static int go_opregion(struct cf_env *e)
{
	return HV(set_opregion)(e->v);
}

static int go_edid(struct cf_env *e)
{
	return HV(set_edid)(e->v, 1);
}

static int go_vfio(struct cf_env *e)
{
	return HV(get_vfio_device)(e->v);
}

static void back_vfio(struct cf_env *e)
{
	HV(put_vfio_device)(e->v);
}

static int go_valid(struct cf_env *e)
{
	return HV(is_valid_gfn)(e->v, GFN) ? 0 : -ENOENT;
}

static int go_intx(struct cf_env *e)
{
	return HV(set_intx)(e->v, true);
}

static void back_intx(struct cf_env *e)
{
	HV(set_intx)(e->v, false);
}

const struct cf_try cf_tries[] = {
	{ CF_ID(host_init), go_init, back_init, ready_init, done_init },
	{ CF_ID(attach_vgpu), go_attach, back_attach, ready_attach, done_attach },
	{ CF_ID(inject_msi), go_msi, NULL, NULL, NULL },
	{ CF_ID(from_virt_to_mfn), go_virt, NULL, NULL, NULL },
	{ CF_ID(enable_page_track), go_track, back_track, NULL, NULL },
	{ CF_ID(disable_page_track), go_untrack, NULL, NULL, NULL },
	{ CF_ID(read_gpa), go_read, NULL, NULL, NULL },
	{ CF_ID(write_gpa), go_write, NULL, NULL, NULL },
	{ CF_ID(gfn_to_mfn), go_mfn, NULL, NULL, NULL },
	{ CF_ID(map_gfn_to_mfn), go_show, back_show, NULL, NULL },
	{ CF_ID(dma_map_guest_page), go_map, back_map, NULL, NULL },
	{ CF_ID(set_trap_area), go_trap, back_trap, NULL, NULL },
	{ CF_ID(set_pvmmio), go_pv, back_pv, NULL, NULL },
	{ CF_ID(dma_pin_guest_page), go_pin, back_map, go_map, back_map },
	{ CF_ID(set_opregion), go_opregion, NULL, NULL, NULL },
	{ CF_ID(set_edid), go_edid, NULL, NULL, NULL },
	{ CF_ID(get_vfio_device), go_vfio, back_vfio, NULL, NULL },
	{ CF_ID(is_valid_gfn), go_valid, NULL, NULL, NULL },
	{ CF_ID(set_intx), go_intx, back_intx, NULL, NULL },
	{ MPT_OP_COUNT, NULL, NULL, NULL, NULL },
};
