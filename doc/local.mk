# SPDX-License-Identifier: MIT
# Guides and manual pages. A page is one line: dist_man_MANS += doc/man/NAME.SECTION

EXTRA_DIST += \
	doc/acrn.md \
	doc/igt.md \
	doc/images \
	doc/models \
	doc/speed.md \
	doc/state.md \
	doc/threads.md \
	doc/vfio-user.md

dist_man_MANS += doc/man/mptctl.1
