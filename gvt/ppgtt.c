/* SPDX-License-Identifier: MIT */
/* Placeholder until shadow page tables are merged: address spaces without a shadow. */
#include "ppgtt.h"

struct gvt_mm {
	int levels, refs, pins;
	u64 pdp[4];
};

int gvt_ppgtt_init(struct gvt_vgpu *v)
{
	(void)v;
	return 0;
}

void gvt_ppgtt_clean(struct gvt_vgpu *v)
{
	(void)v;
}

void gvt_ppgtt_reset(struct gvt_vgpu *v)
{
	(void)v;
}

int gvt_ppgtt_notify(struct gvt_vgpu *v, bool create, int levels, const u64 pdp[4])
{
	(void)v, (void)create, (void)levels, (void)pdp;
	return 0;
}

int gvt_mm_get(struct gvt_vgpu *v, int levels, const u64 pdp[4], struct gvt_mm **out)
{
	struct gvt_mm *mm;
	u64 dummy;
	int i, ret;

	for (i = 0; i < (levels == 4 ? 1 : 4); i++) {
		ret = pdp[i] ? intel_gvt_hypervisor_read_gpa(&v->base, pdp[i], &dummy, 8) : 0;
		if (ret)
			return ret;
	}
	mm = mpt_zalloc(sizeof(*mm));
	if (!mm)
		return mpt_fail(-ENOMEM, "gvt", "no memory");
	mm->levels = levels;
	mm->refs = 1;
	memcpy(mm->pdp, pdp, sizeof(mm->pdp));
	*out = mm;
	return 0;
}

void gvt_mm_put(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	(void)v;
	if (!--mm->refs)
		mpt_free(mm);
}

int gvt_mm_pin(struct gvt_vgpu *v, struct gvt_mm *mm, u64 root[4])
{
	(void)v;
	mm->pins++;
	memset(root, 0, 4 * sizeof(u64));
	return 0;
}

void gvt_mm_unpin(struct gvt_vgpu *v, struct gvt_mm *mm)
{
	(void)v;
	mm->pins--;
}

void gvt_ppgtt_region_gone(struct gvt_vgpu *v, u64 gfn, u64 nr)
{
	(void)v, (void)gfn, (void)nr;
}
