/* SPDX-License-Identifier: MIT */
/* How exactly a step looks in which a difference of rules.def shows. */
#include <errno.h>

#include "diff.h"

#define BAR0 0x10
#define BAR2 0x18
#define MEMORY 2U /* of COMMAND */

/* --- configuration space --- */

static u32 lanes(const struct diff_view *v)
{
	return v->step->len < 4 ? (1U << 8 * v->step->len) - 1 : ~0U;
}

/* Some byte of it from @first to @last. */
static bool touches(const struct diff_view *v, u64 first, u64 last)
{
	return v->step->at <= last && v->step->at + v->step->len > first;
}

static bool cfg_write(const struct diff_view *v, u64 first, u64 last)
{
	return v->step->op == CFG_WRITE && touches(v, first, last);
}

static bool cfg_read(const struct diff_view *v, u64 first, u64 last)
{
	return v->step->op == CFG_READ && touches(v, first, last);
}

/* Starts at a dword. */
static bool at_dword(const struct diff_view *v)
{
	return !(v->step->at % 4);
}

static bool crosses(const struct diff_view *v)
{
	return v->step->op == CFG_WRITE && v->step->at % 4 + v->step->len > 4 &&
	       v->ours->ret == -EINVAL;
}

static bool bar_part(const struct diff_view *v)
{
	return cfg_write(v, BAR0, 0x27) && at_dword(v) && v->step->len < 4;
}

static bool unaligned(const struct diff_view *v)
{
	u64 reg = v->step->at & ~3ULL;

	return v->step->op == CFG_WRITE && !at_dword(v) && v->real->ret == -EINVAL &&
	       !v->ours->ret &&
	       ((reg >= BAR0 && reg < 0x28) || reg == 0x30 || reg == 0xe8 || reg == 0xfc);
}

static bool bar_whole(const struct diff_view *v)
{
	return cfg_write(v, BAR0, 0x1f) && at_dword(v) && v->step->len == 4;
}

/* What ours gives up is what there was, whatever is written. */
static bool gives_up_old(const struct diff_view *v)
{
	const struct diff_call *c = v->ours->call, *end = c + v->ours->calls;
	u64 bar0 = v->vm->bar0_at & ~0xfULL, bar2 = (v->vm->bar2_at & ~0xfULL) >> 12;

	for (; c < end; c++) {
		if (c->op == CALL_TRAP && !c->c && c->a != bar0)
			return false;
		if (c->op == CALL_MAP_GFN && !(c->c & 1) && c->a != bar2 + c->b)
			return false;
	}
	return !v->ours->ret;
}

static bool bar_decoded(const struct diff_view *v)
{
	return bar_whole(v) && v->vm->command & MEMORY && gives_up_old(v);
}

static bool bar_unmasked(const struct diff_view *v)
{
	u32 size = v->step->at == BAR0 ? 0xff000000 : 0xc0000000;

	return bar_whole(v) && !(v->step->at & 4) &&
	       (u32)v->real->value >> 4 == (u32)v->step->value >> 4 &&
	       ((u32)v->ours->value & ~0xfU) == ((u32)v->step->value & size);
}

static bool command_wide(const struct diff_view *v)
{
	return cfg_write(v, 4, 7) && v->step->at == 4 && v->step->len == 4 &&
	       v->real->ret == -EINVAL && !v->ours->ret;
}

static bool unplaced(u32 bar, u32 size)
{
	return (bar & size) == size || !(bar & size);
}

static bool command_unplaced(const struct diff_view *v)
{
	return cfg_write(v, 4, 4) && v->step->value & MEMORY && !(v->vm->command & MEMORY) &&
	       (unplaced(v->vm->bar0, 0xff000000) || unplaced(v->vm->bar2, 0xc0000000));
}

static bool command_beyond(const struct diff_view *v)
{
	return cfg_write(v, 4, 4) && v->step->value & MEMORY && !(v->vm->command & MEMORY) &&
	       (v->vm->bar0_at >> 46 || v->vm->bar2_at >> 46);
}

