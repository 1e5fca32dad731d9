/* SPDX-License-Identifier: MIT */
/*
 * libmpt without a real back end: options, specs, registration, current host, VMs and targets,
 * error sentences, the log, the loader. Operations of the contract are tested in conformance/.
 */
#include <stdio.h>

#include <mpt/alloc.h>
#include <mpt/log.h>
#include <mpt/mpt.h>

#include "fake_backend.h"
#include "lib/runner.h"

static struct mpt_host *host;

static void setup(void)
{
	memset(&fake, 0, sizeof(fake));
	host = NULL;
}

static void teardown(void)
{
	ck_assert_int_eq(mpt_host_close(host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
	ck_assert_uint_eq(fake.opened, fake.closed);
}

static void open_fake(const char *opts)
{
	ck_assert_msg(!mpt_host_open_table(&fake_backend, opts, &host), "%s", mpt_last_error());
}

/* --- options --- */

START_TEST(option_defaults)
{
	open_fake(NULL);
	ck_assert(!fake.options.flag);
	ck_assert_uint_eq(fake.options.number, 7);
	ck_assert_uint_eq(fake.options.size, 64 << 20);
	ck_assert_uint_eq(fake.options.choice, 1);
	ck_assert_str_eq(fake.options.text, "");
}
END_TEST

START_TEST(option_values)
{
	open_fake("flag=on,number=0x10,size=2G,choice=red,text=a=b:c");
	ck_assert(fake.options.flag);
	ck_assert_uint_eq(fake.options.number, 16);
	ck_assert_uint_eq(fake.options.size, 2ULL << 30);
	ck_assert_uint_eq(fake.options.choice, 0);
	ck_assert_str_eq(fake.options.text, "a=b:c");
}
END_TEST

static const struct {
	const char *opts, *word;
} bad_options[] = {
	{ "nope=1", "flag, number, size, choice, text" },
	{ "number", "number=..." },
	{ "number=0", "1 to 100" },
	{ "number=101", "1 to 100" },
	{ "number=5x", "1 to 100" },
	{ "number=", "1 to 100" },
	{ "number=-1", "1 to 100" },
	{ "number=18446744073709551617", "1 to 100" },
	{ "number=0x", "1 to 100" },
	{ "size=17179869184G", "4096" },
	{ "size=4095", "4096" },
	{ "size=1Q", "4096" },
	{ "size=1KK", "4096" },
	{ "flag=maybe", "yes or no" },
	{ "choice=blue", "red, green" },
	{ "flag=yes,,number=1", "unknown option ''" },
	{ ",", "unknown option ''" },
};

START_TEST(option_errors)
{
	struct mpt_host *h = (struct mpt_host *)&fake;

	ck_assert_int_eq(mpt_host_open_table(&fake_backend, bad_options[_i].opts, &h), -EINVAL);
	ck_assert_ptr_eq(h, (struct mpt_host *)&fake);
	ck_assert_msg(strstr(mpt_last_error(), bad_options[_i].word), "%s", mpt_last_error());
	ck_assert_msg(strstr(mpt_last_error(), "fake"), "%s", mpt_last_error());
	ck_assert_uint_eq(fake.opened, 0);
}
END_TEST

START_TEST(option_text_too_long)
{
	static char text[6000];

	memset(text, 'x', sizeof(text) - 1);
	ck_assert_int_eq(mpt_host_open_table(&fake_backend, text, &host), -EINVAL);
}
END_TEST

/* --- specs --- */

static const struct {
	const char *spec;
	int err;
	const char *word;
} bad_specs[] = {
	{ "", -EINVAL, "check,mock" },
	{ "nosuch", -ENOENT, "mock" },
	{ "nosuch:opt=1", -ENOENT, "layers: check" },
	{ "check", -ENOENT, "no back end 'check'" },
	{ "check,", -ENOENT, "no back end ''" },
	{ "chec,mock", -ENOENT, "no back end 'chec,mock'" },
	{ "check=1,mock", -EINVAL, "check=sample:N" },
	{ "fault=nosuch:1,mock", -EINVAL, "unknown operation 'nosuch'" },
	{ "fault=nosuch:1,mock", -EINVAL, "set_intx" },
	{ "fault=read_gpa,mock", -EINVAL, "call number" },
	{ "fault=read_gpa:0,mock", -EINVAL, "call number" },
	{ "fault=read_gpa:1x,mock", -EINVAL, "call number" },
	{ "fault=detach_vgpu:1,mock", -EINVAL, "cannot fail" },
	{ "check,check,check,check,check,check,check,check,check,mock", -EINVAL, "8 layers" },
	{ "./nosuch.la", -ENOENT, "a module exports mpt_module_backend" },
};

START_TEST(spec_errors)
{
	ck_assert_int_eq(mpt_host_open(bad_specs[_i].spec, &host), bad_specs[_i].err);
	ck_assert_ptr_null(host);
	ck_assert_msg(strstr(mpt_last_error(), bad_specs[_i].word), "%s", mpt_last_error());
}
END_TEST

START_TEST(spec_too_long)
{
	static char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	ck_assert_int_eq(mpt_host_open(text, &host), -EINVAL);
	ck_assert_int_eq(mpt_host_open(NULL, &host), -EINVAL);
}
END_TEST

START_TEST(spec_layers_and_options)
{
	ck_assert_msg(!mpt_host_open("check, fault=any:1000000, mock:trap=after", &host), "%s",
		      mpt_last_error());
	ck_assert(mpt_host_caps(host) & MPT_CAP_WRITE_AFTER);
	ck_assert_str_eq(mpt_host_spec(host), "check, fault=any:1000000, mock:trap=after");
	ck_assert_str_eq(mpt_host_name(host), "mock");
}
END_TEST

/* --- registration --- */

START_TEST(open_needs_mandatory)
{
	struct intel_gvt_mpt table;
	struct mpt_backend be = fake_backend;
	unsigned int op;

	be.mpt = &table;
	for (op = 0; op < MPT_OP_COUNT; op++) {
		const struct mpt_op_info *info = mpt_op_info((enum mpt_op_id)op);

		table = fake_table;
		memset((char *)&table + op * sizeof(void *), 0, sizeof(void *));
		if (info->op_class != MPT_CLASS_MANDATORY)
			continue;
		ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), -EINVAL);
		ck_assert_msg(strstr(mpt_last_error(), info->name), "%s", mpt_last_error());
	}
	ck_assert_uint_eq(fake.opened, 0);
}
END_TEST

