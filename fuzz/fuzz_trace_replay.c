/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the input is a file of the trace layer, performed on the mock with the limits of a
 * replay. Whatever it asks for, the replay ends, gives everything back, and does the same again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/alloc.h>

#include "../tools/trace_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int held)
{
	if (!held)
		abort();
}

static void run(const struct play_trace *t, const struct play_config *c)
{
	char text[512] = "";
	struct play_result a, b;
	int ret = play_run(t, c, &a);

	demand(mpt_alloc_live() == 0);
	demand(play_run(t, c, &b) == ret);
	demand(a.diffs == b.diffs && a.done == b.done && a.hash == b.hash);
	demand(!ret == !a.why[0]);
	if (!a.diffs)
		return;
	play_tell(t, &a.first, text, sizeof(text));
	demand(strlen(text) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play_config c = { .spec = "mock", .ram = 16 << 20, .hash = true };
	struct play_trace t;
	struct trace_ring ring;
	char why[PLAY_WHY_MAX] = "";

	if (trace_ring_open(&ring, data, size, why, sizeof(why)))
		return 0;
	if (play_load(&t, &ring, why, sizeof(why))) {
		demand(strlen(why) > 0);
		return 0;
	}
	c.end = t.n;
	run(&t, &c);
	c.spec = "mock:trap=after,intx=no,map=no,trap-area=no";
	run(&t, &c);
	play_free(&t);
	return 0;
}
