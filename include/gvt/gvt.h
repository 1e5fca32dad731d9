/* SPDX-License-Identifier: MIT */
/*
 * libmpt-gvt: the device-model core of a shared Intel GPU. Opens a device on a host, offers the
 * types of vGPU, and tells what a vGPU is made of. The entry points that a hypervisor calls are
 * struct intel_gvt_ops in <mpt/gvt_ops.h>; what lies below the core is <gvt/hw.h>.
 */
#ifndef GVT_GVT_H
#define GVT_GVT_H

#include <mpt/host.h>
#include <mpt/vgpu.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gvt_hw;
struct mpt_sysfs_core;

/** GVT_MAX_VGPU - ids are 1..7. */
#define GVT_MAX_VGPU 7
/** GVT_ANYWHERE - let the allocator choose the place. */
#define GVT_ANYWHERE (~0ULL)

/**
 * struct intel_vgpu_type - what a vGPU is made of: one of the device's types, or filled in by the
 *	caller (gvt_type_init()). Since: 0.1
 * @name: "GVTg_V5_8"; "custom" for a caller's own
 * @low_size: aperture memory, bytes, a multiple of 1 MiB, > 0
 * @high_size: hidden memory, bytes, a multiple of 1 MiB, > 0
 * @low_start, @high_start: graphics address of the place, bytes, or GVT_ANYWHERE
 * @fence: fence registers, 1..32
 * @weight: share in scheduling, 1..16
 * @width, @height: of the virtual monitor, pixels
 */
struct intel_vgpu_type {
	char name[32];
	u64 low_size, high_size;
	u64 low_start, high_start;
	u32 fence;
	u32 weight;
	u32 width, height;
};

/** enum gvt_pvmmio_level - what PV MMIO batches; bits. Since: 0.1 */
enum gvt_pvmmio_level {
	GVT_PVMMIO_ELSP = 1 << 0, /**< a submission is one trapped write */
	GVT_PVMMIO_PLANE = 1 << 1, /**< the registers of a plane, with its surface */
	GVT_PVMMIO_PLANE_WM = 1 << 2, /**< its watermarks, with its surface */
	GVT_PVMMIO_MASTER_IRQ = 1 << 3, /**< the guest holds interrupts back by a flag in memory */
	GVT_PVMMIO_PPGTT = 1 << 4, /**< changes of page tables are announced, not trapped */
	GVT_PVMMIO_ALL = 0x1f, /**< all of them */
};

/** enum gvt_wake - for whom there is work; bits. Since: 0.1 */
enum gvt_wake {
	/**
	 * gvt_run(): a vGPU has something to execute now, or something that does not wait for a
	 * semaphore. What a semaphore waits for is written to memory, which nobody sees: while
	 * gvt_run_pending(), ask again after a moment
	 */
	GVT_WAKE_RUN = 1 << 0,
	GVT_WAKE_SERVICE = 1 << 1, /**< gvt_service(): earlier than it has asked for */
};

/**
 * struct gvt_config - how to open a device; zero-initialise it. Since: 0.1
 * @size: sizeof(struct gvt_config)
 * @platform: "skl", "bdw", "kbl", "bxt", "cfl" (gvt_platform_each()); NULL: skl
 * @aperture: bytes of BAR2: 256 MiB, 512 MiB or 1 GiB; 0: 1 GiB
 * @aperture_mfn: machine frame where the host's aperture begins; 0: 0x80000 (2 GiB)
 * @hw: the hardware below; copied, stays the caller's to close; NULL: the software GPU, which
 *	reaches memory through the bus side of the host's testbed
 * @pvmmio: levels of PV MMIO that guests are offered (enum gvt_pvmmio_level); 0: none. A guest gets
 *	them only on a back end with set_pvmmio, page tables only where they can be shadowed
 * @clock_ns: a clock for the GPU's timestamps, ns from whichever moment; called in any thread;
 *	NULL: CLOCK_MONOTONIC
 * @clock_arg: handed to @clock_ns
 * @ops: entry points that the host is told of instead of gvt_ops(): the embedder's own, which call
 *	those, to record what a guest does; complete, and there until gvt_close(). NULL: gvt_ops()
 * @wake: there is work for the embedder's threads (@what: enum gvt_wake, bits), so that they need
 *	not ask by the clock. It may be called in any thread, with locks of the core held, and once
 *	too often: it calls nothing of the library and does not wait; an eventfd is written to, say.
 *	NULL: nobody is told
 * @wake_arg: handed to @wake
 */
