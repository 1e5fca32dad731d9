/* SPDX-License-Identifier: MIT */
/*
 * What a vGPU shows: the first plane of the pipe that is on, described from the guest's registers,
 * and its pixels. For screenshots, and for a viewer that draws what the guest draws.
 */
#ifndef GVT_DISPLAY_H
#define GVT_DISPLAY_H

#include <mpt/vgpu.h>

#ifdef __cplusplus
extern "C" {
#endif

/** enum gvt_plane_tiling - how the pixels of a surface lie in memory. Since: 0.1 */
enum gvt_plane_tiling {
	GVT_PLANE_LINEAR, /**< row by row */
	GVT_PLANE_X,  /**< X tiles */
	GVT_PLANE_Y,  /**< Y tiles */
	GVT_PLANE_YF, /**< Yf tiles of 4 KiB */
};

/** GVT_PLANE_MAX - no plane is wider or higher: the registers hold no more. Since: 0.1 */
#define GVT_PLANE_MAX 8192

/**
 * struct gvt_plane - a plane. Since: 0.1
 * @enabled: a pipe is on and shows it; else all that follows is 0
 * @pipe: 0 is pipe A
 * @width, @height: pixels
 * @format: a code of <drm_fourcc.h>: XR24, XB24, RG16, XR30 or XB30
 * @tiling: of the surface
 * @stride: bytes from a row of the surface to the next
 * @addr: graphics address of the surface
 * @x, @y: of the plane's first pixel in the surface
 */
struct gvt_plane {
	bool enabled;
	unsigned int pipe;
	u32 width, height;
	u32 format;
	enum gvt_plane_tiling tiling;
	u32 stride;
	u64 addr;
	u32 x, y;
};

/**
 * gvt_plane_get() - what a vGPU's first active pipe shows in its first plane.
 * @plane: out; untouched on failure
 * Return: 0 (also where nothing is shown), -EOPNOTSUPP (rotated, compressed, or a format that has
 * no place in @plane), -EINVAL (a stride that cannot be), -EFAULT (it is not all within the
 * vGPU's own graphics memory). Context: takes the vGPU's lock. Since: 0.1
 */
int gvt_plane_get(struct intel_vgpu *vgpu, struct gvt_plane *plane);

/**
 * gvt_plane_row() - the pixels of a row, as they are in guest memory now.
 * @plane: as gvt_plane_get() said; the guest may have gone on, then it is memory of some kind
 * @row: below the height
 * @pixel: out, width of them, 0x00RRGGBB. Where there is no memory they are black
 * Return: 0, -EINVAL (there is no such plane or row), -EOPNOTSUPP (Yf tiles). Context: takes the
 * vGPU's lock. Since: 0.1
 */
int gvt_plane_row(struct intel_vgpu *vgpu, const struct gvt_plane *plane, u32 row, u32 *pixel);

#ifdef __cplusplus
}
#endif

#endif
