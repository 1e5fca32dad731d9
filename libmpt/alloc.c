/* SPDX-License-Identifier: MIT */
/*
 * The libraries' one allocator: what it gives is counted, and the Nth can be made to fail. Where
 * memory comes from is os.c's.
 */
#include "libmpt/os.h"

static unsigned long alloc_countdown; /* 0: off; 1: the next one fails */
static bool alloc_fired;
static long alloc_live;

void mpt_alloc_fail_at(unsigned long nth)
{
	os_store(&alloc_fired, false);
	os_store(&alloc_countdown, nth);
}

bool mpt_alloc_failed(void)
{
	return os_load(&alloc_fired);
}

long mpt_alloc_live(void)
{
	return os_load(&alloc_live);
}

/* Whether this allocation is the one to fail. */
static bool alloc_fails(void)
{
	if (OS_LIKELY(!os_load_relaxed(&alloc_countdown)))
		return false;
	if (os_fetch_add(&alloc_countdown, -1UL) != 1)
		return false;
	os_store(&alloc_fired, true);
	return true;
}

static void *alloc_made(void *ptr)
{
	if (ptr)
		os_fetch_add(&alloc_live, 1);
	return ptr;
}

void *mpt_zalloc(size_t size)
{
	if (alloc_fails())
		return NULL;
	return alloc_made(os_mem_zalloc(size ? size : 1));
}

void mpt_free(void *ptr)
{
	if (!ptr)
		return;
	os_fetch_add(&alloc_live, -1);
	os_mem_free(ptr);
}

static size_t page_round(size_t size)
{
	return (size + MPT_PAGE_SIZE - 1) & ~(MPT_PAGE_SIZE - 1);
}

/*
 * Pieces that are zero and touched. A fault costs as much as a hundred copies of a page, so the
 * next vGPU is better served with these. Tools that watch for use after free see none of it.
 */
#define KEPT_MAX 4

static struct {
	struct os_mutex lock;
	struct {
		void *ptr;
		size_t size;
	} piece[KEPT_MAX];
} kept = { .lock = OS_MUTEX_INIT(kept.lock) };

/* Swaps @ptr (NULL: take) with a piece of @size bytes (0: a free place); NULL, or @ptr: none. */
static void *kept_swap(void *ptr, size_t find, size_t size)
{
	unsigned int i;
	void *old = ptr;

	os_mutex_lock(&kept.lock);
	for (i = 0; i < KEPT_MAX; i++) {
		if (kept.piece[i].size != find)
			continue;
		old = kept.piece[i].ptr;
		kept.piece[i].ptr = ptr;
		kept.piece[i].size = size;
		break;
	}
	os_mutex_unlock(&kept.lock);
	return old;
}

void mpt_free_pages_zeroed(void *ptr, size_t size)
{
#if defined(__SANITIZE_ADDRESS__)
	mpt_free_pages(ptr, size);
#else
	if (!ptr)
		return;
	if (kept_swap(ptr, 0, page_round(size)))
		mpt_free_pages(ptr, size);
	else
		os_fetch_add(&alloc_live, -1);
#endif
}

void *mpt_zalloc_pages(size_t size)
{
	void *ptr;

	if (!size || page_round(size) < size || alloc_fails())
		return NULL;
	ptr = kept_swap(NULL, page_round(size), 0);
	if (ptr)
		return alloc_made(ptr);
	return alloc_made(os_pages_map(page_round(size)));
}

void mpt_clear_pages(void *ptr, size_t size)
{
	os_pages_clear(ptr, size);
}

void mpt_free_pages(void *ptr, size_t size)
{
	if (!ptr)
		return;
	os_fetch_add(&alloc_live, -1);
	os_pages_unmap(ptr, page_round(size));
}

int os_ram_alloc(struct os_ram *ram, size_t size)
{
	struct os_ram made;

	if (alloc_fails() || os_ram_map(&made, size))
		return -ENOMEM;
	alloc_made(made.addr);
	*ram = made;
	return 0;
}

void os_ram_free(struct os_ram *ram)
{
	if (!ram->addr)
		return;
	os_fetch_add(&alloc_live, -1);
	os_ram_unmap(ram);
	*ram = (struct os_ram){ .fd = -1 };
}

int os_event_new(void)
{
	int fd = alloc_fails() ? -1 : os_event_open();

	if (fd < 0)
		return -ENOMEM;
	os_fetch_add(&alloc_live, 1);
	return fd;
}

void os_event_free(int fd)
{
	if (fd < 0)
		return;
	os_fetch_add(&alloc_live, -1);
	os_event_close(fd);
}