static bool bar4(const struct diff_view *v)
{
	return cfg_write(v, 0x20, 0x27) || cfg_read(v, 0x20, 0x27);
}

static bool bar_machine(const struct diff_view *v)
{
	u32 shift = 8 * (v->step->at & 3);
	u32 real = v->step->at < BAR2 ? 0xde000004 : 0x8000000c;

	return (cfg_read(v, BAR0, BAR0 + 3) || cfg_read(v, BAR2, BAR2 + 3)) &&
	       v->real->value == (real >> shift & lanes(v)) &&
	       v->ours->value == ((real & 0xf) >> shift & lanes(v));
}

static bool rom(const struct diff_view *v)
{
	return cfg_write(v, 0x30, 0x33) && !(u32)v->ours->value;
}

static bool swsci(const struct diff_view *v)
{
	return cfg_write(v, 0xe8, 0xeb) && at_dword(v) && !(u32)v->real->value;
}

static bool opregion_at_0(const struct diff_view *v)
{
	unsigned int i, n = 0;

	for (i = 0; i < v->real->calls; i++) {
		if (v->real->call[i].op != CALL_WRITE_GPA)
			continue;
		if (v->real->call[i].a != 0x200 && v->real->call[i].a != 0x204)
			return false;
		n++;
	}
	for (i = 0; i < v->ours->calls; i++)
		if (v->ours->call[i].op == CALL_WRITE_GPA)
			return false;
	return cfg_write(v, 0xe8, 0xeb) && n;
}

static bool asls(const struct diff_view *v)
{
	return cfg_write(v, 0xfc, 0xff);
}

static bool device_part(const struct diff_view *v)
{
	u32 shift = 8 * (v->step->at & 3);

	return v->step->op == CFG_WRITE && v->step->at >= 0x40 && !v->ours->ret && !v->real->ret &&
	       ((u32)(v->real->value >> shift) & lanes(v)) == ((u32)v->step->value & lanes(v));
}

/* --- registers --- */

static bool bar0_access(const struct diff_view *v, u64 first, u64 last)
{
	return (v->step->op == BAR0_READ || v->step->op == BAR0_WRITE) && touches(v, first, last);
}

static bool caps(const struct diff_view *v)
{
	u32 shift = 8 * (v->step->at & 3);

	return v->step->op == BAR0_READ && bar0_access(v, PVINFO + 0x10, PVINFO + 0x13) &&
	       ((v->real->value ^ v->ours->value) & lanes(v)) == 0x10U >> shift;
}

/* Not one dword of it. */
static bool pvinfo_size(const struct diff_view *v)
{
	return v->step->op == BAR0_WRITE && bar0_access(v, PVINFO, PVINFO + 0xfff) &&
	       (v->step->len != 4 || v->step->at % 4);
}

static bool register_unaligned(const struct diff_view *v)
{
	return v->step->op == BAR0_WRITE && v->step->at % v->step->len && !v->real->ret &&
	       v->ours->ret == -EINVAL;
}

static bool masked_register(const struct diff_view *v)
{
	return (bar0_access(v, 0xa270, 0xa27b) || bar0_access(v, 0xa188, 0xa18b)) &&
	       (u16)v->real->value == (u16)v->ours->value && !(v->ours->value >> 16);
}

/* Beyond those of a vGPU. */
static bool fence_beyond(const struct diff_view *v)
{
	return bar0_access(v, 0x100020, 0x10007f) && v->real->ret == -EINVAL &&
	       !(u32)v->ours->value && (v->step->op == BAR0_READ || v->ours->ret == -EINVAL);
}

static bool reset_control(const struct diff_view *v)
{
	return bar0_access(v, 0x20d0, 0x20d3);
}

