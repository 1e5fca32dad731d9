#!/bin/sh
# SPDX-License-Identifier: MIT
# Does i915 need no more accesses to our vGPU, while it probes it, than to the one that a probe of
# the same kernel was recorded on? Compares what mptctl serve --record wrote with that recording.
#
#   probe.sh RECORDED KNOWN
#
# The probe is what lies between the driver's first look at PVINFO and its "display ready". Left out
# are the engines' TLB invalidations (0x4260 to 0x4273; Linux 6.12, intel_tlb.c): the driver makes one
# for each engine that happens to be awake. Prints a line for each region and direction, `FAIL: ` lines,
# then `N passed, N failed, 0 skipped`.
set -u
export LC_ALL=C

# counts FILE: lines `REGION R|W COUNT`.
counts()
{
	awk '
	# BAR0 has 16 MiB and is aligned so: the last six digits say where in it.
	($1 == "R" || $1 == "W") && !over {
		at = "00000" substr($5, 3)
		at = substr(at, length(at) - 5)
		if (at == "078000" && $1 == "R" && $2 == 8)
			begun = 1
		if (!begun || (at >= "004260" && at < "004274"))
			next
		region = "registers"
		if (at >= "800000")
			region = "GGTT"
		else if (at >= "078000" && at < "079000")
			region = "PVINFO"
		else if (at >= "040000")
			region = "display"
		n[region " " $1]++
		if (at == "078804" && $1 == "W")
			over = 1
	}
	END {
		for (region in n)
			if (over)
				print region, n[region]
	}' "$1"
}

recorded=$(counts "$1")
known=$(counts "$2")
for region in registers display PVINFO GGTT; do
	for way in R W; do
		for from in "$recorded" "$known"; do
			n=$(echo "$from" | sed -n "s/^$region $way //p")
			printf '%s ' "${n:-0}"
		done
		echo "$region $way"
	done
done | awk '
function check(here, there, what) {
	print "INFO probe " what ": " here ", recorded " there
	sum += here
	sum_there += there
	if (here > there) {
		print "FAIL: probe: " what ": " here " instead of " there
		failed++
	} else {
		passed++
	}
}
{ check($1, $2, $3 ($4 == "R" ? " reads" : " writes")) }
END {
	print "INFO probe all: " sum ", recorded " sum_there
	# Nothing compared is no pass.
	if (!sum || !sum_there)
		failed++
	printf "%d passed, %d failed, 0 skipped\n", passed, failed
	exit failed > 0
}'