struct gvt_config {
	size_t size;
	const char *platform;
	u64 aperture;
	u64 aperture_mfn;
	const struct gvt_hw *hw;
	u32 pvmmio;
	u64 (*clock_ns)(void *arg);
	void *clock_arg;
	const struct intel_gvt_ops *ops;
	void (*wake)(void *arg, unsigned int what);
	void *wake_arg;
};

/**
 * gvt_open() - open a device on a host: introduces the core and calls host_init.
 * @config: NULL: all defaults
 * @gvt: out; untouched on failure
 * Return: 0, -EINVAL (a value in @config), -ENOENT (unknown platform; the sentence lists them),
 * -EEXIST (the host has a core), -ENOMEM, what host_init answered. Context: sleeps. Since: 0.1
 */
int gvt_open(struct mpt_host *host, const struct gvt_config *config, struct intel_gvt **gvt);

/**
 * gvt_close() - close a device; NULL is fine.
 * Return: 0, -EBUSY (a vGPU exists; nothing is closed). Since: 0.1
 */
int gvt_close(struct intel_gvt *gvt);

/** gvt_ops() - the core's entry points. Since: 0.1 */
const struct intel_gvt_ops *gvt_ops(void);

/** gvt_platform_each() - names of the platforms, @index 0, 1, ...; NULL ends. Since: 0.1 */
const char *gvt_platform_each(unsigned int index);

/**
 * gvt_device_each() - the PCI device ids (vendor 8086) of the parts that the platforms cover.
 * @index: 0, 1, ...
 * @platform: out, the platform's name; may be NULL
 * Return: the id; 0 ends. Since: 0.1
 */
u16 gvt_device_each(unsigned int index, const char **platform);

/** gvt_type_each() - the device's types, @index 0, 1, ...; NULL ends. Since: 0.1 */
struct intel_vgpu_type *gvt_type_each(struct intel_gvt *gvt, unsigned int index);

/**
 * gvt_type_init() - describe a vGPU by sizes, anywhere.
 * @low, @high: bytes. @fence: registers. Weight and resolution are those of type _8. Since: 0.1
 */
void gvt_type_init(struct intel_vgpu_type *type, u64 low, u64 high, u32 fence);

/** gvt_type_available() - how many more vGPUs of a type fit now. Since: 0.1 */
unsigned int gvt_type_available(struct intel_gvt *gvt, const struct intel_vgpu_type *type);

/**
 * gvt_place_keep() - keep the place of a vGPU for one that asks for exactly it, once.
 * @type: sizes and places; NULL: nothing is kept any more
 *
 * Until a vGPU of that place and those sizes is made, others find the place taken; after that it is
 * as any other. One place of a device is kept. Return: 0, -EINVAL (a size or place that no vGPU can
 * have, or none), -ENOSPC (not free now); what was kept before is then kept still.
 * Context: takes the device's lock. Since: 0.1
 */
int gvt_place_keep(struct intel_gvt *gvt, const struct intel_vgpu_type *type);

/**
 * gvt_sysfs_core() - what a sysfs tree (<mpt/sysfs.h>) needs of a device: its types, and vGPUs by
 *	sizes, with the weight and the resolution of type _8, active.
 * @core: out; @gvt stays open as long as a tree uses it
 * Since: 0.1
 */
void gvt_sysfs_core(struct intel_gvt *gvt, struct mpt_sysfs_core *core);

/** enum gvt_failsafe - why a vGPU is in failsafe mode. */
enum gvt_failsafe {
	GVT_FAILSAFE_NONE, /**< it is not */
	GVT_FAILSAFE_UNSUPPORTED_GUEST, /**< it drives the hardware without having read PVINFO */
	GVT_FAILSAFE_RESOURCES, /**< it says that its share is too small */
	GVT_FAILSAFE_GUEST_ERR, /**< it did what a guest must not do, or emulation failed */
};

