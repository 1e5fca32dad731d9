/* SPDX-License-Identifier: MIT */
/*
 * Restore of a vGPU: all of a blob is looked at before anything changes; then what the back end can
 * refuse, then what cannot fail.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "state_format.h"

/* --- restore: reading (nothing of the vGPU changes) --- */

struct state_in {
	const struct gvt_vgpu *v;
	bool seen[NUM_SECTIONS];
	u32 section; /* being read; NUM_SECTIONS: one that is skipped */
	struct state_data data[NUM_FIELDS];
};

/* Also says why: true, if a section of a blob is to be refused. */
static int take_section(void *arg, const struct gvt_state_field *f)
{
	struct state_in *in = arg;
	u32 i;

	for (i = 0; i < NUM_SECTIONS && strcmp(gvt_state_sections[i].name, f->section); i++)
		;
	in->section = i;
	if (i == NUM_SECTIONS)
		return f->optional ? 0
				   : mpt_fail(-EINVAL, "gvt",
					      "vGPU %d: state: section %s is "
					      "not known here, and needed (use a newer library)",
					      in->v->base.id, f->section);
	if (in->seen[i])
		return mpt_fail(-EINVAL, "gvt", "vGPU %d: state: section %s is there twice",
				in->v->base.id, f->section);
	if (f->version != gvt_state_sections[i].version)
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: state: section %s: version %u in the state, "
				"%u is read here (use the same library)",
				in->v->base.id, f->section, f->version,
				gvt_state_sections[i].version);
	in->seen[i] = true;
	return 0;
}

static const struct state_field *field_find(u32 section, const char *name)
{
	u32 i;

	for (i = 0; i < NUM_FIELDS; i++)
		if (gvt_state_fields[i].section == section &&
		    !strcmp(gvt_state_fields[i].name, name))
			return &gvt_state_fields[i];
	return NULL;
}

static int refuse(const struct state_in *in, const struct state_field *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(const struct state_in *in, const struct state_field *f, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return mpt_fail(-EINVAL, "gvt", "vGPU %d: state: field %s.%s: %s", in->v->base.id,
			gvt_state_sections[f->section].name, f->name, what);
}

static int take_field(void *arg, const struct gvt_state_field *found)
{
	struct state_in *in = arg;
	const struct state_field *f;

	if (in->section == NUM_SECTIONS)
		return 0;
	f = field_find(in->section, found->name);
	if (!f)
		return mpt_fail(-EINVAL, "gvt",
				"vGPU %d: state: field %s.%s is not known here "
				"(use the same library)",
				in->v->base.id, found->section, found->name);
	if (in->data[f - gvt_state_fields].data)
		return refuse(in, f, "is there twice");
	if (found->width != f->width)
		return refuse(in, f, "elements of %u bytes in the state, %u here", found->width,
			      f->width);
	in->data[f - gvt_state_fields] = (struct state_data){ found->data, found->count };
	return 0;
}

/* --- restore: judging (nor here) --- */

static const char *word_text(u64 word, char text[9])
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		text[i] = (char)(word >> 8 * i);
		if (text[i] && !isalnum((unsigned char)text[i]))
			text[i] = '?';
	}
	text[8] = '\0';
	return text;
}

static int check_same(const struct state_in *in, const struct state_field *f,
		      const struct state_data *d)
{
	u64 value, here = f->same(in->v);
	char text[2][9];

	if (d->count != 1)
		return refuse(in, f, "%u elements in the state, 1 here", d->count);
	value = gvt_state_get(d->data, f->width, 0);
	if (value == here)
		return 0;
	if (f->format == TEXT)
		return refuse(in, f, "%s in the state, %s here (set %s)", word_text(value, text[0]),
			      word_text(here, text[1]), f->remedy);
	return refuse(in, f, "0x%llx in the state, 0x%llx here (set %s)", (unsigned long long)value,
		      (unsigned long long)here, f->remedy);
}

