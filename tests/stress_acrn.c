/* SPDX-License-Identifier: MIT */
/*
 * make stress: VMs and vGPUs of several simulated ACRN machines are made, used, paused, reset and
 * ended by threads that do not wait for each other, as long as it is told. Judged at the end: what
 * vCPUs read, the machines' invariants, the ledgers, the memory. No libcheck; which requests run
 * when is not decided here.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <gvt/gvt.h>
#include <mpt/alloc.h>
#include <mpt/gvt_ops.h>
#include <mpt/layers.h>
#include <mpt/mpt.h>

#include "backends/acrn/acrn_bed.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define SECONDS 600
/* Nobody has ended so long after the time is over: a deadlock. */
#define GRACE 300
#define SAID 20 /* failures, by their sentences */
#define SLOTS 2 /* VMs of a machine, at a time */
#define WORKERS 2 /* of a VM */
#define BATCH 64
#define BAR0 0xc0000000U
#define BAR0_MOVED 0xb8000000U
#define REGISTER 0x5080U
#define RAM (8ULL << 20)
#define MORE_AT (64ULL << 20)
#define MORE (2ULL << 20)
#define TRACKED 1024UL /* the first of the pages that come and go as tracked */
#define TRACKS 4UL
#define MSI_ADDR 0xfee00000U
#define MSI_DATA 0x41

static const char *const specs[] = {
	"check,acrn-sim:vcpus=4",
	"check,acrn-sim:vcpus=3,polling=yes,records=1G",
	"check,acrn-sim:vcpus=3,profile=2020,spin=yes",
	"check,acrn-sim:vcpus=2,profile=upstream",
};

/* What was done; @wrong: a value that nobody had written there. */
static struct {
	u64 vms, vgpus, dmlrs, pauses, resets, moves, plugs, loads, registers, stores, cfgs, tracks;
	u64 msis, dmas, gone, lost, wrong, refused;
} did;

#define COUNT(what) __atomic_fetch_add(&did.what, 1, __ATOMIC_RELAXED)

struct machine;

/*
 * A VM that comes and goes. @upsets: odd while it has no RAM, is reset or loses its vGPU: an access
 * may come to nothing. @vgpu: NULL or of @vm, both under @lock
 */
struct slot {
	struct machine *m;
	unsigned int id;
	u64 rng, upsets;
	pthread_mutex_t lock;
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	pthread_t life, device, worker[WORKERS], stray;
};

struct machine {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct acrn_sim *sim;
	bool vhm;
	struct slot slot[SLOTS];
};

struct worker {
	struct slot *s;
	unsigned int n;
	u64 rng;
};

static struct machine machines[N(specs)];
static struct worker workers[N(specs)][SLOTS][WORKERS];
static bool stop;
static unsigned int passed, failed;

#if defined(__SANITIZE_THREAD__)
/* ThreadSanitizer's: a data race was found. */
static u64 races;
void __tsan_on_report(const void *report);
void __tsan_on_report(const void *report)
{
	(void)report;
	__atomic_fetch_add(&races, 1, __ATOMIC_RELAXED);
}
#else
static const u64 races;
#endif

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_ACQUIRE);
}

static u64 chance(u64 *rng, u64 n)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng % n;
}

/* What must work, wherever it fails. */
static void must(int ret, const char *what)
{
	if (!ret)
		return;
	if (COUNT(refused) < SAID)
		fprintf(stderr, "stress: %s: %d: %s\n", what, ret, mpt_last_error());
}

/* --- vCPUs --- */

/* A worker's own word in a page that is tracked at times; what it stores there is numbered. */
struct word {
	u64 gpa, tag, number;
};

static u64 upsets(struct slot *s)
{
	return __atomic_load_n(&s->upsets, __ATOMIC_SEQ_CST);
}

static void upset(struct slot *s)
{
	__atomic_fetch_add(&s->upsets, 1, __ATOMIC_SEQ_CST);
}

/* Nothing yet, nothing there, or something that was stored. */
static bool plausible(const struct word *o, u64 got)
{
	return !got || got == ~0ULL || (got >> 40 == o->tag && got << 24 >> 24 <= o->number);
}

