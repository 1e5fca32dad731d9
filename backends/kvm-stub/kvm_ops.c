/* SPDX-License-Identifier: MIT */
/*
 * The operations that the services nearly offer as they are: guest memory, translation, tracking,
 * interrupts; and the regions that VFIO shows beside the BARs. DMA is kvm_dma.c's.
 */
#include "backends/kvm-stub/kvm.h"

/* A buffer longer than this exists nowhere: no process has that much address space. */
#define BUFFER_MAX (1ULL << 47)
#define OPREGION_SIZE (8ULL << 10)
/* An EDID region: a description, and from here on the EDID itself (linux/vfio.h's own layout). */
#define EDID_OFFSET 2048
#define EDID_SIZE 128

/* The VM of a live handle, in a section; NULL: dead. */
static inline struct svc_vm *vm_of(unsigned long handle)
{
	struct kvm_vdev *vdev = mpt_handle_get(&mpt_kvm_handles, handle);

	return OS_LIKELY(vdev) ? vdev->vm : NULL;
}

/* --- guest memory --- */

static inline int access_gpa(unsigned long handle, u64 gpa, void *buf, u64 len, bool write)
{
	unsigned long old = mpt_rcu_enter();
	struct svc_vm *vm = vm_of(handle);
	int ret = OS_LIKELY(vm) ? mpt_svc_rw(vm, gpa, buf, len, write) : -ESRCH;

	mpt_rcu_leave(old);
	return ret;
}

static int refused(const char *op, unsigned long handle, int ret, u64 gpa, u64 len)
{
	if (ret == -ESRCH)
		return mpt_kvm_dead_handle(handle, op);
	return svc_fail(op, -EFAULT,
			"0x%llx bytes at guest address 0x%llx are not all RAM that may be "
			"accessed so",
			(unsigned long long)len, (unsigned long long)gpa);
}

int mpt_kvm_read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = access_gpa(handle, gpa, buf, len, false);

	if (OS_LIKELY(!ret))
		return 0;
	if (len < BUFFER_MAX)
		memset(buf, 0, len);
	return refused("read_gpa", handle, ret, gpa, len);
}

int mpt_kvm_write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	int ret = access_gpa(handle, gpa, buf, len, true);

	return OS_LIKELY(!ret) ? 0 : refused("write_gpa", handle, ret, gpa, len);
}

unsigned long mpt_kvm_gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	unsigned long old = mpt_rcu_enter(), mfn = INTEL_GVT_INVALID_ADDR;
	struct svc_vm *vm = vm_of(handle);
	const struct svc_slot *slot = vm ? mpt_svc_slot_of(vm, gfn) : NULL;

	/* A number only: no page is held by it. */
	if (slot)
		mfn = mpt_svc_pfn(slot->mem, gfn - (slot->gpa >> MPT_PAGE_SHIFT));
	mpt_rcu_leave(old);
	if (!vm)
		mpt_kvm_dead_handle(handle, "gfn_to_mfn");
	else if (!slot)
		svc_fail("gfn_to_mfn", -EFAULT, "guest frame 0x%lx is no RAM", gfn);
	return mfn;
}

bool mpt_kvm_is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	unsigned long old = mpt_rcu_enter();
	struct svc_vm *vm = vm_of(handle);
	bool valid = vm && mpt_svc_slot_of(vm, gfn);

	mpt_rcu_leave(old);
	return valid;
}

/* --- tracking --- */

int mpt_kvm_enable_page_track(unsigned long handle, u64 gfn)
{
	struct kvm_vdev *vdev = mpt_kvm_hold(handle, "enable_page_track");
	int ret;

	if (!vdev)
		return -ESRCH;
	ret = mpt_svc_protect(vdev->vm, gfn);
	mpt_kvm_drop(vdev);
	return ret ? svc_fail("enable_page_track", ret,
			      "guest frame 0x%llx is no RAM, so it cannot be tracked",
			      (unsigned long long)gfn) :
		     0;
}

/* A frame whose RAM is gone is not tracked any more: that is what was asked for. */
int mpt_kvm_disable_page_track(unsigned long handle, u64 gfn)
{
	struct kvm_vdev *vdev = mpt_kvm_hold(handle, "disable_page_track");

	if (!vdev)
		return -ESRCH;
	mpt_svc_unprotect(vdev->vm, gfn, 1);
	mpt_kvm_drop(vdev);
	return 0;
}

