/* SPDX-License-Identifier: MIT */
/*
 * Delta debugging of a trace: all behind the first difference goes, then what only looks, then
 * whole operations, pages, vGPUs and VMs, then single records, as long as the replay differs first
 * at the same record in the same way. The command is trace_shrink_cmd.c's.
 */
#include "trace_shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace_play_priv.h"

#define NOT_MINE UINT64_MAX /* a record that a pass leaves alone */

struct shrinking {
	struct shrink *s;
	const struct play_trace *t;
	uint32_t n; /* records up to the difference */
	uint8_t *trial; /* as s->drop, for one try */
	uint64_t *label; /* of a pass: records with the same one go together */
	uint64_t *page; /* of a record: the guest's page that it is about, or NOT_MINE */
	uint64_t *unit; /* of a pass: its labels */
	uint64_t until;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool late(struct shrinking *k)
{
	k->s->out_of_time |= k->until && now_ns() > k->until;
	return k->s->out_of_time;
}

/* --- one try --- */

/* With a call goes what the core was told in it, and with that its answer and its calls. */
static bool goes_with(const struct play_op *o, const uint8_t *drop)
{
	if (o->kind->flags & PLAY_TOLD)
		return !o->outer || drop[o->outer - 1];
	if (o->kind->flags & PLAY_DONE)
		return !o->within || drop[o->within - 1];
	return false;
}

/* A call of the core's whose outer call is not in the trace stands by itself. */
static bool inner_goes(const struct play_trace *t, const struct play_op *o, const uint8_t *drop)
{
	return o->within && t->op[o->within - 1].outer && drop[o->within - 1];
}

static uint32_t complete(const struct shrinking *k, uint8_t *drop)
{
	uint32_t i, left = 0;

	for (i = 0; i < k->n; i++) {
		const struct play_op *o = &k->t->op[i];

		drop[i] |= goes_with(o, drop) || inner_goes(k->t, o, drop);
		left += !drop[i];
	}
	return left;
}

static bool same(const struct play_diff *a, const struct play_diff *b)
{
	return a->op == b->op && a->what == b->what && a->told == b->told && a->tells == b->tells &&
	       a->known == b->known && (a->what == PLAY_VALUE || a->seen == b->seen);
}

/* Whether the trial differs as the whole does; if so it is what is left. */
static bool try(struct shrinking *k)
{
	struct play_config c = { .spec = k->s->spec, .drop = k->trial, .end = k->n,
				 .first_only = true };
	uint32_t left = complete(k, k->trial);
	struct play_result r;

	if (left == k->s->left)
		return true;
	k->s->trials++;
	if (play_run(k->t, &c, &r) || !r.diffs || !same(&r.first, &k->s->first))
		return false;
	memcpy(k->s->drop, k->trial, k->n);
	k->s->left = left;
	if (k->s->progress)
		k->s->progress(left, k->t->n);
	return true;
}

/* --- a pass: units are dropped by halves, quarters, ... --- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The labels that are left, each once. Return: how many. */
static uint32_t units(struct shrinking *k)
{
	uint32_t i, n = 0, m = 0;

	for (i = 0; i < k->n; i++)
		if (!k->s->drop[i] && k->label[i] != NOT_MINE)
			k->unit[n++] = k->label[i];
	qsort(k->unit, n, sizeof(k->unit[0]), by_value);
	for (i = 0; i < n; i++)
		if (!i || k->unit[i] != k->unit[m - 1])
			k->unit[m++] = k->unit[i];
	return m;
}

/* Without units @from to @to, which are labels in order. */
static bool without(struct shrinking *k, uint32_t from, uint32_t to)
{
	uint64_t first = k->unit[from], last = k->unit[to - 1];
	uint32_t i;

	for (i = 0; i < k->n; i++)
		k->trial[i] = k->s->drop[i] || (k->label[i] != NOT_MINE && k->label[i] >= first &&
						k->label[i] <= last);
	return try(k);
}

/* From the end, where the fewest others depend on what goes. Return: whether something went. */
static bool pass(struct shrinking *k)
{
	uint32_t n = units(k), size, to, before = k->s->left;

	for (size = n; size; size /= 2) {
		for (to = n; to && !late(k); to = to > size ? to - size : 0)
			without(k, to > size ? to - size : 0, to);
		if (size == 1 || k->s->out_of_time)
			break;
		n = units(k);
		size = size > n ? n + n % 2 : size;
	}
	return k->s->left != before;
}

/* --- what a pass takes together --- */

static void page_labels(struct shrinking *k)
{
	struct play_map dma = { NULL, 0, 0 };
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		const struct play_op *o = &k->t->op[i];
		uint64_t at = o->arg[o->kind->page];
		struct play_entry *e;

		k->page[i] = NOT_MINE;
		if (o->kind->flags & PLAY_PAGE)
			k->page[i] = at >> MPT_PAGE_SHIFT;
		else if (o->kind->flags & PLAY_FRAME)
			k->page[i] = at;
		else if (o->kind->flags & PLAY_DMA) {
			e = play_map_find(&dma, at >> MPT_PAGE_SHIFT, false);
			k->page[i] = e ? e->gfn : NOT_MINE;
		}
		/* The bus knows a page by the address that dma_map_guest_page answered. */
		if (strcmp(o->kind->name, "dma_map_guest_page") || o->ret)
			continue;
		e = play_map_find(&dma, o->arg[2] >> MPT_PAGE_SHIFT, true);
		if (e)
			e->gfn = at;
	}
	free(dma.entry);
}