/* What was stored is read, unless the VM was upset meanwhile. */
static void store_and_load(struct worker *w, struct mpt_vm *vm, struct word *o)
{
	u64 before = upsets(w->s), val = o->tag << 40 | ++o->number, got = 0;

	mpt_guest_write(vm, o->gpa, &val, 8);
	mpt_guest_read(vm, o->gpa, &got, 8);
	COUNT(stores);
	if (got == val)
		return;
	COUNT(lost);
	if (upsets(w->s) != before || before % 2) {
		if (plausible(o, got))
			return;
	}
	if (COUNT(wrong) < SAID)
		fprintf(stderr, "stress: VM %u: 0x%llx at 0x%llx, 0x%llx was stored\n", w->s->id,
			(unsigned long long)got, (unsigned long long)o->gpa,
			(unsigned long long)val);
}

static void touch(struct worker *w, struct mpt_vm *vm, struct word *o)
{
	struct mpt_irq irq;
	u32 val = 0;

	switch (chance(&w->rng, 8)) {
	case 0:
	case 1:
		COUNT(registers);
		mpt_guest_read(vm, BAR0 + REGISTER, &val, 4);
		break;
	case 2:
		COUNT(registers);
		mpt_guest_write(vm, BAR0 + REGISTER, &val, 4);
		break;
	case 3:
		COUNT(cfgs);
		mpt_guest_cfg_read(vm, (unsigned int)chance(&w->rng, 64) * 4, &val, 4);
		break;
	case 4:
		COUNT(loads);
		mpt_guest_read(vm, chance(&w->rng, MORE_AT + MORE), &val, 4);
		while (!mpt_irq_take(vm, &irq))
			;
		break;
	default:
		store_and_load(w, vm, o);
		break;
	}
}

/* The VM is held for a while, and may be another one the next time. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct word o = {
		.gpa = ((TRACKED + w->n % TRACKS) << MPT_PAGE_SHIFT) + 8 * w->n,
		.tag = w->s->id * 16 + w->n + 1,
	};
	struct mpt_vm *vm;
	unsigned int i;

	while (!stopped()) {
		if (mpt_vm_get(w->s->m->host, w->s->id, &vm)) {
			usleep(100);
			continue;
		}
		for (i = 0; i < BATCH; i++)
			touch(w, vm, &o);
		mpt_vm_put(vm);
		/* Who waits to end the VM gets it. */
		if (!chance(&w->rng, 4))
			usleep(1000);
	}
	return NULL;
}

/* A vCPU that nobody calls back when its VM ends. */
static void *wander(void *arg)
{
	struct slot *s = arg;
	struct acrn_hvm *hvm;
	struct acrn_vcpu *v;
	unsigned int i;
	u32 val;

	while (!stopped()) {
		hvm = acrn_hvm_get(s->m->sim, (u16)s->id);
		if (!hvm) {
			usleep(100);
			continue;
		}
		v = acrn_vcpu_borrow(hvm);
		for (i = 0; v && i < BATCH * 4; i++)
			if (acrn_vcpu_load(v, BAR0 + REGISTER + 4 * (i % 16), &val, 4) ==
			    ACRN_GONE)
				break;
		if (i < BATCH * 4)
			COUNT(gone);
		if (v)
			acrn_vcpu_return(v);
		acrn_hvm_put(hvm);
		usleep(200);
	}
	return NULL;
}

/* --- the device --- */

static void track(struct slot *s, unsigned long gfn, unsigned int us)
{
	int ret = intel_gvt_hypervisor_enable_page_track(s->vgpu, gfn);

	if (ret == -EOPNOTSUPP)
		return;
	must(ret, "enable_page_track");
	COUNT(tracks);
	usleep(us);
	must(intel_gvt_hypervisor_disable_page_track(s->vgpu, gfn), "disable_page_track");
}

static void dma(struct slot *s)
{
	dma_addr_t addr;
	u64 word;

	must(intel_gvt_hypervisor_dma_map_guest_page(s->vgpu, TRACKED, 4096, &addr), "dma_map");
	must(mpt_bus_read(s->m->host, addr, &word, 8), "bus_read");
	intel_gvt_hypervisor_dma_unmap_guest_page(s->vgpu, addr);
	must(intel_gvt_hypervisor_read_gpa(s->vgpu, TRACKED << MPT_PAGE_SHIFT, &word, 8),
	     "read_gpa");
	COUNT(dmas);
}

