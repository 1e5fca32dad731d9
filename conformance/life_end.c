/* SPDX-License-Identifier: MIT */
/* LIFE: how a vGPU ends while others still look at it, and what may run beside what. */
#include "areas.h"
#include "life.h"

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
		cf_breathe();
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
	cf_int(e, 0, v->mpt->inject_msi(v->handle, 0xfee00000, 0x41),
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
	return cf_int(e, 0, e->v->mpt->inject_msi(e->v->handle, 0xfee00000, 0x41), "its interrupt");
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

const struct mpt_clause cf_life_end[] = {
	{
		.id = "LIFE-9",
		.text = "mpt_vgpu_destroy() waits for an access that is inside the core, and none "
			"comes after it.",
		.bug_class = BUG_AFTER_DESTROY "; " BUG_X6 "; " BUG_A18,
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.ops = CF_OP(detach_vgpu),
		.run = life_waits,
	},
	{
		.id = "LIFE-10",
		.text = "detach_vgpu alone waits for an access that is inside the core, and none "
			"comes after it.",
		.bug_class = BUG_AFTER_DESTROY "; " BUG_TRACK_RACE,
		.row = "handle",
		.ops = CF_OP(detach_vgpu),
		.setup = CF_VM,
		.run = life_detach_waits,
	},
	{
		.id = "LIFE-11",
		.text = "However fast a guest hammers while vGPUs come and go, no access reaches "
			"one that is gone.",
		.bug_class = BUG_AFTER_DESTROY "; " BUG_TEARDOWN,
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.ops = CF_OP(attach_vgpu) | CF_OP(detach_vgpu),
		.run = life_hammer,
	},
	{
		.id = "LIFE-12",
		.text = "Destroying a vGPU from inside its own access is -EBUSY and changes "
			"nothing.",
		.bug_class = BUG_DEADLOCK,
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.run = life_inside,
	},
	{
		.id = "LIFE-13",
		.text = "No lock is held while the core is called: from inside every entry point "
			"every operation can be called.",
		.bug_class = BUG_DEADLOCK,
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa) | CF_OP(inject_msi),
		.run = life_callback,
	},
	{
		.id = "LIFE-14",
		.text = "An access that blocks in the core keeps no other vGPU waiting, nor its "
			"own operations.",
		.bug_class = BUG_LOCK,
		.ops = CF_OP(read_gpa) | CF_OP(inject_msi),
		.run = life_parallel,
	},
	{
		.id = "LIFE-15",
		.text = "While the core destroys a vGPU its guest's accesses do not reach the "
			"core any more, but its handle still works.",
		.bug_class = BUG_AFTER_DESTROY "; " BUG_X6 "; " BUG_X7,
		.row = "handle",
		.needs_caps = CF_HAS_QUIESCE,
		.ops = CF_OP(read_gpa) | CF_OP(detach_vgpu),
		.run = life_closed,
	},
	{ .id = NULL },
};
