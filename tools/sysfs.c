/* SPDX-License-Identifier: MIT */
/*
 * mptctl sysfs: options; the host, the device and the tree from opening to closing. The mount is in
 * sysfs_fuse.c, what happens meanwhile in sysfs_loop.c.
 */
#include "sysfs.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "loop.h"

#define MIB (1ULL << 20)

static const struct cli_option options[] = {
	{ "backend", "SPEC", "back end [mock]", offsetof(struct sysfs_args, backend), CLI_TEXT },
	{ "trace", "FILE", "replay it into the first vGPU of the sizes that it was recorded on",
	  offsetof(struct sysfs_args, trace), CLI_TEXT },
	{ "vm-mem", "SIZE", "memory of a VM that is made for its vGPU [64M]",
	  offsetof(struct sysfs_args, vm_mem), CLI_NUMBER },
	{ "acrn-answers", NULL, "create_gvt_instance takes and answers what ACRN's does",
	  offsetof(struct sysfs_args, acrn_answers), CLI_FLAG },
	{ "allow-other", NULL, "other users may use the mount, as its modes say",
	  offsetof(struct sysfs_args, allow_other), CLI_FLAG },
	{ "platform", "PLATFORM", "skl, bdw, kbl, bxt or cfl [the trace's, or skl]",
	  offsetof(struct sysfs_args, platform), CLI_TEXT },
	{ "aperture", "SIZE", "aperture of the device: 256M, 512M or 1G [the trace's, or 1G]",
	  offsetof(struct sysfs_args, aperture), CLI_NUMBER },
	LOOP_OPTION_QUIET(struct sysfs_args),
	LOOP_OPTION_JSON(struct sysfs_args),
	{ 0 },
};

static const struct cli_operand operands[] = {
	{ .name = "MOUNTPOINT",
	  .help = "folder where the tree is mounted",
	  .offset = offsetof(struct sysfs_args, mountpoint) },
	{ 0 },
};

/* 0: not given. */
static const struct cli_range ranges[] = {
	{ "vm-mem", 1 * MIB, 1ULL << 40, true },
	{ "aperture", 256 * MIB, 1024 * MIB, true },
	{ 0 },
};

static int fail(void)
{
	cli_error("sysfs: %s", session_sentence());
	return -1;
}

/* --- the core in front of the device's own --- */

static int type_get(void *opaque, unsigned int index, struct mpt_sysfs_type *type)
{
	struct sysfs *s = opaque;

	return s->core.type_get(s->core.opaque, index, type);
}

static unsigned int type_available(void *opaque, unsigned int index)
{
	struct sysfs *s = opaque;

	return s->core.type_available(s->core.opaque, index);
}

static void total(void *opaque, struct mpt_sysfs_sizes *all)
{
	struct sysfs *s = opaque;

	s->core.total(s->core.opaque, all);
}

static struct intel_vgpu *vgpu_create(void *opaque, struct mpt_vm *vm,
				      const struct mpt_sysfs_sizes *sizes)
{
	struct sysfs *s = opaque;
	struct intel_vgpu *vgpu = sysfs_guest_wants(s, sizes) ?
					  sysfs_guest_create(s, vm) :
					  s->core.vgpu_create(s->core.opaque, vm, sizes);

	if (MPT_IS_ERR(vgpu)) {
		sysfs_tell("VM %u: no vGPU: %s", mpt_vm_id(vm), session_sentence());
		return vgpu;
	}
	s->made++;
	sysfs_tell("VM %u: vGPU %d made", mpt_vm_id(vm), vgpu->id);
	return vgpu;
}

static int vgpu_destroy(void *opaque, struct mpt_vm *vm, struct intel_vgpu *vgpu)
{
	struct sysfs *s = opaque;
	int id = vgpu->id, ret = s->core.vgpu_destroy(s->core.opaque, vm, vgpu);

	if (ret) {
		sysfs_tell("VM %u: vGPU %d stays: %s", mpt_vm_id(vm), id, session_sentence());
		return ret;
	}
	s->destroyed++;
	sysfs_tell("VM %u: vGPU %d destroyed", mpt_vm_id(vm), id);
	return 0;
}

static void vgpu_info(void *opaque, struct intel_vgpu *vgpu, struct mpt_sysfs_vgpu *info)
{
	struct sysfs *s = opaque;

	s->core.vgpu_info(s->core.opaque, vgpu, info);
}

static unsigned int vgpu_counters(void *opaque, struct intel_vgpu *vgpu,
				  struct mpt_sysfs_counter *counter, unsigned int max)
{
	struct sysfs *s = opaque;

	return s->core.vgpu_counters(s->core.opaque, vgpu, counter, max);
}

static void uevent(void *arg, const struct mpt_uevent *event)
{
	const char *const *env = event->env;

	(void)arg;
	sysfs_tell("uevent %s %s %s%s%s", event->action, event->object, env[0], env[1] ? " " : "",
		   env[1] ? env[1] : "");
}

/* --- up, and down in reverse order --- */

/* With "check," in front unless the spec has one, so that it ends with a ledger. */
static int open_host(struct sysfs *s)
{
	const char *spec = s->args->backend;

	if (mpt_host_open(spec, &s->host))
		goto err;
#ifndef MPT_STATIC_BACKEND
	if (mpt_ledger_get(s->host, &s->end.ledger)) {
		char checked[1100];

		mpt_host_close(s->host);
		snprintf(checked, sizeof(checked), "check,%s", spec);
		if (mpt_host_open(checked, &s->host))
			goto err;
	}
#endif
	return 0;
err:
	s->host = NULL;
	return fail();
}

