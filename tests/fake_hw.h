/* SPDX-License-Identifier: MIT */
/*
 * Engines that do what a script says, around the software GPU's memory side: for tests of who gives
 * what to the hardware, and when. They check what <gvt/hw.h> says of the order of calls. No command
 * is executed but MI_USER_INTERRUPT.
 */
#ifndef MPT_TESTS_FAKE_HW_H
#define MPT_TESTS_FAKE_HW_H

#include <check.h>
#include <stdlib.h>

#include "gvt/internal.h"

#define FAKE_STEPS 16
#define FAKE_LOG 128
#define FAKE_USER 0x01000000U /* MI_USER_INTERRUPT */

/* One answer of run. @units are used, the ring's head goes on by @dwords. */
struct fake_step {
	enum gvt_hw_state state;
	u64 units;
	u32 dwords;
};

/*
 * Without a script an engine executes a dword of the ring a unit, to the tail. @log: load 'L', lite
 * restore 'l', run 'r', save 's', reset 'R'; the first ones.
 */
struct fake_engine {
	struct gvt_hw_client client;
	enum gvt_engine id;
	struct gvt_hw_work work;
	bool loaded, done;
	bool endless; /* uses what it is given and never ends */
	u32 head;
	struct fake_step step[FAKE_STEPS];
	unsigned int steps, at;
	char log[FAKE_LOG];
	unsigned int calls;
	void (*inside)(struct fake_engine *e); /* called by run; NULL: nothing */
};

/*
 * The rest of the members are the software GPU's and need its own @priv, so what the fake keeps
 * beside its engines is here.
 */
static unsigned int fake_engines; /* alive; atomic */
static unsigned int fake_fail_at; /* the nth engine_new from now fails; 0: none */

static inline void fake_log(struct fake_engine *e, char what)
{
	if (e->calls < FAKE_LOG - 1)
		e->log[e->calls++] = what;
}

static inline int fake_engine_new(void *priv, const struct gvt_hw_client *client,
				  enum gvt_engine id, void **state)
{
	struct fake_engine *e;

	*state = priv; /* means nothing after a failure */
	if (fake_fail_at && !--fake_fail_at)
		return mpt_fail(-ENOMEM, "fake", "engine %d as told", id);
	e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	e->client = *client;
	e->id = id;
	*state = e;
	__atomic_fetch_add(&fake_engines, 1, __ATOMIC_RELAXED);
	return 0;
}

static inline void fake_engine_free(void *priv, void *state)
{
	struct fake_engine *e = state;

	(void)priv;
	if (!e)
		return;
	if (e->loaded)
		ck_abort_msg("an engine goes with a context");
	free(e);
	__atomic_fetch_sub(&fake_engines, 1, __ATOMIC_RELAXED);
}

static inline bool fake_owned(const struct gvt_hw_client *c, u64 addr, u64 size)
{
	struct gvt_range low = { c->low_start, c->low_size };
	struct gvt_range high = { c->high_start, c->high_size };

	return gvt_range_has(&low, addr, size) || gvt_range_has(&high, addr, size);
}

static inline void fake_check_work(const struct fake_engine *e, const struct gvt_hw_work *w)
{
	u32 size = w->ring_size;

	if (!size || (size & (size - 1)) || size > 2U << 20 || w->head % 4 || w->tail % 8 ||
	    w->head >= size || w->tail >= size || w->ring_start % 4096)
		ck_abort_msg("ring 0x%x: 0x%x to 0x%x", size, w->head, w->tail);
	if (!fake_owned(&e->client, w->ring_start, size) ||
	    !fake_owned(&e->client, w->context, 2 * MPT_PAGE_SIZE))
		ck_abort_msg("a foreign address");
	if (w->levels != 3 && w->levels != 4)
		ck_abort_msg("%d levels", w->levels);
	if (w->head != w->tail && !w->ring)
		ck_abort_msg("no commands");
}

