/* SPDX-License-Identifier: MIT */
/*
 * Fail-N over the sysfs tree: each allocation, and each call of the back end, fails in turn while a
 * vGPU is made and destroyed through it. Each time the tree, the VMs and the ledger are as before,
 * and the next try works.
 */
#include "sysfs_rig.h"

#define LIMIT 1000 /* what never completes is a defect too */

static struct tree t;

static u64 live(void)
{
	struct mpt_ledger l;
	unsigned int i;
	u64 n = 0;

	tree_ok(mpt_ledger_get(t.host, &l));
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		n += l.live[i];
	return n;
}

static void check_none(int ret, unsigned int n)
{
	ck_assert_msg(ret < 0 && *mpt_last_error(), "%u: no error or no sentence", n);
	ck_assert_msg(!tree_has(&t, "vm3") && !tree_has_vm(&t, 3), "%u: something is there", n);
	ck_assert_msg(tree_has(&t, "vm1") && tree_has_vm(&t, 1), "%u: the other has gone", n);
	ck_assert_msg(strstr(tree_cat(&t, "types/GVTg_V5_8/available_instances"), "6"),
		      "%u: not given back", n);
}

static void open_with_other(const char *spec)
{
	tree_open(&t, spec, 0);
	tree_ok(tree_echo(&t, "1,64,384,4"));
}

