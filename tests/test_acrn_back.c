/* SPDX-License-Identifier: MIT */
/*
 * The back end above VHM: request pages that make no sense, stores that cross pages or come late,
 * RAM under what is mapped over it, the core's pages at BAR0. Leaving is test_acrn_leave.c's,
 * refused services are test_acrn_fail.c's.
 */
#include "acrn_core.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define H (ac.vgpu.handle)
#define PAGE 4096ULL

/* --- pages that make no sense --- */

static union vhm_request_buffer page;

/* The handler over a page of ours; VHM does not know the client, so completing ends nothing. */
static struct acrn_vm *forge(void)
{
	struct acrn_vm *vm = acrn_of();

	vm->page = page.req_queue;
	vm->client = VHM_CLIENT(ac_provider()->index, 0xffff);
	return vm;
}

struct real {
	struct vhm_request *page;
	int client;
};

static struct real real_begin(void)
{
	return (struct real){ acrn_of()->page, acrn_of()->client };
}

static void real_end(const struct real *r)
{
	acrn_of()->page = r->page;
	acrn_of()->client = r->client;
}

static unsigned long serve(struct acrn_vm *vm, unsigned int n)
{
	unsigned long map = 1UL << n;

	page.req_queue[n].client = vm->client;
	page.req_queue[n].processed = REQ_STATE_PROCESSING;
	ck_assert_int_eq(acrn_handler(0, &map, vm), 0);
	return map;
}

static struct vhm_request mmio(u32 type, u32 direction, u64 address, u64 size)
{
	struct vhm_request r;

	memset(&r, 0x11, sizeof(r));
	r.type = type;
	r.reqs.mmio_request = (struct vhm_mmio_request){
		.direction = direction, .address = address, .size = size, .value = 0x1234,
	};
	return r;
}

static const u64 sizes[] = { 0, 3, 5, 9, 16, 4096, 1ULL << 32, 1ULL << 63, ~0ULL };

START_TEST(sizes_directions_types)
{
	struct real real;
	struct acrn_vm *vm;
	unsigned int i;

	ac_open("acrn-sim");
	ac_bar_on();
	real = real_begin();
	vm = forge();
	for (i = 0; i < N(sizes); i++) {
		page.req_queue[3] = mmio(REQ_MMIO, REQUEST_READ, AC_BAR0, sizes[i]);
		serve(vm, 3);
		ck_assert_uint_eq(page.req_queue[3].reqs.mmio_request.value, ~0ULL);
		page.req_queue[3] = mmio(REQ_WP, REQUEST_WRITE, 0x1000, sizes[i]);
		serve(vm, 3);
	}
	for (i = 2; i < 9; i++) {
		page.req_queue[3] = mmio(REQ_MMIO, i, AC_BAR0, 4);
		serve(vm, 3);
		page.req_queue[3] = mmio(i == 2 ? 99 : 3 + i, REQUEST_WRITE, AC_BAR0, 4);
		serve(vm, 3);
	}
	/* Wraps, nobody's, a port. */
	page.req_queue[3] = mmio(REQ_MMIO, REQUEST_READ, ~0ULL - 2, 4);
	serve(vm, 3);
	ck_assert_uint_eq(page.req_queue[3].reqs.mmio_request.value, ~0ULL);
	page.req_queue[3] = mmio(REQ_MMIO, REQUEST_READ, AC_BAR0 - 8, 8);
	serve(vm, 3);
	ck_assert_uint_eq(page.req_queue[3].reqs.mmio_request.value, ~0ULL);
	page.req_queue[3] = mmio(REQ_PORTIO, REQUEST_READ, 0x70, 1);
	serve(vm, 3);
	ck_assert_uint_eq(page.req_queue[3].reqs.pio_request.value, ~0U);
	ck_assert_uint_eq(ac.mmio + ac.stores + ac.cfgs, 0);
	ck_assert_uint_gt(vm->bad_requests, 0);
	/* And one that does, zero-extended. */
	page.req_queue[3] = mmio(REQ_MMIO, REQUEST_READ, AC_BAR0 + 4, 2);
	serve(vm, 3);
	ck_assert_uint_eq(page.req_queue[3].reqs.mmio_request.value, 0x5a5a);
	ck_assert_uint_eq(ac.mmio, 1);
	real_end(&real);
	ac_close();
}
END_TEST

