/* SPDX-License-Identifier: MIT */
/* REG: what a table may lack, what an absent callback answers, how a back end is chosen. */
#include <stdio.h>
#include <string.h>

#include "areas.h"
#include "tiny.h"

/* --- refusals, on copies of the smallest back end --- */

static int refused(struct cf_env *e, const struct mpt_backend *be, const char *name)
{
	struct mpt_host *const none = (struct mpt_host *)&e->slot[0];
	struct mpt_host *host = none;
	int r = mpt_host_open_table(be, NULL, &host);

	if (!r)
		mpt_host_close(host);
	CF_INT(e, -EINVAL, r, "opening a table without %s", name);
	CF_THAT(e, host == none, "opening a table without %s failed: expected *host untouched",
		name);
	CF_THAT(e, strstr(mpt_last_error(), name),
		"the refusal of a table without %s: expected its name in the sentence, seen \"%s\"",
		name, mpt_last_error());
	return CF_PASS;
}

static int reg_mandatory(struct cf_env *e)
{
	struct intel_gvt_mpt table;
	struct mpt_backend be = tiny_backend;
	unsigned int op;

	be.mpt = &table;
	for (op = 0; op < MPT_OP_COUNT; op++) {
		const struct mpt_op_info *info = mpt_op_info((enum mpt_op_id)op);

		if (info->op_class != MPT_CLASS_MANDATORY)
			continue;
		table = tiny_table;
		tiny_without(&table, (enum mpt_op_id)op);
		CF_TRY(refused(e, &be, info->name));
	}
	return CF_PASS;
}

static int reg_claims(struct cf_env *e)
{
	struct intel_gvt_mpt table;
	struct mpt_backend be = tiny_backend;
	unsigned int op;

	be.mpt = &table;
	for (op = 0; op < MPT_OP_COUNT; op++) {
		const struct mpt_op_info *info = mpt_op_info((enum mpt_op_id)op);

		if (info->op_class != MPT_CLASS_CAPABILITY)
			continue;
		table = tiny_table;
		tiny_without(&table, (enum mpt_op_id)op);
		be.caps = info->cap;
		CF_TRY(refused(e, &be, info->name));
		be.caps = MPT_CAP_OPS;
		CF_TRY(refused(e, &be, info->name));
	}
	return CF_PASS;
}

static int reg_abi(struct cf_env *e)
{
	/* All that a back end of the oldest header can have had, and one from the future. */
	struct {
		struct mpt_backend be;
		u64 newer[4];
	} big = { .be = tiny_backend };
	struct mpt_backend be = tiny_backend;
	struct mpt_host *host;

	be.abi = MPT_BACKEND_ABI + 1;
	CF_INT(e, -EINVAL, mpt_host_open_table(&be, NULL, &host),
	       "a back end of another ABI version");
	be = tiny_backend;
	be.size = sizeof(be.size);
	CF_INT(e, -EINVAL, mpt_host_open_table(&be, NULL, &host), "a back end of %zu bytes",
	       be.size);
	be.size = offsetof(struct mpt_backend, quiesce);
	be.quiesce = (int (*)(void *, void *, bool))(uintptr_t)1;
	CF_INT(e, 0, mpt_host_open_table(&be, NULL, &host), "a back end without the last members");
	CF_INT(e, 0, mpt_host_close(host), "closing it");
	memset(big.newer, 0xff, sizeof(big.newer));
	big.be.size = sizeof(big);
	CF_INT(e, 0, mpt_host_open_table(&big.be, NULL, &host), "a back end longer than ours");
	return cf_int(e, 0, mpt_host_close(host), "closing it");
}

static int reg_short_table(struct cf_env *e)
{
	struct mpt_backend be = tiny_backend;
	struct mpt_host *host;
	bool pin, opregion;

	be.mpt_size = offsetof(struct intel_gvt_mpt, dma_pin_guest_page);
	be.caps = MPT_CAP_OPS & ~(MPT_CAP_DMA_PIN | MPT_CAP_INTX);
	CF_INT(e, 0, mpt_host_open_table(&be, NULL, &host),
	       "a table of the 17 published callbacks");
	pin = cf_table_has(mpt_host_table(host), CF_ID(dma_pin_guest_page));
	opregion = cf_table_has(mpt_host_table(host), CF_ID(set_opregion));
	CF_INT(e, 0, mpt_host_close(host), "closing it");
	CF_THAT(e, !pin && !opregion,
		"a table of 17 callbacks: expected the later ones absent, seen memory behind its "
		"end");
	return CF_PASS;
}