/* A ledger without memory for an entry says that it cannot vouch. */
static void close_excused(void)
{
	const char *text;
	unsigned int i;

	tree_ok(mpt_sysfs_free(t.fs));
	ck_assert_uint_eq(live(), 0);
	for (i = 0; (text = mpt_ledger_violation(t.host, i)); i++)
		ck_assert_msg(strstr(text, "out of memory: the ledger lost"), "%s", text);
	tree_ok(gvt_close(t.gvt));
	tree_ok(mpt_host_close(t.host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* Return: how many allocations failed. */
static unsigned int fail_allocations(const char *text)
{
	long before = mpt_alloc_live();
	u64 held = live();
	unsigned int n;
	int ret;

	for (n = 1; n < LIMIT; n++) {
		mpt_alloc_fail_at(n);
		ret = tree_echo(&t, text);
		if (!mpt_alloc_failed())
			break;
		mpt_alloc_fail_at(0);
		if (!ret) { /* it did without */
			tree_ok(tree_echo(&t, "-3"));
			continue;
		}
		ck_assert_int_eq(ret, -ENOMEM);
		check_none(ret, n);
		ck_assert_int_eq(mpt_alloc_live(), before);
		ck_assert_uint_eq(live(), held);
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_lt(n, LIMIT);
	ck_assert_int_eq(ret, 0);
	return n - 1;
}

START_TEST(allocations)
{
	open_with_other(tree_specs[_i]);
	/* The file, the instance, the VM, its memory, the vGPU and its parts. */
	ck_assert_uint_gt(fail_allocations("3,64,128,4"), 6);
	tree_ok(tree_echo(&t, "-3"));
	close_excused();
}
END_TEST

/* Opening to write needs memory, the deletion itself none; nothing is half gone. */
START_TEST(allocations_of_deletion)
{
	unsigned int n;
	int ret;

	open_with_other(tree_specs[_i]);
	for (n = 1; n < LIMIT; n++) {
		if (!tree_has(&t, "vm3"))
			tree_ok(tree_echo(&t, "3,64,128,4"));
		mpt_alloc_fail_at(n);
		ret = tree_echo(&t, "-3");
		if (!mpt_alloc_failed())
			break;
		mpt_alloc_fail_at(0);
		ck_assert_msg(tree_has(&t, "vm3") == (ret != 0), "%u: %d", n, ret);
		ck_assert(tree_has_vm(&t, 3) == (ret != 0));
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(n, 1);
	ck_assert_uint_lt(n, LIMIT);
	ck_assert_int_eq(ret, 0);
	tree_close(&t);
}
END_TEST

static const char *with_faults(const char *spec)
{
	static char text[64];

	snprintf(text, sizeof(text), "fault,%s", spec);
	return text;
}

static int create(void *arg)
{
	return tree_echo(arg, "3,64,128,4");
}

static void delete(void *arg)
{
	tree_ok(tree_echo(arg, "-3"));
}

static int created_or_not(void *arg, const struct mpt_fault_run *run)
{
	(void)arg;
	if (run->fired)
		check_none(run->ret, (unsigned int)run->nth);
	return 0;
}

/* Each call of the back end that creation makes; the ledger is behind the layer that fails. */
START_TEST(operations)
{
	const struct mpt_fault_scenario s = {
		.limit = LIMIT, .run = create, .undo = delete, .check = created_or_not, .arg = &t,
	};
	struct mpt_fault_report r;

	open_with_other(with_faults(tree_specs[_i]));
	tree_ok(mpt_fault_each(t.host, &s, &r));
	ck_assert_uint_gt(r.runs, 0);
	tree_close(&t);
}
END_TEST

/* And each that deletion makes of a vGPU that decodes: it goes, whatever the back end answers. */
START_TEST(operations_of_deletion)
{
	u32 bar = 0xc0000000, command = 2;
	struct mpt_vm *vm;
	unsigned int n;
	bool fired;

	open_with_other(with_faults(tree_specs[_i]));
	for (n = 1, fired = true; fired && n < LIMIT; n++) {
		tree_ok(tree_echo(&t, "3,64,128,4"));
		tree_ok(mpt_vm_get(t.host, 3, &vm));
		tree_ok(mpt_guest_cfg_write(vm, 0x10, &bar, 4));
		tree_ok(mpt_guest_cfg_write(vm, 0x04, &command, 2));
		mpt_vm_put(vm);
		tree_ok(mpt_fault_at(t.host, MPT_OP_COUNT, n, 0));
		tree_ok(tree_echo(&t, "-3"));
		fired = mpt_fault_fired(t.host, NULL);
		tree_ok(mpt_fault_at(t.host, MPT_OP_COUNT, 0, 0));
		ck_assert(!tree_has(&t, "vm3") && !tree_has_vm(&t, 3));
	}
	ck_assert_uint_gt(n, mpt_host_caps(t.host) & MPT_CAP_TRAP_AREA ? 2 : 1);
	ck_assert_uint_lt(n, LIMIT);
	/* What the back end did not take back is on its account: the ledger has it as left. */
	tree_ok(mpt_sysfs_free(t.fs));
	ck_assert_uint_eq(live(), 0);
	tree_ok(gvt_close(t.gvt));
	tree_ok(mpt_host_close(t.host));
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

/* The tree itself, and opening a file of it. */
START_TEST(tree_and_files)
{
	struct mpt_sysfs_file *file = NULL;
	struct mpt_sysfs_config c;
	long before;

	tree_device(&t, "check,mock");
	c = tree_config(&t);
	before = mpt_alloc_live();
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(mpt_sysfs_new(t.host, &c, &t.fs), -ENOMEM);
	ck_assert_ptr_null(t.fs);
	ck_assert_int_eq(mpt_alloc_live(), before);
	tree_ok(mpt_sysfs_new(t.host, &c, &t.fs));
	tree_ok(tree_echo(&t, "1,64,128,4"));
	before = mpt_alloc_live();
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(mpt_sysfs_open(t.fs, "vm1/state", MPT_SYSFS_READ, &file), -ENOMEM);
	ck_assert_ptr_null(file);
	ck_assert_int_eq(mpt_alloc_live(), before);
	tree_ok(mpt_sysfs_open(t.fs, "vm1/state", MPT_SYSFS_READ, &file));
	/* Reading and listing need none. */
	mpt_alloc_fail_at(1);
	ck_assert_int_eq(mpt_sysfs_read(file, 0, &(char[64]){ 0 }, 64), 7);
	ck_assert(tree_has(&t, "vm1/state") && !mpt_alloc_failed());
	mpt_alloc_fail_at(0);
	mpt_sysfs_close(file);
	tree_close(&t);
}
END_TEST

static Suite *fail_suite(void)
{
	Suite *s = suite_create("sysfs-fail");
	TCase *tc = tcase_create("fail-n");
	int n = (int)specs_built(tree_specs, N(tree_specs));

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, allocations, 0, n);
	tcase_add_loop_test(tc, allocations_of_deletion, 0, n);
	tcase_add_loop_test(tc, operations, 0, n);
	tcase_add_loop_test(tc, operations_of_deletion, 0, n);
	tcase_add_test(tc, tree_and_files);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { fail_suite };

	return mpt_test_main("sysfs-fail", suites, N(suites));
}
