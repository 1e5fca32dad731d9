/* SPDX-License-Identifier: MIT */
/* MAP: showing machine frames to the guest: the aperture, the opregion's pages. */
#include <string.h>

#include "areas.h"

#define GFN CF_GFN(CF_BAR2)
#define MFN CF_APERTURE_MFN
#define NR 64U

static int show(struct cf_env *e, int want, u64 gfn, u64 mfn, unsigned int nr, bool on)
{
	return cf_int(e, want, HV(map_gfn_to_mfn)(e->v, gfn, mfn, nr, on),
		      "map_gfn_to_mfn of 0x%x frames, gfn 0x%llx, mfn 0x%llx, %s", nr,
		      (unsigned long long)gfn, (unsigned long long)mfn, on ? "on" : "off");
}

/* The guest's 8 bytes at @gpa are the aperture's at @offset, or nobody's. */
static int shows(struct cf_env *e, u64 gpa, bool aperture, u64 offset)
{
	u64 value = gpa ^ 0x5555;
	u8 want[8], got[8];
	struct cf_event ev;

	cf_forget(e);
	CF_INT(e, 0, mpt_guest_read(e->vm, gpa, got, 8), "a guest load at 0x%llx",
	       (unsigned long long)gpa);
	memset(want, 0xff, 8);
	if (aperture)
		cf_device_bytes(offset, want, 8);
	CF_BYTES(e, want, got, 8, "the guest's load at 0x%llx", (unsigned long long)gpa);
	CF_INT(e, 0, mpt_guest_write(e->vm, gpa, &value, 8), "a guest store at 0x%llx",
	       (unsigned long long)gpa);
	CF_U64(e, aperture, cf_told(e, CF_APERTURE_WRITE), "stores that reached the aperture");
	if (!aperture)
		return CF_PASS;
	ev = cf_event(e, CF_APERTURE_WRITE, 0);
	CF_U64(e, offset, ev.addr, "the aperture offset of a store at 0x%llx",
	       (unsigned long long)gpa);
	return cf_bytes(e, &value, ev.data, 8, "data of a store to the aperture");
}

static int map_shows(struct cf_env *e)
{
	CF_TRY(shows(e, CF_BAR2, false, 0));
	CF_TRY(show(e, 0, GFN, MFN + 0x100, NR, true));
	CF_TRY(shows(e, CF_BAR2, true, 0x100000));
	CF_TRY(shows(e, CF_BAR2 + 0x1238, true, 0x101238));
	CF_TRY(shows(e, CF_BAR2 + NR * 4096 - 8, true, 0x100000 + NR * 4096 - 8));
	CF_TRY(shows(e, CF_BAR2 - 8, false, 0));
	CF_TRY(shows(e, CF_BAR2 + NR * 4096, false, 0));
	CF_TRY(show(e, 0, GFN, MFN + 0x100, NR, false));
	CF_TRY(shows(e, CF_BAR2, false, 0));
	return shows(e, CF_BAR2 + NR * 4096 - 8, false, 0);
}

static int map_overlap(struct cf_env *e)
{
	CF_TRY(show(e, 0, GFN, MFN, NR, true));
	CF_TRY(show(e, -EEXIST, GFN, MFN, NR, true));
	CF_TRY(show(e, -EEXIST, GFN, MFN + NR, NR, true));
	CF_TRY(show(e, -EEXIST, GFN + NR - 1, MFN, 1, true));
	CF_TRY(show(e, -EEXIST, GFN - 1, MFN, 2, true));
	CF_TRY(show(e, -EEXIST, GFN - 8, MFN, NR + 16, true));
	CF_TRY(show(e, -EEXIST, GFN + 3, MFN, 4, true));
	CF_TRY(shows(e, CF_BAR2, true, 0));
	CF_TRY(show(e, 0, GFN + NR, MFN + NR, 1, true));
	CF_TRY(show(e, 0, GFN - 1, MFN + NR + 1, 1, true));
	CF_TRY(shows(e, CF_BAR2 + NR * 4096, true, NR * 4096));
	CF_TRY(shows(e, CF_BAR2 - 4096, true, (NR + 1) * 4096));
	CF_TRY(show(e, 0, GFN + NR, MFN + NR, 1, false));
	CF_TRY(show(e, 0, GFN, MFN, NR, false));
	CF_TRY(shows(e, CF_BAR2 - 4096, true, (NR + 1) * 4096));
	return show(e, 0, GFN - 1, MFN + NR + 1, 1, false);
}

static int map_exact(struct cf_env *e)
{
	CF_TRY(show(e, -ENOENT, GFN, MFN, NR, false));
	CF_TRY(show(e, 0, GFN, MFN, NR, true));
	CF_TRY(show(e, -ENOENT, GFN, MFN, NR - 1, false));
	CF_TRY(show(e, -ENOENT, GFN, MFN, NR + 1, false));
	CF_TRY(show(e, -ENOENT, GFN, MFN + 1, NR, false));
	CF_TRY(show(e, -ENOENT, GFN + 1, MFN, NR, false));
	CF_TRY(show(e, -ENOENT, GFN + 1, MFN + 1, NR - 1, false));
	CF_TRY(show(e, -ENOENT, GFN + (1ULL << 32), MFN, NR, false));
	CF_TRY(shows(e, CF_BAR2, true, 0));
	CF_TRY(shows(e, CF_BAR2 + NR * 4096 - 8, true, NR * 4096 - 8));
	CF_TRY(show(e, 0, GFN, MFN, NR, false));
	return show(e, -ENOENT, GFN, MFN, NR, false);
}

