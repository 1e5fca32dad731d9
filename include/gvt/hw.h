/* SPDX-License-Identifier: MIT */
/*
 * The hardware below the device-model core: the host GGTT, the aperture, the fence registers, pages
 * for shadow tables, the engines. The one implementation shipped is a software GPU
 * (gvt_swgpu_new()).
 */
#ifndef GVT_HW_H
#define GVT_HW_H

#include <mpt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** enum gvt_engine - command streamers; VCS2 does not exist on the parts we model. Since: 0.1 */
enum gvt_engine {
	GVT_RCS, /**< render */
	GVT_VCS, /**< video decoding */
	GVT_BCS, /**< blitter */
	GVT_VECS, /**< video enhancement */
	GVT_NUM_ENGINES
};

/** enum gvt_hw_event - what an engine raises beside its results. Since: 0.1 */
enum gvt_hw_event {
	GVT_HW_USER, /**< MI_USER_INTERRUPT */
	GVT_HW_NOTIFY, /**< PIPE_CONTROL or MI_FLUSH_DW with its notify bit */
};

/** enum gvt_hw_state - why gvt_hw.run came back. Since: 0.1 */
enum gvt_hw_state {
	GVT_HW_DONE, /**< head has reached tail */
	GVT_HW_MORE, /**< the budget is used up; go on by calling run again */
	GVT_HW_WAIT, /**< a semaphore is not signalled yet; ask again later */
	/** stopped at a command that it cannot or must not execute; only a reset helps */
	GVT_HW_HUNG,
};

/**
 * struct gvt_hw_client - whose commands an engine executes: one vGPU. Since: 0.1
 * @arg: handed to the callbacks
 * @reg_read, @reg_write: a register (offset in BAR0) as commands see it; the hardware has already
 *	decided that the command may
 * @event: something to raise; called in the thread that called run
 * @now: GPU time in ticks of the timestamp counter
 * @low_start, @low_size, @high_start, @high_size: the graphics addresses that the vGPU owns; an
 *	access through the GGTT outside of both hangs the engine
 */
struct gvt_hw_client {
	void *arg;
	u32 (*reg_read)(void *arg, u32 reg);
	void (*reg_write)(void *arg, u32 reg, u32 value);
	void (*event)(void *arg, enum gvt_engine engine, enum gvt_hw_event event);
	u64 (*now)(void *arg);
	u64 low_start, low_size, high_start, high_size;
};

/**
 * struct gvt_hw_batch - a privileged batch, copied and scanned by the core. Since: 0.1
 * @addr: its graphics address in the GGTT
 * @dw: the commands; @bytes: of them
 */
struct gvt_hw_batch {
	u64 addr;
	const u32 *dw;
	u32 bytes;
};

/**
 * struct gvt_hw_work - one context's commands from head to tail. Lives until run has answered
 *	GVT_HW_DONE, or save or reset was called. Since: 0.1
 * @context: graphics address of the context image (the LRCA: its first page is the status page,
 *	the registers begin one page on)
 * @context_id: the descriptor's high dword
 * @restore: load the image's registers; false: a lite restore, the engine has them already
 * @levels: 4 or 3
 * @root: bus address of the shadow PML4, or of the shadow page directories; 0: not there
 * @ring_start: graphics address. @ring_size: bytes, a power of two
 * @head, @tail: offsets in the ring, bytes; multiples of 4 and 8 below @ring_size
 * @ring: the commands from head to tail, copied and scanned, without the wrap
 * @batch, @batches: every batch in the GGTT that @ring starts; others must not be executed
 */
struct gvt_hw_work {
	u64 context;
	u32 context_id;
	bool restore;
	int levels;
	u64 root[4];
	u64 ring_start;
	u32 ring_size, head, tail;
	const u32 *ring;
	const struct gvt_hw_batch *batch;
	unsigned int batches;
};

/** GVT_HW_KEPT - dwords of what gvt_hw.kept_get hands out. Since: 0.1 */
#define GVT_HW_KEPT 24

