/* SPDX-License-Identifier: MIT */
/*
 * The global GTT: a vGPU's virtual table, what of it is mapped for DMA, and the vGPU's entries in
 * the host's table. Offsets are relative to the table's begin in BAR0. What the device does with
 * an entry is the hardware's business.
 *
 * Invariants, under the vGPU's lock:
 * - a host entry in the vGPU's ranges is not 0 exactly when its bit in ggtt_live is set; it then
 *   holds one count of a DMA mapping of the page that the virtual entry names;
 * - an entry that waits for its other half holds the written half, zeros, and is not live.
 */
#include "internal.h"

#define WORDS (GVT_GGTT_ENTRIES / 64)
#define PER_PAGE ((u32)MPT_PAGE_SIZE / 8) /* entries */
/* So many pages are cleared faster by giving them back to the system. */
#define MANY_PAGES 256
/* Keeps what is rare out of the write of an entry, which is measured. */
#define NOINLINE __attribute__((noinline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * A bit per entry instead of a list: the guest may leave any number half-written in any order,
 * and what it can make us keep is bounded from the start.
 */
struct gvt_ggtt_half {
	u64 waiting; /* entries with one half written: mostly 0 */
	u64 seen[2][WORDS]; /* the low, the high half is there */
};

/* All tables of a vGPU in one piece: one allocation, which costs what is touched of it. */
struct ggtt_tables {
	u64 entry[GVT_GGTT_ENTRIES];
	u64 live[WORDS];
	u64 live_sum[WORDS / 64];
	struct gvt_ggtt_half half;
};

#define TABLES_SIZE ((sizeof(struct ggtt_tables) + MPT_PAGE_SIZE - 1) & ~(MPT_PAGE_SIZE - 1))

int gvt_ggtt_init(struct gvt_vgpu *v)
{
	struct ggtt_tables *t = mpt_zalloc_pages(TABLES_SIZE);

	if (!t)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: no memory for its GGTT", v->base.id);
	v->ggtt = t->entry;
	v->ggtt_live = t->live;
	v->ggtt_live_sum = t->live_sum;
	v->half = &t->half;
	return 0;
}

bool gvt_ggtt_validate(const struct gvt_vgpu *v, u64 addr, u64 size)
{
	if (!size)
		size = 1;
	return gvt_range_has(&v->low, addr, size) || gvt_range_has(&v->high, addr, size);
}

/* Ranges are whole pages, so the page's first byte decides. */
static bool entry_owned(const struct gvt_vgpu *v, u32 index)
{
	u64 addr = (u64)index << MPT_PAGE_SHIFT;

	return addr - v->low.start < v->low.size || addr - v->high.start < v->high.size;
}

/*
 * The one way to write the virtual table: a reset clears what is marked here, no more. Stores are
 * what the next access waits for, at its lock; so a mark that is there is not made again.
 */
static inline void entry_put(struct gvt_vgpu *v, u32 index, u64 entry)
{
	u64 *used = &v->ggtt_used[index / PER_PAGE / 64], bit = 1ULL << index / PER_PAGE % 64;

	if (UNLIKELY(!(*used & bit)))
		*used |= bit;
	v->ggtt[index] = entry;
}

static bool entry_live(const struct gvt_vgpu *v, u32 index)
{
	return v->ggtt_live[index / 64] >> (index % 64) & 1;
}

static void live_set(struct gvt_vgpu *v, u32 index)
{
	v->ggtt_live[index / 64] |= 1ULL << (index % 64);
	v->ggtt_live_sum[index / 4096] |= 1ULL << (index / 64 % 64);
	v->count.ggtt_mapped++;
}

static void live_clear(struct gvt_vgpu *v, u32 index)
{
	v->ggtt_live[index / 64] &= ~(1ULL << (index % 64));
	if (!v->ggtt_live[index / 64])
		v->ggtt_live_sum[index / 4096] &= ~(1ULL << (index / 64 % 64));
	v->count.ggtt_mapped--;
}

