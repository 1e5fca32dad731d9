/* SPDX-License-Identifier: MIT */
/*
 * The steps of a run, each undone in reverse order: host, device, VM, vGPU, what firmware and the
 * PCI core would have done, then the trace (replay.c).
 */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay.h"
#include "session_state.h"
#include "synthetic.h"
#include "vgpu_type.h"

#define MIN_MEMORY (64ULL << 20)
/* As on a PC: no RAM where BARs of 32 bits are. */
#define HOLE_START (2ULL << 30)
#define HOLE_END (4ULL << 30)
#define VM_ID 1

/* Configuration space registers (PCI Local Bus Specification 3.0, 6.1 and 6.8.1). */
#define CFG_COMMAND 0x04
#define CFG_BAR0 0x10
#define CFG_CAPABILITIES 0x34
#define CAP_ID_MSI 0x05
#define CAP_LIST_MAX 48

u64 session_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

const char *session_sentence(void)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	const char *text = mpt_last_error();
	size_t n = strspn(text, name);

	return n && !strncmp(text + n, ": ", 2) ? text + n + 2 : text;
}

int session_fail(struct session_result *r, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	r->err = err;
	return err;
}

static int fail_lib(struct session_result *r, int err)
{
	return session_fail(r, err, "%s", session_sentence());
}

void session_error(struct session_result *r, int err, const char *what, u64 where)
{
	if (!r->errors++)
		snprintf(r->first_error, sizeof(r->first_error), "%s 0x%llx: -%s: %.400s", what,
			 (unsigned long long)where, mpt_errno_name(err), session_sentence());
}

/* --- host and VM --- */

static int open_spec(const char *spec, struct session_result *r, struct mpt_host **host)
{
	int ret = mpt_host_open(spec, host);

	if (ret)
		return fail_lib(r, ret);
	if (mpt_host_has_testbed(*host))
		return 0;
	mpt_host_close(*host);
	return session_fail(r, -EOPNOTSUPP,
			    "%s has no testbed to play the guest on (use a simulated back end)",
			    spec);
}

/* With "check," in front unless the spec has one, so that the run ends with a ledger. */
static int open_host(const char *spec, struct session_result *r, struct mpt_host **host)
{
	int ret = open_spec(spec, r, host);

#ifndef MPT_STATIC_BACKEND
	char checked[1100];

	if (ret || !mpt_ledger_get(*host, &r->ledger))
		return ret;
	mpt_host_close(*host);
	snprintf(checked, sizeof(checked), "check,%s", spec);
	ret = open_spec(checked, r, host);
#endif
	return ret;
}

static bool overlap(u64 start, u64 size, const struct replay_range *bar)
{
	return size && start < bar->start + bar->size && bar->start < start + size;
}

static u64 memory_of(const struct session_config *c)
{
	return c->memory ? c->memory : MIN_MEMORY;
}

/* Of it, what is below the hole. */
static u64 low_memory(const struct session_config *c)
{
	return memory_of(c) < HOLE_START ? memory_of(c) : HOLE_START;
}

/* RAM goes from 0 up, with a hole below 4 GiB; the trace's BARs may lie elsewhere. */
static int add_ram(struct mpt_vm *vm, u64 memory, const struct replay *rp, struct session_result *r)
{
	u64 low = memory < HOLE_START ? memory : HOLE_START, high = memory - low;
	int ret;

	if (rp && (overlap(0, low, &rp->bar0) || overlap(0, low, &rp->bar2) ||
		   overlap(HOLE_END, high, &rp->bar0) || overlap(HOLE_END, high, &rp->bar2)))
		return session_fail(
			r, -EINVAL,
			"%s: %llu MiB of VM memory reach into the BARs at 0x%llx and 0x%llx "
			"(give less)",
			rp->path, (unsigned long long)(memory >> 20),
			(unsigned long long)rp->bar0.start, (unsigned long long)rp->bar2.start);
	ret = mpt_ram_add(vm, 0, low, 0);
	if (!ret && high)
		ret = mpt_ram_add(vm, HOLE_END, high, 0);
	return ret ? fail_lib(r, ret) : 0;
}

static int open_vm(struct mpt_host *host, const struct session_config *c, const struct replay *rp,
		   struct session_result *r, struct mpt_vm **vm)
{
	u64 memory = memory_of(c);
	int ret;

