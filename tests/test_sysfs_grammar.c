/* SPDX-License-Identifier: MIT */
/*
 * What create_gvt_instance takes and answers, row by row: the strict grammar, ACRN's answers, every
 * errno. The device has 1 GiB of aperture, 3 GiB of hidden memory, 32 fences.
 */
#include "sysfs_rig.h"

static struct tree t;

/* VM 1 has an instance, VM 2 is there without one. @strict, @acrn: answers; 0: it is done. */
static const struct row {
	const char *text;
	int strict, acrn;
} rows[] = {
	/* made */
	{ "3,64,128,4", 0, 0 },
	{ "3,64,128,4\n", 0, 0 },
	{ "2,1,1,1\n", 0, 0 },
	{ "65535,64,128,4", 0, 0 },
	{ "3,960,2944,28", 0, 0 },
	/* destroyed */
	{ "-1", 0, 0 },
	{ "-1\n", 0, 0 },
	/* destroyed what is not there */
	{ "-2", -ENOENT, 0 },
	{ "-3\n", -ENOENT, 0 },
	{ "-65535", -ENOENT, 0 },
	{ "-65536", -EINVAL, 0 },
	{ "-65537", -EINVAL, 0 },
	{ "-4294967297", -EINVAL, 0 },
	{ "-18446744073709551615", -EINVAL, 0 },
	{ "-18446744073709551616", -EINVAL, -EINVAL },
	/* is there already */
	{ "1,64,128,4", -EEXIST, -EEXIST },
	/* no syntax */
	{ "\n", -EINVAL, -EINVAL },
	{ "\n\n", -EINVAL, -EINVAL },
	{ " ", -EINVAL, -EINVAL },
	{ "-", -EINVAL, -EINVAL },
	{ "--1", -EINVAL, -EINVAL },
	{ "-0", -EINVAL, -EINVAL },
	{ "0", -EINVAL, -EINVAL },
	{ "1", -EINVAL, -EINVAL },
	{ "3", -EINVAL, -EINVAL },
	{ "x", -EINVAL, -EINVAL },
	{ ",", -EINVAL, -EINVAL },
	{ "3,", -EINVAL, -EINVAL },
	{ "3,64", -EINVAL, -EINVAL },
	{ "3,64,128", -EINVAL, -EINVAL },
	{ "3,64,128,", -EINVAL, -EINVAL },
	{ "3,,128,4", -EINVAL, -EINVAL },
	{ ",64,128,4", -EINVAL, -EINVAL },
	{ "3;64;128;4", -EINVAL, -EINVAL },
	{ "-1,64", -EINVAL, -EINVAL },
	{ "-1,64,128,4", -EINVAL, -EINVAL },
	{ "3,-64,128,4", -EINVAL, -EINVAL },
	{ "3,64,-128,4", -EINVAL, -EINVAL },
	{ "3,64,128,-4", -EINVAL, -EINVAL },
	{ "0x3,64,128,4", -EINVAL, -EINVAL },
	/* what only ACRN's takes */
	{ " 3,64,128,4", -EINVAL, 0 },
	{ "\t3,64,128,4\n", -EINVAL, 0 },
	{ "3,64,128,4 ", -EINVAL, 0 },
	{ "3,64,128,4\n\n", -EINVAL, 0 },
	{ "3,64,128,4 5", -EINVAL, 0 },
	{ "3,64,128,4,5", -EINVAL, 0 },
	{ "3,64,128,8xyz", -EINVAL, 0 },
	{ "+3,+64,+128,+4", -EINVAL, 0 },
	{ "03,064,0128,04", -EINVAL, 0 },
	{ "-1zzz", -EINVAL, 0 },
	{ "-1,x", -EINVAL, 0 },
	{ "-1 2", -EINVAL, 0 },
	{ "-01", -EINVAL, 0 },
	{ " -1", -EINVAL, 0 },
	/* but its word ends at a blank */
	{ "3, 64,128,4", -EINVAL, -EINVAL },
	{ "3 ,64,128,4", -EINVAL, -EINVAL },
	{ "- 1", -EINVAL, -EINVAL },
	/* out of range; what lost bits there is refused here */
	{ "0,64,128,4", -EINVAL, -EINVAL },
	{ "65536,64,128,4", -EINVAL, -EINVAL },
	{ "65539,64,128,4", -EINVAL, -EINVAL },
	{ "4294967299,64,128,4", -EINVAL, -EINVAL },
	{ "18446744073709551619,64,128,4", -EINVAL, -EINVAL },
	{ "3,0,128,4", -EINVAL, -EINVAL },
	{ "3,64,0,4", -EINVAL, -EINVAL },
	{ "3,1025,128,4", -EINVAL, -EINVAL },
	{ "3,64,3073,4", -EINVAL, -EINVAL },
	{ "3,4160,128,4", -EINVAL, -EINVAL },
	{ "3,17592186044416,128,4", -EINVAL, -EINVAL },
	{ "3,17592186044480,128,4", -EINVAL, -EINVAL },
	{ "3,64,17592186044544,4", -EINVAL, -EINVAL },
	{ "3,18446744073709551680,128,4", -EINVAL, -EINVAL },
	{ "3,64,128,0", -EINVAL, -EINVAL },
	{ "3,64,128,33", -EINVAL, -EINVAL },
	{ "3,64,128,4294967300", -EINVAL, -EINVAL },
	/* used up: VM 1 has 64 MiB, 128 MiB, 4 fences */
	{ "3,961,128,4", -ENOSPC, -EINVAL },
	{ "3,1024,128,4", -ENOSPC, -EINVAL },
	{ "3,64,2945,4", -ENOSPC, -EINVAL },
	{ "3,64,128,29", -ENOSPC, -EINVAL },
};

