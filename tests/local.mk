# SPDX-License-Identifier: MIT
# make check: libcheck suites (tests/test_*.c, one program each, over the convenience archives) and
# scripts. No root, no network, no hardware. tests/lib/driver.sh counts single checks.

# Suites that need no layer: they also run in a static-backend build.
suites = \
	tests/test_blit \
	tests/test_blit_tiles \
	tests/test_gvt_pte \
	tests/test_mmiotrace \
	tests/test_mmiotrace_file \
	tests/test_mock \
	tests/test_mock_dma \
	tests/test_mock_guest \
	tests/test_mock_life \
	tests/test_mock_options \
	tests/test_mock_threads \
	tests/test_mock_threads_store \
	tests/test_plot \
	tests/test_rcu \
	tests/test_regs \
	tests/test_regs_handlers \
	tests/test_tiling

# A suite of a tool's files compiles them in; they belong to no library.
tests_test_gvt_state_probe_SOURCES = tests/test_gvt_state_probe.c $(mmiotrace_sources)
tests_test_layers_trace_SOURCES = tests/test_layers_trace.c $(trace_ring_sources)
tests_test_trace_replay_SOURCES = tests/test_trace_replay.c $(trace_play_sources)
tests_test_trace_shrink_SOURCES = tests/test_trace_shrink.c $(trace_play_sources)
tests_test_mmiotrace_SOURCES = tests/test_mmiotrace.c $(mmiotrace_sources)
tests_test_mmiotrace_file_SOURCES = tests/test_mmiotrace_file.c $(mmiotrace_sources)
tests_test_plot_SOURCES = tests/test_plot.c $(mmiotrace_sources) $(plot_sources)

# The guest by itself, without the tool.
tests_test_guest_SOURCES = tests/test_guest.c $(guest_sources)
tests_test_guest_CPPFLAGS = $(AM_CPPFLAGS) $(guest_cppflags)
tests_test_guest_fail_SOURCES = tests/test_guest_fail.c $(guest_sources)
tests_test_guest_fail_CPPFLAGS = $(AM_CPPFLAGS) $(guest_cppflags)
tests_test_guest_many_SOURCES = tests/test_guest_many.c $(guest_sources)
tests_test_guest_many_CPPFLAGS = $(AM_CPPFLAGS) $(guest_cppflags)
tests_test_guest_move_SOURCES = tests/test_guest_move.c $(guest_sources)
tests_test_guest_move_CPPFLAGS = $(AM_CPPFLAGS) $(guest_cppflags)

# The race explorer (doc/explorer.md), and what it watches: the libraries and the mock once more, with
# hooks in front of each source. Other back ends are in the list of built-in ones, so they are linked.
explorer_cppflags = $(AM_CPPFLAGS) -include $(top_srcdir)/tests/lib/explore_hooks.h
explorer_cflags = $(AM_CFLAGS) -Wno-shadow
tests_lib_libexplorer_la_SOURCES = \
	tests/lib/explore.c \
	tests/lib/explore.h \
	tests/lib/explore_hooks.c \
	tests/lib/explore_hooks.h \
	tests/lib/explore_int.h \
	tests/lib/explore_mem.c \
	tests/lib/explore_names.c \
	tests/lib/explore_tree.c
tests_lib_libexplored_la_SOURCES = \
	tests/lib/explore_ops.c \
	$(libmpt_core_la_SOURCES) \
	$(libmpt_backend_mock_la_SOURCES) \
	$(libmpt_gvt_core_la_SOURCES)
tests_lib_libexplored_la_CPPFLAGS = $(explorer_cppflags) -DMPT_MODULE_DIR='"$(libdir)/mpt"'
tests_lib_libexplored_la_CFLAGS = $(explorer_cflags)
tests_lib_libexplored_la_LIBADD = $(explored_archives) $(LTDL_LIBS)
explored_archives =
if BACKEND_VFIO_USER
explored_archives += libmpt-backend-vfio-user.la
endif
if BACKEND_ACRN
explored_archives += libmpt-backend-acrn.la
endif
if BACKEND_KVM_STUB
explored_archives += libmpt-backend-kvm-stub.la
endif
explore_suites = \
	tests/test_explore \
	tests/test_explore_gvt \
	tests/test_explore_mock
