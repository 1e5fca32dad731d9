#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
# Builds the contract as kernel modules (libmpt.ko, mpt_selftest.ko) out of a copy of the sources.
#
#   build.sh KERNEL FOLDER [MAKE-ARGUMENT]...
#
# KERNEL is a kernel's build folder, such as /lib/modules/VERSION/build. FOLDER is made, or its
# contents are replaced; the modules are left there. What the modules are made of is in Kbuild.
set -eu

if [ $# -lt 2 ]; then
	sed -n 's/^#   \(build.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
fi
top=$(cd "$(dirname "$0")/.." && pwd)
kernel=$1
mkdir -p "$2"
work=$(cd "$2" && pwd)
shift 2

uthash=$(printf '#include <uthash.h>\n' | ${CC:-gcc} -E - | sed -n 's/^# [0-9]* "\(.*\/uthash\.h\)".*/\1/p' |
	head -n 1)
[ -r "$uthash" ] || { echo "build.sh: no uthash.h (on Debian: apt-get install uthash-dev)" >&2; exit 1; }

# Kbuild writes beside the sources, which may be read-only.
for folder in include libmpt backends kernel conformance; do
	mkdir -p "$work/$folder"
	(cd "$top/$folder" && tar -cf - .) | tar -C "$work/$folder" -xf -
done
chmod -R u+w "$work"
cp "$work/kernel/Kbuild" "$work/Kbuild"
cp "$uthash" "$work/kernel/include/"
echo 'MPT_BUILTIN(mock)' >"$work/backends/builtin.inc"
make -C "$kernel" M="$work" "$@" modules
