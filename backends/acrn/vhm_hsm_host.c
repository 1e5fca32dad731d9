/* SPDX-License-Identifier: MIT */
/*
 * Memory of this process for guests over the upstream HSM: its pages, and the numbers that stand
 * for machine addresses, which nobody but these functions understands.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "backends/acrn/vhm_hsm_priv.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 0x0004U
#endif

/* --- pages of the process --- */

void *acrn_hsm_pages(u64 size, bool huge)
{
	void *token = mpt_zalloc(1), *host = MAP_FAILED;
	int fd = -1;

	/* So that a planned failure reaches it, and a leak is seen. */
	if (!token)
		return NULL;
	mpt_free(token);
	fd = memfd_create("acrn-ram", MFD_CLOEXEC | (huge ? MFD_HUGETLB : 0));
	if (fd >= 0 && !ftruncate(fd, (off_t)size))
		host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (host == MAP_FAILED)
		return NULL;
	/* A transparent huge page would make the HSM map more than it was asked to (3.4). */
	if (!huge)
		madvise(host, size, MADV_NOHUGEPAGE);
	return host;
}

void acrn_hsm_pages_free(void *host, u64 size)
{
	munmap(host, size);
}

/* --- numbers of memory --- */

int acrn_hsm_mem_init(struct acrn_hsm *h)
{
	h->place = mpt_zalloc_pages(65536);
	h->chunk = mpt_zalloc_pages(HSM_CHUNKS * sizeof(*h->chunk));
	h->chunk_pages = mpt_zalloc_pages(HSM_CHUNKS * sizeof(*h->chunk_pages));
	h->hosts = mpt_zalloc(sizeof(*h->hosts));
	if (h->place && h->chunk && h->chunk_pages && h->hosts)
		return 0;
	acrn_hsm_mem_exit(h);
	return -ENOMEM;
}

void acrn_hsm_mem_exit(struct acrn_hsm *h)
{
	mpt_free(h->hosts);
	mpt_free(h->spare);
	mpt_free_pages(h->chunk_pages, HSM_CHUNKS * sizeof(*h->chunk_pages));
	mpt_free_pages(h->chunk, HSM_CHUNKS * sizeof(*h->chunk));
	mpt_free_pages(h->place, 65536);
}

/* @n free chunks in a row, or HSM_CHUNKS; not those given back last. h->lock is held. */
static u64 chunks_find(struct acrn_hsm *h, u64 n)
{
	u64 from, at, run, tries;

	for (tries = 0; tries < 2; tries++) {
		from = tries ? 0 : h->next_chunk;
		for (at = from, run = 0; at < HSM_CHUNKS; at++) {
			run = h->chunk[at] ? 0 : run + 1;
			if (run == n)
				return at + 1 - n;
		}
	}
	return HSM_CHUNKS;
}

static struct hsm_hosts *hosts_room(unsigned int n)
{
	return mpt_zalloc(sizeof(struct hsm_hosts) + n * sizeof(struct hsm_ram *));
}

/* @to is @from with @ram in its place, or without it. */
static void hosts_copy(struct hsm_hosts *to, const struct hsm_hosts *from, struct hsm_ram *ram,
		       bool with)
{
	unsigned int i;

	to->n = 0;
	for (i = 0; i < from->n && from->ram[i]->host < ram->host; i++)
		to->ram[to->n++] = from->ram[i];
	if (with)
		to->ram[to->n++] = ram;
	for (; i < from->n; i++)
		if (from->ram[i] != ram)
			to->ram[to->n++] = from->ram[i];
}

static void chunks_fill(struct acrn_hsm *h, struct hsm_ram *ram)
{
	u64 i, left = ram->size;

	for (i = 0; i < ram->chunks; i++, left -= HSM_CHUNK) {
		h->chunk_pages[ram->chunk + i] =
			(u32)((left < HSM_CHUNK ? left : HSM_CHUNK) >> MPT_PAGE_SHIFT);
		os_store(&h->chunk[ram->chunk + i], ram->host + (i << HSM_CHUNK_SHIFT));
	}
}

/* The table's room for a removal is made together with its growth: a removal cannot fail. */
int acrn_hsm_number(struct acrn_hsm *h, struct hsm_ram *ram)
{
	u64 n = (ram->size + HSM_CHUNK - 1) >> HSM_CHUNK_SHIFT, first;
	struct hsm_hosts *fresh, *spare, *old[2] = { 0 };

	os_mutex_lock(&h->lock);
	first = chunks_find(h, n);
	fresh = hosts_room(h->hosts->n + 1);
	spare = hosts_room(h->hosts->n + 1);
	if (first < HSM_CHUNKS && fresh && spare) {
		ram->chunk = first;
		ram->chunks = n;
		h->next_chunk = first + n;
		chunks_fill(h, ram);
		hosts_copy(fresh, h->hosts, ram, true);
		old[0] = h->hosts;
		old[1] = h->spare;
		h->spare = spare;
		os_store(&h->hosts, fresh);
	} else {
		mpt_free(fresh);
		mpt_free(spare);
	}
	os_mutex_unlock(&h->lock);
	mpt_rcu_synchronize();
	mpt_free(old[0]);
	mpt_free(old[1]);
	return ram->chunks ? 0 : -ENOMEM;
}

void acrn_hsm_forget(struct acrn_hsm *h, struct hsm_ram *ram)
{
	struct hsm_hosts *old;
	u64 i, n = ram->chunks;

	if (!n)
		return;
	os_mutex_lock(&h->lock);
	for (i = 0; i < n; i++)
		os_store(&h->chunk[ram->chunk + i], NULL);
	ram->chunks = 0;
	old = h->hosts;
	hosts_copy(h->spare, old, ram, false);
	os_store(&h->hosts, h->spare);
	/* Its readers are out before it is written again: sections take no lock. */
	mpt_rcu_synchronize();
	h->spare = old;
	os_mutex_unlock(&h->lock);
}

void *acrn_hsm_phys_to_virt(struct vhm_provider *p, u64 hpa)
{
	struct acrn_hsm *h = hsm_of(p);
	u64 offset = hpa - VHM_HPA_BASE(p->index), chunk = offset >> HSM_CHUNK_SHIFT;
	u8 *host = chunk < HSM_CHUNKS ? os_load(&h->chunk[chunk]) : NULL;

	offset %= HSM_CHUNK;
	if (!host || offset >> MPT_PAGE_SHIFT >= h->chunk_pages[chunk])
		return NULL;
	return host + offset;
}

u64 acrn_hsm_virt_to_phys(struct vhm_provider *p, void *page)
{
	struct acrn_hsm *h = hsm_of(p);
	unsigned long old = mpt_rcu_enter();
	const struct hsm_hosts *t = os_load(&h->hosts);
	unsigned int lo = 0, hi = t->n, mid;
	const struct hsm_ram *ram;
	u64 offset, hpa = ~0ULL;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (t->ram[mid]->host <= (u8 *)page)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo) {
		ram = t->ram[lo - 1];
		offset = (u64)((u8 *)page - ram->host);
		if (offset < ram->size)
			hpa = VHM_HPA_BASE(p->index) + (ram->chunk << HSM_CHUNK_SHIFT) + offset;
	}
	mpt_rcu_leave(old);
	return hpa;
}
