# SPDX-License-Identifier: MIT
# kernel/linux510.h against the headers that the i915 of Linux 5.10 is built from: each member is at
# the same place and of the same type. Sourced by check.sh, as debian.sh is.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the caller sets them

gvt=drivers/gpu/drm/i915/gvt

# The source is what make check-linux-core keeps, of which two files stay here.
get_headers()
{
	root=$cache/linux-5.10-gvt
	[ ! -e "$root/complete" ] || return 0
	why=$(sh "$fetch" bullseye linux-source-5.10 "$cache/../linux-headers" 2>/dev/null) ||
		return 1
	deb=$why
	why="$deb cannot be unpacked"
	rm -rf "$root"
	mkdir "$root" && dpkg-deb --fsys-tarfile "$deb" |
		tar -xO ./usr/src/linux-source-5.10.tar.xz | xz -dc | tar -x -C "$root" \
			--strip-components=6 "linux-source-5.10/$gvt/hypercall.h" \
			"linux-source-5.10/$gvt/gvt.h" || return 1
	: >"$root/complete"
}

theirs() # FILE STRUCT
{
	sed -n "/^struct $2 {/,/^};/p" "$root/$1"
}

comparison() # FOLDER-OF-OURS
{
	cat <<-END
		#include <stdbool.h>
		#include <stddef.h>
		#include <stdint.h>
		typedef uint8_t u8;
		typedef uint16_t u16;
		typedef uint32_t u32;
		typedef uint64_t u64, dma_addr_t;
		#include "$1/linux510.h"
		$(sed -n '/^enum hypervisor_type/,/^};/p' "$root/hypercall.h")
		$(theirs hypercall.h intel_gvt_mpt)
		$(theirs gvt.h intel_gvt_ops)
		#define OF(x, member) __typeof__(((struct x *)0)->member)
		#define AS(a, b, member) \\
			_Static_assert(offsetof(struct a, member) == offsetof(struct b, member) && \\
				__builtin_types_compatible_p(OF(a, member), OF(b, member)), #member);
		#define MPT(ret, name, params) AS(intel_gvt_mpt, linux510_mpt, name)
		#define OPS(ret, name, params) AS(intel_gvt_ops, linux510_ops, name)
		LINUX510_MPT(MPT)
		LINUX510_OPS(OPS)
		_Static_assert(sizeof(struct intel_gvt_mpt) == sizeof(struct linux510_mpt), "size");
		_Static_assert(sizeof(struct intel_gvt_ops) == sizeof(struct linux510_ops), "size");
		_Static_assert(sizeof(enum hypervisor_type) == sizeof(int) &&
			INTEL_GVT_HYPERVISOR_XEN == LINUX510_XEN &&
			INTEL_GVT_HYPERVISOR_KVM == LINUX510_KVM, "type");
	END
}

agrees() # FOLDER-OF-OURS
{
	comparison "$1" | "${KERNEL_CC:-gcc}" -std=gnu11 -fsyntax-only -x c - 2>"$work/layout.log"
}

# spoiled NAME SED: what is changed so is seen.
spoiled()
{
	mkdir -p "$work/spoiled"
	sed "$2" "$top/kernel/linux510.h" >"$work/spoiled/linux510.h"
	! agrees "$work/spoiled" && grep -q 'static assertion failed' "$work/layout.log"
	result $? "linux510.h: $1 is seen"
}

layout()
{
	get_headers || { skip "linux510.h is compared with nothing: $why"; return; }
	agrees "$top/kernel"
	result $? "linux510.h: members, order and types are those of Linux 5.10"
	[ "$failed" -eq 0 ] || cat "$work/layout.log"
	spoiled 'a member that is missing' '/X(int, set_edid,/d'
	spoiled 'another order' 's/set_opregion/other/; s/get_vfio_device/set_opregion/
		s/other/get_vfio_device/'
	spoiled 'another type' 's/int port_num/long port_num/'
	spoiled 'a member of the core'\''s that is missing' '/X(int, vgpu_get_dmabuf/d'
}
