# SPDX-License-Identifier: MIT
# Included by the top Makefile.am: <mpt/compat/linux.h> against a real GVT core. Not part of make
# check: the first run downloads the kernel's source (check.sh says what it takes from the
# environment). Status 77 is a skip, which check.sh has printed.
EXTRA_DIST += \
	tests/linux-headers/check.sh \
	tests/linux-headers/fetch.sh \
	tests/linux-headers/packages \
	tests/linux-headers/run.c \
	tests/linux-headers/wrappers.c

.PHONY: check-linux-headers
check-linux-headers:
	@$(SHELL) $(top_srcdir)/tests/linux-headers/check.sh || test $$? -eq 77
