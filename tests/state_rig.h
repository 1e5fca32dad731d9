/* SPDX-License-Identifier: MIT */
/*
 * For the tests of save and restore: devices on hosts of their own, several at once; a guest that
 * leaves something everywhere; saved states, and editing them. No assertions about the result.
 */
#ifndef MPT_TESTS_STATE_RIG_H
#define MPT_TESTS_STATE_RIG_H

#include <stdlib.h>

#include <gvt/state.h>

#include "gvt/reg_table.h"
#include "gvt_life.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define SIDE_SPEC "check,fault,mock"
#define SIDE_LOW (64 * MIB)
#define SIDE_HIGH (512 * MIB)
#define SIDE_RAM (64 * MIB)
#define SIDE_BAR0 LIFE_BAR0
#define SIDE_BAR2 LIFE_BAR2
#define SIDE_NO_RAM (96 * MIB)

/* A vGPU on a host of its own. */
struct side {
	struct mpt_host *host;
	struct intel_gvt *gvt;
	struct mpt_vm *vm;
	struct intel_vgpu *vgpu;
	struct gvt_vgpu *v;
	unsigned int vm_id;
	struct gvt_hw hw; /* of a device without engines */
};

static unsigned int sides; /* open */

struct side_config {
	const char *spec;
	u64 aperture;
	u32 pvmmio;
	struct intel_vgpu_type type;
	unsigned int vm_id;
	bool no_engines;
};

/* The software GPU, but nothing executes. */
static inline void side_no_engines(struct side *s, struct gvt_config *config)
{
	life_ok(gvt_swgpu_new(s->host, config->aperture, &s->hw));
	s->hw.engine_new = NULL;
	config->hw = &s->hw;
}

static inline struct side_config side_default(const char *spec)
{
	struct side_config c = { .spec = spec, .aperture = LIFE_APERTURE, .vm_id = 1 };

	gvt_type_init(&c.type, SIDE_LOW, 128 * MIB, 4);
	c.type.low_start = SIDE_LOW;
	c.type.high_start = SIDE_HIGH;
	return c;
}

static inline void side_open_config(struct side *s, const struct side_config *c)
{
	struct gvt_config config = { .size = sizeof(config),
				     .aperture = c->aperture,
				     .pvmmio = c->pvmmio };
	struct intel_vgpu_type type = c->type;

	memset(s, 0, sizeof(*s));
	sides++;
	s->vm_id = c->vm_id;
	life_ok(mpt_host_open(c->spec, &s->host));
	life_ok(mpt_host_set_policy(s->host, MPT_POLICY_RETURN));
	if (c->no_engines)
		side_no_engines(s, &config);
	life_ok(gvt_open(s->host, &config, &s->gvt));
	life_ok(mpt_vm_create(s->host, s->vm_id));
	life_ok(mpt_vm_get(s->host, s->vm_id, &s->vm));
	life_ok(mpt_ram_add(s->vm, 0, SIDE_RAM, 0));
	s->vgpu = mpt_vgpu_create(s->vm, s->gvt, &type);
	ck_assert_msg(!MPT_IS_ERR(s->vgpu), "%s", mpt_last_error());
	s->v = to_gvt_vgpu(s->vgpu);
}

static inline void side_open(struct side *s, const char *spec)
{
	struct side_config c = side_default(spec);

	side_open_config(s, &c);
}

static inline void side_open_pv(struct side *s, const char *spec, u32 levels)
{
	struct side_config c = side_default(spec);

	c.pvmmio = levels;
	side_open_config(s, &c);
}

static inline void side_close(struct side *s)
{
	life_ok(mpt_vgpu_destroy(s->vm, s->vgpu));
	mpt_vm_put(s->vm);
	life_ok(mpt_vm_destroy(s->host, s->vm_id));
	life_ledger_empty(s->host);
	life_ok(gvt_close(s->gvt));
	if (s->hw.close)
		s->hw.close(s->hw.priv);
	life_ok(mpt_host_close(s->host));
	if (!--sides)
		ck_assert_int_eq(mpt_alloc_live(), 0);
}

/* --- as the guest: BAR0 by offset --- */

static inline u64 side_read(struct side *s, u64 offset, unsigned int len)
{
	u64 value = 0;

	life_ok(mpt_guest_read(s->vm, SIDE_BAR0 + offset, &value, len));
	return value;
}

static inline void side_write(struct side *s, u64 offset, u64 value, unsigned int len)
{
	life_ok(mpt_guest_write(s->vm, SIDE_BAR0 + offset, &value, len));
}

static inline u64 side_gtt(u64 addr)
{
	return GVT_GTT_OFFSET + (addr >> 12) * 8;
}

static inline void side_pte(struct side *s, u64 addr, u64 entry)
{
	side_write(s, side_gtt(addr), entry, 8);
}

