/* SPDX-License-Identifier: MIT */
/* uevents: who listens on a host, and the two that there are. */
#include "libmpt/sysfs.h"

void mpt_uevent_listen(struct mpt_host *host, mpt_uevent_fn fn, void *arg)
{
	os_mutex_lock(&host->uevent_lock);
	host->uevent = fn;
	host->uevent_arg = arg;
	os_mutex_unlock(&host->uevent_lock);
}

static void send(struct mpt_host *host, const char *object, const char *const *env)
{
	struct mpt_uevent event = { "add", object, env };

	os_mutex_lock(&host->uevent_lock);
	if (host->uevent)
		host->uevent(host->uevent_arg, &event);
	os_mutex_unlock(&host->uevent_lock);
}

void mpt_uevent_display_ready(struct mpt_host *host, int vgpu_id, bool ready)
{
	char vmid[24];
	const char *env[] = { ready ? "GVT_DISPLAY_READY=1" : "GVT_DISPLAY_READY=0", vmid, NULL };

	/* Named for a VM, and yet the vGPU's: so it is published. */
	snprintf(vmid, sizeof(vmid), "VMID=%d", vgpu_id);
	send(host, "drm", env);
}

int mpt_uevent_dom0_ready(void)
{
	static const char *const env[] = { "GVT_DOM0_READY=1", NULL };
	struct mpt_host *host = mpt_host_current();
	int ret;

	if (!host)
		return 0;
	ret = host->dom0_ready ? host->dom0_ready() : 0;
	if (!ret)
		send(host, "control", env);
	return ret;
}
