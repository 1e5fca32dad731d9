/* SPDX-License-Identifier: MIT */
/*
 * A VM's RAM: regions that come, go and move while the VM runs, and the map that lists them. The
 * table that is looked up at an access is table.c's, the access itself memory.c's.
 */
#include "backends/mock/mock.h"

static struct mock_map *map_alloc(unsigned int n)
{
	return mpt_zalloc(sizeof(struct mock_map) + n * sizeof(struct mock_span));
}

int mock_ram_init(struct mock_vm *vm)
{
	vm->map = map_alloc(0);
	return vm->map ? 0 : mock_fail("ram", -ENOMEM, "no memory for the map of regions");
}

/* --- places --- */

static void place_free(struct mock_vm *vm, struct mock_place *place)
{
	mock_dma_forget(vm->mock, place);
	mock_blocks_free(vm->mock, place->block, place->nr_blocks);
	if (os_fetch_add(&place->ram->places, -1U) == 1) {
		os_ram_free(&place->ram->mem);
		mpt_free(place->ram);
	}
	mpt_free(place);
}

/* A place for @ram, which it shares with the places that it has already. */
static struct mock_place *place_new(struct mock_vm *vm, struct mock_ram *ram, u64 gpa, u64 size,
				    bool readonly)
{
	u64 first = gpa / MPT_HUGE_SIZE, n = (gpa + size - 1) / MPT_HUGE_SIZE - first + 1;
	struct mock_place *place = mpt_zalloc(sizeof(*place) + n * sizeof(place->block[0]));

	if (!place) {
		mock_fail("ram", -ENOMEM, "no memory for a region of RAM");
		return NULL;
	}
	*place = (struct mock_place){
		.ram = ram,
		.gpa = gpa,
		.size = size,
		.readonly = readonly,
		.scatter = vm->mock->opt.contig ? 0 : MOCK_SCATTER,
		.nr_blocks = n,
	};
	if (mock_blocks_alloc(vm->mock, first, place->block, n)) {
		mpt_free(place);
		return NULL;
	}
	os_fetch_add(&ram->places, 1);
	return place;
}

/* New memory and its first place. */
static struct mock_place *ram_new(struct mock_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct mock_ram *ram = mpt_zalloc(sizeof(*ram));
	struct mock_place *place = NULL;

	if (ram && !os_ram_alloc(&ram->mem, size)) {
		place = place_new(vm, ram, gpa, size, readonly);
		if (place)
			return place;
		os_ram_free(&ram->mem);
	} else {
		mock_fail("ram", -ENOMEM, "no memory for %llu bytes of RAM",
			  (unsigned long long)size);
	}
	mpt_free(ram);
	return NULL;
}

/* --- the map: a new one replaces the old, which is kept as the next removal's room --- */

/*
 * Publishes @map. vm->lock is for those who walk the places outside a section. The old map has
 * room for all regions but one of the new: a removal needs no allocation and cannot fail for
 * one.
 */
static struct mock_map *map_publish(struct mock_vm *vm, struct mock_map *map)
{
	struct mock_map *old = vm->map;

	os_mutex_lock(&vm->lock);
	os_store(&vm->map, map);
	os_mutex_unlock(&vm->lock);
	return old;
}

static void map_insert(struct mock_map *to, const struct mock_map *from, struct mock_place *place)
{
	unsigned int i = mock_span_at(from, place->gpa);

	memcpy(to->span, from->span, i * sizeof(to->span[0]));
	to->span[i] = (struct mock_span){
		.gpa = place->gpa,
		.size = place->size,
		.host = place->ram->mem.addr,
		.place = place,
	};
	memcpy(&to->span[i + 1], &from->span[i], (from->n - i) * sizeof(to->span[0]));
	to->n = from->n + 1;
}

static void map_remove(struct mock_map *to, const struct mock_map *from, unsigned int i)
{
	memcpy(to->span, from->span, i * sizeof(to->span[0]));
	memcpy(&to->span[i], &from->span[i + 1], (from->n - i - 1) * sizeof(to->span[0]));
	to->n = from->n - 1;
}

/*
 * From now on the guest can reach @place. @map has room for it; the answer is the map it
 * replaced.
 */
static struct mock_map *place_show(struct mock_vm *vm, struct mock_place *place,
				   struct mock_map *map)
{
	struct mock_map *old;

	map_insert(map, vm->map, place);
	old = map_publish(vm, map);
	mock_table_set(vm, place, true);
	mpt_rcu_synchronize();
	return old;
}

/* On return nobody reaches the region by its address; its memory and mappings are as they were. */
static struct mock_place *place_hide(struct mock_vm *vm, unsigned int i)
{
	struct mock_place *place = vm->map->span[i].place;
	struct mock_map *map = vm->spare_map;

	map_remove(map, vm->map, i);
	vm->spare_map = map_publish(vm, map);
	mock_table_set(vm, place, false);
	mpt_rcu_synchronize();
	mock_dma_ram_gone(vm, place);
	return place;
}

/* A hidden place lives on as long as the device has mappings of it. */
static void place_drop(struct mock_vm *vm, struct mock_place *place)
{
	os_mutex_lock(&vm->lock);
	place->next = vm->orphans;
	vm->orphans = place;
	os_mutex_unlock(&vm->lock);
	mock_orphans_reap(vm);
}

/* A count of a hidden place's frames only falls: who finds it 0 may free it after one wait. */
void mock_orphans_reap(struct mock_vm *vm)
{
	struct mock_place **p, *place, *dead = NULL;

	os_mutex_lock(&vm->lock);
	for (p = &vm->orphans; (place = *p);) {
		if (mock_dma_in_use(vm, place)) {
			p = &place->next;
			continue;
		}
		*p = place->next;
		place->next = dead;
		dead = place;
	}
	os_mutex_unlock(&vm->lock);
	if (dead)
		mpt_rcu_synchronize();
	while ((place = dead)) {
		dead = place->next;
		place_free(vm, place);
	}
}

