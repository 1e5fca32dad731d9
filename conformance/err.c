/* SPDX-License-Identifier: MIT */
/* ERR: sentences, and operations that fail half way: by memory, by the fault layer. */
#include <stdio.h>
#include <string.h>

#include "areas.h"
#include "tries.h"

/* --- sentences --- */

static int fail_elsewhere(struct cf_env *e, void *arg)
{
	u8 b;

	(void)arg;
	CF_THAT(e, !*mpt_last_error(), "a new thread: expected no sentence, seen \"%s\"",
		mpt_last_error());
	return cf_int(e, -EFAULT, HV(write_gpa)(e->v, CF_HOLE, &b, 1), "write_gpa to a hole");
}

static int err_sentence(struct cf_env *e)
{
	char mine[MPT_ERROR_MAX];
	dma_addr_t addr;
	const char *colon;

	CF_INT(e, -EINVAL, HV(dma_map_guest_page)(e->v, CF_GFN(CF_MAIN), 12345, &addr),
	       "dma_map_guest_page of 12345 bytes");
	snprintf(mine, sizeof(mine), "%s", mpt_last_error());
	colon = strstr(mine, ": ");
	CF_THAT(e, colon && strstr(colon + 2, ": "),
		"a sentence: expected \"function: back end: what: why\", seen \"%s\"", mine);
	CF_TRY(cf_thread_start(e, 0, fail_elsewhere, NULL));
	CF_TRY(cf_thread_join(e, 0));
	CF_THAT(e, strcmp(mine, mpt_last_error()) == 0,
		"the sentence after another thread failed: expected \"%s\", seen \"%s\"", mine,
		mpt_last_error());
	mpt_clear_error();
	CF_THAT(e, !*mpt_last_error(),
		"the sentence after mpt_clear_error: expected none, seen \"%s\"", mpt_last_error());
	return CF_PASS;
}

static int err_long(struct cf_env *e)
{
	char big[2 * MPT_ERROR_MAX];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CF_INT(e, -EINVAL, mpt_fail(EINVAL, "somebody", "%s", big), "mpt_fail of a positive errno");
	CF_THAT(e, strlen(mpt_last_error()) < MPT_ERROR_MAX,
		"a long sentence: expected it cut, seen %zu bytes", strlen(mpt_last_error()));
	CF_THAT(e, strstr(mpt_last_error(), "somebody"),
		"a long sentence: expected its begin kept, seen \"%.80s\"", mpt_last_error());
	return CF_PASS;
}

/* --- the Nth allocation fails --- */

#define ALLOCS_MAX 512

static int same_world(struct cf_env *e, const struct mpt_vm_stats *was, const char *name)
{
	struct mpt_vm_stats is = cf_stats(e, e->vm);

	CF_U64(e, was->dma_live, is.dma_live, "live DMA counts after a failed %s", name);
	CF_U64(e, was->tracked, is.tracked, "tracked pages after a failed %s", name);
	CF_U64(e, was->intx_level, is.intx_level, "the pin's level after a failed %s", name);
	CF_U64(e, (u64)was->vfio_device, (u64)is.vfio_device,
	       "holders of the device after a failed %s", name);
	return CF_PASS;
}

static int retry(struct cf_env *e, const struct cf_try *t, const char *name)
{
	CF_INT(e, 0, t->go(e), "%s, tried again", name);
	if (t->back)
		t->back(e);
	return CF_PASS;
}

/* Return: whether the failure was reached in @reached. */
static int fail_nth(struct cf_env *e, const struct cf_try *t, unsigned long n, bool *reached)
{
	const char *name = mpt_op_info(t->op)->name;
	struct mpt_vm_stats was = cf_stats(e, e->vm);
	int r;

	mpt_alloc_fail_at(n);
	r = t->go(e);
	*reached = mpt_alloc_failed();
	mpt_alloc_fail_at(0);
	cf_note(e, t->op, r == -ENOMEM ? r : 0);
	if (!r && t->back)
		t->back(e);
	if (!*reached || !r)
		return cf_int(e, 0, r, "%s, whose allocation %lu need not work", name, n);
	CF_INT(e, -ENOMEM, r, "%s with its allocation %lu failing", name, n);
	CF_TRY(same_world(e, &was, name));
	return retry(e, t, name);
}

