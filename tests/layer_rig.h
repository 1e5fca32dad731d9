/* SPDX-License-Identifier: MIT */
/* A VM and a vGPU behind layers, for the suites of the layers; what a layer does is not here. */
#ifndef LAYER_RIG_H
#define LAYER_RIG_H

#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "lib/runner.h"

#define RAM_PAGES 1024

static struct mpt_host *host;
static struct mpt_vm *vm;
static struct intel_vgpu vgpu;

static inline void open_vm(const char *spec)
{
	ck_assert_msg(!mpt_host_open(spec, &host), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_vm_create(host, 1), 0);
	ck_assert_int_eq(mpt_vm_get(host, 1, &vm), 0);
	ck_assert_int_eq(mpt_ram_add(vm, 0, RAM_PAGES * MPT_PAGE_SIZE, 0), 0);
	vgpu = (struct intel_vgpu){ .mpt = mpt_host_table(host), .id = 1 };
}

static inline void attach(void)
{
	ck_assert_msg(!intel_gvt_hypervisor_attach_vgpu(&vgpu), "%s", mpt_last_error());
}

static inline void open_spec(const char *spec)
{
	open_vm(spec);
	attach();
}

/* The vGPU is detached. Nothing is left. */
static inline void close_vm(void)
{
	mpt_vm_put(vm);
	ck_assert_int_eq(mpt_vm_destroy(host, 1), 0);
	ck_assert_int_eq(mpt_host_close(host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

static inline void close_all(void)
{
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	close_vm();
}

static inline struct mpt_ledger ledger(void)
{
	struct mpt_ledger l;

	ck_assert_msg(!mpt_ledger_get(host, &l), "%s", mpt_last_error());
	return l;
}

#endif