explore_ldadd = tests/lib/librunner.la tests/lib/libexplored.la tests/lib/libexplorer.la $(CHECK_LIBS)
tests_test_explore_CPPFLAGS = $(explorer_cppflags)
tests_test_explore_CFLAGS = $(explorer_cflags)
tests_test_explore_LDADD = tests/lib/librunner.la tests/lib/libexplorer.la $(CHECK_LIBS)
tests_test_explore_gvt_CPPFLAGS = $(explorer_cppflags)
tests_test_explore_gvt_CFLAGS = $(explorer_cflags)
tests_test_explore_gvt_LDADD = $(explore_ldadd)
tests_test_explore_mock_CPPFLAGS = $(explorer_cppflags)
tests_test_explore_mock_CFLAGS = $(explorer_cflags)
tests_test_explore_mock_LDADD = $(explore_ldadd)

# Four suites run all of mptctl but its main() in their own process.
if HAVE_CHECK
check_LTLIBRARIES += tests/lib/libmptctl.la
endif
tests_lib_libmptctl_la_SOURCES = $(mptctl_sources)
tests_lib_libmptctl_la_CPPFLAGS = $(AM_CPPFLAGS) $(guest_cppflags) $(conformance_cppflags) $(JANSSON_CFLAGS) \
	$(PNG_CFLAGS) $(FUSE3_CFLAGS)
run_ldadd = tests/lib/libmptctl.la libmpt-conformance.la $(LDADD) $(JANSSON_LIBS) $(PNG_LIBS) $(FUSE3_LIBS)
tests_test_run_LDADD = $(run_ldadd)
tests_test_run_fail_LDADD = $(run_ldadd)
tests_test_run_output_LDADD = $(run_ldadd)
tests_test_serve_LDADD = $(run_ldadd)
tests_test_sysfs_driver_LDADD = $(run_ldadd)
tests_test_sysfs_mount_LDADD = $(run_ldadd)
tests_test_serve_CPPFLAGS = $(AM_CPPFLAGS) $(guest_cppflags) $(PNG_CFLAGS)

# Suites that open a layer (check, fault) or several back ends.
layer_suites = \
	tests/test_conformance \
	$(explore_suites) \
	tests/test_guest \
	tests/test_guest_fail \
	tests/test_guest_many \
	tests/test_guest_move \
	tests/test_foreign \
	tests/test_gvt_aperture \
	tests/test_gvt_bar \
	tests/test_gvt_cfg \
	tests/test_gvt_device \
	tests/test_gvt_edid \
	tests/test_gvt_exec_bad \
	tests/test_gvt_exec_reset \
	tests/test_gvt_execlist \
	tests/test_gvt_ggtt \
	tests/test_gvt_ggtt_history \
	tests/test_gvt_gmbus \
	tests/test_gvt_gmbus_abort \
	tests/test_gvt_irq \
	tests/test_gvt_joint \
	tests/test_gvt_joint_threads \
	tests/test_gvt_life_walk \
	tests/test_gvt_mmio \
	tests/test_gvt_mmio_regs \
	tests/test_gvt_monitor \
	tests/test_gvt_opregion \
	tests/test_gvt_plane \
	tests/test_gvt_platform \
	tests/test_gvt_platform_regs \
	tests/test_gvt_ppgtt \
	tests/test_gvt_ppgtt_history \
	tests/test_gvt_ppgtt_limits \
	tests/test_gvt_ppgtt_write \
	tests/test_gvt_pvinfo \
	tests/test_gvt_pvmmio \
	tests/test_gvt_pvmmio_ppgtt \
	tests/test_gvt_scan \
	tests/test_gvt_scan_batch \
	tests/test_gvt_sched \
	tests/test_gvt_sched_costs \
	tests/test_gvt_state \
	tests/test_gvt_state_blob \
	tests/test_gvt_state_exec \
	tests/test_gvt_state_lists \
	tests/test_gvt_state_probe \
	tests/test_gvt_state_refuse \
	tests/test_gvt_tiling \
	tests/test_gvt_tiling_limits \
	tests/test_gvt_vblank \
	tests/test_gvt_vgpu \
	tests/test_gvt_vgpu_reset \
	tests/test_host \
	tests/test_layers \
	tests/test_layers_check \
	tests/test_layers_each \
	tests/test_layers_stats \
	tests/test_layers_trace \
	tests/test_run \
	tests/test_run_fail \
	tests/test_run_output \
	tests/test_serve \
	tests/test_swgpu_batch \
	tests/test_swgpu_blt \
	tests/test_swgpu_ctx \
	tests/test_swgpu_mem \
	tests/test_swgpu_mi \
	tests/test_swgpu_resume \
	tests/test_sysfs \
	tests/test_sysfs_core \
	tests/test_sysfs_driver \
	tests/test_sysfs_fail \
	tests/test_sysfs_grammar \
	tests/test_sysfs_mount \
	tests/test_sysfs_threads \
	tests/test_trace_replay \
	tests/test_trace_shrink

