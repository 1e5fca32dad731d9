/* SPDX-License-Identifier: MIT */
/* A replay from its host's opening to its end: the records in order, what differs. */
#include "trace_play_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- translated frames --- */

static bool map_grow(struct play_map *m)
{
	struct play_map old = *m;
	uint32_t i, room = m->room ? m->room * 2 : 256;
	struct play_entry *e;

	if (!room)
		return false;
	m->entry = calloc(room, sizeof(*m->entry));
	if (!m->entry) {
		*m = old;
		return false;
	}
	m->room = room;
	m->used = 0;
	for (i = 0; i < old.room; i++) {
		if (!old.entry[i].key)
			continue;
		e = play_map_find(m, old.entry[i].key - 1, true);
		*e = old.entry[i];
	}
	free(old.entry);
	return true;
}

struct play_entry *play_map_find(struct play_map *m, uint64_t frame, bool make)
{
	uint64_t key = frame + 1;
	uint32_t i;

	if (make && m->used >= m->room / 2 && !map_grow(m))
		return NULL;
	if (!m->room)
		return NULL;
	for (i = (uint32_t)play_mix(frame, 0) & (m->room - 1); m->entry[i].key;
	     i = (i + 1) & (m->room - 1))
		if (m->entry[i].key == key)
			return &m->entry[i];
	if (!make)
		return NULL;
	m->entry[i].key = key;
	m->used++;
	return &m->entry[i];
}

/* --- what differs --- */

void play_differs(struct play *p, const struct play_op *o, enum play_what what, int64_t expected,
		  int64_t seen)
{
	struct play_diff *d = &p->r->first;

	/* What the core was not told before has no record: the outer call stands for it. */
	if (!p->r->diffs++)
		*d = (struct play_diff){
			.what = what,
			.op = o ? (uint32_t)(o - p->t->op) : p->outer,
			.expected = expected,
			.seen = seen,
			.told = o && o->kind->flags & PLAY_TOLD ? o->kind : NULL,
			.known = o && o->kind->flags & PLAY_DMA &&
				 play_dma_entry(p, o->arg[o->kind->page]),
		};
	p->stop |= p->c->first_only;
}

