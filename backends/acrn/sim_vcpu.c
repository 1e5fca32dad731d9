/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU does: it is borrowed, it touches memory, and what memory alone does not answer
 * becomes a request, a device's access, or the end. How a request runs is sim_request.c's.
 */
#include "backends/acrn/sim_priv.h"

/* Operations that a vCPU may go on with what it remembers, after a change of the map. */
#define FLUSH_LATEST 8

void acrn_vcpu_init(struct acrn_hvm *vm, unsigned int n)
{
	struct acrn_vcpu *v = &vm->vcpu[n];

	v->vm = vm;
	v->n = n;
	os_mutex_init(&v->lock);
	acrn_door_init(&v->door, "a completion");
}

void acrn_vcpu_exit(struct acrn_vcpu *v)
{
	os_mutex_destroy(&v->lock);
}

/* --- borrowing --- */

struct borrow {
	struct acrn_hvm *vm;
	struct acrn_vcpu *v;
};

static bool take_idle(void *arg)
{
	struct borrow *b = arg;
	unsigned int idle = os_load(&b->vm->idle), n;

	while (idle) {
		n = (unsigned int)__builtin_ctz(idle);
		if (os_cas(&b->vm->idle, &idle, idle & ~(1U << n))) {
			b->v = &b->vm->vcpu[n];
			return true;
		}
	}
	return false;
}

static void tlb_clear(struct acrn_vcpu *v, u64 flush)
{
	memset(v->tlb, 0, sizeof(v->tlb));
	v->flushed = flush;
	v->late = 0;
}

/* Changes of the map that a vCPU does not know yet are applied when it is entered or left. */
void acrn_vcpu_entry(struct acrn_vcpu *v)
{
	u64 flush = os_load(&v->flush);

	if (flush != v->flushed)
		tlb_clear(v, flush);
}

struct acrn_vcpu *acrn_vcpu_borrow(struct acrn_hvm *vm)
{
	struct borrow b = { .vm = vm };

	os_fetch_add(&vm->refs, 1);
	if (!acrn_door_wait(vm->sim, &vm->idle_door, take_idle, &b, 0)) {
		acrn_hvm_put(vm);
		return NULL;
	}
	acrn_vcpu_entry(b.v);
	return b.v;
}

void acrn_vcpu_return(struct acrn_vcpu *v)
{
	struct acrn_hvm *vm = v->vm;

	__atomic_fetch_or(&vm->idle, 1U << v->n, __ATOMIC_SEQ_CST);
	acrn_door_ring(vm->sim, &vm->idle_door);
	acrn_hvm_put(vm);
}

struct acrn_vcpu *acrn_vcpu(struct acrn_hvm *vm, unsigned int n)
{
	return n < vm->nr_vcpus ? &vm->vcpu[n] : NULL;
}

unsigned int acrn_vcpu_number(const struct acrn_vcpu *v)
{
	return v->n;
}

/* --- bytes --- */

/* A word that the guest moves is one access, so that others may look meanwhile. */
static void copy_word(u8 *to, const u8 *from, unsigned int len)
{
	void *t = to;
	const void *f = from;

	if (len == 8)
		os_store_relaxed((u64 *)t, os_load_relaxed((const u64 *)f));
	else if (len == 4)
		os_store_relaxed((u32 *)t, os_load_relaxed((const u32 *)f));
	else if (len == 2)
		os_store_relaxed((u16 *)t, os_load_relaxed((const u16 *)f));
	else
		os_store_relaxed(to, os_load_relaxed(from));
}

/* @mem: guest memory; @buf: the caller's, of any alignment. */
static void copy_bytes(u8 *mem, void *buf, u64 len, bool write)
{
	u64 word = 0;
	u64 i;

	if (len <= 8 && !(len & (len - 1)) && !((uintptr_t)mem & (len - 1))) {
		if (write)
			memcpy(&word, buf, len);
		copy_word(write ? mem : (u8 *)&word, write ? (u8 *)&word : mem, (unsigned int)len);
		if (!write)
			memcpy(buf, &word, len);
	} else if (len <= 8) {
		for (i = 0; i < len; i++)
			copy_word(write ? mem + i : (u8 *)buf + i,
				  write ? (u8 *)buf + i : mem + i, 1);
	} else if (write) {
		os_guest_copy(mem, buf, len);
	} else {
		os_guest_copy(buf, mem, len);
	}
}

