#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches what a guest needs (QEMU, kernels, busybox, IGT) as Debian packages of other suites into a
# cache folder, checked against packages.lock, and unpacks it there. No root, and the machine's own
# packages and apt state stay untouched; the mirror is the one that apt's configuration here names.
#
#   fetch.sh FOLDER [SET]...            FOLDER/SET is then complete, for all sets or those named
#   fetch.sh --update FOLDER [SET]...   writes packages.lock anew from the newest versions, too
#   fetch.sh --sets                     prints what sets there are
#
# A set that is complete is not looked at again until its lines in packages.lock change. A pinned
# version that the mirror no longer has (kernels move on with security updates) is replaced by the
# suite's newest, by the checksums of the signed index, with a NOTE. Exit status 77: something
# cannot be had; lines that begin with SKIP say what and why.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/apt.sh"
lock=$here/packages.lock

# SET SUITES HOW PACKAGE: `install` takes what the package depends on as well, `only` does not,
# `depends` takes the first that it depends on, as the kernel's meta-package has it.
sets()
{
	cat <<-'END'
		qemu trixie-backports,trixie install qemu-system-x86
		linux-6.1 bookworm depends linux-image-amd64
		linux-6.12 trixie depends linux-image-amd64
		busybox trixie only busybox-static
		uapi trixie only libdrm-dev
		igt forky install igt-gpu-tools-tests
		kmod forky only kmod
	END
}

usage()
{
	sed -n 's/^#   \(fetch.sh .*\)/\1/p' "$0" >&2
	exit 2
}

# about SET FIELD
about()
{
	sets | awk -v set="$1" -v field="$2" '$1 == set { print $field }'
}

# skip SET REASON
skip()
{
	echo "SKIP: guest: $(about "$1" 4) of $(about "$1" 2): $2"
	lacking=yes
}

sha256()
{
	sha256sum | cut -d' ' -f1
}

# What is pinned of a set: SET PACKAGE VERSION SIZE SHA256 PATH.
pinned()
{
	[ ! -r "$lock" ] || awk -v set="$1" '$1 == set' "$lock"
}

# --- the signed index, only where it is needed ---

# private SET: an apt of that set's suites, its lists up to date.
private()
{
	apt=$work/apt-$1
	[ ! -f "$apt/ready" ] || return 0
	apt_private "$apt"
	for mirror in $archives; do
		about "$1" 2 | tr , '\n' | while read -r suite; do
			apt_source "$mirror" "$suite"
		done >"$apt/sources.list"
		apt-get -c "$apt/apt.conf" -q update -o APT::Update::Error-Mode=any \
			>"$work/log" 2>&1 || continue
		: >"$apt/ready"
		return 0
	done
	return 1
}

# uris SET: apt's lines on what would be downloaded: 'URI' NAME SIZE SHA256:SUM
uris()
{
	package=$(about "$1" 4)
	case $(about "$1" 3) in
	install)
		apt-get -c "$apt/apt.conf" -qq --print-uris -t "$(about "$1" 2 | cut -d, -f1)" \
			install "$package"
		return
		;;
	depends)
		package=$(apt-cache -c "$apt/apt.conf" depends "$package" |
			sed -n 's/^ *Depends: //p' | head -n 1)
		;;
	esac
	apt-get -c "$apt/apt.conf" -qq --print-uris download "$package"
}

# newest SET: lines as in packages.lock.
newest()
{
	private "$1" || return 1
	uris "$1" 2>>"$work/log" | awk -v set="$1" -v archives="$archives" '
		function version(name) {
			sub(/^[^_]*_/, "", name); sub(/_[^_]*$/, "", name); gsub(/%3a/, ":", name)
			return name
		}
		BEGIN { n = split(archives, archive, " "); quote = sprintf("%c", 39) }
		NF == 4 && $4 ~ /^SHA256:/ {
			gsub(quote, "", $1)
			for (i = 1; i <= n; i++)
				if (index($1, archive[i]) == 1)
					$1 = substr($1, length(archive[i]) + 1)
			name = $2; sub(/_.*/, "", name)
			print set, name, version($2), $3, substr($4, 8), $1
		}' | sort >"$work/newest"
	[ -s "$work/newest" ] || return 1
	cat "$work/newest"
}

# --- packages ---

