/* SPDX-License-Identifier: MIT */
/*
 * Fail-N: creation, and the shadowing of a page table, with every operation of the contract and
 * every allocation of the core failing in turn. Afterwards the same works.
 */
#include <errno.h>

#include <mpt/alloc.h>

#include "ppgtt.h"

#define TRIES 2000
/* Of the allocations of a creation, those whose failure the core answers by forgetting others. */
#define FORGETS 4
#define FORGOTTEN 4

static int create_once(void *arg)
{
	struct rig *r = arg;
	int ret = rig_create(r, 0);

	return ret ? ret : rig_destroy(r);
}

static const char *create_calls(struct rig *r)
{
	struct mpt_op_info const *info;
	unsigned long held = rig_held();
	unsigned int op, failed = 0;
	enum mpt_op_id what;

	if (mpt_fault_at(r->host, MPT_OP_COUNT, 0, 0))
		return skipped;
	for (op = 0; op < MPT_OP_COUNT; op++) {
		info = mpt_op_info(op);
		if (!info->errnos || mpt_fault_at(r->host, op, 1, 0))
			continue;
		if (create_once(r)) {
			CHECK(mpt_fault_fired(r->host, &what) && what == op);
			failed++;
		}
		mpt_fault_at(r->host, op, 0, 0);
		EQ(rig_held(), held);
		EQ(create_once(r), 0);
		EQ(rig_held(), held);
	}
	CHECK(failed);
	return NULL;
}

struct count {
	unsigned long n, known;
};

/* C23, in words: the tables of a vGPU's graphics memory are forgotten when what follows fails. */
static void count_known(void *arg, const void *where, unsigned long size)
{
	struct count *count = arg;

	(void)size;
	count->n++;
	count->known += !strcmp(linux_gvt_symbol(where), "intel_vgpu_init_gtt");
}

static struct count counted(void)
{
	struct count count = { 0, 0 };

	linux_gvt_memory_each(count_known, &count);
	return count;
}

static const char *create_allocations(struct rig *r)
{
	struct count before, after;
	unsigned int n, forgot = 0;
	int ret;

	for (n = 1; n < TRIES; n++) {
		before = counted();
		linux_gvt_alloc_fail(n);
		ret = create_once(r);
		linux_gvt_alloc_fail(0);
		if (!ret)
			break;
		EQ(ret, -ENOMEM);
		after = counted();
		EQ(after.n - before.n, after.known - before.known);
		forgot += after.n > before.n;
		EQ(create_once(r), 0);
	}
	printf("    %u allocations failed, one by one\n", n - 1);
	CHECK(n > 1 && n < TRIES);
	EQ(forgot, FORGETS);
	return NULL;
}

static const char *create_library(struct rig *r)
{
	unsigned long n, held = rig_held();
	struct mpt_ledger ledger;

	/* The ledger says that it lost count, as it should. */
	if (!mpt_ledger_get(r->host, &ledger))
		return skipped;
	for (n = 1; n < TRIES; n++) {
		mpt_alloc_fail_at(n);
		create_once(r);
		if (!mpt_alloc_failed())
			break;
		mpt_alloc_fail_at(0);
		EQ(rig_held(), held);
		EQ(create_once(r), 0);
	}
	mpt_alloc_fail_at(0);
	CHECK(n < TRIES);
	return NULL;
}

const struct scenario fail_scenarios[] = {
	{ .name = "creation with each operation failing", .bare = true, .run = create_calls },
	{ .name = "creation with each allocation of the core failing", .bare = true,
	  .run = create_allocations, .forgets = FORGETS * FORGOTTEN,
	  .finding = "gtt.c: the global page table of a new vGPU is forgotten when a scratch page "
		     "cannot be had" },
	{ .name = "creation with each allocation of the library failing", .bare = true,
	  .run = create_library },
	{ .name = NULL },
};
