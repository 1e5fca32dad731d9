/* SPDX-License-Identifier: MIT */
/* The arrays of clauses, one a file; each ends with a NULL id. */
#ifndef CONFORMANCE_AREAS_H
#define CONFORMANCE_AREAS_H

#include "bugs.h"
#include "env.h"

extern const struct mpt_clause cf_reg[], cf_vm[], cf_hnd[], cf_mem[], cf_gfn[], cf_dma[], cf_trk[],
	cf_trp[], cf_map_gfn[], cf_irq[], cf_pv[], cf_vmm[], cf_life[], cf_rgn[], cf_pol[],
	cf_err[], cf_host[], cf_life_end[], cf_mem_walk[], cf_dma_walk[], cf_trk_busy[];

#endif
