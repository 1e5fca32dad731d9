/* SPDX-License-Identifier: MIT */
/* libmpt-gvt as the differential test drives it, with a look at its shadows. */
#include "gvt/internal.h"
#include "gvt/ppgtt.h"

#include "diff.h"

static struct intel_gvt *gvt;

/* --- shadow pages by bus address --- */

#define POOL 65536U

static u64 *pool[POOL];
static u64 *(*page_new_below)(void *priv, u64 *bus);
static void (*page_free_below)(void *priv, u64 bus);

static u64 *page_new(void *priv, u64 *bus)
{
	u64 *page = page_new_below(priv, bus);

	if (page)
		pool[((*bus - gvt->hw.own_bus) >> 12) % POOL] = page;
	return page;
}

static void page_free(void *priv, u64 bus)
{
	pool[((bus - gvt->hw.own_bus) >> 12) % POOL] = NULL;
	page_free_below(priv, bus);
}

static const u64 *our_page(u64 bus)
{
	u64 i = (bus - gvt->hw.own_bus) >> 12;

	return bus >= gvt->hw.own_bus && i < POOL ? pool[i] : NULL;
}

/* --- the core --- */

static int our_open(struct diff_side *side)
{
	int ret = gvt_open(side->host, NULL, &gvt);

	if (ret)
		return ret;
	page_new_below = gvt->hw.page_new;
	page_free_below = gvt->hw.page_free;
	gvt->hw.page_new = page_new;
	gvt->hw.page_free = page_free;
	side->ops = gvt_ops();
	return 0;
}

static void our_close(struct diff_side *side)
{
	(void)side;
	gvt_close(gvt);
}

static int our_create(struct diff_side *side, unsigned int vm, struct diff_place *place)
{
	struct intel_vgpu_type type;
	struct intel_vgpu *vgpu;

	gvt_type_init(&type, place->low_size, place->high_size, place->fences);
	type.low_start = place->low;
	type.high_start = place->high;
	vgpu = mpt_vgpu_create(side->vm[vm], gvt, &type);
	if (MPT_IS_ERR(vgpu))
		return MPT_PTR_ERR(vgpu);
	side->vgpu[vm] = vgpu;
	return 0;
}

static bool our_failsafe(const void *vgpu)
{
	return ((const struct gvt_vgpu *)vgpu)->failsafe;
}

static u64 our_ggtt(struct diff_side *side, unsigned long index)
{
	(void)side;
	return gvt->hw.ggtt[index];
}

static int our_ready(void *vgpu, const struct space_roots *s, u64 root[4], void **held)
{
	struct gvt_vgpu *v = vgpu;
	struct gvt_mm *mm;
	int ret;

	gvt_lock(&v->lock);
	ret = gvt_mm_get(v, s->levels, s->pdp, &mm);
	if (!ret) {
		ret = gvt_mm_pin(v, mm, root);
		if (ret)
			gvt_mm_put(v, mm);
	}
	gvt_unlock(&v->lock);
	*held = mm;
	return ret;
}

static void our_done(void *vgpu, void *held)
{
	struct gvt_vgpu *v = vgpu;

	gvt_lock(&v->lock);
	gvt_mm_unpin(v, held);
	gvt_mm_put(v, held);
	gvt_unlock(&v->lock);
}

const struct diff_core our_core = {
	.name = "ours",
	.open = our_open,
	.close = our_close,
	.create = our_create,
	.failsafe = our_failsafe,
	.ggtt = our_ggtt,
	.ready = our_ready,
	.done = our_done,
	.page = our_page,
	.aperture_mfn = 0x80000,
};
