/* SPDX-License-Identifier: MIT */
/*
 * The parts of a saved vGPU that are as long as they come: registers and entries of the GGTT as
 * runs (where each begins, how long it is, then the values of all in one row), the page of PV MMIO.
 *
 * Registers are saved as they are, not by what differs from the golden image: that belongs to a
 * version of the library, and the guest has already seen the one of the host it started on.
 */
#include <stdio.h>

#include "handlers.h"
#include "reg_table.h"
#include "state_format.h"

/* The vGPU's number: the target has its own. */
#define PVINFO_ID (GVT_PVINFO_OFFSET + 0x00c)
#define NUM_REGS (GVT_MMIO_SIZE / 4)
#define REGS_A_PAGE ((u32)MPT_PAGE_SIZE / 4)
#define ENTRIES_A_PAGE ((u32)MPT_PAGE_SIZE / 8)

/* Inlined, with what they walk over known: it is looked at a hundred thousand times. */
#define INLINE inline __attribute__((always_inline))

struct run {
	u32 at, len;
};

/* --- what there is to save: units are registers, entries --- */

struct sparse {
	u32 num;
	u32 page;					  /* units of a page */
	bool (*used)(const struct gvt_vgpu *v, u32 page); /* false: nothing of the page is kept */
	bool (*kept)(const struct gvt_vgpu *v, u32 index);
};

static INLINE bool regs_used(const struct gvt_vgpu *v, u32 page)
{
	return v->regs_used[page / 64] >> (page % 64) & 1;
}

static INLINE bool reg_kept(const struct gvt_vgpu *v, u32 index)
{
	return gvt_vreg(v, 4 * index) && 4 * index != PVINFO_ID;
}

static INLINE bool ggtt_used(const struct gvt_vgpu *v, u32 page)
{
	return v->ggtt_used[page / 64] >> (page % 64) & 1;
}

static INLINE bool entry_kept(const struct gvt_vgpu *v, u32 index)
{
	return v->ggtt[index] || gvt_ggtt_flags(v, index);
}

static const struct sparse regs = { NUM_REGS, REGS_A_PAGE, regs_used, reg_kept };
static const struct sparse ggtt = { GVT_GGTT_ENTRIES, ENTRIES_A_PAGE, ggtt_used, entry_kept };

/* The next run behind @run; a run of length 0 at 0 is before the first. */
static INLINE bool next_run(const struct gvt_vgpu *v, const struct sparse *s, struct run *run)
{
	u32 i = run->at + run->len, end;

	while (i < s->num && !s->kept(v, i))
		i = i % s->page || s->used(v, i / s->page) ? i + 1 : i + s->page;
	for (end = i; end < s->num && s->kept(v, end); end++)
		;
	*run = (struct run){ i, end - i };
	return run->len;
}

static INLINE void put_at(const struct gvt_vgpu *v, struct state_out *out, const struct sparse *s,
			  u32 scale)
{
	struct run run = { 0, 0 };

	while (next_run(v, s, &run)) {
		u32 at = run.at * scale;

		gvt_state_put(out, &at, sizeof(at));
	}
}

static INLINE void put_len(const struct gvt_vgpu *v, struct state_out *out, const struct sparse *s)
{
	struct run run = { 0, 0 };

	while (next_run(v, s, &run))
		gvt_state_put(out, &run.len, sizeof(run.len));
}

void gvt_state_regs_at(const struct gvt_vgpu *v, struct state_out *out)
{
	put_at(v, out, &regs, 4);
}

void gvt_state_regs_len(const struct gvt_vgpu *v, struct state_out *out)
{
	put_len(v, out, &regs);
}

void gvt_state_regs_value(const struct gvt_vgpu *v, struct state_out *out)
{
	struct run run = { 0, 0 };

	while (next_run(v, &regs, &run))
		gvt_state_put(out, v->regs + 4 * run.at, 4 * (size_t)run.len);
}

void gvt_state_ggtt_at(const struct gvt_vgpu *v, struct state_out *out)
{
	put_at(v, out, &ggtt, 1);
}

void gvt_state_ggtt_len(const struct gvt_vgpu *v, struct state_out *out)
{
	put_len(v, out, &ggtt);
}

void gvt_state_ggtt_entry(const struct gvt_vgpu *v, struct state_out *out)
{
	struct run run = { 0, 0 };

	while (next_run(v, &ggtt, &run))
		gvt_state_put(out, v->ggtt + run.at, 8 * (size_t)run.len);
}

void gvt_state_ggtt_flags(const struct gvt_vgpu *v, struct state_out *out)
{
	struct run run = { 0, 0 };
	u32 i;

	while (next_run(v, &ggtt, &run)) {
		for (i = 0; i < run.len; i++) {
			u8 flags = gvt_ggtt_flags(v, run.at + i);

			gvt_state_put(out, &flags, sizeof(flags));
		}
	}
}

void gvt_state_pv_page(const struct gvt_vgpu *v, struct state_out *out)
{
	if (v->pv.page)
		gvt_state_put(out, v->pv.page, MPT_PAGE_SIZE);
}

/* --- runs that someone else wrote --- */

