/* SPDX-License-Identifier: MIT */
/*
 * The state of a replay's host as a number: RAM, dirty log, tracked pages, counters, and what is in
 * force. Addresses that the back end chose are not in it, so that two back ends can be compared.
 */
#include "trace_play_priv.h"

#include <stdlib.h>
#include <string.h>

#define FETCH 32768 /* pages whose dirty bits are asked for at a time */
#define PAGE 4096ULL

/* splitmix64's finalizer (Steele, Lea, Flood 2014) over both. */
uint64_t play_mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ b * 0x9e3779b97f4a7c15ULL) + 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *bytes, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash << 7 | hash >> 57) * 0x9e3779b97f4a7c15ULL + word;
	}
	return play_mix(hash, len);
}

static bool bit(const uint8_t *bits, uint64_t n)
{
	return bits[n / 8] >> n % 8 & 1;
}

void play_note_dirty(struct play *p, unsigned int vm, uint64_t gfn, uint64_t nr,
		     const uint8_t *bits)
{
	unsigned int r;
	uint64_t i;

	for (r = 0; r < p->regions; r++) {
		struct play_region *reg = &p->region[r];
		uint64_t first = reg->gpa / PAGE, pages = reg->size / PAGE;
		uint64_t from = gfn > first ? gfn : first;
		uint64_t to = gfn + nr < first + pages ? gfn + nr : first + pages;

		if (reg->vm != vm || reg->whole || from >= to)
			continue;
		if (!reg->dirty)
			reg->dirty = calloc(1, pages / 8 + 1);
		if (!reg->dirty)
			reg->whole = true;
		for (i = from; reg->dirty && i < to; i++)
			if (bit(bits, i - gfn))
				reg->dirty[(i - first) / 8] |= (uint8_t)(1 << (i - first) % 8);
	}
}

static uint64_t hash_page(struct play *p, uint64_t hash, struct mpt_vm *vm, uint64_t gpa)
{
	memset(p->buf[0], 0, PAGE);
	mpt_guest_read(vm, gpa, p->buf[0], PAGE);
	return mix_bytes(play_mix(hash, gpa), p->buf[0], PAGE);
}

/* Pages that were never written are all zero, and are not read. */
static uint64_t hash_region(struct play *p, uint64_t hash, struct mpt_vm *vm,
			    const struct play_region *reg)
{
	uint64_t pages = reg->size / PAGE, first = reg->gpa / PAGE, at, i, n;
	bool all;

	hash = play_mix(play_mix(hash, reg->gpa), reg->size);
	for (at = 0; at < pages; at += FETCH) {
		n = pages - at < FETCH ? pages - at : FETCH;
		memset(p->bits, 0, FETCH / 8);
		all = mpt_dirty_fetch(vm, first + at, n, p->bits) || reg->whole;
		hash = mix_bytes(hash, p->bits, FETCH / 8);
		for (i = 0; i < n; i++) {
			if (mpt_vm_tracked(vm, first + at + i))
				hash = play_mix(hash, first + at + i);
			if (all || bit(p->bits, i) || (reg->dirty && bit(reg->dirty, at + i)))
				hash = hash_page(p, hash, vm, reg->gpa + (at + i) * PAGE);
		}
	}
	return hash;
}

static uint64_t hash_stats(uint64_t hash, struct mpt_vm *vm)
{
	struct mpt_vm_stats s;
	unsigned int i;

	if (mpt_vm_stats_get(vm, &s))
		return hash;
	const uint64_t word[] = { s.msi, s.intx, s.irq_lost, s.traps, s.cfg, s.track_hits,
				  s.aperture, s.unclaimed, s.tracked, s.dma_live, s.bad_unmap,
				  s.opregion, s.edid, (uint64_t)s.vfio_device, s.intx_level,
				  s.stopped };

	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		hash = play_mix(hash, word[i]);
	return hash;
}

static uint64_t hash_vm(struct play *p, uint64_t hash, unsigned int n)
{
	struct mpt_vm *vm;
	unsigned int i;

	hash = play_mix(hash, p->t->vm[n]);
	if (mpt_vm_get(p->host, p->t->vm[n], &vm))
		return hash;
	hash = hash_stats(hash, vm);
	for (i = 0; i < p->regions; i++)
		if (p->region[i].vm == n)
			hash = hash_region(p, hash, vm, &p->region[i]);
	mpt_vm_put(vm);
	return hash;
}

/* Last of all: the dirty log is empty afterwards. */
uint64_t play_hash_state(struct play *p)
{
	uint64_t hash = p->sets;
	unsigned int i;

	p->quiet = true;
	for (i = 0; i < p->t->vms; i++)
		hash = hash_vm(p, hash, i);
	for (i = 0; i < 256; i++)
		if (p->vgpu[i].serial)
			hash = play_mix(hash, play_mix(i, p->vgpu[i].vm));
	return hash;
}
