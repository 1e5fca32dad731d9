/* SPDX-License-Identifier: MIT */
/*
 * The functions of a kernel by which a GVT core submits commands, waits for the GPU and exports
 * buffers. None of that is here: each ends the program with its name.
 */
#include "side.h"

#define STUBS(X)							\
	X(__i915_gem_object_flush_map)		X(__i915_gem_object_set_pages)		\
	X(__intel_context_do_pin)		X(add_wait_queue)			\
	X(dma_buf_fd)				X(dma_buf_put)				\
	X(dma_fence_release)			X(drm_gem_object_free)			\
	X(drm_gem_private_object_init)		X(finish_wait)				\
	X(i915_gem_object_alloc)		X(i915_gem_object_create_shmem)		\
	X(i915_gem_object_ggtt_pin_ww)		X(i915_gem_object_init)			\
	X(i915_gem_object_pin_map)		X(i915_gem_object_set_to_cpu_domain)	\
	X(i915_gem_prime_export)		X(i915_request_add)			\
	X(i915_request_create)			X(i915_request_wait)			\
	X(i915_vma_move_to_active)		X(init_wait_entry)			\
	X(intel_context_unpin)			X(intel_ring_begin)			\
	X(kthread_should_stop)			X(prepare_to_wait_event)		\
	X(remove_wait_queue)			X(schedule)				\
	X(sg_alloc_table)			X(sg_free_table)			\
	X(sg_next)				X(wait_woken)				\
	X(woken_wake_function)			X(ww_mutex_lock)			\
	X(ww_mutex_unlock)

#define STUB(name)							\
	void name(void);						\
	void name(void) { side_missing(#name); }
STUBS(STUB)
