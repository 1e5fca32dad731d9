# SPDX-License-Identifier: MIT
# Guides and manual pages. A page is one line: dist_man_MANS += doc/man/NAME.SECTION

EXTRA_DIST += \
	doc/acrn.md \
	doc/architecture.md \
	doc/clauses.md \
	doc/errors.md \
	doc/explorer.md \
	doc/guides/failure.md \
	doc/guides/guest.md \
	doc/guides/hello.md \
	doc/guides/link.md \
	doc/guides/port.md \
	doc/igt.md \
	doc/kernel.md \
	doc/kvm-stub.md \
	doc/linux-core-speed.md \
	doc/linux-core.md \
	doc/linux-core-diff.md \
	doc/images \
	doc/matrix.md \
	doc/mock.md \
	doc/models \
	doc/museum.md \
	doc/speed.md \
	doc/state.md \
	doc/status.md \
	doc/tables.sh \
	doc/threads.md \
	doc/vfio-user.md

dist_man_MANS += doc/man/gvt-sysfs.5
dist_man_MANS += doc/man/libmpt.3
dist_man_MANS += doc/man/libmpt-gvt.3
dist_man_MANS += doc/man/mpt-backend.5
dist_man_MANS += doc/man/mptctl.1

# The API reference, a page a header. It is made, not kept: the headers are the source, so that there
# is nothing to go stale and no change is written twice. What a header leaves out stops it.
api_programs = doc/api/text.awk doc/api/pages.awk doc/api/sources.awk doc/api/api.awk
EXTRA_DIST += $(api_programs)
api_input = $(srcdir)/include/mpt/ops.def $(srcdir)/include/mpt/types.h \
	$(filter-out %.def %/types.h,$(addprefix $(srcdir)/,$(public_headers))) \
	$(filter %.c,$(addprefix $(srcdir)/,$(libmpt_core_la_SOURCES) $(libmpt_gvt_core_la_SOURCES)))

check_DATA += doc/reference.stamp
doc/reference.stamp: $(public_headers) $(api_programs) $(libmpt_core_la_SOURCES) $(libmpt_gvt_core_la_SOURCES)
	$(AM_V_at)rm -rf doc/reference && $(MKDIR_P) doc/reference
	$(AM_V_GEN)$(AWK) -v out=doc/reference -v names=doc/names -v root='$(srcdir)' \
		$(addprefix -f $(srcdir)/,$(api_programs)) $(api_input)
	$(AM_V_at)touch $@

.PHONY: api
api: doc/reference.stamp

install-data-local: install-reference
.PHONY: install-reference
install-reference: doc/reference.stamp
	$(MKDIR_P) '$(DESTDIR)$(docdir)/reference'
	$(INSTALL_DATA) doc/reference/*.md '$(DESTDIR)$(docdir)/reference'

uninstall-local: uninstall-reference
.PHONY: uninstall-reference
uninstall-reference:
	rm -rf '$(DESTDIR)$(docdir)/reference'

clean-local: clean-reference
.PHONY: clean-reference
clean-reference:
	rm -rf doc/reference doc/reference.stamp doc/names
