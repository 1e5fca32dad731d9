/* SPDX-License-Identifier: MIT */
/* TRP: trapped areas, and what an access to nothing delivers. */
#include <string.h>

#include "areas.h"

static int trap(struct cf_env *e, int want, u64 start, u64 end, bool on)
{
	return cf_int(e, want, HV(set_trap_area)(e->v, start, end, on),
		      "set_trap_area 0x%llx..0x%llx, %s", (unsigned long long)start,
		      (unsigned long long)end, on ? "on" : "off");
}

/* One byte at @gpa is the core's, or nobody's. */
static int at(struct cf_env *e, u64 gpa, bool core)
{
	u64 was = cf_told(e, CF_MMIO_READ);
	u8 b = 0x77;

	CF_INT(e, 0, mpt_guest_read(e->vm, gpa, &b, 1), "a guest load at 0x%llx",
	       (unsigned long long)gpa);
	CF_U64(e, was + core, cf_told(e, CF_MMIO_READ),
	       "loads told to the core after one at 0x%llx", (unsigned long long)gpa);
	return cf_u64(e, core ? cf_device_byte(gpa) : 0xff, b, "the byte at 0x%llx",
		      (unsigned long long)gpa);
}

static int edges(struct cf_env *e, u64 start, u64 end)
{
	CF_TRY(trap(e, 0, start, end, true));
	CF_TRY(at(e, start, true));
	CF_TRY(at(e, end, true));
	CF_TRY(at(e, start + (end - start) / 2, true));
	CF_TRY(at(e, start - 1, false));
	CF_TRY(at(e, end + 1, false));
	CF_TRY(trap(e, 0, start, end, false));
	CF_TRY(at(e, start, false));
	return at(e, end, false);
}

static int trp_edges(struct cf_env *e)
{
	CF_TRY(edges(e, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1));
	CF_TRY(edges(e, CF_BAR0 + 0x1003, CF_BAR0 + 0x1003));
	CF_TRY(edges(e, CF_BAR0 + 5, CF_BAR0 + 0x3002));
	CF_TRY(edges(e, CF_BAR0_HIGH, CF_BAR0_HIGH + CF_BAR0_SIZE - 1));
	return edges(e, 0xffffe000, 0xffffefff);
}

static int one_size(struct cf_env *e, u64 gpa, unsigned int len)
{
	u8 want[8], got[8], data[8];
	struct cf_event ev;
	unsigned int i;

	cf_forget(e);
	CF_INT(e, 0, mpt_guest_read(e->vm, gpa, got, len), "a guest load of %u bytes", len);
	cf_device_bytes(gpa, want, len);
	CF_BYTES(e, want, got, len, "a load of %u bytes at 0x%llx", len, (unsigned long long)gpa);
	ev = cf_event(e, CF_MMIO_READ, 0);
	CF_U64(e, 1, cf_told(e, CF_MMIO_READ), "loads told to the core after one of %u bytes", len);
	CF_THAT(e, ev.addr == gpa && ev.len == len && ev.vgpu == e->v,
		"a load: expected %u bytes at 0x%llx, told %llu at 0x%llx", len,
		(unsigned long long)gpa, (unsigned long long)ev.len, (unsigned long long)ev.addr);
	for (i = 0; i < len; i++)
		data[i] = (u8)(0x91 + i * 5);
	CF_INT(e, 0, mpt_guest_write(e->vm, gpa, data, len), "a guest store of %u bytes", len);
	ev = cf_event(e, CF_MMIO_WRITE, 0);
	CF_U64(e, 1, cf_told(e, CF_MMIO_WRITE), "stores told to the core after one of %u bytes",
	       len);
	CF_THAT(e, ev.addr == gpa && ev.len == len && ev.vgpu == e->v,
		"a store: expected %u bytes at 0x%llx, told %llu at 0x%llx", len,
		(unsigned long long)gpa, (unsigned long long)ev.len, (unsigned long long)ev.addr);
	return cf_bytes(e, data, ev.data, len, "data of a store of %u bytes", len);
}

