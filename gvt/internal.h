/* SPDX-License-Identifier: MIT */
/*
 * What the files of libmpt-gvt share: the device, the vGPU, and the functions by which one subject
 * calls another. Public declarations are in <gvt/gvt.h> and <gvt/hw.h>.
 *
 * Lock order: gvt.c's list of devices, then intel_gvt.lock, then gvt_vgpu.lock, then what a back
 * end holds; gvt_sched.lock is taken last and nothing under it. Under one vGPU's lock another's,
 * and the device's, are only ever tried. Config reads take no lock but cfg_seq.
 * No lock is dropped in the middle of an operation.
 */
#ifndef GVT_INTERNAL_H
#define GVT_INTERNAL_H

#include <pthread.h>
#include <string.h>

#include <gvt/gvt.h>
#include <gvt/hw.h>
#include <mpt/alloc.h>
#include <mpt/log.h>
#include <mpt/mpt.h>

#include "lock.h"
#include "sched.h"

#define GVT_NUM_FENCES 32
#define GVT_CFG_SIZE 4096
#define GVT_GGTT_ENTRIES (GVT_GTT_SIZE / 8)
#define GVT_PTE_PRESENT 1ULL
#define GVT_PTE_ADDR 0x00003ffffffff000ULL /* bits 45:12 (gen8+ GGTT entry) */
#define GVT_NUM_TYPES 4
#define GVT_EDID_SIZE 128
#define GVT_DPCD_SIZE 0x700U
#define GVT_NUM_PIPES 3
#define GVT_OPREGION_SIZE 8192U

struct gvt_reg_table;
struct gvt_platform;

#define GVT_ALL_ENGINES ((1U << GVT_NUM_ENGINES) - 1)

struct gvt_range {
	u64 start, size;
};

struct gvt_cfg_map;

struct intel_gvt {
	struct mpt_host *host;
	const struct gvt_platform *platform; /* platform.h */
	struct gvt_reg_table *regs; /* read-only after gvt_open() */
	struct gvt_hw hw;
	bool own_hw; /* made by gvt_open(), so closed by gvt_close() */
	struct intel_gvt *next; /* gvt.c: all open devices */
	u64 aperture; /* bytes; graphics addresses [0, aperture) are mappable */
	u64 aperture_mfn;
	u64 bus_end; /* guest memory is mapped below this bus address */
	bool serviced; /* gvt_service() was called: time passes here; atomic */
	u32 pvmmio; /* levels that guests are offered */
	u64 (*clock_ns)(void *arg);
	void *clock_arg;
	const struct intel_gvt_ops *ops; /* what the host calls */
	void (*wake)(void *arg, unsigned int what); /* NULL: nobody waits to be told */
	void *wake_arg;
	struct gvt_sched sched;
	bool ggtt_dirty; /* host entries changed since the last hw.ggtt_flush; atomic */
	pthread_mutex_t lock; /* what follows */
	struct gvt_vgpu *vgpu[GVT_MAX_VGPU + 1]; /* by id */
	u32 fences; /* bit n: host fence n is given out */
	struct gvt_range kept_low, kept_high; /* for one who asks for exactly these; size 0: none */
	struct intel_vgpu_type type[GVT_NUM_TYPES];
	unsigned int num_types;
};

/* A BAR as the guest sees it and as it is applied below. */
struct gvt_bar {
	u64 size; /* bytes */
	u64 base; /* where the trap or mapping is now; meaningful while on */
	bool on;
	bool sizing; /* the low half holds all ones: asked for its size, so not an address */
};

/* Entries of the virtual GGTT written by half: the other half's offset is waited for. */
struct gvt_ggtt_half;
/* Address spaces and their shadows. */
struct gvt_ppgtt;

/* aux.c: the monitor on the platform's port. */
struct gvt_monitor {
	bool plugged; /* what registers tell the guest; a failsafe guest could write it there */
	u8 edid_offset; /* of the next byte read; beyond the block it reads as 0 */
	u8 edid[GVT_EDID_SIZE];
	u8 dpcd[GVT_DPCD_SIZE];
};

