/* SPDX-License-Identifier: MIT */
/*
 * Save and restore of a vGPU: what comes back, on the same host, on another, on back ends of other
 * shapes. And that no member of struct gvt_vgpu is forgotten. What is refused:
 * test_gvt_state_refuse.c, test_gvt_state_blob.c.
 */
#include <stdio.h>

#include "gvt/execlist.h"
#include "gvt/spt.h"
#include "state_rig.h"

#include "lib/runner.h"
#include "specs.h"

static const char *shapes[] = {
	"check,fault,mock",
	"check,mock:seed=99",
	"check,mock:trap=after",
	"check,mock:contig=no",
	"check,mock:map=no,virt=no,track=no,trap-area=no",
	"check,mock:trap-area=no,mfn=no,pin=no,intx=no",
	"check,mock:map=no,trap=after,contig=no",
	"check,mock:pins=64",
	"check,mock:msi-eventfd=yes",
	"check,mock:pvmmio=no",
	"check,vfio-user",
	"check,kvm-stub",
};
#define SHAPES ((int)specs_built(shapes, N(shapes)))

/* --- coming back --- */

/* Half-written entries, the first thing in ggtt.c's structure. */
static u64 waiting(const struct side *s)
{
	u64 n;

	memcpy(&n, s->v->half, sizeof(n));
	return n;
}

/* Spaces that the guest has created; one of them twice. */
static void engines_moved(struct side *b)
{
	const struct gvt_exec_engine *e = b->v->exec->engine;
	const struct gvt_mm *at = NULL;
	struct gvt_mm_saved mm;

	ck_assert(e[GVT_VCS].hung && e[GVT_VCS].running && !e[GVT_VCS].queued);
	ck_assert_uint_eq(e[GVT_VCS].list[0].id, 0x71);
	ck_assert(e[GVT_BCS].queued && !e[GVT_BCS].hung && !e[GVT_BCS].running);
	ck_assert_uint_eq(e[GVT_BCS].next[0].low, SIDE_CONTEXT);
	ck_assert(!e[GVT_RCS].queued && !e[GVT_RCS].running);
	at = gvt_mm_next(b->v, at, &mm);
	ck_assert(at && mm.levels == 3 && mm.pdp[1] == 0x20a000);
	at = gvt_mm_next(b->v, at, &mm);
	ck_assert(at && mm.pdp[0] == 0x207000 && mm.created == 1);
	at = gvt_mm_next(b->v, at, &mm);
	ck_assert(at && mm.pdp[0] == 0x208000 && mm.created == 2);
	ck_assert(!gvt_mm_next(b->v, at, &mm));
}

/* What the guest finds after the move, told by everything that could tell. */
static void looks_moved(struct side *b)
{
	struct gvt_vgpu_info info = life_info(b->vgpu);

	ck_assert_uint_eq(info.bar0, SIDE_BAR0);
	ck_assert_uint_eq(info.bar2, SIDE_BAR2);
	ck_assert(info.pv_notified && info.msi_enabled && !info.failsafe && !info.active);
	ck_assert_uint_eq(info.ggtt_mapped, SIDE_MAPPED);
	ck_assert_uint_eq(info.display_ready, 1);
	ck_assert_uint_eq(side_read(b, 0x2080, 4), SIDE_LOW);
	ck_assert_uint_eq(side_read(b, 0x2038, 4), 0x12345000);
	ck_assert_uint_eq(side_read(b, side_golden(b), 4), 0);
	ck_assert_uint_eq(side_read(b, 0x100000, 8),
			  (SIDE_LOW + 0x10000) << 32 | 7ULL << 32 | SIDE_LOW | 1);
	ck_assert_uint_eq(side_read(b, GVT_PVINFO_OFFSET + 0xc, 4), (u32)b->vgpu->id);
	ck_assert_uint_eq(side_read(b, GVT_PVINFO_OFFSET + 0x40, 4), SIDE_LOW);
	ck_assert_uint_eq(b->v->hws_pga[GVT_VCS], SIDE_HIGH);
	ck_assert_uint_eq(b->v->elsp_index[GVT_RCS], 2);
	ck_assert_uint_eq(b->v->elsp_data[GVT_RCS][2], 0x22);
	ck_assert(b->v->monitor.plugged);
	ck_assert_uint_eq(b->v->monitor.edid_offset, 8);
	ck_assert_uint_eq(b->v->monitor.dpcd[0x100], 0x14);
	ck_assert_uint_eq(waiting(b), 2);
	ck_assert_uint_eq(b->v->gmbus.left, 100);
	ck_assert_uint_eq(b->v->gmbus.done, 28);
	engines_moved(b);
}

