/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the simulated hypervisor share: a machine with one VM, and somebody who plays
 * the service side directly on the request page, so that nothing of VHM is tested here.
 */
#ifndef MPT_TESTS_ACRN_HV_RIG_H
#define MPT_TESTS_ACRN_HV_RIG_H

#include <stdlib.h>

#include "backends/acrn/sim_priv.h"

#include "lib/runner.h"

#define PAGE MPT_PAGE_SIZE
#define HUGE MPT_HUGE_SIZE
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

#define RIG_RAM 0x100000ULL
#define RIG_RAM_PAGES 16
/* Of a device of the machine. */
#define RIG_DEVICE 0x40000000ULL

/* What the server does wrong. */
enum rig_fault {
	RIG_GOOD,
	RIG_NOTIFY_EARLY, /* before COMPLETE */
	RIG_NOTIFY_TWICE,
	RIG_NOTIFY_NEVER,
	RIG_POLL_LATE,
	RIG_POLL_NEVER,
	RIG_COMPLETE_TWICE,
	RIG_SCRIBBLES, /* into the reserved words */
	RIG_CHANGES_ADDRESS,
	RIG_SILENT, /* nothing is served */
	RIG_HOLDS, /* up to PROCESSING, no further */
};

static union vhm_request_buffer rig_page __attribute__((aligned(4096)));

static struct {
	struct acrn_sim *sim;
	struct acrn_hvm *vm;
	u16 id;
	u64 ram;
	struct acrn_thread server;
	bool stop;
	enum rig_fault fault;
	u64 seen;
	u64 (*answer)(const struct vhm_request *r);
	unsigned int served;
	struct vhm_request last[16];
} rig;

static u64 rig_ones(const struct vhm_request *r)
{
	(void)r;
	return ~0ULL;
}

/* --- the service side --- */

static void rig_complete(unsigned int n)
{
	enum rig_fault fault = os_load(&rig.fault);
	bool polls = false;

	if (fault != RIG_POLL_LATE && fault != RIG_POLL_NEVER)
		polls = acrn_slot_polling(rig.vm, n);
	if (fault == RIG_NOTIFY_EARLY)
		acrn_hc_notify(rig.sim, rig.id, (u16)n);
	if (!acrn_slot_move(rig.vm, n, REQ_STATE_PROCESSING, REQ_STATE_COMPLETE, ACRN_COMPLETER))
		return;
	if (fault == RIG_COMPLETE_TWICE)
		acrn_slot_move(rig.vm, n, REQ_STATE_PROCESSING, REQ_STATE_COMPLETE, ACRN_COMPLETER);
	if (fault == RIG_POLL_LATE)
		polls = acrn_slot_polling(rig.vm, n);
	if (polls || fault == RIG_NOTIFY_NEVER || fault == RIG_NOTIFY_EARLY)
		return;
	acrn_hc_notify(rig.sim, rig.id, (u16)n);
	if (fault == RIG_NOTIFY_TWICE)
		acrn_hc_notify(rig.sim, rig.id, (u16)n);
}

static void rig_serve(unsigned int n)
{
	struct vhm_request *r = &rig_page.req_queue[n];
	bool write;

	if (!acrn_slot_move(rig.vm, n, REQ_STATE_PENDING, REQ_STATE_PROCESSING, ACRN_DISPATCHER))
		return;
	acrn_point(rig.sim, "served");
	memcpy(&rig.last[rig.served % 16], r, offsetof(struct vhm_request, processed));
	write = r->reqs.mmio_request.direction == REQUEST_WRITE;
	if (os_load(&rig.fault) == RIG_SCRIBBLES)
		r->reserved2[5] = 1;
	if (os_load(&rig.fault) == RIG_CHANGES_ADDRESS)
		r->reqs.mmio_request.address++;
	if (!write && r->type == REQ_PORTIO)
		r->reqs.pio_request.value = (u32)rig.answer(r);
	else if (!write)
		r->reqs.mmio_request.value = rig.answer(r);
	os_store(&rig.served, rig.served + 1);
	if (os_load(&rig.fault) != RIG_HOLDS)
		rig_complete(n);
}

static bool rig_called(void *arg)
{
	(void)arg;
	return acrn_sim_upcalls(rig.sim) != rig.seen || os_load(&rig.stop);
}

