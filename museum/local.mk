# SPDX-License-Identifier: MIT
# make museum: known bugs inserted into a copy of what is distributed; doc/museum.md is its table.

EXTRA_DIST += \
	museum/README.md \
	museum/classes \
	museum/classes.awk \
	museum/insert.awk \
	museum/museum.sh \
	museum/mutant.h \
	museum/mutants/acrn.mut \
	museum/mutants/gvt.mut \
	museum/mutants/gvt_ppgtt.mut \
	museum/mutants/host.mut \
	museum/mutants/layers.mut \
	museum/mutants/kvm.mut \
	museum/mutants/mock.mut \
	museum/mutants/race.mut \
	museum/mutants/sysfs.mut \
	museum/mutants/vfu.mut

.PHONY: museum
museum:
	$(MKDIR_P) museum.d
	$(MAKE) -s distdir distdir=museum.d/dist
	$(srcdir)/museum/museum.sh museum.d/dist museum.d

clean-local: clean-museum
clean-museum:
	rm -rf museum.d
.PHONY: clean-museum
