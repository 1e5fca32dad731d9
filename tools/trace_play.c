/* SPDX-License-Identifier: MIT */
/*
 * A trace made ready for replay: records in memory, limits, and which calls the core made while it
 * was told of what. Performs nothing.
 */
#include "trace_play.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MAX_ 256 /* what the core is told at a time */
#define BYTES_FIRST 65536UL /* for data; more than one record has */

/* While a trace is made ready. */
struct loading {
	struct play_trace *t;
	const struct play_kind *kind[MPT_TRACE_OPS];
	uint8_t vm_of[256]; /* by vGPU */
	uint32_t pending[PLAY_VMS + 1][2]; /* first and last; the last list: of any VM */
	uint32_t open[OPEN_MAX_];
	unsigned int opened;
	char *why;
	size_t why_len;
};

static int refuse(struct loading *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct loading *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->why, l->why_len, fmt, ap);
	va_end(ap);
	return -1;
}

/* --- room --- */

static int op_room(struct loading *l)
{
	struct play_trace *t = l->t;
	uint32_t room = t->room ? t->room * 2 : 1024;
	struct play_op *op;

	if (t->n < t->room)
		return 0;
	op = t->room < PLAY_OPS_MAX ? realloc(t->op, room * sizeof(*op)) : NULL;
	if (!op)
		return refuse(l, "no memory for %" PRIu32 " records", t->n);
	t->op = op;
	t->room = room;
	return 0;
}

static int take_data(struct loading *l, struct play_op *o, const struct trace_record *rec)
{
	struct play_trace *t = l->t;
	uint64_t room = t->bytes_room * 2;
	uint8_t *bytes;

	if (rec->data_len > t->bytes_room - t->len) {
		bytes = realloc(t->bytes, room);
		if (!bytes)
			return refuse(l, "no memory for the data of %" PRIu32 " records", t->n);
		t->bytes = bytes;
		t->bytes_room = room;
	}
	o->data = t->len;
	o->data_len = (uint32_t)rec->data_len;
	if (rec->data_len)
		memcpy(t->bytes + t->len, rec->data, rec->data_len);
	t->len += rec->data_len;
	return 0;
}

/* --- VMs --- */

static int take_vm(struct loading *l, struct play_op *o, uint64_t id)
{
	struct play_trace *t = l->t;
	unsigned int i;

	for (i = 0; i < t->vms && t->vm[i] != id; i++)
		;
	if (i == PLAY_VMS || id > UINT16_MAX)
		return refuse(l, "record %" PRIu64 ": a trace asks for more than %d VMs, or for "
			      "one beyond 65535", o->number, PLAY_VMS);
	if (i == t->vms)
		t->vm[t->vms++] = (unsigned int)id;
	o->vm = (uint8_t)i;
	return 0;
}

static int place(struct loading *l, struct play_op *o)
{
	bool attach = !strcmp(o->kind->name, "attach_vgpu");

	o->vm = PLAY_NO_VM;
	if (o->kind->flags & PLAY_VM && take_vm(l, o, o->arg[0]))
		return -1;
	if (attach && !o->ret)
		l->vm_of[o->vgpu] = o->vm;
	else if (o->kind->flags & PLAY_VGPU && !attach)
		o->vm = l->vm_of[o->vgpu];
	return 0;
}

/* --- who called whom: see "DOC: Slots and records" of <mpt/trace.h> --- */

static void append(struct play_trace *t, uint32_t *first, uint32_t *last, uint32_t i)
{
	t->op[i - 1].next = 0;
	if (*last)
		t->op[*last - 1].next = i;
	else
		*first = i;
	*last = i;
}

/* What the core is told now that a record may belong to; 0: nothing. */
static uint32_t told_now(const struct loading *l, const struct play_op *o, unsigned int *at)
{
	unsigned int i;

	for (i = l->opened; i--;) {
		const struct play_op *told = &l->t->op[l->open[i] - 1];

		*at = i;
		if (!(o->kind->flags & (PLAY_VGPU | PLAY_DONE)) ||
		    told->kind->flags & PLAY_ANY_VGPU || told->vgpu == o->vgpu)
			return l->open[i];
	}
	return 0;
}

static void link_told(struct loading *l, uint32_t i)
{
	if (l->opened < OPEN_MAX_)
		l->open[l->opened++] = i;
	l->t->open++;
}

