#!/bin/sh
# SPDX-License-Identifier: MIT
# mptctl sysfs as a user has it, installed: what a shell sees of a mount, its beginning and its ends,
# and that gvt-sysfs(5) lists what is there. What one write or read answers is test_sysfs_mount.c's.
. "$(dirname "$0")/lib/mptctl.sh"

page=$srcdir/doc/man/gvt-sysfs.5
mnt=$scratch/mnt
mkdir "$mnt"
# What should be refused and is not would serve for ever.
server=$mptctl
printf '#!/bin/sh\nexec timeout -k 5 60 "%s" "$@"\n' "$server" >bounded
chmod +x bounded
mptctl=$scratch/bounded

# --- what needs no mount ---

refused sysfs -- 'MOUNTPOINT is needed'
if "$mptctl" sysfs "$mnt" --vm-mem 0x400001 2>&1 | grep -q 'built without libfuse'; then
	refused sysfs "$mnt" -- 'built without libfuse: no mount (install libfuse3-dev'
	skip "the mount: built without libfuse"
	finish
	exit 0
fi
case " $MPT_BACKENDS " in
*' mock '*) ;;
*)
	skip "the mount: configured with --disable-backend-mock"
	finish
	exit 0
	;;
esac
refused sysfs "$mnt" --vm-mem 1000K -- '--vm-mem is a size from 1M to 1T'
refused sysfs "$mnt" --vm-mem 0x400001 -- '4194305 bytes are not whole pages'
refused sysfs "$mnt" --aperture 64M -- '--aperture is a size from 256M to 1G'
refused sysfs "$mnt" --trace "$probe" --aperture 1G -- 'brings its own aperture'
refused sysfs "$mnt" --trace no-such -- 'no-such: No such file'
[ -n "$MPT_STATIC_BACKEND" ] ||
	refused sysfs "$mnt" --trace "$probe" --backend no-such -- "no back end 'no-such'"
refused sysfs "$mnt" --platform no-such -- 'no platform "no-such"'
head -n 40 "$probe" >short
refused sysfs "$mnt" --trace short -- 'short: the guest did not read its sizes'
sed '/^PCIDEV/s/ c0000004 / 1000004 /; s/ 0xc0/ 0x01/g' "$probe" >low
refused sysfs "$mnt" --trace low -- 'low: 64 MiB of VM memory reach into the BARs at 0x1000000'

if [ ! -c /dev/fuse ]; then
	refused sysfs "$mnt" -- 'cannot mount: there is no /dev/fuse'
	skip "the mount: no /dev/fuse"
	finish
	exit 0
fi
if ! command -v fusermount3 >/dev/null; then
	skip "the mount: no fusermount3"
	finish
	exit 0
fi

# --- up and down ---

pid=
# What a failure leaves mounted goes, before the folder does.
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null || :; fusermount3 -uzq "$mnt" || :; rm -rf "$scratch"' EXIT

# up OPTION...: serves $mnt; not 0 if it does not come up.
up()
{
	# What the last one said would be taken for this one's.
	: >server.out
	: >server.err
	"$server" sysfs "$mnt" "$@" >server.out 2>server.err </dev/null &
	pid=$!
	until grep -q '^READY ' server.out server.err; do
		if ! kill -0 $pid 2>/dev/null; then
			wait $pid || got=$?
			pid=
			return 1
		fi
		sleep 0.05
	done
}

# down STATUS: waits for the end, though not for ever; nothing is mounted any more.
down()
{
	got=0 tries=0
	while kill -0 "$pid" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || fail "it does not end: $(cat server.out server.err)"
		sleep 0.05
	done
	wait "$pid" || got=$?
	pid=
	[ "$got" -eq "$1" ] || fail "exit status $got, not $1: $(cat server.out server.err)"
	! grep -q " $mnt fuse" /proc/mounts || fail "still mounted"
}

if ! up; then
	if grep -Eq 'cannot mount: .*(not permitted|Permission denied)' server.err; then
		skip "the mount: mounting is not permitted here"
		finish
		exit 0
	fi
	fail "it does not mount: $(cat server.err)"
fi

# --- what a shell sees ---