/* gmbus.c */
struct gvt_gmbus {
	enum { GVT_GMBUS_IDLE, GVT_GMBUS_READ, GVT_GMBUS_WAIT } phase;
	bool stop; /* the cycle ends with one, else it waits for the next */
	u8 segment; /* of the EDID */
	u32 left, done; /* bytes of this cycle; together 511 at most */
};

/* vblank.c: bit n of the masks is pipe A + n. */
struct gvt_vblank {
	u32 running; /* @last is meaningful */
	u32 flip; /* waits for the pipe's next vblank */
	u64 last[GVT_NUM_PIPES]; /* ns: when the last vblank was due */
};

struct gvt_execlist; /* execlist.h */

/* pvmmio.c */
struct gvt_pvmmio {
	u32 levels; /* granted: what PVINFO enable_pvmmio reads */
	u8 *page; /* shared with the guest; NULL when levels is 0 */
	u64 base; /* of BAR0 as the back end was told; meaningful while on */
	bool on;
};

/* What is added here also gets a line in state.def: saved, or exempt for a reason. */
struct gvt_vgpu {
	struct intel_vgpu base; /* first: struct intel_vgpu pointers are these */
	struct intel_gvt *gvt;
	struct gvt_lock lock; /* all that follows, unless said */

	/* resources, constant from creation to destruction */
	struct gvt_range low, high; /* graphics addresses, bytes */
	u32 fence_base, fence_count;
	u32 weight, width, height;

	/* configuration space: written under the lock, read by cfg_seq; dwords */
	u8 cfg[GVT_CFG_SIZE] __attribute__((aligned(8)));
	u32 cfg_seq;
	struct gvt_bar bar0, bar2;

	u8 *regs; /* 2 MiB of registers; atomic dword access not needed: under the lock */
	u64 regs_used[GVT_MMIO_SIZE / MPT_PAGE_SIZE / 64]; /* bit per page: may hold something */

	/* GGTT */
	u64 *ggtt; /* virtual entries of the whole table, lazily populated */
	u64 *ggtt_live; /* bit per entry: the host entry holds a DMA mapping; lazily populated */
	u64 *ggtt_live_sum; /* bit per word of ggtt_live */
	u64 ggtt_used[GVT_GTT_SIZE / MPT_PAGE_SIZE / 64]; /* bit per page of the virtual table */
	struct gvt_ggtt_half *half;

	struct gvt_ppgtt *ppgtt; /* spt.h */

	/* state */
	bool active, pv_notified, intx_level;
	bool d3; /* PMCSR said D3hot since the last reset or release */
	enum gvt_failsafe failsafe;
	u32 elsp[4];
	u32 elsp_index[GVT_NUM_ENGINES];
	u32 elsp_data[GVT_NUM_ENGINES][4];
	u32 hws_pga[GVT_NUM_ENGINES];
	struct gvt_monitor monitor;
	struct gvt_gmbus gmbus;
	struct gvt_vblank vblank;
	struct gvt_pvmmio pv;

	/* submission */
	struct gvt_execlist *exec; /* NULL: the hardware has no engines */
	struct gvt_share share;

	/* counters */
	struct gvt_vgpu_info count;
};

static inline struct gvt_vgpu *to_gvt_vgpu(struct intel_vgpu *vgpu)
{
	return (struct gvt_vgpu *)vgpu;
}

static inline u32 gvt_vreg(const struct gvt_vgpu *v, u32 reg)
{
	u32 val;

	memcpy(&val, v->regs + reg, sizeof(val));
	return val;
}

/*
 * The one way to write registers: a reset clears the pages that are marked here, no others. No
 * access reaches into the next page: it is aligned, or to a register that is not at the end of one.
 */
static inline void gvt_vreg_put(struct gvt_vgpu *v, u32 reg, const void *buf, unsigned int bytes)
{
	u32 page = reg >> MPT_PAGE_SHIFT;

	v->regs_used[page / 64] |= 1ULL << page % 64;
	memcpy(v->regs + reg, buf, bytes);
}

static inline void gvt_vreg_set(struct gvt_vgpu *v, u32 reg, u32 val)
{
	gvt_vreg_put(v, reg, &val, sizeof(val));
}