static void link_done(struct loading *l, struct play_op *o, uint32_t i)
{
	unsigned int at, list;
	uint32_t told = told_now(l, o, &at);

	if (!told)
		return;
	memmove(&l->open[at], &l->open[at + 1], (--l->opened - at) * sizeof(l->open[0]));
	l->t->open--;
	l->t->op[told - 1].done = i;
	o->within = told;
	list = l->t->op[told - 1].vm;
	list = list == PLAY_NO_VM ? PLAY_VMS : list;
	append(l->t, &l->pending[list][0], &l->pending[list][1], told);
}

static uint32_t pop(struct loading *l, unsigned int list)
{
	uint32_t i = l->pending[list][0];

	l->pending[list][0] = l->t->op[i - 1].next;
	if (!l->pending[list][0])
		l->pending[list][1] = 0;
	return i;
}

/* An outer call ends: what the core was told since the one before it belongs to it. */
static void link_outer(struct loading *l, struct play_op *o, uint32_t i)
{
	uint32_t a, b;

	while ((a = l->pending[o->vm][0]) | (b = l->pending[PLAY_VMS][0])) {
		uint32_t told = pop(l, !b || (a && a < b) ? o->vm : PLAY_VMS);

		l->t->op[told - 1].outer = i;
		append(l->t, &o->first, &o->last, told);
	}
}

static void link_op(struct loading *l, struct play_op *o, uint32_t i)
{
	unsigned int flags = o->kind->flags, at;
	uint32_t told;

	if (flags & PLAY_TOLD)
		link_told(l, i);
	else if (flags & PLAY_DONE)
		link_done(l, o, i);
	else if (flags & PLAY_OUTER)
		link_outer(l, o, i);
	else if (flags & PLAY_INNER && (told = told_now(l, o, &at))) {
		struct play_op *t = &l->t->op[told - 1];

		o->within = told;
		append(l->t, &t->first, &t->last, i);
	}
}

/* --- records --- */

static const struct play_kind *kind_of(struct loading *l, const struct trace_record *rec)
{
	static const struct play_kind unknown;

	if (!l->kind[rec->index]) {
		l->kind[rec->index] = play_kind_of(rec->op);
		if (!l->kind[rec->index])
			l->kind[rec->index] = &unknown;
	}
	return l->kind[rec->index] == &unknown ? NULL : l->kind[rec->index];
}

static int take(struct loading *l, const struct trace_record *rec)
{
	const struct play_kind *kind = kind_of(l, rec);
	struct play_op *o;

	if (!kind) {
		l->t->skipped++;
		return 0;
	}
	if (op_room(l))
		return -1;
	o = &l->t->op[l->t->n];
	memset(o, 0, sizeof(*o));
	o->kind = kind;
	o->number = rec->number;
	o->vgpu = (uint8_t)rec->vgpu;
	o->ret = rec->ret;
	o->dead = rec->dead;
	o->args = (uint8_t)(rec->args < PLAY_ARGS ? rec->args : PLAY_ARGS);
	memcpy(o->arg, rec->arg, o->args * sizeof(o->arg[0]));
	if (take_data(l, o, rec) || place(l, o))
		return -1;
	link_op(l, o, ++l->t->n);
	return 0;
}

int play_load(struct play_trace *t, struct trace_ring *ring, char *why, size_t why_len)
{
	struct loading *l = calloc(1, sizeof(*l));
	struct trace_record *rec = malloc(sizeof(*rec));
	int ret = 0;

	memset(t, 0, sizeof(*t));
	t->bytes = malloc(BYTES_FIRST);
	if (l && rec && t->bytes) {
		t->bytes_room = BYTES_FIRST;
		*l = (struct loading){ .t = t, .why = why, .why_len = why_len };
		memset(l->vm_of, PLAY_NO_VM, sizeof(l->vm_of));
		while (!ret && trace_ring_next(ring, rec))
			ret = take(l, rec);
	} else {
		snprintf(why, why_len, "no memory");
		ret = -1;
	}
	free(rec);
	free(l);
	t->torn = ring->torn;
	t->lost = ring->first;
	if (ret)
		play_free(t);
	return ret;
}

void play_free(struct play_trace *t)
{
	free(t->op);
	free(t->bytes);
	memset(t, 0, sizeof(*t));
}
