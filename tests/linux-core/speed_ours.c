/* SPDX-License-Identifier: MIT */
/*
 * The comparison's view of libmpt-gvt. It reaches what the installed library hides, as page tables
 * are shadowed when something is submitted, of which a guest sees nothing before; so it is linked
 * with the library's objects, in a shared object as they are in the installed one.
 */
#include <gvt/gvt.h>

#include "gvt/internal.h"
#include "gvt/ppgtt.h"
#include "gvt/spt.h"
#include "speed.h"

static int open_device(struct mpt_host *host, void **device)
{
	struct intel_gvt *gvt;
	int ret = gvt_open(host, NULL, &gvt);

	*device = ret ? NULL : gvt;
	return ret;
}

static void close_device(void *device)
{
	gvt_close(device);
}

static void entry_points(struct intel_gvt_ops *ops)
{
	*ops = *gvt_ops();
}

static void *type(void *device, unsigned int index)
{
	return gvt_type_each(device, index);
}

static void place(struct intel_vgpu *vgpu, struct speed_place *to)
{
	struct gvt_vgpu_info info;

	gvt_vgpu_info(vgpu, &info);
	to->low = info.low_start;
	to->low_size = info.low_size;
	to->high_size = info.high_size;
	to->fences = info.fence_count;
}

/* What a submission does with the address space of its context. */
static int shadow(struct intel_vgpu *vgpu, u64 root)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	u64 pdp[4] = { root, 0, 0, 0 }, bus[4];
	struct gvt_mm *mm;
	int ret;

	gvt_lock(&v->lock);
	ret = gvt_mm_get(v, 4, pdp, &mm);
	if (!ret) {
		ret = gvt_mm_pin(v, mm, bus);
		if (!ret)
			gvt_mm_unpin(v, mm);
		gvt_mm_put(v, mm);
	}
	gvt_unlock(&v->lock);
	return ret;
}

/* What the device reads of the table that @spt stands for; each entry leads to the child's page. */
static u64 look_up(const struct gvt_spt *spt, u64 address)
{
	const u64 mask = 0x3ffffffff000ULL;
	int shift;

	for (shift = 39; spt; shift -= 9) {
		unsigned int i = (unsigned int)(address >> shift) & 511;
		u64 entry = spt->entry[i];

		if (!(entry & 1))
			return 0;
		if (shift == 12)
			return entry & mask;
		spt = spt->child[i];
		if (!spt || spt->bus != (entry & mask))
			return 0;
	}
	return 0;
}

static u64 walk(struct intel_vgpu *vgpu, u64 root, u64 address)
{
	const struct gvt_list *all = &to_gvt_vgpu(vgpu)->ppgtt->all, *link;

	for (link = all->next; link != all; link = link->next) {
		const struct gvt_spt *spt = GVT_LIST_ENTRY(link, struct gvt_spt, all);

		if (spt->type == GVT_TABLE_PML4 && spt->gfn == root >> MPT_PAGE_SHIFT)
			return look_up(spt, address);
	}
	return 0;
}

static u64 ggtt(void *device, u64 index)
{
	return ((struct intel_gvt *)device)->hw.ggtt[index];
}

__attribute__((visibility("default"))) const struct speed_core *speed_ours(void)
{
	static const struct speed_core core = {
		.name = "libmpt-gvt",
		.open = open_device,
		.close = close_device,
		.ops = entry_points,
		.type = type,
		.place = place,
		.shadow = shadow,
		.walk = walk,
		.ggtt = ggtt,
	};

	return &core;
}