static int map_wrong(struct cf_env *e)
{
	CF_TRY(show(e, -EINVAL, GFN, MFN, 0, true));
	CF_TRY(show(e, -EINVAL, GFN, MFN, 0, false));
	CF_TRY(show(e, -EINVAL, ~0UL, MFN, 2, true));
	CF_TRY(show(e, -EINVAL, ~0UL - 0x10, MFN, 0x20, true));
	CF_TRY(show(e, -EINVAL, GFN, ~0UL, 2, true));
	CF_TRY(show(e, -EINVAL, (~0UL >> 12) - 1, MFN, 8, true));
	return shows(e, CF_BAR2, false, 0);
}

static int map_large(struct cf_env *e)
{
	/* 4 GiB and a page: 32 bits of bytes are not enough. */
	const unsigned int nr = 0x100001;
	const u64 gfn = CF_GFN(CF_BAR0_HIGH);

	CF_TRY(show(e, 0, gfn, MFN, nr, true));
	CF_TRY(shows(e, CF_BAR0_HIGH + 0x1000, true, 0x1000));
	CF_TRY(shows(e, CF_BAR0_HIGH + (1ULL << 32), true, 1ULL << 32));
	CF_TRY(shows(e, CF_BAR0_HIGH + (1ULL << 32) + 4096, false, 0));
	CF_TRY(show(e, -EEXIST, gfn + 0x100000, MFN, 1, true));
	CF_TRY(show(e, 0, gfn, MFN, nr, false));
	return shows(e, CF_BAR0_HIGH + (1ULL << 32), false, 0);
}

static int map_pages(struct cf_env *e)
{
	u8 want[64], got[64];
	unsigned int i;

	CF_TRY(show(e, 0, GFN, MFN + 5, 1, true));
	CF_TRY(show(e, 0, GFN + 1, MFN + 2, 1, true));
	cf_device_bytes(6 * 4096 - 24, want, 24);
	cf_device_bytes(2 * 4096, want + 24, 24);
	CF_INT(e, 0, mpt_guest_read(e->vm, CF_BAR2 + 4096 - 24, got, 48),
	       "a load across two mapped frames");
	CF_BYTES(e, want, got, 48, "a load across two mapped frames");
	for (i = 0; i < cf_told(e, CF_APERTURE_READ); i++) {
		struct cf_event ev = cf_event(e, CF_APERTURE_READ, i);

		CF_THAT(e, ev.len && ev.addr / 4096 == (ev.addr + ev.len - 1) / 4096,
			"an aperture access: expected within a page, told %llu bytes at 0x%llx",
			(unsigned long long)ev.len, (unsigned long long)ev.addr);
	}
	CF_TRY(show(e, 0, GFN, MFN + 5, 1, false));
	return show(e, 0, GFN + 1, MFN + 2, 1, false);
}

static int map_failing(struct cf_env *e)
{
	u8 got[16];

	CF_TRY(show(e, 0, GFN, MFN, NR, true));
	e->core.answer[CF_APERTURE_READ] = -EIO;
	e->core.scribble = true;
	mpt_guest_read(e->vm, CF_BAR2, got, 16);
	e->core.answer[CF_APERTURE_READ] = 0;
	CF_FILL(e, 0xff, got, 16, "a load that the device did not answer");
	CF_TRY(shows(e, CF_BAR2, true, 0));
	return show(e, 0, GFN, MFN, NR, false);
}

static int map_no_device(struct cf_env *e)
{
	struct mpt_core core = { .size = sizeof(core),
				 .ops = &cf_core_ops,
				 .aperture_mfn = MFN,
				 .aperture_pages = CF_APERTURE_PAGES };
	u64 value = 0;
	u8 got[8] = { 0 };

	CF_INT(e, 0, mpt_host_set_core(e->host, &core), "a core without aperture callbacks");
	CF_TRY(cf_attach(e, 0, e->vm));
	e->v = &e->vgpus[0].base;
	CF_TRY(show(e, 0, GFN, MFN, NR, true));
	CF_INT(e, 0, mpt_guest_write(e->vm, CF_BAR2, &value, 8), "a store to the aperture");
	CF_INT(e, 0, mpt_guest_read(e->vm, CF_BAR2, got, 8), "a load from the aperture");
	CF_FILL(e, 0xff, got, 8, "a load from an aperture without callbacks");
	return show(e, 0, GFN, MFN, NR, false);
}