static int check_member(const struct state_in *in, const struct state_field *f,
			const struct state_data *d)
{
	u64 value;
	u32 i;

	if (d->count != f->count)
		return refuse(in, f, "%u elements in the state, %u here", d->count, f->count);
	for (i = 0; i < d->count; i++) {
		value = gvt_state_get(d->data, f->width, i);
		if (value > f->max)
			return refuse(in, f, "0x%llx in the state, 0x%llx is the largest here",
				      (unsigned long long)value, (unsigned long long)f->max);
	}
	return 0;
}

static int check_fields(const struct state_in *in)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < NUM_FIELDS; i++) {
		const struct state_field *f = &gvt_state_fields[i];
		const struct state_data *d = &in->data[i];

		if (!in->seen[f->section] &&
		    (gvt_state_sections[f->section].flags & STATE_OPTIONAL))
			continue;
		if (!d->data)
			ret = refuse(in, f, "is missing");
		else if (f->same)
			ret = check_same(in, f, d);
		else if (!f->list)
			ret = check_member(in, f, d);
	}
	return ret;
}

static u64 value_of(const struct state_in *in, enum state_field_id field, u32 index)
{
	return gvt_state_get(in->data[field].data, gvt_state_fields[field].width, index);
}

static struct gvt_cfg_saved cfg_saved(const struct state_in *in)
{
	return (struct gvt_cfg_saved){
		.space = in->data[FIELD_config_space].data,
		.on = { value_of(in, FIELD_config_bar0_on, 0),
			value_of(in, FIELD_config_bar2_on, 0) },
		.sizing = { value_of(in, FIELD_config_bar0_sizing, 0),
			    value_of(in, FIELD_config_bar2_sizing, 0) },
	};
}

static struct state_regs regs_saved(const struct state_in *in)
{
	return (struct state_regs){
		.at = in->data[FIELD_registers_run_at],
		.len = in->data[FIELD_registers_run_len],
		.value = in->data[FIELD_registers_value],
		.failsafe = value_of(in, FIELD_guest_failsafe, 0),
	};
}

static struct state_ggtt ggtt_saved(const struct state_in *in)
{
	return (struct state_ggtt){
		.at = in->data[FIELD_ggtt_run_at],
		.len = in->data[FIELD_ggtt_run_len],
		.entry = in->data[FIELD_ggtt_entry],
		.flags = in->data[FIELD_ggtt_flags],
		.failsafe = value_of(in, FIELD_guest_failsafe, 0),
	};
}

static int check_config(const struct state_in *in)
{
	struct gvt_cfg_saved cfg = cfg_saved(in);

	return gvt_cfg_check(in->v, &cfg);
}

static int check_registers(const struct state_in *in)
{
	struct state_regs regs = regs_saved(in);

	return gvt_state_regs_check(in->v, &regs);
}

static int check_ggtt(const struct state_in *in)
{
	struct state_ggtt ggtt = ggtt_saved(in);

	return gvt_state_ggtt_check(in->v, &ggtt);
}

/* Pages that the device writes to. */
static int check_status_pages(const struct state_in *in)
{
	u32 i;

	for (i = 0; i < GVT_NUM_ENGINES; i++) {
		u64 page = value_of(in, FIELD_engine_status_page, i);

		if (page && !gvt_ggtt_validate(in->v, page & ~0xfffULL, MPT_PAGE_SIZE))
			return refuse(in, &gvt_state_fields[FIELD_engine_status_page],
				      "0x%llx is not in the vGPU's share",
				      (unsigned long long)page);
	}
	return 0;
}

/* As ELSP takes them (handlers_engine.c). */
static bool list_ok(const struct state_in *in, enum state_field_id list, u32 engine)
{
	u32 first = (u32)value_of(in, list, 4 * engine);
	u32 second = (u32)value_of(in, list, 4 * engine + 2);

	return (first & GVT_CTX_VALID) && (first & GVT_CTX_PRIVILEGE) &&
	       (!(second & GVT_CTX_VALID) || (second & GVT_CTX_PRIVILEGE));
}