/* As a core does it: only what the vGPU that is there has. */
static void *device(void *arg)
{
	struct slot *s = arg;
	u64 rng = s->id * 7919 + 1;

	while (!stopped()) {
		pthread_mutex_lock(&s->lock);
		if (s->vgpu) {
			must(s->vgpu->mpt->inject_msi(s->vgpu->handle, MSI_ADDR, MSI_DATA),
			     "inject_msi");
			COUNT(msis);
			if (chance(&rng, 2))
				track(s, TRACKED + chance(&rng, TRACKS),
				      (unsigned int)chance(&rng, 200));
			else
				dma(s);
		}
		pthread_mutex_unlock(&s->lock);
		usleep((unsigned int)chance(&rng, 300));
	}
	return NULL;
}

/* --- lives --- */

static void place_bar(struct slot *s, u32 bar)
{
	u32 command = 6;

	mpt_guest_cfg_write(s->vm, 0x10, &bar, 4);
	mpt_guest_cfg_write(s->vm, 0x04, &command, 2);
}

static void vgpu_begin(struct slot *s)
{
	struct intel_vgpu *v = mpt_vgpu_create(s->vm, s->m->gvt, gvt_type_each(s->m->gvt, 0));

	if (MPT_IS_ERR(v)) {
		must(-EIO, "vgpu_create");
		return;
	}
	gvt_ops()->vgpu_activate(v);
	pthread_mutex_lock(&s->lock);
	s->vgpu = v;
	pthread_mutex_unlock(&s->lock);
	place_bar(s, BAR0);
	COUNT(vgpus);
}

static void vgpu_end(struct slot *s)
{
	struct intel_vgpu *v;

	pthread_mutex_lock(&s->lock);
	v = s->vgpu;
	s->vgpu = NULL;
	pthread_mutex_unlock(&s->lock);
	upset(s);
	if (v)
		must(mpt_vgpu_destroy(s->vm, v), "vgpu_destroy");
	upset(s);
}

/* PAUSE, clear, RESET, START with whatever is in flight. */
static void reset_vm(struct slot *s)
{
	if (!s->m->vhm)
		return;
	upset(s);
	must(acrn_sim_vm_reset(s->m->sim, (u16)s->id), "reset");
	upset(s);
	COUNT(resets);
}

static void event(struct slot *s)
{
	switch (chance(&s->rng, 6)) {
	case 0:
		gvt_ops()->vgpu_reset(s->vgpu);
		place_bar(s, BAR0);
		COUNT(dmlrs);
		break;
	case 1:
		gvt_ops()->vgpu_deactivate(s->vgpu);
		usleep(500);
		gvt_ops()->vgpu_activate(s->vgpu);
		COUNT(pauses);
		break;
	case 2:
		place_bar(s, BAR0_MOVED);
		place_bar(s, BAR0);
		COUNT(moves);
		break;
	case 3:
		must(mpt_ram_add(s->vm, MORE_AT, MORE, 0), "ram_add");
		must(mpt_ram_remove(s->vm, MORE_AT, MORE), "ram_remove");
		COUNT(plugs);
		break;
	default:
		reset_vm(s);
		break;
	}
}

static void vgpu_life(struct slot *s)
{
	u64 events = chance(&s->rng, 8);

	vgpu_begin(s);
	for (; s->vgpu && events && !stopped(); events--) {
		event(s);
		usleep((unsigned int)chance(&s->rng, 3000));
	}
	vgpu_end(s);
}

static void *live(void *arg)
{
	struct slot *s = arg;
	u64 vgpus;

	while (!stopped()) {
		must(mpt_vm_create(s->m->host, s->id), "vm_create");
		must(mpt_vm_get(s->m->host, s->id, &s->vm), "vm_get");
		must(mpt_ram_add(s->vm, 0, RAM, 0), "ram_add");
		upset(s);
		for (vgpus = 1 + chance(&s->rng, 4); vgpus && !stopped(); vgpus--)
			vgpu_life(s);
		mpt_vm_put(s->vm);
		/* Others hold it from time to time. */
		upset(s);
		while (mpt_vm_destroy(s->m->host, s->id))
			usleep(100);
		COUNT(vms);
	}
	return NULL;
}

/* --- machines --- */