static inline unsigned int side_msis(struct side *s)
{
	struct mpt_irq irq;
	unsigned int n = 0;

	while (!mpt_irq_take(s->vm, &irq))
		n += !irq.intx;
	return n;
}

static inline void side_msi_on(struct side *s)
{
	life_cfg_write(s->vgpu, 0xb0, 0xfee00000, 4);
	life_cfg_write(s->vgpu, 0xb4, 0x4041, 2);
	life_cfg_write(s->vgpu, 0xae, 1, 2);
}

/* A GT interrupt that waits for the master's enable. */
#define SIDE_MASTER 0x44200
#define SIDE_IMR 0x44304
#define SIDE_IER 0x4430c

static inline void side_pending(struct side *s)
{
	side_write(s, SIDE_IMR, 0, 4);
	side_write(s, SIDE_IER, ~0U, 4);
	side_write(s, 0x20a8, 0, 4); /* the render engine's own mask */
	gvt_lock(&s->v->lock);
	gvt_irq_raise(s->v, GVT_EVENT_RCS_USER);
	gvt_unlock(&s->v->lock);
}

static inline void side_entries(struct side *s)
{
	u64 i;

	for (i = 0; i < 20; i++)
		side_pte(s, SIDE_LOW + i * 4096, (0x100000 + i * 8192) | 1);
	side_pte(s, SIDE_LOW + SIDE_LOW - 4096, 0x200001);
	side_pte(s, SIDE_HIGH, 0x201001);
	side_pte(s, SIDE_HIGH + 128 * MIB - 4096, 0x202001);
	side_pte(s, SIDE_HIGH + 0x10000, SIDE_NO_RAM | 1);	   /* goes to scratch */
	side_pte(s, SIDE_HIGH + 0x20000, 0x203000);		   /* not present */
	side_write(s, side_gtt(SIDE_HIGH + 0x30000), 0x204001, 4); /* waits for its high half */
	side_write(s, side_gtt(SIDE_HIGH + 0x40000) + 4, 0, 4);	   /* for its low half */
}

/* A register that a guest can make 0 and that is not after a reset. */
static inline u32 side_golden(const struct side *s)
{
	const struct gvt_reg_table *t = s->gvt->regs;
	u32 i;

	for (i = 0; i < t->num_resets; i++) {
		const struct gvt_reg *r = gvt_reg_lookup(t, t->resets[i].offset);

		if (!r->read && !r->write && !r->ro_mask && !r->attr)
			return t->resets[i].offset;
	}
	ck_abort_msg("no such register");
	return 0;
}

/* An address space, as PVINFO is told of it: created. */
static inline void side_space(struct side *s, int levels, u64 pdp0, u64 pdp1)
{
	side_write(s, GVT_PVINFO_OFFSET + 0x838, pdp0, 8);
	side_write(s, GVT_PVINFO_OFFSET + 0x840, pdp1, 8);
	side_write(s, GVT_PVINFO_OFFSET + 0x818, levels == 4 ? 4 : 2, 4);
}

static inline void side_submit(struct side *s, u32 base, u32 id, u32 low)
{
	const u32 dw[] = { 0, 0, id, low };
	unsigned int i;

	for (i = 0; i < 4; i++)
		side_write(s, base + 0x230, dw[i], 4);
}

#define SIDE_CONTEXT ((u32)SIDE_HIGH + 0x100000 + 0x119)

/* The video engine hangs at a context that is not there; the blitter is stopped, a list waits. */
static inline void side_engines(struct side *s)
{
	side_write(s, 0x1229c, 0x80008000, 4);
	side_submit(s, 0x12000, 0x71, SIDE_CONTEXT);
	side_write(s, 0x2229c, 0x80008000, 4);
	side_write(s, 0x2209c, 0x01000100, 4);
	side_submit(s, 0x22000, 0x72, SIDE_CONTEXT);
	side_space(s, 4, 0x208000, 0);
	side_space(s, 3, 0x209000, 0x20a000);
	side_space(s, 4, 0x207000, 0);
	side_space(s, 4, 0x208000, 0);
}

/* Something everywhere; so many entries of it mapped. */
#define SIDE_MAPPED 23U

