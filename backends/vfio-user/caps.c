/* SPDX-License-Identifier: MIT */
/*
 * The capabilities in a vfio-user VERSION message: as much of JSON (RFC 8259) as it takes to read
 * them, bounded in depth, and a printer.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backends/vfio-user/wire.h"

#define DEPTH 8
#define NAME 32

struct json {
	const char *at, *end; /* @end is the NUL */
	unsigned int depth;
};

enum cap_type {
	CAP_NUMBER,
	CAP_BOOL,
};

struct cap {
	const char *path; /* of objects, by dots */
	size_t offset;
	enum cap_type type;
	u32 has;
};

#define CAP(path_, type_, field, has_)                                                        \
	{                                                                                     \
		.path = (path_), .offset = offsetof(struct vuw_caps, field), .type = (type_), \
		.has = (has_)                                                                 \
	}

static const struct cap caps_known[] = {
	CAP("capabilities.max_msg_fds", CAP_NUMBER, max_msg_fds, VUW_CAP_FDS),
	CAP("capabilities.max_data_xfer_size", CAP_NUMBER, max_data_xfer_size, VUW_CAP_XFER),
	CAP("capabilities.max_dma_maps", CAP_NUMBER, max_dma_maps, VUW_CAP_MAPS),
	CAP("capabilities.pgsizes", CAP_NUMBER, pgsizes, VUW_CAP_PGSIZES),
	CAP("capabilities.write_multiple", CAP_BOOL, write_multiple, VUW_CAP_MULTI),
	CAP("capabilities.twin_socket.supported", CAP_BOOL, twin_supported, VUW_CAP_TWIN),
	CAP("capabilities.migration.max_bitmap_size", CAP_NUMBER, max_bitmap_size, VUW_CAP_BITMAP),
	CAP("capabilities.migration.pgsize", CAP_NUMBER, mig_pgsize, VUW_CAP_MIG_PGSIZE),
};

void mpt_vuw_caps_default(struct vuw_caps *caps)
{
	*caps = (struct vuw_caps){
		.max_msg_fds = 1,
		.max_data_xfer_size = 1 << 20,
		.max_dma_maps = 65535,
		.pgsizes = 4096,
	};
}

static int value(struct json *j, const char *path, struct vuw_caps *caps);

static void space(struct json *j)
{
	while (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r')
		j->at++;
}

/* The next byte that is no space, if it is @c. The NUL stops every reader. */
static bool eat(struct json *j, char c)
{
	space(j);
	if (*j->at != c)
		return false;
	j->at++;
	return true;
}

/* A string; @name gets it if it can be part of a path, else a name that nothing has. */
static int string(struct json *j, char name[NAME])
{
	const char *start;
	size_t len;

	if (!eat(j, '"'))
		return -EINVAL;
	for (start = j->at; *j->at != '"'; j->at++) {
		if (*j->at == '\\' && j->at[1])
			j->at++;
		if ((unsigned char)*j->at < 0x20)
			return -EINVAL;
	}
	len = (size_t)(j->at++ - start);
	if (!name)
		return 0;
	if (!len || len >= NAME || memchr(start, '.', len) || memchr(start, '\\', len)) {
		start = "-";
		len = 1;
	}
	memcpy(name, start, len);
	name[len] = '\0';
	return 0;
}

static const struct cap *known(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(caps_known) / sizeof(caps_known[0]); i++)
		if (!strcmp(path, caps_known[i].path))
			return &caps_known[i];
	return NULL;
}

