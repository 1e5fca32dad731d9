/* SPDX-License-Identifier: MIT */
/*
 * The back end kvm-stub: its options and table, opening and closing, the core's coming and going,
 * and the life of a vdev from attach to detach.
 */
#include "backends/kvm-stub/kvm.h"

struct mpt_handles mpt_kvm_handles = { .name = SVC_NAME };

/* --- options --- */

#define OPT(field, name_, type_, def_, help_, ...)                                          \
	{                                                                                   \
		.name = (name_), .def = (def_), .help = (help_), .type = MPT_OPTION_##type_, \
		.offset = offsetof(struct svc_options, field), __VA_ARGS__                  \
	}

static const struct mpt_option options[] = {
	OPT(memlock, "memlock", SIZE, "0", "guest memory that may be pinned, 0: all of it",
	    .max = UINT64_MAX),
	OPT(memslots, "memslots", UINT, "509", "regions of RAM a VM may have", .min = 1,
	    .max = 32764),
	OPT(phys_bits, "phys-bits", UINT, "40", "guest-physical address bits", .min = 32,
	    .max = SVC_PHYS_BITS_MAX),
	OPT(hugepages, "hugepages", BOOL, "yes", "2 MiB of aligned guest frames are contiguous"),
	OPT(msi_eventfd, "msi-eventfd", BOOL, "yes", "signal interrupts on an eventfd"),
	OPT(track, "track", BOOL, "yes", "offer enable_page_track, disable_page_track"),
	OPT(pin, "pin", BOOL, "yes", "offer dma_pin_guest_page"),
	OPT(intx, "intx", BOOL, "yes", "offer set_intx"),
	OPT(mfn, "mfn", BOOL, "yes", "offer gfn_to_mfn"),
	{ .name = NULL },
};

#define KVM_CAPS                                                                        \
	(MPT_CAP_PAGE_TRACK | MPT_CAP_DMA_PIN | MPT_CAP_INTX | MPT_CAP_GFN_TO_MFN | \
	 MPT_CAP_WRITE_AFTER)

static u64 options_caps(const struct svc_options *o)
{
	return (o->track ? MPT_CAP_PAGE_TRACK | MPT_CAP_WRITE_AFTER : 0) |
	       (o->pin ? MPT_CAP_DMA_PIN : 0) | (o->intx ? MPT_CAP_INTX : 0) |
	       (o->mfn ? MPT_CAP_GFN_TO_MFN : 0);
}

/* --- instances --- */

static int kvm_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	struct svc *svc = mpt_zalloc(sizeof(*svc));
	int ret;

	if (!svc)
		return svc_fail("open", -ENOMEM, "no memory for the machine");
	svc->host = host;
	svc->opt = *(const struct svc_options *)opts;
	ret = mpt_svc_init(svc);
	if (ret) {
		mpt_free(svc);
		return ret;
	}
	*inst = (struct mpt_instance){ .priv = svc, .caps = options_caps(&svc->opt) };
	return 0;
}

static void kvm_close(void *priv)
{
	struct svc *svc = priv;

	mpt_kvm_vms_exit(svc);
	mpt_svc_exit(svc);
	mpt_free(svc);
}

static int kvm_vm_get(void *priv, unsigned int id, void **out)
{
	struct svc *svc = priv;
	struct svc_vm *vm;

	os_mutex_lock(&svc->vms_lock);
	for (vm = svc->vms; vm && vm->id != id; vm = vm->next)
		;
	if (vm)
		vm->refs++;
	os_mutex_unlock(&svc->vms_lock);
	if (!vm)
		return svc_fail("vm_get", -ESRCH, "no VM %u (mpt_vm_create() makes one)", id);
	*out = vm;
	return 0;
}

static void kvm_vm_put(void *priv, void *vm)
{
	struct svc *svc = priv;

	os_mutex_lock(&svc->vms_lock);
	((struct svc_vm *)vm)->refs--;
	os_mutex_unlock(&svc->vms_lock);
}

static void kvm_vm_stop(void *priv, void *vm)
{
	(void)priv;
	os_store(&((struct svc_vm *)vm)->stopped, true);
}

/* --- the core --- */

static int kvm_host_init(struct device *dev, void *gvt, const void *ops)
{
	struct svc *svc = mpt_backend_self();

	(void)dev;
	if (!svc || !gvt || !ops)
		return svc_fail("host_init", -EINVAL,
				"the core gave no device or no entry points");
	if (os_exchange(&svc->core_there, true))
		return svc_fail("host_init", -EEXIST,
				"a core is there already (let it exit first)");
	mpt_core_arrived(svc->host, ops);
	return 0;
}

static void kvm_host_exit(struct device *dev, void *gvt)
{
	struct svc *svc = mpt_backend_self();

	(void)dev;
	(void)gvt;
	if (!svc)
		return;
	mpt_core_left(svc->host);
	os_store(&svc->core_there, false);
}

