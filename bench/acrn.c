/* SPDX-License-Identifier: MIT */
/*
 * The ACRN back end over its simulator: a register read and a store to a tracked page, which cross
 * two threads (vCPU and client), beside a futex round trip; the same with threads that spin on two
 * processors, beside a flag; and the operations on guest memory, with few and with a million pages
 * tracked.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mpt/testbed.h>

#include "memory.h"

#define BAR0 0xc0000000U
#define RAM (64ULL << 20)
#define MANY_AT (4ULL << 30)
#define MANY (1UL << 20) /* pages */
#define PLAIN_REGISTER 0x5080U
#define TRACKED 2048

/* @many: @other's, with a million pages tracked */
struct bed {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm, *other;
	struct intel_vgpu *vgpu, *many;
	bool open;
};

static struct bed b, spin;

static volatile unsigned long length = 8;

static int place_bars(struct mpt_vm *vm)
{
	u32 bar = BAR0, command = 6;

	return mpt_guest_cfg_write(vm, 0x10, &bar, 4) || mpt_guest_cfg_write(vm, 0x04, &command, 2);
}

static int open_vm(struct bed *d, unsigned int id, struct mpt_vm **vm, struct intel_vgpu **vgpu)
{
	if (mpt_vm_create(d->host, id) || mpt_vm_get(d->host, id, vm) ||
	    mpt_ram_add(*vm, 0, RAM, 0))
		return -1;
	*vgpu = mpt_vgpu_create(*vm, d->gvt, gvt_type_each(d->gvt, 0));
	if (MPT_IS_ERR(*vgpu))
		return -1;
	gvt_ops()->vgpu_activate(*vgpu);
	return place_bars(*vm);
}

static int open_bed(struct bed *d, const char *spec)
{
	d->open = !mpt_host_open(spec, &d->host) && !gvt_open(d->host, NULL, &d->gvt) &&
		  !open_vm(d, 1, &d->vm, &d->vgpu) && !open_vm(d, 2, &d->other, &d->many);
	if (!d->open)
		fprintf(stderr, "bench: %s: %s\n", spec, mpt_last_error());
	return d->open ? 0 : -1;
}

static void close_bed(struct bed *d)
{
	if (!d->open)
		return;
	mpt_vgpu_destroy(d->vm, d->vgpu);
	mpt_vgpu_destroy(d->other, d->many);
	gvt_close(d->gvt);
	mpt_vm_put(d->vm);
	mpt_vm_put(d->other);
	mpt_vm_destroy(d->host, 1);
	mpt_vm_destroy(d->host, 2);
	mpt_host_close(d->host);
}

static int setup(void)
{
	return open_bed(&b, "acrn-sim");
}

static void teardown(void)
{
	close_bed(&b);
}

static int is_open(void)
{
	return !b.open;
}

/* --- what a vCPU does --- */

static void read_registers(struct mpt_vm *vm, unsigned long n)
{
	u32 value;

	while (n--)
		if (mpt_guest_read(vm, BAR0 + PLAIN_REGISTER, &value, 4))
			abort();
}

static void read_register(unsigned long n)
{
	read_registers(b.vm, n);
}

/* The client's thread, which its first request wakes, has another processor to itself. */
static int spin_setup(void)
{
	int ret, other = bench_other_cpu();

	if (other < 0)
		return -1;
	bench_pin(other);
	ret = open_bed(&spin, "acrn-sim:spin=yes");
	bench_pin(-1);
	return ret;
}

static void spin_teardown(void)
{
	close_bed(&spin);
}

/* When it sleeps again, it takes no time from the other rows. */
static double read_spinning(unsigned long n)
{
	double start;

	read_registers(spin.vm, 1);
	start = bench_wall();
	read_registers(spin.vm, n);
	start = bench_wall() - start;
	usleep(1000);
	return start;
}

static void store_tracked(unsigned long n)
{
	u64 value = n;

	while (n--)
		if (mpt_guest_write(b.vm, (u64)TRACKED << MPT_PAGE_SHIFT, &value, 8))
			abort();
}