void play_refuse(struct play *p, const char *fmt, ...)
{
	va_list ap;

	p->stop = true;
	if (p->r->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(p->r->why, sizeof(p->r->why), fmt, ap);
	va_end(ap);
}

/* --- the records --- */

bool play_dropped(const struct play *p, uint32_t index)
{
	return p->c->drop && p->c->drop[index];
}

void play_perform(struct play *p, uint32_t index)
{
	const struct play_op *o = &p->t->op[index];
	bool outer = o->kind->flags & PLAY_OUTER;

	if (play_dropped(p, index))
		return;
	if (outer) {
		p->told = o->first;
		p->outer = index;
	}
	o->kind->perform(p, o);
	p->r->done++;
	if (outer)
		play_core_end(p);
}

/* Its turn comes when the core is told of what it was called for. */
static bool has_its_turn(const struct play_trace *t, const struct play_op *o)
{
	return o->within && t->op[o->within - 1].outer;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void perform_all(struct play *p)
{
	const struct play_trace *t = p->t;
	uint64_t start = now_ns();
	uint32_t i;

	for (i = 0; i < p->c->end && i < t->n && !p->stop; i++)
		if (t->op[i].kind->perform && !has_its_turn(t, &t->op[i]))
			play_perform(p, i);
	p->r->ns = now_ns() - start;
}

/* --- the host --- */

static void play_end(struct play *p)
{
	unsigned int i;

	p->quiet = true;
	for (i = 0; i < 256; i++)
		if (p->vgpu[i].serial)
			intel_gvt_hypervisor_detach_vgpu(&p->vgpu[i].vgpu);
	for (i = 0; i < PLAY_VMS; i++)
		for (; p->vm[i].held; p->vm[i].held--)
			mpt_vm_put(p->vm[i].vm);
	for (i = 0; i < p->regions; i++)
		free(p->region[i].dirty);
	mpt_host_close(p->host);
	free(p->dma.entry);
	free(p->huge.entry);
	free(p->mfn.entry);
	free(p->region);
	free(p->buf[0]);
	free(p->buf[1]);
	free(p->bits);
	free(p->page);
	free(p);
}

static int fail(struct play_result *r, const char *what)
{
	snprintf(r->why, sizeof(r->why), "%s", what);
	return -1;
}

/* Without the name of the function. */
static const char *sentence(void)
{
	const char *all = mpt_last_error(), *colon = strstr(all, ": ");

	return colon ? colon + 2 : all;
}

static int play_open(struct play *p)
{
	unsigned int i;

	if (mpt_host_open(p->c->spec, &p->host))
		return fail(p->r, sentence());
	if (!mpt_host_has_testbed(p->host))
		return fail(p->r, "this back end has no testbed, which a replay needs (name a "
				  "simulated one: --backend mock)");
	p->buf[0] = malloc(PLAY_BYTES);
	p->buf[1] = malloc(PLAY_BYTES);
	p->bits = malloc(PLAY_BYTES + 1);
	p->region = malloc(PLAY_REGIONS * sizeof(*p->region));
	p->page = aligned_alloc(4096, 4096);
	if (!p->buf[0] || !p->buf[1] || !p->bits || !p->region || !p->page)
		return fail(p->r, "no memory for a replay");
	memset(p->page, 0, 4096);
	for (i = 0; i < 256; i++) {
		p->vgpu[i].play = p;
		p->vgpu[i].vgpu = (struct intel_vgpu){ .mpt = mpt_host_table(p->host),
						       .id = (int)i + 1 };
	}
	play_core_init(p);
	return 0;
}

int play_run(const struct play_trace *t, const struct play_config *c, struct play_result *r)
{
	struct play *p = calloc(1, sizeof(*p));
	int ret;

	memset(r, 0, sizeof(*r));
	if (!p)
		return fail(r, "no memory for a replay");
	p->t = t;
	p->c = c;
	p->r = r;
	ret = play_open(p);
	if (!ret)
		perform_all(p);
	if (!ret && c->hash && !r->why[0])
		r->hash = play_hash_state(p);
	play_end(p);
	return ret || r->why[0] ? -1 : 0;
}

/* --- in words --- */

static void told_text(const struct play_diff *d, char *text, size_t len)
{
	const char *told = d->told ? d->told->name : "nothing",
		   *tells = d->tells ? d->tells->name : "nothing";

	if (d->what == PLAY_MORE)
		snprintf(text, len, "expected that the core is told nothing more, seen %s at 0x%"
			 PRIx64, tells, (uint64_t)d->seen);
	else if (d->what == PLAY_LESS)
		snprintf(text, len, "expected that the core is told %s at 0x%" PRIx64
			 ", seen nothing", told, (uint64_t)d->expected);
	else
		snprintf(text, len, "expected that the core is told %s at 0x%" PRIx64
			 ", seen %s at 0x%" PRIx64, told, (uint64_t)d->expected, tells,
			 (uint64_t)d->seen);
}

static const char *answer_name(int64_t ret, char *buf, size_t len)
{
	if (ret < 0 && ret > -4096 && mpt_errno_bit((int)ret))
		snprintf(buf, len, "-%s", mpt_errno_name((int)ret));
	else
		snprintf(buf, len, "%" PRId64, ret);
	return buf;
}

static void what_text(const struct play_diff *d, char *text, size_t len)
{
	char a[32], b[32];

	switch (d->what) {
	case PLAY_RET:
		snprintf(text, len, "expected %s, seen %s", answer_name(d->expected, a, sizeof(a)),
			 answer_name(d->seen, b, sizeof(b)));
		break;
	case PLAY_VALUE:
		snprintf(text, len, "expected 0x%" PRIx64 ", seen 0x%" PRIx64,
			 (uint64_t)d->expected, (uint64_t)d->seen);
		break;
	case PLAY_BYTES_DIFFER:
		snprintf(text, len, "expected data of check 0x%04" PRIx64 ", seen 0x%04" PRIx64,
			 (uint64_t)d->expected, (uint64_t)d->seen);
		break;
	case PLAY_ABSENT:
		snprintf(text, len, "expected a VM or vGPU of this number, seen none (or one too "
			 "many)");
		break;
	default:
		told_text(d, text, len);
	}
}

void play_tell(const struct play_trace *t, const struct play_diff *d, char *text, size_t len)
{
	const struct play_op *o = &t->op[d->op];
	char what[PLAY_WHY_MAX];

	what_text(d, what, sizeof(what));
	snprintf(text, len, "record %" PRIu64 ": %s: %s", o->number, o->kind->name, what);
}

const char *play_spec(const struct trace_ring *ring)
{
	static const char *const layers[] = { "check", "fault", "stats", "trace" };
	const char *spec = ring->head.spec, *comma;
	size_t i, n;

	for (;;) {
		for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
			n = strlen(layers[i]);
			if (!strncmp(spec, layers[i], n) && (spec[n] == '=' || spec[n] == ','))
				break;
		}
		comma = strchr(spec, ',');
		if (i == sizeof(layers) / sizeof(layers[0]) || !comma)
			break;
		spec = comma + 1;
	}
	return !strcmp(spec, "mock") || !strncmp(spec, "mock:", 5) ? spec : "mock";
}