# download FILE: the packages that it lists, into debs; what is there already is checked.
download()
{
	while read -r _ _ _ _ sum path; do
		deb=$debs/${path##*/}
		! echo "$sum  $deb" | sha256sum -c --quiet - >/dev/null 2>&1 || continue
		rm -f "$deb"
		# A second mirror is asked only for what the first has not.
		for mirror in $archives; do
			/usr/lib/apt/apt-helper -c "$work/apt.conf" -q download-file \
				"$mirror$path" "$deb.part" "SHA256:$sum" >"$work/log" 2>&1 ||
				continue
			! echo "$sum  $deb.part" | sha256sum -c --quiet - >"$work/log" 2>&1 ||
				mv "$deb.part" "$deb"
			break
		done
		[ -f "$deb" ] || return 1
	done <"$1"
}

# Of a kernel only the image and what i915 can need: a fifth.
unpack_deb()
{
	case ${1##*/} in
	linux-image-*)
		dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards './boot/vmlinuz-*' \
			'*/kernel/drivers/acpi' '*/kernel/drivers/gpu' '*/kernel/drivers/i2c' \
			'*/kernel/drivers/media' '*/kernel/drivers/platform'
		;;
	*) dpkg-deb -x "$1" "$2" ;;
	esac
}

# unpack SET FILE WANTED
unpack()
{
	rm -rf "${cache:?}/$1" "$work/root"
	mkdir "$work/root"
	while read -r _ _ _ _ _ path; do
		unpack_deb "$debs/${path##*/}" "$work/root" || return 1
	done <"$2"
	cp "$2" "$work/root/packages"
	echo "$3" >"$work/root/stamp"
	mv "$work/root" "$cache/$1"
}

# fetch SET
fetch()
{
	wanted=$(pinned "$1" | sha256)
	! [ "$(cat "$cache/$1/stamp" 2>/dev/null)" = "$wanted" ] || { outdated "$1"; return; }
	[ -n "$archives" ] || {
		skip "$1" "apt's configuration on this machine names no Debian mirror"
		return
	}
	echo "fetch: $1 ($(about "$1" 4) of $(about "$1" 2))" >&2
	pinned "$1" >"$work/list"
	if [ ! -s "$work/list" ] || ! download "$work/list"; then
		if ! newest "$1" >"$work/list" || ! download "$work/list"; then
			skip "$1" "$(grep -E '^(E|W): ' "$work/log" | head -n 1 || :)"
			return
		fi
	fi
	unpack "$1" "$work/list" "$wanted" || { skip "$1" "a package cannot be unpacked"; return; }
	outdated "$1"
	while read -r _ _ _ _ _ path; do
		rm -f "$debs/${path##*/}"
	done <"$cache/$1/packages"
}

# outdated SET: says loudly what is not what packages.lock pins.
outdated()
{
	pinned "$1" >"$work/pinned"
	! cmp -s "$work/pinned" "$cache/$1/packages" || return 0
	awk -v set="$1" '!NF { next }
		FILENAME ~ /pinned$/ { old[$2] = $3 " " $5; next }
		!($2 in old) || old[$2] != $3 " " $5 {
			printf "NOTE: guest: %s: %s %s, not the pinned %s\n", set, $2, $3 " " $5,
				$2 in old ? old[$2] : "(nothing)"
		}' "$work/pinned" "$cache/$1/packages"
}

# repin SET...: packages.lock, the sets named from the newest of their suites.
repin()
{
	{
		sed -n '/^#/p' "$lock" 2>/dev/null
		for set in $(sets | cut -d' ' -f1); do
			case " $* " in
			*" $set "*) newest "$set" || { tail -n 3 "$work/log" >&2; exit 1; } ;;
			*) pinned "$set" ;;
			esac
		done
	} >"$work/lock"
	cat "$work/lock" >"$lock"
}

update=no
case ${1:-} in
--sets)
	sets | cut -d' ' -f1
	exit 0
	;;
--update)
	update=yes
	shift
	;;
-* | '') usage ;;
esac
mkdir -p "$1"
cache=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || eval "set -- $(sets | cut -d' ' -f1 | tr '\n' ' ')"
for set; do
	[ -n "$(about "$set" 1)" ] || { echo "fetch.sh: no set $set" >&2; exit 2; }
done

lacking=no
for tool in apt-get dpkg-deb flock sha256sum; do
	command -v $tool >/dev/null 2>&1 || { skip "$1" "no $tool on this machine"; exit 77; }
done
[ "$(dpkg --print-architecture)" = amd64 ] || { skip "$1" "this machine is no amd64"; exit 77; }
exec 9>"$cache/lock"
flock 9
rm -rf "$cache"/work.*
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
debs=$cache/debs
mkdir -p "$debs"
archives=$(apt_archives)
apt_private "$work"
: >"$work/log"
[ $update = no ] || repin "$@"
for set; do
	fetch "$set"
done
[ $lacking = no ] || exit 77
