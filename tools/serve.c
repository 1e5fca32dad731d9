/* SPDX-License-Identifier: MIT */
/*
 * mptctl serve: options; the host, the device and its vGPUs from opening to closing. What happens
 * between is in serve_loop.c.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "loop.h"
#include "png.h"
#include "serve.h"
#include "vgpu_type.h"

#define APERTURE (256ULL << 20)

static const struct cli_option options[] = {
	{ "socket", "PATH", "UNIX socket to listen on; of several vGPUs PATH.1, PATH.2, ...",
	  offsetof(struct serve_args, socket), CLI_TEXT },
	{ "vgpus", "N", "vGPUs, each for a QEMU of its own [1]", offsetof(struct serve_args, vgpus),
	  CLI_NUMBER },
	{ "type", "TYPE", "their type, its name or its suffix [8]",
	  offsetof(struct serve_args, type), CLI_TEXT },
	{ "platform", "PLATFORM", "skl, bdw, kbl, bxt or cfl [skl]",
	  offsetof(struct serve_args, platform), CLI_TEXT },
	{ "aperture", "SIZE", "aperture of the device: 256M, 512M or 1G [256M]",
	  offsetof(struct serve_args, aperture), CLI_NUMBER },
	{ "backend", "SPEC", "vfio-user, with layers in front and options behind",
	  offsetof(struct serve_args, backend), CLI_TEXT },
	{ "monitor", NULL, "each vGPU has its virtual monitor plugged in",
	  offsetof(struct serve_args, monitor), CLI_FLAG },
	{ "record", "FILE", "write what the guest does as a trace; of several vGPUs FILE.1, ...",
	  offsetof(struct serve_args, record), CLI_TEXT },
	{ "screenshot", "FILE.png", "write what the guest shows, at SIGUSR1 and at the end",
	  offsetof(struct serve_args, screenshot), CLI_TEXT },
	LOOP_OPTION_QUIET(struct serve_args),
	LOOP_OPTION_JSON(struct serve_args),
	{ 0 },
};

static const struct cli_range ranges[] = {
	{ "vgpus", 1, GVT_MAX_VGPU, false },
	{ "aperture", 256ULL << 20, 1ULL << 30, true },
	{ 0 },
};

static int fail(void)
{
	cli_error("%s", session_sentence());
	return -1;
}

/* --- up, and down in reverse order --- */

/* Before the vGPU runs: a client may be there already. */
static int open_record(struct serve *s, struct serve_vgpu *v)
{
	char path[SERVE_PATH_MAX];

	if (!s->args->record)
		return 0;
	serve_path(s->args->record, v->id, s->n, path, sizeof(path));
	return serve_record_open(v, path);
}

static int open_vgpu(struct serve *s, struct serve_vgpu *v)
{
	if (mpt_vm_get(s->host, v->id, &v->vm)) {
		v->vm = NULL;
		return fail();
	}
	v->vgpu = mpt_vgpu_create(v->vm, s->gvt, &s->type);
	if (MPT_IS_ERR(v->vgpu)) {
		v->vgpu = NULL;
		return fail();
	}
	gvt_vgpu_info(v->vgpu, &v->info);
	if (open_record(s, v))
		return -1;
	/* It stays plugged over resets; without one a driver has less to do. */
	if (s->args->monitor)
		gvt_ops()->emulate_hotplug(v->vgpu, true);
	gvt_ops()->vgpu_activate(v->vgpu);
	return 0;
}

static void close_vgpu(struct serve *s, struct serve_vgpu *v)
{
	int ret;

	if (v->vgpu) {
		gvt_vgpu_info(v->vgpu, &v->info);
		v->driver |= v->info.pv_notified;
		mpt_vm_stats_get(v->vm, &v->stats);
		gvt_ops()->vgpu_release(v->vgpu);
		ret = mpt_vgpu_destroy(v->vm, v->vgpu);
		if (ret)
			session_error(&s->end, ret, "destroying vGPU", v->id);
	}
	serve_record_close(v, &s->end);
	mpt_vm_put(v->vm);
}

