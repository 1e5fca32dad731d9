/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by guest-physical address: what the inline paths of <mpt/static/mock.h> do not
 * cover, and the operations made of both. Everything static here runs inside a read section.
 */
#include "backends/mock/mock.h"

/* A buffer longer than this exists nowhere: no process has that much address space. */
#define BUFFER_MAX (1ULL << 47)

unsigned int mock_span_at(const struct mock_map *map, u64 gpa)
{
	unsigned int lo = 0, hi = map->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (gpa - map->span[mid].gpa < map->span[mid].size || map->span[mid].gpa > gpa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/*
 * Whether [gpa, gpa + len) is all RAM (and writable); @i: its first region. Work: one step a
 * region.
 */
static bool span_covers(const struct mock_map *map, unsigned int i, u64 gpa, u64 len, bool write)
{
	for (; i < map->n && map->span[i].gpa <= gpa; i++) {
		const struct mock_span *s = &map->span[i];
		u64 left = s->size - (gpa - s->gpa);

		if (write && s->place->readonly)
			return false;
		if (len <= left)
			return true;
		gpa += left;
		len -= left;
	}
	return false;
}

bool mock_covers(const struct mock_vm *vm, u64 gpa, u64 len, bool *one)
{
	const struct mock_map *map = os_load(&vm->map);
	unsigned int i = mock_span_at(map, gpa);

	if (!span_covers(map, i, gpa, len, false))
		return false;
	*one = len <= map->span[i].size - (gpa - map->span[i].gpa);
	return true;
}

bool mock_frame(const struct mock_vm *vm, u64 gfn, struct mock_frame *out)
{
	const struct mock_map *map = os_load(&vm->map);
	u64 gpa = gfn << MPT_PAGE_SHIFT;
	unsigned int i = mock_span_at(map, gpa);
	const struct mock_span *s = &map->span[i];

	if (gfn >= mock_frames(vm) || i == map->n || s->gpa > gpa)
		return false;
	*out = (struct mock_frame){
		.host = s->host + (gpa - s->gpa),
		.mfn = mock_mfn(s->place, gfn),
		.readonly = s->place->readonly,
	};
	return true;
}

void mock_bytes(void *mem, void *buf, u64 len, bool write)
{
	if (write) {
		if (!mpt_mock_store_word(mem, buf, len))
			os_guest_copy(mem, buf, len);
	} else if (!mpt_mock_load_word(mem, buf, len)) {
		os_guest_copy(buf, mem, len);
	}
}

static void mark_dirty(const struct mock_vm *vm, u64 gpa, u64 len)
{
	u64 frame = gpa >> MPT_PAGE_SHIFT, last = (gpa + len - 1) >> MPT_PAGE_SHIFT;

	for (; frame <= last; frame++)
		os_store(&vm->hot.dirty[frame], 1);
}

/* Where [gpa, gpa + len) is in this process if it is within a chunk that has an entry. */
static inline u8 *in_chunk(const struct mpt_mock_hot *hot, u64 gpa, u64 len, u64 need)
{
	u64 entry = mpt_mock_entry(hot, gpa >> MPT_PAGE_SHIFT);

	if (len - 1 >= MPT_MOCK_CHUNK_SIZE - gpa % MPT_MOCK_CHUNK_SIZE || !(entry & need))
		return NULL;
	return mpt_mock_host(entry, gpa);
}

/*
 * One snapshot of the map serves the check and the copy, so a region that goes meanwhile (its
 * memory stays until the section ends) cannot make half an access.
 */
static int span_copy(const struct mock_vm *vm, u64 gpa, u8 *buf, u64 len, bool write)
{
	const struct mock_map *map = os_load(&vm->map);
	u64 limit = mock_frames(vm) << MPT_PAGE_SHIFT, n;
	unsigned int i;

	if (len > limit || gpa > limit - len)
		return -EFAULT;
	i = mock_span_at(map, gpa);
	if (!span_covers(map, i, gpa, len, write))
		return -EFAULT;
	for (; len; i++, gpa += n, buf += n, len -= n) {
		const struct mock_span *s = &map->span[i];

		n = s->size - (gpa - s->gpa);
		n = len < n ? len : n;
		mock_bytes(s->host + (gpa - s->gpa), buf, n, write);
		if (write)
			mark_dirty(vm, gpa, n);
	}
	return 0;
}

int mock_copy(const struct mock_vm *vm, u64 gpa, void *buf, u64 len, bool write)
{
	return len ? span_copy(vm, gpa, buf, len, write) : 0;
}

/* --- the operations --- */

static int no_ram(const char *op, u64 gpa, u64 len, const char *what)
{
	return mock_fail(op, -EFAULT, "0x%llx bytes at guest address 0x%llx are not all %s",
			 (unsigned long long)len, (unsigned long long)gpa, what);
}

static __attribute__((__noinline__)) int read_any(unsigned long handle, u64 gpa, void *buf, u64 len)
{
	unsigned long old = mpt_rcu_enter();
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	int ret = hot ? mock_copy(mock_vm_of(hot), gpa, buf, len, false) : -ESRCH;

	mpt_rcu_leave(old);
	if (!ret)
		return 0;
	if (len < BUFFER_MAX)
		memset(buf, 0, len);
	return ret == -ESRCH ? mock_dead_handle(handle, "read_gpa") :
			       no_ram("read_gpa", gpa, len, "RAM");
}

/* Whole pages first, for which this is the fast path. */
int mpt_mock_read_slow(unsigned long handle, u64 gpa, void *buf, u64 len)
{
	const struct mpt_mock_hot *hot;
	const u8 *p;

	if (OS_LIKELY(len > 8 && mpt_mock_enter())) {
		hot = mpt_mock_vm(handle);
		p = OS_LIKELY(hot) ? in_chunk(hot, gpa, len, MPT_MOCK_READ) : NULL;
		if (OS_LIKELY(p)) {
			os_guest_copy(buf, p, len);
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return read_any(handle, gpa, buf, len);
}

static __attribute__((__noinline__)) int write_any(unsigned long handle, u64 gpa, const void *buf,
					       u64 len)
{
	unsigned long old = mpt_rcu_enter();
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	int ret = -ESRCH;

	/* mock_copy() serves both directions; writing it does not touch the buffer. */
	if (hot)
		ret = mock_copy(mock_vm_of(hot), gpa, (void *)(uintptr_t)buf, len, true);
	mpt_rcu_leave(old);
	if (!ret)
		return 0;
	return ret == -ESRCH ? mock_dead_handle(handle, "write_gpa") :
			       no_ram("write_gpa", gpa, len, "writable RAM");
}

int mpt_mock_write_slow(unsigned long handle, u64 gpa, const void *buf, u64 len)
{
	const struct mpt_mock_hot *hot;
	u8 *p;

	if (OS_LIKELY(len > 8 && mpt_mock_enter())) {
		hot = mpt_mock_vm(handle);
		p = OS_LIKELY(hot) ? in_chunk(hot, gpa, len, MPT_MOCK_WRITE) : NULL;
		if (OS_LIKELY(p)) {
			os_guest_copy(p, buf, len);
			mark_dirty(mock_vm_of(hot), gpa, len);
			mpt_mock_leave();
			return 0;
		}
		mpt_mock_leave();
	}
	return write_any(handle, gpa, buf, len);
}

unsigned long mpt_mock_mfn_slow(unsigned long handle, u64 gfn)
{
	unsigned long old = mpt_rcu_enter();
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	struct mock_frame frame = { .mfn = INTEL_GVT_INVALID_ADDR };
	bool found = hot && mock_frame(mock_vm_of(hot), gfn, &frame);

	mpt_rcu_leave(old);
	if (!hot)
		mock_dead_handle(handle, "gfn_to_mfn");
	else if (!found)
		mock_fail("gfn_to_mfn", -EFAULT, "guest frame 0x%llx is no RAM",
			  (unsigned long long)gfn);
	return frame.mfn;
}

bool mpt_mock_is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	unsigned long old = mpt_rcu_enter();
	const struct mpt_mock_hot *hot = mpt_mock_vm(handle);
	struct mock_frame frame;
	bool valid = hot && (mpt_mock_mfn(hot, gfn) || mock_frame(mock_vm_of(hot), gfn, &frame));

	mpt_rcu_leave(old);
	return valid;
}

int mpt_mock_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	return mpt_static_read_gpa(handle, gpa, buf, len);
}

int mpt_mock_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	return mpt_static_write_gpa(handle, gpa, buf, len);
}

unsigned long mpt_mock_gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	return mpt_static_gfn_to_mfn(handle, gfn);
}