static int reg_register(struct cf_env *e)
{
	struct intel_gvt_mpt table = tiny_table;
	u64 before;

	table.inject_msi = NULL;
	CF_INT(e, -EINVAL, mpt_register(&table), "mpt_register without inject_msi");
	CF_THAT(e, strstr(mpt_last_error(), "inject_msi"),
		"mpt_register without inject_msi: expected the name in the sentence, seen \"%s\"",
		mpt_last_error());
	table = tiny_table;
	CF_INT(e, 0, intel_gvt_register_hypervisor(&table), "registering a full table");
	memset(&table, 0, sizeof(table));
	CF_INT(e, -EEXIST, mpt_register(&tiny_table), "registering a second table");
	before = tiny_calls[MPT_OP_ID_dom0_ready];
	mpt_host_use(NULL);
	CF_TRY(cf_int(e, 0, HV(dom0_ready)(), "dom0_ready of a thread without a chosen host"));
	mpt_host_use(e->host);
	intel_gvt_unregister_hypervisor();
	mpt_unregister();
	CF_INT(e, 0, mpt_register(&tiny_table), "registering again after mpt_unregister");
	mpt_unregister();
	return cf_u64(e, 1, tiny_calls[MPT_OP_ID_dom0_ready] - before,
		      "calls that reached the registered table, which was copied");
}

/* --- what an absent callback answers --- */

struct absent_int {
	enum mpt_op_id op;
	int got;
};

/* Every wrapper that takes a vGPU, on one whose table lacks what is asked for. */
static int absent_handle_ops(struct cf_env *e, struct intel_vgpu *v)
{
	dma_addr_t addr = 0x5a5a;
	u8 buf[8] = { 0 };
	const struct absent_int seen[] = {
		{ CF_ID(enable_page_track), HV(enable_page_track)(v, CF_GFN(CF_MAIN)) },
		{ CF_ID(disable_page_track), HV(disable_page_track)(v, CF_GFN(CF_MAIN)) },
		{ CF_ID(dma_pin_guest_page), HV(dma_pin_guest_page)(v, addr) },
		{ CF_ID(set_intx), HV(set_intx)(v, true) },
		{ CF_ID(map_gfn_to_mfn),
		  HV(map_gfn_to_mfn)(v, CF_GFN(CF_BAR2), CF_APERTURE_MFN, 1, true) },
		{ CF_ID(set_trap_area), HV(set_trap_area)(v, CF_BAR0, CF_BAR0 + 4095, true) },
		{ CF_ID(set_pvmmio), HV(set_pvmmio)(v, CF_BAR0, CF_BAR0 + CF_BAR0_SIZE - 1, true) },
		{ CF_ID(set_opregion), HV(set_opregion)(v) },
		{ CF_ID(set_edid), HV(set_edid)(v, 0) },
		{ CF_ID(get_vfio_device), HV(get_vfio_device)(v) },
		{ CF_ID(read_gpa), HV(read_gpa)(v, CF_MAIN, buf, sizeof(buf)) },
		{ CF_ID(write_gpa), HV(write_gpa)(v, CF_MAIN, buf, sizeof(buf)) },
		{ CF_ID(inject_msi), HV(inject_msi)(v) },
		{ CF_ID(dma_map_guest_page),
		  HV(dma_map_guest_page)(v, CF_GFN(CF_MAIN), MPT_PAGE_SIZE, &addr) },
	};
	size_t i;

	for (i = 0; i < CF_COUNT(seen); i++) {
		const struct mpt_op_info *info = mpt_op_info(seen[i].op);
		int want = strcmp(info->absent, "-EOPNOTSUPP") == 0 ? -EOPNOTSUPP
			   : strcmp(info->absent, "-ENOENT") == 0   ? -ENOENT
								    : 0;

		if (v->mpt && cf_table_has(v->mpt, seen[i].op))
			continue;
		if (info->op_class != MPT_CLASS_MANDATORY)
			cf_note(e, seen[i].op, seen[i].got);
		CF_INT(e, want, seen[i].got, "%s, absent", info->name);
	}
	return CF_PASS;
}