static void rewrite(void)
{
	page.req_queue[3].type = REQ_PORTIO;
	page.req_queue[3].reqs.mmio_request.direction = REQUEST_WRITE;
	page.req_queue[3].reqs.mmio_request.size = 1;
}

/* By whoever else has the page, while the core is asked: the answer is that to what was asked. */
START_TEST(changed_meanwhile)
{
	struct real real;
	struct acrn_vm *vm;

	ac_open("acrn-sim");
	ac_bar_on();
	real = real_begin();
	vm = forge();
	ac.hook = rewrite;
	page.req_queue[3] = mmio(REQ_MMIO, REQUEST_READ, AC_BAR0, 8);
	serve(vm, 3);
	ck_assert_uint_eq(page.req_queue[3].reqs.mmio_request.value, 0x5a5a5a5a5a5a5a5aULL);
	ac.hook = NULL;
	real_end(&real);
	ac_close();
}
END_TEST

static const struct {
	int bus, dev, func, reg;
	int64_t size;
	bool fine;
} regs[] = {
	{ 0, 2, 0, 0, 4, true },      { 0, 2, 0, 255, 1, true },   { 0, 2, 0, 254, 2, true },
	{ 0, 2, 0, 255, 2, false },   { 0, 2, 0, 254, 4, false },  { 0, 2, 0, 256, 1, false },
	{ 0, 2, 0, 0xffc, 4, false }, { 0, 2, 0, -1, 1, false },   { 0, 2, 0, -4, 4, false },
	{ 0, 2, 0, 2, 4, false },     { 0, 2, 0, 1, 2, false },    { 0, 2, 0, 0, 0, false },
	{ 0, 2, 0, 0, 3, false },     { 0, 2, 0, 0, 8, false },    { 0, 2, 0, 0, -1, false },
	{ 1, 2, 0, 0, 4, false },     { 0, 1, 0, 0, 4, false },    { 0, 2, 1, 0, 4, false },
	{ -1, 2, 0, 0, 4, false },    { 0, 2, 0, INT32_MIN, 4, false },
	{ 0, 2, 0, INT32_MAX, 4, false }, { 0, 2, 0, 0, INT64_MIN, false },
};

START_TEST(registers)
{
	struct vhm_pci_request *pci = &page.req_queue[0].reqs.pci_request;
	struct real real;
	struct acrn_vm *vm;
	unsigned int i;
	u64 told;

	ac_open("acrn-sim");
	real = real_begin();
	vm = forge();
	memset(ac.cfg, 0x3c, sizeof(ac.cfg));
	for (i = 0; i < N(regs); i++) {
		memset(&page.req_queue[0], 0x11, sizeof(page.req_queue[0]));
		page.req_queue[0].type = REQ_PCICFG;
		*pci = (struct vhm_pci_request){
			.direction = REQUEST_READ, .size = regs[i].size, .bus = regs[i].bus,
			.dev = regs[i].dev, .func = regs[i].func, .reg = regs[i].reg,
		};
		told = ac.cfgs;
		serve(vm, 0);
		ck_assert_uint_eq(ac.cfgs - told, regs[i].fine);
		ck_assert_msg(regs[i].fine == ((u32)pci->value != ~0U), "%u: 0x%x", i,
			      (u32)pci->value);
		/* What is behind a narrow value is not ours. */
		ck_assert_int_eq(pci->bus, regs[i].bus);
		ck_assert_int_eq(pci->reg, regs[i].reg);
	}
	real_end(&real);
	ac_close();
}
END_TEST