/* Whether an entry may point there: it can hold the address, and it is none of the device's own. */
static inline bool gvt_bus_usable(const struct intel_gvt *gvt, u64 dma)
{
	return !(dma & ~GVT_PTE_ADDR) && dma < gvt->bus_end;
}

static inline bool gvt_range_has(const struct gvt_range *r, u64 addr, u64 size)
{
	return size <= r->size && addr >= r->start && addr - r->start <= r->size - size;
}

/* --- vgpu.c: life cycle --- */
struct intel_vgpu *gvt_vgpu_create(struct intel_gvt *gvt, struct intel_vgpu_type *type);
void gvt_vgpu_destroy(struct intel_vgpu *vgpu);
void gvt_vgpu_activate(struct intel_vgpu *vgpu);
void gvt_vgpu_deactivate(struct intel_vgpu *vgpu);
void gvt_vgpu_release(struct intel_vgpu *vgpu);

/* --- resource.c: types and the partition (gvt->lock held) --- */
void gvt_types_init(struct intel_gvt *gvt);
struct intel_vgpu_type *gvt_find_vgpu_type(struct intel_gvt *gvt, const char *name);
int gvt_resource_alloc(struct gvt_vgpu *v, const struct intel_vgpu_type *type);
void gvt_resource_free(struct gvt_vgpu *v);

/* --- cfg_space.c --- */
extern const struct gvt_cfg_map gvt_cfg_gen8;
extern const struct gvt_cfg_map gvt_cfg_gen9;
void gvt_cfg_init(struct gvt_vgpu *v); /* power-on contents; nothing is trapped or mapped by it */
int gvt_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes);
int gvt_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes);
void gvt_cfg_off(struct gvt_vgpu *v); /* untrap and unmap whatever is on; lock held */
u16 gvt_cfg_command(const struct gvt_vgpu *v);
bool gvt_cfg_msi_enabled(const struct gvt_vgpu *v);
/* As saved; [0] is BAR0, [1] BAR2. */
struct gvt_cfg_saved {
	const u8 *space; /* GVT_CFG_SIZE */
	bool on[2], sizing[2];
};
int gvt_cfg_check(const struct gvt_vgpu *v, const struct gvt_cfg_saved *s);
int gvt_cfg_restore(struct gvt_vgpu *v, const struct gvt_cfg_saved *s);

/* --- mmio.c: emulate_mmio_* and dispatch to registers, PVINFO, GGTT, BAR2 --- */
int gvt_mmio_init(struct gvt_vgpu *v);
void gvt_mmio_reset(struct gvt_vgpu *v, u32 end); /* golden image below offset end; lock held */
void gvt_mmio_clear(struct gvt_vgpu *v); /* all 0, also where the golden image is not; lock held */
void gvt_mmio_clean(struct gvt_vgpu *v);
int gvt_mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes);
int gvt_mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes);
/* As an access to one dword does it, but not counted as one; outside failsafe, lock held. */
u32 gvt_mmio_reg_read(struct gvt_vgpu *v, u32 reg);
int gvt_mmio_reg_write(struct gvt_vgpu *v, u32 reg, u32 value);

/* --- pvinfo.c (lock held) --- */
void gvt_pvinfo_init(struct gvt_vgpu *v);
u32 gvt_pvinfo_read(struct gvt_vgpu *v, u32 reg);
int gvt_pvinfo_write(struct gvt_vgpu *v, u32 reg, u32 value);
const char *gvt_pvinfo_name(u32 reg); /* "magic", ...; NULL: reserved */

/* --- pvmmio.c (lock held) --- */
void gvt_pvmmio_enable(struct gvt_vgpu *v, u32 wanted); /* PVINFO enable_pvmmio is written */
int gvt_pvmmio_off(struct gvt_vgpu *v); /* before BAR0 leaves; on failure all is as before */
void gvt_pvmmio_end(struct gvt_vgpu *v); /* off for the guest, whatever the back end says */
int gvt_pvmmio_restore(struct gvt_vgpu *v, u32 levels, const u8 *page);
u32 gvt_pvmmio_read_port(struct gvt_vgpu *v);
/* With the level granted: */
bool gvt_pvmmio_irq_disabled(const struct gvt_vgpu *v);
void gvt_pvmmio_elsp(const struct gvt_vgpu *v, u32 dw[4], u32 value);
void gvt_pvmmio_plane(struct gvt_vgpu *v, u32 surf); /* before PLANE_SURF is written */
int gvt_pvmmio_ppgtt(struct gvt_vgpu *v); /* a range of page tables has changed */

