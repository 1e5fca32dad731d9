/* SPDX-License-Identifier: MIT */
/* VHM's services over the simulated HSM: its files, and threads that are the simulator's actors. */
#include "backends/acrn/sim_hsm.h"
#include "backends/acrn/vhm_hsm.h"

static int way_open(void *arg, void **file)
{
	struct acrn_hsm_file *f;
	int ret = acrn_sim_hsm_open(arg, &f);

	if (!ret)
		*file = f;
	return ret;
}

static int way_ioctl(void *file, unsigned int cmd, unsigned long arg)
{
	return acrn_sim_hsm_ioctl(file, cmd, arg);
}

static void way_close(void *file)
{
	acrn_sim_hsm_close(file);
}

static int way_start(void *arg, void **thread, void (*fn)(void *fn_arg), void *fn_arg)
{
	struct acrn_thread *t = mpt_zalloc(sizeof(*t));
	int ret;

	if (!t)
		return -ENOMEM;
	ret = acrn_thread_start(arg, t, "reader", fn, fn_arg);
	if (ret)
		mpt_free(t);
	else
		*thread = t;
	return ret;
}

static void way_interrupt(void *file, void *thread)
{
	(void)thread;
	acrn_sim_hsm_interrupt(file);
}

static void way_join(void *arg, void *thread)
{
	(void)arg;
	acrn_thread_join(thread);
	mpt_free(thread);
}

static void way_relax(void *arg)
{
	acrn_point(arg, "relax");
	os_yield();
}

static void way_hold(void *arg, bool on)
{
	if (on)
		acrn_sched_hold(arg);
	else
		acrn_sched_release(arg);
}

static void way_stray(void *file, const struct vhm_request *req)
{
	struct acrn_hsm_file *f = file;
	const struct acrn_sim_hooks *hooks;
	void *arg;

	hooks = acrn_hvm_hooked(f->hvm, &arg);
	if (hooks && hooks->stray)
		hooks->stray(arg, req);
}

static const struct acrn_hsm_io way = {
	.open = way_open,
	.ioctl = way_ioctl,
	.close = way_close,
	.start = way_start,
	.interrupt = way_interrupt,
	.join = way_join,
	.relax = way_relax,
	.hold = way_hold,
	.stray = way_stray,
};

int acrn_hsm_open_sim(struct acrn_sim *sim, const struct acrn_hsm_config *config,
		      struct acrn_hsm **hsm)
{
	return acrn_hsm_open_io(&way, sim, config, hsm);
}
