# SPDX-License-Identifier: MIT
# make bench: the speed gates, over the installed libraries. Never part of make check.

EXTRA_PROGRAMS += bench/bench
bench_bench_SOURCES = \
	bench/bench.c \
	bench/bench.h \
	bench/gvt.c \
	bench/icount.c \
	bench/mem.c \
	bench/yard.c
bench_bench_CPPFLAGS = $(public_cppflags) $(JANSSON_CFLAGS)
bench_bench_LDADD = libmpt-gvt.la libmpt.la $(JANSSON_LIBS)

.PHONY: bench
bench: bench/bench$(EXEEXT)
	./bench/bench --json bench/bench.json

CLEANFILES += bench/bench.json