static int tracked_setup(void)
{
	return is_open() || intel_gvt_hypervisor_enable_page_track(b.vgpu, TRACKED);
}

static void tracked_teardown(void)
{
	intel_gvt_hypervisor_disable_page_track(b.vgpu, TRACKED);
}

static void load_8(unsigned long n)
{
	unsigned int len = (unsigned int)length;
	u64 word;

	while (n--) {
		mpt_guest_read(b.vm, bench_hot[n % BENCH_HOT], &word, len);
		bench_use(word);
	}
}

/* --- what a core asks --- */

BENCH_ON(b.vgpu, read_8)
BENCH_ON(b.vgpu, read_4096)
BENCH_ON(b.vgpu, translate)
BENCH_ON(b.vgpu, dma_pair)
BENCH_ON(b.vgpu, dma_hit)

static struct bench_held held;

static int hit_setup(void)
{
	return is_open() || bench_hold(b.vgpu, &held);
}

static void hit_teardown(void)
{
	bench_release(b.vgpu, &held);
}

static void on_off(struct intel_vgpu *vgpu, unsigned long n)
{
	unsigned long gfn;

	while (n--) {
		gfn = BENCH_FRAME + n % BENCH_FRAMES;
		if (intel_gvt_hypervisor_enable_page_track(vgpu, gfn) ||
		    intel_gvt_hypervisor_disable_page_track(vgpu, gfn))
			abort();
	}
}

static void track_untrack(unsigned long n)
{
	on_off(b.vgpu, n);
}

static void track_untrack_many(unsigned long n)
{
	on_off(b.many, n);
}

static int many_setup(void)
{
	unsigned long gfn = MANY_AT >> MPT_PAGE_SHIFT, i;
	int ret = is_open() || mpt_ram_add(b.other, MANY_AT, (u64)MANY << MPT_PAGE_SHIFT, 0);

	for (i = 0; i < MANY && !ret; i++)
		ret = intel_gvt_hypervisor_enable_page_track(b.many, gfn + i);
	return ret;
}

const struct bench_row rows_acrn[] = {
	{ .name = "acrn-sim register read", .fn = read_register, .setup = setup,
	  .teardown = teardown, .yard = "futex round trip", .factor = 1.3, .slow = true },
	{ .name = "acrn-sim store, tracked", .fn = store_tracked, .setup = tracked_setup,
	  .teardown = tracked_teardown, .yard = "acrn-sim register read", .factor = 1.2,
	  .slow = true },
	/*
	 * Missed by far: the simulator's locks, counts and checks are some 50 locked instructions
	 * in a dozen lines that both processors write, the flag is one in each of two.
	 */
	{ .name = "acrn-sim register read, spinning", .timed = read_spinning, .setup = spin_setup,
	  .teardown = spin_teardown, .yard = "spinning flag round trip", .factor = 1.3,
	  .slow = true },
	{ .name = "acrn-sim guest load 8 B", .fn = load_8, .setup = is_open },
	{ .name = "acrn-sim read_gpa 8 B", .fn = read_8, .setup = is_open,
	  .yard = "read_gpa 8 B", .factor = 1.5 },
	{ .name = "acrn-sim read_gpa 4 KiB", .fn = read_4096, .setup = is_open,
	  .yard = "memcpy(4096)", .factor = 1.4 },
	{ .name = "acrn-sim gfn_to_mfn", .fn = translate, .setup = is_open,
	  .yard = "gfn_to_mfn", .factor = 1.5 },
	{ .name = "acrn-sim dma map + unmap", .fn = dma_pair, .setup = is_open, .plus = 80 },
	{ .name = "acrn-sim dma map + unmap, hit", .fn = dma_hit, .setup = hit_setup,
	  .teardown = hit_teardown, .plus = 80 },
	{ .name = "acrn-sim page track on + off", .fn = track_untrack, .setup = is_open },
	{ .name = "acrn-sim the same, 10^6 tracked", .fn = track_untrack_many, .setup = many_setup,
	  .yard = "acrn-sim page track on + off", .factor = 1.2 },
};
const size_t num_rows_acrn = sizeof(rows_acrn) / sizeof(rows_acrn[0]);
