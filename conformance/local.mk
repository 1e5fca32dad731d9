# SPDX-License-Identifier: MIT
# The contract's clauses as tests. They use installed headers only; tests/test_conformance.c runs
# them in `make check`, conformance/list prints them as Markdown.

noinst_LTLIBRARIES += libmpt-conformance.la
libmpt_conformance_la_SOURCES = \
	conformance/areas.h \
	conformance/bugs.h \
	conformance/calls.c \
	conformance/clause.h \
	conformance/core.c \
	conformance/dma.c \
	conformance/dma.h \
	conformance/dma_walk.c \
	conformance/env.c \
	conformance/env.h \
	conformance/err.c \
	conformance/gfn.c \
	conformance/hnd.c \
	conformance/host.c \
	conformance/irq.c \
	conformance/life.c \
	conformance/life.h \
	conformance/life_end.c \
	conformance/limits.c \
	conformance/map.c \
	conformance/mem.c \
	conformance/mem_walk.c \
	conformance/pol.c \
	conformance/record.c \
	conformance/reg.c \
	conformance/rgn.c \
	conformance/say.c \
	conformance/table.c \
	conformance/tiny.c \
	conformance/tiny.h \
	conformance/tries.c \
	conformance/tries.h \
	conformance/trk.c \
	conformance/trk.h \
	conformance/trk_busy.c \
	conformance/trp.c \
	conformance/vm.c

libmpt_conformance_la_CPPFLAGS = $(public_cppflags)

check_PROGRAMS += conformance/list
conformance_list_SOURCES = conformance/list.c
conformance_list_CPPFLAGS = $(public_cppflags)
conformance_list_LDADD = libmpt-conformance.la libmpt.la

tests_test_conformance_LDADD = tests/lib/librunner.la libmpt-conformance.la libmpt-core.la $(CHECK_LIBS)
