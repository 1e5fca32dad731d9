/* SPDX-License-Identifier: MIT */
/* The test pattern: drawn in the guest (guest_more.c), looked for in a screenshot (shot.c). */
#ifndef MPT_PATTERN_H
#define MPT_PATTERN_H

#include <stdint.h>

/* No two rows and no two columns are the same, and each bit of each channel takes both values. */
static inline uint32_t pattern(uint32_t x, uint32_t y)
{
	return (x * 0x9e37u ^ y * 0x3c6efu ^ (x & y) << 8) & 0xffffff;
}

/* guest_show.c, for guest.c: until @card is closed. Fills in its size. Return: 0, -errno. */
int show(int card, uint32_t *width, uint32_t *height);

#endif
