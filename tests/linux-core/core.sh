# SPDX-License-Identifier: MIT
# An unmodified Linux GVT core linked with libmpt and the kernel of compat/linux-gvt/. Sourced by
# what runs it, after tests/lib/linux.sh.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # the caller and linux.sh set and read them
#
# The caller sets here (this folder), top, ours (the compiler of what sees no kernel header), libtool
# and build_dir (where libmpt.la is).
kernel=$top/compat/linux-gvt

# Our functions are called by the kernel's objects: those keep the stack aligned as ours expect it.
kcflags=-mpreferred-stack-boundary=4
# The kernel's own, unchanged as the core.
borrowed='drivers/gpu/drm/drm_mm.o lib/crc32.o lib/find_bit.o lib/idr.o lib/radix-tree.o
	lib/rbtree.o lib/xarray.o'

# One processor, nothing that patches itself at boot; pages of struct page where they are put.
configuration()
{
	printf 'CONFIG_%s\n' 64BIT=y PM=y PRINTK=y MODULES=y PCI=y ACPI=y X86_5LEVEL=y \
		DEBUG_KERNEL=y EXPERT=y BUG=y DEBUG_BUGVERBOSE=y UNWINDER_GUESS=y \
		DRM=m DRM_I915=m DRM_I915_GVT=y
}

# The borrowed objects are made without the options of the core's; some are a module's.
borrow()
{
	# shellcheck disable=SC2086 # a list of names
	kmake $borrowed
}

with_kernel_headers() # OUTPUT SOURCE OPTION...
{
	output=$1
	file=$2
	shift 2
	kcc "$header" -Wall -Werror -iquote "$kernel" -idirafter "$top/include" "$@" \
		-c -o "$output" "$file"
}

# Objects of ours, libc-NAME.o in the work folder, and no other ones.
with_libc() # OPTIMIZATION FILE...
{
	level=$1
	shift
	rm -f "$work"/libc-*.o
	for file in "$@"; do
		$ours -std=gnu11 "$level" -g -Wall -Wextra -Werror -fno-pie -iquote "$kernel" \
			-iquote "$top" -I"$top/include" -c \
			-o "$work/libc-$(basename "$file" .c).o" "$file" || return 1
	done
}

with_kernel()
{
	with_kernel_headers "$work/kernel.o" "$kernel/kernel.c" &&
		with_kernel_headers "$work/device.o" "$kernel/device.c" &&
		with_kernel_headers "$work/glue.o" "$kernel/glue.c"
}

# The kernel's objects are not position independent.
link_core() # PROGRAM GLUE OBJECT-OR-LIBRARY...
{
	program=$1
	glue=$2
	shift 2
	# shellcheck disable=SC2046,SC2086 # lists of names
	(cd "$build" && $libtool --silent --tag=CC --mode=link $ours -XCClinker -no-pie \
		-o "$program" "$glue" "$work/kernel.o" "$work/device.o" \
		$(core_files | sed 's/c$/o/') $borrowed "$@" "$build_dir/libmpt.la" -lpthread)
}

# Two cores in a program need a shared object for one of them, which the makefile makes.
can_compare()
{
	[ -e "$build_dir/tests/linux-core/.libs/libspeed.so" ]
}

# The same core beside ours, to be timed.
speed_program()
{
	with_libc -O2 "$kernel/libc.c" "$kernel/stubs.c" "$kernel/trap.c" "$here/speed.c" \
		"$here/speed_kernel.c" "$here/speed_linux.c" "$here/speed_print.c" \
		"$here/speed_rows.c" "$here/walk.c" "$here/wrong.c" &&
		link_core "$work/speed" "$work/glue.o" "$work"/libc-*.o \
			"$build_dir/tests/linux-core/libspeed.la"
}
