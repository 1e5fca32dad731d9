/* SPDX-License-Identifier: MIT */
/*
 * The check layer: watches every operation, keeps the ledger of what is held (ledger.c) and says
 * which calls and answers break the contract.
 */
#include "libmpt/layers/ledger.h"

#define SAMPLE_MAX 1000000000

/* check, check=sample:N */
static int parse_arg(const char *arg, size_t len, u64 *sample)
{
	static const char word[] = "sample:";
	size_t i, n = sizeof(word) - 1;

	*sample = 0;
	for (i = n; i < len && arg[i] >= '0' && arg[i] <= '9' && *sample <= SAMPLE_MAX; i++)
		*sample = *sample * 10 + (u64)(arg[i] - '0');
	if (len > n && !memcmp(arg, word, n) && i == len && *sample && *sample <= SAMPLE_MAX)
		return 0;
	return mpt_fail(-EINVAL, "check",
			"unknown argument '%.*s' (write check, or check=sample:N, N from 1 to %d)",
			(int)(len > 64 ? 64 : len), arg, SAMPLE_MAX);
}

static int check_open(struct mpt_layer_inst *inst, const char *arg, size_t len)
{
	u64 sample = 1;
	int ret = arg ? parse_arg(arg, len, &sample) : 0;

	if (ret)
		return ret;
	inst->priv = mpt_ledger_new(sample);
	return inst->priv ? 0 : mpt_fail(-ENOMEM, "check", "no memory for the ledger");
}

static void check_close(struct mpt_layer_inst *inst)
{
	mpt_ledger_free(inst->priv);
}

/* --- what an operation changes in the ledger --- */

struct change {
	struct ledger *l;
	const struct mpt_layer_call *call;
	struct mpt_ledger_entry e;
};

/*
 * Only the key decides whether an entry is one of the sample, so what is taken and what is given
 * back are both in it or both not. The operation counts where it is.
 */
static bool of_sample(struct change *c, u64 key)
{
	c->e.key = key;
	if (!mpt_ledger_samples(c->l))
		return true;
	if (!mpt_ledger_keeps(c->l, &c->e))
		return false;
	mpt_ledger_count_call(c->l);
	return true;
}

static void on_dma_map(struct change *c)
{
	if (!of_sample(c, *(const dma_addr_t *)(uintptr_t)c->call->arg[2]))
		return;
	c->e.gfn = c->call->arg[0];
	c->e.size = c->call->arg[1];
	mpt_ledger_add(c->l, &c->e);
}

static void on_dma_pin(struct change *c)
{
	if (of_sample(c, c->call->arg[0]))
		mpt_ledger_add(c->l, &c->e);
}

static void on_dma_unmap(struct change *c)
{
	if (!of_sample(c, c->call->arg[0]))
		return;
	if (mpt_ledger_drop(c->l, &c->e))
		mpt_ledger_note(c->l, c->e.where, "dma_unmap_guest_page: 0x%llx is not mapped: "
				"the core unmaps an address it does not hold",
				(unsigned long long)c->e.key);
}

static void on_track(struct change *c)
{
	if (of_sample(c, c->call->arg[0]) && !mpt_ledger_has(c->l, &c->e))
		mpt_ledger_add(c->l, &c->e);
}

static void on_untrack(struct change *c)
{
	if (of_sample(c, c->call->arg[0]))
		mpt_ledger_drop(c->l, &c->e);
}

static void set_area(struct change *c, u64 key, u64 size, bool on)
{
	of_sample(c, key);
	c->e.size = size;
	if (on && !mpt_ledger_has(c->l, &c->e))
		mpt_ledger_add(c->l, &c->e);
	else if (!on)
		mpt_ledger_drop(c->l, &c->e);
}

static void on_map_gfn(struct change *c)
{
	set_area(c, c->call->arg[0], c->call->arg[2], c->call->arg[3]);
}

static void on_area(struct change *c)
{
	set_area(c, c->call->arg[0], c->call->arg[1] - c->call->arg[0] + 1, c->call->arg[2]);
}

static void on_vfio_get(struct change *c)
{
	of_sample(c, 0);
	mpt_ledger_add(c->l, &c->e);
}

static void on_vfio_put(struct change *c)
{
	of_sample(c, 0);
	if (mpt_ledger_drop(c->l, &c->e))
		mpt_ledger_note(c->l, c->e.where, "put_vfio_device without get_vfio_device");
}

static void on_attach(struct change *c)
{
	of_sample(c, c->call->vgpu->handle);
	mpt_ledger_add(c->l, &c->e);
}

static void on_detach(struct change *c)
{
	of_sample(c, c->call->handle);
	mpt_ledger_drop(c->l, &c->e);
	mpt_ledger_sweep(c->l, c->e.vgpu);
}

