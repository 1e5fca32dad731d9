/* SPDX-License-Identifier: MIT */
/* A picture as a PNG file: 8 bits of red, green and blue. libpng leaves by longjmp. */
#include "png.h"

#include <errno.h>
#include <stdlib.h>

#if TOOLS_HAVE_PNG
#include <png.h>

struct picture {
	FILE *file;
	uint32_t width, height;
	int (*row)(void *arg, uint32_t y, uint32_t *pixel);
	void *arg;
	uint32_t *pixel; /* a row */
	uint8_t *rgb;	 /* the same */
};

/* What is wrong is told by who has asked. */
static void quiet(png_structp png, const char *text)
{
	(void)png;
	(void)text;
}

static void pack(const struct picture *p)
{
	uint32_t i;

	for (i = 0; i < p->width; i++) {
		p->rgb[3 * i] = (uint8_t)(p->pixel[i] >> 16);
		p->rgb[3 * i + 1] = (uint8_t)(p->pixel[i] >> 8);
		p->rgb[3 * i + 2] = (uint8_t)p->pixel[i];
	}
}

/* Nothing that changes lives in here across the jump. */
static int write_rows(png_structp png, png_infop info, const struct picture *p)
{
	uint32_t y;

	if (setjmp(png_jmpbuf(png)))
		return -EIO;
	png_init_io(png, p->file);
	png_set_IHDR(png, info, p->width, p->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (y = 0; y < p->height; y++) {
		if (p->row(p->arg, y, p->pixel))
			return -EIO;
		pack(p);
		png_write_row(png, p->rgb);
	}
	png_write_end(png, NULL);
	return 0;
}

static int write_picture(const struct picture *p)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, quiet);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	int ret = -ENOMEM;

	if (info)
		ret = write_rows(png, info, p);
	png_destroy_write_struct(&png, &info);
	return ret;
}

int png_write(FILE *file, uint32_t width, uint32_t height,
	      int (*row)(void *arg, uint32_t y, uint32_t *pixel), void *arg)
{
	struct picture p = {
		.file = file,
		.width = width,
		.height = height,
		.row = row,
		.arg = arg,
	};
	int ret = -ENOMEM;

	p.pixel = calloc(width, sizeof(*p.pixel));
	p.rgb = calloc(width, 3);
	if (p.pixel && p.rgb)
		ret = write_picture(&p);
	free(p.pixel);
	free(p.rgb);
	return ret;
}
#else
int png_write(FILE *file, uint32_t width, uint32_t height,
	      int (*row)(void *arg, uint32_t y, uint32_t *pixel), void *arg)
{
	(void)file;
	(void)width;
	(void)height;
	(void)row;
	(void)arg;
	return -EOPNOTSUPP;
}
#endif
