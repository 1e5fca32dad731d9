/* SPDX-License-Identifier: MIT */
/* Handles: slot number in the low bits, a generation that no table ever repeats above. */
#include "libmpt/internal.h"

static struct os_mutex handles_lock = OS_MUTEX_INIT(handles_lock);
static unsigned long generation; /* handles_lock; of the whole process */

/* Marks slot @i as dead while readers may still use it; as a handle it would name another slot. */
static unsigned long dead_mark(size_t i)
{
	return ~(unsigned long)(MPT_HANDLE_SLOTS - 1) | (i ^ 1);
}

/* What a slot holds that may be given out: nothing that is looked up in it, so of slot 0 not 0. */
static unsigned long free_mark(size_t i)
{
	return i ? 0 : 1;
}

/* A new table is all 0. Slot 0 may be looked up with 0 until all sections that do have ended. */
static bool slot_0_retire(struct mpt_handles *t)
{
	if (os_load_relaxed(&t->slot[0].handle))
		return false;
	os_store(&t->slot[0].handle, dead_mark(0));
	return true;
}

static void slot_free(struct mpt_handles *t, size_t i)
{
	mpt_rcu_synchronize();
	os_store(&t->slot[i].handle, free_mark(i));
}

int mpt_handle_new(struct mpt_handles *t, void *priv, void *vgpu, unsigned long *handle)
{
	struct mpt_handle_slot *s = NULL;
	bool first;
	size_t i;

	os_mutex_lock(&handles_lock);
	first = slot_0_retire(t);
	for (i = 0; i < MPT_HANDLE_SLOTS; i++) {
		if (os_load_relaxed(&t->slot[i].handle) == free_mark(i)) {
			s = &t->slot[i];
			break;
		}
	}
	if (s) {
		s->priv = priv;
		s->vgpu = vgpu;
		*handle = ++generation * MPT_HANDLE_SLOTS + i;
		os_store(&s->handle, *handle);
	}
	os_mutex_unlock(&handles_lock);
	if (first)
		slot_free(t, 0);
	return s ? 0 :
		   mpt_fail(-ENOSPC, t->name, "all %d handles are in use (destroy a vGPU first)",
			    MPT_HANDLE_SLOTS);
}

bool mpt_handle_free(struct mpt_handles *t, unsigned long handle)
{
	struct mpt_handle_slot *s = &t->slot[handle % MPT_HANDLE_SLOTS];
	bool mine;

	os_mutex_lock(&handles_lock);
	/* 0 is what a new table holds, 1 what a free slot 0 does. */
	mine = handle >= MPT_HANDLE_SLOTS && os_load_relaxed(&s->handle) == handle;
	if (mine)
		os_store(&s->handle, dead_mark(handle % MPT_HANDLE_SLOTS));
	os_mutex_unlock(&handles_lock);
	if (!mine)
		return false;
	slot_free(t, handle % MPT_HANDLE_SLOTS);
	return true;
}

unsigned long mpt_handle_by_vgpu(struct mpt_handles *t, const void *vgpu)
{
	unsigned long handle = 0;
	size_t i;

	os_mutex_lock(&handles_lock);
	for (i = 0; i < MPT_HANDLE_SLOTS && !handle; i++) {
		unsigned long h = os_load_relaxed(&t->slot[i].handle);

		if (h != free_mark(i) && h != dead_mark(i) && t->slot[i].vgpu == vgpu)
			handle = h;
	}
	os_mutex_unlock(&handles_lock);
	return handle;
}
