/* SPDX-License-Identifier: MIT */
/*
 * The software GPU: a host GGTT, fence registers and the aperture, in plain memory. It reaches
 * guest memory only by DMA address, through the bus side of the host's testbed, as a device would.
 * The aperture is linear: fences are kept but do not detile, and no engine executes commands.
 */
#include "internal.h"

#include <mpt/testbed.h>

/*
 * A bus address that no mapping has: the highest page an entry can name. The device answers for
 * it by itself, so no access to it reaches the bus.
 */
#define SCRATCH GVT_PTE_ADDR

struct swgpu {
	struct mpt_host *host;
	u64 aperture;
	u64 *ggtt;
	u64 fence[GVT_NUM_FENCES];
};

/* In one store, so that no reader sees the low half of one value with the high half of another. */
static void swgpu_fence_write(void *priv, u32 index, u64 value)
{
	struct swgpu *gpu = priv;

	if (index < GVT_NUM_FENCES)
		__atomic_store_n(&gpu->fence[index], value, __ATOMIC_RELEASE);
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

/* The bus address behind a byte of the aperture; SCRATCH for an entry that is 0 or not present. */
static int swgpu_translate(const struct swgpu *gpu, u64 offset, unsigned int len, u64 *dma)
{
	u64 in_page = offset & (MPT_PAGE_SIZE - 1), entry;

	if (len > MPT_PAGE_SIZE - in_page || offset >= gpu->aperture)
		return mpt_fail(-EINVAL, "swgpu",
				"aperture: %u bytes at 0x%llx (stay in a page below 0x%llx)", len,
				(unsigned long long)offset, (unsigned long long)gpu->aperture);
	entry = __atomic_load_n(&gpu->ggtt[offset >> MPT_PAGE_SHIFT], __ATOMIC_ACQUIRE);
	if (!(entry & GVT_PTE_PRESENT) || (entry & GVT_PTE_ADDR) == SCRATCH)
		*dma = SCRATCH;
	else
		*dma = (entry & GVT_PTE_ADDR) + in_page;
	return 0;
}

static int swgpu_aperture_read(void *priv, u64 offset, void *buf, unsigned int len)
{
	struct swgpu *gpu = priv;
	u64 dma = SCRATCH;
	int ret = swgpu_translate(gpu, offset, len, &dma);

	memset(buf, ret ? 0xff : 0, len);
	if (ret || dma == SCRATCH || !len)
		return ret;
	if (mpt_bus_read(gpu->host, dma, buf, len))
		memset(buf, 0xff, len);
	return 0;
}

static int swgpu_aperture_write(void *priv, u64 offset, const void *buf, unsigned int len)
{
	struct swgpu *gpu = priv;
	u64 dma = SCRATCH;
	int ret = swgpu_translate(gpu, offset, len, &dma);

	if (ret || dma == SCRATCH || !len)
		return ret;
	/* Posted: a write that the bus refuses is the device's IOMMU fault, not the CPU's. */
	mpt_bus_write(gpu->host, dma, buf, len);
	return 0;
}

static void swgpu_close(void *priv)
{
	struct swgpu *gpu = priv;

	mpt_free_pages(gpu->ggtt, GVT_GTT_SIZE);
	mpt_free(gpu);
}

int gvt_swgpu_new(struct mpt_host *host, u64 aperture, struct gvt_hw *hw)
{
	struct swgpu *gpu = mpt_zalloc(sizeof(*gpu));
	u64 *ggtt = gpu ? mpt_zalloc_pages(GVT_GTT_SIZE) : NULL;

	if (!ggtt) {
		mpt_free(gpu);
		return mpt_fail(-ENOMEM, "swgpu", "no memory for the host GGTT");
	}
	*gpu = (struct swgpu){ .host = host, .ggtt = ggtt };
	gpu->aperture = aperture < GVT_GM_SIZE ? aperture : GVT_GM_SIZE;
	*hw = (struct gvt_hw){
		.size = sizeof(*hw),
		.priv = gpu,
		.ggtt = ggtt,
		.scratch = SCRATCH,
		.ggtt_flush = swgpu_ggtt_flush,
		.fence_write = swgpu_fence_write,
		.fence_read = swgpu_fence_read,
		.aperture_read = swgpu_aperture_read,
		.aperture_write = swgpu_aperture_write,
		.close = swgpu_close,
	};
	return 0;
}
