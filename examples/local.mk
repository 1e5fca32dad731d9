# SPDX-License-Identifier: MIT
# Programs of an outsider: public headers and installed libraries. make check builds and runs them.

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
