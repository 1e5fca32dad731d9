/* SPDX-License-Identifier: MIT */
/*
 * Back ends loaded at run time: by path, with options and layers, and what is refused. Linked with
 * the shared library, as a module is: both must mean the same one.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mpt/alloc.h>
#include <mpt/backend.h>
#include <mpt/layers.h>
#include <mpt/mpt.h>

#include "lib/runner.h"

static struct mpt_host *host;

static const char *spec(const char *layers, const char *opts)
{
	static char text[1024];
	const char *dir = getenv("builddir");

	ck_assert_ptr_nonnull(dir);
	snprintf(text, sizeof(text), "%s%s/tests/module_backend.la%s", layers, dir, opts);
	return text;
}

START_TEST(opens_by_path)
{
	struct intel_vgpu vgpu = { .id = 1 };
	struct mpt_vm *vm;
	u64 word;

	ck_assert_msg(!mpt_host_open(spec("", ":number=3"), &host), "%s", mpt_last_error());
	ck_assert_str_eq(mpt_host_name(host), "module");
	ck_assert_int_eq(mpt_vm_get(host, 1, &vm), 0);
	vgpu.mpt = mpt_host_table(host);
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&vgpu), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, &word, 8), 0);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, &word, 8), -ESRCH);
	mpt_vm_put(vm);
	ck_assert_int_eq(mpt_host_close(host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

START_TEST(takes_layers)
{
	struct mpt_ledger ledger;

	ck_assert_msg(!mpt_host_open(spec("check,", ""), &host), "%s", mpt_last_error());
	ck_assert_int_eq(mpt_ledger_get(host, &ledger), 0);
	ck_assert_int_eq(mpt_host_close(host), 0);
}
END_TEST

START_TEST(checks_options)
{
	host = NULL;
	ck_assert_int_eq(mpt_host_open(spec("", ":nosuch=3"), &host), -EINVAL);
	ck_assert_msg(strstr(mpt_last_error(), "flag, number"), "%s", mpt_last_error());
	ck_assert_ptr_null(host);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}
END_TEST

START_TEST(refuses_other_files)
{
	host = NULL;
	ck_assert_int_eq(mpt_host_open("./no/such/module", &host), -ENOENT);
	ck_assert_int_eq(mpt_host_open("/dev/null", &host), -ENOENT);
	ck_assert_int_eq(mpt_host_open("nosuchmodule", &host), -ENOENT);
	ck_assert_ptr_null(host);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("modules");
	TCase *tc = tcase_create("modules");

	tcase_add_test(tc, opens_by_path);
	tcase_add_test(tc, takes_layers);
	tcase_add_test(tc, checks_options);
	tcase_add_test(tc, refuses_other_files);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { suite };

	return mpt_test_main("module", suites, 1);
}
