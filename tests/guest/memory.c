/* SPDX-License-Identifier: MIT */
/*
 * The guest's RAM, what PVINFO says is its share of graphics addresses, and the GGTT entries it
 * writes there. Addresses are given out upwards and never again: a run is short.
 */
#include <gvt/gvt.h>

#include "guest_priv.h"

/* Linux 6.1 i915_pvinfo.h, struct vgt_if; from memory. */
#define PV(offset) (GVT_PVINFO_OFFSET + (offset))
#define PV_MAGIC PV(0x000)
#define PV_MAJOR PV(0x008)
#define PV_CAPS PV(0x010)
#define PV_LOW_BASE PV(0x040)
#define PV_LOW_SIZE PV(0x044)
#define PV_HIGH_BASE PV(0x048)
#define PV_HIGH_SIZE PV(0x04c)
#define PV_FENCES PV(0x050)
#define MAGIC 0x4776544776544776ULL
#define CAP_FULL_PPGTT (1U << 2)
#define CAP_HWSP (1U << 3)

#define GGTT_PRESENT 1ULL
#define GFX_FLSH_CNTL 0x101008 /* GEN6: bit 0 flushes what the device keeps of the GGTT */
#define FENCE(n) (0x100000U + 8 * (n))

u64 guest_alloc(struct guest *g, u32 pages, u32 align)
{
	static const u8 zeros[G_PAGE];
	u64 unit = (u64)align * G_PAGE, at, i;

	/* Single pages come from the other end and go down: neighbours are never in order. */
	if (pages == 1 && align == 1) {
		g->ram_high -= G_PAGE;
		at = g->ram_high;
	} else {
		at = (g->ram_low + unit - 1) / unit * unit;
		g->ram_low = at + (u64)pages * G_PAGE;
	}
	if (g->ram_low > g->ram_high) {
		guest_fail(g, "RAM: expected %u more pages, saw the end", pages);
		return 0;
	}
	for (i = 0; i < pages; i++)
		guest_ram_write(g, at + i * G_PAGE, zeros, G_PAGE);
	return at;
}

static u64 entry_offset(u64 addr)
{
	return GVT_GTT_OFFSET + addr / G_PAGE * 8;
}

/* A single store of 8 bytes, as gen8_set_pte() does it; then the flush. */
struct guest_gm guest_gm_new(struct guest *g, struct guest_range *range, u32 pages)
{
	struct guest_gm gm = { .pages = pages };
	u32 i;

	if ((u64)pages * G_PAGE > range->size - range->used || g->num_objects == G_OBJECTS) {
		guest_fail(g, "graphics memory: expected %u more pages, saw the end", pages);
		return gm;
	}
	gm.gpa = guest_alloc(g, pages, 2);
	gm.addr = range->start + range->used;
	range->used += (u64)pages * G_PAGE;
	for (i = 0; i < pages; i++)
		guest_bar0_write(g, entry_offset(gm.addr + (u64)i * G_PAGE),
				 (gm.gpa + (u64)i * G_PAGE) | GGTT_PRESENT, 8);
	guest_reg_set(g, GFX_FLSH_CNTL, 1);
	for (i = 0; i < pages; i++)
		guest_expect(g, guest_bar0_read(g, entry_offset(gm.addr + (u64)i * G_PAGE), 8),
			     (gm.gpa + (u64)i * G_PAGE) | GGTT_PRESENT, "GGTT entry of 0x%llx",
			     (unsigned long long)(gm.addr + (u64)i * G_PAGE));
	g->objects[g->num_objects++] = gm;
	return gm;
}

void guest_ggtt_clear(struct guest *g)
{
	u32 n, i;

	for (n = 0; n < g->num_objects; n++) {
		for (i = 0; i < g->objects[n].pages; i++) {
			u64 offset = entry_offset(g->objects[n].addr + (u64)i * G_PAGE);

			guest_bar0_write(g, offset, 0, 8);
			guest_expect(g, guest_bar0_read(g, offset, 8), 0, "cleared GGTT entry");
		}
	}
	guest_reg_set(g, GFX_FLSH_CNTL, 1);
	g->num_objects = 0;
}

/* --- PVINFO --- */

static void share(struct guest *g, struct guest_range *range, u32 base, u32 size)
{
	range->start = guest_reg(g, base);
	range->size = guest_reg(g, size);
	guest_check(g, range->size && !(range->start % G_PAGE) && !(range->size % G_PAGE),
		    range->size, "size of a share", "whole pages, not none");
}