/**
 * struct gvt_hw - one GPU. Since: 0.1
 * @size: sizeof(struct gvt_hw)
 * @priv: handed to the callbacks
 * @ggtt: the host GGTT, 1 Mi entries of 64 bits, written with single 8-byte stores. An entry that
 *	is 0 reads as "scratch page", so a fresh table needs no scrubbing
 * @scratch: bus address of a page that reads zeros and swallows writes
 * @ggtt_flush: entries changed since the last flush become visible to the device; called before
 *	the device is used, not once per entry
 * @fence_write: fence register @index (host numbering) gets @value
 * @fence_read: its value
 * @aperture_read: a CPU read through the aperture at a byte offset, by GGTT and fences; within a
 *	page. All ones where the entry's memory cannot be reached, or where a fence covers the
 *	address but has no place for it. Of two fences over one address the lower number counts
 * @aperture_write: a write; dropped where it cannot be reached
 * @close: gives everything back
 * @fence_limit: from now on register @index belongs to the owner of graphics addresses @start to
 *	@start + @size: it keeps what is written, but a range that is not wholly in there covers
 *	nothing. NULL: the core hands such a value to @fence_write as 0
 * @page_new: a zeroed page of 4 KiB for a shadow table, which the device reads at the bus address
 *	@bus; NULL: none left. The core writes it with single 8-byte stores. Any thread
 * @page_free: gives it back; the device does not use it any more
 * @own_bus: bus addresses from here on are the device's own: no mapping of guest memory may be
 *	there. 0: no such limit
 * @engine_new: a vGPU's share of an engine, what it keeps of it while others run. @client is
 *	copied. Return: 0, -ENOMEM
 * @engine_free: gives it back; NULL is fine
 * @load: begin @work; what was loaded before must be done, saved or reset
 * @run: execute; @budget, in units of about one command dword or 64 bytes of memory moved, goes
 *	down by what was done, to 0 at least. Holds no lock when it calls @client. Different vGPUs:
 *	any thread; one vGPU: one thread at a time
 * @save: the context's registers, with the head where execution stopped, go to the image, as at a
 *	context switch; work that was not done can be loaded again
 * @engine_reset: forget what is loaded, write nothing; the engine can be loaded again
 * @head: where execution is in the ring (what RING_HEAD shows). While a batch runs, that is at the
 *	MI_BATCH_BUFFER_START in the ring, and so it is saved: work that is loaded again, or a lite
 *	restore, begins with this command, and goes on inside the batch by the image's or the
 *	engine's own BB registers
 * @kept_get: of an engine that has nothing loaded, what no image holds, so that a vGPU can move
 *	with it: words that mean something to hardware of the same kind. All 0: nothing
 * @kept_ok: whether @word, which anybody may have written, can be an engine's; not all 0
 * @kept_set: put it into an engine that was reset, if it is ok. The three are there together;
 *	without them there is nothing to keep
 *
 * @page_new, @page_free and @own_bus are there together or not at all: without them nothing can be
 * shadowed. So are the members from @engine_new on: without them nothing executes. The software GPU
 * has all of them.
 */
struct gvt_hw {
	size_t size;
	void *priv;
	u64 *ggtt;
	u64 scratch;
	void (*ggtt_flush)(void *priv);
	void (*fence_write)(void *priv, u32 index, u64 value);
	u64 (*fence_read)(void *priv, u32 index);
	int (*aperture_read)(void *priv, u64 offset, void *buf, unsigned int len);
	int (*aperture_write)(void *priv, u64 offset, const void *buf, unsigned int len);
	void (*close)(void *priv);
	void (*fence_limit)(void *priv, u32 index, u64 start, u64 size);
	u64 *(*page_new)(void *priv, u64 *bus);
	void (*page_free)(void *priv, u64 bus);
	u64 own_bus;
	int (*engine_new)(void *priv, const struct gvt_hw_client *client, enum gvt_engine engine,
			  void **state);
	void (*engine_free)(void *priv, void *state);
	void (*load)(void *priv, void *state, const struct gvt_hw_work *work);
	enum gvt_hw_state (*run)(void *priv, void *state, u64 *budget);
	void (*save)(void *priv, void *state);
	void (*engine_reset)(void *priv, void *state);
	u32 (*head)(void *priv, void *state);
	void (*kept_get)(void *priv, void *state, u32 word[GVT_HW_KEPT]);
	bool (*kept_ok)(void *priv, enum gvt_engine engine, const u32 word[GVT_HW_KEPT]);
	void (*kept_set)(void *priv, void *state, const u32 word[GVT_HW_KEPT]);
};

struct mpt_host;

/**
 * gvt_swgpu_new() - the software GPU; reaches memory only by DMA address, through the bus side of
 *	the host's testbed.
 * @aperture: bytes of the aperture
 * @hw: filled in; close it with hw->close(hw->priv)
 * Return: 0, -ENOMEM. Since: 0.1
 */
int gvt_swgpu_new(struct mpt_host *host, u64 aperture, struct gvt_hw *hw);

#ifdef __cplusplus
}
#endif

#endif