/* Any bytes, any bits: nothing is called with what does not hold, nothing is touched outside. */
START_TEST(any_page)
{
	u64 state = 7, i;
	struct real real;
	struct acrn_vm *vm;
	unsigned long map;
	unsigned int k, n;
	u32 *word;

	ac_open("acrn-sim");
	ac_bar_on();
	real = real_begin();
	vm = forge();
	for (i = 0; i < 30000; i++) {
		n = (unsigned int)(i % VHM_REQUEST_MAX);
		word = (u32 *)(void *)&page.req_queue[n];
		for (k = 0; k < 64; k++) {
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			word[k] = state >> 60 ? (u32)(state >> 60 & 7) : (u32)(state >> 20);
		}
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		map = state >> 40;
		if (state >> 62) {
			page.req_queue[n].client = vm->client;
			page.req_queue[n].processed = REQ_STATE_PROCESSING;
		}
		ck_assert_int_eq(acrn_handler(0, &map, vm), 0);
		ck_assert_uint_eq(map >> VHM_REQUEST_MAX, 0);
	}
	real_end(&real);
	ac_close();
}
END_TEST

START_TEST(a_stale_bit_is_cleared)
{
	unsigned long map = 0x8005;
	struct real real;
	struct acrn_vm *vm;
	unsigned int n;

	ac_open("acrn-sim");
	real = real_begin();
	vm = forge();
	for (n = 0; n < VHM_REQUEST_MAX; n++) {
		page.req_queue[n] = mmio(REQ_MMIO, REQUEST_WRITE, AC_BAR0, 4);
		page.req_queue[n].processed = REQ_STATE_COMPLETE;
		page.req_queue[n].client = vm->client;
	}
	page.req_queue[2].processed = REQ_STATE_PROCESSING;
	page.req_queue[2].client = vm->client + 1;
	ck_assert_int_eq(acrn_handler(0, &map, vm), 0);
	ck_assert_uint_eq(map, 0);
	ck_assert_uint_eq(vm->stale_bits, 3);
	ck_assert_uint_eq(page.req_queue[2].processed, REQ_STATE_PROCESSING);
	real_end(&real);
	ac_close();
}
END_TEST

/* --- stores --- */

static void vcpu_store(u64 gpa, u64 val, unsigned int len)
{
	struct acrn_vcpu *v = acrn_vcpu_borrow(ac_hvm());

	ck_assert_int_eq(acrn_vcpu_store(v, gpa, &val, len), ACRN_DONE);
	acrn_vcpu_return(v);
}

static u64 memory(u64 gpa, unsigned int len)
{
	u64 val = 0;

	ac_ok(ac.vgpu.mpt->read_gpa(H, gpa, &val, len));
	return val;
}

/* One operand, two pages: the tracked half is told, both are done. */
START_TEST(a_store_across_a_page)
{
	u64 gpa = 0x801000 - 4;

	ac_open("acrn-sim");
	ac_ok(ac.vgpu.mpt->enable_page_track(H, 0x800));
	vcpu_store(gpa, 0x1122334455667788ULL, 8);
	ck_assert_uint_eq(memory(gpa, 8), 0x1122334455667788ULL);
	ck_assert_uint_eq(ac.stores, 1);
	ck_assert_uint_eq(ac.last_addr, gpa);
	ck_assert_uint_eq(ac.last_val, 0x55667788);
	ac_ok(ac.vgpu.mpt->enable_page_track(H, 0x801));
	vcpu_store(gpa + 1, 0xa1a2a3a4a5a6a7a8ULL, 8);
	ck_assert_uint_eq(memory(gpa + 1, 8), 0xa1a2a3a4a5a6a7a8ULL);
	/* 1 and 2 before the edge, 4 and 1 behind it. */
	ck_assert_uint_eq(ac.stores, 5);
	ac_ok(ac.vgpu.mpt->disable_page_track(H, 0x800));
	ac_ok(ac.vgpu.mpt->disable_page_track(H, 0x801));
	vcpu_store(gpa, 1, 8);
	ck_assert_uint_eq(ac.stores, 5);
	ac_close();
}
END_TEST

/* The hypervisor still protects what is not tracked any more, or never was. */
START_TEST(a_late_store_is_a_plain_one)
{
	struct mpt_vm_stats s;

	ac_open("acrn-sim");
	ck_assert_int_eq(write_protect_page(acrn_of()->vmid, 0x900000, 1), 0);
	vcpu_store(0x900010, 0x4242, 4);
	ck_assert_uint_eq(memory(0x900010, 4), 0x4242);
	ck_assert_uint_eq(ac.stores, 0);
	ac_ok(mpt_vm_stats_get(ac.vm, &s));
	ck_assert_uint_eq(s.unclaimed, 0);
	ck_assert_int_eq(write_protect_page(acrn_of()->vmid, 0x900000, 0), 0);
	ac_close();
}
END_TEST

