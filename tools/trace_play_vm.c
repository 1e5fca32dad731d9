/* SPDX-License-Identifier: MIT */
/* Host, VMs, RAM, guest and bus of a replay: the recorded calls of the testbed performed again. */
#include "trace_play_priv.h"

#include <stdlib.h>
#include <string.h>

/* --- the host --- */

void play_do_host_init(struct play *p, const struct play_op *o)
{
	play_same_ret(p, o, mpt_host_init(p->host, NULL, p, &p->ops));
}

void play_do_host_exit(struct play *p, const struct play_op *o)
{
	(void)o;
	mpt_host_exit(p->host, NULL, p);
}

void play_do_set_core(struct play *p, const struct play_op *o)
{
	play_same_ret(p, o, play_core_set(p, o));
}

void play_do_dom0_ready(struct play *p, const struct play_op *o)
{
	play_same_ret(p, o, mpt_dom0_ready(p->host));
}

void play_do_from_virt_to_mfn(struct play *p, const struct play_op *o)
{
	play_same_mfn(p, o, o->arg[0], mpt_virt_to_mfn(p->host, p->page));
}

/* --- VMs and RAM --- */

void play_do_vm_create(struct play *p, const struct play_op *o)
{
	int ret = mpt_vm_create(p->host, (unsigned int)o->arg[0]);

	play_same_ret(p, o, ret);
}

static void forget_regions(struct play *p, uint8_t vm)
{
	unsigned int i, n = 0;

	for (i = 0; i < p->regions; i++) {
		if (p->region[i].vm != vm) {
			p->region[n++] = p->region[i];
			continue;
		}
		p->ram -= p->region[i].size;
		free(p->region[i].dirty);
	}
	p->regions = n;
}

void play_do_vm_destroy(struct play *p, const struct play_op *o)
{
	int ret = mpt_vm_destroy(p->host, (unsigned int)o->arg[0]);

	if (!ret)
		forget_regions(p, o->vm);
	play_same_ret(p, o, ret);
}

void play_do_vm_get(struct play *p, const struct play_op *o)
{
	struct play_vm *vm = &p->vm[o->vm];
	int ret = mpt_vm_get(p->host, (unsigned int)o->arg[0], &vm->vm);

	vm->held += !ret;
	play_same_ret(p, o, ret);
}

void play_do_vm_put(struct play *p, const struct play_op *o)
{
	VM(vm);

	mpt_vm_put(vm);
	if (!--p->vm[o->vm].held)
		p->vm[o->vm].vm = NULL;
}

/* The region that an operation names; p->regions: none. */
static unsigned int region_at(const struct play *p, const struct play_op *o)
{
	unsigned int i;

	for (i = 0; i < p->regions; i++)
		if (p->region[i].vm == o->vm && p->region[i].gpa == o->arg[1] &&
		    p->region[i].size == o->arg[2])
			break;
	return i;
}

void play_do_ram_add(struct play *p, const struct play_op *o)
{
	uint64_t limit = p->c->ram ? p->c->ram : PLAY_RAM, size = o->arg[2];
	int ret;
	VM(vm);

	if (size > limit || p->ram > limit - size || p->regions == PLAY_REGIONS) {
		play_refuse(p, "record %llu: the trace asks for more than %llu MiB of RAM, or for "
			    "more than %d regions", (unsigned long long)o->number,
			    (unsigned long long)limit >> 20, PLAY_REGIONS);
		return;
	}
	ret = mpt_ram_add(vm, o->arg[1], size, (unsigned int)o->arg[3]);
	if (!ret) {
		p->region[p->regions++] = (struct play_region){ o->vm, false, o->arg[1], size,
								 NULL };
		p->ram += size;
	}
	play_same_ret(p, o, ret);
}

void play_do_ram_remove(struct play *p, const struct play_op *o)
{
	unsigned int i = region_at(p, o);
	int ret;
	VM(vm);

	ret = mpt_ram_remove(vm, o->arg[1], o->arg[2]);
	if (!ret && i < p->regions) {
		p->ram -= o->arg[2];
		free(p->region[i].dirty);
		p->region[i] = p->region[--p->regions];
	}
	play_same_ret(p, o, ret);
}