static int absent_others(struct cf_env *e, struct intel_vgpu *v)
{
	const struct intel_gvt_mpt *t = v->mpt;

	if (!t || !cf_table_has(t, CF_ID(gfn_to_mfn)))
		CF_U64(e, INTEL_GVT_INVALID_ADDR, HV(gfn_to_mfn)(v, CF_GFN(CF_MAIN)),
		       "gfn_to_mfn, absent");
	if (!t || !cf_table_has(t, CF_ID(is_valid_gfn)))
		CF_THAT(e, HV(is_valid_gfn)(v, CF_GFN(CF_MAIN)),
			"is_valid_gfn, absent: expected true, seen false");
	if (!t || !cf_table_has(t, CF_ID(put_vfio_device)))
		HV(put_vfio_device)(v);
	return CF_PASS;
}

static int reg_absent(struct cf_env *e)
{
	struct intel_vgpu none = { .cfg_space = e->vgpus[0].cfg };

	CF_TRY(absent_handle_ops(e, &none));
	CF_TRY(absent_others(e, &none));
	CF_INT(e, -EOPNOTSUPP, HV(attach_vgpu)(&none), "attach_vgpu, absent");
	HV(detach_vgpu)(&none);
	HV(dma_unmap_guest_page)(&none, 0);
	return CF_PASS;
}

/* Over a real instance: what it has is not called here, what it lacks answers as written. */
static int reg_instance(struct cf_env *e)
{
	struct intel_vgpu v = { .mpt = e->real, .cfg_space = e->vgpus[0].cfg };
	struct intel_gvt_mpt lacking = { 0 };
	unsigned int op;

	for (op = 0; op < MPT_OP_COUNT; op++) {
		const struct mpt_op_info *info = mpt_op_info((enum mpt_op_id)op);
		bool has = cf_table_has(e->real, (enum mpt_op_id)op);

		if (info->op_class == MPT_CLASS_MANDATORY)
			CF_THAT(e, has, "%s is mandatory: expected it in the host's table",
				info->name);
		if (info->op_class == MPT_CLASS_CAPABILITY)
			CF_THAT(e, has == !!(e->has & info->cap),
				"%s: expected it %s, as capability %s says, seen otherwise",
				info->name, e->has & info->cap ? "present" : "absent",
				mpt_cap_name(info->cap));
	}
	/* A table with nothing but what this one lacks to ask for. */
	lacking = *e->real;
#define MPT_OP(scope, kind, id, ...) \
	if (lacking.id)              \
		lacking.id = tiny_table.id;
#include <mpt/ops.def>
#undef MPT_OP
	v.mpt = &lacking;
	CF_TRY(absent_handle_ops(e, &v));
	CF_TRY(absent_others(e, &v));
	if (!(e->has & MPT_CAP_VIRT_TO_MFN))
		CF_U64(e, INTEL_GVT_INVALID_ADDR, HV(virt_to_mfn)(&v), "virt_to_mfn, absent");
	return CF_PASS;
}

/* --- every combination of capabilities, by a filter in front of the back end's open --- */

static const struct mpt_backend *filtered;
static u64 filter;

static int filter_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	int r = filtered->open(host, opts, inst);

	inst->caps &= filter;
	return r;
}

static int one_combination(struct cf_env *e, const struct mpt_backend *be)
{
	struct intel_vgpu v = { .cfg_space = e->vgpus[0].cfg };
	struct mpt_host *host;
	unsigned int op;
	int r;

	CF_INT(e, 0, mpt_host_open_table(be, NULL, &host), "opening with capabilities 0x%llx",
	       (unsigned long long)filter);
	v.mpt = mpt_host_table(host);
	r = cf_u64(e, filtered->caps & filter, mpt_host_caps(host) & MPT_CAP_OPS,
		   "capabilities of the instance");
	for (op = 0; !r && op < MPT_OP_COUNT; op++) {
		u64 cap = mpt_op_info((enum mpt_op_id)op)->cap;

		if (cap && cf_table_has(v.mpt, (enum mpt_op_id)op) != !!(cap & mpt_host_caps(host)))
			r = cf_fail(e,
				    "capabilities 0x%llx: %s is expected to follow them, seen "
				    "otherwise",
				    (unsigned long long)filter,
				    mpt_op_info((enum mpt_op_id)op)->name);
	}
	CF_INT(e, 0, mpt_host_close(host), "closing it");
	return r;
}

