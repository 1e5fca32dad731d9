/* SPDX-License-Identifier: MIT */
/*
 * The simulator's own test: with each known fault of VHM or the hypervisor switched on, some seed
 * breaks an invariant, and the same seed breaks it again; with none, no seed does.
 */
#include "acrn_mix.h"

#define SEEDS 40
#define OPS 12
#define HOLE 0x80000000L

struct outcome {
	u64 broken[ACRN_INVARIANTS], all, hash;
	unsigned long wrong;
	char say[160];
};

static void outcome(struct rig *r, struct outcome *o)
{
	unsigned int i;

	for (i = 0; i < ACRN_INVARIANTS; i++)
		o->broken[i] = acrn_broken_count(r->sim, i);
	o->all = acrn_broken_all(r->sim);
	o->hash = acrn_trace_hash(r->sim);
	snprintf(o->say, sizeof(o->say), "%s", o->all ? acrn_broken_say(r->sim, 0) : "");
	rig_free(r);
}

static void config(struct acrn_sim_config *c, u64 seed, unsigned int bugs)
{
	*c = (struct acrn_sim_config){
		.seed = seed,
		.seeded = true,
		.polling = seed % 3 == 2,
		.vcpus = 2,
		.bugs = bugs,
		.contiguous = true,
	};
}

static void mixed(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct acrn_sim_config c;
	struct mix m = { 0 };

	config(&c, seed, bugs);
	mix_run(&m, &c, 2, OPS, &o->wrong);
	outcome(&m.r, o);
}

/* A client that looks at slots may be faster than the dispatcher. */
static void own_client(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct acrn_sim_config c;
	struct mix m = { .vm[0].only_own = true };

	config(&c, seed, bugs);
	mix_run(&m, &c, 1, OPS, &o->wrong);
	outcome(&m.r, o);
}

/* --- what a mixed load does not do --- */

static int failing_handler(int id, unsigned long *map, void *priv)
{
	rig_handler(id, map, priv);
	return -EINVAL;
}

