/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by guest address: finding a memslot, reading, writing, the dirty log. Nothing here
 * takes a lock. What changes the memslots is svc_slots.c's.
 */
#include "backends/kvm-stub/svc.h"

typedef u64 __attribute__((may_alias)) word64;
typedef u32 __attribute__((may_alias)) word32;
typedef u16 __attribute__((may_alias)) word16;

#define WORD(type)                                       \
	do {                                             \
		type v;                                  \
		if (write) {                             \
			memcpy(&v, buf, sizeof(v));      \
			os_store_relaxed((type *)mem, v); \
		} else {                                 \
			v = os_load_relaxed((type *)mem); \
			memcpy(buf, &v, sizeof(v));      \
		}                                        \
	} while (0)

/* An aligned word at once; false: it is none. */
static inline bool copy_word(void *mem, void *buf, u64 len, bool write)
{
	if (OS_UNLIKELY((uintptr_t)mem & (len - 1)))
		return false;
	switch (len) {
	case 8:
		WORD(word64);
		return true;
	case 4:
		WORD(word32);
		return true;
	case 2:
		WORD(word16);
		return true;
	case 1:
		WORD(u8);
		return true;
	default:
		return false;
	}
}

void mpt_svc_copy(void *mem, void *buf, u64 len, bool write)
{
	if (OS_LIKELY(copy_word(mem, buf, len, write)))
		return;
	if (write)
		os_guest_copy(mem, buf, len);
	else
		os_guest_copy(buf, mem, len);
}

unsigned int mpt_svc_slot_at(const struct svc_slots *slots, u64 gpa)
{
	unsigned int lo = 0, hi = slots->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (gpa - slots->slot[mid].gpa < slots->slot[mid].size ||
		    slots->slot[mid].gpa > gpa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct svc_slot *mpt_svc_slot_of(const struct svc_vm *vm, u64 gfn)
{
	const struct svc_slots *slots = os_load(&vm->slots);
	unsigned int i;

	if (OS_UNLIKELY(gfn >= vm->nr_frames))
		return NULL;
	i = mpt_svc_slot_at(slots, gfn << MPT_PAGE_SHIFT);
	return i < slots->n && slots->slot[i].gpa <= gfn << MPT_PAGE_SHIFT ? &slots->slot[i] : NULL;
}

/* Whether [gpa, gpa + len), which begins in slot @i, is all RAM. Work: one step a slot. */
static bool covers(const struct svc_slots *slots, unsigned int i, u64 gpa, u64 len, bool write)
{
	for (; i < slots->n && slots->slot[i].gpa <= gpa; i++) {
		const struct svc_slot *s = &slots->slot[i];
		u64 left = s->size - (gpa - s->gpa);

		if (write && os_load_relaxed(&s->mem->readonly))
			return false;
		if (len <= left)
			return true;
		gpa += left;
		len -= left;
	}
	return false;
}

bool mpt_svc_is_ram(const struct svc_vm *vm, u64 gfn, u64 nr)
{
	const struct svc_slots *slots = os_load(&vm->slots);
	u64 gpa = gfn << MPT_PAGE_SHIFT;

	return covers(slots, mpt_svc_slot_at(slots, gpa), gpa, nr << MPT_PAGE_SHIFT, false);
}

static void copy_slot(const struct svc_vm *vm, const struct svc_slot *s, u64 gpa, void *buf,
		      u64 len, bool write)
{
	u64 frame = gpa >> MPT_PAGE_SHIFT, last = (gpa + len - 1) >> MPT_PAGE_SHIFT;

	mpt_svc_copy((u8 *)s->mem->ram.addr + (gpa - s->gpa), buf, len, write);
	for (; write && frame <= last; frame++)
		os_store(&vm->dirty[frame], 1);
}

/* One snapshot of the slots serves the check and the copy: no half access beside hot-plug. */
int mpt_svc_rw(const struct svc_vm *vm, u64 gpa, void *buf_, u64 len, bool write)
{
	const struct svc_slots *slots = os_load(&vm->slots);
	unsigned int i = mpt_svc_slot_at(slots, gpa);
	u8 *buf = buf_;
	u64 n;

	if (OS_UNLIKELY(!len))
		return 0;
	if (OS_UNLIKELY(gpa + (len - 1) < gpa || !covers(slots, i, gpa, len, write)))
		return -EFAULT;
	for (; len; i++, gpa += n, buf += n, len -= n) {
		n = slots->slot[i].size - (gpa - slots->slot[i].gpa);
		n = len < n ? len : n;
		copy_slot(vm, &slots->slot[i], gpa, buf, n, write);
	}
	return 0;
}

/* The mark goes before the caller reads the page; a store behind it marks anew. */
int mpt_svc_dirty_fetch(void *vm_, u64 gfn, u64 nr, u8 *bitmap)
{
	struct svc_vm *vm = vm_;
	u64 i;

	if (nr > vm->nr_frames || gfn > vm->nr_frames - nr)
		return svc_fail("dirty_fetch", -EINVAL,
				"frames 0x%llx and %llu on are beyond the guest's address space",
				(unsigned long long)gfn, (unsigned long long)nr);
	memset(bitmap, 0, (nr + 7) / 8);
	for (i = 0; i < nr; i++)
		if (os_load_relaxed(&vm->dirty[gfn + i]) && os_exchange(&vm->dirty[gfn + i], 0))
			bitmap[i / 8] |= (u8)(1U << i % 8);
	return 0;
}