/** gvt_failsafe_name() - a word for it. @reason: why. Since: 0.1 */
const char *gvt_failsafe_name(enum gvt_failsafe reason);

/**
 * struct gvt_vgpu_info - a vGPU's resources, state and counters. Since: 0.1
 * @id: 1..7
 * @low_start, @low_size, @high_start, @high_size: graphics addresses, bytes
 * @fence_base, @fence_count: host fence registers
 * @bar0, @bar2: guest-physical bases, 0 when decoding is off
 * @bar0_size, @bar2_size: bytes
 * @failsafe: GVT_FAILSAFE_NONE when healthy
 * @active: vgpu_activate
 * @pv_notified: PVINFO has been read since the last reset
 * @msi_enabled: the guest's MSI capability says so
 * @ggtt_writes: entries written in the vGPU's own ranges
 * @ggtt_ignored: writes outside of them
 * @ggtt_mapped: entries mapped for DMA now
 * @ggtt_scratch: entries pointed at the scratch page because their page could not be mapped
 * @mmio_reads, @mmio_writes: register accesses
 * @unknown: of them to registers the platform's table does not know
 * @interrupts: inject_msi and rising set_intx calls
 * @errors: accesses answered with an error
 * @ppgtt_notify: g2v_notify commands seen
 * @ppgtt_spaces: address spaces now
 * @ppgtt_tables: shadow pages now, at most 8192
 * @ppgtt_tracked: guest pages that are tables and whose stores are trapped now
 * @ppgtt_untracked: the others: too many stores, no RAM any more, or nothing can be tracked; they
 *	are compared before each submission; or the guest announces what it changes (PV MMIO)
 * @ppgtt_mapped: counts of DMA mappings in shadow tables now
 * @ppgtt_scratch: entries left out because there was no RAM behind them, or of 1 GiB
 * @display_ready: last value of PVINFO display_ready
 * @resets: of every kind
 * @submissions: lists of contexts that were written to ELSP
 * @completed: contexts that the hardware has executed to their tail
 * @preempted: contexts that left the engine for another list's, whether they had begun or not
 * @hung: times an engine stopped for good: at a command, or at a context that cannot be executed
 * @units: of execution, as struct gvt_hw counts them, and of loading contexts, see gvt_run()
 * @failsafes: times that it went into failsafe mode, which a reset ends
 */
struct gvt_vgpu_info {
	int id;
	u64 low_start, low_size, high_start, high_size;
	u32 fence_base, fence_count;
	u64 bar0, bar2, bar0_size, bar2_size;
	enum gvt_failsafe failsafe;
	bool active, pv_notified, msi_enabled;
	u64 ggtt_writes, ggtt_ignored, ggtt_mapped, ggtt_scratch;
	u64 mmio_reads, mmio_writes, unknown;
	u64 interrupts, errors, ppgtt_notify;
	u64 ppgtt_spaces, ppgtt_tables, ppgtt_tracked, ppgtt_untracked;
	u64 ppgtt_mapped, ppgtt_scratch;
	u32 display_ready;
	u64 resets;
	u64 submissions, completed, preempted, hung, units;
	u64 failsafes;
};

/**
 * gvt_vgpu_info() - what a vGPU has, is and has done, of one moment.
 * @info: out. Context: takes the vGPU's lock. Since: 0.1
 */
void gvt_vgpu_info(struct intel_vgpu *vgpu, struct gvt_vgpu_info *info);

/**
 * struct gvt_reg_desc - what the device knows of an offset in BAR0. Since: 0.1
 * @name: the register's name, or the area's ("GGTT", "PVINFO magic")
 * @group: "irq", "display", "ggtt", "pvinfo", ...; "unknown" for a register the table lacks
 * @known: false for unknown registers and for the hole between registers and GGTT
 */
struct gvt_reg_desc {
	char name[48];
	const char *group;
	bool known;
};