static int check_list(const struct state_in *in, enum state_field_id list, u32 engine)
{
	if (list_ok(in, list, engine))
		return 0;
	return refuse(in, &gvt_state_fields[list], "engine %u: 0x%llx and 0x%llx are no list",
		      engine, (unsigned long long)value_of(in, list, 4 * engine),
		      (unsigned long long)value_of(in, list, 4 * engine + 2));
}

static int check_engine(const struct state_in *in, u32 engine)
{
	bool running = value_of(in, FIELD_engine_running, engine);
	int ret = running ? check_list(in, FIELD_engine_list, engine) : 0;

	if (!ret && value_of(in, FIELD_engine_queued, engine))
		ret = check_list(in, FIELD_engine_next, engine);
	if (ret)
		return ret;
	if (running && value_of(in, FIELD_engine_at, engine) &&
	    !(value_of(in, FIELD_engine_list, 4 * engine + 2) & GVT_CTX_VALID))
		return refuse(in, &gvt_state_fields[FIELD_engine_at],
			      "engine %u: its list has no second context", engine);
	if (!running && value_of(in, FIELD_engine_hung, engine))
		return refuse(in, &gvt_state_fields[FIELD_engine_hung],
			      "engine %u: it runs nothing that it could hang at", engine);
	return 0;
}

/* Without engines nothing was taken for them. */
static int check_no_engine(const struct state_in *in)
{
	u32 field, i;

	for (field = 0; field < NUM_FIELDS; field++)
		for (i = 0; gvt_state_fields[field].engine && i < in->data[field].count; i++)
			if (value_of(in, field, i))
				return refuse(in, &gvt_state_fields[field],
					      "there are no engines");
	return 0;
}

static int check_engines(const struct state_in *in)
{
	int ret = check_status_pages(in);
	u32 i;

	if (!ret)
		ret = gvt_state_kept_check(in->v, &in->data[FIELD_engine_kept]);
	if (!ret && !in->v->exec)
		return check_no_engine(in);
	for (i = 0; !ret && i < GVT_NUM_ENGINES; i++)
		ret = check_engine(in, i);
	return ret;
}

static struct state_spaces spaces_saved(const struct state_in *in)
{
	return (struct state_spaces){
		.levels = in->data[FIELD_spaces_levels],
		.created = in->data[FIELD_spaces_created],
		.root = in->data[FIELD_spaces_root],
	};
}

static int check_spaces(const struct state_in *in)
{
	struct state_spaces spaces = spaces_saved(in);

	return gvt_state_spaces_check(in->v, &spaces);
}

/* As gmbus.c leaves it between two accesses. */
static int check_gmbus(const struct state_in *in)
{
	u64 left = value_of(in, FIELD_gmbus_left, 0), done = value_of(in, FIELD_gmbus_done, 0);
	u64 stop = value_of(in, FIELD_gmbus_stop, 0);
	u64 segment = value_of(in, FIELD_gmbus_segment, 0);
	bool ok;

	switch (value_of(in, FIELD_gmbus_phase, 0)) {
	case GVT_GMBUS_IDLE:
		ok = !left && !done && !stop && !segment;
		break;
	case GVT_GMBUS_READ:
		ok = left && left + done <= 511;
		break;
	default:
		ok = !left && !stop;
	}
	return ok ? 0
		  : refuse(in, &gvt_state_fields[FIELD_gmbus_phase],
			   "no cycle is so: 0x%llx with 0x%llx bytes done and 0x%llx left",
			   (unsigned long long)value_of(in, FIELD_gmbus_phase, 0),
			   (unsigned long long)done, (unsigned long long)left);
}

