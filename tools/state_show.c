/* SPDX-License-Identifier: MIT */
/*
 * mptctl state show: what a saved vGPU has, as gvt_state_each() tells it. The bytes may be
 * anybody's: nothing is told before the form of all is right.
 */
#include "state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <gvt/gvt.h>
#include <gvt/state.h>

#include "json.h"
#include "session_state.h"

/* Of a field of more elements only their number is told, unless all are asked for. */
#define FEW 8

struct show_args {
	const char *file;
	bool all, json;
};

/* What stands in front of a section and of a field (doc/state.md). */
#define SECTION_HEAD 24
#define FIELD_HEAD 24
#define HEAD 16

struct show {
	const struct show_args *args;
	const uint8_t *blob;
	size_t len;
	char section[16];    /* the one of the last field */
	void *json, *fields; /* arrays: sections, fields of the last one */
};

static uint64_t element(const struct gvt_state_field *f, uint32_t i)
{
	uint64_t value = 0;

	/* Little endian, as the state is. */
	memcpy(&value, (const uint8_t *)f->data + (size_t)i * f->width, f->width);
	return value;
}

static size_t offset_of(const struct show *s, const struct gvt_state_field *f)
{
	return (size_t)((const uint8_t *)f->data - s->blob) - FIELD_HEAD;
}

/* The section's name begins before its first field. */
static bool begins_section(struct show *s, const struct gvt_state_field *f)
{
	if (!strcmp(s->section, f->section))
		return false;
	snprintf(s->section, sizeof(s->section), "%s", f->section);
	return true;
}

/* The section's own word for its length: the last four bytes of what stands in front. */
static uint32_t section_length(const struct show *s, const struct gvt_state_field *first)
{
	const uint8_t *head = s->blob + offset_of(s, first) - 4;

	return (uint32_t)(head[0] | head[1] << 8 | head[2] << 16) | (uint32_t)head[3] << 24;
}

static uint32_t not_zero(const struct gvt_state_field *f)
{
	uint32_t i, n = 0;

	for (i = 0; i < f->count; i++)
		n += element(f, i) != 0;
	return n;
}

/* --- words for numbers --- */

static bool is_size(const char *name)
{
	size_t n = strlen(name);

	return !strcmp(name, "aperture") || (n > 5 && !strcmp(name + n - 5, "_size")) ||
	       (n > 6 && !strcmp(name + n - 6, "_start"));
}

static bool is_plain(const char *name)
{
	static const char *const plain[] = { "width",	"height",      "fences",  "engines",
					     "left",	"done",	       "phase",	  "elsp_index",
					     "segment", "edid_offset", "created", "levels" };
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(name, plain[i]))
			return true;
	return false;
}

/* What a person would say. */
static void word(const struct gvt_state_field *f, uint64_t value, char *buf, size_t len)
{
	bool identity = !strcmp(f->section, "identity");

	if (identity && !strcmp(f->name, "platform"))
		session_state_word(value, buf, len);
	else if (identity && is_size(f->name) && value && value % (1 << 20) == 0)
		snprintf(buf, len, "%" PRIu64 " MiB", value >> 20);
	else if (!strcmp(f->section, "guest") && !strcmp(f->name, "failsafe") &&
		 value <= GVT_FAILSAFE_GUEST_ERR)
		snprintf(buf, len, "%s", gvt_failsafe_name((enum gvt_failsafe)value));
	else if (value < 10 || is_plain(f->name))
		snprintf(buf, len, "%" PRIu64, value);
	else
		snprintf(buf, len, "0x%" PRIx64, value);
}

/* --- text --- */

static void text_values(const struct show *s, const struct gvt_state_field *f)
{
	char one[32], *all;
	uint32_t i;
	size_t n = 0, len = (size_t)f->count * sizeof(one) + 1;

	if (f->count > FEW && !s->args->all) {
		printf("%" PRIu32 " of %" PRIu32 " byte%s, %" PRIu32 " not 0\n", f->count, f->width,
		       f->width == 1 ? "" : "s", not_zero(f));
		return;
	}
	all = malloc(len);
	if (!all) {
		printf("no memory for %" PRIu32 " elements\n", f->count);
		return;
	}
	all[0] = '\0';
	for (i = 0; i < f->count; i++) {
		word(f, element(f, i), one, sizeof(one));
		n += (size_t)snprintf(all + n, len - n, "%s ", one);
	}
	cli_wrap(stdout, 21, 21, f->count ? all : "none");
	free(all);
}

