# SPDX-License-Identifier: MIT
# A stock QEMU as the hypervisor, by the vfio-user protocol.

if BACKEND_VFIO_USER
noinst_LTLIBRARIES += libmpt-backend-vfio-user.la
backend_archives += libmpt-backend-vfio-user.la
backend_sources += $(libmpt_backend_vfio_user_la_SOURCES)
libmpt_backend_vfio_user_la_SOURCES = \
	backends/vfio-user/ahead.c \
	backends/vfio-user/ahead.h \
	backends/vfio-user/caps.c \
	backends/vfio-user/client.c \
	backends/vfio-user/client.h \
	backends/vfio-user/client_cpu.c \
	backends/vfio-user/client_ram.c \
	backends/vfio-user/conn.c \
	backends/vfio-user/device.c \
	backends/vfio-user/dma.c \
	backends/vfio-user/feature.c \
	backends/vfio-user/irq.c \
	backends/vfio-user/log.c \
	backends/vfio-user/mem.c \
	backends/vfio-user/migrate.c \
	backends/vfio-user/place.h \
	backends/vfio-user/region.c \
	backends/vfio-user/server.c \
	backends/vfio-user/server.h \
	backends/vfio-user/sock.c \
	backends/vfio-user/sock.h \
	backends/vfio-user/testbed.c \
	backends/vfio-user/vfio_user.c \
	backends/vfio-user/vu.h \
	backends/vfio-user/wire.c \
	backends/vfio-user/wire.h
libmpt_backend_vfio_user_la_CPPFLAGS = $(libmpt_cppflags)
libmpt_backend_vfio_user_la_CFLAGS = $(libmpt_cflags)
endif