static u64 host_entry(struct side *s, u64 addr)
{
	return s->gvt->hw.ggtt[addr >> 12];
}

/* The guest goes on: halves are completed, an interrupt comes, memory is the guest's. */
static void goes_on(struct side *b)
{
	u32 word = 0x600df00d, back = 0;

	gvt_ops()->vgpu_activate(b->vgpu);
	side_write(b, side_gtt(SIDE_HIGH + 0x30000) + 4, 0, 4);
	side_write(b, side_gtt(SIDE_HIGH + 0x40000), 0x205001, 4);
	ck_assert(host_entry(b, SIDE_HIGH + 0x30000) && host_entry(b, SIDE_HIGH + 0x40000));
	ck_assert_uint_eq(host_entry(b, SIDE_HIGH + 0x10000), 0);
	ck_assert_uint_eq(side_msis(b), 0);
	side_write(b, SIDE_MASTER, 1U << 31, 4);
	ck_assert_uint_eq(side_msis(b), 1);
	life_ok(mpt_guest_write(b->vm, 0x200010, &word, 4));
	life_ok(mpt_guest_read(b->vm, SIDE_BAR2 + 2 * SIDE_LOW - 4096 + 0x10, &back, 4));
	ck_assert_uint_eq(back, word);
	/* What is behind the fence is tiled, so it is not where it would be. */
	life_ok(mpt_guest_write(b->vm, 0x102010, &word, 4));
	life_ok(mpt_guest_read(b->vm, SIDE_BAR2 + SIDE_LOW + 0x1010, &back, 4));
	ck_assert_uint_ne(back, word);
	/* The engine that was stopped goes on, to its context that is not there. */
	side_write(b, 0x2209c, 0x01000000, 4);
	ck_assert(b->v->exec->engine[GVT_BCS].hung);
	/* What was created twice is destroyed twice, the rest is not. */
	side_write(b, GVT_PVINFO_OFFSET + 0x838, 0x208000, 8);
	side_write(b, GVT_PVINFO_OFFSET + 0x818, 5, 4);
	ck_assert_uint_eq(life_info(b->vgpu).ppgtt_spaces, 3);
	side_write(b, GVT_PVINFO_OFFSET + 0x818, 5, 4);
	ck_assert_uint_eq(life_info(b->vgpu).ppgtt_spaces, 2);
}

static bool same(const struct blob *x, const struct blob *y)
{
	return x->len == y->len && !memcmp(x->p, y->p, x->len);
}

static void move(struct side *a, struct side *b)
{
	struct blob before, after;
	u64 hash;

	gvt_ops()->vgpu_deactivate(a->vgpu);
	hash = gvt_vgpu_hash(a->vgpu);
	before = side_save(a);
	ck_assert_uint_eq(hash, gvt_vgpu_hash(a->vgpu));
	if (a == b) {
		gvt_ops()->vgpu_reset(a->vgpu);
		ck_assert_uint_ne(hash, gvt_vgpu_hash(a->vgpu));
	}
	life_ok(side_restore(b, &before));
	ck_assert_uint_eq(gvt_vgpu_hash(b->vgpu), hash);
	after = side_save(b);
	ck_assert(same(&before, &after));
	ck_assert(!memcmp(before.p + before.len - 8, &hash, 8));
	free(before.p);
	free(after.p);
}

START_TEST(test_same_host)
{
	struct side a;

	side_open(&a, SIDE_SPEC);
	side_busy(&a);
	side_msis(&a);
	move(&a, &a);
	looks_moved(&a);
	goes_on(&a);
	side_close(&a);
}
END_TEST

/* Where another vGPU came first, so the id is another one, and frames lie elsewhere. */
static void side_open_second(struct side *s, struct side_config *c, struct side *first)
{
	struct intel_vgpu_type type;

	*first = (struct side){ .vm_id = 7 };
	c->vm_id = 2;
	side_open_config(s, c);
	life_ok(mpt_vgpu_destroy(s->vm, s->vgpu));
	life_ok(mpt_vm_create(s->host, first->vm_id));
	life_ok(mpt_vm_get(s->host, first->vm_id, &first->vm));
	life_ok(mpt_ram_add(first->vm, 0, MIB, 0));
	gvt_type_init(&type, 4 * MIB, 4 * MIB, 2);
	first->vgpu = mpt_vgpu_create(first->vm, s->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(first->vgpu), "%s", mpt_last_error());
	s->vgpu = mpt_vgpu_create(s->vm, s->gvt, &c->type);
	ck_assert_msg(!MPT_IS_ERR(s->vgpu), "%s", mpt_last_error());
	s->v = to_gvt_vgpu(s->vgpu);
}

