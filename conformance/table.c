/* SPDX-License-Identifier: MIT */
/* The table of all clauses, the questions they answer, and the census that proves it complete. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "areas.h"

const struct cf_area cf_areas[] = {
	{ "REG", "Tables, capabilities, choosing a back end", cf_reg },
	{ "HOST", "Hosts", cf_host },
	{ "VM", "VMs and targets", cf_vm },
	{ "HND", "Handles", cf_hnd },
	{ "LIFE", "Life of a core and of a vGPU", cf_life },
	{ "LIFE", NULL, cf_life_end },
	{ "MEM", "Guest memory", cf_mem },
	{ "MEM", NULL, cf_mem_walk },
	{ "GFN", "Machine frames", cf_gfn },
	{ "DMA", "Mapping for the device", cf_dma },
	{ "DMA", NULL, cf_dma_walk },
	{ "TRK", "Tracked pages", cf_trk },
	{ "TRK", NULL, cf_trk_busy },
	{ "TRP", "Trapped areas", cf_trp },
	{ "MAP", "Frames shown to the guest", cf_map_gfn },
	{ "IRQ", "Interrupts", cf_irq },
	{ "PV", "PV MMIO", cf_pv },
	{ "VMM", "What a VMM is told", cf_vmm },
	{ "RGN", "RAM that comes and goes", cf_rgn },
	{ "POL", "Emulation that fails", cf_pol },
	{ "ERR", "Errors and their undoing", cf_err },
	{ NULL, NULL, NULL },
};

const struct cf_row cf_rows[] = {
	{ "guest-access", "guest memory access" },
	{ "translation", "translation fails" },
	{ "dma-map", "dma_map" },
	{ "dma-unmap-unknown", "dma_unmap of an unknown address" },
	{ "ram-removed", "RAM removed while mapped or tracked" },
	{ "track-twice", "page track twice" },
	{ "who-stores", "who performs the trapped store" },
	{ "handle", "the handle" },
	{ "undo", "a step of several fails" },
	{ "emulation-fails", "emulation fails" },
	{ "trap-area", "trap area" },
	{ "opregion", "opregion" },
	{ "errnos", "what an errno means" },
	{ "sentence", "what stands beside it" },
	{ NULL, NULL },
};

/* All of these are answered by the fault layer in ERR-5. */
const struct cf_exempt cf_exempts[] = {
	{ CF_P(host_init, ENOMEM), "no simulated back end allocates there" },
	{ CF_P(attach_vgpu, ESRCH),
	  "a held VM cannot go; only an outer hypervisor takes one away" },
	{ CF_P(inject_msi, EIO), "no simulated interrupt controller breaks" },
	{ CF_P(set_intx, EIO), "no simulated interrupt controller breaks" },
	{ CF_P(enable_page_track, ENOMEM), "simulated tracks are a bitmap made with the VM" },
	{ CF_P(set_pvmmio, ENOMEM), "no simulated back end allocates there" },
	{ CF_P(dma_pin_guest_page, ENOMEM),
	  "a pin of a mapped page takes no memory and no new limit" },
	{ CF_P(set_opregion, EINVAL), "what is wrong with an opregion only a VMM can say" },
	{ CF_P(set_opregion, ENOMEM), "no simulated back end allocates there" },
	{ CF_P(set_edid, ENOMEM), "no simulated back end allocates there" },
	{ { MPT_OP_COUNT, 0 }, NULL },
};

/* tests/build/census.sh holds it against gvt/: a caller and a reason exclude each other. */
const struct cf_uncalled cf_uncalled[] = {
	{ MPT_OP_ID_from_virt_to_mfn,
	  "the core shows the guest no page of its own (it writes the opregion to guest memory); a "
	  "back end with PV MMIO translates the pages that it is given" },
	{ MPT_OP_ID_gfn_to_mfn,
	  "the core gives its device nothing but mapped bus addresses; the cores of Linux call it" },
	{ MPT_OP_ID_dom0_ready,
	  "no event of a vGPU: who serves the sysfs tree says it once, as ACRN's service VM does" },
	{ MPT_OP_ID_dma_pin_guest_page,
	  "for a guest's frame buffer that is handed on as a dma-buf, which there is not in user "
	  "space; the cores of Linux call it" },
	{ MPT_OP_ID_get_vfio_device,
	  "keeps a VFIO device while a dma-buf of it lives, which there is not in user space; the "
	  "cores of Linux call it" },
	{ MPT_OP_ID_put_vfio_device, "as get_vfio_device" },
	{ MPT_OP_COUNT, NULL },
};

