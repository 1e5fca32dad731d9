# SPDX-License-Identifier: MIT
# A stock QEMU as the hypervisor, by the vfio-user protocol.

if BACKEND_VFIO_USER
noinst_LTLIBRARIES += libmpt-backend-vfio-user.la
backend_archives += libmpt-backend-vfio-user.la
backend_sources += $(libmpt_backend_vfio_user_la_SOURCES)
libmpt_backend_vfio_user_la_SOURCES = \
	backends/vfio-user/vfio_user.c \
	backends/vfio-user/vu.h
libmpt_backend_vfio_user_la_CPPFLAGS = $(libmpt_cppflags)
libmpt_backend_vfio_user_la_CFLAGS = $(libmpt_cflags)
endif