/* The first live entry at or after @index; GVT_GGTT_ENTRIES: none. */
static u32 live_next(const struct gvt_vgpu *v, u32 index)
{
	u32 word = index / 64;
	u64 bits;

	if (index >= GVT_GGTT_ENTRIES)
		return GVT_GGTT_ENTRIES;
	bits = v->ggtt_live[word] & ~0ULL << (index % 64);
	if (bits)
		return word * 64 + (u32)__builtin_ctzll(bits);
	for (word++; word < WORDS; word = (word / 64 + 1) * 64) {
		bits = v->ggtt_live_sum[word / 64] & ~0ULL << (word % 64);
		if (!bits)
			continue;
		word = word / 64 * 64 + (u32)__builtin_ctzll(bits);
		return word * 64 + (u32)__builtin_ctzll(v->ggtt_live[word]);
	}
	return GVT_GGTT_ENTRIES;
}

/*
 * Give the host entry a new value, 0 for scratch. The old mapping goes last: the new one counts
 * already, so a rewrite of the same page never drops it in between.
 */
static inline void host_set(struct gvt_vgpu *v, u32 index, u64 host)
{
	u64 *slot = &v->gvt->hw.ggtt[index];
	bool was = entry_live(v, index);
	u64 old = was ? __atomic_load_n(slot, __ATOMIC_RELAXED) : 0;

	if (!was && !host)
		return;
	__atomic_store_n(slot, host, __ATOMIC_RELEASE);
	__atomic_store_n(&v->gvt->ggtt_dirty, true, __ATOMIC_RELEASE);
	if (host && !was)
		live_set(v, index);
	if (was && !host)
		live_clear(v, index);
	if (was)
		intel_gvt_hypervisor_dma_unmap_guest_page(&v->base, old & GVT_PTE_ADDR);
}

static unsigned long entry_gfn(u64 entry)
{
	return (entry & GVT_PTE_ADDR) >> MPT_PAGE_SHIFT;
}

/* Why is asked only here: a map refuses what is no RAM, so no entry needs to ask before. */
static NOINLINE u64 host_scratch(struct gvt_vgpu *v, u64 entry)
{
	bool ram = intel_gvt_hypervisor_is_valid_gfn(&v->base, entry_gfn(entry));

	v->count.ggtt_scratch++;
	mpt_log_guest(MPT_LOG_WARN,
		      "vGPU %d: GGTT entry for gfn 0x%lx goes to the scratch page: %s", v->base.id,
		      entry_gfn(entry), ram ? "it cannot be mapped" : "no RAM");
	return 0;
}

/* A bus address that an entry cannot hold, or one of the device's own pages. */
static NOINLINE int host_unusable(struct gvt_vgpu *v, dma_addr_t dma)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(&v->base, dma);
	return -EFAULT;
}

static inline int host_map(struct gvt_vgpu *v, u64 entry, u64 *host)
{
	dma_addr_t dma;
	int ret;

	ret = intel_gvt_hypervisor_dma_map_guest_page(&v->base, entry_gfn(entry), MPT_PAGE_SIZE,
						      &dma);
	if (UNLIKELY(ret))
		return ret;
	if (UNLIKELY(!gvt_bus_usable(v->gvt, dma)))
		return host_unusable(v, dma);
	*host = (entry & ~GVT_PTE_ADDR) | dma;
	return 0;
}

/* The host entry for a present virtual one; 0, scratch, when the page cannot be mapped. */
static inline u64 host_make(struct gvt_vgpu *v, u64 entry)
{
	u64 host = 0;

	if (UNLIKELY(host_map(v, entry, &host)))
		return host_scratch(v, entry);
	return host;
}

static inline void entry_write(struct gvt_vgpu *v, u32 index, u64 entry, u64 host)
{
	v->count.ggtt_writes++;
	entry_put(v, index, entry);
	host_set(v, index, host);
}

static bool half_take(struct gvt_vgpu *v, u32 index, unsigned int half)
{
	u64 *word = &v->half->seen[half][index / 64], bit = 1ULL << (index % 64);

	if (!(*word & bit))
		return false;
	*word &= ~bit;
	v->half->waiting--;
	return true;
}

/*
 * The first half makes the entry unusable, the other one completes it; the same half again
 * replaces what was there.
 */
