/* SPDX-License-Identifier: MIT */
/*
 * What libmpt exports: the functions its installed headers declare. The build includes this file
 * first in every object and hides everything declared later. Nothing but includes lives here.
 */
#ifndef MPT_EXPORTS_H
#define MPT_EXPORTS_H

#pragma GCC visibility push(default)
#include <mpt/acrn.h>
#include <mpt/alloc.h>
#include <mpt/backend.h>
#include <mpt/error.h>
#include <mpt/foreign.h>
#include <mpt/gvt_ops.h>
#include <mpt/host.h>
#include <mpt/hypercall.h>
#include <mpt/layers.h>
#include <mpt/log.h>
#include <mpt/ops.h>
#include <mpt/rcu.h>
#include <mpt/sysfs.h>
#include <mpt/testbed.h>
#include <mpt/trace.h>
#include <mpt/types.h>
#include <mpt/vgpu.h>
/* A back end with a <mpt/static/NAME.h> names it in its local.mk. */
#ifdef MPT_EXPORT_STATIC
#include MPT_EXPORT_STATIC
#endif
#pragma GCC visibility pop

#endif
