/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by guest-physical address. VHM is asked page by page (map_guest_phys); whole chunks
 * of 2 MiB are remembered, so that an access is one look into a table. VHM keeps a VM's memory as
 * long as the VM is held; the testbed, which takes RAM away under a running VM, closes the table
 * for it before. What runs in a section may use what it was given until the section's end.
 */
#include "backends/acrn/acrn.h"

/* A buffer longer than this exists nowhere: no process has that much address space. */
#define BUFFER_MAX (1ULL << 47)
/* In vm->chunk: VHM was asked, the chunk is not whole. */
#define TRIED 4UL
/* Pieces of an access that are translated once; behind them again for the copy. */
#define PIECES 32

int acrn_ram_init(struct acrn_vm *vm)
{
	vm->chunks = 1ULL << (vm->inst->phys_bits - ACRN_CHUNK_SHIFT);
	vm->chunk = mpt_zalloc_pages(vm->chunks * sizeof(*vm->chunk));
	vm->chunk_mfn = mpt_zalloc_pages(vm->chunks * sizeof(*vm->chunk_mfn));
	return vm->chunk && vm->chunk_mfn ?
		       0 :
		       acrn_fail(vm->inst, "vm_get", -ENOMEM, "no address space for a VM's tables");
}

void acrn_ram_exit(struct acrn_vm *vm)
{
	mpt_free_pages(vm->chunk_mfn, vm->chunks * sizeof(*vm->chunk_mfn));
	mpt_free_pages(vm->chunk, vm->chunks * sizeof(*vm->chunk));
	mpt_free(vm->roms);
}

/*
 * An aligned word of 1, 2, 4 or 8 bytes as one access; false: another kind. Only the memory is
 * shared; the buffer may have any alignment.
 */
static inline bool move_word(void *mem, void *buf, u64 len, bool write)
{
#define WORD(type)                                                        \
	if (len == sizeof(type) && !((uintptr_t)mem % sizeof(type))) {    \
		type word_;                                               \
                                                                          \
		if (write) {                                              \
			memcpy(&word_, buf, sizeof(word_));               \
			os_store_relaxed((type *)mem, word_);             \
		} else {                                                  \
			word_ = os_load_relaxed((type *)mem);             \
			memcpy(buf, &word_, sizeof(word_));               \
		}                                                         \
		return true;                                              \
	}
	WORD(u64)
	WORD(u32)
	WORD(u16)
	WORD(u8)
#undef WORD
	return false;
}

void acrn_bytes(void *mem, void *buf, u64 len, bool write)
{
	if (move_word(mem, buf, len, write))
		return;
	if (write)
		os_guest_copy(mem, buf, len);
	else
		os_guest_copy(buf, mem, len);
}

/* --- the table of chunks --- */

static inline u64 entry_at(const struct acrn_vm *vm, u64 gpa)
{
	u64 i = gpa >> ACRN_CHUNK_SHIFT;

	return OS_LIKELY(i < vm->chunks) ? os_load(&vm->chunk[i]) : TRIED;
}

static inline u8 *entry_host(u64 entry, u64 gpa)
{
	return (u8 *)(uintptr_t)(entry & ~(u64)(MPT_PAGE_SIZE - 1)) + gpa % ACRN_CHUNK_SIZE;
}

bool acrn_readonly(const struct acrn_vm *vm, u64 gpa)
{
	const struct acrn_roms *roms = os_load(&vm->roms);
	unsigned int i;

	if (OS_LIKELY(!roms))
		return false;
	i = acrn_range_at(roms->range, roms->n, gpa);
	return i < roms->n && roms->range[i].start <= gpa;
}

/* 0: none of [start, end] is read-only, 1: some, 2: all. */
static int rom_part(const struct acrn_roms *roms, u64 start, u64 end)
{
	unsigned int i = roms ? acrn_range_at(roms->range, roms->n, start) : 0;

	if (!roms || i == roms->n || roms->range[i].start > end)
		return 0;
	return roms->range[i].start <= start && roms->range[i].end >= end ? 2 : 1;
}

/* The first of 512 machine frames in a row behind a whole chunk; 0: they are not. */
static u64 chunk_frames(struct acrn_vm *vm, u8 *host)
{
	struct vhm_provider *p = vm->inst->machine.provider;
	u64 first = p->svc->virt_to_phys(p, host), i;

	for (i = 1; first != ~0ULL && i < ACRN_HUGE_FRAMES; i++)
		if (p->svc->virt_to_phys(p, host + (i << MPT_PAGE_SHIFT)) !=
		    first + (i << MPT_PAGE_SHIFT))
			return 0;
	return first == ~0ULL ? 0 : first >> MPT_PAGE_SHIFT;
}

