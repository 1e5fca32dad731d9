#!/bin/sh
# SPDX-License-Identifier: MIT
# What the capture of a hung batch costs: of one boot (boot.sh) with guest=hang that was recorded,
# the accesses between the guest's two marks, beside the time that it took there.
#
#   hang.sh FOLDER RECORDING
#
# i915 reads each page that it captures through the aperture, which is not recorded; before, it
# names the page in an entry of the GGTT, which is. Under a hypervisor it does without its fast
# copy, and zlib reads each byte twice.
#
# Prints a line `INFO capture ...`, and `N passed, N failed, 0 skipped`: it fails if i915 captured
# more pages or made more accesses besides than it did when this was written (29 and 720), by far.
# The time is told, not judged: the batch spins all the while, on the same processors.
set -u
export LC_ALL=C

awk -v page=8194 -v most_pages=60 -v most=4000 '
FILENAME == ARGV[1] {
	sub(/\r$/, "")
	if ($1 == "INFO" && $2 == "capture") {
		took = $4
		read = $8
	}
	next
}
# guest_hang.c has the marks: reads of PVINFO that mean nothing.
$1 == "R" && $5 ~ /78f00$/ { inside = 1; next }
$1 == "R" && $5 ~ /78f04$/ { inside = 0; ended = 1 }
inside && $1 ~ /^[RW]$/ { n[$1]++ }
# The second half of BAR0.
inside && $1 == "W" && $5 ~ /[89a-f].....$/ { pages++ }
END {
	all = n["R"] + n["W"] + pages * page
	if (!ended || !took || !read || !n["R"] || !pages) {
		print "FAIL: capture: no marks in the recording, or no times in the results"
		print "0 passed, 1 failed, 0 skipped"
		exit 1
	}
	printf "INFO capture: %d reads, %d writes, %d pages in %.0f ms; at %.1f us each: %.0f ms\n",
		n["R"], n["W"], pages, took / 1e6, read / 1e3, all * read / 1e6
	bad = pages > most_pages || n["R"] + n["W"] > most
	if (bad)
		printf "FAIL: capture: more than %d pages or %d accesses besides\n", most_pages, most
	printf "%d passed, %d failed, 0 skipped\n", !bad, bad
	exit bad
}' "$1/results" "$2"
