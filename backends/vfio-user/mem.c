/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by guest address: reading, writing, the dirty log. Mapped memory is reached in a
 * read section, without a lock; of the slow kinds every place is held first, then the section left.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/vfio-user/place.h"

/* A buffer longer than this exists nowhere: no process has that much address space. */
#define BUFFER_MAX (1ULL << 47)

typedef u64 __attribute__((may_alias)) word64;
typedef u32 __attribute__((may_alias)) word32;
typedef u16 __attribute__((may_alias)) word16;

/* --- bytes --- */

static inline bool load_word(const void *mem, void *buf, u64 len)
{
	u64 v;

	if ((uintptr_t)mem & (len - 1))
		return false;
	switch (len) {
	case 8:
		v = os_load_relaxed((const word64 *)mem);
		break;
	case 4:
		v = os_load_relaxed((const word32 *)mem);
		break;
	case 2:
		v = os_load_relaxed((const word16 *)mem);
		break;
	case 1:
		v = os_load_relaxed((const u8 *)mem);
		break;
	default:
		return false;
	}
	memcpy(buf, &v, len);
	return true;
}

static inline bool store_word(void *mem, const void *buf, u64 len)
{
	u64 v = 0;

	if ((uintptr_t)mem & (len - 1) || len > sizeof(v))
		return false;
	memcpy(&v, buf, len);
	switch (len) {
	case 8:
		os_store_relaxed((word64 *)mem, v);
		return true;
	case 4:
		os_store_relaxed((word32 *)mem, (u32)v);
		return true;
	case 2:
		os_store_relaxed((word16 *)mem, (u16)v);
		return true;
	case 1:
		os_store_relaxed((u8 *)mem, (u8)v);
		return true;
	default:
		return false;
	}
}

static inline void copy(void *mem, void *buf, u64 len, bool write)
{
	if (len <= 8 && (write ? store_word(mem, buf, len) : load_word(mem, buf, len)))
		return;
	if (write)
		os_guest_copy(mem, buf, len);
	else
		os_guest_copy(buf, mem, len);
}

void mpt_vu_copy(void *mem, void *buf, u64 len, bool write)
{
	copy(mem, buf, len, write);
}

/* --- one place --- */

void mpt_vu_place_mark(struct vu_place *place, u64 gpa, u64 len)
{
	u64 frame = (gpa - place->gpa) >> MPT_PAGE_SHIFT;
	u64 last = (gpa - place->gpa + len - 1) >> MPT_PAGE_SHIFT;

	for (; frame <= last; frame++)
		os_store(&place->dirty[frame], 1);
}

bool mpt_vu_place_whole(const struct vu_place *place, u64 gpa, u64 len)
{
	u64 end = place->offset + (gpa - place->gpa) + len;
	struct stat st;

	if (place->kind != VU_FILE)
		return true;
	return !fstat(place->fd, &st) && st.st_size >= 0 && (u64)st.st_size >= end;
}

