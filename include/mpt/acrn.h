/* SPDX-License-Identifier: MIT */
/*
 * The callbacks of ACRN's GVT-g, under the published name of their table. Only in a build with the
 * back end "acrn"; mpt_host_open() is how a program usually gets at them.
 */
#ifndef MPT_ACRN_H
#define MPT_ACRN_H

#include <mpt/hypercall.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * acrn_gvt_mpt - what the back ends "acrn" and "acrn-sim" offer; of an opened instance those
 *	callbacks whose capabilities its hypervisor has. Since: 0.1
 */
extern const struct intel_gvt_mpt acrn_gvt_mpt;

#ifdef __cplusplus
}
#endif

#endif