void play_do_ram_move(struct play *p, const struct play_op *o)
{
	unsigned int i = region_at(p, o);
	int ret;
	VM(vm);

	ret = mpt_ram_move(vm, o->arg[1], o->arg[2], o->arg[3]);
	if (!ret && i < p->regions) {
		p->region[i].gpa = o->arg[3];
		p->region[i].whole = true;
	}
	play_same_ret(p, o, ret);
}

/* --- the guest and the bus --- */

void play_do_guest_read(struct play *p, const struct play_op *o)
{
	uint64_t len = o->arg[2];
	uint8_t *buf = play_room(p, o, len);
	VM(vm);

	if (buf)
		play_same_read(p, o, mpt_guest_read(vm, o->arg[1], buf, (unsigned int)len), buf,
			       len);
}

void play_do_guest_write(struct play *p, const struct play_op *o)
{
	uint8_t *buf = play_bytes(p, o, o->arg[2]);
	VM(vm);

	if (buf)
		play_same_ret(p, o, mpt_guest_write(vm, o->arg[1], buf, (unsigned int)o->arg[2]));
}

void play_do_guest_cfg_read(struct play *p, const struct play_op *o)
{
	uint64_t len = o->arg[2];
	uint8_t *buf = play_room(p, o, len);
	VM(vm);

	if (buf)
		play_same_read(p, o, mpt_guest_cfg_read(vm, (unsigned int)o->arg[1], buf,
						   (unsigned int)len), buf, len);
}

void play_do_guest_cfg_write(struct play *p, const struct play_op *o)
{
	uint8_t *buf = play_bytes(p, o, o->arg[2]);
	VM(vm);

	if (buf)
		play_same_ret(p, o, mpt_guest_cfg_write(vm, (unsigned int)o->arg[1], buf,
						   (unsigned int)o->arg[2]));
}

void play_do_irq_take(struct play *p, const struct play_op *o)
{
	struct mpt_irq irq;
	int ret;
	VM(vm);

	ret = mpt_irq_take(vm, &irq);
	if (!play_same_ret(p, o, ret) || ret)
		return;
	play_same_value(p, o, o->arg[1], irq.addr);
	play_same_value(p, o, o->arg[2], irq.data);
	play_same_value(p, o, o->arg[3], irq.intx);
}

void play_do_dirty_fetch(struct play *p, const struct play_op *o)
{
	uint64_t nr = o->arg[2];
	int ret;
	VM(vm);

	if (!play_room(p, o, nr / 8))
		return;
	ret = mpt_dirty_fetch(vm, o->arg[1], nr, p->bits);
	if (!ret)
		play_note_dirty(p, o->vm, o->arg[1], nr, p->bits);
	play_same_read(p, o, ret, p->bits, (nr + 7) / 8);
}

void play_do_vm_tracked(struct play *p, const struct play_op *o)
{
	VM(vm);

	play_same_value(p, o, o->arg[2], mpt_vm_tracked(vm, o->arg[1]));
}

void play_do_bus_read(struct play *p, const struct play_op *o)
{
	uint64_t len = o->arg[1];
	uint8_t *buf = play_room(p, o, len);

	if (buf)
		play_same_read(p, o, mpt_bus_read(p->host, play_dma_now(p, o->arg[0]), buf,
					     (unsigned int)len), buf, len);
}

void play_do_bus_write(struct play *p, const struct play_op *o)
{
	uint8_t *buf = play_bytes(p, o, o->arg[1]);

	if (buf)
		play_same_ret(p, o, mpt_bus_write(p->host, play_dma_now(p, o->arg[0]), buf,
					     (unsigned int)o->arg[1]));
}

void play_do_fault_take(struct play *p, const struct play_op *o)
{
	struct mpt_iommu_fault f;
	int ret = mpt_fault_take(p->host, &f);

	if (!play_same_ret(p, o, ret) || ret)
		return;
	play_same_value(p, o, play_dma_now(p, o->arg[0]), f.dma_addr);
	play_same_value(p, o, o->arg[1], f.len);
	play_same_value(p, o, o->arg[2], f.write);
}
