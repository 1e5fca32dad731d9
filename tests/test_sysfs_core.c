/* SPDX-License-Identifier: MIT */
/* The sysfs tree over a core that is not ours, and configurations that make no tree. */
#include <mpt/mpt.h>

#include "sysfs_rig.h"

static struct tree t;

static struct intel_vgpu small_vgpu = { .id = 3 };
static int small_err;

static struct intel_vgpu *small_create(void *opaque, struct mpt_vm *vm,
				       const struct mpt_sysfs_sizes *sizes)
{
	ck_assert_ptr_eq(opaque, &t);
	ck_assert_ptr_nonnull(vm);
	ck_assert_uint_eq(sizes->low, 8192 * MIB);
	ck_assert_uint_eq(sizes->high, 17592186044415ULL * MIB);
	ck_assert_uint_eq(sizes->fence, 32);
	return small_err == 1 ? NULL : small_err ? MPT_ERR_PTR(small_err) : &small_vgpu;
}

static int small_destroy(void *opaque, struct mpt_vm *vm, struct intel_vgpu *vgpu)
{
	(void)opaque;
	(void)vm;
	ck_assert_ptr_eq(vgpu, &small_vgpu);
	return small_err;
}

static void small_info(void *opaque, struct intel_vgpu *vgpu, struct mpt_sysfs_vgpu *info)
{
	(void)opaque;
	(void)vgpu;
	info->bar0 = 0xfffffffffffffff4;
	info->bar2 = 0xc;
}

static unsigned int small_owner(void *opaque, unsigned int pipe, unsigned int plane)
{
	(void)opaque;
	return 10 * pipe + plane;
}

static void small_open(unsigned int flags)
{
	struct mpt_sysfs_config c = tree_config(&t);

	memset(&t, 0, sizeof(t));
	pthread_mutex_init(&t.lock, NULL);
	small_err = 0;
	tree_ok(mpt_host_open("mock", &t.host));
	t.core = (struct mpt_sysfs_core){
		.size = sizeof(t.core),
		.opaque = &t,
		.vgpu_create = small_create,
		.vgpu_destroy = small_destroy,
		.vgpu_info = small_info,
		.plane_owner = small_owner,
	};
	c.flags = flags;
	tree_ok(mpt_sysfs_new(t.host, &c, &t.fs));
}

#define SMALL "1,8192,17592186044415,32"

static int no_name(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	(void)arg;
	(void)st;
	ck_abort_msg("%s is listed", name);
	return 0;
}

START_TEST(another_core)
{
	small_open(0);
	ck_assert_int_eq(mpt_sysfs_list(t.fs, "types", no_name, NULL), 0);
	ck_assert_str_eq(tree_cat(&t, "control/plane_owner_show"),
			 "Planes:\nPipe A: 0 1 2 3\nPipe B: 10 11 12 13\nPipe C: 20 21 22\n");
	tree_ok(tree_echo(&t, SMALL));
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_id"), "3\n");
	/* What the tree refuses by itself. */
	ck_assert_int_eq(tree_echo(&t, SMALL), -EEXIST);
	ck_assert_int_eq(tree_echo(&t, "2,8192,17592186044415,33"), -EINVAL);
	ck_assert_int_eq(tree_echo(&t, "2,8192,17592186044416,32"), -EINVAL);
	ck_assert_str_eq(tree_cat(&t, "vm1/counters"), "");
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_bar_info"),
			 "0xfffffffffffffff0 0x0000000000000000\n"
			 "0x0000000000000000 0x0000000000000000\n");
	/* A core that refuses to let go: nothing has changed. */
	small_err = -EBUSY;
	ck_assert_int_eq(tree_echo(&t, "-1"), -EBUSY);
	ck_assert_str_eq(tree_cat(&t, "vm1/vgpu_id"), "3\n");
	small_err = 0;
	tree_ok(tree_echo(&t, "-1"));
	small_err = 1;
	ck_assert_int_eq(tree_echo(&t, SMALL), -EIO);
	small_err = -ENOMEM;
	ck_assert_int_eq(tree_echo(&t, SMALL), -ENOMEM);
	ck_assert(!tree_has(&t, "vm1") && !tree_has_vm(&t, 1));
	small_err = 0;
	tree_ok(mpt_sysfs_free(t.fs));
	tree_ok(mpt_host_close(t.host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

START_TEST(bad_trees)
{
	struct mpt_sysfs *other = NULL;
	struct mpt_sysfs_core core;
	struct mpt_sysfs_config c, good;

	tree_open(&t, "check,mock", 0);
	good = tree_config(&t);
	ck_assert_int_eq(mpt_sysfs_new(t.host, &good, &other), -EEXIST);
	ck_assert_int_eq(mpt_host_close(t.host), -EBUSY);
	ck_assert(strstr(mpt_last_error(), "sysfs tree"));
	tree_ok(mpt_sysfs_free(t.fs));
	t.fs = NULL;
	ck_assert_int_eq(mpt_sysfs_new(NULL, &good, &other), -EINVAL);
	ck_assert_int_eq(mpt_sysfs_new(t.host, NULL, &other), -EINVAL);
#define BAD(change)                                                            \
	do {                                                                   \
		c = good;                                                      \
		core = t.core;                                                 \
		c.core = &core;                                                \
		change;                                                        \
		ck_assert_int_eq(mpt_sysfs_new(t.host, &c, &other), -EINVAL);  \
	} while (0)
	BAD(c.size = 0);
	BAD(c.flags = 2);
	BAD(c.core = NULL);
	BAD(c.vm_memory = 4097);
	BAD(core.size = 0);
	BAD(core.vgpu_create = NULL);
	BAD(core.vgpu_destroy = NULL);
	BAD(core.vgpu_info = NULL);
	BAD(core.size = offsetof(struct mpt_sysfs_core, vgpu_info));
	ck_assert_ptr_null(other);
	/* A shorter core of an older header is one without what follows. */
	core = t.core;
	core.size = offsetof(struct mpt_sysfs_core, vgpu_counters);
	c.core = &core;
	tree_ok(mpt_sysfs_new(t.host, &c, &t.fs));
	tree_ok(tree_echo(&t, "1,64,128,4"));
	ck_assert_str_eq(tree_cat(&t, "vm1/counters"), "");
	tree_close(&t);
	ck_assert_int_eq(mpt_sysfs_free(NULL), 0);
}
END_TEST

static Suite *sysfs_core_suite(void)
{
	Suite *s = suite_create("sysfs-core");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, another_core);
	tcase_add_test(tc, bad_trees);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { sysfs_core_suite };

	return mpt_test_main("sysfs-core", suites, N(suites));
}