/* --- looking up --- */

const struct mpt_clause *cf_clause(unsigned int index)
{
	const struct cf_area *a;
	const struct mpt_clause *c;

	for (a = cf_areas; a->id; a++)
		for (c = a->clauses; c->id; c++)
			if (index-- == 0)
				return c;
	return NULL;
}

unsigned int cf_clause_count(void)
{
	unsigned int n = 0;

	while (cf_clause(n))
		n++;
	return n;
}

const struct mpt_clause *cf_clause_find(const char *id)
{
	const struct mpt_clause *c;
	unsigned int i;

	for (i = 0; (c = cf_clause(i)); i++)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}

const char *cf_feature(u64 bit)
{
	static const struct {
		u64 bit;
		const char *name;
	} features[] = {
		{ CF_HAS_LEDGER, "layer check" },      { CF_HAS_FAULT, "layer fault" },
		{ CF_HAS_DIRTY, "dirty log" },	       { CF_HAS_IRQ_FD, "eventfd" },
		{ CF_HAS_HUGE, "contiguous 2 MiB" },   { CF_HAS_SCATTER, "scattered 2 MiB" },
		{ CF_HAS_PIN_LIMIT, "limit of pins" }, { CF_HAS_STOP, "vm_stop" },
		{ CF_HAS_INIT, "host_init" },	       { CF_HAS_DOM0, "dom0_ready" },
		{ CF_HAS_OPREGION, "set_opregion" },   { CF_HAS_EDID, "set_edid" },
		{ CF_HAS_VFIO, "get_vfio_device" },    { CF_HAS_VALID_GFN, "is_valid_gfn" },
		{ CF_HAS_QUIESCE, "quiesce" },	       { CF_HAS_NAME, "a name" },
		{ CF_HAS_WIDE, "wide addresses" },     { CF_HAS_TESTBED, "testbed" },
	};
	size_t i;

	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (features[i].bit == bit)
			return features[i].name;
	return mpt_cap_name(bit);
}

/* --- the census --- */

struct census {
	void (*say)(void *arg, const char *line);
	void *arg;
	unsigned int complaints;
};

static void complain(struct census *c, const char *fmt, ...) MPT_PRINTF(2, 3);

static void complain(struct census *c, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->complaints++;
	c->say(c->arg, line);
}

static bool row_known(const char *key)
{
	const struct cf_row *r;

	for (r = cf_rows; r->key; r++)
		if (strcmp(r->key, key) == 0)
			return true;
	return false;
}

/* "K4", "A12": a number of somebody's list. */
static bool is_code(const char *word, size_t n)
{
	size_t digits;

	if (n < 2 || n > 3 || !strchr("AXKC", *word))
		return false;
	digits = strspn(word + 1, "0123456789");
	return digits >= n - 1;
}

bool cf_bug_readable(const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	unsigned int words = 0;
	size_t n;

	if (strstr(text, "gvt-contract"))
		return false;
	for (; *text; text += n) {
		text += strcspn(text, letters);
		n = strspn(text, letters);
		if (is_code(text, n) ||
		    (n == 5 && !strncmp(text, "field ", 6) && strspn(text + 6, "0123456789+")))
			return false;
		words += n > 0;
	}
	return words >= 8;
}

/* Ids are the area's name and 1, 2, 3, ... */
static void count_form(struct census *cs)
{
	const struct cf_area *a;
	const struct mpt_clause *c;
	char want[32];
	int n = 0;

	for (a = cf_areas; a->id; a++) {
		n = a->title ? 1 : n;
		for (c = a->clauses; c->id; c++, n++) {
			snprintf(want, sizeof(want), "%s-%d", a->id, n);
			if (strcmp(want, c->id))
				complain(cs, "%s should be %s", c->id, want);
			if (!c->text || strlen(c->text) < 20 || c->text[strlen(c->text) - 1] != '.')
				complain(cs, "%s has no sentence", c->id);
			if (!c->run)
				complain(cs, "%s has no code", c->id);
			if (c->bug_class && !cf_bug_readable(c->bug_class))
				complain(cs, "%s names its bugs by codes", c->id);
			if (c->row && !row_known(c->row))
				complain(cs, "%s answers the unknown question %s", c->id, c->row);
			if (c->needs_caps & c->excludes_caps)
				complain(cs, "%s needs what it excludes", c->id);
		}
	}
}

