/* SPDX-License-Identifier: MIT */
/* A trace as a guest: which device it was recorded on, and feeding its accesses to a vGPU. */
#include "replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "session_state.h"

#define IDS_MAX 256
#define MIB (1ULL << 20)
/* Above it no BAR of ours decodes: 46 bits, as many as a GTT entry holds. */
#define BAR_LIMIT (1ULL << 46)
#define CFG_BAR0 0x10
#define PROGRESS_STEP 512

/* PVINFO: base and size of the mappable and of the hidden range, number of fences; dwords. */
#define PVINFO_RANGES 0x40
#define PVINFO_RANGES_SIZE 20

/* --- the device --- */

static size_t known_ids(u16 *ids)
{
	size_t n = 0;

	while (n < IDS_MAX && (ids[n] = gvt_device_each((unsigned int)n, NULL)))
		n++;
	return n;
}

static const char *platform_of(u16 id)
{
	const char *platform = NULL;
	unsigned int i;
	u16 known;

	for (i = 0; (known = gvt_device_each(i, &platform)); i++)
		if (known == id)
			return platform;
	return NULL;
}

/* The trace is well-formed but no recording of a device that can be played. */
static int refuse(const struct replay *rp, struct session_result *r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int refuse(const struct replay *rp, struct session_result *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return session_fail(r, -EINVAL, "%.4000s:%" PRIu64 ": %s", rp->path,
			    mmiotrace_line(rp->trace), text);
}

static int fail_trace(const struct replay *rp, struct session_result *r, int err)
{
	return session_fail(r, err, "%s", mmiotrace_why(rp->trace));
}

static int take_bar(const struct replay *rp, const struct mmiotrace_pcidev *d, unsigned int i,
		    struct session_result *r, struct replay_range *range)
{
	struct mmiotrace_bar bar;

	if (mmiotrace_bar(d, i, &bar) || bar.io)
		return refuse(rp, r, "expected a device with a memory BAR%u, found none", i);
	if (!bar.addr || bar.addr % bar.len || bar.addr > BAR_LIMIT - bar.len)
		return refuse(rp, r,
			      "expected BAR%u at a multiple of its size below 2^46, found it at "
			      "0x%" PRIx64 " with 0x%" PRIx64 " bytes",
			      i, bar.addr, bar.len);
	range->start = bar.addr;
	range->size = bar.len;
	return 0;
}

static int take_bars(struct replay *rp, const struct mmiotrace_pcidev *d, struct session_result *r)
{
	const struct replay_range *bar0 = &rp->bar0, *bar2 = &rp->bar2;

	if (take_bar(rp, d, 0, r, &rp->bar0) || take_bar(rp, d, 2, r, &rp->bar2))
		return -EINVAL;
	if (bar0->size != GVT_BAR0_SIZE)
		return refuse(rp, r,
			      "expected a BAR0 of %llu MiB, found one of 0x%" PRIx64 " bytes",
			      GVT_BAR0_SIZE / MIB, bar0->size);
	if (bar2->size != 256 * MIB && bar2->size != 512 * MIB && bar2->size != 1024 * MIB)
		return refuse(rp, r,
			      "expected a BAR2 (aperture) of 256, 512 or 1024 MiB, found one of "
			      "0x%" PRIx64 " bytes",
			      bar2->size);
	if (bar0->start - bar2->start < bar2->size)
		return refuse(rp, r,
			      "expected two BARs apart, found BAR0 at 0x%" PRIx64 " inside BAR2",
			      bar0->start);
	return 0;
}

static int take_device(struct replay *rp, struct session_result *r)
{
	struct mmiotrace_pcidev d;
	u16 ids[IDS_MAX];
	unsigned int i;
	int ret;

	ret = mmiotrace_find_device(rp->trace, ids, known_ids(ids), &d);
	if (ret == -ENOENT)
		return session_fail(r, -EINVAL,
				    "%.4000s: expected a PCIDEV line of a device that is "
				    "known (8086:%04x and its kin), found none",
				    rp->path, ids[0]);
	if (ret)
		return fail_trace(rp, r, ret);
	if (take_bars(rp, &d, r))
		return -EINVAL;
	for (i = 0; i < REPLAY_BARS; i++)
		rp->bar[i] = d.bar[i];
	rp->platform = platform_of(d.device);
	snprintf(rp->device, sizeof(rp->device), "%04x:%04x at %02x:%02x.%x", d.vendor, d.device,
		 d.bus, d.devfn >> 3, d.devfn & 7);
	return 0;
}

/* --- the vGPU --- */

/* Byte by byte, since a guest may read or write them in any width. */
struct ranges {
	u8 value[PVINFO_RANGES_SIZE];
	u32 seen; /* a bit a byte */
	u64 bar0; /* where the guest has put it */
};

/* What the guest was told first: later reads may follow a reset. */
static void ranges_read(struct ranges *g, const struct mmiotrace_access *a)
{
	u64 base = (g->bar0 & ~0xfULL) + GVT_PVINFO_OFFSET + PVINFO_RANGES,
	    value = mmiotrace_value(a);
	unsigned int i;

	for (i = 0; i < a->width; i++) {
		u64 off = a->phys + i - base;

		if (off >= PVINFO_RANGES_SIZE || g->seen >> off & 1)
			continue;
		g->value[off] = (u8)(value >> (8 * i));
		g->seen |= 1U << off;
	}
}

static void ranges_cfg(struct ranges *g, const struct mmiotrace_cfg *c)
{
	unsigned int i;

	for (i = 0; i < c->width; i++) {
		unsigned int shift = 8 * (c->offset + i - CFG_BAR0);

		if (c->offset + i - CFG_BAR0 < sizeof(g->bar0))
			g->bar0 = (g->bar0 & ~(0xffULL << shift)) |
				  (u64)(c->value >> (8 * i) & 0xff) << shift;
	}
}

static u32 ranges_dword(const struct ranges *g, unsigned int n)
{
	u32 value;

	memcpy(&value, g->value + 4 * n, sizeof(value));
	return value;
}

static int take_ranges(struct replay *rp, struct session_result *r)
{
	struct ranges g = { .bar0 = rp->bar[0] };
	struct mmiotrace_record rec;
	int ret;

	while ((ret = mmiotrace_next(rp->trace, &rec)) > 0) {
		if (rec.kind == MMIOTRACE_READ)
			ranges_read(&g, &rec.access);
		else if (rec.kind == MMIOTRACE_CFG && rec.cfg.write)
			ranges_cfg(&g, &rec.cfg);
	}
	rp->low = (struct replay_range){ ranges_dword(&g, 0), ranges_dword(&g, 1) };
	rp->high = (struct replay_range){ ranges_dword(&g, 2), ranges_dword(&g, 3) };
	rp->fence = ranges_dword(&g, 4);
	rp->have_sizes = g.seen == (1U << PVINFO_RANGES_SIZE) - 1 && rp->low.size &&
			 rp->high.size && rp->fence;
	return ret ? fail_trace(rp, r, ret) : 0;
}

static int scan(struct replay *rp, struct session_result *r)
{
	int ret = mmiotrace_check(rp->trace, &rp->totals);

	if (ret)
		return fail_trace(rp, r, ret);
	ret = take_device(rp, r);
	if (ret)
		return ret;
	if (mmiotrace_rewind(rp->trace))
		return fail_trace(rp, r, -EIO);
	ret = take_ranges(rp, r);
	if (ret)
		return ret;
	return mmiotrace_rewind(rp->trace) ? fail_trace(rp, r, -EIO) : 0;
}

int replay_open(const char *path, struct replay **out, struct session_result *r)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	int ret;

	if (!rp)
		return session_fail(r, -ENOMEM, "no memory for the trace");
	rp->path = path;
	ret = mmiotrace_open(path, &rp->trace, r->why, sizeof(r->why));
	r->err = ret;
	if (!ret)
		ret = scan(rp, r);
	if (ret) {
		replay_close(rp);
		return ret;
	}
	*out = rp;
	return 0;
}

