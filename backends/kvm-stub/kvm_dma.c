/* SPDX-License-Identifier: MIT */
/*
 * The DMA cache: mappings by guest frame (the gfn cache, here) and by bus address (the IOMMU's
 * table, which names the owner), each with a count. A mapping that is there is counted up and down
 * without a lock; the first and the last count of one take vdev->lock.
 */
#include "backends/kvm-stub/kvm.h"

#define COUNT(state) ((u32)(state))
#define COUNT_MAX UINT32_MAX

static u64 nr_leaves(const struct kvm_vdev *vdev)
{
	return vdev->vm->nr_frames / SVC_HUGE_FRAMES;
}

int mpt_kvm_dma_init(struct kvm_vdev *vdev)
{
	vdev->leaf = mpt_zalloc_pages(nr_leaves(vdev) * sizeof(*vdev->leaf));
	return vdev->leaf ? 0 : -ENOMEM;
}

/* --- counting --- */

/*
 * One more of a mapping that is there: of this frame and size by @gfn, of this address by @bus.
 * False: it is another by now, or none, or has as many as can be counted.
 */
static bool count_up(struct kvm_map *map, u64 gfn, u64 *bus)
{
	u64 state = os_load(&map->state), have;

	do {
		have = os_load_relaxed(&map->bus);
		if (OS_UNLIKELY(!COUNT(state) || COUNT(state) == COUNT_MAX))
			return false;
		if (gfn != SVC_NO_GFN ? os_load_relaxed(&map->gfn) != gfn : have != *bus)
			return false;
	} while (OS_UNLIKELY(!os_cas(&map->state, &state, state + 1)));
	*bus = have;
	return true;
}

/* One less, but for the last. */
static bool count_down(struct kvm_map *map, u64 bus)
{
	u64 state = os_load(&map->state);

	do {
		if (OS_UNLIKELY(COUNT(state) < 2 || os_load_relaxed(&map->bus) != bus))
			return false;
	} while (OS_UNLIKELY(!os_cas(&map->state, &state, state - 1)));
	return true;
}

/* One less, the last too. True: it was. vdev->lock is held, so it cannot come to life again. */
static bool count_last(struct kvm_map *map)
{
	u64 state = os_load(&map->state), next;

	do {
		next = COUNT(state) > 1 ? state - 1 : ((state >> 32) + 1) << 32;
	} while (!os_cas(&map->state, &state, next));
	return COUNT(state) == 1;
}

/* --- the gfn cache --- */

/* Where the mapping of a frame stands; NULL: never mapped, or beyond all. */
static inline struct kvm_map **cache_at(const struct kvm_vdev *vdev, u64 gfn, bool huge)
{
	struct kvm_leaf *leaf;

	if (OS_UNLIKELY(gfn >= vdev->vm->nr_frames))
		return NULL;
	leaf = os_load(&vdev->leaf[gfn / SVC_HUGE_FRAMES]);
	if (OS_UNLIKELY(!leaf))
		return NULL;
	return huge ? &leaf->huge : &leaf->page[gfn % SVC_HUGE_FRAMES];
}

/* In a section. */
static inline bool cache_hit(const struct kvm_vdev *vdev, u64 gfn, bool huge, dma_addr_t *bus)
{
	struct kvm_map **at = cache_at(vdev, gfn, huge), *map = at ? os_load(at) : NULL;

	return OS_LIKELY(map) && count_up(map, gfn, bus);
}

/* The rest wants vdev->lock held. */

static void cache_unlink(struct kvm_vdev *vdev, struct kvm_map *map)
{
	if (map->gfn == SVC_NO_GFN)
		return;
	os_store(cache_at(vdev, map->gfn, map->nr > 1), NULL);
	os_store_relaxed(&map->gfn, SVC_NO_GFN);
}

static void cache_link(struct kvm_vdev *vdev, struct kvm_map *map, u64 gfn)
{
	os_store_relaxed(&map->gfn, gfn);
	os_store(cache_at(vdev, gfn, map->nr > 1), map);
}

