/* SPDX-License-Identifier: MIT */
/* Handles: slot number in the low bits, a generation that no table ever repeats above. */
#include "libmpt/internal.h"

static struct os_mutex handles_lock = OS_MUTEX_INIT;
static unsigned long generation; /* handles_lock; of the whole process */

/* Marks slot @i as dead while readers may still use it; as a handle it would name another slot. */
static unsigned long dead_mark(size_t i)
{
	return ~(unsigned long)(MPT_HANDLE_SLOTS - 1) | (i ^ 1);
}

int mpt_handle_new(struct mpt_handles *t, void *priv, void *vgpu, unsigned long *handle)
{
	struct mpt_handle_slot *s = NULL;
	size_t i;

	os_mutex_lock(&handles_lock);
	for (i = 0; i < MPT_HANDLE_SLOTS; i++) {
		if (!os_load_relaxed(&t->slot[i].handle)) {
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
	return s ? 0 :
		   mpt_fail(-ENOSPC, t->name, "all %d handles are in use (destroy a vGPU first)",
			    MPT_HANDLE_SLOTS);
}

bool mpt_handle_free(struct mpt_handles *t, unsigned long handle)
{
	struct mpt_handle_slot *s = &t->slot[handle % MPT_HANDLE_SLOTS];
	bool mine;

	os_mutex_lock(&handles_lock);
	mine = handle && os_load_relaxed(&s->handle) == handle;
	if (mine)
		os_store(&s->handle, dead_mark(handle % MPT_HANDLE_SLOTS));
	os_mutex_unlock(&handles_lock);
	if (!mine)
		return false;
	mpt_rcu_synchronize();
	os_store(&s->handle, 0);
	return true;
}

unsigned long mpt_handle_by_vgpu(struct mpt_handles *t, const void *vgpu)
{
	unsigned long handle = 0;
	size_t i;

	os_mutex_lock(&handles_lock);
	for (i = 0; i < MPT_HANDLE_SLOTS && !handle; i++) {
		unsigned long h = os_load_relaxed(&t->slot[i].handle);

		if (h && h != dead_mark(i) && t->slot[i].vgpu == vgpu)
			handle = h;
	}
	os_mutex_unlock(&handles_lock);
	return handle;
}