static int err_memory(struct cf_env *e)
{
	const struct cf_try *t;
	unsigned long n;
	bool reached;

	for (t = cf_tries; t->op != MPT_OP_COUNT; t++) {
		if (!cf_table_has(e->real, t->op) ||
		    !(mpt_op_info(t->op)->errnos & mpt_errno_bit(-ENOMEM)))
			continue;
		if (t->ready)
			CF_TRY(t->ready(e));
		for (n = 1, reached = true; reached && n <= ALLOCS_MAX; n++)
			CF_TRY(fail_nth(e, t, n, &reached));
		CF_THAT(e, !reached, "%s: expected fewer than %d allocations",
			mpt_op_info(t->op)->name, ALLOCS_MAX);
		if (t->done)
			t->done(e);
	}
	return CF_PASS;
}

/* --- the same for what makes hosts and VMs --- */

static struct mpt_host *a_host;
static struct mpt_vm *a_vm;

static int go_open(struct cf_env *e)
{
	return mpt_host_open(e->spec, &a_host);
}

static void back_open(struct cf_env *e)
{
	cf_int(e, 0, mpt_host_close(a_host), "mpt_host_close");
}

static int go_create(struct cf_env *e)
{
	return mpt_vm_create(e->host, 50);
}

static void back_create(struct cf_env *e)
{
	cf_int(e, 0, mpt_vm_destroy(e->host, 50), "mpt_vm_destroy");
}

static int go_get(struct cf_env *e)
{
	return mpt_vm_get(e->host, 51, &a_vm);
}

static void back_get(struct cf_env *e)
{
	(void)e;
	mpt_vm_put(a_vm);
}

static int go_ram(struct cf_env *e)
{
	return mpt_ram_add(e->vm, CF_PLUG, MPT_HUGE_SIZE + MPT_PAGE_SIZE, 0);
}

static void back_ram(struct cf_env *e)
{
	cf_int(e, 0, mpt_ram_remove(e->vm, CF_PLUG, MPT_HUGE_SIZE + MPT_PAGE_SIZE),
	       "mpt_ram_remove");
}

static int go_move(struct cf_env *e)
{
	return mpt_ram_move(e->vm, CF_HUGE, CF_HUGE_SIZE, CF_PLUG + 0x1000);
}

static void back_move(struct cf_env *e)
{
	cf_int(e, 0, mpt_ram_move(e->vm, CF_PLUG + 0x1000, CF_HUGE_SIZE, CF_HUGE),
	       "mpt_ram_move back");
}

static const struct {
	const char *name;
	int (*go)(struct cf_env *e);
	void (*back)(struct cf_env *e);
	bool spare; /* can do with the memory that is there already */
} makers[] = {
	{ "mpt_host_open", go_open, back_open, false },
	{ "mpt_vm_create", go_create, back_create, false },
	{ "mpt_vm_get", go_get, back_get, false },
	{ "mpt_ram_add", go_ram, back_ram, false },
	{ "mpt_ram_move", go_move, back_move, true },
};

static int maker_nth(struct cf_env *e, size_t i, unsigned long n, bool *reached)
{
	struct mpt_host *const no_host = (struct mpt_host *)&e->slot[0];
	struct mpt_vm *const no_vm = (struct mpt_vm *)&e->slot[1];
	long live = mpt_alloc_live();
	int r;

	a_host = no_host;
	a_vm = no_vm;
	mpt_alloc_fail_at(n);
	r = makers[i].go(e);
	*reached = mpt_alloc_failed();
	mpt_alloc_fail_at(0);
	if (r) {
		CF_INT(e, -ENOMEM, r, "%s with its allocation %lu failing", makers[i].name, n);
		CF_THAT(e, a_host == no_host && a_vm == no_vm,
			"%s failed: expected its answer untouched", makers[i].name);
		CF_THAT(e, cf_names_who(e, mpt_last_error()),
			"%s out of memory: expected a sentence that names the back end or a "
			"layer, seen \"%s\"",
			makers[i].name, mpt_last_error());
		CF_U64(e, (u64)live, (u64)mpt_alloc_live(), "live allocations after a failed %s",
		       makers[i].name);
		CF_INT(e, 0, makers[i].go(e), "%s, tried again", makers[i].name);
	}
	makers[i].back(e);
	return CF_PASS;
}

