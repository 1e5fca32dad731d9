/* SPDX-License-Identifier: MIT */
/*
 * Guest accesses to BAR0 and BAR2: which BAR, which area, which register, and the rules that all
 * registers share (sizes, narrow accesses, attributes). What a register does beyond being stored
 * lives in its handler; what a register is called, in regs/.
 */
#include "handlers.h"
#include "internal.h"
#include "reg_table.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)
/* Out of the way of a short path that is measured: registers, stack and size. */
#define NOINLINE __attribute__((noinline))

#define REG_PAGES (GVT_MMIO_SIZE / MPT_PAGE_SIZE)

/* Marks a few pages more than it touches when @end is below them. */
static void golden_image(struct gvt_vgpu *v, u32 end)
{
	u32 i;

	for (i = 0; i < REG_PAGES / 64; i++)
		v->regs_used[i] |= v->gvt->regs->golden[i];
	gvt_reg_table_reset(v->gvt->regs, v->regs, end);
}

int gvt_mmio_init(struct gvt_vgpu *v)
{
	v->regs = mpt_zalloc_pages(GVT_MMIO_SIZE);
	if (!v->regs)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: no memory for its registers", v->base.id);
	golden_image(v, GVT_MMIO_SIZE);
	return 0;
}

/* A reset costs what was used. */
static void clear(struct gvt_vgpu *v, u32 end)
{
	u32 page, at, i;

	for (i = 0; i < REG_PAGES / 64; i++) {
		u64 used = v->regs_used[i];

		for (; used; used &= used - 1) {
			page = i * 64 + (u32)__builtin_ctzll(used);
			at = page << MPT_PAGE_SHIFT;
			if (at >= end)
				return;
			if (end - at >= MPT_PAGE_SIZE)
				v->regs_used[i] &= ~(1ULL << page % 64);
			memset(v->regs + at, 0,
			       end - at < MPT_PAGE_SIZE ? end - at : MPT_PAGE_SIZE);
		}
	}
}

void gvt_mmio_reset(struct gvt_vgpu *v, u32 end)
{
	clear(v, end);
	golden_image(v, end);
}

void gvt_mmio_clear(struct gvt_vgpu *v)
{
	clear(v, GVT_MMIO_SIZE);
}

void gvt_mmio_clean(struct gvt_vgpu *v)
{
	if (!v->regs)
		return;
	clear(v, GVT_MMIO_SIZE);
	mpt_free_pages_zeroed(v->regs, GVT_MMIO_SIZE);
	v->regs = NULL;
}

static bool size_ok(u64 offset, unsigned int bytes)
{
	return bytes - 1 < 8 && !(bytes & (bytes - 1)) && !(offset & (bytes - 1));
}

static bool unaligned_at(const struct gvt_vgpu *v, u64 offset)
{
	const struct gvt_reg *r;

	if (offset >= GVT_MMIO_SIZE)
		return false;
	r = gvt_reg_lookup(v->gvt->regs, (u32)offset);
	return r && (r->attr & GVT_UNALIGNED);
}

/* Both ends in such a register: the access cannot leave the registers. */
static bool size_ok_unaligned(const struct gvt_vgpu *v, u64 offset, unsigned int bytes)
{
	return size_ok(0, bytes) && unaligned_at(v, offset) && unaligned_at(v, offset + bytes - 1);
}

static NOINLINE int bad_size(const struct gvt_vgpu *v, const char *bar, u64 offset,
			     unsigned int bytes)
{
	return mpt_fail(-EINVAL, "gvt",
			"vGPU %d: %u bytes at %s+0x%llx (use 1, 2, 4 or 8, naturally aligned)",
			v->base.id, bytes, bar, (unsigned long long)offset);
}

static bool is_pvinfo(u32 reg)
{
	return (reg & ~((u32)MPT_PAGE_SIZE - 1)) == GVT_PVINFO_OFFSET;
}

/* --- one dword --- */

static inline u32 dword_read(struct gvt_vgpu *v, u32 reg)
{
	const struct gvt_reg *r;

	if (is_pvinfo(reg))
		return gvt_pvinfo_read(v, reg);
	r = gvt_reg_lookup(v->gvt->regs, reg);
	if (UNLIKELY(!r))
		v->count.unknown++;
	else if (r->read)
		return r->read(v, reg);
	return gvt_vreg(v, reg);
}

/* Bytes that a narrow write leaves out are the old ones, but 0 where a written 1 is what acts. */
static u32 widen(const struct gvt_reg *r, u32 reg, u32 old, u32 value, u32 mask)
{
	if (mask == ~0U)
		return value;
	if (r->attr & (GVT_W1C | GVT_MASKED))
		return value & mask;
	return (old & ~mask & ~gvt_sticky_bits(reg)) | (value & mask);
}

