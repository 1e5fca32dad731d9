/* SPDX-License-Identifier: MIT */
/*
 * The real back end over acrn-sim, with a core that only answers: trapped areas that move, tracked
 * pages and an aperture that come and go under vCPUs, resets, the VM's end. Seeded and free.
 */
#include <mpt/mpt.h>
#include <mpt/testbed.h>

#include "backends/acrn/acrn.h"
#include "backends/acrn/sim.h"
#include "runner.h"

#define PAGE MPT_PAGE_SIZE
#define BAR 0x80000000ULL
#define BAR_OTHER 0x80100000ULL
#define BAR_SIZE 0x4000ULL
#define APERTURE 0xa0000000ULL
#define APERTURE_MFN 0x80000UL
#define TRACKED 0x10ULL /* gfn */
#define VCPUS 2

struct world;

struct worker {
	struct world *w;
	unsigned int n;
	struct acrn_thread thread;
};

struct world {
	struct mpt_host *host;
	struct mpt_vm *vm;
	struct intel_vgpu vgpu;
	u8 cfg[256];
	struct acrn_sim *sim;
	struct worker worker[VCPUS];
	unsigned int ops;
	bool stop;
	u64 wrong, stores, reads, gone;
};

static struct world w;

/* --- the core --- */

static u64 answer_to(u64 gpa)
{
	return (gpa & 0xfffff) * 0x9e3779b97f4a7c15ULL;
}

static int core_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	u64 val = answer_to(gpa);

	(void)vgpu;
	memcpy(buf, &val, len);
	os_fetch_add(&w.reads, 1);
	return 0;
}

static int core_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)gpa;
	(void)buf;
	(void)len;
	return 0;
}

/* The library has performed the store. */
static int core_store(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)buf;
	(void)len;
	if (gpa >> MPT_PAGE_SHIFT != TRACKED)
		os_fetch_add(&w.wrong, 1);
	os_fetch_add(&w.stores, 1);
	return 0;
}

static int core_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int len)
{
	(void)vgpu;
	memset(buf, (int)offset, len);
	return 0;
}

static int core_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int len)
{
	(void)vgpu;
	(void)offset;
	(void)buf;
	(void)len;
	return 0;
}

static void core_region(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	(void)vgpu;
	(void)gfn;
	(void)nr;
	(void)added;
}

static int aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	u64 val = answer_to(offset);

	(void)opaque;
	memcpy(buf, &val, len);
	return 0;
}

static const struct intel_gvt_ops core_ops = {
	.emulate_cfg_read = core_cfg_read,
	.emulate_cfg_write = core_cfg_write,
	.emulate_mmio_read = core_read,
	.emulate_mmio_write = core_write,
	.write_protect_handler = core_store,
	.guest_region_event = core_region,
};

/* --- begin and end --- */

static void attach(void)
{
	struct mpt_vm *old = mpt_target_set(w.vm);

	ck_assert_msg(!intel_gvt_hypervisor_attach_vgpu(&w.vgpu), "%s", mpt_last_error());
	mpt_target_set(old);
}

static void begin(const char *options, unsigned int ops)
{
	static const struct mpt_core core = {
		.size = sizeof(core),
		.ops = &core_ops,
		.opaque = &w,
		.aperture_mfn = APERTURE_MFN,
		.aperture_pages = 0x100,
		.aperture_read = aperture_read,
	};
	char spec[120];

	memset(&w, 0, sizeof(w));
	w.ops = ops;
	snprintf(spec, sizeof(spec), "acrn-sim:vcpus=%d%s", VCPUS, options);
	ck_assert_msg(!mpt_host_open(spec, &w.host), "%s", mpt_last_error());
	w.sim = ((struct acrn_inst *)mpt_host_priv(w.host))->machine.sim;
	ck_assert_int_eq(mpt_host_set_core(w.host, &core), 0);
	ck_assert_int_eq(mpt_vm_create(w.host, 1), 0);
	ck_assert_int_eq(mpt_vm_get(w.host, 1, &w.vm), 0);
	ck_assert_int_eq(mpt_ram_add(w.vm, 0, 2 << 20, 0), 0);
	w.vgpu.mpt = mpt_host_table(w.host);
	w.vgpu.cfg_space = w.cfg;
	attach();
}

