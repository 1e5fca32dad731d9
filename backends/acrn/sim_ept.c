/* SPDX-License-Identifier: MIT */
/*
 * A VM's map from guest-physical to host-physical addresses: a radix tree of 4 levels with leaves
 * of 4 KiB, 2 MiB and 1 GiB. Writers take a lock, readers none. A leaf is split when a part of it
 * changes and never made whole again, and a table lives as long as its VM - as in the original.
 */
#include "backends/acrn/sim_priv.h"

#define ENTRIES 512
#define TOP 3 /* the root's level; leaves are at 0 to 2 */

/* An entry: a table's address and PRESENT, or a leaf. */
#define PRESENT 1ULL
#define LEAF 2ULL
#define RIGHTS_SHIFT 2
#define TYPE_SHIFT 5
#define FLAGS 0xfffULL

static unsigned int level_shift(unsigned int level)
{
	return MPT_PAGE_SHIFT + 9 * level;
}

static u64 level_size(unsigned int level)
{
	return 1ULL << level_shift(level);
}

static unsigned int level_index(u64 gpa, unsigned int level)
{
	return (unsigned int)(gpa >> level_shift(level)) % ENTRIES;
}

static u64 *entry_table(u64 e)
{
	return (u64 *)(uintptr_t)(e & ~PRESENT);
}

/* Of several type bits the first counts; none is UC. */
static const unsigned int types[] = { MEM_TYPE_UC, MEM_TYPE_WB, MEM_TYPE_WT, MEM_TYPE_WC,
				      MEM_TYPE_WP };

static u64 leaf_flags(const struct acrn_ept_leaf *to)
{
	u64 code;

	for (code = 1; code < OS_ARRAY_SIZE(types) && !(to->type & types[code]); code++)
		;
	if (code == OS_ARRAY_SIZE(types))
		code = 0;
	return PRESENT | LEAF | (u64)(to->rights & MEM_ACCESS_RIGHT_MASK) << RIGHTS_SHIFT |
	       code << TYPE_SHIFT;
}

/* --- tables --- */

static u64 *table_new(struct acrn_ept *ept)
{
	u64 *table = mpt_zalloc(ENTRIES * sizeof(u64));

	if (table)
		os_store_relaxed(&ept->tables, ept->tables + 1);
	return table;
}

static void table_free(u64 *table, unsigned int level)
{
	unsigned int i;

	for (i = 0; level && i < ENTRIES; i++)
		if (table[i] && !(table[i] & LEAF))
			table_free(entry_table(table[i]), level - 1);
	mpt_free(table);
}

int acrn_ept_init(struct acrn_ept *ept)
{
	os_mutex_init(&ept->lock);
	ept->root = table_new(ept);
	return ept->root ? 0 : -ENOMEM;
}

void acrn_ept_exit(struct acrn_ept *ept)
{
	if (ept->root)
		table_free(ept->root, TOP);
	ept->root = NULL;
	os_mutex_destroy(&ept->lock);
}

/* The table under an entry: made where there is none, the leaf cut into pieces where one is. */
static u64 *table_below(struct acrn_ept *ept, u64 *entry, unsigned int level)
{
	u64 e = *entry, *table, i;

	if (e && !(e & LEAF))
		return entry_table(e);
	table = table_new(ept);
	if (!table)
		return NULL;
	for (i = 0; e && i < ENTRIES; i++)
		table[i] = e + (i << level_shift(level - 1));
	os_store(entry, (u64)(uintptr_t)table | PRESENT);
	return table;
}

static void count_pages(struct acrn_ept *ept, unsigned int level, bool more)
{
	u64 n = level_size(level) >> MPT_PAGE_SHIFT;

	os_store_relaxed(&ept->pages, more ? ept->pages + n : ept->pages - n);
}

/* --- changes --- */

/*
 * A walk over [gpa, end) of one table. @visit: for each entry that concerns it; 0: done, 1: go
 * below (which the entry is made fit for), -errno: the walk ends.
 */
struct walk {
	struct acrn_ept *ept;
	u64 gpa, hpa, flags;
	bool lenient, writable;
	int (*visit)(struct walk *w, u64 *entry, u64 gpa, u64 end, unsigned int level);
};

static int walk_table(struct walk *w, u64 *table, u64 gpa, u64 end, unsigned int level)
{
	u64 next, *entry, *below;
	int ret;

	for (; gpa < end; gpa = next) {
		next = (gpa & ~(level_size(level) - 1)) + level_size(level);
		if (next > end)
			next = end;
		entry = &table[level_index(gpa, level)];
		ret = w->visit(w, entry, gpa, next, level);
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		below = table_below(w->ept, entry, level);
		if (!below)
			return -ENOMEM;
		ret = walk_table(w, below, gpa, next, level - 1);
		if (ret)
			return ret;
	}
	return 0;
}

static int walk_all(struct walk *w, u64 gpa, u64 size)
{
	int ret;

	w->gpa = gpa;
	os_mutex_lock(&w->ept->lock);
	ret = walk_table(w, w->ept->root, gpa, gpa + size, TOP);
	os_mutex_unlock(&w->ept->lock);
	return ret;
}

static int visit_map(struct walk *w, u64 *entry, u64 gpa, u64 end, unsigned int level)
{
	u64 hpa = w->hpa + (gpa - w->gpa);

	if (*entry & LEAF)
		return w->lenient ? 0 : -EEXIST;
	if (*entry || level == TOP || end - gpa < level_size(level) ||
	    hpa & (level_size(level) - 1))
		return 1;
	os_store(entry, hpa | w->flags);
	count_pages(w->ept, level, true);
	return 0;
}

