/* SPDX-License-Identifier: MIT */
/*
 * The machine's frames: blocks of 2 MiB handed out in a seeded, shuffled order, never equal to
 * the guest chunk they back, and the frames of the core's own pages. What is mapped for the
 * device in a block is dma.c's.
 */
#include "backends/mock/mock.h"

/*
 * The shuffle stays within windows, so that the lazily populated tables by block number stay
 * dense.
 */
#define WINDOW 1024U
#define BLOCKS (MOCK_BLOCK_END - MOCK_BLOCK_FIRST)

int mock_machine_init(struct mock *m)
{
	m->blocks = mpt_zalloc_pages(sizeof(*m->blocks) * MOCK_BLOCK_END);
	m->used = mpt_zalloc_pages(MOCK_BLOCK_END / 8);
	if (m->blocks && m->used)
		return 0;
	mock_machine_exit(m);
	return mock_fail("open", -ENOMEM, "no address space for the table of machine frames");
}

static void core_pages_free(struct mock *m)
{
	struct mock_core_page *page, *tmp;
	struct mock_core_block *b, *next;

	HASH_ITER(hh, m->core_pages, page, tmp) {
		HASH_DEL(m->core_pages, page);
		mpt_free(page);
	}
	for (b = m->core_blocks; b; b = next) {
		next = b->next;
		mpt_free(b);
	}
}

/* The VMs are gone, and with them all mappings. */
void mock_machine_exit(struct mock *m)
{
	struct mock_counts *counts, *next;

	core_pages_free(m);
	for (counts = m->counts; counts; counts = next) {
		next = counts->next;
		mpt_free(counts);
	}
	mpt_free_pages(m->used, MOCK_BLOCK_END / 8);
	mpt_free_pages(m->blocks, sizeof(*m->blocks) * MOCK_BLOCK_END);
}

/*
 * splitmix64's finalizer (Steele, Lea, Flood 2014): every bit of the key from every bit of the
 * seed.
 */
static u64 mix(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* A permutation of 0..BLOCKS-1 within windows: each step is a bijection of ten bits. */
static u32 shuffle(u64 seed, u32 n)
{
	u32 window = n / WINDOW, j = n % WINDOW;
	u64 key = mix(seed + (window + 1) * 0x9e3779b97f4a7c15ULL);

	j = (j * ((u32)key | 1) + (u32)(key >> 20)) % WINDOW;
	j ^= j >> 5;
	j = j * ((u32)(key >> 40) | 1) % WINDOW;
	return MOCK_BLOCK_FIRST + window * WINDOW + j;
}

/*
 * A free block that is not number @chunk, so that no guest frame is its own machine frame; 0:
 * none.
 */
static u32 block_alloc(struct mock *m, u64 chunk)
{
	u32 tries, block;

	for (tries = 0; tries < BLOCKS; tries++) {
		block = shuffle(m->opt.seed, m->next_block);
		m->next_block = (m->next_block + 1) % BLOCKS;
		if (block == chunk || (m->used[block / 64] & 1ULL << block % 64))
			continue;
		m->used[block / 64] |= 1ULL << block % 64;
		return block;
	}
	return 0;
}

static void block_free(struct mock *m, u32 block)
{
	m->used[block / 64] &= ~(1ULL << block % 64);
}

int mock_blocks_alloc(struct mock *m, u64 first_chunk, u32 *block, u64 n)
{
	u64 i;
	bool ok;

	os_mutex_lock(&m->lock);
	for (i = 0; i < n; i++) {
		block[i] = block_alloc(m, first_chunk + i);
		if (!block[i])
			break;
	}
	ok = i == n;
	while (!ok && i--)
		block_free(m, block[i]);
	os_mutex_unlock(&m->lock);
	return ok ? 0 :
		    mock_fail("ram_add", -ENOMEM,
			      "no %llu free blocks of 2 MiB are left in the machine "
			      "(remove RAM)",
			      (unsigned long long)n);
}

void mock_blocks_free(struct mock *m, const u32 *block, u64 n)
{
	u64 i;

	os_mutex_lock(&m->lock);
	for (i = 0; i < n; i++)
		block_free(m, block[i]);
	os_mutex_unlock(&m->lock);
}

/* --- the core's own pages --- */

/* A block with a free frame; m->lock is held. */
static struct mock_core_block *core_block(struct mock *m)
{
	struct mock_core_block *b = m->core_blocks;

	if (b && b->used < MOCK_HUGE_FRAMES)
		return b;
	b = mpt_zalloc(sizeof(*b));
	if (!b)
		return NULL;
	b->block = block_alloc(m, MOCK_NO_GFN);
	if (!b->block) {
		mpt_free(b);
		return NULL;
	}
	b->next = m->core_blocks;
	os_store(&m->core_blocks, b);
	return b;
}

/* m->lock is held. */
static struct mock_core_page *core_page_new(struct mock *m, void *p)
{
	struct mock_core_block *b = core_block(m);
	struct mock_core_page *page;
	bool ok = b;

	page = ok ? mpt_zalloc(sizeof(*page)) : NULL;
	if (!page)
		return NULL;
	page->page = p;
	MPT_HASH_ADD(m->core_pages, page, page, ok);
	if (!ok) {
		mpt_free(page);
		return NULL;
	}
	page->mfn = (u64)b->block * MOCK_HUGE_FRAMES + b->used;
	os_store(&b->page[b->used++], p);
	return page;
}

unsigned long mpt_mock_from_virt_to_mfn(void *p)
{
	struct mock *m = mpt_backend_self();
	struct mock_core_page *page;
	u64 mfn = INTEL_GVT_INVALID_ADDR;

	if (!m || !p || (uintptr_t)p % MPT_PAGE_SIZE) {
		mock_fail("from_virt_to_mfn", -EINVAL,
			  "%p is no page of the core's (give a page-aligned address)", p);
		return mfn;
	}
	os_mutex_lock(&m->lock);
	HASH_FIND_PTR(m->core_pages, &p, page);
	if (!page)
		page = core_page_new(m, p);
	if (page)
		mfn = page->mfn;
	os_mutex_unlock(&m->lock);
	if (!page)
		mock_fail("from_virt_to_mfn", -ENOMEM,
			  "no memory to give the page at %p a machine frame", p);
	return mfn;
}

void *mock_core_page(struct mock *m, u64 mfn)
{
	struct mock_core_block *b;

	for (b = os_load(&m->core_blocks); b; b = b->next)
		if (b->block == mfn / MOCK_HUGE_FRAMES)
			return os_load(&b->page[mfn % MOCK_HUGE_FRAMES]);
	return NULL;
}
