/* SPDX-License-Identifier: MIT */
/*
 * Macros that turn an entry of <mpt/ops.def> into C: types, parameter lists, failure values. Used
 * wherever code is made from the list; nothing here knows an operation by name.
 */
#ifndef LIBMPT_OPS_GEN_H
#define LIBMPT_OPS_GEN_H

#define MPT_STR_(...) #__VA_ARGS__
#define MPT_STR(...) MPT_STR_(__VA_ARGS__)
#define MPT_UNPAREN(...) __VA_ARGS__

/* The name of the one back end of a static-backend build, as text. */
#ifdef MPT_STATIC_BACKEND
#define MPT_STATIC_NAME MPT_STR(MPT_STATIC_BACKEND)
#endif

/* KIND: the return type */
#define MPT_RET_INT int
#define MPT_RET_VOID void
#define MPT_RET_MFN unsigned long
#define MPT_RET_BOOL bool

/* SCOPE: the whole parameter list of the callback, without parentheses */
#define MPT_PARAMS_HOST(params) MPT_UNPAREN params
#define MPT_PARAMS_ATTACH(params) MPT_UNPAREN params
#define MPT_PARAMS_DETACH(params) unsigned long handle
#define MPT_PARAMS_HANDLE(params) unsigned long handle MPT_UNPAREN params
#define MPT_PARAMS_VGPU(params) void *vgpu MPT_UNPAREN params

#endif