static int file_access(struct vu_place *place, u64 gpa, u8 *buf, u64 len, bool write)
{
	u64 at = place->offset + (gpa - place->gpa);
	ssize_t n;

	/* Written to, it would grow where it was cut off. */
	if (write && !mpt_vu_place_whole(place, gpa, len))
		return -EFAULT;
	while (len) {
		n = write ? pwrite(place->fd, buf, len, (off_t)at)
			  : pread(place->fd, buf, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EFAULT;
		at += (u64)n;
		buf += n;
		len -= (u64)n;
	}
	return 0;
}

int mpt_vu_place_access(struct vu_place *place, u64 gpa, void *buf, u64 len, bool write)
{
	int ret = 0;

	switch (place->kind) {
	case VU_MAPPED:
		mpt_vu_copy(place->host + (gpa - place->gpa), buf, len, write);
		break;
	case VU_FILE:
		ret = file_access(place, gpa, buf, len, write);
		break;
	case VU_REMOTE:
		/* What the client has at this address by now is something else. */
		ret = os_load(&place->gone) ? -EFAULT
					    : mpt_vu_remote_access(place->vm, gpa, buf, len, write);
		break;
	}
	if (write && !ret)
		mpt_vu_place_mark(place, gpa, len);
	return ret;
}

/* --- ranges; in a section --- */

/*
 * Whether [gpa, gpa + len), which begins in region @i, is all memory that may be accessed so, and
 * whether all of it is mapped. Work: one step a region.
 */
static bool covers(const struct vu_map *map, unsigned int i, u64 gpa, u64 len, bool write,
		   bool *mapped)
{
	unsigned int need = write ? VU_MEM_WRITE : VU_MEM_READ;

	*mapped = true;
	for (; i < map->n && map->span[i].gpa <= gpa; i++) {
		const struct vu_span *s = &map->span[i];
		u64 left = s->size - (gpa - s->gpa);

		if (!(s->place->flags & need))
			return false;
		*mapped &= s->place->kind == VU_MAPPED;
		if (len <= left)
			return true;
		gpa += left;
		len -= left;
	}
	return false;
}

/* How much of [gpa, gpa + len) is in the region. */
static u64 part(u64 begin, u64 size, u64 gpa, u64 len)
{
	u64 left = size - (gpa - begin);

	return len < left ? len : left;
}

static void copy_mapped(const struct vu_map *map, unsigned int i, u64 gpa, u8 *buf, u64 len,
			bool write)
{
	u64 n;

	for (; len; i++, gpa += n, buf += n, len -= n) {
		n = part(map->span[i].gpa, map->span[i].size, gpa, len);
		mpt_vu_place_access(map->span[i].place, gpa, buf, n, write);
	}
}

/* Places that are held for an access; the first contains its begin. */
struct held {
	unsigned int n;
	struct vu_place *place[VU_REGIONS];
};

static void hold_all(const struct vu_map *map, unsigned int i, u64 gpa, u64 len, struct held *h)
{
	u64 n;

	for (h->n = 0; len; i++, gpa += n, len -= n) {
		n = part(map->span[i].gpa, map->span[i].size, gpa, len);
		vu_place_hold(map->span[i].place);
		h->place[h->n++] = map->span[i].place;
	}
}

/* --- slow kinds, outside a section --- */

static int copy_kind(const struct held *h, enum vu_kind kind, u64 gpa, u8 *buf, u64 len, bool write)
{
	unsigned int i;
	int ret = 0;
	u64 n;

	for (i = 0; i < h->n && !ret; i++, gpa += n, buf += n, len -= n) {
		n = part(h->place[i]->gpa, h->place[i]->size, gpa, len);
		if (h->place[i]->kind == kind)
			ret = mpt_vu_place_access(h->place[i], gpa, buf, n, write);
	}
	return ret;
}

/* Files that are too short are found before anything is written. */
static bool files_are_whole(const struct held *h, u64 gpa, u64 len)
{
	unsigned int i;
	u64 n;

	for (i = 0; i < h->n; i++, gpa += n, len -= n) {
		n = part(h->place[i]->gpa, h->place[i]->size, gpa, len);
		if (!mpt_vu_place_whole(h->place[i], gpa, n))
			return false;
	}
	return true;
}

/* Those first that may fail: a client that refuses one of several pieces may keep the others. */
static int copy_held(struct held *h, u64 gpa, u8 *buf, u64 len, bool write)
{
	int ret = files_are_whole(h, gpa, len) ? 0 : -EFAULT;
	unsigned int i;

	if (!ret)
		ret = copy_kind(h, VU_REMOTE, gpa, buf, len, write);
	if (!ret)
		ret = copy_kind(h, VU_FILE, gpa, buf, len, write);
	if (!ret)
		ret = copy_kind(h, VU_MAPPED, gpa, buf, len, write);
	for (i = 0; i < h->n; i++)
		mpt_vu_place_drop(h->place[i]);
	return ret ? -EFAULT : 0;
}

/* --- the operations --- */

/* Begins in a section and leaves it; @vm is alive until then. */
static __attribute__((noinline)) int access_slow(const struct vu_map *map, unsigned int i, u64 gpa,
						 void *buf, u64 len, bool write, unsigned long old)
{
	struct held h;

	hold_all(map, i, gpa, len, &h);
	mpt_rcu_leave(old);
	return copy_held(&h, gpa, buf, len, write);
}

/* Nearly all: within one region, and mapped. */
static inline bool access_one(const struct vu_span *s, u64 gpa, void *buf, u64 len, bool write)
{
	struct vu_place *place = s->place;
	u64 at = gpa - s->gpa;

	if (OS_UNLIKELY(at >= s->size || len > s->size - at || place->kind != VU_MAPPED ||
			!(place->flags & (write ? VU_MEM_WRITE : VU_MEM_READ))))
		return false;
	copy(place->host + at, buf, len, write);
	if (write)
		mpt_vu_place_mark(place, gpa, len);
	return true;
}

/* One snapshot of the map serves the check and the copy: no half access beside hot-plug. */
static inline int access_any(unsigned long handle, u64 gpa, void *buf, u64 len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);
	const struct vu_map *map;
	unsigned int i;
	bool mapped;
	int ret = -ESRCH;

	if (OS_UNLIKELY(!vm || !len)) {
		ret = vm ? 0 : -ESRCH;
	} else {
		map = os_load(&vm->map);
		i = vu_span_at(map, gpa);
		if (OS_LIKELY(i < map->n && access_one(&map->span[i], gpa, buf, len, write)))
			ret = 0;
		else if (OS_UNLIKELY(gpa + (len - 1) < gpa ||
				     !covers(map, i, gpa, len, write, &mapped)))
			ret = -EFAULT;
		else if (OS_UNLIKELY(!mapped))
			return access_slow(map, i, gpa, buf, len, write, old);
		else
			ret = 0, copy_mapped(map, i, gpa, buf, len, write);
	}
	mpt_rcu_leave(old);
	return ret;
}