static inline void side_busy(struct side *s)
{
	gvt_ops()->vgpu_activate(s->vgpu);
	life_decode(s->vgpu, SIDE_BAR0, SIDE_BAR2);
	side_msi_on(s);
	life_cfg_write(s->vgpu, 0xfc, 0x300000, 4);
	side_read(s, GVT_PVINFO_OFFSET, 8);
	side_entries(s);
	side_write(s, 0x2080, SIDE_LOW, 4);
	side_write(s, 0x12080, SIDE_HIGH, 4);
	side_write(s, 0x2038, 0x12345000, 4);
	side_write(s, side_golden(s), 0, 4);
	side_write(s, 0x100000, SIDE_LOW | 1, 4);
	side_write(s, 0x100004, (SIDE_LOW + 0x10000) | 7, 4);
	side_write(s, 0x78804, 1, 4);	/* display_ready */
	side_write(s, 0x2230, 0x11, 4); /* half a submission */
	side_write(s, 0x2230, 0x22, 4);
	gvt_ops()->emulate_hotplug(s->vgpu, true);
	s->v->monitor.edid_offset = 8;
	s->v->monitor.dpcd[0x100] = 0x14;
	/* As on a platform whose monitor is on DDC pins: tests/gmbus_driver.h. */
	s->v->gmbus = (struct gvt_gmbus){ GVT_GMBUS_READ, true, 1, 100, 28 };
	side_engines(s);
	side_pending(s);
}

/* --- saved states --- */

struct blob {
	u8 *p;
	size_t len;
};

static inline int blob_take(void *arg, const void *buf, size_t len)
{
	struct blob *b = arg;

	ck_assert_ptr_null(b->p);
	b->p = malloc(len);
	b->len = len;
	memcpy(b->p, buf, len);
	return 0;
}

static inline struct blob side_save(struct side *s)
{
	struct blob b = { NULL, 0 };

	life_ok(gvt_vgpu_save(s->vgpu, blob_take, &b));
	return b;
}

static inline int side_restore(struct side *s, const struct blob *b)
{
	return gvt_vgpu_restore(s->vgpu, b->p, b->len);
}

static inline struct blob blob_copy(const struct blob *b)
{
	struct blob c = { malloc(b->len + 4096), b->len };

	memcpy(c.p, b->p, b->len);
	return c;
}

/* Its size and hash, after an edit: FNV-1a over all but the last 8 bytes. */
static inline void blob_seal(struct blob *b)
{
	u64 hash = 0xcbf29ce484222325ULL;
	u32 size = (u32)b->len;
	size_t i;

	memcpy(b->p + 12, &size, sizeof(size));
	for (i = 0; i < b->len - 8; i++)
		hash = (hash ^ b->p[i]) * 0x100000001b3ULL;
	memcpy(b->p + b->len - 8, &hash, 8);
}

/* Puts in (at @at, @n bytes from @data) or takes out (n < 0). The copy has room for it. */
static inline void blob_splice(struct blob *b, size_t at, const void *data, long n)
{
	size_t from = n < 0 ? at + (size_t)-n : at, to = n < 0 ? at : at + (size_t)n;

	memmove(b->p + to, b->p + from, b->len - from);
	if (n > 0 && data)
		memcpy(b->p + at, data, (size_t)n);
	b->len = (size_t)((long)b->len + n);
}

struct blob_find {
	const char *section, *name;
	struct gvt_state_field f;
	bool found;
};

static inline int blob_find_fn(void *arg, const struct gvt_state_field *f)
{
	struct blob_find *find = arg;

	if (strcmp(f->section, find->section) || (find->name && strcmp(f->name, find->name)))
		return 0;
	find->f = *f;
	find->found = true;
	return -ENOENT; /* ends the walk */
}

/* The field "section.name". */
static inline struct gvt_state_field blob_field(const struct blob *b, const char *path)
{
	char section[32], name[32];
	struct blob_find find = { section, name, { 0 }, false };

	ck_assert_int_eq(sscanf(path, "%31[^.].%31s", section, name), 2);
	gvt_state_each(b->p, b->len, blob_find_fn, &find);
	ck_assert_msg(find.found, "no field %s", path);
	return find.f;
}

/* Where things are in the blob: a field's header is 24 bytes before its data, as a section's is. */
static inline size_t blob_data(const struct blob *b, const char *path)
{
	return (size_t)((const u8 *)blob_field(b, path).data - b->p);
}

static inline size_t blob_section(const struct blob *b, const char *section)
{
	struct blob_find find = { section, NULL, { 0 }, false };

	gvt_state_each(b->p, b->len, blob_find_fn, &find);
	ck_assert_msg(find.found, "no section %s", section);
	return (size_t)((const u8 *)find.f.section - b->p);
}

#define HEAD_SIZE 24
#define HEAD_VERSION 16 /* of a section, 16 bits; flags behind it */
#define HEAD_FLAGS 18
#define HEAD_LENGTH 20 /* its bytes; of a field, elements */
#define HEAD_WIDTH 16  /* of a field */

static inline void blob_set(struct blob *b, size_t at, u64 value, unsigned int width)
{
	memcpy(b->p + at, &value, width);
	blob_seal(b);
}

static inline u32 blob_get32(const struct blob *b, size_t at)
{
	u32 value;

	memcpy(&value, b->p + at, sizeof(value));
	return value;
}

#endif
