/* SPDX-License-Identifier: MIT */
/*
 * <mpt/foreign.h>: the operations of a host and the entry points of a core, between names that a
 * core's own headers take and ours. How such a core is compiled is in <mpt/compat/linux.h>.
 */
#include <mpt/foreign.h>

#include "libmpt/internal.h"

_Static_assert(MPT_FOREIGN_WRITE_AFTER == MPT_CAP_WRITE_AFTER, "one bit, two names");
_Static_assert(MPT_FOREIGN_STORES == MPT_CORE_STORES, "one bit, two names");

/* The operations that have a vGPU; those of a host are functions. */
#define IF_HOST(...)
#define IF_ATTACH(...) __VA_ARGS__
#define IF_DETACH(...) __VA_ARGS__
#define IF_HANDLE(...) __VA_ARGS__
#define IF_VGPU(...) __VA_ARGS__

#define MPT_OP(scope, kind, id, ...) \
	IF_##scope(_Static_assert(__builtin_types_compatible_p( \
			__typeof__(((struct mpt_foreign_table *)0)->id), \
			__typeof__(((struct intel_gvt_mpt *)0)->id)), "type of " #id);)
#include <mpt/ops.def>
#undef MPT_OP

#define MPT_OP(scope, kind, id, ...) IF_##scope(+1)
_Static_assert(sizeof(struct mpt_foreign_table) ==
	       offsetof(struct mpt_foreign_table, attach_vgpu) + sizeof(void *) * (0
#include <mpt/ops.def>
	       ), "struct mpt_foreign_table is complete");
#undef MPT_OP

int mpt_foreign_table(const struct mpt_host *host, struct mpt_foreign_table *table)
{
	struct mpt_foreign_table all = { .size = table->size, .caps = host->caps };

	if (table->size < offsetof(struct mpt_foreign_table, attach_vgpu))
		return mpt_fail(-EINVAL, host->be.name, "the table's size is not set");
#define MPT_OP(scope, kind, id, ...) IF_##scope(all.id = host->table.id;)
#include <mpt/ops.def>
#undef MPT_OP
	memcpy(table, &all, all.size < sizeof(all) ? all.size : sizeof(all));
	return 0;
}

/*
 * The types differ in "void *" for a pointer to a structure that is not known here, which is passed
 * the same way on whatever has GPUs of this kind.
 */
#define TAKE(ops, core, member) ((ops)->member = (__typeof__((ops)->member))(core)->member)

static void take_ops(struct intel_gvt_ops *ops, const struct mpt_foreign_core *core)
{
	TAKE(ops, core, emulate_cfg_read);
	TAKE(ops, core, emulate_cfg_write);
	TAKE(ops, core, emulate_mmio_read);
	TAKE(ops, core, emulate_mmio_write);
	TAKE(ops, core, vgpu_create);
	TAKE(ops, core, vgpu_destroy);
	TAKE(ops, core, vgpu_reset);
	TAKE(ops, core, vgpu_activate);
	TAKE(ops, core, vgpu_deactivate);
	TAKE(ops, core, vgpu_release);
	TAKE(ops, core, write_protect_handler);
	TAKE(ops, core, emulate_hotplug);
	TAKE(ops, core, gvt_find_vgpu_type);
}

static int set_core(struct mpt_host *host, const struct intel_gvt_ops *ops,
		    const struct mpt_foreign_core *foreign)
{
	struct mpt_core core = {
		.size = sizeof(core),
		.flags = foreign->flags,
		.ops = ops,
		.opaque = foreign->opaque,
		.aperture_mfn = foreign->aperture_mfn,
		.aperture_pages = foreign->aperture_pages,
		.aperture_read = foreign->aperture_read,
		.aperture_write = foreign->aperture_write,
	};

	TAKE(&core, foreign, emulation_failed);
	return mpt_host_set_core(host, &core);
}

int mpt_foreign_init(struct mpt_host *host, struct device *dev, void *gvt,
		     const struct mpt_foreign_core *core)
{
	struct mpt_foreign_core all;
	struct intel_gvt_ops *ops;
	int ret;

	if (!core->size || !gvt)
		return mpt_fail(-EINVAL, host->be.name, "a core needs its size and a device");
	memset(&all, 0, sizeof(all));
	memcpy(&all, core, core->size < sizeof(all) ? core->size : sizeof(all));
	ops = mpt_zalloc(sizeof(*ops));
	if (!ops)
		return mpt_fail(-ENOMEM, host->be.name, "no memory for the core's entry points");
	take_ops(ops, &all);
	ret = set_core(host, ops, &all);
	if (ret)
		goto err_free;
	ret = mpt_host_init(host, dev, gvt, ops);
	if (ret)
		goto err_forget;
	host->foreign = ops;
	return 0;
err_forget:
	mpt_host_set_core(host, NULL);
err_free:
	mpt_free(ops);
	return ret;
}

void mpt_foreign_exit(struct mpt_host *host, struct device *dev, void *gvt)
{
	if (!host->foreign)
		return;
	mpt_host_exit(host, dev, gvt);
	if (mpt_host_set_core(host, NULL)) {
		/* Its entry points stay until the host is closed: vgpu_destroy is still to come. */
		mpt_log(MPT_LOG_WARN, "%s: a core has left and a vGPU of it has not",
			host->be.name);
		return;
	}
	mpt_free(host->foreign);
	host->foreign = NULL;
}

unsigned long mpt_foreign_virt_to_mfn(struct mpt_host *host, void *p)
{
	return mpt_virt_to_mfn(host, p);
}
