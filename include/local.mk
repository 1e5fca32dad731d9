# SPDX-License-Identifier: MIT
# The public headers: everything that is installed, and nothing else.

public_headers = $(mptinclude_HEADERS) $(mptcompatinclude_HEADERS) \
	$(mptstaticinclude_HEADERS) $(gvtinclude_HEADERS)

mptincludedir = $(includedir)/mpt
mptinclude_HEADERS = \
	include/mpt/alloc.h \
	include/mpt/backend.h \
	include/mpt/error.h \
	include/mpt/foreign.h \
	include/mpt/gvt_ops.h \
	include/mpt/host.h \
	include/mpt/hypercall.h \
	include/mpt/layers.h \
	include/mpt/log.h \
	include/mpt/mpt.h \
	include/mpt/ops.def \
	include/mpt/ops.h \
	include/mpt/rcu.h \
	include/mpt/sysfs.h \
	include/mpt/testbed.h \
	include/mpt/trace.h \
	include/mpt/types.h \
	include/mpt/vgpu.h

mptcompatincludedir = $(mptincludedir)/compat
mptcompatinclude_HEADERS = \
	include/mpt/compat/linux.h

# Of back ends that can be dispatched to statically; each adds its own.
mptstaticincludedir = $(mptincludedir)/static
mptstaticinclude_HEADERS =

gvtincludedir = $(includedir)/gvt
gvtinclude_HEADERS = \
	include/gvt/display.h \
	include/gvt/gvt.h \
	include/gvt/hw.h \
	include/gvt/state.h
