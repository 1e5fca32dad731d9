/* SPDX-License-Identifier: MIT */
/*
 * Guest memory over the upstream HSM: pages of this process (vhm_hsm_host.c), which the HSM pins
 * and maps into the guest; and what else the guest's map shows: device frames, which the HSM can
 * only map uncached.
 *
 * The HSM keeps each piece it was given until its VM ends, so memory that leaves the guest is given
 * back only then (Linux 6.1, drivers/virt/acrn).
 */
#include "backends/acrn/vhm_hsm_priv.h"

/* --- the guest's map of memory, by address --- */

static unsigned int span_at(const struct hsm_map *m, u64 gpa)
{
	unsigned int lo = 0, hi = m->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (m->span[mid].gpa + (m->span[mid].size - 1) < gpa)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct hsm_map *map_room(unsigned int n)
{
	return mpt_zalloc(sizeof(struct hsm_map) + n * sizeof(struct hsm_span));
}

static void map_copy(struct hsm_map *to, const struct hsm_map *from)
{
	memcpy(to, from, sizeof(*to) + from->n * sizeof(to->span[0]));
}

/* The answer is the old one, of which no reader is left. vm->ram_lock is held. */
static struct hsm_map *map_publish(struct hsm_vm *vm, struct hsm_map *fresh)
{
	struct hsm_map *old = vm->map;

	os_store(&vm->map, fresh);
	mpt_rcu_synchronize();
	return old;
}

static void map_insert(struct hsm_map *m, u64 gpa, struct hsm_ram *ram)
{
	unsigned int i = span_at(m, gpa);

	memmove(&m->span[i + 1], &m->span[i], (m->n - i) * sizeof(m->span[0]));
	m->span[i] = (struct hsm_span){ .gpa = gpa, .size = ram->size, .ram = ram };
	m->n++;
}

static void map_drop(struct hsm_map *m, unsigned int i)
{
	m->n--;
	memmove(&m->span[i], &m->span[i + 1], (m->n - i) * sizeof(m->span[0]));
}

void *acrn_hsm_map_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa, size_t size)
{
	struct hsm_vm *vm = acrn_hsm_use(hsm_of(p), vmid);
	const struct hsm_map *m;
	const struct hsm_span *s;
	unsigned long old;
	void *host = NULL;
	unsigned int i;

	if (!vm)
		return NULL;
	old = mpt_rcu_enter();
	m = os_load(&vm->map);
	i = span_at(m, gpa);
	s = &m->span[i];
	if (i < m->n && gpa >= s->gpa && size <= s->size && gpa - s->gpa <= s->size - size)
		host = s->ram->host + (gpa - s->gpa);
	mpt_rcu_leave(old);
	acrn_hsm_unuse(vm);
	return host;
}

int acrn_hsm_unmap_guest(struct vhm_provider *p, unsigned long vmid, u64 gpa)
{
	return acrn_hsm_map_guest(p, vmid, gpa, 1) ? 0 : -ESRCH;
}

int acrn_hsm_max_gfn(struct hsm_vm *vm)
{
	unsigned long old = mpt_rcu_enter();
	const struct hsm_map *m = os_load(&vm->map);
	const struct hsm_span *s = m->n ? &m->span[m->n - 1] : NULL;
	u64 gfn = s ? (s->gpa + s->size - 1) >> MPT_PAGE_SHIFT : 0;

	mpt_rcu_leave(old);
	return gfn < INT32_MAX ? (int)gfn : INT32_MAX;
}

/* --- what the guest's map shows --- */

static int seg_unset(struct hsm_vm *vm, u64 gpa, u64 size)
{
	/* The type is asked for, but not compared: this also takes memory away (3.4). */
	struct acrn_vm_memmap m = {
		.type = ACRN_MEMMAP_MMIO,
		.user_vm_pa = gpa,
		.len = size,
	};

	return hsm_ioctl(vm, ACRN_IOCTL_UNSET_MEMSEG, (unsigned long)&m);
}

static unsigned int pieces(u64 size)
{
	return (unsigned int)((size + HSM_PIECE - 1) / HSM_PIECE);
}