void replay_close(struct replay *rp)
{
	if (!rp)
		return;
	mmiotrace_close(rp->trace);
	free(rp);
}

/* --- PVINFO --- */

bool replay_pvinfo_own(const struct gvt_vgpu_info *vgpu, u32 offset, unsigned int width, u64 value,
		       u64 *own)
{
	/* Linux 6.1 i915_pvinfo.h; what is not here may read as anything. */
	const struct {
		u32 at, bytes;
		u64 value;
	} fields[] = {
		{ 0x00, 8, 0x4776544776544776ULL }, /* magic */
		{ 0x08, 4, 0x00000001 }, /* version 1.0 */
		{ 0x0c, 4, (u64)vgpu->id },
		{ 0x40, 4, vgpu->low_start },
		{ 0x44, 4, vgpu->low_size },
		{ 0x48, 4, vgpu->high_start },
		{ 0x4c, 4, vgpu->high_size },
		{ 0x50, 4, vgpu->fence_count },
	};
	unsigned int i;
	size_t n;

	*own = value;
	for (i = 0; i < width; i++) {
		for (n = 0; n < sizeof(fields) / sizeof(fields[0]); n++) {
			u32 byte = offset + i - fields[n].at;

			if (byte < fields[n].bytes)
				*own = (*own & ~(0xffULL << (8 * i))) |
				       (fields[n].value >> (8 * byte) & 0xff) << (8 * i);
		}
	}
	return *own == value;
}

