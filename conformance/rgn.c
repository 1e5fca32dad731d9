/* SPDX-License-Identifier: MIT */
/* RGN: RAM that comes, goes and moves while a vGPU looks at it. */
#include <string.h>

#include "areas.h"

#define SIZE 0x10000UL
#define GFN CF_GFN(CF_PLUG)
#define NR CF_GFN(SIZE)

static int plug(struct cf_env *e)
{
	return cf_int(e, 0, mpt_ram_add(e->vm, CF_PLUG, SIZE, 0), "mpt_ram_add");
}

static int unplug(struct cf_env *e)
{
	return cf_int(e, 0, mpt_ram_remove(e->vm, CF_PLUG, SIZE), "mpt_ram_remove");
}

static int event_is(struct cf_env *e, unsigned int n, u64 gfn, u64 nr, bool added)
{
	struct cf_event ev = cf_event(e, CF_REGION, n);

	CF_THAT(e, ev.vgpu == e->v && ev.addr == gfn && ev.len == nr && ev.aux == added,
		"guest_region_event %u: expected 0x%llx frames at 0x%llx %s, told 0x%llx at "
		"0x%llx %s",
		n, (unsigned long long)nr, (unsigned long long)gfn, added ? "added" : "removed",
		(unsigned long long)ev.len, (unsigned long long)ev.addr,
		ev.aux ? "added" : "removed");
	return CF_PASS;
}

static int rgn_told(struct cf_env *e)
{
	u8 b = 0x31;

	CF_INT(e, -EFAULT, HV(read_gpa)(e->v, CF_PLUG, &b, 1), "read_gpa before there is RAM");
	CF_TRY(plug(e));
	CF_U64(e, 1, cf_told(e, CF_REGION), "events after RAM came");
	CF_TRY(event_is(e, 0, GFN, NR, true));
	CF_INT(e, 0, HV(write_gpa)(e->v, CF_PLUG + SIZE - 1, &b, 1), "write_gpa of new RAM");
	CF_TRY(unplug(e));
	CF_U64(e, 2, cf_told(e, CF_REGION), "events after RAM went");
	CF_TRY(event_is(e, 1, GFN, NR, false));
	CF_INT(e, -EFAULT, HV(read_gpa)(e->v, CF_PLUG, &b, 1), "read_gpa of removed RAM");
	CF_TRY(plug(e));
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_PLUG + SIZE - 1, &b, 1),
	       "read_gpa of RAM that came again");
	CF_U64(e, 0, b, "what new RAM holds");
	return CF_PASS;
}

static int rgn_wrong(struct cf_env *e)
{
	static const struct {
		u64 gpa, size;
		unsigned int flags;
		int want;
	} at[] = {
		{ CF_PLUG, 0, 0, -EINVAL },
		{ CF_PLUG + 1, 4096, 0, -EINVAL },
		{ CF_PLUG, 4095, 0, -EINVAL },
		{ CF_PLUG, 4096, 0x80, -EINVAL },
		{ ~0ULL - 4095, 4096, 0, -EINVAL },
		{ ~0ULL - 4095, 8192, 0, -EINVAL },
		{ 1ULL << 52, 4096, 0, -EINVAL },
		{ CF_PLUG, 1ULL << 63, 0, -EINVAL },
		{ CF_MAIN, CF_MAIN_SIZE, 0, -EEXIST },
		{ CF_MAIN + 4096, 4096, 0, -EEXIST },
		{ CF_LOW + CF_LOW_SIZE - 4096, 8192, 0, -EEXIST },
		{ CF_HUGE - 4096, 8192, 0, -EEXIST },
		{ CF_HUGE - 4096, CF_HUGE_SIZE + 8192, 0, -EEXIST },
	};
	u64 told = cf_told(e, CF_REGION);
	size_t i;

	for (i = 0; i < CF_COUNT(at); i++)
		CF_INT(e, at[i].want, mpt_ram_add(e->vm, at[i].gpa, at[i].size, at[i].flags),
		       "mpt_ram_add of 0x%llx bytes at 0x%llx", (unsigned long long)at[i].size,
		       (unsigned long long)at[i].gpa);
	CF_INT(e, -ENOENT, mpt_ram_remove(e->vm, CF_MAIN, CF_MAIN_SIZE - 4096),
	       "removing part of a region");
	CF_INT(e, -ENOENT, mpt_ram_remove(e->vm, CF_MAIN + 4096, 4096),
	       "removing from inside a region");
	CF_INT(e, -ENOENT, mpt_ram_remove(e->vm, CF_MAIN, CF_MAIN_SIZE + CF_NEXT_SIZE),
	       "removing two regions");
	CF_INT(e, -ENOENT, mpt_ram_remove(e->vm, CF_HOLE, 4096), "removing nothing");
	CF_INT(e, -ENOENT, mpt_ram_move(e->vm, CF_HOLE, 4096, CF_PLUG), "moving nothing");
	CF_INT(e, -EEXIST, mpt_ram_move(e->vm, CF_HIGH, CF_HIGH_SIZE, CF_MAIN),
	       "moving RAM onto RAM");
	CF_INT(e, -EINVAL, mpt_ram_move(e->vm, CF_HIGH, CF_HIGH_SIZE, CF_PLUG + 1),
	       "moving RAM within a page");
	return cf_u64(e, told, cf_told(e, CF_REGION), "events after refusals");
}