# The back end's own.
if BACKEND_VFIO_USER
layer_suites += \
	tests/test_vfu_ahead \
	tests/test_vfu_bus \
	tests/test_vfu_caps \
	tests/test_vfu_client \
	tests/test_vfu_feature \
	tests/test_vfu_gvt \
	tests/test_vfu_irq \
	tests/test_vfu_liar \
	tests/test_vfu_log \
	tests/test_vfu_mem \
	tests/test_vfu_migrate \
	tests/test_vfu_move \
	tests/test_vfu_nested \
	tests/test_vfu_remote \
	tests/test_vfu_server \
	tests/test_vfu_session \
	tests/test_vfu_threads \
	tests/test_vfu_wire
endif

if BACKEND_KVM_STUB
layer_suites += $(kvm_suites)
endif

if BACKEND_ACRN
layer_suites += $(acrn_suites)
endif
if BACKEND_ACRN_SIM
layer_suites += $(acrn_sim_suites)
endif

kvm_suites = \
	tests/test_kvm_fail \
	tests/test_kvm_pins \
	tests/test_kvm_races \
	tests/test_kvm_slots \
	tests/test_kvm_threads

# Of the back end over a small fake of VHM.
acrn_suites = \
	tests/test_acrn_hsm

# Of the simulator, and of the back end over it.
acrn_sim_suites = \
	tests/test_acrn_back \
	tests/test_acrn_bugs \
	tests/test_acrn_dm \
	tests/test_acrn_ept \
	tests/test_acrn_fail \
	tests/test_acrn_hsm_guest \
	tests/test_acrn_hsm_huge \
	tests/test_acrn_hv \
	tests/test_acrn_hv_threads \
	tests/test_acrn_hostile \
	tests/test_acrn_ioreq \
	tests/test_acrn_leave \
	tests/test_acrn_life \
	tests/test_acrn_mem \
	tests/test_acrn_request \
	tests/test_acrn_reset \
	tests/test_acrn_scenes \
	tests/test_acrn_sched \
	tests/test_acrn_sim_hsm \
	tests/test_acrn_vcpu \
	tests/test_acrn_vgpu \
	tests/test_acrn_vhm

# Of those, the ones with threads.
if BACKEND_ACRN
acrn_threaded_suites = tests/test_acrn_hsm
endif
if BACKEND_ACRN_SIM
acrn_sim_threaded_suites = \
	tests/test_acrn_back \
	tests/test_acrn_bugs \
	tests/test_acrn_dm \
	tests/test_acrn_ept \
	tests/test_acrn_fail \
	tests/test_acrn_hv_threads \
	tests/test_acrn_hostile \
	tests/test_acrn_ioreq \
	tests/test_acrn_leave \
	tests/test_acrn_life \
	tests/test_acrn_request \
	tests/test_acrn_reset \
	tests/test_acrn_scenes \
	tests/test_acrn_sched \
	tests/test_acrn_hsm_guest \
	tests/test_acrn_sim_hsm \
	tests/test_acrn_vcpu \
	tests/test_acrn_vgpu \
	tests/test_acrn_vhm
endif

# Needs modules, so libltdl and shared libraries; links libmpt.so because the module does.
if HAVE_MODULES
layer_suites += tests/test_module
if HAVE_CHECK
check_LTLIBRARIES += tests/module_backend.la tests/broken_backend.la
endif
endif
tests_test_module_LDADD = tests/lib/librunner.la libmpt.la $(CHECK_LIBS)
tests_module_backend_la_SOURCES = tests/fake_backend.h tests/module_backend.c
tests_module_backend_la_LIBADD = libmpt.la
tests_module_backend_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_top_builddir)/tests
# For tests/tool-conformance.sh.
tests_broken_backend_la_SOURCES = tests/broken_backend.c
tests_broken_backend_la_LIBADD = $(tests_module_backend_la_LIBADD)
tests_broken_backend_la_LDFLAGS = $(tests_module_backend_la_LDFLAGS)