static int open_device(struct serve *s)
{
	const struct serve_args *a = s->args;
	struct gvt_config config = {
		.size = sizeof(config),
		.platform = a->platform,
		.aperture = a->aperture,
		.ops = a->record ? serve_record_ops() : NULL,
		.wake = loop_wake,
	};
	char why[SESSION_WHY_MAX];

	if (gvt_open(s->host, &config, &s->gvt)) {
		s->gvt = NULL;
		return fail();
	}
	if (!vgpu_type_find(s->gvt, a->type, &s->type, why, sizeof(why)))
		return 0;
	cli_error("serve: %s", why);
	return -1;
}

static int open_host(struct serve *s)
{
	char spec[2 * SERVE_PATH_MAX];

	if (serve_spec(s->args->backend, s->args->socket, s->n, spec, sizeof(spec)))
		return -1;
	if (!mpt_host_open(spec, &s->host))
		return 0;
	s->host = NULL;
	return fail();
}

int serve_up(struct serve *s)
{
	unsigned int i;

	if (open_device(s))
		return -1;
	for (i = 0; i < s->n; i++) {
		s->vgpu[i].id = i + 1;
		serve_socket_name(s, &s->vgpu[i]);
		if (open_vgpu(s, &s->vgpu[i]))
			return -1;
	}
	return 0;
}

void serve_down(struct serve *s)
{
	unsigned int i;

	for (i = s->n; i-- > 0;)
		close_vgpu(s, &s->vgpu[i]);
	loop_close(s->host, s->gvt, &s->end);
}

static int serve(struct serve *s)
{
	int status = CLI_USAGE;

	/* Standard output is the report's; as JSON it cannot hold anything else. */
	if (!open_host(s) && !serve_up(s)) {
		serve_print_qemu(s->args->json ? stderr : stdout, s);
		if (!serve_loop(s))
			status = CLI_OK;
		serve_shot(s);
	}
	serve_watch_end();
	serve_down(s);
	if (status != CLI_OK)
		return status;
	serve_report(s);
	return serve_healthy(s) ? CLI_OK : CLI_FAILED;
}

/* --- the command --- */

static bool too_long(const char *option, const char *path)
{
	if (!path || strlen(path) < SERVE_PATH_MAX - 16)
		return false;
	cli_error("serve: --%s: the path is too long", option);
	return true;
}

static int check_args(const struct serve_args *a)
{
	if (!a->socket)
		cli_error("serve: --socket PATH is needed (mptctl serve --help)");
	else if (a->screenshot && !TOOLS_HAVE_PNG)
		cli_error(TOOLS_NO_PNG);
	else if (a->json && !TOOLS_HAVE_JSON)
		cli_error(TOOLS_NO_JSON);
	else if (!too_long("record", a->record) && !too_long("screenshot", a->screenshot))
		return serve_socket_check(a->socket, (unsigned int)a->vgpus);
	return -1;
}

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct serve_args args = {
		.type = "8",
		.backend = "vfio-user",
		.vgpus = 1,
		.aperture = APERTURE,
	};
	int ret = cli_parse(cmd, argc, argv, &args), status = CLI_USAGE;
	struct serve *s;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (check_args(&args))
		return CLI_USAGE;
	s = calloc(1, sizeof(*s));
	if (!s) {
		cli_error("serve: no memory");
		return CLI_USAGE;
	}
	s->args = &args;
	s->n = (unsigned int)args.vgpus;
	if (!loop_init("serve", true)) {
		serve_watch_init(args.quiet);
		status = serve(s);
		loop_exit();
	}
	free(s);
	return status;
}

static const char details[] =
	"Prints what QEMU has to be told, then serves until SIGINT, SIGTERM or SIGHUP. A "
	"QEMU may go and another one come: the vGPU is reset between. What guests do is "
	"told on standard error, what they did in the end on standard output.\n\n"
	"exit status: 1 when a vGPU was in failsafe mode, the device has touched memory "
	"that is not mapped, or the ledger is not empty; 2 for a bad option, or when it "
	"could not start";

const struct cli_command command_serve = {
	.name = "serve",
	.summary = "offer vGPUs to QEMU on sockets, by the vfio-user protocol",
	.usage = "--socket PATH [OPTION]...",
	.details = details,
	.options = options,
	.ranges = ranges,
	.run = run,
};
