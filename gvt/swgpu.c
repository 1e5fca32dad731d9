/* SPDX-License-Identifier: MIT */
/*
 * The software GPU: a host GGTT, fence registers and the aperture, in plain memory. It reaches
 * guest memory only by DMA address, through the bus side of the host's testbed, as a device would.
 * CPU accesses through the aperture are detiled by the fences, without TLB and without swizzling.
 * The engines are in swgpu_engine.c.
 */
#include "swgpu.h"
#include "tiling.h"

#include <mpt/testbed.h>

/* Rewrites of an entry that one access goes after. */
#define FOLLOWED 4

/* --- pages of the device's own --- */

static u64 *own_page(const struct swgpu *gpu, u32 page)
{
	return gpu->own + (u64)page * (MPT_PAGE_SIZE / sizeof(u64));
}

/* The page's number; SWGPU_OWN_PAGES: none left. @fresh: never used, so it holds zeros. */
static u32 own_take(struct swgpu *gpu, bool *fresh)
{
	u32 page = SWGPU_OWN_PAGES;

	pthread_mutex_lock(&gpu->own_lock);
	*fresh = !gpu->own_free;
	if (gpu->own_free) {
		page = gpu->own_free - 1;
		gpu->own_free = (u32)*own_page(gpu, page);
	} else if (gpu->own_used < SWGPU_OWN_PAGES) {
		page = gpu->own_used++;
	}
	pthread_mutex_unlock(&gpu->own_lock);
	return page;
}

static u64 *swgpu_page_new(void *priv, u64 *bus)
{
	struct swgpu *gpu = priv;
	bool fresh;
	u32 page = own_take(gpu, &fresh);

	if (page == SWGPU_OWN_PAGES)
		return NULL;
	if (!fresh)
		memset(own_page(gpu, page), 0, MPT_PAGE_SIZE);
	*bus = SWGPU_OWN_BUS + ((u64)page << MPT_PAGE_SHIFT);
	return own_page(gpu, page);
}

static void swgpu_page_free(void *priv, u64 bus)
{
	struct swgpu *gpu = priv;
	u32 page = (u32)((bus - SWGPU_OWN_BUS) >> MPT_PAGE_SHIFT);

	pthread_mutex_lock(&gpu->own_lock);
	*own_page(gpu, page) = gpu->own_free;
	gpu->own_free = page + 1;
	pthread_mutex_unlock(&gpu->own_lock);
}

static bool fence_covers_own(const struct swgpu *gpu, u32 index, u64 value)
{
	struct gvt_tiling t = gvt_tiling_decode(value);

	return t.valid && t.first <= t.last &&
	       gvt_range_has(&gpu->limit[index], t.first, gvt_tiling_size(&t));
}

/* The limit is looked at here and not per access: what is live is in bounds. */
static void fence_publish(struct swgpu *gpu, u32 index, u64 value)
{
	u32 bit = 1U << index;

	if (fence_covers_own(gpu, index, value)) {
		__atomic_store_n(&gpu->live[index], value, __ATOMIC_RELEASE);
		__atomic_fetch_or(&gpu->active, bit, __ATOMIC_RELEASE);
	} else {
		__atomic_fetch_and(&gpu->active, ~bit, __ATOMIC_RELEASE);
		__atomic_store_n(&gpu->live[index], 0, __ATOMIC_RELEASE);
	}
}

/* In one store, so that no reader sees the low half of one value with the high half of another. */
static void swgpu_fence_write(void *priv, u32 index, u64 value)
{
	struct swgpu *gpu = priv;

	if (index >= GVT_NUM_FENCES)
		return;
	__atomic_store_n(&gpu->fence[index], value, __ATOMIC_RELEASE);
	fence_publish(gpu, index, value);
}

static void swgpu_fence_limit(void *priv, u32 index, u64 start, u64 size)
{
	struct swgpu *gpu = priv;

	if (index >= GVT_NUM_FENCES)
		return;
	gpu->limit[index] = (struct gvt_range){ start, size };
	fence_publish(gpu, index, __atomic_load_n(&gpu->fence[index], __ATOMIC_ACQUIRE));
}