static void end(void)
{
	intel_gvt_hypervisor_detach_vgpu(&w.vgpu);
	mpt_vm_put(w.vm);
	ck_assert_int_eq(mpt_vm_destroy(w.host, 1), 0);
	ck_assert_msg(!acrn_broken_all(w.sim), "%s", acrn_broken_say(w.sim, 0));
	ck_assert_uint_eq(os_load(&w.wrong), 0);
	ck_assert_int_eq(mpt_host_close(w.host), 0);
	ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- vCPUs --- */

static bool runs(void *arg)
{
	(void)arg;
	return os_load(&w.stop) ||
	       acrn_hvm_state(acrn_hvm_find(w.sim, 1)) == ACRN_RUNNING;
}

static void judge(enum acrn_end how, bool right)
{
	if (how == ACRN_GONE) {
		os_fetch_add(&w.gone, 1);
		acrn_door_wait(w.sim, NULL, runs, NULL, 10000);
	} else if (how != ACRN_DONE || !right) {
		os_fetch_add(&w.wrong, 1);
	}
}

/* Trapped there, or nobody's at the moment. */
static void read_bar(struct acrn_vcpu *v, u64 gpa)
{
	u64 val = 0;
	enum acrn_end how = acrn_vcpu_load(v, gpa, &val, 8);

	judge(how, val == answer_to(gpa) || val == ~0ULL);
}

static void read_aperture(struct acrn_vcpu *v, u64 offset)
{
	u64 val = 0;
	enum acrn_end how = acrn_vcpu_load(v, APERTURE + offset, &val, 8);

	judge(how, val == answer_to(offset) || val == ~0ULL);
}

/* A word of its own: what it wrote is there, tracked or not. */
static void write_word(struct acrn_vcpu *v, u64 gpa, u64 val)
{
	u64 is = 0;
	enum acrn_end how = acrn_vcpu_store(v, gpa, &val, 8);

	if (how == ACRN_DONE)
		how = acrn_vcpu_load(v, gpa, &is, 8);
	judge(how, is == val);
}

static void work(void *arg)
{
	struct worker *me = arg;
	struct acrn_vcpu *v = acrn_vcpu_borrow(acrn_hvm_find(w.sim, 1));
	unsigned int i;

	for (i = 0; i < w.ops && !os_load(&w.stop); i++) {
		read_bar(v, BAR + i * 8 % BAR_SIZE);
		read_bar(v, BAR_OTHER + i * 8 % BAR_SIZE);
		write_word(v, TRACKED * PAGE + me->n * 8, (u64)i << 8 | me->n);
		read_aperture(v, i * 8 % PAGE);
	}
	acrn_vcpu_return(v);
}

static void start(void)
{
	unsigned int i;

	for (i = 0; i < VCPUS; i++) {
		w.worker[i] = (struct worker){ .w = &w, .n = i };
		ck_assert_int_eq(acrn_thread_start(w.sim, &w.worker[i].thread, "vcpu", work,
						   &w.worker[i]),
				 0);
	}
}

static void join(void)
{
	unsigned int i;

	for (i = 0; i < VCPUS; i++)
		acrn_thread_join(&w.worker[i].thread);
}

/* --- what the core asks for meanwhile --- */

static void good(int ret)
{
	ck_assert_msg(!ret, "%s", mpt_last_error());
}

static void one_round(void)
{
	struct intel_vgpu *g = &w.vgpu;

	good(intel_gvt_hypervisor_set_trap_area(g, BAR, BAR + BAR_SIZE - 1, true));
	good(intel_gvt_hypervisor_enable_page_track(g, TRACKED));
	good(intel_gvt_hypervisor_map_gfn_to_mfn(g, APERTURE >> MPT_PAGE_SHIFT, APERTURE_MFN, 1,
						 true));
	acrn_point(w.sim, "all there");
	/* The BAR moves. */
	good(intel_gvt_hypervisor_set_trap_area(g, BAR, BAR + BAR_SIZE - 1, false));
	good(intel_gvt_hypervisor_set_trap_area(g, BAR_OTHER, BAR_OTHER + BAR_SIZE - 1, true));
	good(intel_gvt_hypervisor_disable_page_track(g, TRACKED));
	acrn_point(w.sim, "moved");
	good(intel_gvt_hypervisor_map_gfn_to_mfn(g, APERTURE >> MPT_PAGE_SHIFT, APERTURE_MFN, 1,
						 false));
	good(intel_gvt_hypervisor_set_trap_area(g, BAR_OTHER, BAR_OTHER + BAR_SIZE - 1, false));
}

/* Afterwards the guest sees what it saw before. */
static void changes(const char *options, unsigned int ops, unsigned int rounds)
{
	struct acrn_hvm *hvm;
	unsigned int i;
	u64 hash;

	begin(options, ops);
	hvm = acrn_hvm_find(w.sim, 1);
	hash = acrn_ept_hash(hvm);
	start();
	for (i = 0; i < rounds; i++)
		one_round();
	join();
	ck_assert_uint_eq(acrn_ept_hash(hvm), hash);
	end();
}

START_TEST(test_changes)
{
	static const char *const options[] = { "", ",polling=yes", ",profile=2020",
					       ",profile=2019" };

	changes(options[_i], 400, 60);
}
END_TEST

START_TEST(test_changes_seeded)
{
	char options[60];

	snprintf(options, sizeof(options), ",seeded=yes,seed=%d,polling=%s", _i,
		 _i & 1 ? "yes" : "no");
	changes(options, 5, 3);
}
END_TEST

/* Resets of a VM whose vGPU stays attached (suspend and resume). */
static void resets(const char *options, unsigned int ops, unsigned int n)
{
	unsigned int i;

	begin(options, ops);
	good(intel_gvt_hypervisor_set_trap_area(&w.vgpu, BAR, BAR + BAR_SIZE - 1, true));
	good(intel_gvt_hypervisor_enable_page_track(&w.vgpu, TRACKED));
	start();
	for (i = 0; i < n; i++) {
		acrn_point(w.sim, "before the reset");
		ck_assert_int_eq(acrn_sim_vm_reset(w.sim, 1), 0);
	}
	join();
	ck_assert_uint_gt(os_load(&w.reads), 0);
	good(intel_gvt_hypervisor_disable_page_track(&w.vgpu, TRACKED));
	good(intel_gvt_hypervisor_set_trap_area(&w.vgpu, BAR, BAR + BAR_SIZE - 1, false));
	end();
}

START_TEST(test_resets)
{
	resets(_i ? ",polling=yes" : "", 500, 20);
}
END_TEST

START_TEST(test_resets_seeded)
{
	char options[60];

	snprintf(options, sizeof(options), ",seeded=yes,seed=%d,polling=%s", _i,
		 _i & 1 ? "yes" : "no");
	resets(options, 6, 3);
}
END_TEST

/* Detached and attached again under vCPUs that go on; a vGPU that left answers nothing. */
static void reattaches(const char *options, unsigned int ops, unsigned int n)
{
	unsigned int i;

	begin(options, ops);
	start();
	for (i = 0; i < n; i++) {
		good(intel_gvt_hypervisor_set_trap_area(&w.vgpu, BAR, BAR + BAR_SIZE - 1, true));
		good(intel_gvt_hypervisor_enable_page_track(&w.vgpu, TRACKED));
		acrn_point(w.sim, "attached");
		os_yield();
		intel_gvt_hypervisor_detach_vgpu(&w.vgpu);
		attach();
	}
	join();
	end();
}

START_TEST(test_reattach)
{
	reattaches(_i ? ",polling=yes" : "", 600, 20);
}
END_TEST

/* A vCPU that found its page protected asks when nothing is protected any more. */
START_TEST(test_reattach_seeded)
{
	char options[60];

	snprintf(options, sizeof(options), ",seeded=yes,seed=%d,polling=%s", _i,
		 _i & 1 ? "yes" : "no");
	reattaches(options, 6, 3);
}
END_TEST

static Suite *vgpu_suite(void)
{
	Suite *s = suite_create("acrn vGPU");
	TCase *tc = tcase_create("vGPU");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_changes, 0, 4);
	tcase_add_loop_test(tc, test_changes_seeded, 0, 40);
	tcase_add_loop_test(tc, test_resets, 0, 2);
	tcase_add_loop_test(tc, test_resets_seeded, 0, 40);
	tcase_add_loop_test(tc, test_reattach, 0, 2);
	tcase_add_loop_test(tc, test_reattach_seeded, 0, 40);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { vgpu_suite };

	return mpt_test_main("acrn vGPU", suites, 1);
}
