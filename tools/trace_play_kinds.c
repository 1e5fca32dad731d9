/* SPDX-License-Identifier: MIT */
/* The operations that a trace can have: letters, names of arguments, what each is to the player. */
#include "trace_play_priv.h"

#include <string.h>

#define OP(name, args, names, flags, page) { #name, args, names, flags, page, play_do_##name }
#define TOLD(name, args, names, flags) { #name, args, names, PLAY_TOLD | (flags), 0, NULL }
#define INNER (PLAY_VGPU | PLAY_INNER)

/* clang-format off: one a line */
static const struct play_kind kinds[] = {
	OP(host_init, "", "", PLAY_FIRM, 0),
	OP(host_exit, "", "", 0, 0),
	OP(set_core, "vvvv", "set flags aperture_mfn aperture_pages", PLAY_FIRM, 0),
	OP(dom0_ready, "", "", 0, 0),
	OP(from_virt_to_mfn, "M", "mfn", PLAY_INNER, 0),
	OP(vm_create, "v", "vm", PLAY_VM | PLAY_FIRM, 0),
	OP(vm_destroy, "v", "vm", PLAY_VM, 0),
	OP(vm_get, "v", "vm", PLAY_VM | PLAY_FIRM, 0),
	OP(vm_put, "v", "vm", PLAY_VM, 0),
	OP(ram_add, "vppv", "vm gpa size flags", PLAY_VM | PLAY_OUTER | PLAY_FIRM, 0),
	OP(ram_remove, "vpp", "vm gpa size", PLAY_VM | PLAY_OUTER, 0),
	OP(ram_move, "vppp", "vm gpa size new_gpa", PLAY_VM | PLAY_OUTER, 0),
	OP(guest_read, "vvvH", "vm gpa len check", PLAY_VM | PLAY_OUTER | PLAY_LOOK | PLAY_PAGE, 1),
	OP(guest_write, "vvvd", "vm gpa len", PLAY_VM | PLAY_OUTER | PLAY_PAGE, 1),
	OP(guest_cfg_read, "vvvH", "vm offset len check", PLAY_VM | PLAY_OUTER | PLAY_LOOK, 0),
	OP(guest_cfg_write, "vvvd", "vm offset len", PLAY_VM | PLAY_OUTER, 0),
	OP(irq_take, "vVVV", "vm addr data intx", PLAY_VM, 0),
	OP(dirty_fetch, "vvvvH", "vm gfn nr bytes check", PLAY_VM, 0),
	OP(vm_tracked, "vvB", "vm gfn tracked", PLAY_VM | PLAY_LOOK | PLAY_FRAME, 1),
	OP(bus_read, "avH", "dma_addr len check", PLAY_INNER | PLAY_DMA, 0),
	OP(bus_write, "avd", "dma_addr len", PLAY_INNER | PLAY_DMA, 0),
	OP(fault_take, "VVV", "dma_addr len write", 0, 0),
	OP(attach_vgpu, "v", "vm", PLAY_VM | PLAY_VGPU | PLAY_FIRM, 0),
	OP(detach_vgpu, "", "", PLAY_VGPU, 0),
	OP(inject_msi, "vv", "addr data", INNER, 0),
	OP(enable_page_track, "v", "gfn", INNER | PLAY_FRAME, 0),
	OP(disable_page_track, "v", "gfn", INNER | PLAY_FRAME, 0),
	OP(read_gpa, "vvH", "gpa len check", INNER | PLAY_LOOK | PLAY_PAGE, 0),
	OP(write_gpa, "vvd", "gpa len", INNER | PLAY_PAGE, 0),
	OP(gfn_to_mfn, "vM", "gfn mfn", INNER | PLAY_LOOK | PLAY_FRAME, 0),
	OP(map_gfn_to_mfn, "vvvv", "gfn mfn nr map", INNER | PLAY_FRAME, 0),
	OP(dma_map_guest_page, "vpA", "gfn size dma_addr", INNER | PLAY_FRAME, 0),
	OP(dma_unmap_guest_page, "a", "dma_addr", INNER | PLAY_DMA, 0),
	OP(set_trap_area, "pev", "start end map", INNER | PLAY_PAGE, 0),
	OP(set_pvmmio, "pev", "start end map", INNER, 0),
	OP(dma_pin_guest_page, "a", "dma_addr", INNER | PLAY_DMA, 0),
	OP(set_opregion, "", "", INNER, 0),
	OP(set_edid, "v", "port", INNER, 0),
	OP(get_vfio_device, "", "", INNER, 0),
	OP(put_vfio_device, "", "", INNER, 0),
	OP(is_valid_gfn, "vB", "gfn valid", INNER | PLAY_LOOK | PLAY_FRAME, 0),
	OP(set_intx, "v", "level", INNER, 0),
	TOLD(emulate_mmio_read, "vv", "gpa len", PLAY_VGPU),
	TOLD(emulate_mmio_write, "vvd", "gpa len", PLAY_VGPU),
	TOLD(emulate_cfg_read, "vv", "offset len", PLAY_VGPU),
	TOLD(emulate_cfg_write, "vvd", "offset len", PLAY_VGPU),
	TOLD(write_protect_handler, "vvd", "gpa len", PLAY_VGPU),
	TOLD(aperture_read, "vv", "offset len", PLAY_ANY_VGPU),
	TOLD(aperture_write, "vvd", "offset len", PLAY_ANY_VGPU),
	TOLD(guest_region_event, "vvv", "gfn nr added", PLAY_VGPU),
	{ "core_done", "vd", "len", PLAY_DONE, 0, NULL },
};
/* clang-format on */

const struct play_kind *play_kind_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const struct play_kind *play_kind_of(const struct mpt_trace_op *op)
{
	const struct play_kind *kind = play_kind_named(op->name);

	return kind && !strcmp(kind->args, op->args) ? kind : NULL;
}