/* Memory of ours; vm->ram_lock is held. What fails leaves nothing in the map. 0, -ENOMEM, -EIO. */
static int seg_ram(struct hsm_vm *vm, u64 gpa, u8 *host, u64 size, unsigned int rights)
{
	struct acrn_vm_memmap m = { .type = ACRN_MEMMAP_RAM, .attr = ACRN_MEM_TYPE_WB | rights };
	u64 done = 0;
	int ret;

	if (pieces(size) > HSM_RECORDS - vm->records)
		return hsm_fail(vm->hsm, "ram", -ENOMEM,
				"the HSM remembers only %u pieces of memory for a VM's life, and "
				"%u are used (end the VM, or give it fewer and larger ones)",
				HSM_RECORDS, vm->records);
	for (; done < size; done += m.len) {
		m.user_vm_pa = gpa + done;
		m.vma_base = (u64)(uintptr_t)(host + done);
		m.len = size - done < HSM_PIECE ? size - done : HSM_PIECE;
		ret = hsm_ioctl(vm, ACRN_IOCTL_SET_MEMSEG, (unsigned long)&m);
		if (ret < 0)
			break;
		vm->records++;
	}
	if (done >= size)
		return 0;
	if (done)
		seg_unset(vm, gpa, done);
	return hsm_fail(vm->hsm, "ram", ret == -ENOMEM ? -ENOMEM : -EIO, "SET_MEMSEG: %s",
			strerror(-ret));
}

static unsigned int ram_rights(const struct hsm_ram *ram)
{
	return ram->readonly ? ACRN_MEM_ACCESS_READ | ACRN_MEM_ACCESS_EXEC : ACRN_MEM_ACCESS_RWX;
}

/* --- the device model's RAM --- */

static void ram_lock(struct hsm_vm *vm)
{
	if (vm->hsm->io->hold)
		vm->hsm->io->hold(vm->hsm->arg, true);
	os_mutex_lock(&vm->ram_lock);
}

static void ram_unlock(struct hsm_vm *vm)
{
	os_mutex_unlock(&vm->ram_lock);
	if (vm->hsm->io->hold)
		vm->hsm->io->hold(vm->hsm->arg, false);
}

static struct hsm_vm *ram_vm(struct acrn_hsm *h, u16 vmid)
{
	struct hsm_vm *vm = acrn_hsm_use(h, vmid);

	if (vm)
		ram_lock(vm);
	return vm;
}

static void ram_done(struct hsm_vm *vm)
{
	ram_unlock(vm);
	acrn_hsm_unuse(vm);
}

/* 0, -EINVAL, -EEXIST (not that of @but). */
static int place_ok(struct hsm_vm *vm, u64 gpa, u64 size, const struct hsm_ram *but)
{
	struct acrn_hsm *h = vm->hsm;
	u64 end = 1ULL << h->config.gpa_bits, unit = hsm_page_size(h);
	unsigned int i;

	if (!size || (gpa | size) & (unit - 1) || size > end || gpa > end - size)
		return hsm_fail(h, "ram", -EINVAL,
				"0x%llx bytes at 0x%llx (use multiples of %llu within %u bits)",
				(unsigned long long)size, (unsigned long long)gpa,
				(unsigned long long)unit, h->config.gpa_bits);
	for (i = span_at(vm->map, gpa); i < vm->map->n && vm->map->span[i].gpa <= gpa + size - 1;
	     i++)
		if (vm->map->span[i].ram != but)
			return hsm_fail(h, "ram", -EEXIST, "there is RAM at 0x%llx",
					(unsigned long long)vm->map->span[i].gpa);
	return 0;
}

static int no_memory(struct acrn_hsm *h, u64 size)
{
	return hsm_fail(h, "ram", -ENOMEM, "no memory for 0x%llx bytes of RAM%s",
			(unsigned long long)size,
			h->config.huge ? " in huge pages (see vm.nr_hugepages)" : "");
}

/* Memory with a number, which no guest sees yet. */
static struct hsm_ram *ram_new(struct hsm_vm *vm, u64 size, bool readonly)
{
	struct hsm_ram *ram = mpt_zalloc(sizeof(*ram));

	if (!ram)
		return NULL;
	*ram = (struct hsm_ram){ .size = size, .readonly = readonly };
	ram->host = acrn_hsm_pages(size, vm->hsm->config.huge);
	if (ram->host && !acrn_hsm_number(vm->hsm, ram))
		return ram;
	if (ram->host)
		acrn_hsm_pages_free(ram->host, size);
	mpt_free(ram);
	return NULL;
}