static int reg_combinations(struct cf_env *e)
{
	struct mpt_backend be;

	filtered = mpt_backend_find(mpt_host_name(e->host));
	be = *filtered;
	be.open = filter_open;
	for (filter = 0; filter <= MPT_CAP_OPS; filter++)
		CF_TRY(one_combination(e, &be));
	return CF_PASS;
}

/* --- choosing by string --- */

static int open_fails(struct cf_env *e, const char *spec, int want, const char *word)
{
	struct mpt_host *const none = (struct mpt_host *)&e->slot[0];
	struct mpt_host *host = none;
	int r;

	mpt_clear_error();
	r = mpt_host_open(spec, &host);
	if (!r)
		mpt_host_close(host);
	CF_INT(e, want, r, "mpt_host_open of \"%s\"", spec);
	CF_THAT(e, host == none, "mpt_host_open of \"%s\" failed: expected *host untouched", spec);
	CF_THAT(e, strstr(mpt_last_error(), word),
		"mpt_host_open of \"%s\": expected \"%s\" in the sentence, seen \"%s\"", spec, word,
		mpt_last_error());
	return CF_PASS;
}

/* What the back end is called in the spec: its name, or the path of a module. */
static void spec_name(const struct cf_env *e, char *buf, size_t len)
{
	const char *at = e->spec, *layer;
	unsigned int i;

	for (i = 0; (layer = mpt_layer_each(i, NULL)); i++) {
		size_t n = strlen(layer);

		if (strncmp(at, layer, n) || (at[n] != ',' && at[n] != '=') || !strchr(at, ','))
			continue;
		at = strchr(at, ',') + 1;
		i = -1U;
	}
	snprintf(buf, len, "%.*s", (int)strcspn(at, ":"), at);
}

static int reg_spec(struct cf_env *e)
{
	char name[1024], spec[1100];

	spec_name(e, name, sizeof(name));
	/* A module is not listed: others are. */
	CF_TRY(open_fails(e, "no-such-back-end", -ENOENT, strchr(name, '/') ? "" : name));
	CF_TRY(open_fails(e, "no-such-back-end", -ENOENT, mpt_layer_each(0, NULL)));
	snprintf(spec, sizeof(spec), "no-such-layer,%s", name);
	CF_TRY(open_fails(e, spec, -ENOENT, "no-such-layer"));
	CF_TRY(open_fails(e, "", -EINVAL, ""));
	snprintf(spec, sizeof(spec), "%s:no-such-option=1", name);
	return open_fails(e, spec, -EINVAL, "no-such-option");
}

static int reg_options(struct cf_env *e)
{
	const struct mpt_backend *be = mpt_backend_find(mpt_host_name(e->host));
	const struct mpt_option *o;
	char spec[256];

	snprintf(spec, sizeof(spec), "%s:no-such-option=1", be->name);
	for (o = be->options; o && o->name; o++)
		CF_TRY(open_fails(e, spec, -EINVAL, o->name));
	for (o = be->options; o && o->name; o++) {
		if (o->type == MPT_OPTION_STRING)
			continue;
		snprintf(spec, sizeof(spec), "%s:%s=~", be->name, o->name);
		CF_TRY(open_fails(e, spec, -EINVAL, o->name));
	}
	return CF_PASS;
}

