/* SPDX-License-Identifier: MIT */
/*
 * Static dispatch to the mock hypervisor (-DMPT_STATIC_BACKEND=mock): its operations by name,
 * the hot ones inline. The mock's own callbacks are these same functions, so there is one
 * implementation. What the inline code needs of a VM stands here and is unstable: only this
 * header, and a library of the same build, may rely on it.
 */
#ifndef MPT_STATIC_MOCK_H
#define MPT_STATIC_MOCK_H

#include <string.h>
#include <mpt/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Internal
 *
 * All below is what the inline dispatch needs. A caller uses the wrappers of <mpt/mpt.h>.
 */

/*
 * Guest address space is looked up in chunks of 1 MiB. A chunk that one region of RAM fills has an
 * entry: its address in this process, and in the low bits whether it may be read and written. Of
 * any other chunk the entry is 0: look in the map of regions. Smaller chunks would find more
 * without the map, but then the table itself would miss the caches.
 */
#define MPT_MOCK_CHUNK_FRAMES 256
#define MPT_MOCK_CHUNK_SIZE (MPT_MOCK_CHUNK_FRAMES * MPT_PAGE_SIZE)
#define MPT_MOCK_READ 1ULL
#define MPT_MOCK_WRITE 2ULL

/* Interrupts that wait to be taken; a power of two. */
#define MPT_MOCK_RING 1024
/* In the place of a thread: there are several. */
#define MPT_MOCK_SHARED ((const void *)1)

/* What is written often, in cache lines of its own. */
struct mpt_mock_busy {
	u64 irq_head; /* interrupts ever queued */
	u64 tracks_on, tracks_off; /* pages that became tracked, untracked */
	int irq_fd; /* constant; -1: none */
	u64 pad[4];
	/*
	 * Bits 31:0 address, 47:32 data, 62:48 lap of the ring (counted from 1) that tells a
	 * full slot from a stale one, 63 an edge of the pin.
	 */
	u64 ring[MPT_MOCK_RING];
};

/*
 * The hot part of a VM. The pointers are constant from the VM's creation to its end.
 *
 * @owner: a locked instruction costs as much as two reads of guest memory. While only one thread
 * changes a VM's counts and bits it does without: it is the owner. The first use by another
 * makes the VM SHARED and waits, once, for the owner's read section to end; from then on everybody
 * uses locked instructions.
 */
struct mpt_mock_hot {
	u64 *chunks;
	u64 nr_chunks;
	u64 *mfns; /* of a chunk with an entry: gfn's machine frame is this ^ gfn; else 0 */
	u8 *dirty; /* a byte for each frame */
	u64 *tracks; /* a bit for each frame */
	struct mpt_mock_busy *busy;
	const void *owner; /* NULL: nobody yet */
	const void *vcpu; /* the thread that runs the guest; NULL: none yet */
};

/* The handles of all instances; a handle's private part is a struct mpt_mock_hot. */
extern struct mpt_handles mpt_mock_handles;

/* The operations out of line; contracts in <mpt/hypercall.h>. */
int mpt_mock_host_init(struct device *dev, void *gvt, const void *ops);
void mpt_mock_host_exit(struct device *dev, void *gvt);
int mpt_mock_attach_vgpu(void *vgpu, unsigned long *handle);
void mpt_mock_detach_vgpu(unsigned long handle);
int mpt_mock_inject_msi(unsigned long handle, u32 addr, u16 data);
unsigned long mpt_mock_from_virt_to_mfn(void *p);
int mpt_mock_enable_page_track(unsigned long handle, u64 gfn);
int mpt_mock_disable_page_track(unsigned long handle, u64 gfn);
int mpt_mock_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
int mpt_mock_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
unsigned long mpt_mock_gfn_to_mfn(unsigned long handle, unsigned long gfn);
int mpt_mock_map_gfn_to_mfn(unsigned long handle, unsigned long gfn, unsigned long mfn,
			    unsigned int nr, bool map);
int mpt_mock_dma_map_guest_page(unsigned long handle, unsigned long gfn, unsigned long size,
				dma_addr_t *dma_addr);
