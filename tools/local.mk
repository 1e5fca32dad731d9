# SPDX-License-Identifier: MIT
# mptctl: public headers and installed libraries only, as an outsider would.

mmiotrace_sources = \
	tools/mmiotrace.c \
	tools/mmiotrace.h \
	tools/mmiotrace_file.c \
	tools/mmiotrace_shapes.h

plot_sources = \
	tools/plot.c \
	tools/plot.h \
	tools/plot_layout.c \
	tools/plot_priv.h \
	tools/plot_svg.c

# All of mptctl but main(), which a suite brings itself.
mptctl_sources = \
	$(mmiotrace_sources) \
	$(plot_sources) \
	tools/backends.c \
	tools/cli.c \
	tools/cli.h \
	tools/json.h \
	tools/replay.c \
	tools/replay.h \
	tools/report.c \
	tools/report.h \
	tools/run.c \
	tools/session.c \
	tools/session.h \
	tools/tally.c \
	tools/tally.h \
	tools/types.c

bin_PROGRAMS += tools/mptctl
tools_mptctl_SOURCES = \
	$(mptctl_sources) \
	tools/mptctl.c
tools_mptctl_CPPFLAGS = $(public_cppflags) $(JANSSON_CFLAGS)
tools_mptctl_LDADD = libmpt-gvt.la libmpt.la $(JANSSON_LIBS)
