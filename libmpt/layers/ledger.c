/* SPDX-License-Identifier: MIT */
/*
 * Keeps what is held in a hash table and answers <mpt/layers.h>'s questions about it. What counts
 * as held is decided in check.c.
 */
#include "libmpt/hash.h"
#include "libmpt/layers/ledger.h"

#define LEFT_MAX 256
#define VIOLATIONS_MAX 32

struct item_id {
	u64 kind;
	u64 vgpu;
	u64 key;
};

struct item {
	struct item_id id;
	struct mpt_ledger_entry e;
	struct item *next; /* while it is being swept */
	UT_hash_handle hh;
	bool oom;
};

struct ledger {
	u64 sample; /* constant, as are the next two */
	u64 seed;
	u64 opened; /* ns */
	u64 calls; /* by itself: it is counted on every call's way */
	struct os_mutex lock; /* all below */
	struct item *items;
	struct mpt_ledger total;
	bool lost[MPT_LEDGER_KINDS]; /* an entry could not be made: what is missing proves nothing */
	struct mpt_ledger_entry left[LEFT_MAX]; /* the first ones */
	char violation[VIOLATIONS_MAX][MPT_ERROR_MAX]; /* the last ones, a ring */
};

static const char *const kind_names[MPT_LEDGER_KINDS] = {
	"attach", "dma", "track", "map", "trap", "pvmmio", "vfio-device",
};

const char *mpt_ledger_kind_name(enum mpt_ledger_kind kind)
{
	return (unsigned int)kind < MPT_LEDGER_KINDS ? kind_names[kind] : "?";
}

struct ledger *mpt_ledger_new(u64 sample)
{
	struct ledger *l = mpt_zalloc(sizeof(*l));

	if (!l)
		return NULL;
	os_mutex_init(&l->lock);
	l->sample = sample;
	/* Another sample each time, so that in the end every place has been in one. */
	l->opened = os_now_ns();
	l->seed = l->opened;
	return l;
}

bool mpt_ledger_samples(const struct ledger *l)
{
	return l->sample > 1;
}

/* Finalizer of splitmix64: each bit of the key moves half of the bits. */
static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

bool mpt_ledger_keeps(const struct ledger *l, const struct mpt_ledger_entry *e)
{
	if (l->sample == 1 || (e->kind != MPT_LEDGER_DMA && e->kind != MPT_LEDGER_TRACK))
		return true;
	return !(mix(l->seed ^ mix(e->key ^ mix((u64)(uintptr_t)e->vgpu))) % l->sample);
}

void mpt_ledger_free(struct ledger *l)
{
	struct item *it, *next;

	HASH_ITER(hh, l->items, it, next) {
		HASH_DEL(l->items, it);
		mpt_free(it);
	}
	os_mutex_destroy(&l->lock);
	mpt_free(l);
}

void mpt_ledger_count_call(struct ledger *l)
{
	os_fetch_add(&l->calls, 1);
}

static struct item_id id_of(const struct mpt_ledger_entry *e)
{
	return (struct item_id){ e->kind, (u64)(uintptr_t)e->vgpu, e->key };
}

static struct item *find(struct ledger *l, const struct mpt_ledger_entry *e)
{
	struct item_id id = id_of(e);
	struct item *it;

	HASH_FIND(hh, l->items, &id, sizeof(id), it);
	return it;
}

/* The ledger must not make an operation fail: without memory it says that it lost count. */
static struct item *insert(struct ledger *l, const struct mpt_ledger_entry *e)
{
	struct item *it = mpt_zalloc(sizeof(*it));
	bool ok;

	if (!it)
		return NULL;
	it->id = id_of(e);
	it->e = *e;
	it->e.serial = os_load_relaxed(&l->calls);
	it->e.ns = os_now_ns() - l->opened;
	MPT_HASH_ADD(l->items, id, it, ok);
	if (!ok) {
		mpt_free(it);
		return NULL;
	}
	l->total.live[e->kind]++;
	l->total.made[e->kind]++;
	return it;
}

static void lose(struct ledger *l, enum mpt_ledger_kind kind)
{
	l->lost[kind] = true;
	l->total.lost++;
}

void mpt_ledger_add(struct ledger *l, const struct mpt_ledger_entry *e)
{
	struct item *it;

	os_mutex_lock(&l->lock);
	it = find(l, e);
	if (!it)
		it = insert(l, e);
	if (it)
		it->e.count++;
	else
		lose(l, e->kind);
	os_mutex_unlock(&l->lock);
	if (!it)
		mpt_ledger_note(l, e->where, "out of memory: the ledger lost a %s entry",
				mpt_ledger_kind_name(e->kind));
}

static void take_out(struct ledger *l, struct item *it)
{
	l->total.live[it->e.kind]--;
	HASH_DEL(l->items, it);
}

int mpt_ledger_drop(struct ledger *l, const struct mpt_ledger_entry *e)
{
	struct item *it;
	bool known;

	os_mutex_lock(&l->lock);
	it = find(l, e);
	known = it || l->lost[e->kind];
	if (it && !--it->e.count) {
		take_out(l, it);
		mpt_free(it);
	}
	os_mutex_unlock(&l->lock);
	return known ? 0 : -ENOENT;
}

bool mpt_ledger_has(struct ledger *l, const struct mpt_ledger_entry *e)
{
	bool has;

	os_mutex_lock(&l->lock);
	has = find(l, e);
	os_mutex_unlock(&l->lock);
	return has;
}

/* The entries of one vGPU, out of the ledger and counted as left. */
static struct item *take_left(struct ledger *l, const void *vgpu)
{
	struct item *it, *next, *list = NULL;