/* --- translation, in a section --- */

/* Whether a change is still to be noticed. */
static bool tlb_behind(struct acrn_vcpu *v)
{
	u64 flush = os_load(&v->flush);
	struct acrn_sim *sim = v->vm->sim;

	if (OS_LIKELY(flush == v->flushed))
		return false;
	if (!v->late)
		v->late = sim->config.profile->flush == ACRN_FLUSH_NEXT ?
				  2 : 1 + (unsigned int)(acrn_random(sim) % FLUSH_LATEST);
	if (--v->late)
		return true;
	tlb_clear(v, flush);
	return false;
}

static void check_stale(struct acrn_vcpu *v, u64 gpa, const struct acrn_tlb *t, unsigned int need)
{
	struct acrn_ept_leaf now;

	if (!acrn_ept_look(v->vm, gpa, &now) || now.hpa != t->hpa || (now.rights & need) != need)
		acrn_diverged(v->vm->sim, "an access in the window of a flush");
}

/* false: absent. Rights that are remembered and not enough are looked up again. */
static bool translate(struct acrn_vcpu *v, u64 gpa, unsigned int need, struct acrn_tlb *out)
{
	u64 gfn = gpa >> MPT_PAGE_SHIFT;
	struct acrn_tlb *t = &v->tlb[gfn % ACRN_TLB];
	struct acrn_ept_leaf leaf;

	if (v->vm->remembers && t->gfn == gfn && (t->rights & need) == need) {
		if (OS_UNLIKELY(v->late))
			check_stale(v, gpa, t, need);
		*out = *t;
		return true;
	}
	if (gpa >> v->vm->sim->config.gpa_bits || !acrn_ept_look(v->vm, gpa, &leaf))
		return false;
	*out = (struct acrn_tlb){ .gfn = gfn, .hpa = leaf.hpa, .rights = leaf.rights };
	if (v->vm->remembers && (leaf.rights & need) == need)
		*t = *out;
	return true;
}

/* --- an access --- */

enum where { IN_RAM, IN_DEVICE, IN_FAULT, IN_NOTHING };

/* The pieces of an operand by page; @mem NULL: a device's. */
struct operand {
	struct {
		u64 hpa;
		u8 *mem;
		unsigned int len;
	} piece[2];
	unsigned int n;
	struct acrn_fault fault;
};

/* A write to what may be read and run is one to a protected page. */
static void set_fault(struct operand *o, u64 gpa, bool write, unsigned int rights)
{
	o->fault.gpa = gpa;
	o->fault.type = write && (rights & MEM_ACCESS_RWX) == (MEM_ACCESS_READ | MEM_ACCESS_EXEC) ?
				REQ_WP : REQ_MMIO;
}

static enum where find_operand(struct acrn_vcpu *v, u64 gpa, unsigned int size, bool write,
			       struct operand *o)
{
	unsigned int need = write ? MEM_ACCESS_WRITE : MEM_ACCESS_READ, len;
	enum where where = IN_RAM;
	struct acrn_tlb t;

	for (o->n = 0; size; o->n++, gpa += len, size -= len) {
		u64 in_page = gpa % MPT_PAGE_SIZE;

		len = (unsigned int)(MPT_PAGE_SIZE - in_page);
		if (len > size)
			len = size;
		t.rights = 0;
		if (!translate(v, gpa, need, &t) || (t.rights & need) != need) {
			set_fault(o, gpa, write, t.rights);
			return IN_FAULT;
		}
		o->piece[o->n].hpa = t.hpa + in_page;
		o->piece[o->n].mem = acrn_mem_virt(v->vm->sim, t.hpa + in_page);
		o->piece[o->n].len = len;
		if (!o->piece[o->n].mem)
			where = IN_DEVICE;
	}
	return where;
}

static void copy_operand(struct operand *o, void *buf, bool write)
{
	unsigned int i;
	u8 *at = buf;

	for (i = 0; i < o->n; at += o->piece[i].len, i++)
		if (o->piece[i].mem)
			copy_bytes(o->piece[i].mem, at, o->piece[i].len, write);
}

