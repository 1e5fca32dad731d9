/* SPDX-License-Identifier: MIT */
/*
 * Reader of the files that libmpt's trace layer writes (<mpt/trace.h>). The bytes are an outsider's:
 * every field is checked. What the records mean is not here.
 */
#ifndef MPT_TOOLS_TRACE_RING_H
#define MPT_TOOLS_TRACE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mpt/trace.h>

#define TRACE_RING_ARGS 7
/* Bytes of arguments that a record can have at most: its 511 further slots. */
#define TRACE_RING_BYTES (8 + 511 * 14)

/**
 * struct trace_ring - a file in memory, and where the reader is.
 * @bytes, @len: the file, the caller's
 * @head: copy of its header, checked: texts are terminated, letters are known
 * @ops: names in its table
 * @anchor: index of the operation that is called anchor, plus 1; 0: none
 * @first: number of the oldest slot that is still there
 * @next: of the slot that is looked at next
 * @epoch: upper bits of time
 * @torn: slots that were reserved, and whose record is not there in full
 * @begun: a record was found
 */
struct trace_ring {
	const uint8_t *bytes;
	size_t len;
	struct mpt_trace_header head;
	unsigned int ops, anchor;
	uint64_t first, next, epoch, torn;
	bool begun;
};

/**
 * struct trace_record - one operation.
 * @number: of its first slot
 * @ns: since the opening of the host
 * @op: its name and letters
 * @index: of @op in the file's table
 * @vgpu: number
 * @ret: 0, -errno, or an answer outside the closed set
 * @dead: the handle was dead or unknown
 * @args: how many of @arg there are: after a failure those that went in
 * @arg: numbers as they were; the check for H; the answer for M (a frame) and B
 * @data: bytes for the letter d
 * @data_len: how many of them are in the file
 */
struct trace_record {
	uint64_t number, ns;
	const struct mpt_trace_op *op;
	unsigned int index, vgpu;
	int64_t ret;
	bool dead;
	unsigned int args;
	uint64_t arg[TRACE_RING_ARGS];
	const uint8_t *data;
	size_t data_len;
	uint8_t bytes[TRACE_RING_BYTES];
};

/**
 * trace_ring_open() - begin to read.
 * @bytes: a whole file; stays valid while it is read
 * @why: out, a sentence, when it is no such file
 * Return: 0, -1.
 */
int trace_ring_open(struct trace_ring *ring, const void *bytes, size_t len, char *why,
		    size_t why_len);

/**
 * trace_ring_next() - the next record that is there in full, anchors left out.
 * Return: true; false: there is none.
 */
bool trace_ring_next(struct trace_ring *ring, struct trace_record *rec);

#endif
