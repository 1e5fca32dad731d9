/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU does: loads and stores that are answered by RAM, by the core (trapped areas, the
 * aperture, stores to tracked pages), or by nothing; configuration space; and the news of RAM that
 * came or went, which goes the same way to the core.
 */
#include "backends/mock/mock.h"

/* GTTMMADR of gen8 and gen9 graphics: 16 MiB (Intel datasheets, "Graphics Translation Table, Memory
 * Mapped Range Address", register GTTMMADR). Needed only where the core cannot say what to trap. */
#define BAR0_SIZE (16ULL << 20)

/* What is at an address. */
enum mock_what {
	WHAT_DONE, /* memory, and the access is done */
	WHAT_TRAP, /* emulate_mmio_* */
	WHAT_APERTURE,
	WHAT_STORE, /* write_protect_handler */
	WHAT_NOTHING,
};

static void nothing(struct mock_vm *vm, void *buf, unsigned int len, bool write)
{
	if (!write)
		memset(buf, 0xff, len);
	os_fetch_add(&vm->unclaimed, 1);
}

/* --- delivery --- */

/* The vGPU, for calls of the core until mpt_deliver_leave(); NULL: nobody is to be called. */
static void *deliver_begin(struct mock_vm *vm)
{
	void *vgpu;

	if (OS_UNLIKELY(!mpt_deliver_enter(vm)))
		return NULL;
	vgpu = os_load(&vm->deliver);
	if (OS_UNLIKELY(!vgpu))
		mpt_deliver_leave();
	return vgpu;
}

/* The largest naturally aligned piece of up to 8 bytes at @gpa; @len > 0. */
static inline unsigned int aligned_piece(u64 gpa, unsigned int len)
{
	unsigned int n = 1U << __builtin_ctzll(gpa | 8);

	return n <= len ? n : 1U << (31 - __builtin_clz(len));
}

static int deliver_mmio(struct mock_vm *vm, u64 gpa, u8 *buf, unsigned int len, bool write)
{
	void *vgpu = deliver_begin(vm);
	unsigned int n;
	int ret = 0, err;
	u64 val;

	if (!vgpu) {
		nothing(vm, buf, len, write);
		return 0;
	}
	for (; len; gpa += n, buf += n, len -= n) {
		n = aligned_piece(gpa, len);
		memcpy(&val, buf, n);
		err = mpt_deliver_mmio(vm->mock->host, vgpu, vm, gpa, &val, n, write);
		if (!write)
			memcpy(buf, &val, n);
		ret = ret ? ret : err;
		os_fetch_add(&vm->traps, 1);
	}
	mpt_deliver_leave();
	return ret;
}

static int deliver_aperture(struct mock_vm *vm, u64 offset, void *buf, unsigned int len, bool write)
{
	int ret;

	if (!deliver_begin(vm)) {
		nothing(vm, buf, len, write);
		return 0;
	}
	os_fetch_add(&vm->aperture, 1);
	ret = mpt_deliver_aperture(vm->mock->host, offset, buf, len, write);
	mpt_deliver_leave();
	return ret;
}

static int store_now(struct mock_vm *vm, u64 gpa, const void *data, unsigned int len)
{
	unsigned long old = mpt_rcu_enter();
	int ret = mock_copy(vm, gpa, (void *)(uintptr_t)data, len, true);

	mpt_rcu_leave(old);
	return ret;
}

/*
 * An aligned store of up to 8 bytes to a tracked page. Without anybody to tell it is a plain
 * one.
 */
static int deliver_store(struct mock_vm *vm, u64 gpa, const void *data, unsigned int len)
{
	void *vgpu = deliver_begin(vm);
	int ret;

	if (OS_UNLIKELY(!vgpu))
		return store_now(vm, gpa, data, len);
	if (OS_UNLIKELY(vm->store_first))
		store_now(vm, gpa, data, len);
	/* A plain count: it may lose one where two vCPUs store at once. */
	os_count(&vm->track_hits);
	ret = mpt_deliver_store(vm->mock->host, vgpu, vm, os_load_relaxed(&vm->handle), gpa, data,
				len, mpt_mock_write_gpa);
	mpt_deliver_leave();
	/* The core does not track the page (any more), but the store is done. */
	return OS_UNLIKELY(ret == -ENXIO) ? 0 : ret;
}

