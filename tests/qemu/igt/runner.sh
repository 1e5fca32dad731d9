#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the guest: runs a list of IGT subtests one by one, each in a process of its own with a time
# limit, and says on the console
#	IGT-START <kernel> <lines>
#	IGT <kernel> <test@subtest> <pass|skip|fail|timeout|crash> <seconds>
#	IGT-LOG <test@subtest> out|dmesg|wedged: <text>
# the latter after a result that is no pass, and what the driver complained about after any; and
#	IGT-AGAIN <kernel> <test@subtest> timeout <seconds>
# before the result of a second try: a test that runs out of time is tried again, for many have
# limits of their own that a busy machine does not keep; and
#	IGT-DONE <lines run>
# Usage: runner.sh LIST; a line is test[@subtest[@dynamic]] [seconds allowed [nocapture]]
# With nocapture the driver keeps no record of a hung GPU: it copies that through the aperture, a
# message to the vGPU every 8 bytes, for longer than many a test that hangs the GPU waits for it.
tests=/usr/libexec/igt-gpu-tools
capture=/sys/kernel/debug/dri/0/i915_params/error_capture
error=/sys/class/drm/card0/error
wedged=/sys/kernel/debug/dri/0/i915_wedged
kernel=$(uname -r)
LIMIT=${LIMIT:-60}
export IGT_FORCE_DRIVER='' LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu
unset IGT_FORCE_DRIVER

# Hundredths of seconds since boot.
now()
{
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}"
}

say_log()
{
	sed "s|^|IGT-LOG $name $1: |"
}

# Complaints are what the driver or the kernel calls one; IGT's own marks are not.
complaints()
{
	grep -E '\*ERROR\*|WARNING:|BUG:|Call Trace|Oops|GPU HANG|wedged|hung_task|blocked for' |
		grep -v '\[IGT\]'
}

result_of()
{
	case $1 in
	0) echo pass ;;
	77) echo skip ;;
	124 | 137 | 143) echo timeout ;;
	98 | 99 | 78 | 79 | 112) echo fail ;;
	*) [ "$1" -gt 128 ] && echo crash || echo fail ;;
	esac
}

# A hang without a record leaves an error in its place; any write there takes it away.
keep_record()
{
	[ ! -w $capture ] || echo "${record:-Y}" >$capture
	[ ! -w $error ] || echo >$error
	keeps=$record
}

run_one()
{
	test=${name%%@*} sub='' dyn=''
	case $name in
	*@*@*) sub=${name#*@} dyn=${sub#*@} sub=${sub%%@*} ;;
	*@*) sub=${name#*@} ;;
	esac
	set --
	[ -z "$sub" ] || set -- --run-subtest "$sub"
	[ -z "$dyn" ] || set -- "$@" --dynamic-subtest "$dyn"
	[ "$record" = "$keeps" ] || keep_record
	dmesg -c >/dev/null
	began=$(now)
	# Some tests signal their whole process group: that is not to be ours, process 1's.
	setsid timeout -s KILL "$limit" "$tests/$test" "$@" >/tmp/out 2>&1 </dev/null
	status=$?
	took=$(($(now) - began))
	result=$(result_of $status)
}

report() # IGT|IGT-AGAIN
{
	dmesg -c >/tmp/dmesg
	printf '%s %s %s %s %d.%02d\n' "$1" "$kernel" "$name" "$result" $((took / 100)) $((took % 100))
	if [ "$result" != pass ]; then
		echo "exit status $status" | say_log out
		grep -v -e '-DEBUG: ' -e ': Stack trace:' -e '  #[0-9]* \[' /tmp/out |
			tail -n "${LINES_OUT:-25}" | say_log out
		[ "$result" = skip ] || tail -n "${LINES_DMESG:-40}" /tmp/dmesg | say_log dmesg
	else
		complaints </tmp/dmesg | head -n 10 | say_log dmesg
	fi
}

# A wedged GPU fails all that follows: say so, and ask the driver for a reset.
check_wedged()
{
	[ -r $wedged ] || return 0
	if state=$(cat $wedged 2>&1) && [ "$((state))" = 0 ]; then
		return 0
	fi
	echo "$state" | say_log wedged
	echo -1 >$wedged 2>/dev/null
}

# What a test that was killed left running would disturb the next.
end_strays()
{
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe") in
		$tests/*) pid=${exe#/proc/} && kill -9 "${pid%/exe}" ;;
		esac
	done
}

# The load of the driver is the first test's matter only if that is what it tests.
if ! head -n 1 "$1" | grep -q '^i915_module_load'; then
	modprobe i915
	dmesg -c | complaints | sed 's/^/IGT-LOG probe dmesg: /'
fi
total=$(wc -l <"$1")
echo "IGT-START $kernel $total"
lines=0 keeps=''
while read -r name limit record; do
	[ -n "$limit" ] || limit=$LIMIT
	[ "$record" != nocapture ] || record=N
	run_one
	if [ "$result" = timeout ]; then
		report IGT-AGAIN
		end_strays
		check_wedged
		run_one
	fi
	report IGT
	end_strays
	check_wedged
	lines=$((lines + 1))
done <"$1"
echo "IGT-DONE $lines"
