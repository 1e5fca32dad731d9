/* SPDX-License-Identifier: MIT */
/* HOST: several hosts in one process, and which of them a thread means. */
#include <string.h>

#include "areas.h"
#include "tiny.h"

static int host_facts(struct cf_env *e)
{
	CF_THAT(e, strcmp(mpt_host_spec(e->host), e->spec) == 0,
		"mpt_host_spec: expected \"%s\", seen \"%s\"", e->spec, mpt_host_spec(e->host));
	/* A module is found by its path, whatever it calls itself. */
	CF_THAT(e, strstr(e->spec, mpt_host_name(e->host)) || strchr(e->spec, '/'),
		"mpt_host_name: expected the back end of the spec, seen \"%s\"",
		mpt_host_name(e->host));
	CF_U64(e, 0, mpt_host_caps(e->host) & ~MPT_CAP_ALL, "unknown capabilities");
	CF_THAT(e, mpt_host_has_testbed(e->host) == !!(e->has & CF_HAS_TESTBED),
		"mpt_host_has_testbed");
	CF_THAT(e, mpt_current_table() == mpt_host_table(e->host),
		"mpt_current_table: expected the current host's");
	return cf_int(e, 0, strcmp(mpt_version(), MPT_VERSION),
		      "the library's version against the headers'");
}

static int new_thread(struct cf_env *e, void *arg)
{
	struct mpt_host *other = arg;

	CF_THAT(e, mpt_host_current() == e->host,
		"a new thread's current host: expected the first one opened");
	CF_THAT(e, !mpt_host_use(other),
		"mpt_host_use of a new thread: expected NULL for what it chose before");
	CF_THAT(e, mpt_host_current() == other,
		"the thread's current host: expected the one it chose");
	CF_THAT(e, mpt_host_use(NULL) == other, "mpt_host_use: expected the one chosen before");
	CF_THAT(e, mpt_host_current() == e->host,
		"after mpt_host_use(NULL): expected the first one again");
	return CF_PASS;
}

static int host_current(struct cf_env *e)
{
	struct mpt_host *other;
	int r;

	CF_INT(e, 0, mpt_host_open_table(&tiny_backend, NULL, &other), "opening a second host");
	r = cf_thread_start(e, 0, new_thread, other);
	if (!r)
		r = cf_thread_join(e, 0);
	if (!r && mpt_host_current() != e->host)
		r = cf_fail(
			e, "the first thread's current host: expected unchanged by another thread");
	mpt_host_close(other);
	return r;
}

static int through(struct cf_env *e, struct mpt_host *other)
{
	u64 inits = tiny_calls[CF_ID(host_init)], dom0 = tiny_calls[CF_ID(dom0_ready)],
	    exits = tiny_calls[CF_ID(host_exit)];
	struct mpt_host *before = mpt_host_use(other);

	CF_INT(e, 0, HV(host_init)(NULL, &e->gvt, &cf_core_ops), "host_init for the current host");
	CF_U64(e, TINY_MFN, HV(virt_to_mfn)(&e->gvt), "virt_to_mfn of the current host");
	CF_INT(e, 0, HV(dom0_ready)(), "dom0_ready of the current host");
	HV(host_exit)(NULL, &e->gvt);
	mpt_host_use(before);
	CF_U64(e, inits + 1, tiny_calls[CF_ID(host_init)], "host_init calls of the current host");
	CF_U64(e, exits + 1, tiny_calls[CF_ID(host_exit)], "host_exit calls of the current host");
	CF_U64(e, dom0 + 1, tiny_calls[CF_ID(dom0_ready)], "dom0_ready calls of the current host");
	HV(dom0_ready)();
	CF_U64(e, dom0 + 1, tiny_calls[CF_ID(dom0_ready)],
	       "its calls after another host is current");
	CF_INT(e, 0, mpt_dom0_ready(other), "mpt_dom0_ready of a named host");
	CF_U64(e, dom0 + 2, tiny_calls[CF_ID(dom0_ready)], "calls of the named host");
	CF_THAT(e, mpt_host_current() == e->host,
		"the current host after naming another: expected unchanged");
	return CF_PASS;
}

