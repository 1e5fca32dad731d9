/* SPDX-License-Identifier: MIT */
/* VM: finding VMs, and which one a new vGPU belongs to. */
#include <string.h>

#include "areas.h"

static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };

static int vm_unknown(struct cf_env *e)
{
	struct mpt_vm *const none = (struct mpt_vm *)&e->slot[0];
	struct mpt_vm *vm = none;

	CF_INT(e, -ESRCH, mpt_vm_get(e->host, 4711, &vm), "mpt_vm_get of an unknown VM");
	CF_THAT(e, vm == none, "mpt_vm_get failed: expected *vm untouched, seen it written");
	CF_THAT(e, cf_names_who(e, mpt_last_error()),
		"mpt_vm_get of an unknown VM: expected a sentence that names the back end, seen "
		"\"%s\"",
		mpt_last_error());
	return cf_int(e, -ESRCH, mpt_vm_destroy(e->host, 4711), "mpt_vm_destroy of an unknown VM");
}

static int vm_create(struct cf_env *e)
{
	struct mpt_vm *vm;

	CF_INT(e, -EINVAL, mpt_vm_create(e->host, 0), "mpt_vm_create of VM 0");
	CF_INT(e, -EINVAL, mpt_vm_create(e->host, 65536), "mpt_vm_create of VM 65536");
	CF_INT(e, -EINVAL, mpt_vm_create(e->host, ~0U), "mpt_vm_create of VM 2^32-1");
	CF_INT(e, -EEXIST, mpt_vm_create(e->host, CF_VM_ID), "mpt_vm_create of a VM that exists");
	CF_TRY(cf_vm_new(e, 65535, NULL, &vm));
	CF_U64(e, 65535, mpt_vm_id(vm), "mpt_vm_id");
	CF_THAT(e, mpt_vm_host(vm) == e->host, "mpt_vm_host: expected the host, seen another");
	return CF_PASS;
}

static int vm_counted(struct cf_env *e)
{
	struct mpt_vm *a, *b;

	CF_INT(e, 0, mpt_vm_create(e->host, 7), "mpt_vm_create");
	CF_INT(e, 0, mpt_vm_get(e->host, 7, &a), "first mpt_vm_get");
	CF_INT(e, 0, mpt_vm_get(e->host, 7, &b), "second mpt_vm_get");
	CF_INT(e, -EBUSY, mpt_vm_destroy(e->host, 7), "mpt_vm_destroy of a VM held twice");
	mpt_vm_put(a);
	CF_INT(e, -EBUSY, mpt_vm_destroy(e->host, 7), "mpt_vm_destroy of a VM held once");
	CF_INT(e, 0, mpt_ram_add(b, CF_MAIN, MPT_PAGE_SIZE, 0), "the VM after a refused destroy");
	mpt_vm_put(b);
	mpt_vm_put(NULL);
	CF_INT(e, 0, mpt_vm_destroy(e->host, 7), "mpt_vm_destroy of a VM nobody holds");
	CF_INT(e, -ESRCH, mpt_vm_get(e->host, 7, &a), "mpt_vm_get of a destroyed VM");
	return CF_PASS;
}

/* An attach without mpt_vgpu_create() around it, as an embedder's own core may do. */
static int bare_attach(struct cf_env *e, unsigned int slot)
{
	struct cf_vgpu *cv = &e->vgpus[slot];

	cv->base = (struct intel_vgpu){ .mpt = &e->table, .handle = 0x77, .cfg_space = cv->cfg };
	cv->env = e;
	return HV(attach_vgpu)(&cv->base);
}

static int vm_no_target(struct cf_env *e)
{
	struct mpt_vm *a, *b;
	u32 word = 0;

	CF_INT(e, -EINVAL, bare_attach(e, 1), "attach_vgpu without a target and without a VM");
	CF_TRY(cf_vm_new(e, 2, small, &a));
	CF_INT(e, 0, bare_attach(e, 1), "attach_vgpu without a target, with one VM");
	CF_TRY(cf_paint(e, a, CF_MAIN, 4));
	CF_INT(e, 0, HV(read_gpa)(&e->vgpus[1].base, CF_MAIN, &word, 4), "read_gpa of that VM");
	CF_U64(e, cf_paint_byte(CF_MAIN), word & 0xff, "its first byte");
	HV(detach_vgpu)(&e->vgpus[1].base);
	CF_TRY(cf_vm_new(e, 3, small, &b));
	CF_INT(e, -EINVAL, bare_attach(e, 1), "attach_vgpu without a target, with two VMs");
	CF_U64(e, 0x77, e->vgpus[1].base.handle, "the handle after a failed attach_vgpu");
	return CF_PASS;
}

static int reads_own_vm(struct cf_env *e, unsigned int slot, u8 want)
{
	u8 b = 0;

	CF_INT(e, 0, HV(read_gpa)(&e->vgpus[slot].base, CF_MAIN, &b, 1), "read_gpa of VM %u",
	       mpt_vm_id(e->vgpus[slot].vm));
	CF_U64(e, want, b, "the byte that marks VM %u", mpt_vm_id(e->vgpus[slot].vm));
	return CF_PASS;
}

