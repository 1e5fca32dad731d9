# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by the scripts that run the core's suites once more over another back end: RIG_SPEC in
# tests/gvt_rig.h. No test lives here.
set -u

# over BACKEND SPEC SUITE...: tests/test_SUITE of the build folder, one after the other; ends the script.
over()
{
	MPT_TEST_SPEC=${MPT_TEST_SPEC:-$2}
	export MPT_TEST_SPEC
	case " ${MPT_BACKENDS:-$1} " in
	*" $1 "*) ;;
	*)
		echo "SKIP: configured without the back end $1"
		exit 77
		;;
	esac
	# Under a checker, or with another compiler: once is enough.
	[ -z "${MPT_TEST_ONCE:-}" ] || {
		echo 'SKIP: MPT_TEST_ONCE is set'
		exit 77
	}
	shift 2
	status=0
	for suite; do
		# Of make, or by hand in the build folder.
		program=${builddir:-.}/tests/test_$suite
		# A build without the check library, or with a static back end, has none.
		[ -x "$program" ] || {
			echo 'SKIP: no suites in this build'
			exit 77
		}
		"$program" || status=1
	done
	exit $status
}