# Of both lists, those that start threads: make check-threads (ThreadSanitizer in CI).
threaded_suites = \
	$(acrn_threaded_suites) \
	$(acrn_sim_threaded_suites) \
	tests/test_conformance \
	tests/test_guest_many \
	tests/test_gvt_bar \
	tests/test_gvt_ggtt_history \
	tests/test_gvt_joint_threads \
	tests/test_gvt_life_walk \
	tests/test_gvt_mmio \
	tests/test_gvt_sched \
	tests/test_gvt_ppgtt_write \
	tests/test_gvt_tiling \
	tests/test_gvt_vgpu_reset \
	tests/test_kvm_races \
	tests/test_kvm_threads \
	tests/test_mock_threads \
	tests/test_mock_threads_store \
	tests/test_rcu \
	tests/test_serve \
	tests/test_sysfs_threads \
	tests/test_vfu_client \
	tests/test_vfu_bus \
	tests/test_vfu_gvt \
	tests/test_vfu_irq \
	tests/test_vfu_liar \
	tests/test_vfu_log \
	tests/test_vfu_mem \
	tests/test_vfu_migrate \
	tests/test_vfu_move \
	tests/test_vfu_nested \
	tests/test_vfu_remote \
	tests/test_vfu_server \
	tests/test_vfu_session \
	tests/test_vfu_threads

test_scripts = \
	tests/acrn.sh \
	tests/api.sh \
	tests/build/census.sh \
	tests/build/dispatch.sh \
	tests/build/headers.sh \
	tests/build/igt.sh \
	tests/build/layering.sh \
	tests/build/outside.sh \
	tests/build/port.sh \
	tests/docs.sh \
	tests/examples.sh \
	tests/kvm-stub.sh \
	tests/qemu/selftest.sh \
	tests/sysfs.sh \
	tests/tool.sh \
	tests/tool-completion.sh \
	tests/tool-conformance.sh \
	tests/tool-json.sh \
	tests/tool-man.sh \
	tests/tool-state.sh \
	tests/tool-trace.sh \
	tests/vfio-user.sh

TEST_EXTENSIONS = .sh
LOG_DRIVER = $(SHELL) $(top_srcdir)/tests/lib/driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)

if HAVE_CHECK
test_scripts += tests/build/runner.sh
if BACKEND_MOCK
run_suites = $(suites) $(static_excluded_suites)
else
run_suites =
test_scripts += tests/lib/no-mock.sh
endif
else
run_suites =
test_scripts += tests/lib/no-check.sh
endif
if STATIC_BACKEND
static_excluded_suites =
else
static_excluded_suites = $(layer_suites)
endif

check_PROGRAMS += $(run_suites)
if HAVE_CHECK
if BACKEND_MOCK
if !STATIC_BACKEND
check_LTLIBRARIES += tests/lib/libexplorer.la tests/lib/libexplored.la
endif
endif
endif
TESTS += $(run_suites) $(test_scripts)

# For every program that has no _LDADD and _SOURCES of its own: a suite is tests/test_NAME.c.
AM_DEFAULT_SOURCE_EXT = .c
LDADD = tests/lib/librunner.la libmpt-gvt-core.la libmpt-core.la $(CHECK_LIBS)
test_cppflags = -I$(top_srcdir) -I$(top_srcdir)/tests -I$(top_srcdir)/tests/lib $(CHECK_CFLAGS) \
	-DTEST_DATA='"$(abs_top_srcdir)/tests/data"'

if HAVE_CHECK
check_LTLIBRARIES += tests/lib/librunner.la
endif
tests_lib_librunner_la_SOURCES = \
	tests/lib/runner.c \
	tests/lib/runner.h

# What a test may ask its environment for.
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; builddir='$(abs_top_builddir)'; \
	MPT_STAGE='$(abs_top_builddir)/tests/stage'; \
	MPT_INCLUDEDIR='$(includedir)'; MPT_LIBDIR='$(libdir)'; MPT_BINDIR='$(bindir)'; \
	MPT_BACKENDS='$(builtin_backends)'; MPT_FUZZ='$(fuzz_replayed)'; \
	CHECK_CFLAGS='$(CHECK_CFLAGS)'; CHECK_LIBS='$(CHECK_LIBS)'; \
	MPT_STATIC_BACKEND='$(STATIC_CPPFLAGS)'; \
	MPT_SANITIZER_CFLAGS='$(SANITIZER_CFLAGS)'; \
	CC='$(CC)'; CXX='$(CXX)'; NM='$(NM)'; AWK='$(AWK)'; OBJDUMP='$(OBJDUMP)'; PKG_CONFIG='$(PKG_CONFIG)'; \
	export srcdir builddir MPT_STAGE MPT_INCLUDEDIR MPT_LIBDIR MPT_BINDIR MPT_STATIC_BACKEND; \
	export MPT_BACKENDS MPT_FUZZ CHECK_CFLAGS CHECK_LIBS; \
	export MPT_SANITIZER_CFLAGS CC CXX NM AWK OBJDUMP PKG_CONFIG;

