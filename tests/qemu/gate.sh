#!/bin/sh
# SPDX-License-Identifier: MIT
# The gate: looks at what one boot left in a folder (boot.sh) and says what holds of it and what
# does not. It runs nothing, so that recorded boots can be judged as well.
#
#   gate.sh FOLDER [test|boot|loop|hang|show]
#
# Prints a line `FAIL: what` for each check that does not hold, then `N passed, N failed, 0
# skipped`; before it, if the guest took times, `INFO ratio ...`: how many register reads a batch
# takes, the median of the engines, and whether that is more than 30: told, not judged, since a
# machine that does other things as well must not fail a boot.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
folder=$1
work=${2:-test}
for name in status results console; do
	[ -e "$folder/$name" ] || : >"$folder/$name"
done

# What a boot must have said, each once: PASS lines of init.sh and guest.c.
required()
{
	echo load-first driver
	passes='first again'
	[ "$work" = 'test' ] || passes=first
	for pass in $passes; do
		echo "load-$pass row-by-turns-$pass aperture-$pass"
		for engine in rcs bcs vcs vecs; do
			for kind in reloc pinned contexts row; do
				echo "$kind-$engine-$pass"
			done
		done
		echo "interrupts-$pass wedged-$pass error-state-$pass"
	done
	case $work in
	'test') echo unload unloaded ;;
	loop | show) echo "$work" ;;
	hang) echo hang-found captured-found hang-told captured-told ;;
	esac
}

# Expressions alone; what is empty would allow everything.
sed '/^#/d; /^$/d' "$here/dmesg.allow" >"$folder/allow"
# Who makes the GPU hang is told so.
[ "$work" != hang ] || sed '/^#/d' "$here/hang.allow" >>"$folder/allow"
required | tr ' ' '\n' | sort -u >"$folder/required"
# Serial lines end in a carriage return as well.
tr -d '\r' <"$folder/results" >"$folder/results.lines"
tr -d '\r' <"$folder/console" >"$folder/console.lines"

awk -v loads="$([ "$work" = 'test' ] && echo 2 || echo 1)" '
function check(name, holds, why) {
	if (holds) {
		passed++
	} else {
		failed++
		print "FAIL: " name ": " why
	}
}
# What is wrong wherever it stands, whatever the level: at most three of a kind are shown.
function bad(line) {
	if (line ~ /\*ERROR\*|WARNING: |Call Trace:|BUG: |Oops|general protection|RIP: / ||
	    line ~ /Kernel panic|GPU HANG|[Ww]edged|soft lockup|blocked for more than|rcu:.*stall/)
		return 1
	return 0
}
function allowed(line, i) {
	for (i = 1; i <= n_allow; i++)
		if (line ~ allow[i])
			return 1
	return 0
}
FILENAME ~ /\/allow$/ { allow[++n_allow] = $0; next }
FILENAME ~ /\/required$/ { required[$1] = 1; next }
FILENAME ~ /\/status$/ { status[$1] = $2; next }
FILENAME ~ /\/console.lines$/ {
	if (bad($0) && !allowed($0) && n_console++ < 3)
		print "FAIL: console: " $0
	next
}
/^PASS / { pass[$2]++; next }
/^FAIL / {
	name = $2
	sub(/:$/, "", name)
	sub(/^FAIL [^ ]* /, "")
	check(name, 0, $0)
	told[name] = 1
	next
}
/^END$/ { end = 1; next }
/^INFO time .* ratio [0-9.]+$/ {
	# In order as they come.
	for (i = ++n_ratio; i > 1 && ratio[i - 1] > $NF; i--)
		ratio[i] = ratio[i - 1]
	ratio[i] = $NF + 0
	next
}
/^LOG / {
	line = substr($0, 5)
	match(line, /^<[0-9]+>/)
	level = substr(line, 2, RLENGTH - 2) % 8
	line = substr(line, RLENGTH + 1)
	n_log++
	if (line ~ /Virtual GPU for Intel GVT-g detected/) detected++
	if (line ~ /VGT balloon(ing)? success/) ballooned++
	ours = line ~ /i915|\[drm|drm:|drm_/
	if ((bad(line) || (ours && level <= 4)) && !allowed(line) && n_lines++ < 20)
		print "FAIL: dmesg: " line
}
END {
	for (name in required) {
		if (!(name in told))
			check(name, pass[name] > 0, "was not reached")
	}
	check("qemu", status["qemu"] == "0", "ended with " status["qemu"] " instead of by itself")
	check("serve", status["serve"] == "0", "mptctl serve ended with " status["serve"])
	check("end", end, "the guest did not come to its end")
	check("log", n_log > 50, "no log of the kernel")
	check("detected", detected >= loads, "GVT-g detected " detected + 0 " of " loads " times")
	check("ballooned", ballooned >= loads, "ballooned " ballooned + 0 " of " loads " times")
	n = int((n_ratio + 1) / 2)
	median = n ? (ratio[n] + ratio[n_ratio + 1 - n]) / 2 : 0
	if (n)
		printf "INFO ratio: a batch takes %.1f register reads%s\n", median,
			(median > 30 ? ", more than 30" : "")
	if (loads == 2)
		check("ratio", n_ratio == 4, "times of " n_ratio + 0 " engines, not of 4")
	# Their lines have been shown.
	if (n_lines) failed++; else passed++
	if (n_console) failed++; else passed++
	printf "%d passed, %d failed, 0 skipped\n", passed, failed
	exit failed > 0
}' "$folder/allow" "$folder/required" "$folder/status" "$folder/console.lines" \
	"$folder/results.lines"
status=$?
rm -f "$folder/allow" "$folder/required" "$folder/results.lines" "$folder/console.lines"
exit $status