static int text_field(void *arg, const struct gvt_state_field *f)
{
	struct show *s = arg;

	if (begins_section(s, f))
		printf("%s%-16s%s version %" PRIu32 "%s, at %zu, %" PRIu32 " bytes\n",
		       cli_bold(stdout), f->section, cli_plain(stdout), f->version,
		       f->optional ? ", optional" : "", offset_of(s, f) - SECTION_HEAD,
		       SECTION_HEAD + section_length(s, f));
	printf("  %-19s", f->name);
	text_values(s, f);
	return 0;
}

static uint64_t hash_of(const struct show *s)
{
	uint64_t hash;

	memcpy(&hash, s->blob + s->len - sizeof(hash), sizeof(hash));
	return hash;
}

static void text(struct show *s)
{
	printf("%s%s%s: format 1, %zu bytes, hash 0x%016" PRIx64 "\n\n", cli_bold(stdout),
	       s->args->file, cli_plain(stdout), s->len, hash_of(s));
	gvt_state_each(s->blob, s->len, text_field, s);
}

/* --- JSON --- */

#if TOOLS_HAVE_JSON
#include "report.h"

static json_t *value(const struct gvt_state_field *f, uint64_t n)
{
	char text[32];

	if (!strcmp(f->section, "identity") && !strcmp(f->name, "platform")) {
		word(f, n, text, sizeof(text));
		return report_json_text(text);
	}
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static void json_section(struct show *s, const struct gvt_state_field *f)
{
	json_t *fields = json_array();

	json_array_append_new(
		s->json, json_pack("{s:s, s:i, s:b, s:i, s:i, s:o}", "section", f->section,
				   "version", (int)f->version, "optional", f->optional, "offset",
				   (int)(offset_of(s, f) - SECTION_HEAD), "length",
				   (int)(SECTION_HEAD + section_length(s, f)), "fields", fields));
	s->fields = fields;
}

static int json_field(void *arg, const struct gvt_state_field *f)
{
	struct show *s = arg;
	json_t *o, *values = json_array();
	uint32_t i;

	if (begins_section(s, f))
		json_section(s, f);
	o = json_pack("{s:s, s:i, s:i, s:i, s:i}", "field", f->name, "offset", (int)offset_of(s, f),
		      "width", (int)f->width, "count", (int)f->count, "not_zero", (int)not_zero(f));
	for (i = 0; i < f->count && (f->count <= FEW || s->args->all); i++)
		json_array_append_new(values, value(f, element(f, i)));
	json_object_set_new(o, "values", values);
	json_array_append_new(s->fields, o);
	return 0;
}

static void json(struct show *s)
{
	char hash[20];
	json_t *o;

	s->json = json_array();
	gvt_state_each(s->blob, s->len, json_field, s);
	snprintf(hash, sizeof(hash), "0x%016" PRIx64, hash_of(s));
	o = json_pack("{s:o, s:i, s:i, s:s, s:o}", "file", report_json_text(s->args->file),
		      "format", 1, "size", (int)s->len, "hash", hash, "sections", s->json);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
#else
static void json(struct show *s)
{
	(void)s;
}
#endif

/* --- the command --- */

static const struct cli_option options[] = {
	{ "all", NULL, "tell every element, also of long lists", offsetof(struct show_args, all),
	  CLI_FLAG },
	{ "json", NULL, "print JSON", offsetof(struct show_args, json), CLI_FLAG },
	{ 0 },
};

static const struct cli_operand operands[] = {
	{ "FILE", "the saved vGPU", offsetof(struct show_args, file), false, false },
	{ 0 },
};

static int run(const struct cli_command *cmd, int argc, char **argv)
{
	struct show_args args = { 0 };
	struct show s = { .args = &args };
	int ret = cli_parse(cmd, argc, argv, &args), status = CLI_USAGE;
	void *blob;

	if (ret)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	if (args.json && !TOOLS_HAVE_JSON) {
		cli_error(TOOLS_NO_JSON);
		return CLI_USAGE;
	}
	blob = state_read(args.file, &s.len);
	if (!blob)
		return CLI_USAGE;
	s.blob = blob;
	if (gvt_state_each(blob, s.len, NULL, NULL)) {
		cli_error("%s: %s", args.file, session_sentence());
	} else {
		if (args.json)
			json(&s);
		else
			text(&s);
		status = CLI_OK;
	}
	free(blob);
	return status;
}

const struct cli_command command_state_show = {
	.name = "state show",
	.summary = "tell what a saved vGPU has: header, sections, fields",
	.usage = "FILE [OPTION]...",
	.details =
		"It is judged by its form alone: whether a vGPU can be made of it, mptctl state "
		"restore finds out.\n\n"
		"exit status: 0, or 2 for a bad option or what is no saved vGPU, or a damaged one",
	.options = options,
	.operands = operands,
	.run = run,
};
