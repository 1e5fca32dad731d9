/* SPDX-License-Identifier: MIT */
/* MEM: reads and writes at random beside a model, and of several vGPUs at once. */
#include <stdlib.h>
#include <string.h>

#include "areas.h"

/* --- a random walk beside a model of guest memory --- */

#define MODEL_BASE (CF_PRE - 0x4000)
#define MODEL_SIZE (CF_NEXT + CF_NEXT_SIZE + 0x4000 - MODEL_BASE)
#define MODEL_STEPS 1500

struct model {
	u8 ram[MODEL_SIZE];
	u8 data[MODEL_SIZE];
};

static bool is_ram(u64 gpa, u64 len, bool write)
{
	u64 low = write ? CF_MAIN : CF_PRE;

	if (gpa >= low && gpa + len <= CF_NEXT + CF_NEXT_SIZE)
		return true;
	return write && gpa >= CF_PRE && gpa + len <= CF_RO;
}

static int model_step(struct cf_env *e, struct model *m, u64 *rnd)
{
	u64 gpa = MODEL_BASE + cf_random(rnd) % (MODEL_SIZE - 16);
	u64 max = MODEL_BASE + MODEL_SIZE - gpa;
	u64 len = cf_random(rnd) % (cf_random(rnd) % 16 ? 40 : 20000) % max;
	bool write = cf_random(rnd) & 1;
	int want = !len || is_ram(gpa, len, write) ? 0 : -EFAULT, r;

	cf_paint_bytes(cf_random(rnd), m->data, len);
	r = write ? HV(write_gpa)(e->v, gpa, m->data, len) : HV(read_gpa)(e->v, gpa, m->data, len);
	CF_INT(e, want, r, "%s of 0x%llx bytes at 0x%llx", write ? "write_gpa" : "read_gpa",
	       (unsigned long long)len, (unsigned long long)gpa);
	if (!r && write)
		memcpy(m->ram + (gpa - MODEL_BASE), m->data, len);
	else if (!r)
		CF_BYTES(e, m->ram + (gpa - MODEL_BASE), m->data, len,
			 "read_gpa of 0x%llx bytes at 0x%llx", (unsigned long long)len,
			 (unsigned long long)gpa);
	return CF_PASS;
}

static int mem_model(struct cf_env *e)
{
	struct model *m = calloc(1, sizeof(*m));
	u64 rnd = cf_seeded(0x1234567);
	int i, r = m ? CF_PASS : cf_fail(e, "the suite is out of memory");

	for (i = 0; !r && i < MODEL_STEPS; i++)
		r = model_step(e, m, &rnd);
	if (!r)
		r = cf_guest_load(e, e->vm, CF_PRE, m->data, CF_NEXT + CF_NEXT_SIZE - CF_PRE);
	if (!r)
		r = cf_bytes(e, m->ram + (CF_PRE - MODEL_BASE), m->data,
			     CF_NEXT + CF_NEXT_SIZE - CF_PRE,
			     "guest memory after %d random accesses", i);
	free(m);
	return r;
}

/* --- in parallel --- */

static int hammer(struct cf_env *e, void *arg)
{
	struct cf_vgpu *cv = arg;
	u64 rnd = cf_seeded((u64)cv->base.id * 77), seen;
	u64 mine = (u64)cv->base.id * 0x0101010101010101ULL;
	int i;

	for (i = 0; i < 20000; i++) {
		u64 gpa = CF_MAIN + cf_random(&rnd) % (CF_MAIN_SIZE - 8);

		CF_INT(e, 0, HV(write_gpa)(&cv->base, gpa, &mine, 8),
		       "write_gpa beside another vGPU's");
		CF_INT(e, 0, HV(read_gpa)(&cv->base, gpa, &seen, 8),
		       "read_gpa beside another vGPU's");
		CF_U64(e, mine, seen, "what this vGPU wrote itself");
	}
	return CF_PASS;
}

static int mem_parallel(struct cf_env *e)
{
	static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };
	struct mpt_vm *other;
	int a, b;

	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_TRY(cf_thread_start(e, 0, hammer, &e->vgpus[0]));
	CF_TRY(cf_thread_start(e, 1, hammer, &e->vgpus[1]));
	a = cf_thread_join(e, 0);
	b = cf_thread_join(e, 1);
	return a ? a : b;
}

#define RW (CF_OP(read_gpa) | CF_OP(write_gpa))

const struct mpt_clause cf_mem_walk[] = {
	{
		.id = "MEM-11",
		.text = "A random walk of reads and writes over RAM, holes and read-only RAM "
			"agrees with a model.",
		.bug_class = BUG_RANGE "; " BUG_TORN,
		.row = "guest-access",
		.ops = RW,
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT), CF_P(write_gpa, EFAULT)),
		.run = mem_model,
	},
	{
		.id = "MEM-12",
		.text = "Accesses of different vGPUs run in parallel and never meet.",
		.bug_class = BUG_LOCK,
		.ops = RW,
		.run = mem_parallel,
	},
	{ .id = NULL },
};
