/* SPDX-License-Identifier: MIT */
/*
 * Writes the ring's format: a header, then slots that are copied with their lap taken out. Nothing
 * is encoded but the anchors, which carry the upper bits of time.
 */
#include "trace_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LAP (0x3ffULL << 6)
#define SLOTS_MIN 4096 /* a file of the layer is no smaller: 64 KiB */

struct writing {
	FILE *to;
	struct trace_ring from;
	uint64_t slots, epoch;
};

static int put_slot(struct writing *w, uint64_t first, uint64_t second)
{
	const uint64_t slot[2] = { first & ~LAP, second };

	w->slots++;
	return fwrite(slot, sizeof(slot), 1, w->to) == 1 ? 0 : -1;
}

static void word_of(const struct trace_ring *ring, uint64_t number, uint64_t slot[2])
{
	memcpy(slot, ring->bytes + MPT_TRACE_HEADER +
			     (number & (ring->head.slots - 1)) * MPT_TRACE_SLOT, 16);
}

/* An anchor's time is a number in 7 bits a byte; what does not fit into 8 bytes cannot be. */
static int put_anchor(struct writing *w, uint64_t epoch)
{
	uint64_t time = epoch << MPT_TRACE_TIME_BITS, bytes = 0;
	unsigned int i;

	w->epoch = epoch;
	if (!w->from.anchor)
		return 0;
	for (i = 0; i < 8; i++, time >>= 7)
		bytes |= ((time & 0x7f) | (time >> 7 ? 0x80 : 0)) << 8 * i;
	return put_slot(w, w->from.anchor, bytes);
}

static int put_record(struct writing *w, const struct trace_record *rec)
{
	uint64_t slot[2];
	unsigned int i, more;

	if (w->from.epoch != w->epoch && put_anchor(w, w->from.epoch))
		return -1;
	word_of(&w->from, rec->number, slot);
	more = slot[0] >> 16 & 0x1ff;
	if (put_slot(w, slot[0], slot[1]))
		return -1;
	for (i = 1; i <= more; i++) {
		word_of(&w->from, rec->number + i, slot);
		if (put_slot(w, slot[0], slot[1]))
			return -1;
	}
	return 0;
}

static int put_records(struct writing *w, bool (*keep)(void *arg, uint64_t number), void *arg)
{
	struct trace_record *rec = malloc(sizeof(*rec));
	int ret = rec ? 0 : -1;

	while (!ret && trace_ring_next(&w->from, rec))
		if (keep(arg, rec->number))
			ret = put_record(w, rec);
	free(rec);
	return ret;
}

static int put_header(struct writing *w, uint64_t slots)
{
	struct mpt_trace_header head = w->from.head;
	char page[MPT_TRACE_HEADER] = { 0 };

	head.slots = slots;
	head.head = w->slots;
	head.epoch = w->epoch;
	head.closed = 1;
	memcpy(page, &head, sizeof(head));
	return fwrite(page, sizeof(page), 1, w->to) == 1 ? 0 : -1;
}

/* To the next power of two: slots that were never written. */
static int fill(struct writing *w, uint64_t slots)
{
	static const uint64_t none[2];
	uint64_t n;

	for (n = w->slots; n < slots; n++)
		if (fwrite(none, sizeof(none), 1, w->to) != 1)
			return -1;
	return 0;
}

/* The header is written twice: how many slots there are is known at the end. */
int trace_write(FILE *to, const struct trace_ring *from, bool (*keep)(void *arg, uint64_t number),
		void *arg)
{
	struct writing w = { .to = to, .from = *from };
	uint64_t slots = SLOTS_MIN;

	w.epoch = from->head.mono_ns / MPT_TRACE_TIME_UNIT >> MPT_TRACE_TIME_BITS;
	if (put_header(&w, slots) || put_records(&w, keep, arg))
		return -1;
	while (slots < w.slots)
		slots *= 2;
	if (fill(&w, slots) || fseek(to, 0, SEEK_SET))
		return -1;
	return put_header(&w, slots) || fflush(to) ? -1 : 0;
}