/* What each of the three VMs has after a row that is done: a row is about one of them. */
static bool is_about(const struct row *r, unsigned int id)
{
	const char *p = r->text;

	while (*p && (*p < '1' || *p > '9'))
		p++;
	return strtoul(p, NULL, 10) == id;
}

static void check_after(const struct row *r, int answer)
{
	bool removal = strchr(r->text, '-') != NULL;

	ck_assert_msg(tree_has(&t, "vm1") == !(removal && !answer && is_about(r, 1)), "'%s'",
		      r->text);
	ck_assert_msg(tree_has(&t, "vm2") == (!removal && !answer && is_about(r, 2)), "'%s'",
		      r->text);
	ck_assert_msg(tree_has(&t, "vm3") == (!removal && !answer && is_about(r, 3)), "'%s'",
		      r->text);
	ck_assert_msg(tree_has_vm(&t, 3) == tree_has(&t, "vm3"), "'%s': VM 3", r->text);
	ck_assert_msg(tree_has_vm(&t, 2), "'%s': VM 2", r->text);
}

/* Back to VM 1 with an instance and VM 2 without. */
static void reset(void)
{
	static const char *const vms[] = { "vm2", "vm3", "vm65535" };
	char text[16];
	size_t i;

	for (i = 0; i < N(vms); i++) {
		snprintf(text, sizeof(text), "-%s", vms[i] + 2);
		if (tree_has(&t, vms[i]))
			tree_ok(tree_echo(&t, text));
	}
	if (!tree_has(&t, "vm1"))
		tree_ok(tree_echo(&t, "1,64,128,4"));
}

static void play(unsigned int flags)
{
	size_t i;
	int ret, want;

	tree_ok(mpt_vm_create(t.host, 2));
	for (i = 0; i < N(rows); i++) {
		reset();
		want = flags & MPT_SYSFS_ACRN ? rows[i].acrn : rows[i].strict;
		mpt_clear_error();
		ret = tree_echo(&t, rows[i].text);
		ck_assert_msg(ret == want, "'%s': %d, not %d: %s", rows[i].text, ret, want,
			      mpt_last_error());
		ck_assert_msg(!ret || *mpt_last_error(), "'%s': no sentence", rows[i].text);
		check_after(&rows[i], ret);
	}
	tree_ok(mpt_sysfs_free(t.fs));
	t.fs = NULL;
	tree_ok(mpt_vm_destroy(t.host, 2));
	tree_close(&t);
}

START_TEST(strict)
{
	tree_open(&t, tree_specs[_i], 0);
	play(0);
}
END_TEST

START_TEST(acrn)
{
	tree_open(&t, tree_specs[_i], MPT_SYSFS_ACRN);
	play(MPT_SYSFS_ACRN);
}
END_TEST

/* Bytes that no string has; and every prefix of a good write. */
START_TEST(bytes)
{
	static const char good[] = "3,64,128,4\n";
	struct mpt_sysfs_file *f;
	char text[16];
	size_t i;
	int c;

	tree_open(&t, "check,mock", 0);
	tree_ok(mpt_sysfs_open(t.fs, CREATE, MPT_SYSFS_WRITE, &f));
	ck_assert_int_eq(mpt_sysfs_write(f, 0, good, sizeof(good)), -EINVAL); /* with its NUL */
	for (i = 1; i < sizeof(good) - 2; i++)
		ck_assert_int_eq(mpt_sysfs_write(f, 0, good, i), -EINVAL);
	for (i = 0; i < sizeof(good) - 1; i++) {
		for (c = 0; c < 256; c++) {
			memcpy(text, good, sizeof(good));
			text[i] = (char)c;
			if ((c >= '0' && c <= '9') || text[i] == good[i] || (!i && c == '-'))
				continue;
			ck_assert_int_eq(mpt_sysfs_write(f, 0, text, sizeof(good) - 1), -EINVAL);
		}
	}
	ck_assert_int_eq(mpt_sysfs_write(f, 0, good, sizeof(good) - 1), sizeof(good) - 1);
	mpt_sysfs_close(f);
	tree_close(&t);
}
END_TEST

