# SPDX-License-Identifier: MIT
# mptctl: public headers and installed libraries only, as an outsider would.

mmiotrace_sources = \
	tools/mmiotrace.c \
	tools/mmiotrace.h \
	tools/mmiotrace_file.c \
	tools/mmiotrace_shapes.h

# Reader of the trace layer's files.
trace_ring_sources = \
	tools/trace_ring.c \
	tools/trace_ring.h

# What performs their records again, over a host of its own.
trace_play_sources = \
	$(trace_ring_sources) \
	tools/trace_play.c \
	tools/trace_play.h \
	tools/trace_play_core.c \
	tools/trace_play_kinds.c \
	tools/trace_play_ops.c \
	tools/trace_play_priv.h \
	tools/trace_play_run.c \
	tools/trace_play_same.c \
	tools/trace_play_state.c \
	tools/trace_play_vm.c \
	tools/trace_shrink.c \
	tools/trace_shrink.h \
	tools/trace_write.c \
	tools/trace_write.h

plot_sources = \
	tools/plot.c \
	tools/plot.h \
	tools/plot_layout.c \
	tools/plot_priv.h \
	tools/plot_svg.c

# The synthetic guest: played by mptctl, and by suites of its own.
guest_sources = \
	tests/guest/blit.c \
	tests/guest/context.c \
	tests/guest/cs.c \
	tests/guest/gt.c \
	tests/guest/guest.c \
	tests/guest/guest.h \
	tests/guest/guest_priv.h \
	tests/guest/hang.c \
	tests/guest/io.c \
	tests/guest/memory.c \
	tests/guest/order.c \
	tests/guest/pci.c \
	tests/guest/ppgtt.c \
	tests/guest/submit.c \
	tests/guest/work.c
guest_cppflags = -I$(top_srcdir)/tests/guest

# The contract's clauses are built in: libmpt-conformance.la.
conformance_cppflags = -I$(top_srcdir)/conformance

# All of mptctl but main(), which a suite brings itself.
mptctl_sources = \
	$(guest_sources) \
	$(mmiotrace_sources) \
	$(plot_sources) \
	$(trace_play_sources) \
	tools/backends.c \
	tools/cli.c \
	tools/cli.h \
	tools/cli_help.c \
	tools/cli_parse.c \
	tools/commands.c \
	tools/complete.c \
	tools/conform.h \
	tools/conform_child.c \
	tools/conform_junit.c \
	tools/conform_machine.c \
	tools/conform_text.c \
	tools/conformance.c \
	tools/json.h \
	tools/loop.c \
	tools/loop.h \
	tools/matrix.c \
	tools/matrix.h \
	tools/matrix_print.c \
	tools/png.c \
	tools/png.h \
	tools/replay.c \
	tools/replay.h \
	tools/report.c \
	tools/report.h \
	tools/report_guest.c \
	tools/report_guest.h \
	tools/report_ops.c \
	tools/report_ops.h \
	tools/run.c \
	tools/serve.c \
	tools/serve.h \
	tools/serve_loop.c \
	tools/serve_record.c \
	tools/serve_report.c \
	tools/serve_shot.c \
	tools/serve_socket.c \
	tools/serve_watch.c \
	tools/session.c \
	tools/session.h \
	tools/session_state.c \
	tools/session_state.h \
	tools/state.c \
	tools/state.h \
	tools/state_show.c \
	tools/synthetic.c \
	tools/synthetic.h \
	tools/sysfs.c \
	tools/sysfs.h \
	tools/sysfs_fuse.c \
	tools/sysfs_guest.c \
	tools/sysfs_loop.c \
	tools/sysfs_report.c \
	tools/tally.c \
	tools/tally.h \
	tools/trace.h \
	tools/trace_file.c \
	tools/trace_mmiotrace.c \
	tools/trace_replay.c \
	tools/trace_show.c \
	tools/trace_stat.c \
	tools/types.c \
	tools/vgpu_type.c \
	tools/vgpu_type.h

bin_PROGRAMS += tools/mptctl
tools_mptctl_SOURCES = \
	$(mptctl_sources) \
	tools/mptctl.c
tools_mptctl_CPPFLAGS = $(public_cppflags) $(guest_cppflags) $(conformance_cppflags) $(JANSSON_CFLAGS) \
	$(PNG_CFLAGS) $(FUSE3_CFLAGS)
tools_mptctl_LDADD = libmpt-conformance.la libmpt-gvt.la libmpt.la $(JANSSON_LIBS) $(PNG_LIBS) $(FUSE3_LIBS)

# The file's name is the command's: so bash-completion finds it.
dist_bashcompletion_DATA = tools/completion/mptctl

# The porter's template: examples/flat with holes, and what stands in them.
EXTRA_DIST += \
	tools/new-backend.sh \
	tools/new-backend/bed-todo.c \
	tools/new-backend/flat-todo.c \
	tools/new-backend/template.mk
