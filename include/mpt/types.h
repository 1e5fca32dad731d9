/* SPDX-License-Identifier: MIT */
/*
 * The scalar types and forward declarations that every libmpt header shares. No functions but
 * the error-pointer helpers; no structure layouts.
 */
#ifndef MPT_TYPES_H
#define MPT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Parameters that mean the same wherever nothing else is said of them
 * @host: an open host; not NULL unless that is said
 * @vm: a VM that is held (mpt_vm_get())
 * @vgpu: a vGPU that is there; what the core's vgpu_create answered
 * @gvt: the core's device: of libmpt-gvt, what gvt_open() answered
 * @type: the core's type of vGPU
 * @handle: what attach_vgpu set
 * @gpa: guest-physical address, bytes
 * @gfn: guest frame, in pages of 4 KiB
 * @nr: pages of 4 KiB
 * @offset: bytes
 * @buf: where the bytes go to or come from, @len of them
 * @bytes: length of the access
 * @len: bytes
 * @size: bytes
 * @write: true: from the buffer to the guest; false: the other way
 * @index: 0, 1, ... until the end is answered
 * @arg: handed to the callback
 * @dev: the device of the host GPU, opaque; NULL outside a kernel
 */

/**
 * typedef u8, u16, u32, u64 - the published API is written in the kernel's types; outside a kernel
 *	they are <stdint.h>'s.
 */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
/** typedef dma_addr_t - an address as the device sees memory, bytes. */
typedef u64 dma_addr_t;

struct device;
struct intel_gvt;
struct intel_gvt_mpt;
struct intel_gvt_ops;
struct intel_vgpu;
struct intel_vgpu_type;
struct mpt_host;
struct mpt_vm;

/** MPT_PAGE_SHIFT - gfn and mfn count pages of 4 KiB. */
#define MPT_PAGE_SHIFT 12
/** MPT_PAGE_SIZE - bytes of one such page. */
#define MPT_PAGE_SIZE 4096UL
/** MPT_HUGE_SIZE - bytes of the one large page dma_map_guest_page knows. */
#define MPT_HUGE_SIZE 0x200000UL

/** INTEL_GVT_INVALID_ADDR - the one failure value of gfn_to_mfn and virt_to_mfn. */
#define INTEL_GVT_INVALID_ADDR (~0UL)

/** MPT_MAX_ERRNO - error pointers occupy the last page of the address space. */
#define MPT_MAX_ERRNO 4095

/** MPT_ERR_PTR() - a negative errno as a pointer. @err: -MPT_MAX_ERRNO..-1. Since: 0.1 */
static inline void *MPT_ERR_PTR(long err)
{
	return (void *)(intptr_t)err;
}

/** MPT_IS_ERR() - whether a pointer is an error pointer. @ptr: any; NULL is none. Since: 0.1 */
static inline bool MPT_IS_ERR(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-MPT_MAX_ERRNO;
}

/**
 * MPT_PTR_ERR() - the negative errno inside an error pointer.
 * @ptr: an error pointer (MPT_IS_ERR()). Return: the errno. Since: 0.1
 */
static inline int MPT_PTR_ERR(const void *ptr)
{
	return (int)(intptr_t)ptr;
}

#ifdef __cplusplus
}
#endif

#endif
