/* SPDX-License-Identifier: MIT */
/*
 * Save and hash of a vGPU, and the tables that are made of state.def. How it looks as bytes is
 * state_format.c's.
 */
#include "platform.h"
#include "state_format.h"

/* --- the tables --- */

const struct state_section gvt_state_sections[NUM_SECTIONS] = {
#define STATE_SECTION(name, version, flags) { #name, version, flags },
#include "state.def"
};

/* Text of up to 8 bytes in a u64. */
static u64 platform_word(const struct gvt_vgpu *v)
{
	const char *name = v->gvt->platform->name;
	u64 word = 0;

	memcpy(&word, name, strnlen(name, sizeof(word)));
	return word;
}

#define STATE_SAME(section, name, type, value, format, remedy) \
	static u64 same_##section##_##name(const struct gvt_vgpu *v) \
	{ \
		return value; \
	}
#include "state.def"

const struct state_field gvt_state_fields[NUM_FIELDS] = {
#define STATE_SAME(s, n, type, value, form, how) \
	{ .name = #n, \
	  .section = SECTION_##s, \
	  .width = sizeof(type), \
	  .same = same_##s##_##n, \
	  .format = form, \
	  .remedy = how },
#define STATE_MEMBER(s, n, type, member, largest, copied) \
	{ .name = #n, \
	  .section = SECTION_##s, \
	  .width = sizeof(type), \
	  .offset = offsetof(struct gvt_vgpu, member), \
	  .count = sizeof(((struct gvt_vgpu *)0)->member) / sizeof(type), \
	  .plain = copied, \
	  .max = largest },
#define STATE_FIELD(s, n, type, member, largest) STATE_MEMBER(s, n, type, member, largest, true)
#define STATE_OWN(s, n, type, member, largest) STATE_MEMBER(s, n, type, member, largest, false)
#define STATE_ENGINE(s, n, type, member, largest) \
	{ .name = #n, \
	  .section = SECTION_##s, \
	  .width = sizeof(type), \
	  .offset = offsetof(struct gvt_exec_engine, member), \
	  .count = GVT_NUM_ENGINES * sizeof(((struct gvt_exec_engine *)0)->member) / \
		   sizeof(type), \
	  .engine = true, \
	  .plain = true, \
	  .max = largest },
#define STATE_LIST(s, n, type, fn) \
	{ .name = #n, .section = SECTION_##s, .width = sizeof(type), .list = fn },
#include "state.def"
#undef STATE_MEMBER
};

/* --- save (lock held) --- */

static void put_member(const struct gvt_vgpu *v, const struct state_field *f, struct state_out *out)
{
	static const u8 none[sizeof(struct gvt_exec_engine)];
	size_t size = gvt_state_part_size(f);
	const void *part;
	u32 i;

	for (i = 0; i < gvt_state_parts(f); i++) {
		part = gvt_state_part(v, f, i);
		gvt_state_put(out, part ? part : none, size);
	}
}

static void put_value(const struct gvt_vgpu *v, const struct state_field *f, struct state_out *out)
{
	u64 value;

	if (f->list) {
		f->list(v, out);
	} else if (f->same) {
		value = f->same(v);
		gvt_state_put(out, &value, f->width);
	} else {
		put_member(v, f, out);
	}
}

/* How long everything is. Lists are walked once for this and once to be written. */
struct sizes {
	u32 count[NUM_FIELDS];	   /* elements */
	u32 section[NUM_SECTIONS]; /* bytes of its fields */
	size_t all;
};

static u32 list_count(const struct gvt_vgpu *v, const struct state_field *f)
{
	struct state_out out;

	gvt_state_out_init(&out, NULL, false);
	f->list(v, &out);
	return (u32)(out.at / f->width);
}

static void sizes_get(const struct gvt_vgpu *v, struct sizes *s)
{
	u32 i;

	memset(s, 0, sizeof(*s));
	s->all = sizeof(struct state_head) + sizeof(u64);
	for (i = 0; i < NUM_FIELDS; i++) {
		const struct state_field *f = &gvt_state_fields[i];

		s->count[i] = f->list ? list_count(v, f) : f->same ? 1 : f->count;
		s->section[f->section] +=
			(u32)sizeof(struct state_field_head) + f->width * s->count[i];
	}
	for (i = 0; i < NUM_SECTIONS; i++)
		s->all += sizeof(struct state_section_head) + s->section[i];
}

static void put_field(const struct gvt_vgpu *v, u32 i, u32 count, struct state_out *out)
{
	const struct state_field *f = &gvt_state_fields[i];
	struct state_field_head head = { .width = f->width, .count = count };

	memcpy(head.name, f->name, strlen(f->name));
	gvt_state_put(out, &head, sizeof(head));
	put_value(v, f, out);
}

static void put_section(const struct gvt_vgpu *v, u32 section, const struct sizes *sizes,
			struct state_out *out)
{
	const struct state_section *s = &gvt_state_sections[section];
	struct state_section_head head = { .version = s->version,
					   .flags = s->flags,
					   .size = sizes->section[section] };
	u32 i;

	memcpy(head.name, s->name, strlen(s->name));
	gvt_state_put(out, &head, sizeof(head));
	for (i = 0; i < NUM_FIELDS; i++)
		if (gvt_state_fields[i].section == section)
			put_field(v, i, sizes->count[i], out);
}

/* All but the hash, which is in @out then. */
static void put_state(const struct gvt_vgpu *v, const struct sizes *sizes, struct state_out *out)
{
	struct state_head head = { .format = STATE_FORMAT, .size = (u32)sizes->all };
	u32 i;

	memcpy(head.magic, STATE_MAGIC, sizeof(head.magic));
	gvt_state_put(out, &head, sizeof(head));
	for (i = 0; i < NUM_SECTIONS; i++)
		put_section(v, i, sizes, out);
}

u64 gvt_vgpu_hash(struct intel_vgpu *vgpu)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	struct state_out out;
	struct sizes sizes;

	gvt_state_out_init(&out, NULL, true);
	gvt_lock(&v->lock);
	gvt_execlist_unload(v);
	sizes_get(v, &sizes);
	put_state(v, &sizes, &out);
	gvt_unlock(&v->lock);
	return out.hash;
}

static u8 *save_all(const struct gvt_vgpu *v, size_t *size)
{
	struct state_out out;
	struct sizes sizes;
	u8 *buf;

	sizes_get(v, &sizes);
	*size = sizes.all;
	buf = mpt_zalloc(sizes.all);
	if (!buf)
		return NULL;
	gvt_state_out_init(&out, buf, true);
	put_state(v, &sizes, &out);
	memcpy(buf + out.at, &out.hash, sizeof(out.hash));
	return buf;
}

int gvt_vgpu_save(struct intel_vgpu *vgpu, int (*write)(void *arg, const void *buf, size_t len),
		  void *arg)
{
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	size_t size;
	u8 *buf;
	int ret;

	if (!write)
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: state: no function to write it with",
				v->base.id);
	gvt_lock(&v->lock);
	gvt_execlist_unload(v);
	buf = save_all(v, &size);
	gvt_unlock(&v->lock);
	if (!buf)
		return mpt_fail(-ENOMEM, "gvt", "vGPU %d: state: no memory for %zu bytes of it",
				v->base.id, size);
	ret = write(arg, buf, size);
	mpt_free(buf);
	return ret;
}
