/* SPDX-License-Identifier: MIT */
/* Finds a device's type of vGPU by what users call it. */
#ifndef MPT_TOOLS_VGPU_TYPE_H
#define MPT_TOOLS_VGPU_TYPE_H

#include <gvt/gvt.h>

/*
 * @name: the type's name, or what stands behind its last underscore: "GVTg_V5_8", "8"
 * @why: on failure a sentence that lists the known ones
 * Return: 0, -ENOENT.
 */
int vgpu_type_find(struct intel_gvt *gvt, const char *name, struct intel_vgpu_type *type, char *why,
		   size_t len);

#endif
