/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the input is a file of the trace layer. Whatever it is, the reader stays inside it
 * and inside its own buffers, and ends.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/trace_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int held)
{
	if (!held)
		abort();
}

static void check_record(const struct trace_ring *ring, const struct trace_record *rec)
{
	size_t i, sum = 0;

	demand(rec->number >= ring->first && rec->number < ring->next);
	demand(rec->index < ring->ops && rec->op == &ring->head.op[rec->index]);
	demand(rec->args <= TRACE_RING_ARGS && rec->vgpu < 256);
	demand(rec->data_len <= MPT_TRACE_DATA_MAX);
	for (i = 0; i < rec->data_len; i++)
		sum += rec->data[i];
	demand(sum <= 255 * rec->data_len);
	demand(strlen(rec->op->name) < sizeof(rec->op->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trace_record rec;
	struct trace_ring ring;
	char why[128] = "";
	uint64_t records = 0;

	if (trace_ring_open(&ring, data, size, why, sizeof(why))) {
		demand(strlen(why) > 0);
		return 0;
	}
	while (trace_ring_next(&ring, &rec)) {
		check_record(&ring, &rec);
		demand(++records <= ring.head.slots);
	}
	demand(ring.torn <= ring.head.slots);
	return 0;
}
