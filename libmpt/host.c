/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing hosts, and introducing the core. Which host a thread means is in current.c,
 * VMs and vGPUs are in vm.c.
 */
#include "libmpt/layers/trace.h"
#include "libmpt/sysfs.h"

static struct os_mutex registered_lock = OS_MUTEX_INIT(registered_lock);
static struct mpt_host *registered; /* registered_lock; by mpt_register() */

const char *mpt_version(void)
{
	return MPT_VERSION;
}

const struct intel_gvt_mpt *mpt_host_table(const struct mpt_host *host)
{
	return &host->table;
}

u64 mpt_host_caps(const struct mpt_host *host)
{
	return host->caps;
}

const char *mpt_host_name(const struct mpt_host *host)
{
	return host->be.name;
}

const char *mpt_host_spec(const struct mpt_host *host)
{
	return host->spec;
}

void *mpt_host_priv(const struct mpt_host *host)
{
	return host->priv;
}

const struct mpt_core *mpt_host_core(const struct mpt_host *host)
{
	return &host->core;
}

bool mpt_host_has_testbed(const struct mpt_host *host)
{
	return host->testbed.size != 0;
}

/* --- opening --- */

/* Copies min(size) of a sized structure of a caller's into ours, the rest zero. */
static void copy_sized(void *to, size_t to_size, const void *from, size_t from_size)
{
	memset(to, 0, to_size);
	memcpy(to, from, from_size < to_size ? from_size : to_size);
}

static int open_instance(struct mpt_host *host, const struct mpt_backend *be, const char *opts)
{
	struct mpt_instance inst = { .priv = NULL };
	int ret;

	copy_sized(&host->be, sizeof(host->be), be, be->size);
	copy_sized(&host->base, sizeof(host->base), be->mpt, be->mpt_size);
	if (be->testbed)
		copy_sized(&host->testbed, sizeof(host->testbed), be->testbed, be->testbed->size);
	ret = mpt_table_check(be->name, &host->base, be->caps);
	if (ret)
		return ret;
	ret = mpt_options_parse(be, opts, &host->opts);
	if (ret)
		return ret;
	ret = be->open(host, host->opts, &inst);
	if (ret) {
		mpt_options_free(be, host->opts);
		return ret;
	}
	host->priv = inst.priv;
	host->caps = inst.caps & be->caps;
	mpt_table_filter(&host->base, host->caps);
	return 0;
}

static void close_layers(struct mpt_host *host)
{
	unsigned int i;

	for (i = 0; i < host->num_layers; i++)
		mpt_layer_close(host->layer[i]);
	host->num_layers = 0;
}

/* "check,fault=read_gpa:2" from the outside in; names were checked when the spec was parsed. */
static int open_layers(struct mpt_host *host, const char *layers)
{
	const char *p = layers, *end, *arg;
	int ret;

	while (p && *p) {
		p += strspn(p, " ");
		end = strchrnul(p, ',');
		arg = memchr(p, '=', (size_t)(end - p));
		ret = host->num_layers == MPT_MAX_LAYERS ?
			      mpt_fail(-EINVAL, host->be.name, "more than %d layers", MPT_MAX_LAYERS) :
			      mpt_layer_open(mpt_layer_find(p, (size_t)((arg ? arg : end) - p)), host,
					     host->num_layers, arg ? arg + 1 : NULL,
					     arg ? (size_t)(end - arg - 1) : 0,
					     &host->layer[host->num_layers]);
		if (ret) {
			close_layers(host);
			return ret;
		}
		host->num_layers++;
		p = *end ? end + 1 : end;
	}
	host->table = host->base;
	if (host->num_layers)
		mpt_layer_table(&host->base, &host->table);
	return 0;
}

int mpt_host_open_parsed(const struct mpt_backend *be, const char *spec, const char *opts,
			 const char *layers, void *module, struct mpt_host **out)
{
	size_t len = strlen(spec) + 1;
	struct mpt_host *host;
	int ret;

	ret = mpt_backend_check(be);
	if (ret)
		return ret;
	host = mpt_zalloc(sizeof(*host) + len);
	if (!host)
		return mpt_fail(-ENOMEM, be->name, "no memory for the host");
	host->spec = memcpy(host + 1, spec, len);
	ret = open_instance(host, be, opts);
	if (ret)
		goto err_free;
	os_mutex_init(&host->lock);
	os_mutex_init(&host->uevent_lock);
	ret = open_layers(host, layers);
	if (ret)
		goto err_close;
	host->dom0_ready = host->table.dom0_ready;
	host->table.dom0_ready = mpt_uevent_dom0_ready;
	host->module = module;
	mpt_hosts_add(host, false);
	*out = host;
	return 0;
err_close:
	os_mutex_destroy(&host->uevent_lock);
	os_mutex_destroy(&host->lock);
	host->be.close(host->priv);
	mpt_options_free(&host->be, host->opts);
err_free:
	mpt_free(host);
	return ret;
}

int mpt_host_open_table(const struct mpt_backend *be, const char *opts, struct mpt_host **host)
{
#ifdef MPT_STATIC_BACKEND
	if (mpt_backend_find(be->name ? be->name : "") != be)
		return mpt_fail(-EOPNOTSUPP, be->name, "this libmpt was built for the static back end "
				MPT_STATIC_NAME " (use a build without --with-static-backend)");
#endif
	return mpt_host_open_parsed(be, be->name ? be->name : "?", opts, NULL, NULL, host);
}

