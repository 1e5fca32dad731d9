/* SPDX-License-Identifier: MIT */
/*
 * Shadow page tables over time: long random histories of a guest that creates, writes, submits and
 * destroys, against a walk of its memory; in the three ways a hypervisor may tell of stores, or
 * not. MPT_PPGTT_STEPS and MPT_PPGTT_SEED make them longer, and others.
 */
#include "lib/runner.h"
#include "ppgtt_model.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define STEPS 20000UL

/* Few places in a table, so that histories meet: 64 KiB entries, what is between, both ends. */
static const unsigned int place[] = { 0, 1, 16, 17, 32, 511 };

static const char *const modes[] = {
	"check,mock",
	"check,mock:trap=after",
	"check,mock:track=no",
	"check,mock:contig=no",
};

static u64 random_page(struct ppgtt_model *m)
{
	static const u64 base[] = { 0x400000, 0x800000, RIG_EXTRA, NO_RAM, RIG_RAM - 0x10000 };

	if (pm_random(m) % 2)
		return pm_gpa(pm_random(m) % PM_FRAMES);
	return base[pm_random(m) % N(base)] + (pm_random(m) % 24 << 12);
}

static u64 random_entry(struct ppgtt_model *m)
{
	u64 e = random_page(m) | (pm_random(m) & 0x1e) | 1, kind = pm_random(m) % 16;

	if (kind < 3)
		return kind ? 0 : e & ~1ULL;
	if (kind == 3)
		e |= 0x80;
	if (kind == 4)
		e |= 0x800;
	if (kind == 5)
		e |= 0x80 | (pm_random(m) & 0x1000) | pm_random(m) << 52;
	return e;
}

static void step_store(struct ppgtt_model *m)
{
	unsigned int frame = pm_random(m) % PM_FRAMES, index = place[pm_random(m) % N(place)];
	u64 e[3] = { random_entry(m), random_entry(m), random_entry(m) };
	unsigned int what = pm_random(m) % 8, off, len;

	if (what < 5) {
		pm_set(m, frame, index, e[0]);
	} else if (what < 7) {
		off = pm_random(m) % 2 * 4;
		pm_store(m, pm_gpa(frame) + 8 * index + off, (u8 *)e + off, 4);
	} else {
		len = 1 + pm_random(m) % 16;
		off = pm_random(m) % 8;
		/* What follows the last frame of each row is no table, but may be named as one. */
		if (frame == PM_LOW_FRAMES - 1 || frame == PM_FRAMES - 1)
			len = 8 - off < len ? 8 - off : len;
		pm_store(m, pm_gpa(frame) + 8 * index + off, (u8 *)e + off, len);
	}
}

/* A table that is rewritten over and over. */
static void step_storm(struct ppgtt_model *m)
{
	unsigned int frame = pm_random(m) % PM_FRAMES, n;

	for (n = 0; n < 24; n++)
		pm_set(m, frame, place[pm_random(m) % N(place)], random_entry(m));
}

static void random_roots(struct ppgtt_model *m, struct pm_space *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->levels = pm_random(m) % 3 ? 4 : 3;
	for (i = 0; i < (s->levels == 4 ? 1U : 4U); i++)
		if (s->levels == 4 || pm_random(m) % 3)
			s->pdp[i] = pm_gpa(pm_random(m) % PM_FRAMES);
}

static bool roots_ram(const struct ppgtt_model *m, const struct pm_space *s)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (s->pdp[i] && !pm_ram(m, s->pdp[i]))
			return false;
	return true;
}

static bool unique(const struct ppgtt_model *m, const struct pm_space *s)
{
	unsigned int i;

	for (i = 0; i < PM_SPACES; i++) {
		const struct pm_space *o = &m->space[i];

		if (o != s && (o->guest || o->held) && o->levels == s->levels &&
		    !memcmp(o->pdp, s->pdp, sizeof(o->pdp)))
			return false;
	}
	return true;
}