/* vm->cache_lock is held. */
static void chunk_fill(struct acrn_vm *vm, u64 i)
{
	u64 start = i << ACRN_CHUNK_SHIFT, end = start + (ACRN_CHUNK_SIZE - 1);
	int rom = rom_part(vm->roms, start, end);
	u8 *host = rom == 1 ? NULL : map_guest_phys(vm->vmid, start, ACRN_CHUNK_SIZE);

	if (!host || (uintptr_t)host % MPT_PAGE_SIZE) {
		os_store(&vm->chunk[i], TRIED);
		return;
	}
	os_store(&vm->chunk_mfn[i], chunk_frames(vm, host));
	os_store(&vm->chunk[i],
		 (u64)(uintptr_t)host | ACRN_WHOLE | (rom ? 0 : ACRN_WRITABLE));
}

/* Nothing goes while the range is empty: it begins behind its end. vm->cache_lock is held. */
static bool going(const struct acrn_vm *vm, u64 start, u64 end)
{
	return vm->gone_start <= vm->gone_end && vm->gone_start <= end && vm->gone_end >= start;
}

void acrn_chunk_learn(struct acrn_vm *vm, u64 gpa)
{
	u64 i = gpa >> ACRN_CHUNK_SHIFT, start = i << ACRN_CHUNK_SHIFT;

	if (i >= vm->chunks || os_load_relaxed(&vm->chunk[i]))
		return;
	os_mutex_lock(&vm->cache_lock);
	if (!vm->chunk[i] && !going(vm, start, start + (ACRN_CHUNK_SIZE - 1)))
		chunk_fill(vm, i);
	os_mutex_unlock(&vm->cache_lock);
}

static void chunks_forget(struct acrn_vm *vm, u64 start, u64 end)
{
	u64 i, last = end >> ACRN_CHUNK_SHIFT;

	for (i = start >> ACRN_CHUNK_SHIFT; i <= last && i < vm->chunks; i++) {
		os_store(&vm->chunk[i], 0);
		os_store(&vm->chunk_mfn[i], 0);
	}
}

void acrn_cache_close(struct acrn_vm *vm, u64 start, u64 end)
{
	os_mutex_lock(&vm->cache_lock);
	vm->gone_start = start;
	vm->gone_end = end;
	chunks_forget(vm, start, end);
	os_mutex_unlock(&vm->cache_lock);
	mpt_rcu_synchronize();
}

void acrn_cache_open(struct acrn_vm *vm)
{
	os_mutex_lock(&vm->cache_lock);
	chunks_forget(vm, vm->gone_start, vm->gone_end);
	vm->gone_start = 1;
	vm->gone_end = 0;
	os_mutex_unlock(&vm->cache_lock);
}

/* --- read-only RAM --- */

static void roms_publish(struct acrn_vm *vm, struct acrn_roms *roms)
{
	struct acrn_roms *old;

	os_mutex_lock(&vm->cache_lock);
	old = vm->roms;
	os_store(&vm->roms, roms);
	os_mutex_unlock(&vm->cache_lock);
	mpt_rcu_synchronize();
	mpt_free(old);
}

int acrn_rom_add(struct acrn_vm *vm, u64 start, u64 end)
{
	unsigned int n = vm->roms ? vm->roms->n : 0, i;
	struct acrn_roms *roms = mpt_zalloc(sizeof(*roms) + (n + 1) * sizeof(roms->range[0]));

	if (!roms)
		return acrn_fail(vm->inst, "ram_add", -ENOMEM, "no memory for a region of RAM");
	i = n ? acrn_range_at(vm->roms->range, n, start) : 0;
	if (n) {
		memcpy(roms->range, vm->roms->range, i * sizeof(roms->range[0]));
		memcpy(&roms->range[i + 1], &vm->roms->range[i], (n - i) * sizeof(roms->range[0]));
	}
	roms->range[i] = (struct acrn_range){ .start = start, .end = end };
	roms->n = n + 1;
	roms_publish(vm, roms);
	return 0;
}

