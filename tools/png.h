/* SPDX-License-Identifier: MIT */
/* A picture as a PNG file, through libpng where it was there at build time. */
#ifndef MPT_TOOLS_PNG_H
#define MPT_TOOLS_PNG_H

#include <stdint.h>
#include <stdio.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_PNG
#define TOOLS_HAVE_PNG 1
#else
#define TOOLS_HAVE_PNG 0
#endif

#define TOOLS_NO_PNG "built without libpng: no --screenshot (install libpng-dev and build again)"

/*
 * @row: gives the pixels of row @y, 0x00RRGGBB, from the first to the last; not 0: the picture is
 *	given up
 * Return: 0, -ENOMEM, -EIO (it could not be written, or @row gave up), -EOPNOTSUPP (no libpng).
 */
int png_write(FILE *file, uint32_t width, uint32_t height,
	      int (*row)(void *arg, uint32_t y, uint32_t *pixel), void *arg);

#endif
