/* SPDX-License-Identifier: MIT */
/*
 * Machine memory and the device's view of it: blocks of frames, memory that lives while a memslot
 * or a pin needs it, the IOMMU's table, and what the device reads, writes and is refused.
 */
#include "backends/kvm-stub/svc.h"

#define BLOCKS (SVC_BLOCK_END - SVC_BLOCK_FIRST)
/*
 * Without huge pages frame i of a block is frame i ^ this: a bijection in which no two neighbours
 * stay in order (the value is odd).
 */
#define SCATTER 0x0d3U

int mpt_svc_init(struct svc *svc)
{
	svc->block = mpt_zalloc_pages(BLOCKS * sizeof(*svc->block));
	svc->iommu = mpt_zalloc_pages(BLOCKS * sizeof(*svc->iommu));
	if (!svc->block || !svc->iommu) {
		mpt_free_pages(svc->iommu, BLOCKS * sizeof(*svc->iommu));
		mpt_free_pages(svc->block, BLOCKS * sizeof(*svc->block));
		return svc_fail("open", -ENOMEM, "no address space for the tables of a machine");
	}
	os_mutex_init(&svc->lock);
	os_mutex_init(&svc->vms_lock);
	return 0;
}

void mpt_svc_exit(struct svc *svc)
{
	u32 i;

	for (i = 0; i < svc->end_block; i++)
		mpt_free(svc->iommu[i]);
	os_mutex_destroy(&svc->vms_lock);
	os_mutex_destroy(&svc->lock);
	mpt_free_pages(svc->iommu, BLOCKS * sizeof(*svc->iommu));
	mpt_free_pages(svc->block, BLOCKS * sizeof(*svc->block));
}

/* --- blocks of machine frames --- */

/* The first of @n free blocks from @from on; BLOCKS: none. svc->lock is held. */
static u32 blocks_find(const struct svc *svc, u32 from, u32 n)
{
	u32 at = from, i;

	for (i = from; i < BLOCKS && i - at < n; i++)
		if (svc->block[i])
			at = i + 1;
	return i - at >= n ? at : BLOCKS;
}

static bool blocks_take(struct svc *svc, struct svc_mem *mem)
{
	u32 at, i;

	os_mutex_lock(&svc->lock);
	at = blocks_find(svc, svc->next_block, mem->nr_blocks);
	if (at == BLOCKS)
		at = blocks_find(svc, 0, mem->nr_blocks);
	if (at < BLOCKS) {
		for (i = 0; i < mem->nr_blocks; i++)
			os_store(&svc->block[at + i], mem);
		svc->next_block = at + mem->nr_blocks;
		if (svc->end_block < svc->next_block)
			svc->end_block = svc->next_block;
		mem->first += (u64)(SVC_BLOCK_FIRST + at) * SVC_HUGE_FRAMES;
	}
	os_mutex_unlock(&svc->lock);
	return at < BLOCKS;
}

static void blocks_give(struct svc *svc, const struct svc_mem *mem)
{
	u32 at = (u32)(mem->first / SVC_HUGE_FRAMES) - SVC_BLOCK_FIRST, i;

	os_mutex_lock(&svc->lock);
	for (i = 0; i < mem->nr_blocks; i++)
		os_store(&svc->block[at + i], NULL);
	os_mutex_unlock(&svc->lock);
}

static u64 scatter(const struct svc *svc, u64 frame)
{
	return svc->opt.hugepages ? frame : frame ^ SCATTER;
}

u64 mpt_svc_pfn(const struct svc_mem *mem, u64 page)
{
	return scatter(mem->vm->svc, mem->first + page);
}

struct svc_mem *mpt_svc_page(const struct svc *svc, u64 pfn, u64 *page)
{
	u64 block = pfn / SVC_HUGE_FRAMES - SVC_BLOCK_FIRST;
	struct svc_mem *mem = block < BLOCKS ? os_load(&svc->block[block]) : NULL;

	if (mem)
		*page = scatter(svc, pfn) - mem->first;
	return mem && *page < mem->frames ? mem : NULL;
}

/* --- memory --- */