static int map_own_page(struct cf_env *e)
{
	static u8 page[2 * MPT_PAGE_SIZE] __attribute__((aligned(4096)));
	/* The guest chooses the place (ASLS): more than one of them. */
	static const u64 at[] = { CF_GFN(CF_PLUG) + 7, CF_GFN(CF_BAR2),
				  CF_GFN(CF_HIGH + CF_HIGH_SIZE) + 1 };
	u8 got[32];
	size_t i;

	for (i = 0; i < CF_COUNT(at); i++) {
		unsigned long mfn = HV(virt_to_mfn)(page),
			      next = HV(virt_to_mfn)(page + MPT_PAGE_SIZE);

		memset(page, (int)(0x20 + i), sizeof(page));
		CF_TRY(show(e, 0, at[i], mfn, 1, true));
		CF_TRY(show(e, 0, at[i] + 1, next, 1, true));
		memset(page + 16, 0x44, 16);
		CF_INT(e, 0, mpt_guest_read(e->vm, at[i] << 12, got, 32), "a load of a shown page");
		CF_BYTES(e, page, got, 32, "what the guest reads of the core's page at gfn 0x%llx",
			 (unsigned long long)at[i]);
		CF_TRY(show(e, 0, at[i], mfn, 1, false));
		CF_TRY(show(e, 0, at[i] + 1, next, 1, false));
		CF_INT(e, 0, mpt_guest_read(e->vm, at[i] << 12, got, 32),
		       "a load after it is hidden");
		CF_FILL(e, 0xff, got, 32, "what the guest reads after the core's page is hidden");
	}
	return CF_PASS;
}

static int map_other(struct cf_env *e)
{
	struct mpt_vm *other;
	u8 got[8];

	CF_TRY(cf_vm_new(e, 2, NULL, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_TRY(show(e, 0, GFN, MFN, NR, true));
	CF_INT(e, 0, mpt_guest_read(other, CF_BAR2, got, 8), "a load of another VM's guest");
	CF_FILL(e, 0xff, got, 8, "what another VM's guest reads there");
	CF_INT(e, -ENOENT, HV(map_gfn_to_mfn)(&e->vgpus[1].base, GFN, MFN, NR, false),
	       "another vGPU's unmap of it");
	CF_TRY(shows(e, CF_BAR2, true, 0));
	return show(e, 0, GFN, MFN, NR, false);
}

const struct mpt_clause cf_map_gfn[] = {
	{
		.id = "MAP-1",
		.text = "Mapped frames show the guest the aperture at the right offset, for loads "
			"and stores, and nothing beside them; unmapped they are gone.",
		.bug_class = BUG_K13 "; " BUG_A13,
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.run = map_shows,
	},
	{
		.id = "MAP-2",
		.text = "A mapping that overlaps another by a frame is -EEXIST and changes "
			"nothing; one beside it is fine.",
		.bug_class = BUG_OVERLAP,
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.pairs = CF_PAIRS(CF_P(map_gfn_to_mfn, EEXIST)),
		.run = map_overlap,
	},
	{
		.id = "MAP-3",
		.text = "Only exactly what was mapped is unmapped: same gfn, mfn and number; else "
			"-ENOENT.",
		.bug_class = BUG_X11,
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.pairs = CF_PAIRS(CF_P(map_gfn_to_mfn, ENOENT)),
		.run = map_exact,
	},
	{
		.id = "MAP-4",
		.text = "No frames at all, or frames that wrap around, are -EINVAL.",
		.bug_class = BUG_RANGE "; " BUG_X11,
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.pairs = CF_PAIRS(CF_P(map_gfn_to_mfn, EINVAL)),
		.run = map_wrong,
	},
	{
		.id = "MAP-5",
		.text = "More than 4 GiB can be mapped by one call.",
		.bug_class = BUG_A12,
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.run = map_large,
	},
	{
		.id = "MAP-6",
		.text = "An access across two mapped frames reaches the device page by page.",
		.bug_class = BUG_X4,
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.run = map_pages,
	},
	{
		.id = "MAP-7",
		.text = "What the device does not answer reads all ones.",
		.bug_class = BUG_A17,
		.row = "emulation-fails",
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.run = map_failing,
	},
	{
		.id = "MAP-8",
		.text = "Without the core's aperture callbacks the aperture reads all ones and "
			"drops stores.",
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.setup = CF_VM,
		.run = map_no_device,
	},
	{
		.id = "MAP-9",
		.text = "The core's own pages (the opregion) are shown wherever the guest wants "
			"them, as often as it moves them.",
		.bug_class = BUG_FIXED_ADDRESS,
		.row = "opregion",
		.needs_caps = MPT_CAP_MAP_GFN | MPT_CAP_VIRT_TO_MFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.run = map_own_page,
	},
	{
		.id = "MAP-10",
		.text = "A mapping belongs to one vGPU: another VM does not see it, another vGPU "
			"cannot undo it.",
		.needs_caps = MPT_CAP_MAP_GFN,
		.ops = CF_OP(map_gfn_to_mfn),
		.pairs = CF_PAIRS(CF_P(map_gfn_to_mfn, ENOENT)),
		.run = map_other,
	},
	{ .id = NULL },
};