static int deliver_stores(struct mock_vm *vm, u64 gpa, const u8 *data, unsigned int len)
{
	int ret = 0, err;
	unsigned int n;
	u64 val = 0;

	for (; len; gpa += n, data += n, len -= n) {
		n = aligned_piece(gpa, len);
		memcpy(&val, data, n);
		err = deliver_store(vm, gpa, &val, n);
		ret = ret ? ret : err;
	}
	return ret;
}

void mock_region_event(struct mock_vm *vm, u64 gpa, u64 size, bool added)
{
	void *vgpu = deliver_begin(vm);

	if (!vgpu)
		return;
	mpt_deliver_region(vm->mock->host, vgpu, gpa >> MPT_PAGE_SHIFT, size >> MPT_PAGE_SHIFT,
			   added);
	mpt_deliver_leave();
}

/* --- a hypervisor that cannot be told what to trap finds the BARs itself, as a VMM does --- */

static u64 cfg_read(struct mock_vm *vm, void *vgpu, unsigned int offset, unsigned int len)
{
	u32 val = 0;

	mpt_deliver_cfg(vm->mock->host, vgpu, vm, offset, &val, len, false);
	return val;
}

static bool in_bar(struct mock_vm *vm, void *vgpu, unsigned int offset, u64 size, u64 gpa)
{
	u64 base = cfg_read(vm, vgpu, offset, 4) & ~0xfULL;

	base |= cfg_read(vm, vgpu, offset + 4, 4) << 32;
	return gpa - base < size;
}

/* Registers: PCI Local Bus Specification 3.0, 6.1 (COMMAND at 4, BARs from 0x10). */
static bool bar_hit(struct mock_vm *vm, u64 gpa)
{
	u64 caps = vm->mock->caps, pages;
	void *vgpu = deliver_begin(vm);
	bool hit = false;

	if (!vgpu)
		return false;
	pages = mpt_host_core(vm->mock->host)->aperture_pages;
	if (cfg_read(vm, vgpu, 0x04, 2) & 2)
		hit = (!(caps & MPT_CAP_TRAP_AREA) && in_bar(vm, vgpu, 0x10, BAR0_SIZE, gpa)) ||
		      (!(caps & MPT_CAP_MAP_GFN) &&
		       in_bar(vm, vgpu, 0x18, pages << MPT_PAGE_SHIFT, gpa));
	mpt_deliver_leave();
	return hit;
}

/* --- one page's worth of an access --- */

/* The range that @gpa is in, or NULL; @len is cut to what has the same answer. */
static const struct mock_range *range_cut(const struct mock_range *r, unsigned int n, u64 gpa,
					  unsigned int *len)
{
	unsigned int i = mock_range_at(r, n, gpa);

	if (i == n)
		return NULL;
	if (r[i].start > gpa) {
		if (r[i].start - gpa < *len)
			*len = (unsigned int)(r[i].start - gpa);
		return NULL;
	}
	if (r[i].end - gpa < *len)
		*len = (unsigned int)(r[i].end - gpa) + 1;
	return &r[i];
}

/* A guest frame that shows machine frame @mfn: the aperture, or memory of the core's own. */
static enum mock_what mapped(struct mock_vm *vm, u64 mfn, u64 gpa, void *buf, unsigned int len,
			     bool write, u64 *offset)
{
	const struct mpt_core *core = mpt_host_core(vm->mock->host);
	u8 *page;

	*offset = ((mfn - core->aperture_mfn) << MPT_PAGE_SHIFT) + gpa % MPT_PAGE_SIZE;
	if (mfn - core->aperture_mfn < core->aperture_pages)
		return WHAT_APERTURE;
	page = mock_core_page(vm->mock, mfn);
	if (!page)
		return WHAT_NOTHING;
	mock_bytes(page + gpa % MPT_PAGE_SIZE, buf, len, write);
	return WHAT_DONE;
}

