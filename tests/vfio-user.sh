#!/bin/sh
# SPDX-License-Identifier: MIT
# The core's suites once more, with a real wire between guest and core: those that need nothing that
# vfio-user lacks, or skip what does. Which hypervisor: RIG_SPEC in tests/gvt_rig.h.
. "${srcdir:-.}/tests/lib/over.sh"

over vfio-user check,vfio-user \
	gvt_aperture gvt_edid gvt_exec_reset gvt_execlist gvt_ggtt gvt_gmbus gvt_irq gvt_joint \
	gvt_mmio gvt_mmio_regs gvt_opregion gvt_plane gvt_ppgtt gvt_ppgtt_limits gvt_pvinfo \
	gvt_sched gvt_sched_costs gvt_state_exec gvt_tiling gvt_vblank swgpu_batch swgpu_blt \
	swgpu_mem