static int check_pvmmio(const struct state_in *in)
{
	const struct state_field *f = &gvt_state_fields[FIELD_pvmmio_levels];
	u32 levels = (u32)value_of(in, FIELD_pvmmio_levels, 0), here = in->v->gvt->pvmmio;
	u32 count = in->data[FIELD_pvmmio_page].count;

	if (levels & ~here)
		return refuse(in, f,
			      "0x%x in the state, 0x%x are offered here (set "
			      "gvt_config.pvmmio)",
			      levels, here);
	if (levels && !value_of(in, FIELD_config_bar0_on, 0))
		return refuse(in, f, "0x%x in the state, but BAR0 is nowhere", levels);
	if (count != (levels ? MPT_PAGE_SIZE : 0))
		return refuse(in, &gvt_state_fields[FIELD_pvmmio_page],
			      "%u bytes in the state with levels "
			      "0x%x",
			      count, levels);
	return 0;
}

static int check_all(const struct state_in *in)
{
	static int (*const check[])(const struct state_in *in) = {
		check_fields, check_config, check_registers, check_ggtt,
		check_engines, check_spaces, check_gmbus, check_pvmmio,
	};
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < sizeof(check) / sizeof(check[0]); i++)
		ret = check[i](in);
	return ret;
}

/* --- restore: applying (lock held) --- */

/* What the back end can refuse, on a vGPU as after a reset. */
static int apply_below(struct gvt_vgpu *v, const struct state_in *in)
{
	struct gvt_cfg_saved cfg = cfg_saved(in);
	struct state_ggtt ggtt = ggtt_saved(in);
	struct state_spaces spaces = spaces_saved(in);
	int ret;

	if (v->bar0.on || v->bar2.on || v->pv.on)
		return mpt_fail(-EIO, "gvt", "vGPU %d: state: a BAR cannot leave its place",
				v->base.id);
	ret = gvt_cfg_restore(v, &cfg);
	if (!ret)
		ret = gvt_pvmmio_restore(v, (u32)value_of(in, FIELD_pvmmio_levels, 0),
					 in->data[FIELD_pvmmio_page].data);
	if (!ret)
		ret = gvt_state_ggtt_apply(v, &ggtt);
	if (!ret)
		ret = gvt_state_spaces_apply(v, &spaces);
	return ret;
}

static void apply_member(struct gvt_vgpu *v, const struct state_field *f, const u8 *data)
{
	size_t size = gvt_state_part_size(f);
	void *part;
	u32 i;

	for (i = 0; i < gvt_state_parts(f); i++) {
		part = gvt_state_part(v, f, i);
		if (part)
			memcpy(part, data + i * size, size);
	}
}

/* Nothing here can fail. The pin last: it follows from the rest. */
static void apply_above(struct gvt_vgpu *v, const struct state_in *in)
{
	struct state_regs regs = regs_saved(in);
	u32 i;

	gvt_state_regs_apply(v, &regs);
	for (i = 0; i < NUM_FIELDS; i++)
		if (gvt_state_fields[i].plain && in->data[i].data)
			apply_member(v, &gvt_state_fields[i], in->data[i].data);
	gvt_state_kept_apply(v, &in->data[FIELD_engine_kept]);
	gvt_fence_restore(v);
	gvt_irq_intx(v);
}

static int restore(struct gvt_vgpu *v, const struct state_in *in)
{
	int ret;

	if (v->active)
		return mpt_fail(-EBUSY, "gvt", "vGPU %d: state: it is active (deactivate it first)",
				v->base.id);
	ret = check_all(in);
	if (ret)
		return ret;
	gvt_device_reset(v);
	ret = apply_below(v, in);
	if (ret)
		gvt_device_reset(v);
	else
		apply_above(v, in);
	return ret;
}

int gvt_vgpu_restore(struct intel_vgpu *vgpu, const void *blob, size_t len)
{
	static const struct state_visitor visitor = { take_section, take_field };
	struct gvt_vgpu *v = to_gvt_vgpu(vgpu);
	struct state_in in = { .v = v };
	int ret = gvt_state_walk(blob, len, &visitor, &in);

	if (ret)
		return ret;
	gvt_lock(&v->lock);
	ret = restore(v, &in);
	gvt_unlock(&v->lock);
	return ret;
}