enum by { BY_LOOK, BY_OTHER_PAGE, BY_KIND, BY_PAGE, BY_VGPU, BY_VM, BY_RECORD };

static uint64_t label(const struct shrinking *k, enum by by, uint32_t i)
{
	const struct play_op *o = &k->t->op[i];
	uint64_t page = k->page[i], mine = k->page[k->s->first.op];

	switch (by) {
	case BY_LOOK:
		return o->kind->flags & PLAY_LOOK ? 0 : NOT_MINE;
	case BY_OTHER_PAGE:
		return o->kind->flags & PLAY_FIRM || page == mine ? NOT_MINE : 0;
	case BY_KIND:
		return (uintptr_t)o->kind;
	case BY_PAGE:
		return page;
	case BY_VGPU:
		return o->kind->flags & PLAY_VGPU ? o->vgpu : NOT_MINE;
	case BY_VM:
		return o->vm == PLAY_NO_VM ? NOT_MINE : o->vm;
	case BY_RECORD:
		return i;
	}
	return NOT_MINE;
}

/* What differs, and the calls that it happens in, always stay. */
static bool stays(const struct shrinking *k, uint32_t i)
{
	const struct play_op *first = &k->t->op[k->s->first.op];
	uint32_t told = first->within ? first->within : k->s->first.op + 1;

	return i == k->s->first.op || i + 1 == first->within || i + 1 == first->outer ||
	       i + 1 == k->t->op[told - 1].outer;
}

static bool pass_by(struct shrinking *k, enum by by)
{
	uint32_t i;

	for (i = 0; i < k->n; i++)
		k->label[i] = stays(k, i) || k->t->op[i].kind->flags & PLAY_DONE ?
				      NOT_MINE : label(k, by, i);
	return pass(k);
}

static void all_passes(struct shrinking *k)
{
	bool more = true;
	enum by by;

	page_labels(k);
	for (by = BY_LOOK; by <= BY_RECORD; by++)
		pass_by(k, by);
	while (more && !late(k)) {
		more = pass_by(k, BY_PAGE);
		more |= pass_by(k, BY_RECORD);
	}
}

/* --- the whole --- */

/* What is behind the difference, and the call that it happened in. */
static uint32_t prefix(const struct play_trace *t, uint32_t op)
{
	const struct play_op *o = &t->op[op];
	uint32_t outer = o->within ? t->op[o->within - 1].outer : o->outer;

	return outer > op ? outer : op + 1;
}

static int no_memory(struct shrink *s)
{
	snprintf(s->why, sizeof(s->why), "no memory to shrink %u records", s->trace->n);
	free(s->drop);
	s->drop = NULL;
	return -1;
}

static int find_first(struct shrink *s)
{
	struct play_config c = { .spec = s->spec, .end = s->trace->n, .first_only = true };
	struct play_result r;
	int ret = play_run(s->trace, &c, &r);

	s->first = r.first;
	s->trials = 1;
	if (ret)
		snprintf(s->why, sizeof(s->why), "%s", r.why);
	return ret ? -1 : r.diffs != 0;
}

int shrink_run(struct shrink *s)
{
	struct shrinking k = { .s = s, .t = s->trace };
	size_t n = s->trace->n;
	int ret = find_first(s);

	if (ret <= 0)
		return ret;
	k.n = prefix(s->trace, s->first.op);
	k.until = s->ns ? now_ns() + s->ns : 0;
	s->drop = calloc(1, n);
	k.trial = malloc(n);
	k.label = malloc(n * sizeof(*k.label));
	k.page = malloc(n * sizeof(*k.page));
	k.unit = malloc(n * sizeof(*k.unit));
	if (s->drop && k.trial && k.label && k.page && k.unit) {
		memset(s->drop + k.n, 1, n - k.n);
		s->left = complete(&k, s->drop);
		all_passes(&k);
	} else {
		ret = no_memory(s);
	}
	free(k.trial);
	free(k.label);
	free(k.page);
	free(k.unit);
	return ret;
}
