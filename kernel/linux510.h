/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the i915 of Linux 5.10 exchanges with a hypervisor's module, for a module that is built
 * against headers packages, which do not have it. Members and their order are that kernel's: other
 * kernels have others. tests/kernel/ compares both with its source.
 */
#ifndef MPT_KERNEL_LINUX510_H
#define MPT_KERNEL_LINUX510_H

struct attribute_group;
struct device;
struct intel_gvt;
struct intel_vgpu;
struct intel_vgpu_type;

/* Of struct linux510_mpt.type; it takes no others. */
#define LINUX510_XEN 0
#define LINUX510_KVM 1

/* The operations of a hypervisor: return type, name, parameters. */
#define LINUX510_MPT(X)                                                                       \
	X(int, host_init, (struct device *dev, void *gvt, const void *ops))                   \
	X(void, host_exit, (struct device *dev))                                              \
	X(int, attach_vgpu, (void *vgpu, unsigned long *handle))                              \
	X(void, detach_vgpu, (void *vgpu))                                                    \
	X(int, inject_msi, (unsigned long handle, u32 addr, u16 data))                        \
	X(unsigned long, from_virt_to_mfn, (void *p))                                         \
	X(int, enable_page_track, (unsigned long handle, u64 gfn))                            \
	X(int, disable_page_track, (unsigned long handle, u64 gfn))                           \
	X(int, read_gpa, (unsigned long handle, unsigned long gpa, void *buf,                 \
			  unsigned long len))                                                 \
	X(int, write_gpa, (unsigned long handle, unsigned long gpa, void *buf,                \
			   unsigned long len))                                                \
	X(unsigned long, gfn_to_mfn, (unsigned long handle, unsigned long gfn))               \
	X(int, dma_map_guest_page, (unsigned long handle, unsigned long gfn,                  \
				    unsigned long size, dma_addr_t *dma_addr))                \
	X(void, dma_unmap_guest_page, (unsigned long handle, dma_addr_t dma_addr))            \
	X(int, dma_pin_guest_page, (unsigned long handle, dma_addr_t dma_addr))               \
	X(int, map_gfn_to_mfn, (unsigned long handle, unsigned long gfn, unsigned long mfn,   \
				unsigned int nr, bool map))                                   \
	X(int, set_trap_area, (unsigned long handle, u64 start, u64 end, bool map))           \
	X(int, set_opregion, (void *vgpu))                                                    \
	X(int, set_edid, (void *vgpu, int port_num))                                          \
	X(int, get_vfio_device, (void *vgpu))                                                 \
	X(void, put_vfio_device, (void *vgpu))                                                \
	X(bool, is_valid_gfn, (unsigned long handle, unsigned long gfn))

/* The core's entry points. */
#define LINUX510_OPS(X)                                                                       \
	X(int, emulate_cfg_read, (struct intel_vgpu *vgpu, unsigned int offset, void *buf,    \
				  unsigned int bytes))                                        \
	X(int, emulate_cfg_write, (struct intel_vgpu *vgpu, unsigned int offset, void *buf,   \
				   unsigned int bytes))                                       \
	X(int, emulate_mmio_read, (struct intel_vgpu *vgpu, u64 gpa, void *buf,               \
				   unsigned int bytes))                                       \
	X(int, emulate_mmio_write, (struct intel_vgpu *vgpu, u64 gpa, void *buf,              \
				    unsigned int bytes))                                      \
	X(struct intel_vgpu *, vgpu_create, (struct intel_gvt *gvt,                           \
					     struct intel_vgpu_type *type))                   \
	X(void, vgpu_destroy, (struct intel_vgpu *vgpu))                                      \
	X(void, vgpu_release, (struct intel_vgpu *vgpu))                                      \
	X(void, vgpu_reset, (struct intel_vgpu *vgpu))                                        \
	X(void, vgpu_activate, (struct intel_vgpu *vgpu))                                     \
	X(void, vgpu_deactivate, (struct intel_vgpu *vgpu))                                   \
	X(struct intel_vgpu_type *, gvt_find_vgpu_type, (struct intel_gvt *gvt,               \
							 const char *name))                   \
	X(bool, get_gvt_attrs, (struct attribute_group ***groups))                            \
	X(int, vgpu_query_plane, (struct intel_vgpu *vgpu, void *args))                       \
	X(int, vgpu_get_dmabuf, (struct intel_vgpu *vgpu, unsigned int id))                   \
	X(int, write_protect_handler, (struct intel_vgpu *vgpu, u64 gpa, void *data,          \
				       unsigned int bytes))                                   \
	X(void, emulate_hotplug, (struct intel_vgpu *vgpu, bool connected))

#define LINUX510_MEMBER(ret, name, params) ret(*name) params;

struct linux510_mpt {
	int type;
	LINUX510_MPT(LINUX510_MEMBER)
};

struct linux510_ops {
	LINUX510_OPS(LINUX510_MEMBER)
};

#undef LINUX510_MEMBER

#endif