static u64 swgpu_fence_read(void *priv, u32 index)
{
	struct swgpu *gpu = priv;

	return index < GVT_NUM_FENCES ? __atomic_load_n(&gpu->fence[index], __ATOMIC_ACQUIRE) : 0;
}

/* No TLB: the table itself is looked at for each access. */
static void swgpu_ggtt_flush(void *priv)
{
	(void)priv;
}

/* The bus address behind a byte of the aperture; SWGPU_SCRATCH: the entry is not present. */
static int swgpu_translate(const struct swgpu *gpu, u64 offset, unsigned int len, u64 *dma)
{
	u64 in_page = offset & (MPT_PAGE_SIZE - 1), entry;

	if (len > MPT_PAGE_SIZE - in_page || offset >= gpu->aperture)
		return mpt_fail(-EINVAL, "swgpu",
				"aperture: %u bytes at 0x%llx (stay in a page below 0x%llx)", len,
				(unsigned long long)offset, (unsigned long long)gpu->aperture);
	entry = __atomic_load_n(&gpu->ggtt[offset >> MPT_PAGE_SHIFT], __ATOMIC_ACQUIRE);
	if (!(entry & GVT_PTE_PRESENT) || (entry & GVT_PTE_ADDR) == SWGPU_SCRATCH)
		*dma = SWGPU_SCRATCH;
	else
		*dma = (entry & GVT_PTE_ADDR) + in_page;
	return 0;
}

/*
 * The bus has refused @dma. Another vCPU may have rewritten the entry since it was looked at, and
 * its old page is unmapped then: the access goes by the new one, as if it had come a moment later.
 * A guest that does nothing else is not followed for ever.
 */
static int moved(struct swgpu *gpu, u64 offset, void *buf, unsigned int len, u64 dma, bool write)
{
	unsigned int n;

	for (n = 0; n < FOLLOWED; n++) {
		u64 was = dma;

		if (swgpu_translate(gpu, offset, len, &dma) || dma == was)
			break;
		if (dma == SWGPU_SCRATCH) {
			memset(buf, 0, write ? 0 : len);
			return 0;
		}
		if (!(write ? mpt_bus_write(gpu->host, dma, buf, len)
			    : mpt_bus_read(gpu->host, dma, buf, len)))
			return 0;
	}
	return -EFAULT;
}

static int linear_read(struct swgpu *gpu, u64 offset, void *buf, unsigned int len)
{
	u64 dma = SWGPU_SCRATCH;
	int ret = swgpu_translate(gpu, offset, len, &dma);

	memset(buf, ret ? 0xff : 0, len);
	if (ret || dma == SWGPU_SCRATCH || !len)
		return ret;
	if (mpt_bus_read(gpu->host, dma, buf, len) && moved(gpu, offset, buf, len, dma, false))
		memset(buf, 0xff, len);
	return 0;
}

static int linear_write(struct swgpu *gpu, u64 offset, const void *buf, unsigned int len)
{
	u64 dma = SWGPU_SCRATCH;
	int ret = swgpu_translate(gpu, offset, len, &dma);

	if (ret || dma == SWGPU_SCRATCH || !len)
		return ret;
	/* Posted: a write that the bus refuses is the device's IOMMU fault, not the CPU's. */
	if (mpt_bus_write(gpu->host, dma, buf, len))
		moved(gpu, offset, (void *)(uintptr_t)buf, len, dma, true);
	return 0;
}

/*
 * The fence with the lowest number that covers @offset. Each is loaded once: the access goes by
 * that value to its end, whatever is written meanwhile. One that went since @active was read is 0
 * and covers nothing.
 */
static bool find_fence(const struct swgpu *gpu, u32 active, u64 offset, struct gvt_tiling *t)
{
	for (; active; active &= active - 1) {
		const u64 *live = &gpu->live[__builtin_ctz(active)];

		*t = gvt_tiling_decode(__atomic_load_n(live, __ATOMIC_ACQUIRE));
		if (gvt_tiling_covers(t, offset))
			return true;
	}
	return false;
}

/* One fence for the whole access, which stays in a page: ranges are whole pages. */
static bool fenced(const struct swgpu *gpu, u64 offset, unsigned int len, struct gvt_tiling *t)
{
	u32 active = __atomic_load_n(&gpu->active, __ATOMIC_ACQUIRE);

	if (!active || len > MPT_PAGE_SIZE - (offset & (MPT_PAGE_SIZE - 1)))
		return false;
	return find_fence(gpu, active, offset, t);
}

