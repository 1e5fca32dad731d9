/* SPDX-License-Identifier: MIT */
/*
 * The tables by which guest memory is found at an access (see <mpt/static/mock.h>), one entry
 * for each chunk of 2 MiB. Changed under the VM's ram_lock, read in sections. What a region is,
 * and when readers are waited for, is ram.c's.
 */
#include "backends/mock/mock.h"

int mock_table_init(struct mock_vm *vm)
{
	struct mpt_mock_hot *hot = &vm->hot;

	hot->nr_chunks = (1ULL << vm->mock->opt.phys_bits) / MPT_HUGE_SIZE;
	hot->chunks = mpt_zalloc_pages(hot->nr_chunks * sizeof(*hot->chunks));
	hot->mfns = mpt_zalloc_pages(hot->nr_chunks * sizeof(*hot->mfns));
	hot->dirty = mpt_zalloc_pages(mock_frames(vm));
	hot->tracks = mpt_zalloc_pages(mock_frames(vm) / 8);
	if (hot->chunks && hot->mfns && hot->dirty && hot->tracks)
		return 0;
	return mock_fail("vm_create", -ENOMEM,
			 "no address space for the tables of a VM with %llu address bits "
			 "(open with a smaller phys-bits=)",
			 (unsigned long long)vm->mock->opt.phys_bits);
}

void mock_table_exit(struct mock_vm *vm)
{
	struct mpt_mock_hot *hot = &vm->hot;

	mpt_free_pages(hot->tracks, mock_frames(vm) / 8);
	mpt_free_pages(hot->dirty, mock_frames(vm));
	mpt_free_pages(hot->mfns, hot->nr_chunks * sizeof(*hot->mfns));
	mpt_free_pages(hot->chunks, hot->nr_chunks * sizeof(*hot->chunks));
}

/* The one region of @map that has RAM in a chunk; NULL: none, or several. */
static const struct mock_span *only_span(const struct mock_map *map, u64 chunk, bool *several)
{
	u64 begin = chunk * MPT_HUGE_SIZE, end = begin + MPT_HUGE_SIZE;
	unsigned int i = mock_span_at(map, begin);

	*several = false;
	if (i == map->n || map->span[i].gpa >= end)
		return NULL;
	*several = i + 1 < map->n && map->span[i + 1].gpa < end;
	return *several ? NULL : &map->span[i];
}

static u64 entry_of(const struct mock_span *s, u64 chunk)
{
	u64 begin = chunk * MPT_HUGE_SIZE, end = begin + MPT_HUGE_SIZE;
	u64 lo = s->gpa > begin ? s->gpa : begin;
	u64 hi = s->gpa + s->size < end ? s->gpa + s->size : end;
	u64 entry = ((u64)(uintptr_t)s->host + begin - s->gpa) & MPT_MOCK_ADDR;

	if (hi - lo == MPT_HUGE_SIZE)
		return entry | MPT_MOCK_FULL | (s->place->readonly ? 0 : MPT_MOCK_FULL_WRITE);
	return entry | (lo - begin) >> MPT_PAGE_SHIFT |
	       (hi - lo) >> MPT_PAGE_SHIFT << MPT_MOCK_COUNT_SHIFT |
	       (s->place->readonly ? 0 : MPT_MOCK_PART_WRITE);
}

/*
 * Makes the table say what @map says of all chunks that @changed touches. An entry and its
 * machine frame are two words, and a reader may see one of them new: then it finds nothing, but
 * never another region's, because no chunk goes from one region to another without a wait for
 * readers in between.
 */
void mock_table_update(struct mock_vm *vm, const struct mock_map *map,
		       const struct mock_place *changed)
{
	u64 chunk = changed->gpa / MPT_HUGE_SIZE, i, entry, mfn;
	const struct mock_span *s;
	bool several;

	for (i = 0; i < changed->nr_blocks; i++, chunk++) {
		s = only_span(map, chunk, &several);
		entry = s ? entry_of(s, chunk) : several ? MPT_MOCK_SEVERAL : 0;
		mfn = s ? mock_mfn(s->place, chunk * MOCK_HUGE_FRAMES) : 0;
		if (s && !(entry & MPT_MOCK_FULL))
			mfn |= MPT_MOCK_PARTIAL;
		os_store(&vm->hot.mfns[chunk], mfn);
		os_store(&vm->hot.chunks[chunk], entry);
	}
}
