# SPDX-License-Identifier: MIT
# user-mode-linux: a kernel as a process. Debian's has no headers package: they are made from the
# source that it was built from, once, and kept. Sourced by check.sh, as debian.sh is.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the caller sets them

# Only what preparing and building a module needs of the tree.
unpack_source() # DEB FOLDER
{
	name=linux-source-${abi%.*}
	dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$name.tar.xz" | xz -dc |
		tar -x -C "$2" --strip-components=1 --wildcards '*/Kconfig*' '*/Makefile*' \
			'*/Kbuild*' "$name/include" "$name/scripts" "$name/arch/um" "$name/arch/x86" \
			"$name/tools/include" "$name/kernel/bounds.c" \
			"$name/security/selinux/include" "$name/kernel/time/timeconst.bc"
}

prepare_source()
{
	linux.uml --showconfig >"$root/.config" &&
		make -C "$root" ARCH=um CC="${KERNEL_CC:-gcc}" -j"$jobs" olddefconfig modules_prepare
}

# The version that runs is that of the source, or a module would be refused.
unpack_uml()
{
	why='no user-mode-linux on this machine'
	command -v linux.uml >/dev/null || return 1
	abi=$(linux.uml --version)
	root=$cache/uml-$abi
	[ ! -e "$root/complete" ] || return 0
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
	why=$(got "$suite" "linux-source-${abi%.*}") || return 1
	deb=$why
	case ${deb##*/} in
	*_"$abi"-*) ;;
	*) why="user-mode-linux is $abi, the source ${deb##*/}"; return 1 ;;
	esac
	why='headers for user-mode-linux cannot be made'
	rm -rf "$root"
	mkdir "$root" && unpack_source "$deb" "$root" || return 1
	if ! prepare_source >"$work/uml-prepare.log" 2>&1; then
		tail -n 20 "$work/uml-prepare.log"
		return 1
	fi
	: >"$root/complete"
}

# No list of the kernel's symbols is there to compare with: loading does.
build_uml()
{
	sh "$here/../../kernel/build.sh" "$root" "$work/uml" ARCH=um CC="${KERNEL_CC:-gcc}" \
		KBUILD_MODPOST_WARN=1 -j"$jobs" >"$work/uml.log" 2>&1
}

# Its exit status says nothing.
boot_uml()
{
	TMPDIR=$work timeout 600 linux.uml mem=1536M initrd="$work/uml.gz" con=null con0=fd:0,fd:1 \
		panic=-1 quiet loglevel=7 printk.devkmsg=on </dev/null 2>&1
}
