# SPDX-License-Identifier: MIT
# Programs of an outsider: public headers and installed libraries. tests/examples.sh builds all of
# them as such and runs them; the first is built here as well.

example_programs = examples/hello

# They open a layer, which a static-backend build refuses.
if BACKEND_MOCK
if !STATIC_BACKEND
check_PROGRAMS += $(example_programs)
TESTS += $(example_programs)
endif
endif

examples_hello_SOURCES = examples/hello.c
examples_hello_CPPFLAGS = $(public_cppflags)
examples_hello_LDADD = libmpt-gvt.la libmpt.la

EXTRA_DIST += \
	examples/core.c \
	examples/flat/bed.c \
	examples/flat/flat.c \
	examples/flat/flat.h \
	examples/layers.c \
	examples/tree.c
