/* SPDX-License-Identifier: MIT */
/* What the files of the area LIFE share: a vGPU that holds one thing of each kind. */
#ifndef CONFORMANCE_LIFE_H
#define CONFORMANCE_LIFE_H

#include "env.h"

static inline int hold(struct cf_env *e, dma_addr_t *page, dma_addr_t *twice)
{
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, page), "mapping");
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_NEXT), MPT_PAGE_SIZE, twice),
	       "mapping");
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_NEXT), MPT_PAGE_SIZE, twice),
	       "mapping again");
	if (e->has & MPT_CAP_PAGE_TRACK) {
		CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_MAIN)), "tracking");
		CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_HIGH)), "tracking");
	}
	if (e->has & MPT_CAP_TRAP_AREA)
		CF_INT(e, 0, HV(set_trap_area)(e->v, CF_BAR0, CF_BAR0 + 4095, true), "trapping");
	if (e->has & MPT_CAP_MAP_GFN)
		CF_INT(e, 0, HV(map_gfn_to_mfn)(e->v, CF_GFN(CF_BAR2), CF_APERTURE_MFN, 4, true),
		       "mapping");
	if (e->has & MPT_CAP_PVMMIO)
		CF_INT(e, 0,
		       HV(set_pvmmio)(e->v, CF_BAR0_HIGH, CF_BAR0_HIGH + CF_BAR0_SIZE - 1, true),
		       "PV MMIO");
	return CF_PASS;
}

#endif
