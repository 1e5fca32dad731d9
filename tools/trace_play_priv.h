/* SPDX-License-Identifier: MIT */
/* What the parts of the player share: a replay in progress. Only trace_play*.c include this. */
#ifndef MPT_TOOLS_TRACE_PLAY_PRIV_H
#define MPT_TOOLS_TRACE_PLAY_PRIV_H

#include <mpt/mpt.h>
#include <mpt/vgpu.h>

#include "trace_play.h"

/* --- recorded numbers that the back end chose, and what it chooses now --- */

/**
 * struct play_map - from recorded frames to those of the replay.
 * @entry: @room of them, a power of two; a key of 0 is none (keys are frames plus 1)
 */
struct play_map {
	struct play_entry {
		uint64_t key, now;
		uint64_t gfn;
		uint32_t live, serial; /* of a DMA mapping: how often, by which attachment */
	} *entry;
	uint32_t room, used;
};

/* The entry of a frame, made if @make; NULL: none, or no memory. */
struct play_entry *play_map_find(struct play_map *m, uint64_t frame, bool make);

/* --- a replay --- */

struct play_vgpu {
	struct intel_vgpu vgpu; /* what the core's operations are called with */
	struct play *play;
	uint32_t serial; /* of the attachment; 0: not attached */
	uint8_t vm;
};

struct play_region {
	uint8_t vm;
	bool whole; /* read all of it for the hash, not only what is dirty */
	uint64_t gpa, size;
	uint8_t *dirty; /* pages that a dirty_fetch has told of; NULL: none */
};

struct play_vm {
	struct mpt_vm *vm;
	unsigned int held;
	bool made;
};

struct play {
	const struct play_trace *t;
	const struct play_config *c;
	struct play_result *r;
	struct mpt_host *host;
	struct intel_gvt_ops ops;
	struct play_vm vm[PLAY_VMS];
	struct play_vgpu vgpu[256];
	uint32_t serials;
	uint8_t cfg[256]; /* of every vGPU: MSI is on */
	struct play_map dma, huge, mfn;
	struct play_region *region;
	unsigned int regions;
	uint64_t ram;
	uint64_t sets; /* of what is in force: traps, mappings; the order does not matter */
	uint64_t aperture_mfn, aperture_pages;
	struct intel_vgpu dead; /* with a handle that nobody has */
	void *page; /* of the core's, for from_virt_to_mfn */
	uint32_t outer; /* the call that the core may be told in */
	uint32_t told; /* what the core is to be told next; index plus 1 */
	bool quiet; /* the core is told what is no part of the trace */
	bool stop;
	unsigned int depth; /* 1: in a call that the core makes while it is told */
	uint8_t *buf[2]; /* by depth, PLAY_BYTES each: what goes in and out */
	uint8_t *bits; /* the dirty log, as much */
};

/* One record, unless it is left out. */
void play_perform(struct play *p, uint32_t index);
/* A difference at a record. */
void play_differs(struct play *p, const struct play_op *o, enum play_what what, int64_t expected,
		  int64_t seen);