static int reg_write(struct gvt_vgpu *v, const struct gvt_reg *r, u32 reg, u32 value)
{
	u32 old = gvt_vreg(v, reg);

	if (r->attr & GVT_MASKED) {
		u32 select = value >> 16;

		value = (old & ~select & 0xffff) | (value & select);
	}
	if (r->attr & GVT_W1C)
		value = r->write ? value & ~r->ro_mask : old & ~(value & ~r->ro_mask);
	else
		value = (old & r->ro_mask) | (value & ~r->ro_mask);
	if (r->write)
		return r->write(v, reg, value);
	gvt_vreg_set(v, reg, value);
	return 0;
}

/* @mask: the bytes that the guest wrote. */
static int dword_write(struct gvt_vgpu *v, u32 reg, u32 value, u32 mask)
{
	const struct gvt_reg *r = gvt_reg_lookup(v->gvt->regs, reg);
	u32 old = gvt_vreg(v, reg);

	if (r)
		return reg_write(v, r, reg, widen(r, reg, old, value, mask));
	value = (old & ~mask) | (value & mask);
	if (is_pvinfo(reg))
		return gvt_pvinfo_write(v, reg, value);
	v->count.unknown++;
	gvt_vreg_set(v, reg, value);
	return 0;
}

/* The one 64-bit register: its halves mean nothing without each other. */
static bool is_fence(const struct gvt_vgpu *v, u32 reg)
{
	const struct gvt_reg *r = gvt_reg_lookup(v->gvt->regs, reg);

	return r && r->write == gvt_fence_write;
}

u32 gvt_mmio_reg_read(struct gvt_vgpu *v, u32 reg)
{
	return dword_read(v, reg);
}

int gvt_mmio_reg_write(struct gvt_vgpu *v, u32 reg, u32 value)
{
	return dword_write(v, reg, value, ~0U);
}

/* --- registers: any size, dword by dword, the low one first --- */

static u32 get32(const void *buf)
{
	u32 value;

	memcpy(&value, buf, sizeof(value));
	return value;
}

static unsigned int piece_len(u32 offset, unsigned int left)
{
	unsigned int n = 4 - offset % 4;

	return n < left ? n : left;
}

static u64 two_dwords(struct gvt_vgpu *v, u32 offset)
{
	u32 low = dword_read(v, offset);

	return (u64)dword_read(v, offset + 4) << 32 | low;
}

static void pieces_read(struct gvt_vgpu *v, u32 offset, u8 *buf, unsigned int bytes)
{
	unsigned int done, n;

	for (done = 0; done < bytes; done += n) {
		u32 at = offset + done, value = dword_read(v, at & ~3U);

		n = piece_len(at, bytes - done);
		memcpy(buf + done, (u8 *)&value + at % 4, n);
	}
}

/* Dwords are registers of their own: what was written before one that refuses stays. */
static int pieces_write(struct gvt_vgpu *v, u32 offset, const u8 *buf, unsigned int bytes)
{
	unsigned int done, n;
	int ret = 0;

	for (done = 0; done < bytes && !ret; done += n) {
		u32 at = offset + done, value = 0, mask = 0;

		n = piece_len(at, bytes - done);
		memcpy((u8 *)&value + at % 4, buf + done, n);
		memset((u8 *)&mask + at % 4, 0xff, n);
		ret = dword_write(v, at & ~3U, value, mask);
	}
	return ret;
}

/* Of one access: a counter moves by one at most, however many dwords it touched. */
static void count_once(u64 *counter, u64 before)
{
	if (*counter > before)
		*counter = before + 1;
}

static void regs_read(struct gvt_vgpu *v, u32 offset, void *buf, unsigned int bytes)
{
	u64 unknown = v->count.unknown, value;

	v->count.mmio_reads++;
	if (UNLIKELY(v->failsafe)) {
		memcpy(buf, v->regs + offset, bytes);
		return;
	}
	if (bytes == 8 && !(offset % 4)) {
		value = two_dwords(v, offset);
		memcpy(buf, &value, sizeof(value));
	} else {
		pieces_read(v, offset, buf, bytes);
	}
	count_once(&v->count.unknown, unknown);
}

static NOINLINE int regs_write(struct gvt_vgpu *v, u32 offset, const void *buf, unsigned int bytes)
{
	u64 unknown = v->count.unknown, value;
	int ret;

	v->count.mmio_writes++;
	if (UNLIKELY(v->failsafe)) {
		gvt_vreg_put(v, offset, buf, bytes);
		return 0;
	}
	if (bytes == 4 && !(offset % 4))
		return dword_write(v, offset, get32(buf), ~0U);
	if (bytes == 8 && is_fence(v, offset)) {
		memcpy(&value, buf, sizeof(value));
		return gvt_fence_write64(v, offset, value);
	}
	ret = pieces_write(v, offset, buf, bytes);
	count_once(&v->count.unknown, unknown);
	return ret;
}

/* --- areas of BAR0 --- */

