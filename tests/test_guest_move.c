/* SPDX-License-Identifier: MIT */
/*
 * The synthetic guest changes hosts while it runs: between two steps, and whenever it waits, so in
 * the middle of batches, blits, semaphores and lists of contexts. It sees the results, events and
 * interrupts that it would have seen without.
 */
#include <stdlib.h>

#include <gvt/state.h>

#include "guest_rig.h"
#include "gvt/internal.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Two hosts; the guest is on bed[here]. */
static struct {
	struct bed bed[2];
	unsigned int here;
	unsigned int every, phase, waits; /* moves at each such wait; 0: at none */
	unsigned int moves, loaded, kept; /* moves; of work that is not done; of half a blit */
} m;

struct state {
	u8 *p;
	size_t len;
};

static int keep(void *arg, const void *buf, size_t len)
{
	struct state *s = arg;

	s->p = malloc(len);
	s->len = len;
	memcpy(s->p, buf, len);
	return 0;
}

static int count_kept(void *arg, const struct gvt_state_field *f)
{
	const u8 *p = f->data;
	u64 i, sum = 0;

	if (strcmp(f->section, "engine") || strcmp(f->name, "kept"))
		return 0;
	for (i = 0; i < (u64)f->width * f->count; i++)
		sum += p[i];
	*(unsigned int *)arg += sum != 0;
	return 0;
}

/* Pages that are equal already stay as they are: most of them, and a store costs more. */
static void copy_ram(struct mpt_vm *from, struct mpt_vm *to)
{
	static u8 page[2][4096];
	u64 at;

	for (at = 0; at < BED_RAM; at += sizeof(page[0])) {
		if (mpt_guest_read(from, at, page[0], sizeof(page[0])) ||
		    mpt_guest_read(to, at, page[1], sizeof(page[1])))
			ck_abort_msg("%s", mpt_last_error());
		if (memcmp(page[0], page[1], sizeof(page[0])) &&
		    mpt_guest_write(to, at, page[0], sizeof(page[0])))
			ck_abort_msg("%s", mpt_last_error());
	}
}

/* What was delivered and not taken yet is the hypervisor's to move. */
static void move_irqs(struct mpt_vm *from, struct intel_vgpu *to)
{
	struct mpt_irq irq;

	while (!mpt_irq_take(from, &irq))
		if (!irq.intx)
			bed_ok(intel_gvt_hypervisor_inject_msi(to));
}

static void move(void)
{
	struct bed *a = &m.bed[m.here], *b = &m.bed[!m.here];
	struct state state;

	m.loaded += gvt_run_pending(a->gvt);
	gvt_ops()->vgpu_deactivate(a->vgpu[0]);
	bed_ok(gvt_vgpu_save(a->vgpu[0], keep, &state));
	bed_ok(gvt_state_each(state.p, state.len, count_kept, &m.kept));
	copy_ram(a->vm[0], b->vm[0]);
	bed_ok(gvt_vgpu_restore(b->vgpu[0], state.p, state.len));
	ck_assert_uint_eq(gvt_vgpu_hash(a->vgpu[0]), gvt_vgpu_hash(b->vgpu[0]));
	move_irqs(a->vm[0], b->vgpu[0]);
	gvt_ops()->vgpu_reset(a->vgpu[0]);
	gvt_ops()->vgpu_activate(b->vgpu[0]);
	free(state.p);
	m.here ^= 1;
	m.moves++;
	guest_move(m.bed[0].guest[0], b->vm[0]);
}

/*
 * Somebody else seems to wait for time, and the guest is in debt: what it submits does not run at
 * once, but only while it waits.
 */
static void in_debt(bool on)
{
	struct bed *b = &m.bed[m.here];

	b->gvt->sched.pending &= ~(1U << GVT_MAX_VGPU);
	if (on)
		b->gvt->sched.pending |= 1U << GVT_MAX_VGPU;
	to_gvt_vgpu(b->vgpu[0])->share.credit = on ? -1 : 0;
}

/* Batches are cut into pieces by the budget, and some pieces are followed by a move. */
static void wait_or_move(void *arg)
{
	static const u64 budgets[] = { 300, 7, 61, 1 };

	(void)arg;
	m.waits++;
	gvt_run(m.bed[m.here].gvt, budgets[m.waits % N(budgets)]);
	in_debt(false);
	if (m.every && m.waits % m.every == m.phase)
		move();
	in_debt(m.every);
}

static void begin(const char *there, int levels)
{
	struct guest_config c = {
		.ram = BED_RAM,
		.bar0 = BED_BAR0,
		.bar2 = BED_BAR2,
		.levels = levels,
		.executes = true,
		.wait = wait_or_move,
	};

	memset(&m, 0, sizeof(m));
	bed_open(&m.bed[0], "check,mock", 1);
	bed_open(&m.bed[1], there, 1);
	gvt_ops()->vgpu_deactivate(m.bed[1].vgpu[0]);
	c.vm = m.bed[0].vm[0];
	m.bed[0].guest[0] = guest_new(&c);
	ck_assert_ptr_nonnull(m.bed[0].guest[0]);
}

static void end(void)
{
	const struct guest_result *r = guest_result(m.bed[0].guest[0]);
	unsigned int i;

	ck_assert_msg(!*r->why, "%s (after %u moves)", r->why, m.moves);
	for (i = 0; i < r->steps; i++)
		ck_assert_int_eq(r->step[i].state, GUEST_PASSED);
	in_debt(false);
	bed_left(&m.bed[m.here], 0);
	bed_close_pair(&m.bed[0], &m.bed[1]);
}

static const char *const there[] = { "check,mock:seed=77", "check,mock:track=no",
				     "check,mock:trap=after,contig=no", "check,mock:map=no" };

/* Once, behind the step _i. */
START_TEST(between_two_steps)
{
	int i, steps;

	begin(there[_i % (int)N(there)], 4 - _i / 4 % 2);
	steps = (int)guest_result(m.bed[0].guest[0])->steps;
	for (i = 0; i < steps && guest_step(m.bed[0].guest[0]); i++)
		if (i == _i)
			move();
	ck_assert_uint_eq(m.moves, _i < steps);
	end();
}
END_TEST

/* To and fro, behind every step. */
START_TEST(between_all_steps)
{
	begin(there[_i], 4 - _i % 2);
	while (guest_step(m.bed[0].guest[0]))
		move();
	end();
}
END_TEST

/* Within steps: the primes make all of a batch's moments come in one run or another. */
START_TEST(while_it_waits)
{
	static const unsigned int every[] = { 23, 11, 5, 7 };

	begin(there[_i % (int)N(there)], 4 - _i % 2);
	m.every = every[_i % (int)N(every)];
	m.phase = (unsigned int)(_i * 5) % m.every;
	guest_run(m.bed[0].guest[0]);
	ck_assert_uint_gt(m.moves, 20);
	ck_assert_uint_gt(m.loaded, 5);
	ck_assert_uint_gt(m.kept, 0);
	end();
}
END_TEST

static Suite *move_suite(void)
{
	Suite *s = suite_create("guest-move");
	TCase *tc = tcase_create("move");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, between_two_steps, 0, 17);
	tcase_add_loop_test(tc, between_all_steps, 0, (int)N(there));
	tcase_add_loop_test(tc, while_it_waits, 0, 8);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { move_suite };

	return mpt_test_main("guest-move", suites, N(suites));
}
