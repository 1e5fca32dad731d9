/* SPDX-License-Identifier: MIT */
/* Counts accesses by class and by register, with their times. */
#ifndef MPT_TOOLS_TALLY_H
#define MPT_TOOLS_TALLY_H

#include <gvt/gvt.h>

#define TALLY_CLASSES 64
/* Times are kept in steps of 4 ns, so that a median can be told; the last step is "more". */
#define TALLY_STEP_NS 4
#define TALLY_STEPS 4096

/**
 * struct tally_class - a class of accesses: a group of the register table, "ggtt", "config",
 *	"aperture"
 * @reads, @writes: accesses; one that covers two registers counts once, with the first
 * @unknown: of them to something that the table does not know
 * @registers: different ones
 * @ns: time of all accesses
 */
struct tally_class {
	const char *name;
	u64 reads, writes, unknown;
	u64 registers;
	u64 ns;
};

struct tally_reg {
	u32 reads, writes;
};

struct tally {
	struct tally_class cls[TALLY_CLASSES];
	unsigned int n;
	struct tally_class all; /* their sum */
	u32 (*times)[TALLY_STEPS]; /* a class each, the sum last */
	struct tally_reg *reg; /* a dword each */
	u64 unknown_regs; /* registers that the table does not know; the hole above has none */
};

int tally_init(struct tally *t);
void tally_free(struct tally *t);
/* An access to BAR0; of 8 bytes it covers two registers. */
void tally_mmio(struct tally *t, struct intel_gvt *gvt, u32 offset, unsigned int width, bool write,
		u64 ns);
/* Config space, the aperture: classes without registers. */
void tally_other(struct tally *t, const char *name, bool write, u64 ns);
/* Time of an access of a class of @t. The mean tells more of this process's scheduling. */
u64 tally_median_ns(const struct tally *t, const struct tally_class *c);

#endif
