/* SPDX-License-Identifier: MIT */
/*
 * Hello on the mock: a VM, a vGPU, what a driver reads first, and everything given back. Builds
 * with
 *   cc hello.c $(pkg-config --cflags --libs libmpt-gvt)
 */
#include <stdio.h>

#include <gvt/gvt.h>
#include <mpt/layers.h>
#include <mpt/testbed.h>

#define BAR0 0xc0000000U

static int failed(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, mpt_last_error());
	return 1;
}

/* [drive] */
/* What firmware does: place BAR0, switch memory decoding on. Then the guest asks who it is. */
static int drive(struct mpt_vm *vm)
{
	unsigned int bar0 = BAR0, command = 0x6;
	u64 magic = 0;
	u32 id = 0;

	if (mpt_guest_cfg_write(vm, 0x10, &bar0, 4) || mpt_guest_cfg_write(vm, 0x04, &command, 2))
		return failed("configuration space");
	if (mpt_guest_read(vm, BAR0 + GVT_PVINFO_OFFSET, &magic, 8) ||
	    mpt_guest_read(vm, BAR0 + GVT_PVINFO_OFFSET + 0x0c, &id, 4))
		return failed("PVINFO");
	printf("PVINFO magic 0x%llx, vGPU %u\n", (unsigned long long)magic, id);
	return 0;
}
/* [/drive] */

/* [vgpu] */
static int run_vgpu(struct mpt_vm *vm, struct intel_gvt *gvt)
{
	struct intel_vgpu *vgpu = mpt_vgpu_create(vm, gvt, gvt_type_each(gvt, 0));
	int ret;

	if (MPT_IS_ERR(vgpu))
		return failed("vGPU");
	gvt_ops()->vgpu_activate(vgpu);
	ret = drive(vm);
	gvt_ops()->vgpu_release(vgpu);
	mpt_vgpu_destroy(vm, vgpu);
	return ret;
}
/* [/vgpu] */

static int run_vm(struct mpt_host *host, struct intel_gvt *gvt)
{
	struct mpt_vm *vm;
	int ret;

	if (mpt_vm_create(host, 1) || mpt_vm_get(host, 1, &vm))
		return failed("VM");
	ret = mpt_ram_add(vm, 0, 64 << 20, 0) ? failed("RAM") : run_vgpu(vm, gvt);
	mpt_vm_put(vm);
	mpt_vm_destroy(host, 1);
	return ret;
}

int main(void)
{
	struct mpt_ledger ledger;
	struct mpt_host *host;
	struct intel_gvt *gvt;
	int ret;

#ifdef MPT_STATIC_BACKEND
	if (mpt_host_open("mock", &host)) /* a static-backend build has no layers */
#else
	if (mpt_host_open("check,mock", &host))
#endif
		return failed("host");
	if (gvt_open(host, NULL, &gvt)) {
		ret = failed("device");
		mpt_host_close(host);
		return ret;
	}
	ret = run_vm(host, gvt);
	if (!mpt_ledger_get(host, &ledger))
		printf("%llu operations, %llu things left behind, %llu violations\n",
		       (unsigned long long)ledger.calls, (unsigned long long)ledger.left,
		       (unsigned long long)ledger.violations);
	gvt_close(gvt);
	mpt_host_close(host);
	return ret;
}
