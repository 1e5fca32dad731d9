/* SPDX-License-Identifier: MIT */
/*
 * GGTT entries over time: a long random history against a reference model, and two vCPUs at once.
 */
#include "gvt_entries.h"
#include "lib/runner.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* --- a random history against a model --- */

#define ENTRIES 48
#define OWN 40
#define STEPS 100000
#define FRAMES 24

struct model {
	u64 addr[ENTRIES];
	u64 value[ENTRIES];
	int waiting[ENTRIES]; /* the half that is there, -1: none */
	bool live[ENTRIES];
	bool extra; /* the second region is there */
	u64 num_live;
	u64 random;
};

static u64 next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

static void model_init(struct model *m)
{
	u64 i;

	memset(m, 0, sizeof(*m));
	m->random = 0x9e3779b97f4a7c15ULL;
	m->extra = true;
	for (i = 0; i < 20; i++) {
		m->addr[i] = i < 10 ? LOW + i * 0x1000 : LOW + LOW_SIZE - (i - 9) * 0x1000;
		m->addr[20 + i] = i < 10 ? HIGH + i * 0x1000 : HIGH + HIGH_SIZE - (i - 9) * 0x1000;
	}
	for (i = 0; i < ENTRIES - OWN; i++)
		m->addr[OWN + i] = i < 4 ? i * 0x1000 : HIGH - (i - 3) * 0x1000;
	for (i = 0; i < ENTRIES; i++)
		m->waiting[i] = -1;
}

/* A third each: RAM that stays, RAM that comes and goes, none. */
static u64 random_frame(struct model *m)
{
	u64 frame = next_random(m) % FRAMES;

	switch (next_random(m) % 3) {
	case 0:
		return 0x100000 + frame * 0x1000;
	case 1:
		return RIG_EXTRA + frame * 0x1000;
	default:
		return NO_RAM + frame * 0x1000;
	}
}

static bool in_extra(u64 entry)
{
	u64 page = entry & GVT_PTE_ADDR;

	return page >= RIG_EXTRA && page < RIG_EXTRA + RIG_EXTRA_SIZE;
}

static void model_live(struct model *m, unsigned int i, bool live)
{
	m->num_live += (u64)live - (u64)m->live[i];
	m->live[i] = live;
}

static void model_entry(struct model *m, unsigned int i, u64 value)
{
	bool ram = (value & GVT_PTE_ADDR) < RIG_RAM || (in_extra(value) && m->extra);

	m->value[i] = value;
	m->waiting[i] = -1;
	model_live(m, i, (value & 1) && ram);
}

static void model_half(struct model *m, unsigned int i, int half, u32 data)
{
	u64 bits = (u64)data << (32 * half);

	if (m->waiting[i] == !half) {
		model_entry(m, i, m->value[i] | bits);
		return;
	}
	m->value[i] = bits;
	m->waiting[i] = half;
	model_live(m, i, false);
}

static void step_write(struct rig *r, struct model *m)
{
	unsigned int i = next_random(m) % ENTRIES;
	u64 entry = random_frame(m) | (next_random(m) % 4 ? 1 : 0) | (next_random(m) % 2) << 62;
	int half = (int)(next_random(m) % 2);

	if (next_random(m) % 3) {
		pte_set(r, m->addr[i], entry);
		if (i < OWN)
			model_entry(m, i, entry);
		return;
	}
	write_half(r, m->addr[i], entry, (unsigned int)half);
	if (i < OWN)
		model_half(m, i, half, (u32)(entry >> (32 * half)));
}

static void step_region(struct rig *r, struct model *m)
{
	unsigned int i;

	m->extra = !m->extra;
	if (m->extra) {
		rig_ok(mpt_ram_add(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE, 0));
		return;
	}
	rig_ok(mpt_ram_remove(r->vm, RIG_EXTRA, RIG_EXTRA_SIZE));
	for (i = 0; i < OWN; i++)
		if (in_extra(m->value[i]))
			model_live(m, i, false);
}

static void step_reset(struct rig *r, struct model *m)
{
	unsigned int i;

	r->ops->vgpu_reset(r->vgpu);
	rig_cfg_place(r);
	for (i = 0; i < OWN; i++)
		model_entry(m, i, 0);
}

