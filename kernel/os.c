/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The kernel's side of libmpt/os.h: memory, time, names of places. */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "libmpt/os.h"

/* Who asks for too much is refused; no other process is killed for it. */
#define GFP GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN

void *os_mem_zalloc(size_t size)
{
	return kvmalloc(size, GFP);
}

void os_mem_free(void *ptr)
{
	kvfree(ptr);
}

/* Nothing here comes when it is touched, so tables are made as small as they can be (phys-bits). */
void *os_pages_map(size_t size)
{
	return __vmalloc(size, GFP);
}

void os_pages_clear(void *ptr, size_t size)
{
	memset(ptr, 0, size);
}

void os_pages_unmap(void *ptr, size_t size)
{
	vfree(ptr);
}

int os_ram_map(struct os_ram *ram, size_t size)
{
	void *addr = __vmalloc(size, GFP);

	if (!addr)
		return -ENOMEM;
	*ram = (struct os_ram){ .addr = addr, .size = size, .fd = -1 };
	return 0;
}

void os_ram_unmap(struct os_ram *ram)
{
	vfree(ram->addr);
}

/* A descriptor is a process's; a hypervisor in a kernel signals by the interrupt itself. */
int os_event_open(void)
{
	return -1;
}

void os_event_signal(int fd)
{
}

void os_event_close(int fd)
{
}

u64 os_now_ns(void)
{
	return ktime_get_ns();
}

void os_yield(void)
{
	schedule();
}

void os_symbol(const void *where, char *buf, size_t len)
{
	snprintf(buf, len, "%pS", where);
}