	os_mutex_lock(&l->lock);
	HASH_ITER(hh, l->items, it, next) {
		if (it->e.vgpu != vgpu)
			continue;
		if (l->total.left < LEFT_MAX)
			l->left[l->total.left] = it->e;
		l->total.left++;
		take_out(l, it);
		it->next = list;
		list = it;
	}
	os_mutex_unlock(&l->lock);
	return list;
}

void mpt_ledger_sweep(struct ledger *l, const void *vgpu)
{
	struct item *it, *list = take_left(l, vgpu);
	char text[MPT_ERROR_MAX];

	while ((it = list)) {
		list = it->next;
		mpt_ledger_describe(&it->e, true, text, sizeof(text));
		mpt_log(MPT_LOG_ERROR, "%s", text);
		mpt_free(it);
	}
}

typedef unsigned long long ull;

static int describe_what(const struct mpt_ledger_entry *e, char *buf, size_t len)
{
	ull key = e->key, size = e->size;

	switch (e->kind) {
	case MPT_LEDGER_ATTACH:
		return snprintf(buf, len, "the attachment with handle 0x%llx", key);
	case MPT_LEDGER_DMA:
		return snprintf(buf, len,
				"the DMA mapping of gfn 0x%llx (0x%llx bytes, bus address 0x%llx, "
				"%llu times)", (ull)e->gfn, size, key, (ull)e->count);
	case MPT_LEDGER_TRACK:
		return snprintf(buf, len, "the track of gfn 0x%llx", key);
	case MPT_LEDGER_MAP:
		return snprintf(buf, len, "the map of %llu frames from gfn 0x%llx", size, key);
	case MPT_LEDGER_TRAP:
		return snprintf(buf, len, "the trap of 0x%llx bytes from 0x%llx", size, key);
	case MPT_LEDGER_PVMMIO:
		return snprintf(buf, len, "the PV MMIO of 0x%llx bytes from 0x%llx", size, key);
	default:
		return snprintf(buf, len, "the hold of the VMM's device (%llu times)",
				(ull)e->count);
	}
}

void mpt_ledger_describe(const struct mpt_ledger_entry *e, bool left, char *buf, size_t len)
{
	char what[160], who[160];

	describe_what(e, what, sizeof(what));
	os_symbol(e->where, who, sizeof(who));
	snprintf(buf, len, "%s of vGPU %p %s: operation %llu made it, %llu.%06llu s after the "
		 "opening, called from %s", what, e->vgpu, left ? "was left at detach" : "is held",
		 (ull)e->serial, (ull)(e->ns / 1000000000), (ull)(e->ns / 1000 % 1000000), who);
}

void mpt_ledger_note(struct ledger *l, const void *where, const char *fmt, ...)
{
	char text[MPT_ERROR_MAX], what[256], who[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	os_symbol(where, who, sizeof(who));
	snprintf(text, sizeof(text), "%s; called from %s", what, who);
	os_mutex_lock(&l->lock);
	memcpy(l->violation[l->total.violations++ % VIOLATIONS_MAX], text, sizeof(text));
	os_mutex_unlock(&l->lock);
	mpt_log(MPT_LOG_ERROR, "%s", text);
}

/* --- <mpt/layers.h> --- */

static struct ledger *ledger_of(struct mpt_host *host)
{
	struct mpt_layer_inst *inst = mpt_layer_of(host, &mpt_layer_check);

	if (inst)
		return inst->priv;
	mpt_fail(-EOPNOTSUPP, host->be.name, "no check layer (open \"check,%s\")", host->be.name);
	return NULL;
}

int mpt_ledger_get(struct mpt_host *host, struct mpt_ledger *out)
{
	struct ledger *l = ledger_of(host);

	if (!l)
		return -EOPNOTSUPP;
	os_mutex_lock(&l->lock);
	*out = l->total;
	out->calls = os_load_relaxed(&l->calls);
	out->sample = l->sample;
	os_mutex_unlock(&l->lock);
	return 0;
}

/* A copy of all entries, live ones first, so that the caller's function runs without our lock. */
static struct mpt_ledger_entry *snapshot(struct ledger *l, size_t *live, size_t *all)
{
	struct mpt_ledger_entry *copy;
	struct item *it, *next;
	size_t n = 0, left;

	os_mutex_lock(&l->lock);
	left = l->total.left < LEFT_MAX ? l->total.left : LEFT_MAX;
	copy = mpt_zalloc((HASH_COUNT(l->items) + left) * sizeof(*copy));
	if (copy) {
		HASH_ITER(hh, l->items, it, next)
			copy[n++] = it->e;
		memcpy(copy + n, l->left, left * sizeof(*copy));
	}
	os_mutex_unlock(&l->lock);
	*live = n;
	*all = n + left;
	return copy;
}

int mpt_ledger_each(struct mpt_host *host,
		    int (*fn)(void *arg, const struct mpt_ledger_entry *entry, bool left), void *arg)
{
	struct ledger *l = ledger_of(host);
	struct mpt_ledger_entry *copy;
	size_t i, live, all;
	int ret = 0;

	if (!l)
		return -EOPNOTSUPP;
	copy = snapshot(l, &live, &all);
	if (!copy)
		return mpt_fail(-ENOMEM, "check", "no memory to list the ledger");
	for (i = 0; i < all && ret >= 0; i++)
		ret = fn(arg, &copy[i], i >= live);
	mpt_free(copy);
	return ret < 0 ? ret : 0;
}

const char *mpt_ledger_violation(struct mpt_host *host, unsigned int index)
{
	struct ledger *l = ledger_of(host);

	if (!l || index >= l->total.violations || index >= VIOLATIONS_MAX)
		return NULL;
	return l->violation[(l->total.violations - 1 - index) % VIOLATIONS_MAX];
}