/* --- handles --- */

int mpt_kvm_dead_handle(unsigned long handle, const char *op)
{
	return svc_fail(op, -ESRCH, "handle 0x%lx is dead or was never given out", handle);
}

struct kvm_vdev *mpt_kvm_hold(unsigned long handle, const char *op)
{
	unsigned long old = mpt_rcu_enter();
	struct kvm_vdev *vdev = mpt_handle_get(&mpt_kvm_handles, handle);

	if (vdev)
		os_fetch_add(&vdev->users, 1);
	mpt_rcu_leave(old);
	if (!vdev)
		mpt_kvm_dead_handle(handle, op);
	return vdev;
}

void mpt_kvm_drop(struct kvm_vdev *vdev)
{
	os_fetch_add(&vdev->users, -1UL);
}

/* --- notices of the services --- */

static struct kvm_vdev *vdev_of(struct svc_user *user)
{
	return OS_CONTAINER_OF(user, struct kvm_vdev, user);
}

void *mpt_kvm_deliver(struct svc_vm *vm)
{
	struct svc_user *user = mpt_svc_user_enter(vm);
	void *vgpu = user ? os_load(&vdev_of(user)->deliver) : NULL;

	if (user && !vgpu)
		mpt_deliver_leave();
	return vgpu;
}

static int notice_written(struct svc_user *user, u64 gpa, const void *data, unsigned int len)
{
	struct kvm_vdev *vdev = vdev_of(user);
	void *vgpu = os_load(&vdev->deliver);
	int ret;

	if (!vgpu)
		return 0;
	os_fetch_add(&vdev->vm->track_hits, 1);
	ret = mpt_deliver_store(vdev->vm->svc->host, vgpu, vdev->vm, vdev->handle, gpa, data, len,
				mpt_kvm_write_gpa);
	/* The core does not track the page (any more), but the store is done. */
	return ret == -ENXIO ? 0 : ret;
}

static void notice_region(struct kvm_vdev *vdev, u64 gfn, u64 nr, bool added)
{
	void *vgpu = os_load(&vdev->deliver);

	if (vgpu)
		mpt_deliver_region(vdev->vm->svc->host, vgpu, gfn, nr, added);
}

static void notice_mapped(struct svc_user *user, u64 gfn, u64 nr)
{
	notice_region(vdev_of(user), gfn, nr, true);
}

/* The core drops what it shadows; what it keeps stays pinned until its last unmap. */
static void notice_unmapped(struct svc_user *user, u64 gfn, u64 nr)
{
	mpt_kvm_dma_forget(vdev_of(user), gfn, nr);
	notice_region(vdev_of(user), gfn, nr, false);
}

/* --- a vdev's life --- */

static void vdev_free(struct kvm_vdev *vdev)
{
	mpt_kvm_dma_exit(vdev);
	mpt_kvm_regions_exit(vdev);
	os_mutex_destroy(&vdev->lock);
	mpt_free(vdev);
}

static struct kvm_vdev *vdev_new(struct svc_vm *vm, void *vgpu)
{
	struct kvm_vdev *vdev = mpt_zalloc(sizeof(*vdev));

	if (!vdev)
		return NULL;
	*vdev = (struct kvm_vdev){
		.user = { notice_written, notice_mapped, notice_unmapped },
		.vm = vm,
		.vgpu = vgpu,
		.deliver = vgpu,
	};
	os_mutex_init(&vdev->lock);
	if (!mpt_kvm_dma_init(vdev))
		return vdev;
	vdev_free(vdev);
	return NULL;
}

/* Everything is there before anybody can find it. svc->vms_lock is held. */
static int attach_locked(struct kvm_vdev *vdev, unsigned long *handle)
{
	struct svc_vm *vm = vdev->vm;
	int ret;

	if (vm->user)
		return svc_fail("attach_vgpu", -EEXIST,
				"VM %u has a vGPU already (destroy that first)", vm->id);
	if (os_load(&vm->stopped))
		return svc_fail("attach_vgpu", -EBUSY, "VM %u has been stopped", vm->id);
	ret = mpt_handle_new(&mpt_kvm_handles, vdev, vdev->vgpu, &vdev->handle);
	if (ret)
		return ret;
	*handle = vdev->handle;
	os_store(&vm->user, &vdev->user);
	return 0;
}