/* A whole number of 64 bits; what else JSON calls a number is no capability's value. */
static int number(struct json *j, u64 *out)
{
	u64 n = 0;

	if (*j->at < '0' || *j->at > '9')
		return -EINVAL;
	for (; *j->at >= '0' && *j->at <= '9'; j->at++) {
		u64 digit = (u64)(*j->at - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return -EINVAL;
		n = n * 10 + digit;
	}
	*out = n;
	return strchr(".eE", *j->at) && *j->at ? -EINVAL : 0;
}

static bool word(struct json *j, const char *w)
{
	size_t len = strlen(w);

	if (strncmp(j->at, w, len))
		return false;
	j->at += len;
	return true;
}

static int boolean(struct json *j, bool *out)
{
	*out = word(j, "true");
	return *out || word(j, "false") ? 0 : -EINVAL;
}

static int take(struct json *j, const struct cap *cap, struct vuw_caps *caps)
{
	void *field = (char *)caps + cap->offset;
	int ret = cap->type == CAP_NUMBER ? number(j, field) : boolean(j, field);

	if (!ret)
		caps->has |= cap->has;
	return ret;
}

/* What is of no interest: a number may be any run of its characters. */
static int skip(struct json *j)
{
	size_t n = strspn(j->at, "+-.0123456789eE");

	j->at += n;
	return n || word(j, "true") || word(j, "false") || word(j, "null") ? 0 : -EINVAL;
}

static int object(struct json *j, const char *path, struct vuw_caps *caps)
{
	char name[NAME], inner[2 * NAME];
	int ret;

	if (eat(j, '}'))
		return 0;
	do {
		ret = string(j, name);
		if (ret || !eat(j, ':'))
			return -EINVAL;
		/* A path that is cut is none of ours. */
		if (!*path || snprintf(inner, sizeof(inner), "%s.%s", path, name) >= 2 * NAME)
			snprintf(inner, sizeof(inner), "%s", *path ? "-" : name);
		ret = value(j, inner, caps);
		if (ret)
			return ret;
	} while (eat(j, ','));
	return eat(j, '}') ? 0 : -EINVAL;
}

static int array(struct json *j, struct vuw_caps *caps)
{
	int ret;

	if (eat(j, ']'))
		return 0;
	do {
		ret = value(j, "-", caps);
		if (ret)
			return ret;
	} while (eat(j, ','));
	return eat(j, ']') ? 0 : -EINVAL;
}

static int nested(struct json *j, const char *path, struct vuw_caps *caps, bool is_object)
{
	int ret;

	if (++j->depth > DEPTH)
		return -EINVAL;
	ret = is_object ? object(j, path, caps) : array(j, caps);
	j->depth--;
	return ret;
}

static int value(struct json *j, const char *path, struct vuw_caps *caps)
{
	const struct cap *cap = known(path);

	space(j);
	if (cap)
		return take(j, cap, caps);
	if (eat(j, '{'))
		return nested(j, path, caps, true);
	/* Other than an object these would hide what they should hold. */
	if (!strcmp(path, "capabilities"))
		return -EINVAL;
	if (eat(j, '['))
		return nested(j, path, caps, false);
	return *j->at == '"' ? string(j, NULL) : skip(j);
}

int mpt_vuw_caps_decode(const void *json, size_t len, struct vuw_caps *caps)
{
	struct json j = { .at = json };

	mpt_vuw_caps_default(caps);
	if (!len)
		return 0;
	j.end = j.at + len - 1;
	if (memchr(json, '\0', len) != j.end || !eat(&j, '{') || nested(&j, "", caps, true))
		return -EINVAL;
	space(&j);
	return j.at == j.end ? 0 : -EINVAL;
}

int mpt_vuw_caps_encode(const struct vuw_caps *caps, char json[VUW_CAPS_MAX])
{
	int n = snprintf(json, VUW_CAPS_MAX, "{\"capabilities\":{");
	const char *comma = "";

#define NUMBER(bit, name, field)                                                                \
	do {                                                                                    \
		if (!(caps->has & (bit)))                                                       \
			break;                                                                  \
		n += snprintf(json + n, VUW_CAPS_MAX - (size_t)n, "%s\"%s\":%llu", comma, name, \
			      (unsigned long long)caps->field);                                 \
		comma = ",";                                                                    \
	} while (0)
	NUMBER(VUW_CAP_FDS, "max_msg_fds", max_msg_fds);
	NUMBER(VUW_CAP_XFER, "max_data_xfer_size", max_data_xfer_size);
	NUMBER(VUW_CAP_MAPS, "max_dma_maps", max_dma_maps);
	NUMBER(VUW_CAP_PGSIZES, "pgsizes", pgsizes);
	if (caps->has & VUW_CAP_MULTI) {
		n += snprintf(json + n, VUW_CAPS_MAX - (size_t)n, "%s\"write_multiple\":%s", comma,
			      caps->write_multiple ? "true" : "false");
		comma = ",";
	}
	if (caps->has & VUW_CAP_TWIN) {
		n += snprintf(json + n, VUW_CAPS_MAX - (size_t)n,
			      "%s\"twin_socket\":{\"supported\":%s}", comma,
			      caps->twin_supported ? "true" : "false");
		comma = ",";
	}
	if (caps->has & (VUW_CAP_BITMAP | VUW_CAP_MIG_PGSIZE)) {
		n += snprintf(json + n, VUW_CAPS_MAX - (size_t)n, "%s\"migration\":{", comma);
		comma = "";
		NUMBER(VUW_CAP_MIG_PGSIZE, "pgsize", mig_pgsize);
		NUMBER(VUW_CAP_BITMAP, "max_bitmap_size", max_bitmap_size);
		n += snprintf(json + n, VUW_CAPS_MAX - (size_t)n, "}");
	}
#undef NUMBER
	return n + snprintf(json + n, VUW_CAPS_MAX - (size_t)n, "}}") + 1;
}
