# SPDX-License-Identifier: MIT
# KVM's shape, over a stub of KVM's and VFIO's services.

if BACKEND_KVM_STUB
noinst_LTLIBRARIES += libmpt-backend-kvm-stub.la
backend_archives += libmpt-backend-kvm-stub.la
backend_sources += $(libmpt_backend_kvm_stub_la_SOURCES)
libmpt_backend_kvm_stub_la_SOURCES = \
	backends/kvm-stub/bed.c \
	backends/kvm-stub/kvm.c \
	backends/kvm-stub/kvm.h \
	backends/kvm-stub/kvm_dma.c \
	backends/kvm-stub/kvm_ops.c \
	backends/kvm-stub/probe.c \
	backends/kvm-stub/svc.h \
	backends/kvm-stub/svc_irq.c \
	backends/kvm-stub/svc_mem.c \
	backends/kvm-stub/svc_rw.c \
	backends/kvm-stub/svc_slots.c \
	backends/kvm-stub/svc_track.c \
	backends/kvm-stub/svc_vfio.c
libmpt_backend_kvm_stub_la_CPPFLAGS = $(libmpt_cppflags)
libmpt_backend_kvm_stub_la_CFLAGS = $(libmpt_cflags)
endif