static NOINLINE void half_write(struct gvt_vgpu *v, u32 index, unsigned int half, u32 value)
{
	u64 bits = (u64)value << (32 * half);

	if (half_take(v, index, !half)) {
		bits |= v->ggtt[index];
		entry_write(v, index, bits, bits & GVT_PTE_PRESENT ? host_make(v, bits) : 0);
		return;
	}
	half_take(v, index, half);
	v->half->seen[half][index / 64] |= 1ULL << (index % 64);
	v->half->waiting++;
	entry_put(v, index, bits);
	host_set(v, index, 0);
}

static bool access_ok(u32 offset, unsigned int bytes)
{
	return (bytes == 4 || bytes == 8) && !(offset & (bytes - 1)) && offset < GVT_GTT_SIZE;
}

static NOINLINE int access_bad(const struct gvt_vgpu *v, u32 offset, unsigned int bytes)
{
	return mpt_fail(-EINVAL, "gvt", "vGPU %d: GGTT offset 0x%x: %u bytes (use aligned 4 or 8)",
			v->base.id, offset, bytes);
}

int gvt_ggtt_read(struct gvt_vgpu *v, u32 offset, void *buf, unsigned int bytes)
{
	if (!access_ok(offset, bytes))
		return access_bad(v, offset, bytes);
	if (entry_owned(v, offset / 8))
		memcpy(buf, (const u8 *)v->ggtt + offset, bytes);
	else
		memset(buf, 0, bytes);
	return 0;
}

/*
 * Only the virtual table: nothing is mapped any more. A mapping that the entry had goes, because
 * from now on the virtual entry no longer names its page.
 */
static NOINLINE int failsafe_write(struct gvt_vgpu *v, u32 offset, const void *buf,
				   unsigned int bytes)
{
	u64 entry;

	if (!entry_owned(v, offset / 8))
		return 0;
	host_set(v, offset / 8, 0);
	entry = v->ggtt[offset / 8];
	memcpy((u8 *)&entry + offset % 8, buf, bytes);
	entry_put(v, offset / 8, entry);
	return 0;
}

static NOINLINE int write_rest(struct gvt_vgpu *v, u32 offset, const void *buf, unsigned int bytes)
{
	u32 index = offset / 8, value;
	u64 entry;

	if (!access_ok(offset, bytes))
		return access_bad(v, offset, bytes);
	if (v->failsafe)
		return failsafe_write(v, offset, buf, bytes);
	/* Guests clear the whole table, whatever they own of it. */
	if (!entry_owned(v, index)) {
		v->count.ggtt_ignored++;
		return 0;
	}
	if (bytes == 4) {
		memcpy(&value, buf, sizeof(value));
		half_write(v, index, offset / 4 % 2, value);
		return 0;
	}
	if (v->half->waiting && !half_take(v, index, 0))
		half_take(v, index, 1);
	memcpy(&entry, buf, sizeof(entry));
	entry_write(v, index, entry, entry & GVT_PTE_PRESENT ? host_make(v, entry) : 0);
	return 0;
}

/* A whole entry that is present, with nothing half-written anywhere: what guests mostly do. */
int gvt_ggtt_write(struct gvt_vgpu *v, u32 offset, const void *buf, unsigned int bytes)
{
	u64 entry;

	if (UNLIKELY(bytes != 8 || offset % 8 || offset >= GVT_GTT_SIZE || v->failsafe ||
		     !entry_owned(v, offset / 8) || v->half->waiting))
		return write_rest(v, offset, buf, bytes);
	memcpy(&entry, buf, sizeof(entry));
	if (UNLIKELY(!(entry & GVT_PTE_PRESENT)))
		return write_rest(v, offset, buf, bytes);
	entry_write(v, offset / 8, entry, host_make(v, entry));
	return 0;
}

/* --- save and restore --- */

static bool half_seen(const struct gvt_vgpu *v, u32 index, unsigned int half)
{
	return v->half->seen[half][index / 64] >> (index % 64) & 1;
}