static int host_through(struct cf_env *e)
{
	struct mpt_host *other;
	int r;

	CF_INT(e, 0, mpt_host_open_table(&tiny_backend, NULL, &other), "opening a second host");
	r = through(e, other);
	CF_INT(e, 0, mpt_host_close(other), "closing it");
	return r;
}

static int two_same(struct cf_env *e, struct mpt_host *two)
{
	struct mpt_vm *vm;
	u8 b = 0x42, seen = 0;

	CF_INT(e, 0, mpt_host_init(two, NULL, &e->gvt, &cf_core_ops),
	       "host_init of the second host");
	CF_INT(e, -ESRCH, mpt_vm_get(two, CF_VM_ID, &vm), "the first host's VM in the second");
	CF_INT(e, 0, mpt_vm_create(two, CF_VM_ID), "a VM of the same number");
	CF_INT(e, 0, mpt_vm_get(two, CF_VM_ID, &vm), "holding it");
	CF_INT(e, 0, mpt_ram_add(vm, CF_MAIN, CF_MAIN_SIZE, 0), "its RAM");
	CF_INT(e, 0, mpt_guest_write(vm, CF_MAIN, &b, 1), "a store of its guest");
	CF_INT(e, 0, mpt_guest_read(e->vm, CF_MAIN, &seen, 1), "a load of the first host's guest");
	CF_U64(e, 0, seen, "what the first host's guest reads");
	CF_INT(e, -EBUSY, mpt_host_close(two), "closing it with a VM held");
	CF_INT(e, 0, mpt_guest_read(vm, CF_MAIN, &seen, 1), "its guest after the refusal");
	mpt_vm_put(vm);
	mpt_host_exit(two, NULL, &e->gvt);
	CF_INT(e, 0, mpt_host_close(two), "closing it");
	CF_INT(e, -EEXIST,
	       cf_note(e, CF_ID(host_init), mpt_host_init(e->host, NULL, &e->gvt, &cf_core_ops)),
	       "host_init of the first host, which had no host_exit");
	return cf_int(e, 0, HV(read_gpa)(e->v, CF_MAIN, &seen, 1), "the first host's vGPU");
}

static int host_same(struct cf_env *e)
{
	struct mpt_host *two;

	CF_INT(e, 0, mpt_host_open(e->spec, &two), "opening the same spec again");
	return two_same(e, two);
}

static int host_close(struct cf_env *e)
{
	struct mpt_host *two;

	CF_INT(e, 0, mpt_host_close(NULL), "mpt_host_close of NULL");
	CF_INT(e, 0, mpt_host_open_table(&tiny_backend, NULL, &two), "opening a second host");
	mpt_host_use(two);
	CF_INT(e, 0, mpt_host_close(two), "closing the current host");
	CF_THAT(e, mpt_host_current() == e->host,
		"after closing the current host: expected the first one");
	mpt_host_use(e->host);
	return CF_PASS;
}

const struct mpt_clause cf_host[] = {
	{
		.id = "HOST-1",
		.text = "A host knows its spec, its back end's name, its capabilities and its "
			"table.",
		.setup = CF_HOST,
		.run = host_facts,
	},
	{
		.id = "HOST-2",
		.text = "Each thread has a current host, the first one opened until it chooses "
			"another.",
		.setup = CF_HOST,
		.run = host_current,
	},
	{
		.id = "HOST-3",
		.text = "host_init, host_exit, virt_to_mfn and dom0_ready serve the thread's "
			"current host, or the one that is named.",
		.bug_class = BUG_ONE_HOST,
		.ops = 0,
		.setup = CF_HOST,
		.run = host_through,
	},
	{
		.id = "HOST-4",
		.text = "Two hosts of one back end share nothing: not VMs, not memory, not the "
			"core; one with a VM held is not closed (-EBUSY).",
		.bug_class = BUG_A11 "; " BUG_GLOBALS,
		.ops = CF_OP(host_init),
		.pairs = CF_PAIRS(CF_P(host_init, EEXIST)),
		.needs_caps = CF_HAS_INIT,
		.run = host_same,
	},
	{
		.id = "HOST-5",
		.text = "Closing a host that a thread had chosen gives it the first one back; "
			"NULL is fine.",
		.bug_class = BUG_TEARDOWN,
		.setup = CF_HOST,
		.run = host_close,
	},
	{ .id = NULL },
};