/* Nobody needs it any more. */
static void space_left(struct pm_space *s)
{
	if (!s->guest && !s->held)
		s->shadowed = false;
}

static void step_create(struct ppgtt_model *m, struct pm_space *s)
{
	int ret;

	if (!s->guest && !s->held)
		do
			random_roots(m, s);
		while (!unique(m, s));
	ret = gvt_ppgtt_notify(m->r.v, true, s->levels, s->pdp);
	if (s->guest || s->held || roots_ram(m, s))
		ck_assert_int_eq(ret, 0);
	else
		ck_assert_int_eq(ret, -EFAULT);
	s->guest += !ret;
}

static void step_destroy(struct ppgtt_model *m, struct pm_space *s)
{
	int ret;

	s->levels = s->levels ? s->levels : 4;
	/* What this slot had may be another one's by now. */
	if (!s->guest && !unique(m, s))
		return;
	ret = gvt_ppgtt_notify(m->r.v, false, s->levels, s->pdp);
	ck_assert_int_eq(ret, s->guest ? 0 : -ENOENT);
	s->guest -= !ret;
	space_left(s);
}

static void step_hold(struct ppgtt_model *m, struct pm_space *s)
{
	int ret;

	if (s->held) {
		if (s->pins)
			return;
		gvt_mm_put(m->r.v, s->held);
		s->held = NULL;
		space_left(s);
		return;
	}
	if (!s->guest)
		do
			random_roots(m, s);
		while (!unique(m, s));
	ret = gvt_mm_get(m->r.v, s->levels, s->pdp, &s->held);
	if (s->guest || roots_ram(m, s))
		ck_assert_int_eq(ret, 0);
	else
		ck_assert_int_eq(ret, -EFAULT);
}

static u64 place_va(const struct pm_space *s, u64 n)
{
	u64 va = 0;
	unsigned int shift;

	for (shift = 12; shift <= 39; shift += 9) {
		unsigned int index = place[n % N(place)];

		n /= N(place);
		if (s->levels == 3 && shift == 30)
			return va | n % 4 << 30;
		/* Of a 64 KiB entry all pages, of one of 2 MiB some. */
		va |= (u64)index << shift;
	}
	return va;
}

static void compare_space(struct ppgtt_model *m, const struct pm_space *s, const u64 root[4])
{
	u64 n, all = N(place) * N(place) * N(place) * N(place);

	if (pm_random(m) % 16) {
		for (n = 0; n < 48; n++)
			pm_compare_va(m, s, root, place_va(s, pm_random(m) >> 8));
		return;
	}
	for (n = 0; n < all; n++)
		pm_compare_va(m, s, root, place_va(s, n));
}

/* Without tracking an address space is right from its own pin on, and no other one's. */
static bool all_compared(struct ppgtt_model *m)
{
	unsigned int i;
	u64 root[4];

	for (i = 0; i < PM_SPACES && !m->track; i++) {
		struct pm_space *s = &m->space[i];
		struct gvt_mm *mm;

		if (!s->shadowed)
			continue;
		rig_ok(gvt_mm_get(m->r.v, s->levels, s->pdp, &mm));
		if (gvt_mm_pin(m->r.v, mm, root)) {
			gvt_mm_put(m->r.v, mm);
			return false;
		}
		gvt_mm_unpin(m->r.v, mm);
		gvt_mm_put(m->r.v, mm);
	}
	return true;
}

static void step_pin(struct ppgtt_model *m, struct pm_space *s)
{
	u64 root[4] = { 1, 2, 3, 4 };
	int ret;

	if (!s->held)
		return;
	ret = gvt_mm_pin(m->r.v, s->held, root);
	if (!roots_ram(m, s)) {
		ck_assert_int_eq(ret, -EFAULT);
		ck_assert_uint_eq(root[0], 1);
		return;
	}
	if (ret)
		ck_abort_msg("pin: %s", mpt_last_error());
	s->pins++;
	s->shadowed = true;
	compare_space(m, s, root);
	if (m->track || (pm_random(m) % 4 == 0 && all_compared(m)))
		pm_compare_sets(m);
}