/* --- many tracked pages --- */

#define MANY_RAM (1ULL << 30)
#define MANY (MANY_RAM >> 12)

/* In any order; the next one is found without looking at all; and all are gone at the end. */
START_TEST(many_tracks)
{
	u64 base = 0x40000000, i, gfn, step = 40503;
	u64 hash, found = 0;

	ac_open("acrn-sim");
	ac_ok(mpt_ram_add(ac.vm, base, MANY_RAM, 0));
	hash = acrn_ept_hash(ac_hvm());
	for (i = 0; i < MANY; i++)
		ac_ok(ac.vgpu.mpt->enable_page_track(H, (base >> 12) + i * step % MANY));
	ck_assert_uint_eq(acrn_of()->tracked, MANY);
	for (i = 0; i < MANY; i += 3)
		ac_ok(ac.vgpu.mpt->disable_page_track(H, (base >> 12) + i));
	for (gfn = acrn_track_next(acrn_of(), 0, ~0ULL, false); gfn != ~0ULL;
	     gfn = acrn_track_next(acrn_of(), gfn + 1, ~0ULL, false)) {
		ck_assert_uint_ne((gfn - (base >> 12)) % 3, 0);
		found++;
	}
	ck_assert_uint_eq(found, acrn_of()->tracked);
	ac_detach();
	ck_assert_uint_eq(acrn_ept_hash(ac_hvm()), hash);
	ac_close();
}
END_TEST

/* --- RAM under what is mapped over it --- */

/* One look into the table, also for the first 2 MiB and for who maps before anybody reads. */
START_TEST(memory_is_remembered)
{
	struct acrn_vm *vm;
	dma_addr_t addr;
	u64 word;

	ac_open("acrn-sim");
	vm = acrn_of();
	ck_assert_uint_eq(vm->chunk_mfn[0], 0);
	ac_ok(intel_gvt_hypervisor_read_gpa(&ac.vgpu, 0x1000, &word, 8));
	ck_assert_uint_eq(vm->chunk[0] & (ACRN_WHOLE | ACRN_WRITABLE), ACRN_WHOLE | ACRN_WRITABLE);
	ck_assert_uint_eq(vm->chunk_mfn[0] << MPT_PAGE_SHIFT | 0x1000,
			  intel_gvt_hypervisor_gfn_to_mfn(&ac.vgpu, 1) << MPT_PAGE_SHIFT);
	ck_assert_uint_eq(vm->chunk_mfn[3], 0);
	ac_ok(intel_gvt_hypervisor_dma_map_guest_page(&ac.vgpu, 3 * 512 + 5, 4096, &addr));
	ck_assert_uint_eq(vm->chunk_mfn[3] + 5, addr >> MPT_PAGE_SHIFT);
	intel_gvt_hypervisor_dma_unmap_guest_page(&ac.vgpu, addr);
	ac_close();
}
END_TEST

/* Read-only is what a region is, not what its machine frames are: they may have served before. */
START_TEST(frames_serve_again)
{
	struct acrn_dma_block *b;
	dma_addr_t addr;
	u64 val = 7;

	ac_open("acrn-sim");
	ac_ok(ac.vgpu.mpt->dma_map_guest_page(H, 0x803, 4096, &addr));
	ac.vgpu.mpt->dma_unmap_guest_page(H, addr);
	b = acrn_of()->dma[addr >> ACRN_CHUNK_SHIFT];
	memset(b->readonly, 0xff, sizeof(b->readonly));
	ac_ok(ac.vgpu.mpt->dma_map_guest_page(H, 0x803, 4096, &addr));
	ac_ok(mpt_bus_write(ac.host, addr, &val, 8));
	ac.vgpu.mpt->dma_unmap_guest_page(H, addr);
	ac_close();
}
END_TEST