static void look_when_told(struct cf_env *e, const struct cf_event *ev)
{
	u64 gpa = ev->addr << MPT_PAGE_SHIFT;
	u8 b = 0;

	if (ev->kind != CF_REGION)
		return;
	e->slot[ev->aux] = (u64)-HV(read_gpa)(ev->vgpu, gpa, &b, 1);
	if (ev->aux)
		return;
	mpt_guest_read(e->vm, gpa, &b, 1);
	e->slot[2] = b;
}

static int plug_thread(struct cf_env *e, void *arg)
{
	(void)arg;
	CF_TRY(plug(e));
	CF_TRY(cf_paint(e, e->vm, CF_PLUG, 16));
	return unplug(e);
}

static int rgn_when(struct cf_env *e)
{
	e->slot[1] = 1;
	e->core.hook = look_when_told;
	CF_TRY(cf_thread_start(e, 0, plug_thread, NULL));
	CF_TRY(cf_thread_join(e, 0));
	e->core.hook = NULL;
	CF_U64(e, 0, e->slot[1], "errno of read_gpa when told that RAM came");
	CF_U64(e, EFAULT, e->slot[0], "errno of read_gpa when told that RAM went");
	return cf_u64(e, 0xff, e->slot[2],
		      "what the guest reads when the core is told that RAM went");
}

static int rgn_mapped(struct cf_env *e)
{
	dma_addr_t addr;
	u8 want[16], got[16], dirty = 0;

	CF_TRY(plug(e));
	CF_TRY(cf_paint(e, e->vm, CF_PLUG, 4096));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, GFN, MPT_PAGE_SIZE, &addr), "dma_map_guest_page");
	CF_TRY(unplug(e));
	cf_paint_bytes(CF_PLUG + 64, want, 16);
	CF_INT(e, 0, mpt_bus_read(e->host, addr + 64, got, 16), "a device read after the RAM went");
	CF_BYTES(e, want, got, 16, "what the device reads after the RAM went");
	CF_INT(e, 0, mpt_bus_write(e->host, addr + 64, want, 16),
	       "a device write after the RAM went");
	CF_U64(e, 1, cf_stats(e, e->vm).dma_live, "live DMA counts after the RAM went");
	/* Other RAM in its place is not what the device reaches. */
	CF_TRY(plug(e));
	if (e->has & CF_HAS_DIRTY)
		mpt_dirty_fetch(e->vm, GFN, 8, &dirty);
	CF_INT(e, 0, mpt_bus_write(e->host, addr, want, 16), "a device write to the old page");
	if (e->has & CF_HAS_DIRTY)
		mpt_dirty_fetch(e->vm, GFN, 8, &dirty);
	CF_U64(e, 0, dirty, "the dirty log of new RAM after a device write to the old page");
	CF_TRY(cf_guest_load(e, e->vm, CF_PLUG, got, 16));
	CF_FILL(e, 0, got, 16, "new RAM in the place of what is still mapped");
	HV(dma_unmap_guest_page)(e->v, addr);
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, addr, got, 4),
	       "a device read after the last unmap");
	return cf_u64(e, 0, cf_stats(e, e->vm).dma_live, "live DMA counts at the end");
}

