#!/bin/sh
# SPDX-License-Identifier: MIT
# The core's suites once more, over a hypervisor that tells of a tracked store when it is done, pins
# what is mapped, and traps BARs by itself; and the mock's own threads over it. Which hypervisor:
# RIG_SPEC in tests/gvt_rig.h.
. "${srcdir:-.}/tests/lib/over.sh"

over kvm-stub check,kvm-stub \
	gvt_aperture gvt_edid gvt_exec_bad gvt_exec_reset gvt_execlist gvt_ggtt gvt_ggtt_history \
	gvt_gmbus gvt_irq gvt_joint gvt_joint_threads gvt_mmio gvt_mmio_regs gvt_monitor \
	gvt_opregion gvt_plane gvt_ppgtt gvt_ppgtt_limits gvt_ppgtt_write gvt_pvinfo gvt_pvmmio \
	gvt_pvmmio_ppgtt gvt_scan_batch gvt_sched gvt_sched_costs gvt_state_exec gvt_tiling \
	gvt_vblank mock_threads mock_threads_store swgpu_batch swgpu_blt swgpu_mem swgpu_mi