START_TEST(open_needs_claimed_callbacks)
{
	struct mpt_backend be = fake_backend;
	unsigned int bit;

	for (bit = 0; bit < 8; bit++) {
		be.caps = 1ULL << bit;
		ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), -EINVAL);
		ck_assert_msg(strstr(mpt_last_error(), mpt_cap_name(1ULL << bit)), "%s",
			      mpt_last_error());
	}
	be.caps = 1ULL << 60;
	ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), -EINVAL);
}
END_TEST

START_TEST(open_checks_abi)
{
	struct mpt_backend be = fake_backend;

	be.abi++;
	ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), -EINVAL);
	be = fake_backend;
	be.mpt_size = sizeof(void *);
	ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), -EINVAL);
	be = fake_backend;
	be.open = NULL;
	ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), -EINVAL);
	be = fake_backend;
	/* A table of the published length is extended with absent callbacks. */
	be.mpt_size = offsetof(struct intel_gvt_mpt, dma_pin_guest_page);
	ck_assert_int_eq(mpt_host_open_table(&be, NULL, &host), 0);
	ck_assert_ptr_null(mpt_host_table(host)->set_intx);
}
END_TEST

START_TEST(open_failure_leaves_nothing)
{
	fake.open_error = -EACCES;
	ck_assert_int_eq(mpt_host_open_table(&fake_backend, NULL, &host), -EACCES);
	ck_assert_ptr_null(mpt_host_current());
	ck_assert_int_eq(mpt_alloc_live(), 0);
	fake.open_error = 0;
	open_fake(NULL);
}
END_TEST

START_TEST(open_survives_any_allocation)
{
	unsigned long n;

	for (n = 1;; n++) {
		mpt_alloc_fail_at(n);
		if (!mpt_host_open("check,fault,mock", &host))
			break;
		ck_assert(mpt_alloc_failed());
		ck_assert_int_eq(mpt_alloc_live(), 0);
		ck_assert_ptr_null(mpt_host_current());
	}
	mpt_alloc_fail_at(0);
	ck_assert_uint_gt(n, 3);
}
END_TEST