	if (memory < MIN_MEMORY || memory % MPT_PAGE_SIZE || memory > UINT64_MAX / 2)
		return session_fail(r, -EINVAL,
				    "%llu bytes of VM memory (at least 64 MiB, whole pages)",
				    (unsigned long long)memory);
	ret = mpt_vm_create(host, VM_ID);
	if (ret)
		return fail_lib(r, ret);
	ret = mpt_vm_get(host, VM_ID, vm);
	if (ret) {
		fail_lib(r, ret);
		goto err_destroy;
	}
	ret = add_ram(*vm, memory, rp, r);
	if (!ret)
		return 0;
	mpt_vm_put(*vm);
err_destroy:
	mpt_vm_destroy(host, VM_ID);
	return ret;
}

static void close_vm(struct mpt_host *host, struct mpt_vm *vm, struct session_result *r)
{
	int ret;

	mpt_vm_put(vm);
	ret = mpt_vm_destroy(host, VM_ID);
	if (ret)
		session_error(r, ret, "destroying VM", VM_ID);
}

/* --- the vGPU's type --- */

static int type_by_name(struct intel_gvt *gvt, const char *name, struct session_result *r,
			struct intel_vgpu_type *type)
{
	r->err = vgpu_type_find(gvt, name, type, r->why, sizeof(r->why));
	return r->err;
}

static int type_by_sizes(const struct session_config *c, struct session_result *r,
			 struct intel_vgpu_type *type)
{
	if (c->type)
		return session_fail(r, -EINVAL, "a type and sizes exclude each other");
	if (!c->low || !c->high || !c->fence)
		return session_fail(r, -EINVAL, "--low, --high and --fence go together");
	gvt_type_init(type, c->low, c->high, c->fence > UINT32_MAX ? UINT32_MAX : (u32)c->fence);
	return 0;
}

static bool restores(const struct session_config *c)
{
	return c->state && c->state->blob;
}

static bool type_from_trace(const struct session_config *c, const struct replay *rp)
{
	return rp && rp->have_sizes && !c->type && !c->low && !c->high && !c->fence;
}

static u64 place(u64 start, u64 size, u64 end)
{
	return size <= end && start <= end - size ? start : GVT_ANYWHERE;
}

/*
 * By name, by sizes, as the trace's vGPU was, or type _8. A recorded guest goes on using its own
 * addresses, so the place is the recorded one where the size fits there.
 */
static int choose_type(struct intel_gvt *gvt, const struct session_config *c,
		       const struct replay *rp, struct session_result *r,
		       struct intel_vgpu_type *type)
{
	int ret = 0;

	if (restores(c)) {
		session_state_type(c->state, type);
		return 0;
	}
	if (c->low || c->high || c->fence)
		ret = type_by_sizes(c, r, type);
	else if (type_from_trace(c, rp))
		gvt_type_init(type, rp->low.size, rp->high.size, rp->fence);
	else
		ret = type_by_name(gvt, c->type ? c->type : "8", r, type);
	if (ret || !rp || !rp->have_sizes)
		return ret;
	type->low_start = rp->low.start;
	type->high_start = rp->high.start;
	if (type_from_trace(c, rp))
		return 0;
	type->low_start = place(rp->low.start, type->low_size, rp->bar2.size);
	type->high_start = place(rp->high.start, type->high_size, GVT_GM_SIZE);
	return 0;
}

static int create(struct mpt_vm *vm, struct intel_gvt *gvt, const struct session_config *c,
		  const struct replay *rp, struct session_result *r, struct intel_vgpu **vgpu)
{
	struct intel_vgpu_type type;
	u64 start;
	int ret = choose_type(gvt, c, rp, r, &type);

	if (ret)
		return ret;
	start = session_now_ns();
	*vgpu = mpt_vgpu_create(vm, gvt, &type);
	r->create_ns = session_now_ns() - start;
	if (!MPT_IS_ERR(*vgpu))
		return 0;
	ret = (int)MPT_PTR_ERR(*vgpu);
	if (restores(c) || !type_from_trace(c, rp) || (ret != -EINVAL && ret != -ENOSPC))
		return fail_lib(r, ret);
	return session_fail(r, ret, "%s: the vGPU that its PVINFO reads tell of: %s", rp->path,
			    session_sentence());
}

/* --- firmware --- */

