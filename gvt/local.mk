# SPDX-License-Identifier: MIT
# libmpt-gvt: the device-model core. It sees the public headers and its own folder only.

# CURRENT:REVISION:AGE, by the rule in libmpt/local.mk.
LIBMPT_GVT_VERSION_INFO = 0:0:0

noinst_LTLIBRARIES += libmpt-gvt-core.la
libmpt_gvt_core_la_SOURCES = \
	gvt/aperture.c \
	gvt/aux.c \
	gvt/blit.c \
	gvt/blit.h \
	gvt/blit_move.c \
	gvt/blit_move.h \
	gvt/cfg_space.c \
	gvt/cmd.c \
	gvt/client.c \
	gvt/cmd.h \
	gvt/csb.c \
	gvt/edid.c \
	gvt/execlist.c \
	gvt/execlist.h \
	gvt/exports.h \
	gvt/fence.c \
	gvt/ggtt.c \
	gvt/gm.c \
	gvt/gmbus.c \
	gvt/gvt.c \
	gvt/handlers.h \
	gvt/handlers_display.c \
	gvt/handlers_engine.c \
	gvt/handlers_follow.c \
	gvt/handlers_gt.c \
	gvt/internal.h \
	gvt/interrupt.c \
	gvt/list.h \
	gvt/lock.h \
	gvt/mmio.c \
	gvt/opregion.c \
	gvt/plane.c \
	gvt/platform.c \
	gvt/platform.h \
	gvt/page_track.c \
	gvt/page_track.h \
	gvt/policy.c \
	gvt/ppgtt.c \
	gvt/ppgtt.h \
	gvt/pte.c \
	gvt/pte.h \
	gvt/pvinfo.c \
	gvt/pvmmio.c \
	gvt/reg_table.c \
	gvt/reg_table.h \
	gvt/reset.c \
	gvt/resource.c \
	gvt/scan.c \
	gvt/scan.h \
	gvt/sched.c \
	gvt/sched.h \
	gvt/service.c \
	gvt/spt.c \
	gvt/spt.h \
	gvt/spt_announce.c \
	gvt/spt_sync.c \
	gvt/state.c \
	gvt/state.def \
	gvt/state_exec.c \
	gvt/state_format.c \
	gvt/state_format.h \
	gvt/state_restore.c \
	gvt/state_sparse.c \
	gvt/swgpu.c \
	gvt/swgpu.h \
	gvt/swgpu_atomic.c \
	gvt/swgpu_batch.c \
	gvt/swgpu_blt.c \
	gvt/swgpu_context.c \
	gvt/swgpu_engine.c \
	gvt/swgpu_kept.c \
	gvt/swgpu_math.c \
	gvt/swgpu_mem.c \
	gvt/swgpu_mi.c \
	gvt/swgpu_reg.c \
	gvt/swgpu_units.c \
	gvt/sysfs.c \
	gvt/tiling.c \
	gvt/tiling.h \
	gvt/vblank.c \
	gvt/vgpu.c \
	$(gvt_command_tables) \
	gvt/workload.c \
	$(gvt_register_tables)
gvt_command_tables = \
	gvt/cmds/blt.def \
	gvt/cmds/gfx.def \
	gvt/cmds/mi.def
gvt_register_tables = \
	gvt/regs/aux.def \
	gvt/regs/bdw.def \
	gvt/regs/bxt.def \
	gvt/regs/bxt_phy.def \
	gvt/regs/cfl.def \
	gvt/regs/common.def \
	gvt/regs/display.def \
	gvt/regs/engine.def \
	gvt/regs/gen8_irq.def \
	gvt/regs/gen9.def \
	gvt/regs/gen9_display.def \
	gvt/regs/gen9_gt.def \
	gvt/regs/gt.def \
	gvt/regs/kbl.def \
	gvt/regs/pch.def \
	gvt/regs/plane.def \
	gvt/regs/pvinfo.def \
	gvt/regs/scaler.def \
	gvt/regs/skl.def \
	gvt/regs/skl_clock.def \
	gvt/regs/south.def \
	gvt/regs/transcoder.def
libmpt_gvt_core_la_CPPFLAGS = $(public_cppflags) -include $(top_srcdir)/gvt/exports.h
libmpt_gvt_core_la_CFLAGS = $(AM_CFLAGS) $(VISIBILITY_CFLAGS)

lib_LTLIBRARIES += libmpt-gvt.la
libmpt_gvt_la_SOURCES =
libmpt_gvt_la_LIBADD = libmpt-gvt-core.la libmpt.la
libmpt_gvt_la_LDFLAGS = $(AM_LDFLAGS) $(LIB_LDFLAGS) -version-info $(LIBMPT_GVT_VERSION_INFO)
if HAVE_SYMBOL_MAP
libmpt_gvt_la_LDFLAGS += -Wl,--version-script=$(top_srcdir)/gvt/libmpt-gvt.map
endif
EXTRA_libmpt_gvt_la_DEPENDENCIES = gvt/libmpt-gvt.map libmpt.la libmpt-gvt-core.la
EXTRA_DIST += gvt/libmpt-gvt.map