/* --- interrupts; nothing here sleeps --- */

int mpt_kvm_inject_msi(unsigned long handle, u32 addr, u16 data)
{
	unsigned long old = mpt_rcu_enter();
	struct svc_vm *vm = vm_of(handle);
	bool ours = addr >> 20 == 0xfee;

	if (vm && ours)
		mpt_svc_msi(vm, addr, data);
	mpt_rcu_leave(old);
	if (!vm)
		return mpt_kvm_dead_handle(handle, "inject_msi");
	return ours ? 0 :
		      svc_fail("inject_msi", -EINVAL,
			       "0x%x is no message address (0xfee00000 to 0xfeefffff: has the "
			       "guest set up its MSI capability?)",
			       addr);
}

int mpt_kvm_set_intx(unsigned long handle, bool level)
{
	unsigned long old = mpt_rcu_enter();
	struct svc_vm *vm = vm_of(handle);

	if (vm)
		mpt_svc_intx(vm, level);
	mpt_rcu_leave(old);
	return vm ? 0 : mpt_kvm_dead_handle(handle, "set_intx");
}

/* --- regions --- */

/* The vdev of a vGPU pointer, held as by mpt_kvm_hold(). */
static struct kvm_vdev *vdev_of_vgpu(void *vgpu, const char *op)
{
	unsigned long handle = mpt_handle_by_vgpu(&mpt_kvm_handles, vgpu);

	if (handle)
		return mpt_kvm_hold(handle, op);
	svc_fail(op, -ESRCH, "%p is no attached vGPU", vgpu);
	return NULL;
}

/* What cannot be refused any more is all there before the region can be seen. */
static int region_add(struct kvm_vdev *vdev, const struct kvm_region *what, const char *op)
{
	struct kvm_region *r = mpt_zalloc(sizeof(*r));

	if (!r)
		return svc_fail(op, -ENOMEM, "no memory for a region of the device");
	*r = *what;
	os_mutex_lock(&vdev->lock);
	r->next = vdev->regions;
	vdev->regions = r;
	os_mutex_unlock(&vdev->lock);
	return 0;
}

void mpt_kvm_regions_exit(struct kvm_vdev *vdev)
{
	struct kvm_region *r;

	while ((r = vdev->regions)) {
		vdev->regions = r->next;
		mpt_free(r);
	}
}

int mpt_kvm_set_opregion(void *vgpu)
{
	static const struct kvm_region region = { .type = KVM_REGION_OPREGION,
						  .size = OPREGION_SIZE };
	struct kvm_vdev *vdev = vdev_of_vgpu(vgpu, "set_opregion");
	int ret;

	if (!vdev)
		return -ESRCH;
	ret = region_add(vdev, &region, "set_opregion");
	if (!ret)
		os_fetch_add(&vdev->vm->opregion, 1);
	mpt_kvm_drop(vdev);
	return ret;
}

int mpt_kvm_set_edid(void *vgpu, int port)
{
	struct kvm_region region = { .type = KVM_REGION_EDID,
				     .size = EDID_OFFSET + EDID_SIZE,
				     .writable = true,
				     .port = port,
				     .edid_offset = EDID_OFFSET,
				     .edid_max = EDID_SIZE };
	struct kvm_vdev *vdev = vdev_of_vgpu(vgpu, "set_edid");
	int ret;

	if (!vdev)
		return -ESRCH;
	if (port < 0 || port >= KVM_PORTS)
		ret = svc_fail("set_edid", -EINVAL, "port %d (0 to %d)", port, KVM_PORTS - 1);
	else
		ret = region_add(vdev, &region, "set_edid");
	if (!ret)
		os_fetch_add(&vdev->vm->edid, 1);
	mpt_kvm_drop(vdev);
	return ret;
}

int mpt_kvm_get_vfio_device(void *vgpu)
{
	struct kvm_vdev *vdev = vdev_of_vgpu(vgpu, "get_vfio_device");

	if (!vdev)
		return -ESRCH;
	os_fetch_add(&vdev->vm->vfio_device, 1);
	mpt_kvm_drop(vdev);
	return 0;
}

void mpt_kvm_put_vfio_device(void *vgpu)
{
	struct kvm_vdev *vdev = vdev_of_vgpu(vgpu, "put_vfio_device");

	if (!vdev)
		return;
	os_fetch_add(&vdev->vm->vfio_device, -1);
	mpt_kvm_drop(vdev);
}
