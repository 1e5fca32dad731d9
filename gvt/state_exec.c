/* SPDX-License-Identifier: MIT */
/*
 * The parts of a saved vGPU that submission has: what an engine keeps that no image holds, and the
 * address spaces that the guest has created. What is plain of an engine is in state.def.
 */
#include "spt.h"
#include "state_format.h"

static int bad(const struct gvt_vgpu *v, const char *field, const char *what, u64 where)
{
	return mpt_fail(-EINVAL, "gvt", "vGPU %d: state: field %s: %s (0x%llx)", v->base.id, field,
			what, (unsigned long long)where);
}

/* --- kept by engines --- */

void gvt_state_kept(const struct gvt_vgpu *v, struct state_out *out)
{
	const struct gvt_hw *hw = &v->gvt->hw;
	u32 i;

	for (i = 0; i < GVT_NUM_ENGINES; i++) {
		u32 word[GVT_HW_KEPT] = { 0 };

		if (v->exec && hw->kept_get)
			hw->kept_get(hw->priv, v->exec->engine[i].hw, word);
		gvt_state_put(out, word, sizeof(word));
	}
}

/* Return: whether there is anything. */
static bool kept_words(const struct state_data *d, u32 engine, u32 word[GVT_HW_KEPT])
{
	static const u32 nothing[GVT_HW_KEPT];

	memcpy(word, d->data + engine * sizeof(nothing), sizeof(nothing));
	return memcmp(word, nothing, sizeof(nothing));
}

int gvt_state_kept_check(const struct gvt_vgpu *v, const struct state_data *d)
{
	const struct gvt_hw *hw = &v->gvt->hw;
	u32 i, word[GVT_HW_KEPT];

	if (d->count != GVT_NUM_ENGINES * GVT_HW_KEPT)
		return bad(v, "engine.kept", "elements of another number of engines", d->count);
	for (i = 0; i < GVT_NUM_ENGINES; i++)
		if (kept_words(d, i, word) &&
		    !(v->exec && hw->kept_ok && hw->kept_ok(hw->priv, (enum gvt_engine)i, word)))
			return bad(v, "engine.kept", "not what the hardware here can go on with",
				   i);
	return 0;
}

void gvt_state_kept_apply(struct gvt_vgpu *v, const struct state_data *d)
{
	const struct gvt_hw *hw = &v->gvt->hw;
	u32 i, word[GVT_HW_KEPT];

	for (i = 0; i < GVT_NUM_ENGINES; i++)
		if (kept_words(d, i, word))
			hw->kept_set(hw->priv, v->exec->engine[i].hw, word);
}

/* --- address spaces --- */

void gvt_state_space_levels(const struct gvt_vgpu *v, struct state_out *out)
{
	const struct gvt_mm *mm = NULL;
	struct gvt_mm_saved s;

	while ((mm = gvt_mm_next(v, mm, &s))) {
		u8 levels = (u8)s.levels;

		gvt_state_put(out, &levels, sizeof(levels));
	}
}

void gvt_state_space_created(const struct gvt_vgpu *v, struct state_out *out)
{
	const struct gvt_mm *mm = NULL;
	struct gvt_mm_saved s;

	while ((mm = gvt_mm_next(v, mm, &s)))
		gvt_state_put(out, &s.created, sizeof(s.created));
}

void gvt_state_space_root(const struct gvt_vgpu *v, struct state_out *out)
{
	const struct gvt_mm *mm = NULL;
	struct gvt_mm_saved s;

	while ((mm = gvt_mm_next(v, mm, &s)))
		gvt_state_put(out, s.pdp, sizeof(s.pdp));
}

static struct gvt_mm_saved space_at(const struct state_spaces *s, u32 index)
{
	struct gvt_mm_saved mm = {
		.levels = s->levels.data[index],
		.created = (u32)gvt_state_get(s->created.data, 4, index),
	};

	memcpy(mm.pdp, s->root.data + index * sizeof(mm.pdp), sizeof(mm.pdp));
	return mm;
}

/* In the order in which they are saved, so none is there twice. */
int gvt_state_spaces_check(const struct gvt_vgpu *v, const struct state_spaces *s)
{
	struct gvt_mm_saved before = { .levels = 0 }, now;
	u32 i, n = s->levels.count;

	if (n > GVT_MM_QUOTA)
		return bad(v, "spaces.levels", "more than a vGPU can have", n);
	if (s->created.count != n)
		return bad(v, "spaces.created", "not as many as levels", s->created.count);
	if (s->root.count != 4 * n)
		return bad(v, "spaces.root", "not four for each", s->root.count);
	for (i = 0; i < n; i++, before = now) {
		now = space_at(s, i);
		if (!gvt_mm_saved_ok(&now))
			return bad(v, "spaces.root", "no address space is so", now.pdp[0]);
		if (gvt_mm_order(&before, &now) >= 0)
			return bad(v, "spaces.root", "not in order", now.pdp[0]);
	}
	return 0;
}

int gvt_state_spaces_apply(struct gvt_vgpu *v, const struct state_spaces *s)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < s->levels.count; i++) {
		struct gvt_mm_saved mm = space_at(s, i);

		ret = gvt_mm_restore(v, &mm);
	}
	return ret;
}