/**
 * gvt_reg_describe() - what the device knows of an offset in BAR0.
 * @offset: bytes in BAR0, any. @desc: out. Since: 0.1
 */
void gvt_reg_describe(struct intel_gvt *gvt, u64 offset, struct gvt_reg_desc *desc);

/**
 * gvt_service() - let time pass for a device: vertical blanks of its vGPUs' pipes, and what waits
 *	for them. The embedder calls it from its timer; the library has no thread of its own. Of a
 *	device for which it was never called, no vblank is told and each flip is over at once.
 * @now_ns: time of a monotonic clock, ns; from whichever moment. A time before the last call's
 *	begins a new period; after a long gap each pipe has one vblank, the missed ones are dropped.
 * Return: ns until it wants to be called again; ~0ULL: nothing is pending, no active vGPU has an
 * enabled pipe. A guest can enable one at any time: gvt_config.wake tells. A timer without it that
 * does not want to keep a guest waiting goes on calling, more slowly. Context: takes the locks of
 * the device and of each vGPU, calls inject_msi and set_intx; not from a callback of the core.
 * Since: 0.1
 */
u64 gvt_service(struct intel_gvt *gvt, u64 now_ns);

/**
 * gvt_run() - let the engines of a device's vGPUs execute what guests have submitted.
 * @budget: units (about a command dword or 64 bytes of memory moved, as struct gvt_hw counts them);
 *	about that much is done before the call comes back. Loading a context counts as well: 64
 *	units, one for each dword of the ring and of the batches that are scanned, 64 for each page
 *	table that is compared with the guest's, 512 for one that has changed. One load can go
 *	beyond the budget, and the vGPU pays for it later
 *
 * The library has no threads. A submission runs at once in the vCPU's thread that makes it, but for
 * 4096 units and a load at most, and not while its vGPU has used more than its share and others
 * wait. The rest is done here, by turns of at most 4096 units and a load, and in shares by weight.
 * So an embedder calls it from a thread of its own, or between other things, whenever
 * gvt_run_pending() (gvt_config.wake tells when that begins); without, a guest whose batches are
 * longer than that stops.
 *
 * Return: units used. 0: nobody can go on now: nothing is pending, or all that is waits for a
 * semaphore (ask again after a moment, a millisecond, say) or is with another thread's gvt_run().
 * Context: any number of threads; takes the lock of one vGPU at a time, calls inject_msi and
 * set_intx; not from a callback of the core. Since: 0.1
 */
u64 gvt_run(struct intel_gvt *gvt, u64 budget);

/** gvt_run_pending() - has a guest something to execute? Context: any; no lock. Since: 0.1 */
bool gvt_run_pending(struct intel_gvt *gvt);

/**
 * gvt_vgpu_failsafe_enter() - put a vGPU into failsafe mode, which a reset ends.
 * @reason: what gvt_vgpu_info() tells; not GVT_FAILSAFE_NONE. Context: takes its lock. Since: 0.1
 */
void gvt_vgpu_failsafe_enter(struct intel_vgpu *vgpu, enum gvt_failsafe reason);

/**
 * GVT_BAR0_SIZE - registers 2 MiB, hole, GTT at 8 MiB (gen9 host bridge documentation: GTTMMADR).
 */
#define GVT_BAR0_SIZE 0x1000000ULL
/** GVT_MMIO_SIZE - bytes of registers. */
#define GVT_MMIO_SIZE 0x200000U
/** GVT_GTT_OFFSET - where the GGTT begins in BAR0. */
#define GVT_GTT_OFFSET 0x800000U
/** GVT_GTT_SIZE - 1 Mi entries of 8 bytes. */
#define GVT_GTT_SIZE 0x800000U
/** GVT_GM_SIZE - bytes of graphics memory the GGTT maps. */
#define GVT_GM_SIZE 0x100000000ULL
/** GVT_PVINFO_OFFSET - the PVINFO page in BAR0. */
#define GVT_PVINFO_OFFSET 0x78000U

#ifdef __cplusplus
}
#endif

#endif
