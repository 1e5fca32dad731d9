# SPDX-License-Identifier: MIT
# What `make fuzz` does: the libraries once, instrumented; a program and a run a target. local.mk
# sets the variables. All is in fuzz/work/.
names = $(patsubst fuzz/fuzz_%,%,$(targets))
object = fuzz/work/obj/$(subst /,_,$(1)).o

all: $(names:%=run-%)

define compile
$(call object,$(1)): $(top)/$(1)
	@mkdir -p fuzz/work/obj
	@echo '  FUZZ_CC  $(1)'
	@$(CC) $(FLAGS) -c -o $$@ $$<
endef
$(foreach source,$(sources),$(eval $(call compile,$(source))))

fuzz/work/lib.a: $(foreach source,$(sources),$(call object,$(source)))
	@rm -f $@ && ar rcs $@ $^

fuzz/work/fuzz_%: $(top)/fuzz/fuzz_%.c fuzz/work/lib.a
	@echo '  FUZZ_LD  $*'
	@$(CC) $(FLAGS) -fsanitize=fuzzer -o $@ $< \
		-Wl,--whole-archive fuzz/work/lib.a -Wl,--no-whole-archive $(LIBS)

run-%: fuzz/work/fuzz_%
	@echo '  FUZZ     $*, $(SECONDS_EACH) s'
	@mkdir -p fuzz/work/$*
	@cd fuzz/work && ./fuzz_$* -max_total_time=$(SECONDS_EACH) -print_final_stats=1 -verbosity=0 \
		$* $(corpus)/$*

.PHONY: all
.SECONDARY:
