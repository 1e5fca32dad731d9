/* SPDX-License-Identifier: MIT */
/*
 * A VM's regions of memory: they come and go as the client says, while the device has them mapped.
 * How their bytes are reached is mem.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backends/vfio-user/place.h"

#define FUSE_MAGIC 0x65735546

int mpt_vu_mem_init(struct vu_vm *vm)
{
	os_mutex_init(&vm->mem_lock);
	vm->map = mpt_zalloc_pages(sizeof(*vm->map));
	vm->spare_map = mpt_zalloc_pages(sizeof(*vm->spare_map));
	if (vm->map && vm->spare_map)
		return 0;
	mpt_vu_mem_exit(vm);
	return vu_fail("vm_create", -ENOMEM, "no memory for the map of regions");
}

/* --- places --- */

static void place_unmap(struct vu_place *place)
{
	if (place->host)
		munmap(place->host, place->size);
	if (place->fd >= 0)
		close(place->fd);
}

static size_t place_bytes(u64 nr_blocks)
{
	return sizeof(struct vu_place) + nr_blocks * sizeof(u32 *);
}

static void place_free(struct vu_place *place)
{
	u64 i;

	place_unmap(place);
	/* A block can have counts only where something was mapped once. */
	for (i = 0; i < place->nr_blocks; i++)
		mpt_free(place->count[i]);
	mpt_free_pages(place->dirty, place->size >> MPT_PAGE_SHIFT);
	mpt_free_pages(place, place_bytes(place->nr_blocks));
}

/* The access that the client wants us to have must be one that its descriptor allows. */
static int check_mode(unsigned int flags, int fd)
{
	int mode = fcntl(fd, F_GETFL);
	bool read = mode >= 0 && (mode & O_ACCMODE) != O_WRONLY;
	bool write = mode >= 0 && (mode & O_ACCMODE) != O_RDONLY;

	/* An appending descriptor writes where it likes. */
	if (mode < 0 || mode & (O_PATH | O_APPEND) || !read || (flags & VU_MEM_WRITE && !write))
		return vu_fail("dma_map", -EACCES,
			       "the memory's descriptor was not opened for this access");
	return 0;
}

/*
 * Only plain files that belong to the kernel: a file of a FUSE server would let it stop us for as
 * long as it likes, and huge pages can neither be written nor be kept from vanishing.
 */
static int check_file(const struct vu_place *place, int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs) || !S_ISREG(st.st_mode) || fs.f_type == FUSE_MAGIC)
		return vu_fail("dma_map", -EACCES, "guest memory at 0x%llx is no memory file",
			       (unsigned long long)place->gpa);
	if (fs.f_type == HUGETLBFS_MAGIC)
		return vu_fail("dma_map", -EACCES,
			       "guest memory at 0x%llx is of huge pages (use a memory backend "
			       "without them)",
			       (unsigned long long)place->gpa);
	if (place->offset % MPT_PAGE_SIZE || place->size > (u64)st.st_size ||
	    place->offset > (u64)st.st_size - place->size)
		return vu_fail("dma_map", -EINVAL,
			       "0x%llx bytes at offset 0x%llx: the memory's file ends before, or "
			       "the offset is within a page",
			       (unsigned long long)place->size, (unsigned long long)place->offset);
	return check_mode(place->flags, fd);
}

static bool never_shrinks(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && seals & F_SEAL_SHRINK;
}

/* @fd stays the caller's. */
static int place_map(struct vu_place *place, int fd)
{
	int prot = PROT_READ | (place->flags & VU_MEM_WRITE ? PROT_WRITE : 0);
	void *host;
	int ret;

	place->kind = VU_REMOTE;
	if (fd < 0)
		return 0;
	ret = check_file(place, fd);
	if (ret)
		return ret;
	if (!never_shrinks(fd)) {
		place->kind = VU_FILE;
		return 0;
	}
	host = mmap(NULL, place->size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)place->offset);
	if (host == MAP_FAILED)
		return vu_fail("dma_map", errno == ENOMEM ? -ENOMEM : -EACCES,
			       "guest memory at 0x%llx cannot be mapped (errno %d)",
			       (unsigned long long)place->gpa, errno);
	place->kind = VU_MAPPED;
	place->host = host;
	return 0;
}

