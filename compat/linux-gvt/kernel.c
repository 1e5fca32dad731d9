/* SPDX-License-Identifier: MIT */
/*
 * The kernel's functions that a GVT core calls for itself: memory, locks, waiting, threads, timers.
 * Nothing runs by itself here: threads are made and never started, timers never fire, as what they
 * would do (submission, display refresh) is not here either. The graphics device is in device.c.
 *
 * Compiled with the kernel's headers and flags. What a header only declares is defined here, so the
 * types are the kernel's.
 */
#include <linux/cpuhotplug.h>
#include <linux/crc32.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/radix-tree.h>
#include <linux/ratelimit_types.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "kernel.h"
#include "side.h"

#define CALLER __builtin_return_address(0)

/* --- what the kernel keeps for a processor, a module, a task --- */

static struct task_struct task;
DEFINE_PER_CPU(struct task_struct *, current_task) = &task;
DEFINE_PER_CPU(int, __preempt_count);
struct module __this_module = { .name = "i915" };
unsigned long phys_base;

void __local_bh_enable_ip(unsigned long ip, unsigned int cnt)
{
}

/* --- memory --- */

unsigned long page_offset_base;
unsigned long vmemmap_base;

struct kmem_cache {
	size_t size;
	void (*ctor)(void *object);
};

static struct kmem_cache sizes[KMALLOC_SHIFT_HIGH + 1];
struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][KMALLOC_SHIFT_HIGH + 1];

static void caches_init(void)
{
	unsigned int type, i;

	for (i = 0; i <= KMALLOC_SHIFT_HIGH; i++)
		sizes[i].size = i == 1 ? 96 : i == 2 ? 192 : 1UL << i;
	for (type = 0; type < NR_KMALLOC_TYPES; type++)
		for (i = 0; i <= KMALLOC_SHIFT_HIGH; i++)
			kmalloc_caches[type][i] = &sizes[i];
}

void *__kmalloc(size_t size, gfp_t flags)
{
	return side_alloc(size, flags & __GFP_ZERO, CALLER);
}

void *kmalloc_order(size_t size, gfp_t flags, unsigned int order)
{
	return side_alloc(size, flags & __GFP_ZERO, CALLER);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags)
{
	void *p = side_alloc(cache->size, flags & __GFP_ZERO, CALLER);

	if (p && cache->ctor)
		cache->ctor(p);
	return p;
}

void *krealloc(const void *old, size_t size, gfp_t flags)
{
	void *p = side_alloc(size, flags & __GFP_ZERO, CALLER);

	if (p && old) {
		memcpy(p, old, min_t(size_t, size, side_size(old)));
		side_free(old);
	}
	return p;
}

void kfree(const void *p)
{
	side_free(p);
}

static struct kmem_cache *cache_new(size_t size, void (*ctor)(void *object), const void *where)
{
	struct kmem_cache *cache = side_alloc(sizeof(*cache), 1, where);

	if (cache) {
		cache->size = size;
		cache->ctor = ctor;
	}
	return cache;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	return cache_new(size, ctor, CALLER);
}

struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      unsigned int useroffset, unsigned int usersize,
					      void (*ctor)(void *))
{
	return cache_new(size, ctor, CALLER);
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	side_free(cache);
}

void kmem_cache_free(struct kmem_cache *cache, void *p)
{
	side_free(p);
}

void *vmalloc(unsigned long size)
{
	return side_alloc(size, 0, CALLER);
}

void *vzalloc(unsigned long size)
{
	return side_alloc(size, 1, CALLER);
}

void vfree(const void *p)
{
	side_free(p);
}

struct page *__alloc_pages_nodemask(gfp_t flags, unsigned int order, int node, nodemask_t *mask)
{
	void *p = side_pages(order, flags & __GFP_ZERO, CALLER);

	return p ? virt_to_page(p) : NULL;
}

unsigned long __get_free_pages(gfp_t flags, unsigned int order)
{
	return (unsigned long)side_pages(order, flags & __GFP_ZERO, CALLER);
}

unsigned long get_zeroed_page(gfp_t flags)
{
	return (unsigned long)side_pages(0, 1, CALLER);
}

void __free_pages(struct page *page, unsigned int order)
{
	side_pages_free(page_address(page), order);
}