static bool runs(struct acrn_vcpu *v)
{
	v->epoch = os_load(&v->vm->epoch);
	return os_load(&v->vm->state) == ACRN_RUNNING;
}

/* What is memory is done here; the section also keeps the VM's pause waiting. */
static enum where touch(struct acrn_vcpu *v, u64 gpa, void *buf, unsigned int size, bool write,
			struct operand *o)
{
	unsigned long old = mpt_rcu_enter();
	enum where where = IN_NOTHING;

	if (OS_LIKELY(runs(v))) {
		if (v->vm->remembers)
			tlb_behind(v);
		where = find_operand(v, gpa, size, write, o);
	}
	if (OS_LIKELY(where == IN_RAM || where == IN_DEVICE))
		copy_operand(o, buf, write);
	else if (where == IN_FAULT)
		acrn_vcpu_asking(v, true);
	mpt_rcu_leave(old);
	return where;
}

static void touch_device(struct acrn_vcpu *v, struct operand *o, void *buf, bool write)
{
	const struct acrn_sim_hooks *hooks = os_load(&v->vm->hooks);
	void *arg = os_load(&v->vm->hooks_arg);
	unsigned int i;
	u8 *at = buf;

	for (i = 0; i < o->n; at += o->piece[i].len, i++) {
		if (o->piece[i].mem)
			continue;
		if (hooks && hooks->device)
			hooks->device(arg, o->piece[i].hpa, at, o->piece[i].len, write);
		else if (!write)
			memset(at, 0xff, o->piece[i].len);
	}
}

/* The interrupt controllers' registers: the hypervisor's, before anybody is asked. */
static const u64 internal[] = { 0xfec00000, 0xfee00000 };

/* true: it is one of those, and @end is how the access ended. Nothing is behind them here. */
static bool inside(u64 gpa, void *buf, unsigned int size, bool write, enum acrn_end *end)
{
	size_t i;

	for (i = 0; i < OS_ARRAY_SIZE(internal); i++) {
		if (gpa >= internal[i] + MPT_PAGE_SIZE || gpa + size <= internal[i])
			continue;
		*end = gpa < internal[i] || gpa + size > internal[i] + MPT_PAGE_SIZE ? ACRN_GP :
										     ACRN_DONE;
		if (!write)
			memset(buf, 0, size);
		return true;
	}
	return false;
}