/* Needs no memory: where there is none, the range is emptied in place. vm->ram_lock is held. */
void acrn_rom_del(struct acrn_vm *vm, u64 start, u64 end)
{
	unsigned int n = vm->roms ? vm->roms->n : 0, i;
	struct acrn_roms *roms;

	i = n ? acrn_range_at(vm->roms->range, n, start) : 0;
	if (i == n || vm->roms->range[i].start != start || vm->roms->range[i].end != end)
		return;
	if (n == 1) {
		roms_publish(vm, NULL);
		return;
	}
	roms = mpt_zalloc(sizeof(*roms) + (n - 1) * sizeof(roms->range[0]));
	if (!roms) {
		/* Ends before it begins: no address is in it, and the order holds. */
		os_store(&vm->roms->range[i].start, end);
		return;
	}
	memcpy(roms->range, vm->roms->range, i * sizeof(roms->range[0]));
	memcpy(&roms->range[i], &vm->roms->range[i + 1], (n - i - 1) * sizeof(roms->range[0]));
	roms->n = n - 1;
	roms_publish(vm, roms);
}

/* --- by address, in a section --- */

u8 *acrn_page(const struct acrn_vm *vm, u64 gpa)
{
	u64 entry = entry_at(vm, gpa);

	gpa &= ~(u64)(MPT_PAGE_SIZE - 1);
	if (OS_LIKELY(entry & ACRN_WHOLE))
		return entry_host(entry, gpa);
	return gpa >> ACRN_CHUNK_SHIFT < vm->chunks ?
		       map_guest_phys(vm->vmid, gpa, MPT_PAGE_SIZE) : NULL;
}

u64 acrn_mfn(const struct acrn_vm *vm, u64 gfn)
{
	struct vhm_provider *p = vm->inst->machine.provider;
	u64 i = gfn / ACRN_HUGE_FRAMES, first, hpa;
	u8 *page;

	if (gfn > ACRN_FRAME_MAX || i >= vm->chunks)
		return INTEL_GVT_INVALID_ADDR;
	first = os_load(&vm->chunk_mfn[i]);
	if (OS_LIKELY(first))
		return first + gfn % ACRN_HUGE_FRAMES;
	page = acrn_page(vm, gfn << MPT_PAGE_SHIFT);
	if (!page)
		return INTEL_GVT_INVALID_ADDR;
	hpa = p->svc->virt_to_phys(p, page);
	if (hpa == ~0ULL && (p->caps & VHM_CAP_HPA))
		hpa = vhm_vm_gpa2hpa(vm->vmid, gfn << MPT_PAGE_SHIFT);
	return hpa >> ACRN_HPA_BITS ? INTEL_GVT_INVALID_ADDR : hpa >> MPT_PAGE_SHIFT;
}

/* As much of [gpa, gpa + len) as is in one piece; NULL: no RAM, or @write and read-only. */
static u8 *piece_at(const struct acrn_vm *vm, u64 gpa, u64 len, bool write, u64 *n)
{
	u64 entry = entry_at(vm, gpa), whole = entry & ACRN_WHOLE;
	u64 left = whole ? ACRN_CHUNK_SIZE - gpa % ACRN_CHUNK_SIZE :
			   MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE;
	u8 *page;

	*n = len < left ? len : left;
	if (OS_LIKELY(whole))
		return write && !(entry & ACRN_WRITABLE) ? NULL : entry_host(entry, gpa);
	page = acrn_page(vm, gpa);
	return page && !(write && acrn_readonly(vm, gpa)) ? page + gpa % MPT_PAGE_SIZE : NULL;
}

/*
 * All is translated before a byte is touched. The first pieces are then copied where they were
 * found, also if that RAM is being taken away meanwhile: its memory stays until the section ends.
 */
int acrn_copy(struct acrn_vm *vm, u64 gpa, void *buf_, u64 len, bool write)
{
	u8 *at[PIECES], *p, *buf = buf_;
	u64 addr = gpa, left = len, n;
	unsigned int i;

	if (len && len - 1 > UINT64_MAX - gpa)
		return -EFAULT;
	for (i = 0; left; i++, addr += n, left -= n) {
		p = piece_at(vm, addr, left, write, &n);
		if (!p)
			return -EFAULT;
		if (i < PIECES)
			at[i] = p;
	}
	for (i = 0; len; i++, gpa += n, buf += n, len -= n) {
		p = piece_at(vm, gpa, len, write, &n);
		if (i < PIECES)
			p = at[i];
		if (!p)
			return -EFAULT;
		acrn_bytes(p, buf, n, write);
	}
	return 0;
}

/* --- the operations --- */