/* Where an offset in BAR0 is in the shared page; NULL: not there, or there is none. */
static inline u8 *gvt_pvmmio_at(const struct gvt_vgpu *v, u64 offset)
{
	if (!v->pv.page || offset - GVT_MMIO_SIZE >= MPT_PAGE_SIZE)
		return NULL;
	return v->pv.page + (offset - GVT_MMIO_SIZE);
}

/* --- interrupt.c (lock held) --- */
enum gvt_event {
	GVT_EVENT_RCS_USER, GVT_EVENT_RCS_PIPE_CONTROL, GVT_EVENT_RCS_SWITCH,
	GVT_EVENT_BCS_USER, GVT_EVENT_BCS_FLUSH, GVT_EVENT_BCS_SWITCH,
	GVT_EVENT_VCS_USER, GVT_EVENT_VCS_FLUSH, GVT_EVENT_VCS_SWITCH,
	GVT_EVENT_VECS_USER, GVT_EVENT_VECS_FLUSH, GVT_EVENT_VECS_SWITCH,
	GVT_EVENT_PIPE_A_VBLANK, GVT_EVENT_PIPE_B_VBLANK, GVT_EVENT_PIPE_C_VBLANK,
	GVT_EVENT_PIPE_A_FLIP, GVT_EVENT_PIPE_B_FLIP, GVT_EVENT_PIPE_C_FLIP,
	GVT_EVENT_AUX_A, GVT_EVENT_AUX_B, GVT_EVENT_AUX_C, GVT_EVENT_AUX_D,
	GVT_EVENT_HOTPLUG_A, GVT_EVENT_HOTPLUG_B, GVT_EVENT_HOTPLUG_C, GVT_EVENT_HOTPLUG_D,
	GVT_EVENT_GMBUS, GVT_EVENT_GSE,
	GVT_NUM_EVENTS
};
void gvt_irq_raise(struct gvt_vgpu *v, enum gvt_event event);
void gvt_irq_check(struct gvt_vgpu *v);
/*
 * The pin follows what is pending, MSI, COMMAND bit 10 and failsafe: call it when one of them
 * changed.
 */