static int rgn_mapped_twice(struct cf_env *e)
{
	dma_addr_t old, new;
	u8 got[16];

	CF_TRY(plug(e));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, GFN, MPT_PAGE_SIZE, &old), "the old page");
	CF_TRY(unplug(e));
	CF_TRY(plug(e));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, GFN, MPT_PAGE_SIZE, &new),
	       "the new page of the same gfn");
	CF_THAT(e, old != new,
		"old and new RAM at one gfn: expected two bus addresses, seen 0x%llx",
		(unsigned long long)old);
	HV(dma_unmap_guest_page)(e->v, old);
	CF_TRY(cf_paint(e, e->vm, CF_PLUG, 16));
	CF_INT(e, 0, mpt_bus_read(e->host, new, got, 16), "a device read of the new page");
	CF_U64(e, cf_paint_byte(CF_PLUG), got[0], "its first byte");
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, old, got, 16), "a device read of the old page");
	HV(dma_unmap_guest_page)(e->v, new);
	return CF_PASS;
}

static int rgn_tracked(struct cf_env *e)
{
	u64 word = 1;

	CF_TRY(plug(e));
	CF_INT(e, 0, HV(enable_page_track)(e->v, GFN), "enable_page_track");
	CF_INT(e, 0, HV(enable_page_track)(e->v, GFN + 1), "enable_page_track");
	CF_TRY(unplug(e));
	CF_INT(e, 0, HV(disable_page_track)(e->v, GFN), "disable_page_track after the RAM went");
	CF_INT(e, -EFAULT, HV(enable_page_track)(e->v, GFN),
	       "enable_page_track after the RAM went");
	CF_INT(e, 0, HV(disable_page_track)(e->v, GFN + 1),
	       "disable_page_track after the RAM went");
	CF_TRY(plug(e));
	CF_THAT(e, !mpt_vm_tracked(e->vm, GFN), "new RAM: expected not tracked, seen tracked");
	CF_TRY(cf_guest_store(e, e->vm, CF_PLUG, &word, 8));
	CF_U64(e, 0, cf_told(e, CF_STORE), "stores to new RAM told to the core");
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages at the end");
}

static int rgn_move(struct cf_env *e)
{
	const u64 to = CF_PLUG + 0x40000;
	dma_addr_t addr;
	u8 want[16], got[16];

	CF_TRY(plug(e));
	CF_TRY(cf_paint(e, e->vm, CF_PLUG, SIZE));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, GFN + 2, MPT_PAGE_SIZE, &addr),
	       "dma_map_guest_page");
	cf_forget(e);
	CF_INT(e, 0, mpt_ram_move(e->vm, CF_PLUG, SIZE, to), "mpt_ram_move");
	CF_U64(e, 2, cf_told(e, CF_REGION), "events after RAM moved");
	CF_TRY(event_is(e, 0, GFN, NR, false));
	CF_TRY(event_is(e, 1, CF_GFN(to), NR, true));
	CF_INT(e, -EFAULT, HV(read_gpa)(e->v, CF_PLUG, got, 1), "read_gpa of the old place");
	cf_paint_bytes(CF_PLUG + 0x2000, want, 16);
	CF_INT(e, 0, HV(read_gpa)(e->v, to + 0x2000, got, 16), "read_gpa of the new place");
	CF_BYTES(e, want, got, 16, "what the new place holds");
	CF_INT(e, 0, mpt_bus_read(e->host, addr, got, 16), "a device read after the move");
	CF_BYTES(e, want, got, 16, "what the device reads after the move");
	HV(dma_unmap_guest_page)(e->v, addr);
	CF_INT(e, 0, mpt_ram_move(e->vm, to, SIZE, to + 4096), "moving it onto a part of itself");
	CF_INT(e, 0, HV(read_gpa)(e->v, to + 0x3000, got, 16), "read_gpa of the newer place");
	CF_BYTES(e, want, got, 16, "what the newer place holds");
	CF_INT(e, 0, mpt_ram_remove(e->vm, to + 4096, SIZE), "mpt_ram_remove");
	CF_INT(e, 0, mpt_ram_move(e->vm, CF_ROM, CF_ROM_SIZE, CF_PLUG), "moving read-only RAM");
	CF_INT(e, 0, HV(read_gpa)(e->v, CF_PLUG, got, 8), "read_gpa of moved read-only RAM");
	return cf_int(e, -EFAULT, HV(write_gpa)(e->v, CF_PLUG, got, 8),
		      "write_gpa of moved read-only RAM");
}

