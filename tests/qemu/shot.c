/* SPDX-License-Identifier: MIT */
/*
 * Is the picture that mptctl serve made the pattern that the guest drew? Runs on the host.
 *
 *   shot FILE.png WIDTH HEIGHT
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

int main(int argc, char **argv)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	unsigned long wrong = 0;
	uint32_t x, y, is;
	uint8_t *rgb, *p;

	if (argc != 4 || !png_image_begin_read_from_file(&image, argv[1])) {
		printf("no picture: %s\n", image.message);
		return 1;
	}
	if (image.width != (uint32_t)atoi(argv[2]) || image.height != (uint32_t)atoi(argv[3])) {
		printf("%u x %u pixels instead of %s x %s\n", image.width, image.height, argv[2],
		       argv[3]);
		return 1;
	}
	image.format = PNG_FORMAT_RGB;
	rgb = malloc(PNG_IMAGE_SIZE(image));
	if (!rgb || !png_image_finish_read(&image, NULL, rgb, 0, NULL)) {
		printf("cannot be read: %s\n", image.message);
		return 1;
	}
	for (p = rgb, y = 0; y < image.height; y++) {
		for (x = 0; x < image.width; x++, p += 3) {
			is = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
			if (is != pattern(x, y) && !wrong++)
				printf("pixel %u, %u is 0x%06x instead of 0x%06x\n", x, y, is,
				       pattern(x, y));
		}
	}
	printf("%u x %u pixels, %lu wrong\n", image.width, image.height, wrong);
	free(rgb);
	return wrong != 0;
}