u8 gvt_ggtt_flags(const struct gvt_vgpu *v, u32 index)
{
	return (half_seen(v, index, 0) ? GVT_ENTRY_LOW : 0) |
	       (half_seen(v, index, 1) ? GVT_ENTRY_HIGH : 0) |
	       (entry_live(v, index) ? GVT_ENTRY_MAPPED : 0);
}

/* @flags say what the entry is; on failure it is as it was. */
int gvt_ggtt_restore(struct gvt_vgpu *v, u32 index, u64 entry, u8 flags)
{
	u64 host = 0;
	unsigned int half;
	int ret;

	ret = flags & GVT_ENTRY_MAPPED ? host_map(v, entry, &host) : 0;
	if (ret)
		return mpt_fail(ret, "gvt", "vGPU %d: state: field ggtt.entry: gfn 0x%llx of entry "
				"0x%x cannot be mapped here: %s (restore the guest's memory first)",
				v->base.id, (entry & GVT_PTE_ADDR) >> MPT_PAGE_SHIFT, index,
				mpt_errno_name(ret));
	entry_put(v, index, entry);
	host_set(v, index, host);
	for (half = 0; half < 2; half++) {
		if (!(flags & GVT_ENTRY_LOW << half))
			continue;
		v->half->seen[half][index / 64] |= 1ULL << (index % 64);
		v->half->waiting++;
	}
	return 0;
}

/* The virtual entry stays as the guest wrote it; the device sees the scratch page from now on. */
void gvt_ggtt_region_gone(struct gvt_vgpu *v, u64 gfn, u64 nr)
{
	u32 i;

	for (i = live_next(v, 0); i < GVT_GGTT_ENTRIES; i = live_next(v, i + 1)) {
		u64 page = (v->ggtt[i] & GVT_PTE_ADDR) >> MPT_PAGE_SHIFT;

		if (page < gfn || page - gfn >= nr)
			continue;
		host_set(v, i, 0);
		v->count.ggtt_scratch++;
	}
}

static void unmap_all(struct gvt_vgpu *v)
{
	u32 i;

	for (i = live_next(v, 0); i < GVT_GGTT_ENTRIES; i = live_next(v, i + 1))
		host_set(v, i, 0);
}

static unsigned int pages_used(const struct gvt_vgpu *v)
{
	unsigned int n = 0, i;

	for (i = 0; i < sizeof(v->ggtt_used) / sizeof(v->ggtt_used[0]); i++)
		n += (unsigned int)__builtin_popcountll(v->ggtt_used[i]);
	return n;
}

/* One page of the virtual table and what the bitmaps say of it; nothing of it is live. */
static void page_clear(struct gvt_vgpu *v, u32 page)
{
	memset(v->ggtt + page * PER_PAGE, 0, MPT_PAGE_SIZE);
	memset(v->half->seen[0] + page * (PER_PAGE / 64), 0, PER_PAGE / 8);
	memset(v->half->seen[1] + page * (PER_PAGE / 64), 0, PER_PAGE / 8);
}

/* As gvt_ggtt_init() left it. A live bit is only ever set for an entry that was written. */
static void tables_clear(struct gvt_vgpu *v)
{
	u32 i;

	unmap_all(v);
	if (pages_used(v) > MANY_PAGES) {
		mpt_clear_pages(v->ggtt, TABLES_SIZE);
		memset(v->ggtt_used, 0, sizeof(v->ggtt_used));
		return;
	}
	for (i = 0; i < sizeof(v->ggtt_used) / sizeof(v->ggtt_used[0]); i++)
		for (; v->ggtt_used[i]; v->ggtt_used[i] &= v->ggtt_used[i] - 1)
			page_clear(v, i * 64 + (u32)__builtin_ctzll(v->ggtt_used[i]));
	v->half->waiting = 0;
}

void gvt_ggtt_reset(struct gvt_vgpu *v)
{
	tables_clear(v);
}

void gvt_ggtt_clean(struct gvt_vgpu *v)
{
	if (!v->ggtt)
		return;
	tables_clear(v);
	mpt_free_pages_zeroed(v->ggtt, TABLES_SIZE);
	v->ggtt = NULL;
	v->ggtt_live = NULL;
	v->ggtt_live_sum = NULL;
	v->half = NULL;
}