static int trp_sizes(struct cf_env *e)
{
	static const unsigned int lens[] = { 1, 2, 4, 8 };
	static const u64 bars[] = { CF_BAR0, CF_BAR0_HIGH };
	size_t i, j;

	for (j = 0; j < CF_COUNT(bars); j++) {
		CF_TRY(trap(e, 0, bars[j], bars[j] + CF_BAR0_SIZE - 1, true));
		for (i = 0; i < CF_COUNT(lens); i++) {
			CF_TRY(one_size(e, bars[j] + 0x78000, lens[i]));
			CF_TRY(one_size(e, bars[j] + CF_BAR0_SIZE - 8, lens[i]));
			CF_TRY(one_size(e, bars[j] + 0x2340 + lens[i], lens[i]));
		}
		CF_TRY(trap(e, 0, bars[j], bars[j] + CF_BAR0_SIZE - 1, false));
	}
	return CF_PASS;
}

#define S (CF_BAR0 + 0x10000)
#define E (CF_BAR0 + 0x1ffff)

static int trp_overlap(struct cf_env *e)
{
	static const struct {
		u64 start;
		u64 end;
	} over[] = {
		{ S, E },	 { S, S },	   { E, E },	     { S - 1, S },
		{ E, E + 1 },	 { S + 1, E - 1 }, { S - 1, E + 1 }, { S - 4096, E },
		{ S, E + 4096 }, { 0, ~0ULL },	   { CF_BAR0, S },   { S + 8, CF_BAR0_HIGH },
	};
	size_t i;

	CF_TRY(trap(e, 0, S, E, true));
	for (i = 0; i < CF_COUNT(over); i++)
		if (over[i].end != ~0ULL || over[i].start)
			CF_TRY(trap(e, -EEXIST, over[i].start, over[i].end, true));
	CF_TRY(at(e, S, true));
	CF_TRY(at(e, S - 1, false));
	CF_TRY(at(e, E + 1, false));
	CF_TRY(trap(e, 0, S - 4096, S - 1, true));
	CF_TRY(trap(e, 0, E + 1, E + 1, true));
	CF_TRY(at(e, S - 4096, true));
	CF_TRY(at(e, E + 1, true));
	CF_TRY(trap(e, 0, E + 1, E + 1, false));
	CF_TRY(at(e, E, true));
	CF_TRY(trap(e, 0, S, E, false));
	CF_TRY(at(e, S - 1, true));
	return trap(e, 0, S - 4096, S - 1, false);
}

static int trp_exact(struct cf_env *e)
{
	static const struct {
		u64 start;
		u64 end;
	} wrong[] = {
		{ S, E - 1 },
		{ S, E + 1 },
		{ S - 1, E },
		{ S + 1, E },
		{ S, S },
		{ S - 4096, S - 1 },
		{ CF_BAR0, E },
		{ S + (1ULL << 32), E + (1ULL << 32) },
		{ CF_BAR0_HIGH, CF_BAR0_HIGH + 4095 },
	};
	size_t i;

	CF_TRY(trap(e, -ENOENT, S, E, false));
	CF_TRY(trap(e, 0, S, E, true));
	for (i = 0; i < CF_COUNT(wrong); i++)
		CF_TRY(trap(e, -ENOENT, wrong[i].start, wrong[i].end, false));
	CF_TRY(at(e, S, true));
	CF_TRY(at(e, E, true));
	CF_TRY(trap(e, 0, S, E, false));
	return trap(e, -ENOENT, S, E, false);
}

static int trp_backwards(struct cf_env *e)
{
	CF_TRY(trap(e, -EINVAL, S, S - 1, true));
	CF_TRY(trap(e, -EINVAL, E, S, true));
	CF_TRY(trap(e, -EINVAL, ~0ULL, 0, true));
	CF_TRY(trap(e, -EINVAL, S, S - 1, false));
	CF_TRY(trap(e, -EINVAL, CF_BAR0_HIGH, CF_BAR0, true));
	return at(e, S, false);
}