/* Operations that are not here hold nothing. */
static const struct {
	void (*fn)(struct change *c);
	enum mpt_ledger_kind kind;
} changes[MPT_OP_COUNT] = {
	[MPT_OP_ID_attach_vgpu] = { on_attach, MPT_LEDGER_ATTACH },
	[MPT_OP_ID_detach_vgpu] = { on_detach, MPT_LEDGER_ATTACH },
	[MPT_OP_ID_dma_map_guest_page] = { on_dma_map, MPT_LEDGER_DMA },
	[MPT_OP_ID_dma_pin_guest_page] = { on_dma_pin, MPT_LEDGER_DMA },
	[MPT_OP_ID_dma_unmap_guest_page] = { on_dma_unmap, MPT_LEDGER_DMA },
	[MPT_OP_ID_enable_page_track] = { on_track, MPT_LEDGER_TRACK },
	[MPT_OP_ID_disable_page_track] = { on_untrack, MPT_LEDGER_TRACK },
	[MPT_OP_ID_map_gfn_to_mfn] = { on_map_gfn, MPT_LEDGER_MAP },
	[MPT_OP_ID_set_trap_area] = { on_area, MPT_LEDGER_TRAP },
	[MPT_OP_ID_set_pvmmio] = { on_area, MPT_LEDGER_PVMMIO },
	[MPT_OP_ID_get_vfio_device] = { on_vfio_get, MPT_LEDGER_VFIO },
	[MPT_OP_ID_put_vfio_device] = { on_vfio_put, MPT_LEDGER_VFIO },
};

/* --- answers that no back end may give --- */

static void check_answer(struct ledger *l, const struct mpt_layer_call *call)
{
	const struct mpt_op_info *info = mpt_op_info(call->op);
	unsigned long mfn = (unsigned long)call->ret;

	if (call->op == MPT_OP_ID_gfn_to_mfn || call->op == MPT_OP_ID_from_virt_to_mfn) {
		if (mfn != INTEL_GVT_INVALID_ADDR && mfn >= INTEL_GVT_INVALID_ADDR >> MPT_PAGE_SHIFT)
			mpt_ledger_note(l, call->where, "%s: answered 0x%lx, which is neither a "
					"frame nor ~0UL", info->name, mfn);
	} else if (info->errnos && call->ret > 0) {
		mpt_ledger_note(l, call->where, "%s: answered %ld; success is 0", info->name,
				call->ret);
	} else if (info->errnos && call->ret < 0 &&
		   !(info->errnos & mpt_errno_bit((int)call->ret))) {
		mpt_ledger_note(l, call->where, "%s: answered %ld (%s), which <mpt/ops.def> does "
				"not allow it", info->name, call->ret,
				mpt_errno_name((int)call->ret));
	}
	if (call->op == MPT_OP_ID_attach_vgpu && !call->ret && !call->vgpu->inner)
		mpt_ledger_note(l, call->where, "attach_vgpu: succeeded with handle 0");
}

/*
 * Giving back is recorded before the call: another thread may be given the same address as soon as
 * what is below has dropped it. Taking is recorded after it, for the same reason.
 */
static bool gives_back(enum mpt_op_id op)
{
	return op == MPT_OP_ID_dma_unmap_guest_page || op == MPT_OP_ID_put_vfio_device ||
	       op == MPT_OP_ID_detach_vgpu;
}

static void record(struct ledger *l, const struct mpt_layer_call *call)
{
	struct change c = {
		.l = l,
		.call = call,
		.e = {
			.kind = changes[call->op].kind,
			.vgpu = call->vgpu ? call->vgpu->vgpu : NULL,
			.where = call->where,
		},
	};

	changes[call->op].fn(&c);
}

static bool check_before(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	if (!mpt_ledger_samples(inst->priv))
		mpt_ledger_count_call(inst->priv);
	if (gives_back(call->op))
		record(inst->priv, call);
	return false;
}

static void check_after(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	if (changes[call->op].fn && !call->ret && !gives_back(call->op))
		record(inst->priv, call);
	check_answer(inst->priv, call);
}

static void check_dead(struct mpt_layer_inst *inst, struct mpt_layer_call *call)
{
	mpt_ledger_note(inst->priv, call->where, "%s: the core used handle 0x%lx, which is dead or "
			"unknown", mpt_op_info(call->op)->name, call->handle);
}

const struct mpt_layer mpt_layer_check = {
	.name = "check",
	.summary = "checks every call and keeps the ledger of what is held (check=sample:N)",
	.open = check_open,
	.close = check_close,
	.before = check_before,
	.after = check_after,
	.dead = check_dead,
};