static int vm_target(struct cf_env *e)
{
	struct mpt_vm *vm[3];
	unsigned int i;
	u8 mark;

	for (i = 0; i < 3; i++) {
		CF_TRY(cf_vm_new(e, 10 + i, small, &vm[i]));
		mark = (u8)(0x30 + i);
		CF_TRY(cf_guest_store(e, vm[i], CF_MAIN, &mark, 1));
	}
	/* Not in the order in which they were made. */
	CF_TRY(cf_attach(e, 1, vm[1]));
	CF_TRY(cf_attach(e, 2, vm[0]));
	CF_TRY(cf_attach(e, 3, vm[2]));
	CF_TRY(reads_own_vm(e, 1, 0x31));
	CF_TRY(reads_own_vm(e, 2, 0x30));
	return reads_own_vm(e, 3, 0x32);
}

static int attach_elsewhere(struct cf_env *e, void *arg)
{
	int r;

	(void)arg;
	/* A new thread has no target and chose no host. */
	mpt_host_use(e->host);
	CF_THAT(e, mpt_target_set(NULL) == NULL, "a new thread: expected no target, seen one");
	r = bare_attach(e, 3);
	return cf_int(e, -EINVAL, r,
		      "attach_vgpu on a thread without a target, while another has one");
}

static int vm_target_thread(struct cf_env *e)
{
	struct mpt_vm *a, *b, *before;

	CF_TRY(cf_vm_new(e, 2, small, &a));
	CF_TRY(cf_vm_new(e, 3, small, &b));
	before = mpt_target_set(a);
	CF_THAT(e, !before, "mpt_target_set: expected no target before, seen one");
	CF_TRY(cf_thread_start(e, 0, attach_elsewhere, NULL));
	CF_TRY(cf_thread_join(e, 0));
	CF_TRY(cf_attach(e, 1, b));
	before = mpt_target_set(NULL);
	CF_THAT(e, before == a, "the target after mpt_vgpu_create: expected the one set before it");
	return CF_PASS;
}

static int vm_twice(struct cf_env *e)
{
	struct intel_vgpu_type type = { .slot = 1 };
	struct intel_vgpu *v = mpt_vgpu_create(e->vm, &e->gvt, &type);
	unsigned long first = e->v->handle;
	u8 b;

	CF_THAT(e, MPT_IS_ERR(v), "a second vGPU for a VM: expected -EEXIST, seen a vGPU");
	CF_INT(e, -EEXIST, MPT_PTR_ERR(v), "a second vGPU for a VM");
	CF_U64(e, first, e->v->handle, "the first vGPU's handle");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &b, 1), "the first vGPU after the refusal");
	CF_TRY(cf_detach(e, 0));
	return cf_attach(e, 1, e->vm);
}

static int vm_create_answers(struct cf_env *e)
{
	struct intel_vgpu_type type = { .slot = 1, .answer = -ENOSPC };
	struct intel_vgpu *v;

	v = mpt_vgpu_create(e->vm, &e->gvt, &type);
	CF_INT(e, -ENOSPC, MPT_IS_ERR(v) ? MPT_PTR_ERR(v) : 0,
	       "what the core's vgpu_create answered");
	type.answer = 1;
	v = mpt_vgpu_create(e->vm, &e->gvt, &type);
	CF_INT(e, -EIO, MPT_IS_ERR(v) ? MPT_PTR_ERR(v) : 0,
	       "a core's vgpu_create that answers NULL");
	cf_core_off(e);
	v = mpt_vgpu_create(e->vm, &e->gvt, &type);
	CF_INT(e, -EINVAL, MPT_IS_ERR(v) ? MPT_PTR_ERR(v) : 0, "mpt_vgpu_create without a core");
	return cf_core_on(e);
}

static int vm_busy(struct cf_env *e)
{
	u8 b;

	CF_INT(e, -EBUSY, mpt_vm_destroy(e->host, CF_VM_ID), "mpt_vm_destroy with a vGPU attached");
	CF_INT(e, -EBUSY, mpt_host_close(e->host), "mpt_host_close with a vGPU attached");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &b, 1), "the vGPU after the refusals");
	CF_TRY(cf_detach(e, 0));
	CF_INT(e, -EBUSY, mpt_host_close(e->host), "mpt_host_close with a VM held");
	return cf_attach(e, 0, e->vm);
}

/* --- the quota of handles --- */

#define MANY (MPT_HANDLE_SLOTS + 1)
#define MANY_FIRST 1000U
/* No errno: the machine has no room for another VM. */
#define FULL 1

struct many {
	struct intel_vgpu v[MANY];
	struct mpt_vm *vm[MANY];
	u8 cfg[256];
};