static void mem_free(struct svc_mem *mem)
{
	mpt_free_pages(mem->pins, mem->frames * sizeof(*mem->pins));
	if (mem->ram.addr)
		os_ram_free(&mem->ram);
	mpt_free(mem);
}

struct svc_mem *mpt_svc_mem_new(struct svc_vm *vm, u64 gpa, u64 size, bool readonly)
{
	struct svc_mem *mem = mpt_zalloc(sizeof(*mem));
	u64 head = (gpa >> MPT_PAGE_SHIFT) % SVC_HUGE_FRAMES;

	if (mem) {
		mem->vm = vm;
		mem->refs = 1;
		mem->gfn = SVC_NO_GFN;
		mem->readonly = readonly;
		mem->first = head; /* 2 MiB of the guest are 2 MiB of the machine */
		mem->frames = size >> MPT_PAGE_SHIFT;
		mem->nr_blocks =
			(u32)((head + mem->frames + SVC_HUGE_FRAMES - 1) / SVC_HUGE_FRAMES);
		mem->pins = mpt_zalloc_pages(mem->frames * sizeof(*mem->pins));
		if (mem->pins && !os_ram_alloc(&mem->ram, size) && blocks_take(vm->svc, mem))
			return mem;
		mem_free(mem);
	}
	svc_fail("ram", -ENOMEM, "no memory for %llu bytes of RAM (remove some)",
		 (unsigned long long)size);
	return NULL;
}

void mpt_svc_mem_put(struct svc_mem *mem)
{
	if (os_fetch_add(&mem->refs, -1ULL) != 1)
		return;
	/*
	 * An access of the device that found it still mapped ends before the frames can be another
	 * VM's; a later one finds no mapping of them, so it does not look whose they are.
	 */
	mpt_rcu_synchronize();
	blocks_give(mem->vm->svc, mem);
	mem_free(mem);
}

/* --- the IOMMU --- */

/* Where the owner of a bus address stands, or NULL. In a section, or with svc->lock held. */
static void **iommu_at(const struct svc *svc, u64 bus)
{
	u64 pfn = (bus & (SVC_BUS_HUGE - 1)) >> MPT_PAGE_SHIFT;
	u64 block = pfn / SVC_HUGE_FRAMES - SVC_BLOCK_FIRST;
	struct svc_iommu *leaf;

	if (OS_UNLIKELY(bus / SVC_BUS_BIT != 1 || block >= BLOCKS))
		return NULL;
	leaf = os_load(&svc->iommu[block]);
	if (OS_UNLIKELY(!leaf))
		return NULL;
	return bus & SVC_BUS_HUGE ? &leaf->huge : &leaf->page[pfn % SVC_HUGE_FRAMES];
}

/* The block of frame @pfn has a leaf. svc->lock is held. */
static bool iommu_leaf(struct svc *svc, u64 pfn)
{
	struct svc_iommu **leaf = &svc->iommu[pfn / SVC_HUGE_FRAMES - SVC_BLOCK_FIRST];

	if (!*leaf)
		os_store(leaf, (struct svc_iommu *)mpt_zalloc(sizeof(**leaf)));
	return *leaf;
}

int mpt_svc_iommu_map(struct svc *svc, u64 pfn, u64 nr, void **owner, u64 *bus)
{
	u64 addr = pfn << MPT_PAGE_SHIFT | SVC_BUS_BIT | (nr > 1 ? SVC_BUS_HUGE : 0);
	void **at;
	int ret = 0;

	os_mutex_lock(&svc->lock);
	if (!iommu_leaf(svc, pfn)) {
		ret = svc_fail("dma_map_guest_page", -ENOMEM, "no memory for the IOMMU's table");
	} else {
		at = iommu_at(svc, addr);
		*bus = addr;
		ret = *at ? -EEXIST : 0;
		if (ret)
			*owner = *at;
		else
			os_store(at, *owner);
	}
	os_mutex_unlock(&svc->lock);
	return ret;
}

void mpt_svc_iommu_unmap(struct svc *svc, u64 bus)
{
	os_store(iommu_at(svc, bus), NULL);
}