/* --- feeding --- */

struct feed {
	const struct session_config *c;
	struct mpt_vm *vm;
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	struct session_result *r;
	FILE *record;
	struct gvt_vgpu_info info; /* BARs as the guest has set them */
	u64 clock_ns; /* cost of one reading of the clock */
};

static u64 clock_cost(void)
{
	u64 best = UINT64_MAX;
	int i;

	for (i = 0; i < 64; i++) {
		u64 start = session_now_ns(), ns = session_now_ns() - start;

		best = ns < best ? ns : best;
	}
	return best;
}

static u64 elapsed(const struct feed *f, u64 start)
{
	u64 ns = session_now_ns() - start;

	return ns > f->clock_ns ? ns - f->clock_ns : 0;
}

static bool in_bar(u64 base, u64 size, u64 phys, unsigned int width)
{
	return base && phys >= base && width <= size && phys - base <= size - width;
}

static void check_pvinfo(struct feed *f, u32 offset, unsigned int width, u64 value)
{
	u32 field = offset - GVT_PVINFO_OFFSET;
	u64 own;

	if (field >= MPT_PAGE_SIZE || replay_pvinfo_own(&f->info, field, width, value, &own))
		return;
	if (!f->r->pvinfo_bad++)
		snprintf(f->r->first_pvinfo, sizeof(f->r->first_pvinfo),
			 "PVINFO 0x%x reads 0x%llx, this vGPU's value is 0x%llx", field,
			 (unsigned long long)value, (unsigned long long)own);
}

static void draw(struct feed *f, u64 ns, enum plot_kind kind, u64 offset, bool write)
{
	if (f->c->plot)
		plot_add(f->c->plot, ns / 1000, kind, offset, write);
}

static void feed_bar0(struct feed *f, const struct mmiotrace_record *rec, u64 value, bool write,
		      u64 ns)
{
	u64 offset = rec->access.phys - f->info.bar0;

	tally_mmio(&f->r->tally, f->gvt, (u32)offset, rec->access.width, write, ns);
	if (!write)
		check_pvinfo(f, (u32)offset, rec->access.width, value);
	draw(f, rec->ns, offset >= GVT_GTT_OFFSET ? PLOT_GTT : PLOT_MMIO, offset, write);
}

static int record_write(struct feed *f, const struct mmiotrace_record *rec)
{
	int ret = f->record ? mmiotrace_write_record(f->record, rec) : 0;

	if (!ret)
		return 0;
	return session_fail(f->r, ret, "%s: cannot record: %s", f->c->record,
			    ret == -EIO ? strerror(errno) : "the trace holds what no line can say");
}

