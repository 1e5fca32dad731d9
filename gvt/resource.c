/* SPDX-License-Identifier: MIT */
/*
 * The types of vGPU and the partition: which vGPU owns which part of the aperture, of the hidden
 * graphics memory, and which fence registers. Nothing is mapped or written to hardware here but
 * the limits of fences that are given out, and fences that are given back.
 */
#include <stdio.h>

#include "platform.h"

#define MIB (1ULL << 20)
/* Of vGPUs and of the place that is kept, one more. */
#define MAX_GAPS (GVT_MAX_VGPU + 2)

/* gvt-type rows of Linux 5.10; weight is 16 / suffix. Ours keeps nothing back for a host driver. */
static const struct {
	u32 suffix, low, high, fence, width, height; /* low, high: MiB */
} type_rows[GVT_NUM_TYPES] = {
	{ 8, 64, 384, 4, 1024, 768 },
	{ 4, 128, 512, 4, 1920, 1200 },
	{ 2, 256, 1024, 4, 1920, 1200 },
	{ 1, 512, 2048, 4, 1920, 1200 },
};

/* --- types --- */

static void type_fill(struct intel_vgpu_type *type, unsigned int row)
{
	type->low_size = type_rows[row].low * MIB;
	type->high_size = type_rows[row].high * MIB;
	type->low_start = GVT_ANYWHERE;
	type->high_start = GVT_ANYWHERE;
	type->fence = type_rows[row].fence;
	type->weight = 16 / type_rows[row].suffix;
	type->width = type_rows[row].width;
	type->height = type_rows[row].height;
}

void gvt_types_init(struct intel_gvt *gvt)
{
	unsigned int i;

	for (i = 0; i < GVT_NUM_TYPES && type_rows[i].low * MIB <= gvt->aperture; i++) {
		struct intel_vgpu_type *type = &gvt->type[i];

		type_fill(type, i);
		snprintf(type->name, sizeof(type->name), "GVTg_V%u_%u", gvt->platform->type_version,
			 type_rows[i].suffix);
	}
	gvt->num_types = i;
}

void gvt_type_init(struct intel_vgpu_type *type, u64 low, u64 high, u32 fence)
{
	memset(type, 0, sizeof(*type));
	type_fill(type, 0);
	snprintf(type->name, sizeof(type->name), "custom");
	type->low_size = low;
	type->high_size = high;
	type->fence = fence;
}

struct intel_vgpu_type *gvt_type_each(struct intel_gvt *gvt, unsigned int index)
{
	return index < gvt->num_types ? &gvt->type[index] : NULL;
}

struct intel_vgpu_type *gvt_find_vgpu_type(struct intel_gvt *gvt, const char *name)
{
	unsigned int i;

	for (i = 0; i < gvt->num_types; i++) {
		if (!strcmp(gvt->type[i].name, name))
			return &gvt->type[i];
	}
	return NULL;
}

/* --- free pieces of graphics memory --- */

struct area {
	const char *name;
	struct gvt_range all;
	size_t range; /* offset of the vGPU's share of it in struct gvt_vgpu */
	size_t kept; /* and of what is kept of it in struct intel_gvt */
	bool from_top;
};

static struct area area_low(const struct intel_gvt *gvt)
{
	return (struct area){ "aperture", { 0, gvt->aperture }, offsetof(struct gvt_vgpu, low),
			      offsetof(struct intel_gvt, kept_low), false };
}

static struct area area_high(const struct intel_gvt *gvt)
{
	return (struct area){ "hidden memory", { gvt->aperture, GVT_GM_SIZE - gvt->aperture },
			      offsetof(struct gvt_vgpu, high),
			      offsetof(struct intel_gvt, kept_high), true };
}

static struct gvt_range *share_of(struct gvt_vgpu *v, const struct area *a)
{
	return (struct gvt_range *)(void *)((char *)v + a->range);
}

static struct gvt_range *kept_of(struct intel_gvt *gvt, const struct area *a)
{
	return (struct gvt_range *)(void *)((char *)gvt + a->kept);
}

/* The share that begins first at or after @from, a vGPU's or one that is kept for one. */
static struct gvt_range *share_next(struct intel_gvt *gvt, const struct area *a, u64 from)
{
	struct gvt_range *next = NULL, *r;
	int id;

	for (id = 0; id <= GVT_MAX_VGPU; id++) {
		r = !id ? kept_of(gvt, a) : gvt->vgpu[id] ? share_of(gvt->vgpu[id], a) : NULL;
		if (r && r->size && r->start >= from && (!next || r->start < next->start))
			next = r;
	}
	return next;
}

/* Free pieces from the bottom; one more than there can be shares. Return: how many. */
static unsigned int gaps(struct intel_gvt *gvt, const struct area *a,
			 struct gvt_range gap[MAX_GAPS])
{
	u64 from = a->all.start, end = a->all.start + a->all.size;
	struct gvt_range *next;
	unsigned int n = 0;

