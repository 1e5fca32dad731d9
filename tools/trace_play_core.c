/* SPDX-License-Identifier: MIT */
/*
 * The core of a replay: told of an access, it makes the calls that the recorded core made when it
 * was told of it, and answers as that did.
 */
#include "trace_play_priv.h"

#include <string.h>

static struct play_vgpu *play_of(struct intel_vgpu *vgpu)
{
	return (void *)((char *)vgpu - offsetof(struct play_vgpu, vgpu));
}

/* What the core is told. */
struct telling {
	const char *name;
	unsigned int vgpu;
	uint64_t at;
	const void *data; /* NULL: a read */
	uint64_t len;
};

static bool is_it(const struct play *p, const struct play_op *o, const struct telling *t)
{
	if (strcmp(o->kind->name, t->name) || o->arg[0] != t->at || o->arg[1] != t->len)
		return false;
	if (!(o->kind->flags & PLAY_ANY_VGPU) && o->vgpu != t->vgpu)
		return false;
	return !t->data || (o->data_len == t->len && !memcmp(p->t->bytes + o->data, t->data,
							      o->data_len));
}

static void differs(struct play *p, enum play_what what, const struct play_op *o,
		    const struct telling *t)
{
	struct play_diff *d = &p->r->first;
	bool first = !d->what;

	play_differs(p, o, what, o ? (int64_t)o->arg[0] : 0, t ? (int64_t)t->at : 0);
	if (first && t)
		d->tells = play_kind_named(t->name);
}

/* What was recorded of it; NULL: nothing like it. */
static const struct play_op *recorded(struct play *p, const struct telling *t)
{
	const struct play_op *o;

	while (p->told && play_dropped(p, p->told - 1))
		p->told = p->t->op[p->told - 1].next;
	if (p->quiet || p->stop)
		return NULL;
	if (!p->told) {
		differs(p, PLAY_MORE, NULL, t);
		return NULL;
	}
	o = &p->t->op[p->told - 1];
	p->told = o->next;
	if (is_it(p, o, t))
		return o;
	differs(p, PLAY_OTHER, o, t);
	return NULL;
}

/* The calls that it made, then its answer. */
static int answer(struct play *p, const struct play_op *o, void *buf, uint64_t len)
{
	const struct play_op *done = &p->t->op[o->done - 1];
	uint32_t i;

	p->depth = 1;
	for (i = o->first; i && !p->stop; i = p->t->op[i - 1].next)
		play_perform(p, i - 1);
	p->depth = 0;
	if (buf && done->data_len == len)
		memcpy(buf, p->t->bytes + done->data, len);
	return done->ret > 0 || done->ret < -4095 ? -EINVAL : (int)done->ret;
}

static int told(struct play *p, const struct telling *t, void *buf)
{
	const struct play_op *o = recorded(p, t);

	if (buf)
		memset(buf, 0xff, t->len);
	return o ? answer(p, o, buf, t->len) : -EINVAL;
}

/* --- intel_gvt_ops --- */

static int access_mem(struct intel_vgpu *vgpu, const char *name, u64 gpa, void *buf,
		      unsigned int bytes, bool write)
{
	struct play_vgpu *v = play_of(vgpu);
	struct telling t = { name, (unsigned int)(v - v->play->vgpu), gpa, write ? buf : NULL,
			     bytes };

	return told(v->play, &t, write ? NULL : buf);
}

static int mmio_read(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	return access_mem(vgpu, "emulate_mmio_read", gpa, buf, bytes, false);
}

static int mmio_write(struct intel_vgpu *vgpu, u64 gpa, void *buf, unsigned int bytes)
{
	return access_mem(vgpu, "emulate_mmio_write", gpa, buf, bytes, true);
}

static int cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	return access_mem(vgpu, "emulate_cfg_read", offset, buf, bytes, false);
}

static int cfg_write(struct intel_vgpu *vgpu, unsigned int offset, void *buf, unsigned int bytes)
{
	return access_mem(vgpu, "emulate_cfg_write", offset, buf, bytes, true);
}

/* Without a record the page is not tracked, as far as this core knows. */
static int store(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	struct play_vgpu *v = play_of(vgpu);
	struct telling t = { "write_protect_handler", (unsigned int)(v - v->play->vgpu), gpa, data,
			     bytes };
	const struct play_op *o = recorded(v->play, &t);

	return o ? answer(v->play, o, NULL, 0) : -ENXIO;
}

static void region(struct intel_vgpu *vgpu, u64 gfn, u64 nr, bool added)
{
	struct play_vgpu *v = play_of(vgpu);
	struct telling t = { "guest_region_event", (unsigned int)(v - v->play->vgpu), gfn, NULL,
			     nr };
	const struct play_op *o = recorded(v->play, &t);

	if (o && o->arg[2] != added)
		differs(v->play, PLAY_OTHER, o, &t);
	else if (o)
		answer(v->play, o, NULL, 0);
}

static int aperture_read(void *opaque, u64 offset, void *buf, unsigned int len)
{
	struct telling t = { "aperture_read", 0, offset, NULL, len };

	return told(opaque, &t, buf);
}

static int aperture_write(void *opaque, u64 offset, const void *buf, unsigned int len)
{
	struct telling t = { "aperture_write", 0, offset, buf, len };

	return told(opaque, &t, NULL);
}

/* --- the replay's side --- */

void play_core_init(struct play *p)
{
	p->ops = (struct intel_gvt_ops){
		.emulate_cfg_read = cfg_read,
		.emulate_cfg_write = cfg_write,
		.emulate_mmio_read = mmio_read,
		.emulate_mmio_write = mmio_write,
		.write_protect_handler = store,
		.guest_region_event = region,
	};
}

int play_core_set(struct play *p, const struct play_op *o)
{
	struct mpt_core core = {
		.size = sizeof(core),
		.flags = (unsigned int)o->arg[1] & MPT_CORE_STORES,
		.ops = &p->ops,
		.opaque = p,
		.aperture_mfn = o->arg[2],
		.aperture_pages = o->arg[3],
		.aperture_read = aperture_read,
		.aperture_write = aperture_write,
	};
	int ret = mpt_host_set_core(p->host, o->arg[0] ? &core : NULL);

	if (!ret) {
		p->aperture_mfn = core.aperture_mfn;
		p->aperture_pages = core.aperture_pages;
	}
	return ret;
}

void play_core_end(struct play *p)
{
	while (p->told && play_dropped(p, p->told - 1))
		p->told = p->t->op[p->told - 1].next;
	if (p->told && !p->stop)
		differs(p, PLAY_LESS, &p->t->op[p->told - 1], NULL);
	p->told = 0;
}