static int feed_access(struct feed *f, const struct mmiotrace_record *rec)
{
	bool write = rec->kind == MMIOTRACE_WRITE;
	const struct mmiotrace_access *a = &rec->access;
	bool bar0 = in_bar(f->info.bar0, f->info.bar0_size, a->phys, a->width);
	u64 recorded = mmiotrace_value(a), value = write ? recorded : 0, start, ns;
	struct mmiotrace_record out = *rec;
	int ret;

	if (!bar0 && !in_bar(f->info.bar2, f->info.bar2_size, a->phys, a->width)) {
		f->r->skipped++;
		return 0;
	}
	start = session_now_ns();
	ret = write ? mpt_guest_write(f->vm, a->phys, &value, a->width) :
		      mpt_guest_read(f->vm, a->phys, &value, a->width);
	ns = elapsed(f, start);
	f->r->accesses++;
	if (ret)
		session_error(f->r, ret, write ? "write of" : "read of", a->phys);
	f->r->differ += !write && value != recorded;
	if (bar0)
		feed_bar0(f, rec, value, write, ns);
	else
		tally_other(&f->r->tally, "aperture", write, ns);
	out.access.value = value;
	return record_write(f, &out);
}

static int feed_cfg(struct feed *f, const struct mmiotrace_record *rec)
{
	struct mmiotrace_record out = *rec;
	u32 value = rec->cfg.write ? rec->cfg.value : 0;
	u64 start = session_now_ns(), ns;
	int ret;

	ret = rec->cfg.write ? mpt_guest_cfg_write(f->vm, rec->cfg.offset, &value, rec->cfg.width) :
			       mpt_guest_cfg_read(f->vm, rec->cfg.offset, &value, rec->cfg.width);
	ns = elapsed(f, start);
	f->r->accesses++;
	if (ret)
		session_error(f->r, ret, rec->cfg.write ? "config write of" : "config read of",
			      rec->cfg.offset);
	f->r->differ += !rec->cfg.write && value != rec->cfg.value;
	tally_other(&f->r->tally, "config", rec->cfg.write, ns);
	draw(f, rec->ns, PLOT_CFG, rec->cfg.offset, rec->cfg.write);
	if (rec->cfg.write)
		gvt_vgpu_info(f->vgpu, &f->info);
	out.cfg.value = value;
	return record_write(f, &out);
}

static int feed_record(struct feed *f, const struct mmiotrace_record *rec)
{
	switch (rec->kind) {
	case MMIOTRACE_READ:
	case MMIOTRACE_WRITE:
		return feed_access(f, rec);
	case MMIOTRACE_CFG:
		return feed_cfg(f, rec);
	default:
		return record_write(f, rec);
	}
}

/* A recording that begins without a trace says which device it is of. */
static int record_device(struct feed *f)
{
	struct mmiotrace_record rec = { .kind = MMIOTRACE_VERSION };
	u32 id = 0;
	int ret;

	if (!f->record)
		return 0;
	ret = mpt_guest_cfg_read(f->vm, 0, &id, 4);
	if (ret)
		session_error(f->r, ret, "config read of", 0);
	ret = record_write(f, &rec);
	rec.kind = MMIOTRACE_PCIDEV;
	rec.pcidev = (struct mmiotrace_pcidev){
		.devfn = 2 << 3,
		.vendor = (uint16_t)id,
		.device = (uint16_t)(id >> 16),
		.bar = { f->info.bar0 | 0x4, 0, f->info.bar2 | 0xc },
		.len = { f->info.bar0_size, 0, f->info.bar2_size },
	};
	return ret ? ret : record_write(f, &rec);
}