START_TEST(registered_table)
{
	struct intel_gvt_mpt table = fake_table;
	struct intel_vgpu vgpu = { .id = 1 };
	struct mpt_vm *vm;

	ck_assert_int_eq(intel_gvt_register_hypervisor(&table), 0);
	ck_assert_int_eq(intel_gvt_register_hypervisor(&table), -EEXIST);
	ck_assert_ptr_nonnull(mpt_host_current());
	ck_assert_uint_eq(mpt_host_caps(mpt_host_current()), 0);
	ck_assert_int_eq(mpt_vm_get(mpt_host_current(), 5, &vm), 0);
	vgpu.mpt = mpt_current_table();
	ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&vgpu), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, &vm, 8), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&vgpu, 1), -EOPNOTSUPP);
	intel_gvt_hypervisor_detach_vgpu(&vgpu);
	ck_assert_uint_eq(fake.detached, 1);
	mpt_vm_put(vm);
	intel_gvt_unregister_hypervisor();
	intel_gvt_unregister_hypervisor();
	ck_assert_ptr_null(mpt_host_current());
}
END_TEST

static int one_sided(unsigned long handle, u64 gfn)
{
	(void)handle;
	(void)gfn;
	return 0;
}

START_TEST(registered_table_is_checked)
{
	struct intel_gvt_mpt table = fake_table;

	table.enable_page_track = one_sided;
	ck_assert_int_eq(mpt_register(&table), -EINVAL);
	ck_assert_msg(strstr(mpt_last_error(), "disable_page_track"), "%s", mpt_last_error());
	table = fake_table;
	table.write_gpa = NULL;
	ck_assert_int_eq(mpt_register(&table), -EINVAL);
	ck_assert_msg(strstr(mpt_last_error(), "write_gpa"), "%s", mpt_last_error());
}
END_TEST

/* --- wrappers without a table --- */

START_TEST(no_wrapper_crashes)
{
	static u8 cfg[256];
	const struct intel_gvt_mpt none = { .host_init = NULL };
	const struct intel_gvt_mpt *tables[] = { NULL, &none };
	struct intel_vgpu vgpu = { .cfg_space = cfg, .msi_cap_offset = 0xac };
	dma_addr_t dma = 0x1234;
	u64 word = 0;
	size_t i;

	for (i = 0; i < 2; i++) {
		vgpu.mpt = tables[i];
		ck_assert_int_eq(intel_gvt_hypervisor_attach_vgpu(&vgpu), -EOPNOTSUPP);
		intel_gvt_hypervisor_detach_vgpu(&vgpu);
		ck_assert_int_eq(intel_gvt_hypervisor_inject_msi(&vgpu), -EOPNOTSUPP);
		ck_assert_int_eq(intel_gvt_hypervisor_read_gpa(&vgpu, 0, &word, 8), -EOPNOTSUPP);
		ck_assert_int_eq(intel_gvt_hypervisor_write_gpa(&vgpu, 0, &word, 8), -EOPNOTSUPP);
		ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(&vgpu, 0, 4096, &dma),
				 -EOPNOTSUPP);
		intel_gvt_hypervisor_dma_unmap_guest_page(&vgpu, dma);
		ck_assert_int_eq(intel_gvt_hypervisor_enable_page_track(&vgpu, 0), -EOPNOTSUPP);
		ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(&vgpu, 0), -EOPNOTSUPP);
		ck_assert_int_eq(intel_gvt_hypervisor_dma_pin_guest_page(&vgpu, 0), -EOPNOTSUPP);
		ck_assert_int_eq(intel_gvt_hypervisor_set_intx(&vgpu, true), -EOPNOTSUPP);
		ck_assert(intel_gvt_hypervisor_gfn_to_mfn(&vgpu, 0) == INTEL_GVT_INVALID_ADDR);
		ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(&vgpu, 0, 0, 1, true), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_set_trap_area(&vgpu, 0, 1, true), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_set_pvmmio(&vgpu, 0, 1, true), -ENOENT);
		ck_assert_int_eq(intel_gvt_hypervisor_set_opregion(&vgpu), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_set_edid(&vgpu, 1), 0);
		ck_assert_int_eq(intel_gvt_hypervisor_get_vfio_device(&vgpu), 0);
		intel_gvt_hypervisor_put_vfio_device(&vgpu);
		ck_assert(intel_gvt_hypervisor_is_valid_gfn(&vgpu, 0));
	}
	ck_assert_uint_eq(dma, 0x1234);
	/* Without any host. */
	ck_assert_int_eq(intel_gvt_hypervisor_host_init(NULL, NULL, NULL), 0);
	intel_gvt_hypervisor_host_exit(NULL, NULL);
	ck_assert(intel_gvt_hypervisor_virt_to_mfn(&word) == INTEL_GVT_INVALID_ADDR);
	ck_assert_int_eq(intel_gvt_hypervisor_dom0_ready(), 0);
}
END_TEST

