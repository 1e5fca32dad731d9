# SPDX-License-Identifier: MIT
# Included by the top Makefile.am: an unmodified Linux GVT core in user space. Not part of make
# check: the first run downloads the kernel's source. Status 77 is a skip, which the scripts have
# printed.
EXTRA_DIST += \
	compat/linux-gvt/device.c \
	compat/linux-gvt/glue.c \
	compat/linux-gvt/kernel.c \
	compat/linux-gvt/kernel.h \
	compat/linux-gvt/libc.c \
	compat/linux-gvt/linux_gvt.h \
	compat/linux-gvt/memory.c \
	compat/linux-gvt/mutex.c \
	compat/linux-gvt/side.h \
	compat/linux-gvt/stubs.c \
	compat/linux-gvt/trap.c \
	tests/linux-core/bench.sh \
	tests/linux-core/check.sh \
	tests/linux-core/core.sh \
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
	tests/linux-core/space.c \
	tests/linux-core/speed.c \
	tests/linux-core/speed_kernel.c \
	tests/linux-core/speed_linux.c \
	tests/linux-core/speed_print.c \
	tests/linux-core/speed_print.h \
	tests/linux-core/speed_rows.c \
	tests/linux-core/walk.c \
	tests/linux-core/wrong.c

# libmpt-gvt's objects in a shared object that a test looks into. It is made where it stands: -rpath
# is what makes libtool link a shared one.
EXTRA_LTLIBRARIES = tests/linux-core/libspeed.la
tests_linux_core_libspeed_la_SOURCES = \
	tests/linux-core/speed.h \
	tests/linux-core/speed_ours.c
tests_linux_core_libspeed_la_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
tests_linux_core_libspeed_la_CFLAGS = $(AM_CFLAGS) $(VISIBILITY_CFLAGS)
tests_linux_core_libspeed_la_LIBADD = libmpt-gvt-core.la libmpt.la
tests_linux_core_libspeed_la_LDFLAGS = $(AM_LDFLAGS) $(LIB_LDFLAGS) -avoid-version \
	-rpath $(abs_top_builddir)/tests/linux-core

linux_core = BUILD='$(abs_top_builddir)' LIBTOOL='$(abs_top_builddir)/libtool' CC='$(CC)' $(SHELL)
.PHONY: check-linux-core bench-linux-core
check-linux-core: libmpt.la libmpt-core.la libmpt-gvt-core.la tests/linux-core/libspeed.la
	@$(linux_core) $(top_srcdir)/tests/linux-core/check.sh || test $$? -eq 77

# The document is the source's own: a run on another machine is a change that one may keep.
bench-linux-core: libmpt.la tests/linux-core/libspeed.la
	@$(MKDIR_P) bench
	@JSON='$(abs_top_builddir)/bench/linux-core.json' \
		DOCUMENT='$(abs_top_srcdir)/doc/linux-core-speed.md' \
		$(linux_core) $(top_srcdir)/tests/linux-core/bench.sh || test $$? -eq 77

CLEANFILES += bench/linux-core.json