/* Without a trace the guest does what each driver does first: it reads who it is. */
static int feed_pvinfo(struct feed *f)
{
	static const u8 fields[] = { 0x00, 0x08, 0x0c, 0x10, 0x40, 0x44, 0x48, 0x4c, 0x50 };
	struct mmiotrace_record rec = { .kind = MMIOTRACE_READ };
	size_t i;
	int ret = record_device(f);

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]) && !ret; i++) {
		rec.access.width = fields[i] ? 4 : 8;
		rec.access.phys = f->info.bar0 + GVT_PVINFO_OFFSET + fields[i];
		ret = feed_access(f, &rec);
	}
	/* Nothing was recorded that it could differ from. */
	f->r->differ = 0;
	return ret;
}

static void count_records(const struct mmiotrace_totals *t, struct session_result *r)
{
	r->marks = t->records[MMIOTRACE_MARK];
	r->maps = t->records[MMIOTRACE_MAP] + t->records[MMIOTRACE_UNMAP];
	r->undecoded = t->records[MMIOTRACE_UNKNOWN];
	r->lost = t->lost;
	r->lost_uncounted = t->lost_uncounted;
}

/* How many of a trace were fed before a state was saved, and how many shall be in all. */
static int check_state(const struct replay *rp, struct feed *f)
{
	struct session_state *s = f->c->state;
	const u64 *records = rp->totals.records;
	u64 at;

	if (!s)
		return 0;
	s->total = records[MMIOTRACE_READ] + records[MMIOTRACE_WRITE] + records[MMIOTRACE_CFG];
	at = s->end == SESSION_TO_THE_END ? s->begin : s->end;
	if (at <= s->total)
		return 0;
	return session_fail(f->r, -EINVAL, "%s: --at %llu: the trace has %llu accesses", rp->path,
			    (unsigned long long)at, (unsigned long long)s->total);
}

/* Of the accesses of a trace those from begin to end; @at: how many there were before. */
static bool is_due(const struct session_state *s, u64 at)
{
	return !s || (at >= s->begin && at < s->end);
}

static bool is_access(const struct mmiotrace_record *rec)
{
	return rec->kind == MMIOTRACE_READ || rec->kind == MMIOTRACE_WRITE ||
	       rec->kind == MMIOTRACE_CFG;
}

static int feed_trace(struct feed *f, struct replay *rp)
{
	u64 done = 0, total = 0, at = 0;
	struct mmiotrace_record rec;
	unsigned int i;
	int ret;

	for (i = 0; i < MMIOTRACE_KINDS; i++)
		total += rp->totals.records[i];
	count_records(&rp->totals, f->r);
	if (check_state(rp, f))
		return f->r->err;
	while ((ret = mmiotrace_next(rp->trace, &rec)) > 0) {
		ret = is_due(f->c->state, at) ? feed_record(f, &rec) : 0;
		if (ret)
			break;
		at += is_access(&rec);
		if (f->c->progress && !(done++ % PROGRESS_STEP))
			f->c->progress("replay", done, total);
	}
	if (f->c->progress)
		f->c->progress("replay", total, total);
	/* It was well-formed a moment ago: somebody has changed the file. */
	if (ret && !f->r->err)
		fail_trace(rp, f->r, ret);
	return ret;
}

static int open_record(struct feed *f)
{
	if (!f->c->record)
		return 0;
	f->record = fopen(f->c->record, "w");
	if (f->record)
		return 0;
	return session_fail(f->r, -EIO, "%s: %s", f->c->record, strerror(errno));
}

int replay_run(struct replay *rp, const struct session_config *c, struct mpt_vm *vm,
	       struct intel_gvt *gvt, struct intel_vgpu *vgpu, struct session_result *r)
{
	struct feed f = { c, vm, gvt, vgpu, r, .clock_ns = clock_cost() };
	int ret = open_record(&f);

	if (ret)
		return ret;
	gvt_vgpu_info(vgpu, &f.info);
	ret = rp ? feed_trace(&f, rp) : feed_pvinfo(&f);
	if (f.record && fclose(f.record) && !ret)
		ret = session_fail(r, -EIO, "%s: cannot record: %s", c->record, strerror(errno));
	return ret;
}