static int ram_place(struct hsm_vm *vm, u64 gpa, u64 size, bool readonly, struct hsm_map *map)
{
	struct hsm_ram *ram = ram_new(vm, size, readonly);
	int ret;

	if (!ram)
		return no_memory(vm->hsm, size);
	ret = seg_ram(vm, gpa, ram->host, size, ram_rights(ram));
	if (ret) {
		acrn_hsm_forget(vm->hsm, ram);
		acrn_hsm_pages_free(ram->host, size);
		mpt_free(ram);
		return ret;
	}
	ram->placed = true;
	ram->next = vm->rams;
	vm->rams = ram;
	map_copy(map, vm->map);
	map_insert(map, gpa, ram);
	return 0;
}

/* Two maps of the new size: the second one is the room of the next removal or move. */
static int ram_add(struct hsm_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct hsm_map *map, *spare;
	int ret = place_ok(vm, gpa, size, NULL);

	if (ret)
		return ret;
	map = map_room(vm->map->n + 1);
	spare = map_room(vm->map->n + 1);
	ret = map && spare ? ram_place(vm, gpa, size, readonly, map) : no_memory(vm->hsm, size);
	if (ret) {
		mpt_free(map);
		mpt_free(spare);
		return ret;
	}
	mpt_free(map_publish(vm, map));
	mpt_free(vm->spare);
	vm->spare = spare;
	return 0;
}

int acrn_hsm_ram_add(void *dm, u16 vmid, u64 gpa, u64 size, bool readonly)
{
	struct hsm_vm *vm = ram_vm(dm, vmid);
	int ret;

	if (!vm)
		return hsm_fail((struct acrn_hsm *)dm, "ram", -ENOENT, "no VM %u", vmid);
	ret = ram_add(vm, gpa, size, readonly);
	ram_done(vm);
	return ret;
}

/* The index of exactly that region, or n. */
static unsigned int exactly(struct hsm_vm *vm, u64 gpa, u64 size)
{
	unsigned int i = span_at(vm->map, gpa);

	if (i < vm->map->n && vm->map->span[i].gpa == gpa && vm->map->span[i].size == size)
		return i;
	return vm->map->n;
}

static int no_ram(struct acrn_hsm *h, u64 gpa, u64 size)
{
	return hsm_fail(h, "ram", -ENOENT, "no RAM of 0x%llx bytes at 0x%llx",
			(unsigned long long)size, (unsigned long long)gpa);
}

static int ram_remove(struct hsm_vm *vm, u64 gpa, u64 size, bool keep)
{
	unsigned int i = exactly(vm, gpa, size);
	struct hsm_ram *ram;

	if (i == vm->map->n)
		return no_ram(vm->hsm, gpa, size);
	ram = vm->map->span[i].ram;
	map_copy(vm->spare, vm->map);
	map_drop(vm->spare, i);
	vm->spare = map_publish(vm, vm->spare);
	if (seg_unset(vm, gpa, size) < 0)
		os_fetch_add(&vm->hsm->errors, 1);
	ram->placed = false;
	if (!keep)
		acrn_hsm_forget(vm->hsm, ram);
	return 0;
}

int acrn_hsm_ram_remove(void *dm, u16 vmid, u64 gpa, u64 size, bool keep)
{
	struct hsm_vm *vm = ram_vm(dm, vmid);
	int ret;

	if (!vm)
		return no_ram(dm, gpa, size);
	ret = ram_remove(vm, gpa, size, keep);
	ram_done(vm);
	return ret;
}

/* Out and in again: who looks between them gets what is nobody's. */
static int ram_move(struct hsm_vm *vm, u64 gpa, u64 size, u64 new_gpa)
{
	unsigned int i = exactly(vm, gpa, size);
	struct hsm_ram *ram;
	int ret;

	if (i == vm->map->n)
		return no_ram(vm->hsm, gpa, size);
	ram = vm->map->span[i].ram;
	ret = place_ok(vm, new_gpa, size, ram);
	if (ret)
		return ret;
	if (2 * pieces(size) > HSM_RECORDS - vm->records)
		return hsm_fail(vm->hsm, "ram", -ENOMEM, "the HSM has no place for %u more pieces "
				"of memory of this VM", 2 * pieces(size));
	if (seg_unset(vm, gpa, size) < 0)
		return hsm_fail(vm->hsm, "ram", -EIO, "UNSET_MEMSEG was refused");
	ret = seg_ram(vm, new_gpa, ram->host, size, ram_rights(ram));
	if (ret) {
		if (seg_ram(vm, gpa, ram->host, size, ram_rights(ram)))
			os_fetch_add(&vm->hsm->errors, 1);
		return ret;
	}
	map_copy(vm->spare, vm->map);
	map_drop(vm->spare, i);
	map_insert(vm->spare, new_gpa, ram);
	vm->spare = map_publish(vm, vm->spare);
	return 0;
}