/* Accesses that begin outside, end outside, or are longer than the area. */
static int straddle(struct cf_env *e, u64 gpa, unsigned int len, u64 start, u64 end)
{
	u8 want[64], got[64];
	unsigned int i;

	for (i = 0; i < len; i++)
		want[i] = gpa + i >= start && gpa + i <= end ? cf_device_byte(gpa + i) : 0xff;
	cf_forget(e);
	CF_INT(e, 0, mpt_guest_read(e->vm, gpa, got, len), "a guest load of %u bytes at 0x%llx",
	       len, (unsigned long long)gpa);
	CF_BYTES(e, want, got, len, "a load of %u bytes at 0x%llx over the area 0x%llx..0x%llx",
		 len, (unsigned long long)gpa, (unsigned long long)start, (unsigned long long)end);
	for (i = 0; i < cf_told(e, CF_MMIO_READ); i++) {
		struct cf_event ev = cf_event(e, CF_MMIO_READ, i);

		CF_THAT(e, ev.addr >= start && ev.addr + ev.len - 1 <= end,
			"a piece of that load: expected inside the area, told %llu bytes at 0x%llx",
			(unsigned long long)ev.len, (unsigned long long)ev.addr);
		CF_THAT(e, (ev.len & (ev.len - 1)) == 0 && ev.len <= 8 && ev.addr % ev.len == 0,
			"a piece of that load: expected 1, 2, 4 or 8 aligned bytes, told %llu at "
			"0x%llx",
			(unsigned long long)ev.len, (unsigned long long)ev.addr);
	}
	return CF_PASS;
}

static int trp_pieces(struct cf_env *e)
{
	const u64 start = CF_BAR0 + 0x1006, end = CF_BAR0 + 0x101a;
	unsigned int len, off;

	CF_TRY(trap(e, 0, start, end, true));
	for (len = 1; len <= 40; len++)
		for (off = 0; off < 16; off++)
			CF_TRY(straddle(e, CF_BAR0 + 0x1000 + off, len, start, end));
	CF_TRY(straddle(e, CF_BAR0 + 0xff0, 64, start, end));
	return trap(e, 0, start, end, false);
}

static int trp_many(struct cf_env *e)
{
	u64 i, n = 64;

	/* Up by odd numbers, then the even ones between them, so that they are made in no order. */
	for (i = 1; i < n; i += 2)
		CF_TRY(trap(e, 0, CF_BAR0 + i * 8192, CF_BAR0 + i * 8192 + 4095, true));
	for (i = 0; i < n; i += 2)
		CF_TRY(trap(e, 0, CF_BAR0 + i * 8192, CF_BAR0 + i * 8192 + 4095, true));
	for (i = 0; i < n; i++) {
		CF_TRY(at(e, CF_BAR0 + i * 8192 + 4095, true));
		CF_TRY(at(e, CF_BAR0 + i * 8192 + 4096, false));
	}
	for (i = 0; i < n; i += 3)
		CF_TRY(trap(e, 0, CF_BAR0 + i * 8192, CF_BAR0 + i * 8192 + 4095, false));
	for (i = 0; i < n; i++)
		CF_TRY(at(e, CF_BAR0 + i * 8192, i % 3 != 0));
	for (i = 0; i < n; i++)
		if (i % 3)
			CF_TRY(trap(e, 0, CF_BAR0 + i * 8192, CF_BAR0 + i * 8192 + 4095, false));
	return CF_PASS;
}

static int trp_other(struct cf_env *e)
{
	struct mpt_vm *other;
	u8 b = 0;

	CF_TRY(cf_vm_new(e, 2, NULL, &other));
	CF_TRY(cf_attach(e, 1, other));
	CF_TRY(trap(e, 0, S, E, true));
	CF_INT(e, 0, mpt_guest_read(other, S, &b, 1), "a load of another VM's guest");
	CF_U64(e, 0, cf_told(e, CF_MMIO_READ), "loads told to the core");
	CF_INT(e, 0, HV(set_trap_area)(&e->vgpus[1].base, S, E, true),
	       "the same area of the other VM");
	CF_INT(e, 0, mpt_guest_read(other, S, &b, 1), "a load of another VM's guest");
	CF_THAT(e, cf_event(e, CF_MMIO_READ, 0).vgpu == &e->vgpus[1].base,
		"a load of another VM's guest: expected its own vGPU told, seen another");
	CF_TRY(trap(e, 0, S, E, false));
	CF_TRY(at(e, S, false));
	CF_INT(e, 0, mpt_guest_read(other, S, &b, 1), "a load of another VM's guest");
	CF_U64(e, cf_device_byte(S), b, "what it reads");
	return cf_int(e, 0, HV(set_trap_area)(&e->vgpus[1].base, S, E, false),
		      "the other VM's area off");
}

