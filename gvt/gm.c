/* SPDX-License-Identifier: MIT */
/*
 * The core's own accesses to a vGPU's graphics memory, by the virtual GGTT: status pages, context
 * images, rings. What the device accesses goes by the host's table and is not here.
 */
#include "internal.h"

/*
 * Guest-physical address of a byte; INTEL_GVT_INVALID_ADDR: not the vGPU's, or not present. An
 * entry that waits for its other half is not present, whatever the half says.
 */
static u64 gm_gpa(const struct gvt_vgpu *v, u64 addr)
{
	u64 entry;
	u32 index = (u32)(addr >> MPT_PAGE_SHIFT);

	if (!gvt_ggtt_validate(v, addr, 1))
		return INTEL_GVT_INVALID_ADDR;
	entry = v->ggtt[index];
	if (!(entry & GVT_PTE_PRESENT) || (gvt_ggtt_flags(v, index) & GVT_ENTRY_HALF))
		return INTEL_GVT_INVALID_ADDR;
	return (entry & GVT_PTE_ADDR) + (addr & (MPT_PAGE_SIZE - 1));
}

static int gm_bad(const struct gvt_vgpu *v, u64 addr)
{
	return mpt_fail(-EFAULT, "gvt", "vGPU %d: no memory at graphics address 0x%llx", v->base.id,
			(unsigned long long)addr);
}

static u64 in_page(u64 addr, u64 len)
{
	u64 n = MPT_PAGE_SIZE - (addr & (MPT_PAGE_SIZE - 1));

	return n < len ? n : len;
}

int gvt_gm_read(struct gvt_vgpu *v, u64 addr, void *buf, u64 len)
{
	u64 done, n, gpa;
	int ret;

	for (done = 0; done < len; done += n) {
		n = in_page(addr + done, len - done);
		gpa = gm_gpa(v, addr + done);
		if (gpa == INTEL_GVT_INVALID_ADDR)
			return gm_bad(v, addr + done);
		ret = intel_gvt_hypervisor_read_gpa(&v->base, gpa, (u8 *)buf + done, n);
		if (ret)
			return ret;
	}
	return 0;
}

/* All of it is looked up before the first byte is written. */
int gvt_gm_write(struct gvt_vgpu *v, u64 addr, const void *buf, u64 len)
{
	u64 done, n;
	int ret = 0;

	for (done = 0; done < len; done += in_page(addr + done, len - done))
		if (gm_gpa(v, addr + done) == INTEL_GVT_INVALID_ADDR)
			return gm_bad(v, addr + done);
	for (done = 0; done < len && !ret; done += n) {
		n = in_page(addr + done, len - done);
		ret = intel_gvt_hypervisor_write_gpa(&v->base, gm_gpa(v, addr + done),
						     (u8 *)buf + done, n);
	}
	return ret;
}
