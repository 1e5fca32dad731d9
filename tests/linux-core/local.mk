# SPDX-License-Identifier: MIT
# Included by the top Makefile.am: an unmodified Linux GVT core in user space. Not part of make
# check: the first run downloads the kernel's source. Status 77 is a skip, which check.sh has
# printed.
EXTRA_DIST += \
	compat/linux-gvt/device.c \
	compat/linux-gvt/glue.c \
	compat/linux-gvt/kernel.c \
	compat/linux-gvt/kernel.h \
	compat/linux-gvt/libc.c \
	compat/linux-gvt/linux_gvt.h \
	compat/linux-gvt/memory.c \
	compat/linux-gvt/side.h \
	compat/linux-gvt/stubs.c \
	compat/linux-gvt/trap.c \
	tests/linux-core/check.sh \
	tests/linux-core/defects.c \
	tests/linux-core/diff/diff.h \
	tests/linux-core/diff/hand.c \
	tests/linux-core/diff/main.c \
	tests/linux-core/diff/ours.c \
	tests/linux-core/diff/real.c \
	tests/linux-core/diff/record.c \
	tests/linux-core/diff/rules.c \
	tests/linux-core/diff/rules.def \
	tests/linux-core/diff/script.c \
	tests/linux-core/diff/side.c \
	tests/linux-core/diff/table.c \
	tests/linux-core/fail.c \
	tests/linux-core/life.c \
	tests/linux-core/ppgtt.c \
	tests/linux-core/ppgtt.h \
	tests/linux-core/rig.c \
	tests/linux-core/rig.h \
	tests/linux-core/space.c

.PHONY: check-linux-core
check-linux-core: libmpt.la libmpt-core.la libmpt-gvt-core.la
	@BUILD='$(abs_top_builddir)' LIBTOOL='$(abs_top_builddir)/libtool' CC='$(CC)' \
		$(SHELL) $(top_srcdir)/tests/linux-core/check.sh || test $$? -eq 77