/* ACRN's looks at 63 characters of the word. */
START_TEST(long_words)
{
	char text[128];

	tree_open(&t, "check,mock", MPT_SYSFS_ACRN);
	memset(text, '0', sizeof(text));
	strcpy(text + 53, "3,64,128,4");
	tree_ok(tree_echo(&t, text));
	tree_ok(tree_echo(&t, "-3"));
	strcpy(text + 53, "3,64,128,49");
	tree_ok(tree_echo(&t, text));
	ck_assert(strstr(tree_cat(&t, "vm3/resources"), "fence 0 4\n"));
	tree_ok(tree_echo(&t, "-3"));
	memset(text, '0', sizeof(text));
	strcpy(text + 54, "3,64,128,4");
	ck_assert_int_eq(tree_echo(&t, text), -EINVAL);
	tree_close(&t);
}
END_TEST

/* Seven, and no more: of ids, of fences, of aperture, of hidden memory. */
START_TEST(used_up)
{
	static const struct {
		const char *sizes, *why;
	} each[] = {
		{ "64,128,1", "7 vGPUs exist" },
		{ "64,128,4", "7 vGPUs exist" },
		{ "64,128,16", "fences: 16 asked" },
		{ "512,128,1", "aperture: 512 MiB asked" },
		{ "64,1024,1", "hidden memory: 1024 MiB asked" },
	};
	unsigned int id, n;
	char text[32];
	size_t i;
	int ret;

	tree_open(&t, tree_specs[_i], 0);
	for (i = 0; i < N(each); i++) {
		for (n = 0, id = 1, ret = 0; !ret && id < 10; id++) {
			snprintf(text, sizeof(text), "%u,%s", id, each[i].sizes);
			ret = tree_echo(&t, text);
			n += !ret;
		}
		ck_assert_int_eq(ret, -ENOSPC);
		ck_assert_msg(strstr(mpt_last_error(), each[i].why), "%s", mpt_last_error());
		ck_assert_uint_eq(n, i < 2 ? 7 : i < 4 ? 2 : 3);
		ck_assert(!tree_has_vm(&t, id - 1));
		for (id = 1; id <= n; id++) {
			snprintf(text, sizeof(text), "-%u", id);
			tree_ok(tree_echo(&t, text));
			ck_assert(!tree_has_vm(&t, id));
		}
	}
	tree_close(&t);
}
END_TEST

/* --- a back end whose VMs come from elsewhere --- */

static const struct mpt_backend *bare(void)
{
	static struct mpt_backend be;
	const struct mpt_backend *mock = mpt_backend_find("mock");

	be = *mock;
	be.name = "bare";
	be.testbed = NULL;
	return &be;
}

START_TEST(unknown_vm)
{
	struct mpt_sysfs_config c;

	memset(&t, 0, sizeof(t));
	pthread_mutex_init(&t.lock, NULL);
	tree_ok(mpt_host_open_table(bare(), NULL, &t.host));
	tree_ok(gvt_open(t.host, NULL, &t.gvt));
	gvt_sysfs_core(t.gvt, &t.core);
	c = tree_config(&t);
	c.flags = _i ? MPT_SYSFS_ACRN : 0;
	tree_ok(mpt_sysfs_new(t.host, &c, &t.fs));
	ck_assert_int_eq(tree_echo(&t, "1,64,128,4"), _i ? -EINVAL : -ESRCH);
	ck_assert_int_eq(tree_echo(&t, "-1"), _i ? 0 : -ENOENT);
	ck_assert(!tree_has(&t, "vm1"));
	/* No number of a VM, wherever VMs come from. */
	ck_assert_int_eq(tree_echo(&t, "65536,64,128,4"), -EINVAL);
	tree_close(&t);
}
END_TEST

static Suite *grammar_suite(void)
{
	Suite *s = suite_create("sysfs-grammar");
	TCase *tc = tcase_create("create_gvt_instance");
	int n = (int)specs_built(tree_specs, N(tree_specs));

	tcase_add_loop_test(tc, strict, 0, n);
	tcase_add_loop_test(tc, acrn, 0, n);
	tcase_add_test(tc, bytes);
	tcase_add_test(tc, long_words);
	tcase_add_loop_test(tc, used_up, 0, n);
	tcase_add_loop_test(tc, unknown_vm, 0, 2);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { grammar_suite };

	return mpt_test_main("sysfs-grammar", suites, N(suites));
}