static int reg_facts(struct cf_env *e)
{
	static const int set[] = { EINVAL, EFAULT,     ESRCH,  ENOENT, EEXIST, EBUSY, ENOSPC,
				   ENOMEM, EOPNOTSUPP, ENODEV, EACCES, EIO,    ENXIO };
	u32 all = 0;
	size_t i;
	u64 bit;

	for (i = 0; i < CF_COUNT(set); i++) {
		u32 one = mpt_errno_bit(-set[i]);

		CF_THAT(e, one && !(all & one) && one == mpt_errno_bit(set[i]),
			"mpt_errno_bit of %s: expected a bit of its own for both signs, seen 0x%x",
			mpt_errno_name(set[i]), one);
		all |= one;
	}
	CF_U64(e, 0, mpt_errno_bit(-EPERM), "mpt_errno_bit outside the closed set");
	CF_THAT(e,
		strcmp(mpt_errno_name(-EINVAL), "EINVAL") == 0 &&
			strcmp(mpt_errno_name(EPERM), "E?") == 0,
		"mpt_errno_name: expected EINVAL and E?, seen %s and %s", mpt_errno_name(-EINVAL),
		mpt_errno_name(EPERM));
	for (bit = 1; bit && bit <= MPT_CAP_ALL; bit <<= 1)
		CF_THAT(e, mpt_cap_name(bit), "mpt_cap_name of 0x%llx: expected a name, seen NULL",
			(unsigned long long)bit);
	CF_THAT(e, !mpt_cap_name(MPT_CAP_ALL + 1) && !mpt_op_info(MPT_OP_COUNT),
		"an unknown capability or operation: expected NULL, seen a name");
	return CF_PASS;
}

const struct mpt_clause cf_reg[] = {
	{
		.id = "REG-1",
		.text = "A table that lacks a mandatory callback is refused with -EINVAL and its "
			"name; nothing is opened.",
		.bug_class = BUG_NULL_CALL,
		.setup = CF_HOST,
		.run = reg_mandatory,
	},
	{
		.id = "REG-2",
		.text = "A back end that claims a capability without all of its callbacks is "
			"refused with -EINVAL and the callback's name.",
		.setup = CF_HOST,
		.run = reg_claims,
	},
	{
		.id = "REG-3",
		.text = "A wrapper without a callback behind it answers what ops.def says: no "
			"table at all is as good as a table of NULLs.",
		.bug_class = BUG_NULL_CALL,
		.setup = CF_HOST,
		.run = reg_absent,
	},
	{
		.id = "REG-4",
		.text = "The host's table has every mandatory callback, and those of a capability "
			"exactly when the instance has it; what it lacks answers as written.",
		.pairs = CF_PAIRS(CF_P(enable_page_track, EOPNOTSUPP),
				  CF_P(disable_page_track, EOPNOTSUPP),
				  CF_P(dma_pin_guest_page, EOPNOTSUPP), CF_P(set_intx, EOPNOTSUPP),
				  CF_P(set_pvmmio, ENOENT)),
		.setup = CF_HOST,
		.run = reg_instance,
	},
	{
		.id = "REG-5",
		.text = "All 256 combinations of the capabilities that bind operations open, and "
			"the callbacks follow them.",
		.needs_caps = CF_HAS_NAME,
		.setup = CF_HOST,
		.run = reg_combinations,
	},
	{
		.id = "REG-6",
		.text = "A back end of another ABI version is refused; a shorter structure is "
			"filled with zeros, a longer one cut.",
		.setup = CF_HOST,
		.run = reg_abi,
	},
	{
		.id = "REG-7",
		.text = "A table of the 17 published callbacks is enough: the later ones are then "
			"absent, whatever lies behind its end.",
		.setup = CF_HOST,
		.run = reg_short_table,
	},
	{
		.id = "REG-8",
		.text = "mpt_register() checks and copies one table, which then serves threads "
			"that chose no host; a second one is -EEXIST.",
		.bug_class = BUG_REGISTER_TWICE,
		.setup = CF_HOST,
		.run = reg_register,
	},
	{
		.id = "REG-9",
		.text = "An unknown back end, layer or option is an error whose sentence lists "
			"the known ones; *host is untouched.",
		.setup = CF_HOST,
		.run = reg_spec,
	},
	{
		.id = "REG-10",
		.text = "Each option of the back end refuses a value that is none, and an unknown "
			"option's sentence lists all of them.",
		.needs_caps = CF_HAS_NAME,
		.setup = CF_HOST,
		.run = reg_options,
	},
	{
		.id = "REG-11",
		.text = "The errnos are a closed set with one bit each, capabilities and "
			"operations have names, and what is unknown is NULL or 0.",
		.row = "errnos",
		.setup = CF_HOST,
		.run = reg_facts,
	},
	{ .id = NULL },
};