static bool slab_add(struct kvm_vdev *vdev)
{
	struct kvm_slab *slab = mpt_zalloc(sizeof(*slab));
	unsigned int i;

	if (!slab)
		return false;
	slab->next = vdev->slabs;
	vdev->slabs = slab;
	for (i = KVM_SLAB; i--;) {
		slab->map[i].vdev = vdev;
		slab->map[i].next = vdev->free;
		vdev->free = &slab->map[i];
	}
	return true;
}

/* What a new mapping needs of memory is there before anything is pinned. */
static bool cache_room(struct kvm_vdev *vdev, u64 gfn)
{
	struct kvm_leaf **at = &vdev->leaf[gfn / SVC_HUGE_FRAMES], *leaf = *at;

	if (!leaf) {
		leaf = mpt_zalloc(sizeof(*leaf));
		if (!leaf)
			return false;
		leaf->next = vdev->leaves;
		vdev->leaves = leaf;
		os_store(at, leaf);
	}
	return vdev->free || slab_add(vdev);
}

/* --- pinning --- */

static void unpin(struct kvm_vdev *vdev, const u64 *pfn, u64 nr)
{
	while (nr--)
		mpt_svc_unpin(vdev->vm, pfn[nr]);
}

static int not_in_a_row(u64 gfn)
{
	return svc_fail("dma_map_guest_page", -EINVAL,
			"2 MiB at guest frame 0x%llx: not contiguous in the machine (map its pages "
			"one by one)",
			(unsigned long long)gfn);
}

/* Page by page; on failure those that were pinned here are unpinned, and no other. */
static int pin_all(struct kvm_vdev *vdev, u64 gfn, u64 nr, u64 *first)
{
	u64 pfn[SVC_HUGE_FRAMES], i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		ret = mpt_svc_pin(vdev->vm, gfn + i, &pfn[i]);
		if (ret)
			break;
		if (pfn[i] != pfn[0] + i || pfn[0] % nr) {
			ret = not_in_a_row(gfn);
			i++;
			break;
		}
	}
	if (ret)
		unpin(vdev, pfn, i);
	else
		*first = pfn[0];
	return ret;
}

static void unpin_all(struct kvm_vdev *vdev, u64 pfn, u64 nr)
{
	while (nr--)
		mpt_svc_unpin(vdev->vm, pfn + nr);
}

/* --- a mapping begins and ends --- */

/*
 * The frames are mapped already: their RAM has moved, and @map was made at the old place, or two
 * guest frames show them. It gets one more count.
 */
static int map_again(struct kvm_vdev *vdev, struct kvm_map *map, u64 gfn, u64 *bus)
{
	*bus = map->bus;
	if (!count_up(map, SVC_NO_GFN, bus))
		return svc_fail("dma_map_guest_page", -ENOMEM,
				"guest frame 0x%llx cannot be counted once more",
				(unsigned long long)gfn);
	if (map->gfn == SVC_NO_GFN)
		cache_link(vdev, map, gfn);
	return 0;
}

static int map_new(struct kvm_vdev *vdev, u64 gfn, u64 nr, u64 *bus)
{
	struct kvm_map *map = vdev->free;
	void *owner = map;
	u64 pfn;
	int ret = pin_all(vdev, gfn, nr, &pfn);

	if (ret)
		return ret;
	ret = mpt_svc_iommu_map(vdev->vm->svc, pfn, nr, &owner, bus);
	if (ret) {
		unpin_all(vdev, pfn, nr);
		return ret == -EEXIST ? map_again(vdev, owner, gfn, bus) : ret;
	}
	vdev->free = map->next;
	map->pfn = pfn;
	map->nr = nr;
	os_store_relaxed(&map->bus, *bus);
	os_store_relaxed(&map->gfn, gfn);
	os_store(&map->state, os_load_relaxed(&map->state) + 1);
	cache_link(vdev, map, gfn);
	return 0;
}

/* Its count is 0: nobody counts it up any more. */
static void map_end(struct kvm_vdev *vdev, struct kvm_map *map)
{
	cache_unlink(vdev, map);
	mpt_svc_iommu_unmap(vdev->vm->svc, map->bus);
	unpin_all(vdev, map->pfn, map->nr);
	map->next = vdev->free;
	vdev->free = map;
}

