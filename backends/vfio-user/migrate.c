/* SPDX-License-Identifier: MIT */
/*
 * Migration as the client conducts it: what is done on the way from one state to another, the
 * stream of a saved state, and the features that say so. All in the server's thread.
 *
 * While the state is not RUNNING the vGPU is deactivated: its engines stand still, so nothing is
 * executed, written or signalled but what an access of the client's causes.
 */
#include <mpt/log.h>

#include "backends/vfio-user/server.h"

/* No vGPU's state is a quarter of this. */
#define DATA_MAX (32U << 20)

static struct mpt_host *host_of(const struct vu_conn *c)
{
	return c->vm->vu->host;
}

bool mpt_vu_mig_possible(const struct vu_conn *c)
{
	const struct mpt_core *core = mpt_host_core(host_of(c));

	return core->state_save && core->state_restore;
}

/* --- the stream --- */

static void data_free(struct vu_mig *m)
{
	mpt_free_pages(m->data, DATA_MAX);
	m->data = NULL;
	m->len = m->at = 0;
	m->broken = false;
}

static int data_new(struct vu_conn *c)
{
	struct vu_mig *m = &c->mig;

	data_free(m);
	m->data = mpt_zalloc_pages(DATA_MAX);
	return m->data ? 0
		       : vu_fail("migrate", -ENOMEM, "no memory for the state of VM %u's vGPU",
				 c->vm->id);
}

static int data_add(void *arg, const void *buf, size_t len)
{
	struct vu_mig *m = arg;

	if (len > DATA_MAX - m->len)
		return vu_fail("migrate", -ENOSPC, "the state is longer than %u bytes", DATA_MAX);
	memcpy(m->data + m->len, buf, len);
	m->len += len;
	return 0;
}

/* --- arcs: inside a delivery --- */

static int run(struct vu_conn *c, void *vgpu)
{
	mpt_deliver_active(host_of(c), vgpu, true);
	c->mig.still = 0;
	return 0;
}

static int forget(void *arg, const void *buf, size_t len)
{
	(void)arg;
	(void)buf;
	(void)len;
	return 0;
}

/*
 * A save stores to guest memory what the engines have loaded. After STOP the client may copy the
 * memory for the last time, before it asks for the state: so it is saved once now, for that alone.
 */
static int stop(struct vu_conn *c, void *vgpu)
{
	int ret;

	c->mig.still = os_load(&c->vm->handle);
	mpt_deliver_active(host_of(c), vgpu, false);
	ret = mpt_deliver_save(host_of(c), vgpu, forget, NULL);
	if (ret)
		run(c, vgpu);
	return ret;
}

static int save(struct vu_conn *c, void *vgpu)
{
	int ret = data_new(c);

	if (!ret)
		ret = mpt_deliver_save(host_of(c), vgpu, data_add, &c->mig);
	if (ret)
		data_free(&c->mig);
	return ret;
}

static int saved(struct vu_conn *c, void *vgpu)
{
	(void)vgpu;
	data_free(&c->mig);
	return 0;
}

static int load(struct vu_conn *c, void *vgpu)
{
	(void)vgpu;
	return data_new(c);
}

/* A state that is refused leaves the old one, or none: the guest's own is neither. */
static int loaded(struct vu_conn *c, void *vgpu)
{
	struct vu_mig *m = &c->mig;
	int ret;

	if (m->broken)
		ret = vu_fail("migrate", -EINVAL, "a part of the state was too long, so not taken");
	else
		ret = mpt_deliver_restore(host_of(c), vgpu, m->data, m->len);
	data_free(m);
	if (ret)
		m->state = VUW_STATE_ERROR;
	return ret;
}

static int (*const arcs[VUW_STATES][VUW_STATES])(struct vu_conn *c, void *vgpu) = {
	[VUW_STATE_RUNNING][VUW_STATE_STOP] = stop,   [VUW_STATE_STOP][VUW_STATE_RUNNING] = run,
	[VUW_STATE_STOP][VUW_STATE_STOP_COPY] = save, [VUW_STATE_STOP_COPY][VUW_STATE_STOP] = saved,
	[VUW_STATE_STOP][VUW_STATE_RESUMING] = load,  [VUW_STATE_RESUMING][VUW_STATE_STOP] = loaded,
};

static void tell(const struct vu_conn *c, int err)
{
	static const char *const name[VUW_STATES] = { "ERROR", "STOP", "RUNNING", "STOP_COPY",
						      "RESUMING" };

	if (err)
		mpt_log_guest(MPT_LOG_WARN, "VM %u: migration is %s after a failure: %s", c->vm->id,
			      name[c->mig.state], mpt_last_error());
	else
		mpt_log_guest(MPT_LOG_INFO, "VM %u: migration is %s", c->vm->id,
			      name[c->mig.state]);
}

/* After a failure the state is the last that was reached, or ERROR. */
static int go_to(struct vu_conn *c, u32 to)
{
	void *vgpu = mpt_vu_deliver_begin(c->vm);
	struct vu_mig *m = &c->mig;
	enum vuw_state next = VUW_STATES;
	int ret = 0;

	if (!vgpu)
		return -ENODEV;
	while (!ret) {
		next = mpt_vuw_state_next(m->state, to);
		if (next == m->state || next == VUW_STATES)
			break;
		ret = arcs[m->state][next](c, vgpu);
		if (!ret)
			m->state = next;
		tell(c, ret);
	}
	mpt_deliver_leave();
	return next == VUW_STATES ? -EINVAL : ret;
}

/* --- leaving all that --- */

