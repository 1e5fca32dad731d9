/* SPDX-License-Identifier: MIT */
/*
 * Guest accesses on their way from a back end to the core: the embedder's policy when emulation
 * fails, who performs a trapped store, and the sides of the testbed's functions that are the same
 * for every back end.
 */
#include "libmpt/layers/trace.h"

/* A failed emulation: the reader still gets defined bytes, the policy decides the rest. */
static int emulation_failed(struct mpt_host *host, void *vgpu, void *vm, int err)
{
	switch (host->policy) {
	case MPT_POLICY_FAILSAFE:
		if (host->core.emulation_failed)
			host->core.emulation_failed(vgpu, err);
		break;
	case MPT_POLICY_STOP:
		if (host->be.vm_stop)
			host->be.vm_stop(host->priv, vm);
		break;
	case MPT_POLICY_RETURN:
		break;
	}
	return err;
}

static int no_core(struct mpt_host *host)
{
	return mpt_fail(-EINVAL, host->be.name, "no core has introduced itself");
}

/* --- the core is told; a trace layer records when that begins and how it ends --- */

struct told {
	struct mpt_host *host;
	void *vgpu;
	enum mpt_trace_id id;
};

static void told_begin(const struct told *t, u64 at, const void *buf, unsigned int len)
{
	mpt_trace_core(t->host, t->vgpu, t->id, 0, (const u64[]){ at, len, (uintptr_t)buf });
}

/* @len: of what was read. Return: the answer. */
static int told_end(const struct told *t, int ret, const void *buf, unsigned int len)
{
	mpt_trace_core(t->host, t->vgpu, TRACE_CORE_DONE, ret,
		       (const u64[]){ ret ? 0 : len, (uintptr_t)buf });
	return ret;
}

typedef int (*access_fn)(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len);

static __attribute__((__noinline__)) int tell_traced(const struct told *t, access_fn fn, u64 gpa,
						     void *buf, unsigned int len)
{
	told_begin(t, gpa, buf, len);
	return told_end(t, fn(t->vgpu, gpa, buf, len), buf, t->id == TRACE_MMIO_READ ? len : 0);
}

static inline int tell(struct mpt_host *host, enum mpt_trace_id id, access_fn fn, void *vgpu,
		       u64 gpa, void *buf, unsigned int len)
{
	if (OS_LIKELY(!host->trace))
		return fn(vgpu, gpa, buf, len);
	return tell_traced(&(struct told){ host, vgpu, id }, fn, gpa, buf, len);
}

static int tell_cfg(struct mpt_host *host, const struct intel_gvt_ops *ops, void *vgpu,
		    unsigned int offset, void *buf, unsigned int len, bool write)
{
	struct told t = { host, vgpu, write ? TRACE_EMULATE_CFG_WRITE : TRACE_EMULATE_CFG_READ };
	int ret;

	if (OS_UNLIKELY(host->trace))
		told_begin(&t, offset, buf, len);
	ret = write ? ops->emulate_cfg_write(vgpu, offset, buf, len) :
		      ops->emulate_cfg_read(vgpu, offset, buf, len);
	return OS_UNLIKELY(host->trace) ? told_end(&t, ret, buf, write ? 0 : len) : ret;
}

/* Without the callback a read leaves the buffer and a write is dropped. */
static int tell_aperture(struct mpt_host *host, u64 offset, void *buf, unsigned int len, bool write)
{
	struct told t = { host, NULL, write ? TRACE_APERTURE_WRITE : TRACE_APERTURE_READ };
	const struct mpt_core *core = &host->core;
	int ret;

	if (!(write ? (void *)core->aperture_write : (void *)core->aperture_read))
		return 0;
	if (OS_UNLIKELY(host->trace))
		told_begin(&t, offset, buf, len);
	ret = write ? core->aperture_write(core->opaque, offset, buf, len) :
		      core->aperture_read(core->opaque, offset, buf, len);
	return OS_UNLIKELY(host->trace) ? told_end(&t, ret, buf, write ? 0 : len) : ret;
}

/* --- what a back end calls --- */

int mpt_deliver_mmio(struct mpt_host *host, void *vgpu, void *vm, u64 gpa, void *buf,
		     unsigned int len, bool write)
{
	const struct intel_gvt_ops *ops = os_load(&host->ops);
	int ret;

	if (OS_UNLIKELY(!ops || !ops->emulate_mmio_read || !ops->emulate_mmio_write))
		ret = no_core(host);
	else if (write)
		ret = tell(host, TRACE_MMIO_WRITE, ops->emulate_mmio_write, vgpu, gpa, buf, len);
	else
		ret = tell(host, TRACE_MMIO_READ, ops->emulate_mmio_read, vgpu, gpa, buf, len);
	if (OS_LIKELY(!ret))
		return 0;
	if (!write)
		memset(buf, 0xff, len);
	return ops ? emulation_failed(host, vgpu, vm, ret) : ret;
}