static int err_makers(struct cf_env *e)
{
	struct mpt_vm *vm;
	unsigned long n;
	bool reached;
	size_t i;

	CF_TRY(cf_vm_new(e, 51, NULL, &vm));
	cf_vm_drop(e, vm);
	CF_INT(e, 0, mpt_vm_create(e->host, 51), "mpt_vm_create");
	for (i = 0; i < CF_COUNT(makers); i++) {
		for (n = 1, reached = true; reached && n <= ALLOCS_MAX; n++)
			CF_TRY(maker_nth(e, i, n, &reached));
		CF_THAT(e, !reached && (n > 2 || makers[i].spare),
			"%s: expected %d to %d allocations, seen %lu", makers[i].name,
			!makers[i].spare, ALLOCS_MAX, n - 2);
	}
	return cf_int(e, 0, mpt_vm_destroy(e->host, 51), "mpt_vm_destroy");
}

/* --- the fault layer --- */

static int fault_one(struct cf_env *e, const struct cf_try *t, int err)
{
	const char *name = mpt_op_info(t->op)->name;
	struct mpt_vm_stats was = cf_stats(e, e->vm);
	struct mpt_ledger before = cf_ledger(e), after;
	enum mpt_op_id fired = MPT_OP_COUNT;
	int k;

	CF_INT(e, 0, mpt_fault_at(e->host, t->op, 1, err), "mpt_fault_at of %s, %s", name,
	       mpt_errno_name(err));
	CF_INT(e, err ? -err : -ENOENT, t->go(e), "%s, told to fail", name);
	CF_THAT(e, mpt_fault_fired(e->host, &fired) && fired == t->op,
		"mpt_fault_fired: expected %s, seen operation %d", name, (int)fired);
	CF_TRY(same_world(e, &was, name));
	after = cf_ledger(e);
	for (k = 0; k < MPT_LEDGER_KINDS; k++)
		CF_U64(e, before.live[k], after.live[k],
		       "%s entries of the ledger after a failed %s",
		       mpt_ledger_kind_name((enum mpt_ledger_kind)k), name);
	return retry(e, t, name);
}

static int err_fault(struct cf_env *e)
{
	static const int set[] = { EINVAL, EFAULT, ESRCH,      ENOENT, EEXIST, EBUSY,
				   ENOSPC, ENOMEM, EOPNOTSUPP, ENODEV, EACCES, EIO };
	const struct cf_try *t;
	size_t i;

	for (t = cf_tries; t->op != MPT_OP_COUNT; t++) {
		const struct mpt_op_info *info = mpt_op_info(t->op);

		if (!cf_table_has(e->real, t->op))
			continue;
		if (t->ready)
			CF_TRY(t->ready(e));
		for (i = 0; i < CF_COUNT(set); i++) {
			if (!info->errnos)
				CF_TRY(fault_one(e, t, 0));
			else if (info->errnos & mpt_errno_bit(set[i]))
				CF_TRY(fault_one(e, t, set[i]));
			else
				CF_INT(e, -EINVAL, mpt_fault_at(e->host, t->op, 1, set[i]),
				       "mpt_fault_at of %s, %s, which it may not answer",
				       info->name, mpt_errno_name(set[i]));
		}
		if (t->done)
			t->done(e);
	}
	return CF_PASS;
}

