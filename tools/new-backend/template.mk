# SPDX-License-Identifier: MIT
# The back end NAME.

if BACKEND_UPPER
noinst_LTLIBRARIES += libmpt-backend-NAME.la
backend_archives += libmpt-backend-NAME.la
backend_sources += $(libmpt_backend_LOWER_la_SOURCES)
libmpt_backend_LOWER_la_SOURCES = \
	backends/NAME/LOWER.c \
	backends/NAME/LOWER.h \
	backends/NAME/bed.c
libmpt_backend_LOWER_la_CPPFLAGS = $(libmpt_cppflags)
libmpt_backend_LOWER_la_CFLAGS = $(libmpt_cflags)
endif
