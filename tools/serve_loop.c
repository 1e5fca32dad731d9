/* SPDX-License-Identifier: MIT */
/*
 * What the main thread of `mptctl serve` does while guests are served by the back end's own threads:
 * it is the devices' timer, takes pictures, and looks at the vGPUs now and then.
 */
#include "loop.h"
#include "serve.h"

#define WATCH_NS 100000000ULL

static u64 earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

int serve_loop(struct serve *s)
{
	u64 watched = 0, now, next;
	unsigned int seen;

	if (loop_start(s->gvt, s->n))
		return -1;
	do {
		now = session_now_ns();
		if (now - watched >= WATCH_NS) {
			serve_watch(s, now);
			watched = now;
		}
		next = gvt_service(s->gvt, now);
		seen = loop_wait(earlier(next, watched + WATCH_NS - now));
		if (seen & LOOP_USR1)
			serve_shot(s);
	} while (!(seen & LOOP_END));
	loop_stop();
	return 0;
}