static bool pcode(const struct diff_view *v)
{
	return bar0_access(v, 0x138124, 0x138127) && v->step->op == BAR0_WRITE &&
	       !(v->step->value & 1U << 31) && (u32)v->ours->value == (u32)v->step->value;
}

static bool pcode_data(const struct diff_view *v)
{
	return v->step->op == BAR0_READ && bar0_access(v, 0x138128, 0x13812b) && v->vm->pcode;
}

static bool guc_status(const struct diff_view *v)
{
	return bar0_access(v, 0xc000, 0xc003) && (u32)v->real->value == (u32)v->step->value;
}

/* What is pending is not shown, for as long as bit 31 is off. */
static bool master_summary(const struct diff_view *v)
{
	u32 real = (u32)v->real->value, ours = (u32)v->ours->value;

	return bar0_access(v, 0x44200, 0x44203) && ours >> 31 == 0 && (real & ~ours) == 0;
}

static bool flip_off(const struct diff_view *v)
{
	return v->step->op == FLIP && !(v->vm->pipes & 1U << v->step->at);
}

/* --- the global page table --- */

static bool half_stale(const struct diff_view *v)
{
	return v->step->op == GTT_WRITE && v->step->len == 4 &&
	       v->vm->entry[v->step->at / 8 % ENTRIES] & HALF_STALE;
}

/* Nothing but maps that were refused is in the one and not in the other. */
static bool same_but(const struct diff_view *v, u32 kind, bool (*extra)(const struct diff_call *c))
{
	const struct diff_call *a, *b, *end_a = v->real->call + v->real->calls;
	const struct diff_call *end_b = v->ours->call + v->ours->calls;

	for (a = v->real->call, b = v->ours->call; ; a++, b++) {
		while (a < end_a && call_kind(a->op) != kind)
			a++;
		while (b < end_b && (call_kind(b->op) != kind || extra(b)))
			b++;
		if (a == end_a || b == end_b)
			return a == end_a && b == end_b;
		if (!same_call(a, b))
			return false;
	}
}

static bool refused_map(const struct diff_call *c)
{
	return c->op == CALL_DMA_MAP && c->ret == -EFAULT;
}

static bool no_ram(const struct diff_view *v)
{
	return same_but(v, DMA, refused_map);
}

static bool gtt_failsafe(const struct diff_view *v)
{
	return v->step->op == GTT_WRITE && v->vm->failsafe && !v->ours->ret;
}

static bool failsafe_size(const struct diff_view *v)
{
	return v->step->op >= BAR0_READ && v->step->op <= GTT_WRITE && v->vm->failsafe &&
	       !v->real->ret && v->ours->ret == -EINVAL;
}

static bool gtt_survives(const struct diff_view *v)
{
	bool only_read = v->step->op == GTT_READ || (v->step->op == GTT_WRITE && v->ours->ret);

	return only_read && v->vm->entry[v->step->at / 8 % ENTRIES] & ENTRY_SURVIVES &&
	       (!v->ours->value || v->ours->ret);
}

static bool gtt_unaligned(const struct diff_view *v)
{
	return (v->step->op == GTT_READ || v->step->op == GTT_WRITE) && v->step->len == 8 &&
	       v->step->at % 8 == 4 && !v->real->ret && v->ours->ret == -EINVAL;
}

/* --- interrupts --- */

static bool hotplug(const struct diff_view *v)
{
	return v->step->op == HOTPLUG;
}

static bool plugged(const struct diff_view *v)
{
	return bar0_access(v, 0xc4000, 0xc4003) && v->step->op == BAR0_READ &&
	       (v->real->value ^ v->ours->value) == 1U << 23 && v->real->value >> 23;
}

/* One MSI in the real core, nothing in ours, and what is pending is the same. */
static bool msi_of_others(const struct diff_view *v)
{
	unsigned int i, n = 0;

	for (i = 0; i < v->ours->calls; i++)
		n += call_kind(v->ours->call[i].op) == IRQS;
	for (i = 0; i < v->real->calls; i++)
		n += v->real->call[i].op == CALL_MSI ? 2 : 0;
	return (v->step->op == FLIP || v->step->op == HOTPLUG) && n == 2 &&
	       v->real->value == v->ours->value;
}

