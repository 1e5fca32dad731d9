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

	hot->nr_chunks = (1ULL << vm->mock->opt.phys_bits) / MPT_MOCK_CHUNK_SIZE;
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

/*
 * Puts the chunks that a place fills into the table, or takes them out; the rest of it is found by the
 * map. A reader may see it half done: then it looks in the map.
 */
void mock_table_set(struct mock_vm *vm, const struct mock_place *place, bool show)
{
	u64 chunk = (place->gpa + MPT_MOCK_CHUNK_SIZE - 1) / MPT_MOCK_CHUNK_SIZE;
	u64 end = (place->gpa + place->size) / MPT_MOCK_CHUNK_SIZE, gfn, entry;

	for (; chunk < end; chunk++) {
		gfn = chunk * MPT_MOCK_CHUNK_FRAMES;
		entry = (u64)(uintptr_t)place->ram->mem.addr +
			(chunk * MPT_MOCK_CHUNK_SIZE - place->gpa);
		entry |= MPT_MOCK_READ | (place->readonly ? 0 : MPT_MOCK_WRITE);
		os_store(&vm->hot.mfns[chunk], show ? mock_mfn(place, gfn) ^ gfn : 0);
		os_store(&vm->hot.chunks[chunk], show ? entry : 0);
	}
}