static struct vu_place *place_alloc(struct vu_vm *vm, u64 gpa, u64 size, unsigned int flags,
				    u64 offset)
{
	u64 first = gpa / MPT_HUGE_SIZE, n = (gpa + size - 1) / MPT_HUGE_SIZE - first + 1;
	struct vu_place *place = mpt_zalloc_pages(place_bytes(n));

	if (!place)
		return NULL;
	place->dirty = mpt_zalloc_pages(size >> MPT_PAGE_SHIFT);
	if (!place->dirty) {
		mpt_free_pages(place, place_bytes(n));
		return NULL;
	}
	place->vm = vm;
	place->gpa = gpa;
	place->size = size;
	place->flags = flags;
	place->offset = offset;
	place->fd = -1;
	place->base = first * VU_HUGE_FRAMES;
	place->nr_blocks = n;
	return place;
}

/* Only who has vm->mem_lock makes them more. */
static int check_files(struct vu_vm *vm, const struct vu_place *place)
{
	bool room;

	os_mutex_lock(&vm->lock);
	room = place->kind != VU_FILE || vm->nr_files < VU_FILES;
	os_mutex_unlock(&vm->lock);
	return room ? 0
		    : vu_fail("dma_map", -ENOMEM,
			      "VM %u has %u regions of files that can shrink already (a memory "
			      "backend that seals its files, as memfd does, needs no descriptors)",
			      vm->id, VU_FILES);
}

static void place_keep(struct vu_vm *vm, struct vu_place *place, int fd)
{
	place->fd = fd;
	os_mutex_lock(&vm->lock);
	vm->nr_files++;
	os_mutex_unlock(&vm->lock);
}

/*
 * The device may look at a place from mpt_vu_bus_add() on, so that is the last that can fail. Only
 * a file that is not mapped needs its descriptor any longer.
 */
static int place_new(struct vu_vm *vm, struct vu_place *place, int fd)
{
	int ret;

	if (!place)
		return vu_fail("dma_map", -ENOMEM, "no memory for a region of VM %u", vm->id);
	ret = place_map(place, fd);
	if (!ret)
		ret = check_files(vm, place);
	if (!ret)
		ret = mpt_vu_bus_add(vm->vu, place);
	if (ret) {
		place_free(place);
		return ret;
	}
	if (place->kind == VU_FILE)
		place_keep(vm, place, fd);
	else if (fd >= 0)
		close(fd);
	return 0;
}

/* --- orphans --- */

static void orphan_add(struct vu_vm *vm, struct vu_place *place)
{
	os_mutex_lock(&vm->lock);
	place->next = vm->orphans;
	vm->orphans = place;
	os_mutex_unlock(&vm->lock);
}

/* Of the VM's orphans those that nothing uses; what maps one only goes away. */
static struct vu_place *orphans_idle(struct vu_vm *vm)
{
	struct vu_place **p, *place, *dead = NULL;

	os_mutex_lock(&vm->lock);
	for (p = &vm->orphans; (place = *p);) {
		if (os_load(&place->mapped) || os_load(&place->holds)) {
			p = &place->next;
			continue;
		}
		*p = place->next;
		place->next = dead;
		dead = place;
	}
	os_mutex_unlock(&vm->lock);
	return dead;
}

static void quota_put(struct vu_vm *vm, u64 size, bool file)
{
	os_mutex_lock(&vm->lock);
	vm->nr_places--;
	vm->nr_files -= file;
	vm->total -= size;
	os_mutex_unlock(&vm->lock);
}

/*
 * A device access that found the place while it was still mapped may have taken hold of it since;
 * after the wait nobody does. False: it was kept, and is idle by now.
 */
static bool orphan_free(struct vu_vm *vm, struct vu_place *place)
{
	bool file = place->fd >= 0;
	u64 size = place->size;

	if (os_load(&place->holds)) {
		orphan_add(vm, place);
		return false;
	}
	place_free(place);
	quota_put(vm, size, file);
	return true;
}

