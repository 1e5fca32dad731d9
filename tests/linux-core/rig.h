/* SPDX-License-Identifier: MIT */
/*
 * What the scenarios of an unmodified Linux core share: a host by spec, a VM with RAM, one vGPU,
 * and the checks that each ends with. How the core gets here is in compat/linux-gvt/.
 */
#ifndef LINUX_CORE_RIG_H
#define LINUX_CORE_RIG_H

#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include <mpt/backend.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

#include "linux_gvt.h"

#define RAM_SIZE (64ULL << 20)
#define BAR0 0xc0000000ULL
#define BAR2 0x40000000ULL
#define OPREGION 0xdfffd000ULL
#define PVINFO 0x78000
#define GTT (8ULL << 20)
#define ADDR_MASK 0x3ffffffff000ULL

struct rig {
	const char *spec;
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	const struct intel_gvt_ops *ops;
	u64 caps;
	struct linux_gvt_place place;
};

/* NULL: as it should be. skipped: the host cannot. Else what is wrong. */
typedef const char *(*scenario_fn)(struct rig *r);
extern const char skipped[];

/**
 * struct scenario - one of them.
 * @name: what is to hold
 * @run: with a vGPU there unless @bare
 * @bare: no vGPU is made
 * @needs: capabilities, MPT_CAP_*
 * @left: what the core is known to leave in the ledger, entries; @violates: calls against the
 *	contract; @warns: places that warn; @forgets: pieces of its memory; @overruns: of them that
 *	are written to beyond their end. Others than these numbers are a failure, fewer too
 * @finding: its defect, one sentence: NULL: none is known
 */
struct scenario {
	const char *name;
	scenario_fn run;
	bool bare;
	u64 needs;
	unsigned int left, violates, warns, forgets, overruns;
	const char *finding;
};

#define CHECK(expr)							\
	do {								\
		if (!(expr))						\
			return rig_wrong(__FILE__, __LINE__, #expr);	\
	} while (0)
#define EQ(a, b)							\
	do {								\
		u64 a_ = (u64)(a), b_ = (u64)(b);			\
		if (a_ != b_)						\
			return rig_differ(__FILE__, __LINE__, #a, a_, b_); \
	} while (0)

const char *rig_wrong(const char *file, int line, const char *what);
const char *rig_differ(const char *file, int line, const char *what, u64 is, u64 wanted);

/* The vGPU for the rig's VM. 0 or -errno. */
int rig_create(struct rig *r, unsigned int type);
/* DMLR, then destroy. */
int rig_destroy(struct rig *r);
/* Both BARs where they belong, decoded; the PVINFO page was looked at, as a driver does. */
const char *rig_boot(struct rig *r);

/* As the guest does it. A failed access answers all ones. */
u32 cfg_read(struct rig *r, unsigned int at, unsigned int len);
int cfg_write(struct rig *r, unsigned int at, u32 value, unsigned int len);
u64 guest_read(struct rig *r, u64 gpa, unsigned int len);
int guest_write(struct rig *r, u64 gpa, u64 value, unsigned int len);
static inline u32 reg_read(struct rig *r, u32 reg)
{
	return (u32)guest_read(r, BAR0 + reg, 4);
}
static inline int reg_write(struct rig *r, u32 reg, u32 value)
{
	return guest_write(r, BAR0 + reg, value, 4);
}
/* What the device finds by a bus address. */
u64 bus_read(struct rig *r, u64 addr);
struct mpt_vm_stats rig_stats(struct rig *r);
/* Pieces that the core holds. */
unsigned long rig_held(void);

extern const struct scenario life_scenarios[], space_scenarios[], ppgtt_scenarios[],
	fail_scenarios[], defect_scenarios[];

#endif
