/* SPDX-License-Identifier: MIT */
/*
 * For tests of the back end above VHM over the simulator: a host with one VM, and a core that
 * writes down what it is told. What is below the host is found by acrn_of().
 */
#ifndef ACRN_CORE_H
#define ACRN_CORE_H

#include <pthread.h>
#include <stdlib.h>

#include <mpt/gvt_ops.h>
#include <mpt/mpt.h>

#include "backends/acrn/acrn_bed.h"
#include "lib/runner.h"

#define AC_RAM (64ULL << 20)
#define AC_BAR0 0xc0000000ULL
#define AC_BAR0_SIZE (16ULL << 20)
#define AC_BAR2 0xd0000000ULL
#define AC_APERTURE 0x3e000000ULL
#define AC_APERTURE_PAGES 0x10000ULL

struct acrn_core {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_vgpu vgpu;
	u8 cfg[256];
	u64 mmio, cfgs, stores, aperture; /* told */
	u64 last_addr, last_val;
	struct intel_vgpu *last_vgpu; /* of a load from BAR0 */
	bool attached;
	void (*hook)(void);
	u8 *pages; /* the core's own, for PV MMIO */
};

static struct acrn_core ac;

#define ac_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, mpt_last_error())

static inline struct acrn_vm *acrn_of(void)
{
	return mpt_vm_priv(ac.vm);
}

static inline struct vhm_provider *ac_provider(void)
{
	return acrn_of()->inst->machine.provider;
}

static inline struct acrn_hvm *ac_hvm(void)
{
	return acrn_of()->hvm;
}

/* --- the core --- */

static int ac_note(u64 *count, u64 addr, const void *buf, unsigned int len)
{
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&ac.last_addr, addr, __ATOMIC_RELAXED);
	if (buf) {
		u64 val = 0;

		memcpy(&val, buf, len);
		__atomic_store_n(&ac.last_val, val, __ATOMIC_RELAXED);
	}
	if (ac.hook)
		ac.hook();
	return 0;
}

static int ac_mmio_read(struct intel_vgpu *v, u64 addr, void *buf, unsigned int len)
{
	__atomic_store_n(&ac.last_vgpu, v, __ATOMIC_RELAXED);
	memset(buf, 0x5a, len);
	return ac_note(&ac.mmio, addr, NULL, len);
}

static int ac_mmio_write(struct intel_vgpu *v, u64 addr, void *buf, unsigned int len)
{
	(void)v;
	return ac_note(&ac.mmio, addr, buf, len);
}

static int ac_cfg_read(struct intel_vgpu *v, unsigned int offset, void *buf, unsigned int len)
{
	(void)v;
	if (offset + len > sizeof(ac.cfg))
		return -EINVAL;
	memcpy(buf, ac.cfg + offset, len);
	return ac_note(&ac.cfgs, offset, NULL, len);
}

static int ac_cfg_write(struct intel_vgpu *v, unsigned int offset, void *buf, unsigned int len)
{
	(void)v;
	if (offset + len > sizeof(ac.cfg))
		return -EINVAL;
	return ac_note(&ac.cfgs, offset, buf, len);
}

static int ac_store(struct intel_vgpu *v, u64 gpa, void *data, unsigned int len)
{
	(void)v;
	return ac_note(&ac.stores, gpa, data, len);
}

static int ac_aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	(void)opaque;
	memset(buf, 0xa5, len);
	return ac_note(&ac.aperture, offset, NULL, len);
}

/* The first page of registers is readable, the second is trapped, the shared page is writable. */
static void *ac_pv_page(struct intel_vgpu *v, u64 offset, bool *writable)
{
	(void)v;
	*writable = offset == MPT_HUGE_SIZE;
	if (offset == MPT_PAGE_SIZE || offset > MPT_HUGE_SIZE)
		return NULL;
	return ac.pages + offset;
}

static const struct intel_gvt_ops ac_ops = {
	.emulate_cfg_read = ac_cfg_read,
	.emulate_cfg_write = ac_cfg_write,
	.emulate_mmio_read = ac_mmio_read,
	.emulate_mmio_write = ac_mmio_write,
	.write_protect_handler = ac_store,
};

/* --- the world --- */

static inline void ac_bar_on(void)
{
	ac_ok(ac.vgpu.mpt->set_trap_area(ac.vgpu.handle, AC_BAR0, AC_BAR0 + AC_BAR0_SIZE - 1,
					 true));
}

static inline void ac_attach(void)
{
	mpt_target_set(ac.vm);
	ac.vgpu.mpt = mpt_host_table(ac.host);
	ac_ok(intel_gvt_hypervisor_attach_vgpu(&ac.vgpu));
	mpt_target_set(NULL);
	ac.attached = true;
}

static inline void ac_detach(void)
{
	intel_gvt_hypervisor_detach_vgpu(&ac.vgpu);
	ac.attached = false;
}

static inline void ac_open(const char *spec)
{
	struct mpt_core core = {
		.size = sizeof(core),
		.ops = &ac_ops,
		.aperture_mfn = AC_APERTURE,
		.aperture_pages = AC_APERTURE_PAGES,
		.aperture_read = ac_aperture_read,
		.pv_page = ac_pv_page,
	};

	memset(&ac, 0, sizeof(ac));
	ac.vgpu.cfg_space = ac.cfg;
	ac.pages = aligned_alloc(MPT_PAGE_SIZE, MPT_HUGE_SIZE + MPT_PAGE_SIZE);
	memset(ac.pages, 0x77, MPT_HUGE_SIZE + MPT_PAGE_SIZE);
	ac_ok(mpt_host_open(spec, &ac.host));
	ac_ok(mpt_host_set_core(ac.host, &core));
	ac_ok(mpt_host_init(ac.host, NULL, &ac, &ac_ops));
	ac_ok(mpt_vm_create(ac.host, 1));
	ac_ok(mpt_vm_get(ac.host, 1, &ac.vm));
	ac_ok(mpt_ram_add(ac.vm, 0, AC_RAM, 0));
	ac_attach();
}

/* Also of a machine in which nothing may have been broken. */
static inline void ac_close(void)
{
	struct acrn_sim *sim = acrn_of()->inst->machine.sim;

	if (ac.attached)
		ac_detach();
	ck_assert_msg(!acrn_broken_all(sim), "%s", acrn_broken_say(sim, 0));
	mpt_vm_put(ac.vm);
	ac_ok(mpt_vm_destroy(ac.host, 1));
	mpt_host_exit(ac.host, NULL, &ac);
	ac_ok(mpt_host_close(ac.host));
	free(ac.pages);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

#endif