static int kvm_attach(void *vgpu, unsigned long *handle)
{
	struct kvm_vdev *vdev;
	struct svc_vm *vm;
	void *target;
	int ret;

	if (!vgpu)
		return svc_fail("attach_vgpu", -EINVAL, "no vGPU was given");
	ret = mpt_attach_target(&target);
	if (ret)
		return ret;
	vm = target;
	vdev = vdev_new(vm, vgpu);
	if (!vdev)
		return svc_fail("attach_vgpu", -ENOMEM, "no memory for a vGPU of VM %u", vm->id);
	os_mutex_lock(&vm->svc->vms_lock);
	ret = attach_locked(vdev, handle);
	os_mutex_unlock(&vm->svc->vms_lock);
	if (ret)
		vdev_free(vdev);
	return ret;
}

/*
 * Guest accesses stop seeing the vGPU, operations its handle, notices the vdev, and all are waited
 * for before anything is freed. The VM can be attached to again only when nothing of this is left.
 */
static void kvm_detach(unsigned long handle)
{
	struct kvm_vdev *vdev = mpt_kvm_hold(handle, "detach_vgpu");
	struct svc *svc;
	struct svc_vm *vm;

	if (!vdev)
		return;
	vm = vdev->vm;
	svc = vm->svc;
	os_mutex_lock(&svc->vms_lock);
	vdev->vgpu = NULL;
	os_store(&vdev->deliver, NULL);
	os_mutex_unlock(&svc->vms_lock);
	if (!mpt_handle_free(&mpt_kvm_handles, handle)) {
		mpt_kvm_drop(vdev);
		return;
	}
	mpt_kvm_drop(vdev);
	while (os_load(&vdev->users))
		os_yield();
	mpt_deliver_quiesce(vm);
	mpt_svc_unprotect_all(vm);
	mpt_kvm_dma_clear(vdev);
	/* From here on the VM is held, not attached to. */
	os_mutex_lock(&svc->vms_lock);
	os_store(&vm->user, NULL);
	vm->refs++;
	os_mutex_unlock(&svc->vms_lock);
	mpt_deliver_quiesce(vm);
	vdev_free(vdev);
	kvm_vm_put(svc, vm);
}

/* Under the lock of attaching: a quiesced vGPU that is gone by now is not delivered to again. */
static void deliver_set(struct svc_vm *vm, bool on)
{
	struct kvm_vdev *vdev;

	os_mutex_lock(&vm->svc->vms_lock);
	vdev = vm->user ? vdev_of(vm->user) : NULL;
	if (vdev)
		os_store(&vdev->deliver, on ? vdev->vgpu : NULL);
	os_mutex_unlock(&vm->svc->vms_lock);
}

static int kvm_quiesce(void *priv, void *vm, bool on)
{
	int ret;

	(void)priv;
	deliver_set(vm, !on);
	ret = on ? mpt_deliver_quiesce(vm) : 0;
	if (ret)
		deliver_set(vm, true);
	return ret;
}

/* --- the table; what is absent is answered by libmpt --- */

static int kvm_dom0_ready(void)
{
	return 0;
}

static const struct intel_gvt_mpt table = {
	.host_init = kvm_host_init,
	.host_exit = kvm_host_exit,
	.attach_vgpu = kvm_attach,
	.detach_vgpu = kvm_detach,
	.inject_msi = mpt_kvm_inject_msi,
	.enable_page_track = mpt_kvm_enable_page_track,
	.disable_page_track = mpt_kvm_disable_page_track,
	.read_gpa = mpt_kvm_read_gpa,
	.write_gpa = mpt_kvm_write_gpa,
	.gfn_to_mfn = mpt_kvm_gfn_to_mfn,
	.dma_map_guest_page = mpt_kvm_dma_map,
	.dma_unmap_guest_page = mpt_kvm_dma_unmap,
	.dom0_ready = kvm_dom0_ready,
	.dma_pin_guest_page = mpt_kvm_dma_pin,
	.set_opregion = mpt_kvm_set_opregion,
	.set_edid = mpt_kvm_set_edid,
	.get_vfio_device = mpt_kvm_get_vfio_device,
	.put_vfio_device = mpt_kvm_put_vfio_device,
	.is_valid_gfn = mpt_kvm_is_valid_gfn,
	.set_intx = mpt_kvm_set_intx,
};

extern const struct mpt_backend mpt_backend_kvm_stub;
const struct mpt_backend mpt_backend_kvm_stub = {
	.size = sizeof(struct mpt_backend),
	.abi = MPT_BACKEND_ABI,
	.name = SVC_NAME,
	.summary = "KVM's shape, over a stub of KVM's and VFIO's services in this process",
	.caps = KVM_CAPS,
	.options = options,
	.options_size = sizeof(struct svc_options),
	.mpt = &table,
	.mpt_size = sizeof(table),
	.testbed = &mpt_kvm_testbed,
	.probe = mpt_kvm_probe,
	.open = kvm_open,
	.close = kvm_close,
	.vm_get = kvm_vm_get,
	.vm_put = kvm_vm_put,
	.quiesce = kvm_quiesce,
	.vm_stop = kvm_vm_stop,
};
