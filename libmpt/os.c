/* SPDX-License-Identifier: MIT */
/* The user-space side of libmpt/os.h: memory, descriptors, time, threads, names of places. */
#include <dlfcn.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libmpt/os.h"

void *os_mem_zalloc(size_t size)
{
	return calloc(1, size);
}

void os_mem_free(void *ptr)
{
	free(ptr);
}

void *os_pages_map(size_t size)
{
	void *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (ptr == MAP_FAILED)
		return NULL;
	/* A huge page would be zeroed whole at the first touch: 2 MiB for one entry of a table. */
	madvise(ptr, size, MADV_NOHUGEPAGE);
	return ptr;
}

void os_pages_clear(void *ptr, size_t size)
{
	madvise(ptr, size, MADV_DONTNEED);
}

void os_pages_unmap(void *ptr, size_t size)
{
	munmap(ptr, size);
}

int os_ram_map(struct os_ram *ram, size_t size)
{
	int fd = memfd_create("mpt-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *addr = MAP_FAILED;

	if (fd < 0)
		return -ENOMEM;
	if (!ftruncate(fd, (off_t)size))
		addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (addr == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	*ram = (struct os_ram){ .addr = addr, .size = size, .fd = fd };
	return 0;
}

void os_ram_unmap(struct os_ram *ram)
{
	munmap(ram->addr, ram->size);
	close(ram->fd);
}

int os_event_open(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void os_event_signal(int fd)
{
	u64 one = 1;

	/* EAGAIN means that the counter is full: the reader is signalled all the same. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void os_event_close(int fd)
{
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

/* --- threads --- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static void (*exit_fn)(void *arg);
static bool have_membarrier;

static int membarrier(int cmd)
{
	return (int)syscall(SYS_membarrier, cmd, 0, 0);
}

static void thread_exits(void *arg)
{
	os_load(&exit_fn)(arg);
}

static void setup(void)
{
	pthread_key_create(&exit_key, thread_exits);
	have_membarrier = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

bool os_all_barrier_cheap(void)
{
	pthread_once(&once, setup);
	return have_membarrier;
}

void os_all_barrier(void)
{
	os_full_fence();
	if (!os_all_barrier_cheap() || !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		return;
	/* A child of fork() may have to register anew. */
	membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

void os_at_thread_exit(void (*fn)(void *arg), void *arg)
{
	pthread_once(&once, setup);
	os_store(&exit_fn, fn);
	pthread_setspecific(exit_key, arg);
}