/* Of the device's memory a write may be combined, but not kept back in a cache. */
START_TEST(kinds_of_memory)
{
	struct acrn_ept_leaf ram, device;
	unsigned long old;

	ac_open("acrn-sim");
	ac_ok(ac.vgpu.mpt->map_gfn_to_mfn(H, AC_BAR2 >> 12, AC_APERTURE, 16, true));
	old = mpt_rcu_enter();
	ck_assert(acrn_ept_look(ac_hvm(), 0, &ram));
	ck_assert(acrn_ept_look(ac_hvm(), AC_BAR2, &device));
	mpt_rcu_leave(old);
	ck_assert_uint_eq(ram.type, MEM_TYPE_WB);
	ck_assert_uint_eq(device.type, MEM_TYPE_WC);
	ck_assert_uint_eq(device.rights, MEM_ACCESS_RWX);
	ac_close();
}
END_TEST

START_TEST(ram_comes_back)
{
	u64 hash, val = 0x99;

	ac_open("acrn-sim");
	hash = acrn_ept_hash(ac_hvm());
	vcpu_store(0x802008, 0x77, 8);
	ac_ok(ac.vgpu.mpt->enable_page_track(H, 0x803));
	ac_ok(ac.vgpu.mpt->map_gfn_to_mfn(H, 0x800, AC_APERTURE, 16, true));
	ac_ok(mpt_guest_read(ac.vm, 0x802008, &val, 8));
	ck_assert_uint_eq(val, 0xa5a5a5a5a5a5a5a5ULL);
	ck_assert_uint_eq(ac.aperture, 1);
	/* What is tracked meanwhile is protected when it is seen again. */
	ac_ok(ac.vgpu.mpt->enable_page_track(H, 0x804));
	vcpu_store(0x803000, 1, 8);
	ck_assert_uint_eq(ac.stores, 0);
	ac_ok(ac.vgpu.mpt->map_gfn_to_mfn(H, 0x800, AC_APERTURE, 16, false));
	ac_ok(mpt_guest_read(ac.vm, 0x802008, &val, 8));
	ck_assert_uint_eq(val, 0x77);
	vcpu_store(0x803000, 0x31, 8);
	vcpu_store(0x804000, 0x41, 8);
	vcpu_store(0x805000, 0x51, 8);
	ck_assert_uint_eq(ac.stores, 2);
	ck_assert_uint_eq(memory(0x803000, 8), 0x31);
	ac_ok(ac.vgpu.mpt->disable_page_track(H, 0x803));
	ac_ok(ac.vgpu.mpt->disable_page_track(H, 0x804));
	ck_assert_uint_eq(acrn_ept_hash(ac_hvm()), hash);
	ac_close();
}
END_TEST

/* RAM that is plugged in, out and moved under a trap, a mapping and a track. */
START_TEST(ram_goes_under_ranges)
{
	u64 at = 0x10000000, to = 0x20000000, size = 0x400000, hash, val;

	ac_open("acrn-sim");
	hash = acrn_ept_hash(ac_hvm());
	ac_ok(ac.vgpu.mpt->set_trap_area(H, at + 0x1000, at + 0x2fff, true));
	ac_ok(ac.vgpu.mpt->map_gfn_to_mfn(H, (at >> 12) + 8, AC_APERTURE, 4, true));
	ac_ok(mpt_ram_add(ac.vm, at, size, 0));
	ac_ok(ac.vgpu.mpt->enable_page_track(H, (at >> 12) + 20));
	vcpu_store(at + 0x1000, 1, 4);
	ck_assert_uint_eq(ac.mmio, 1);
	ac_ok(mpt_guest_read(ac.vm, at + 0x8000, &val, 8));
	ck_assert_uint_eq(ac.aperture, 1);
	vcpu_store(at + 20 * PAGE, 1, 4);
	ck_assert_uint_eq(ac.stores, 1);
	ac_ok(mpt_ram_move(ac.vm, at, size, to));
	vcpu_store(to + 20 * PAGE, 1, 4);
	ck_assert_uint_eq(ac.stores, 1);
	vcpu_store(at + 0x2000, 1, 4);
	ck_assert_uint_eq(ac.mmio, 2);
	ac_ok(mpt_ram_move(ac.vm, to, size, at));
	vcpu_store(at + 20 * PAGE, 1, 4);
	ck_assert_uint_eq(ac.stores, 2);
	ac_ok(ac.vgpu.mpt->set_trap_area(H, at + 0x1000, at + 0x2fff, false));
	vcpu_store(at + 0x2000, 7, 4);
	ck_assert_uint_eq(ac.mmio, 2);
	ck_assert_uint_eq(memory(at + 0x2000, 4), 7);
	ac_ok(mpt_ram_remove(ac.vm, at, size));
	ac_detach();
	ck_assert_uint_eq(acrn_ept_hash(ac_hvm()), hash);
	ac_close();
}
END_TEST