void *mpt_svc_iommu_owner(const struct svc *svc, u64 bus)
{
	void **at = bus % MPT_PAGE_SIZE ? NULL : iommu_at(svc, bus);

	if (OS_UNLIKELY(!at || (bus & SVC_BUS_HUGE && bus % MPT_HUGE_SIZE)))
		return NULL;
	return os_load(at);
}

/* --- the device --- */

/* The memory and page behind a bus address that the device may access now. In a section. */
static struct svc_mem *bus_live(const struct svc *svc, u64 bus, bool write, u64 *page)
{
	void **at = iommu_at(svc, bus);
	struct svc_mem *mem;

	if (!at || !os_load(at))
		return NULL;
	mem = mpt_svc_page(svc, (bus & (SVC_BUS_HUGE - 1)) >> MPT_PAGE_SHIFT, page);
	return mem && !(write && os_load_relaxed(&mem->readonly)) ? mem : NULL;
}

static void bus_copy(struct svc_mem *mem, u64 page, u64 offset, void *buf, u64 len, bool write)
{
	u64 gfn = os_load_relaxed(&mem->gfn);

	mpt_svc_copy((u8 *)mem->ram.addr + (page << MPT_PAGE_SHIFT) + offset, buf, len, write);
	if (write && gfn != SVC_NO_GFN)
		os_store(&mem->vm->dirty[gfn + page], 1);
}

/* An access of up to a page touches two at most: both are looked at before any is touched. */
static bool bus_try(const struct svc *svc, u64 bus, u8 *buf, unsigned int len, bool write, u64 *bad)
{
	u64 offset = bus % MPT_PAGE_SIZE, first = MPT_PAGE_SIZE - offset, page[2];
	struct svc_mem *mem[2] = { NULL, NULL };

	first = len < first ? len : first;
	*bad = bus;
	mem[0] = bus_live(svc, bus, write, &page[0]);
	if (!mem[0])
		return false;
	*bad = bus + first;
	if (first < len) {
		mem[1] = bus_live(svc, bus + first, write, &page[1]);
		if (!mem[1])
			return false;
	}
	bus_copy(mem[0], page[0], offset, buf, first, write);
	if (mem[1])
		bus_copy(mem[1], page[1], 0, buf + first, len - first, write);
	return true;
}

static void fault_record(struct svc *svc, u64 bus, unsigned int len, bool write)
{
	os_mutex_lock(&svc->lock);
	svc->fault[svc->fault_put++ % SVC_FAULTS] = (struct mpt_iommu_fault){ bus, len, write };
	if (svc->fault_put - svc->fault_taken > SVC_FAULTS)
		svc->fault_taken = svc->fault_put - SVC_FAULTS;
	os_mutex_unlock(&svc->lock);
}

int mpt_svc_bus_access(void *self, u64 bus, void *buf, unsigned int len, bool write)
{
	struct svc *svc = self;
	unsigned long old;
	bool done;
	u64 bad;

	if (len - 1 >= MPT_PAGE_SIZE)
		return svc_fail("bus_access", -EINVAL, "a device access of %u bytes (1 to 4096)",
				len);
	old = mpt_rcu_enter();
	done = bus_try(svc, bus, buf, len, write, &bad);
	mpt_rcu_leave(old);
	if (OS_LIKELY(done))
		return 0;
	fault_record(svc, bad, len, write);
	if (!write)
		memset(buf, 0xff, len);
	return svc_fail("bus_access", -EFAULT,
			"the device may not %s bus address 0x%llx: no live mapping%s",
			write ? "write" : "read", (unsigned long long)bad,
			write ? ", or read-only RAM" : "");
}

int mpt_svc_fault_take(void *self, struct mpt_iommu_fault *fault)
{
	struct svc *svc = self;
	bool some;

	os_mutex_lock(&svc->lock);
	some = svc->fault_taken != svc->fault_put;
	if (some)
		*fault = svc->fault[svc->fault_taken++ % SVC_FAULTS];
	os_mutex_unlock(&svc->lock);
	return some ? 0 : -ENOENT;
}