	do {
		next = share_next(gvt, a, from);
		gap[n].start = from;
		gap[n].size = (next ? next->start : end) - from;
		n += gap[n].size > 0;
		from = next ? next->start + next->size : end;
	} while (next);
	return n;
}

static unsigned long long mib(u64 bytes)
{
	return bytes / MIB;
}

static int no_space(const struct area *a, u64 size, const struct gvt_range *gap, unsigned int n)
{
	u64 largest = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		largest = gap[i].size > largest ? gap[i].size : largest;
	return mpt_fail(-ENOSPC, "gvt", "%s: %llu MiB asked, the largest free piece is %llu MiB "
			"(ask for less or destroy a vGPU)", a->name, mib(size), mib(largest));
}

static int place_anywhere(const struct area *a, u64 size, const struct gvt_range *gap,
			  unsigned int n, u64 *start)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct gvt_range *g = &gap[a->from_top ? n - 1 - i : i];

		if (g->size < size)
			continue;
		*start = a->from_top ? g->start + g->size - size : g->start;
		return 0;
	}
	return no_space(a, size, gap, n);
}

static int place_given(const struct area *a, const struct gvt_range *want,
		       const struct gvt_range *gap, unsigned int n)
{
	unsigned int i;

	if (!gvt_range_has(&a->all, want->start, want->size))
		return mpt_fail(-EINVAL, "gvt",
				"%s: %llu MiB at %llu MiB asked, it is %llu MiB at %llu MiB",
				a->name, mib(want->size), mib(want->start), mib(a->all.size),
				mib(a->all.start));
	for (i = 0; i < n; i++) {
		if (gvt_range_has(&gap[i], want->start, want->size))
			return 0;
		if (want->start < gap[i].start + gap[i].size &&
		    gap[i].start < want->start + want->size)
			break;
	}
	if (i == n)
		return mpt_fail(-ENOSPC, "gvt",
				"%s: %llu MiB at %llu MiB asked, nothing of it is free "
				"(leave the place open or destroy a vGPU)",
				a->name, mib(want->size), mib(want->start));
	return mpt_fail(-ENOSPC, "gvt", "%s: %llu MiB at %llu MiB asked, the free piece there is "
			"%llu MiB at %llu MiB (leave the place open or destroy a vGPU)", a->name,
			mib(want->size), mib(want->start), mib(gap[i].size), mib(gap[i].start));
}

static int gm_alloc(struct gvt_vgpu *v, const struct area *a, u64 size, u64 start)
{
	struct gvt_range gap[MAX_GAPS], want = { start, size };
	unsigned int n = gaps(v->gvt, a, gap);
	int ret;

	if (start == GVT_ANYWHERE)
		ret = place_anywhere(a, size, gap, n, &want.start);
	else
		ret = place_given(a, &want, gap, n);
	if (!ret)
		*share_of(v, a) = want;
	return ret;
}

/* --- fences --- */

static u32 fence_bits(u32 base, u32 count)
{
	return (u32)(((1ULL << count) - 1) << base);
}

/* The longest free run that begins at @base. */
static u32 fence_run(u32 used, u32 base)
{
	u32 n = 0;

	while (base + n < GVT_NUM_FENCES && !(used >> (base + n) & 1))
		n++;
	return n;
}

static int fence_alloc(struct gvt_vgpu *v, u32 count)
{
	u32 used = v->gvt->fences, base, run, largest = 0;

	for (base = 0; base < GVT_NUM_FENCES; base += run + 1) {
		run = fence_run(used, base);
		if (run >= count) {
			v->fence_base = base;
			v->fence_count = count;
			v->gvt->fences |= fence_bits(base, count);
			return 0;
		}
		largest = run > largest ? run : largest;
	}
	return mpt_fail(-ENOSPC, "gvt", "fences: %u asked, the longest free run is %u "
			"(ask for fewer or destroy a vGPU)", count, largest);
}

static void fence_free(struct gvt_vgpu *v)
{
	gvt_fence_reset(v);
	v->gvt->fences &= ~fence_bits(v->fence_base, v->fence_count);
	v->fence_count = 0;
}

/* --- a vGPU's share --- */

static int size_check(const struct area *a, u64 size, u64 start)
{
	if (!size || size % MIB)
		return mpt_fail(-EINVAL, "gvt", "%s: 0x%llx bytes (a multiple of 1 MiB above 0)",
				a->name, (unsigned long long)size);
	if (start != GVT_ANYWHERE && start % MIB)
		return mpt_fail(-EINVAL, "gvt", "%s: place 0x%llx (a multiple of 1 MiB)", a->name,
				(unsigned long long)start);
	return 0;
}

static int type_check(const struct area *low, const struct area *high,
		      const struct intel_vgpu_type *type)
{
	int ret = size_check(low, type->low_size, type->low_start);

	if (!ret)
		ret = size_check(high, type->high_size, type->high_start);
	if (ret)
		return ret;
	if (!type->fence || type->fence > GVT_NUM_FENCES)
		return mpt_fail(-EINVAL, "gvt", "%u fences (1 to %d)", type->fence, GVT_NUM_FENCES);
	if (!type->weight || type->weight > 16)
		return mpt_fail(-EINVAL, "gvt", "weight %u (1 to 16)", type->weight);
	return 0;
}

