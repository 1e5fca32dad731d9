/* SPDX-License-Identifier: MIT */
/*
 * Building and tearing down the world of a clause, finding out what a back end offers, and running
 * one clause over one spec. Which clauses there are is not known here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

const struct cf_region cf_map[] = {
	{ CF_LOW, CF_LOW_SIZE, 0 },
	{ CF_PRE, CF_PRE_SIZE, 0 },
	{ CF_RO, CF_RO_SIZE, MPT_RAM_READONLY },
	{ CF_MAIN, CF_MAIN_SIZE, 0 },
	{ CF_NEXT, CF_NEXT_SIZE, 0 },
	{ CF_HUGE, CF_HUGE_SIZE, 0 },
	{ CF_SEAM, CF_SEAM_SIZE / 2, 0 },
	{ CF_SEAM + CF_SEAM_SIZE / 2, CF_SEAM_SIZE / 2, 0 },
	{ CF_ROM, CF_ROM_SIZE, MPT_RAM_READONLY },
	{ CF_HIGH, CF_HIGH_SIZE, 0 },
	{ 0, 0, 0 },
};

/* --- VMs and vGPUs --- */

/* The same for each clause: nothing that a report needs to tell. */
static int plug(struct mpt_vm *vm, const struct cf_region *r)
{
	int ret;

	cf_calls_pause(true);
	ret = mpt_ram_add(vm, r->gpa, r->size, r->flags);
	cf_calls_pause(false);
	return ret;
}

int cf_vm_new(struct cf_env *e, unsigned int id, const struct cf_region *map, struct mpt_vm **vm)
{
	unsigned int i;

	for (i = 0; i < CF_VMS && e->vms[i]; i++)
		;
	CF_THAT(e, i < CF_VMS, "the suite has room for %d VMs only", CF_VMS);
	CF_INT(e, 0, mpt_vm_create(e->host, id), "mpt_vm_create of VM %u", id);
	CF_INT(e, 0, mpt_vm_get(e->host, id, &e->vms[i]), "mpt_vm_get of VM %u", id);
	*vm = e->vms[i];
	for (; map && map->size; map++)
		CF_INT(e, 0, plug(*vm, map), "mpt_ram_add of 0x%llx bytes at 0x%llx",
		       (unsigned long long)map->size, (unsigned long long)map->gpa);
	return CF_PASS;
}

void cf_vm_drop(struct cf_env *e, struct mpt_vm *vm)
{
	unsigned int i, id = mpt_vm_id(vm);

	for (i = 0; i < CF_VMS; i++)
		if (e->vms[i] == vm)
			e->vms[i] = NULL;
	mpt_vm_put(vm);
	cf_int(e, 0, mpt_vm_destroy(e->host, id), "mpt_vm_destroy of VM %u, given back before", id);
}

int cf_attach(struct cf_env *e, unsigned int slot, struct mpt_vm *vm)
{
	struct intel_vgpu_type type = { .slot = slot };
	struct intel_vgpu *v = mpt_vgpu_create(vm, &e->gvt, &type);

	if (MPT_IS_ERR(v))
		return cf_int(e, 0, MPT_PTR_ERR(v), "mpt_vgpu_create for VM %u", mpt_vm_id(vm));
	CF_THAT(e, v == &e->vgpus[slot].base,
		"mpt_vgpu_create: expected the vGPU that the core made, seen another pointer");
	e->vgpus[slot].vm = vm;
	return CF_PASS;
}

int cf_settle(struct cf_env *e, struct mpt_vm *vm)
{
	u8 b;

	CF_INT(e, 0, mpt_guest_cfg_read(vm, 0, &b, 1), "the first configuration read");
	cf_forget(e);
	return CF_PASS;
}

int cf_detach(struct cf_env *e, unsigned int slot)
{
	struct cf_vgpu *cv = &e->vgpus[slot];

	CF_INT(e, 0, mpt_vgpu_destroy(cv->vm, &cv->base), "mpt_vgpu_destroy");
	return CF_PASS;
}

/* --- up and down --- */