static int rgn_nobody(struct cf_env *e)
{
	CF_TRY(plug(e));
	CF_TRY(unplug(e));
	CF_U64(e, 0, cf_told(e, CF_REGION), "events before a vGPU is attached");
	CF_TRY(cf_attach(e, 0, e->vm));
	CF_TRY(plug(e));
	CF_U64(e, 1, cf_told(e, CF_REGION), "events with a vGPU attached");
	CF_TRY(cf_detach(e, 0));
	CF_TRY(unplug(e));
	return cf_u64(e, 1, cf_told(e, CF_REGION), "events after the vGPU is gone");
}

static void drop_all(struct cf_env *e, const struct cf_event *ev)
{
	if (ev->kind != CF_REGION || ev->aux)
		return;
	HV(dma_unmap_guest_page)(ev->vgpu, e->slot[0]);
	if (e->has & MPT_CAP_PAGE_TRACK)
		cf_int(e, 0, HV(disable_page_track)(ev->vgpu, GFN), "disable_page_track when told");
}

static int unplug_thread(struct cf_env *e, void *arg)
{
	(void)arg;
	return unplug(e);
}

static int rgn_drops(struct cf_env *e)
{
	u8 b;

	CF_TRY(plug(e));
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, GFN, MPT_PAGE_SIZE, &e->slot[0]),
	       "dma_map_guest_page");
	if (e->has & MPT_CAP_PAGE_TRACK)
		CF_INT(e, 0, HV(enable_page_track)(e->v, GFN), "enable_page_track");
	e->core.hook = drop_all;
	CF_TRY(cf_thread_start(e, 0, unplug_thread, NULL));
	CF_TRY(cf_thread_join(e, 0));
	e->core.hook = NULL;
	CF_INT(e, -EFAULT, mpt_bus_read(e->host, e->slot[0], &b, 1),
	       "a device read of what was dropped");
	CF_U64(e, 0, cf_stats(e, e->vm).dma_live, "live DMA counts");
	return cf_u64(e, 0, cf_stats(e, e->vm).tracked, "tracked pages");
}

/* --- beside running operations --- */

static int read_while(struct cf_env *e, void *arg)
{
	dma_addr_t addr;
	u8 buf[64];
	int r;

	(void)arg;
	while (!__atomic_load_n(&e->slot[2], __ATOMIC_ACQUIRE)) {
		cf_breathe();
		r = HV(read_gpa)(e->v, CF_PLUG + 0x8000 - 32, buf, 64);
		CF_THAT(e, !r || r == -EFAULT,
			"read_gpa beside hot-plug: expected 0 or -EFAULT, seen %d", r);
		r = HV(write_gpa)(e->v, CF_PLUG + 0x4000 - 32, buf, 64);
		CF_THAT(e, !r || r == -EFAULT,
			"write_gpa beside hot-plug: expected 0 or -EFAULT, seen %d", r);
		CF_INT(e, 0, mpt_guest_write(e->vm, CF_PLUG, buf, 8),
		       "a guest store beside hot-plug");
		r = HV(dma_map_guest_page)(e->v, GFN, MPT_PAGE_SIZE, &addr);
		CF_THAT(e, !r || r == -EFAULT,
			"dma_map beside hot-plug: expected 0 or -EFAULT, seen %d", r);
		if (r)
			continue;
		CF_INT(e, 0, mpt_bus_write(e->host, addr, buf, 64),
		       "a device write to a mapped page");
		HV(dma_unmap_guest_page)(e->v, addr);
		__atomic_add_fetch(&e->slot[3], 1, __ATOMIC_ACQ_REL);
	}
	return CF_PASS;
}