/* The trace asks for too much: the replay ends. */
void play_refuse(struct play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool play_dropped(const struct play *p, uint32_t index);

/* --- trace_play_same.c --- */
/* Each tells of a difference; the first answers whether there was none. */
bool play_same_ret(struct play *p, const struct play_op *o, int64_t ret);
void play_same_value(struct play *p, const struct play_op *o, uint64_t expected, uint64_t seen);
void play_same_read(struct play *p, const struct play_op *o, int ret, const void *buf,
		    uint64_t len);
void play_same_mfn(struct play *p, const struct play_op *o, uint64_t expected, uint64_t seen);
uint8_t *play_room(struct play *p, const struct play_op *o, uint64_t len);
uint8_t *play_bytes(struct play *p, const struct play_op *o, uint64_t len);
struct mpt_vm *play_vm_of(struct play *p, const struct play_op *o);
struct intel_vgpu *play_vgpu_of(struct play *p, const struct play_op *o);
struct play_entry *play_dma_entry(struct play *p, uint64_t dma);
uint64_t play_dma_now(struct play *p, uint64_t dma);
uint64_t play_mfn_now(struct play *p, uint64_t mfn);

#define HUGE_BITS 21

/* At the top of a perform function: what the record is of, or the function ends. */
#define VM(vm) \
	struct mpt_vm *vm = play_vm_of(p, o); \
	if (!vm) \
		return
#define VGPU(vgpu) \
	struct intel_vgpu *vgpu = play_vgpu_of(p, o); \
	if (!vgpu) \
		return

/* --- trace_play_core.c --- */
void play_core_init(struct play *p);
int play_core_set(struct play *p, const struct play_op *o);
/* The core was told all that it was to be told: the end of an outer call. */
void play_core_end(struct play *p);

/* --- trace_play_state.c --- */
uint64_t play_mix(uint64_t a, uint64_t b);
uint64_t play_hash_state(struct play *p);
/* A dirty_fetch of a replay has cleared bits that the hash needs. */
void play_note_dirty(struct play *p, unsigned int vm, uint64_t gfn, uint64_t nr,
		     const uint8_t *bits);

/* --- trace_play_vm.c, trace_play_ops.c: perform, by name --- */
void play_do_host_init(struct play *p, const struct play_op *o);
void play_do_host_exit(struct play *p, const struct play_op *o);
void play_do_set_core(struct play *p, const struct play_op *o);
void play_do_dom0_ready(struct play *p, const struct play_op *o);
void play_do_from_virt_to_mfn(struct play *p, const struct play_op *o);
void play_do_vm_create(struct play *p, const struct play_op *o);
void play_do_vm_destroy(struct play *p, const struct play_op *o);
void play_do_vm_get(struct play *p, const struct play_op *o);
void play_do_vm_put(struct play *p, const struct play_op *o);
void play_do_ram_add(struct play *p, const struct play_op *o);
void play_do_ram_remove(struct play *p, const struct play_op *o);
void play_do_ram_move(struct play *p, const struct play_op *o);
void play_do_guest_read(struct play *p, const struct play_op *o);
void play_do_guest_write(struct play *p, const struct play_op *o);
void play_do_guest_cfg_read(struct play *p, const struct play_op *o);
void play_do_guest_cfg_write(struct play *p, const struct play_op *o);
void play_do_irq_take(struct play *p, const struct play_op *o);
void play_do_dirty_fetch(struct play *p, const struct play_op *o);
void play_do_vm_tracked(struct play *p, const struct play_op *o);
void play_do_bus_read(struct play *p, const struct play_op *o);
void play_do_bus_write(struct play *p, const struct play_op *o);
void play_do_fault_take(struct play *p, const struct play_op *o);
void play_do_attach_vgpu(struct play *p, const struct play_op *o);
void play_do_detach_vgpu(struct play *p, const struct play_op *o);
void play_do_inject_msi(struct play *p, const struct play_op *o);
void play_do_enable_page_track(struct play *p, const struct play_op *o);
void play_do_disable_page_track(struct play *p, const struct play_op *o);
void play_do_read_gpa(struct play *p, const struct play_op *o);
void play_do_write_gpa(struct play *p, const struct play_op *o);
void play_do_gfn_to_mfn(struct play *p, const struct play_op *o);
void play_do_map_gfn_to_mfn(struct play *p, const struct play_op *o);
void play_do_dma_map_guest_page(struct play *p, const struct play_op *o);
void play_do_dma_unmap_guest_page(struct play *p, const struct play_op *o);
void play_do_set_trap_area(struct play *p, const struct play_op *o);
void play_do_set_pvmmio(struct play *p, const struct play_op *o);
void play_do_dma_pin_guest_page(struct play *p, const struct play_op *o);
void play_do_set_opregion(struct play *p, const struct play_op *o);
void play_do_set_edid(struct play *p, const struct play_op *o);
void play_do_get_vfio_device(struct play *p, const struct play_op *o);
void play_do_put_vfio_device(struct play *p, const struct play_op *o);
void play_do_is_valid_gfn(struct play *p, const struct play_op *o);
void play_do_set_intx(struct play *p, const struct play_op *o);

#endif
