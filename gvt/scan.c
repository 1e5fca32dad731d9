/* SPDX-License-Identifier: MIT */
/* Placeholder until the scanner is merged: copies the ring's part, validates nothing. */
#include "scan.h"

int gvt_scan_ring(struct gvt_vgpu *v, enum gvt_engine engine, u64 ring_start, u32 ring_size, u32 head,
		  u32 tail, struct gvt_scan *scan)
{
	u32 bytes = (tail - head) & (ring_size - 1), first = ring_size - head;
	int ret;

	(void)engine;
	if (scan->room * 4 < bytes) {
		mpt_free(scan->store);
		scan->store = mpt_zalloc(bytes);
		scan->room = scan->store ? bytes / 4 : 0;
		if (!scan->store)
			return mpt_fail(-ENOMEM, "gvt", "no memory for commands");
	}
	scan->ring_dwords = scan->used = 0;
	scan->batches = 0;
	first = first < bytes ? first : bytes;
	ret = gvt_gm_read(v, ring_start + head, scan->store, first);
	if (!ret && bytes > first)
		ret = gvt_gm_read(v, ring_start, scan->store + first / 4, bytes - first);
	if (!ret)
		scan->ring_dwords = scan->used = bytes / 4;
	return ret;
}

void gvt_scan_free(struct gvt_scan *scan)
{
	mpt_free(scan->store);
	memset(scan, 0, sizeof(*scan));
}