static int trp_nothing(struct cf_env *e)
{
	static const u64 where[] = {
		CF_HOLE, CF_BAR0, CF_BAR2, 1ULL << 52, 1ULL << 63, ~0ULL - 63
	};
	u8 buf[64], *big = e->scratch;
	size_t i;

	for (i = 0; i < CF_COUNT(where); i++) {
		memset(buf, 0, sizeof(buf));
		CF_INT(e, 0, mpt_guest_read(e->vm, where[i], buf, 64),
		       "a load from nothing at 0x%llx", (unsigned long long)where[i]);
		CF_FILL(e, 0xff, buf, 64, "what a load from nothing delivers");
		CF_INT(e, 0, mpt_guest_write(e->vm, where[i], buf, 64), "a store to nothing");
	}
	CF_INT(e, -EINVAL, mpt_guest_read(e->vm, CF_MAIN, big, 0), "a load of 0 bytes");
	CF_INT(e, -EINVAL, mpt_guest_read(e->vm, CF_MAIN, big, 4097), "a load of 4097 bytes");
	CF_INT(e, -EINVAL, mpt_guest_write(e->vm, CF_MAIN, big, 4097), "a store of 4097 bytes");
	CF_U64(e, 0, cf_told(e, CF_MMIO_READ) + cf_told(e, CF_MMIO_WRITE),
	       "accesses told to the core");
	CF_THAT(e, cf_stats(e, e->vm).unclaimed >= 2 * CF_COUNT(where),
		"unclaimed accesses: expected at least %zu, seen %llu", 2 * CF_COUNT(where),
		(unsigned long long)cf_stats(e, e->vm).unclaimed);
	return CF_PASS;
}

static int trp_cfg(struct cf_env *e)
{
	static const unsigned int lens[] = { 1, 2, 4 };
	u64 before = cf_stats(e, e->vm).cfg;
	struct cf_event ev;
	u8 want[4], got[4];
	size_t i;

	cf_device_bytes(0x10, want, 4);
	memcpy(e->v->cfg_space + 0x10, want, 4);
	for (i = 0; i < CF_COUNT(lens); i++) {
		cf_forget(e);
		CF_INT(e, 0, mpt_guest_cfg_read(e->vm, 0x10, got, lens[i]), "a configuration read");
		CF_BYTES(e, want, got, lens[i], "a configuration read of %u bytes", lens[i]);
		CF_INT(e, 0, mpt_guest_cfg_write(e->vm, 0xf8, want, lens[i]),
		       "a configuration write");
		ev = cf_event(e, CF_CFG_WRITE, 0);
		CF_THAT(e, ev.addr == 0xf8 && ev.len == lens[i] && ev.vgpu == e->v,
			"a configuration write: expected %u bytes at 0xf8, told %llu at 0x%llx",
			lens[i], (unsigned long long)ev.len, (unsigned long long)ev.addr);
		CF_BYTES(e, want, ev.data, lens[i], "data of a configuration write");
	}
	return cf_u64(e, before + 2 * CF_COUNT(lens), cf_stats(e, e->vm).cfg,
		      "configuration accesses counted");
}

/* PCI Local Bus Specification 3.0, 6.1: COMMAND at 4 (bit 1: memory decoding), BARs from 0x10. */
static void set_bars(struct intel_vgpu *v, u64 bar0, u64 bar2)
{
	u16 command = 2;

	bar0 |= 4;
	bar2 |= 4;
	memcpy(v->cfg_space + 0x10, &bar0, 8);
	memcpy(v->cfg_space + 0x18, &bar2, 8);
	memcpy(v->cfg_space + 4, &command, 2);
}

static int trp_always(struct cf_env *e)
{
	u16 off = 0;

	CF_TRY(trap(e, 0, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1, true));
	set_bars(e->v, CF_BAR0, CF_BAR2_HIGH);
	CF_TRY(at(e, CF_BAR0, true));
	CF_TRY(at(e, CF_BAR0 + CF_BAR0_SIZE - 1, true));
	CF_TRY(at(e, CF_BAR0 - 1, false));
	CF_TRY(at(e, CF_BAR0 + CF_BAR0_SIZE, false));
	set_bars(e->v, CF_BAR0_HIGH, CF_BAR2_HIGH);
	CF_TRY(at(e, CF_BAR0_HIGH + 0x78000, true));
	CF_TRY(at(e, CF_BAR0, false));
	memcpy(e->v->cfg_space + 4, &off, 2);
	CF_TRY(at(e, CF_BAR0_HIGH + 0x78000, false));
	return trap(e, 0, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1, false);
}

