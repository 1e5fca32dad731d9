/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the register table share: the table, and a vGPU that is nothing but its
 * registers and a range of graphics addresses. No assertions about what registers do.
 */
#ifndef MPT_TESTS_REGS_RIG_H
#define MPT_TESTS_REGS_RIG_H

#include <stdlib.h>
#include <string.h>

#include "gvt/handlers.h"
#include "gvt/platform.h"
#include "runner.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct gvt_reg_table *table;
static struct intel_gvt device;
static struct gvt_vgpu vgpu;

static void setup(void)
{
	ck_assert_int_eq(gvt_reg_table_new(&gvt_skl_regs, &table), 0);
	memset(&device, 0, sizeof(device));
	memset(&vgpu, 0, sizeof(vgpu));
	device.regs = table;
	ck_assert_int_eq(gvt_platform_find("skl", &device.platform), 0);
	vgpu.gvt = &device;
	vgpu.base.id = 1;
	vgpu.low.start = 0x4000000;
	vgpu.low.size = 0x4000000;
	vgpu.pv_notified = true;
	vgpu.regs = calloc(1, GVT_REG_SPACE);
	ck_assert_ptr_nonnull(vgpu.regs);
	gvt_reg_table_reset(table, vgpu.regs, GVT_REG_SPACE);
}

static void teardown(void)
{
	free(vgpu.regs);
	gvt_reg_table_free(table);
}

#endif