/* What of it fails is told in the published order: aperture, hidden memory, fences. */
static int alloc_all(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	struct area low = area_low(v->gvt), high = area_high(v->gvt);
	int ret = type_check(&low, &high, type);

	if (!ret)
		ret = gm_alloc(v, &low, type->low_size, type->low_start);
	if (!ret)
		ret = gm_alloc(v, &high, type->high_size, type->high_start);
	if (!ret)
		ret = fence_alloc(v, type->fence);
	if (ret) {
		v->low.size = 0;
		v->high.size = 0;
		return ret;
	}
	gvt_fence_limit(v);
	v->weight = type->weight;
	v->width = type->width;
	v->height = type->height;
	return 0;
}

/* --- a place that is kept --- */

static bool is_kept(const struct gvt_range *kept, u64 start, u64 size)
{
	return kept->size && kept->start == start && kept->size == size;
}

/* Who asks for exactly what is kept gets it; it is kept no more, unless nothing of it was free. */
int gvt_resource_alloc(struct gvt_vgpu *v, const struct intel_vgpu_type *type)
{
	struct intel_gvt *gvt = v->gvt;
	const struct gvt_range low = gvt->kept_low, high = gvt->kept_high;
	bool mine = is_kept(&low, type->low_start, type->low_size) &&
		    is_kept(&high, type->high_start, type->high_size);
	int ret;

	if (mine)
		gvt->kept_low.size = gvt->kept_high.size = 0;
	ret = alloc_all(v, type);
	if (mine && ret) {
		gvt->kept_low = low;
		gvt->kept_high = high;
	}
	return ret;
}

static int keep(struct intel_gvt *gvt, const struct area *a, u64 size, u64 start)
{
	struct gvt_range gap[MAX_GAPS], want = { start, size };
	int ret = place_given(a, &want, gap, gaps(gvt, a, gap));

	if (!ret)
		*kept_of(gvt, a) = want;
	return ret;
}

int gvt_place_keep(struct intel_gvt *gvt, const struct intel_vgpu_type *type)
{
	struct area low = area_low(gvt), high = area_high(gvt);
	struct gvt_range old_low, old_high;
	int ret = 0;

	if (type)
		ret = type_check(&low, &high, type);
	if (ret)
		return ret;
	pthread_mutex_lock(&gvt->lock);
	old_low = gvt->kept_low;
	old_high = gvt->kept_high;
	gvt->kept_low.size = gvt->kept_high.size = 0;
	if (type)
		ret = keep(gvt, &low, type->low_size, type->low_start);
	if (type && !ret)
		ret = keep(gvt, &high, type->high_size, type->high_start);
	if (ret) {
		gvt->kept_low = old_low;
		gvt->kept_high = old_high;
	}
	pthread_mutex_unlock(&gvt->lock);
	return ret;
}

void gvt_resource_free(struct gvt_vgpu *v)
{
	fence_free(v);
	v->low.size = 0;
	v->high.size = 0;
}

/* --- how many more --- */

static u64 gm_fits(struct intel_gvt *gvt, const struct area *a, u64 size, u64 start)
{
	struct gvt_range gap[MAX_GAPS];
	unsigned int i, n = gaps(gvt, a, gap);
	u64 fits = 0;

	for (i = 0; i < n; i++)
		fits += start == GVT_ANYWHERE ? gap[i].size / size
					      : gvt_range_has(&gap[i], start, size);
	return fits;
}

static u64 fence_fits(u32 used, u32 count)
{
	u32 base, run;
	u64 fits = 0;

	for (base = 0; base < GVT_NUM_FENCES; base += run + 1) {
		run = fence_run(used, base);
		fits += run / count;
	}
	return fits;
}

static u64 ids_free(const struct intel_gvt *gvt)
{
	u64 n = 0;
	int id;

	for (id = 1; id <= GVT_MAX_VGPU; id++)
		n += !gvt->vgpu[id];
	return n;
}

unsigned int gvt_type_available(struct intel_gvt *gvt, const struct intel_vgpu_type *type)
{
	struct area low = area_low(gvt), high = area_high(gvt);
	u64 fits[4], least;
	unsigned int i;

	if (type_check(&low, &high, type))
		return 0;
	pthread_mutex_lock(&gvt->lock);
	fits[0] = ids_free(gvt);
	fits[1] = gm_fits(gvt, &low, type->low_size, type->low_start);
	fits[2] = gm_fits(gvt, &high, type->high_size, type->high_start);
	fits[3] = fence_fits(gvt->fences, type->fence);
	pthread_mutex_unlock(&gvt->lock);
	for (least = fits[0], i = 1; i < 4; i++)
		least = fits[i] < least ? fits[i] : least;
	return (unsigned int)least;
}