# One `make install` into a stage for all tests that look at an installation; they run at once, and
# two installs at once would trip over libtool's relinking. While it relinks, a library is not there:
# so everything else is linked before.
check_DATA += tests/stage.stamp
tests/stage.stamp: $(lib_LTLIBRARIES) $(bin_PROGRAMS) $(dist_bashcompletion_DATA) $(pkgconfig_DATA) $(public_headers) \
		| $(check_PROGRAMS) $(check_LTLIBRARIES)
	$(AM_V_at)rm -rf tests/stage
	$(AM_V_GEN)$(MAKE) $(AM_MAKEFLAGS) -s install DESTDIR='$(abs_top_builddir)/tests/stage' >tests/stage.log 2>&1 || \
		{ cat tests/stage.log; exit 1; }
	$(AM_V_at)touch $@

clean-local: clean-stage
.PHONY: clean-stage
clean-stage:
	rm -rf tests/stage tests/stage.log tests/stage.stamp

# The threaded suites alone, for a --enable-tsan build. What runs over several back ends leaves
# acrn-sim out: ten threads for each access take minutes there, and it has threaded suites of its own.
.PHONY: check-threads
check-threads:
	@test -n '$(filter $(threaded_suites),$(run_suites))' || { echo 'check-threads: no suite' >&2; exit 1; }
	MPT_TEST_FEW=yes $(MAKE) $(AM_MAKEFLAGS) check check_DATA= \
		check_PROGRAMS='$(filter $(threaded_suites),$(run_suites))' \
		TESTS='$(filter $(threaded_suites),$(run_suites))'

# The suites under valgrind, in one process each, threads by turns: one that polls would keep the
# others out. Programs here are no libtool wrappers, since they link archives of ours only. What plays
# whole guests, frames, plots or random walks many times over takes too long in here, and so do most of
# acrn-sim and every order of steps of the race explorer's; ASan sees those. tests/test_run has one
# guest of each kind.
valgrind_left_out = \
	$(acrn_sim_suites) \
	$(explore_suites) \
	tests/test_blit \
	tests/test_blit_tiles \
	tests/test_guest \
	tests/test_guest_fail \
	tests/test_guest_many \
	tests/test_guest_move \
	tests/test_gvt_life_walk \
	tests/test_gvt_ppgtt_history \
	tests/test_gvt_state_blob \
	tests/test_plot \
	tests/test_run_fail
valgrind_suites = \
	$(filter-out $(valgrind_left_out),$(run_suites)) \
	$(filter tests/test_acrn_vcpu,$(run_suites))
.PHONY: check-valgrind
check-valgrind:
	@test -n '$(run_suites)' || { echo 'check-valgrind: no suite' >&2; exit 1; }
	@test -n '$(VALGRIND)' || { echo 'check-valgrind: configure found no valgrind' >&2; exit 1; }
	MPT_TEST_FEW=yes CK_FORK=no $(MAKE) $(AM_MAKEFLAGS) check check_DATA= \
		check_PROGRAMS='$(valgrind_suites)' TESTS='$(valgrind_suites)' \
		LOG_COMPILER='$(VALGRIND) -q --fair-sched=try --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite'

