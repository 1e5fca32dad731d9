/* SPDX-License-Identifier: MIT */
/* The guest's program draws the test pattern into a buffer, and shows that on a monitor. */
#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <drm.h>
#include <drm_mode.h>

#include "pattern.h"

static int call(int card, unsigned long request, void *arg)
{
	return ioctl(card, request, arg) ? -errno : 0;
}

struct output {
	uint32_t connector, crtc;
	struct drm_mode_modeinfo mode;
};

/* The first connector with something plugged in, its best mode. */
static int find_output(int card, struct output *o)
{
	uint32_t crtcs[8], connectors[16], encoders[16];
	struct drm_mode_modeinfo modes[64];
	struct drm_mode_card_res all = {
		.crtc_id_ptr = (uintptr_t)crtcs, .count_crtcs = 8,
		.connector_id_ptr = (uintptr_t)connectors, .count_connectors = 16,
		.encoder_id_ptr = (uintptr_t)encoders, .count_encoders = 16,
	};
	int ret = call(card, DRM_IOCTL_MODE_GETRESOURCES, &all);
	uint32_t i;

	for (i = 0; !ret && i < all.count_connectors && i < 16; i++) {
		struct drm_mode_get_connector c = { .connector_id = connectors[i] };

		/* Without room it looks for what is plugged in, and counts the modes. */
		if (call(card, DRM_IOCTL_MODE_GETCONNECTOR, &c) || c.connection != 1 ||
		    !c.count_modes)
			continue;
		c = (struct drm_mode_get_connector){
			.connector_id = connectors[i], .modes_ptr = (uintptr_t)modes,
			.count_modes = 64,
		};
		ret = call(card, DRM_IOCTL_MODE_GETCONNECTOR, &c);
		*o = (struct output){ connectors[i], crtcs[0], modes[0] };
		return ret ? ret : c.count_modes ? 0 : -ENOENT;
	}
	return ret ? ret : -ENOENT;
}

/* A buffer that the display can read, with the pattern in it. Return: 0, -errno. */
static int draw(int card, struct drm_mode_create_dumb *dumb, uint32_t *fb)
{
	struct drm_mode_map_dumb map = { 0 };
	struct drm_mode_fb_cmd add = { .bpp = 32, .depth = 24 };
	uint32_t *pixel, x, y;
	int ret = call(card, DRM_IOCTL_MODE_CREATE_DUMB, dumb);

	map.handle = add.handle = dumb->handle;
	if (!ret)
		ret = call(card, DRM_IOCTL_MODE_MAP_DUMB, &map);
	if (ret)
		return ret;
	pixel = mmap(NULL, dumb->size, PROT_READ | PROT_WRITE, MAP_SHARED, card, map.offset);
	if (pixel == MAP_FAILED)
		return -errno;
	for (y = 0; y < dumb->height; y++)
		for (x = 0; x < dumb->width; x++)
			pixel[y * dumb->pitch / 4 + x] = pattern(x, y);
	munmap(pixel, dumb->size);
	add.width = dumb->width;
	add.height = dumb->height;
	add.pitch = dumb->pitch;
	ret = call(card, DRM_IOCTL_MODE_ADDFB, &add);
	*fb = add.fb_id;
	return ret;
}

int show(int card, uint32_t *width, uint32_t *height)
{
	struct drm_mode_create_dumb dumb = { .bpp = 32 };
	struct drm_mode_crtc set = { 0 };
	struct output o;
	int ret = find_output(card, &o);

	if (ret)
		return ret;
	*width = dumb.width = o.mode.hdisplay;
	*height = dumb.height = o.mode.vdisplay;
	ret = draw(card, &dumb, &set.fb_id);
	set.crtc_id = o.crtc;
	set.set_connectors_ptr = (uintptr_t)&o.connector;
	set.count_connectors = 1;
	set.mode = o.mode;
	set.mode_valid = 1;
	return ret ? ret : call(card, DRM_IOCTL_MODE_SETCRTC, &set);
}