static bool pin_call(const struct diff_call *c)
{
	return c->op == CALL_INTX;
}

static bool pin(const struct diff_view *v)
{
	return same_but(v, IRQS, pin_call);
}

/* --- page tables of processes --- */

static bool spaces(const struct diff_view *v)
{
	return v->vm->announced || (v->step->op == NOTIFY && v->vm->command & MEMORY);
}

/* The last one goes with this step. */
static bool last_space(const struct diff_view *v)
{
	const struct diff_step *s = v->step;

	if (s->op == NOTIFY)
		return v->vm->command & MEMORY && !v->vm->failsafe && s->value & 1 &&
		       v->vm->times[s->at] == 1 && v->vm->announced == 1U << s->at;
	return s->op == RESET || s->op == DESTROY || s->op == CREATE;
}

/* What shadows are made or given up by: an announcement, a store, a reset of the GT. */
static bool shadowed_later(const struct diff_view *v)
{
	const struct diff_step *s = v->step;

	return spaces(v) && !last_space(v) &&
	       (s->op == NOTIFY || s->op == RAM_WRITE || (s->op == BAR0_WRITE && s->at == 0x941c));
}

static bool not_shadowed_yet(const struct diff_view *v)
{
	return spaces(v) && !last_space(v) && (v->step->op != WALK || v->vm->failsafe);
}

static bool shadow_order(const struct diff_view *v)
{
	return spaces(v) && (v->step->op == WALK || last_space(v));
}

static bool no_ram_store(const struct diff_view *v)
{
	return v->step->op == WALK && v->ours_true && v->vm->no_ram;
}

static bool unseen_store(const struct diff_view *v)
{
	return v->step->op == WALK && v->ours_true && v->vm->unseen && !v->vm->failsafe;
}

static bool table_no_ram(const struct diff_view *v)
{
	return v->step->op == WALK && v->ours_true && v->real->ready[0] < 0;
}

static bool odd_store(const struct diff_view *v)
{
	return v->step->op == RAM_WRITE && v->step->len < 4 && v->real->ret == -EINVAL &&
	       !v->ours->ret;
}

static bool resumed(const struct diff_view *v)
{
	return v->vm->resumed || (v->step->op == RESET && v->vm->d3 && v->vm->announced);
}

static bool core_stores(const struct diff_view *v)
{
	unsigned int i, n = 0;

	for (i = 0; i < v->real->calls; i++)
		if (v->real->call[i].op == CALL_WRITE_GPA)
			return false;
	for (i = 0; i < v->ours->calls; i++)
		if (v->ours->call[i].op == CALL_WRITE_GPA && v->ours->call[i].a == v->step->at &&
		    v->ours->call[i].b == v->step->len)
			n++;
	return v->step->op == RAM_WRITE && n == 1;
}

/* --- life --- */

static bool destroyed_decoded(const struct diff_view *v)
{
	return v->step->op == DESTROY && v->step->value && v->vm->command & MEMORY;
}

static bool announced_twice(const struct diff_view *v)
{
	unsigned int i;

	for (i = 0; i < SPACES; i++)
		if (v->vm->times[i] > 1)
			return v->step->op == DESTROY && v->step->value && !v->ours->mapped &&
			       !v->ours->tracked;
	return false;
}

/* --- all --- */

static bool always(const struct diff_view *v)
{
	(void)v;
	return true;
}

struct diff_rule diff_rules[] = {
#define SUBJECT(title)
#define RULE(applies_, where_, kind_, mask_, again_, real_, ours_, rule_) \
	{ .where = (where_), .real = (real_), .mask = (mask_), .again = (again_), \
	  .applies = (applies_) },
#include "rules.def"
	{ .where = NULL },
};