/* --- hosts, VMs, targets --- */

START_TEST(current_host)
{
	struct mpt_host *second;

	open_fake(NULL);
	ck_assert_ptr_eq(mpt_host_current(), host);
	ck_assert_int_eq(mpt_host_open("check,mock", &second), 0);
	ck_assert_ptr_eq(mpt_host_current(), host);
	ck_assert_ptr_null(mpt_host_use(second));
	ck_assert_ptr_eq(mpt_current_table(), mpt_host_table(second));
	ck_assert_ptr_eq(mpt_host_use(NULL), second);
	ck_assert_ptr_eq(mpt_host_current(), host);
	mpt_host_use(second);
	ck_assert_int_eq(mpt_host_close(second), 0);
	ck_assert_ptr_eq(mpt_host_current(), host);
}
END_TEST

START_TEST(targets)
{
	struct mpt_vm *one, *two, *other = NULL;
	void *priv;

	open_fake(NULL);
	ck_assert_int_eq(mpt_attach_target(&priv), -EINVAL);
	ck_assert_int_eq(mpt_vm_get(host, 9, &other), -ESRCH);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(mpt_vm_get(host, 1, &one), 0);
	ck_assert_int_eq(mpt_attach_target(&priv), 0);
	ck_assert_ptr_eq(priv, &fake.dummy_vm);
	ck_assert_int_eq(mpt_vm_get(host, 2, &two), 0);
	ck_assert_int_eq(mpt_attach_target(&priv), -EINVAL);
	ck_assert_ptr_null(mpt_target_set(two));
	ck_assert_int_eq(mpt_attach_target(&priv), 0);
	ck_assert_ptr_eq(mpt_target_set(NULL), two);
	ck_assert_int_eq(mpt_vm_get(host, 1, &other), 0);
	ck_assert_ptr_eq(other, one);
	ck_assert_int_eq(mpt_host_close(host), -EBUSY);
	mpt_vm_put(other);
	mpt_vm_put(one);
	mpt_vm_put(two);
	mpt_vm_put(NULL);
	ck_assert_uint_eq(fake.vms, 0);
}
END_TEST

START_TEST(create_without_core)
{
	struct intel_vgpu *vgpu;
	struct mpt_vm *vm;

	open_fake(NULL);
	ck_assert_int_eq(mpt_vm_get(host, 1, &vm), 0);
	vgpu = mpt_vgpu_create(vm, NULL, NULL);
	ck_assert(MPT_IS_ERR(vgpu));
	ck_assert_int_eq(MPT_PTR_ERR(vgpu), -EINVAL);
	mpt_vm_put(vm);
}
END_TEST

static struct intel_vgpu *create_null(struct intel_gvt *gvt, struct intel_vgpu_type *type)
{
	(void)gvt;
	(void)type;
	return NULL;
}

START_TEST(create_answering_null)
{
	static const struct intel_gvt_ops ops = { .vgpu_create = create_null }, other_ops;
	struct mpt_core core = { .size = sizeof(core), .ops = &ops };
	struct mpt_vm *vm;

	open_fake(NULL);
	ck_assert_int_eq(mpt_host_set_core(host, &core), 0);
	ck_assert_int_eq(mpt_vm_get(host, 1, &vm), 0);
	ck_assert_int_eq(MPT_PTR_ERR(mpt_vgpu_create(vm, NULL, NULL)), -EIO);
	mpt_vm_put(vm);
	core.flags = 0x80;
	ck_assert_int_eq(mpt_host_set_core(host, &core), -EINVAL);
	core = (struct mpt_core){ .size = sizeof(core) };
	ck_assert_int_eq(mpt_host_set_core(host, &core), -EINVAL);
	core.ops = &other_ops;
	ck_assert_int_eq(mpt_host_set_core(host, &core), -EEXIST);
	ck_assert_int_eq(mpt_host_set_core(host, NULL), 0);
	ck_assert_int_eq(mpt_host_set_core(host, &core), 0);
	ck_assert_int_eq(mpt_host_set_policy(host, (enum mpt_policy)9), -EINVAL);
}
END_TEST

/* --- errors and the log --- */

