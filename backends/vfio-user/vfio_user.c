/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user back end: options, opening and closing, VMs, attaching a vGPU to one.
 */
#include "backends/vfio-user/vu.h"

static int vu_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	(void)host;
	(void)opts;
	(void)inst;
	return vu_fail("open", -ENODEV, "not built yet");
}

static void vu_close(void *priv)
{
	(void)priv;
}

static const struct intel_gvt_mpt table;

const struct mpt_backend mpt_backend_vfio_user = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = VU,
	.summary = "a stock QEMU (10.1 or later) as the hypervisor, by the vfio-user protocol",
	.mpt = &table,
	.mpt_size = sizeof(struct intel_gvt_mpt),
	.open = vu_open,
	.close = vu_close,
};
