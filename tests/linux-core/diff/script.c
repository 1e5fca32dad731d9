/* SPDX-License-Identifier: MIT */
/*
 * A generator of what a guest and its hypervisor do: the next step from a seed. It knows what a
 * guest would know, so that most steps make sense, and does odd things now and then.
 */
#include "diff.h"

/* --- page tables: frames of one level each, so that no page is two kinds of table --- */

const struct space_roots space_roots[SPACES] = {
	{ 4, { FRAME(ROOT_A) } },
	{ 4, { FRAME(ROOT_B) } },
	{ 3, { FRAME(PD_A), FRAME(PD_B) } },
};

static const unsigned int leaf_index[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 511 };

u64 probe_address(unsigned int i)
{
	return ((u64)(i / 36) << 39) | ((u64)(i / 18 % 2) << 30) | ((u64)(i / 9 % 2) << 21) |
	       (u64)leaf_index[i % 9] << 12;
}

/* --- the generator --- */

#define QUEUE 32

struct guest {
	bool there, decoded;
	u64 bar0, bar2;
	bool live[SPACES];
};

struct script {
	u64 state;
	struct guest guest[VMS];
	struct diff_step queue[QUEUE];
	unsigned int first, last, left; /* of an episode: what a guest is busy with */
	unsigned int domain;
	u8 vm;
};

