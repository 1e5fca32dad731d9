/* SPDX-License-Identifier: MIT */
/*
 * Plays the synthetic guest: gives it memory and places for its BARs, lets the device run, looks
 * at what it has left. What the guest does is in tests/guest/; the report is in report_guest.c.
 */
#include "synthetic.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An aperture of 1 GiB, registers behind it. */
#define BAR0 0xc0000000ULL
#define BAR2 0x80000000ULL

/* A slice of the device's time, as an embedder's thread would give it again and again. */
#define BUDGET 4096
#define MOMENT_US 50

static void let_run(void *gvt)
{
	/* What waits for a semaphore is to be asked again after a moment. */
	if (!gvt_run(gvt, BUDGET) && gvt_run_pending(gvt))
		usleep(MOMENT_US);
}

const char *synthetic_state_name(enum guest_state state)
{
	static const char *const names[] = {
		[GUEST_NOT_RUN] = "not run",
		[GUEST_PASSED] = "passed",
		[GUEST_FAILED] = "FAILED",
		[GUEST_SKIPPED] = "skipped",
	};

	return names[state];
}

static void failed(struct session_result *r, const struct synthetic_run *run, const char *why)
{
	if (!r->errors++)
		snprintf(r->first_error, sizeof(r->first_error), "guest with %d levels: %s",
			 run->levels, why);
}

/* A guest that took everything down leaves nothing, before its vGPU goes as well. */
static void look_at_left(struct mpt_vm *vm, struct synthetic_run *run, struct session_result *r)
{
	struct mpt_vm_stats stats;
	char why[128];

	mpt_vm_stats_get(vm, &stats);
	run->dma = stats.dma_live;
	run->tracked = stats.tracked;
	if (!run->dma && !run->tracked)
		return;
	snprintf(why, sizeof(why), "leaves %llu DMA mappings and %llu tracked pages",
		 (unsigned long long)run->dma, (unsigned long long)run->tracked);
	failed(r, run, why);
}

static void looked(void *arg, enum guest_space space, u64 addr, void *buf, unsigned int len)
{
	struct synthetic *s = arg;

	(void)space;
	(void)addr;
	(void)buf;
	(void)len;
	s->looks++;
	if (s->look)
		s->look(s->look_arg, s->looks);
}

static bool play(const struct guest_config *c, struct synthetic_run *run, struct session_result *r)
{
	struct guest *g = guest_new(c);

	run->levels = c->levels;
	if (!g) {
		failed(r, run, "no memory");
		return false;
	}
	if (!guest_run(g))
		failed(r, run, guest_result(g)->why);
	run->guest = *guest_result(g);
	guest_free(g);
	if (!r->errors)
		look_at_left(c->vm, run, r);
	return !r->errors;
}

void synthetic_play(struct mpt_vm *vm, struct intel_gvt *gvt, u64 ram, struct synthetic *s,
		    struct session_result *r)
{
	struct guest_config c = {
		.vm = vm,
		.ram = ram,
		.bar0 = BAR0,
		.bar2 = BAR2,
		.executes = true,
		.wait = let_run,
		.wait_arg = gvt,
		.lie = looked,
		.lie_arg = s,
	};

	for (c.levels = 4; c.levels >= 3; c.levels--)
		if (!play(&c, &s->run[s->runs++], r))
			return;
}
