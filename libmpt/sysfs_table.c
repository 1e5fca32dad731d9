/* SPDX-License-Identifier: MIT */
/*
 * The nodes of the tree: one table of path, mode, show and store, and what each shows. How a path
 * is found in it is sysfs_path.c's.
 */
#include "libmpt/sysfs.h"

#define MIB_SHIFT 20

struct text {
	char *buf;
	size_t len;
};

static void put(struct text *t, const char *fmt, ...) MPT_PRINTF(2, 3);
static void put(struct text *t, const char *fmt, ...)
{
	size_t left = MPT_SYSFS_PAGE - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, left, fmt, ap);
	va_end(ap);
	/* What does not fit into a page as a whole is left out. */
	if (n > 0 && (size_t)n < left)
		t->len += (size_t)n;
}

static unsigned long long mib(u64 bytes)
{
	return bytes >> MIB_SHIFT;
}

/* --- control --- */

/* Line by line as published: the third pipe has three planes. */
static long show_plane_owner(const struct sysfs_node *n, char *buf)
{
	const struct mpt_sysfs_core *core = &n->tree->core;
	struct text t = { buf, 0 };
	unsigned int pipe, plane;

	put(&t, "Planes:\n");
	for (pipe = 0; pipe < 3; pipe++) {
		put(&t, "Pipe %c:", 'A' + (int)pipe);
		for (plane = 0; plane < (pipe == 2 ? 3U : 4U); plane++)
			put(&t, " %u", core->plane_owner ?
				       core->plane_owner(core->opaque, pipe, plane) : 0);
		put(&t, "\n");
	}
	return (long)t.len;
}

static long show_version(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };

	(void)n;
	put(&t, "%s\n", mpt_version());
	return (long)t.len;
}

/* --- types --- */

static long show_type_name(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };

	put(&t, "%s\n", n->type.name);
	return (long)t.len;
}

static long show_type_sizes(const struct sysfs_node *n, char *buf)
{
	const struct mpt_sysfs_type *y = &n->type;
	struct text t = { buf, 0 };

	put(&t, "low_gm_size %llu\nhigh_gm_size %llu\nfence %u\n", mib(y->low_size),
	    mib(y->high_size), y->fence);
	put(&t, "resolution %ux%u\nweight %u\n", y->width, y->height, y->weight);
	return (long)t.len;
}

static long show_type_available(const struct sysfs_node *n, char *buf)
{
	const struct mpt_sysfs_core *core = &n->tree->core;
	struct text t = { buf, 0 };

	put(&t, "%u\n",
	    core->type_available ? core->type_available(core->opaque, n->index) : 0);
	return (long)t.len;
}

/* As a mediated device's type says it. */
static long show_type_description(const struct sysfs_node *n, char *buf)
{
	const struct mpt_sysfs_type *y = &n->type;
	struct text t = { buf, 0 };

	put(&t, "low_gm_size: %lluMB\nhigh_gm_size: %lluMB\nfence: %u\n", mib(y->low_size),
	    mib(y->high_size), y->fence);
	put(&t, "resolution: %ux%u\nweight: %u\n", y->width, y->height, y->weight);
	return (long)t.len;
}

/* --- a VM; instance.lock is held and the vGPU is there --- */

static void vgpu_info(const struct sysfs_node *n, struct mpt_sysfs_vgpu *info)
{
	memset(info, 0, sizeof(*info));
	n->tree->core.vgpu_info(n->tree->core.opaque, n->inst->vgpu, info);
}

static long show_vgpu_id(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };

	put(&t, "%d\n", n->inst->id);
	return (long)t.len;
}

/* Exactly 76 bytes: acrn-dm reads as many. */
static long show_vgpu_bar_info(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };
	struct mpt_sysfs_vgpu v;

	vgpu_info(n, &v);
	put(&t, "0x%016llx 0x%016llx\n0x%016llx 0x%016llx\n", (unsigned long long)v.bar0 & ~0xfULL,
	    (unsigned long long)v.bar0_size, (unsigned long long)v.bar2 & ~0xfULL,
	    (unsigned long long)v.bar2_size);
	return (long)t.len;
}

static long show_vgpu_type(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };
	struct mpt_sysfs_vgpu v;

	vgpu_info(n, &v);
	put(&t, "%s\n", v.type);
	return (long)t.len;
}

static long show_vgpu_state(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };
	struct mpt_sysfs_vgpu v;

	vgpu_info(n, &v);
	put(&t, "%s\n", v.state);
	return (long)t.len;
}

static long show_vgpu_resources(const struct sysfs_node *n, char *buf)
{
	struct text t = { buf, 0 };
	struct mpt_sysfs_vgpu v;

	vgpu_info(n, &v);
	put(&t, "low_gm 0x%016llx 0x%016llx\n", (unsigned long long)v.low_start,
	    (unsigned long long)v.low_size);
	put(&t, "high_gm 0x%016llx 0x%016llx\n", (unsigned long long)v.high_start,
	    (unsigned long long)v.high_size);
	put(&t, "fence %u %u\nresolution %ux%u\nweight %u\n", v.fence_base, v.fence_count, v.width,
	    v.height, v.weight);
	return (long)t.len;
}

static long show_vgpu_counters(const struct sysfs_node *n, char *buf)
{
	const struct mpt_sysfs_core *core = &n->tree->core;
	struct mpt_sysfs_counter counter[MPT_SYSFS_COUNTERS];
	struct text t = { buf, 0 };
	unsigned int i, nr = 0;

	if (core->vgpu_counters)
		nr = core->vgpu_counters(core->opaque, n->inst->vgpu, counter, MPT_SYSFS_COUNTERS);
	for (i = 0; i < nr; i++)
		put(&t, "%s %llu\n", counter[i].name, (unsigned long long)counter[i].value);
	return (long)t.len;
}

/* --- the table: a directory stands before what is in it --- */

const struct sysfs_attr mpt_sysfs_table[] = {
	{ "", SYSFS_DIRECTORY, NULL, NULL },
	{ "control", SYSFS_DIRECTORY, NULL, NULL },
	{ "control/create_gvt_instance", 0220, NULL, mpt_sysfs_store_instance },
	{ "control/plane_owner_show", 0440, show_plane_owner, NULL },
	{ "control/version", 0444, show_version, NULL },
	{ "types", SYSFS_DIRECTORY, NULL, NULL },
	{ "types/*", SYSFS_DIRECTORY, NULL, NULL },
	{ "types/*/available_instances", 0444, show_type_available, NULL },
	{ "types/*/description", 0444, show_type_description, NULL },
	{ "types/*/name", 0444, show_type_name, NULL },
	{ "types/*/sizes", 0444, show_type_sizes, NULL },
	{ "vm*", SYSFS_DIRECTORY, NULL, NULL },
	{ "vm*/counters", 0444, show_vgpu_counters, NULL },
	{ "vm*/resources", 0444, show_vgpu_resources, NULL },
	{ "vm*/state", 0444, show_vgpu_state, NULL },
	{ "vm*/type", 0444, show_vgpu_type, NULL },
	{ "vm*/vgpu_bar_info", 0440, show_vgpu_bar_info, NULL },
	{ "vm*/vgpu_id", 0440, show_vgpu_id, NULL },
};

const unsigned int mpt_sysfs_rows = OS_ARRAY_SIZE(mpt_sysfs_table);
