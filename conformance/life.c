/* SPDX-License-Identifier: MIT */
/* LIFE: the core's coming and going, and how a vGPU ends while others still look at it. */
#include <string.h>

#include "areas.h"

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

static int hold(struct cf_env *e, dma_addr_t *page, dma_addr_t *twice)
{
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, page), "mapping");
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_NEXT), MPT_PAGE_SIZE, twice),
	       "mapping");
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(CF_NEXT), MPT_PAGE_SIZE, twice),
	       "mapping again");
	if (e->has & MPT_CAP_PAGE_TRACK) {
		CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_MAIN)), "tracking");
		CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_HIGH)), "tracking");
	}
	if (e->has & MPT_CAP_TRAP_AREA)
		CF_INT(e, 0, HV(set_trap_area)(e->v, CF_BAR0, CF_BAR0 + 4095, true), "trapping");
	if (e->has & MPT_CAP_MAP_GFN)
		CF_INT(e, 0, HV(map_gfn_to_mfn)(e->v, CF_GFN(CF_BAR2), CF_APERTURE_MFN, 4, true),
		       "mapping");
	if (e->has & MPT_CAP_PVMMIO)
		CF_INT(e, 0,
		       HV(set_pvmmio)(e->v, CF_BAR0_HIGH, CF_BAR0_HIGH + CF_BAR0_SIZE - 1, true),
		       "PV MMIO");
	return CF_PASS;
}

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

/* --- ending while an access runs --- */

#define BY_CFG ((void *)0)
#define BY_MMIO ((void *)1)
#define BY_STORE ((void *)2)

static int access_thread(struct cf_env *e, void *how)
{
	u64 word = 9;

	if (how == BY_CFG)
		return cf_int(e, 0, mpt_guest_cfg_read(e->vm, 0, &word, 4),
			      "the access that was inside");
	if (how == BY_MMIO)
		return cf_int(e, 0, mpt_guest_read(e->vm, CF_BAR0, &word, 4),
			      "the access that was inside");
	return cf_int(e, 0, mpt_guest_write(e->vm, CF_MAIN, &word, 8), "the store that was inside");
}

static int destroy_thread(struct cf_env *e, void *arg)
{
	(void)arg;
	return cf_detach(e, 0);
}

static int detach_thread(struct cf_env *e, void *arg)
{
	(void)arg;
	HV(detach_vgpu)(&e->vgpus[1].base);
	return CF_PASS;
}

/* An access is held inside the core while @end runs: that waits for it, and nothing comes after. */
static int ends_after(struct cf_env *e, void *how, int (*end)(struct cf_env *, void *))
{
	u64 word = 0, told;
	int a, b;

	e->core.release = false;
	e->core.hook = cf_hook_block;
	CF_TRY(cf_thread_start(e, 0, access_thread, how));
	CF_TRY(cf_wait_inside(e));
	CF_TRY(cf_thread_start(e, 1, end, NULL));
	cf_sleep_ms(15);
	if (cf_thread_done(e, 1))
		cf_fail(e, "the end of a vGPU: expected to wait for the access in the core, seen "
			   "to return");
	cf_release(e);
	a = cf_thread_join(e, 0);
	b = cf_thread_join(e, 1);
	e->core.hook = NULL;
	CF_TRY(a ? a : b);
	told = cf_told(e, CF_CFG_READ);
	mpt_guest_cfg_read(e->vm, 0, &word, 4);
	CF_U64(e, 0xffffffff, word, "a configuration read after the end of the vGPU");
	return cf_u64(e, told, cf_told(e, CF_CFG_READ), "accesses told to the core after that");
}

static int life_waits(struct cf_env *e)
{
	CF_TRY(ends_after(e, BY_CFG, destroy_thread));
	CF_TRY(cf_attach(e, 0, e->vm));
	if (e->has & MPT_CAP_TRAP_AREA) {
		CF_INT(e, 0, HV(set_trap_area)(e->v, CF_BAR0, CF_BAR0 + 4095, true), "trapping");
		e->left += e->has & CF_HAS_LEDGER ? 1 : 0;
		CF_TRY(ends_after(e, BY_MMIO, destroy_thread));
		CF_TRY(cf_attach(e, 0, e->vm));
	}
	if (e->has & MPT_CAP_PAGE_TRACK) {
		CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(CF_MAIN)), "tracking");
		e->left += e->has & CF_HAS_LEDGER ? 1 : 0;
		CF_TRY(ends_after(e, BY_STORE, destroy_thread));
		CF_TRY(cf_attach(e, 0, e->vm));
	}
	return CF_PASS;
}