/* A handler answers that it failed, and is needed again. */
static void handler_fails(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct acrn_sim_config c;
	struct rig_client cl = { 0 };
	struct acrn_vcpu *v;
	struct rig r;
	u32 val;
	u16 vm;

	config(&c, seed, bugs);
	rig_open(&r, &c);
	vm = rig_vm_ram(&r, 0);
	cl.id = acrn_ioreq_create_client(rig_id(&r, vm), failing_handler, &cl, NULL);
	acrn_ioreq_attach_client(cl.id);
	acrn_ioreq_add_iorange(cl.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	o->wrong = acrn_vcpu_load(v, HOLE, &val, 4) != ACRN_DONE;
	o->wrong += acrn_vcpu_load(v, HOLE + 8, &val, 4) != ACRN_DONE;
	acrn_vcpu_return(v);
	rig_vm_end(&r, vm);
	outcome(&r, o);
}

static void linger(struct rig_client *c, const struct vhm_request *req)
{
	unsigned int i;

	(void)req;
	for (i = 0; i < 6; i++)
		acrn_point(c->r->sim, "handler at work");
}

/* A client is destroyed while its handler works; nothing new can come any more. */
static void destroyed_at_work(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct acrn_sim_config c;
	struct rig_client cl;
	struct rig r;
	u16 vm;

	config(&c, seed, bugs);
	rig_open(&r, &c);
	vm = rig_vm_ram(&r, 0);
	rig_client(&r, &cl, vm);
	cl.inside = linger;
	acrn_ioreq_add_iorange(cl.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	rig_access_start(&r, &a, vm);
	rig_await(&r, vm, 0, REQ_STATE_PROCESSING);
	acrn_ioreq_del_iorange(cl.id, REQ_MMIO, HOLE, HOLE + 0xfff);
	acrn_ioreq_destroy_client(cl.id);
	o->wrong = rig_access_join(&a) != ACRN_DONE;
	rig_vm_end(&r, vm);
	outcome(&r, o);
}

/* One vCPU's request is nobody's; another's must not wait for it. That it is nobody's is I11. */
static void nobody_first(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct rig_access b = { .at = 0x300, .size = 1, .port = true };
	struct rig_access a = { .at = HOLE, .size = 4 };
	struct acrn_sim_config c;
	struct rig_client cl;
	struct rig_raw raw;
	struct rig r;

	config(&c, seed, bugs);
	rig_open(&r, &c);
	rig_raw(&r, &raw, true);
	rig_client(&r, &cl, raw.id);
	acrn_ioreq_add_iorange(cl.id, REQ_PORTIO, 0x300, 0x300);
	rig_access_start(&r, &a, raw.id);
	rig_access_start(&r, &b, raw.id);
	o->wrong = rig_access_join(&b) != ACRN_DONE;
	acrn_hc_pause_vm(r.sim, raw.id);
	rig_access_join(&a);
	rig_raw_end(&r, &raw);
	outcome(&r, o);
	o->all -= o->broken[11];
}

static void no_page(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct acrn_sim_config c;
	struct rig_raw raw;
	struct acrn_vcpu *v;
	struct rig r;
	u32 val;
	u16 vm;

	config(&c, seed, bugs);
	rig_open(&r, &c);
	rig_raw(&r, &raw, false);
	vm = rig_vm_ram(&r, 0);
	v = acrn_vcpu_borrow(acrn_hvm_find(r.sim, vm));
	o->wrong = acrn_vcpu_load(v, HOLE, &val, 4) != ACRN_DONE;
	acrn_vcpu_return(v);
	rig_vm_end(&r, vm);
	rig_raw_end(&r, &raw);
	outcome(&r, o);
}

static void foreign_vcpu(u64 seed, unsigned int bugs, struct outcome *o)
{
	struct acrn_sim_config c;
	struct rig_client cl;
	struct rig r;
	u16 vm;

	config(&c, seed, bugs);
	rig_open(&r, &c);
	vm = rig_vm_ram(&r, 0);
	rig_client(&r, &cl, vm);
	o->wrong = acrn_ioreq_complete_request(cl.id, 5, NULL) != -EINVAL;
	rig_vm_end(&r, vm);
	outcome(&r, o);
}

/* The faults, the load that shows each, and an invariant that must be among those broken. */
static const struct {
	const char *name;
	unsigned int bug;
	void (*run)(u64 seed, unsigned int bugs, struct outcome *o);
	unsigned int invariant;
} faults[] = {
	{ "destroy forgets the id first", ACRN_BUG_ID_FIRST, destroyed_at_work, 12 },
	{ "the bit is set late", ACRN_BUG_BIT_LATE, own_client, 10 },
	{ "a failing handler ends its thread", ACRN_BUG_HANDLER_ENDS, handler_fails, 12 },
	{ "one address latch", ACRN_BUG_CF8_SHARED, mixed, 21 },
	{ "no page ends the scan", ACRN_BUG_SCAN_BREAKS, no_page, 21 },
	{ "an unclaimed request ends the scan", ACRN_BUG_SCAN_RETURNS, nobody_first, 12 },
	{ "the vCPU's number is trusted", ACRN_BUG_VCPU_TRUSTED, foreign_vcpu, 3 },
	{ "the polling flag is read late", ACRN_BUG_POLL_LATE, mixed, 7 },
	{ "notified twice", ACRN_BUG_NOTIFY_TWICE, mixed, 5 },
	{ "content after PENDING", ACRN_BUG_CONTENT_LATE, mixed, 2 },
};

static const unsigned int all_faults = (ACRN_BUG_CONTENT_LATE << 1) - 1;

START_TEST(test_found)
{
	struct outcome o, again;
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		memset(&o, 0, sizeof(o));
		faults[_i].run(seed, faults[_i].bug, &o);
		if (o.broken[faults[_i].invariant])
			break;
	}
	ck_assert_msg(seed < SEEDS, "%s: not found", faults[_i].name);
	/* The seed tells all: the same events, the same complaint. */
	memset(&again, 0, sizeof(again));
	faults[_i].run(seed, faults[_i].bug, &again);
	ck_assert_uint_eq(again.hash, o.hash);
	ck_assert_uint_eq(again.all, o.all);
	ck_assert_str_eq(again.say, o.say);
}
END_TEST

START_TEST(test_not_found)
{
	struct outcome o;
	u64 seed;

	for (seed = 0; seed < SEEDS; seed++) {
		memset(&o, 0, sizeof(o));
		faults[_i].run(seed, 0, &o);
		ck_assert_msg(!o.all && !o.wrong, "%s, seed %llu: %lu wrong, %s", faults[_i].name,
			      (unsigned long long)seed, o.wrong, o.say);
	}
}
END_TEST

/* Each fault is in the list. */
START_TEST(test_all_faults)
{
	unsigned int i, seen = 0;

	for (i = 0; i < OS_ARRAY_SIZE(faults); i++)
		seen |= faults[i].bug;
	ck_assert_uint_eq(seen, all_faults);
}
END_TEST

/* Other seeds, other orders. */
START_TEST(test_seeds_differ)
{
	struct outcome a = { 0 }, b = { 0 };

	mixed(1, 0, &a);
	mixed(4, 0, &b);
	ck_assert_uint_ne(a.hash, b.hash);
	mixed(1, 0, &b);
	ck_assert_uint_eq(a.hash, b.hash);
}
END_TEST

static Suite *bugs_suite(void)
{
	Suite *s = suite_create("acrn simulator's faults");
	TCase *tc = tcase_create("faults");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_all_faults);
	tcase_add_test(tc, test_seeds_differ);
	tcase_add_loop_test(tc, test_found, 0, OS_ARRAY_SIZE(faults));
	tcase_add_loop_test(tc, test_not_found, 0, OS_ARRAY_SIZE(faults));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { bugs_suite };

	return mpt_test_main("acrn simulator's faults", suites, 1);
}
