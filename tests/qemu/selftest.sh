#!/bin/sh
# SPDX-License-Identifier: MIT
# The gate of the guest tests can fail: two recorded boots pass it, and each thing that can go wrong
# in a boot, put into one of them, fails it for its own reason alone. No QEMU is needed.
. "$(dirname "$0")/../build/common.sh"

gate=$srcdir/tests/qemu/gate.sh
record=$srcdir/tests/qemu/record
boot=$scratch/boot

# copy KERNEL: a recorded boot that may be written to.
copy()
{
	rm -rf "$boot"
	mkdir "$boot"
	for name in status results console; do
		cat "$record/$1/$name" >"$boot/$name"
	done
}

# judged EXPECTED: runs the gate.
judged()
{
	got=0
	sh "$gate" "$boot" >"$scratch/out" 2>&1 || got=$?
	[ "$got" -eq "$1" ] || fail "$what: exit status $got, not $1: $(cat "$scratch/out")"
	tail -n 1 "$scratch/out" | grep -Eqx '[0-9]+ passed, [0-9]+ failed, 0 skipped' ||
		fail "$what: no closing line"
}

# wrong TEXT FILE SED [LINES]: that edit of that file is found, with a FAIL line that begins so, and
# with no other.
wrong()
{
	what="$1 in $kernel"
	copy $kernel
	sed "$3" "$boot/$2" >"$scratch/edited"
	! cmp -s "$scratch/edited" "$boot/$2" || fail "$what: the edit changed nothing"
	mv "$scratch/edited" "$boot/$2"
	judged 1
	grep -q "^FAIL: $1: " "$scratch/out" || fail "$what: not found: $(cat "$scratch/out")"
	[ "$(grep -c '^FAIL: ' "$scratch/out")" -eq "${4:-1}" ] ||
		fail "$what: found more: $(cat "$scratch/out")"
	grep -q "passed, 1 failed, 0 skipped" "$scratch/out" || fail "$what: not counted as one"
	ok "$what"
}

# said TEXT LINE: the kernel says this as well, in its log, at the end.
said()
{
	wrong "$1" results "\$i\\
LOG $2"
}

for kernel in 6.1 6.12; do
	what="recorded $kernel"
	copy $kernel
	judged 0
	! grep -q FAIL "$scratch/out" || fail "$what: a FAIL line in a boot that passes"
	all=$(tail -n 1 "$scratch/out" | cut -d' ' -f1)
	[ "$all" -ge 50 ] || fail "$what: only $all checks"
	ok "$what passes"

	wrong qemu status 's/^qemu 0/qemu 1/'
	wrong qemu status 's/^qemu 0/qemu timeout/'
	wrong serve status 's/^serve 0/serve 1/'
	wrong end results '/^END$/d'
	wrong log results '/^LOG <6>/{/GVT\|VGT/!d}'
	wrong detected results '1,/GVT-g detected/{/GVT-g detected/d}'
	wrong ballooned results '1,/VGT balloon succ/{/VGT balloon succ/d}'
	for name in load-first driver reloc-rcs-first pinned-bcs-again contexts-vcs-first \
		row-vecs-again row-by-turns-first aperture-again interrupts-first wedged-again \
		error-state-first unload unloaded load-again; do
		wrong $name results "/^PASS $name\$/d"
	done
	wrong row-vcs-first results 's/^PASS row-vcs-first/FAIL row-vcs-first: batch 7 is lost/'
	wrong interrupts-again results 's/^PASS interrupts-again/FAIL interrupts-again: 5, then 5/'
	wrong wedged-first results 's/^PASS wedged-first/FAIL wedged-first: i915_wedged says 1/'
	# What nobody asked for is a failure as well.
	wrong else results 's/^END/FAIL else: something new\nEND/'

	said dmesg '<3>[    9.0] i915 0000:00:02.0: [drm] *ERROR* Fault errors on pipe A: 0x1'
	said dmesg '<6>[    9.0] i915 0000:00:02.0: [drm] *ERROR* at any level'
	said dmesg '<4>[    9.0] i915 0000:00:02.0: [drm] a warning that nobody knows'
	said dmesg '<4>[    9.0] WARNING: CPU: 0 PID: 1 at drivers/x.c:1 f+0x1/0x2 [i915]'
	said dmesg '<4>[    9.0] Call Trace:'
	said dmesg '<4>[    9.0] RIP: 0010:f+0x1/0x2'
	said dmesg '<6>[    9.0] i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:84df, in guest'
	said dmesg '<1>[    9.0] BUG: kernel NULL pointer dereference, address: 0000'
	# When the guest dies the console is all there is.
	wrong console console "\$a\\
[    9.0] Kernel panic - not syncing: Attempted to kill init!"
done

