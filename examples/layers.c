/* SPDX-License-Identifier: MIT */
/*
 * The check and the fault layer at work, without any core: calls of the contract that are refused
 * on purpose, and what is left when somebody forgets to give a mapping back.
 */
#include <stdio.h>

#include <mpt/layers.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

static int failed(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, mpt_last_error());
	return 1;
}

/* [fault] */
/* The second DMA mapping from now on fails, as if memory had run out; the third works again. */
static int fail_the_second(struct mpt_host *host, struct intel_vgpu *vgpu, dma_addr_t addr[3])
{
	unsigned long gfn;
	int ret;

	if (mpt_fault_at(host, MPT_OP_ID_dma_map_guest_page, 2, -ENOMEM))
		return failed("fault layer");
	for (gfn = 0; gfn < 3; gfn++) {
		ret = intel_gvt_hypervisor_dma_map_guest_page(vgpu, gfn, MPT_PAGE_SIZE, &addr[gfn]);
		printf("map gfn %lu: %s\n", gfn, ret ? mpt_errno_name(ret) : "0");
	}
	return !mpt_fault_fired(host, NULL);
}
/* [/fault] */

/* [ledger] */
static int print_entry(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	(void)arg;
	printf("%s: %s of gfn %llu, made by operation %llu\n", left ? "left behind" : "held",
	       mpt_ledger_kind_name(e->kind), (unsigned long long)e->gfn,
	       (unsigned long long)e->serial);
	return 0;
}

/* What the check layer has seen: entries that are held or were left, and broken rules. */
static int print_ledger(struct mpt_host *host)
{
	struct mpt_ledger ledger;
	const char *sentence;
	unsigned int i;

	if (mpt_ledger_get(host, &ledger) || mpt_ledger_each(host, print_entry, NULL))
		return failed("check layer");
	for (i = 0; (sentence = mpt_ledger_violation(host, i)); i++)
		printf("violation: %s\n", sentence);
	printf("%llu operations, %llu left behind, %llu violations\n",
	       (unsigned long long)ledger.calls, (unsigned long long)ledger.left,
	       (unsigned long long)ledger.violations);
	return ledger.left != 1 || ledger.violations != 1;
}
/* [/ledger] */

static int use_vgpu(struct mpt_host *host)
{
	struct intel_vgpu vgpu = { .mpt = mpt_host_table(host), .id = 1 };
	dma_addr_t addr[3];
	int ret;

	if (intel_gvt_hypervisor_attach_vgpu(&vgpu))
		return failed("attach");
	ret = fail_the_second(host, &vgpu, addr);
	if (!ret) {
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, addr[0]);
		/* Once too often: a violation. And gfn 2 is forgotten. */
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, addr[0]);
	}
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	return ret ? ret : print_ledger(host);
}

static int run(struct mpt_host *host)
{
	struct mpt_vm *vm;
	int ret;

	/* The only VM that is held is the one that attach_vgpu takes. */
	if (mpt_vm_create(host, 1) || mpt_vm_get(host, 1, &vm))
		return failed("VM");
	ret = mpt_ram_add(vm, 0, 1 << 20, 0) ? failed("RAM") : use_vgpu(host);
	mpt_vm_put(vm);
	mpt_vm_destroy(host, 1);
	return ret;
}

int main(void)
{
	struct mpt_host *host;
	int ret;

	if (mpt_host_open("check,fault,mock", &host))
		return failed("host");
	ret = run(host);
	mpt_host_close(host);
	return ret;
}