static void begin_slot(struct machine *m, unsigned int i, unsigned int k)
{
	struct slot *s = &m->slot[k];
	unsigned int n;

	*s = (struct slot){ .m = m, .id = 1 + k, .upsets = 1 };
	s->rng = i * 64 + k + 1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_create(&s->life, NULL, live, s);
	pthread_create(&s->device, NULL, device, s);
	pthread_create(&s->stray, NULL, wander, s);
	for (n = 0; n < WORKERS; n++) {
		workers[i][k][n] = (struct worker){ .s = s, .n = n };
		workers[i][k][n].rng = i * 999 + k * 99 + n + 1;
		pthread_create(&s->worker[n], NULL, work, &workers[i][k][n]);
	}
}

/* Which machine is below is seen at a VM. */
static bool begin_machine(unsigned int i)
{
	struct machine *m = &machines[i];
	struct mpt_vm *vm;

	if (mpt_host_open(specs[i], &m->host) || gvt_open(m->host, NULL, &m->gvt) ||
	    mpt_vm_create(m->host, 100) || mpt_vm_get(m->host, 100, &vm)) {
		fprintf(stderr, "stress: %s: %s\n", specs[i], mpt_last_error());
		return false;
	}
	m->sim = ((struct acrn_vm *)mpt_vm_priv(vm))->inst->machine.sim;
	m->vhm = !acrn_sim_config(m->sim)->profile->hsm;
	mpt_vm_put(vm);
	mpt_vm_destroy(m->host, 100);
	return true;
}

static void end_slot(struct slot *s)
{
	unsigned int n;

	pthread_join(s->life, NULL);
	pthread_join(s->device, NULL);
	pthread_join(s->stray, NULL);
	for (n = 0; n < WORKERS; n++)
		pthread_join(s->worker[n], NULL);
	pthread_mutex_destroy(&s->lock);
}

static void verdict(bool ok, const char *spec, const char *what)
{
	printf("%s: %s: %s\n", ok ? "PASS" : "FAIL", spec, what);
	passed += ok;
	failed += !ok;
}

static void judge(const char *spec, struct machine *m)
{
	struct mpt_ledger l = { .left = 0 };
	const char *say;
	unsigned int i;
	u64 live = 0;

	for (i = 0; (say = acrn_broken_say(m->sim, i)); i++)
		printf("broken: %s\n", say);
	verdict(!acrn_broken_all(m->sim), spec, "no invariant is broken");
	must(mpt_ledger_get(m->host, &l), "ledger");
	for (i = 0; (say = mpt_ledger_violation(m->host, i)); i++)
		printf("violation: %s\n", say);
	for (i = 0; i < MPT_LEDGER_KINDS; i++)
		live += l.live[i];
	printf("ledger: %llu calls, %llu live, %llu left, %llu violations\n",
	       (unsigned long long)l.calls, (unsigned long long)live, (unsigned long long)l.left,
	       (unsigned long long)l.violations);
	verdict(!live && !l.left && !l.violations, spec, "the ledger is empty");
}

static void tell(void)
{
#define TELL(what) printf(" %llu " #what, (unsigned long long)did.what)
	printf("done:");
	TELL(vms), TELL(vgpus), TELL(resets), TELL(dmlrs), TELL(pauses), TELL(moves), TELL(plugs);
	printf("\naccesses:");
	TELL(registers), TELL(stores), TELL(loads), TELL(cfgs), TELL(lost), TELL(gone);
	printf("\ndevice:");
	TELL(msis), TELL(tracks), TELL(dmas);
	printf("\n");
#undef TELL
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? (unsigned int)atoi(argv[1]) : SECONDS, i, k;
	long memory = mpt_alloc_live();

	alarm(seconds + GRACE);
	for (i = 0; i < N(specs); i++)
		if (!begin_machine(i))
			return 1;
	for (i = 0; i < N(specs); i++)
		for (k = 0; k < SLOTS; k++)
			begin_slot(&machines[i], i, k);
	sleep(seconds);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < N(specs); i++)
		for (k = 0; k < SLOTS; k++)
			end_slot(&machines[i].slot[k]);
	tell();
	for (i = 0; i < N(specs); i++) {
		judge(specs[i], &machines[i]);
		verdict(!gvt_close(machines[i].gvt) && !mpt_host_close(machines[i].host), specs[i],
			"it closes");
	}
	verdict(did.vms && did.registers && did.stores, "all", "something was done");
	verdict(!did.wrong, "all", "what is read was written");
	verdict(!did.refused, "all", "what must work worked");
	verdict(!races, "all", "no data race was seen");
	verdict(mpt_alloc_live() == memory, "all", "no memory is left");
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