void free_pages(unsigned long addr, unsigned int order)
{
	side_pages_free((void *)addr, order);
}

/* A page of the core's as the device sees it: far from where a back end has guest memory. */
dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	return KERNEL_BUS + page_to_phys(page) + offset;
}

void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
}

/* The names of the three ways in which a page is cleared; a processor would choose one. */
void clear_page_orig(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void clear_page_rep(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void clear_page_erms(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

/* --- sleeping; the locks themselves are in mutex.c --- */

void __mutex_init(struct mutex *lock, const char *name, struct lock_class_key *key)
{
	memset(lock, 0, sizeof(*lock));
}

void __init_waitqueue_head(struct wait_queue_head *wq, const char *name, struct lock_class_key *key)
{
	INIT_LIST_HEAD(&wq->head);
}

void __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr, void *key)
{
}

struct task_struct *kthread_create_on_node(int (*fn)(void *data), void *data, int node,
					   const char *name, ...)
{
	struct task_struct *made = side_alloc(sizeof(*made), 1, CALLER);

	return made ? made : ERR_PTR(-ENOMEM);
}

int kthread_stop(struct task_struct *made)
{
	side_free(made);
	return 0;
}

int wake_up_process(struct task_struct *made)
{
	return 1;
}

/* --- time --- */

void hrtimer_init(struct hrtimer *timer, clockid_t clock, enum hrtimer_mode mode)
{
}

void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t when, u64 range,
			    const enum hrtimer_mode mode)
{
}

int hrtimer_cancel(struct hrtimer *timer)
{
	return 0;
}

bool hrtimer_active(const struct hrtimer *timer)
{
	return false;
}

ktime_t ktime_get(void)
{
	return side_ns();
}

u64 sched_clock_cpu(int cpu)
{
	return side_ns();
}

/* --- small things --- */

int ___ratelimit(struct ratelimit_state *state, const char *func)
{
	return 1;
}

void refcount_warn_saturate(refcount_t *r, enum refcount_saturation_type t)
{
	WARN(1, "refcount %u, kind %d\n", refcount_read(r), t);
}

int atomic_notifier_chain_register(struct atomic_notifier_head *head, struct notifier_block *block)
{
	return 0;
}

int atomic_notifier_chain_unregister(struct atomic_notifier_head *head,
				     struct notifier_block *block)
{
	return 0;
}

int __cpuhp_setup_state(enum cpuhp_state state, const char *name, bool invoke,
			int (*startup)(unsigned int cpu), int (*teardown)(unsigned int cpu),
			bool multi_instance)
{
	return 0;
}

void call_rcu(struct rcu_head *head, rcu_callback_t fn)
{
	fn(head);
}

/* The xarray's, of lib/bitmap.c, which has much more in it. */
void __bitmap_clear(unsigned long *map, unsigned int start, int len)
{
	for (; len > 0; len--, start++)
		clear_bit(start, map);
}

int kobject_uevent_env(struct kobject *kobj, enum kobject_action action, char *env[])
{
	return 0;
}

const char *dev_driver_string(const struct device *dev)
{
	return "i915";
}

int device_create_bin_file(struct device *dev, const struct bin_attribute *attr)
{
	return 0;
}

void device_remove_bin_file(struct device *dev, const struct bin_attribute *attr)
{
}

/* --- where a ud2 is --- */

extern struct bug_entry __start___bug_table[], __stop___bug_table[];

int side_bug(unsigned long addr, const char **file, unsigned int *line)
{
	const struct bug_entry *bug;
	const char *slash;

	for (bug = __start___bug_table; bug < __stop___bug_table; bug++) {
		if ((unsigned long)&bug->bug_addr_disp + bug->bug_addr_disp != addr)
			continue;
		*file = (const char *)bug + bug->file_disp;
		slash = strrchr(*file, '/');
		*file = slash ? slash + 1 : *file;
		*line = bug->line;
		return bug->flags & BUGFLAG_WARNING ? 1 : 2;
	}
	return 0;
}

/* --- the beginning --- */

void kernel_init(void)
{
	caches_init();
	side_pages_init(sizeof(struct page), &page_offset_base, &vmemmap_base);
	radix_tree_init();
}
