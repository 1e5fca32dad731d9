/* SPDX-License-Identifier: MIT */
/*
 * The simulated VHM's records of guest memory: which piece of the machine is behind a
 * guest-physical address, as far as one piece goes (2 MiB, or 1 GiB where that is configured).
 * Look-ups take no lock; changes replace the record array of 2 MiB.
 */
#include "backends/acrn/sim_svc.h"

#define GIANT_SHIFT 30
#define GIANT_SIZE (1ULL << GIANT_SHIFT)
#define CHUNK_SHIFT 21
#define CHUNK_SIZE (1ULL << CHUNK_SHIFT)

int acrn_records_init(struct acrn_svm *svm)
{
	svm->giants = 1ULL << (acrn_sim_config(svm->sim)->gpa_bits - GIANT_SHIFT);
	svm->giant = mpt_zalloc(svm->giants * sizeof(*svm->giant));
	return svm->giant ? 0 : -ENOMEM;
}

/* Nobody looks any more. */
void acrn_records_exit(struct acrn_svm *svm)
{
	struct acrn_giant *g;
	unsigned int i;
	u64 n;

	for (n = 0; svm->giant && n < svm->giants; n++) {
		g = svm->giant[n];
		if (!g)
			continue;
		for (i = 0; i < OS_ARRAY_SIZE(g->chunk); i++)
			mpt_free(g->chunk[i]);
		mpt_free(g->whole);
		mpt_free(g);
	}
	mpt_free(svm->giant);
}

/* The first record that ends behind @gpa. */
static unsigned int index_of(const struct acrn_chunk *c, u64 gpa)
{
	unsigned int lo = 0, hi = c ? c->n : 0, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (c->r[mid].gpa + c->r[mid].size > gpa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct acrn_record *acrn_record_at(const struct acrn_svm *svm, u64 gpa)
{
	const struct acrn_giant *g;
	const struct acrn_chunk *c;
	unsigned int i;

	if (gpa >> GIANT_SHIFT >= svm->giants)
		return NULL;
	g = os_load(&svm->giant[gpa >> GIANT_SHIFT]);
	if (!g)
		return NULL;
	c = os_load(&g->whole);
	if (!c)
		c = os_load(&g->chunk[gpa >> CHUNK_SHIFT & 511]);
	i = index_of(c, gpa);
	return c && i < c->n && c->r[i].gpa <= gpa ? &c->r[i] : NULL;
}

/* --- changes; svm->lock is held --- */

static struct acrn_giant *giant_get(struct acrn_svm *svm, u64 gpa)
{
	struct acrn_giant **place = &svm->giant[gpa >> GIANT_SHIFT], *g = *place;

	if (!g) {
		g = mpt_zalloc(sizeof(*g));
		if (g)
			os_store(place, g);
	}
	return g;
}

/* @place with @r in it. The old array is freed when nobody can see it. */
static int insert(struct acrn_chunk **place, const struct acrn_record *r)
{
	struct acrn_chunk *old = *place, *c;
	unsigned int n = old ? old->n : 0, i = index_of(old, r->gpa);

	c = mpt_zalloc(sizeof(*c) + (n + 1) * sizeof(*r));
	if (!c)
		return -ENOMEM;
	c->n = n + 1;
	if (old) {
		memcpy(c->r, old->r, i * sizeof(*r));
		memcpy(&c->r[i + 1], &old->r[i], (n - i) * sizeof(*r));
	}
	c->r[i] = *r;
	os_store(place, c);
	if (old)
		mpt_rcu_synchronize();
	mpt_free(old);
	return 0;
}

/*
 * Without the records in [gpa, end). Those that stay are moved together in place of a copy, once
 * nobody looks: taking away cannot fail.
 */
static void remove_in(struct acrn_chunk **place, u64 gpa, u64 end)
{
	struct acrn_chunk *c = *place;
	unsigned int i, n = 0;

	if (!c)
		return;
	os_store(place, NULL);
	mpt_rcu_synchronize();
	for (i = 0; i < c->n; i++)
		if (c->r[i].gpa < gpa || c->r[i].gpa >= end)
			c->r[n++] = c->r[i];
	c->n = n;
	if (n)
		os_store(place, c);
	else
		mpt_free(c);
}

static void forget(struct acrn_svm *svm, u64 gpa, u64 end)
{
	struct acrn_giant *g;

	for (; gpa < end; gpa = (gpa | (CHUNK_SIZE - 1)) + 1) {
		g = svm->giant[gpa >> GIANT_SHIFT];
		if (!g)
			continue;
		if (g->whole)
			remove_in(&g->whole, gpa, end);
		else
			remove_in(&g->chunk[gpa >> CHUNK_SHIFT & 511], gpa, end);
	}
}

static int remember(struct acrn_svm *svm, u64 gpa, u64 size, u8 *host)
{
	bool huge = acrn_sim_config(svm->sim)->huge_records;
	struct acrn_giant *g;
	u64 done, n;
	int ret;

	for (done = 0; done < size; done += n) {
		struct acrn_record r = { .gpa = gpa + done, .host = host + done };
		bool whole = huge && r.gpa % GIANT_SIZE == 0 && size - done >= GIANT_SIZE;
		u64 left = (whole ? GIANT_SIZE : CHUNK_SIZE - r.gpa % CHUNK_SIZE);

		r.size = n = size - done < left ? size - done : left;
		g = giant_get(svm, r.gpa);
		ret = g ? insert(whole ? &g->whole : &g->chunk[r.gpa >> CHUNK_SHIFT & 511], &r) :
			  -ENOMEM;
		if (ret) {
			forget(svm, gpa, gpa + done);
			return ret;
		}
	}
	return 0;
}

int acrn_svm_record(struct acrn_sim *sim, u16 vmid, u64 gpa, u64 size, u64 hpa)
{
	struct acrn_svm *svm = acrn_svm_get(sim, vmid);
	u64 end = gpa + size, max;
	int ret = -EINVAL;

	if (!svm)
		return -ESRCH;
	if (size && end > gpa && (end - 1) >> GIANT_SHIFT < svm->giants) {
		os_mutex_lock(&svm->lock);
		ret = remember(svm, gpa, size, acrn_mem_virt(sim, hpa));
		max = (end - 1) >> MPT_PAGE_SHIFT;
		if (!ret && (u64)svm->max_gfn < max)
			os_store_relaxed(&svm->max_gfn, (int)max);
		os_mutex_unlock(&svm->lock);
	}
	acrn_svm_put(svm);
	return ret;
}

void acrn_svm_unrecord(struct acrn_sim *sim, u16 vmid, u64 gpa, u64 size)
{
	struct acrn_svm *svm = acrn_svm_get(sim, vmid);

	if (!svm)
		return;
	os_mutex_lock(&svm->lock);
	forget(svm, gpa, gpa + size);
	os_mutex_unlock(&svm->lock);
	acrn_svm_put(svm);
}