/* --- the operations --- */

static int map_check(const struct kvm_vdev *vdev, u64 gfn, u64 size)
{
	unsigned long old;
	bool ram;

	if (size != MPT_PAGE_SIZE && size != MPT_HUGE_SIZE)
		return svc_fail("dma_map_guest_page", -EINVAL,
				"size 0x%llx (only 4 KiB and 2 MiB can be mapped)",
				(unsigned long long)size);
	if (gfn % (size >> MPT_PAGE_SHIFT))
		return svc_fail("dma_map_guest_page", -EINVAL,
				"2 MiB at guest frame 0x%llx: not aligned",
				(unsigned long long)gfn);
	old = mpt_rcu_enter();
	ram = gfn < vdev->vm->nr_frames &&
	      mpt_svc_is_ram(vdev->vm, gfn, size >> MPT_PAGE_SHIFT);
	mpt_rcu_leave(old);
	return ram ? 0 :
		     svc_fail("dma_map_guest_page", -EFAULT,
			      "0x%llx bytes at guest frame 0x%llx are not all RAM",
			      (unsigned long long)size, (unsigned long long)gfn);
}

static int map_slow(struct kvm_vdev *vdev, u64 gfn, u64 size, dma_addr_t *out)
{
	int ret = map_check(vdev, gfn, size);
	dma_addr_t bus;

	if (ret)
		return ret;
	os_mutex_lock(&vdev->lock);
	if (cache_hit(vdev, gfn, size == MPT_HUGE_SIZE, &bus))
		ret = 0;
	else if (!cache_room(vdev, gfn))
		ret = svc_fail("dma_map_guest_page", -ENOMEM,
			       "no memory for the cache's entry of guest frame 0x%llx",
			       (unsigned long long)gfn);
	else
		ret = map_new(vdev, gfn, size >> MPT_PAGE_SHIFT, &bus);
	os_mutex_unlock(&vdev->lock);
	if (!ret)
		*out = bus;
	return ret;
}

int mpt_kvm_dma_map(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *bus)
{
	unsigned long old = mpt_rcu_enter();
	struct kvm_vdev *vdev = mpt_handle_get(&mpt_kvm_handles, handle);
	bool known = size == MPT_PAGE_SIZE || size == MPT_HUGE_SIZE, hit;
	int ret;

	hit = OS_LIKELY(vdev && known) && cache_hit(vdev, gfn, size == MPT_HUGE_SIZE, bus);
	mpt_rcu_leave(old);
	if (OS_LIKELY(hit))
		return 0;
	vdev = mpt_kvm_hold(handle, "dma_map_guest_page");
	if (!vdev)
		return -ESRCH;
	ret = map_slow(vdev, gfn, size, bus);
	mpt_kvm_drop(vdev);
	return ret;
}

/*
 * The vdev's own mapping of exactly this address, or NULL. In a section, for the address may be of
 * the vdev of another VM, which goes; what is the vdev's own stays under vdev->lock, too.
 */
static inline struct kvm_map *own_map(const struct kvm_vdev *vdev, dma_addr_t bus)
{
	struct kvm_map *map = mpt_svc_iommu_owner(vdev->vm->svc, bus);

	return map && map->vdev == vdev ? map : NULL;
}

static void unmap_slow(struct kvm_vdev *vdev, dma_addr_t bus)
{
	struct kvm_map *map;
	unsigned long old;

	os_mutex_lock(&vdev->lock);
	old = mpt_rcu_enter();
	map = own_map(vdev, bus);
	mpt_rcu_leave(old);
	if (!map)
		os_fetch_add(&vdev->vm->bad_unmap, 1);
	else if (count_last(map))
		map_end(vdev, map);
	os_mutex_unlock(&vdev->lock);
}

