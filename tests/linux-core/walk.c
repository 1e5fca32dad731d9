/* SPDX-License-Identifier: MIT */
/* The walk of a GPU through what the Linux core has shadowed. */
#include "ppgtt.h"

/* The table that entry @index of the table at @addr shows; 0: none. */
static u64 below(u64 addr, unsigned int index)
{
	const u64 *table = linux_gvt_core_page(addr & ADDR_MASK);

	return table && table[index] & 1 ? table[index] : 0;
}

u64 shadow_walk(const void *vgpu, u64 address)
{
	u64 entry = linux_gvt_shadow_root(vgpu, 0);
	int shift;

	for (shift = 39; shift >= 12 && entry; shift -= 9) {
		entry = below(entry, (unsigned int)(address >> shift) & 511);
		if (shift == 21 && entry & 1 << 7)
			return (entry & ADDR_MASK & ~0x1fffffULL) + (address & 0x1ff000);
	}
	return entry & ADDR_MASK;
}