static int many_attach(struct cf_env *e, struct many *m, unsigned int i)
{
	struct mpt_vm *old;
	int r;

	r = mpt_vm_create(e->host, MANY_FIRST + i);
	/* Some machines are full before the handles are. */
	if (r == -ENOMEM && i > 8)
		return FULL;
	CF_INT(e, 0, r, "mpt_vm_create number %u", i);
	CF_INT(e, 0, mpt_vm_get(e->host, MANY_FIRST + i, &m->vm[i]), "mpt_vm_get number %u", i);
	m->v[i] = (struct intel_vgpu){ .mpt = &e->table, .cfg_space = m->cfg };
	old = mpt_target_set(m->vm[i]);
	r = HV(attach_vgpu)(&m->v[i]);
	mpt_target_set(old);
	return r;
}

static int many_fill(struct cf_env *e, struct many *m)
{
	unsigned int i;
	int r = 0;

	for (i = 0; i < MANY && !r; i++)
		r = many_attach(e, m, i);
	if (r == FULL)
		return CF_PASS;
	CF_INT(e, -ENOSPC, r, "attach_vgpu number %u of at most %d", i, MPT_HANDLE_SLOTS);
	CF_THAT(e, i > 8, "expected room for more than 8 vGPUs, seen %u", i);
	HV(detach_vgpu)(&m->v[0]);
	m->v[0].handle = 0;
	mpt_target_set(m->vm[i - 1]);
	r = HV(attach_vgpu)(&m->v[i - 1]);
	mpt_target_set(NULL);
	return cf_int(e, 0, r, "attach_vgpu after one was detached");
}

static int vm_quota(struct cf_env *e)
{
	static struct many m;
	unsigned int i;
	int r;

	memset(&m, 0, sizeof(m));
	r = many_fill(e, &m);
	for (i = 0; i < MANY; i++) {
		if (m.v[i].handle)
			HV(detach_vgpu)(&m.v[i]);
		if (m.vm[i]) {
			mpt_vm_put(m.vm[i]);
			cf_int(e, 0, mpt_vm_destroy(e->host, MANY_FIRST + i), "mpt_vm_destroy");
		}
	}
	return r;
}

const struct mpt_clause cf_vm[] = {
	{
		.id = "VM-1",
		.text = "An unknown VM is -ESRCH; *vm is untouched.",
		.row = "errnos",
		.setup = CF_VM,
		.run = vm_unknown,
	},
	{
		.id = "VM-2",
		.text = "A VM's number is 1 to 65535 and given once: -EINVAL, -EEXIST.",
		.setup = CF_VM,
		.run = vm_create,
	},
	{
		.id = "VM-3",
		.text = "Holding a VM is counted; a held one is not destroyed (-EBUSY), a "
			"destroyed one is unknown.",
		.bug_class = BUG_REFERENCE,
		.setup = CF_VM,
		.run = vm_counted,
	},
	{
		.id = "VM-4",
		.text = "Without a target attach_vgpu takes the host's only VM; none or several "
			"are -EINVAL.",
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.pairs = CF_PAIRS(CF_P(attach_vgpu, EINVAL)),
		.needs_caps = CF_HAS_TESTBED,
		.setup = CF_CORE,
		.run = vm_no_target,
	},
	{
		.id = "VM-5",
		.text = "mpt_vgpu_create() binds the vGPU to the VM it names, whatever else is "
			"held.",
		.bug_class = BUG_A28,
		.ops = CF_OP(attach_vgpu),
		.setup = CF_VM,
		.run = vm_target,
	},
	{
		.id = "VM-6",
		.text = "The target belongs to the calling thread, and mpt_vgpu_create() puts the "
			"former one back.",
		.ops = CF_OP(attach_vgpu),
		.pairs = CF_PAIRS(CF_P(attach_vgpu, EINVAL)),
		.setup = CF_VM,
		.run = vm_target_thread,
	},
	{
		.id = "VM-7",
		.text = "A VM has one vGPU: a second attach is -EEXIST and leaves the first "
			"alone; after a detach there is room again.",
		.bug_class = BUG_K17 "; " BUG_A23,
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.pairs = CF_PAIRS(CF_P(attach_vgpu, EEXIST)),
		.run = vm_twice,
	},
	{
		.id = "VM-8",
		.text = "mpt_vgpu_create() hands on the core's error pointer; NULL becomes -EIO, "
			"no core is -EINVAL.",
		.bug_class = BUG_ANSWERS,
		.setup = CF_VM,
		.run = vm_create_answers,
	},
	{
		.id = "VM-9",
		.text = "A VM with a vGPU is not destroyed and a host in use is not closed: "
			"-EBUSY, nothing changes.",
		.bug_class = BUG_TEARDOWN,
		.ops = CF_OP(read_gpa),
		.run = vm_busy,
	},
	{
		.id = "VM-10",
		.text = "When all handles are given out attach_vgpu is -ENOSPC; a detach makes "
			"room.",
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.pairs = CF_PAIRS(CF_P(attach_vgpu, ENOSPC)),
		.needs_caps = CF_HAS_TESTBED,
		.setup = CF_CORE,
		.run = vm_quota,
	},
	{ .id = NULL },
};
