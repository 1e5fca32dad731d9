/* SPDX-License-Identifier: MIT */
/* LIFE: the core's coming and going, and what a vGPU leaves. How one ends is in life_end.c. */
#include <string.h>

#include "areas.h"
#include "life.h"

/* --- the core --- */

static int init(struct cf_env *e, int want, void *gvt, const void *ops)
{
	return cf_int(e, want, cf_note(e, CF_ID(host_init), mpt_host_init(e->host, NULL, gvt, ops)),
		      "host_init with%s a device, with%s entry points", gvt ? "" : "out",
		      ops ? "" : "out");
}

static int life_init(struct cf_env *e)
{
	CF_TRY(init(e, -EEXIST, &e->gvt, &cf_core_ops));
	mpt_host_exit(e->host, NULL, &e->gvt);
	CF_TRY(init(e, -EINVAL, NULL, &cf_core_ops));
	CF_TRY(init(e, -EINVAL, &e->gvt, NULL));
	CF_TRY(init(e, 0, &e->gvt, &cf_core_ops));
	return init(e, -EEXIST, &e->gvt, &cf_core_ops);
}

static int life_exit(struct cf_env *e)
{
	u8 b[4] = { 0 };

	CF_INT(e, 0, mpt_guest_cfg_read(e->vm, 0, b, 4), "a configuration read");
	CF_U64(e, 1, cf_told(e, CF_CFG_READ), "accesses told to the core before host_exit");
	mpt_host_exit(e->host, NULL, &e->gvt);
	mpt_guest_cfg_read(e->vm, 0, b, 4);
	CF_U64(e, 1, cf_told(e, CF_CFG_READ), "accesses told to the core after host_exit");
	CF_FILL(e, 0xff, b, 4, "a configuration read after host_exit");
	return init(e, 0, &e->gvt, &cf_core_ops);
}

static int life_core(struct cf_env *e)
{
	struct {
		struct mpt_core core;
		u64 newer[4];
	} c = { .core = { .size = sizeof(c.core), .ops = &cf_core_ops } };

	c.core.size = 0;
	CF_INT(e, -EINVAL, mpt_host_set_core(e->host, &c.core), "a core of size 0");
	c.core.size = sizeof(c.core);
	c.core.flags = 0x80000000;
	CF_INT(e, -EINVAL, mpt_host_set_core(e->host, &c.core), "a core with an unknown flag");
	c.core.flags = 0;
	c.core.ops = NULL;
	CF_INT(e, -EINVAL, mpt_host_set_core(e->host, &c.core), "a core without entry points");
	c.core.ops = &cf_core_ops;
	memset(c.newer, 0xff, sizeof(c.newer));
	c.core.size = sizeof(c);
	CF_INT(e, 0, mpt_host_set_core(e->host, &c.core), "a core of a newer header");
	c.core.size = offsetof(struct mpt_core, aperture_mfn);
	CF_INT(e, 0, mpt_host_set_core(e->host, &c.core), "a core of an older header");
	c.core.size = sizeof(c.core);
	CF_TRY(cf_attach(e, 0, e->vm));
	CF_INT(e, -EBUSY, mpt_host_set_core(e->host, &c.core), "another core with a vGPU attached");
	CF_INT(e, -EBUSY, mpt_host_set_core(e->host, NULL), "no core with a vGPU attached");
	return cf_detach(e, 0);
}

/* A core that knows host_init only, as every published one. */
static int life_plain(struct cf_env *e)
{
	struct mpt_vm *vm;
	u8 b[4] = { 0 };

	CF_TRY(init(e, 0, &e->gvt, &cf_core_ops));
	e->inited = true;
	CF_TRY(cf_vm_new(e, CF_VM_ID, cf_map, &vm));
	CF_TRY(cf_attach(e, 0, vm));
	CF_TRY(cf_settle(e, vm));
	CF_INT(e, 0, mpt_guest_cfg_read(vm, 0, b, 4), "a configuration read");
	CF_U64(e, 1, cf_told(e, CF_CFG_READ),
	       "accesses told to a core that gave no struct mpt_core");
	return CF_PASS;
}