static int refused(const char *op, unsigned long handle, int ret, u64 gpa, u64 len)
{
	if (ret == -ESRCH)
		return mpt_vu_dead_handle(handle, op);
	return vu_fail(op, -EFAULT,
		       "0x%llx bytes at guest address 0x%llx are not all memory that may be "
		       "accessed so, or the client does not give it",
		       (unsigned long long)len, (unsigned long long)gpa);
}

int mpt_vu_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = access_any(handle, gpa, buf, len, false);

	if (OS_LIKELY(!ret))
		return 0;
	if (len < BUFFER_MAX)
		memset(buf, 0, len);
	return refused("read_gpa", handle, ret, gpa, len);
}

int mpt_vu_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = access_any(handle, gpa, buf, len, true);

	return OS_LIKELY(!ret) ? 0 : refused("write_gpa", handle, ret, gpa, len);
}

unsigned long mpt_vu_gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);
	const struct vu_place *place = vm ? vu_place_at(os_load(&vm->map), gfn) : NULL;
	unsigned long mfn = place ? vu_mfn(place, gfn) : INTEL_GVT_INVALID_ADDR;

	mpt_rcu_leave(old);
	if (!vm)
		mpt_vu_dead_handle(handle, "gfn_to_mfn");
	else if (!place)
		vu_fail("gfn_to_mfn", -EFAULT, "guest frame 0x%lx is no memory", gfn);
	return mfn;
}

bool mpt_vu_is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	unsigned long old = mpt_rcu_enter();
	const struct vu_vm *vm = mpt_handle_get(&mpt_vu_handles, handle);
	bool valid = vm && vu_place_at(os_load(&vm->map), gfn);

	mpt_rcu_leave(old);
	return valid;
}

/* --- the dirty log --- */

/* Frames [@gfn, @end) of one place. A store behind the exchange marks anew. */
static void fetch_place(struct vu_place *place, u64 gfn, u64 end, u64 bit, u8 *bitmap)
{
	u8 *dirty = &place->dirty[gfn - (place->gpa >> MPT_PAGE_SHIFT)];

	for (; gfn < end; gfn++, bit++, dirty++)
		if (os_load_relaxed(dirty) && os_exchange(dirty, 0))
			bitmap[bit / 8] |= (u8)(1U << bit % 8);
}

int mpt_vu_mem_dirty(struct vu_vm *vm, u64 gfn, u64 nr, u8 *bitmap)
{
	u64 frames = 1ULL << (VU_GUEST_BITS - MPT_PAGE_SHIFT), first, last;
	const struct vu_map *map;
	unsigned long old;
	unsigned int i;

	if (nr > frames || gfn > frames - nr)
		return vu_fail("dirty_fetch", -EINVAL,
			       "frames 0x%llx and %llu on are beyond the guest's address space",
			       (unsigned long long)gfn, (unsigned long long)nr);
	memset(bitmap, 0, (nr + 7) / 8);
	old = mpt_rcu_enter();
	map = os_load(&vm->map);
	for (i = vu_span_at(map, gfn << MPT_PAGE_SHIFT); nr && i < map->n; i++) {
		first = map->span[i].gpa >> MPT_PAGE_SHIFT;
		last = first + (map->span[i].size >> MPT_PAGE_SHIFT);
		if (first >= gfn + nr)
			break;
		first = first < gfn ? gfn : first;
		last = last < gfn + nr ? last : gfn + nr;
		fetch_place(map->span[i].place, first, last, first - gfn, bitmap);
	}
	mpt_rcu_leave(old);
	return 0;
}