void mpt_mock_dma_unmap_guest_page(unsigned long handle, dma_addr_t dma_addr);
int mpt_mock_set_trap_area(unsigned long handle, u64 start, u64 end, bool map);
int mpt_mock_set_pvmmio(unsigned long handle, u64 start, u64 end, bool map);
int mpt_mock_dom0_ready(void);
int mpt_mock_dma_pin_guest_page(unsigned long handle, dma_addr_t dma_addr);
int mpt_mock_set_opregion(void *vgpu);
int mpt_mock_set_edid(void *vgpu, int port_num);
int mpt_mock_get_vfio_device(void *vgpu);
void mpt_mock_put_vfio_device(void *vgpu);
bool mpt_mock_is_valid_gfn(unsigned long handle, unsigned long gfn);
int mpt_mock_set_intx(unsigned long handle, bool level);

/* What the inline paths below leave to the library: everything but the common case. */
int mpt_mock_read_slow(unsigned long handle, u64 gpa, void *buf, u64 len);
int mpt_mock_write_slow(unsigned long handle, u64 gpa, const void *buf, u64 len);
unsigned long mpt_mock_mfn_slow(unsigned long handle, u64 gfn);
int mpt_mock_track_slow(unsigned long handle, u64 gfn);
int mpt_mock_untrack_slow(unsigned long handle, u64 gfn);
int mpt_mock_msi_slow(unsigned long handle, u32 addr, u16 data);

/* Cold operations: a direct call. */
#define mpt_static_host_init mpt_mock_host_init
#define mpt_static_host_exit mpt_mock_host_exit
#define mpt_static_attach_vgpu mpt_mock_attach_vgpu
#define mpt_static_detach_vgpu mpt_mock_detach_vgpu
#define mpt_static_from_virt_to_mfn mpt_mock_from_virt_to_mfn
#define mpt_static_map_gfn_to_mfn mpt_mock_map_gfn_to_mfn
#define mpt_static_set_trap_area mpt_mock_set_trap_area
#define mpt_static_set_pvmmio mpt_mock_set_pvmmio
#define mpt_static_dom0_ready mpt_mock_dom0_ready
#define mpt_static_set_opregion mpt_mock_set_opregion
#define mpt_static_set_edid mpt_mock_set_edid
#define mpt_static_get_vfio_device mpt_mock_get_vfio_device
#define mpt_static_put_vfio_device mpt_mock_put_vfio_device
#define mpt_static_is_valid_gfn mpt_mock_is_valid_gfn
#define mpt_static_set_intx mpt_mock_set_intx
/* Hot, but too long to stand at every caller: also a direct call. */
#define mpt_static_dma_map_guest_page mpt_mock_dma_map_guest_page
#define mpt_static_dma_unmap_guest_page mpt_mock_dma_unmap_guest_page
#define mpt_static_dma_pin_guest_page mpt_mock_dma_pin_guest_page

#if defined(__GNUC__)
/* Guest memory is looked at in several widths. */
typedef u64 __attribute__((may_alias)) mpt_mock_u64;
typedef u32 __attribute__((may_alias)) mpt_mock_u32;
typedef u16 __attribute__((may_alias)) mpt_mock_u16;

#define MPT_MOCK_LIKELY(x) __builtin_expect(!!(x), 1)

/* The live VM of a handle. Inside a read section. */
static inline const struct mpt_mock_hot *mpt_mock_vm(unsigned long handle)
{
	return (const struct mpt_mock_hot *)mpt_handle_get(&mpt_mock_handles, handle);
}

/* The entry of a guest frame's chunk; 0 beyond the guest's address space. */
static inline u64 mpt_mock_entry(const struct mpt_mock_hot *vm, u64 gfn)
{
	u64 chunk = gfn / MPT_MOCK_CHUNK_FRAMES;

	if (!MPT_MOCK_LIKELY(chunk < vm->nr_chunks))
		return 0;
	return __atomic_load_n(&vm->chunks[chunk], __ATOMIC_ACQUIRE);
}