/* As i915 judges its share before it uses it (Linux 6.1 i915_vgpu.c, intel_vgt_balloon()). */
void guest_step_pvinfo(struct guest *g)
{
	u32 caps;

	guest_expect(g, guest_bar0_read(g, PV_MAGIC, 8), MAGIC, "PVINFO magic");
	guest_check(g, guest_bar0_read(g, PV_MAJOR, 2) >= 1, guest_bar0_read(g, PV_MAJOR, 2),
		    "PVINFO major version", "1 or more");
	caps = guest_reg(g, PV_CAPS);
	guest_expect(g, caps & CAP_FULL_PPGTT, CAP_FULL_PPGTT, "full PPGTT in the capabilities");
	guest_expect(g, caps & CAP_HWSP, CAP_HWSP, "status page in the capabilities");
	share(g, &g->low, PV_LOW_BASE, PV_LOW_SIZE);
	share(g, &g->high, PV_HIGH_BASE, PV_HIGH_SIZE);
	guest_check(g, g->low.start + g->low.size <= g->bar2_size, g->low.start + g->low.size,
		    "end of the aperture's share", "not behind the aperture");
	guest_check(g, g->high.start >= g->bar2_size, g->high.start, "begin of the hidden share",
		    "not before the aperture's end");
	guest_check(g, g->high.start + g->high.size <= GVT_GM_SIZE, g->high.start + g->high.size,
		    "end of the hidden share", "not behind the GGTT's end");
	g->fences = guest_reg(g, PV_FENCES);
	guest_check(g, g->fences >= 1 && g->fences <= 32, g->fences, "fences", "1 to 32");
}

/* --- GGTT --- */

/* Guests clear the whole table; what is not theirs stays unwritten. */
static void foreign(struct guest *g, u64 addr)
{
	guest_bar0_write(g, entry_offset(addr), g->low.start | GGTT_PRESENT, 8);
	guest_expect(g, guest_bar0_read(g, entry_offset(addr), 8), 0, "foreign entry of 0x%llx",
		     (unsigned long long)addr);
}

static void aperture(struct guest *g, const struct guest_gm *gm)
{
	static const char text[] = "through the aperture";
	char seen[sizeof(text)];
	const u64 at = 2 * G_PAGE - 8; /* across a page's end */

	guest_aperture_write(g, gm->addr + at, text, sizeof(text));
	guest_ram_read(g, gm->gpa + at, seen, 8);
	guest_ram_read(g, gm->gpa + at + 8, seen + 8, sizeof(text) - 8);
	guest_check(g, !memcmp(seen, text, sizeof(text)), (u8)seen[0], "memory behind the aperture",
		    "what was written through it");
	guest_ram32_set(g, gm->gpa, 0x600df00d);
	guest_aperture_read(g, gm->addr, seen, 4);
	guest_check(g, !memcmp(seen, "\x0d\xf0\x0d\x60", 4), (u8)seen[0], "aperture",
		    "what was stored in memory");
}

static void fence(struct guest *g, const struct guest_gm *gm)
{
	/* Pages of the object, X tiled, a pitch of 512 bytes, valid. */
	u64 value = (gm->addr + (gm->pages - 1) * (u64)G_PAGE) << 32 | gm->addr | 3U << 2 | 1;

	guest_bar0_write(g, FENCE(g->fences - 1), value, 8);
	guest_expect(g, guest_bar0_read(g, FENCE(g->fences - 1), 8), value, "fence %u",
		     g->fences - 1);
	guest_bar0_write(g, FENCE(g->fences - 1), 0, 8);
}

void guest_step_ggtt(struct guest *g)
{
	struct guest_gm gm = guest_gm_new(g, &g->low, 4);
	u32 i;

	aperture(g, &gm);
	fence(g, &gm);
	if (g->low.start)
		foreign(g, g->low.start - G_PAGE);
	if (g->low.start + g->low.size < g->high.start)
		foreign(g, g->low.start + g->low.size);
	if (g->high.start + g->high.size < GVT_GM_SIZE)
		foreign(g, g->high.start + g->high.size);
	for (i = 0; i < G_NUM_ENGINES; i++)
		g->engine[i].hwsp = guest_gm_new(g, &g->high, 1);
}