static void side_close_second(struct side *s, struct side *first)
{
	life_ok(mpt_vgpu_destroy(first->vm, first->vgpu));
	mpt_vm_put(first->vm);
	life_ok(mpt_vm_destroy(s->host, first->vm_id));
	side_close(s);
}

START_TEST(test_another_host)
{
	struct side_config c = side_default(shapes[_i % SHAPES]);
	struct side a, b, first;
	u64 neighbour;

	side_open(&a, shapes[_i / SHAPES]);
	side_busy(&a);
	side_open_second(&b, &c, &first);
	neighbour = gvt_vgpu_hash(first.vgpu);
	ck_assert_int_ne(a.vgpu->id, b.vgpu->id);
	move(&a, &b);
	looks_moved(&b);
	goes_on(&b);
	ck_assert_uint_eq(gvt_vgpu_hash(first.vgpu), neighbour);
	side_close_second(&b, &first);
	side_close(&a);
}
END_TEST

/* A target that was used before shows nothing of it. */
START_TEST(test_nothing_of_the_target_stays)
{
	struct side a, b;
	struct blob fresh;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	side_busy(&b);
	b.v->vblank.flip = 1;
	b.v->vblank.running = 7;
	gvt_ops()->vgpu_deactivate(b.vgpu);
	move(&a, &b);
	ck_assert_uint_eq(life_info(b.vgpu).ggtt_mapped, 0);
	ck_assert_uint_eq(waiting(&b), 0);
	ck_assert_uint_eq(life_info(b.vgpu).bar0, 0);
	ck_assert_uint_eq(b.v->vblank.running, 0);
	fresh = side_save(&a);
	ck_assert_uint_le(fresh.len, 64 * 1024);
	free(fresh.p);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* The pin is up as soon as the vGPU is there, where there is a pin. */
START_TEST(test_pin)
{
	struct mpt_vm_stats stats;
	struct side a, b;

	side_open(&a, SIDE_SPEC);
	side_open(&b, _i ? "check,mock:intx=no" : SIDE_SPEC);
	life_decode(a.vgpu, SIDE_BAR0, SIDE_BAR2);
	side_write(&a, SIDE_MASTER, 1U << 31, 4);
	side_pending(&a);
	ck_assert(a.v->intx_level);
	move(&a, &b);
	life_ok(mpt_vm_stats_get(b.vm, &stats));
	ck_assert(stats.intx_level == !_i && b.v->intx_level == !_i);
	side_close(&b);
	side_close(&a);
}
END_TEST

START_TEST(test_failsafe)
{
	struct side a, b;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	side_busy(&a);
	gvt_vgpu_failsafe_enter(a.vgpu, GVT_FAILSAFE_GUEST_ERR);
	/* Registers and entries are plain memory now: nothing is checked, nothing mapped. */
	side_write(&a, 0x24d0, 0xc4000, 4);
	side_pte(&a, SIDE_LOW, 0x400001);
	side_pte(&a, SIDE_HIGH + 0x30000, ~0ULL);
	move(&a, &b);
	ck_assert_int_eq(b.v->failsafe, GVT_FAILSAFE_GUEST_ERR);
	ck_assert_uint_eq(host_entry(&b, SIDE_LOW), 0);
	ck_assert_uint_ne(host_entry(&b, SIDE_LOW + 4096), 0);
	ck_assert_uint_eq(side_read(&b, side_gtt(SIDE_LOW), 8), 0x400001);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* One that slept goes on knowing what it had read: a reset on waking does not forget it. */
START_TEST(test_d3)
{
	struct side a, b;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	side_busy(&a);
	life_cfg_write(a.vgpu, 0xd4, 3, 2);
	move(&a, &b);
	ck_assert_uint_eq(life_cfg_read(b.vgpu, 0xd4, 2), 3);
	gvt_ops()->vgpu_reset(b.vgpu);
	ck_assert(b.v->pv_notified);
	side_close(&b);
	side_close(&a);
}
END_TEST

#define PIPECONF_A 0x70008
#define SURF_A 0x7019c
#define IIR_A 0x44408

START_TEST(test_flip_that_waits)
{
	struct side a, b;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	side_busy(&a);
	gvt_service(a.gvt, 1000000000);
	side_write(&a, 0x44404, 0, 4);
	side_write(&a, PIPECONF_A, 1U << 31, 4);
	gvt_service(a.gvt, 1001000000);
	side_write(&a, SURF_A, SIDE_LOW, 4);
	ck_assert_uint_eq(a.v->vblank.flip, 1);
	move(&a, &b);
	gvt_ops()->vgpu_activate(b.vgpu);
	/* A clock of its own, far behind the other's. */
	gvt_service(b.gvt, 5);
	ck_assert_uint_eq(side_read(&b, IIR_A, 4), 0);
	gvt_service(b.gvt, 5 + 16000000);
	ck_assert_uint_eq(side_read(&b, IIR_A, 4), 9);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* A BAR that is being sized is nowhere, and at its address again when that is written. */
START_TEST(test_bar_being_sized)
{
	u32 reg = _i ? 0x18 : 0x10, old;
	struct gvt_vgpu_info info;
	struct side a, b;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	life_decode(a.vgpu, SIDE_BAR0, SIDE_BAR2);
	old = life_cfg_read(a.vgpu, reg, 4);
	life_cfg_write(a.vgpu, reg, ~0U, 4);
	move(&a, &b);
	life_cfg_write(b.vgpu, reg + 4, 0, 4);
	info = life_info(b.vgpu);
	ck_assert_uint_eq(info.bar0, _i ? SIDE_BAR0 : 0);
	ck_assert_uint_eq(info.bar2, _i ? 0 : SIDE_BAR2);
	life_cfg_write(b.vgpu, reg, old, 4);
	info = life_info(b.vgpu);
	ck_assert(info.bar0 == SIDE_BAR0 && info.bar2 == SIDE_BAR2);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* --- PV MMIO --- */

START_TEST(test_pvmmio)
{
	struct mpt_ledger l;
	struct side a, b;

	side_open_pv(&a, SIDE_SPEC, 0xf);
	side_open_pv(&b, "check,mock:seed=5", 0xf);
	side_busy(&a);
	side_write(&a, 0x78860, 0xb, 4);
	side_write(&a, GVT_MMIO_SIZE + 0x80, 1, 4); /* the guest holds interrupts back */
	side_write(&a, GVT_MMIO_SIZE + 0xffc, 0x1234, 4);
	move(&a, &b);
	life_ok(mpt_ledger_get(b.host, &l));
	ck_assert_uint_eq(l.live[MPT_LEDGER_PVMMIO], 1);
	ck_assert_uint_eq(side_read(&b, GVT_MMIO_SIZE + 0xffc, 4), 0x1234);
	ck_assert_uint_eq(side_read(&b, 0x78860, 4), 0xb);
	side_write(&b, SIDE_MASTER, 1U << 31, 4);
	ck_assert_uint_eq(side_msis(&b), 0);
	side_write(&b, GVT_MMIO_SIZE + 0x80, 0, 4);
	side_write(&b, 0x7886c, 1, 4);
	ck_assert_uint_eq(side_msis(&b), 1);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* The guest announces what it changes, on the other side, too: nothing is tracked there. */
START_TEST(test_pvmmio_announced)
{
	u32 levels = _i ? GVT_PVMMIO_PPGTT | 1 : 1;
	struct side a, b;

	side_open_pv(&a, SIDE_SPEC, 0x1f);
	side_open_pv(&b, SIDE_SPEC, 0x1f);
	gvt_ops()->vgpu_activate(a.vgpu);
	life_decode(a.vgpu, SIDE_BAR0, SIDE_BAR2);
	side_space(&a, 4, 0x208000, 0);
	side_write(&a, 0x78860, levels, 4);
	move(&a, &b);
	ck_assert(b.v->ppgtt->announced == (_i == 1));
	gvt_ops()->vgpu_reset(b.vgpu);
	ck_assert(!b.v->ppgtt->announced);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* A root whose memory is not there, as after it was unplugged: the space stays. */
START_TEST(test_space_without_memory)
{
	struct side a, b;

	side_open(&a, SIDE_SPEC);
	side_open(&b, SIDE_SPEC);
	life_ok(mpt_ram_add(a.vm, SIDE_NO_RAM, MIB, 0));
	gvt_ops()->vgpu_activate(a.vgpu);
	life_decode(a.vgpu, SIDE_BAR0, SIDE_BAR2);
	side_space(&a, 4, SIDE_NO_RAM, 0);
	move(&a, &b);
	ck_assert_uint_eq(life_info(b.vgpu).ppgtt_spaces, 1);
	side_close(&b);
	side_close(&a);
}
END_TEST

/* --- no member is forgotten --- */

struct span {
	size_t at, size;
	const char *name;
};

#define MEMBER_SPAN(of, member) \
	{ offsetof(struct of, member), sizeof(((struct of *)0)->member), #member },

static const struct span vgpu_spans[] = {
#define STATE_FIELD(section, name, type, member, max) MEMBER_SPAN(gvt_vgpu, member)
#define STATE_OWN(section, name, type, member, max) MEMBER_SPAN(gvt_vgpu, member)
/* It is the whole of count otherwise. */
#define STATE_EXEMPT(member, why) MEMBER_SPAN(gvt_vgpu, member)
#include "gvt/state.def"
};

static const struct span engine_spans[] = {
#define STATE_ENGINE(section, name, type, member, max) MEMBER_SPAN(gvt_exec_engine, member)
#define STATE_ENGINE_EXEMPT(member, why) MEMBER_SPAN(gvt_exec_engine, member)
#include "gvt/state.def"
};

#define CENSUS_MAX (sizeof(struct gvt_vgpu) + sizeof(struct gvt_exec_engine))

#if defined(__has_builtin) && !defined(__clang__)
#if __has_builtin(__builtin_clear_padding)
#define KNOWS_PADDING 1
#endif
#endif

/* 1: a byte of a member, 0: padding. */
#ifdef KNOWS_PADDING
#define REAL_BYTES(type, real)                      \
	do {                                        \
		type *p_ = malloc(sizeof(*p_));     \
		memset(p_, 0xff, sizeof(*p_));      \
		__builtin_clear_padding(p_);        \
		memcpy((real), p_, sizeof(*p_));    \
		free(p_);                           \
	} while (0)
#else
#define REAL_BYTES(type, real) memset((real), 0xff, sizeof(type))
#endif

/* Where the compiler cannot tell padding, a gap of less than 8 bytes passes for it. */
static bool may_be_padding(const u8 *covered, size_t size, size_t at)
{
#ifdef KNOWS_PADDING
	(void)covered, (void)size, (void)at;
	return false;
#else
	size_t from = at, to = at;

	while (from && !covered[from - 1])
		from--;
	while (to < size && !covered[to])
		to++;
	return to - from < 8;
#endif
}

static void census(const char *what, const struct span *spans, size_t n, const u8 *real,
		   size_t size)
{
	static u8 covered[CENSUS_MAX];
	const char *before = "the begin";
	size_t i, k;

	memset(covered, 0, sizeof(covered));
	for (k = 0; k < n; k++)
		memset(covered + spans[k].at, 1, spans[k].size);
	for (i = 0; i < size; i++) {
		for (k = 0; k < n; k++)
			if (spans[k].at + spans[k].size == i)
				before = spans[k].name;
		if (!covered[i] && real[i] && !may_be_padding(covered, size, i))
			ck_abort_msg("%s: what is at byte %zu, behind '%s', is neither saved nor "
				     "exempt (gvt/state.def, doc/state.md)",
				     what, i, before);
	}
}

START_TEST(test_census)
{
	static u8 real[CENSUS_MAX];

	REAL_BYTES(struct gvt_vgpu, real);
	census("struct gvt_vgpu", vgpu_spans, N(vgpu_spans), real, sizeof(struct gvt_vgpu));
	REAL_BYTES(struct gvt_exec_engine, real);
	census("struct gvt_exec_engine", engine_spans, N(engine_spans), real,
	       sizeof(struct gvt_exec_engine));
}
END_TEST

static Suite *state_suite(void)
{
	Suite *s = suite_create("gvt_state");
	TCase *tc = tcase_create("move");

	tcase_add_test(tc, test_same_host);
	tcase_add_loop_test(tc, test_another_host, 0, SHAPES * SHAPES);
	tcase_add_test(tc, test_nothing_of_the_target_stays);
	tcase_add_loop_test(tc, test_pin, 0, 2);
	tcase_add_test(tc, test_failsafe);
	tcase_add_test(tc, test_d3);
	tcase_add_test(tc, test_flip_that_waits);
	tcase_add_loop_test(tc, test_bar_being_sized, 0, 2);
	tcase_add_test(tc, test_pvmmio);
	tcase_add_loop_test(tc, test_pvmmio_announced, 0, 2);
	tcase_add_test(tc, test_space_without_memory);
	tcase_add_test(tc, test_census);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	static Suite *(*const suites[])(void) = { state_suite };

	return mpt_test_main("gvt_state", suites, N(suites));
}
