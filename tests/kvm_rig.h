/* SPDX-License-Identifier: MIT */
/* What the suites of kvm-stub share, on top of mock_rig.h: a look below the testbed. No tests. */
#ifndef MPT_TESTS_KVM_RIG_H
#define MPT_TESTS_KVM_RIG_H

#include "backends/kvm-stub/kvm.h"
#include "mock_rig.h"

static inline struct svc_vm *rig_svc(void)
{
	return mpt_vm_priv(rig.vm);
}

static inline struct kvm_vdev *rig_vdev(void)
{
	return OS_CONTAINER_OF(rig_svc()->user, struct kvm_vdev, user);
}

/* The mapping of a bus address, NULL: none. */
static inline struct kvm_map *rig_map_of(dma_addr_t bus)
{
	return mpt_svc_iommu_owner(rig_svc()->svc, bus);
}

static inline dma_addr_t rig_mapped(u64 gfn, unsigned long size)
{
	dma_addr_t bus = 0;

	ck_assert_msg(!rig_map(gfn, size, &bus), "%s", mpt_last_error());
	return bus;
}

static inline void rig_said(const char *part)
{
	ck_assert_msg(strstr(mpt_last_error(), part), "no '%s' in: %s", part, mpt_last_error());
}

#endif