/* In a section: traps before mappings before RAM. @len: at most to the end of the page. */
static enum mock_what look(struct mock_vm *vm, u64 gpa, void *buf, unsigned int *len, bool write,
			   u64 *offset)
{
	const struct mock_io *io = os_load(&vm->io);
	const struct mock_range *r;
	struct mock_frame f;

	r = range_cut(io->range, io->traps, gpa, len);
	if (r)
		return WHAT_TRAP;
	r = range_cut(io->range + io->traps, io->maps, gpa, len);
	if (r)
		return mapped(vm, r->mfn + ((gpa - r->start) >> MPT_PAGE_SHIFT), gpa, buf, *len,
			      write, offset);
	if (!mock_frame(vm, gpa >> MPT_PAGE_SHIFT, &f) || (write && f.readonly))
		return WHAT_NOTHING;
	if (write && mock_tracked(vm, gpa >> MPT_PAGE_SHIFT))
		return WHAT_STORE;
	mock_copy(vm, gpa, buf, *len, write);
	return WHAT_DONE;
}

static int access_piece(struct mock_vm *vm, u64 gpa, void *buf, unsigned int *len, bool write)
{
	unsigned int left = (unsigned int)(MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE);
	enum mock_what what;
	unsigned long old;
	u64 offset = 0;

	*len = *len < left ? *len : left;
	old = mpt_rcu_enter();
	what = look(vm, gpa, buf, len, write, &offset);
	mpt_rcu_leave(old);
	if (what == WHAT_NOTHING && ~vm->mock->caps & (MPT_CAP_TRAP_AREA | MPT_CAP_MAP_GFN) &&
	    bar_hit(vm, gpa))
		what = WHAT_TRAP;
	switch (what) {
	case WHAT_DONE:
		return 0;
	case WHAT_TRAP:
		return deliver_mmio(vm, gpa, buf, *len, write);
	case WHAT_APERTURE:
		return deliver_aperture(vm, offset, buf, *len, write);
	case WHAT_STORE:
		return deliver_stores(vm, gpa, buf, *len);
	case WHAT_NOTHING:
		break;
	}
	nothing(vm, buf, *len, write);
	return 0;
}

/* --- the whole access --- */

/*
 * The thread begins to run the guest. After the wait who sets a track bit sees that it does, or
 * has set the bit before this thread's first store.
 */
static void vcpu_new(struct mock_vm *vm)
{
	const void *self = &mpt_reader_self, *vcpu;

	os_mutex_lock(&vm->lock);
	vcpu = vm->hot.vcpu;
	if (!vm->stopped && vcpu != self && vcpu != MPT_MOCK_SHARED) {
		os_store(&vm->hot.vcpu, vcpu ? MPT_MOCK_SHARED : self);
		mpt_rcu_synchronize();
	}
	os_mutex_unlock(&vm->lock);
}

/* A thread that is not known to run the guest goes the long way, and all do when it is stopped. */
static inline bool vcpu_known(const struct mock_vm *vm)
{
	const void *vcpu = os_load_relaxed(&vm->hot.vcpu);

	return OS_LIKELY(vcpu == &mpt_reader_self) || vcpu == MPT_MOCK_SHARED;
}

void mock_vm_stop(void *priv, void *vm_)
{
	struct mock_vm *vm = vm_;

	(void)priv;
	os_mutex_lock(&vm->lock);
	os_store(&vm->stopped, true);
	os_store(&vm->hot.vcpu, NULL);
	os_mutex_unlock(&vm->lock);
}

