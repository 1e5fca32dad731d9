/* SPDX-License-Identifier: MIT */
/*
 * struct intel_vgpu as the contract needs one: what the wrappers read. A core embeds it in its
 * own vGPU; a back end never looks inside.
 */
#ifndef MPT_VGPU_H
#define MPT_VGPU_H

#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct intel_vgpu - the contract's part of a vGPU. Since: 0.1
 * @mpt: the operations of its host (mpt_host_table()); NULL before creation: every wrapper then
 *	answers as if the callback were absent
 * @handle: set by attach_vgpu, opaque to the core; 0 is never valid
 * @cfg_space: PCI configuration space, at least 256 bytes; read by inject_msi
 * @msi_cap_offset: offset of the MSI capability in it (0xac on gen9 integrated graphics, 0x90 on
 *	Broadwell; source: the devices' own capability lists)
 * @id: 1..7
 */
struct intel_vgpu {
	const struct intel_gvt_mpt *mpt;
	unsigned long handle;
	u8 *cfg_space;
	u32 msi_cap_offset;
	int id;
};

#ifdef __cplusplus
}
#endif

#endif