static int life_dom0(struct cf_env *e)
{
	CF_INT(e, 0, cf_note(e, CF_ID(dom0_ready), HV(dom0_ready)()), "dom0_ready");
	CF_INT(e, 0, mpt_dom0_ready(e->host), "mpt_dom0_ready");
	mpt_host_exit(e->host, NULL, &e->gvt);
	CF_INT(e, 0, mpt_dom0_ready(e->host), "mpt_dom0_ready after host_exit");
	return init(e, 0, &e->gvt, &cf_core_ops);
}

/* --- what a vGPU leaves --- */

static int count_left(void *arg, const struct mpt_ledger_entry *entry, bool left)
{
	if (left && entry->where)
		++*(u64 *)arg;
	return 0;
}

static int left_in_ledger(struct cf_env *e, const struct mpt_ledger *before)
{
	u64 held = e->left, listed = 0;
	int k;

	if (!(e->has & CF_HAS_LEDGER))
		return CF_PASS;
	for (k = 0; k < MPT_LEDGER_KINDS; k++)
		held += k == MPT_LEDGER_ATTACH ? 0 : before->live[k];
	e->left = held;
	CF_U64(e, held, cf_ledger(e).left, "things that the ledger says were left");
	CF_INT(e, 0, mpt_ledger_each(e->host, count_left, &listed), "mpt_ledger_each");
	return cf_u64(e, held, listed, "leftovers listed, each with where it was made");
}

static int all_gone(struct cf_env *e, dma_addr_t page, dma_addr_t twice)
{
	u64 word = 7;
	u8 b[4];

	CF_INT(e, -EFAULT, mpt_bus_read(e->host, page, b, 4),
	       "a device read of a page left mapped");
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, twice, b, 4),
	       "a device read of a page left mapped twice");
	CF_U64(e, 0, cf_stats(e, e->vm).dma_live, "live DMA counts");
	CF_U64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages");
	CF_TRY(cf_guest_store(e, e->vm, CF_MAIN, &word, 8));
	CF_TRY(cf_guest_store(e, e->vm, CF_BAR2, &word, 8));
	CF_TRY(cf_guest_load(e, e->vm, CF_BAR0, b, 4));
	CF_FILL(e, 0xff, b, 4, "a load from a trap that was left");
	CF_TRY(cf_guest_load(e, e->vm, CF_BAR2, b, 4));
	CF_FILL(e, 0xff, b, 4, "a load from a mapping that was left");
	return cf_u64(e, 0,
		      cf_told(e, CF_STORE) + cf_told(e, CF_MMIO_READ) +
			      cf_told(e, CF_APERTURE_WRITE),
		      "accesses told to the core");
}

static int life_leftovers(struct cf_env *e)
{
	dma_addr_t page, twice;
	struct mpt_ledger before;
	u8 b;

	CF_TRY(hold(e, &page, &twice));
	before = cf_ledger(e);
	CF_TRY(cf_detach(e, 0));
	cf_forget(e);
	CF_TRY(all_gone(e, page, twice));
	CF_TRY(left_in_ledger(e, &before));
	/* A new vGPU begins with nothing. */
	CF_TRY(cf_attach(e, 0, e->vm));
	CF_TRY(all_gone(e, page, twice));
	if (e->has & MPT_CAP_PVMMIO) {
		CF_INT(e, 0, HV(set_pvmmio)(e->v, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1, true),
		       "PV MMIO elsewhere");
		CF_INT(e, 0, HV(set_pvmmio)(e->v, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1, false),
		       "and off");
	}
	CF_TRY(hold(e, &page, &twice));
	CF_U64(e, 3, cf_stats(e, e->vm).dma_live,
	       "live DMA counts of the next vGPU's three mappings");
	HV(dma_unmap_guest_page)(e->v, page);
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, page, &b, 1),
	       "a device read after the next vGPU's unmap");
	before = cf_ledger(e);
	CF_TRY(cf_detach(e, 0));
	CF_TRY(all_gone(e, page, twice));
	return e->has & CF_HAS_LEDGER ? left_in_ledger(e, &before) : CF_PASS;
}

