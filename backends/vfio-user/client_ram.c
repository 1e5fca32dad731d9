/* SPDX-License-Identifier: MIT */
/*
 * The RAM of a testbed's VM, as its vCPUs see it: files that the server is given descriptors
 * of, the map that lists them, the marks of what the guest stored.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>

#include "backends/vfio-user/client.h"
#include "backends/vfio-user/place.h"

struct client_ram {
	struct os_ram mem;
	bool readonly;
	u8 *dirty; /* a byte for each page */
};

struct client_span {
	u64 gpa, size;
	struct client_ram *ram;
};

/* In order; immutable while published. */
struct vu_client_map {
	unsigned int n;
	struct client_span span[];
};

static struct vu_client_map *map_alloc(unsigned int n)
{
	return mpt_zalloc(sizeof(struct vu_client_map) + n * sizeof(struct client_span));
}

/* Index of the first region that ends behind @gpa. */
static unsigned int span_at(const struct vu_client_map *map, u64 gpa)
{
	unsigned int lo = 0, hi = map->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (gpa < map->span[mid].gpa || gpa - map->span[mid].gpa < map->span[mid].size)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int mpt_vu_client_ram_init(struct vu_client *c)
{
	c->map = map_alloc(0);
	return c->map ? 0 : -ENOMEM;
}

static void ram_free(struct client_ram *ram)
{
	mpt_free_pages(ram->dirty, ram->mem.size >> MPT_PAGE_SHIFT);
	os_ram_free(&ram->mem);
	mpt_free(ram);
}

void mpt_vu_client_ram_exit(struct vu_client *c)
{
	unsigned int i;

	for (i = 0; c->map && i < c->map->n; i++)
		ram_free(c->map->span[i].ram);
	mpt_free(c->map);
	mpt_free(c->spare_map);
	c->map = c->spare_map = NULL;
}

/* --- a vCPU's accesses --- */

bool mpt_vu_client_ram(struct vu_client *c, u64 gpa, void *buf, unsigned int *len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_client_map *map = os_load(&c->map);
	unsigned int i = span_at(map, gpa);
	const struct client_span *s = &map->span[i];
	bool here = i < map->n && gpa >= s->gpa;
	u64 left = ~0ULL;

	if (i < map->n)
		left = here ? s->size - (gpa - s->gpa) : s->gpa - gpa;
	if (*len > left)
		*len = (unsigned int)left;
	here = here && !(write && s->ram->readonly);
	if (here) {
		u64 at = gpa - s->gpa, page = at >> MPT_PAGE_SHIFT;

		mpt_vu_copy((u8 *)s->ram->mem.addr + at, buf, *len, write);
		for (; write && page <= (at + *len - 1) >> MPT_PAGE_SHIFT; page++)
			os_store(&s->ram->dirty[page], 1);
	}
	mpt_rcu_leave(old);
	return here;
}

/* --- the dirty log: what the server's side has written is in its own --- */

int mpt_vu_client_dirty(void *vm_, u64 gfn, u64 nr, u8 *bitmap)
{
	struct vu_vm *vm = vm_;
	const struct vu_client_map *map;
	unsigned long old;
	unsigned int i;
	u64 n, end;
	int ret = mpt_vu_mem_dirty(vm, gfn, nr, bitmap);

	if (ret || !vm->client)
		return ret;
	old = mpt_rcu_enter();
	map = os_load(&vm->client->map);
	for (i = span_at(map, gfn << MPT_PAGE_SHIFT); nr && i < map->n; i++) {
		u64 first = map->span[i].gpa >> MPT_PAGE_SHIFT;
		u8 *dirty = map->span[i].ram->dirty;

		end = first + (map->span[i].size >> MPT_PAGE_SHIFT);
		end = end < gfn + nr ? end : gfn + nr;
		for (n = first < gfn ? gfn : first; n < end; n++)
			if (os_load_relaxed(&dirty[n - first]) && os_exchange(&dirty[n - first], 0))
				bitmap[(n - gfn) / 8] |= (u8)(1U << (n - gfn) % 8);
	}
	mpt_rcu_leave(old);
	return 0;
}

/* --- what the server is told; c->ram_lock is held --- */

static int tell_map(struct vu_client *c, const struct client_ram *ram, u64 gpa)
{
	const struct vu_fds fds = { .n = 1, .fd = { ram->mem.fd } };
	struct vuw_msg m = {
		.hdr.command = VUW_DMA_MAP,
		.u.map = { .argsz = sizeof(struct vuw_dma_map),
			   .flags = VUW_MAP_READ | (ram->readonly ? 0 : VUW_MAP_WRITE),
			   .addr = gpa,
			   .size = ram->mem.size },
	};
	int ret;

	os_mutex_lock(&c->lock);
	ret = mpt_vu_client_call(c, &m, &fds);
	os_mutex_unlock(&c->lock);
	return ret ? vu_fail("ram", ret, "VM %u's server does not map 0x%llx bytes at 0x%llx",
			     c->vm->id, (unsigned long long)ram->mem.size, (unsigned long long)gpa)
		   : 0;
}

static void tell_unmap(struct vu_client *c, u64 gpa, u64 size)
{
	struct vuw_msg m = {
		.hdr.command = VUW_DMA_UNMAP,
		.u.unmap = { .argsz = sizeof(struct vuw_dma_unmap), .addr = gpa, .size = size },
	};

	os_mutex_lock(&c->lock);
	mpt_vu_client_call(c, &m, NULL);
	os_mutex_unlock(&c->lock);
}

/* --- the map: a new one replaces the old, which is kept as the next removal's room --- */

static struct vu_client_map *map_publish(struct vu_client *c, struct vu_client_map *map)
{
	struct vu_client_map *old = c->map;

	os_store(&c->map, map);
	mpt_rcu_synchronize();
	return old;
}

/* @map has room; the answer is the map it replaced. */
static struct vu_client_map *span_show(struct vu_client *c, struct client_ram *ram, u64 gpa,
				       struct vu_client_map *map)
{
	const struct vu_client_map *from = c->map;
	unsigned int i = span_at(from, gpa);

	memcpy(map->span, from->span, i * sizeof(map->span[0]));
	map->span[i] = (struct client_span){ gpa, ram->mem.size, ram };
	memcpy(&map->span[i + 1], &from->span[i], (from->n - i) * sizeof(map->span[0]));
	map->n = from->n + 1;
	return map_publish(c, map);
}

/* From now on no vCPU reaches it. The spare map has room for all regions but one. */
static struct client_ram *span_hide(struct vu_client *c, unsigned int i)
{
	const struct vu_client_map *from = c->map;
	struct client_ram *ram = from->span[i].ram;
	struct vu_client_map *map = c->spare_map;

	memcpy(map->span, from->span, i * sizeof(map->span[0]));
	memcpy(&map->span[i], &from->span[i + 1], (from->n - i - 1) * sizeof(map->span[0]));
	map->n = from->n - 1;
	c->spare_map = map_publish(c, map);
	return ram;
}

/* --- checks --- */

static int check(const struct vu_vm *vm, u64 gpa, u64 size, unsigned int flags)
{
	u64 limit = 1ULL << VU_GUEST_BITS;

	if (!vm->client)
		return vu_fail("ram", -EOPNOTSUPP, "VM %u's client is another process", vm->id);
	if (flags & ~MPT_RAM_READONLY)
		return vu_fail("ram", -EINVAL, "unknown flags 0x%x of RAM", flags);
	if ((gpa | size) % MPT_PAGE_SIZE || !size)
		return vu_fail("ram", -EINVAL,
			       "RAM of 0x%llx bytes at 0x%llx: whole pages are needed",
			       (unsigned long long)size, (unsigned long long)gpa);
	if (size > limit || gpa > limit - size)
		return vu_fail("ram", -EINVAL,
			       "RAM of 0x%llx bytes at 0x%llx ends beyond the guest's %d address "
			       "bits",
			       (unsigned long long)size, (unsigned long long)gpa, VU_GUEST_BITS);
	return 0;
}

/* @except: a region that does not count, or map->n. */
static int check_overlap(const struct vu_client_map *map, u64 gpa, u64 size, unsigned int except)
{
	unsigned int i = span_at(map, gpa);

	i += i == except;
	if (i >= map->n || map->span[i].gpa >= gpa + size)
		return 0;
	return vu_fail("ram", -EEXIST, "there is RAM at 0x%llx already (remove it first)",
		       (unsigned long long)map->span[i].gpa);
}

/* Index of exactly this region, or -ENOENT. */
static int find(const struct vu_client_map *map, u64 gpa, u64 size)
{
	unsigned int i = span_at(map, gpa);

	if (i < map->n && map->span[i].gpa == gpa && map->span[i].size == size)
		return (int)i;
	return vu_fail("ram", -ENOENT,
		       "no region of 0x%llx bytes begins at 0x%llx (name one as it was added)",
		       (unsigned long long)size, (unsigned long long)gpa);
}

/* --- the testbed's functions --- */

/* A file that cannot shrink, which the server maps. */
static struct client_ram *ram_new(u64 size, bool readonly)
{
	struct client_ram *ram = mpt_zalloc(sizeof(*ram));

	if (!ram)
		return NULL;
	ram->readonly = readonly;
	if (!os_ram_alloc(&ram->mem, size)) {
		ram->dirty = mpt_zalloc_pages(size >> MPT_PAGE_SHIFT);
		if (ram->dirty && !fcntl(ram->mem.fd, F_ADD_SEALS, F_SEAL_SHRINK))
			return ram;
	}
	ram_free(ram);
	return NULL;
}

/* With ram_lock, if the server can be asked at all. */
static int ram_begin(struct vu_client *c)
{
	int ret = mpt_vu_client_begin(c, "ram");

	if (ret)
		return ret;
	mpt_vu_client_end(c);
	os_mutex_lock(&c->ram_lock);
	return 0;
}

static int add_locked(struct vu_client *c, u64 gpa, u64 size, bool readonly)
{
	int ret = check_overlap(c->map, gpa, size, c->map->n);
	struct vu_client_map *map;
	struct client_ram *ram;

	if (ret)
		return ret;
	map = map_alloc(c->map->n + 1);
	ram = map ? ram_new(size, readonly) : NULL;
	if (!ram) {
		mpt_free(map);
		return vu_fail("ram", -ENOMEM, "no memory for 0x%llx bytes of RAM",
			       (unsigned long long)size);
	}
	/* The guest has it when the core is told. */
	mpt_free(c->spare_map);
	c->spare_map = span_show(c, ram, gpa, map);
	ret = tell_map(c, ram, gpa);
	if (ret)
		ram_free(span_hide(c, span_at(c->map, gpa)));
	return ret;
}

int mpt_vu_client_ram_add(void *vm_, u64 gpa, u64 size, unsigned int flags)
{
	struct vu_vm *vm = vm_;
	int ret = check(vm, gpa, size, flags);

	if (!ret)
		ret = ram_begin(vm->client);
	if (ret)
		return ret;
	ret = add_locked(vm->client, gpa, size, flags & MPT_RAM_READONLY);
	os_mutex_unlock(&vm->client->ram_lock);
	return ret;
}

int mpt_vu_client_ram_remove(void *vm_, u64 gpa, u64 size)
{
	struct vu_vm *vm = vm_;
	struct vu_client *c = vm->client;
	struct client_ram *ram;
	int i, ret;

	if (!c)
		return vu_fail("ram", -EOPNOTSUPP, "VM %u's client is another process", vm->id);
	ret = ram_begin(c);
	if (ret)
		return ret;
	i = find(c->map, gpa, size);
	if (i >= 0) {
		ram = span_hide(c, (unsigned int)i);
		tell_unmap(c, gpa, size);
		ram_free(ram);
	}
	os_mutex_unlock(&c->ram_lock);
	return i < 0 ? i : 0;
}

static int show_and_tell(struct vu_client *c, struct client_ram *ram, u64 gpa)
{
	c->spare_map = span_show(c, ram, gpa, c->spare_map);
	return tell_map(c, ram, gpa);
}

/*
 * The server knows no moving. If it has no room for the new place it has some for the old, which
 * it has just left.
 */
static int move_locked(struct vu_client *c, u64 gpa, u64 size, u64 new_gpa)
{
	int ret, i = find(c->map, gpa, size);
	struct client_ram *ram;

	if (i < 0)
		return i;
	ret = check_overlap(c->map, new_gpa, size, (unsigned int)i);
	if (ret)
		return ret;
	ram = span_hide(c, (unsigned int)i);
	tell_unmap(c, gpa, size);
	ret = show_and_tell(c, ram, new_gpa);
	if (ret) {
		span_hide(c, span_at(c->map, new_gpa));
		show_and_tell(c, ram, gpa);
	}
	return ret;
}

int mpt_vu_client_ram_move(void *vm_, u64 gpa, u64 size, u64 new_gpa)
{
	struct vu_vm *vm = vm_;
	int ret = check(vm, new_gpa, size, 0);

	if (!ret)
		ret = ram_begin(vm->client);
	if (ret)
		return ret;
	ret = move_locked(vm->client, gpa, size, new_gpa);
	os_mutex_unlock(&vm->client->ram_lock);
	return ret;
}
