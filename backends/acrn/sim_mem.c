/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory: pages by host-physical address, in one reservation of the process, so that
 * address and pointer differ by a constant; and numbers for pages of the process that are not the
 * machine's RAM. What is free cannot be touched. No guest addresses here.
 */
#include <sys/mman.h>

#include "backends/acrn/sim_priv.h"

#define PAGES (ACRN_RAM_SIZE >> MPT_PAGE_SHIFT)
/* The machine's window, of which RAM is the lower half. */
#define WINDOW (1ULL << VHM_HPA_SHIFT)
#define PROBES 1024

_Static_assert(ACRN_RAM_SIZE * 2 == 1ULL << VHM_HPA_SHIFT, "half a window");

static u64 usable(const struct acrn_mem *m)
{
	return (m->size - ACRN_RAM_RESERVED) >> MPT_PAGE_SHIFT;
}

/* The allocator is asked for nothing but whether this allocation shall fail. */
static bool planned_to_fail(void)
{
	void *token = mpt_zalloc(1);

	mpt_free(token);
	return !token;
}

static void *reserve(u64 size)
{
	void *arena = planned_to_fail() ? MAP_FAILED :
					  mmap(NULL, size, PROT_NONE,
					       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return arena == MAP_FAILED ? NULL : arena;
}

int acrn_mem_init(struct acrn_sim *sim, unsigned int index)
{
	struct acrn_mem *m = &sim->mem;

	os_mutex_init(&m->lock);
	m->base = VHM_HPA_BASE(index);
	m->used = mpt_zalloc_pages(PAGES / 8);
	m->taken = mpt_zalloc_pages(PAGES / 8);
	m->foreign = mpt_zalloc_pages(PAGES * sizeof(u64));
	for (m->size = ACRN_RAM_SIZE; m->size >= ACRN_RAM_LEAST; m->size /= 2) {
		m->arena = reserve(m->size);
		if (m->arena)
			break;
	}
	if (m->arena && m->used && m->taken && m->foreign)
		return 0;
	acrn_mem_exit(sim);
	return -ENOMEM;
}

void acrn_mem_exit(struct acrn_sim *sim)
{
	struct acrn_mem *m = &sim->mem;

	if (m->arena)
		munmap(m->arena, m->size);
	mpt_free_pages(m->foreign, PAGES * sizeof(u64));
	mpt_free_pages(m->taken, PAGES / 8);
	mpt_free_pages(m->used, PAGES / 8);
	os_mutex_destroy(&m->lock);
}

/* --- RAM --- */

static bool page_used(const struct acrn_mem *m, u64 page)
{
	return os_load(&m->used[page / 64]) >> page % 64 & 1;
}

static void pages_mark(u64 *map, u64 first, u64 n, bool on)
{
	u64 page, last = first + n;

	for (page = first; page < last; page++) {
		u64 *word = &map[page / 64], bit = 1ULL << page % 64;

		if (page % 64 == 0 && last - page >= 64) {
			os_store(word, on ? ~0ULL : 0);
			page += 63;
		} else {
			os_store(word, on ? *word | bit : *word & ~bit);
		}
	}
}

/* The first page at or after @page that is taken, up to @end. */
static u64 next_taken(const struct acrn_mem *m, u64 page, u64 end)
{
	while (page < end) {
		u64 word = m->taken[page / 64] >> page % 64;

		if (word)
			return page + (u64)__builtin_ctzll(word);
		page = (page / 64 + 1) * 64;
	}
	return end;
}

/* @n free pages between @from and @to, or @to. */
static u64 find_free(const struct acrn_mem *m, u64 from, u64 to, u64 n, u64 align)
{
	u64 page, hit;

	for (page = (from + align - 1) & ~(align - 1); page + n <= to;) {
		hit = next_taken(m, page, page + n);
		if (hit >= page + n)
			return page;
		page = (hit + align) & ~(align - 1);
	}
	return to;
}

static u64 take_pages(struct acrn_mem *m, u64 n, u64 align)
{
	u64 end = usable(m), page = find_free(m, m->next, end, n, align);

	if (page == end)
		page = find_free(m, 0, end, n, align);
	if (page == end)
		return page;
	if (mprotect(m->arena + (page << MPT_PAGE_SHIFT), n << MPT_PAGE_SHIFT,
		     PROT_READ | PROT_WRITE))
		return end;
	pages_mark(m->taken, page, n, true);
	pages_mark(m->used, page, n, true);
	m->next = page + n;
	return page;
}

u64 acrn_mem_alloc(struct acrn_sim *sim, u64 size, u64 align)
{
	struct acrn_mem *m = &sim->mem;
	u64 page;

	if (!size || size > ACRN_RAM_SIZE || (size | align) % MPT_PAGE_SIZE || !align ||
	    (align & (align - 1)) || planned_to_fail())
		return ~0ULL;
	os_mutex_lock(&m->lock);
	page = take_pages(m, size >> MPT_PAGE_SHIFT, align >> MPT_PAGE_SHIFT);
	os_mutex_unlock(&m->lock);
	return page == usable(m) ? ~0ULL : m->base + (page << MPT_PAGE_SHIFT);
}

static bool in_ram(const struct acrn_mem *m, u64 hpa)
{
	return hpa - m->base < m->size;
}

/* Who reads it does so in a section; the memory is made inaccessible when they are out. */
void acrn_mem_free(struct acrn_sim *sim, u64 hpa, u64 size)
{
	struct acrn_mem *m = &sim->mem;
	u64 first = (hpa - m->base) >> MPT_PAGE_SHIFT, n = size >> MPT_PAGE_SHIFT;
	u64 page;

	if (!in_ram(m, hpa) || hpa % MPT_PAGE_SIZE || !n || n > usable(m) - first) {
		acrn_broken(sim, 0, "memory freed that is none");
		return;
	}
	for (page = first; page < first + n && page_used(m, page); page++)
		;
	if (page < first + n) {
		acrn_broken(sim, 0, "memory freed twice");
		return;
	}
	/* Not found any more, but not yet given to anybody else. */
	os_mutex_lock(&m->lock);
	pages_mark(m->used, first, n, false);
	os_mutex_unlock(&m->lock);
	mpt_rcu_synchronize();
	os_mutex_lock(&m->lock);
	mmap(m->arena + (first << MPT_PAGE_SHIFT), size, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	pages_mark(m->taken, first, n, false);
	os_mutex_unlock(&m->lock);
}

/* --- pages of the process --- */

/* Neighbours share a page of the table, in another order: they are none in the machine. */
#define BLOCK 512
#define BLOCKS (PAGES / BLOCK)

static u64 hash_place(u64 page, u64 probe)
{
	u64 block = (page / BLOCK * 0x9e3779b97f4a7c15ULL >> 40) + probe;

	return block % BLOCKS * BLOCK + page * 0x9d % BLOCK;
}

/* A page's place in the table is its number. Never forgotten: whoever asks again gets the same. */
static u64 number_of(struct acrn_mem *m, u64 page)
{
	u64 i, at, is;

	for (i = 0; i < PROBES; i++) {
		at = hash_place(page, i);
		is = os_load(&m->foreign[at]);
		if (!is && os_cas(&m->foreign[at], &is, page))
			return at;
		if (is == page)
			return at;
	}
	return ~0ULL;
}

u64 acrn_mem_phys(struct acrn_sim *sim, void *page)
{
	struct acrn_mem *m = &sim->mem;
	u64 offset = (u64)(uintptr_t)page - (u64)(uintptr_t)m->arena, number;

	if (offset < m->size)
		return page_used(m, offset >> MPT_PAGE_SHIFT) ? m->base + offset : ~0ULL;
	if (!page || (uintptr_t)page >> 47)
		return ~0ULL;
	number = number_of(m, (u64)(uintptr_t)page >> MPT_PAGE_SHIFT);
	if (number == ~0ULL)
		return number;
	return m->base + ACRN_RAM_SIZE + (number << MPT_PAGE_SHIFT) +
	       (uintptr_t)page % MPT_PAGE_SIZE;
}

void *acrn_mem_virt(struct acrn_sim *sim, u64 hpa)
{
	struct acrn_mem *m = &sim->mem;
	u64 offset = hpa - m->base, page;

	if (OS_LIKELY(offset < ACRN_RAM_SIZE))
		return page_used(m, offset >> MPT_PAGE_SHIFT) ? m->arena + offset : NULL;
	if (offset >= WINDOW)
		return NULL;
	page = os_load(&m->foreign[(offset - ACRN_RAM_SIZE) >> MPT_PAGE_SHIFT]);
	if (!page)
		return NULL;
	return (void *)(uintptr_t)(page << MPT_PAGE_SHIFT | hpa % MPT_PAGE_SIZE);
}

/* --- the service VM's view --- */

u64 acrn_mem_to_service(struct acrn_sim *sim, u64 hpa)
{
	return sim->config.profile->identity ? hpa : hpa + ACRN_SERVICE_SHIFTED;
}

u64 acrn_mem_from_service(struct acrn_sim *sim, u64 gpa)
{
	if (sim->config.profile->identity)
		return gpa;
	return gpa < ACRN_SERVICE_SHIFTED ? ~0ULL : gpa - ACRN_SERVICE_SHIFTED;
}

/* A device's: in no machine's window. */
static bool device_range(u64 hpa, u64 size)
{
	u64 last = hpa + size - 1;

	if (last < hpa || last >> 42)
		return false;
	return last < VHM_HPA_BASE(0) || hpa >= VHM_HPA_BASE(ACRN_PROVIDERS);
}

int acrn_mem_service_range(struct acrn_sim *sim, u64 gpa, u64 size, u64 *hpa)
{
	struct acrn_mem *m = &sim->mem;
	u64 page, first = acrn_mem_from_service(sim, gpa);

	*hpa = first;
	if (first == ~0ULL || !size)
		return -EINVAL;
	if (device_range(first, size))
		return 0;
	if (size > WINDOW || first - m->base >= WINDOW || first - m->base > WINDOW - size)
		return -EINVAL;
	if (in_ram(m, first + size - 1) &&
	    first + size > m->base + m->size - ACRN_RAM_RESERVED)
		return -EFAULT;
	for (page = 0; page < size; page += MPT_PAGE_SIZE)
		if (!acrn_mem_virt(sim, first + page))
			return -EINVAL;
	return 0;
}