static u32 cfg_read(struct mpt_vm *vm, struct session_result *r, unsigned int offset,
		    unsigned int len)
{
	u32 value = 0;
	int ret = mpt_guest_cfg_read(vm, offset, &value, len);

	if (ret)
		session_error(r, ret, "firmware's config read of", offset);
	return value;
}

static void cfg_write(struct mpt_vm *vm, struct session_result *r, unsigned int offset, u32 value,
		      unsigned int len)
{
	int ret = mpt_guest_cfg_write(vm, offset, &value, len);

	if (ret)
		session_error(r, ret, "firmware's config write of", offset);
}

static unsigned int find_msi(struct mpt_vm *vm, struct session_result *r)
{
	u32 offset = cfg_read(vm, r, CFG_CAPABILITIES, 1);
	int steps;

	for (steps = 0; offset >= 0x40 && steps < CAP_LIST_MAX; steps++) {
		if (cfg_read(vm, r, offset, 1) == CAP_ID_MSI)
			return offset;
		offset = cfg_read(vm, r, offset + 1, 1);
	}
	return 0;
}

void session_firmware(struct mpt_vm *vm, const u64 *bar, struct session_result *r)
{
	unsigned int i, msi = find_msi(vm, r);

	for (i = 0; i < REPLAY_BARS; i++)
		if (bar[i])
			cfg_write(vm, r, CFG_BAR0 + 4 * i, (u32)bar[i], 4);
	/* The upper halves of the two 64-bit BARs. */
	for (i = 0; i < 4; i += 2)
		cfg_write(vm, r, CFG_BAR0 + 4 * (i + 1), (u32)(bar[i] >> 32), 4);
	if (msi) {
		cfg_write(vm, r, msi + 4, 0xfee00000, 4);
		cfg_write(vm, r, msi + 8, 0x4021, 2);
		cfg_write(vm, r, msi + 2, 1, 2);
	}
	cfg_write(vm, r, CFG_COMMAND, 0x6, 2);
}

/* --- the run --- */

/* The guest: of a trace or synthetic; a restored vGPU's firmware was there before. */
static int play(struct mpt_vm *vm, struct intel_gvt *gvt, struct intel_vgpu *vgpu,
		const struct session_config *c, struct replay *rp, struct session_result *r)
{
	/* An aperture of 1 GiB, registers behind it. */
	static const u64 default_bar[REPLAY_BARS] = { 0xc0000004, 0, 0x8000000c, 0, 0x1041, 0 };
	int ret = 0;

	gvt_ops()->vgpu_activate(vgpu);
	if (c->guest && c->state) {
		c->guest->look = session_state_look;
		c->guest->look_arg = c->state;
	}
	if (c->guest) {
		synthetic_play(vm, gvt, low_memory(c), c->guest, r);
	} else {
		if (!restores(c))
			session_firmware(vm, rp ? rp->bar : default_bar, r);
		if (rp || !restores(c))
			ret = replay_run(rp, c, vm, gvt, vgpu, r);
	}
	if (!ret && c->state)
		ret = session_state_end(c->state, vgpu, c->guest, r);
	return ret;
}

/* The vGPU's life: create, firmware, accesses, destroy. */
static int run_vgpu(struct mpt_vm *vm, struct intel_gvt *gvt, const struct session_config *c,
		    struct replay *rp, struct session_result *r)
{
	struct intel_vgpu *vgpu;
	u64 start;
	int ret, err;

	ret = create(vm, gvt, c, rp, r, &vgpu);
	if (ret)
		return ret;
	if (c->state)
		ret = session_state_begin(c->state, vgpu, r);
	if (!ret)
		ret = play(vm, gvt, vgpu, c, rp, r);
	gvt_vgpu_info(vgpu, &r->vgpu);
	mpt_vm_stats_get(vm, &r->stats);
	gvt_ops()->vgpu_release(vgpu);
	start = session_now_ns();
	err = mpt_vgpu_destroy(vm, vgpu);
	r->destroy_ns = session_now_ns() - start;
	if (err)
		session_error(r, err, "destroying vGPU", (u64)r->vgpu.id);
	return ret;
}

static int first_left(void *arg, const struct mpt_ledger_entry *e, bool left)
{
	struct session_result *r = arg;

	mpt_ledger_describe(e, left, r->left, sizeof(r->left));
	return -EEXIST; /* one is enough */
}

