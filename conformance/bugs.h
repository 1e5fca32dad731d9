/* SPDX-License-Identifier: MIT */
/*
 * Known bugs of real back ends and device models, a sentence part each with its public source: the
 * clauses name them as the class of bug that they would have caught. A source file alone means that
 * the bug was found by reading it; a quoted subject is a patch's, intel-gvt-dev its mailing list.
 * By letter: A is AcrnGT, X XenGT, K KVMGT. No code lives here.
 */
#ifndef CONFORMANCE_BUGS_H
#define CONFORMANCE_BUGS_H

/* --- one back end --- */

#define BUG_A1                                                                                   \
	"a trapped range stays when the write-protection of its page fails (acrngt.c of ACRN's " \
	"kernel 4.19)"
#define BUG_A2                                                                                  \
	"a failed step of untracking returns early, and the page stays protected for the VM's " \
	"life (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A4                                                                                \
	"trapped ranges are a list without a check for overlaps and duplicates, so a second " \
	"enable adds a second one (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A5                                                                              \
	"a failed translation is shifted before it is tested, so it is never equal to the " \
	"invalid address (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A6                                                                                 \
	"mapping a page without RAM succeeds and the device gets a wild address (acrngt.c of " \
	"ACRN's kernel 4.19: dma_map_guest_page always returns 0)"
#define BUG_A7                                                                                 \
	"the size of a mapping is ignored: 2 MiB that are not contiguous are mapped by their " \
	"first page (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A8                                                                                 \
	"memory is neither pinned nor counted, and given back while the device still maps it " \
	"(acrngt.c of ACRN's kernel 4.19)"
#define BUG_A9 "a guest access across the end of a huge page fails (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A11 "host addresses are taken to be those of VM 0 (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A12                                                                                  \
	"the length of a mapping is computed in 32 bits and wraps at 4 GiB (acrngt.c of ACRN's " \
	"kernel 4.19)"
#define BUG_A13 "a host address is given where a guest's is wanted (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A14                                                                                 \
	"any error of the page-track handler, not only \"not tracked\", is retried as an MMIO " \
	"write (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A15                                                                                 \
	"the guest's store is lost when the vGPU is in failsafe mode and the hypervisor traps " \
	"before the write (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A17                                                                                   \
	"after an error of emulation the guest reads a stale value, and the vGPU is in failsafe " \
	"mode for its life (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A18                                                                             \
	"the emulation thread ends by itself and destroy stops a dead thread (acrngt.c of " \
	"ACRN's kernel 4.19; acrn-hypervisor issue 1141)"
#define BUG_A20 \
	"the error path of create destroys what was never made (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A23                                                                                   \
	"a second vGPU for the same VM is half made: an error for the writer, but active and in " \
	"the table (acrngt.c of ACRN's kernel 4.19)"
#define BUG_A26                                                                               \
	"PV MMIO is six steps without an undo: after a failure mapping, range and protected " \
	"pages stay (acrngt.c of ACRN's kernel 4.19, set_pvmmio)"
#define BUG_A28                                                                               \
	"the handle is set after creation, so callbacks during it see handle 0 (acrngt.c of " \
	"ACRN's kernel 4.19)"

#define BUG_X1                                                                                \
	"an invalid page passes as mapped, since \"pfn < 0\" is asked of an unsigned number " \
	"(xengt.c of Intel's gvt-linux)"
#define BUG_X2                                                                                \
	"the size of a request comes from a shared page and is copied into 8 bytes of stack " \
	"unchecked (xengt.c of Intel's gvt-linux)"
#define BUG_X4                                                                                 \
	"only the first byte of a guest access is checked and translated, the rest is copied " \
	"from whatever lies behind it (xengt.c of Intel's gvt-linux)"
#define BUG_X6 \
	"a vGPU is freed before its emulation thread is stopped (xengt.c of Intel's gvt-linux)"
#define BUG_X7                                                                                    \
	"the handle is cleared before the core's own teardown, so unmapping and untracking fail " \
	"in it (xengt.c of XCP-ng)"
#define BUG_X11                                                                                   \
	"a mapping that was refused in ever smaller pieces ends as success with nothing mapped, " \
	"and the undo unmaps what never was (xengt.c of Intel's gvt-linux)"
#define BUG_X12 "the dirty log loses pages and never shrinks (xengt.c of Intel's gvt-linux)"
#define BUG_X14 "any error of emulation crashes the guest (xengt.c of Intel's gvt-linux)"

#define BUG_K1                                                                                    \
	"the notifier of a store looks its page up without the lock that removal holds (kvmgt.c " \
	"of Linux 5.10; \"drm/i915/gvt: Protect gfn hash table with dedicated mutex\", "          \
	"intel-gvt-dev 2022-12)"
#define BUG_K2                                                                                    \
	"no memory for a track leaves the page protected but unknown: its stores are never told " \
	"(kvmgt.c of Linux 5.10)"
#define BUG_K3 "untracking fails when the page's RAM is gone (kvmgt.c of Linux 5.10)"
#define BUG_K4                                                                                  \
	"a mapping of another size drops an entry that still has references (kvmgt.c of Linux " \
	"5.10)"
#define BUG_K5                                                                                   \
	"RAM that goes takes DMA mappings with it that the shadow tables still use (kvmgt.c of " \
	"Linux 5.10)"
#define BUG_K6                                                                                  \
	"what was left of a released vGPU hits new mappings with the same address (kvmgt.c of " \
	"Linux 5.10)"
#define BUG_K9                                                                                 \
	"a new eventfd replaces the old one without releasing it, and is read without a lock " \
	"(kvmgt.c of Linux 5.10)"
#define BUG_K10 \
	"detach returns early and leaks when no region was registered (kvmgt.c of Linux 5.10)"
#define BUG_K11                                                                                 \
	"the error paths of opregion and EDID leak, or free twice, what they hold (kvmgt.c of " \
	"Linux 5.10)"
#define BUG_K12 \
	"the EDID region tells a wrong size and cuts offsets to 16 bits (kvmgt.c of Linux 5.10)"
#define BUG_K13 "the last bytes of the aperture cannot be reached (kvmgt.c of Linux 5.10)"
#define BUG_K14 "8-byte accesses always arrive as two of 4 bytes (kvmgt.c of Linux 5.10)"
#define BUG_K16                                                                                   \
	"each translation leaks a reference to the page (kvmgt.c of Linux 5.10; \"drm/i915/gvt: " \
	"Put the page reference obtained by KVM's gfn_to_pfn()\", intel-gvt-dev 2022-12)"
#define BUG_K17 "one vGPU a VM is checked among active vGPUs only (kvmgt.c of Linux 5.10)"
#define BUG_K18 "a vGPU's mappings outlive its reference to the VM (kvmgt.c of Linux 5.10)"
#define BUG_K_MSI "address and data of an MSI are ignored (kvmgt.c of Linux 5.10)"

/* --- many of them --- */

#define BUG_UNWIND                                                                       \
	"steps done before one that fails stay done (\"drm/i915/gvt: unpin on error in " \
	"intel_vgpu_shadow_mm_pin()\", intel-gvt-dev 2022-11, and many more)"
#define BUG_FREED_TWICE                                                                         \
	"callee and caller both undo a failed mapping (\"drm/i915/gvt: fix double free bug in " \
	"split_2MB_gtt_entry\", CVE-2022-3707)"
#define BUG_PIN_LIMIT                                                                          \
	"the limit of pinned memory, RLIMIT_MEMLOCK, is met on a path that was said never to " \
	"fail (users' bare \"ret -12\": intel/gvt-linux issues 60, 69, 78, 106, 120; "         \
	"CVE-2022-3707)"
#define BUG_COUNT                                                                                \
	"mappings are counted by page number and not by address (\"drm/i915/gvt: fix incorrect " \
	"cache entry for guest page mapping\", intel-gvt-dev 2019-07)"
#define BUG_UNKNOWN_UNMAP "unmapping an unknown address passes in silence (kvmgt.c of Linux 5.10)"
#define BUG_NOT_PINNED                                                                         \
	"the device uses an address that nobody holds any more (\"drm/i915/gvt: Pin vgpu dma " \
	"address before using\", intel-gvt-dev 2019-05)"
#define BUG_REFERENCE                                                                           \
	"a reference to page, VM or device is not given back after a failure (\"drm/i915/gvt: " \
	"Get reference to KVM iff attachment to VM is successful\", intel-gvt-dev 2022-11)"
#define BUG_STALE_TRACK                                                                          \
	"a page stays tracked after the guest has reused it (\"drm/i915/gvt: Stop tracking the " \
	"pages of page table when failing to do shadow\", intel-gvt-dev 2021-12; "               \
	"intel/gvt-linux issues 112, 120, 153)"
#define BUG_TRACK_RACE                                                                        \
	"a tracker is used while it is removed (\"drm/i915/gvt: Protect gfn hash table with " \
	"dedicated mutex\", intel-gvt-dev 2022-12)"
#define BUG_RAM_GOES                                                                          \
	"RAM that is removed or moved at an odd time was never thought of (\"Reject memslot " \
	"MOVE operations if KVMGT is attached\", intel-gvt-dev 2022-12)"
#define BUG_AFTER_DESTROY                                                                        \
	"something outlives its vGPU and uses it (\"drm/i915/gvt: Fix orphan vgpu dmabuf_objs' " \
	"lifetime\", intel-gvt-dev 2020-02)"
#define BUG_TEARDOWN                                                                           \
	"things are torn down in another order than they were made (unbinding i915 with GVT, " \
	"CVE-2023-53625; acrn-hypervisor issue 2440: the hypervisor panics)"
#define BUG_DEADLOCK                                                                          \
	"a callback is made under a lock that it needs (\"drm/i915/gvt: fix dead locking in " \
	"early workload shadow\", intel-gvt-dev 2019-10)"
#define BUG_LOCK                                                                             \
	"state is changed under the wrong lock, or none (\"drm/i915/gvt: use vgpu lock for " \
	"active state setting\", intel-gvt-dev 2019-12)"
#define BUG_ATOMIC                                                                       \
	"an interrupt is sent from where nobody may sleep (\"Use GFP_ATOMIC instead of " \
	"GFP_KERNEL in atomic context\", intel-gvt-dev 2020-05)"
#define BUG_RANGE                                                                           \
	"offset and length of a guest wrap, or only the start is checked (\"drm/i915/gvt: " \
	"Prevent integer overflow in intel_vgpu_emulate_cfg_write()\", intel-gvt-dev 2021-11)"
#define BUG_TORN                                                                                  \
	"odd sizes are refused with a warning, or an aligned access is torn by a byte-wise copy " \
	"(intel/gvt-linux issues 112, 200; rust-vmm vm-memory issue 93)"
#define BUG_UNREAD                                                                            \
	"a failed read is not noticed and the garbage of its buffer is used (21 of 30 guest " \
	"accesses in Linux 5.10's core drop the result)"
#define BUG_ANSWERS                                                                              \
	"success and failure are told in six ways, one bad handle by -ESRCH, -EINVAL, -ENODEV, " \
	"0, ~0 or nothing (Linux 5.10)"
#define BUG_32_BITS                                                                        \
	"page numbers are counted in an int (intel-gvt-dev 2022-12, \"int\" over memslot " \
	"frames)"
#define BUG_ONE_HOST "there is one host a process, in a global (GVT of Linux 4.10 to 5.18)"
#define BUG_NULL_CALL                                                                             \
	"callbacks are called without a test, and nothing says which may be absent (10 of 21 in " \
	"Linux 5.10; ACRN's acrngt.c leaves five unset)"
#define BUG_ZERO_LENGTH                                                                           \
	"an access of no bytes is an error for one and none for another (kvmgt.c of Linux 5.10, " \
	"xengt.c of Intel's gvt-linux)"
#define BUG_POLICY                                                                             \
	"a failed emulation is returned, ends in failsafe mode or crashes the guest, by back " \
	"end (kvmgt.c of Linux 5.10, acrngt.c of ACRN's kernel 4.19, xengt.c of Intel's "      \
	"gvt-linux)"
#define BUG_TRACK_TWICE \
	"a second enable of the same page adds a second range (acrngt.c of ACRN's kernel 4.19)"
#define BUG_WHO_STORES                                                                         \
	"a trapped store is made by nobody: KVM writes before it tells, Xen and ACRN do not, " \
	"and the core of Linux 5.10 no longer does (read)"
#define BUG_DIRTY \
	"writes of the device model are missing in the dirty log (intel-gvt-dev, vfio_dma_rw)"
#define BUG_MESSAGE                                                                               \
	"an error is a bare number, so users guess (\"ret -12\": intel/gvt-linux issues 60, 69, " \
	"78, 106, 120)"
#define BUG_GLOBALS                                                                         \
	"a back end keeps core and operations in globals (acrngt.c of ACRN's kernel 4.19, " \
	"xengt.c of Intel's gvt-linux)"
#define BUG_INIT_TWICE                                                               \
	"a table whose host_init failed stays in place and is called (Linux 5.10's " \
	"registration)"
#define BUG_REGISTER_TWICE "registering twice is not noticed (Linux 5.10's registration)"
#define BUG_MSI_WRAPPER                                                                       \
	"an MSI asked for while it is disabled is lost, and 64-bit, masked and multi-vector " \
	"forms are refused with nobody told (Linux 5.10's inject_msi wrapper)"
#define BUG_PV_TWICE \
	"a second enable of PV MMIO repeats all its steps (acrngt.c of ACRN's kernel 4.19)"
#define BUG_PV_MOVED                                                                          \
	"a BAR that moves while PV MMIO is on leaves the old one mapped (acrngt.c of ACRN's " \
	"kernel 4.19)"
#define BUG_OVERLAP                                                                              \
	"unmapping what was not mapped passes, or takes others with it (ACRN's VHM, xengt.c of " \
	"Intel's gvt-linux)"
#define BUG_FIXED_ADDRESS \
	"the opregion is looked for at a fixed guest address (acrngt.c of ACRN's kernel 4.19)"
#define BUG_LATE_CALL                                                                           \
	"after destroy began each back end answers otherwise: nothing, 0, or a hypercall on a " \
	"freed client (kvmgt.c of Linux 5.10, xengt.c of Intel's gvt-linux; acrngt.c: "         \
	"acrn-hypervisor issue 2440)"
#define BUG_TRAP_UNKNOWN                                                                     \
	"removing an unknown trapped range answers 0, so nobody notices the one that stays " \
	"(ACRN's VHM)"
#define BUG_ABSENT_OK "a callback that is absent answers success (Linux 5.10's set_trap_area)"

#endif
