/* SPDX-License-Identifier: MIT */
/* The synthetic guest's steps, and how a check fails. What a step does is in a file of its own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guest_priv.h"

static void step_end(struct guest *g);
static void fail_va(struct guest *g, const char *end, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static const struct {
	const char *name, *what;
	void (*run)(struct guest *g);
	bool executes;
} steps[] = {
	{ "pci", "ids, BARs, decoding, MSI", guest_step_pci, false },
	{ "pvinfo", "magic, version, share, capabilities", guest_step_pvinfo, false },
	{ "gt", "forcewake, full reset, 64 KiB pages on", guest_step_gt, false },
	{ "ggtt", "own entries, others' entries, aperture", guest_step_ggtt, false },
	{ "engines", "status pages, execlists, interrupts", guest_step_engines, false },
	{ "ppgtt", "tables of 4 KiB, 64 KiB and 2 MiB leaves, announced", guest_step_ppgtt, false },
	{ "contexts", "images, rings, first request", guest_step_contexts, false },
	{ "batches", "stores, registers, arithmetic, copies on each engine", guest_step_batches,
	  true },
	{ "blits", "fills and copies, linear and tiled", guest_step_blits, true },
	{ "elements", "two contexts in one submission", guest_step_elements, true },
	{ "lite-restore", "a running context gets more to do", guest_step_lite, true },
	{ "preempt", "a more urgent context, the other goes on where it was", guest_step_preempt,
	  true },
	{ "semaphore", "one engine waits for another", guest_step_semaphore, true },
	{ "registers", "two contexts keep their own, two spaces their pages", guest_step_registers,
	  true },
	{ "wrap", "a ring goes round", guest_step_wrap, true },
	{ "tables", "entries change between submissions", guest_step_tables, true },
	{ "hang", "engine reset, the innocent is replayed", guest_step_hang, true },
	{ "gt-reset", "full reset, what was announced stays usable", guest_step_reset, true },
	{ "teardown", "tables given back, engines reset, GGTT empty, BARs off", step_end, false },
};

#define NUM_STEPS G_ARRAY(steps)
_Static_assert(NUM_STEPS <= GUEST_STEPS_MAX, "guest_result.step is too short");

/* --- checks --- */

static void fail_va(struct guest *g, const char *end, const char *fmt, va_list ap)
{
	char what[160];

	if (g->failed)
		return;
	g->failed = true;
	vsnprintf(what, sizeof(what), fmt, ap);
	snprintf(g->r.why, sizeof(g->r.why), "%s: %s%s", steps[g->next].name, what, end);
}

void guest_fail(struct guest *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(g, "", fmt, ap);
	va_end(ap);
}

bool guest_expect(struct guest *g, u64 seen, u64 expected, const char *fmt, ...)
{
	char end[80];
	va_list ap;

	if (seen == expected || g->failed)
		return !g->failed;
	snprintf(end, sizeof(end), ": expected 0x%llx, saw 0x%llx", (unsigned long long)expected,
		 (unsigned long long)seen);
	va_start(ap, fmt);
	fail_va(g, end, fmt, ap);
	va_end(ap);
	return false;
}

bool guest_check(struct guest *g, bool ok, u64 seen, const char *what, const char *expected)
{
	if (!ok)
		guest_fail(g, "%s: expected %s, saw 0x%llx", what, expected,
			   (unsigned long long)seen);
	return !g->failed;
}

/* --- the last step --- */

/* No full reset: that alone would take down much that the guest is to give back piece by piece. */
static void step_end(struct guest *g)
{
	u32 i;

	/* As i915: what was created before a full reset is given back after it. */
	for (i = 0; i < G_ARRAY(g->vm); i++)
		if (g->vm[i].announced)
			guest_vm_notify(g, &g->vm[i], false);
	guest_gt_off(g);
	guest_ggtt_clear(g);
	guest_pci_off(g);
}

/* --- the run --- */

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

struct guest *guest_new(const struct guest_config *config)
{
	struct guest *g = calloc(1, sizeof(*g));
	u32 i;

	if (!g)
		return NULL;
	g->c = *config;
	/* The first MiB is firmware's. */
	g->ram_low = 1ULL << 20;
	g->ram_high = config->ram;
	g->r.steps = NUM_STEPS;
	for (i = 0; i < NUM_STEPS; i++) {
		g->r.step[i].name = steps[i].name;
		g->r.step[i].what = steps[i].what;
	}
	for (i = 0; i < G_NUM_ENGINES; i++) {
		g->engine[i].info = &guest_engines[i];
		g->engine[i].acked = true;
		g->r.engine[i] = guest_engines[i].name;
	}
	return g;
}

void guest_free(struct guest *g)
{
	free(g);
}

bool guest_step(struct guest *g)
{
	struct guest_step_result *r = &g->r.step[g->next];
	u64 start;

	if (g->next == NUM_STEPS || g->failed)
		return false;
	if (steps[g->next].executes && !g->c.executes) {
		r->state = GUEST_SKIPPED;
		g->next++;
		return true;
	}
	start = now_ns();
	steps[g->next].run(g);
	r->ns = now_ns() - start;
	r->state = g->failed ? GUEST_FAILED : GUEST_PASSED;
	if (g->failed)
		return false;
	g->next++;
	return true;
}

bool guest_run(struct guest *g)
{
	while (guest_step(g))
		;
	return !g->failed;
}

void guest_move(struct guest *g, struct mpt_vm *vm)
{
	g->c.vm = vm;
}

const struct guest_result *guest_result(const struct guest *g)
{
	return &g->r;
}