# What a batch costs: the median of the engines.
ratio()
{
	what="a batch of $1 register reads"
	copy 6.12
	sed -i "/^INFO time vcs/s/ratio .*/ratio 99.0/; /^INFO time [^v]/s/ratio .*/ratio $1/" \
		"$boot/results"
	sed -i "/^INFO time vecs/s/ratio .*/ratio 1.0/" "$boot/results"
	judged 0
	grep -qx "INFO ratio: a batch takes $1 register reads$2" "$scratch/out" ||
		fail "$what: $(cat "$scratch/out")"
	ok "$what"
}
ratio 29.9 ''
ratio 30.1 ', more than 30'
what='a boot without times'
copy 6.12
sed -i '/^INFO time/d' "$boot/results"
judged 1
ok "$what"

# Nothing at all is no pass.
what='an empty boot'
rm -rf "$boot"
mkdir "$boot"
judged 1
ok "$what"

# An expression that no boot needs would only hide something.
sed '/^#/d; /^$/d' "$srcdir/tests/qemu/dmesg.allow" >"$scratch/allow"
while IFS= read -r line; do
	grep -Eq "$line" "$record"/*/results || fail "dmesg.allow: no recorded boot has '$line'"
done <"$scratch/allow"
ok "dmesg.allow names nothing that does not occur"

# A boot of the other kind: nothing is unloaded, one of everything.
what='a boot without unloading'
copy 6.12
sed '/^PASS .*-again$/d; /^PASS unload/d' "$boot/results" >"$scratch/edited"
mv "$scratch/edited" "$boot/results"
sh "$gate" "$boot" boot >"$scratch/out" || fail "$what: $(cat "$scratch/out")"
judged 1
ok "$what"

# The cost of a capture: 2 accesses and the 8194 of a page, at 10 us.
capture()
{
	what=$1
	rm -rf "$boot"
	mkdir "$boot"
	printf 'INFO capture took %s ns, register read 10000 ns\r\n' "$2" >"$boot/results"
	printf '%s\n' 'R 4 1.0 1 0xc0078f00 0x0 0x0 0' 'R 4 1.1 1 0xc0002074 0x0 0x0 0' \
		'W 8 1.2 1 0xc0800000 0x1 0x0 0' 'R 4 1.3 1 0xc0078f04 0x0 0x0 0' >"$boot/trace"
	sed -i "${4:-}" "$boot/trace"
	got=0
	sh "$srcdir/tests/qemu/hang.sh" "$boot" "$boot/trace" >"$scratch/out" || got=$?
	[ $got -eq "$3" ] || fail "$what: exit status $got: $(cat "$scratch/out")"
	ok "$what"
}
capture 'a capture at the cost of its accesses' 90000000 0
grep -q '1 reads, 1 writes, 1 pages in 90 ms; at 10.0 us each: 82 ms' "$scratch/out" ||
	fail "capture: $(cat "$scratch/out")"
capture 'a capture of many pages' 90000000 1 "/c0800000/{$(printf 'p;%.0s' $(seq 60))}"
capture 'a capture of many accesses' 90000000 1 "/c0002074/{$(printf 'p;%.0s' $(seq 4000))}"
capture 'a capture that has no end' 6000000 1 '/78f04/d'
capture 'a capture of no page' 6000000 1 '/c0800000/d'

# The comparison of probes: a recording with itself, with one access more, with one more of those
# that chance decides, with nothing.
probes=$srcdir/tests/qemu/probe.sh
trace=$srcdir/tests/data/i915-6.12-skl-probe.mmiotrace
what='probe.sh'
sh "$probes" "$trace" "$trace" >"$scratch/out" || fail "$what: the same: $(cat "$scratch/out")"
grep -qx '8 passed, 0 failed, 0 skipped' "$scratch/out" || fail "$what: not 8 checks"
for line in 'R 4 22.7 1 0xc00c6204 0x0 0x0 0' 'W 8 22.7 1 0xc0801000 0x0 0x0 0'; do
	awk -v line="$line" '{ print } / 0xc0009120 / && !n++ { print line }' "$trace" \
		>"$scratch/more"
	got=0
	sh "$probes" "$scratch/more" "$trace" >"$scratch/out" || got=$?
	[ "$got" -eq 1 ] || fail "$what: one access more: exit status $got"
	[ "$(grep -c '^FAIL: ' "$scratch/out")" -eq 1 ] || fail "$what: $(cat "$scratch/out")"
done
awk '{ print } / 0xc0009120 / && !n++ { print "R 4 22.7 1 0xc0004260 0x0 0x0 0" }' "$trace" \
	>"$scratch/more"
sh "$probes" "$scratch/more" "$trace" >"$scratch/out" ||
	fail "$what: a TLB invalidation: $(cat "$scratch/out")"
: >"$scratch/more"
! sh "$probes" "$scratch/more" "$trace" >"$scratch/out" || fail "$what: nothing is no more"
ok "$what"

# Refused before anything is built.
got=0
sh "$srcdir/quickstart" guest kernel=6.1 colour=red >"$scratch/out" 2>&1 || got=$?
if [ "$got" -ne 1 ] || ! grep -q "guest: unknown option 'colour=red'" "$scratch/out"; then
	fail "quickstart guest: exit status $got: $(cat "$scratch/out")"
fi
sh "$srcdir/quickstart" --help | grep -q 'quickstart guest' || fail "quickstart --help: no guest"
ok "quickstart guest"
finish