static int open_host(struct cf_env *e)
{
	e->allocs = mpt_alloc_live();
	CF_INT(e, 0, mpt_host_open(e->spec, &e->host), "mpt_host_open");
	mpt_host_use(e->host);
	e->gvt.env = e;
	e->has |= mpt_host_caps(e->host);
	cf_record(e);
	return CF_PASS;
}

int cf_env_open(struct cf_env *e, enum cf_setup level)
{
	CF_TRY(open_host(e));
	if (level <= CF_CORE)
		CF_TRY(cf_core_on(e));
	if (level <= CF_VM)
		CF_TRY(cf_vm_new(e, CF_VM_ID, cf_map, &e->vm));
	if (level > CF_FULL)
		return CF_PASS;
	CF_TRY(cf_attach(e, 0, e->vm));
	e->v = &e->vgpus[0].base;
	return cf_settle(e, e->vm);
}

static void check_ledger(struct cf_env *e)
{
	struct mpt_ledger l;
	const char *first;
	int k;

	if (mpt_ledger_get(e->host, &l))
		return;
	for (k = 0; k < MPT_LEDGER_KINDS; k++)
		cf_u64(e, 0, l.live[k], "at the end: %s entries of the ledger",
		       mpt_ledger_kind_name((enum mpt_ledger_kind)k));
	cf_u64(e, e->left, l.left, "at the end: things left at a detach");
	if (e->clause && e->clause->misuse && !e->violations)
		return;
	first = mpt_ledger_violation(e->host, 0);
	cf_u64(e, e->violations, l.violations, "at the end: violations in the ledger (last: %s)",
	       first ? first : "none");
}

int cf_env_close(struct cf_env *e)
{
	unsigned int i;

	if (e->wedged)
		return CF_FAIL;
	for (i = 0; e->host && i < CF_VGPUS; i++)
		if (e->vgpus[i].live)
			cf_detach(e, i);
	e->v = NULL;
	if (e->host)
		cf_core_off(e);
	for (i = 0; i < CF_VMS; i++)
		if (e->vms[i])
			cf_vm_drop(e, e->vms[i]);
	e->vm = NULL;
	if (e->host) {
		check_ledger(e);
		mpt_host_use(NULL);
		cf_int(e, 0, mpt_host_close(e->host), "mpt_host_close at the end");
		e->host = NULL;
	}
	cf_u64(e, (u64)e->allocs, (u64)mpt_alloc_live(),
	       "at the end: the libraries' live allocations");
	return e->failed ? CF_FAIL : CF_PASS;
}

int cf_env_again(struct cf_env *e, unsigned int core_flags)
{
	CF_TRY(cf_env_close(e));
	memset(e->vgpus, 0, sizeof(e->vgpus));
	cf_forget(e);
	e->core.hook = NULL;
	e->core.flags = core_flags;
	return cf_env_open(e, CF_FULL);
}

int cf_twice(struct cf_env *e, int (*run)(struct cf_env *e))
{
	e->place = CF_MAIN;
	CF_TRY(run(e));
	CF_TRY(cf_env_again(e, 0));
	e->place = CF_NEXT;
	return run(e);
}

static struct cf_env *env_new(const struct mpt_clause *c, const char *spec, u64 has,
			      struct cf_result *res)
{
	struct cf_env *e = calloc(1, sizeof(*e));

	memset(res, 0, sizeof(*res));
	if (!e) {
		res->outcome = CF_FAIL;
		snprintf(res->text, CF_TEXT, "the suite is out of memory");
		return NULL;
	}
	e->clause = c;
	e->spec = spec;
	e->has = has;
	e->res = res;
	pthread_mutex_init(&e->lock, NULL);
	pthread_mutex_init(&e->core.lock, NULL);
	return e;
}

/* A wedged one stays: a thread may still run in it. */
static void env_free(struct cf_env *e)
{
	if (!e->wedged)
		free(e);
}

/* What a clause says that it calls it must have called, where the back end has it. */
static void check_called(struct cf_env *e)
{
	unsigned int op;

	for (op = 0; op < MPT_OP_COUNT; op++)
		if (e->clause->ops & ~e->res->called & 1U << op &&
		    cf_table_has(&e->table, (enum mpt_op_id)op))
			cf_fail(e, "the clause names %s, but never called it",
				mpt_op_info((enum mpt_op_id)op)->name);
}

