#!/bin/bash
# SPDX-License-Identifier: MIT
# The guest tests that are more than one boot and its gate (check.sh calls this): the accesses of a
# probe, a picture.
#
#   more.sh NAME=VALUE...   kernel, mptctl, cache, program and OUT as boot.sh has them
#
# Prints result lines in the manner of check.sh, then `N passed, N failed, N skipped`.
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
kernel=6.12 mptctl=mptctl cache='' program='' OUT=''
for word; do
	case $word in
	kernel=* | mptctl=* | cache=* | program=* | OUT=*)
		printf -v "${word%%=*}" %s "${word#*=}"
		;;
	*) echo "more.sh: unknown option '$word'" >&2; exit 2 ;;
	esac
done
: "${OUT:?} ${cache:?} ${program:?}"
passed=0 failed=0 skipped=0
common=(kernel="$kernel" mptctl="$mptctl" cache="$cache" program="$program")

# part NAME COMMAND...: a command with a closing line; what it prints goes to a file.
part()
{
	local name=$1 p f verdict=PASS
	shift
	SECONDS=0
	"$@" >"$OUT/$name.gate" 2>&1
	read -r p f < <(awk '/^[0-9]+ passed, [0-9]+ failed, 0 skipped$/ { p += $1; f += $3; n++ }
		END { print p + 0, n ? f + 0 : 1 }' "$OUT/$name.gate")
	[ "$f" -eq 0 ] || verdict=FAIL
	passed=$((passed + p)) failed=$((failed + f))
	echo "$verdict: guest $kernel $name ($p passed, $f failed, 0 skipped; $SECONDS s)"
	grep '^INFO ' "$OUT/$name.gate"
	[ "$f" -eq 0 ] || { grep '^FAIL: ' "$OUT/$name.gate"; echo "logs: $OUT/$name"; }
}

# --- the parts ---

boot()
{
	local name=$1
	shift
	rm -f "$OUT/$name/record"
	bash "$here/boot.sh" "${common[@]}" OUT="$OUT/$name" "$@"
}

# The probe of a vGPU that nothing is connected to, against the recorded one, and its replay.
probe()
{
	boot probe guest=boot serve="--record $OUT/probe/record"
	sh "$here/probe.sh" "$OUT/probe/record" "$here/../data/i915-$kernel-skl-probe.mmiotrace"
	if "$mptctl" run --trace "$OUT/probe/record" >"$OUT/probe/replay" 2>&1 &&
		grep -q 'healthy: ' "$OUT/probe/replay"; then
		echo "1 passed, 0 failed, 0 skipped"
	else
		echo "FAIL: replay: $(tail -n 1 "$OUT/probe/replay")"
		echo "0 passed, 1 failed, 0 skipped"
	fi
}

# What the guest has drawn, pixel by pixel.
show()
{
	local size
	rm -f "$OUT/show/shot.png"
	boot show guest=show append=drm_kms_helper.fbdev_emulation=0 \
		serve="--monitor --screenshot $OUT/show/shot.png"
	read -r _ _ size < <(tr -d '\r' <"$OUT/show/results" | grep '^INFO shown ')
	# shellcheck disable=SC2086 # two numbers
	if "$OUT/shot" "$OUT/show/shot.png" ${size:-0 0} >"$OUT/show/shot"; then
		echo "INFO show: $(cat "$OUT/show/shot")"
		echo "1 passed, 0 failed, 0 skipped"
	else
		echo "FAIL: screenshot: $(head -n 1 "$OUT/show/shot")"
		echo "0 passed, 1 failed, 0 skipped"
	fi
}

mkdir -p "$OUT"/{probe,show}
part probe probe
if ${GUEST_CC:-gcc} -std=gnu11 -O2 -Wall -Wextra "$here/shot.c" -o "$OUT/shot" -lpng \
	2>"$OUT/show/cc"; then
	part show show
else
	skipped=$((skipped + 1))
	echo "SKIP: guest $kernel show: no libpng to look at a picture with"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
