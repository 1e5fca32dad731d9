/* SPDX-License-Identifier: MIT */
/*
 * The tree of /sys/kernel/gvt without a mount, in this process: a vGPU is made by the write that
 * acrn-dm does, looked at, and destroyed by the other one; then a refusal and its errno.
 */
#include <stdio.h>

#include <gvt/gvt.h>
#include <mpt/sysfs.h>

#define CREATE "control/create_gvt_instance"

static int failed(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, mpt_last_error());
	return 1;
}

static int show(struct mpt_sysfs *tree, const char *path)
{
	char text[MPT_SYSFS_PAGE];

	if (mpt_sysfs_cat(tree, path, text, sizeof(text)) < 0)
		return failed(path);
	printf("%s:\n%s", path, text);
	return 0;
}

/* [tree] */
static int use(struct mpt_sysfs *tree)
{
	int ret;

	if (mpt_sysfs_echo(tree, CREATE, "1,64,448,8\n"))
		return failed("create");
	if (show(tree, "vm1/vgpu_id") || show(tree, "vm1/vgpu_bar_info") || show(tree, "vm1/state"))
		return 1;
	ret = mpt_sysfs_echo(tree, CREATE, "1,64,448,8\n");
	printf("a second one for VM 1: %s\n", mpt_errno_name(ret));
	if (ret != -EEXIST)
		return 1;
	return mpt_sysfs_echo(tree, CREATE, "-1\n") ? failed("destroy") : 0;
}

static int with_tree(struct mpt_host *host, struct intel_gvt *gvt)
{
	struct mpt_sysfs_core core;
	struct mpt_sysfs_config config = { .size = sizeof(config), .core = &core };
	struct mpt_sysfs *tree;
	int ret;

	gvt_sysfs_core(gvt, &core);
	if (mpt_sysfs_new(host, &config, &tree))
		return failed("tree");
	ret = use(tree);
	return mpt_sysfs_free(tree) ? failed("end of the tree") : ret;
}
/* [/tree] */

int main(void)
{
	struct mpt_host *host;
	struct intel_gvt *gvt;
	int ret;

	if (mpt_host_open("mock", &host))
		return failed("host");
	if (gvt_open(host, NULL, &gvt)) {
		ret = failed("device");
	} else {
		ret = with_tree(host, gvt);
		gvt_close(gvt);
	}
	mpt_host_close(host);
	return ret;
}