static inline void fake_load(void *priv, void *state, const struct gvt_hw_work *work)
{
	struct fake_engine *e = state;

	(void)priv;
	fake_check_work(e, work);
	if (work->restore == e->loaded)
		ck_abort_msg("%s load", work->restore ? "second" : "lite");
	if (!work->restore && (work->context != e->work.context || work->head != e->head))
		ck_abort_msg("a lite restore of another context, or from another place");
	fake_log(e, work->restore ? 'L' : 'l');
	e->work = *work;
	e->head = work->head;
	e->loaded = true;
	e->done = false;
}

static inline u32 fake_left(const struct fake_engine *e)
{
	return ((e->work.tail - e->head) & (e->work.ring_size - 1)) / 4;
}

/* The dword at the head, from the copy. */
static inline void fake_execute(struct fake_engine *e)
{
	u32 at = ((e->head - e->work.head) & (e->work.ring_size - 1)) / 4;

	if (e->work.ring[at] == FAKE_USER)
		e->client.event(e->client.arg, e->id, GVT_HW_USER);
	e->head = (e->head + 4) & (e->work.ring_size - 1);
}

static inline enum gvt_hw_state fake_free_run(struct fake_engine *e, u64 *budget)
{
	for (; fake_left(e) && *budget; --*budget)
		fake_execute(e);
	return fake_left(e) ? GVT_HW_MORE : GVT_HW_DONE;
}

static inline enum gvt_hw_state fake_step(struct fake_engine *e, u64 *budget)
{
	const struct fake_step *s = &e->step[e->at++];

	*budget -= s->units < *budget ? s->units : *budget;
	e->head = s->state == GVT_HW_DONE ? e->work.tail
					  : (e->head + 4 * s->dwords) & (e->work.ring_size - 1);
	return s->state;
}

static inline enum gvt_hw_state fake_run(void *priv, void *state, u64 *budget)
{
	struct fake_engine *e = state;
	enum gvt_hw_state answer;

	(void)priv;
	if (!e->loaded || e->done || !*budget)
		ck_abort_msg("run of nothing");
	if (*budget > 4096)
		ck_abort_msg("the vGPU's lock would be held for %llu units",
			     (unsigned long long)*budget);
	fake_log(e, 'r');
	if (e->inside)
		e->inside(e);
	if (e->endless) {
		*budget = 0;
		return GVT_HW_MORE;
	}
	answer = e->at < e->steps ? fake_step(e, budget) : fake_free_run(e, budget);
	e->done = answer == GVT_HW_DONE || answer == GVT_HW_HUNG;
	return answer;
}

/* The head goes to the image, nothing else. */
static inline void fake_save(void *priv, void *state)
{
	struct fake_engine *e = state;

	(void)priv;
	if (!e->loaded)
		ck_abort_msg("save of nothing");
	fake_log(e, 's');
	gvt_gm_write(e->client.arg, e->work.context + 0x1000 + 4 * 5, &e->head, 4);
	e->loaded = false;
}

/* Is the context that it has still mapped? */
static inline bool fake_present(const struct fake_engine *e)
{
	const struct gvt_vgpu *v = e->client.arg;

	return v->ggtt[e->work.context >> MPT_PAGE_SHIFT] & GVT_PTE_PRESENT;
}

static inline void fake_engine_reset(void *priv, void *state)
{
	struct fake_engine *e = state;

	(void)priv;
	fake_log(e, 'R');
	if (e->loaded && !fake_present(e))
		ck_abort_msg("memory went before the engine stopped");
	e->loaded = false;
	e->head = 0;
}

static inline u32 fake_head(void *priv, void *state)
{
	(void)priv;
	return ((struct fake_engine *)state)->head;
}

/* Close it with hw->close(hw->priv) after the device. */
static inline void fake_open(struct mpt_host *host, struct gvt_hw *hw)
{
	int ret = gvt_swgpu_new(host, 256ULL << 20, hw);

	ck_assert_int_eq(ret, 0);
	hw->engine_new = fake_engine_new;
	hw->engine_free = fake_engine_free;
	hw->load = fake_load;
	hw->run = fake_run;
	hw->save = fake_save;
	hw->engine_reset = fake_engine_reset;
	hw->head = fake_head;
	hw->kept_get = NULL;
	hw->kept_ok = NULL;
	hw->kept_set = NULL;
}

#endif