static int err_fault_nth(struct cf_env *e)
{
	enum mpt_op_id fired = MPT_OP_COUNT;
	u64 word = 1;
	int i;

	CF_INT(e, -EINVAL, mpt_fault_at(e->host, CF_ID(detach_vgpu), 1, 0),
	       "a fault of detach_vgpu");
	CF_INT(e, -EINVAL, mpt_fault_at(e->host, CF_ID(dma_unmap_guest_page), 1, 0),
	       "a fault of unmap");
	CF_INT(e, -EINVAL, mpt_fault_at(e->host, (enum mpt_op_id)(MPT_OP_COUNT + 1), 1, 0),
	       "a fault of no operation");
	CF_INT(e, 0, mpt_fault_at(e->host, CF_ID(write_gpa), 3, EFAULT), "mpt_fault_at the third");
	for (i = 1; i <= 5; i++) {
		CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &word, 8), "another operation");
		CF_INT(e, i == 3 ? -EFAULT : 0, HV(write_gpa)(e->v, CF_MAIN, &word, 8),
		       "write_gpa number %d", i);
	}
	CF_INT(e, 0, mpt_fault_at(e->host, MPT_OP_COUNT, 2, 0), "mpt_fault_at the second of any");
	CF_THAT(e, !mpt_fault_fired(e->host, NULL), "a new fault: expected not fired yet");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &word, 8), "the first of any");
	CF_THAT(e, HV(write_gpa)(e->v, CF_MAIN, &word, 8) < 0,
		"the second of any: expected it to fail");
	CF_THAT(e, mpt_fault_fired(e->host, &fired) && fired == CF_ID(write_gpa),
		"mpt_fault_fired: expected write_gpa, seen operation %d", (int)fired);
	CF_INT(e, 0, mpt_fault_at(e->host, MPT_OP_COUNT, 0, 0), "switching it off");
	return cf_int(e, 0, HV(write_gpa)(e->v, CF_MAIN, &word, 8), "write_gpa after that");
}

const struct mpt_clause cf_err[] = {
	{
		.id = "ERR-1",
		.text = "A failure leaves a sentence \"function: back end: what: why\" for its "
			"thread and no other.",
		.bug_class = BUG_MESSAGE,
		.row = "sentence",
		.ops = CF_OP(dma_map_guest_page) | CF_OP(write_gpa),
		.pairs = CF_PAIRS(CF_P(dma_map_guest_page, EINVAL), CF_P(write_gpa, EFAULT)),
		.run = err_sentence,
	},
	{
		.id = "ERR-2",
		.text = "A sentence that is too long is cut at its end; the errno is negative "
			"whatever was given.",
		.row = "sentence",
		.setup = CF_HOST,
		.run = err_long,
	},
	{
		.id = "ERR-3",
		.text = "When any allocation of an operation fails it is -ENOMEM, everything is "
			"as before, and the next try works.",
		.bug_class = BUG_UNWIND "; " BUG_FREED_TWICE "; " BUG_A1 "; " BUG_A26 "; " BUG_K2,
		.row = "undo",
		/* The ledger loses count without memory, and says so. */
		.excludes_caps = CF_HAS_LEDGER,
		.pairs = CF_PAIRS(CF_P(map_gfn_to_mfn, ENOMEM), CF_P(set_trap_area, ENOMEM),
				  CF_P(dma_map_guest_page, ENOMEM), CF_P(attach_vgpu, ENOMEM)),
		.run = err_memory,
	},
	{
		.id = "ERR-4",
		.text = "When any allocation fails, opening a host, making or holding a VM and "
			"plugging RAM are -ENOMEM, leave nothing behind, and work when tried "
			"again.",
		.bug_class = BUG_UNWIND "; " BUG_A20,
		.row = "undo",
		.run = err_makers,
	},
	{
		.id = "ERR-5",
		.text = "Each errno that ops.def allows an operation can be answered for it: the "
			"caller sees it, nothing has changed, and the next try works.",
		.bug_class = BUG_UNWIND "; " BUG_ANSWERS,
		.row = "undo",
		.needs_caps = CF_HAS_FAULT,
		.ops = CF_OP(inject_msi) | CF_OP(read_gpa) | CF_OP(write_gpa) |
		       CF_OP(dma_map_guest_page),
		.run = err_fault,
	},
	{
		.id = "ERR-6",
		.text = "The Nth call fails, and only that; what cannot fail is not made to.",
		.needs_caps = CF_HAS_FAULT,
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa),
		.pairs = CF_PAIRS(CF_P(write_gpa, EFAULT)),
		.run = err_fault_nth,
	},
	{ .id = NULL },
};
