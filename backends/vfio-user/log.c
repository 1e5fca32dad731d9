/* SPDX-License-Identifier: MIT */
/*
 * The log of what the device wrote, as a migration asks for it: by guest address, in the ranges
 * that the client named. The marks themselves are with the memory (mem.c); of memory that goes they
 * are kept here, as runs of frames. When those get too many, neighbours grow together: more is said
 * to be written then, never less.
 */
#include "backends/vfio-user/place.h"
#include "backends/vfio-user/server.h"

#define KEPT_RUNS 1024U
/* Frames that are fetched at a time. */
#define CHUNK 32768U

/* Ascending, with gaps between them. */
struct runs {
	u32 n, max;
	struct run {
		u64 first, end; /* frames */
	} run[];
};

struct vu_log {
	struct runs *wanted;
	struct runs *kept;
};

/* --- runs --- */

static struct runs *runs_new(u32 max)
{
	struct runs *r = mpt_zalloc(sizeof(*r) + max * sizeof(r->run[0]));

	if (r)
		r->max = max;
	return r;
}

static void runs_close(struct runs *r, u32 i, u32 n)
{
	memmove(&r->run[i], &r->run[i + n], (r->n - i - n) * sizeof(r->run[0]));
	r->n -= n;
}

/* Run @i has grown: what it reaches now becomes part of it. */
static void runs_merge(struct runs *r, u32 i)
{
	u32 n = 0;

	while (i + n + 1 < r->n && r->run[i + n + 1].first <= r->run[i].end)
		n++;
	if (!n)
		return;
	if (r->run[i + n].end > r->run[i].end)
		r->run[i].end = r->run[i + n].end;
	runs_close(r, i + 1, n);
}

/* The first run that ends at @first or behind. From the back: most are added in order. */
static u32 runs_find(const struct runs *r, u64 first)
{
	u32 i = r->n;

	while (i && r->run[i - 1].end >= first)
		i--;
	return i;
}

static void runs_add(struct runs *r, u64 first, u64 end)
{
	u32 i = runs_find(r, first);

	if (r->n == r->max && i == r->n)
		i--;
	else if (r->n < r->max && (i == r->n || r->run[i].first > end)) {
		memmove(&r->run[i + 1], &r->run[i], (r->n - i) * sizeof(r->run[0]));
		r->n++;
		r->run[i] = (struct run){ first, end };
		return;
	}
	if (first < r->run[i].first)
		r->run[i].first = first;
	if (end > r->run[i].end)
		r->run[i].end = end;
	runs_merge(r, i);
}

/* --- starting and stopping --- */

static void log_free(struct vu_log *log)
{
	if (!log)
		return;
	mpt_free(log->wanted);
	mpt_free(log->kept);
	mpt_free(log);
}

static struct vu_log *log_new(void)
{
	struct vu_log *log = mpt_zalloc(sizeof(*log));

	if (!log)
		return NULL;
	log->wanted = runs_new(VUW_LOG_RANGES);
	log->kept = runs_new(KEPT_RUNS);
	if (log->wanted && log->kept)
		return log;
	log_free(log);
	return NULL;
}

static void log_ranges(struct vu_log *log, const struct vuw_feature_req *f)
{
	u32 i;

	for (i = 0; i < f->u.start.ranges; i++) {
		struct vuw_log_range r = mpt_vuw_log_range(f, i);

		runs_add(log->wanted, r.addr >> MPT_PAGE_SHIFT,
			 (r.addr + r.size) >> MPT_PAGE_SHIFT);
	}
	if (!f->u.start.ranges)
		runs_add(log->wanted, 0, 1ULL << (64 - MPT_PAGE_SHIFT));
}

/* What a report has to say: bit n is of page_size bytes from addr + n * page_size on. */
struct report {
	const struct vuw_log_report *what;
	u8 *bitmap; /* NULL: nobody wants to know */
};

static void say(const struct report *to, u64 first, u64 end)
{
	u64 bit, last;

	if (!to->bitmap)
		return;
	bit = ((first << MPT_PAGE_SHIFT) - to->what->addr) / to->what->page_size;
	last = ((end << MPT_PAGE_SHIFT) - 1 - to->what->addr) / to->what->page_size;
	for (; bit <= last; bit++)
		to->bitmap[bit / 8] |= (u8)(1U << bit % 8);
}

