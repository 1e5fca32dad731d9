# SPDX-License-Identifier: MIT
# Fuzz targets, one LLVMFuzzerTestOneInput() each, over the installed libraries; some look
# into the core. make check replays fuzz/corpus/NAME through each with any compiler; make fuzz builds
# them with clang's libFuzzer.

fuzz_targets = \
	fuzz/fuzz_cfg \
	fuzz/fuzz_cmds \
	fuzz/fuzz_display \
	fuzz/fuzz_mmio \
	fuzz/fuzz_plane \
	fuzz/fuzz_ppgtt \
	fuzz/fuzz_scan \
	fuzz/fuzz_state \
	fuzz/fuzz_submit \
	fuzz/fuzz_sysfs \
	fuzz/fuzz_trace \
	fuzz/fuzz_trace_replay \
	fuzz/fuzz_trace_ring

# The back ends' own, of their archives.
if BACKEND_ACRN
fuzz_targets += fuzz/fuzz_acrn_page
endif
if BACKEND_VFIO_USER
fuzz_targets += \
	fuzz/fuzz_vfu_migrate \
	fuzz/fuzz_vfu_server \
	fuzz/fuzz_vfu_wire
endif

# What make check replays. The others need a table of operations of their own or a layer, which a
# static-backend build refuses.
if STATIC_BACKEND
fuzz_replayed = fuzz/fuzz_trace fuzz/fuzz_trace_ring
else
fuzz_replayed = $(fuzz_targets)
endif

if BACKEND_MOCK
check_PROGRAMS += $(fuzz_targets)
test_scripts += fuzz/replay.sh
endif

fuzz_fuzz_acrn_page_SOURCES = fuzz/fuzz_acrn_page.c fuzz/replay_main.c
fuzz_fuzz_acrn_page_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_acrn_page_LDADD = libmpt-core.la
fuzz_fuzz_cfg_SOURCES = fuzz/fuzz_cfg.c fuzz/replay_main.c
fuzz_fuzz_cfg_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_cfg_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_cmds_SOURCES = fuzz/fuzz_cmds.c fuzz/replay_main.c
fuzz_fuzz_cmds_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_cmds_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_display_SOURCES = fuzz/fuzz_display.c fuzz/replay_main.c
fuzz_fuzz_display_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_display_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_mmio_SOURCES = fuzz/fuzz_mmio.c fuzz/replay_main.c
fuzz_fuzz_mmio_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_mmio_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_plane_SOURCES = fuzz/fuzz_plane.c fuzz/replay_main.c
fuzz_fuzz_plane_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_plane_LDADD = libmpt-gvt-core.la libmpt-core.la
# With the models and rigs of tests/, without libcheck.
fuzz_fuzz_ppgtt_SOURCES = fuzz/asserts.h fuzz/fuzz_ppgtt.c fuzz/replay_main.c
fuzz_fuzz_ppgtt_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_ppgtt_LDADD = libmpt-gvt-core.la libmpt-core.la
# The scanner is no public interface: this one is linked with the archives.
fuzz_fuzz_scan_SOURCES = fuzz/fuzz_scan.c fuzz/replay_main.c
fuzz_fuzz_scan_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_scan_LDADD = libmpt-gvt-core.la libmpt-core.la
fuzz_fuzz_state_SOURCES = fuzz/fuzz_state.c fuzz/replay_main.c
fuzz_fuzz_state_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_state_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_submit_SOURCES = fuzz/asserts.h fuzz/fuzz_submit.c fuzz/replay_main.c
fuzz_fuzz_submit_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_submit_LDADD = libmpt-gvt-core.la libmpt-core.la
# With the mock: a layer and the core over it.
fuzz_fuzz_sysfs_SOURCES = fuzz/asserts.h fuzz/fuzz_sysfs.c fuzz/replay_main.c
fuzz_fuzz_sysfs_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_sysfs_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_trace_SOURCES = fuzz/fuzz_trace.c fuzz/replay_main.c $(mmiotrace_sources)
fuzz_fuzz_trace_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_trace_LDADD = libmpt-gvt.la libmpt.la
fuzz_fuzz_trace_replay_SOURCES = fuzz/fuzz_trace_replay.c fuzz/replay_main.c $(trace_play_sources)
fuzz_fuzz_trace_replay_CPPFLAGS = $(public_cppflags)
fuzz_fuzz_trace_replay_LDADD = libmpt.la
fuzz_fuzz_trace_ring_SOURCES = fuzz/fuzz_trace_ring.c fuzz/replay_main.c $(trace_ring_sources)
fuzz_fuzz_trace_ring_CPPFLAGS = $(public_cppflags)
# With the rig of tests/, without libcheck.
fuzz_fuzz_vfu_migrate_SOURCES = fuzz/asserts.h fuzz/fuzz_vfu_migrate.c fuzz/replay_main.c
fuzz_fuzz_vfu_migrate_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_vfu_migrate_LDADD = libmpt-gvt-core.la libmpt-core.la
fuzz_fuzz_vfu_server_SOURCES = fuzz/fuzz_vfu_server.c fuzz/replay_main.c
fuzz_fuzz_vfu_server_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_vfu_server_LDADD = libmpt-core.la
fuzz_fuzz_vfu_wire_SOURCES = fuzz/fuzz_vfu_wire.c fuzz/replay_main.c
fuzz_fuzz_vfu_wire_CPPFLAGS = $(public_cppflags) -I$(top_srcdir)
fuzz_fuzz_vfu_wire_LDADD = libmpt-core.la
EXTRA_DIST += fuzz/corpus fuzz/fuzz.mk fuzz/replay.sh

# Everything in one instrumented program a target: the libraries' sources are compiled once more,
# in fuzz/work/, so that coverage reaches into them. FUZZ_SECONDS is for each target; make -j runs
# several at once.
FUZZ_SECONDS = 60
FUZZ_FLAGS = -g -O1 -std=gnu11 $(public_cppflags) -I$(top_srcdir) -I. \
	-DMPT_MODULE_DIR=\"$(libdir)/mpt\" \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_library_sources = $(libmpt_core_la_SOURCES) $(backend_sources) $(libmpt_gvt_core_la_SOURCES)

.PHONY: fuzz
fuzz:
	@test -n '$(FUZZ_CC)' || { echo 'fuzz: configure found no clang' >&2; exit 1; }
	@rm -rf fuzz/work
	@$(MAKE) -f $(top_srcdir)/fuzz/fuzz.mk CC='$(FUZZ_CC)' FLAGS='$(FUZZ_FLAGS)' \
		LIBS='$(LDFLAGS) $(LTDL_LIBS) $(PTHREAD_CFLAGS)' SECONDS_EACH='$(FUZZ_SECONDS)' \
		top='$(top_srcdir)' corpus='$(abs_top_srcdir)/fuzz/corpus' targets='$(fuzz_targets)' \
		sources='$(filter %.c,$(fuzz_library_sources) $(mmiotrace_sources) $(trace_play_sources))'

clean-local: clean-fuzz
.PHONY: clean-fuzz
clean-fuzz:
	rm -rf fuzz/work
