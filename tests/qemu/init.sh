#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The guest's process 1: loads the stock i915, has guest.c work on it, takes it out and in again,
# and powers off. The kernel's log goes to the first serial port, results to the second: lines
# `PASS NAME`, `FAIL NAME: WHY`, `INFO ...`, and `LOG <level>...`, the kernel's log once more.
#
# Words of the kernel's command line: MODULE.NAME=VALUE is given to the module when it is loaded,
# guest=WORK says what to do: test (default), boot (no unloading), loop (batches for loop=SECONDS),
# hang (batches that never end), show (a picture on the monitor), sh (on the first port).
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
exec </dev/null >/dev/ttyS1 2>&1
# 115200 baud are as fast as any in QEMU, but the line discipline must not change what is written.
stty -F /dev/ttyS1 raw 115200

card=/sys/class/drm/card0
read -r words </proc/cmdline
work='test'
for word in $words; do
	case $word in
	guest=*) work=${word#guest=} ;;
	loop=*) seconds=${word#loop=} ;;
	esac
done

# arguments MODULE
arguments()
{
	for word in $words; do
		case $word in
		"$1".*) echo "${word#"$1".}" ;;
		esac
	done
}

# result STATUS NAME [WHY]
result()
{
	if [ "$1" -eq 0 ]; then
		echo "PASS $2"
	else
		echo "FAIL $2: ${3:-exit status $1}"
	fi
}

# load TIME: the modules, i915 last. insmod says 0 even if i915 then gave the device up.
load()
{
	while read -r module; do
		[ ! -d "/sys/module/$(echo "$module" | tr - _)" ] || continue
		# shellcheck disable=SC2046 # a list
		insmod "/modules/$module.ko" $(arguments "$module") ||
			{ result 1 "load-$1" "insmod $module"; return 1; }
	done </modules/order
	wait_for /dev/dri/card0 || { result 1 "load-$1" "no /dev/dri/card0"; return 1; }
	result 0 "load-$1"
}

wait_for()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -e "$1" ] || return 0
		sleep 0.3
	done
	return 1
}

interrupts()
{
	awk '/i915/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i }
		END { print n + 0 }' /proc/interrupts
}

# Does the kernel think that the GPU is dead?
wedged()
{
	file=$(find /sys/kernel/debug/dri -name i915_wedged | head -n 1)
	[ -n "$file" ] || { result 1 "wedged-$1" "no i915_wedged in debugfs"; return; }
	state=$(cat "$file")
	[ "$state" = 0 ]
	result $? "wedged-$1" "i915_wedged says $state"
}

# Nothing was captured yet, or what was is let go of.
no_error_state()
{
	[ ! -e $card/error ] || {
		state=$(head -n 1 $card/error)
		[ "$state" = "No error state collected" ]
		result $? "error-state-$1" "$state"
	}
}

work_on()
{
	before=$(interrupts)
	guest batches "$1"
	after=$(interrupts)
	[ "$after" -gt "$before" ]
	result $? "interrupts-$1" "$before before the batches, $after after them"
	echo "INFO interrupts $1: $before before, $after after"
	wedged "$1"
	no_error_state "$1"
}

# i915 looks often, so that it finds out soon.
hang()
{
	for engine in "$card"/engine/*; do
		echo 100 >"$engine/heartbeat_interval_ms"
		echo 100 >"$engine/preempt_timeout_ms"
	done
	guest hang-found
	captured found
	guest hang-told
	captured told
}

# captured NAME: an error state that names the engine and the batch.
captured()
{
	cat $card/error >/tmp/error
	grep -q '^rcs0 command stream:' /tmp/error && grep -Eq '^rcs0 --- batch = ' /tmp/error
	result $? "captured-$1" "$(head -n 1 /tmp/error)"
	echo "INFO captured $1: $(wc -l </tmp/error) lines"
	echo >$card/error
}

# The console of the kernel lets go of the frame buffer first.
unload()
{
	for console in /sys/class/vtconsole/vtcon*; do
		! grep -q 'frame buffer' "$console/name" || echo 0 >"$console/bind"
	done
	why=$(rmmod i915 2>&1)
	result $? unload "$why"
	[ ! -d /sys/module/i915 ]
	result $? unloaded "i915 is still there"
	[ ! -d /sys/module/i915 ]
}

# run: everything; what cannot follow a failure is left out.
run()
{
	load first || return
	guest about
	case $work in
	loop) guest loop "${seconds:-10}" ;;
	hang) hang ;;
	show) guest show ;;
	esac
	work_on first
	[ "$work" = 'test' ] || return
	guest time
	unload || return
	load again && work_on again
}

echo "INFO kernel $(uname -r), $(nproc) processors, i915 $(arguments i915)"
[ "$work" != sh ] || exec setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'
run
dmesg -r | sed 's/^/LOG /'
echo "END"
# The serial port's last bytes are on their way.
sleep 0.3
poweroff -f
