/* SPDX-License-Identifier: MIT */
/*
 * What a vGPU asks to be done with guest addresses: trapped areas, frames that show machine
 * frames, the PV MMIO range, tracked pages. What happens at an access is guest.c's.
 */
#include "backends/mock/mock.h"

/* Frame numbers whose byte addresses fit 64 bits. */
#define FRAME_MAX (UINT64_MAX >> MPT_PAGE_SHIFT)
/* 2 MiB of registers and the shared page behind them (ACRN 4.19, acrngt.c: set_pvmmio). */
#define PVMMIO_MIN (MPT_HUGE_SIZE + MPT_PAGE_SIZE)

static struct mock_io io_none = { .lo = UINT64_MAX };

/* --- the ranges: a new array replaces the old, which is kept as the next removal's room --- */

static void io_free(struct mock_io *io)
{
	if (io != &io_none)
		mpt_free(io);
}

void mock_io_init(struct mock_vm *vm)
{
	vm->io = &io_none;
	vm->spare_io = &io_none;
}

void mock_io_exit(struct mock_vm *vm)
{
	io_free(vm->io);
	io_free(vm->spare_io);
}

/* The first of @n ordered ranges that ends at @addr or behind. */
unsigned int mock_range_at(const struct mock_range *r, unsigned int n, u64 addr)
{
	unsigned int lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r[mid].end >= addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Index in io->range of the first of its kind that ends at @addr or behind; @end: of that kind. */
static unsigned int io_find(const struct mock_io *io, bool maps, u64 addr, unsigned int *end)
{
	unsigned int first = maps ? io->traps : 0, n = maps ? io->maps : io->traps;

	*end = first + n;
	return first + mock_range_at(&io->range[first], n, addr);
}

/* The room for all ranges but one is there already: a removal cannot fail for memory. */
static void io_publish(struct mock_vm *vm, struct mock_io *io)
{
	unsigned int i, n = io->traps + io->maps;
	struct mock_io *old = vm->io;

	io->lo = UINT64_MAX;
	io->hi = 0;
	for (i = 0; i < n; i++) {
		io->lo = io->range[i].start < io->lo ? io->range[i].start : io->lo;
		io->hi = io->range[i].end > io->hi ? io->range[i].end : io->hi;
	}
	os_store(&vm->io, io);
	mpt_rcu_synchronize();
	vm->spare_io = old;
}

/* What a kind is called: the operation, and in a sentence. */
static const char *const io_op[] = { "set_trap_area", "map_gfn_to_mfn" };
static const char *const io_word[] = { "trapped", "mapped" };

static int io_add(struct mock_vm *vm, bool maps, const struct mock_range *r)
{
	struct mock_io *from = vm->io, *to;
	unsigned int end, i = io_find(from, maps, r->start, &end), n = from->traps + from->maps;

	if (i < end && from->range[i].start <= r->end)
		return mock_fail(io_op[maps], -EEXIST,
				 "0x%llx to 0x%llx overlaps what is %s from 0x%llx "
				 "(undo that first)",
				 (unsigned long long)r->start, (unsigned long long)r->end,
				 io_word[maps], (unsigned long long)from->range[i].start);
	to = mpt_zalloc(sizeof(*to) + (n + 1) * sizeof(*r));
	if (!to)
		return mock_fail(io_op[maps], -ENOMEM, "no memory for an address range");
	memcpy(to->range, from->range, i * sizeof(*r));
	to->range[i] = *r;
	memcpy(&to->range[i + 1], &from->range[i], (n - i) * sizeof(*r));
	to->traps = from->traps + !maps;
	to->maps = from->maps + maps;
	io_free(vm->spare_io);
	io_publish(vm, to);
	return 0;
}

static int io_del(struct mock_vm *vm, bool maps, const struct mock_range *r)
{
	struct mock_io *from = vm->io, *to = vm->spare_io;
	unsigned int end, i = io_find(from, maps, r->start, &end), n = from->traps + from->maps;
	const struct mock_range *have = &from->range[i];

	if (i == end || have->start != r->start || have->end != r->end || have->mfn != r->mfn)
		return mock_fail(io_op[maps], -ENOENT,
				 "0x%llx to 0x%llx is not %s so (name it as it was "
				 "%s)",
				 (unsigned long long)r->start, (unsigned long long)r->end,
				 io_word[maps], io_word[maps]);
	/* The static one is shared by all VMs and is never written. */
	if (n == 1) {
		os_store(&vm->io, &io_none);
		mpt_rcu_synchronize();
		io_free(to);
		vm->spare_io = from;
		return 0;
	}
	memcpy(to->range, from->range, i * sizeof(*r));
	memcpy(&to->range[i], &from->range[i + 1], (n - i - 1) * sizeof(*r));
	to->traps = from->traps - !maps;
	to->maps = from->maps - maps;
	io_publish(vm, to);
	return 0;
}

/* @handle's VM loses or gets @r. */
static int io_change(unsigned long handle, bool maps, const struct mock_range *r, bool add)
{
	struct mock_vm *vm = mock_vm_hold(handle, io_op[maps]);
	int ret;

	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	ret = add ? io_add(vm, maps, r) : io_del(vm, maps, r);
	os_mutex_unlock(&vm->lock);
	mock_vm_drop(vm);
	return ret;
}

void mock_io_clear(struct mock_vm *vm)
{
	struct mock_io *old;

	os_mutex_lock(&vm->lock);
	old = vm->io;
	if (old != &io_none) {
		os_store(&vm->io, &io_none);
		mpt_rcu_synchronize();
		io_free(old);
	}
	vm->pvmmio_on = false;
	os_mutex_unlock(&vm->lock);
}

/* --- the operations --- */

/* A dead handle comes before what is wrong in the arguments. */
static int bad_range(unsigned long handle, const char *op, const char *why, u64 a, u64 b)
{
	struct mock_vm *vm = mock_vm_hold(handle, op);

	if (!vm)
		return -ESRCH;
	mock_vm_drop(vm);
	return mock_fail(op, -EINVAL, "0x%llx and 0x%llx: %s", (unsigned long long)a,
			 (unsigned long long)b, why);
}

int mpt_mock_set_trap_area(unsigned long handle, u64 start, u64 end, bool map)
{
	struct mock_range r = { .start = start, .end = end };

	if (end < start)
		return bad_range(handle, io_op[false],
				 "the end is before the start (both belong to it)", start, end);
	return io_change(handle, false, &r, map);
}

int mpt_mock_map_gfn_to_mfn(unsigned long handle, unsigned long gfn, unsigned long mfn,
			    unsigned int nr, bool map)
{
	u64 more = nr - 1ULL;
	struct mock_range r = {
		.start = (u64)gfn << MPT_PAGE_SHIFT,
		.end = ((u64)gfn + more) << MPT_PAGE_SHIFT | (MPT_PAGE_SIZE - 1),
		.mfn = mfn,
	};

	if (!nr || gfn > FRAME_MAX - more || mfn > FRAME_MAX - more)
		return bad_range(handle, io_op[true],
				 "no frames, or beyond the last one there can be", gfn, mfn);
	return io_change(handle, true, &r, map);
}

/* Off, or on with one range; asking for the state it is in is no error. vm->lock is held. */
static int pvmmio_change(struct mock_vm *vm, u64 start, u64 end, bool map)
{
	bool same = vm->pvmmio.start == start && vm->pvmmio.end == end;

	if (vm->pvmmio_on && !same)
		return mock_fail("set_pvmmio", map ? -EEXIST : -ENOENT,
				 "PV MMIO is on at 0x%llx to 0x%llx "
				 "(switch that off first)",
				 (unsigned long long)vm->pvmmio.start,
				 (unsigned long long)vm->pvmmio.end);
	vm->pvmmio = (struct mock_range){ .start = start, .end = end };
	vm->pvmmio_on = map;
	return 0;
}

int mpt_mock_set_pvmmio(unsigned long handle, u64 start, u64 end, bool map)
{
	struct mock_vm *vm;
	int ret;

	if (end < start || end - start < PVMMIO_MIN - 1 || start % MPT_PAGE_SIZE)
		return bad_range(handle, "set_pvmmio",
				 "PV MMIO needs a page-aligned range of 2 MiB and a page", start,
				 end);
	vm = mock_vm_hold(handle, "set_pvmmio");
	if (!vm)
		return -ESRCH;
	os_mutex_lock(&vm->lock);
	ret = pvmmio_change(vm, start, end, map);
	os_mutex_unlock(&vm->lock);
	mock_vm_drop(vm);
	return ret;
}

/* --- tracked pages --- */

/* Also for frames beyond the guest's address space, which are never tracked. */
static bool track(struct mock_vm *vm, u64 gfn, bool on)
{
	struct mock_frame frame;
	unsigned long old;
	bool alone, found;

	old = mock_settle(vm, &alone);
	found = on ? mock_frame(vm, gfn, &frame) : gfn < mock_frames(vm);
	if (found)
		mpt_mock_track(&vm->hot, gfn, on, alone);
	mpt_rcu_leave(old);
	return found;
}

/* Stores that began before the bit was set must end before the return. */
int mpt_mock_track_slow(unsigned long handle, u64 gfn)
{
	struct mock_vm *vm = mock_vm_hold(handle, "enable_page_track");
	bool found;

	if (!vm)
		return -ESRCH;
	found = track(vm, gfn, true);
	if (found && mpt_mock_store_may_run(&vm->hot))
		mpt_rcu_synchronize();
	mock_vm_drop(vm);
	return found ? 0 :
		       mock_fail("enable_page_track", -EFAULT,
				 "guest frame 0x%llx is no RAM, so it cannot be tracked",
				 (unsigned long long)gfn);
}

int mpt_mock_untrack_slow(unsigned long handle, u64 gfn)
{
	struct mock_vm *vm = mock_vm_hold(handle, "disable_page_track");

	if (!vm)
		return -ESRCH;
	track(vm, gfn, false);
	mock_vm_drop(vm);
	return 0;
}

int mpt_mock_enable_page_track(unsigned long handle, u64 gfn)
{
	return mpt_static_enable_page_track(handle, gfn);
}

int mpt_mock_disable_page_track(unsigned long handle, u64 gfn)
{
	return mpt_static_disable_page_track(handle, gfn);
}

void mock_tracks_clear(struct mock_vm *vm)
{
	struct mpt_mock_busy *busy = vm->hot.busy;

	if (!os_load_relaxed(&busy->tracks_on))
		return;
	mpt_clear_pages(vm->hot.tracks, mock_frames(vm) / 8);
	os_store_relaxed(&busy->tracks_on, 0);
	os_store_relaxed(&busy->tracks_off, 0);
}

bool mock_tracked(void *vm_, u64 gfn)
{
	struct mock_vm *vm = vm_;

	return gfn < mock_frames(vm) && (os_load(&vm->hot.tracks[gfn / 64]) & 1ULL << gfn % 64);
}
