/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a saved state: writing them, and a walk over them that trusts none. What the fields
 * mean is state.c's.
 */
#include "state_format.h"

/* Fowler, Noll, Vo: 64 bits, 1a. Each step is a bijection, so no single byte goes unseen. */
#define HASH_INIT 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

static u64 hash_more(u64 hash, const void *data, size_t len)
{
	const u8 *p = data;

	while (len--)
		hash = (hash ^ *p++) * HASH_PRIME;
	return hash;
}

void gvt_state_out_init(struct state_out *out, u8 *buf, bool hashing)
{
	*out = (struct state_out){ .buf = buf, .hashing = hashing, .hash = HASH_INIT };
}

void gvt_state_put(struct state_out *out, const void *data, size_t len)
{
	if (out->buf)
		memcpy(out->buf + out->at, data, len);
	if (out->hashing)
		out->hash = hash_more(out->hash, data, len);
	out->at += len;
}

/* --- walking --- */

struct walk {
	const u8 *p;
	size_t left;
	const struct state_visitor *visitor;
	void *arg;
	struct gvt_state_field f;
};

static const u8 *take(struct walk *w, size_t len)
{
	const u8 *p = w->p;

	if (len > w->left)
		return NULL;
	w->p += len;
	w->left -= len;
	return p;
}

/* Lower case letters, digits and '_', at least one, then zeros. */
static bool name_ok(const char name[STATE_NAME_MAX])
{
	size_t len = strnlen(name, STATE_NAME_MAX), i;

	for (i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '_')
			return false;
	for (i = len; i < STATE_NAME_MAX; i++)
		if (name[i])
			return false;
	return len && len < STATE_NAME_MAX;
}

static int short_of(const char *what, const char *after)
{
	return mpt_fail(-EINVAL, "gvt", "state: it ends in the middle of %s %s", what, after);
}

static int walk_field(struct walk *w)
{
	const char *before = w->f.name ? w->f.name : w->f.section;
	struct state_field_head head;
	const u8 *p = take(w, sizeof(head));

	if (!p)
		return short_of("the field after", before);
	memcpy(&head, p, sizeof(head));
	if (!name_ok(head.name))
		return mpt_fail(-EINVAL, "gvt", "state: section %s: no name of a field after %s",
				w->f.section, before);
	w->f.name = (const char *)p;
	w->f.width = head.width;
	w->f.count = head.count;
	if (head.width - 1 >= 8 || (head.width & (head.width - 1)))
		return mpt_fail(-EINVAL, "gvt",
				"state: field %s.%s: elements of %u bytes "
				"(1, 2, 4 or 8)",
				w->f.section, w->f.name, head.width);
	if ((u64)head.width * head.count > w->left)
		return mpt_fail(-EINVAL, "gvt",
				"state: field %s.%s: %llu bytes, its section has "
				"%zu left",
				w->f.section, w->f.name,
				(unsigned long long)head.width * head.count, w->left);
	w->f.data = take(w, (size_t)head.width * head.count);
	return w->visitor->field ? w->visitor->field(w->arg, &w->f) : 0;
}

static int walk_fields(struct walk *w, u32 size)
{
	size_t behind = w->left - size;
	int ret = 0;

	w->left = size;
	while (w->left && !ret)
		ret = walk_field(w);
	w->left = behind;
	return ret;
}

static int walk_section(struct walk *w)
{
	const char *before = w->f.section ? w->f.section : "header";
	struct state_section_head head;
	const u8 *p = take(w, sizeof(head));

	if (!p)
		return short_of("the section after", before);
	memcpy(&head, p, sizeof(head));
	if (!name_ok(head.name))
		return mpt_fail(-EINVAL, "gvt", "state: no name of a section after %s", before);
	w->f = (struct gvt_state_field){
		.section = (const char *)p,
		.version = head.version,
		.optional = head.flags & STATE_OPTIONAL,
	};
	if (head.flags & ~STATE_OPTIONAL)
		return mpt_fail(-EINVAL, "gvt", "state: section %s: flags 0x%x (known: 0x%x)",
				w->f.section, head.flags, STATE_OPTIONAL);
	if (head.size > w->left)
		return mpt_fail(-EINVAL, "gvt",
				"state: section %s: %u bytes, the state has %zu left", w->f.section,
				head.size, w->left);
	if (w->visitor->section) {
		int ret = w->visitor->section(w->arg, &w->f);

		if (ret)
			return ret;
	}
	return walk_fields(w, head.size);
}

static int head_check(const u8 *blob, size_t len)
{
	struct state_head head;
	u64 hash, found;

	if (len < sizeof(head) + sizeof(hash))
		return mpt_fail(-EINVAL, "gvt", "state: %zu bytes are none (at least %zu)", len,
				sizeof(head) + sizeof(hash));
	memcpy(&head, blob, sizeof(head));
	if (memcmp(head.magic, STATE_MAGIC, sizeof(head.magic)))
		return mpt_fail(-EINVAL, "gvt",
				"state: magic: it does not begin with " STATE_MAGIC);
	if (head.format != STATE_FORMAT)
		return mpt_fail(-EINVAL, "gvt",
				"state: format: %u in the state, %u is read here "
				"(save it with this version of the library)",
				head.format, STATE_FORMAT);
	if (head.size != len)
		return mpt_fail(-EINVAL, "gvt", "state: size: it says %u bytes, there are %zu",
				head.size, len);
	hash = hash_more(HASH_INIT, blob, len - sizeof(hash));
	memcpy(&found, blob + len - sizeof(found), sizeof(found));
	if (hash == found)
		return 0;
	return mpt_fail(-EINVAL, "gvt",
			"state: hash: 0x%016llx in the state, its contents give "
			"0x%016llx (it was damaged on the way)",
			(unsigned long long)found, (unsigned long long)hash);
}

int gvt_state_walk(const void *blob, size_t len, const struct state_visitor *visitor, void *arg)
{
	struct walk w = { .visitor = visitor, .arg = arg };
	int ret;

	if (!blob)
		return mpt_fail(-EINVAL, "gvt", "state: none given");
	ret = head_check(blob, len);
	if (ret)
		return ret;
	w.p = (const u8 *)blob + sizeof(struct state_head);
	w.left = len - sizeof(struct state_head) - sizeof(u64);
	while (w.left && !ret)
		ret = walk_section(&w);
	return ret;
}

int gvt_state_each(const void *blob, size_t len,
		   int (*fn)(void *arg, const struct gvt_state_field *field), void *arg)
{
	const struct state_visitor visitor = { .field = fn };

	return gvt_state_walk(blob, len, &visitor, arg);
}