int mpt_host_close(struct mpt_host *host)
{
	void *module;
	bool busy, tree;

	if (!host)
		return 0;
	os_mutex_lock(&host->lock);
	busy = host->vms;
	tree = host->sysfs;
	os_mutex_unlock(&host->lock);
	if (tree)
		return mpt_fail(-EBUSY, host->be.name,
				"it has a sysfs tree (mpt_sysfs_free() it first)");
	if (busy)
		return mpt_fail(-EBUSY, host->be.name, "a VM is held or has a vGPU (destroy the vGPUs "
				"and put the VMs first)");
	mpt_hosts_del(host);
	close_layers(host);
	host->be.close(host->priv);
	mpt_options_free(&host->be, host->opts);
	os_mutex_destroy(&host->uevent_lock);
	os_mutex_destroy(&host->lock);
	module = host->module;
	mpt_free(host->foreign);
	mpt_free(host);
	mpt_module_close(module);
	return 0;
}

/* --- a caller's table --- */

static int table_open(struct mpt_host *host, const void *opts, struct mpt_instance *inst)
{
	(void)host;
	(void)opts;
	inst->caps = MPT_CAP_ALL;
	return 0;
}

static void table_close(void *priv)
{
	(void)priv;
}

int mpt_register(const struct intel_gvt_mpt *table)
{
	struct mpt_backend be = {
		.size = sizeof(be),
		.abi = MPT_BACKEND_ABI,
		.name = "registered",
		.caps = mpt_table_caps(table),
		.mpt = table,
		.mpt_size = sizeof(*table),
		.open = table_open,
		.close = table_close,
	};
	struct mpt_host *host;
	int ret;

	os_mutex_lock(&registered_lock);
	ret = registered ? -EEXIST : 0;
	os_mutex_unlock(&registered_lock);
	if (ret)
		return mpt_fail(ret, be.name, "a table is registered already (unregister it first)");
	ret = mpt_host_open_table(&be, NULL, &host);
	if (ret)
		return ret;
	os_mutex_lock(&registered_lock);
	ret = registered ? -EEXIST : 0;
	if (!ret)
		registered = host;
	os_mutex_unlock(&registered_lock);
	if (ret) {
		mpt_host_close(host);
		return ret;
	}
	/* Ahead of hosts that were opened before: it is the one that threads without a choice mean. */
	mpt_hosts_del(host);
	mpt_hosts_add(host, true);
	return 0;
}

void mpt_unregister(void)
{
	struct mpt_host *host;

	os_mutex_lock(&registered_lock);
	host = registered;
	registered = NULL;
	os_mutex_unlock(&registered_lock);
	mpt_host_close(host);
}

/* --- the core --- */

int mpt_host_set_core(struct mpt_host *host, const struct mpt_core *core)
{
	struct mpt_core copy;
	struct mpt_vm *vm;
	bool busy = false, taken;

	memset(&copy, 0, sizeof(copy));
	if (core) {
		if (!core->size || core->flags & ~MPT_CORE_STORES || !core->ops)
			return mpt_fail(-EINVAL, host->be.name,
					"a core needs its size, its ops and only known flags");
		copy_sized(&copy, sizeof(copy), core, core->size);
	}
	os_mutex_lock(&host->lock);
	for (vm = host->vms; vm; vm = vm->next)
		busy |= vm->vgpus != 0;
	taken = core && host->core.ops && host->core.ops != copy.ops;
	if (!busy && !taken) {
		host->core = copy;
		os_store(&host->ops, copy.ops);
	}
	os_mutex_unlock(&host->lock);
	if (taken)
		return mpt_fail(-EEXIST, host->be.name, "another core has introduced itself (it must "
				"leave first)");
	if (!busy)
		MPT_TRACE_NOTE(host, TRACE_SET_CORE, 0, core != NULL, copy.flags,
			       copy.aperture_mfn, copy.aperture_pages);
	return busy ? mpt_fail(-EBUSY, host->be.name, "a vGPU exists (destroy it first)") : 0;
}

void mpt_core_arrived(struct mpt_host *host, const void *ops)
{
	os_mutex_lock(&host->lock);
	if (!host->core.ops)
		host->core = (struct mpt_core){ .size = sizeof(host->core), .ops = ops };
	os_store(&host->ops, host->core.ops);
	os_mutex_unlock(&host->lock);
}

void mpt_core_left(struct mpt_host *host)
{
	os_store(&host->ops, NULL);
}

int mpt_host_set_policy(struct mpt_host *host, enum mpt_policy policy)
{
	if ((unsigned int)policy > MPT_POLICY_STOP)
		return mpt_fail(-EINVAL, host->be.name, "unknown policy %d", (int)policy);
	host->policy = policy;
	return 0;
}

int mpt_host_init(struct mpt_host *host, struct device *dev, void *gvt, const void *ops)
{
	struct mpt_host *old = mpt_host_use(host);
	int ret = 0;

	if (host->table.host_init)
		ret = host->table.host_init(dev, gvt, ops);
	else
		mpt_core_arrived(host, ops);
	mpt_host_use(old);
	return ret;
}

void mpt_host_exit(struct mpt_host *host, struct device *dev, void *gvt)
{
	struct mpt_host *old = mpt_host_use(host);

	if (host->table.host_exit)
		host->table.host_exit(dev, gvt);
	else
		mpt_core_left(host);
	mpt_host_use(old);
}

unsigned long mpt_virt_to_mfn(struct mpt_host *host, void *p)
{
	struct mpt_host *old = mpt_host_use(host);
	unsigned long mfn = host->table.from_virt_to_mfn ? host->table.from_virt_to_mfn(p) :
							   INTEL_GVT_INVALID_ADDR;

	mpt_host_use(old);
	return mfn;
}

int mpt_dom0_ready(struct mpt_host *host)
{
	struct mpt_host *old = mpt_host_use(host);
	int ret = host->table.dom0_ready ? host->table.dom0_ready() : 0;

	mpt_host_use(old);
	return ret;
}