static int rgn_beside(struct cf_env *e)
{
	u64 end = cf_now_ms() + CF_PATIENCE;
	int i, r = CF_PASS, joined;

	CF_TRY(cf_thread_start(e, 0, read_while, NULL));
	for (i = 0; !r && !cf_thread_done(e, 0) && (i < 60 || !cf_reached(e, 3, 20, end)); i++) {
		r = plug(e);
		if (!r && i % 3 == 0)
			r = cf_int(e, 0, mpt_ram_move(e->vm, CF_PLUG, SIZE, CF_PLUG + 4096),
				   "mpt_ram_move");
		if (!r && i % 3 == 0)
			r = cf_int(e, 0, mpt_ram_move(e->vm, CF_PLUG + 4096, SIZE, CF_PLUG),
				   "mpt_ram_move");
		if (!r)
			r = unplug(e);
	}
	__atomic_store_n(&e->slot[2], 1, __ATOMIC_RELEASE);
	joined = cf_thread_join(e, 0);
	return r ? r : joined;
}

static int rgn_many(struct cf_env *e)
{
	const u64 n = 300, step = 0x3000;
	u8 b;
	u64 i;

	for (i = 0; i < n; i++) {
		/* In no order: 7 has no divisor in common with 300. */
		u64 gpa = CF_PLUG + i * 7 % n * step;

		CF_INT(e, 0, mpt_ram_add(e->vm, gpa, 0x2000, 0), "mpt_ram_add");
		b = (u8)(i * 7 % n);
		CF_INT(e, 0, HV(write_gpa)(e->v, gpa + 0x1fff, &b, 1), "write_gpa of region %llu",
		       (unsigned long long)i);
	}
	for (i = 0; i < n; i++) {
		CF_INT(e, 0, HV(read_gpa)(e->v, CF_PLUG + i * step + 0x1fff, &b, 1), "read_gpa");
		CF_U64(e, (u8)i, b, "the byte of region %llu", (unsigned long long)i);
		CF_INT(e, -EFAULT, HV(read_gpa)(e->v, CF_PLUG + i * step + 0x2000, &b, 1),
		       "read_gpa behind it");
	}
	for (i = 0; i < n; i++)
		CF_INT(e, 0, mpt_ram_remove(e->vm, CF_PLUG + i * 11 % n * step, 0x2000),
		       "mpt_ram_remove");
	return cf_int(e, -EFAULT, HV(read_gpa)(e->v, CF_PLUG, &b, 1), "read_gpa at the end");
}

/* Above 64 GiB, where 36 bits of address end. */
#define FAR ((1ULL << 37) + 0x5000)

static int rgn_far(struct cf_env *e)
{
	u64 value = 0xfa50000fa5ULL, seen = 0;
	dma_addr_t addr;

	CF_INT(e, 0, mpt_ram_add(e->vm, FAR, SIZE, 0), "mpt_ram_add above 2^36");
	CF_TRY(event_is(e, 0, CF_GFN(FAR), NR, true));
	CF_INT(e, 0, HV(write_gpa)(e->v, FAR + SIZE - 8, &value, 8), "write_gpa above 2^36");
	CF_TRY(cf_guest_load(e, e->vm, FAR + SIZE - 8, &seen, 8));
	CF_U64(e, value, seen, "what the guest has there");
	CF_INT(e, 0, HV(dma_map_guest_page)(e->v, CF_GFN(FAR + SIZE) - 1, MPT_PAGE_SIZE, &addr),
	       "dma_map_guest_page above 2^36");
	CF_INT(e, 0, mpt_bus_read(e->host, addr + MPT_PAGE_SIZE - 8, &seen, 8), "a device read");
	CF_U64(e, value, seen, "what the device has there");
	HV(dma_unmap_guest_page)(e->v, addr);
	if (!(e->has & MPT_CAP_PAGE_TRACK))
		return CF_PASS;
	CF_INT(e, 0, HV(enable_page_track)(e->v, CF_GFN(FAR)), "enable_page_track above 2^36");
	CF_TRY(cf_guest_store(e, e->vm, FAR + 8, &value, 8));
	CF_U64(e, FAR + 8, cf_event(e, CF_STORE, 0).addr, "the address told of a store");
	return cf_int(e, 0, HV(disable_page_track)(e->v, CF_GFN(FAR)), "disable_page_track");
}

