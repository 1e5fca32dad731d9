/* SPDX-License-Identifier: MIT */
/*
 * What a guest does to its vGPU, written as an mmiotrace while it happens: entry points that stand
 * before the core's. Of accesses at the same time, the order in the file is one of those possible.
 *
 * The reader wants to know first which device it was: so nothing is written before the guest has
 * placed both memory BARs. What was before, firmware's search for devices, is not in the file. Nor
 * is the aperture: it is memory, and a console that is drawn there would be all of the file.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <mpt/mpt.h>

#include "cli.h"
#include "mmiotrace.h"
#include "serve.h"

#define CFG_COMMAND 0x04
#define COMMAND_MEMORY 2
#define MAX_DWORD_BYTES 4

struct recorder {
	FILE *file;
	char path[SERVE_PATH_MAX];
	pthread_mutex_t lock; /* what follows, and the file */
	bool begun;
	u64 bar0; /* 0: not decoded */
	int err;
	u64 start_ns;
};

/* By id of the vGPU; set before it runs. */
static struct recorder *recorders[GVT_MAX_VGPU + 1];

/* r->lock is held. A file that is broken off stays readable up to there. */
static void put(struct recorder *r, struct mmiotrace_record *rec)
{
	rec->ns = session_now_ns() - r->start_ns;
	if (!r->err)
		r->err = mmiotrace_write_record(r->file, rec);
}

/* --- config space --- */

static u32 cfg_get(struct intel_vgpu *vgpu, unsigned int offset, unsigned int bytes)
{
	u32 value = 0;

	gvt_ops()->emulate_cfg_read(vgpu, offset, &value, bytes);
	return value;
}

static void put_cfg(struct recorder *r, unsigned int offset, const void *buf, unsigned int bytes,
		    bool write)
{
	struct mmiotrace_record rec = { .kind = MMIOTRACE_CFG };

	rec.cfg.write = write;
	rec.cfg.width = (uint8_t)bytes;
	rec.cfg.offset = (uint16_t)offset;
	memcpy(&rec.cfg.value, buf, bytes);
	put(r, &rec);
}

static void begin(struct recorder *r, struct intel_vgpu *vgpu, const struct gvt_vgpu_info *i)
{
	struct mmiotrace_record rec = { .kind = MMIOTRACE_VERSION };
	u32 id = cfg_get(vgpu, 0, 4);

	put(r, &rec);
	rec.kind = MMIOTRACE_PCIDEV;
	rec.pcidev = (struct mmiotrace_pcidev){
		.devfn = 2 << 3,
		.vendor = (uint16_t)id,
		.device = (uint16_t)(id >> 16),
		.bar = { i->bar0 | 0x4, 0, i->bar2 | 0xc },
		.len = { i->bar0_size, 0, i->bar2_size },
	};
	put(r, &rec);
	r->begun = true;
}

/* Both BARs are decoded: whoever reads the file can place them. */
static bool placed(struct intel_vgpu *vgpu, struct gvt_vgpu_info *i)
{
	gvt_vgpu_info(vgpu, i);
	return (cfg_get(vgpu, CFG_COMMAND, 2) & COMMAND_MEMORY) && i->bar0 && i->bar2;
}

static bool recorded(unsigned int bytes)
{
	return bytes == 1 || bytes == 2 || bytes == MAX_DWORD_BYTES;
}

static int cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	struct recorder *r = recorders[vgpu->id];
	int ret = gvt_ops()->emulate_cfg_read(vgpu, offset, buf, bytes);

	if (!r || ret || !recorded(bytes))
		return ret;
	pthread_mutex_lock(&r->lock);
	if (r->begun)
		put_cfg(r, offset, buf, bytes, false);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

static int cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	struct recorder *r = recorders[vgpu->id];
	int ret = gvt_ops()->emulate_cfg_write(vgpu, offset, buf, bytes);
	struct gvt_vgpu_info info;
	bool both;

	if (!r || ret || !recorded(bytes))
		return ret;
	pthread_mutex_lock(&r->lock);
	both = placed(vgpu, &info);
	if (!r->begun && both)
		begin(r, vgpu, &info);
	r->bar0 = info.bar0;
	if (r->begun)
		put_cfg(r, offset, buf, bytes, true);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

/* --- registers --- */

static void put_access(struct recorder *r, u64 gpa, const void *buf, unsigned int bytes, bool write)
{
	struct mmiotrace_record rec = { .kind = write ? MMIOTRACE_WRITE : MMIOTRACE_READ };

	rec.access.width = (uint8_t)bytes;
	rec.access.id = 1;
	rec.access.phys = gpa;
	memcpy(&rec.access.value, buf, bytes);
	pthread_mutex_lock(&r->lock);
	if (r->begun && r->bar0 && gpa - r->bar0 < GVT_BAR0_SIZE)
		put(r, &rec);
	pthread_mutex_unlock(&r->lock);
}

static int mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	struct recorder *r = recorders[vgpu->id];
	int ret = gvt_ops()->emulate_mmio_read(vgpu, gpa, buf, bytes);

	if (r && !ret && (recorded(bytes) || bytes == 8))
		put_access(r, gpa, buf, bytes, false);
	return ret;
}

static int mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	struct recorder *r = recorders[vgpu->id];

	/* Before it is carried out: what it sets off is recorded behind it. */
	if (r && (recorded(bytes) || bytes == 8))
		put_access(r, gpa, buf, bytes, true);
	return gvt_ops()->emulate_mmio_write(vgpu, gpa, buf, bytes);
}

const struct intel_gvt_ops *serve_record_ops(void)
{
	static struct intel_gvt_ops ops;

	ops = *gvt_ops();
	ops.emulate_cfg_read = cfg_read;
	ops.emulate_cfg_write = cfg_write;
	ops.emulate_mmio_read = mmio_read;
	ops.emulate_mmio_write = mmio_write;
	return &ops;
}

/* --- the file --- */

int serve_record_open(struct serve_vgpu *v, const char *path)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r) {
		cli_error("serve: no memory");
		return -1;
	}
	r->file = fopen(path, "w");
	if (!r->file) {
		cli_error("serve: --record %s: %s", path, strerror(errno));
		free(r);
		return -1;
	}
	snprintf(r->path, sizeof(r->path), "%s", path);
	pthread_mutex_init(&r->lock, NULL);
	r->start_ns = session_now_ns();
	v->record = r;
	recorders[v->vgpu->id] = r;
	return 0;
}

void serve_record_close(struct serve_vgpu *v, struct session_result *result)
{
	struct recorder *r = v->record;
	int err;

	if (!r)
		return;
	recorders[v->info.id] = NULL;
	err = r->err;
	if (fclose(r->file) && !err)
		err = -errno;
	if (err)
		cli_error("serve: --record %s: %s", r->path, strerror(-err));
	if (err)
		session_error(result, -EIO, "recording vGPU", v->id);
	pthread_mutex_destroy(&r->lock);
	free(r);
	v->record = NULL;
}
