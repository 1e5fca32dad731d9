/* SPDX-License-Identifier: MIT */
/* Pictures of what the guests of `mptctl serve` show. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gvt/display.h>

#include "cli.h"
#include "png.h"
#include "serve.h"

struct shot {
	struct intel_vgpu *vgpu;
	struct gvt_plane plane;
};

static int shot_row(void *arg, uint32_t y, uint32_t *pixel)
{
	struct shot *shot = arg;

	return gvt_plane_row(shot->vgpu, &shot->plane, y, pixel);
}

static int write_file(struct shot *shot, const char *path)
{
	FILE *file = fopen(path, "w");
	int ret;

	if (!file)
		return -errno;
	ret = png_write(file, shot->plane.width, shot->plane.height, shot_row, shot);
	if (fclose(file) && !ret)
		ret = -errno;
	return ret;
}

/* Whoever looks at the file sees a whole picture: the new one takes the old one's place. */
static int write_shot(struct shot *shot, const char *path)
{
	char part[SERVE_PATH_MAX + 8];
	int ret;

	snprintf(part, sizeof(part), "%s.part", path);
	ret = write_file(shot, part);
	if (!ret && rename(part, path))
		ret = -errno;
	if (ret)
		unlink(part);
	return ret;
}

static void shot_one(const struct serve *s, const struct serve_vgpu *v)
{
	struct shot shot = { .vgpu = v->vgpu };
	const struct gvt_plane *p = &shot.plane;
	char path[SERVE_PATH_MAX];
	int ret;

	serve_path(s->args->screenshot, v->id, s->n, path, sizeof(path));
	if (gvt_plane_get(v->vgpu, &shot.plane)) {
		serve_tell("no screenshot: %s", session_sentence());
		return;
	}
	if (!p->enabled) {
		serve_tell("vGPU %u shows nothing: no screenshot", v->id);
		return;
	}
	ret = write_shot(&shot, path);
	if (ret)
		cli_error("%s: cannot write the screenshot: %s", path, strerror(-ret));
	else
		serve_tell("vGPU %u: %s: %u x %u pixels of %.4s", v->id, path, p->width, p->height,
			   (const char *)&p->format);
}

void serve_shot(const struct serve *s)
{
	unsigned int i;

	for (i = 0; s->args->screenshot && i < s->n; i++)
		shot_one(s, &s->vgpu[i]);
}