/* Where byte @gpa is in this process, @entry not being 0. */
static inline u8 *mpt_mock_host(u64 entry, u64 gpa)
{
	u64 begin = entry & ~(MPT_MOCK_READ | MPT_MOCK_WRITE);

	return (u8 *)(uintptr_t)(begin + gpa % MPT_MOCK_CHUNK_SIZE);
}

/* The machine frame of a guest frame; 0: look closer. */
static inline u64 mpt_mock_mfn(const struct mpt_mock_hot *vm, u64 gfn)
{
	u64 chunk = gfn / MPT_MOCK_CHUNK_FRAMES, mfn;

	if (!MPT_MOCK_LIKELY(chunk < vm->nr_chunks))
		return 0;
	mfn = __atomic_load_n(&vm->mfns[chunk], __ATOMIC_ACQUIRE);
	/* No frame is its own machine frame, so an entry is never 0 by chance. */
	return MPT_MOCK_LIKELY(mfn) ? mfn ^ gfn : 0;
}

/* A naturally aligned access of 1, 2, 4 or 8 bytes, which never tears. False: another kind. */
static inline bool mpt_mock_load_word(const void *p, void *buf, u64 len)
{
	if (len == 8 && !((uintptr_t)p & 7)) {
		u64 v = __atomic_load_n((const mpt_mock_u64 *)p, __ATOMIC_RELAXED);

		memcpy(buf, &v, sizeof(v));
	} else if (len == 4 && !((uintptr_t)p & 3)) {
		u32 v = __atomic_load_n((const mpt_mock_u32 *)p, __ATOMIC_RELAXED);

		memcpy(buf, &v, sizeof(v));
	} else if (len == 2 && !((uintptr_t)p & 1)) {
		u16 v = __atomic_load_n((const mpt_mock_u16 *)p, __ATOMIC_RELAXED);

		memcpy(buf, &v, sizeof(v));
	} else if (len == 1) {
		*(u8 *)buf = __atomic_load_n((const u8 *)p, __ATOMIC_RELAXED);
	} else {
		return false;
	}
	return true;
}

static inline bool mpt_mock_store_word(void *p, const void *buf, u64 len)
{
	if (len == 8 && !((uintptr_t)p & 7)) {
		u64 v;

		memcpy(&v, buf, sizeof(v));
		__atomic_store_n((mpt_mock_u64 *)p, v, __ATOMIC_RELAXED);
	} else if (len == 4 && !((uintptr_t)p & 3)) {
		u32 v;

		memcpy(&v, buf, sizeof(v));
		__atomic_store_n((mpt_mock_u32 *)p, v, __ATOMIC_RELAXED);
	} else if (len == 2 && !((uintptr_t)p & 1)) {
		u16 v;

		memcpy(&v, buf, sizeof(v));
		__atomic_store_n((mpt_mock_u16 *)p, v, __ATOMIC_RELAXED);
	} else if (len == 1) {
		__atomic_store_n((u8 *)p, *(const u8 *)buf, __ATOMIC_RELAXED);
	} else {
		return false;
	}
	return true;
}

/*
 * Begin a read section if that is cheap: the thread is in none and is known. Without the general
 * case, which is left to the library, the inline paths below call nothing and save no registers.
 * Ended by mpt_mock_leave().
 */
