# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034
# Sourced by boot.sh and pair.sh: a server of vGPUs, and stock machines on its sockets. The caller
# has set $here, $cache, $program, $mptctl, and $sockets, a folder with a short path (a socket's has
# at most 108 bytes).

stop_all()
{
	local job
	for job in $(jobs -p); do
		kill -KILL "$job" 2>/dev/null
	done
	rm -rf "$sockets"
}

# serve_start OUTPUT [OPTION]...: sets $server; the first socket is there when this returns.
serve_start()
{
	local output=$1 i
	shift
	"$mptctl" serve --socket "$sockets/gpu" "$@" >"$output" 2>&1 &
	server=$!
	for ((i = 0; i < 100; i++)); do
		if [ -S "$sockets/gpu" ] || [ -S "$sockets/gpu.1" ]; then break; fi
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
}

# serve_stop FOLDER: its exit status goes there, into the file `status`.
serve_stop()
{
	local killer
	kill -TERM "$server" 2>/dev/null
	# What does not end by itself is told by its status.
	(sleep 10; kill -KILL "$server") 2>/dev/null &
	killer=$!
	wait "$server"
	echo "serve $?" >>"$1/status"
	kill "$killer" 2>/dev/null
}

# machine_start FOLDER SOCKET KERNEL WORDS: sets $machine. Only what it needs, nothing of the host's
# configuration. In the folder are then console (the kernel's), results (init.sh's), qemu (its
# output).
#   smp=1 posted=no memory=1G
# The kernel is not to look whether the timer works: on a busy machine it finds that it does not, and
# stops.
machine_start()
{
	local folder=$1 socket=$2 kernel=$3 words=$4 device initramfs=$sockets/initramfs-$3
	device='{"driver":"vfio-user-pci","addr":"02.0","socket":{"type":"unix","path":"'$socket'"}'
	[ "${posted:-no}" = yes ] || device+=',"x-no-posted-writes":true'
	device+='}'
	[ -e "$initramfs" ] ||
		sh "$here/initramfs.sh" "$cache" "linux-$kernel" "$initramfs" "$program" || exit 1
	"$here/qemu.sh" "$cache" -nodefaults -no-user-config -M q35,memory-backend=mem \
		-m "${memory:-1G}" \
		-object memory-backend-memfd,id=mem,size="${memory:-1G}",share=on \
		-accel tcg,thread=multi -cpu max -smp "${smp:-1}" \
		-display none -vga none -nic none -no-reboot \
		-serial "file:$folder/console" -serial "file:$folder/results" -device "$device" \
		-kernel "$(echo "$cache/linux-$kernel"/boot/vmlinuz-*)" -initrd "$initramfs" \
		-append "no_timer_check $words" >"$folder/qemu" 2>&1 &
	machine=$!
}

# machine_wait PID SECONDS FOLDER: until it ends, or is over; how it ended goes into `status`.
machine_wait()
{
	local status=timeout end=$((SECONDS + $2))
	while kill -0 "$1" 2>/dev/null && [ $SECONDS -lt $end ]; do
		sleep 0.2
	done
	if ! kill -0 "$1" 2>/dev/null; then
		wait "$1"
		status=$?
	fi
	echo "qemu $status" >"$3/status"
	[ $status != timeout ] || { kill -KILL "$1"; wait "$1" 2>/dev/null; }
}