[ "$(cat server.out)" = "READY $mnt" ] || fail "READY: $(cat server.out)"
grep -qx 'uevent add control GVT_DOM0_READY=1' server.err || fail "no uevent: $(cat server.err)"
[ "$(ls "$mnt")" = "control
types" ] || fail "ls: $(ls "$mnt")"
# shellcheck disable=SC2012  # the columns of ls -l are what is tested
[ "$(ls -l "$mnt/control" | awk 'NR > 1 { print $1, $5, $NF }')" = '--w--w---- 4096 create_gvt_instance
-r--r----- 4096 plane_owner_show
-r--r--r-- 4096 version' ] || fail "ls -l: $(ls -l "$mnt/control")"
[ "$(cat "$mnt/control/version")" = "$("$mptctl" --version | sed 's/.*libmpt \(.*\))/\1/')" ] ||
	fail "version"
echo 1,64,128,4 >"$mnt/control/create_gvt_instance" || fail "echo"
[ "$(cat "$mnt"/vm1/vgpu_id "$mnt"/vm1/state)" = "1
active" ] || fail "vm1"
[ "$(wc -c <"$mnt/vm1/vgpu_bar_info")" -eq 76 ] || fail "vgpu_bar_info"
[ "$(dd if="$mnt/vm1/vgpu_bar_info" bs=1 skip=19 count=18 2>/dev/null)" = 0x0000000001000000 ] ||
	fail "dd"
[ "$(tail -n 1 "$mnt/types/GVTg_V5_8/description")" = 'weight: 2' ] || fail "tail"
ok "ls, cat, echo, dd, wc, tail"

# said TEXT COMMAND...: it fails and says so.
said()
{
	text=$1
	shift
	if "$@" >said.out 2>&1; then
		fail "$*: succeeds"
	fi
	has "$(cat said.out)" "$text"
	ok "$*: $text"
}

# write TEXT: one write of it.
write()
{
	printf %s "$1" | dd of="$mnt/control/create_gvt_instance" conv=notrunc status=none
}

said 'File exists' write 1,64,128,4
said 'Invalid argument' write 1,64,128
said 'Invalid argument' write 65536,64,128,4
said 'No such file' write -2
said 'No space left' write 2,1000,128,4
said 'Permission denied' cat "$mnt/control/create_gvt_instance"
said 'Permission denied' dd if=/dev/null of="$mnt/control/version"
said 'Permission denied' touch "$mnt/new"
said 'Operation not permitted' mkdir "$mnt/vm2"
said 'Operation not permitted' rm -f "$mnt/control/version"
said 'Operation not permitted' mv "$mnt/vm1" "$mnt/vm2"
said 'Operation not permitted' chmod 666 "$mnt/control/create_gvt_instance"
for vm in 2 3 4 5 6 7; do
	write $vm,64,128,4 || fail "VM $vm"
done
said 'No space left' write 8,64,128,4
write -4 || fail "-4"
write 8,64,128,4 || fail "VM 8 after -4"
[ ! -e "$mnt/vm4" ] || fail "vm4 is there"
[ "$(cat "$mnt/vm8/vgpu_id")" = 4 ] || fail "the id of VM 8"

if [ "$(id -u)" -eq 0 ] && have setpriv; then
	said 'Permission denied' setpriv --reuid=65534 --clear-groups ls "$mnt"
else
	skip "another user: no root, or no setpriv"
fi

# --- the page says what is there ---

# Of each file, as the page calls it, path and mode.
(cd "$mnt" && find . -type f -printf '%P %m\n') | sed -E 's,^vm[0-9]+/,vmN/,; s,^types/[^/]+/,types/NAME/,
	s, ([0-7]+)$, 0\1,' | sort -u >in-tree
awk '/^\.It Pa / { path = $3 } /^Mode / && path { sub(/\.$/, "", $2); print path, $2; path = "" }' \
	"$page" | sort >in-page
diff in-tree in-page || fail "gvt-sysfs.5: not what is in the tree"
ok "gvt-sysfs.5 has each of $(wc -l <in-tree) files, with its mode"
if have mandoc; then
	mandoc -Tlint -W warning "$page" >lint || fail "gvt-sysfs.5: $(cat lint)"
	[ ! -s lint ] || fail "gvt-sysfs.5: $(cat lint)"
	ok "mandoc has nothing to say"
else
	skip "the lint of gvt-sysfs.5: no mandoc"
fi

# --- its ends ---

refused sysfs "$mnt" -- "$mnt: something is mounted there"
kill -TERM $pid
down 0
says server.out '8 made, 8 destroyed, 7 of them at the end' 'healthy: '
[ -n "$MPT_STATIC_BACKEND" ] || says server.out 'attach 8 (0)' ' 0 violations, 0 left at detach'
says server.err 'VM 1: vGPU 1 made' 'VM 4: vGPU 4 destroyed' 'VM 1: vGPU 1 destroyed'
ok "SIGTERM"
for signal in INT HUP; do
	up --quiet || fail "it does not come up again: $(cat server.err)"
	write 1,64,128,4 || fail "SIG$signal"
	kill -$signal $pid
	down 0
	says server.out '1 made, 1 destroyed, 1 of them at the end' 'healthy: '
	[ ! -s server.err ] || fail "--quiet: $(cat server.err)"
	ok "SIG$signal"
done
up || fail "it does not come up again: $(cat server.err)"
write 1,64,128,4 || fail "unmounting"
write -1 || fail "unmounting"
fusermount3 -u "$mnt" || fail "fusermount3 -u"
down 0
says server.out '1 made, 1 destroyed, 0 of them at the end' 'healthy: '
ok "fusermount3 -u"

# Somebody is in there: it goes all the same.
up || fail "it does not come up again: $(cat server.err)"
write 1,64,128,4 || fail "busy"
exec 3<"$mnt/vm1/state"
kill -TERM $pid
down 0
exec 3<&-
says server.out 'healthy: '
ok "a file that is open"

up || fail "it does not come up again: $(cat server.err)"
write 1,64,128,4 || fail "killed"
kill -9 $pid
wait $pid || :
pid=
refused sysfs "$mnt" -- "$mnt: a server that was killed has left its mount there (fusermount3 -u"
fusermount3 -u "$mnt" || fail "after SIGKILL: fusermount3 -u"
up || fail "after SIGKILL: $(cat server.err)"
[ ! -e "$mnt/vm1" ] || fail "after SIGKILL: vm1 is there"
kill -TERM $pid
down 0
ok "SIGKILL leaves the mount, and nothing else"

refused sysfs "$scratch/no-such" -- 'no-such: No such file'
refused sysfs "$page" -- 'no folder'
refused sysfs / -- '/: something is mounted there'

# --- options ---

up --acrn-answers || fail "--acrn-answers: $(cat server.err)"
write ' 1,64,448,8xyz' || fail "--acrn-answers: trailing text"
write -2 || fail "--acrn-answers: what is not there"
said 'Invalid argument' write 2,1000,448,8
kill -TERM $pid
down 0
ok "--acrn-answers"

for spec in mock acrn-sim; do
	case " $MPT_BACKENDS " in
	*" $spec "*) ;;
	*) continue ;;
	esac
	[ "$spec" = mock ] || [ -z "$MPT_STATIC_BACKEND" ] || continue
	up --backend $spec --trace "$probe" || fail "--trace: $(cat server.err)"
	write 5,64,384,4 || fail "--trace: another one"
	write 1,64,128,4 || fail "--trace: its own"
	[ "$(awk '$1 == "mmio_reads" { print ($2 > 2000) }' "$mnt/vm1/counters")" = 1 ] ||
		fail "--trace: not replayed: $(cat "$mnt/vm1/counters")"
	grep -qx 'mmio_reads 0' "$mnt/vm5/counters" || fail "--trace: replayed into VM 5"
	grep -qx 'ggtt_ignored 0' "$mnt/vm1/counters" || fail "--trace: not at its place"
	kill -TERM $pid
	down 0
	says server.out 'trace               VM 1: ' 'healthy: '
	ok "--trace on $spec"
done

if [ "$(id -u)" -eq 0 ] && have setpriv; then
	up --allow-other || fail "--allow-other: $(cat server.err)"
	write 1,64,128,4 || fail "--allow-other"
	# The folder above is ours alone; so it is looked at from inside.
	set -- env -C "$mnt" setpriv --reuid=65534 --regid=65534 --clear-groups
	[ "$("$@" cat control/version vm1/state | tail -n 1)" = active ] ||
		fail "--allow-other: others cannot read"
	said 'Permission denied' "$@" cat vm1/vgpu_id
	said 'Permission denied' "$@" dd if=/dev/null of=control/create_gvt_instance conv=notrunc
	kill -TERM $pid
	down 0
	ok "--allow-other"
fi

if "$mptctl" run --json 2>&1 </dev/null | grep -q 'built without jansson'; then
	refused sysfs "$mnt" --json -- 'built without jansson'
elif have python3; then
	up --json --trace "$probe" || fail "--json: $(cat server.err)"
	write 3,64,128,4 || fail "--json"
	kill -TERM $pid
	down 0
	python3 - server.out "$mnt" <<'END' || fail "--json: $(cat server.out)"
import json, sys
r = json.load(open(sys.argv[1]))
assert r["healthy"] and r["mountpoint"] == sys.argv[2]
assert (r["made"], r["destroyed"], r["at_end"]) == (1, 1, 1)
assert r["trace"]["vm"] == 3 and r["trace"]["accesses"] > 5000 and r["trace"]["errors"] == 0
assert r["ledger"] is None or r["ledger"]["made"]["dma"] > 0 == r["ledger"]["left"]
END
	ok "--json"
else
	skip "--json: no python3"
fi

# What is wrong is told, and makes the exit status 1.
if [ -z "$MPT_STATIC_BACKEND" ]; then
	up --backend check,fault=set_trap_area:2,mock --trace "$probe" || fail "$(cat server.err)"
	write 1,64,128,4 || fail "with a fault"
	kill -TERM $pid
	down 1
	says server.out 'left in the ledger' 'NOT healthy'
	ok "exit status 1"
fi
finish
