/* SPDX-License-Identifier: MIT */
/*
 * Times two GVT cores in one process, row by row and in turn: Linux, ours, Linux, ours, and so on.
 * A row is judged by the median of its pairs' ratios, never by a time. Before and after, each row
 * has to prove on either core that it does what it says.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "ppgtt.h"
#include "speed.h"
#include "speed_print.h"

#define SPEC "mock"
#define TARGET_NS 2000000.0 /* how long one of a pair lasts */
#define SHORT_NS 100000.0

static struct speed_side sides[2];
static struct speed_result results[SPEED_ROWS];
static bool brief; /* one short pair a row: is it all there? */

double speed_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* --- the two sides --- */

static struct intel_vgpu *create(struct speed_side *s, unsigned int type)
{
	struct intel_vgpu *vgpu = mpt_vgpu_create(s->vm[1], s->device,
						  s->core->type(s->device, type));

	if (!MPT_IS_ERR(vgpu))
		s->ops.vgpu_activate(vgpu);
	return vgpu;
}

static int destroy(struct speed_side *s, struct intel_vgpu *vgpu)
{
	s->ops.vgpu_deactivate(vgpu);
	return mpt_vgpu_destroy(s->vm[1], vgpu);
}

static int open_vms(struct speed_side *s)
{
	unsigned int id;
	int ret = 0;

	for (id = 1; id <= 2 && !ret; id++) {
		struct mpt_vm **vm = &s->vm[id - 1];

		ret = mpt_vm_create(s->host, id);
		if (!ret)
			ret = mpt_vm_get(s->host, id, vm);
		if (!ret)
			ret = mpt_ram_add(*vm, 0, RAM_SIZE, 0);
		if (!ret)
			ret = speed_tables(*vm);
	}
	return ret;
}

static int open_side(struct speed_side *s, const struct speed_core *core)
{
	struct speed_place place = { .low = 0 };

	s->core = core;
	s->create = create;
	s->destroy = destroy;
	if (mpt_host_open(SPEC, &s->host) || open_vms(s) || core->open(s->host, &s->device))
		return -1;
	core->ops(&s->ops);
	s->vgpu = mpt_vgpu_create(s->vm[0], s->device, core->type(s->device, 0));
	if (MPT_IS_ERR(s->vgpu))
		return -1;
	s->ops.vgpu_activate(s->vgpu);
	core->place(s->vgpu, &place);
	s->first = place.low >> 12;
	return speed_boot(s->vm[0]);
}

static int close_side(struct speed_side *s)
{
	int ret;

	s->ops.vgpu_deactivate(s->vgpu);
	s->ops.vgpu_reset(s->vgpu);
	ret = mpt_vgpu_destroy(s->vm[0], s->vgpu);
	s->core->close(s->device);
	mpt_vm_put(s->vm[0]);
	mpt_vm_put(s->vm[1]);
	ret |= mpt_vm_destroy(s->host, 1) | mpt_vm_destroy(s->host, 2);
	return ret | mpt_host_close(s->host);
}

/* --- a core that does nothing, to see that the proofs notice --- */

static int nothing_cfg(struct intel_vgpu *vgpu, unsigned int at, void *buf, unsigned int bytes)
{
	(void)vgpu, (void)at, (void)buf, (void)bytes;
	return 0;
}

static int nothing_mmio(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	(void)vgpu, (void)gpa, (void)buf, (void)bytes;
	return 0;
}

static void nothing(struct intel_vgpu *vgpu)
{
	(void)vgpu;
}

static struct intel_vgpu *create_nothing(struct speed_side *s, unsigned int type)
{
	(void)type;
	return s->vgpu;
}

static int destroy_nothing(struct speed_side *s, struct intel_vgpu *vgpu)
{
	(void)s, (void)vgpu;
	return 0;
}

static void make_idle(struct speed_side *s)
{
	s->ops.emulate_cfg_read = nothing_cfg;
	s->ops.emulate_cfg_write = nothing_cfg;
	s->ops.emulate_mmio_read = nothing_mmio;
	s->ops.emulate_mmio_write = nothing_mmio;
	s->ops.vgpu_reset = nothing;
	s->create = create_nothing;
	s->destroy = destroy_nothing;
}

/* --- proofs --- */

static unsigned int prove(void)
{
	unsigned int row, side, wrong = 0;

	for (row = 0; row < speed_num_rows; row++)
		for (side = 0; side < 2; side++) {
			struct speed_side *s = &sides[side];
			const char *why = speed_rows[row].proof(s);

			if (!why && !s->failed)
				continue;
			printf("not done: %s: %s: %s\n", s->core->name, speed_rows[row].name,
			       why ? why : "an access failed");
			s->failed = false;
			wrong++;
		}
	return wrong;
}

/* --- time --- */

static unsigned long calibrate(struct speed_side *s, const struct speed_row *row)
{
	double ns = row->run(s, 2) / 2, target = brief ? SHORT_NS : TARGET_NS;

	if (ns < 10000)
		ns = row->run(s, 1000) / 1000;
	return (unsigned long)(target / (ns > 1 ? ns : 1)) + 1;
}

static void time_row(const struct speed_row *row, struct speed_result *to, unsigned int rounds)
{
	unsigned long n[2];
	unsigned int side, i;

	for (side = 0; side < 2; side++)
		n[side] = calibrate(&sides[side], row);
	for (i = 0; i < rounds; i++)
		for (side = 0; side < 2; side++)
			to->ns[side][i] = row->run(&sides[side], n[side]) / (double)n[side];
	to->row = row;
	to->rounds = rounds;
	for (side = 0; side < 2; side++)
		to->failed |= sides[side].failed;
}

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/*
 * Memory that was given back serves the next one, as in a kernel: page faults of a process would be
 * most of what a vGPU's creation costs.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_TOP_PAD, 64 << 20);
}

static int compare(const struct speed_files *files)
{
	unsigned int row, wrong = prove();

	for (row = 0; row < speed_num_rows && !wrong; row++)
		time_row(&speed_rows[row], &results[row], brief ? 1 : SPEED_ROUNDS);
	if (!wrong)
		wrong = prove();
	for (row = 0; row < speed_num_rows; row++)
		wrong += results[row].failed;
	if (wrong) {
		printf("%u proofs of work failed\n", wrong);
		return 1;
	}
	return speed_print(results, speed_num_rows, files, brief);
}

static int usage(void)
{
	fprintf(stderr, "usage: speed [--short | --idle] [--json FILE] [--markdown FILE]\n"
			"exit status 1: work was not done; 2: a row of ours is behind\n");
	return 3;
}

int main(int argc, char **argv)
{
	struct speed_files files = { .json = NULL };
	bool idle = false;
	int i, status;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--short"))
			brief = true;
		else if (!strcmp(argv[i], "--idle"))
			idle = true;
		else if (!strcmp(argv[i], "--json") && i + 1 < argc)
			files.json = argv[++i];
		else if (!strcmp(argv[i], "--markdown") && i + 1 < argc)
			files.markdown = argv[++i];
		else
			return usage();
	}
	pin();
	keep_memory();
	if (open_side(&sides[0], speed_linux()) || open_side(&sides[1], speed_ours())) {
		fprintf(stderr, "speed: %s\n", mpt_last_error());
		return 1;
	}
	for (i = 0; idle && i < 2; i++)
		make_idle(&sides[i]);
	if (idle)
		return prove() != 2 * speed_num_rows;
	status = compare(&files);
	for (i = 0; i < 2; i++)
		if (close_side(&sides[i]))
			status = 1;
	return status;
}
