/* SPDX-License-Identifier: MIT */
/*
 * What every operation of a replay needs: its VM or vGPU, bytes to write, addresses as the back end
 * chose them this time, and the comparison of an answer with the recorded one.
 */
#include "trace_play_priv.h"

#include <string.h>

/* --- comparing --- */

bool play_same_ret(struct play *p, const struct play_op *o, int64_t ret)
{
	if (ret != o->ret)
		play_differs(p, o, PLAY_RET, o->ret, ret);
	return ret == o->ret;
}

void play_same_value(struct play *p, const struct play_op *o, uint64_t expected, uint64_t seen)
{
	if (expected != seen)
		play_differs(p, o, PLAY_VALUE, (int64_t)expected, (int64_t)seen);
}

/* The check is the last argument of a call that succeeded. */
void play_same_read(struct play *p, const struct play_op *o, int ret, const void *buf,
		      uint64_t len)
{
	uint16_t check;

	if (!play_same_ret(p, o, ret) || ret)
		return;
	check = mpt_trace_check(buf, len);
	if (check != o->arg[o->args - 1])
		play_differs(p, o, PLAY_BYTES_DIFFER, (int64_t)o->arg[o->args - 1], check);
}

/* --- what goes in --- */

/* Room for @len bytes; NULL: too many. */
uint8_t *play_room(struct play *p, const struct play_op *o, uint64_t len)
{
	if (len <= PLAY_BYTES)
		return p->buf[p->depth];
	play_refuse(p, "record %llu: the trace asks for more than %u bytes at a time",
		    (unsigned long long)o->number, PLAY_BYTES);
	return NULL;
}

/* The bytes of a write; those that were not recorded are zero. */
uint8_t *play_bytes(struct play *p, const struct play_op *o, uint64_t len)
{
	uint8_t *buf = play_room(p, o, len);

	if (!buf)
		return NULL;
	if (len > o->data_len) {
		memset(buf + o->data_len, 0, len - o->data_len);
		p->r->cut++;
	}
	memcpy(buf, p->t->bytes + o->data, len < o->data_len ? len : o->data_len);
	return buf;
}

/* Its VM; NULL: the replay does not hold it. */
struct mpt_vm *play_vm_of(struct play *p, const struct play_op *o)
{
	struct mpt_vm *vm = o->vm == PLAY_NO_VM ? NULL : p->vm[o->vm].vm;

	if (!vm)
		play_differs(p, o, PLAY_ABSENT, 0, 0);
	return vm;
}

/* Its vGPU, or one with a handle that nobody has; NULL: it is not attached. */
struct intel_vgpu *play_vgpu_of(struct play *p, const struct play_op *o)
{
	if (o->dead) {
		p->dead.mpt = mpt_host_table(p->host);
		p->dead.handle = (~0UL >> 1 & ~255UL) | o->vgpu;
		return &p->dead;
	}
	if (!p->vgpu[o->vgpu].serial) {
		play_differs(p, o, PLAY_ABSENT, 0, 0);
		return NULL;
	}
	return &p->vgpu[o->vgpu].vgpu;
}

/* --- addresses --- */


struct play_entry *play_dma_entry(struct play *p, uint64_t dma)
{
	struct play_entry *e = play_map_find(&p->dma, dma >> MPT_PAGE_SHIFT, false);

	return e ? e : play_map_find(&p->huge, dma >> HUGE_BITS, false);
}

/* What was never mapped is nobody's, and stays as it is. */
uint64_t play_dma_now(struct play *p, uint64_t dma)
{
	struct play_entry *e = play_map_find(&p->dma, dma >> MPT_PAGE_SHIFT, false);

	if (e)
		return (e->now << MPT_PAGE_SHIFT) + dma % MPT_PAGE_SIZE;
	e = play_map_find(&p->huge, dma >> HUGE_BITS, false);
	return e ? (e->now << HUGE_BITS) + dma % (1UL << HUGE_BITS) : dma;
}

uint64_t play_mfn_now(struct play *p, uint64_t mfn)
{
	struct play_entry *e = NULL;

	if (mfn - p->aperture_mfn >= p->aperture_pages)
		e = play_map_find(&p->mfn, mfn, false);
	return e ? e->now : mfn;
}

/* A frame that was answered: only whether there is one can be compared. */
void play_same_mfn(struct play *p, const struct play_op *o, uint64_t expected, uint64_t seen)
{
	struct play_entry *e;

	if ((expected == INTEL_GVT_INVALID_ADDR) != (seen == INTEL_GVT_INVALID_ADDR)) {
		play_differs(p, o, PLAY_VALUE, (int64_t)expected, (int64_t)seen);
	} else if (expected != INTEL_GVT_INVALID_ADDR) {
		e = play_map_find(&p->mfn, expected, true);
		if (e)
			e->now = seen;
	}
}