static void rig_server(void *arg)
{
	unsigned int n;

	(void)arg;
	while (acrn_door_wait(rig.sim, acrn_sim_upcall(rig.sim), rig_called, NULL, 0) &&
	       !os_load(&rig.stop)) {
		rig.seen = acrn_sim_upcalls(rig.sim);
		acrn_point(rig.sim, "upcall");
		for (n = 0; n < acrn_hvm_vcpus(rig.vm) && os_load(&rig.fault) != RIG_SILENT; n++)
			if (os_load(&rig_page.req_queue[n].processed) == REQ_STATE_PENDING)
				rig_serve(n);
	}
}

static void rig_server_start(void)
{
	rig.seen = 0;
	rig.stop = false;
	ck_assert_int_eq(acrn_thread_start(rig.sim, &rig.server, "server", rig_server, NULL), 0);
}

static void rig_server_stop(void)
{
	os_store(&rig.stop, true);
	acrn_door_ring(rig.sim, acrn_sim_upcall(rig.sim));
	acrn_thread_join(&rig.server);
}

/* --- the machine --- */

static inline u64 rig_service(u64 hpa)
{
	return acrn_mem_to_service(rig.sim, hpa);
}

static inline long rig_add(u64 gpa, u64 hpa, u64 size, u32 rights)
{
	struct acrn_region r = { ACRN_MR_ADD, MEM_TYPE_WB | rights, gpa, rig_service(hpa), size };

	return acrn_hc_set_regions(rig.sim, rig.id, &r, 1);
}

static inline long rig_del(u64 gpa, u64 size)
{
	struct acrn_region r = { .type = ACRN_MR_DEL, .gpa = gpa, .size = size };

	return acrn_hc_set_regions(rig.sim, rig.id, &r, 1);
}

/* A VM that was created and has RAM and a page, not yet running. */
static inline void rig_vm(unsigned int vcpus, bool polling)
{
	ck_assert_int_eq(acrn_hc_create_vm(rig.sim, vcpus, polling, &rig.id), 0);
	rig.vm = acrn_hvm_find(rig.sim, rig.id);
	rig.ram = acrn_mem_alloc(rig.sim, RIG_RAM_PAGES * PAGE, PAGE);
	ck_assert_int_eq(rig_add(RIG_RAM, rig.ram, RIG_RAM_PAGES * PAGE, MEM_ACCESS_RWX), 0);
	memset(&rig_page, 0, sizeof(rig_page));
	ck_assert_int_eq(acrn_hc_set_ioreq_buffer(rig.sim, rig.id, &rig_page), 0);
}

static inline void rig_begin(const struct acrn_sim_config *config)
{
	memset(&rig, 0, sizeof(rig));
	rig.answer = rig_ones;
	ck_assert_int_eq(acrn_sim_new(config, &rig.sim), 0);
	rig_vm(config->vcpus ? config->vcpus : 1, config->polling);
	ck_assert_int_eq(acrn_hc_start_vm(rig.sim, rig.id), 0);
	rig_server_start();
}

static inline void rig_end(void)
{
	if (rig.server.started)
		rig_server_stop();
	if (rig.vm && acrn_hvm_find(rig.sim, rig.id)) {
		ck_assert_int_eq(acrn_hc_pause_vm(rig.sim, rig.id), 0);
		ck_assert_int_eq(acrn_hc_destroy_vm(rig.sim, rig.id), 0);
	}
	acrn_sim_free(rig.sim);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* Nothing is broken but, maybe, what was asked for. */
static inline void rig_only_broken(unsigned int invariant)
{
	unsigned int i;

	for (i = 0; i < ACRN_INVARIANTS; i++)
		if (i != invariant)
			ck_assert_msg(!acrn_broken_count(rig.sim, i), "%s",
				      acrn_broken_say(rig.sim, 0));
	if (invariant < ACRN_INVARIANTS)
		ck_assert_uint_gt(acrn_broken_count(rig.sim, invariant), 0);
}

static inline void rig_sound(void)
{
	rig_only_broken(ACRN_INVARIANTS);
}

static inline struct acrn_sim_config rig_config(const char *profile)
{
	return (struct acrn_sim_config){ .profile = acrn_profile_find(profile), .vcpus = 1 };
}

#endif
