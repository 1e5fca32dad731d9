/* SPDX-License-Identifier: MIT */
/* What the testbed over the simulator gives to the back end that opens it. */
#ifndef ACRN_BED_H
#define ACRN_BED_H

#include "backends/acrn/acrn.h"
#include "backends/acrn/sim.h"

extern const struct mpt_testbed acrn_testbed;
void acrn_bed_vm_made(struct acrn_vm *vm);
void acrn_bed_vm_ended(struct acrn_vm *vm);

#endif