/* Marks of memory that is there, in [@first, @end), which is within one region. */
static void report_region(struct vu_vm *vm, u64 first, u64 end, const struct report *to)
{
	u8 marks[CHUNK / 8];
	u64 i, n;

	for (; first < end; first += n) {
		n = end - first < CHUNK ? end - first : CHUNK;
		mpt_vu_mem_dirty(vm, first, n, marks);
		for (i = 0; i < n; i++) {
			if (!marks[i / 8])
				i |= 7;
			else if (marks[i / 8] >> i % 8 & 1)
				say(to, first + i, first + i + 1);
		}
	}
}

/* vm->mem_lock is held. */
static void report_memory(struct vu_vm *vm, u64 first, u64 end, const struct report *to)
{
	const struct vu_map *map = vm->map;
	unsigned int i;

	for (i = 0; i < map->n; i++) {
		u64 from = map->span[i].gpa >> MPT_PAGE_SHIFT;
		u64 until = from + (map->span[i].size >> MPT_PAGE_SHIFT);

		if (until > first && from < end)
			report_region(vm, from > first ? from : first, until < end ? until : end,
				      to);
	}
}

static int start_locked(struct vu_vm *vm, const struct vuw_feature_req *f)
{
	const struct report nobody = { NULL, NULL };
	struct vu_log *log;

	if (vm->log)
		return vu_fail("log_start", -EBUSY, "VM %u is being logged already", vm->id);
	log = log_new();
	if (!log)
		return vu_fail("log_start", -ENOMEM, "no memory for a log of VM %u", vm->id);
	log_ranges(log, f);
	vm->log = log;
	report_memory(vm, 0, 1ULL << (64 - MPT_PAGE_SHIFT), &nobody);
	return 0;
}

int mpt_vu_log_start(struct vu_vm *vm, const struct vuw_feature_req *f)
{
	int ret;

	os_mutex_lock(&vm->mem_lock);
	ret = start_locked(vm, f);
	os_mutex_unlock(&vm->mem_lock);
	return ret;
}

int mpt_vu_log_stop(struct vu_vm *vm)
{
	bool had;

	os_mutex_lock(&vm->mem_lock);
	had = vm->log;
	log_free(vm->log);
	vm->log = NULL;
	os_mutex_unlock(&vm->mem_lock);
	return had ? 0 : vu_fail("log_stop", -EINVAL, "VM %u is not being logged", vm->id);
}

/* --- memory that goes --- */

void mpt_vu_log_keep(struct vu_log *log, const struct vu_place *place)
{
	u64 frames = place->size >> MPT_PAGE_SHIFT, gfn = place->gpa >> MPT_PAGE_SHIFT, i, from;

	for (i = 0; i < frames; i++) {
		for (from = i; i < frames && os_load_relaxed(&place->dirty[i]);)
			i++;
		if (i > from)
			runs_add(log->kept, gfn + from, gfn + i);
	}
}

/* Said once, but for the part behind a gap: a run has only two ends that can be cut. */
static void report_kept(struct runs *kept, u64 first, u64 end, const struct report *to)
{
	struct run *r;
	u32 i;

	for (i = 0; i < kept->n; i++) {
		r = &kept->run[i];
		if (r->end <= first || r->first >= end)
			continue;
		say(to, r->first > first ? r->first : first, r->end < end ? r->end : end);
		if (r->first >= first && r->end <= end)
			runs_close(kept, i--, 1);
		else if (r->first >= first)
			r->first = end;
		else if (r->end <= end)
			r->end = first;
	}
}

/* --- reporting --- */

static void report_locked(struct vu_vm *vm, const struct report *to)
{
	u64 first = to->what->addr >> MPT_PAGE_SHIFT;
	u64 end = (to->what->addr + to->what->size) >> MPT_PAGE_SHIFT;
	struct vu_log *log = vm->log;
	u32 i;

	for (i = 0; i < log->wanted->n; i++) {
		const struct run *r = &log->wanted->run[i];
		u64 from = r->first > first ? r->first : first;
		u64 until = r->end < end ? r->end : end;

		if (from >= until)
			continue;
		report_memory(vm, from, until, to);
		report_kept(log->kept, from, until, to);
	}
}

int mpt_vu_log_report(struct vu_vm *vm, const struct vuw_log_report *what, u8 *bitmap)
{
	struct report to = { what, bitmap };
	bool on;

	memset(bitmap, 0, mpt_vuw_bitmap_size(what));
	os_mutex_lock(&vm->mem_lock);
	on = vm->log;
	if (on)
		report_locked(vm, &to);
	os_mutex_unlock(&vm->mem_lock);
	return on ? 0 : vu_fail("log_report", -EINVAL, "VM %u is not being logged", vm->id);
}
