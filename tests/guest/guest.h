/* SPDX-License-Identifier: MIT */
/*
 * The synthetic guest: a graphics driver in miniature that behaves as i915 on Skylake under GVT. It
 * knows the guest's side of a testbed and the hardware's registers, nothing of the device model.
 * Its caller makes the VM and the vGPU, lets the device run, and looks at the ledger.
 */
#ifndef MPT_GUEST_H
#define MPT_GUEST_H

#include <mpt/testbed.h>

#define GUEST_STEPS_MAX 24
#define GUEST_ENGINES 4
/* From 0, without a hole. */
#define GUEST_RAM_MIN (32ULL << 20)

/* Where a value that the guest has read came from. */
enum guest_space {
	GUEST_CFG, /* offset in configuration space */
	GUEST_REG, /* offset in BAR0, GGTT included */
	GUEST_APERTURE, /* graphics address, through BAR2 */
	GUEST_RAM, /* guest-physical address */
	GUEST_MSI, /* 0: a struct mpt_irq */
};

/**
 * struct guest_config - one run.
 * @vm: RAM from 0 and an active vGPU; no BAR placed
 * @ram: bytes of it
 * @bar0, @bar2: where to place the BARs, aligned to their size
 * @levels: of page tables, 4 or 3
 * @executes: the device executes commands; false: the steps that need it are skipped
 * @wait: lets the device run for a while; called whenever the guest waits for something
 * @lie: may change what was read before the guest sees it, for tests of its checks; or NULL
 */
struct guest_config {
	struct mpt_vm *vm;
	u64 ram, bar0, bar2;
	int levels;
	bool executes;
	void (*wait)(void *arg);
	void *wait_arg;
	void (*lie)(void *arg, enum guest_space space, u64 addr, void *buf, unsigned int len);
	void *lie_arg;
};

enum guest_state {
	GUEST_NOT_RUN, /* a step before it failed */
	GUEST_PASSED,
	GUEST_FAILED,
	GUEST_SKIPPED, /* needs a device that executes */
};

struct guest_step_result {
	const char *name, *what;
	enum guest_state state;
	u64 ns;
};

/**
 * struct guest_result - what happened so far.
 * @step, @steps: all steps, in their order
 * @why: of the step that failed: what was looked at, expected and seen; "": none
 * @engine: their names. @batches: executed and checked, by engine
 * @submissions: writes of four dwords to ELSP. @events: CSB entries. @interrupts: MSIs taken
 * @waits: calls of guest_config.wait
 */
struct guest_result {
	struct guest_step_result step[GUEST_STEPS_MAX];
	unsigned int steps;
	char why[320];
	const char *engine[GUEST_ENGINES];
	u64 batches[GUEST_ENGINES];
	u64 submissions, events, interrupts, waits;
};

struct guest;

/* NULL: no memory. */
struct guest *guest_new(const struct guest_config *config);
void guest_free(struct guest *g);

/* Runs the next step. Return: false: none is left, or one has failed. */
bool guest_step(struct guest *g);
/* All that are left. Return: whether all have passed or were skipped. */
bool guest_run(struct guest *g);
/* From now on the guest is in another VM, which has the same memory and the same device. */
void guest_move(struct guest *g, struct mpt_vm *vm);
const struct guest_result *guest_result(const struct guest *g);

#endif