void cf_run(const struct mpt_clause *c, const char *spec, u64 has, struct cf_result *res)
{
	struct cf_env *e;
	int i;

	if (!cf_applies(c, has)) {
		memset(res, 0, sizeof(*res));
		res->outcome = CF_NA;
		return;
	}
	e = env_new(c, spec, has, res);
	if (!e)
		return;
	cf_calls_forget();
	if (!cf_env_open(e, c->setup) && c->run(e) && !e->failed)
		cf_fail(e, "the clause failed without a report");
	for (i = 0; i < CF_THREADS; i++)
		if (e->threads[i].started) {
			cf_release(e);
			cf_thread_join(e, (unsigned int)i);
		}
	mpt_alloc_fail_at(0);
	cf_env_close(e);
	check_called(e);
	res->outcome = e->failed ? CF_FAIL : CF_PASS;
	env_free(e);
}

/* --- what a spec offers --- */

u64 cf_lacks(const struct mpt_clause *c, u64 has)
{
	return (c->needs_caps | (c->setup <= CF_VM ? CF_HAS_TESTBED : 0)) & ~has;
}

u64 cf_hinders(const struct mpt_clause *c, u64 has)
{
	return c->excludes_caps & has;
}

bool cf_applies(const struct mpt_clause *c, u64 has)
{
	return !cf_lacks(c, has) && !cf_hinders(c, has);
}

static u64 probe_ops(const struct intel_gvt_mpt *t)
{
	static const struct {
		enum mpt_op_id op;
		u64 bit;
	} map[] = {
		{ CF_ID(host_init), CF_HAS_INIT },	  { CF_ID(dom0_ready), CF_HAS_DOM0 },
		{ CF_ID(set_opregion), CF_HAS_OPREGION }, { CF_ID(set_edid), CF_HAS_EDID },
		{ CF_ID(get_vfio_device), CF_HAS_VFIO },  { CF_ID(is_valid_gfn), CF_HAS_VALID_GFN },
	};
	u64 has = 0;
	size_t i;

	for (i = 0; i < CF_COUNT(map); i++)
		if (cf_table_has(t, map[i].op))
			has |= map[i].bit;
	return has;
}

static u64 probe_host(struct cf_env *e)
{
	const struct mpt_backend *be = mpt_backend_find(mpt_host_name(e->host));
	struct mpt_ledger l;
	u64 has = probe_ops(e->real);

	if (mpt_host_has_testbed(e->host))
		has |= CF_HAS_TESTBED;
	if (!mpt_ledger_get(e->host, &l))
		has |= CF_HAS_LEDGER;
	if (!mpt_fault_at(e->host, MPT_OP_COUNT, 0, 0))
		has |= CF_HAS_FAULT;
	if (be && be->vm_stop)
		has |= CF_HAS_STOP;
	if (be && be->quiesce)
		has |= CF_HAS_QUIESCE;
	return has | (be ? CF_HAS_NAME : 0);
}

/* One 2 MiB mapping, then single pages until there are enough or no more. */
static u64 probe_dma(struct cf_env *e)
{
	static const u64 gfn0 = CF_GFN(CF_HUGE);
	dma_addr_t addr[CF_PINS_ENOUGH];
	unsigned int i, n;
	u64 has = 0;
	int r = HV(dma_map_guest_page)(e->v, gfn0, MPT_HUGE_SIZE, &addr[0]);

	if (!r) {
		has |= CF_HAS_HUGE;
		HV(dma_unmap_guest_page)(e->v, addr[0]);
	} else if (r == -EINVAL) {
		has |= CF_HAS_SCATTER;
	}
	for (n = 0; n < CF_PINS_ENOUGH; n++)
		if (HV(dma_map_guest_page)(e->v, gfn0 + n, MPT_PAGE_SIZE, &addr[n]))
			break;
	for (i = 0; i < n; i++)
		HV(dma_unmap_guest_page)(e->v, addr[i]);
	return has | (n < CF_PINS_ENOUGH ? CF_HAS_PIN_LIMIT : 0);
}