int mpt_deliver_cfg(struct mpt_host *host, void *vgpu, void *vm, unsigned int offset, void *buf,
		    unsigned int len, bool write)
{
	const struct intel_gvt_ops *ops = os_load(&host->ops);
	int ret;

	if (OS_UNLIKELY(!ops || !ops->emulate_cfg_read || !ops->emulate_cfg_write))
		ret = no_core(host);
	else
		ret = tell_cfg(host, ops, vgpu, offset, buf, len, write);
	if (OS_LIKELY(!ret))
		return 0;
	if (!write)
		memset(buf, 0xff, len);
	return ops ? emulation_failed(host, vgpu, vm, ret) : ret;
}

int mpt_deliver_store(struct mpt_host *host, void *vgpu, void *vm, unsigned long handle, u64 gpa,
		      const void *data, unsigned int len,
		      int (*write_gpa)(unsigned long, unsigned long, void *, unsigned long))
{
	const struct intel_gvt_ops *ops = os_load(&host->ops);
	bool stored = host->caps & MPT_CAP_WRITE_AFTER;
	/* write_gpa and the handler take their data as void *; neither writes to it. */
	void *bytes = (void *)(uintptr_t)data;
	int ret;

	if (OS_UNLIKELY(!ops || !ops->write_protect_handler))
		return stored ? 0 : write_gpa(handle, gpa, bytes, len);
	if (!stored && !(host->core.flags & MPT_CORE_STORES)) {
		ret = write_gpa(handle, gpa, bytes, len);
		if (ret)
			return ret;
		stored = true;
	}
	ret = tell(host, TRACE_STORE, ops->write_protect_handler, vgpu, gpa, bytes, len);
	if (OS_LIKELY(!ret))
		return 0;
	if (ret == -ENXIO) {
		int err = stored ? 0 : write_gpa(handle, gpa, bytes, len);

		return err ? err : ret;
	}
	return emulation_failed(host, vgpu, vm, ret);
}

int mpt_deliver_aperture(struct mpt_host *host, u64 offset, void *buf, unsigned int len, bool write)
{
	const struct mpt_core *core = &host->core;
	u64 size = core->aperture_pages << MPT_PAGE_SHIFT;
	int ret;

	if (offset >= size || len > size - offset)
		return mpt_fail(-EINVAL, host->be.name, "0x%llx is outside the aperture",
				(unsigned long long)offset);
	ret = tell_aperture(host, offset, buf, len, write);
	if (!write && (ret || !core->aperture_read))
		memset(buf, 0xff, len);
	return ret;
}

void mpt_deliver_region(struct mpt_host *host, void *vgpu, u64 gfn, u64 nr, bool added)
{
	const struct intel_gvt_ops *ops = os_load(&host->ops);

	if (!ops || !ops->guest_region_event)
		return;
	if (OS_UNLIKELY(host->trace))
		mpt_trace_core(host, vgpu, TRACE_REGION, 0, (const u64[]){ gfn, nr, added });
	ops->guest_region_event(vgpu, gfn, nr, added);
	if (OS_UNLIKELY(host->trace))
		mpt_trace_core(host, vgpu, TRACE_CORE_DONE, 0, (const u64[]){ 0, 0 });
}

void mpt_deliver_reset(struct mpt_host *host, void *vgpu)
{
	const struct intel_gvt_ops *ops = os_load(&host->ops);

	if (ops && ops->vgpu_reset)
		ops->vgpu_reset(vgpu);
}

void mpt_deliver_active(struct mpt_host *host, void *vgpu, bool on)
{
	const struct intel_gvt_ops *ops = os_load(&host->ops);

	if (ops && on && ops->vgpu_activate)
		ops->vgpu_activate(vgpu);
	if (ops && !on && ops->vgpu_deactivate)
		ops->vgpu_deactivate(vgpu);
}

int mpt_deliver_save(struct mpt_host *host, void *vgpu,
		     int (*write)(void *arg, const void *buf, size_t len), void *arg)
{
	if (host->core.state_save)
		return host->core.state_save(vgpu, write, arg);
	return mpt_fail(-EOPNOTSUPP, host->be.name, "the core cannot hand out a vGPU's state");
}

int mpt_deliver_restore(struct mpt_host *host, void *vgpu, const void *blob, size_t len)
{
	if (host->core.state_restore)
		return host->core.state_restore(vgpu, blob, len);
	return mpt_fail(-EOPNOTSUPP, host->be.name, "the core cannot take a vGPU's state");
}