void mpt_vu_orphans_reap(struct vu_vm *vm)
{
	struct vu_place *dead, *place;
	bool kept = true;

	while (kept && (dead = orphans_idle(vm))) {
		for (place = dead; place; place = place->next)
			mpt_vu_bus_del(vm->vu, place);
		mpt_rcu_synchronize();
		kept = false;
		while ((place = dead)) {
			dead = place->next;
			kept |= !orphan_free(vm, place);
		}
	}
}

/*
 * The place is looked at for the last time before the section ends: from then on another thread may
 * have freed it.
 */
void mpt_vu_place_drop(struct vu_place *place)
{
	struct vu_vm *vm = place->vm;
	unsigned long old = mpt_rcu_enter();
	bool last = os_fetch_add(&place->holds, -1ULL) == 1 && os_load(&place->gone) &&
		    !os_load(&place->mapped);

	mpt_rcu_leave(old);
	if (last)
		mpt_vu_orphans_reap(vm);
	mpt_vu_vm_drop(vm);
}

/* --- the map; vm->mem_lock is held --- */

/* vm->lock is for those who walk the places outside a section. */
static void map_publish(struct vu_vm *vm)
{
	struct vu_map *old = vm->map;

	os_mutex_lock(&vm->lock);
	os_store(&vm->map, vm->spare_map);
	os_mutex_unlock(&vm->lock);
	vm->spare_map = old;
	mpt_rcu_synchronize();
}

static void place_show(struct vu_vm *vm, struct vu_place *place)
{
	const struct vu_map *from = vm->map;
	struct vu_map *to = vm->spare_map;
	unsigned int i = vu_span_at(from, place->gpa);

	memcpy(to->span, from->span, i * sizeof(to->span[0]));
	to->span[i] = (struct vu_span){ place->gpa, place->size, place };
	memcpy(&to->span[i + 1], &from->span[i], (from->n - i) * sizeof(to->span[0]));
	to->n = from->n + 1;
	map_publish(vm);
}

/*
 * On return nobody reaches the region by its address; its memory lives on as an orphan. Who unmaps
 * its last frame either sees that it is gone, or has done so before the wait is over.
 */
static void place_hide(struct vu_vm *vm, unsigned int i)
{
	const struct vu_map *from = vm->map;
	struct vu_place *place = from->span[i].place;
	struct vu_map *to = vm->spare_map;

	memcpy(to->span, from->span, i * sizeof(to->span[0]));
	memcpy(&to->span[i], &from->span[i + 1], (from->n - i - 1) * sizeof(to->span[0]));
	to->n = from->n - 1;
	os_store(&place->gone, true);
	map_publish(vm);
	orphan_add(vm, place);
}

static void region_event(struct vu_vm *vm, u64 gpa, u64 size, bool added)
{
	void *vgpu = mpt_vu_deliver_begin(vm);

	if (!vgpu)
		return;
	mpt_deliver_region(vm->vu->host, vgpu, gpa >> MPT_PAGE_SHIFT, size >> MPT_PAGE_SHIFT,
			   added);
	mpt_deliver_leave();
}

/* --- adding and removing --- */

static int check_range(u64 gpa, u64 size, unsigned int flags)
{
	u64 limit = 1ULL << VU_GUEST_BITS;

	if ((gpa | size) % MPT_PAGE_SIZE || !size || flags & ~(VU_MEM_READ | VU_MEM_WRITE))
		return vu_fail("dma_map", -EINVAL,
			       "a region of 0x%llx bytes at 0x%llx, flags 0x%x: whole pages are "
			       "needed, to read or write",
			       (unsigned long long)size, (unsigned long long)gpa, flags);
	if (size > VU_TOTAL || gpa > limit - size)
		return vu_fail("dma_map", -EINVAL,
			       "a region of 0x%llx bytes at 0x%llx is too large, or ends beyond "
			       "the guest's %d address bits",
			       (unsigned long long)size, (unsigned long long)gpa, VU_GUEST_BITS);
	return 0;
}