static void count_ops(struct census *cs)
{
	const struct mpt_clause *c;
	u32 ops = 0;
	unsigned int i;

	for (i = 0; (c = cf_clause(i)); i++)
		ops |= c->ops;
	for (i = 0; i < MPT_OP_COUNT; i++)
		if (!(ops & 1U << i))
			complain(cs, "operation %s has no clause",
				 mpt_op_info((enum mpt_op_id)i)->name);
}

/* Callbacks of any type are compared as bytes. */
static const void *callback(const struct mpt_backend *be, enum mpt_op_id op)
{
	const void *at = NULL;
	size_t end = 0;

#define MPT_OP(scope, kind, id, ...)                                               \
	if (op == MPT_OP_ID_##id && be->mpt) {                                     \
		end = offsetof(struct intel_gvt_mpt, id) + sizeof(be->mpt->id);    \
		memcpy(&at, (const char *)be->mpt + end - sizeof(at), sizeof(at)); \
	}
#include <mpt/ops.def>
#undef MPT_OP
	return end <= be->mpt_size ? at : NULL;
}

unsigned int cf_fillers(enum mpt_op_id op)
{
	const struct mpt_backend *be, *other;
	unsigned int i, k, n = 0;

	for (i = 0; (be = mpt_backend_each(i)); i++) {
		if (!callback(be, op))
			continue;
		for (k = 0; k < i && (other = mpt_backend_each(k)); k++)
			if (callback(other, op) == callback(be, op))
				break;
		n += k == i;
	}
	return n;
}

static bool pair_claimed(enum mpt_op_id op, u32 bit)
{
	const struct mpt_clause *c;
	const struct cf_pair *p;
	unsigned int i;

	for (i = 0; (c = cf_clause(i)); i++)
		for (p = c->pairs; p && p->err; p++)
			if (p->op == op && mpt_errno_bit(p->err) == bit)
				return true;
	return false;
}

static bool pair_exempt(enum mpt_op_id op, u32 bit)
{
	const struct cf_exempt *x;

	for (x = cf_exempts; x->why; x++)
		if (x->pair.op == op && mpt_errno_bit(x->pair.err) == bit)
			return true;
	return false;
}

static void count_pair(struct census *cs, enum mpt_op_id op, int err)
{
	const struct mpt_op_info *info = mpt_op_info(op);
	u32 bit = mpt_errno_bit(err);
	bool listed = info->errnos & bit, claimed = pair_claimed(op, bit),
	     exempt = pair_exempt(op, bit);

	if (listed && !claimed && !exempt)
		complain(cs, "no clause provokes -%s of %s", mpt_errno_name(err), info->name);
	if (!listed && (claimed || exempt))
		complain(cs, "-%s of %s is in the table but not in ops.def", mpt_errno_name(err),
			 info->name);
	if (claimed && exempt)
		complain(cs, "-%s of %s is claimed and excused", mpt_errno_name(err), info->name);
}

static void count_pairs(struct census *cs)
{
	int err;
	unsigned int op;

	for (op = 0; op < MPT_OP_COUNT; op++)
		for (err = 1; err < 200; err++)
			if (mpt_errno_bit(err))
				count_pair(cs, (enum mpt_op_id)op, err);
}

static void count_rows(struct census *cs)
{
	const struct cf_row *r;
	const struct mpt_clause *c;
	unsigned int i;

	for (r = cf_rows; r->key; r++) {
		for (i = 0; (c = cf_clause(i)); i++)
			if (c->row && strcmp(c->row, r->key) == 0)
				break;
		if (!c)
			complain(cs, "the question \"%s\" has no clause", r->question);
	}
}

unsigned int cf_census(void (*say)(void *arg, const char *line), void *arg)
{
	struct census cs = { .say = say, .arg = arg };

	count_form(&cs);
	count_ops(&cs);
	count_pairs(&cs);
	count_rows(&cs);
	return cs.complaints;
}
