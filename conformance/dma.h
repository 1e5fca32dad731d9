/* SPDX-License-Identifier: MIT */
/* What the files of the area DMA share: checked maps, and what the device reaches by them. */
#ifndef CONFORMANCE_DMA_H
#define CONFORMANCE_DMA_H

#include "env.h"

#define MAP(e, v, gfn, size, addr) HV(dma_map_guest_page)(v, gfn, size, addr)
#define MAP_UNMAP (CF_OP(dma_map_guest_page) | CF_OP(dma_unmap_guest_page))

static inline int map(struct cf_env *e, u64 gpa, unsigned long size, dma_addr_t *addr)
{
	return cf_int(e, 0, MAP(e, e->v, CF_GFN(gpa), size, addr),
		      "dma_map_guest_page of 0x%lx bytes at 0x%llx", size, (unsigned long long)gpa);
}

static inline void unmap(struct cf_env *e, dma_addr_t addr)
{
	HV(dma_unmap_guest_page)(e->v, addr);
}

/* The device reads at @addr what the guest has at @gpa, and the other way round. */
static inline int reaches(struct cf_env *e, struct mpt_vm *vm, dma_addr_t addr, u64 gpa)
{
	u64 value = cf_paint_byte(gpa) * 0x0101010101010101ULL ^ addr ^ gpa, seen = 0;

	CF_TRY(cf_guest_store(e, vm, gpa, &value, 8));
	CF_INT(e, 0, mpt_bus_read(e->host, addr, &seen, 8), "a device read of a mapped page");
	CF_U64(e, value, seen, "what the device reads at 0x%llx, mapped to 0x%llx",
	       (unsigned long long)addr, (unsigned long long)gpa);
	value = ~value;
	CF_INT(e, 0, mpt_bus_write(e->host, addr, &value, 8), "a device write to a mapped page");
	CF_TRY(cf_guest_load(e, vm, gpa, &seen, 8));
	CF_U64(e, value, seen, "what the guest has at 0x%llx after a device write",
	       (unsigned long long)gpa);
	return CF_PASS;
}

#endif