static inline bool mpt_mock_enter(void)
{
	struct mpt_reader *r = &mpt_reader_self;

	if (!MPT_MOCK_LIKELY(r->epoch == MPT_READER_READY))
		return false;
	__atomic_store_n(&r->epoch, __atomic_load_n(&mpt_rcu_epoch, __ATOMIC_RELAXED),
			 __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return true;
}

static inline void mpt_mock_leave(void)
{
	mpt_rcu_leave(MPT_READER_READY);
}

/* Read an aligned word of guest memory. False: nothing was done, look closer. */
static inline bool mpt_mock_load(const struct mpt_mock_hot *vm, u64 gpa, void *buf, u64 len)
{
	u64 entry = mpt_mock_entry(vm, gpa >> MPT_PAGE_SHIFT);

	return MPT_MOCK_LIKELY(entry & MPT_MOCK_READ) &&
	       mpt_mock_load_word(mpt_mock_host(entry, gpa), buf, len);
}

/*
 * The same for writing; @entry is @gpa's. The dirty log is marked after the data, and only if it is
 * not marked yet: a load costs less than a store, and vCPUs do not fight for the line. Who fetches
 * and clears a mark makes all threads pass a barrier before it answers, so data whose mark was
 * found set here is visible to it.
 */
static inline bool mpt_mock_store(const struct mpt_mock_hot *vm, u64 entry, u64 gpa,
				  const void *buf, u64 len)
{
	u8 *mark;

	if (!MPT_MOCK_LIKELY(entry & MPT_MOCK_WRITE) ||
	    !mpt_mock_store_word(mpt_mock_host(entry, gpa), buf, len))
		return false;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	mark = &vm->dirty[gpa >> MPT_PAGE_SHIFT];
	if (!MPT_MOCK_LIKELY(__atomic_load_n(mark, __ATOMIC_RELAXED)))
		__atomic_store_n(mark, 1, __ATOMIC_RELEASE);
	return true;
}

/*
 * Whether this thread may change a VM's counts plainly, or with locked instructions; else
 * neither.
 */
static inline bool mpt_mock_alone(const struct mpt_mock_hot *vm)
{
	return MPT_MOCK_LIKELY(__atomic_load_n(&vm->owner, __ATOMIC_RELAXED) == &mpt_reader_self);
}

static inline bool mpt_mock_shared(const struct mpt_mock_hot *vm)
{
	return __atomic_load_n(&vm->owner, __ATOMIC_RELAXED) == MPT_MOCK_SHARED;
}

/* Add 1 to a counter; the answer is what it was. */
static inline u64 mpt_mock_count(u64 *count, bool alone)
{
	u64 was;

	if (!alone)
		return __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
	was = __atomic_load_n(count, __ATOMIC_RELAXED);
	__atomic_store_n(count, was + 1, __ATOMIC_RELEASE);
	return was;
}

/* Queue an interrupt; a queue that is full loses its oldest. */
static inline void mpt_mock_post(const struct mpt_mock_hot *vm, u64 what, bool alone)
{
	struct mpt_mock_busy *busy = vm->busy;
	u64 n = mpt_mock_count(&busy->irq_head, alone);
	u64 lap = (n / MPT_MOCK_RING + 1) & 0x7fff;

	__atomic_store_n(&busy->ring[n % MPT_MOCK_RING], what | lap << 48, __ATOMIC_RELEASE);
}

/* Set or clear a page's bit, and count it if it was not so before. */
static inline void mpt_mock_track(const struct mpt_mock_hot *vm, u64 gfn, bool on, bool alone)
{
	u64 *word = &vm->tracks[gfn / 64], bit = 1ULL << gfn % 64;
	u64 old = __atomic_load_n(word, __ATOMIC_RELAXED);

	if (on == !!(old & bit))
		return;
	if (alone)
		__atomic_store_n(word, old ^ bit, __ATOMIC_RELEASE);
	else if (on)
		old = __atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL);
	else
		old = __atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
	if (on != !!(old & bit))
		mpt_mock_count(on ? &vm->busy->tracks_on : &vm->busy->tracks_off, alone);
}

/*
 * Whether a store that the guest has begun on another thread may have missed a bit just set. A
 * thread that begins to run the guest makes all others pass a barrier after it has said so.
 */
static inline bool mpt_mock_store_may_run(const struct mpt_mock_hot *vm)
{
	const void *vcpu;

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	vcpu = __atomic_load_n(&vm->vcpu, __ATOMIC_RELAXED);
	return vcpu && vcpu != &mpt_reader_self;
}

