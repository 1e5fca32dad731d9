/* SPDX-License-Identifier: MIT */
/*
 * Inside of save and restore: the bytes (state_format.c), the tables (state.c), the parts that are
 * as long as they come (state_sparse.c, state_exec.c), and restoring (state_restore.c).
 */
#ifndef GVT_STATE_FORMAT_H
#define GVT_STATE_FORMAT_H

#include <gvt/state.h>

#include "execlist.h"

/* --- the bytes: doc/state.md --- */

#define STATE_MAGIC "GVTSTATE"
#define STATE_FORMAT 1
#define STATE_NAME_MAX 16

struct state_head {
	char magic[8];
	u32 format;
	u32 size; /* of everything */
};

#define STATE_OPTIONAL (1U << 0)

struct state_section_head {
	char name[STATE_NAME_MAX];
	u16 version;
	u16 flags; /* STATE_OPTIONAL */
	u32 size; /* bytes of its fields */
};

struct state_field_head {
	char name[STATE_NAME_MAX];
	u32 width;
	u32 count;
};

/* Bytes on their way: counted, and stored or hashed where wanted. */
struct state_out {
	u8 *buf; /* NULL: only counted */
	bool hashing;
	size_t at;
	u64 hash;
};

void gvt_state_out_init(struct state_out *out, u8 *buf, bool hashing);
void gvt_state_put(struct state_out *out, const void *data, size_t len);

struct state_visitor {
	int (*section)(void *arg, const struct gvt_state_field *f); /* no @name, no @data yet */
	int (*field)(void *arg, const struct gvt_state_field *f);
};

/* All of the form is checked here, nothing of the meaning. */
int gvt_state_walk(const void *blob, size_t len, const struct state_visitor *visitor, void *arg);

/* An element of a field, as wide as it is. */
static inline u64 gvt_state_get(const u8 *data, u32 width, u32 index)
{
	u64 value = 0;

	memcpy(&value, data + (size_t)index * width, width);
	return value;
}

/* --- lists --- */

typedef void (*state_list_fn)(const struct gvt_vgpu *v, struct state_out *out);

void gvt_state_regs_at(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_regs_len(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_regs_value(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_ggtt_at(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_ggtt_len(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_ggtt_entry(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_ggtt_flags(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_pv_page(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_kept(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_space_levels(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_space_created(const struct gvt_vgpu *v, struct state_out *out);
void gvt_state_space_root(const struct gvt_vgpu *v, struct state_out *out);

/* --- the tables (state.c) --- */

enum { NEEDED = 0, OPTIONAL = STATE_OPTIONAL };
enum { HEX, TEXT };

enum state_section_id {
#define STATE_SECTION(name, version, flags) SECTION_##name,
#include "state.def"
	NUM_SECTIONS
};

enum state_field_id {
#define STATE_SAME(section, name, ...) FIELD_##section##_##name,
#define STATE_FIELD STATE_SAME
#define STATE_OWN STATE_SAME
#define STATE_ENGINE STATE_SAME
#define STATE_LIST STATE_SAME
#include "state.def"
	NUM_FIELDS
};

struct state_section {
	const char *name;
	u16 version, flags;
};

/* Has exactly one of @same, @count and @list. */
struct state_field {
	const char *name;
	enum state_section_id section;
	u32 width;
	u64 (*same)(const struct gvt_vgpu *v);
	u32 format;
	const char *remedy;
	u32 offset, count; /* of a member; of all engines, if it is one of theirs */
	bool engine;
	bool plain; /* restored by copying */
	u64 max;
	state_list_fn list;
};

/* A member is in so many pieces of this size. */
static inline u32 gvt_state_parts(const struct state_field *f)
{
	return f->engine ? GVT_NUM_ENGINES : 1;
}

static inline size_t gvt_state_part_size(const struct state_field *f)
{
	return (size_t)f->width * f->count / gvt_state_parts(f);
}

/* NULL: there are no engines. */
static inline void *gvt_state_part(const struct gvt_vgpu *v, const struct state_field *f, u32 part)
{
	if (!f->engine)
		return (u8 *)(uintptr_t)v + f->offset;
	return v->exec ? (u8 *)&v->exec->engine[part] + f->offset : NULL;
}

extern const struct state_section gvt_state_sections[NUM_SECTIONS];
extern const struct state_field gvt_state_fields[NUM_FIELDS];

/* --- what was found in a blob --- */

/* A field. */
struct state_data {
	const u8 *data; /* NULL: missing */
	u32 count;
};

struct state_regs {
	struct state_data at, len, value;
	bool failsafe; /* then registers are plain memory: any value is a guest's */
};

struct state_ggtt {
	struct state_data at, len, entry, flags;
	bool failsafe;
};

struct state_spaces {
	struct state_data levels, created, root;
};

int gvt_state_kept_check(const struct gvt_vgpu *v, const struct state_data *d);
void gvt_state_kept_apply(struct gvt_vgpu *v, const struct state_data *d);
int gvt_state_spaces_check(const struct gvt_vgpu *v, const struct state_spaces *s);
int gvt_state_spaces_apply(struct gvt_vgpu *v, const struct state_spaces *s);
int gvt_state_regs_check(const struct gvt_vgpu *v, const struct state_regs *s);
void gvt_state_regs_apply(struct gvt_vgpu *v, const struct state_regs *s);
int gvt_state_ggtt_check(const struct gvt_vgpu *v, const struct state_ggtt *s);
int gvt_state_ggtt_apply(struct gvt_vgpu *v, const struct state_ggtt *s);

#endif