static int life_two(struct cf_env *e)
{
	static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };
	struct mpt_vm *other;
	dma_addr_t addr;
	u64 word = 3;
	u8 b;

	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, &addr),
	       "mapping");
	if (e->has & MPT_CAP_PAGE_TRACK)
		CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_MAIN)), "tracking");
	if (e->has & MPT_CAP_TRAP_AREA)
		CF_INT(e, 0, HV(set_trap_area)(e->v, CF_BAR0, CF_BAR0 + 4095, true), "trapping");
	CF_TRY(cf_detach(e, 1));
	CF_INT(e, 0, mpt_bus_read(e->host, addr, &b, 1),
	       "a device read after another vGPU is gone");
	CF_TRY(cf_guest_store(e, e->vm, CF_MAIN, &word, 8));
	CF_U64(e, e->has & MPT_CAP_PAGE_TRACK ? 1 : 0, cf_told(e, CF_STORE), "tracked stores told");
	CF_TRY(cf_guest_load(e, e->vm, CF_BAR0, &b, 1));
	CF_U64(e, e->has & MPT_CAP_TRAP_AREA ? 1 : 0, cf_told(e, CF_MMIO_READ),
	       "trapped loads told");
	HV(dma_unmap_guest_page)(e->v, addr);
	if (e->has & MPT_CAP_PAGE_TRACK)
		HV(disable_page_track)(e->v, CF_GFN(CF_MAIN));
	if (e->has & MPT_CAP_TRAP_AREA)
		HV(set_trap_area)(e->v, CF_BAR0, CF_BAR0 + 4095, false);
	return CF_PASS;
}

static int life_many(struct cf_env *e)
{
	long live = mpt_alloc_live();
	int i;

	for (i = 0; i < 300; i++) {
		CF_TRY(cf_detach(e, 0));
		CF_TRY(cf_attach(e, 0, e->vm));
	}
	return cf_u64(e, (u64)live, (u64)mpt_alloc_live(), "live allocations after 300 vGPUs");
}

const struct mpt_clause cf_life[] = {
	{
		.id = "LIFE-1",
		.text = "host_init refuses a core without a device or entry points and a second "
			"one (-EEXIST); after host_exit there may be another.",
		.bug_class = BUG_INIT_TWICE "; " BUG_TEARDOWN,
		.needs_caps = CF_HAS_INIT,
		.ops = CF_OP(host_init),
		.pairs = CF_PAIRS(CF_P(host_init, EINVAL), CF_P(host_init, EEXIST)),
		.setup = CF_CORE,
		.run = life_init,
	},
	{
		.id = "LIFE-2",
		.text = "After host_exit the core is called no more; guest accesses deliver all "
			"ones.",
		.bug_class = BUG_TEARDOWN,
		.needs_caps = CF_HAS_INIT,
		.ops = CF_OP(host_exit),
		.run = life_exit,
	},
	{
		.id = "LIFE-3",
		.text = "A core introduces itself with a size, entry points and known flags, and "
			"not while a vGPU is attached.",
		.bug_class = BUG_TEARDOWN,
		.setup = CF_VM,
		.run = life_core,
	},
	{
		.id = "LIFE-4",
		.text = "A core that only calls host_init is served by the entry points it gave "
			"there.",
		.needs_caps = CF_HAS_INIT | CF_HAS_TESTBED,
		.ops = CF_OP(host_init),
		.setup = CF_HOST,
		.run = life_plain,
	},
	{
		.id = "LIFE-5",
		.text = "dom0_ready is 0 at any time.",
		.needs_caps = CF_HAS_DOM0 | CF_HAS_INIT,
		.ops = CF_OP(dom0_ready),
		.setup = CF_CORE,
		.run = life_dom0,
	},
	{
		.id = "LIFE-6",
		.text = "detach_vgpu drops what the vGPU left: mappings, tracks, traps, frames, "
			"PV MMIO; the ledger reports each, and the next vGPU begins with nothing.",
		.bug_class = BUG_AFTER_DESTROY "; " BUG_K10 "; " BUG_K18,
		.row = "handle",
		.ops = CF_OP(detach_vgpu) | CF_OP(attach_vgpu) | CF_OP(dma_map_guest_page),
		.run = life_leftovers,
	},
	{
		.id = "LIFE-7",
		.text = "The end of one vGPU takes nothing from another.",
		.bug_class = BUG_AFTER_DESTROY,
		.ops = CF_OP(detach_vgpu),
		.run = life_two,
	},
	{
		.id = "LIFE-8",
		.text = "Three hundred vGPUs one after the other leave nothing behind.",
		.bug_class = BUG_REFERENCE "; " BUG_AFTER_DESTROY,
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.run = life_many,
	},
	{ .id = NULL },
};
