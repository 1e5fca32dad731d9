# SPDX-License-Identifier: MIT
# libmpt: host, loader, layers, errors, log. The built-in back ends are added by their own folders.

# Version of the library interface, CURRENT:REVISION:AGE. At each release, in this order:
#   sources changed                REVISION + 1
#   a symbol added, removed or     CURRENT + 1, REVISION = 0
#     changed in meaning
#   only added since last time     AGE + 1
#   removed or changed             AGE = 0 (a new soname: say so in the release notes)
LIBMPT_VERSION_INFO = 0:0:0

noinst_LTLIBRARIES += libmpt-core.la
libmpt_core_la_SOURCES = \
	libmpt/alloc.c \
	libmpt/counts.h \
	libmpt/current.c \
	libmpt/deliver.c \
	libmpt/error.c \
	libmpt/exports.h \
	libmpt/foreign.c \
	libmpt/handle.c \
	libmpt/hash.h \
	libmpt/host.c \
	libmpt/internal.h \
	libmpt/loader.c \
	libmpt/log.c \
	libmpt/ops_check.c \
	libmpt/ops_gen.h \
	libmpt/options.c \
	libmpt/os.c \
	libmpt/os.h \
	libmpt/os_common.h \
	libmpt/rcu.c \
	libmpt/registry.c \
	libmpt/spec.c \
	libmpt/sysfs.c \
	libmpt/sysfs.h \
	libmpt/sysfs_event.c \
	libmpt/sysfs_grammar.c \
	libmpt/sysfs_instance.c \
	libmpt/sysfs_path.c \
	libmpt/sysfs_table.c \
	libmpt/testbed.c \
	libmpt/vm.c \
	libmpt/layers/check.c \
	libmpt/layers/fault.c \
	libmpt/layers/fault_each.c \
	libmpt/layers/layer.c \
	libmpt/layers/layer.h \
	libmpt/layers/ledger.c \
	libmpt/layers/ledger.h \
	libmpt/layers/stats.c \
	libmpt/layers/trace.c \
	libmpt/layers/trace.h
libmpt_core_la_CPPFLAGS = $(libmpt_cppflags)
libmpt_core_la_CFLAGS = $(libmpt_cflags)
libmpt_core_la_LIBADD = $(backend_archives) $(LTDL_LIBS)

# For back ends too: they are part of libmpt. exports.h comes before everything else in each object.
libmpt_cppflags = $(public_cppflags) -I$(top_srcdir) -include $(top_srcdir)/libmpt/exports.h \
	-DMPT_MODULE_DIR='"$(libdir)/mpt"'
libmpt_cflags = $(AM_CFLAGS) $(VISIBILITY_CFLAGS)
backend_archives =
backend_sources =

lib_LTLIBRARIES += libmpt.la
libmpt_la_SOURCES =
libmpt_la_LIBADD = libmpt-core.la
libmpt_la_LDFLAGS = $(AM_LDFLAGS) $(LIB_LDFLAGS) -version-info $(LIBMPT_VERSION_INFO)
if HAVE_SYMBOL_MAP
libmpt_la_LDFLAGS += -Wl,--version-script=$(top_srcdir)/libmpt/libmpt.map
endif
EXTRA_libmpt_la_DEPENDENCIES = libmpt/libmpt.map
EXTRA_DIST += libmpt/libmpt.map
