/* SPDX-License-Identifier: MIT */
/*
 * The hardware below the device-model core: the host GGTT, the aperture, the fence registers. The
 * one implementation shipped is a software GPU (gvt_swgpu_new()).
 */
#ifndef GVT_HW_H
#define GVT_HW_H

#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct gvt_hw - one GPU. Since: 0.1
 * @size: sizeof(struct gvt_hw)
 * @priv: handed to the callbacks
 * @ggtt: the host GGTT, 1 Mi entries of 64 bits, written with single 8-byte stores. An entry that
 *	is 0 reads as "scratch page", so a fresh table needs no scrubbing
 * @scratch: bus address of a page that reads zeros and swallows writes
 * @ggtt_flush: entries changed since the last flush become visible to the device; called before
 *	the device is used, not once per entry
 * @fence_write: fence register @index (host numbering) gets @value
 * @fence_read: its value
 * @aperture_read: a CPU read through the aperture at a byte offset, by GGTT and fences; within a
 *	page. All ones where the entry's memory cannot be reached, or where a fence covers the
 *	address but has no place for it. Of two fences over one address the lower number counts
 * @aperture_write: a write; dropped where it cannot be reached
 * @close: gives everything back
 * @fence_limit: from now on register @index belongs to the owner of graphics addresses @start to
 *	@start + @size: it keeps what is written, but a range that is not wholly in there covers
 *	nothing. NULL: the core hands such a value to @fence_write as 0
 */
struct gvt_hw {
	size_t size;
	void *priv;
	u64 *ggtt;
	u64 scratch;
	void (*ggtt_flush)(void *priv);
	void (*fence_write)(void *priv, u32 index, u64 value);
	u64 (*fence_read)(void *priv, u32 index);
	int (*aperture_read)(void *priv, u64 offset, void *buf, unsigned int len);
	int (*aperture_write)(void *priv, u64 offset, const void *buf, unsigned int len);
	void (*close)(void *priv);
	void (*fence_limit)(void *priv, u32 index, u64 start, u64 size);
};

/**
 * gvt_swgpu_new() - the software GPU; reaches memory only by DMA address, through the bus side of
 *	the host's testbed.
 * @aperture: bytes of the aperture
 * @hw: filled in; close it with hw->close(hw->priv)
 * Return: 0, -ENOMEM. Since: 0.1
 */
struct mpt_host;
int gvt_swgpu_new(struct mpt_host *host, u64 aperture, struct gvt_hw *hw);

#ifdef __cplusplus
}
#endif

#endif