static int life_detach_waits(struct cf_env *e)
{
	struct mpt_vm *old = mpt_target_set(e->vm);
	struct cf_vgpu *cv = &e->vgpus[1];
	int r;

	cv->base = (struct intel_vgpu){ .mpt = &e->table, .cfg_space = cv->cfg };
	cv->env = e;
	r = HV(attach_vgpu)(&cv->base);
	mpt_target_set(old);
	CF_INT(e, 0, r, "attach_vgpu");
	return ends_after(e, BY_CFG, detach_thread);
}

static void dead_or_alive(struct cf_env *e, const struct cf_event *ev)
{
	if (ev->kind == CF_CFG_READ && !__atomic_load_n(&e->slot[3], __ATOMIC_ACQUIRE))
		cf_fail(e, "an access: expected not to reach a core whose vGPU is gone, seen one");
}

static int hammer(struct cf_env *e, void *arg)
{
	u32 word;

	(void)arg;
	while (!__atomic_load_n(&e->slot[4], __ATOMIC_ACQUIRE)) {
		CF_INT(e, 0, mpt_guest_cfg_read(e->vm, 0, &word, 4),
		       "a configuration read at any time");
		__atomic_add_fetch(&e->slot[5], 1, __ATOMIC_ACQ_REL);
	}
	return CF_PASS;
}

static int life_hammer(struct cf_env *e)
{
	u64 end = cf_now_ms() + CF_PATIENCE;
	int i, r = CF_PASS, joined;

	e->slot[3] = 1;
	e->core.hook = dead_or_alive;
	CF_TRY(cf_thread_start(e, 0, hammer, NULL));
	for (i = 0; !r && !cf_thread_done(e, 0) && (i < 60 || !cf_reached(e, 5, 2000, end)); i++) {
		r = cf_detach(e, 0);
		__atomic_store_n(&e->slot[3], 0, __ATOMIC_RELEASE);
		if (i % 16 == 0)
			cf_sleep_ms(1);
		__atomic_store_n(&e->slot[3], 1, __ATOMIC_RELEASE);
		if (!r)
			r = cf_attach(e, 0, e->vm);
	}
	__atomic_store_n(&e->slot[4], 1, __ATOMIC_RELEASE);
	joined = cf_thread_join(e, 0);
	e->core.hook = NULL;
	return r ? r : joined;
}

static void destroy_inside(struct cf_env *e, const struct cf_event *ev)
{
	if (ev->kind == CF_CFG_READ)
		e->slot[1] = (u64)-mpt_vgpu_destroy(e->vm, ev->vgpu);
}

static int cfg_thread(struct cf_env *e, void *arg)
{
	(void)arg;
	return access_thread(e, BY_CFG);
}

static int life_inside(struct cf_env *e)
{
	u8 b;

	e->core.hook = destroy_inside;
	CF_TRY(cf_thread_start(e, 0, cfg_thread, NULL));
	CF_TRY(cf_thread_join(e, 0));
	e->core.hook = NULL;
	CF_U64(e, EBUSY, e->slot[1], "errno of mpt_vgpu_destroy from inside an access");
	CF_THAT(e, e->vgpus[0].live,
		"mpt_vgpu_destroy from inside an access: expected the vGPU alive");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &b, 1), "the vGPU after the refusal");
	CF_INT(e, 0, mpt_guest_cfg_read(e->vm, 0, &b, 1), "an access after the refusal");
	return cf_u64(e, 2, cf_told(e, CF_CFG_READ), "accesses told to the core");
}

static void access_while(struct cf_env *e, const struct cf_event *ev)
{
	u64 word = 0;

	if (ev->kind != CF_DESTROY)
		return;
	cf_int(e, 0, mpt_guest_cfg_read(e->vm, 0, &word, 4),
	       "an access while the core destroys the vGPU");
	cf_u64(e, 0xffffffff, word, "what an access reads while the core destroys the vGPU");
	cf_int(e, 0, HV(read_gpa)(ev->vgpu, CF_MAIN, &word, 8),
	       "read_gpa while the core destroys the vGPU");
}

static int life_closed(struct cf_env *e)
{
	e->core.hook = access_while;
	CF_TRY(cf_detach(e, 0));
	e->core.hook = NULL;
	CF_U64(e, 1, cf_told(e, CF_DESTROY), "vgpu_destroy calls");
	CF_U64(e, 0, cf_told(e, CF_CFG_READ),
	       "accesses told to the core while it destroys the vGPU");
	return cf_attach(e, 0, e->vm);
}