/* Counts the place; -ENOMEM: there are too many, of which some may be gone but mapped. */
static int quota_take(struct vu_vm *vm, u64 size)
{
	unsigned int n;
	bool room;

	os_mutex_lock(&vm->lock);
	n = vm->nr_places;
	room = n < VU_REGIONS && size <= VU_TOTAL - vm->total;
	if (room) {
		vm->nr_places++;
		vm->total += size;
	}
	os_mutex_unlock(&vm->lock);
	return room ? 0
		    : vu_fail("dma_map", -ENOMEM,
			      "VM %u has %u regions already, and no room for 0x%llx bytes more",
			      vm->id, n, (unsigned long long)size);
}

static int check_overlap(const struct vu_map *map, u64 gpa, u64 size)
{
	unsigned int i = vu_span_at(map, gpa);

	if (i == map->n || map->span[i].gpa >= gpa + size)
		return 0;
	return vu_fail("dma_map", -EEXIST, "there is memory at 0x%llx already (remove it first)",
		       (unsigned long long)map->span[i].gpa);
}

/* On failure @fd is still the caller's. */
static int add_locked(struct vu_vm *vm, u64 gpa, u64 size, unsigned int flags, int fd, u64 offset)
{
	struct vu_place *place;
	int ret;

	mpt_vu_orphans_reap(vm);
	ret = check_overlap(vm->map, gpa, size);
	if (!ret)
		ret = quota_take(vm, size);
	if (ret)
		return ret;
	place = place_alloc(vm, gpa, size, flags, offset);
	ret = place_new(vm, place, fd);
	if (ret) {
		quota_put(vm, size, false);
		return ret;
	}
	place_show(vm, place);
	region_event(vm, gpa, size, true);
	return 0;
}

int mpt_vu_mem_add(struct vu_vm *vm, u64 gpa, u64 size, unsigned int flags, int fd, u64 offset)
{
	int ret = check_range(gpa, size, flags);

	if (!ret) {
		os_mutex_lock(&vm->mem_lock);
		ret = add_locked(vm, gpa, size, flags, fd, offset);
		os_mutex_unlock(&vm->mem_lock);
	}
	if (ret && fd >= 0)
		close(fd);
	return ret;
}

/* vm->mem_lock is held. */
static void remove_at(struct vu_vm *vm, unsigned int i)
{
	u64 gpa = vm->map->span[i].gpa, size = vm->map->span[i].size;
	struct vu_place *place = vm->map->span[i].place;

	if (vm->log)
		vu_place_hold(place);
	place_hide(vm, i);
	region_event(vm, gpa, size, false);
	if (vm->log) {
		mpt_vu_log_keep(vm->log, place);
		mpt_vu_place_drop(place);
	}
	mpt_vu_orphans_reap(vm);
}

int mpt_vu_mem_remove(struct vu_vm *vm, u64 gpa, u64 size)
{
	unsigned int i;
	bool found;

	os_mutex_lock(&vm->mem_lock);
	i = vu_span_at(vm->map, gpa);
	found = i < vm->map->n && vm->map->span[i].gpa == gpa && vm->map->span[i].size == size;
	if (found)
		remove_at(vm, i);
	os_mutex_unlock(&vm->mem_lock);
	return found ? 0
		     : vu_fail("dma_unmap", -ENOENT,
			       "no region of 0x%llx bytes begins at 0x%llx (name one as it was "
			       "added)",
			       (unsigned long long)size, (unsigned long long)gpa);
}

void mpt_vu_mem_clear(struct vu_vm *vm)
{
	os_mutex_lock(&vm->mem_lock);
	while (vm->map->n)
		remove_at(vm, vm->map->n - 1);
	os_mutex_unlock(&vm->mem_lock);
}

/* The VM is going: no operation runs, nothing is mapped; accesses by bus address are waited for. */
void mpt_vu_mem_exit(struct vu_vm *vm)
{
	if (vm->map && vm->spare_map)
		mpt_vu_mem_clear(vm);
	while (os_load(&vm->users))
		os_yield();
	mpt_vu_orphans_reap(vm);
	mpt_free_pages(vm->map, sizeof(*vm->map));
	mpt_free_pages(vm->spare_map, sizeof(*vm->spare_map));
	vm->map = vm->spare_map = NULL;
	os_mutex_destroy(&vm->mem_lock);
}