static inline int mpt_mock_read_word(unsigned long handle, unsigned long gpa, void *buf,
				     unsigned long len)
{
	const struct mpt_mock_hot *vm;

	if (MPT_MOCK_LIKELY(mpt_mock_enter())) {
		vm = mpt_mock_vm(handle);
		if (MPT_MOCK_LIKELY(vm && mpt_mock_load(vm, gpa, buf, len))) {
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return mpt_mock_read_slow(handle, gpa, buf, len);
}

static inline int mpt_mock_write_word(unsigned long handle, unsigned long gpa, const void *buf,
				      unsigned long len)
{
	u64 frame = gpa >> MPT_PAGE_SHIFT;
	const struct mpt_mock_hot *vm;

	if (MPT_MOCK_LIKELY(mpt_mock_enter())) {
		vm = mpt_mock_vm(handle);
		if (MPT_MOCK_LIKELY(vm && mpt_mock_store(vm, mpt_mock_entry(vm, frame), gpa, buf,
							 len))) {
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return mpt_mock_write_slow(handle, gpa, buf, len);
}

/* The length a GTT entry has has a path of its own; whole pages do not try to be words first. */
static inline int mpt_static_read_gpa(unsigned long handle, unsigned long gpa, void *buf,
				      unsigned long len)
{
	if (MPT_MOCK_LIKELY(len == 8))
		return mpt_mock_read_word(handle, gpa, buf, 8);
	if (len <= 4)
		return mpt_mock_read_word(handle, gpa, buf, len);
	return mpt_mock_read_slow(handle, gpa, buf, len);
}

static inline int mpt_static_write_gpa(unsigned long handle, unsigned long gpa, void *buf,
				       unsigned long len)
{
	if (MPT_MOCK_LIKELY(len == 8))
		return mpt_mock_write_word(handle, gpa, buf, 8);
	if (len <= 4)
		return mpt_mock_write_word(handle, gpa, buf, len);
	return mpt_mock_write_slow(handle, gpa, buf, len);
}

static inline unsigned long mpt_static_gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	const struct mpt_mock_hot *vm;
	u64 mfn;

	if (MPT_MOCK_LIKELY(mpt_mock_enter())) {
		vm = mpt_mock_vm(handle);
		mfn = MPT_MOCK_LIKELY(vm) ? mpt_mock_mfn(vm, gfn) : 0;
		mpt_mock_leave();
		if (MPT_MOCK_LIKELY(mfn))
			return mfn;
	}
	return mpt_mock_mfn_slow(handle, gfn);
}

static inline int mpt_static_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	const struct mpt_mock_hot *vm;

	if (MPT_MOCK_LIKELY(mpt_mock_enter())) {
		vm = mpt_mock_vm(handle);
		/* Intel SDM vol. 3, "Message Address Register Format": bits 31:20 are 0xfee. */
		if (MPT_MOCK_LIKELY(vm && mpt_mock_alone(vm) && addr >> 20 == 0xfee &&
				    vm->busy->irq_fd < 0)) {
			mpt_mock_post(vm, addr | (u64)data << 32, true);
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return mpt_mock_msi_slow(handle, addr, data);
}

static inline int mpt_static_enable_page_track(unsigned long handle, u64 gfn)
{
	const struct mpt_mock_hot *vm;
	bool done = false;

	if (MPT_MOCK_LIKELY(mpt_mock_enter())) {
		vm = mpt_mock_vm(handle);
		if (MPT_MOCK_LIKELY(vm && mpt_mock_alone(vm) && mpt_mock_mfn(vm, gfn))) {
			mpt_mock_track(vm, gfn, true, true);
			done = !mpt_mock_store_may_run(vm);
		}
		mpt_mock_leave();
	}
	return MPT_MOCK_LIKELY(done) ? 0 : mpt_mock_track_slow(handle, gfn);
}

static inline int mpt_static_disable_page_track(unsigned long handle, u64 gfn)
{
	const struct mpt_mock_hot *vm;

	if (MPT_MOCK_LIKELY(mpt_mock_enter())) {
		vm = mpt_mock_vm(handle);
		if (MPT_MOCK_LIKELY(vm && mpt_mock_alone(vm) &&
				    gfn / MPT_MOCK_CHUNK_FRAMES < vm->nr_chunks)) {
			mpt_mock_track(vm, gfn, false, true);
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return mpt_mock_untrack_slow(handle, gfn);
}
#endif /* __GNUC__ */

#ifdef __cplusplus
}
#endif

#endif