static void step(struct rig *r, struct model *m)
{
	unsigned int i;
	u64 what = next_random(m) % 2000;

	if (what == 0) {
		step_region(r, m);
	} else if (what == 1 && next_random(m) % 4 == 0) {
		step_reset(r, m);
	} else if (what < 200) {
		i = next_random(m) % ENTRIES;
		ck_assert_uint_eq(pte(r, m->addr[i]), i < OWN ? m->value[i] : 0);
	} else {
		step_write(r, m);
	}
}

static void compare(struct rig *r, struct model *m)
{
	unsigned int i;
	u64 frame;

	mapped_is(r, m->num_live);
	for (i = 0; i < ENTRIES; i++) {
		ck_assert_uint_eq(host_pte(r, m->addr[i]) != 0, m->live[i]);
		ck_assert_uint_eq(pte(r, m->addr[i]), m->value[i]);
		if (!m->live[i] || m->addr[i] >= LOW + LOW_SIZE)
			continue;
		/* Each frame of RAM begins with its own address. */
		rig_ok(mpt_guest_read(r->vm, RIG_BAR2 + m->addr[i], &frame, 8));
		if ((m->value[i] & GVT_PTE_ADDR) < RIG_RAM)
			ck_assert_uint_eq(frame, m->value[i] & GVT_PTE_ADDR);
	}
}

START_TEST(random_history)
{
	struct model m;
	struct rig r;
	unsigned int n;
	u64 frame;

	rig_open(&r);
	model_init(&m);
	for (frame = 0x100000; frame < 0x100000 + FRAMES * 0x1000; frame += 0x1000)
		rig_ok(mpt_guest_write(r.vm, frame, &frame, 8));
	for (n = 0; n < STEPS; n++) {
		step(&r, &m);
		ck_assert_msg(r.v->count.ggtt_mapped == m.num_live, "step %u", n);
		if (n % 1000 == 0)
			compare(&r, &m);
	}
	compare(&r, &m);
	ck_assert_uint_eq(rig_info(&r).errors, 0);
	rig_close(&r);
}
END_TEST

/* --- two vCPUs and the device at once --- */

struct vcpu {
	struct rig *r;
	u64 addr;
	pthread_t thread;
};

static void *vcpu_main(void *arg)
{
	struct vcpu *c = arg;
	u64 i, value;

	for (i = 0; i < 3000; i++) {
		value = (i % 64) << 12 | (i & 1);
		mpt_guest_write(c->r->vm, RIG_BAR0 + gtt(c->addr + i % 32 * 0x1000), &value, 8);
		mpt_guest_read(c->r->vm, RIG_BAR2 + LOW + i % 64 * 0x1000, &value, 8);
		mpt_guest_read(c->r->vm, RIG_BAR0 + 0x44200, &value, 4);
	}
	return NULL;
}

START_TEST(vcpus_share_a_vgpu)
{
	struct vcpu vcpu[2];
	struct rig r;
	u64 i, live = 0;

	rig_open(&r);
	for (i = 0; i < N(vcpu); i++) {
		vcpu[i] = (struct vcpu){ .r = &r, .addr = LOW + i * 0x20000 };
		ck_assert_int_eq(pthread_create(&vcpu[i].thread, NULL, vcpu_main, &vcpu[i]), 0);
	}
	for (i = 0; i < N(vcpu); i++)
		ck_assert_int_eq(pthread_join(vcpu[i].thread, NULL), 0);
	for (i = 0; i < 64; i++)
		live += pte(&r, LOW + i * 0x1000) & 1;
	mapped_is(&r, live);
	ck_assert_uint_eq(rig_info(&r).ggtt_writes, 2 * 3000);
	rig_close(&r);
}
END_TEST

static Suite *history_suite(void)
{
	Suite *s = suite_create("gvt-ggtt-history");
	TCase *tc = tcase_create("history");

	tcase_add_test(tc, random_history);
	tcase_add_test(tc, vcpus_share_a_vgpu);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { history_suite };

	return mpt_test_main("gvt_ggtt_history", suites, N(suites));
}
