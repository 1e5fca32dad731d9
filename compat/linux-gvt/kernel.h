/* SPDX-License-Identifier: MIT */
/* What the files that are compiled with the kernel's headers share; those of libc's see side.h. */
#ifndef LINUX_GVT_KERNEL_H
#define LINUX_GVT_KERNEL_H

/* Bus addresses of the core's own pages begin here: inside the 46 bits of an entry. */
#define KERNEL_BUS (1ULL << 44)

/* kernel.c */
void kernel_init(void);

/* device.c: makes the fake graphics device; the core is not told yet. */
struct drm_i915_private *device_init(void);

#endif
