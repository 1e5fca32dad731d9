# SPDX-License-Identifier: MIT
# Included by the top Makefile.am: kernel/ in real kernels. Not part of make check: the first run
# downloads them. Status 77 is a skip, which check.sh has printed.
EXTRA_DIST += \
	tests/kernel/check.sh \
	tests/kernel/debian.sh \
	tests/kernel/init \
	tests/kernel/layout.sh \
	tests/kernel/packages \
	tests/kernel/uml.sh

.PHONY: check-kernel
check-kernel:
	@$(SHELL) $(top_srcdir)/tests/kernel/check.sh || test $$? -eq 77