/* --- the core calls back --- */

static void call_back(struct cf_env *e, const struct cf_event *ev)
{
	struct intel_vgpu *v = e->v;
	dma_addr_t addr;
	u64 word = 0;

	if (ev->kind == CF_FAILED || ev->kind == CF_DESTROY)
		return;
	cf_int(e, 0, HV(read_gpa)(v, CF_NEXT, &word, 8), "read_gpa from inside the core");
	cf_int(e, 0, HV(write_gpa)(v, CF_NEXT, &word, 8), "write_gpa from inside the core");
	cf_int(e, 0, v->mpt->inject_msi(v->handle, 0xfee00000, 1),
	       "inject_msi from inside the core");
	if (!cf_int(e, 0, HV(dma_map_guest_page)(v, CF_GFN(CF_NEXT), MPT_PAGE_SIZE, &addr),
		    "dma_map_guest_page from inside the core"))
		HV(dma_unmap_guest_page)(v, addr);
	if (e->has & MPT_CAP_PAGE_TRACK) {
		cf_int(e, 0, HV(enable_page_track)(v, CF_GFN(CF_NEXT)),
		       "enable_page_track from inside");
		cf_int(e, 0, HV(disable_page_track)(v, CF_GFN(CF_NEXT)),
		       "disable_page_track from inside");
	}
	if (e->has & MPT_CAP_TRAP_AREA) {
		cf_int(e, 0, HV(set_trap_area)(v, CF_BAR0_HIGH, CF_BAR0_HIGH + 4095, true),
		       "set_trap_area on");
		cf_int(e, 0, HV(set_trap_area)(v, CF_BAR0_HIGH, CF_BAR0_HIGH + 4095, false),
		       "and off");
	}
	if (e->has & MPT_CAP_MAP_GFN) {
		cf_int(e, 0, HV(map_gfn_to_mfn)(v, 0x300000, CF_APERTURE_MFN, 4, true),
		       "map_gfn_to_mfn on");
		cf_int(e, 0, HV(map_gfn_to_mfn)(v, 0x300000, CF_APERTURE_MFN, 4, false), "and off");
	}
}

static int all_accesses(struct cf_env *e, void *arg)
{
	u64 word = 1;

	(void)arg;
	mpt_guest_cfg_read(e->vm, 0, &word, 4);
	mpt_guest_cfg_write(e->vm, 0, &word, 4);
	mpt_guest_read(e->vm, CF_BAR0, &word, 8);
	mpt_guest_write(e->vm, CF_BAR0, &word, 8);
	mpt_guest_write(e->vm, CF_MAIN, &word, 8);
	mpt_guest_read(e->vm, CF_BAR2, &word, 8);
	mpt_guest_write(e->vm, CF_BAR2, &word, 8);
	CF_INT(e, 0, mpt_ram_add(e->vm, CF_PLUG, MPT_PAGE_SIZE, 0), "mpt_ram_add");
	return cf_int(e, 0, mpt_ram_remove(e->vm, CF_PLUG, MPT_PAGE_SIZE), "mpt_ram_remove");
}

static int life_callback(struct cf_env *e)
{
	dma_addr_t page, twice;

	CF_TRY(hold(e, &page, &twice));
	if (e->has & MPT_CAP_PVMMIO)
		HV(set_pvmmio)(e->v, CF_BAR0_HIGH, CF_BAR0_HIGH + CF_BAR0_SIZE - 1, false);
	e->core.hook = call_back;
	CF_TRY(cf_thread_start(e, 0, all_accesses, NULL));
	CF_TRY(cf_thread_join(e, 0));
	e->core.hook = NULL;
	CF_THAT(e, cf_told(e, CF_CFG_READ) && cf_told(e, CF_CFG_WRITE) && cf_told(e, CF_REGION),
		"expected the core to be told of configuration accesses and RAM, seen less");
	if (e->has & CF_HAS_LEDGER) {
		struct mpt_ledger l = cf_ledger(e);

		e->left = l.live[MPT_LEDGER_DMA] + l.live[MPT_LEDGER_TRACK] +
			  l.live[MPT_LEDGER_TRAP] + l.live[MPT_LEDGER_MAP];
	}
	return CF_PASS;
}

