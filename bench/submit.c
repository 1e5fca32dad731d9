/* SPDX-License-Identifier: MIT */
/*
 * From a submission to its completion, in process: the synthetic guest sets a vGPU up and fills a
 * ring with requests for an empty batch; timed is what its driver does per request from the tail in
 * the context's image on, until seqno, event and interrupt are there. What a vCPU stores goes
 * through the testbed, as with any guest.
 */
#include <stdio.h>

#include <gvt/gvt.h>

#include "bench.h"
#include "guest_priv.h"

#define BAR0 0xc0000000U
#define BAR2 0x80000000U
#define RAM (64ULL << 20)
#define SETUP "contexts" /* the guest's step that makes the last of what is needed */
#define REQUESTS 64U
#define CSB_WRITE 0x7c /* in the status page */

struct vm {
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	struct guest *guest;
};

/* @tail, @seqno: where each request in the ring of the last VM's guest ends, what it stores */
struct rig {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct vm vm[GVT_MAX_VGPU];
	unsigned int vms;
	u32 tail[REQUESTS], seqno[REQUESTS];
	u32 requests, next, csb;
};

static struct rig one, many;

static int failed(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	return -1;
}

/* --- the guest --- */

static int guest_setup(struct vm *vm)
{
	const struct guest_config config = { .vm = vm->vm,
					     .ram = RAM,
					     .bar0 = BAR0,
					     .bar2 = BAR2,
					     .levels = 4,
					     .executes = true };
	const struct guest_result *r;
	bool last = false;

	vm->guest = guest_new(&config);
	if (!vm->guest)
		return failed("no memory for a guest");
	r = guest_result(vm->guest);
	while (!last) {
		last = !strcmp(r->step[vm->guest->next].name, SETUP);
		if (!guest_step(vm->guest))
			return failed(r->why);
	}
	return 0;
}

/*
 * What fits in the ring once: all of one length, the last one followed by less than one of zeros.
 */
static int fill_ring(struct rig *r)
{
	static const u32 end = 0x0aU << 23; /* MI_BATCH_BUFFER_END */
	struct guest *g = r->vm[r->vms - 1].guest;
	struct guest_ctx *ctx = g->other[G_RCS];
	u32 room = ctx->ring.pages * G_PAGE;

	guest_ram_write(g, g->batch1, &end, sizeof(end));
	do {
		guest_request(g, ctx, G_VA_BATCH);
		r->tail[r->requests] = ctx->tail;
		r->seqno[r->requests++] = ctx->seqno;
	} while (r->requests < REQUESTS && ctx->tail + r->tail[0] < room && !g->failed);
	r->csb = ctx->e->csb_head;
	return g->failed ? failed(g->r.why) : 0;
}

/* --- life --- */

static int open_vm(struct rig *r, unsigned int id)
{
	struct vm *vm = &r->vm[r->vms];

	if (mpt_vm_create(r->host, (int)id) || mpt_vm_get(r->host, (int)id, &vm->vm) ||
	    mpt_ram_add(vm->vm, 0, RAM, 0))
		return -1;
	vm->vgpu = mpt_vgpu_create(vm->vm, r->gvt, gvt_type_each(r->gvt, 0));
	if (MPT_IS_ERR(vm->vgpu))
		return -1;
	r->vms++;
	gvt_ops()->vgpu_activate(vm->vgpu);
	return 0;
}

static int open_rig(struct rig *r, unsigned int vms)
{
	unsigned int i;

	if (mpt_host_open("mock", &r->host) || gvt_open(r->host, NULL, &r->gvt))
		return failed(mpt_last_error());
	for (i = 0; i < vms; i++) {
		if (open_vm(r, i + 1))
			return failed(mpt_last_error());
		if (guest_setup(&r->vm[i]))
			return -1;
	}
	return fill_ring(r);
}

static void close_rig(struct rig *r)
{
	for (; r->vms; r->vms--) {
		struct vm *vm = &r->vm[r->vms - 1];

		guest_free(vm->guest);
		mpt_vgpu_destroy(vm->vm, vm->vgpu);
		mpt_vm_put(vm->vm);
		mpt_vm_destroy(r->host, (int)r->vms);
	}
	gvt_close(r->gvt);
	mpt_host_close(r->host);
}

static int setup_one(void)
{
	return open_rig(&one, 1);
}

static int setup_many(void)
{
	return open_rig(&many, GVT_MAX_VGPU);
}

static void teardown_one(void)
{
	close_rig(&one);
}

static void teardown_many(void)
{
	close_rig(&many);
}

/* --- what is timed --- */

static void store(const struct vm *vm, u64 gpa, u32 value)
{
	mpt_guest_write(vm->vm, gpa, &value, sizeof(value));
}

static u32 load(const struct vm *vm, u64 gpa)
{
	u32 value = 0;

	mpt_guest_read(vm->vm, gpa, &value, sizeof(value));
	return value;
}

static unsigned int interrupts(const struct vm *vm)
{
	struct mpt_irq irq;
	unsigned int n = 0;

	while (!mpt_irq_take(vm->vm, &irq))
		n++;
	return n;
}

/* The ring's begin again is a new list of commands, not a tail that went back. */
static void submit(struct rig *r)
{
	const struct vm *vm = &r->vm[r->vms - 1];
	const struct guest_ctx *ctx = vm->guest->other[G_RCS];
	u64 elsp = BAR0 + ctx->e->info->base + 0x230, hwsp = ctx->e->hwsp.gpa;
	u32 csb = r->csb, n = r->next;

	store(vm, ctx->image.gpa + G_PAGE + 4 * G_CTX_TAIL, r->tail[n]);
	store(vm, elsp, 0);
	store(vm, elsp, 0);
	store(vm, elsp, ctx->id);
	store(vm, elsp, (u32)ctx->image.addr | 1U << 8 | 3U << 3 | 1);
	r->csb = load(vm, hwsp + CSB_WRITE);
	if (load(vm, hwsp + ctx->slot) != r->seqno[n] || (r->csb + 6 - csb) % 6 != 2 ||
	    !interrupts(vm))
		abort();
	r->next = n + 1 < r->requests ? n + 1 : 0;
}

static void submit_one(unsigned long n)
{
	while (n--)
		submit(&one);
}

static void submit_many(unsigned long n)
{
	while (n--)
		submit(&many);
}

const struct bench_row rows_submit[] = {
	{ .name = "empty submit to completion", .fn = submit_one, .setup = setup_one,
	  .teardown = teardown_one, .plus = 3000 },
	{ .name = "empty submit, 7 vGPUs", .fn = submit_many, .setup = setup_many,
	  .teardown = teardown_many, .yard = "empty submit to completion", .factor = 1.1 },
};
const size_t num_rows_submit = sizeof(rows_submit) / sizeof(rows_submit[0]);