static int trp_bar2(struct cf_env *e)
{
	CF_INT(e, 0, HV(map_gfn_to_mfn)(e->v, CF_GFN(CF_BAR2_HIGH), CF_APERTURE_MFN, 16, true),
	       "map_gfn_to_mfn, absent");
	set_bars(e->v, CF_BAR0, CF_BAR2_HIGH);
	CF_TRY(at(e, CF_BAR2_HIGH, true));
	CF_TRY(at(e, CF_BAR2_HIGH + 0x12345, true));
	CF_TRY(at(e, CF_BAR2_HIGH + (CF_APERTURE_PAGES << 12) - 1, true));
	CF_TRY(at(e, CF_BAR2_HIGH - 1, false));
	CF_TRY(at(e, CF_BAR2_HIGH + (CF_APERTURE_PAGES << 12), false));
	return cf_u64(e, 0, cf_told(e, CF_APERTURE_READ),
		      "loads that reached the aperture's callback");
}

const struct mpt_clause cf_trp[] = {
	{
		.id = "TRP-1",
		.text = "A trapped area includes both its ends and nothing beside them, above 4 "
			"GiB too.",
		.bug_class = BUG_K13,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.run = trp_edges,
	},
	{
		.id = "TRP-2",
		.text = "An aligned access of 1, 2, 4 or 8 bytes is told once, with its absolute "
			"64-bit address, its size and its data.",
		.bug_class = BUG_K14,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.run = trp_sizes,
	},
	{
		.id = "TRP-3",
		.text = "An area that overlaps another by a byte is -EEXIST; one that touches it "
			"is fine.",
		.bug_class = BUG_A4 "; " BUG_A26,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.pairs = CF_PAIRS(CF_P(set_trap_area, EEXIST)),
		.run = trp_overlap,
	},
	{
		.id = "TRP-4",
		.text = "Only exactly what was mapped is unmapped; anything else is -ENOENT and "
			"changes nothing.",
		.bug_class = BUG_TRAP_UNKNOWN,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.pairs = CF_PAIRS(CF_P(set_trap_area, ENOENT)),
		.run = trp_exact,
	},
	{
		.id = "TRP-5",
		.text = "An end before the start is -EINVAL.",
		.bug_class = BUG_RANGE,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.pairs = CF_PAIRS(CF_P(set_trap_area, EINVAL)),
		.run = trp_backwards,
	},
	{
		.id = "TRP-6",
		.text = "An access that is only partly in an area is told in aligned pieces "
			"inside it; the rest delivers all ones.",
		.bug_class = BUG_TORN "; " BUG_X2,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.run = trp_pieces,
	},
	{
		.id = "TRP-7",
		.text = "Many areas stand beside each other, made and undone in any order.",
		.bug_class = BUG_A4,
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.run = trp_many,
	},
	{
		.id = "TRP-8",
		.text = "An area belongs to one vGPU; the same addresses of another VM are its "
			"own.",
		.row = "trap-area",
		.needs_caps = MPT_CAP_TRAP_AREA,
		.ops = CF_OP(set_trap_area),
		.run = trp_other,
	},
	{
		.id = "TRP-9",
		.text = "A guest access that nothing answers reads all ones, is counted, and is "
			"no error.",
		.bug_class = BUG_A17,
		.run = trp_nothing,
	},
	{
		.id = "TRP-10",
		.text = "Configuration accesses reach the core with offset, size and data.",
		.bug_class = BUG_RANGE,
		.run = trp_cfg,
	},
	{
		.id = "TRP-11",
		.text = "A back end without trapped areas delivers what hits BAR0, wherever the "
			"guest has put it, as long as memory decoding is on.",
		.bug_class = BUG_ABSENT_OK,
		.row = "trap-area",
		.excludes_caps = MPT_CAP_TRAP_AREA,
		.run = trp_always,
	},
	{
		.id = "TRP-12",
		.text = "A back end that cannot map frames delivers what hits BAR2 as MMIO.",
		.excludes_caps = MPT_CAP_MAP_GFN,
		.run = trp_bar2,
	},
	{ .id = NULL },
};
