#!/bin/sh
# SPDX-License-Identifier: MIT
# What mptctl prints with --json has the keys that its manual page has, and no others. The page's
# parts are marked by comments: .\" JSON NAME.
. "$(dirname "$0")/lib/mptctl.sh"

need jq jq
case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	echo "SKIP: $me: configured with --disable-backend-mock"
	exit 77
	;;
esac
"$mptctl" backends --json >"$out" 2>"$err" || {
	echo "SKIP: $me: built without jansson"
	exit 77
}

# documented PART...: the keys that the page has in these parts.
documented()
{
	for part; do
		awk -v part="$part" '/^\.\\" JSON / { on = $3 == part } /^\.Sh/ { on = 0 }
			on && /^\.(It )?Va / { sub(/^\.(It )?Va /, ""); print }' "$man" |
			tr ' ' '\n' | grep '^[a-z]'
	done | sort -u
}

# keys STATUS PART[,PART]... ARGUMENT...: what is printed has the keys of the parts.
keys()
{
	expected=$1 parts=$2
	shift 2
	status "$expected" "$@"
	jq -r '[.. | objects | keys[]] | unique | .[]' "$out" >seen 2>jq.err ||
		fail "mptctl $*: not JSON: $(cat jq.err)"
	# shellcheck disable=SC2046  # a list
	documented $(echo "$parts" | tr ',' ' ') >in-man
	sort -o seen seen
	diff in-man seen || fail "mptctl $*: other keys than mptctl.1 has (< page, > printed)"
	ok "keys of mptctl $*"
}

# Between them two runs have all keys.
status 0 run --json --guest synthetic --backend mock
cp "$out" guest.json
status 0 run --json --trace "$probe"
jq -s 'add' guest.json "$out" >both.json
jq -r '[.. | objects | keys[]] | unique | .[]' both.json | sort >seen
# There is no ledger in a static-backend build.
[ -n "$MPT_STATIC_BACKEND" ] || set -- ledger
documented run vgpu "$@" >in-man
diff in-man seen || fail "mptctl run: other keys than mptctl.1 has (< page, > printed)"
jq -e '.[0].healthy == true and (.[0].guest | length) == 2 and .[1].accesses > 6000' both.json \
	>"$out" || fail "run: not the values"
ok "keys of mptctl run"
# The layer's counts are there when it is.
if [ -z "$MPT_STATIC_BACKEND" ]; then
	status 0 run --json --backend stats,mock
	jq -r '[.[].operations | .. | objects | keys[]] | unique | .[]' "$out" | sort >seen
	documented operations | grep -vx errno >in-man
	diff in-man seen || fail "mptctl run, stats: other keys than mptctl.1 has (< page, > printed)"
	jq -e '[.[0].operations[] | select(.operation == "attach_vgpu")] | length == 1 and
		.[0].calls == 1 and .[0].timed == 1 and (.[0].durations | length) == 1' "$out" \
		>/dev/null || fail "run, stats: not the values"
	status 1 run --json --backend stats,fault=dma_map_guest_page:1,mock --guest synthetic
	jq -e '[.[0].operations[] | select(.operation == "dma_map_guest_page")][0].errnos[0].calls == 1' \
		"$out" >/dev/null || fail "run, stats: no errno"
	ok "keys of mptctl run with a layer stats"
fi
keys 0 backends backends --json
jq -e '[.backends[] | select(.name == "mock")][0] | .probe == "usable" and .why == "" and
	(.options | length) > 10' "$out" >/dev/null || fail "backends: not the values"
keys 0 types types --json
jq -e '.[0].name == "GVTg_V5_8" and .[0].low_size == 67108864 and (map(.available) | min) > 0' \
	"$out" >/dev/null || fail "types: not the values"

status 0 conformance --list --json
listed='area clause known_bugs needs not_with text title'
[ "$(jq -r '.[0] | keys | join(" ")' "$out")" = "$listed" ] ||
	fail "conformance --list: other keys than mptctl.1 has"