static int other_access(struct cf_env *e, void *arg)
{
	u8 b;

	(void)arg;
	CF_INT(e, 0, mpt_guest_cfg_read(e->vgpus[1].vm, 0, &b, 1), "an access of the other VM");
	CF_INT(e, 0, HV(read_gpa)(&e->vgpus[1].base, CF_MAIN, &b, 1),
	       "an operation of the other vGPU");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_MAIN, &b, 1),
	       "an operation of the vGPU inside an access");
	return cf_int(e, 0, e->v->mpt->inject_msi(e->v->handle, 0xfee00000, 1), "its interrupt");
}

static void block_first(struct cf_env *e, const struct cf_event *ev)
{
	if (ev->vgpu == e->v)
		cf_hook_block(e, ev);
}

static int life_parallel(struct cf_env *e)
{
	static const struct cf_region small[] = { { CF_MAIN, CF_MAIN_SIZE, 0 }, { 0, 0, 0 } };
	struct mpt_vm *other;
	int a, b;

	CF_TRY(cf_vm_new(e, 2, small, &other));
	CF_TRY(cf_attach(e, 1, other));
	e->core.hook = block_first;
	CF_TRY(cf_thread_start(e, 0, cfg_thread, NULL));
	CF_TRY(cf_wait_inside(e));
	CF_TRY(cf_thread_start(e, 1, other_access, NULL));
	b = cf_thread_join(e, 1);
	cf_release(e);
	a = cf_thread_join(e, 0);
	e->core.hook = NULL;
	return a ? a : b;
}

const struct mpt_clause cf_life[] = {
	{
		.id = "LIFE-1",
		.text = "host_init refuses a core without a device or entry points and a second "
			"one (-EEXIST); after host_exit there may be another.",
		.bug_class = "field 10, gvt-contract 1.3",
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
		.bug_class = "field 10",
		.needs_caps = CF_HAS_INIT,
		.ops = CF_OP(host_exit),
		.run = life_exit,
	},
	{
		.id = "LIFE-3",
		.text = "A core introduces itself with a size, entry points and known flags, and "
			"not while a vGPU is attached.",
		.bug_class = "field 10",
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
		.bug_class = "field 9, gvt-contract 7.6, KVMGT K10, K18",
		.row = "handle",
		.ops = CF_OP(detach_vgpu) | CF_OP(attach_vgpu) | CF_OP(dma_map_guest_page),
		.run = life_leftovers,
	},
	{
		.id = "LIFE-7",
		.text = "The end of one vGPU takes nothing from another.",
		.bug_class = "field 9",
		.ops = CF_OP(detach_vgpu),
		.run = life_two,
	},
	{
		.id = "LIFE-8",
		.text = "Three hundred vGPUs one after the other leave nothing behind.",
		.bug_class = "field 5, field 9",
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.run = life_many,
	},
	{
		.id = "LIFE-9",
		.text = "mpt_vgpu_destroy() waits for an access that is inside the core, and none "
			"comes after it.",
		.bug_class = "field 9, XenGT X6, AcrnGT A18",
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.ops = CF_OP(detach_vgpu),
		.run = life_waits,
	},
	{
		.id = "LIFE-10",
		.text = "detach_vgpu alone waits for an access that is inside the core, and none "
			"comes after it.",
		.bug_class = "field 9, field 7",
		.row = "handle",
		.ops = CF_OP(detach_vgpu),
		.setup = CF_VM,
		.run = life_detach_waits,
	},
	{
		.id = "LIFE-11",
		.text = "However fast a guest hammers while vGPUs come and go, no access reaches "
			"one that is gone.",
		.bug_class = "field 9, field 10",
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.run = life_hammer,
	},
	{
		.id = "LIFE-12",
		.text = "Destroying a vGPU from inside its own access is -EBUSY and changes "
			"nothing.",
		.bug_class = "field 11",
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.run = life_inside,
	},
	{
		.id = "LIFE-13",
		.text = "No lock is held while the core is called: from inside every entry point "
			"every operation can be called.",
		.bug_class = "field 11",
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa) | CF_OP(inject_msi),
		.run = life_callback,
	},
	{
		.id = "LIFE-14",
		.text = "An access that blocks in the core keeps no other vGPU waiting, nor its "
			"own operations.",
		.bug_class = "field 12",
		.ops = CF_OP(read_gpa) | CF_OP(inject_msi),
		.run = life_parallel,
	},
	{
		.id = "LIFE-15",
		.text = "While the core destroys a vGPU its guest's accesses do not reach the "
			"core any more, but its handle still works.",
		.bug_class = "field 9, XenGT X6, X7",
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.ops = CF_OP(read_gpa) | CF_OP(detach_vgpu),
		.run = life_closed,
	},
	{ .id = NULL },
};
