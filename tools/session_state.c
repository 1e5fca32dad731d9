/* SPDX-License-Identifier: MIT */
/* A run that begins with a saved vGPU, or ends with one being saved; files are state.c's. */
#include "session_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/state.h>

/* --- what a state says of its vGPU --- */

/* A number of section identity. */
struct wanted {
	const char *name;
	u64 value;
	bool found;
};

static int take_number(void *arg, const struct gvt_state_field *f)
{
	struct wanted *w = arg;

	if (strcmp(f->section, "identity") || strcmp(f->name, w->name) || f->count != 1)
		return 0;
	memcpy(&w->value, f->data, f->width);
	w->found = true;
	return 0;
}

/* Return: 0 where there is none: restoring will say so. */
static u64 number(const struct session_state *s, const char *name)
{
	struct wanted w = { .name = name };

	gvt_state_each(s->blob, s->len, take_number, &w);
	return w.found ? w.value : 0;
}

void session_state_word(u64 word, char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(word) && i + 1 < len && (word >> (8 * i) & 0xff); i++) {
		char c = (char)(word >> (8 * i) & 0xff);

		/* The bytes may be anybody's, and a terminal may see them. */
		buf[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '?';
	}
	buf[i] = '\0';
}

int session_state_device(const struct session_state *s, struct gvt_config *config, char *platform,
			 size_t len, struct session_result *r)
{
	u64 word = number(s, "platform");

	if (gvt_state_each(s->blob, s->len, NULL, NULL))
		return session_fail(r, -EINVAL, "%s", session_sentence());
	session_state_word(word, platform, len);
	config->platform = platform;
	config->aperture = number(s, "aperture");
	return 0;
}

static u32 number32(const struct session_state *s, const char *name)
{
	u64 n = number(s, name);

	return n > UINT32_MAX ? UINT32_MAX : (u32)n;
}

void session_state_type(const struct session_state *s, struct intel_vgpu_type *type)
{
	gvt_type_init(type, number(s, "low_size"), number(s, "high_size"), number32(s, "fences"));
	type->low_start = number(s, "low_start");
	type->high_start = number(s, "high_start");
	type->width = number32(s, "width");
	type->height = number32(s, "height");
}

/* --- begin and end --- */

int session_state_begin(struct session_state *s, struct intel_vgpu *vgpu, struct session_result *r)
{
	int ret;

	s->vgpu = vgpu;
	s->r = r;
	if (!s->blob)
		return 0;
	ret = gvt_vgpu_restore(vgpu, s->blob, s->len);
	return ret ? session_fail(r, ret, "%s", session_sentence()) : 0;
}

static int keep(void *arg, const void *buf, size_t len)
{
	struct session_state *s = arg;

	s->saved = malloc(len);
	if (!s->saved)
		return -ENOMEM;
	memcpy(s->saved, buf, len);
	s->saved_len = len;
	return 0;
}

static int save(struct session_state *s)
{
	int ret = gvt_vgpu_save(s->vgpu, keep, s);

	if (ret)
		return session_fail(s->r, ret, "saving the vGPU: %s", session_sentence());
	s->hash = gvt_vgpu_hash(s->vgpu);
	return 0;
}

void session_state_look(void *arg, u64 n)
{
	struct session_state *s = arg;

	s->total = n;
	if (n == s->end && !s->saved)
		save(s);
}

int session_state_end(struct session_state *s, struct intel_vgpu *vgpu, bool guest,
		      struct session_result *r)
{
	if (r->err || s->saved)
		return r->err;
	if (guest && s->end != SESSION_TO_THE_END)
		return session_fail(r, -EINVAL,
				    "--at %llu: the guest has looked at something %llu times only",
				    (unsigned long long)s->end, (unsigned long long)s->total);
	gvt_ops()->vgpu_deactivate(vgpu);
	return save(s);
}