static int no_ram(struct acrn_inst *inst, const char *op, u64 gpa, u64 len, const char *what)
{
	return acrn_fail(inst, op, -EFAULT, "0x%llx bytes at guest address 0x%llx are not all %s",
			 (unsigned long long)len, (unsigned long long)gpa, what);
}

/* The long way, which also learns what the short one needs. */
static __attribute__((noinline)) int copy_any(unsigned long handle, u64 gpa, void *buf, u64 len,
					      bool write)
{
	const char *op = write ? "write_gpa" : "read_gpa";
	struct acrn_vm *vm = acrn_vm_hold(handle, op);
	int ret = -ESRCH;
	unsigned long old;

	if (vm) {
		acrn_chunk_learn(vm, gpa);
		old = mpt_rcu_enter();
		ret = acrn_copy(vm, gpa, buf, len, write);
		mpt_rcu_leave(old);
		if (ret)
			no_ram(vm->inst, op, gpa, len, write ? "writable RAM" : "RAM");
		acrn_vm_drop(vm);
	}
	if (ret && !write && len < BUFFER_MAX)
		memset(buf, 0, len);
	return ret;
}

/* Within one whole chunk. */
static inline bool copy_fast(unsigned long handle, u64 gpa, void *buf, u64 len, bool write)
{
	const struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);
	u64 entry = OS_LIKELY(vm) ? entry_at(vm, gpa) : 0;
	u64 need = ACRN_WHOLE | (write ? ACRN_WRITABLE : 0);
	u8 *mem;

	if (OS_UNLIKELY((entry & need) != need ||
			len - 1 >= ACRN_CHUNK_SIZE - gpa % ACRN_CHUNK_SIZE))
		return false;
	mem = entry_host(entry, gpa);
	if (OS_UNLIKELY(!move_word(mem, buf, len, write)))
		acrn_bytes(mem, buf, len, write);
	return true;
}

int acrn_read(unsigned long handle, u64 gpa, void *buf, u64 len)
{
	unsigned long old = mpt_rcu_enter();
	bool done = copy_fast(handle, gpa, buf, len, false);

	mpt_rcu_leave(old);
	return OS_LIKELY(done) ? 0 : copy_any(handle, gpa, buf, len, false);
}

int acrn_write(unsigned long handle, u64 gpa, void *buf, u64 len)
{
	unsigned long old = mpt_rcu_enter();
	bool done = copy_fast(handle, gpa, buf, len, true);

	mpt_rcu_leave(old);
	return OS_LIKELY(done) ? 0 : copy_any(handle, gpa, buf, len, true);
}

static __attribute__((noinline)) unsigned long mfn_any(unsigned long handle, u64 gfn)
{
	struct acrn_vm *vm = acrn_vm_hold(handle, "gfn_to_mfn");
	unsigned long old;
	u64 mfn;

	if (!vm)
		return INTEL_GVT_INVALID_ADDR;
	if (gfn <= ACRN_FRAME_MAX)
		acrn_chunk_learn(vm, gfn << MPT_PAGE_SHIFT);
	old = mpt_rcu_enter();
	mfn = acrn_mfn(vm, gfn);
	mpt_rcu_leave(old);
	if (mfn == INTEL_GVT_INVALID_ADDR)
		acrn_fail(vm->inst, "gfn_to_mfn", -EFAULT, "guest frame 0x%llx is no RAM",
			  (unsigned long long)gfn);
	acrn_vm_drop(vm);
	return mfn;
}

unsigned long acrn_gfn_to_mfn(unsigned long handle, u64 gfn)
{
	unsigned long old = mpt_rcu_enter();
	const struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);
	u64 mfn = OS_LIKELY(vm && gfn / ACRN_HUGE_FRAMES < vm->chunks) ?
			  os_load(&vm->chunk_mfn[gfn / ACRN_HUGE_FRAMES]) : 0;

	mpt_rcu_leave(old);
	return OS_LIKELY(mfn) ? mfn + gfn % ACRN_HUGE_FRAMES : mfn_any(handle, gfn);
}

bool acrn_is_ram(unsigned long handle, u64 gfn)
{
	unsigned long old = mpt_rcu_enter();
	const struct acrn_vm *vm = mpt_handle_get(&acrn_handles, handle);
	bool valid = vm && gfn <= ACRN_FRAME_MAX && acrn_page(vm, gfn << MPT_PAGE_SHIFT);

	mpt_rcu_leave(old);
	return valid;
}