/* A vGPU that is being moved away from under us is set going when it can be, and is the same. */
static void wake(struct vu_conn *c)
{
	void *vgpu = mpt_vu_deliver_begin(c->vm);

	if (!vgpu)
		return;
	if (c->mig.still == os_load(&c->vm->handle))
		mpt_deliver_active(host_of(c), vgpu, true);
	c->mig.still = 0;
	mpt_deliver_leave();
}

void mpt_vu_mig_reset(struct vu_conn *c)
{
	data_free(&c->mig);
	c->mig.state = VUW_STATE_RUNNING;
	if (c->mig.still)
		wake(c);
}

void mpt_vu_mig_again(struct vu_conn *c)
{
	if (c->mig.still != os_load(&c->vm->handle) || c->mig.state == VUW_STATE_RUNNING)
		mpt_vu_mig_reset(c);
}

/* --- DEVICE_FEATURE --- */

/* @len bytes of data, which are in c->tx from @at on if the client has room for them. */
static void answer(struct vu_conn *c, struct vu_req *r, u64 len)
{
	u32 all = (u32)(sizeof(struct vuw_feature) + len);

	r->reply.u.feature.argsz = all;
	if (r->m.u.feature.argsz < all)
		return;
	r->reply.data = c->tx;
	r->reply.data_len = (u32)len;
}

static int get_migration(struct vu_conn *c, struct vu_req *r)
{
	struct vuw_migration mig = { .flags = VUW_MIGRATION_STOP_COPY };

	memcpy(c->tx, &mig, sizeof(mig));
	answer(c, r, sizeof(mig));
	return 0;
}

static int get_state(struct vu_conn *c, struct vu_req *r)
{
	struct vuw_mig_state state = { .state = c->mig.state, .data_fd = ~0U };

	memcpy(c->tx, &state, sizeof(state));
	answer(c, r, sizeof(state));
	return 0;
}

/* The marks are taken only if they also get there. */
static int get_report(struct vu_conn *c, struct vu_req *r, const struct vuw_log_report *what)
{
	u64 len = sizeof(*what) + mpt_vuw_bitmap_size(what);

	if (len > VU_XFER_MAX)
		return -EINVAL;
	answer(c, r, len);
	if (!r->reply.data)
		return 0;
	memcpy(c->tx, what, sizeof(*what));
	return mpt_vu_log_report(c->vm, what, c->tx + sizeof(*what));
}

static int get(struct vu_conn *c, struct vu_req *r, const struct vuw_feature_req *f)
{
	if (f->index == VUW_FEATURE_MIGRATION)
		return get_migration(c, r);
	return f->index == VUW_FEATURE_MIG_STATE ? get_state(c, r) : get_report(c, r, &f->u.report);
}

/* "the same as the request, unless the page size was changed" */
static int log_start(struct vu_conn *c, struct vu_req *r, const struct vuw_feature_req *f)
{
	struct vuw_log_start start = f->u.start;
	int ret = mpt_vu_log_start(c->vm, f);

	if (ret)
		return ret;
	start.page_size = MPT_PAGE_SIZE;
	memcpy(c->tx, r->m.data, r->m.data_len);
	memcpy(c->tx, &start, sizeof(start));
	r->reply.data = c->tx;
	return 0;
}

static int set(struct vu_conn *c, struct vu_req *r, const struct vuw_feature_req *f)
{
	if (f->index == VUW_FEATURE_LOG_START)
		return log_start(c, r, f);
	return f->index == VUW_FEATURE_LOG_STOP ? mpt_vu_log_stop(c->vm)
						: go_to(c, f->u.state.state);
}

int mpt_vu_feature(struct vu_conn *c, struct vu_req *r)
{
	struct vuw_feature_req f;
	int ret = mpt_vuw_feature_decode(&r->m, &f);

	if (ret)
		return ret;
	if (!c->mig.offered || !mpt_vu_mig_possible(c))
		return -EOPNOTSUPP;
	r->reply.u.feature = r->m.u.feature;
	if (f.method == VUW_FEATURE_GET)
		return get(c, r, &f);
	r->reply.data = r->m.data;
	r->reply.data_len = r->m.data_len;
	return f.method & VUW_FEATURE_PROBE ? 0 : set(c, r, &f);
}

/* --- MIG_DATA_READ, MIG_DATA_WRITE --- */

int mpt_vu_mig_read(struct vu_conn *c, struct vu_req *r)
{
	const struct vuw_mig_data *q = &r->m.u.mig;
	struct vu_mig *m = &c->mig;
	size_t n = m->len - m->at;

	if (q->size > c->mig.xfer_max || q->argsz < sizeof(*q) + q->size ||
	    m->state != VUW_STATE_STOP_COPY)
		return -EINVAL;
	if (n > q->size)
		n = q->size;
	r->reply.u.mig = (struct vuw_mig_data){ (u32)(sizeof(*q) + n), (u32)n };
	r->reply.data = m->data + m->at;
	r->reply.data_len = (u32)n;
	m->at += n;
	return 0;
}

/* A stream that lacks a part is none: what else is left of it is not looked at. */
int mpt_vu_mig_write(struct vu_conn *c, struct vu_req *r)
{
	struct vu_mig *m = &c->mig;
	int ret;

	if (r->m.u.mig.size > VU_XFER_MAX || m->state != VUW_STATE_RESUMING)
		return -EINVAL;
	if (m->broken)
		return -ENOSPC;
	ret = data_add(m, r->m.data, r->m.data_len);
	m->broken = ret;
	return ret;
}
