/* SPDX-License-Identifier: MIT */
/*
 * The data of DEVICE_FEATURE messages, and the states of a migration as a table (linux/vfio.h, enum
 * vfio_device_mig_state). No state of its own: what is done on an arc is migrate.c's.
 */
#include <errno.h>
#include <string.h>

#include "backends/vfio-user/wire.h"

/* Linux logs no finer, and a guest has no more addresses. */
#define LOG_PAGE_MIN MPT_PAGE_SIZE

/* --- states --- */

#define NO VUW_STATES

/* From, to. All ways lead over STOP: only there nothing of the device is changed or copied. */
static const u8 next_state[VUW_STATES][VUW_STATES] = {
	[VUW_STATE_ERROR] = { NO, NO, NO, NO, NO },
	[VUW_STATE_STOP] = { NO, VUW_STATE_STOP, VUW_STATE_RUNNING, VUW_STATE_STOP_COPY,
			     VUW_STATE_RESUMING },
	[VUW_STATE_RUNNING] = { NO, VUW_STATE_STOP, VUW_STATE_RUNNING, VUW_STATE_STOP,
				VUW_STATE_STOP },
	[VUW_STATE_STOP_COPY] = { NO, VUW_STATE_STOP, VUW_STATE_STOP, VUW_STATE_STOP_COPY,
				  VUW_STATE_STOP },
	[VUW_STATE_RESUMING] = { NO, VUW_STATE_STOP, VUW_STATE_STOP, VUW_STATE_STOP,
				 VUW_STATE_RESUMING },
};

enum vuw_state mpt_vuw_state_next(enum vuw_state from, u32 to)
{
	return from < VUW_STATES && to < VUW_STATES ? (enum vuw_state)next_state[from][to]
						    : VUW_STATES;
}

/* --- features --- */

struct feature {
	u32 methods;
	u8 get, set; /* bytes of a request's data, at least */
	bool ranges; /* behind that */
};

static const struct feature features[] = {
	[VUW_FEATURE_MIGRATION] = { VUW_FEATURE_GET, 0, 0, false },
	[VUW_FEATURE_MIG_STATE] = { VUW_FEATURE_GET | VUW_FEATURE_SET, 0,
				    sizeof(struct vuw_mig_state), false },
	[VUW_FEATURE_LOG_START] = { VUW_FEATURE_SET, 0, sizeof(struct vuw_log_start), true },
	[VUW_FEATURE_LOG_STOP] = { VUW_FEATURE_SET, 0, 0, false },
	[VUW_FEATURE_LOG_REPORT] = { VUW_FEATURE_GET, sizeof(struct vuw_log_report), 0, false },
};

static const struct feature *feature_of(u32 index)
{
	if (index >= sizeof(features) / sizeof(features[0]) || !features[index].methods)
		return NULL;
	return &features[index];
}

static bool method_ok(const struct feature *feature, u32 method)
{
	u32 how = method & (VUW_FEATURE_GET | VUW_FEATURE_SET);

	if (how & ~feature->methods)
		return false;
	if (method & VUW_FEATURE_PROBE)
		return true;
	return how == VUW_FEATURE_GET || how == VUW_FEATURE_SET;
}

/* [@addr, @addr + @size) is not empty, in whole pages, and does not wrap. */
static bool range_ok(u64 addr, u64 size)
{
	return size && !((addr | size) % MPT_PAGE_SIZE) && addr <= UINT64_MAX - size;
}

struct vuw_log_range mpt_vuw_log_range(const struct vuw_feature_req *f, u32 index)
{
	struct vuw_log_range r;

	memcpy(&r, f->ranges + index * sizeof(r), sizeof(r));
	return r;
}

static int check_ranges(const struct vuw_feature_req *f, u32 bytes)
{
	u32 i;

	if (f->u.start.ranges > VUW_LOG_RANGES ||
	    bytes != f->u.start.ranges * sizeof(struct vuw_log_range))
		return -EINVAL;
	for (i = 0; i < f->u.start.ranges; i++) {
		struct vuw_log_range r = mpt_vuw_log_range(f, i);

		if (!range_ok(r.addr, r.size))
			return -EINVAL;
	}
	return 0;
}

static int check_report(const struct vuw_log_report *r)
{
	if (r->page_size < LOG_PAGE_MIN || r->page_size & (r->page_size - 1))
		return -EINVAL;
	return range_ok(r->addr, r->size) ? 0 : -EINVAL;
}

u64 mpt_vuw_bitmap_size(const struct vuw_log_report *r)
{
	u64 bits = (r->size - 1) / r->page_size + 1;

	return ((bits - 1) / 64 + 1) * 8;
}

static int check_data(struct vuw_feature_req *f, const struct feature *feature,
		      const struct vuw_msg *m)
{
	u32 fixed = f->method & VUW_FEATURE_GET ? feature->get : feature->set;

	if (m->data_len < fixed)
		return -EINVAL;
	memcpy(&f->u, m->data, fixed);
	if (feature->ranges) {
		f->ranges = m->data + fixed;
		return check_ranges(f, m->data_len - fixed);
	}
	if (m->data_len != fixed)
		return -EINVAL;
	return f->index == VUW_FEATURE_LOG_REPORT ? check_report(&f->u.report) : 0;
}

int mpt_vuw_feature_decode(const struct vuw_msg *m, struct vuw_feature_req *f)
{
	u32 index = m->u.feature.flags & VUW_FEATURE_INDEX, least = sizeof(m->u.feature);
	const struct feature *feature = feature_of(index);

	memset(f, 0, sizeof(*f));
	f->method = m->u.feature.flags & ~VUW_FEATURE_INDEX;
	if (f->method & ~(VUW_FEATURE_GET | VUW_FEATURE_SET | VUW_FEATURE_PROBE))
		return -EINVAL;
	if (!feature)
		return -EOPNOTSUPP;
	f->index = (enum vuw_feature_index)index;
	/* The reply to these is what was asked. */
	if (!(f->method & VUW_FEATURE_GET) || f->method & VUW_FEATURE_PROBE)
		least += m->data_len;
	if (!method_ok(feature, f->method) || m->u.feature.argsz < least)
		return -EINVAL;
	return f->method & VUW_FEATURE_PROBE ? 0 : check_data(f, feature, m);
}