static void step_unpin(struct ppgtt_model *m, struct pm_space *s)
{
	if (!s->pins)
		return;
	gvt_mm_unpin(m->r.v, s->held);
	s->pins--;
}

static void step_region(struct ppgtt_model *m)
{
	m->extra = !m->extra;
	if (m->extra) {
		rig_ok(mpt_ram_add(m->r.vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
		memset(m->mem[PM_LOW_FRAMES], 0, (PM_FRAMES - PM_LOW_FRAMES) * 4096);
		return;
	}
	rig_ok(mpt_ram_remove(m->r.vm, RIG_EXTRA, RIG_EXTRA_SIZE));
}

/* Submission may hold what it held, which is of no use now. */
static void step_reset(struct ppgtt_model *m)
{
	unsigned int i;
	u64 root[4];

	m->r.ops->vgpu_reset(m->r.vgpu);
	rig_cfg_place(&m->r);
	m->ips = false;
	ck_assert_uint_eq(dma_counts(&m->r), 0);
	ck_assert_uint_eq(rig_info(&m->r).ppgtt_tables, 0);
	for (i = 0; i < PM_SPACES; i++) {
		struct pm_space *s = &m->space[i];

		if (s->held) {
			ck_assert_int_eq(gvt_mm_pin(m->r.v, s->held, root), -EIO);
			for (; s->pins; s->pins--)
				gvt_mm_unpin(m->r.v, s->held);
			gvt_mm_put(m->r.v, s->held);
		}
		memset(s, 0, sizeof(*s));
	}
	ck_assert_uint_eq(rig_info(&m->r).ppgtt_spaces, 0);
	pm_compare_sets(m);
}

static void step_ips(struct ppgtt_model *m)
{
	m->ips = !m->ips;
	rig_reg_set(&m->r, 0x4080, m->ips ? 0xf : 0);
}

static void step(struct ppgtt_model *m)
{
	struct pm_space *s = &m->space[pm_random(m) % PM_SPACES];
	u64 what = pm_random(m) % 4000;

	if (what < 4)
		step_reset(m);
	else if (what < 20)
		step_region(m);
	else if (what < 28)
		step_ips(m);
	else if (what < 100)
		step_storm(m);
	else if (what < 300)
		step_create(m, s);
	else if (what < 420)
		step_destroy(m, s);
	else if (what < 560)
		step_hold(m, s);
	else if (what < 1060)
		step_pin(m, s);
	else if (what < 1560)
		step_unpin(m, s);
	else
		step_store(m);
}

static unsigned long env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void check_memory(struct ppgtt_model *m)
{
	unsigned int i;
	u64 page[512];

	for (i = 0; i < PM_FRAMES; i++) {
		if (!pm_ram(m, pm_gpa(i)))
			continue;
		rig_ok(mpt_guest_read(m->r.vm, pm_gpa(i), page, 4096));
		if (memcmp(page, m->mem[i], 4096))
			ck_abort_msg("frame %u is not what was stored", i);
	}
}

START_TEST(random_history)
{
	static struct ppgtt_model m;
	unsigned long n, steps = env("MPT_PPGTT_STEPS", STEPS);

	pm_open(&m, modes[_i]);
	m.random += env("MPT_PPGTT_SEED", 0);
	for (n = 0; n < steps; n++) {
		step(&m);
		if (n % 500 == 0)
			check_memory(&m);
	}
	check_memory(&m);
	ck_assert_uint_eq(rig_info(&m.r).errors, 0);
	step_reset(&m);
	pm_close_all(&m);
}
END_TEST

static Suite *history_suite(void)
{
	Suite *s = suite_create("gvt-ppgtt-history");
	TCase *tc = tcase_create("history");

	tcase_set_timeout(tc, 3600);
	tcase_add_loop_test(tc, random_history, 0, N(modes));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { history_suite };

	return mpt_test_main("gvt_ppgtt_history", suites, N(suites));
}
