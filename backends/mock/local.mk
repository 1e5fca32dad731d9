# SPDX-License-Identifier: MIT
# The mock hypervisor.

if BACKEND_MOCK
noinst_LTLIBRARIES += libmpt-backend-mock.la
backend_archives += libmpt-backend-mock.la
backend_sources += $(libmpt_backend_mock_la_SOURCES)
libmpt_backend_mock_la_SOURCES = \
	backends/mock/dma.c \
	backends/mock/guest.c \
	backends/mock/irq.c \
	backends/mock/machine.c \
	backends/mock/memory.c \
	backends/mock/mock.c \
	backends/mock/mock.h \
	backends/mock/ram.c \
	backends/mock/table.c \
	backends/mock/testbed.c \
	backends/mock/trap.c
libmpt_backend_mock_la_CPPFLAGS = $(libmpt_cppflags) -DMPT_EXPORT_STATIC='<mpt/static/mock.h>'
libmpt_backend_mock_la_CFLAGS = $(libmpt_cflags)
mptstaticinclude_HEADERS += include/mpt/static/mock.h
endif