static __attribute__((__noinline__)) int access_slow(struct mock_vm *vm, u64 gpa, u8 *buf,
						 unsigned int len, bool write)
{
	int ret = 0, err;
	unsigned int n;

	if (len - 1 >= MPT_PAGE_SIZE)
		return mock_fail("mem_access", -EINVAL, "a guest access of %u bytes (1 to 4096)",
				 len);
	if (!vcpu_known(vm))
		vcpu_new(vm);
	if (OS_UNLIKELY(os_load(&vm->stopped))) {
		nothing(vm, buf, len, write);
		return 0;
	}
	for (; len; gpa += n, buf += n, len -= n) {
		n = len;
		err = access_piece(vm, gpa, buf, &n, write);
		ret = ret ? ret : err;
		/* Behind the last address there is nothing. */
		if (OS_UNLIKELY(n < len && gpa + n < gpa)) {
			nothing(vm, buf + n, len - n, write);
			break;
		}
	}
	return ret;
}

/*
 * A store to a tracked page, straight to the core if it is an aligned word. Nobody stores to
 * read-only RAM, so @entry is asked; RAM that is gone by now is found out by who stores.
 */
static __attribute__((__noinline__)) int tracked_store(struct mock_vm *vm, u64 gpa, void *buf,
						   unsigned int len, u64 entry)
{
	if (OS_LIKELY(entry & MPT_MOCK_WRITE && len - 1 < 8 && !(len & (len - 1)) &&
		      !(gpa & (len - 1))))
		return deliver_store(vm, gpa, buf, len);
	return access_slow(vm, gpa, buf, len, true);
}

/* Whether no trap and no mapping is near; a word does not wrap. */
static inline bool plain_address(const struct mock_vm *vm, u64 gpa, unsigned int len)
{
	const struct mock_io *io = os_load(&vm->io);

	return OS_LIKELY(gpa + (len - 1) < io->lo) || gpa > io->hi;
}

/* The common cases: an aligned word of RAM in a chunk of one region, no range near. */
static inline int guest_load(struct mock_vm *vm, u64 gpa, void *buf, unsigned int len)
{
	bool done;

	if (OS_LIKELY(mpt_mock_enter())) {
		done = vcpu_known(vm) && plain_address(vm, gpa, len) &&
		       mpt_mock_load(&vm->hot, gpa, buf, len);
		mpt_mock_leave();
		if (OS_LIKELY(done))
			return 0;
	}
	return access_slow(vm, gpa, buf, len, false);
}

static inline int guest_store(struct mock_vm *vm, u64 gpa, void *buf, unsigned int len)
{
	u64 frame = gpa >> MPT_PAGE_SHIFT, entry;

	if (OS_LIKELY(mpt_mock_enter())) {
		entry = mpt_mock_entry(&vm->hot, frame);
		if (OS_LIKELY(entry && vcpu_known(vm) && plain_address(vm, gpa, len))) {
			if (OS_UNLIKELY(os_load_relaxed(&vm->hot.tracks[frame / 64]) &
					1ULL << frame % 64)) {
				mpt_mock_leave();
				return tracked_store(vm, gpa, buf, len, entry);
			}
			if (OS_LIKELY(mpt_mock_store(&vm->hot, entry, gpa, buf, len))) {
				mpt_mock_leave();
				return 0;
			}
		}
		mpt_mock_leave();
	}
	return access_slow(vm, gpa, buf, len, true);
}

int mock_mem_access(void *vm, u64 gpa, void *buf, unsigned int len, bool write)
{
	return write ? guest_store(vm, gpa, buf, len) : guest_load(vm, gpa, buf, len);
}

int mock_cfg_access(void *vm_, unsigned int offset, void *buf, unsigned int len, bool write)
{
	struct mock_vm *vm = vm_;
	void *vgpu;
	int ret;

	if (len - 1 >= MPT_PAGE_SIZE)
		return mock_fail("cfg_access", -EINVAL, "a config access of %u bytes", len);
	vgpu = os_load_relaxed(&vm->stopped) ? NULL : deliver_begin(vm);
	if (!vgpu) {
		nothing(vm, buf, len, write);
		return 0;
	}
	os_fetch_add(&vm->cfg, 1);
	ret = mpt_deliver_cfg(vm->mock->host, vgpu, vm, offset, buf, len, write);
	mpt_deliver_leave();
	return ret;
}