ok "keys of mptctl conformance --list"
if [ -z "$MPT_STATIC_BACKEND" ]; then
	status 0 conformance --list --json mock --clause ERR-3
	[ "$(jq -c '[.[] | .clause, .applies]' "$out")" = '["ERR-3",true]' ] ||
		fail "--list: not the values"
	keys 0 conformance conformance mock --clause REG-4 --clause ERR-5 --json
	jq -e '.passed == 1 and .failed == 0 and .not_applicable == 1 and
		(.clauses[1] | .outcome == "not applicable" and .lacks == ["layer fault"])' \
		"$out" >/dev/null ||
		fail "conformance: not the values"
fi

status 0 state save saved --type 8 --json
jq -r '[.. | objects | keys[]] | unique | .[]' "$out" | sort >seen
documented state vgpu "$@" >in-man
diff in-man seen || fail "mptctl state save: other keys than mptctl.1 has (< page, > printed)"
jq -e '.healthy and .size > 8000 and (.hash | test("^0x[0-9a-f]{16}$"))' "$out" >/dev/null ||
	fail "state save: not the values"
status 0 state restore saved --json
jq -r '[.. | objects | keys[]] | unique | .[]' "$out" | sort >seen
diff in-man seen || fail "mptctl state restore: other keys than mptctl.1 has (< page, > printed)"
ok "keys of mptctl state save and restore"
keys 0 show state show saved --json

# Of a small trace that every build can read, and one with the mock may replay.
corpus=$srcdir/fuzz/corpus/trace_replay/all
keys 0 trace-stat trace stat "$corpus" --json
status 0 trace show "$corpus" --json
jq -rs '[.. | objects | keys[]] | unique | .[]' "$out" | sort >seen
documented trace-show >in-man
diff in-man seen || fail "mptctl trace show: other keys than mptctl.1 has (< page, > printed)"
ok "keys of mptctl trace show"
[ -n "$MPT_STATIC_BACKEND" ] || keys 0 trace-replay trace replay "$corpus" --json

server=
trap '[ -z "$server" ] || kill $server 2>/dev/null || :; rm -rf "$scratch"' EXIT
# wait_for TEST...: until it holds, or the server is gone, or it is hopeless.
wait_for()
{
	n=0
	while ! "$@" && kill -0 $server 2>/dev/null && [ $n -lt 200 ]; do
		sleep 0.05
		n=$((n + 1))
	done
}

# A server is asked to end once it is there.
case "$MPT_STATIC_BACKEND $MPT_BACKENDS " in
' '*' vfio-user '*)
	"$mptctl" serve --socket socket --json >"$out" 2>"$err" &
	server=$!
	wait_for test -S socket
	kill -TERM $server
	got=0
	wait $server || got=$?
	[ $got -eq 0 ] || fail "serve: exit status $got: $(cat "$err")"
	jq -r '[.. | objects | keys[]] | unique | .[]' "$out" | sort >seen
	documented serve vgpu ledger >in-man
	diff in-man seen || fail "mptctl serve: other keys than mptctl.1 has (< page, > printed)"
	says "$err" 'waiting for QEMU'
	ok "keys of mptctl serve"
	;;
esac

# So is a mount, once a vGPU has gone through its trace.
mkdir mount
if [ -n "$MPT_STATIC_BACKEND" ]; then
	:
elif [ -w /dev/fuse ] && "$mptctl" help sysfs | grep -q MOUNTPOINT; then
	"$mptctl" sysfs mount --trace "$probe" --json >"$out" 2>"$err" &
	server=$!
	wait_for grep -q READY "$err"
	if grep -q READY "$err"; then
		echo 1,64,128,4 >mount/control/create_gvt_instance || fail "sysfs: $(cat "$err")"
		kill -TERM $server
		wait $server || fail "sysfs: exit status $?: $(cat "$err")"
		jq -r '[.. | objects | keys[]] | unique | .[]' "$out" | sort >seen
		documented sysfs vgpu ledger >in-man
		diff in-man seen || fail "mptctl sysfs: other keys than mptctl.1 has (< page, > printed)"
		ok "keys of mptctl sysfs"
	else
		wait $server || :
		skip "keys of mptctl sysfs: $(cat "$err")"
	fi
else
	skip "keys of mptctl sysfs: no /dev/fuse"
fi
finish
