/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the sysfs tree. The input is a script: each line but those that begin with '/' is
 * written to create_gvt_instance, byte for byte; those are paths, looked up, listed and read. The
 * first byte chooses between the strict grammar and ACRN's answers. What the tree answers must be
 * of its errnos, what it says is there must be readable, and in the end nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include <gvt/gvt.h>
#include <mpt/alloc.h>
#include <mpt/layers.h>
#include <mpt/sysfs.h>

#include "asserts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 64
#define CREATE "control/create_gvt_instance"

struct tree {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_sysfs *fs;
	bool acrn;
	unsigned int vms;
};

static void tree_open(struct tree *t, bool acrn)
{
	struct mpt_sysfs_core core;
	struct mpt_sysfs_config config = {
		.size = sizeof(config),
		.flags = acrn ? MPT_SYSFS_ACRN : 0,
		.core = &core,
		.vm_memory = 1 << 20,
	};

	memset(t, 0, sizeof(*t));
	t->acrn = acrn;
	ck_assert(!mpt_host_open("check,mock", &t->host));
	ck_assert(!gvt_open(t->host, NULL, &t->gvt));
	gvt_sysfs_core(t->gvt, &core);
	ck_assert(!mpt_sysfs_new(t->host, &config, &t->fs));
}

static void tree_close(struct tree *t)
{
	struct mpt_ledger ledger;
	unsigned int i;

	ck_assert(!mpt_sysfs_free(t->fs));
	ck_assert(!mpt_ledger_get(t->host, &ledger));
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		ck_assert_uint_eq(ledger.live[i], 0);
	ck_assert(!ledger.left && !ledger.violations);
	ck_assert(!gvt_close(t->gvt));
	ck_assert(!mpt_host_close(t->host));
	ck_assert(!mpt_alloc_live());
}

static int count_vm(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	unsigned int *n = arg;

	*n += st->directory && name[0] == 'v';
	return 0;
}

static unsigned int vms(struct tree *t)
{
	unsigned int n = 0;

	ck_assert(!mpt_sysfs_list(t->fs, "", count_vm, &n));
	return n;
}

/* What a strict write looks like when it is done: nothing in it but the grammar's characters. */
static void check_strict(const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	ck_assert(len && memchr("-123456789", text[0], 10));
	for (size_t i = 1; i < len; i++)
		ck_assert(memchr("0123456789,", text[i], 11));
	ck_assert(text[len - 1] != ',');
}

static void write_line(struct tree *t, const char *text, size_t len)
{
	struct mpt_sysfs_file *f;
	unsigned int now;
	long ret;

	ck_assert(!mpt_sysfs_open(t->fs, CREATE, MPT_SYSFS_WRITE, &f));
	ret = mpt_sysfs_write(f, 0, text, len);
	mpt_sysfs_close(f);
	now = vms(t);
	if (ret >= 0) {
		ck_assert_int_eq(ret, (long)len);
		ck_assert_uint_le(now > t->vms ? now - t->vms : t->vms - now, 1);
		if (!t->acrn && len)
			check_strict(text, len);
	} else {
		ck_assert_uint_eq(now, t->vms);
		ck_assert(ret == -EINVAL || ret == -EEXIST ||
			  (!t->acrn && (ret == -ENOENT || ret == -ENOSPC)));
	}
	ck_assert_uint_le(now, GVT_MAX_VGPU);
	t->vms = now;
}

static int read_child(void *arg, const char *name, const struct mpt_sysfs_stat *st)
{
	(void)arg;
	ck_assert(*name && !strchr(name, '/'));
	ck_assert_uint_eq(st->size, st->directory ? 0 : MPT_SYSFS_PAGE);
	return 0;
}

static void use_path(struct tree *t, const char *path)
{
	char buf[MPT_SYSFS_PAGE + 1];
	struct mpt_sysfs_stat st;
	int ret = mpt_sysfs_stat(t->fs, path, &st);
	long n = mpt_sysfs_cat(t->fs, path, buf, sizeof(buf));

	if (ret) {
		ck_assert(ret == -ENOENT && n == -ENOENT);
		ck_assert(mpt_sysfs_list(t->fs, path, read_child, NULL) == -ENOENT);
	} else if (st.directory) {
		ck_assert_int_eq(n, -EINVAL);
		ck_assert(!mpt_sysfs_list(t->fs, path, read_child, NULL));
	} else {
		ck_assert(st.mode & 0400 ? n > 0 && buf[n - 1] == '\n' : n == -EACCES);
		ck_assert(mpt_sysfs_list(t->fs, path, read_child, NULL) == -ENOENT);
	}
}

static void use_line(struct tree *t, const char *text, size_t len)
{
	char *path;

	if (!len || text[0] != '/') {
		write_line(t, text, len);
		return;
	}
	/* Its own memory, so that a byte too far is seen. */
	path = malloc(len + 1);
	if (!path)
		return;
	memcpy(path, text, len);
	path[len] = '\0';
	path[strcspn(path, "\n")] = '\0';
	use_path(t, path + 1);
	use_path(t, path);
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *lf;
	unsigned int n;
	struct tree t;

	if (!size)
		return 0;
	tree_open(&t, *p++ == 'a');
	for (n = 0; p < end && n < LINES_MAX; n++) {
		lf = memchr(p, '\n', (size_t)(end - p));
		lf = lf ? lf + 1 : end;
		use_line(&t, p, (size_t)(lf - p));
		p = lf;
	}
	tree_close(&t);
	return 0;
}
