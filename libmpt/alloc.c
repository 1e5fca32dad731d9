/* SPDX-License-Identifier: MIT */
/* The libraries' one allocator, with its Fail-N trigger, and the user-space side of libmpt/os.h. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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
	return alloc_made(calloc(1, size ? size : 1));
}

void mpt_free(void *ptr)
{
	if (!ptr)
		return;
	os_fetch_add(&alloc_live, -1);
	free(ptr);
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
} kept = { .lock = OS_MUTEX_INIT };

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
	ptr = mmap(NULL, page_round(size), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ptr == MAP_FAILED)
		return NULL;
	/* A huge page would be zeroed whole at the first touch: 2 MiB for one entry of a table. */
	madvise(ptr, page_round(size), MADV_NOHUGEPAGE);
	return alloc_made(ptr);
}

void mpt_clear_pages(void *ptr, size_t size)
{
	madvise(ptr, size, MADV_DONTNEED);
}

void mpt_free_pages(void *ptr, size_t size)
{
	if (!ptr)
		return;
	os_fetch_add(&alloc_live, -1);
	munmap(ptr, page_round(size));
}

int os_ram_alloc(struct os_ram *ram, size_t size)
{
	void *addr;
	int fd;

	if (alloc_fails())
		return -ENOMEM;
	fd = memfd_create("mpt-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -ENOMEM;
	if (ftruncate(fd, (off_t)size))
		goto err_fd;
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (addr == MAP_FAILED)
		goto err_fd;
	*ram = (struct os_ram){ .addr = alloc_made(addr), .size = size, .fd = fd };
	return 0;
err_fd:
	close(fd);
	return -ENOMEM;
}

void os_ram_free(struct os_ram *ram)
{
	if (!ram->addr)
		return;
	os_fetch_add(&alloc_live, -1);
	munmap(ram->addr, ram->size);
	close(ram->fd);
	*ram = (struct os_ram){ .fd = -1 };
}

int os_event_new(void)
{
	int fd;

	if (alloc_fails())
		return -ENOMEM;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -ENOMEM;
	os_fetch_add(&alloc_live, 1);
	return fd;
}

void os_event_signal(int fd)
{
	u64 one = 1;

	/* EAGAIN means that the counter is full: the reader is signalled all the same. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void os_event_free(int fd)
{
	if (fd < 0)
		return;
	os_fetch_add(&alloc_live, -1);
	close(fd);
}

u64 os_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

void os_yield(void)
{
	sched_yield();
}

/* Exported functions have names here; of the rest addr2line knows them, by the file's offset. */
void os_symbol(const void *where, char *buf, size_t len)
{
	const char *file, *slash;
	Dl_info info;

	if (!dladdr(where, &info) || !info.dli_fname) {
		snprintf(buf, len, "%p", where);
		return;
	}
	slash = strrchr(info.dli_fname, '/');
	file = slash ? slash + 1 : info.dli_fname;
	if (info.dli_sname)
		snprintf(buf, len, "%s+0x%zx (%s)", info.dli_sname,
			 (size_t)((const char *)where - (const char *)info.dli_saddr), file);
	else
		snprintf(buf, len, "%s+0x%zx", file,
			 (size_t)((const char *)where - (const char *)info.dli_fbase));
}
