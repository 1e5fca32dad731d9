#!/bin/sh
# SPDX-License-Identifier: MIT
# The core's suites once more, with a real wire between guest and core: those that need nothing that
# vfio-user lacks, or skip what does. Which hypervisor: RIG_SPEC in tests/gvt_rig.h.
set -u

suites='
	gvt_aperture gvt_edid gvt_exec_reset gvt_execlist gvt_ggtt gvt_gmbus gvt_irq gvt_joint
	gvt_mmio gvt_mmio_regs gvt_opregion gvt_plane gvt_ppgtt gvt_ppgtt_limits gvt_pvinfo
	gvt_sched gvt_sched_costs gvt_state_exec gvt_tiling gvt_vblank swgpu_batch swgpu_blt
	swgpu_mem'
MPT_TEST_SPEC=check,vfio-user
export MPT_TEST_SPEC

case " ${MPT_BACKENDS:-} " in
*' vfio-user '*) ;;
*)
	echo 'SKIP: configured with --disable-backend-vfio-user'
	exit 77
	;;
esac

status=0
# Of make, or by hand in the build folder.
: "${builddir:=.}"
for suite in $suites; do
	program=$builddir/tests/test_$suite
	# A build without the check library, or with a static back end, has none.
	[ -x "$program" ] || {
		echo 'SKIP: no suites in this build'
		exit 77
	}
	"$program" || status=1
done
exit $status