static u64 random64(struct script *g)
{
	g->state ^= g->state << 13;
	g->state ^= g->state >> 7;
	g->state ^= g->state << 17;
	return g->state * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(struct script *g, unsigned int n)
{
	return (unsigned int)(random64(g) >> 33) % n;
}

static bool one_in(struct script *g, unsigned int n)
{
	return !below(g, n);
}

#define PICK(g, ...)							\
	(((const u64[]){ __VA_ARGS__ })						\
	 [below(g, (unsigned int)(sizeof((u64[]){ __VA_ARGS__ }) / sizeof(u64)))])

static void push(struct script *g, u8 op, u8 len, u64 at, u64 value)
{
	if (g->last < QUEUE)
		g->queue[g->last++] = (struct diff_step){ op, g->vm, len, at, value };
}

struct script *script_new(u64 seed)
{
	struct script *g = calloc(1, sizeof(*g));

	if (!g)
		exit(2);
	g->state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	return g;
}

void script_fresh(struct script *g, unsigned int vm)
{
	struct guest *guest = &g->guest[vm];

	memset(guest, 0, sizeof(*guest));
	guest->there = true;
	g->first = g->last = g->left = 0;
}

/* Both BARs somewhere, decoded, PVINFO looked at. */
static void boot(struct script *g)
{
	struct guest *guest = &g->guest[g->vm];

	guest->bar0 = PICK(g, 0xc0000000, 0xd0000000, 0x180000000);
	guest->bar2 = PICK(g, 0x40000000, 0x80000000, 0x100000000);
	if (guest->decoded)
		push(g, CFG_WRITE, 2, 4, PICK(g, 0, 4));
	if (one_in(g, 3)) {
		push(g, CFG_WRITE, 4, PICK(g, 0x10, 0x14, 0x18, 0x1c), ~0U);
		push(g, CFG_READ, 4, PICK(g, 0x10, 0x14, 0x18, 0x1c), 0);
	}
	push(g, CFG_WRITE, 4, 0x10, (u32)guest->bar0);
	push(g, CFG_WRITE, 4, 0x14, guest->bar0 >> 32);
	push(g, CFG_WRITE, 4, 0x18, (u32)guest->bar2);
	push(g, CFG_WRITE, 4, 0x1c, guest->bar2 >> 32);
	push(g, CFG_WRITE, (u8)PICK(g, 1, 2), 4, PICK(g, 2, 6, 7));
	push(g, BAR0_READ, 8, PVINFO, 0);
	guest->decoded = true;
}

static u8 size(struct script *g)
{
	return (u8)PICK(g, 1, 2, 4);
}

static void config_odd(struct script *g)
{
	u8 len = size(g);
	u64 at = PICK(g, below(g, 64), below(g, 256), 0x10 + below(g, 0x18), 0xac + below(g, 12),
		      below(g, 4096));

	if (!one_in(g, 4))
		at &= ~(u64)(len - 1);
	push(g, CFG_WRITE, len, at, PICK(g, random64(g), ~0U, 0, 1));
}

static void config(struct script *g)
{
	u8 len = size(g);

	switch (below(g, 12)) {
	case 0:
		boot(g);
		break;
	case 1:
		push(g, CFG_WRITE, (u8)PICK(g, 1, 2), 4, PICK(g, 0, 2, 4, 6, 7, 0x406));
		/* What is decoded then is not kept count of: a boot tells. */
		g->guest[g->vm].decoded = true;
		break;
	case 2:
		push(g, CFG_WRITE, 2, 0xae, PICK(g, 0, 1));
		push(g, CFG_WRITE, 4, 0xb0, 0xfee00000 | (random64(g) & 0xff000));
		push(g, CFG_WRITE, 2, 0xb4, random64(g) & 0xffff);
		break;
	case 3:
		push(g, CFG_WRITE, 1, PICK(g, 0x0c, 0x3c), random64(g));
		break;
	case 4:
		push(g, CFG_WRITE, 2, PICK(g, 6, 0, 2, 8, 0x0a, 0x0e, 0x2c, 0x34), random64(g));
		break;
	case 5:
		if (one_in(g, 3))
			config_odd(g);
		else if (one_in(g, 10))
			push(g, CFG_WRITE, 4, 0xfc, PICK(g, 0x3f00000, 0x3f10000, 0, 0x3f00010));
		break;
	default:
		push(g, CFG_READ, len, PICK(g, below(g, 64), below(g, 256), below(g, 4096)) &
				       ~(u64)(len - 1), 0);
		break;
	}
}

static void pvinfo_odd(struct script *g)
{
	u8 len = (u8)PICK(g, 1, 2, 8);

	push(g, BAR0_WRITE, len, PVINFO + (below(g, 4096) & ~(unsigned int)(len - 1)), random64(g));
}

static void pvinfo(struct script *g)
{
	u8 len = (u8)PICK(g, 1, 2, 4, 4, 4, 8);

	switch (below(g, 8)) {
	case 0:
		push(g, BAR0_WRITE, 4, PVINFO + PICK(g, 0x804, 0x830, 0x834, 0x858, 0x85c),
		     random64(g));
		break;
	case 1:
		push(g, BAR0_WRITE, 4, PVINFO + 0x838 + 4 * below(g, 8), random64(g));
		break;
	case 2:
		push(g, BAR0_WRITE, 4, PVINFO + PICK(g, 0, 8, 0xc, 0x40, 0x50, 0x100, 0x81c, 0x900),
		     random64(g));
		break;
	case 3:
		push(g, BAR0_WRITE, 4, PVINFO + 0x818, PICK(g, 0, 1, 6, 7, 8, 99));
		break;
	case 4:
		if (one_in(g, 6))
			pvinfo_odd(g);
		else if (one_in(g, 20))
			push(g, BAR0_WRITE, 4, PVINFO + 0x808 + 4 * below(g, 4), 1);
		break;
	default:
		push(g, BAR0_READ, len, PVINFO + (PICK(g, below(g, 0x60), 0x800 + below(g, 0x70),
						       below(g, 4096)) & ~(u64)(len - 1)), 0);
		break;
	}
}

static u64 gtt_entry(struct script *g)
{
	return PICK(g, 0, 0x200000 + (random64(g) & 0x3f000), 0x200000 + (random64(g) & 0x3f000),
		    one_in(g, 8) ? NO_RAM : 0x300000) | PICK(g, 1, 1, 1, 0, 0x801);
}

static void gtt(struct script *g)
{
	u64 at = PICK(g, below(g, 16), below(g, 16), 16384 + below(g, 16), below(g, 70000)) * 8;
	u64 entry = gtt_entry(g), seen = at / 8 % 32 * 4096 + below(g, 64) * 8;

	switch (below(g, 8)) {
	case 0:
	case 1:
	case 2:
		push(g, GTT_WRITE, 8, at, entry);
		break;
	case 3:
		push(g, GTT_WRITE, 4, at + PICK(g, 0, 4), PICK(g, entry, entry, 0));
		break;
	case 4:
		push(g, GTT_WRITE, 4, at, entry);
		push(g, GTT_WRITE, 4, at + 4, entry >> 32);
		break;
	case 5:
		if (one_in(g, 20))
			push(g, PICK(g, 0, 1) ? GTT_WRITE : GTT_READ, (u8)PICK(g, 8, 1, 2),
			     at + PICK(g, 0, 4, 2), entry);
		push(g, APERTURE_WRITE, (u8)PICK(g, 1, 2, 4, 8), seen, random64(g));
		break;
	case 6:
		push(g, APERTURE_READ, (u8)PICK(g, 1, 2, 4, 8), seen, 0);
		break;
	default:
		push(g, GTT_READ, (u8)PICK(g, 4, 8), at, 0);
		break;
	}
}

/* An entry of one of the frames, that fits its level. */
static void table_entry(struct script *g, u64 *at, u64 *entry)
{
	unsigned int frame = below(g, FRAMES + 8), index = below(g, 2);
	u64 flags = PICK(g, 3, 3, 1, 0x1b);

	if (frame <= ROOT_B) {
		*entry = FRAME(PICK(g, PDP_A, PDP_B)) | flags;
	} else if (frame <= PDP_B) {
		*entry = FRAME(PICK(g, PD_A, PD_B)) | flags;
	} else if (frame <= PD_B) {
		*entry = one_in(g, 12) ? LARGE | flags | 0x80 :
			 FRAME(PICK(g, PT_A, PT_B, PT_C, PT_D)) | flags;
	} else {
		frame = frame < FRAMES ? frame : PT_A + frame % 4;
		index = leaf_index[below(g, 9)];
		*entry = (one_in(g, 100) ? NO_RAM : DATA + (random64(g) & 0x3f000)) | flags |
			 PICK(g, 0, 0x80);
	}
	*entry = one_in(g, 4) ? 0 : *entry;
	*at = FRAME(frame) + 8 * index;
}

static void notify(struct script *g)
{
	unsigned int i = below(g, SPACES);
	bool *live = &g->guest[g->vm].live[i];

	push(g, NOTIFY, 0, i, (space_roots[i].levels == 4 ? 4 : 2) + *live);
	*live = !*live;
}

static void tables(struct script *g)
{
	u64 at, entry;

	table_entry(g, &at, &entry);
	switch (below(g, 12)) {
	case 0:
		notify(g);
		break;
	case 1:
	case 2:
		push(g, WALK, 0, 0, 0);
		break;
	case 3:
		push(g, RAM_WRITE, 4, at, entry);
		push(g, RAM_WRITE, 4, at + 4, entry >> 32);
		break;
	case 4:
		push(g, RAM_READ, 8, at, 0);
		break;
	case 5:
		if (one_in(g, 40))
			push(g, BAR0_WRITE, 4, 0x941c, PICK(g, 1, 2, 4, 8, 0x10));
		else if (one_in(g, 40))
			push(g, RAM_WRITE, (u8)PICK(g, 1, 2), FRAME(PT_A) + (at & 0x3fff),
			     entry & 3);
		break;
	default:
		push(g, RAM_WRITE, 8, at, entry);
		break;
	}
}

#define GROUPS								\
	0x44300, 0x44310, 0x44320, 0x44330, 0x44400, 0x44410, 0x44420, 0x44440, 0x44460, 0x444e0, \
	0xc4000

static void interrupt(struct script *g)
{
	u64 group = PICK(g, GROUPS), bits = PICK(g, 0, ~0U, random64(g), 0x8, 0x9);

	switch (below(g, 10)) {
	case 0:
		push(g, BAR0_WRITE, 4, 0x70008 + 0x1000 * below(g, 3),
		     one_in(g, 20) ? 0 : 1U << 31);
		/* fall through */
	case 1:
		push(g, BAR0_WRITE, 4, group + 4, bits);
		break;
	case 2:
	case 3:
		push(g, BAR0_WRITE, 4, group + 12, bits);
		break;
	case 4:
		push(g, BAR0_WRITE, 4, group + 8, bits);
		break;
	case 5:
		push(g, BAR0_WRITE, 4, 0x44200, PICK(g, 0, 1U << 31, random64(g)));
		break;
	case 6:
	case 7:
		push(g, FLIP, 0, below(g, 3), 4096 * below(g, 16));
		break;
	case 8:
		if (one_in(g, 3))
			push(g, CFG_WRITE, 2, 0xae, one_in(g, 4) ? 0 : 1);
		else if (one_in(g, 20))
			push(g, HOTPLUG, 0, 0, below(g, 2));
		break;
	default:
		push(g, BAR0_READ, 4, PICK(g, 0x44200, group, group + 4, group + 8, group + 12), 0);
		break;
	}
}

/* As a driver does before the first interrupt. */
static void interrupts_on(struct script *g)
{
	unsigned int i;

	push(g, CFG_WRITE, 4, 0xb0, 0xfee00000 | (random64(g) & 0xff000));
	push(g, CFG_WRITE, 2, 0xb4, random64(g) & 0xffff);
	push(g, CFG_WRITE, 2, 0xae, 1);
	for (i = 0; i < 3; i++) {
		push(g, BAR0_WRITE, 4, 0x70008 + 0x1000 * i, 1U << 31);
		push(g, BAR0_WRITE, 4, 0x44404 + 0x10 * i, 0);
		push(g, BAR0_WRITE, 4, 0x4440c + 0x10 * i, PICK(g, 8, ~0U));
	}
	push(g, BAR0_WRITE, 4, 0x44200, 1U << 31);
}

static void life_step(struct script *g)
{
	struct guest *guest = &g->guest[g->vm];

	switch (below(g, 8)) {
	case 0:
		push(g, CFG_WRITE, 2, 0xd4, 3);
		push(g, CFG_READ, 2, 0xd4, 0);
		push(g, CFG_WRITE, 2, 0xd4, PICK(g, 0, 3));
		push(g, RESET, 0, 0, 0);
		guest->decoded = false;
		break;
	case 1:
		push(g, RESET, 0, 0, 0);
		memset(guest->live, 0, sizeof(guest->live));
		guest->decoded = false;
		break;
	case 2:
		push(g, DESTROY, 0, 0, one_in(g, 4));
		memset(guest, 0, sizeof(*guest));
		break;
	case 3:
		push(g, RELEASE, 0, 0, 0);
		push(g, ACTIVATE, 0, 0, 0);
		break;
	default:
		push(g, DEACTIVATE, 0, 0, 0);
		push(g, ACTIVATE, 0, 0, 0);
		break;
	}
}

/* 64 KiB pages, pcode, status pages, modes, resets; fences beyond those of a vGPU. */
static u64 special_register(struct script *g)
{
	return PICK(g, 0x4080, 0x907c, 0x138124, 0x2080, 0x12080, 0x229c, 0x941c, 0x20d0, 0xc000,
		    0x100020 + 8 * below(g, 12));
}

static void registers(struct script *g)
{
	u64 fence = 0x100000 + 8 * below(g, 4);

	switch (below(g, 10)) {
	case 9:
		push(g, BAR0_WRITE, 4, 0x138124, 1U << 31 | PICK(g, 5, 6, 7, 0x21, 8));
		push(g, BAR0_READ, 4, 0x138128, 0);
		break;
	case 8:
		push(g, BAR0_WRITE, 4, special_register(g),
		     PICK(g, 0, 1, 3, 0xf, 0x10001, 0x80008000, 0x2000200, random64(g)));
		break;
	case 7:
		push(g, BAR0_READ, 4, special_register(g), 0);
		break;
	case 6:
		if (one_in(g, 4))
			push(g, PICK(g, 0, 1) ? BAR0_WRITE : BAR0_READ, (u8)PICK(g, 2, 4, 8),
			     0x70050 + PICK(g, 1, 2, 3), random64(g));
		break;
	case 0:
		push(g, BAR0_WRITE, 8, fence, random64(g));
		break;
	case 1:
		push(g, BAR0_READ, 8, fence, 0);
		break;
	case 2:
		push(g, BAR0_WRITE, 4, PICK(g, 0xa278, 0xa270, 0xa188),
		     PICK(g, 0x10001, 0x10000, 0xffff0001));
		break;
	case 3:
		push(g, BAR0_READ, 4, PICK(g, 0xd84, 0xd88, 0x130044), 0);
		break;
	case 4:
		push(g, BAR0_WRITE, 4, PICK(g, 0x4260, 0x4264, 0x426c, 0x4270, 0x138128), 1);
		break;
	default:
		push(g, BAR0_READ, 4, PICK(g, 0x4260, 0x4264, 0x426c, 0x4270, 0x138128), 0);
		break;
	}
}

static void episode(struct script *g)
{
	static void (*const domain[])(struct script *g) = {
		config, pvinfo, gtt, tables, interrupt, registers, tables, gtt
	};

	if (!g->left) {
		g->left = 20 + below(g, 100);
		g->domain = below(g, sizeof(domain) / sizeof(domain[0]));
		g->vm = (u8)below(g, VMS);
		if (!g->guest[g->vm].there)
			push(g, CREATE, 0, 0, 0);
		boot(g);
		if (domain[g->domain] == interrupt)
			interrupts_on(g);
		return;
	}
	g->left--;
	if (one_in(g, 200)) {
		life_step(g);
		g->left = 0;
	} else if (one_in(g, 30)) {
		domain[below(g, sizeof(domain) / sizeof(domain[0]))](g);
	} else {
		domain[g->domain](g);
	}
}

void script_next(struct script *g, struct diff_step *s)
{
	while (g->first == g->last) {
		g->first = g->last = 0;
		episode(g);
	}
	*s = g->queue[g->first++];
	if (s->op == CREATE)
		g->guest[s->vm].there = true;
}

void script_describe(const struct diff_step *s, char *text, size_t size)
{
	static const char *const name[NUM_OPS] = {
		"cfg_read", "cfg_write", "bar0_read", "bar0_write", "gtt_read", "gtt_write",
		"ram_read", "ram_write", "aperture_read", "aperture_write", "notify", "walk",
		"flip", "hotplug", "reset", "activate", "deactivate", "release", "destroy",
		"create",
	};

	snprintf(text, size, "vm%u %s 0x%llx 0x%llx, %u bytes", s->vm, name[s->op],
		 (unsigned long long)s->at, (unsigned long long)s->value, s->len);
}
