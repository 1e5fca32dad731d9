# SPDX-License-Identifier: MIT
# Debian's kernels: their packages in a cache folder, the modules built against one, one booted in
# QEMU. Sourced by check.sh, whose variables it uses: cache, fetch, here, jobs, work, target.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the caller sets them

# got SUITE PACKAGE: its file, fetched if it is not there. Elsewhere the line says why.
got()
{
	sh "$fetch" "$1" "$2" "$cache/debs-$1" 2>/dev/null
}

# depends DEB PATTERN: the first package that it depends on whose name matches.
depends()
{
	dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep -E "$2" | head -n 1
}

# The uncompressed kernel in a bzImage, which QEMU starts at once: each place that looks like the
# begin of a compressed stream is tried. Where none is one, the image boots as it is.
uncompressed() # VMLINUZ OUTPUT
{
	for try in '\xfd7zXZ\x00:xz -dc' '\x28\xb5\x2f\xfd:zstd -dcq' '\x1f\x8b\x08:gzip -dc'; do
		command -v "$(echo "${try##*:}" | cut -d' ' -f1)" >/dev/null || continue
		# shellcheck disable=SC2013 # numbers
		for at in $(grep -abobP "${try%%:*}" "$1" | cut -d: -f1); do
			tail -c +$((at + 1)) "$1" | ${try##*:} >"$2" 2>/dev/null
			[ "$(head -c 4 "$2" | od -An -c | tr -d ' ')" != '177ELF' ] || return 0
		done
	done
	cp "$1" "$2"
}

# module FOLDER NAME: the file of a module, in whose name '-' and '_' are one.
module()
{
	find "$1/lib/modules" -name "$(echo "$2" | sed 's/[-_]/[-_]/g').ko" | head -n 1
}

# order FOLDER NAME: the files of a module and of what it depends on, in order of loading.
order()
{
	file=$(module "$1" "$2")
	[ -n "$file" ] || return 1
	for need in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr ',' ' '); do
		(order "$1" "$need") || return 1
	done
	echo "$file"
}

# Where i915 takes a hypervisor's table, it and what it needs are unpacked, too.
unpack_i915() # IMAGE
{
	grep -qsw intel_gvt_register_hypervisor "$root/usr/src/linux-headers-$abi/Module.symvers" ||
		return 0
	dpkg-deb --fsys-tarfile "$1" | tar -x -C "$root" --wildcards '*/kernel/drivers/acpi' \
		'*/kernel/drivers/gpu' '*/kernel/drivers/i2c' '*/kernel/drivers/media' &&
		order "$root" i915 | awk '!seen[$0]++' >"$root/i915"
}

unpack_all() # DEB...
{
	rm -rf "$root"
	mkdir "$root" || return 1
	for deb; do
		case ${deb##*/} in
		linux-image-*)
			dpkg-deb --fsys-tarfile "$deb" |
				tar -x -C "$root" "./boot/vmlinuz-$abi" || return 1
			uncompressed "$root/boot/vmlinuz-$abi" "$root/vmlinux"
			unpack_i915 "$deb" || return 1
			;;
		*) dpkg-deb -x "$deb" "$root" || return 1 ;;
		esac
	done
	: >"$root/complete"
}

# Everything of one kernel in one folder, where its makefiles then look. A failure leaves in $why
# the reason.
unpack() # SUITE
{
	why=$(got "$1" linux-headers-amd64) || return 1
	abi=$(depends "$why" '^linux-headers-')
	abi=${abi#linux-headers-}
	root=$cache/$1-$abi
	if [ ! -e "$root/complete" ]; then
		why=$(got "$1" "linux-headers-$abi") || return 1
		headers=$why
		why=$(got "$1" "$(depends "$headers" '^linux-headers-.*-common$')") || return 1
		common=$why
		why=$(got "$1" "$(depends "$headers" '^linux-kbuild-')") || return 1
		kbuild=$why
		why=$(got "$1" "linux-image-$abi") || return 1
		image=$why
		why='a package of its kernel cannot be unpacked'
		unpack_all "$headers" "$common" "$kbuild" "$image" || return 1
	fi
	sed -i "s,[^ ]*/usr/src,$root/usr/src," "$root/usr/src/linux-headers-$abi/Makefile"
}

# Types for a kernel's own debugger would be made with a tool that nobody else here needs.
build_debian()
{
	sh "$here/../../kernel/build.sh" "$root/usr/src/linux-headers-$abi" "$work/$target" \
		CC="${KERNEL_CC:-gcc}" CONFIG_DEBUG_INFO_BTF_MODULES= -j"$jobs" >"$work/$target.log" 2>&1
}

boot_qemu()
{
	timeout 600 qemu-system-x86_64 -accel tcg -m 1536 -smp 2 -display none -vga none \
		-serial stdio -no-reboot -kernel "$root/vmlinux" -initrd "$work/$target.gz" \
		-append "console=ttyS0 panic=-1 quiet loglevel=7 printk.devkmsg=on mitigations=off" \
		</dev/null 2>&1
}