static bool good_size(unsigned int size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static enum acrn_end fault(struct acrn_vcpu *v, u64 gpa, const struct acrn_fault *f, void *buf,
			   unsigned int size, bool write)
{
	struct acrn_ask ask = {
		.type = f->type,
		.write = write,
		.address = f->gpa,
		.size = size,
	};
	enum acrn_end end;

	if (f->type == REQ_MMIO && inside(f->gpa, buf, size, write, &end)) {
		acrn_vcpu_asking(v, false);
		return end;
	}
	if (f->gpa != gpa && v->vm->sim->config.cross_at_begin)
		ask.address = gpa;
	else if (f->gpa != gpa && write)
		acrn_diverged(v->vm->sim, "a store that faults in its second page only");
	if (write)
		memcpy(&ask.value, buf, size);
	end = acrn_vcpu_ask(v, &ask);
	if (!write && (end == ACRN_DONE || end == ACRN_STALE))
		memcpy(buf, &ask.value, size);
	return end;
}

static enum acrn_end move(struct acrn_vcpu *v, u64 gpa, void *buf, unsigned int size, bool write)
{
	struct operand o;

	if (OS_UNLIKELY(!good_size(size)))
		return ACRN_GP;
	acrn_point(v->vm->sim, write ? "store" : "load");
	switch (touch(v, gpa, buf, size, write, &o)) {
	case IN_RAM:
		return ACRN_DONE;
	case IN_DEVICE:
		touch_device(v, &o, buf, write);
		return ACRN_DONE;
	case IN_FAULT:
		return fault(v, gpa, &o.fault, buf, size, write);
	case IN_NOTHING:
		break;
	}
	return ACRN_GONE;
}

enum acrn_end acrn_vcpu_load(struct acrn_vcpu *v, u64 gpa, void *val, unsigned int size)
{
	return move(v, gpa, val, size, false);
}

enum acrn_end acrn_vcpu_store(struct acrn_vcpu *v, u64 gpa, const void *val, unsigned int size)
{
	u64 word = 0;

	if (good_size(size))
		memcpy(&word, val, size);
	return move(v, gpa, &word, size, true);
}

/* --- read, modify, write --- */

static void combine(u8 *mem, u64 val, unsigned int size, bool and_)
{
	unsigned int i;

	if (size == 8 && !((uintptr_t)mem & 7)) {
		u64 *word = (u64 *)(void *)mem;

		and_ ? os_fetch_and(word, val) : os_fetch_or(word, val);
		return;
	}
	if (size == 4 && !((uintptr_t)mem & 3)) {
		u32 *word = (u32 *)(void *)mem;

		and_ ? os_fetch_and(word, (u32)val) : os_fetch_or(word, (u32)val);
		return;
	}
	for (i = 0; i < size; i++, val >>= 8)
		and_ ? os_fetch_and(&mem[i], (u8)val) : os_fetch_or(&mem[i], (u8)val);
}

static void combine_operand(struct operand *o, u64 val, bool and_)
{
	unsigned int i, bit = 0;

	for (i = 0; i < o->n; bit += o->piece[i].len * 8, i++)
		combine(o->piece[i].mem, val >> bit, o->piece[i].len, and_);
}

/* Not in RAM: the hypervisor computes with 0 as the old value. */
enum acrn_end acrn_vcpu_rmw(struct acrn_vcpu *v, u64 gpa, u64 val, unsigned int size, bool and_)
{
	enum where where = IN_NOTHING;
	u64 wrong = and_ ? 0 : val;
	unsigned long old;
	struct operand o;

	if (!good_size(size))
		return ACRN_GP;
	acrn_point(v->vm->sim, "rmw");
	old = mpt_rcu_enter();
	if (runs(v)) {
		if (v->vm->remembers)
			tlb_behind(v);
		where = find_operand(v, gpa, size, true, &o);
	}
	if (where == IN_RAM)
		combine_operand(&o, val, and_);
	else if (where == IN_FAULT)
		acrn_vcpu_asking(v, true);
	mpt_rcu_leave(old);
	if (where == IN_NOTHING)
		return ACRN_GONE;
	if (where == IN_RAM)
		return ACRN_DONE;
	if (where == IN_DEVICE) {
		if (move(v, gpa, &wrong, size, false) != ACRN_DONE)
			return ACRN_GONE;
		wrong = and_ ? wrong & val : wrong | val;
		return move(v, gpa, &wrong, size, true);
	}
	acrn_diverged(v->vm->sim, "or, and on memory that is trapped");
	return fault(v, gpa, &o.fault, &wrong, size, true);
}

/* --- many bytes --- */

static u8 *plain_page(struct acrn_vcpu *v, u64 gpa, bool write)
{
	unsigned int need = write ? MEM_ACCESS_WRITE : MEM_ACCESS_READ;
	struct acrn_ept_leaf leaf;

	if (gpa >> v->vm->sim->config.gpa_bits || !acrn_ept_look(v->vm, gpa, &leaf) ||
	    !(leaf.rights & need))
		return NULL;
	return acrn_mem_virt(v->vm->sim, leaf.hpa + gpa % MPT_PAGE_SIZE);
}

/* First all is looked at, then all is moved: a range with a hole is left alone. */
static bool plain_pages(struct acrn_vcpu *v, u64 gpa, u8 *buf, u64 len, bool write, bool copy)
{
	u64 part;
	u8 *mem;

	for (; len; gpa += part, len -= part) {
		part = MPT_PAGE_SIZE - gpa % MPT_PAGE_SIZE;
		if (part > len)
			part = len;
		mem = plain_page(v, gpa, write);
		if (!mem)
			return false;
		if (!copy)
			continue;
		copy_bytes(mem, buf, part, write);
		buf += part;
	}
	return true;
}

bool acrn_vcpu_plain(struct acrn_vcpu *v, u64 gpa, void *buf, unsigned int len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	bool yes = runs(v) && plain_pages(v, gpa, buf, len, write, false) &&
		   plain_pages(v, gpa, buf, len, write, true);

	mpt_rcu_leave(old);
	return yes;
}