/* The VM is going: no operation and no access by address runs; the device's are waited for. */
void mock_ram_exit(struct mock_vm *vm)
{
	unsigned int i;

	for (i = 0; vm->map && i < vm->map->n; i++) {
		vm->map->span[i].place->next = vm->orphans;
		vm->orphans = vm->map->span[i].place;
	}
	mock_orphans_reap(vm);
	mpt_free(vm->map);
	mpt_free(vm->spare_map);
}

/* --- the testbed's functions --- */

static int ram_check(const struct mock_vm *vm, u64 gpa, u64 size)
{
	u64 limit = mock_frames(vm) << MPT_PAGE_SHIFT;

	if ((gpa | size) % MPT_PAGE_SIZE || !size)
		return mock_fail("ram", -EINVAL,
				 "RAM of 0x%llx bytes at 0x%llx: whole pages are needed",
				 (unsigned long long)size, (unsigned long long)gpa);
	if (size > limit || gpa > limit - size)
		return mock_fail("ram", -EINVAL,
				 "RAM of 0x%llx bytes at 0x%llx ends beyond the guest's %llu "
				 "address bits (open with a larger phys-bits=)",
				 (unsigned long long)size, (unsigned long long)gpa,
				 (unsigned long long)vm->mock->opt.phys_bits);
	return 0;
}

/* @except: a region that does not count, or map->n. */
static int ram_overlap(const struct mock_map *map, u64 gpa, u64 size, unsigned int except)
{
	unsigned int i = mock_span_at(map, gpa);

	i += i == except;
	if (i >= map->n || map->span[i].gpa >= gpa + size)
		return 0;
	return mock_fail("ram", -EEXIST, "there is RAM at 0x%llx already (remove it first)",
			 (unsigned long long)map->span[i].gpa);
}

/* Index of exactly this region, or map->n. */
static unsigned int ram_find(const struct mock_map *map, u64 gpa, u64 size)
{
	unsigned int i = mock_span_at(map, gpa);

	return i < map->n && map->span[i].gpa == gpa && map->span[i].size == size ? i : map->n;
}

static int no_region(u64 gpa, u64 size)
{
	return mock_fail("ram", -ENOENT,
			 "no region of 0x%llx bytes begins at 0x%llx (name one as it was "
			 "added)",
			 (unsigned long long)size, (unsigned long long)gpa);
}

static int ram_add_locked(struct mock_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct mock_place *place;
	struct mock_map *map;
	int ret;

	mock_orphans_reap(vm);
	ret = ram_overlap(vm->map, gpa, size, vm->map->n);
	if (ret)
		return ret;
	map = map_alloc(vm->map->n + 1);
	if (!map)
		return mock_fail("ram", -ENOMEM, "no memory for the map of regions");
	place = ram_new(vm, gpa, size, readonly);
	if (!place) {
		mpt_free(map);
		return -ENOMEM;
	}
	mpt_free(vm->spare_map);
	vm->spare_map = place_show(vm, place, map);
	mock_region_event(vm, gpa, size, true);
	return 0;
}

int mock_ram_add(void *vm_, u64 gpa, u64 size, unsigned int flags)
{
	struct mock_vm *vm = vm_;
	int ret = ram_check(vm, gpa, size);

	if (ret)
		return ret;
	if (flags & ~MPT_RAM_READONLY)
		return mock_fail("ram", -EINVAL, "unknown flags 0x%x of RAM", flags);
	os_mutex_lock(&vm->ram_lock);
	ret = ram_add_locked(vm, gpa, size, flags & MPT_RAM_READONLY);
	os_mutex_unlock(&vm->ram_lock);
	return ret;
}

int mock_ram_remove(void *vm_, u64 gpa, u64 size)
{
	struct mock_vm *vm = vm_;
	int ret = 0;
	unsigned int i;

	os_mutex_lock(&vm->ram_lock);
	i = ram_find(vm->map, gpa, size);
	if (i < vm->map->n) {
		struct mock_place *place = place_hide(vm, i);

		mock_region_event(vm, gpa, size, false);
		place_drop(vm, place);
	} else {
		ret = no_region(gpa, size);
	}
	os_mutex_unlock(&vm->ram_lock);
	return ret;
}

/* Everything that can fail comes before the guest notices. */
static int ram_move_locked(struct mock_vm *vm, u64 gpa, u64 size, u64 new_gpa)
{
	unsigned int i = ram_find(vm->map, gpa, size);
	struct mock_place *old, *place;
	int ret;

	if (i == vm->map->n)
		return no_region(gpa, size);
	ret = ram_overlap(vm->map, new_gpa, size, i);
	if (ret)
		return ret;
	old = vm->map->span[i].place;
	place = place_new(vm, old->ram, new_gpa, size, old->readonly);
	if (!place)
		return -ENOMEM;
	place_hide(vm, i);
	mock_region_event(vm, gpa, size, false);
	vm->spare_map = place_show(vm, place, vm->spare_map);
	mock_region_event(vm, new_gpa, size, true);
	place_drop(vm, old);
	return 0;
}

int mock_ram_move(void *vm_, u64 gpa, u64 size, u64 new_gpa)
{
	struct mock_vm *vm = vm_;
	int ret = ram_check(vm, new_gpa, size);

	if (ret)
		return ret;
	os_mutex_lock(&vm->ram_lock);
	ret = ram_move_locked(vm, gpa, size, new_gpa);
	os_mutex_unlock(&vm->ram_lock);
	return ret;
}