static u64 probe_vm(struct cf_env *e)
{
	static const u64 far = 1ULL << 37;
	u64 has = probe_dma(e);
	u8 bit;

	if (!mpt_dirty_fetch(e->vm, 0, 1, &bit))
		has |= CF_HAS_DIRTY;
	if (mpt_irq_fd(e->vm) >= 0)
		has |= CF_HAS_IRQ_FD;
	if (!mpt_ram_add(e->vm, far, MPT_PAGE_SIZE, 0) &&
	    !mpt_ram_remove(e->vm, far, MPT_PAGE_SIZE))
		has |= CF_HAS_WIDE;
	return has;
}

int cf_probe(const char *spec, u64 *has, char *why)
{
	struct cf_result res;
	struct cf_env *e = env_new(NULL, spec, 0, &res);
	u64 found = 0;

	why[0] = '\0';
	if (e && !cf_env_open(e, CF_CORE)) {
		found = mpt_host_caps(e->host) | probe_host(e);
		if ((found & CF_HAS_TESTBED) && !cf_vm_new(e, CF_VM_ID, cf_map, &e->vm) &&
		    !cf_attach(e, 0, e->vm)) {
			e->v = &e->vgpus[0].base;
			found |= probe_vm(e);
		}
	}
	if (e) {
		cf_env_close(e);
		res.outcome = e->failed ? CF_FAIL : CF_PASS;
		env_free(e);
	}
	*has = found;
	if (res.outcome == CF_PASS)
		return 0;
	memcpy(why, res.text, CF_TEXT);
	return -EIO;
}

/* --- guest memory --- */

u8 cf_paint_byte(u64 gpa)
{
	return (u8)(1 + gpa * 131 + (gpa >> 8) * 17 + (gpa >> 16) * 29 + (gpa >> 32) * 3);
}

void cf_paint_bytes(u64 gpa, void *buf, size_t len)
{
	u8 *b = buf;
	size_t i;

	for (i = 0; i < len; i++)
		b[i] = cf_paint_byte(gpa + i);
}

int cf_guest_load(struct cf_env *e, struct mpt_vm *vm, u64 gpa, void *buf, u64 len)
{
	u8 *b = buf;

	while (len) {
		unsigned int n =
			len > MPT_PAGE_SIZE ? (unsigned int)MPT_PAGE_SIZE : (unsigned int)len;

		CF_INT(e, 0, mpt_guest_read(vm, gpa, b, n), "a guest load of %u bytes at 0x%llx", n,
		       (unsigned long long)gpa);
		gpa += n;
		b += n;
		len -= n;
	}
	return CF_PASS;
}

int cf_guest_store(struct cf_env *e, struct mpt_vm *vm, u64 gpa, const void *buf, u64 len)
{
	const u8 *b = buf;

	while (len) {
		unsigned int n =
			len > MPT_PAGE_SIZE ? (unsigned int)MPT_PAGE_SIZE : (unsigned int)len;

		CF_INT(e, 0, mpt_guest_write(vm, gpa, b, n), "a guest store of %u bytes at 0x%llx",
		       n, (unsigned long long)gpa);
		gpa += n;
		b += n;
		len -= n;
	}
	return CF_PASS;
}

int cf_paint(struct cf_env *e, struct mpt_vm *vm, u64 gpa, u64 len)
{
	u8 piece[512];
	u64 n;

	for (; len; gpa += n, len -= n) {
		n = len > sizeof(piece) ? sizeof(piece) : len;
		cf_paint_bytes(gpa, piece, n);
		CF_TRY(cf_guest_store(e, vm, gpa, piece, n));
	}
	return CF_PASS;
}

struct mpt_vm_stats cf_stats(struct cf_env *e, struct mpt_vm *vm)
{
	struct mpt_vm_stats s = { 0 };

	cf_int(e, 0, mpt_vm_stats_get(vm, &s), "mpt_vm_stats_get");
	return s;
}

struct mpt_ledger cf_ledger(struct cf_env *e)
{
	struct mpt_ledger l = { 0 };

	mpt_ledger_get(e->host, &l);
	return l;
}