int acrn_hsm_ram_move(void *dm, u16 vmid, u64 gpa, u64 size, u64 new_gpa)
{
	struct hsm_vm *vm = ram_vm(dm, vmid);
	int ret;

	if (!vm)
		return no_ram(dm, gpa, size);
	ret = ram_move(vm, gpa, size, new_gpa);
	ram_done(vm);
	return ret;
}

void acrn_hsm_ram_free(void *dm, u16 vmid)
{
	struct hsm_vm *vm = ram_vm(dm, vmid);
	struct hsm_ram *ram;

	if (!vm)
		return;
	for (ram = vm->rams; ram; ram = ram->next)
		if (!ram->placed)
			acrn_hsm_forget(vm->hsm, ram);
	ram_done(vm);
}

void acrn_hsm_ram_end(struct hsm_vm *vm, bool keep)
{
	struct hsm_ram *ram;

	while ((ram = vm->rams)) {
		vm->rams = ram->next;
		acrn_hsm_forget(vm->hsm, ram);
		if (!keep)
			acrn_hsm_pages_free(ram->host, ram->size);
		mpt_free(ram);
	}
	vm->map->n = 0;
}

/* --- other mappings --- */

/* Memory of ours by its number: that of one memory, or NULL. */
static u8 *numbered(struct acrn_hsm *h, u64 hpa, u64 size)
{
	u8 *first = acrn_hsm_phys_to_virt(&h->provider, hpa);
	u8 *last = acrn_hsm_phys_to_virt(&h->provider, hpa + size - 1);

	return first && last && (u64)(last - first) == size - 1 ? first : NULL;
}

static int add_region(struct hsm_vm *vm, u64 gpa, u64 hpa, u64 size, unsigned int right)
{
	struct acrn_hsm *h = vm->hsm;
	struct acrn_vm_memmap m = {
		.type = ACRN_MEMMAP_MMIO,
		.attr = ACRN_MEM_TYPE_UC | (right & ACRN_MEM_ACCESS_RIGHT_MASK),
		.user_vm_pa = gpa,
		.service_vm_pa = hpa,
		.len = size,
	};
	u8 *host;

	if (hpa - VHM_HPA_BASE(h->provider.index) >= HSM_CHUNKS * HSM_CHUNK)
		return hsm_ioctl(vm, ACRN_IOCTL_SET_MEMSEG, (unsigned long)&m);
	/* Never an address of the machine, even where the memory has gone. */
	host = numbered(h, hpa, size);
	if (!host || (gpa | size | (u64)(uintptr_t)host) & (hsm_page_size(h) - 1))
		return -EFAULT;
	return seg_ram(vm, gpa, host, size, right & ACRN_MEM_ACCESS_RIGHT_MASK);
}

int acrn_hsm_add_region(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			unsigned long hpa, unsigned long size, unsigned int type,
			unsigned int right)
{
	struct hsm_vm *vm;
	int ret;

	(void)type;
	if (!size || (gpa | hpa | size) % MPT_PAGE_SIZE || size - 1 > ~0UL - gpa ||
	    size - 1 > ~0UL - hpa)
		return -EFAULT;
	vm = ram_vm(hsm_of(p), (u16)vmid);
	if (!vm)
		return -EFAULT;
	ret = add_region(vm, gpa, hpa, size, right);
	ram_done(vm);
	return ret < 0 ? -EFAULT : 0;
}

int acrn_hsm_del_region(struct vhm_provider *p, unsigned long vmid, unsigned long gpa,
			unsigned long size)
{
	struct hsm_vm *vm;
	int ret;

	if (!size || (gpa | size) % MPT_PAGE_SIZE || size - 1 > ~0UL - gpa)
		return -EFAULT;
	vm = acrn_hsm_use(hsm_of(p), (u16)vmid);
	if (!vm)
		return -EFAULT;
	ret = seg_unset(vm, gpa, size);
	acrn_hsm_unuse(vm);
	return ret < 0 ? -EFAULT : 0;
}