static int open_device(struct sysfs *s)
{
	const struct sysfs_args *a = s->args;
	struct gvt_config config = {
		.size = sizeof(config),
		.platform = a->platform,
		.aperture = a->aperture,
		.wake = loop_wake,
	};

	if (s->trace) {
		config.aperture = s->trace->bar2.size;
		if (!config.platform)
			config.platform = s->trace->platform;
	}
	if (!gvt_open(s->host, &config, &s->gvt))
		return 0;
	s->gvt = NULL;
	return fail();
}

static int open_tree(struct sysfs *s)
{
	struct mpt_sysfs_core core = {
		.size = sizeof(core),
		.opaque = s,
		.type_get = type_get,
		.type_available = type_available,
		.total = total,
		.vgpu_create = vgpu_create,
		.vgpu_destroy = vgpu_destroy,
		.vgpu_info = vgpu_info,
		.vgpu_counters = vgpu_counters,
	};
	struct mpt_sysfs_config config = {
		.size = sizeof(config),
		.flags = s->args->acrn_answers ? MPT_SYSFS_ACRN : 0,
		.core = &core,
		.vm_memory = s->args->vm_mem,
		.uevent = uevent,
	};

	gvt_sysfs_core(s->gvt, &s->core);
	if (!mpt_sysfs_new(s->host, &config, &s->tree))
		return 0;
	s->tree = NULL;
	return fail();
}

int sysfs_up(struct sysfs *s)
{
	if (sysfs_guest_open(s) || open_host(s) || open_device(s) || sysfs_guest_place(s))
		return -1;
	return open_tree(s);
}

void sysfs_down(struct sysfs *s)
{
	u64 destroyed = s->destroyed;
	int ret = mpt_sysfs_free(s->tree);

	if (ret)
		session_error(&s->end, ret, "destroying the tree", 0);
	s->left = s->destroyed - destroyed;
	loop_close(s->host, s->gvt, &s->end);
	sysfs_guest_close(s);
}

/* Standard output is the report's; as JSON it cannot hold anything else. */
static void print_ready(const struct sysfs *s)
{
	FILE *out = s->args->json ? stderr : stdout;

	fprintf(out, "READY %s\n", s->args->mountpoint);
	fflush(out);
}

static int serve(struct sysfs *s)
{
	int status = CLI_USAGE;

	if (!sysfs_up(s) && !sysfs_mount(s)) {
		if (mpt_dom0_ready(s->host))
			session_error(&s->end, -EIO, "dom0_ready", 0);
		print_ready(s);
		if (!sysfs_loop(s))
			status = CLI_OK;
		sysfs_unmount(s);
	}
	sysfs_down(s);
	sysfs_loop_exit();
	if (status != CLI_OK)
		return status;
	sysfs_report(s);
	return sysfs_healthy(s) ? CLI_OK : CLI_FAILED;
}

/* --- the command --- */

static int check_args(const struct sysfs_args *a)
{
	if (!TOOLS_HAVE_FUSE)
		cli_error(TOOLS_NO_FUSE);
	else if (a->json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
	else if (a->vm_mem % 4096)
		cli_error("sysfs: --vm-mem: %llu bytes are not whole pages of 4 KiB",
			  (unsigned long long)a->vm_mem);
	else if (a->trace && a->aperture)
		cli_error("sysfs: --trace brings its own aperture (leave out --aperture)");
	else if (strlen(a->backend) > 1000)
		cli_error("sysfs: --backend: too long");
	else
		return 0;
	return -1;
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct sysfs_args args = { .backend = "mock", .vm_mem = 64 * MIB };
	int ret = cli_parse(cmd, argc, argv, &args), status = CLI_USAGE;
	struct sysfs *s;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_args(&args))
		return CLI_USAGE;
	s = calloc(1, sizeof(*s));
	if (!s) {
		cli_error("sysfs: no memory");
		return CLI_USAGE;
	}
	s->args = &args;
	if (!sysfs_loop_init(args.quiet))
		status = serve(s);
	free(s);
	return status;
}

static const char details[] =
	"Mounts the tree of /sys/kernel/gvt and serves it in the foreground until SIGINT, SIGTERM "
	"or SIGHUP, or until it is unmounted. When it can be used, it prints the line \"READY "
	"MOUNTPOINT\". A vGPU is made by `echo VM,LOW,HIGH,FENCE > control/create_gvt_instance`, "
	"LOW and HIGH in MiB, and destroyed by `echo -VM`. On a simulated back end a VM that is "
	"not there is made with it, and goes with it. See gvt-sysfs(5).\n\n"
	"exit status: 1 when an access of the trace failed, the device has touched memory that is "
	"not mapped, or the ledger is not empty; 2 when it could not start";

const struct cli_command command_sysfs = {
	.name = "sysfs",
	.summary = "mount the tree of /sys/kernel/gvt: make and destroy vGPUs by echo",
	.usage = "MOUNTPOINT [OPTION]...",
	.details = details,
	.options = options,
	.ranges = ranges,
	.operands = operands,
	.run = run,
};