static int bad(const struct gvt_vgpu *v, const char *field, const char *what, u64 where)
{
	return mpt_fail(-EINVAL, "gvt", "vGPU %d: state: field %s: %s (0x%llx)", v->base.id, field,
			what, (unsigned long long)where);
}

static u32 get32(const struct state_data *d, u32 index)
{
	return (u32)gvt_state_get(d->data, 4, index);
}

/* In order, none empty, none beyond @num, @values in all. @at counts in steps of @scale. */
static int runs_check(const struct gvt_vgpu *v, const char *section, const struct state_data *at,
		      const struct state_data *len, u32 values, u32 num, u32 scale)
{
	u64 sum = 0, free = 0, start, n;
	char field[2 * STATE_NAME_MAX];
	u32 i;

	snprintf(field, sizeof(field), "%s.run_len", section);
	if (at->count != len->count)
		return bad(v, field, "not as many as run_at", len->count);
	for (i = 0; i < at->count; i++) {
		start = get32(at, i) / scale;
		n = get32(len, i);
		if (!n || n > num)
			return bad(v, field, "a run of this length", n);
		sum += n;
		if (get32(at, i) % scale || start < free || start + n > num) {
			snprintf(field, sizeof(field), "%s.run_at", section);
			return bad(v, field, "a run at this place", get32(at, i));
		}
		free = start + n;
	}
	return sum == values ? 0 : bad(v, field, "in all more or less than there are values", sum);
}

/* A value that a guest's write could not have left there and that reaches beyond the guest. */
static int reg_check(const struct gvt_vgpu *v, u32 reg, u32 value)
{
	const struct gvt_reg *r = gvt_reg_lookup(v->gvt->regs, reg);

	if (r && r->write == gvt_write_nonpriv && !gvt_nonpriv_ok(v, reg, value))
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: state: field registers.value: 0x%x at 0x%x "
				"opens a register that must not become unprivileged",
				v->base.id, value, reg);
	return 0;
}

int gvt_state_regs_check(const struct gvt_vgpu *v, const struct state_regs *s)
{
	int ret = runs_check(v, "registers", &s->at, &s->len, s->value.count, NUM_REGS, 4);
	u32 run, i, n = 0;

	for (run = 0; !ret && !s->failsafe && run < s->at.count; run++)
		for (i = 0; !ret && i < get32(&s->len, run); i++)
			ret = reg_check(v, get32(&s->at, run) + 4 * i, get32(&s->value, n++));
	return ret;
}

void gvt_state_regs_apply(struct gvt_vgpu *v, const struct state_regs *s)
{
	u32 run, i, reg, n = 0;

	gvt_mmio_clear(v);
	for (run = 0; run < s->at.count; run++)
		for (i = 0; i < get32(&s->len, run); i++) {
			reg = get32(&s->at, run) + 4 * i;
			gvt_vreg_set(v, reg, get32(&s->value, n++));
		}
	gvt_vreg_set(v, PVINFO_ID, (u32)v->base.id);
}

/* As ggtt.c keeps them: a mapped one is whole and present, a waiting one has the other half 0. */
static int entry_check(const struct gvt_vgpu *v, u32 index, u64 entry, u8 flags, bool failsafe)
{
	u64 other = flags & GVT_ENTRY_LOW ? entry >> 32 : (u32)entry;

	if (!gvt_ggtt_validate(v, (u64)index << MPT_PAGE_SHIFT, MPT_PAGE_SIZE))
		return bad(v, "ggtt.run_at", "an entry out of the vGPU's share", index);
	switch (flags) {
	case 0:
		return 0;
	case GVT_ENTRY_MAPPED:
		if (entry & GVT_PTE_PRESENT)
			return 0;
		return bad(v, "ggtt.entry", "mapped, but not present", entry);
	case GVT_ENTRY_LOW:
	case GVT_ENTRY_HIGH:
		/* In failsafe mode a guest writes over what waits. */
		if (!other || failsafe)
			return 0;
		return bad(v, "ggtt.entry", "waits for a half that it has", entry);
	default:
		return bad(v, "ggtt.flags", "no such state of an entry", flags);
	}
}

int gvt_state_ggtt_check(const struct gvt_vgpu *v, const struct state_ggtt *s)
{
	int ret = runs_check(v, "ggtt", &s->at, &s->len, s->entry.count, GVT_GGTT_ENTRIES, 1);
	u32 run, i, n = 0;

	if (!ret && s->flags.count != s->entry.count)
		ret = bad(v, "ggtt.flags", "not as many as entries", s->flags.count);
	for (run = 0; !ret && run < s->at.count; run++)
		for (i = 0; !ret && i < get32(&s->len, run); i++, n++)
			ret = entry_check(v, get32(&s->at, run) + i,
					  gvt_state_get(s->entry.data, 8, n), s->flags.data[n],
					  s->failsafe);
	return ret;
}

int gvt_state_ggtt_apply(struct gvt_vgpu *v, const struct state_ggtt *s)
{
	u32 run, i, n = 0;
	int ret = 0;

	for (run = 0; !ret && run < s->at.count; run++)
		for (i = 0; !ret && i < get32(&s->len, run); i++, n++)
			ret = gvt_ggtt_restore(v, get32(&s->at, run) + i,
					       gvt_state_get(s->entry.data, 8, n),
					       s->flags.data[n]);
	return ret;
}