/* Run by run. What has no place reads as ones and swallows writes. */
static int tiled_access(struct swgpu *gpu, const struct gvt_tiling *t, u64 offset, u8 *buf,
			unsigned int len, bool write)
{
	unsigned int done, n;
	u64 tiled;
	int ret = 0;

	if (!write)
		memset(buf, 0xff, len);
	for (done = 0; done < len && !ret; done += n) {
		bool there = gvt_tiling_map(t, offset + done - t->first, &tiled, &n);

		n = n < len - done ? n : len - done;
		if (there)
			ret = write ? linear_write(gpu, t->first + tiled, buf + done, n)
				    : linear_read(gpu, t->first + tiled, buf + done, n);
	}
	return ret;
}

static int swgpu_aperture_read(void *priv, u64 offset, void *buf, unsigned int len)
{
	struct swgpu *gpu = priv;
	struct gvt_tiling t;

	return fenced(gpu, offset, len, &t) ? tiled_access(gpu, &t, offset, buf, len, false)
					    : linear_read(gpu, offset, buf, len);
}

static int swgpu_aperture_write(void *priv, u64 offset, const void *buf, unsigned int len)
{
	struct swgpu *gpu = priv;
	struct gvt_tiling t;

	if (!fenced(gpu, offset, len, &t))
		return linear_write(gpu, offset, buf, len);
	return tiled_access(gpu, &t, offset, (u8 *)(uintptr_t)buf, len, true);
}

static void swgpu_close(void *priv)
{
	struct swgpu *gpu = priv;

	mpt_free_pages(gpu->own, SWGPU_OWN_SIZE);
	mpt_free_pages(gpu->ggtt, GVT_GTT_SIZE);
	pthread_mutex_destroy(&gpu->own_lock);
	mpt_free(gpu);
}

int gvt_swgpu_new(struct mpt_host *host, u64 aperture, struct gvt_hw *hw)
{
	struct swgpu *gpu = mpt_zalloc(sizeof(*gpu));
	u64 *ggtt = gpu ? mpt_zalloc_pages(GVT_GTT_SIZE) : NULL;
	u64 *own = ggtt ? mpt_zalloc_pages(SWGPU_OWN_SIZE) : NULL;
	u32 i;

	if (!own) {
		mpt_free_pages(ggtt, GVT_GTT_SIZE);
		mpt_free(gpu);
		return mpt_fail(-ENOMEM, "swgpu", "no memory for the host GGTT or shadow tables");
	}
	*gpu = (struct swgpu){ .host = host, .ggtt = ggtt, .own = own };
	pthread_mutex_init(&gpu->own_lock, NULL);
	gpu->aperture = aperture < GVT_GM_SIZE ? aperture : GVT_GM_SIZE;
	for (i = 0; i < GVT_NUM_FENCES; i++)
		gpu->limit[i] = (struct gvt_range){ 0, gpu->aperture };
	*hw = (struct gvt_hw){
		.size = sizeof(*hw),
		.priv = gpu,
		.ggtt = ggtt,
		.scratch = SWGPU_SCRATCH,
		.ggtt_flush = swgpu_ggtt_flush,
		.fence_write = swgpu_fence_write,
		.fence_read = swgpu_fence_read,
		.aperture_read = swgpu_aperture_read,
		.aperture_write = swgpu_aperture_write,
		.close = swgpu_close,
		.fence_limit = swgpu_fence_limit,
		.page_new = swgpu_page_new,
		.page_free = swgpu_page_free,
		.own_bus = SWGPU_OWN_BUS,
		.engine_new = swgpu_engine_new,
		.engine_free = swgpu_engine_free,
		.load = swgpu_engine_load,
		.run = swgpu_engine_run,
		.save = swgpu_engine_save,
		.engine_reset = swgpu_engine_reset,
		.head = swgpu_engine_head,
		.kept_get = swgpu_kept_get,
		.kept_ok = swgpu_kept_ok,
		.kept_set = swgpu_kept_set,
	};
	return 0;
}