/* --- the core's pages at BAR0 --- */

static u64 bar_load(u64 offset)
{
	u64 val = 0;

	ac_ok(mpt_guest_read(ac.vm, AC_BAR0 + offset, &val, 8));
	return val;
}

START_TEST(pv_pages)
{
	u64 end = AC_BAR0 + AC_BAR0_SIZE - 1, hash;

	ac_open("acrn-sim");
	ac_bar_on();
	hash = acrn_ept_hash(ac_hvm());
	ck_assert_uint_eq(bar_load(0), 0x5a5a5a5a5a5a5a5aULL);
	ck_assert_uint_eq(ac.mmio, 1);
	ac_ok(ac.vgpu.mpt->set_pvmmio(H, AC_BAR0, end, true));
	/* Registers are read where they are, and written by the core alone. */
	ck_assert_uint_eq(bar_load(0x10), 0x7777777777777777ULL);
	ck_assert_uint_eq(ac.mmio, 1);
	vcpu_store(AC_BAR0 + 0x10, 0x1234, 4);
	ck_assert_uint_eq(ac.mmio, 2);
	ck_assert_uint_eq(ac.last_addr, AC_BAR0 + 0x10);
	ck_assert_uint_eq(ac.last_val, 0x1234);
	ck_assert_uint_eq(bar_load(0x10), 0x7777777777777777ULL);
	/* A page that the core keeps back, and what is behind the shared one. */
	bar_load(PAGE);
	bar_load(MPT_HUGE_SIZE + PAGE);
	ck_assert_uint_eq(ac.mmio, 4);
	/* The shared page is memory. */
	vcpu_store(AC_BAR0 + MPT_HUGE_SIZE + 8, 0xbeef, 8);
	ck_assert_uint_eq(ac.mmio, 4);
	ck_assert_int_eq(ac.pages[MPT_HUGE_SIZE + 8], 0xef);
	ac_ok(ac.vgpu.mpt->set_pvmmio(H, AC_BAR0, end, false));
	bar_load(0x10);
	bar_load(MPT_HUGE_SIZE);
	ck_assert_uint_eq(ac.mmio, 6);
	ck_assert_uint_eq(acrn_ept_hash(ac_hvm()), hash);
	ck_assert_uint_eq(ac.stores, 0);
	ac_close();
}
END_TEST

static Suite *back_suite(void)
{
	Suite *s = suite_create("acrn-back");
	TCase *pages = tcase_create("pages"), *stores = tcase_create("stores");
	TCase *seen = tcase_create("seen");

	tcase_add_test(pages, sizes_directions_types);
	tcase_add_test(pages, changed_meanwhile);
	tcase_add_test(pages, registers);
	tcase_add_test(pages, any_page);
	tcase_add_test(pages, a_stale_bit_is_cleared);
	tcase_add_test(stores, a_store_across_a_page);
	tcase_add_test(stores, a_late_store_is_a_plain_one);
	tcase_add_test(stores, many_tracks);
	tcase_add_test(seen, memory_is_remembered);
	tcase_add_test(seen, frames_serve_again);
	tcase_add_test(seen, kinds_of_memory);
	tcase_add_test(seen, ram_comes_back);
	tcase_add_test(seen, ram_goes_under_ranges);
	tcase_add_test(seen, pv_pages);
	suite_add_tcase(s, pages);
	suite_add_tcase(s, stores);
	suite_add_tcase(s, seen);
	return s;
}

int main(void)
{
	Suite *(*const suites[])(void) = { back_suite };

	return mpt_test_main("acrn-back", suites, N(suites));
}