static int bar0_read(struct gvt_vgpu *v, u64 offset, void *buf, unsigned int bytes)
{
	const u8 *shared;

	if (UNLIKELY(!size_ok(offset, bytes)) && !size_ok_unaligned(v, offset, bytes))
		return bad_size(v, "BAR0", offset, bytes);
	if (offset < GVT_MMIO_SIZE) {
		regs_read(v, (u32)offset, buf, bytes);
		return 0;
	}
	if (offset >= GVT_GTT_OFFSET)
		return gvt_ggtt_read(v, (u32)offset - GVT_GTT_OFFSET, buf, bytes);
	shared = gvt_pvmmio_at(v, offset);
	if (shared)
		memcpy(buf, shared, bytes);
	else
		memset(buf, 0, bytes);
	return 0;
}

static int bar0_write(struct gvt_vgpu *v, u64 offset, const void *buf, unsigned int bytes)
{
	u8 *shared;

	if (UNLIKELY(!size_ok(offset, bytes)) && !size_ok_unaligned(v, offset, bytes))
		return bad_size(v, "BAR0", offset, bytes);
	if (offset >= GVT_GTT_OFFSET)
		return gvt_ggtt_write(v, (u32)offset - GVT_GTT_OFFSET, buf, bytes);
	if (offset < GVT_MMIO_SIZE)
		return regs_write(v, (u32)offset, buf, bytes);
	shared = gvt_pvmmio_at(v, offset);
	if (shared)
		memcpy(shared, buf, bytes);
	return 0;
}

/* --- BAR2, on back ends that do not map it --- */

static bool bar_has(const struct gvt_bar *bar, u64 gpa)
{
	return bar->on && gpa - bar->base < bar->size;
}

/*
 * What was trapped before a reset or a write to COMMAND took the BARs away arrives here after it.
 * Nobody answers then, as on the bus: it is no failure, for which a guest would be punished.
 */
static bool decoded(const struct gvt_vgpu *v)
{
	return v->bar0.on || v->bar2.on;
}

static int bar2_check(const struct gvt_vgpu *v, u64 gpa, unsigned int bytes)
{
	if (!decoded(v))
		return 0;
	if (!bar_has(&v->bar2, gpa))
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: 0x%llx is in no BAR that is decoded",
				v->base.id, (unsigned long long)gpa);
	if (!size_ok(gpa, bytes))
		return bad_size(v, "BAR2", gpa - v->bar2.base, bytes);
	return 0;
}

static int bar2_read(struct gvt_vgpu *v, u64 gpa, void *buf, unsigned int bytes)
{
	int ret = bar2_check(v, gpa, bytes);
	u64 offset = gpa - v->bar2.base;

	if (ret)
		return ret;
	if (decoded(v) && gvt_range_has(&v->low, offset, bytes))
		return gvt_aperture_read(v->gvt, offset, buf, bytes);
	memset(buf, 0xff, bytes);
	return 0;
}

static NOINLINE int bar2_write(struct gvt_vgpu *v, u64 gpa, const void *buf, unsigned int bytes)
{
	int ret = bar2_check(v, gpa, bytes);
	u64 offset = gpa - v->bar2.base;

	if (ret)
		return ret;
	if (decoded(v) && gvt_range_has(&v->low, offset, bytes))
		return gvt_aperture_write(v->gvt, offset, buf, bytes);
	return 0;
}

/* --- the entry points --- */

/* 64 bits throughout: an address 4 GiB away is not the BAR. */
static bool in_bar0(const struct gvt_vgpu *v, u64 gpa)
{
	return v->bar0.on && gpa - v->bar0.base < GVT_BAR0_SIZE;
}

static void refused(const char *what)
{
	mpt_log_guest(MPT_LOG_WARN, "guest %s refused: %s", what, mpt_last_error());
}

/* Everything but the aligned dword of gvt_mmio_read(), which it must not slow down. */
static NOINLINE int read_rest(struct gvt_vgpu *v, u64 gpa, void *buf, unsigned int bytes)
{
	int ret;

	if (in_bar0(v, gpa))
		ret = bar0_read(v, gpa - v->bar0.base, buf, bytes);
	else
		ret = bar2_read(v, gpa, buf, bytes);
	if (UNLIKELY(ret)) {
		memset(buf, 0xff, bytes);
		v->count.errors++;
	}
	gvt_unlock(&v->lock);
	if (UNLIKELY(ret))
		refused("read");
	return ret;
}

int gvt_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	u64 offset;
	u32 value;

	gvt_lock(&v->lock);
	offset = gpa - v->bar0.base;
	if (UNLIKELY(offset >= GVT_MMIO_SIZE || bytes != 4 || offset % 4 || !v->bar0.on ||
		     v->failsafe))
		return read_rest(v, gpa, buf, bytes);
	v->count.mmio_reads++;
	value = dword_read(v, (u32)offset);
	memcpy(buf, &value, sizeof(value));
	gvt_unlock(&v->lock);
	return 0;
}

int gvt_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	int ret;

	gvt_lock(&v->lock);
	if (in_bar0(v, gpa))
		ret = bar0_write(v, gpa - v->bar0.base, buf, bytes);
	else
		ret = bar2_write(v, gpa, buf, bytes);
	if (UNLIKELY(ret))
		v->count.errors++;
	gvt_unlock(&v->lock);
	if (UNLIKELY(ret))
		refused("write");
	return ret;
}
