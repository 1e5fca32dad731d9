/* SPDX-License-Identifier: MIT */
/*
 * Each operation of the contract performed again. Its answer is compared with the recorded one by
 * trace_play_same.c; the testbed's functions are in trace_play_vm.c.
 */
#include "trace_play_priv.h"

/* Of something in force, for the hash. @what: a letter for its sort */
static uint64_t set_key(char what, const struct play_op *o, uint64_t a, uint64_t b)
{
	return play_mix(play_mix(play_mix((uint64_t)what, o->vgpu), a), b);
}

/* Of a failed attachment the number is nobody's: it is tried with a vGPU that is not kept. */
void play_do_attach_vgpu(struct play *p, const struct play_op *o)
{
	struct play_vgpu *v = &p->vgpu[o->vgpu];
	struct intel_vgpu other = { .mpt = mpt_host_table(p->host) };
	struct mpt_vm *old;
	int ret;
	VM(vm);

	if (!o->ret && v->serial) {
		play_differs(p, o, PLAY_ABSENT, 0, 0);
		return;
	}
	old = mpt_target_set(vm);
	ret = intel_gvt_hypervisor_attach_vgpu(o->ret ? &other : &v->vgpu);
	mpt_target_set(old);
	if (!ret && o->ret)
		intel_gvt_hypervisor_detach_vgpu(&other);
	if (!ret && !o->ret) {
		v->serial = ++p->serials;
		v->vm = o->vm;
	}
	play_same_ret(p, o, ret);
}

void play_do_detach_vgpu(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	intel_gvt_hypervisor_detach_vgpu(vgpu);
	if (!o->dead)
		p->vgpu[o->vgpu].serial = 0;
}

/* By the table: the wrapper would take address and data from a configuration space. */
void play_do_inject_msi(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, vgpu->mpt->inject_msi(vgpu->handle, (u32)o->arg[0], (u16)o->arg[1]));
}

void play_do_enable_page_track(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_enable_page_track(vgpu, o->arg[0]));
}

void play_do_disable_page_track(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_disable_page_track(vgpu, o->arg[0]));
}

void play_do_read_gpa(struct play *p, const struct play_op *o)
{
	uint64_t len = o->arg[1];
	uint8_t *buf = play_room(p, o, len);
	VGPU(vgpu);

	if (buf)
		play_same_read(p, o, intel_gvt_hypervisor_read_gpa(vgpu, o->arg[0], buf, len), buf,
			       len);
}

void play_do_write_gpa(struct play *p, const struct play_op *o)
{
	uint8_t *buf = play_bytes(p, o, o->arg[1]);
	VGPU(vgpu);

	if (buf)
		play_same_ret(p, o,
			      intel_gvt_hypervisor_write_gpa(vgpu, o->arg[0], buf, o->arg[1]));
}

void play_do_gfn_to_mfn(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_mfn(p, o, o->arg[1], intel_gvt_hypervisor_gfn_to_mfn(vgpu, o->arg[0]));
}

void play_do_map_gfn_to_mfn(struct play *p, const struct play_op *o)
{
	int ret;
	VGPU(vgpu);

	ret = intel_gvt_hypervisor_map_gfn_to_mfn(vgpu, o->arg[0], play_mfn_now(p, o->arg[1]),
						  (unsigned int)o->arg[2], o->arg[3]);
	if (!ret)
		p->sets += o->arg[3] ? set_key('m', o, o->arg[0], o->arg[2]) :
				       -set_key('m', o, o->arg[0], o->arg[2]);
	play_same_ret(p, o, ret);
}

/* A live address is known by another one already: it must be that one again. */
static void dma_mapped(struct play *p, const struct play_op *o, uint64_t dma)
{
	bool huge = o->arg[1] > MPT_PAGE_SIZE;
	unsigned int shift = huge ? HUGE_BITS : MPT_PAGE_SHIFT;
	struct play_entry *e = play_map_find(huge ? &p->huge : &p->dma, o->arg[2] >> shift, true);
	uint32_t serial = p->vgpu[o->vgpu].serial;

	if (!e) {
		play_refuse(p, "no memory for the addresses of the trace");
		return;
	}
	if (e->live && e->serial == serial && e->now != dma >> shift)
		play_same_value(p, o, e->now << shift, dma);
	if (e->serial != serial)
		e->live = 0;
	e->now = dma >> shift;
	e->serial = serial;
	e->gfn = o->arg[0];
	e->live++;
	p->sets += set_key('d', o, o->arg[0], 0);
}

void play_do_dma_map_guest_page(struct play *p, const struct play_op *o)
{
	dma_addr_t dma = 0;
	int ret;
	VGPU(vgpu);

	ret = intel_gvt_hypervisor_dma_map_guest_page(vgpu, o->arg[0], o->arg[1], &dma);
	if (play_same_ret(p, o, ret) && !ret)
		dma_mapped(p, o, dma);
}

void play_do_dma_unmap_guest_page(struct play *p, const struct play_op *o)
{
	struct play_entry *e;
	VGPU(vgpu);

	intel_gvt_hypervisor_dma_unmap_guest_page(vgpu, play_dma_now(p, o->arg[0]));
	e = play_dma_entry(p, o->arg[0]);
	if (!e || !e->live || o->dead || e->serial != p->vgpu[o->vgpu].serial)
		return;
	e->live--;
	p->sets -= set_key('d', o, e->gfn, 0);
}

void play_do_set_trap_area(struct play *p, const struct play_op *o)
{
	int ret;
	VGPU(vgpu);

	ret = intel_gvt_hypervisor_set_trap_area(vgpu, o->arg[0], o->arg[1], o->arg[2]);
	if (!ret)
		p->sets += o->arg[2] ? set_key('t', o, o->arg[0], o->arg[1]) :
				       -set_key('t', o, o->arg[0], o->arg[1]);
	play_same_ret(p, o, ret);
}

void play_do_set_pvmmio(struct play *p, const struct play_op *o)
{
	int ret;
	VGPU(vgpu);

	ret = intel_gvt_hypervisor_set_pvmmio(vgpu, o->arg[0], o->arg[1], o->arg[2]);
	play_same_ret(p, o, ret);
}

void play_do_dma_pin_guest_page(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_dma_pin_guest_page(vgpu,
								    play_dma_now(p, o->arg[0])));
}

void play_do_set_opregion(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_set_opregion(vgpu));
}

void play_do_set_edid(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_set_edid(vgpu, (int)o->arg[0]));
}

void play_do_get_vfio_device(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_get_vfio_device(vgpu));
}

void play_do_put_vfio_device(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	(void)o;
	intel_gvt_hypervisor_put_vfio_device(vgpu);
}

void play_do_is_valid_gfn(struct play *p, const struct play_op *o)
{
	bool seen;
	VGPU(vgpu);

	seen = intel_gvt_hypervisor_is_valid_gfn(vgpu, o->arg[0]);
	if (!o->dead)
		play_same_value(p, o, o->arg[1], seen);
}

void play_do_set_intx(struct play *p, const struct play_op *o)
{
	VGPU(vgpu);

	play_same_ret(p, o, intel_gvt_hypervisor_set_intx(vgpu, o->arg[0]));
}