void gvt_irq_intx(struct gvt_vgpu *v);
int gvt_irq_write_imr(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_irq_write_ier(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_irq_write_iir(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_irq_write_master(struct gvt_vgpu *v, u32 reg, u32 value);

/* --- ggtt.c (lock held) --- */
int gvt_ggtt_init(struct gvt_vgpu *v);
void gvt_ggtt_clean(struct gvt_vgpu *v); /* unmaps everything, frees */
void gvt_ggtt_reset(struct gvt_vgpu *v); /* unmaps everything, table empty */
bool gvt_ggtt_validate(const struct gvt_vgpu *v, u64 addr, u64 size); /* inside one own range */
int gvt_ggtt_read(struct gvt_vgpu *v, u32 offset, void *buf, unsigned int bytes);
int gvt_ggtt_write(struct gvt_vgpu *v, u32 offset, const void *buf, unsigned int bytes);
void gvt_ggtt_region_gone(struct gvt_vgpu *v, u64 gfn, u64 nr);
/* Beside its value: the half that was written, while the other is waited for; mapped for DMA. */
#define GVT_ENTRY_LOW 1U
#define GVT_ENTRY_HIGH 2U
#define GVT_ENTRY_HALF (GVT_ENTRY_LOW | GVT_ENTRY_HIGH)
#define GVT_ENTRY_MAPPED 4U
u8 gvt_ggtt_flags(const struct gvt_vgpu *v, u32 index);
int gvt_ggtt_restore(struct gvt_vgpu *v, u32 index, u64 entry, u8 flags); /* into an empty table */

/*
 * --- gm.c: the core's own accesses by graphics address (lock held) ---
 * 0, or -EFAULT: an address that is not the vGPU's, an entry that is not present, no RAM behind it.
 * A write that fails in the last of these ways may have stored pages before it.
 */
int gvt_gm_read(struct gvt_vgpu *v, u64 addr, void *buf, u64 len);
int gvt_gm_write(struct gvt_vgpu *v, u64 addr, const void *buf, u64 len);

/* --- aperture.c: accesses through the aperture; no lock of ours --- */
/* Entries changed since the last flush become visible to the device. */
void gvt_hw_flush(struct intel_gvt *gvt);
/* struct mpt_core's callbacks; opaque is the struct intel_gvt. */
int gvt_aperture_read(void *opaque, u64 offset, void *buf, unsigned int len);
int gvt_aperture_write(void *opaque, u64 offset, const void *buf, unsigned int len);

/* --- fence.c (lock held) --- */
u32 gvt_fence_read(struct gvt_vgpu *v, u32 reg);
int gvt_fence_write(struct gvt_vgpu *v, u32 reg, u32 value);
int gvt_fence_write64(struct gvt_vgpu *v, u32 reg, u64 value); /* both halves at once */
void gvt_fence_reset(struct gvt_vgpu *v);
void gvt_fence_restore(struct gvt_vgpu *v); /* the hardware gets what the registers say */
void gvt_fence_limit(struct gvt_vgpu *v); /* tells the hardware whose they are; gvt->lock */

/* The embedder's threads are told of work, under whatever locks. */
static inline void gvt_wake(const struct intel_gvt *gvt, unsigned int what)
{
	if (gvt->wake)
		gvt->wake(gvt->wake_arg, what);
}

/* --- client.c: time --- */
u64 gvt_ticks(struct intel_gvt *gvt); /* of the GPU's timestamp counter; no lock */

/* --- reset.c --- */
void gvt_submission_reset(struct gvt_vgpu *v, u32 engine_mask); /* lock held */
void gvt_device_reset(struct gvt_vgpu *v); /* DMLR; lock held */
void gvt_vgpu_reset(struct intel_vgpu *vgpu); /* the same; takes the lock */
int gvt_vgpu_engine_reset(struct gvt_vgpu *v, u32 engine_mask, bool full); /* lock held */

/* --- edid.c --- */
void gvt_edid_build(u8 edid[GVT_EDID_SIZE], u32 width, u32 height);

/* --- aux.c (lock held) --- */
void gvt_aux_reset(struct gvt_vgpu *v); /* the monitor as after it was switched on */

/* --- gmbus.c (lock held) --- */
void gvt_gmbus_reset(struct gvt_vgpu *v);

/* --- vblank.c (lock held) --- */
u64 gvt_vblank_service(struct gvt_vgpu *v, u64 now); /* ns until it wants to be called; ~0: never */
void gvt_vblank_flip(struct gvt_vgpu *v, u32 pipe); /* the first plane has a new surface */
void gvt_vblank_pipes(struct gvt_vgpu *v); /* what pipes are on may have changed */
void gvt_vblank_reset(struct gvt_vgpu *v);

bool gvt_pipe_on(const struct gvt_vgpu *v, u32 pipe);

/* --- opregion.c --- */
void gvt_opregion_build(u8 buf[GVT_OPREGION_SIZE]);
void gvt_opregion_place(struct gvt_vgpu *v, u32 asls); /* lock held, as below */
void gvt_opregion_swsci(struct gvt_vgpu *v, u32 asls, u32 old, u32 value);

/* --- policy.c --- */
void gvt_vgpu_failsafe(struct gvt_vgpu *v, enum gvt_failsafe reason); /* lock held */
void gvt_emulation_failed(struct intel_vgpu *vgpu, int err); /* struct mpt_core; takes the lock */
int gvt_write_protect_handler(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes);
void gvt_guest_region_event(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added);
void gvt_emulate_hotplug(struct intel_vgpu *vgpu, bool connected);
void gvt_monitor_reset(struct gvt_vgpu *v); /* after the registers' reset; lock held */

#endif
