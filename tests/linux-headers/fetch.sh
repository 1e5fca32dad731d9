#!/bin/sh
# SPDX-License-Identifier: MIT
# Downloads one Debian package of another suite by name: no root, the machine's packages and apt
# state untouched. What is then done with the package is not here.
#
#   fetch.sh SUITE PACKAGE FOLDER
#
# The mirror is the one that apt's configuration on this machine names; the suite's main archive is
# tried first, then its security archive, then the place where a mirror keeps retired suites.
# Prints the path of the package in FOLDER, which is reused when it is there. Exit status 77: it
# cannot be had, and the printed line says why.
set -eu
export LC_ALL=C
. "$(dirname "$0")/../lib/apt.sh"

if [ $# -ne 3 ]; then
	echo "usage: fetch.sh SUITE PACKAGE FOLDER" >&2
	exit 2
fi
suite=$1
package=$2
mkdir -p "$3"
folder=$(cd "$3" && pwd)

unavailable()
{
	printf '%s\n' "$1"
	exit 77
}

# The package in a folder, if it is there: a name holds no blank, a version neither.
package_in()
{
	find "$1" -maxdepth 1 -name "${package}_*.deb" | LC_ALL=C sort | tail -n 1
}

deb=$(package_in "$folder")
if [ -n "$deb" ]; then
	printf '%s\n' "$deb"
	exit 0
fi

command -v apt-get >/dev/null 2>&1 ||
	unavailable "no apt-get on this machine to fetch $package with"

work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

archives=$(apt_archives)
security=$(apt_sources | sed -nE "s/ $apt_codename(-security|\/updates)\$//p" | uniq)
[ -n "$archives$security" ] ||
	unavailable "apt's configuration on this machine names no Debian mirror"
apt_private "$work"
mkdir -p "$work/deb"

# try URI SUITE: download the newest version that this archive has.
try()
{
	apt_source "$1" "$2" >"$work/sources.list"
	echo "fetch: $package from $1 $2" >&2
	apt-get -c "$work/apt.conf" -q update >>"$work/log" 2>&1 || return 1
	(cd "$work/deb" && apt-get -c "$work/apt.conf" -q download "$package") >>"$work/log" 2>&1 ||
		return 1
	deb=$(package_in "$work/deb")
	[ -n "$deb" ] || return 1
	mv "$deb" "$folder/"
	printf '%s\n' "$folder/${deb##*/}"
	exit 0
}

: >"$work/log"
for uri in $archives; do
	try "$uri" "$suite" || :
done
for uri in $security; do
	try "$uri" "$suite-security" || :
done
for uri in $archives; do
	try "${uri%debian/}debian-archive/debian/" "$suite" || :
done
why=$(grep -E '^(E|W): ' "$work/log" | head -n 1)
unavailable "$package of $suite is not to be had from apt's mirror: ${why:-see above}"
