# SPDX-License-Identifier: MIT
# make bench: the speed gates, over the installed libraries, and over what these hide, in
# tests/bench_*.c. Never part of make check.

EXTRA_PROGRAMS += bench/bench
bench_bench_SOURCES = \
	$(guest_sources) \
	bench/acrn.c \
	bench/bench.c \
	bench/bench.h \
	bench/gvt.c \
	bench/icount.c \
	bench/kvm.c \
	bench/layers.c \
	bench/mem.c \
	bench/memory.c \
	bench/memory.h \
	bench/outer.c \
	bench/submit.c \
	bench/vfu.c \
	bench/yard.c
bench_bench_CPPFLAGS = $(public_cppflags) $(guest_cppflags) $(JANSSON_CFLAGS)
bench_bench_LDADD = libmpt-gvt.la libmpt.la $(JANSSON_LIBS)

EXTRA_PROGRAMS += tests/bench_inner
tests_bench_inner_SOURCES = \
	bench/bench.c \
	bench/bench.h \
	bench/icount.c \
	bench/yard.c \
	tests/bench_blit.c \
	tests/bench_inner.c \
	tests/bench_ppgtt.c
tests_bench_inner_CPPFLAGS = $(public_cppflags) -I$(top_srcdir) $(JANSSON_CFLAGS)
tests_bench_inner_LDADD = libmpt-gvt-core.la libmpt-core.la $(JANSSON_LIBS)

# Both run, whatever the first says.
.PHONY: bench
bench: bench/bench$(EXEEXT) tests/bench_inner$(EXEEXT)
	missed=0; ./bench/bench --json bench/bench.json || missed=1; \
		./tests/bench_inner --json bench/inner.json && exit $$missed

CLEANFILES += bench/bench.json bench/inner.json