# The guide for porters, followed with a build at each step.
.PHONY: check-port
check-port:
	PORT_BUILD=/dev/null $(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/build/port.sh check_PROGRAMS= \
		check_LTLIBRARIES= check_DATA=

# The race explorer's scenarios, all with EXPLORE_BOUND preemptions: minutes, where `make check` has
# seconds and tries the large ones with one.
EXPLORE_BOUND = 2
.PHONY: explore
explore: $(filter $(explore_suites),$(run_suites))
	@test -n '$(filter $(explore_suites),$(run_suites))' || { echo 'explore: no suite' >&2; exit 1; }
	@for suite in $(filter $(explore_suites),$(run_suites)); do \
		MPT_EXPLORE_BOUND=$(EXPLORE_BOUND) MPT_EXPLORE_PRINT=yes CK_DEFAULT_TIMEOUT=3600 ./$$suite || exit 1; \
	done

# The models in doc/models, with spin: they depend on no build of ours.
.PHONY: check-models
check-models:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/build/models.sh check_PROGRAMS= check_LTLIBRARIES= check_DATA=

# VMs made, used, reset and ended under load from many threads, for STRESS_SECONDS; a build with
# --enable-tsan looks for data races in it. Ends with a line of counts.
STRESS_SECONDS = 600
.PHONY: stress
if BACKEND_ACRN_SIM
EXTRA_PROGRAMS += tests/stress_acrn
tests_stress_acrn_SOURCES = tests/stress_acrn.c
tests_stress_acrn_LDADD = libmpt-gvt-core.la libmpt-core.la
stress: tests/stress_acrn$(EXEEXT)
	TSAN_OPTIONS="exitcode=66 $$TSAN_OPTIONS" tests/stress_acrn$(EXEEXT) $(STRESS_SECONDS)
else
stress:
	@echo 'stress: SKIP: acrn-sim is not built in'
	@echo '0 passed, 0 failed, 1 skipped'
endif

# Long random runs: 10^6 steps of page-table histories in each mode against the reference walker, 10^5
# steps through a vGPU's states in each shape of the mock, 10^6 requests through the simulated page.
soak_suites = tests/test_gvt_ppgtt_history tests/test_gvt_life_walk tests/test_acrn_scenes
.PHONY: soak
soak:
	@test -n '$(filter $(soak_suites),$(run_suites))' || { echo 'soak: no suite' >&2; exit 1; }
	MPT_PPGTT_STEPS=1000000 MPT_LIFE_STEPS=100000 MPT_ACRN_SOAK=150 \
		$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(filter $(soak_suites),$(run_suites))'

EXTRA_DIST += \
	tests/data \
	tests/lib/apt.sh \
	tests/lib/linux.sh \
	tests/lib/driver.sh \
	tests/lib/mptctl.sh \
	tests/lib/no-check.sh \
	tests/lib/no-mock.sh \
	tests/lib/over.sh \
	tests/acrn_core.h \
	tests/acrn_hv_rig.h \
	tests/blit_model.h \
	tests/acrn_mix.h \
	tests/acrn_rig.h \
	tests/acrn_transcript.h \
	tests/exec_rig.h \
	tests/explore_gvt_rig.h \
	tests/explore_rig.h \
	tests/fake_backend.h \
	tests/fake_hw.h \
	tests/fence_rig.h \
	tests/gvt_entries.h \
	tests/gvt_life.h \
	tests/gmbus_driver.h \
	tests/gvt_mmio.h \
	tests/gvt_rig.h \
	tests/gvt_scan.h \
	tests/gvt_second.h \
	tests/guest_rig.h \
	tests/joint_rig.h \
	tests/layer_rig.h \
	tests/kvm_rig.h \
	tests/mock_rig.h \
	tests/mock_threads.h \
	tests/monitor_rig.h \
	tests/pvmmio_rig.h \
	tests/ppgtt_model.h \
	tests/ppgtt_rig.h \
	tests/regs_rig.h \
	tests/run_rig.h \
	tests/sched_rig.h \
	tests/specs.h \
	tests/swgpu_image.h \
	tests/trace_rig.h \
	tests/swgpu_rig.h \
	tests/state_refused.h \
	tests/state_rig.h \
	tests/sysfs_mount.h \
	tests/sysfs_rig.h \
	tests/tiling_model.h \
	tests/vfu_cl.h \
	tests/vfu_remote.h \
	tests/vfu_rig.h \
	tests/vfu_mig_rig.h \
	tests/build/census.sh \
	tests/build/common.sh \
	tests/build/dispatch.sh \
	tests/build/headers.sh \
	tests/build/igt.sh \
	tests/build/layering.sh \
	tests/build/models.sh \
	tests/build/outside.c \
	tests/build/outside.sh \
	tests/build/port.sh \
	tests/build/runner.sh \
	tests/docs.awk \
	tests/docs.sh \
	tests/examples.sh \
	tests/no-licence \
	tests/qemu/igt \
	tests/acrn.sh \
	tests/api.sh \
	tests/kvm-stub.sh \
	tests/sysfs.sh \
	tests/tool.sh \
	tests/tool-completion.sh \
	tests/tool-conformance.sh \
	tests/tool-json.sh \
	tests/tool-man.sh \
	tests/tool-state.sh \
	tests/tool-trace.sh \
	tests/vfio-user.sh
