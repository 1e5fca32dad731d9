/* SPDX-License-Identifier: MIT */
/* Reads the ring of a trace file: slots, laps, numbers in 7 bits a byte, time. */
#include "trace_ring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BYTES 8
#define MORE_BYTES 14
#define LETTERS "vpeadAVHMB"

/* The closed set of <mpt/error.h>, in the order in which a record's answer counts it from 1. */
static const int errnos[] = {
	EINVAL, EFAULT, ESRCH, ENOENT, EEXIST, EBUSY, ENOSPC, ENOMEM, EOPNOTSUPP, ENODEV, EACCES,
	EIO, ENXIO,
};

/* --- the header --- */

static bool good_op(struct mpt_trace_op *op)
{
	op->name[sizeof(op->name) - 1] = '\0';
	if (op->args[sizeof(op->args) - 1])
		return false;
	if (op->name[strspn(op->name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return false;
	return !op->args[strspn(op->args, LETTERS)];
}

static bool good_table(struct trace_ring *ring)
{
	struct mpt_trace_op *op = ring->head.op;
	unsigned int i;

	for (i = 0; i < MPT_TRACE_OPS && op[i].name[0]; i++) {
		if (!good_op(&op[i]))
			return false;
		if (!strcmp(op[i].name, "anchor"))
			ring->anchor = i + 1;
	}
	ring->ops = i;
	return i > 0;
}

static const char *check_header(struct trace_ring *ring)
{
	struct mpt_trace_header *h = &ring->head;
	uint64_t room = (ring->len - MPT_TRACE_HEADER) / MPT_TRACE_SLOT;

	if (memcmp(h->magic, MPT_TRACE_MAGIC, sizeof(h->magic)))
		return "it does not begin as a trace of the trace layer does";
	if (h->order != MPT_TRACE_ORDER)
		return "it was written on a machine with another byte order";
	if (h->version != MPT_TRACE_VERSION)
		return "it is of another version of the format";
	if (!h->slots || h->slots & (h->slots - 1) || h->slots > MPT_TRACE_SLOTS_MAX)
		return "its number of slots is no power of two";
	if (h->slots > room)
		return "it is cut short";
	if (!good_table(ring))
		return "its table of operations is damaged";
	return NULL;
}

int trace_ring_open(struct trace_ring *ring, const void *bytes, size_t len, char *why,
		    size_t why_len)
{
	const char *what = "it is shorter than a header";

	memset(ring, 0, sizeof(*ring));
	ring->bytes = bytes;
	ring->len = len;
	if (len >= MPT_TRACE_HEADER) {
		memcpy(&ring->head, bytes, sizeof(ring->head));
		ring->head.spec[sizeof(ring->head.spec) - 1] = '\0';
		what = check_header(ring);
	}
	if (what) {
		snprintf(why, why_len, "%s", what);
		return -1;
	}
	ring->first = ring->head.head > ring->head.slots ? ring->head.head - ring->head.slots : 0;
	ring->next = ring->first;
	ring->epoch = ring->head.mono_ns / MPT_TRACE_TIME_UNIT >> MPT_TRACE_TIME_BITS;
	return 0;
}

/* --- slots --- */

static uint64_t word(const struct trace_ring *ring, uint64_t number, unsigned int which)
{
	uint64_t slot = number & (ring->head.slots - 1), w;

	memcpy(&w, ring->bytes + MPT_TRACE_HEADER + slot * MPT_TRACE_SLOT + which * 8ULL,
	       sizeof(w));
	return w;
}

/* Whether a slot belongs to this lap. */
static bool in_lap(const struct trace_ring *ring, uint64_t number, uint64_t w)
{
	return (w >> 6 & 0x3ff) == (number / ring->head.slots & 0x3ff);
}

/* The record's bytes. Return: how many; 0: a slot of it is not there. */
static size_t collect(const struct trace_ring *ring, uint64_t number, unsigned int more,
		      uint8_t *bytes)
{
	uint64_t w = word(ring, number, 1);
	unsigned int i;

	memcpy(bytes, &w, FIRST_BYTES);
	for (i = 1; i <= more; i++) {
		w = word(ring, number + i, 0);
		if ((w & 0x3f) != MPT_TRACE_MORE || !in_lap(ring, number + i, w))
			return 0;
		bytes += i == 1 ? FIRST_BYTES : MORE_BYTES;
		w >>= 16;
		memcpy(bytes, &w, 6);
		w = word(ring, number + i, 1);
		memcpy(bytes + 6, &w, 8);
	}
	return FIRST_BYTES + (size_t)more * MORE_BYTES;
}

/* --- arguments --- */

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static uint64_t number(struct cursor *c)
{
	uint64_t n = 0;
	unsigned int shift;

	for (shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return n;
	}
	c->bad = true;
	return 0;
}

static uint64_t unrotate(uint64_t n)
{
	return n << 12 | n >> 52;
}

static uint64_t two_bytes(struct cursor *c)
{
	if (c->end - c->at < 2) {
		c->bad = true;
		return 0;
	}
	c->at += 2;
	return (uint64_t)c->at[-2] | (uint64_t)c->at[-1] << 8;
}

static void data(struct cursor *c, struct trace_record *rec)
{
	uint64_t len = rec->args ? rec->arg[rec->args - 1] : 0;

	rec->data = c->at;
	rec->data_len = len < MPT_TRACE_DATA_MAX ? (size_t)len : MPT_TRACE_DATA_MAX;
	if (rec->data_len > (size_t)(c->end - c->at))
		c->bad = true;
	else
		c->at += rec->data_len;
}

static void argument(struct cursor *c, struct trace_record *rec, char letter)
{
	uint64_t n;

	if (letter == 'd') {
		data(c, rec);
		return;
	}
	n = letter == 'H' ? two_bytes(c) : number(c);
	if (letter == 'p' || letter == 'e' || letter == 'a' || letter == 'A')
		n = unrotate(n);
	if (letter == 'e' || letter == 'M')
		n--;
	rec->arg[rec->args++] = n;
}

static bool decode(struct trace_record *rec, size_t len, unsigned int code)
{
	struct cursor c = { .at = rec->bytes, .end = rec->bytes + len };
	const char *letter;
	uint64_t n;

	rec->args = 0;
	rec->data = NULL;
	rec->data_len = 0;
	rec->dead = code == MPT_TRACE_DEAD;
	rec->ret = 0;
	if (code == MPT_TRACE_OTHER) {
		n = number(&c);
		rec->ret = (int64_t)(n >> 1 ^ -(n & 1));
	} else if (rec->dead) {
		rec->ret = -ESRCH;
	} else if (code) {
		rec->ret = -errnos[code - 1];
	}
	for (letter = rec->op->args; *letter && !c.bad; letter++)
		if (!code || !strchr("AVH", *letter))
			argument(&c, rec, *letter);
	return !c.bad;
}

/* --- records --- */

/* A record that begins at a slot. Return: its slots; 0: none is there in full. */
static unsigned int record_at(const struct trace_ring *ring, uint64_t at, struct trace_record *rec)
{
	uint64_t w = word(ring, at, 0);
	unsigned int op = w & 0x3f, more = w >> 16 & 0x1ff;
	size_t len;

	if (!op || op > ring->ops || !in_lap(ring, at, w) || more >= ring->head.head - at ||
	    more >= ring->head.slots)
		return 0;
	len = collect(ring, at, more, rec->bytes);
	rec->op = &ring->head.op[op - 1];
	rec->index = op - 1;
	if (!len || !decode(rec, len, w >> 25 & 0xf))
		return 0;
	rec->number = at;
	rec->vgpu = w >> 29 & 0xff;
	rec->ns = w >> 37;
	return more + 1;
}

bool trace_ring_next(struct trace_ring *ring, struct trace_record *rec)
{
	unsigned int n;

	while (ring->next < ring->head.head) {
		n = record_at(ring, ring->next, rec);
		ring->next += n ? n : 1;
		if (!n) {
			/* What began before the oldest slot is no victim of a killed writer. */
			ring->torn += ring->begun || !ring->first;
			continue;
		}
		ring->begun = true;
		if (rec->index + 1 == ring->anchor && rec->args) {
			ring->epoch = rec->arg[0] >> MPT_TRACE_TIME_BITS;
			continue;
		}
		rec->ns = (ring->epoch << MPT_TRACE_TIME_BITS | rec->ns) * MPT_TRACE_TIME_UNIT;
		rec->ns -= rec->ns > ring->head.mono_ns ? ring->head.mono_ns : rec->ns;
		return true;
	}
	return false;
}
