#!/bin/sh
# SPDX-License-Identifier: MIT
# The core's suites once more, with a request page between guest and core: every access that traps is
# a simulated vCPU's, which waits for VHM and our client. Which hypervisor: RIG_SPEC in
# tests/gvt_rig.h. test_gvt_monitor is left out: its million accesses are not of that kind.
. "${srcdir:-.}/tests/lib/over.sh"

over acrn-sim check,acrn-sim \
	gvt_aperture gvt_edid gvt_exec_bad gvt_exec_reset gvt_execlist gvt_ggtt gvt_ggtt_history \
	gvt_gmbus gvt_gmbus_abort gvt_irq gvt_joint gvt_joint_threads gvt_mmio gvt_mmio_regs \
	gvt_opregion gvt_plane gvt_platform gvt_platform_regs gvt_ppgtt gvt_ppgtt_limits \
	gvt_ppgtt_write gvt_pvinfo gvt_pvmmio gvt_pvmmio_ppgtt gvt_scan gvt_scan_batch gvt_sched \
	gvt_sched_costs gvt_state_exec gvt_tiling gvt_tiling_limits gvt_vblank swgpu_batch \
	swgpu_blt swgpu_mem swgpu_mi