void mpt_kvm_dma_unmap(unsigned long handle, dma_addr_t bus)
{
	unsigned long old = mpt_rcu_enter();
	struct kvm_vdev *vdev = mpt_handle_get(&mpt_kvm_handles, handle);
	struct kvm_map *map = OS_LIKELY(vdev) ? own_map(vdev, bus) : NULL;
	bool done = map && count_down(map, bus);

	mpt_rcu_leave(old);
	if (OS_LIKELY(done))
		return;
	vdev = mpt_kvm_hold(handle, "dma_unmap_guest_page");
	if (!vdev)
		return;
	unmap_slow(vdev, bus);
	mpt_kvm_drop(vdev);
}

int mpt_kvm_dma_pin(unsigned long handle, dma_addr_t bus)
{
	unsigned long old = mpt_rcu_enter();
	struct kvm_vdev *vdev = mpt_handle_get(&mpt_kvm_handles, handle);
	struct kvm_map *map = vdev ? own_map(vdev, bus) : NULL;
	dma_addr_t addr = bus;
	bool done = map && count_up(map, SVC_NO_GFN, &addr);
	bool full = map && !done && COUNT(os_load(&map->state)) == COUNT_MAX;

	mpt_rcu_leave(old);
	if (done)
		return 0;
	if (!vdev)
		return mpt_kvm_dead_handle(handle, "dma_pin_guest_page");
	return svc_fail("dma_pin_guest_page", full ? -ENOMEM : -ENOENT, "bus address 0x%llx %s",
			(unsigned long long)bus,
			full ? "cannot be counted once more" : "is not mapped (map it first)");
}

/* --- all of a vdev --- */

/* Also a mapping of 2 MiB that begins before the frames, or ends behind them. */
void mpt_kvm_dma_forget(struct kvm_vdev *vdev, u64 gfn, u64 nr)
{
	u64 end = gfn + nr, i;
	struct kvm_leaf *leaf;

	os_mutex_lock(&vdev->lock);
	for (; gfn < end; gfn = (gfn / SVC_HUGE_FRAMES + 1) * SVC_HUGE_FRAMES) {
		leaf = vdev->leaf[gfn / SVC_HUGE_FRAMES];
		if (!leaf)
			continue;
		if (leaf->huge)
			cache_unlink(vdev, leaf->huge);
		for (i = gfn; i < end && i / SVC_HUGE_FRAMES == gfn / SVC_HUGE_FRAMES; i++)
			if (leaf->page[i % SVC_HUGE_FRAMES])
				cache_unlink(vdev, leaf->page[i % SVC_HUGE_FRAMES]);
	}
	os_mutex_unlock(&vdev->lock);
	mpt_rcu_synchronize(); /* who has found one has its count when the core is told */
}

u64 mpt_kvm_dma_live(struct kvm_vdev *vdev)
{
	struct kvm_slab *slab;
	unsigned int i;
	u64 live = 0;

	os_mutex_lock(&vdev->lock);
	for (slab = vdev->slabs; slab; slab = slab->next)
		for (i = 0; i < KVM_SLAB; i++)
			live += COUNT(os_load(&slab->map[i].state));
	os_mutex_unlock(&vdev->lock);
	return live;
}

void mpt_kvm_dma_clear(struct kvm_vdev *vdev)
{
	struct kvm_slab *slab;
	unsigned int i;

	os_mutex_lock(&vdev->lock);
	for (slab = vdev->slabs; slab; slab = slab->next)
		for (i = 0; i < KVM_SLAB; i++)
			while (COUNT(slab->map[i].state))
				if (count_last(&slab->map[i]))
					map_end(vdev, &slab->map[i]);
	os_mutex_unlock(&vdev->lock);
}

void mpt_kvm_dma_exit(struct kvm_vdev *vdev)
{
	struct kvm_slab *slab;
	struct kvm_leaf *leaf;

	/* The vdev of another VM may still look whose an address is. */
	if (vdev->slabs)
		mpt_rcu_synchronize();
	while ((slab = vdev->slabs)) {
		vdev->slabs = slab->next;
		mpt_free(slab);
	}
	while ((leaf = vdev->leaves)) {
		vdev->leaves = leaf->next;
		mpt_free(leaf);
	}
	mpt_free_pages(vdev->leaf, nr_leaves(vdev) * sizeof(*vdev->leaf));
}
