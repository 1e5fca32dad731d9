# SPDX-License-Identifier: MIT
# Sourced by what makes an initramfs: the modules of an unpacked kernel package, each after all that
# it needs. A package has no modules.dep, but each module names what it needs.
# shellcheck shell=sh

# The names of what module() has put into the folder, in the order in which they are loaded.
order='' modules_seen=''

# module ROOT BUSYBOX FOLDER NAME: puts it there as NAME.ko, unpacked. A kernel has `-` in some file
# names where the name has `_`; what is built in has no file.
module()
{
	case " $modules_seen " in *" $4 "*) return ;; esac
	modules_seen="$modules_seen $4"
	module_file=$(find "$1" -name "$(echo "$4" | sed 's/[-_]/[-_]/g').ko*" | head -n 1)
	[ -n "$module_file" ] || return 0
	case $module_file in
	*.xz) "$2" unxz -c "$module_file" ;;
	*) cat "$module_file" ;;
	esac >"$3/$4.ko"
	for needed in $(tr '\0' '\n' <"$3/$4.ko" | sed -n 's/^depends=//p' | tr , ' '); do
		module "$1" "$2" "$3" "$needed"
	done
	# Those that it needs are there already: the positional parameters are this call's own.
	order="$order${order:+ }$4"
}
