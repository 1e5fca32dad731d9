# SPDX-License-Identifier: MIT
# Included by the top Makefile.am: stock guests in a stock QEMU. Not part of make check: the first run
# downloads packages (check.sh says what it takes from the environment). Status 77 is a skip, which
# check.sh has printed. The gate that judges a boot is tested by make check, on recorded boots.
EXTRA_DIST += \
	tests/qemu/boot.sh \
	tests/qemu/check.sh \
	tests/qemu/dmesg.allow \
	tests/qemu/fetch.sh \
	tests/qemu/gate.sh \
	tests/qemu/guest.c \
	tests/qemu/guest.h \
	tests/qemu/guest_hang.c \
	tests/qemu/guest_show.c \
	tests/qemu/hang.allow \
	tests/qemu/hang.sh \
	tests/qemu/init.sh \
	tests/qemu/initramfs.sh \
	tests/qemu/machine.sh \
	tests/qemu/modules.sh \
	tests/qemu/pair.sh \
	tests/qemu/more.sh \
	tests/qemu/packages.lock \
	tests/qemu/pattern.h \
	tests/qemu/platforms \
	tests/qemu/probe.sh \
	tests/qemu/qemu.sh \
	tests/qemu/record \
	tests/qemu/selftest.sh \
	tests/qemu/shot.c

guest_run = MPTCTL='$(abs_top_builddir)/tools/mptctl' GUEST_OUT='$(abs_top_builddir)/tests/qemu/out' \
	bash $(top_srcdir)/tests/qemu/check.sh

.PHONY: check-guest check-guest-all check-guest-igt check-guest-platforms show-guest clean-guest
check-guest: tools/mptctl
	@$(guest_run) covering || test $$? -eq 77
check-guest-all: tools/mptctl
	@$(guest_run) all || test $$? -eq 77
check-guest-igt: tools/mptctl
	@$(guest_run) igt-all || test $$? -eq 77
check-guest-platforms: tools/mptctl
	@$(guest_run) platforms || test $$? -eq 77
show-guest: tools/mptctl
	@$(guest_run) show $(GUEST_OPTIONS)

clean-local: clean-guest
clean-guest:
	rm -rf tests/qemu/out