int acrn_ept_map(struct acrn_ept *ept, u64 gpa, u64 size, const struct acrn_ept_leaf *to,
		 bool keep)
{
	struct walk w = {
		.ept = ept,
		.hpa = to->hpa,
		.flags = leaf_flags(to),
		.lenient = keep,
		.visit = visit_map,
	};

	return walk_all(&w, gpa, size);
}

static int visit_unmap(struct walk *w, u64 *entry, u64 gpa, u64 end, unsigned int level)
{
	if (!*entry)
		return w->lenient ? 0 : -ENOENT;
	if (!(*entry & LEAF) || end - gpa < level_size(level))
		return 1;
	os_store(entry, 0);
	count_pages(w->ept, level, false);
	return 0;
}

int acrn_ept_unmap(struct acrn_ept *ept, u64 gpa, u64 size, bool lenient)
{
	struct walk w = { .ept = ept, .lenient = lenient, .visit = visit_unmap };

	return walk_all(&w, gpa, size);
}

static int visit_writable(struct walk *w, u64 *entry, u64 gpa, u64 end, unsigned int level)
{
	u64 bit = (u64)MEM_ACCESS_WRITE << RIGHTS_SHIFT;

	if (!*entry)
		return -ENOENT;
	if (!(*entry & LEAF) || end - gpa < level_size(level))
		return 1;
	os_store(entry, w->writable ? *entry | bit : *entry & ~bit);
	return 0;
}

int acrn_ept_writable(struct acrn_ept *ept, u64 gpa, bool on)
{
	struct walk w = { .ept = ept, .writable = on, .visit = visit_writable };

	return walk_all(&w, gpa, MPT_PAGE_SIZE);
}

/* --- look-up --- */

bool acrn_ept_walk(const struct acrn_ept *ept, u64 gpa, struct acrn_ept_leaf *leaf)
{
	const u64 *table = ept->root;
	unsigned int level;
	u64 e;

	if (gpa >> level_shift(TOP + 1))
		return false;
	for (level = TOP;; level--) {
		e = os_load(&table[level_index(gpa, level)]);
		if (!e)
			return false;
		if (e & LEAF)
			break;
		table = entry_table(e);
	}
	leaf->size = level_size(level);
	leaf->hpa = (e & ~FLAGS) + (gpa & (leaf->size - 1) & ~FLAGS);
	leaf->rights = (unsigned int)(e >> RIGHTS_SHIFT) & MEM_ACCESS_RIGHT_MASK;
	leaf->type = types[e >> TYPE_SHIFT & 7];
	return true;
}

bool acrn_ept_look(struct acrn_hvm *vm, u64 gpa, struct acrn_ept_leaf *leaf)
{
	return acrn_ept_walk(&vm->ept, gpa, leaf);
}

u64 acrn_ept_pages(struct acrn_hvm *vm)
{
	return os_load_relaxed(&vm->ept.pages);
}

u64 acrn_ept_tables(struct acrn_hvm *vm)
{
	return os_load_relaxed(&vm->ept.tables);
}

/* --- snapshots --- */

struct pieces {
	bool (*fn)(void *arg, u64 gpa, const struct acrn_ept_leaf *leaf);
	void *arg;
	u64 from, gpa;
	struct acrn_ept_leaf piece; /* size 0: none yet */
};

static bool piece_ends(struct pieces *p)
{
	bool on = !p->piece.size || p->fn(p->arg, p->gpa, &p->piece);

	p->piece.size = 0;
	return on;
}

static bool piece_add(struct pieces *p, u64 gpa, const struct acrn_ept_leaf *leaf)
{
	struct acrn_ept_leaf *is = &p->piece;

	if (is->size && gpa == p->gpa + is->size && leaf->hpa == is->hpa + is->size &&
	    leaf->rights == is->rights && leaf->type == is->type) {
		is->size += leaf->size;
		return true;
	}
	if (!piece_ends(p))
		return false;
	p->gpa = gpa;
	*is = *leaf;
	return true;
}

static bool each_table(struct pieces *p, const u64 *table, u64 gpa, unsigned int level)
{
	struct acrn_ept_leaf leaf;
	unsigned int i;

	for (i = 0; i < ENTRIES; i++, gpa += level_size(level)) {
		u64 e = os_load(&table[i]);

		if (!e || gpa + level_size(level) <= p->from)
			continue;
		if (!(e & LEAF)) {
			if (!each_table(p, entry_table(e), gpa, level - 1))
				return false;
			continue;
		}
		leaf.hpa = e & ~FLAGS;
		leaf.size = level_size(level);
		leaf.rights = (unsigned int)(e >> RIGHTS_SHIFT) & MEM_ACCESS_RIGHT_MASK;
		leaf.type = types[e >> TYPE_SHIFT & 7];
		if (!piece_add(p, gpa, &leaf))
			return false;
	}
	return true;
}

void acrn_ept_each(struct acrn_hvm *vm, u64 gpa,
		   bool (*fn)(void *arg, u64 gpa, const struct acrn_ept_leaf *leaf), void *arg)
{
	struct pieces p = { .fn = fn, .arg = arg, .from = gpa };

	if (each_table(&p, vm->ept.root, 0, TOP))
		piece_ends(&p);
}

static bool hash_piece(void *arg, u64 gpa, const struct acrn_ept_leaf *leaf)
{
	u64 *h = arg, part[] = { gpa, leaf->hpa, leaf->size, leaf->rights, leaf->type };
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(part); i++) {
		*h = (*h ^ part[i]) * 0x9e3779b97f4a7c15ULL;
		*h ^= *h >> 29;
	}
	return true;
}

u64 acrn_ept_hash(struct acrn_hvm *vm)
{
	u64 h = 1;

	acrn_ept_each(vm, 0, hash_piece, &h);
	return h;
}