START_TEST(sentences)
{
	char text[2 * MPT_ERROR_MAX];

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(mpt_fail(EINVAL, NULL, "%s", "why"), -EINVAL);
	ck_assert_str_eq(mpt_last_error(), "sentences_fn: libmpt: why");
	mpt_fail(-EINVAL, "me", "%s", mpt_last_error());
	ck_assert_str_eq(mpt_last_error(), "sentences_fn: me: sentences_fn: libmpt: why");
	mpt_fail(-EINVAL, "me", "%s", text);
	ck_assert_uint_eq(strlen(mpt_last_error()), MPT_ERROR_MAX - 1);
	errno = 33;
	mpt_fail(-EINVAL, "me", "x");
	ck_assert_int_eq(errno, 33);
	mpt_clear_error();
	ck_assert_str_eq(mpt_last_error(), "");
	ck_assert_str_eq(mpt_errno_name(-EFAULT), "EFAULT");
	ck_assert_str_eq(mpt_errno_name(EFAULT), "EFAULT");
	ck_assert_str_eq(mpt_errno_name(-EPIPE), "E?");
	ck_assert_uint_eq(mpt_errno_bit(-EPIPE), 0);
}
END_TEST

START_TEST(errno_bits_agree)
{
	const struct mpt_op_info *info = mpt_op_info(MPT_OP_ID_read_gpa);

	ck_assert_uint_eq(info->errnos, mpt_errno_bit(-ESRCH) | mpt_errno_bit(-EFAULT));
	info = mpt_op_info(MPT_OP_ID_set_intx);
	ck_assert_uint_eq(info->errnos,
			  mpt_errno_bit(ESRCH) | mpt_errno_bit(EIO) | mpt_errno_bit(EOPNOTSUPP));
	ck_assert_ptr_null(mpt_op_info(MPT_OP_COUNT));
	ck_assert_str_eq(info->wrapper, "intel_gvt_hypervisor_set_intx");
	ck_assert_str_eq(info->signature, "int (unsigned long handle , _Bool level)");
}
END_TEST

static unsigned int lines;

static void sink(void *arg, enum mpt_log_level level, const char *func, const char *text)
{
	(void)level;
	(void)func;
	ck_assert_ptr_eq(arg, &lines);
	ck_assert_uint_gt(strlen(text), 0);
	errno = 99;
	lines++;
}

START_TEST(logging)
{
	unsigned int i;

	mpt_log(MPT_LOG_ERROR, "nobody hears");
	mpt_log_set(sink, &lines, MPT_LOG_INFO);
	errno = 5;
	mpt_log(MPT_LOG_INFO, "one %d", 1);
	mpt_log(MPT_LOG_DEBUG, "not wanted");
	ck_assert_uint_eq(lines, 1);
	ck_assert_int_eq(errno, 5);
	for (i = 0; i < 1000; i++)
		mpt_log_guest(MPT_LOG_WARN, "the guest again");
	/* Two windows at most. */
	ck_assert_uint_ge(lines, 11);
	ck_assert_uint_le(lines, 21);
	mpt_log_set(NULL, NULL, MPT_LOG_ERROR);
}
END_TEST

static Suite *options_suite(void)
{
	Suite *s = suite_create("options and specs");
	TCase *tc = tcase_create("options");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, option_defaults);
	tcase_add_test(tc, option_values);
	tcase_add_loop_test(tc, option_errors, 0, sizeof(bad_options) / sizeof(bad_options[0]));
	tcase_add_test(tc, option_text_too_long);
	tcase_add_loop_test(tc, spec_errors, 0, sizeof(bad_specs) / sizeof(bad_specs[0]));
	tcase_add_test(tc, spec_too_long);
	tcase_add_test(tc, spec_layers_and_options);
	suite_add_tcase(s, tc);
	return s;
}

static Suite *host_suite(void)
{
	Suite *s = suite_create("hosts");
	TCase *tc = tcase_create("registration");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_needs_mandatory);
	tcase_add_test(tc, open_needs_claimed_callbacks);
	tcase_add_test(tc, open_checks_abi);
	tcase_add_test(tc, open_failure_leaves_nothing);
	tcase_add_test(tc, open_survives_any_allocation);
	tcase_add_test(tc, registered_table);
	tcase_add_test(tc, registered_table_is_checked);
	tcase_add_test(tc, no_wrapper_crashes);
	tcase_add_test(tc, current_host);
	tcase_add_test(tc, targets);
	tcase_add_test(tc, create_without_core);
	tcase_add_test(tc, create_answering_null);
	tcase_add_test(tc, sentences);
	tcase_add_test(tc, errno_bits_agree);
	tcase_add_test(tc, logging);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { options_suite, host_suite };

	return mpt_test_main("host", suites, sizeof(suites) / sizeof(suites[0]));
}