const struct mpt_clause cf_rgn[] = {
	{
		.id = "RGN-1",
		.text = "The core is told once of RAM that comes and goes, with its frames; new "
			"RAM is empty.",
		.bug_class = BUG_RAM_GOES,
		.row = "ram-removed",
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa),
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT)),
		.run = rgn_told,
	},
	{
		.id = "RGN-2",
		.text = "RAM is added in whole pages where there is none, removed and moved as it "
			"was added; what is refused is told to nobody.",
		.bug_class = BUG_RANGE "; " BUG_32_BITS,
		.run = rgn_wrong,
	},
	{
		.id = "RGN-3",
		.text = "When the core is told of a removal nobody reaches the RAM any more; of "
			"new RAM, everybody.",
		.bug_class = BUG_RAM_GOES,
		.row = "ram-removed",
		.ops = CF_OP(read_gpa),
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT)),
		.run = rgn_when,
	},
	{
		.id = "RGN-4",
		.text = "A mapping lives until its last unmap although its RAM is gone, and never "
			"reaches what came in its place.",
		.bug_class = BUG_K5 "; " BUG_A8 "; " BUG_RAM_GOES,
		.row = "ram-removed",
		.ops = CF_OP(dma_map_guest_page) | CF_OP(dma_unmap_guest_page),
		.run = rgn_mapped,
	},
	{
		.id = "RGN-5",
		.text = "Old and new RAM at one guest frame have two bus addresses, each with its "
			"own count.",
		.bug_class = BUG_COUNT "; " BUG_K6,
		.row = "ram-removed",
		.ops = CF_OP(dma_map_guest_page) | CF_OP(dma_unmap_guest_page),
		.run = rgn_mapped_twice,
	},
	{
		.id = "RGN-6",
		.text = "A tracked page whose RAM is gone can be untracked (0) and not tracked "
			"(-EFAULT); RAM that comes in its place is not tracked.",
		.bug_class = BUG_K3 "; " BUG_RAM_GOES,
		.row = "ram-removed",
		.needs_caps = MPT_CAP_PAGE_TRACK,
		.ops = CF_OP(enable_page_track) | CF_OP(disable_page_track),
		.pairs = CF_PAIRS(CF_P(enable_page_track, EFAULT)),
		.run = rgn_tracked,
	},
	{
		.id = "RGN-7",
		.text = "RAM that moves keeps its contents, its mappings and its kind, also onto "
			"a part of itself; the core is told of both places.",
		.bug_class = BUG_RAM_GOES,
		.row = "ram-removed",
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa) | CF_OP(dma_map_guest_page),
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT), CF_P(write_gpa, EFAULT)),
		.run = rgn_move,
	},
	{
		.id = "RGN-8",
		.text = "Before attach and after detach the core is told of no RAM.",
		.bug_class = BUG_RAM_GOES,
		.setup = CF_VM,
		.run = rgn_nobody,
	},
	{
		.id = "RGN-9",
		.text = "While it is told of a removal the core can unmap and untrack what it "
			"shadows there.",
		.bug_class = BUG_DEADLOCK "; " BUG_K5,
		.row = "ram-removed",
		.ops = CF_OP(dma_map_guest_page) | CF_OP(dma_unmap_guest_page),
		.run = rgn_drops,
	},
	{
		.id = "RGN-10",
		.text = "Operations beside hot-plug work or are -EFAULT; what is mapped stays "
			"reachable.",
		.bug_class = BUG_RAM_GOES "; " BUG_TRACK_RACE,
		.row = "ram-removed",
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa) | CF_OP(dma_map_guest_page),
		.run = rgn_beside,
	},
	{
		.id = "RGN-11",
		.text = "Hundreds of regions, added and removed in no order, are each found.",
		.bug_class = BUG_32_BITS,
		.ops = CF_OP(read_gpa) | CF_OP(write_gpa),
		.pairs = CF_PAIRS(CF_P(read_gpa, EFAULT)),
		.run = rgn_many,
	},
	{
		.id = "RGN-12",
		.text = "RAM above 2^36 is like any other: for the guest, the core and the device.",
		.bug_class = BUG_32_BITS,
		.needs_caps = CF_HAS_WIDE,
		.ops = CF_OP(write_gpa) | CF_OP(dma_map_guest_page),
		.run = rgn_far,
	},
	{ .id = NULL },
};