static void take_ops(struct mpt_host *host, struct session_result *r)
{
	unsigned int op;

	for (op = 0; op < MPT_OP_COUNT; op++)
		r->have_ops = !mpt_stats_get(host, (enum mpt_op_id)op, &r->ops[op]);
}

void session_take_ledger(struct mpt_host *host, struct session_result *r)
{
	enum mpt_op_id op;
	const char *text;
	unsigned int i;

	if (mpt_fault_fired(host, &op))
		r->fault = mpt_op_info(op)->name;
	take_ops(host, r);
	r->have_ledger = !mpt_ledger_get(host, &r->ledger);
	if (!r->have_ledger)
		return;
	/* From the last one back: the first that is kept tells most. */
	for (i = 0; (text = mpt_ledger_violation(host, i)); i++)
		snprintf(r->violation, sizeof(r->violation), "%s", text);
	mpt_ledger_each(host, first_left, r);
}

/* A device that touches what nobody mapped would have written over somebody's memory. */
void session_take_iommu_faults(struct mpt_host *host, struct session_result *r)
{
	struct mpt_iommu_fault fault;

	while (!mpt_fault_take(host, &fault))
		if (!r->iommu_faults++)
			r->first_iommu = fault;
}

/* The device: as asked for, as the state wants it, as recorded. */
static int device_config(const struct session_config *c, const struct replay *rp,
			 struct gvt_config *config, char *platform, size_t len,
			 struct session_result *r)
{
	if (rp && !config->platform)
		config->platform = rp->platform;
	if (rp)
		config->aperture = rp->bar2.size;
	if (!restores(c))
		return 0;
	if (session_state_device(c->state, config, platform, len, r))
		return r->err;
	if (!rp || rp->bar2.size == config->aperture)
		return 0;
	return session_fail(r, -EINVAL,
			    "%s: a device with an aperture of %llu MiB, the state's has %llu MiB "
			    "(take the trace that it was saved with)",
			    rp->path, (unsigned long long)(rp->bar2.size >> 20),
			    (unsigned long long)(config->aperture >> 20));
}

static int run_device(struct mpt_host *host, const struct session_config *c, struct replay *rp,
		      struct session_result *r)
{
	struct gvt_config config = { .size = sizeof(config), .platform = c->platform };
	char platform[16];
	struct intel_gvt *gvt;
	struct mpt_vm *vm;
	int ret, err;

	ret = device_config(c, rp, &config, platform, sizeof(platform), r);
	if (ret)
		return ret;
	ret = gvt_open(host, &config, &gvt);
	if (ret) {
		fail_lib(r, ret);
		session_take_ledger(host, r);
		return ret;
	}
	ret = open_vm(host, c, rp, r, &vm);
	if (!ret) {
		ret = run_vgpu(vm, gvt, c, rp, r);
		close_vm(host, vm, r);
	}
	session_take_ledger(host, r);
	session_take_iommu_faults(host, r);
	if (!ret && c->report)
		c->report(c->report_arg, gvt, r);
	err = gvt_close(gvt);
	if (err)
		session_error(r, err, "closing device", 0);
	return ret;
}

int session_run(const struct session_config *c, struct session_result *r)
{
	struct replay *rp = NULL;
	struct mpt_host *host;
	int ret, err;

	memset(r, 0, sizeof(*r));
	r->guest = c->guest;
	if (tally_init(&r->tally))
		return session_fail(r, -ENOMEM, "no memory for the report");
	if (c->trace) {
		ret = replay_open(c->trace, &rp, r);
		if (ret)
			return ret;
		snprintf(r->device, sizeof(r->device), "%s", rp->device);
	}
	ret = open_host(c->spec, r, &host);
	if (!ret) {
		ret = run_device(host, c, rp, r);
		err = mpt_host_close(host);
		if (err)
			session_error(r, err, "closing host", 0);
	}
	replay_close(rp);
	return ret;
}

void session_result_free(struct session_result *r)
{
	tally_free(&r->tally);
}

bool session_ledger_empty(const struct session_result *r)
{
	unsigned int i;

	if (!r->have_ledger)
		return true;
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		if (r->ledger.live[i])
			return false;
	return !r->ledger.left && !r->ledger.violations;
}

bool session_healthy(const struct session_result *r)
{
	return !r->err && !r->errors && !r->pvinfo_bad && !r->vgpu.failsafe && !r->iommu_faults &&
	       session_ledger_empty(r);
}
